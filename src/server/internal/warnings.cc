// server/internal/warnings.cc: looks for what is deprecated, double or without effect.

#include "server/internal/warnings.h"

#include <algorithm>
#include <array>

#include "crd/crd.h"
#include "object/names.h"
#include "server/internal/warner.h"

namespace weft::server {

namespace {

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
    for (const Deprecated& row : deprecated_volumes()) {
        if (row.name != "gitRepo" && given(spec, row.name) != nullptr) {
            warner.say(at.member(row.name), row.text);
        }
    }
}

void warn_about_claim(Warner& warner, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    const Place resources = spec.member("resources");
    const Place requests = resources.member("requests");
    warn_about_fraction(warner, object.find("spec", "resources", "requests", "storage"),
                        requests.key("storage"));
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
    warn_about_pod(warner, object, root, false);
}

void warn_about_template(Warner& warner, const Value& template_holder, const Place& at) {
    warn_about_pod(warner, map_of(template_holder, "template"), at.member("template"), true);
}

void warn_about_workload(Warner& warner, const Value& object, const Value* old) {
    const Place root;
    warn_about_name(warner, object, old, "Pod names and hostnames");
    warn_about_template(warner, map_of(object, "spec"), root.member("spec"));
}

// The pods of a DaemonSet get no hostname of its name.
void warn_about_daemons(Warner& warner, const Value& object, const Value* /*old*/) {
    const Place root;
    warn_about_template(warner, map_of(object, "spec"), root.member("spec"));
}

void warn_about_pod_template(Warner& warner, const Value& object, const Value* /*old*/) {
    const Place root;
    warn_about_template(warner, object, root);
}

void warn_about_cron_job(Warner& warner, const Value& object, const Value* old) {
    const Place root;
    const Place spec = root.member("spec");
    const Place job = spec.member("jobTemplate");
    warn_about_name(warner, object, old, "Pod names and hostnames");
    warn_about_template(warner, map_of(map_of(map_of(object, "spec"), "jobTemplate"), "spec"),
                        job.member("spec"));
}

void warn_about_definition(Warner& warner, const Value& object, const Value* old) {
    for (std::string& text : crd::warnings(object, old)) {
        warner.say_all(std::move(text));
    }
}

void warn_about_node(Warner& warner, const Value& object, const Value* /*old*/) {
    const Value& spec = map_of(object, "spec");
    const Place root;
    const Place at = root.member("spec");
    if (!spec.string_at("externalID").empty()) {
        warner.say(at.member("externalID"),
                   "this field is deprecated, and is unused by Kubernetes");
    }
}

void warn_about_ingress(Warner& warner, const Value& object, const Value* old) {
    constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";
    if (old == nullptr && object.find("metadata", "annotations", class_annotation) != nullptr) {
        warner.say_all(cat("annotation ", quote(class_annotation),
                           " is deprecated, please use 'spec.ingressClassName' instead"));
    }
}

void warn_about_driver(Warner& warner, const Value& object, const Value* /*old*/) {
    const Value& spec = map_of(object, "spec");
    if (!items_of(spec, "tokenRequests").empty() &&
        given(spec, "serviceAccountTokenInSecrets") == nullptr) {
        warner.say_all(
            "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to "
            "true to prevent possible logging of tokens in volume attributes");
    }
}

struct WarningRule {
    std::string_view group;
    std::string_view kind;
    void (*warn)(Warner& warner, const Value& object, const Value* old);
    // Whether an update is looked at: always, where the spec changed, or never.
    enum class Updates : uint8_t { all, of_spec, none } updates = Updates::all;
};
using Updates = WarningRule::Updates;
constexpr std::array<WarningRule, 17> warning_rules{
    {{"", "Pod", warn_about_single_pod, Updates::none},
     {"", "Service", warn_about_service},
     {"", "PersistentVolume", warn_about_volume},
     {"", "PersistentVolumeClaim", warn_about_claim},
     {"", "Secret", warn_about_secret},
     {"", "Node", warn_about_node},
     {"networking.k8s.io", "Ingress", warn_about_ingress},
     {"storage.k8s.io", "CSIDriver", warn_about_driver},
     {"", "ReplicationController", warn_about_workload, Updates::of_spec},
     {"apps", "Deployment", warn_about_workload, Updates::of_spec},
     {"apps", "ReplicaSet", warn_about_workload, Updates::of_spec},
     {"apps", "StatefulSet", warn_about_workload, Updates::of_spec},
     {"", "PodTemplate", warn_about_pod_template, Updates::of_spec},
     {"apps", "DaemonSet", warn_about_daemons, Updates::of_spec},
     {"batch", "Job", warn_about_workload, Updates::of_spec},
     {"batch", "CronJob", warn_about_cron_job, Updates::of_spec},
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
    const bool has_new_spec =
        old_object == nullptr || object.int_at(0, "metadata", "generation") !=
                                     old_object->int_at(0, "metadata", "generation");
    for (const WarningRule& rule : warning_rules) {
        const bool is_heard = old_object == nullptr || rule.updates == Updates::all ||
                              (rule.updates == Updates::of_spec && has_new_spec);
        if (is_heard && rule.kind == resource.kind && rule.group == resource.gvr.group) {
            rule.warn(warner, object, old_object);
        }
    }
}

}  // namespace weft::server
