// merge/typed_merge.cc: an applied configuration merged into a live object.

#include <optional>

#include "merge/internal/shape.h"
#include "merge/limits.h"
#include "merge/typed.h"

namespace weft::merge {
namespace {

using internal::element_of;
using internal::ElementIndex;
using internal::Errors;
using internal::Form;
using internal::resolve;
using internal::Shape;

class TypedMerge {
public:
    // Both null pointers is a bug. Nothing is the result where neither side has anything to keep.
    std::optional<Value> visit(const Value* lhs, const Value* rhs, TypeRef type, size_t depth);

    Errors errors;

private:
    std::optional<Value> as_form(Form form, const Value* lhs, const Value* rhs, const Shape& shape,
                                 size_t depth);
    std::optional<Value> maps(const Value& lhs, const Value& rhs, const Shape& shape, size_t depth);
    std::optional<Value> lists(const Value& lhs, const Value& rhs, const Shape& shape,
                               size_t depth);
    struct Items {
        std::vector<PathElement> elements;
        std::vector<size_t> positions;
    };
    Items items_of(const Value& list, const Shape& shape, bool duplicates_allowed);
};

const Value* as_list(const Value* value) {
    return value != nullptr && value->is_list() ? value : nullptr;
}
const Value* as_map(const Value* value) {
    return value != nullptr && value->is_map() ? value : nullptr;
}
bool is_empty(const Value* value) {
    return value == nullptr || value->empty();
}

// A leaf is taken from the right; an equal one from the left, so that it stays shared.
Value leaf(const Value* lhs, const Value* rhs) {
    if (rhs == nullptr) {
        return *lhs;
    }
    return lhs != nullptr && *lhs == *rhs ? *lhs : *rhs;
}

std::optional<Value> TypedMerge::visit(const Value* lhs, const Value* rhs, TypeRef type,
                                       size_t depth) {
    CHECK(lhs != nullptr || rhs != nullptr);
    // One side alone stays as it is; both have been validated before.
    if (lhs == nullptr || rhs == nullptr) {
        return lhs == nullptr ? *rhs : *lhs;
    }
    if (lhs->is_same(*rhs)) {
        return *lhs;
    }
    if (depth >= depth_max) {
        errors.add("nests too deep");
        return std::nullopt;
    }
    const Shape shape = resolve(type);
    const Form left = shape.form_of(lhs);
    const Form right = shape.form_of(rhs);
    if (left != right) {
        (void)as_form(left, lhs, rhs, shape, depth);
    }
    return as_form(right, lhs, rhs, shape, depth);
}

std::optional<Value> TypedMerge::as_form(Form form, const Value* lhs, const Value* rhs,
                                         const Shape& shape, size_t depth) {
    if (form == Form::scalar) {
        auto left = internal::scalar_error(shape.scalar, lhs, "lhs: ");
        auto right = internal::scalar_error(shape.scalar, rhs, "rhs: ");
        if (left && right) {
            errors.add(*std::move(left));
            errors.add(*std::move(right));
            return std::nullopt;
        }
        return leaf(lhs, rhs);
    }
    const bool is_list = form == Form::list;
    const Value* left = is_list ? as_list(lhs) : as_map(lhs);
    const Value* right = is_list ? as_list(rhs) : as_map(rhs);
    // Two empty ones are a leaf: so null stays null and empty stays empty.
    if ((is_list ? shape.atomic_list : shape.atomic_map) || (is_empty(left) && is_empty(right))) {
        return leaf(lhs, rhs);
    }
    static const Value no_list = Value::list();
    static const Value no_map = Value::map();
    return is_list ? lists(left == nullptr ? no_list : *left, right == nullptr ? no_list : *right,
                           shape, depth)
                   : maps(left == nullptr ? no_map : *left, right == nullptr ? no_map : *right,
                          shape, depth);
}

std::optional<Value> TypedMerge::maps(const Value& lhs, const Value& rhs, const Shape& shape,
                                      size_t depth) {
    if (lhs.empty()) {
        return rhs;
    }
    Value out = lhs;
    for (const Member& member : rhs.members()) {
        const Value* old = lhs.find(member.name());
        if (old == nullptr) {
            out.append_new(member.name(), member.value);
            continue;
        }
        const size_t before = errors.count();
        std::optional<Value> merged =
            visit(old, &member.value, shape.field(member.name()).type, depth + 1);
        if (errors.count() != before) {
            errors.prefix(before, PathElement::field(member.key));
        }
        if (!merged) {
            out.erase(member.name());
        } else if (!merged->is_same(*old)) {
            out.set(member.name(), *std::move(merged));
        }
    }
    return out.empty() ? std::nullopt : std::optional<Value>(std::move(out));
}

TypedMerge::Items TypedMerge::items_of(const Value& list, const Shape& shape,
                                       bool duplicates_allowed) {
    Items items;
    items.elements.reserve(list.size());
    items.positions.reserve(list.size());
    for (size_t i = 0; i < list.size(); ++i) {
        Result<PathElement> element = element_of(list.at(i), shape);
        if (!element) {
            errors.add(cat("element ", i, ": ", element.error().message()));
            continue;
        }
        items.elements.push_back(*std::move(element));
        items.positions.push_back(i);
    }
    if (!duplicates_allowed) {
        const ElementIndex index(items.elements);
        for (size_t i = 0; i < items.elements.size(); ++i) {
            if (index.find(items.elements[i]) != i) {
                errors.add(cat("duplicate entries for key ", items.elements[i].text()));
            }
        }
    }
    return items;
}

// Both lists are walked at once. Items that only the left has are taken where they are met, shared
// ones where the right list reaches them, so the right list's order holds.
std::optional<Value> TypedMerge::lists(const Value& lhs, const Value& rhs, const Shape& shape,
                                       size_t depth) {
    const size_t errors_before = errors.count();
    const Items left = items_of(lhs, shape, true);
    const Items right = items_of(rhs, shape, false);
    if (errors.count() != errors_before) {
        return std::nullopt;
    }
    const ElementIndex left_index(left.elements);
    const ElementIndex right_index(right.elements);
    const TypeRef item_type = shape.item();

    // For each left item its place on the right, if shared; for each right item its one partner.
    constexpr size_t nowhere = SIZE_MAX;
    std::vector<size_t> right_of(left.elements.size(), nowhere);
    std::vector<size_t> left_of(right.elements.size(), nowhere);
    std::vector<size_t> partners(right.elements.size(), 0);
    for (size_t i = 0; i < left.elements.size(); ++i) {
        if (const auto place = right_index.find(left.elements[i])) {
            right_of[i] = *place;
            if (partners[*place]++ == 0) {
                left_of[*place] = i;
            }
        }
    }
    std::vector<size_t> shared_order;
    for (size_t i = 0; i < right.elements.size(); ++i) {
        if (partners[i] > 0) {
            shared_order.push_back(i);
        }
    }
    size_t next_shared = 0;
    const auto shared_now = [&] {
        return next_shared < shared_order.size() ? shared_order[next_shared] : nowhere;
    };

    static const Value null;
    Value out = Value::list();
    bool same_as_left = true;
    const auto take = [&](const Value* left_item, const Value* right_item,
                          const PathElement& element) {
        const size_t before = errors.count();
        std::optional<Value> merged = visit(left_item, right_item, item_type, depth + 1);
        if (errors.count() != before) {
            errors.prefix(before, element);
        }
        if (merged) {
            same_as_left =
                same_as_left && out.size() < lhs.size() && merged->is_same(lhs.at(out.size()));
            out.push_back(*std::move(merged));
        }
    };
    const auto take_right = [&](size_t place) {
        const Value* partner = nullptr;
        if (partners[place] == 1) {
            partner = &lhs.at(left.positions[left_of[place]]);
        } else if (partners[place] > 1) {
            partner = &null;  // repeated items are replaced, not merged
        }
        take(partner, &rhs.at(right.positions[place]), right.elements[place]);
    };

    std::vector<bool> merged_right(right.elements.size());
    size_t l = 0;
    size_t r = 0;
    while (l < left.elements.size() || r < right.elements.size()) {
        if (l < left.elements.size() && r < right.elements.size()) {
            if (right_of[l] == r) {
                merged_right[r] = true;
                take_right(r);
                ++l;
                ++r;
                ++next_shared;
                continue;
            }
            if (right_of[l] != nowhere && shared_now() != nowhere && shared_now() != right_of[l]) {
                ++l;  // shared, but its turn is not now
                continue;
            }
        }
        if (l < left.elements.size()) {
            if (right_of[l] == nowhere) {
                take(&lhs.at(left.positions[l]), nullptr, left.elements[l]);
                ++l;
                continue;
            }
            if (merged_right[right_of[l]]) {
                ++l;  // a repeated item: it has been replaced already
            }
        }
        if (r < right.elements.size()) {
            merged_right[r] = true;
            take_right(r);
            if (shared_now() == r) {
                ++next_shared;
            }
            ++r;
        }
    }
    if (out.empty()) {
        return std::nullopt;
    }
    return same_as_left && out.size() == lhs.size() ? lhs : out;
}

}  // namespace

Result<Value> merge_typed(const Value& live, const Value& config, TypeRef type) {
    TypedMerge merge;
    std::optional<Value> merged = merge.visit(&live, &config, type, 0);
    if (!merge.errors.empty()) {
        return merge.errors.error();
    }
    return merged.value_or(Value());
}

}  // namespace weft::merge
