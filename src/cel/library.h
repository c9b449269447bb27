// cel/library.h: how functions, macros and types are added to the language.
//
// A library is a value made by a function `Library name(…)` in cel/library/name.cc: a list of
// declarations whose types are written as text. See cel/library/encoders.cc for a small one.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "cel/ast.h"
#include "cel/value.h"

namespace re2 {
class RE2;
}

namespace weft::cel {

struct Frame;

// What an implementation may use while it runs. Pure: no clock, no I/O.
class Call {
public:
    Call(Frame& frame, Arena& arena, uint32_t expression)
        : frame_(&frame), arena_(&arena), expression_(expression) {}

    [[nodiscard]] Arena& arena() { return *arena_; }

    // Results. Texts are copied into the arena.
    [[nodiscard]] Value string(std::string_view text) { return make_string(*arena_, text); }
    [[nodiscard]] Value bytes(std::string_view bytes) { return make_bytes(*arena_, bytes); }
    [[nodiscard]] Value some(const Value& value) { return make_optional(*arena_, value); }
    template <typename T, typename... Arguments>
    [[nodiscard]] Value object(Arguments&&... arguments) {
        return Value::opaque(arena_->make<T>(std::forward<Arguments>(arguments)...));
    }
    template <typename... Pieces>
    [[nodiscard]] Value error(ErrorCode code, const Pieces&... pieces) {
        return make_error(*arena_, code, arena_->copy(cat(pieces...)));
    }
    // What cel-go's MaybeNoSuchOverloadErr says: "no such overload".
    [[nodiscard]] Value no_such_overload() {
        return make_error(*arena_, ErrorCode::no_such_overload, "no such overload");
    }

    // The compiled pattern; if it is wrong, null and the error in `failure` with Go's text
    // ("error parsing regexp: …"). Compiled once per evaluation.
    [[nodiscard]] const re2::RE2* regex(std::string_view pattern, Value& failure);
    // The offset of a time zone ("Europe/Berlin", "UTC", "+02:00") at a time, in seconds; an error
    // "unknown time zone X" in `failure` otherwise.
    [[nodiscard]] std::optional<int> zone_offset(std::string_view zone, Time at, Value& failure);
    // False, once, when the evaluation ran out of its budget: stop long loops then and return
    // `interruption()`. Cheap enough for every item.
    [[nodiscard]] bool should_stop();
    [[nodiscard]] Value interruption();

    [[nodiscard]] uint32_t expression() const { return expression_; }
    [[nodiscard]] Frame& frame() { return *frame_; }

private:
    Frame* frame_;
    Arena* arena_;
    uint32_t expression_;
};

// A function's body. The arguments are of the kinds that the overload declares (dyn and type
// parameters: any kind), receiver first, and never errors. Returns an error value to fail.
using Implementation = Value (*)(Call& call, std::span<const Value> args);

// --- Costs, in the units of cel-go's cost model (see cel/cost.h) ---

struct SizeEstimate {
    uint64_t min = 0;
    uint64_t max = UINT64_MAX;
};
struct CostEstimate {
    uint64_t min = 0;
    uint64_t max = 0;
};
struct CallEstimate {
    CostEstimate cost;
    std::optional<SizeEstimate> result_size;
};
// An argument as the estimator sees it. `size` is what is known about its length.
struct Operand {
    const Type* type = nullptr;
    std::optional<SizeEstimate> size;
    const Expr* expression = nullptr;
    // Of a list whose items a schema describes: the size of each item.
    std::optional<SizeEstimate> item_size = std::nullopt;
    // The size, or [0, 2^64-1].
    [[nodiscard]] SizeEstimate size_or_unknown() const { return size.value_or(SizeEstimate{}); }
};
// What a call did cost; nothing means the default of 1.
using ActualCost = std::optional<uint64_t> (*)(std::span<const Value> args, const Value& result);
// What a call may cost, receiver first; nothing means the default of [1, 1].
using EstimatedCost = std::optional<CallEstimate> (*)(std::span<const Operand> args);

struct Overload {
    // cel-go's overload id: "base64_encode_bytes".
    std::string_view id;
    // "(bytes) -> string" for a function, "string.(int) -> string" for a member, with
    // bool int uint double string bytes dyn any null_type duration timestamp type(T) list(T)
    // map(K, V) optional_type(T); names with a dot or an initial capital of more than one letter
    // are opaque types ("kubernetes.Quantity"); single capitals are type parameters.
    std::string_view signature;
    Implementation call = nullptr;
    ActualCost actual_cost = nullptr;
    EstimatedCost estimated_cost = nullptr;
    // Whether the result depends on nothing but the arguments, so that it may be computed early.
    bool is_pure = true;
    // As `true` for cel-go's cost model: a type conversion, folded when its argument is constant.
    bool is_conversion = false;
};

// Makes the nodes that a macro expands to.
class MacroContext {
public:
    virtual ~MacroContext() = default;

    virtual Expr* literal(const Value& value) = 0;
    virtual Expr* string(std::string_view text) = 0;  // copied
    virtual Expr* identifier(std::string_view name) = 0;
    virtual Expr* select(Expr* operand, std::string_view field) = 0;
    virtual Expr* test(Expr* operand, std::string_view field) = 0;  // has(operand.field)
    virtual Expr* call(std::string_view function, std::initializer_list<Expr*> args) = 0;
    virtual Expr* call(std::string_view function, std::span<Expr* const> args) = 0;
    virtual Expr* member_call(std::string_view function, Expr* target,
                              std::initializer_list<Expr*> args) = 0;
    virtual Expr* list(std::initializer_list<Expr*> elements) = 0;
    virtual Expr* map(std::span<const Entry> entries) = 0;
    virtual Entry map_entry(Expr* key, Expr* value, bool optional = false) = 0;
    virtual Expr* comprehension(const Comprehension& parts) = 0;
    // A deep copy with new ids, for expressions that appear twice.
    virtual Expr* copy(const Expr* expr) = 0;
    // The name of the accumulator of this environment.
    [[nodiscard]] virtual std::string_view accumulator() const = 0;

    // Reports a mistake at a node (null: at the call) and returns null for `expand` to pass on.
    virtual Expr* error(const Expr* at, std::string_view message) = 0;
    // Says "this call is not mine": it stays an ordinary call.
    Expr* decline() {
        declined_ = true;
        return nullptr;
    }
    [[nodiscard]] bool declined() const { return declined_; }

protected:
    bool declined_ = false;
};

// A macro is known by name, number of arguments and whether it is a member call. -1 arguments
// means any number.
struct Macro {
    std::string_view name;
    int arity = 0;
    bool is_member = false;
    // `target` is null for global macros. Null after `error` or `decline`.
    Expr* (*expand)(MacroContext& context, Expr* target, std::span<Expr*> args) = nullptr;
};

// An object type that expressions may select fields of and make with `Name{field: value}`.
class StructType {
public:
    virtual ~StructType() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    // The type of what `make` makes, if it is no object of this type: a wrapper's is a nullable
    // primitive. Lives as long as this object.
    [[nodiscard]] virtual const Type* value_type() const { return nullptr; }
    // The type of a field; null if there is none. Composite types are made in the arena.
    [[nodiscard]] virtual const Type* field_type(std::string_view field, Arena& arena) const = 0;
    // A new object; the fields are the ones written, of declared types if the expression was
    // checked. An error value refuses.
    [[nodiscard]] virtual Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const = 0;
};

// Looks at a checked call with literal arguments and reports what would fail at run time
// (`format` strings, duration literals). Calls `report(node, message)`. Without a function it looks
// at the whole expression, once.
struct Validator {
    std::string_view function = {};
    void (*validate)(const Ast& ast, const Expr& call,
                     const std::function<void(const Expr&, std::string)>& report) = nullptr;
};

// What the reference page says of a function or macro, and an example that a test runs. The tables
// stand beside the functions.
struct Documentation {
    std::string_view name;       // as the library declares it
    std::string_view about;      // one line
    std::string_view example;    // an expression without variables
    std::string_view result;     // of the example, as `to_text` prints it
    std::string_view form = {};  // how a macro is written
};

// A Library is plain data. Names and texts are literals or live as long as the program.
class Library {
public:
    // The name that messages and `weft explain` use; a second library of the same name is refused.
    explicit Library(std::string_view name) : name_(name) {}

    // Adds overloads to a function (which may have some of another library).
    Library& function(std::string_view name, std::initializer_list<Overload> overloads);
    Library& macro(const Macro& macro);
    // A variable or constant of a fixed value, like a type's name. The type as in a signature.
    Library& constant(std::string_view name, std::string_view type, const Value& value);
    // A name that stands for a type: `type(x) == Name`.
    Library& type(const Type* type);
    Library& structure(std::shared_ptr<const StructType> type);
    Library& validator(const Validator& validator);
    // A cost of a function of another library, in this environment; kubernetes' estimator.
    Library& cost(std::string_view function, ActualCost actual, EstimatedCost estimated);

    // The chapter of the reference page; the table lives as long as the program.
    Library& document(std::string_view title, std::span<const Documentation> table) {
        title_ = title;
        documentation_ = table;
        return *this;
    }

    // Keeps a text that is put together, for names and signatures. It lives as long as a copy of
    // this library or an environment that has it.
    [[nodiscard]] std::string_view intern(std::string_view text);

    struct Function {
        std::string_view name;
        std::vector<Overload> overloads;
    };
    struct Constant {
        std::string_view name;
        std::string_view type;  // as text; empty: `type(value)` of a type constant
        Value value;
    };
    struct FunctionCost {
        std::string_view function;
        ActualCost actual;
        EstimatedCost estimated;
    };
    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] const std::vector<Function>& functions() const { return functions_; }
    [[nodiscard]] const std::vector<Macro>& macros() const { return macros_; }
    [[nodiscard]] const std::vector<Constant>& constants() const { return constants_; }
    [[nodiscard]] const std::vector<std::shared_ptr<const StructType>>& structures() const {
        return structures_;
    }
    [[nodiscard]] const std::vector<Validator>& validators() const { return validators_; }
    [[nodiscard]] const std::vector<FunctionCost>& costs() const { return costs_; }
    [[nodiscard]] std::string_view title() const { return title_; }
    [[nodiscard]] std::span<const Documentation> documentation() const { return documentation_; }
    [[nodiscard]] std::shared_ptr<const void> texts() const { return texts_; }

private:
    std::string_view name_;
    std::string_view title_;
    std::span<const Documentation> documentation_;
    std::vector<Function> functions_;
    std::vector<Macro> macros_;
    std::vector<Constant> constants_;
    std::vector<std::shared_ptr<const StructType>> structures_;
    std::vector<Validator> validators_;
    std::vector<FunctionCost> costs_;
    std::shared_ptr<std::deque<std::string>> texts_ = std::make_shared<std::deque<std::string>>();
};

}  // namespace weft::cel
