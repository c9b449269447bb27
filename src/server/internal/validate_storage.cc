// server/internal/validate_storage.cc: PersistentVolumes and their claims, StorageClasses, CSI.

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

constexpr Checker::Names access_modes = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                         "ReadWriteOncePod"};

void check_access_modes(Checker& check, const Value& spec, const Place& at) {
    const Place place = at.member("accessModes");
    bool has_pod = false;
    bool has_other = false;
    for (const Value& mode : items_of(spec, "accessModes")) {
        const std::string_view text = mode.as_string();
        if (!is_one_of(text, access_modes)) {
            check.unsupported(place, text, access_modes);
        }
        has_pod = has_pod || text == "ReadWriteOncePod";
        has_other = has_other || text != "ReadWriteOncePod";
    }
    if (has_pod && has_other) {
        check.forbidden(place, "may not use ReadWriteOncePod with other access modes");
    }
}

void check_positive(Checker& check, const Place& at, const Value& quantity) {
    if (compare_quantities(quantity, Value("0")) <= 0) {
        check.invalid(at, quantity, "must be greater than zero");
    }
}

void check_not_below_zero(Checker& check, const Place& at, const Value& quantity) {
    if (compare_quantities(quantity, Value("0")) < 0) {
        const auto parsed = schema::Quantity::parse(quantity.as_string());
        check.invalid(at, parsed ? parsed->value() : 0, "must be a valid resource quantity");
    }
}

void check_class_name(Checker& check, const Value& spec, std::string_view member, const Place& at) {
    if (const std::string_view name = spec.string_at(member); !name.empty()) {
        check.name(at.member(member), name, check_dns1123_subdomain);
    }
}

void check_volume(Checker& check, const Value& volume, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(volume, "spec");
    if (items_of(spec, "accessModes").empty()) {
        check.required(at.member("accessModes"));
    }
    check_access_modes(check, spec, at);
    const Place capacity = at.member("capacity");
    const auto amounts = members_of(spec, "capacity");
    if (amounts.empty()) {
        check.required(capacity);
    }
    if (amounts.size() != 1 || amounts[0].name() != "storage") {
        check.unsupported(capacity, amounts.empty() ? Value() : value_at(spec, "capacity"),
                          {"storage"});
    }
    for (const Member& amount : amounts) {
        check_not_below_zero(check, capacity.key(amount.name()), amount.value);
        check_positive(check, capacity.key(amount.name()), amount.value);
    }
    if (!spec.string_at("persistentVolumeReclaimPolicy").empty()) {
        check.one_of(spec, "persistentVolumeReclaimPolicy", at, {"Delete", "Recycle", "Retain"});
    }
    const Value* affinity = given(spec, "nodeAffinity");
    const Place node_place = at.member("nodeAffinity");
    if (affinity != nullptr) {
        if (const Value* required = given(*affinity, "required")) {
            check_node_selector(check, *required, node_place.member("required"));
        } else {
            check.required(node_place.member("required"), "must specify required node constraints");
        }
    }
    check_volume_source(check, spec, at, true);
    if (given(spec, "local") != nullptr && affinity == nullptr) {
        check.required(node_place, "Local volume requires node affinity");
    }
    if (map_of(spec, "hostPath").string_at("path") == "/" &&
        spec.string_at("persistentVolumeReclaimPolicy") == "Recycle") {
        check.forbidden(at.member("persistentVolumeReclaimPolicy"),
                        "may not be 'recycle' for a hostPath mount of '/'");
    }
    check_class_name(check, spec, "storageClassName", at);
    check.optional_one_of(spec, "volumeMode", at, {"Block", "Filesystem"});
    check_class_name(check, spec, "volumeAttributesClassName", at);
}

void check_data_source(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "name", at);
    check.required_text(source, "kind", at);
    const std::string_view group = source.string_at("apiGroup");
    const std::string_view kind = source.string_at("kind");
    if (group.empty() && !kind.empty() && kind != "PersistentVolumeClaim") {
        check.invalid(at, kind,
                      "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
    if (!group.empty()) {
        check.name(at.member("apiGroup"), group, check_dns1123_subdomain);
    }
}

// Upstream shows the path where it means the value, and a path has no fields to print.
void check_same_source(Checker& check, const Value& source, const Value& ref, const Place& at) {
    if (!ref.string_at("namespace").empty()) {
        check.invalid(at, Value::map(),
                      "may not be specified when dataSourceRef.namespace is specified");
        return;
    }
    for (const std::string_view member : {"apiGroup", "kind", "name"}) {
        if (source.string_at(member) != ref.string_at(member)) {
            check.invalid(at, Value::map(), "must match dataSourceRef");
            return;
        }
    }
}

}  // namespace

void check_claim_spec(Checker& check, const Value& spec, const Place& at) {
    if (items_of(spec, "accessModes").empty()) {
        check.required(at.member("accessModes"), "at least 1 access mode is required");
    }
    check_label_selector(check, given(spec, "selector"), at.member("selector"));
    check_access_modes(check, spec, at);
    const Place resources = at.member("resources");
    const Value* storage = spec.find("resources", "requests", "storage");
    if (storage == nullptr) {
        check.required(resources.key("storage"));
    } else {
        check_positive(check, resources.key("storage"), *storage);
    }
    check_class_name(check, spec, "storageClassName", at);
    check.optional_one_of(spec, "volumeMode", at, {"Block", "Filesystem"});
    const Value* source = given(spec, "dataSource");
    const Value* ref = given(spec, "dataSourceRef");
    if (source != nullptr) {
        check_data_source(check, *source, at.member("dataSource"));
    }
    if (ref != nullptr) {
        check_data_source(check, *ref, at.member("dataSourceRef"));
    }
    if (source != nullptr && ref != nullptr) {
        check_same_source(check, *source, *ref, at);
    }
    check_class_name(check, spec, "volumeAttributesClassName", at);
}

namespace {

void check_claim(Checker& check, const Value& claim, const Value* /*old*/) {
    const Place root;
    check_claim_spec(check, map_of(claim, "spec"), root.member("spec"));
}

void check_claim_status(Checker& check, const Value& claim, const Value* /*old*/) {
    const Place root;
    const Place status = root.member("status");
    const Place capacity = status.member("capacity");
    for (const Member& amount : members_of(map_of(claim, "status"), "capacity")) {
        check_not_below_zero(check, capacity.key(amount.name()), amount.value);
    }
}

void check_parameters(Checker& check, const Value& object, const Place& root) {
    constexpr size_t count_max = 512;
    constexpr size_t bytes_max = size_t{256} * 1024;
    const Place at = root.member("parameters");
    const auto parameters = members_of(object, "parameters");
    if (parameters.size() > count_max) {
        check.too_long(at, static_cast<int64_t>(count_max));
        return;
    }
    size_t bytes = 0;
    for (const Member& parameter : parameters) {
        if (parameter.name().empty()) {
            check.invalid(at, "", "field can not be empty.");
        }
        bytes += parameter.name().size() + parameter.value.size();
    }
    if (bytes > bytes_max) {
        check.too_long(at, static_cast<int64_t>(bytes_max));
    }
}

// The name of a provisioner or driver: a qualified name, in any case.
void check_provisioner(Checker& check, const Value& object, std::string_view member,
                       const Place& root) {
    const std::string_view name = object.string_at(member);
    if (name.empty()) {
        check.required(root.member(member));
        return;
    }
    check.name(root.member(member), to_lower(name), check_qualified_name);
}

void check_topologies(Checker& check, const Value& object, const Place& root) {
    std::set<std::string> terms;
    for_items(object, "allowedTopologies", root, [&](const Value& term, const Place& at) {
        const Place expressions = at.member("matchLabelExpressions");
        std::map<std::string_view, std::set<std::string_view>> meant;
        size_t number = 0;
        for (const Value& expression : items_of(term, "matchLabelExpressions")) {
            const Place place = expressions.item(number++);
            const Place value_list = place.member("values");
            const std::string_view key = expression.string_at("key");
            const auto values = items_of(expression, "values");
            if (values.empty()) {
                check.required(value_list);
            }
            std::set<std::string_view> seen;
            for (size_t i = 0; i < values.size(); ++i) {
                if (!seen.insert(values[i].as_string()).second) {
                    check.duplicate(value_list.item(i), values[i]);
                }
            }
            check_label_name(check, place.member("key"), key);
            if (!meant.emplace(key, std::move(seen)).second) {
                check.duplicate(place.member("key"), key);
            }
        }
        std::string text;
        for (const auto& [key, values] : meant) {
            append(text, key, "\n");
            for (const std::string_view value : values) {
                append(text, " ", value, "\n");
            }
        }
        if (!terms.insert(std::move(text)).second) {
            check.duplicate(expressions, "");
        }
    });
}

void check_storage_class(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_provisioner(check, object, "provisioner", root);
    check_parameters(check, object, root);
    check.optional_one_of(object, "reclaimPolicy", root, {"Delete", "Retain"});
    check.optional_one_of(object, "volumeBindingMode", root, {"Immediate", "WaitForFirstConsumer"});
    check_topologies(check, object, root);
}

void check_attributes_class(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_provisioner(check, object, "driverName", root);
    if (members_of(object, "parameters").empty()) {
        check.required(root.member("parameters"), "must contain at least one key/value pair");
    }
    check_parameters(check, object, root);
}

void check_token_requests(Checker& check, const Value& spec, const Place& place) {
    constexpr int64_t seconds_min = 600;
    constexpr int64_t seconds_max = int64_t{1} << 32;
    std::set<std::string_view> audiences;
    for_items(spec, "tokenRequests", place, [&](const Value& wish, const Place& at) {
        const std::string_view audience = wish.string_at("audience");
        if (!audiences.insert(audience).second) {
            check.duplicate(at.member("audience"), audience);
            return;
        }
        const Value* seconds = given(wish, "expirationSeconds");
        if (seconds == nullptr) {
            return;
        }
        if (seconds->as_int() < seconds_min) {
            check.invalid(at.member("expirationSeconds"), *seconds,
                          "may not specify a duration less than 10 minutes");
        } else if (seconds->as_int() > seconds_max) {
            check.invalid(at.member("expirationSeconds"), *seconds,
                          "may not specify a duration larger than 2^32 seconds");
        }
    });
}

void check_csi_driver(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    if (given(spec, "attachRequired") == nullptr) {
        check.required(at.member("attachedRequired"));
    }
    if (given(spec, "podInfoOnMount") == nullptr) {
        check.required(at.member("podInfoOnMount"));
    }
    check.optional_one_of(spec, "fsGroupPolicy", at, {"File", "None", "ReadWriteOnceWithFSType"});
    check_token_requests(check, spec, at);
    const Place modes = at.member("volumeLifecycleModes");
    for (const Value& mode : items_of(spec, "volumeLifecycleModes")) {
        if (!is_one_of(mode.as_string(), {"Persistent", "Ephemeral"})) {
            check.unsupported(modes, mode, {"Persistent", "Ephemeral"});
        }
    }
    const Value* period = given(spec, "nodeAllocatableUpdatePeriodSeconds");
    if (period != nullptr && period->as_int() < 10) {
        check.invalid(at.member("nodeAllocatableUpdatePeriodSeconds"), *period,
                      "must be greater than or equal to 10 seconds");
    }
    if (const Value* in_secrets = given(spec, "serviceAccountTokenInSecrets");
        in_secrets != nullptr && items_of(spec, "tokenRequests").empty()) {
        check.invalid(at.member("serviceAccountTokenInSecrets"), *in_secrets,
                      "serviceAccountTokenInSecrets is set but no tokenRequests are specified");
    }
}

void check_csi_node(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    const Place list = spec.member("drivers");
    std::set<std::string_view> names;
    size_t index = 0;
    for (const Value& driver : items_of(map_of(object, "spec"), "drivers")) {
        const Place at = list.item(index++);
        const std::string_view name = driver.string_at("name");
        check_csi_driver_name(check, at.member("name"), name);
        if (!name.empty() && !names.insert(name).second) {
            check.duplicate(at.member("name"), name);
        }
        check.required_text(driver, "nodeID", at);
        const Place allocatable = at.member("allocatable");
        check.not_negative(map_of(driver, "allocatable"), "count", allocatable);
        std::set<std::string_view> keys;
        for (const Value& key : items_of(driver, "topologyKeys")) {
            const std::string_view text = key.as_string();
            if (text.empty()) {
                check.required(at);
            }
            if (!keys.insert(text).second) {
                check.duplicate(at, key);
            }
            check_label_name(check, at, text);
        }
    }
}

// A volume that an attachment describes by itself.
void check_inline_volume(Checker& check, const Value& spec, const Place& at) {
    constexpr std::string_view not_here = "may not be specified in the context of inline volumes";
    if (given(spec, "claimRef") != nullptr) {
        check.forbidden(at.member("claimRef"), std::string(not_here));
    }
    if (!members_of(spec, "capacity").empty()) {
        check.forbidden(at.member("capacity"), std::string(not_here));
    }
    if (given(spec, "csi") == nullptr) {
        check.required(at.member("csi"), "has to be specified in the context of inline volumes");
    }
    if (items_of(spec, "accessModes").empty()) {
        check.required(at.member("accessModes"));
    }
    check_access_modes(check, spec, at);
    if (const std::string_view policy = spec.string_at("persistentVolumeReclaimPolicy");
        !policy.empty() && policy != "Retain") {
        check.forbidden(at.member("persistentVolumeReclaimPolicy"),
                        "may only be Retain in the context of inline volumes");
    }
    if (given(spec, "nodeAffinity") != nullptr) {
        check.forbidden(at.member("nodeAffinity"), std::string(not_here));
    }
    check_volume_source(check, spec, at, true);
    if (!spec.string_at("storageClassName").empty()) {
        check.forbidden(at.member("storageClassName"), std::string(not_here));
    }
    if (const std::string_view mode = spec.string_at("volumeMode");
        !mode.empty() && mode != "Filesystem") {
        check.forbidden(at.member("volumeMode"),
                        "may not specify volumeMode other than Filesystem in the context of inline "
                        "volumes");
    }
}

void check_attachment(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_csi_driver_name(check, at.member("attacher"), spec.string_at("attacher"));
    const Value& source = map_of(spec, "source");
    const Value* name = given(source, "persistentVolumeName");
    const Value* volume = given(source, "inlineVolumeSpec");
    const Place place = at.member("source");
    if (name != nullptr && volume != nullptr) {
        check.forbidden(place,
                        "must specify exactly one of inlineVolumeSpec and "
                        "persistentVolumeName");
    } else if (name == nullptr && volume == nullptr) {
        check.required(place,
                       "must specify exactly one of inlineVolumeSpec and "
                       "persistentVolumeName");
    } else if (name != nullptr && name->empty()) {
        check.required(place.member("persistentVolumeName"),
                       "must specify non empty persistentVolumeName");
    } else if (volume != nullptr) {
        check_inline_volume(check, *volume, place.member("inlineVolumeSpec"));
    }
    check.name(at.member("nodeName"), spec.string_at("nodeName"), check_dns1123_subdomain);
    if (name != nullptr) {
        check.name(place.member("persistentVolumeName"), name->as_string(),
                   check_dns1123_subdomain);
    }
}

void check_capacity(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_label_selector(check, given(object, "nodeTopology"), root.member("nodeTopology"));
    check.name(root.member("storageClassName"), object.string_at("storageClassName"),
               check_dns1123_subdomain);
    // The largest volume may be anything, for all upstream looks at it.
    if (const Value* amount = given(object, "capacity");
        amount != nullptr && compare_quantities(*amount, Value("0")) < 0) {
        check.invalid(root.member("capacity"), *amount, std::string(not_negative_text));
    }
}

constexpr std::array<KindRules, 9> storage_table{
    {{"", "PersistentVolume", "", check_volume},
     {"", "PersistentVolumeClaim", "", check_claim},
     {"", "PersistentVolumeClaim", "status", check_claim_status},
     {"storage.k8s.io", "StorageClass", "", check_storage_class},
     {"storage.k8s.io", "VolumeAttributesClass", "", check_attributes_class},
     {"storage.k8s.io", "CSIDriver", "", check_csi_driver},
     {"storage.k8s.io", "CSINode", "", check_csi_node},
     {"storage.k8s.io", "CSIStorageCapacity", "", check_capacity},
     {"storage.k8s.io", "VolumeAttachment", "", check_attachment}}};

}  // namespace

std::span<const KindRules> storage_rules() {
    return storage_table;
}

}  // namespace weft::server
