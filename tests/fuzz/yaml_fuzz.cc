// tests/fuzz/yaml_fuzz.cc: any bytes as YAML; what was read can be written and reads the same.

#include <algorithm>
#include <cstdint>
#include <string>

#include "object/object.h"

namespace {

// Walks a value beside its paths and asks for every place.
// YAML 1.1 breaks lines at CR, NEL, LS and PS, too; of the last three the last byte is told.
bool may_break_a_line(char c) {
    return std::string_view("\n\r\x85\xA8\xA9").contains(c);
}

void ask_places(std::string_view source, const weft::YamlDocument& document, const weft::Value& at,
                weft::Path& path, int& budget) {
    if (--budget < 0) {
        return;
    }
    const weft::Place place = document.place_of(path);
    CHECK(place.line > 0 && place.column > 0);
    if (at.is_string()) {
        const std::string_view text = at.as_string();
        const weft::Place start = document.value_place_of(path);
        for (const size_t offset : {size_t{0}, text.size() / 2, text.size(), text.size() + 9}) {
            const weft::Place inside = weft::place_in_scalar(source, start, text, offset);
            CHECK(inside.line >= start.line && inside.column > 0);
            CHECK(inside.line <= 1 + std::ranges::count_if(source, may_break_a_line));
        }
    }
    for (size_t i = 0; i < at.items().size(); ++i) {
        path.push(i);
        ask_places(source, document, at.at(i), path, budget);
        path.pop();
    }
    for (const weft::Member& member : at.members()) {
        path.push(member.name());
        ask_places(source, document, member.value, path, budget);
        path.pop();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<std::vector<YamlDocument>> documents = parse_yaml(text);
    if (!documents.has_value()) {
        CHECK(documents.error().message().starts_with("-:"));
        return 0;
    }
    for (const YamlDocument& document : *documents) {
        Path path;
        int budget = 200;
        ask_places(text, document, document.value, path, budget);
        const std::string written = to_yaml(document.value);
        if (written.size() > 1'000'000) {
            continue;  // many aliases of a large text
        }
        const Result<Value> again = parse_yaml_value(written);
        CHECK(again.has_value());
        CHECK(*again == document.value);
        CHECK(*parse_yaml_value(to_yaml(document.value, {.sort_keys = true, .fold = false})) ==
              document.value);
    }
    return 0;
}
