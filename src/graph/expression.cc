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

void collect(const Value& value, Path& path, size_t depth, ExpressionWalk& out) {
    if (depth > limits::template_depth) {
        out.mistakes.push_back({path, cat("template nested deeper than ", limits::template_depth,
                                          " levels at path ", path.text())});
        return;
    }
    switch (value.kind()) {
        case Value::Kind::map:
            for (const Member& member : value.members()) {
                path.push(member.name());
                collect(member.value, path, depth + 1, out);
                path.pop();
            }
            return;
        case Value::Kind::list: {
            size_t index = 0;
            for (const Value& item : value.items()) {
                path.push(index++);
                collect(item, path, depth + 1, out);
                path.pop();
            }
            return;
        }
        case Value::Kind::string: {
            Result<std::optional<Expression>> parsed = parse_expression(value.as_string());
            if (!parsed) {
                out.mistakes.push_back({path, parsed.error().message()});
                return;
            }
            if (*parsed) {
                const bool standalone = (*parsed)->original.empty();
                out.expressions.push_back({path, **std::move(parsed), standalone});
                return;
            }
            break;
        }
        default:
            break;
    }
    out.plain.push_back(path);
}

// The byte of a text at "line:column", columns counted in code points, both from 1.
std::optional<size_t> byte_at(std::string_view text, std::string_view place) {
    const size_t colon = place.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<int64_t> line = parse_int(place.substr(0, colon));
    const std::optional<int64_t> column = parse_int(place.substr(colon + 1));
    if (!line || !column) {
        return std::nullopt;
    }
    size_t at = 0;
    for (int64_t i = 1; i < *line; ++i) {
        const size_t end = text.find('\n', at);
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        at = end + 1;
    }
    for (int64_t i = 1; i < *column && at < text.size(); ++i) {
        static_cast<void>(next_code_point(text, at));
    }
    return at;
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

ExpressionWalk walk_expressions(const Value& value) {
    ExpressionWalk out;
    Path path;
    collect(value, path, 0, out);
    return out;
}

Result<std::vector<FieldExpression>> collect_expressions(const Value& value,
                                                         std::vector<std::string>* plain) {
    ExpressionWalk walk = walk_expressions(value);
    if (!walk.mistakes.empty()) {
        return make_error(Reason::invalid, walk.mistakes[0].message);
    }
    if (plain != nullptr) {
        for (const Path& path : walk.plain) {
            plain->push_back(path.text());
        }
    }
    return std::move(walk.expressions);
}

size_t offset_in_source(const Expression& expression, size_t offset) {
    if (expression.original.empty()) {
        return offset + 2;  // behind "${"
    }
    const auto matches = find_expressions(expression.original);
    if (!matches) {
        return 0;
    }
    // As `concatenation` puts the pieces one after the other.
    size_t written = 0;
    size_t position = 0;
    const auto separator = [&written] { return written == 0 ? size_t{0} : size_t{3}; };
    for (const ExpressionMatch& match : *matches) {
        if (match.start > position) {
            written += separator();
            written +=
                quote(
                    std::string_view(expression.original).substr(position, match.start - position))
                    .size();
        }
        written += separator() + 1;
        if (offset < written) {
            return match.start;
        }
        if (offset <= written + match.text.size()) {
            return match.start + 2 + (offset - written);
        }
        written += match.text.size() + 1;
        position = match.end;
    }
    return position;
}

std::optional<size_t> offset_of_cause(const Expression& expression, const Cause& cause) {
    const std::optional<size_t> offset = byte_at(expression.text, cause.field);
    return offset ? std::optional(offset_in_source(expression, *offset)) : std::nullopt;
}

std::optional<size_t> offset_of_error(const Expression& expression, const Error& error) {
    const std::vector<Cause>& causes = error.details().causes;
    return causes.empty() ? std::nullopt : offset_of_cause(expression, causes[0]);
}

}  // namespace weft::graph
