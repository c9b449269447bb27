// server/internal/validate_pod_security.cc: what a pod and its containers may ask of their host.

#include <initializer_list>

#include "server/internal/validate.h"

namespace weft::server {

namespace {

// A sysctl of a namespace that the pod shares with its host is the host's.
std::string_view shared_with_host(const Value& spec, std::string_view sysctl) {
    const bool is_ipc = sysctl == "kernel.sem" || sysctl.starts_with("kernel.shm") ||
                        sysctl.starts_with("kernel.msg") || sysctl.starts_with("fs.mqueue.");
    const std::string_view member = is_ipc                       ? "hostIPC"
                                    : sysctl.starts_with("net.") ? "hostNetwork"
                                                                 : "";
    return is_true(spec, member) ? member : std::string_view();
}

void check_sysctls(Checker& check, const Value& spec, const Value& context, const Place& at) {
    std::set<std::string_view> names;
    const Place list = at.member("sysctls");
    size_t index = 0;
    for (const Value& sysctl : items_of(context, "sysctls")) {
        const Place place = list.item(index++);
        const std::string_view name = sysctl.string_at("name");
        if (name.empty()) {
            check.required(place.member("name"));
        } else if (name.size() > 253 || !std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '_' || c == '.' || c == '/';
                   })) {
            check.invalid(
                place.member("name"), name,
                "must have at most 253 characters and match regex "
                "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
        } else if (!names.insert(name).second) {
            check.duplicate(place.member("name"), name);
        }
        if (const std::string_view host = shared_with_host(spec, name); !host.empty()) {
            check.invalid(place.member("name"), name,
                          cat("may not be specified when '", host, "' is true"));
        }
    }
}

// Every container, in the order in which errors come.
template <typename CheckContainer>
void for_containers(const Value& spec, const Place& at, const CheckContainer& check_container) {
    for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
        for_items(spec, list, at, check_container);
    }
}

// What only Linux has, in the order in which a pod for Windows is told of it.
void check_windows(Checker& check, const Value& spec, const Place& at) {
    constexpr std::string_view text = "cannot be set for a windows pod";
    const auto forbid = [&](const Value& in, const Place& place,
                            std::initializer_list<std::string_view> members) {
        for (const std::string_view member : members) {
            const Value* found = given(in, member);
            const bool is_flag = member == "hostPID" || member == "hostIPC";
            const bool is_said = found != nullptr && (is_flag            ? *found == Value(true)
                                                      : found->is_list() ? !found->empty()
                                                                         : true);
            if (is_said) {
                check.forbidden(place.member(member), std::string(text));
            }
        }
    };
    const Value& context = map_of(spec, "securityContext");
    const Place place = at.member("securityContext");
    forbid(context, place, {"appArmorProfile", "seLinuxOptions"});
    forbid(spec, at, {"hostUsers", "hostPID", "hostIPC"});
    forbid(context, place, {"seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"});
    forbid(spec, at, {"shareProcessNamespace"});
    forbid(context, place,
           {"runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy"});
    for_containers(spec, at, [&](const Value& container, const Place& at_container) {
        forbid(map_of(container, "securityContext"), at_container.member("securityContext"),
               {"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities",
                "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount",
                "runAsUser", "runAsGroup"});
    });
}

void check_linux(Checker& check, const Value& spec, const Place& at) {
    const auto forbid = [&check](const Value& in, const Place& place) {
        if (given(map_of(in, "securityContext"), "windowsOptions") != nullptr) {
            const Place context = place.member("securityContext");
            check.forbidden(context.member("windowsOptions"),
                            "windows options cannot be set for a linux pod");
        }
    };
    forbid(spec, at);
    for_containers(spec, at, forbid);
}

}  // namespace

void check_pod_security(Checker& check, const Value& spec, const Place& place) {
    const Value* context = given(spec, "securityContext");
    if (context == nullptr) {
        return;
    }
    if (is_true(spec, "hostNetwork")) {
        for_items(
            spec, "containers", place, [&](const Value& container, const Place& at_container) {
                const Place ports = at_container.member("ports");
                size_t number = 0;
                for (const Value& port : items_of(container, "ports")) {
                    const Place at_port = ports.item(number++);
                    const int64_t own = port.int_at(0, "containerPort");
                    // Templates of workloads have no host port yet; pods got theirs by default.
                    if (const int64_t host = port.int_at(0, "hostPort"); host != 0 && host != own) {
                        check.invalid(at_port.member("hostPort"), host,
                                      "must match `containerPort` when `hostNetwork` is true");
                    }
                }
            });
    }
    const Place at = place.member("securityContext");
    for (const std::string_view member : {"fsGroup", "runAsUser", "runAsGroup"}) {
        check_user_id(check, *context, member, at);
    }
    for_items(*context, "supplementalGroups", at, [&](const Value& group, const Place& at_group) {
        if (group.is_int() && (group.as_int() < 0 || group.as_int() > 2147483647)) {
            check.invalid(at_group, group, range_text(0, 2147483647));
        }
    });
    check.optional_one_of(*context, "supplementalGroupsPolicy", at, {"Merge", "Strict"});
    if (is_true(spec, "hostPID") && is_true(spec, "shareProcessNamespace")) {
        check.invalid(at.member("shareProcessNamespace"), true,
                      "ShareProcessNamespace and HostPID cannot both be enabled");
    }
    check_sysctls(check, spec, *context, at);
    check.optional_one_of(*context, "fsGroupChangePolicy", at, {"Always", "OnRootMismatch"});
    check_seccomp(check, given(*context, "seccompProfile"), at.member("seccompProfile"));
    check_app_armor(check, given(*context, "appArmorProfile"), at.member("appArmorProfile"));
    check.optional_one_of(*context, "seLinuxChangePolicy", at, {"MountOption", "Recursive"});
}

void check_host_users(Checker& check, const Value& spec, const Place& at) {
    if (!is_false(spec, "hostUsers")) {
        return;
    }
    constexpr std::string_view text = "when `hostUsers` is false";
    if (is_true(spec, "hostNetwork")) {
        check.forbidden(at.member("hostNetwork"), std::string(text));
    }
    if (is_true(spec, "hostPID")) {
        check.forbidden(at.member("HostPID"), std::string(text));
    }
    if (is_true(spec, "hostIPC")) {
        check.forbidden(at.member("HostIPC"), std::string(text));
    }
}

// Whether containers are processes of their Windows host must be said of all or of none.
void check_host_processes(Checker& check, const Value& spec, const Place& at) {
    const auto wish_of = [](const Value& in) {
        return given(map_of(map_of(in, "securityContext"), "windowsOptions"), "hostProcess");
    };
    const Value* of_pod = wish_of(spec);
    size_t count = 0;
    size_t host_processes = 0;
    for_containers(spec, at, [&](const Value& container, const Place& place) {
        ++count;
        const Value* own = wish_of(container);
        if (of_pod != nullptr && own != nullptr && *own != *of_pod) {
            const Place context = place.member("securityContext");
            const Place options = context.member("windowsOptions");
            check.invalid(options.member("hostProcess"), *own,
                          cat("pod hostProcess value must be identical if both are specified, was ",
                              to_json(*of_pod)));
        }
        const Value* meant = own != nullptr ? own : of_pod;
        host_processes += meant != nullptr && *meant == Value(true) ? 1 : 0;
    });
    if (host_processes == 0) {
        return;
    }
    if (host_processes != count) {
        check.invalid(at, "",
                      "If pod contains any hostProcess containers then all containers must be "
                      "HostProcess containers");
    }
    if (!is_true(spec, "hostNetwork")) {
        check.invalid(at.member("hostNetwork"), false,
                      "hostNetwork must be true if pod contains any hostProcess containers");
    }
}

void check_os(Checker& check, const Value& spec, const Place& place) {
    const Value* os = given(spec, "os");
    if (os == nullptr) {
        return;
    }
    const Place at = place.member("os");
    const std::string_view name = os->string_at("name");
    if (name.empty()) {
        check.required(at.member("name"), "cannot be empty");
    } else if (name == "linux") {
        check_linux(check, spec, place);
    } else if (name == "windows") {
        check_windows(check, spec, place);
    } else {
        check.unsupported(at, name, {"linux", "windows"});
    }
}

}  // namespace weft::server
