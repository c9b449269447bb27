// cli/version.h: what this program is.

#pragma once

#include <string_view>

namespace weft::cli {

inline constexpr std::string_view weft_version = WEFT_VERSION;
// Of the API that is served and of the behaviour that is followed.
inline constexpr std::string_view kubernetes_version = "v1.36.3";
inline constexpr std::string_view kro_version = "v0.9.3";

}  // namespace weft::cli
