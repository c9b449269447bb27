// object/yaml_write.cc: YAML as sigs.k8s.io/yaml writes it.
//
// Behaviour: the emitter and encoder of goyaml.v2 in sigs.k8s.io/yaml v1.4: which style a scalar
// gets, where lines break, how lists stand under their key.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "object/internal/yaml_scalar.h"
#include "object/internal/yaml_shape.h"
#include "object/yaml.h"

namespace weft {

namespace {

using internal::is_yaml_break;
using internal::is_yaml_line_separator;
using internal::is_yaml_printable;

class YamlWriter {
public:
    YamlWriter(std::string& out, const YamlStyle& style) : out_(out), style_(style) {}

    void write_document(const Value& value) {
        if (is_nested(value)) {
            write_block(value, 0, true);
        } else {
            write_leaf(value, indent_step);
            end_line();
        }
    }

private:
    static constexpr size_t indent_step = 2;
    static constexpr size_t simple_key_max = 128;

    // A map or list that takes lines of its own.
    static bool is_nested(const Value& value) {
        return (value.is_map() || value.is_list()) && !value.empty();
    }
    void end_line() {
        if (!out_.ends_with('\n')) {
            out_ += '\n';
        }
    }
    void indent(size_t blanks) { out_.append(blanks, ' '); }

    // Lines of a map or list; the first is not indented if something stands before it.
    void write_block(const Value& value, size_t blanks, bool is_first) {
        if (value.is_list()) {
            for (const Value& item : value.items()) {
                if (!is_first) {
                    indent(blanks);
                }
                is_first = false;
                out_ += "-";
                write_after_indicator(item, blanks);
            }
            return;
        }
        if (!style_.sort_keys) {
            for (const Member& member : value.members()) {
                write_member(member, blanks, is_first);
                is_first = false;
            }
            return;
        }
        std::vector<const Member*> order;
        order.reserve(value.size());
        for (const Member& member : value.members()) {
            order.push_back(&member);
        }
        // Go's order is not transitive for some names; sorting by a heap stays in its range then.
        const auto is_less_member = [](const Member* x, const Member* y) {
            return is_yaml_key_less(x->name(), y->name());
        };
        std::ranges::make_heap(order, is_less_member);
        std::ranges::sort_heap(order, is_less_member);
        for (const Member* member : order) {
            write_member(*member, blanks, is_first);
            is_first = false;
        }
    }

    // What follows "-", "?" or a ":" that stands alone.
    void write_after_indicator(const Value& value, size_t blanks) {
        out_ += ' ';
        if (is_nested(value)) {
            write_block(value, blanks + indent_step, true);
        } else {
            write_leaf(value, blanks + indent_step);
            end_line();
        }
    }

    void write_member(const Member& member, size_t blanks, bool is_first) {
        if (!is_first) {
            indent(blanks);
        }
        const std::string_view name = member.name();
        const bool is_simple = name.size() <= simple_key_max &&
                               !(name.size() > 0 && internal::yaml_shape_of(name).is_multiline);
        if (!is_simple) {
            out_ += '?';
            write_after_indicator(member.key, blanks);
            indent(blanks);
            out_ += ':';
            write_after_indicator(member.value, blanks);
            return;
        }
        write_text(name, blanks + indent_step, true);
        out_ += ':';
        if (!is_nested(member.value)) {
            out_ += ' ';
            write_leaf(member.value, blanks + indent_step);
            end_line();
            return;
        }
        out_ += '\n';
        write_block(member.value, member.value.is_list() ? blanks : blanks + indent_step, false);
    }

    void write_leaf(const Value& value, size_t blanks) {
        switch (value.kind()) {
            case Value::Kind::null:
                out_ += "null";
                break;
            case Value::Kind::boolean:
                out_ += value.as_bool() ? "true" : "false";
                break;
            case Value::Kind::integer:
                append(out_, value.as_int());
                break;
            case Value::Kind::number:
                write_number(value.as_double());
                break;
            case Value::Kind::string:
                write_text(value.as_string(), blanks, false);
                break;
            case Value::Kind::list:
                out_ += "[]";
                break;
            case Value::Kind::map:
                out_ += "{}";
                break;
        }
    }

    // sigs.k8s.io/yaml goes through JSON: 3.0 is 3 there, and what fits 64 bits an integer.
    void write_number(double number) {
        if (!std::isfinite(number)) {
            out_ += "null";
            return;
        }
        const std::string json = format_double(number);
        if (json == "-0") {
            out_ += '0';
        } else if (parse_int(json) || parse_uint(json)) {
            out_ += json;
        } else {
            out_ += internal::format_double_g(number, 64);
        }
    }

    void write_text(std::string_view text, size_t blanks, bool is_key) {
        std::string valid;
        if (!is_valid_utf8(text)) {
            for (size_t i = 0; i < text.size();) {
                append_utf8(valid, next_code_point(text, i));
            }
            text = valid;
        }
        const internal::YamlShape shape = internal::yaml_shape_of(text);
        const bool is_word = internal::needs_yaml_quotes(text);
        if (text.contains('\n')) {
            if (shape.block && !is_key) {
                return write_literal(text, blanks);
            }
            return write_double_quoted(text, {.is_on = style_.fold && !is_key, .blanks = blanks});
        }
        const Folding fold{.is_on = style_.fold && !is_key, .blanks = blanks};
        const bool is_double = is_word || (is_key && (shape.is_multiline || text == "<<"));
        if (!is_double && shape.plain) {
            write_plain(text, fold);
        } else if (!is_double && shape.single_quoted) {
            write_single_quoted(text, fold);
        } else {
            write_double_quoted(text, fold);
        }
    }

    // Whether a text may go on in the next line, and how far that is indented.
    struct Folding {
        bool is_on = false;
        size_t blanks = 0;
    };
    static constexpr size_t width_max = 80;

    // Characters since the last line end.
    [[nodiscard]] size_t column() const {
        const size_t line = out_.rfind('\n') + 1;  // npos + 1 is 0
        size_t count = 0;
        for (size_t i = line; i < out_.size(); ++i) {
            count += (static_cast<unsigned char>(out_[i]) & 0xC0) != 0x80 ? 1 : 0;
        }
        return count;
    }
    void new_line(size_t blanks) {
        out_ += '\n';
        indent(blanks);
    }

    void write_plain(std::string_view text, const Folding& fold) {
        if (!fold.is_on || !text.contains(' ')) {
            out_ += text;
            return;
        }
        size_t at = column();
        bool after_space = false;
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == ' ' && !after_space && at > width_max && text[i + 1] != ' ') {
                new_line(fold.blanks);
                at = fold.blanks;
            } else {
                out_ += c;
                at += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
            }
            after_space = c == ' ';
        }
    }

    // U+2028 and U+2029 break lines for the emitter, too.
    void write_single_quoted(std::string_view text, const Folding& fold) {
        out_ += '\'';
        size_t at = column();
        bool after_break = false;
        bool after_space = false;
        for (size_t i = 0; i < text.size();) {
            const size_t start = i;
            const char32_t c = next_code_point(text, i);
            if (c == ' ') {
                if (fold.is_on && !after_space && at > width_max && start > 0 && i < text.size() &&
                    text[i] != ' ') {
                    new_line(fold.blanks);
                    at = fold.blanks;
                } else {
                    out_ += ' ';
                    ++at;
                }
                after_space = true;
                continue;
            }
            if (is_yaml_line_separator(c)) {
                out_ += text.substr(start, i - start);
                at = 0;
                after_break = true;
                continue;
            }
            if (after_break) {
                indent(fold.blanks);
                at = fold.blanks;
            }
            if (c == '\'') {
                out_ += '\'';
                ++at;
            }
            out_ += text.substr(start, i - start);
            ++at;
            after_break = false;
            after_space = false;
        }
        out_ += '\'';
    }

    void write_literal(std::string_view text, size_t blanks) {
        out_ += '|';
        size_t first = 0;
        const char32_t begin = next_code_point(text, first);
        if (begin == ' ' || is_yaml_break(begin)) {
            out_ += '2';
        }
        if (!ends_with_break(text)) {
            out_ += '-';
        } else if (text.size() == 1 || ends_with_break(text.substr(0, last_character(text)))) {
            out_ += '+';
        }
        out_ += '\n';
        bool after_break = true;
        for (size_t i = 0; i < text.size();) {
            const size_t start = i;
            const char32_t c = next_code_point(text, i);
            if (after_break && !is_yaml_break(c)) {
                indent(blanks);
            }
            after_break = is_yaml_break(c);
            out_ += text.substr(start, i - start);
        }
    }
    static size_t last_character(std::string_view text) {
        size_t at = text.size() - 1;
        while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) {
            --at;
        }
        return at;
    }
    static bool ends_with_break(std::string_view text) {
        if (text.empty()) {
            return false;
        }
        size_t at = last_character(text);
        return is_yaml_break(next_code_point(text, at));
    }

    void write_double_quoted(std::string_view text, const Folding& fold) {
        out_ += '"';
        size_t at = column();
        bool after_space = false;
        // A quirk of the emitter: after a byte order mark it escapes everything.
        const bool escape_all = text.starts_with("\xEF\xBB\xBF");
        for (size_t i = 0; i < text.size();) {
            const size_t start = i;
            const char32_t c = next_code_point(text, i);
            if (escape_all || !is_yaml_printable(c) || is_yaml_break(c) || c == '"' || c == '\\') {
                const size_t before = out_.size();
                write_escape(c);
                at += out_.size() - before;
                after_space = false;
            } else if (c == ' ' && fold.is_on && !after_space && at > width_max && start > 0 &&
                       i < text.size()) {
                new_line(fold.blanks);
                at = fold.blanks;
                if (text[i] == ' ') {
                    out_ += '\\';
                    ++at;
                }
                after_space = true;
            } else {
                out_ += text.substr(start, i - start);
                ++at;
                after_space = c == ' ';
            }
        }
        out_ += '"';
    }
    void write_escape(char32_t c) {
        out_ += '\\';
        switch (c) {
            case 0x00:
                out_ += '0';
                return;
            case 0x1B:
                out_ += 'e';
                return;
            case 0x85:
                out_ += 'N';
                return;
            case 0xA0:
                out_ += '_';
                return;
            case 0x2028:
                out_ += 'L';
                return;
            case 0x2029:
                out_ += 'P';
                return;
            default:
                break;
        }
        constexpr std::string_view plain = "\a\b\t\n\v\f\r\"\\";
        constexpr std::string_view names = "abtnvfr\"\\";
        const size_t special = c < 0x80 ? plain.find(static_cast<char>(c)) : std::string_view::npos;
        if (special != std::string_view::npos) {
            out_ += names[special];
            return;
        }
        const int width = c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8;
        out_ += width == 2 ? 'x' : width == 4 ? 'u' : 'U';
        for (int shift = (width - 1) * 4; shift >= 0; shift -= 4) {
            out_ += "0123456789ABCDEF"[c >> shift & 0xF];
        }
    }

    std::string& out_;
    const YamlStyle& style_;
};

}  // namespace

std::string to_yaml(const Value& value, const YamlStyle& style) {
    std::string out;
    YamlWriter(out, style).write_document(value);
    return out;
}

}  // namespace weft
