// cel/library/url.h: url(), isURL() and the parts of a URL.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/urls.go.
[[nodiscard]] Library url_library();

}  // namespace weft::cel
