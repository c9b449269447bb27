// cel/library/regex.cc: replacing and extracting by pattern. Source: cel-go ext/regex.go.

#include "cel/library/regex.h"

#include <vector>

#include "re2/re2.h"

namespace weft::cel {

namespace {

// Null: the error is in `failure`.
const re2::RE2* pattern_of(Call& call, const Value& pattern, Value& failure) {
    const re2::RE2* regex = call.regex(pattern.as_string(), failure);
    if (regex == nullptr) {
        failure = call.error(ErrorCode::invalid_argument,
                             "given regex is invalid: ", error_text(failure.as_error()));
    }
    return regex;
}

using Groups = std::vector<re2::StringPiece>;

std::string_view view_of(const re2::StringPiece& piece) {
    return {piece.data(), piece.size()};
}

// Visits the matches as Go's FindAll finds them: an empty one directly after another does not
// count. `visit` returns whether to go on.
template <typename Visit>
void each_match(const re2::RE2& regex, std::string_view text, Visit visit) {
    Groups groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
    const re2::StringPiece whole(text.data(), text.size());
    size_t at = 0;
    size_t last_end = std::string_view::npos;
    while (at <= text.size() && regex.Match(whole, at, text.size(), re2::RE2::UNANCHORED,
                                            groups.data(), static_cast<int>(groups.size()))) {
        const auto start = static_cast<size_t>(groups[0].data() - text.data());
        const size_t end = start + groups[0].size();
        const bool counts = end != start || start != last_end;
        if (end > at) {
            at = end;
        } else if (at < text.size()) {
            (void)next_code_point(text, at);
        } else {
            ++at;
        }
        last_end = end;
        if (counts && !visit(groups, start, end)) {
            return;
        }
    }
}

// A replacement is literal text and groups by turns: `\1`, and `\\` for a backslash.
struct Piece {
    std::string_view text;
    size_t group = 0;
    bool is_group = false;
};

std::optional<std::vector<Piece>> parse_replacement(Call& call, std::string_view text,
                                                    size_t group_count, Value& failure) {
    std::vector<Piece> pieces;
    for (size_t at = 0; at < text.size();) {
        const size_t backslash = std::min(text.find('\\', at), text.size());
        if (backslash > at) {
            pieces.push_back({.text = text.substr(at, backslash - at)});
        }
        if (backslash == text.size()) {
            break;
        }
        if (backslash + 1 == text.size()) {
            failure = call.error(ErrorCode::invalid_argument, "invalid replacement string: '", text,
                                 "' \\ not allowed at end");
            return std::nullopt;
        }
        const char next = text[backslash + 1];
        at = backslash + 2;
        if (next == '\\') {
            pieces.push_back({.text = text.substr(backslash, 1)});
            continue;
        }
        if (next < '0' || next > '9') {
            failure = call.error(ErrorCode::invalid_argument, "invalid replacement string: '", text,
                                 "' \\ must be followed by a digit");
            return std::nullopt;
        }
        const auto group = static_cast<size_t>(next - '0');
        if (group > group_count) {
            failure =
                call.error(ErrorCode::invalid_argument, "replacement string references group ",
                           group, " but regex has only ", group_count, " group(s)");
            return std::nullopt;
        }
        pieces.push_back({.group = group, .is_group = true});
    }
    return pieces;
}

Value replace_matches(Call& call, std::span<const Value> args) {
    Value failure;
    const std::string_view text = args[0].as_string();
    const re2::RE2* regex = pattern_of(call, args[1], failure);
    if (regex == nullptr) {
        return failure;
    }
    const int64_t limit = args.size() == 4 ? args[3].as_int() : -1;
    if (limit == 0) {
        return args[0];
    }
    const auto pieces = parse_replacement(
        call, args[2].as_string(), static_cast<size_t>(regex->NumberOfCapturingGroups()), failure);
    if (!pieces) {
        return failure;
    }
    std::string out;
    size_t done = 0;
    int64_t count = 0;
    bool is_stopped = false;
    each_match(*regex, text, [&](const Groups& groups, size_t start, size_t end) {
        out += text.substr(done, start - done);
        for (const Piece& piece : *pieces) {
            out += piece.is_group ? view_of(groups[piece.group]) : piece.text;
        }
        done = end;
        is_stopped = call.should_stop();
        return !is_stopped && ++count != limit && call.arena().has_room(out.size());
    });
    if (is_stopped) {
        return call.interruption();
    }
    out += text.substr(done);
    return call.string(out);
}

// The pattern of an extraction, which has one group at most.
const re2::RE2* extraction_of(Call& call, const Value& pattern, Value& failure) {
    const re2::RE2* regex = pattern_of(call, pattern, failure);
    if (regex != nullptr && regex->NumberOfCapturingGroups() > 1) {
        failure = call.error(
            ErrorCode::invalid_argument,
            "regular expression has more than one capturing group: ", quote(pattern.as_string()));
        return nullptr;
    }
    return regex;
}

Value extract(Call& call, std::span<const Value> args) {
    Value failure;
    const re2::RE2* regex = extraction_of(call, args[1], failure);
    if (regex == nullptr) {
        return failure;
    }
    Value found = Value::optional(nullptr);
    each_match(*regex, args[0].as_string(), [&](const Groups& groups, size_t, size_t) {
        const std::string_view part = view_of(groups.back());
        if (groups.size() == 1 || !part.empty()) {
            found = call.some(Value::string(part));
        }
        return false;
    });
    return found;
}

Value extract_all(Call& call, std::span<const Value> args) {
    Value failure;
    const re2::RE2* regex = extraction_of(call, args[1], failure);
    if (regex == nullptr) {
        return failure;
    }
    ListBuilder out(call.arena());
    bool is_stopped = false;
    each_match(*regex, args[0].as_string(), [&](const Groups& groups, size_t, size_t) {
        const std::string_view part = view_of(groups.back());
        if (groups.size() == 1 || !part.empty()) {
            out.add(Value::string(part));
        }
        is_stopped = call.should_stop();
        return !is_stopped;
    });
    return is_stopped ? call.interruption() : out.finish();
}

constexpr Documentation regex_documentation[] = {
    {"regex.replace",
     R"(The text with what matches replaced, everywhere or so many times; `\1` is the first group.)",
     R"(regex.replace('a1b2', '([a-z])([0-9])', r'\2\1'))", R"("1a2b")"},
    {"regex.extract", "The first match, or its group, as an optional.",
     "regex.extract('item-42', 'item-([0-9]+)')", R"(optional.of("42"))"},
    {"regex.extractAll", "All matches, or the group of each.",
     "regex.extractAll('a1 b2', '[a-z]([0-9])')", R"(["1", "2"])"},
};

}  // namespace

Library regex_library() {
    Library library("cel.lib.ext.regex");
    library.function("regex.replace", {{.id = "regex_replace_string_string_string",
                                        .signature = "(string, string, string) -> string",
                                        .call = replace_matches},
                                       {.id = "regex_replace_string_string_string_int",
                                        .signature = "(string, string, string, int) -> string",
                                        .call = replace_matches}});
    library.function("regex.extract", {{.id = "regex_extract_string_string",
                                        .signature = "(string, string) -> optional_type(string)",
                                        .call = extract}});
    library.function("regex.extractAll", {{.id = "regex_extractAll_string_string",
                                           .signature = "(string, string) -> list(string)",
                                           .call = extract_all}});
    library.document("Regular expressions", regex_documentation);
    return library;
}

}  // namespace weft::cel
