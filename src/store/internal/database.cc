// store/internal/database.cc: statements and transactions.

#include "store/internal/database.h"

#include "store/limits.h"

namespace weft::store::internal {

namespace {

constexpr int64_t application_id = 0x77656674;  // "weft"
constexpr int64_t format_version = 1;

// Keys and values are bytes of any kind, so they are BLOBs and compare by memcmp.
constexpr const char* schema = R"(
BEGIN IMMEDIATE;
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE live (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, created INTEGER NOT NULL,
                   modified INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE log (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, key BLOB NOT NULL,
                  created INTEGER NOT NULL, modified INTEGER NOT NULL, value BLOB);
INSERT INTO meta VALUES ('oldest', 1);
PRAGMA application_id = 2003134068;
PRAGMA user_version = 1;
COMMIT;
)";
static_assert(application_id == 2003134068);

Error sqlite_error(const std::string& path, int code, std::string_view text) {
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return make_error(Reason::io, path, ": the disk is full; nothing of this was written. ",
                              "Free some space, then try again");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return make_error(Reason::io, path, " cannot be written (", text,
                              "); give this user the right to write the file and its directory");
        case SQLITE_CANTOPEN:
            return make_error(Reason::io, path, " cannot be opened (", text,
                              "); the directory must exist and be writable");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return make_error(Reason::io, path, " is damaged (", text,
                              "); restore a backup, or move the file and its -wal away to start ",
                              "empty");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return make_error(Reason::conflict, path,
                              " is in use by another process; stop that process, or use another ",
                              "data directory");
        default:
            return make_error(Reason::io, path, ": ", text, " (SQLite code ", code, ")");
    }
}

void bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
    sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void bind_value(sqlite3_stmt* statement, int index, const Bytes& value) {
    if (value == nullptr) {
        sqlite3_bind_null(statement, index);
    } else {
        bind_bytes(statement, index, *value);
    }
}

std::string column_bytes(sqlite3_stmt* statement, int column) {
    const void* bytes = sqlite3_column_blob(statement, column);
    const int size = sqlite3_column_bytes(statement, column);
    return bytes == nullptr
               ? std::string()
               : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

Bytes column_value(sqlite3_stmt* statement, int column) {
    if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
        return nullptr;
    }
    return std::make_shared<const std::string>(column_bytes(statement, column));
}

int count_frames(void* frames, sqlite3* /*connection*/, const char* /*name*/, int count) {
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
}

Result<Connection> connect(const std::string& path, const std::string& vfs) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
        vfs.empty() ? nullptr : vfs.c_str());
    Connection connection(raw);
    if (code != SQLITE_OK) {
        return sqlite_error(path, code, raw == nullptr ? "out of memory" : sqlite3_errmsg(raw));
    }
    sqlite3_extended_result_codes(raw, 1);
    return connection;
}

}  // namespace

Error Database::error(int code) const {
    return sqlite_error(path_, code, sqlite3_errmsg(connection_.get()));
}

Status Database::execute(const char* sql) {
    const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return error(code);
    }
    return {};
}

Result<Statement> Database::prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    const int code =
        sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) {
        return error(code);
    }
    return Statement(raw);
}

Result<int64_t> Database::number(const char* sql) {
    const Statement statement = TRY(prepare(sql));
    const int code = sqlite3_step(statement.get());
    if (code != SQLITE_ROW) {
        return error(code);
    }
    return sqlite3_column_int64(statement.get(), 0);
}

Status Database::step_once(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
        Error failed = error(code);
        sqlite3_reset(statement);
        return failed;
    }
    sqlite3_reset(statement);
    return {};
}

// Nothing is written to a file before it is known to be ours.
Status Database::check_identity() {
    const int64_t id = TRY(number("PRAGMA application_id"));
    const int64_t version = TRY(number("PRAGMA user_version"));
    const int64_t tables = TRY(number("SELECT count(*) FROM sqlite_schema"));
    if (id == 0 && tables == 0) {
        return {};
    }
    if (id != application_id) {
        return make_error(Reason::io, path_,
                          " is a SQLite file of another program; use another data directory");
    }
    if (version != format_version) {
        return make_error(Reason::io, path_, " has format version ", version,
                          ", this program knows version ", format_version,
                          "; use the version of the program that wrote it, or restore a backup");
    }
    const Statement check = TRY(prepare("PRAGMA quick_check(1)"));
    if (const int code = sqlite3_step(check.get()); code != SQLITE_ROW) {
        return error(code);
    }
    const std::string verdict = column_bytes(check.get(), 0);
    if (verdict != "ok") {
        return sqlite_error(path_, SQLITE_CORRUPT, verdict);
    }
    return {};
}

Status Database::set_up(Sync sync) {
    // In exclusive mode the index of the write-ahead log lies in this process' memory: no file of
    // shared memory, and no second process whatever becomes of the lock file.
    TRY(execute("PRAGMA locking_mode = EXCLUSIVE"));
    TRY(check_identity());
    TRY(execute("PRAGMA journal_mode = WAL"));
    // NORMAL syncs at checkpoints only: a power cut then takes the last commits, never the file.
    TRY(execute(sync == Sync::off ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL"));
    TRY(
        execute("PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                "PRAGMA journal_size_limit = 67108864"));
    if (TRY(number("PRAGMA user_version")) == 0) {
        TRY(execute(schema));
    }
    sqlite3_wal_hook(connection_.get(), count_frames, &wal_frames_);
    return {};
}

Status Database::prepare_all() {
    begin_ = TRY(prepare("BEGIN IMMEDIATE"));
    commit_ = TRY(prepare("COMMIT"));
    rollback_ = TRY(prepare("ROLLBACK"));
    put_ =
        TRY(prepare("INSERT INTO live (key, created, modified, value) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (key) DO UPDATE SET created = ?2, modified = ?3, value = ?4"));
    erase_ = TRY(prepare("DELETE FROM live WHERE key = ?1"));
    log_ =
        TRY(prepare("INSERT INTO log (id, revision, key, created, modified, value) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    return {};
}

Result<Revision> Database::load_live(Index* index) {
    const Statement rows =
        TRY(prepare("SELECT key, created, modified, value FROM live ORDER BY key"));
    Revision newest = 0;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
        Entry entry;
        entry.key = column_bytes(rows.get(), 0);
        entry.created = sqlite3_column_int64(rows.get(), 1);
        entry.modified = sqlite3_column_int64(rows.get(), 2);
        entry.value = column_value(rows.get(), 3);
        if (entry.value == nullptr || entry.created < 2 || entry.created > entry.modified) {
            return sqlite_error(path_, SQLITE_CORRUPT, cat("entry ", quote(entry.key)));
        }
        newest = std::max(newest, entry.modified);
        index->load(std::move(entry));
    }
    if (code != SQLITE_DONE) {
        return error(code);
    }
    return newest;
}

Status Database::load(Index* index, DiskState* state) {
    const Revision newest_live = TRY(load_live(index));
    Revision oldest = TRY(number("SELECT value FROM meta WHERE name = 'oldest'"));
    state->last_id = TRY(number("SELECT ifnull(max(id), 0) FROM log"));
    state->first_id = TRY(number("SELECT ifnull(min(id), 1) FROM log"));
    const Statement rows = TRY(
        prepare("SELECT id, revision, key, created, modified, value FROM log ORDER BY id DESC"));
    Revision newest = oldest;
    Revision last = 0;
    int64_t expected_id = state->last_id;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
        const Revision revision = sqlite3_column_int64(rows.get(), 1);
        if (revision <= oldest) {
            break;  // A compaction that is not finished.
        }
        if (revision != last && !index->takes_more_past()) {
            oldest = revision;
            break;
        }
        if (sqlite3_column_int64(rows.get(), 0) != expected_id-- ||
            (last != 0 && revision != last && revision != last - 1)) {
            return sqlite_error(path_, SQLITE_CORRUPT, cat("the log has a gap before ", last));
        }
        newest = std::max(newest, revision);
        last = revision;
        const Status past = index->load_past(revision, column_bytes(rows.get(), 2),
                                             {.modified = sqlite3_column_int64(rows.get(), 4),
                                              .created = sqlite3_column_int64(rows.get(), 3),
                                              .value = column_value(rows.get(), 5)});
        if (!past) {
            return sqlite_error(path_, SQLITE_CORRUPT, past.error().message());
        }
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return error(code);
    }
    if (newest_live > newest) {
        return sqlite_error(path_, SQLITE_CORRUPT, "an entry is newer than the log");
    }
    index->loaded(newest, oldest);
    return {};
}

Result<std::unique_ptr<Database>> Database::open(const SqliteOptions& options, Index* index,
                                                 DiskState* state) {
    auto database = std::make_unique<Database>();
    database->path_ = options.file.native();
    database->vfs_ = options.vfs;
    database->connection_ = TRY(connect(database->path_, database->vfs_));
    TRY(database->set_up(options.sync));
    TRY(database->prepare_all());
    TRY(database->load(index, state));
    return database;
}

Status Database::put_entry(const std::string& key, const Version& version) {
    bind_bytes(put_.get(), 1, key);
    sqlite3_bind_int64(put_.get(), 2, version.created);
    sqlite3_bind_int64(put_.get(), 3, version.modified);
    bind_value(put_.get(), 4, version.value);
    return step_once(put_.get());
}

Status Database::write_state(std::span<const Entry> entries, Revision revision) {
    TRY(step_once(begin_.get()));
    Status written;
    for (const Entry& entry : entries) {
        written = put_entry(entry.key, {entry.modified, entry.created, entry.value});
        if (!written) {
            break;
        }
    }
    if (written) {
        written = execute(cat("UPDATE meta SET value = ", revision, "; COMMIT").c_str());
    }
    if (!written) {
        roll_back();
    }
    return written;
}

Status Database::write_rows(std::span<const Row> rows, int64_t last_id) {
    for (const Row& row : rows) {
        const Write& write = *row.write;
        if (write.value == nullptr) {
            bind_bytes(erase_.get(), 1, write.key);
            TRY(step_once(erase_.get()));
        } else {
            TRY(put_entry(write.key, {row.revision, row.created, write.value}));
        }
        sqlite3_bind_int64(log_.get(), 1, ++last_id);
        sqlite3_bind_int64(log_.get(), 2, row.revision);
        bind_bytes(log_.get(), 3, write.key);
        sqlite3_bind_int64(log_.get(), 4, row.previous.created);
        sqlite3_bind_int64(log_.get(), 5, row.previous.modified);
        bind_value(log_.get(), 6, row.previous.value);
        TRY(step_once(log_.get()));
    }
    return {};
}

Status Database::write(std::span<const Row> rows, int64_t last_id) {
    TRY(step_once(begin_.get()));
    Status written = write_rows(rows, last_id);
    if (written) {
        written = step_once(commit_.get());
    }
    if (!written) {
        roll_back();
    }
    return written;
}

// If even this fails the connection is of no use; `newest` will tell.
void Database::roll_back() {
    if (sqlite3_get_autocommit(connection_.get()) == 0) {
        static_cast<void>(step_once(rollback_.get()));
    }
}

Result<Revision> Database::newest() {
    return number(
        "SELECT max((SELECT value FROM meta WHERE name = 'oldest'), "
        "ifnull((SELECT revision FROM log ORDER BY id DESC LIMIT 1), 0))");
}

Status Database::trim(int64_t to, Revision oldest) {
    const Status done = execute(cat("BEGIN IMMEDIATE; DELETE FROM log WHERE id <= ", to,
                                    "; UPDATE meta SET value = ", oldest,
                                    " WHERE name = 'oldest' AND value < ", oldest, "; COMMIT")
                                    .c_str());
    if (!done) {
        roll_back();
    }
    return done;
}

Status Database::checkpoint() {
    const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return error(code);
    }
    wal_frames_ = 0;
    return {};
}

Status Database::close() {
    const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    Status status;
    if (code != SQLITE_OK) {
        status = error(code);
    }
    for (Statement* statement : {&begin_, &commit_, &rollback_, &put_, &erase_, &log_}) {
        statement->reset();
    }
    connection_.reset();
    return status;
}

Result<std::unique_ptr<Database::Backup>> Database::begin_backup(const std::string& path) {
    auto backup = std::make_unique<Backup>();
    backup->path_ = path;
    backup->target_ = TRY(connect(path, vfs_));
    backup->backup_.reset(
        sqlite3_backup_init(backup->target_.get(), "main", connection_.get(), "main"));
    if (backup->backup_ == nullptr) {
        return sqlite_error(path, sqlite3_errcode(backup->target_.get()),
                            sqlite3_errmsg(backup->target_.get()));
    }
    return backup;
}

Result<bool> Database::Backup::step() {
    const int code = sqlite3_backup_step(backup_.get(), backup_pages);
    if (code == SQLITE_OK) {
        return false;
    }
    if (code != SQLITE_DONE) {
        return sqlite_error(path_, code, sqlite3_errstr(code));
    }
    backup_.reset();
    target_.reset();
    return true;
}

}  // namespace weft::store::internal
