// cluster/internal/namespace.cc: default objects and conditions.

#include "cluster/internal/namespace.h"

namespace weft::cluster {

namespace {

Object named(std::string_view kind, std::string_view name, std::string_view namespace_) {
    return Object(
        Value::map_of({{"apiVersion", "v1"},
                       {"kind", kind},
                       {"metadata", Value::map_of({{"name", name}, {"namespace", namespace_}})}}));
}

std::string counted(const std::map<std::string, int64_t>& counts, std::string_view middle,
                    std::string_view end) {
    std::string out;
    for (const auto& [name, count] : counts) {
        append(out, out.empty() ? "" : ", ", name, middle, count, end);
    }
    return out;
}

}  // namespace

Outcome reconcile_namespace(const Object& namespace_, const View& view, const Moment& moment) {
    Outcome outcome;
    if (namespace_.is_deleting()) {
        return outcome;
    }
    const std::string name(namespace_.name());
    if (moment.has_workloads && view.find(Kind::service_account, {name, "default"}) == nullptr) {
        outcome.create(Kind::service_account, named("ServiceAccount", "default", name));
    }
    const Object* had = view.find(Kind::config_map, {name, "kube-root-ca.crt"});
    const Value data = Value::map_of({{"ca.crt", moment.ca_pem}});
    if (had != nullptr && had->value().find("data") != nullptr &&
        *had->value().find("data") == data) {
        return outcome;
    }
    Object config_map = had != nullptr ? *had : named("ConfigMap", "kube-root-ca.crt", name);
    config_map.set_annotation(
        "kubernetes.io/description",
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
        "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
        "guaranteed across distributions of Kubernetes clusters.");
    config_map.mutable_value().set("data", data);
    if (had == nullptr) {
        outcome.create(Kind::config_map, std::move(config_map));
    } else {
        outcome.update(Kind::config_map, std::move(config_map));
    }
    return outcome;
}

Value ending_status(const Object& namespace_, const Remains& remains, const Moment& moment) {
    const Value* before = namespace_.value().find("status");
    Value status = before == nullptr ? Value::map() : *before;
    Value conditions = Value::list();
    const auto put = [&](std::string_view type, bool is_true, std::string_view reason,
                         const std::string& message) {
        const std::string_view text = is_true ? "True" : "False";
        const Value* had = before == nullptr ? nullptr : find_condition(*before, type);
        const bool is_same = had != nullptr && had->string_at("status") == text &&
                             had->string_at("message") == message;
        conditions.push_back(Value::map_of(
            {{"type", type},
             {"status", text},
             {"lastTransitionTime",
              is_same ? std::string(had->string_at("lastTransitionTime")) : moment.text()},
             {"reason", reason},
             {"message", message}}));
    };
    put("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
        "All resources successfully discovered");
    put("NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
        "All legacy kube types successfully parsed");
    if (remains.failures.empty()) {
        put("NamespaceDeletionContentFailure", false, "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization");
    } else {
        put("NamespaceDeletionContentFailure", true, "ContentDeletionFailed",
            cat("Failed to delete all resource types, ", remains.failures.size(),
                " remaining: ", join(remains.failures, ", ")));
    }
    if (remains.resources.empty()) {
        put("NamespaceContentRemaining", false, "ContentRemoved",
            "All content successfully removed");
    } else {
        put("NamespaceContentRemaining", true, "SomeResourcesRemain",
            cat("Some resources are remaining: ",
                counted(remains.resources, " has ", " resource instances")));
    }
    if (remains.finalizers.empty()) {
        put("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers",
            "All content-preserving finalizers finished");
    } else {
        put("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain",
            cat("Some content in the namespace has finalizers remaining: ",
                counted(remains.finalizers, " in ", " resource instances")));
    }
    status.set("phase", "Terminating");
    status.set("conditions", std::move(conditions));
    return status;
}

}  // namespace weft::cluster
