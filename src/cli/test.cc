// cli/test.cc: `weft test`: unit tests of definitions, without a server.

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/test_file.h"
#include "io/file.h"

namespace weft::cli {

namespace {

struct Totals {
    size_t passed = 0;
    size_t failed = 0;
};

Totals count(const std::vector<TestFileResult>& files) {
    Totals totals;
    for (const TestFileResult& file : files) {
        for (const TestResult& test : file.tests) {
            ++(test.passed() ? totals.passed : totals.failed);
        }
        totals.failed += file.mistakes.empty() ? 0 : 1;  // a file that cannot be run
    }
    return totals;
}

std::string results_text(const std::vector<TestFileResult>& files, bool coloured) {
    std::string out;
    for (const TestFileResult& file : files) {
        append(out, paint(file.file, Colour::bold, coloured), "\n");
        for (const Diagnostic& mistake : file.mistakes) {
            append(out, "  ", to_text(mistake));
        }
        for (const TestResult& test : file.tests) {
            append(out, "  ",
                   test.passed() ? paint("ok  ", Colour::green, coloured)
                                 : paint("FAIL", Colour::red, coloured),
                   "  ", test.name, "\n");
            for (const TestFailure& failure : test.failures) {
                append(out, "        ", to_text(failure.place), ": ", failure.message, "\n");
            }
        }
    }
    const Totals totals = count(files);
    append(out, totals.passed, " passed, ", totals.failed, " failed\n");
    return out;
}

Value results_value(const std::vector<TestFileResult>& files) {
    Value list = Value::list();
    for (const TestFileResult& file : files) {
        Value tests = Value::list();
        for (const TestResult& test : file.tests) {
            Value failures = Value::list();
            for (const TestFailure& failure : test.failures) {
                failures.push_back(Value::map_of({{"file", failure.place.file},
                                                  {"line", failure.place.line},
                                                  {"column", failure.place.column},
                                                  {"message", failure.message}}));
            }
            tests.push_back(Value::map_of({{"name", test.name},
                                           {"line", test.place.line},
                                           {"passed", test.passed()},
                                           {"failures", std::move(failures)}}));
        }
        Value mistakes = Value::list();
        for (const Diagnostic& mistake : file.mistakes) {
            mistakes.push_back(to_value(mistake));
        }
        list.push_back(Value::map_of(
            {{"file", file.file}, {"tests", std::move(tests)}, {"mistakes", std::move(mistakes)}}));
    }
    const Totals totals = count(files);
    return Value::map_of(
        {{"passed", totals.passed}, {"failed", totals.failed}, {"files", std::move(list)}});
}

std::string junit_text(const std::vector<TestFileResult>& files) {
    const Totals totals = count(files);
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    append(out, "<testsuites name=\"weft test\" tests=\"", totals.passed + totals.failed,
           "\" failures=\"", totals.failed, "\">\n");
    for (const TestFileResult& file : files) {
        const Totals own = count({file});
        append(out, "  <testsuite name=\"", escape_markup(file.file), "\" tests=\"",
               own.passed + own.failed, "\" failures=\"", own.failed, "\">\n");
        if (!file.mistakes.empty()) {
            std::string text;
            for (const Diagnostic& mistake : file.mistakes) {
                text += to_text(mistake);
            }
            append(out, "    <testcase classname=\"", escape_markup(file.file),
                   "\" name=\"the file can be run\"><failure message=\"",
                   escape_markup(file.mistakes.front().message), "\">", escape_markup(text),
                   "</failure></testcase>\n");
        }
        for (const TestResult& test : file.tests) {
            append(out, "    <testcase classname=\"", escape_markup(file.file), "\" name=\"",
                   escape_markup(test.name), "\"");
            if (test.passed()) {
                out += "/>\n";
                continue;
            }
            out += ">\n";
            for (const TestFailure& failure : test.failures) {
                append(out, "      <failure message=\"", escape_markup(failure.message), "\">",
                       escape_markup(cat(to_text(failure.place), ": ", failure.message)),
                       "</failure>\n");
            }
            out += "    </testcase>\n";
        }
        out += "  </testsuite>\n";
    }
    return out + "</testsuites>\n";
}

// Writes what came out into the file. False (and told) if it cannot be written.
bool bless(const TestFileResult& result) {
    if (result.blessings.empty()) {
        return true;
    }
    const Result<std::string> text = read_file(result.file);
    const Status written = text ? io::write_file(result.file, blessed(*text, result.blessings))
                                : Status(Error(text.error()));
    if (!written) {
        complain(cat("weft: ", written.error().text(), "\n"));
        return false;
    }
    print(cat(result.file, ": ", result.blessings.size(),
              result.blessings.size() == 1 ? " expectation" : " expectations", " written\n"));
    return true;
}

}  // namespace

int run_test(const TestOptions& options) {
    std::vector<TestFileResult> results;
    bool is_good = true;
    for (const std::string& path : options.paths) {
        const Result<std::vector<std::string>> files = find_files(path, FilesOf::tests);
        if (!files) {
            complain(to_text(trouble(path, files.error())));
            is_good = false;
            continue;
        }
        for (const std::string& file : *files) {
            TestFileResult result = run_test_file(file, options.filter);
            if (options.bless && result.mistakes.empty()) {
                const bool has_blessings = !result.blessings.empty();
                is_good = bless(result) && is_good;
                if (has_blessings) {
                    result = run_test_file(file, options.filter);
                }
            }
            results.push_back(std::move(result));
        }
    }
    const Totals totals = count(results);
    if (is_good && totals.passed + totals.failed == 0) {
        complain(options.filter.empty() ? "weft: there is no test in what was named\n"
                                        : cat("weft: there is no test whose name holds ",
                                              quote(options.filter), "\n"));
        return exit_failed;
    }
    if (!options.junit.empty()) {
        if (const Status written = io::write_file(options.junit, junit_text(results)); !written) {
            complain(cat("weft: ", written.error().text(), "\n"));
            is_good = false;
        }
    }
    std::string out;
    switch (options.format) {
        case TestFormat::text:
            out = results_text(results, is_coloured());
            break;
        case TestFormat::json:
            out = to_json(results_value(results), {.indent = 2}) + "\n";
            break;
        case TestFormat::junit:
            out = junit_text(results);
            break;
    }
    return print(out) && is_good && totals.failed == 0 ? exit_ok : exit_failed;
}

}  // namespace weft::cli
