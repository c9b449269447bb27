// kube/kube.h: the front door of kube: clients, caches and queues for a Kubernetes API.

#pragma once

#include "kube/cache.h"            // IWYU pragma: export
#include "kube/client.h"           // IWYU pragma: export
#include "kube/config.h"           // IWYU pragma: export
#include "kube/leader_election.h"  // IWYU pragma: export
#include "kube/reflector.h"        // IWYU pragma: export
#include "kube/resource.h"         // IWYU pragma: export
#include "kube/rest_mapper.h"      // IWYU pragma: export
#include "kube/sharer.h"           // IWYU pragma: export
#include "kube/work_queue.h"       // IWYU pragma: export
