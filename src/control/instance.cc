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
           graph::is_suspended(*before) != graph::is_suspended(*after);
}

graph::PlanOptions plan_options(const World& world) {
    graph::PlanOptions options;
    options.now = world.loop->now();
    options.version = world.options->version;
    options.collection_size = world.options->collection_size_max;
    options.budget = world.options->budget;
    return options;
}

}  // namespace

InstanceController::InstanceController(World world, RevisionRegistry* registry)
    : world_(world),
      registry_(registry),
      queue_(world.loop, {world.options->retry_min, world.options->retry_max}) {}

io::Task<Status> InstanceController::serve(std::string definition, kube::Resource resource,
                                           bool graph_changed) {
    const GroupVersionKind kind = resource.gvk();
    const auto known = kinds_.find(kind);
    if (known == kinds_.end()) {
        Informer& informer = world_.informers->get({.resource = resource}, [&](Informer& fresh) {
            fresh.cache().add_handler([this, kind](const Object* before, const Object* after) {
                if (kinds_.contains(kind) && is_worth_a_pass(before, after)) {
                    queue_.add({kind, after->key()});
                }
            });
        });
        kinds_[kind] = {definition, resource, &informer};
        CO_TRY((co_await io::with_timeout<void>(world_.loop, sync_timeout,
                                                "the first answer did not come",
                                                informer.cache().wait_synced()))
                   .context("watching ", resource.gvr.resource));
        co_return Status{};
    }
    known->second.definition = definition;
    if (graph_changed) {
        for (const Object* instance : known->second.instances->cache().all()) {
            queue_.add({kind, instance->key()});
        }
    }
    co_return Status{};
}

io::Task<void> InstanceController::withdraw(std::string definition) {
    std::vector<InformerKey> unused;
    for (auto kind = kinds_.begin(); kind != kinds_.end();) {
        if (kind->second.definition == definition) {
            unused.push_back(kind->second.instances->key());
            kind = kinds_.erase(kind);
        } else {
            ++kind;
        }
    }
    for (const InformerKey& key : unused) {
        co_await world_.informers->drop(key);
    }
}

bool InstanceController::is_serving(const std::string& definition) const {
    return std::ranges::any_of(
        kinds_, [&](const auto& entry) { return entry.second.definition == definition; });
}

io::Task<void> InstanceController::work() {
    while (true) {
        const Result<InstanceKey> key = co_await queue_.get();
        if (!key) {
            co_return;
        }
        const Status done = co_await reconcile(*key);
        if (done) {
            queue_.forget(*key);
        } else if (done.error().reason() != Reason::cancelled) {
            world_.log(LogLevel::warn,
                       cat(key->kind.kind, " ", key->name.text(), ": ", done.error().text()));
            queue_.add_backed_off(*key);
        }
        queue_.done(*key);
        co_await drop_unread();
    }
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
    co_return co_await reconcile_live(key, kind->second, instance);
}

io::Task<Status> InstanceController::reconcile_live(InstanceKey key, ServedKind kind,
                                                    Object instance) {
    const Revision* revision = registry_->latest(kind.definition);
    if (revision == nullptr || revision->graph == nullptr) {
        const bool is_pending = revision != nullptr && revision->state == RevisionState::pending;
        const std::string message = revision == nullptr
                                        ? std::string("latest issued graph revision not available")
                                        : cat("latest issued graph revision ", revision->number,
                                              is_pending ? " is pending" : " failed");
        // The definition's next pass wakes all instances, so nothing needs to be tried again here.
        co_return co_await write_status(
            key, kind,
            graph::unresolved_status(instance, false, message, is_pending, world_.loop->now()));
    }
    const graph::SharedGraph graph = revision->graph;
    graph::Observed observed;
    graph::Plan plan = graph::plan(*graph, instance, observed, plan_options(world_));
    int turns = 0;
    while (plan.needs_observation() || plan.has_actions()) {
        if (++turns > turns_max) {
            co_return make_error(Reason::internal_error, "the plan does not come to an end");
        }
        if (plan.needs_observation()) {
            CO_TRY(co_await observe(graph.get(), &instance, &plan, &observed, key));
        } else {
            co_await carry_out(plan.actions, &observed, key, &instance);
        }
        CO_TRY(co_await io::check_cancelled());
        plan = graph::plan(*graph, instance, observed, plan_options(world_));
    }
    std::set<InformerKey> interests;
    for (const graph::Interest& interest : plan.interests) {
        const graph::Node* node = graph->find(interest.node);
        if (node != nullptr && node->is_external()) {
            interests.insert(external_key(interest));
        }
    }
    remember_interests(key, std::move(interests));
    const bool is_ready = plan.status.is_ready;
    CO_TRY(co_await write_status(key, kind, plan.status));
    if (!is_ready && world_.options->recheck_interval > 0) {
        queue_.add_after(key, world_.options->recheck_interval);
    }
    if (plan.wants_retry()) {
        std::string why;
        for (const graph::NodePlan& node : plan.nodes) {
            if (node.state == graph::NodeState::error) {
                append(why, why.empty() ? "" : "; ", node.id, ": ", node.why);
            }
        }
        co_return make_error(Reason::unknown, why.empty() ? "not all could be done" : why);
    }
    co_return Status{};
}

io::Task<Status> InstanceController::reconcile_deleting(InstanceKey key, ServedKind kind,
                                                        Object instance) {
    if (!instance.has_finalizer(graph::finalizer)) {
        co_return Status{};
    }
    const Revision* revision = registry_->latest(kind.definition);
    const bool has_author_conditions =
        revision != nullptr && revision->graph != nullptr && revision->graph->has_author_conditions;
    const std::vector<Object> present = CO_TRY(co_await members(instance, {}));
    const Result<graph::DeletionPlan> plan =
        graph::deletion_plan(instance, present, has_author_conditions, plan_options(world_));
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
            if (!node.is_external()) {
                kinds.push_back({{node.kind.group, node.kind.version, node.resource},
                                 node.kind.kind,
                                 node.namespaced,
                                 false});
            }
        }
        observed->see_members(CO_TRY(co_await members(*instance, std::move(kinds))));
    }
    for (const graph::Interest& interest : plan->unknown) {
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
            observed->see({interest.kind, interest.name},
                          found == nullptr ? std::nullopt : std::optional<Object>(*found));
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
        const Result<Object> answer = co_await world_.client->apply(
            *resource, apply->desired,
            {.field_manager = apply->field_manager,
             .force = true,
             .subresource = apply->status_subresource ? "status" : ""});
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
            observed->see_pruned(prune->key);
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
        std::vector<Object> events;
        if (world_.options->condition_events) {
            events = condition_events(wanted,
                                      cat(kind.resource.gvr.resource, ".", kind.resource.gvr.group),
                                      had, status.value, world_.loop->now(), world_.loop->random());
        }
        wanted.mutable_value().set("status", status.value);
        const Result<Object> written = co_await world_.client->update(
            kind.resource, std::move(wanted), {.subresource = "status"});
        if (written) {
            put_written(&kind.instances->cache(), *written, key);
            for (Object& event : events) {
                // An Event that cannot be written is nobody's failure.
                const auto told =
                    co_await world_.client->create(event_resource(), std::move(event), {});
                if (!told) {
                    world_.log(LogLevel::warn,
                               cat("event for ", key.name.text(), ": ", told.error().text()));
                }
            }
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
    Informer& informer = world_.informers->get(children_key(resource), [this](Informer& fresh) {
        fresh.cache().add_index(std::string(by_part_of), part_of);
        fresh.cache().add_handler(
            [this](const Object* before, const Object* after) { on_child(before, after); });
    });
    CO_TRY(
        (co_await io::with_timeout<void>(world_.loop, sync_timeout, "the first answer did not come",
                                         informer.cache().wait_synced()))
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
                                         informer.cache().wait_synced()))
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

void InstanceController::on_child(const Object* before, const Object* after) {
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
        }
    }
}

void InstanceController::put_written(kube::Cache* cache, const Object& object,
                                     const InstanceKey& writer) {
    writing_ = &writer;
    cache->put_written(object);
    writing_ = nullptr;
}

}  // namespace weft::control
