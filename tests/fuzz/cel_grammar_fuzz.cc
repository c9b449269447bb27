// tests/fuzz/cel_grammar_fuzz.cc: what the grammar makes parses, and prints as the same tree.

#include "tests/fuzz/cel_grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    static const cel::Environment environment = cel::Environment::of(cel::Profile::spec());
    static const fuzz::Grammar grammar(cel::Profile::spec());
    const std::string text = grammar.expression(data, size);
    const Result<cel::Ast> ast = environment.parse(text);
    if (!ast) {
        // The only reasons there may be: it is too deep, or a macro does not take what it was
        // given.
        const std::string_view message = ast.error().message();
        CHECK(!message.contains("Syntax error"));
        return 0;
    }
    const std::string printed = ast->text();
    const Result<cel::Ast> again = environment.parse(printed);
    CHECK(again.has_value());
    CHECK(again->text() == printed);
    (void)environment.references(*ast);
    const Result<cel::Ast> checked = environment.check(*ast);
    CHECK(checked || !checked.error().message().empty());
    if (checked) {
        const cel::CostEstimate estimate = cel::estimate_cost(environment, *checked);
        CHECK(estimate.min <= estimate.max);
    }
    return 0;
}
