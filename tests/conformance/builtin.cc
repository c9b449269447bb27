// tests/conformance/builtin.cc: the builtin kinds' schemas against Kubernetes' published OpenAPI
// v3.
//
// One case per definition. Descriptions are not compared, since we carry none; a reference alone
// and an allOf of that one reference say the same.

#include "schema/builtin.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "schema/open_api.h"
#include "tests/conformance/cases.h"

namespace weft {
namespace {

constexpr std::string_view prefix = "#/components/schemas/";

// Without what we do not carry, references in their plain form.
Value comparable(const Value& value) {
    if (value.is_list()) {
        Value out = Value::list();
        for (const Value& item : value.items()) {
            out.push_back(comparable(item));
        }
        return out;
    }
    if (!value.is_map()) {
        return value;
    }
    Value out = Value::map();
    for (const Member& member : value.members()) {
        const bool is_text = member.name() == "description" && member.value.is_string();
        if (!is_text && member.name() != "x-kubernetes-group-version-kind") {
            out.set(member.name(), comparable(member.value));
        }
    }
    const Value* all_of = out.find("allOf");
    if (out.size() == 1 && all_of != nullptr && all_of->size() == 1) {
        return Value(all_of->at(0));
    }
    return out;
}

int run(const std::filesystem::path& cases) {
    std::map<std::string, Value> published;
    for (const auto& entry : std::filesystem::directory_iterator(cases / "openapi" / "v3")) {
        const Value document = conformance::read_json(entry.path());
        if (const Value* schemas = document.find("components", "schemas")) {
            for (const Member& schema : schemas->members()) {
                published.emplace(schema.name(), schema.value);
            }
        }
    }
    const schema::Builtin& builtin = schema::Builtin::get();
    for (const auto& [name, json] : published) {
        const schema::SchemaPtr ours = builtin.find_definition(name);
        if (ours == nullptr) {
            conformance::fail(name, "we have no such definition");
            continue;
        }
        const Value written = comparable(schema::to_open_api(*ours, {.reference_prefix = prefix}));
        conformance::check_equal(name, comparable(json), written);
    }
    return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
    return weft::run(weft::conformance::cases_folder(argc, argv));
}
