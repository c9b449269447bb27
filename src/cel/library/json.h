// cel/library/json.h: kro's json.marshal and json.unmarshal.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library json_library();

}  // namespace weft::cel
