// merge/internal/strategic.cc: orders, look-ups and errors of strategic merge patches.

#include "merge/internal/strategic.h"

#include <algorithm>
#include <utility>

#include "object/go_format.h"
#include "object/go_type.h"

namespace weft::merge::internal {
namespace {

// Lists up to this long are walked for each look-up: cheaper than sorting them.
constexpr size_t walked_list_max = 12;

std::string_view struct_name(const schema::Schema& schema) {
    const std::string_view definition = schema.definition;
    const size_t dot = definition.rfind('.');
    return dot == std::string_view::npos ? definition : definition.substr(dot + 1);
}

// An item and where it goes; `position` keeps equal ones in their order.
struct Ranked {
    size_t rank;
    size_t position;
    Value item;
};

const Value& null_value() {
    static const Value null;
    return null;
}

}  // namespace

Result<PatchMeta> patch_meta(const schema::Schema* parent, std::string_view key, bool for_list) {
    PatchMeta meta;
    if (parent == nullptr) {
        return meta;
    }
    const schema::Schema* member = parent->find_property(key);
    if (member == nullptr) {
        // Go's types have no fields for what is free-form (RawExtension), so upstream refuses to
        // look into it where both sides have it.
        const bool is_open = (parent->properties.empty() && parent->definition.empty()) ||
                             parent->additional_properties != nullptr ||
                             parent->additional_properties_allowed ||
                             parent->preserve_unknown_fields;
        if (!is_open) {
            return make_error(Reason::unknown, "unable to find api field in struct ",
                              struct_name(*parent), " for the json field ", quote(key));
        }
        meta.schema = parent->additional_properties;
        if (for_list && meta.schema != nullptr) {
            meta.schema = meta.schema->items;
        }
        return meta;
    }
    meta.merge = member->patch_merge;
    meta.replace = member->patch_replace;
    meta.retain_keys = member->patch_retain_keys;
    meta.merge_key = member->patch_merge_key;
    meta.schema = for_list ? member->items : member;
    return meta;
}

Error no_merge_key(const Value& item, std::string_view merge_key) {
    return make_error(Reason::unknown, "map: ", go_format(item),
                      " does not contain declared merge key: ", merge_key);
}

Error bad_type(std::string_view expected, const Value& actual) {
    return make_error(Reason::unknown, "expected a ", expected, ", but received a ",
                      go_type_text(actual));
}

Error bad_order_list() {
    return make_error(Reason::bad_request, "invalid patch format of setElementOrder list");
}

Error bad_primitive_list() {
    return make_error(Reason::bad_request, "invalid patch format of primitive list");
}

Error bad_retain_keys() {
    return make_error(Reason::bad_request, "invalid patch format of retainKeys");
}

Error too_deep() {
    return make_error(Reason::bad_request, "the object or the patch nests too deep");
}

Result<Value::Kind> element_kind(const Value& first, const Value& second) {
    std::optional<Value::Kind> kind;
    for (const Value* list : {&first, &second}) {
        for (const Value& item : list->items()) {
            if (item.is_list()) {
                return make_error(Reason::invalid, "lists of lists are not supported");
            }
            if (kind && *kind != item.kind()) {
                return make_error(Reason::unknown, "list element types are not identical: [",
                                  go_format(first), " ", go_format(second), "]");
            }
            kind = item.kind();
        }
    }
    if (!kind) {
        return make_error(Reason::unknown, "no elements in any of the given slices");
    }
    return *kind;
}

bool is_delete_item(const Value& item) {
    return item.string_at(patch_directive) == "delete";
}

ItemIndex::ItemIndex(const Value& list, std::string_view merge_key)
    : list_(&list), merge_key_(merge_key) {
    if (list.size() <= walked_list_max) {
        return;
    }
    for (size_t i = 0; i < list.size(); ++i) {
        sorted_.push_back(i);
    }
    std::ranges::sort(sorted_, [this](size_t a, size_t b) {
        const int order = Value::compare(key_at(a), key_at(b));
        return order != 0 ? order < 0 : a < b;
    });
}

const Value& ItemIndex::key_at(size_t i) const {
    const Value& item = list_->at(i);
    const Value* key = merge_key_.empty() ? &item : item.find(merge_key_);
    return key == nullptr ? null_value() : *key;
}

std::optional<size_t> ItemIndex::find(const Value& key) const {
    if (sorted_.empty()) {
        for (size_t i = 0; i < list_->size(); ++i) {
            if (key_at(i) == key) {
                return i;
            }
        }
        return std::nullopt;
    }
    auto at = std::ranges::lower_bound(
        sorted_, 0, [](int order, int zero) { return order < zero; },
        [&](size_t i) { return Value::compare(key_at(i), key); });
    for (; at != sorted_.end() && Value::compare(key_at(*at), key) == 0; ++at) {
        if (key_at(*at) == key) {
            return *at;
        }
    }
    return std::nullopt;
}

std::optional<size_t> ItemIndex::find_item(const Value& item) const {
    const Value* key = merge_key_.empty() ? &item : item.find(merge_key_);
    return find(key == nullptr ? null_value() : *key);
}

Result<Value> in_order(const Value& items, const Value& order, std::string_view merge_key,
                       bool of_maps) {
    std::vector<Ranked> ranked;
    std::vector<Value> to_delete;
    const ItemIndex index(order, of_maps ? merge_key : std::string_view());
    if (of_maps) {
        for (const Value* list : {&items, &order}) {
            for (const Value& item : list->items()) {
                if (!item.is_map()) {
                    return bad_type("map[string]interface {}", item);
                }
                if (!item.contains(merge_key)) {
                    return no_merge_key(item, merge_key);
                }
            }
        }
    }
    for (const Value& item : items.items()) {
        if (of_maps && is_delete_item(item)) {
            to_delete.push_back(item);
        } else {
            ranked.push_back({index.find_item(item).value_or(0), ranked.size(), item});
        }
    }
    std::ranges::sort(ranked, {},
                      [](const Ranked& entry) { return std::pair(entry.rank, entry.position); });
    std::vector<Value> out;
    out.reserve(items.size());
    for (Ranked& entry : ranked) {
        out.push_back(std::move(entry.item));
    }
    for (Value& item : to_delete) {
        out.push_back(std::move(item));
    }
    return Value::list(std::move(out));
}

Value sorted_by_text(const Value& items, std::string_view merge_key) {
    struct Entry {
        std::string text;
        size_t position;
    };
    std::vector<Entry> entries;
    entries.reserve(items.size());
    for (const Value& item : items.items()) {
        const Value* key = merge_key.empty() ? &item : item.find(merge_key);
        entries.push_back({go_format(key == nullptr ? null_value() : *key), entries.size()});
    }
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
        const int order = a.text.compare(b.text);
        return order != 0 ? order < 0 : a.position < b.position;
    });
    std::vector<Value> out;
    out.reserve(entries.size());
    for (const Entry& entry : entries) {
        out.push_back(items.at(entry.position));
    }
    return Value::list(std::move(out));
}

Value without_duplicates(const Value& items) {
    std::vector<Value> out(items.items().begin(), items.items().end());
    const ItemIndex index(items, {});
    bool has_any = false;
    for (size_t i = 0; i < items.size() && !has_any; ++i) {
        has_any = index.find(items.at(i)) != i;
    }
    if (!has_any) {
        return items;
    }
    for (size_t i = 0; i < out.size(); ++i) {
        for (size_t j = i + 1; j < out.size();) {
            if (out[i] == out[j]) {
                out[j] = std::move(out.back());
                out.pop_back();
            } else {
                ++j;
            }
        }
    }
    return Value::list(std::move(out));
}

}  // namespace weft::merge::internal
