// schema/quantity_test.cc: proves counting with quantities; the texts are in the conformance suite.

#include "schema/quantity.h"

#include <gtest/gtest.h>

#include "schema/internal/go_time.h"

namespace weft::schema {
namespace {

Quantity amount(std::string_view text) {
    return Quantity::parse(text).value();
}

TEST(QuantityValue, AddsAndKeepsTheLeftForm) {
    EXPECT_EQ(amount("1Gi").plus(amount("1Gi")).text(), "2Gi");
    EXPECT_EQ(amount("100m").plus(amount("1Ki")).text(), "1024100m");
    EXPECT_EQ(amount("0").plus(amount("1Ki")).text(), "1Ki");
    EXPECT_EQ(amount("500m").minus(amount("1")).text(), "-500m");
}

TEST(QuantityValue, ComparesByAmount) {
    EXPECT_TRUE(amount("1000m") == amount("1"));
    EXPECT_TRUE(amount("1Ki") > amount("1k"));
    EXPECT_EQ(amount("1500m").value(), 2);
    EXPECT_EQ(amount("1500m").milli_value(), 1500);
    EXPECT_EQ(Quantity::of_milli(1500).text(), "1500m");
    EXPECT_FALSE(amount("1500m").is_integer());
}

TEST(QuantityValue, TellsAWrongSuffixFromAWrongText) {
    EXPECT_EQ(Quantity::parse("1x").error().message(), quantity_error);
    EXPECT_EQ(Quantity::parse("1ki").error().message(), quantity_suffix_error);
}

TEST(GoTime, SaysWhereGoStops) {
    EXPECT_EQ(internal::parse_go_time("2006-01-02", false).error().message(),
              "parsing time \"2006-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as "
              "\"T\"");
    EXPECT_EQ(internal::parse_go_time("2023-02-29T00:00:00Z", false).error().message(),
              "parsing time \"2023-02-29T00:00:00Z\": day out of range");
    EXPECT_EQ(internal::parse_go_duration("1d").error().message(),
              "time: unknown unit \"d\" in duration \"1d\"");
}

}  // namespace
}  // namespace weft::schema
