// object/kind.cc: names of kinds, and the usual members of an Object.

#include "object/kind.h"

#include <algorithm>

namespace weft {

namespace {

std::string join_api_version(std::string_view group, std::string_view version) {
    return group.empty() ? std::string(version) : cat(group, "/", version);
}

}  // namespace

std::string GroupVersionKind::api_version() const {
    return join_api_version(group, version);
}

std::string GroupVersionKind::text() const {
    // Go prints the slash of an empty group too.
    return cat(group, "/", version, ", Kind=", kind);
}

std::string GroupVersionResource::api_version() const {
    return join_api_version(group, version);
}

std::string GroupVersionResource::text() const {
    return cat(group, "/", version, ", Resource=", resource);
}

std::string NamespacedName::text() const {
    return namespace_.empty() ? name : cat(namespace_, "/", name);
}

Result<GroupVersion> parse_api_version(std::string_view text) {
    const std::vector<std::string_view> parts = split(text, '/');
    if (text.empty() || parts.size() > 2) {
        return make_error(Reason::invalid, "unexpected GroupVersion string: ", text);
    }
    if (parts.size() == 1) {
        return GroupVersion{"", std::string(parts[0])};
    }
    return GroupVersion{std::string(parts[0]), std::string(parts[1])};
}

Object::Object(Value value) : value_(std::move(value)) {
    CHECK(value_.is_map());
}

GroupVersionKind Object::group_version_kind() const {
    const auto parsed = parse_api_version(api_version());
    return {parsed ? parsed->group : "", parsed ? parsed->version : "", std::string(kind())};
}

bool Object::has_finalizer(std::string_view name) const {
    const Value* finalizers = value_.find("metadata", "finalizers");
    return finalizers != nullptr &&
           std::ranges::any_of(finalizers->items(), [&](const Value& finalizer) {
               return finalizer.is_string() && finalizer.as_string() == name;
           });
}

void Object::set_label(std::string_view name, std::string_view value) {
    metadata().mutable_member("labels").set(name, value);
}

void Object::set_annotation(std::string_view name, std::string_view value) {
    metadata().mutable_member("annotations").set(name, value);
}

}  // namespace weft
