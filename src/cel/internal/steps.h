// cel/internal/steps.h: the steps of programs, as data. What they do is in steps*.cc.

#pragma once

#include <array>
#include <span>
#include <string_view>

#include "cel/internal/frame.h"

namespace weft::cel {

inline constexpr size_t kind_count = static_cast<size_t>(Kind::opaque) + 1;

struct ConstantStep : Step {
    Value value;
    uint64_t cost = 0;  // what computing it would have cost
};
// Fails with an error known when the program was made.
struct FailureStep : Step {
    ErrorCode code;
    std::string_view message;
    std::span<const Step* const> args;  // evaluated first, for their errors
};

// A field's name with its hash in documents.
struct Field {
    std::string_view name;
    uint32_t hash = 0;
    uint32_t id = 0;  // of the expression that reads it: where its errors are
    // Where the last document had it: a guess, as in `Slot`.
    mutable uint32_t place = 0;

    const weft::Value* key = nullptr;  // in the program's arena
    // Where the checker knows the object's schema: that schema, and the property's. `key` is then
    // the property's name, not its escaped form.
    const schema::Schema* owner = nullptr;
    const schema::Schema* schema = nullptr;

    Field(std::string_view field, Arena& arena)
        : name(field), hash(weft::Value::hash_key(field)), key(arena.make<weft::Value>(field)) {}
};

// Where a path begins, and the fields it reads: `schema.spec.name`. The workhorse.
enum class PathBase : uint8_t { variable, local, step };
struct PathStep : Step {
    PathBase base = PathBase::variable;
    uint32_t index = 0;  // of the slot or the local
    const Step* operand = nullptr;
    std::span<const Field> fields;
    uint32_t cost = 0;
    // Of `a.b.?c.d`: the first field that need not be there. Those after it need not either, and
    // the result is an optional.
    uint32_t optional_from = 0;
};

struct TestStep : Step {  // has(operand.field)
    const Step* operand = nullptr;
    const Field* field = nullptr;
    uint32_t cost = 0;
};
struct IndexStep : Step {
    const Step* operand = nullptr;
    const Step* key = nullptr;
    uint32_t cost = 0;
};

struct UnaryStep : Step {
    const Step* a = nullptr;
};
struct BinaryStep : Step {
    const Step* a = nullptr;
    const Step* b = nullptr;
    std::string_view function;
    ActualCost actual_cost = nullptr;
};
// A comparison with a value known before: `path > 3`, `path == "x"`. Costs are not counted.
struct CompareStep : Step {
    const Step* a = nullptr;
    Value b;
    std::string_view function;
};
// `a + b + c + …`: operands from left to right. Costs are not counted.
struct SumStep : Step {
    std::span<const Step* const> operands;
    std::span<const uint32_t> ids;  // of the additions
};
struct ConditionalStep : Step {
    const Step* condition = nullptr;
    const Step* yes = nullptr;
    const Step* no = nullptr;
};

struct CallStep : Step {
    std::string_view function;
    std::span<const Declaration* const> overloads;
    std::span<const Step* const> args;
    // By the kind of the first argument: the first overload that takes it, or how many there are.
    std::array<uint8_t, kind_count> first_by_kind{};
    std::array<uint16_t, 3> simple_kinds{};  // see simplify_call
};

struct ListStep : Step {
    std::span<const Step* const> elements;
    std::span<const bool> optionals;  // empty: none
};
inline constexpr size_t record_entries_max = 8;  // maps beyond have an index
struct MapStep : Step {
    struct Item {
        const Step* key;
        const Step* value;
        bool optional;
    };
    std::span<const Item> items;
    bool distinct = false;  // keys are constant texts, each once
    bool strict = false;    // cel-spec: bool, int, uint and string keys, each once
};
struct StructureStep : Step {
    struct Item {
        std::string_view field;
        const Step* value;
        bool optional;
    };
    const StructType* type = nullptr;
    std::span<const Item> items;
};

// All loops. Locals are slots of the frame.
struct LoopStep : Step {
    const Step* range = nullptr;
    uint32_t variable = 0;
    uint32_t second = 0;
    bool has_second = false;
    uint32_t accumulator = 0;
    const Step* initial = nullptr;
    const Step* condition = nullptr;
    const Step* step = nullptr;
    const Step* result = nullptr;
    // Of recognised shapes: the predicate, and what is collected.
    const Step* predicate = nullptr;
    const Step* transform = nullptr;
    const Step* transform_key = nullptr;
};
// cel.bind: a local for the length of an expression.
struct BindStep : Step {
    uint32_t local = 0;
    const Step* value = nullptr;
    const Step* result = nullptr;
    uint64_t cost = 0;
};

// What a step does; the planner puts these into `Step::run`. Those that most programs are made of
// count no cost; where costs are counted, the planner takes those named `tracked`.
Value run_constant(const Step& step, Frame& frame);
Value run_tracked_constant(const Step& step, Frame& frame);
Value run_failure(const Step& step, Frame& frame);
Value run_path(const Step& step, Frame& frame);
Value run_tracked_path(const Step& step, Frame& frame);
Value run_optional_path(const Step& step, Frame& frame);
Value run_variable(const Step& step, Frame& frame);
Value run_tracked_variable(const Step& step, Frame& frame);
Value run_local(const Step& step, Frame& frame);
Value run_tracked_local(const Step& step, Frame& frame);
Value run_test(const Step& step, Frame& frame);
// The operand is a path. No cost.
Value run_test_path(const Step& step, Frame& frame);
Value run_index(const Step& step, Frame& frame);
Value run_optional_index(const Step& step, Frame& frame);
Value run_and(const Step& step, Frame& frame);
Value run_or(const Step& step, Frame& frame);
Value run_not(const Step& step, Frame& frame);
Value run_not_strictly_false(const Step& step, Frame& frame);
Value run_conditional(const Step& step, Frame& frame);
Value run_optional_or(const Step& step, Frame& frame);
Value run_optional_or_value(const Step& step, Frame& frame);
// The first operand is an optional path. No cost.
Value run_optional_path_or_value(const Step& step, Frame& frame);
Value run_equals(const Step& step, Frame& frame);
Value run_not_equals(const Step& step, Frame& frame);
Value run_less(const Step& step, Frame& frame);
Value run_less_equals(const Step& step, Frame& frame);
Value run_greater(const Step& step, Frame& frame);
Value run_greater_equals(const Step& step, Frame& frame);
// The comparison that a BinaryStep's function makes, as a CompareStep's; null if it makes none.
[[nodiscard]] Runner comparison_with_constant(Runner run, bool of_path);
Value run_add(const Step& step, Frame& frame);
Value run_sum(const Step& step, Frame& frame);
Value run_subtract(const Step& step, Frame& frame);
Value run_multiply(const Step& step, Frame& frame);
Value run_divide(const Step& step, Frame& frame);
Value run_modulo(const Step& step, Frame& frame);
Value run_negate(const Step& step, Frame& frame);
Value run_in(const Step& step, Frame& frame);
Value run_in_constants(const Step& step, Frame& frame);
Value run_call(const Step& step, Frame& frame);
// Takes a quicker way to the only overload where that needs kinds only. Costs are not counted.
void simplify_call(CallStep& step);
Value run_size(const Step& step, Frame& frame);
Value run_list(const Step& step, Frame& frame);
Value run_map(const Step& step, Frame& frame);
// Keys are constant texts, each once and few; no entry is optional. No cost.
Value run_record(const Step& step, Frame& frame);
Value run_structure(const Step& step, Frame& frame);
Value run_loop(const Step& step, Frame& frame);
Value run_all(const Step& step, Frame& frame);
Value run_exists(const Step& step, Frame& frame);
Value run_exists_one(const Step& step, Frame& frame);
Value run_collect(const Step& step, Frame& frame);
Value run_collect_map(const Step& step, Frame& frame);
Value run_bind(const Step& step, Frame& frame);

// An error that a library made, with the place that it does not know.
[[nodiscard]] Value with_place(const Value& error, uint32_t id, Frame& frame);

}  // namespace weft::cel
