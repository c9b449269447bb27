// schema/internal/go_time.cc: Go's time.Parse and time.ParseDuration, for their errors.

#include "schema/internal/go_time.h"

#include <algorithm>
#include <array>
#include <optional>

namespace weft::schema::internal {

namespace {

bool is_time_digit(std::string_view text, size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// Walks the layout as Go does: each element takes its part of the text or says why not.
class TimeParser {
public:
    TimeParser(std::string_view text, bool micro) : text_(text), rest_(text), micro_(micro) {}

    // The error; nothing if all was taken.
    std::optional<Error> parse() {
        int64_t year = 0;
        const bool is_read = number("2006", 4, year) && literal("-") &&
                             ranged("01", 1, 12, "month", month_) && literal("-") &&
                             number("02", 2, day_) && literal("T") && hour() && literal(":") &&
                             ranged("04", 0, 59, "minute", ignored_) && literal(":") &&
                             ranged("05", 0, 59, "second", ignored_) && fraction() && zone();
        if (!is_read) {
            return std::move(error_);
        }
        if (!rest_.empty()) {
            return out_of(cat("extra text: ", quote(rest_)));
        }
        const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        static constexpr std::array<int64_t, 12> days{31, 28, 31, 30, 31, 30,
                                                      31, 31, 30, 31, 30, 31};
        const int64_t last = month_ == 2 && is_leap ? 29 : days[static_cast<size_t>(month_ - 1)];
        if (day_ < 1 || day_ > last) {
            return out_of("day out of range");
        }
        return std::nullopt;
    }

private:
    Error out_of(std::string_view what) const {
        return make_error(Reason::bad_request, "parsing time ", quote(text_), ": ", what);
    }
    bool fail(std::string_view wanted) {
        constexpr std::string_view layout = "2006-01-02T15:04:05Z07:00";
        constexpr std::string_view micro_layout = "2006-01-02T15:04:05.000000Z07:00";
        error_ = make_error(Reason::bad_request, "parsing time ", quote(text_), " as ",
                            quote(micro_ ? micro_layout : layout), ": cannot parse ", quote(rest_),
                            " as ", quote(wanted));
        return false;
    }

    bool literal(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) {
            return fail(wanted);
        }
        rest_.remove_prefix(wanted.size());
        return true;
    }

    bool number(std::string_view wanted, size_t size, int64_t& out) {
        for (size_t i = 0; i < size; ++i) {
            if (!is_time_digit(rest_, i)) {
                return fail(wanted);
            }
        }
        out = *parse_int(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return true;
    }

    bool ranged(std::string_view wanted, int64_t least, int64_t most, std::string_view name,
                int64_t& out) {
        if (!number(wanted, 2, out)) {
            return false;
        }
        if (out < least || out > most) {
            error_ = out_of(cat(name, " out of range"));
            return false;
        }
        return true;
    }

    bool hour() {  // the one element that one digit is enough for
        const size_t size = is_time_digit(rest_, 1) ? 2 : 1;
        int64_t value = 0;
        if (!number("15", size, value)) {
            return false;
        }
        if (value > 23) {
            error_ = out_of("hour out of range");
            return false;
        }
        return true;
    }

    bool fraction() {
        const bool has_point = !rest_.empty() && (rest_[0] == '.' || rest_[0] == ',');
        if (micro_) {
            bool is_good = has_point && rest_.size() >= 7;
            for (size_t i = 1; is_good && i <= 6; ++i) {
                is_good = is_time_digit(rest_, i);
            }
            if (!is_good) {
                return fail(".000000");
            }
            rest_.remove_prefix(7);
            return true;
        }
        if (has_point && is_time_digit(rest_, 1)) {
            size_t size = 1;
            while (is_time_digit(rest_, size)) {
                ++size;
            }
            rest_.remove_prefix(size);
        }
        return true;
    }

    bool zone() {
        if (rest_.starts_with('Z')) {
            rest_.remove_prefix(1);
            return true;
        }
        const bool is_good = rest_.size() >= 6 && (rest_[0] == '+' || rest_[0] == '-') &&
                             is_time_digit(rest_, 1) && is_time_digit(rest_, 2) &&
                             rest_[3] == ':' && is_time_digit(rest_, 4) && is_time_digit(rest_, 5);
        if (!is_good) {
            return fail("Z07:00");
        }
        if (*parse_int(rest_.substr(1, 2)) > 24) {
            error_ = out_of("time zone offset hour out of range");
            return false;
        }
        if (*parse_int(rest_.substr(4, 2)) > 60) {
            error_ = out_of("time zone offset minute out of range");
            return false;
        }
        rest_.remove_prefix(6);
        return true;
    }

    std::string_view text_;
    std::string_view rest_;
    bool micro_;
    int64_t month_ = 1;
    int64_t day_ = 1;
    int64_t ignored_ = 0;
    std::optional<Error> error_;
};

// Behind an optional sign: what Go says about a text that is no duration.
Error duration_problem(std::string_view text) {
    std::string_view rest = text;
    if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
        rest.remove_prefix(1);
    }
    const auto skip_digits = [&rest] {
        size_t size = 0;
        while (is_time_digit(rest, size)) {
            ++size;
        }
        rest.remove_prefix(size);
        return size > 0;
    };
    while (!rest.empty()) {
        bool any = skip_digits();
        if (rest.starts_with('.')) {
            rest.remove_prefix(1);
            any = skip_digits() || any;
        }
        if (!any) {
            break;
        }
        const std::string_view unit = rest.substr(0, rest.find_first_of(".0123456789"));
        if (unit.empty()) {
            return make_error(Reason::bad_request, "time: missing unit in duration ", quote(text));
        }
        static constexpr std::array<std::string_view, 8> units{"ns", "us", "\u00B5s", "\u03BCs",
                                                               "ms", "s",  "m",       "h"};
        if (std::ranges::find(units, unit) == units.end()) {
            return make_error(Reason::bad_request, "time: unknown unit ", quote(unit),
                              " in duration ", quote(text));
        }
        rest.remove_prefix(unit.size());
    }
    return make_error(Reason::bad_request, "time: invalid duration ", quote(text));
}

}  // namespace

Result<Time> parse_go_time(std::string_view text, bool micro) {
    const auto time = parse_rfc3339(text);
    std::optional<Error> problem;
    if (!time || micro) {
        problem = TimeParser(text, micro).parse();
    }
    if (problem) {
        return std::move(*problem);
    }
    if (!time) {  // one digit of an hour is all that Go takes and the reader does not
        const size_t hour = text.find('T');
        return parse_go_time(cat(text.substr(0, hour + 1), "0", text.substr(hour + 1)), micro);
    }
    return *time;
}

Result<int64_t> parse_go_duration(std::string_view text) {
    if (const auto nanos = parse_duration(text)) {
        return *nanos;
    }
    return duration_problem(text);
}

}  // namespace weft::schema::internal
