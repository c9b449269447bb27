// kube/client.cc: requests and answers of the Kubernetes API.

#include "kube/client.h"

#include <array>

#include "kube/limits.h"

namespace weft::kube {

namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view partial_object =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view partial_list =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

class Query {
public:
    void add(std::string_view name, std::string_view value) {
        if (!value.empty()) {
            append(text_, text_.empty() ? "?" : "&", name, "=", query_escape(value));
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

Reason reason_of_code(int code) {
    switch (code) {
        case 400:
            return Reason::bad_request;
        case 401:
            return Reason::unauthorized;
        case 403:
            return Reason::forbidden;
        case 404:
            return Reason::not_found;
        case 405:
            return Reason::method_not_allowed;
        case 406:
            return Reason::not_acceptable;
        case 409:
            return Reason::conflict;
        case 410:
            return Reason::gone;
        case 413:
            return Reason::request_entity_too_large;
        case 415:
            return Reason::unsupported_media_type;
        case 422:
            return Reason::invalid;
        case 429:
            return Reason::too_many_requests;
        case 503:
            return Reason::service_unavailable;
        case 504:
            return Reason::timeout;
        default:
            return code >= 500 ? Reason::internal_error : Reason::unknown;
    }
}

Error error_of_status(int code, const Value& status) {
    ErrorDetails details;
    details.name = status.string_at("details", "name");
    details.group = status.string_at("details", "group");
    details.kind = status.string_at("details", "kind");
    details.uid = status.string_at("details", "uid");
    details.retry_after_seconds =
        static_cast<int>(status.int_at(0, "details", "retryAfterSeconds"));
    if (const Value* causes = status.find("details", "causes")) {
        for (const Value& cause : causes->items()) {
            details.causes.push_back({std::string(cause.string_at("reason")),
                                      std::string(cause.string_at("message")),
                                      std::string(cause.string_at("field"))});
        }
    }
    Reason reason = reason_from_text(status.string_at("reason"));
    if (reason == Reason::unknown) {
        reason = reason_of_code(code);
    }
    return Error(reason, std::string(status.string_at("message")), std::move(details));
}

Object with_kind(Object object, const Resource& resource) {
    if (object.kind().empty()) {
        // In front, where everybody expects them.
        Value value = Value::map_with_capacity(object.value().size() + 2);
        value.set("apiVersion", resource.gvr.api_version());
        value.set("kind", resource.kind);
        for (const Member& member : object.value().members()) {
            value.set(member.name(), member.value);
        }
        return Object(std::move(value));
    }
    return object;
}

Result<Object> as_object(Value value, const Resource& resource) {
    if (!value.is_map()) {
        return make_error(Reason::internal_error, "the server's answer is not an object");
    }
    return with_kind(Object(std::move(value)), resource);
}

// Cuts a watch's bytes into lines and reads an event of each.
class Stream : public WatchStream {
public:
    explicit Stream(io::http::Response response) : response_(std::move(response)) {
        for (const io::http::SharedBytes& piece : response_.pieces) {
            pending_ += *piece;
        }
        response_.pieces.clear();
    }

    io::Task<Result<std::vector<WatchEvent>>> next() override {
        while (true) {
            std::vector<WatchEvent> events;
            const size_t end = pending_.rfind('\n');
            if (end != std::string::npos) {
                CO_TRY(read_lines(std::string_view(pending_).substr(0, end), events));
                pending_.erase(0, end + 1);
                if (!events.empty()) {
                    co_return events;
                }
            }
            if (pending_.size() > event_bytes_max) {
                co_return make_error(Reason::internal_error, "watch event larger than ",
                                     event_bytes_max, " bytes");
            }
            if (response_.source == nullptr) {
                co_return events;
            }
            const auto pieces = CO_TRY(co_await response_.source->next());
            if (pieces.empty()) {
                response_.source = nullptr;
            }
            for (const io::http::SharedBytes& piece : pieces) {
                pending_ += *piece;
            }
        }
    }

private:
    static Status read_lines(std::string_view text, std::vector<WatchEvent>& events) {
        for (const std::string_view line : split(text, '\n')) {
            if (trim(line).empty()) {
                continue;
            }
            const Value event = TRY(parse_json(line).context("watch event"));
            const Value* object = event.find("object");
            const std::string_view type = event.string_at("type");
            if (object == nullptr || !object->is_map()) {
                return make_error(Reason::internal_error, "watch event without object");
            }
            if (type == "ERROR") {
                return error_of_status(static_cast<int>(object->int_at(500, "code")), *object);
            }
            constexpr std::array<std::string_view, 4> types = {"ADDED", "MODIFIED", "DELETED",
                                                               "BOOKMARK"};
            for (size_t i = 0; i < types.size(); ++i) {
                if (type == types[i]) {
                    events.push_back({static_cast<WatchEvent::Type>(i), Object(*object)});
                }
            }
        }
        return {};
    }

    io::http::Response response_;
    std::string pending_;
};

}  // namespace

std::string resource_path(const Resource& resource, std::string_view namespace_,
                          std::string_view name, std::string_view subresource) {
    std::string path = resource.gvr.group.empty()
                           ? cat("/api/", resource.gvr.version)
                           : cat("/apis/", resource.gvr.group, "/", resource.gvr.version);
    if (!namespace_.empty() && resource.namespaced) {
        append(path, "/namespaces/", path_escape(namespace_));
    }
    append(path, "/", resource.gvr.resource);
    if (!name.empty()) {
        append(path, "/", path_escape(name));
    }
    if (!subresource.empty()) {
        append(path, "/", subresource);
    }
    return path;
}

Error error_of(int status, std::string_view body) {
    if (const auto parsed = parse_json(body); parsed && parsed->string_at("kind") == "Status") {
        return error_of_status(status, *parsed);
    }
    return make_error(reason_of_code(status), "the server answered ", status, ": ",
                      trim(body.substr(0, 200)));
}

io::Task<Result<io::http::Response>> Client::send(io::http::Request request) {
    co_return co_await transport_->send(std::move(request));
}

io::Task<Result<Value>> Client::exchange(std::string method, std::string target,
                                         std::string content_type, std::string body,
                                         std::string accept) {
    io::http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.set("accept", std::move(accept));
    if (!content_type.empty()) {
        request.headers.set("content-type", std::move(content_type));
    }
    io::http::Response response = CO_TRY(co_await transport_->send(std::move(request)));
    const int status = response.status;
    const std::string answer =
        CO_TRY(co_await io::http::read_all(std::move(response), response_bytes_max));
    if (status >= 400) {
        co_return error_of(status, answer);
    }
    co_return parse_json(answer).context("answer of the API server");
}

io::Task<Result<Object>> Client::get(Resource resource, NamespacedName name) {
    ++counts_.get;
    Value value = CO_TRY(co_await exchange(
        "GET", resource_path(resource, name.namespace_, name.name), "", "", std::string(json)));
    co_return as_object(std::move(value), resource);
}

io::Task<Result<List>> Client::list(Resource resource, ListOptions options) {
    ++counts_.list;
    Query query;
    query.add("labelSelector", options.label_selector);
    query.add("fieldSelector", options.field_selector);
    query.add("resourceVersion", options.resource_version);
    query.add("resourceVersionMatch", options.resource_version_match);
    query.add("limit", options.limit == 0 ? "" : cat(options.limit));
    query.add("continue", options.continue_token);
    Value value = CO_TRY(
        co_await exchange("GET", resource_path(resource, options.namespace_, "") + query.text(), "",
                          "", std::string(options.metadata_only ? partial_list : json)));
    List list;
    list.resource_version = value.string_at("metadata", "resourceVersion");
    list.continue_token = value.string_at("metadata", "continue");
    list.remaining = value.int_at(0, "metadata", "remainingItemCount");
    if (const Value* items = value.find("items")) {
        list.items.reserve(items->size());
        for (const Value& item : items->items()) {
            if (item.is_map()) {
                list.items.push_back(with_kind(Object(item), resource));
            }
        }
    }
    co_return list;
}

io::Task<Result<List>> Client::list_all(Resource resource, ListOptions options) {
    List all;
    options.limit = page_size;
    while (true) {
        List page = CO_TRY(co_await list(resource, options));
        all.resource_version = page.resource_version;
        std::ranges::move(page.items, std::back_inserter(all.items));
        if (page.continue_token.empty()) {
            co_return all;
        }
        options.continue_token = page.continue_token;
    }
}

io::Task<Result<std::unique_ptr<WatchStream>>> Client::watch(Resource resource,
                                                             WatchOptions options) {
    ++counts_.watch;
    Query query;
    query.add("watch", "true");
    query.add("allowWatchBookmarks", "true");
    query.add("labelSelector", options.label_selector);
    query.add("fieldSelector", options.field_selector);
    query.add("resourceVersion", options.resource_version);
    if (options.send_initial_events) {
        query.add("sendInitialEvents", "true");
        query.add("resourceVersionMatch", "NotOlderThan");
    }
    query.add("timeoutSeconds", options.timeout_seconds == 0 ? "" : cat(options.timeout_seconds));
    io::http::Request request;
    request.method = "GET";
    request.target = resource_path(resource, options.namespace_, "") + query.text();
    request.headers.set("accept", std::string(options.metadata_only ? partial_object : json));
    io::http::Response response = CO_TRY(co_await transport_->send(std::move(request)));
    if (response.status >= 400) {
        const int status = response.status;
        co_return error_of(
            status, CO_TRY(co_await io::http::read_all(std::move(response), response_bytes_max)));
    }
    co_return std::unique_ptr<WatchStream>(std::make_unique<Stream>(std::move(response)));
}

io::Task<Result<Object>> Client::write(std::string method, Resource resource, std::string target,
                                       std::string content_type, Value body, WriteOptions options) {
    Query query;
    query.add("fieldManager", options.field_manager);
    query.add("force", options.force ? "true" : "");
    query.add("dryRun", options.dry_run ? "All" : "");
    query.add("fieldValidation", options.field_validation);
    Value value =
        CO_TRY(co_await exchange(std::move(method), target + query.text(), std::move(content_type),
                                 to_json(body), std::string(json)));
    co_return as_object(std::move(value), resource);
}

io::Task<Result<Object>> Client::create(Resource resource, Object object, WriteOptions options) {
    ++counts_.create;
    const std::string name = options.subresource.empty() ? "" : std::string(object.name());
    std::string target = resource_path(resource, object.namespace_(), name, options.subresource);
    co_return co_await write("POST", std::move(resource), std::move(target), std::string(json),
                             object.value(), std::move(options));
}

io::Task<Result<Object>> Client::update(Resource resource, Object object, WriteOptions options) {
    ++counts_.update;
    std::string target =
        resource_path(resource, object.namespace_(), object.name(), options.subresource);
    co_return co_await write("PUT", std::move(resource), std::move(target), std::string(json),
                             object.value(), std::move(options));
}

io::Task<Result<Object>> Client::patch(Resource resource, NamespacedName name, PatchType type,
                                       Value body, WriteOptions options) {
    ++counts_.patch;
    constexpr std::array<std::string_view, 3> content_types = {
        "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json"};
    std::string target = resource_path(resource, name.namespace_, name.name, options.subresource);
    co_return co_await write("PATCH", std::move(resource), std::move(target),
                             std::string(content_types[static_cast<size_t>(type)]), std::move(body),
                             std::move(options));
}

io::Task<Result<Object>> Client::apply(Resource resource, Object object, WriteOptions options) {
    ++counts_.apply;
    std::string target =
        resource_path(resource, object.namespace_(), object.name(), options.subresource);
    co_return co_await write("PATCH", std::move(resource), std::move(target),
                             "application/apply-patch+yaml", object.value(), std::move(options));
}

io::Task<Result<Value>> Client::remove(Resource resource, NamespacedName name,
                                       DeleteOptions options) {
    ++counts_.remove;
    Value body = Value::map_of({{"kind", "DeleteOptions"}, {"apiVersion", "v1"}});
    if (!options.uid.empty()) {
        body.mutable_member("preconditions").set("uid", options.uid);
    }
    if (!options.resource_version.empty()) {
        body.mutable_member("preconditions").set("resourceVersion", options.resource_version);
    }
    if (!options.propagation.empty()) {
        body.set("propagationPolicy", options.propagation);
    }
    if (options.dry_run) {
        body.set("dryRun", Value::list_of({"All"}));
    }
    if (options.grace_period_seconds.has_value()) {
        body.set("gracePeriodSeconds", *options.grace_period_seconds);
    }
    co_return co_await exchange("DELETE", resource_path(resource, name.namespace_, name.name),
                                std::string(json), to_json(body), std::string(json));
}

io::Task<Result<Value>> Client::get_raw(std::string path, std::string accept) {
    ++counts_.discovery;
    co_return co_await exchange("GET", std::move(path), "", "", std::move(accept));
}

}  // namespace weft::kube
