// control/selector.cc: label selectors as text, and the keys of watches.

#include "control/selector.h"

#include "schema/label_selector.h"

namespace weft::control {

kube::Resource resource_of(const graph::Interest& interest) {
    return {{interest.kind.group, interest.kind.version, interest.resource},
            interest.kind.kind,
            interest.namespaced,
            false};
}

InformerKey children_key(const kube::Resource& resource) {
    kube::Resource plain = resource;
    plain.has_status = false;  // One watch, however the resource was found.
    return {.resource = plain, .label_selector = std::string(graph::label_part_of)};
}

InformerKey external_key(const graph::Interest& interest) {
    InformerKey key{.resource = resource_of(interest), .namespace_ = interest.name.namespace_};
    if (interest.by_name) {
        key.field_selector = cat("metadata.name=", interest.name.name);
    } else {
        key.label_selector = selector_text(interest.selector);
    }
    return key;
}

std::string selector_text(const Value& selector) {
    const Result<schema::LabelSelector> parsed = schema::LabelSelector::of_object(selector);
    return parsed ? parsed->text() : "";
}

}  // namespace weft::control
