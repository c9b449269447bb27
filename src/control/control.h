// control/control.h: the front door of control: kro's controllers over any Kubernetes API.

#pragma once

#include <memory>
#include <string>

#include "control/definition.h"
#include "control/informers.h"
#include "control/instance.h"
#include "control/instruments.h"
#include "control/kro_crds.h"
#include "control/options.h"
#include "control/preview.h"
#include "control/revision_registry.h"
#include "control/schema_source.h"
#include "control/world.h"

namespace weft::control {

// Owns the reconcilers, their caches, queues and workers. Everything in it can be made again from
// the API server: it may be stopped (or killed) at any moment.
//
// Life: `start`, then `stop` before it is destroyed. Loop thread only.
class Manager {
public:
    // Borrows loop and transport, which must outlive it.
    Manager(io::Loop* loop, io::http::Transport* transport, ControlOptions options);
    ~Manager();

    // Returns when caches are filled and workers run. Fails if the server cannot be reached or
    // lacks kro's CRDs and may not be given them; then `stop` is needed all the same.
    io::Task<Status> start();
    // Takes no more work, waits up to so many nanoseconds for passes that are under way, then gives
    // up what is left and ends the watches. Not cancellable.
    io::Task<void> stop(int64_t grace = 0);

    // Nothing is queued or worked on. Retries that wait for their time do not count.
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] const kube::RequestCounts& requests() const { return client_.counts(); }
    [[nodiscard]] const InstanceController& instances() const { return instances_; }
    [[nodiscard]] Instruments* instruments() { return &instruments_; }
    // Every series, with the gauges as they are now, in Prometheus' text format.
    [[nodiscard]] std::string metrics_text();
    // Why it is not ready: "" once caches are filled and workers run, while the API server answers.
    [[nodiscard]] std::string unready() const;
    // Why it should be started again: "" unless a pass has not ended for very long.
    [[nodiscard]] std::string unhealthy() const;

private:
    io::Task<Status> ensure_crds();
    io::Task<void> work_on_definitions();
    io::Task<void> drain(int64_t grace);

    ControlOptions options_;
    Instruments instruments_;
    MeteredTransport transport_;
    kube::Client client_;
    kube::RestMapper mapper_;
    InformerSet informers_;
    World world_;
    RevisionRegistry registry_;
    SchemaSource schemas_;
    InstanceController instances_;
    DefinitionReconciler definitions_;
    kube::WorkQueue<std::string> definition_queue_;
    bool runs_ = false;
    io::Scope workers_;
};

}  // namespace weft::control
