// cel/library/kubernetes_test.cc: Kubernetes' functions.

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(KubernetesLibrary, CountsQuantities) {
    constexpr LibraryCase cases[] = {
        {"quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')", "true"},
        {"quantity('200M').compareTo(quantity('0.2G'))", "0"},
        {"quantity('50Mi').isGreaterThan(quantity('50M'))", "true"},
        {"quantity('50M').isLessThan(quantity('50Mi'))", "true"},
        {"quantity('9999999999999999999999999999999999999G').isInteger()", "false"},
        {"quantity('9999999999999999999999999999999999999G').asInteger()",
         "ERR: cannot convert value to integer"},
        {"quantity('50k').asInteger()", "50000"},
        {"quantity('1500m').asApproximateFloat()", "1.5"},
        {"sign(quantity('-1'))", "-1"},
        {"isQuantity('1.3Gi') && !isQuantity('200K') && !isQuantity('1,3G')", "true"},
        {"isQuantity('Mi') && quantity('Mi').asInteger() == 0", "true"},
        {"quantity('Three')",
         "ERR: quantities must match the regular expression "
         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
        {"quantity('200K')", "ERR: unable to parse quantity's suffix"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, LooksThroughLists) {
    constexpr LibraryCase cases[] = {
        {"[1, 2, 2].isSorted()", "true"},
        {"['b', 'a'].isSorted()", "false"},
        {"[1, 3].sum()", "4"},
        {"[1u, 3u].sum()", "4u"},
        {"[1.5, 3.0].sum()", "4.5"},
        {"[duration('1m'), duration('1s')].sum() == duration('61s')", "true"},
        {"[].sum()", "0"},
        {"[9223372036854775807, 1].sum()", "ERR: integer overflow"},
        {"[3, 1, 2].min()", "1"},
        {"['a', 'c', 'b'].max()", "\"c\""},
        {"[].min()", "ERR: min called on empty list"},
        {"[].max()", "ERR: max called on empty list"},
        {"[1, 2, 2, 3].indexOf(2)", "1"},
        {"[1, 2, 2, 3].lastIndexOf(2)", "2"},
        {"[1.0].indexOf(1.1)", "-1"},
        {"'abcb'.indexOf('b')", "1"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, FindsMatches) {
    constexpr LibraryCase cases[] = {
        {"'abc 123'.find('[0-9]+')", "\"123\""},
        {"'abc 123'.find('xyz')", "\"\""},
        {"'123 abc 456'.findAll('[0-9]+')", "[\"123\", \"456\"]"},
        {"'123 abc 456'.findAll('[0-9]+', 1)", "[\"123\"]"},
        {"'123 abc 456'.findAll('[0-9]+', 0)", "[]"},
        {"'ab'.findAll('x*')", "[\"\", \"\", \"\"]"},
        {"'baab'.findAll('a*')", "[\"\", \"aa\", \"\"]"},
        {"'x'.find('[')", "PLAN: error parsing regexp: missing closing ]: `[`"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, MappedAddressesAreThoseOfVersion4InTheSpecificationOnly) {
    constexpr LibraryCase spec[] = {
        {"ip('::ffff:c0a8:1') == ip('192.168.0.1')", "true"},
        {"ip('::ffff:c0a8:1').family()", "4"},
        {"ip('::ffff:192.168.0.1')",
         "ERR: IPv4-mapped IPv6 address \"::ffff:192.168.0.1\" is not allowed"},
        {"cidr('10.0.0.0/8').isMask() && !cidr('10.0.0.1/8').isMask()", "true"},
    };
    expect_library(Profile::spec(), spec);
    constexpr LibraryCase others[] = {
        {"ip('::ffff:c0a8:1')", "ERR: IPv4-mapped IPv6 address \"::ffff:c0a8:1\" is not allowed"},
    };
    expect_library(Profile::kro(), others);
    expect_library(Profile::kubernetes(36), others);
}

TEST(KubernetesLibrary, KnowsAddresses) {
    constexpr LibraryCase cases[] = {
        {"ip('127.0.0.1').family()", "4"},
        {"ip('::1').family()", "6"},
        {"ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified()", "true"},
        {"ip('127.0.0.1').isLoopback() && ip('::1').isLoopback()", "true"},
        {"ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", "true"},
        {"ip('224.0.1.1').isLinkLocalMulticast() || ip('fd00::1').isLinkLocalMulticast()", "false"},
        {"ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()",
         "true"},
        {"ip('192.168.0.1').isGlobalUnicast() && ip('2001:db8::abcd').isGlobalUnicast()", "true"},
        {"ip('255.255.255.255').isGlobalUnicast() || ip('ff00::1').isGlobalUnicast()", "false"},
        {"ip.isCanonical('2001:db8::abcd')", "true"},
        {"ip.isCanonical('2001:DB8::ABCD')", "false"},
        {"string(ip('2001:db8:0:0:0:0:0:1'))", "\"2001:db8::1\""},
        {"ip('::1') == ip('0:0::1')", "true"},
        {"type(ip('::1')) == net.IP", "true"},
        {"isIP(':::1') || isIP('127.0.0.256') || isIP('01.2.3.4')", "false"},
        {"ip('127.0.0.256')",
         "ERR: IP Address \"127.0.0.256\" parse error during conversion from string: "
         "ParseAddr(\"127.0.0.256\"): IPv4 field has value >255"},
        {"ip('::ffff:1.2.3.4')", "ERR: IPv4-mapped IPv6 address \"::ffff:1.2.3.4\" is not allowed"},
        {"ip('fe80::1%eth0')", "ERR: IP address \"fe80::1%eth0\" with zone value is not allowed"},
        {"ip(':::1')",
         "ERR: IP Address \":::1\" parse error during conversion from string: "
         "ParseAddr(\":::1\"): each colon-separated field must have at least one digit (at "
         "\":1\")"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, KnowsNetworks) {
    constexpr LibraryCase cases[] = {
        {"cidr('192.168.0.0/24').containsIP('192.168.0.1')", "true"},
        {"cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", "false"},
        {"cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')", "true"},
        {"cidr('192.168.1.0/24').containsCIDR(cidr('192.168.2.0/24'))", "false"},
        {"cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')", "false"},
        {"cidr('192.168.0.1/24').ip() == ip('192.168.0.1')", "true"},
        {"cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')", "true"},
        {"cidr('192.168.0.1/24') == cidr('192.168.0.0/24')", "false"},
        {"string(cidr('2001:db8::1/32').masked())", "\"2001:db8::/32\""},
        {"cidr('::1/128').prefixLength()", "128"},
        {"isCIDR('192.168.0.0/33') || isCIDR('::1/129') || isCIDR('10.0.0.0/08')", "false"},
        {"cidr('10.0.0.0')",
         "ERR: network address parse error during conversion from string: network address parse "
         "error during conversion from string: netip.ParsePrefix(\"10.0.0.0\"): no '/'"},
        {"cidr('10.0.0.0/8').containsIP('x')",
         "ERR: IP Address \"x\" parse error during conversion from string: ParseAddr(\"x\"): "
         "unable to parse IP"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, ComparesVersions) {
    constexpr LibraryCase cases[] = {
        {"semver('1.2.3').major() + semver('1.2.3').minor() + semver('1.2.3').patch()", "6"},
        {"semver('1.2.3').compareTo(semver('2.0.0'))", "-1"},
        {"semver('1.0.0').isGreaterThan(semver('1.0.0-rc.1'))", "true"},
        {"semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))", "true"},
        {"semver('1.0.0-1').isLessThan(semver('1.0.0-a'))", "true"},
        {"semver('1.0.0+a') == semver('1.0.0+b')", "true"},
        {"semver('v01.01', true) == semver('1.1.0')", "true"},
        {"isSemver('v1.0') || isSemver('1.0.0-')", "false"},
        {"isSemver('v1.0', true)", "true"},
        {"semver('Three')", "ERR: No Major.Minor.Patch elements found"},
        {"semver('01.1.1')", "ERR: Major number must not contain leading zeroes \"01\""},
        {"semver('1.1.x')", "ERR: Invalid character(s) found in patch number \"x\""},
        {"semver('1.1-a', true)", "ERR: short version cannot contain PreRelease/Build meta data"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, TakesUrlsApart) {
    constexpr LibraryCase cases[] = {
        {"url('/path').getScheme() + url('/path').getHost()", "\"\""},
        {"url('HTTPS://example.com/').getScheme()", "\"https\""},
        {"url('https://u:p@example.com:80/').getHost()", "\"example.com:80\""},
        {"url('https://[::1]:80/').getHost()", "\"[::1]:80\""},
        {"url('https://[::1]:80/').getHostname()", "\"::1\""},
        {"url('https://[::1]/').getPort()", "\"\""},
        {"url('https://example.com:80/').getPort()", "\"80\""},
        {"url('https://example.com/path with spaces/').getEscapedPath()",
         "\"/path%20with%20spaces/\""},
        {"url('https://example.com').getEscapedPath()", "\"\""},
        {"url('https://example.com/path?k1=a&k2=b&k2=c#f').getQuery() == "
         "{'k1': ['a'], 'k2': ['b', 'c']}",
         "true"},
        {"url('https://example.com/path?a=1;b=2').getQuery() == {}", "true"},
        {"url('https://example.com/path?').getQuery() == {}", "true"},
        {"isURL('../relative-path') || isURL('https://a:b:c/') || isURL('')", "false"},
        {"isURL('https://user:pass@example.com:80/path?query=val#fragment')", "true"},
        {"url('https://a:b:c/')",
         "ERR: URL parse error during conversion from string: parse \"https://a:b:c/\": invalid "
         "port \":c\" after host"},
        {"url('x')",
         "ERR: URL parse error during conversion from string: parse \"x\": invalid URI for "
         "request"},
        {"url('https://example.com/a') == url('HTTPS://example.com/a')", "true"},
    };
    expect_library(Profile::kro(), cases);
    expect_library(Profile::kubernetes(34), cases);
}

TEST(KubernetesLibrary, NamesFormats) {
    constexpr LibraryCase cases[] = {
        {"format.dns1123Label().validate('my-label').hasValue()", "false"},
        {"format.dns1123Label().validate('My').value().size()", "1"},
        {"format.dns1123LabelPrefix().validate('my-').hasValue()", "false"},
        {"format.dns1123Label().validate('my-').hasValue()", "true"},
        {"format.named('uuid').value().validate('x').value() == ['does not match the UUID format']",
         "true"},
        {"format.named('none').hasValue()", "false"},
        {"format.byte().validate('*').value() == ['invalid base64']", "true"},
        {"format.date().validate('2021-01-01').hasValue()", "false"},
        {"format.datetime().validate('2021').value() == ['invalid datetime']", "true"},
        {"format.uri().validate('x').value()[0]", "\"parse \\\"x\\\": invalid URI for request\""},
        {"format.uri() == format.named('uri').value()", "true"},
    };
    expect_library(Profile::kubernetes(34), cases);
}

}  // namespace
}  // namespace weft::cel
