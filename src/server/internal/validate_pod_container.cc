// server/internal/validate_pod_container.cc: containers of pods and pod templates.

#include <algorithm>
#include <array>
#include <set>

#include "object/names.h"
#include "schema/quantity.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr Checker::Names protocols = {"SCTP", "TCP", "UDP"};

void check_ports(Checker& check, const Value& container, const Place& at) {
    std::set<std::string_view> names;
    for_items(container, "ports", at, [&](const Value& port, const Place& place) {
        if (const std::string_view name = port.string_at("name"); !name.empty()) {
            const std::vector<std::string> problems = check_port_name(name);
            for (const std::string& problem : problems) {
                check.invalid(place.member("name"), name, problem);
            }
            if (problems.empty() && !names.insert(name).second) {
                check.duplicate(place.member("name"), name);
            }
        }
        if (const int64_t number = port.int_at(0, "containerPort"); number == 0) {
            check.required(place.member("containerPort"));
        } else {
            check_port_number(check, place.member("containerPort"), number);
        }
        if (const int64_t number = port.int_at(0, "hostPort"); number != 0) {
            check_port_number(check, place.member("hostPort"), number);
        }
        check.required_one_of(port, "protocol", place, protocols);
    });
}

void check_host_ports(Checker& check, std::span<const Value> containers, const Place& list,
                      size_t first) {
    std::set<std::string> taken;
    for (const Value& container : containers) {
        const Place place = list.item(first++);
        const Place ports = place.member("ports");
        size_t index = 0;
        for (const Value& port : items_of(container, "ports")) {
            const Place at = ports.item(index++);
            const int64_t number = port.int_at(0, "hostPort");
            if (number == 0) {
                continue;
            }
            std::string key =
                cat(port.string_at("protocol"), "/", port.string_at("hostIP"), "/", number);
            if (taken.contains(key)) {
                check.duplicate(at.member("hostPort"), key);
            } else {
                taken.insert(std::move(key));
            }
        }
    }
}

// "spec.containers[0].env[0].valueFrom.configMapKeyRef": a name and a key of its data.
void check_key_ref(Checker& check, const Value& ref, const Place& at) {
    check.name(at.member("name"), ref.string_at("name"), check_dns1123_subdomain);
    check.required_name(at.member("key"), ref.string_at("key"), check_config_map_key);
}

void check_value_from(Checker& check, const Value& variable, const Place& place) {
    const Value* from = given(variable, "valueFrom");
    if (from == nullptr) {
        return;
    }
    const Place at = place.member("valueFrom");
    int sources = 0;
    if (const Value* ref = given(*from, "fieldRef")) {
        ++sources;
        check_field_selector(check, *ref, at.member("fieldRef"), false);
    }
    if (const Value* ref = given(*from, "resourceFieldRef")) {
        ++sources;
        check_resource_selector(check, *ref, at.member("resourceFieldRef"), false);
    }
    for (const std::string_view kind : {"configMapKeyRef", "secretKeyRef"}) {
        if (const Value* ref = given(*from, kind)) {
            ++sources;
            check_key_ref(check, *ref, at.member(kind));
        }
    }
    if (const Value* ref = given(*from, "fileKeyRef")) {
        ++sources;
        const Place file = at.member("fileKeyRef");
        check.required_name(file.member("key"), ref->string_at("key"), check_relaxed_env_var_name);
        check.required_name(file.member("volumeName"), ref->string_at("volumeName"),
                            check_dns1123_label);
        if (check.required_text(*ref, "path", file)) {
            check_local_path(check, file.member("path"), ref->string_at("path"));
        }
    }
    if (sources == 0) {
        check.invalid(at, "",
                      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
                      "`secretKeyRef` or `fileKeyRef`");
    } else if (!variable.string_at("value").empty()) {
        check.invalid(at, "", "may not be specified when `value` is not empty");
    } else if (sources > 1) {
        check.invalid(at, "", "may not have more than one field specified at a time");
    }
}

void check_env(Checker& check, const Value& container, const Place& at) {
    for_items(container, "env", at, [&](const Value& variable, const Place& place) {
        check.required_name(place.member("name"), variable.string_at("name"),
                            check_relaxed_env_var_name);
        check_value_from(check, variable, place);
    });
}

void check_env_from(Checker& check, const Value& container, const Place& at) {
    const Place list = at.member("envFrom");
    size_t index = 0;
    for (const Value& source : items_of(container, "envFrom")) {
        const Place place = list.item(index++);
        if (const std::string_view prefix = source.string_at("prefix"); !prefix.empty()) {
            check.name(place.member("prefix"), prefix, check_relaxed_env_var_name);
        }
        int sources = 0;
        for (const std::string_view kind : {"configMapRef", "secretRef"}) {
            if (const Value* ref = given(source, kind)) {
                ++sources;
                const Place at_ref = place.member(kind);
                check.required_name(at_ref.member("name"), ref->string_at("name"),
                                    check_dns1123_subdomain);
            }
        }
        if (sources == 0) {
            check.invalid(list, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if (sources > 1) {
            check.invalid(list, "", "may not have more than one field specified at a time");
        }
    }
}

const Value* volume_named(const PodContext& pod, std::string_view name) {
    const auto found =
        std::ranges::find(*pod.volumes, name, &std::pair<std::string_view, const Value*>::first);
    return found == pod.volumes->end() ? nullptr : found->second;
}

bool lists(const Value& container, std::string_view list, std::string_view member,
           std::string_view text) {
    return std::ranges::any_of(items_of(container, list),
                               [&](const Value& item) { return item.string_at(member) == text; });
}

void check_propagation(Checker& check, const Value& mount, const Value& container,
                       const Place& at) {
    if (given(mount, "mountPropagation") == nullptr) {
        return;
    }
    const Place place = at.member("mountPropagation");
    const std::string_view mode = mount.string_at("mountPropagation");
    if (!is_one_of(mode, {"Bidirectional", "HostToContainer", "None"})) {
        check.unsupported(place, mode, {"Bidirectional", "HostToContainer", "None"});
    }
    if (mode == "Bidirectional" && !is_true(map_of(container, "securityContext"), "privileged")) {
        check.forbidden(place,
                        "Bidirectional mount propagation is available only to privileged "
                        "containers");
    }
}

void check_recursive_read_only(Checker& check, const Value& mount, const Place& place) {
    if (given(mount, "recursiveReadOnly") == nullptr) {
        return;
    }
    const Place at = place.member("recursiveReadOnly");
    const std::string_view mode = mount.string_at("recursiveReadOnly");
    if (!is_one_of(mode, {"Disabled", "IfPossible", "Enabled"})) {
        check.unsupported(at, mode, {"Disabled", "IfPossible", "Enabled"});
        return;
    }
    if (mode == "Disabled") {
        return;
    }
    if (!is_true(mount, "readOnly")) {
        check.forbidden(at, "may only be specified when readOnly is true");
    }
    const std::string_view propagation = mount.string_at("mountPropagation");
    if (!propagation.empty() && propagation != "None") {
        check.forbidden(at, "may only be specified when mountPropagation is None or not specified");
    }
}

void check_mounts(Checker& check, const Value& container, const PodContext& pod, const Place& at) {
    std::set<std::string_view> paths;
    const Place list = at.member("volumeMounts");
    size_t index = 0;
    for (const Value& mount : items_of(container, "volumeMounts")) {
        const Place place = list.item(index++);
        const std::string_view name = mount.string_at("name");
        const std::string_view path = mount.string_at("mountPath");
        check.required_text(mount, "name", place);
        if (volume_named(pod, name) == nullptr) {
            check.not_found(place.member("name"), name);
        }
        check.required_text(mount, "mountPath", place);
        if (!paths.insert(path).second) {
            check.invalid(place.member("mountPath"), path, "must be unique");
        }
        if (lists(container, "volumeDevices", "name", name)) {
            check.invalid(place.member("name"), name, "must not already exist in volumeDevices");
        }
        if (lists(container, "volumeDevices", "devicePath", path)) {
            check.invalid(place.member("mountPath"), path,
                          "must not already exist as a path in volumeDevices");
        }
        // Upstream names these two without the index.
        const std::string_view sub_path = mount.string_at("subPath");
        if (!sub_path.empty()) {
            check_local_path(check, list.member("subPath"), sub_path);
        }
        if (const std::string_view sub_expr = mount.string_at("subPathExpr"); !sub_expr.empty()) {
            if (!sub_path.empty()) {
                check.invalid(place.member("subPathExpr"), sub_expr,
                              "subPathExpr and subPath are mutually exclusive");
            }
            check_local_path(check, list.member("subPathExpr"), sub_expr);
        }
        check_propagation(check, mount, container, list);
        check_recursive_read_only(check, mount, place);
    }
}

void check_devices(Checker& check, const Value& container, const PodContext& pod, const Place& at) {
    std::set<std::string_view> names;
    std::set<std::string_view> paths;
    for_items(container, "volumeDevices", at, [&](const Value& device, const Place& place) {
        const std::string_view name = device.string_at("name");
        const std::string_view path = device.string_at("devicePath");
        check.required_text(device, "name", place);
        if (!names.insert(name).second) {
            check.invalid(place.member("name"), name, "must be unique");
        }
        const Value* volume = volume_named(pod, name);
        if (volume == nullptr) {
            check.not_found(place.member("name"), name);
        } else if (given(*volume, "persistentVolumeClaim") == nullptr &&
                   given(*volume, "ephemeral") == nullptr) {
            check.invalid(place.member("name"), name,
                          "can only use volume source type of PersistentVolumeClaim or "
                          "Ephemeral for block mode");
        }
        check.required_text(device, "devicePath", place);
        if (!paths.insert(path).second) {
            check.invalid(place.member("devicePath"), path, "must be unique");
        }
        if (path.contains("..")) {
            check.invalid(place.member("devicePath"), path, "can not contain backsteps ('..')");
        }
        if (lists(container, "volumeMounts", "name", name)) {
            check.invalid(place.member("name"), name, "must not already exist in volumeMounts");
        }
        if (lists(container, "volumeMounts", "mountPath", path)) {
            check.invalid(place.member("devicePath"), path,
                          "must not already exist as a path in volumeMounts");
        }
    });
}

void check_resize_policy(Checker& check, const Value& container, const PodContext& pod,
                         const Place& place) {
    const Place at = place.member("resizePolicy");
    std::set<std::string_view> seen;
    size_t index = 0;
    for (const Value& policy : items_of(container, "resizePolicy")) {
        const std::string_view resource = policy.string_at("resourceName");
        if (!seen.insert(resource).second) {
            check.duplicate(at.item(index), resource);
        }
        ++index;
        if (resource.empty()) {
            check.required(at);
        } else if (!is_one_of(resource, {"cpu", "memory"})) {
            check.unsupported(at, resource, {"cpu", "memory"});
        }
        const std::string_view restart = policy.string_at("restartPolicy");
        if (restart.empty()) {
            check.required(at);
        } else if (!is_one_of(restart, {"NotRequired", "RestartContainer"})) {
            check.unsupported(at, restart, {"NotRequired", "RestartContainer"});
        }
        if (pod.spec->string_at("restartPolicy") == "Never" && restart != "NotRequired") {
            check.invalid(at, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }
    }
}

void check_security_context(Checker& check, const Value& container, const PodContext& pod,
                            const Place& place) {
    const Value* context = given(container, "securityContext");
    if (context == nullptr) {
        return;
    }
    const Place at = place.member("securityContext");
    check_user_id(check, *context, "runAsUser", at);
    check_user_id(check, *context, "runAsGroup", at);
    check.optional_one_of(*context, "procMount", at, {"Default", "Unmasked"});
    if (context->string_at("procMount") == "Unmasked" && pod.host_users) {
        check.invalid(at.member("procMount"), "Unmasked",
                      "`hostUsers` must be false to use `Unmasked`");
    }
    check_seccomp(check, given(*context, "seccompProfile"), at.member("seccompProfile"));
    if (is_false(*context, "allowPrivilegeEscalation")) {
        const auto shown = [&] { return Checker::form("core.v1.SecurityContext", *context); };
        if (is_true(*context, "privileged")) {
            check.invalid(
                at, shown(),
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        for (const Value& capability : items_of(map_of(*context, "capabilities"), "add")) {
            if (capability == Value("CAP_SYS_ADMIN")) {
                check.invalid(at, shown(),
                              "cannot set `allowPrivilegeEscalation` to false and "
                              "`capabilities.Add` CAP_SYS_ADMIN");
            }
        }
    }
    check_app_armor(check, given(*context, "appArmorProfile"), at.member("appArmorProfile"));
}

void check_container_common(Checker& check, const Value& container, const PodContext& pod,
                            const Place& at) {
    check.required_name(at.member("name"), container.string_at("name"), check_dns1123_label);
    check.required_text(container, "image", at);
    check.required_one_of(container, "terminationMessagePolicy", at,
                          {"File", "FallbackToLogsOnError"});
    check_ports(check, container, at);
    check_env(check, container, at);
    check_env_from(check, container, at);
    check_mounts(check, container, pod, at);
    check_devices(check, container, pod, at);
    check.required_one_of(container, "imagePullPolicy", at, {"Always", "IfNotPresent", "Never"});
    check_resources(check, map_of(container, "resources"), given(*pod.spec, "resourceClaims"),
                    at.member("resources"));
    check_resize_policy(check, container, pod, at);
    check_security_context(check, container, pod, at);
}

// --- Handlers of probes and of the lifecycle ---

void check_exec(Checker& check, const Value& action, const Place& at) {
    if (items_of(action, "command").empty()) {
        check.required(at.member("command"));
    }
}

void check_http_get(Checker& check, const Value& action, const Place& at) {
    check.required_text(action, "path", at);
    check_port_or_name(check, at.member("port"), value_at(action, "port"));
    check.one_of(action, "scheme", at, {"HTTP", "HTTPS"});
    for (const Value& header : items_of(action, "httpHeaders")) {
        check.name(at.member("httpHeaders"), header.string_at("name"), check_http_header_name);
    }
}

void check_port_action(Checker& check, const Value& action, const Place& at) {
    check_port_or_name(check, at.member("port"), value_at(action, "port"));
}

struct HandlerRule {
    std::string_view member;
    void (*check)(Checker& check, const Value& action, const Place& at);
};
constexpr std::array<HandlerRule, 4> handlers{{{"exec", check_exec},
                                               {"httpGet", check_http_get},
                                               {"tcpSocket", check_port_action},
                                               {"grpc", check_port_action}}};

void check_handler(Checker& check, const Value& holder, const PodContext& pod, const Place& at) {
    int count = 0;
    for (const HandlerRule& rule : handlers) {
        if (const Value* action = given(holder, rule.member)) {
            if (count++ > 0) {
                check.forbidden(at.member(rule.member), "may not specify more than 1 handler type");
            } else {
                rule.check(check, *action, at.member(rule.member));
            }
        }
    }
    if (const Value* sleep = given(holder, "sleep")) {
        const Place place = at.member("sleep");
        const int64_t seconds = sleep->int_at(0, "seconds");
        if (count++ > 0) {
            check.forbidden(place, "may not specify more than 1 handler type");
        } else if (seconds < 0 || seconds > pod.grace_period) {
            check.invalid(place, seconds,
                          cat("must be non-negative and less than terminationGracePeriodSeconds (",
                              pod.grace_period, ")."));
        }
    }
    if (count == 0) {
        check.required(at, "must specify a handler type");
    }
}

void check_lifecycle(Checker& check, const Value& container, const PodContext& pod,
                     const Place& place) {
    const Value* lifecycle = given(container, "lifecycle");
    if (lifecycle == nullptr) {
        return;
    }
    const Place at = place.member("lifecycle");
    for (const std::string_view hook : {"postStart", "preStop"}) {
        if (const Value* handler = given(*lifecycle, hook)) {
            check_handler(check, *handler, pod, at.member(hook));
        }
    }
}

void check_probe(Checker& check, const Value& container, std::string_view name,
                 const PodContext& pod, const Place& place) {
    const Value* probe = given(container, name);
    if (probe == nullptr) {
        return;
    }
    const Place at = place.member(name);
    check_handler(check, *probe, pod, at);
    for (const std::string_view member : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                                          "successThreshold", "failureThreshold"}) {
        check.not_negative(*probe, member, at);
    }
    const Value* grace = given(*probe, "terminationGracePeriodSeconds");
    if (grace != nullptr && probe->int_at(0, "terminationGracePeriodSeconds") <= 0) {
        check.invalid(at.member("terminationGracePeriodSeconds"), *grace, "must be greater than 0");
    }
    if (name == "readinessProbe") {
        if (grace != nullptr) {
            check.invalid(at.member("terminationGracePeriodSeconds"), *grace,
                          "must not be set for readinessProbes");
        }
    } else if (const int64_t threshold = probe->int_at(0, "successThreshold"); threshold != 1) {
        check.invalid(at.member("successThreshold"), threshold, "must be 1");
    }
}

constexpr std::array<std::string_view, 3> probes{"livenessProbe", "readinessProbe", "startupProbe"};

void check_running(Checker& check, const Value& container, const PodContext& pod, const Place& at) {
    check_lifecycle(check, container, pod, at);
    for (const std::string_view probe : probes) {
        check_probe(check, container, probe, pod, at);
    }
}

void check_restart_rules(Checker& check, const Value& container, const Place& at) {
    check.optional_one_of(container, "restartPolicy", at, {"Always", "Never", "OnFailure"});
    const auto rules = items_of(container, "restartPolicyRules");
    const Place list = at.member("restartPolicyRules");
    if (!rules.empty() && given(container, "restartPolicy") == nullptr) {
        check.required(at.member("restartPolicy"),
                       "must specify restartPolicy when restart rules are used");
    }
    constexpr size_t rules_max = 20;
    if (rules.size() > rules_max) {
        check.too_long(list, static_cast<int64_t>(rules_max));
    }
    for (size_t i = 0; i < rules.size(); ++i) {
        const Place place = list.item(i);
        check.required_one_of(rules[i], "action", place, {"Restart", "RestartAllContainers"});
        if (const Value* codes = given(rules[i], "exitCodes")) {
            const Place at_codes = place.member("exitCodes");
            check.required_one_of(*codes, "operator", at_codes, {"In", "NotIn"});
        } else {
            check.required(place.member("exitCodes"), "must be specified");
        }
    }
}

}  // namespace

void check_user_id(Checker& check, const Value& in, std::string_view member, const Place& at) {
    check.in_range(in, member, at, 0, 2147483647);
}

void check_seccomp(Checker& check, const Value* profile, const Place& at) {
    if (profile == nullptr) {
        return;
    }
    const std::string_view type = profile->string_at("type");
    const Value* file = given(*profile, "localhostProfile");
    if (type == "Localhost") {
        if (file == nullptr || file->empty()) {
            check.required(at.member("localhostProfile"),
                           "must be set when seccomp type is Localhost");
        } else {
            check_local_path(check, at.member("localhostProfile"), file->as_string());
        }
    } else if (file != nullptr) {
        check.invalid(at.member("localhostProfile"),
                      Checker::form("core.v1.SeccompProfile", *profile),
                      "can only be set when seccomp type is Localhost");
    }
    if (type.empty()) {
        check.required(at.member("type"), "type is required when seccompProfile is set");
    } else {
        check.one_of(*profile, "type", at, {"Localhost", "RuntimeDefault", "Unconfined"});
    }
}

void check_app_armor(Checker& check, const Value* profile, const Place& at) {
    if (profile == nullptr) {
        return;
    }
    const std::string_view type = profile->string_at("type");
    const Value* file = given(*profile, "localhostProfile");
    if (type == "Localhost") {
        if (file == nullptr) {
            check.required(at.member("localhostProfile"),
                           "must be set when AppArmor type is Localhost");
        } else {
            const std::string_view text = file->as_string();
            const bool is_blank = trim(text).empty();
            if (is_blank) {
                check.required(at.member("localhostProfile"),
                               "must be set when AppArmor type is Localhost");
            } else if (trim(text) != text) {
                check.invalid(at.member("localhostProfile"), text,
                              "must not be padded with whitespace");
            }
        }
    } else if (file != nullptr) {
        check.invalid(at.member("localhostProfile"), *file,
                      "can only be set when AppArmor type is Localhost");
    }
    if (type.empty()) {
        check.required(at.member("type"), "type is required when appArmorProfile is set");
    } else {
        check.one_of(*profile, "type", at, {"Localhost", "RuntimeDefault", "Unconfined"});
    }
}

void check_containers(Checker& check, const PodContext& pod, const Place& at) {
    const Place list = at.member("containers");
    const auto containers = items_of(*pod.spec, "containers");
    if (containers.empty()) {
        check.required(list);
        return;
    }
    std::set<std::string_view> names;
    for (size_t i = 0; i < containers.size(); ++i) {
        const Value& container = containers[i];
        const Place place = list.item(i);
        check_container_common(check, container, pod, place);
        if (!names.insert(container.string_at("name")).second) {
            check.duplicate(place.member("name"), container.string_at("name"));
        }
        check_running(check, container, pod, place);
        check_restart_rules(check, container, place);
    }
    check_host_ports(check, containers, list, 0);
}

void check_init_containers(Checker& check, const PodContext& pod, const Place& at) {
    std::set<std::string_view> names;
    for (const Value& container : items_of(*pod.spec, "containers")) {
        names.insert(container.string_at("name"));
    }
    const Place list = at.member("initContainers");
    const auto containers = items_of(*pod.spec, "initContainers");
    for (size_t i = 0; i < containers.size(); ++i) {
        const Value& container = containers[i];
        const Place place = list.item(i);
        check_container_common(check, container, pod, place);
        const std::string_view name = container.string_at("name");
        if (names.contains(name)) {
            check.duplicate(place.member("name"), name);
        } else if (!name.empty()) {
            names.insert(name);
        }
        check_host_ports(check, containers.subspan(i, 1), list, 0);
        check_restart_rules(check, container, place);
        if (container.string_at("restartPolicy") == "Always") {
            check_running(check, container, pod, place);
            continue;
        }
        for (const std::string_view member :
             {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}) {
            if (given(container, member) != nullptr) {
                check.forbidden(place.member(member),
                                "may not be set for init containers without restartPolicy=Always");
            }
        }
    }
}

void check_ephemeral_containers(Checker& check, const PodContext& pod, const Place& at) {
    std::set<std::string_view> others;
    for (const std::string_view list : {"containers", "initContainers"}) {
        for (const Value& container : items_of(*pod.spec, list)) {
            others.insert(container.string_at("name"));
        }
    }
    std::set<std::string_view> names = others;
    for_items(
        *pod.spec, "ephemeralContainers", at, [&](const Value& container, const Place& place) {
            check_container_common(check, container, pod, place);
            const std::string_view name = container.string_at("name");
            if (!names.insert(name).second) {
                check.duplicate(place.member("name"), name);
            }
            const std::string_view target = container.string_at("targetContainerName");
            if (!target.empty() && !others.contains(target)) {
                check.not_found(place.member("targetContainerName"), target);
            }
            for (const std::string_view member :
                 {"ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules",
                  "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"}) {
                const Value* value = given(container, member);
                const bool is_set = value != nullptr && (value->is_string() || !value->empty());
                if (is_set) {
                    check.forbidden(place.member(member),
                                    "cannot be set for an Ephemeral Container");
                }
            }
            const Place mounts = place.member("volumeMounts");
            size_t number = 0;
            for (const Value& mount : items_of(container, "volumeMounts")) {
                const Place at_mount = mounts.item(number++);
                for (const std::string_view member : {"subPath", "subPathExpr"}) {
                    if (!mount.string_at(member).empty()) {
                        check.forbidden(at_mount.member(member),
                                        "cannot be set for an Ephemeral Container");
                    }
                }
            }
        });
}

// --- Resources ---

namespace {

void check_huge_pages(Checker& check, const Place& at, std::string_view resource,
                      const Value& quantity) {
    const auto size =
        schema::Quantity::parse(resource.substr(std::string_view("hugepages-").size()));
    const auto amount = schema::Quantity::parse(quantity.is_string() ? quantity.as_string() : "0");
    if (!size || !amount || size->value() <= 0 || amount->sign() < 0) {
        return;
    }
    if (amount->value() % size->value() != 0 || !amount->is_integer()) {
        check.invalid(at, amount->text(),
                      cat(amount->text(), " is not positive integer multiple of ", resource));
    }
}

}  // namespace

void check_container_resource_name(Checker& check, const Place& at, std::string_view resource) {
    check_resource_name(check, at, resource);
    if (!resource.contains('/')) {
        if (!is_standard_container_resource(resource)) {
            check.invalid(at, resource, "must be a standard resource for containers");
        }
    } else if (!is_native_resource(resource) && !is_extended_resource(resource)) {
        check.invalid(at, resource, "doesn't follow extended resource name standard");
    }
}

namespace {

void check_container_resource(Checker& check, const Place& at, std::string_view resource,
                              const Value& quantity) {
    check_container_resource_name(check, at, resource);
    check_quantity_of(check, at, resource, quantity);
    if (is_hugepages(resource)) {
        check_huge_pages(check, at, resource, quantity);
    }
}

void check_claim_names(Checker& check, const Value& resources, const Value* pod_claims,
                       const Place& at) {
    std::set<std::string_view> known;
    for (const Value& claim :
         pod_claims == nullptr ? std::span<const Value>() : pod_claims->items()) {
        known.insert(claim.string_at("name"));
    }
    std::set<std::string_view> seen;
    size_t index = 0;
    for (const Value& claim : items_of(resources, "claims")) {
        const Place place = at.item(index++);
        const std::string_view name = claim.string_at("name");
        if (name.empty()) {
            check.required(place);
            continue;
        }
        if (!seen.insert(name).second) {
            check.duplicate(place, name);
        }
        if (!known.contains(name)) {
            schema::FieldError error = schema::field_not_found(place.text(), name);
            error.detail =
                known.empty()
                    ? "must be one of the names in pod.spec.resourceClaims which is empty"
                    : cat("must be one of the names in pod.spec.resourceClaims: ",
                          join(std::vector<std::string>(known.begin(), known.end()), ", "));
            check.add(std::move(error));
        }
    }
}

}  // namespace

void check_resources(Checker& check, const Value& resources, const Value* pod_claims,
                     const Place& at) {
    bool has_basics = false;
    bool has_huge_pages = false;
    const auto note = [&](std::string_view resource) {
        has_basics = has_basics || is_one_of(resource, {"cpu", "memory"});
        has_huge_pages = has_huge_pages || is_hugepages(resource);
    };
    const Place limits = at.member("limits");
    for (const Member& limit : members_of(resources, "limits")) {
        check_container_resource(check, limits.key(limit.name()), limit.name(), limit.value);
        note(limit.name());
    }
    const Place requests = at.member("requests");
    for (const Member& request : members_of(resources, "requests")) {
        const std::string_view resource = request.name();
        check_container_resource(check, requests.key(resource), resource, request.value);
        note(resource);
        const bool may_differ = is_native_resource(resource) && !is_hugepages(resource);
        const Value* limit = resources.find("limits", resource);
        if (limit == nullptr) {
            if (!may_differ) {
                check.required(limits, "Limit must be set for non overcommitable resources");
            }
            continue;
        }
        const int order = compare_quantities(request.value, *limit);
        if (order != 0 && !may_differ) {
            check.invalid(requests, request.value,
                          cat("must be equal to ", resource, " limit of ", limit->as_string()));
        } else if (order > 0) {
            check.invalid(
                requests, request.value,
                cat("must be less than or equal to ", resource, " limit of ", limit->as_string()));
        }
    }
    if (has_huge_pages && !has_basics) {
        check.forbidden(at, "HugePages require cpu or memory");
    }
    check_claim_names(check, resources, pod_claims, at.member("claims"));
}

}  // namespace weft::server
