// cel/internal/regex.h: Go's regular expressions, by RE2.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "re2/re2.h"

namespace weft::cel {

// The compiled pattern; null if it is wrong, with Go's message in `failure`: "error parsing regexp:
// missing closing ]: `[`".
[[nodiscard]] std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern,
                                                      std::string& failure);

// The pattern in the words of an older RE2: what it does not know, or compiles wrongly, is written
// differently with the same meaning.
[[nodiscard]] std::string rewrite_pattern(std::string_view pattern);

// Patterns met while a program runs.
struct CompiledRegexes {
    struct Entry {
        std::string pattern;
        std::unique_ptr<re2::RE2> regex;
    };
    std::vector<Entry> entries;
};

}  // namespace weft::cel
