// graph/internal/template_walk.cc: one function for each kind of value.

#include "graph/internal/template_walk.h"

#include <algorithm>

#include "base/nearest.h"
#include "graph/internal/joining.h"
#include "graph/internal/schema_types.h"
#include "graph/limits.h"
#include "graph/simple_schema.h"
#include "schema/open_api.h"

namespace weft::graph {

namespace {

bool contains(const std::vector<std::string>& types, std::string_view type) {
    return std::ranges::find(types, type) != types.end();
}

// additionalProperties that let something through.
bool is_open(const schema::Schema& schema) {
    return schema.additional_properties != nullptr || schema.additional_properties_allowed;
}

class Walker {
public:
    TemplateWalk result;

    void walk(const Value& value, const schema::Schema& schema, size_t depth) {
        if (depth > limits::template_depth) {
            tell(cat("template nested deeper than ", limits::template_depth, " levels at path ",
                     path_.text()));
            return;
        }
        const bool has_alternatives =
            schema.constraints != nullptr &&
            (!schema.constraints->one_of.empty() || !schema.constraints->any_of.empty());
        if (!schema.preserve_unknown_fields && !schema.int_or_string &&
            schema.type == schema::Type::unset && !has_alternatives && !is_open(schema)) {
            tell(cat("schema at path ", path_.text(),
                     " has no valid type, OneOf, AnyOf, or AdditionalProperties"));
            return;
        }
        const std::vector<std::string> types = expected_type_names(schema);
        if (types.empty()) {
            tell("unknown schema type");
            return;
        }
        switch (value.kind()) {
            case Value::Kind::map:
                return walk_map(value, schema, types, depth);
            case Value::Kind::list:
                return walk_list(value, schema, types, depth);
            case Value::Kind::string:
                return walk_text(value.as_string(), schema, types);
            case Value::Kind::null:
                return;
            default:
                return check_scalar(value, types);
        }
    }

private:
    void tell(std::string message, std::string suggestion = {}) {
        result.mistakes.push_back({path_, std::move(message), std::move(suggestion)});
    }

    static std::string suggest(std::string_view name, const schema::Schema& schema) {
        std::vector<std::string_view> names;
        for (const schema::Property& property : schema.properties) {
            names.emplace_back(property.name);
        }
        return suggestion(name, names);
    }

    void tell_type(const std::vector<std::string>& types, std::string_view actual) {
        tell(cat("expected ", join(types, " or "), " type for path ", path_.text(), ", got ",
                 actual));
    }

    // Under unknown fields there is no schema: everything is taken as it is.
    void walk_without_schema(const Value& value) {
        ExpressionWalk found = walk_expressions(value);
        for (const ExpressionWalk::Mistake& mistake : found.mistakes) {
            result.mistakes.push_back({join_paths(path_, mistake.path), mistake.message});
        }
        for (FieldExpression& expression : found.expressions) {
            expression.path = join_paths(path_, expression.path);
            result.expressions.push_back(std::move(expression));
        }
    }

    void walk_map(const Value& value, const schema::Schema& schema,
                  const std::vector<std::string>& types, size_t depth) {
        if (schema.preserve_unknown_fields) {
            return walk_without_schema(value);
        }
        if (!contains(types, "object") && !is_open(schema)) {
            return tell_type(types, "object");
        }
        find_missing(value, schema);
        for (const Member& member : value.members()) {
            const schema::Schema* field = schema.find_member(member.name());
            const std::string parent = path_.text();
            path_.push(member.name());
            if (field == nullptr) {
                tell(cat("error getting field schema for path ", parent, ".", member.name(),
                         ": schema not found for field ", member.name()),
                     suggest(member.name(), schema));
            } else {
                walk(member.value, *field, depth + 1);
            }
            path_.pop();
        }
    }

    void find_missing(const Value& value, const schema::Schema& schema) {
        for (const std::string& name : schema.required) {
            const schema::Schema* field = schema.find_property(name);
            const bool has_default = field != nullptr && field->default_value.has_value();
            if (!value.contains(name) && !has_default) {
                result.refusals.push_back(
                    {path_, cat(path_.child(name).text(), ": Required value")});
            }
        }
    }

    void check_enum(std::string_view text, const schema::Schema& schema) {
        if (schema.constraints == nullptr || schema.constraints->enum_values.empty()) {
            return;
        }
        std::vector<std::string_view> allowed;
        std::string words;
        for (const Value& value : schema.constraints->enum_values) {
            if (!value.is_string()) {
                return;
            }
            allowed.push_back(value.as_string());
            append(words, words.empty() ? "" : ", ", quote(value.as_string()));
        }
        if (std::ranges::find(allowed, text) == allowed.end()) {
            result.refusals.push_back({path_,
                                       cat(path_.text(), ": Unsupported value: ", quote(text),
                                           ": supported values: ", words),
                                       suggestion(text, allowed)});
        }
    }

    void walk_list(const Value& value, const schema::Schema& schema,
                   const std::vector<std::string>& types, size_t depth) {
        if (schema.preserve_unknown_fields) {
            return walk_without_schema(value);
        }
        if (!contains(types, "array")) {
            return tell_type(types, "array");
        }
        if (schema.items == nullptr) {
            return tell(cat("invalid array schema for path ", path_.text(),
                            ": neither Items.Schema nor Properties are defined"));
        }
        size_t index = 0;
        for (const Value& item : value.items()) {
            path_.push(index++);
            walk(item, *schema.items, depth + 1);
            path_.pop();
        }
    }

    void walk_text(std::string_view text, const schema::Schema& schema,
                   const std::vector<std::string>& types) {
        Result<std::optional<Expression>> parsed = parse_expression(text);
        if (!parsed) {
            return tell(parsed.error().message());
        }
        const bool standalone = *parsed && (*parsed)->original.empty();
        if (!standalone && !contains(types, "string") && !contains(types, "any")) {
            return tell_type(types, "string");
        }
        if (*parsed) {
            result.expressions.push_back({path_, **std::move(parsed), standalone});
        } else {
            check_enum(text, schema);
        }
    }

    void check_scalar(const Value& value, const std::vector<std::string>& types) {
        const bool fits = std::ranges::any_of(types, [&value](const std::string& type) {
            return type == "any" || (type == "number" && value.is_number()) ||
                   (type == "integer" && value.is_int()) || (type == "boolean" && value.is_bool());
        });
        if (!fits) {
            tell_type(types, value.is_bool()  ? "boolean"
                             : value.is_int() ? "integer"
                                              : go_type_name(value));
        }
    }

    Path path_;
};

}  // namespace

std::vector<std::string> alternative_type_names(
    const std::vector<const schema::Schema*>& alternatives) {
    std::vector<std::string> types;
    const auto add = [&types](std::string_view type) {
        if (!contains(types, type)) {
            types.emplace_back(type);
        }
    };
    for (const schema::Schema* alternative : alternatives) {
        if (!alternative->required.empty() ||
            (alternative->constraints != nullptr && alternative->constraints->not_ != nullptr)) {
            add("object");
        }
        if (alternative->type != schema::Type::unset) {
            add(schema::type_text(alternative->type));
        }
    }
    return types;
}

std::vector<std::string> expected_type_names(const schema::Schema& schema) {
    if (schema.preserve_unknown_fields) {
        return {"any"};
    }
    if (schema.int_or_string) {
        // Kubernetes' own OpenAPI says it as a choice, in this order; a CRD by its extension.
        if (schema.definition == "io.k8s.apimachinery.pkg.util.intstr.IntOrString") {
            return {"integer", "string"};
        }
        return {"string", "integer"};
    }
    if (is_quantity(schema)) {
        return {"string", "number"};
    }
    if (schema.constraints != nullptr) {
        for (const auto* alternatives :
             {&schema.constraints->one_of, &schema.constraints->any_of}) {
            std::vector<std::string> types = alternative_type_names(*alternatives);
            if (!types.empty()) {
                return types;
            }
        }
    }
    if (schema.type != schema::Type::unset) {
        return {std::string(schema::type_text(schema.type))};
    }
    if (is_open(schema)) {
        return {"any"};
    }
    return {};
}

TemplateWalk walk_template(const Value& object, const schema::Schema* schema) {
    Walker walker;
    if (schema == nullptr) {
        walker.result.mistakes.push_back({Path(), "schema is nil for path "});
    } else {
        walker.walk(object, *schema, 0);
    }
    return std::move(walker.result);
}

}  // namespace weft::graph
