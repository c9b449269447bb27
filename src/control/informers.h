// control/informers.h: caches that several readers share, each fed by one watch.

#pragma once

#include <map>
#include <memory>
#include <string>

#include "control/instruments.h"
#include "kube/kube.h"

namespace weft::control {

// What a cache holds: a resource, narrowed by labels or fields.
struct InformerKey {
    kube::Resource resource;
    std::string namespace_;
    std::string label_selector;
    std::string field_selector;
    bool metadata_only = false;

    auto operator<=>(const InformerKey&) const = default;
};

// One watch and its cache. Lives as long as somebody holds it and the set lives.
class Informer {
public:
    Informer(io::Loop* loop, kube::Client* client, kube::Sharer* sharer, InformerKey key);
    ~Informer();

    [[nodiscard]] kube::Cache& cache() { return cache_; }
    [[nodiscard]] const InformerKey& key() const { return key_; }

private:
    friend class InformerSet;
    InformerKey key_;
    kube::Cache cache_;
    kube::Reflector reflector_;
    std::unique_ptr<io::Scope> scope_;
};

// Owns the informers and the scope that their watches run in.
class InformerSet {
public:
    // What happens is counted where there is something to count with.
    InformerSet(io::Loop* loop, kube::Client* client, Instruments* instruments = nullptr);
    ~InformerSet();

    // The informer of a key; made and started if there is none. `prepare` is called for a new one
    // before it starts: the place for handlers and indexes.
    Informer& get(const InformerKey& key, const std::function<void(Informer&)>& prepare);
    [[nodiscard]] Informer* find(const InformerKey& key);
    // Ends one watch and forgets its cache. Borrowed pointers into it are dead then.
    io::Task<void> drop(InformerKey key);
    io::Task<void> close();
    [[nodiscard]] size_t size() const { return informers_.size(); }
    void read_gauges();

    // Hears of every failure of a watch.
    std::function<void(const InformerKey&, const Error&)> on_error;

private:
    void count(Informer* informer);

    io::Loop* loop_;
    kube::Client* client_;
    Instruments* instruments_;
    kube::Sharer sharer_;
    std::map<InformerKey, std::unique_ptr<Informer>> informers_;
};

}  // namespace weft::control
