// store/memory.cc: the store that is nothing but its index.

#include "store/internal/database.h"
#include "store/internal/index.h"
#include "store/internal/new_file.h"
#include "store/store.h"

namespace weft::store {

namespace {

class MemoryStore : public Store {
public:
    explicit MemoryStore(io::Loop* loop) : loop_(loop), index_(loop) {}

    io::Task<Result<std::optional<Entry>>> get(std::string key, At at) override {
        co_return index_.get(std::move(key), at);
    }

    io::Task<Result<Page>> list(ListRequest request) override {
        return index_.list(std::move(request));
    }

    io::Task<Result<Revision>> commit(std::vector<Write> writes) override {
        if (closed_) {
            co_return make_error(Reason::cancelled, "the store is closed");
        }
        if (CO_TRY(index_.check(writes))) {
            index_.apply(index_.newest() + 1, std::move(writes));
        }
        co_return index_.newest();
    }

    Result<std::unique_ptr<Watch>> watch(std::string prefix, Revision since) override {
        return index_.watch(std::move(prefix), since);
    }

    [[nodiscard]] Revision newest() const override { return index_.newest(); }
    [[nodiscard]] Revision oldest() const override { return index_.oldest(); }

    io::Task<Status> compact(Revision before) override { return index_.compact(before); }

    // A file that `open_sqlite` opens; its history begins at this moment.
    io::Task<Status> backup(std::filesystem::path to) override {
        if (closed_) {
            co_return make_error(Reason::cancelled, "the store is closed");
        }
        const internal::NewFile file = CO_TRY(internal::NewFile::begin(std::move(to)));
        const Page page = CO_TRY(co_await index_.list({}));
        internal::Index unused(loop_);
        const Status written = co_await io::offload(loop_, [&page, &file, &unused]() -> Status {
            internal::DiskState state;
            const auto database = TRY(internal::Database::open(
                {.file = file.partial(), .sync = Sync::full, .vfs = ""}, &unused, &state));
            TRY(database->write_state(page.entries, page.revision));
            return database->close();
        });
        CO_TRY(Status(written));
        co_return file.finish();
    }

    io::Task<void> close() override {
        closed_ = true;
        index_.close();
        co_return;
    }

private:
    io::Loop* loop_;
    internal::Index index_;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<Store> memory(io::Loop* loop) {
    return std::make_unique<MemoryStore>(loop);
}

}  // namespace weft::store
