// store/internal/database.h: the SQLite file: one connection, for one worker thread.
//
// The format is docs/internals/storage.md. Nothing here knows of groups, watches or loops.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <sqlite3.h>
#include <string>

#include "store/internal/index.h"
#include "store/store.h"

namespace weft::store::internal {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct FinishBackup {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};
using Connection = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// One write as it goes to disk. `write` is borrowed until the transaction has ended.
struct Row {
    const Write* write = nullptr;
    Revision revision = 0;
    Revision created = 0;
    Version previous;
};

// What the file says about itself once it is open.
struct DiskState {
    int64_t first_id = 1;  // of the log's oldest row, or of the next one if there is none
    int64_t last_id = 0;   // of the log's newest row
};

class Database {
public:
    // Opens or makes the file, checks it, and fills the index. Errors say what is wrong with the
    // file and what to do.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const SqliteOptions& options,
                                                                Index* index, DiskState* state);

    // Fills a fresh file with the state of one revision, which is the oldest that it knows.
    [[nodiscard]] Status write_state(std::span<const Entry> entries, Revision revision);
    // One transaction; the rows' log ids follow `last_id`. On error nothing has been written.
    [[nodiscard]] Status write(std::span<const Row> rows, int64_t last_id);
    // The newest revision in the file: for finding out what an error left.
    [[nodiscard]] Result<Revision> newest();
    // Deletes log rows with ids up to `to`; from now on `oldest` is the file's oldest revision.
    [[nodiscard]] Status trim(int64_t to, Revision oldest);
    // Moves the write-ahead log into the file.
    [[nodiscard]] Status checkpoint();
    // Frames in the write-ahead log after the last commit.
    [[nodiscard]] int wal_frames() const { return wal_frames_; }
    // Moves everything into one file and closes it.
    [[nodiscard]] Status close();

    // A copy in steps. Writes through this connection between two steps go into the copy too.
    class Backup {
    public:
        // True when it is complete (and durable).
        [[nodiscard]] Result<bool> step();

    private:
        friend class Database;
        std::string path_;
        Connection target_;
        std::unique_ptr<sqlite3_backup, FinishBackup> backup_;
    };
    [[nodiscard]] Result<std::unique_ptr<Backup>> begin_backup(const std::string& path);

    Database() = default;  // for `open`

private:
    [[nodiscard]] Status check_identity();
    [[nodiscard]] Status set_up(Sync sync);
    [[nodiscard]] Status prepare_all();
    [[nodiscard]] Status load(Index* index, DiskState* state);
    [[nodiscard]] Result<Revision> load_live(Index* index);
    [[nodiscard]] Status put_entry(const std::string& key, const Version& version);
    [[nodiscard]] Status write_rows(std::span<const Row> rows, int64_t last_id);
    void roll_back();
    [[nodiscard]] Status execute(const char* sql);
    [[nodiscard]] Result<int64_t> number(const char* sql);
    [[nodiscard]] Result<Statement> prepare(const char* sql);
    [[nodiscard]] Status step_once(sqlite3_stmt* statement);
    [[nodiscard]] Error error(int code) const;

    std::string path_;
    std::string vfs_;
    Connection connection_;
    Statement begin_;
    Statement commit_;
    Statement rollback_;
    Statement put_;
    Statement erase_;
    Statement log_;
    int wal_frames_ = 0;
};

}  // namespace weft::store::internal
