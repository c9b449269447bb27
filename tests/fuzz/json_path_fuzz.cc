// tests/fuzz/json_path_fuzz.cc: any text as a JSONPath, followed through a small object.

#include <cstddef>
#include <cstdint>

#include "schema/json_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    static const Value object =
        *parse_json(R"({"a":{"b":[1,2,{"c":"d","type":"Ready"}]},"e":null})");
    const auto path = schema::JsonPath::parse({reinterpret_cast<const char*>(data), size});
    if (path) {
        const auto found = path->find(object);
        CHECK(path->find_first(object) == (found.empty() ? nullptr : found.front()));
    }
    return 0;
}
