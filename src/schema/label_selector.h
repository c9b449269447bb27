// schema/label_selector.h: label selectors, as text and as an object's field.
//
// Source of the behaviour and the texts: apimachinery pkg/labels and apis/meta/v1, 1.36.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::schema {

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

}  // namespace weft::schema
