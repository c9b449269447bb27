// cluster/internal/stateful_set.cc: one pod after the other.

#include "cluster/internal/stateful_set.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

constexpr std::string_view revision_label = "controller-revision-hash";
constexpr std::string_view name_label = "statefulset.kubernetes.io/pod-name";
constexpr std::string_view index_label = "apps.kubernetes.io/pod-index";

// The ordinal of "web-3"; nothing if the pod is not of that form.
std::optional<int64_t> ordinal_of(const Object& set, const Object& pod) {
    const std::string prefix = cat(set.name(), "-");
    if (!pod.name().starts_with(prefix)) {
        return std::nullopt;
    }
    return parse_int(pod.name().substr(prefix.size()));
}

void limit_revisions(const Object& set, const View& view, const std::set<std::string_view>& used,
                     Outcome* outcome);

class Ordered {
public:
    Ordered(const Object& set, const View& view, const Moment& moment)
        : set_(set), view_(view), moment_(moment) {
        start_ = set.value().int_at(0, "spec", "ordinals", "start");
        replicas_ = std::clamp<int64_t>(set.value().int_at(1, "spec", "replicas"), 0,
                                        pods_of_one_owner_max);
        is_parallel_ = set.value().string_at("spec", "podManagementPolicy") == "Parallel";
        const Value* status = set.value().find("status");
        before_ = status == nullptr ? Value::map() : *status;
    }

    Outcome run() {
        for (const Object* pod : view_.owned(Kind::pod, set_.namespace_(), set_.uid())) {
            if (const auto ordinal = ordinal_of(set_, *pod)) {
                pods_[*ordinal] = pod;
            }
        }
        if (!set_.is_deleting()) {
            update_revision_ = ensure_revision(Kind::stateful_set, set_, view_, &outcome_);
            current_revision_ = before_.string_at("currentRevision");
            if (current_revision_.empty()) {
                current_revision_ = update_revision_;
            }
            if (fill() && shrink()) {
                update();
            }
            std::set<std::string_view> used{update_revision_, current_revision_};
            for (const auto& [ordinal, pod] : pods_) {
                used.insert(pod->label(revision_label));
            }
            limit_revisions(set_, view_, used, &outcome_);
        }
        write_status();
        return std::move(outcome_);
    }

private:
    [[nodiscard]] bool is_settled(const Object& pod) {
        return is_pod_active(pod) &&
               is_pod_available(pod, set_.value().int_at(0, "spec", "minReadySeconds"), moment_,
                                &outcome_);
    }

    // Makes what is missing; true if everything up to the last ordinal is there and works.
    bool fill() {
        for (int64_t i = start_; i < start_ + replicas_; ++i) {
            ensure_claims(i);
            const auto found = pods_.find(i);
            if (found == pods_.end()) {
                create_pod(i);
            } else if (!is_pod_active(*found->second) && !found->second->is_deleting()) {
                outcome_.remove(Kind::pod, *found->second);  // Ended; made anew when it has gone.
            } else if (is_settled(*found->second)) {
                continue;
            }
            if (!is_parallel_ || outcome_.changes.size() >= changes_at_once_max) {
                return false;
            }
        }
        return true;
    }

    // From the highest ordinal down, one at a time unless parallel.
    bool shrink() {
        bool done = true;
        for (auto at = pods_.rbegin(); at != pods_.rend(); ++at) {
            if (at->first >= start_ && at->first < start_ + replicas_) {
                continue;
            }
            done = false;
            if (!at->second->is_deleting()) {
                outcome_.remove(Kind::pod, *at->second);
            }
            if (!is_parallel_ || outcome_.changes.size() >= changes_at_once_max) {
                return false;
            }
        }
        if (done) {
            remove_claims();
        }
        return done;
    }

    // Rolling: the highest pod of an old revision goes, when all above it work again.
    void update() {
        if (set_.value().string_at("spec", "updateStrategy", "type") == "OnDelete") {
            return;
        }
        const int64_t partition =
            set_.value().int_at(0, "spec", "updateStrategy", "rollingUpdate", "partition");
        for (auto at = pods_.rbegin(); at != pods_.rend(); ++at) {
            if (at->first < std::max(start_, partition)) {
                return;
            }
            if (at->second->label(revision_label) != update_revision_) {
                if (!at->second->is_deleting()) {
                    outcome_.remove(Kind::pod, *at->second);
                }
                return;
            }
            if (!is_settled(*at->second)) {
                return;
            }
        }
    }

    // Ordinals below the partition stay at the current revision while an update goes on.
    [[nodiscard]] std::string revision_for(int64_t ordinal) const {
        const int64_t partition =
            set_.value().int_at(0, "spec", "updateStrategy", "rollingUpdate", "partition");
        return ordinal < partition ? current_revision_ : update_revision_;
    }

    // The template of the revision; the set's own if that is the newest one.
    [[nodiscard]] Value template_of(const std::string& revision) const {
        const Value* own = set_.value().find("spec", "template");
        if (revision != update_revision_) {
            const Object* stored =
                view_.find(Kind::controller_revision, {std::string(set_.namespace_()), revision});
            const Value* old =
                stored == nullptr ? nullptr : stored->value().find("data", "spec", "template");
            if (old != nullptr) {
                return *old;
            }
        }
        return own == nullptr ? Value::map() : *own;
    }

    void create_pod(int64_t ordinal) {
        const std::string revision = revision_for(ordinal);
        Object pod = from_template(template_of(revision), Kind::stateful_set, set_);
        const std::string name = cat(set_.name(), "-", ordinal);
        pod.metadata().set("name", name);
        pod.set_label(index_label, cat(ordinal));
        pod.set_label(revision_label, revision);
        pod.set_label(name_label, name);
        Value& spec = pod.mutable_value().mutable_member("spec");
        spec.set("hostname", name);
        if (const auto service = set_.value().string_at("spec", "serviceName"); !service.empty()) {
            spec.set("subdomain", service);
        }
        for (const Value& claim : claim_templates()) {
            Value& volumes = spec.mutable_member("volumes");
            volumes.push_back(
                Value::map_of({{"name", claim.string_at("metadata", "name")},
                               {"persistentVolumeClaim",
                                Value::map_of({{"claimName", claim_name(claim, ordinal)}})}}));
        }
        outcome_.create(Kind::pod, std::move(pod));
    }

    [[nodiscard]] std::span<const Value> claim_templates() const {
        const Value* templates = set_.value().find("spec", "volumeClaimTemplates");
        return templates == nullptr ? std::span<const Value>() : templates->items();
    }
    [[nodiscard]] std::string claim_name(const Value& claim, int64_t ordinal) const {
        return cat(claim.string_at("metadata", "name"), "-", set_.name(), "-", ordinal);
    }

    void ensure_claims(int64_t ordinal) {
        for (const Value& claim : claim_templates()) {
            const std::string name = claim_name(claim, ordinal);
            if (view_.find(Kind::volume_claim, {std::string(set_.namespace_()), name}) != nullptr) {
                continue;
            }
            Object made;
            Value& value = made.mutable_value();
            value.set("apiVersion", "v1");
            value.set("kind", "PersistentVolumeClaim");
            Value metadata =
                claim.find("metadata") == nullptr ? Value::map() : *claim.find("metadata");
            metadata.erase("creationTimestamp");
            metadata.set("name", name);
            metadata.set("namespace", set_.namespace_());
            value.set("metadata", std::move(metadata));
            if (const Value* labels = set_.value().find("spec", "selector", "matchLabels")) {
                for (const Member& label : labels->members()) {
                    made.set_label(label.name(), label.value.as_string());
                }
            }
            value.set("spec", claim.find("spec") == nullptr ? Value::map() : *claim.find("spec"));
            outcome_.create(Kind::volume_claim, std::move(made));
        }
    }

    void remove_claims() {
        if (set_.value().string_at("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") !=
            "Delete") {
            return;
        }
        for (const Value& claim : claim_templates()) {
            const std::string prefix =
                cat(claim.string_at("metadata", "name"), "-", set_.name(), "-");
            for (const Object* had : view_.in(Kind::volume_claim, set_.namespace_())) {
                const auto ordinal = had->name().starts_with(prefix)
                                         ? parse_int(had->name().substr(prefix.size()))
                                         : std::nullopt;
                if (ordinal.has_value() && *ordinal >= start_ + replicas_ && !had->is_deleting()) {
                    outcome_.remove(Kind::volume_claim, *had);
                }
            }
        }
    }

    void write_status() {
        int64_t total = 0;
        int64_t ready = 0;
        int64_t available = 0;
        int64_t current = 0;
        int64_t updated = 0;
        for (const auto& [ordinal, pod] : pods_) {
            const std::string_view phase = pod->value().string_at("status", "phase");
            if (phase.empty() && pod->is_deleting()) {
                continue;
            }
            ++total;
            const bool is_ready = is_pod_ready(*pod) && is_pod_active(*pod);
            ready += is_ready ? 1 : 0;
            available += is_ready && is_settled(*pod) ? 1 : 0;
            if (!pod->is_deleting()) {
                current += pod->label(revision_label) == current_revision_ ? 1 : 0;
                updated += pod->label(revision_label) == update_revision_ ? 1 : 0;
            }
        }
        if (set_.is_deleting()) {
            current_revision_ = before_.string_at("currentRevision");
            update_revision_ = before_.string_at("updateRevision");
        } else if (updated == replicas_ && total == replicas_ && ready == replicas_) {
            current_revision_ = update_revision_;  // The update is complete.
            current = updated;
        }
        Value status = Value::map();
        status.set("observedGeneration", set_.generation());
        status.set("replicas", total);
        set_count(status, "readyReplicas", ready);
        set_count(status, "currentReplicas", current);
        set_count(status, "updatedReplicas", updated);
        status.set("currentRevision", current_revision_);
        status.set("updateRevision", update_revision_);
        status.set("collisionCount", before_.int_at(0, "collisionCount"));
        status.set("availableReplicas", available);
        outcome_.set_status(Kind::stateful_set, set_, std::move(status));
    }

    const Object& set_;
    const View& view_;
    const Moment& moment_;
    Outcome outcome_;
    int64_t start_ = 0;
    int64_t replicas_ = 0;
    bool is_parallel_ = false;
    Value before_;
    std::map<int64_t, const Object*> pods_;
    std::string update_revision_;
    std::string current_revision_;
};

bool takes_node(const Object& set, const Object& node) {
    const Value* selector = set.value().find("spec", "template", "spec", "nodeSelector");
    return selector == nullptr || selector->empty() || selects_plainly(selector, node);
}

// Revisions that nothing uses any more, beyond the history's limit, oldest first.
void limit_revisions(const Object& set, const View& view, const std::set<std::string_view>& used,
                     Outcome* outcome) {
    std::vector<const Object*> unused;
    for (const Object* revision :
         view.owned(Kind::controller_revision, set.namespace_(), set.uid())) {
        if (!used.contains(revision->name()) && !revision->is_deleting()) {
            unused.push_back(revision);
        }
    }
    std::ranges::sort(unused, {}, [](const Object* revision) {
        return std::pair(revision->value().int_at(0, "revision"), revision->name());
    });
    const auto keep = static_cast<size_t>(
        std::max<int64_t>(set.value().int_at(10, "spec", "revisionHistoryLimit"), 0));
    for (size_t i = 0; i + keep < unused.size(); ++i) {
        outcome->remove(Kind::controller_revision, *unused[i]);
    }
}

}  // namespace

std::string ensure_revision(Kind kind, const Object& set, const View& view, Outcome* outcome) {
    const Value* pod_template = set.value().find("spec", "template");
    Value data_template = pod_template == nullptr ? Value::map() : *pod_template;
    data_template.set("$patch", "replace");
    const std::string hash = safe_hash(data_template, 0);
    std::string name = cat(set.name(), "-", hash);
    if (view.find(Kind::controller_revision, {std::string(set.namespace_()), name}) != nullptr) {
        return name;
    }
    int64_t revision = 1;
    for (const Object* other : view.owned(Kind::controller_revision, set.namespace_(), set.uid())) {
        revision = std::max(revision, other->value().int_at(0, "revision") + 1);
    }
    Object made(Value::map_of(
        {{"apiVersion", "apps/v1"},
         {"kind", "ControllerRevision"},
         {"metadata",
          Value::map_of({{"name", name},
                         {"namespace", set.namespace_()},
                         {"ownerReferences", Value::list_of({controller_reference(kind, set)})}})},
         {"data",
          Value::map_of({{"spec", Value::map_of({{"template", std::move(data_template)}})}})},
         {"revision", revision}}));
    if (const Value* labels = set.value().find("spec", "template", "metadata", "labels")) {
        for (const Member& label : labels->members()) {
            made.set_label(label.name(), label.value.as_string());
        }
    }
    made.set_label(revision_label, hash);
    outcome->create(Kind::controller_revision, std::move(made));
    return name;
}

Outcome reconcile_stateful_set(const Object& set, const View& view, const Moment& moment) {
    return Ordered(set, view, moment).run();
}

Outcome reconcile_daemon_set(const Object& set, const View& view, const Moment& moment) {
    Outcome outcome;
    const std::vector<const Object*> pods = view.owned(Kind::pod, set.namespace_(), set.uid());
    const std::string revision =
        set.is_deleting() ? "" : ensure_revision(Kind::daemon_set, set, view, &outcome);
    const std::string hash = revision.substr(std::min(revision.size(), set.name().size() + 1));
    const int64_t min_ready = set.value().int_at(0, "spec", "minReadySeconds");
    int64_t desired = 0;
    int64_t scheduled = 0;
    int64_t misscheduled = 0;
    int64_t ready = 0;
    int64_t available = 0;
    int64_t updated = 0;
    std::vector<const Object*> outdated;
    for (const Object* node : view.in(Kind::node, "")) {
        const bool wanted = takes_node(set, *node);
        desired += wanted ? 1 : 0;
        const auto found = std::ranges::find_if(pods, [&](const Object* pod) {
            return pod->value().string_at("spec", "nodeName") == node->name();
        });
        if (found == pods.end()) {
            if (wanted && !set.is_deleting()) {
                static const Value nothing = Value::map();
                const Value* pod_template = set.value().find("spec", "template");
                Object pod = from_template(pod_template == nullptr ? nothing : *pod_template,
                                           Kind::daemon_set, set);
                pod.metadata().set("generateName", cat(set.name(), "-"));
                pod.set_label(revision_label, hash);
                pod.set_label("pod-template-generation", cat(set.generation()));
                pod.mutable_value().mutable_member("spec").set("nodeName", node->name());
                outcome.create(Kind::pod, std::move(pod));
            }
            continue;
        }
        const Object& pod = **found;
        misscheduled += wanted ? 0 : 1;
        if (!is_pod_active(pod) || !wanted) {
            if (!pod.is_deleting() && !set.is_deleting()) {
                outcome.remove(Kind::pod, pod);  // Ended, or the node is not wanted any more.
            }
            continue;
        }
        ++scheduled;
        ready += is_pod_ready(pod) ? 1 : 0;
        available += is_pod_available(pod, min_ready, moment, &outcome) ? 1 : 0;
        if (pod.label(revision_label) == hash) {
            ++updated;
        } else {
            outdated.push_back(&pod);
        }
    }
    if (!set.is_deleting()) {
        std::set<std::string> names{revision};
        for (const Object* pod : pods) {
            names.insert(cat(set.name(), "-", pod->label(revision_label)));
        }
        limit_revisions(set, view, {names.begin(), names.end()}, &outcome);
    }
    if (!set.is_deleting() &&
        set.value().string_at("spec", "updateStrategy", "type") != "OnDelete") {
        const Value* most =
            set.value().find("spec", "updateStrategy", "rollingUpdate", "maxUnavailable");
        int64_t may_go =
            std::max<int64_t>(scaled(most, 1, desired, true), 1) - (desired - available);
        for (const Object* pod : outdated) {
            if (may_go-- > 0 || !is_pod_ready(*pod)) {
                outcome.remove(Kind::pod, *pod);
            }
        }
    }
    Value status = Value::map();
    status.set("currentNumberScheduled", scheduled);
    status.set("numberMisscheduled", misscheduled);
    status.set("desiredNumberScheduled", desired);
    status.set("numberReady", ready);
    status.set("observedGeneration", set.generation());
    set_count(status, "updatedNumberScheduled", updated);
    set_count(status, "numberAvailable", available);
    set_count(status, "numberUnavailable", desired - available);
    outcome.set_status(Kind::daemon_set, set, std::move(status));
    return outcome;
}

}  // namespace weft::cluster
