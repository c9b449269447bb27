// merge/strategic_merge_patch.cc: applying. The same walk also joins two patches into one, which is
// what `merge_parallel_list` off means: directives are then kept instead of carried out.

#include "merge/strategic_merge_patch.h"

#include <algorithm>

#include "merge/internal/strategic.h"
#include "merge/limits.h"
#include "object/go_format.h"

namespace weft::merge {
namespace internal {
namespace {

Error bad_patch_type(const Value& directive, const Value& patch) {
    return make_error(Reason::unknown, "unknown patch type: ", go_format_as_text(directive),
                      " in map: ", go_format(patch));
}

// What a patch leaves where the document has nothing: no nulls, and nothing of maps that only mean
// to change what is there. Other directives stay, as upstream.
std::optional<Value> without_changes(const Value& value, size_t depth) {
    if (depth >= depth_max) {
        return value;
    }
    if (value.is_map()) {
        if (value.contains(patch_directive)) {
            return std::nullopt;
        }
        Value out = value;
        for (const Member& member : value.members()) {
            const auto inner =
                member.value.is_null() ? std::nullopt : without_changes(member.value, depth + 1);
            if (!inner) {
                out.erase(member.name());
            } else if (!inner->is_same(member.value)) {
                out.set(member.name(), *inner);
            }
        }
        return out;
    }
    if (value.is_list()) {
        Value out = Value::list();
        bool is_same = true;
        for (const Value& item : value.items()) {
            auto inner = without_changes(item, depth + 1);
            is_same = is_same && inner && inner->is_same(item);
            if (inner) {
                out.push_back(std::move(*inner));
            }
        }
        return is_same ? value : out;
    }
    return value;
}

class StrategicMerge {
public:
    StrategicMerge(const StrategicOptions& options, size_t depth)
        : options_(options), depth_(depth) {}

    Result<Value> maps(const Value& document, Value patch, const schema::Schema* schema);

private:
    Status retain_keys(Value& document, Value& patch) const;
    Status ordered_lists(Value& document, Value& patch, const schema::Schema* schema);
    Status ordered_list(Value& document, Value& patch, const schema::Schema* schema,
                        std::string_view field, const Value& order);
    Status member(Value& document, std::string_view key, const Value& patch,
                  const schema::Schema* schema);
    // `server_order`, if given, becomes the order that the document's list is taken to have.
    Result<Value> lists(const Value& document, const Value& patch, const PatchMeta& meta,
                        bool is_delete_list, Value* server_order = nullptr);
    Result<Value> lists_of_maps(const Value& document, const Value& patch, const PatchMeta& meta,
                                Value* server_order);

    StrategicOptions options_;
    size_t depth_;
};

struct Parts {
    Value in_patch;
    Value server_only;
};

// Items that `by` has, and those it has not.
Result<Parts> partition(const Value& items, const Value& by, std::string_view merge_key) {
    const ItemIndex index(by, merge_key);
    Parts parts{Value::list(), Value::list()};
    for (const Value& item : items.items()) {
        if (!merge_key.empty() && !item.is_map()) {
            return bad_type("map[string]interface {}", item);
        }
        if (!merge_key.empty() && !item.contains(merge_key)) {
            return no_merge_key(item, merge_key);
        }
        (index.find_item(item) ? parts.in_patch : parts.server_only).push_back(item);
    }
    return parts;
}

// Inserts the items of the server between those of the patch, where the server's order allows.
Value interleaved(const Value& server_only, const Value& in_patch, const Value& server_order,
                  std::string_view merge_key) {
    const ItemIndex index(server_order, merge_key);
    std::vector<Value> out;
    out.reserve(server_only.size() + in_patch.size());
    size_t left = 0;
    size_t right = 0;
    while (left < server_only.size() && right < in_patch.size()) {
        const auto left_rank = index.find_item(server_only.at(left));
        const auto right_rank = index.find_item(in_patch.at(right));
        if (left_rank && right_rank && *left_rank < *right_rank) {
            out.push_back(server_only.at(left++));
        } else {
            out.push_back(in_patch.at(right++));
        }
    }
    while (left < server_only.size()) {
        out.push_back(server_only.at(left++));
    }
    while (right < in_patch.size()) {
        out.push_back(in_patch.at(right++));
    }
    return Value::list(std::move(out));
}

Result<Value> normalized(const Parts& parts, const Value& patch_order, const Value& server_order,
                         std::string_view merge_key, bool of_maps) {
    const std::string_view key = of_maps ? merge_key : std::string_view();
    const Value in_patch = TRY(in_order(parts.in_patch, patch_order, key, of_maps));
    const Value server_only = TRY(in_order(parts.server_only, server_order, key, of_maps));
    return interleaved(server_only, in_patch, server_order, key);
}

// The items of the patch must come in the order that the order list says.
Status check_order(const Value& patch_list, const Value& order, std::string_view merge_key) {
    std::vector<const Value*> items;
    for (const Value& item : patch_list.items()) {
        if (!merge_key.empty() && !item.is_map()) {
            return bad_type("map[string]interface {}", item);
        }
        if (merge_key.empty() || !is_delete_item(item)) {
            items.push_back(&item);
        }
    }
    if (order.empty() || patch_list.empty()) {
        return {};
    }
    size_t at = 0;
    size_t place = 0;
    while (at < items.size() && place < order.size()) {
        const Value& item = *items[at];
        if (item.is_map() && item.contains(patch_directive)) {
            ++at;
            continue;
        }
        const Value* left = &item;
        const Value* right = &order.at(place);
        if (!merge_key.empty()) {
            if (!right->is_map()) {
                return bad_type("map[string]interface {}", *right);
            }
            left = item.find(merge_key);
            if (left == nullptr) {
                return no_merge_key(item, merge_key);
            }
            right = right->find(merge_key);
            if (right == nullptr) {
                return no_merge_key(order.at(place), merge_key);
            }
        }
        at += *left == *right ? 1 : 0;
        ++place;
    }
    if (at < items.size() && place >= order.size()) {
        return make_error(Reason::unknown, "The order in patch list:\n", go_format(patch_list),
                          "\n doesn't match ", element_order_directive, " list:\n",
                          go_format(order), "\n");
    }
    return {};
}

Status StrategicMerge::retain_keys(Value& document, Value& patch) const {
    const Value* found = patch.find(retain_keys_directive);
    if (found == nullptr) {
        return {};
    }
    const Value keys = *found;
    patch.erase(retain_keys_directive);
    if (!options_.merge_parallel_list) {
        const Value* in_document = document.find(retain_keys_directive);
        if (in_document != nullptr && *in_document != keys) {
            return make_error(
                Reason::unknown, go_format(*in_document), " and ", go_format(keys),
                " are not deep equal: this may happen when calculating the 3-way diff patch");
        }
        document.set(retain_keys_directive, keys);
        return {};
    }
    if (!keys.is_list()) {
        return bad_retain_keys();
    }
    const ItemIndex index(keys, {});
    for (const Member& member : patch.members()) {
        const std::string_view name = member.name();
        if (member.value.is_null() || name.starts_with(delete_from_directive) ||
            name.starts_with(element_order_directive)) {
            continue;
        }
        if (!index.find(member.key)) {
            return bad_retain_keys();
        }
    }
    document.erase_if(
        [&](std::string_view name, const Value&) { return !index.find(Value(name)); });
    return {};
}

Status StrategicMerge::ordered_list(Value& document, Value& patch, const schema::Schema* schema,
                                    std::string_view field, const Value& order) {
    const Value* in_document = document.find(field);
    const Value* in_patch = patch.find(field);
    if (in_document != nullptr && !in_document->is_list()) {
        return bad_type("[]interface {}", *in_document);
    }
    if (in_patch != nullptr && !in_patch->is_list()) {
        return bad_type("[]interface {}", *in_patch);
    }
    const PatchMeta meta = TRY(patch_meta(schema, field, true));
    const Value old_list = in_document == nullptr ? Value::list() : *in_document;
    const Value patch_list = in_patch == nullptr ? Value::list() : *in_patch;
    TRY(check_order(patch_list, order, meta.merge_key));
    if (in_document == nullptr && in_patch == nullptr) {
        return {};
    }
    Value merged = old_list;
    if (in_document == nullptr) {
        for (const Value& item : patch_list.items()) {
            if (!item.contains(patch_directive)) {
                merged.push_back(item);
            }
        }
    }
    Value server_order = old_list;
    if (in_document != nullptr && in_patch != nullptr) {
        merged = TRY(lists(old_list, patch_list, meta, false, &server_order));
    }
    const Parts parts = TRY(partition(merged, order, meta.merge_key));
    const Value::Kind kind = TRY(element_kind(old_list, patch_list));
    document.set(field, TRY(normalized(parts, order, server_order, meta.merge_key,
                                       kind == Value::Kind::map)));
    patch.erase(field);
    return {};
}

Status StrategicMerge::ordered_lists(Value& document, Value& patch, const schema::Schema* schema) {
    const Value whole = patch;
    for (const Member& directive : whole.members()) {
        if (!directive.name().starts_with(element_order_directive)) {
            continue;
        }
        const Value& order = directive.value;
        if (!options_.merge_parallel_list) {
            const Value* in_document = document.find(directive.name());
            if (in_document != nullptr && *in_document != order) {
                return bad_order_list();
            }
            document.set(directive.name(), order);
        }
        patch.erase(directive.name());
        if (!order.is_list()) {
            return bad_type("[]interface {}", order);
        }
        const size_t slash = directive.name().find('/');
        if (slash != element_order_directive.size()) {
            return bad_order_list();
        }
        TRY(ordered_list(document, patch, schema, directive.name().substr(slash + 1), order));
    }
    return {};
}

Result<Value> StrategicMerge::maps(const Value& document, Value patch,
                                   const schema::Schema* schema) {
    if (depth_ >= depth_max) {
        return too_deep();
    }
    if (const Value* directive = patch.find(patch_directive)) {
        if (directive->is_string() && directive->as_string() == "replace") {
            patch.erase(patch_directive);
            return patch;
        }
        if (directive->is_string() && directive->as_string() == "delete") {
            return Value::map();
        }
        return bad_patch_type(*directive, patch);
    }
    Value out = document.is_map() ? document : Value::map();
    TRY(retain_keys(out, patch));
    TRY(ordered_lists(out, patch, schema));
    for (const Member& change : patch.members()) {
        TRY(member(out, change.name(), change.value, schema));
    }
    return out;
}

Status StrategicMerge::member(Value& document, std::string_view key, const Value& patch,
                              const schema::Schema* schema) {
    bool is_delete_list = false;
    if (key.starts_with(delete_from_directive)) {
        if (!options_.merge_parallel_list) {
            document.set(key, patch);
            return {};
        }
        const size_t slash = key.find('/');
        if (slash != delete_from_directive.size()) {
            return bad_primitive_list();
        }
        key = key.substr(slash + 1);
        is_delete_list = true;
    }
    if (patch.is_null()) {
        document.erase(key);
        if (options_.ignore_unmatched_nulls) {
            return {};
        }
    }
    const Value* old = document.find(key);
    if (old == nullptr || old->kind() != patch.kind()) {
        const bool is_deletion = patch.string_at(patch_directive) == "delete";
        if (!is_delete_list && !(is_deletion && options_.merge_parallel_list)) {
            if (auto taken = options_.ignore_unmatched_nulls ? without_changes(patch, depth_)
                                                             : std::optional<Value>(patch)) {
                document.set(key, std::move(*taken));
            }
        }
        return {};
    }
    if (patch.is_map()) {
        const PatchMeta meta = TRY(patch_meta(schema, key, false));
        if (meta.replace) {
            document.set(key, patch);
            return {};
        }
        Value next = TRY(StrategicMerge(options_, depth_ + 1).maps(*old, patch, meta.schema));
        if (!next.is_same(*old)) {
            document.set(key, std::move(next));
        }
    } else if (patch.is_list()) {
        const PatchMeta meta = TRY(patch_meta(schema, key, true));
        document.set(key, TRY(lists(*old, patch, meta, is_delete_list)));
    } else {
        document.set(key, patch);
    }
    return {};
}

Result<Value> StrategicMerge::lists(const Value& document, const Value& patch,
                                    const PatchMeta& meta, bool is_delete_list,
                                    Value* server_order) {
    if (!meta.merge && !is_delete_list) {
        return patch;
    }
    if (document.empty() && patch.empty()) {
        return document;
    }
    const Value::Kind kind = TRY(element_kind(document, patch));
    if (kind == Value::Kind::map) {
        return lists_of_maps(document, patch, meta, server_order);
    }
    if (options_.merge_parallel_list && is_delete_list) {
        const ItemIndex unwanted(patch, {});
        Value left = Value::list();
        for (const Value& item : document.items()) {
            if (!unwanted.find(item)) {
                left.push_back(item);
            }
        }
        return left;
    }
    Value both = document;
    for (const Value& item : patch.items()) {
        both.push_back(item);
    }
    const Value merged = without_duplicates(both);
    const Parts parts = TRY(partition(merged, patch, {}));
    return normalized(parts, patch, document, {}, false);
}

Result<Value> StrategicMerge::lists_of_maps(const Value& document, const Value& patch,
                                            const PatchMeta& meta, Value* server_order) {
    if (meta.merge_key.empty()) {
        return make_error(Reason::unknown, "cannot merge lists without merge key for type struct");
    }
    Value old = document;
    Value plain = Value::list();
    bool replace = false;
    for (const Value& item : patch.items()) {
        const Value* directive = item.find(patch_directive);
        if (directive == nullptr) {
            plain.push_back(item);
            continue;
        }
        const std::string_view what = item.string_at(patch_directive);
        if (what == "delete") {
            const Value* key = item.find(meta.merge_key);
            if (key == nullptr) {
                return no_merge_key(item, meta.merge_key);
            }
            Value left = Value::list();
            for (const Value& candidate : old.items()) {
                const Value* its_key = candidate.find(meta.merge_key);
                if (its_key == nullptr || *its_key != *key) {
                    left.push_back(candidate);
                }
            }
            old = std::move(left);
        } else if (what == "replace") {
            replace = true;
        } else if (what == "merge") {
            return make_error(Reason::unknown,
                              "merging lists cannot yet be specified in the patch");
        } else {
            return bad_patch_type(*directive, item);
        }
    }
    const Value patch_order = replace ? Value::list() : plain;
    if (replace) {
        old = std::move(plain);
    }
    Value merged = old;
    {
        const ItemIndex index(old, meta.merge_key);
        std::vector<Value> added;
        for (const Value& item : patch_order.items()) {
            const Value* key = item.find(meta.merge_key);
            if (key == nullptr) {
                return no_merge_key(item, meta.merge_key);
            }
            Value* target = nullptr;
            if (const auto place = index.find(*key)) {
                target = &merged.mutable_item(*place);
            } else {
                for (Value& candidate : added) {
                    if (*candidate.find(meta.merge_key) == *key) {
                        target = &candidate;
                        break;
                    }
                }
            }
            if (target == nullptr) {
                added.push_back(item);
                continue;
            }
            *target = TRY(StrategicMerge(options_, depth_ + 1).maps(*target, item, meta.schema));
        }
        if (server_order != nullptr && !replace) {
            // Upstream appends into the places that deleted items left in the document's own list,
            // and then takes that list for the server's order; clients see the result.
            *server_order = old;
            for (size_t i = 0; i < added.size() && server_order->size() < document.size(); ++i) {
                server_order->push_back(added[i]);
            }
        }
        for (Value& item : added) {
            merged.push_back(std::move(item));
        }
    }
    const Parts parts = TRY(partition(merged, patch_order, meta.merge_key));
    return normalized(parts, patch_order, old, meta.merge_key, true);
}

}  // namespace

Result<Value> merge_strategic_maps(const Value& document, const Value& patch,
                                   const schema::Schema* schema, const StrategicOptions& options,
                                   size_t depth) {
    return StrategicMerge(options, depth).maps(document, patch, schema);
}

}  // namespace internal

Result<Value> apply_strategic_merge_patch(const Value& document, const Value& patch,
                                          const schema::Schema* schema) {
    if (!document.is_map()) {
        return make_error(Reason::bad_request, "invalid JSON document");
    }
    if (patch.is_null()) {
        return document;
    }
    if (!patch.is_map()) {
        const std::string_view kind = patch.is_list()     ? "array"
                                      : patch.is_string() ? "string"
                                      : patch.is_bool()   ? "bool"
                                                          : "number";
        return make_error(Reason::bad_request, "json: cannot unmarshal ", kind,
                          " into Go value of type map[string]interface {}");
    }
    return internal::merge_strategic_maps(
        document, patch, schema, {.merge_parallel_list = true, .ignore_unmatched_nulls = true}, 0);
}

}  // namespace weft::merge
