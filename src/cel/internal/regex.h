// cel/internal/regex.h: Go's regular expressions, by RE2.

#pragma once

#include <atomic>
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

// A pattern that a program knows, compiled when it is first asked for: programs that are only
// checked never pay for it. Threads that ask at once may each compile it; one result is kept.
class ProgramRegex {
public:
    // The pattern must live as long as this.
    explicit ProgramRegex(std::string_view pattern) : pattern_(pattern) {}
    ProgramRegex(const ProgramRegex&) = delete;
    ProgramRegex& operator=(const ProgramRegex&) = delete;
    ~ProgramRegex();

    [[nodiscard]] std::string_view pattern() const { return pattern_; }
    struct Compiled {
        std::unique_ptr<re2::RE2> regex;  // null: the pattern is wrong
        std::string failure;
    };
    [[nodiscard]] const Compiled& get() const;

private:
    std::string_view pattern_;
    mutable std::atomic<const Compiled*> compiled_{nullptr};
};

// Patterns met while a program runs.
struct CompiledRegexes {
    struct Entry {
        std::string pattern;
        std::unique_ptr<re2::RE2> regex;
    };
    std::vector<Entry> entries;
};

}  // namespace weft::cel
