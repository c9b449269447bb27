// server/internal/write.h: the one way in which objects are created and changed.

#pragma once

#include <functional>
#include <string>

#include "server/internal/core.h"

namespace weft::server {

// The namespace of the object becomes that of the URL; another one is refused.
[[nodiscard]] Status settle_namespace(const Call& call, Value& object);

// The object must have the name and namespace of the URL; settles the namespace.
[[nodiscard]] Status check_identity(const Call& call, Value& object);

// Stores a new object: metadata filled, admitted, validated. Answers 201.
[[nodiscard]] io::Task<Answer> create_object(Call* call, Value object);

struct Change {
    // The new object, made of the stored one as the call's version shows it; null: there is none
    // (only if may_create). Called again if somebody else wrote in between.
    std::function<Result<Value>(const Value* old_object)> make;
    bool may_create = false;
    // A uid in the object is a precondition (PUT) and not a change of metadata (PATCH).
    bool uid_is_precondition = false;
    // The object carries managedFields as it shall have them (apply).
    bool fields_are_managed = false;
    // The server itself writes: no strategy resets anything (binding).
    bool bypasses_strategy = false;
    // An update without a resourceVersion is fine, whatever the kind says.
    bool may_omit_version = false;
    // The scale subresource: the object changes as if by its main endpoint.
    bool scales = false;
    // What admission sees instead of the object (its Scale), and the object after admission has
    // changed that. Both or none.
    std::function<Result<Value>(const Value& object)> shown;
    std::function<Result<Value>(const Value& object, const Value& shown)> with_shown;
    // Admission has seen the wish itself (a Binding), so it does not see what follows of it.
    bool bypasses_admission = false;
};

// Changes the object that the call names, again and again until nobody wrote in between (unless
// the new object names a resourceVersion). Answers 200, or 201 if it was created.
[[nodiscard]] io::Task<Answer> change_object(Call* call, Change change);

// The stored entry of the object the call names; not_found.
[[nodiscard]] io::Task<Result<store::Entry>> get_entry(Call* call);

// NamespaceLifecycle: whether content (of that name) may be created in the namespace.
[[nodiscard]] io::Task<Status> check_namespace(Call* call, std::string name,
                                               std::string object_name);

// What must follow the commit of a write before it is answered. `object` is null for a deletion.
[[nodiscard]] io::Task<void> after_write(Core* core, const Resource* resource, Value object,
                                         Value old_object);

}  // namespace weft::server
