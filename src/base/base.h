// base/base.h: the front door of base: results, text, encodings, hashes, time as numbers.

#pragma once

#include "base/check.h"       // IWYU pragma: export
#include "base/diagnostic.h"  // IWYU pragma: export
#include "base/encoding.h"    // IWYU pragma: export
#include "base/error.h"       // IWYU pragma: export
#include "base/hash.h"        // IWYU pragma: export
#include "base/text.h"        // IWYU pragma: export
#include "base/time.h"        // IWYU pragma: export
