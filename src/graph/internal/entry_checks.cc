// graph/internal/entry_checks.cc: small checks with kro's texts.

#include "graph/internal/entry_checks.h"

#include "graph/labels.h"
#include "graph/simple_schema.h"

namespace weft::graph {

namespace {

Status check_reserved(std::string_view id, const Value& object, std::string_view member,
                      std::string_view word) {
    const Value* found = object.find("metadata", member);
    if (found == nullptr) {
        return {};
    }
    for (const Member& entry : found->members()) {
        for (const std::string_view prefix : {reserved_prefix, internal_prefix}) {
            if (entry.name().starts_with(prefix)) {
                return make_error(Reason::invalid, "invalid ", word, " for resource ", quote(id),
                                  ". ", member, " with prefix ", quote(prefix),
                                  " are reserved for internal use");
            }
        }
    }
    return {};
}

}  // namespace

Status check_object_structure(const Value& object) {
    for (const std::string_view name : {"apiVersion", "kind"}) {
        const Value* found = object.find(name);
        if (found == nullptr) {
            return make_error(Reason::invalid, name, " field not found");
        }
        if (!found->is_string()) {
            return make_error(Reason::invalid, name, " field is not a string");
        }
    }
    const Value* metadata = object.find("metadata");
    if (metadata == nullptr) {
        return make_error(Reason::invalid, "metadata field not found");
    }
    if (!metadata->is_map()) {
        return make_error(Reason::invalid, "metadata field is not a map");
    }
    return {};
}

Status check_combination(std::string_view id, bool has_template, bool has_external_ref,
                         size_t dimensions, bool has_def) {
    if (has_def && (has_template || has_external_ref)) {
        return make_error(Reason::invalid, "resource ", quote(id), ": cannot use def with ",
                          has_template ? "template" : "externalRef");
    }
    if (!has_template && !has_external_ref && !has_def) {
        return make_error(Reason::invalid, "resource ", quote(id),
                          ": exactly one of template or externalRef must be provided");
    }
    if (has_template && has_external_ref) {
        return make_error(Reason::invalid, "resource ", quote(id),
                          ": cannot use externalRef with template");
    }
    if (has_external_ref && dimensions > 0) {
        return make_error(Reason::invalid, "resource ", quote(id),
                          ": cannot use externalRef with forEach");
    }
    return {};
}

Status check_namespace(std::string_view id, bool by_selector, const Value& object, bool namespaced,
                       bool instance_namespaced) {
    const Value* metadata = object.find("metadata");
    if (metadata != nullptr && !metadata->is_map()) {
        return make_error(Reason::invalid, "resource ", quote(id),
                          " has invalid metadata.namespace: .metadata.namespace accessor error: ",
                          "the value is of the type ", go_type_name(*metadata),
                          ", expected map[string]interface{}");
    }
    const Value* found = object.find("metadata", "namespace");
    if (!namespaced) {
        if (found != nullptr) {
            return make_error(Reason::invalid, "resource ", quote(id),
                              " is cluster-scoped and must not set metadata.namespace");
        }
        return {};
    }
    if (instance_namespaced || by_selector) {
        return {};
    }
    if (found == nullptr || !found->is_string() || trim(found->as_string()).empty()) {
        return make_error(Reason::invalid, "resource ", quote(id),
                          " is namespaced and must set metadata.namespace when the instance CRD is "
                          "cluster-scoped");
    }
    return {};
}

Status check_reserved_labels(std::string_view id, const Value& object) {
    return check_reserved(id, object, "labels", "label");
}

Status check_reserved_annotations(std::string_view id, const Value& object) {
    return check_reserved(id, object, "annotations", "annotation");
}

}  // namespace weft::graph
