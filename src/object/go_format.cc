// object/go_format.cc: prints values as Go does.

#include "object/go_format.h"

#include <algorithm>
#include <vector>

#include "base/base.h"
#include "object/go_type.h"

namespace weft {

namespace {

// Deeper values do not come out of our readers.
constexpr size_t depth_max = 512;

std::vector<const Member*> by_name(const Value& map) {
    std::vector<const Member*> sorted;
    for (const Member& member : map.members()) {
        sorted.push_back(&member);
    }
    std::ranges::sort(sorted, {}, [](const Member* member) { return member->name(); });
    return sorted;
}

void append_formatted(std::string& out, const Value& value, size_t depth) {
    switch (value.kind()) {
        case Value::Kind::null:
            out += "<nil>";
            return;
        case Value::Kind::boolean:
            out += value.as_bool() ? "true" : "false";
            return;
        case Value::Kind::integer:
            append(out, value.as_int());
            return;
        case Value::Kind::number:
            out += format_double(value.as_double());
            return;
        case Value::Kind::string:
            out += value.as_string();
            return;
        case Value::Kind::list:
        case Value::Kind::map:
            break;
    }
    if (depth >= depth_max) {
        out += "...";
        return;
    }
    if (value.is_list()) {
        out += '[';
        for (size_t i = 0; i < value.size(); ++i) {
            out += i == 0 ? "" : " ";
            append_formatted(out, value.at(i), depth + 1);
        }
        out += ']';
        return;
    }
    out += "map[";
    bool first = true;
    for (const Member* member : by_name(value)) {
        append(out, first ? "" : " ", member->name(), ":");
        append_formatted(out, member->value, depth + 1);
        first = false;
    }
    out += ']';
}

void append_syntax(std::string& out, const Value& value, size_t depth) {
    if (value.is_null()) {
        out += depth == 0 ? "<nil>" : "interface {}(nil)";
    } else if (value.is_string()) {
        out += quote(value.as_string());
    } else if (depth >= depth_max) {
        out += "...";
    } else if (value.is_list()) {
        out += "[]interface {}{";
        for (size_t i = 0; i < value.size(); ++i) {
            out += i == 0 ? "" : ", ";
            append_syntax(out, value.at(i), depth + 1);
        }
        out += '}';
    } else if (value.is_map()) {
        out += "map[string]interface {}{";
        bool first = true;
        for (const Member* member : by_name(value)) {
            append(out, first ? "" : ", ", quote(member->name()), ":");
            append_syntax(out, member->value, depth + 1);
            first = false;
        }
        out += '}';
    } else {
        append_formatted(out, value, depth);
    }
}

}  // namespace

std::string go_syntax(const Value& value) {
    std::string out;
    append_syntax(out, value, 0);
    return out;
}

std::string go_format(const Value& value) {
    std::string out;
    append_formatted(out, value, 0);
    return out;
}

std::string go_format_as_text(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return "%!s(<nil>)";
        case Value::Kind::boolean:
        case Value::Kind::integer:
        case Value::Kind::number:
            return cat("%!s(", go_type_text(value), "=", go_format(value), ")");
        default:
            return go_format(value);
    }
}

}  // namespace weft
