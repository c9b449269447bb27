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
        std::string hash;  // upper-case hexadecimal SHA-512 of the JSON, for both forms
        Time made;
        bool is_v2 = false;
        io::http::SharedBytes protobuf;  // null until somebody asks for it
    };
    // {"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=…"}}}
    [[nodiscard]] Document& index();
    // "api/v1", "apis/apps/v1"; null if it is not served.
    [[nodiscard]] Document* version3(const std::string& path);
    [[nodiscard]] Document& version2();
    // The document in gnostic's protobuf form.
    [[nodiscard]] static io::http::SharedBytes protobuf_of(Document& document);

private:
    void forget_stale();
    [[nodiscard]] Document finish(const Value& value, bool is_v2) const;

    const Core* core_;
    uint64_t generation_ = 0;
    std::map<std::string, Document> documents_;
    std::optional<Document> index_;
    std::optional<Document> version2_;
};

}  // namespace weft::server
