// cli/picture.h: what runs: definitions, instances and their children, with states and reasons.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/informers.h"
#include "kube/kube.h"

namespace weft::cli {

struct PictureSummary {
    size_t definitions = 0;
    size_t definitions_active = 0;
    size_t instances = 0;
    size_t instances_active = 0;

    [[nodiscard]] bool is_all_ready() const {
        return definitions == definitions_active && instances == instances_active;
    }
};

// Watches definitions, the kinds they serve, and what belongs to instances; draws a tree of it.
// Loop thread only. `stop` before it is destroyed.
class Picture {
public:
    // `on_change` is called whenever the tree may look different.
    Picture(io::Loop* loop, kube::Client* client, std::function<void()> on_change);

    io::Task<Status> start();
    io::Task<void> stop();
    // Follows kinds that definitions have begun to serve, and children that are new: call it after
    // `on_change`.
    io::Task<Status> follow();

    [[nodiscard]] PictureSummary summary() const;
    [[nodiscard]] std::string tree(bool coloured) const;
    // The state of every definition and instance as one line each, for output that is no terminal.
    [[nodiscard]] std::map<std::string, std::string> lines() const;
    // Why an instance that is not ready is not: one line each.
    [[nodiscard]] std::vector<std::string> troubles() const;

private:
    struct Kind {
        kube::Resource resource;
        control::Informer* instances;
    };
    [[nodiscard]] std::vector<const Object*> children_of(const Object& instance) const;
    control::Informer& informer(const control::InformerKey& key);

    std::function<void()> on_change_;
    kube::RestMapper mapper_;
    control::InformerSet informers_;
    control::Informer* definitions_ = nullptr;
    std::map<GroupVersionKind, Kind> kinds_;
    std::map<GroupVersionKind, control::Informer*> children_;
};

}  // namespace weft::cli
