// object/json_write.cc: JSON as Go's encoding/json writes it.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "object/json.h"

namespace weft {

namespace {

// How a byte of a text is written: as it is, or with care.
enum class ByteClass : uint8_t { plain, escape, html, multibyte };

constexpr std::array<ByteClass, 256> make_byte_classes() {
    std::array<ByteClass, 256> out{};
    for (size_t i = 0; i < 256; ++i) {
        out[i] = i < 0x20 || i == '"' || i == '\\'  ? ByteClass::escape
                 : i == '<' || i == '>' || i == '&' ? ByteClass::html
                 : i >= 0x80                        ? ByteClass::multibyte
                                                    : ByteClass::plain;
    }
    return out;
}
constexpr std::array<ByteClass, 256> byte_classes = make_byte_classes();

// Bytes at the end of a string, with room made ahead so that most writes are a plain copy.
class Sink {
public:
    explicit Sink(std::string& out) : out_(out), used_(out.size()) {
        out_.resize(std::max(out_.capacity(), used_ + 256));
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    ~Sink() { out_.resize(used_); }

    // Where `room` bytes may be written; advance() says how many were.
    [[nodiscard]] char* reserve(size_t room) {
        if (out_.size() - used_ < room) [[unlikely]] {
            out_.resize(std::max(out_.size() * 2, used_ + room));
        }
        return out_.data() + used_;
    }
    void advance(size_t count) { used_ += count; }
    void put(char c) {
        *reserve(1) = c;
        ++used_;
    }
    void put(std::string_view text) {
        std::memcpy(reserve(text.size()), text.data(), text.size());
        used_ += text.size();
    }
    void fill(size_t count, char c) {
        std::memset(reserve(count), c, count);
        used_ += count;
    }

private:
    std::string& out_;
    size_t used_;
};

class JsonWriter {
public:
    JsonWriter(std::string& out, const JsonStyle& style) : sink_(out), style_(style) {}

    void write(const Value& value, size_t depth) {
        switch (value.kind()) {
            case Value::Kind::null:
                return sink_.put("null");
            case Value::Kind::boolean:
                return sink_.put(value.as_bool() ? std::string_view("true") : "false");
            case Value::Kind::integer:
                return write_integer(value.as_int());
            case Value::Kind::number:
                return sink_.put(std::isfinite(value.as_double()) ? format_double(value.as_double())
                                                                  : std::string("null"));
            case Value::Kind::string:
                return write_string(value.as_string());
            case Value::Kind::list:
                return write_list(value.items(), depth);
            case Value::Kind::map:
                return style_.sort_keys ? write_sorted(value.members(), depth)
                                        : write_map(value.members(), depth);
        }
    }

    void write_string(std::string_view text) {
        // Every byte becomes six at most: one reservation for the usual short text.
        if (text.size() <= short_max) {
            char* const start = sink_.reserve(text.size() * 6 + 2);
            char* at = start;
            *at++ = '"';
            for (const char c : text) {
                const ByteClass kind = byte_classes[static_cast<unsigned char>(c)];
                if (kind != ByteClass::plain && !(kind == ByteClass::html && !style_.escape_html))
                    [[unlikely]] {
                    return write_long_string(text);
                }
                *at++ = c;
            }
            *at++ = '"';
            sink_.advance(static_cast<size_t>(at - start));
            return;
        }
        write_long_string(text);
    }

private:
    static constexpr size_t short_max = 64;

    void write_integer(int64_t value) {
        char* const start = sink_.reserve(24);
        sink_.advance(static_cast<size_t>(std::to_chars(start, start + 24, value).ptr - start));
    }

    void new_line(size_t depth) {
        if (style_.indent > 0) {
            sink_.put('\n');
            sink_.fill(depth * static_cast<size_t>(style_.indent), ' ');
        }
    }

    void write_list(std::span<const Value> items, size_t depth) {
        sink_.put('[');
        bool first = true;
        for (const Value& item : items) {
            if (!first) {
                sink_.put(',');
            }
            first = false;
            new_line(depth + 1);
            write(item, depth + 1);
        }
        if (!items.empty()) {
            new_line(depth);
        }
        sink_.put(']');
    }

    void write_member(const Member& member, bool first, size_t depth) {
        if (!first) {
            sink_.put(',');
        }
        new_line(depth + 1);
        write_string(member.name());
        sink_.put(style_.indent > 0 ? std::string_view(": ") : ":");
        write(member.value, depth + 1);
    }

    void write_map(std::span<const Member> members, size_t depth) {
        sink_.put('{');
        for (const Member& member : members) {
            write_member(member, &member == members.data(), depth);
        }
        if (!members.empty()) {
            new_line(depth);
        }
        sink_.put('}');
    }

    void write_sorted(std::span<const Member> members, size_t depth) {
        const auto by_name = [](const Member& a, const Member& b) { return a.name() < b.name(); };
        if (std::ranges::is_sorted(members, by_name)) {
            return write_map(members, depth);
        }
        // Positions of all open maps share one stack.
        const size_t first = order_.size();
        for (const Member& member : members) {
            order_.push_back(&member);
        }
        std::sort(order_.begin() + static_cast<ptrdiff_t>(first), order_.end(),
                  [](const Member* a, const Member* b) { return a->name() < b->name(); });
        sink_.put('{');
        for (size_t i = 0; i < members.size(); ++i) {
            write_member(*order_[first + i], i == 0, depth);
        }
        order_.resize(first);
        new_line(depth);
        sink_.put('}');
    }

    void write_long_string(std::string_view text) {
        sink_.put('"');
        size_t run = 0;
        size_t i = 0;
        const auto flush = [&] { sink_.put(text.substr(run, i - run)); };
        while (i < text.size()) {
            const auto byte = static_cast<unsigned char>(text[i]);
            const ByteClass kind = byte_classes[byte];
            if (kind == ByteClass::plain || (kind == ByteClass::html && !style_.escape_html)) {
                ++i;
                continue;
            }
            if (kind == ByteClass::multibyte) {
                size_t next = i;
                const char32_t c = next_code_point(text, next);
                // One byte where it is no UTF-8; the character U+FFFD itself has three.
                const bool is_invalid = next == i + 1;
                if (!is_invalid && c != 0x2028 && c != 0x2029) {
                    i = next;
                    continue;
                }
                flush();
                sink_.put(is_invalid    ? std::string_view("\\ufffd")
                          : c == 0x2028 ? "\\u2028"
                                        : "\\u2029");
                i = next;
            } else {
                flush();
                write_escape(byte);
                ++i;
            }
            run = i;
        }
        flush();
        sink_.put('"');
    }

    void write_escape(unsigned char byte) {
        constexpr std::string_view plain = "\"\\\b\f\n\r\t";
        constexpr std::string_view names = "\"\\bfnrt";
        constexpr std::string_view digits = "0123456789abcdef";
        if (const size_t i = plain.find(static_cast<char>(byte)); i != std::string_view::npos) {
            sink_.put('\\');
            sink_.put(names[i]);
            return;
        }
        sink_.put("\\u00");
        sink_.put(digits[byte >> 4]);
        sink_.put(digits[byte & 0xF]);
    }

    Sink sink_;
    const JsonStyle& style_;
    std::vector<const Member*> order_;
};

}  // namespace

void write_json(std::string& out, const Value& value, const JsonStyle& style) {
    JsonWriter(out, style).write(value, 0);
}

std::string to_json(const Value& value, const JsonStyle& style) {
    std::string out;
    write_json(out, value, style);
    return out;
}

void write_json_string(std::string& out, std::string_view text, bool escape_html) {
    JsonWriter(out, JsonStyle{.escape_html = escape_html}).write_string(text);
}

}  // namespace weft
