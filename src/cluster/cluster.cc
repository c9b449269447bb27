// cluster/cluster.cc: caches, the queue, and carrying out what reconcilers say.

#include "cluster/cluster.h"

#include <algorithm>
#include <map>

#include "cluster/internal/disagreement.h"
#include "cluster/internal/events.h"
#include "cluster/internal/garbage_collector.h"
#include "cluster/internal/informers.h"
#include "cluster/internal/namespace_ender.h"
#include "cluster/internal/pod.h"
#include "cluster/internal/quota_counter.h"
#include "cluster/internal/reconcile.h"
#include "cluster/internal/stage_runner.h"
#include "cluster/limits.h"
#include "io/log.h"

namespace weft::cluster {

namespace {

constexpr std::string_view manager_name = "kube-controller-manager";

// What a failed write means for the rest of its outcome.
bool is_superseded(const Error& error) {
    return error.reason() == Reason::conflict || error.reason() == Reason::not_found ||
           error.reason() == Reason::already_exists;
}

}  // namespace

struct Cluster::Parts {
    Parts(io::Loop* on_loop, io::http::Transport* transport, Options with)
        : loop(on_loop),
          options(std::move(with)),
          client(transport),
          collector(on_loop, &client),
          stages(on_loop, &client, std::move(options.stages)),
          queue(on_loop, {retry_min, retry_max}),
          events(on_loop, &client),
          scope(on_loop) {}

    [[nodiscard]] Moment moment() const {
        Moment now{.now = loop->now(),
                   .ca_pem = options.ca_pem,
                   .has_workloads = options.workloads != WorkloadMode::off};
        if (options.workloads == WorkloadMode::delayed) {
            now.delays = Delays(options.seed);
        }
        return now;
    }
    void report(std::string_view what, const Error& error) const {
        if (options.on_error && error.reason() != Reason::cancelled) {
            options.on_error(cat(what, ": ", error.text()));
        }
    }

    io::Task<Status> start();
    io::Task<void> stop();
    void add_kinds();
    void add_watched(const kube::Resource& resource);
    void crd_changed(const Object* before, const Object* after);
    io::Task<void> end_informer(std::unique_ptr<Informer> informer);
    [[nodiscard]] Value schema_of(const kube::Resource& resource) const;
    void changed(Kind kind, const Object* before, const Object* after);
    void content_went(const Object& object);
    void count_again(Kind kind, const Object* before, const Object* after);
    void count_again(const Object& object);

    io::Task<void> work();
    io::Task<Status> process(Key key);
    io::Task<Status> end(Object namespace_);
    io::Task<Status> settle(Key key, std::vector<Change> changes);
    io::Task<Status> carry_out(Key by, std::vector<Change> changes, size_t* done);
    io::Task<Result<std::optional<Object>>> carry_out_one(Change change);
    io::Task<Result<Object>> bind(Object pod);
    io::Task<Status> ensure_node();

    io::Loop* loop;
    Options options;
    kube::Client client;
    CachedView view;
    GarbageCollector collector;
    StageRunner stages;
    std::vector<kube::Resource> resources;  // everything that can be listed and deleted
    // Caches of metadata, for what no reconciler looks at.
    std::map<kube::Resource, std::unique_ptr<Informer>> others;
    std::unique_ptr<Informer> crds;
    kube::WorkQueue<Key> queue;
    Disagreements disagreements;
    EventRecorder events;
    io::Scope scope;
    bool can_bind = true;
    bool is_stopping = false;
};

// --- Caches ---

void Cluster::Parts::changed(Kind kind, const Object* before, const Object* after) {
    const bool simulates = options.workloads != WorkloadMode::off;
    for (const Object* object : {before, after}) {
        if (object == nullptr) {
            continue;
        }
        for (const Key& key : affected_by(kind, *object, view)) {
            if (simulates || is_always_on(key.kind)) {
                queue.add(key);
            }
        }
    }
    if (after == nullptr && kind != Kind::namespace_) {
        content_went(*before);
    }
    count_again(kind, before, after);
}

// Quotas count what has come or gone; of pods, Services and claims also what has changed. What a
// quota's own status says changes nothing.
void Cluster::Parts::count_again(Kind kind, const Object* before, const Object* after) {
    const bool has_amounts =
        kind == Kind::pod || kind == Kind::service || kind == Kind::volume_claim;
    if (before == nullptr || after == nullptr || has_amounts) {
        count_again(after != nullptr ? *after : *before);
    }
}

void Cluster::Parts::count_again(const Object& object) {
    for (const Object* quota : view.in(Kind::resource_quota, object.namespace_())) {
        if (!object.namespace_().empty()) {
            queue.add_after({Kind::resource_quota, quota->key()}, quota_recount);
        }
    }
}

// A namespace that ends may have waited for it.
void Cluster::Parts::content_went(const Object& object) {
    const NamespacedName name{"", std::string(object.namespace_())};
    const Object* namespace_ = view.find(Kind::namespace_, name);
    if (namespace_ != nullptr && namespace_->is_deleting()) {
        queue.add({Kind::namespace_, name});
    }
}

void Cluster::Parts::add_kinds() {
    for (size_t i = 0; i < kind_count; ++i) {
        const auto kind = static_cast<Kind>(i);
        const bool is_served = std::ranges::any_of(resources, [&](const kube::Resource& resource) {
            return resource.gvr == resource_of(kind).gvr;
        });
        if (!is_served || (options.workloads == WorkloadMode::off && !is_always_on(kind))) {
            continue;
        }
        Informer& informer = view.add(loop, &client, kind);
        informer.cache().add_handler([this, kind](const Object* before, const Object* after) {
            changed(kind, before, after);
        });
        informer.hear_errors([this](const Error& error) { report("watching", error); });
        // Of accounts and config maps only some are in the cache; the collector needs all.
        if (kind != Kind::service_account && kind != Kind::config_map) {
            collector.follow(resource_of(kind), &informer.cache());
        }
    }
}

void Cluster::Parts::add_watched(const kube::Resource& resource) {
    const std::optional<Kind> kind = kind_of(resource.gvr.api_version(), resource.kind);
    const bool is_whole = kind.has_value() && view.informer(*kind) != nullptr &&
                          kind != Kind::service_account && kind != Kind::config_map;
    // Events are many, own nothing, and go by themselves.
    if (is_whole || resource.gvr.resource == "events" || others.contains(resource)) {
        return;
    }
    const bool has_stages = options.workloads != WorkloadMode::off && stages.concerns(resource);
    auto informer = std::make_unique<Informer>(
        loop, &client, kube::ReflectorOptions{.resource = resource, .metadata_only = !has_stages});
    informer->cache().add_handler([this](const Object* before, const Object* after) {
        if (before != nullptr && after == nullptr) {
            content_went(*before);
        }
        if (before == nullptr || after == nullptr) {
            count_again(after != nullptr ? *after : *before);
        }
    });
    informer->hear_errors([this](const Error& error) { report("watching", error); });
    collector.follow(resource, &informer->cache());
    if (has_stages) {
        stages.follow(resource, &informer->cache());
    }
    informer->start();
    others.emplace(resource, std::move(informer));
}

void Cluster::Parts::crd_changed(const Object* before, const Object* after) {
    const auto of = [](const Object* crd) {
        return crd == nullptr ? std::nullopt : resource_of_crd(*crd);
    };
    const std::optional<kube::Resource> had = of(before);
    const std::optional<kube::Resource> has = of(after);
    if (has.has_value() && std::ranges::find(resources, *has) == resources.end()) {
        resources.push_back(*has);
        add_watched(*has);
    }
    if (had.has_value() && had != has) {
        std::erase(resources, *had);
        collector.forget(*had);
        stages.forget(*had);
        const auto found = others.find(*had);
        if (found != others.end() && !is_stopping) {
            scope.spawn(end_informer(std::move(found->second)));
            others.erase(found);
        }
    }
}

// What the definition says of the objects of this version.
Value Cluster::Parts::schema_of(const kube::Resource& resource) const {
    const Object* crd =
        crds->cache().find({"", cat(resource.gvr.resource, ".", resource.gvr.group)});
    const Value* versions = crd == nullptr ? nullptr : crd->value().find("spec", "versions");
    for (size_t i = 0; versions != nullptr && i < versions->size(); ++i) {
        if (versions->at(i).string_at("name") == resource.gvr.version) {
            const Value* schema = versions->at(i).find("schema", "openAPIV3Schema");
            return schema == nullptr ? Value() : *schema;
        }
    }
    return {};
}

io::Task<void> Cluster::Parts::end_informer(std::unique_ptr<Informer> informer) {
    co_await informer->stop();
}

// --- Life ---

io::Task<Status> Cluster::Parts::start() {
    resources = CO_TRY(co_await discover(&client));
    add_kinds();
    crds = std::make_unique<Informer>(loop, &client,
                                      kube::ReflectorOptions{.resource = crd_resource()});
    crds->cache().add_handler(
        [this](const Object* before, const Object* after) { crd_changed(before, after); });
    collector.follow(crd_resource(), &crds->cache());
    collector.on_error = [this](const Error& error) { report("garbage collection", error); };
    crds->start();
    for (size_t i = 0; i < kind_count; ++i) {
        if (Informer* informer = view.informer(static_cast<Kind>(i))) {
            informer->start();
        }
    }
    const std::vector<kube::Resource> known = resources;
    for (const kube::Resource& resource : known) {
        if (resource.gvr != crd_resource().gvr) {
            add_watched(resource);
        }
    }
    CO_TRY(co_await crds->cache().wait_synced());
    for (size_t i = 0; i < kind_count; ++i) {
        if (Informer* informer = view.informer(static_cast<Kind>(i))) {
            CO_TRY(co_await informer->cache().wait_synced());
        }
    }
    if (options.workloads != WorkloadMode::off) {
        CO_TRY(co_await ensure_node());
    }
    std::vector<NamespacedName> namespaces;
    for (const Object* namespace_ : view.in(Kind::namespace_, "")) {
        namespaces.push_back(namespace_->key());
    }
    for (const NamespacedName& name : namespaces) {
        const Status done = co_await process({Kind::namespace_, name});
        if (!done) {
            report(cat("namespace ", name.name), done.error());
            queue.add({Kind::namespace_, name});
        }
    }
    stages.moment = [this] { return moment(); };
    stages.schema_of = [this](const kube::Resource& resource) { return schema_of(resource); };
    stages.on_error = [this](const Error& error) { report("stages", error); };
    events.start(&scope);
    stages.start(&scope);
    collector.start(&scope);
    for (size_t i = 0; i < workers; ++i) {
        scope.spawn(work());
    }
    co_return Status{};
}

io::Task<void> Cluster::Parts::stop() {
    is_stopping = true;
    co_await scope.close();
    if (crds != nullptr) {
        co_await crds->stop();
    }
    for (auto& [resource, informer] : others) {
        co_await informer->stop();
    }
    for (size_t i = 0; i < kind_count; ++i) {
        if (Informer* informer = view.informer(static_cast<Kind>(i))) {
            co_await informer->stop();
        }
    }
}

io::Task<Status> Cluster::Parts::ensure_node() {
    if (view.find(Kind::node, {"", std::string(node_name)}) != nullptr) {
        co_return Status{};
    }
    Object node = make_node(moment());
    const Value status = *node.value().find("status");
    Result<Object> made = co_await client.create(resource_of(Kind::node), node, {});
    if (!made) {
        co_return made.error().reason() == Reason::already_exists ? Status{} : Status(made.error());
    }
    made->mutable_value().set("status", status);
    kube::WriteOptions write;
    write.subresource = "status";
    const auto written =
        co_await client.update(resource_of(Kind::node), *std::move(made), std::move(write));
    co_return written ? Status{} : Status(written.error());
}

// --- Work ---

io::Task<void> Cluster::Parts::work() {
    while (true) {
        const Result<Key> key = co_await queue.get();
        if (!key) {
            co_return;
        }
        const Status done = co_await process(*key);
        if (done) {
            queue.forget(*key);
        } else if (done.error().reason() != Reason::cancelled) {
            if (!is_superseded(done.error())) {
                report(cat(resource_of(key->kind).kind, " ", key->name.text()), done.error());
            }
            queue.add_backed_off(*key);
        }
        queue.done(*key);
    }
}

io::Task<Status> Cluster::Parts::process(Key key) {
    const Object* found = view.find(key.kind, key.name);
    if (found == nullptr) {
        disagreements.forget(key);
        co_return Status{};
    }
    const Object object(*found);
    if (key.kind == Kind::namespace_ && object.is_deleting()) {
        co_return co_await end(object);
    }
    if (key.kind == Kind::resource_quota) {
        Outcome counted = CO_TRY(co_await count_quota(&client, object, resources));
        co_return co_await settle(key, std::move(counted.changes));
    }
    Outcome outcome = reconcile(key.kind, object, view, moment());
    if (outcome.again_after.has_value()) {
        queue.add_after(key, *outcome.again_after);
    }
    co_return co_await settle(key, std::move(outcome.changes));
}

io::Task<Status> Cluster::Parts::end(Object namespace_) {
    const Key key{Kind::namespace_, namespace_.key()};
    Ending ending = CO_TRY(co_await end_namespace(&client, namespace_, resources, moment()));
    CO_TRY(co_await settle(key, std::move(ending.outcome.changes)));
    if (!ending.is_empty) {
        queue.add_after(key, namespace_recheck);
        co_return Status{};
    }
    const Object* written = view.find(key.kind, key.name);
    co_return co_await finalize_namespace(&client, written == nullptr ? namespace_ : *written);
}

// Carries the changes out, unless that was done again and again to no effect.
io::Task<Status> Cluster::Parts::settle(Key key, std::vector<Change> changes) {
    const Disagreements::Verdict verdict =
        disagreements.look(key, changes, moment(), loop->monotonic());
    if (verdict.wait == 0) {
        size_t done = 0;
        Status carried = co_await carry_out(key, std::move(changes), &done);
        if (done == 0) {
            disagreements.forget(key);  // Refused: the queue makes it wait.
        }
        co_return carried;
    }
    if (verdict.is_news) {
        io::log(io::LogLevel::warning,
                "the server does not keep what a controller writes; it waits longer each time",
                {{"controller", resource_of(key.kind).gvr.resource},
                 {"object", key.name.text()},
                 {"writes", verdict.writes}});
    }
    queue.add_after(key, verdict.wait);
    co_return Status{};
}

io::Task<Status> Cluster::Parts::carry_out(Key by, std::vector<Change> changes, size_t* done) {
    const Object* looked_at = view.find(by.kind, by.name);
    const Object owner = looked_at == nullptr ? Object() : *looked_at;
    // Of an object that is written twice, the second write must know the first: a status goes with
    // the metadata of the object that it is a part of.
    std::map<Key, Object> written;
    for (Change& change : changes) {
        const Kind kind = change.kind;
        const bool has_name = change.verb != Change::Verb::create;
        const Key key{kind, change.object.key()};
        const auto found = has_name ? written.find(key) : written.end();
        if (found != written.end() && change.verb == Change::Verb::update_status) {
            Object whole(found->second);
            if (const Value* status = change.object.value().find("status")) {
                whole.mutable_value().set("status", *status);
            }
            change.object = std::move(whole);
        }
        const Change::Verb verb = change.verb;
        const Object* seen = has_name ? view.find(kind, key.name) : nullptr;
        const std::optional<Object> before =
            seen == nullptr ? std::nullopt : std::optional<Object>(*seen);
        std::optional<Object> after = CO_TRY(co_await carry_out_one(std::move(change)));
        ++*done;
        events.record(happenings(by.kind, owner, view, verb, kind, before ? &*before : nullptr,
                                 after ? &*after : nullptr));
        if (after.has_value()) {
            view.informer(kind)->cache().put_written(*after);
            if (has_name) {
                written.insert_or_assign(key, *std::move(after));
            }
        }
    }
    co_return Status{};
}

io::Task<Result<std::optional<Object>>> Cluster::Parts::carry_out_one(Change change) {
    const kube::Resource& resource = resource_of(change.kind);
    kube::WriteOptions write;
    write.field_manager = manager_name;
    Result<Object> after = Object();
    switch (change.verb) {
        case Change::Verb::create:
            after = co_await client.create(resource, std::move(change.object), std::move(write));
            break;
        case Change::Verb::update:
            after = co_await client.update(resource, std::move(change.object), std::move(write));
            break;
        case Change::Verb::update_status:
            write.subresource = "status";
            after = co_await client.update(resource, std::move(change.object), std::move(write));
            break;
        case Change::Verb::bind:
            after = co_await bind(std::move(change.object));
            break;
        case Change::Verb::remove: {
            kube::DeleteOptions remove;
            remove.uid = change.object.uid();
            remove.propagation = change.propagation;
            remove.grace_period_seconds = change.grace_period_seconds;
            const auto removed =
                co_await client.remove(resource, change.object.key(), std::move(remove));
            if (!removed && removed.error().reason() != Reason::not_found) {
                co_return Error(removed.error());
            }
            co_return std::optional<Object>();
        }
    }
    if (!after) {
        const bool ends_with_namespace =
            after.error().reason() == Reason::forbidden &&
            std::ranges::any_of(after.error().details().causes, [](const Cause& cause) {
                return cause.reason == "NamespaceTerminating";
            });
        if (ends_with_namespace) {
            co_return std::optional<Object>();
        }
        co_return Error(after.error());
    }
    co_return std::optional<Object>(*std::move(after));
}

// By the subresource `binding`, as schedulers do; by an update where that is not served.
io::Task<Result<Object>> Cluster::Parts::bind(Object pod) {
    const kube::Resource resource = resource_of(Kind::pod);
    if (can_bind) {
        const Object binding(Value::map_of(
            {{"apiVersion", "v1"},
             {"kind", "Binding"},
             {"metadata",
              Value::map_of(
                  {{"name", pod.name()}, {"namespace", pod.namespace_()}, {"uid", pod.uid()}})},
             {"target", Value::map_of({{"apiVersion", "v1"},
                                       {"kind", "Node"},
                                       {"name", pod.value().string_at("spec", "nodeName")}})}}));
        kube::WriteOptions write;
        write.subresource = "binding";
        const Result<Object> bound = co_await client.create(resource, binding, std::move(write));
        if (bound) {
            co_return co_await client.get(resource, pod.key());
        }
        const bool is_served = bound.error().reason() != Reason::method_not_allowed &&
                               !(bound.error().reason() == Reason::not_found &&
                                 (co_await client.get(resource, pod.key())).has_value());
        if (is_served) {
            co_return Error(bound.error());
        }
        can_bind = false;
    }
    kube::WriteOptions write;
    write.field_manager = manager_name;
    co_return co_await client.update(resource, std::move(pod), std::move(write));
}

// --- The front door ---

Cluster::Cluster(io::Loop* loop, io::http::Transport* transport, Options options)
    : parts_(std::make_unique<Parts>(loop, transport, std::move(options))) {}

Cluster::~Cluster() = default;

io::Task<Status> Cluster::start() {
    co_return (co_await parts_->start()).context("starting the cluster's controllers");
}

io::Task<void> Cluster::stop() {
    co_await parts_->stop();
}

bool Cluster::is_idle() const {
    return parts_->queue.is_idle() && parts_->queue.delayed() == 0 && parts_->collector.is_idle() &&
           parts_->stages.is_idle() && parts_->events.is_idle();
}

}  // namespace weft::cluster
