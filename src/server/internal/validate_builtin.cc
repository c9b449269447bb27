// server/internal/validate_builtin.cc: what builtin kinds refuse besides bad metadata.
//
// Not the whole of Kubernetes' validation: required members, selectors that must match templates,
// and a few more. The texts are Kubernetes'.

#include <algorithm>

#include "server/internal/selectors.h"
#include "server/internal/strategy.h"

namespace weft::server {

namespace {

using schema::field_invalid;
using schema::field_required;

void check_containers(const Value& spec, const std::string& path, FieldErrors& errors) {
    const Value* containers = spec.find("containers");
    if (containers == nullptr || containers->empty()) {
        errors.push_back(field_required(path + ".containers"));
        return;
    }
    size_t index = 0;
    std::vector<std::string_view> names;
    for (const Value& container : containers->items()) {
        const std::string at = schema::path_index(path + ".containers", index);
        const std::string_view name = container.string_at("name");
        if (name.empty()) {
            errors.push_back(field_required(at + ".name"));
        } else {
            for (std::string& text : dns1123_label_errors(name)) {
                errors.push_back(field_invalid(at + ".name", name, std::move(text)));
            }
            if (std::ranges::find(names, name) != names.end()) {
                errors.push_back(schema::field_duplicate(at + ".name", name));
            }
            names.push_back(name);
        }
        if (container.string_at("image").empty()) {
            errors.push_back(field_required(at + ".image"));
        }
        ++index;
    }
}

// Workloads with a template: a selector that is there, matches, and selects something.
void check_workload(const Resource& resource, const Value& object, FieldErrors& errors) {
    const Value* spec = object.find("spec");
    if (spec == nullptr) {
        return;
    }
    const Value* selector = spec->find("selector");
    const bool is_empty = selector == nullptr || selector->empty();
    if (selector == nullptr) {
        errors.push_back(field_required("spec.selector"));
    } else if (is_empty) {
        errors.push_back(
            field_invalid("spec.selector", *selector,
                          cat("empty selector is invalid for ", to_lower(resource.kind))));
    }
    const Value* labels = spec->find("template", "metadata", "labels");
    {
        // Without a selector nothing matches.
        const auto parsed = LabelSelector::of_object(selector == nullptr ? Value() : *selector);
        if (is_empty || (parsed && !parsed->matches(labels == nullptr ? Value() : *labels))) {
            errors.push_back(field_invalid("spec.template.metadata.labels",
                                           labels == nullptr ? Value() : *labels,
                                           "`selector` does not match template `labels`"));
        }
    }
    const Value* pod_spec = spec->find("template", "spec");
    check_containers(pod_spec == nullptr ? Value::map() : *pod_spec, "spec.template.spec", errors);
    if (spec->int_at(0, "replicas") < 0) {
        errors.push_back(field_invalid("spec.replicas", *spec->find("replicas"),
                                       "must be greater than or equal to 0"));
    }
}

void check_service(const Value& object, FieldErrors& errors) {
    const Value* spec = object.find("spec");
    if (spec == nullptr) {
        return;
    }
    const std::string_view type = spec->string_at("type");
    const Value* ports = spec->find("ports");
    if ((ports == nullptr || ports->empty()) && spec->string_at("clusterIP") != "None" &&
        type != "ExternalName") {
        errors.push_back(field_required("spec.ports"));
    }
    if (type == "ExternalName" && spec->string_at("externalName").empty()) {
        errors.push_back(field_required("spec.externalName"));
    }
    if (ports != nullptr) {
        size_t index = 0;
        for (const Value& port : ports->items()) {
            const std::string at = schema::path_index("spec.ports", index++);
            if (port.string_at("name").empty() && ports->size() > 1) {
                errors.push_back(field_required(at + ".name"));
            }
            const int64_t number = port.int_at(0, "port");
            if (number < 1 || number > 65535) {
                errors.push_back(
                    field_invalid(at + ".port", number, "must be between 1 and 65535, inclusive"));
            }
        }
    }
}

// Keys and size of ConfigMaps and Secrets.
void check_data(const Value& object, FieldErrors& errors) {
    constexpr int64_t total_max = 1024 * 1024;
    constexpr size_t key_max = 253;
    int64_t total = 0;
    for (const std::string_view member : {"data", "binaryData"}) {
        const Value* data = object.find(member);
        if (data == nullptr) {
            continue;
        }
        for (const Member& entry : data->members()) {
            const std::string_view key = entry.name();
            const std::string at = schema::path_key(member, key);
            if (key.size() > key_max) {
                errors.push_back(
                    field_invalid(at, key, cat("must be no more than ", key_max, " bytes")));
            }
            const bool fits = !key.empty() && std::ranges::all_of(key, [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
            });
            if (!fits) {
                errors.push_back(field_invalid(
                    at, key,
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
                    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation "
                    "is '[-._a-zA-Z0-9]+')"));
            } else if (key == "." || key == "..") {
                errors.push_back(field_invalid(at, key, cat("must not be '", key, "'")));
            } else if (key.starts_with("..")) {
                errors.push_back(field_invalid(at, key, "must not start with '..'"));
            }
            total += static_cast<int64_t>(member == "data" ? entry.value.size()
                                                           : entry.value.size() / 4 * 3);
        }
    }
    if (total > total_max) {
        errors.push_back(schema::field_too_long("[]", total_max));
    }
}

bool is_template_workload(const Resource& resource) {
    return resource.gvr.group == "apps" &&
           (resource.kind == "Deployment" || resource.kind == "ReplicaSet" ||
            resource.kind == "StatefulSet" || resource.kind == "DaemonSet");
}

}  // namespace

FieldErrors validate_builtin(const Resource& resource, const Value& object) {
    FieldErrors errors;
    if (is_template_workload(resource)) {
        check_workload(resource, object, errors);
    } else if (resource.gvr.group.empty() && resource.kind == "ConfigMap") {
        check_data(object, errors);
    } else if (resource.gvr.group.empty() && resource.kind == "Pod") {
        const Value* spec = object.find("spec");
        check_containers(spec == nullptr ? Value::map() : *spec, "spec", errors);
    } else if (resource.gvr.group.empty() && resource.kind == "Service") {
        check_service(object, errors);
    }
    return errors;
}

}  // namespace weft::server
