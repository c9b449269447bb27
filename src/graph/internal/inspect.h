// graph/internal/inspect.h: what an expression reads, before anything has a type (§3.7).

#pragma once

#include <set>
#include <string>
#include <vector>

#include "cel/cel.h"
#include "graph/expression.h"

namespace weft::graph {

struct Inspection {
    std::vector<std::string> known;              // in the order of the source, each once
    std::vector<std::string> unknown;            // likewise
    std::vector<std::string> unknown_functions;  // global ones; the type checker tells of members
    // Where in the expression's text they stand first: of `known`, `unknown`, `unknown_functions`.
    std::vector<uint32_t> known_at;
    std::vector<uint32_t> unknown_at;
    std::vector<uint32_t> unknown_functions_at;
    bool uses_omit = false;
    uint32_t omit_at = 0;
    // Names were told to be wrong and nothing else: the type checker is still asked about the rest.
    bool has_wrong_names = false;
    // A mistake was told, or the expression reads what had one: it is not looked at any more.
    bool is_broken = false;

    [[nodiscard]] bool reads(std::string_view name) const;
};

// Sorts the names in expressions into known ones (ids, `schema`, `each`, `runtime`) and others.
class Inspector {
public:
    Inspector(const cel::Environment& environment, std::set<std::string, std::less<>> known)
        : environment_(environment), known_(std::move(known)) {}

    // invalid with "parse error: …" if it does not parse.
    [[nodiscard]] Result<Inspection> inspect(const std::string& text) const;
    // As `inspect`, for places where only some names are allowed and omit() is not. invalid with
    // kro's text: "references unknown identifiers: [x]".
    // `mistake_at` (may be null) gets the byte of the text that the error is about.
    [[nodiscard]] Result<Inspection> inspect_restricted(const std::string& text,
                                                        const std::vector<std::string>& allowed,
                                                        uint32_t* mistake_at = nullptr) const;

    [[nodiscard]] const cel::Environment& environment() const { return environment_; }

private:
    cel::Environment environment_;
    std::set<std::string, std::less<>> known_;
};

// "uses unknown functions: [{a} {b}]", as Go prints kro's list.
[[nodiscard]] std::string unknown_functions_text(const std::vector<std::string>& names);
// Go's %v of a list: "[a b]".
[[nodiscard]] std::string go_list(const std::vector<std::string>& items);

// The environment of kro's expressions without any variable; made once.
[[nodiscard]] const cel::Environment& base_environment();

}  // namespace weft::graph
