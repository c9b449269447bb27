// io/log.cc: lines by our own format, written by spdlog.

#include "io/log.h"

#define SPDLOG_COMPILED_LIB
#define SPDLOG_SHARED_LIB
#define SPDLOG_FMT_EXTERNAL
#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <mutex>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace weft::io {

namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 4> level_shouts = {"DEBUG", "INFO", "WARN", "ERROR"};

class FunctionSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FunctionSink(std::function<void(std::string_view)> function)
        : function_(std::move(function)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        function_({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}
    std::function<void(std::string_view)> function_;
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
    auto logger = std::make_shared<spdlog::logger>("weft", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);  // is_logged decides.
    return logger;
}

// Set once before there are threads, and by tests.
struct State {
    std::atomic<LogLevel> least = LogLevel::info;
    std::atomic<LogFormat> format = LogFormat::console;
    std::mutex mutex;
    std::shared_ptr<spdlog::logger> logger =
        make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
};

State& state() {
    static State instance;
    return instance;
}

bool sounds_secret(std::string_view key) {
    const std::string lower = to_lower(key);
    return std::ranges::any_of(
        std::array<std::string_view, 6>{"token", "password", "secret", "authorization", "key_pem",
                                        "private_key"},
        [&](std::string_view word) { return lower.ends_with(word); });
}

std::string timestamp() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::string seconds = format_rfc3339({now.tv_sec, 0});  // ends with Z
    return fmt::format("{}.{:03}Z", std::string_view(seconds).substr(0, seconds.size() - 1),
                       now.tv_nsec / 1'000'000);
}

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    for (size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += text[i++];
        } else if (byte < 0x20) {
            out += byte == '\n' ? "\\n" : fmt::format("\\u{:04x}", byte);
            ++i;
        } else if (byte < 0x80) {
            out += text[i++];
        } else {
            append_utf8(out, next_code_point(text, i));
        }
    }
    out += '"';
}

std::string json_line(LogLevel level, std::string_view message, std::span<const LogField> fields) {
    std::string line = cat(R"({"level":")", level_names[static_cast<size_t>(level)], R"(","ts":")",
                           timestamp(), R"(","msg":)");
    append_json_text(line, message);
    for (const LogField& field : fields) {
        line += ',';
        append_json_text(line, field.key);
        line += ':';
        if (sounds_secret(field.key)) {
            line += "\"[redacted]\"";
        } else if (field.is_text) {
            append_json_text(line, field.value);
        } else {
            line += field.value;
        }
    }
    line += '}';
    return line;
}

std::string console_line(LogLevel level, std::string_view message,
                         std::span<const LogField> fields) {
    std::string line = cat(timestamp(), " ", level_shouts[static_cast<size_t>(level)], " ");
    // A line stays a line, whatever a peer has put into the message.
    for (const char c : message) {
        line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    for (const LogField& field : fields) {
        append(line, " ", field.key, "=");
        if (sounds_secret(field.key)) {
            line += "[redacted]";
        } else if (!field.value.empty() && std::ranges::all_of(field.value, [](char c) {
                       return c > ' ' && c < 0x7F && c != '"' && c != '=';
                   })) {
            line += field.value;
        } else {
            line += quote(field.value);
        }
    }
    return line;
}

}  // namespace

Result<LogLevel> log_level_from_text(std::string_view text) {
    for (size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == text || (text == "warn" && level_names[i] == "warning")) {
            return static_cast<LogLevel>(i);
        }
    }
    return make_error(Reason::invalid, "unknown log level ", quote(text),
                      "; one of debug, info, warning, error");
}

void configure_log(LogLevel least, LogFormat format) {
    state().least = least;
    state().format = format;
}

bool is_logged(LogLevel level) {
    return level >= state().least.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    log(level, message, std::span<const LogField>(fields.begin(), fields.size()));
}

void log(LogLevel level, std::string_view message, std::span<const LogField> fields) {
    if (!is_logged(level)) {
        return;
    }
    const std::string line = state().format == LogFormat::json
                                 ? json_line(level, message, fields)
                                 : console_line(level, message, fields);
    std::shared_ptr<spdlog::logger> logger;
    {
        const std::lock_guard lock(state().mutex);
        logger = state().logger;
    }
    logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void divert_log(std::function<void(std::string_view line)> sink) {
    spdlog::sink_ptr made;
    if (sink) {
        made = std::make_shared<FunctionSink>(std::move(sink));
    } else {
        made = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    const std::lock_guard lock(state().mutex);
    state().logger = make_logger(std::move(made));
}

}  // namespace weft::io
