// schema/quantity.h: resource quantities ("500m", "1Gi") in their canonical form.
//
// Source of the behaviour: apimachinery pkg/api/resource, 0.36.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace weft::schema {

// The text that Go writes for the quantity: "1000m" is "1", "0.5" is "500m", "1024Mi" is "1Gi".
// Nothing if it is no quantity. Values below a nano are rounded away from zero, those beyond 2^63
// are cut to it.
[[nodiscard]] std::optional<std::string> canonical_quantity(std::string_view text);

// What the API says about a text that is none.
inline constexpr std::string_view quantity_error =
    "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
inline constexpr std::string_view quantity_suffix_error = "unable to parse quantity's suffix";

// How much a quantity is, exact to a nano, and the form that its text has. It is a value without
// memory of its own. Amounts beyond 10^29 are cut to that, which no resource reaches.
class Amount {
public:
    Amount() = default;  // 0

    // invalid with the API's words.
    [[nodiscard]] static Result<Amount> parse(std::string_view text);
    [[nodiscard]] static Amount of_units(int64_t units);
    [[nodiscard]] static Amount of_milli(int64_t milli);

    // The canonical text.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] int sign() const { return nanos_ < 0 ? -1 : nanos_ > 0 ? 1 : 0; }
    // Rounded up (towards +infinity for the positive, away from 0 for the negative, as Go does);
    // cut at the bounds of an int64.
    [[nodiscard]] int64_t value() const;
    [[nodiscard]] int64_t milli_value() const;
    [[nodiscard]] double to_double() const;
    [[nodiscard]] bool is_integer() const;

    // The sum takes the left side's form ("Ki" or "k"), the right side's if the left is 0.
    [[nodiscard]] Amount plus(const Amount& other) const;
    [[nodiscard]] Amount minus(const Amount& other) const;
    [[nodiscard]] Amount negated() const;
    // Away from 0 to a multiple of 10^power, -9 <= power <= 18.
    [[nodiscard]] Amount rounded_up(int power) const;

    [[nodiscard]] std::strong_ordering operator<=>(const Amount& other) const {
        return nanos_ <=> other.nanos_;
    }
    [[nodiscard]] bool operator==(const Amount& other) const { return nanos_ == other.nanos_; }

private:
    __extension__ using Nanos = __int128;

    Nanos nanos_ = 0;
    unsigned char form_ = 0;  // decimal, binary, exponent
};

// An amount with the text that it was read from: Go keeps some texts as they were written ("1.500",
// "1E3"), and the text is not touched by the cut. What was counted has none.
class Quantity : public Amount {
public:
    Quantity() = default;
    Quantity(const Amount& amount) : Amount(amount) {}  // NOLINT(google-explicit-constructor)

    // invalid with the API's words.
    [[nodiscard]] static Result<Quantity> parse(std::string_view text);

    // As Go writes it.
    [[nodiscard]] std::string text() const {
        return written_.empty() ? Amount::text() : *canonical_quantity(written_);
    }
    // As Amount's; one that is rounded already stays as it was written.
    [[nodiscard]] Quantity rounded_up(int power) const;

private:
    std::string written_;
};

}  // namespace weft::schema
