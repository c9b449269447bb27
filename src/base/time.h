// base/time.h: points in time and durations as numbers. Nothing here reads a clock.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

// A point in time: nanoseconds since 1970-01-01T00:00:00Z would overflow in 2262, so seconds and
// nanoseconds are kept apart. Always 0 <= nanos < 1'000'000'000.
struct Time {
    int64_t seconds = 0;
    int32_t nanos = 0;

    auto operator<=>(const Time&) const = default;
};

// "2026-01-02T03:04:05Z": what metav1.Time prints (fractions are cut).
[[nodiscard]] std::string format_rfc3339(Time time);
// "2026-01-02T03:04:05.678901Z": metav1.MicroTime, always six digits.
[[nodiscard]] std::string format_rfc3339_micro(Time time);
// Go's time.RFC3339Nano: as many digits as needed, without trailing zeros.
[[nodiscard]] std::string format_rfc3339_nano(Time time);
// RFC 3339 with any fraction and offset, as Go's time.Parse(time.RFC3339, …) takes it.
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);

// Durations are nanoseconds.
// Go's Duration.String(): "1h30m0s", "1.5s", "100ms", "0s".
[[nodiscard]] std::string format_duration(int64_t nanos);
// Go's time.ParseDuration: "1h30m", "-1.5h", "300ms"; nothing on error or overflow.
[[nodiscard]] std::optional<int64_t> parse_duration(std::string_view text);
// apimachinery duration.HumanDuration, the AGE column: "5s", "3m10s", "2d4h", "<invalid>".
[[nodiscard]] std::string human_duration(int64_t nanos);

// Days since 1970-01-01 of a proleptic Gregorian date, and back.
struct CivilDate {
    int64_t year;
    int month;  // 1 to 12
    int day;    // 1 to 31
};
[[nodiscard]] int64_t days_from_civil(CivilDate date);
[[nodiscard]] CivilDate civil_from_days(int64_t days);

}  // namespace weft
