// base/time.cc: RFC 3339 and Go's durations.

#include "base/time.h"

#include <array>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace weft {

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t seconds_a_day = 86'400;

std::string date_and_time(Time time) {
    int64_t days = time.seconds / seconds_a_day;
    int64_t rest = time.seconds % seconds_a_day;
    if (rest < 0) {
        rest += seconds_a_day;
        --days;
    }
    const CivilDate date = civil_from_days(days);
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%04lld-%02d-%02dT%02d:%02d:%02d",
                  static_cast<long long>(date.year), date.month, date.day,
                  static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60),
                  static_cast<int>(rest % 60));
    return buffer;
}

// A fixed number of digits at the front of `text`, cut off; -1 if they are not there.
int take_digits(std::string_view& text, size_t count) {
    if (text.size() < count) {
        return -1;
    }
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

int days_in_month(int64_t year, int month) {
    constexpr std::array days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[static_cast<size_t>(month - 1)];
}

// ".123" to nanoseconds; digits past the ninth are dropped. -1 if there is no digit.
int32_t take_fraction(std::string_view& text) {
    int32_t nanos = 0;
    int32_t scale = 100'000'000;
    size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') {
        nanos += (text[count] - '0') * scale;
        scale /= 10;
        ++count;
    }
    text.remove_prefix(count);
    return count == 0 ? -1 : nanos;
}

struct Unit {
    std::string_view name;
    int64_t nanos;
};
constexpr std::array units = {
    Unit{"ns", 1},         Unit{"us", 1000},  Unit{"\u00B5s", 1000},  Unit{"\u03BCs", 1000},
    Unit{"ms", 1'000'000}, Unit{"s", second}, Unit{"m", 60 * second}, Unit{"h", 3600 * second},
};

std::string with_fraction(uint64_t value, uint64_t unit, std::string_view suffix) {
    std::string out = cat(value / unit);
    uint64_t rest = value % unit;
    if (rest != 0) {
        std::string digits;
        for (uint64_t scale = unit / 10; rest != 0; scale /= 10) {
            digits += static_cast<char>('0' + rest / scale);
            rest %= scale;
        }
        append(out, ".", digits);
    }
    return out.append(suffix);
}

}  // namespace

int64_t days_from_civil(CivilDate date) {
    // Years begin in March, so that the leap day is the last day of its year.
    const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year =
        (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

CivilDate civil_from_days(int64_t days) {
    days += 719'468;
    const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const int64_t day_of_era = days - era * 146'097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t shifted_month = (5 * day_of_year + 2) / 153;
    const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
            static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

std::string format_rfc3339(Time time) {
    return date_and_time(time) + "Z";
}

std::string format_rfc3339_micro(Time time) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, ".%06dZ", time.nanos / 1000);
    return date_and_time(time) + buffer;
}

std::string format_rfc3339_nano(Time time) {
    std::string out = date_and_time(time);
    if (time.nanos != 0) {
        char buffer[16];
        std::snprintf(buffer, sizeof buffer, ".%09d", time.nanos);
        out += buffer;
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out + "Z";
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    const int year = take_digits(text, 4);
    if (year < 0 || !take(text, '-')) {
        return std::nullopt;
    }
    const int month = take_digits(text, 2);
    if (month < 1 || month > 12 || !take(text, '-')) {
        return std::nullopt;
    }
    const int day = take_digits(text, 2);
    if (day < 1 || day > days_in_month(year, month) || !take(text, 'T')) {
        return std::nullopt;
    }
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':')) {
        return std::nullopt;
    }
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ':')) {
        return std::nullopt;
    }
    const int seconds = take_digits(text, 2);
    if (seconds < 0 || seconds > 59) {
        return std::nullopt;
    }
    int32_t nanos = 0;
    if (take(text, '.') || take(text, ',')) {
        nanos = take_fraction(text);
        if (nanos < 0) {
            return std::nullopt;
        }
    }
    int64_t offset = 0;
    if (!take(text, 'Z')) {
        const bool minus = text.starts_with('-');
        if (!take(text, '+') && !take(text, '-')) {
            return std::nullopt;
        }
        const int hours = take_digits(text, 2);
        if (hours < 0 || hours > 24 || !take(text, ':')) {
            return std::nullopt;
        }
        const int minutes = take_digits(text, 2);
        if (minutes < 0 || minutes > 60) {
            return std::nullopt;
        }
        offset = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    }
    if (!text.empty()) {
        return std::nullopt;
    }
    const int64_t days = days_from_civil({year, month, day});
    return Time{days * seconds_a_day + hour * 3600 + minute * 60 + seconds - offset, nanos};
}

std::string format_duration(int64_t nanos) {
    if (nanos == 0) {
        return "0s";
    }
    const uint64_t value =
        nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
    std::string out = nanos < 0 ? "-" : "";
    if (value < 1000) {
        return cat(out, value, "ns");
    }
    if (value < 1'000'000) {
        return out + with_fraction(value, 1000, "\u00B5s");
    }
    if (value < second) {
        return out + with_fraction(value, 1'000'000, "ms");
    }
    const uint64_t minutes = value / (60 * second);
    if (minutes >= 60) {
        append(out, minutes / 60, "h");
    }
    if (minutes > 0) {
        append(out, minutes % 60, "m");
    }
    return out + with_fraction(value % (60 * second), second, "s");
}

std::optional<int64_t> parse_duration(std::string_view text) {
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    if (text == "0") {
        return 0;
    }
    if (text.empty()) {
        return std::nullopt;
    }
    constexpr auto max = static_cast<__int128>(std::numeric_limits<int64_t>::max());
    __int128 total = 0;
    while (!text.empty()) {
        __int128 whole = 0;
        size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
            whole = whole * 10 + (text[digits] - '0');
            if (whole > max + 1) {
                return std::nullopt;
            }
            ++digits;
        }
        text.remove_prefix(digits);
        std::string_view fraction;
        if (take(text, '.')) {
            size_t count = 0;
            while (count < text.size() && text[count] >= '0' && text[count] <= '9') {
                ++count;
            }
            fraction = text.substr(0, count);
            text.remove_prefix(count);
        }
        if (digits == 0 && fraction.empty()) {
            return std::nullopt;
        }
        const size_t unit_end = text.find_first_of(".0123456789");
        const std::string_view name = text.substr(0, unit_end);
        text.remove_prefix(name.size());
        const Unit* unit = nullptr;
        for (const Unit& candidate : units) {
            if (candidate.name == name) {
                unit = &candidate;
            }
        }
        if (unit == nullptr) {
            return std::nullopt;
        }
        total += whole * unit->nanos;
        double scale = 1;
        int64_t part = 0;
        for (const char c : fraction.substr(0, 18)) {
            part = part * 10 + (c - '0');
            scale *= 10;
        }
        total += static_cast<int64_t>(static_cast<double>(part) *
                                      (static_cast<double>(unit->nanos) / scale));
        if (total > max + 1) {
            return std::nullopt;
        }
    }
    if (!minus && total > max) {
        return std::nullopt;
    }
    return static_cast<int64_t>(minus ? -total : total);
}

std::string human_duration(int64_t nanos) {
    const int64_t seconds = nanos / second;
    if (seconds < -1) {
        return "<invalid>";
    }
    if (seconds < 0) {
        return "0s";
    }
    const auto pair = [](int64_t large, std::string_view large_unit, int64_t small,
                         std::string_view small_unit) {
        return small == 0 ? cat(large, large_unit) : cat(large, large_unit, small, small_unit);
    };
    const int64_t minutes = seconds / 60;
    const int64_t hours = seconds / 3600;
    const int64_t days = hours / 24;
    if (seconds < 120) {
        return cat(seconds, "s");
    }
    if (minutes < 10) {
        return pair(minutes, "m", seconds % 60, "s");
    }
    if (minutes < 180) {
        return cat(minutes, "m");
    }
    if (hours < 8) {
        return pair(hours, "h", minutes % 60, "m");
    }
    if (hours < 48) {
        return cat(hours, "h");
    }
    if (hours < 192) {
        return pair(days, "d", hours % 24, "h");
    }
    if (days < 730) {
        return cat(days, "d");
    }
    if (days < 2920) {
        return pair(days / 365, "y", days % 365, "d");
    }
    return cat(days / 365, "y");
}

}  // namespace weft
