// cel/library/format.h: `'%s is %d'.format([name, age])`.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Adds `format` and the check of literal formats to the library of strings. Versions below 4 print
// as cel-go's first formatter does in the locale en_US: superscripts in `%e`, thousands in groups
// in `%f`, CEL literals inside of lists and maps.
void declare_format(Library& library, int strings_version);

}  // namespace weft::cel
