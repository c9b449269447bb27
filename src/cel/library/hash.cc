// cel/library/hash.cc: kro's hash functions. Source: kro pkg/cel/library/hash.go.

#include "cel/library/hash.h"

#include "base/hash.h"

namespace weft::cel {

namespace {

// The hash as Go's Sum(nil) gives it: 8 bytes, the highest first.
Value hash_fnv64a(Call& call, std::span<const Value> args) {
    const uint64_t hash = fnv64a(args[0].as_string());
    std::string bytes(8, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(static_cast<unsigned char>(hash >> (56 - 8 * i)));
    }
    return call.bytes(bytes);
}

Value hash_sha256(Call& call, std::span<const Value> args) {
    return call.bytes(sha256(args[0].as_string()));
}

Value hash_md5(Call& call, std::span<const Value> args) {
    return call.bytes(md5(args[0].as_string()));
}

constexpr Documentation hash_documentation[] = {
    {"hash.fnv64a", "The 64-bit FNV-1a of a text.", "base64.encode(hash.fnv64a('hello'))",
     R"("pDDYRoCqvQs=")"},
    {"hash.sha256", "The SHA-256 of a text.", "size(hash.sha256('hello'))", "32"},
    {"hash.md5", "The MD5 of a text.", "base64.encode(hash.md5('hello'))",
     R"("XUFAKrxLKna5cZ2REBfFkg==")"},
};

}  // namespace

Library hash_library() {
    Library library("hash");
    library.function(
        "hash.fnv64a",
        {{.id = "hash.fnv64a_string", .signature = "(string) -> bytes", .call = hash_fnv64a}});
    library.function(
        "hash.sha256",
        {{.id = "hash.sha256_string", .signature = "(string) -> bytes", .call = hash_sha256}});
    library.function(
        "hash.md5",
        {{.id = "hash.md5_string", .signature = "(string) -> bytes", .call = hash_md5}});
    library.document("Hashes", hash_documentation);
    return library;
}

}  // namespace weft::cel
