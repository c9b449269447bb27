// graph/compile_status.cc: the instance's status: fields, their types, the author's conditions.

#include <algorithm>

#include "base/nearest.h"
#include "graph/internal/compiler.h"
#include "graph/internal/condition_checks.h"
#include "graph/internal/joining.h"
#include "graph/internal/status_schema.h"
#include "graph/simple_schema.h"

namespace weft::graph {

namespace {

const Path& status_path() {
    static const Path path{"spec", "schema", "status"};
    return path;
}

Path below_status(const Path& field) {
    return join_paths(status_path(), field);
}

}  // namespace

void Compiler::compile_status() {
    Value status = definition_.status.is_null() ? Value::map() : definition_.status;
    Value conditions;
    if (const Value* found = status.find("conditions")) {
        conditions = *found;
        status.erase("conditions");
        if (!conditions.is_list()) {
            tell("G023", status_path().child("conditions"),
                 cat("failed to build instance status schema: failed to extract conditions block: "
                     "status.conditions must be a list, got ",
                     go_type_name(conditions)));
            conditions = Value();
        }
    }
    compile_status_fields(status);
    if (conditions.is_list()) {
        compile_author_conditions(conditions);
    }
}

std::optional<Inspection> Compiler::inspect_status(const Expression& expression, const Path& path,
                                                   const std::vector<std::string>& allowed,
                                                   std::string_view front) {
    uint32_t mistake_at = 0;
    Result<Inspection> inspected =
        inspector_->inspect_restricted(expression.text, allowed, &mistake_at);
    if (inspected) {
        return *std::move(inspected);
    }
    const std::string& message = inspected.error().message();
    const bool is_parsed = inspected.error().details().causes.empty();
    if (!is_parsed) {
        if (mentions_poisoned(expression)) {
            return std::nullopt;
        }
        tell("G016", path, cat(front, message), offset_of_error(expression, inspected.error()));
        return std::nullopt;
    }
    Result<Inspection> all = inspector_->inspect(expression.text);
    if (!all || std::ranges::any_of(
                    all->unknown, [this](const auto& name) { return poisoned_.contains(name); })) {
        return std::nullopt;  // Told where the name stands.
    }
    const std::vector<std::string_view> candidates(allowed.begin(), allowed.end());
    tell("G014", path, cat(front, message), offset_in_source(expression, mistake_at),
         all->unknown.empty() ? "" : suggestion(all->unknown[0], candidates));
    tell_other_names(expression, *all, path, front, allowed, mistake_at);
    all->has_wrong_names =
        !all->uses_omit && std::ranges::none_of(all->known, [this](const auto& name) {
            return poisoned_.contains(name);
        });
    tell_rest(*environment_, expression, *all, path, front);
    return std::nullopt;
}

void Compiler::compile_status_fields(const Value& status) {
    constexpr std::string_view front = "failed to build instance status schema: ";
    const ExpressionWalk walk = walk_expressions(status);
    for (const ExpressionWalk::Mistake& mistake : walk.mistakes) {
        tell("G013", below_status(mistake.path),
             cat(front, "failed to extract CEL expressions from status: ", mistake.message), 0);
    }
    if (!walk.plain.empty()) {
        std::vector<std::string> texts;
        for (const Path& path : walk.plain) {
            texts.push_back(path.text());
        }
        // kro names all of them at once; each has its own place.
        const std::string message =
            cat(front, "status fields without expressions are not supported: ", go_list(texts));
        for (const Path& path : walk.plain) {
            tell("G021", below_status(path),
                 &path == &walk.plain.front()
                     ? message
                     : cat(front, "status fields without expressions are not supported: ",
                           go_list({path.text()})));
        }
    }
    std::vector<std::string> allowed = {"schema"};
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        allowed.push_back(draft->entry->id);
    }
    std::vector<TypedField> fields;
    for (const FieldExpression& field : walk.expressions) {
        const Path path = below_status(field.path);
        const std::string user_text = quote(field.expression.user_text());
        const std::optional<Inspection> inspected = inspect_status(
            field.expression, path, allowed,
            cat(front, "status field ", quote(field.path.text()), " expression ", user_text, ": "));
        if (!inspected) {
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, field.expression, *inspected);
        if (!compiled) {
            tell_broken(field.expression, path,
                        cat(front, "failed to type-check status expression ", user_text,
                            " at path ", quote(field.path.text()), ": "),
                        compiled.error());
            continue;
        }
        if (inspected->known.empty()) {
            tell("G022", path,
                 cat("failed to create instance node: instance status field must refer to a "
                     "resource or schema: status.",
                     field.path.text()),
                 0);
            continue;
        }
        for (const std::string& name : inspected->known) {
            add_once(status_reads_, name);
        }
        fields.push_back(
            {field.path, schema_of_type(compiled->program.ast().result_type(), arena_)});
        programs_->status.push_back({field.path, *std::move(compiled), false});
    }
    if (!failed()) {
        status_schema_ = status_schema(fields);
    }
    programs_->status_template = status;
}

void Compiler::compile_author_conditions(const Value& conditions) {
    constexpr std::string_view front = "failed to build instance conditions: ";
    const Path path = status_path().child("conditions");
    std::vector<PlacedExpression> expressions;
    std::vector<std::string> texts;
    size_t index = 0;
    for (const Value& item : conditions.items()) {
        const Path where = path.child(index);
        if (!item.is_string()) {
            tell("G023", where,
                 cat("failed to build instance status schema: failed to extract conditions block: "
                     "status.conditions[",
                     index, "] must be a CEL expression string, got ", go_type_name(item)));
        } else if (Result<Expression> expression = parse_standalone(item.as_string());
                   !expression) {
            tell("G013", where,
                 cat(front, "invalid conditions block: ", expression.error().message()), 0);
        } else {
            texts.push_back(expression->text);
            expressions.push_back({*std::move(expression), {}, where});
        }
        ++index;
    }
    size_t wrong = 0;
    if (Status status = check_condition_literals(base_environment(), texts, &wrong); !status) {
        tell("G023", expressions[wrong].path, cat(front, status.error().message()), 0);
    }
    std::vector<std::string> allowed = {"schema", "runtime"};
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        allowed.push_back(draft->entry->id);
    }
    for (const PlacedExpression& condition : expressions) {
        const std::string user_text = quote(condition.expression.user_text());
        const std::optional<Inspection> inspected =
            inspect_status(condition.expression, condition.path, allowed,
                           cat(front, "condition ", user_text, ": "));
        if (!inspected) {
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, condition.expression, *inspected);
        if (!compiled) {
            tell_broken(condition.expression, condition.path,
                        cat(front, "failed to type-check condition ", user_text, ": "),
                        compiled.error());
            continue;
        }
        if (Status status = check_condition_type(compiled->program.ast().result_type()); !status) {
            tell("G023", condition.path,
                 cat(front, "condition ", user_text, ": ", status.error().message()), 0);
            continue;
        }
        for (const std::string& name : inspected->known) {
            if (name != "schema" && name != "runtime") {
                add_once(status_reads_, name);
            }
        }
        programs_->conditions.push_back(*std::move(compiled));
    }
}

}  // namespace weft::graph
