// server/internal/selectors.h: label and field selectors of lists and watches.
//
// Source of the behaviour and the texts: apimachinery pkg/labels and pkg/fields, 1.36.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::server {

// Looks a label or field up; nothing if it is absent.
using Lookup = std::function<std::optional<std::string_view>(std::string_view)>;

struct LabelRequirement {
    enum class Operator : uint8_t { in, not_in, exists, not_exists, greater, less };
    std::string key;
    Operator op = Operator::exists;
    std::vector<std::string> values;
    bool as_set = false;         // written with in or notin, and printed so
    bool double_equals = false;  // written as ==, and printed so
};

// All requirements must hold; none matches everything. A value.
class LabelSelector {
public:
    // bad_request with Go's text: "unable to parse requirement: …".
    [[nodiscard]] static Result<LabelSelector> parse(std::string_view text);
    // metav1.LabelSelector {matchLabels, matchExpressions}; an empty one matches everything.
    [[nodiscard]] static Result<LabelSelector> of_object(const Value& selector);

    [[nodiscard]] bool is_everything() const { return requirements_.empty(); }
    [[nodiscard]] bool matches(const Lookup& labels) const;
    [[nodiscard]] bool matches(const Value& labels) const;  // a map of labels, or null
    [[nodiscard]] const std::vector<LabelRequirement>& requirements() const {
        return requirements_;
    }
    // Go's String() of the parsed selector: "a=b,c in (d,e)".
    [[nodiscard]] std::string text() const;

private:
    std::vector<LabelRequirement> requirements_;
};

struct FieldTerm {
    std::string field;
    bool equal = true;
    std::string value;
};

class FieldSelector {
public:
    // bad_request: "invalid selector: 'x'; can't understand 'x'".
    [[nodiscard]] static Result<FieldSelector> parse(std::string_view text);

    [[nodiscard]] bool is_everything() const { return terms_.empty(); }
    [[nodiscard]] const std::vector<FieldTerm>& terms() const { return terms_; }
    std::vector<FieldTerm>& mutable_terms() { return terms_; }
    // An absent field counts as "".
    [[nodiscard]] bool matches(const Lookup& fields) const;
    // The value that `field` must equal, if some term says so.
    [[nodiscard]] std::optional<std::string_view> exact(std::string_view field) const;

private:
    std::vector<FieldTerm> terms_;
};

}  // namespace weft::server
