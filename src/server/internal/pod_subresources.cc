// server/internal/pod_subresources.cc: binding, eviction, and what a kubelet would answer.

#include "server/internal/pod_subresources.h"

#include <algorithm>
#include <array>

#include "server/internal/admit.h"
#include "server/internal/body.h"
#include "server/internal/delete_object.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/validate.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

Value success_status(int code) {
    return Value::map_of({{"kind", "Status"},
                          {"apiVersion", "v1"},
                          {"metadata", Value::map()},
                          {"status", "Success"},
                          {"code", code}});
}

namespace {

// The condition takes the place of one of its type.
void put_condition(Value& object, Value condition) {
    Value status = object.find("status") != nullptr ? *object.find("status") : Value::map();
    Value conditions =
        status.find("conditions") != nullptr ? *status.find("conditions") : Value::list();
    bool placed = false;
    for (size_t i = 0; i < conditions.size() && !placed; ++i) {
        if (conditions.at(i).string_at("type") == condition.string_at("type")) {
            conditions.mutable_item(i) = condition;
            placed = true;
        }
    }
    if (!placed) {
        conditions.push_back(std::move(condition));
    }
    status.set("conditions", std::move(conditions));
    object.set("status", std::move(status));
}

// Errors of a binding are no Status of their own upstream: their text is all that is told.
Status check_binding(const Value& binding) {
    Checker check;
    const Place root;
    const Place at = root.member("target");
    const Value& target = map_of(binding, "target");
    const std::string_view kind = target.string_at("kind");
    if (!kind.empty() && kind != "Node") {
        check.unsupported(at.member("kind"), kind, {"Node", "<empty>"});
    }
    check.required_text(target, "name", at);
    if (check.errors().empty()) {
        return {};
    }
    return Error(Reason::unknown, schema::aggregate_text(check.errors()));
}

// Labels and annotations of a binding go to the pod.
void copy_metadata(const Value& binding, Value& pod) {
    for (const std::string_view member : {"labels", "annotations"}) {
        const Value* given_map = binding.find("metadata", member);
        if (given_map == nullptr || given_map->empty()) {
            continue;
        }
        Value& metadata = pod.mutable_member("metadata");
        Value merged = metadata.find(member) != nullptr ? *metadata.find(member) : Value::map();
        for (const Member& entry : given_map->members()) {
            merged.set(entry.name(), entry.value);
        }
        merged.sort_members();
        set_metadata(metadata, member, std::move(merged));
    }
}

}  // namespace

io::Task<Answer> bind_pod(Call* call, Value binding, std::string name) {
    CO_TRY(co_await admit_write(call, "CREATE", &binding, nullptr));
    CO_TRY(check_binding(binding));
    CO_TRY(co_await validate_write(call, "CREATE", &binding, nullptr));
    call->resource = call->core->registry.find("", "v1", "pods");
    call->info.resource = "pods";
    call->info.name = name;
    call->subresource = nullptr;
    Change change;
    change.fields_are_managed = true;
    change.bypasses_strategy = true;
    change.bypasses_admission = true;
    change.make = [binding, name, call](const Value* old_object) -> Result<Value> {
        const auto refuse = [&](std::string_view why) {
            return conflict({"", "pods/binding"}, name, cat("pod ", name, " ", why));
        };
        if (old_object->find("metadata", "deletionTimestamp") != nullptr) {
            return refuse("is being deleted, cannot be assigned to a host");
        }
        if (const std::string_view node = old_object->string_at("spec", "nodeName");
            !node.empty()) {
            return refuse(cat("is already assigned to node ", quote(node)));
        }
        if (!items_of(map_of(*old_object, "spec"), "schedulingGates").empty()) {
            return refuse("has non-empty .spec.schedulingGates");
        }
        Value pod = *old_object;
        pod.mutable_member("spec").set("nodeName", binding.string_at("target", "name"));
        copy_metadata(binding, pod);
        put_condition(
            pod, Value::map_of({{"type", "PodScheduled"},
                                {"status", "True"},
                                {"lastProbeTime", Value()},
                                {"lastTransitionTime", format_rfc3339(call->core->loop->now())}}));
        return pod;
    };
    const auto bound = co_await change_object(call, std::move(change));
    if (!bound) {
        co_return bound.error();
    }
    co_return respond_value(*call, 201, success_status(201));
}

// --- Eviction ---

namespace {

constexpr std::string_view would_violate =
    "Cannot evict pod as it would violate the pod's disruption budget.";

Error too_many_requests(std::string why, int retry_after_seconds) {
    ErrorDetails details;
    details.causes.push_back({"DisruptionBudget", std::move(why), ""});
    details.retry_after_seconds = retry_after_seconds;
    return {Reason::too_many_requests, std::string(would_violate), std::move(details)};
}

bool is_ready(const Value& pod) {
    return std::ranges::any_of(items_of(map_of(pod, "status"), "conditions"),
                               [](const Value& condition) {
                                   return condition.string_at("type") == "Ready" &&
                                          condition.string_at("status") == "True";
                               });
}

struct Budget {
    std::string key;
    Value object;
    store::Revision revision = 0;
};

// The budgets of the namespace whose selector takes the pod.
io::Task<Result<std::vector<Budget>>> budgets_of(Core* core, Value pod) {
    const ResourcePtr resource = core->registry.find("policy", "v1", "poddisruptionbudgets");
    store::ListRequest request;
    request.prefix = resource->list_prefix(pod.string_at("metadata", "namespace"));
    const store::Page page = CO_TRY(co_await core->store->list(request));
    std::vector<Budget> out;
    for (const store::Entry& entry : page.entries) {
        Value budget =
            CO_TRY(decode_stored(*core, *resource, StoredView(*entry.value), entry.modified));
        const Value* selector = budget.find("spec", "selector");
        if (selector != nullptr && !selector->is_null() &&
            selects(selector, pod.find("metadata", "labels"))) {
            out.push_back({entry.key, std::move(budget), entry.modified});
        }
    }
    co_return out;
}

// Whether the budget has room; the budget with one disruption less, null if it need not change.
Result<Value> count_disruption(const Budget& budget, const Value& pod, Time now) {
    const std::string name(budget.object.string_at("metadata", "name"));
    const Value& status = map_of(budget.object, "status");
    const int64_t generation = budget.object.int_at(0, "metadata", "generation");
    constexpr int retry_seconds = 10;
    if (status.int_at(0, "observedGeneration") < generation) {
        return too_many_requests(
            cat("The disruption budget ", name, " is still being processed by the server."),
            retry_seconds);
    }
    const int64_t healthy = status.int_at(0, "currentHealthy");
    const int64_t desired = status.int_at(0, "desiredHealthy");
    if (!is_ready(pod)) {
        const bool always =
            map_of(budget.object, "spec").string_at("unhealthyPodEvictionPolicy") == "AlwaysAllow";
        if (always || (healthy >= desired && desired > 0)) {
            return Value();
        }
    }
    const int64_t allowed = status.int_at(0, "disruptionsAllowed");
    if (allowed < 0) {
        return forbidden({"policy", "poddisruptionbudgets"}, name,
                         "pdb disruptions allowed is negative");
    }
    if (members_of(status, "disruptedPods").size() > limits::disrupted_pods_max) {
        return forbidden({"policy", "poddisruptionbudgets"}, name,
                         "DisruptedPods map too big - too many evictions not confirmed by PDB "
                         "controller");
    }
    if (allowed == 0) {
        return too_many_requests(
            healthy <= desired
                ? cat("The disruption budget ", name, " needs ", desired, " healthy pods and has ",
                      healthy, " currently")
                : cat("The disruption budget ", name, " does not allow evicting pods currently"),
            0);
    }
    Value counted = budget.object;
    Value changed = status;
    changed.set("disruptionsAllowed", allowed - 1);
    Value disrupted = map_of(status, "disruptedPods");
    disrupted.set(pod.string_at("metadata", "name"), format_rfc3339(now));
    disrupted.sort_members();
    changed.set("disruptedPods", std::move(disrupted));
    counted.set("status", std::move(changed));
    if (allowed == 1) {
        put_condition(counted, Value::map_of({{"type", "DisruptionAllowed"},
                                              {"status", "False"},
                                              {"observedGeneration", generation},
                                              {"lastTransitionTime", format_rfc3339(now)},
                                              {"reason", "InsufficientPods"},
                                              {"message", ""}}));
    }
    return counted;
}

// Budgets do not hold back pods that do not run.
bool is_counted(const Value& pod) {
    return !is_one_of(pod.string_at("status", "phase"), {"Succeeded", "Failed", "Pending"}) &&
           pod.find("metadata", "deletionTimestamp") == nullptr;
}

io::Task<Status> ask_budgets(Call* call, Value pod) {
    Core* core = call->core;
    const ResourcePtr resource = core->registry.find("policy", "v1", "poddisruptionbudgets");
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        const std::vector<Budget> budgets = CO_TRY(co_await budgets_of(core, pod));
        if (budgets.empty()) {
            co_return Status{};
        }
        if (budgets.size() > 1) {
            co_return make_error(Reason::unknown,
                                 "This pod has more than one PodDisruptionBudget, which the "
                                 "eviction subresource does not support.");
        }
        const Budget& budget = budgets.front();
        Value counted = CO_TRY(count_disruption(budget, pod, core->loop->now()));
        if (counted.is_null() || call->dry_run) {
            co_return Status{};
        }
        counted = manage_controller_update(*core, resource, budget.object, std::move(counted));
        counted = reorder_kind(*core, *resource, std::move(counted));
        std::vector<store::Write> writes;
        writes.push_back({budget.key,
                          std::make_shared<const std::string>(encode_kind(*resource, counted)),
                          budget.revision});
        const auto done = co_await core->store->commit(std::move(writes));
        if (done) {
            co_return Status{};
        }
        if (done.error().reason() != Reason::conflict) {
            co_return done.error();
        }
    }
    co_return modified_conflict(call->group_resource(), call->info.name);
}

}  // namespace

io::Task<Answer> evict_pod(Call* call) {
    Value eviction = CO_TRY(read_object(call));
    CO_TRY(co_await admit_write(call, "CREATE", &eviction, nullptr));
    const std::string_view name = eviction.string_at("metadata", "name");
    if (!name.empty() && name != call->info.name) {
        co_return bad_request("name in URL does not match name in Eviction object");
    }
    CO_TRY(co_await validate_write(call, "CREATE", &eviction, nullptr));
    DeleteOptions options;
    options.bypasses_admission = true;
    if (const Value* delete_options = eviction.find("deleteOptions")) {
        if (const Value* grace = given(*delete_options, "gracePeriodSeconds")) {
            options.grace_period = grace->as_int();
        }
        if (const Value* uid = delete_options->find("preconditions", "uid")) {
            options.uid = std::string(uid->as_string());
        }
        if (!items_of(*delete_options, "dryRun").empty()) {
            call->dry_run = true;
        }
    }
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const Value pod = CO_TRY(
        decode_stored(*call->core, *call->resource, StoredView(*entry.value), entry.modified));
    // Also an eviction that names another pod's uid counts in the budget, as on a real server.
    if (is_counted(pod)) {
        CO_TRY(co_await ask_budgets(call, pod));
    }
    CO_TRY(co_await delete_object(call, call->resource->key(call->info.namespace_, call->info.name),
                                  call->info.name, std::move(options)));
    co_return respond_value(*call, 201, success_status(201));
}

// --- What a kubelet would answer ---

namespace {

Status check_log_options(const Call& call) {
    struct Rule {
        std::string_view name;
        int64_t least;
        std::string_view text;
    };
    static constexpr std::array<Rule, 3> rules{
        {{"tailLines", 0, "must be greater than or equal to 0"},
         {"sinceSeconds", 1, "must be greater than 0"},
         {"limitBytes", 1, "must be greater than 0"}}};
    Checker check;
    const Place root;
    for (const Rule& rule : rules) {
        const auto value = parse_int(call.parameter(rule.name));
        if (value && *value < rule.least) {
            check.invalid(root.member(rule.name), *value, std::string(rule.text));
        }
    }
    if (!call.parameter("sinceSeconds").empty() && !call.parameter("sinceTime").empty()) {
        check.forbidden(root, "at most one of `sinceTime` or `sinceSeconds` may be specified");
    }
    if (check.errors().empty()) {
        return {};
    }
    return schema::invalid_error("", "PodLogOptions", call.info.name, check.errors());
}

// PodExecOptions and the like, as the query says them; a proxy's path stands in the URL.
Value connect_options(const Call& call) {
    const GroupVersionKind& kind = call.subresource->kind;
    Value options = Value::map_of({{"kind", kind.kind}, {"apiVersion", kind.api_version()}});
    if (call.subresource->name == "proxy") {
        std::string path = call.parameter("path");
        for (size_t i = 3; i < call.info.parts.size(); ++i) {
            append(path, "/", call.info.parts[i]);
        }
        if (!path.empty()) {
            options.set("path", path);
        }
        return options;
    }
    for (const std::string_view name : {"stdin", "stdout", "stderr", "tty"}) {
        if (bool_parameter(call.target, name)) {
            options.set(name, true);
        }
    }
    if (std::string container = call.parameter("container"); !container.empty()) {
        options.set("container", container);
    }
    Value command = Value::list();
    Value ports = Value::list();
    for (const auto& [name, value] : call.target.query) {
        if (name == "command") {
            command.push_back(Value(value));
        } else if (const auto port = parse_int(value); port && name == "ports") {
            ports.push_back(Value(*port));
        }
    }
    if (!command.empty()) {
        options.set("command", std::move(command));
    }
    if (!ports.empty()) {
        options.set("ports", std::move(ports));
    }
    return options;
}

// The container that is meant: the only one if none is named.
Status check_container(const Call& call, const Value& pod) {
    const std::string wanted = call.parameter("container");
    const Value& spec = map_of(pod, "spec");
    std::vector<std::string> regular;
    bool is_there = false;
    for (const std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
        for (const Value& container : items_of(spec, list)) {
            const std::string_view name = container.string_at("name");
            is_there = is_there || name == wanted;
            if (list == "containers") {
                regular.emplace_back(name);
            }
        }
    }
    if (wanted.empty()) {
        return regular.size() == 1
                   ? Status{}
                   : bad_request(cat("a container name must be specified for pod ", call.info.name,
                                     ", choose one of: [", join(regular, " "), "]"));
    }
    return is_there
               ? Status{}
               : bad_request(cat("container ", wanted, " is not valid for pod ", call.info.name));
}

}  // namespace

io::Task<Status> admit_connect(Call* call) {
    Value options = connect_options(*call);
    CO_TRY(co_await admit_write(call, "CONNECT", &options, nullptr));
    co_return co_await validate_write(call, "CONNECT", &options, nullptr);
}

io::Task<Answer> ask_kubelet(Call* call) {
    const std::string& name = call->subresource->name;
    const bool is_log = name == "log";
    if (is_log) {
        CO_TRY(check_log_options(*call));
    } else {
        CO_TRY(co_await admit_connect(call));
    }
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const Value pod = CO_TRY(
        decode_stored(*call->core, *call->resource, StoredView(*entry.value), entry.modified));
    if (is_log || name == "exec" || name == "attach") {
        CO_TRY(check_container(*call, pod));
    }
    if (pod.string_at("spec", "nodeName").empty()) {
        if (is_log) {
            io::http::Response nothing;
            nothing.status = 204;
            co_return nothing;
        }
        co_return bad_request(cat("pod ", call->info.name, " does not have a host assigned"));
    }
    co_return make_error(Reason::not_found, "the embedded API server runs no kubelet: ", name,
                         " of pods is not available");
}

}  // namespace weft::server
