// tests/fuzz/json_fuzz.cc: any bytes as JSON; both paths agree and what is written reads the same.

#include <cstdint>
#include <string>

#include "object/internal/json_exact.h"
#include "object/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> duplicates;
    const Result<Value> exact = internal::parse_json_exactly(text, {.duplicates = &duplicates});
    Value fast;
    if (internal::parse_json_fast(text, {}, fast) == internal::FastJson::done) {
        CHECK(exact.has_value());
        CHECK(fast == *exact);
        CHECK(to_json(fast) == to_json(*exact));
    }
    if (exact.has_value()) {
        const std::string written = to_json(*exact, {.escape_html = true});
        const Result<Value> again = parse_json(written);
        CHECK(again.has_value());
        CHECK(to_json(*again, {.escape_html = true}) == written);
        CHECK(parse_json(to_json(*exact, {.sort_keys = true, .indent = 2})).has_value());
    }
    return 0;
}
