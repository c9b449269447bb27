// graph/compile_status.cc: the instance's status: fields, their types, the author's conditions.

#include <algorithm>

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

void Compiler::compile_status_fields(const Value& status) {
    constexpr std::string_view front = "failed to build instance status schema: ";
    std::vector<std::string> plain;
    Result<std::vector<FieldExpression>> found = collect_expressions(status, &plain);
    if (!found) {
        tell(
            "G013", status_path(),
            cat(front, "failed to extract CEL expressions from status: ", found.error().message()));
        return;
    }
    if (!plain.empty()) {
        tell("G021", below_status(*Path::parse(plain[0])),
             cat(front, "status fields without expressions are not supported: ", go_list(plain)));
        return;
    }
    std::vector<std::string> allowed = {"schema"};
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        allowed.push_back(draft->entry->id);
    }
    std::vector<TypedField> fields;
    for (const FieldExpression& field : *found) {
        const Path path = below_status(field.path);
        const std::string user_text = quote(field.expression.user_text());
        Result<Inspection> inspected =
            inspector_->inspect_restricted(field.expression.text, allowed);
        if (!inspected) {
            tell("G014", path,
                 cat(front, "status field ", quote(field.path.text()), " expression ", user_text,
                     ": ", inspected.error().message()));
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, field.expression, *inspected);
        if (!compiled) {
            tell("G016", path,
                 cat(front, "failed to type-check status expression ", user_text, " at path ",
                     quote(field.path.text()), ": ", compiled.error().message()));
            continue;
        }
        if (inspected->known.empty()) {
            tell("G022", path,
                 cat("failed to create instance node: instance status field must refer to a "
                     "resource or schema: status.",
                     field.path.text()));
            continue;
        }
        for (const std::string& name : inspected->known) {
            add_once(status_reads_, name);
        }
        fields.push_back(
            {field.path, schema_of_type(compiled->program.ast().result_type(), arena_)});
        programs_->status.push_back({field.path, *std::move(compiled), false});
    }
    status_schema_ = status_schema(fields);
    programs_->status_template = status;
}

void Compiler::compile_author_conditions(const Value& conditions) {
    constexpr std::string_view front = "failed to build instance conditions: ";
    const Path path = status_path().child("conditions");
    std::vector<Expression> expressions;
    std::vector<std::string> texts;
    size_t index = 0;
    for (const Value& item : conditions.items()) {
        const Path where = path.child(index);
        if (!item.is_string()) {
            tell("G023", where,
                 cat("failed to build instance status schema: failed to extract conditions block: "
                     "status.conditions[",
                     index, "] must be a CEL expression string, got ", go_type_name(item)));
            return;
        }
        Result<Expression> expression = parse_standalone(item.as_string());
        if (!expression) {
            tell("G013", where,
                 cat(front, "invalid conditions block: ", expression.error().message()));
            return;
        }
        texts.push_back(expression->text);
        expressions.push_back(*std::move(expression));
        ++index;
    }
    if (Status status = check_condition_literals(base_environment(), texts); !status) {
        tell("G023", path, cat(front, status.error().message()));
        return;
    }
    std::vector<std::string> allowed = {"schema", "runtime"};
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        allowed.push_back(draft->entry->id);
    }
    for (size_t i = 0; i < expressions.size(); ++i) {
        const Path where = path.child(i);
        const std::string user_text = quote(expressions[i].user_text());
        Result<Inspection> inspected = inspector_->inspect_restricted(expressions[i].text, allowed);
        if (!inspected) {
            tell("G014", where,
                 cat(front, "condition ", user_text, ": ", inspected.error().message()));
            continue;
        }
        Result<CompiledExpression> compiled =
            compile_expression(*environment_, expressions[i], *inspected);
        if (!compiled) {
            tell("G016", where,
                 cat(front, "failed to type-check condition ", user_text, ": ",
                     compiled.error().message()));
            continue;
        }
        if (Status status = check_condition_type(compiled->program.ast().result_type()); !status) {
            tell("G023", where,
                 cat(front, "condition ", user_text, ": ", status.error().message()));
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
