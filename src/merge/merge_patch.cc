// merge/merge_patch.cc: recursive merge over shared values.

#include "merge/merge_patch.h"

#include <optional>

#include "merge/limits.h"

namespace weft::merge {
namespace {

// Without the members of null that upstream drops from what a patch adds; items of lists stay, but
// maps inside them lose theirs too.
Value without_nulls(const Value& value, size_t depth) {
    if (depth >= depth_max) {
        return value;
    }
    Value out = value;
    if (value.is_map()) {
        out.erase_if([](std::string_view, const Value& member) { return member.is_null(); });
        for (const Member& member : value.members()) {
            if (member.value.is_map() || member.value.is_list()) {
                Value pruned = without_nulls(member.value, depth + 1);
                if (!pruned.is_same(member.value)) {
                    out.set(member.name(), std::move(pruned));
                }
            }
        }
    } else if (value.is_list()) {
        for (size_t i = 0; i < value.size(); ++i) {
            Value pruned = without_nulls(value.at(i), depth + 1);
            if (!pruned.is_same(value.at(i))) {
                out.mutable_item(i) = std::move(pruned);
            }
        }
    }
    return out;
}

Value merged(const Value& document, const Value& patch, size_t depth) {
    if (depth >= depth_max) {
        return patch;
    }
    if (!document.is_map()) {
        return without_nulls(patch, depth);
    }
    if (!patch.is_map()) {
        return patch;
    }
    Value out = document;
    for (const Member& member : patch.members()) {
        if (member.value.is_null()) {
            out.erase(member.name());
            continue;
        }
        const Value* old = document.find(member.name());
        Value next = old == nullptr || old->is_null() ? without_nulls(member.value, depth + 1)
                                                      : merged(*old, member.value, depth + 1);
        if (old == nullptr || !next.is_same(*old)) {
            out.set(member.name(), std::move(next));
        }
    }
    return out;
}

Value difference(const Value& original, const Value& modified, size_t depth) {
    Value patch = Value::map();
    for (const Member& member : modified.members()) {
        const Value* old = original.find(member.name());
        if (old != nullptr && (old->is_same(member.value) || *old == member.value)) {
            continue;
        }
        if (old != nullptr && old->is_map() && member.value.is_map() && depth < depth_max) {
            Value inner = difference(*old, member.value, depth + 1);
            if (!inner.empty()) {
                patch.append_new(member.name(), std::move(inner));
            }
            continue;
        }
        patch.append_new(member.name(), member.value);
    }
    for (const Member& member : original.members()) {
        if (!modified.contains(member.name())) {
            patch.append_new(member.name(), Value());
        }
    }
    return patch;
}

// Keeps only the nulls of a patch, or only the rest; nothing if a map has no such part.
std::optional<Value> kept(const Value& patch, bool nulls, size_t depth) {
    Value out = Value::map();
    for (const Member& member : patch.members()) {
        if (member.value.is_map() && depth < depth_max) {
            std::optional<Value> inner = kept(member.value, nulls, depth + 1);
            if (inner || (!nulls && member.value.empty())) {
                out.append_new(member.name(), inner ? *std::move(inner) : Value::map());
            }
        } else if (member.value.is_null() == nulls) {
            out.append_new(member.name(), member.value);
        }
    }
    return out.empty() ? std::nullopt : std::optional<Value>(std::move(out));
}

// Two patches as one; nulls stay.
Value joined(const Value& first, const Value& second, size_t depth) {
    if (!first.is_map() || !second.is_map() || depth >= depth_max) {
        return second;
    }
    Value out = first;
    for (const Member& member : second.members()) {
        const Value* old = first.find(member.name());
        out.set(member.name(),
                old == nullptr ? member.value : joined(*old, member.value, depth + 1));
    }
    return out;
}

}  // namespace

Result<Value> apply_merge_patch(const Value& document, const Value& patch) {
    if (!patch.is_map() && !patch.is_list()) {
        return make_error(Reason::bad_request, "Invalid JSON Patch");
    }
    return merged(document, patch, 0);
}

Value create_merge_patch(const Value& original, const Value& modified) {
    return difference(original, modified, 0);
}

Value create_three_way_merge_patch(const Value& original, const Value& modified,
                                   const Value& current) {
    const Value changes = kept(difference(current, modified, 0), false, 0).value_or(Value::map());
    const Value deletions = kept(difference(original, modified, 0), true, 0).value_or(Value::map());
    return joined(deletions, changes, 0);
}

}  // namespace weft::merge
