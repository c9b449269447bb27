// tests/fuzz/simple_schema_fuzz.cc: any text as a SimpleSchema field; what it means is OpenAPI.

#include <cstdint>

#include "graph/markers.h"
#include "graph/simple_schema.h"
#include "schema/open_api.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)graph::parse_markers(text);
    const Value spec = Value::map_of({{"field", text}, {"other", "Alias"}});
    const Value types = Value::map_of(
        {{"Alias", text}, {"Person", Value::map_of({{"name", "string | default=x"}})}});
    for (const Value& used : {Value(), types}) {
        const graph::SimpleSchemaResult result = graph::simple_schema(spec, used);
        CHECK(result.schema.is_null() == !result.mistakes.empty());
        // What is wrong is stood for by something that is none the less a schema.
        CHECK(schema::from_open_api(result.partial).has_value());
        for (const graph::SchemaMistake& mistake : result.mistakes) {
            CHECK(!mistake.offset || *mistake.offset <= text.size());
        }
    }
    return 0;
}
