// cel/internal/zones.cc: time zones: names and offsets.

#include "cel/internal/zones.h"

#include <array>

namespace weft::cel {

namespace {

uint64_t big_endian(std::string_view bytes) {
    uint64_t out = 0;
    for (const char c : bytes) {
        out = out << 8U | static_cast<unsigned char>(c);
    }
    return out;
}
int64_t signed32(std::string_view bytes) {
    return static_cast<int32_t>(static_cast<uint32_t>(big_endian(bytes)));
}

struct Header {
    uint64_t utc_indicators, standard_indicators, leaps, transitions, types, characters;
    // Bytes of the block after the header, with times of `width` bytes.
    [[nodiscard]] uint64_t size(uint64_t width) const {
        return transitions * (width + 1) + types * 6 + characters + leaps * (width + 4) +
               standard_indicators + utc_indicators;
    }
};
constexpr size_t header_size = 44;

std::optional<Header> read_header(std::string_view bytes) {
    if (bytes.size() < header_size || !bytes.starts_with("TZif")) {
        return std::nullopt;
    }
    std::array<uint64_t, 6> counts{};
    for (size_t i = 0; i < counts.size(); ++i) {
        counts[i] = big_endian(bytes.substr(20 + 4 * i, 4));
    }
    return Header{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

// Reads the rule at a TZif file's end, "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX TZ).
class RuleReader {
public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    std::optional<int> offset_at(int64_t seconds) {
        if (!skip_name()) {
            return std::nullopt;
        }
        const std::optional<int> standard = time();
        if (!standard) {
            return std::nullopt;
        }
        if (rest_.empty()) {
            return -*standard;
        }
        if (!skip_name()) {
            return std::nullopt;
        }
        int summer = *standard - 3600;
        if (!rest_.empty() && rest_[0] != ',') {
            const std::optional<int> given = time();
            if (!given) {
                return std::nullopt;
            }
            summer = *given;
        }
        const int64_t local = seconds - *standard;
        const int64_t days = local / 86400 - (local % 86400 < 0 ? 1 : 0);
        const int64_t year = civil_from_days(days).year;
        const std::optional<int64_t> begin = date(year);
        const std::optional<int64_t> end = date(year);
        if (!begin || !end) {
            return std::nullopt;
        }
        // Both in local time: the beginning in standard time, the end in summer time.
        const int64_t from = *begin + *standard;
        const int64_t to = *end + summer;
        const bool is_summer =
            from < to ? (seconds >= from && seconds < to) : (seconds >= from || seconds < to);
        return is_summer ? -summer : -*standard;
    }

private:
    bool skip_name() {
        size_t length = 0;
        if (rest_.starts_with('<')) {
            length = rest_.find('>');
            if (length == std::string_view::npos) {
                return false;
            }
            ++length;
        } else {
            while (length < rest_.size() && (rest_[length] | 0x20) >= 'a' &&
                   (rest_[length] | 0x20) <= 'z') {
                ++length;
            }
        }
        rest_.remove_prefix(length);
        return length >= 3;
    }
    std::optional<int> number() {
        size_t digits = 0;
        while (digits < rest_.size() && digits < 4 && rest_[digits] >= '0' &&
               rest_[digits] <= '9') {
            ++digits;
        }
        const std::optional<int64_t> value = parse_int(rest_.substr(0, digits));
        rest_.remove_prefix(digits);
        return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
    }
    // [+-]h[h][:mm[:ss]] in seconds.
    std::optional<int> time() {
        int sign = 1;
        if (rest_.starts_with('-') || rest_.starts_with('+')) {
            sign = rest_[0] == '-' ? -1 : 1;
            rest_.remove_prefix(1);
        }
        int total = 0;
        for (int unit = 3600; unit >= 1; unit /= 60) {
            const std::optional<int> part = number();
            if (!part) {
                return std::nullopt;
            }
            total += *part * unit;
            if (!rest_.starts_with(':') || unit == 1) {
                break;
            }
            rest_.remove_prefix(1);
        }
        return sign * total;
    }
    // ",M3.5.0/2" in a year, as local seconds.
    std::optional<int64_t> date(int64_t year) {
        if (!rest_.starts_with(',')) {
            return std::nullopt;
        }
        rest_.remove_prefix(1);
        int64_t day = 0;
        if (rest_.starts_with('M')) {
            rest_.remove_prefix(1);
            std::array<int, 3> parts{};
            for (int& part : parts) {
                const std::optional<int> value = number();
                if (!value) {
                    return std::nullopt;
                }
                part = *value;
                if (rest_.starts_with('.')) {
                    rest_.remove_prefix(1);
                }
            }
            const auto [month, week, weekday] = parts;
            if (month < 1 || month > 12) {
                return std::nullopt;
            }
            const int64_t first = days_from_civil({year, month, 1});
            const int64_t next = month == 12 ? days_from_civil({year + 1, 1, 1})
                                             : days_from_civil({year, month + 1, 1});
            // 1970-01-01 was a Thursday.
            const int64_t first_weekday = ((first + 4) % 7 + 7) % 7;
            day = first + (weekday - first_weekday + 7) % 7 + int64_t{week - 1} * 7;
            while (day >= next) {
                day -= 7;
            }
        } else {
            const bool is_julian = rest_.starts_with('J');
            if (is_julian) {
                rest_.remove_prefix(1);
            }
            const std::optional<int> value = number();
            if (!value) {
                return std::nullopt;
            }
            day = days_from_civil({year, 1, 1}) + *value - (is_julian ? 1 : 0);
            const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            day += is_julian && is_leap && *value >= 60 ? 1 : 0;
        }
        int at = 7200;
        if (rest_.starts_with('/')) {
            rest_.remove_prefix(1);
            const std::optional<int> given = time();
            if (!given) {
                return std::nullopt;
            }
            at = *given;
        }
        return day * 86400 + at;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<int> offset_in_tzif(std::string_view bytes, int64_t seconds) {
    std::optional<Header> header = read_header(bytes);
    if (!header) {
        return std::nullopt;
    }
    uint64_t width = 4;
    std::string_view block = bytes.substr(header_size);
    if (bytes[4] >= '2') {
        if (block.size() < header->size(4)) {
            return std::nullopt;
        }
        const std::string_view second = block.substr(header->size(4));
        header = read_header(second);
        if (!header) {
            return std::nullopt;
        }
        width = 8;
        block = second.substr(header_size);
    }
    if (block.size() < header->size(width) || header->types == 0) {
        return std::nullopt;
    }
    const std::string_view times = block.substr(0, header->transitions * width);
    const std::string_view kinds = block.substr(times.size(), header->transitions);
    const std::string_view types = block.substr(times.size() + kinds.size(), header->types * 6);
    const auto time_at = [&](uint64_t i) {
        const std::string_view field = times.substr(i * width, width);
        return width == 8 ? static_cast<int64_t>(big_endian(field)) : signed32(field);
    };
    // The last transition at or before the time.
    uint64_t low = 0;
    uint64_t high = header->transitions;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (time_at(middle) <= seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == header->transitions && width == 8) {
        std::string_view rule = block.substr(header->size(width));
        if (rule.size() > 2 && rule.front() == '\n') {
            rule.remove_prefix(1);
            rule = rule.substr(0, rule.find('\n'));
            if (const std::optional<int> offset = RuleReader(rule).offset_at(seconds)) {
                return offset;
            }
        }
    }
    const uint64_t kind = low == 0 ? 0 : static_cast<unsigned char>(kinds[low - 1]);
    if (kind >= header->types) {
        return std::nullopt;
    }
    return static_cast<int>(signed32(types.substr(kind * 6, 4)));
}

std::optional<int> zone_offset(std::string_view zone, Time at, const ZoneLoader& loader) {
    if (zone.empty() || zone == "UTC") {
        return 0;
    }
    if (const size_t colon = zone.find(':'); colon != std::string_view::npos) {
        std::string_view hours = zone.substr(0, colon);
        const bool is_negative = hours.starts_with('-');
        if (is_negative || hours.starts_with('+')) {
            hours.remove_prefix(1);
        }
        const std::optional<int64_t> h = parse_int(hours);
        const std::optional<int64_t> m = parse_int(zone.substr(colon + 1));
        if (!h || !m || *h < 0 || *h > 23 || *m < 0 || *m > 59) {
            return std::nullopt;
        }
        const int offset = static_cast<int>(*h * 3600 + *m * 60);
        return is_negative ? -offset : offset;
    }
    // As Go's time.LoadLocation: names, not paths.
    if (!loader || zone.contains("..") || zone.starts_with('/') || zone.contains('\\')) {
        return std::nullopt;
    }
    const std::optional<std::string> bytes = loader(zone);
    return bytes ? offset_in_tzif(*bytes, at.seconds) : std::nullopt;
}

}  // namespace weft::cel
