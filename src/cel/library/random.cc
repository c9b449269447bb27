// cel/library/random.cc: kro's seeded texts and numbers. Source: kro pkg/cel/library/random.go.

#include "cel/library/random.h"

#include "base/hash.h"
#include "cel/limits.h"

namespace weft::cel {

namespace {

// Bytes of a text as a number, the highest first.
uint64_t big_endian(std::string_view bytes) {
    uint64_t out = 0;
    for (const char byte : bytes) {
        out = out << 8U | static_cast<unsigned char>(byte);
    }
    return out;
}

// The 32 bytes of the hash give eight characters, which repeat.
Value seeded_string(Call& call, std::span<const Value> args) {
    constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    if (args[0].as_int() <= 0) {
        return call.error(ErrorCode::invalid_argument,
                          "random.seededString length must be positive");
    }
    const auto length = static_cast<size_t>(args[0].as_int());
    // An expression that is computed early has an arena without a limit.
    if (length > evaluation_memory_max || !call.arena().has_room(length)) {
        return make_error(call.arena(), ErrorCode::memory_limit,
                          "random.seededString length is too large");
    }
    const std::string hash = sha256(args[1].as_string());
    std::string out(length, '\0');
    for (size_t i = 0; i < length; ++i) {
        const std::string_view word = std::string_view(hash).substr(4 * i % hash.size(), 4);
        out[i] = alphabet[big_endian(word) % alphabet.size()];
    }
    return call.string(out);
}

Value seeded_int(Call& call, std::span<const Value> args) {
    const int64_t from = args[0].as_int();
    const int64_t to = args[1].as_int();
    if (from >= to) {
        return call.error(ErrorCode::invalid_argument,
                          "random.seededInt min must be less than max");
    }
    const std::string hash = sha256(args[2].as_string());
    const uint64_t range = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    const uint64_t offset = big_endian(std::string_view(hash).substr(0, 8)) % range;
    return Value::integer(static_cast<int64_t>(static_cast<uint64_t>(from) + offset));
}

constexpr Documentation random_documentation[] = {
    {"random.seededString", "A text of so many letters and digits, the same for the same seed.",
     "random.seededString(6, 'seed')", R"("qakd42")"},
    {"random.seededInt",
     "A whole number from the first up to the second, the same for the same seed.",
     "random.seededInt(10, 20, 'seed')", "12"},
};

}  // namespace

Library random_library() {
    Library library("random");
    library.function("random.seededString", {{.id = "random.seededString_int_string",
                                              .signature = "(int, string) -> string",
                                              .call = seeded_string}});
    library.function("random.seededInt", {{.id = "random.seededInt_int_int_string",
                                           .signature = "(int, int, string) -> int",
                                           .call = seeded_int}});
    library.document("Values drawn from a seed", random_documentation);
    return library;
}

}  // namespace weft::cel
