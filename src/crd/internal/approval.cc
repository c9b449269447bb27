// crd/internal/approval.cc: reading the annotation.

#include "crd/internal/approval.h"

#include "base/base.h"
#include "crd/definition.h"

namespace weft::crd {

bool is_protected_group(std::string_view group) {
    return group == "k8s.io" || group == "kubernetes.io" || group.ends_with(".k8s.io") ||
           group.ends_with(".kubernetes.io");
}

namespace internal {

namespace {

// An absolute URL as Go's url.ParseRequestURI would take it, with a host and a scheme.
bool is_url(std::string_view text) {
    const size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0) {
        return false;
    }
    const std::string_view host = text.substr(colon + 3, text.substr(colon + 3).find('/'));
    return !host.empty() && !text.contains(' ');
}

}  // namespace

ApprovalState approval_of(const Value* annotations) {
    const std::string_view text =
        annotations == nullptr ? std::string_view() : annotations->string_at(approval_annotation);
    if (text.empty()) {
        return {Approval::missing,
                cat("protected groups must have approval annotation ", quote(approval_annotation),
                    ", see https://github.com/kubernetes/enhancements/pull/1111")};
    }
    if (text.starts_with("unapproved")) {
        return {Approval::bypassed, cat("not approved: ", quote(text))};
    }
    if (is_url(text)) {
        return {Approval::approved, cat("approved in ", text)};
    }
    return {Approval::invalid,
            cat("protected groups must have approval annotation ", quote(approval_annotation),
                " with either a URL or a reason starting with \"unapproved\", see "
                "https://github.com/kubernetes/enhancements/pull/1111")};
}

}  // namespace internal
}  // namespace weft::crd
