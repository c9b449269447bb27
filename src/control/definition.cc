// control/definition.cc: from a definition to a revision, a CRD and a served kind.

#include "control/definition.h"

#include <algorithm>

#include "control/events.h"
#include "control/internal/definition_pass.h"
#include "control/limits.h"

namespace weft::control {

namespace {

std::string snapshot_name(const Object& revision) {
    return std::string(revision.value().string_at("spec", "snapshot", "name"));
}

bool is_worth_a_definition_pass(const Object* before, const Object* after) {
    if (before == nullptr || after == nullptr) {
        return after != nullptr;
    }
    return before->generation() != after->generation() || before->uid() != after->uid() ||
           before->is_deleting() != after->is_deleting() ||
           allows_breaking(*before) != allows_breaking(*after) ||
           before->annotation(graph::annotation_rollout_resume) !=
               after->annotation(graph::annotation_rollout_resume);
}

// "<definition>-r00001"; cut and told apart by a hash where that is too long for a name.
std::string revision_name(const std::string& definition, int64_t number) {
    std::string suffix = cat(number);
    suffix.insert(0, suffix.size() < 5 ? 5 - suffix.size() : 0, '0');
    suffix = "-r" + suffix;
    constexpr size_t name_max = 253;
    if (definition.size() + suffix.size() <= name_max) {
        return definition + suffix;
    }
    char hash[16];
    std::snprintf(hash, sizeof hash, "-%x", fnv32a(definition));
    suffix += hash;
    std::string front = definition.substr(0, name_max - suffix.size());
    front.erase(front.find_last_not_of(".-") + 1);
    return (front.empty() ? "gr" : front) + suffix;
}

void leave_out_empty(Value& map, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        const Value* found = map.find(name);
        if (found != nullptr && (found->is_null() || (found->is_list() && found->empty()) ||
                                 (found->is_string() && found->as_string().empty()))) {
            map.erase(name);
        }
    }
}

// A definition's spec as its revision keeps it: kro leaves empty texts and lists away, and what has
// a default gets it.
Value snapshot_of(const Value& spec) {
    Value out = spec;
    if (out.find("schema") != nullptr) {
        leave_out_empty(out.mutable_member("schema"),
                        {"group", "additionalPrinterColumns", "shortNames", "categories"});
    }
    leave_out_empty(out, {"resources"});
    if (out.find("resources") != nullptr) {
        Value& resources = out.mutable_member("resources");
        for (size_t i = 0; i < resources.size(); ++i) {
            leave_out_empty(resources.mutable_item(i), {"readyWhen", "includeWhen", "forEach"});
        }
    }
    return out;
}

bool is_owned_by(const Object& revision, std::string_view uid) {
    const Value* owners = revision.value().find("metadata", "ownerReferences");
    return owners != nullptr && std::ranges::any_of(owners->items(), [&](const Value& owner) {
               const Value* controller = owner.find("controller");
               return owner.string_at("uid") == uid && controller != nullptr &&
                      controller->is_bool() && controller->as_bool();
           });
}

Value owner_reference(const Object& definition) {
    return Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                          {"kind", "ResourceGraphDefinition"},
                          {"name", definition.name()},
                          {"uid", definition.uid()},
                          {"controller", true}});
}

}  // namespace

void DefinitionReconciler::watch(std::function<void(const std::string&)> wake,
                                 std::function<void(const std::string&, int64_t)> wake_after) {
    wake_ = std::move(wake);
    wake_after_ = std::move(wake_after);
    definitions_ =
        &world_.informers->get({.resource = definition_resource()}, [this](Informer& fresh) {
            fresh.cache().add_handler([this](const Object* before, const Object* after) {
                if (is_worth_a_definition_pass(before, after)) {
                    wake_(std::string(after->name()));
                }
            });
        });
    revisions_ = &world_.informers->get({.resource = revision_resource()}, [this](Informer& fresh) {
        fresh.cache().add_index(std::string(by_definition), [](const Object& revision) {
            return std::vector<std::string>{snapshot_name(revision)};
        });
        fresh.cache().add_handler([this](const Object* before, const Object* after) {
            const Object& revision = after == nullptr ? *before : *after;
            if (after == nullptr) {
                registry_->erase(snapshot_name(revision), revision_number(revision));
                world_.instruments->count("graph_revision_finalizer_evictions_total");
            }
            // Our own status writes are no news.
            if (before == nullptr || after == nullptr ||
                before->is_deleting() != after->is_deleting()) {
                wake_(snapshot_name(revision));
            }
        });
    });
    crds_ = &world_.informers->get(
        {.resource = crd_resource(), .metadata_only = true}, [this](Informer& fresh) {
            fresh.cache().add_handler([this](const Object* before, const Object* after) {
                const Object& crd = after == nullptr ? *before : *after;
                const bool is_new_schema = before == nullptr || after == nullptr ||
                                           before->generation() != after->generation();
                if (is_new_schema) {
                    const std::string_view name = crd.name();
                    const size_t dot = name.find('.');
                    if (dot != std::string_view::npos) {
                        schemas_->forget(name.substr(dot + 1));
                    }
                    for (const std::string& waiting : waiting_for_kinds_) {
                        wake_(waiting);
                    }
                }
                const std::string_view owner = crd.label(graph::label_definition_name);
                if (before != nullptr && is_new_schema && !owner.empty()) {
                    wake_(std::string(owner));
                }
            });
        });
    owned_crds_ = &world_.informers->get(
        {.resource = crd_resource(), .label_selector = cat(graph::label_owned, "=true")},
        [this](Informer& fresh) {
            fresh.cache().add_handler([this](const Object* before, const Object* after) {
                // Its definition may be gone while instances are not.
                const std::string owner(
                    after == nullptr ? "" : after->label(graph::label_definition_name));
                if (before == nullptr && !owner.empty() &&
                    definitions_->cache().find({"", owner}) == nullptr) {
                    wake_(owner);
                }
            });
        });
    instances_->on_settled = wake_;
    instances_->on_gone = [this](const std::string& name) {
        const Object* definition = definitions_->cache().find({"", name});
        if (definition != nullptr && definition->is_deleting()) {
            wake_(name);
        }
    };
}

io::Task<Status> DefinitionReconciler::wait_synced() {
    for (Informer* informer : {definitions_, revisions_, crds_, owned_crds_}) {
        CO_TRY(co_await informer->cache().wait_synced());
    }
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::reconcile(std::string name) {
    const Object* cached = definitions_->cache().find({"", name});
    CO_TRY(co_await free_revisions(name, cached == nullptr));
    cached = definitions_->cache().find({"", name});
    if (cached == nullptr) {
        waiting_for_kinds_.erase(name);
        registry_->erase_all(name);
        co_return co_await serve_orphans(std::move(name));
    }
    Object definition = *cached;
    if (definition.is_deleting()) {
        co_return co_await clean_up(std::move(definition));
    }
    if (!definition.has_finalizer(graph::finalizer)) {
        Value finalizers = Value::list();
        if (const Value* present = definition.value().find("metadata", "finalizers")) {
            finalizers = *present;
        }
        finalizers.push_back(graph::finalizer);
        definition = CO_TRY(co_await world_.client->patch(
            definition_resource(), definition.key(), kube::PatchType::merge,
            merge_metadata("finalizers", std::move(finalizers)), {}));
        definitions_->cache().put_written(definition);
    }
    Pass pass{.definition = definition,
              .name = name,
              .hash = {},
              .conditions = graph::definition_conditions(definition, world_.loop->now()),
              .live = {},
              .graph = nullptr};
    pass.conditions.remove("ResourceGraphAccepted");
    pass.last_issued = definition.value().int_at(0, "status", "lastIssuedRevision");
    pass.rollout = graph::RolloutState::from(definition.value().find("status"));
    const Value* spec = definition.value().find("spec");
    pass.hash = graph::spec_hash(spec == nullptr ? Value() : *spec);
    const Status resolved = co_await resolve(&pass);
    if (!resolved && resolved.error().reason() == Reason::cancelled) {
        co_return Error(resolved.error());
    }
    CO_TRY(co_await write_status(&pass));
    CO_TRY(std::move(resolved));
    co_await carry_out_rollout(&pass);
    if (!pass.retry.empty()) {
        co_return make_error(Reason::unknown, pass.retry);
    }
    co_return Status{};
}

// Revisions that are being deleted need our finalizer no longer; without their definition, none do.
io::Task<Status> DefinitionReconciler::free_revisions(std::string name, bool all) {
    std::vector<Object> going;
    for (const Object* revision : revisions_->cache().by_index(std::string(by_definition), name)) {
        if (all || revision->is_deleting()) {
            going.push_back(*revision);
        }
    }
    for (const Object& revision : going) {
        CO_TRY(co_await remove_finalizer(revision_resource(), revision));
    }
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::resolve(Pass* pass) {
    int64_t highest = 0;
    for (const Object* revision :
         revisions_->cache().by_index(std::string(by_definition), pass->name)) {
        highest = std::max(highest, revision_number(*revision));
        if (revision->is_deleting()) {
            pass->has_terminating = true;
        } else {
            pass->live.push_back(*revision);
        }
    }
    std::ranges::sort(pass->live, {}, revision_number);
    if (pass->live.empty() && !pass->has_terminating) {
        registry_->erase_all(pass->name);
    }
    CO_TRY(co_await adopt_revisions(pass));
    if (pass->live.empty() && pass->has_terminating) {
        pass->conditions.set_unknown("GraphRevisionsResolved", "WaitingForGraphRevisionSettlement",
                                     "waiting for terminating graph revisions to settle");
        count_resolution("wait", "settling");
        co_return Status{};  // Their going wakes us.
    }
    pass->last_issued = std::max(pass->last_issued, highest);
    if (pass->live.empty() || pass->live.back().label(graph::label_revision_hash) != pass->hash) {
        if (pass->has_terminating) {
            pass->conditions.set_unknown("GraphRevisionsResolved",
                                         "WaitingForGraphRevisionSettlement",
                                         "waiting for terminating graph revisions to settle");
            count_resolution("wait", "settling");
            co_return Status{};
        }
        if (!pass->live.empty()) {
            const int64_t latest = revision_number(pass->live.back());
            if (const Revision* known = registry_->find(pass->name, latest);
                known != nullptr && known->state == RevisionState::active) {
                pass->conditions.set_true("GraphRevisionsResolved", "Resolved",
                                          cat("revision ", latest, " compiled and active"));
            }
        }
        count_resolution("issue", "");
        world_.instruments->count(
            "rgd_graph_revision_issue_total",
            {{"reason", pass->live.empty() ? "no_revision" : "spec_changed"}});
        CO_TRY(co_await issue(pass, pass->last_issued + 1));
    } else {
        CO_TRY(co_await settle(pass, pass->live.back()));
    }
    if (pass->graph != nullptr) {
        pass->is_new_revision = pass->definition.value().int_at(0, "status", "lastIssuedRevision") <
                                revision_number(pass->live.back());
        CO_TRY(co_await begin_rollout(pass));
        CO_TRY(co_await serve(pass));
        step_rollout(pass);
        co_await collect_revisions(pass);
        count_resolution("serve", "");
    }
    co_return Status{};
}

void DefinitionReconciler::count_resolution(std::string_view result, std::string_view waits_for) {
    world_.instruments->count("rgd_graph_revision_resolution_total",
                              {{"result", std::string(result)}});
    if (!waits_for.empty()) {
        world_.instruments->count("rgd_graph_revision_wait_total",
                                  {{"reason", std::string(waits_for)}});
    }
}

io::Task<Status> DefinitionReconciler::adopt_revisions(Pass* pass) {
    for (Object& revision : pass->live) {
        if (is_owned_by(revision, pass->definition.uid())) {
            continue;
        }
        Value owners = Value::list();
        if (const Value* present = revision.value().find("metadata", "ownerReferences")) {
            for (const Value& owner : present->items()) {
                if (owner.string_at("kind") != "ResourceGraphDefinition") {
                    owners.push_back(owner);
                }
            }
        }
        owners.push_back(owner_reference(pass->definition));
        revision = CO_TRY((co_await world_.client->patch(
                               revision_resource(), revision.key(), kube::PatchType::merge,
                               merge_metadata("ownerReferences", std::move(owners)), {}))
                              .context("adopting revision ", revision.name()));
        revisions_->cache().put_written(revision);
    }
    co_return Status{};
}

io::Task<graph::Compiled> DefinitionReconciler::compile(Object object) {
    Diagnostics ignored;
    const graph::Definition definition = graph::parse_definition(object, &ignored);
    static_cast<void>(co_await schemas_->load(kinds_of(definition)));
    graph::CompileContext context;
    context.find_kind = [this](const GroupVersionKind& kind) { return schemas_->find(kind); };
    context.collection_dimensions = world_.options->collection_dimensions_max;
    context.collection_size = world_.options->collection_size_max;
    context.budget = world_.options->budget;
    context.gates = world_.options->gates;
    const int64_t began = world_.loop->monotonic();
    graph::Compiled compiled = graph::compile(definition, context);
    const double seconds = seconds_between(began, world_.loop->monotonic());
    const bool is_good = compiled.graph != nullptr;
    // Another schema of a kind may be all that it needs.
    const bool may_become_good =
        !is_good && std::ranges::any_of(kinds_of(definition), [](const GroupVersionKind& kind) {
            return !graph::builtin_kind_facts(kind).has_value();
        });
    if (may_become_good) {
        waiting_for_kinds_.insert(definition.name);
    } else {
        waiting_for_kinds_.erase(definition.name);
    }
    const std::string result = is_good ? "success" : "failed";
    world_.instruments->count("graph_revision_compile_total", {{"result", result}});
    world_.instruments->observe("graph_revision_compile_duration_seconds", seconds,
                                {{"result", result}});
    world_.instruments->count("rgd_graph_build_total", {{"name", definition.name}});
    world_.instruments->observe("rgd_graph_build_duration_seconds", seconds,
                                {{"name", definition.name}});
    if (!is_good) {
        world_.instruments->count("rgd_graph_build_errors_total", {{"name", definition.name}});
    }
    co_return compiled;
}

// A new revision for a spec that compiles.
io::Task<Status> DefinitionReconciler::issue(Pass* pass, int64_t number) {
    graph::Compiled compiled = co_await compile(pass->definition);
    if (compiled.graph == nullptr) {
        const std::string message = graph::first_error_text(compiled.diagnostics);
        pass->conditions.set_false("GraphAccepted", "InvalidResourceGraph", message);
        pass->keeps_topology = false;
        co_return make_error(Reason::invalid, message);
    }
    pass->conditions.set_true("GraphAccepted", "Valid", "resource graph and schema are valid");
    Value spec = snapshot_of(*pass->definition.value().find("spec"));
    Object revision(Value::map_of(
        {{"apiVersion", "internal.kro.run/v1alpha1"},
         {"kind", "GraphRevision"},
         {"metadata",
          Value::map_of(
              {{"name", revision_name(pass->name, number)},
               {"labels", Value::map_of({{graph::label_owned, "true"},
                                         {graph::label_version,
                                          graph::version_label(world_.options->version)},
                                         {graph::label_definition_name, pass->name},
                                         {graph::label_revision_hash, pass->hash}})},
               {"finalizers", Value::list_of({graph::finalizer})},
               {"ownerReferences", Value::list_of({owner_reference(pass->definition)})}})},
         {"spec",
          Value::map_of({{"revision", number},
                         {"snapshot", Value::map_of({{"name", pass->name},
                                                     {"generation", pass->definition.generation()},
                                                     {"spec", std::move(spec)}})}})}}));
    const Object created =
        CO_TRY((co_await world_.client->create(revision_resource(), std::move(revision), {}))
                   .context("issuing graph revision ", number));
    pass->last_issued = number;
    registry_->put(pass->name, {.number = number,
                                .name = std::string(created.name()),
                                .hash = pass->hash,
                                .state = RevisionState::pending,
                                .graph = std::move(compiled.graph),
                                .error = {}});
    revisions_->cache().put_written(created);
    pass->live.push_back(created);
    co_return co_await settle(pass, created);
}

io::Task<Status> DefinitionReconciler::load_revision(Pass* pass, Object revision) {
    Object snapshot(Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                                   {"kind", "ResourceGraphDefinition"},
                                   {"metadata", *pass->definition.value().find("metadata")},
                                   {"spec", *revision.value().find("spec", "snapshot", "spec")}}));
    graph::Compiled compiled = co_await compile(std::move(snapshot));
    CO_TRY(co_await io::check_cancelled());
    Revision fresh{.number = revision_number(revision),
                   .name = std::string(revision.name()),
                   .hash = std::string(revision.label(graph::label_revision_hash)),
                   .state = RevisionState::pending,
                   .graph = compiled.graph,
                   .error = {}};
    if (compiled.graph == nullptr) {
        fresh.state = RevisionState::failed;
        fresh.error = graph::first_error_text(compiled.diagnostics);
    }
    registry_->put(pass->name, std::move(fresh));
    co_return Status{};
}

// Brings the newest revision to its end: compiled and told so in its status, or failed.
io::Task<Status> DefinitionReconciler::settle(Pass* pass, Object revision) {
    const int64_t number = revision_number(revision);
    Revision* known = registry_->find(pass->name, number);
    if (known == nullptr || known->state == RevisionState::failed) {
        if (known == nullptr) {
            world_.instruments->count("rgd_graph_revision_registry_miss_total",
                                      {{"reason", "latest_not_warmed"}});
        }
        CO_TRY(co_await load_revision(pass, revision));
        known = registry_->find(pass->name, number);
    }
    graph::ConditionSet conditions = graph::revision_conditions(revision, world_.loop->now());
    Value status = Value::map();
    if (known->graph != nullptr) {
        conditions.set_true("GraphVerified", "Verified", "graph revision compiled and verified");
        Value order = Value::list();
        for (const std::string& id : known->graph->topological_order) {
            order.push_back(id);
        }
        if (!order.empty()) {
            status.set("topologicalOrder", std::move(order));
        }
        if (Value resources = known->graph->resources_status(); !resources.empty()) {
            status.set("resources", std::move(resources));
        }
    } else {
        conditions.set_false(
            "GraphVerified", "InvalidGraph",
            cat("failed to compile graph revision ", quote(revision.name()), ": ", known->error));
    }
    status.set("conditions", graph::to_value(conditions.all()));
    const Value* before = revision.value().find("status");
    if (before == nullptr || !(*before == status)) {
        const Result<Object> written = co_await world_.client->patch(
            revision_resource(), revision.key(), kube::PatchType::merge,
            status_patch(before, status), {.subresource = "status"});
        if (!written) {
            world_.instruments->count("graph_revision_status_update_errors_total");
            world_.instruments->count("graph_revision_activation_deferred_total");
            co_return Result<Object>(written).context("status of graph revision ", number).error();
        }
        revisions_->cache().put_written(*written);
        known = registry_->find(pass->name, number);
        if (known == nullptr) {
            co_return make_error(Reason::conflict, "graph revision ", number, " went away");
        }
    }
    if (known->state == RevisionState::failed) {
        pass->conditions.set_false("GraphRevisionsResolved", "Failed",
                                   cat("latest graph revision ", number, " failed compilation"));
        pass->conditions.set_false("GraphAccepted", "InvalidResourceGraph",
                                   cat("latest graph revision ", number, " failed compilation"));
        count_resolution("failed", "");
        co_return make_error(Reason::invalid, known->error);
    }
    if (known->state == RevisionState::pending) {
        registry_->activate(known);
        world_.log(LogLevel::info, "a revision is served",
                   {{"definition", pass->name}, {"revision", cat(number)}});
    }
    pass->graph_changed = pass->graph_changed || !known->has_woken_instances;
    pass->graph = known->graph;
    pass->keeps_topology = false;
    pass->conditions.set_true("GraphRevisionsResolved", "Resolved",
                              cat("revision ", number, " compiled and active"));
    pass->conditions.set_true("GraphAccepted", "Valid", "resource graph and schema are valid");
    co_return Status{};
}

// The CRD is there, and instances of it are reconciled.
io::Task<Status> DefinitionReconciler::serve(Pass* pass) {
    const Result<Object> crd = co_await ensure_crd(pass);
    if (!crd) {
        if (crd.error().reason() != Reason::cancelled) {
            pass->conditions.set_false("KindReady", "Failed", crd.error().text());
        }
        co_return Error(crd.error());
    }
    std::string_view kind = crd->value().string_at("status", "acceptedNames", "kind");
    if (kind.empty()) {
        kind = pass->graph->instance_kind.kind;
    }
    pass->conditions.set_true("KindReady", "Ready",
                              cat("kind ", kind, " has been accepted and ready"));
    const kube::Resource resource{
        {pass->graph->instance_kind.group, pass->graph->instance_kind.version,
         pass->graph->instance_resource},
        pass->graph->instance_kind.kind,
        pass->graph->namespaced,
        true};
    world_.mapper->put(resource);
    const Status served = co_await instances_->serve(pass->name, resource, pass->graph_changed);
    if (!served) {
        pass->conditions.set_false("ControllerReady", "FailedToStart", served.error().text());
        co_return Error(served.error());
    }
    if (Revision* known = registry_->find(pass->name, revision_number(pass->live.back()))) {
        known->has_woken_instances = true;
    }
    pass->conditions.set_true("ControllerReady", "Running", "controller is running");
    co_return Status{};
}

io::Task<void> DefinitionReconciler::collect_revisions(Pass* pass) {
    const int64_t most = world_.options->revisions_max;
    if (most <= 0 || static_cast<int64_t>(pass->live.size()) <= most) {
        co_return;
    }
    const size_t surplus = pass->live.size() - static_cast<size_t>(most);
    for (size_t i = 0; i < surplus; ++i) {
        const Object revision = pass->live[i];
        if (pass->rollout && pass->rollout->phase != graph::RolloutState::Phase::complete &&
            pass->rollout->stable == revision_number(revision)) {
            continue;  // Instances follow it.
        }
        const auto removed = co_await world_.client->remove(revision_resource(), revision.key(),
                                                            {.uid = std::string(revision.uid())});
        if (!removed && removed.error().reason() != Reason::not_found) {
            world_.instruments->count("rgd_graph_revision_gc_errors_total");
            world_.log(LogLevel::warn, "an old revision could not be deleted",
                       {{"definition", pass->name},
                        {"revision", std::string(revision.name())},
                        {"error", removed.error().text()}});
            continue;
        }
        world_.instruments->count("rgd_graph_revision_gc_deleted_total");
        const Status freed = co_await remove_finalizer(revision_resource(), revision);
        if (!freed) {
            world_.log(LogLevel::warn, "a revision keeps its finalizer",
                       {{"definition", pass->name},
                        {"revision", std::string(revision.name())},
                        {"error", freed.error().text()}});
        }
    }
}

io::Task<Status> DefinitionReconciler::write_status(Pass* pass) {
    const auto is_true = [&](std::string_view type) {
        const graph::Condition* condition = pass->conditions.find(type);
        return condition != nullptr && condition->is_true();
    };
    const bool is_active =
        is_true("GraphAccepted") && is_true("KindReady") && is_true("ControllerReady");
    const Value* before = pass->definition.value().find("status");
    Value status = Value::map_of({{"state", is_active ? "Active" : "Inactive"},
                                  {"conditions", graph::to_value(pass->conditions.all())}});
    if (pass->graph != nullptr) {
        Value order = Value::list();
        for (const std::string& id : pass->graph->topological_order) {
            order.push_back(id);
        }
        if (!order.empty()) {
            status.set("topologicalOrder", std::move(order));
        }
        if (Value resources = pass->graph->resources_status(); !resources.empty()) {
            status.set("resources", std::move(resources));
        }
    } else if (pass->keeps_topology && before != nullptr) {
        for (const std::string_view name : {"topologicalOrder", "resources"}) {
            if (const Value* kept = before->find(name)) {
                status.set(name, *kept);
            }
        }
    }
    if (pass->rollout) {
        status.set("rollout", pass->rollout->to_value());
    }
    if (pass->last_issued > 0) {
        status.set("lastIssuedRevision", pass->last_issued);
    }
    if (before != nullptr && *before == status) {
        co_return Status{};
    }
    const Result<Object> written = co_await world_.client->patch(
        definition_resource(), pass->definition.key(), kube::PatchType::merge,
        status_patch(before, status), {.subresource = "status"});
    if (!written) {
        if (written.error().reason() == Reason::not_found) {
            co_return Status{};
        }
        co_return Result<Object>(written).context("writing the status").error();
    }
    definitions_->cache().put_written(*written);
    co_await tell_changes(pass->definition, status);
    co_return Status{};
}

io::Task<void> DefinitionReconciler::tell_changes(Object definition, Value after) {
    const Value* before = definition.value().find("status");
    const std::string from(before == nullptr ? "" : before->string_at("state"));
    const std::string to(after.string_at("state"));
    if (from != to) {
        world_.instruments->count(
            "rgd_state_transitions_total",
            {{"name", std::string(definition.name())}, {"from", from}, {"to", to}});
        world_.log(LogLevel::info, "the state of a definition changed",
                   {{"definition", std::string(definition.name())}, {"from", from}, {"to", to}});
    }
    if (world_.options->definition_events) {
        co_await tell_events(
            world_, condition_events(definition, "resourcegraphdefinitions.kro.run", before, after,
                                     world_.loop->now(), world_.loop->random()));
    }
}

}  // namespace weft::control
