// server/internal/disabled_fields.h: members of builtin kinds that belong to features which are
// off.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Takes out of an object about to be stored what a server without those features does not keep.
// Their owners (managedFields) stay, as upstream. Source: the dropDisabledFields functions of
// pkg/registry and pkg/api/pod with the default gates of Kubernetes 1.36.
void drop_disabled_fields(const Resource& resource, Value& object);

}  // namespace weft::server
