// tests/conformance/apiextensions/object_meta.cc: metadata of custom and embedded resources.

#include "schema/object_meta.h"

#include "schema/builtin.h"
#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {
namespace {

const schema::GoTypes& types() {
    static const schema::GoTypes instance(&schema::Builtin::get());
    return instance;
}

std::vector<std::string> texts_at(const Value& row, std::string_view name) {
    std::vector<std::string> out;
    if (const Value* list = row.find("expect", name)) {
        for (const Value& item : list->items()) {
            out.emplace_back(item.as_string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool flag_at(const Value& row, std::string_view side, std::string_view name) {
    const Value* found = row.find(side, name);
    return found != nullptr && found->is_bool() && found->as_bool();
}

std::string coerce_row(const Value& row) {
    Value value = json_at(row, "in", "json");
    const schema::SchemaPtr schema = schema_of(row.find("in", "schema"));
    std::vector<std::string> unknown;
    const auto error =
        schema::coerce_object_meta(types(), value, schema.get(),
                                   {.is_resource_root = flag_at(row, "in", "includeRoot"),
                                    .drop_invalid = flag_at(row, "in", "dropInvalidFields"),
                                    .unknown = &unknown});
    if (error.has_value() != flag_at(row, "expect", "expectedError")) {
        return error ? error->text() : "want an error, got none";
    }
    if (error) {
        return {};
    }
    if (std::string found = difference(json_at(row, "expect", "expected"), value); !found.empty()) {
        return found;
    }
    const std::vector<std::string> wanted = texts_at(row, "expectedUnknownFields");
    return wanted == unknown
               ? std::string()
               : cat("unknown: want [", join(wanted, ", "), "], got [", join(unknown, ", "), "]");
}

std::string get_row(const Value& row) {
    std::vector<std::string> unknown;
    const bool wants_unknown = flag_at(row, "in", "returnUnknownFieldPaths");
    const auto meta = schema::read_object_meta(types(), *row.find("in", "obj"),
                                               flag_at(row, "in", "dropMalformedFields"),
                                               wants_unknown ? &unknown : nullptr);
    const std::string_view wanted_error = row.string_at("expect", "expectedErr");
    if (!meta) {
        return meta.error().message() == wanted_error ? std::string() : meta.error().message();
    }
    if (!wanted_error.empty()) {
        return cat("want the error ", wanted_error);
    }
    const Value* wanted = row.find("expect", "expectedObject");
    if (std::string found =
            difference(wanted == nullptr ? Value() : *wanted, meta->has_value() ? **meta : Value());
        !found.empty()) {
        return found;
    }
    return texts_at(row, "expectedUnknownPaths") == unknown
               ? std::string()
               : cat("unknown: got ", join(unknown, ", "));
}

// The test's schema is not in the case: every object in the document is embedded.
schema::SchemaPtr embedding(const Value& value, bool is_root) {
    const auto describe = [](const auto& self, const Value& at, bool embedded) -> Value {
        Value out = Value::map();
        if (at.is_list()) {
            out.set("type", Value("array"));
            out.set("items", at.empty() ? Value::map() : self(self, at.at(0), true));
            return out;
        }
        out.set("type", Value("object"));
        if (embedded) {
            out.set("x-kubernetes-embedded-resource", Value(true));
        }
        Value properties = Value::map();
        for (const Member& member : at.members()) {
            if (member.name() == "additionalProperties") {
                properties.set(
                    member.name(),
                    Value::map_of({{"type", Value("object")},
                                   {"additionalProperties",
                                    self(self, member.value.members()[0].value, true)}}));
            } else if (member.value.is_map() || member.value.is_list()) {
                properties.set(member.name(), self(self, member.value, true));
            }
        }
        out.set("properties", properties);
        return out;
    };
    const Value json = describe(describe, value, is_root);
    return schema_of(&json);
}

std::string validate_meta_row(const Value& row) {
    const Value value = json_at(row, "in", "object");
    const bool is_root = flag_at(row, "in", "includeRoot");
    return compare_errors(
        row.find("expect", "errors"),
        schema::validate_object_meta(types(), value, embedding(value, false).get(), is_root));
}

std::string embedded_row(const Value& row) {
    return compare_errors(row.find("expect", "errors"),
                          schema::validate_object_meta(types(), *row.find("in", "object"), nullptr,
                                                       true, schema::validate_meta_names));
}

const Area coerce_area("objectmeta__Coerce", coerce_row);
const Area get_area("objectmeta__GetObjectMetaWithOptions", get_row);
const Area validate_meta_area("objectmeta__Validate", validate_meta_row);
const Area embedded_area("objectmeta__ValidateEmbeddedResource", embedded_row);

}  // namespace
}  // namespace weft::conformance
