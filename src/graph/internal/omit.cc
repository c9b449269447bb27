// graph/internal/omit.cc: the sentinel and its removal.

#include "graph/internal/omit.h"

namespace weft::graph {

bool is_omit(const cel::Value& value) {
    return value.is(cel::Kind::opaque) && value.as_opaque()->type()->name == "kro.omit";
}

const Value& omitted() {
    // Long enough to lie outside of the Value: it is known by its block, not by its content.
    static const Value sentinel("a field that omit() takes away");
    return sentinel;
}

Result<Value> to_native_with_omit(const cel::Value& value, cel::Arena& arena) {
    if (is_omit(value)) {
        return omitted();
    }
    if (value.is(cel::Kind::optional) && value.has_value()) {
        return to_native_with_omit(value.optional_value(), arena);
    }
    if (value.borrowed() != nullptr) {
        return cel::to_native(value);
    }
    if (value.is_list()) {
        Value out = Value::list();
        for (const cel::Value& item : value.items(arena)) {
            out.push_back(TRY(to_native_with_omit(item, arena)));
        }
        return out;
    }
    if (value.is_map()) {
        Value out = Value::map();
        const std::span<const cel::Value> entries = value.sorted_entries(arena);
        for (size_t i = 0; i + 1 < entries.size(); i += 2) {
            if (!entries[i].is_string()) {
                return cel::to_native(value);  // which tells what is wrong with the key
            }
            out.set(entries[i].as_string(), TRY(to_native_with_omit(entries[i + 1], arena)));
        }
        return out;
    }
    return cel::to_native(value);
}

void remove_omitted(Value& value) {
    const auto holds_parts = [](const Value& part) { return part.is_map() || part.is_list(); };
    if (value.is_map()) {
        value.erase_if(
            [](std::string_view, const Value& member) { return member.is_same(omitted()); });
        for (size_t i = 0; i < value.size(); ++i) {
            if (holds_parts(value.members()[i].value)) {
                const std::string name(value.members()[i].name());
                remove_omitted(value.mutable_member(name));
            }
        }
    } else if (value.is_list()) {
        for (size_t i = value.size(); i-- > 0;) {
            if (value.at(i).is_same(omitted())) {
                value.erase_at(i);
            } else if (holds_parts(value.at(i))) {
                remove_omitted(value.mutable_item(i));
            }
        }
    }
}

}  // namespace weft::graph
