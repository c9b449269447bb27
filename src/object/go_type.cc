// object/go_type.cc: the names of Go's types.

#include "object/go_type.h"

namespace weft {

std::string_view go_type_text(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            return "bool";
        case Value::Kind::integer:
            return "int64";
        case Value::Kind::number:
            return "float64";
        case Value::Kind::string:
            return "string";
        case Value::Kind::list:
            return "[]interface {}";
        case Value::Kind::map:
            return "map[string]interface {}";
        case Value::Kind::null:
            break;
    }
    return "<nil>";
}

}  // namespace weft
