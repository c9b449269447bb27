// bench/cel_cases.cc: reading the lists, and inventing inputs for expressions that come without.

#include "cel_cases.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "graph/graph.h"
#include "object/json.h"
#include "object/yaml.h"

namespace weft::bench {

namespace {

// How many combinations of values an expression is tried with.
constexpr size_t tries_max = 20'000;

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return make_error(Reason::not_found, "no file ", path);
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Value new_case(std::string_view list, std::string_view name, std::string_view expression) {
    Value out;
    out.set("list", list);
    out.set("name", name);
    out.set("expression", expression);
    return out;
}

Status add_bench_list(const std::string& shared, std::vector<Value>& out) {
    const std::string text = TRY(read_file(shared + "/bench/cel-expressions.json"));
    const Value list = TRY(parse_json(text));
    for (const Value& entry : list.find("expressions")->items()) {
        Value one = new_case("bench", entry.string_at("name"), entry.string_at("expression"));
        one.set("variables", *list.find("variables"));
        one.set("inputs", *list.find("inputs"));
        if (const Value* expected = entry.find("expected")) {
            one.set("expected", *expected);
        }
        out.push_back(std::move(one));
    }
    return {};
}

// The variables and inputs that Appendix A speaks of in its head.
Status add_appendix(const std::string& shared, std::vector<Value>& out) {
    const std::string text = TRY(read_file(shared + "/reference/cel.md"));
    const Value inputs = TRY(
        parse_json(R"({"o":{"s":"hello \u00e9\ud83d\udc51","i":3,"d":2.5,"n":null,"l":[1,2,"x"],)"
                   R"("m":{"a":1,"b-c":2},"t":true,"e":{},"el":[]},"x":7,"str":"abc"})"));
    const Value variables = TRY(parse_json(R"({"o":"dyn","x":"int","str":"string"})"));
    const size_t head = text.find("## Appendix A.");
    const size_t begin = text.find("```\n", head == std::string::npos ? text.size() : head);
    const size_t end = text.find("```", begin == std::string::npos ? begin : begin + 4);
    if (end == std::string::npos) {
        return make_error(Reason::invalid, "no Appendix A in reference/cel.md");
    }
    std::string_view lines(text.data() + begin + 4, end - begin - 4);
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const size_t arrow = line.find("  =>  ");
        if (arrow == std::string_view::npos) {
            continue;
        }
        const std::string_view expression = line.substr(0, arrow);
        Value one = new_case("appendix", expression, expression);
        one.set("variables", variables);
        one.set("inputs", inputs);
        out.push_back(std::move(one));
    }
    return {};
}

// --- Inputs for kro's expressions ---

struct Leaf {
    std::vector<std::string> path;  // the variable first
};

std::vector<Leaf> leaves_of(const cel::Environment& kro, const cel::Ast& ast) {
    std::set<std::vector<std::string>> paths;
    for (const cel::FreeIdentifier& identifier : kro.references(ast).identifiers) {
        if (kro.variable_type(identifier.name) == nullptr) {
            std::vector<std::string> path{identifier.name};
            path.insert(path.end(), identifier.path.begin(), identifier.path.end());
            paths.insert(std::move(path));
        }
    }
    std::vector<Leaf> out;
    for (auto at = paths.begin(); at != paths.end(); ++at) {
        // What another path goes on from is a map anyway; in order, it comes right behind.
        const auto next = std::next(at);
        const bool goes_on = next != paths.end() && next->size() > at->size() &&
                             std::equal(at->begin(), at->end(), next->begin());
        if (!goes_on) {
            out.push_back({*at});
        }
    }
    return out;
}

// An element of a list with every field that the expression reads from anything.
void collect_fields(const cel::Expr& expr, Value& element) {
    if (expr.kind == cel::ExprKind::select && expr.operand->kind == cel::ExprKind::identifier) {
        element.set(expr.name, "alpha");
    }
    const auto visit = [&](const cel::Expr* part) {
        if (part != nullptr) {
            collect_fields(*part, element);
        }
    };
    visit(expr.operand);
    for (const cel::Expr* argument : expr.args) {
        visit(argument);
    }
    for (const cel::Entry& entry : expr.entries) {
        visit(entry.key);
        visit(entry.value);
    }
    if (expr.comprehension != nullptr) {
        visit(expr.comprehension->range);
        visit(expr.comprehension->step);
        visit(expr.comprehension->result);
    }
}

Value inputs_with(const std::vector<Leaf>& leaves, const std::vector<Value>& kinds,
                  const std::vector<size_t>& choice) {
    Value out = Value::map_with_capacity(4);
    for (size_t i = 0; i < leaves.size(); ++i) {
        Value* at = &out;
        for (const std::string& step : leaves[i].path) {
            if (!at->contains(step)) {
                at->set(step, Value::map_with_capacity(4));
            }
            at = &at->mutable_member(step);
        }
        *at = kinds[choice[i]];
    }
    return out;
}

// The first inputs that the expression has a value for; those of the first try if there are none.
Value invent_inputs(const cel::Environment& kro, const std::string& expression,
                    const std::vector<Leaf>& leaves, const Value& variables, Value element) {
    if (!element.is_map()) {
        element.set("name", "alpha");
    }
    std::vector<Value> kinds{Value("alpha-1"), Value(int64_t{3}),
                             Value(true),      Value::list({element, element, element}),
                             element,          Value::list({Value("alpha"), Value("beta")})};
    std::vector<size_t> choice(leaves.size(), 0);
    Value first = inputs_with(leaves, kinds, choice);
    const cel::Environment environment = environment_of(kro, variables);
    const Result<cel::Ast> ast = environment.compile(expression);
    if (!ast) {
        return first;
    }
    const Result<cel::Program> program = environment.program(*ast);
    if (!program) {
        return first;
    }
    for (size_t tries = 0; tries < tries_max; ++tries) {
        Value inputs = inputs_with(leaves, kinds, choice);
        cel::Activation activation;
        for (const Member& input : inputs.members()) {
            activation.bind(input.name(), input.value);
        }
        if (program->evaluate_native(activation)) {
            return inputs;
        }
        size_t at = 0;
        while (at < choice.size() && ++choice[at] == kinds.size()) {
            choice[at++] = 0;
        }
        if (at == choice.size()) {
            break;
        }
    }
    return first;
}

void add_expression(const cel::Environment& kro, const std::string& name,
                    const std::string& expression, std::vector<Value>& out) {
    Value one = new_case("kro", name, expression);
    Value variables = Value::map_with_capacity(4);
    Value inputs = Value::map_with_capacity(4);
    if (const Result<cel::Ast> ast = kro.parse(expression)) {
        const std::vector<Leaf> leaves = leaves_of(kro, *ast);
        Value element;
        collect_fields(ast->root(), element);
        for (const Leaf& leaf : leaves) {
            variables.set(leaf.path[0], "dyn");
        }
        inputs = invent_inputs(kro, expression, leaves, variables, element);
    }
    one.set("variables", variables);
    one.set("inputs", inputs);
    out.push_back(std::move(one));
}

Status add_examples(const std::string& shared, std::vector<Value>& out) {
    const cel::Environment kro = cel::Environment::of(cel::Profile::kro());
    const std::filesystem::path folder = shared + "/conformance/kro/examples";
    if (!std::filesystem::is_directory(folder)) {
        return make_error(Reason::not_found, "no folder ", folder.string());
    }
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") {
            files.insert(entry.path());
        }
    }
    std::set<std::string> seen;
    for (const std::filesystem::path& path : files) {
        // Some are templates of charts, which are no YAML.
        const std::string text = TRY(read_file(path.string()));
        const Result<std::vector<YamlDocument>> documents = parse_yaml(text);
        if (!documents) {
            continue;
        }
        for (const YamlDocument& document : *documents) {
            const std::string_view kind = document.value.string_at("kind");
            if (kind != "ResourceGraphDefinition" && kind != "Graph") {
                continue;
            }
            const auto found = graph::collect_expressions(document.value);
            if (!found) {
                continue;
            }
            for (const graph::FieldExpression& field : *found) {
                if (seen.insert(field.expression.text).second) {
                    add_expression(kro, path.lexically_relative(folder).string(),
                                   field.expression.text, out);
                }
            }
        }
    }
    return {};
}

}  // namespace

cel::Environment environment_of(const cel::Environment& kro, const Value& variables) {
    cel::Environment::Builder builder = kro.extend();
    for (const Member& variable : variables.members()) {
        builder.variable(variable.name(), variable.value.as_string());
    }
    return builder.build();
}

Result<std::vector<Value>> cel_cases(const std::string& shared) {
    std::vector<Value> out;
    TRY(add_bench_list(shared, out));
    TRY(add_examples(shared, out));
    TRY(add_appendix(shared, out));
    return out;
}

}  // namespace weft::bench
