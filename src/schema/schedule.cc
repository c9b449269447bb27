// schema/schedule.cc: bit sets of minutes, hours and days.

#include "schema/schedule.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace weft::schema {

namespace {

struct Field {
    int64_t min;
    int64_t max;
    std::span<const std::string_view> names;  // of min, min + 1, …
};

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> day_names = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
constexpr std::array<Field, 5> fields = {
    {{0, 59, {}}, {0, 23, {}}, {1, 31, {}}, {1, 12, month_names}, {0, 6, day_names}}};

template <typename... Parts>
Error bad(const Parts&... parts) {
    return make_error(Reason::invalid, parts...);
}

// Go's strconv.Atoi as the parser wraps it: not negative.
Result<int64_t> number_of(std::string_view text) {
    const std::optional<int64_t> number = parse_int(text);
    if (!number) {
        return bad("failed to parse int from ", text, ": strconv.Atoi: parsing ", quote(text),
                   ": invalid syntax");
    }
    if (*number < 0) {
        return bad("negative number (", *number, ") not allowed: ", text);
    }
    return *number;
}

Result<int64_t> value_of(const Field& field, std::string_view text) {
    const std::string lower = to_lower(text);
    for (size_t i = 0; i < field.names.size(); ++i) {
        if (lower == field.names[i]) {
            return field.min + static_cast<int64_t>(i);
        }
    }
    return number_of(text);
}

// "*", "5", "1-5", "*/15", "10-30/5", "5/15".
Result<uint64_t> bits_of_range(const Field& field, std::string_view text) {
    const std::vector<std::string_view> parts = split(text, '/');
    const std::vector<std::string_view> ends = split(parts[0], '-');
    int64_t from = field.min;
    int64_t to = field.max;
    if (ends[0] != "*" && ends[0] != "?") {
        from = TRY(value_of(field, ends[0]));
        if (ends.size() > 2) {
            return bad("too many hyphens: ", text);
        }
        to = ends.size() == 2 ? TRY(value_of(field, ends[1])) : from;
    }
    int64_t step = 1;
    if (parts.size() == 2) {
        step = TRY(number_of(parts[1]));
        if (ends.size() == 1) {
            to = field.max;  // "5/15" runs from 5 to the end
        }
    } else if (parts.size() > 2) {
        return bad("too many slashes: ", text);
    }
    if (from < field.min) {
        return bad("beginning of range (", from, ") below minimum (", field.min, "): ", text);
    }
    if (to > field.max) {
        return bad("end of range (", to, ") above maximum (", field.max, "): ", text);
    }
    if (from > to) {
        return bad("beginning of range (", from, ") beyond end of range (", to, "): ", text);
    }
    if (step == 0) {
        return bad("step of range should be a positive number: ", text);
    }
    uint64_t bits = 0;
    for (int64_t i = from; i <= to; i += step) {
        bits |= uint64_t{1} << i;
    }
    return bits;
}

Result<uint64_t> bits_of(const Field& field, std::string_view text) {
    uint64_t bits = 0;
    for (const std::string_view part : split(text, ',')) {
        if (part.empty()) {
            continue;
        }
        bits |= TRY(bits_of_range(field, part));
    }
    return bits;
}

std::string_view expand(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> names = {
        {{"@yearly", "0 0 1 1 *"},
         {"@annually", "0 0 1 1 *"},
         {"@monthly", "0 0 1 * *"},
         {"@weekly", "0 0 * * 0"},
         {"@daily", "0 0 * * *"},
         {"@midnight", "0 0 * * *"},
         {"@hourly", "0 * * * *"}}};
    for (const auto& [name, meaning] : names) {
        if (text == name) {
            return meaning;
        }
    }
    return text;
}

bool has(uint64_t bits, int64_t value) {
    return (bits >> value & 1) != 0;
}

bool is_star(std::string_view field) {
    return field.starts_with('*') || field.starts_with('?');
}

}  // namespace

Result<Schedule> Schedule::parse(std::string_view text) {
    Schedule schedule;
    if (text.empty()) {
        return bad("empty spec string");
    }
    if (text.starts_with("@every ")) {
        const std::string_view length = text.substr(7);
        const std::optional<int64_t> nanos = parse_duration(length);
        if (!nanos) {
            return bad("failed to parse duration ", text, ": time: invalid duration ",
                       quote(length));
        }
        // Anything below a second becomes one.
        schedule.every_seconds_ = std::max<int64_t>(*nanos / 1'000'000'000, 1);
        return schedule;
    }
    const std::string_view given = text;
    text = expand(text);
    if (text.starts_with('@')) {
        return bad("unrecognized descriptor: ", given);
    }
    std::vector<std::string_view> parts = split(text, ' ');
    std::erase_if(parts, [](std::string_view part) { return trim(part).empty(); });
    if (parts.size() != fields.size()) {
        std::string listed;
        for (const std::string_view part : parts) {
            append(listed, listed.empty() ? "" : " ", part);
        }
        return bad("expected exactly 5 fields, found ", parts.size(), ": [", listed, "]");
    }
    schedule.minutes_ = TRY(bits_of(fields[0], parts[0]));
    schedule.hours_ = TRY(bits_of(fields[1], parts[1]));
    schedule.days_ = TRY(bits_of(fields[2], parts[2]));
    schedule.months_ = TRY(bits_of(fields[3], parts[3]));
    schedule.weekdays_ = TRY(bits_of(fields[4], parts[4]));
    schedule.any_day_ = is_star(parts[2]);
    schedule.any_weekday_ = is_star(parts[4]);
    return schedule;
}

bool Schedule::is_day(int64_t days) const {
    const CivilDate date = civil_from_days(days);
    if (!has(months_, date.month)) {
        return false;
    }
    const bool day = has(days_, date.day);
    const bool weekday = has(weekdays_, ((days % 7) + 11) % 7);  // 1970-01-01 was a Thursday.
    return any_day_ || any_weekday_ ? day && weekday : day || weekday;
}

std::optional<Time> Schedule::next(Time time) const {
    constexpr int64_t day = 86'400;
    if (every_seconds_ > 0) {
        return Time{time.seconds + every_seconds_, 0};
    }
    const int64_t from = (time.seconds / 60 + 1) * 60;
    for (int64_t days = from / day; days <= from / day + 5 * 366; ++days) {
        if (!is_day(days)) {
            continue;
        }
        const int64_t first = days == from / day ? from % day / 60 : 0;
        for (int64_t minute = first; minute < day / 60; ++minute) {
            if (has(hours_, minute / 60) && has(minutes_, minute % 60)) {
                return Time{days * day + minute * 60, 0};
            }
        }
    }
    return std::nullopt;
}

}  // namespace weft::schema
