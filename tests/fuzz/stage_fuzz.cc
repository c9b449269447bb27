// tests/fuzz/stage_fuzz.cc: stages as people write them, and what they make of an object.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cluster/stage.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using weft::Value;
    const auto stages = weft::cluster::Stage::parse_all(
        std::string_view(reinterpret_cast<const char*>(data), size), "input");
    if (!stages) {
        return 0;
    }
    static const weft::Object object(*weft::parse_json(
        R"({"apiVersion":"example.com/v1","kind":"X","metadata":{"name":"x","uid":"u","generation":1,
            "creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"a":1,"b":["c"]},"status":{"s":"t"}})"));
    static const Value schema = *weft::parse_json(
        R"({"properties":{"status":{"properties":{"s":{"type":"string"},"n":{"type":"integer"}}}}})");
    for (const weft::cluster::Stage& stage : *stages) {
        if (stage.applies(object, "2026-01-01T00:00:00Z")) {
            const auto status = stage.status_of(object, schema, "2026-01-01T00:00:00Z");
            // The same again: nothing is remembered.
            const auto again = stage.status_of(object, schema, "2026-01-01T00:00:00Z");
            CHECK(status.has_value() == again.has_value());
        }
    }
    return 0;
}
