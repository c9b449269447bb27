// cel/internal/zones.h: time zones: names and offsets.

#pragma once

#include <optional>
#include <string_view>

#include "base/base.h"
#include "cel/environment.h"

namespace weft::cel {

// The offset from UTC in seconds that a zone has at a time: "UTC", "", "+02:00", "-05:30", "05:30",
// or a name that the loader knows. Nothing if the zone is unknown.
[[nodiscard]] std::optional<int> zone_offset(std::string_view zone, Time at,
                                             const ZoneLoader& loader);

// The offset at a time by TZif bytes (RFC 8536, versions 1 to 4). Nothing if the bytes are broken.
[[nodiscard]] std::optional<int> offset_in_tzif(std::string_view bytes, int64_t seconds);

}  // namespace weft::cel
