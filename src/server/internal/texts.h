// server/internal/texts.h: lists of texts as values and in messages.

#pragma once

#include <string>
#include <vector>

#include "base/base.h"
#include "object/value.h"

namespace weft::server {

[[nodiscard]] inline Value texts(const std::vector<std::string>& list) {
    Value out = Value::list();
    for (const std::string& text : list) {
        out.push_back(Value(text));
    }
    return out;
}

// ["a" "b"], as Go prints a slice with %q.
[[nodiscard]] inline std::string quoted_list(const std::vector<std::string>& list) {
    std::string out = "[";
    for (const std::string& text : list) {
        append(out, out.size() == 1 ? "" : " ", quote(text));
    }
    return out + "]";
}

}  // namespace weft::server
