// merge/merge.h: the front door of merge: the ways one object changes.

#pragma once

#include "merge/field_diff.h"             // IWYU pragma: export
#include "merge/field_set.h"              // IWYU pragma: export
#include "merge/json_patch.h"             // IWYU pragma: export
#include "merge/managed_fields.h"         // IWYU pragma: export
#include "merge/merge_patch.h"            // IWYU pragma: export
#include "merge/strategic_merge_patch.h"  // IWYU pragma: export
#include "merge/typed.h"                  // IWYU pragma: export
#include "merge/updater.h"                // IWYU pragma: export
