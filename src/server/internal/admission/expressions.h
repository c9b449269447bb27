// server/internal/admission/expressions.h: CEL expressions of policies and match conditions.
//
// Source of the behaviour and the texts: apiserver pkg/admission/plugin/cel, 1.36.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"
#include "cel/library/authz.h"
#include "object/object.h"
#include "schema/schema.h"

namespace weft::server {

// What an expression must result in.
enum class Outcome : uint8_t { boolean, text, text_or_null, anything };

struct ExpressionScope {
    bool has_params = false;
    bool has_authorizer = false;
    auto operator<=>(const ExpressionScope&) const = default;
};

// Types of `object` and `params` where they are known: only when a policy's types are checked.
struct KnownTypes {
    schema::SchemaPtr object;
    schema::SchemaPtr params;
};

struct CompiledExpression {
    std::string text;
    std::optional<cel::Program> program;
    std::string error;  // why there is no program: "compilation failed: …"
};

class VariablesType;

// Compiles the expressions of one policy, the variables among them first. What it makes keeps alive
// what it needs.
class ExpressionCompiler {
public:
    explicit ExpressionCompiler(KnownTypes types = {});

    struct Variable {
        std::string name;
        CompiledExpression compiled;
    };

    [[nodiscard]] CompiledExpression compile(std::string_view text, Outcome outcome,
                                             ExpressionScope scope);
    // There are variables, even if none of them can be added: `variables` is a name then.
    void declare_variables();
    // A later variable of the same name replaces the earlier one.
    const CompiledExpression& add_variable(std::string name, std::string_view text,
                                           ExpressionScope scope);
    [[nodiscard]] std::shared_ptr<const std::deque<Variable>> variables() const {
        return variables_;
    }

private:
    [[nodiscard]] const cel::Environment& environment(ExpressionScope scope);

    KnownTypes types_;
    std::shared_ptr<VariablesType> variables_type_;
    std::shared_ptr<std::deque<Variable>> variables_;
    std::optional<cel::Environment> environments_[4];
    bool has_variables_ = false;
};

// Expressions without variables of a policy: match conditions of webhooks.
[[nodiscard]] CompiledExpression compile_plain(std::string_view text, Outcome outcome,
                                               ExpressionScope scope);

// What the expressions of one request see. Borrows everything.
struct ExpressionInput {
    const Value* object = nullptr;
    const Value* old_object = nullptr;
    const Value* request = nullptr;
    const Value* namespace_object = nullptr;
    const Value* params = nullptr;                // null where the scope has none
    const cel::Authorizer* authorizer = nullptr;  // never null while it runs
    cel::AuthorizationQuestion request_resource;
};

// The result of one expression: a value, or what went wrong in Kubernetes' words.
struct ExpressionResult {
    std::string error;  // "expression 'x' resulted in error: …"; "" if there is a value
    enum class Kind : uint8_t { boolean, text, null, other } kind = Kind::other;
    bool boolean = false;
    std::string text;

    [[nodiscard]] bool has_failed() const { return !error.empty(); }
    [[nodiscard]] bool is_true() const { return !has_failed() && kind == Kind::boolean && boolean; }
    [[nodiscard]] bool is_false() const {
        return !has_failed() && kind == Kind::boolean && !boolean;
    }
};

// Evaluates expressions one after the other over the same input and budget.
class ExpressionRun {
public:
    ExpressionRun(const ExpressionInput& input,
                  std::shared_ptr<const std::deque<ExpressionCompiler::Variable>> variables,
                  uint64_t budget);
    ~ExpressionRun();
    ExpressionRun(const ExpressionRun&) = delete;
    ExpressionRun& operator=(const ExpressionRun&) = delete;

    // An error of the whole: the budget is spent, and nothing more is to be run.
    [[nodiscard]] Result<ExpressionResult> run(const CompiledExpression& expression);
    [[nodiscard]] uint64_t budget_left() const { return budget_; }

private:
    class Variables;  // NOLINT(cppcoreguidelines-virtual-class-destructor): an Opaque is final
    bool spend(uint64_t cost);

    cel::Arena arena_;
    cel::Activation activation_;
    Value nothing_;
    std::unique_ptr<Variables> lazy_;
    uint64_t budget_;
};

}  // namespace weft::server
