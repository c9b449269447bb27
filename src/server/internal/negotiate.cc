// server/internal/negotiate.cc: reads Accept headers and chooses.

#include "server/internal/negotiate.h"

#include <algorithm>
#include <cstdlib>

namespace weft::server {

std::string_view AcceptClause::parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::vector<AcceptClause> parse_accept(std::string_view header) {
    std::vector<AcceptClause> clauses;
    for (const std::string_view part : split(header, ',')) {
        AcceptClause clause;
        const std::vector<std::string_view> pieces = split(part, ';');
        const std::string_view media = trim(pieces.front());
        const size_t slash = media.find('/');
        if (slash != std::string_view::npos) {
            clause.type = to_lower(trim(media.substr(0, slash)));
            clause.subtype = to_lower(trim(media.substr(slash + 1)));
        } else if (media == "*") {
            clause.type = "*";
            clause.subtype = "*";
        } else {
            continue;
        }
        for (size_t i = 1; i < pieces.size(); ++i) {
            const size_t equals = pieces[i].find('=');
            if (equals == std::string_view::npos) {
                continue;
            }
            const std::string key(trim(pieces[i].substr(0, equals)));
            const std::string value(trim(pieces[i].substr(equals + 1)));
            if (key == "q") {
                clause.quality = std::strtod(value.c_str(), nullptr);
            } else {
                clause.parameters.emplace_back(key, value);
            }
        }
        clauses.push_back(std::move(clause));
    }
    std::ranges::stable_sort(clauses, [](const AcceptClause& a, const AcceptClause& b) {
        if (a.quality != b.quality) {
            return a.quality > b.quality;
        }
        if ((a.type == "*") != (b.type == "*")) {
            return b.type == "*";
        }
        return a.subtype != "*" && b.subtype == "*";
    });
    return clauses;
}

bool accepts_any(std::string_view accept) {
    return accepts_only(accept, "application/json") || accepts_only(accept, "application/yaml") ||
           accepts_only(accept, "application/vnd.kubernetes.protobuf");
}

bool accepts_only(std::string_view accept, std::string_view media) {
    return trim(accept).empty() || std::ranges::any_of(split(accept, ','), [&](auto part) {
               const std::string_view wanted = trim(part.substr(0, part.find(';')));
               return wanted == "*/*" || wanted == media;
           });
}

std::string_view content_type_of(Encoding encoding) {
    switch (encoding) {
        case Encoding::yaml:
            return "application/yaml";
        case Encoding::protobuf:
            return "application/vnd.kubernetes.protobuf";
        case Encoding::json:
            break;
    }
    return "application/json";
}

namespace {

struct KnownType {
    std::string_view subtype;
    Encoding encoding;
};
constexpr KnownType known_types[] = {{"json", Encoding::json},
                                     {"yaml", Encoding::yaml},
                                     {"vnd.kubernetes.protobuf", Encoding::protobuf}};

bool allows_transform(const Negotiated& wanted, const Offer& offer) {
    if (!offer.transforms || wanted.as_group != "meta.k8s.io" ||
        (wanted.as_version != "v1" && wanted.as_version != "v1beta1")) {
        return false;
    }
    if (wanted.as == "Table") {
        return offer.table && wanted.encoding != Encoding::protobuf;
    }
    return wanted.as == "PartialObjectMetadata" || wanted.as == "PartialObjectMetadataList";
}

bool is_person(std::string_view agent) {
    return agent.starts_with("curl") || agent.starts_with("Wget") ||
           agent.starts_with("Mozilla/5.0");
}

// The clause as this type; nothing if its parameters ask for what we cannot do.
std::optional<Negotiated> accept_clause(const AcceptClause& clause, Encoding encoding,
                                        const Offer& offer) {
    Negotiated wanted;
    wanted.encoding = encoding;
    bool transforms = false;
    for (const auto& [key, value] : clause.parameters) {
        if (key == "as") {
            wanted.as = value;
            transforms = true;
        } else if (key == "g") {
            wanted.as_group = value;
            transforms = true;
        } else if (key == "v") {
            wanted.as_version = value;
            transforms = true;
        } else if (key == "pretty") {
            wanted.pretty = value == "1";
        } else if (key == "stream" && !value.empty() && value != "watch") {
            return std::nullopt;
        }
    }
    if (transforms && !allows_transform(wanted, offer)) {
        return std::nullopt;
    }
    if (encoding == Encoding::protobuf && !offer.protobuf && !transforms) {
        return std::nullopt;
    }
    return wanted;
}

}  // namespace

std::optional<Negotiated> negotiate(const io::http::Request& request,
                                    const io::http::Target& target, const Offer& offer) {
    const std::string_view header = request.headers.get("accept");
    std::optional<Negotiated> chosen;
    if (trim(header).empty()) {
        chosen.emplace();
    } else {
        for (const AcceptClause& clause : parse_accept(header)) {
            for (const KnownType& known : known_types) {
                if (known.encoding == Encoding::yaml && !offer.yaml) {
                    continue;
                }
                const bool fits = (clause.type == "application" &&
                                   (clause.subtype == known.subtype || clause.subtype == "*")) ||
                                  (clause.type == "*" && clause.subtype == "*");
                if (fits) {
                    chosen = accept_clause(clause, known.encoding, offer);
                }
                if (chosen) {
                    break;
                }
            }
            if (chosen) {
                break;
            }
        }
    }
    if (!chosen) {
        return std::nullopt;
    }
    if (const auto pretty = target.parameter("pretty")) {
        chosen->pretty = *pretty == "1" || to_lower(*pretty) == "true" || *pretty == "t";
    } else if (is_person(request.headers.get("user-agent"))) {
        chosen->pretty = true;
    }
    return chosen;
}

}  // namespace weft::server
