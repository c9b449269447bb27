// cel/library/strings_test.cc: functions of texts.

#include "cel/library/strings.h"

#include <gtest/gtest.h>

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(Strings, PositionsCountCodePoints) {
    constexpr LibraryCase cases[] = {
        {"'👑x'.charAt(1)", "\"x\""},
        {"'abc'.charAt(3)", "\"\""},
        {"'abc'.charAt(4)", "ERR: index out of range: 4"},
        {"'abc'.charAt(-1)", "ERR: index out of range: -1"},
        {"'héllo'.substring(1,3)", "\"él\""},
        {"'abc'.substring(3)", "\"\""},
        {"'abc'.substring(4)", "ERR: index out of range: 4"},
        {"'abc'.substring(2,1)", "ERR: invalid substring range. start: 2, end: 1"},
        {"'abc'.substring(-1,1)", "ERR: index out of range: -1"},
        {"'abc'.substring(1,5)", "ERR: index out of range: 5"},
        {"'éaé'.indexOf('é', 1)", "2"},
        {"'éaéa'.lastIndexOf('éa', 1)", "0"},
        {"'éaéa'.lastIndexOf('éa')", "2"},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Strings, SearchingFindsNothingPastTheEnd) {
    constexpr LibraryCase cases[] = {
        {"'abc'.indexOf('', 3)", "3"},
        {"'abc'.indexOf('', 4)", "3"},
        {"''.indexOf('', 1)", "0"},
        {"'abc'.lastIndexOf('')", "3"},
        {"'abc'.indexOf('c', 30)", "-1"},
        {"''.lastIndexOf('a')", "-1"},
        {"'abc'.indexOf('c', -1)", "ERR: index out of range: -1"},
    };
    expect_library(Profile::kro(), cases);
    constexpr LibraryCase strict[] = {
        {"'abc'.indexOf('c', 30)", "ERR: index out of range: 30"},
        {"'abc'.lastIndexOf('c', 30)", "ERR: index out of range: 30"},
    };
    expect_library(Profile::spec(), strict);
}

TEST(Strings, ReplaceSplitAndJoinFollowGo) {
    constexpr LibraryCase cases[] = {
        {"'a,b,c'.split(',', 0)", "[]"},
        {"'a,b,c'.split(',', 1)", "[\"a,b,c\"]"},
        {"'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"},
        {"'a,b,c'.split(',', -1)", "[\"a\", \"b\", \"c\"]"},
        {"'aéc'.split('')", "[\"a\", \"é\", \"c\"]"},
        {"'abc'.split('', 2)", "[\"a\", \"bc\"]"},
        {"''.split(',')", "[\"\"]"},
        {"''.split('')", "[]"},
        {"'aaa'.replace('a','b',2)", "\"bba\""},
        {"'aaa'.replace('a','b',0)", "\"aaa\""},
        {"'aéc'.replace('','-')", "\"-a-é-c-\""},
        {"'abc'.replace('','-',2)", "\"-a-bc\""},
        {"['a','b'].join('-')", "\"a-b\""},
        {"['a','b'].join()", "\"ab\""},
        {"[].join('-')", "\"\""},
        {"[1,'a'].join(',')", "ERR: no such overload: join(list, string)"},
        {"['a',1].join(',')", "ERR: join: invalid input: 1"},
        {"'  x\\u00a0 '.trim()", "\"x\""},
        {"' \\n'.trim()", "\"\""},
        {"'İB'.lowerAscii()", "\"İb\""},
        {"'éb'.upperAscii()", "\"éB\""},
        {"'aéc'.reverse()", "\"céa\""},
        {"strings.quote('a\\n\"\\u00e9\\\\') == '\"a\\\\n\\\\\"é\\\\\\\\\"'", "true"},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Strings, TextsThatDoNotFitAreRefused) {
    constexpr LibraryCase cases[] = {
        {"cel.bind(a, 'x'.replace('', '012345678901234567890123456789'), cel.bind(b, "
         "a.replace('', a), cel.bind(c, b.replace('', b), c.replace('', c).size())))",
         "ERR: memory limit exceeded"},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Strings, FormatPrintsWithoutLocale) {
    constexpr LibraryCase cases[] = {
        {"'%s %d %f'.format(['a', 1, 2.5])", "\"a 1 2.500000\""},
        {"'%.2e'.format([12345.678])", "\"1.23e+04\""},
        {"'%s'.format([{'b':1,'a':[1.0, null, true]}])", "\"{a: [1, null, true], b: 1}\""},
        {"'%s'.format([duration('1h1s')])", "\"3601s\""},
        {"'%s'.format([b'abc'])", "\"abc\""},
        {"'%x %X'.format([255, 'hi'])", "\"ff 6869\""},
        {"'%b %o'.format([5, 8])", "\"101 10\""},
        {"'%f'.format([1])", "\"1.000000\""},
        {"'%f'.format([1234567.0])", "\"1234567.000000\""},
        {"'%s'.format([1e20])", "\"100000000000000000000\""},
        {"'%s'.format([0.00001])", "\"0.00001\""},
        {"'%%'.format([])", "\"%\""},
        {"'%d'.format([2.5])", "\"2.5\""},
        {"'%x'.format([-255])", "\"-ff\""},
        {"'%X'.format([b'\\x01\\xff'])", "\"01FF\""},
        {"'%b'.format([true])", "\"1\""},
        {"'%s'.format([timestamp('2020-01-01T00:00:00+01:00')])", "\"2019-12-31T23:00:00Z\""},
        {"'%s'.format([type(1)])", "\"int\""},
        {"'%f'.format([0.0/0.0])", "\"NaN\""},
        {"'%s'.format([-1.0/0.0])", "\"-Infinity\""},
        {"'%d'.format([dyn('x')])",
         "ERR: error during formatting: decimal clause can only be used on ints, uints, and "
         "doubles, was given string"},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Strings, LiteralFormatsAreChecked) {
    constexpr LibraryCase cases[] = {
        {"'%d'.format(['x'])",
         "CHECK: error during formatting: decimal clause can only be used on ints, uints, and "
         "doubles, was given string"},
        {"'%d %d'.format([1])", "CHECK: index 1 out of range"},
        {"'%z'.format([1])",
         "CHECK: could not parse formatting clause: unrecognized formatting clause \"z\""},
        {"'%s'.format(['a','b'])",
         "CHECK: too many arguments supplied to string.format (expected 1, got 2)"},
        {"'%'.format([1])", "CHECK: unexpected end of string"},
        {"'%.101f'.format([1.0])",
         "CHECK: could not parse formatting clause: error while parsing precision: precision 101 "
         "exceeds maximum allowed precision 100"},
        {"'%s'.format([[optional.of(1)]])",
         "CHECK: error during formatting: string clause can only be used on strings, bools, bytes, "
         "ints, doubles, maps, lists, types, durations, and timestamps, was given optional_type"},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Strings, KubernetesPrintsInEnglish) {
    constexpr LibraryCase cases[] = {
        {"'%f'.format([1234567.5])", "\"1,234,567.500000\""},
        {"'%.2f'.format([-123.0])", "\"-123.00\""},
        {"'%e'.format([2.71828])", "\"2.718280\\u202f×\\u202f10⁰⁰\""},
        {"'%.1e'.format([0.00012])", "\"1.2\\u202f×\\u202f10⁻⁰⁴\""},
        {"'%f'.format(['Infinity'])", "\"∞\""},
        {"'%s'.format([1000000.0])", "\"1e+06\""},
        {"'%s'.format([{'b': [1.5, 2.0], 'a': []}]) == '{\"a\":[], \"b\":[1.500000, 2.000000]}'",
         "true"},
        {"'%s'.format([['x']]) == '[\"x\"]'", "true"},
        {"'%s'.format([[duration('1s')]]) == '[duration(\"1s\")]'", "true"},
        {"'%d'.format([2.5])",
         "CHECK: error during formatting: decimal clause can only be used on integers, was given "
         "double"},
        {"'abc'.reverse()", "CHECK: undeclared reference to 'reverse' (in container '')"},
    };
    expect_library(Profile::kubernetes(33), cases);
}

}  // namespace
}  // namespace weft::cel
