// control/options.h: what a user can set about the controllers: kro's flags and a few of ours.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "io/io.h"

namespace weft::control {

enum class LogLevel : uint8_t { debug, info, warn, error };
// What a line is about: instance, definition, revision, …
using LogFields = std::vector<std::pair<std::string, std::string>>;
using Log = std::function<void(LogLevel, const std::string& message, const LogFields& fields)>;

// What becomes of a definition that is deleted while instances of it exist. In all three an
// instance that is deleted goes, with its children, wave by wave: also when the definition is gone.
enum class DefinitionDeletion : uint8_t {
    detach,  // it goes at once, as with kro; instances and children stay as they are
    block,   // it stays until the last instance was deleted
    drain,   // it deletes its instances first
};

struct ControlOptions {
    // On labels and as ApplySet tooling ("kro/v0.9.3-weft.1"): kro and weft take over from each
    // other because of it.
    std::string version = "v0.9.3-weft.1";
    bool allow_crd_deletion = false;            // --allow-crd-deletion
    int64_t collection_size_max = 1000;         // --rgd-max-collection-size
    int64_t collection_dimensions_max = 10;     // --rgd-max-collection-dimension-size
    int64_t revisions_max = 5;                  // --rgd-max-graph-revisions
    size_t definition_workers = 4;              // --resource-graph-definition-concurrent-reconciles
    size_t instance_workers = 64;               // --dynamic-controller-concurrent-reconciles
    int64_t retry_min = 200 * io::millisecond;  // --dynamic-controller-rate-limiter-min-delay
    int64_t retry_max = 1000 * io::second;      // --dynamic-controller-rate-limiter-max-delay
    // --instance-requeue-interval: a safety re-check of instances that are not ready; 0: none,
    // since watches tell.
    int64_t recheck_interval = 0;
    graph::Budget budget;            // --max-cost, --max-objects
    graph::FeatureGates gates;       // --feature-gates
    bool condition_events = false;   // --feature-gates=InstanceConditionEvents=true
    bool condition_metrics = false;  // --feature-gates=InstanceConditionMetrics=true
    // --feature-gates=DefinitionConditionEvents=true: the same Events for definitions; not in kro.
    bool definition_events = false;
    DefinitionDeletion definition_deletion =
        DefinitionDeletion::detach;  // --rgd-deletion-policy, not in kro
    // --client-qps, --client-burst: requests a second and at once; 0: only the server limits.
    int64_t client_qps = 0;
    int64_t client_burst = 0;
    // Install kro's two CRDs where they are missing (the embedded server; a chart does it
    // elsewhere).
    bool install_crds = true;
    Log log;
};

}  // namespace weft::control
