// tests/conformance/apiextensions/schema.cc: pruning, defaulting, list types and validation.

#include "schema/defaults.h"
#include "schema/list_type.h"
#include "schema/prune.h"
#include "schema/validate.h"
#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {
namespace {

std::string prune_row(const Value& row) {
    Value value = json_at(row, "in", "json");
    const schema::SchemaPtr schema = schema_of(row.find("in", "schema"));
    std::vector<std::string> dropped;
    const Value* is_root = row.find("in", "isResourceRoot");
    schema::prune(value, schema.get(),
                  {.is_resource_root = is_root->as_bool(), .dropped = &dropped});

    if (std::string found = difference(json_at(row, "expect", "expectedObject"), value);
        !found.empty()) {
        return found;
    }
    std::vector<std::string> wanted;
    if (const Value* paths = row.find("expect", "expectedPruned")) {
        for (const Value& path : paths->items()) {
            wanted.emplace_back(path.as_string());
        }
    }
    std::sort(wanted.begin(), wanted.end());
    return wanted == dropped
               ? std::string()
               : cat("dropped: want [", join(wanted, ", "), "], got [", join(dropped, ", "), "]");
}

std::string default_row(const Value& row) {
    Value value = json_at(row, "in", "json");
    const schema::SchemaPtr schema = schema_of(row.find("in", "schema"));
    schema::apply_defaults(value, schema.get());
    return difference(json_at(row, "expect", "expected"), value);
}

std::string prune_nulls_row(const Value& row) {
    Value value = json_at(row, "in", "json");
    const schema::SchemaPtr schema = schema_of(row.find("in", "schema"));
    schema::prune_non_nullable_nulls(value, schema.get());
    return difference(json_at(row, "expect", "expected"), value);
}

std::string list_type_row(const Value& row) {
    const Value* object = row.find("in", "obj");
    const schema::SchemaPtr schema = schema_of(row.find("in", "schema"));
    return compare_errors(
        row.find("expect", "errors"),
        schema::validate_list_types(object == nullptr ? Value() : *object, schema.get(), "root"));
}

std::vector<std::string> error_texts(const schema::FieldErrors& errors) {
    std::vector<std::string> out;
    for (const schema::FieldError& error : errors) {
        out.push_back(error.text());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string validate_row(const Value& row) {
    if (to_json(row.find("in", "schema") == nullptr ? Value() : *row.find("in", "schema"))
            .find("x-kubernetes-validations") != std::string::npos) {
        return "skip: has CEL rules";
    }
    const schema::Validator validator(schema_of(row.find("in", "schema")));
    if (const Value* objects = row.find("in", "objects")) {
        for (const Value& object : objects->items()) {
            if (const auto errors = validator.validate(object); !errors.empty()) {
                return cat(to_json(object), ": ", schema::aggregate_text(errors));
            }
        }
    }
    if (const Value* failing = row.find("expect", "failingObjects")) {
        for (const Value& entry : failing->items()) {
            std::vector<std::string> wanted;
            for (const Value& error : entry.find("expectErrs")->items()) {
                wanted.emplace_back(error.as_string());
            }
            std::sort(wanted.begin(), wanted.end());
            const auto found = error_texts(validator.validate(*entry.find("object")));
            if (wanted != found) {
                return cat(to_json(*entry.find("object")), ": want [", join(wanted, " | "),
                           "], got [", join(found, " | "), "]");
            }
        }
    }
    return {};
}

std::string items_row(const Value& row) {
    const schema::Validator validator(schema_of(row.find("in", "args", "schema")));
    const auto errors = validator.validate(*row.find("in", "args", "object"));
    return errors.empty() != row.find("expect", "wantErr")->as_bool()
               ? std::string()
               : cat("got ", schema::aggregate_text(errors));
}

const Area prune_area("pruning__Prune", prune_row);
const Area default_area("defaulting__Default", default_row);
const Area nulls_area("defaulting__PruneNonNullableNullsWithoutDefaults", prune_nulls_row);
const Area list_type_area("listtype__ValidateListSetsAndMaps", list_type_row);
const Area validate_area("validation__ValidateCustomResource", validate_row);
const Area items_area("validation__ItemsProperty", items_row);

}  // namespace
}  // namespace weft::conformance
