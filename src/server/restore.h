// server/restore.h: objects of another server, put into a store as they are.

#pragma once

#include <vector>

#include "object/object.h"
#include "store/store.h"

namespace weft::server {

// What `kubectl get -o json` shows of a server becomes content of the store: uid,
// creationTimestamp, generation, managedFields and status stay; an object that is there already is
// replaced. Objects are written in the order of their resourceVersions and keep these if the store
// has not come so far yet and the highest is at most limits::restored_revision_max; else they are
// numbered anew in the same order. Kinds must be builtin or defined by a CustomResourceDefinition
// in the store or among the objects. invalid if an object's kind is not known or two have one name;
// nothing is written then. While no server runs on the store.
[[nodiscard]] io::Task<Status> restore(store::Store* store, std::vector<Object> objects);

}  // namespace weft::server
