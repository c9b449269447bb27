// graph/compile_computed.cc: fields of the instance's spec that an expression fills in.

#include <algorithm>

#include "graph/internal/compiler.h"
#include "graph/internal/joining.h"
#include "graph/internal/schema_types.h"

namespace weft::graph {

namespace {

Path in_spec(const Path& field) {
    return join_paths(Path{"spec"}, field);
}

Path in_definition(const Path& field) {
    return join_paths(Path{"spec", "schema", "spec"}, field);
}

// Whether reading `read` (fields after `schema`) reads the field, or something it is a part of.
bool touches(const std::vector<std::string>& read, const Path& field) {
    const Path whole = in_spec(field);
    const size_t shared = std::min(read.size(), whole.steps().size());
    for (size_t i = 0; i < shared; ++i) {
        if (whole.steps()[i] != PathStep(read[i])) {
            return false;
        }
    }
    return true;
}

constexpr std::string_view computed_front =
    "failed to build OpenAPI schema for instance: computed ";

}  // namespace

void Compiler::compile_computed() {
    std::vector<ComputedField> fields;
    for (const ComputedText& text : computed_texts_) {
        if (std::optional<ComputedField> field = compile_computed_field(text)) {
            fields.push_back(*std::move(field));
        }
    }
    order_computed(std::move(fields));
}

std::optional<ComputedField> Compiler::compile_computed_field(const ComputedText& field) {
    const Path where = in_definition(field.path);
    const std::string front = cat(computed_front, "field ", quote(field.path.text()), ": ");
    // Where the text stands in the field, if the field itself has it and not a custom type.
    std::optional<size_t> start;
    if (const Value* written = field.path.find_in(definition_.spec);
        written != nullptr && written->is_string()) {
        const size_t at = written->as_string().find(field.text);
        start = at == std::string_view::npos ? std::nullopt : std::optional(at);
    }
    Result<std::optional<Expression>> parsed = parse_expression(field.text);
    if (!parsed || !*parsed) {
        tell("G013", where,
             cat(front, parsed ? "there is no expression in it; use default for a literal"
                               : parsed.error().message()),
             start);
        return std::nullopt;
    }
    const Expression& expression = **parsed;
    const auto offset = [&](size_t in_expression) {
        return start ? std::optional(*start + offset_in_source(expression, in_expression)) : start;
    };
    uint32_t mistake_at = 0;
    const Inspector inspector(base_environment(), {"schema"});
    Result<Inspection> inspected =
        inspector.inspect_restricted(expression.text, {"schema"}, &mistake_at);
    if (!inspected) {
        const bool is_parsed = inspected.error().details().causes.empty();
        tell(is_parsed ? "G014" : "G016", where, cat(front, inspected.error().message()),
             offset(mistake_at), is_parsed ? "only `schema` can be read here: " : "");
        return std::nullopt;
    }
    const cel::Environment environment =
        base_environment().extend().object("schema", instance_schema_, "__type_schema").build();
    Result<CompiledExpression> compiled = compile_expression(environment, expression, *inspected);
    if (!compiled) {
        const std::vector<Cause>& causes = compiled.error().details().causes;
        tell("G016", where, cat(front, compiled.error().message()), start,
             causes.empty() ? "" : suggest_field(expression, causes[0]));
        return std::nullopt;
    }
    const cel::Type* output = compiled->program.ast().result_type();
    const cel::Type* expected =
        expected_type(instance_schema_.get(), in_spec(field.path), "__type_schema", arena_);
    if (Status status = check_compatible(output, expected, arena_); !status) {
        tell("G017", where,
             cat(front, "expression ", quote(expression.user_text()), " returns type ",
                 quote(cel::to_text(output)), " but expected ", quote(cel::to_text(expected)), ": ",
                 status.error().message()),
             start);
        return std::nullopt;
    }
    return ComputedField{field.path, *std::move(compiled), field.may_be_made};
}

// Puts each behind what it reads.
void Compiler::order_computed(std::vector<ComputedField> fields) {
    if (fields.empty()) {
        return;
    }
    Dag order;
    for (const ComputedField& field : fields) {
        CHECK(order.add_node(in_spec(field.path).text()));
    }
    for (const ComputedField& field : fields) {
        const cel::References references =
            base_environment().references(field.expression.program.ast());
        for (const cel::FreeIdentifier& read : references.identifiers) {
            for (const ComputedField& other : fields) {
                if (read.name != "schema" || !touches(read.path, other.path)) {
                    continue;
                }
                if (Status status = order.add_dependencies(in_spec(field.path).text(),
                                                           {in_spec(other.path).text()});
                    !status) {
                    tell("G007", in_definition(field.path),
                         cat(computed_front, "field ", quote(field.path.text()), ": ",
                             status.error().message()));
                }
            }
        }
    }
    for (const std::string& name : order.topological_order()) {
        const auto field = std::ranges::find_if(fields, [&name](const ComputedField& candidate) {
            return in_spec(candidate.path).text() == name;
        });
        programs_->computed.push_back(std::move(*field));
        fields.erase(field);
    }
}

}  // namespace weft::graph
