// cli/process.h: running a command on a real loop until it ends or is told to.

#pragma once

#include <functional>

#include "base/base.h"
#include "io/real_loop.h"
#include "io/signals.h"

namespace weft::cli {

// Runs `body` in a scope that SIGINT and SIGTERM cancel. `body` returns the exit code; it should
// clean up when its waits end with `cancelled`. A second signal ends the process at once.
[[nodiscard]] int run_until_signal(io::RealLoop* loop,
                                   std::function<io::Task<int>(io::Scope*)> body);

// Says why a command could not begin; the exit code. Nothing is said where a signal was the reason.
[[nodiscard]] int not_started(const Error& error);

// Waits until the running scope is cancelled.
[[nodiscard]] io::Task<void> wait_for_cancel(io::Loop* loop);

}  // namespace weft::cli
