// tests/crash/store_crash.cc: kill -9 a process that writes to a store, again and again; nothing
// that it answered may be missing.
//
// The child commits as fast as it can and tells every answer through a pipe. The parent kills it
// after a random number of answers (or while it opens), opens the store itself and compares.

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/real_loop.h"
#include "store/store.h"

namespace weft::store {
namespace {

constexpr int clients = 8;
constexpr int rounds = 20;
constexpr int64_t answers_max = 600;

// One answer, as it goes through the pipe; smaller than PIPE_BUF, so whole or not there.
struct Answer {
    int64_t client = -1;  // -1: the child begins to open the store
    int64_t counter = 0;
    Revision revision = 0;
};

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "store_crash: %s\n", what.c_str());
    std::_Exit(1);
}

std::string key_of(std::string_view prefix, int64_t client) {
    return cat("/", prefix, "/", client);
}

// The counter that a value begins with; 0 for an absent key.
int64_t counter_of(const std::optional<Entry>& entry) {
    if (!entry.has_value()) {
        return 0;
    }
    const std::string_view text = *entry->value;
    return parse_int(text.substr(0, text.find(' '))).value_or(-1);
}

void tell(int pipe, Answer answer) {
    if (::write(pipe, &answer, sizeof answer) != sizeof answer) {
        fail("the pipe broke");
    }
}

Write next_write(std::string key, const std::optional<Entry>& now, int64_t counter, size_t size) {
    return {std::move(key),
            std::make_shared<const std::string>(cat(counter, " ", std::string(size, 'x'))),
            now.has_value() ? now->modified : 0};
}

// Counts up in two keys at once, for ever.
io::Task<void> count(io::Loop* loop, Store* store, int64_t client, int pipe) {
    while (true) {
        const auto first = co_await store->get(key_of("a", client), {});
        const auto second = co_await store->get(key_of("b", client), {});
        const int64_t counter = counter_of(*first) + 1;
        std::vector<Write> writes;
        writes.push_back(next_write(key_of("a", client), *first, counter, loop->random() % 4000));
        writes.push_back(next_write(key_of("b", client), *second, counter, 10));
        const auto revision = co_await store->commit(std::move(writes));
        if (!revision) {
            fail(revision.error().text());
        }
        tell(pipe, {client, counter, *revision});
        if (loop->random() % 200 == 0) {
            static_cast<void>(
                co_await store->compact(std::max(store->oldest(), store->newest() - 100)));
        }
    }
}

io::Task<void> run_child(io::Loop* loop, std::filesystem::path file, int pipe) {
    tell(pipe, {});
    auto store = co_await open_sqlite(loop, {.file = file, .vfs = ""});
    if (!store) {
        fail(store.error().text());
    }
    io::Scope scope(loop);
    for (int64_t client = 0; client < clients; ++client) {
        scope.spawn(count(loop, store->get(), client, pipe));
    }
    co_await scope.join();
}

// What is known of the store: the newest answers.
struct Known {
    std::vector<Answer> answers{clients};
    Revision newest = 1;
    size_t total = 0;

    void add(const Answer& answer) {
        if (answer.client >= 0) {
            answers[static_cast<size_t>(answer.client)] = answer;
            newest = std::max(newest, answer.revision);
            ++total;
        }
    }
};

bool read_answer(int pipe, Answer* answer) {
    size_t done = 0;
    while (done < sizeof *answer) {
        const ssize_t got =
            ::read(pipe, reinterpret_cast<char*>(answer) + done, sizeof *answer - done);
        if (got <= 0) {
            return false;
        }
        done += static_cast<size_t>(got);
    }
    return true;
}

void live_and_die(const char* self, const std::filesystem::path& file, int64_t answers,
                  Known* known) {
    int ends[2];
    if (::pipe(ends) != 0) {
        fail("no pipe");
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        ::execl(self, self, "child", file.c_str(), cat(ends[1]).c_str(), nullptr);
        std::_Exit(127);
    }
    ::close(ends[1]);
    Answer answer;
    for (int64_t i = 0; i <= answers; ++i) {
        if (!read_answer(ends[0], &answer)) {
            fail("the child ended by itself");
        }
        known->add(answer);
    }
    ::kill(child, SIGKILL);
    while (read_answer(ends[0], &answer)) {
        known->add(answer);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {
        fail("the child ended by itself");
    }
}

io::Task<void> check(io::Loop* loop, std::filesystem::path file, Known* known) {
    auto opened = co_await open_sqlite(loop, {.file = file, .vfs = ""});
    if (!opened) {
        fail(opened.error().text());
    }
    Store* store = opened->get();
    if (store->newest() < known->newest) {
        fail(cat("newest is ", store->newest(), ", answered was ", known->newest));
    }
    for (int64_t client = 0; client < clients; ++client) {
        Answer& answer = known->answers[static_cast<size_t>(client)];
        const auto first = co_await store->get(key_of("a", client), {});
        const auto second = co_await store->get(key_of("b", client), {});
        if (counter_of(*first) != counter_of(*second)) {
            fail(cat("half a commit of client ", client));
        }
        if (counter_of(*first) < answer.counter || counter_of(*first) > answer.counter + 1) {
            fail(cat("client ", client, " stands at ", counter_of(*first), ", answered was ",
                     answer.counter));
        }
        if (answer.revision >= store->oldest() && answer.revision > 1) {
            const auto then = co_await store->get(key_of("a", client), {answer.revision});
            if (!then || counter_of(*then) != answer.counter ||
                (*then)->modified != answer.revision) {
                fail(cat("revision ", answer.revision, " is not what was answered"));
            }
        }
        // A commit that was on its way when the child died may stand; the next child counts on
        // from it, and may die on its way, too.
        if (first->has_value()) {
            answer = {client, counter_of(*first), (*first)->modified};
        }
    }
    // Writing goes on upwards.
    const Revision before = store->newest();
    const auto mark = co_await store->get("/mark", {});
    std::vector<Write> writes;
    writes.push_back(next_write("/mark", *mark, 0, 0));
    const auto after = co_await store->commit(std::move(writes));
    if (!after || *after != before + 1) {
        fail("the next commit does not have the next revision");
    }
    co_await store->close();
}

int run(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "child") {
        io::RealLoop loop;
        io::run(&loop,
                run_child(&loop, argv[2], static_cast<int>(parse_int(argv[3]).value_or(-1))));
        return 0;
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "weft-crash-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) {
        fail("no directory");
    }
    const std::filesystem::path file = std::filesystem::path(pattern) / "store.db";
    Known known;
    for (int round = 0; round < rounds; ++round) {
        int64_t answers = 0;
        {
            io::RealLoop loop;
            answers =
                round % 5 == 4
                    ? 0
                    : static_cast<int64_t>(loop.random() % static_cast<uint64_t>(answers_max));
        }
        live_and_die("/proc/self/exe", file, answers, &known);
        io::RealLoop loop;
        io::run(&loop, check(&loop, file, &known));
    }
    std::filesystem::remove_all(pattern);
    std::printf("%d kills, %zu answered commits, none lost; newest revision %lld\n", rounds,
                known.total, static_cast<long long>(known.newest));
    return 0;
}

}  // namespace
}  // namespace weft::store

int main(int argc, char** argv) {
    return weft::store::run(argc, argv);
}
