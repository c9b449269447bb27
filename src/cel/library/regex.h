// cel/library/regex.h: regex.replace, regex.extract, regex.extractAll.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: cel-go ext.Regex, version 0. Its costs are not there: only cel-spec's profile has it.
[[nodiscard]] Library regex_library();

}  // namespace weft::cel
