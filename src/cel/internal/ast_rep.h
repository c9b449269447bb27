// cel/internal/ast_rep.h: what an Ast holds.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cel/ast.h"
#include "cel/environment.h"

namespace weft::cel {

// What parsing makes.
struct Parsed {
    std::string source;
    Arena arena{SIZE_MAX};
    Expr* root = nullptr;
    std::vector<uint32_t> offsets;  // by id; [0] unused
    std::vector<MacroCall> macro_calls;
};

// What checking adds, by id.
struct Checked {
    Arena arena{SIZE_MAX};
    std::vector<const Type*> types;
    std::vector<const Reference*> references;
    std::shared_ptr<const Environment::Rep> environment;  // types point into it
};

struct Ast::Rep {
    std::shared_ptr<const Parsed> parsed;
    std::shared_ptr<const Checked> checked;  // null: only parsed
};

// "a.b.c" of an identifier with selected fields; false for anything else.
[[nodiscard]] bool qualified_name(const Expr& expr, std::string& out);

}  // namespace weft::cel
