// server/internal/event_expiry.cc: a queue of times, and the sweep that follows it.

#include "server/internal/event_expiry.h"

#include <algorithm>

#include "server/internal/kinds.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

namespace {

bool is_event(const Resource& resource) {
    return resource.custom == nullptr && resource.kind == "Event" &&
           (resource.gvr.group.empty() || resource.gvr.group == "events.k8s.io");
}

// Nanoseconds since an Event was last written, for all that it says itself.
int64_t age_of(const Value& event, Time now) {
    int64_t age = limits::event_ttl;
    for (const std::string_view text :
         {event.string_at("lastTimestamp"), event.string_at("metadata", "creationTimestamp")}) {
        if (const auto time = parse_rfc3339(text)) {
            age = std::min(age, (now.seconds - time->seconds) * io::second);
        }
    }
    return std::max<int64_t>(age, 0);
}

}  // namespace

EventExpiry::~EventExpiry() {
    if (timer_) {
        core_->loop->cancel_timer(*timer_);
    }
}

io::Task<void> EventExpiry::close() {
    is_closed_ = true;
    if (timer_) {
        core_->loop->cancel_timer(*std::exchange(timer_, std::nullopt));
    }
    co_await scope_.close();
}

io::Task<Status> EventExpiry::load() {
    const ResourcePtr events = core_->registry.find("", "v1", "events");
    std::vector<Due> all;
    const int64_t now = core_->loop->monotonic();
    const std::vector<Value> objects = CO_TRY(co_await load_objects(core_, events));
    for (const Value& event : objects) {
        all.push_back({now + limits::event_ttl - age_of(event, core_->loop->now()),
                       events->key(event.string_at("metadata", "namespace"),
                                   event.string_at("metadata", "name"))});
    }
    std::ranges::sort(all, {}, &Due::at);
    for (Due& due : all) {
        expect(std::move(due.key), due.at);
    }
    co_return Status{};
}

void EventExpiry::changed(const Resource& resource, const Value& object, const Value& old_object) {
    if (!is_event(resource)) {
        return;
    }
    const Value& shown = object.is_null() ? old_object : object;
    std::string key =
        resource.key(shown.string_at("metadata", "namespace"), shown.string_at("metadata", "name"));
    if (object.is_null()) {
        due_.erase(key);
        return;
    }
    expect(std::move(key), core_->loop->monotonic() + limits::event_ttl);
}

void EventExpiry::expect(std::string key, int64_t at) {
    due_[key] = at;
    queue_.push_back({at, std::move(key)});
    arm();
}

void EventExpiry::arm() {
    if (timer_ || is_sweeping_ || is_closed_ || queue_.empty()) {
        return;
    }
    const int64_t wait = queue_.front().at - core_->loop->monotonic();
    timer_ = core_->loop->start_timer(std::max(wait, limits::event_sweep_interval), [this] {
        timer_.reset();
        is_sweeping_ = true;
        scope_.spawn(sweep());
    });
}

io::Task<void> EventExpiry::sweep() {
    while (!queue_.empty() && queue_.front().at <= core_->loop->monotonic() &&
           co_await io::check_cancelled()) {
        Due due = std::move(queue_.front());
        queue_.pop_front();
        const auto last = due_.find(due.key);
        if (last != due_.end() && last->second == due.at) {
            due_.erase(last);
            co_await expire(std::move(due.key));
        }
    }
    is_sweeping_ = false;
    arm();
}

io::Task<void> EventExpiry::expire(std::string key) {
    const auto entry = co_await core_->store->get(key, {});
    if (!entry || !*entry) {
        co_return;
    }
    const auto event = StoredView(*(*entry)->value).to_value((*entry)->modified);
    std::vector<store::Write> writes;
    writes.push_back({std::move(key), nullptr, (*entry)->modified});
    // If somebody writes it just now it stays, and has another hour.
    if (event && co_await core_->store->commit(std::move(writes))) {
        const ResourcePtr events = core_->registry.find("", "v1", "events");
        co_await after_write(core_, events.get(), Value(), *event);
    }
}

}  // namespace weft::server
