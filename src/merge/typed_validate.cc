// merge/typed_validate.cc: whether a value fits its type, and which fields it has.

#include "merge/internal/shape.h"
#include "merge/limits.h"
#include "merge/typed.h"

namespace weft::merge {
namespace {

using internal::element_of;
using internal::Errors;
using internal::Form;
using internal::resolve;
using internal::Shape;

class Validation {
public:
    explicit Validation(Duplicates duplicates) : duplicates_(duplicates) {}

    void visit(const Value& value, TypeRef type, size_t depth) {
        if (depth >= depth_max) {
            errors.add("nests too deep");
            return;
        }
        const Shape shape = resolve(type);
        switch (shape.form_of(&value)) {
            case Form::scalar:
                if (auto error = internal::scalar_error(shape.scalar, &value, "")) {
                    errors.add(*std::move(error));
                }
                return;
            case Form::list:
                if (value.is_list()) {
                    list(value, shape, depth);
                } else if (!value.is_null()) {
                    errors.add(cat("expected list, got ", internal::go_value(value)));
                }
                return;
            case Form::map:
                if (value.is_map()) {
                    map(value, shape, depth);
                } else if (!value.is_null()) {
                    errors.add(cat("expected map, got ", internal::go_value(value)));
                }
                return;
        }
    }

    Errors errors;

private:
    void list(const Value& value, const Shape& shape, size_t depth) {
        std::vector<PathElement> elements;
        const TypeRef item_type = shape.item();
        if (shape.atomic_list && item_type.is_deduced()) {
            return;  // anything goes
        }
        for (size_t i = 0; i < value.size(); ++i) {
            const Value& item = value.at(i);
            PathElement element = PathElement::index(static_cast<int64_t>(i));
            if (!shape.atomic_list) {
                Result<PathElement> found = element_of(item, shape);
                if (!found) {
                    errors.add(cat("element ", i, ": ", found.error().message()));
                    return;
                }
                element = *std::move(found);
                elements.push_back(element);
            }
            const size_t before = errors.count();
            visit(item, item_type, depth + 1);
            if (errors.count() != before) {
                errors.prefix(before, element);
            }
        }
        if (duplicates_ == Duplicates::refused && elements.size() > 1) {
            const internal::ElementIndex index(elements);
            for (size_t i = 0; i < elements.size(); ++i) {
                if (index.find(elements[i]) != i) {
                    errors.add(cat("duplicate entries for key ", elements[i].text()));
                }
            }
        }
    }

    void map(const Value& value, const Shape& shape, size_t depth) {
        for (const Member& member : value.members()) {
            const Shape::Field field = shape.field(member.name());
            const size_t before = errors.count();
            if (!field.is_known) {
                errors.add("field not declared in schema");
                errors.prefix(before, PathElement::field(member.key));
                return;
            }
            if (field.type.is_deduced() && !member.value.is_map() && !member.value.is_list()) {
                continue;
            }
            visit(member.value, field.type, depth + 1);
            if (errors.count() != before) {
                errors.prefix(before, PathElement::field(member.key));
            }
        }
    }

    Duplicates duplicates_;
};

// What one node adds to its parent's entry.
struct Owned {
    bool itself = false;
    FieldSet below;
};

Owned owned(const Value& value, TypeRef type, size_t depth);

FieldSet owned_items(const Value& value, const Shape& shape, size_t depth) {
    const TypeRef item_type = shape.item();
    std::vector<FieldSet::Entry> entries;
    std::vector<const Value*> items;
    entries.reserve(value.size());
    for (const Value& item : value.items()) {
        Result<PathElement> element = element_of(item, shape);
        if (element) {
            entries.push_back({*std::move(element), true, {}});
            items.push_back(&item);
        }
    }
    std::vector<PathElement> elements;
    elements.reserve(entries.size());
    for (const FieldSet::Entry& entry : entries) {
        elements.push_back(entry.element);
    }
    // Items that appear twice are owned as a whole; which of them is whose cannot be told.
    std::vector<bool> repeated(entries.size());
    if (entries.size() > 1) {
        const internal::ElementIndex index(elements);
        for (size_t i = 0; i < entries.size(); ++i) {
            const size_t first = *index.find(elements[i]);
            if (first != i) {
                repeated[first] = true;
                repeated[i] = true;
            }
        }
    }
    for (size_t i = 0; i < entries.size(); ++i) {
        if (!repeated[i]) {
            entries[i].children = owned(*items[i], item_type, depth + 1).below;
        }
    }
    return FieldSet(std::move(entries));
}

FieldSet owned_fields(const Value& value, const Shape& shape, size_t depth) {
    std::vector<FieldSet::Entry> entries;
    entries.reserve(value.size());
    for (const Member& member : value.members()) {
        const Shape::Field field = shape.field(member.name());
        Owned below = owned(member.value, field.type, depth + 1);
        const bool is_empty =
            member.value.is_null() || (member.value.is_map() && member.value.empty());
        entries.push_back({PathElement::field(member.key),
                           below.itself || is_empty || !field.is_declared, std::move(below.below)});
    }
    return FieldSet(std::move(entries));
}

Owned owned(const Value& value, TypeRef type, size_t depth) {
    const Shape shape = resolve(type);
    switch (shape.form_of(&value)) {
        case Form::scalar:
            return {true, {}};
        case Form::list:
            if (shape.atomic_list || depth >= depth_max) {
                return {true, {}};
            }
            return value.is_list() ? Owned{false, owned_items(value, shape, depth)} : Owned{};
        case Form::map:
            break;
    }
    if (shape.atomic_map || depth >= depth_max) {
        return {true, {}};
    }
    return value.is_map() ? Owned{false, owned_fields(value, shape, depth)} : Owned{};
}

}  // namespace

Status validate(const Value& value, TypeRef type, Duplicates duplicates) {
    Validation validation(duplicates);
    validation.visit(value, type, 0);
    if (!validation.errors.empty()) {
        return validation.errors.error();
    }
    return {};
}

FieldSet to_field_set(const Value& value, TypeRef type) {
    return owned(value, type, 0).below;
}

}  // namespace weft::merge
