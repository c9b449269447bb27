// crd/internal/rules.h: x-kubernetes-validations at work on objects.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apiserver/schema/cel.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cel/limits.h"
#include "object/value.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::crd::internal {

struct RuleLimits {
    // Of one rule; see cel/limits.h. Less only in tests.
    uint64_t per_call = cel::per_call_cost_limit;
    // Errors about what is as it was are let pass.
    bool ratchets = true;
    // Stands before every place.
    std::string path;
    // Takes what all the evaluations cost; may be null.
    uint64_t* cost = nullptr;
    // For all of them together.
    uint64_t budget = cel::runtime_cost_budget;
};

// The rules of a schema, each compiled when it is first needed. One thread at a time.
class Rules {
public:
    // Null if the schema has no rules. `is_root`: it is a whole object's schema.
    [[nodiscard]] static std::unique_ptr<const Rules> make(const schema::SchemaPtr& root,
                                                           bool is_root = true);
    ~Rules();

    // What the rules say. `old`: the value before, for transition rules and ratcheting.
    [[nodiscard]] schema::FieldErrors validate(const Value& object, const Value* old,
                                               const RuleLimits& limits = {}) const;

private:
    struct Rep;
    explicit Rules(std::unique_ptr<Rep> rep);
    std::unique_ptr<Rep> rep_;
};

}  // namespace weft::crd::internal
