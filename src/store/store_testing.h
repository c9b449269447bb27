// store/store_testing.h: a store in a world of its own, for the tests of this folder.

#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

#include "io/sim/virtual_loop.h"
#include "store/faulty_vfs.h"
#include "store/store.h"

namespace weft::store::testing_world {

enum class Kind : uint8_t { memory, sqlite, sqlite_file };

inline auto kinds() {
    return testing::Values(Kind::memory, Kind::sqlite, Kind::sqlite_file);
}
inline std::string name(Kind kind) {
    switch (kind) {
        case Kind::memory:
            return "Memory";
        case Kind::sqlite:
            return "Sqlite";  // on a file system in memory
        case Kind::sqlite_file:
            return "SqliteFile";
    }
    return "";
}

// A directory of its own, gone with it.
class Directory {
public:
    Directory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "weft-XXXXXX").native();
        CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::string text_of(const Entry& entry) {
    return cat(entry.key, "=", *entry.value, "@", entry.modified);
}
inline std::string text_of(const Event& event) {
    const bool is_put = event.type == Event::Type::put;
    return cat(is_put ? "put " : "erase ", event.entry.key,
               is_put ? cat("=", *event.entry.value) : "", " was ",
               event.previous_value == nullptr ? "-" : cat("=", *event.previous_value), "@",
               event.entry.modified);
}
template <typename T>
std::vector<std::string> texts_of(const std::vector<T>& items) {
    std::vector<std::string> texts;
    for (const T& item : items) {
        texts.push_back(text_of(item));
    }
    return texts;
}
inline std::vector<std::string> texts_of(const Page& page) {
    return texts_of(page.entries);
}
inline std::vector<std::string> keys_of(const Page& page) {
    std::vector<std::string> keys;
    for (const Entry& entry : page.entries) {
        keys.push_back(entry.key);
    }
    return keys;
}

inline io::Task<void> next_into(Watch* watch, Result<std::vector<Event>>* events) {
    *events = co_await watch->next();
}

// Drives one store on virtual time, one call after the other.
struct World {
    explicit World(Kind world_kind) : kind(world_kind) { open(); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() { close(); }

    void open() {
        if (kind == Kind::memory) {
            store = memory(&loop);
            return;
        }
        SqliteOptions options;
        if (kind == Kind::sqlite) {
            options = {.file = "/store.db", .vfs = vfs.name()};
        } else {
            options = {.file = directory.path() / "store.db", .sync = Sync::off, .vfs = ""};
        }
        auto opened = io::run(&loop, open_sqlite(&loop, options));
        CHECK(opened.has_value());
        store = *std::move(opened);
        closed = false;
    }
    // As after a restart; a store in memory stays as it is.
    void reopen() {
        if (kind != Kind::memory) {
            close();
            open();
        }
    }
    void close() {
        if (store != nullptr && !closed) {
            io::run(&loop, store->close());
            closed = true;
        }
    }

    [[nodiscard]] static Write write(std::string key, std::string value, Revision expected = 0) {
        return {std::move(key), std::make_shared<const std::string>(std::move(value)), expected};
    }
    Result<Revision> commit(std::vector<Write> writes) {
        return io::run(&loop, store->commit(std::move(writes)));
    }
    Result<Revision> put(std::string key, std::string value, Revision expected = 0) {
        std::vector<Write> writes;
        writes.push_back(write(std::move(key), std::move(value), expected));
        return commit(std::move(writes));
    }
    Result<Revision> erase(std::string key, Revision expected) {
        return commit({Write{std::move(key), nullptr, expected}});
    }
    Result<std::optional<Entry>> get(std::string key, Revision at = 0) {
        return io::run(&loop, store->get(std::move(key), {at}));
    }
    Result<Page> list(ListRequest request) {
        return io::run(&loop, store->list(std::move(request)));
    }
    Status compact(Revision before) { return io::run(&loop, store->compact(before)); }

    // All batches that are there.
    static Result<std::vector<Event>> take(Watch* watch) {
        std::vector<Event> all;
        while (true) {
            std::vector<Event> events = TRY(watch->take());
            if (events.empty()) {
                return all;
            }
            std::ranges::move(events, std::back_inserter(all));
        }
    }

    // What a `next` that waits already gets from a commit.
    Result<std::vector<Event>> next_while_committing(Watch* watch, std::vector<Write> writes) {
        Result<std::vector<Event>> events{std::vector<Event>()};
        io::run(&loop, commit_beside_next(this, watch, std::move(writes), &events));
        return events;
    }
    static io::Task<void> commit_beside_next(World* world, Watch* watch, std::vector<Write> writes,
                                             Result<std::vector<Event>>* events) {
        io::Scope scope(&world->loop);
        scope.spawn(next_into(watch, events));
        static_cast<void>(co_await io::sleep(&world->loop, 1));
        CHECK((co_await world->store->commit(std::move(writes))).has_value());
        co_await scope.join();
    }

    Kind kind;
    io::sim::VirtualLoop loop{1};
    FaultyVfs vfs{{}};
    Directory directory;
    std::unique_ptr<Store> store;
    bool closed = false;
};

}  // namespace weft::store::testing_world
