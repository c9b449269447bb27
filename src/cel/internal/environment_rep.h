// cel/internal/environment_rep.h: what an Environment holds, and how names are looked up in it.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/environment.h"

namespace weft::cel {

// An overload whose signature has been read.
struct Declaration {
    std::string_view id;
    std::string_view function;
    bool is_member = false;
    bool is_generic = false;  // has type parameters
    bool is_pure = true;
    bool is_conversion = false;
    const Type* result = nullptr;
    std::span<const Type* const> parameters = {};  // receiver first
    std::span<const uint16_t> kinds = {};  // per parameter: a bit for each Kind that may come
    Implementation call = nullptr;
    ActualCost actual_cost = nullptr;
    EstimatedCost estimated_cost = nullptr;
};

struct FunctionDeclaration {
    std::string_view name;
    std::vector<Declaration> overloads;
};

struct Variable {
    std::string_view name;
    const Type* type = nullptr;
    const schema::Schema* schema = nullptr;  // how a document bound to it is read; null: plain
    bool is_constant = false;
    Value constant = {};
};

struct Environment::Rep {
    std::shared_ptr<const Rep> parent;
    Profile profile;
    bool homogeneous_literals = false;
    bool cross_type_comparisons = false;
    bool track_cost = false;
    bool presence_test_is_free = false;
    // cel-spec: `has(1.x)` and `1.?x` are errors; cel-go's default is false and none.
    bool strict_presence = false;
    std::string container;
    ZoneLoader zones;

    Arena arena{SIZE_MAX};
    std::unordered_map<std::string_view, FunctionDeclaration> functions;
    std::unordered_map<std::string_view, Variable> variables;
    std::unordered_map<std::string_view, std::vector<Macro>> macros;
    std::unordered_map<std::string_view, std::shared_ptr<const StructType>> structures;
    std::vector<Validator> validators;
    std::vector<std::string_view> libraries;
    std::vector<std::shared_ptr<const void>> texts;  // that names of declarations lie in
    std::vector<schema::SchemaPtr> schemas;

    // By the exact name, here or in a parent; null if there is none.
    [[nodiscard]] const FunctionDeclaration* find_function(std::string_view name) const;
    [[nodiscard]] const Variable* find_variable(std::string_view name) const;
    [[nodiscard]] const StructType* find_structure(std::string_view name) const;
    [[nodiscard]] const Macro* find_macro(std::string_view name, size_t arity,
                                          bool is_member) const;
    // Declared here or in any parent: for validators.
    template <typename Visit>
    void each_validator(Visit visit) const {
        for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
            for (const Validator& validator : rep->validators) {
                visit(validator);
            }
        }
    }

    // Calls `look(candidate)` for each name that `name` may mean in the container, longest first,
    // until it returns true. ".a" is `a` and nothing else.
    template <typename Look>
    bool each_candidate(std::string_view name, Look look) const;

    // Reads a signature into this arena; CHECKs that it is well formed.
    [[nodiscard]] Declaration declare(std::string_view function, const Overload& overload);
    [[nodiscard]] const Type* parse_type(std::string_view text);
    void add(const Library& library);
    FunctionDeclaration& own_function(std::string_view name);
};

template <typename Look>
bool Environment::Rep::each_candidate(std::string_view name, Look look) const {
    if (name.starts_with('.')) {
        return look(name.substr(1));
    }
    for (std::string_view prefix = container; !prefix.empty();) {
        if (look(cat(prefix, ".", name))) {
            return true;
        }
        const size_t dot = prefix.rfind('.');
        prefix = dot == std::string_view::npos ? std::string_view() : prefix.substr(0, dot);
    }
    return look(name);
}

// The type of a schema's node, null where CEL has none for it. `parent` and `segment` name object
// types by path. Sources: apiserver SchemaDeclType, and kro's fork of it.
[[nodiscard]] const Type* type_of_schema(const schema::Schema& schema, const Type* parent,
                                         std::string_view segment, Profile profile, Arena& arena);
// The type of a field of an object type, null if there is none. `schema_name` gets the name of the
// property as the document has it, where that is known.
[[nodiscard]] const Type* field_type(const Type* object, std::string_view field, Profile profile,
                                     Arena& arena);

// The kinds of values that a type admits, as bits.
[[nodiscard]] uint16_t kinds_of(const Type* type);

}  // namespace weft::cel
