// server/internal/verbs/list.cc: GET of a collection, whole or page by page.

#include "server/internal/continue_token.h"
#include "server/internal/kinds.h"
#include "server/internal/list_options.h"
#include "server/internal/listed.h"
#include "server/internal/protobuf_cache.h"
#include "server/internal/table.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view expired_continue =
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list.";

// Where to begin reading and of which moment.
struct Start {
    store::At at;
    std::string key;
    bool is_continued = false;
};

io::Task<Result<Start>> find_start(Call* call, const ListOptions* options) {
    Core* core = call->core;
    Start start;
    if (!options->continue_token.empty()) {
        auto token = decode_continue(options->continue_token);
        if (!token) {
            co_return bad_request(cat("invalid continue token: ", token.error().message()));
        }
        if (!options->resource_version.empty() && options->resource_version != "0") {
            co_return bad_request("specifying resource version is not allowed when using continue");
        }
        start.is_continued = true;
        start.key = call->resource->list_prefix(call->info.namespace_) + token->start;
        start.at.revision = token->revision < 0 ? 0 : token->revision;
        co_return start;
    }
    const bool exact =
        options->match == VersionMatch::exact ||
        (options->match == VersionMatch::unset && options->limit > 0 && options->revision > 0);
    if (options->revision > 0) {
        CO_TRY(co_await wait_for_revision(core, options->revision));
    }
    if (exact) {
        start.at.revision = options->revision;
    }
    co_return start;
}

io::Task<Result<Listed>> collect(Call* call, const ListOptions* options) {
    Core* core = call->core;
    const Resource& resource = *call->resource;
    Start start = CO_TRY(co_await find_start(call, options));
    Listed listed;
    store::ListRequest request;
    request.prefix = options->filter.key_prefix;
    request.start = start.key;
    request.at = start.at;
    // resourceVersion=0 is served from a cache that does not know limits.
    const auto limit =
        options->resource_version == "0" ? size_t{0} : static_cast<size_t>(options->limit);
    const bool everything = options->filter.is_prefix_only();
    // What was encoded before is kept by key.
    request.without_keys = everything && call->negotiated.encoding != Encoding::protobuf;
    request.limit = limit == 0 ? 0 : everything ? limit : std::max(limit, limits::list_chunk);
    if (const auto name = options->filter.fields.exact("metadata.name");
        name && (!resource.namespaced || !call->info.namespace_.empty()) && !name->empty()) {
        // One object: its key is known.
        request.prefix = resource.key(call->info.namespace_, *name);
        request.start.clear();
    }
    for (;;) {
        auto page = co_await core->store->list(request);
        if (!page) {
            if (page.error().reason() == Reason::expired) {
                if (start.is_continued) {
                    listed.inconsistent_token = encode_continue(
                        {-1, start.key.substr(resource.list_prefix(call->info.namespace_).size())});
                    co_return listed;
                }
                co_return make_error(Reason::expired,
                                     "The resourceVersion for the provided list "
                                     "is too old.");
            }
            co_return page.error();
        }
        listed.revision = page->revision;
        if (page->entries.empty()) {
            co_return listed;
        }
        const std::string last_key = page->entries.back().key;
        for (store::Entry& entry : page->entries) {
            if (!everything &&
                !options->filter.matches(resource, entry.key, StoredView(*entry.value))) {
                continue;
            }
            if (limit > 0 && listed.entries.size() == limit) {
                // One more than fits: the next page begins with it.
                listed.continue_token = encode_continue(
                    {listed.revision, entry.key.substr(options->filter.key_prefix.size())});
                co_return listed;
            }
            listed.entries.push_back(std::move(entry));
        }
        if (!page->more) {
            co_return listed;
        }
        if (everything && limit > 0) {
            // The page is exactly full.
            const std::string_view key =
                std::string_view(last_key).substr(options->filter.key_prefix.size());
            listed.continue_token =
                encode_continue({listed.revision, cat(key, std::string_view("\0", 1))});
            listed.remaining = static_cast<int64_t>(page->remaining);
            co_return listed;
        }
        request.at.revision = listed.revision;
        request.start = last_key + std::string("\0", 1);
    }
}

Value list_metadata(const Listed& listed) {
    Value metadata = Value::map();
    metadata.append_new("resourceVersion", cat(listed.revision));
    if (!listed.continue_token.empty()) {
        metadata.append_new("continue", listed.continue_token);
    }
    if (listed.remaining) {
        metadata.append_new("remainingItemCount", *listed.remaining);
    }
    return metadata;
}

// The object, or its metadata alone in a map.
Result<Value> item_value(const Call& call, const store::Entry& entry) {
    const StoredView view(*entry.value);
    if (!call.negotiated.is_metadata()) {
        return decode_stored(*call.core, *call.resource, view, entry.modified);
    }
    std::string metadata;
    view.append_metadata(metadata, entry.modified);
    return Value::map_of({{"metadata", TRY(parse_json(metadata))}});
}

// Written from the last item to the first; one of them at a time is a Value.
Result<std::string> write_protobuf_list(const Call& call, const Listed& listed) {
    GroupVersionKind kind{call.resource->gvr.group, call.resource->gvr.version,
                          call.resource->list_kind};
    if (call.negotiated.is_metadata()) {
        kind = {call.negotiated.as_group, call.negotiated.as_version, "PartialObjectMetadataList"};
    }
    schema::Protobuf::ListItems items;
    items.item = [&](size_t nth) { return item_value(call, listed.entries[nth]); };
    if (!call.negotiated.is_metadata()) {
        ProtobufCache& cache = *call.core->protobuf_cache;
        const std::string api_version = call.resource->api_version();
        items.known = [&listed, &cache, api_version](size_t nth) {
            return cache.find(listed.entries[nth], api_version);
        };
        items.made = [&listed, &cache, api_version](size_t nth, std::string_view bytes) {
            cache.keep(listed.entries[nth], api_version, bytes);
        };
    }
    return call.core->protobuf.encode_list(kind, list_metadata(listed), listed.entries.size(),
                                           items);
}

std::string list_head(const Call& call, const Listed& listed) {
    std::string out;
    const bool as_metadata = call.negotiated.is_metadata();
    append(out, R"({"kind":)");
    write_json_string(out, as_metadata ? "PartialObjectMetadataList" : call.resource->list_kind);
    append(out, R"(,"apiVersion":)");
    write_json_string(
        out, as_metadata ? call.negotiated.as_api_version() : call.resource->api_version());
    append(out, R"(,"metadata":{"resourceVersion":")", listed.revision, "\"");
    // A list of maps shows the member even where it is empty.
    const bool of_maps = call.resource->custom != nullptr && !as_metadata;
    if (!listed.continue_token.empty() || of_maps) {
        out += R"(,"continue":)";
        write_json_string(out, listed.continue_token);
    }
    if (listed.remaining) {
        append(out, R"(,"remainingItemCount":)", *listed.remaining);
    }
    out += "}";
    return out;
}

void append_metadata_item(const Call& call, const store::Entry& entry, const StoredView& view,
                          std::string& out) {
    append(out, R"({"kind":"PartialObjectMetadata","apiVersion":)");
    write_json_string(out, call.negotiated.as_api_version());
    out += R"(,"metadata":)";
    view.append_metadata(out, entry.modified);
    out += '}';
}

Result<std::string> write_list(const Call& call, const Listed& listed) {
    const Resource& resource = *call.resource;
    std::string out = list_head(call, listed);
    const bool as_metadata = call.negotiated.is_metadata();
    if (as_metadata && listed.entries.empty()) {
        out += R"(,"items":null})";
        return out;
    }
    size_t bytes = out.size() + 32;
    for (const store::Entry& entry : listed.entries) {
        bytes += entry.value->size() + 24;
    }
    out.reserve(bytes);
    out += R"(,"items":[)";
    const std::string api_version = resource.api_version();
    bool first = true;
    for (const store::Entry& entry : listed.entries) {
        if (!first) {
            out += ',';
        }
        first = false;
        const StoredView view(*entry.value);
        if (as_metadata) {
            append_metadata_item(call, entry, view, out);
        } else if (needs_conversion(resource, view)) {
            Value object = TRY(decode_stored(*call.core, resource, view, entry.modified));
            if (resource.is_builtin()) {
                object.erase("kind");
                object.erase("apiVersion");
            }
            write_json(out, object);
        } else {
            view.append_item(out, entry.modified, api_version);
        }
    }
    out += "]}";
    return out;
}

}  // namespace

Answer respond_list(const Call& call, const Listed& listed) {
    if (call.negotiated.is_table()) {
        TableMeta meta;
        meta.revision = listed.revision;
        meta.continue_token = listed.continue_token;
        meta.remaining = listed.remaining;
        return respond_value(call, 200, TRY(make_table(call, meta, listed.entries)));
    }
    if (call.negotiated.encoding == Encoding::protobuf) {
        return respond_protobuf(200, TRY(write_protobuf_list(call, listed)));
    }
    return respond_json(call, 200, TRY(write_list(call, listed)));
}

io::Task<Answer> serve_list(Call* call) {
    const ListOptions options = CO_TRY(read_list_options(*call, false));
    CO_TRY(check_metadata_form(*call, true));
    const Listed listed = CO_TRY(co_await collect(call, &options));
    if (!listed.inconsistent_token.empty()) {
        Value status = status_of(make_error(Reason::expired, expired_continue));
        status.mutable_member("metadata").set("continue", listed.inconsistent_token);
        co_return respond_value(*call, code_of(make_error(Reason::expired, "")), status);
    }
    co_return respond_list(*call, listed);
}

}  // namespace weft::server
