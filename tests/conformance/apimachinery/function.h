// tests/conformance/apimachinery/function.h: how a function of the apimachinery cases is
// registered.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tests/conformance/cases.h"

namespace weft::conformance {

// Runs one case; "" if it holds, or what is wrong.
using CaseTest = std::string (*)(const Value& row);

inline std::map<std::string, CaseTest, std::less<>>& registered_functions() {
    static std::map<std::string, CaseTest, std::less<>> functions;
    return functions;
}

// The test of an `fn`; null if nobody registered one.
inline CaseTest find_function(std::string_view name) {
    const auto found = registered_functions().find(name);
    return found == registered_functions().end() ? nullptr : found->second;
}

// A static of this type registers the test of one `fn`.
struct Function {
    Function(std::string name, CaseTest test) {
        registered_functions().emplace(std::move(name), test);
    }
};

}  // namespace weft::conformance
