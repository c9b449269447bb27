// schema/go_json.h: JSON of a builtin kind as Go's typed decoder reads it and its encoder writes
// it.
//
// Source of the behaviour and the texts: encoding/json and sigs.k8s.io/json with the types of
// k8s.io/api 0.36. Reading and writing again is what an API server does to every object: unknown
// members go, members come into the order of the Go struct, zero values go or come as the struct's
// tags say, quantities, times and bytes become canonical.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::schema {

class Builtin;

// The Go types of a Builtin, made when first needed. Loop thread only, as Builtin is.
class GoTypes {
public:
    explicit GoTypes(const Builtin* builtin);
    ~GoTypes();
    GoTypes(const GoTypes&) = delete;
    GoTypes& operator=(const GoTypes&) = delete;

    // `value` as the kind with this definition. Members it does not know are named in `unknown`
    // ("spec.containers[0].foo"), in the order of the document, if that is not null. Errors are
    // bad_request with Go's text: "json: cannot unmarshal string into Go struct field …".
    //
    // Storage cannot tell an empty list or map from none. `keeps_empty` keeps those that were sent
    // where Go always writes the member: their sender owns them.
    [[nodiscard]] Result<Value> canonical(std::string_view definition, const Value& value,
                                          std::vector<std::string>* unknown = nullptr,
                                          bool keeps_empty = false) const;

    struct Type;
    struct Field;
    // For the reader: the type of a definition of the tables, by number.
    [[nodiscard]] const Type* type_of(uint16_t definition) const;

private:
    const Builtin* builtin_;
    mutable std::vector<std::unique_ptr<Type>> types_;
};

}  // namespace weft::schema
