// tests/conformance/crds.cc: third-party definitions must be accepted and become kinds.

#include <malloc.h>
#include <vector>

#include "crd/crd.h"
#include "object/yaml.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {
namespace {

size_t allocated() {
    return mallinfo2().uordblks;
}

// "" if the definition is as it should be.
std::string check(Value definition) {
    crd::apply_defaults(definition);
    crd::prepare_create(definition);
    if (const auto errors = crd::validate_create(definition); !errors.empty()) {
        return schema::aggregate_text(errors);
    }
    if (const auto errors = crd::validate_update(definition, definition); !errors.empty()) {
        return cat("update: ", schema::aggregate_text(errors));
    }
    static_cast<void>(crd::update_status(definition, {}, Time{}));
    if (!crd::is_established(definition)) {
        return "not established";
    }
    for (const Value& version : definition.find("spec", "versions")->items()) {
        const size_t before = allocated();
        auto kind = crd::Kind::make(definition, version.string_at("name"));
        if (!kind) {
            return kind.error().text();
        }
        std::printf("# %s %s: %zu KB\n", std::string((*kind)->plural()).c_str(),
                    std::string(version.string_at("name")).c_str(), (allocated() - before) / 1024);
        Value object =
            Value::map_of({{"apiVersion", Value((*kind)->group_version_kind().api_version())},
                           {"kind", Value((*kind)->group_version_kind().kind)},
                           {"metadata", Value::map_of({{"name", Value("x")}})}});
        if (Status decoded = (*kind)->decode(object); !decoded) {
            return decoded.error().text();
        }
        // An empty object may lack what is required; but looking at it must work.
        static_cast<void>((*kind)->validate_create(object));
        static_cast<void>((*kind)->cells(object, Time{}));
    }
    return {};
}

int run(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        const std::string id = std::filesystem::relative(file, folder);
        Result<Value> definition = parse_yaml_value(read_file(file));
        const std::string problem =
            definition ? check(std::move(*definition)) : definition.error().text();
        problem.empty() ? pass(id) : fail(id, problem);
    }
    return 0;
}

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    return weft::conformance::run(weft::conformance::cases_folder(argc, argv));
}
