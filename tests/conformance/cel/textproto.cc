// tests/conformance/cel/textproto.cc: reads protobuf's text format into a plain tree.

#include "tests/conformance/cel/textproto.h"

#include <cctype>

namespace weft::conformance {

namespace {

class TextReader {
public:
    explicit TextReader(std::string_view text) : text_(text) {}

    Result<TextField> message(char close) {
        TextField out;
        out.is_message = true;
        out.line = line_;
        for (;;) {
            skip();
            if (at_ >= text_.size()) {
                return close == '\0' ? Result<TextField>(std::move(out)) : fail("unexpected end");
            }
            if (close != '\0' && text_[at_] == close) {
                ++at_;
                return out;
            }
            if (text_[at_] == ',' || text_[at_] == ';') {
                ++at_;
                continue;
            }
            TRY(field(out));
        }
    }

private:
    Error fail(std::string_view what) const {
        return make_error(Reason::invalid, "line ", line_, ": ", what);
    }

    void skip() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') {
                    ++at_;
                }
            } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
                line_ += c == '\n' ? 1 : 0;
                ++at_;
            } else {
                return;
            }
        }
    }

    std::string name() {
        const size_t begin = at_;
        if (text_[at_] == '[') {
            at_ = text_.find(']', at_) + 1;
            return std::string(text_.substr(begin, at_ - begin));
        }
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      text_[at_] == '_' || text_[at_] == '.')) {
            ++at_;
        }
        return std::string(text_.substr(begin, at_ - begin));
    }

    Status field(TextField& parent) {
        const int line = line_;
        const std::string field_name = name();
        if (field_name.empty()) {
            return fail("a field's name is missing");
        }
        skip();
        if (at_ < text_.size() && text_[at_] == ':') {
            ++at_;
            skip();
        }
        if (at_ < text_.size() && text_[at_] == '[') {
            ++at_;
            for (;;) {
                skip();
                if (at_ < text_.size() && (text_[at_] == ']' || text_[at_] == ',')) {
                    if (text_[at_++] == ']') {
                        return {};
                    }
                    continue;
                }
                TRY(value(parent, field_name, line));
            }
        }
        return value(parent, field_name, line);
    }

    Status value(TextField& parent, const std::string& field_name, int line) {
        if (at_ >= text_.size()) {
            return fail("a value is missing");
        }
        TextField out;
        const char c = text_[at_];
        if (c == '{' || c == '<') {
            ++at_;
            out = TRY(message(c == '{' ? '}' : '>'));
        } else if (c == '"' || c == '\'') {
            out.is_quoted = true;
            while (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
                TRY(quoted(out.text));
                skip();
            }
        } else {
            while (at_ < text_.size() &&
                   (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                    std::string_view("_.+-").contains(text_[at_]))) {
                out.text += text_[at_++];
            }
            if (out.text.empty()) {
                return fail("a value is missing");
            }
        }
        out.name = field_name;
        out.line = line;
        parent.fields.push_back(std::move(out));
        return {};
    }

    Status quoted(std::string& out) {
        const char mark = text_[at_++];
        while (at_ < text_.size() && text_[at_] != mark) {
            const char c = text_[at_++];
            if (c != '\\') {
                out += c;
                continue;
            }
            const char escape = text_[at_++];
            switch (escape) {
                case 'n':
                    out += '\n';
                    break;
                case 't':
                    out += '\t';
                    break;
                case 'r':
                    out += '\r';
                    break;
                case 'a':
                    out += '\a';
                    break;
                case 'b':
                    out += '\b';
                    break;
                case 'f':
                    out += '\f';
                    break;
                case 'v':
                    out += '\v';
                    break;
                case 'x':
                case 'X':
                    out += static_cast<char>(digits(16, 2));
                    break;
                case 'u':
                    append_utf8(out, static_cast<char32_t>(digits(16, 4)));
                    break;
                case 'U':
                    append_utf8(out, static_cast<char32_t>(digits(16, 8)));
                    break;
                default:
                    if (escape >= '0' && escape <= '7') {
                        --at_;
                        out += static_cast<char>(digits(8, 3));
                    } else {
                        out += escape;
                    }
            }
        }
        if (at_ >= text_.size()) {
            return fail("a text does not end");
        }
        ++at_;
        return {};
    }

    uint32_t digits(uint32_t base, int most) {
        uint32_t out = 0;
        for (int i = 0; i < most && at_ < text_.size(); ++i) {
            const char c = text_[at_];
            const uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                                   : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                                   : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                                          : base;
            if (digit >= base) {
                break;
            }
            out = out * base + digit;
            ++at_;
        }
        return out;
    }

    std::string_view text_;
    size_t at_ = 0;
    int line_ = 1;
};

}  // namespace

const TextField* TextField::find(std::string_view field) const {
    for (const TextField& candidate : fields) {
        if (candidate.name == field) {
            return &candidate;
        }
    }
    return nullptr;
}

std::string_view TextField::text_of(std::string_view field) const {
    const TextField* found = find(field);
    return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<TextField> parse_textproto(std::string_view text) {
    return TextReader(text).message('\0');
}

}  // namespace weft::conformance
