// crd/internal/rule_program.cc: compiling rules against a schema.

#include "crd/internal/rule_program.h"

#include <algorithm>

#include "base/base.h"
#include "crd/limits.h"
#include "schema/open_api.h"

namespace weft::crd::internal {

using schema::Schema;

namespace {

const cel::Environment& base_environment() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kubernetes(36));
    return environment;
}

Value text_schema() {
    return Value::map_of({{"type", Value("string")}});
}

bool has_object_members(const Value& schema) {
    const auto is = [&schema](std::string_view type, auto... path) {
        const Value* found = schema.find("properties", path...);
        return found != nullptr && found->string_at("type") == type;
    };
    return is("string", "apiVersion") && is("string", "kind") && is("object", "metadata") &&
           is("string", "metadata", "properties", "name") &&
           is("string", "metadata", "properties", "generateName");
}

// Adds to the JSON of an object's schema what every object has, unless it says more itself.
void add_object_members(Value& schema) {
    if (has_object_members(schema)) {
        return;
    }
    Value& properties = schema.mutable_member("properties");
    properties.set("apiVersion", text_schema());
    properties.set("kind", text_schema());
    properties.set(
        "metadata",
        Value::map_of({{"type", Value("object")},
                       {"properties", Value::map_of({{"name", text_schema()},
                                                     {"generateName", text_schema()}})}}));
}

// `schema` with the objects inside it completed.
Value complete(const Value& schema, bool is_object, size_t depth) {
    if (!schema.is_map() || depth > schema_depth_max) {
        return schema;
    }
    Value out = schema;
    if (const Value* properties = schema.find("properties")) {
        Value completed = *properties;
        for (const Member& property : properties->members()) {
            const Value* embedded = property.value.find("x-kubernetes-embedded-resource");
            completed.set(property.name(),
                          complete(property.value, embedded != nullptr && *embedded == Value(true),
                                   depth + 1));
        }
        out.set("properties", std::move(completed));
    }
    for (const std::string_view name : {"items", "additionalProperties"}) {
        if (const Value* inner = schema.find(name); inner != nullptr && inner->is_map()) {
            const Value* embedded = inner->find("x-kubernetes-embedded-resource");
            out.set(name,
                    complete(*inner, embedded != nullptr && *embedded == Value(true), depth + 1));
        }
    }
    if (is_object) {
        add_object_members(out);
    }
    return out;
}

bool has_rules_below(const Schema& schema, size_t depth) {
    if (depth > schema_depth_max) {
        return false;
    }
    if (schema.constraints != nullptr) {
        if (!schema.constraints->rules.empty()) {
            return true;
        }
        for (const Schema* nested : schema.constraints->all_of) {
            if (has_rules_below(*nested, depth + 1)) {
                return true;
            }
        }
    }
    return (schema.items != nullptr && has_rules_below(*schema.items, depth + 1)) ||
           (schema.additional_properties != nullptr &&
            has_rules_below(*schema.additional_properties, depth + 1)) ||
           std::ranges::any_of(schema.properties, [depth](const schema::Property& property) {
               return has_rules_below(*property.schema, depth + 1);
           });
}

bool uses(const cel::Environment& environment, const cel::Ast& ast, std::string_view name) {
    const cel::References references = environment.references(ast);
    return std::ranges::any_of(references.identifiers, [name](const cel::FreeIdentifier& used) {
        return used.name == name;
    });
}

}  // namespace

schema::SchemaPtr make_rule_view(const Schema& root, bool is_root) {
    const Value json = schema::to_open_api(root, {.without_descriptions = true});
    auto view = schema::from_open_api(complete(json, is_root, 0));
    return view ? std::move(*view) : nullptr;
}

bool has_rules(const Schema& schema) {
    return has_rules_below(schema, 0);
}

bool is_typable(const Schema& schema) {
    if (schema.int_or_string) {
        return true;
    }
    switch (schema.type) {
        case schema::Type::unset:
            return false;
        case schema::Type::array:
            return schema.items != nullptr && is_typable(*schema.items);
        case schema::Type::object:
            return schema.additional_properties == nullptr || !schema.properties.empty() ||
                   is_typable(*schema.additional_properties);
        default:
            return true;
    }
}

RuleEnvironment make_rule_environment(const schema::SchemaPtr& owner, const Schema& node) {
    const schema::SchemaPtr self(owner, &node);
    const cel::Environment with_self =
        base_environment().extend().object("self", self, "selfType").build();
    cel::Arena arena;
    const cel::Type* optional = cel::optional_type(arena, with_self.variable_type("self"));
    return {.plain = with_self.extend().object("oldSelf", self, "selfType").build(),
            .optional = with_self.extend().variable("oldSelf", optional).build()};
}

RuleProgram compile_rule(const schema::ValidationRule& rule, const RuleEnvironment& environment) {
    RuleProgram out;
    if (trim(rule.rule).empty()) {
        return out;
    }
    const cel::Environment& used =
        rule.optional_old_self.value_or(false) ? environment.optional : environment.plain;
    const Result<cel::Ast> ast = used.compile(rule.rule);
    if (!ast) {
        out.error = cat("compilation failed: ", ast.error().message());
    } else if (!cel::is_same(ast->result_type(), &cel::types::boolean)) {
        out.error = "cel expression must evaluate to a bool";
    } else if (Result<cel::Program> program = used.program(*ast); !program) {
        out.error = cat("program instantiation failed: ", program.error().message());
    } else {
        out.uses_old_self = uses(used, *ast, "oldSelf");
        out.program = std::move(*program);
    }
    if (!out.program || rule.message_expression.empty()) {
        return out;
    }
    const Result<cel::Ast> message = used.compile(rule.message_expression);
    if (!message) {
        out.message_error =
            cat("messageExpression compilation failed: ", message.error().message());
    } else if (!cel::is_same(message->result_type(), &cel::types::string)) {
        out.message_error = "messageExpression must evaluate to a string";
    } else if (Result<cel::Program> program = used.program(*message); !program) {
        out.message_error =
            cat("messageExpression instantiation failed: ", program.error().message());
    } else {
        out.message = std::move(*program);
    }
    return out;
}

}  // namespace weft::crd::internal
