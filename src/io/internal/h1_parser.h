// io/internal/h1_parser.h: HTTP/1.1 messages from bytes, strictly: RFC 9112 without its leniencies.
//
// What two parsers could read in two ways is refused: bare LF, folded lines, blanks before a colon,
// a length beside chunks, two lengths.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "io/http.h"

namespace weft::io::internal {

// Why a request head is refused: what Go's server answers, status and text.
struct BadRequest {
    int status = 400;
    std::string text;  // "" or what follows "400 Bad Request: "
};

struct Head {
    // Of a request.
    std::string method;
    std::string target;
    // Of a response.
    int status = 0;

    int minor = 1;  // HTTP/1.minor
    http::Headers headers;

    // What the fields say about the body and the connection.
    bool is_chunked = false;
    std::optional<uint64_t> content_length;
    bool keeps_alive = true;
    bool expects_continue = false;
};

// Where the head ends (behind its empty line) in bytes that may hold more; nothing if it is not
// complete. `searched` says how much was looked through before and is moved on.
[[nodiscard]] std::optional<size_t> find_head_end(std::string_view bytes, size_t* searched);

// `bytes` is one whole head with its empty line.
[[nodiscard]] std::expected<Head, BadRequest> parse_request_head(std::string_view bytes);
[[nodiscard]] Result<Head> parse_response_head(std::string_view bytes);

// Takes a body out of the bytes that follow a head.
class BodyDecoder {
public:
    enum class Kind : uint8_t { none, length, chunked, until_end };

    BodyDecoder() = default;
    BodyDecoder(Kind kind, uint64_t length) : kind_(kind), left_(length) {
        is_done_ = kind == Kind::none || (kind == Kind::length && length == 0);
    }

    // Appends what it finds to `out` and gives how many bytes it took. Stops at the body's end.
    // Takes no more than it is given; a broken chunk is an error.
    [[nodiscard]] Result<size_t> decode(std::string_view bytes, std::string* out);
    [[nodiscard]] bool is_done() const { return is_done_; }
    // The connection ended: whether that is a proper end of the body.
    [[nodiscard]] bool may_end() const { return is_done_ || kind_ == Kind::until_end; }

private:
    enum class State : uint8_t { size, data, data_end, trailer };
    [[nodiscard]] Status take_size_line(std::string_view line);

    Kind kind_ = Kind::none;
    State state_ = State::size;
    bool is_done_ = true;
    uint64_t left_ = 0;  // of the body, or of the chunk
    size_t trailer_bytes_ = 0;
    std::string line_;  // a line that has not ended yet
};

}  // namespace weft::io::internal
