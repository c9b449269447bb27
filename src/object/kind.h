// object/kind.h: Object, and the names that kinds and objects go by.

#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/value.h"

namespace weft {

struct GroupVersionKind {
    std::string group;  // "" for core
    std::string version;
    std::string kind;

    [[nodiscard]] std::string api_version() const;  // "apps/v1", "v1"
    [[nodiscard]] std::string text() const;         // Go's String(): "apps/v1, Kind=Deployment"
    auto operator<=>(const GroupVersionKind&) const = default;
};

struct GroupVersionResource {
    std::string group;
    std::string version;
    std::string resource;  // plural, lower case

    [[nodiscard]] std::string api_version() const;
    [[nodiscard]] std::string text() const;  // Go's String(): "apps/v1, Resource=deployments"
    auto operator<=>(const GroupVersionResource&) const = default;
};

struct NamespacedName {
    std::string namespace_;  // "" for cluster-scoped objects
    std::string name;

    [[nodiscard]] std::string text() const;  // "ns/name", "name"
    auto operator<=>(const NamespacedName&) const = default;
};

// Splits "apps/v1" or "v1". invalid if it has more than one slash or is empty.
struct GroupVersion {
    std::string group;
    std::string version;
    auto operator<=>(const GroupVersion&) const = default;
};
[[nodiscard]] Result<GroupVersion> parse_api_version(std::string_view text);

// A Value that is a map, with its usual members at hand. It promises nothing about them: a reader
// of a missing or ill-typed member gets "" or an empty value.
class Object {
public:
    Object() : value_(Value::map()) {}
    // CHECKs that it is a map.
    explicit Object(Value value);

    [[nodiscard]] const Value& value() const { return value_; }
    [[nodiscard]] Value& mutable_value() { return value_; }

    [[nodiscard]] std::string_view api_version() const { return value_.string_at("apiVersion"); }
    [[nodiscard]] std::string_view kind() const { return value_.string_at("kind"); }
    [[nodiscard]] GroupVersionKind group_version_kind() const;
    [[nodiscard]] std::string_view name() const { return value_.string_at("metadata", "name"); }
    [[nodiscard]] std::string_view namespace_() const {
        return value_.string_at("metadata", "namespace");
    }
    [[nodiscard]] NamespacedName key() const {
        return {std::string(namespace_()), std::string(name())};
    }
    [[nodiscard]] std::string_view uid() const { return value_.string_at("metadata", "uid"); }
    [[nodiscard]] std::string_view resource_version() const {
        return value_.string_at("metadata", "resourceVersion");
    }
    [[nodiscard]] int64_t generation() const { return value_.int_at(0, "metadata", "generation"); }
    [[nodiscard]] bool is_deleting() const {
        return !value_.string_at("metadata", "deletionTimestamp").empty();
    }
    [[nodiscard]] std::string_view label(std::string_view name) const {
        return value_.string_at("metadata", "labels", name);
    }
    [[nodiscard]] std::string_view annotation(std::string_view name) const {
        return value_.string_at("metadata", "annotations", name);
    }
    [[nodiscard]] bool has_finalizer(std::string_view name) const;

    [[nodiscard]] Value& metadata() { return value_.mutable_member("metadata"); }
    void set_label(std::string_view name, std::string_view value);
    void set_annotation(std::string_view name, std::string_view value);

    bool operator==(const Object&) const = default;

private:
    Value value_;
};

// What a node of any kind renders to.
using Manifests = std::vector<Object>;

}  // namespace weft
