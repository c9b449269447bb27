// store/sqlite.cc: the store whose log is a SQLite file: groups of commits, one sync each.
//
// The loop thread owns the index and decides; the worker owns the file. One group is on its way to
// the disk at a time. Commits are checked when their group is made up, so against what is visible
// and the earlier members of the same group only: a group that fails takes nobody else with it.

#include <deque>

#include "store/internal/database.h"
#include "store/internal/index.h"
#include "store/internal/lock_file.h"
#include "store/internal/new_file.h"
#include "store/store.h"

namespace weft::store {

namespace {

using internal::Database;
using internal::DiskState;
using internal::Index;
using internal::LockFile;
using internal::Overlay;
using internal::Row;
using internal::Version;

// A commit between its call and its answer; lies in the caller's frame. Not cancellable: once it
// is queued nobody can say that it did not happen.
class Pending : public io::Waiter {
public:
    explicit Pending(std::vector<Write> what) : writes(std::move(what)) {
        for (const Write& write : writes) {
            bytes += write.key.size() + (write.value == nullptr ? 0 : write.value->size());
        }
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { suspend(nullptr, handle); }
    void await_resume() const noexcept {}
    void answer() { resume(); }

    std::vector<Write> writes;
    size_t bytes = 0;
    Result<Revision> result = Revision{0};
    bool changes = false;

private:
    void on_cancel() override {}
};

class SqliteStore : public Store {
public:
    SqliteStore(io::Loop* loop, SqliteOptions options)
        : loop_(loop), options_(std::move(options)), index_(loop), idle_(loop) {}
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;
    // Closing is not optional: what runs on the worker would come back to nobody.
    ~SqliteStore() override { CHECK(is_idle()); }

    io::Task<Status> open();

    io::Task<Result<std::optional<Entry>>> get(std::string key, At at) override {
        co_return index_.get(std::move(key), at);
    }
    io::Task<Result<Page>> list(ListRequest request) override {
        return index_.list(std::move(request));
    }
    io::Task<Result<Revision>> commit(std::vector<Write> writes) override;
    Result<std::unique_ptr<Watch>> watch(std::string prefix, Revision since) override {
        return index_.watch(std::move(prefix), since);
    }
    [[nodiscard]] Revision newest() const override { return index_.newest(); }
    [[nodiscard]] Revision oldest() const override { return index_.oldest(); }
    io::Task<Status> compact(Revision before) override;
    io::Task<Status> backup(std::filesystem::path to) override;
    io::Task<void> close() override;

private:
    // While one lives, `close` waits.
    class Job {
    public:
        explicit Job(SqliteStore* store) : store_(store) { ++store->jobs_; }
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        ~Job() { store_->end_job(); }

    private:
        SqliteStore* store_;
    };
    template <typename Function>
    io::Task<std::invoke_result_t<Function>> on_worker(Function function) {
        const Job job(this);
        co_return co_await io::run_on(worker_.get(), std::move(function));
    }
    void end_job();
    [[nodiscard]] bool is_idle() const { return jobs_ == 0 && !group_posted_ && queue_.empty(); }

    void want_group();
    void form_group();
    void admit(Pending* pending);
    void answer_group();
    void answer_some();
    void group_done();
    [[nodiscard]] bool should_wait_for_more();
    void maintain();
    [[nodiscard]] io::Task<Status> make_backup(std::filesystem::path to);
    [[nodiscard]] io::Task<Status> copy_to(std::string path);

    io::Loop* loop_;
    SqliteOptions options_;
    LockFile lock_;
    Index index_;
    std::unique_ptr<Database> database_;  // used on the worker only
    std::unique_ptr<io::Worker> worker_;
    io::Signal idle_;
    size_t jobs_ = 0;  // what is on the worker or coming back, backups, compactions
    bool closed_ = false;
    // Memory and file may differ; nothing is written any more.
    std::optional<Error> broken_;

    std::deque<Pending*> queue_;
    size_t queue_bytes_ = 0;
    bool group_posted_ = false;
    bool group_running_ = false;
    std::optional<io::Loop::TimerId> group_timer_;
    size_t last_group_size_ = 0;

    // The group that is being made up or written. The worker reads the rows and writes the result.
    std::vector<Pending*> group_;
    std::vector<Row> rows_;
    Overlay overlay_;
    std::deque<Pending*> answers_;  // of groups that are done, in their order
    bool is_answering_ = false;
    Revision group_revision_ = 0;
    Status group_result_;
    int group_frames_ = 0;
    Result<Revision> disk_newest_ = Revision{0};

    DiskState disk_;
    int wal_frames_ = 0;
    bool maintaining_ = false;
    bool trimmed_ = false;       // written by the worker while maintaining
    int maintained_frames_ = 0;  // likewise
    bool backing_up_ = false;
};

io::Task<Status> SqliteStore::open() {
    if (options_.vfs.empty()) {
        std::filesystem::path lock = options_.file;
        lock += ".lock";
        lock_ = CO_TRY(LockFile::take(lock));
    }
    worker_ = loop_->make_worker("store");
    Result<std::unique_ptr<Database>> opened =
        co_await on_worker([this] { return Database::open(options_, &index_, &disk_); });
    if (!opened) {
        closed_ = true;
        co_return opened.error();
    }
    database_ = *std::move(opened);
    if (options_.vfs.empty()) {
        internal::sync_directory(options_.file);
    }
    co_return Status{};
}

void SqliteStore::end_job() {
    if (--jobs_ == 0) {
        idle_.notify_all();
    }
}

io::Task<Result<Revision>> SqliteStore::commit(std::vector<Write> writes) {
    if (closed_) {
        co_return make_error(Reason::cancelled, "the store is closed");
    }
    if (broken_.has_value()) {
        co_return *broken_;
    }
    if (queue_.size() >= queue_commits_max || queue_bytes_ >= queue_bytes_max) {
        co_return make_error(Reason::too_many_requests, "the store has ", queue_.size(),
                             " commits waiting; try again later");
    }
    Pending pending(std::move(writes));
    queue_.push_back(&pending);
    queue_bytes_ += pending.bytes;
    want_group();
    co_await pending;
    co_return std::move(pending.result);
}

// A group is made up at the loop's next turn, so that what comes in this turn shares its sync.
void SqliteStore::want_group() {
    if (group_running_ || queue_.empty()) {
        return;
    }
    const auto form = [this] {
        group_posted_ = false;
        group_timer_.reset();
        form_group();
    };
    const bool waits = should_wait_for_more();
    if (group_timer_.has_value() && !waits && loop_->cancel_timer(*group_timer_)) {
        group_timer_.reset();
        loop_->post(form);
    } else if (!group_posted_ && waits) {
        group_timer_ = loop_->start_timer(group_wait, form);
    } else if (!group_posted_) {
        loop_->post(form);
    }
    group_posted_ = true;
}

// Under load the last group had company; then this one waits for as much.
bool SqliteStore::should_wait_for_more() {
    return options_.sync == Sync::group && !closed_ && last_group_size_ > 1 &&
           queue_.size() < last_group_size_;
}

void SqliteStore::form_group() {
    CHECK(group_.empty() && rows_.empty());
    group_revision_ = index_.newest();
    size_t bytes = 0;
    while (!queue_.empty() && group_.size() < group_commits_max && bytes < group_bytes_max) {
        Pending* pending = queue_.front();
        queue_.pop_front();
        queue_bytes_ -= pending->bytes;
        bytes += pending->bytes;
        admit(pending);
    }
    last_group_size_ = group_.size();
    if (rows_.empty()) {
        const Job job(this);  // Wakes a `close` that waits.
        answer_group();
        want_group();
        return;
    }
    group_running_ = true;
    ++jobs_;
    worker_->run(
        [this] {
            group_result_ = database_->write(rows_, disk_.last_id);
            group_frames_ = database_->wal_frames();
            if (!group_result_) {
                disk_newest_ = database_->newest();
            }
        },
        [this] { group_done(); });
}

// Puts a commit into the group with the answer that it gets if the group reaches the disk. A
// refusal waits too: what it was refused for may not come to be.
void SqliteStore::admit(Pending* pending) {
    group_.push_back(pending);
    const Result<bool> checked = index_.check(pending->writes, &overlay_);
    if (!checked) {
        pending->result = checked.error();
        return;
    }
    pending->changes = *checked;
    if (*checked) {
        ++group_revision_;
        for (const Write& write : pending->writes) {
            const auto over = overlay_.find(write.key);
            const Version* before = over != overlay_.end() ? &over->second : index_.find(write.key);
            Row row{&write, group_revision_, 0, before == nullptr ? Version() : *before};
            const bool was_live = row.previous.value != nullptr;
            if (!was_live) {
                row.previous = Version();
                if (write.value == nullptr) {
                    continue;
                }
            }
            row.created = was_live ? row.previous.created : group_revision_;
            overlay_[write.key] = {group_revision_, row.created, write.value};
            rows_.push_back(std::move(row));
        }
    }
    pending->result = group_revision_;
}

void SqliteStore::group_done() {
    group_running_ = false;
    wal_frames_ = group_frames_;
    if (group_result_) {
        disk_.last_id += static_cast<int64_t>(rows_.size());
        for (Pending* pending : group_) {
            if (pending->changes) {
                index_.apply(*pending->result, std::move(pending->writes));
            }
        }
    } else {
        for (Pending* pending : group_) {
            pending->result = group_result_.error();
        }
        if (!disk_newest_ || *disk_newest_ != index_.newest()) {
            broken_ = make_error(Reason::io, options_.file.native(), " failed (",
                                 group_result_.error().message(),
                                 ") and what is in it is not known; restart the program");
        }
    }
    if (broken_.has_value()) {
        for (; !queue_.empty(); queue_.pop_front()) {
            queue_.front()->result = *broken_;
            group_.push_back(queue_.front());
        }
        queue_bytes_ = 0;
    }
    answer_group();
    maintain();
    want_group();
    end_job();
}

void SqliteStore::answer_group() {
    rows_.clear();
    overlay_.clear();
    answers_.insert(answers_.end(), group_.begin(), group_.end());
    group_.clear();
    if (!is_answering_) {
        is_answering_ = true;
        ++jobs_;
        answer_some();
    }
}

// Callers run on inside their answer, so a large group is answered in several turns.
void SqliteStore::answer_some() {
    for (size_t i = 0; i < answers_at_once && !answers_.empty(); ++i) {
        Pending* pending = answers_.front();
        answers_.pop_front();
        pending->answer();  // `pending` is gone now.
    }
    if (!answers_.empty()) {
        loop_->post([this] { answer_some(); });
        return;
    }
    is_answering_ = false;
    end_job();
}

// Between two groups: a slice of checkpoint, or of deleting what memory has forgotten.
void SqliteStore::maintain() {
    const int64_t forgotten = disk_.last_id - static_cast<int64_t>(index_.history_events());
    const bool trims = forgotten - disk_.first_id + 1 > trim_slack_rows;
    const bool checkpoints = wal_frames_ >= checkpoint_frames;
    if (maintaining_ || broken_.has_value() || (!trims && !checkpoints)) {
        return;
    }
    maintaining_ = true;
    ++jobs_;
    const int64_t to = trims ? std::min(forgotten, disk_.first_id + trim_rows - 1) : 0;
    // An error here is no commit's; the next write meets the same disk and tells.
    worker_->run(
        [this, to, checkpoints, oldest = index_.oldest()] {
            trimmed_ = to > 0 && database_->trim(to, oldest).has_value();
            if (checkpoints) {
                static_cast<void>(database_->checkpoint());
            }
            maintained_frames_ = database_->wal_frames();
        },
        [this, to] {
            maintaining_ = false;
            wal_frames_ = maintained_frames_;
            if (trimmed_) {
                disk_.first_id = std::max(disk_.first_id, to + 1);
                maintain();
            }
            end_job();
        });
}

io::Task<Status> SqliteStore::compact(Revision before) {
    if (closed_) {
        co_return make_error(Reason::cancelled, "the store is closed");
    }
    const Job job(this);
    CO_TRY(co_await index_.compact(before));
    // The first slice is done even if no row goes: the file must know its oldest revision.
    const int64_t forgotten = disk_.last_id - static_cast<int64_t>(index_.history_events());
    do {
        const int64_t to = std::min(forgotten, disk_.first_id + trim_rows - 1);
        CO_TRY(co_await on_worker(
            [this, to, oldest = index_.oldest()] { return database_->trim(to, oldest); }));
        disk_.first_id = std::max(disk_.first_id, to + 1);
    } while (disk_.first_id <= forgotten && !closed_);
    co_return Status{};
}

io::Task<Status> SqliteStore::backup(std::filesystem::path to) {
    if (closed_) {
        co_return make_error(Reason::cancelled, "the store is closed");
    }
    if (backing_up_) {
        co_return make_error(Reason::conflict, "a backup is being made already; wait for it");
    }
    const Job job(this);
    backing_up_ = true;
    const Status copied = co_await make_backup(std::move(to));
    backing_up_ = false;
    co_return copied;
}

io::Task<Status> SqliteStore::make_backup(std::filesystem::path to) {
    if (!options_.vfs.empty()) {
        co_return co_await copy_to(to.native());
    }
    const internal::NewFile file = CO_TRY(internal::NewFile::begin(std::move(to)));
    CO_TRY(co_await copy_to(file.partial().native()));
    co_return file.finish();
}

io::Task<Status> SqliteStore::copy_to(std::string path) {
    std::unique_ptr<Database::Backup> copy =
        CO_TRY(co_await on_worker([this, &path] { return database_->begin_backup(path); }));
    Result<bool> done = false;
    while (done && !*done) {
        done = co_await on_worker([&copy] { return copy->step(); });
        const Status go_on = co_await io::sleep(loop_, 0);
        if (!go_on) {
            done = go_on.error();
        } else if (closed_ && done && !*done) {
            done = make_error(Reason::cancelled, "the store is closed");
        }
    }
    const bool released = co_await on_worker([&copy] {
        copy.reset();
        return true;
    });
    CHECK(released);
    if (!done) {
        co_return done.error();
    }
    co_return Status{};
}

io::Task<void> SqliteStore::close() {
    if (closed_) {
        co_return;
    }
    closed_ = true;
    want_group();  // Nobody waits for more company now.
    while (!is_idle()) {
        co_await idle_.wait_uncancelled();
    }
    index_.close();
    // What cannot be moved into the main file stays in the write-ahead log, which is as good.
    const Status closed = co_await on_worker([this] { return database_->close(); });
    static_cast<void>(closed);
    const bool released = co_await on_worker([this] {
        database_.reset();
        return true;
    });
    CHECK(released);
    worker_.reset();
    lock_ = LockFile();
}

}  // namespace

io::Task<Result<std::unique_ptr<Store>>> open_sqlite(io::Loop* loop, SqliteOptions options) {
    auto store = std::make_unique<SqliteStore>(loop, std::move(options));
    CO_TRY((co_await store->open()).context("opening the store"));
    co_return std::unique_ptr<Store>(std::move(store));
}

}  // namespace weft::store
