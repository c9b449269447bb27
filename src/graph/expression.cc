// graph/expression.cc: a scan over bytes; CEL itself is not parsed here.

#include "graph/expression.h"

#include "graph/limits.h"

namespace weft::graph {

namespace {

// The end of the expression whose text starts at `begin`; npos if it is never closed.
Result<size_t> find_expression_end(std::string_view text, size_t begin) {
    size_t depth = 1;
    bool in_literal = false;
    for (size_t i = begin; i < text.size(); ++i) {
        const char c = text[i];
        if (in_literal) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_literal = false;
            }
            continue;
        }
        if (c == '"') {
            in_literal = true;
        } else if (c == '$' && i + 1 < text.size() && text[i + 1] == '{' && text[i - 1] != '"') {
            return make_error(Reason::invalid,
                              "nested expressions are not allowed unless inside string literals");
        } else if (c == '{') {
            ++depth;
        } else if (c == '}' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

Status collect(const Value& value, Path& path, size_t depth, std::vector<FieldExpression>& out,
               std::vector<std::string>* plain) {
    if (depth > limits::template_depth) {
        return make_error(Reason::invalid, "template nested deeper than ", limits::template_depth,
                          " levels at path ", path.text());
    }
    switch (value.kind()) {
        case Value::Kind::map:
            for (const Member& member : value.members()) {
                path.push(member.name());
                TRY(collect(member.value, path, depth + 1, out, plain));
                path.pop();
            }
            return {};
        case Value::Kind::list: {
            size_t index = 0;
            for (const Value& item : value.items()) {
                path.push(index++);
                TRY(collect(item, path, depth + 1, out, plain));
                path.pop();
            }
            return {};
        }
        case Value::Kind::string:
            if (std::optional<Expression> expression = TRY(parse_expression(value.as_string()))) {
                const bool standalone = expression->original.empty();
                out.push_back({path, *std::move(expression), standalone});
                return {};
            }
            break;
        case Value::Kind::null:
            return {};
        default:
            break;
    }
    if (plain != nullptr) {
        plain->push_back(path.text());
    }
    return {};
}

}  // namespace

Result<std::vector<ExpressionMatch>> find_expressions(std::string_view text) {
    std::vector<ExpressionMatch> matches;
    size_t position = 0;
    while (true) {
        const size_t start = text.find("${", position);
        if (start == std::string_view::npos) {
            return matches;
        }
        const size_t end = TRY(find_expression_end(text, start + 2));
        if (end == std::string_view::npos) {
            position = start + 1;
            continue;
        }
        matches.push_back({text.substr(start + 2, end - start - 2), start, end + 1});
        position = end + 1;
    }
}

Result<bool> is_standalone(std::string_view text) {
    const std::vector<ExpressionMatch> matches = TRY(find_expressions(text));
    return matches.size() == 1 && matches[0].start == 0 && matches[0].end == text.size();
}

std::string concatenation(std::string_view text, const std::vector<ExpressionMatch>& matches) {
    std::string out;
    const auto add = [&out](std::string_view piece) {
        append(out, out.empty() ? "" : " + ", piece);
    };
    size_t position = 0;
    for (const ExpressionMatch& match : matches) {
        if (match.start > position) {
            add(quote(text.substr(position, match.start - position)));
        }
        add(cat("(", match.text, ")"));
        position = match.end;
    }
    if (position < text.size()) {
        add(quote(text.substr(position)));
    }
    return out;
}

Result<std::optional<Expression>> parse_expression(std::string_view text) {
    const std::vector<ExpressionMatch> matches = TRY(find_expressions(text));
    if (matches.empty()) {
        return std::optional<Expression>();
    }
    if (matches.size() == 1 && matches[0].start == 0 && matches[0].end == text.size()) {
        return std::optional(Expression{std::string(matches[0].text), ""});
    }
    return std::optional(Expression{concatenation(text, matches), std::string(text)});
}

Result<Expression> parse_standalone(std::string_view text) {
    const std::vector<ExpressionMatch> matches = TRY(find_expressions(text));
    if (matches.size() != 1 || matches[0].start != 0 || matches[0].end != text.size()) {
        return make_error(Reason::invalid, "only standalone expressions are allowed");
    }
    return Expression{std::string(matches[0].text), ""};
}

Result<std::vector<FieldExpression>> collect_expressions(const Value& value,
                                                         std::vector<std::string>* plain) {
    std::vector<FieldExpression> out;
    Path path;
    TRY(collect(value, path, 0, out, plain));
    return out;
}

}  // namespace weft::graph
