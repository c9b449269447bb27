// graph/internal/inspect.cc: asks cel for the names and sorts them.

#include "graph/internal/inspect.h"

#include <algorithm>

#include "graph/internal/joining.h"

namespace weft::graph {

namespace {

// Names that macros make and no user can write.
bool is_internal(std::string_view name) {
    return name == cel::accumulator || name.starts_with("$$") || name.starts_with("@__");
}

}  // namespace

bool Inspection::reads(std::string_view name) const {
    return std::ranges::find(known, name) != known.end();
}

Result<Inspection> Inspector::inspect(const std::string& text) const {
    Result<cel::Ast> ast = environment_.parse(text);
    if (!ast) {
        return make_error(Reason::invalid, "parse error: ", ast.error().message());
    }
    const cel::References references = environment_.references(*ast);
    Inspection out;
    for (const cel::FreeIdentifier& identifier : references.identifiers) {
        if (is_internal(identifier.name)) {
            continue;
        }
        add_once(known_.contains(identifier.name) ? out.known : out.unknown, identifier.name);
    }
    for (const cel::FunctionUse& use : references.functions) {
        out.uses_omit = out.uses_omit || use.name == "omit";
        if (!use.is_member && !environment_.has_function(use.name)) {
            add_once(out.unknown_functions, use.name);
        }
    }
    return out;
}

Result<Inspection> Inspector::inspect_restricted(const std::string& text,
                                                 const std::vector<std::string>& allowed) const {
    Inspection out = TRY(inspect(text));
    for (const std::string& name : out.known) {
        if (std::ranges::find(allowed, name) == allowed.end()) {
            return make_error(Reason::invalid, "references unknown identifiers: [", name, "]");
        }
    }
    if (!out.unknown.empty()) {
        return make_error(Reason::invalid,
                          "references unknown identifiers: ", go_list(out.unknown));
    }
    if (!out.unknown_functions.empty()) {
        return make_error(Reason::invalid,
                          "uses unknown functions: ", go_list(out.unknown_functions));
    }
    if (out.uses_omit) {
        return make_error(Reason::invalid,
                          "omit() can only be used in resource template expressions");
    }
    return out;
}

std::string go_list(const std::vector<std::string>& items) {
    return cat("[", join(items, " "), "]");
}

const cel::Environment& base_environment() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kro());
    return environment;
}

}  // namespace weft::graph
