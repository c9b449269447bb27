// server/internal/metadata.h: the rules that metadata obeys, whatever the kind.
//
// Source of the behaviour and the texts: apiserver's registry/rest (BeforeCreate, BeforeUpdate) and
// apimachinery's api/validation, 1.36.

#pragma once

#include <string>
#include <string_view>

#include "io/io.h"
#include "server/internal/registry.h"
#include "server/internal/status.h"

namespace weft::server {

// Sets a member of metadata where Go's ObjectMeta has its place.
void set_metadata(Value& metadata, std::string_view key, Value value);

// Removes what clients cannot set at creation.
void wipe_system_fields(Value& metadata);
// The same, and sets what the server does: uid, creationTimestamp.
void fill_for_create(io::Loop* loop, Value& metadata);
// What an update cannot change is taken from the old object.
void keep_for_update(const Value& old_metadata, Value& metadata);

// "base" cut to 58 bytes, and five random letters.
[[nodiscard]] std::string generate_name(io::Loop* loop, std::string_view base);
// A random UUID (version 4).
[[nodiscard]] std::string make_uid(io::Loop* loop);

// What is wrong with metadata, and what an update of it must not do (labels, annotations and owners
// are looked at there, too: upstream's causes come several times, and clients see all of them).
[[nodiscard]] FieldErrors validate_metadata(const Resource& resource, const Value& metadata);
[[nodiscard]] FieldErrors validate_metadata_update(const Value& metadata,
                                                   const Value& old_metadata);
// Drops ownerReferences that say the same twice; the uids of those, "" if there were none.
std::string dedupe_owner_references(Value& metadata);

// Without managedFields' times and resourceVersion: what decides whether an update changes
// anything.
[[nodiscard]] bool is_same_object(const Value& a, const Value& b);

}  // namespace weft::server
