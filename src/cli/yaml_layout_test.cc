// cli/yaml_layout_test.cc: formatting keeps meaning and comments, and is done once.

#include "cli/yaml_layout.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "cli/files.h"
#include "object/object.h"

namespace weft::cli {

namespace {

std::string formatted(std::string_view text) {
    const Result<FormattedText> out = format_yaml(text, "test.yaml");
    return out ? out->text : out.error().text();
}

std::vector<Value> values_of(std::string_view text) {
    std::vector<Value> out;
    if (const auto documents = parse_yaml(text)) {
        for (const YamlDocument& document : *documents) {
            out.push_back(document.value);
        }
    }
    return out;
}

TEST(YamlLayout, BringsADefinitionIntoItsOrder) {
    EXPECT_EQ(formatted("kind: ResourceGraphDefinition\n"
                        "spec:\n"
                        "  resources:\n"
                        "  - template: {}\n"
                        "    id: web\n"
                        "  schema: {kind: Web}\n"
                        "apiVersion: kro.run/v1alpha1\n"),
              "apiVersion: kro.run/v1alpha1\n"
              "kind: ResourceGraphDefinition\n"
              "spec:\n"
              "  schema: {kind: Web}\n"
              "  resources:\n"
              "    - id: web\n"
              "      template: {}\n");
}

TEST(YamlLayout, KeepsCommentsWithWhatTheyStandAbove) {
    EXPECT_EQ(formatted("# the file\n"
                        "kind: A # beside\n"
                        "\n"
                        "\n"
                        "# above the version\n"
                        "apiVersion: v1\n"
                        "list:\n"
                        "# above the item\n"
                        "- a\n"
                        "  # in the list\n"
                        "# at the end\n"),
              "# the file\n"
              "# above the version\n"
              "apiVersion: v1\n"
              "kind: A # beside\n"
              "list:\n"
              "  # above the item\n"
              "  - a\n"
              "  # in the list\n"
              "# at the end\n");
}

TEST(YamlLayout, ShiftsTextsOfSeveralLinesWhole) {
    const std::string_view text =
        "a:\n"
        "    text: |\n"
        "        one\n"
        "\n"
        "          # two\n"
        "    folded: >-\n"
        "      x\n"
        "      y\n"
        "    plain: first\n"
        "      second\n"
        "    quoted: \"first\n"
        "      second\"\n"
        "    flow: [1,\n"
        "      2]\n"
        "    last: 1\n";
    const std::string once = formatted(text);
    EXPECT_EQ(values_of(once), values_of(text));
    EXPECT_TRUE(once.starts_with("a:\n  text: |\n      one\n\n        # two\n  folded: >-\n"))
        << once;
    EXPECT_EQ(formatted(once), once);
}

TEST(YamlLayout, LeavesDocumentsThatItCannotMoveSafely) {
    for (const std::string_view text : {"b: &x 1\na: *x\n", "{b: 1,  a: 2}\n", "a: !!str 1\n",
                                        "base: &b {x: 1}\nc:\n  <<: *b\n", "--- {a:   1}\n"}) {
        const Result<FormattedText> out = format_yaml(text, "test.yaml");
        ASSERT_TRUE(out);
        EXPECT_EQ(out->text, text);
        EXPECT_EQ(out->untouched.size(), 1U) << text;
    }
}

TEST(YamlLayout, EndsAFileWithALineBreakUnlessThatWouldMeanAnotherText) {
    EXPECT_EQ(formatted("a: 1"), "a: 1\n");
    EXPECT_EQ(formatted("a: |\n  x"), "a: |\n  x");
    EXPECT_EQ(formatted("a: |-\n  x"), "a: |-\n  x\n");
}

TEST(YamlLayout, KeepsACommentInThePlaceOfAValueWhereItStands) {
    EXPECT_EQ(formatted("a:   # none\nb: #none\n"), "a: # none\nb: #none\n");
    EXPECT_EQ(formatted("a:\n  -   # none\n  - b\n"), "a:\n  - # none\n  - b\n");
}

TEST(YamlLayout, LeavesFilesWhoseLinesAreOthersToYaml) {
    for (const std::string_view text : {"# a\rb:   1\n", "a:   1\r", "a:   \"\xE2\x80\xA8\"\n"}) {
        const Result<FormattedText> out = format_yaml(text, "test.yaml");
        ASSERT_TRUE(out);
        EXPECT_EQ(out->text, text);
        EXPECT_EQ(out->untouched.size(), 1U);
    }
}

TEST(YamlLayout, FormatsEachDocumentOfAFile) {
    EXPECT_EQ(formatted("# license\n---\nkind: A\napiVersion: v1\n---\n# second\nkind: B\n"
                        "apiVersion: v1\n...\n"),
              "# license\n---\napiVersion: v1\nkind: A\n---\n# second\napiVersion: v1\nkind: B\n"
              "...\n");
}

TEST(YamlLayout, TellsThePlaceOfBrokenYaml) {
    EXPECT_TRUE(formatted("a: \"b\n").starts_with("test.yaml:1:4: ")) << formatted("a: \"b\n");
}

TEST(YamlLayout, EveryExampleMeansTheSameAfterwardsAndIsFormattedAlready) {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator("examples")) {
        // Templates of charts are no YAML.
        if (entry.path().extension() != ".yaml" ||
            entry.path().string().starts_with("examples/charts")) {
            continue;
        }
        const Result<std::string> text = read_file(entry.path());
        ASSERT_TRUE(text);
        const Result<FormattedText> once = format_yaml(*text, entry.path());
        ASSERT_TRUE(once);
        EXPECT_EQ(once->text, *text) << entry.path();
        EXPECT_EQ(values_of(once->text), values_of(*text)) << entry.path();
        EXPECT_TRUE(once->untouched.empty()) << entry.path();
        ++count;
    }
    EXPECT_GT(count, 8U);
}

TEST(YamlLayout, DefinitionsOfOthersMeanTheSameAfterwards) {
    const char* named = std::getenv("WEFT_SHARED");
    const std::filesystem::path cases =
        std::filesystem::path(named == nullptr ? "../shared" : named) / "conformance/kro";
    if (!std::filesystem::exists(cases)) {
        GTEST_SKIP() << "skipped: no conformance data";
    }
    size_t count = 0;
    for (const char* folder : {"examples", "docs"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(cases / folder)) {
            if (entry.path().extension() != ".yaml") {
                continue;
            }
            const Result<std::string> text = read_file(entry.path());
            ASSERT_TRUE(text);
            const Result<FormattedText> once = format_yaml(*text, entry.path());
            if (!once) {
                EXPECT_FALSE(parse_yaml(*text)) << entry.path();  // no YAML before either
                continue;
            }
            EXPECT_EQ(values_of(once->text), values_of(*text)) << entry.path();
            const Result<FormattedText> twice = format_yaml(once->text, entry.path());
            ASSERT_TRUE(twice) << entry.path();
            EXPECT_EQ(twice->text, once->text) << entry.path();
            ++count;
        }
    }
    EXPECT_GT(count, 50U);
}

}  // namespace

}  // namespace weft::cli
