// control/definition.h: keeps a ResourceGraphDefinition, its revisions and its CRD in step.
//
// Source of the behaviour: kro 0.9.3, RGD and GraphRevision controllers. Where kro writes an
// intermediate state and waits to be called again, this goes on in the same pass; what is at the
// end is the same.

#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/instance.h"
#include "control/revision_registry.h"
#include "control/schema_source.h"
#include "control/world.h"

namespace weft::control {

class DefinitionReconciler {
public:
    DefinitionReconciler(World world, RevisionRegistry* registry, SchemaSource* schemas,
                         InstanceController* instances)
        : world_(world), registry_(registry), schemas_(schemas), instances_(instances) {}

    // Handlers and caches: to be called once, before `reconcile`. `wake` puts a definition into the
    // queue.
    // `wake_after` does that after so many nanoseconds.
    void watch(std::function<void(const std::string&)> wake,
               std::function<void(const std::string&, int64_t)> wake_after);
    io::Task<Status> wait_synced();

    // One pass over the definition of this name. An error means: again, later.
    io::Task<Status> reconcile(std::string name);

private:
    // What a pass has found so far; the status is written from it at the end.
    struct Pass;

    io::Task<Status> free_revisions(std::string name, bool all);
    io::Task<Status> resolve(Pass* pass);
    io::Task<Status> issue(Pass* pass, int64_t number);
    io::Task<Status> settle(Pass* pass, Object revision);
    io::Task<Status> serve(Pass* pass);
    // A revision of the registry, compiled from its snapshot.
    io::Task<Status> load_revision(Pass* pass, Object revision);
    io::Task<Status> begin_rollout(Pass* pass);
    void step_rollout(Pass* pass);
    io::Task<void> carry_out_rollout(Pass* pass);
    void end_rollout(const std::string& name);
    io::Task<Result<Object>> ensure_crd(Pass* pass);
    io::Task<Result<Object>> update_crd(Pass* pass, Object existing, Object wanted);
    io::Task<Result<Object>> wait_established(Object crd);
    io::Task<void> collect_revisions(Pass* pass);
    io::Task<Status> adopt_revisions(Pass* pass);
    io::Task<Status> write_status(Pass* pass);
    io::Task<Status> clean_up(Object definition);
    // Deletions of instances whose definition is not there go on, by the CRDs that it left.
    io::Task<Status> serve_orphans(std::string name);
    // Under a policy that waits for them: whether instances still hold the definition.
    io::Task<Result<bool>> is_held(Object definition);
    io::Task<void> tell_changes(Object definition, Value after);
    io::Task<Status> remove_finalizer(kube::Resource resource, Object object);
    void count_resolution(std::string_view result, std::string_view waits_for);
    io::Task<graph::Compiled> compile(Object definition);

    World world_;
    RevisionRegistry* registry_;
    SchemaSource* schemas_;
    InstanceController* instances_;
    Informer* definitions_ = nullptr;
    Informer* revisions_ = nullptr;
    Informer* crds_ = nullptr;        // metadata of all
    Informer* owned_crds_ = nullptr;  // ours, whole
    std::function<void(const std::string&)> wake_;
    std::function<void(const std::string&, int64_t)> wake_after_;
    // Definitions that could not be compiled and name kinds that others define.
    std::set<std::string> waiting_for_kinds_;
};

}  // namespace weft::control
