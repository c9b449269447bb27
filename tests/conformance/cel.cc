// tests/conformance/cel.cc: the cases of cel-spec, in four modes: checked and only parsed, each
// optimised and not.
//
// Checked, a case that says `disable_check` runs unchecked. Only parsed, a case that says
// `check_only` does not run, and the types that the checker would find are not compared.
//
// Prints `PASS mode:file/section/test`, `FAIL …: reason` or `SKIP …: reason` for each.

#include "cel/cel.h"

#include <algorithm>
#include <map>
#include <set>

#include "io/time_zone.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/cel/expected.h"
#include "tests/conformance/cel/messages.h"
#include "tests/conformance/cel/textproto.h"

namespace weft::conformance {

namespace {

struct Mode {
    std::string_view name;
    bool is_checked;
    bool is_optimized;
};
constexpr Mode modes[] = {{"checked", true, true},
                          {"checked-plain", true, false},
                          {"parsed", false, true},
                          {"parsed-plain", false, false}};

// --- cel.block and its companions, which only these cases use ---

cel::Expr* numbered(cel::MacroContext& context, cel::Expr* target, std::span<cel::Expr*> args,
                    std::string_view prefix) {
    if (target->kind != cel::ExprKind::identifier || target->name != "cel") {
        return context.decline();
    }
    std::string name(prefix);
    for (const cel::Expr* argument : args) {
        append(name, name == prefix && prefix == "@index" ? "" : ":", argument->literal.as_int());
    }
    return context.identifier(name);
}
cel::Expr* expand_index(cel::MacroContext& context, cel::Expr* target, std::span<cel::Expr*> args) {
    return numbered(context, target, args, "@index");
}
cel::Expr* expand_iteration(cel::MacroContext& context, cel::Expr* target,
                            std::span<cel::Expr*> args) {
    return numbered(context, target, args, "@it");
}
cel::Expr* expand_accumulator(cel::MacroContext& context, cel::Expr* target,
                              std::span<cel::Expr*> args) {
    return numbered(context, target, args, "@ac");
}
// Each entry is bound to @indexN for those after it.
cel::Expr* expand_block(cel::MacroContext& context, cel::Expr* target, std::span<cel::Expr*> args) {
    if (target->kind != cel::ExprKind::identifier || target->name != "cel") {
        return context.decline();
    }
    cel::Expr* result = args[1];
    static std::deque<std::string> names;
    for (size_t i = args[0]->args.size(); i-- > 0;) {
        names.push_back(cat("@index", i));
        result = context.comprehension({.range = context.list({}),
                                        .variable = "#unused",
                                        .accumulator = names.back(),
                                        .initial = args[0]->args[i],
                                        .condition = context.literal(cel::Value::boolean(false)),
                                        .step = context.identifier(names.back()),
                                        .result = result});
    }
    return result;
}

cel::Library block_library() {
    cel::Library library("conformance.block");
    const auto macro =
        [&](std::string_view name, int arity,
            cel::Expr* (*expand)(cel::MacroContext&, cel::Expr*, std::span<cel::Expr*>)) {
            library.macro({.name = name, .arity = arity, .is_member = true, .expand = expand});
        };
    macro("block", 2, expand_block);
    macro("index", 1, expand_index);
    macro("iterVar", 2, expand_iteration);
    macro("accuVar", 2, expand_accumulator);
    return library;
}

// --- Running ---

struct Suite {
    const cel::Environment& base;
    const Messages* messages;
};

// The environment of one test; an error says what is missing.
Result<cel::Environment> environment_of(const Suite& suite, const TextField& test,
                                        cel::Arena& arena) {
    cel::Environment::Builder builder = suite.base.extend();
    builder.container(test.text_of("container"));
    for (const TextField& declaration : test.fields) {
        if (declaration.name != "type_env") {
            continue;
        }
        const std::string_view name = declaration.text_of("name");
        if (const TextField* identifier = declaration.find("ident")) {
            const TextField* type = identifier->find("type");
            builder.variable(name, type == nullptr ? &cel::types::dyn
                                                   : TRY(type_of(*type, arena, suite.messages)));
        }
        if (const TextField* function = declaration.find("function")) {
            for (const TextField& overload : function->fields) {
                std::string signature;
                std::string result = "dyn";
                size_t count = 0;
                const bool is_member = overload.text_of("is_instance_function") == "true";
                for (const TextField& part : overload.fields) {
                    if (part.name == "params") {
                        const std::string type =
                            cel::to_text(TRY(type_of(part, arena, suite.messages)));
                        append(signature, count == 0 ? "" : (is_member && count == 1 ? ".(" : ", "),
                               type);
                        ++count;
                    } else if (part.name == "result_type") {
                        result = cel::to_text(TRY(type_of(part, arena, suite.messages)));
                    }
                }
                if (!is_member) {
                    signature.insert(0, "(");
                } else if (count == 1) {
                    signature += ".(";
                }
                append(signature, ") -> ", result);
                builder.declare_function(name, overload.text_of("overload_id"), signature);
            }
        }
    }
    return builder.build();
}

// "" if the outcome is the expected one, else what is wrong.
std::string judge(const TextField& test, const cel::Value& value, const Suite& suite,
                  cel::Arena& arena) {
    if (test.find("eval_error") != nullptr) {
        return value.is_error() ? "" : cat("want an error, got ", cel::to_text(value));
    }
    const TextField* expected = test.find("value");
    if (const TextField* typed = test.find("typed_result")) {
        expected = typed->find("result");
        if (expected == nullptr) {
            return "";
        }
    }
    cel::Value want = cel::Value::boolean(true);
    if (expected != nullptr) {
        const Result<cel::Value> read = value_of(*expected, arena, suite.messages);
        if (!read) {
            return cat("expected value: ", read.error().message());
        }
        want = *read;
    }
    if (is_identical(want, value, arena)) {
        return "";
    }
    return cat("want ", cel::to_text(want), ", got ", cel::to_text(value));
}

std::string judge_type(const TextField& test, const cel::Ast& ast, const Suite& suite,
                       cel::Arena& arena) {
    const TextField* typed = test.find("typed_result");
    const TextField* deduced = typed == nullptr ? nullptr : typed->find("deduced_type");
    if (deduced == nullptr) {
        return "";
    }
    const Result<const cel::Type*> want = type_of(*deduced, arena, suite.messages);
    if (!want) {
        return cat("expected type: ", want.error().message());
    }
    return cel::to_text(*want) == cel::to_text(ast.result_type())
               ? ""
               : cat("want type ", cel::to_text(*want), ", got ", cel::to_text(ast.result_type()));
}

std::string run(const Suite& suite, const TextField& test, const Mode& mode) {
    cel::Arena arena;
    const bool wants_error = test.find("eval_error") != nullptr;
    const Result<cel::Environment> environment = environment_of(suite, test, arena);
    if (!environment) {
        return environment.error().message();
    }
    const bool is_checked = mode.is_checked && test.text_of("disable_check") != "true";
    Result<cel::Ast> ast = environment->parse(test.text_of("expr"));
    if (ast && is_checked) {
        ast = environment->check(*ast);
    }
    if (!ast) {
        return wants_error ? "" : ast.error().message();
    }
    if (is_checked) {
        if (std::string wrong = judge_type(test, *ast, suite, arena); !wrong.empty()) {
            return wrong;
        }
    }
    if (test.text_of("check_only") == "true") {
        return "";
    }
    const Result<cel::Program> program =
        environment->program(*ast, {.optimize = mode.is_optimized});
    if (!program) {
        return wants_error ? "" : program.error().message();
    }
    cel::Activation activation;
    for (const TextField& binding : test.fields) {
        if (binding.name != "bindings") {
            continue;
        }
        const TextField* holder = binding.find("value");
        const TextField* bound = holder == nullptr ? nullptr : holder->find("value");
        if (bound == nullptr) {
            return "a binding without a value";
        }
        const Result<cel::Value> value = value_of(*bound, arena, suite.messages);
        if (!value) {
            return cat("binding: ", value.error().message());
        }
        activation.bind(binding.text_of("key"), *value);
    }
    return judge(test, program->evaluate(activation, arena), suite, arena);
}

int run_all(const std::filesystem::path& cases) {
    const Messages messages(cases / "proto");
    const cel::Environment base = cel::Environment::of(cel::Profile::spec())
                                      .extend()
                                      .library(block_library())
                                      .library(messages.library())
                                      .zones(io::read_time_zone)
                                      .build();
    const Suite suite{base, &messages};
    std::set<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(cases / "tests" / "simple" / "testdata")) {
        if (entry.path().extension() == ".textproto") {
            files.insert(entry.path());
        }
    }
    std::map<std::string, int> counts;
    for (const std::filesystem::path& path : files) {
        const Result<TextField> file = parse_textproto(read_file(path));
        if (!file) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), file.error().message().c_str());
            return 2;
        }
        for (const TextField& section : file->fields) {
            for (const TextField& test : section.fields) {
                if (section.name != "section" || test.name != "test") {
                    continue;
                }
                for (const Mode& mode : modes) {
                    const std::string id = cat(mode.name, ":", file->text_of("name"), "/",
                                               section.text_of("name"), "/", test.text_of("name"));
                    if (!mode.is_checked && test.text_of("check_only") == "true") {
                        skip(id, "the case is about the checker");
                        continue;
                    }
                    const std::string wrong = run(suite, test, mode);
                    ++counts[cat(mode.name, wrong.empty() ? " passed" : " failed")];
                    wrong.empty() ? pass(id) : fail(id, wrong);
                }
            }
        }
    }
    for (const auto& [name, count] : counts) {
        std::fprintf(stderr, "%s: %d\n", name.c_str(), count);
    }
    return 0;
}

}  // namespace

}  // namespace weft::conformance

int main(int argc, char** argv) {
    return weft::conformance::run_all(weft::conformance::cases_folder(argc, argv));
}
