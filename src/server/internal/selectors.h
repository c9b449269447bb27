// server/internal/selectors.h: label and field selectors of lists and watches.
//
// Source of the behaviour and the texts: apimachinery pkg/labels and pkg/fields, 1.36.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"
#include "schema/label_selector.h"

namespace weft::server {

using schema::LabelRequirement;
using schema::LabelSelector;
using schema::Lookup;

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
