// server/internal/eviction.cc: asks the pod's budget, counts it down, deletes.

#include "server/internal/eviction.h"

#include <algorithm>

#include "server/internal/admit.h"
#include "server/internal/body.h"
#include "server/internal/delete_object.h"
#include "server/internal/own_call.h"
#include "server/internal/selectors.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view refused =
    "Cannot evict pod as it would violate the pod's disruption budget.";

Error too_many(std::string cause, int retry_after) {
    ErrorDetails details;
    details.retry_after_seconds = retry_after;
    details.causes.push_back({"DisruptionBudget", std::move(cause), ""});
    return {Reason::too_many_requests, std::string(refused), std::move(details)};
}

Error still_processed(std::string_view budget) {
    constexpr int retry_after = 10;
    return too_many(
        cat("The disruption budget ", budget, " is still being processed by the server."),
        retry_after);
}

// The pod disturbs nobody by going.
bool may_always_go(const Value& pod) {
    const std::string_view phase = pod.string_at("status", "phase");
    return phase == "Succeeded" || phase == "Failed" || phase == "Pending" ||
           pod.find("metadata", "deletionTimestamp") != nullptr;
}

bool is_ready_pod(const Value& pod) {
    const Value* conditions = pod.find("status", "conditions");
    return conditions != nullptr &&
           std::ranges::any_of(conditions->items(), [](const Value& condition) {
               return condition.string_at("type") == "Ready" &&
                      condition.string_at("status") == "True";
           });
}

// Why a budget that allows nothing does so.
std::string budget_text(const Value& budget) {
    const std::string_view name = budget.string_at("metadata", "name");
    const int64_t healthy = budget.int_at(0, "status", "currentHealthy");
    const int64_t desired = budget.int_at(0, "status", "desiredHealthy");
    std::string_view reason;
    std::string_view message;
    if (const Value* conditions = budget.find("status", "conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == "DisruptionAllowed" &&
                condition.string_at("status") == "False") {
                reason = condition.string_at("reason");
                message = condition.string_at("message");
            }
        }
    }
    if (reason == "SyncFailed" && !message.empty()) {
        return cat("The disruption budget ", name,
                   " does not allow evicting pods currently because it failed sync: ", message);
    }
    if (healthy <= desired) {
        return cat("The disruption budget ", name, " needs ", desired, " healthy pods and has ",
                   healthy, " currently");
    }
    if (!message.empty()) {
        return cat("The disruption budget ", name, " does not allow evicting pods currently (",
                   reason, "): ", message);
    }
    return cat("The disruption budget ", name, " does not allow evicting pods currently");
}

void put_disruption_condition(Value& status, int64_t generation, Time now) {
    Value conditions =
        status.find("conditions") == nullptr ? Value::list() : *status.find("conditions");
    Value condition = Value::map_of({{"type", "DisruptionAllowed"},
                                     {"status", "False"},
                                     {"observedGeneration", generation},
                                     {"lastTransitionTime", format_rfc3339(now)},
                                     {"reason", "InsufficientPods"},
                                     {"message", ""}});
    for (size_t i = 0; i < conditions.size(); ++i) {
        if (conditions.at(i).string_at("type") == "DisruptionAllowed") {
            if (conditions.at(i).string_at("status") == "False") {
                condition.set("lastTransitionTime",
                              conditions.at(i).string_at("lastTransitionTime"));
            }
            conditions.mutable_item(i) = std::move(condition);
            status.set("conditions", std::move(conditions));
            return;
        }
    }
    conditions.push_back(std::move(condition));
    status.set("conditions", std::move(conditions));
}

// The budget with one disruption less, or why there is none to give.
Result<Value> count_down(const Value& budget, const std::string& pod, Time now) {
    const std::string_view name = budget.string_at("metadata", "name");
    const int64_t generation = budget.int_at(0, "metadata", "generation");
    const Value* found = budget.find("status");
    Value status = found == nullptr ? Value::map() : *found;
    if (status.int_at(0, "observedGeneration") < generation) {
        return still_processed(name);
    }
    const GroupResource what{"policy", "poddisruptionbudget"};
    const int64_t allowed = status.int_at(0, "disruptionsAllowed");
    if (allowed < 0) {
        return forbidden(what, name, "pdb disruptions allowed is negative");
    }
    Value disrupted =
        status.find("disruptedPods") == nullptr ? Value::map() : *status.find("disruptedPods");
    if (disrupted.size() > limits::disrupted_pods_max) {
        return forbidden(what, name,
                         "DisruptedPods map too big - too many evictions not confirmed by PDB "
                         "controller");
    }
    if (allowed == 0) {
        return too_many(budget_text(budget), 0);
    }
    status.set("disruptionsAllowed", allowed - 1);
    if (allowed == 1) {
        put_disruption_condition(status, generation, now);
    }
    disrupted.set(pod, format_rfc3339(now));
    status.set("disruptedPods", std::move(disrupted));
    Value out = budget;
    out.set("status", std::move(status));
    return out;
}

// The names of the budgets that a pod falls under.
io::Task<Result<std::vector<Value>>> budgets_of(Core* core, const Value* pod) {
    const ResourcePtr kind = core->registry.find("policy", "v1", "poddisruptionbudgets");
    store::ListRequest request;
    request.prefix = kind->list_prefix(pod->string_at("metadata", "namespace"));
    const store::Page page = CO_TRY(co_await core->store->list(request));
    const Value* labels = pod->find("metadata", "labels");
    std::vector<Value> out;
    for (const store::Entry& entry : page.entries) {
        Value budget = CO_TRY(StoredView(*entry.value).to_value(entry.modified));
        const Value* selector = budget.find("spec", "selector");
        const auto parsed = selector == nullptr
                                ? Result<LabelSelector>(make_error(Reason::invalid, "none"))
                                : LabelSelector::of_object(*selector);
        if (parsed && parsed->matches(labels == nullptr ? Value() : *labels)) {
            out.push_back(std::move(budget));
        }
    }
    co_return out;
}

// Takes one disruption off the budget, or says why not.
io::Task<Status> take_disruption(Call* call, Value budget) {
    const Time now = call->core->loop->now();
    const std::string pod = call->info.name;
    if (call->dry_run) {
        CO_TRY(count_down(budget, pod, now));
        co_return Status{};
    }
    Call own = own_call(call->core, {"policy", "v1", "poddisruptionbudgets"}, "status",
                        call->info.namespace_, budget.string_at("metadata", "name"));
    Change change;
    change.may_omit_version = true;
    change.make = [&pod, now](const Value* old_object) -> Result<Value> {
        Value counted = TRY(count_down(*old_object, pod, now));
        counted.mutable_member("metadata").erase("resourceVersion");
        return counted;
    };
    auto done = co_await change_object(&own, std::move(change));
    co_return done ? Status{} : Status(done.error());
}

DeleteOptions options_of_eviction(const Value& eviction) {
    DeleteOptions out;
    const Value* options = eviction.find("deleteOptions");
    if (options == nullptr) {
        return out;
    }
    if (const Value* grace = options->find("gracePeriodSeconds");
        grace != nullptr && grace->is_int()) {
        out.grace_period = grace->as_int();
    }
    if (const std::string_view uid = options->string_at("preconditions", "uid"); !uid.empty()) {
        out.uid = std::string(uid);
    }
    if (const std::string_view version = options->string_at("preconditions", "resourceVersion");
        !version.empty()) {
        out.resource_version = std::string(version);
    }
    out.propagation = options->string_at("propagationPolicy");
    return out;
}

Value evicted_status() {
    constexpr int created = 201;
    Value status = Value::map();
    status.append_new("kind", "Status");
    status.append_new("apiVersion", "v1");
    status.append_new("metadata", Value::map());
    status.append_new("status", "Success");
    status.append_new("code", created);
    return status;
}

}  // namespace

io::Task<Answer> evict_pod(Call* call) {
    constexpr int created = 201;
    constexpr int server_error = 500;
    Value eviction = CO_TRY(read_object(call));
    const std::string_view name = eviction.string_at("metadata", "name");
    if (!name.empty() && name != call->info.name) {
        co_return bad_request("name in URL does not match name in Eviction object");
    }
    DeleteOptions options = options_of_eviction(eviction);
    if (const Value* dry = eviction.find("deleteOptions", "dryRun");
        dry != nullptr && !dry->empty()) {
        call->dry_run = true;
    }
    CO_TRY(co_await admit_write(call, "CREATE", &eviction, nullptr));
    CO_TRY(co_await validate_write(call, "CREATE", &eviction, nullptr));

    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const Value pod = CO_TRY(StoredView(*entry.value).to_value(entry.modified));
    std::string budget_name;
    bool is_guarded = false;  // by the version of the pod that was seen
    if (!may_always_go(pod)) {
        const std::vector<Value> budgets = CO_TRY(co_await budgets_of(call->core, &pod));
        if (budgets.size() > 1) {
            Value status = generic_status(
                Reason::unknown, server_error,
                "This pod has more than one PodDisruptionBudget, which the eviction subresource "
                "does not support.");
            status.erase("reason");
            status.erase("details");
            co_return respond_value(*call, server_error, status);
        }
        if (!budgets.empty()) {
            const Value& budget = budgets.front();
            budget_name = budget.string_at("metadata", "name");
            const int64_t desired = budget.int_at(0, "status", "desiredHealthy");
            // A pod that is not healthy is none of those that the budget keeps, as long as enough
            // others are.
            is_guarded = !is_ready_pod(pod) &&
                         (budget.string_at("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow" ||
                          (desired > 0 && budget.int_at(0, "status", "currentHealthy") >= desired));
            if (!is_guarded) {
                CO_TRY(co_await take_disruption(call, budget));
            }
        }
    }
    options.is_admitted = true;
    const bool has_version = options.resource_version.has_value();
    if (is_guarded && !has_version) {
        options.resource_version = std::string(pod.string_at("metadata", "resourceVersion"));
    }
    auto gone =
        co_await delete_object(call, call->resource->key(call->info.namespace_, call->info.name),
                               call->info.name, std::move(options));
    if (!gone) {
        if (is_guarded && !has_version && gone.error().reason() == Reason::conflict) {
            co_return still_processed(budget_name);
        }
        co_return gone.error();
    }
    co_return respond_value(*call, created, evicted_status());
}

}  // namespace weft::server
