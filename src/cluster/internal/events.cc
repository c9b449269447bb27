// cluster/internal/events.cc: counting, combining, cutting off and writing.

#include "cluster/internal/events.h"

#include <algorithm>
#include <fmt/format.h>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

const kube::Resource& event_resource() {
    static const kube::Resource resource{
        .gvr = {.group = "", .version = "v1", .resource = "events"},
        .kind = "Event",
        .namespaced = true};
    return resource;
}

// Who tells, and of what.
std::string source_of(const Happening& happened) {
    const Value& about = happened.about;
    std::string key = cat(happened.component, "\n", happened.host);
    for (const std::string_view member : {"kind", "namespace", "name", "uid", "apiVersion"}) {
        append(key, "\n", about.string_at(member));
    }
    return key;
}

// Objects in no namespace tell in `default`.
std::string namespace_for(const Value& about) {
    const std::string_view own = about.string_at("namespace");
    return own.empty() ? "default" : std::string(own);
}

Object event_of(const Happening& happened, std::string name, std::string_view now) {
    const Value& about = happened.about;
    Value source = Value::map_of({{"component", happened.component}});
    if (!happened.host.empty()) {
        source.append_new("host", happened.host);
    }
    return Object(Value::map_of({{"kind", "Event"},
                                 {"apiVersion", "v1"},
                                 {"metadata", Value::map_of({{"name", std::move(name)},
                                                             {"namespace", namespace_for(about)}})},
                                 {"involvedObject", about},
                                 {"reason", happened.reason},
                                 {"message", happened.message},
                                 {"source", std::move(source)},
                                 {"firstTimestamp", now},
                                 {"lastTimestamp", now},
                                 {"count", 1},
                                 {"type", happened.type},
                                 {"reportingComponent", happened.component},
                                 {"reportingInstance", happened.host}}));
}

}  // namespace

void EventRecorder::record(std::vector<Happening> happened) {
    for (Happening& one : happened) {
        if (queue_.size() < events_waiting_max) {
            queue_.push_back(std::move(one));
        }
    }
    added_.notify_one();
}

io::Task<void> EventRecorder::work() {
    while (co_await io::check_cancelled()) {
        if (queue_.empty()) {
            if (!co_await added_.wait()) {
                co_return;
            }
            continue;
        }
        Happening next = std::move(queue_.front());
        queue_.pop_front();
        is_writing_ = true;
        co_await write(std::move(next));
        is_writing_ = false;
    }
}

bool EventRecorder::may_tell(const std::string& source) {
    const int64_t now = loop_->monotonic();
    if (budgets_.size() >= events_known_max && !budgets_.contains(source)) {
        budgets_.clear();
    }
    Budget& budget = budgets_.try_emplace(source, Budget{events_burst, now}).first->second;
    budget.left =
        std::min(events_burst, budget.left + static_cast<double>(now - budget.since) /
                                                 static_cast<double>(events_refill_interval));
    budget.since = now;
    if (budget.left < 1) {
        return false;
    }
    budget.left -= 1;
    return true;
}

void EventRecorder::remember(std::string key, NamespacedName name) {
    if (known_.size() >= events_known_max) {
        known_.erase(recent_.back());
        recent_.pop_back();
    }
    recent_.push_front(key);
    known_.insert_or_assign(std::move(key), Known{std::move(name), 1, recent_.begin()});
}

io::Task<void> EventRecorder::write(Happening happened) {
    const std::string source = source_of(happened);
    const std::string kind = cat(source, "\n", happened.type, "\n", happened.reason);
    const int64_t now = loop_->monotonic();
    if (similar_.size() >= events_known_max && !similar_.contains(kind)) {
        similar_.clear();
    }
    Similar& similar = similar_[kind];
    if (now - similar.last > events_similar_interval) {
        similar.messages.clear();
    }
    similar.last = now;
    std::string key = cat(kind, "\n", happened.about.string_at("fieldPath"), "\n");
    if (similar.messages.contains(happened.message) ||
        similar.messages.size() + 1 < events_similar_max) {
        similar.messages.insert(happened.message);
        key += happened.message;
    } else {
        happened.message = cat("(combined from similar events): ", happened.message);
    }
    if (!may_tell(source)) {
        co_return;
    }
    const auto known = known_.find(key);
    if (known != known_.end()) {
        Known& last = known->second;
        recent_.splice(recent_.begin(), recent_, last.place);
        const Value patch = Value::map_of({{"count", ++last.count},
                                           {"lastTimestamp", format_rfc3339(loop_->now())},
                                           {"message", happened.message}});
        const Result<Object> counted =
            co_await client_->patch(event_resource(), last.name, kube::PatchType::merge, patch, {});
        if (counted || counted.error().reason() != Reason::not_found) {
            co_return;
        }
        // It has reached its age: it begins anew.
        if (const auto again = known_.find(key); again != known_.end()) {
            recent_.erase(again->second.place);
            known_.erase(again);
        }
    }
    static_cast<void>(co_await create(std::move(key), std::move(happened)));
}

io::Task<Status> EventRecorder::create(std::string key, Happening happened) {
    const Time time = loop_->now();
    last_name_ = std::max(last_name_ + 1, time.seconds * io::second + time.nanos);
    std::string name = cat(happened.about.string_at("name"), ".", fmt::format("{:x}", last_name_));
    Object event = event_of(happened, std::move(name), format_rfc3339(time));
    const NamespacedName at = event.key();
    // What a namespace that ends refuses is lost, as everywhere.
    CO_TRY(co_await client_->create(event_resource(), std::move(event), {}));
    remember(std::move(key), at);
    co_return Status{};
}

}  // namespace weft::cluster
