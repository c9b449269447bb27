// crd/internal/rule_check.h: rules of a definition, checked when it is written: types and costs.
//
// Source of the behaviour and of the texts: apiextensions-apiserver
// pkg/apis/apiextensions/validation (validation.go, cel_validation.go).

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object/value.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::crd::internal {

// Where a schema's node stands among the values of an object: what type it has in expressions, and
// how often it can come up.
class RuleScope {
public:
    enum class Step : uint8_t { property, item, additional };

    // Rules are not looked at here: inside conditions.
    [[nodiscard]] static RuleScope none() { return {}; }
    [[nodiscard]] static RuleScope root(const schema::Schema* view);
    // One step down from `parent`, the schema of this scope.
    [[nodiscard]] RuleScope child(const Value& parent, Step step, std::string_view name = {}) const;

    [[nodiscard]] bool is_known() const { return node_ != nullptr; }
    [[nodiscard]] const schema::Schema* node() const { return node_; }
    // The most values of the schema in one object; nothing if only the request's size bounds it.
    [[nodiscard]] std::optional<uint64_t> cardinality() const { return cardinality_; }
    // How many values below one of this schema there can be; nothing if it does not say.
    [[nodiscard]] static std::optional<uint64_t> elements_max(const Value& schema);

private:
    const schema::Schema* node_ = nullptr;  // of the view
    std::optional<uint64_t> cardinality_;
};

// What all rules of a schema cost together.
class CostTotal {
public:
    struct Rule {
        std::string path;
        uint64_t cost;
    };

    void observe(const std::string& path, uint64_t cost);
    [[nodiscard]] uint64_t total() const { return total_; }
    // The dearest, dearest first; only what matters.
    [[nodiscard]] const std::vector<Rule>& expensive() const { return expensive_; }

private:
    uint64_t total_ = 0;
    std::vector<Rule> expensive_;
};

// Of one root schema, which is structural.
class RuleCheck {
public:
    explicit RuleCheck(const schema::SchemaPtr& schema);

    [[nodiscard]] RuleScope root() const { return RuleScope::root(view_.get()); }
    // The rules of one node. `uncorrelatable`: the path above which old values are lost; "" none.
    [[nodiscard]] schema::FieldErrors check(std::span<const Value> rules, const std::string& path,
                                            const RuleScope& scope,
                                            const std::string& uncorrelatable, bool suppress_cost);
    // What all rules together cost too much.
    [[nodiscard]] schema::FieldErrors total_errors(const std::string& path) const;

private:
    schema::SchemaPtr view_;  // null: there are no rules
    CostTotal costs_;
};

// "estimated rule cost exceeds budget by factor of 1.7x (try …)".
[[nodiscard]] std::string cost_error_text(std::string_view what, uint64_t cost, uint64_t limit);

}  // namespace weft::crd::internal
