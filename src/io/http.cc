// io/http.cc: headers, answers, targets, and the transport that needs no wire.

#include "io/http.h"

#include <algorithm>

namespace weft::io::http {

namespace {

bool equal_ignoring_case(std::string_view lower, std::string_view name) {
    return lower.size() == name.size() && std::ranges::equal(lower, name, [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
           });
}

// The part that Go's url.EscapeError names: from the broken '%' on, three bytes at most.
std::string_view broken_escape(std::string_view text) {
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' &&
            (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) {
            return text.substr(i, 3);
        }
    }
    return text.substr(0, 0);
}

class InProcess : public Transport {
public:
    InProcess(Handler* handler, Peer peer) : handler_(handler), peer_(std::move(peer)) {}

    Task<Result<Response>> send(Request request) override {
        request.peer = peer_;
        const bool is_head = request.method == "HEAD";
        Response response = co_await handler_->handle(std::move(request));
        // A cancelled caller does not see the answer that a handler makes of its cancellation.
        const Context* context = co_await current_context();
        if (context != nullptr && context->is_cancelled()) {
            co_return make_error(Reason::cancelled, "cancelled");
        }
        if (is_head) {
            response.pieces.clear();
            response.source.reset();
        }
        co_return response;
    }

private:
    Handler* handler_;
    Peer peer_;
};

}  // namespace

void Headers::add(std::string_view name, std::string value) {
    fields_.emplace_back(to_lower(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
    const auto first = std::ranges::find_if(
        fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
    if (first == fields_.end()) {
        add(name, std::move(value));
        return;
    }
    first->second = std::move(value);
    const auto rest = std::remove_if(first + 1, fields_.end(), [&](const auto& field) {
        return equal_ignoring_case(field.first, name);
    });
    fields_.erase(rest, fields_.end());
}

bool Headers::erase(std::string_view name) {
    return std::erase_if(fields_, [&](const auto& field) {
               return equal_ignoring_case(field.first, name);
           }) != 0;
}

std::string_view Headers::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (equal_ignoring_case(key, name)) {
            return value;
        }
    }
    return {};
}

bool Headers::has(std::string_view name) const {
    return std::ranges::any_of(
        fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
    std::vector<std::string_view> out;
    for (const auto& [key, value] : fields_) {
        if (equal_ignoring_case(key, name)) {
            out.push_back(value);
        }
    }
    return out;
}

Response Response::text(int status, std::string_view content_type, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("content-type", std::string(content_type));
    if (!body.empty()) {
        response.pieces.push_back(share(std::move(body)));
    }
    return response;
}

size_t Response::body_size() const {
    size_t size = 0;
    for (const SharedBytes& piece : pieces) {
        size += piece->size();
    }
    return size;
}

std::string Response::body() const {
    std::string out;
    out.reserve(body_size());
    for (const SharedBytes& piece : pieces) {
        out += *piece;
    }
    return out;
}

std::unique_ptr<Transport> in_process(Handler* handler, Peer peer) {
    return std::make_unique<InProcess>(handler, std::move(peer));
}

Task<Result<std::string>> read_all(Response response, size_t limit) {
    const auto too_large = [limit] {
        return make_error(Reason::request_entity_too_large, "the body is larger than ", limit,
                          " bytes");
    };
    if (response.body_size() > limit) {
        co_return too_large();
    }
    std::string body = response.body();
    response.pieces.clear();
    while (response.source != nullptr) {
        const std::vector<SharedBytes> pieces = CO_TRY(co_await response.source->next());
        if (pieces.empty()) {
            break;
        }
        for (const SharedBytes& piece : pieces) {
            if (piece->size() > limit - body.size()) {
                co_return too_large();
            }
            body += *piece;
        }
    }
    co_return body;
}

Result<Target> Target::parse(std::string_view target) {
    Target out;
    const size_t mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    std::optional<std::string> decoded = path_unescape(path);
    if (!decoded) {
        return make_error(Reason::bad_request, "invalid URL escape ", quote(broken_escape(path)));
    }
    out.path = *std::move(decoded);
    if (mark == std::string_view::npos) {
        return out;
    }
    for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
        if (pair.empty()) {
            continue;
        }
        if (pair.find(';') != std::string_view::npos) {
            continue;  // as Go's servers do with a pair that they cannot read
        }
        const size_t equals = pair.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        std::optional<std::string> name = query_unescape(pair.substr(0, equals));
        std::optional<std::string> text = query_unescape(value);
        if (!name || !text) {
            continue;
        }
        out.query.emplace_back(*std::move(name), *std::move(text));
    }
    return out;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

std::string Target::text() const {
    std::string out;
    size_t start = 0;
    while (true) {
        const size_t slash = path.find('/', start);
        out += path_escape(std::string_view(path).substr(start, slash - start));
        if (slash == std::string::npos) {
            break;
        }
        out += '/';
        start = slash + 1;
    }
    char separator = '?';
    for (const auto& [name, value] : query) {
        append(out, separator, query_escape(name), '=', query_escape(value));
        separator = '&';
    }
    return out;
}

}  // namespace weft::io::http
