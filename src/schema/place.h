// schema/place.h: where a walk is, without making texts until somebody wants one.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace weft::schema {

// One step of a walk, on the walk's own stack: it points to the step before, which must outlive it.
struct Place {
    const Place* parent = nullptr;
    std::string_view name = {};  // of a member
    size_t index = 0;            // of an item
    bool is_item = false;
    bool is_key = false;     // the member is a map's key: shown in brackets
    bool is_dotted = false;  // the member has its dot at the root, too
    size_t depth = 0;

    [[nodiscard]] Place member(std::string_view member_name) const {
        return {.parent = this, .name = member_name, .depth = depth + 1};
    }
    [[nodiscard]] Place key(std::string_view key_name) const {
        return {.parent = this, .name = key_name, .is_key = true, .depth = depth + 1};
    }
    [[nodiscard]] Place item(size_t at) const {
        return {.parent = this, .index = at, .is_item = true, .depth = depth + 1};
    }

    // "spec.list[1].b"; "" at the root.
    [[nodiscard]] std::string text() const {
        std::string out;
        append_to(out);
        return out;
    }
    void append_to(std::string& out) const {
        if (parent == nullptr) {
            return;
        }
        parent->append_to(out);
        if (is_item) {
            append(out, "[", index, "]");
        } else if (is_key) {
            append(out, "[", name, "]");
        } else {
            append(out, out.empty() && !is_dotted ? "" : ".", name);
        }
    }
};

}  // namespace weft::schema
