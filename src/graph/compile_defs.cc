// graph/compile_defs.cc: nodes that are values: what they may say, and what type they have.
//
// A def is typed by inference, as the fields of a status are: what its expressions return, and what
// its constants are. A def may read others, so they are typed level by level.

#include <algorithm>

#include "graph/internal/compiler.h"
#include "graph/internal/status_schema.h"
#include "schema/open_api.h"

namespace weft::graph {

namespace {

bool is_value_node(NodeType type) {
    return type == NodeType::def || type == NodeType::def_collection;
}

}  // namespace

// What only objects have.
void Compiler::check_def_entry(const ResourceEntry& entry) {
    const auto refuse = [&](std::string_view field) {
        tell("G006", entry.path.child(field),
             cat("invalid combination of resource fields: resource ", quote(entry.id),
                 ": cannot use def with ", field));
    };
    if (!entry.propagate_when.empty()) {
        refuse("propagateWhen");
    }
    if (entry.lifecycle != Lifecycle()) {
        refuse("lifecycle");
    }
    if (entry.reports_drift) {
        refuse("driftPolicy");
    }
}

Draft& Compiler::draft_of(std::string_view id) {
    return **std::ranges::find_if(
        drafts_, [&id](const std::unique_ptr<Draft>& other) { return other->entry->id == id; });
}

void Compiler::declare_defs() {
    // How many defs stand behind each other below one.
    std::map<std::string, size_t, std::less<>> levels;
    std::vector<std::vector<Draft*>> by_level;
    for (const std::string& id : dag_.topological_order()) {
        Draft& draft = draft_of(id);
        if (!is_value_node(draft.parsed.type)) {
            continue;
        }
        size_t level = 0;
        for (const std::string& read : dag_.dependencies_of(id)) {
            if (const auto below = levels.find(read); below != levels.end()) {
                level = std::max(level, below->second + 1);
            }
        }
        if (level == limits::def_depth) {
            tell("G024", draft.entry->path,
                 cat("failed to validate resource ", quote(id), ": more than ", limits::def_depth,
                     " def nodes read each other, one behind the other"));
        }
        levels[id] = level;
        by_level.resize(std::max(by_level.size(), level + 1));
        by_level[level].push_back(&draft);
    }
    for (size_t level = 0; level < by_level.size(); ++level) {
        cel::Environment::Builder builder = environment_->extend();
        for (Draft* draft : by_level[level]) {
            if (level >= limits::def_depth || duplicates_.contains(draft->entry->id)) {
                builder.variable(draft->entry->id, &cel::types::dyn);
            } else {
                declare_def(*draft, builder);
            }
        }
        if (level <= limits::def_depth) {
            environment_.emplace(builder.build());
        }
    }
}

void Compiler::declare_def(Draft& draft, cel::Environment::Builder& builder) {
    const std::string& id = draft.entry->id;
    cel::Environment environment = *environment_;
    compile_dimensions(draft, environment);
    draft.def_fields = compile_fields(draft, environment);
    std::vector<std::pair<Path, Value>> fields;
    for (const FieldProgram& field : draft.def_fields) {
        const cel::Type* type = field.expression.program.ast().result_type();
        // JSON has no durations; the text is read back as one.
        fields.emplace_back(field.path,
                            type->kind == cel::TypeKind::duration
                                ? Value::map_of({{"type", "string"}, {"format", "duration"}})
                                : schema_of_type(type, arena_));
    }
    if (fields.size() < draft.parsed.expressions.size()) {
        // What was told to be wrong may have any type.
        for (const FieldExpression& field : draft.parsed.expressions) {
            if (std::ranges::find(fields, field.path, &std::pair<Path, Value>::first) ==
                fields.end()) {
                fields.emplace_back(
                    field.path, Value::map_of({{"x-kubernetes-preserve-unknown-fields", true}}));
            }
        }
    }
    const Result<schema::SchemaPtr> schema =
        schema::from_open_api(schema_of_value(draft.entry->def, Path{"def"}, fields));
    const bool is_list = draft.parsed.type == NodeType::def_collection;
    if (!schema) {
        tell("G016", draft.entry->path.child("def"),
             cat("failed to validate resource ", quote(id),
                 ": the type of def: ", schema.error().message()));
        builder.variable(id, &cel::types::dyn);
        return;
    }
    draft.parsed.facts.schema = *schema;
    builder.object(id, *schema, cat("__type_", id), is_list);
}

}  // namespace weft::graph
