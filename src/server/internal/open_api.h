// server/internal/open_api.h: the OpenAPI documents of what is served, v3 by group version and v2.
//
// Source of the form: kube-openapi's handlers (handler, handler3) and apiserver's builders, 1.36.
// Documents are written when asked for and kept until the registry changes.

#pragma once

#include <map>
#include <string>

#include "server/internal/core.h"

namespace weft::server {

class OpenApi {
public:
    explicit OpenApi(const Core* core) : core_(core) {}

    struct Document {
        io::http::SharedBytes json;
        std::string hash;  // upper-case hexadecimal SHA-512
    };
    // {"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=…"}}}
    [[nodiscard]] const Document& index();
    // "api/v1", "apis/apps/v1"; null if it is not served.
    [[nodiscard]] const Document* version3(const std::string& path);
    [[nodiscard]] const Document& version2();

private:
    void forget_stale();

    const Core* core_;
    uint64_t generation_ = 0;
    std::map<std::string, Document> documents_;
    std::optional<Document> index_;
    std::optional<Document> version2_;
};

}  // namespace weft::server
