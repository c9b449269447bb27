// tests/fuzz/apply_fuzz.cc: server-side apply and updates of objects that clients send.
//
// The first byte chooses the schema; then come JSON objects, one a line, applied and written by
// three managers in turn. What was applied applies again without a change, and managedFields are
// read as they were written.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "merge/managed_fields.h"
#include "object/json.h"
#include "schema/builtin.h"
#include "schema/open_api.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)

schema::SchemaPtr schema_for(uint8_t choice) {
    static const schema::SchemaPtr deployment =
        schema::Builtin::get().find_kind({.group = "apps", .version = "v1", .kind = "Deployment"});
    static const schema::SchemaPtr lists =
        schema::from_open_api(*parse_json(R"({"type":"object","properties":{
            "apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},
            "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
            "map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
                "items":{"type":"object","properties":{"k":{"type":"string"},
                    "v":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}},
            "atomic":{"type":"object","x-kubernetes-map-type":"atomic",
                "additionalProperties":{"type":"integer"}}}})"))
            .value();
    switch (choice) {
        case 'd':
            return deployment;
        case 'l':
            return lists;
        default:
            return nullptr;
    }
}

void check_managers(const Object& object) {
    const Value* fields = object.value().find("metadata", "managedFields");
    if (fields == nullptr) {
        return;
    }
    const auto managers = merge::decode_managed_fields(*fields);
    CHECK(managers.has_value());
    CHECK(merge::encode_managed_fields(*managers) == *fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    merge::ApplyOptions options;
    options.schema = schema_for(data[0]);
    options.api_version = data[0] == 'd' ? "apps/v1" : "a/v1";
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    Object live;
    bool is_there = false;
    for (const char* manager : {"one", "two", "three"}) {
        const size_t end = rest.find('\n');
        const Result<Value> document = parse_json(rest.substr(0, end));
        if (!document || !document->is_map()) {
            return 0;
        }
        const Value* metadata = document->find("metadata");
        if (metadata != nullptr && !metadata->is_map()) {
            return 0;  // Every kind of a server has metadata of a type, which refuses this.
        }
        const Object sent = Object(*document);
        options.manager = manager;
        options.force = !options.force;
        const Object* before = is_there ? &live : nullptr;
        const Result<merge::ApplyResult> applied = merge::apply(before, sent, options);
        if (applied) {
            check_managers(applied->object);
            const auto again = merge::apply(&applied->object, sent, options);
            CHECK(again.has_value() && !again->changed);
            live = applied->object;
            is_there = true;
        } else {
            const Object updated = merge::update(before, sent, options);
            live = updated;
            is_there = true;
        }
        if (end == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(end + 1);
    }
    return 0;
}
