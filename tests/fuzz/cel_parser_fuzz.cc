// tests/fuzz/cel_parser_fuzz.cc: any text as an expression; what parses prints as the same tree.

#include <cstdint>
#include <string_view>

#include "cel/cel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    static const cel::Environment environment = cel::Environment::of(cel::Profile::spec());
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (!is_valid_utf8(text)) {
        return 0;
    }
    const Result<cel::Ast> ast = environment.parse(text);
    if (!ast) {
        CHECK(!ast.error().message().empty());
        return 0;
    }
    const std::string printed = ast->text();
    const Result<cel::Ast> again = environment.parse(printed);
    CHECK(again.has_value());
    CHECK(again->text() == printed);
    (void)environment.references(*ast);
    (void)environment.check(*ast);
    return 0;
}
