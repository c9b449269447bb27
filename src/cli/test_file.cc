// cli/test_file.cc: reading a test file, playing each test through, comparing.

#include "cli/test_file.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "cli/limits.h"
#include "cli/rehearsal.h"
#include "cli/workbench.h"
#include "merge/merge_patch.h"

namespace weft::cli {

namespace {

using MemberNames = std::initializer_list<std::string_view>;

constexpr MemberNames file_members = {"definition", "crds", "tests"};
constexpr MemberNames test_members = {"name", "instance", "existing", "expect", "steps"};
constexpr MemberNames step_members = {"name", "instance", "observe", "expect"};
constexpr MemberNames expect_members = {"objects", "exact", "states",  "why",   "status",
                                        "state",   "ready", "deleted", "errors"};

// What came out, to be compared and to be written by --bless.
struct Outcome {
    Value objects = Value::map();  // by node: an object, a list, or null
    Value plain_objects = Value::map();
    Value states = Value::map();
    Value why = Value::map();
    Value status;
    std::string state;
    bool ready = false;
    std::vector<std::string> deleted;
    std::vector<std::string> errors;
};

class TestFileRun {
public:
    TestFileRun(std::string file, std::string filter) : filter_(std::move(filter)) {
        result_.file = std::move(file);
    }

    TestFileResult run() {
        Result<std::string> text = read_file(result_.file);
        if (!text) {
            result_.mistakes.push_back(trouble(result_.file, text.error()));
            return std::move(result_);
        }
        Result<std::vector<YamlDocument>> documents = parse_yaml(*text, {.file = result_.file});
        if (!documents) {
            Diagnostic diagnostic = trouble(result_.file, documents.error());
            set_excerpt(diagnostic, *text);
            result_.mistakes.push_back(std::move(diagnostic));
            return std::move(result_);
        }
        lines_ = split(*text, '\n');
        if (documents->size() != 1 || !documents->front().value.is_map()) {
            mistake(Path(), "a test file is one map", "write definition: and tests:");
            return std::move(result_);
        }
        document_ = std::move(documents->front());
        if (document_.value.contains("kind") && document_.value.contains("apiVersion")) {
            mistake(Path{"kind"},
                    cat("this is an object (", document_.value.string_at("kind"),
                        "), and no test file"),
                    "a test file has `definition:`, the path of a definition, and `tests:`");
            return std::move(result_);
        }
        run_document();
        return std::move(result_);
    }

private:
    [[nodiscard]] Place place_of(const Path& path) const { return document_.place_of(path); }

    void mistake(const Path& path, std::string message, std::string cure) {
        Diagnostic diagnostic;
        diagnostic.place = document_.nodes.empty() ? Place{result_.file, 0, 0} : place_of(path);
        diagnostic.path = path.text();
        diagnostic.message = std::move(message);
        diagnostic.cure = std::move(cure);
        result_.mistakes.push_back(std::move(diagnostic));
    }

    // False (and told) if it is no map or has a member that nobody reads.
    bool check_members(const Value& value, const Path& path, MemberNames names) {
        if (!value.is_map()) {
            mistake(path, "must be a map", "");
            return false;
        }
        bool is_good = true;
        for (const Member& member : value.members()) {
            if (std::ranges::find(names, member.name()) == names.end()) {
                std::string known;
                for (const std::string_view name : names) {
                    append(known, known.empty() ? "" : ", ", name);
                }
                mistake(path.child(member.name()), cat("unknown member ", quote(member.name())),
                        cat("there are ", known));
                is_good = false;
            }
        }
        return is_good;
    }

    [[nodiscard]] std::string beside(std::string_view path) const {
        return (std::filesystem::path(result_.file).parent_path() / path).lexically_normal();
    }
    // A path, or several.
    [[nodiscard]] std::vector<std::string> paths_at(const Value& parent, std::string_view name) {
        std::vector<std::string> out;
        const Value* found = parent.find(name);
        if (found == nullptr) {
            return out;
        }
        const Value list = found->is_list() ? *found : Value::list_of({*found});
        for (const Value& item : list.items()) {
            if (item.is_string()) {
                out.push_back(beside(item.as_string()));
            } else {
                mistake(Path{std::string(name)}, "must be a path or a list of paths", "");
            }
        }
        return out;
    }

    void run_document() {
        const Value& root = document_.value;
        if (!check_members(root, Path(), file_members)) {
            return;
        }
        const std::vector<std::string> definitions = paths_at(root, "definition");
        const std::vector<std::string> crds = paths_at(root, "crds");
        if (definitions.empty()) {
            mistake(Path(), "no definition is named",
                    "write definition: PATH, relative to this file");
        }
        const Value* tests = root.find("tests");
        if (tests == nullptr || !tests->is_list()) {
            mistake(Path{"tests"}, "there is no list of tests", "write tests: with a list");
        }
        if (!result_.mistakes.empty()) {
            return;
        }
        const Workbench bench(definitions, crds);
        result_.mistakes = bench.diagnostics();
        if (bench.definitions().empty() && result_.mistakes.empty()) {
            mistake(Path{"definition"}, "there is no ResourceGraphDefinition in it", "");
        }
        if (has_errors(result_.mistakes)) {
            return;
        }
        result_.mistakes.clear();  // warnings are validate's matter
        for (size_t i = 0; i < tests->size(); ++i) {
            run_test(bench, tests->at(i), Path{"tests"}.child(i), i);
        }
    }

    void run_test(const Workbench& bench, const Value& test, const Path& path, size_t index) {
        if (!check_members(test, path, test_members)) {
            return;
        }
        current_ = TestResult();
        current_.name = test.string_at("name").empty() ? cat("test ", index + 1)
                                                       : std::string(test.string_at("name"));
        current_.place = place_of(path);
        if (!current_.name.contains(filter_)) {
            return;
        }
        Diagnostics diagnostics;
        const std::optional<FileObject> given = instance_of(bench, test, path, &diagnostics);
        std::vector<Object> existing = objects_at(test, path, &diagnostics);
        if (given && !has_errors(diagnostics)) {
            play(bench, test, path, *given, std::move(existing));
        }
        for (const Diagnostic& diagnostic : diagnostics) {
            current_.failures.push_back({diagnostic.place, diagnostic.message});
        }
        result_.tests.push_back(std::move(current_));
    }

    // The instance, from a file or as it stands; what is missing of its type is the definition's.
    std::optional<FileObject> instance_of(const Workbench& bench, const Value& test,
                                          const Path& path, Diagnostics* diagnostics) {
        const Value* given = test.find("instance");
        if (given != nullptr && given->is_string()) {
            for (FileObject& file : read_objects({beside(given->as_string())}, diagnostics)) {
                if (bench.graph_of(file.object.group_version_kind()) != nullptr) {
                    return std::move(file);
                }
            }
            if (diagnostics->empty()) {
                fail(path.child("instance"), "there is no instance of the definition in it");
            }
            return std::nullopt;
        }
        Value value = given != nullptr && given->is_map() ? *given : Value::map();
        const GroupVersionKind& kind = bench.definitions().front().compiled.graph->instance_kind;
        if (!value.contains("apiVersion")) {
            value.set("apiVersion", kind.api_version());
        }
        if (!value.contains("kind")) {
            value.set("kind", kind.kind);
        }
        if (value.string_at("metadata", "name").empty()) {
            value.mutable_member("metadata").set("name", "test");
        }
        FileObject made;
        made.object = Object(std::move(value));
        return made;
    }

    std::vector<Object> objects_at(const Value& test, const Path& path, Diagnostics* diagnostics) {
        std::vector<Object> out;
        const Value* given = test.find("existing");
        if (given == nullptr) {
            return out;
        }
        const Value list = given->is_list() ? *given : Value::list_of({*given});
        for (size_t i = 0; i < list.size(); ++i) {
            const Value& item = list.at(i);
            if (item.is_string()) {
                for (FileObject& file : read_objects({beside(item.as_string())}, diagnostics)) {
                    out.push_back(std::move(file.object));
                }
            } else if (item.is_map() && !item.string_at("kind").empty()) {
                out.emplace_back(item);
            } else {
                fail(path.child("existing").child(i), "is neither an object nor a path");
            }
        }
        return out;
    }

    void fail(const Path& path, std::string message) {
        current_.failures.push_back({place_of(path), std::move(message)});
    }

    // --- Playing it through ---

    void play(const Workbench& bench, const Value& test, const Path& path, const FileObject& given,
              std::vector<Object> existing) {
        const graph::SharedGraph graph = bench.graph_of(given.object.group_version_kind());
        if (graph == nullptr) {
            fail(path.child("instance"), cat("is no instance of ", bench.kinds_text()));
            return;
        }
        Diagnostics found;
        const Object admitted = admit_instance(*graph, given, &found);
        const bool is_refused = has_errors(found);
        FileSource source(std::move(existing));
        Rehearsal rehearsal(graph.get(), admitted, &source,
                            [&](const GroupVersionKind& kind) { return bench.schema_of(kind); },
                            {.gives_identity = true});
        advance(&rehearsal, *graph, is_refused, found, test, path, "");
        const Value* steps = test.find("steps");
        if (steps != nullptr && !steps->is_list()) {
            fail(path.child("steps"), "must be a list");
            return;
        }
        FileObject current = given;
        for (size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
            const Value& step = steps->at(i);
            const Path where = path.child("steps").child(i);
            if (!check_members(step, where, step_members)) {
                return;
            }
            Diagnostics changed;
            if (const Value* patch = step.find("instance")) {
                const Result<Value> patched =
                    merge::apply_merge_patch(current.object.value(), *patch);
                if (!patched || !patched->is_map()) {
                    fail(where.child("instance"), "must be a map: a merge patch of the instance");
                    return;
                }
                current.object = Object(*patched);
                Object next = admit_instance(*graph, current, &changed);
                if (!has_errors(changed)) {
                    update_instance(&rehearsal, std::move(next));
                }
            }
            if (const Value* observe = step.find("observe")) {
                observe_nodes(&rehearsal, *graph, *observe, where.child("observe"));
            }
            const std::string name = step.string_at("name").empty()
                                         ? cat("step ", i + 1)
                                         : cat("step ", i + 1, " (", step.string_at("name"), ")");
            advance(&rehearsal, *graph, has_errors(changed), changed, step, where, name);
        }
    }

    static void update_instance(Rehearsal* rehearsal, Object next) {
        const Object& old = rehearsal->instance();
        Value metadata = *old.value().find("metadata");
        if (*next.value().find("metadata") != metadata) {
            for (const std::string_view map : {"labels", "annotations"}) {
                if (const Value* given = next.value().find("metadata", map)) {
                    for (const Member& member : given->members()) {
                        metadata.mutable_member(map).set(member.name(), member.value);
                    }
                }
            }
        }
        metadata.set("generation", old.generation() + 1);
        next.mutable_value().set("metadata", std::move(metadata));
        rehearsal->change_instance(std::move(next));
    }

    void advance(Rehearsal* rehearsal, const graph::Graph& graph, bool is_refused,
                 const Diagnostics& found, const Value& from, const Path& path,
                 const std::string& step) {
        const size_t before = rehearsal->changes().size();
        Outcome outcome;
        if (is_refused) {
            for (const Diagnostic& diagnostic : found) {
                outcome.errors.push_back(cat(diagnostic.path, ": ", diagnostic.message));
            }
        } else if (const Status status = rehearsal->run(); !status) {
            fail(path, status.error().text());
            return;
        } else {
            outcome = outcome_of(*rehearsal, graph, before);
        }
        const size_t failures = current_.failures.size();
        const Value* expect = from.find("expect");
        const Value none = Value::map();
        if (expect == nullptr && !from.contains("steps") && step.empty()) {
            fail(path, "expects nothing: write `expect: {}` and let --bless fill it in");
            return;
        }
        compare(expect == nullptr ? none : *expect, outcome, path.child("expect"));
        if (expect != nullptr && expect->is_map() &&
            (expect->empty() || current_.failures.size() > failures)) {
            add_blessing(*expect, outcome, path.child("expect"));
        }
        for (size_t i = failures; i < current_.failures.size() && !step.empty(); ++i) {
            current_.failures[i].message = cat(step, ": ", current_.failures[i].message);
        }
    }

    // --- What is observed ---

    static std::vector<const Object*> objects_of_node(const Rehearsal& rehearsal,
                                                      const std::string& id) {
        std::vector<const Object*> out;
        const graph::Plan& plan = rehearsal.plan();
        const auto node = std::ranges::find(plan.nodes, id, &graph::NodePlan::id);
        if (node != plan.nodes.end()) {
            for (const ObjectKey& key : node->objects) {
                if (const Object* object = rehearsal.find(key)) {
                    out.push_back(object);
                }
            }
        }
        if (!out.empty()) {
            return out;
        }
        // A node that waits again still has what it had.
        const std::string apply_set = graph::apply_set_id(rehearsal.instance());
        for (const auto& [unused, object] : rehearsal.world()) {
            if (object.label(graph::label_node_id) == id &&
                object.label(graph::label_part_of) == apply_set) {
                out.push_back(&object);
            }
        }
        return out;
    }

    void observe_nodes(Rehearsal* rehearsal, const graph::Graph& graph, const Value& observe,
                       const Path& path) {
        if (!observe.is_map()) {
            fail(path, "must be a map of resource ids");
            return;
        }
        for (const Member& member : observe.members()) {
            const std::string id(member.name());
            const Path where = path.child(id);
            if (graph.find(id) == nullptr) {
                fail(where, cat("there is no resource ", quote(id)));
                continue;
            }
            std::vector<Object> objects;
            for (const Object* object : objects_of_node(*rehearsal, id)) {
                objects.push_back(*object);
            }
            if (objects.empty()) {
                fail(where, cat("`", id, "` has no object to observe yet"));
                continue;
            }
            if (member.value.is_list() && member.value.size() != objects.size()) {
                fail(where, cat("has ", member.value.size(), " items, and there are ",
                                objects.size(), " objects"));
                continue;
            }
            for (size_t i = 0; i < objects.size(); ++i) {
                const Value& seen = member.value.is_list() ? member.value.at(i) : member.value;
                if (!seen.is_map()) {
                    fail(where, "must be (a list of) what is seen of the object: a map");
                    break;
                }
                if (const auto next = merge::apply_merge_patch(objects[i].value(), seen)) {
                    rehearsal->put(Object(*next));
                }
            }
        }
    }

    static Outcome outcome_of(const Rehearsal& rehearsal, const graph::Graph& graph,
                              size_t first_change) {
        Outcome out;
        std::map<ObjectKey, Object> desired;
        for (const Change& change : rehearsal.changes()) {
            if (change.kind == Change::Kind::remove) {
                desired.erase(change.key);
            } else {
                desired.insert_or_assign(change.key, change.desired);
            }
        }
        for (size_t i = first_change; i < rehearsal.changes().size(); ++i) {
            if (rehearsal.changes()[i].kind == Change::Kind::remove) {
                out.deleted.push_back(object_text(rehearsal.changes()[i].key));
            }
        }
        for (const graph::NodePlan& node : rehearsal.plan().nodes) {
            const bool is_list = graph.find(node.id)->is_list();
            Value list = Value::list();
            Value plain = Value::list();
            for (const Object* object : objects_of_node(rehearsal, node.id)) {
                const auto wanted = desired.find({object->group_version_kind(), object->key()});
                const Object& shown = wanted == desired.end() ? *object : wanted->second;
                list.push_back(shown.value());
                plain.push_back(without_decoration(shown).value());
            }
            if (is_list) {
                out.objects.set(node.id, list);
                out.plain_objects.set(node.id, plain);
            } else if (!list.empty()) {
                out.objects.set(node.id, list.at(0));
                out.plain_objects.set(node.id, plain.at(0));
            }
            out.states.set(node.id, graph::text(node.state));
            if (!node.why.empty()) {
                out.why.set(node.id, node.why);
            }
            if (node.state == graph::NodeState::error) {
                out.errors.push_back(cat(node.id, ": ", node.why));
            }
        }
        out.status = rehearsal.status();
        out.state = rehearsal.plan().status.state;
        out.ready = rehearsal.plan().status.is_ready;
        return out;
    }

    // --- Comparing ---

    void compare(const Value& expect, const Outcome& outcome, const Path& path) {
        if (!check_members(expect, path, expect_members)) {
            fail(path, "this expectation cannot be read");
            return;
        }
        const Value* exact = expect.find("exact");
        const bool is_exact = exact != nullptr && exact->is_bool() && exact->as_bool();
        std::vector<Mismatch> mismatches;
        const auto part = [&](std::string_view name, const Value& actual, bool whole) {
            if (const Value* wanted = expect.find(name)) {
                match(*wanted, &actual, whole, Path{std::string(name)}, &mismatches);
            }
        };
        if (const Value* objects = expect.find("objects"); objects != nullptr && is_exact) {
            match_exactly(*objects, outcome, &mismatches);
        } else {
            part("objects", outcome.objects, false);
        }
        part("states", outcome.states, is_exact);
        part("status", outcome.status, false);
        part("state", outcome.state, false);
        part("ready", outcome.ready, false);
        if (const Value* why = expect.find("why")) {
            for (const Member& member : why->members()) {
                const std::string actual(outcome.why.string_at(member.name()));
                if (!member.value.is_string() || !actual.contains(member.value.as_string())) {
                    mismatches.push_back({Path{"why"}.child(member.name()),
                                          cat("expected a text with ", to_json(member.value),
                                              ", got ", quote(actual))});
                }
            }
        }
        compare_texts(expect, "deleted", outcome.deleted, &mismatches);
        compare_errors(expect, outcome, &mismatches);
        for (const Mismatch& mismatch : mismatches) {
            Path where = path;
            std::string shown = mismatch.path.text();
            for (const PathStep& step : mismatch.path.steps()) {
                if (const auto* name = std::get_if<std::string>(&step)) {
                    where.push(*name);
                } else {
                    where.push(std::get<size_t>(step));
                }
            }
            const std::vector<PathStep>& steps = mismatch.path.steps();
            const auto* first = steps.empty() ? nullptr : std::get_if<std::string>(&steps[0]);
            const auto* second = steps.size() < 2 ? nullptr : std::get_if<std::string>(&steps[1]);
            std::string reason;
            // Why a state is what it is, and why there is no object.
            if (first != nullptr && second != nullptr && steps.size() == 2 &&
                (*first == "states" || *first == "objects")) {
                reason = outcome.why.string_at(*second);
            }
            fail(where,
                 cat(shown, ": ", mismatch.message, reason.empty() ? "" : cat(" (", reason, ")")));
        }
    }

    static void match_exactly(const Value& objects, const Outcome& outcome,
                              std::vector<Mismatch>* out) {
        match(objects, &outcome.plain_objects, true, Path{"objects"}, out);
    }

    static void compare_texts(const Value& expect, std::string_view name,
                              const std::vector<std::string>& actual, std::vector<Mismatch>* out) {
        Value list = Value::list();
        for (const std::string& text : actual) {
            list.push_back(text);
        }
        if (const Value* wanted = expect.find(name)) {
            match(*wanted, &list, false, Path{std::string(name)}, out);
        }
    }

    // Every expected text must be in an error, and no error may come unexpected.
    static void compare_errors(const Value& expect, const Outcome& outcome,
                               std::vector<Mismatch>* out) {
        const Value* wanted = expect.find("errors");
        std::vector<bool> is_expected(outcome.errors.size());
        if (wanted != nullptr) {
            for (size_t i = 0; i < wanted->size(); ++i) {
                const Value& text = wanted->at(i);
                bool is_found = false;
                for (size_t k = 0; k < outcome.errors.size() && text.is_string(); ++k) {
                    if (outcome.errors[k].contains(text.as_string())) {
                        is_found = true;
                        is_expected[k] = true;
                    }
                }
                if (!is_found) {
                    out->push_back(
                        {Path{"errors"}.child(i),
                         cat("expected an error with ", to_json(text),
                             outcome.errors.empty() ? ", got none"
                                                    : cat(", got ", join(outcome.errors, "; ")))});
                }
            }
        }
        for (size_t k = 0; k < outcome.errors.size(); ++k) {
            const std::string id = outcome.errors[k].substr(0, outcome.errors[k].find(':'));
            const bool is_stated = expect.string_at("states", id) == "ERROR";
            if (!is_expected[k] && !is_stated) {
                out->push_back({Path{"errors"}, cat("unexpected: ", outcome.errors[k])});
            }
        }
    }

    // --- Blessing ---

    void add_blessing(const Value& expect, const Outcome& outcome, const Path& path) {
        const Place place = place_of(path);
        Blessing blessing;
        blessing.line = static_cast<size_t>(place.line);
        blessing.indent = static_cast<size_t>(place.column) - 1;
        blessing.last_line = end_of(path);
        blessing.expect =
            expect.empty() ? full_expectation(outcome) : projected_expectation(expect, outcome);
        result_.blessings.push_back(std::move(blessing));
    }

    // The last line of the value of a key: what is indented deeper, without comments at the end.
    [[nodiscard]] size_t end_of(const Path& path) const {
        const Place place = place_of(path);
        const auto column = static_cast<size_t>(place.column) - 1;
        size_t end = static_cast<size_t>(place.line);
        for (size_t i = end; i < lines_.size(); ++i) {  // lines_[i] is line i + 1
            const std::string_view line = lines_[i];
            const size_t indent = line.find_first_not_of(' ');
            if (indent == std::string_view::npos || trim(line).empty()) {
                continue;
            }
            const bool is_item = line[indent] == '-' && indent == column;
            if (indent < column || (indent == column && !is_item)) {
                break;
            }
            if (!trim(line).starts_with('#')) {
                end = i + 1;
            }
        }
        return end;
    }

    static Value full_expectation(const Outcome& outcome) {
        Value out = Value::map();
        if (!outcome.errors.empty()) {
            Value errors = Value::list();
            for (const std::string& error : outcome.errors) {
                errors.push_back(error);
            }
            out.set("errors", std::move(errors));
            if (outcome.states.empty()) {
                return out;  // the instance was refused: nothing else came out
            }
        }
        out.set("state", outcome.state);
        out.set("ready", outcome.ready);
        out.set("states", outcome.states);
        if (!outcome.why.empty()) {
            out.set("why", outcome.why);
        }
        Value status = outcome.status;
        status.erase("conditions");
        status.erase("state");
        if (!status.empty()) {
            out.set("status", std::move(status));
        }
        if (!outcome.deleted.empty()) {
            Value deleted = Value::list();
            for (const std::string& text : outcome.deleted) {
                deleted.push_back(text);
            }
            out.set("deleted", std::move(deleted));
        }
        out.set("exact", true);
        out.set("objects", outcome.plain_objects);
        return out;
    }

    static Value projected_expectation(const Value& expect, const Outcome& outcome) {
        const Value* exact = expect.find("exact");
        const bool is_exact = exact != nullptr && exact->is_bool() && exact->as_bool();
        const Value full = full_expectation(outcome);
        const Value none_deleted = Value::list();
        Value out = Value::map();
        for (const Member& member : expect.members()) {
            const std::string_view name = member.name();
            if (name == "exact") {
                out.set(name, member.value);
            } else if (name == "objects") {
                const Value& actual = is_exact ? outcome.plain_objects : outcome.objects;
                out.set(name, project(member.value, &actual, is_exact));
            } else if (name == "states") {
                out.set(name, project(member.value, &outcome.states, is_exact));
            } else if (name == "status") {
                out.set(name, project(member.value, &outcome.status, false));
            } else if (name == "why") {
                out.set(name, projected_why(member.value, outcome));
            } else if (const Value* actual = full.find(name)) {
                out.set(name, *actual);
            } else if (name == "deleted") {
                out.set(name, none_deleted);
            }
        }
        if (!outcome.errors.empty() && !out.contains("errors")) {
            out.set("errors", *full.find("errors"));
        }
        return out;
    }

    static Value projected_why(const Value& expected, const Outcome& outcome) {
        Value out = Value::map();
        for (const Member& member : expected.members()) {
            const std::string_view actual = outcome.why.string_at(member.name());
            const bool holds =
                member.value.is_string() && actual.contains(member.value.as_string());
            if (holds || !actual.empty()) {
                out.set(member.name(), holds ? member.value : Value(actual));
            }
        }
        return out;
    }

    std::string filter_;
    std::vector<std::string_view> lines_;
    YamlDocument document_;
    TestFileResult result_;
    TestResult current_;
};

}  // namespace

TestFileResult run_test_file(const std::string& file, const std::string& filter) {
    return TestFileRun(file, filter).run();
}

std::string blessed(const std::string& text, std::vector<Blessing> blessings) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        lines.emplace_back(line);
    }
    // From the end, so that the lines in front keep their numbers.
    std::ranges::sort(blessings, std::greater(), &Blessing::line);
    for (const Blessing& blessing : blessings) {
        const std::string indent(blessing.indent, ' ');
        std::vector<std::string> block = {
            cat(lines[blessing.line - 1].substr(0, blessing.indent), "expect:")};
        std::string body = to_yaml(blessing.expect, {.fold = false});
        if (body.ends_with('\n')) {
            body.pop_back();
        }
        if (blessing.expect.empty()) {
            block[0] += " {}";
        } else {
            for (const std::string_view line : split(body, '\n')) {
                block.push_back(line.empty() ? "" : cat(indent, "  ", line));
            }
        }
        const auto first = lines.begin() + static_cast<ptrdiff_t>(blessing.line - 1);
        const auto last = lines.begin() + static_cast<ptrdiff_t>(blessing.last_line);
        lines.insert(lines.erase(first, last), block.begin(), block.end());
    }
    return join(lines, "\n");
}

}  // namespace weft::cli
