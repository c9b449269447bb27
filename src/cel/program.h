// cel/program.h: an expression that is ready to run.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/base.h"
#include "cel/activation.h"
#include "cel/ast.h"
#include "cel/environment.h"
#include "cel/limits.h"
#include "cel/value.h"

namespace weft::cel {

struct ProgramOptions {
    // Computes constant parts early, fuses paths and loops. Off, every node is one step: for tests
    // that compare both. The results are the same.
    bool optimize = true;
    // Counts cel-go's costs; needed for a cost limit. The profiles of Kubernetes turn it on.
    std::optional<bool> track_cost = std::nullopt;
};

struct EvaluateOptions {
    uint64_t cost_limit = UINT64_MAX;
    // Asked every 100 turns of a loop; true ends the evaluation with "operation interrupted".
    const std::atomic<bool>* interrupt = nullptr;
    // Turns of all loops together; more end the evaluation with "operation interrupted: …".
    uint32_t turns_max = evaluation_turns_max;
};

struct Outcome {
    Value value;
    uint64_t cost = 0;
};

// A Program is immutable, copied by sharing, and may run on any number of threads at once.
class Program {
public:
    struct Rep;
    explicit Program(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

    // The value, which may be an error value. It borrows from the activation's documents, from the
    // arena and from this program. The arena is not reset; do that between evaluations.
    [[nodiscard]] Value evaluate(const Activation& activation, Arena& arena) const;
    [[nodiscard]] Outcome evaluate(const Activation& activation, Arena& arena,
                                   const EvaluateOptions& options) const;

    // The value as plain data, or the error (`bad_request` with cel-go's text). Converts as kro
    // does; see `to_native`.
    [[nodiscard]] Result<weft::Value> evaluate_native(const Activation& activation) const;

    [[nodiscard]] const Ast& ast() const;
    [[nodiscard]] const Rep& rep() const { return *rep_; }

private:
    std::shared_ptr<const Rep> rep_;
};

// An owning value of a result, as kro converts it: duration "1h30m0s", timestamp in UTC, bytes and
// types refused, none is null, a uint beyond 2^63-1 refused. Untouched input is shared, not copied.
[[nodiscard]] Result<weft::Value> to_native(const Value& value);

// The error as mistakes are shown: with its place and a caret.
//   ERROR: <input>:1:5: no such key: b
//    | o.a.b
//    | ...^
[[nodiscard]] std::string located_text(const Program& program, const Value& error);

// The path that a "no such key" or "no such attribute" was about, "web.status.url", as far as the
// expression shows it; "" if it does not.
[[nodiscard]] std::string failing_path(const Program& program, const Value& error);

}  // namespace weft::cel
