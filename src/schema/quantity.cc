// schema/quantity.cc: reads a quantity as a number of nanos and writes it canonically.

#include "schema/quantity.h"

#include "base/base.h"

namespace weft::schema {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide nanos_per_unit = 1'000'000'000;
constexpr Wide units_max = 0x7FFF'FFFF'FFFF'FFFFULL;
constexpr int digits_kept = 24;  // more do not change the outcome but for rounding

enum class QuantityForm : unsigned char { decimal, binary, exponent };

struct QuantitySuffix {
    QuantityForm form;
    int power;  // of ten, or of two for binary
};

std::optional<QuantitySuffix> read_suffix(std::string_view text) {
    struct Known {
        std::string_view text;
        QuantityForm form;
        int power;
    };
    static constexpr Known known[] = {
        {"", QuantityForm::decimal, 0},   {"n", QuantityForm::decimal, -9},
        {"u", QuantityForm::decimal, -6}, {"m", QuantityForm::decimal, -3},
        {"k", QuantityForm::decimal, 3},  {"M", QuantityForm::decimal, 6},
        {"G", QuantityForm::decimal, 9},  {"T", QuantityForm::decimal, 12},
        {"P", QuantityForm::decimal, 15}, {"E", QuantityForm::decimal, 18},
        {"Ki", QuantityForm::binary, 10}, {"Mi", QuantityForm::binary, 20},
        {"Gi", QuantityForm::binary, 30}, {"Ti", QuantityForm::binary, 40},
        {"Pi", QuantityForm::binary, 50}, {"Ei", QuantityForm::binary, 60},
    };
    for (const Known& entry : known) {
        if (entry.text == text) {
            return QuantitySuffix{entry.form, entry.power};
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

// In nanos, rounded up, cut at the largest.
Wide nanos_of(Digits digits, const QuantitySuffix& suffix) {
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
            if (units > units_max) {
                return units_max * nanos_per_unit;
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
    if (units > units_max) {
        return units_max * nanos_per_unit;
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

}  // namespace

std::optional<std::string> canonical_quantity(std::string_view text) {
    const std::string_view all = text;
    const bool negative = text.starts_with('-');
    const bool has_plus = text.starts_with('+');
    if (negative || has_plus) {
        text.remove_prefix(1);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    size_t at = 0;
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    const std::string_view whole = text.substr(0, at);
    std::string_view fraction;
    if (at < text.size() && text[at] == '.') {
        const size_t start = ++at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        fraction = text.substr(start, at - start);
    }
    if (text.empty() && !negative && !has_plus) {
        return std::nullopt;
    }
    const auto suffix = read_suffix(text.substr(at));
    if (!suffix) {
        return std::nullopt;
    }
    const Digits digits = read_digits(whole, fraction);
    if (digits.mantissa == 0) {
        return "0";
    }
    const std::string sign = negative ? "-" : "";
    const int scale = digits.scale + suffix->power;
    if (suffix->form != QuantityForm::binary && whole.size() + fraction.size() <= digits_kept &&
        scale >= -9 && (suffix->form == QuantityForm::exponent || scale <= 18)) {
        // Go keeps the text where it is as good as the canonical one.
        if (scale % 3 == 0 && digits.mantissa % 1000 != 0 && !whole.empty() && whole[0] != '0') {
            return std::string(all);
        }
        return sign + write_decimal(digits.mantissa, scale, suffix->form == QuantityForm::exponent);
    }
    const Wide nanos = nanos_of(digits, *suffix);
    if (suffix->form == QuantityForm::binary && nanos >= 1024 * nanos_per_unit &&
        nanos % nanos_per_unit == 0) {
        return sign + write_binary(nanos / nanos_per_unit);
    }
    return sign + write_decimal(nanos, -9, suffix->form == QuantityForm::exponent);
}

}  // namespace weft::schema
