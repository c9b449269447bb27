// schema/quantity.cc: reads a quantity as a number of nanos and writes it canonically.

#include "schema/quantity.h"

#include <algorithm>
#include <limits>

#include "base/base.h"

namespace weft::schema {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide nanos_per_unit = 1'000'000'000;
constexpr Wide units_max = 0x7FFF'FFFF'FFFF'FFFFULL;
constexpr size_t digits_of_a_word = 19;  // any so many fit into 64 bits
constexpr int digits_kept = 24;          // more do not change the outcome but for rounding

enum class QuantityForm : unsigned char { decimal, binary, exponent };

struct QuantitySuffix {
    QuantityForm form;
    int power;  // of ten, or of two for binary
};

std::optional<QuantitySuffix> read_suffix(std::string_view text) {
    if (text.empty()) {
        return QuantitySuffix{QuantityForm::decimal, 0};
    }
    constexpr std::string_view decimal = "num kMGTPE";  // 10^-9, 10^-6, ... 10^18
    constexpr std::string_view binary = "KMGTPE";       // 2^10, 2^20, ... 2^60
    if (text.size() == 1 && text[0] != ' ') {
        const size_t step = decimal.find(text[0]);
        if (step != std::string_view::npos) {
            return QuantitySuffix{QuantityForm::decimal, static_cast<int>(step) * 3 - 9};
        }
    }
    if (text.size() == 2 && text[1] == 'i') {
        const size_t step = binary.find(text[0]);
        if (step != std::string_view::npos) {
            return QuantitySuffix{QuantityForm::binary, static_cast<int>(step + 1) * 10};
        }
    }
    if (text.size() > 1 && (text[0] == 'e' || text[0] == 'E')) {
        std::string_view digits = text.substr(1);
        if (digits.starts_with('+')) {
            digits.remove_prefix(1);
        }
        const auto power = parse_int(digits);
        if (power && *power > -10'000 && *power < 10'000) {
            return QuantitySuffix{QuantityForm::exponent, static_cast<int>(*power)};
        }
    }
    return std::nullopt;
}

// The digits of a number: mantissa * 10^scale, and whether digits behind were cut.
struct Digits {
    Wide mantissa = 0;
    int scale = 0;
    bool inexact = false;
};

Digits read_digits(std::string_view whole, std::string_view fraction) {
    Digits out;
    if (whole.size() + fraction.size() <= digits_of_a_word) {
        uint64_t mantissa = 0;
        for (const std::string_view part : {whole, fraction}) {
            for (const char digit : part) {
                mantissa = mantissa * 10 + static_cast<unsigned>(digit - '0');
            }
        }
        out.mantissa = mantissa;
        out.scale = -static_cast<int>(fraction.size());
        return out;
    }
    int kept = 0;
    const auto take = [&](char digit, bool is_fraction) {
        if (kept >= digits_kept) {
            out.inexact = out.inexact || digit != '0';
            out.scale += is_fraction ? 0 : 1;
            return;
        }
        out.mantissa = out.mantissa * 10 + static_cast<unsigned>(digit - '0');
        kept += out.mantissa != 0 ? 1 : 0;
        out.scale -= is_fraction ? 1 : 0;
    };
    for (const char digit : whole) {
        take(digit, false);
    }
    for (const char digit : fraction) {
        take(digit, true);
    }
    return out;
}

// In nanos, rounded up, cut at `most` units.
Wide nanos_of(Digits digits, const QuantitySuffix& suffix, Wide most) {
    if (digits.mantissa == 0) {
        return 0;
    }
    Wide value = digits.mantissa;
    int scale = digits.scale;
    if (suffix.form == QuantityForm::binary) {
        while (value >> 66 != 0) {  // digits that only decide how the last one is rounded
            value /= 10;
            ++scale;
        }
        value <<= suffix.power;
    } else {
        scale += suffix.power;
    }
    bool inexact = digits.inexact;
    Wide units = value;
    Wide rest = 0;  // nanos
    if (scale >= 0) {
        for (int i = 0; i < scale; ++i) {
            units *= 10;
            if (units > most) {
                return most * nanos_per_unit;
            }
        }
    } else {
        Wide divisor = 1;
        int power = -scale;
        while (power > 18) {  // beyond this only rounding is left of the last digits
            inexact = inexact || value % 10 != 0;
            value /= 10;
            --power;
        }
        for (int i = 0; i < power; ++i) {
            divisor *= 10;
        }
        units = value / divisor;
        const Wide scaled = (value % divisor) * nanos_per_unit;
        rest = scaled / divisor;
        inexact = inexact || scaled % divisor != 0;
    }
    if (units > most) {
        return most * nanos_per_unit;
    }
    return units * nanos_per_unit + rest + (inexact ? 1 : 0);
}

std::string digits_of(Wide number) {
    std::string out;
    do {
        out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
        number /= 10;
    } while (number != 0);
    return out;
}

std::string write_binary(Wide units) {
    static constexpr std::string_view suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t step = 0;
    while (step + 1 < std::size(suffixes) && units % 1024 == 0) {
        units /= 1024;
        ++step;
    }
    return digits_of(units) + std::string(suffixes[step]);
}

// number * 10^exponent, which is not 0.
std::string write_decimal(Wide number, int exponent, bool as_exponent) {
    while (number % 10 == 0) {
        number /= 10;
        ++exponent;
    }
    while (exponent % 3 != 0) {
        number *= 10;
        --exponent;
    }
    std::string out = digits_of(number);
    if (as_exponent) {
        return exponent == 0 ? out : cat(out, "e", exponent);
    }
    static constexpr std::string_view suffixes[] = {"n", "u", "m", "",  "k",
                                                    "M", "G", "T", "P", "E"};
    return out + std::string(suffixes[static_cast<size_t>(exponent + 9) / 3]);
}

// A text taken apart.
struct ParsedQuantity {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
    QuantitySuffix suffix{QuantityForm::decimal, 0};
    Digits digits;
};

// The parts; where it is no quantity, what the API says about it.
std::optional<ParsedQuantity> take_apart(std::string_view text, std::string_view& problem) {
    ParsedQuantity out;
    problem = quantity_error;
    if (text.empty()) {
        return std::nullopt;
    }
    out.negative = text.front() == '-';
    if (out.negative || text.front() == '+') {
        text.remove_prefix(1);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto take_while = [&text](auto is_wanted) {
        size_t size = 0;
        while (size < text.size() && is_wanted(text[size])) {
            ++size;
        }
        const std::string_view taken = text.substr(0, size);
        text.remove_prefix(size);
        return taken;
    };
    out.whole = take_while(is_digit);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        out.fraction = take_while(is_digit);
    }
    const std::string_view suffix = text;
    take_while([](char c) { return std::string_view("eEinumkKMGTP").contains(c); });
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
        text.remove_prefix(1);
    }
    take_while(is_digit);
    if (!text.empty()) {
        return std::nullopt;
    }
    const auto known = read_suffix(suffix);
    if (!known) {
        problem = quantity_suffix_error;
        return std::nullopt;
    }
    out.suffix = *known;
    out.digits = read_digits(out.whole, out.fraction);
    return out;
}

}  // namespace

std::optional<std::string> canonical_quantity(std::string_view text) {
    std::string_view problem;
    const auto parsed = take_apart(text, problem);
    if (!parsed) {
        return std::nullopt;
    }
    const Digits& digits = parsed->digits;
    const std::string_view whole = parsed->whole;
    const std::string_view fraction = parsed->fraction;
    const QuantitySuffix* suffix = &parsed->suffix;
    if (digits.mantissa == 0) {
        return "0";
    }
    const std::string sign = parsed->negative ? "-" : "";
    const int scale = digits.scale + suffix->power;
    if (suffix->form != QuantityForm::binary && whole.size() + fraction.size() <= digits_kept &&
        scale >= -9 && (suffix->form == QuantityForm::exponent || scale <= 18)) {
        // Go keeps the text where it is as good as the canonical one.
        if (scale % 3 == 0 && digits.mantissa % 1000 != 0 &&
            whole.find_first_not_of('0') != std::string_view::npos) {
            return std::string(text);
        }
        return sign + write_decimal(digits.mantissa, scale, suffix->form == QuantityForm::exponent);
    }
    const Wide nanos = nanos_of(digits, *suffix, units_max);
    if (suffix->form == QuantityForm::binary && nanos >= 1024 * nanos_per_unit &&
        nanos % nanos_per_unit == 0) {
        return sign + write_binary(nanos / nanos_per_unit);
    }
    return sign + write_decimal(nanos, -9, suffix->form == QuantityForm::exponent);
}

namespace {

__extension__ using SignedWide = __int128;

// Beyond what any resource reaches, and far from the ends of the type.
constexpr Wide count_units_max = Wide{1'000'000'000'000'000'000} * 100'000'000'000;

Wide magnitude(SignedWide nanos) {
    return nanos < 0 ? Wide{0} - static_cast<Wide>(nanos) : static_cast<Wide>(nanos);
}

Wide power_of_ten(int power) {
    Wide out = 1;
    for (int i = 0; i < power; ++i) {
        out *= 10;
    }
    return out;
}

// Away from zero to a multiple of `step`.
Wide round_away(Wide nanos, Wide step) {
    return (nanos + step - 1) / step;
}

int64_t bounded(bool negative, Wide number) {
    constexpr auto most = static_cast<Wide>(std::numeric_limits<int64_t>::max());
    if (negative) {
        return number > most ? std::numeric_limits<int64_t>::min() : -static_cast<int64_t>(number);
    }
    return static_cast<int64_t>(number > most ? most : number);
}

}  // namespace

Result<Amount> Amount::parse(std::string_view text) {
    std::string_view problem;
    const auto parsed = take_apart(text, problem);
    if (!parsed) {
        return make_error(Reason::invalid, problem);
    }
    Amount out;
    const bool is_binary = parsed->suffix.form == QuantityForm::binary;
    const Wide nanos =
        nanos_of(parsed->digits, parsed->suffix, is_binary ? units_max : count_units_max);
    out.nanos_ = parsed->negative ? -static_cast<Nanos>(nanos) : static_cast<Nanos>(nanos);
    out.form_ = static_cast<unsigned char>(parsed->suffix.form);
    return out;
}

Amount Amount::of_units(int64_t units) {
    Amount out;
    out.nanos_ = static_cast<Nanos>(units) * 1'000'000'000;
    return out;
}

Amount Amount::of_milli(int64_t milli) {
    Amount out;
    out.nanos_ = static_cast<Nanos>(milli) * 1'000'000;
    return out;
}

std::string Amount::text() const {
    if (nanos_ == 0) {
        return "0";
    }
    const Wide nanos = magnitude(nanos_);
    const auto form = static_cast<QuantityForm>(form_);
    const std::string_view sign = nanos_ < 0 ? "-" : "";
    if (form == QuantityForm::binary && nanos >= 1024 * nanos_per_unit &&
        nanos % nanos_per_unit == 0) {
        return cat(sign, write_binary(nanos / nanos_per_unit));
    }
    return cat(sign, write_decimal(nanos, -9, form == QuantityForm::exponent));
}

int64_t Amount::value() const {
    return bounded(nanos_ < 0, round_away(magnitude(nanos_), nanos_per_unit));
}

int64_t Amount::milli_value() const {
    return bounded(nanos_ < 0, round_away(magnitude(nanos_), 1'000'000));
}

double Amount::to_double() const {
    const Wide nanos = magnitude(nanos_);
    const double units = static_cast<double>(nanos / nanos_per_unit) +
                         static_cast<double>(nanos % nanos_per_unit) / 1e9;
    return nanos_ < 0 ? -units : units;
}

bool Amount::is_integer() const {
    return magnitude(nanos_) % nanos_per_unit == 0;
}

Amount Amount::plus(const Amount& other) const {
    Amount out;
    constexpr auto most = static_cast<Nanos>(count_units_max * nanos_per_unit);
    out.nanos_ = std::clamp<Nanos>(nanos_ + other.nanos_, -most, most);
    out.form_ = nanos_ == 0 ? other.form_ : form_;
    return out;
}

Amount Amount::minus(const Amount& other) const {
    return plus(other.negated());
}

Amount Amount::negated() const {
    Amount out;
    out.nanos_ = -nanos_;
    out.form_ = form_;
    return out;
}

Amount Amount::rounded_up(int power) const {
    const Wide step = power_of_ten(std::clamp(power, -9, 18) + 9);
    const Wide nanos = round_away(magnitude(nanos_), step) * step;
    if (nanos == magnitude(nanos_)) {
        return *this;
    }
    Amount out;
    out.nanos_ = nanos_ < 0 ? -static_cast<Nanos>(nanos) : static_cast<Nanos>(nanos);
    out.form_ = form_;
    return out;
}

Result<Quantity> Quantity::parse(std::string_view text) {
    Quantity out(TRY(Amount::parse(text)));
    out.written_ = text;
    return out;
}

Quantity Quantity::rounded_up(int power) const {
    const Amount rounded = Amount::rounded_up(power);
    return rounded == *this ? *this : Quantity(rounded);
}

}  // namespace weft::schema
