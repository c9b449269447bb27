// kube/reflector.h: keeps a Cache equal to what the server has.

#pragma once

#include <functional>
#include <string>

#include "kube/cache.h"
#include "kube/client.h"

namespace weft::kube {

struct ReflectorOptions {
    Resource resource;
    std::string namespace_;
    std::string label_selector;
    std::string field_selector;
    bool metadata_only = false;
};

// One watch that begins with the present state (WatchList), or a list and a watch where the server
// does not offer that. Goes on where it was after a cut; begins anew when the server has forgotten
// (410). Backs off while the server fails.
class Reflector {
public:
    Reflector(io::Loop* loop, Client* client, Cache* cache, ReflectorOptions options)
        : loop_(loop), client_(client), cache_(cache), options_(std::move(options)) {}

    // Until it is cancelled. Spawn it in a Scope that ends before client and cache do.
    io::Task<void> run();
    // Hears of every failure, for logs; may be empty.
    std::function<void(const Error&)> on_error;

private:
    io::Task<Status> list_and_watch();
    io::Task<Status> list();
    io::Task<Status> watch(bool initial);

    io::Loop* loop_;
    Client* client_;
    Cache* cache_;
    ReflectorOptions options_;
    std::string version_;  // where to go on; "" begins anew
    bool has_watch_list_ = true;
    bool progressed_ = false;
};

}  // namespace weft::kube
