// cluster/internal/quota_counter.cc: lists where sizes matter, and numbers where only they do.

#include "cluster/internal/quota_counter.h"

#include "schema/quota_usage.h"

namespace weft::cluster {

namespace {

using schema::QuotaAmounts;

// Whether some name of the quota needs more of an object than that it is there.
bool needs_objects(const kube::Resource& resource, const Object& quota, const QuotaAmounts& hard) {
    const bool has_scopes = quota.value().find("spec", "scopes") != nullptr ||
                            quota.value().find("spec", "scopeSelector") != nullptr;
    if (has_scopes) {
        return true;
    }
    if (!schema::counts_on_update(resource.gvr.group, resource.gvr.resource)) {
        return false;
    }
    for (const auto& [name, amount] : hard) {
        if (!name.starts_with("count/") &&
            schema::counts_for(resource.gvr.group, resource.gvr.resource, name)) {
            return true;
        }
    }
    return false;
}

io::Task<Status> count_resource(kube::Client* client, kube::Resource resource, const Object* quota,
                                const QuotaAmounts* hard, QuotaAmounts* used) {
    const bool is_whole = needs_objects(resource, *quota, *hard);
    kube::ListOptions options;
    options.namespace_ = std::string(quota->namespace_());
    options.metadata_only = !is_whole;
    options.limit = is_whole ? 0 : 1;
    Result<kube::List> list = is_whole ? co_await client->list_all(resource, std::move(options))
                                       : co_await client->list(resource, std::move(options));
    if (!list) {
        // Gone with its definition: nothing of it is there.
        co_return list.error().reason() == Reason::not_found ? Status{} : Status(list.error());
    }
    const std::string& group = resource.gvr.group;
    const std::string& plural = resource.gvr.resource;
    const auto add = [&](const QuotaAmounts& amounts) {
        for (const auto& [name, amount] : amounts) {
            if (const auto found = used->find(name); found != used->end()) {
                found->second = found->second.plus(amount);
            }
        }
    };
    if (!is_whole) {
        const int64_t count = static_cast<int64_t>(list->items.size()) + list->remaining;
        for (const auto& [name, one] : schema::quota_usage(group, plural, Value::map())) {
            add({{name, schema::Quantity::of_units(count)}});
        }
        co_return Status{};
    }
    for (const Object& object : list->items) {
        if (schema::scopes_match(quota->value(), group, plural, object.value())) {
            add(schema::quota_usage(group, plural, object.value()));
        }
    }
    co_return Status{};
}

}  // namespace

io::Task<Result<Outcome>> count_quota(kube::Client* client, Object quota,
                                      std::vector<kube::Resource> resources) {
    const QuotaAmounts hard = schema::parse_amounts(quota.value().find("spec", "hard"));
    QuotaAmounts used;
    for (const auto& [name, amount] : hard) {
        for (const kube::Resource& resource : resources) {
            if (resource.namespaced &&
                schema::counts_for(resource.gvr.group, resource.gvr.resource, name)) {
                used.emplace(name, schema::Quantity());
            }
        }
    }
    for (const kube::Resource& resource : resources) {
        bool is_counted = false;
        for (const auto& [name, amount] : hard) {
            is_counted =
                is_counted || (resource.namespaced &&
                               schema::counts_for(resource.gvr.group, resource.gvr.resource, name));
        }
        if (is_counted) {
            CO_TRY(co_await count_resource(client, resource, &quota, &hard, &used));
        }
    }
    Value status = Value::map();
    status.set("hard", schema::amounts_value(hard));
    status.set("used", schema::amounts_value(used));
    Outcome outcome;
    outcome.set_status(Kind::resource_quota, quota, std::move(status));
    co_return outcome;
}

}  // namespace weft::cluster
