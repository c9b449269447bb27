// cel/library/strings.cc: functions of texts. Source: cel-go ext/strings.go.
//
// Positions and lengths count code points. Texts are valid UTF-8, so that searching bytes finds
// whole code points only.

#include "cel/library/strings.h"

#include <algorithm>

#include "cel/cost.h"
#include "cel/library/format.h"

namespace weft::cel {

namespace {

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

int64_t code_points(std::string_view text) {
    return std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); });
}

// The byte where a code point starts, or the end for the one past the last; nothing outside.
std::optional<size_t> byte_at(std::string_view text, int64_t index) {
    if (index < 0 || static_cast<uint64_t>(index) > text.size()) {
        return std::nullopt;
    }
    int64_t seen = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (!is_continuation(text[i]) && seen++ == index) {
            return i;
        }
    }
    return seen == index ? std::optional(text.size()) : std::nullopt;
}

size_t end_of_code_point(std::string_view text, size_t at) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) {
        ++at;
    }
    return at;
}

Value out_of_range(Call& call, int64_t index) {
    return call.error(ErrorCode::invalid_argument, "index out of range: ", index);
}

// What would not fit the memory of an evaluation is refused before it is built.
bool is_too_large(Call& call, uint64_t size) {
    return !call.arena().has_room(size);
}
// (Functions that multiply sizes are declared as not pure: computed early, nothing would bound
// them.)
Value too_large(Call& call) {
    return call.error(ErrorCode::memory_limit, "memory limit exceeded");
}

Value char_at(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    const std::optional<size_t> at = byte_at(text, args[1].as_int());
    if (!at) {
        return out_of_range(call, args[1].as_int());
    }
    return *at == text.size() ? Value::string("")
                              : Value::string(text.substr(*at, end_of_code_point(text, *at) - *at));
}

// --- indexOf and lastIndexOf ---

Value found_at(std::string_view text, size_t at) {
    return Value::integer(at == std::string_view::npos ? -1 : code_points(text.substr(0, at)));
}

Value index_of(Call&, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    return found_at(text, text.find(args[1].as_string()));
}

Value last_index_of(Call&, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    return found_at(text, text.rfind(args[1].as_string()));
}

template <OffsetPastEnd past_end, bool is_last>
Value index_of_from(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    const std::string_view part = args[1].as_string();
    const int64_t offset = args[2].as_int();
    if (offset < 0) {
        return out_of_range(call, offset);
    }
    const int64_t length = code_points(text);
    if (part.empty()) {
        return Value::integer(std::min(offset, length));
    }
    if (offset >= length) {
        return past_end == OffsetPastEnd::fails ? out_of_range(call, offset) : Value::integer(-1);
    }
    const size_t from = byte_at(text, offset).value_or(0);
    return found_at(text, is_last ? text.rfind(part, from) : text.find(part, from));
}

// --- Changing texts ---

// The 26 letters from `first` on in the other case.
Value change_case(Call& call, std::string_view text, char first) {
    if (is_too_large(call, text.size())) {
        return too_large(call);
    }
    char* out = call.arena().array<char>(text.size());
    std::ranges::transform(text, out, [first](char c) {
        return c >= first && c < first + 26 ? static_cast<char>(c ^ 0x20) : c;
    });
    return Value::string({out, text.size()});
}
Value lower_ascii(Call& call, std::span<const Value> args) {
    return change_case(call, args[0].as_string(), 'A');
}
Value upper_ascii(Call& call, std::span<const Value> args) {
    return change_case(call, args[0].as_string(), 'a');
}

// Go's strings.Replace: an empty `from` stands before each code point and at the end. A negative
// limit is none.
Value replace_texts(Call& call, std::string_view text, std::string_view from, std::string_view to,
                    int64_t limit) {
    if (limit == 0 || from == to) {
        return Value::string(text);
    }
    const uint64_t most = limit < 0 ? UINT64_MAX : static_cast<uint64_t>(limit);
    uint64_t count = 0;
    if (from.empty()) {
        count = std::min(static_cast<uint64_t>(code_points(text)) + 1, most);
    } else {
        for (size_t at = text.find(from); at != std::string_view::npos && count < most;
             at = text.find(from, at + from.size())) {
            ++count;
        }
    }
    if (count == 0) {
        return Value::string(text);
    }
    const uint64_t size = text.size() - count * from.size() + count * to.size();
    if (is_too_large(call, size)) {
        return too_large(call);
    }
    TextBuilder out(call.arena(), size);
    size_t done = 0;
    for (uint64_t i = 0; i < count; ++i) {
        size_t at = done;
        if (!from.empty()) {
            at = text.find(from, done);
        } else if (i > 0) {
            at = end_of_code_point(text, done);
        }
        out.add(text.substr(done, at - done));
        out.add(to);
        done = at + from.size();
    }
    out.add(text.substr(done));
    return out.finish();
}

Value replace(Call& call, std::span<const Value> args) {
    return replace_texts(call, args[0].as_string(), args[1].as_string(), args[2].as_string(), -1);
}
Value replace_some(Call& call, std::span<const Value> args) {
    return replace_texts(call, args[0].as_string(), args[1].as_string(), args[2].as_string(),
                         args[3].as_int());
}

// Go's strings.SplitN: an empty separator cuts between code points; the last part is the rest.
Value split_text(Call& call, std::string_view text, std::string_view separator, int64_t limit) {
    ListBuilder out(call.arena());
    if (limit == 0 || (separator.empty() && text.empty())) {
        return out.finish();
    }
    size_t done = 0;
    while (limit < 0 || out.size() + 1 < static_cast<uint64_t>(limit)) {
        const size_t at =
            separator.empty() ? end_of_code_point(text, done) : text.find(separator, done);
        if (at == std::string_view::npos || (separator.empty() && at == text.size())) {
            break;
        }
        if (call.should_stop()) {
            return call.interruption();
        }
        out.add(Value::string(text.substr(done, at - done)));
        done = at + separator.size();
    }
    out.add(Value::string(text.substr(done)));
    return out.finish();
}

Value split(Call& call, std::span<const Value> args) {
    return split_text(call, args[0].as_string(), args[1].as_string(), -1);
}
Value split_some(Call& call, std::span<const Value> args) {
    return split_text(call, args[0].as_string(), args[1].as_string(), args[2].as_int());
}

Value substring_from(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    const std::optional<size_t> start = byte_at(text, args[1].as_int());
    return start ? Value::string(text.substr(*start)) : out_of_range(call, args[1].as_int());
}

Value substring(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    const int64_t first = args[1].as_int();
    const int64_t last = args[2].as_int();
    if (first > last) {
        return call.error(ErrorCode::invalid_argument, "invalid substring range. start: ", first,
                          ", end: ", last);
    }
    const std::optional<size_t> start = byte_at(text, first);
    if (!start) {
        return out_of_range(call, first);
    }
    const std::optional<size_t> end = byte_at(text.substr(*start), last - first);
    return end ? Value::string(text.substr(*start, *end)) : out_of_range(call, last);
}

// Unicode's White_Space.
bool is_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

Value trim_space(Call&, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    size_t first = text.size();
    size_t last = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t start = at;
        if (!is_space(next_code_point(text, at))) {
            first = std::min(first, start);
            last = at;
        }
    }
    return Value::string(first < last ? text.substr(first, last - first) : "");
}

Value reverse_text(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    std::string out;
    out.reserve(text.size());
    for (size_t end = text.size(); end > 0;) {
        size_t start = end - 1;
        while (start > 0 && is_continuation(text[start])) {
            --start;
        }
        out += text.substr(start, end - start);
        end = start;
    }
    return call.string(out);
}

// --- join and quote ---

Value join_texts(Call& call, std::span<const Value> args) {
    const std::string_view separator = args.size() > 1 ? args[1].as_string() : "";
    const std::span<const Value> items = args[0].items(call.arena());
    uint64_t size = 0;
    for (const Value& item : items) {
        if (item.is_error()) {
            return item;
        }
        if (!item.is_string()) {
            // cel-go looks at the first item to find out whether it is a list of texts.
            return &item == items.data()
                       ? call.error(ErrorCode::no_such_overload, "no such overload: join(list",
                                    args.size() > 1 ? ", string)" : ")")
                       : call.error(ErrorCode::invalid_argument,
                                    "join: invalid input: ", to_text(item));
        }
        size += item.size() + separator.size();
    }
    if (is_too_large(call, size)) {
        return too_large(call);
    }
    TextBuilder out(call.arena(), size);
    for (size_t i = 0; i < items.size(); ++i) {
        out.add(i == 0 ? "" : separator);
        out.add(items[i].as_string());
    }
    return out.finish();
}

std::optional<uint64_t> cost_of_quoting(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[0]), string_traversal_factor);
}
std::optional<CallEstimate> estimate_quoting(std::span<const Operand> args) {
    return CallEstimate{scale_cost(args[0].size_or_unknown(), string_traversal_factor),
                        std::nullopt};
}

Value quote_text(Call& call, std::span<const Value> args) {
    constexpr std::string_view escaped = "\a\b\f\n\r\t\v\\\"";
    constexpr std::string_view names = "abfnrtv\\\"";
    std::string out = "\"";
    for (const char byte : args[0].as_string()) {
        const size_t at = escaped.find(byte);
        if (at == std::string_view::npos) {
            out += byte;
        } else {
            out += '\\';
            out += names[at];
        }
    }
    out += '"';
    return call.string(out);
}

template <OffsetPastEnd past_end>
void declare_searches(Library& library) {
    library.function(
        "indexOf",
        {{.id = "string_index_of_string", .signature = "string.(string) -> int", .call = index_of},
         {.id = "string_index_of_string_int",
          .signature = "string.(string, int) -> int",
          .call = index_of_from<past_end, false>}});
    library.function("lastIndexOf", {{.id = "string_last_index_of_string",
                                      .signature = "string.(string) -> int",
                                      .call = last_index_of},
                                     {.id = "string_last_index_of_string_int",
                                      .signature = "string.(string, int) -> int",
                                      .call = index_of_from<past_end, true>}});
}

constexpr Documentation strings_documentation[] = {
    {"charAt", "The character at a position; empty at the end.", "'hello'.charAt(4)", R"("o")"},
    {"indexOf", "Where a text is found first, from a position on; -1 if it is not.",
     "'hello'.indexOf('l')", "2"},
    {"lastIndexOf", "Where a text is found last; -1 if it is not.", "'hello'.lastIndexOf('l')",
     "3"},
    {"lowerAscii", "The text with the letters A to Z in lower case.", "'TacoCat'.lowerAscii()",
     R"("tacocat")"},
    {"upperAscii", "The text with the letters a to z in upper case.", "'TacoCat'.upperAscii()",
     R"("TACOCAT")"},
    {"trim", "The text without white space at its ends.", "'  a b  '.trim()", R"("a b")"},
    {"replace", "The text with a part replaced everywhere, or so many times.",
     "'a-b-c'.replace('-', '+', 1)", R"("a+b-c")"},
    {"split", "The parts of a text between separators, or so many of them.", "'a,b,c'.split(',')",
     R"(["a", "b", "c"])"},
    {"substring", "The text from a position on, or up to another one.", "'tacocat'.substring(0, 4)",
     R"("taco")"},
    {"join", "The texts of a list in one, with a separator between them.", "['a', 'b'].join('-')",
     R"("a-b")"},
    {"format",
     "A text with values put in: `%s` anything, `%d` numbers, `%f` and `%e` with a precision, "
     "`%b`, `%o`, `%x`, `%X`.",
     "'%s has %d, %.1f%%'.format(['x', 3, 2.5])", R"("x has 3, 2.5%")"},
    {"strings.quote", "The text in double quotes, with what may not stand in them escaped.",
     R"(strings.quote('a\n\"b\"'))", R"("\"a\\n\\\"b\\\"\"")"},
    {"reverse", "The text backwards.", "'abc'.reverse()", R"("cba")"},
};

}  // namespace

Library strings_library(int version, OffsetPastEnd past_end) {
    Library library("cel.lib.ext.strings");
    const auto plain = [&](std::string_view name, std::string_view id, Implementation call) {
        library.function(name, {{.id = id, .signature = "string.() -> string", .call = call}});
    };
    library.function(
        "charAt",
        {{.id = "string_char_at_int", .signature = "string.(int) -> string", .call = char_at}});
    past_end == OffsetPastEnd::fails ? declare_searches<OffsetPastEnd::fails>(library)
                                     : declare_searches<OffsetPastEnd::finds_nothing>(library);
    plain("lowerAscii", "string_lower_ascii", lower_ascii);
    plain("upperAscii", "string_upper_ascii", upper_ascii);
    plain("trim", "string_trim", trim_space);
    library.function("replace", {{.id = "string_replace_string_string",
                                  .signature = "string.(string, string) -> string",
                                  .call = replace},
                                 {.id = "string_replace_string_string_int",
                                  .signature = "string.(string, string, int) -> string",
                                  .call = replace_some}});
    library.function("split", {{.id = "string_split_string",
                                .signature = "string.(string) -> list(string)",
                                .call = split},
                               {.id = "string_split_string_int",
                                .signature = "string.(string, int) -> list(string)",
                                .call = split_some}});
    library.function("substring", {{.id = "string_substring_int",
                                    .signature = "string.(int) -> string",
                                    .call = substring_from},
                                   {.id = "string_substring_int_int",
                                    .signature = "string.(int, int) -> string",
                                    .call = substring}});
    library.function(
        "join", {{.id = "list_join", .signature = "list(string).() -> string", .call = join_texts},
                 {.id = "list_join_string",
                  .signature = "list(string).(string) -> string",
                  .call = join_texts}});
    if (version >= 1) {
        declare_format(library, version);
        library.function("strings.quote", {{.id = "strings_quote",
                                            .signature = "(string) -> string",
                                            .call = quote_text,
                                            .actual_cost = cost_of_quoting,
                                            .estimated_cost = estimate_quoting}});
    }
    if (version >= 3) {
        plain("reverse", "string_reverse", reverse_text);
    }
    library.document("Texts", strings_documentation);
    return library;
}

}  // namespace weft::cel
