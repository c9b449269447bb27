// base/hash.h: the hashes that names and labels are made of. Digests are raw bytes.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

[[nodiscard]] std::string sha256(std::string_view bytes);  // 32 bytes
[[nodiscard]] std::string sha512(std::string_view bytes);  // 64 bytes
[[nodiscard]] std::string md5(std::string_view bytes);     // 16 bytes

[[nodiscard]] constexpr uint32_t fnv32a(std::string_view bytes) {
    uint32_t hash = 2166136261U;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    return hash;
}
[[nodiscard]] constexpr uint64_t fnv64a(std::string_view bytes) {
    uint64_t hash = 14695981039346656037ULL;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return hash;
}

}  // namespace weft
