// cluster/internal/deployment.cc: the steps of a rollout, each from what can be seen.

#include "cluster/internal/deployment.h"

#include <algorithm>

#include "cluster/internal/replica_set.h"
#include "cluster/limits.h"

namespace weft::cluster {

namespace {

constexpr std::string_view revision_annotation = "deployment.kubernetes.io/revision";
constexpr std::string_view history_annotation = "deployment.kubernetes.io/revision-history";
constexpr std::string_view desired_annotation = "deployment.kubernetes.io/desired-replicas";
constexpr std::string_view max_annotation = "deployment.kubernetes.io/max-replicas";
constexpr std::string_view hash_label = "pod-template-hash";
constexpr std::string_view kubectl_annotation = "kubectl.kubernetes.io/last-applied-configuration";

int64_t spec_replicas(const Object& set) {
    return set.value().int_at(1, "spec", "replicas");
}
int64_t status_count(const Object& set, std::string_view name) {
    return set.value().int_at(0, "status", name);
}
int64_t revision_of(const Object& object) {
    return parse_int(object.annotation(revision_annotation)).value_or(0);
}

Value without_hash(Value pod_template) {
    if (Value* metadata = pod_template.find_mutable("metadata")) {
        if (Value* labels = metadata->find_mutable("labels")) {
            labels->erase(hash_label);
            if (labels->empty()) {
                metadata->erase("labels");
            }
        }
        if (const Value* time = metadata->find("creationTimestamp");
            time != nullptr && time->is_null()) {
            metadata->erase("creationTimestamp");
        }
        if (metadata->empty()) {
            pod_template.erase("metadata");
        }
    }
    return pod_template;
}

// A copy of the ReplicaSet with another size.
Object resized(const Object& set, int64_t replicas, int64_t desired, int64_t most) {
    Object out(set);
    out.mutable_value().mutable_member("spec").set("replicas", replicas);
    out.set_annotation(desired_annotation, cat(desired));
    out.set_annotation(max_annotation, cat(most));
    return out;
}

class Rollout {
public:
    Rollout(const Object& deployment, const View& view, const Moment& moment)
        : deployment_(deployment), view_(view), moment_(moment) {
        replicas_ = std::max<int64_t>(deployment.value().int_at(1, "spec", "replicas"), 0);
        const Value* rolling = deployment.value().find("spec", "strategy", "rollingUpdate");
        const auto number = [&](std::string_view name) {
            return rolling == nullptr ? nullptr : rolling->find(name);
        };
        if (!is_recreate()) {
            surge_ = scaled(number("maxSurge"), scaled_quarter(true), replicas_, true);
            unavailable_ =
                scaled(number("maxUnavailable"), scaled_quarter(false), replicas_, false);
            if (surge_ == 0 && unavailable_ == 0) {
                unavailable_ = 1;
            }
            unavailable_ = std::min(unavailable_, replicas_);
        }
        const Value* status = deployment.value().find("status");
        before_ = status == nullptr ? Value::map() : *status;
        conditions_ =
            before_.find("conditions") == nullptr ? Value::list() : *before_.find("conditions");
    }

    Outcome run() {
        sets_ = view_.owned(Kind::replica_set, deployment_.namespace_(), deployment_.uid());
        if (deployment_.is_deleting()) {
            write_status();
            return std::move(outcome_);
        }
        if (adopt_orphans()) {
            return std::move(outcome_);
        }
        find_sets();
        if (is_paused()) {
            set_condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
            if (new_ != nullptr && spec_replicas(*new_) > 0 && active_old_.empty()) {
                resize(*new_, replicas_);
            }
        } else {
            if (const Value* paused = find_condition(before_, "Progressing");
                paused != nullptr && paused->string_at("reason") == "DeploymentPaused") {
                set_condition("Progressing", "Unknown", "DeploymentResumed",
                              "Deployment is resumed");
            }
            make_new_set();
            roll();
            clean_up();
        }
        write_revision();
        write_status();
        return std::move(outcome_);
    }

private:
    [[nodiscard]] bool is_recreate() const {
        return deployment_.value().string_at("spec", "strategy", "type") == "Recreate";
    }
    [[nodiscard]] bool is_paused() const {
        const Value* paused = deployment_.value().find("spec", "paused");
        return paused != nullptr && paused->is_bool() && paused->as_bool();
    }
    [[nodiscard]] int64_t scaled_quarter(bool round_up) const {
        return (replicas_ * 25 + (round_up ? 99 : 0)) / 100;
    }
    [[nodiscard]] int64_t most() const { return replicas_ + surge_; }

    bool adopt_orphans() {
        const Value* selector = deployment_.value().find("spec", "selector");
        for (const Object* orphan : view_.owned(Kind::replica_set, deployment_.namespace_(), "")) {
            if (selects(selector, *orphan) && !orphan->is_deleting()) {
                adopt(Kind::deployment, deployment_, Kind::replica_set, *orphan, &outcome_);
            }
        }
        return !outcome_.changes.empty();
    }

    void find_sets() {
        std::ranges::sort(sets_, {}, [](const Object* set) {
            return std::pair(set->value().string_at("metadata", "creationTimestamp"), set->name());
        });
        template_ = without_hash(deployment_.value().find("spec", "template") == nullptr
                                     ? Value::map()
                                     : *deployment_.value().find("spec", "template"));
        for (const Object* set : sets_) {
            const Value* other = set->value().find("spec", "template");
            if (new_ == nullptr && other != nullptr && without_hash(*other) == template_) {
                new_ = set;
            }
        }
        for (const Object* set : sets_) {
            if (set != new_) {
                old_.push_back(set);
                revision_ = std::max(revision_, revision_of(*set));
                if (spec_replicas(*set) > 0) {
                    active_old_.push_back(set);
                }
            }
        }
    }

    // The set of the present template: found, or made with as many pods as may be now.
    void make_new_set() {
        ++revision_;
        if (new_ != nullptr) {
            if (find_condition(Value::map_of({{"conditions", conditions_}}), "Progressing") ==
                nullptr) {
                set_condition("Progressing", "True", "FoundNewReplicaSet",
                              cat("Found new replica set ", quote(new_->name())));
            }
            if (revision_of(*new_) < revision_) {
                Object renewed(*new_);
                const std::string_view had = new_->annotation(revision_annotation);
                const std::string_view history = new_->annotation(history_annotation);
                if (!had.empty()) {
                    renewed.set_annotation(history_annotation,
                                           cat(history, history.empty() ? "" : ",", had));
                }
                renewed.set_annotation(revision_annotation, cat(revision_));
                outcome_.update(Kind::replica_set, std::move(renewed));
                has_written_new_ = true;
            }
            return;
        }
        if (is_recreate() && any_old_pod()) {
            --revision_;  // Made when they are gone.
            return;
        }
        const std::string hash = new_hash();
        Object set;
        Value& value = set.mutable_value();
        value.set("apiVersion", "apps/v1");
        value.set("kind", "ReplicaSet");
        Value pod_template = template_;
        pod_template.mutable_member("metadata").mutable_member("labels").set(hash_label, hash);
        Value selector = deployment_.value().find("spec", "selector") == nullptr
                             ? Value::map()
                             : *deployment_.value().find("spec", "selector");
        selector.mutable_member("matchLabels").set(hash_label, hash);
        value.set("metadata",
                  Value::map_of({{"name", cat(deployment_.name(), "-", hash)},
                                 {"namespace", deployment_.namespace_()},
                                 {"labels", *pod_template.find("metadata", "labels")},
                                 {"ownerReferences", Value::list_of({controller_reference(
                                                         Kind::deployment, deployment_)})}}));
        copy_annotations(set);
        set.set_annotation(desired_annotation, cat(replicas_));
        set.set_annotation(max_annotation, cat(most()));
        set.set_annotation(revision_annotation, cat(revision_));
        new_size_ = size_of_new(0);
        Value spec = Value::map_of({{"replicas", new_size_},
                                    {"selector", std::move(selector)},
                                    {"template", std::move(pod_template)}});
        if (const int64_t seconds = deployment_.value().int_at(0, "spec", "minReadySeconds");
            seconds != 0) {
            spec.set("minReadySeconds", seconds);
        }
        value.set("spec", std::move(spec));
        set_condition("Progressing", "True", "NewReplicaSetCreated",
                      cat("Created new replica set ", quote(set.name())));
        new_name_ = set.name();
        outcome_.create(Kind::replica_set, std::move(set));
    }

    // A hash whose name is free.
    [[nodiscard]] std::string new_hash() {
        collisions_ = before_.int_at(0, "collisionCount");
        while (true) {
            std::string hash = safe_hash(template_, collisions_);
            const std::string name = cat(deployment_.name(), "-", hash);
            if (view_.find(Kind::replica_set, {std::string(deployment_.namespace_()), name}) ==
                nullptr) {
                return hash;
            }
            ++collisions_;
        }
    }

    void copy_annotations(Object& set) const {
        const Value* annotations = deployment_.value().find("metadata", "annotations");
        for (const Member& member :
             annotations == nullptr ? std::span<const Member>() : annotations->members()) {
            if (member.name() != kubectl_annotation && member.value.is_string() &&
                member.name() != revision_annotation) {
                set.set_annotation(member.name(), member.value.as_string());
            }
        }
    }

    [[nodiscard]] bool any_old_pod() const {
        return std::ranges::any_of(old_,
                                   [](const Object* set) {
                                       return spec_replicas(*set) > 0 ||
                                              status_count(*set, "replicas") > 0;
                                   }) ||
               any_pod_of_old_sets();
    }
    // Pods that are still on their way out count: Recreate never runs two versions side by side.
    [[nodiscard]] bool any_pod_of_old_sets() const {
        return std::ranges::any_of(old_, [this](const Object* set) {
            const auto pods = view_.owned(Kind::pod, set->namespace_(), set->uid());
            return std::ranges::any_of(pods, [](const Object* pod) {
                const std::string_view phase = pod->value().string_at("status", "phase");
                return phase != "Succeeded" && phase != "Failed";
            });
        });
    }

    // How many pods the new set may have now, if it has `has`.
    [[nodiscard]] int64_t size_of_new(int64_t has) const {
        if (is_recreate()) {
            return replicas_;
        }
        int64_t total = has;
        for (const Object* set : old_) {
            total += spec_replicas(*set);
        }
        if (has >= replicas_) {
            return replicas_;
        }
        if (total >= most()) {
            return has;
        }
        return has + std::min(most() - total, replicas_ - has);
    }

    void roll() {
        if (new_ != nullptr && !has_written_new_) {
            const int64_t size = size_of_new(spec_replicas(*new_));
            const bool may_grow = !is_recreate() || !any_old_pod();
            if (may_grow && (size != spec_replicas(*new_) ||
                             new_->annotation(desired_annotation) != cat(replicas_) ||
                             new_->annotation(max_annotation) != cat(most()))) {
                resize(*new_, size);
                if (size != spec_replicas(*new_)) {
                    return;
                }
            }
        }
        if (is_recreate()) {
            for (const Object* set : active_old_) {
                resize(*set, 0);
            }
        } else if (!active_old_.empty()) {
            shrink_old();
        }
    }

    void resize(const Object& set, int64_t replicas) {
        outcome_.update(Kind::replica_set, resized(set, replicas, replicas_, most()));
    }

    // First the pods that do not work, then as many as may be missing.
    void shrink_old() {
        int64_t total = new_ == nullptr ? 0 : spec_replicas(*new_);
        int64_t available = new_ == nullptr ? 0 : status_count(*new_, "availableReplicas");
        const int64_t new_unavailable = total - available;
        for (const Object* set : active_old_) {
            total += spec_replicas(*set);
            available += status_count(*set, "availableReplicas");
        }
        const int64_t least = replicas_ - unavailable_;
        int64_t may_go = total - least - new_unavailable;
        if (may_go <= 0) {
            return;
        }
        int64_t healthy_may_go = available - least;
        for (const Object* set : active_old_) {
            const int64_t has = spec_replicas(*set);
            const int64_t healthy = std::min(status_count(*set, "availableReplicas"), has);
            int64_t goes = std::clamp<int64_t>(has - healthy, 0, std::max<int64_t>(may_go, 0));
            may_go -= goes;
            if (healthy_may_go > 0) {
                const int64_t more = std::min(healthy_may_go, has - goes);
                healthy_may_go -= more;
                goes += more;
            }
            if (goes > 0) {
                resize(*set, has - goes);
            }
        }
    }

    // Old sets without pods beyond the history's limit, once the rollout is complete.
    void clean_up() {
        const int64_t limit = deployment_.value().int_at(10, "spec", "revisionHistoryLimit");
        if (!is_complete(counts())) {
            return;
        }
        std::vector<const Object*> idle;
        for (const Object* set : old_) {
            if (spec_replicas(*set) == 0 && status_count(*set, "replicas") == 0 &&
                !set->is_deleting()) {
                idle.push_back(set);
            }
        }
        std::ranges::sort(
            idle, {}, [](const Object* set) { return std::pair(revision_of(*set), set->name()); });
        for (size_t i = 0; i + static_cast<size_t>(std::max<int64_t>(limit, 0)) < idle.size();
             ++i) {
            outcome_.remove(Kind::replica_set, *idle[i]);
        }
    }

    void write_revision() {
        const std::string revision =
            cat(new_ != nullptr ? std::max(revision_of(*new_), revision_) : revision_);
        if (is_paused() || revision_ == 0 ||
            deployment_.annotation(revision_annotation) == revision) {
            return;
        }
        Object renewed(deployment_);
        renewed.set_annotation(revision_annotation, revision);
        // With the status, as Kubernetes does: an annotation that comes by an update of the object
        // would raise its generation.
        outcome_.changes.push_back(
            {Change::Verb::update_status, Kind::deployment, std::move(renewed)});
    }

    struct Counts {
        int64_t replicas = 0;
        int64_t updated = 0;
        int64_t ready = 0;
        int64_t available = 0;
    };
    [[nodiscard]] Counts counts() const {
        Counts out;
        for (const Object* set : sets_) {
            out.replicas += status_count(*set, "replicas");
            out.ready += status_count(*set, "readyReplicas");
            out.available += status_count(*set, "availableReplicas");
        }
        out.updated = new_ == nullptr ? 0 : status_count(*new_, "replicas");
        return out;
    }
    [[nodiscard]] bool is_complete(const Counts& now) const {
        return now.updated == replicas_ && now.replicas == replicas_ && now.available == replicas_;
    }
    [[nodiscard]] bool has_progressed(const Counts& now) const {
        const int64_t old_before =
            before_.int_at(0, "replicas") - before_.int_at(0, "updatedReplicas");
        return now.updated > before_.int_at(0, "updatedReplicas") ||
               now.replicas - now.updated < old_before ||
               now.ready > before_.int_at(0, "readyReplicas") ||
               now.available > before_.int_at(0, "availableReplicas");
    }

    [[nodiscard]] std::string new_set_text() const {
        if (new_ == nullptr && new_name_.empty()) {
            return cat("Deployment ", quote(deployment_.name()));
        }
        return cat("ReplicaSet ", quote(new_ != nullptr ? new_->name() : new_name_));
    }

    void judge_progress(const Counts& now) {
        const Value* condition = progressing();
        const bool was_complete = now.replicas == now.updated && condition != nullptr &&
                                  condition->string_at("reason") == "NewReplicaSetAvailable";
        if (deployment_.value().find("spec", "progressDeadlineSeconds") == nullptr ||
            was_complete) {
            return;
        }
        if (is_complete(now)) {
            set_condition("Progressing", "True", "NewReplicaSetAvailable",
                          cat(new_set_text(), " has successfully progressed."));
        } else if (has_progressed(now)) {
            update_progressing();
        } else if (is_timed_out()) {
            set_condition("Progressing", "False", "ProgressDeadlineExceeded",
                          cat(new_set_text(), " has timed out progressing."));
        }
    }

    [[nodiscard]] const Value* progressing() const {
        for (const Value& condition : conditions_.items()) {
            if (condition.string_at("type") == "Progressing") {
                return &condition;
            }
        }
        return nullptr;
    }

    // Progress renews the time even if nothing else in the condition changes.
    void update_progressing() {
        const Value* had = progressing();
        Value condition = Value::map_of(
            {{"type", "Progressing"},
             {"status", "True"},
             {"lastUpdateTime", moment_.text()},
             {"lastTransitionTime", had != nullptr && had->string_at("status") == "True"
                                        ? std::string(had->string_at("lastTransitionTime"))
                                        : moment_.text()},
             {"reason", "ReplicaSetUpdated"},
             {"message", cat(new_set_text(), " is progressing.")}});
        replace_condition(std::move(condition));
    }

    [[nodiscard]] bool is_timed_out() {
        const Value* condition = progressing();
        if (condition == nullptr || is_paused() ||
            condition->string_at("reason") == "NewReplicaSetAvailable") {
            return false;
        }
        if (condition->string_at("reason") == "ProgressDeadlineExceeded") {
            return true;
        }
        const int64_t deadline =
            nanos_of(deployment_.value().int_at(600, "spec", "progressDeadlineSeconds"));
        const int64_t wait =
            nanos_until(condition->string_at("lastUpdateTime"), deadline, moment_.now);
        if (wait > 0) {
            outcome_.look_again(wait);
        }
        return wait == 0;
    }

    void replace_condition(Value condition) {
        Value list = Value::list();
        for (const Value& other : conditions_.items()) {
            if (other.string_at("type") != condition.string_at("type")) {
                list.push_back(other);
            }
        }
        list.push_back(std::move(condition));
        conditions_ = std::move(list);
    }

    // As the real controller: nothing changes while status and reason stay.
    void set_condition(std::string_view type, std::string_view status, std::string_view reason,
                       const std::string& message) {
        std::string transition = moment_.text();
        for (const Value& condition : conditions_.items()) {
            if (condition.string_at("type") != type) {
                continue;
            }
            if (condition.string_at("status") == status &&
                condition.string_at("reason") == reason) {
                return;
            }
            if (condition.string_at("status") == status) {
                transition = condition.string_at("lastTransitionTime");
            }
        }
        replace_condition(Value::map_of({{"type", type},
                                         {"status", status},
                                         {"lastUpdateTime", moment_.text()},
                                         {"lastTransitionTime", transition},
                                         {"reason", reason},
                                         {"message", message}}));
    }

    void write_status() {
        const Counts now = counts();
        if (now.available >= replicas_ - unavailable_) {
            set_condition("Available", "True", "MinimumReplicasAvailable",
                          "Deployment has minimum availability.");
        } else {
            set_condition("Available", "False", "MinimumReplicasUnavailable",
                          "Deployment does not have minimum availability.");
        }
        if (!deployment_.is_deleting() && !is_paused()) {
            judge_progress(now);
        }
        int64_t total = new_size_;
        for (const Object* set : sets_) {
            total += spec_replicas(*set);
        }
        Value status = Value::map();
        status.set("observedGeneration", deployment_.generation());
        set_count(status, "replicas", now.replicas);
        set_count(status, "updatedReplicas", now.updated);
        set_count(status, "readyReplicas", now.ready);
        set_count(status, "availableReplicas", now.available);
        set_count(status, "unavailableReplicas", std::max<int64_t>(total - now.available, 0));
        status.set("conditions", conditions_);
        const int64_t collisions = std::max(collisions_, before_.int_at(0, "collisionCount"));
        set_count(status, "collisionCount", collisions);
        outcome_.set_status(Kind::deployment, deployment_, std::move(status));
    }

    const Object& deployment_;
    const View& view_;
    const Moment& moment_;
    Outcome outcome_;
    int64_t replicas_ = 0;
    int64_t surge_ = 0;
    int64_t unavailable_ = 0;
    Value before_;
    Value conditions_;
    Value template_;
    std::vector<const Object*> sets_;
    std::vector<const Object*> old_;
    std::vector<const Object*> active_old_;
    const Object* new_ = nullptr;
    std::string new_name_;
    int64_t new_size_ = 0;  // of a set that is made in this turn
    int64_t revision_ = 0;
    int64_t collisions_ = 0;
    bool has_written_new_ = false;
};

}  // namespace

Outcome reconcile_deployment(const Object& deployment, const View& view, const Moment& moment) {
    return Rollout(deployment, view, moment).run();
}

}  // namespace weft::cluster
