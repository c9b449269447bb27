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
                return {};
            }
            if (shape.atomic_list) {
                return extract ? value : Value();
            }
            return from_list(value, shape, set, extract, depth);
        case Form::map:
            break;
    }
    if (!value.is_map() || value.empty()) {
        return {};
    }
    if (shape.atomic_map) {
        return extract ? value : Value();
    }
    return from_map(value, shape, set, extract, depth);
}

// The key fields of every item under which something of `set` lies, as far as `all` has them.
FieldSet key_fields(const FieldSet& set, const FieldSet& all) {
    std::vector<FieldSet::Entry> entries;
    for (const FieldSet::Entry& entry : set.entries()) {
        const FieldSet::Entry* whole = all.find(entry.element);
        if (whole == nullptr) {
            continue;
        }
        FieldSet below = key_fields(entry.children, whole->children);
        if (entry.element.kind() == PathElement::Kind::key) {
            for (const Member& member : entry.element.data().members()) {
                const FieldPath field = {PathElement::field(member.key)};
                if (whole->children.has(field)) {
                    below.insert(field);
                }
            }
        }
        entries.push_back({entry.element, false, std::move(below)});
    }
    return FieldSet(std::move(entries));
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
        const FieldSet keys = key_fields(set, to_field_set(value, type));
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

// What changes below one step: paths to take out with all below, and paths to put in then.
struct Change {
    FieldSet::Entry remove;
    FieldSet::Entry add;

    [[nodiscard]] bool is_nothing() const { return remove.is_nothing() && add.is_nothing(); }
};

class Reconciliation {
public:
    Reconciliation(const Value& live, TypeRef type) : live_(live), type_(type) {}

    // `is_atomic`: the set owns this node as a whole.
    Change visit(const FieldSet& set, TypeRef type, bool is_atomic, FieldPath& path);

    internal::Errors errors;

private:
    Change whole() {
        Change change;
        change.remove.is_member = true;
        change.add.is_member = true;
        return change;
    }
    // The node itself, and all that the live object has below it.
    Change granular(const FieldPath& path) {
        if (!live_set_) {
            live_set_ = to_field_set(live_, type_);
        }
        Change change;
        change.add.is_member = true;
        change.add.children = *live_set_;
        for (const PathElement& element : path) {
            change.add.children = change.add.children.below(element);
        }
        return change;
    }

    const Value& live_;
    TypeRef type_;
    std::optional<FieldSet> live_set_;
};

Change Reconciliation::visit(const FieldSet& set, TypeRef type, bool is_atomic, FieldPath& path) {
    const Shape shape = resolve(type);
    Change change;
    const Form form = shape.form_of(nullptr);
    if (form == Form::scalar || path.size() >= depth_max) {
        return change;
    }
    if (form == Form::list) {
        if (!is_atomic && shape.atomic_list) {
            return whole();
        }
        if (is_atomic && !shape.atomic_list) {
            change = granular(path);
        }
    } else {
        if (!is_atomic && shape.atomic_map) {
            return set.empty() ? change : whole();
        }
        if (is_atomic && !shape.atomic_map) {
            change = granular(path);
        }
    }
    std::vector<FieldSet::Entry> removals;
    std::vector<FieldSet::Entry> additions;
    for (const FieldSet::Entry& entry : set.entries()) {
        TypeRef below = shape.item();
        if (form == Form::map) {
            below = TypeRef::deduced();
            const Shape::Field field =
                entry.element.is_field() ? shape.field(entry.element.name()) : Shape::Field{};
            if (!field.is_known) {
                const size_t before = errors.count();
                errors.add("field not declared in schema");
                errors.prefix(before, entry.element);
                continue;
            }
            below = field.type;
        }
        path.push_back(entry.element);
        Change inner =
            visit(entry.children, below, entry.is_member && entry.children.empty(), path);
        path.pop_back();
        inner.remove.element = entry.element;
        inner.add.element = entry.element;
        if (!inner.remove.is_nothing()) {
            removals.push_back(std::move(inner.remove));
        }
        if (!inner.add.is_nothing()) {
            additions.push_back(std::move(inner.add));
        }
    }
    if (!removals.empty()) {
        change.remove.children = FieldSet(std::move(removals));
    }
    if (!additions.empty()) {
        change.add.children = FieldSet(std::move(additions)).union_with(change.add.children);
    }
    return change;
}

}  // namespace

Result<std::optional<FieldSet>> reconcile_with_schema(const FieldSet& set, const Value& live,
                                                      TypeRef type) {
    if (type.is_deduced()) {
        return std::optional<FieldSet>();
    }
    Reconciliation reconciliation(live, type);
    FieldPath path;
    const Change change = reconciliation.visit(set, type, false, path);
    if (!reconciliation.errors.empty()) {
        return make_error(Reason::unknown, "errors reconciling field set with schema: ",
                          reconciliation.errors.text());
    }
    if (change.remove.children.empty() && change.add.children.empty()) {
        return std::optional<FieldSet>();
    }
    return std::optional<FieldSet>(
        set.recursive_difference(change.remove.children).union_with(change.add.children));
}

}  // namespace weft::merge
