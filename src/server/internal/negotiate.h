// server/internal/negotiate.h: which form of an answer the client wants.
//
// Source of the behaviour: apiserver's endpoints/handlers/negotiation and go-restful's routes.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "io/http.h"

namespace weft::server {

enum class Encoding : uint8_t { json, yaml, protobuf };

// What an Accept header and the query came to.
struct Negotiated {
    Encoding encoding = Encoding::json;
    bool pretty = false;
    // What the object is to be shown as: "Table", "PartialObjectMetadata", …; "" as itself.
    std::string as;
    std::string as_group;
    std::string as_version;

    [[nodiscard]] std::string as_api_version() const { return as_group + "/" + as_version; }
    [[nodiscard]] bool is_table() const { return as == "Table"; }
    [[nodiscard]] bool is_metadata() const { return as.starts_with("PartialObjectMetadata"); }
};

struct Offer {
    bool yaml = true;
    // Of the objects themselves. Their metadata alone can be protobuf where transforms are
    // possible, custom kinds' too.
    bool protobuf = false;
    bool transforms = true;  // Table and PartialObjectMetadata are possible
    bool table = true;       // with `transforms`: a Table is, too
};

// True if go-restful would find a route: some media type of the header is one we know.
[[nodiscard]] bool accepts_any(std::string_view accept);
// True if go-restful would take a route that answers with `media` alone.
[[nodiscard]] bool accepts_only(std::string_view accept, std::string_view media);
// The first clause that can be served; nothing: 406.
[[nodiscard]] std::optional<Negotiated> negotiate(const io::http::Request& request,
                                                  const io::http::Target& target,
                                                  const Offer& offer);

[[nodiscard]] std::string_view content_type_of(Encoding encoding);

// One clause of an Accept header, for the endpoints with media types of their own.
struct AcceptClause {
    std::string type;
    std::string subtype;
    double quality = 1.0;
    std::vector<std::pair<std::string, std::string>> parameters;

    [[nodiscard]] std::string_view parameter(std::string_view name) const;
};
// By quality, then specific ones first, as goautoneg sorts.
[[nodiscard]] std::vector<AcceptClause> parse_accept(std::string_view header);

}  // namespace weft::server
