// tests/conformance/cel_appendix.cc: expressions and costs that were measured with cel-go.
//
// The reference's file cel.md holds both as text: Appendix A, `EXPRESSION  =>  RESULT`, with
// `  || k8s: RESULT` where Kubernetes' settings change the outcome; Appendix B, `EXPRESSION |
// cost with the optimiser | without | estimate`. Errors there are shortened by rule, and cut after
// about ninety characters; see `is_text_of`.

#include <charconv>
#include <optional>
#include <vector>

#include "cel/cel.h"
#include "cel/library/bindings.h"
#include "cel/library/encoders.h"
#include "cel/library/kubernetes_costs.h"
#include "cel/library/math.h"
#include "cel/library/regex.h"
#include "cel/library/sets.h"
#include "io/time_zone.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {

namespace {

// The lines of the fenced block of a chapter.
std::vector<std::string> block_of(std::string_view document, std::string_view title) {
    std::vector<std::string> lines;
    const size_t start = document.find(title);
    if (start == std::string_view::npos) {
        return lines;
    }
    constexpr std::string_view fence = "\n```\n";
    const size_t open = document.find(fence, start);
    const size_t end = document.find("\n```", open + fence.size());
    for (const std::string_view line :
         split(document.substr(open + fence.size(), end - open - fence.size()), '\n')) {
        lines.emplace_back(line);
    }
    return lines;
}

// --- Appendix A ---

// What an expression comes to, in the words of the appendix.
std::string outcome_of(const cel::Environment& environment, std::string_view text,
                       const cel::Activation& activation, bool optimize) {
    const Result<cel::Ast> ast = environment.compile(text);
    if (!ast) {
        return cat("COMPILE-ERR ", ast.error().details().causes.empty()
                                       ? ast.error().message()
                                       : ast.error().details().causes[0].message);
    }
    const Result<cel::Program> program = environment.program(*ast, {.optimize = optimize});
    if (!program) {
        return cat("PLAN: ", program.error().message());
    }
    cel::Arena arena;
    const cel::Value value = program->evaluate(activation, arena);
    if (value.is_error()) {
        return cat("ERR: ", cel::to_text(value));
    }
    const std::string shown = cel::to_text(value);
    // Times name their type already.
    if (shown.starts_with("duration(") || shown.starts_with("timestamp(")) {
        return shown;
    }
    return cat(shown, " : ", cel::type_name_of(value));
}

// Whether the appendix means this outcome.
bool is_text_of(std::string_view want, std::string got) {
    const auto shorten = [&](std::string_view from, std::string_view to) {
        if (const size_t at = got.find(from); at != std::string::npos) {
            got.replace(at, from.size(), to);
        }
    };
    shorten("found no matching overload for ", "no overload ");
    shorten("Syntax error: ", "syntax: ");
    constexpr size_t cut = 90;
    return want.size() >= cut ? got.starts_with(want) : got == want;
}

struct Row {
    std::string expression;
    std::string result;
    std::string kubernetes;  // "": as `result`
};

std::optional<Row> read_row(std::string_view line) {
    constexpr std::string_view arrow = "  =>  ";
    constexpr std::string_view other = "  || k8s: ";
    const size_t at = line.find(arrow);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = line.substr(at + arrow.size());
    const size_t second = rest.find(other);
    return Row{std::string(line.substr(0, at)), std::string(rest.substr(0, second)),
               second == std::string_view::npos ? std::string()
                                                : std::string(rest.substr(second + other.size()))};
}

void judge(std::string_view mode, const Row& row, std::string_view want,
           const cel::Environment& environment, const cel::Activation& activation, bool optimize) {
    const std::string id = cat(mode, ":", row.expression);
    const std::string got = outcome_of(environment, row.expression, activation, optimize);
    is_text_of(want, got) ? pass(id) : fail(id, cat("want ", want, ", got ", got));
}

void run_expressions(std::string_view document) {
    const Value o = *parse_json(
        R"({"s":"héllo👑","i":3,"d":2.5,"n":null,"l":[1,2,"x"],"m":{"a":1,"b-c":2},"t":true,"e":{},"el":[]})");
    cel::Activation activation;
    activation.bind("o", o)
        .bind("x", cel::Value::integer(7))
        .bind("str", cel::Value::string("abc"));
    // The measured profile has all of cel-go's extensions; kro lacks three of them.
    const cel::Environment kro = cel::Environment::of(cel::Profile::kro())
                                     .extend()
                                     .library(cel::math_library())
                                     .library(cel::sets_library())
                                     .library(cel::regex_library())
                                     .variable("o", &cel::types::dyn)
                                     .variable("x", &cel::types::integer)
                                     .variable("str", &cel::types::string)
                                     .zones(io::read_time_zone)
                                     .build();
    const cel::Environment kubernetes = cel::Environment::of(cel::Profile::kubernetes(36))
                                            .extend()
                                            .library(cel::math_library())
                                            .library(cel::regex_library())
                                            .library(cel::bindings_library())
                                            .library(cel::encoders_library())
                                            .variable("o", &cel::types::dyn)
                                            .variable("x", &cel::types::integer)
                                            .variable("str", &cel::types::string)
                                            .zones(io::read_time_zone)
                                            .build();
    for (const std::string& line : block_of(document, "## Appendix A.")) {
        const std::optional<Row> row = read_row(line);
        if (!row) {
            continue;
        }
        judge("kro", *row, row->result, kro, activation, true);
        judge("kro-plain", *row, row->result, kro, activation, false);
        if (!row->kubernetes.empty()) {
            judge("kubernetes", *row, row->kubernetes, kubernetes, activation, true);
        }
    }
}

// --- Appendix B ---

std::string interval(const cel::CostEstimate& estimate) {
    const auto number = [](uint64_t value) {
        return value == UINT64_MAX ? std::string("inf") : std::to_string(value);
    };
    return cat(number(estimate.min), "..", number(estimate.max));
}

// The measured environment counted as Kubernetes does, but without its estimator.
cel::Library plain_costs_library() {
    cel::Library library("conformance.costs");
    const cel::Library overrides = cel::kubernetes_costs_library();
    for (const cel::Library::FunctionCost& cost : overrides.costs()) {
        library.cost(cost.function, nullptr, nullptr);
    }
    return library;
}

void run_costs(std::string_view document) {
    const Value o = *parse_json(R"({"a":{"b":1},"l":[1,2,3]})");
    const Value l = *parse_json("[1,2,3,4,5]");
    const Value m = *parse_json(R"({"k":"v"})");
    const auto with_variables = [](cel::Environment::Builder builder) {
        return builder.variable("o", &cel::types::dyn)
            .variable("s", &cel::types::string)
            .variable("l", "list(int)")
            .variable("m", "map(string, string)")
            .build();
    };
    // Checked without Kubernetes' checks of literals, which the measured environment lacked.
    const cel::Environment checker =
        with_variables(cel::Environment::of(cel::Profile::kro()).extend());
    const cel::Environment environment =
        with_variables(std::move(cel::Environment::of(cel::Profile::kubernetes(36))
                                     .extend()
                                     .library(plain_costs_library())));
    cel::Activation activation;
    activation.bind("o", o).bind("l", l).bind("m", m).bind("s",
                                                           cel::Value::string("0123456789ABCDE"));
    for (const std::string& line : block_of(document, "## Appendix B.")) {
        // From the back: expressions may have bars, too.
        std::vector<std::string> cells;
        std::string_view rest = line;
        for (int i = 0; i < 3; ++i) {
            const size_t bar = rest.rfind(" | ");
            if (bar == std::string_view::npos) {
                break;
            }
            cells.emplace_back(rest.substr(bar + 3));
            rest = rest.substr(0, bar);
        }
        if (cells.size() != 3) {
            continue;
        }
        const std::string id = cat("cost:", rest);
        const Result<cel::Ast> ast = checker.compile(rest);
        if (!ast) {
            fail(id, ast.error().message());
            continue;
        }
        std::vector<std::string> got = {interval(cel::estimate_cost(environment, *ast))};
        for (const bool optimize : {false, true}) {
            const Result<cel::Program> program = environment.program(*ast, {.optimize = optimize});
            if (!program) {
                got.emplace_back(program.error().message());
                continue;
            }
            cel::Arena arena;
            got.push_back(std::to_string(program->evaluate(activation, arena, {}).cost));
        }
        got == cells ? pass(id)
                     : fail(id, cat("want ", cells[2], " | ", cells[1], " | ", cells[0], ", got ",
                                    got[2], " | ", got[1], " | ", got[0]));
    }
}

}  // namespace

}  // namespace weft::conformance

int main(int argc, char** argv) {
    const std::string document =
        weft::conformance::read_file(weft::conformance::cases_folder(argc, argv) / "cel.md");
    weft::conformance::run_expressions(document);
    weft::conformance::run_costs(document);
    return 0;
}
