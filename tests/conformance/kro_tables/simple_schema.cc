// tests/conformance/kro_tables/simple_schema.cc: types, markers and defaults.

#include "graph/simple_schema.h"

#include "graph/markers.h"
#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {
namespace {

// A type in the tables' form: a word, {"Elem": …}, {"Value": …}, {} for object.
Value type_value(const graph::SimpleType& type) {
    using Kind = graph::SimpleType::Kind;
    switch (type.kind) {
        case Kind::string:
            return "string";
        case Kind::integer:
            return "integer";
        case Kind::boolean:
            return "boolean";
        case Kind::number:
            return "float";
        case Kind::object:
            return Value::map();
        case Kind::custom:
            return type.custom;
        case Kind::list:
            return Value::map_of({{"Elem", type_value(*type.of)}});
        case Kind::map:
            return Value::map_of({{"Value", type_value(*type.of)}});
    }
    return {};
}

std::string parse_field_row(const Value& row, const Value&) {
    const std::string_view input = member(row, "in", "input").as_string();
    const Result<graph::SimpleType> type = graph::parse_simple_type(input);
    std::string error = type ? "" : type.error().message();
    size_t markers = 0;
    if (const size_t bar = input.find('|'); type && bar != std::string_view::npos) {
        const auto parsed = graph::parse_markers(input.substr(bar + 1));
        error = parsed ? "" : parsed.error().message();
        markers = parsed ? parsed->size() : 0;
    }
    if (flag(row, "expect", "wantErr")) {
        return check_error(true, "", error);
    }
    if (!error.empty()) {
        return error;
    }
    if (std::string found = difference(member(row, "expect", "wantType"), type_value(*type));
        !found.empty()) {
        return found;
    }
    const auto wanted = static_cast<size_t>(row.int_at(0, "expect", "wantMarkers"));
    return wanted == markers ? "" : cat("want ", wanted, " markers, got ", markers);
}

std::string parse_map_row(const Value& row, const Value&) {
    const Result<graph::SimpleType> type =
        graph::parse_simple_type(member(row, "in", "input").as_string());
    if (flag(row, "expect", "wantErr")) {
        return type ? "no error" : "";
    }
    if (!type || type->kind != graph::SimpleType::Kind::map) {
        return "is no map";
    }
    const Result<graph::SimpleType> value =
        graph::parse_simple_type(member(row, "expect", "wantVal").as_string());
    return difference(type_value(*value), type_value(*type->of));
}

// What the tables call a struct is a map of fields, each a type.
std::string parse_spec_row(const Value& row, const Value&) {
    const Value types = Value::map_of({{"T", member(row, "in", "input")}});
    const graph::SimpleSchemaResult result = graph::simple_schema(Value(), types);
    const std::string error = result.mistakes.empty() ? "" : result.mistakes[0].message;
    return check_error(flag(row, "expect", "wantErr"), "", error);
}

std::string parse_markers_row(const Value& row, const Value&) {
    const auto markers = graph::parse_markers(member(row, "in", "input").as_string());
    if (flag(row, "expect", "wantErr")) {
        return markers ? "no error" : "";
    }
    if (!markers) {
        return markers.error().message();
    }
    Value got = Value::list();
    for (const graph::Marker& marker : *markers) {
        got.push_back(Value::map_of(
            {{"MarkerType", marker.key}, {"Key", marker.key}, {"Value", marker.value}}));
    }
    return difference(member(row, "expect", "want"), got);
}

std::string apply_markers_row(const Value& row, const Value&) {
    Value schema = Value::map_of({{"type", member(row, "in", "schemaType")}});
    const auto markers = graph::parse_markers(member(row, "in", "markers").as_string());
    if (!markers) {
        return check_error(flag(row, "expect", "wantErr"), "", markers.error().message());
    }
    const auto effects = graph::apply_markers(*markers, schema);
    if (flag(row, "expect", "wantErr")) {
        return effects ? "no error" : "";
    }
    if (!effects) {
        return effects.error().message();
    }
    const bool required = row.find("expect", "wantParent") != nullptr;
    if (required != effects->required) {
        return "required differs";
    }
    return compare(member(row, "expect", "want"), schema);
}

std::string schema_row(const Value& row, const Value&) {
    const graph::SimpleSchemaResult result =
        graph::simple_schema(member(row, "in", "obj"), member(row, "in", "types"));
    const std::string error = result.mistakes.empty() ? "" : result.mistakes[0].message;
    if (flag(row, "expect", "wantErr")) {
        return check_error(true, "", error);
    }
    return error.empty() ? compare(member(row, "expect", "want"), result.schema) : error;
}

const Area simple_schema_areas[] = {
    {"simpleschema__ParseField", parse_field_row},
    {"simpleschema__ParseMapString", parse_map_row},
    {"simpleschema__ParseSpec", parse_spec_row},
    {"simpleschema__ParseMarkers", parse_markers_row},
    {"simpleschema__ApplyMarkers", apply_markers_row},
    {"simpleschema__BuildOpenAPISchema", schema_row},
    {"simpleschema__DefaultPropagation", schema_row},
};

}  // namespace
}  // namespace weft::conformance
