// io/signals.h: SIGINT and SIGTERM as something to wait for.

#pragma once

#include <memory>

#include "io/real_loop.h"
#include "io/task.h"

namespace weft::io {

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
