// graph/internal/compiler.h: the passes of compile(), and what they hand on.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/dag.h"
#include "graph/internal/inspect.h"
#include "graph/internal/programs.h"

namespace weft::graph {

// A condition (readyWhen, includeWhen), or a dimension's list, with its place.
struct PlacedExpression {
    Expression expression;
    Inspection inspection;
    Path path;
};

// An entry on its way to become a Node.
struct Draft {
    const ResourceEntry* entry = nullptr;
    const NodeKind* kind = nullptr;
    ParsedEntry parsed;
    std::vector<Inspection> inspections;  // of parsed.expressions
    std::vector<PlacedExpression> dimensions;
    std::vector<PlacedExpression> include_when;
    std::vector<PlacedExpression> ready_when;
    std::vector<std::string> dependencies;  // each once
    NodePrograms programs;
};

// One compile. The passes run in kro's order; one that told mistakes may keep later ones from
// running, because these would only repeat them.
class Compiler {
public:
    Compiler(const Definition& definition, const CompileContext& context)
        : definition_(definition), context_(context) {}

    Compiled run();

private:
    // compile.cc
    void check_names();
    void check_dimensions(const ResourceEntry& entry);
    void parse_entries();
    void parse_entry(const ResourceEntry& entry);
    bool unwrap_conditions(const std::vector<std::string>& texts, std::string_view field,
                           Draft& draft, std::vector<PlacedExpression>& out);
    bool unwrap_dimensions(Draft& draft);
    void build_spec_schema();
    [[nodiscard]] SharedGraph finish();

    // compile_dependencies.cc
    void link();
    bool inspect_draft(Draft& draft, std::vector<std::string>& identity_variables);
    bool inspect_one(const Draft& draft, const Expression& expression, const Path& path,
                     std::string_view wrapper, std::string_view variable, Inspection& out,
                     std::vector<std::string>& used_variables);
    void check_identity_fields(const Draft& draft);

    // compile_types.cc
    void make_environment();
    void compile_types(Draft& draft);
    bool compile_dimensions(Draft& draft, cel::Environment& environment);
    std::vector<FieldProgram> compile_fields(Draft& draft, const cel::Environment& environment);
    bool compile_conditions(const Draft& draft, const cel::Environment& environment,
                            std::string_view word, const std::vector<PlacedExpression>& from,
                            std::vector<CompiledExpression>& to);
    [[nodiscard]] Result<CompiledExpression> compile_expression(const cel::Environment& environment,
                                                                const Expression& expression,
                                                                const Inspection& inspection) const;

    // compile_status.cc
    void compile_status();
    void compile_status_fields(const Value& status);
    void compile_author_conditions(const Value& conditions);

    void tell(std::string_view id, const Path& path, std::string message);
    [[nodiscard]] bool failed() const { return has_errors(diagnostics_); }
    [[nodiscard]] Path field_path(const Draft& draft, const Path& field) const;

    const Definition& definition_;
    const CompileContext& context_;
    Diagnostics diagnostics_;
    std::vector<std::unique_ptr<Draft>> drafts_;  // in the order of the definition
    Dag dag_;
    Value spec_schema_;
    Value status_schema_;
    schema::SchemaPtr instance_schema_;
    std::optional<Inspector> inspector_;
    std::optional<cel::Environment> environment_;
    std::shared_ptr<Programs> programs_ = std::make_shared<Programs>();
    std::vector<std::string> status_reads_;
    cel::Arena arena_;
};

}  // namespace weft::graph
