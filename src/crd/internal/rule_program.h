// crd/internal/rule_program.h: rules of x-kubernetes-validations as programs.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apiserver/schema/cel
// (compilation.go, model/).

#pragma once

#include <optional>
#include <string>

#include "cel/cel.h"
#include "schema/schema.h"

namespace weft::crd::internal {

// The schema as expressions see it: whole objects, the root and embedded ones, have apiVersion,
// kind, metadata.name and metadata.generateName and no other metadata. Has the same paths as the
// source otherwise. `is_root`: the root is a whole object.
[[nodiscard]] schema::SchemaPtr make_rule_view(const schema::Schema& root, bool is_root = true);

[[nodiscard]] bool has_rules(const schema::Schema& schema);
// Whether CEL has a type for the values of the schema.
[[nodiscard]] bool is_typable(const schema::Schema& schema);

// The environments of the rules at one node of a view.
struct RuleEnvironment {
    cel::Environment plain;     // self and oldSelf
    cel::Environment optional;  // oldSelf is an optional
};
// `node` is of the view `owner`.
[[nodiscard]] RuleEnvironment make_rule_environment(const schema::SchemaPtr& owner,
                                                    const schema::Schema& node);

struct RuleProgram {
    // Nothing if there is an error or the rule is blank.
    std::optional<cel::Program> program;
    std::string error;  // "compilation failed: …"
    bool uses_old_self = false;
    std::optional<cel::Program> message;
    std::string message_error;
};
[[nodiscard]] RuleProgram compile_rule(const schema::ValidationRule& rule,
                                       const RuleEnvironment& environment);

}  // namespace weft::crd::internal
