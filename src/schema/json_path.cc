// schema/json_path.cc: parses and follows JSONPaths.

#include "schema/json_path.h"

#include <algorithm>
#include <array>
#include <utility>

#include "schema/limits.h"

namespace weft::schema {

class JsonPath::Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<Step>> parse_path(size_t depth, std::string_view stops) {
        std::vector<Step> steps;
        if (depth > json_path_depth_max) {
            return problem("filters are nested too deeply");
        }
        bool is_first = true;
        while (at_ < text_.size() && stops.find(text_[at_]) == std::string_view::npos) {
            if (steps.size() >= json_path_steps_max) {
                return problem("the path is too long");
            }
            if (text_[at_] == '[') {
                ++at_;
                TRY(parse_bracket(depth, steps));
            } else if (text_.substr(at_).starts_with("..")) {
                at_ += 2;
                steps.push_back({.kind = StepKind::descent});
                if (at_ < text_.size() && text_[at_] != '[') {
                    TRY(parse_member(stops, steps));
                }
            } else if (text_[at_] == '.' || is_first) {
                at_ += text_[at_] == '.' ? 1 : 0;
                if (at_ < text_.size() && text_[at_] != '[' &&
                    stops.find(text_[at_]) == std::string_view::npos) {
                    TRY(parse_member(stops, steps));
                }
            } else {
                return problem("unexpected character");
            }
            is_first = false;
        }
        return steps;
    }

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] Error problem(std::string_view what) const {
        return make_error(Reason::invalid, "JSONPath ", quote(text_), ", column ", at_ + 1, ": ",
                          what);
    }

private:
    Status parse_member(std::string_view stops, std::vector<Step>& steps) {
        std::string name;
        while (at_ < text_.size() && text_[at_] != '.' && text_[at_] != '[' &&
               stops.find(text_[at_]) == std::string_view::npos) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
            }
            name += text_[at_++];
        }
        if (name.empty()) {
            return problem("a member's name is missing");
        }
        if (name == "*") {
            steps.push_back({.kind = StepKind::all});
        } else {
            steps.push_back({.kind = StepKind::member, .name = std::move(name)});
        }
        return {};
    }

    void skip_blanks() {
        while (at_ < text_.size() && text_[at_] == ' ') {
            ++at_;
        }
    }
    bool take(char c) {
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    Result<std::string> parse_quoted() {
        const char mark = text_[at_++];
        std::string out;
        while (at_ < text_.size() && text_[at_] != mark) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
            }
            out += text_[at_++];
        }
        if (at_ == text_.size()) {
            return problem("the quoted text does not end");
        }
        ++at_;
        return out;
    }

    [[nodiscard]] bool is_quote() const {
        return at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"');
    }

    // Behind "[".
    Status parse_bracket(size_t depth, std::vector<Step>& steps) {
        skip_blanks();
        if (is_quote()) {
            steps.push_back({.kind = StepKind::member, .name = TRY(parse_quoted())});
        } else if (take('*')) {
            steps.push_back({.kind = StepKind::all});
        } else if (take('?')) {
            TRY(parse_filter(depth, steps));
        } else {
            TRY(parse_items(steps));
        }
        return take(']') ? Status() : Status(problem("expected ]"));
    }

    Result<std::optional<int64_t>> parse_number() {
        skip_blanks();
        const size_t begin = at_;
        while (at_ < text_.size() &&
               (text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9'))) {
            ++at_;
        }
        if (at_ == begin) {
            return std::optional<int64_t>();
        }
        const auto number = parse_int(text_.substr(begin, at_ - begin));
        if (!number) {
            return problem("invalid array index");
        }
        return number;
    }

    Status parse_items(std::vector<Step>& steps) {
        const std::optional<int64_t> first = TRY(parse_number());
        if (take(':')) {
            Step step{.kind = StepKind::range, .begin = first};
            step.end = TRY(parse_number());
            if (take(':')) {
                step.stride = TRY(parse_number()).value_or(1);
                if (step.stride <= 0) {
                    return problem("step must be > 0");
                }
            }
            steps.push_back(std::move(step));
            return {};
        }
        if (!first) {
            return problem("expected an index, a name in quotes, * or ?");
        }
        Step step{.kind = StepKind::item, .indices = {*first}};
        while (take(',')) {
            const std::optional<int64_t> next = TRY(parse_number());
            if (!next) {
                return problem("expected an index");
            }
            step.indices.push_back(*next);
        }
        steps.push_back(std::move(step));
        return {};
    }

    // Behind "?": (@.path == operand).
    Status parse_filter(size_t depth, std::vector<Step>& steps) {
        Step step{.kind = StepKind::filter};
        if (!take('(') || !take('@')) {
            return problem("expected (@");
        }
        step.path = TRY(parse_path(depth + 1, " )=!<>"));
        skip_blanks();
        static constexpr std::array<std::pair<std::string_view, Comparison>, 6> words{
            {{"==", Comparison::equal},
             {"!=", Comparison::differs},
             {"<=", Comparison::at_most},
             {">=", Comparison::at_least},
             {"<", Comparison::less},
             {">", Comparison::greater}}};
        for (const auto& [word, comparison] : words) {
            if (text_.substr(at_).starts_with(word)) {
                at_ += word.size();
                step.comparison = comparison;
                TRY(parse_operand(depth, step));
                break;
            }
        }
        if (!take(')')) {
            return problem("expected )");
        }
        steps.push_back(std::move(step));
        return {};
    }

    Status parse_operand(size_t depth, Step& step) {
        skip_blanks();
        if (is_quote()) {
            step.operand = Value(TRY(parse_quoted()));
            return {};
        }
        if (take('@')) {
            step.operand_path = TRY(parse_path(depth + 1, " )"));
            return {};
        }
        const size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != ')' && text_[at_] != ' ') {
            ++at_;
        }
        Result<Value> value = parse_json(text_.substr(begin, at_ - begin));
        if (!value || value->is_list() || value->is_map()) {
            return problem("expected a text in quotes, a number, true or false");
        }
        step.operand = std::move(*value);
        return {};
    }

    std::string_view text_;
    size_t at_ = 0;
};

class JsonPath::Finder {
public:
    std::vector<const Value*> follow(const std::vector<Step>& steps, const Value& root) {
        std::vector<const Value*> found{&root};
        for (const Step& step : steps) {
            std::vector<const Value*> next;
            for (const Value* value : found) {
                take(step, *value, next, 0);
            }
            found = std::move(next);
        }
        return found;
    }

private:
    static void add(const Value& value, std::vector<const Value*>& out) {
        if (out.size() < json_path_results_max) {
            out.push_back(&value);
        }
    }

    void take(const Step& step, const Value& value, std::vector<const Value*>& out, size_t depth) {
        switch (step.kind) {
            case StepKind::member:
                if (const Value* member = value.find(step.name)) {
                    add(*member, out);
                }
                break;
            case StepKind::item:
                for (const int64_t index : step.indices) {
                    const auto size = static_cast<int64_t>(value.items().size());
                    const int64_t at = index < 0 ? size + index : index;
                    if (at >= 0 && at < size) {
                        add(value.at(static_cast<size_t>(at)), out);
                    }
                }
                break;
            case StepKind::range:
                take_range(step, value, out);
                break;
            case StepKind::all:
                for (const Value& item : value.items()) {
                    add(item, out);
                }
                for (const Member& member : value.members()) {
                    add(member.value, out);
                }
                break;
            case StepKind::descent:
                descend(value, out, depth);
                break;
            case StepKind::filter:
                for (const Value& item : value.items()) {
                    if (passes(step, item)) {
                        add(item, out);
                    }
                }
                break;
        }
    }

    static void take_range(const Step& step, const Value& value, std::vector<const Value*>& out) {
        const auto size = static_cast<int64_t>(value.items().size());
        const auto bound = [size](int64_t at) {
            return std::clamp<int64_t>(at < 0 ? size + at : at, 0, size);
        };
        const int64_t end = bound(step.end.value_or(size));
        for (int64_t at = bound(step.begin.value_or(0)); at < end; at += step.stride) {
            add(value.at(static_cast<size_t>(at)), out);
        }
    }

    void descend(const Value& value, std::vector<const Value*>& out, size_t depth) {
        if (depth > object_depth_max) {
            return;
        }
        add(value, out);
        for (const Value& item : value.items()) {
            descend(item, out, depth + 1);
        }
        for (const Member& member : value.members()) {
            descend(member.value, out, depth + 1);
        }
    }

    bool passes(const Step& filter, const Value& item) {
        const std::vector<const Value*> left = follow(filter.path, item);
        if (filter.comparison == Comparison::exists) {
            return !left.empty();
        }
        Value right = filter.operand;
        if (!filter.operand_path.empty()) {
            const std::vector<const Value*> found = follow(filter.operand_path, item);
            if (found.empty()) {
                return false;
            }
            right = *found.front();
        }
        if (left.empty()) {
            return false;
        }
        const int order = Value::compare(*left.front(), right);
        switch (filter.comparison) {
            case Comparison::equal:
                return order == 0;
            case Comparison::differs:
                return order != 0;
            case Comparison::less:
                return order < 0;
            case Comparison::at_most:
                return order <= 0;
            case Comparison::greater:
                return order > 0;
            case Comparison::at_least:
                return order >= 0;
            case Comparison::exists:
                break;
        }
        return true;
    }
};

Result<JsonPath> JsonPath::parse(std::string_view text) {
    text = trim(text);
    if (text.starts_with('{') && text.ends_with('}')) {
        text = trim(text.substr(1, text.size() - 2));
    }
    if (text.starts_with('$') || text.starts_with('@')) {
        text.remove_prefix(1);
    }
    Parser parser(text);
    JsonPath out;
    out.steps_ = TRY(parser.parse_path(0, ""));
    if (!parser.at_end()) {
        return parser.problem("unexpected character");
    }
    return out;
}

std::vector<const Value*> JsonPath::find(const Value& root) const {
    return Finder().follow(steps_, root);
}

const Value* JsonPath::find_first(const Value& root) const {
    if (!is_simple()) {
        const std::vector<const Value*> found = find(root);
        return found.empty() ? nullptr : found.front();
    }
    const Value* at = &root;  // the common case, without a list of results
    for (const Step& step : steps_) {
        at = at == nullptr ? nullptr : at->find(step.name);
    }
    return at;
}

bool JsonPath::is_simple() const {
    return std::ranges::all_of(steps_,
                               [](const Step& step) { return step.kind == StepKind::member; });
}

std::string json_path_text(const Value& value) {
    if (value.is_string()) {
        return std::string(value.as_string());
    }
    if (value.is_null()) {
        return "<nil>";
    }
    return to_json(value, {.sort_keys = true, .escape_html = true});
}

}  // namespace weft::schema
