// tests/fuzz/cel_evaluate_fuzz.cc: the optimiser changes nothing: an expression has one value and
// one kind of error, checked or not, optimised or not.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "cel/cel.h"
#include "object/json.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)

std::string outcome_of(const cel::Environment& environment, const cel::Ast& ast, bool optimize,
                       bool& is_stopped) {
    static const Value document = *parse_json(
        R"({"s":"text","i":3,"d":2.5,"n":null,"l":[1,2,"x"],"m":{"a":1,"b":{"c":[true]}},"e":{}})");
    const Result<cel::Program> program =
        environment.program(ast, {.optimize = optimize, .track_cost = true});
    if (!program) {
        return "refused";
    }
    cel::Arena arena(size_t{1} << 22);
    const cel::Outcome outcome =
        program->evaluate(cel::Activation().bind("o", document).bind("x", cel::Value::integer(7)),
                          arena, {.cost_limit = 100'000});
    if (outcome.value.is_error()) {
        const cel::ErrorCode code = outcome.value.as_error().code;
        // Where a budget ends depends on the plan.
        is_stopped = is_stopped || code == cel::ErrorCode::cost_limit ||
                     code == cel::ErrorCode::memory_limit;
        return "error";
    }
    return cel::to_text(outcome.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kro())
                                                    .extend()
                                                    .variable("o", &cel::types::dyn)
                                                    .variable("x", &cel::types::integer)
                                                    .build();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (!is_valid_utf8(text)) {
        return 0;
    }
    const Result<cel::Ast> parsed = environment.parse(text);
    if (!parsed) {
        return 0;
    }
    bool is_stopped = false;
    const std::string plain = outcome_of(environment, *parsed, false, is_stopped);
    const std::string optimized = outcome_of(environment, *parsed, true, is_stopped);
    CHECK(is_stopped || plain == optimized);
    const Result<cel::Ast> checked = environment.check(*parsed);
    if (checked) {
        CHECK(outcome_of(environment, *checked, false, is_stopped) ==
                  outcome_of(environment, *checked, true, is_stopped) ||
              is_stopped);
    }
    return 0;
}
