// base/go_url.cc: URLs as Go's net/url reads them. Source: Go net/url, 1.24.

#include "base/go_url.h"

#include <algorithm>

namespace weft {

namespace {

bool is_url_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_one_of(char c, std::string_view set) {
    return set.contains(c);
}

int url_hex(char c) {
    const size_t at = std::string_view("0123456789abcdef")
                          .find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

enum class UrlPart : uint8_t { path, host, other };

class UrlParser {
public:
    UrlParser(std::string_view text, bool via_request) : text_(text), via_request_(via_request) {}

    Result<GoUrl> parse() {
        std::string_view rest = text_;
        std::string_view fragment;
        if (!via_request_) {
            if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
                fragment = rest.substr(hash + 1);
                rest = rest.substr(0, hash);
            }
        }
        TRY(parse_rest(rest));
        out_.fragment = TRY(unescape(fragment, UrlPart::other));
        return std::move(out_);
    }

private:
    template <typename... Pieces>
    Error fail(const Pieces&... pieces) const {
        return weft::make_error(Reason::invalid, "parse ", quote(text_), ": ", pieces...);
    }

    Status parse_rest(std::string_view rest) {
        if (std::ranges::any_of(
                rest, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
            return fail("net/url: invalid control character in URL");
        }
        if (rest.empty()) {
            return via_request_ ? Status(fail("empty url")) : Status();
        }
        if (rest == "*") {
            out_.escaped_path = "*";
            return {};
        }
        TRY(take_scheme(rest));
        if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
            out_.has_query = true;
            out_.raw_query = rest.substr(mark + 1);
            rest = rest.substr(0, mark);
        }
        if (!rest.starts_with('/')) {
            if (!out_.scheme.empty()) {
                out_.opaque = rest;
                return {};
            }
            if (via_request_) {
                return fail("invalid URI for request");
            }
            if (rest.substr(0, rest.find('/')).contains(':')) {
                return fail("first path segment in URL cannot contain colon");
            }
        }
        if ((!out_.scheme.empty() || (!via_request_ && !rest.starts_with("///"))) &&
            rest.starts_with("//")) {
            std::string_view authority = rest.substr(2);
            const size_t slash = std::min(authority.find('/'), authority.size());
            rest = authority.substr(slash);
            TRY(parse_authority(authority.substr(0, slash)));
        }
        out_.escaped_path = TRY(escaped(rest));
        return {};
    }

    Status take_scheme(std::string_view& rest) {
        for (size_t i = 0; i < rest.size(); ++i) {
            const char c = rest[i];
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
                continue;
            }
            if ((c >= '0' && c <= '9') || is_one_of(c, "+-.")) {
                if (i == 0) {
                    return {};
                }
                continue;
            }
            if (c != ':') {
                return {};
            }
            if (i == 0) {
                return fail("missing protocol scheme");
            }
            out_.scheme = to_lower(rest.substr(0, i));
            rest.remove_prefix(i + 1);
            return {};
        }
        return {};
    }

    Status parse_authority(std::string_view authority) {
        const size_t at = authority.rfind('@');
        if (at != std::string_view::npos) {
            const std::string_view user = authority.substr(0, at);
            if (std::ranges::any_of(user, [](char c) {
                    return !is_url_alnum(c) && !is_one_of(c, "-._:~!$&'()*+,;=%@");
                })) {
                return fail("net/url: invalid userinfo");
            }
            TRY(unescape(user, UrlPart::other));
            out_.has_user = true;
            out_.user = user;
            authority.remove_prefix(at + 1);
        }
        size_t port = std::string_view::npos;
        if (authority.starts_with('[')) {
            const size_t end = authority.rfind(']');
            if (end == std::string_view::npos) {
                return fail("missing ']' in host");
            }
            port = end + 1;
        } else {
            port = authority.rfind(':');
        }
        if (port != std::string_view::npos) {
            const std::string_view written = authority.substr(port);
            const bool is_port = written.empty() ||
                                 (written[0] == ':' && written.substr(1).find_first_not_of(
                                                           "0123456789") == std::string_view::npos);
            if (!is_port) {
                return fail("invalid port ", quote(written), " after host");
            }
        }
        out_.host = TRY(unescape(authority, UrlPart::host));
        return {};
    }

    Result<std::string> unescape(std::string_view text, UrlPart part) const {
        std::string out;
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c != '%') {
                if (part == UrlPart::host && static_cast<unsigned char>(c) < 0x80 &&
                    !is_url_alnum(c) && !is_one_of(c, "-_.~!$&'()*+,;=:[]<>\"")) {
                    return fail("invalid character ", quote(text.substr(i, 1)), " in host name");
                }
                out += c;
                continue;
            }
            const bool is_whole =
                i + 2 < text.size() && url_hex(text[i + 1]) >= 0 && url_hex(text[i + 2]) >= 0;
            // Hosts may hold only bytes beyond ASCII and the "%" in front of a zone that way.
            const bool is_allowed =
                is_whole &&
                (part != UrlPart::host || url_hex(text[i + 1]) >= 8 || text.substr(i, 3) == "%25");
            if (!is_allowed) {
                return fail("invalid URL escape ", quote(text.substr(i, 3)));
            }
            out += static_cast<char>(url_hex(text[i + 1]) * 16 + url_hex(text[i + 2]));
            i += 2;
        }
        return out;
    }

    // URL.EscapedPath: the path as it was written if that is a way to write it.
    Result<std::string> escaped(std::string_view path) const {
        const std::string plain = TRY(unescape(path, UrlPart::path));
        const bool is_fine = std::ranges::all_of(
            path, [](char c) { return is_url_alnum(c) || is_one_of(c, "-_.~$&+,/:;=@!'()*[]%"); });
        if (is_fine) {
            return std::string(path);
        }
        std::string out;
        for (const char c : plain) {
            if (is_url_alnum(c) || is_one_of(c, "-_.~$&+,/:;=@")) {
                out += c;
            } else {
                append(out, "%", hex_encode_upper(std::string_view(&c, 1)));
            }
        }
        return out;
    }

    std::string_view text_;
    bool via_request_;
    GoUrl out_;
};

}  // namespace

std::string GoUrl::hostname() const {
    const std::string_view text = host;
    if (text.starts_with('[')) {
        const size_t end = text.rfind(']');
        return std::string(text.substr(1, end == std::string_view::npos ? end : end - 1));
    }
    return std::string(text.substr(0, text.rfind(':')));
}

std::string GoUrl::port() const {
    const size_t colon = host.rfind(':');
    const size_t bracket = host.rfind(']');
    if (colon == std::string::npos || (bracket != std::string::npos && bracket > colon)) {
        return "";
    }
    return host.substr(colon + 1);
}

std::vector<std::pair<std::string, std::string>> GoUrl::query() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string_view part : split(raw_query, '&')) {
        if (part.empty() || part.contains(';')) {
            continue;
        }
        const size_t equals = part.find('=');
        std::optional<std::string> key = query_unescape(part.substr(0, equals));
        std::optional<std::string> value = query_unescape(
            equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
        if (key && value) {
            out.emplace_back(*std::move(key), *std::move(value));
        }
    }
    return out;
}

Result<GoUrl> parse_request_uri(std::string_view text) {
    return UrlParser(text, true).parse();
}
Result<GoUrl> parse_go_url(std::string_view text) {
    return UrlParser(text, false).parse();
}

}  // namespace weft
