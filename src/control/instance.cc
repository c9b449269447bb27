// control/instance.cc: observe, plan, carry out, until the plan is empty.

#include "control/instance.h"

#include <algorithm>

#include "control/events.h"
#include "control/limits.h"
#include "control/selector.h"

namespace weft::control {

namespace {

constexpr std::string_view by_part_of = "part-of";

std::vector<std::string> part_of(const Object& object) {
    const std::string_view id = object.label(graph::label_part_of);
    return id.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(id)};
}

// What makes an instance worth a pass: kro's rule. Writing its status or labels does not.
bool is_worth_a_pass(const Object* before, const Object* after) {
    if (after == nullptr || before == nullptr) {
        return after != nullptr;
    }
    return before->generation() != after->generation() || before->uid() != after->uid() ||
           before->is_deleting() != after->is_deleting() ||
           graph::is_suspended(*before) != graph::is_suspended(*after) ||
           before->annotation(graph::annotation_drift_policy) !=
               after->annotation(graph::annotation_drift_policy);
}

// What trying again at once does not mend: the instance says it meanwhile.
bool is_lasting(const Error& error) {
    return error.reason() == Reason::forbidden || error.reason() == Reason::timeout;
}

graph::PlanOptions plan_options(const World& world) {
    graph::PlanOptions options;
    options.now = world.loop->now();
    options.version = world.options->version;
    options.collection_size = world.options->collection_size_max;
    options.budget = world.options->budget;
    return options;
}

// All that a server reads of an update of the status; spec and managedFields would be decoded for
// nothing.
Object with_status(const Object& seen, const Value& status) {
    Value metadata = Value::map();
    for (const std::string_view name : {"name", "namespace", "uid", "resourceVersion"}) {
        if (const Value* value = seen.value().find("metadata", name)) {
            metadata.set(name, *value);
        }
    }
    return Object(Value::map_of({{"apiVersion", seen.api_version()},
                                 {"kind", seen.kind()},
                                 {"metadata", std::move(metadata)},
                                 {"status", status}}));
}

}  // namespace

InstanceController::InstanceController(World world, RevisionRegistry* registry)
    : world_(world),
      registry_(registry),
      queue_(world.loop, {world.options->retry_min, world.options->retry_max}) {
    queue_.instrument(world.instruments->queue("dynamic-controller-queue"));
}

Informer& InstanceController::watch_instances(const kube::Resource& resource) {
    return world_.informers->get({.resource = resource}, [&](Informer& fresh) {
        fresh.cache().add_handler(
            [this, kind = resource.gvk()](const Object* before, const Object* after) {
                on_instance(kind, before, after);
            });
    });
}

void InstanceController::on_instance(const GroupVersionKind& kind, const Object* before,
                                     const Object* after) {
    const auto known = kinds_.find(kind);
    if (known == kinds_.end()) {
        return;
    }
    if (is_worth_a_pass(before, after)) {
        queue_.add({kind, after->key()});
    }
    const bool was_held = before != nullptr && before->has_finalizer(graph::finalizer);
    const bool is_held = after != nullptr && after->has_finalizer(graph::finalizer);
    if (was_held && !is_held) {
        if (known->second.is_deletions_only) {
            emptied_.insert(kind);
        }
        if (on_gone) {
            on_gone(known->second.definition);
        }
    }
    if (after == nullptr) {
        followed_.erase({kind, before->key()});
        // A last pass forgets what was remembered about it.
        queue_.add({kind, before->key()});
    }
}

io::Task<Status> InstanceController::serve(std::string definition, kube::Resource resource,
                                           bool graph_changed) {
    const GroupVersionKind kind = resource.gvk();
    const auto known = kinds_.find(kind);
    if (known == kinds_.end()) {
        kinds_[kind] = {definition, resource, &watch_instances(resource),
                        world_.instruments->of_kind(resource), false};
        world_.instruments->count("dynamic_controller_handler_attach_total", {{"type", "parent"}});
    } else {
        graph_changed = graph_changed || known->second.is_deletions_only;
        known->second.definition = definition;
        known->second.resource = resource;
        known->second.is_deletions_only = false;
        if (graph_changed) {
            for (const Object* instance : known->second.instances->cache().all()) {
                queue_.add({kind, instance->key()});
            }
        }
    }
    CO_TRY((co_await io::with_timeout<void>(
                world_.loop, sync_timeout, "the first answer did not come",
                kinds_.at(kind).instances->cache().wait_synced_or_refused()))
               .context("watching ", resource.gvr.resource));
    co_return Status{};
}

void InstanceController::detach(const std::string& definition) {
    for (auto& [kind, served] : kinds_) {
        if (served.definition == definition && !served.is_deletions_only) {
            served.is_deletions_only = true;
            emptied_.insert(kind);
            world_.instruments->count("dynamic_controller_handler_detach_total",
                                      {{"type", "parent"}});
        }
    }
}

io::Task<Status> InstanceController::serve_deletions(std::string definition,
                                                     kube::Resource resource) {
    const GroupVersionKind kind = resource.gvk();
    if (kinds_.contains(kind)) {
        co_return Status{};
    }
    Informer& informer = watch_instances(resource);
    kinds_[kind] = {definition, resource, &informer, world_.instruments->of_kind(resource), true};
    CO_TRY(
        (co_await io::with_timeout<void>(world_.loop, sync_timeout, "the first answer did not come",
                                         informer.cache().wait_synced_or_refused()))
            .context("watching ", resource.gvr.resource));
    emptied_.insert(kind);
    co_await drop_emptied();
    co_return Status{};
}

std::vector<const Object*> InstanceController::held(const std::string& definition) const {
    std::vector<const Object*> out;
    for (const auto& [kind, served] : kinds_) {
        if (served.definition != definition) {
            continue;
        }
        for (const Object* instance : served.instances->cache().all()) {
            if (instance->has_finalizer(graph::finalizer)) {
                out.push_back(instance);
            }
        }
    }
    return out;
}

std::vector<InstanceController::Followed> InstanceController::followed(
    const std::string& definition) const {
    std::vector<Followed> out;
    for (const auto& [kind, served] : kinds_) {
        if (served.definition != definition || served.is_deletions_only) {
            continue;
        }
        for (const Object* instance : served.instances->cache().all()) {
            if (!instance->is_deleting()) {
                const auto known = followed_.find({kind, instance->key()});
                out.push_back({instance, known == followed_.end() ? 0 : known->second});
            }
        }
    }
    return out;
}

void InstanceController::wake_strays(const std::string& definition) {
    for (const auto& [instance, number] : followed(definition)) {
        const Revision* revision = registry_->followed_by(definition, *instance);
        if (revision != nullptr && revision->number != number) {
            queue_.add({instance->group_version_kind(), instance->key()});
        }
    }
}

void InstanceController::forget_followed(const std::string& definition) {
    std::erase_if(followed_, [&](const auto& entry) {
        const auto kind = kinds_.find(entry.first.kind);
        return kind == kinds_.end() || kind->second.definition == definition;
    });
}

// Ends the watches of kinds that were served for deletions only and have no instance left to let
// go.
io::Task<void> InstanceController::drop_emptied() {
    for (const GroupVersionKind& kind : std::exchange(emptied_, {})) {
        if (under_way_.contains(kind)) {
            emptied_.insert(kind);  // A pass still reads the cache; its end comes here again.
            continue;
        }
        const auto known = kinds_.find(kind);
        if (known == kinds_.end() || !known->second.is_deletions_only ||
            !known->second.instances->cache().is_synced()) {
            continue;
        }
        const bool holds_any = std::ranges::any_of(
            known->second.instances->cache().all(),
            [](const Object* instance) { return instance->has_finalizer(graph::finalizer); });
        if (!holds_any) {
            const InformerKey key = known->second.instances->key();
            kinds_.erase(known);
            co_await world_.informers->drop(key);
        }
    }
}

void InstanceController::read_gauges() {
    Instruments& out = *world_.instruments;
    out.set("dynamic_controller_gvr_count", static_cast<double>(kinds_.size()));
    out.set("dynamic_controller_queue_length", static_cast<double>(queue_.size()));
    out.set("dynamic_controller_handler_count_total", static_cast<double>(kinds_.size()),
            {{"type", "parent"}});
    out.set("controller_runtime_max_concurrent_reconciles",
            static_cast<double>(world_.options->instance_workers),
            {{"controller", "dynamic-controller-queue"}});
    out.set("weft_children_rewritten", static_cast<double>(rewritten_.size()));
    out.set("weft_instance_waits", static_cast<double>(queue_.failing()));
    out.set("weft_plan_hold_seconds_max", seconds_between(0, longest_plan_));
    out.forget("weft_instances");
    out.forget("dynamic_controller_instance_watch_count");
    for (const auto& [kind, served] : kinds_) {
        out.set("dynamic_controller_instance_watch_count",
                static_cast<double>(served.instances->cache().size()),
                {{"parent_gvr", gvr_text(served.resource.gvr)}});
        std::map<std::string, double> states;
        for (const Object* instance : served.instances->cache().all()) {
            states[std::string(instance->value().string_at("status", "state"))] += 1;
        }
        for (const auto& [state, count] : states) {
            out.set("weft_instances", count,
                    {{"gvr", gvr_path(served.resource.gvr)}, {"state", state}});
        }
    }
    if (world_.options->condition_metrics) {
        read_condition_gauges();
    }
}

void InstanceController::read_condition_gauges() {
    Instruments& out = *world_.instruments;
    out.forget("instance_condition_current_status_seconds");
    const int64_t now = world_.loop->now().seconds;
    for (const auto& [kind, served] : kinds_) {
        for (const Object* instance : served.instances->cache().all()) {
            for (const graph::Condition& condition :
                 graph::conditions_from(instance->value().find("status", "conditions"))) {
                const int64_t since =
                    condition.last_transition ? condition.last_transition->seconds : now;
                out.set("instance_condition_current_status_seconds",
                        static_cast<double>(now - since),
                        {{"gvr", gvr_text(served.resource.gvr)},
                         {"namespace", std::string(instance->namespace_())},
                         {"name", std::string(instance->name())},
                         {"condition_type", condition.type},
                         {"condition_status", condition.status},
                         {"reason", condition.reason.value_or("")}});
            }
        }
    }
}

io::Task<void> InstanceController::work() {
    while (true) {
        const Result<InstanceKey> key = co_await queue_.get();
        if (!key) {
            co_return;
        }
        const int64_t began = world_.loop->monotonic();
        ++under_way_[key->kind];
        const Status done = co_await reconcile(*key);
        if (--under_way_[key->kind] == 0) {
            under_way_.erase(key->kind);
        }
        const double seconds = seconds_between(began, world_.loop->monotonic());
        KindInstruments* counts = nullptr;
        if (const auto kind = kinds_.find(key->kind); kind != kinds_.end()) {
            counts = kind->second.instruments;
            counts->reconciles->add();
            counts->reconcile_seconds->observe(seconds);
            counts->instance_reconciles->add();
            counts->instance_seconds->observe(seconds);
        }
        const bool is_cancelled = !done && done.error().reason() == Reason::cancelled;
        world_.instruments->count_pass("dynamic-controller-queue", done ? "success" : "error",
                                       seconds);
        if (done) {
            queue_.forget(*key);
        } else if (!is_cancelled) {
            if (counts != nullptr) {
                counts->handler_errors->add();
                counts->instance_errors->add();
                counts->requeues_backed_off->add();
            }
            log_failure(*key, done.error());
            queue_.add_backed_off(*key);
        }
        queue_.done(*key);
        co_await drop_unread();
        co_await drop_emptied();
    }
}

void InstanceController::log_failure(const InstanceKey& key, const Error& error) {
    std::string definition;
    std::string revision;
    if (const auto kind = kinds_.find(key.kind); kind != kinds_.end()) {
        definition = kind->second.definition;
        if (const Revision* latest = registry_->latest(definition)) {
            revision = cat(latest->number);
        }
    }
    world_.log(LogLevel::warn, "an instance could not be brought to its end",
               {{"kind", key.kind.kind},
                {"instance", key.name.text()},
                {"definition", definition},
                {"revision", revision},
                {"error", error.text()}});
}

// Ends the watches of external references that nobody reads any more.
io::Task<void> InstanceController::drop_unread() {
    while (!unread_.empty()) {
        const InformerKey key = unread_.extract(unread_.begin()).value();
        const auto readers = readers_.find(key);
        if (readers != readers_.end() && readers->second.empty()) {
            readers_.erase(readers);
            co_await world_.informers->drop(key);
        }
    }
}

io::Task<Status> InstanceController::reconcile(InstanceKey key) {
    const auto kind = kinds_.find(key.kind);
    if (kind == kinds_.end()) {
        remember_interests(key, {});
        co_return Status{};
    }
    const Object* cached = kind->second.instances->cache().find(key.name);
    if (cached == nullptr) {
        remember_interests(key, {});
        co_return Status{};
    }
    const Object instance = *cached;
    if (instance.is_deleting()) {
        co_return co_await reconcile_deleting(key, kind->second, instance);
    }
    if (kind->second.is_deletions_only) {
        remember_interests(key, {});
        co_return Status{};
    }
    co_return co_await reconcile_live(key, kind->second, instance);
}

io::Task<Status> InstanceController::reconcile_live(InstanceKey key, ServedKind kind,
                                                    Object instance) {
    const Revision* revision = registry_->followed_by(kind.definition, instance);
    if (revision == nullptr || revision->graph == nullptr) {
        const bool is_pending = revision != nullptr && revision->state == RevisionState::pending;
        const std::string message = revision == nullptr
                                        ? std::string("latest issued graph revision not available")
                                        : cat("latest issued graph revision ", revision->number,
                                              is_pending ? " is pending" : " failed");
        if (is_pending) {
            kind.instruments->pending->add();
        } else {
            world_.instruments->count_resolution_failure(
                kind.resource.gvr, revision == nullptr ? "not_available" : "failed");
        }
        // The definition's next pass wakes all instances, so nothing needs to be tried again here.
        co_return co_await write_status(
            key, kind,
            graph::unresolved_status(instance, false, message, is_pending, world_.loop->now()));
    }
    kind.instruments->resolved->add();
    const graph::SharedGraph graph = revision->graph;
    const int64_t number = revision->number;
    graph::Observed observed;
    graph::Plan plan = CO_TRY(co_await make_plan(graph.get(), &instance, &observed));
    int turns = 0;
    while (plan.needs_observation() || plan.has_actions()) {
        if (++turns > turns_max) {
            co_return make_error(Reason::internal_error, "the plan does not come to an end");
        }
        if (plan.needs_observation()) {
            const Status seen = co_await observe(graph.get(), &instance, &plan, &observed, key);
            if (!seen && is_lasting(seen.error())) {
                CO_TRY(co_await write_status(
                    key, kind,
                    graph::unobserved_status(instance, graph->has_author_conditions,
                                             seen.error().text(), world_.loop->now())));
            }
            CO_TRY(seen);
        } else {
            co_await carry_out(plan.actions, &observed, key, &instance);
        }
        CO_TRY(co_await io::check_cancelled());
        plan = CO_TRY(co_await make_plan(graph.get(), &instance, &observed));
    }
    std::set<InformerKey> interests;
    for (const graph::Interest& interest : plan.interests) {
        const graph::Node* node = graph->find(interest.node);
        if (node != nullptr && node->is_external()) {
            interests.insert(external_key(interest));
        }
    }
    remember_interests(key, std::move(interests));
    for (const ObjectKey& object : plan.rewritten) {
        const graph::ObservedObject* seen = observed.find(object);
        rewritten_.insert_or_assign(object, Rewritten{*seen->applied, *seen->answer});
    }
    const bool is_ready = plan.status.is_ready;
    CO_TRY(co_await write_status(key, kind, plan.status));
    if (registry_->rollout(kind.definition) != nullptr) {
        followed_[key] = number;
        if (on_settled) {
            on_settled(kind.definition);
        }
    }
    if (!is_ready && world_.options->recheck_interval > 0) {
        kind.instruments->requeues_after->add();
        queue_.add_after(key, world_.options->recheck_interval);
    }
    if (plan.wants_retry()) {
        std::string why;
        for (const graph::NodePlan& node : plan.nodes) {
            if (node.state == graph::NodeState::error) {
                // A server's message may repeat what was sent; of a Secret nothing is logged.
                const graph::Node* known = graph->find(node.id);
                const bool is_secret = known != nullptr && known->kind.kind == "Secret";
                append(why, why.empty() ? "" : "; ", node.id, ": ",
                       is_secret ? std::string("failed (its condition says why)") : node.why);
            }
        }
        co_return make_error(Reason::unknown, why.empty() ? "not all could be done" : why);
    }
    co_return Status{};
}

io::Task<Result<graph::Plan>> InstanceController::make_plan(const graph::Graph* graph,
                                                            const Object* instance,
                                                            const graph::Observed* observed) {
    const graph::PlanOptions options = plan_options(world_);
    graph::Planning planning(*graph, *instance, *observed, options);
    int64_t worked = 0;
    while (true) {
        const int64_t began = world_.loop->monotonic();
        const bool is_done = planning.advance(plan_slice);
        const int64_t took = world_.loop->monotonic() - began;
        worked += took;
        longest_plan_ = std::max(longest_plan_, took);
        if (is_done) {
            break;
        }
        CO_TRY(co_await io::sleep(world_.loop, 0));
    }
    graph::Plan plan = planning.take();
    world_.instruments->count_plan(plan.counts, seconds_between(0, worked));
    co_return plan;
}

io::Task<Status> InstanceController::reconcile_deleting(InstanceKey key, ServedKind kind,
                                                        Object instance) {
    if (!instance.has_finalizer(graph::finalizer)) {
        co_return Status{};
    }
    const Revision* revision = registry_->latest(kind.definition);
    const bool has_author_conditions =
        revision != nullptr && revision->graph != nullptr && revision->graph->has_author_conditions;
    const Result<std::vector<Object>> present = co_await members(instance, {});
    if (!present && !is_lasting(present.error())) {
        co_return Error(present.error());
    }
    const Result<graph::DeletionPlan> plan =
        present
            ? graph::deletion_plan(instance, *present, has_author_conditions, plan_options(world_))
            : Result<graph::DeletionPlan>(present.error());
    if (!plan) {
        CO_TRY(co_await write_status(
            key, kind,
            graph::deletion_status(instance, has_author_conditions,
                                   cat("deletion blocked: ", plan.error().message()),
                                   world_.loop->now())));
        co_return Error(plan.error());
    }
    CO_TRY(co_await write_status(key, kind, plan->status));
    if (plan->is_done) {
        remember_interests(key, {});
        co_return co_await remove_finalizer(kind, instance);
    }
    graph::Observed observed;
    co_await carry_out(plan->actions, &observed, key, &instance);
    // Members that vanish wake the instance for the next wave.
    co_return Status{};
}

io::Task<Status> InstanceController::observe(const graph::Graph* graph, const Object* instance,
                                             const graph::Plan* plan, graph::Observed* observed,
                                             InstanceKey key) {
    if (plan->needs_members) {
        std::vector<kube::Resource> kinds;
        for (const graph::Node& node : graph->nodes) {
            if (node.makes_objects()) {
                kinds.push_back({{node.kind.group, node.kind.version, node.resource},
                                 node.kind.kind,
                                 node.namespaced,
                                 false});
            }
        }
        observed->see_members(CO_TRY(co_await members(*instance, std::move(kinds))));
    }
    size_t looked_at = 0;
    for (const graph::Interest& interest : plan->unknown) {
        if (++looked_at % observe_slice == 0) {
            CO_TRY(co_await io::sleep(world_.loop, 0));
        }
        const graph::Node* node = graph->find(interest.node);
        const bool is_external = node != nullptr && node->is_external();
        Informer* informer = nullptr;
        if (is_external) {
            informer = CO_TRY(co_await external(external_key(interest), key));
        } else {
            informer = CO_TRY(co_await children(resource_of(interest)));
        }
        if (interest.by_name) {
            const Object* found = informer->cache().find(interest.name);
            const ObjectKey object{interest.kind, interest.name};
            std::optional<Object> live;
            if (found != nullptr) {
                live = *found;
            } else if (!is_external && node != nullptr && !node->lifecycle.adopts) {
                // What belongs to nobody is in no cache of ours.
                Result<Object> present =
                    co_await world_.client->get(resource_of(interest), interest.name);
                if (present) {
                    live = *std::move(present);
                } else if (present.error().reason() != Reason::not_found) {
                    co_return Error(present.error());
                }
            }
            observed->see(object, std::move(live));
            if (const auto known = rewritten_.find(object);
                known != rewritten_.end() && !is_external) {
                observed->recall_applied(object, known->second.desired, known->second.answer);
            }
            continue;
        }
        std::vector<Object> items;
        for (const Object* item : informer->cache().all()) {
            items.push_back(*item);
        }
        observed->see_list(interest.node, std::move(items));
    }
    co_return Status{};
}

io::Task<Result<std::vector<Object>>> InstanceController::members(
    Object instance, std::vector<kube::Resource> more) {
    const graph::ApplySetScope scope = graph::recorded_scope(instance);
    for (const graph::GroupKind& kind : scope.group_kinds) {
        const bool is_there = std::ranges::any_of(more, [&](const kube::Resource& resource) {
            return resource.gvr.group == kind.group && resource.kind == kind.kind;
        });
        if (is_there) {
            continue;
        }
        Result<kube::Resource> resource =
            co_await world_.mapper->for_group_kind(kind.group, kind.kind);
        if (resource) {
            more.push_back(*std::move(resource));
        } else if (resource.error().reason() != Reason::not_found) {
            co_return Error(resource.error());
        }
    }
    std::ranges::sort(more);
    const auto [first, last] =
        std::ranges::unique(more, [](const auto& a, const auto& b) { return a.gvr == b.gvr; });
    more.erase(first, last);
    std::vector<Object> out;
    const std::string id = graph::apply_set_id(instance);
    for (const kube::Resource& resource : more) {
        Informer* informer = CO_TRY(co_await children(resource));
        for (const Object* member : informer->cache().by_index(std::string(by_part_of), id)) {
            out.push_back(*member);
        }
    }
    co_return out;
}

io::Task<void> InstanceController::carry_out(std::vector<Action> actions, graph::Observed* observed,
                                             InstanceKey key, Object* instance) {
    // Actions of the instance itself come first and one by one; those of children together.
    io::Scope scope(world_.loop, co_await io::current_context());
    size_t under_way = 0;
    for (const Action& action : actions) {
        const Apply* apply = std::get_if<Apply>(&action.what);
        if (apply != nullptr && apply->node.empty()) {
            co_await scope.join();
            co_await carry_out_one(&action, observed, key, instance);
            // What the instance does not name yet would be left behind when it is deleted.
            const graph::ObservedObject* seen =
                observed->find({apply->desired.group_version_kind(), apply->desired.key()});
            if (seen != nullptr && seen->error) {
                co_return;
            }
            continue;
        }
        if (++under_way % actions_in_flight_max == 0) {
            co_await scope.join();
        }
        scope.spawn(carry_out_one(&action, observed, key, instance));
    }
    co_await scope.join();
}

io::Task<void> InstanceController::carry_out_one(const Action* action, graph::Observed* observed,
                                                 InstanceKey key, Object* instance) {
    if (const Apply* apply = std::get_if<Apply>(&action->what)) {
        const ObjectKey object{apply->desired.group_version_kind(), apply->desired.key()};
        const bool is_instance = apply->node.empty();
        const Result<kube::Resource> resource = co_await world_.mapper->for_kind(object.kind);
        if (!resource) {
            observed->see_failed(object, resource.error());
            co_return;
        }
        const Result<Object> answer =
            co_await world_.client->apply(*resource, apply->desired,
                                          {.field_manager = apply->field_manager,
                                           .force = true,
                                           .subresource = apply->status_subresource ? "status" : "",
                                           .field_validation = "Ignore"});
        if (!answer) {
            observed->see_failed(object, answer.error());
            co_return;
        }
        if (is_instance) {
            *instance = *answer;
            if (const auto kind = kinds_.find(key.kind); kind != kinds_.end()) {
                put_written(&kind->second.instances->cache(), *answer, key);
            }
            co_return;
        }
        if (Informer* informer = world_.informers->find(children_key(*resource))) {
            put_written(&informer->cache(), *answer, key);
        }
        observed->see_applied(object, apply->desired, *answer);
        co_return;
    }
    if (const Prune* prune = std::get_if<Prune>(&action->what)) {
        const Result<kube::Resource> resource = co_await world_.mapper->for_kind(prune->key.kind);
        if (!resource) {
            observed->see_failed(prune->key, resource.error());
            co_return;
        }
        // Background, or Jobs would leave their pods behind.
        const Result<Value> answer = co_await world_.client->remove(
            *resource, prune->key.name, {.uid = prune->uid, .propagation = "Background"});
        if (!answer && answer.error().reason() != Reason::not_found) {
            observed->see_failed(prune->key, answer.error());
        } else {
            observed->see_pruned(prune->key,
                                 answer ? answer->string_at("metadata", "deletionTimestamp") : "");
        }
    }
}

io::Task<Status> InstanceController::write_status(InstanceKey key, ServedKind kind,
                                                  graph::InstanceStatus status) {
    constexpr int tries = 5;
    for (int i = 0; i < tries; ++i) {
        const Object* cached = kind.instances->cache().find(key.name);
        if (cached == nullptr) {
            co_return Status{};
        }
        Object wanted = *cached;
        if (i > 0) {
            // Somebody wrote meanwhile, and the watch may not have told yet.
            Result<Object> fresh = co_await world_.client->get(kind.resource, key.name);
            if (!fresh) {
                if (fresh.error().reason() == Reason::not_found) {
                    co_return Status{};
                }
                co_return Error(fresh.error());
            }
            wanted = *std::move(fresh);
        }
        if (status.is_same_as(wanted.value().find("status"))) {
            co_return Status{};
        }
        const Value* had = wanted.value().find("status");
        const std::string state_before(had == nullptr ? "" : had->string_at("state"));
        std::vector<Object> events;
        if (world_.options->condition_events) {
            events = condition_events(wanted,
                                      cat(kind.resource.gvr.resource, ".", kind.resource.gvr.group),
                                      had, status.value, world_.loop->now(), world_.loop->random());
        }
        const Result<Object> written =
            co_await world_.client->update(kind.resource, with_status(wanted, status.value),
                                           {.subresource = "status", .field_validation = "Ignore"});
        if (written) {
            put_written(&kind.instances->cache(), *written, key);
            if (status.state != state_before) {
                world_.instruments->count_state(key.kind, state_before, status.state);
                world_.log(LogLevel::debug, "the state of an instance changed",
                           {{"kind", key.kind.kind},
                            {"instance", key.name.text()},
                            {"definition", kind.definition},
                            {"from", state_before},
                            {"to", status.state}});
            }
            co_await tell_events(world_, std::move(events));
            co_return Status{};
        }
        if (written.error().reason() == Reason::not_found) {
            co_return Status{};
        }
        if (written.error().reason() != Reason::conflict) {
            co_return Result<Object>(written).context("writing the status").error();
        }
    }
    co_return make_error(Reason::conflict, "the status could not be written: others keep writing");
}

io::Task<Status> InstanceController::remove_finalizer(ServedKind kind, Object instance) {
    Value finalizers = other_finalizers(instance);
    // The resourceVersion keeps a finalizer that somebody adds at the same time.
    const Object* cached = kind.instances->cache().find(instance.key());
    const std::string version(cached == nullptr ? instance.resource_version()
                                                : cached->resource_version());
    const Result<Object> patched = co_await world_.client->patch(
        kind.resource, instance.key(), kube::PatchType::merge,
        Value::map_of({{"metadata", Value::map_of({{"finalizers", std::move(finalizers)},
                                                   {"resourceVersion", version}})}}),
        {});
    if (!patched && patched.error().reason() != Reason::not_found) {
        co_return Error(patched.error());
    }
    co_return Status{};
}

io::Task<Result<Informer*>> InstanceController::children(kube::Resource resource) {
    Informer& informer = world_.informers->get(children_key(resource), [&](Informer& fresh) {
        fresh.cache().add_index(std::string(by_part_of), part_of);
        fresh.cache().add_handler(
            [this, gvr = resource.gvr](const Object* before, const Object* after) {
                on_child(gvr, before, after);
            });
    });
    CO_TRY(
        (co_await io::with_timeout<void>(world_.loop, sync_timeout, "the first answer did not come",
                                         informer.cache().wait_synced_or_refused()))
            .context("watching ", resource.gvr.resource));
    co_return &informer;
}

io::Task<Result<Informer*>> InstanceController::external(InformerKey key, InstanceKey reader) {
    readers_[key].insert(reader);
    interests_[reader].insert(key);
    Informer& informer = world_.informers->get(key, [this, key](Informer& fresh) {
        fresh.cache().add_handler([this, key](const Object*, const Object*) {
            for (const InstanceKey& waiting : readers_[key]) {
                queue_.add(waiting);
            }
        });
    });
    CO_TRY(
        (co_await io::with_timeout<void>(world_.loop, sync_timeout, "the first answer did not come",
                                         informer.cache().wait_synced_or_refused()))
            .context("watching ", key.resource.gvr.resource));
    co_return &informer;
}

void InstanceController::remember_interests(const InstanceKey& key,
                                            std::set<InformerKey> interests) {
    std::set<InformerKey>& mine = interests_[key];
    for (const InformerKey& old : mine) {
        if (!interests.contains(old)) {
            const auto readers = readers_.find(old);
            if (readers != readers_.end() && readers->second.erase(key) > 0 &&
                readers->second.empty()) {
                unread_.insert(old);
            }
        }
    }
    for (const InformerKey& wanted : interests) {
        readers_[wanted].insert(key);
    }
    mine = std::move(interests);
    if (mine.empty()) {
        interests_.erase(key);
    }
}

void InstanceController::on_child(const GroupVersionResource& gvr, const Object* before,
                                  const Object* after) {
    if (after == nullptr && !rewritten_.empty()) {
        rewritten_.erase({before->group_version_kind(), before->key()});
    }
    size_t matches = 0;
    for (const Object* child : {before, after}) {
        if (child == nullptr) {
            continue;
        }
        const InstanceKey owner{{std::string(child->label(graph::label_instance_group)),
                                 std::string(child->label(graph::label_instance_version)),
                                 std::string(child->label(graph::label_instance_kind))},
                                {std::string(child->label(graph::label_instance_namespace)),
                                 std::string(child->label(graph::label_instance_name))}};
        if (kinds_.contains(owner.kind) && (writing_ == nullptr || *writing_ != owner)) {
            queue_.add(owner);
            ++matches;
        }
    }
    world_.instruments->count_route(gvr, matches);
}

void InstanceController::put_written(kube::Cache* cache, const Object& object,
                                     const InstanceKey& writer) {
    writing_ = &writer;
    cache->put_written(object);
    writing_ = nullptr;
}

}  // namespace weft::control
