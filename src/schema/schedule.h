// schema/schedule.h: schedules of five fields, as robfig/cron's standard parser takes them.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/base.h"

namespace weft::schema {

// Minute, hour, day of month, month, day of week; lists, ranges, steps, names; @hourly and the
// like, and "@every 1h30m". Day of month and of week: either, if both are given.
class Schedule {
public:
    // invalid, in the words of robfig/cron v3 ("end of range (61) above maximum (59): 61").
    [[nodiscard]] static Result<Schedule> parse(std::string_view text);

    // The first time after `time` (UTC); nothing if there is none within five years.
    [[nodiscard]] std::optional<Time> next(Time time) const;

private:
    [[nodiscard]] bool is_day(int64_t days) const;

    uint64_t minutes_ = 0;
    uint64_t hours_ = 0;
    uint64_t days_ = 0;
    uint64_t months_ = 0;
    uint64_t weekdays_ = 0;
    bool any_day_ = false;
    bool any_weekday_ = false;
    int64_t every_seconds_ = 0;  // 0: by the fields
};

}  // namespace weft::schema
