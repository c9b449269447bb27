// tests/conformance/kro_examples.cc: kro's examples become ACTIVE by themselves.
//
// --cases DIR: the folder with kro's README; reads DIR/examples, and DIR/../crds for the kinds of
// third parties, which the stages that come with weft make ready. One case for each definition and
// instance, instantly and with delays.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "../integration/world.h"
#include "schema/builtin.h"

namespace weft::test {
namespace {

struct Document {
    std::string file;
    Object object;
};

std::vector<Document> read_all(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<Document> out;
    for (const auto& file : files) {
        std::ifstream in(file);
        std::stringstream text;
        text << in.rdbuf();
        const auto documents = parse_yaml(text.str(), {.file = file});
        if (!documents) {
            continue;  // Helm templates, as the README says.
        }
        for (const YamlDocument& document : *documents) {
            if (document.value.is_map() && !document.value.string_at("kind").empty()) {
                out.push_back({std::filesystem::relative(file, folder), Object(document.value)});
            }
        }
    }
    return out;
}

// Definitions of third parties by the kinds they serve.
using Foreign = std::map<GroupVersionKind, const Object*>;

Foreign foreign_kinds(const std::vector<Document>& definitions) {
    Foreign out;
    for (const Document& document : definitions) {
        const Value& spec = *document.object.value().find("spec");
        for (const Value& version : spec.find("versions")->items()) {
            out[{std::string(spec.string_at("group")), std::string(version.string_at("name")),
                 std::string(spec.string_at("names", "kind"))}] = &document.object;
        }
    }
    return out;
}

// Definitions all of whose kinds are builtin, a third party's, or made by another such definition.
std::vector<Document> self_contained(const std::vector<Document>& all, const Foreign& foreign,
                                     std::set<GroupVersionKind>* kinds,
                                     std::set<const Object*>* needed) {
    std::vector<Document> out;
    std::set<std::string> taken;
    bool progressed = true;
    while (progressed) {
        progressed = false;
        for (const Document& document : all) {
            if (document.object.kind() != "ResourceGraphDefinition" ||
                taken.contains(document.file)) {
                continue;
            }
            Diagnostics ignored;
            const graph::Definition definition = graph::parse_definition(document.object, &ignored);
            const bool is_complete = std::ranges::all_of(
                control::kinds_of(definition), [&](const GroupVersionKind& kind) {
                    return kinds->contains(kind) || foreign.contains(kind) ||
                           schema::Builtin::get().find_resource_of(kind) != nullptr;
                });
            if (is_complete) {
                taken.insert(document.file);
                for (const GroupVersionKind& kind : control::kinds_of(definition)) {
                    if (const auto found = foreign.find(kind); found != foreign.end()) {
                        needed->insert(found->second);
                    }
                }
                kinds->insert(definition.instance_kind());
                out.push_back(document);
                progressed = true;
            }
        }
    }
    return out;
}

void report(const std::string& id, const Status& status) {
    if (status) {
        std::printf("PASS %s\n", id.c_str());
    } else {
        std::printf("FAIL %s: %s\n", id.c_str(), status.error().text().c_str());
    }
}

io::Task<Status> play(World* world, std::string mode, std::vector<const Object*> crds,
                      std::vector<Document> definitions, std::vector<Document> instances) {
    CO_TRY(co_await world->start());
    for (const Object* crd : crds) {
        // One that cannot be applied is told by the definitions that need it.
        static_cast<void>(co_await world->apply(*crd));
    }
    for (const Document& definition : definitions) {
        const auto applied = co_await world->apply(definition.object);
        Status status = applied ? Status{} : Status(Error(applied.error()));
        if (status) {
            const auto active =
                co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition",
                                     std::string(definition.object.name()), is_active, "");
            status = active ? Status{} : Status(Error(active.error()));
        }
        report(cat(mode, ":", definition.file), status);
    }
    std::set<std::string> namespaces;
    for (const Document& instance : instances) {
        const std::string name(instance.object.namespace_());
        if (!name.empty() && namespaces.insert(name).second) {
            static_cast<void>(co_await world->apply(
                Object(Value::map_of({{"apiVersion", "v1"},
                                      {"kind", "Namespace"},
                                      {"metadata", Value::map_of({{"name", name}})}}))));
        }
        const auto applied = co_await world->apply(instance.object);
        Status status = applied ? Status{} : Status(Error(applied.error()));
        if (status) {
            const auto active = co_await world->wait(
                std::string(instance.object.api_version()), std::string(instance.object.kind()),
                std::string(instance.object.name()), is_active, name.empty() ? "default" : name);
            status = active ? Status{} : Status(Error(active.error()));
        }
        report(cat(mode, ":", instance.file, "#", instance.object.name()), status);
    }
    co_await world->stop();
    co_return Status{};
}

// "kubernetes/defaults": examples of different folders may define the same kind, so each folder
// gets a world of its own.
std::string folder_of(const std::string& file) {
    const size_t first = file.find('/');
    return file.substr(0, first == std::string::npos ? first : file.find('/', first + 1));
}

int run_examples(const std::filesystem::path& cases) {
    const std::filesystem::path foreign_folder = cases / ".." / "crds";
    std::vector<Document> foreign_documents;
    if (std::filesystem::exists(foreign_folder)) {
        foreign_documents = read_all(foreign_folder);
    }
    const Foreign foreign = foreign_kinds(foreign_documents);
    std::map<std::string, std::vector<Document>> folders;
    for (Document& document : read_all(cases / "examples")) {
        folders[folder_of(document.file)].push_back(std::move(document));
    }
    for (const auto& [folder, all] : folders) {
        std::set<GroupVersionKind> kinds;
        std::set<const Object*> needed;
        const std::vector<Document> definitions = self_contained(all, foreign, &kinds, &needed);
        const std::vector<const Object*> crds(needed.begin(), needed.end());
        std::vector<Document> instances;
        for (const Document& document : all) {
            if (kinds.contains(document.object.group_version_kind())) {
                instances.push_back(document);
            }
        }
        if (definitions.empty()) {
            continue;
        }
        for (const auto& [mode, workloads] :
             {std::pair("instant", cluster::WorkloadMode::instant),
              std::pair("delayed", cluster::WorkloadMode::delayed)}) {
            io::sim::VirtualLoop loop(7);
            World world(&loop,
                        {.seed = 7, .workloads = workloads, .stages = cluster::cloud_stages()});
            const Status done = io::run(&loop, play(&world, mode, crds, definitions, instances));
            if (!done) {
                report(cat(mode, ":", folder, ":start"), done);
            }
        }
    }
    return 0;
}

}  // namespace
}  // namespace weft::test

int main(int count, char** words) {
    if (count != 3 || std::string_view(words[1]) != "--cases") {
        std::fprintf(stderr, "usage: conformance_kro_examples --cases DIR\n");
        return 2;
    }
    return weft::test::run_examples(words[2]);
}
