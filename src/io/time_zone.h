// io/time_zone.h: the system's time zones, by name.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::io {

// The TZif bytes of a zone ("Europe/Berlin", "Local"), from where Go's library looks: $ZONEINFO and
// the systems' usual folders. Nothing if there is no such zone, or the name is a path. What was
// read once is kept. Any thread may call.
[[nodiscard]] std::optional<std::string> read_time_zone(std::string_view name);

}  // namespace weft::io
