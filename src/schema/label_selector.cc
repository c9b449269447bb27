// schema/label_selector.cc: reads and matches label selectors.

#include "schema/label_selector.h"

#include <algorithm>

#include "object/names.h"
#include "schema/field_error.h"
#include "schema/limits.h"

namespace weft::schema {

namespace {

using Operator = LabelRequirement::Operator;

enum class Token : uint8_t {
    end,
    identifier,
    closed,
    comma,
    not_exists,
    equals,
    double_equals,
    not_equals,
    greater,
    less,
    in,
    not_in,
    open,
    error,
};

struct Lexeme {
    Token token = Token::end;
    std::string text;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_special(char c) {
    return std::string_view("=!(),><").contains(c);
}

std::optional<Token> special_token(std::string_view text) {
    static constexpr std::pair<std::string_view, Token> tokens[] = {
        {")", Token::closed},         {",", Token::comma},       {"!", Token::not_exists},
        {"==", Token::double_equals}, {"=", Token::equals},      {">", Token::greater},
        {"<", Token::less},           {"!=", Token::not_equals}, {"(", Token::open},
    };
    for (const auto& [word, token] : tokens) {
        if (word == text) {
            return token;
        }
    }
    return std::nullopt;
}

// Cuts the text into lexemes. `in` and `notin` are operators only behind a key: the parser says.
class LabelLexer {
public:
    explicit LabelLexer(std::string_view text) : text_(text) {}

    Lexeme next() {
        while (at_ < text_.size() && is_blank(text_[at_])) {
            ++at_;
        }
        if (at_ >= text_.size() || text_[at_] == '\0') {
            return {};
        }
        return is_special(text_[at_]) ? symbol() : word();
    }

private:
    Lexeme symbol() {
        const size_t start = at_;
        Lexeme found{Token::error, ""};
        while (at_ < text_.size() && is_special(text_[at_])) {
            const std::string_view so_far = text_.substr(start, at_ + 1 - start);
            if (const auto token = special_token(so_far)) {
                found = {*token, std::string(so_far)};
            } else if (found.token != Token::error) {
                break;
            }
            ++at_;
        }
        return found;
    }
    Lexeme word() {
        const size_t start = at_;
        while (at_ < text_.size() && !is_blank(text_[at_]) && !is_special(text_[at_])) {
            ++at_;
        }
        const std::string_view word = text_.substr(start, at_ - start);
        const Token token = word == "in"      ? Token::in
                            : word == "notin" ? Token::not_in
                                              : Token::identifier;
        return {token, std::string(word)};
    }

    std::string_view text_;
    size_t at_ = 0;
};

Result<LabelRequirement> make_requirement(std::string key, Token op,
                                          std::vector<std::string> values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    FieldErrors errors;
    if (const auto wrong = check_qualified_name(key); !wrong.empty()) {
        errors.push_back(field_invalid("key", key, join(wrong, "; ")));
    }
    LabelRequirement requirement;
    requirement.as_set = op == Token::in || op == Token::not_in;
    requirement.double_equals = op == Token::double_equals;
    Value given;
    for (const std::string& value : values) {
        given.push_back(value);
    }
    if (requirement.as_set && values.empty()) {
        errors.push_back(field_invalid("values", given,
                                       "for 'in', 'notin' operators, values set can't be empty"));
    }
    if ((op == Token::identifier || op == Token::not_exists) && !values.empty()) {
        errors.push_back(field_invalid("values", given,
                                       "values set must be empty for exists and does not exist"));
    }
    switch (op) {
        case Token::not_in:
        case Token::not_equals:
            requirement.op = Operator::not_in;
            break;
        case Token::identifier:
            requirement.op = Operator::exists;
            break;
        case Token::not_exists:
            requirement.op = Operator::not_exists;
            break;
        case Token::greater:
        case Token::less:
            requirement.op = op == Token::greater ? Operator::greater : Operator::less;
            for (size_t i = 0; i < values.size(); ++i) {
                if (!parse_int(values[i])) {
                    errors.push_back(
                        field_invalid(path_index("values", i), values[i],
                                      "for 'Gt', 'Lt' operators, the value must be an integer"));
                }
            }
            break;
        default:
            requirement.op = Operator::in;
            break;
    }
    for (size_t i = 0; i < values.size(); ++i) {
        if (const auto wrong = check_label_value(values[i]); !wrong.empty()) {
            errors.push_back(field_invalid(path_key(path_index("values", i), key), values[i],
                                           join(wrong, "; ")));
        }
    }
    if (!errors.empty()) {
        return make_error(Reason::bad_request, aggregate_text(errors));
    }
    requirement.key = std::move(key);
    requirement.values = std::move(values);
    return requirement;
}

class LabelParser {
public:
    explicit LabelParser(std::string_view text) {
        LabelLexer lexer(text);
        for (Lexeme lexeme = lexer.next(); lexeme.token != Token::end; lexeme = lexer.next()) {
            lexemes_.push_back(std::move(lexeme));
            if (lexemes_.back().token == Token::error) {
                break;
            }
        }
        lexemes_.emplace_back();
    }

    Result<std::vector<LabelRequirement>> parse() {
        std::vector<LabelRequirement> requirements;
        for (;;) {
            const Lexeme& first = peek();
            if (first.token == Token::end) {
                return requirements;
            }
            if (!starts_requirement(first)) {
                return wrong("found '", first.text,
                             "', expected: !, identifier, or 'end of string'");
            }
            auto requirement = parse_requirement();
            if (!requirement) {
                return wrong("unable to parse requirement: ", requirement.error().message());
            }
            requirements.push_back(std::move(*requirement));
            if (requirements.size() > selector_requirements_max) {
                return wrong("selector has more than ", selector_requirements_max, " requirements");
            }
            const Lexeme after = take();
            if (after.token == Token::end) {
                return requirements;
            }
            if (after.token != Token::comma) {
                return wrong("found '", after.text, "', expected: ',' or 'end of string'");
            }
            if (!starts_requirement(peek())) {
                return wrong("found '", peek().text, "', expected: identifier after ','");
            }
        }
    }

private:
    template <typename... Pieces>
    static Error wrong(const Pieces&... pieces) {
        return make_error(Reason::bad_request, pieces...);
    }
    static bool is_word(const Lexeme& lexeme) {
        return lexeme.token == Token::identifier || lexeme.token == Token::in ||
               lexeme.token == Token::not_in;
    }
    static bool starts_requirement(const Lexeme& lexeme) {
        return is_word(lexeme) || lexeme.token == Token::not_exists;
    }
    [[nodiscard]] const Lexeme& peek() const { return lexemes_[at_]; }
    Lexeme take() {
        Lexeme lexeme = lexemes_[at_];
        if (at_ + 1 < lexemes_.size()) {
            ++at_;
        }
        return lexeme;
    }

    Result<LabelRequirement> parse_requirement() {
        Lexeme key = take();
        const bool negated = key.token == Token::not_exists;
        if (negated) {
            key = take();
        }
        if (!is_word(key)) {
            return wrong("found '", key.text, "', expected: identifier");
        }
        if (const auto errors = check_qualified_name(key.text); !errors.empty()) {
            return wrong(field_invalid("", key.text, join(errors, "; ")).text());
        }
        const Token next = peek().token;
        if (negated) {
            return make_requirement(std::move(key.text), Token::not_exists, {});
        }
        if (next == Token::end || next == Token::comma) {
            return make_requirement(std::move(key.text), Token::identifier, {});
        }
        const Lexeme op = take();
        switch (op.token) {
            case Token::in:
            case Token::not_in:
                return make_requirement(std::move(key.text), op.token, TRY(parse_values()));
            case Token::equals:
            case Token::double_equals:
            case Token::not_equals:
            case Token::greater:
            case Token::less:
                return make_requirement(std::move(key.text), op.token, TRY(parse_exact_value()));
            default:
                return wrong("found '", op.text, "', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    Result<std::vector<std::string>> parse_exact_value() {
        if (peek().token == Token::end || peek().token == Token::comma) {
            return std::vector<std::string>{""};
        }
        Lexeme value = take();
        if (!is_word(value)) {
            return wrong("found '", value.text, "', expected: identifier");
        }
        return std::vector<std::string>{std::move(value.text)};
    }

    // The list behind in and notin. Empty places count as the empty value: "(,a)", "(a,)", "()".
    Result<std::vector<std::string>> parse_values() {
        const Lexeme open = take();
        if (open.token != Token::open) {
            return wrong("found '", open.text, "' expected: '('");
        }
        if (peek().token == Token::closed) {
            take();
            return std::vector<std::string>{""};
        }
        if (!is_word(peek()) && peek().token != Token::comma) {
            return wrong("found '", peek().text, "', expected: ',', ')' or identifier");
        }
        std::vector<std::string> values;
        for (;;) {
            Lexeme item = take();
            if (is_word(item)) {
                values.push_back(std::move(item.text));
                if (peek().token == Token::closed) {
                    break;
                }
                if (peek().token != Token::comma) {
                    return wrong("found '", peek().text, "', expected: ',' or ')'");
                }
            } else if (item.token == Token::comma) {
                if (values.empty()) {
                    values.emplace_back();
                }
                if (peek().token == Token::closed) {
                    values.emplace_back();
                    break;
                }
                if (peek().token == Token::comma) {
                    take();
                    values.emplace_back();
                    if (peek().token == Token::closed) {
                        break;
                    }
                }
            } else {
                return wrong("found '", item.text, "', expected: ',', or identifier");
            }
        }
        take();
        return values;
    }

    std::vector<Lexeme> lexemes_;
    size_t at_ = 0;
};

bool holds(const LabelRequirement& requirement, const std::optional<std::string_view>& value) {
    switch (requirement.op) {
        case Operator::exists:
            return value.has_value();
        case Operator::not_exists:
            return !value.has_value();
        case Operator::in:
            return value &&
                   std::ranges::find(requirement.values, *value) != requirement.values.end();
        case Operator::not_in:
            return !value ||
                   std::ranges::find(requirement.values, *value) == requirement.values.end();
        case Operator::greater:
        case Operator::less: {
            const auto actual = value ? parse_int(*value) : std::nullopt;
            const auto limit = parse_int(requirement.values.front());
            return actual && limit &&
                   (requirement.op == Operator::greater ? *actual > *limit : *actual < *limit);
        }
    }
    return false;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector selector;
    selector.requirements_ = TRY(LabelParser(text).parse());
    std::ranges::stable_sort(selector.requirements_, {}, &LabelRequirement::key);
    return selector;
}

Result<LabelSelector> LabelSelector::of_object(const Value& object) {
    LabelSelector selector;
    if (const Value* labels = object.find("matchLabels")) {
        for (const Member& member : labels->members()) {
            const std::string_view value =
                member.value.is_string() ? member.value.as_string() : std::string_view();
            selector.requirements_.push_back(TRY(
                make_requirement(std::string(member.name()), Token::equals, {std::string(value)})));
        }
    }
    if (const Value* expressions = object.find("matchExpressions")) {
        for (const Value& expression : expressions->items()) {
            const std::string_view op = expression.string_at("operator");
            std::vector<std::string> values;
            if (const Value* list = expression.find("values")) {
                for (const Value& item : list->items()) {
                    values.emplace_back(item.is_string() ? item.as_string() : std::string_view());
                }
            }
            Token token = Token::error;
            if (op == "In") {
                token = Token::in;
            } else if (op == "NotIn") {
                token = Token::not_in;
            } else if (op == "Exists") {
                token = Token::identifier;
            } else if (op == "DoesNotExist") {
                token = Token::not_exists;
            } else {
                return make_error(Reason::bad_request, quote(op),
                                  " is not a valid label selector operator");
            }
            selector.requirements_.push_back(TRY(make_requirement(
                std::string(expression.string_at("key")), token, std::move(values))));
        }
    }
    std::ranges::stable_sort(selector.requirements_, {}, &LabelRequirement::key);
    return selector;
}

bool LabelSelector::matches(const Lookup& labels) const {
    return std::ranges::all_of(requirements_, [&](const LabelRequirement& requirement) {
        return holds(requirement, labels(requirement.key));
    });
}

bool LabelSelector::matches(const Value& labels) const {
    return matches([&labels](std::string_view key) -> std::optional<std::string_view> {
        const Value* found = labels.find(key);
        if (found == nullptr || !found->is_string()) {
            return std::nullopt;
        }
        return found->as_string();
    });
}

std::string LabelSelector::text() const {
    std::string out;
    for (const LabelRequirement& requirement : requirements_) {
        if (!out.empty()) {
            out += ',';
        }
        const std::string list = join(requirement.values, ",");
        switch (requirement.op) {
            case Operator::exists:
                out += requirement.key;
                break;
            case Operator::not_exists:
                append(out, "!", requirement.key);
                break;
            case Operator::in:
                if (!requirement.as_set) {
                    append(out, requirement.key, requirement.double_equals ? "==" : "=", list);
                } else {
                    append(out, requirement.key, " in (", list, ")");
                }
                break;
            case Operator::not_in:
                if (!requirement.as_set) {
                    append(out, requirement.key, "!=", list);
                } else {
                    append(out, requirement.key, " notin (", list, ")");
                }
                break;
            case Operator::greater:
                append(out, requirement.key, ">", list);
                break;
            case Operator::less:
                append(out, requirement.key, "<", list);
                break;
        }
    }
    return out;
}

}  // namespace weft::schema
