// cel/internal/issues.cc: the mistakes of one expression, shown as cel-go shows them.
//
// Source: cel-go common.Error.ToDisplayString.

#include "cel/internal/issues.h"

#include <algorithm>

#include "cel/limits.h"

namespace weft::cel {

namespace {

struct Location {
    size_t line = 1;
    size_t column = 0;  // code points before it in the line
    std::string_view snippet;
};

Location locate(std::string_view source, uint32_t offset) {
    Location out;
    size_t begin = 0;
    const size_t end = std::min<size_t>(offset, source.size());
    for (size_t at = 0; at < end; ++at) {
        if (source[at] == '\n') {
            ++out.line;
            begin = at + 1;
        }
    }
    out.column = static_cast<size_t>(std::ranges::count_if(
        source.substr(begin, end - begin), [](char c) { return (c & 0xC0) != 0x80; }));
    const size_t stop = source.find('\n', begin);
    out.snippet = source.substr(begin, stop == std::string_view::npos ? stop : stop - begin);
    return out;
}

void render(std::string& out, const Issue& issue, const Location& at, bool has_text) {
    if (!has_text) {
        append(out, "ERROR: <input>:1:0: ", issue.message);
        return;
    }
    append(out, "ERROR: <input>:", at.line, ":", at.column + 1, ": ", issue.message);
    append(out, "\n | ", replace_all(at.snippet, "\t", " "), "\n | ");
    // A dot for each code point before the place; wide ones where the source has wide ones.
    size_t position = 0;
    for (size_t i = 0; i < at.column && position < at.snippet.size(); ++i) {
        const size_t before = position;
        (void)next_code_point(at.snippet, position);
        out += position - before > 1 ? "．" : ".";
    }
    const bool is_wide =
        position < at.snippet.size() && static_cast<unsigned char>(at.snippet[position]) >= 0x80;
    out += is_wide ? "＾" : "^";
}

}  // namespace

Error Issues::to_error(std::string_view source) const {
    std::vector<size_t> order(issues_.size());
    std::ranges::generate(order, [at = size_t{0}]() mutable { return at++; });
    std::ranges::sort(order, {}, [this](size_t at) { return std::pair(issues_[at].offset, at); });
    std::string text;
    ErrorDetails details;
    size_t count = 0;
    for (const size_t place : order) {
        const Issue& issue = issues_[place];
        if (count == issues_max) {
            append(text, "\nERROR: <input>:-1:0: ", issues_.size() - count,
                   " more errors were truncated");
            break;
        }
        const Location at = locate(source, issue.offset);
        text += count++ == 0 ? "" : "\n";
        render(text, issue, at, !source.empty());
        details.causes.push_back({.reason = "FieldValueInvalid",
                                  .message = issue.message,
                                  .field = cat(at.line, ":", at.column + 1)});
    }
    return {Reason::invalid, std::move(text), std::move(details)};
}

}  // namespace weft::cel
