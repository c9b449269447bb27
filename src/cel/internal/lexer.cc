// cel/internal/lexer.cc: an expression's tokens. Source: cel-go parser/gen/CEL.g4.

#include "cel/internal/lexer.h"

namespace weft::cel {

namespace {

bool is_decimal_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex(char c) {
    return is_decimal_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

uint32_t hex_value(char c) {
    return static_cast<uint32_t>(is_decimal_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

}  // namespace

void Lexer::skip_space() {
    while (at_ < source_.size()) {
        const char c = source_[at_];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
            ++at_;
        } else if (c == '/' && at_ + 1 < source_.size() && source_[at_ + 1] == '/') {
            while (at_ < source_.size() && source_[at_] != '\n') {
                ++at_;
            }
        } else {
            return;
        }
    }
}

Token Lexer::make(TokenKind kind, size_t begin) {
    return {kind, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
}

void Lexer::report(size_t begin, size_t end) {
    issues_->add(static_cast<uint32_t>(begin), cat("Syntax error: token recognition error at: '",
                                                   source_.substr(begin, end - begin), "'"));
}

Token Lexer::lex_number() {
    const size_t begin = at_;
    TokenKind kind = TokenKind::integer;
    if (source_[at_] == '0' && at_ + 2 < source_.size() && source_[at_ + 1] == 'x' &&
        is_hex(source_[at_ + 2])) {
        at_ += 2;
        while (at_ < source_.size() && is_hex(source_[at_])) {
            ++at_;
        }
    } else {
        while (at_ < source_.size() && is_decimal_digit(source_[at_])) {
            ++at_;
        }
        if (at_ + 1 < source_.size() && source_[at_] == '.' && is_decimal_digit(source_[at_ + 1])) {
            kind = TokenKind::number;
            ++at_;
            while (at_ < source_.size() && is_decimal_digit(source_[at_])) {
                ++at_;
            }
        }
        if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
            size_t digits = at_ + 1;
            if (digits < source_.size() && (source_[digits] == '+' || source_[digits] == '-')) {
                ++digits;
            }
            if (digits < source_.size() && is_decimal_digit(source_[digits])) {
                kind = TokenKind::number;
                at_ = digits;
                while (at_ < source_.size() && is_decimal_digit(source_[at_])) {
                    ++at_;
                }
            }
        }
    }
    if (kind == TokenKind::integer && at_ < source_.size() &&
        (source_[at_] == 'u' || source_[at_] == 'U')) {
        ++at_;
        kind = TokenKind::unsigned_integer;
    }
    return make(kind, begin);
}

bool Lexer::lex_escape() {
    // At the character after the backslash.
    if (at_ >= source_.size()) {
        return false;
    }
    const char c = source_[at_];
    size_t digits = 0;
    switch (c) {
        case 'a':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
        case 'v':
        case '"':
        case '\'':
        case '\\':
        case '?':
        case '`':
            ++at_;
            return true;
        case 'x':
        case 'X':
            digits = 2;
            break;
        case 'u':
            digits = 4;
            break;
        case 'U':
            digits = 8;
            break;
        case '0':
        case '1':
        case '2':
        case '3':
            for (size_t i = 1; i <= 2; ++i) {
                if (at_ + i >= source_.size() || source_[at_ + i] < '0' || source_[at_ + i] > '7') {
                    return false;
                }
            }
            at_ += 3;
            return true;
        default:
            return false;
    }
    for (size_t i = 1; i <= digits; ++i) {
        if (at_ + i >= source_.size() || !is_hex(source_[at_ + i])) {
            return false;
        }
    }
    at_ += digits + 1;
    return true;
}

bool Lexer::lex_string(size_t quote, bool is_raw) {
    const char mark = source_[quote];
    const bool is_triple = source_.substr(quote, 3) == std::string(3, mark);
    at_ = quote + (is_triple ? 3 : 1);
    while (at_ < source_.size()) {
        const char c = source_[at_];
        if (c == mark && (!is_triple || source_.substr(at_, 3) == std::string(3, mark))) {
            at_ += is_triple ? 3 : 1;
            return true;
        }
        if (!is_triple && (c == '\n' || c == '\r')) {
            return false;
        }
        ++at_;
        if (c == '\\' && !is_raw && !lex_escape()) {
            return false;
        }
    }
    return false;
}

Token Lexer::lex_word() {
    const size_t begin = at_;
    // A prefix of a string literal: r, b, br.
    size_t quote = at_;
    bool is_bytes = false;
    bool is_raw = false;
    if (source_[quote] == 'b' || source_[quote] == 'B') {
        is_bytes = true;
        ++quote;
    }
    if (quote < source_.size() && (source_[quote] == 'r' || source_[quote] == 'R')) {
        is_raw = true;
        ++quote;
    }
    if (quote > begin && quote < source_.size() &&
        (source_[quote] == '"' || source_[quote] == '\'')) {
        if (lex_string(quote, is_raw)) {
            return make(is_bytes ? TokenKind::bytes : TokenKind::string, begin);
        }
        at_ = begin;
    }
    while (at_ < source_.size() && (is_letter(source_[at_]) || is_decimal_digit(source_[at_]))) {
        ++at_;
    }
    const std::string_view word = source_.substr(begin, at_ - begin);
    if (word == "in") {
        return make(TokenKind::keyword_in, begin);
    }
    if (word == "true") {
        return make(TokenKind::keyword_true, begin);
    }
    if (word == "false") {
        return make(TokenKind::keyword_false, begin);
    }
    return make(word == "null" ? TokenKind::keyword_null : TokenKind::identifier, begin);
}

Token Lexer::next() {
    for (;;) {
        skip_space();
        const size_t begin = at_;
        if (at_ >= source_.size()) {
            return make(TokenKind::end, begin);
        }
        const char c = source_[at_];
        if (is_letter(c)) {
            return lex_word();
        }
        if (is_decimal_digit(c) ||
            (c == '.' && at_ + 1 < source_.size() && is_decimal_digit(source_[at_ + 1]))) {
            return lex_number();
        }
        const char following = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
        const auto one = [&](TokenKind kind) {
            ++at_;
            return make(kind, begin);
        };
        const auto two = [&](TokenKind kind) {
            at_ += 2;
            return make(kind, begin);
        };
        switch (c) {
            case '"':
            case '\'':
                if (lex_string(begin, false)) {
                    return make(TokenKind::string, begin);
                }
                // ANTLR skips what it read, with the character that did not fit.
                at_ = at_ < source_.size() ? at_ + 1 : at_;
                report(begin, at_);
                continue;
            case '`': {
                size_t end = begin + 1;
                while (end < source_.size() &&
                       (is_letter(source_[end]) || is_decimal_digit(source_[end]) ||
                        source_[end] == '.' || source_[end] == '-' || source_[end] == '/' ||
                        source_[end] == ' ')) {
                    ++end;
                }
                if (end < source_.size() && source_[end] == '`' && end > begin + 1) {
                    at_ = end + 1;
                    return make(TokenKind::quoted_identifier, begin);
                }
                break;
            }
            case '=':
                if (following == '=') {
                    return two(TokenKind::equal);
                }
                break;
            case '!':
                return following == '=' ? two(TokenKind::not_equal) : one(TokenKind::bang);
            case '<':
                return following == '=' ? two(TokenKind::less_equal) : one(TokenKind::less);
            case '>':
                return following == '=' ? two(TokenKind::greater_equal) : one(TokenKind::greater);
            case '&':
                if (following == '&') {
                    return two(TokenKind::logical_and);
                }
                break;
            case '|':
                if (following == '|') {
                    return two(TokenKind::logical_or);
                }
                break;
            case '[':
                return one(TokenKind::left_bracket);
            case ']':
                return one(TokenKind::right_bracket);
            case '{':
                return one(TokenKind::left_brace);
            case '}':
                return one(TokenKind::right_brace);
            case '(':
                return one(TokenKind::left_paren);
            case ')':
                return one(TokenKind::right_paren);
            case '.':
                return one(TokenKind::dot);
            case ',':
                return one(TokenKind::comma);
            case '-':
                return one(TokenKind::minus);
            case '?':
                return one(TokenKind::question);
            case ':':
                return one(TokenKind::colon);
            case '+':
                return one(TokenKind::plus);
            case '*':
                return one(TokenKind::star);
            case '/':
                return one(TokenKind::slash);
            case '%':
                return one(TokenKind::percent);
            default:
                break;
        }
        (void)next_code_point(source_, at_);
        // A half operator takes the character with it that did not complete it.
        if ((c == '=' || c == '&' || c == '|') && at_ < source_.size()) {
            (void)next_code_point(source_, at_);
        }
        report(begin, at_);
    }
}

bool unescape_literal(std::string_view token, bool is_bytes, std::string& out,
                      std::string_view& failure) {
    bool is_raw = false;
    while (!token.empty() && token[0] != '"' && token[0] != '\'') {
        is_raw = is_raw || token[0] == 'r' || token[0] == 'R';
        token.remove_prefix(1);
    }
    const size_t marks = token.size() >= 6 && token[1] == token[0] && token[2] == token[0] ? 3 : 1;
    std::string_view text = token.substr(marks, token.size() - 2 * marks);
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const char c = text[at++];
        if (c == '\r') {
            out += '\n';
            at += at < text.size() && text[at] == '\n' ? 1 : 0;
            continue;
        }
        if (c != '\\' || is_raw) {
            out += c;
            continue;
        }
        const char escape = text[at++];
        uint32_t code = 0;
        size_t digits = 0;
        switch (escape) {
            case 'a':
                out += '\a';
                continue;
            case 'b':
                out += '\b';
                continue;
            case 'f':
                out += '\f';
                continue;
            case 'n':
                out += '\n';
                continue;
            case 'r':
                out += '\r';
                continue;
            case 't':
                out += '\t';
                continue;
            case 'v':
                out += '\v';
                continue;
            case 'x':
            case 'X':
                digits = 2;
                break;
            case 'u':
                digits = 4;
                break;
            case 'U':
                digits = 8;
                break;
            case '0':
            case '1':
            case '2':
            case '3':
                code = static_cast<uint32_t>(escape - '0') * 64 +
                       static_cast<uint32_t>(text[at] - '0') * 8 +
                       static_cast<uint32_t>(text[at + 1] - '0');
                at += 2;
                break;
            default:
                out += escape;
                continue;
        }
        if (is_bytes && digits > 2) {
            failure = "unable to unescape string";
            return false;
        }
        for (size_t i = 0; i < digits; ++i) {
            code = code * 16 + hex_value(text[at++]);
        }
        if (is_bytes) {
            out += static_cast<char>(code);
            continue;
        }
        if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
            failure = "invalid unicode code point";
            return false;
        }
        append_utf8(out, static_cast<char32_t>(code));
    }
    return true;
}

}  // namespace weft::cel
