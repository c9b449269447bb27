// io/signals.h: SIGINT and SIGTERM as something to wait for.

#pragma once

#include <memory>

#include "io/real_loop.h"
#include "io/task.h"

namespace weft::io {

// Holds SIGINT and SIGTERM back from now on, for every thread that is started later, until a
// TerminationSignals takes them or `let_termination_through` is called. For the first line of main:
// a signal that comes while the process starts is neither lost nor the end of it.
void hold_termination();
void let_termination_through();

// While one of these exists, SIGINT and SIGTERM do not end the process but wake `next`.
class TerminationSignals {
public:
    explicit TerminationSignals(RealLoop* loop);
    ~TerminationSignals();
    TerminationSignals(const TerminationSignals&) = delete;
    TerminationSignals& operator=(const TerminationSignals&) = delete;

    // The next signal's number; one that came before is not lost. Cancellable.
    [[nodiscard]] Task<Result<int>> next();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace weft::io
