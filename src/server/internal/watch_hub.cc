// server/internal/watch_hub.cc: follows the store and hands events to watchers.

#include "server/internal/watch_hub.h"

#include <algorithm>
#include <utility>

#include "server/limits.h"

namespace weft::server {

std::string_view event_type_text(EventType type) {
    switch (type) {
        case EventType::added:
            return "ADDED";
        case EventType::modified:
            return "MODIFIED";
        case EventType::deleted:
            return "DELETED";
    }
    return "";
}

bool WatchFilter::matches(const Resource& resource, std::string_view key,
                          const StoredView& object) const {
    if (!labels.is_everything() &&
        !labels.matches([&object](std::string_view name) { return object.label(name); })) {
        return false;
    }
    if (fields.is_everything()) {
        return true;
    }
    return fields.matches([&](std::string_view name) -> std::optional<std::string_view> {
        std::string_view rest = key.substr(resource.key_prefix.size());
        const size_t slash = rest.find('/');
        if (name == "metadata.name") {
            return slash == std::string_view::npos ? rest : rest.substr(slash + 1);
        }
        if (name == "metadata.namespace") {
            return slash == std::string_view::npos ? std::string_view() : rest.substr(0, slash);
        }
        return object.field(name);
    });
}

void Watcher::push(io::http::SharedBytes line) {
    if (dropped) {
        return;
    }
    if (queue.size() >= limits::watcher_queue_max) {
        dropped = true;
        queue.clear();
    } else {
        queue.push_back(std::move(line));
    }
    changed.notify_all();
}

WatchHub::WatchHub(io::Loop* loop, store::Store* store, std::string prefix)
    : loop_(loop), store_(store), prefix_(std::move(prefix)), scope_(loop) {}

namespace {

// What an event means to one filter: the object came into sight, changed, or went out of it.
struct Seen {
    EventType type;
    const StoredView* object;
};

std::optional<Seen> see(const Watcher& watcher, std::string_view key, const StoredView* before,
                        const StoredView* after) {
    const bool simple = watcher.filter.is_prefix_only();
    const bool was =
        before != nullptr && (simple || watcher.filter.matches(*watcher.resource, key, *before));
    const bool is =
        after != nullptr && (simple || watcher.filter.matches(*watcher.resource, key, *after));
    if (is) {
        return Seen{was ? EventType::modified : EventType::added, after};
    }
    if (was) {
        return Seen{EventType::deleted, before};
    }
    return std::nullopt;
}

}  // namespace

void WatchHub::deliver(Watcher* watcher, const store::Event& event,
                       std::vector<std::pair<std::string, io::http::SharedBytes>>* encoded) {
    if (event.entry.modified <= watcher->after ||
        !event.entry.key.starts_with(watcher->filter.key_prefix)) {
        return;
    }
    std::optional<StoredView> before;
    std::optional<StoredView> after;
    if (event.previous_value != nullptr) {
        before.emplace(*event.previous_value);
    }
    if (event.type == store::Event::Type::put) {
        after.emplace(*event.entry.value);
    }
    const auto seen =
        see(*watcher, event.entry.key, before ? &*before : nullptr, after ? &*after : nullptr);
    if (!seen) {
        return;
    }
    const std::string_view view = watcher->encoder->view();
    std::string name;
    if (!view.empty()) {
        name = cat(event_type_text(seen->type), " ", view);
        for (const auto& [known, bytes] : *encoded) {
            if (known == name) {
                watcher->push(bytes);
                return;
            }
        }
    }
    auto line =
        io::http::share(watcher->encoder->encode(seen->type, *seen->object, event.entry.modified));
    if (!view.empty()) {
        encoded->emplace_back(std::move(name), line);
    }
    watcher->push(std::move(line));
}

void WatchHub::hand_out(const std::vector<store::Event>& events) {
    std::vector<std::pair<std::string, io::http::SharedBytes>> encoded;
    for (const store::Event& event : events) {
        encoded.clear();
        for (Watcher* watcher : watchers_) {
            deliver(watcher, event, &encoded);
        }
        position_ = std::max(position_, event.entry.modified);
    }
}

void WatchHub::hand_out_pending() {
    hand_out(std::exchange(pending_, {}));
}

store::Revision WatchHub::drain() {
    const store::Revision newest = store_->newest();
    hand_out_pending();
    while (watch_ != nullptr) {
        auto events = watch_->take();
        if (!events) {
            break;  // pump() hears it too and starts anew
        }
        if (events->empty()) {
            position_ = std::max(position_, newest);
            break;
        }
        hand_out(*events);
    }
    return newest;
}

io::Task<void> WatchHub::wait_for_more() {
    const int64_t since = loop_->monotonic() - handed_out_at_;
    if (watchers_.size() > limits::crowd_of_watchers && since < limits::crowd_pause) {
        (void)co_await io::sleep(loop_, limits::crowd_pause - since);
    }
}

io::Task<void> WatchHub::pump() {
    while (true) {
        auto events = co_await watch_->next();
        if (!events) {
            // Fell behind what the store remembers: no watcher can go on without a gap.
            for (Watcher* watcher : watchers_) {
                watcher->dropped = true;
                watcher->queue.clear();
                watcher->changed.notify_all();
            }
            watchers_.clear();
            break;
        }
        pending_ = *std::move(events);
        co_await wait_for_more();
        drain();
        handed_out_at_ = loop_->monotonic();
    }
    pumping_ = false;
    watch_.reset();
}

Status WatchHub::join(Watcher* watcher, store::Revision since) {
    if (watch_ == nullptr) {
        position_ = store_->newest();
        watch_ = TRY(store_->watch(prefix_, position_));
        pumping_ = true;
        scope_.spawn(pump());
    } else {
        drain();
    }
    if (since < position_) {
        // The part of the past that the hub has handed out already, read once more for this one.
        const std::unique_ptr<store::Watch> past =
            TRY(store_->watch(watcher->filter.key_prefix, since));
        for (;;) {
            const std::vector<store::Event> events = TRY(past->take());
            if (events.empty()) {
                break;
            }
            std::vector<std::pair<std::string, io::http::SharedBytes>> encoded;
            for (const store::Event& event : events) {
                encoded.clear();
                if (event.entry.modified <= position_) {
                    deliver(watcher, event, &encoded);
                }
            }
        }
    }
    watchers_.push_back(watcher);
    return {};
}

std::shared_ptr<WatchHub::Selected> WatchHub::selected(const WatchFilter& filter) const {
    const bool is_same = selected_ != nullptr && selected_->revision == store_->newest() &&
                         filter.fields.is_everything() &&
                         selected_->key_prefix == filter.key_prefix &&
                         selected_->labels == filter.labels.text();
    return is_same ? selected_ : nullptr;
}

std::shared_ptr<WatchHub::Selected> WatchHub::begin_selecting(const WatchFilter& filter) {
    if (!filter.fields.is_everything() || filter.labels.is_everything()) {
        return nullptr;
    }
    selected_ = std::make_shared<Selected>(loop_);
    selected_->key_prefix = filter.key_prefix;
    selected_->labels = filter.labels.text();
    selected_->revision = store_->newest();
    return selected_;
}

void WatchHub::settle(Selected* selecting, Selected::Is is) {
    selecting->is = is;
    selecting->settled.notify_all();
    if (selecting == selected_.get() &&
        (is == Selected::Is::given_up || selecting->entries.size() > limits::hub_window_max)) {
        selected_.reset();
    }
}

void WatchHub::leave(Watcher* watcher) {
    watchers_.remove(watcher);
}

void WatchHub::end_watchers() {
    for (Watcher* watcher : watchers_) {
        watcher->gone = true;
        watcher->changed.notify_all();
    }
}

WatchHub* WatchHubs::of(const std::string& prefix) {
    auto& hub = hubs_[prefix];
    if (hub == nullptr) {
        hub = std::make_unique<WatchHub>(loop_, store_, prefix);
    }
    return hub.get();
}

void WatchHubs::end_watchers(const std::string& prefix) {
    const auto found = hubs_.find(prefix);
    if (found != hubs_.end()) {
        found->second->end_watchers();
    }
}

io::Task<void> WatchHubs::close() {
    closed_ = true;
    for (auto& [prefix, hub] : hubs_) {
        hub->end_watchers();
        co_await hub->scope_.close();
    }
}

}  // namespace weft::server
