// cel/internal/unifier.cc: which type fits where.

#include "cel/internal/unifier.h"

#include "base/base.h"

namespace weft::cel {

namespace {

bool has_parameters(const Type* type) {
    return !type->parameters.empty();
}

// dyn, or the same but for dyn inside.
bool is_equal_or_less_specific(const Type* a, const Type* b) {
    if (a->kind == TypeKind::dyn || a->kind == TypeKind::any || a->kind == TypeKind::parameter) {
        return true;
    }
    if (b->kind == TypeKind::dyn || b->kind == TypeKind::any || b->kind == TypeKind::parameter ||
        a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
        case TypeKind::opaque:
        case TypeKind::list:
        case TypeKind::map:
            if (a->name != b->name || a->parameters.size() != b->parameters.size()) {
                return false;
            }
            for (size_t i = 0; i < a->parameters.size(); ++i) {
                if (!is_equal_or_less_specific(a->parameters[i], b->parameters[i])) {
                    return false;
                }
            }
            return true;
        case TypeKind::type:
            return true;
        default:
            return is_same(a, b);
    }
}

bool takes_null(const Type* type) {
    return type->nullable || type->kind == TypeKind::null || type->kind == TypeKind::opaque ||
           type->kind == TypeKind::duration || type->kind == TypeKind::timestamp ||
           type->kind == TypeKind::structure;
}

}  // namespace

const Type* most_general(const Type* a, const Type* b) {
    return is_equal_or_less_specific(a, b) ? a : b;
}

const Type* Unifier::new_variable() {
    bound_.push_back(nullptr);
    return arena_->make<Type>(Type{.kind = TypeKind::parameter,
                                   .name = "_var",
                                   .variable = static_cast<uint32_t>(bound_.size())});
}

void Unifier::bind(const Type* variable, const Type* type) {
    changes_.push_back({variable->variable, bound_[variable->variable - 1]});
    bound_[variable->variable - 1] = type;
}

void Unifier::roll_back(size_t mark) {
    while (changes_.size() > mark) {
        bound_[changes_.back().variable - 1] = changes_.back().before;
        changes_.pop_back();
    }
}

const Type* Unifier::substitute(const Type* type, bool unknown_to_dyn) {
    if (const Type* found = find(type)) {
        return substitute(found, unknown_to_dyn);
    }
    if (type->kind == TypeKind::parameter) {
        return unknown_to_dyn ? &types::dyn : type;
    }
    if (!has_parameters(type)) {
        return type;
    }
    std::vector<const Type*> parameters;
    bool changed = false;
    for (const Type* parameter : type->parameters) {
        parameters.push_back(substitute(parameter, unknown_to_dyn));
        changed = changed || parameters.back() != parameter;
    }
    if (!changed) {
        return type;
    }
    Type out = *type;
    out.parameters = arena_->copy(std::span<const Type* const>(parameters));
    return arena_->make<Type>(out);
}

const Type* Unifier::instantiate(const Type* type, Fresh& fresh) {
    if (type->kind == TypeKind::parameter) {
        for (const auto& [name, variable] : fresh.variables) {
            if (name == type->name) {
                return variable;
            }
        }
        fresh.variables.emplace_back(type->name, new_variable());
        return fresh.variables.back().second;
    }
    if (!has_parameters(type)) {
        return type;
    }
    const Type** parameters = arena_->array<const Type*>(type->parameters.size());
    for (size_t i = 0; i < type->parameters.size(); ++i) {
        parameters[i] = instantiate(type->parameters[i], fresh);
    }
    Type out = *type;
    out.parameters = {parameters, type->parameters.size()};
    return arena_->make<Type>(out);
}

bool Unifier::is_assignable(const Type* to, const Type* from) {
    const size_t mark = changes_.size();
    if (assign(to, from)) {
        return true;
    }
    roll_back(mark);
    return false;
}

bool Unifier::is_assignable(std::span<const Type* const> to, std::span<const Type* const> from) {
    const size_t mark = changes_.size();
    if (assign_all(to, from)) {
        return true;
    }
    roll_back(mark);
    return false;
}

bool Unifier::assign_all(std::span<const Type* const> to, std::span<const Type* const> from) {
    if (to.size() != from.size()) {
        return false;
    }
    for (size_t i = 0; i < to.size(); ++i) {
        if (!assign(to[i], from[i])) {
            return false;
        }
    }
    return true;
}

bool Unifier::occurs(const Type* variable, const Type* in) const {
    if (in->variable == variable->variable) {
        return true;
    }
    if (in->kind == TypeKind::parameter) {
        const Type* found = find(in);
        return found != nullptr && occurs(variable, found);
    }
    for (const Type* parameter : in->parameters) {
        if (occurs(variable, parameter)) {
            return true;
        }
    }
    return false;
}

Unifier::Substitution Unifier::try_substitution(const Type* type, const Type* variable) {
    if (type->kind == TypeKind::parameter && type->variable == variable->variable) {
        return {true, true};
    }
    if (const Type* known = find(variable)) {
        if (type->kind == known->kind && type->variable == known->variable &&
            is_same(type, known)) {
            return {true, true};
        }
        if (assign(type, known)) {
            const Type* general = most_general(type, known);
            if (!occurs(variable, general)) {
                bind(variable, general);
            }
            return {true, true};
        }
        return {false, true};
    }
    if (!occurs(variable, type)) {
        bind(variable, type);
        return {true, false};
    }
    return {false, false};
}

bool Unifier::assign(const Type* to, const Type* from) {
    if (from->kind == TypeKind::parameter) {
        const Substitution found = try_substitution(to, from);
        if (found.valid) {
            return true;
        }
        if (found.known) {
            return false;
        }
    }
    if (to->kind == TypeKind::parameter) {
        return try_substitution(from, to).valid;
    }
    if (is_dyn_or_error(to) || is_dyn_or_error(from)) {
        return true;
    }
    if (to->kind == TypeKind::null) {
        return takes_null(from);
    }
    if (from->kind == TypeKind::null) {
        return takes_null(to);
    }
    switch (to->kind) {
        case TypeKind::type:
            return from->kind == TypeKind::type;
        case TypeKind::opaque:
        case TypeKind::list:
        case TypeKind::map:
            return to->kind == from->kind && to->name == from->name &&
                   assign_all(to->parameters, from->parameters);
        case TypeKind::structure:
            return is_same(to, from);
        default:
            return to->kind == from->kind;
    }
}

}  // namespace weft::cel
