// cel/ast.h: an expression as a tree, and what can be asked of it without evaluating it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "cel/type.h"
#include "cel/value.h"

namespace weft::cel {

// The names that operators have as functions, as in cel-spec.
namespace operators {
inline constexpr std::string_view conditional = "_?_:_";
inline constexpr std::string_view logical_and = "_&&_";
inline constexpr std::string_view logical_or = "_||_";
inline constexpr std::string_view logical_not = "!_";
inline constexpr std::string_view negate = "-_";
inline constexpr std::string_view equals = "_==_";
inline constexpr std::string_view not_equals = "_!=_";
inline constexpr std::string_view less = "_<_";
inline constexpr std::string_view less_equals = "_<=_";
inline constexpr std::string_view greater = "_>_";
inline constexpr std::string_view greater_equals = "_>=_";
inline constexpr std::string_view add = "_+_";
inline constexpr std::string_view subtract = "_-_";
inline constexpr std::string_view multiply = "_*_";
inline constexpr std::string_view divide = "_/_";
inline constexpr std::string_view modulo = "_%_";
inline constexpr std::string_view index = "_[_]";
inline constexpr std::string_view in = "@in";
inline constexpr std::string_view not_strictly_false = "@not_strictly_false";
inline constexpr std::string_view optional_select = "_?._";
inline constexpr std::string_view optional_index = "_[?_]";
}  // namespace operators

// The accumulator's name in expanded macros; no identifier of a user can look like it.
inline constexpr std::string_view accumulator = "@result";

enum class ExprKind : uint8_t {
    literal,
    identifier,
    select,  // operand.name, or has(operand.name) if test_only
    call,    // name(args), or operand.name(args)
    list,
    map,
    structure,  // name{entries}
    comprehension,
};

struct Expr;

// An entry of a map or struct literal. `key` is null in structs, `field` is empty in maps.
struct Entry {
    uint32_t id = 0;
    bool optional = false;  // ?key: value
    Expr* key = nullptr;
    std::string_view field = {};
    Expr* value = nullptr;
};

// What all comprehension macros become; see cel-spec "Macros".
struct Comprehension {
    Expr* range = nullptr;
    std::string_view variable;
    std::string_view second_variable = {};  // "" for comprehensions over one variable
    std::string_view accumulator;
    Expr* initial = nullptr;
    Expr* condition = nullptr;
    Expr* step = nullptr;
    Expr* result = nullptr;
};

// One node. Which fields mean something depends on the kind. Lives in the arena of its Ast.
struct Expr {
    uint32_t id = 0;
    ExprKind kind = ExprKind::literal;
    bool test_only = false;
    uint32_t depth = 1;          // of the tree under it
    std::string_view name = {};  // identifier, field, function or type; with the leading dot
    Expr* operand = nullptr;
    std::span<Expr*> args;          // of a call, or the elements of a list
    std::span<Entry> entries;       // of a map or struct
    std::span<uint32_t> optionals;  // of a list: the positions of elements written `?x`
    Value literal;
    Comprehension* comprehension = nullptr;
};

// What the checker found out about a node.
struct Reference {
    // The full name of the variable, constant, type or function that the node stands for.
    std::string_view name;
    std::span<const std::string_view> overloads;  // of a function: all that may match
    bool is_constant = false;
    Value constant;  // of an enum value or a type
    // A member call that turned out to call a namespaced function: `target.` is part of its name.
    bool drops_target = false;
};

struct MacroCall {
    uint32_t id;  // of the expansion's root
    Expr* call;   // the call as it was written; arguments that were expanded are shown as such
};

// An identifier that an expression takes from outside, with the fields read from it as far as they
// are plain: `schema.spec.x` in `schema.spec.x[0].y`.
struct FreeIdentifier {
    std::string name;
    std::vector<std::string> path;  // the fields after the name
    uint32_t offset = 0;            // byte in the source

    [[nodiscard]] std::string text() const;  // "schema.spec.x"
};

struct FunctionUse {
    std::string name;  // "size", "orValue", or "json.marshal" where the target was a namespace
    bool is_member = false;
    uint32_t offset = 0;
};

struct References {
    std::vector<FreeIdentifier> identifiers;  // in the order of the source, repeated as written
    std::vector<FunctionUse> functions;       // operators and macros' inner functions left out
};

// An Ast is an immutable parsed expression, checked or not, copied by sharing and read by any
// number of threads. Macros are expanded.
class Ast {
public:
    struct Rep;
    explicit Ast(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

    [[nodiscard]] const Expr& root() const;
    [[nodiscard]] std::string_view source() const;
    // The byte in the source where a node stands (operators: where the operator stands).
    [[nodiscard]] uint32_t offset_of(uint32_t id) const;
    [[nodiscard]] std::span<const MacroCall> macro_calls() const;  // by id, ascending

    [[nodiscard]] bool is_checked() const;
    // dyn if it is not checked.
    [[nodiscard]] const Type* result_type() const;
    [[nodiscard]] const Type* type_of(uint32_t id) const;
    [[nodiscard]] const Reference* reference_of(uint32_t id) const;  // null: none
    // A literal, possibly negative or a list or map of such: no variables, no calls.
    [[nodiscard]] bool is_constant() const;

    // The expression as text again, macros as they were written. Parsing the text gives the same
    // tree. Source: cel-go's parser.Unparse, without line wrapping.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string text(const Expr& part) const;

    [[nodiscard]] const Rep& rep() const { return *rep_; }

private:
    std::shared_ptr<const Rep> rep_;
};

// The identifiers and functions of an expression, comprehension variables left out.
// `is_namespaced` says whether "a.b" is a function's full name; then `a` in `a.b(x)` is no
// identifier.
[[nodiscard]] References references_of(const Ast& ast,
                                       bool (*is_namespaced)(const void*, std::string_view),
                                       const void* context);

}  // namespace weft::cel
