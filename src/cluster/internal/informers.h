// cluster/internal/informers.h: caches of what is looked at, and what the server serves.

#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "cluster/internal/view.h"
#include "kube/kube.h"

namespace weft::cluster {

// A cache and the watch that fills it.
class Informer {
public:
    Informer(io::Loop* loop, kube::Client* client, kube::ReflectorOptions options)
        : loop_(loop), cache_(loop), reflector_(loop, client, &cache_, std::move(options)) {}
    Informer(const Informer&) = delete;
    Informer& operator=(const Informer&) = delete;

    [[nodiscard]] kube::Cache& cache() { return cache_; }
    void start() {
        scope_ = std::make_unique<io::Scope>(loop_);
        scope_->spawn(reflector_.run());
    }
    io::Task<void> stop() {
        if (scope_ != nullptr) {
            co_await scope_->close();
            scope_.reset();
        }
    }
    void hear_errors(std::function<void(const Error&)> hear) {
        reflector_.on_error = std::move(hear);
    }

private:
    io::Loop* loop_;
    kube::Cache cache_;
    kube::Reflector reflector_;
    std::unique_ptr<io::Scope> scope_;
};

// The View over informers of whole objects.
class CachedView : public View {
public:
    // Makes the informer of a kind, with its indexes; not started.
    Informer& add(io::Loop* loop, kube::Client* client, Kind kind);
    [[nodiscard]] Informer* informer(Kind kind) const {
        return informers_[static_cast<size_t>(kind)].get();
    }

    [[nodiscard]] const Object* find(Kind kind, const NamespacedName& name) const override;
    [[nodiscard]] std::vector<const Object*> owned(Kind kind, std::string_view namespace_,
                                                   std::string_view uid) const override;
    [[nodiscard]] std::vector<const Object*> in(Kind kind,
                                                std::string_view namespace_) const override;
    [[nodiscard]] bool has_pod_address(std::string_view address) const override;

private:
    std::array<std::unique_ptr<Informer>, kind_count> informers_;
};

// Every resource that can be listed, watched and deleted, in the preferred version of its group.
[[nodiscard]] io::Task<Result<std::vector<kube::Resource>>> discover(kube::Client* client);
// The resource that an established CRD serves, to its last moment; nothing if it serves none yet.
[[nodiscard]] std::optional<kube::Resource> resource_of_crd(const Object& crd);
[[nodiscard]] const kube::Resource& crd_resource();

}  // namespace weft::cluster
