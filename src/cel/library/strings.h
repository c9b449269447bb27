// cel/library/strings.h: functions of texts: charAt, indexOf, replace, split, join, format, …

#pragma once

#include "cel/library.h"

namespace weft::cel {

// What indexOf and lastIndexOf do with an offset past the end: cel-go finds nothing, cel-spec's
// cases want an error.
enum class OffsetPastEnd : uint8_t { finds_nothing, fails };

// Source: cel-go ext.Strings, versions 0 to 5. Version 1 brings format and strings.quote, 2 a join
// of lists of any texts, 3 reverse, 4 the formatter that knows no locale, 5 a limit of precision.
// The costs of version 5 are not there: no profile that has it counts costs.
[[nodiscard]] Library strings_library(int version,
                                      OffsetPastEnd past_end = OffsetPastEnd::finds_nothing);

}  // namespace weft::cel
