// graph/compile.cc: the passes in order; names, entries, the instance's spec.

#include "graph/compile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "graph/bounds.h"
#include "graph/crd.h"
#include "graph/internal/compiler.h"
#include "graph/internal/entry_checks.h"
#include "graph/internal/joining.h"
#include "graph/internal/schema_types.h"
#include "graph/names.h"
#include "graph/pluralize.h"
#include "graph/simple_schema.h"
#include "schema/open_api.h"

namespace weft::graph {

namespace {

constexpr std::string_view naming = "naming convention violation: ";

}  // namespace

void Compiler::tell(std::string_view id, const Path& path, std::string message,
                    std::optional<size_t> offset, std::string_view suggestion) {
    Diagnostic diagnostic = diagnose(id, path, std::move(message));
    diagnostic.offset = offset;
    diagnostic.cure.insert(0, suggestion);
    diagnostics_.push_back(std::move(diagnostic));
}

Path Compiler::field_path(const Draft& draft, const Path& field) const {
    return join_paths(draft.parsed.path, field);
}

Compiled Compiler::run() {
    check_names();
    build_spec_schema();
    parse_entries();
    compile_computed();
    link();
    make_environment();
    for (const std::unique_ptr<Draft>& draft : drafts_) {
        compile_types(*draft);
    }
    compile_status();
    Compiled out;
    if (!failed()) {
        out.graph = finish();
        const Budget& budget = context_.budget;
        if (budget.limits_cost() || budget.objects != UINT64_MAX) {
            Diagnostics exceeded =
                check_budget(bounds_of(*out.graph, context_.collection_size), budget);
            out.graph = exceeded.empty() ? out.graph : nullptr;
            diagnostics_.insert(diagnostics_.end(), exceeded.begin(), exceeded.end());
        }
    }
    out.diagnostics = std::move(diagnostics_);
    return out;
}

// CEL reads "web-app" as web minus app: neither part is told again where it is read.
void Compiler::poison(std::string_view name, std::set<std::string, std::less<>>& names) {
    names.insert(std::string(name));
    std::string part;
    for (const char c : cat(name, " ")) {
        const bool is_letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (is_letter) {
            part += c;
        } else if (!part.empty()) {
            names.insert(std::exchange(part, {}));
        }
    }
    // The instance stays what it is.
    names.erase("schema");
}

void Compiler::check_names() {
    constexpr std::string_view wrapper = "failed to validate resourcegraphdefinition: ";
    if (!definition_.was_told("kind") && !is_upper_camel_case(definition_.kind)) {
        tell("G002", Path{"spec", "schema", "kind"},
             cat(wrapper, naming, "kind '", definition_.kind,
                 "' is not a valid KRO kind name: must be UpperCamelCase"));
    }
    std::set<std::string_view> seen;
    for (const ResourceEntry& entry : definition_.resources) {
        std::string mistake;
        if (entry.was_told("id")) {
            continue;
        }
        if (is_reserved_word(entry.id)) {
            mistake = cat("id ", entry.id, " is a reserved keyword in KRO");
        } else if (!is_lower_camel_case(entry.id)) {
            mistake =
                cat("id ", entry.id, " is not a valid KRO resource id: must be lower camelCase");
        } else if (!seen.insert(entry.id).second) {
            mistake = cat("found duplicate resource IDs ", entry.id);
            duplicates_.insert(entry.id);
        }
        if (!mistake.empty()) {
            tell("G003", entry.path.child("id"), cat(wrapper, naming, mistake));
            poison(entry.id, poisoned_);
        }
    }
    for (const ResourceEntry& entry : definition_.resources) {
        check_dimensions(entry);
    }
}

void Compiler::check_dimensions(const ResourceEntry& entry) {
    const std::string wrapper =
        cat("failed to validate resourcegraphdefinition: resource ", quote(entry.id), ": ");
    if (entry.for_each.size() > static_cast<size_t>(context_.collection_dimensions)) {
        tell("G024", entry.path.child("forEach"),
             cat(wrapper, "forEach cannot have more than ", context_.collection_dimensions,
                 " dimensions, got ", entry.for_each.size()));
        return;
    }
    std::set<std::string_view> seen;
    for (const ForEach& dimension : entry.for_each) {
        const std::string& name = dimension.variable;
        const bool is_id = std::ranges::find(definition_.resources, name, &ResourceEntry::id) !=
                           definition_.resources.end();
        std::string mistake;
        if (!is_lower_camel_case(name)) {
            mistake =
                cat("forEach iterator name ", quote(name), " is not valid: must be lowerCamelCase");
        } else if (is_reserved_word(name)) {
            mistake = cat("forEach iterator name ", quote(name), " is a reserved keyword");
        } else if (is_id) {
            mistake = cat("forEach iterator name ", quote(name), " conflicts with resource ID");
        } else if (!seen.insert(name).second) {
            mistake = cat("duplicate forEach iterator name ", quote(name));
        }
        if (!mistake.empty()) {
            tell("G004", dimension.path, cat(wrapper, mistake));
            poison(name, bad_variables_[&entry]);
        }
    }
}

void Compiler::parse_entries() {
    for (const ResourceEntry& entry : definition_.resources) {
        // What the parts of an entry told gets the entry's name in front, as kro's errors have it.
        Diagnostics before;
        before.swap(diagnostics_);
        parse_entry(entry);
        for (Diagnostic& diagnostic : diagnostics_) {
            diagnostic.message =
                cat("failed to build resource ", quote(entry.id), ": ", diagnostic.message);
        }
        before.insert(before.end(), std::make_move_iterator(diagnostics_.begin()),
                      std::make_move_iterator(diagnostics_.end()));
        diagnostics_ = std::move(before);
    }
}

void Compiler::parse_entry(const ResourceEntry& entry) {
    const bool was_told = entry.was_told("template") || entry.was_told("externalRef");
    if (Status status =
            check_combination(entry.id, !entry.template_.is_null(), !entry.external_ref.is_null(),
                              entry.for_each.size(), !entry.def.is_null());
        !status && !was_told) {
        tell("G006", entry.path,
             cat("invalid combination of resource fields: ", status.error().message()));
    }
    if (!entry.def.is_null() && entry.template_.is_null()) {
        check_def_entry(entry);
    }
    auto draft = std::make_unique<Draft>();
    draft->entry = &entry;
    draft->is_duplicate = std::ranges::any_of(
        drafts_,
        [&entry](const std::unique_ptr<Draft>& other) { return other->entry->id == entry.id; });
    const std::span<const NodeKind* const> kinds = node_kinds();
    const auto kind = std::ranges::find_if(
        kinds, [&entry](const NodeKind* candidate) { return candidate->claims(entry); });
    if (kind == kinds.end()) {
        // Neither template nor externalRef: others may read it all the same.
        draft->kind = kinds[0];
        draft->parsed.facts = unknown_kind_facts({});
        draft->parsed.path = entry.path;
        draft->parsed.type = entry.for_each.empty() ? NodeType::resource : NodeType::collection;
    } else {
        draft->kind = *kind;
        const EntryContext context{&context_, definition_.is_namespaced(), &diagnostics_};
        draft->parsed = (*kind)->parse(entry, context);
    }
    unwrap_conditions(entry.ready_when, "readyWhen", *draft, draft->ready_when);
    unwrap_conditions(entry.include_when, "includeWhen", *draft, draft->include_when);
    unwrap_conditions(entry.propagate_when, "propagateWhen", *draft, draft->propagate_when);
    unwrap_conditions(entry.include_items_when, "includeItemsWhen", *draft,
                      draft->include_items_when);
    unwrap_dimensions(*draft);
    drafts_.push_back(std::move(draft));
}

void Compiler::unwrap_conditions(const std::vector<std::string>& texts, std::string_view field,
                                 Draft& draft, std::vector<PlacedExpression>& out) {
    size_t index = 0;
    for (const std::string& text : texts) {
        const Path path = draft.entry->path.child(field).child(index++);
        Result<Expression> expression = parse_standalone(text);
        if (!expression) {
            tell("G013", path,
                 cat("failed to parse ", field, " expressions: ", expression.error().message()), 0);
            continue;
        }
        out.push_back({*std::move(expression), {}, path});
    }
}

void Compiler::unwrap_dimensions(Draft& draft) {
    if (const auto bad = bad_variables_.find(draft.entry); bad != bad_variables_.end()) {
        draft.poisoned = bad->second;
    }
    for (const ForEach& dimension : draft.entry->for_each) {
        Result<Expression> expression = parse_standalone(dimension.list);
        draft.programs.variables.push_back(dimension.variable);
        PlacedExpression& placed = draft.dimensions.emplace_back();
        placed.path = dimension.path;
        if (!expression) {
            tell("G013", dimension.path,
                 cat("failed to parse forEach dimensions: invalid forEach expression for "
                     "dimension ",
                     quote(dimension.variable), ": ", expression.error().message()),
                 0);
            placed.inspection.is_broken = true;
            continue;
        }
        placed.expression = *std::move(expression);
    }
    // Of dimensions that could not be read nothing is known.
    draft.has_lost_fields = draft.entry->was_told("forEach");
}

void Compiler::build_spec_schema() {
    const Path schema_path{"spec", "schema"};
    SimpleSchemaResult result = simple_schema(definition_.spec, definition_.types);
    const auto tell_mistake = [&](const Path& path, std::string_view message,
                                  std::optional<size_t> offset, std::string_view hint = "") {
        tell("G005", path,
             cat("failed to build resourcegraphdefinition ", quote(definition_.name),
                 ": failed to build OpenAPI schema for instance: ", message),
             offset, hint);
    };
    for (const SchemaMistake& mistake : result.mistakes) {
        const Path parent = schema_path.child(mistake.in_types ? "types" : "spec");
        tell_mistake(join_paths(parent, mistake.path), mistake.message, mistake.offset,
                     mistake.suggestion);
    }
    spec_schema_ = std::move(result.partial);
    computed_texts_ = std::move(result.computed);
    if (definition_.was_told("spec") || definition_.was_told("types")) {
        spec_schema_ = Value::map_of({{"x-kubernetes-preserve-unknown-fields", true}});
    }
    const Value root = Value::map_of(
        {{"type", "object"}, {"properties", Value::map_of({{"spec", spec_schema_}})}});
    Result<schema::SchemaPtr> schema = schema::from_open_api(root);
    if (!schema) {
        tell_mistake(schema_path.child("spec"), schema.error().message(), std::nullopt);
        instance_schema_ = unknown_kind_facts({}).schema;
        return;
    }
    instance_schema_ = with_object_meta(*schema, definition_.is_namespaced(), true);
}

SharedGraph Compiler::finish() {
    auto graph = std::make_shared<Graph>();
    graph->definition_name = definition_.name;
    graph->definition_uid = definition_.uid;
    graph->instance_kind = definition_.instance_kind();
    graph->instance_resource = pluralize(to_lower(definition_.kind));
    graph->namespaced = definition_.is_namespaced();
    graph->topological_order = dag_.topological_order();
    graph->lists_resources = definition_.lists_resources;
    graph->has_author_conditions = !programs_->conditions.empty();
    graph->crd = make_crd(definition_, spec_schema_, status_schema_);

    std::map<std::string, int64_t> orders;
    const std::vector<std::vector<std::string>> layers = dag_.reverse_layers();
    for (size_t layer = 0; layer < layers.size(); ++layer) {
        for (const std::string& id : layers[layer]) {
            orders[id] = static_cast<int64_t>(layers.size() - layer);
        }
    }
    for (const std::string& id : graph->topological_order) {
        Draft& draft = **std::ranges::find_if(
            drafts_, [&id](const std::unique_ptr<Draft>& other) { return other->entry->id == id; });
        Node node;
        node.id = id;
        node.type = draft.parsed.type;
        node.kind = draft.parsed.kind;
        node.resource = draft.parsed.facts.resource;
        node.namespaced = draft.parsed.facts.namespaced;
        node.dependencies = dag_.dependencies_of(id);
        node.apply_order = orders[id];
        node.path = draft.entry->path;
        node.expressions = draft.parsed.expressions;
        node.lifecycle = draft.entry->lifecycle;
        node.reports_drift = draft.entry->reports_drift;
        for (const PlacedExpression& condition : draft.include_when) {
            node.include_when.push_back(condition.expression);
        }
        for (const PlacedExpression& condition : draft.ready_when) {
            node.ready_when.push_back(condition.expression);
        }
        graph->nodes.push_back(std::move(node));
        programs_->nodes.push_back(std::move(draft.programs));
        if (std::ranges::find(status_reads_, id) != status_reads_.end()) {
            graph->status_dependencies.push_back(id);
        }
    }
    if (std::ranges::find(status_reads_, "schema") != status_reads_.end()) {
        graph->status_dependencies.emplace_back("schema");
    }
    programs_->environment = environment_;
    programs_->instance_schema = instance_schema_;
    graph->programs = std::move(programs_);
    return graph;
}

const Node* Graph::find(std::string_view id) const {
    const auto found = std::ranges::find(nodes, id, &Node::id);
    return found == nodes.end() ? nullptr : &*found;
}

Value Graph::resources_status() const {
    Value out = Value::list();
    for (const Node& node : nodes) {
        if (node.dependencies.empty()) {
            continue;
        }
        Value dependencies = Value::list();
        for (const std::string& id : node.dependencies) {
            dependencies.push_back(Value::map_of({{"id", id}}));
        }
        out.push_back(Value::map_of({{"id", node.id}, {"dependencies", std::move(dependencies)}}));
    }
    return out;
}

Compiled compile(const Definition& definition, const CompileContext& context) {
    return Compiler(definition, context).run();
}

}  // namespace weft::graph
