// cluster/internal/disagreement.cc: prints of changes, and the wait that grows.

#include "cluster/internal/disagreement.h"

#include "base/hash.h"
#include "cluster/limits.h"

namespace weft::cluster {

namespace {

class Print {
public:
    explicit Print(std::string_view second) : second_(second) {}

    void add_text(std::string_view text) {
        add_number(text.size());
        hash_ = (hash_ ^ fnv64a(text)) * 0x9E3779B97F4A7C15U;
    }
    void add_number(uint64_t number) {
        hash_ = (hash_ ^ number) * 0x9E3779B97F4A7C15U;
        hash_ ^= hash_ >> 29U;
    }
    void add(const Value& value) {
        if (value.is_map()) {
            add_number(value.size());
            for (const auto& member : value.members()) {
                const std::string_view name = member.key.as_string();
                if (name != "resourceVersion" && name != "managedFields" && name != "generation") {
                    add_text(name);
                    add(member.value);
                }
            }
        } else if (value.is_list()) {
            add_number(value.size());
            for (const Value& item : value.items()) {
                add(item);
            }
        } else if (!value.is_string()) {
            add_text(to_json(value));
        } else if (!value.as_string().starts_with(second_)) {
            add_text(value.as_string());
        }
    }
    [[nodiscard]] uint64_t value() const { return hash_; }

private:
    std::string_view second_;
    uint64_t hash_ = 14695981039346656037U;
};

}  // namespace

uint64_t print_of(const std::vector<Change>& changes, const Moment& moment) {
    // "2026-11-26T05:34:07Z" without the Z: finer times of the same second begin so too.
    const std::string now = moment.text();
    Print print(std::string_view(now).substr(0, now.size() - 1));
    for (const Change& change : changes) {
        print.add_number(static_cast<uint64_t>(change.verb));
        print.add_number(static_cast<uint64_t>(change.kind));
        print.add(change.object.value());
    }
    return print.value();
}

Disagreements::Verdict Disagreements::look(const Key& key, const std::vector<Change>& changes,
                                           const Moment& moment, int64_t monotonic) {
    if (changes.empty()) {
        open_.erase(key);
        return {};
    }
    Open& open = open_[key];
    if (open.writes < unchecked_writes_max) {  // Nearly all end here, and need no print.
        ++open.writes;
        return {};
    }
    const uint64_t print = print_of(changes, moment);
    const bool was_there = std::ranges::find(open.recent, print) != open.recent.end();
    if (!was_there && open.writes < unsettled_writes_max) {
        open.recent[open.next++ % open.recent.size()] = print;
        open.repeats = 0;
        open.wait = 0;
        open.not_before = 0;
        ++open.writes;
        return {};
    }
    if (open.not_before > monotonic) {
        return {.wait = open.not_before - monotonic};
    }
    if (open.repeats < repeated_writes_max || open.not_before != 0) {
        open.not_before = 0;  // The next one waits again.
        ++open.repeats;
        ++open.writes;
        return {};
    }
    open.wait = open.wait == 0 ? disagreement_wait_min : std::min(open.wait * 2, retry_max);
    open.not_before = monotonic + open.wait;
    return {
        .wait = open.wait, .is_news = !std::exchange(open.is_told, true), .writes = open.writes};
}

}  // namespace weft::cluster
