// tests/fuzz/expression_fuzz.cc: any text scanned for `${…}`; what is found tiles the text.

#include <algorithm>
#include <cstdint>

#include "graph/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<std::vector<graph::ExpressionMatch>> found = graph::find_expressions(text);
    if (!found) {
        return 0;
    }
    size_t position = 0;
    for (const graph::ExpressionMatch& match : *found) {
        CHECK(match.start >= position && match.end <= text.size());
        CHECK(text.substr(match.start, 2) == "${" && text[match.end - 1] == '}');
        CHECK(match.text == text.substr(match.start + 2, match.end - match.start - 3));
        position = match.end;
    }
    const Result<std::optional<graph::Expression>> parsed = graph::parse_expression(text);
    CHECK(parsed.has_value() && parsed->has_value() == !found->empty());
    CHECK(*graph::is_standalone(text) == (parsed->has_value() && (*parsed)->original.empty()));
    if (*parsed) {
        const graph::Expression& expression = **parsed;
        const size_t last = std::min<size_t>(expression.text.size(), 4096);
        for (size_t i = 0; i <= last; ++i) {
            CHECK(graph::offset_in_source(expression, i) <= text.size() + 2);
        }
    }
    return 0;
}
