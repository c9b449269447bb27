// cel/internal/frame.h: the state of one evaluation, and the steps that programs are made of.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cel/internal/environment_rep.h"
#include "cel/internal/regex.h"
#include "cel/program.h"

namespace weft::cel {

struct Frame;

// One step of a program: a function and, in structs derived from this, its operands. A program is a
// tree of steps; running it is calling the root. Values come back in registers; an error is a value
// like any other, so every step decides by itself what an error of an operand means.
struct Step;
using Runner = Value (*)(const Step& step, Frame& frame);

// What the planner makes of a step that is an operand of another.
enum class StepKind : uint8_t { other, constant, variable, local, path, optional_path };

struct Step {
    Runner run = nullptr;
    uint32_t id = 0;  // of the expression
    StepKind kind = StepKind::other;
};

// A variable that a program reads.
struct Slot {
    std::span<const VariableName> names;  // what it may be called, longest first
    VariableName name;                    // the first of them
    const schema::Schema* schema = nullptr;
    // Where the last activation had the variable, for the first look: programs meet activations
    // that were filled in the same order. Only a guess, so threads may overwrite each other's.
    mutable uint32_t place = 0;

    // The binding at the guessed place, if it is of this variable.
    [[nodiscard]] const Activation::Binding* guess(const Activation& activation) const {
        const uint32_t at = std::atomic_ref(place).load(std::memory_order_relaxed);
        const Activation::Binding* binding = activation.begin() + at;
        return binding < activation.end() && binding->name == name ? binding : nullptr;
    }
    void remember(size_t at) const {
        std::atomic_ref(place).store(static_cast<uint32_t>(at), std::memory_order_relaxed);
    }
};

struct Frame {
    Arena* arena;
    const Activation* activation;
    const Program::Rep* program;
    Value* variables;  // by slot; an `unread` one has not been found yet
    Value* locals;
    bool track = false;
    uint64_t cost = 0;
    uint64_t cost_limit = UINT64_MAX;
    const std::atomic<bool>* interrupt = nullptr;
    uint32_t turns_to_check = interrupt_check_frequency;
    uint32_t turns = 0;  // of all loops together, up to the last check
    uint32_t turns_max = evaluation_turns_max;
    // Set once the evaluation must end; `||` must not absorb it.
    const ErrorRecord* stopped = nullptr;
    CompiledRegexes* regexes = nullptr;

    [[nodiscard]] Value error(uint32_t id, ErrorCode code, std::string_view message);
    [[nodiscard]] Value error(uint32_t id, ErrorCode code, std::string_view message,
                              const Value& subject);
    // What cel-go says of an operand that is of no kind the operator knows.
    [[nodiscard]] Value no_overload(uint32_t id) {
        return error(id, ErrorCode::no_such_overload, "no such overload");
    }
    // Adds to the cost; the limit is looked at where values are made (`Frame::over_limit`).
    void charge(uint64_t cost_units) { cost += cost_units; }
    [[nodiscard]] bool over_limit() const { return cost > cost_limit; }
    [[nodiscard]] Value stop(ErrorCode code, std::string_view message);
    // Asked once a turn of every loop; true if the evaluation must end.
    [[nodiscard]] bool should_stop() {
        if (stopped != nullptr) {
            return true;
        }
        if (--turns_to_check == 0) [[unlikely]] {
            turns_to_check = interrupt_check_frequency;
            return check();
        }
        return track && over_limit();
    }
    [[nodiscard]] bool check();
    [[nodiscard]] Value stop_error();
};

struct Program::Rep {
    Arena arena{SIZE_MAX};
    const Step* root = nullptr;
    std::vector<Slot> slots;
    std::span<const Slot> all_slots;  // the same, once they are known
    uint32_t local_count = 0;
    bool track = false;
    bool strict_presence = false;
    std::optional<Ast> ast;
    std::shared_ptr<const Environment::Rep> environment;
    // Patterns known when the program was made.
    std::vector<std::unique_ptr<ProgramRegex>> patterns;
};

// `unread`: a kind of error value with no record.
[[nodiscard]] inline Value unread() {
    return Value::error(nullptr);
}

[[nodiscard]] inline bool is_unread(const Value& value) {
    return value.is_error() && value.as_uint() == 0;
}

[[nodiscard]] inline Value run(const Step* step, Frame& frame) {
    return step->run(*step, frame);
}

[[nodiscard]] Value find_variable(uint32_t slot, Frame& frame, uint32_t id);
// The value of a variable, looked up once.
[[nodiscard]] inline Value load_variable(uint32_t slot, Frame& frame, uint32_t id) {
    const Value& value = frame.variables[slot];
    return is_unread(value) ? find_variable(slot, frame, id) : value;
}

// `value.field`, and whether it is there.
[[nodiscard]] Value select_field(const Value& value, std::string_view field, Frame& frame,
                                 uint32_t id);
[[nodiscard]] Value test_field(const Value& value, std::string_view field, Frame& frame,
                               uint32_t id);
// `value[key]`.
[[nodiscard]] Value index_value(const Value& value, const Value& key, Frame& frame, uint32_t id);
// `value.?field` and `value[?key]`: an optional.
[[nodiscard]] Value optional_index_value(const Value& value, const Value& key, Frame& frame,
                                         uint32_t id);

// The plan of a tree. Fails where cel-go's planner does.
[[nodiscard]] Result<std::shared_ptr<const Program::Rep>> plan_program(
    const Ast& ast, std::shared_ptr<const Environment::Rep> environment,
    const ProgramOptions& options);

}  // namespace weft::cel
