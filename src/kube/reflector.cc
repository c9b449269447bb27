// kube/reflector.cc: list and watch, over and over.

#include "kube/reflector.h"

#include <algorithm>

#include "kube/limits.h"

namespace weft::kube {

io::Task<void> Reflector::run() {
    int64_t backoff = backoff_min;
    while (true) {
        progressed_ = false;
        const Status ended = co_await list_and_watch();
        if (!ended && ended.error().reason() == Reason::cancelled) {
            co_return;
        }
        if (ended && progressed_) {
            backoff = backoff_min;  // The server ended a watch at its time-out: go on at once.
            continue;
        }
        if (!ended) {
            const Reason reason = ended.error().reason();
            if (reason == Reason::expired || reason == Reason::gone) {
                version_.clear();
                if (progressed_) {
                    continue;
                }
            } else {
                if (reason == Reason::forbidden) {
                    cache_->refuse(ended.error());
                }
                if (on_error) {
                    on_error(ended.error());
                }
            }
        }
        if (progressed_) {
            backoff = backoff_min;
        }
        // A jitter of up to half keeps many clients from coming back together.
        const auto jitter = static_cast<int64_t>(loop_->random() % static_cast<uint64_t>(backoff));
        if (!(co_await io::sleep(loop_, backoff + jitter / 2))) {
            co_return;
        }
        backoff = std::min(backoff * 2, backoff_max);
    }
}

io::Task<Status> Reflector::list_and_watch() {
    if (!version_.empty()) {
        co_return co_await watch(false);
    }
    if (has_watch_list_) {
        const Status watched = co_await watch(true);
        const bool refused = !watched && !progressed_ &&
                             (watched.error().reason() == Reason::invalid ||
                              watched.error().reason() == Reason::bad_request);
        if (!refused) {
            co_return watched;
        }
        has_watch_list_ = false;
    }
    CO_TRY(co_await list());
    co_return co_await watch(false);
}

io::Task<Status> Reflector::list() {
    ListOptions options;
    options.namespace_ = options_.namespace_;
    options.label_selector = options_.label_selector;
    options.field_selector = options_.field_selector;
    options.metadata_only = options_.metadata_only;
    List list = CO_TRY(co_await client_->list_all(options_.resource, std::move(options)));
    version_ = list.resource_version;
    progressed_ = true;
    cache_->replace(std::move(list.items), parse_uint(version_).value_or(0));
    co_return Status{};
}

io::Task<Status> Reflector::watch(bool initial) {
    WatchOptions options;
    options.namespace_ = options_.namespace_;
    options.label_selector = options_.label_selector;
    options.field_selector = options_.field_selector;
    options.metadata_only = options_.metadata_only;
    options.resource_version = version_;
    options.send_initial_events = initial;
    const auto stream = CO_TRY(co_await client_->watch(options_.resource, std::move(options)));
    std::vector<Object> state;
    while (true) {
        std::vector<WatchEvent> events = CO_TRY(co_await stream->next());
        if (events.empty()) {
            co_return Status{};
        }
        for (WatchEvent& event : events) {
            const std::string version(event.object.resource_version());
            if (event.type == WatchEvent::Type::bookmark) {
                if (initial && event.object.annotation("k8s.io/initial-events-end") == "true") {
                    cache_->replace(std::exchange(state, {}), parse_uint(version).value_or(0));
                    initial = false;
                }
                cache_->advance(parse_uint(version).value_or(0));
            } else if (initial) {
                state.push_back(std::move(event.object));
            } else if (event.type == WatchEvent::Type::deleted) {
                cache_->remove(event.object.key(), version_number(event.object));
            } else {
                cache_->put(std::move(event.object));
            }
            if (!initial) {
                version_ = version;
                progressed_ = true;
            }
        }
    }
}

}  // namespace weft::kube
