// base/base_test.cc: the promises of base.

#include "base/base.h"

#include <fstream>
#include <gtest/gtest.h>

#include "base/memory.h"
#include "base/rsa.h"

namespace weft {
namespace {

Result<int> half(int n) {
    if (n % 2 != 0) {
        return make_error(Reason::invalid, n, " is odd");
    }
    return n / 2;
}

Result<int> quarter(int n) {
    const int first = TRY(half(n));
    return TRY(half(first).context("second half of ", n));
}

TEST(Result, TryPassesErrorsOnWithThePlacesTheyPassed) {
    EXPECT_EQ(*quarter(8), 2);
    const auto refused = quarter(6);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), Reason::invalid);
    EXPECT_EQ(refused.error().message(), "3 is odd");
    EXPECT_EQ(refused.error().text(), "second half of 6: 3 is odd");
}

TEST(Reason, WordsAndCodesAreThoseOfAStatus) {
    EXPECT_EQ(reason_text(Reason::already_exists), "AlreadyExists");
    EXPECT_EQ(reason_code(Reason::already_exists), 409);
    EXPECT_EQ(reason_from_text("Expired"), Reason::expired);
    EXPECT_EQ(reason_from_text("nonsense"), Reason::unknown);
}

TEST(Text, QuoteIsGos) {
    EXPECT_EQ(quote("a\"b\\\n\x01\xff\u00e9\u2028"), "\"a\\\"b\\\\\\n\\x01\\xff\u00e9\\u2028\"");
}

TEST(Text, DoublesAreWrittenAsEncodingJsonDoes) {
    EXPECT_EQ(format_double(3), "3");
    EXPECT_EQ(format_double(0.1), "0.1");
    EXPECT_EQ(format_double(1e21), "1e+21");
    EXPECT_EQ(format_double(1e20), "100000000000000000000");
    EXPECT_EQ(format_double(1e-7), "1e-7");
    EXPECT_EQ(format_double(-2.5e-10), "-2.5e-10");
}

TEST(Encoding, Base64RoundTripsAndRefuses) {
    for (const std::string text : {"", "a", "ab", "abc", "abcd"}) {
        for (const Base64 variant : {Base64::standard, Base64::url_no_padding}) {
            EXPECT_EQ(base64_decode(base64_encode(text, variant), variant), text);
        }
    }
    EXPECT_EQ(base64_encode("ab"), "YWI=");
    EXPECT_FALSE(base64_decode("YWI"));
    EXPECT_FALSE(base64_decode("YW=I"));
    EXPECT_FALSE(base64_decode("===="));
}

TEST(Encoding, PercentSequencesAreCheckedToTheEnd) {
    EXPECT_EQ(query_escape("a b&c/d"), "a+b%26c%2Fd");
    EXPECT_EQ(query_unescape("a+b%26c"), "a b&c");
    EXPECT_FALSE(query_unescape("a%2"));
    EXPECT_FALSE(path_unescape("%zz"));
}

TEST(Time, Rfc3339RoundTrips) {
    const auto time = parse_rfc3339("2026-02-28T23:59:59.25+01:30");
    ASSERT_TRUE(time);
    EXPECT_EQ(format_rfc3339_nano(*time), "2026-02-28T22:29:59.25Z");
    EXPECT_EQ(format_rfc3339_micro(*time), "2026-02-28T22:29:59.250000Z");
    EXPECT_EQ(format_rfc3339({0, 0}), "1970-01-01T00:00:00Z");
    EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-02-28 00:00:00Z"));
}

TEST(Time, DurationsAreGos) {
    EXPECT_EQ(format_duration(5'400'000'000'000), "1h30m0s");
    EXPECT_EQ(format_duration(1'500'000'000), "1.5s");
    EXPECT_EQ(format_duration(100'000'000), "100ms");
    EXPECT_EQ(parse_duration("1h1.5s"), 3'601'500'000'000);
    EXPECT_EQ(parse_duration("-300ms"), -300'000'000);
    EXPECT_FALSE(parse_duration("1d"));
    EXPECT_FALSE(parse_duration("9223372036854775807h"));
    EXPECT_EQ(human_duration(190'000'000'000), "3m10s");
    EXPECT_EQ(human_duration(-5'000'000'000), "<invalid>");
}

TEST(Hash, KnownDigests) {
    EXPECT_EQ(hex_encode(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex_encode(sha256("abc")).substr(0, 16), "ba7816bf8f01cfea");
    EXPECT_EQ(fnv64a("a"), 0xaf63dc4c8601ec8cULL);
}

TEST(Rsa, OnlyTheKeysOwnSignaturesHold) {
    const auto key = RsaKey::generate();
    ASSERT_TRUE(key);
    const auto again = RsaKey::from_pem(key->to_pem());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->modulus(), key->modulus());
    EXPECT_EQ(key->modulus().size(), 256U);
    const std::string signature = key->sign("text");
    EXPECT_TRUE(again->verify("text", signature));
    EXPECT_FALSE(again->verify("other", signature));
    EXPECT_FALSE(again->verify("text", ""));
    EXPECT_FALSE(RsaKey::from_pem("no key"));
}

size_t resident_pages() {
    std::ifstream statm("/proc/self/statm");
    size_t total = 0;
    size_t resident = 0;
    statm >> total >> resident;
    return resident;
}

TEST(Memory, GivesBackWhatIsNotInUse) {
    std::vector<std::string> texts;
    for (int i = 0; i < 10'000; ++i) {
        texts.push_back(std::string(1'000, 'x'));
    }
    const std::string kept = texts.back();
    texts.clear();
    const size_t before = resident_pages();

    give_back_memory();

    EXPECT_LT(resident_pages(), before);
    EXPECT_EQ(kept, std::string(1'000, 'x'));  // Code and constants are there again when needed.
}

}  // namespace
}  // namespace weft
