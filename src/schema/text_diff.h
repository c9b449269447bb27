// schema/text_diff.h: a unified diff of two texts, as Go's difflib makes it.
//
// Source of the behaviour: github.com/pmezard/go-difflib, which follows Python's difflib: blocks
// are found by the longest common run, lines that are frequent in a long text start no run.

#pragma once

#include <string>
#include <string_view>

namespace weft::schema {

// The hunks alone, without "---" and "+++", with three lines around each change; "" if both are
// equal. Every line of the answer ends with a line end. Cost is quadratic in the worst case; above
// text_diff_lines_max lines the answer is one hunk that replaces everything.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace weft::schema
