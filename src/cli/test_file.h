// cli/test_file.h: unit tests of definitions: a file of given and expected values, and running it.

#pragma once

#include <string>
#include <vector>

#include "cli/match.h"
#include "object/object.h"

namespace weft::cli {

// Something that did not come out as expected.
struct TestFailure {
    Place place;
    std::string message;
};

struct TestResult {
    std::string name;
    Place place;
    std::vector<TestFailure> failures;

    [[nodiscard]] bool passed() const { return failures.empty(); }
};

// Where an `expect` stands, and what would make it pass.
struct Blessing {
    size_t line = 0;       // of the key
    size_t indent = 0;     // of the key
    size_t last_line = 0;  // of its value
    Value expect;
};

struct TestFileResult {
    std::string file;
    std::vector<TestResult> tests;
    Diagnostics mistakes;             // of the file itself, or of what it names
    std::vector<Blessing> blessings;  // of every expectation that failed or is empty
};

// Runs the tests of a file whose name holds `filter`. Paths in it are relative to it. The form of
// the file is described in docs/reference/test-files.md.
[[nodiscard]] TestFileResult run_test_file(const std::string& file, const std::string& filter);

// The text with the expectations replaced.
[[nodiscard]] std::string blessed(const std::string& text, std::vector<Blessing> blessings);

}  // namespace weft::cli
