// object/yaml_place.cc: from a byte of a text to where it stands in the scalar that was read.

#include <algorithm>

#include "base/text.h"
#include "object/yaml.h"

namespace weft {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// Walks a scalar's source beside the text that it means. Both advance together; what stands only in
// the source (escapes, quotes, indentation, line breaks that fold) is passed over.
class ScalarWalk {
public:
    ScalarWalk(std::string_view source, size_t start, std::string_view text, size_t offset)
        : source_(source), at_(start), text_(text), offset_(std::min(offset, text.size())) {}

    // The byte of the source.
    size_t run() {
        skip_properties();
        switch (peek()) {
            case '|':
            case '>':
                walk_block();
                break;
            case '\'':
            case '"':
                ++at_;
                walk_flow(source_[at_ - 1]);
                break;
            default:
                walk_flow(0);
        }
        return std::min(at_, source_.size());
    }

private:
    [[nodiscard]] char peek(size_t ahead = 0) const {
        return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\n';
    }
    [[nodiscard]] bool is_done() const { return seen_ >= offset_ || at_ >= source_.size(); }
    void skip_blanks() {
        while (at_ < source_.size() && is_blank(source_[at_])) {
            ++at_;
        }
    }
    // Anchors and tags stand before the scalar.
    void skip_properties() {
        while (peek() == '&' || peek() == '!') {
            while (at_ < source_.size() && !is_blank(source_[at_]) && source_[at_] != '\n') {
                ++at_;
            }
            skip_blanks();
        }
    }
    void skip_code_point() {
        size_t position = seen_;
        static_cast<void>(next_code_point(text_, position));
        seen_ = position;
    }
    void both() {
        ++at_;
        ++seen_;
    }

    // Only blanks up to the end of the line.
    [[nodiscard]] bool at_fold() const {
        size_t position = at_;
        while (position < source_.size() && is_blank(source_[position])) {
            ++position;
        }
        return position < source_.size() &&
               (source_[position] == '\n' || source_[position] == '\r');
    }
    // Line breaks of a flow scalar: one means a blank, more mean one line break less.
    void fold() {
        while (at_ < source_.size() &&
               (is_blank(source_[at_]) || source_[at_] == '\n' || source_[at_] == '\r')) {
            ++at_;
        }
        if (seen_ < text_.size() && text_[seen_] == ' ') {
            ++seen_;
            return;
        }
        while (seen_ < text_.size() && text_[seen_] == '\n') {
            ++seen_;
        }
    }
    void unescape() {
        const char c = peek(1);
        if (c == '\n' || c == '\r') {
            ++at_;
            while (at_ < source_.size() &&
                   (is_blank(source_[at_]) || source_[at_] == '\n' || source_[at_] == '\r')) {
                ++at_;
            }
            return;
        }
        at_ += c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;
        skip_code_point();
    }
    void walk_flow(char quote) {
        while (!is_done()) {
            if (quote == '"' && peek() == '\\') {
                unescape();
            } else if (quote == '\'' && peek() == '\'' && peek(1) == '\'') {
                at_ += 2;
                ++seen_;
            } else if (at_fold()) {
                fold();
            } else {
                both();
            }
        }
        while (quote == '"' && peek() == '\\' && (peek(1) == '\n' || peek(1) == '\r')) {
            unescape();  // What follows stands on the next line.
        }
    }

    // How far the lines of a block scalar are moved to the right.
    [[nodiscard]] size_t find_indentation() const {
        const auto blanks_of_first = [](std::string_view text) {
            const size_t first = text.find_first_not_of(" \n\r");
            if (first == std::string_view::npos) {
                return size_t{0};
            }
            const size_t line = text.rfind('\n', first);
            return line == std::string_view::npos ? first : first - line - 1;
        };
        const size_t raw = blanks_of_first(source_.substr(at_));
        const size_t own = blanks_of_first(text_);
        return raw > own ? raw - own : 0;
    }
    void skip_indentation(size_t indentation) {
        for (size_t i = 0; i < indentation && peek() == ' '; ++i) {
            ++at_;
        }
    }
    void walk_block() {
        const bool folds = peek() == '>';
        at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
        const size_t indentation = find_indentation();
        skip_indentation(indentation);
        while (!is_done()) {
            if (peek() == '\r') {
                ++at_;
            } else if (peek() != '\n') {
                both();
            } else if (!folds) {
                both();
                skip_indentation(indentation);
            } else {
                fold_block(indentation);
            }
        }
    }
    void fold_block(size_t indentation) {
        while (at_ < source_.size() && peek() == '\n') {
            ++at_;
            skip_indentation(indentation);
        }
        if (seen_ < text_.size() && text_[seen_] == ' ') {
            ++seen_;
            return;
        }
        while (seen_ < text_.size() && text_[seen_] == '\n') {
            ++seen_;
        }
    }

    std::string_view source_;
    size_t at_;
    std::string_view text_;
    size_t offset_;
    size_t seen_ = 0;  // of text_
};

}  // namespace

Place place_in_scalar(std::string_view source, const Place& scalar, std::string_view text,
                      size_t offset) {
    if (source.starts_with("\xEF\xBB\xBF")) {
        source.remove_prefix(3);
    }
    size_t start = 0;
    for (int line = 1; line < scalar.line; ++line) {
        const size_t end = source.find('\n', start);
        if (end == std::string_view::npos) {
            return scalar;
        }
        start = end + 1;
    }
    start += scalar.column > 0 ? static_cast<size_t>(scalar.column) - 1 : 0;
    if (start >= source.size()) {
        return scalar;
    }
    const size_t found = ScalarWalk(source, start, text, offset).run();
    Place out = scalar;
    const std::string_view passed = source.substr(start, found - start);
    const size_t last_break = passed.rfind('\n');
    if (last_break == std::string_view::npos) {
        out.column += static_cast<int>(passed.size());
        return out;
    }
    out.line += static_cast<int>(std::ranges::count(passed, '\n'));
    out.column = static_cast<int>(passed.size() - last_break);
    return out;
}

}  // namespace weft
