// cel/internal/parser.cc: text to tree: precedence climbing, macros expanded where they stand.
//
// Source: cel-go parser/parser.go and CEL.g4; places, ids and messages are as there.

#include "cel/internal/parser.h"

#include <algorithm>
#include <array>

#include "cel/internal/environment_rep.h"
#include "cel/internal/go_text.h"
#include "cel/internal/lexer.h"
#include "cel/limits.h"

namespace weft::cel {

namespace {

constexpr std::array<std::string_view, 17> reserved_words{
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

constexpr std::string_view expression_start =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, "
    "BYTES, IDENTIFIER}";
// The same where a list of arguments may also end.
constexpr std::string_view argument_start =
    "{'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, "
    "STRING, BYTES, IDENTIFIER}";
constexpr std::string_view member_start =
    "{'[', '{', '(', '.', '-', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, "
    "BYTES, IDENTIFIER}";

bool starts_expression(TokenKind kind) {
    switch (kind) {
        case TokenKind::left_bracket:
        case TokenKind::left_brace:
        case TokenKind::left_paren:
        case TokenKind::dot:
        case TokenKind::minus:
        case TokenKind::bang:
        case TokenKind::keyword_true:
        case TokenKind::keyword_false:
        case TokenKind::keyword_null:
        case TokenKind::number:
        case TokenKind::integer:
        case TokenKind::unsigned_integer:
        case TokenKind::string:
        case TokenKind::bytes:
        case TokenKind::identifier:
            return true;
        default:
            return false;
    }
}

std::string_view spelling(TokenKind kind) {
    switch (kind) {
        case TokenKind::right_bracket:
            return "']'";
        case TokenKind::right_brace:
            return "'}'";
        case TokenKind::right_paren:
            return "')'";
        case TokenKind::colon:
            return "':'";
        case TokenKind::identifier:
            return "IDENTIFIER";
        case TokenKind::end:
            return "<EOF>";
        default:
            return "'?'";
    }
}

class Parser final : public MacroContext {
public:
    Parser(Parsed& out, Issues& issues, const Environment::Rep& environment)
        : out_(out),
          issues_(issues),
          environment_(environment),
          lexer_(out.source, issues),
          token_(lexer_.next()) {
        out_.offsets.reserve(out.source.size() / 2 + 8);
        out_.offsets.push_back(0);
    }

    // Null if it failed; the issues say why.
    Expr* parse() {
        Expr* root = expression();
        if (root == nullptr) {
            return nullptr;
        }
        if (token_.kind != TokenKind::end) {
            const Token extra = token_;
            advance();
            syntax_error(extra,
                         token_.kind == TokenKind::end ? "extraneous input" : "mismatched input",
                         "<EOF>");
            return nullptr;
        }
        return root;
    }

    // --- MacroContext ---

    Expr* literal(const Value& value) override {
        Expr* expr = node(ExprKind::literal, macro_offset_);
        expr->literal = value;
        return expr;
    }
    Expr* string(std::string_view text) override {
        return literal(Value::string(out_.arena.copy(text)));
    }
    Expr* identifier(std::string_view name) override {
        Expr* expr = node(ExprKind::identifier, macro_offset_);
        expr->name = out_.arena.copy(name);
        return expr;
    }
    Expr* select(Expr* operand, std::string_view field) override {
        Expr* expr = node(ExprKind::select, macro_offset_);
        expr->operand = operand;
        expr->name = field;
        return settle(expr);
    }
    Expr* test(Expr* operand, std::string_view field) override {
        Expr* expr = select(operand, field);
        expr->test_only = true;
        return expr;
    }
    Expr* call(std::string_view function, std::initializer_list<Expr*> args) override {
        return call(function, std::span(args.begin(), args.size()));
    }
    Expr* call(std::string_view function, std::span<Expr* const> args) override {
        return make_call(macro_offset_, function, nullptr, args);
    }
    Expr* member_call(std::string_view function, Expr* target,
                      std::initializer_list<Expr*> args) override {
        return make_call(macro_offset_, function, target, std::span(args.begin(), args.size()));
    }
    Expr* list(std::initializer_list<Expr*> elements) override {
        Expr* expr = node(ExprKind::list, macro_offset_);
        expr->args = out_.arena.copy(std::span<Expr* const>(elements.begin(), elements.size()));
        return settle(expr);
    }
    Expr* map(std::span<const Entry> entries) override {
        Expr* expr = node(ExprKind::map, macro_offset_);
        expr->entries = out_.arena.copy(entries);
        return settle(expr);
    }
    Entry map_entry(Expr* key, Expr* value, bool optional) override {
        return {.id = next_id(macro_offset_), .optional = optional, .key = key, .value = value};
    }
    Expr* comprehension(const Comprehension& parts) override {
        Expr* expr = node(ExprKind::comprehension, macro_offset_);
        expr->comprehension = out_.arena.make<Comprehension>(parts);
        return settle(expr);
    }
    Expr* copy(const Expr* from) override {
        if (from == nullptr) {
            return nullptr;
        }
        if (out_.offsets.size() > nodes_max) {
            if (!gave_up_) {
                issues_.add(macro_offset_, cat("expression has more than ", nodes_max, " nodes"));
            }
            gave_up_ = true;
            return out_.arena.make<Expr>(*from);
        }
        Expr* expr = out_.arena.make<Expr>(*from);
        expr->id = next_id(out_.offsets[from->id]);
        expr->operand = copy(from->operand);
        expr->args = out_.arena.copy(std::span<Expr* const>(from->args));
        for (Expr*& argument : expr->args) {
            argument = copy(argument);
        }
        expr->entries = out_.arena.copy(std::span<const Entry>(from->entries));
        for (Entry& entry : expr->entries) {
            entry.id = next_id(out_.offsets[entry.id]);
            entry.key = copy(entry.key);
            entry.value = copy(entry.value);
        }
        if (from->comprehension != nullptr) {
            Comprehension parts = *from->comprehension;
            for (Expr** part :
                 {&parts.range, &parts.initial, &parts.condition, &parts.step, &parts.result}) {
                *part = copy(*part);
            }
            expr->comprehension = out_.arena.make<Comprehension>(parts);
        }
        return expr;
    }
    [[nodiscard]] std::string_view accumulator() const override { return cel::accumulator; }
    Expr* error(const Expr* at, std::string_view message) override {
        issues_.add(at == nullptr ? macro_offset_ : out_.offsets[at->id], std::string(message));
        return nullptr;
    }

private:
    void advance() { token_ = lexer_.next(); }
    [[nodiscard]] std::string_view text_of(const Token& token) const {
        return std::string_view(out_.source).substr(token.begin, token.end - token.begin);
    }

    uint32_t next_id(uint32_t offset) {
        out_.offsets.push_back(offset);
        return static_cast<uint32_t>(out_.offsets.size() - 1);
    }
    Expr* node(ExprKind kind, uint32_t offset) {
        Expr* expr = out_.arena.make<Expr>();
        expr->kind = kind;
        expr->id = next_id(offset);
        return expr;
    }
    // Notes how deep a finished node is.
    static Expr* settle(Expr* expr) {
        uint32_t below = 0;
        const auto look = [&below](const Expr* part) {
            below = std::max(below, part == nullptr ? 0 : part->depth);
        };
        look(expr->operand);
        for (const Expr* argument : expr->args) {
            look(argument);
        }
        for (const Entry& entry : expr->entries) {
            look(entry.key);
            look(entry.value);
        }
        if (const Comprehension* loop = expr->comprehension) {
            for (const Expr* part :
                 {loop->range, loop->initial, loop->condition, loop->step, loop->result}) {
                look(part);
            }
        }
        expr->depth = below + 1;
        return expr;
    }
    // The same for a node that was written; null if the tree is too deep.
    Expr* finish(Expr* expr) {
        return settle(expr)->depth > tree_depth_max && too_deep(recursion_max + 1) ? nullptr : expr;
    }

    Expr* make_call(uint32_t offset, std::string_view function, Expr* target,
                    std::span<Expr* const> args) {
        Expr* expr = node(ExprKind::call, offset);
        expr->name = function;
        expr->operand = target;
        expr->args = out_.arena.copy(args);
        return settle(expr);
    }

    std::nullptr_t fail(uint32_t offset, std::string message) {
        issues_.add(offset, std::move(message));
        return nullptr;
    }
    std::nullptr_t syntax_error(const Token& at, std::string_view what, std::string_view expected) {
        const std::string_view text = at.kind == TokenKind::end ? "<EOF>" : text_of(at);
        return fail(at.begin, cat("Syntax error: ", what, " '", text, "' expecting ", expected));
    }
    // Takes a token that must stand here; as ANTLR, one wrong token before it is skipped.
    bool expect(TokenKind kind) {
        if (token_.kind == kind) {
            advance();
            return true;
        }
        const Token wrong = token_;
        if (wrong.kind == TokenKind::end) {
            issues_.add(wrong.begin, cat("Syntax error: missing ", spelling(kind), " at '<EOF>'"));
            return false;
        }
        advance();
        if (token_.kind == kind) {
            syntax_error(wrong, "extraneous input", spelling(kind));
            advance();
            return true;
        }
        syntax_error(wrong, "mismatched input", spelling(kind));
        return false;
    }

    // Counts how deep the parser is; too deep is the one error of an expression.
    struct Depth {
        explicit Depth(Parser& parser) : parser_(parser) { ++parser_.depth_; }
        ~Depth() { --parser_.depth_; }
        Depth(const Depth&) = delete;
        Depth& operator=(const Depth&) = delete;
        Parser& parser_;
    };
    bool too_deep(int depth) {
        if (depth <= recursion_max) {
            return false;
        }
        if (!gave_up_) {
            issues_.add(token_.begin, cat("expression recursion limit exceeded: ", recursion_max));
        }
        gave_up_ = true;
        return true;
    }

    // A chain of operators or fields is a deep tree: cel-go counts when it walks it.
    bool too_long(int length) {
        if (depth_ + length <= recursion_max) {
            return false;
        }
        if (!gave_up_) {
            issues_.add(token_.begin, "max recursion depth exceeded");
        }
        gave_up_ = true;
        return true;
    }

    Expr* expression() {
        const Depth depth(*this);
        if (too_deep(depth_)) {
            return nullptr;
        }
        Expr* condition = chain(TokenKind::logical_or);
        if (condition == nullptr || token_.kind != TokenKind::question) {
            return condition;
        }
        const uint32_t question = token_.begin;
        const uint32_t id = next_id(question);
        advance();
        Expr* yes = chain(TokenKind::logical_or);
        if (yes == nullptr || !expect(TokenKind::colon)) {
            return nullptr;
        }
        Expr* no = expression();
        if (no == nullptr) {
            return nullptr;
        }
        return with_id(id, operators::conditional, {condition, yes, no});
    }

    Expr* with_id(uint32_t id, std::string_view function, std::initializer_list<Expr*> args) {
        Expr* expr = out_.arena.make<Expr>();
        expr->kind = ExprKind::call;
        expr->id = id;
        expr->name = function;
        expr->args = out_.arena.copy(std::span<Expr* const>(args.begin(), args.size()));
        return finish(expr);
    }

    // a || b || c, or a && b && c: a balanced tree, so that long chains are not deep.
    Expr* chain(TokenKind op) {
        const bool is_or = op == TokenKind::logical_or;
        Expr* first = is_or ? chain(TokenKind::logical_and) : relation();
        if (first == nullptr || token_.kind != op) {
            return first;
        }
        std::vector<Expr*> terms{first};
        std::vector<uint32_t> ids;
        while (token_.kind == op) {
            ids.push_back(next_id(token_.begin));
            advance();
            Expr* term = is_or ? chain(TokenKind::logical_and) : relation();
            if (term == nullptr) {
                return nullptr;
            }
            terms.push_back(term);
        }
        return balance(is_or ? operators::logical_or : operators::logical_and, terms, ids, 0,
                       ids.size() - 1);
    }
    Expr* balance(std::string_view function, const std::vector<Expr*>& terms,
                  const std::vector<uint32_t>& ids, size_t low, size_t high) {
        const size_t middle = (low + high + 1) / 2;
        Expr* left = middle == low ? terms[middle] : balance(function, terms, ids, low, middle - 1);
        Expr* right =
            middle == high ? terms[middle + 1] : balance(function, terms, ids, middle + 1, high);
        return with_id(ids[middle], function, {left, right});
    }

    static std::string_view relation_operator(TokenKind kind) {
        switch (kind) {
            case TokenKind::equal:
                return operators::equals;
            case TokenKind::not_equal:
                return operators::not_equals;
            case TokenKind::less:
                return operators::less;
            case TokenKind::less_equal:
                return operators::less_equals;
            case TokenKind::greater:
                return operators::greater;
            case TokenKind::greater_equal:
                return operators::greater_equals;
            case TokenKind::keyword_in:
                return operators::in;
            default:
                return {};
        }
    }
    static std::string_view sum_operator(TokenKind kind) {
        return kind == TokenKind::plus    ? operators::add
               : kind == TokenKind::minus ? operators::subtract
                                          : std::string_view();
    }
    static std::string_view product_operator(TokenKind kind) {
        return kind == TokenKind::star      ? operators::multiply
               : kind == TokenKind::slash   ? operators::divide
               : kind == TokenKind::percent ? operators::modulo
                                            : std::string_view();
    }

    // Left-associative operators of one level over the operands of the next.
    Expr* operators_of_level(std::string_view (*operator_of)(TokenKind),
                             Expr* (Parser::*operand)()) {
        Expr* left = (this->*operand)();
        int length = 0;
        while (left != nullptr) {
            const std::string_view function = operator_of(token_.kind);
            if (function.empty() || too_long(++length)) {
                return function.empty() ? left : nullptr;
            }
            const uint32_t id = next_id(token_.begin);
            advance();
            Expr* right = (this->*operand)();
            if (right == nullptr) {
                return nullptr;
            }
            left = with_id(id, function, {left, right});
        }
        return left;
    }
    Expr* relation() { return operators_of_level(relation_operator, &Parser::sum); }
    Expr* sum() { return operators_of_level(sum_operator, &Parser::product); }
    Expr* product() { return operators_of_level(product_operator, &Parser::unary); }

    Expr* unary() {
        const Token first = token_;
        if (first.kind != TokenKind::bang && first.kind != TokenKind::minus) {
            return member(nullptr);
        }
        int count = 0;
        while (token_.kind == first.kind) {
            ++count;
            advance();
        }
        if (first.kind == TokenKind::minus && count == 1 &&
            (token_.kind == TokenKind::integer || token_.kind == TokenKind::number)) {
            // The sign belongs to the literal: -9223372036854775808 is one.
            return member(number_literal(first.begin, true));
        }
        if (token_.kind == TokenKind::bang ||
            (token_.kind == TokenKind::minus && first.kind == TokenKind::minus)) {
            return syntax_error(token_, "extraneous input", member_start);
        }
        const uint32_t id = count % 2 == 1 ? next_id(first.begin) : 0;
        Expr* operand = nullptr;
        if (token_.kind == TokenKind::minus) {
            // "!-1": only a literal may have a sign here.
            const Token sign = token_;
            advance();
            if (token_.kind != TokenKind::integer && token_.kind != TokenKind::number) {
                return syntax_error(token_, "mismatched input", "{NUM_FLOAT, NUM_INT}");
            }
            operand = member(number_literal(sign.begin, true));
        } else {
            operand = member(nullptr);
        }
        if (operand == nullptr || count % 2 == 0) {
            return operand;
        }
        return with_id(id,
                       first.kind == TokenKind::bang ? operators::logical_not : operators::negate,
                       {operand});
    }

    Expr* number_literal(uint32_t begin, bool negative) {
        const Token token = token_;
        std::string_view text = text_of(token);
        advance();
        Expr* expr = node(ExprKind::literal, begin);
        if (token.kind == TokenKind::number) {
            const std::optional<double> value = parse_double(text);
            if (!value) {
                return fail(begin, "invalid double literal");
            }
            expr->literal = Value::number(negative ? -*value : *value);
            return expr;
        }
        const bool is_unsigned = token.kind == TokenKind::unsigned_integer;
        if (is_unsigned) {
            text.remove_suffix(1);
        }
        int base = 10;
        if (text.starts_with("0x")) {
            text.remove_prefix(2);
            base = 16;
        }
        uint64_t magnitude = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
        if (is_unsigned) {
            if (read.ec != std::errc{}) {
                return fail(begin, "invalid uint literal");
            }
            expr->literal = Value::unsigned_integer(magnitude);
            return expr;
        }
        constexpr uint64_t limit = uint64_t{1} << 63U;
        if (read.ec != std::errc{} || magnitude > limit || (magnitude == limit && !negative)) {
            return fail(begin, "invalid int literal");
        }
        expr->literal =
            Value::integer(static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude));
        return expr;
    }

    // A primary and what follows it: .field, .method(…), [index], {…}.
    Expr* member(Expr* expr) {
        const bool is_given = expr != nullptr;
        if (!is_given) {
            if (issues_.size() > 0 && gave_up_) {
                return nullptr;
            }
            expr = primary();
        }
        int length = 0;
        while (expr != nullptr) {
            switch (token_.kind) {
                case TokenKind::dot:
                    expr = after_dot(expr);
                    break;
                case TokenKind::left_bracket:
                    expr = index(expr);
                    break;
                case TokenKind::left_brace:
                    if (!is_type_name(expr)) {
                        return expr;
                    }
                    expr = structure(expr);
                    break;
                default:
                    return expr;
            }
            if (too_long(++length)) {
                return nullptr;
            }
        }
        return nullptr;
    }

    static bool is_type_name(const Expr* expr) {
        while (expr->kind == ExprKind::select && !expr->test_only) {
            expr = expr->operand;
        }
        return expr->kind == ExprKind::identifier;
    }

    Expr* after_dot(Expr* operand) {
        const uint32_t dot = token_.begin;
        advance();
        const bool is_optional = token_.kind == TokenKind::question;
        if (is_optional) {
            advance();
        }
        const Token name = token_;
        if (name.kind != TokenKind::identifier && name.kind != TokenKind::quoted_identifier) {
            if (name.kind == TokenKind::end) {
                return fail(name.begin, "Syntax error: no viable alternative at input '.'");
            }
            // The grammar of the cel-go that Kubernetes 1.36 has sees the name that must follow.
            if (environment_.profile.kind == Profile::Kind::kubernetes) {
                return syntax_error(name, "mismatched input", "IDENTIFIER");
            }
            return fail(name.begin,
                        cat("Syntax error: no viable alternative at input '.", text_of(name), "'"));
        }
        advance();
        std::string_view field = text_of(name);
        if (name.kind == TokenKind::quoted_identifier) {
            // Off in the cel-go of Kubernetes 1.30 to 1.36, unless asked for.
            if (environment_.profile.kind == Profile::Kind::kubernetes) {
                return fail(name.begin, "unsupported syntax: '`'");
            }
            field = field.substr(1, field.size() - 2);
        } else if (token_.kind == TokenKind::left_paren && !is_optional) {
            return call_after(operand, field);
        }
        if (is_optional) {
            const uint32_t id = next_id(dot);
            Expr* key = node(ExprKind::literal, name.begin);
            key->literal = Value::string(field);
            return with_id(id, operators::optional_select, {operand, key});
        }
        Expr* expr = node(ExprKind::select, dot);
        expr->operand = operand;
        expr->name = field;
        return finish(expr);
    }

    Expr* index(Expr* operand) {
        const uint32_t id = next_id(token_.begin);
        advance();
        const bool is_optional = token_.kind == TokenKind::question;
        if (is_optional) {
            advance();
        }
        Expr* key = expression();
        if (key == nullptr || !expect(TokenKind::right_bracket)) {
            return nullptr;
        }
        return with_id(id, is_optional ? operators::optional_index : operators::index,
                       {operand, key});
    }

    // name(…) or operand.name(…), at the parenthesis.
    Expr* call_after(Expr* target, std::string_view name) {
        const uint32_t offset = token_.begin;
        const uint32_t id = next_id(offset);
        advance();
        std::vector<Expr*> args;
        arguments_begin_ = token_.begin;
        if (token_.kind != TokenKind::right_paren) {
            for (;;) {
                Expr* argument = expression();
                if (argument == nullptr) {
                    return nullptr;
                }
                args.push_back(argument);
                if (token_.kind != TokenKind::comma) {
                    break;
                }
                advance();
            }
        }
        if (!expect(TokenKind::right_paren)) {
            return nullptr;
        }
        Expr* expr = out_.arena.make<Expr>();
        expr->kind = ExprKind::call;
        expr->id = id;
        expr->name = name;
        expr->operand = target;
        expr->args = out_.arena.copy(std::span<Expr* const>(args));
        return finish(expr) == nullptr ? nullptr : expand(expr, offset);
    }

    Expr* expand(Expr* call, uint32_t offset) {
        const Macro* macro =
            environment_.find_macro(call->name, call->args.size(), call->operand != nullptr);
        if (macro == nullptr) {
            return call;
        }
        const uint32_t outer = std::exchange(macro_offset_, offset);
        declined_ = false;
        const size_t issues = issues_.size();
        Expr* expansion = macro->expand(*this, call->operand, call->args);
        macro_offset_ = outer;
        if (expansion == nullptr) {
            if (declined_) {
                return call;
            }
            CHECK(issues_.size() > issues);
            // The mistake is reported; the call stands for the expansion so that parsing goes on.
            return call;
        }
        // cel-go gives the expansion's root a place of its own; ours is the call's.
        out_.macro_calls.push_back({expansion->id, call});
        return finish(expansion);
    }

    Expr* structure(Expr* type) {
        std::string name;
        if (!qualified_name(*type, name)) {
            return nullptr;
        }
        Expr* expr = node(ExprKind::structure, token_.begin);
        expr->name = out_.arena.copy(name);
        advance();
        std::vector<Entry> entries;
        const bool is_good = parts(TokenKind::right_brace, LoneComma::wrong, [&] {
            Entry entry;
            entry.optional = takes_question();
            const Token field = token_;
            if (field.kind != TokenKind::identifier && field.kind != TokenKind::quoted_identifier) {
                syntax_error(field, "mismatched input", "{'}', ',', '?', IDENTIFIER}");
                return false;
            }
            advance();
            entry.field = text_of(field);
            if (field.kind == TokenKind::quoted_identifier) {
                entry.field = entry.field.substr(1, entry.field.size() - 2);
            }
            entry.id = next_id(token_.begin);
            return expect(TokenKind::colon) && add_entry(entry, &entries);
        });
        if (!is_good) {
            return nullptr;
        }
        expr->entries = out_.arena.copy(std::span<const Entry>(entries));
        return finish(expr);
    }

    Expr* list_literal() {
        Expr* expr = node(ExprKind::list, token_.begin);
        advance();
        std::vector<Expr*> elements;
        std::vector<uint32_t> optionals;
        const bool is_good = parts(TokenKind::right_bracket, LoneComma::empty, [&] {
            if (takes_question()) {
                optionals.push_back(static_cast<uint32_t>(elements.size()));
            }
            elements.push_back(expression());
            return elements.back() != nullptr;
        });
        if (!is_good) {
            return nullptr;
        }
        expr->args = out_.arena.copy(std::span<Expr* const>(elements));
        expr->optionals = out_.arena.copy(std::span<const uint32_t>(optionals));
        return finish(expr);
    }

    Expr* map_literal() {
        Expr* expr = node(ExprKind::map, token_.begin);
        advance();
        std::vector<Entry> entries;
        const bool is_good = parts(TokenKind::right_brace, LoneComma::empty, [&] {
            Entry entry;
            entry.optional = takes_question();
            entry.id = next_id(token_.begin);
            entry.key = expression();
            if (entry.key == nullptr) {
                return false;
            }
            out_.offsets[entry.id] = token_.begin;  // the colon
            return expect(TokenKind::colon) && add_entry(entry, &entries);
        });
        if (!is_good) {
            return nullptr;
        }
        expr->entries = out_.arena.copy(std::span<const Entry>(entries));
        return finish(expr);
    }

    // The parts of a literal up to `end`, with commas between them and maybe one behind the last.
    // A comma alone is an empty list or map; a message has no such form.
    enum class LoneComma : uint8_t { empty, wrong };
    template <typename Part>
    bool parts(TokenKind end, LoneComma lone_comma, Part part) {
        if (token_.kind == TokenKind::comma && lone_comma == LoneComma::empty) {
            advance();
            return expect(end);
        }
        while (token_.kind != end) {
            if (!part()) {
                return false;
            }
            if (token_.kind != TokenKind::comma) {
                break;
            }
            advance();
        }
        return expect(end);
    }
    bool takes_question() {
        const bool is_there = token_.kind == TokenKind::question;
        if (is_there) {
            advance();
        }
        return is_there;
    }
    // Reads the value of an entry.
    bool add_entry(Entry entry, std::vector<Entry>* entries) {
        entry.value = expression();
        entries->push_back(entry);
        return entry.value != nullptr;
    }

    Expr* quoted_literal() {
        const Token token = token_;
        advance();
        const bool is_bytes = token.kind == TokenKind::bytes;
        Expr* expr = node(ExprKind::literal, token.begin);
        std::string_view text = text_of(token);
        if (!is_bytes && (text[0] == '"' || text[0] == '\'') &&
            (text.size() < 6 || text[1] != text[0]) &&
            text.find_first_of("\\\r") == std::string_view::npos) {
            // Nothing to decode: the literal lies in the source.
            expr->literal = Value::string(text.substr(1, text.size() - 2));
            return expr;
        }
        std::string content;
        std::string_view failure;
        if (!unescape_literal(text, is_bytes, content, failure)) {
            return fail(token.begin, std::string(failure));
        }
        const std::string_view kept = out_.arena.copy(content);
        expr->literal = is_bytes ? Value::bytes(kept) : Value::string(kept);
        return expr;
    }

    Expr* named(bool has_leading_dot, const Token& dot) {
        const Token name = token_;
        std::string_view text = text_of(name);
        advance();
        if (has_leading_dot) {
            text = dot.end == name.begin
                       ? std::string_view(out_.source).substr(dot.begin, name.end - dot.begin)
                       : out_.arena.copy(cat(".", text));
        }
        if (std::ranges::find(reserved_words, text) != reserved_words.end()) {
            return fail(name.begin, cat("reserved identifier: ", text));
        }
        if (token_.kind == TokenKind::left_paren) {
            return call_after(nullptr, text);
        }
        Expr* expr = node(ExprKind::identifier, name.begin);
        expr->name = text;
        return expr;
    }

    Expr* primary() {
        switch (token_.kind) {
            case TokenKind::identifier:
                return named(false, token_);
            case TokenKind::dot: {
                const Token dot = token_;
                advance();
                if (token_.kind != TokenKind::identifier) {
                    return syntax_error(token_, "mismatched input", "IDENTIFIER");
                }
                return named(true, dot);
            }
            case TokenKind::left_paren: {
                advance();
                Expr* inner = expression();
                return inner != nullptr && expect(TokenKind::right_paren) ? inner : nullptr;
            }
            case TokenKind::left_bracket:
                return list_literal();
            case TokenKind::left_brace:
                return map_literal();
            case TokenKind::integer:
            case TokenKind::unsigned_integer:
            case TokenKind::number:
                return number_literal(token_.begin, false);
            case TokenKind::string:
            case TokenKind::bytes:
                return quoted_literal();
            case TokenKind::keyword_true:
            case TokenKind::keyword_false:
            case TokenKind::keyword_null: {
                Expr* expr = node(ExprKind::literal, token_.begin);
                expr->literal = token_.kind == TokenKind::keyword_null
                                    ? Value::null()
                                    : Value::boolean(token_.kind == TokenKind::keyword_true);
                advance();
                return expr;
            }
            default:
                return unexpected();
        }
    }

    // A token that starts no expression. ANTLR skips it if the next one does.
    Expr* unexpected() {
        const Token wrong = token_;
        const std::string_view wanted =
            wrong.begin == arguments_begin_ ? argument_start : expression_start;
        if (wrong.kind != TokenKind::end) {
            advance();
            if (starts_expression(token_.kind) && token_.kind != TokenKind::bang) {
                syntax_error(wrong, "extraneous input", wanted);
                return primary();
            }
        }
        return syntax_error(wrong, "mismatched input", wanted);
    }

    Parsed& out_;
    Issues& issues_;
    const Environment::Rep& environment_;
    Lexer lexer_;
    Token token_;
    uint32_t macro_offset_ = 0;
    std::optional<uint32_t> arguments_begin_;  // where the last list of arguments opened
    int depth_ = 0;
    bool gave_up_ = false;
};

}  // namespace

bool qualified_name(const Expr& expr, std::string& out) {
    if (expr.kind == ExprKind::identifier) {
        out.assign(expr.name);
        return true;
    }
    if (expr.kind != ExprKind::select || expr.test_only || !qualified_name(*expr.operand, out)) {
        return false;
    }
    append(out, ".", expr.name);
    return true;
}

Result<std::shared_ptr<const Parsed>> parse_expression(std::string_view text,
                                                       const Environment::Rep& environment) {
    auto parsed = std::make_shared<Parsed>();
    parsed->source = std::string(text);
    Issues issues;
    const auto code_points =
        static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
    if (code_points > code_points_max) {
        return make_error(Reason::invalid,
                          "ERROR: <input>:-1:0: expression code point size exceeds limit: size: ",
                          code_points, ", limit ", code_points_max);
    }
    Parser parser(*parsed, issues, environment);
    parsed->root = parser.parse();
    if (!issues.empty()) {
        return issues.to_error(text);
    }
    std::ranges::sort(parsed->macro_calls, {}, &MacroCall::id);
    return std::shared_ptr<const Parsed>(std::move(parsed));
}

}  // namespace weft::cel
