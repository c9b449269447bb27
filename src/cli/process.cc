// cli/process.cc: signals and scopes around a command.

#include "cli/process.h"

#include <unistd.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

io::Task<void> run_body(std::function<io::Task<int>(io::Scope*)>* body, io::Scope* scope, int* code,
                        io::Scope* watcher) {
    *code = co_await (*body)(scope);
    watcher->cancel();
}

io::Task<void> watch_signals(io::TerminationSignals* signals, io::Scope* scope) {
    const Result<int> first = co_await signals->next();
    if (!first) {
        co_return;
    }
    scope->cancel();
    const Result<int> second = co_await signals->next();
    if (second) {
        complain("weft: told twice to stop: leaving at once\n");
        _exit(exit_interrupted);
    }
}

io::Task<int> run_both(io::RealLoop* loop, std::function<io::Task<int>(io::Scope*)>* body) {
    io::TerminationSignals signals(loop);
    io::Scope work(loop);
    io::Scope watcher(loop);
    int code = exit_failed;
    work.spawn(run_body(body, &work, &code, &watcher));
    watcher.spawn(watch_signals(&signals, &work));
    co_await work.join();
    co_await watcher.close();
    co_return code;
}

}  // namespace

int run_until_signal(io::RealLoop* loop, std::function<io::Task<int>(io::Scope*)> body) {
    loop->when_at_rest([] { give_back_memory(); });
    return io::run(loop, run_both(loop, &body));
}

int not_started(const Error& error) {
    if (error.reason() == Reason::cancelled) {
        return exit_interrupted;
    }
    complain(cat("weft: ", error.text(), "\n"));
    return exit_failed;
}

io::Task<void> wait_for_cancel(io::Loop* loop) {
    io::Signal never(loop);
    static_cast<void>(co_await never.wait());
}

}  // namespace weft::cli
