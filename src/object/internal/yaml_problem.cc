// object/internal/yaml_problem.cc: what libyaml says, with the cure.

#include "object/internal/yaml_problem.h"

#include "base/base.h"

namespace weft::internal {

namespace {

// One message of libyaml and its cure. libyaml's words stay in ours: they are what people search.
struct Entry {
    std::string_view problem;
    std::string_view context;  // a part of it; "" for any
    std::string_view what;     // "" for libyaml's own words
    std::string_view cure;
    bool at_context = false;
};

constexpr Entry entries[] = {
    {"found unexpected end of stream", "quoted scalar", "this quote is never closed",
     "close it with the same kind of quote", true},
    {"found unexpected document indicator", "quoted scalar",
     "this quote is not closed before the document ends", "close it with the same kind of quote",
     true},
    {"mapping values are not allowed in this context", "", "",
     "quote a text that holds \": \", or put this key below the one it belongs to"},
    {"could not find expected ':'", "", "",
     "write \"key: value\"; a text that goes on in the next line must be indented or quoted"},
    {"did not find expected key", "", "",
     "indent this line exactly as the other keys of its map, or quote the text before it"},
    {"did not find expected '-' indicator", "", "",
     "indent this line exactly as the other items of its list"},
    {"block sequence entries are not allowed in this context", "", "",
     "put the list on the lines below its key"},
    {"did not find expected ',' or ']'", "", "", "close the list that began here with ']'", true},
    {"did not find expected ',' or '}'", "", "", "close the map that began here with '}'", true},
    {"did not find expected alphabetic or numeric character", "", "",
     "quote the text: & and * begin the name of an anchor"},
    {"found unknown escape character", "", "", "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", "", "",
     "write \\x41, \\u0041 or \\U00000041, or use single quotes"},
    {"found undefined tag handle", "", "", "quote the text if it is no tag"},
    {"did not find expected <document start>", "", "",
     "put \"---\" between documents, or indent this line as the others"},
    {"did not find expected comment or line break", "", "",
     "put the text of a | or > block on the lines below"},
    {"found a tab character that violates indentation", "", "",
     "indent with blanks, never with tabs"},
    {"found a tab character where an indentation space is expected", "", "",
     "indent with blanks, never with tabs"},
    {"found incompatible YAML document", "", "", "take the %YAML line out, or write %YAML 1.1"},
    {"control characters are not allowed", "", "",
     "take the character out, or write it as \\x.. in double quotes"},
};

}  // namespace

YamlProblem explain_yaml_problem(std::string_view problem, std::string_view context,
                                 std::string_view rest) {
    if (problem == "found character that cannot start any token" && !rest.empty()) {
        switch (rest[0]) {
            case '\t':
                return {"a tab cannot indent", "indent with blanks, never with tabs"};
            case '@':
            case '`':
                return {cat("no plain text may begin with ", rest.substr(0, 1)),
                        "put the text in quotes"};
            case '%':
                return {"no plain text may begin with %", "put the text in quotes"};
            default:
                break;
        }
    }
    for (const Entry& entry : entries) {
        if (problem == entry.problem && context.contains(entry.context)) {
            return {std::string(entry.what.empty() ? problem : entry.what), std::string(entry.cure),
                    entry.at_context};
        }
    }
    if (problem.contains("UTF-8") || problem.contains("Unicode")) {
        return {std::string(problem), "save the file as UTF-8"};
    }
    return {context.empty() ? std::string(problem) : cat(context, ": ", problem),
            "check the indentation and the quotes around here"};
}

}  // namespace weft::internal
