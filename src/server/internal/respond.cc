// server/internal/respond.cc: values and errors as HTTP answers.

#include <algorithm>

#include "server/internal/core.h"
#include "server/internal/kinds.h"
#include "server/internal/table.h"
#include "server/limits.h"

namespace weft::server {

namespace {

io::http::Response bytes_response(int status, std::string_view content_type, std::string body) {
    io::http::Response response;
    response.status = status;
    response.headers.set("content-type", std::string(content_type));
    response.pieces.push_back(io::http::share(std::move(body)));
    return response;
}

}  // namespace

void sort_all(Value& value) {
    if (value.is_map()) {
        value.sort_members();
        std::vector<std::string> names;
        for (const Member& member : value.members()) {
            if (member.value.is_map() || member.value.is_list()) {
                names.emplace_back(member.name());
            }
        }
        for (const std::string& name : names) {
            sort_all(value.mutable_member(name));
        }
    } else if (value.is_list()) {
        for (size_t i = 0; i < value.size(); ++i) {
            sort_all(value.mutable_item(i));
        }
    }
}

void Call::warn(std::string text) {
    // A header cannot hold these, and nothing is sent instead.
    const bool is_sendable = !text.empty() && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (is_sendable && std::ranges::find(warnings, text) == warnings.end()) {
        warnings.push_back(std::move(text));
    }
}

namespace {

// So many code points of a text at most, and how many they are.
std::pair<std::string_view, size_t> cut_text(std::string_view text, size_t points_max) {
    size_t points = 0;
    size_t at = 0;
    while (at < text.size() && points < points_max) {
        next_code_point(text, at);
        ++points;
    }
    return {text.substr(0, at), points};
}

std::string warning_header(std::string_view text) {
    std::string out = "299 - \"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
            out += c;
        }
    }
    out += '"';
    return out;
}

}  // namespace

// Source of the behaviour: the recorder of apiserver's endpoints/filters/warning.go. Once a text
// does not fit, every one is cut, and more are taken until the total is reached.
void add_warnings(const Call& call, io::http::Response& response) {
    constexpr size_t all = std::numeric_limits<size_t>::max();
    size_t total = 0;
    size_t text_max = all;
    std::vector<std::string> headers;
    for (size_t i = 0; i < call.warnings.size(); ++i) {
        if (text_max != all && total >= limits::warnings_runes_total) {
            break;
        }
        const auto [text, points] = cut_text(call.warnings[i], text_max);
        if (text_max == all && total + points > limits::warnings_runes_total) {
            text_max = limits::warning_runes_max;
            total = 0;
            headers.clear();
            for (size_t k = 0; k <= i; ++k) {
                const auto [cut, count] = cut_text(call.warnings[k], text_max);
                headers.push_back(warning_header(cut));
                total += count;
            }
            continue;
        }
        headers.push_back(warning_header(text));
        total += points;
    }
    for (std::string& header : headers) {
        response.headers.add("warning", std::move(header));
    }
}

io::http::Response respond_value(const Call& call, int status, const Value& value) {
    if (call.negotiated.encoding == Encoding::protobuf) {
        // APIVersions alone names no version.
        const GroupVersionKind unnamed{"", "v1", std::string(value.string_at("kind"))};
        auto bytes = call.core->protobuf.encode(value, &unnamed);
        if (!bytes) {
            return bytes_response(code_of(bytes.error()), "application/json",
                                  to_json(status_of(bytes.error()), {.indent = 2}));
        }
        return respond_protobuf(status, std::move(*bytes));
    }
    if (call.negotiated.encoding == Encoding::yaml) {
        Value sorted = value;
        sort_all(sorted);
        return bytes_response(status, "application/yaml", to_yaml(sorted));
    }
    std::string body;
    write_json(body, value, {.escape_html = true, .indent = call.negotiated.pretty ? 2 : 0});
    if (!call.negotiated.pretty) {
        body += '\n';
    }
    return bytes_response(status, "application/json", std::move(body));
}

io::http::Response respond_protobuf(int status, std::string bytes) {
    return bytes_response(status, content_type_of(Encoding::protobuf), std::move(bytes));
}

io::http::Response respond_json(const Call& call, int status, std::string json) {
    if (call.negotiated.encoding == Encoding::json && !call.negotiated.pretty) {
        json += '\n';
        return bytes_response(status, "application/json", std::move(json));
    }
    const auto value = parse_json(json);
    CHECK(value.has_value());
    return respond_value(call, status, *value);
}

namespace {

// What went wrong with a file is no client's doing, and the one who runs the server must hear it.
Error outward(const Call& call, const Error& error) {
    if (error.reason() != Reason::io) {
        return error;
    }
    const Core& core = *call.core;
    const int64_t now = core.loop->monotonic();
    const bool is_due =
        !core.failure_reported || now - *core.failure_reported >= limits::failure_report_interval;
    if (core.options.on_failure && is_due) {
        core.failure_reported = now;
        core.options.on_failure(error.text());
    }
    return internal_error(error.text());
}

}  // namespace

io::http::Response respond_error(const Call& call, const Error& given) {
    const Error error = outward(call, given);
    const Value status = status_of(error);
    const int code = code_of(error);
    const auto plain =
        negotiate(call.request, call.target, {.yaml = true, .protobuf = true, .transforms = false});
    io::http::Response response;
    if (!plain ||
        (!call.negotiated.as.empty() && !call.request.headers.get("accept").contains(","))) {
        // Nothing the client takes fits a Status: it is written in the raw.
        response = bytes_response(code, "application/json", to_json(status, {.indent = 2}));
    } else {
        Call as_plain;
        as_plain.core = call.core;
        as_plain.negotiated = *plain;
        response = respond_value(as_plain, code, status);
    }
    if (error.details().retry_after_seconds > 0) {
        response.headers.set("retry-after", cat(error.details().retry_after_seconds));
    }
    return response;
}

io::http::Response respond_plain_not_found() {
    io::http::Response response =
        bytes_response(404, "text/plain; charset=utf-8", "404 page not found\n");
    response.headers.set("x-content-type-options", "nosniff");
    return response;
}

Status check_metadata_form(const Call& call, bool is_list) {
    const std::string_view wrong = is_list ? "PartialObjectMetadata" : "PartialObjectMetadataList";
    if (call.negotiated.as != wrong) {
        return {};
    }
    const std::string_view group = call.resource->gvr.group;
    return make_error(Reason::not_acceptable, "you requested ", wrong,
                      is_list ? ", but the requested object is a list (*"
                              : ", but the requested object is not a list (*",
                      group.empty() ? std::string_view("core") : group.substr(0, group.find('.')),
                      ".", is_list ? call.resource->list_kind : call.resource->kind, ")");
}

Answer respond_object(Call* call, int status, const StoredView& stored, store::Revision revision) {
    TRY(check_metadata_form(*call, false));
    const Resource& resource = *call->resource;
    if (call->negotiated.is_metadata()) {
        std::string out;
        append(out, R"({"kind":"PartialObjectMetadata","apiVersion":")",
               call->negotiated.as_api_version(), R"(","metadata":)");
        stored.append_metadata(out, revision);
        out += '}';
        return respond_json(*call, status, std::move(out));
    }
    if (call->negotiated.is_table() || needs_conversion(resource, stored)) {
        const Value object = TRY(decode_stored(*call->core, resource, stored, revision));
        return call->negotiated.is_table() ? respond_value(*call, status, make_table(*call, object))
                                           : respond_value(*call, status, object);
    }
    std::string out;
    out.reserve(stored.json().size() + 32);
    stored.append(out, revision, resource.api_version());
    return respond_json(*call, status, std::move(out));
}

Answer respond_object(Call* call, int status, const Value& object) {
    if (call->negotiated.is_metadata()) {
        Value metadata = Value::map();
        metadata.append_new("kind", "PartialObjectMetadata");
        metadata.append_new("apiVersion", call->negotiated.as_api_version());
        metadata.append_new("metadata", *object.find("metadata"));
        return respond_value(*call, status, metadata);
    }
    if (call->negotiated.is_table()) {
        return respond_value(*call, status, make_table(*call, object));
    }
    return respond_value(*call, status, object);
}

}  // namespace weft::server
