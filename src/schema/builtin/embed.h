// schema/builtin/embed.h: the packed facts about the builtin API, inside the program.

#pragma once

#include <string_view>

namespace weft::schema::internal {

[[nodiscard]] std::string_view embedded_builtin();

}  // namespace weft::schema::internal
