// merge/typed_compare.cc: which fields two values differ in.

#include <utility>

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

// The entry of one node in each of the three sets, without its element.
struct Found {
    bool added = false;
    bool modified = false;
    bool removed = false;
    FieldSet added_below;
    FieldSet modified_below;
    FieldSet removed_below;
};

// The entries of a node's children, in each of the three sets.
struct Children {
    std::vector<FieldSet::Entry> added;
    std::vector<FieldSet::Entry> modified;
    std::vector<FieldSet::Entry> removed;

    void take(const PathElement& element, Found found) {
        if (found.added || !found.added_below.empty()) {
            added.push_back({element, found.added, std::move(found.added_below)});
        }
        if (found.modified || !found.modified_below.empty()) {
            modified.push_back({element, found.modified, std::move(found.modified_below)});
        }
        if (found.removed || !found.removed_below.empty()) {
            removed.push_back({element, found.removed, std::move(found.removed_below)});
        }
    }
    // Two forms of one node may both have been walked, so what was found already is kept.
    void put_into(Found& found) {
        if (!added.empty()) {
            found.added_below = FieldSet(std::move(added)).union_with(found.added_below);
        }
        if (!modified.empty()) {
            found.modified_below = FieldSet(std::move(modified)).union_with(found.modified_below);
        }
        if (!removed.empty()) {
            found.removed_below = FieldSet(std::move(removed)).union_with(found.removed_below);
        }
    }
};

class TypedComparison {
public:
    Found visit(const Value* lhs, const Value* rhs, TypeRef type, size_t depth);

    Errors errors;

private:
    // True if the node was a leaf.
    bool as_form(Form form, const Value* lhs, const Value* rhs, const Shape& shape, size_t depth,
                 Found& found);
    void maps(const Value* lhs, const Value* rhs, const Shape& shape, size_t depth, Found& found);
    void lists(const Value* lhs, const Value* rhs, const Shape& shape, size_t depth, Found& found);
    void child(const PathElement& element, const Value* lhs, const Value* rhs, TypeRef type,
               size_t depth, Children& children);
};

void leaf(const Value* lhs, const Value* rhs, Found& found) {
    if (lhs == nullptr) {
        found.added = true;
    } else if (rhs == nullptr) {
        found.removed = true;
    } else if (!equal_values(*lhs, *rhs)) {
        found.modified = true;
    }
}

Found TypedComparison::visit(const Value* lhs, const Value* rhs, TypeRef type, size_t depth) {
    Found found;
    if (lhs != nullptr && rhs != nullptr && lhs->is_same(*rhs)) {
        return found;
    }
    if (depth >= depth_max) {
        errors.add("nests too deep");
        return found;
    }
    const Shape shape = resolve(type);
    bool is_leaf = false;
    if (rhs == nullptr) {
        is_leaf = as_form(shape.form_of(lhs), lhs, rhs, shape, depth, found);
    } else {
        const Form right = shape.form_of(rhs);
        if (lhs != nullptr && shape.form_of(lhs) != right) {
            (void)as_form(shape.form_of(lhs), lhs, rhs, shape, depth, found);
        }
        is_leaf = as_form(right, lhs, rhs, shape, depth, found);
    }
    if (!is_leaf) {
        found.added = found.added || lhs == nullptr;
        found.removed = found.removed || rhs == nullptr;
    }
    return found;
}

bool TypedComparison::as_form(Form form, const Value* lhs, const Value* rhs, const Shape& shape,
                              size_t depth, Found& found) {
    if (form == Form::scalar) {
        auto left = internal::scalar_error(shape.scalar, lhs, "lhs: ");
        auto right = internal::scalar_error(shape.scalar, rhs, "rhs: ");
        if (left && right) {
            errors.add(*std::move(left));
            errors.add(*std::move(right));
            return false;
        }
        leaf(lhs, rhs, found);
        return true;
    }
    const bool is_list = form == Form::list;
    const auto wanted = [&](const Value* value) {
        const bool fits = value != nullptr && (is_list ? value->is_list() : value->is_map());
        return fits ? value : nullptr;
    };
    const Value* left = wanted(lhs);
    const Value* right = wanted(rhs);
    const bool both_empty =
        (left == nullptr || left->empty()) && (right == nullptr || right->empty());
    if ((is_list ? shape.atomic_list : shape.atomic_map) || both_empty) {
        leaf(lhs, rhs, found);
        return true;
    }
    if (is_list) {
        lists(left, right, shape, depth, found);
    } else {
        maps(left, right, shape, depth, found);
    }
    return false;
}

void TypedComparison::child(const PathElement& element, const Value* lhs, const Value* rhs,
                            TypeRef type, size_t depth, Children& children) {
    const size_t before = errors.count();
    Found found = visit(lhs, rhs, type, depth + 1);
    if (errors.count() != before) {
        errors.prefix(before, element);
    }
    children.take(element, std::move(found));
}

void TypedComparison::maps(const Value* lhs, const Value* rhs, const Shape& shape, size_t depth,
                           Found& found) {
    Children children;
    const std::span<const Member> left =
        lhs == nullptr ? std::span<const Member>() : lhs->members();
    const std::span<const Member> right =
        rhs == nullptr ? std::span<const Member>() : rhs->members();
    size_t shared = 0;
    for (size_t i = 0; i < left.size(); ++i) {
        const Member& member = left[i];
        const Value* other = nullptr;
        if (i < right.size() && right[i].name() == member.name()) {
            other = &right[i].value;
        } else if (rhs != nullptr) {
            other = rhs->find(member.name());
        }
        shared += other != nullptr ? 1 : 0;
        if (other != nullptr && other->is_same(member.value)) {
            continue;
        }
        child(PathElement::field(member.key), &member.value, other, shape.field(member.name()).type,
              depth, children);
    }
    if (shared < right.size()) {
        for (const Member& member : right) {
            if (lhs == nullptr || !lhs->contains(member.name())) {
                child(PathElement::field(member.key), nullptr, &member.value,
                      shape.field(member.name()).type, depth, children);
            }
        }
    }
    children.put_into(found);
}

void TypedComparison::lists(const Value* lhs, const Value* rhs, const Shape& shape, size_t depth,
                            Found& found) {
    // All elements of both sides once, each with the items that it stands for.
    struct Group {
        std::vector<const Value*> left;
        std::vector<const Value*> right;
    };
    std::vector<PathElement> elements;
    std::vector<std::pair<const Value*, bool>> items;  // and whether it is of the right side
    for (const Value* side : {lhs, rhs}) {
        if (side == nullptr) {
            continue;
        }
        for (size_t i = 0; i < side->size(); ++i) {
            Result<PathElement> element = element_of(side->at(i), shape);
            if (!element) {
                errors.add(cat("element ", i, ": ", element.error().message()));
                continue;
            }
            elements.push_back(*std::move(element));
            items.emplace_back(&side->at(i), side == rhs);
        }
    }
    const ElementIndex index(elements);
    std::vector<Group> groups(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
        Group& group = groups[*index.find(elements[i])];
        (items[i].second ? group.right : group.left).push_back(items[i].first);
    }

    Children children;
    const TypeRef item_type = shape.item();
    for (size_t i = 0; i < groups.size(); ++i) {
        const auto& [left, right] = groups[i];
        const PathElement& element = elements[i];
        if (left.empty() && right.empty()) {
            continue;
        }
        if (left.size() <= 1 && right.size() <= 1) {
            child(element, left.empty() ? nullptr : left[0], right.empty() ? nullptr : right[0],
                  item_type, depth, children);
        } else if (left.size() >= 2 && right.size() >= 2) {
            bool equal = left.size() == right.size();
            for (size_t j = 0; equal && j < left.size(); ++j) {
                equal = equal_values(*left[j], *right[j]);
            }
            children.take(
                element,
                {.modified = !equal, .added_below = {}, .modified_below = {}, .removed_below = {}});
        } else if (left.size() >= 2) {
            // Repeated before, not any more: the one item is new, the repetition is gone.
            if (!right.empty()) {
                child(element, nullptr, right[0], item_type, depth, children);
            }
            children.take(
                element,
                {.removed = true, .added_below = {}, .modified_below = {}, .removed_below = {}});
        } else {
            if (!left.empty()) {
                child(element, left[0], nullptr, item_type, depth, children);
            }
            children.take(
                element,
                {.added = true, .added_below = {}, .modified_below = {}, .removed_below = {}});
        }
    }
    children.put_into(found);
}

}  // namespace

Comparison Comparison::without(const FieldSet& ignored) const {
    if (ignored.empty()) {
        return *this;
    }
    return {added.recursive_difference(ignored), modified.recursive_difference(ignored),
            removed.recursive_difference(ignored)};
}

Comparison Comparison::filtered(const FieldFilter& filter) const {
    return {filter.apply(added), filter.apply(modified), filter.apply(removed)};
}

Result<Comparison> compare_typed(const Value& before, const Value& after, TypeRef type) {
    TypedComparison comparison;
    Found found = comparison.visit(&before, &after, type, 0);
    if (!comparison.errors.empty()) {
        return comparison.errors.error();
    }
    return Comparison{std::move(found.added_below), std::move(found.modified_below),
                      std::move(found.removed_below)};
}

}  // namespace weft::merge
