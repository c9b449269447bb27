// cel/internal/regex.cc: Go's regular expressions, by RE2.

#include "cel/internal/regex.h"

#include "base/base.h"
#include "cel/limits.h"

namespace weft::cel {

namespace {

// The words of Go's regexp/syntax for RE2's errors.
std::string_view go_message(re2::RE2::ErrorCode code) {
    switch (code) {
        case re2::RE2::ErrorBadEscape:
            return "invalid escape sequence";
        case re2::RE2::ErrorBadCharClass:
        case re2::RE2::ErrorBadCharRange:
            return "invalid character class range";
        case re2::RE2::ErrorMissingBracket:
            return "missing closing ]";
        case re2::RE2::ErrorMissingParen:
            return "missing closing )";
        case re2::RE2::ErrorUnexpectedParen:
            return "unexpected )";
        case re2::RE2::ErrorTrailingBackslash:
            return "trailing backslash at end of expression";
        case re2::RE2::ErrorRepeatArgument:
            return "missing argument to repetition operator";
        case re2::RE2::ErrorRepeatSize:
            return "invalid repeat count";
        case re2::RE2::ErrorRepeatOp:
            return "invalid nested repetition operator";
        case re2::RE2::ErrorBadPerlOp:
            return "invalid or unsupported Perl syntax";
        case re2::RE2::ErrorBadUTF8:
            return "invalid UTF-8";
        case re2::RE2::ErrorBadNamedCapture:
            return "invalid named capture";
        case re2::RE2::ErrorPatternTooLarge:
            return "expression too large";
        default:
            return "internal error";
    }
}

}  // namespace

std::string rewrite_pattern(std::string_view pattern) {
    std::string out;
    bool in_class = false;
    for (size_t at = 0; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '\\' && at + 1 < pattern.size()) {
            out += c;
            out += pattern[++at];
            continue;
        }
        if (in_class) {
            in_class = c != ']';
            out += c;
            continue;
        }
        if (c == '[') {
            in_class = true;
            out += c;
            // A bracket right after the opening one is a member.
            if (at + 1 < pattern.size() && pattern[at + 1] == '^') {
                out += pattern[++at];
            }
            if (at + 1 < pattern.size() && pattern[at + 1] == ']') {
                out += pattern[++at];
            }
            continue;
        }
        const std::string_view rest = pattern.substr(at);
        if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
            out += "(?P<";  // Go knows both spellings.
            at += 2;
            continue;
        }
        if (c == '|' && rest.starts_with("|(?i:")) {
            // RE2 of 2022 factors `a|(?i:A)` into `a`; an empty group keeps the branches apart.
            out += "|(?:)";
            continue;
        }
        out += c;
    }
    return out;
}

std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern, std::string& failure) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(regex_memory_max);
    const std::string rewritten = rewrite_pattern(pattern);
    auto regex =
        std::make_unique<re2::RE2>(re2::StringPiece(rewritten.data(), rewritten.size()), options);
    if (regex->ok()) {
        return regex;
    }
    const std::string_view message = go_message(regex->error_code());
    failure = cat("error parsing regexp: ", message, ": `",
                  regex->error_arg().empty() ? std::string(pattern) : regex->error_arg(), "`");
    return nullptr;
}

ProgramRegex::~ProgramRegex() {
    const std::unique_ptr<const Compiled> owned(compiled_.load(std::memory_order_acquire));
}

const ProgramRegex::Compiled& ProgramRegex::get() const {
    const Compiled* known = compiled_.load(std::memory_order_acquire);
    if (known == nullptr) {
        auto made = std::make_unique<Compiled>();
        made->regex = compile_regex(pattern_, made->failure);
        if (compiled_.compare_exchange_strong(known, made.get())) {
            known = made.release();
        }
    }
    return *known;
}

}  // namespace weft::cel
