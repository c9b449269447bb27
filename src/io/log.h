// io/log.h: what the process says about itself: a message and pairs, one line each, to stderr.
//
// The floor and the make pillar log nothing. Any thread may log. Never pass a secret: as a last
// line of defence the values of keys that sound like one are replaced (token, password, …).

#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"

namespace weft::io {

enum class LogLevel : uint8_t { debug, info, warning, error };
enum class LogFormat : uint8_t {
    console,  // 2026-11-26T00:20:00.123Z INFO applied name=web namespace=default
    json,     // {"level":"info","ts":"2026-11-26T00:20:00.123Z","msg":"applied","name":"web"}
};

// One pair. Numbers and booleans stay what they are in JSON.
struct LogField {
    LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
    LogField(std::string_view name, const char* text) : key(name), value(text) {}
    LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
    LogField(std::string_view name, const Error& error) : key(name), value(error.text()) {}
    template <typename T>
        requires std::integral<T>
    LogField(std::string_view name, T number) : key(name), value(cat(number)), is_text(false) {}

    std::string_view key;
    std::string value;
    bool is_text = true;
};

// "info" and so on; an error for any other word.
[[nodiscard]] Result<LogLevel> log_level_from_text(std::string_view text);

// From the start: info, console.
void configure_log(LogLevel least, LogFormat format);
[[nodiscard]] bool is_logged(LogLevel level);

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
void log(LogLevel level, std::string_view message, std::span<const LogField> fields);

// For tests: lines (without line end) go there instead of stderr; an empty function ends that.
void divert_log(std::function<void(std::string_view line)> sink);

}  // namespace weft::io
