// object/internal/json_exact.cc: the JSON parser that says everything Go's says.
//
// Behaviour: Go's encoding/json scanner (which texts it accepts, where it stops, what it says) and
// sigs.k8s.io/json (integers, duplicate fields). Go checks the whole syntax before it decodes, so
// a syntax error anywhere wins over a number that does not fit.

#include "object/internal/json_exact.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "object/limits.h"

namespace weft::internal {

namespace {

// Go's quoteChar: a byte as a Go character literal. Bytes stand for Latin-1 there.
std::string quote_byte(unsigned char byte) {
    if (byte == '\'') {
        return R"('\'')";
    }
    if (byte == '"') {
        return R"('"')";
    }
    std::string character;
    append_utf8(character, byte);
    std::string quoted = quote(character);
    quoted.front() = '\'';
    quoted.back() = '\'';
    return quoted;
}

class ExactParser {
public:
    ExactParser(std::string_view text, const JsonOptions& options)
        : text_(text), options_(options) {}

    Result<Value> run() {
        Value root = TRY(parse_all());
        skip_space();
        if (!at_end()) {
            return unexpected("after top-level value");
        }
        if (semantic_error_) {
            return *std::move(semantic_error_);
        }
        return root;
    }

private:
    // A container that is still open. Items of lists wait in items_, members go into `map`.
    struct Frame {
        bool is_map = false;
        size_t first_item = 0;
        Value map;
        std::string key;
    };

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    // At the end Go feeds its scanner one blank; whoever refuses it names it.
    [[nodiscard]] unsigned char peek() const {
        return at_end() ? ' ' : static_cast<unsigned char>(text_[at_]);
    }
    void skip_space() {
        while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' ||
                             text_[at_] == '\r')) {
            ++at_;
        }
    }

    [[nodiscard]] Error error_here(std::string message) const {
        size_t line = 1;
        size_t line_start = 0;
        for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
            if (text_[i] == '\n') {
                ++line;
                line_start = i + 1;
            }
        }
        return Error(Reason::bad_request, std::move(message))
            .with_context(cat("line ", line, ", column ", at_ - line_start + 1));
    }
    [[nodiscard]] Error unexpected(std::string_view where) const {
        return error_here(cat("invalid character ", quote_byte(peek()), " ", where));
    }
    [[nodiscard]] Error ended() const { return error_here("unexpected end of JSON input"); }

    // Values, one after the other, until the outermost is complete.
    Result<Value> parse_all() {
        while (true) {
            skip_space();
            if (at_end()) {
                return ended();
            }
            Value value;
            const char c = text_[at_];
            if (c == '{' || c == '[') {
                if (!TRY(open(c == '{', value))) {
                    continue;
                }
            } else {
                value = TRY(parse_scalar());
            }
            // `value` is complete: hand it to its container, and close those that end with it.
            while (true) {
                if (frames_.empty()) {
                    return value;
                }
                if (!TRY(add_to_container(value))) {
                    break;
                }
            }
        }
    }

    // Opens a container. True if it was empty, and so is complete in `value`.
    Result<bool> open(bool is_map, Value& value) {
        if (frames_.size() >= json_depth_max) {
            return unexpected("exceeded max depth");
        }
        ++at_;
        skip_space();
        if (at_end()) {
            return ended();
        }
        if (text_[at_] == (is_map ? '}' : ']')) {
            ++at_;
            value = is_map ? Value::map() : Value::list();
            return true;
        }
        Frame frame;
        frame.is_map = is_map;
        frame.first_item = items_.size();
        frames_.push_back(std::move(frame));
        if (is_map) {
            TRY(parse_key());
        }
        return false;
    }

    // Adds a complete value to the innermost container. True if that is complete now, in `value`.
    Result<bool> add_to_container(Value& value) {
        Frame& frame = frames_.back();
        if (frame.is_map) {
            if (options_.merge_duplicates) {
                merge(frame.map, frame.key, std::move(value));
            } else {
                frame.map.set(frame.key, std::move(value));
            }
        } else {
            items_.push_back(std::move(value));
        }
        skip_space();
        if (at_end()) {
            return ended();
        }
        const char c = text_[at_];
        if (c == ',') {
            ++at_;
            if (frame.is_map) {
                skip_space();
                TRY(parse_key());
            }
            return false;
        }
        if (c != (frame.is_map ? '}' : ']')) {
            return unexpected(frame.is_map ? "after object key:value pair" : "after array element");
        }
        ++at_;
        if (frame.is_map) {
            value = std::move(frame.map);
        } else {
            value = Value::list(std::span<Value>(items_).subspan(frame.first_item));
            items_.resize(frame.first_item);
        }
        frames_.pop_back();
        return true;
    }

    // Maps add to what the member was. As deep as the parser's own frames were.
    static void merge(Value& map, std::string_view key, Value value) {
        Value* before = value.is_map() ? map.find_mutable(key) : nullptr;
        if (before == nullptr || !before->is_map()) {
            map.set(key, std::move(value));
            return;
        }
        for (const Member& member : value.members()) {
            merge(*before, member.name(), member.value);
        }
    }

    Status parse_key() {
        if (at_end()) {
            return ended();
        }
        if (text_[at_] != '"') {
            return unexpected("looking for beginning of object key string");
        }
        Frame& frame = frames_.back();
        TRY(parse_string(frame.key));
        skip_space();
        if (at_end()) {
            return ended();
        }
        if (text_[at_] != ':') {
            return unexpected("after object key");
        }
        ++at_;
        if ((options_.refuse_duplicates || options_.duplicates != nullptr) &&
            frame.map.contains(frame.key)) {
            report_duplicate();
        }
        constexpr size_t of_items = 2;  // frames
        if (options_.members != nullptr && frames_.size() <= of_items) {
            options_.members->push_back(path_here());
        }
        return {};
    }

    // sigs.k8s.io/json joins the names with dots and does not quote them.
    [[nodiscard]] std::string path_here() const {
        std::string path;
        for (const Frame& frame : frames_) {
            if (frame.is_map) {
                append(path, path.empty() ? "" : ".", frame.key);
            } else if (&frame != &frames_.back()) {
                append(path, "[", item_index(frame), "]");
            }
        }
        return path;
    }
    void report_duplicate() {
        std::string path = path_here();
        if (options_.refuse_duplicates && !semantic_error_) {
            semantic_error_ = error_here(cat("duplicate field ", quote(path)));
        }
        if (options_.duplicates != nullptr && options_.duplicates->size() < json_duplicates_max &&
            std::ranges::find(*options_.duplicates, path) == options_.duplicates->end()) {
            options_.duplicates->push_back(std::move(path));
        }
    }
    // The index of the item that is being read: what later frames hold lies above.
    [[nodiscard]] size_t item_index(const Frame& frame) const {
        const Frame* next = &frame + 1;
        return next->first_item - frame.first_item;
    }

    Result<Value> parse_scalar() {
        const char c = text_[at_];
        switch (c) {
            case '"': {
                TRY(parse_string(buffer_));
                return Value(buffer_);
            }
            case 't':
                TRY(parse_word("true"));
                return Value(true);
            case 'f':
                TRY(parse_word("false"));
                return Value(false);
            case 'n':
                TRY(parse_word("null"));
                return Value();
            default:
                if (c == '-' || (c >= '0' && c <= '9')) {
                    return parse_number();
                }
                return unexpected("looking for beginning of value");
        }
    }

    Status parse_word(std::string_view word) {
        for (size_t i = 0; i < word.size(); ++i, ++at_) {
            if (at_end() || text_[at_] != word[i]) {
                return unexpected(cat("in literal ", word, " (expecting '", word[i], "')"));
            }
        }
        return {};
    }

    [[nodiscard]] bool at_digit() const {
        return !at_end() && text_[at_] >= '0' && text_[at_] <= '9';
    }
    Status skip_digits(std::string_view where) {
        if (!at_digit()) {
            return unexpected(where);
        }
        while (at_digit()) {
            ++at_;
        }
        return {};
    }

    Result<Value> parse_number() {
        const size_t start = at_;
        bool is_integer = true;
        if (text_[at_] == '-') {
            ++at_;
        }
        if (!at_end() && text_[at_] == '0') {
            ++at_;
        } else {
            TRY(skip_digits("in numeric literal"));
        }
        if (!at_end() && text_[at_] == '.') {
            is_integer = false;
            ++at_;
            TRY(skip_digits("after decimal point in numeric literal"));
        }
        if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            is_integer = false;
            ++at_;
            if (!at_end() && (text_[at_] == '+' || text_[at_] == '-')) {
                ++at_;
            }
            TRY(skip_digits("in exponent of numeric literal"));
        }
        return to_number(text_.substr(start, at_ - start), is_integer);
    }

    Value to_number(std::string_view literal, bool is_integer) {
        if (is_integer) {
            int64_t integer = 0;
            const auto result =
                std::from_chars(literal.data(), literal.data() + literal.size(), integer);
            if (result.ec == std::errc()) {
                return Value(integer);
            }
        }
        double number = 0;
        const auto result =
            std::from_chars(literal.data(), literal.data() + literal.size(), number);
        if (result.ec != std::errc()) {
            // Too large or too small: only strtod tells which.
            number = std::strtod(std::string(literal).c_str(), nullptr);
            if (number > 1 || number < -1) {
                if (!semantic_error_) {
                    semantic_error_ = error_here(cat("json: cannot unmarshal number ", literal,
                                                     " into Go value of type float64"));
                }
                return {};
            }
        }
        return Value(number);
    }

    // Reads the literal at at_ into `out`, with Go's replacements of what is not UTF-8.
    Status parse_string(std::string& out) {
        out.clear();
        ++at_;
        while (true) {
            const size_t run = at_;
            while (!at_end() && text_[at_] != '"' && text_[at_] != '\\' &&
                   static_cast<unsigned char>(text_[at_]) >= ' ') {
                ++at_;
            }
            append_text(out, text_.substr(run, at_ - run));
            if (at_end()) {
                return ended();
            }
            if (text_[at_] == '"') {
                ++at_;
                return {};
            }
            if (text_[at_] != '\\') {
                return unexpected("in string literal");
            }
            ++at_;
            TRY(parse_escape(out));
        }
    }

    static void append_text(std::string& out, std::string_view run) {
        if (is_valid_utf8(run)) {
            out += run;
            return;
        }
        for (size_t i = 0; i < run.size();) {
            append_utf8(out, next_code_point(run, i));
        }
    }

    Status parse_escape(std::string& out) {
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        const auto c = static_cast<char>(peek());
        if (const size_t i = names.find(c); i != std::string_view::npos) {
            out += meant[i];
            ++at_;
            return {};
        }
        if (c != 'u') {
            return unexpected("in string escape code");
        }
        ++at_;
        const char32_t first = TRY(parse_hex4());
        if (first < 0xD800 || first > 0xDFFF) {
            append_utf8(out, first);
            return {};
        }
        // A pair counts as one only if its second half follows; else that is read by itself.
        if (const std::optional<char32_t> second = find_low_surrogate(); second && first < 0xDC00) {
            at_ += 6;
            append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (*second - 0xDC00));
        } else {
            append_utf8(out, 0xFFFD);
        }
        return {};
    }

    static int hex_digit(unsigned char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    }
    Result<char32_t> parse_hex4() {
        char32_t value = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const int digit = hex_digit(peek());
            if (digit < 0) {
                return unexpected("in \\u hexadecimal character escape");
            }
            value = value << 4 | static_cast<char32_t>(digit);
        }
        return value;
    }
    [[nodiscard]] std::optional<char32_t> find_low_surrogate() const {
        if (text_.size() - at_ < 6 || text_[at_] != '\\' || text_[at_ + 1] != 'u') {
            return std::nullopt;
        }
        char32_t value = 0;
        for (size_t i = 2; i < 6; ++i) {
            const int digit = hex_digit(static_cast<unsigned char>(text_[at_ + i]));
            if (digit < 0) {
                return std::nullopt;
            }
            value = value << 4 | static_cast<char32_t>(digit);
        }
        return value >= 0xDC00 && value <= 0xDFFF ? std::optional(value) : std::nullopt;
    }

    std::string_view text_;
    const JsonOptions& options_;
    size_t at_ = 0;
    std::vector<Frame> frames_;
    std::vector<Value> items_;
    std::string buffer_;
    std::optional<Error> semantic_error_;
};

}  // namespace

Result<Value> parse_json_exactly(std::string_view text, const JsonOptions& options) {
    return ExactParser(text, options).run();
}

}  // namespace weft::internal
