// control/informers.cc: starting and stopping shared watches.

#include "control/informers.h"

namespace weft::control {

namespace {

kube::ReflectorOptions reflector_options(const InformerKey& key) {
    return {key.resource, key.namespace_, key.label_selector, key.field_selector,
            key.metadata_only};
}

}  // namespace

Informer::Informer(io::Loop* loop, kube::Client* client, InformerKey key)
    : key_(std::move(key)),
      cache_(loop),
      reflector_(loop, client, &cache_, reflector_options(key_)) {}

Informer::~Informer() = default;

InformerSet::InformerSet(io::Loop* loop, kube::Client* client) : loop_(loop), client_(client) {}

InformerSet::~InformerSet() {
    CHECK(informers_.empty());
}

Informer& InformerSet::get(const InformerKey& key, const std::function<void(Informer&)>& prepare) {
    std::unique_ptr<Informer>& slot = informers_[key];
    if (slot == nullptr) {
        slot = std::make_unique<Informer>(loop_, client_, key);
        slot->reflector_.on_error = [this, key](const Error& error) {
            if (on_error) {
                on_error(key, error);
            }
        };
        if (prepare) {
            prepare(*slot);
        }
        slot->scope_ = std::make_unique<io::Scope>(loop_);
        slot->scope_->spawn(slot->reflector_.run());
    }
    return *slot;
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

io::Task<void> InformerSet::close() {
    for (const auto& [key, informer] : informers_) {
        informer->scope_->cancel();
    }
    while (!informers_.empty()) {
        co_await drop(informers_.begin()->first);
    }
}

}  // namespace weft::control
