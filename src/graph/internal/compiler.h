// graph/internal/compiler.h: the passes of compile(), and what they hand on.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/dag.h"
#include "graph/internal/inspect.h"
#include "graph/internal/programs.h"
#include "graph/simple_schema.h"

namespace weft::graph {

// A condition (readyWhen, includeWhen), or a dimension's list, with its place.
struct PlacedExpression {
    Expression expression;
    Inspection inspection;
    Path path;
};

// That an expression of an entry reads another entry, and where.
struct Read {
    std::string id;
    Path path;
    std::optional<size_t> offset;
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
    std::vector<PlacedExpression> propagate_when;
    std::vector<PlacedExpression> include_items_when;
    std::vector<Read> reads;  // each id once
    NodePrograms programs;
    std::vector<FieldProgram> def_fields;  // of a def: what its value is made of
    // Names of forEach variables that were told to be wrong: what reads them is not looked at.
    std::set<std::string, std::less<>> poisoned;
    bool is_duplicate = false;     // its id is another's: nobody can read it
    bool has_lost_fields = false;  // a dimension was told to be wrong
};

// One compile. The passes run in kro's order and all of them, so that every independent mistake is
// told. What had a mistake is stood for by something that fits everywhere (an object of any fields,
// a value of any type), so that nothing is told that only follows from it.
class Compiler {
public:
    Compiler(const Definition& definition, const CompileContext& context)
        : definition_(definition), context_(context) {}

    Compiled run();

private:
    // compile.cc
    void check_names();
    static void poison(std::string_view name, std::set<std::string, std::less<>>& names);
    void check_dimensions(const ResourceEntry& entry);
    void parse_entries();
    void parse_entry(const ResourceEntry& entry);
    void check_def_entry(const ResourceEntry& entry);
    void unwrap_conditions(const std::vector<std::string>& texts, std::string_view field,
                           Draft& draft, std::vector<PlacedExpression>& out);
    void unwrap_dimensions(Draft& draft);
    void build_spec_schema();
    [[nodiscard]] SharedGraph finish();

    // compile_dependencies.cc
    void link();
    void inspect_draft(Draft& draft);
    void check_dimensions_used(const Draft& draft,
                               const std::vector<std::string>& identity_variables);
    // False if a mistake was told, or what it reads had one; `out.is_broken` says the same.
    bool inspect_one(const Draft& draft, const Expression& expression, const Path& path,
                     std::string_view wrapper, std::string_view variable, Inspection& out,
                     std::vector<std::string>& used_variables);
    [[nodiscard]] bool mentions_poisoned(const Expression& expression) const;
    // The names of an expression that inspect_restricted() refused, but for the one that it told.
    void tell_other_names(const Expression& expression, const Inspection& inspection,
                          const Path& path, std::string_view front,
                          const std::vector<std::string>& allowed, uint32_t told_at);
    void tell_unknown_name(const Draft& draft, const Expression& expression, const Path& path,
                           const Inspection& inspection, size_t which, std::string_view front);
    void check_identity_fields(const Draft& draft);

    // compile_computed.cc
    void compile_computed();
    std::optional<ComputedField> compile_computed_field(const ComputedText& field);
    void order_computed(std::vector<ComputedField> fields);

    // compile_defs.cc
    // Gives the ids of def nodes to the environment, each with the type of its value.
    void declare_defs();
    void declare_def(Draft& draft, cel::Environment::Builder& builder);
    [[nodiscard]] Draft& draft_of(std::string_view id);

    // compile_types.cc
    void make_environment();
    [[nodiscard]] bool is_guess(const cel::Type* type) const;
    void compile_types(Draft& draft);
    // "did you mean …? " for a field that what is read does not have; "" for other errors.
    [[nodiscard]] std::string suggest_field(const Expression& expression, const Cause& cause) const;
    // Tells what the type checker found: kro's whole text at the first place, and each of the other
    // mistakes at its own.
    void tell_broken(const Expression& expression, const Path& path, std::string_view front,
                     const Error& error);
    // Tells what else is wrong with an expression of which wrong names were told.
    void tell_rest(const cel::Environment& environment, const Expression& expression,
                   const Inspection& inspection, const Path& path, std::string_view front);
    void compile_dimensions(Draft& draft, cel::Environment& environment);
    std::vector<FieldProgram> compile_fields(Draft& draft, const cel::Environment& environment);
    void compile_ready_when(Draft& draft);
    void compile_conditions(const Draft& draft, const cel::Environment& environment,
                            std::string_view word, const std::vector<PlacedExpression>& from,
                            std::vector<CompiledExpression>& to);
    [[nodiscard]] Result<CompiledExpression> compile_expression(const cel::Environment& environment,
                                                                const Expression& expression,
                                                                const Inspection& inspection) const;

    // compile_status.cc
    void compile_status();
    void compile_status_fields(const Value& status);
    void compile_author_conditions(const Value& conditions);

    void tell(std::string_view id, const Path& path, std::string message,
              std::optional<size_t> offset = std::nullopt, std::string_view suggestion = "");
    // Inspects an expression of the status and tells what is wrong with it; nothing if it is.
    std::optional<Inspection> inspect_status(const Expression& expression, const Path& path,
                                             const std::vector<std::string>& allowed,
                                             std::string_view front);
    [[nodiscard]] bool failed() const { return has_errors(diagnostics_); }
    [[nodiscard]] Path field_path(const Draft& draft, const Path& field) const;

    const Definition& definition_;
    const CompileContext& context_;
    Diagnostics diagnostics_;
    std::vector<std::unique_ptr<Draft>> drafts_;  // in the order of the definition
    // Names that were told to be wrong, with the parts that CEL would see of them: an expression
    // that reads one is not looked at.
    std::set<std::string, std::less<>> poisoned_;
    std::set<std::string, std::less<>> duplicates_;
    std::map<const ResourceEntry*, std::set<std::string, std::less<>>> bad_variables_;
    Dag dag_;
    Value spec_schema_;
    std::vector<ComputedText> computed_texts_;
    Value status_schema_;
    schema::SchemaPtr instance_schema_;
    std::optional<Inspector> inspector_;
    std::optional<cel::Environment> environment_;
    std::shared_ptr<Programs> programs_ = std::make_shared<Programs>();
    std::vector<std::string> status_reads_;
    cel::Arena arena_;
};

}  // namespace weft::graph
