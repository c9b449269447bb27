// graph/compile_dependencies.cc: who reads whom, and the graph that follows (§4.2 step 8).

#include <algorithm>

#include "graph/internal/compiler.h"
#include "graph/internal/joining.h"

namespace weft::graph {

namespace {

constexpr std::string_view wrapper = "failed to build dependency graph: ";

bool is_path(const Path& path, std::string_view first, std::string_view second) {
    const std::vector<PathStep>& steps = path.steps();
    return steps.size() == 2 && steps[0] == PathStep(std::string(first)) &&
           steps[1] == PathStep(std::string(second));
}

}  // namespace

void Compiler::link() {
    std::set<std::string, std::less<>> known = {"schema", "each", "runtime"};
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        known.insert(draft->entry->id);
        CHECK(dag_.add_node(draft->entry->id));
    }
    inspector_.emplace(base_environment(), std::move(known));
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        std::vector<std::string> identity_variables;
        if (!inspect_draft(*draft, identity_variables)) {
            continue;
        }
        if (Status status = dag_.add_dependencies(draft->entry->id, draft->dependencies); !status) {
            tell(status.error().message().starts_with("graph contains a cycle") ? "G007" : "G014",
                 draft->entry->path, cat(wrapper, status.error().message()));
        }
    }
    if (failed() || !context_.gates.cel_omit_function) {
        return;
    }
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        check_identity_fields(*draft);
    }
}

// Inspects one expression and adds the ids it reads to `draft.dependencies` by way of `out`.
bool Compiler::inspect_one(const Draft& draft, const Expression& expression, const Path& path,
                           std::string_view prefix, std::string_view variable, Inspection& out,
                           std::vector<std::string>& used_variables) {
    const std::string front = cat(wrapper, prefix);
    Result<Inspection> inspected = inspector_->inspect(expression.text);
    if (!inspected) {
        tell("G016", path,
             cat(front, "failed to inspect expression: ", inspected.error().message()));
        return false;
    }
    out = *std::move(inspected);
    if (!context_.gates.cel_omit_function && out.uses_omit) {
        tell("G020", path,
             cat(front, "omit() requires the CELOmitFunction feature gate to be enabled"));
        return false;
    }
    if (out.reads("runtime")) {
        tell("G014", path,
             cat(front, "runtime is only available in status.conditions expressions"));
        return false;
    }
    const std::vector<std::string>& variables = draft.programs.variables;
    for (const std::string& name : out.unknown) {
        const bool is_variable =
            !variable.empty() && std::ranges::find(variables, name) != variables.end();
        if (!is_variable) {
            tell("G014", path, cat(front, "references unknown identifiers: [", name, "]"));
            return false;
        }
        add_once(used_variables, name);
    }
    if (!out.unknown_functions.empty()) {
        tell("G014", path, cat(front, "uses unknown functions: ", go_list(out.unknown_functions)));
        return false;
    }
    return true;
}

bool Compiler::inspect_draft(Draft& draft, std::vector<std::string>& identity_variables) {
    const std::string& id = draft.entry->id;
    bool good = true;
    const auto add_dependencies = [&draft](const Inspection& inspection) {
        for (const std::string& name : inspection.known) {
            if (name != "schema") {
                add_once(draft.dependencies, name);
            }
        }
    };
    for (const FieldExpression& field : draft.parsed.expressions) {
        std::vector<std::string> used;
        Inspection& inspection = draft.inspections.emplace_back();
        good = inspect_one(draft, field.expression, field_path(draft, field.path),
                           "failed to extract dependencies: ", "fields", inspection, used) &&
               good;
        add_dependencies(inspection);
        const bool is_identity =
            is_path(field.path, "metadata", "name") ||
            (draft.parsed.facts.namespaced && is_path(field.path, "metadata", "namespace"));
        if (is_identity) {
            for (const std::string& name : used) {
                add_once(identity_variables, name);
            }
        }
    }
    if (!good) {
        return false;
    }
    std::vector<std::string> missing;
    for (const std::string& name : draft.programs.variables) {
        if (std::ranges::find(identity_variables, name) == identity_variables.end()) {
            missing.push_back(name);
        }
    }
    if (!missing.empty()) {
        tell("G015", field_path(draft, Path{"metadata", "name"}),
             cat(wrapper, "node ", quote(id),
                 ": all forEach dimensions must be used to produce a unique resource identity, "
                 "missing: ",
                 go_list(missing)));
        good = false;
    }
    for (size_t i = 0; i < draft.dimensions.size(); ++i) {
        PlacedExpression& dimension = draft.dimensions[i];
        const std::string& name = draft.programs.variables[i];
        std::vector<std::string> used;
        const bool inspected = inspect_one(
            draft, dimension.expression, dimension.path,
            cat("failed to extract dependencies from forEach iterator ", quote(name), ": "), name,
            dimension.inspection, used);
        if (inspected && !used.empty()) {
            tell("G014", dimension.path,
                 cat(wrapper, "node ", quote(id), ": forEach iterator ", quote(name),
                     " cannot reference other iterators ", go_list(used),
                     " - forEach iterators are independent (cartesian product)"));
            good = false;
        }
        good = good && inspected;
        add_dependencies(dimension.inspection);
    }
    for (PlacedExpression& condition : draft.include_when) {
        std::vector<std::string> used;
        good = inspect_one(draft, condition.expression, condition.path,
                           "failed to extract dependencies from includeWhen: ", "",
                           condition.inspection, used) &&
               good;
        add_dependencies(condition.inspection);
    }
    return good;
}

void Compiler::check_identity_fields(const Draft& draft) {
    const bool namespace_needed = draft.parsed.facts.namespaced && !definition_.is_namespaced();
    for (size_t i = 0; i < draft.parsed.expressions.size(); ++i) {
        const Path& path = draft.parsed.expressions[i].path;
        const bool is_needed = is_path(path, "metadata", "name") ||
                               (namespace_needed && is_path(path, "metadata", "namespace"));
        if (is_needed && draft.inspections[i].uses_omit) {
            tell("G020", field_path(draft, path),
                 cat("resource ", quote(draft.entry->id), ": omit() cannot be used at path ",
                     quote(path.text()),
                     " — the field is required and must resolve to a concrete value"));
        }
    }
}

}  // namespace weft::graph
