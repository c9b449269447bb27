// cel/internal/unifier.h: which type fits where, with variables that stand for types not yet known.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cel/type.h"

namespace weft::cel {

// Holds what each variable stands for. Source: cel-go checker/types.go and mapping.go.
class Unifier {
public:
    explicit Unifier(Arena& arena) : arena_(&arena) {}

    [[nodiscard]] const Type* new_variable();
    // The type with known variables replaced; unknown ones become dyn if asked.
    [[nodiscard]] const Type* substitute(const Type* type, bool unknown_to_dyn);
    // Whether `from` may stand where `to` is expected; remembers what that says about variables,
    // and nothing if it may not.
    [[nodiscard]] bool is_assignable(const Type* to, const Type* from);
    [[nodiscard]] bool is_assignable(std::span<const Type* const> to,
                                     std::span<const Type* const> from);
    // A declaration's type with fresh variables for its parameters. `fresh` is filled as parameters
    // are met; use one for all types of an overload.
    struct Fresh {
        std::vector<std::pair<std::string_view, const Type*>> variables;
    };
    [[nodiscard]] const Type* instantiate(const Type* type, Fresh& fresh);

private:
    struct Change {
        uint32_t variable;
        const Type* before;
    };
    [[nodiscard]] bool assign(const Type* to, const Type* from);
    [[nodiscard]] bool assign_all(std::span<const Type* const> to,
                                  std::span<const Type* const> from);
    // {fits, `variable` was known already}
    struct Substitution {
        bool valid;
        bool known;
    };
    [[nodiscard]] Substitution try_substitution(const Type* type, const Type* variable);
    [[nodiscard]] bool occurs(const Type* variable, const Type* in) const;
    [[nodiscard]] const Type* find(const Type* type) const {
        return type->variable == 0 ? nullptr : bound_[type->variable - 1];
    }
    void bind(const Type* variable, const Type* type);
    void roll_back(size_t mark);

    Arena* arena_;
    std::vector<const Type*> bound_;  // by variable - 1; null: unknown
    std::vector<Change> changes_;
};

[[nodiscard]] const Type* most_general(const Type* a, const Type* b);
[[nodiscard]] inline bool is_dyn_or_error(const Type* type) {
    return type->kind == TypeKind::dyn || type->kind == TypeKind::error ||
           type->kind == TypeKind::any;
}

}  // namespace weft::cel
