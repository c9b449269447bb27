// schema/json_path.h: the JSONPath of printer columns and selectable fields.
//
// Source of the behaviour: client-go util/jsonpath 0.36, as far as CustomResourceDefinitions use
// it: members (".a.b", "['a.b']", ".a\.b"), items ("[0]", "[-1]", "[*]", ".*", "[0:2]", "[0,2]"),
// descent
// ("..a") and filters ("[?(@.type=="Ready")]" with ==, !=, <, <=, >, >= and mere existence).

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::schema {

// A parsed path. It is a value and may be used by any number of threads.
class JsonPath {
public:
    // Takes ".spec.x", "spec.x" and "{.spec.x}". invalid with what is wrong and where.
    [[nodiscard]] static Result<JsonPath> parse(std::string_view text);

    // Everything the path leads to, in order; members that are missing lead to nothing. At most
    // json_path_results_max.
    [[nodiscard]] std::vector<const Value*> find(const Value& root) const;
    // The first of them; a null pointer if there is none.
    [[nodiscard]] const Value* find_first(const Value& root) const;

    // Whether it consists of members by name only, as selectable fields must.
    [[nodiscard]] bool is_simple() const;

private:
    enum class StepKind : uint8_t { member, item, range, all, descent, filter };
    enum class Comparison : uint8_t { exists, equal, differs, less, at_most, greater, at_least };
    struct Step {
        StepKind kind = StepKind::member;
        std::string name;              // of a member
        std::vector<int64_t> indices;  // of items
        std::optional<int64_t> begin;  // of a range
        std::optional<int64_t> end;
        int64_t stride = 1;
        std::vector<Step> path;  // of a filter: below the item
        Comparison comparison = Comparison::exists;
        Value operand;
        std::vector<Step> operand_path;  // of a filter that compares with a path; else empty
    };
    class Parser;
    class Finder;

    std::vector<Step> steps_;
};

// The text of a found value, as upstream prints it: texts bare, null "<nil>", objects and lists as
// JSON with sorted keys.
[[nodiscard]] std::string json_path_text(const Value& value);

}  // namespace weft::schema
