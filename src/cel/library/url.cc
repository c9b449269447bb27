// cel/library/url.cc: URLs as values.

#include "cel/library/url.h"

#include <map>

#include "base/go_url.h"
#include "cel/library/kubernetes_costs.h"

namespace weft::cel {

namespace {

constexpr Type url_type{.kind = TypeKind::opaque, .name = "kubernetes.URL"};

class UrlValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    UrlValue(GoUrl parsed, std::string_view written) : url(std::move(parsed)), written_(written) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &url_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* that = other.as<UrlValue>();
        return that != nullptr ? Value::boolean(that->url == url)
                               : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] std::string text() const override { return written_; }

    const GoUrl url;

private:
    std::string written_;
};

const GoUrl& url_of(const Value& value) {
    return value.as<UrlValue>()->url;
}

// Read twice, as Kubernetes does: the strict reader refuses, the other one knows fragments.
Value make_url(Call& call, std::span<const Value> args) {
    const std::string_view text = args[0].as_string();
    const Result<GoUrl> strict = parse_request_uri(text);
    Result<GoUrl> url = strict ? parse_go_url(text) : strict;
    return url ? call.object<UrlValue>(*std::move(url), text)
               : call.error(
                     ErrorCode::invalid_argument,
                     "URL parse error during conversion from string: ", url.error().message());
}
Value is_url(Call&, std::span<const Value> args) {
    return Value::boolean(parse_request_uri(args[0].as_string()).has_value());
}
Value url_scheme(Call&, std::span<const Value> args) {
    return Value::string(url_of(args[0]).scheme);
}
Value url_host(Call&, std::span<const Value> args) {
    return Value::string(url_of(args[0]).host);
}
Value url_hostname(Call& call, std::span<const Value> args) {
    return call.string(url_of(args[0]).hostname());
}
Value url_port(Call& call, std::span<const Value> args) {
    return call.string(url_of(args[0]).port());
}
Value url_path(Call&, std::span<const Value> args) {
    return Value::string(url_of(args[0]).escaped_path);
}
Value url_query(Call& call, std::span<const Value> args) {
    std::map<std::string, std::vector<std::string>> values;
    for (auto& [key, value] : url_of(args[0]).query()) {
        values[key].push_back(std::move(value));
    }
    MapBuilder out(call.arena(), values.size());
    for (const auto& [key, texts] : values) {
        ListBuilder list(call.arena(), texts.size());
        for (const std::string& text : texts) {
            list.add(call.string(text));
        }
        out.set(call.string(key), list.finish());
    }
    return out.finish();
}

constexpr Documentation url_documentation[] = {
    {"url", "The absolute URL or path that a text is.", "url('https://example.com:80/a?b=c')",
     "https://example.com:80/a?b=c"},
    {"isURL", "Whether a text is an absolute URL or path.", "isURL('../relative')", "false"},
    {"getScheme", "The scheme.", "url('https://example.com/').getScheme()", R"("https")"},
    {"getHost", "The host with its port.", "url('https://[::1]:80/').getHost()", R"("[::1]:80")"},
    {"getHostname", "The host without port and brackets.", "url('https://[::1]:80/').getHostname()",
     R"("::1")"},
    {"getPort", "The port as text; empty if there is none.",
     "url('https://example.com:80/').getPort()", R"("80")"},
    {"getEscapedPath", "The path as it is written in a URL.",
     "url('https://example.com/a b').getEscapedPath()", R"("/a%20b")"},
    {"getQuery", "The values of each key of the query.",
     "url('https://example.com/?a=1&b=2&a=3').getQuery()", R"({"a": ["1", "3"], "b": ["2"]})"},
};

}  // namespace

Library url_library() {
    Library library("kubernetes.urls");
    library.function("url", {{.id = "string_to_url",
                              .signature = "(string) -> kubernetes.URL",
                              .call = make_url,
                              .actual_cost = cost_of_parsing,
                              .estimated_cost = estimate_parsing}});
    library.function("isURL",
                     {{.id = "is_url_string", .signature = "(string) -> bool", .call = is_url}});
    const auto text = [&](std::string_view name, std::string_view id, Implementation call) {
        library.function(name,
                         {{.id = id, .signature = "kubernetes.URL.() -> string", .call = call}});
    };
    text("getScheme", "url_get_scheme", url_scheme);
    text("getHost", "url_get_host", url_host);
    text("getHostname", "url_get_hostname", url_hostname);
    text("getPort", "url_get_port", url_port);
    text("getEscapedPath", "url_get_escaped_path", url_path);
    library.function("getQuery", {{.id = "url_get_query",
                                   .signature = "kubernetes.URL.() -> map(string, list(string))",
                                   .call = url_query}});
    library.document("URLs", url_documentation);
    return library;
}

}  // namespace weft::cel
