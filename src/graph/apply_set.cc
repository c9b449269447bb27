// graph/apply_set.cc: ids, scopes and their text on the instance.

#include "graph/apply_set.h"

#include <algorithm>

#include "graph/labels.h"
#include "graph/names.h"

namespace weft::graph {

namespace {

constexpr std::string_view tooling_prefix = "kro/";

template <typename T>
void insert_sorted(std::vector<T>& items, T item) {
    const auto position = std::ranges::lower_bound(items, item);
    if (position == items.end() || *position != item) {
        items.insert(position, std::move(item));
    }
}

Error inventory_error(std::string_view key, std::string_view what) {
    return make_error(Reason::invalid, key, " ", what);
}

bool is_namespace_name(std::string_view text) {
    const auto is_inner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, is_inner) &&
           text.front() != '-' && text.back() != '-';
}

bool is_group_kind(std::string_view text) {
    const GroupKind parsed = GroupKind::parse(text);
    const auto is_group_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return dns1035_label_mistake(to_lower(parsed.kind)).empty() &&
           std::ranges::all_of(parsed.group, is_group_part) && !text.ends_with('.');
}

const Value* annotation_of(const Object& object, std::string_view name) {
    return object.value().find("metadata", "annotations", name);
}

// The parts of a list between commas, without blanks; none of an empty text.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (const std::string_view part : split(text, ',')) {
        if (!trim(part).empty()) {
            out.push_back(trim(part));
        }
    }
    return out;
}

}  // namespace

std::string version_label(std::string_view version) {
    return replace_all(version, "+", "-");
}

std::string GroupKind::text() const {
    return group.empty() ? kind : cat(kind, ".", group);
}

GroupKind GroupKind::parse(std::string_view text) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos) {
        return {"", std::string(text)};
    }
    return {std::string(text.substr(dot + 1)), std::string(text.substr(0, dot))};
}

std::string apply_set_id(std::string_view name, std::string_view namespace_, std::string_view kind,
                         std::string_view group) {
    return cat("applyset-",
               base64_encode(sha256(cat(name, ".", namespace_, ".", kind, ".", group)),
                             Base64::url_no_padding),
               "-v1");
}

std::string apply_set_id(const Object& instance) {
    const GroupVersionKind kind = instance.group_version_kind();
    return apply_set_id(instance.name(), instance.namespace_(), kind.kind, kind.group);
}

std::string ApplySetScope::group_kinds_text() const {
    std::vector<std::string> texts;
    for (const GroupKind& group_kind : group_kinds) {
        texts.push_back(group_kind.text());
    }
    std::ranges::sort(texts);
    return join(texts, ",");
}

std::string ApplySetScope::namespaces_text() const {
    return join(namespaces, ",");
}

std::string ApplySetScope::inventory_hash() const {
    std::string input = id;
    input += '\0';
    input += group_kinds_text();
    input += '\0';
    input += namespaces_text();
    return cat("sha256:", base64_encode(sha256(input), Base64::url_no_padding));
}

void ApplySetScope::add(const GroupVersionKind& kind, std::string_view namespace_,
                        std::string_view instance_namespace) {
    insert_sorted(group_kinds, GroupKind{kind.group, kind.kind});
    if (!namespace_.empty() && namespace_ != instance_namespace) {
        insert_sorted(namespaces, std::string(namespace_));
    }
}

void ApplySetScope::merge(const ApplySetScope& other) {
    for (const GroupKind& group_kind : other.group_kinds) {
        insert_sorted(group_kinds, group_kind);
    }
    for (const std::string& name : other.namespaces) {
        insert_sorted(namespaces, name);
    }
}

ApplySetScope recorded_scope(const Object& instance) {
    ApplySetScope scope;
    scope.id = apply_set_id(instance);
    for (const std::string_view part : parts_of(instance.annotation(annotation_group_kinds))) {
        insert_sorted(scope.group_kinds, GroupKind::parse(part));
    }
    for (const std::string_view part : parts_of(instance.annotation(annotation_namespaces))) {
        insert_sorted(scope.namespaces, std::string(part));
    }
    return scope;
}

bool has_inventory(const Object& instance) {
    return !instance.label(label_apply_set_id).empty() ||
           annotation_of(instance, annotation_tooling) != nullptr ||
           annotation_of(instance, annotation_group_kinds) != nullptr ||
           annotation_of(instance, annotation_namespaces) != nullptr ||
           annotation_of(instance, annotation_inventory_hash) != nullptr;
}

Status check_inventory(const Object& instance) {
    const std::string id = apply_set_id(instance);
    const std::string_view label = instance.label(label_apply_set_id);
    if (label != id) {
        return inventory_error(label_apply_set_id,
                               cat("is ", quote(label), ", expected ", quote(id)));
    }
    if (!instance.annotation(annotation_tooling).starts_with(tooling_prefix)) {
        return inventory_error(annotation_tooling,
                               cat("is ", quote(instance.annotation(annotation_tooling)),
                                   ", expected it to start with \"kro/\""));
    }
    for (const std::string_view key : {annotation_group_kinds, annotation_namespaces}) {
        const Value* text = annotation_of(instance, key);
        if (text == nullptr || !text->is_string()) {
            return inventory_error(key, "is missing");
        }
        if (text->as_string().empty()) {
            continue;
        }
        for (const std::string_view part : split(text->as_string(), ',')) {
            const bool fits = key == annotation_group_kinds ? is_group_kind(trim(part))
                                                            : is_namespace_name(trim(part));
            if (!fits) {
                return inventory_error(key, cat("has a malformed entry ", quote(part)));
            }
        }
    }
    const std::string_view hash = instance.annotation(annotation_inventory_hash);
    if (!hash.empty() && hash != recorded_scope(instance).inventory_hash()) {
        return inventory_error(annotation_inventory_hash, "does not match the inventory");
    }
    return {};
}

Object parent_patch(const Object& instance, const ApplySetScope& scope, std::string_view version) {
    Object patch;
    patch.mutable_value().set("apiVersion", instance.api_version());
    patch.mutable_value().set("kind", instance.kind());
    patch.metadata().set("name", instance.name());
    if (!instance.namespace_().empty()) {
        patch.metadata().set("namespace", instance.namespace_());
    }
    patch.set_label(label_apply_set_id, scope.id);
    patch.set_annotation(annotation_tooling, cat(tooling_prefix, version));
    patch.set_annotation(annotation_group_kinds, scope.group_kinds_text());
    patch.set_annotation(annotation_namespaces, scope.namespaces_text());
    patch.set_annotation(annotation_inventory_hash, scope.inventory_hash());
    return patch;
}

bool has_scope(const Object& instance, const ApplySetScope& scope, std::string_view version) {
    const auto says = [&instance](std::string_view key, std::string_view text) {
        const Value* found = annotation_of(instance, key);
        return found != nullptr && found->is_string() && found->as_string() == text;
    };
    return instance.label(label_apply_set_id) == scope.id &&
           says(annotation_tooling, cat(tooling_prefix, version)) &&
           says(annotation_group_kinds, scope.group_kinds_text()) &&
           says(annotation_namespaces, scope.namespaces_text()) &&
           says(annotation_inventory_hash, scope.inventory_hash());
}

}  // namespace weft::graph
