// graph/compile_types.cc: every expression of a node against the types of what it reads.

#include <algorithm>

#include "graph/internal/compiler.h"
#include "graph/internal/schema_types.h"

namespace weft::graph {

namespace {

bool is_list_node(NodeType type) {
    return type == NodeType::collection || type == NodeType::external_collection;
}

bool is_bool(const cel::Type* type) {
    return type->kind == cel::TypeKind::boolean && !type->nullable;
}

}  // namespace

void Compiler::make_environment() {
    cel::Environment::Builder builder = base_environment().extend();
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        const std::string& id = draft->entry->id;
        builder.object(id, draft->parsed.facts.schema, cat("__type_", id),
                       is_list_node(draft->parsed.type));
    }
    builder.object("schema", instance_schema_, "__type_schema");
    environment_.emplace(builder.build());
}

Result<CompiledExpression> Compiler::compile_expression(const cel::Environment& environment,
                                                        const Expression& expression,
                                                        const Inspection& inspection) const {
    cel::Ast ast = TRY(environment.compile(expression.text));
    Result<cel::Program> program = environment.program(ast);
    if (!program) {
        return make_error(Reason::invalid, "compile: ", program.error().message());
    }
    CompiledExpression out{expression, *std::move(program), inspection.known, inspection.uses_omit};
    out.references.insert(out.references.end(), inspection.unknown.begin(),
                          inspection.unknown.end());
    return out;
}

void Compiler::compile_types(Draft& draft) {
    const std::string& id = draft.entry->id;
    const std::string front = cat("failed to validate resource ", quote(id), ": ");
    draft.programs.schema = draft.parsed.facts.schema;
    cel::Environment environment = *environment_;
    if (!compile_dimensions(draft, environment)) {
        return;
    }
    std::vector<FieldProgram> fields = compile_fields(draft, environment);
    compile_conditions(draft, *environment_, "includeWhen", draft.include_when,
                       draft.programs.include_when);

    const bool is_collection = draft.parsed.type == NodeType::collection;
    for (PlacedExpression& condition : draft.ready_when) {
        Result<Inspection> inspected = inspector_->inspect_restricted(
            condition.expression.text, {is_collection ? std::string("each") : id});
        if (!inspected) {
            tell("G014", condition.path,
                 cat(front, "resource ", quote(id), " readyWhen: ", inspected.error().message()));
            return;
        }
        condition.inspection = *std::move(inspected);
    }
    if (is_collection && !draft.ready_when.empty()) {
        environment =
            environment_->extend().object("each", draft.parsed.facts.schema, "__type_each").build();
    } else {
        environment = *environment_;
    }
    compile_conditions(draft, environment, "readyWhen", draft.ready_when,
                       draft.programs.ready_when);
    draft.programs.renderer = draft.kind->make_renderer(draft.parsed, std::move(fields));
}

bool Compiler::compile_dimensions(Draft& draft, cel::Environment& environment) {
    if (draft.dimensions.empty()) {
        return true;
    }
    const std::string front = cat("failed to validate resource ", quote(draft.entry->id), ": node ",
                                  quote(draft.entry->id), ": forEach iterator ");
    cel::Environment::Builder with_variables = environment_->extend();
    bool good = true;
    for (size_t i = 0; i < draft.dimensions.size(); ++i) {
        const PlacedExpression& dimension = draft.dimensions[i];
        const std::string name = quote(draft.programs.variables[i]);
        if (dimension.inspection.uses_omit) {
            tell("G020", dimension.path,
                 cat(front, name, ": omit() can only be used in resource template expressions"));
            good = false;
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, dimension.expression, dimension.inspection);
        if (!compiled) {
            tell("G016", dimension.path, cat(front, name, ": ", compiled.error().message()));
            good = false;
            continue;
        }
        const cel::Type* type = compiled->program.ast().result_type();
        if (type->kind != cel::TypeKind::list || type->parameters.size() != 1) {
            tell("G019", dimension.path,
                 cat(front, name, " must return a list, got ", quote(cel::to_text(type)), ": type ",
                     quote(cel::to_text(type)), " is not a list type"));
            good = false;
            continue;
        }
        with_variables.variable(draft.programs.variables[i], type->parameters[0]);
        draft.programs.dimensions.push_back(*std::move(compiled));
    }
    if (good) {
        environment = with_variables.build();
    }
    return good;
}

std::vector<FieldProgram> Compiler::compile_fields(Draft& draft,
                                                   const cel::Environment& environment) {
    const std::string& id = draft.entry->id;
    const std::string front = cat("failed to validate resource ", quote(id), ": ");
    std::vector<FieldProgram> fields;
    for (size_t i = 0; i < draft.parsed.expressions.size(); ++i) {
        const FieldExpression& field = draft.parsed.expressions[i];
        const Path path = field_path(draft, field.path);
        Result<CompiledExpression> compiled =
            compile_expression(environment, field.expression, draft.inspections[i]);
        if (!compiled) {
            tell("G016", path,
                 cat(front, "failed to compile template expression ",
                     quote(field.expression.user_text()), " at path ", quote(field.path.text()),
                     ": ", compiled.error().message()));
            continue;
        }
        const cel::Type* output = compiled->program.ast().result_type();
        const cel::Type* expected =
            expected_type(draft.parsed.facts.schema.get(), field.path, cat("__type_", id), arena_);
        if (Status status = check_compatible(output, expected, arena_); !status) {
            tell("G017", path,
                 cat(front, "type mismatch in resource ", quote(id), " at path ",
                     quote(field.path.text()), ": expression ", quote(field.expression.user_text()),
                     " returns type ", quote(cel::to_text(output)), " but expected ",
                     quote(cel::to_text(expected)), ": ", status.error().message()));
            continue;
        }
        const bool iterates = !draft.inspections[i].unknown.empty();
        fields.push_back({field.path, *std::move(compiled), iterates});
    }
    return fields;
}

bool Compiler::compile_conditions(const Draft& draft, const cel::Environment& environment,
                                  std::string_view word, const std::vector<PlacedExpression>& from,
                                  std::vector<CompiledExpression>& to) {
    const std::string& id = draft.entry->id;
    const std::string front = cat("failed to validate resource ", quote(id), ": ");
    bool good = true;
    for (const PlacedExpression& condition : from) {
        const std::string what = cat(word, " expression ", quote(condition.expression.user_text()),
                                     " in resource ", quote(id));
        Result<CompiledExpression> compiled =
            compile_expression(environment, condition.expression, condition.inspection);
        if (!compiled) {
            tell("G016", condition.path,
                 cat(front, "failed to type-check ", what, ": ", compiled.error().message()));
            good = false;
            continue;
        }
        if (condition.inspection.uses_omit) {
            // kro accepts this and fails when it runs.
            tell("G020", condition.path,
                 cat(front, "resource ", quote(id), " ", word,
                     ": omit() can only be used in resource template expressions"));
            good = false;
            continue;
        }
        const cel::Type* type = compiled->program.ast().result_type();
        const bool fits =
            is_bool(type) || (cel::is_optional_type(type) && is_bool(type->parameters[0]));
        if (!fits) {
            tell("G018", condition.path,
                 cat(front, what, " must return bool or optional_type(bool), but returns ",
                     quote(cel::to_text(type))));
            good = false;
            continue;
        }
        to.push_back(*std::move(compiled));
    }
    return good;
}

}  // namespace weft::graph
