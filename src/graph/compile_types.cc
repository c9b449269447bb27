// graph/compile_types.cc: every expression of a node against the types of what it reads.

#include <algorithm>

#include "base/nearest.h"
#include "graph/internal/compiler.h"
#include "graph/internal/schema_types.h"

namespace weft::graph {

namespace {

bool is_list_node(NodeType type) {
    return type == NodeType::collection || type == NodeType::external_collection;
}

bool is_def_node(NodeType type) {
    return type == NodeType::def || type == NodeType::def_collection;
}

bool is_bool(const cel::Type* type) {
    return type->kind == cel::TypeKind::boolean && !type->nullable;
}

}  // namespace

// Whether a value may have any type only because of a mistake or a kind that nobody knows.
bool Compiler::is_guess(const cel::Type* type) const {
    return type->kind == cel::TypeKind::dyn &&
           (failed() || std::ranges::any_of(drafts_, [](const std::unique_ptr<Draft>& draft) {
                return !draft->parsed.facts.is_known;
            }));
}

void Compiler::make_environment() {
    cel::Environment::Builder builder = base_environment().extend();
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        const std::string& id = draft->entry->id;
        if (draft->is_duplicate || !dag_.contains(id)) {
            continue;
        }
        if (is_def_node(draft->parsed.type)) {
            // Until its type is known; in a circle that was told it never is.
            builder.variable(id, &cel::types::dyn);
            continue;
        }
        if (duplicates_.contains(id) || !draft->parsed.facts.is_known) {
            // Which one is meant, or what it has, nobody knows. A collection is a list all the
            // same.
            if (is_list_node(draft->parsed.type) && !duplicates_.contains(id)) {
                builder.object(id, draft->parsed.facts.schema, cat("__type_", id), true);
            } else if (duplicates_.contains(id)) {
                builder.variable(id, &cel::types::dyn);
            } else {
                builder.object(id, draft->parsed.facts.schema, cat("__type_", id));
            }
            continue;
        }
        builder.object(id, draft->parsed.facts.schema, cat("__type_", id),
                       is_list_node(draft->parsed.type));
    }
    builder.object("schema", instance_schema_, "__type_schema");
    environment_.emplace(builder.build());
    declare_defs();
}

Result<CompiledExpression> Compiler::compile_expression(const cel::Environment& environment,
                                                        const Expression& expression,
                                                        const Inspection& inspection) const {
    cel::Ast ast = TRY(environment.compile(expression.text));
    cel::ProgramOptions options;
    options.track_cost = context_.budget.limits_cost();
    Result<cel::Program> program = environment.program(ast, options);
    if (!program) {
        return make_error(Reason::invalid, "compile: ", program.error().message());
    }
    CompiledExpression out{expression, *std::move(program), inspection.known, inspection.uses_omit};
    out.references.insert(out.references.end(), inspection.unknown.begin(),
                          inspection.unknown.end());
    return out;
}

std::string Compiler::suggest_field(const Expression& expression, const Cause& cause) const {
    constexpr std::string_view front = "undefined field '";
    if (!cause.message.starts_with(front)) {
        return "";
    }
    const std::string_view rest = std::string_view(cause.message).substr(front.size());
    const std::string_view name = rest.substr(0, rest.find('\''));
    // What stands before ".name", if it is a plain path.
    const std::string& text = expression.text;
    const size_t dot = text.find(cat(".", name));
    if (dot == std::string::npos) {
        return "";
    }
    size_t start = dot;
    const auto is_of_path = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '[' || c == ']';
    };
    while (start > 0 && is_of_path(text[start - 1])) {
        --start;
    }
    const Result<Path> path = Path::parse(std::string_view(text).substr(start, dot - start));
    if (!path || path->is_root()) {
        return "";
    }
    const std::string* root = std::get_if<std::string>(&path->steps()[0]);
    const schema::Schema* schema = nullptr;
    if (root != nullptr && *root == "schema") {
        schema = instance_schema_.get();
    }
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        if (root != nullptr && draft->entry->id == *root) {
            schema = draft->parsed.facts.schema.get();
        }
    }
    for (size_t i = 1; i < path->steps().size() && schema != nullptr; ++i) {
        const std::string* step = std::get_if<std::string>(&path->steps()[i]);
        // An index into a collection stays with its objects.
        const bool of_collection = step == nullptr && schema->items == nullptr && i == 1;
        schema = of_collection     ? schema
                 : step == nullptr ? schema->items
                                   : schema->find_member(*step);
    }
    std::vector<std::string_view> names;
    if (schema != nullptr) {
        for (const schema::Property& property : schema->properties) {
            names.emplace_back(property.name);
        }
    }
    return suggestion(name, names);
}

void Compiler::tell_broken(const Expression& expression, const Path& path, std::string_view front,
                           const Error& error) {
    const std::vector<Cause>& causes = error.details().causes;
    tell("G016", path, cat(front, error.message()), offset_of_error(expression, error),
         causes.empty() ? "" : suggest_field(expression, causes[0]));
    for (size_t i = 1; i < causes.size(); ++i) {
        tell("G016", path, cat(front, causes[i].message), offset_of_cause(expression, causes[i]),
             suggest_field(expression, causes[i]));
    }
}

void Compiler::tell_rest(const cel::Environment& environment, const Expression& expression,
                         const Inspection& inspection, const Path& path, std::string_view front) {
    if (!inspection.has_wrong_names) {
        return;
    }
    const Result<cel::Ast> ast = environment.compile(expression.text);
    if (ast) {
        return;
    }
    const auto is_told = [&inspection](std::string_view message) {
        constexpr std::string_view undeclared = "undeclared reference to '";
        if (!message.starts_with(undeclared)) {
            return false;
        }
        message.remove_prefix(undeclared.size());
        const std::string_view name = message.substr(0, message.find('\''));
        // Of `a.b.c` the checker may name more than the first part.
        const std::string_view first = name.substr(0, name.find('.'));
        // A known name that is not declared is one of another scope, which was told, too.
        return inspection.reads(first) ||
               std::ranges::find(inspection.unknown, first) != inspection.unknown.end() ||
               std::ranges::find(inspection.unknown_functions, name) !=
                   inspection.unknown_functions.end();
    };
    for (const Cause& cause : ast.error().details().causes) {
        if (!is_told(cause.message)) {
            tell("G016", path, cat(front, cause.message), offset_of_cause(expression, cause),
                 suggest_field(expression, cause));
        }
    }
}

void Compiler::compile_types(Draft& draft) {
    const bool is_def = is_def_node(draft.parsed.type) && !draft.is_duplicate;
    draft.programs.schema = draft.parsed.facts.schema;
    cel::Environment environment = *environment_;
    std::vector<FieldProgram> fields;
    if (is_def) {
        fields = std::move(draft.def_fields);
        environment = draft.programs.environment.value_or(environment);
    } else {
        compile_dimensions(draft, environment);
        fields = compile_fields(draft, environment);
    }
    compile_conditions(draft, environment, "includeItemsWhen", draft.include_items_when,
                       draft.programs.include_items_when);
    compile_conditions(draft, *environment_, "propagateWhen", draft.propagate_when,
                       draft.programs.propagate_when);
    compile_conditions(draft, *environment_, "includeWhen", draft.include_when,
                       draft.programs.include_when);
    compile_ready_when(draft);
    if (!failed()) {
        draft.programs.renderer = draft.kind->make_renderer(draft.parsed, std::move(fields));
    }
}

void Compiler::compile_ready_when(Draft& draft) {
    const std::string& id = draft.entry->id;
    const bool is_collection =
        draft.parsed.type == NodeType::collection || draft.parsed.type == NodeType::def_collection;
    const std::string own = is_collection ? "each" : id;
    for (PlacedExpression& condition : draft.ready_when) {
        uint32_t mistake_at = 0;
        Result<Inspection> inspected =
            inspector_->inspect_restricted(condition.expression.text, {own}, &mistake_at);
        if (inspected) {
            condition.inspection = *std::move(inspected);
            condition.inspection.is_broken = !is_collection && !dag_.contains(id);
            continue;
        }
        condition.inspection.is_broken = true;
        const std::string& message = inspected.error().message();
        if (message.starts_with("references unknown") &&
            (poisoned_.contains(id) || draft.is_duplicate)) {
            continue;  // It reads itself, by a name that was told to be wrong.
        }
        const bool is_parsed = inspected.error().details().causes.empty();
        if (!is_parsed && mentions_poisoned(condition.expression)) {
            continue;
        }
        const std::string front = cat("failed to validate resource ", quote(id), ": resource ",
                                      quote(id), " readyWhen: ");
        tell(is_parsed ? "G014" : "G016", condition.path, cat(front, message),
             is_parsed ? offset_in_source(condition.expression, mistake_at)
                       : offset_of_error(condition.expression, inspected.error()),
             is_parsed && message.starts_with("references unknown")
                 ? cat("readyWhen sees only ", quote(own), ": ")
                 : "");
        if (Result<Inspection> all = inspector_->inspect(condition.expression.text)) {
            tell_other_names(condition.expression, *all, condition.path, front, {own}, mistake_at);
            condition.inspection = *std::move(all);
            condition.inspection.is_broken = true;
            condition.inspection.has_wrong_names = !condition.inspection.uses_omit;
        }
    }
    if (is_collection && !draft.ready_when.empty()) {
        const cel::Environment environment =
            environment_->extend().object("each", draft.parsed.facts.schema, "__type_each").build();
        compile_conditions(draft, environment, "readyWhen", draft.ready_when,
                           draft.programs.ready_when);
        draft.programs.ready_environment = environment;
        return;
    }
    compile_conditions(draft, *environment_, "readyWhen", draft.ready_when,
                       draft.programs.ready_when);
}

void Compiler::compile_dimensions(Draft& draft, cel::Environment& environment) {
    if (draft.dimensions.empty()) {
        return;
    }
    const std::string front = cat("failed to validate resource ", quote(draft.entry->id), ": node ",
                                  quote(draft.entry->id), ": forEach iterator ");
    cel::Environment::Builder with_variables = environment_->extend();
    // The type of one item; of any type where a mistake was told.
    const auto item_type = [&](size_t i) -> const cel::Type* {
        const PlacedExpression& dimension = draft.dimensions[i];
        const std::string name = quote(draft.programs.variables[i]);
        if (dimension.inspection.is_broken) {
            tell_rest(*environment_, dimension.expression, dimension.inspection, dimension.path,
                      cat(front, name, ": "));
            return &cel::types::dyn;
        }
        if (dimension.inspection.uses_omit) {
            tell("G020", dimension.path,
                 cat(front, name, ": omit() can only be used in resource template expressions"),
                 offset_in_source(dimension.expression, dimension.inspection.omit_at));
            return &cel::types::dyn;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, dimension.expression, dimension.inspection);
        if (!compiled) {
            tell_broken(dimension.expression, dimension.path, cat(front, name, ": "),
                        compiled.error());
            return &cel::types::dyn;
        }
        const cel::Type* type = compiled->program.ast().result_type();
        draft.programs.dimensions.push_back(*std::move(compiled));
        if (type->kind == cel::TypeKind::list && type->parameters.size() == 1) {
            return type->parameters[0];
        }
        if (is_guess(type)) {
            return type;
        }
        tell("G019", dimension.path,
             cat(front, name, " must return a list, got ", quote(cel::to_text(type)), ": type ",
                 quote(cel::to_text(type)), " is not a list type"),
             offset_in_source(dimension.expression, 0));
        return &cel::types::dyn;
    };
    std::set<std::string_view> declared;
    for (size_t i = 0; i < draft.dimensions.size(); ++i) {
        const std::string& name = draft.programs.variables[i];
        const cel::Type* type = item_type(i);
        if (!draft.poisoned.contains(name) && declared.insert(name).second) {
            with_variables.variable(name, type);
        }
    }
    environment = with_variables.build();
    draft.programs.environment = environment;
}

std::vector<FieldProgram> Compiler::compile_fields(Draft& draft,
                                                   const cel::Environment& environment) {
    const std::string& id = draft.entry->id;
    const std::string front = cat("failed to validate resource ", quote(id), ": ");
    std::vector<FieldProgram> fields;
    for (size_t i = 0; i < draft.parsed.expressions.size(); ++i) {
        const FieldExpression& field = draft.parsed.expressions[i];
        const std::string wrong =
            cat(front, "failed to compile template expression ",
                quote(field.expression.user_text()), " at path ", quote(field.path.text()), ": ");
        if (draft.inspections[i].is_broken || draft.inspections[i].reads("each")) {
            // `each` was told by the graph: it has no such node.
            tell_rest(environment, field.expression, draft.inspections[i],
                      field_path(draft, field.path), wrong);
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(environment, field.expression, draft.inspections[i]);
        if (!compiled) {
            tell_broken(field.expression, field_path(draft, field.path), wrong, compiled.error());
            continue;
        }
        const bool iterates = !draft.inspections[i].unknown.empty();
        if (is_def_node(draft.parsed.type)) {
            if (draft.inspections[i].uses_omit) {
                tell("G020", field_path(draft, field.path),
                     cat(front, "def: omit() can only be used in resource template expressions"),
                     offset_in_source(field.expression, draft.inspections[i].omit_at));
                continue;
            }
            fields.push_back({field.path, *std::move(compiled), iterates});
            continue;
        }
        const cel::Type* output = compiled->program.ast().result_type();
        const cel::Type* expected =
            expected_type(draft.parsed.facts.schema.get(), field.path, cat("__type_", id), arena_);
        if (Status status = check_compatible(output, expected, arena_); !status) {
            tell("G017", field_path(draft, field.path),
                 cat(front, "type mismatch in resource ", quote(id), " at path ",
                     quote(field.path.text()), ": expression ", quote(field.expression.user_text()),
                     " returns type ", quote(cel::to_text(output)), " but expected ",
                     quote(cel::to_text(expected)), ": ", status.error().message()),
                 offset_in_source(field.expression, 0));
            continue;
        }
        fields.push_back({field.path, *std::move(compiled), iterates});
    }
    return fields;
}

void Compiler::compile_conditions(const Draft& draft, const cel::Environment& environment,
                                  std::string_view word, const std::vector<PlacedExpression>& from,
                                  std::vector<CompiledExpression>& to) {
    const std::string& id = draft.entry->id;
    const std::string front = cat("failed to validate resource ", quote(id), ": ");
    for (const PlacedExpression& condition : from) {
        const std::string what = cat(word, " expression ", quote(condition.expression.user_text()),
                                     " in resource ", quote(id));
        const std::string wrong = cat(front, "failed to type-check ", what, ": ");
        if (condition.inspection.is_broken ||
            (word == "includeWhen" && condition.inspection.reads("each"))) {
            tell_rest(environment, condition.expression, condition.inspection, condition.path,
                      wrong);
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(environment, condition.expression, condition.inspection);
        if (!compiled) {
            tell_broken(condition.expression, condition.path, wrong, compiled.error());
            continue;
        }
        if (condition.inspection.uses_omit) {
            // kro accepts this and fails when it runs.
            tell("G020", condition.path,
                 cat(front, "resource ", quote(id), " ", word,
                     ": omit() can only be used in resource template expressions"),
                 offset_in_source(condition.expression, condition.inspection.omit_at));
            continue;
        }
        const cel::Type* type = compiled->program.ast().result_type();
        const bool fits = is_bool(type) || is_guess(type) ||
                          (cel::is_optional_type(type) &&
                           (is_bool(type->parameters[0]) || is_guess(type->parameters[0])));
        if (!fits) {
            tell("G018", condition.path,
                 cat(front, what, " must return bool or optional_type(bool), but returns ",
                     quote(cel::to_text(type))),
                 offset_in_source(condition.expression, 0));
            continue;
        }
        to.push_back(*std::move(compiled));
    }
}

}  // namespace weft::graph
