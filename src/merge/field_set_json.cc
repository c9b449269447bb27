// merge/field_set_json.cc: FieldsV1, and sets guessed from values.

#include "merge/field_set.h"
#include "merge/limits.h"
#include "object/json.h"

namespace weft::merge {
namespace {

using Entry = FieldSet::Entry;

// The set below one element. `is_member` says whether the element itself is owned: by ".", or
// because nothing is below it.
Result<FieldSet> read_node(const Value& node, bool& is_member, size_t depth) {
    if (!node.is_map()) {
        return make_error(Reason::bad_request, "expected a JSON object in fieldsV1");
    }
    if (depth >= depth_max) {
        return make_error(Reason::bad_request, "fieldsV1 nests deeper than ", depth_max);
    }
    is_member = false;
    std::vector<Entry> entries;
    entries.reserve(node.size());
    for (const Member& member : node.members()) {
        if (member.name() == ".") {
            is_member = true;
            continue;
        }
        Result<PathElement> element = PathElement::parse(member.name());
        if (!element) {
            if (element.error().message() == PathElement::unknown_kind) {
                continue;
            }
            return make_error(Reason::bad_request,
                              "parsing key as path element: ", element.error().message());
        }
        Entry entry{*std::move(element), false, {}};
        entry.children = TRY(read_node(member.value, entry.is_member, depth + 1));
        entries.push_back(std::move(entry));
    }
    FieldSet children(std::move(entries));
    is_member = is_member || children.empty();
    return children;
}

Value written(const FieldSet& set, bool is_member) {
    const auto entries = set.entries();
    Value out = Value::map_with_capacity(entries.size() + 1);
    if (is_member && !entries.empty()) {
        out.append_new(".", Value::map());
    }
    for (const Entry& entry : entries) {
        out.append_new(entry.element.serialized(), written(entry.children, entry.is_member));
    }
    return out;
}

bool is_scalar(const Value& value) {
    return !value.is_null() && !value.is_map() && !value.is_list();
}

PathElement guessed_element(const Value& item, size_t index) {
    Value key;
    for (const std::string_view name : {"key", "id", "name"}) {
        const Value* found = item.find(name);
        if (found != nullptr && is_scalar(*found)) {
            key.set(name, *found);
        }
    }
    return key.is_null() ? PathElement::index(static_cast<int64_t>(index)) : PathElement::key(key);
}

Entry guessed(PathElement element, const Value& value, size_t depth) {
    Entry out{std::move(element), false, {}};
    if (depth >= depth_max || (!value.is_map() && !value.is_list())) {
        out.is_member = true;
        return out;
    }
    std::vector<Entry> entries;
    for (const Member& member : value.members()) {
        entries.push_back(guessed(PathElement::field(member.key), member.value, depth + 1));
    }
    for (size_t i = 0; i < value.items().size(); ++i) {
        entries.push_back(guessed(guessed_element(value.at(i), i), value.at(i), depth + 1));
    }
    out.children = FieldSet(std::move(entries));
    return out;
}

}  // namespace

Result<FieldSet> FieldSet::from_value(const Value& fields_v1) {
    if (fields_v1.is_null()) {
        return FieldSet();
    }
    bool is_member = false;
    return read_node(fields_v1, is_member, 0);
}

Value FieldSet::to_value() const {
    return written(*this, false);
}

Result<FieldSet> FieldSet::parse(std::string_view json) {
    return from_value(TRY(parse_json(json)));
}

std::string FieldSet::serialized() const {
    return to_json(to_value());
}

FieldSet FieldSet::guess_from(const Value& value) {
    return guessed(PathElement(), value, 0).children;
}

}  // namespace weft::merge
