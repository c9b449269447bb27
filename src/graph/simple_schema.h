// graph/simple_schema.h: SimpleSchema, the short way to write a schema, as OpenAPI.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// A parsed type: "[]map[string]Person".
struct SimpleType {
    enum class Kind : unsigned char { string, integer, boolean, number, object, list, map, custom };
    Kind kind = Kind::string;
    std::string custom;                    // the name, for Kind::custom
    std::shared_ptr<const SimpleType> of;  // the element, for Kind::list and Kind::map
};

// Reads a type. Words that are not a type of SimpleSchema are names of custom types; whether they
// exist is found out later. invalid with kro's texts: "empty type", "map key must be string", …
[[nodiscard]] Result<SimpleType> parse_simple_type(std::string_view text);

// A mistake and where it lies below `schema.spec` or `schema.types`.
struct SchemaMistake {
    bool in_types = false;
    Path path;
    std::string message;  // whole, in kro's words: "field image: unknown type: sting"
    // The byte of the field's text that is wrong; nothing if the field is no text.
    std::optional<size_t> offset = std::nullopt;
    std::string suggestion = {};  // "did you mean …? " where a type or marker is misspelt
};

// A field whose value is an expression's where the user gives none. Not in kro.
struct ComputedText {
    Path path;         // below spec
    std::string text;  // with ${…}
    // For each object that the path leads through, whether it may be made for the value's sake: it
    // has no required members.
    std::vector<bool> may_be_made;
};

struct SimpleSchemaResult {
    Value schema;                         // OpenAPI v3, an object; null if there are mistakes
    Value partial;                        // the same, where what is wrong may be anything
    std::vector<SchemaMistake> mistakes;  // the first is what kro would say
    std::vector<ComputedText> computed;   // in document order
};

// The OpenAPI schema that `spec` and the custom `types` mean (both maps; null is an empty one).
// Properties keep the order of the source, `required` is sorted, uses of custom types are copies.
// An object without required members gets `default: {}` if a direct member has a default.
[[nodiscard]] SimpleSchemaResult simple_schema(const Value& spec, const Value& types);

// Go's %T of a decoded JSON value, as messages name it: "float64", "[]interface {}".
[[nodiscard]] std::string_view go_type_name(const Value& value);

}  // namespace weft::graph
