// store/faulty_vfs.cc: files in memory, what of them is durable, and the SQLite calls.

#include "store/faulty_vfs.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sqlite3.h>

#include "base/base.h"

namespace weft::store {

namespace {

constexpr size_t sector = 512;

// A write or truncation since the last sync.
struct Effect {
    size_t offset = 0;
    std::string bytes;
    std::optional<size_t> truncated_to;
};

struct File {
    std::string now;
    std::string durable;
    std::vector<Effect> unsynced;
    bool exists = true;
    bool exists_durably = false;
    bool is_new_journal = false;  // its first sync is one of the directory too
};

void write_at(std::string& content, size_t offset, std::string_view bytes) {
    if (content.size() < offset + bytes.size()) {
        content.resize(offset + bytes.size());
    }
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

class FaultyVfs::Files {
public:
    Files(FaultyOptions options, std::string name)
        : options_(options), random_(options.seed), name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] uint64_t random();
    [[nodiscard]] bool happens(uint32_t chance) {
        return chance != 0 && random() % 10'000 < chance;
    }
    // False if the power is gone, or goes now.
    [[nodiscard]] bool has_effect();
    [[nodiscard]] File* find(std::string_view path);
    [[nodiscard]] File* make(std::string_view path);
    void sync_directory();
    void survive(File& file);
    void crash();

    FaultyOptions options_;
    uint64_t random_;
    std::string name_;
    std::map<std::string, File, std::less<>> files_;
    uint64_t effects_ = 0;
    std::optional<uint64_t> cut_at_;
    bool down_ = false;
    uint64_t life_ = 1;  // handles of an earlier life are dead
    sqlite3_vfs vfs_{};
};

namespace {

using Files = FaultyVfs::Files;

// What SQLite allocates for us: plain data.
struct Handle {
    sqlite3_file base;
    Files* files;
    File* file;
    uint64_t life;
    bool is_dead() const { return files->down_ || life != files->life_; }
};

Handle* handle_of(sqlite3_file* file) {
    return reinterpret_cast<Handle*>(file);
}
Files* files_of(sqlite3_vfs* vfs) {
    return static_cast<Files*>(vfs->pAppData);
}

int close_file(sqlite3_file* /*file*/) {
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    Handle* handle = handle_of(file);
    if (handle->is_dead() || handle->files->happens(handle->files->options_.read_error)) {
        return SQLITE_IOERR_READ;
    }
    const std::string& content = handle->file->now;
    const auto from = std::min(static_cast<size_t>(offset), content.size());
    const size_t there = std::min(static_cast<size_t>(amount), content.size() - from);
    std::memcpy(out, content.data() + from, there);
    if (there < static_cast<size_t>(amount)) {
        std::memset(static_cast<char*>(out) + there, 0, static_cast<size_t>(amount) - there);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
    Handle* handle = handle_of(file);
    if (handle->is_dead() || !handle->files->has_effect()) {
        return SQLITE_IOERR_WRITE;
    }
    if (handle->files->happens(handle->files->options_.disk_full)) {
        return SQLITE_FULL;
    }
    std::string_view text(static_cast<const char*>(bytes), static_cast<size_t>(amount));
    const bool fails = handle->files->happens(handle->files->options_.write_error);
    if (fails) {
        text = text.substr(0, handle->files->random() % (text.size() + 1));
    }
    write_at(handle->file->now, static_cast<size_t>(offset), text);
    handle->file->unsynced.push_back({static_cast<size_t>(offset), std::string(text), {}});
    return fails ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    Handle* handle = handle_of(file);
    if (handle->is_dead() || !handle->files->has_effect()) {
        return SQLITE_IOERR_TRUNCATE;
    }
    handle->file->now.resize(static_cast<size_t>(size));
    handle->file->unsynced.push_back({0, {}, static_cast<size_t>(size)});
    return SQLITE_OK;
}

int sync_file(sqlite3_file* file, int /*flags*/) {
    Handle* handle = handle_of(file);
    if (handle->is_dead() || !handle->files->has_effect()) {
        return SQLITE_IOERR_FSYNC;
    }
    if (handle->files->options_.swallows_sync) {
        return SQLITE_OK;
    }
    if (handle->files->happens(handle->files->options_.sync_error)) {
        return SQLITE_IOERR_FSYNC;
    }
    handle->file->durable = handle->file->now;
    handle->file->unsynced.clear();
    if (std::exchange(handle->file->is_new_journal, false)) {
        handle->files->sync_directory();
    }
    return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    Handle* handle = handle_of(file);
    if (handle->is_dead()) {
        return SQLITE_IOERR_FSTAT;
    }
    *size = static_cast<sqlite3_int64>(handle->file->now.size());
    return SQLITE_OK;
}

int ignore_lock(sqlite3_file* /*file*/, int /*level*/) {
    return SQLITE_OK;
}
int no_lock(sqlite3_file* /*file*/, int* held) {
    *held = 0;
    return SQLITE_OK;
}
int control(sqlite3_file* /*file*/, int /*operation*/, void* /*argument*/) {
    return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file* /*file*/) {
    return static_cast<int>(sector);
}
// As SQLite assumes of a disk: a torn write harms no byte outside its range.
int characteristics(sqlite3_file* /*file*/) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

constexpr sqlite3_io_methods methods{.iVersion = 1,
                                     .xClose = close_file,
                                     .xRead = read_file,
                                     .xWrite = write_file,
                                     .xTruncate = truncate_file,
                                     .xSync = sync_file,
                                     .xFileSize = file_size,
                                     .xLock = ignore_lock,
                                     .xUnlock = ignore_lock,
                                     .xCheckReservedLock = no_lock,
                                     .xFileControl = control,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* flags_out) {
    Files* files = files_of(vfs);
    Handle* handle = handle_of(out);
    handle->base.pMethods = nullptr;
    if (files->down_) {
        return SQLITE_CANTOPEN;
    }
    const std::string name = path == nullptr ? cat("temporary ", files->random()) : path;
    File* file = files->find(name);
    if (file == nullptr) {
        if ((flags & SQLITE_OPEN_CREATE) == 0) {
            return SQLITE_CANTOPEN;
        }
        file = files->make(name);
        // As SQLite's own VFS for Unix does; the name of a database is made durable with them.
        file->is_new_journal = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    }
    *handle = {{&methods}, files, file, files->life_};
    if (flags_out != nullptr) {
        *flags_out = flags;
    }
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    Files* files = files_of(vfs);
    if (!files->has_effect()) {
        return SQLITE_IOERR_DELETE;
    }
    File* file = files->find(path);
    if (file == nullptr) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    file->exists = false;
    if (sync_directory != 0 && !files->options_.swallows_sync) {
        files->sync_directory();
    }
    return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* path, int /*flags*/, int* result) {
    Files* files = files_of(vfs);
    if (files->down_) {
        return SQLITE_IOERR_ACCESS;
    }
    *result = files->find(path) != nullptr ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int count, char* out) {
    for (int i = 0; i < count; ++i) {
        out[i] = static_cast<char>(files_of(vfs)->random());
    }
    return count;
}

int sleep_not(sqlite3_vfs* /*vfs*/, int microseconds) {
    return microseconds;
}
int some_time(sqlite3_vfs* /*vfs*/, double* day) {
    *day = 2460000.5;
    return SQLITE_OK;
}
int last_error(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*text*/) {
    return 0;
}

}  // namespace

uint64_t FaultyVfs::Files::random() {
    random_ += 0x9E3779B97F4A7C15ULL;
    uint64_t z = random_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

bool FaultyVfs::Files::has_effect() {
    if (!down_ && cut_at_.has_value() && effects_ >= *cut_at_) {
        down_ = true;
    }
    effects_ += down_ ? 0 : 1;
    return !down_;
}

File* FaultyVfs::Files::find(std::string_view path) {
    const auto found = files_.find(path);
    return found == files_.end() || !found->second.exists ? nullptr : &found->second;
}

// A name that was deleted is a new file, whose content nobody has synced.
File* FaultyVfs::Files::make(std::string_view path) {
    File& file = files_[std::string(path)];
    file.exists = true;
    if (!file.now.empty()) {
        file.unsynced.push_back({0, {}, 0});
        file.now.clear();
    }
    return &file;
}

void FaultyVfs::Files::sync_directory() {
    for (auto& [path, file] : files_) {
        if (!file.exists) {
            file = File();
            file.exists = false;
        }
        file.exists_durably = file.exists;
    }
}

void FaultyVfs::Files::survive(File& file) {
    // Whether a name that came or went since the last sync of its directory is there, is chance.
    if (file.exists != file.exists_durably) {
        file.exists = random() % 2 == 0;
    }
    std::string content = std::move(file.durable);
    for (const Effect& effect : file.unsynced) {
        if (effect.truncated_to.has_value()) {
            if (random() % 2 == 0) {
                content.resize(*effect.truncated_to);
            }
            continue;
        }
        const uint64_t fate = random() % 3;  // nothing of it, all of it, or some sectors
        for (size_t done = 0; done < effect.bytes.size();) {
            const size_t at = effect.offset + done;
            const size_t size = std::min(sector - at % sector, effect.bytes.size() - done);
            if (fate == 1 || (fate == 2 && random() % 2 == 0)) {
                write_at(content, at, std::string_view(effect.bytes).substr(done, size));
            }
            done += size;
        }
    }
    if (!file.exists) {
        content.clear();
    }
    file.now = content;
    file.durable = std::move(content);
    file.unsynced.clear();
    file.exists_durably = file.exists;
}

void FaultyVfs::Files::crash() {
    for (auto& [path, file] : files_) {
        survive(file);
    }
    cut_at_.reset();
    down_ = false;
    ++life_;
}

FaultyVfs::FaultyVfs(FaultyOptions options) {
    static uint64_t made = 0;
    files_ = std::make_unique<Files>(options, cat("weft-faulty-", ++made));
    files_->vfs_ = {.iVersion = 1,
                    .szOsFile = sizeof(Handle),
                    .mxPathname = 512,
                    .pNext = nullptr,
                    .zName = files_->name_.c_str(),
                    .pAppData = files_.get(),
                    .xOpen = open_file,
                    .xDelete = delete_file,
                    .xAccess = access_file,
                    .xFullPathname = full_path,
                    .xDlOpen = nullptr,
                    .xDlError = nullptr,
                    .xDlSym = nullptr,
                    .xDlClose = nullptr,
                    .xRandomness = randomness,
                    .xSleep = sleep_not,
                    .xCurrentTime = some_time,
                    .xGetLastError = last_error,
                    .xCurrentTimeInt64 = nullptr,
                    .xSetSystemCall = nullptr,
                    .xGetSystemCall = nullptr,
                    .xNextSystemCall = nullptr};
    CHECK(sqlite3_vfs_register(&files_->vfs_, 0) == SQLITE_OK);
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&files_->vfs_);
}

const std::string& FaultyVfs::name() const {
    return files_->name();
}
uint64_t FaultyVfs::effects() const {
    return files_->effects_;
}
void FaultyVfs::cut_power_at(uint64_t effect) {
    files_->cut_at_ = effect;
}
bool FaultyVfs::is_down() const {
    return files_->down_;
}
void FaultyVfs::crash() {
    files_->crash();
}
void FaultyVfs::set_faults(FaultyOptions options) {
    files_->options_ = options;
}

bool FaultyVfs::flip_bit(std::string_view path, size_t byte) {
    File* file = files_->find(path);
    if (file == nullptr || file->now.size() <= byte) {
        return false;
    }
    file->now[byte] = static_cast<char>(file->now[byte] ^ 1);
    return true;
}

size_t FaultyVfs::size(std::string_view path) const {
    const File* file = files_->find(path);
    return file == nullptr ? 0 : file->now.size();
}

}  // namespace weft::store
