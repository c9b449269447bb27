// tests/conformance/apiextensions/definition.cc: whole definitions, created and updated.

#include <set>

#include "cel/cost.h"
#include "crd/crd.h"
#include "crd/internal/approval.h"
#include "crd/internal/field_path.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/rule_check.h"
#include "crd/internal/structural.h"
#include "crd/internal/validate_definition.h"
#include "crd/internal/validate_schema.h"
#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {
namespace definition_cases {
namespace {

namespace inner = crd::internal;

const Value& input(const Value& row, std::string_view name) {
    static const Value nothing;
    const Value* found = row.find("in", name);
    return found == nullptr ? nothing : *found;
}

bool flag(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}

// Each wanted error once, with its texts; the ones of metadata are the server's.
std::string compare_texts(const Value* want, schema::FieldErrors got) {
    std::erase_if(got, [](const schema::FieldError& error) {
        return error.path == "metadata.name" || error.path == "metadata.resourceVersion";
    });
    Value others = want == nullptr ? Value::list() : *want;
    for (size_t i = others.size(); i > 0; --i) {
        if (others.at(i - 1).string_at("path") == "metadata.name") {
            others.erase_at(i - 1);
        }
    }
    const std::string types = compare_errors(&others, got);
    if (!types.empty() || want == nullptr) {
        return types.empty() ? types : cat(types, " ", schema::aggregate_text(got));
    }
    for (const Value& wanted : want->items()) {
        for (const std::string_view key : {"contains", "containsString"}) {
            const std::string_view text = wanted.string_at(key);
            const bool found =
                text.empty() || std::any_of(got.begin(), got.end(), [&](const auto& error) {
                    return error.text().contains(text);
                });
            if (!found) {
                return cat("no error has ", quote(text), ": ", schema::aggregate_text(got));
            }
        }
    }
    return {};
}

// The test defaults what v1beta1 does.
Value with_review_versions(Value definition) {
    const Value* conversion = definition.find("spec", "conversion");
    if (conversion != nullptr && conversion->string_at("strategy") == "Webhook" &&
        !conversion->contains("conversionReviewVersions")) {
        definition.mutable_member("spec")
            .mutable_member("conversion")
            .set("conversionReviewVersions", Value::list_of({Value("v1beta1")}));
    }
    return definition;
}

std::string create_row(const Value& row) {
    return compare_texts(row.find("expect", "errors"),
                         inner::validate_definition(with_review_versions(input(row, "resource"))));
}

std::string update_row(const Value& row) {
    return compare_texts(
        row.find("expect", "errors"),
        inner::validate_definition_update(input(row, "resource"), input(row, "old")));
}

std::string schema_row(const Value& row) {
    inner::SchemaOptions options{.allow_defaults = false,
                                 .require_structural = false,
                                 .require_valid_type = false,
                                 .require_pruned_defaults = false,
                                 .require_atomic_set = false,
                                 .require_map_keys = false};
    if (const Value* opts = row.find("in", "opts")) {
        options.allow_defaults = flag(opts->find("allowDefaults"));
        options.require_structural = flag(opts->find("requireStructuralSchema"));
        options.require_valid_type = flag(opts->find("requireValidPropertyType"));
        options.require_pruned_defaults = flag(opts->find("requirePrunedDefaults"));
        options.require_atomic_set = flag(opts->find("requireAtomicSetType"));
        options.require_map_keys = flag(opts->find("requireMapListKeysMapSetValidation"));
        options.suppress_rule_cost = flag(opts->find("suppressPerExpressionCost"));
    }
    const Value& validation = input(row, "input");
    return compare_texts(
        row.find("expect", "expectedErrors"),
        inner::validate_validation(&validation, flag(row.find("in", "statusEnabled")), options,
                                   "spec.validation"));
}

std::string structural_row(const Value& row) {
    inner::StructuralOptions options;
    if (const Value* opts = row.find("in", "options")) {
        options.allow_nested_additional_properties =
            flag(opts->find("AllowNestedAdditionalProperties"));
        options.allow_nested_rules = flag(opts->find("AllowNestedXValidations"));
        options.allow_properties_with_additional_properties =
            flag(opts->find("AllowValidationPropertiesWithAdditionalProperties"));
    }
    const auto errors = inner::validate_completeness(input(row, "schema"), "", options);
    const Value* want = row.find("expect", "error");
    const std::string wanted(want != nullptr && want->is_string() ? want->as_string() : "");
    const std::string got = schema::aggregate_text(errors);
    return wanted == got ? std::string() : cat("want ", quote(wanted), ", got ", quote(got));
}

std::string field_path_row(const Value& row) {
    const auto found =
        inner::find_field_path(input(row, "fieldPath").as_string(), input(row, "schema"));
    const Value* want = row.find("expect", "errDetail");
    want = want == nullptr ? row.find("expect", "errMsg") : want;
    const std::string wanted(want != nullptr && want->is_string() ? want->as_string() : "");
    if (found.has_value() != wanted.empty()) {
        return cat("want ", quote(wanted), ", got ", found ? found->text : found.error().message());
    }
    if (!found) {
        return found.error().message() == wanted ? std::string()
                                                 : cat("got ", found.error().message());
    }
    if (const Value* path = row.find("expect", "validFieldPath")) {
        // field.NewPath("").Child(path) puts a dot in front of names.
        const std::string text = found->text.starts_with('[') ? found->text : cat(".", found->text);
        return text == path->as_string() ? std::string()
                                         : cat("want ", path->as_string(), ", got ", text);
    }
    return {};
}

std::string stored_versions_row(const Value& row) {
    std::vector<Value> versions;
    for (const Value& name : input(row, "versions").items()) {
        versions.push_back(Value::map_of(
            {{"name", name}, {"storage", Value(name == input(row, "storageVersion"))}}));
    }
    const Value spec = Value::map_of({{"versions", Value::list(std::move(versions))}});
    const Value& stored = input(row, "storedVersions");
    return compare_texts(
        row.find("expect", "errors"),
        inner::validate_stored_versions(stored.is_null() ? nullptr : &stored, spec));
}

std::string deprecation_row(const Value& row) {
    const Value& warning = input(row, "warning");
    const auto got = inner::check_deprecation_warning(flag(row.find("in", "deprecated")),
                                                      warning.is_null() ? nullptr : &warning);
    std::vector<std::string> wanted;
    if (const Value* want = row.find("expect", "want")) {
        for (const Value& text : want->items()) {
            wanted.emplace_back(text.as_string());
        }
    }
    return wanted == got ? std::string() : cat("got ", join(got, "; "));
}

std::string cel_context_row(const Value& row) {
    const Value validation = Value::map_of({{"openAPIV3Schema", input(row, "schema")}});
    return compare_texts(nullptr, inner::validate_validation(&validation, false,
                                                             {.require_structural = false}, "x"));
}

std::string cost_info_row(const Value& row) {
    std::optional<uint64_t> cardinality = 1;
    for (const Value& schema : input(row, "schema").items()) {
        const auto elements = inner::RuleScope::elements_max(schema);
        cardinality = cardinality && elements
                          ? std::optional(cel::saturating_multiply(*cardinality, *elements))
                          : std::nullopt;
    }
    const Value* want = row.find("expect", "expectedMaxCardinality");
    if (want != nullptr && want->string_at("$const") == "math.MaxUint") {
        return cardinality == UINT64_MAX ? std::string() : "not the greatest number";
    }
    const bool is_unbounded = want == nullptr || want->is_null() || !want->is_int();
    if (is_unbounded != !cardinality.has_value()) {
        return cat("want ", want == nullptr ? "nothing" : to_json(*want), ", got ",
                   cardinality ? cat(*cardinality) : "unbounded");
    }
    return is_unbounded || static_cast<uint64_t>(want->as_int()) == *cardinality
               ? std::string()
               : cat("got ", *cardinality);
}

std::string total_cost_row(const Value& row) {
    inner::CostTotal total;
    size_t i = 0;
    for (const Value& cost : input(row, "costs").items()) {
        total.observe(cat("path", i++),
                      cost.is_int() ? static_cast<uint64_t>(cost.as_int()) : UINT64_MAX);
    }
    std::vector<std::string> wanted;
    for (const Value& cost : row.find("expect", "expectedExpensive")->items()) {
        wanted.push_back(to_json(cost));
    }
    std::vector<std::string> got;
    for (const auto& rule : total.expensive()) {
        got.push_back(cat(rule.cost));
    }
    if (wanted != got) {
        return cat("want ", join(wanted, ","), ", got ", join(got, ","));
    }
    const Value* want = row.find("expect", "expectedTotal");
    return !want->is_int() || static_cast<uint64_t>(want->as_int()) == total.total()
               ? std::string()
               : cat("total ", total.total());
}

std::string default_rules_row(const Value& row) {
    const Value& validation = input(row, "input");
    const auto schema = schema_of(validation.find("openAPIV3Schema"));
    if (schema == nullptr) {
        return "the schema cannot be read";
    }
    const auto errors = inner::validate_defaults(schema, true, true, "");
    const Value* want = row.find("expect", "errors");
    if (want == nullptr) {
        return errors.empty() ? std::string() : schema::aggregate_text(errors);
    }
    for (const Value& text : want->items()) {
        if (!schema::aggregate_text(errors).contains(text.as_string())) {
            return cat("want ", text.as_string(), ", got ", schema::aggregate_text(errors));
        }
    }
    return {};
}

std::string naming_row(const Value& row) {
    Value definition = input(row, "in");
    const Value* want = row.find("expect", "expectedNames");
    std::vector<const Value*> others;
    bool has_status = definition.find("status", "acceptedNames") != nullptr;
    for (const Value& other : input(row, "existing").items()) {
        others.push_back(&other);
        has_status = has_status || other.find("status") != nullptr;
    }
    const Value* names_wanted = row.find("expect", "expectedNameConflictCondition");
    const Value* established_wanted = row.find("expect", "expectedEstablishedCondition");
    if (!has_status && (names_wanted->string_at("status") != "True" ||
                        established_wanted->string_at("reason") != "Installing")) {
        return "skip: the case lacks the names that are in use";
    }
    static_cast<void>(crd::update_names(definition, others, Time{}));
    const auto same = [&](const Value* wanted, std::string_view type) {
        const Value* got = crd::find_condition(definition, type);
        for (const std::string_view key : {"status", "reason", "message"}) {
            if (got == nullptr || wanted->string_at(key) != got->string_at(key)) {
                return false;
            }
        }
        return true;
    };
    if (!same(names_wanted, "NamesAccepted") || !same(established_wanted, "Established")) {
        return to_json(definition);
    }
    for (const std::string_view key : {"plural", "singular", "kind", "listKind"}) {
        if (want->string_at(key) != definition.string_at("status", "acceptedNames", key)) {
            return cat(key, ": ", to_json(definition));
        }
    }
    return {};
}

std::string approval_row(const Value& row) {
    static constexpr inner::Approval by_number[] = {
        inner::Approval::invalid, inner::Approval::approved, inner::Approval::bypassed,
        inner::Approval::missing};
    const auto got = inner::approval_of(&input(row, "annotations")).approval;
    const auto number = static_cast<size_t>(row.find("expect", "expected")->as_int());
    return by_number[number] == got ? std::string() : cat("got ", static_cast<int>(got));
}

std::string protected_row(const Value& row) {
    return crd::is_protected_group(input(row, "group").as_string()) ==
                   flag(row.find("expect", "expected"))
               ? std::string()
               : "wrong";
}

std::string has_finalizer_row(const Value& row) {
    return crd::has_finalizer(input(row, "crd"), input(row, "finalizerToCheck").as_string()) ==
                   flag(row.find("expect", "expected"))
               ? std::string()
               : "wrong";
}

std::string remove_finalizer_row(const Value& row) {
    Value definition = input(row, "crd");
    crd::remove_finalizer(definition, input(row, "finalizerToCheck").as_string());
    const Value* left = definition.find("metadata", "finalizers");
    return difference(*row.find("expect", "expected"), left == nullptr ? Value() : *left);
}

const Area create_area("crd-validation__ValidateCustomResourceDefinition", create_row);
const Area selectable_area("crd-validation__SelectableFields", create_row);
const Area update_area("crd-validation__ValidateCustomResourceDefinitionUpdate", update_row);
const Area schema_area("crd-validation__ValidateCustomResourceDefinitionValidation", schema_row);
const Area stored_area("crd-validation__ValidateCustomResourceDefinitionStoredVersions",
                       stored_versions_row);
const Area deprecation_area("crd-validation__validateDeprecationWarning", deprecation_row);
const Area field_path_area("crd-validation__ValidateFieldPath", field_path_row);
const Area rule_path_area("rules__ValidateFieldPath", field_path_row);
const Area cel_context_area("crd-validation__CelContext", cel_context_row);
const Area cost_info_area("crd-validation__CostInfo", cost_info_row);
const Area total_cost_area("crd-validation__PerCRDEstimatedCost", total_cost_row);
const Area structural_area("structural__ValidateStructuralCompleteness", structural_row);
const Area budget_area("defaulting__DefaultValidationWithCostBudget", default_rules_row);
const Area old_self_area("defaulting__DefaultValidationWithOptionalOldSelf", default_rules_row);
const Area naming_area("naming__Sync", naming_row);
const Area approval_area("helpers__GetAPIApprovalState", approval_row);
const Area protected_area("helpers__IsProtectedCommunityGroup", protected_row);
const Area has_area("helpers__CRDHasFinalizer", has_finalizer_row);
const Area remove_area("helpers__CRDRemoveFinalizer", remove_finalizer_row);

}  // namespace
}  // namespace definition_cases
}  // namespace weft::conformance
