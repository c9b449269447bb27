// cel/internal/frame.h: the state of one evaluation, and the steps that programs are made of.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cel/internal/environment_rep.h"
#include "cel/program.h"

namespace weft::cel {

struct Frame;

// One step of a program: a function and, in structs derived from this, its operands. A program is a
// tree of steps; running it is calling the root. Values come back in registers; an error is a value
// like any other, so every step decides by itself what an error of an operand means.
struct Step {
    Value (*run)(const Step& step, Frame& frame) = nullptr;
    uint32_t id = 0;  // of the expression
};

// A variable that a program reads.
struct Slot {
    std::span<const VariableName> names;  // what it may be called, longest first
    const schema::Schema* schema = nullptr;
};

struct CompiledRegexes;

struct Frame {
    Arena* arena;
    const Activation* activation;
    const Program::Rep* program;
    Value* variables;  // by slot; an `unread` one has not been looked up yet
    Value* locals;
    bool track = false;
    uint64_t cost = 0;
    uint64_t cost_limit = UINT64_MAX;
    const std::atomic<bool>* interrupt = nullptr;
    uint32_t turns = 0;
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
        return (track && over_limit()) || (++turns % interrupt_check_frequency == 0 && check());
    }
    [[nodiscard]] bool check();
    [[nodiscard]] Value stop_error();
};

struct Program::Rep {
    Arena arena{SIZE_MAX};
    const Step* root = nullptr;
    std::vector<Slot> slots;
    uint32_t local_count = 0;
    bool track = false;
    bool strict_presence = false;
    std::optional<Ast> ast;
    std::shared_ptr<const Environment::Rep> environment;
    // Patterns known when the program was made; owned here, found by the steps that use them.
    std::vector<std::unique_ptr<re2::RE2>> patterns;
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
