// merge/typed.h: structured merge: values of a schema, merged and compared field by field.
//
// Source of the behaviour and the texts: structured-merge-diff v6 typed/, and kube-openapi's
// schemaconv for what a schema's marks mean: list_type and map_type, else patch_merge with or
// without a key; lists are atomic otherwise; unknown fields are errors unless the schema is open.
// Errors of validation are Reason::unknown (HTTP 500, as the real server) and read
// ".spec.foo: field not declared in schema".

#pragma once

#include <optional>

#include "base/base.h"
#include "merge/field_set.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::merge {

// The type of a node. Borrows the schema.
class TypeRef {
public:
    // No schema: maps are granular, lists and scalars atomic.
    [[nodiscard]] static TypeRef deduced() { return {}; }
    // `is_object`: it is a whole API object, so apiVersion, kind and metadata are known even where
    // the schema does not say them.
    [[nodiscard]] static TypeRef of(const schema::Schema* schema, bool is_object = false) {
        TypeRef type;
        type.schema_ = schema;
        type.is_object_ = is_object && schema != nullptr;
        return type;
    }

    [[nodiscard]] const schema::Schema* schema() const { return schema_; }
    [[nodiscard]] bool is_deduced() const { return schema_ == nullptr; }
    [[nodiscard]] bool is_object() const { return is_object_; }
    // A parent preserves unknown fields, which goes for everything inside.
    [[nodiscard]] bool is_preserving() const { return is_preserving_; }
    [[nodiscard]] TypeRef preserving(bool preserve) const {
        TypeRef type = *this;
        type.is_preserving_ = preserve;
        return type;
    }

private:
    const schema::Schema* schema_ = nullptr;
    bool is_object_ = false;
    bool is_preserving_ = false;
};

// Whether items of associative lists may repeat: live objects may have such, appliers may not.
enum class Duplicates : uint8_t { refused, allowed };

[[nodiscard]] Status validate(const Value& value, TypeRef type, Duplicates duplicates);

// The fields that somebody who writes this value owns.
[[nodiscard]] FieldSet to_field_set(const Value& value, TypeRef type);

// `live` changed by `config`: maps field by field, associative lists item by item in config's
// order, everything else replaced. What does not change is shared with `live`.
[[nodiscard]] Result<Value> merge_typed(const Value& live, const Value& config, TypeRef type);

struct Comparison {
    FieldSet added;
    FieldSet modified;
    FieldSet removed;

    [[nodiscard]] bool is_same() const {
        return added.empty() && modified.empty() && removed.empty();
    }
    [[nodiscard]] Comparison without(const FieldSet& ignored) const;
    [[nodiscard]] Comparison filtered(const FieldFilter& filter) const;
};
// Subtrees that both values share are not walked.
[[nodiscard]] Result<Comparison> compare_typed(const Value& before, const Value& after,
                                               TypeRef type);

// `value` without the fields and items of `set`; null if nothing is left. A map or associative list
// that loses all it has becomes null.
[[nodiscard]] Value remove_items(const Value& value, TypeRef type, const FieldSet& set);
// Only the fields and items of `set`. `with_keys` adds the key fields of every item kept.
[[nodiscard]] Value extract_items(const Value& value, TypeRef type, const FieldSet& set,
                                  bool with_keys = false);

// The set with every declared field that something is owned below.
[[nodiscard]] FieldSet with_named_fields(const FieldSet& set, TypeRef type);

// The set after lists and maps of the schema have turned atomic since it was made: who owned a part
// owns the whole. Nothing if that changes nothing. What turned granular stays owned as one field,
// until its owner writes again.
[[nodiscard]] std::optional<FieldSet> reconcile_with_schema(const FieldSet& set, TypeRef type);

}  // namespace weft::merge
