// server/internal/flow_control.h: FlowSchemas and priority levels as objects.
//
// This server does not queue by them: it is one thread that answers in turn. But the objects that
// every cluster has are there, and a FlowSchema's status says whether its level is, as the real
// server's own controller writes it.

#pragma once

#include <string>
#include <vector>

#include "server/internal/core.h"

namespace weft::server {

// The FlowSchemas and PriorityLevelConfigurations of Kubernetes 1.36, mandatory and suggested ones.
[[nodiscard]] std::vector<Value> bootstrap_flow_control();

// Writes the condition Dangling behind the writes that change it. Loop thread only.
class FlowControl {
public:
    explicit FlowControl(Core* core) : core_(core), scope_(core->loop) {}

    // Hears of every write; a null object: it was deleted.
    void changed(const Resource& resource, const Value& object, const Value& old_object);
    io::Task<void> close() { return scope_.close(); }

private:
    io::Task<void> settle(std::string name);
    io::Task<void> settle_those_of(std::string level);
    [[nodiscard]] io::Task<Result<bool>> try_settle(std::string name);

    Core* core_;
    io::Scope scope_;
};

// The condition of a FlowSchema that names this level.
[[nodiscard]] Value dangling_condition(std::string_view level, bool is_there, Time now);

}  // namespace weft::server
