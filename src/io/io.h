// io/io.h: the front door of io: loop, tasks, waiting, HTTP.

#pragma once

#include "io/http.h"  // IWYU pragma: export
#include "io/loop.h"  // IWYU pragma: export
#include "io/sync.h"  // IWYU pragma: export
#include "io/task.h"  // IWYU pragma: export
