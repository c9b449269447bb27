// schema/immutable.cc: which members of builtin objects may not change, and when.
//
// The packed rules hold fields, reasons and texts. Most fields are simply compared; the few that
// may change under a condition have it here.

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "schema/internal_form.h"
#include "schema/quantity.h"
#include "schema/strategy.h"

namespace weft::schema {

namespace {

// What one rule looks at.
struct Change {
    std::string_view resource;  // "apps/v1/deployments", "batch/v1/jobs/status"
    std::string_view field;
    std::string_view detail;
    const Value& old;
    const Value& now;

    [[nodiscard]] bool is(std::string_view name, std::string_view of_field) const {
        return resource == name && field == of_field;
    }
};

// A member by a path with [0]-indices; null pointer if it is not there or null.
const Value* member_at(const Value& value, std::string_view path) {
    const Value* at = &value;
    for (std::string_view step : split(path, '.')) {
        std::optional<size_t> index;
        if (step.ends_with("[0]")) {
            step.remove_suffix(3);
            index = 0;
        }
        at = at->find(step);
        if (at != nullptr && index) {
            at = at->is_list() && *index < at->size() ? &at->at(*index) : nullptr;
        }
        if (at == nullptr || at->is_null()) {
            return nullptr;
        }
    }
    return at;
}

bool differs(const Value* a, const Value* b) {
    return a == nullptr || b == nullptr ? a != b : *a != *b;
}

bool differs_at(const Change& change, std::string_view path) {
    return differs(member_at(change.old, path), member_at(change.now, path));
}

bool is_true(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}

bool has_condition(const Value& object, std::string_view type) {
    if (const Value* conditions = object.find("status", "conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == type && condition.string_at("status") == "True") {
                return true;
            }
        }
    }
    return false;
}

Value spec_without(const Value& object, std::initializer_list<std::string_view> names) {
    const Value* spec = object.find("spec");
    Value out = spec == nullptr ? Value::map() : *spec;
    for (const std::string_view name : names) {
        out.erase(name);
    }
    return out;
}

// The new spec with what may change taken from the old one, so that the rest compares.
Value munged_pod_spec(const Value& old, const Value& now) {
    const Value before = spec_without(old, {});
    Value spec = spec_without(now, {});
    const auto take = [&](std::string_view member) {
        if (const Value* value = member_at(before, member)) {
            spec.set(member, *value);
        } else {
            spec.erase(member);
        }
    };
    for (const std::string_view list : {"containers", "initContainers"}) {
        Value* containers = spec.find_mutable(list);
        const Value* others = before.find(list);
        for (size_t i = 0; containers != nullptr && others != nullptr &&
                           i < std::min(containers->size(), others->size());
             ++i) {
            if (const Value* image = others->at(i).find("image")) {
                containers->mutable_item(i).set("image", *image);
            }
        }
    }
    for (const std::string_view member :
         {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) {
        take(member);
    }
    constexpr std::string_view grace = "terminationGracePeriodSeconds";
    if (spec.int_at(0, grace) == 1 && before.int_at(0, grace) < 0) {
        take(grace);
    }
    if (const Value* gates = member_at(before, "schedulingGates");
        gates != nullptr && !gates->empty()) {
        // Where a gated pod may run can be narrowed.
        take("nodeSelector");
        take("affinity");
    }
    return spec;
}

size_t count_at(const Value& object, std::string_view path) {
    const Value* found = member_at(object, path);
    return found == nullptr ? 0 : found->size();
}

bool pod_containers_changed_in_number(const Change& change) {
    return count_at(change.old, "spec.containers") != count_at(change.now, "spec.containers") ||
           count_at(change.old, "spec.initContainers") !=
               count_at(change.now, "spec.initContainers");
}

std::optional<bool> pod_rule(const Change& change) {
    if (change.field == "spec.containers" || change.field == "spec.initContainers") {
        return count_at(change.old, change.field) != count_at(change.now, change.field);
    }
    if (change.field == "spec") {
        if (pod_containers_changed_in_number(change)) {
            return false;  // Upstream stops there.
        }
        return spec_without(change.old, {}) != munged_pod_spec(change.old, change.now);
    }
    if (change.field == "spec.schedulingGates[0].name") {
        return count_at(change.now, "spec.schedulingGates") >
               count_at(change.old, "spec.schedulingGates");
    }
    return std::nullopt;
}

Value fixed_job_pod_spec(const Value& job) {
    const Value* found = job.find("spec", "template", "spec");
    Value spec = found == nullptr ? Value::map() : *found;
    for (const std::string_view name :
         {"nodeSelector", "affinity", "tolerations", "schedulingGates"}) {
        spec.erase(name);
    }
    for (const std::string_view list : {"containers", "initContainers"}) {
        if (Value* containers = spec.find_mutable(list)) {
            for (size_t i = 0; i < containers->size(); ++i) {
                containers->mutable_item(i).erase("resources");
            }
        }
    }
    return spec;
}

std::optional<bool> job_rule(const Change& change) {
    if (change.field == "spec.completions") {
        if (!differs_at(change, "spec.completions")) {
            return false;
        }
        const bool is_indexed = change.now.string_at("spec", "completionMode") == "Indexed";
        if (is_indexed && member_at(change.now, "spec.completions") == nullptr) {
            return false;  // validation asks for it
        }
        const bool in_tandem = !differs(member_at(change.now, "spec.completions"),
                                        member_at(change.now, "spec.parallelism"));
        return change.detail.starts_with("can only") ? is_indexed && !in_tandem : !is_indexed;
    }
    // A job that never ran may change where its pods go and what they ask for.
    const bool never_ran = is_true(member_at(change.old, "spec.suspend")) &&
                           member_at(change.old, "status.startTime") == nullptr;
    if (change.field == "spec.template") {
        return !never_ran && differs_at(change, "spec.template");
    }
    if (change.field == "spec.template.spec") {
        return never_ran && fixed_job_pod_spec(change.old) != fixed_job_pod_spec(change.now);
    }
    return std::nullopt;
}

// Both specs of a claim, without what may change: the diff that a refusal shows is that of these.
std::pair<Value, Value> claim_specs(const Change& change) {
    Value before = spec_without(change.old, {});
    Value after = spec_without(change.now, {});
    if (member_at(change.old, "spec.storageClassName") == nullptr) {
        before.erase("storageClassName");  // a default class may come late
        after.erase("storageClassName");
    }
    if (member_at(change.old, "spec.volumeName") == nullptr) {
        before.erase("volumeName");  // the binder writes it
        if (const Value* name = member_at(change.now, "spec.volumeName")) {
            before.set("volumeName", *name);
        }
    }
    if (change.old.string_at("status", "phase") == "Bound") {
        after.erase("volumeAttributesClassName");
        if (const Value* name = member_at(change.old, "spec.volumeAttributesClassName")) {
            after.set("volumeAttributesClassName", *name);
        }
        const Value* requests = member_at(change.old, "spec.resources.requests");
        if (Value* resources = after.find_mutable("resources")) {
            resources->erase("requests");
            if (requests != nullptr) {
                resources->set("requests", *requests);
            }
        }
    }
    return {std::move(before), std::move(after)};
}

// A claim may ask for less than before, but not for as little as it has already.
bool is_shrunk_too_far(const Value& old, const Value& now) {
    const auto amount = [](const Value& object, std::string_view path) {
        const Value* found = member_at(object, path);
        const bool is_text = found != nullptr && found->is_string();
        return Quantity::parse(is_text ? found->as_string() : "0").value_or(Quantity());
    };
    const Quantity wanted = amount(now, "spec.resources.requests.storage");
    return wanted < amount(old, "spec.resources.requests.storage") &&
           wanted <= amount(old, "status.capacity.storage");
}

std::optional<bool> claim_rule(const Change& change) {
    if (change.field == "volumeMode") {
        return differs_at(change, "spec.volumeMode");
    }
    const auto [before, after] = claim_specs(change);
    return before != after;
}

std::optional<bool> volume_rule(const Change& change) {
    if (change.field == "volumeMode") {
        return differs_at(change, "spec.volumeMode");
    }
    if (change.field == "nodeAffinity") {
        return member_at(change.old, "spec.nodeAffinity") != nullptr &&
               differs_at(change, "spec.nodeAffinity");
    }
    static constexpr std::initializer_list<std::string_view> others = {
        "capacity",
        "accessModes",
        "claimRef",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "mountOptions",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName"};
    return spec_without(change.old, others) != spec_without(change.now, others);
}

std::optional<bool> service_rule(const Change& change) {
    const auto keeps = [](const Value& service) {
        const std::string_view type = service.string_at("spec", "type");
        return type == "ClusterIP" || type == "NodePort" || type == "LoadBalancer";
    };
    if (change.field == "spec.clusterIPs[0]") {
        const Value* before = member_at(change.old, "spec.clusterIP");
        return keeps(change.old) && keeps(change.now) && before != nullptr && !before->empty() &&
               differs_at(change, "spec.clusterIP");
    }
    if (change.field == "spec.loadBalancerClass") {
        const auto is_balancer = [](const Value& service) {
            return service.string_at("spec", "type") == "LoadBalancer";
        };
        return is_balancer(change.old) && is_balancer(change.now) &&
               differs_at(change, change.field);
    }
    const auto needs_port = [](const Value& service) {
        return service.string_at("spec", "type") == "LoadBalancer" &&
               service.string_at("spec", "externalTrafficPolicy") == "Local";
    };
    return needs_port(change.old) && needs_port(change.now) && differs_at(change, change.field);
}

std::optional<bool> node_rule(const Change& change) {
    if (change.field == "spec.podCIDRs") {
        return count_at(change.old, "spec.podCIDRs") > 0 &&
               (differs_at(change, "spec.podCIDRs") || differs_at(change, "spec.podCIDR"));
    }
    if (change.field == "spec.externalID") {
        return std::nullopt;
    }
    const Value* before = member_at(change.old, change.field);
    return before != nullptr && !before->empty() && differs_at(change, change.field);
}

std::optional<bool> configured_rule(const Change& change) {  // ConfigMaps and Secrets
    if (change.field == "type") {
        return std::nullopt;
    }
    return is_true(member_at(change.old, "immutable")) &&
           (change.field == "immutable" ? !is_true(member_at(change.now, "immutable"))
                                        : differs_at(change, change.field));
}

std::optional<bool> event_rule(const Change& change) {  // named as the internal type names them
    // Events of the old API may change; those with an eventTime may not.
    const Value* time = member_at(change.now, "eventTime");
    const Value* old_time = member_at(change.old, "eventTime");
    if (time == nullptr && old_time == nullptr) {
        return false;
    }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 2> names{
        {{"involvedObject", "regarding"}, {"message", "note"}}};
    for (const auto& [inner, outer] : names) {
        if (change.field == inner) {
            return differs_at(change, outer);
        }
    }
    return std::nullopt;
}

// Whether the rule's field changed in a way that is refused.
bool is_refused(const Change& change) {
    std::optional<bool> decided;
    if (change.resource == "v1/pods") {
        decided = pod_rule(change);
    } else if (change.resource == "batch/v1/jobs") {
        decided = job_rule(change);
    } else if (change.resource == "v1/persistentvolumeclaims") {
        decided = claim_rule(change);
    } else if (change.resource == "v1/persistentvolumes") {
        decided = volume_rule(change);
    } else if (change.resource == "v1/services") {
        decided = service_rule(change);
    } else if (change.resource == "v1/nodes") {
        decided = node_rule(change);
    } else if (change.resource == "v1/configmaps" || change.resource == "v1/secrets") {
        decided = configured_rule(change);
    } else if (change.resource == "events.k8s.io/v1/events") {
        decided = event_rule(change);
    } else if (change.is("apps/v1/statefulsets", "spec")) {
        static constexpr std::initializer_list<std::string_view> mutable_members = {
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "minReadySeconds",
            "persistentVolumeClaimRetentionPolicy",
            "revisionHistoryLimit"};
        decided =
            spec_without(change.old, mutable_members) != spec_without(change.now, mutable_members);
    } else if (change.field == "spec.cidrs[0]" && change.resource.ends_with("/servicecidrs")) {
        // The first may not change, a second may come; that none is left is told of the list.
        decided = count_at(change.now, "spec.cidrs") > 0 && differs_at(change, "spec.cidrs[0]");
    } else if (change.is("storage.k8s.io/v1/csidrivers", "spec.attachedRequired")) {
        decided = differs_at(change, "spec.attachRequired");
    } else if (change.is("storage.k8s.io/v1/csinodes", "spec.drivers")) {
        decided = false;
        for (const Value& driver : change.old.find("spec", "drivers")->items()) {
            for (const Value& other : change.now.find("spec", "drivers")->items()) {
                decided = *decided ||
                          (driver.string_at("name") == other.string_at("name") && driver != other);
            }
        }
    } else if (change.resource == "apiextensions.k8s.io/v1/customresourcedefinitions" &&
               (change.field == "spec.scope" || change.field == "spec.names.kind")) {
        decided = has_condition(change.old, "Established") && differs_at(change, change.field);
    } else if (change.is("resource.k8s.io/v1/resourceclaims/status", "status.allocation")) {
        decided = member_at(change.old, change.field) != nullptr &&
                  member_at(change.now, change.field) != nullptr &&
                  differs_at(change, change.field);
    } else if (change.is("batch/v1/jobs/status", "status.completionTime")) {
        decided = member_at(change.old, change.field) != nullptr &&
                  has_condition(change.old, "Complete") && has_condition(change.now, "Complete") &&
                  differs_at(change, change.field);
    } else if (change.is("batch/v1/jobs/status", "status.startTime")) {
        decided = member_at(change.old, change.field) != nullptr &&
                  !is_true(member_at(change.now, "spec.suspend")) &&
                  differs_at(change, change.field);
    } else if (change.resource == "v1/pods/ephemeralcontainers" ||
               change.resource == "v1/pods/resize" ||
               change.is("v1/pods/status", "status.nodeName")) {
        return false;  // These need their own comparison, which is not in the tables.
    }
    return decided ? *decided : differs_at(change, change.field);
}

// "a/*/c" stands for every version.
bool is_about(std::string_view pattern, std::string_view resource) {
    const size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
        return pattern == resource;
    }
    return pattern.size() > 1 && resource.starts_with(pattern.substr(0, star)) &&
           resource.ends_with(pattern.substr(star + 1));
}

void add_error(FieldErrors& errors, FieldErrorType type, std::string_view field,
               const Value* bad_value, std::string_view detail) {
    FieldError error;
    error.type = type;
    error.path = field;
    error.detail = detail;
    if (bad_value != nullptr) {
        error.bad_value = *bad_value;
    }
    errors.push_back(std::move(error));
}

// Where the new value of a rule's field lies, and its type if errors print it as the internal type.
struct Shown {
    std::string_view resource;
    std::string_view field;
    std::string_view path;
    std::string_view definition;
};
constexpr std::array<Shown, 16> shown_values{{
    {"rbac.authorization.k8s.io/v1/clusterrolebindings", "roleRef", "roleRef",
     "io.k8s.api.rbac.v1.RoleRef"},
    {"rbac.authorization.k8s.io/v1/rolebindings", "roleRef", "roleRef",
     "io.k8s.api.rbac.v1.RoleRef"},
    {"storage.k8s.io/v1/csidrivers", "spec.attachedRequired", "spec.attachRequired", ""},
    {"events.k8s.io/v1/events", "involvedObject", "regarding",
     "io.k8s.api.core.v1.ObjectReference"},
    {"events.k8s.io/v1/events", "message", "note", ""},
    {"batch/v1/jobs", "spec.template", "spec.template", "io.k8s.api.core.v1.PodTemplateSpec"},
    {"batch/v1/jobs", "spec.template.spec", "spec.template.spec", "io.k8s.api.core.v1.PodSpec"},
    {"batch/v1/jobs", "spec.podFailurePolicy", "spec.podFailurePolicy",
     "io.k8s.api.batch.v1.PodFailurePolicy"},
    {"batch/v1/jobs", "spec.successPolicy", "spec.successPolicy",
     "io.k8s.api.batch.v1.SuccessPolicy"},
    {"v1/services", "spec.clusterIPs[0]", "spec.clusterIPs", ""},
    {"v1/persistentvolumes", "volumeMode", "spec.volumeMode", ""},
    {"v1/persistentvolumeclaims", "volumeMode", "spec.volumeMode", ""},
    {"v1/persistentvolumes", "nodeAffinity", "spec.nodeAffinity",
     "io.k8s.api.core.v1.VolumeNodeAffinity"},
    {"resource.k8s.io/v1/resourceclaims", "spec", "spec",
     "io.k8s.api.resource.v1.ResourceClaimSpec"},
    {"resource.k8s.io/v1/resourceclaimtemplates", "spec", "spec",
     "io.k8s.api.resource.v1.ResourceClaimTemplateSpec"},
    {"storage.k8s.io/v1/volumeattachments", "spec", "spec",
     "io.k8s.api.storage.v1.VolumeAttachmentSpec"},
}};

Value shown_value(const Builtin& builtin, const Change& change) {
    for (const Shown& row : shown_values) {
        if (change.is(row.resource, row.field)) {
            const Value* value = member_at(change.now, row.path);
            if (value == nullptr) {
                return {};
            }
            return row.definition.empty() ? *value : internal_form(builtin, row.definition, *value);
        }
    }
    const Value* value = member_at(change.now, change.field);
    return value == nullptr ? Value() : *value;
}

// The difference that a few messages end with.
std::string diff_of(const Builtin& builtin, const Change& change) {
    if (change.resource == "v1/persistentvolumeclaims") {
        const auto [before, after] = claim_specs(change);
        return cat("\n", internal_diff(builtin, "io.k8s.api.core.v1.PersistentVolumeClaimSpec",
                                       before, after));
    }
    if (change.resource == "v1/pods") {
        return cat(
            "\n", internal_diff(builtin, "io.k8s.api.core.v1.PodSpec", spec_without(change.old, {}),
                                munged_pod_spec(change.old, change.now)));
    }
    if (change.resource == "v1/persistentvolumes") {
        return cat("\n", internal_diff(builtin, "io.k8s.api.core.v1.PersistentVolumeSource",
                                       spec_without(change.old, {}), spec_without(change.now, {})));
    }
    return {};
}

void validate_metadata(const BuiltinResource& resource, const Value& old, const Value& object,
                       FieldErrors& errors) {
    constexpr std::string_view text = "field is immutable";
    for (const std::string_view field : {"metadata.name", "metadata.namespace", "metadata.uid"}) {
        if (differs(member_at(old, field), member_at(object, field))) {
            add_error(errors, FieldErrorType::invalid, field, member_at(object, field), text);
        }
    }
    const bool was_deleting = member_at(old, "metadata.deletionTimestamp") != nullptr;
    if (!was_deleting && member_at(object, "metadata.deletionTimestamp") != nullptr) {
        add_error(errors, FieldErrorType::invalid, "metadata.deletionTimestamp",
                  member_at(object, "metadata.deletionTimestamp"), text);
    }
    constexpr std::string_view grace = "metadata.deletionGracePeriodSeconds";
    if (member_at(object, grace) != nullptr &&
        differs(member_at(old, grace), member_at(object, grace))) {
        add_error(errors, FieldErrorType::invalid, grace, member_at(object, grace), text);
    }
    if (!resource.unconditional_update && object.string_at("metadata", "resourceVersion").empty()) {
        const Value zero(0);
        add_error(errors, FieldErrorType::invalid, "metadata.resourceVersion", &zero,
                  "must be specified for an update");
    }
    if (!was_deleting) {
        return;
    }
    Value added = Value::list();
    if (const Value* finalizers = member_at(object, "metadata.finalizers")) {
        const Object before{old};
        for (const Value& finalizer : finalizers->items()) {
            if (!before.has_finalizer(finalizer.as_string())) {
                added.push_back(finalizer);
            }
        }
    }
    if (!added.empty()) {
        std::string list = "[]string{";
        for (size_t i = 0; i < added.size(); ++i) {
            append(list, i == 0 ? "" : ", ", quote(added.at(i).as_string()));
        }
        add_error(errors, FieldErrorType::forbidden, "metadata.finalizers", nullptr,
                  cat("no new finalizers can be added if the object is being deleted, found new "
                      "finalizers ",
                      list, "}"));
    }
}

}  // namespace

FieldErrors validate_immutable(const Builtin& builtin, const BuiltinResource& resource,
                               std::string_view subresource, const Value& old,
                               const Value& object) {
    FieldErrors errors;
    validate_metadata(resource, old, object, errors);
    FieldErrors more = validate_immutable_members(builtin, resource, subresource, old, object);
    errors.insert(errors.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
    return errors;
}

FieldErrors validate_immutable_members(const Builtin& builtin, const BuiltinResource& resource,
                                       std::string_view subresource, const Value& old,
                                       const Value& object) {
    FieldErrors errors;
    const std::string name =
        cat(resource.group, resource.group.empty() ? "" : "/", resource.version, "/",
            resource.resource, subresource.empty() ? "" : "/", subresource);
    for (const Value& rule : builtin.immutable().items()) {
        const std::string_view reason = rule.string_at("reason");
        if (!is_about(rule.string_at("resource"), name) || reason == "ignored") {
            continue;
        }
        const Change change{name, rule.string_at("field"), rule.string_at("detail"), old, object};
        if (!is_refused(change)) {
            continue;
        }
        std::string detail(change.detail);
        if (detail.ends_with("…")) {
            detail.resize(detail.size() - std::string_view("…").size());
            detail += diff_of(builtin, change);
        }
        const Value shown = shown_value(builtin, change);
        add_error(
            errors,
            reason == "FieldValueForbidden" ? FieldErrorType::forbidden : FieldErrorType::invalid,
            change.field, &shown, detail);
    }
    if (name == "v1/configmaps" || name == "v1/secrets") {
        constexpr std::array<std::string_view, 4> order{"type", "immutable", "data", "binaryData"};
        std::ranges::stable_sort(errors, {}, [&order](const FieldError& error) {
            return std::ranges::find(order, error.path) - order.begin();
        });
    }
    if (name == "v1/persistentvolumeclaims" && is_shrunk_too_far(old, object)) {
        const auto place = std::ranges::find(errors, "volumeMode", &FieldError::path);
        errors.insert(place, field_forbidden("spec.resources.requests.storage",
                                             "field can not be less than status.capacity"));
    }
    return errors;
}

}  // namespace weft::schema
