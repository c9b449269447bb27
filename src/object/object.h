// object/object.h: the front door of object: Value, Object, Path, JSON, YAML.
//
// An Object is what Go calls unstructured: a map with apiVersion, kind and metadata.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/action.h"  // IWYU pragma: export
#include "object/json.h"    // IWYU pragma: export
#include "object/kind.h"    // IWYU pragma: export
#include "object/path.h"    // IWYU pragma: export
#include "object/value.h"   // IWYU pragma: export
#include "object/yaml.h"    // IWYU pragma: export
