// cli/up.cc: `weft up`: server, controllers and apply in one, with a picture of what runs.

#include <algorithm>
#include <set>

#include "cli/apply.h"
#include "cli/commands.h"
#include "cli/embedded.h"
#include "cli/limits.h"
#include "cli/offline.h"
#include "cli/picture.h"
#include "cli/process.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

// Prints the picture: drawn over itself on a terminal, a line for each change elsewhere.
class Show {
public:
    explicit Show(bool quiet) : quiet_(quiet), terminal_(is_terminal()), coloured_(is_coloured()) {}

    // False if nobody reads it any more.
    bool update(const Picture& picture) {
        if (quiet_) {
            return true;
        }
        if (terminal_) {
            block_.draw(picture.tree(coloured_));
            return true;
        }
        for (const auto& [name, state] : picture.lines()) {
            std::string& known = known_[name];
            if (known != state) {
                known = state;
                is_read_ = print(cat(name, ": ", state, "\n")) && is_read_;
            }
        }
        return is_read_;
    }
    // Kinds that objects wait for.
    [[nodiscard]] const std::vector<std::string>& waiting() const { return waiting_; }
    void applied(const Applied& applied) {
        if (applied.is_waiting) {
            waiting_.push_back(cat(applied.text,
                                   ": waiting for its kind to be served; apply its definition or "
                                   "CRD, or correct apiVersion and kind"));
            return;
        }
        waiting_.clear();  // One is applied after the other.
        if (!applied.status) {
            block_.finish();
            complain(cat("weft: ", applied.text, ": ", applied.status.error().text(), "\n"));
        } else if (!quiet_ && !terminal_) {
            is_read_ = print(cat(applied.text, " applied\n")) && is_read_;
        }
    }
    void finish(const Picture& picture) {
        if (terminal_ && !quiet_) {
            block_.draw(picture.tree(coloured_));
            block_.finish();
        } else if (!quiet_) {
            print(picture.tree(false));
        }
    }

private:
    bool quiet_;
    bool terminal_;
    bool coloured_;
    bool is_read_ = true;
    LiveBlock block_;
    std::map<std::string, std::string> known_;
    std::vector<std::string> waiting_;
};

// A signal with a memory: nothing that changes while the picture is drawn is missed.
struct Changes {
    explicit Changes(io::Loop* loop) : signal(loop) {}
    void note() {
        ++count;
        signal.notify_all();
    }
    io::Task<Status> wait_past(uint64_t seen) {
        while (count == seen) {
            CO_TRY(co_await signal.wait());
        }
        co_return Status{};
    }
    uint64_t count = 0;
    io::Signal signal;
};

io::Task<void> apply_and_tell(io::Loop* loop, kube::Client* client, std::vector<FileObject> objects,
                              Show* show, std::optional<Status>* done, Changes* changes) {
    *done = co_await apply_files(loop, client, std::move(objects),
                                 [show](const Applied& applied) { show->applied(applied); });
    changes->note();
}

// How much of what was named must be in the picture before it can be called ready.
struct Expected {
    size_t definitions = 0;
    size_t instances = 0;
};

Expected expected_of(const std::vector<FileObject>& objects) {
    std::set<ObjectKey> definitions;
    std::set<ObjectKey> instances;
    std::set<GroupVersionKind> kinds;
    for (const FileObject& file : objects) {
        if (is_definition(file.object)) {
            Diagnostics ignored;
            kinds.insert(graph::parse_definition(file.object, &ignored).instance_kind());
            definitions.insert({file.object.group_version_kind(), file.object.key()});
        }
    }
    for (const FileObject& file : objects) {
        if (kinds.contains(file.object.group_version_kind())) {
            // As it is applied: without a namespace it goes to "default".
            NamespacedName name = file.object.key();
            if (name.namespace_.empty()) {
                name.namespace_ = "default";
            }
            instances.insert({file.object.group_version_kind(), std::move(name)});
        }
    }
    return {definitions.size(), instances.size()};
}

// What the mistakes of definitions are, with places and cures: the conditions name only the first.
void explain(const std::vector<FileObject>& objects) {
    for (const OfflineDefinition& definition : compile_offline(objects, {})) {
        for (const Diagnostic& diagnostic :
             placed(*definition.file, definition.compiled.diagnostics)) {
            complain(to_text(diagnostic));
        }
    }
}

// Follows and draws until everything is ready (if that is wanted) or the scope is cancelled.
io::Task<Result<int>> watch_picture(io::Loop* loop, Picture* picture, Show* show,
                                    const std::optional<Status>* applied, Changes* changes,
                                    bool until_ready, Expected expected) {
    while (true) {
        const uint64_t seen = changes->count;
        CO_TRY(co_await picture->follow());
        if (!show->update(*picture)) {
            co_return exit_failed;
        }
        if (applied->has_value()) {
            const PictureSummary summary = picture->summary();
            if (until_ready && !**applied) {
                co_return exit_failed;
            }
            // What was applied a moment ago may not be in the picture yet.
            if (until_ready && summary.is_all_ready() &&
                summary.definitions >= expected.definitions &&
                summary.instances >= expected.instances) {
                co_return exit_ok;
            }
        }
        CO_TRY(co_await changes->wait_past(seen));
        // What changes together is drawn together.
        CO_TRY(co_await io::sleep(loop, redraw_interval / 4));
    }
}

io::Task<int> up_on(io::RealLoop* loop, Embedded* embedded, UpOptions options,
                    std::vector<FileObject> objects) {
    kube::Client client(embedded->transport());
    Changes changes(loop);
    Picture picture(loop, &client, [&] { changes.note(); });
    Show show(options.quiet);
    std::optional<Status> applied;
    const std::vector<FileObject> files = objects;
    const Expected expected = expected_of(objects);
    io::Scope scope(loop, co_await io::current_context());
    Result<int> code = exit_failed;
    const Status started = co_await picture.start();
    if (!started) {
        code = Error(started.error());
    } else {
        scope.spawn(apply_and_tell(loop, &client, std::move(objects), &show, &applied, &changes));
        auto watching =
            watch_picture(loop, &picture, &show, &applied, &changes, options.until_ready, expected);
        if (options.until_ready) {
            code = co_await io::with_timeout(loop, options.timeout, "not ready in time",
                                             std::move(watching));
        } else {
            code = co_await std::move(watching);
        }
    }
    co_await scope.close();
    show.finish(picture);
    if (!code && code.error().reason() == Reason::timeout) {
        complain(cat("weft: not ready after ", format_duration(options.timeout), "\n"));
        for (const std::string& trouble : picture.troubles()) {
            complain(cat("  ", trouble, "\n"));
        }
        for (const std::string& waiting : show.waiting()) {
            complain(cat("  ", waiting, "\n"));
        }
        if (const PictureSummary summary = picture.summary();
            summary.definitions_active < summary.definitions) {
            explain(files);
        }
    } else if (!code && code.error().reason() != Reason::cancelled) {
        complain(cat("weft: ", code.error().text(), "\n"));
    }
    co_await picture.stop();
    if (code) {
        co_return *code;
    }
    switch (code.error().reason()) {
        case Reason::timeout:
            co_return exit_timed_out;
        case Reason::cancelled:
            co_return options.until_ready ? exit_interrupted : exit_ok;
        default:
            co_return exit_failed;
    }
}

io::Task<int> up(io::RealLoop* loop, UpOptions options, std::vector<FileObject> objects) {
    Result<std::unique_ptr<Embedded>> embedded =
        co_await Embedded::start(loop, options.server, options.control);
    if (!embedded) {
        co_return not_started(embedded.error());
    }
    if (!options.quiet) {
        print(cat("weft: ready ", (*embedded)->url(),
                  "\n  export KUBECONFIG=", (*embedded)->kubeconfig(), "\n"));
        if (!options.until_ready) {
            print("  Ctrl-C stops it\n");
        }
    }
    const int code = co_await up_on(loop, embedded->get(), std::move(options), std::move(objects));
    co_await (*embedded)->stop();
    co_return code;
}

}  // namespace

int run_up(const UpOptions& options) {
    Diagnostics diagnostics;
    const std::vector<FileObject> objects = read_objects(options.paths, &diagnostics);
    for (const Diagnostic& diagnostic : diagnostics) {
        complain(to_text(diagnostic));
    }
    if (has_errors(diagnostics)) {
        return exit_failed;
    }
    if (objects.empty()) {
        complain(
            "weft: there is no object in what was named\n  cure: name a file or folder with -f "
            "that holds definitions or instances\n");
        return exit_failed;
    }
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return up(&loop, options, objects); });
}

}  // namespace weft::cli
