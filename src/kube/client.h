// kube/client.h: what one asks of an API server, as functions over a Transport.
//
// Errors carry the reason, message and details of the server's Status. Loop thread only.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/io.h"
#include "kube/resource.h"
#include "object/object.h"

namespace weft::kube {

struct ListOptions {
    std::string namespace_;  // "": all
    std::string label_selector;
    std::string field_selector;
    std::string resource_version;
    std::string resource_version_match;
    int64_t limit = 0;
    std::string continue_token;
    bool metadata_only = false;  // PartialObjectMetadata instead of whole objects
};

// `items` carry apiVersion and kind even where the server leaves them out of lists.
struct List {
    std::vector<Object> items;
    std::string resource_version;
    std::string continue_token;
    int64_t remaining = 0;  // behind this page, as far as the server says
};

struct WatchOptions {
    std::string namespace_;
    std::string label_selector;
    std::string field_selector;
    std::string resource_version;
    bool send_initial_events = false;
    bool metadata_only = false;
    int64_t timeout_seconds = 0;  // 0: the server's choice
};

struct WatchEvent {
    enum class Type : uint8_t { added, modified, deleted, bookmark };
    Type type = Type::added;
    Object object;
};

// The events of one watch request. Destroying it ends the request.
class WatchStream {
public:
    virtual ~WatchStream() = default;
    // All events that have come, at least one; none: the server ended the stream. An ERROR event
    // is an error (expired: list again).
    virtual io::Task<Result<std::vector<WatchEvent>>> next() = 0;
};

enum class PatchType : uint8_t { json, merge, strategic };

struct WriteOptions {
    std::string field_manager;
    bool force = false;  // apply only
    bool dry_run = false;
    std::string subresource;
    // "Strict", "Warn" or "Ignore"; "": the server's choice, "Warn". With "Ignore" kube-apiserver
    // reads a body once instead of twice, a tenth of what a small apply costs it.
    std::string field_validation;
};

struct DeleteOptions {
    std::string uid;               // precondition
    std::string resource_version;  // precondition
    std::string propagation;       // "Background", "Foreground", "Orphan", "": the kind's default
    bool dry_run = false;
    std::optional<int64_t> grace_period_seconds;  // 0: at once; what a kubelet says at the end
};

// Requests by verb, for tests and `weft top`: what was really sent.
struct RequestCounts {
    uint64_t get = 0;
    uint64_t list = 0;
    uint64_t watch = 0;
    uint64_t create = 0;
    uint64_t update = 0;
    uint64_t patch = 0;
    uint64_t apply = 0;
    uint64_t remove = 0;
    uint64_t discovery = 0;

    [[nodiscard]] uint64_t writes() const { return create + update + patch + apply + remove; }
    [[nodiscard]] uint64_t total() const { return get + list + watch + writes() + discovery; }
};

class Client {
public:
    // Borrows the transport, which must outlive it.
    explicit Client(io::http::Transport* transport) : transport_(transport) {}

    io::Task<Result<Object>> get(Resource resource, NamespacedName name);
    io::Task<Result<List>> list(Resource resource, ListOptions options);
    // Every page of it.
    io::Task<Result<List>> list_all(Resource resource, ListOptions options);
    io::Task<Result<std::unique_ptr<WatchStream>>> watch(Resource resource, WatchOptions options);
    io::Task<Result<Object>> create(Resource resource, Object object, WriteOptions options);
    io::Task<Result<Object>> update(Resource resource, Object object, WriteOptions options);
    io::Task<Result<Object>> patch(Resource resource, NamespacedName name, PatchType type,
                                   Value body, WriteOptions options);
    io::Task<Result<Object>> apply(Resource resource, Object object, WriteOptions options);
    // The object as the server last showed it, or the Status it answered with.
    io::Task<Result<Value>> remove(Resource resource, NamespacedName name, DeleteOptions options);

    // Any JSON document the server has at a path ("/apis", "/version", "/openapi/v3").
    io::Task<Result<Value>> get_raw(std::string path, std::string accept = "application/json");
    // Any request, answered as it is; an answer of 400 and more is not an error here.
    io::Task<Result<io::http::Response>> send(io::http::Request request);

    [[nodiscard]] const RequestCounts& counts() const { return counts_; }

private:
    io::Task<Result<Value>> exchange(std::string method, std::string target,
                                     std::string content_type, std::string body,
                                     std::string accept);
    io::Task<Result<Object>> write(std::string method, Resource resource, std::string target,
                                   std::string content_type, Value body, WriteOptions options);

    io::http::Transport* transport_;
    RequestCounts counts_;
};

// The Error that an answer of 400 and more stands for: its Status, or what the code says.
[[nodiscard]] Error error_of(int status, std::string_view body);

}  // namespace weft::kube
