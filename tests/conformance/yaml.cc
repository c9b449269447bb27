// tests/conformance/yaml.cc: the golden objects of Kubernetes, written as YAML to the byte.
//
// The YAML forms are too large to keep; their SHA-256 stand in data/golden_yaml.sha256. Each object
// is read from JSON, written as JSON (the bytes must be those of Go) and as YAML (the digest must
// be that of Go's), and the YAML is read back (the value must be the same).

#include <map>

#include "cases.h"

namespace weft::conformance {
namespace {

// Names to digests; started in the root of the tree, as tests/conformance/run does.
std::map<std::string, std::string> read_digests() {
    std::map<std::string, std::string> out;
    const std::string text = read_file("tests/conformance/data/golden_yaml.sha256");
    for (const std::string_view line : split(text, '\n')) {
        const size_t gap = line.find("  ");
        if (!line.starts_with('#') && gap != std::string_view::npos) {
            out.emplace(line.substr(gap + 2), line.substr(0, gap));
        }
    }
    return out;
}

void run_case(const std::string& name, const std::string& digest, std::string_view json) {
    const Result<Value> value = parse_json(json);
    if (!value) {
        return fail(name, value.error().text());
    }
    if (to_json(*value, {.escape_html = true}) != trim(json)) {
        return fail(name, "the JSON that we write differs from Go's");
    }
    const std::string yaml = to_yaml(*value, {.sort_keys = true});
    if (hex_encode(sha256(yaml)) != digest) {
        return fail(name, "the YAML that we write differs from Go's");
    }
    const Result<Value> again = parse_yaml_value(yaml, {.file = name});
    if (!again) {
        return fail(name, again.error().text());
    }
    if (*again != *value) {
        return fail(name, difference(*value, *again));
    }
    pass(name);
}

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    using namespace weft::conformance;  // NOLINT(google-build-using-namespace)
    const std::filesystem::path cases = cases_folder(argc, argv);
    for (const auto& [name, digest] : read_digests()) {
        run_case(name, digest, read_file(cases / (name + ".json")));
    }
    return 0;
}
