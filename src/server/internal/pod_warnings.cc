// server/internal/pod_warnings.cc: looks for what is deprecated, double or without effect in a pod.
//
// Source of the behaviour, the order and the texts: pkg/api/pod/warnings.go of Kubernetes 1.36, and
// the answers of a real server that recorded_changes.jsonl holds.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "schema/quantity.h"
#include "server/internal/warner.h"

namespace weft::server {

namespace {

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

constexpr std::string_view no_selector = "a null labelSelector results in matching no pod";
constexpr std::string_view seccomp_pod = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view seccomp_container = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view use_seccomp =
    "non-functional in v1.27+; use the \"seccompProfile\" field instead";
constexpr std::array<std::string_view, 2> containers_in_order = {"initContainers", "containers"};

const Deprecated* find_row(std::span<const Deprecated> rows, std::string_view name) {
    const auto found = std::ranges::find(rows, name, &Deprecated::name);
    return found == rows.end() ? nullptr : &*found;
}

// One pod's parts, and where they lie.
class PodWarnings {
public:
    PodWarnings(Warner& warner, const Value& pod, const Place& at, bool is_template)
        : warner_(warner),
          spec_(map_of(pod, "spec")),
          annotations_(map_of(map_of(pod, "metadata"), "annotations")),
          spec_at_(at.member("spec")),
          metadata_at_(at.member("metadata")),
          annotations_at_(metadata_at_.member("annotations")),
          is_template_(is_template) {}

    void say() {
        selectors();
        annotation("scheduler.alpha.kubernetes.io/critical-pod",
                   "non-functional in v1.16+; use the \"priorityClassName\" field instead");
        for_items(spec_, "volumes", spec_at_,
                  [&](const Value& one, const Place& at) { volume(one, at); });
        host_aliases();
        pull_secrets();
        annotation(seccomp_pod, use_seccomp);
        for (const std::string_view kind : containers_in_order) {
            for_items(spec_, kind, spec_at_,
                      [&](const Value& one, const Place& at) { container(one, at); });
        }
        const Place overhead = spec_at_.member("overhead");
        warn_about_fraction(warner_, map_of(spec_, "overhead").find("memory"),
                            overhead.key("memory"));
        if (spec_.int_at(0, "terminationGracePeriodSeconds") < 0) {
            warner_.say(spec_at_.member("terminationGracePeriodSeconds"),
                        "must be >= 0; negative values are invalid and will be treated as 1");
        }
        ports();
        affinity();
    }

private:
    void annotation(std::string_view name, std::string_view text) {
        if (annotations_.find(name) != nullptr) {
            warner_.say(annotations_at_.key(name), text);
        }
    }

    void node_term(const Value& term, const Place& at) {
        for_items(term, "matchExpressions", at, [&](const Value& expression, const Place& place) {
            const std::string_view key = expression.string_at("key");
            if (const Deprecated* row = find_row(node_labels, key)) {
                warner_.say(place.member("key"), key, " is ", row->text);
            }
        });
    }

    void selectors() {
        const Place selector = spec_at_.member("nodeSelector");
        for (const Member& term : members_of(spec_, "nodeSelector")) {
            if (const Deprecated* row = find_row(node_labels, term.name())) {
                warner_.say(selector.key(term.name()), row->text);
            }
        }
        const Value& nodes = map_of(map_of(spec_, "affinity"), "nodeAffinity");
        const Place affinity_at = spec_at_.member("affinity");
        const Place at = affinity_at.member("nodeAffinity");
        const Place required = at.member("requiredDuringSchedulingIgnoredDuringExecution");
        for_items(map_of(nodes, "requiredDuringSchedulingIgnoredDuringExecution"),
                  "nodeSelectorTerms", required,
                  [&](const Value& term, const Place& place) { node_term(term, place); });
        for_items(nodes, "preferredDuringSchedulingIgnoredDuringExecution", at,
                  [&](const Value& term, const Place& place) {
                      node_term(map_of(term, "preference"), place.member("preference"));
                  });
        for_items(spec_, "topologySpreadConstraints", spec_at_,
                  [&](const Value& constraint, const Place& place) {
                      const std::string_view key = constraint.string_at("topologyKey");
                      if (const Deprecated* row = find_row(node_labels, key)) {
                          warner_.say(place.member("topologyKey"), key, " is ", row->text);
                      }
                      if (given(constraint, "labelSelector") == nullptr) {
                          warner_.say(place.member("labelSelector"), no_selector);
                      }
                  });
    }

    // Paths of one volume that lie in one another's way.
    class Paths {
    public:
        Paths(Warner& warner, std::string volume) : warner_(warner), volume_(std::move(volume)) {}
        void add(std::string_view path, std::string source) {
            while (path.ends_with('/')) {
                path.remove_suffix(1);
            }
            Path one{std::string(path), std::move(source)};
            for (const Path& other : seen_) {
                if (one.text == other.text || one.text.starts_with(other.text + "/") ||
                    other.text.starts_with(one.text + "/")) {
                    warner_.say_all(
                        cat(volume_, ": overlapping paths: ", shown(one), " with ", shown(other)));
                }
            }
            seen_.push_back(std::move(one));
        }
        void add_items(const Value& holder, const std::string& source) {
            for (const Value& item : items_of(holder, "items")) {
                add(item.string_at("path"), source);
            }
        }

    private:
        struct Path {
            std::string text;
            std::string source;
        };
        static std::string shown(const Path& path) {
            return path.source.empty() ? quote(path.text)
                                       : cat(quote(path.text), " (", path.source, ")");
        }
        Warner& warner_;
        std::string volume_;
        std::vector<Path> seen_;
    };

    static void projected_paths(Paths& paths, const Value& source) {
        if (const Value* map = given(source, "configMap")) {
            paths.add_items(*map, cat("ConfigMap ", quote(map->string_at("name"))));
        } else if (const Value* secret = given(source, "secret")) {
            paths.add_items(*secret, cat("Secret ", quote(secret->string_at("name"))));
        } else if (const Value* downward = given(source, "downwardAPI")) {
            paths.add_items(*downward, "DownwardAPI");
        } else if (const Value* token = given(source, "serviceAccountToken")) {
            paths.add(token->string_at("path"), "ServiceAccountToken");
        } else if (const Value* bundle = given(source, "clusterTrustBundle")) {
            const std::string_view name = bundle->string_at("name");
            paths.add(bundle->string_at("path"),
                      cat("ClusterTrustBundle ",
                          quote(name.empty() ? bundle->string_at("signerName") : name)));
        }
    }

    void paths(const Value& volume) {
        const std::string name = quote(volume.string_at("name"));
        const auto of = [&](std::string_view kind, const Value& holder, std::string_view source) {
            Paths paths(warner_, cat("volume ", name, " (", kind,
                                     source.empty() ? "" : cat(" ", quote(source)), ")"));
            paths.add_items(holder, "");
        };
        if (const Value* map = given(volume, "configMap")) {
            of("ConfigMap", *map, map->string_at("name"));
        } else if (const Value* secret = given(volume, "secret")) {
            of("Secret", *secret, secret->string_at("secretName"));
        } else if (const Value* downward = given(volume, "downwardAPI")) {
            of("DownwardAPI", *downward, "");
        } else if (const Value* projected = given(volume, "projected")) {
            Paths paths(warner_, cat("volume ", name, " (Projected)"));
            for (const Value& source : items_of(*projected, "sources")) {
                projected_paths(paths, source);
            }
        }
    }

    void volume(const Value& one, const Place& at) {
        for (const Deprecated& row : volume_types) {
            if (given(one, row.name) != nullptr) {
                warner_.say(at.member(row.name), row.text);
            }
        }
        const Value& claim =
            map_of(map_of(map_of(one, "ephemeral"), "volumeClaimTemplate"), "spec");
        const Place ephemeral = at.member("ephemeral");
        const Place claim_template = ephemeral.member("volumeClaimTemplate");
        const Place claim_at = claim_template.member("spec");
        const Place resources = claim_at.member("resources");
        const Place requests = resources.member("requests");
        warn_about_fraction(warner_, map_of(map_of(claim, "resources"), "requests").find("storage"),
                            requests.key("storage"));
        paths(one);
    }

    void host_aliases() {
        std::set<std::string_view> seen;
        for_items(spec_, "hostAliases", spec_at_, [&](const Value& alias, const Place& at) {
            const std::string_view ip = alias.string_at("ip");
            if (!seen.insert(ip).second) {
                warner_.say(at.member("ip"), "duplicate ip ", quote(ip));
            }
        });
    }

    void pull_secrets() {
        std::set<std::string_view> names;
        for_items(spec_, "imagePullSecrets", spec_at_, [&](const Value& secret, const Place& at) {
            const std::string_view name = secret.string_at("name");
            if (!name.empty() && !names.insert(name).second) {
                warner_.say(at.member("name"), "duplicate name ", quote(name));
            }
        });
        for_items(spec_, "imagePullSecrets", spec_at_, [&](const Value& secret, const Place& at) {
            if (secret.string_at("name").empty()) {
                warner_.say(at.member("name"), "invalid empty name \"\"");
            }
        });
    }

    void container(const Value& one, const Place& at) {
        const std::string name(one.string_at("name"));
        annotation(cat(seccomp_container, name), use_seccomp);
        // Of a pod itself this is said where the annotation becomes a field.
        if (is_template_ && given(map_of(one, "securityContext"), "appArmorProfile") == nullptr) {
            annotation(cat(app_armor_annotation, name), use_app_armor_field);
        }
        const Value& resources = map_of(one, "resources");
        const Place resources_at = at.member("resources");
        for (const std::string_view resource : {"memory", "ephemeral-storage"}) {
            for (const std::string_view list : {"limits", "requests"}) {
                const Place list_at = resources_at.member(list);
                warn_about_fraction(warner_, map_of(resources, list).find(resource),
                                    list_at.key(resource));
            }
        }
        std::set<std::string_view> names;
        for_items(one, "env", at, [&](const Value& variable, const Place& place) {
            const std::string_view variable_name = variable.string_at("name");
            if (names.insert(variable_name).second) {
                return;
            }
            // A value that goes on from the one before it is meant.
            const std::string reference = cat("$(", variable_name, ")");
            const std::string_view value = variable.string_at("value");
            if (given(variable, "valueFrom") != nullptr || value == reference ||
                !value.contains(reference)) {
                warner_.say(place, "hides previous definition of ", quote(variable_name),
                            ", which may be dropped when using apply");
            }
        });
    }

    // Ports that say the same, each with all before it; then those that share a name.
    void ports() {
        struct Port {
            std::string at;
            std::string name;
            std::string host_ip;
            int64_t host_port;
        };
        std::map<std::string, std::vector<Port>> seen;
        std::vector<Port> named;
        const auto look = [&](const Value& port, const Place& at) {
            Port one{at.text(), std::string(port.string_at("name")),
                     std::string(port.string_at("hostIP")), port.int_at(0, "hostPort")};
            const int64_t number = port.int_at(0, "containerPort");
            const std::string_view protocol = port.string_at("protocol");
            if (!one.host_ip.empty() && one.host_port == 0) {
                warner_.say_all(cat(one.at, ": hostIP set without hostPort: {Name:", one.name,
                                    " HostPort:0 ContainerPort:", number, " Protocol:", protocol,
                                    " HostIP:", one.host_ip, "}"));
            }
            std::vector<Port>& there = seen[cat(number, "/", protocol)];
            for (const Port& other : there) {
                if (one.host_ip == other.host_ip && one.host_port == other.host_port) {
                    warner_.say_all(cat(one.at, ": duplicate port definition with ", other.at));
                } else if (one.host_port == 0 || other.host_port == 0) {
                    warner_.say_all(cat(one.at, ": overlapping port definition with ", other.at));
                } else if (one.host_port == other.host_port &&
                           one.host_ip.empty() != other.host_ip.empty()) {
                    warner_.say_all(
                        cat(one.at, ": dangerously ambiguous port definition with ", other.at));
                }
            }
            if (!one.name.empty()) {
                named.push_back(one);
            }
            there.push_back(std::move(one));
        };
        for (const std::string_view kind : containers_in_order) {
            for_items(spec_, kind, spec_at_, [&](const Value& one, const Place& at) {
                for_items(one, "ports", at, look);
            });
        }
        std::map<std::string, std::string> first;
        for (const Port& port : named) {
            const auto [found, is_new] = first.emplace(port.name, port.at);
            if (!is_new) {
                warner_.say_all(cat(
                    port.at, ": duplicate port name ", quote(port.name), " with ", found->second,
                    ", services and probes that select ports by name will use ", found->second));
            }
        }
    }

    void affinity() {
        const Value& all = map_of(spec_, "affinity");
        const Place affinity_at = spec_at_.member("affinity");
        for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
            const Value& one = map_of(all, kind);
            const Place at = affinity_at.member(kind);
            const auto check = [&](const Value& term, const Place& place) {
                if (given(term, "labelSelector") == nullptr) {
                    warner_.say(place.member("labelSelector"), no_selector);
                }
            };
            for_items(one, "requiredDuringSchedulingIgnoredDuringExecution", at, check);
            for_items(one, "preferredDuringSchedulingIgnoredDuringExecution", at,
                      [&](const Value& term, const Place& place) {
                          check(map_of(term, "podAffinityTerm"), place.member("podAffinityTerm"));
                      });
        }
    }

    Warner& warner_;
    const Value& spec_;
    const Value& annotations_;
    const Place spec_at_;
    const Place metadata_at_;
    const Place annotations_at_;
    const bool is_template_;
};

}  // namespace

std::span<const Deprecated> deprecated_volumes() {
    return volume_types;
}

void warn_about_fraction(Warner& warner, const Value* quantity, const Place& at) {
    if (quantity == nullptr || !quantity->is_string()) {
        return;
    }
    const auto parsed = schema::Quantity::parse(quantity->as_string());
    if (parsed && !parsed->is_integer()) {
        warner.say(at, "fractional byte value ", quote(quantity->as_string()),
                   " is invalid, must be an integer");
    }
}

void warn_about_pod(Warner& warner, const Value& pod, const Place& at, bool is_template) {
    PodWarnings(warner, pod, at, is_template).say();
}

}  // namespace weft::server
