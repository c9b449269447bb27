// tests/breaker/breaker.cc: breaks good definitions in many ways; each break must be told, and
// where it is.
//
//   breaker [--seed N] [--crds PATH]… [--verbose] PATH…
//
// Every definition that compiles without an error is broken in every way that fits it, each time at
// a place that the seed chooses. What `weft validate` says must have a diagnostic whose place holds
// the broken node, lies inside it, or refers to it. Ends with 1 if one break was not told so.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unistd.h>
#include <variant>
#include <vector>

#include "cli/offline.h"

namespace weft::breaker {
namespace {

// A definition that is broken, and where.
struct Broken {
    Value value;
    std::vector<Path> places;  // of the break, and of what refers to it
};

// What a way of breaking has to choose with.
class Chance {
public:
    explicit Chance(uint64_t seed) : random_(seed) {}
    size_t below(size_t count) { return static_cast<size_t>(random_()) % count; }
    template <typename T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    std::mt19937_64 random_;
};

// All texts below a value that satisfy a condition, with their paths.
void find_texts(const Value& value, Path& path, std::vector<Path>& out,
                const std::function<bool(std::string_view)>& wanted) {
    if (value.is_string()) {
        if (wanted(value.as_string())) {
            out.push_back(path);
        }
        return;
    }
    for (const Member& member : value.members()) {
        path.push(member.name());
        find_texts(member.value, path, out, wanted);
        path.pop();
    }
    size_t index = 0;
    for (const Value& item : value.items()) {
        path.push(index++);
        find_texts(item, path, out, wanted);
        path.pop();
    }
}
std::vector<Path> texts_in(const Value& root, const Path& below,
                           const std::function<bool(std::string_view)>& wanted) {
    std::vector<Path> out;
    Path path = below;
    if (const Value* value = below.find_in(root)) {
        find_texts(*value, path, out, wanted);
    }
    return out;
}

std::string text_at(const Value& root, const Path& path) {
    const Value* found = path.find_in(root);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}
void set(Value& root, const Path& path, Value value) {
    CHECK(path.set_in(root, std::move(value)));
}
void erase(Value& root, const Path& path) {
    const Value* parent = path.parent().find_in(root);
    CHECK(parent != nullptr);
    Value copy = *parent;
    copy.erase(std::get<std::string>(path.steps().back()));
    set(root, path.parent(), std::move(copy));
}
void rename(Value& root, const Path& path, const std::string& name) {
    const Value value = *path.find_in(root);
    erase(root, path);
    set(root, path.parent().child(name), value);
}

// A definition and what is broken in it.
class Subject {
public:
    Subject(Value value, std::vector<size_t> known, Chance* chance)
        : value(std::move(value)), known_(std::move(known)), chance_(chance) {}

    Value value;

    [[nodiscard]] Chance& chance() { return *chance_; }
    [[nodiscard]] size_t count() const {
        const Value* entries = value.find("spec", "resources");
        return entries == nullptr ? 0 : entries->size();
    }
    // A resource that satisfies a condition.
    std::optional<Path> entry(const std::function<bool(const Value&)>& wanted = nullptr) {
        std::vector<Path> out;
        for (size_t i = 0; i < count(); ++i) {
            const Path path{"spec", "resources", i};
            if (!wanted || wanted(*path.find_in(value))) {
                out.push_back(path);
            }
        }
        return pick(out);
    }
    // The template of a resource whose kind is known.
    std::optional<Path> known_template() {
        std::vector<Path> out;
        for (const size_t i : known_) {
            const Path path{"spec", "resources", i, "template"};
            if (path.find_in(value) != nullptr) {
                out.push_back(path);
            }
        }
        return pick(out);
    }
    std::optional<Path> pick(const std::vector<Path>& from) {
        return from.empty() ? std::nullopt : std::optional(chance_->pick(from));
    }
    // Texts that read a resource.
    std::vector<Path> readers(std::string_view id) const {
        return texts_in(value, Path{"spec"}, [&](std::string_view text) {
            return text.find("${") != std::string_view::npos &&
                   text.find(id) != std::string_view::npos;
        });
    }

private:
    std::vector<size_t> known_;
    Chance* chance_;
};

using Way = std::function<std::optional<Broken>(Subject&)>;
struct NamedWay {
    std::string_view name;
    Way way;
};

bool has_template(const Value& entry) {
    return entry.contains("template");
}

// Replaces what stands at a member of some resource.
Way set_in_entry(std::string_view member, const Value& value) {
    return [member, value](Subject& subject) -> std::optional<Broken> {
        const auto entry = subject.entry();
        if (!entry) {
            return std::nullopt;
        }
        const Path path = entry->child(member);
        Broken out{subject.value, {path}};
        const std::vector<Path> readers =
            subject.readers(text_at(subject.value, entry->child("id")));
        out.places.insert(out.places.end(), readers.begin(), readers.end());
        set(out.value, path, value);
        return out;
    };
}
Way set_in_template(const Path& below, const Value& value) {
    return [below, value](Subject& subject) -> std::optional<Broken> {
        const auto object = subject.known_template();
        if (!object) {
            return std::nullopt;
        }
        Path path = *object;
        for (const PathStep& step : below.steps()) {
            std::visit([&path](const auto& part) { path.push(part); }, step);
        }
        Broken out{subject.value, {path}};
        set(out.value, path, value);
        return out;
    };
}
Way erase_in_template(std::string_view member) {
    return [member](Subject& subject) -> std::optional<Broken> {
        const auto object = subject.known_template();
        if (!object || !object->child(member).find_in(subject.value)) {
            return std::nullopt;
        }
        Broken out{subject.value, {object->child(member)}};
        erase(out.value, object->child(member));
        return out;
    };
}
Way set_in_schema(std::string_view member, const Value& value) {
    return [member, value](Subject& subject) -> std::optional<Broken> {
        const Path path = Path{"spec", "schema"}.child(member);
        Broken out{subject.value, {path}};
        set(out.value, path, value);
        return out;
    };
}
// Changes an expression that contains a piece of text.
Way change_expression(const Path& below, std::string_view piece, std::string_view other) {
    return [below, piece, other](Subject& subject) -> std::optional<Broken> {
        const auto path =
            subject.pick(texts_in(subject.value, below, [piece](std::string_view text) {
                return text.find(piece) != std::string_view::npos;
            }));
        if (!path) {
            return std::nullopt;
        }
        std::string text = text_at(subject.value, *path);
        text.replace(text.find(piece), piece.size(), other);
        Broken out{subject.value, {*path}};
        set(out.value, *path, text);
        return out;
    };
}
// Changes a field of the SimpleSchema.
Way change_field(const std::function<std::string(std::string)>& change) {
    return [change](Subject& subject) -> std::optional<Broken> {
        const auto path = subject.pick(texts_in(subject.value, Path{"spec", "schema", "spec"},
                                                [](std::string_view) { return true; }));
        if (!path) {
            return std::nullopt;
        }
        Broken out{subject.value, {*path}};
        set(out.value, *path, change(text_at(subject.value, *path)));
        return out;
    };
}

std::optional<Broken> duplicate_id(Subject& subject) {
    if (subject.count() < 2) {
        return std::nullopt;
    }
    const size_t first = subject.chance().below(subject.count() - 1);
    const Path one{"spec", "resources", first, "id"};
    const Path other{"spec", "resources", first + 1, "id"};
    Broken out{subject.value, {one, other}};
    set(out.value, other, text_at(subject.value, one));
    return out;
}
std::optional<Broken> misspell_id(Subject& subject) {
    // Somebody must read it, or nothing is wrong.
    const auto entry = subject.entry([&](const Value& candidate) {
        return !subject.readers(cat("${", candidate.string_at("id"), ".")).empty();
    });
    if (!entry) {
        return std::nullopt;
    }
    const std::string id = text_at(subject.value, entry->child("id"));
    Broken out{subject.value, subject.readers(id)};
    out.places.push_back(entry->child("id"));
    set(out.value, entry->child("id"), cat(id, "Zz"));
    return out;
}
std::optional<Broken> rename_member(Subject& subject) {
    const auto entry = subject.entry();
    if (!entry) {
        return std::nullopt;
    }
    std::vector<Path> members;
    for (const Member& member : entry->find_in(subject.value)->members()) {
        members.push_back(entry->child(member.name()));
    }
    const Path path = *subject.pick(members);
    const std::string name = cat(std::get<std::string>(path.steps().back()), "Zz");
    Broken out{subject.value, {path.parent().child(name), path}};
    rename(out.value, path, name);
    return out;
}
std::optional<Broken> rename_field(Subject& subject) {
    const auto object = subject.known_template();
    if (!object) {
        return std::nullopt;
    }
    std::vector<Path> members;
    for (const Path& parent : {*object, object->child("metadata")}) {
        const Value* map = parent.find_in(subject.value);
        for (const Member& member : map == nullptr ? std::span<const Member>() : map->members()) {
            members.push_back(parent.child(member.name()));
        }
    }
    const Path path = *subject.pick(members);
    const std::string name = cat(std::get<std::string>(path.steps().back()), "Zz");
    Broken out{subject.value, {path.parent().child(name), path}};
    rename(out.value, path, name);
    return out;
}
std::optional<Broken> erase_template(Subject& subject) {
    const auto entry = subject.entry(has_template);
    if (!entry) {
        return std::nullopt;
    }
    Broken out{subject.value, {entry->child("template")}};
    erase(out.value, entry->child("template"));
    return out;
}
std::optional<Broken> erase_entry_id(Subject& subject) {
    const auto entry = subject.entry();
    if (!entry) {
        return std::nullopt;
    }
    Broken out{subject.value, {entry->child("id")}};
    erase(out.value, entry->child("id"));
    return out;
}
std::optional<Broken> misspell_kind(Subject& subject) {
    const auto object = subject.known_template();
    if (!object) {
        return std::nullopt;
    }
    Broken out{subject.value, {object->child("kind")}};
    set(out.value, object->child("kind"), text_at(subject.value, object->child("kind")) + "x");
    return out;
}
std::optional<Broken> self_reference(Subject& subject) {
    const auto object = subject.known_template();
    if (!object) {
        return std::nullopt;
    }
    const std::string id = text_at(subject.value, object->parent().child("id"));
    const Path path = object->child("metadata").child("annotations").child("self");
    Broken out{subject.value, {path}};
    set(out.value, path, cat("${", id, ".metadata.name}"));
    return out;
}
std::optional<Broken> cycle(Subject& subject) {
    // A reader of a resource: let the resource read the reader.
    std::vector<std::pair<Path, std::string>> found;
    for (size_t i = 0; i < subject.count(); ++i) {
        const Path entry{"spec", "resources", i};
        const std::string id = text_at(subject.value, entry.child("id"));
        for (size_t j = 0; j < subject.count(); ++j) {
            const Path other{"spec", "resources", j};
            const bool reads =
                !texts_in(subject.value, other.child("template"), [&](std::string_view text) {
                     return text.find(cat("${", id, ".")) != std::string_view::npos;
                 }).empty();
            if (i != j && reads && entry.child("template").find_in(subject.value) != nullptr) {
                found.emplace_back(entry, text_at(subject.value, other.child("id")));
            }
        }
    }
    if (found.empty()) {
        return std::nullopt;
    }
    const auto& [entry, reader] = subject.chance().pick(found);
    const Path path = entry.child("template").child("metadata").child("annotations").child("loop");
    Broken out{subject.value, subject.readers(text_at(subject.value, entry.child("id")))};
    out.places.push_back(path);
    set(out.value, path, cat("${string(", reader, ".metadata.name)}"));
    return out;
}
std::optional<Broken> unused_dimension(Subject& subject) {
    const auto object = subject.known_template();
    if (!object) {
        return std::nullopt;
    }
    const Path path = object->parent().child("forEach");
    Broken out{subject.value, {path, object->child("metadata").child("name")}};
    Value dimensions =
        path.find_in(subject.value) == nullptr ? Value::list() : *path.find_in(subject.value);
    dimensions.push_back(Value::map_of({{"neverUsed", "${['a', 'b']}"}}));
    set(out.value, path, std::move(dimensions));
    const std::vector<Path> readers =
        subject.readers(text_at(subject.value, object->parent().child("id")));
    out.places.insert(out.places.end(), readers.begin(), readers.end());
    return out;
}
std::optional<Broken> add_status(Subject& subject, const Value& value) {
    const Path path{"spec", "schema", "status", "zz"};
    const Value* status = path.parent().find_in(subject.value);
    Broken out{subject.value, {path}};
    if (status != nullptr && !status->is_map()) {
        return std::nullopt;
    }
    set(out.value, path, value);
    return out;
}

std::vector<NamedWay> ways() {
    const Path all{"spec"};
    const Path resources{"spec", "resources"};
    return {
        {"id is a number", set_in_entry("id", 7)},
        {"id is a reserved word", set_in_entry("id", "each")},
        {"id is no identifier", set_in_entry("id", "not-an-id")},
        {"id twice", duplicate_id},
        {"id misspelt", misspell_id},
        {"id missing", erase_entry_id},
        {"member misspelt", rename_member},
        {"template missing", erase_template},
        {"template is a text", set_in_entry("template", "x")},
        {"template is a list", set_in_entry("template", Value::list_of({"x"}))},
        {"kind missing", erase_in_template("kind")},
        {"kind misspelt", misspell_kind},
        {"kind is an expression", set_in_template(Path{"kind"}, "${schema.metadata.name}")},
        {"apiVersion missing", erase_in_template("apiVersion")},
        {"apiVersion is a number", set_in_template(Path{"apiVersion"}, 1)},
        {"metadata missing", erase_in_template("metadata")},
        {"metadata is a list", set_in_template(Path{"metadata"}, Value::list_of({"x"}))},
        {"field misspelt", rename_field},
        {"labels are a text", set_in_template(Path{"metadata", "labels"}, "x")},
        {"reserved label",
         set_in_template(Path{"metadata", "labels"}, Value::map_of({{"kro.run/x", "y"}}))},
        {"name is a number", set_in_template(Path{"metadata", "name"}, "${1 + 1}")},
        {"name is a map", set_in_template(Path{"metadata", "name"}, Value::map_of({{"a", "b"}}))},
        {"expression that is not closed", set_in_template(Path{"metadata", "name"}, "${a(}")},
        {"expression in an expression",
         set_in_template(Path{"metadata", "name"}, "${ 'a' + ${schema.metadata.name} }")},
        {"reads nothing that exists", change_expression(all, "${schema.", "${scheme.")},
        {"reads a field that does not exist",
         change_expression(resources, "schema.spec.", "schema.spec.zz.")},
        {"syntax error", change_expression(all, "${", "${)(")},
        {"unknown function", change_expression(resources, "${", "${nothing() + ")},
        {"readyWhen is no expression", set_in_entry("readyWhen", Value::list_of({"yes"}))},
        {"readyWhen is no list", set_in_entry("readyWhen", "${true}")},
        {"includeWhen is no boolean", set_in_entry("includeWhen", Value::list_of({"${'a'}"}))},
        {"includeWhen is not alone", set_in_entry("includeWhen", Value::list_of({"x ${true}"}))},
        {"forEach is no list",
         set_in_entry("forEach", Value::list_of({Value::map_of({{"item1", "${'a'}"}})}))},
        {"forEach is a map", set_in_entry("forEach", Value::map_of({{"a", "b"}}))},
        {"forEach that nobody uses", unused_dimension},
        {"reads itself", self_reference},
        {"reads its reader", cycle},
        {"field of an unknown type", change_field([](const std::string&) { return "strng"; })},
        {"marker that does not exist",
         change_field([](std::string text) { return text.substr(0, text.find('|')) + " | zz=1"; })},
        {"marker without a value", change_field([](std::string text) {
             return text.substr(0, text.find('|')) + " | default";
         })},
        {"kind of the schema", set_in_schema("kind", "lowerCase")},
        {"kind of the schema is a list", set_in_schema("kind", Value::list())},
        {"version of the schema", set_in_schema("apiVersion", "one")},
        {"scope of the schema", set_in_schema("scope", "Galaxy")},
        {"schema has a member too many", set_in_schema("specification", Value::map())},
        {"spec of the schema is a text", set_in_schema("spec", "x")},
        {"status is a text", set_in_schema("status", "x")},
        {"status without an expression",
         [](Subject& subject) { return add_status(subject, "constant"); }},
        {"status reads nothing that exists",
         [](Subject& subject) { return add_status(subject, "${nothing.spec.x}"); }},
        {"conditions are no list",
         [](Subject& subject) -> std::optional<Broken> {
             const Path path{"spec", "schema", "status"};
             const Value* status = path.find_in(subject.value);
             if (status != nullptr && !status->is_map()) {
                 return std::nullopt;
             }
             Broken out{subject.value, {path.child("conditions")}};
             set(out.value, path.child("conditions"), "x");
             return out;
         }},
    };
}

// Breaks of the text, before it is YAML. The line that is broken, from 1.
struct BrokenText {
    std::string_view name;
    std::string text;
    int line = 0;
};
std::vector<BrokenText> broken_texts(const std::string& text, Chance& chance) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        lines.emplace_back(line);
    }
    std::vector<size_t> members;
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
        const bool is_member = lines[i].find(": ") != std::string::npos &&
                               lines[i].find_first_of("|>\"'{[#") == std::string::npos;
        if (is_member && lines[i].starts_with("  ") && lines[i].find("- ") == std::string::npos) {
            members.push_back(i);
        }
    }
    std::vector<BrokenText> out;
    if (members.empty()) {
        return out;
    }
    const auto with = [&](std::string_view name,
                          const std::function<std::string(std::string)>& change) {
        std::vector<std::string> changed = lines;
        const size_t at = chance.pick(members);
        changed[at] = change(lines[at]);
        std::string whole;
        for (const std::string& line : changed) {
            append(whole, line, "\n");
        }
        out.push_back({name, std::move(whole), static_cast<int>(at) + 1});
    };
    with("key twice", [](std::string line) { return line + "\n" + line; });
    with("tab", [](const std::string& line) { return "\t" + line; });
    with("quote that is not closed", [](std::string line) {
        const size_t colon = line.find(": ");
        return line.substr(0, colon + 2) + "\"" + line.substr(colon + 2);
    });
    with("bracket that is not closed",
         [](std::string line) { return line.substr(0, line.find(": ") + 2) + "[a"; });
    with("two colons", [](std::string line) { return line + ": x: y"; });
    return out;
}

bool is_prefix(const Path& shorter, const Path& longer) {
    return shorter.steps().size() <= longer.steps().size() &&
           std::equal(shorter.steps().begin(), shorter.steps().end(), longer.steps().begin());
}

// Whether the place of a diagnostic holds a broken node, or lies inside it.
bool is_told(const Diagnostics& told, const std::vector<Path>& places) {
    return std::ranges::any_of(told, [&](const Diagnostic& diagnostic) {
        const Result<Path> path = Path::parse(diagnostic.path);
        return path && std::ranges::any_of(places, [&](const Path& place) {
                   const bool holds = is_prefix(*path, place) && path->steps().size() >= 2;
                   return diagnostic.place.line > 0 && (holds || is_prefix(place, *path));
               });
    });
}

class Breaker {
public:
    Breaker(std::vector<std::string> crd_paths, uint64_t seed, bool verbose)
        : chance_(seed), verbose_(verbose) {
        Diagnostics ignored;
        crds_ = cli::read_objects(crd_paths, &ignored);
    }

    int run(const std::vector<std::string>& paths) {
        Diagnostics ignored;
        const std::vector<cli::FileObject> objects = cli::read_objects(paths, &ignored);
        for (const cli::OfflineDefinition& definition : cli::compile_offline(objects, crds_)) {
            if (definition.compiled.graph == nullptr) {
                ++left_out_;
                continue;
            }
            ++definitions_;
            others_ = &objects;
            break_one(definition);
        }
        std::printf(
            "%zu definitions broken in %zu ways: %zu breaks, %zu not told where they are; "
            "%zu definitions left out, because they have mistakes\n",
            definitions_, ways_used_.size(), breaks_, missed_, left_out_);
        return missed_ == 0 && breaks_ > 0 ? 0 : 1;
    }

private:
    Diagnostics validate(const std::string& text) {
        Diagnostics told;
        const std::string file =
            std::filesystem::temp_directory_path() / cat("weft-breaker-", getpid(), ".yaml");
        std::ofstream(file, std::ios::binary) << text;
        std::vector<cli::FileObject> objects = cli::read_objects({file}, &told);
        std::filesystem::remove(file);
        const size_t own = objects.size();
        objects.insert(objects.end(), needed_.begin(), needed_.end());
        for (const cli::OfflineDefinition& definition : cli::compile_offline(objects, crds_)) {
            if (definition.file < objects.data() + own) {
                const Diagnostics more =
                    cli::placed(*definition.file, definition.compiled.diagnostics);
                told.insert(told.end(), more.begin(), more.end());
            }
        }
        return told;
    }

    // The definitions that make kinds which a value names, and those which these need.
    void find_needed(const std::vector<cli::FileObject>& all, const Value& value) {
        const auto add = [&](const GroupVersionKind& kind) {
            for (const cli::FileObject& other : all) {
                Diagnostics ignored;
                const bool is_known =
                    std::ranges::any_of(needed_, [&](const cli::FileObject& known) {
                        return known.object.name() == other.object.name();
                    });
                if (!is_known && cli::is_definition(other.object) &&
                    other.object.name() != current_ &&
                    graph::parse_definition(other.object, &ignored).instance_kind() == kind) {
                    needed_.push_back(other);
                    find_needed(all, other.object.value());
                }
            }
        };
        if (const Value* entries = value.find("spec", "resources")) {
            for (const Value& entry : entries->items()) {
                for (const std::string_view member : {"template", "externalRef"}) {
                    const Value* object = entry.find(member);
                    if (object != nullptr && object->is_map()) {
                        add(Object(*object).group_version_kind());
                    }
                }
            }
        }
    }

    void miss(std::string_view way, const std::string& where, const std::string& text,
              const Diagnostics& told) {
        ++missed_;
        std::printf("NOT TOLD: %s: %s at %s\n", current_.c_str(), std::string(way).c_str(),
                    where.c_str());
        for (const Diagnostic& diagnostic : told) {
            std::printf("    %s", to_text(diagnostic).c_str());
        }
        if (verbose_) {
            std::printf("%s\n", text.c_str());
        }
    }

    void break_one(const cli::OfflineDefinition& definition) {
        current_ = definition.file->object.name();
        needed_.clear();
        find_needed(*others_, definition.file->object.value());
        std::vector<size_t> known;
        for (const graph::Node& node : definition.compiled.graph->nodes) {
            const bool was_warned = std::ranges::any_of(
                definition.compiled.diagnostics, [&](const Diagnostic& diagnostic) {
                    return diagnostic.id == "G025" &&
                           diagnostic.path.starts_with(node.path.text() + ".");
                });
            if (!was_warned) {
                known.push_back(std::get<size_t>(node.path.steps().back()));
            }
        }
        std::ranges::sort(known);
        const Value good = definition.file->object.value();
        for (const NamedWay& way : ways()) {
            Subject subject(good, known, &chance_);
            const std::optional<Broken> broken = way.way(subject);
            if (!broken) {
                continue;
            }
            ++breaks_;
            ways_used_.insert(way.name);
            const std::string text = to_yaml(broken->value);
            const Diagnostics told = validate(text);
            if (!is_told(told, broken->places)) {
                miss(way.name, broken->places[0].text(), text, told);
            }
        }
        for (const BrokenText& broken : broken_texts(to_yaml(good), chance_)) {
            ++breaks_;
            ways_used_.insert(broken.name);
            const Diagnostics told = validate(broken.text);
            // A quote or bracket that is not closed is told where it is opened or where it ends.
            const bool is_near = std::ranges::any_of(told, [&](const Diagnostic& diagnostic) {
                return diagnostic.place.line >= broken.line - 1 &&
                       diagnostic.place.line <= broken.line + 2;
            });
            if (!is_near) {
                miss(broken.name, cat("line ", broken.line), broken.text, told);
            }
        }
    }

    std::vector<cli::FileObject> crds_;
    const std::vector<cli::FileObject>* others_ = nullptr;
    std::vector<cli::FileObject> needed_;
    std::string current_;
    Chance chance_;
    bool verbose_;
    std::set<std::string_view> ways_used_;
    size_t definitions_ = 0;
    size_t left_out_ = 0;
    size_t breaks_ = 0;
    size_t missed_ = 0;
};

int run(int count, char** words) {
    std::vector<std::string> paths;
    std::vector<std::string> crds;
    uint64_t seed = 1;
    bool verbose = false;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--seed" && i + 1 < count) {
            seed = parse_uint(words[++i]).value_or(1);
        } else if (word == "--crds" && i + 1 < count) {
            crds.emplace_back(words[++i]);
        } else if (word == "--verbose") {
            verbose = true;
        } else {
            paths.push_back(word);
        }
    }
    if (paths.empty()) {
        std::fprintf(stderr, "breaker [--seed N] [--crds PATH]… [--verbose] PATH…\n");
        return 2;
    }
    return Breaker(std::move(crds), seed, verbose).run(paths);
}

}  // namespace
}  // namespace weft::breaker

int main(int count, char** words) {
    return weft::breaker::run(count, words);
}
