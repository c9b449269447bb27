// cel/library/regex_test.cc: replacing and extracting by pattern.

#include "cel/library/regex.h"

#include <gtest/gtest.h>

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(Regex, FollowsCelGo) {
    constexpr LibraryCase cases[] = {
        {"regex.replace('abc', '^', 'start_')", "\"start_abc\""},
        {"regex.replace('abc', '$', '_end')", "\"abc_end\""},
        {"regex.replace('a-b', r'\\b', '|')", "\"|a|-|b|\""},
        {"regex.replace('foo bar', '(fo)o (ba)r', r'\\2 \\1')", "\"ba fo\""},
        {"regex.replace('foo bar', 'foo', r'\\\\') == r'\\ bar'", "true"},
        {"regex.replace('ac', 'a(b)?c', r'[\\1]')", "\"[]\""},
        {"regex.replace('foo bar baz', r'\\w+', r'(\\0)')", "\"(foo) (bar) (baz)\""},
        {"regex.replace('banana', 'a', 'x', 0)", "\"banana\""},
        {"regex.replace('banana', 'a', 'x', 2)", "\"bxnxna\""},
        {"regex.replace('banana', 'a', 'x', -100)", "\"bxnxnx\""},
        {"regex.replace('aé', '', '-')", "\"-a-é-\""},
        {"regex.replace('test', '(.)', r'\\2')",
         "ERR: replacement string references group 2 but regex has only 1 group(s)"},
        {"regex.replace('x', 'x', r'\\v')",
         "ERR: invalid replacement string: '\\v' \\ must be followed by a digit"},
        {"regex.replace('x', 'x', r'a\\')",
         "ERR: invalid replacement string: 'a\\' \\ not allowed at end"},
        {"regex.extract('hello world', 'hello(.*)')", "optional.of(\" world\")"},
        {"regex.extract('HELLO', 'hello')", "optional.none()"},
        {"regex.extract('foo bar', '(')",
         "ERR: given regex is invalid: error parsing regexp: missing closing ): `(`"},
        {"regex.extract('a', '(a)(b)?')",
         "ERR: regular expression has more than one capturing group: \"(a)(b)?\""},
        {"regex.extractAll('id:123, id:456', r'id:\\d+')", "[\"id:123\", \"id:456\"]"},
        {"regex.extractAll('val=a, val=, val=c', 'val=([^,]*)')", "[\"a\", \"c\"]"},
        {"regex.extractAll('a b c', r'(\\S*)\\s*')", "[\"a\", \"b\", \"c\"]"},
    };
    expect_library(Profile::spec(), cases);
}

}  // namespace
}  // namespace weft::cel
