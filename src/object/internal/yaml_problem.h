// object/internal/yaml_problem.h: what libyaml says, with the cure.

#pragma once

#include <string>
#include <string_view>

namespace weft::internal {

// What is wrong, and what to do about it; `at_context` if the place to look at is where the
// construct began (an unclosed quote), not where the reader gave up.
struct YamlProblem {
    std::string what;
    std::string cure;
    bool at_context = false;
};

// `problem` and `context` are libyaml's words ("did not find expected key", "while parsing a block
// mapping"), `rest` is the text from the place of the problem on.
[[nodiscard]] YamlProblem explain_yaml_problem(std::string_view problem, std::string_view context,
                                               std::string_view rest);

}  // namespace weft::internal
