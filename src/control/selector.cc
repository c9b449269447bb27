// control/selector.cc: label selectors as text, and the keys of watches.

#include "control/selector.h"

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
    std::string out;
    const auto add = [&](std::string_view term) { append(out, out.empty() ? "" : ",", term); };
    if (const Value* labels = selector.find("matchLabels")) {
        for (const Member& member : labels->members()) {
            if (member.value.is_string()) {
                add(cat(member.name(), "=", member.value.as_string()));
            }
        }
    }
    const Value* expressions = selector.find("matchExpressions");
    for (const Value& expression :
         expressions == nullptr ? std::span<const Value>() : expressions->items()) {
        const std::string_view key = expression.string_at("key");
        const std::string_view op = expression.string_at("operator");
        std::vector<std::string> values;
        if (const Value* listed = expression.find("values")) {
            for (const Value& value : listed->items()) {
                if (value.is_string()) {
                    values.emplace_back(value.as_string());
                }
            }
        }
        if (op == "In" || op == "NotIn") {
            add(cat(key, op == "In" ? " in (" : " notin (", join(values, ","), ")"));
        } else if (op == "Exists" || op == "DoesNotExist") {
            add(cat(op == "Exists" ? "" : "!", key));
        }
    }
    return out;
}

}  // namespace weft::control
