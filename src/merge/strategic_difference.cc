// merge/strategic_difference.cc: creating strategic merge patches, two-way and three-way.

#include <algorithm>

#include "merge/internal/strategic.h"
#include "merge/limits.h"
#include "merge/strategic_merge_patch.h"
#include "object/go_format.h"
#include "object/yaml.h"

namespace weft::merge {
namespace {

using internal::PatchMeta;

struct DifferenceOptions {
    bool set_element_order = false;
    bool ignore_changes_and_additions = false;
    bool ignore_deletions = false;
};

class StrategicDifference {
public:
    explicit StrategicDifference(const DifferenceOptions& options) : options_(options) {}

    Result<Value> maps(const Value& original, const Value& modified, const schema::Schema* schema,
                       bool build_retain_keys, size_t depth);

private:
    struct Lists {
        Value patch = Value::list();
        Value deletions = Value::list();
        Value order = Value::list();
    };
    Status list_member(Value& patch, const Member& modified, const Value& original,
                       const schema::Schema* schema, size_t depth);
    Result<Lists> lists(const Value& original, const Value& modified, const PatchMeta& meta,
                        size_t depth);
    Result<Lists> lists_of_maps(const Value& original, const Value& modified, const PatchMeta& meta,
                                size_t depth);
    Lists lists_of_scalars(const Value& original, const Value& modified);
    void replace_if_different(Value& patch, const Member& modified, const Value& original) {
        if (!options_.ignore_changes_and_additions && original != modified.value) {
            patch.set(modified.name(), modified.value);
        }
    }

    DifferenceOptions options_;
};

Result<Value> StrategicDifference::maps(const Value& original, const Value& modified,
                                        const schema::Schema* schema, bool build_retain_keys,
                                        size_t depth) {
    if (depth >= depth_max) {
        return internal::too_deep();
    }
    Value patch = Value::map();
    Value retained = Value::list();
    for (const Member& member : modified.members()) {
        if (build_retain_keys && !member.value.is_null()) {
            retained.push_back(member.key);
        }
        const Value* old = original.find(member.name());
        if (old == nullptr || old->kind() != member.value.kind()) {
            if (!options_.ignore_changes_and_additions) {
                patch.set(member.name(), member.value);
            }
            continue;
        }
        if (member.value.is_map()) {
            Result<PatchMeta> meta = internal::patch_meta(schema, member.name(), false);
            if (!meta) {
                if (*old == member.value) {
                    continue;
                }
                return meta.error();
            }
            if (meta->replace) {
                replace_if_different(patch, member, *old);
                continue;
            }
            Value inner = TRY(maps(*old, member.value, meta->schema, meta->retain_keys, depth + 1));
            if (!inner.empty()) {
                patch.set(member.name(), std::move(inner));
            }
        } else if (member.value.is_list()) {
            TRY(list_member(patch, member, *old, schema, depth));
        } else {
            replace_if_different(patch, member, *old);
        }
    }
    bool has_more = false;
    for (const Member& member : original.members()) {
        if (modified.contains(member.name())) {
            continue;
        }
        has_more = has_more || !member.value.is_null();
        if (!options_.ignore_deletions) {
            patch.set(member.name(), Value());
        }
    }
    if (!retained.empty() && (!patch.empty() || has_more)) {
        patch.set(internal::retain_keys_directive, internal::sorted_by_text(retained, {}));
    }
    return patch;
}

Status StrategicDifference::list_member(Value& patch, const Member& modified, const Value& original,
                                        const schema::Schema* schema, size_t depth) {
    Result<PatchMeta> meta = internal::patch_meta(schema, modified.name(), true);
    if (!meta) {
        if (original == modified.value) {
            return {};
        }
        return meta.error();
    }
    if (!meta->merge) {
        replace_if_different(patch, modified, original);
        return {};
    }
    Lists found = TRY(lists(original, modified.value, *meta, depth));
    if (!found.patch.empty()) {
        patch.set(modified.name(), std::move(found.patch));
    }
    if (!found.deletions.empty()) {
        patch.set(cat(internal::delete_from_directive, "/", modified.name()),
                  std::move(found.deletions));
    }
    if (!found.order.empty()) {
        patch.set(cat(internal::element_order_directive, "/", modified.name()),
                  std::move(found.order));
    }
    return {};
}

Result<StrategicDifference::Lists> StrategicDifference::lists(const Value& original,
                                                              const Value& modified,
                                                              const PatchMeta& meta, size_t depth) {
    Lists out;
    if (original.empty()) {
        if (!options_.ignore_changes_and_additions) {
            out.patch = modified;
        }
        return out;
    }
    const Value::Kind kind = TRY(internal::element_kind(original, modified));
    if (kind == Value::Kind::map) {
        return lists_of_maps(original, modified, meta, depth);
    }
    out = lists_of_scalars(original, modified);
    out.patch = TRY(internal::in_order(out.patch, modified, {}, false));
    if (options_.set_element_order &&
        ((!options_.ignore_deletions && !out.deletions.empty()) ||
         (!options_.ignore_changes_and_additions && original != modified))) {
        out.order = modified;
    }
    return out;
}

Result<StrategicDifference::Lists> StrategicDifference::lists_of_maps(const Value& original,
                                                                      const Value& modified,
                                                                      const PatchMeta& meta,
                                                                      size_t depth) {
    const std::string_view merge_key = meta.merge_key;
    for (const Value* list : {&original, &modified}) {
        for (const Value& item : list->items()) {
            if (!item.contains(merge_key)) {
                return internal::no_merge_key(item, merge_key);
            }
        }
    }
    const Value old_items = internal::sorted_by_text(original, merge_key);
    const Value new_items = internal::sorted_by_text(modified, merge_key);
    Lists out;
    size_t old_at = 0;
    size_t new_at = 0;
    while (old_at < old_items.size() || new_at < new_items.size()) {
        const Value* old_item = old_at < old_items.size() ? &old_items.at(old_at) : nullptr;
        const Value* new_item = new_at < new_items.size() ? &new_items.at(new_at) : nullptr;
        int order = old_item == nullptr ? 1 : -1;
        if (old_item != nullptr && new_item != nullptr) {
            order = go_format(*old_item->find(merge_key))
                        .compare(go_format(*new_item->find(merge_key)));
        }
        if (order == 0) {
            Value inner = TRY(maps(*old_item, *new_item, meta.schema, meta.retain_keys, depth + 1));
            if (!inner.empty()) {
                inner.set(merge_key, *new_item->find(merge_key));
                out.patch.push_back(std::move(inner));
            }
            ++old_at;
            ++new_at;
        } else if (order > 0) {
            if (!options_.ignore_changes_and_additions) {
                out.patch.push_back(*new_item);
            }
            ++new_at;
        } else {
            if (!options_.ignore_deletions) {
                out.deletions.push_back(Value::map_of({{merge_key, *old_item->find(merge_key)},
                                                       {internal::patch_directive, "delete"}}));
            }
            ++old_at;
        }
    }
    out.patch = TRY(internal::in_order(out.patch, modified, merge_key, true));
    bool same_order = original.size() == modified.size();
    for (size_t i = 0; same_order && i < original.size(); ++i) {
        same_order = *original.at(i).find(merge_key) == *modified.at(i).find(merge_key);
    }
    for (const Value& deletion : out.deletions.items()) {
        out.patch.push_back(deletion);
    }
    out.deletions = Value::list();
    if (options_.set_element_order &&
        ((!options_.ignore_changes_and_additions && (!out.patch.empty() || !same_order)) ||
         (!options_.ignore_deletions && !out.patch.empty()))) {
        for (const Value& item : modified.items()) {
            out.order.push_back(Value::map_of({{merge_key, *item.find(merge_key)}}));
        }
    }
    return out;
}

StrategicDifference::Lists StrategicDifference::lists_of_scalars(const Value& original,
                                                                 const Value& modified) {
    const Value old_items = internal::sorted_by_text(original, {});
    const Value new_items = internal::sorted_by_text(modified, {});
    Lists out;
    size_t old_at = 0;
    size_t new_at = 0;
    while (old_at < old_items.size() || new_at < new_items.size()) {
        int order = old_at >= old_items.size() ? 1 : -1;
        if (old_at < old_items.size() && new_at < new_items.size()) {
            order = go_format(old_items.at(old_at)).compare(go_format(new_items.at(new_at)));
        }
        if (order == 0) {
            ++old_at;
            ++new_at;
        } else if (order > 0) {
            if (!options_.ignore_changes_and_additions) {
                out.patch.push_back(new_items.at(new_at));
            }
            ++new_at;
        } else {
            if (!options_.ignore_deletions) {
                out.deletions.push_back(old_items.at(old_at));
            }
            ++old_at;
        }
    }
    out.deletions = internal::without_duplicates(out.deletions);
    return out;
}

// What is known of the items of a list: their schema, but no strategy of their own.
PatchMeta items_of(const PatchMeta& list) {
    return {.schema = list.schema, .merge_key = {}};
}

// Whether two patches of one kind change something in different ways.
Result<bool> have_conflicts(const Value& left, const Value& right, const PatchMeta& meta,
                            size_t depth);

Result<bool> maps_have_conflicts(const Value& left, const Value& right,
                                 const schema::Schema* schema, size_t depth) {
    for (const Member& member : left.members()) {
        if (member.name() == internal::patch_directive ||
            member.name() == internal::retain_keys_directive) {
            continue;
        }
        const Value* other = right.find(member.name());
        if (other == nullptr) {
            continue;
        }
        PatchMeta meta;
        if (member.value.is_map() || member.value.is_list()) {
            std::string_view field = member.name();
            for (const std::string_view directive :
                 {internal::element_order_directive, internal::delete_from_directive}) {
                if (field.starts_with(directive) && field.find('/') == directive.size()) {
                    field = field.substr(directive.size() + 1);
                }
            }
            meta = TRY(internal::patch_meta(schema, field, member.value.is_list()));
        }
        if (TRY(have_conflicts(member.value, *other, meta, depth + 1))) {
            return true;
        }
    }
    return false;
}

Result<bool> lists_have_conflicts(const Value& left, const Value& right, const PatchMeta& meta,
                                  size_t depth) {
    const Value::Kind kind = TRY(internal::element_kind(left, right));
    if (!meta.merge) {
        if (left.size() != right.size()) {
            return true;
        }
        const bool of_maps = kind == Value::Kind::map;
        const Value first =
            of_maps ? left : internal::sorted_by_text(internal::without_duplicates(left), {});
        const Value second =
            of_maps ? right : internal::sorted_by_text(internal::without_duplicates(right), {});
        for (size_t i = 0; i < first.size() && i < second.size(); ++i) {
            if (TRY(have_conflicts(first.at(i), second.at(i), items_of(meta), depth + 1))) {
                return true;
            }
        }
        return first.size() != second.size();
    }
    if (kind != Value::Kind::map) {
        return false;
    }
    const internal::ItemIndex index(right, meta.merge_key);
    for (const Value* list : {&left, &right}) {
        for (const Value& item : list->items()) {
            if (!item.contains(meta.merge_key)) {
                return make_error(Reason::unknown, "cannot find merge key `", meta.merge_key,
                                  "` in merging list element:", go_format(item));
            }
        }
    }
    for (const Value& item : left.items()) {
        const auto place = index.find_item(item);
        if (place && TRY(have_conflicts(item, right.at(*place), items_of(meta), depth + 1))) {
            return true;
        }
    }
    return false;
}

Result<bool> have_conflicts(const Value& left, const Value& right, const PatchMeta& meta,
                            size_t depth) {
    if (depth >= depth_max) {
        return internal::too_deep();
    }
    if (left.kind() != right.kind()) {
        return true;
    }
    if (left.is_map()) {
        const Value* left_directive = left.find(internal::patch_directive);
        const Value* right_directive = right.find(internal::patch_directive);
        if ((left_directive == nullptr) != (right_directive == nullptr) ||
            (left_directive != nullptr && *left_directive != *right_directive)) {
            return true;
        }
        return meta.replace ? Result<bool>(false)
                            : maps_have_conflicts(left, right, meta.schema, depth);
    }
    if (left.is_list()) {
        return lists_have_conflicts(left, right, meta, depth);
    }
    return left != right;
}

Result<Value> sorted_lists(const Value& value, const schema::Schema* schema, size_t depth) {
    if (depth >= depth_max) {
        return internal::too_deep();
    }
    Value out = value;
    for (const Member& member : value.members()) {
        const std::string_view name = member.name();
        if (name == internal::retain_keys_directive ||
            name.starts_with(internal::delete_from_directive)) {
            out.set(name, internal::sorted_by_text(member.value, {}));
            continue;
        }
        if (name == internal::patch_directive ||
            name.starts_with(internal::element_order_directive)) {
            continue;
        }
        if (member.value.is_map()) {
            const PatchMeta meta = TRY(internal::patch_meta(schema, name, false));
            out.set(name, TRY(sorted_lists(member.value, meta.schema, depth + 1)));
        } else if (member.value.is_list() && !member.value.empty()) {
            const PatchMeta meta = TRY(internal::patch_meta(schema, name, true));
            if (!meta.merge) {
                continue;
            }
            if (TRY(internal::element_kind(member.value, Value::list())) != Value::Kind::map) {
                out.set(name,
                        internal::sorted_by_text(internal::without_duplicates(member.value), {}));
                continue;
            }
            Value items = Value::list();
            for (const Value& item : member.value.items()) {
                items.push_back(TRY(sorted_lists(item, meta.schema, depth + 1)));
            }
            out.set(name, internal::sorted_by_text(items, meta.merge_key));
        }
    }
    return out;
}

}  // namespace

Result<Value> create_strategic_merge_patch(const Value& original, const Value& modified,
                                           const schema::Schema* schema) {
    return StrategicDifference({.set_element_order = true})
        .maps(original, modified, schema, false, 0);
}

Result<Value> create_three_way_strategic_merge_patch(const Value& original, const Value& modified,
                                                     const Value& current,
                                                     const schema::Schema* schema, bool overwrite) {
    const Value changes =
        TRY(StrategicDifference({.set_element_order = true, .ignore_deletions = true})
                .maps(current, modified, schema, false, 0));
    const Value deletions =
        TRY(StrategicDifference({.set_element_order = true, .ignore_changes_and_additions = true})
                .maps(original, modified, schema, false, 0));
    Value patch = TRY(internal::merge_strategic_maps(deletions, changes, schema, {}, 0));
    if (overwrite) {
        return patch;
    }
    const Value changed = TRY(StrategicDifference({}).maps(original, current, schema, false, 0));
    if (TRY(have_conflicts(patch, changed, {.schema = schema, .merge_key = {}}, 0))) {
        return make_error(Reason::conflict, "patch:\n", to_yaml(patch),
                          "\nconflicts with changes made from original to current:\n",
                          to_yaml(changed), "\n");
    }
    return patch;
}

Result<Value> sort_merging_lists(const Value& value, const schema::Schema* schema) {
    return sorted_lists(value, schema, 0);
}

}  // namespace weft::merge
