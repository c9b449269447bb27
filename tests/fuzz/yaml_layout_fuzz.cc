// tests/fuzz/yaml_layout_fuzz.cc: any YAML formatted means the same and is formatted once.

#include <cstdint>
#include <string>

#include "cli/yaml_layout.h"
#include "object/object.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<cli::FormattedText> once = cli::format_yaml(text, "in");
    if (!once.has_value()) {
        return 0;
    }
    const Result<std::vector<YamlDocument>> before = parse_yaml(text);
    const Result<std::vector<YamlDocument>> after = parse_yaml(once->text);
    CHECK(before.has_value() && after.has_value());
    CHECK(before->size() == after->size());
    for (size_t i = 0; i < before->size(); ++i) {
        CHECK((*before)[i].value == (*after)[i].value);
    }
    const Result<cli::FormattedText> twice = cli::format_yaml(once->text, "in");
    CHECK(twice.has_value());
    CHECK(twice->text == once->text);
    return 0;
}
