// tests/conformance/apiextensions/rules.cc: x-kubernetes-validations on objects, and their costs.

#include "crd/internal/rules.h"

#include "crd/internal/map_list.h"
#include "crd/internal/rule_cost.h"
#include "crd/internal/rule_program.h"
#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {
namespace rules_cases {
namespace {

namespace inner = crd::internal;

const Value* input(const Value& row, std::string_view name) {
    const Value* found = row.find("in", name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

bool flag(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}

// The schema with one rule at its root.
Value with_rule(Value schema, std::string_view rule) {
    schema.set("x-kubernetes-validations",
               Value::list_of({Value::map_of({{"rule", Value(rule)}})}));
    return schema;
}

// Options of the test itself: every rule takes an optional oldSelf.
Value with_optional_old_self(Value schema) {
    if (Value* rules = schema.find_mutable("x-kubernetes-validations")) {
        for (size_t i = 0; i < rules->size(); ++i) {
            rules->mutable_item(i).set("optionalOldSelf", Value(true));
        }
    }
    return schema;
}

Result<schema::FieldErrors> run_rules(const Value& json, const Value* object, const Value* old,
                                      bool is_root, inner::RuleLimits limits = {}) {
    const schema::SchemaPtr schema = TRY(schema::from_open_api(json));
    const auto rules = inner::Rules::make(schema, is_root);
    if (rules == nullptr) {
        return make_error(Reason::invalid, "no rules were found");
    }
    static const Value nothing;
    return rules->validate(object == nullptr ? nothing : *object, old, limits);
}

void complain(std::string& problems, std::string_view rule, std::string_view what) {
    if (problems.size() < 2000) {
        append(problems, problems.empty() ? "" : " ;; ", rule, ": ", what);
    }
}

std::string expressions_row(const Value& row) {
    std::string problems;
    const bool is_root = flag(input(row, "isRoot"));
    const Value* object = input(row, "obj");
    const Value* old = input(row, "oldObj");
    if (object == nullptr || (object->is_map() && object->contains("$"))) {
        return "skip: the case has no object";
    }
    const auto run = [&](std::string_view rule) {
        return run_rules(with_rule(*input(row, "schema"), rule), object, old, is_root);
    };
    if (const Value* valid = row.find("expect", "valid")) {
        for (const Value& rule : valid->items()) {
            const auto errors = run(rule.as_string());
            if (!errors) {
                complain(problems, rule.as_string(), errors.error().message());
            } else if (!errors->empty()) {
                complain(problems, rule.as_string(), schema::aggregate_text(*errors));
            }
        }
    }
    if (const Value* wrong = row.find("expect", "errors")) {
        for (const Member& member : wrong->members()) {
            if (member.name() == "UNKNOWN") {
                continue;
            }
            const auto errors = run(member.name());
            std::vector<std::string_view> wanted;
            if (member.value.is_string()) {
                wanted.push_back(member.value.as_string());
            }
            for (const Value& item : member.value.items()) {
                wanted.push_back(item.is_string() ? item.as_string() : "");
            }
            const std::string text =
                errors ? schema::aggregate_text(*errors) : std::string(errors.error().message());
            for (const std::string_view want : wanted) {
                if (text.empty() || !text.contains(want)) {
                    complain(problems, member.name(), cat("want ", want, ", got ", text));
                }
            }
        }
    }
    return problems;
}

std::string limit_row(const Value& row) {
    for (const Value& rule : row.find("expect", "valid")->items()) {
        const auto errors = run_rules(with_rule(*input(row, "schema"), rule.as_string()),
                                      input(row, "obj"), nullptr, false, {.per_call = 0});
        if (!errors ||
            !schema::aggregate_text(*errors).contains("call cost exceeds limit for rule")) {
            return errors ? cat("got ", schema::aggregate_text(*errors)) : errors.error().message();
        }
    }
    return {};
}

std::string levels_row(const Value& row, bool is_root, bool is_optional) {
    const Value json =
        is_optional ? with_optional_old_self(*input(row, "schema")) : *input(row, "schema");
    const auto errors =
        run_rules(json, input(row, "obj"), input(row, "oldObj"), is_root, {.path = "root"});
    if (!errors) {
        return errors.error().message();
    }
    const Value* want = row.find("expect", "errors");
    const auto wanted = want == nullptr ? std::span<const Value>() : want->items();
    if (wanted.empty() != errors->empty() || (!wanted.empty() && wanted.size() != errors->size())) {
        return cat("want ", wanted.size(), " errors, got ", schema::aggregate_text(*errors));
    }
    for (const Value& text : wanted) {
        const bool found = std::any_of(errors->begin(), errors->end(), [&](const auto& error) {
            return error.text().contains(text.as_string());
        });
        if (!found) {
            return cat("want ", text.as_string(), ", got ", schema::aggregate_text(*errors));
        }
    }
    return {};
}

std::string schema_levels_row(const Value& row) {
    return levels_row(row, true, false);
}
std::string optional_row(const Value& row) {
    return levels_row(row, false, true);
}

uint64_t number_at(const Value* value, uint64_t otherwise) {
    return value != nullptr && value->is_int() ? static_cast<uint64_t>(value->as_int()) : otherwise;
}

std::string message_row(const Value& row) {
    if (row.string_at("in", "messageExpression").contains("Sym(")) {
        return "skip: the case lacks its expression";
    }
    Value rule = Value::map_of({{"rule", Value("false")}});
    for (const std::string_view key : {"message", "messageExpression"}) {
        if (const Value* text = input(row, key)) {
            rule.set(key, *text);
        }
    }
    const Value text_schema = Value::map_of({{"type", Value("string")}});
    const Value schema =
        Value::map_of({{"type", Value("object")},
                       {"properties", Value::map_of({{"str", text_schema}})},
                       {"x-kubernetes-validations", Value::list_of({std::move(rule)})}});
    const Value object = Value::map_of({{"str", Value("a string")}});
    const auto errors =
        run_rules(schema, &object, nullptr, false,
                  {.per_call = number_at(input(row, "perCallLimit"), cel::per_call_cost_limit),
                   .budget = number_at(input(row, "costBudget"), cel::runtime_cost_budget)});
    if (!errors) {
        return errors.error().message();
    }
    const std::string_view want = row.string_at("expect", "expectedValidationErr");
    const std::string got = schema::aggregate_text(*errors);
    return got.contains(want) && !got.empty() ? std::string() : cat("want ", want, ", got ", got);
}

std::string cost_row(const Value& row) {
    std::string problems;
    const Value* object = input(row, "obj");
    for (const Member& member : row.find("expect", "expectCost")->members()) {
        if (member.name() == "UNKNOWN" || !member.value.is_int()) {
            continue;
        }
        uint64_t cost = 0;
        const auto errors = run_rules(with_rule(*input(row, "schema"), member.name()), object,
                                      nullptr, true, {.per_call = UINT64_MAX, .cost = &cost});
        if (!errors || !errors->empty()) {
            complain(problems, member.name(),
                     errors ? schema::aggregate_text(*errors) : errors.error().message());
        } else if (cost != static_cast<uint64_t>(member.value.as_int())) {
            complain(problems, member.name(), cat("want ", member.value.as_int(), ", got ", cost));
        }
    }
    return problems;
}

std::string estimate_row(const Value& row) {
    std::string problems;
    for (const Member& member : row.find("expect", "expectCost")->members()) {
        if (member.name() == "UNKNOWN" || !member.value.is_int()) {
            continue;
        }
        const auto schema = schema_of(input(row, "schema"));
        if (schema == nullptr) {
            return "the schema cannot be read";
        }
        const auto view = inner::make_rule_view(*schema, false);
        const auto environment = inner::make_rule_environment(view, *view);
        const schema::ValidationRule rule{.rule = std::string(member.name())};
        const auto program = inner::compile_rule(rule, environment);
        if (!program.program) {
            complain(problems, member.name(), program.error);
            continue;
        }
        const uint64_t cost =
            inner::rule_cost(program, rule, environment, inner::RuleScope::root(view.get()));
        if (cost != static_cast<uint64_t>(member.value.as_int())) {
            complain(problems, member.name(), cat("want ", member.value.as_int(), ", got ", cost));
        }
    }
    return problems;
}

std::string compilation_row(const Value& row) {
    const auto schema = schema_of(input(row, "input"));
    if (schema == nullptr || schema->constraints == nullptr) {
        return "the schema cannot be read";
    }
    const auto view = inner::make_rule_view(*schema, false);
    const auto environment = inner::make_rule_environment(view, *view);
    const auto& rules = view->constraints->rules;
    const Value* wanted = row.find("expect", "expectedResults");
    if (rules.size() != wanted->size()) {
        return cat("got ", rules.size(), " rules");
    }
    for (size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].rule.contains("fakeFunction")) {
            return "skip: needs a function of the test";
        }
        const auto program = inner::compile_rule(rules[i], environment);
        const Value& entry = wanted->at(i);
        const Value& want = entry.is_list() ? entry.at(0) : entry;
        const std::string_view text = want.string_at("contains");
        const std::string got = program.error.empty() ? program.message_error : program.error;
        if (text.empty() ? !got.empty() : !got.contains(text)) {
            return cat(rules[i].rule, ": want ", text, ", got ", got);
        }
        if (entry.is_list() && entry.size() > 1 && entry.at(1).is_bool() && program.program &&
            entry.at(1).as_bool() != program.uses_old_self) {
            return cat(rules[i].rule, ": uses oldSelf: ", program.uses_old_self);
        }
    }
    return {};
}

std::string map_list_row(const Value& row) {
    Value json = *input(row, "sts");
    if (json.string_at("type") == "map") {
        return "skip: no type of OpenAPI";
    }
    const auto schema = schema_of(&json);
    if (schema == nullptr) {
        return "the schema cannot be read";
    }
    static const Value none = Value::list();
    const Value* items = input(row, "items");
    const Value* query = input(row, "query");
    const Value* found =
        query == nullptr ? nullptr
                         : inner::find_map_item(items == nullptr ? none : *items, *query, *schema);
    const Value* want = row.find("expect", "expected");
    return difference(want == nullptr ? Value() : *want, found == nullptr ? Value() : *found);
}

const Area expressions_area("rules__ValidationExpressions", expressions_row);
const Area recursion_area("rules__CELMaxRecursionDepth", expressions_row);
const Area limit_area("rules__CELValidationLimit", limit_row);
const Area levels_area("rules__ValidationExpressionsAtSchemaLevels", schema_levels_row);
const Area optional_area("rules__OptionalOldSelf", optional_row);
const Area optional_null_area("rules__OptionalOldSelfCheckForNull", optional_row);
const Area optional_type_area("rules__OptionalOldSelfIsOptionalType", optional_row);
const Area message_area("rules__MessageExpression", message_row);
const Area cost_area("rules__CelCostStability", cost_row);
const Area estimate_area("rules__CelEstimatedCostStability", estimate_row);
const Area compilation_area("rules__CelCompilation", compilation_row);
const Area map_list_area("rules__MapList", map_list_row);

}  // namespace
}  // namespace rules_cases
}  // namespace weft::conformance
