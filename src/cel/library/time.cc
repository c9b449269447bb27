// cel/library/time.cc: the parts of timestamps and durations. Source: cel-go
// common/types/timestamp.go.

#include "cel/library/time.h"

namespace weft::cel {

namespace {

// A point in time as a calendar shows it.
struct Civil {
    CivilDate date;
    int64_t days;     // since 1970-01-01
    int64_t seconds;  // of the day
    int32_t nanos;
};

// In the zone that the call names, or in UTC. Nothing: the error is in `failure`.
std::optional<Civil> civil_of(Call& call, std::span<const Value> args, Value& failure) {
    const Time time = args[0].as_time();
    int64_t seconds = time.seconds;
    if (args.size() == 2) {
        const std::optional<int> offset = call.zone_offset(args[1].as_string(), time, failure);
        if (!offset) {
            return std::nullopt;
        }
        seconds += *offset;
    }
    const int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    return Civil{civil_from_days(days), days, seconds - days * 86400, time.nanos};
}

template <int64_t (*part)(const Civil&)>
Value part_of(Call& call, std::span<const Value> args) {
    Value failure;
    const std::optional<Civil> civil = civil_of(call, args, failure);
    return civil ? Value::integer(part(*civil)) : failure;
}

int64_t full_year(const Civil& civil) {
    return civil.date.year;
}
int64_t month(const Civil& civil) {
    return civil.date.month - 1;
}
int64_t date(const Civil& civil) {
    return civil.date.day;
}
int64_t day_of_month(const Civil& civil) {
    return civil.date.day - 1;
}
int64_t day_of_week(const Civil& civil) {
    return ((civil.days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday.
}
int64_t day_of_year(const Civil& civil) {
    return civil.days - days_from_civil({civil.date.year, 1, 1});
}
int64_t hours(const Civil& civil) {
    return civil.seconds / 3600;
}
int64_t minutes(const Civil& civil) {
    return civil.seconds / 60 % 60;
}
int64_t seconds(const Civil& civil) {
    return civil.seconds % 60;
}
int64_t milliseconds(const Civil& civil) {
    return civil.nanos / 1'000'000;
}

template <int64_t unit>
Value whole(Call&, std::span<const Value> args) {
    return Value::integer(args[0].as_duration() / unit);
}
Value millisecond_part(Call&, std::span<const Value> args) {
    return Value::integer(args[0].as_duration() / 1'000'000 % 1000);
}

}  // namespace

void declare_times(Library& library, bool spec_durations) {
    const auto getter = [&](std::string_view name, std::string_view word, Implementation call) {
        library.function(name, {{.id = library.intern(cat("timestamp_to_", word)),
                                 .signature = "timestamp.() -> int",
                                 .call = call},
                                {.id = library.intern(cat("timestamp_to_", word, "_with_tz")),
                                 .signature = "timestamp.(string) -> int",
                                 .call = call}});
    };
    getter("getFullYear", "year", part_of<full_year>);
    getter("getMonth", "month", part_of<month>);
    getter("getDate", "day_of_month_1_based", part_of<date>);
    getter("getDayOfMonth", "day_of_month", part_of<day_of_month>);
    getter("getDayOfWeek", "day_of_week", part_of<day_of_week>);
    getter("getDayOfYear", "day_of_year", part_of<day_of_year>);
    getter("getHours", "hours", part_of<hours>);
    getter("getMinutes", "minutes", part_of<minutes>);
    getter("getSeconds", "seconds", part_of<seconds>);
    getter("getMilliseconds", "milliseconds", part_of<milliseconds>);
    const auto total = [&](std::string_view name, std::string_view id, Implementation call) {
        library.function(name, {{.id = id, .signature = "duration.() -> int", .call = call}});
    };
    total("getHours", "duration_to_hours", whole<3'600'000'000'000>);
    total("getMinutes", "duration_to_minutes", whole<60'000'000'000>);
    total("getSeconds", "duration_to_seconds", whole<1'000'000'000>);
    total("getMilliseconds", "duration_to_milliseconds",
          spec_durations ? millisecond_part : whole<1'000'000>);
}

}  // namespace weft::cel
