// cel/ast.cc: asking a tree about itself.

#include "cel/ast.h"

#include <algorithm>

#include "cel/internal/ast_rep.h"

namespace weft::cel {

const Expr& Ast::root() const {
    return *rep_->parsed->root;
}

std::string_view Ast::source() const {
    return rep_->parsed->source;
}

uint32_t Ast::offset_of(uint32_t id) const {
    const std::vector<uint32_t>& offsets = rep_->parsed->offsets;
    return id < offsets.size() ? offsets[id] : 0;
}

std::span<const MacroCall> Ast::macro_calls() const {
    return rep_->parsed->macro_calls;
}

bool Ast::is_checked() const {
    return rep_->checked != nullptr;
}

const Type* Ast::result_type() const {
    return type_of(root().id);
}

const Type* Ast::type_of(uint32_t id) const {
    if (rep_->checked == nullptr || id >= rep_->checked->types.size() ||
        rep_->checked->types[id] == nullptr) {
        return &types::dyn;
    }
    return rep_->checked->types[id];
}

const Reference* Ast::reference_of(uint32_t id) const {
    if (rep_->checked == nullptr || id >= rep_->checked->references.size()) {
        return nullptr;
    }
    return rep_->checked->references[id];
}

namespace {

bool is_constant_expression(const Expr& expr) {
    switch (expr.kind) {
        case ExprKind::literal:
            return true;
        case ExprKind::list:
            return std::ranges::all_of(
                expr.args, [](const Expr* element) { return is_constant_expression(*element); });
        case ExprKind::map:
            return std::ranges::all_of(expr.entries, [](const Entry& entry) {
                return is_constant_expression(*entry.key) && is_constant_expression(*entry.value);
            });
        default:
            return false;
    }
}

// Walks an expanded tree and keeps the names that comprehensions bind on a stack.
class ReferenceWalk {
public:
    ReferenceWalk(const Ast& ast, bool (*is_namespaced)(const void*, std::string_view),
                  const void* context)
        : ast_(ast), is_namespaced_(is_namespaced), context_(context) {}

    void visit(const Expr& expr) {
        switch (expr.kind) {
            case ExprKind::literal:
                return;
            case ExprKind::identifier:
            case ExprKind::select:
                visit_path(expr);
                return;
            case ExprKind::call:
                visit_call(expr);
                return;
            case ExprKind::list:
                for (const Expr* element : expr.args) {
                    visit(*element);
                }
                return;
            case ExprKind::map:
            case ExprKind::structure:
                for (const Entry& entry : expr.entries) {
                    if (entry.key != nullptr) {
                        visit(*entry.key);
                    }
                    visit(*entry.value);
                }
                return;
            case ExprKind::comprehension:
                visit_comprehension(*expr.comprehension);
                return;
        }
    }

    References take() { return std::move(out_); }

private:
    // The identifier under selected fields, or whatever else is selected from.
    void visit_path(const Expr& expr) {
        std::vector<std::string> path;
        const Expr* at = &expr;
        for (;;) {
            if (at->kind == ExprKind::select) {
                path.emplace_back(at->name);
                at = at->operand;
            } else if (at->kind == ExprKind::call && at->name == operators::optional_select) {
                path.emplace_back(at->args[1]->literal.as_string());
                at = at->args[0];
            } else {
                break;
            }
        }
        if (at->kind != ExprKind::identifier) {
            visit(*at);
            return;
        }
        std::string_view name = at->name;
        const bool is_root = name.starts_with('.');
        if (is_root) {
            name.remove_prefix(1);
        } else if (std::ranges::find(bound_, name) != bound_.end()) {
            return;
        }
        std::ranges::reverse(path);
        out_.identifiers.push_back({std::string(name), std::move(path), ast_.offset_of(at->id)});
    }

    void visit_call(const Expr& call) {
        if (call.name == operators::optional_select) {
            visit_path(call);
            return;
        }
        const bool is_operator = call.name.find('_') != std::string_view::npos &&
                                 (call.name.starts_with('_') || call.name.ends_with('_'));
        const bool is_inner = is_operator || call.name.starts_with('@');
        if (call.operand != nullptr) {
            std::string full;
            if (qualified_name(*call.operand, full)) {
                append(full, ".", call.name);
                if (is_namespaced_(context_, full)) {
                    out_.functions.push_back({full, false, ast_.offset_of(call.id)});
                    visit_args(call);
                    return;
                }
            }
            visit(*call.operand);
        }
        if (!is_inner) {
            out_.functions.push_back(
                {std::string(call.name), call.operand != nullptr, ast_.offset_of(call.id)});
        }
        visit_args(call);
    }
    void visit_args(const Expr& call) {
        for (const Expr* argument : call.args) {
            visit(*argument);
        }
    }

    void visit_comprehension(const Comprehension& loop) {
        visit(*loop.range);
        visit(*loop.initial);
        const size_t before = bound_.size();
        bound_.push_back(loop.accumulator);
        bound_.push_back(loop.variable);
        if (!loop.second_variable.empty()) {
            bound_.push_back(loop.second_variable);
        }
        visit(*loop.condition);
        visit(*loop.step);
        bound_.resize(before + 1);
        visit(*loop.result);
        bound_.resize(before);
    }

    const Ast& ast_;
    bool (*is_namespaced_)(const void*, std::string_view);
    const void* context_;
    std::vector<std::string_view> bound_;
    References out_;
};

}  // namespace

bool Ast::is_constant() const {
    return is_constant_expression(root());
}

std::string FreeIdentifier::text() const {
    std::string out = name;
    for (const std::string& field : path) {
        append(out, ".", field);
    }
    return out;
}

References references_of(const Ast& ast, bool (*is_namespaced)(const void*, std::string_view),
                         const void* context) {
    ReferenceWalk walk(ast, is_namespaced, context);
    walk.visit(ast.root());
    References out = walk.take();
    const auto by_offset = [](const auto& a, const auto& b) { return a.offset < b.offset; };
    std::ranges::sort(out.identifiers, by_offset);
    std::ranges::sort(out.functions, by_offset);
    return out;
}

}  // namespace weft::cel
