// cel/internal/issues.h: the mistakes of one expression, shown as cel-go shows them.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::cel {

struct Issue {
    uint32_t offset = 0;  // byte in the source
    std::string message;
};

// Collects mistakes and renders them, in the order of the source, with a caret each.
class Issues {
public:
    void add(uint32_t offset, std::string message) {
        issues_.push_back({offset, std::move(message)});
    }
    [[nodiscard]] bool empty() const { return issues_.empty(); }
    [[nodiscard]] size_t size() const { return issues_.size(); }
    // `invalid`, the text of all, and one cause for each.
    [[nodiscard]] Error to_error(std::string_view source) const;

private:
    std::vector<Issue> issues_;
};

}  // namespace weft::cel
