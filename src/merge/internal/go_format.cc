// merge/internal/go_format.cc: prints values as Go does.

#include "merge/internal/go_format.h"

#include <algorithm>
#include <vector>

#include "base/base.h"
#include "merge/limits.h"
#include "object/go_type.h"

namespace weft::merge::internal {
namespace {

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
    std::vector<const Member*> sorted;
    for (const Member& member : value.members()) {
        sorted.push_back(&member);
    }
    std::ranges::sort(sorted, {}, [](const Member* member) { return member->name(); });
    out += "map[";
    bool first = true;
    for (const Member* member : sorted) {
        append(out, first ? "" : " ", member->name(), ":");
        append_formatted(out, member->value, depth + 1);
        first = false;
    }
    out += ']';
}

}  // namespace

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

}  // namespace weft::merge::internal
