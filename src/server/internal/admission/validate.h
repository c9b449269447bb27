// server/internal/admission/validate.h: what is wrong with an object that configures admission.
//
// Source of the behaviour and the texts: Kubernetes
// pkg/apis/admissionregistration/validation, 1.36.

#pragma once

#include "server/internal/registry.h"
#include "server/internal/status.h"

namespace weft::server {

// Of the kinds of admissionregistration.k8s.io; nothing for every other.
[[nodiscard]] FieldErrors validate_admission(const Resource& resource, const Value& object);

// --- Parts that both policies and webhooks have ---

// A rule of operations and resources at `path`.
void validate_operation_rule(const Value& rule, const std::string& path, FieldErrors& errors);
// A list of {name, expression}.
void validate_match_conditions(const Value& object, const std::string& path, bool has_params,
                               FieldErrors& errors);
// A metav1.LabelSelector, if there is one.
void validate_label_selector(const Value* selector, const std::string& path, FieldErrors& errors);
// A text that must be one of a few, if it is there.
void validate_choice(const Value& object, std::string_view member, const std::string& path,
                     const std::vector<std::string>& supported, FieldErrors& errors);

[[nodiscard]] FieldErrors validate_policy(const Value& object);
[[nodiscard]] FieldErrors validate_policy_binding(const Value& object);
[[nodiscard]] FieldErrors validate_webhooks(const Value& object, bool is_mutating);

}  // namespace weft::server
