// object/internal/yaml_events.h: libyaml's parser as an owner, and its marks as lines and columns.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <yaml.h>

#include "base/base.h"

namespace weft::internal {

inline std::string_view to_view(const yaml_char_t* text) {
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// The parser of libyaml and its newest event.
class YamlEvents {
public:
    explicit YamlEvents(std::string_view text) {
        CHECK(yaml_parser_initialize(&parser_) == 1);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    YamlEvents(const YamlEvents&) = delete;
    YamlEvents& operator=(const YamlEvents&) = delete;
    ~YamlEvents() {
        drop();
        yaml_parser_delete(&parser_);
    }

    // False on an error, which parser() describes.
    [[nodiscard]] bool next() {
        drop();
        has_event_ = yaml_parser_parse(&parser_, &event_) == 1;
        return has_event_;
    }
    [[nodiscard]] const yaml_event_t& event() const { return event_; }
    [[nodiscard]] const yaml_parser_t& parser() const { return parser_; }

private:
    void drop() {
        if (has_event_) {
            yaml_event_delete(&event_);
            has_event_ = false;
        }
    }

    yaml_parser_t parser_;
    yaml_event_t event_;
    bool has_event_ = false;
};

// Turns libyaml's marks, which count characters, into lines and columns in bytes. Marks mostly
// come in order, so it walks on from the last one.
class YamlMarks {
public:
    YamlMarks(std::string_view text, uint32_t first_line)
        : text_(text), first_line_(first_line), is_ascii_(std::ranges::none_of(text, [](char c) {
              return static_cast<unsigned char>(c) >= 0x80;
          })) {}

    struct Point {
        uint32_t line = 0;
        uint32_t column = 0;
        size_t offset = 0;  // in bytes
    };
    Point locate(const yaml_mark_t& mark) {
        const auto line = static_cast<uint32_t>(mark.line) + first_line_;
        if (is_ascii_) {
            return {line, static_cast<uint32_t>(mark.column + 1),
                    std::min(mark.index, text_.size())};
        }
        if (mark.index < index_) {
            index_ = 0;
            offset_ = 0;
            line_start_ = 0;
        }
        for (; index_ < mark.index && offset_ < text_.size(); ++index_) {
            const char32_t c = next_code_point(text_, offset_);
            const bool is_break = c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029 ||
                                  (c == '\r' && !text_.substr(offset_).starts_with('\n'));
            if (is_break) {
                line_start_ = offset_;
            }
        }
        return {line, static_cast<uint32_t>(offset_ - line_start_ + 1), offset_};
    }

private:
    std::string_view text_;
    uint32_t first_line_;
    bool is_ascii_;
    size_t index_ = 0;       // characters passed
    size_t offset_ = 0;      // bytes passed
    size_t line_start_ = 0;  // where the line began, in bytes
};

}  // namespace weft::internal
