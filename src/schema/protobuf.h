// schema/protobuf.h: builtin objects from and to Kubernetes' protobuf form.
//
// Source of the behaviour: apimachinery pkg/runtime/serializer/protobuf and the generated.proto
// files of Kubernetes 1.36, as tables. Custom resources have no protobuf form.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "object/object.h"
#include "schema/builtin.h"

namespace weft::schema {

class GoTypes;
namespace internal {
class BackwardWriter;
class FieldsInOrder;
}  // namespace internal

// Transcodes by the tables of a Builtin. Not for two threads at once.
class Protobuf {
public:
    explicit Protobuf(const Builtin* builtin);
    ~Protobuf();
    Protobuf(const Protobuf&) = delete;
    Protobuf& operator=(const Protobuf&) = delete;

    // Whether the bytes begin with the mark of the envelope ("k8s\0").
    [[nodiscard]] static bool has_envelope(std::string_view bytes);

    // Whether the kind has a protobuf form.
    [[nodiscard]] bool knows(const GroupVersionKind& kind) const;

    // An object in its envelope, as the JSON that Go would write of it: members in Go's order, with
    // its apiVersion and kind. `default_kind` is taken where the envelope names none. bad_request
    // if the bytes are broken or the kind is not known; request_entity_too_large beyond the limits.
    [[nodiscard]] Result<Value> decode(std::string_view bytes,
                                       const GroupVersionKind* default_kind = nullptr) const;
    // The bytes of a message of the kind, without an envelope.
    [[nodiscard]] Result<Value> decode_message(std::string_view bytes,
                                               const GroupVersionKind& kind) const;

    // A canonical object (GoTypes::canonical) in its envelope, byte for byte as Go writes it.
    // not_acceptable if its kind has no protobuf form, internal_error if a member has the wrong
    // type.
    // `default_kind` is for objects that name none (WatchEvent); their envelope names none either.
    [[nodiscard]] Result<std::string> encode(const Value& object,
                                             const GroupVersionKind* default_kind = nullptr) const;
    // A list of `count` objects of which only one at a time exists: `item` makes the nth, and they
    // are asked for from the last to the first. `kind` is that of the list.
    struct ListItems {
        std::function<Result<Value>(size_t)> item;
        // The nth item's message from an earlier time, null if there is none; and what hears of a
        // message that was made. Both or none.
        std::function<const std::string*(size_t)> known = {};
        std::function<void(size_t, std::string_view)> made = {};
    };
    [[nodiscard]] Result<std::string> encode_list(const GroupVersionKind& kind,
                                                  const Value& metadata, size_t count,
                                                  const ListItems& items) const;
    // One frame of a watch: four bytes of length, then a bare WatchEvent that holds the object in
    // its own envelope.
    [[nodiscard]] Result<std::string> encode_watch_frame(std::string_view type,
                                                         const Value& object) const;

private:
    [[nodiscard]] std::optional<uint16_t> find(const GroupVersionKind& kind) const;
    [[nodiscard]] Status write(const Value& object, const GroupVersionKind* default_kind,
                               internal::BackwardWriter& out) const;

    const Builtin* builtin_;
    std::unique_ptr<GoTypes> types_;
    std::unique_ptr<internal::FieldsInOrder> fields_;
};

}  // namespace weft::schema
