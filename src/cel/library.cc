// cel/library.cc: collecting declarations.

#include "cel/library.h"

namespace weft::cel {

Library& Library::function(std::string_view name, std::initializer_list<Overload> overloads) {
    functions_.push_back({name, overloads});
    return *this;
}

std::string_view Library::intern(std::string_view text) {
    return texts_->emplace_back(text);
}

Library& Library::macro(const Macro& macro) {
    macros_.push_back(macro);
    return *this;
}

Library& Library::constant(std::string_view name, std::string_view type, const Value& value) {
    constants_.push_back({name, type, value});
    return *this;
}

Library& Library::type(const Type* type) {
    constants_.push_back({type->name, "", Value::type(type)});
    return *this;
}

Library& Library::structure(std::shared_ptr<const StructType> type) {
    structures_.push_back(std::move(type));
    return *this;
}

Library& Library::validator(const Validator& validator) {
    validators_.push_back(validator);
    return *this;
}

Library& Library::cost(std::string_view function, ActualCost actual, EstimatedCost estimated) {
    costs_.push_back({function, actual, estimated});
    return *this;
}

}  // namespace weft::cel
