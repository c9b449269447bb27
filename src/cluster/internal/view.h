// cluster/internal/view.h: what a reconciler sees, and what it says should be done.
//
// Every reconciler of this folder is a function of an object, a View of the others and the moment;
// it gives an Outcome. Nothing is remembered between two calls.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kube/kube.h"
#include "object/object.h"

namespace weft::cluster {

// The kinds that are looked at or made here.
enum class Kind : uint8_t {
    pod,
    node,
    service,
    endpoints,
    endpoint_slice,
    replica_set,
    replication_controller,
    deployment,
    stateful_set,
    daemon_set,
    controller_revision,
    job,
    cron_job,
    volume_claim,
    volume,
    ingress,
    autoscaler,
    disruption_budget,
    namespace_,
    service_account,
    config_map,
    cluster_role,
    resource_quota,
};
constexpr size_t kind_count = 23;

[[nodiscard]] const kube::Resource& resource_of(Kind kind);
// The kind that an owner reference or an object names; nothing for kinds that are not ours.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view api_version, std::string_view kind);

// All objects, as last seen. Borrowed until the next change.
class View {
public:
    virtual ~View() = default;
    [[nodiscard]] virtual const Object* find(Kind kind, const NamespacedName& name) const = 0;
    // Those whose controller has the uid; with uid "" those of the namespace without a controller.
    [[nodiscard]] virtual std::vector<const Object*> owned(Kind kind, std::string_view namespace_,
                                                           std::string_view uid) const = 0;
    // By name; namespace "": all.
    [[nodiscard]] virtual std::vector<const Object*> in(Kind kind,
                                                        std::string_view namespace_) const = 0;
    [[nodiscard]] virtual bool has_pod_address(std::string_view address) const = 0;
};

struct Change {
    enum class Verb : uint8_t { create, update, update_status, remove, bind };
    Verb verb = Verb::create;
    Kind kind = Kind::pod;
    Object object;  // whole; for `remove` the one that is meant, for `bind` with spec.nodeName
    std::optional<int64_t> grace_period_seconds = {};  // of `remove`
    std::string propagation = {};                      // of `remove`
};

struct Outcome {
    std::vector<Change> changes;
    std::optional<int64_t> again_after;  // nanoseconds; the object is looked at again then

    void create(Kind kind, Object object) {
        changes.push_back({Change::Verb::create, kind, std::move(object)});
    }
    void update(Kind kind, Object object) {
        changes.push_back({Change::Verb::update, kind, std::move(object)});
    }
    void remove(Kind kind, Object object) {
        changes.push_back({Change::Verb::remove, kind, std::move(object), {}, "Background"});
    }
    // If it differs from the status that the object has.
    void set_status(Kind kind, const Object& object, Value status);
    // The earliest of several wins.
    void look_again(int64_t after) {
        again_after = again_after.has_value() ? std::min(*again_after, after) : after;
    }
};

// How long things take: nothing, or a time drawn from the seed and the object's uid.
class Delays {
public:
    Delays() = default;
    explicit Delays(uint64_t seed) : seed_(seed), is_on_(true) {}

    // Between `min` and `max` nanoseconds, always the same for one uid and step; 0 if off.
    [[nodiscard]] int64_t of(std::string_view uid, std::string_view step, int64_t min,
                             int64_t max) const;

private:
    uint64_t seed_ = 0;
    bool is_on_ = false;
};

struct Moment {
    Time now;
    Delays delays = {};
    std::string ca_pem = {};
    // Pods run here, so every namespace gets the ServiceAccount that they run as.
    bool has_workloads = true;

    [[nodiscard]] std::string text() const { return format_rfc3339(now); }
};

// Seconds that somebody has written, as nanoseconds; a century at most either way.
[[nodiscard]] constexpr int64_t nanos_of(int64_t seconds) {
    constexpr int64_t century = int64_t{100} * 366 * 86'400;
    return std::clamp(seconds, -century, century) * io::second;
}
// Nanoseconds from `now` until `nanos` after the time in `text`; 0 if that is past or no time.
[[nodiscard]] int64_t nanos_until(std::string_view text, int64_t nanos, Time now);

// --- What many reconcilers need ---

// The selector's labels and expressions; an empty or absent one matches nothing here.
[[nodiscard]] bool selects(const Value* label_selector, const Object& object);
[[nodiscard]] inline bool is_true(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}
// Plain maps of labels (Service, ReplicationController).
[[nodiscard]] bool selects_plainly(const Value* labels, const Object& object);

// The reference with controller: true; null if there is none.
[[nodiscard]] const Value* controller_of(const Object& object);
[[nodiscard]] Value controller_reference(Kind kind, const Object& owner);

[[nodiscard]] const Value* find_condition(const Value& status, std::string_view type);
[[nodiscard]] bool is_condition_true(const Object& object, std::string_view type);

// Hashes as Kubernetes writes them into names: FNV-32a of the text, its decimal digits in letters
// that make no words. The text differs from Go's, so the hashes do too.
[[nodiscard]] std::string safe_hash(const Value& value, int64_t collisions);

// A whole number or a percentage ("25%") of `total`.
[[nodiscard]] int64_t scaled(const Value* number_or_percent, int64_t otherwise, int64_t total,
                             bool round_up);

// The metadata that is due to whatever is made of a template, for `owner`.
[[nodiscard]] Object from_template(const Value& pod_template, Kind owner_kind, const Object& owner);

[[nodiscard]] bool is_pod_active(const Object& pod);  // not ended, not being deleted
[[nodiscard]] bool is_pod_ready(const Object& pod);
// Ready for so long; `again` hears how long it still takes.
[[nodiscard]] bool is_pod_available(const Object& pod, int64_t min_ready_seconds,
                                    const Moment& moment, Outcome* again);

// Members with 0 are left out, as Go's omitempty does.
void set_count(Value& status, std::string_view name, int64_t count);

}  // namespace weft::cluster
