// schema/builtin_schema.cc: makes the schemas of builtin kinds, when they are asked for.

#include <array>
#include <utility>

#include "schema/builtin.h"
#include "schema/internal/tables.h"
#include "schema/internal/tree.h"

namespace weft::schema {

namespace {

using internal::Base;
using internal::Container;
using internal::DefinitionRow;
using internal::FieldRow;
using internal::Special;

void set_base(Base base, Schema& node) {
    switch (base) {
        case Base::string:
            node.type = Type::string;
            break;
        case Base::bytes:
            node.type = Type::string;
            node.format = "byte";
            break;
        case Base::date_time:
            node.type = Type::string;
            node.format = "date-time";
            break;
        case Base::int_or_string:
            node.int_or_string = true;
            node.format = "int-or-string";
            break;
        case Base::int32:
            node.type = Type::integer;
            node.format = "int32";
            break;
        case Base::int64:
            node.type = Type::integer;
            node.format = "int64";
            break;
        case Base::number:
            node.type = Type::number;
            node.format = "double";
            break;
        case Base::boolean:
            node.type = Type::boolean;
            break;
        case Base::object:
        case Base::reference:
            node.type = Type::object;
            break;
        case Base::any:
        case Base::none:
            break;
    }
}

// What a list or a map of that base has as the default of its elements, as kube-openapi writes it:
// Go's zero value, which for a struct is {}.
std::optional<Value> zero_of(const FieldRow& row, Special special) {
    switch (row.base) {
        case Base::string:
            return Value("");
        case Base::int32:
        case Base::int64:
        case Base::number:
            return Value(0);
        case Base::boolean:
            return Value(false);
        case Base::reference:
            return special == Special::none ? std::optional(Value::map()) : std::nullopt;
        default:
            return std::nullopt;
    }
}

// All of a field that shapes its node.
std::string key_of(const FieldRow& row) {
    return cat(
        static_cast<int>(row.base), ".", static_cast<int>(row.container), ".",
        row.definition ? static_cast<int>(*row.definition) : -1, ".",
        static_cast<int>(row.list_type), ".", static_cast<int>(row.map_type), ".",
        (row.patch_merge ? 1 : 0) + (row.patch_replace ? 2 : 0) + (row.patch_retain_keys ? 4 : 0),
        ".", row.keys, ".", row.merge_key, ".", row.default_json ? "=" : "",
        row.default_json.value_or(""));
}

bool has_own_marks(const FieldRow& row) {
    return row.default_json || row.list_type != ListType::unset || row.map_type != MapType::unset ||
           row.patch_merge || row.patch_replace || row.patch_retain_keys || !row.keys.empty() ||
           !row.merge_key.empty();
}

void set_marks(const FieldRow& row, Schema& node) {
    node.list_type = row.list_type;
    node.map_type = row.map_type;
    node.patch_merge = row.patch_merge;
    node.patch_replace = row.patch_replace;
    node.patch_retain_keys = row.patch_retain_keys;
    node.patch_merge_key = row.merge_key;
    if (!row.keys.empty()) {
        for (const std::string_view key : split(row.keys, ',')) {
            node.list_map_keys.emplace_back(key);
        }
    }
    if (row.default_json) {
        Result<Value> parsed = parse_json(*row.default_json);
        CHECK(parsed.has_value());
        node.default_value = std::move(*parsed);
    }
}

}  // namespace

// The element of a field: what its lists or maps hold, or what it is itself.
Schema* Builtin::element_node(const FieldRow& row, bool with_default) const {
    Schema* target = row.definition ? node_of(*row.definition) : nullptr;
    const Special special =
        row.definition ? tables_->definition(*row.definition).special : Special::none;
    std::optional<Value> zero = with_default ? zero_of(row, special) : std::nullopt;
    if (target != nullptr && !zero) {
        return target;
    }
    const std::string key = cat("element.", static_cast<int>(row.base), ".",
                                row.definition ? static_cast<int>(*row.definition) : -1);
    if (const auto known = fields_.find(key); known != fields_.end()) {
        return known->second;
    }
    Schema* node = tree_->make();
    fields_.emplace(key, node);
    node->default_value = std::move(zero);
    if (target != nullptr) {
        tree_->inherit_later(node, target);
    } else {
        set_base(row.base, *node);
    }
    return node;
}

Schema* Builtin::field_node(const FieldRow& row) const {
    std::string key = key_of(row);
    if (const auto known = fields_.find(key); known != fields_.end()) {
        return known->second;
    }
    Schema* node = nullptr;
    if (row.container == Container::none) {
        Schema* target = row.definition ? node_of(*row.definition) : nullptr;
        if (target != nullptr && !has_own_marks(row)) {
            node = target;
        } else {
            node = tree_->make();
            set_marks(row, *node);
            if (target != nullptr) {
                tree_->inherit_later(node, target);
            } else {
                set_base(row.base, *node);
            }
        }
    } else {
        node = tree_->make();
        set_marks(row, *node);
        const Schema* element = element_node(row, true);
        if (row.container == Container::map_of_lists) {
            Schema* list = tree_->make();
            list->type = Type::array;
            list->items = element;
            element = list;
        }
        const bool is_list = row.container == Container::list;
        node->type = is_list ? Type::array : Type::object;
        (is_list ? node->items : node->additional_properties) = element;
        node->additional_properties_allowed = !is_list;
    }
    fields_.emplace(std::move(key), node);
    return node;
}

Schema* Builtin::node_of(uint16_t definition) const {
    if (nodes_.empty()) {
        nodes_.resize(tables_->definition_count());
        unions_ = tables_->value(internal::Section::unions);
    }
    if (nodes_[definition] != nullptr) {
        return nodes_[definition];
    }
    const DefinitionRow row = tables_->definition(definition);
    Schema* node = tree_->make();
    nodes_[definition] = node;
    node->definition = row.name;
    node->map_type = row.map_type;
    set_base(row.special == Special::int_or_string ? Base::int_or_string : row.base, *node);
    node->preserve_unknown_fields =
        row.special >= Special::raw_json && row.special <= Special::schema_or_strings;
    node->properties.reserve(row.field_count);
    for (uint32_t i = 0; i < row.field_count; ++i) {
        const FieldRow field = tables_->field(row.first_field + i);
        node->properties.push_back({std::string(field.name), field_node(field)});
        if (field.is_required) {
            node->required.emplace_back(field.name);
        }
    }
    node->index_properties();
    if (const Value* unions = unions_->find(row.name)) {
        Constraints constraints;
        constraints.unions = *unions;
        node->constraints = std::make_unique<const Constraints>(std::move(constraints));
    }
    return node;
}

SchemaPtr Builtin::find_definition(std::string_view name) const {
    const std::optional<uint16_t> definition = tables_->find_definition(name);
    if (!definition) {
        return nullptr;
    }
    const Schema* node = node_of(*definition);
    tree_->finish();
    return SchemaPtr(SchemaPtr(), node);
}

SchemaPtr Builtin::find_kind(const GroupVersionKind& kind) const {
    const std::optional<uint16_t> definition =
        tables_->find_kind(kind.group, kind.version, kind.kind);
    return find_definition(definition ? tables_->definition_name(*definition)
                                      : find_every_version_kind(kind.kind));
}

std::vector<std::string_view> Builtin::definition_names() const {
    std::vector<std::string_view> out(tables_->definition_count());
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = tables_->definition_name(i);
    }
    return out;
}

std::vector<GroupVersionKind> Builtin::kinds_of(std::string_view definition) const {
    std::vector<GroupVersionKind> out;
    const std::optional<uint16_t> number = tables_->find_definition(definition);
    for (size_t i = 0; number && i < tables_->kind_count(); ++i) {
        const internal::Tables::KindRow row = tables_->kind(i);
        if (row.definition == *number) {
            out.push_back(
                {std::string(row.group), std::string(row.version), std::string(row.kind)});
        }
    }
    return out;
}

}  // namespace weft::schema
