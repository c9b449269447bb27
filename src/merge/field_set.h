// merge/field_set.h: which fields of an object somebody owns.
//
// Source of the behaviour: structured-merge-diff v6, fieldpath/set.go and serialize.go.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "merge/path_element.h"
#include "object/value.h"

namespace weft::merge {

// A set of field paths as a trie. It is a value that shares: copies cost a count, operations share
// every subtree that they do not change, and an empty set has no memory of its own.
//
// Each entry is a step that is a member itself ("owned"), has members below it, or both; never
// neither. Entries are sorted in the order of FieldsV1.
class FieldSet {
public:
    struct Entry;

    FieldSet() = default;
    // Takes the entries, sorts them if need be, joins those of one element, drops those with
    // nothing.
    explicit FieldSet(std::vector<Entry> entries);
    [[nodiscard]] static FieldSet of(std::initializer_list<FieldPath> paths);

    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] size_t size() const;  // how many paths it has; walks the set
    [[nodiscard]] std::span<const Entry> entries() const;
    [[nodiscard]] const Entry* find(const PathElement& element) const;
    [[nodiscard]] bool has(std::span<const PathElement> path) const;
    // What lies below one step.
    [[nodiscard]] FieldSet below(const PathElement& element) const;
    void insert(std::span<const PathElement> path);
    // Every path: first all members of a node, then what lies below each of its steps. Upstream's
    // order, which conflicts show.
    void for_each(const std::function<void(const FieldPath&)>& visit) const;

    [[nodiscard]] FieldSet union_with(const FieldSet& other) const;
    [[nodiscard]] FieldSet intersection(const FieldSet& other) const;
    // Without the paths of `other`; what lies below them stays.
    [[nodiscard]] FieldSet difference(const FieldSet& other) const;
    // Without the paths of `other` and all that lies below them.
    [[nodiscard]] FieldSet recursive_difference(const FieldSet& other) const;
    // Only the paths that have nothing below them.
    [[nodiscard]] FieldSet leaves() const;

    bool operator==(const FieldSet& other) const;
    // Both share one trie: a cheap "surely equal".
    [[nodiscard]] bool is_same(const FieldSet& other) const {
        return nodes_ == other.nodes_ && count_ == other.count_;
    }

    // FieldsV1, as a value: {"f:spec":{"f:replicas":{}}}. Elements of kinds that we do not know are
    // passed over. bad_request for what is no FieldsV1, or nests deeper than depth_max.
    [[nodiscard]] static Result<FieldSet> from_value(const Value& fields_v1);
    [[nodiscard]] Value to_value() const;
    [[nodiscard]] static Result<FieldSet> parse(std::string_view json);
    [[nodiscard]] std::string serialized() const;

    // Every leaf of a value whose schema is not known; items of lists by index, or by their "key",
    // "id" and "name".
    [[nodiscard]] static FieldSet guess_from(const Value& value);

private:
    friend class FieldSetBuilder;
    std::shared_ptr<const Entry[]> nodes_;
    size_t count_ = 0;
};

struct FieldSet::Entry {
    PathElement element;
    bool is_member = false;
    FieldSet children;

    [[nodiscard]] bool is_nothing() const { return !is_member && children.empty(); }
};

// What somebody must not own: sets to take out with all below them, or the only parts to keep.
class FieldFilter {
public:
    // Steps of a path; nothing means any step.
    using Prefix = std::vector<std::optional<PathElement>>;

    [[nodiscard]] static FieldFilter exclude(FieldSet set);
    // Keeps what lies under one of the prefixes, and the owned steps that lead there.
    [[nodiscard]] static FieldFilter include(std::vector<Prefix> prefixes);

    [[nodiscard]] FieldSet apply(const FieldSet& set) const;
    // What a filter made by `exclude` takes out; a null pointer for one made by `include`.
    [[nodiscard]] const FieldSet* excluded() const { return is_include_ ? nullptr : &excluded_; }

private:
    FieldSet excluded_;
    std::vector<Prefix> included_;
    bool is_include_ = false;
};

}  // namespace weft::merge
