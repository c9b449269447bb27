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
        // Only -0.0 changes: it is written -0, which is the integer 0, as in Go.
        const std::string settled = to_json(*again, {.escape_html = true});
        CHECK(settled.size() <= written.size());
        CHECK(to_json(*parse_json(settled), {.escape_html = true}) == settled);
        CHECK(parse_json(to_json(*exact, {.sort_keys = true, .indent = 2})).has_value());
    }
    return 0;
}
