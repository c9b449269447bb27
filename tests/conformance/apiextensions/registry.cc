// tests/conformance/apiextensions/registry.cc: what is done to objects around the store, and cells.

#include "crd/crd.h"
#include "crd/internal/columns.h"
#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {
namespace registry_cases {
namespace {

// A Kind of a version with this schema and these other members.
std::shared_ptr<const crd::Kind> make_kind(Value version, std::string_view group = "test.io") {
    version.set("name", Value("v1"));
    version.set("served", Value(true));
    version.set("storage", Value(true));
    const Value definition = Value::map_of(
        {{"spec", Value::map_of({{"group", Value(group)},
                                 {"names", Value::map_of({{"kind", Value("Foo")},
                                                          {"plural", Value("foos")}})},
                                 {"versions", Value::list_of({std::move(version)})}})}});
    auto kind = crd::Kind::make(definition, "v1");
    return kind ? std::move(*kind) : nullptr;
}

Value status_subresource() {
    return Value::map_of({{"status", Value::map()}});
}

const Value& input(const Value& row, std::string_view name) {
    return *row.find("in", name);
}

std::string update_row(const Value& row) {
    Value version = Value::map();
    if (input(row, "statusEnabled") == Value(true)) {
        version.set("subresources", status_subresource());
    }
    const auto kind = make_kind(std::move(version));
    Value object = input(row, "obj");
    kind->prepare_update(object, input(row, "old"));
    return difference(*row.find("expect", "expected"), object);
}

std::string status_update_row(const Value& row) {
    const auto kind = make_kind(Value::map_of({{"subresources", status_subresource()}}));
    Value object = input(row, "obj");
    kind->prepare_status_update(object, input(row, "old"));
    Value metadata = object.find("metadata") == nullptr ? Value() : *object.find("metadata");
    if (metadata.empty()) {
        object.erase("metadata");
    }
    return difference(*row.find("expect", "expected"), object);
}

std::string selectable_row(const Value& row) {
    const auto kind =
        make_kind(Value::map_of({{"selectableFields", input(row, "selectableFields")}}));
    Value got =
        Value::map_of({{"metadata.name", Value(input(row, "obj").string_at("metadata", "name"))}});
    const auto values = kind->selectable_values(input(row, "obj"));
    for (size_t i = 0; i < values.size(); ++i) {
        got.set(kind->selectable_fields()[i], Value(values[i]));
    }
    return difference(*row.find("expect", "expectFields"), got);
}

// The test's schema: a set in `numArray`.
std::string status_validate_row(const Value& row) {
    Result<Value> schema = parse_json(
        R"({"type": "object", "properties": {"numArray": {"type": "array",
            "x-kubernetes-list-type": "set", "items": {"type": "integer"}}}})");
    Value version = Value::map_of({{"subresources", status_subresource()}});
    const Value* structural = row.find("in", "hasStructuralSchema");
    if (structural == nullptr || *structural == Value(true)) {
        version.set("schema", Value::map_of({{"openAPIV3Schema", std::move(*schema)}}));
    }
    const auto kind = make_kind(std::move(version));
    const auto errors = kind->validate_status_update(input(row, "obj"), input(row, "old"));
    return errors.empty() == (*row.find("expect", "isValid") == Value(true))
               ? std::string()
               : schema::aggregate_text(errors);
}

std::string cell_row(const Value& row) {
    const Value& value = input(row, "value");
    if (value.is_map() && value.contains("$")) {
        return "skip: the value is a moment of the test's run";
    }
    const Value got = crd::internal::cell_of(input(row, "headerType").as_string(), value, Time{});
    const Value* want = row.find("expect", "want");
    const Value wanted = want == nullptr ? Value() : *want;
    if (wanted.is_number() && got.is_number()) {
        return wanted.to_double() == got.to_double() ? std::string() : to_json(got);
    }
    return difference(wanted, got);
}

const Area update_area("registry__StrategyPrepareForUpdate", update_row);
const Area status_update_area("registry__PrepareForUpdate", status_update_row);
const Area selectable_area("registry__SelectableFields", selectable_row);
const Area status_validate_area("registry__StatusStrategyValidateUpdate", status_validate_row);
const Area legacy_area("registry__StatusStrategyValidateUpdateForLegacyV1beta1",
                       status_validate_row);
const Area cell_area("table__cellForJSONValue", cell_row);

}  // namespace
}  // namespace registry_cases
}  // namespace weft::conformance
