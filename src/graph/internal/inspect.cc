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

namespace {

void add_once_at(std::vector<std::string>& names, std::vector<uint32_t>& places,
                 const std::string& name, uint32_t place) {
    if (std::ranges::find(names, name) == names.end()) {
        names.push_back(name);
        places.push_back(place);
    }
}

}  // namespace

bool Inspection::reads(std::string_view name) const {
    return std::ranges::find(known, name) != known.end();
}

Result<Inspection> Inspector::inspect(const std::string& text) const {
    Result<cel::Ast> ast = environment_.parse(text);
    if (!ast) {
        return Error(Reason::invalid, cat("parse error: ", ast.error().message()),
                     ast.error().details());
    }
    const cel::References references = environment_.references(*ast);
    Inspection out;
    for (const cel::FreeIdentifier& identifier : references.identifiers) {
        if (is_internal(identifier.name)) {
            continue;
        }
        const bool is_known = known_.contains(identifier.name);
        add_once_at(is_known ? out.known : out.unknown, is_known ? out.known_at : out.unknown_at,
                    identifier.name, identifier.offset);
    }
    for (const cel::FunctionUse& use : references.functions) {
        if (use.name == "omit" && !out.uses_omit) {
            out.uses_omit = true;
            out.omit_at = use.offset;
        }
        if (!use.is_member && !environment_.has_function(use.name)) {
            add_once_at(out.unknown_functions, out.unknown_functions_at, use.name, use.offset);
        }
    }
    return out;
}

Result<Inspection> Inspector::inspect_restricted(const std::string& text,
                                                 const std::vector<std::string>& allowed,
                                                 uint32_t* mistake_at) const {
    Inspection out = TRY(inspect(text));
    const auto fail = [mistake_at](uint32_t place, const auto&... pieces) {
        if (mistake_at != nullptr) {
            *mistake_at = place;
        }
        return make_error(Reason::invalid, pieces...);
    };
    for (size_t i = 0; i < out.known.size(); ++i) {
        if (std::ranges::find(allowed, out.known[i]) == allowed.end()) {
            return fail(out.known_at[i], "references unknown identifiers: [", out.known[i], "]");
        }
    }
    if (!out.unknown.empty()) {
        return fail(out.unknown_at[0], "references unknown identifiers: ", go_list(out.unknown));
    }
    if (!out.unknown_functions.empty()) {
        return fail(out.unknown_functions_at[0], unknown_functions_text(out.unknown_functions));
    }
    if (out.uses_omit) {
        return fail(out.omit_at, "omit() can only be used in resource template expressions");
    }
    return out;
}

std::string unknown_functions_text(const std::vector<std::string>& names) {
    return cat("uses unknown functions: [{", join(names, "} {"), "}]");
}

std::string go_list(const std::vector<std::string>& items) {
    return cat("[", join(items, " "), "]");
}

const cel::Environment& base_environment() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kro());
    return environment;
}

}  // namespace weft::graph
