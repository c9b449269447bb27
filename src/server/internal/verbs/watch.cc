// server/internal/verbs/watch.cc: the stream of changes of a collection.

#include <algorithm>

#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/list_options.h"
#include "server/internal/table.h"
#include "server/internal/watch_hub.h"
#include "server/limits.h"

namespace weft::server {

namespace {

std::string event_line(std::string_view type, std::string_view object) {
    return cat(R"({"type":")", type, R"(","object":)", object, "}\n");
}

// One event of a watch in the stream's encoding. An object that has no form in it ends as the
// Status that says so.
std::string encode_event(const Core& core, Encoding encoding, std::string_view type,
                         const Value& object) {
    if (encoding != Encoding::protobuf) {
        return event_line(type, to_json(object));
    }
    auto frame = core.protobuf.encode_watch_frame(type, object);
    if (!frame) {
        frame = core.protobuf.encode_watch_frame("ERROR", status_of(frame.error()));
    }
    CHECK(frame.has_value());
    return std::move(*frame);
}

// The object itself, in one version.
class ObjectEncoder : public EventEncoder {
public:
    ObjectEncoder(const Core* core, ResourcePtr resource)
        : core_(core),
          resource_(std::move(resource)),
          api_version_(resource_->api_version()),
          view_(cat(
              "object ", api_version_, " ",
              resource_->custom != nullptr ? resource_->custom->stamp(*resource_) : uint64_t{0})) {}

    [[nodiscard]] std::string_view view() const override { return view_; }
    [[nodiscard]] std::string encode(EventType type, const StoredView& object,
                                     store::Revision revision) override {
        std::string out;
        out.reserve(object.json().size() + 64);
        append(out, R"({"type":")", event_type_text(type), R"(","object":)");
        if (needs_conversion(*resource_, object)) {
            const auto value = decode_stored(*core_, *resource_, object, revision);
            if (value) {
                write_json(out, *value);
            } else {
                object.append(out, revision, api_version_);
            }
        } else {
            object.append(out, revision, api_version_);
        }
        out += "}\n";
        return out;
    }

private:
    const Core* core_;
    ResourcePtr resource_;
    std::string api_version_;
    std::string view_;
};

class MetadataEncoder : public EventEncoder {
public:
    explicit MetadataEncoder(std::string api_version)
        : api_version_(std::move(api_version)), view_("metadata " + api_version_) {}

    [[nodiscard]] std::string_view view() const override { return view_; }
    [[nodiscard]] std::string encode(EventType type, const StoredView& object,
                                     store::Revision revision) override {
        std::string out;
        append(out, R"({"type":")", event_type_text(type),
               R"(","object":{"kind":"PartialObjectMetadata","apiVersion":")", api_version_,
               R"(","metadata":)");
        object.append_metadata(out, revision);
        out += "}}\n";
        return out;
    }

private:
    std::string api_version_;
    std::string view_;
};

// The object or its metadata in protobuf.
class ProtobufEncoder : public EventEncoder {
public:
    explicit ProtobufEncoder(const Call& call)
        : core_(call.core),
          resource_(call.resource),
          metadata_version_(call.negotiated.is_metadata() ? call.negotiated.as_api_version() : ""),
          view_(cat("protobuf ", metadata_version_, " ", resource_->api_version())) {}

    [[nodiscard]] std::string_view view() const override { return view_; }
    [[nodiscard]] std::string encode(EventType type, const StoredView& object,
                                     store::Revision revision) override {
        const auto value = make(object, revision);
        return value ? encode_event(*core_, Encoding::protobuf, event_type_text(type), *value)
                     : encode_event(*core_, Encoding::protobuf, "ERROR", status_of(value.error()));
    }

private:
    [[nodiscard]] Result<Value> make(const StoredView& object, store::Revision revision) const {
        if (metadata_version_.empty()) {
            return decode_stored(*core_, *resource_, object, revision);
        }
        std::string metadata;
        object.append_metadata(metadata, revision);
        return Value::map_of({{"kind", "PartialObjectMetadata"},
                              {"apiVersion", metadata_version_},
                              {"metadata", TRY(parse_json(metadata))}});
    }

    const Core* core_;
    ResourcePtr resource_;
    std::string metadata_version_;  // "" for the object itself
    std::string view_;
};

// A Table of one row; the columns come with the first event only, so nothing can be shared.
class TableEncoder : public EventEncoder {
public:
    explicit TableEncoder(const Call& call) : writer_(call) {}

    [[nodiscard]] std::string_view view() const override { return {}; }
    [[nodiscard]] std::string encode(EventType type, const StoredView& object,
                                     store::Revision revision) override {
        const auto table = writer_.write_row(object, revision, first_);
        first_ = false;
        return event_line(event_type_text(type),
                          table ? to_json(*table) : to_json(status_of(table.error())));
    }

private:
    TableWriter writer_;
    bool first_ = true;
};

std::unique_ptr<EventEncoder> make_encoder(const Call& call) {
    if (call.negotiated.is_table()) {
        return std::make_unique<TableEncoder>(call);
    }
    if (call.negotiated.encoding == Encoding::protobuf) {
        return std::make_unique<ProtobufEncoder>(call);
    }
    if (call.negotiated.is_metadata()) {
        return std::make_unique<MetadataEncoder>(call.negotiated.as_api_version());
    }
    return std::make_unique<ObjectEncoder>(call.core, call.resource);
}

std::string bookmark_line(const Call& call, store::Revision revision, bool ends_initial) {
    Value metadata = Value::map_of({{"resourceVersion", cat(revision)}});
    if (ends_initial) {
        metadata.set("annotations", Value::map_of({{"k8s.io/initial-events-end", "true"}}));
    }
    Value object = Value::map();
    if (call.negotiated.is_metadata()) {
        object.append_new("kind", "PartialObjectMetadata");
        object.append_new("apiVersion", call.negotiated.as_api_version());
        object.append_new("metadata", std::move(metadata));
    } else {
        object.append_new("kind", call.resource->kind);
        object.append_new("apiVersion", call.resource->api_version());
        object.append_new("metadata", std::move(metadata));
        if (call.resource->is_builtin()) {
            object = reorder_kind(*call.core, *call.resource, std::move(object));
        }
        if (call.negotiated.is_table()) {
            object = TableWriter(call).bookmark(std::move(object));
        }
    }
    return encode_event(*call.core, call.negotiated.encoding, "BOOKMARK", object);
}

// The body of a watch: initial events, then what the hub pushes, bookmarks and the end in between.
class WatchSource : public io::http::BodySource {
public:
    WatchSource(const Call& call, WatchHub* hub, std::unique_ptr<Watcher> watcher)
        : core_(call.core),
          encoding_(call.negotiated.encoding),
          loop_(call.core->loop),
          hub_(hub),
          watcher_(std::move(watcher)),
          alive_(std::make_shared<WatchSource*>(this)) {}

    ~WatchSource() override {
        hub_->leave(watcher_.get());
        for (const io::Loop::TimerId timer : timers_) {
            loop_->cancel_timer(timer);
        }
        *alive_ = nullptr;
    }

    // After so many nanoseconds the stream ends, or a bookmark is due.
    void end_after(int64_t nanos) {
        wake_after(nanos, [](WatchSource* self) { self->ended_ = true; });
    }
    void bookmark_every(int64_t nanos, std::function<std::string(store::Revision)> make) {
        bookmark_ = std::move(make);
        bookmark_interval_ = nanos;
        start_bookmark_timer();
    }
    void add_initial(io::http::SharedBytes bytes) { initial_.push_back(std::move(bytes)); }

    io::Task<Result<std::vector<io::http::SharedBytes>>> next() override {
        for (;;) {
            std::vector<io::http::SharedBytes> pieces = std::move(initial_);
            initial_.clear();
            if (pieces.empty() && bookmark_due_) {
                // All that the store has is handed out first, so the bookmark is true.
                const store::Revision revision = hub_->drain();
                take_queue(pieces);
                pieces.push_back(io::http::share(bookmark_(revision)));
                bookmark_due_ = false;
                start_bookmark_timer();
            } else if (pieces.empty()) {
                take_queue(pieces);
            }
            if (!pieces.empty()) {
                co_return pieces;
            }
            if (watcher_->dropped && !watcher_->gone && !told_) {
                told_ = true;
                const Value status = status_of(
                    make_error(Reason::expired, "too old resource version: the watch fell behind"));
                pieces.push_back(io::http::share(encode_event(*core_, encoding_, "ERROR", status)));
                co_return pieces;
            }
            if (ended_ || watcher_->gone || watcher_->dropped) {
                co_return pieces;
            }
            CO_TRY(co_await watcher_->changed.wait());
        }
    }

private:
    void take_queue(std::vector<io::http::SharedBytes>& pieces) {
        pieces.insert(pieces.end(), std::make_move_iterator(watcher_->queue.begin()),
                      std::make_move_iterator(watcher_->queue.end()));
        watcher_->queue.clear();
    }
    void start_bookmark_timer() {
        wake_after(bookmark_interval_, [](WatchSource* self) { self->bookmark_due_ = true; });
    }
    void wake_after(int64_t nanos, void (*what)(WatchSource*)) {
        timers_.push_back(loop_->start_timer(nanos, [alive = alive_, what] {
            if (*alive != nullptr) {
                what(*alive);
                (*alive)->watcher_->changed.notify_all();
            }
        }));
        if (timers_.size() > 4) {
            timers_.erase(timers_.begin() + 1);  // the end's timer stays; old bookmarks' have fired
        }
    }

    const Core* core_;
    Encoding encoding_;
    io::Loop* loop_;
    WatchHub* hub_;
    std::unique_ptr<Watcher> watcher_;
    std::shared_ptr<WatchSource*> alive_;
    std::vector<io::Loop::TimerId> timers_;
    std::vector<io::http::SharedBytes> initial_;
    std::function<std::string(store::Revision)> bookmark_;
    int64_t bookmark_interval_ = 0;
    bool bookmark_due_ = false;
    bool ended_ = false;
    bool told_ = false;
};

// Where a watch begins: with the state as ADDED events, or after a revision.
struct Beginning {
    bool with_state = false;
    store::Revision since = 0;
};

Beginning beginning_of(const ListOptions& options) {
    const bool from_any = options.resource_version.empty() || options.resource_version == "0";
    if (options.send_initial_events) {
        return {*options.send_initial_events, options.revision};
    }
    return {from_any, options.revision};
}

io::http::Response stream_response(const Call& call) {
    io::http::Response response;
    response.status = 200;
    response.headers.set("content-type",
                         call.negotiated.encoding == Encoding::json
                             ? "application/json"
                             : cat(content_type_of(call.negotiated.encoding), ";stream=watch"));
    return response;
}

// HTTP 200 and one ERROR event: how a watch says that its start is forgotten.
io::http::Response error_stream(const Call& call, const Error& error) {
    io::http::Response response = stream_response(call);
    response.pieces.push_back(io::http::share(
        encode_event(*call.core, call.negotiated.encoding, "ERROR", status_of(error))));
    return response;
}

// Settles a shared selection however its maker ends.
class Selecting {
public:
    Selecting(WatchHub* hub, const WatchFilter& filter)
        : hub_(hub), selected_(hub->begin_selecting(filter)) {}
    Selecting(const Selecting&) = delete;
    Selecting& operator=(const Selecting&) = delete;
    ~Selecting() {
        if (selected_ != nullptr) {
            hub_->settle(selected_.get(), is_known_ ? WatchHub::Selected::Is::known
                                                    : WatchHub::Selected::Is::given_up);
        }
    }

    void found(store::Revision revision, std::vector<store::Entry> entries) {
        if (selected_ != nullptr) {
            selected_->revision = revision;
            selected_->entries = std::move(entries);
            is_known_ = true;
        }
    }

private:
    WatchHub* hub_;
    std::shared_ptr<WatchHub::Selected> selected_;
    bool is_known_ = false;
};

io::Task<Result<store::Revision>> add_state(Call* call, const Watcher* watcher, WatchHub* hub,
                                            WatchSource* source) {
    const WatchFilter& filter = watcher->filter;
    const auto add = [&](const StoredView& view, store::Revision modified) {
        source->add_initial(
            io::http::share(watcher->encoder->encode(EventType::added, view, modified)));
    };
    if (const std::shared_ptr<WatchHub::Selected> same = hub->selected(filter)) {
        while (same->is == WatchHub::Selected::Is::pending) {
            CO_TRY(co_await same->settled.wait());
        }
        if (same->is == WatchHub::Selected::Is::known) {
            for (const store::Entry& entry : same->entries) {
                add(StoredView(*entry.value), entry.modified);
            }
            co_return same->revision;
        }
    }
    Selecting selecting(hub, filter);
    store::ListRequest request;
    request.prefix = filter.key_prefix;
    request.without_keys = filter.is_prefix_only();
    store::Page page = CO_TRY(co_await call->core->store->list(request));
    std::vector<store::Entry> selected;
    for (store::Entry& entry : page.entries) {
        const StoredView view(*entry.value);
        if (filter.is_prefix_only()) {
            add(view, entry.modified);
        } else if (filter.matches(*watcher->resource, entry.key, view)) {
            add(view, entry.modified);
            selected.push_back(std::move(entry));
        }
    }
    selecting.found(page.revision, std::move(selected));
    co_return page.revision;
}

}  // namespace

io::Task<Answer> serve_watch(Call* call) {
    Core* core = call->core;
    const ListOptions options = CO_TRY(read_list_options(*call, true));
    if (call->negotiated.encoding == Encoding::yaml) {
        co_return make_error(Reason::not_acceptable,
                             "only the following media types are accepted: "
                             "application/json;stream=watch, "
                             "application/vnd.kubernetes.protobuf;stream=watch");
    }
    const Beginning beginning = beginning_of(options);
    if (beginning.with_state) {
        const Status reached = co_await wait_for_revision(core, beginning.since);
        if (!reached) {
            co_return error_stream(*call, reached.error());
        }
    }
    WatchHub* hub = core->hubs->of(call->resource->key_prefix);
    auto watcher =
        std::make_unique<Watcher>(core->loop, call->resource, options.filter, make_encoder(*call));
    Watcher* borrowed = watcher.get();
    auto source = std::make_unique<WatchSource>(*call, hub, std::move(watcher));

    store::Revision since = beginning.since;
    if (beginning.with_state) {
        since = CO_TRY(co_await add_state(call, borrowed, hub, source.get()));
        if (options.send_initial_events && options.allow_bookmarks) {
            source->add_initial(io::http::share(bookmark_line(*call, since, true)));
        }
    } else if (options.send_initial_events &&
               (options.resource_version.empty() || options.resource_version == "0")) {
        since = core->store->newest();
    }
    borrowed->after = since;
    const Status joined = since < hub->floor() && since > 0
                              ? make_error(Reason::expired, "the kind was not served then")
                              : hub->join(borrowed, since);
    if (!joined) {
        if (joined.error().reason() != Reason::expired) {
            co_return joined.error();
        }
        co_return error_stream(*call, make_error(Reason::expired, "too old resource version: ",
                                                 since, " (", core->store->oldest(), ")"));
    }
    const int64_t timeout =
        options.timeout_seconds && *options.timeout_seconds > 0
            ? *options.timeout_seconds * io::second
            : limits::watch_timeout_min +
                  static_cast<int64_t>(core->loop->random() %
                                       static_cast<uint64_t>(limits::watch_timeout_min));
    source->end_after(timeout);
    if (options.allow_bookmarks) {
        // The source may outlive the request: it keeps what a bookmark is made of.
        auto kept = std::make_shared<Call>();
        kept->core = core;
        kept->resource = call->resource;
        kept->negotiated = call->negotiated;
        source->bookmark_every(limits::bookmark_interval, [kept](store::Revision revision) {
            return bookmark_line(*kept, revision, false);
        });
    }
    io::http::Response response = stream_response(*call);
    response.source = std::move(source);
    co_return response;
}

}  // namespace weft::server
