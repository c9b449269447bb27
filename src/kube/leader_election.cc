// kube/leader_election.cc: acquiring and renewing a Lease.

#include "kube/leader_election.h"

namespace weft::kube {

namespace {

const Resource& lease_resource() {
    static const Resource resource{{"coordination.k8s.io", "v1", "leases"}, "Lease", true, false};
    return resource;
}

}  // namespace

io::Task<Result<bool>> LeaderElector::try_acquire_or_renew() {
    const NamespacedName name{options_.namespace_, options_.name};
    const std::string now = format_rfc3339_micro(loop_->now());
    const int64_t duration_seconds = options_.lease_duration / io::second;
    const auto existing = co_await client_->get(lease_resource(), name);
    if (!existing) {
        if (existing.error().reason() != Reason::not_found) {
            co_return Error(existing.error());
        }
        Object lease(Value::map_of(
            {{"apiVersion", "coordination.k8s.io/v1"},
             {"kind", "Lease"},
             {"metadata", Value::map_of({{"name", name.name}, {"namespace", name.namespace_}})},
             {"spec", Value::map_of({{"holderIdentity", options_.identity},
                                     {"leaseDurationSeconds", duration_seconds},
                                     {"acquireTime", now},
                                     {"renewTime", now},
                                     {"leaseTransitions", 0}})}}));
        CO_TRY(co_await client_->create(lease_resource(), std::move(lease), {}));
        holder_ = options_.identity;
        co_return true;
    }
    Object lease = *existing;
    const Value* spec = lease.value().find("spec");
    const Value seen = spec == nullptr ? Value() : *spec;
    if (!(seen == observed_spec_)) {
        observed_spec_ = seen;
        observed_at_ = loop_->monotonic();
    }
    holder_ = seen.string_at("holderIdentity");
    const bool is_ours = holder_ == options_.identity;
    const bool is_old = loop_->monotonic() - observed_at_ >= options_.lease_duration;
    if (!is_ours && !holder_.empty() && !is_old) {
        co_return false;
    }
    Value& fresh = lease.mutable_value().mutable_member("spec");
    fresh.set("holderIdentity", options_.identity);
    fresh.set("leaseDurationSeconds", duration_seconds);
    fresh.set("renewTime", now);
    if (!is_ours) {
        fresh.set("acquireTime", now);
        fresh.set("leaseTransitions", seen.int_at(0, "leaseTransitions") + 1);
    }
    // The resourceVersion in it makes this a compare-and-swap.
    const Object written = CO_TRY(co_await client_->update(lease_resource(), std::move(lease), {}));
    observed_spec_ = *written.value().find("spec");
    observed_at_ = loop_->monotonic();
    holder_ = options_.identity;
    co_return true;
}

io::Task<Status> LeaderElector::acquire() {
    while (true) {
        const Result<bool> leads = co_await try_acquire_or_renew();
        if (leads && *leads) {
            co_return Status{};
        }
        if (!leads && leads.error().reason() == Reason::cancelled) {
            co_return Error(leads.error());
        }
        // Losing a race for the lease is how elections go.
        const bool is_trouble = !leads && leads.error().reason() != Reason::conflict &&
                                leads.error().reason() != Reason::already_exists;
        if (is_trouble && on_error && told_ != leads.error().text()) {
            told_ = leads.error().text();
            on_error(leads.error());
        }
        // Up to a fifth more, so that two do not always ask together.
        const auto jitter = static_cast<int64_t>(loop_->random() % 200);
        CO_TRY(co_await io::sleep(loop_,
                                  options_.retry_period + options_.retry_period * jitter / 1000));
    }
}

io::Task<Status> LeaderElector::hold() {
    int64_t renewed_at = loop_->monotonic();
    while (true) {
        CO_TRY(co_await io::sleep(loop_, options_.retry_period));
        const Result<bool> leads = co_await io::with_timeout(
            loop_, options_.renew_deadline, "renewing the lease", try_acquire_or_renew());
        if (leads && *leads) {
            renewed_at = loop_->monotonic();
            continue;
        }
        if (leads) {
            co_return make_error(Reason::conflict, "the lease ", options_.name, " is held by ",
                                 holder_);
        }
        if (leads.error().reason() == Reason::cancelled) {
            co_return Error(leads.error());
        }
        if (loop_->monotonic() - renewed_at >= options_.renew_deadline) {
            co_return make_error(Reason::timeout, "the lease ", options_.name,
                                 " could not be renewed: ", leads.error().text());
        }
    }
}

io::Task<Status> LeaderElector::release() {
    const NamespacedName name{options_.namespace_, options_.name};
    Object lease = CO_TRY(co_await client_->get(lease_resource(), name));
    if (lease.value().string_at("spec", "holderIdentity") != options_.identity) {
        co_return Status{};
    }
    Value& spec = lease.mutable_value().mutable_member("spec");
    spec.erase("holderIdentity");  // An empty one is refused; client-go leaves it out, too.
    spec.set("leaseDurationSeconds", 1);
    CO_TRY(co_await client_->update(lease_resource(), std::move(lease), {}));
    holder_.clear();
    co_return Status{};
}

}  // namespace weft::kube
