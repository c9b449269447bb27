// schema/open_api.cc: reading and writing OpenAPI schemas.

#include "schema/open_api.h"

#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "schema/field_error.h"
#include "schema/internal/tree.h"
#include "schema/limits.h"

namespace weft::schema {

namespace {

constexpr std::array<std::string_view, 7> type_names{"",        "object", "array",  "string",
                                                     "integer", "number", "boolean"};

Error ill_typed(const std::string& path, std::string_view member, std::string_view wanted) {
    return make_error(Reason::invalid, "schema", path.empty() ? "" : " at ", path, ": ", member,
                      " must be ", wanted);
}

// Reads one document; every read_ function refuses a member of the wrong type.
class SchemaReader {
public:
    explicit SchemaReader(const FromOpenApi& options)
        : options_(options), tree_(std::make_shared<internal::Tree>()) {}

    Result<SchemaPtr> read(const Value& json) {
        const Schema* root = TRY(read_node(json, "", 0));
        tree_->finish();
        return SchemaPtr(tree_, root);
    }

private:
    static const Value* member(const Value& json, std::string_view name) {
        const Value* found = json.find(name);
        return found == nullptr || found->is_null() ? nullptr : found;
    }

    static Status read_bool(const Value& json, std::string_view name, const std::string& path,
                            bool& out) {
        if (const Value* found = member(json, name)) {
            if (!found->is_bool()) {
                return ill_typed(path, name, "a boolean");
            }
            out = found->as_bool();
        }
        return {};
    }
    static Status read_string(const Value& json, std::string_view name, const std::string& path,
                              std::string& out) {
        if (const Value* found = member(json, name)) {
            if (!found->is_string()) {
                return ill_typed(path, name, "a string");
            }
            out = found->as_string();
        }
        return {};
    }
    static Status read_double(const Value& json, std::string_view name, const std::string& path,
                              std::optional<double>& out) {
        if (const Value* found = member(json, name)) {
            if (!found->is_number()) {
                return ill_typed(path, name, "a number");
            }
            out = found->to_double();
        }
        return {};
    }
    static Status read_int(const Value& json, std::string_view name, const std::string& path,
                           std::optional<int64_t>& out) {
        if (const Value* found = member(json, name)) {
            constexpr double bound = 9223372036854775808.0;  // 2^63
            if (found->is_double() && found->as_double() >= -bound && found->as_double() < bound &&
                found->as_double() == std::trunc(found->as_double())) {
                out = static_cast<int64_t>(found->as_double());
                return {};
            }
            if (!found->is_int()) {
                return ill_typed(path, name, "an integer");
            }
            out = found->as_int();
        }
        return {};
    }
    static Status read_strings(const Value& json, std::string_view name, const std::string& path,
                               std::vector<std::string>& out) {
        if (const Value* found = member(json, name)) {
            if (!found->is_list()) {
                return ill_typed(path, name, "a list of strings");
            }
            for (const Value& item : found->items()) {
                if (!item.is_string()) {
                    return ill_typed(path, name, "a list of strings");
                }
                out.emplace_back(item.as_string());
            }
        }
        return {};
    }

    Result<Schema*> read_node(const Value& json, const std::string& path, size_t depth);
    Result<Schema*> read_reference(std::string_view reference, const std::string& path,
                                   size_t depth);
    Status read_shape(const Value& json, const std::string& path, size_t depth, Schema& node);
    Status read_extensions(const Value& json, const std::string& path, Schema& node);
    Status read_constraints(const Value& json, const std::string& path, size_t depth, Schema& node);
    Status read_rules(const Value& json, const std::string& path, Constraints& out);
    Status read_junctors(const Value& json, std::string_view name, const std::string& path,
                         size_t depth, std::vector<const Schema*>& out);

    const FromOpenApi& options_;
    std::shared_ptr<internal::Tree> tree_;
    std::map<std::string, Schema*, std::less<>> references_;
};

Result<Schema*> SchemaReader::read_reference(std::string_view reference, const std::string& path,
                                             size_t depth) {
    if (const auto known = references_.find(reference); known != references_.end()) {
        return known->second;
    }
    const Value* target = options_.resolve ? options_.resolve(reference) : nullptr;
    if (target == nullptr) {
        return make_error(Reason::invalid, "schema", path.empty() ? "" : " at ", path,
                          ": cannot resolve $ref ", quote(reference));
    }
    Schema* node = tree_->make();
    references_.emplace(reference, node);
    Schema* content = TRY(read_node(*target, path, depth + 1));
    node->definition = reference.substr(reference.rfind('/') + 1);
    if (content->definition.empty()) {
        content->definition = node->definition;
    }
    tree_->inherit_later(node, content);
    return node;
}

Result<Schema*> SchemaReader::read_node(const Value& json, const std::string& path, size_t depth) {
    if (!json.is_map()) {
        return ill_typed(path, "a schema", "an object");
    }
    if (depth > schema_depth_max || tree_->size() >= schema_nodes_max) {
        return make_error(Reason::invalid, "schema at ", path, ": more than ",
                          depth > schema_depth_max ? schema_depth_max : schema_nodes_max,
                          depth > schema_depth_max ? " levels" : " nodes");
    }
    std::string reference;
    TRY(read_string(json, "$ref", path, reference));
    // kube-openapi writes a reference that has siblings as an allOf of one.
    const Value* all_of = member(json, "allOf");
    const bool is_wrapped = reference.empty() && all_of != nullptr && all_of->size() == 1 &&
                            member(json, "type") == nullptr && all_of->is_list() &&
                            all_of->at(0).size() == 1 && !all_of->at(0).string_at("$ref").empty();
    if (is_wrapped) {
        reference = all_of->at(0).string_at("$ref");
    }
    Schema* node = tree_->make();
    TRY(read_extensions(json, path, *node));
    if (!reference.empty()) {
        Schema* target = TRY(read_reference(reference, path, depth));
        if (json.size() == 1) {
            return target;
        }
        std::string description;
        TRY(read_string(json, "description", path, description));
        if (!description.empty()) {
            Constraints constraints;
            constraints.description = std::move(description);
            node->constraints = std::make_unique<const Constraints>(std::move(constraints));
        }
        tree_->inherit_later(node, target);
        return node;
    }
    TRY(read_shape(json, path, depth, *node));
    TRY(read_constraints(json, path, depth, *node));
    return node;
}

Status SchemaReader::read_shape(const Value& json, const std::string& path, size_t depth,
                                Schema& node) {
    std::string type;
    TRY(read_string(json, "type", path, type));
    const std::optional<Type> known = type_from_text(type);
    if (!known) {
        return make_error(Reason::invalid, "schema", path.empty() ? "" : " at ", path, ": type ",
                          quote(type),
                          " is not one of array, boolean, integer, number, object, string");
    }
    node.type = *known;
    TRY(read_string(json, "format", path, node.format));
    TRY(read_strings(json, "required", path, node.required));
    if (const Value* properties = member(json, "properties")) {
        if (!properties->is_map()) {
            return ill_typed(path, "properties", "an object");
        }
        node.properties.reserve(properties->size());
        for (const Member& property : properties->members()) {
            const std::string place = path_key(path_child(path, "properties"), property.name());
            node.properties.push_back(
                {std::string(property.name()), TRY(read_node(property.value, place, depth + 1))});
        }
        node.index_properties();
    }
    if (const Value* items = member(json, "items")) {
        node.items = TRY(read_node(*items, path_child(path, "items"), depth + 1));
    }
    if (const Value* additional = member(json, "additionalProperties")) {
        if (additional->is_bool()) {
            node.additional_properties_allowed = additional->as_bool();
            node.additional_properties_denied = !additional->as_bool();
        } else {
            node.additional_properties_allowed = true;
            node.additional_properties =
                TRY(read_node(*additional, path_child(path, "additionalProperties"), depth + 1));
        }
    }
    return {};
}

Status SchemaReader::read_extensions(const Value& json, const std::string& path, Schema& node) {
    TRY(read_bool(json, "nullable", path, node.nullable));
    if (const Value* value = member(json, "default")) {
        node.default_value = *value;
    }
    TRY(read_bool(json, "x-kubernetes-preserve-unknown-fields", path,
                  node.preserve_unknown_fields));
    TRY(read_bool(json, "x-kubernetes-embedded-resource", path, node.embedded_resource));
    TRY(read_bool(json, "x-kubernetes-int-or-string", path, node.int_or_string));
    if (json.string_at("format") == "int-or-string") {
        node.int_or_string = true;
    }
    TRY(read_strings(json, "x-kubernetes-list-map-keys", path, node.list_map_keys));
    TRY(read_string(json, "x-kubernetes-patch-merge-key", path, node.patch_merge_key));

    std::string text;
    TRY(read_string(json, "x-kubernetes-list-type", path, text));
    node.list_type = text == "atomic" ? ListType::atomic
                     : text == "set"  ? ListType::set
                     : text == "map"  ? ListType::map
                                      : ListType::unset;
    text.clear();
    TRY(read_string(json, "x-kubernetes-map-type", path, text));
    node.map_type = text == "granular" ? MapType::granular
                    : text == "atomic" ? MapType::atomic
                                       : MapType::unset;
    text.clear();
    TRY(read_string(json, "x-kubernetes-patch-strategy", path, text));
    for (const std::string_view strategy : split(text, ',')) {
        node.patch_merge = node.patch_merge || strategy == "merge";
        node.patch_replace = node.patch_replace || strategy == "replace";
        node.patch_retain_keys = node.patch_retain_keys || strategy == "retainKeys";
    }
    return {};
}

Status SchemaReader::read_junctors(const Value& json, std::string_view name,
                                   const std::string& path, size_t depth,
                                   std::vector<const Schema*>& out) {
    const Value* list = member(json, name);
    if (list == nullptr) {
        return {};
    }
    if (!list->is_list()) {
        return ill_typed(path, name, "a list");
    }
    for (size_t i = 0; i < list->size(); ++i) {
        out.push_back(
            TRY(read_node(list->at(i), path_index(path_child(path, name), i), depth + 1)));
    }
    return {};
}

Status SchemaReader::read_rules(const Value& json, const std::string& path, Constraints& out) {
    const Value* rules = member(json, "x-kubernetes-validations");
    if (rules == nullptr) {
        return {};
    }
    if (!rules->is_list()) {
        return ill_typed(path, "x-kubernetes-validations", "a list");
    }
    for (const Value& entry : rules->items()) {
        if (!entry.is_map()) {
            return ill_typed(path, "an entry of x-kubernetes-validations", "an object");
        }
        ValidationRule rule;
        TRY(read_string(entry, "rule", path, rule.rule));
        TRY(read_string(entry, "message", path, rule.message));
        TRY(read_string(entry, "messageExpression", path, rule.message_expression));
        TRY(read_string(entry, "reason", path, rule.reason));
        TRY(read_string(entry, "fieldPath", path, rule.field_path));
        if (member(entry, "optionalOldSelf") != nullptr) {
            bool optional_old_self = false;
            TRY(read_bool(entry, "optionalOldSelf", path, optional_old_self));
            rule.optional_old_self = optional_old_self;
        }
        out.rules.push_back(std::move(rule));
    }
    return {};
}

Status SchemaReader::read_constraints(const Value& json, const std::string& path, size_t depth,
                                      Schema& node) {
    // Most nodes have none; one look at the names spares them the reads below.
    static constexpr std::array<std::string_view, 22> names{"minimum",
                                                            "maximum",
                                                            "exclusiveMinimum",
                                                            "exclusiveMaximum",
                                                            "multipleOf",
                                                            "minLength",
                                                            "maxLength",
                                                            "pattern",
                                                            "minItems",
                                                            "maxItems",
                                                            "uniqueItems",
                                                            "minProperties",
                                                            "maxProperties",
                                                            "enum",
                                                            "allOf",
                                                            "anyOf",
                                                            "oneOf",
                                                            "not",
                                                            "x-kubernetes-validations",
                                                            "title",
                                                            "description",
                                                            "x-kubernetes-unions"};
    bool any = false;
    for (const Member& entry : json.members()) {
        for (const std::string_view name : names) {
            any = any || name == entry.name();
        }
    }
    if (!any) {
        return {};
    }
    Constraints out;
    TRY(read_double(json, "minimum", path, out.minimum));
    TRY(read_double(json, "maximum", path, out.maximum));
    TRY(read_bool(json, "exclusiveMinimum", path, out.exclusive_minimum));
    TRY(read_bool(json, "exclusiveMaximum", path, out.exclusive_maximum));
    TRY(read_double(json, "multipleOf", path, out.multiple_of));
    TRY(read_int(json, "minLength", path, out.min_length));
    TRY(read_int(json, "maxLength", path, out.max_length));
    TRY(read_string(json, "pattern", path, out.pattern));
    TRY(read_int(json, "minItems", path, out.min_items));
    TRY(read_int(json, "maxItems", path, out.max_items));
    TRY(read_bool(json, "uniqueItems", path, out.unique_items));
    TRY(read_int(json, "minProperties", path, out.min_properties));
    TRY(read_int(json, "maxProperties", path, out.max_properties));
    if (const Value* values = member(json, "enum")) {
        if (!values->is_list()) {
            return ill_typed(path, "enum", "a list");
        }
        out.enum_values.assign(values->items().begin(), values->items().end());
    }
    TRY(read_junctors(json, "allOf", path, depth, out.all_of));
    TRY(read_junctors(json, "anyOf", path, depth, out.any_of));
    TRY(read_junctors(json, "oneOf", path, depth, out.one_of));
    if (const Value* negated = member(json, "not")) {
        out.not_ = TRY(read_node(*negated, path_child(path, "not"), depth + 1));
    }
    TRY(read_rules(json, path, out));
    TRY(read_string(json, "title", path, out.title));
    TRY(read_string(json, "description", path, out.description));
    if (const Value* unions = member(json, "x-kubernetes-unions")) {
        out.unions = *unions;
    }
    node.constraints = std::make_unique<const Constraints>(std::move(out));
    return {};
}

// --- writing ---

class SchemaWriter {
public:
    explicit SchemaWriter(const ToOpenApi& options) : options_(options) {}

    Value write(const Schema& node, bool is_root) {
        if (!is_root && !node.definition.empty() && !options_.reference_prefix.empty()) {
            return write_reference(node);
        }
        if (std::optional<Value> builtin = write_builtin(node)) {
            return std::move(*builtin);
        }
        const bool is_named = !node.definition.empty();
        if (is_named) {
            for (const std::string& open : open_) {
                if (open == node.definition) {
                    return Value::map_of({{"type", Value("object")}});
                }
            }
            open_.push_back(node.definition);
        }
        Value out = Value::map();
        write_shape(node, out);
        write_marks(node, out);
        if (is_named) {
            open_.pop_back();
        }
        return out;
    }

private:
    // The builtin definitions whose JSON form is no plain type. Go writes them by hand.
    [[nodiscard]] std::optional<Value> write_builtin(const Schema& node) const {
        const auto one_of = [](std::string_view first, std::string_view second) {
            return Value::list_of({Value::map_of({{"type", Value(first)}}),
                                   Value::map_of({{"type", Value(second)}})});
        };
        if (node.definition == "io.k8s.apimachinery.pkg.api.resource.Quantity") {
            if (options_.is_version2) {
                return Value::map_of({{"type", Value("string")}});
            }
            return Value::map_of({{"oneOf", one_of("string", "number")}});
        }
        if (node.definition == "io.k8s.apimachinery.pkg.util.intstr.IntOrString") {
            if (options_.is_version2) {
                return Value::map_of(
                    {{"type", Value("string")}, {"format", Value("int-or-string")}});
            }
            return Value::map_of(
                {{"format", Value("int-or-string")}, {"oneOf", one_of("integer", "string")}});
        }
        // Raw JSON: the document does not say that any member is allowed.
        if (node.preserve_unknown_fields && node.definition.starts_with("io.k8s.api") &&
            node.properties.empty()) {
            return node.type == Type::object ? Value::map_of({{"type", Value("object")}})
                                             : Value::map();
        }
        return std::nullopt;
    }

    Value write_reference(const Schema& node) {
        Value target =
            Value::map_of({{"$ref", Value(cat(options_.reference_prefix, node.definition))}});
        Value marks = Value::map();
        if (node.constraints != nullptr && !options_.without_descriptions &&
            !node.constraints->description.empty()) {
            marks.set("description", Value(node.constraints->description));
        }
        if (node.default_value && !options_.is_version2) {
            marks.set("default", *node.default_value);
        }
        write_patch_marks(node, marks);
        if (node.map_type == MapType::granular) {  // never said by a definition itself
            marks.set("x-kubernetes-map-type", Value("granular"));
        }
        if (marks.empty()) {
            return target;
        }
        Value out =
            options_.is_version2 ? target : Value::map_of({{"allOf", Value::list_of({target})}});
        for (const Member& mark : marks.members()) {
            out.set(mark.name(), mark.value);
        }
        return out;
    }

    void write_shape(const Schema& node, Value& out) {
        if (node.constraints != nullptr && !options_.without_descriptions) {
            if (!node.constraints->description.empty()) {
                out.set("description", Value(node.constraints->description));
            }
            if (!node.constraints->title.empty()) {
                out.set("title", Value(node.constraints->title));
            }
        }
        if (node.type != Type::unset) {
            out.set("type", Value(type_text(node.type)));
        }
        if (!node.format.empty()) {
            out.set("format", Value(node.format));
        }
        if (node.nullable) {
            out.set("nullable", Value(true));
        }
        if (node.default_value && !options_.is_version2) {
            out.set("default", *node.default_value);
        }
        if (!node.required.empty()) {
            Value required = Value::list();
            for (const std::string& name : node.required) {
                required.push_back(Value(name));
            }
            out.set("required", std::move(required));
        }
        if (!node.properties.empty()) {
            Value properties = Value::map_with_capacity(node.properties.size());
            for (const Property& property : node.properties) {
                properties.set(property.name, write(*property.schema, false));
            }
            out.set("properties", std::move(properties));
        }
        if (node.items != nullptr) {
            out.set("items", write(*node.items, false));
        }
        if (node.additional_properties != nullptr) {
            out.set("additionalProperties", write(*node.additional_properties, false));
        } else if (node.additional_properties_allowed) {
            out.set("additionalProperties", Value(true));
        } else if (node.additional_properties_denied) {
            out.set("additionalProperties", Value(false));
        }
        if (node.constraints != nullptr) {
            write_constraints(*node.constraints, out);
        }
    }

    void write_junctors(const std::vector<const Schema*>& nodes, std::string_view name,
                        Value& out) {
        if (nodes.empty()) {
            return;
        }
        Value list = Value::list();
        for (const Schema* node : nodes) {
            list.push_back(write(*node, false));
        }
        out.set(name, std::move(list));
    }

    static Value number(double value) {
        const auto whole = static_cast<int64_t>(value);
        return static_cast<double>(whole) == value ? Value(whole) : Value(value);
    }

    void write_constraints(const Constraints& from, Value& out) {
        const auto set_number = [&](std::string_view name, const std::optional<double>& value) {
            if (value) {
                out.set(name, number(*value));
            }
        };
        const auto set_int = [&](std::string_view name, const std::optional<int64_t>& value) {
            if (value) {
                out.set(name, Value(*value));
            }
        };
        const auto set_bool = [&](std::string_view name, bool value) {
            if (value) {
                out.set(name, Value(true));
            }
        };
        set_number("minimum", from.minimum);
        set_bool("exclusiveMinimum", from.exclusive_minimum);
        set_number("maximum", from.maximum);
        set_bool("exclusiveMaximum", from.exclusive_maximum);
        set_number("multipleOf", from.multiple_of);
        set_int("minLength", from.min_length);
        set_int("maxLength", from.max_length);
        if (!from.pattern.empty()) {
            out.set("pattern", Value(from.pattern));
        }
        set_int("minItems", from.min_items);
        set_int("maxItems", from.max_items);
        set_bool("uniqueItems", from.unique_items);
        set_int("minProperties", from.min_properties);
        set_int("maxProperties", from.max_properties);
        if (!from.enum_values.empty()) {
            out.set("enum", Value::list(std::vector<Value>(from.enum_values)));
        }
        write_junctors(from.all_of, "allOf", out);
        write_junctors(from.any_of, "anyOf", out);
        write_junctors(from.one_of, "oneOf", out);
        if (from.not_ != nullptr) {
            out.set("not", write(*from.not_, false));
        }
        if (!from.rules.empty()) {
            Value rules = Value::list();
            for (const ValidationRule& rule : from.rules) {
                rules.push_back(write_rule(rule));
            }
            out.set("x-kubernetes-validations", std::move(rules));
        }
        if (from.unions) {
            out.set("x-kubernetes-unions", *from.unions);
        }
    }

    static Value write_rule(const ValidationRule& rule) {
        Value out = Value::map_of({{"rule", Value(rule.rule)}});
        const auto set = [&out](std::string_view name, const std::string& text) {
            if (!text.empty()) {
                out.set(name, Value(text));
            }
        };
        set("message", rule.message);
        set("messageExpression", rule.message_expression);
        set("reason", rule.reason);
        set("fieldPath", rule.field_path);
        if (rule.optional_old_self) {
            out.set("optionalOldSelf", Value(*rule.optional_old_self));
        }
        return out;
    }

    static void write_patch_marks(const Schema& node, Value& out) {
        std::string strategy;
        const auto add = [&strategy](bool is_set, std::string_view name) {
            if (is_set) {
                append(strategy, strategy.empty() ? "" : ",", name);
            }
        };
        add(node.patch_merge, "merge");
        add(node.patch_replace, "replace");
        add(node.patch_retain_keys, "retainKeys");
        if (!node.patch_merge_key.empty()) {
            out.set("x-kubernetes-patch-merge-key", Value(node.patch_merge_key));
        }
        if (!strategy.empty()) {
            out.set("x-kubernetes-patch-strategy", Value(strategy));
        }
    }

    static void write_marks(const Schema& node, Value& out) {
        if (node.preserve_unknown_fields) {
            out.set("x-kubernetes-preserve-unknown-fields", Value(true));
        }
        if (node.embedded_resource) {
            out.set("x-kubernetes-embedded-resource", Value(true));
        }
        if (node.int_or_string && node.format != "int-or-string") {
            out.set("x-kubernetes-int-or-string", Value(true));
        }
        if (!node.list_map_keys.empty()) {
            Value keys = Value::list();
            for (const std::string& key : node.list_map_keys) {
                keys.push_back(Value(key));
            }
            out.set("x-kubernetes-list-map-keys", std::move(keys));
        }
        static constexpr std::array<std::string_view, 4> list_types{"", "atomic", "set", "map"};
        static constexpr std::array<std::string_view, 3> map_types{"", "granular", "atomic"};
        if (node.list_type != ListType::unset) {
            out.set("x-kubernetes-list-type",
                    Value(list_types[static_cast<size_t>(node.list_type)]));
        }
        if (node.map_type != MapType::unset) {
            out.set("x-kubernetes-map-type", Value(map_types[static_cast<size_t>(node.map_type)]));
        }
        write_patch_marks(node, out);
    }

    const ToOpenApi& options_;
    std::vector<std::string> open_;  // the definitions that are being written, outermost first
};

}  // namespace

std::string_view type_text(Type type) {
    return type_names[static_cast<size_t>(type)];
}

std::optional<Type> type_from_text(std::string_view text) {
    for (size_t i = 0; i < type_names.size(); ++i) {
        if (type_names[i] == text) {
            return static_cast<Type>(i);
        }
    }
    return std::nullopt;
}

Result<SchemaPtr> from_open_api(const Value& json, const FromOpenApi& options) {
    return SchemaReader(options).read(json);
}

Value to_open_api(const Schema& schema, const ToOpenApi& options) {
    return SchemaWriter(options).write(schema, true);
}

}  // namespace weft::schema
