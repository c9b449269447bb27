// server/internal/validate_device.cc: ResourceClaims, their templates and DeviceClasses.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cel/cel.h"
#include "object/names.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// Of resource.k8s.io/v1.
constexpr size_t requests_max = 32;
constexpr size_t sub_requests_max = 8;
constexpr size_t selectors_max = 32;
constexpr size_t constraints_max = 32;
constexpr size_t configurations_max = 32;
constexpr int64_t expression_bytes_max = 10 * 1024;
constexpr int64_t driver_bytes_max = 63;
constexpr int64_t identifier_bytes_max = 32;

// The names of a claim's requests, each with those of its alternatives.
using RequestNames = std::map<std::string, std::set<std::string>, std::less<>>;

const cel::Environment& device_environment() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kubernetes(36))
                                                    .extend()
                                                    .variable("device", "dyn")
                                                    .build();
    return environment;
}

void check_count(Checker& check, size_t count, size_t most, const Place& at) {
    if (count > most) {
        check.too_many(at, count, most);
    }
}

void check_selectors(Checker& check, const Value& request, const Place& at) {
    const auto selectors = items_of(request, "selectors");
    const Place list = at.member("selectors");
    for (size_t i = 0; i < selectors.size(); ++i) {
        const Place item = list.item(i);
        const Place cel = item.member("cel");
        const Value* expression = given(selectors[i], "cel");
        if (expression == nullptr) {
            check.required(cel);
            continue;
        }
        const std::string_view text = expression->string_at("expression");
        const Place place = cel.member("expression");
        if (static_cast<int64_t>(text.size()) > expression_bytes_max) {
            check.too_long(place, expression_bytes_max);
            continue;
        }
        const Result<cel::Ast> ast = device_environment().compile(text);
        if (!ast) {
            check.invalid(place, text, cat("compilation failed: ", ast.error().message()));
        } else if (const std::string made = cel::format_type(ast->result_type());
                   made != "bool" && made != "any" && made != "dyn") {
            check.invalid(place, text,
                          cat("must evaluate to bool or the unknown type, not ", made));
        }
    }
    check_count(check, selectors.size(), selectors_max, list);
}

void check_device_tolerations(Checker& check, const Value& request, const Place& at) {
    const auto tolerations = items_of(request, "tolerations");
    const Place list = at.member("tolerations");
    for (size_t i = 0; i < tolerations.size(); ++i) {
        const Place item = list.item(i);
        const Value& toleration = tolerations[i];
        if (const std::string_view key = toleration.string_at("key"); !key.empty()) {
            check_label_name(check, item.member("key"), key);
        }
        const std::string_view value = toleration.string_at("value");
        const std::string_view way = toleration.string_at("operator");
        if (way == "Exists") {
            if (!value.empty()) {
                check.invalid(item.member("value"), value, "must be empty for operator `Exists`");
            }
        } else if (way == "Equal") {
            check.name(item.member("value"), value, check_label_value);
        } else if (way.empty()) {
            check.required(item.member("operator"));
        } else {
            check.unsupported(item.member("operator"), way, {"Equal", "Exists"});
        }
        const std::string_view effect = toleration.string_at("effect");
        if (!effect.empty() && !is_one_of(effect, {"NoExecute", "NoSchedule", "None"})) {
            check.unsupported(item.member("effect"), effect, {"NoExecute", "NoSchedule", "None"});
        }
    }
}

// What one kind of device is asked for, of which class and how many.
void check_wish(Checker& check, const Value& wish, const Place& at) {
    const Place class_name = at.member("deviceClassName");
    check.required_name(class_name, wish.string_at("deviceClassName"), check_dns1123_subdomain);
    check_selectors(check, wish, at);
    const std::string_view mode = wish.string_at("allocationMode");
    const int64_t count = wish.int_at(0, "count");
    const Place count_place = at.member("count");
    if (mode == "All") {
        if (count != 0) {
            check.invalid(count_place, count, "must not be specified when allocationMode is 'All'");
        }
    } else if (mode == "ExactCount") {
        if (count <= 0) {
            check.invalid(count_place, count, "must be greater than zero");
        }
    } else {
        check.unsupported(at.member("allocationMode"), mode, {"All", "ExactCount"});
    }
    check_device_tolerations(check, wish, at);
}

// Items of a list whose names may not repeat.
template <typename CheckItem>
void check_named(Checker& check, std::span<const Value> items, size_t most, const Place& list,
                 const CheckItem& check_item) {
    std::set<std::string_view> names;
    for (size_t i = 0; i < items.size(); ++i) {
        const Place item = list.item(i);
        check_item(items[i], item);
        const std::string_view name =
            items[i].is_string() ? items[i].as_string() : items[i].string_at("name");
        if (!names.insert(name).second) {
            check.duplicate(item, name);
        }
    }
    check_count(check, items.size(), most, list);
}

void check_request(Checker& check, const Value& request, const Place& at) {
    check.name(at.member("name"), request.string_at("name"), check_dns1123_label);
    const auto alternatives = items_of(request, "firstAvailable");
    const Value* exactly = given(request, "exactly");
    check_named(check, alternatives, sub_requests_max, at.member("firstAvailable"),
                [&](const Value& wish, const Place& place) {
                    check.name(place.member("name"), wish.string_at("name"), check_dns1123_label);
                    check_wish(check, wish, place);
                });
    if (exactly != nullptr) {
        check_wish(check, *exactly, at.member("exactly"));
    }
    if (exactly == nullptr && alternatives.empty()) {
        check.required(at, "exactly one of `exactly` or `firstAvailable` is required");
    } else if (exactly != nullptr && !alternatives.empty()) {
        check.invalid(at, Value(),
                      "exactly one of `exactly` or `firstAvailable` is required, but multiple "
                      "fields are set");
    }
}

// "request" or "request/alternative", one of the claim's.
void check_request_name(Checker& check, const RequestNames& known, std::string_view name,
                        const Place& at) {
    for (const std::string_view part : split(name, '/')) {
        check.name(at, part, check_dns1123_label);
    }
    const size_t slash = name.find('/');
    const std::string_view head = name.substr(0, slash);
    const auto found = known.find(head);
    if (found != known.end() && (slash == std::string_view::npos ||
                                 found->second.contains(std::string(name.substr(slash + 1))))) {
        return;
    }
    check.invalid(at, name,
                  "must be the name of a request in the claim or the name of a request and a "
                  "subrequest separated by '/'");
}

void check_request_names(Checker& check, const Value& owner, const RequestNames& known,
                         const Place& at) {
    check_named(check, items_of(owner, "requests"), requests_max, at.member("requests"),
                [&](const Value& name, const Place& place) {
                    check_request_name(check, known, name.as_string(), place);
                });
}

void check_driver(Checker& check, std::string_view driver, const Place& at) {
    if (driver.empty()) {
        check.required(at);
        return;
    }
    if (static_cast<int64_t>(driver.size()) > driver_bytes_max) {
        check.too_long(at, driver_bytes_max);
    }
    check.name(at, driver, check_dns1123_subdomain);
}

void check_identifier(Checker& check, std::string_view name, const Place& at) {
    if (static_cast<int64_t>(name.size()) > identifier_bytes_max) {
        check.too_long(at, identifier_bytes_max);
    }
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const bool is_fine =
        !name.empty() && is_letter(name.front()) &&
        std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
    if (!is_fine) {
        check.invalid(at, name,
                      "a valid C identifier must start with alphabetic character or '_', followed "
                      "by a string of alphanumeric characters or '_' (e.g. 'my_name',  or "
                      "'MY_NAME',  or 'MyName', regex used for validation is "
                      "'[A-Za-z_][A-Za-z0-9_]*')");
    }
}

// "name" or "domain/name".
void check_attribute_name(Checker& check, std::string_view name, const Place& at) {
    if (const size_t slash = name.find('/'); slash == std::string_view::npos) {
        check_identifier(check, name, at);
    } else {
        const std::string_view domain = name.substr(0, slash);
        const std::string_view own = name.substr(slash + 1);
        if (domain.empty()) {
            check.invalid(at, "", "the domain must not be empty");
        } else {
            check_driver(check, domain, at);
        }
        if (own.empty()) {
            check.invalid(at, "", "the name must not be empty");
        } else {
            check_identifier(check, own, at);
        }
    }
}

void check_attribute(Checker& check, std::string_view name, const Place& at) {
    if (name.empty()) {
        check.required(at, "name required");
    } else {
        check_attribute_name(check, name, at);
    }
    if (!name.contains('/')) {
        check.invalid(at, name,
                      "a fully qualified name must be a domain and a name separated by a slash");
    }
}

void check_configuration(Checker& check, const Value& configuration, const Place& at) {
    const Place place = at.member("opaque");
    const Value* opaque = given(configuration, "opaque");
    if (opaque == nullptr) {
        check.required(place);
        return;
    }
    check_driver(check, opaque->string_at("driver"), place.member("driver"));
    const Value* parameters = given(*opaque, "parameters");
    if (parameters == nullptr) {
        check.required(place.member("parameters"));
    } else if (!parameters->is_map()) {
        check.invalid(place.member("parameters"), "<value omitted>", "must be a valid JSON object");
    }
}

void check_claim_devices(Checker& check, const Value& spec, const Place& spec_place) {
    const Place at = spec_place.member("devices");
    const Value& devices = map_of(spec, "devices");
    RequestNames known;
    for (const Value& request : items_of(devices, "requests")) {
        auto& alternatives = known[std::string(request.string_at("name"))];
        for (const Value& wish : items_of(request, "firstAvailable")) {
            alternatives.emplace(wish.string_at("name"));
        }
    }
    check_named(
        check, items_of(devices, "requests"), requests_max, at.member("requests"),
        [&](const Value& request, const Place& place) { check_request(check, request, place); });
    const auto constraints = items_of(devices, "constraints");
    const Place constraint_list = at.member("constraints");
    for (size_t i = 0; i < constraints.size(); ++i) {
        const Place place = constraint_list.item(i);
        check_request_names(check, constraints[i], known, place);
        const Place attribute = place.member("matchAttribute");
        if (const Value* name = given(constraints[i], "matchAttribute")) {
            check_attribute(check, name->as_string(), attribute);
        } else if (const Value* distinct = given(constraints[i], "distinctAttribute")) {
            check_attribute(check, distinct->as_string(), place.member("distinctAttribute"));
        } else {
            check.required(attribute);
        }
    }
    check_count(check, constraints.size(), constraints_max, constraint_list);
    const auto configurations = items_of(devices, "config");
    const Place config_list = at.member("config");
    for (size_t i = 0; i < configurations.size(); ++i) {
        const Place place = config_list.item(i);
        check_request_names(check, configurations[i], known, place);
        check_configuration(check, configurations[i], place);
    }
    check_count(check, configurations.size(), configurations_max, config_list);
}

// The oldest version has no member `exactly`: what it holds stands in the request itself.
bool is_flat(const Value& object) {
    return object.string_at("apiVersion") == "resource.k8s.io/v1beta1";
}

void check_resource_claim(Checker& check, const Value& object, const Value* old) {
    if (old == nullptr && !is_flat(object)) {  // The spec never changes.
        const Place root;
        check_claim_devices(check, map_of(object, "spec"), root.member("spec"));
    }
}

// Only labels and annotations of what a template makes are the template's to say.
void check_template_metadata(Checker& check, const Value& metadata, const Place& at) {
    check_annotations(check, metadata.find("annotations"), at.member("annotations"));
    check_labels(check, metadata.find("labels"), at.member("labels"));
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> others{
        {{"name", "name"},
         {"generateName", "generateName"},
         {"namespace", "namespace"},
         {"uid", "uID"},
         {"resourceVersion", "resourceVersion"},
         {"generation", "generation"},
         {"creationTimestamp", "creationTimestamp"},
         {"deletionTimestamp", "deletionTimestamp"},
         {"deletionGracePeriodSeconds", "deletionGracePeriodSeconds"},
         {"ownerReferences", "ownerReferences"},
         {"finalizers", "finalizers"},
         {"managedFields", "managedFields"}}};
    for (const auto& [member, shown] : others) {
        if (given(metadata, member) != nullptr) {
            check.forbidden(at.member(shown), "cannot be set");
        }
    }
}

void check_claim_template(Checker& check, const Value& object, const Value* old) {
    if (old != nullptr) {
        return;
    }
    const Place root;
    const Place spec = root.member("spec");
    check_template_metadata(check, map_of(map_of(object, "spec"), "metadata"),
                            spec.member("metadata"));
    if (!is_flat(object)) {
        check_claim_devices(check, map_of(map_of(object, "spec"), "spec"), spec.member("spec"));
    }
}

void check_device_class(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_selectors(check, spec, at);
    const auto configurations = items_of(spec, "config");
    const Place list = at.member("config");
    for (size_t i = 0; i < configurations.size(); ++i) {
        check_configuration(check, configurations[i], list.item(i));
    }
    check_count(check, configurations.size(), configurations_max, list);
    if (const Value* name = given(spec, "extendedResourceName");
        name != nullptr && !is_extended_resource(name->as_string())) {
        check.invalid(at.member("extendedResourceName"), *name,
                      "must be a valid extended resource name");
    }
}

// --- DeviceTaintRule, ResourceSlice ---

void check_device_taint(Checker& check, const Value& taint, const Place& at) {
    check_label_name(check, at.member("key"), taint.string_at("key"));
    if (const std::string_view value = taint.string_at("value"); !value.empty()) {
        check.name(at.member("value"), value, check_label_value);
    }
    check.required_one_of(taint, "effect", at, {"NoExecute", "NoSchedule", "None"});
}

// "a/b", each part a subdomain.
void check_pool_name(Checker& check, std::string_view name, const Place& at) {
    constexpr size_t pool_max = 253;
    if (name.empty()) {
        check.required(at);
        return;
    }
    if (name.size() > pool_max) {
        check.too_long(at, static_cast<int64_t>(pool_max));
    }
    for (const std::string_view part : split(name, '/')) {
        check.name(at, part, check_dns1123_subdomain);
    }
}

void check_taint_rule(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    if (const Value* selector = given(spec, "deviceSelector")) {
        const Place place = at.member("deviceSelector");
        if (const Value* driver = given(*selector, "driver")) {
            check_driver(check, driver->as_string(), place.member("driver"));
        }
        if (const Value* pool = given(*selector, "pool")) {
            check_pool_name(check, pool->as_string(), place.member("pool"));
        }
        if (const Value* device = given(*selector, "device")) {
            check.name(place.member("device"), device->as_string(), check_dns1123_label);
        }
    }
    check_device_taint(check, map_of(spec, "taint"), at.member("taint"));
}

// Which of the members that say on which nodes devices are is set, as upstream shows them.
std::vector<std::string> check_node_choice(Checker& check, const Value& in, const Place& at,
                                           bool may_be_by_device) {
    std::vector<std::string> chosen;
    if (const Value* node = given(in, "nodeName")) {
        if (node->empty()) {
            check.invalid(at.member("nodeName"), "",
                          "must be either unset or set to a non-empty string");
        } else {
            chosen.emplace_back("`nodeName`");
            check.name(at.member("nodeName"), node->as_string(), check_dns1123_subdomain);
        }
    }
    if (const Value* selector = given(in, "nodeSelector")) {
        const Place place = at.member("nodeSelector");
        chosen.emplace_back("`nodeSelector`");
        check_node_selector(check, *selector, place);
        if (items_of(*selector, "nodeSelectorTerms").size() != 1) {
            const Value* terms = given(*selector, "nodeSelectorTerms");
            check.invalid(place.member("nodeSelectorTerms"), terms == nullptr ? Value() : *terms,
                          "must have exactly one node selector term");
        }
    }
    for (const std::string_view member : {"allNodes", "perDeviceNodeSelection"}) {
        const Value* flag = given(in, member);
        if (flag == nullptr || (member == "perDeviceNodeSelection" && !may_be_by_device)) {
            continue;
        }
        if (*flag == Value(true)) {
            chosen.push_back(cat("`", member, "`"));
        } else {
            check.invalid(at.member(member), false, "must be either unset or set to true");
        }
    }
    return chosen;
}

void check_device_value(Checker& check, const Value& attribute, const Place& at) {
    constexpr size_t text_max = 64;
    constexpr std::array<std::string_view, 8> kinds{"int",  "bool",  "string",  "version",
                                                    "ints", "bools", "strings", "versions"};
    const auto count = std::ranges::count_if(
        kinds, [&](std::string_view kind) { return given(attribute, kind) != nullptr; });
    if (const Value* text = given(attribute, "string");
        text != nullptr && text->size() > text_max) {
        check.too_long(at.member("string"), static_cast<int64_t>(text_max));
    }
    if (const Value* version = given(attribute, "version")) {
        if (version->size() > text_max) {
            check.too_long(at.member("version"), static_cast<int64_t>(text_max));
        }
        if (!is_semantic_version(version->as_string())) {
            check.invalid(at.member("version"), *version,
                          "must be a string compatible with semver.org spec 2.0.0");
        }
    }
    if (count == 0) {
        check.invalid(at, "", "exactly one value must be specified");
    } else if (count > 1) {
        check.invalid(at, Checker::form("resource.v1.DeviceAttribute", attribute),
                      "exactly one value must be specified");
    }
}

void check_device(Checker& check, const Value& device, const Place& at, bool by_device) {
    check.name(at.member("name"), device.string_at("name"), check_dns1123_label);
    const Place attributes = at.member("attributes");
    for (const Member& attribute : members_of(device, "attributes")) {
        check_attribute_name(check, attribute.name(), attributes);
        check_device_value(check, attribute.value, attributes.key(attribute.name()));
    }
    const Place capacity = at.member("capacity");
    for (const Member& amount : members_of(device, "capacity")) {
        check_attribute_name(check, amount.name(), capacity);
        if (given(amount.value, "requestPolicy") != nullptr &&
            !is_true(device, "allowMultipleAllocations")) {
            const Place place = capacity.key(amount.name());
            check.forbidden(place.member("requestPolicy"), "allowMultipleAllocations must be true");
        }
    }
    for_items(device, "taints", at, [&](const Value& taint, const Place& place) {
        check_device_taint(check, taint, place);
    });
    for_items(device, "consumesCounters", at, [&](const Value& counters, const Place& place) {
        check.required_name(place.member("counterSet"), counters.string_at("counterSet"),
                            check_dns1123_label);
        if (members_of(counters, "counters").empty()) {
            check.required(place.member("counters"));
        }
    });
    const bool says_nodes = given(device, "nodeName") != nullptr ||
                            given(device, "nodeSelector") != nullptr ||
                            given(device, "allNodes") != nullptr;
    if (!by_device) {
        if (says_nodes) {
            check.invalid(at, Value(),
                          "`nodeName`, `nodeSelector` and `allNodes` can only be set if "
                          "`perDeviceNodeSelection` is set to true in the ResourceSlice spec");
        }
        return;
    }
    constexpr std::string_view exactly_one =
        "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
        "`perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    const auto chosen = check_node_choice(check, device, at, false);
    if (chosen.empty()) {
        check.required(at, std::string(exactly_one));
    } else if (chosen.size() > 1) {
        check.invalid(at, cat("{", join(chosen, ", "), "}"), std::string(exactly_one));
    }
}

void check_counter_sets(Checker& check, const Value& spec, const Place& at) {
    constexpr size_t sets_max = 8;
    check_named(check, items_of(spec, "sharedCounters"), sets_max, at.member("sharedCounters"),
                [&](const Value& counters, const Place& place) {
                    check.required_name(place.member("name"), counters.string_at("name"),
                                        check_dns1123_label);
                    const Place list = place.member("counters");
                    if (members_of(counters, "counters").empty()) {
                        check.required(list);
                    }
                    for (const Member& counter : members_of(counters, "counters")) {
                        check.name(list, counter.name(), check_dns1123_label);
                    }
                });
}

void check_resource_slice(Checker& check, const Value& object, const Value* /*old*/) {
    constexpr size_t devices_max = 128;
    constexpr std::string_view exactly_one =
        "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is "
        "required";
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_driver(check, spec.string_at("driver"), at.member("driver"));
    const Value& pool = map_of(spec, "pool");
    const Place pool_place = at.member("pool");
    check_pool_name(check, pool.string_at("name"), pool_place.member("name"));
    if (const int64_t count = pool.int_at(0, "resourceSliceCount"); count <= 0) {
        check.invalid(pool_place.member("resourceSliceCount"), count, "must be greater than zero");
    }
    if (const int64_t generation = pool.int_at(0, "generation"); generation < 0) {
        check.invalid(pool_place.member("generation"), generation,
                      "must be greater than or equal to zero");
    }
    const auto chosen = check_node_choice(check, spec, at, true);
    if (chosen.empty()) {
        check.required(at, std::string(exactly_one));
    } else if (chosen.size() > 1) {
        check.invalid(at, cat("{", join(chosen, ", "), "}"),
                      cat(exactly_one, ", but multiple fields are set"));
    }
    if (!items_of(spec, "devices").empty() && !items_of(spec, "sharedCounters").empty()) {
        check.invalid(at, "", "only one of `sharedCounters` or `devices` is allowed");
        return;
    }
    if (!is_flat(object)) {  // The oldest version has its devices' facts one level deeper.
        const bool by_device = is_true(spec, "perDeviceNodeSelection");
        check_named(check, items_of(spec, "devices"), devices_max, at.member("devices"),
                    [&](const Value& device, const Place& place) {
                        check_device(check, device, place, by_device);
                    });
    }
    check_counter_sets(check, spec, at);
}

constexpr std::array<KindRules, 5> device_table{
    {{"resource.k8s.io", "ResourceClaim", "", check_resource_claim},
     {"resource.k8s.io", "ResourceClaimTemplate", "", check_claim_template},
     {"resource.k8s.io", "DeviceClass", "", check_device_class},
     {"resource.k8s.io", "DeviceTaintRule", "", check_taint_rule},
     {"resource.k8s.io", "ResourceSlice", "", check_resource_slice}}};

}  // namespace

std::span<const KindRules> device_rules() {
    return device_table;
}

}  // namespace weft::server
