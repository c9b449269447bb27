// tests/fuzz/h1_parser_fuzz.cc: HTTP/1.1 heads and bodies from any bytes, in any portions.
//
// The first byte says how the rest is cut. A body must come out the same however it was cut.

#include <cstdint>
#include <string>
#include <string_view>

#include "io/http.h"
#include "io/internal/h1_parser.h"

namespace {

using weft::io::internal::BodyDecoder;

// The body, or "!" and what is wrong; `cut` bytes at a time.
std::string decode(BodyDecoder decoder, std::string_view bytes, size_t cut) {
    std::string out;
    while (!bytes.empty() && !decoder.is_done()) {
        const std::string_view portion = bytes.substr(0, cut);
        const auto taken = decoder.decode(portion, &out);
        if (!taken) {
            return "!" + taken.error().message();
        }
        CHECK(*taken == portion.size() || decoder.is_done());
        bytes.remove_prefix(*taken);
    }
    return out + (decoder.is_done() ? "." : "") + std::string(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const size_t cut = size_t{data[0]} + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    size_t searched = 0;
    const auto end = weft::io::internal::find_head_end(bytes, &searched);
    if (end) {
        CHECK(*end <= bytes.size());
        const auto request = weft::io::internal::parse_request_head(bytes.substr(0, *end));
        if (request) {
            CHECK(!request->method.empty() && !request->target.empty());
            CHECK(!(request->is_chunked && request->content_length));
            static_cast<void>(weft::io::http::Target::parse(request->target));
        }
        static_cast<void>(weft::io::internal::parse_response_head(bytes.substr(0, *end)));
    }
    const std::string_view body = bytes.substr(end.value_or(0));
    for (const auto kind : {BodyDecoder::Kind::chunked, BodyDecoder::Kind::length}) {
        const BodyDecoder decoder(kind, 100);
        CHECK(decode(decoder, body, body.size()) == decode(decoder, body, cut));
    }
    return 0;
}
