// crd/internal/approval.h: the annotation that groups of the Kubernetes community need.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apihelpers.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "object/value.h"

namespace weft::crd::internal {

inline constexpr std::string_view approval_annotation = "api-approved.kubernetes.io";

enum class Approval : uint8_t { invalid, missing, approved, bypassed };

struct ApprovalState {
    Approval approval = Approval::missing;
    std::string message;
};
// Of metadata.annotations, which may be null.
[[nodiscard]] ApprovalState approval_of(const Value* annotations);

}  // namespace weft::crd::internal
