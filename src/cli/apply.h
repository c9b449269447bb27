// cli/apply.h: putting the objects of files on a server, kinds before what uses them.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/files.h"
#include "kube/kube.h"

namespace weft::cli {

// What happened to one object.
struct Applied {
    std::string text;  // "WebApp default/shop"
    Status status;
    bool is_waiting = false;  // its kind is not served yet; it is heard of again
};

// Server-side apply as field manager "weft-up": namespaces, CRDs and definitions first, then the
// rest in the order of the files. A kind that is not served yet (its definition was applied a
// moment ago) is waited for as long as the scope allows; `on_done` hears of each.
[[nodiscard]] io::Task<Status> apply_files(io::Loop* loop, kube::Client* client,
                                           std::vector<FileObject> objects,
                                           std::function<void(const Applied&)> on_done);

}  // namespace weft::cli
