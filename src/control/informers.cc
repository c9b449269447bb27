// control/informers.cc: starting and stopping shared watches.

#include "control/informers.h"

namespace weft::control {

namespace {

kube::ReflectorOptions reflector_options(const InformerKey& key) {
    return {key.resource, key.namespace_, key.label_selector, key.field_selector,
            key.metadata_only};
}

}  // namespace

Informer::Informer(io::Loop* loop, kube::Client* client, kube::Sharer* sharer, InformerKey key)
    : key_(std::move(key)),
      cache_(loop, sharer),
      reflector_(loop, client, &cache_, reflector_options(key_)) {}

Informer::~Informer() = default;

InformerSet::InformerSet(io::Loop* loop, kube::Client* client, Instruments* instruments)
    : loop_(loop), client_(client), instruments_(instruments) {}

InformerSet::~InformerSet() {
    CHECK(informers_.empty());
}

Informer& InformerSet::get(const InformerKey& key, const std::function<void(Informer&)>& prepare) {
    std::unique_ptr<Informer>& slot = informers_[key];
    if (slot == nullptr) {
        slot = std::make_unique<Informer>(loop_, client_, &sharer_, key);
        slot->reflector_.on_error = [this, key](const Error& error) {
            if (on_error) {
                on_error(key, error);
            }
        };
        if (instruments_ != nullptr) {
            count(slot.get());
        }
        if (prepare) {
            prepare(*slot);
        }
        slot->scope_ = std::make_unique<io::Scope>(loop_);
        slot->scope_->spawn(slot->reflector_.run());
    }
    return *slot;
}

void InformerSet::count(Informer* informer) {
    informer->cache_.add_handler(
        [this, gvr = informer->key_.resource.gvr](const Object* before, const Object* after) {
            instruments_->count_informer_event(gvr, before == nullptr  ? "add"
                                                    : after == nullptr ? "delete"
                                                                       : "update");
        });
    informer->cache_.on_synced = [this, gvr = informer->key_.resource.gvr,
                                  began = loop_->monotonic()] {
        instruments_->observe("dynamic_controller_informer_sync_duration_seconds",
                              seconds_between(began, loop_->monotonic()), {{"gvr", gvr_text(gvr)}});
    };
}

Informer* InformerSet::find(const InformerKey& key) {
    const auto found = informers_.find(key);
    return found == informers_.end() ? nullptr : found->second.get();
}

io::Task<void> InformerSet::drop(InformerKey key) {
    auto node = informers_.extract(key);
    if (!node.empty()) {
        co_await node.mapped()->scope_->close();
    }
}

void InformerSet::read_gauges() {
    instruments_->set("dynamic_controller_watch_count", static_cast<double>(informers_.size()));
    std::map<std::pair<std::string, std::string>, double> counts;
    for (const auto& [key, informer] : informers_) {
        const bool is_one = key.field_selector.starts_with("metadata.name=");
        counts[{gvr_text(key.resource.gvr), is_one ? "scalar" : "collection"}] += 1;
    }
    instruments_->forget("dynamic_controller_watch_request_count");
    for (const auto& [labels, count] : counts) {
        instruments_->set("dynamic_controller_watch_request_count", count,
                          {{"gvr", labels.first}, {"type", labels.second}});
    }
}

io::Task<void> InformerSet::close() {
    for (const auto& [key, informer] : informers_) {
        informer->scope_->cancel();
    }
    while (!informers_.empty()) {
        co_await drop(informers_.begin()->first);
    }
}

}  // namespace weft::control
