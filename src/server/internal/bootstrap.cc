// server/internal/bootstrap.cc: the objects a fresh store is given.

#include "server/internal/bootstrap.h"

#include <algorithm>
#include <array>
#include <map>

#include "server/internal/admission/quota.h"
#include "server/internal/bootstrap_roles.h"
#include "server/internal/event_expiry.h"
#include "server/internal/flow_control.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/internal/policy_rules.h"
#include "server/internal/rbac.h"
#include "server/internal/services.h"
#include "server/internal/strategy.h"

namespace weft::server {

namespace {

// The object as the server itself would store it.
// `as_is`: with the status and the managers that it comes with.
Result<std::shared_ptr<const std::string>> encode_own(const Core& core, const Resource& resource,
                                                      Value object, bool as_is = false) {
    object.set("kind", resource.kind);
    object.set("apiVersion", resource.api_version());
    std::vector<std::string> ignored;
    Value made = TRY(decode_kind(core, resource, nullptr, object, &ignored));
    fill_for_create(core.loop, made.mutable_member("metadata"));
    const std::string uid(made.string_at("metadata", "uid"));
    if (!as_is) {
        prepare_create(core, resource, made, uid);
    }
    made = reorder_kind(core, resource, std::move(made));
    return std::make_shared<const std::string>(encode_kind(resource, made));
}

// Stores an object as the server's own, unless there is one of that name.
io::Task<Status> ensure(Core* core, ResourcePtr resource, Value object, bool as_is = false) {
    const std::string key = resource->key(object.string_at("metadata", "namespace"),
                                          object.string_at("metadata", "name"));
    auto there = CO_TRY(co_await core->store->get(key, {}));
    if (there) {
        co_return Status{};
    }
    std::vector<store::Write> writes;
    writes.push_back({key, CO_TRY(encode_own(*core, *resource, std::move(object), as_is)), 0});
    auto done = co_await core->store->commit(std::move(writes));
    if (!done && done.error().reason() != Reason::conflict) {
        co_return done.error();
    }
    co_return Status{};
}

Value named(std::string_view name, std::string_view namespace_ = {}) {
    Value metadata = Value::map_of({{"name", name}});
    if (!namespace_.empty()) {
        metadata.set("namespace", namespace_);
    }
    return Value::map_of({{"metadata", std::move(metadata)}});
}

// All roles and bindings that are missing, and what is missing of others, in one commit: each alone
// would be a write to disk.
io::Task<Status> ensure_roles(Core* core) {
    constexpr std::string_view group = "rbac.authorization.k8s.io";
    std::map<std::string, ResourcePtr, std::less<>> resources;
    std::map<std::string, store::Entry, std::less<>> there;
    for (const std::string_view name :
         {"clusterroles", "roles", "clusterrolebindings", "rolebindings"}) {
        const ResourcePtr resource = core->registry.find(group, "v1", name);
        resources.emplace(resource->kind, resource);
        store::ListRequest request;
        request.prefix = resource->key_prefix;
        const store::Page page = CO_TRY(co_await core->store->list(request));
        for (const store::Entry& entry : page.entries) {
            there.emplace(entry.key, entry);
        }
    }
    std::vector<store::Write> writes;
    for (Value& object : bootstrap_roles()) {
        const Resource& resource = *resources.find(object.string_at("kind"))->second;
        std::string key = resource.key(object.string_at("metadata", "namespace"),
                                       object.string_at("metadata", "name"));
        const auto found = there.find(key);
        if (found == there.end()) {
            auto bytes = CO_TRY(encode_own(*core, resource, std::move(object)));
            writes.push_back({std::move(key), std::move(bytes), 0});
            continue;
        }
        const store::Entry& entry = found->second;
        Value stored = CO_TRY(StoredView(*entry.value).to_value(entry.modified));
        switch (reconcile_policy(object, stored)) {
            case PolicyChange::none:
                break;
            case PolicyChange::added:
                stored = reorder_kind(*core, resource, std::move(stored));
                writes.push_back(
                    {std::move(key),
                     std::make_shared<const std::string>(encode_kind(resource, stored)),
                     entry.modified});
                break;
            case PolicyChange::other_role:
                writes.push_back({std::move(key),
                                  CO_TRY(encode_own(*core, resource, std::move(object))),
                                  entry.modified});
        }
    }
    if (!writes.empty()) {
        CO_TRY(co_await core->store->commit(std::move(writes)));
    }
    co_return Status{};
}

// Those of one resource that are missing, as they are, in one commit; nobody takes the ones that
// are there for anything but theirs.
io::Task<Status> ensure_all(Core* core, ResourcePtr resource, std::vector<Value> objects) {
    store::ListRequest request;
    request.prefix = resource->key_prefix;
    const store::Page page = CO_TRY(co_await core->store->list(request));
    std::vector<store::Write> writes;
    for (Value& object : objects) {
        std::string key = resource->key("", object.string_at("metadata", "name"));
        if (std::ranges::find(page.entries, key, &store::Entry::key) == page.entries.end()) {
            auto bytes = CO_TRY(encode_own(*core, *resource, std::move(object), true));
            writes.push_back({std::move(key), std::move(bytes), 0});
        }
    }
    if (!writes.empty()) {
        CO_TRY(co_await core->store->commit(std::move(writes)));
    }
    co_return Status{};
}

io::Task<Status> ensure_flow_control(Core* core) {
    constexpr std::string_view group = "flowcontrol.apiserver.k8s.io";
    std::vector<Value> levels;
    std::vector<Value> flows;
    for (Value& object : bootstrap_flow_control()) {
        object.mutable_member("metadata").set("generation", 1);
        if (object.string_at("kind") != "FlowSchema") {
            levels.push_back(std::move(object));
            continue;
        }
        const std::string_view level =
            object.string_at("spec", "priorityLevelConfiguration", "name");
        Value condition = dangling_condition(level, true, core->loop->now());
        object.set("status",
                   Value::map_of({{"conditions", Value::list_of({std::move(condition)})}}));
        flows.push_back(std::move(object));
    }
    CO_TRY(co_await ensure_all(
        core, core->registry.find(group, "v1", "prioritylevelconfigurations"), std::move(levels)));
    co_return co_await ensure_all(core, core->registry.find(group, "v1", "flowschemas"),
                                  std::move(flows));
}

// What `kubectl get apiservices` shows of the server's own groups, as the aggregator registers
// them.
io::Task<Status> ensure_api_services(Core* core) {
    std::vector<Value> objects;
    for (const GroupInfo& group : core->registry.groups()) {
        if (!core->registry.is_builtin_group(group.group) ||
            group.group == "apiregistration.k8s.io") {
            continue;
        }
        for (const GroupVersionInfo& version : group.versions) {
            Value spec = Value::map();
            if (!group.group.empty()) {
                spec.set("group", group.group);
            }
            spec.set("version", version.version);
            spec.set("groupPriorityMinimum", group.priority);
            spec.set("versionPriority", version.priority);
            Value object = named(cat(version.version, ".", group.group));
            object.mutable_member("metadata")
                .set("labels",
                     Value::map_of({{"kube-aggregator.kubernetes.io/automanaged", "onstart"}}));
            object.set("spec", std::move(spec));
            object.set("status", status_of_local_api_service(core->loop->now()));
            objects.push_back(std::move(object));
        }
    }
    co_return co_await ensure_all(
        core, core->registry.find("apiregistration.k8s.io", "v1", "apiservices"),
        std::move(objects));
}

io::Task<Status> ensure_service(Core* core) {
    Value object = named("kubernetes", "default");
    object.mutable_member("metadata")
        .set("labels", Value::map_of({{"component", "apiserver"}, {"provider", "kubernetes"}}));
    const std::string address = core->services->first_address();
    Value port = Value::map_of({{"name", "https"},
                                {"protocol", "TCP"},
                                {"port", 443},
                                {"targetPort", core->options.advertise_port}});
    object.set("spec", Value::map_of({{"clusterIP", address},
                                      {"clusterIPs", Value::list_of({address})},
                                      {"ipFamilies", Value::list_of({"IPv4"})},
                                      {"ipFamilyPolicy", "SingleStack"},
                                      {"ports", Value::list_of({std::move(port)})}}));
    co_return co_await ensure(core, core->registry.find("", "v1", "services"), std::move(object));
}

Value field_set(std::initializer_list<std::string_view> names) {
    Value out = Value::map();
    for (const std::string_view name : names) {
        out.set(name, Value::map());
    }
    return out;
}

// The network of Services as an object, as Kubernetes' controller of it leaves it, and the address
// of the server's own Service.
io::Task<Status> ensure_service_network(Core* core) {
    const std::string now = format_rfc3339(core->loop->now());
    Value object = named("kubernetes");
    const Value condition =
        Value::map_of({{"type", "Ready"},
                       {"status", "True"},
                       {"lastTransitionTime", now},
                       {"reason", ""},
                       {"message", "Kubernetes default Service CIDR is ready"}});
    const Value of_status = Value::map_of(
        {{"f:status",
          Value::map_of(
              {{"f:conditions", Value::map_of({{R"(k:{"type":"Ready"})",
                                                field_set({".", "f:lastTransitionTime", "f:message",
                                                           "f:status", "f:type"})}})}})}});
    const Value of_spec = Value::map_of({{"f:spec", field_set({"f:cidrs"})}});
    const auto manager = [&](std::string_view name, std::string_view operation,
                             const Value& fields) {
        return Value::map_of({{"manager", name},
                              {"operation", operation},
                              {"apiVersion", "networking.k8s.io/v1"},
                              {"time", now},
                              {"fieldsType", "FieldsV1"},
                              {"fieldsV1", fields}});
    };
    Value controller = manager("kubernetes-service-cidr-controller", "Apply", of_status);
    controller.set("subresource", "status");
    object.mutable_member("metadata")
        .set("managedFields",
             Value::list_of({std::move(controller), manager("kube-apiserver", "Update", of_spec)}));
    object.set("spec", Value::map_of({{"cidrs", Value::list_of({core->options.service_cidr})}}));
    object.set("status", Value::map_of({{"conditions", Value::list_of({condition})}}));
    CO_TRY(co_await ensure(core, core->registry.find("networking.k8s.io", "v1", "servicecidrs"),
                           std::move(object), true));
    Value own = Value::map_of(
        {{"metadata", Value::map_of({{"name", "kubernetes"}, {"namespace", "default"}})},
         {"spec", Value::map_of({{"clusterIP", core->services->first_address()}})}});
    co_return co_await put_address_object(core, std::move(own));
}

// The classes of the pods that a cluster cannot do without.
io::Task<Status> ensure_priority_classes(Core* core) {
    struct Row {
        std::string_view name;
        int64_t value;
        std::string_view description;
    };
    constexpr std::array<Row, 2> rows{
        {{"system-node-critical", 2'000'001'000,
          "Used for system critical pods that must not be moved from their current node."},
         {"system-cluster-critical", 2'000'000'000,
          "Used for system critical pods that must run in the cluster, but can be moved to another "
          "node if necessary."}}};
    const Value manager = Value::map_of(
        {{"manager", "kube-apiserver"},
         {"operation", "Update"},
         {"apiVersion", "scheduling.k8s.io/v1"},
         {"time", format_rfc3339(core->loop->now())},
         {"fieldsType", "FieldsV1"},
         {"fieldsV1", field_set({"f:description", "f:preemptionPolicy", "f:value"})}});
    std::vector<Value> objects;
    for (const Row& row : rows) {
        Value object = named(row.name);
        object.mutable_member("metadata").set("managedFields", Value::list_of({manager}));
        object.set("value", row.value);
        object.set("description", row.description);
        object.set("preemptionPolicy", "PreemptLowerPriority");
        objects.push_back(std::move(object));
    }
    co_return co_await ensure_all(core,
                                  core->registry.find("scheduling.k8s.io", "v1", "priorityclasses"),
                                  std::move(objects));
}

io::Task<Status> adopt_services(Core* core) {
    const ResourcePtr services = core->registry.find("", "v1", "services");
    const std::vector<Value> objects = CO_TRY(co_await load_objects(core, services));
    for (const Value& service : objects) {
        core->services->adopt(service);
    }
    co_return Status{};
}

}  // namespace

io::Task<Status> bootstrap(Core* core, io::http::Handler* /*server*/) {
    const ResourcePtr namespaces = core->registry.find("", "v1", "namespaces");
    for (const std::string_view name :
         {"default", "kube-system", "kube-public", "kube-node-lease"}) {
        CO_TRY(co_await ensure(core, namespaces, named(name)));
    }
    CO_TRY(co_await ensure_service(core));
    CO_TRY(co_await ensure_service_network(core));
    CO_TRY(co_await ensure_roles(core));
    CO_TRY(co_await ensure_flow_control(core));
    CO_TRY(co_await ensure_priority_classes(core));
    CO_TRY(co_await ensure_api_services(core));
    CO_TRY(co_await core->rbac->load());
    CO_TRY(co_await core->quotas->load());
    CO_TRY(co_await core->event_expiry->load());
    CO_TRY(co_await adopt_services(core));
    co_return Status{};
}

}  // namespace weft::server
