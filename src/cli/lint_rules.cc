// cli/lint_rules.cc: the table, and one function for each rule or family of rules.

#include "cli/lint_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "cel/cel.h"
#include "cli/limits.h"
#include "cli/truth.h"
#include "graph/simple_schema.h"

namespace weft::cli {

namespace {

using graph::Definition;
using graph::Graph;
using graph::Node;
using graph::ResourceEntry;

constexpr auto rule_table = std::to_array<LintRule>({
    {"L001", Severity::warning, "an external reference that nothing reads",
     "The controller watches the object and waits for it, for nothing.",
     "read it in a template or in the status, or take it out"},
    {"L002", Severity::warning, "a field of the schema that nothing reads",
     "Users set it and nothing happens.",
     "use it in a template, or take it out of spec.schema.spec"},
    {"L003", Severity::warning, "a condition that is always true",
     "It says nothing, or it does not say what was meant.",
     "correct the condition, or take it out"},
    {"L004", Severity::warning, "a condition that is never true",
     "With includeWhen the resource is never made; with readyWhen the instance is never ready.",
     "correct the condition, or take the resource out"},
    {"L005", Severity::warning, "a resource that becomes ready later has no readyWhen",
     "What reads it goes on, and the instance is ACTIVE, as soon as the object exists.",
     "add a readyWhen over its status"},
    {"L006", Severity::note, "readyWhen reads nothing of the status",
     "What was just applied is as it was written: the condition is true at once.",
     "read the object's status"},
    {"L007", Severity::warning, "a name that is the same for all instances",
     "The second instance wants the object of the first, and fails.",
     "use ${schema.metadata.name} in metadata.name"},
    {"L008", Severity::warning, "a cluster-scoped name without the instance's namespace",
     "Instances of the same name in two namespaces want the same object, and the second fails.",
     "use ${schema.metadata.namespace} in metadata.name, too"},
    {"L009", Severity::note, "a namespace that is written down",
     "Every instance puts the object there, wherever it is itself.",
     "leave metadata.namespace out, or make it a field of the schema"},
    {"L010", Severity::warning, "an optional field without default is read without a guard",
     "Where a user leaves it out, the resource waits for ever (`no such key`).",
     "give the field a default, make it required, or read it as schema.spec.?name.orValue(…)"},
    {"L011", Severity::note, "the status reads a resource that may be left out",
     "While includeWhen says no, the field is missing from the status.",
     "read it as id.?status.?field.orValue(…), or know that it may be missing"},
    {"L012", Severity::warning, "a custom type that nothing uses", "It is dead.",
     "use it in spec.schema.spec, or take it out of spec.schema.types"},
    {"L013", Severity::warning, "a printer column reads a field that does not exist",
     "The column is always empty.", "correct the jsonPath"},
    {"L014", Severity::warning, "two resources make the same object",
     "They fight over it, and the instance is never ready.",
     "give them different names, or make one of the two"},
    {"L015", Severity::warning, "the status reads a resource that is never made",
     "The field can never have a value.", "correct the resource's includeWhen"},
});

// Kinds whose objects are of use only some time after they are made, with a condition that says so.
struct LateKind {
    std::string_view group;
    std::string_view kind;
    std::string_view condition;
};
constexpr auto late_kinds = std::to_array<LateKind>({
    {"apps", "Deployment", "ID.status.availableReplicas == ID.spec.replicas"},
    {"apps", "StatefulSet", "ID.status.readyReplicas == ID.spec.replicas"},
    {"apps", "DaemonSet", "ID.status.numberReady == ID.status.desiredNumberScheduled"},
    {"apps", "ReplicaSet", "ID.status.readyReplicas == ID.spec.replicas"},
    {"batch", "Job", "ID.status.succeeded == 1"},
    {"", "Pod", "ID.status.phase == 'Running'"},
    {"", "PersistentVolumeClaim", "ID.status.phase == 'Bound'"},
});

// An identifier with the fields that are read from it, and the text it stands in.
struct Read {
    std::string name;
    std::vector<std::string> path;
    std::string expression;
    bool is_guarded = false;
};

const cel::Environment& kro_environment() {
    static const cel::Environment kro = cel::Environment::of(cel::Profile::kro());
    return kro;
}

// `has(schema.spec.x)` or an optional step somewhere in the expression: its author thought of it.
bool is_guarded(std::string_view expression, const cel::FreeIdentifier& read) {
    std::string text = read.name;
    for (const std::string& step : read.path) {
        append(text, ".", step);
        if (expression.contains(cat("has(", text, ")"))) {
            return true;
        }
    }
    return false;
}

void add_reads(const std::string& expression, std::vector<Read>* out) {
    const Result<cel::Ast> ast = kro_environment().parse(expression);
    if (!ast) {
        return;
    }
    for (const cel::FreeIdentifier& read : kro_environment().references(*ast).identifiers) {
        out->push_back({read.name, read.path, expression, is_guarded(expression, read)});
    }
}

bool begins_with(const std::vector<std::string>& path, const std::vector<std::string>& start) {
    return start.size() <= path.size() && std::equal(start.begin(), start.end(), path.begin());
}

class Linter {
public:
    Linter(const Definition& definition, const Graph& graph)
        : definition_(definition), graph_(graph) {
        const Value* versions = graph.crd.find("spec", "versions");
        if (versions != nullptr && !versions->empty()) {
            if (const Value* found = versions->at(0).find("schema", "openAPIV3Schema")) {
                schema_ = *found;
            }
        }
        if (const Value* found = schema_.find("properties", "spec")) {
            spec_schema_ = *found;
        }
        for (const Node& node : graph.nodes) {
            collect(node);
        }
        if (const auto status = graph::collect_expressions(definition.status)) {
            for (const graph::FieldExpression& field : *status) {
                std::vector<Read> reads;
                add_reads(field.expression.text, &reads);
                status_reads_.emplace_back(field.path, std::move(reads));
            }
        }
    }

    Diagnostics run() {
        find_conditions();  // first: others ask which resources are never made
        find_unused_externals();
        find_unused_fields();
        find_late_kinds();
        find_fixed_names();
        find_unguarded_fields();
        find_open_status();
        find_unused_types();
        find_empty_columns();
        find_twins();
        std::ranges::stable_sort(found_, {}, &Diagnostic::id);
        return std::move(found_);
    }

private:
    struct NodeReads {
        std::vector<Read> objects;     // of the template or reference, and forEach
        std::vector<Read> conditions;  // of includeWhen
        std::vector<Read> readiness;
    };

    void collect(const Node& node) {
        NodeReads& reads = reads_[node.id];
        for (const graph::FieldExpression& field : node.expressions) {
            add_reads(field.expression.text, &reads.objects);
        }
        for (const graph::Expression& expression : node.include_when) {
            add_reads(expression.text, &reads.conditions);
        }
        for (const graph::Expression& expression : node.ready_when) {
            add_reads(expression.text, &reads.readiness);
        }
        if (const ResourceEntry* entry = entry_of(node.id)) {
            for (const graph::ForEach& dimension : entry->for_each) {
                if (const auto parsed = graph::parse_standalone(dimension.list)) {
                    add_reads(parsed->text, &reads.objects);
                }
            }
        }
    }

    [[nodiscard]] const ResourceEntry* entry_of(std::string_view id) const {
        const auto found = std::ranges::find(definition_.resources, id, &ResourceEntry::id);
        return found == definition_.resources.end() ? nullptr : &*found;
    }

    // `message` says what it is about, the rule says the rest.
    void tell(std::string_view id, const Path& path, std::string message, std::string cure = "") {
        const LintRule* rule = find_lint_rule(id);
        Diagnostic diagnostic;
        diagnostic.id = id;
        diagnostic.severity = rule->severity;
        diagnostic.path = path.text();
        diagnostic.message = std::move(message);
        diagnostic.cure = cure.empty() ? std::string(rule->cure) : std::move(cure);
        found_.push_back(std::move(diagnostic));
    }

    // Every read of the definition.
    template <typename Visit>
    void for_each_read(const Visit& visit) const {
        for (const auto& [unused, reads] : reads_) {
            for (const auto* list : {&reads.objects, &reads.conditions, &reads.readiness}) {
                std::ranges::for_each(*list, visit);
            }
        }
        for (const auto& [unused, reads] : status_reads_) {
            std::ranges::for_each(reads, visit);
        }
    }

    void find_unused_externals() {
        for (const Node& node : graph_.nodes) {
            if (!node.is_external()) {
                continue;
            }
            bool is_read = false;
            for (const auto& [id, reads] : reads_) {
                for (const auto* list : {&reads.objects, &reads.conditions}) {
                    is_read = is_read || (id != node.id &&
                                          std::ranges::any_of(*list, [&node](const Read& read) {
                                              return read.name == node.id;
                                          }));
                }
            }
            for (const auto& [unused, reads] : status_reads_) {
                is_read = is_read || std::ranges::any_of(reads, [&node](const Read& read) {
                              return read.name == node.id;
                          });
            }
            if (!is_read) {
                tell("L001", entry_of(node.id)->path, cat("nothing reads `", node.id, "`"));
            }
        }
    }

    // --- Fields of the schema ---

    void find_unused_fields() {
        std::vector<std::vector<std::string>> read;
        for_each_read([&read](const Read& one) {
            if (one.name == "schema") {
                read.push_back(one.path);
            }
        });
        if (definition_.printer_columns.is_list()) {
            for (const Value& column : definition_.printer_columns.items()) {
                if (const auto path = Path::parse(column.string_at("jsonPath"))) {
                    std::vector<std::string> names;
                    for (const PathStep& step : path->steps()) {
                        if (const auto* name = std::get_if<std::string>(&step)) {
                            names.push_back(*name);
                        }
                    }
                    read.push_back(std::move(names));
                }
            }
        }
        find_unused_below(spec_schema_, {"spec"}, read, 0);
    }

    void find_unused_below(const Value& schema, const std::vector<std::string>& path,
                           const std::vector<std::vector<std::string>>& read, size_t depth) {
        const Value* properties = schema.find("properties");
        if (properties == nullptr || depth > example_depth_max) {
            return;
        }
        for (const Member& member : properties->members()) {
            std::vector<std::string> here = path;
            here.emplace_back(member.name());
            const bool is_whole = std::ranges::any_of(
                read, [&here](const auto& one) { return begins_with(here, one); });
            if (is_whole) {
                continue;  // it, or what it is part of, is read
            }
            const bool is_part = std::ranges::any_of(
                read, [&here](const auto& one) { return begins_with(one, here); });
            if (is_part) {
                find_unused_below(member.value, here, read, depth + 1);
                continue;
            }
            Path where{"spec", "schema"};
            for (const std::string& step : here) {
                where.push(step);
            }
            tell("L002", where, cat("nothing reads schema.", join(here, ".")));
        }
    }

    // One finding for a field, with everything that reads it.
    void find_unguarded_fields() {
        std::map<std::string, std::vector<std::string>> readers;
        for (const Node& node : graph_.nodes) {
            const NodeReads& reads = reads_[node.id];
            std::set<std::string> names;
            for (const auto* list : {&reads.objects, &reads.conditions}) {
                for (const Read& read : *list) {
                    const std::string name = unguarded_field(read);
                    const bool is_guarded =
                        name.empty() || std::ranges::any_of(reads.conditions, [&](const Read& one) {
                            return one.expression.contains(cat("has(schema.", name));
                        });
                    if (!is_guarded) {
                        names.insert(name);
                    }
                }
            }
            for (const std::string& name : names) {
                readers[name].push_back(cat("`", node.id, "`"));
            }
        }
        for (const auto& [name, nodes] : readers) {
            Path where{"spec", "schema"};
            for (const std::string_view step : split(name, '.')) {
                where.push(step);
            }
            tell("L010", where,
                 cat("schema.", name, " may be missing, and ", join(nodes, ", "),
                     nodes.size() == 1 ? " reads it" : " read it"));
        }
    }

    // "spec.a.b" if reading it fails in an instance that leaves it (or a map around it) out.
    [[nodiscard]] std::string unguarded_field(const Read& read) const {
        if (read.name != "schema" || read.path.size() < 2 || read.path[0] != "spec" ||
            read.is_guarded) {
            return "";
        }
        const Value* schema = &spec_schema_;
        std::string name = "spec";
        for (size_t i = 1; i < read.path.size(); ++i) {
            const Value* member = schema->find("properties", read.path[i]);
            if (member == nullptr) {
                return "";
            }
            append(name, ".", read.path[i]);
            const Value* required = schema->find("required");
            const bool is_required =
                required != nullptr &&
                std::ranges::any_of(required->items(), [&](const Value& item) {
                    return item.is_string() && item.as_string() == read.path[i];
                });
            if (!is_required && !member->contains("default")) {
                // The last step may be optional: `schema.spec.?x` reads schema.spec.
                return name;
            }
            schema = member;
        }
        return "";
    }

    // --- Conditions ---

    void find_conditions() {
        for (const Node& node : graph_.nodes) {
            const ResourceEntry* entry = entry_of(node.id);
            check_conditions(node, entry->path.child("includeWhen"), node.include_when, true);
            check_conditions(node, entry->path.child("readyWhen"), node.ready_when, false);
            const NodeReads& reads = reads_[node.id];
            const bool reads_status = std::ranges::any_of(reads.readiness, [](const Read& read) {
                return read.path.empty() || read.path[0] == "status" ||
                       (read.path[0] != "spec" && read.path[0] != "metadata");
            });
            if (!node.ready_when.empty() && !reads_status && !node.is_external() &&
                !reads.readiness.empty() && has_status(node)) {
                tell("L006", entry->path.child("readyWhen"),
                     cat("readyWhen of `", node.id, "` reads only what was applied"));
            }
        }
    }

    static bool has_status(const Node& node) {
        const auto facts = graph::builtin_kind_facts(node.kind);
        return facts && facts->schema != nullptr &&
               facts->schema->find_property("status") != nullptr;
    }

    void check_conditions(const Node& node, const Path& path,
                          const std::vector<graph::Expression>& conditions, bool is_inclusion) {
        for (size_t i = 0; i < conditions.size(); ++i) {
            const std::optional<bool> truth = constant_truth(conditions[i].text, spec_schema_);
            if (!truth) {
                continue;
            }
            tell(
                *truth ? "L003" : "L004", path.child(i),
                cat("`", conditions[i].user_text(), "` is ", *truth ? "always" : "never", " true"));
            if (!*truth && is_inclusion) {
                never_made_.insert(node.id);
            }
        }
    }

    // --- Readiness ---

    void find_late_kinds() {
        for (const Node& node : graph_.nodes) {
            const auto late = std::ranges::find_if(late_kinds, [&node](const LateKind& kind) {
                return kind.group == node.kind.group && kind.kind == node.kind.kind;
            });
            if (late == late_kinds.end() || !node.ready_when.empty() || node.is_external()) {
                continue;
            }
            const std::string name = node.type == graph::NodeType::collection ? "each" : node.id;
            tell("L005", entry_of(node.id)->path,
                 cat("`", node.id, "`, a ", node.kind.kind, ", has no readyWhen"),
                 cat("add readyWhen: [\"${", replace_all(late->condition, "ID", name), "}\"]"));
        }
    }

    // --- Names ---

    void find_fixed_names() {
        for (const Node& node : graph_.nodes) {
            const ResourceEntry* entry = entry_of(node.id);
            if (!node.makes_objects()) {
                continue;
            }
            const Path path = entry->path.child("template").child("metadata");
            const std::string_view name = entry->template_.string_at("metadata", "name");
            const std::string_view space = entry->template_.string_at("metadata", "namespace");
            const bool is_same_everywhere = !reads_instance(name);
            const bool shares_namespace =
                !node.namespaced || space.empty() || !reads_instance(space);
            if (is_same_everywhere && shares_namespace) {
                tell("L007", path.child("name"),
                     cat("every instance makes the ", node.kind.kind, " ", quote(name)));
            } else if (!node.namespaced && graph_.namespaced && !names_namespace(name)) {
                tell("L008", path.child("name"),
                     cat("the ", node.kind.kind, " ", quote(name),
                         " is cluster-scoped, and instances are in namespaces"));
            }
            if (node.namespaced && graph_.namespaced && !space.empty() && !space.contains("${")) {
                tell("L009", path.child("namespace"),
                     cat("`", node.id, "` is always in the namespace ", quote(space)));
            }
        }
    }

    // Whether the text differs between instances, directly or through what it reads.
    [[nodiscard]] bool reads_instance(std::string_view text) const {
        const auto matches = graph::find_expressions(text);
        if (!matches) {
            return true;
        }
        std::vector<Read> reads;
        for (const graph::ExpressionMatch& match : *matches) {
            add_reads(std::string(match.text), &reads);
        }
        return std::ranges::any_of(reads, [this](const Read& read) {
            if (read.name == "schema") {
                return true;
            }
            const ResourceEntry* other = entry_of(read.name);
            // Names of others end in the instance: the graph has no cycles. Everything else of an
            // object (a uid, a status) differs by itself; so may a forEach variable.
            const bool is_name =
                read.path.size() == 2 && read.path[0] == "metadata" && read.path[1] == "name";
            return other == nullptr || !is_name || other->template_.is_null() ||
                   reads_instance(other->template_.string_at("metadata", "name"));
        });
    }

    // "${schema.metadata.namespace}", or a uid, which is as good.
    [[nodiscard]] bool names_namespace(std::string_view text) const {
        if (text.contains("schema.metadata.namespace") || text.contains("schema.metadata.uid")) {
            return true;
        }
        const auto matches = graph::find_expressions(text);
        std::vector<Read> reads;
        if (matches) {
            for (const graph::ExpressionMatch& match : *matches) {
                add_reads(std::string(match.text), &reads);
            }
        }
        return std::ranges::any_of(reads, [](const Read& read) {
            // A field that the user fills in may hold anything.
            return read.name != "schema" || (!read.path.empty() && read.path[0] == "spec");
        });
    }

    void find_twins() {
        std::map<std::string, std::string> owners;
        for (const Node& node : graph_.nodes) {
            const ResourceEntry* entry = entry_of(node.id);
            if (node.type != graph::NodeType::resource) {
                continue;
            }
            const std::string key = cat(node.kind.group, "/", node.kind.kind, " ",
                                        entry->template_.string_at("metadata", "namespace"), "/",
                                        entry->template_.string_at("metadata", "name"));
            const auto [owner, is_first] = owners.emplace(key, node.id);
            const bool is_conditional =
                !node.include_when.empty() || !graph_.find(owner->second)->include_when.empty();
            if (!is_first && !is_conditional) {
                tell("L014", entry->path,
                     cat("`", owner->second, "` and `", node.id, "` both make the ", node.kind.kind,
                         " ", quote(entry->template_.string_at("metadata", "name"))));
            }
        }
    }

    // --- The rest of the schema block ---

    void find_open_status() {
        for (const auto& [path, reads] : status_reads_) {
            Path where{"spec", "schema", "status"};
            for (const PathStep& step : path.steps()) {
                if (const auto* name = std::get_if<std::string>(&step)) {
                    where.push(*name);
                } else {
                    where.push(std::get<size_t>(step));
                }
            }
            std::set<std::string> told;
            for (const Read& read : reads) {
                const Node* node = graph_.find(read.name);
                if (node == nullptr || !told.insert(node->id).second) {
                    continue;
                }
                if (is_never_made(*node)) {
                    tell("L015", where, cat("`", node->id, "` is never made"));
                } else if (may_be_left_out(*node) && !is_optional_read(read)) {
                    tell("L011", where, cat("`", node->id, "` may be left out"));
                }
            }
        }
    }
    [[nodiscard]] bool is_never_made(const Node& node) const {
        return never_made_.contains(node.id) ||
               std::ranges::any_of(node.dependencies, [this](const std::string& id) {
                   return is_never_made(*graph_.find(id));
               });
    }
    [[nodiscard]] bool may_be_left_out(const Node& node) const {
        return !node.include_when.empty() ||
               std::ranges::any_of(node.dependencies, [this](const std::string& id) {
                   return may_be_left_out(*graph_.find(id));
               });
    }
    static bool is_optional_read(const Read& read) {
        return read.expression.contains(cat(read.name, ".?")) || read.is_guarded;
    }

    void find_unused_types() {
        if (!definition_.types.is_map()) {
            return;
        }
        std::set<std::string> used;
        add_types(definition_.spec, &used, 0);
        add_types(definition_.types, &used, 0);
        for (const Member& type : definition_.types.members()) {
            if (!used.contains(std::string(type.name()))) {
                tell("L012", Path{"spec", "schema", "types"}.child(type.name()),
                     cat("nothing uses the type ", type.name()));
            }
        }
    }
    static void add_types(const Value& value, std::set<std::string>* out, size_t depth) {
        if (depth > example_depth_max) {
            return;
        }
        for (const Member& member : value.members()) {
            add_types(member.value, out, depth + 1);
        }
        for (const Value& item : value.items()) {
            add_types(item, out, depth + 1);
        }
        if (!value.is_string()) {
            return;
        }
        const std::string_view text = value.as_string();
        const auto parsed = graph::parse_simple_type(trim(text.substr(0, text.find('|'))));
        if (!parsed) {
            return;
        }
        const graph::SimpleType* type = &*parsed;
        while (type->of != nullptr) {
            type = type->of.get();
        }
        if (type->kind == graph::SimpleType::Kind::custom) {
            out->insert(type->custom);
        }
    }

    void find_empty_columns() {
        if (!definition_.printer_columns.is_list()) {
            return;
        }
        size_t index = 0;
        for (const Value& column : definition_.printer_columns.items()) {
            const Path where =
                Path{"spec", "schema", "additionalPrinterColumns"}.child(index++).child("jsonPath");
            const std::string_view text = column.string_at("jsonPath");
            const Result<Path> path = Path::parse(text);
            if (!path || path->is_root() || text.contains("[?")) {
                continue;  // filters and the like are not looked into
            }
            const Value* schema = &schema_;
            for (const PathStep& step : path->steps()) {
                const auto* name = std::get_if<std::string>(&step);
                const Value* below =
                    name == nullptr ? schema->find("items") : schema->find("properties", *name);
                // Metadata and open maps have no declared members.
                if (below == nullptr && !schema->contains("properties")) {
                    schema = nullptr;
                    break;
                }
                if (below == nullptr) {
                    tell("L013", where, cat("there is no ", text));
                    schema = nullptr;
                    break;
                }
                schema = below;
            }
        }
    }

    const Definition& definition_;
    const Graph& graph_;
    Value schema_;       // of a whole instance
    Value spec_schema_;  // of its spec
    std::map<std::string, NodeReads, std::less<>> reads_;
    std::vector<std::pair<Path, std::vector<Read>>> status_reads_;
    std::set<std::string, std::less<>> never_made_;
    Diagnostics found_;
};

}  // namespace

std::span<const LintRule> lint_rules() {
    return rule_table;
}

const LintRule* find_lint_rule(std::string_view id) {
    const auto found = std::ranges::find(rule_table, id, &LintRule::id);
    return found == rule_table.end() ? nullptr : &*found;
}

Diagnostics lint(const Definition& definition, const Graph& graph) {
    return Linter(definition, graph).run();
}

}  // namespace weft::cli
