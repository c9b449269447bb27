// cel/library/encoders.cc: base64.encode and base64.decode.

#include "cel/library/encoders.h"

#include <cctype>

namespace weft::cel {

namespace {

Value encode_base64(Call& call, std::span<const Value> args) {
    return call.string(base64_encode(args[0].as_string()));
}

// Where Go's decoder says that it stopped: at the first byte that cannot stand there, or at the
// end.
size_t first_bad_byte(std::string_view text) {
    size_t at = 0;
    while (at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '+' ||
            text[at] == '/' || text[at] == '\n' || text[at] == '\r')) {
        ++at;
    }
    return at;
}

// Missing padding is forgiven, as cel-go does.
Value decode_base64(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    std::optional<std::string> bytes = base64_decode(text);
    if (!bytes) {
        bytes = base64_decode(text, Base64::standard_no_padding);
    }
    if (!bytes) {
        return call.error(ErrorCode::invalid_argument, "illegal base64 data at input byte ",
                          first_bad_byte(text));
    }
    return call.bytes(*bytes);
}

constexpr Documentation encoders_documentation[] = {
    {"base64.encode", "Bytes as base64.", "base64.encode(b'hi')", R"("aGk=")"},
    {"base64.decode", "The bytes of base64, with padding or without.",
     "string(base64.decode('aGk'))", R"("hi")"},
};

}  // namespace

Library encoders_library() {
    Library library("cel.lib.ext.encoders");
    library.function(
        "base64.encode",
        {{.id = "base64_encode_bytes", .signature = "(bytes) -> string", .call = encode_base64}});
    library.function(
        "base64.decode",
        {{.id = "base64_decode_string", .signature = "(string) -> bytes", .call = decode_base64}});
    library.document("Base64", encoders_documentation);
    return library;
}

}  // namespace weft::cel
