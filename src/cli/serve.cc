// cli/serve.cc: `weft serve`: the embedded server until it is told to stop.

#include "cli/commands.h"
#include "cli/embedded.h"
#include "cli/process.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

io::Task<int> serve(io::RealLoop* loop, ServeOptions options) {
    Result<std::unique_ptr<Embedded>> embedded =
        co_await Embedded::start(loop, options.server, options.control);
    if (!embedded) {
        co_return not_started(embedded.error());
    }
    print(cat("weft: ready ", (*embedded)->url(), " kubeconfig=", (*embedded)->kubeconfig(), "\n"));
    co_await wait_for_cancel(loop);
    co_await (*embedded)->stop();
    co_return exit_ok;
}

}  // namespace

int run_serve(const ServeOptions& options) {
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return serve(&loop, options); });
}

}  // namespace weft::cli
