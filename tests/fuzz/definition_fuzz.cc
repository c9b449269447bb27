// tests/fuzz/definition_fuzz.cc: any YAML as a definition; whatever is wrong with it has an id and
// a place, and what is right has a graph whose bounds can be told.

#include <cstdint>

#include "graph/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<std::vector<YamlDocument>> documents = parse_yaml(text);
    if (!documents) {
        return 0;
    }
    for (const YamlDocument& document : *documents) {
        if (!document.value.is_map()) {
            continue;
        }
        Diagnostics told;
        const graph::Definition definition = graph::parse_definition(Object(document.value), &told);
        graph::CompileContext context;
        context.find_kind = graph::builtin_kind_facts;
        context.allow_unknown_kinds = true;
        context.gates.cel_omit_function = true;
        const graph::Compiled compiled = graph::compile(definition, context);
        CHECK((compiled.graph == nullptr) == has_errors(compiled.diagnostics));
        told.insert(told.end(), compiled.diagnostics.begin(), compiled.diagnostics.end());
        for (const Diagnostic& diagnostic : told) {
            CHECK(graph::find_diagnostic_entry(diagnostic.id) != nullptr);
            CHECK(!diagnostic.message.empty());
            const Result<Path> path = Path::parse(diagnostic.path);
            // Keys that the path grammar of kro cannot write are the one exception.
            if (path) {
                CHECK(document.place_of(*path).line > 0);
            }
        }
        if (compiled.graph != nullptr) {
            (void)graph::bounds_of(*compiled.graph);
        }
    }
    return 0;
}
