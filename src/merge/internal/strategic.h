// merge/internal/strategic.h: what applying and creating strategic merge patches share.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::merge::internal {

inline constexpr std::string_view patch_directive = "$patch";
inline constexpr std::string_view retain_keys_directive = "$retainKeys";
inline constexpr std::string_view delete_from_directive = "$deleteFromPrimitiveList";
inline constexpr std::string_view element_order_directive = "$setElementOrder";

// How one member of a map is patched. `schema` is that of the member, or of a list's items; null
// where the schema says nothing.
struct PatchMeta {
    const schema::Schema* schema = nullptr;
    bool merge = false;
    bool replace = false;
    bool retain_keys = false;
    std::string_view merge_key;
};

// Errors if `parent` is a struct without such a field, as upstream does for lists and maps only.
[[nodiscard]] Result<PatchMeta> patch_meta(const schema::Schema* parent, std::string_view key,
                                           bool for_list);

[[nodiscard]] Error no_merge_key(const Value& item, std::string_view merge_key);
[[nodiscard]] Error bad_type(std::string_view expected, const Value& actual);
[[nodiscard]] Error bad_order_list();
[[nodiscard]] Error bad_primitive_list();
[[nodiscard]] Error bad_retain_keys();
[[nodiscard]] Error too_deep();

// What the items of all these lists are. Errors if they differ, are lists, or there are none.
[[nodiscard]] Result<Value::Kind> element_kind(const Value& first, const Value& second);

[[nodiscard]] bool is_delete_item(const Value& item);

// Finds items of a list by merge key (or by themselves if the key is empty): the first one wins.
// Borrows the list. Small lists are walked, others sorted once.
class ItemIndex {
public:
    ItemIndex(const Value& list, std::string_view merge_key);
    [[nodiscard]] std::optional<size_t> find(const Value& key) const;
    [[nodiscard]] std::optional<size_t> find_item(const Value& item) const;

private:
    [[nodiscard]] const Value& key_at(size_t i) const;

    const Value* list_;
    std::string_view merge_key_;
    std::vector<size_t> sorted_;  // empty for small lists
};

// The items in the order that they have in `order`; items to delete go last.
[[nodiscard]] Result<Value> in_order(const Value& items, const Value& order,
                                     std::string_view merge_key, bool of_maps);

// Items sorted as upstream sorts: by how Go prints them, or prints their merge key.
[[nodiscard]] Value sorted_by_text(const Value& items, std::string_view merge_key);
// Upstream's way: a duplicate is overwritten by the last item.
[[nodiscard]] Value without_duplicates(const Value& items);

struct StrategicOptions {
    bool merge_parallel_list = false;  // false: `document` is a patch itself
    bool ignore_unmatched_nulls = false;
};
[[nodiscard]] Result<Value> merge_strategic_maps(const Value& document, const Value& patch,
                                                 const schema::Schema* schema,
                                                 const StrategicOptions& options, size_t depth);

}  // namespace weft::merge::internal
