// store/internal/index.cc: versions of keys, the log of changes, and reading at a revision.

#include "store/internal/index.h"

#include <algorithm>

#include "store/internal/index_watch.h"

namespace weft::store::internal {

namespace {

size_t weight(const Version& version) {
    return version.value == nullptr ? 0 : version.value->size() + version_bytes;
}

Error too_old(Revision asked, Revision oldest) {
    return make_error(Reason::expired, "too old resource version: ", asked, " (", oldest, ")");
}

// The first text behind all that begin with `prefix`; empty if there is none.
std::string end_of_prefix(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xff') {
        prefix.pop_back();
    }
    if (!prefix.empty()) {
        prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    }
    return prefix;
}

// The first key behind all that begin with `key`'s text exactly: the next page's start.
std::string successor(std::string key) {
    key.push_back('\0');
    return key;
}

}  // namespace

// While it lives, history is not forgotten past its revision.
class Index::Pin {
public:
    Pin(Index* index, Revision revision) : index_(index), at_(index->pins_.insert(revision)) {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() { index_->pins_.erase(at_); }

private:
    Index* index_;
    std::multiset<Revision>::iterator at_;
};

Index::Index(io::Loop* loop, IndexLimits limits)
    : loop_(loop), limits_(limits), opened_at_(loop->monotonic()) {}

Index::~Index() {
    close();
    CHECK(pins_.empty());
}

void Index::close() {
    closed_ = true;
    for (auto& [hash, watches] : watches_) {
        for (IndexWatch* watch : watches) {
            watch->end();
        }
    }
    watches_.clear();
    prefix_lengths_.clear();
}

const Version* Index::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || found->second->second.latest.value == nullptr) {
        return nullptr;
    }
    return &found->second->second.latest;
}

Result<Revision> Index::resolve(At at) const {
    if (at.revision == 0) {
        return newest_;
    }
    if (at.revision > newest_) {
        return make_error(Reason::timeout, "Too large resource version: ", at.revision,
                          ", current: ", newest_);
    }
    if (at.revision < oldest_) {
        return too_old(at.revision, oldest_);
    }
    return at.revision;
}

const Version* Index::version_at(const Record& record, Revision revision) {
    const Version* version = nullptr;
    if (record.latest.modified <= revision) {
        version = &record.latest;
    } else if (record.older != nullptr) {
        const auto behind =
            std::ranges::upper_bound(*record.older, revision, {}, &Version::modified);
        if (behind != record.older->begin()) {
            version = &*std::prev(behind);
        }
    }
    return version == nullptr || version->value == nullptr ? nullptr : version;
}

Result<std::optional<Entry>> Index::get(std::string key, At at) const {
    const Revision revision = TRY(resolve(at));
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return std::optional<Entry>();
    }
    const Version* version = version_at(found->second->second, revision);
    if (version == nullptr) {
        return std::optional<Entry>();
    }
    return std::optional<Entry>(
        Entry{std::move(key), version->value, version->created, version->modified});
}

// The first key of the list, or the first behind `after` where a list goes on.
Index::Map::const_iterator Index::first_of(const ListRequest& request,
                                           std::string_view after) const {
    if (!after.empty()) {
        return map_.upper_bound(after);
    }
    return map_.lower_bound(std::max<std::string_view>(request.prefix, request.start));
}

io::Task<Result<Page>> Index::list(ListRequest request) {
    const Revision revision = CO_TRY(resolve(request.at));
    const Pin pin(this, revision);
    Page page;
    page.revision = revision;
    const std::optional<size_t> known = known_count(request, revision);
    if (request.limit != 0 || known.has_value()) {
        const size_t most = std::min(known.value_or(live_), live_);
        page.entries.reserve(request.limit == 0 ? most : std::min(most, request.limit));
    }
    size_t looked_at = 0;
    // An iterator tells the end without reading keys, which lie elsewhere in memory.
    const std::string behind = end_of_prefix(request.prefix);
    const auto end_now = [&] { return behind.empty() ? map_.end() : map_.lower_bound(behind); };
    auto end = end_now();
    auto at = first_of(request, {});
    if (!behind.empty() && request.start >= behind) {
        at = end;
    }
    while (at != end) {
        const Version* version = version_at(at->second, revision);
        if (version != nullptr) {
            if (request.limit != 0 && page.entries.size() == request.limit) {
                page.more = true;
                break;
            }
            const bool shows_key =
                !request.without_keys || page.entries.size() + 1 == request.limit;
            page.entries.push_back({shows_key ? at->first : std::string(), version->value,
                                    version->created, version->modified});
        }
        if (++looked_at % list_slice == 0) {
            const std::string reached = at->first;
            static_cast<void>(co_await io::sleep(loop_, 0));
            at = first_of(request, reached);
            end = end_now();
            continue;
        }
        ++at;
    }
    if (page.more) {
        const std::string& last = page.entries.back().key;
        page.remaining = known.has_value() ? *known - page.entries.size()
                                           : co_await count(request.prefix, last, revision);
        remember_cursor({revision, request.prefix, successor(last), page.remaining});
    }
    co_return page;
}

io::Task<size_t> Index::count(std::string prefix, std::string after, Revision revision) {
    size_t entries = 0;
    size_t looked_at = 0;
    auto at = map_.upper_bound(after);
    while (at != map_.end() && at->first.starts_with(prefix)) {
        entries += version_at(at->second, revision) != nullptr ? 1 : 0;
        if (++looked_at % list_slice == 0) {
            after = at->first;
            static_cast<void>(co_await io::sleep(loop_, 0));
            at = map_.upper_bound(after);
            continue;
        }
        ++at;
    }
    co_return entries;
}

std::optional<size_t> Index::known_count(const ListRequest& request, Revision revision) const {
    if (revision == newest_ && request.start <= request.prefix) {
        if (request.prefix.empty()) {
            return live_;
        }
        if (request.prefix.ends_with('/')) {
            const auto found = live_under_.find(request.prefix);
            return found == live_under_.end() ? 0 : found->second;
        }
    }
    for (const Cursor& cursor : cursors_) {
        if (cursor.revision == revision && cursor.start == request.start &&
            cursor.prefix == request.prefix) {
            return cursor.entries;
        }
    }
    return std::nullopt;
}

void Index::remember_cursor(Cursor cursor) {
    if (cursors_.size() == list_cursors_max) {
        cursors_.pop_front();
    }
    cursors_.push_back(std::move(cursor));
}

void Index::count_live(std::string_view key, bool appears) {
    live_ += appears ? 1 : size_t(-1);
    for (size_t slash = key.find('/'); slash != key.npos; slash = key.find('/', slash + 1)) {
        const std::string prefix(key.substr(0, slash + 1));
        if (appears) {
            ++live_under_[prefix];
        } else if (const auto found = live_under_.find(prefix); --found->second == 0) {
            live_under_.erase(found);
        }
    }
}

Revision Index::revision_of(const std::string& key, const Overlay* overlay) const {
    if (overlay != nullptr) {
        if (const auto found = overlay->find(key); found != overlay->end()) {
            return found->second.value == nullptr ? 0 : found->second.modified;
        }
    }
    const Version* version = find(key);
    return version == nullptr ? 0 : version->modified;
}

Result<bool> Index::check(std::span<const Write> writes, const Overlay* overlay) const {
    if (writes.size() > commit_writes_max) {
        return make_error(Reason::request_entity_too_large, "a commit has at most ",
                          commit_writes_max, " writes, this one has ", writes.size());
    }
    bool changes = false;
    for (const Write& write : writes) {
        if (write.key.empty() || write.key.size() > key_bytes_max) {
            return make_error(Reason::bad_request, "a key has 1 to ", key_bytes_max,
                              " bytes, this one has ", write.key.size());
        }
        if (write.value != nullptr && write.value->size() > value_bytes_max) {
            return make_error(Reason::request_entity_too_large, "key ", quote(write.key),
                              ": a value has at most ", value_bytes_max, " bytes, this one has ",
                              write.value->size());
        }
        const Revision has = revision_of(write.key, overlay);
        if (has != write.expected) {
            return make_error(
                Reason::conflict, "key ", quote(write.key), " was expected ",
                write.expected == 0 ? "to be absent" : cat("at revision ", write.expected),
                has == 0 ? ", it is absent" : cat(", it is at revision ", has));
        }
        changes |= write.value != nullptr || has != 0;
    }
    if (writes.size() > 1) {
        std::vector<std::string_view> keys;
        keys.reserve(writes.size());
        for (const Write& write : writes) {
            keys.emplace_back(write.key);
        }
        std::ranges::sort(keys);
        const auto twice = std::ranges::adjacent_find(keys);
        if (twice != keys.end()) {
            return make_error(Reason::bad_request, "key ", quote(*twice),
                              " is written twice in one commit");
        }
    }
    return changes;
}

Index::Node* Index::node_of(std::string key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        return found->second;
    }
    Node* node = &*map_.try_emplace(std::move(key)).first;
    by_key_.emplace(node->first, node);
    return node;
}

void Index::put_change(Revision revision, Write write) {
    if (write.value == nullptr && find(write.key) == nullptr) {
        return;  // A deletion of what is not there.
    }
    Node* node = node_of(std::move(write.key));
    Record& record = node->second;
    Version now{revision, 0, std::move(write.value)};
    const bool was_live = record.latest.value != nullptr;
    if (now.value != nullptr) {
        now.created = was_live ? record.latest.created : revision;
    }
    if (was_live != (now.value != nullptr)) {
        count_live(node->first, !was_live);
    }
    log_bytes_ += weight(record.latest);
    log_.push_back({revision, node, now, was_live ? record.latest : Version(), loop_->monotonic()});
    if (record.latest.modified != 0) {
        if (record.older == nullptr) {
            record.older = std::make_unique<std::deque<Version>>();
        }
        record.older->push_back(std::move(record.latest));
    }
    record.latest = std::move(now);
}

void Index::apply(Revision revision, std::vector<Write> writes) {
    CHECK(revision > newest_);
    const uint64_t first = log_end();
    for (Write& write : writes) {
        put_change(revision, std::move(write));
    }
    newest_ = revision;
    route(first);
    trim();
}

void Index::forget_versions(Node* node, Revision up_to) {
    Record& record = node->second;
    if (record.older != nullptr) {
        std::deque<Version>& older = *record.older;
        // A version is seen at `up_to` or later unless a newer one was there by then.
        while (!older.empty() &&
               (older.size() > 1 ? older[1].modified : record.latest.modified) <= up_to) {
            older.pop_front();
        }
        while (!older.empty() && older.front().value == nullptr &&
               older.front().modified <= up_to) {
            older.pop_front();
        }
        if (older.empty()) {
            record.older.reset();
        }
    }
    if (record.older == nullptr && record.latest.value == nullptr &&
        record.latest.modified <= up_to) {
        by_key_.erase(node->first);
        map_.erase(map_.find(node->first));
    }
}

// The oldest commit leaves the log, whole.
void Index::forget_change() {
    const Revision revision = log_.front().revision;
    while (!log_.empty() && log_.front().revision == revision) {
        const Change change = std::move(log_.front());
        log_.pop_front();
        ++log_first_;
        log_bytes_ -= weight(change.before);
        forget_versions(change.node, revision);
    }
    oldest_ = revision;
}

bool Index::is_front_aged(int64_t now) const {
    return log_.size() > limits_.history_kept && now - log_.front().at > limits_.history_age;
}

// A list that is under way needs it.
bool Index::is_front_pinned() const {
    return !pins_.empty() && log_.front().revision > *pins_.begin();
}

void Index::trim() {
    while (!log_.empty() && !is_front_pinned() &&
           (log_.size() > limits_.history_events || log_bytes_ > limits_.history_bytes)) {
        forget_change();
    }
    const int64_t now = loop_->monotonic();
    const uint64_t aged_until = log_first_ + history_aged_slice;
    while (!log_.empty() && !is_front_pinned() && log_first_ < aged_until && is_front_aged(now)) {
        forget_change();
    }
}

io::Task<Status> Index::compact(Revision before) {
    if (before > newest_) {
        co_return make_error(Reason::timeout, "Too large resource version: ", before,
                             ", current: ", newest_);
    }
    size_t done = 0;
    while (oldest_ < before) {
        if (log_.empty() || log_.front().revision > before) {
            oldest_ = before;
            break;
        }
        if (is_front_pinned()) {
            // Lists are short.
            CO_TRY(co_await io::sleep(loop_, io::millisecond));
            continue;
        }
        forget_change();
        if (++done % compact_slice == 0) {
            CO_TRY(co_await io::sleep(loop_, 0));
        }
    }
    co_return Status{};
}

Event Index::event_of(const Change& change) const {
    Event event;
    event.type = change.now.value == nullptr ? Event::Type::erase : Event::Type::put;
    event.entry = {change.node->first, change.now.value, change.now.created, change.revision};
    event.previous_value = change.before.value;
    event.previous_modified = change.before.modified;
    return event;
}

Result<std::unique_ptr<Watch>> Index::watch(std::string prefix, Revision since) {
    if (closed_) {
        return make_error(Reason::cancelled, "the store is closed");
    }
    // Nothing happened between 0 and 1, so both are the beginning.
    if (since < oldest_ && !(since == 0 && oldest_ == 1)) {
        return too_old(since, oldest_);
    }
    const auto from = std::ranges::upper_bound(log_, since, {}, &Change::revision);
    const uint64_t position = log_first_ + static_cast<uint64_t>(from - log_.begin());
    return std::unique_ptr<Watch>(
        std::make_unique<IndexWatch>(this, std::move(prefix), since, position));
}

void Index::load(Entry entry) {
    const auto node = map_.emplace_hint(map_.end(), std::move(entry.key), Record());
    node->second.latest = {entry.modified, entry.created, std::move(entry.value)};
    by_key_.emplace(node->first, &*node);
    count_live(node->first, true);
}

Status Index::load_past(Revision revision, const std::string& key, Version previous) {
    Node* node = node_of(key);
    Record& record = node->second;
    if (record.older == nullptr && record.latest.modified == 0) {
        record.latest = {revision, 0, nullptr};  // Deleted, and not made again since.
    }
    const bool has_older = record.older != nullptr;
    const Version& earliest = has_older ? record.older->front() : record.latest;
    if (earliest.modified < revision || (previous.modified != 0 && previous.modified >= revision) ||
        (previous.modified == 0) != (previous.value == nullptr)) {
        return make_error(Reason::io, "the log does not fit the entry of key ", quote(key),
                          " at revision ", revision);
    }
    if (record.older == nullptr) {
        record.older = std::make_unique<std::deque<Version>>();
    }
    Version now = earliest;
    if (earliest.modified > revision) {
        // The change after this one made the key anew, so this one was a deletion.
        now = {revision, 0, nullptr};
        record.older->push_front(now);
    }
    log_bytes_ += weight(previous);
    log_.push_front({revision, node, std::move(now), previous, opened_at_});
    if (previous.value != nullptr) {
        record.older->push_front(std::move(previous));
    }
    if (record.older->empty()) {
        record.older.reset();
    }
    return {};
}

void Index::loaded(Revision newest, Revision oldest) {
    newest_ = newest;
    oldest_ = oldest;
}

}  // namespace weft::store::internal
