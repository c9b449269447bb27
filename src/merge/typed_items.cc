// merge/typed_items.cc: taking the fields of a set out of a value, or only them.

#include "merge/internal/shape.h"
#include "merge/limits.h"
#include "merge/typed.h"

namespace weft::merge {
namespace {

using internal::element_of;
using internal::Form;
using internal::resolve;
using internal::Shape;

Value taken(const Value& value, TypeRef type, const FieldSet& set, bool extract, size_t depth);

Value from_list(const Value& value, const Shape& shape, const FieldSet& set, bool extract,
                size_t depth) {
    std::vector<Value> out;
    bool changed = false;
    for (const Value& item : value.items()) {
        const Result<PathElement> element = element_of(item, shape);
        const FieldSet::Entry* entry = element ? set.find(*element) : nullptr;
        const bool is_member = entry != nullptr && entry->is_member;
        const bool has_below = entry != nullptr && !entry->children.empty();
        if (extract ? !is_member && !has_below : is_member) {
            changed = true;
            continue;
        }
        Value next =
            has_below ? taken(item, shape.item(), entry->children, extract, depth + 1) : item;
        changed = changed || !next.is_same(item);
        out.push_back(std::move(next));
    }
    if (!changed) {
        return value;
    }
    return out.empty() ? Value() : Value::list(std::move(out));
}

Value from_map(const Value& value, const Shape& shape, const FieldSet& set, bool extract,
               size_t depth) {
    if (!extract && set.empty()) {
        return value;
    }
    Value out = extract ? Value::map() : value;
    for (const Member& member : value.members()) {
        const FieldSet::Entry* entry = set.find(PathElement::field(member.key));
        if (entry == nullptr) {
            continue;
        }
        const TypeRef type = shape.field(member.name()).type;
        if (entry->is_member) {
            if (extract) {
                out.append_new(member.name(), taken(member.value, type, set, extract, depth + 1));
            } else {
                out.erase(member.name());
            }
            continue;
        }
        Value next = taken(member.value, type, entry->children, extract, depth + 1);
        if (extract) {
            out.append_new(member.name(), std::move(next));
        } else if (!next.is_same(member.value)) {
            out.set(member.name(), std::move(next));
        }
    }
    return out.empty() ? Value() : out;
}

Value taken(const Value& value, TypeRef type, const FieldSet& set, bool extract, size_t depth) {
    if (depth >= depth_max) {
        return value;
    }
    const Shape shape = resolve(type);
    switch (shape.form_of(&value)) {
        case Form::scalar:
            return value;
        case Form::list:
            if (!value.is_list() || value.empty()) {
                return extract ? value : Value();
            }
            if (shape.atomic_list) {
                return extract ? value : Value();
            }
            return from_list(value, shape, set, extract, depth);
        case Form::map:
            break;
    }
    if (!value.is_map() || value.empty()) {
        return extract ? value : Value();
    }
    if (shape.atomic_map) {
        return extract ? value : Value();
    }
    return from_map(value, shape, set, extract, depth);
}

// The key fields of every item under which a path of `set` lies that `all` has too. Says whether
// there is such a path.
bool key_fields(const FieldSet& set, const FieldSet& all, FieldSet& out) {
    std::vector<FieldSet::Entry> entries;
    bool any = false;
    for (const FieldSet::Entry& entry : set.entries()) {
        const FieldSet::Entry* whole = all.find(entry.element);
        if (whole == nullptr) {
            continue;
        }
        FieldSet below;
        const bool has_path = key_fields(entry.children, whole->children, below) ||
                              (entry.is_member && whole->is_member);
        any = any || has_path;
        if (has_path && entry.element.kind() == PathElement::Kind::key) {
            for (const Member& member : entry.element.data().members()) {
                const FieldPath field = {PathElement::field(member.key)};
                if (whole->children.has(field)) {
                    below.insert(field);
                }
            }
        }
        entries.push_back({entry.element, false, std::move(below)});
    }
    out = FieldSet(std::move(entries));
    return any;
}

}  // namespace

Value remove_items(const Value& value, TypeRef type, const FieldSet& set) {
    if (set.empty()) {
        return value;
    }
    return taken(value, type, set, false, 0);
}

Value extract_items(const Value& value, TypeRef type, const FieldSet& set, bool with_keys) {
    if (with_keys) {
        FieldSet keys;
        key_fields(set, to_field_set(value, type), keys);
        return taken(value, type, set.union_with(keys), true, 0);
    }
    return taken(value, type, set, true, 0);
}

FieldSet with_named_fields(const FieldSet& set, TypeRef type) {
    if (set.empty()) {
        return set;
    }
    const Shape shape = resolve(type);
    std::vector<FieldSet::Entry> entries;
    bool changed = false;
    entries.reserve(set.entries().size());
    for (const FieldSet::Entry& entry : set.entries()) {
        TypeRef below = TypeRef::deduced();
        bool is_declared = false;
        if (entry.element.is_field() && shape.has_map) {
            const Shape::Field field = shape.field(entry.element.name());
            below = field.type;
            is_declared = field.is_declared;
        } else if (entry.element.kind() == PathElement::Kind::key && shape.has_list) {
            below = shape.item();
        }
        FieldSet children =
            entry.children.empty() ? FieldSet() : with_named_fields(entry.children, below);
        const bool is_member = entry.is_member || (is_declared && !entry.children.empty());
        changed = changed || is_member != entry.is_member || !children.is_same(entry.children);
        entries.push_back({entry.element, is_member, std::move(children)});
    }
    return changed ? FieldSet(std::move(entries)) : set;
}

namespace {

// Paths that turned atomic: an owner of anything below owns the whole now. `below` lies under a
// step, `is_whole` says that it is that step itself.
struct Turned {
    bool is_whole = false;
    FieldSet below;
};

Turned turned_atomic(const FieldSet& set, TypeRef type, bool is_leaf, size_t depth) {
    const Shape shape = resolve(type);
    const Form form = shape.form_of(nullptr);
    if (form == Form::scalar || depth >= depth_max) {
        return {};
    }
    if (form == Form::list ? shape.atomic_list : shape.atomic_map) {
        return {.is_whole = !is_leaf && (form == Form::list || !set.empty()), .below = {}};
    }
    std::vector<FieldSet::Entry> entries;
    for (const FieldSet::Entry& entry : set.entries()) {
        TypeRef below = TypeRef::deduced();
        if (form == Form::list) {
            below = shape.item();
        } else if (entry.element.is_field()) {
            const Shape::Field field = shape.field(entry.element.name());
            if (!field.is_known) {
                continue;  // fields that are gone from the schema are nobody's concern
            }
            below = field.type;
        }
        Turned inner = turned_atomic(entry.children, below,
                                     entry.is_member && entry.children.empty(), depth + 1);
        if (inner.is_whole || !inner.below.empty()) {
            entries.push_back({entry.element, inner.is_whole, std::move(inner.below)});
        }
    }
    return {.is_whole = false, .below = FieldSet(std::move(entries))};
}

}  // namespace

std::optional<FieldSet> reconcile_with_schema(const FieldSet& set, TypeRef type) {
    if (type.is_deduced()) {
        return std::nullopt;
    }
    const FieldSet turned = turned_atomic(set, type, false, 0).below;
    if (turned.empty()) {
        return std::nullopt;
    }
    return set.recursive_difference(turned).union_with(turned);
}

}  // namespace weft::merge
