// server/internal/validate_core.cc: ConfigMaps, Secrets, Namespaces, Nodes, LimitRanges,
// ResourceQuotas, Events.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "object/names.h"
#include "schema/builtin.h"
#include "schema/quantity.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr int64_t data_bytes_max = 1024 * 1024;

// Bytes of a text, or of what base64 stands for.
int64_t decoded_size(const Value& value, bool is_base64) {
    if (!value.is_string()) {
        return 0;
    }
    const std::string_view text = value.as_string();
    if (!is_base64) {
        return static_cast<int64_t>(text.size());
    }
    const auto padding = static_cast<int64_t>(text.ends_with("==")  ? 2
                                              : text.ends_with('=') ? 1
                                                                    : 0);
    return static_cast<int64_t>(text.size()) / 4 * 3 - padding;
}

void check_config_map(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Value& binary = map_of(object, "binaryData");
    int64_t total = 0;
    for (const std::string_view member : {"data", "binaryData"}) {
        const Place at = root.member(member);
        for (const Member& entry : members_of(object, member)) {
            check.name(at.key(entry.name()), entry.name(), check_config_map_key);
            if (member == "data" && binary.contains(entry.name())) {
                check.invalid(at.key(entry.name()), entry.name(),
                              "duplicate of key present in binaryData");
            }
            total += decoded_size(entry.value, member == "binaryData");
        }
    }
    if (total > data_bytes_max) {
        check.add(schema::field_too_long("[]", data_bytes_max));
    }
}

struct SecretKey {
    std::string_view type;
    std::string_view key;
    bool is_json = false;
};
// Of basic-auth either key is enough.
constexpr std::array<SecretKey, 5> secret_keys{
    {{"kubernetes.io/dockercfg", ".dockercfg", true},
     {"kubernetes.io/dockerconfigjson", ".dockerconfigjson", true},
     {"kubernetes.io/ssh-auth", "ssh-privatekey", false},
     {"kubernetes.io/tls", "tls.crt", false},
     {"kubernetes.io/tls", "tls.key", false}}};

void check_secret_type(Checker& check, const Value& secret, const Place& root) {
    const std::string_view type = secret.string_at("type");
    const Value& data = map_of(secret, "data");
    const Place at = root.member("data");
    if (type == "kubernetes.io/service-account-token") {
        constexpr std::string_view key = "kubernetes.io/service-account.name";
        if (secret.string_at("metadata", "annotations", key).empty()) {
            const Place metadata = root.member("metadata");
            const Place annotations = metadata.member("annotations");
            check.required(annotations.key(key));
        }
    } else if (type == "kubernetes.io/basic-auth") {
        if (!data.contains("username") && !data.contains("password")) {
            check.required(at.key("username"));
            check.required(at.key("password"));
        }
    }
    for (const SecretKey& wanted : secret_keys) {
        if (wanted.type != type) {
            continue;
        }
        const Value* value = data.find(wanted.key);
        if (value == nullptr || (type == "kubernetes.io/ssh-auth" && value->empty())) {
            check.required(at.key(wanted.key));
        } else if (wanted.is_json && value->is_string()) {
            const auto text = base64_decode(value->as_string());
            if (const auto parsed = parse_json(text.value_or("")); !parsed) {
                check.invalid(at.key(wanted.key), "<secret contents redacted>",
                              parsed.error().message());
            }
        }
    }
}

void check_secret_object(Checker& check, const Value& secret, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("data");
    int64_t total = 0;
    for (const Member& entry : members_of(secret, "data")) {
        check.name(at.key(entry.name()), entry.name(), check_config_map_key);
        total += decoded_size(entry.value, true);
    }
    if (total > data_bytes_max) {
        check.too_long(at, data_bytes_max);
    }
    check_secret_type(check, secret, root);
}

void check_namespace_object(Checker& check, const Value& object, const Value* old) {
    if (old != nullptr) {
        return;
    }
    const Place root;
    const Place spec = root.member("spec");
    for (const Value& finalizer : items_of(map_of(object, "spec"), "finalizers")) {
        check_finalizer_name(check, spec.member("finalizers"), finalizer.as_string());
    }
}

void check_namespace_finalize(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    for_items(map_of(object, "spec"), "finalizers", spec,
              [&](const Value& finalizer, const Place& place) {
                  check_finalizer_name(check, place, finalizer.as_string());
              });
}

void check_taints(Checker& check, const Value& node, const Place& root) {
    const Place metadata = root.member("metadata");  // where upstream says that they are
    const Place list = metadata.member("taints");
    std::set<std::pair<std::string_view, std::string_view>> seen;
    size_t index = 0;
    for (const Value& taint : items_of(map_of(node, "spec"), "taints")) {
        const Place place = list.item(index++);
        const std::string_view key = taint.string_at("key");
        const std::string_view effect = taint.string_at("effect");
        check_label_name(check, place.member("key"), key);
        const std::string_view value = taint.string_at("value");
        if (const auto problems = check_label_value(value); !problems.empty()) {
            check.invalid(place.member("value"), value, join(problems, ";"));
        }
        check.required_one_of(taint, "effect", place,
                              {"NoSchedule", "PreferNoSchedule", "NoExecute"});
        if (!seen.emplace(key, effect).second) {
            schema::FieldError error =
                schema::field_duplicate(place.text(), Checker::form("core.v1.Taint", taint));
            error.detail = "taints must be unique by key and effect pair";
            check.add(std::move(error));
        }
    }
}

// What a node has and what of it pods may have.
void check_node_amounts(Checker& check, const Value& status, const Place& at) {
    for (const std::string_view member : {"capacity", "allocatable"}) {
        const Place place = at.member(member);
        for (const Member& amount : members_of(status, member)) {
            check_quantity_of(check, place.member(amount.name()), amount.name(), amount.value);
        }
    }
}

// Of several networks there is one of each family.
void check_families(Checker& check, const Value& spec, const Place& place) {
    const auto cidrs = items_of(spec, "podCIDRs");
    if (cidrs.size() < 2) {
        return;
    }
    const Place at = place.member("podCIDRs");
    bool has_v4 = false;
    bool has_v6 = false;
    bool is_broken = false;
    for (size_t i = 0; i < cidrs.size() && !is_broken; ++i) {
        const std::string_view text = cidrs[i].as_string();
        Checker one;
        check_cidr_text(one, at, text);
        is_broken = !one.errors().empty();
        if (is_broken) {
            check.add(schema::field_internal(
                at.text(),
                cat("invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[", i,
                    "]: <nil> (invalid CIDR address: ", text, ")")));
        }
        (text.contains(':') ? has_v6 : has_v4) = true;
    }
    if (is_broken || !has_v4 || !has_v6 || cidrs.size() > 2) {
        check.invalid(at, value_at(spec, "podCIDRs"),
                      "may specify no more than one CIDR for each IP family");
    }
}

void check_node(Checker& check, const Value& node, const Value* old) {
    const Place root;
    check_taints(check, node, root);
    const Place spec = root.member("spec");
    if (old == nullptr) {
        check_node_amounts(check, map_of(node, "status"), root.member("status"));
    }
    for_items(map_of(node, "spec"), "podCIDRs", spec, [&](const Value& cidr, const Place& place) {
        check_cidr_text(check, place, cidr.as_string());
    });
    check_families(check, map_of(node, "spec"), spec);
    if (old != nullptr) {
        check_taints(check, node, root);  // once by the node's, once by the update's validation
    }
}

// --- LimitRange ---

class LimitChecker {
public:
    LimitChecker(Checker* check, const Value* limit, const Place* at)
        : check_(*check), limit_(*limit), at_(*at) {}

    void run() {
        check_names("max");
        check_names("min");
        const std::string_view type = limit_.string_at("type");
        if (type == "Pod") {
            for (const std::string_view member : {"default", "defaultRequest"}) {
                if (!members_of(limit_, member).empty()) {
                    check_.forbidden(at_.member(member),
                                     "may not be specified when `type` is 'Pod'");
                }
            }
        } else {
            check_names("default");
            check_names("defaultRequest");
        }
        if (type == "PersistentVolumeClaim" && find("min", "storage") == nullptr &&
            find("max", "storage") == nullptr) {
            check_.required(at_.member("limits"),
                            "either minimum or maximum storage value is required, but neither "
                            "was provided");
        }
        check_names("maxLimitRequestRatio");
        std::set<std::string_view> keys;
        for (const std::string_view member :
             {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"}) {
            for (const Member& entry : members_of(limit_, member)) {
                keys.insert(entry.name());
            }
        }
        for (const std::string_view key : keys) {
            check_key(key);
        }
    }

private:
    const Value* find(std::string_view member, std::string_view key) const {
        return limit_.find(member, key);
    }

    void check_names(std::string_view member) {
        const Place list = at_.member(member);
        const bool is_of_containers = is_one_of(limit_.string_at("type"), {"Pod", "Container"});
        for (const Member& entry : members_of(limit_, member)) {
            const Place place = list.key(entry.name());
            if (is_of_containers) {
                check_container_resource_name(check_, place, entry.name());
            } else {
                check_resource_name(check_, place, entry.name());
            }
        }
    }

    // `low` must not be above `high`.
    void check_order(std::string_view key, std::string_view low, std::string_view high,
                     std::string_view at, std::string_view shown, std::string_view low_word,
                     std::string_view high_word, std::string_view relation) {
        const Value* a = find(low, key);
        const Value* b = find(high, key);
        if (a == nullptr || b == nullptr || compare_quantities(*a, *b) <= 0) {
            return;
        }
        const Place list = at_.member(at);
        const Value& value = shown == low ? *a : *b;
        check_.invalid(list.key(key), value,
                       cat(low_word, " value ", a->as_string(), relation, high_word, " value ",
                           b->as_string()));
    }

    void check_key(std::string_view key) {
        constexpr std::string_view above = " is greater than ";
        const bool is_pod = limit_.string_at("type") == "Pod";
        check_order(key, "min", "max", "min", "min", "min", "max", above);
        if (!is_pod) {
            check_order(key, "min", "defaultRequest", "defaultRequest", "defaultRequest", "min",
                        "default request", above);
            check_order(key, "defaultRequest", "max", "defaultRequest", "defaultRequest",
                        "default request", "max", above);
            check_order(key, "defaultRequest", "default", "defaultRequest", "defaultRequest",
                        "default request", "default limit", above);
            check_order(key, "min", "default", "default", "min", "min", "default", above);
            check_order(key, "default", "max", "default", "max", "default", "max", above);
        }
        const Value* ratio = find("maxLimitRequestRatio", key);
        if (ratio != nullptr && compare_quantities(*ratio, Value("1")) < 0) {
            const Place list = at_.member("maxLimitRequestRatio");
            check_.invalid(list.key(key), *ratio,
                           cat("ratio ", ratio->as_string(), " is less than 1"));
        }
    }

    Checker& check_;
    const Value& limit_;
    const Place& at_;
};

void check_limit_range(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    const Place list = spec.member("limits");
    std::set<std::string_view> types;
    size_t index = 0;
    for (const Value& limit : items_of(map_of(object, "spec"), "limits")) {
        const Place at = list.item(index++);
        const std::string_view type = limit.string_at("type");
        const auto problems = check_qualified_name(type);
        for (const std::string& problem : problems) {
            check.invalid(at.member("type"), type, problem);
        }
        if (problems.empty() && !type.contains('/') &&
            !is_one_of(type, {"Pod", "Container", "PersistentVolumeClaim"})) {
            check.invalid(at.member("type"), type,
                          "must be a standard limit type or fully qualified");
        }
        if (!types.insert(type).second) {
            check.duplicate(at.member("type"), type);
        }
        LimitChecker(&check, &limit, &at).run();
    }
}

// --- ResourceQuota ---

void check_quota_amounts(Checker& check, const Value& holder, std::string_view member,
                         const Place& at) {
    const Place list = at.member(member);
    for (const Member& amount : members_of(holder, member)) {
        const std::string_view name = amount.name();
        check_resource_name(check, list.key(name), name);
        if (!name.contains('/') && !is_standard_resource(name)) {
            check.invalid(list.key(name), name, "must be a standard resource for quota");
        }
        check_quantity_of(check, list.key(name), name, amount.value);
    }
}

// Whether what a scope selects can be counted by a resource. Scopes that are unknown select all.
bool scope_fits(std::string_view scope, std::string_view resource) {
    if (scope == "BestEffort") {
        return resource == "pods";
    }
    if (scope == "VolumeAttributesClass") {
        return is_one_of(resource, {"persistentvolumeclaims", "requests.storage"});
    }
    if (is_one_of(scope, {"Terminating", "NotTerminating", "NotBestEffort", "PriorityClass",
                          "CrossNamespacePodAffinity"})) {
        return is_one_of(resource, {"cpu", "memory", "ephemeral-storage", "pods", "requests.cpu",
                                    "requests.memory", "requests.ephemeral-storage", "limits.cpu",
                                    "limits.memory", "limits.ephemeral-storage"}) ||
               resource.contains('/');
    }
    return true;
}

bool is_known_scope(std::string_view scope) {
    return is_one_of(
        scope, {"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
                "CrossNamespacePodAffinity", "VolumeAttributesClass"});
}

void check_conflicting_scopes(Checker& check, const std::set<std::string_view>& scopes,
                              const Place& at, const Value& all) {
    for (const auto& [one, other] :
         {std::pair<std::string_view, std::string_view>{"BestEffort", "NotBestEffort"},
          {"Terminating", "NotTerminating"}}) {
        if (scopes.contains(one) && scopes.contains(other)) {
            check.invalid(at, all, "conflicting scopes");
        }
    }
}

void check_scope_amounts(Checker& check, const Value& spec, std::string_view scope, const Place& at,
                         const Value& shown) {
    for (const Member& amount : members_of(spec, "hard")) {
        if (is_standard_resource(amount.name()) && !scope_fits(scope, amount.name())) {
            check.invalid(at, shown, "unsupported scope applied to resource");
        }
    }
}

void check_scopes(Checker& check, const Value& spec, const Place& at) {
    const Place place = at.member("scopes");
    const Value all = value_at(spec, "scopes");
    std::set<std::string_view> seen;
    for (const Value& scope : items_of(spec, "scopes")) {
        const std::string_view name = scope.as_string();
        seen.insert(name);
        if (!is_known_scope(name)) {
            check.invalid(place, all, "unsupported scope");
        }
        check_scope_amounts(check, spec, name, place, all);
    }
    check_conflicting_scopes(check, seen, place, all);
}

void check_scope_selector(Checker& check, const Value& spec, const Place& at) {
    const Place selector_place = at.member("scopeSelector");
    const Place place = selector_place.member("matchExpressions");
    const Value& selector = map_of(spec, "scopeSelector");
    std::set<std::string_view> seen;
    for (const Value& one : items_of(selector, "matchExpressions")) {
        const std::string_view scope = one.string_at("scopeName");
        const std::string_view way = one.string_at("operator");
        const size_t values = items_of(one, "values").size();
        seen.insert(scope);
        if (!is_known_scope(scope)) {
            check.invalid(place.member("scopeName"), scope, "unsupported scope");
        }
        check_scope_amounts(check, spec, scope, place,
                            Checker::form("core.v1.ScopeSelector", selector));
        if (way != "Exists" && is_known_scope(scope) &&
            !is_one_of(scope, {"PriorityClass", "VolumeAttributesClass"})) {
            check.invalid(place.member("operator"), way,
                          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                          "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                          "ResourceQuotaScopeNotBestEffort or "
                          "ResourceQuotaScopeCrossNamespacePodAffinity");
        }
        if (is_one_of(way, {"In", "NotIn"})) {
            if (values == 0) {
                check.required(place.member("values"),
                               "must be at least one value when `operator` is 'In' or 'NotIn' for "
                               "scope selector");
            }
        } else if (is_one_of(way, {"Exists", "DoesNotExist"})) {
            if (values != 0) {
                check.invalid(place.member("values"), value_at(one, "values"),
                              "must be no value when `operator` is 'Exist' or 'DoesNotExist' for "
                              "scope selector");
            }
        } else {
            check.invalid(place.member("operator"), way, "not a valid selector operator");
        }
    }
    check_conflicting_scopes(check, seen, place, value_at(spec, "scopes"));
}

void check_quota(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_quota_amounts(check, spec, "hard", at);
    check_scopes(check, spec, at);
    check_scope_selector(check, spec, at);
}

void check_quota_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    for (const std::string_view member : {"hard", "used"}) {
        check_quota_amounts(check, map_of(object, "status"), member, at);
    }
}

// --- Events: errors name the members of the old API's type ---

void check_event_text(Checker& check, const Value& event, std::string_view member,
                      const Place& root, size_t bytes_max) {
    const std::string_view text = event.string_at(member);
    if (text.empty()) {
        check.required(root.member(member));
    } else if (text.size() > bytes_max) {
        check.invalid(root.member(member), "", cat("can have at most ", bytes_max, " characters"));
    }
}

void check_any_event(Checker& check, const Value& event, std::string_view about,
                     std::string_view message, std::string_view controller) {
    const Place root;
    const std::string_view own = event.string_at("metadata", "namespace");
    const std::string_view other = event.string_at(about, "namespace");
    const Place involved = root.member("involvedObject");
    const auto mismatch = [&] {
        check.invalid(involved.member("namespace"), other, "does not match event.namespace");
    };
    if (given(event, "eventTime") == nullptr) {
        if (other.empty() ? (!own.empty() && own != "default") : own != other) {
            mismatch();
        }
        return;
    }
    if (other.empty() && own != "default" && own != "kube-system") {
        mismatch();
    }
    constexpr size_t text_max = 128;
    constexpr size_t message_max = 1024;
    const std::string_view reporter = event.string_at(controller);
    const Place controller_place = root.member(controller);
    if (reporter.empty()) {
        check.required(controller_place);
    }
    check_label_name(check, controller_place, reporter);
    for (const std::string_view member : {"reportingInstance", "action", "reason"}) {
        check_event_text(check, event, member, root, text_max);
    }
    if (event.string_at(message).size() > message_max) {
        check.invalid(root.member("message"), "",
                      cat("can have at most ", message_max, " characters"));
    }
}

void check_core_event(Checker& check, const Value& event, const Value* /*old*/) {
    check_any_event(check, event, "involvedObject", "message", "reportingComponent");
}

void check_series(Checker& check, const Value& event, const Place& root) {
    const Value* series = given(event, "series");
    if (series == nullptr) {
        return;
    }
    const Place at = root.member("series");
    if (series->int_at(0, "count") < 2) {
        check.invalid(at.member("count"), "", "should be at least 2");
    }
    if (given(*series, "lastObservedTime") == nullptr) {
        check.required(at.member("lastObservedTime"));
    }
}

void check_new_event(Checker& check, const Value& event, const Value* old) {
    if (old != nullptr) {
        return;
    }
    check_any_event(check, event, "regarding", "note", "reportingController");
    const Place root;
    check_series(check, event, root);
    if (given(event, "eventTime") == nullptr) {
        check.required(root.member("eventTime"));
    }
    const std::string_view type = event.string_at("type");
    if (!is_one_of(type, {"Normal", "Warning"})) {
        check.invalid(root.member("type"), "", cat("has invalid value: ", type));
    }
    for (const auto& [member, shown] : {std::pair<std::string_view, std::string_view>{
                                            "deprecatedFirstTimestamp", "firstTimestamp"},
                                        {"deprecatedLastTimestamp", "lastTimestamp"}}) {
        if (given(event, member) != nullptr) {
            check.invalid(root.member(shown), value_at(event, member), "needs to be unset");
        }
    }
    if (event.int_at(0, "deprecatedCount") != 0) {
        check.invalid(root.member("count"), value_at(event, "deprecatedCount"),
                      "needs to be unset");
    }
}

constexpr std::array<KindRules, 10> core_table{
    {{"", "ConfigMap", "", check_config_map},
     {"", "Secret", "", check_secret_object},
     {"", "Namespace", "", check_namespace_object},
     {"", "Namespace", "finalize", check_namespace_finalize},
     {"", "Node", "", check_node},
     {"", "LimitRange", "", check_limit_range},
     {"", "ResourceQuota", "", check_quota},
     {"", "ResourceQuota", "status", check_quota_status},
     {"", "Event", "", check_core_event},
     {"events.k8s.io", "Event", "", check_new_event}}};

}  // namespace

FieldErrors event_changes(const Value& event, const Value& old, FieldErrors found) {
    if (given(event, "eventTime") == nullptr && given(old, "eventTime") == nullptr) {
        return found;  // Events of the old API may change.
    }
    struct Part {
        std::string_view member;
        std::string_view shown;  // as the internal type names it
    };
    // The reason is looked at twice, as upstream does.
    static constexpr std::array<Part, 14> parts{{{"regarding", "involvedObject"},
                                                 {"reason", "reason"},
                                                 {"note", "message"},
                                                 {"deprecatedSource", "source"},
                                                 {"deprecatedFirstTimestamp", "firstTimestamp"},
                                                 {"deprecatedLastTimestamp", "lastTimestamp"},
                                                 {"deprecatedCount", "count"},
                                                 {"reason", "reason"},
                                                 {"type", "type"},
                                                 {"eventTime", "eventTime"},
                                                 {"action", "action"},
                                                 {"related", "related"},
                                                 {"reportingController", "reportingController"},
                                                 {"reportingInstance", "reportingInstance"}}};
    FieldErrors out;
    for (const Part& part : parts) {
        const auto known = std::ranges::find(found, part.shown, &schema::FieldError::path);
        if (known != found.end()) {
            out.push_back(*known);
        } else if (differs(event, old, part.member)) {
            out.push_back(schema::field_invalid(std::string(part.shown),
                                                value_at(event, part.member),
                                                std::string(immutable_text)));
        }
    }
    return out;
}

std::span<const KindRules> core_rules() {
    return core_table;
}

}  // namespace weft::server
