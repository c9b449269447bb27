// server/internal/warnings.cc: looks for what is deprecated, double or without effect.

#include "server/internal/warnings.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "crd/crd.h"
#include "object/names.h"
#include "schema/quantity.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

class Warner {
public:
    explicit Warner(Call* call) : call_(*call) {}
    template <typename... Parts>
    void say(const Place& at, const Parts&... parts) {
        call_.warn(cat(at.text(), ": ", parts...));
    }
    void say_all(std::string text) { call_.warn(std::move(text)); }

private:
    Call& call_;
};

struct Deprecated {
    std::string_view name;
    std::string_view text;
};
constexpr std::array<Deprecated, 7> volume_types{
    {{"gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
     {"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
     {"scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
     {"cephfs", "deprecated in v1.28, non-functional in v1.31+"},
     {"storageos", "deprecated in v1.22, non-functional in v1.25+"},
     {"glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
     {"rbd", "deprecated in v1.28, non-functional in v1.31+"}}};
constexpr std::array<Deprecated, 5> node_labels{
    {{"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
     {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
     {"failure-domain.beta.kubernetes.io/region",
      "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
     {"failure-domain.beta.kubernetes.io/zone",
      "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
     {"beta.kubernetes.io/instance-type",
      "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"}}};

const Deprecated* find_row(std::span<const Deprecated> rows, std::string_view name) {
    const auto found = std::ranges::find(rows, name, &Deprecated::name);
    return found == rows.end() ? nullptr : &*found;
}

void warn_about_volumes(Warner& warner, const Value& spec, const Place& at) {
    for_items(spec, "volumes", at, [&](const Value& volume, const Place& place) {
        for (const Deprecated& row : volume_types) {
            if (given(volume, row.name) != nullptr) {
                warner.say(place.member(row.name), row.text);
            }
        }
    });
}

void warn_about_selectors(Warner& warner, const Value& spec, const Place& at) {
    const Place selector = at.member("nodeSelector");
    for (const Member& term : members_of(spec, "nodeSelector")) {
        if (const Deprecated* row = find_row(node_labels, term.name())) {
            warner.say(selector.key(term.name()), row->text);
        }
    }
    for_items(spec, "topologySpreadConstraints", at,
              [&](const Value& constraint, const Place& place) {
                  const std::string_view key = constraint.string_at("topologyKey");
                  if (const Deprecated* row = find_row(node_labels, key)) {
                      warner.say_all(
                          cat(place.member("topologyKey").text(), ": ", key, " is ", row->text));
                  }
              });
}

void warn_about_secrets(Warner& warner, const Value& spec, const Place& at) {
    const Place list = at.member("imagePullSecrets");
    std::set<std::string_view> names;
    size_t index = 0;
    for (const Value& secret : items_of(spec, "imagePullSecrets")) {
        const Place place = list.item(index++);
        const std::string_view name = secret.string_at("name");
        if (name.empty()) {
            warner.say(place.member("name"), "invalid empty name ", quote(name));
        } else if (!names.insert(name).second) {
            warner.say(place.member("name"), "duplicate name ", quote(name));
        }
    }
}

void warn_about_env(Warner& warner, const Value& spec, const Place& at) {
    for (const std::string_view kind : {"initContainers", "containers"}) {
        const Place list = at.member(kind);
        size_t index = 0;
        for (const Value& container : items_of(spec, kind)) {
            const Place place = list.item(index++);
            const Place variables = place.member("env");
            std::set<std::string_view> names;
            size_t number = 0;
            for (const Value& variable : items_of(container, "env")) {
                const Place one = variables.item(number++);
                const std::string_view name = variable.string_at("name");
                if (!names.insert(name).second) {
                    warner.say(one, "hides previous definition of ", quote(name),
                               ", which may be unexpected");
                }
            }
        }
    }
}

// Every pair of ports that say the same is told, each with all before it; then those that share a
// name.
void warn_about_ports(Warner& warner, const Value& spec, const Place& at) {
    struct Port {
        std::string at;
        std::string name;
    };
    std::map<std::string, std::vector<std::string>> seen;
    std::vector<Port> named;
    for_items(spec, "containers", at, [&](const Value& container, const Place& place) {
        const Place ports = place.member("ports");
        size_t number = 0;
        for (const Value& port : items_of(container, "ports")) {
            const Place one = ports.item(number++);
            std::string text = one.text();
            std::vector<std::string>& there =
                seen[cat(port.string_at("protocol"), " ", port.int_at(0, "containerPort"), " ",
                         port.int_at(0, "hostPort"), " ", port.string_at("hostIP"))];
            for (const std::string& other : there) {
                warner.say_all(cat(text, ": duplicate port definition with ", other));
            }
            if (const std::string_view name = port.string_at("name"); !name.empty()) {
                named.push_back({text, std::string(name)});
            }
            there.push_back(std::move(text));
        }
    });
    std::map<std::string, std::string> first;
    for (const Port& port : named) {
        const auto [found, is_new] = first.emplace(port.name, port.at);
        if (!is_new) {
            warner.say_all(
                cat(port.at, ": duplicate port name ", quote(port.name), " with ", found->second,
                    ", services and probes that select ports by name will use ", found->second));
        }
    }
}

void warn_about_pod(Warner& warner, const Value& spec, const Place& at) {
    warn_about_selectors(warner, spec, at);
    warn_about_volumes(warner, spec, at);
    warn_about_secrets(warner, spec, at);
    if (spec.int_at(0, "terminationGracePeriodSeconds") < 0) {
        warner.say(at.member("terminationGracePeriodSeconds"),
                   "must be >= 0; negative values are invalid and will be treated as 1");
    }
    warn_about_env(warner, spec, at);
    warn_about_ports(warner, spec, at);
}

void warn_about_service(Warner& warner, const Value& object, const Value* /*old*/) {
    const Value& spec = map_of(object, "spec");
    const bool has_external = !items_of(spec, "externalIPs").empty();
    if (spec.string_at("clusterIP") == "None") {
        if (!spec.string_at("loadBalancerIP").empty()) {
            warner.say_all("spec.loadBalancerIP is ignored for headless services");
        }
        if (has_external) {
            warner.say_all("spec.externalIPs is ignored for headless services");
        }
        if (spec.string_at("sessionAffinity") == "ClientIP") {
            warner.say_all("spec.SessionAffinity is ignored for headless services");
        }
    } else if (has_external) {
        warner.say_all(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    }
    if (spec.string_at("trafficDistribution") == "PreferClose") {
        warner.say_all(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use "
            "\"PreferSameZone\"");
    }
}

void warn_about_volume(Warner& warner, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    if (spec.string_at("persistentVolumeReclaimPolicy") == "Recycle") {
        warner.say(at.member("persistentVolumeReclaimPolicy"),
                   "The Recycle reclaim policy is deprecated. Instead, the recommended approach "
                   "is to use dynamic provisioning.");
    }
    for (const Deprecated& row : volume_types) {
        if (row.name != "gitRepo" && given(spec, row.name) != nullptr) {
            warner.say(at.member(row.name), row.text);
        }
    }
}

void warn_about_claim(Warner& warner, const Value& object, const Value* /*old*/) {
    const Value* storage = object.find("spec", "resources", "requests", "storage");
    if (storage == nullptr || !storage->is_string()) {
        return;
    }
    const auto quantity = schema::Quantity::parse(storage->as_string());
    if (quantity && !quantity->is_integer()) {
        warner.say_all(cat("spec.resources.requests[storage]: fractional byte value ",
                           quote(storage->as_string()), " is invalid, must be an integer"));
    }
}

void warn_about_secret(Warner& warner, const Value& object, const Value* /*old*/) {
    if (object.string_at("type") != "kubernetes.io/tls") {
        return;
    }
    const auto has_pem = [&](std::string_view key) {
        const auto text = base64_decode(object.string_at("data", key));
        return text && text->contains("-----BEGIN ");
    };
    if (!has_pem("tls.crt")) {
        warner.say_all("tls: failed to find any PEM data in certificate input");
    } else if (!has_pem("tls.key")) {
        warner.say_all("tls: failed to find any PEM data in key input");
    }
}

// A new name that is no DNS label, where it goes on into `used_in`.
void warn_about_name(Warner& warner, const Value& object, const Value* old,
                     std::string_view used_in) {
    if (old != nullptr) {
        return;
    }
    if (const auto problems = check_dns1123_label(object.string_at("metadata", "name"));
        !problems.empty()) {
        warner.say_all(cat("metadata.name: this is used in ", used_in,
                           ", which can result in surprising behavior; a DNS label is "
                           "recommended: [",
                           join(problems, " "), "]"));
    }
}

void warn_about_single_pod(Warner& warner, const Value& object, const Value* old) {
    const Place root;
    warn_about_name(warner, object, old, "the Pod's hostname");
    warn_about_pod(warner, map_of(object, "spec"), root.member("spec"));
}

void warn_about_template(Warner& warner, const Value& template_holder, const Place& at) {
    const Place place = at.member("template");
    warn_about_pod(warner, map_of(map_of(template_holder, "template"), "spec"),
                   place.member("spec"));
}

void warn_about_workload(Warner& warner, const Value& object, const Value* old) {
    const Place root;
    warn_about_name(warner, object, old, "Pod names and hostnames");
    warn_about_template(warner, map_of(object, "spec"), root.member("spec"));
}

void warn_about_cron_job(Warner& warner, const Value& object, const Value* old) {
    const Place root;
    const Place spec = root.member("spec");
    const Place job = spec.member("jobTemplate");
    warn_about_name(warner, object, old, "Pod names and hostnames");
    warn_about_template(warner, map_of(map_of(map_of(object, "spec"), "jobTemplate"), "spec"),
                        job.member("spec"));
}

void warn_about_definition(Warner& warner, const Value& object, const Value* /*old*/) {
    for (std::string& text : crd::warnings(object)) {
        warner.say_all(std::move(text));
    }
}

struct WarningRule {
    std::string_view group;
    std::string_view kind;
    void (*warn)(Warner& warner, const Value& object, const Value* old);
};
constexpr std::array<WarningRule, 13> warning_rules{
    {{"", "Pod", warn_about_single_pod},
     {"", "Service", warn_about_service},
     {"", "PersistentVolume", warn_about_volume},
     {"", "PersistentVolumeClaim", warn_about_claim},
     {"", "Secret", warn_about_secret},
     {"", "ReplicationController", warn_about_workload},
     {"apps", "Deployment", warn_about_workload},
     {"apps", "ReplicaSet", warn_about_workload},
     {"apps", "StatefulSet", warn_about_workload},
     {"apps", "DaemonSet", warn_about_workload},
     {"batch", "Job", warn_about_workload},
     {"batch", "CronJob", warn_about_cron_job},
     {"apiextensions.k8s.io", "CustomResourceDefinition", warn_about_definition}}};

void warn_about_custom(Warner& warner, const Value& object) {
    for (const Value& item : items_of(map_of(object, "metadata"), "finalizers")) {
        const std::string_view name = item.is_string() ? item.as_string() : std::string_view();
        if (!name.contains('/') && name != "orphan" && name != "foregroundDeletion") {
            warner.say_all(cat("metadata.finalizers: ", quote(name),
                               ": prefer a domain-qualified finalizer name to avoid accidental "
                               "conflicts with other finalizer writers"));
        }
    }
}

}  // namespace

void warn_about_object(Call* call, const Value& object, const Value* old_object) {
    const Resource& resource = *call->resource;
    Warner warner(call);
    if (resource.custom != nullptr) {
        warn_about_custom(warner, object);
        return;
    }
    if (old_object != nullptr && resource.kind != "CustomResourceDefinition" &&
        object.int_at(0, "metadata", "generation") ==
            old_object->int_at(0, "metadata", "generation")) {
        return;  // nothing that is warned about has changed
    }
    for (const WarningRule& rule : warning_rules) {
        if (rule.kind == resource.kind && rule.group == resource.gvr.group) {
            rule.warn(warner, object, old_object);
        }
    }
}

}  // namespace weft::server
