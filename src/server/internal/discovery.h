// server/internal/discovery.h: the documents that say what is served.
//
// Source of the form: apiserver's endpoints/discovery, v1 and aggregated v2, 1.36.

#pragma once

#include <map>
#include <string>

#include "server/internal/core.h"

namespace weft::server {

// Documents are made when asked for and kept until the registry changes.
class Discovery {
public:
    explicit Discovery(const Core* core) : core_(core) {}

    [[nodiscard]] Value api_versions() const;                            // /api
    [[nodiscard]] Value groups() const;                                  // /apis
    [[nodiscard]] Value group(const GroupInfo& info, bool alone) const;  // /apis/GROUP
    [[nodiscard]] Value resources(const GroupInfo& info,
                                  const GroupVersionInfo& version) const;  // /apis/GROUP/VERSION

    struct Aggregated {
        io::http::SharedBytes json;
        std::string etag;  // quoted
    };
    // `core_group`: of /api, else of /apis.
    [[nodiscard]] const Aggregated& aggregated(bool core_group);

private:
    const Core* core_;
    uint64_t generation_ = 0;
    std::map<bool, Aggregated> aggregated_;
};

}  // namespace weft::server
