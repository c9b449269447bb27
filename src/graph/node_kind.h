// graph/node_kind.h: the seam for a new way to make objects.
//
// A kind reads an entry once, when its definition is compiled; its renderer makes objects many
// times, whenever an instance changes. Everything a user can get wrong is found by parse() and by
// the types of the expressions that parse() names.

#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"
#include "graph/compile.h"

namespace weft::graph {

// Why an expression gave no value: what it reads is not there yet (wait), or it is broken.
struct EvaluationError {
    bool is_pending = false;
    std::string text;
    std::string path;  // what was missing, "db.status.endpoint"; "" if nobody knows
    std::string front =
        {};  // what kro writes before the text in conditions: `eval "db.status.x": `
    bool is_of_item = false;  // of what a collection evaluates for each item

    [[nodiscard]] std::string in_condition() const { return front + text; }
};
template <typename T>
using Evaluated = std::expected<T, EvaluationError>;

// What rendering may read. All of it is borrowed for the call.
struct Inputs {
    // `schema` and the ids that the node depends on are bound.
    cel::Activation* variables = nullptr;
    cel::Arena* arena = nullptr;
    uint64_t* cost_left = nullptr;  // see evaluate()
    // Of a collection: the forEach variables, and for each item their values. One object is made
    // for each item.
    bool is_collection = false;
    std::span<const std::string> names;
    std::span<const std::vector<Value>> items;
};

// An expression that compiled, and the names it reads from outside.
struct CompiledExpression {
    Expression source;
    cel::Program program;
    std::vector<std::string> references;  // ids, "schema", variables; each once
    bool uses_omit = false;
};
struct FieldProgram {
    Path path;
    CompiledExpression expression;
    bool iterates = false;  // reads a forEach variable
};

class Renderer {
public:
    virtual ~Renderer() = default;
    // The objects as they should be, without what kro adds to each.
    [[nodiscard]] virtual Evaluated<Manifests> render(const Inputs& inputs) const = 0;
    // The expressions that it evaluates: for bounds. Borrowed from the renderer.
    [[nodiscard]] virtual std::vector<const FieldProgram*> fields() const = 0;
};

// What a kind finds in an entry before anything is typed.
struct ParsedEntry {
    NodeType type = NodeType::resource;
    GroupVersionKind kind;
    KindFacts facts;
    Value object;                              // with expressions in it
    std::vector<FieldExpression> expressions;  // what it reads
    Path path;                                 // of `object` in the definition
};

// What a kind may ask while it reads.
struct EntryContext {
    const CompileContext* compile = nullptr;
    bool instance_namespaced = true;
    Diagnostics* diagnostics = nullptr;  // messages without "failed to build resource …"
};

class NodeKind {
public:
    virtual ~NodeKind() = default;

    // Whether an entry is of this kind.
    [[nodiscard]] virtual bool claims(const ResourceEntry& entry) const = 0;
    // What can be known of it; mistakes are told. Where the kind is not known, the facts are those
    // of unknown_kind_facts().
    [[nodiscard]] virtual ParsedEntry parse(const ResourceEntry& entry,
                                            const EntryContext& context) const = 0;
    [[nodiscard]] virtual std::unique_ptr<const Renderer> make_renderer(
        ParsedEntry entry, std::vector<FieldProgram> fields) const = 0;
};

// The kinds there are: template, externalRef and def.
[[nodiscard]] std::span<const NodeKind* const> node_kinds();

// The value of an expression. A result that holds omit() keeps it as `omitted()`. The arena is
// reset first: nothing of an earlier evaluation may still be needed. `cost_left`, if it is given,
// is what the evaluation may cost, and loses what it did; the expression must have been compiled
// with a budget then.
[[nodiscard]] Evaluated<Value> evaluate(const CompiledExpression& expression,
                                        const cel::Activation& variables, cel::Arena& arena,
                                        uint64_t* cost_left = nullptr);

}  // namespace weft::graph
