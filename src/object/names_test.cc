// object/names_test.cc: proof of names.h, int_or_string.h and ip_address.h.

#include "object/names.h"

#include <gtest/gtest.h>

#include "object/int_or_string.h"
#include "object/ip_address.h"

namespace weft {
namespace {

using Messages = std::vector<std::string>;

TEST(Names, ALabelWithDotsIsToldSo) {
    EXPECT_EQ(check_dns1123_label("a.b"), Messages{"must not contain dots"});
    EXPECT_EQ(check_dns1123_label("web-1"), Messages{});
}

TEST(Names, AKeyIsToldWhichPartIsWrong) {
    EXPECT_EQ(check_qualified_name("/a"), Messages{"prefix part must be non-empty"});
    EXPECT_EQ(check_qualified_name("example.com/" + std::string(64, 'a')),
              Messages{"name part must be no more than 63 bytes"});
}

TEST(Names, VersionsAreOrderedByMaturityThenNumber) {
    EXPECT_GT(compare_kube_versions("v2", "v1"), 0);
    EXPECT_GT(compare_kube_versions("v1", "v10beta3"), 0);
    EXPECT_GT(compare_kube_versions("v1beta1", "v12alpha1"), 0);
    EXPECT_GT(compare_kube_versions("v1alpha1", "foo1"), 0);
    EXPECT_GT(compare_kube_versions("bar", "foo"), 0);
}

TEST(IntOrString, APercentageIsAShareOfTheTotal) {
    EXPECT_EQ(scaled_int_or_percent("25%", 10, true).value(), 3);
    EXPECT_EQ(scaled_int_or_percent("25%", 10, false).value(), 2);
    EXPECT_EQ(scaled_int_or_percent(7, 10, false).value(), 7);
    EXPECT_FALSE(scaled_int_or_percent("25", 10, true));
}

TEST(IpAddress, SaysTheCanonicalForm) {
    EXPECT_EQ(check_ip_address("0001:002:03:4::"),
              Messages{"must be in canonical form (\"1:2:3:4::\")"});
    EXPECT_EQ(check_ip_address("1.1.1.01"), Messages{"must not have leading 0s"});
    EXPECT_EQ(check_cidr("1.2.3.4/24"),
              Messages{"must not have bits set beyond the prefix length"});
    EXPECT_EQ(check_cidr("2001:db8::/64"), Messages{});
}

}  // namespace
}  // namespace weft
