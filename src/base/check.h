// base/check.h: CHECK(condition) states what only a bug of ours can break.

#pragma once

#include <string_view>

namespace weft::internal {
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);
}

// Stays on in production. Never reached by input: what a user or a peer can cause is an Error.
#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) [[unlikely]] {                                    \
            ::weft::internal::check_failed(#condition, __FILE__, __LINE__); \
        }                                                                   \
    } while (false)
