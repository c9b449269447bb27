// server/internal/admission/quota.cc: checks all quotas first, then charges each.

#include "server/internal/admission/quota.h"

#include <algorithm>

#include "server/internal/admission/matching.h"
#include "server/internal/kinds.h"
#include "server/internal/own_call.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

using schema::QuotaAmounts;

// Only what is in `names`.
QuotaAmounts only_named(const QuotaAmounts& amounts, const QuotaAmounts& names) {
    QuotaAmounts out;
    for (const auto& [name, amount] : amounts) {
        if (names.contains(name)) {
            out.emplace(name, amount);
        }
    }
    return out;
}

// The new usage, or the refusal of what does not fit.
Result<QuotaAmounts> fit_quota(const AdmissionRequest& request, const Value& quota,
                               const QuotaAmounts& delta) {
    const QuotaAmounts hard = schema::parse_amounts(quota.find("status", "hard"));
    QuotaAmounts used = schema::parse_amounts(quota.find("status", "used"));
    const QuotaAmounts asked = only_named(delta, hard);
    QuotaAmounts exceeded;
    QuotaAmounts sum = used;
    for (const auto& [name, amount] : asked) {
        const auto found = sum.find(name);
        const schema::Quantity total =
            found == sum.end() ? amount : schema::Quantity(found->second.plus(amount));
        sum[name] = total;
        if (hard.find(name)->second < total) {
            exceeded.emplace(name, amount);
        }
    }
    if (!exceeded.empty()) {
        return forbidden({request.resource.group, request.resource.resource}, refusal_name(request),
                         cat("exceeded quota: ", quota.string_at("metadata", "name"),
                             ", requested: ", schema::amounts_text(exceeded),
                             ", used: ", schema::amounts_text(only_named(used, exceeded)),
                             ", limited: ", schema::amounts_text(only_named(hard, exceeded))));
    }
    return sum;
}

// What the write adds; an update counts for the difference.
QuotaAmounts quota_delta(const AdmissionRequest& request) {
    const std::string& group = request.resource.group;
    const std::string& resource = request.resource.resource;
    QuotaAmounts delta = schema::quota_usage(group, resource, request.object);
    if (!request.old_object.is_null()) {
        for (const auto& [name, amount] :
             schema::quota_usage(group, resource, request.old_object)) {
            if (const auto found = delta.find(name); found != delta.end()) {
                found->second = found->second.minus(amount);
            }
        }
    }
    std::erase_if(delta, [](const auto& entry) { return entry.second.sign() <= 0; });
    return delta;
}

}  // namespace

io::Task<Status> Quotas::load() {
    const ResourcePtr resource = core_->registry.find("", "v1", "resourcequotas");
    const std::vector<Value> objects = CO_TRY(co_await load_objects(core_, resource));
    for (const Value& object : objects) {
        changed(*resource, object, Value());
    }
    co_return Status{};
}

void Quotas::changed(const Resource& resource, const Value& object, const Value& old_object) {
    if (resource.kind != "ResourceQuota" || !resource.is_builtin()) {
        return;
    }
    const Value& named = object.is_null() ? old_object : object;
    const std::string_view namespace_ = named.string_at("metadata", "namespace");
    std::string name(named.string_at("metadata", "name"));
    if (!object.is_null()) {
        names_[std::string(namespace_)].insert(std::move(name));
        return;
    }
    if (const auto found = names_.find(namespace_); found != names_.end()) {
        found->second.erase(name);
        if (found->second.empty()) {
            names_.erase(found);
        }
    }
}

bool Quotas::concerns(const Call& call) const {
    return call.info.subresource.empty() && call.resource->namespaced && !names_.empty() &&
           names_.contains(call.info.namespace_);
}

io::Task<Status> Quotas::admit(const AdmissionRequest* request) {
    const std::string& group = request->resource.group;
    const std::string& resource = request->resource.resource;
    const bool is_update = request->operation == "UPDATE";
    if (request->object.is_null() || (is_update && !schema::counts_on_update(group, resource))) {
        co_return Status{};
    }
    const auto names = names_.find(request->namespace_);
    if (names == names_.end()) {
        co_return Status{};
    }
    const ResourcePtr quotas = core_->registry.find("", "v1", "resourcequotas");
    const QuotaAmounts delta = quota_delta(*request);
    std::vector<std::string> concerned;
    for (const std::string& name : std::vector(names->second.begin(), names->second.end())) {
        auto entry = CO_TRY(co_await core_->store->get(quotas->key(request->namespace_, name), {}));
        if (!entry) {
            continue;
        }
        const Value quota = CO_TRY(StoredView(*entry->value).to_value(entry->modified));
        const QuotaAmounts hard = schema::parse_amounts(quota.find("status", "hard"));
        const QuotaAmounts used = schema::parse_amounts(quota.find("status", "used"));
        std::vector<std::string> restricted;
        std::vector<std::string> unknown;
        for (const auto& [key, amount] : hard) {
            if (schema::counts_for(group, resource, key)) {
                restricted.push_back(key);
                if (!used.contains(key)) {
                    unknown.push_back(key);
                }
            }
        }
        if (restricted.empty() || !schema::scopes_match(quota, group, resource, request->object)) {
            continue;
        }
        const GroupResource what{group, resource};
        if (std::string text =
                schema::quota_constraint(group, resource, request->object, restricted);
            !text.empty()) {
            co_return forbidden(what, refusal_name(*request),
                                cat("failed quota: ", name, ": ", text));
        }
        if (!unknown.empty()) {
            co_return forbidden(
                what, request->name,
                cat("status unknown for quota: ", name, ", resources: ", join(restricted, ",")));
        }
        if (!delta.empty()) {
            CO_TRY(fit_quota(*request, quota, delta));
            if (!only_named(delta, hard).empty()) {
                concerned.push_back(name);
            }
        }
    }
    if (request->dry_run) {
        co_return Status{};
    }
    for (std::string& name : concerned) {
        CO_TRY(co_await charge(request, std::move(name), delta));
    }
    co_return Status{};
}

io::Task<Status> Quotas::charge(const AdmissionRequest* request, std::string name,
                                QuotaAmounts delta) {
    Call call = own_call(core_, {"", "v1", "resourcequotas"}, "status", request->namespace_, name);
    Change change;
    change.may_omit_version = true;
    change.make = [&](const Value* old_object) -> Result<Value> {
        // Asked again whenever somebody else was charged in between.
        auto used = fit_quota(*request, *old_object, delta);
        if (!used) {
            return used.error();
        }
        Value quota = *old_object;
        Value status = *old_object->find("status");
        status.set("used", schema::amounts_value(*used));
        quota.set("status", std::move(status));
        quota.mutable_member("metadata").erase("resourceVersion");
        return quota;
    };
    auto done = co_await change_object(&call, std::move(change));
    if (!done && done.error().reason() != Reason::not_found) {
        co_return done.error();
    }
    co_return Status{};
}

}  // namespace weft::server
