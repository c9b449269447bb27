// cli/cel.cc: `weft cel eval` and `weft cel check`: one expression, by hand.

#include "cel/cel.h"

#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/limits.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

// Names and the documents that they stand for.
using Inputs = std::map<std::string, Value>;

// `FILE`: every member is a variable, and the whole is `self` unless it says otherwise.
// `NAME=FILE`: the whole is the variable NAME.
Result<Inputs> read_inputs(const std::vector<std::string>& arguments) {
    Inputs inputs;
    for (const std::string& argument : arguments) {
        const size_t equals = argument.find('=');
        const bool has_name = equals != std::string::npos && equals != 0;
        const std::string path = has_name ? argument.substr(equals + 1) : argument;
        const std::string bytes = TRY(read_file(path));
        const Value document = TRY(parse_yaml_value(bytes, {.file = path}));
        if (has_name) {
            inputs.insert_or_assign(argument.substr(0, equals), document);
            continue;
        }
        if (!document.is_map()) {
            return make_error(Reason::bad_request, path,
                              ": no map of variables; give a value of another kind a name: ",
                              "--input NAME=FILE");
        }
        inputs.try_emplace("self", document);
        for (const Member& member : document.members()) {
            inputs.insert_or_assign(std::string(member.name()), member.value);
        }
    }
    return inputs;
}

cel::Environment environment_of(const CelOptions& options, const Inputs& inputs) {
    const cel::Environment base = cel::Environment::of(options.profile);
    cel::Environment::Builder builder = base.extend();
    for (const auto& [name, document] : inputs) {
        builder.variable(name, &cel::types::dyn);
    }
    for (const std::string& name : options.variables) {
        builder.variable(name, &cel::types::dyn);
    }
    return builder.build();
}

// --- What --explain says ---

// A tenth of 2^64 is what a text without a bound costs.
Value number_or_unbounded(uint64_t number) {
    return number >= UINT64_MAX / 10 ? Value("unbounded") : Value(static_cast<int64_t>(number));
}

bool is_path(const cel::Expr& expr) {
    const cel::Expr* at = &expr;
    while (at->kind == cel::ExprKind::select && !at->test_only) {
        at = at->operand;
    }
    return at->kind == cel::ExprKind::identifier;
}

// Every part of an expression that is no literal, with its type, outer ones first. A path is one.
void list_parts(const cel::Ast& ast, const cel::Expr& expr, Value& out, size_t depth) {
    if (depth > explain_depth_max || expr.kind == cel::ExprKind::literal) {
        return;
    }
    const cel::Expr* written = &expr;
    for (const cel::MacroCall& macro : ast.macro_calls()) {
        if (macro.id == expr.id) {
            written = macro.call;
        }
    }
    out.push_back(Value::map_of({{"expression", ast.text(expr)},
                                 {"type", cel::to_text(ast.type_of(expr.id))},
                                 {"depth", static_cast<int64_t>(depth)}}));
    if (is_path(expr)) {
        return;
    }
    if (written->operand != nullptr) {
        list_parts(ast, *written->operand, out, depth + 1);
    }
    const cel::Comprehension* loop = expr.comprehension;
    for (const cel::Expr* argument : written->args) {
        // The names that a macro declares are no parts.
        const bool is_name =
            loop != nullptr && argument->kind == cel::ExprKind::identifier &&
            argument != written->args.back() &&
            (argument->name == loop->variable || argument->name == loop->second_variable ||
             argument->name == loop->accumulator);
        if (!is_name) {
            list_parts(ast, *argument, out, depth + 1);
        }
    }
    for (const cel::Entry& entry : written->entries) {
        if (entry.key != nullptr) {
            list_parts(ast, *entry.key, out, depth + 1);
        }
        list_parts(ast, *entry.value, out, depth + 1);
    }
}

Value explain(const cel::Environment& environment, const cel::Ast& ast) {
    const cel::References references = environment.references(ast);
    Value dependencies = Value::list();
    std::set<std::string> seen;
    for (const cel::FreeIdentifier& identifier : references.identifiers) {
        if (seen.insert(identifier.text()).second) {
            dependencies.push_back(Value(identifier.text()));
        }
    }
    Value functions = Value::list();
    for (const cel::FunctionUse& function : references.functions) {
        if (seen.insert(cat(function.name, "()")).second) {
            functions.push_back(Value(function.name));
        }
    }
    const cel::CostEstimate estimate = cel::estimate_cost(environment, ast);
    Value parts = Value::list();
    list_parts(ast, ast.root(), parts, 0);
    return Value::map_of({{"type", cel::to_text(ast.result_type())},
                          {"dependencies", dependencies},
                          {"functions", functions},
                          {"cost", Value::map_of({{"min", number_or_unbounded(estimate.min)},
                                                  {"max", number_or_unbounded(estimate.max)}})},
                          {"parts", parts}});
}

std::string text_of_number(const Value& number) {
    return number.is_int() ? std::to_string(number.as_int()) : std::string(number.as_string());
}

std::string text_of_list(const Value& list) {
    std::string out;
    for (const Value& item : list.items()) {
        append(out, out.empty() ? "" : ", ", item.as_string());
    }
    return out.empty() ? "none" : out;
}

std::string text_of(const Value& report) {
    std::string out;
    if (const Value* value = report.find("value")) {
        append(out, "value         ", value->as_string(), "\n");
    }
    append(out, "type          ", report.string_at("type"), "\n");
    append(out, "dependencies  ", text_of_list(*report.find("dependencies")), "\n");
    append(out, "functions     ", text_of_list(*report.find("functions")), "\n");
    append(out, "cost          ", text_of_number(*report.find("cost", "min")), " to ",
           text_of_number(*report.find("cost", "max")), " estimated");
    if (const Value* actual = report.find("cost", "actual")) {
        append(out, ", ", text_of_number(*actual), " actual");
    }
    out += "\nparts\n";
    size_t width = 0;
    const auto shown = [](const Value& part) {
        return cat(std::string(2 * static_cast<size_t>(part.find("depth")->as_int()) + 2, ' '),
                   part.string_at("expression"));
    };
    for (const Value& part : report.find("parts")->items()) {
        width = std::max(width, std::min(shown(part).size(), explain_width));
    }
    for (const Value& part : report.find("parts")->items()) {
        const std::string line = shown(part);
        append(out, line, std::string(line.size() < width ? width - line.size() : 0, ' '), "  ",
               part.string_at("type"), "\n");
    }
    return out;
}

void print_report(const Value& report, Format format) {
    switch (format) {
        case Format::json:
            print(to_json(report, {.indent = 2}) + "\n");
            break;
        case Format::yaml:
            print(to_yaml(report));
            break;
        case Format::text:
            print(text_of(report));
            break;
    }
}

int refuse(const Error& error) {
    complain(cat(error.message(), "\n"));
    return exit_failed;
}

int fail(const cel::Program& program, const cel::Value& error) {
    complain(cat(cel::located_text(program, error), "\n"));
    if (cel::is_pending(error.as_error())) {
        if (const std::string path = cel::failing_path(program, error); !path.empty()) {
            complain(cat("  kro would wait for `", path, "`\n"));
        }
    }
    return exit_failed;
}

// An expression that can run, and what it was made in.
struct Prepared {
    Inputs inputs;
    cel::Environment environment;
    cel::Ast ast;
    cel::Program program;
};

Result<Prepared> prepare(const CelOptions& options, const cel::ProgramOptions& how) {
    Inputs inputs = TRY(read_inputs(options.inputs));
    cel::Environment environment = environment_of(options, inputs);
    cel::Ast ast = TRY(environment.compile(options.expression));
    cel::Program program = TRY(environment.program(ast, how));
    return Prepared{std::move(inputs), std::move(environment), std::move(ast), std::move(program)};
}

}  // namespace

int run_cel_check(const CelOptions& options) {
    const Result<Prepared> prepared = prepare(options, {});
    if (!prepared) {
        return refuse(prepared.error());
    }
    if (options.explain) {
        print_report(explain(prepared->environment, prepared->ast), options.format);
        return exit_ok;
    }
    const std::string type = cel::to_text(prepared->ast.result_type());
    if (options.format == Format::text) {
        print(type + "\n");
    } else {
        print_report(Value::map_of({{"type", type}}), options.format);
    }
    return exit_ok;
}

int run_cel_eval(const CelOptions& options) {
    const Result<Prepared> prepared = prepare(options, {.track_cost = true});
    if (!prepared) {
        return refuse(prepared.error());
    }
    cel::Activation activation;
    for (const auto& [name, document] : prepared->inputs) {
        activation.bind(name, document);
    }
    cel::Arena arena;
    const cel::Outcome outcome = prepared->program.evaluate(activation, arena, {});
    if (outcome.value.is_error()) {
        return fail(prepared->program, outcome.value);
    }
    if (options.format == Format::text) {
        if (!options.explain) {
            print(cel::to_text(outcome.value) + "\n");
            return exit_ok;
        }
    }
    Result<Value> native = options.format == Format::text
                               ? Result<Value>(Value(cel::to_text(outcome.value)))
                               : cel::to_native(outcome.value);
    if (!native) {
        return refuse(native.error());
    }
    if (!options.explain) {
        print_report(*native, options.format);
        return exit_ok;
    }
    Value report = explain(prepared->environment, prepared->ast);
    report.set("value", *std::move(native));
    report.mutable_member("cost").set("actual", number_or_unbounded(outcome.cost));
    print_report(report, options.format);
    return exit_ok;
}

int run_cel_functions() {
    print(cel::function_reference());
    return exit_ok;
}

}  // namespace weft::cli
