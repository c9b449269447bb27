// server/internal/validate_pod_change.cc: pods as a whole: new ones, changed ones, their
// subresources; and the table of their kinds.

#include <algorithm>
#include <array>

#include "schema/builtin.h"
#include "schema/internal_form.h"
#include "schema/strategy.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// What pods must fulfil: as much as their templates, and more.
void check_spec_of_pod(Checker& check, const Value& spec, const Place& at) {
    check_pod_spec(check, spec, at);
    if (spec.string_at("serviceAccountName").empty()) {
        const Place list = at.member("volumes");
        size_t index = 0;
        for (const Value& volume : items_of(spec, "volumes")) {
            const Place place = list.item(index++);
            const Place projected = place.member("projected");
            const Place sources = projected.member("sources");
            size_t number = 0;
            for (const Value& source : items_of(map_of(volume, "projected"), "sources")) {
                const Place at_source = sources.item(number++);
                if (given(source, "serviceAccountToken") != nullptr) {
                    check.forbidden(at_source.member("serviceAccountToken"),
                                    "must not be specified when serviceAccountName is not set");
                }
            }
        }
    }
    for (const std::string_view kind : {"containers", "initContainers", "ephemeralContainers"}) {
        const Place list = at.member(kind);
        size_t index = 0;
        for (const Value& container : items_of(spec, kind)) {
            const Place place = list.item(index++);
            const std::string_view image = container.string_at("image");
            if (trim(image) != image) {
                check.invalid(place.member("image"), image,
                              "must not have leading or trailing whitespace");
            }
        }
    }
}

void check_new_pod(Checker& check, const Value& pod, const Place& at) {
    const Value& spec = map_of(pod, "spec");
    if (!items_of(spec, "ephemeralContainers").empty()) {
        check.forbidden(at.member("ephemeralContainers"), "cannot be set on create");
    }
    if (!items_of(spec, "schedulingGates").empty() && !spec.string_at("nodeName").empty()) {
        check.forbidden(at.member("nodeName"),
                        "cannot be set until all schedulingGates have been cleared");
    }
}

// The same number of containers, each with an image; false: nothing else is worth a word (that the
// number changed says schema, whose rules know what may not change).
bool check_container_update(Checker& check, const Value& spec, const Value& old_spec,
                            std::string_view list, const Place& at) {
    const auto now = items_of(spec, list);
    const Place place = at.member(list);
    if (now.size() != items_of(old_spec, list).size()) {
        return false;
    }
    for (size_t i = 0; i < now.size(); ++i) {
        if (trim(now[i].string_at("image")).empty()) {
            const Place container = place.item(i);
            check.required(container.member("image"));
        }
    }
    return true;
}

// False if the deadline changed as it must not.
bool check_deadline_update(Checker& check, const Value& spec, const Value& old_spec,
                           const Place& at) {
    constexpr std::string_view member = "activeDeadlineSeconds";
    const Value* now = given(spec, member);
    const Value* before = given(old_spec, member);
    if (now != nullptr) {
        if (now->as_int() < 0 || now->as_int() > 2147483647) {
            check.invalid(at.member(member), *now, range_text(0, 2147483647));
            return false;
        }
        if (before != nullptr && before->as_int() < now->as_int()) {
            check.invalid(at.member(member), *now, "must be less than or equal to previous value");
            return false;
        }
    } else if (before != nullptr) {
        check.invalid(at.member(member), Value(),
                      "must not update from a positive integer to nil value");
    }
    return true;
}

void check_toleration_update(Checker& check, const Value& spec, const Value& old_spec,
                             const Place& at) {
    const auto now = items_of(spec, "tolerations");
    for (const Value& before : items_of(old_spec, "tolerations")) {
        Value same = before;
        same.erase("tolerationSeconds");
        const bool is_there = std::ranges::any_of(now, [&](const Value& one) {
            Value other = one;
            other.erase("tolerationSeconds");
            return other == same;
        });
        if (!is_there) {
            check.forbidden(at.member("tolerations"),
                            "existing toleration can not be modified except its tolerationSeconds");
            return;
        }
    }
}

void check_gate_update(Checker& check, const Value& spec, const Value& old_spec, const Place& at) {
    if (items_of(old_spec, "schedulingGates").empty()) {
        return;
    }
    // Where a gated pod may run can be narrowed, not changed.
    const Value& selector = map_of(spec, "nodeSelector");
    for (const Member& term : members_of(old_spec, "nodeSelector")) {
        const Value* now = selector.find(term.name());
        if (now == nullptr || *now != term.value) {
            check.invalid(at.member("nodeSelector"), selector,
                          "only additions are allowed (no deletions or mutations)");
            return;
        }
    }
}

void check_pod_update(Checker& check, const Value& pod, const Value& old_pod, const Place& at) {
    const Value& spec = map_of(pod, "spec");
    const Value& old_spec = map_of(old_pod, "spec");
    if (!check_container_update(check, spec, old_spec, "containers", at) ||
        !check_container_update(check, spec, old_spec, "initContainers", at) ||
        !check_deadline_update(check, spec, old_spec, at)) {
        return;
    }
    check_toleration_update(check, spec, old_spec, at);
    check_gate_update(check, spec, old_spec, at);
}

void check_pod(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    check_spec_of_pod(check, spec, at);
    if (old == nullptr) {
        check_new_pod(check, pod, at);
    } else {
        check_pod_update(check, pod, *old, at);
    }
}

void check_pod_ephemeral(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    check_spec_of_pod(check, spec, at);
    const Place list = at.member("ephemeralContainers");
    const auto now = items_of(spec, "ephemeralContainers");
    const auto before = items_of(map_of(*old, "spec"), "ephemeralContainers");
    const auto named = [](std::span<const Value> all, std::string_view name) -> const Value* {
        const auto found = std::ranges::find_if(
            all, [&](const Value& one) { return one.string_at("name") == name; });
        return found == all.end() ? nullptr : &*found;
    };
    for (size_t i = 0; i < now.size(); ++i) {
        const std::string_view name = now[i].string_at("name");
        const Value* was = named(before, name);
        if (was != nullptr && *was != now[i]) {
            check.forbidden(
                list,
                cat("existing ephemeral containers ", quote(name), " may not be changed\n",
                    schema::internal_diff(schema::Builtin::get(),
                                          "io.k8s.api.core.v1.EphemeralContainer", *was, now[i])));
        }
    }
    for (const Value& was : before) {
        if (named(now, was.string_at("name")) == nullptr) {
            check.forbidden(list, cat("existing ephemeral containers ",
                                      quote(was.string_at("name")), " may not be removed\n"));
        }
    }
}

// What was asked for must stay asked for.
void check_kept_resources(Checker& check, const Value& container, const Value& before,
                          const Place& at) {
    const Place place = at.member("resources");
    for (const std::string_view member : {"requests", "limits"}) {
        const Value& now = map_of(map_of(container, "resources"), member);
        for (const Member& amount : members_of(map_of(before, "resources"), member)) {
            if (!now.contains(amount.name())) {
                check.forbidden(place.member(member),
                                cat("resource ", member, " cannot be removed"));
                break;
            }
        }
    }
}

// Containers with what a resize may change taken from the old ones.
Value without_resize(const Value& spec, const Value& old_spec) {
    Value out = spec;
    for (const std::string_view list : {"containers", "initContainers"}) {
        Value* containers = out.find_mutable(list);
        const auto before = items_of(old_spec, list);
        for (size_t i = 0; containers != nullptr && i < std::min(containers->size(), before.size());
             ++i) {
            Value resources = map_of(containers->at(i), "resources");
            const Value& old_resources = map_of(before[i], "resources");
            for (const std::string_view member : {"requests", "limits"}) {
                Value amounts = map_of(resources, member);
                for (const std::string_view name : {"cpu", "memory"}) {
                    amounts.erase(name);
                    if (const Value* amount = old_resources.find(member, name)) {
                        amounts.set(name, *amount);
                    }
                }
                if (amounts.empty()) {
                    resources.erase(member);
                } else {
                    amounts.sort_members();
                    resources.set(member, std::move(amounts));
                }
            }
            containers->mutable_item(i).set("resources", std::move(resources));
        }
    }
    return out;
}

void check_pod_resize(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    const Value& old_spec = map_of(*old, "spec");
    check_spec_of_pod(check, spec, at);
    const std::string_view quality = old->string_at("status", "qosClass");
    if (!quality.empty() && schema::pod_qos_class(pod) != quality) {
        check.invalid(at, quality, "Pod QOS Class may not change as a result of resizing");
        return;
    }
    for (const std::string_view list : {"containers", "initContainers"}) {
        const auto containers = items_of(spec, list);
        const auto before = items_of(old_spec, list);
        const Place place = at.member(list);
        for (size_t i = 0; i < std::min(containers.size(), before.size()); ++i) {
            const Place container = place.item(i);
            check_kept_resources(check, containers[i], before[i], container);
        }
    }
    if (check.errors().empty() && without_resize(spec, old_spec) != old_spec) {
        check.forbidden(at, "only cpu and memory resources are mutable");
    }
}

void check_template_object(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_pod_template(check, map_of(object, "template"), root.member("template"));
}

constexpr std::array<KindRules, 4> pod_table{
    {{"", "Pod", "", check_pod},
     {"", "Pod", "ephemeralcontainers", check_pod_ephemeral},
     {"", "Pod", "resize", check_pod_resize},
     {"", "PodTemplate", "", check_template_object}}};

}  // namespace

std::span<const KindRules> pod_rules() {
    return pod_table;
}

}  // namespace weft::server
