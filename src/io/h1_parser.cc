// io/h1_parser.cc: heads and bodies of HTTP/1.1.

#include "io/internal/h1_parser.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "io/limits.h"

namespace weft::io::internal {

namespace {

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}
constexpr std::array<bool, 256> token_table = make_token_table();

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return token_table[static_cast<unsigned char>(c)];
    });
}

// No control characters but a tab.
bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    });
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

// Whether a list like "keep-alive, Upgrade" has the word.
bool list_has(std::string_view list, std::string_view word) {
    return std::ranges::any_of(split(list, ','), [&](std::string_view item) {
        return to_lower(trim_blanks(item)) == word;
    });
}

std::optional<int> parse_version(std::string_view text) {
    if (text == "HTTP/1.1") {
        return 1;
    }
    if (text == "HTTP/1.0") {
        return 0;
    }
    return std::nullopt;
}

std::optional<uint64_t> parse_length(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = !text.empty() && text[0] >= '0' && text[0] <= '9' &&
                           error == std::errc() && end == text.data() + text.size() &&
                           value <= uint64_t{1} << 62;
    return is_number ? std::optional(value) : std::nullopt;
}

// The next line without its CRLF; nothing if it ends otherwise.
std::optional<std::string_view> take_line(std::string_view* bytes) {
    const size_t end = bytes->find('\n');
    if (end == std::string_view::npos || end == 0 || (*bytes)[end - 1] != '\r') {
        return std::nullopt;
    }
    const std::string_view line = bytes->substr(0, end - 1);
    bytes->remove_prefix(end + 1);
    return line;
}

// The framing fields, each judged as it comes. Returns what is wrong, or nothing.
std::optional<BadRequest> take_framing(std::string_view name, std::string_view value, Head* head) {
    if (name == "content-length") {
        const std::optional<uint64_t> length = parse_length(value);
        if (!length || (head->content_length && *head->content_length != *length)) {
            return BadRequest{400, {}};
        }
        head->content_length = length;
    } else if (name == "transfer-encoding") {
        if (head->is_chunked || to_lower(value) != "chunked") {
            return BadRequest{501, "Unsupported transfer encoding"};
        }
        head->is_chunked = true;
    } else if (name == "connection") {
        if (list_has(value, "close")) {
            head->keeps_alive = false;
        } else if (head->minor == 0 && list_has(value, "keep-alive")) {
            head->keeps_alive = true;
        }
    } else if (name == "expect") {
        if (to_lower(value) != "100-continue") {
            return BadRequest{417, {}};
        }
        head->expects_continue = true;
    }
    return std::nullopt;
}

std::optional<BadRequest> take_fields(std::string_view bytes, Head* head) {
    head->keeps_alive = head->minor == 1;
    size_t count = 0;
    while (true) {
        const std::optional<std::string_view> line = take_line(&bytes);
        if (!line) {
            return BadRequest{400, {}};
        }
        if (line->empty()) {
            break;
        }
        if (++count > limits::header_fields) {
            return BadRequest{431, {}};
        }
        const size_t colon = line->find(':');
        if (colon == std::string_view::npos) {
            return BadRequest{400, {}};
        }
        const std::string_view name = line->substr(0, colon);
        const std::string_view value = trim_blanks(line->substr(colon + 1));
        if (!is_token(name)) {
            return BadRequest{400, "invalid header name"};
        }
        if (!is_field_value(value)) {
            return BadRequest{400, "invalid header value"};
        }
        head->headers.add(name, std::string(value));
        if (auto bad = take_framing(head->headers.fields().back().first, value, head)) {
            return bad;
        }
    }
    // A length beside chunks is how requests are smuggled; chunks in 1.0 are not defined.
    if (head->is_chunked && (head->content_length || head->minor == 0)) {
        return BadRequest{400, {}};
    }
    return std::nullopt;
}

// "http://host/path" becomes "/path": the absolute form that proxies get.
std::string_view origin_form(std::string_view target) {
    const size_t scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) {
        return target;
    }
    const size_t path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

std::optional<size_t> find_head_end(std::string_view bytes, size_t* searched) {
    const size_t start = *searched > 3 ? *searched - 3 : 0;
    const size_t found = bytes.find("\r\n\r\n", start);
    if (found == std::string_view::npos) {
        *searched = bytes.size();
        return std::nullopt;
    }
    *searched = 0;
    return found + 4;
}

std::expected<Head, BadRequest> parse_request_head(std::string_view bytes) {
    const std::optional<std::string_view> line = take_line(&bytes);
    if (!line) {
        return std::unexpected(BadRequest{400, {}});
    }
    const size_t first = line->find(' ');
    const size_t last = line->rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return std::unexpected(BadRequest{400, {}});
    }
    Head head;
    const std::string_view method = line->substr(0, first);
    const std::string_view target = line->substr(first + 1, last - first - 1);
    const std::string_view version = line->substr(last + 1);
    const std::optional<int> minor = parse_version(version);
    if (!minor) {
        return std::unexpected(version.starts_with("HTTP/")
                                   ? BadRequest{505, "unsupported protocol version"}
                                   : BadRequest{400, {}});
    }
    if (!is_token(method) || target.empty() || !is_field_value(target) ||
        target.find_first_of(" \t") != std::string_view::npos) {
        return std::unexpected(BadRequest{400, {}});
    }
    head.minor = *minor;
    head.method = method;
    head.target = origin_form(target);
    if (auto bad = take_fields(bytes, &head)) {
        return std::unexpected(*std::move(bad));
    }
    const size_t hosts = head.headers.all("host").size();
    if (hosts > 1) {
        return std::unexpected(BadRequest{400, "too many Host headers"});
    }
    if (hosts == 0 && head.minor == 1) {
        return std::unexpected(BadRequest{400, "missing required Host header"});
    }
    return head;
}

Result<Head> parse_response_head(std::string_view bytes) {
    const auto malformed = [] { return make_error(Reason::io, "malformed HTTP response"); };
    const std::optional<std::string_view> line = take_line(&bytes);
    if (!line || line->size() < 12 || (*line)[8] != ' ' ||
        (line->size() > 12 && (*line)[12] != ' ')) {
        return malformed();
    }
    const std::optional<int> minor = parse_version(line->substr(0, 8));
    const std::optional<uint64_t> status = parse_length(line->substr(9, 3));
    if (!minor || !status || *status < 100) {
        return malformed();
    }
    Head head;
    head.minor = *minor;
    head.status = static_cast<int>(*status);
    if (take_fields(bytes, &head)) {
        return malformed();
    }
    return head;
}

Status BodyDecoder::take_size_line(std::string_view line) {
    const std::string_view digits = line.substr(0, line.find_first_of("; \t"));
    uint64_t size = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || digits[0] == '-' || error != std::errc() ||
        end != digits.data() + digits.size() || size > uint64_t{1} << 62) {
        return make_error(Reason::bad_request, "invalid chunk size");
    }
    left_ = size;
    state_ = size == 0 ? State::trailer : State::data;
    return {};
}

Result<size_t> BodyDecoder::decode(std::string_view bytes, std::string* out) {
    const size_t all = bytes.size();
    while (!is_done_ && !bytes.empty()) {
        if (kind_ == Kind::until_end) {
            out->append(bytes);
            return all;
        }
        if (kind_ == Kind::length || state_ == State::data) {
            const auto taken = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
            out->append(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
            left_ -= taken;
            if (left_ == 0) {
                is_done_ = kind_ == Kind::length;
                state_ = State::data_end;
            }
            continue;
        }
        const size_t newline = bytes.find('\n');
        const std::string_view part = bytes.substr(0, newline);
        if (line_.size() + part.size() > limits::chunk_line && state_ != State::trailer) {
            return make_error(Reason::bad_request, "chunk line is too long");
        }
        if (state_ == State::trailer) {
            trailer_bytes_ += part.size();
            if (trailer_bytes_ > limits::trailer_bytes) {
                return make_error(Reason::bad_request, "trailer is too long");
            }
        }
        line_ += part;
        if (newline == std::string_view::npos) {
            return all;
        }
        bytes.remove_prefix(newline + 1);
        if (line_.empty() || line_.back() != '\r') {
            return make_error(Reason::bad_request, "malformed chunked encoding");
        }
        line_.pop_back();
        if (state_ == State::size) {
            TRY(take_size_line(line_));
        } else if (state_ == State::data_end) {
            if (!line_.empty()) {
                return make_error(Reason::bad_request, "malformed chunked encoding");
            }
            state_ = State::size;
        } else if (line_.empty()) {
            is_done_ = true;
        }
        line_.clear();
    }
    return all - bytes.size();
}

}  // namespace weft::io::internal
