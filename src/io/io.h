// io/io.h: the front door of io: loop, tasks, waiting, HTTP, files, log, metrics.

#pragma once

#include "io/file.h"       // IWYU pragma: export
#include "io/http.h"       // IWYU pragma: export
#include "io/log.h"        // IWYU pragma: export
#include "io/loop.h"       // IWYU pragma: export
#include "io/metrics.h"    // IWYU pragma: export
#include "io/real_loop.h"  // IWYU pragma: export
#include "io/signals.h"    // IWYU pragma: export
#include "io/sync.h"       // IWYU pragma: export
#include "io/task.h"       // IWYU pragma: export
#include "io/time_zone.h"  // IWYU pragma: export
#include "io/tls.h"        // IWYU pragma: export
