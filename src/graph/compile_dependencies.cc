// graph/compile_dependencies.cc: who reads whom, and the graph that follows (§4.2 step 8).

#include <algorithm>

#include "base/nearest.h"
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
        const std::string& id = draft->entry->id;
        // A second entry of an id, and one that is named as what is always there, has no node.
        if (!dag_.contains(id) && known.insert(id).second) {
            CHECK(dag_.add_node(id));
        }
    }
    inspector_.emplace(base_environment(), std::move(known));
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        inspect_draft(*draft);
        const std::string& id = draft->entry->id;
        if (draft->is_duplicate || !dag_.contains(id)) {
            continue;
        }
        for (const Read& read : draft->reads) {
            if (Status status = dag_.add_dependencies(id, {read.id}); !status) {
                const std::string& message = status.error().message();
                tell(message.starts_with("graph contains a cycle") ? "G007" : "G014", read.path,
                     cat(wrapper, message), read.offset);
            }
        }
    }
    if (!context_.gates.cel_omit_function) {
        return;
    }
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        check_identity_fields(*draft);
    }
}

// An expression that does not parse may be one that reads a name which CEL cannot have.
bool Compiler::mentions_poisoned(const Expression& expression) const {
    return std::ranges::any_of(poisoned_, [&expression](const std::string& name) {
        return expression.text.find(name) != std::string::npos;
    });
}

void Compiler::tell_unknown_name(const Draft& draft, const Expression& expression, const Path& path,
                                 const Inspection& inspection, size_t which,
                                 std::string_view front) {
    std::vector<std::string_view> candidates = {"schema"};
    for (const std::unique_ptr<Draft>& other : drafts_) {
        candidates.emplace_back(other->entry->id);
    }
    candidates.insert(candidates.end(), draft.programs.variables.begin(),
                      draft.programs.variables.end());
    const std::string& name = inspection.unknown[which];
    tell("G014", path, cat(front, "references unknown identifiers: [", name, "]"),
         offset_in_source(expression, inspection.unknown_at[which]), suggestion(name, candidates));
}

void Compiler::tell_other_names(const Expression& expression, const Inspection& inspection,
                                const Path& path, std::string_view front,
                                const std::vector<std::string>& allowed, uint32_t told_at) {
    const auto tell_name = [&](const std::string& text, const std::string& name, uint32_t at) {
        if (at != told_at && !poisoned_.contains(name)) {
            tell("G014", path, cat(front, text), offset_in_source(expression, at));
        }
    };
    const auto unknown = [](const std::string& name) {
        return cat("references unknown identifiers: [", name, "]");
    };
    for (size_t i = 0; i < inspection.known.size(); ++i) {
        if (std::ranges::find(allowed, inspection.known[i]) == allowed.end()) {
            tell_name(unknown(inspection.known[i]), inspection.known[i], inspection.known_at[i]);
        }
    }
    for (size_t i = 0; i < inspection.unknown.size(); ++i) {
        tell_name(unknown(inspection.unknown[i]), inspection.unknown[i], inspection.unknown_at[i]);
    }
    for (size_t i = 0; i < inspection.unknown_functions.size(); ++i) {
        tell_name(unknown_functions_text({inspection.unknown_functions[i]}),
                  inspection.unknown_functions[i], inspection.unknown_functions_at[i]);
    }
}

bool Compiler::inspect_one(const Draft& draft, const Expression& expression, const Path& path,
                           std::string_view prefix, std::string_view variable, Inspection& out,
                           std::vector<std::string>& used_variables) {
    const std::string front = cat(wrapper, prefix);
    Result<Inspection> inspected = inspector_->inspect(expression.text);
    if (!inspected) {
        out.is_broken = true;
        if (!mentions_poisoned(expression)) {
            tell("G016", path,
                 cat(front, "failed to inspect expression: ", inspected.error().message()),
                 offset_of_error(expression, inspected.error()));
        }
        return false;
    }
    out = *std::move(inspected);
    bool has_wrong_names = false;
    bool is_lost = false;  // for a reason that makes looking further worthless
    if (!context_.gates.cel_omit_function && out.uses_omit) {
        tell("G020", path,
             cat(front, "omit() requires the CELOmitFunction feature gate to be enabled"),
             offset_in_source(expression, out.omit_at));
        out.is_broken = true;
        is_lost = true;
    }
    for (size_t i = 0; i < out.known.size(); ++i) {
        const std::string& name = out.known[i];
        if (name == "runtime" && !poisoned_.contains(name)) {
            tell("G014", path,
                 cat(front, "runtime is only available in status.conditions expressions"),
                 offset_in_source(expression, out.known_at[i]));
            out.is_broken = true;
            is_lost = true;
        }
        is_lost = is_lost || poisoned_.contains(name) || draft.poisoned.contains(name);
        out.is_broken = out.is_broken || draft.poisoned.contains(name);
    }
    const std::vector<std::string>& variables = draft.programs.variables;
    for (size_t i = 0; i < out.unknown.size(); ++i) {
        const std::string& name = out.unknown[i];
        const bool is_variable =
            !variable.empty() && std::ranges::find(variables, name) != variables.end();
        if (is_variable) {
            add_once(used_variables, name);
            is_lost = is_lost || draft.poisoned.contains(name);
            out.is_broken = out.is_broken || draft.poisoned.contains(name);
        } else if (draft.has_lost_fields || poisoned_.contains(name) ||
                   draft.poisoned.contains(name)) {
            out.is_broken = true;
            is_lost = true;
        } else {
            tell_unknown_name(draft, expression, path, out, i, front);
            out.is_broken = true;
            has_wrong_names = true;
        }
    }
    // kro names all of them at once; each has its own place.
    for (size_t i = 0; i < out.unknown_functions.size(); ++i) {
        tell("G014", path,
             cat(front, unknown_functions_text(
                            i == 0 ? out.unknown_functions
                                   : std::vector<std::string>{out.unknown_functions[i]})),
             offset_in_source(expression, out.unknown_functions_at[i]));
        out.is_broken = true;
        has_wrong_names = true;
    }
    out.has_wrong_names = has_wrong_names && !is_lost;
    return !out.is_broken;
}

void Compiler::inspect_draft(Draft& draft) {
    const std::string& id = draft.entry->id;
    bool identity_is_known = !draft.has_lost_fields;
    const auto add_reads = [&draft](const Expression& expression, const Inspection& inspection,
                                    const Path& path) {
        for (size_t i = 0; i < inspection.known.size(); ++i) {
            const std::string& name = inspection.known[i];
            if (name == "schema" || name == "runtime" || draft.poisoned.contains(name) ||
                std::ranges::find(draft.reads, name, &Read::id) != draft.reads.end()) {
                continue;
            }
            draft.reads.push_back(
                {name, path, offset_in_source(expression, inspection.known_at[i])});
        }
    };
    std::vector<std::string> identity_variables;
    for (const FieldExpression& field : draft.parsed.expressions) {
        std::vector<std::string> used;
        Inspection& inspection = draft.inspections.emplace_back();
        const Path path = field_path(draft, field.path);
        const bool good =
            inspect_one(draft, field.expression, path, "failed to extract dependencies: ", "fields",
                        inspection, used);
        add_reads(field.expression, inspection, path);
        const bool is_identity =
            is_path(field.path, "metadata", "name") ||
            (draft.parsed.facts.namespaced && is_path(field.path, "metadata", "namespace"));
        if (is_identity) {
            identity_is_known = identity_is_known && good;
            for (const std::string& name : used) {
                add_once(identity_variables, name);
            }
        }
    }
    if (identity_is_known && draft.parsed.type != NodeType::def_collection) {
        check_dimensions_used(draft, identity_variables);
    }
    for (size_t i = 0; i < draft.dimensions.size(); ++i) {
        PlacedExpression& dimension = draft.dimensions[i];
        if (dimension.inspection.is_broken) {
            continue;
        }
        const std::string& name = draft.programs.variables[i];
        std::vector<std::string> used;
        inspect_one(draft, dimension.expression, dimension.path,
                    cat("failed to extract dependencies from forEach iterator ", quote(name), ": "),
                    name, dimension.inspection, used);
        if (!used.empty()) {
            const auto at = std::ranges::find(dimension.inspection.unknown, used[0]);
            const size_t which = static_cast<size_t>(at - dimension.inspection.unknown.begin());
            tell("G014", dimension.path,
                 cat(wrapper, "node ", quote(id), ": forEach iterator ", quote(name),
                     " cannot reference other iterators ", go_list(used),
                     " - forEach iterators are independent (cartesian product)"),
                 offset_in_source(dimension.expression, dimension.inspection.unknown_at[which]));
            dimension.inspection.is_broken = true;
        }
        add_reads(dimension.expression, dimension.inspection, dimension.path);
    }
    // `variable` as inspect_one() takes it: only items of a collection see the variables.
    const auto inspect_conditions = [&](std::vector<PlacedExpression>& conditions,
                                        std::string_view word, std::string_view variable) {
        for (PlacedExpression& condition : conditions) {
            std::vector<std::string> used;
            inspect_one(draft, condition.expression, condition.path,
                        cat("failed to extract dependencies from ", word, ": "), variable,
                        condition.inspection, used);
            add_reads(condition.expression, condition.inspection, condition.path);
        }
    };
    inspect_conditions(draft.include_when, "includeWhen", "");
    inspect_conditions(draft.propagate_when, "propagateWhen", "");
    inspect_conditions(draft.include_items_when, "includeItemsWhen", "items");
}

void Compiler::check_dimensions_used(const Draft& draft,
                                     const std::vector<std::string>& identity_variables) {
    std::vector<std::string> missing;
    for (const std::string& name : draft.programs.variables) {
        if (!draft.poisoned.contains(name) &&
            std::ranges::find(identity_variables, name) == identity_variables.end()) {
            missing.push_back(name);
        }
    }
    if (!missing.empty()) {
        tell("G015", field_path(draft, Path{"metadata", "name"}),
             cat(wrapper, "node ", quote(draft.entry->id),
                 ": all forEach dimensions must be used to produce a unique resource identity, "
                 "missing: ",
                 go_list(missing)));
    }
}

void Compiler::check_identity_fields(const Draft& draft) {
    const bool namespace_needed = draft.parsed.facts.namespaced && !definition_.is_namespaced();
    for (size_t i = 0; i < draft.parsed.expressions.size(); ++i) {
        const Path& path = draft.parsed.expressions[i].path;
        const bool is_needed = is_path(path, "metadata", "name") ||
                               (namespace_needed && is_path(path, "metadata", "namespace"));
        if (is_needed && draft.inspections[i].uses_omit) {
            const Expression& expression = draft.parsed.expressions[i].expression;
            tell("G020", field_path(draft, path),
                 cat("resource ", quote(draft.entry->id), ": omit() cannot be used at path ",
                     quote(path.text()),
                     " — the field is required and must resolve to a concrete value"),
                 offset_in_source(expression, draft.inspections[i].omit_at));
        }
    }
}

}  // namespace weft::graph
