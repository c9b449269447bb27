// tests/conformance/kro_compile.cc: every definition of kro's examples and documents compiles.
//
// Kinds are the builtin ones, those of the third parties' CRDs beside the cases, and those that
// other definitions of the same folder generate. --cases names the folder of the kro suite.

#include <algorithm>
#include <map>
#include <set>

#include "graph/graph.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {

namespace {

struct Case {
    std::string id;
    graph::Definition definition;
};

using Kinds = std::map<GroupVersionKind, graph::KindFacts>;

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> out;
    if (!std::filesystem::exists(folder)) {
        return out;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string extension = entry.path().extension();
        if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml")) {
            out.push_back(entry.path());
        }
    }
    std::ranges::sort(out);
    return out;
}

// One of the rebuilt CRDs has `additionalProperties: false` among its properties, which no API
// server would take.
void drop_boolean_properties(Value& schema) {
    if (Value* properties = schema.find_mutable("properties")) {
        properties->erase_if(
            [](std::string_view, const Value& property) { return property.is_bool(); });
        for (size_t i = 0; i < properties->size(); ++i) {
            drop_boolean_properties(
                properties->mutable_member(std::string(properties->members()[i].name())));
        }
    }
}

void add_crd(const Value& crd, Kinds& kinds) {
    const Value* versions = crd.find("spec", "versions");
    if (versions == nullptr) {
        return;
    }
    for (const Value& version : versions->items()) {
        const std::string name(version.string_at("name"));
        auto facts = graph::kind_facts_of_crd(crd, name);
        if (facts) {
            kinds[{std::string(crd.string_at("spec", "group")), name,
                   std::string(crd.string_at("spec", "names", "kind"))}] = *std::move(facts);
        } else {
            std::fprintf(stderr, "%s %s: %s\n",
                         std::string(crd.string_at("metadata", "name")).c_str(), name.c_str(),
                         facts.error().message().c_str());
        }
    }
}

Kinds third_party_kinds(const std::filesystem::path& cases) {
    Kinds kinds;
    for (const std::filesystem::path& folder : {cases / "../crds", cases / "crds"}) {
        for (const std::filesystem::path& file : yaml_files(folder)) {
            const auto documents = parse_yaml(read_file(file));
            if (!documents) {
                continue;
            }
            for (const YamlDocument& document : *documents) {
                Value crd = document.value;
                const Value* versions = crd.find("spec", "versions");
                for (size_t i = 0; versions != nullptr && i < versions->size(); ++i) {
                    const Path path{"spec", "versions", i, "schema", "openAPIV3Schema"};
                    if (const Value* found = path.find_in(crd)) {
                        Value schema = *found;
                        drop_boolean_properties(schema);
                        CHECK(path.set_in(crd, std::move(schema)));
                        versions = crd.find("spec", "versions");
                    }
                }
                add_crd(crd, kinds);
            }
        }
    }
    return kinds;
}

std::vector<Case> definitions(const std::filesystem::path& cases) {
    std::vector<Case> out;
    for (const std::string_view part : {"examples", "docs"}) {
        for (const std::filesystem::path& file : yaml_files(cases / part)) {
            const std::string id = std::filesystem::relative(file, cases);
            const auto documents = parse_yaml(read_file(file));
            if (!documents) {
                skip(id, cat("no YAML: ", documents.error().message()));
                continue;
            }
            size_t number = 0;
            for (const YamlDocument& document : *documents) {
                ++number;
                if (document.value.string_at("kind") != "ResourceGraphDefinition") {
                    continue;
                }
                Diagnostics told;
                Case found{cat(id, "#", number),
                           graph::parse_definition(Object(document.value), &told)};
                if (has_errors(told)) {
                    fail(found.id, told[0].message);
                    continue;
                }
                out.push_back(std::move(found));
            }
        }
    }
    return out;
}

graph::Compiled compile(const Case& test, const Kinds& kinds) {
    graph::CompileContext context;
    context.gates.cel_omit_function = true;
    context.find_kind = [&kinds](const GroupVersionKind& kind) -> Result<graph::KindFacts> {
        if (const auto found = kinds.find(kind); found != kinds.end()) {
            return found->second;
        }
        return graph::builtin_kind_facts(kind);
    };
    return graph::compile(test.definition, context);
}

int run(const std::filesystem::path& folder) {
    Kinds kinds = third_party_kinds(folder);
    std::vector<Case> left = definitions(folder);
    // A definition that uses kinds of another one compiles after it.
    while (true) {
        std::vector<Case> waiting;
        std::vector<std::string> errors;
        const size_t before = left.size();
        for (Case& test : left) {
            const graph::Compiled compiled = compile(test, kinds);
            if (compiled.graph != nullptr) {
                pass(test.id);
                add_crd(compiled.graph->crd, kinds);
            } else {
                errors.push_back(graph::first_error_text(compiled.diagnostics));
                waiting.push_back(std::move(test));
            }
        }
        left = std::move(waiting);
        if (left.size() == before || left.empty()) {
            for (size_t i = 0; i < left.size(); ++i) {
                fail(left[i].id, errors[i]);
            }
            return 0;
        }
    }
}

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    return weft::conformance::run(weft::conformance::cases_folder(argc, argv));
}
