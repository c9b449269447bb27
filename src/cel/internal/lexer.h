// cel/internal/lexer.h: an expression's tokens.

#pragma once

#include <cstdint>
#include <string_view>

#include "cel/internal/issues.h"

namespace weft::cel {

enum class TokenKind : uint8_t {
    end,
    identifier,
    quoted_identifier,  // `a-b`
    integer,
    unsigned_integer,
    number,
    string,
    bytes,
    keyword_true,
    keyword_false,
    keyword_null,
    keyword_in,
    // Operators and punctuation.
    equal,      // ==
    not_equal,  // !=
    less,
    less_equal,
    greater,
    greater_equal,
    logical_and,
    logical_or,
    left_bracket,
    right_bracket,
    left_brace,
    right_brace,
    left_paren,
    right_paren,
    dot,
    comma,
    minus,
    bang,
    question,
    colon,
    plus,
    star,
    slash,
    percent,
};

struct Token {
    TokenKind kind = TokenKind::end;
    uint32_t begin = 0;
    uint32_t end = 0;
};

// Reads one token at a time. What is no token is reported as ANTLR does and skipped.
class Lexer {
public:
    Lexer(std::string_view source, Issues& issues) : source_(source), issues_(&issues) {}
    Token next();

private:
    void skip_space();
    Token make(TokenKind kind, size_t begin);
    Token lex_number();
    Token lex_word();
    // The string whose opening quote stands at `quote`; false if it does not end or an escape is
    // wrong: `at_` is then where it went wrong.
    bool lex_string(size_t quote, bool is_raw);
    bool lex_escape();
    void report(size_t begin, size_t end);

    std::string_view source_;
    Issues* issues_;
    size_t at_ = 0;
};

// The content of a string or bytes literal. False on a wrong escape, with why in `failure`.
[[nodiscard]] bool unescape_literal(std::string_view token, bool is_bytes, std::string& out,
                                    std::string_view& failure);

}  // namespace weft::cel
