// graph/expression.h: finding `${…}` in texts, and what a text with expressions means as CEL.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// One `${…}` of a text. `text` is borrowed from it: what stands between the braces.
struct ExpressionMatch {
    std::string_view text;
    size_t start = 0;  // of the `$`
    size_t end = 0;    // behind the closing brace

    bool operator==(const ExpressionMatch&) const = default;
};

// A CEL expression as the user wrote it.
struct Expression {
    std::string text;      // what CEL compiles; of a template: the concatenation
    std::string original;  // the template it was made from; "" if it stood alone

    // What a message shows: the template if it was one.
    [[nodiscard]] const std::string& user_text() const {
        return original.empty() ? text : original;
    }
    bool operator==(const Expression&) const = default;
};

// Where byte `offset` of what CEL compiles stands in the text as it was written. A place that the
// concatenation added is the start of what follows it.
[[nodiscard]] size_t offset_in_source(const Expression& expression, size_t offset);
// The byte of the written text that an error of CEL is about ("2:5" in its first cause); nothing if
// it does not say.
[[nodiscard]] std::optional<size_t> offset_of_cause(const Expression& expression,
                                                    const Cause& cause);
[[nodiscard]] std::optional<size_t> offset_of_error(const Expression& expression,
                                                    const Error& error);

// Every expression of a text, in order. Braces are counted outside of double-quoted literals only
// (single quotes do not hide a brace); an expression that is never closed is literal text. invalid
// if an expression contains another one outside of a literal. Source: kro, §3.1 of the reference.
[[nodiscard]] Result<std::vector<ExpressionMatch>> find_expressions(std::string_view text);

// True if the text is one expression and nothing else: its value may then have any type.
[[nodiscard]] Result<bool> is_standalone(std::string_view text);

// The concatenation that a template means: `"a-" + (x) + "-b"`, with literals quoted as Go does.
[[nodiscard]] std::string concatenation(std::string_view text,
                                        const std::vector<ExpressionMatch>& matches);

// The expression that a text stands for; nothing if it is a plain literal.
[[nodiscard]] Result<std::optional<Expression>> parse_expression(std::string_view text);

// For places that take nothing else: the inside of a standalone `${…}`. invalid with kro's text
// "only standalone expressions are allowed".
[[nodiscard]] Result<Expression> parse_standalone(std::string_view text);

// An expression and where its value goes.
struct FieldExpression {
    Path path;
    Expression expression;
    bool standalone = true;
};

// Every expression in the texts of a value, in document order. Keys are never looked at.
struct ExpressionWalk {
    struct Mistake {
        Path path;
        std::string message;
    };
    std::vector<FieldExpression> expressions;
    std::vector<Path> plain;  // texts, numbers and booleans without an expression
    std::vector<Mistake> mistakes;
};
[[nodiscard]] ExpressionWalk walk_expressions(const Value& value);

// The same for whoever needs no more than the first mistake; the paths of what has no expression
// are added to `plain` (may be null).
[[nodiscard]] Result<std::vector<FieldExpression>> collect_expressions(
    const Value& value, std::vector<std::string>* plain = nullptr);

}  // namespace weft::graph
