// server/internal/verbs/delete.cc: DELETE of one object and of a collection.

#include "server/internal/continue_token.h"
#include "server/internal/delete_object.h"
#include "server/internal/kinds.h"
#include "server/internal/list_options.h"
#include "server/internal/write.h"

namespace weft::server {

io::Task<Answer> serve_delete(Call* call) {
    DeleteOptions options = CO_TRY(read_delete_options(call));
    warn_about_deletion(call, options);
    const bool asks_cascade = options.orphan_dependents && !*options.orphan_dependents;
    const Deleted deleted = CO_TRY(
        co_await delete_object(call, call->resource->key(call->info.namespace_, call->info.name),
                               call->info.name, std::move(options)));
    const int status = !deleted.gone && asks_cascade ? 202 : 200;
    const bool returns_object =
        call->resource->builtin != nullptr && call->resource->builtin->returns_deleted_object;
    if (deleted.gone && !returns_object) {
        co_return respond_value(*call, status,
                                deleted_status(*call->resource, call->info.name, deleted.uid));
    }
    co_return respond_object(call, status, deleted.object);
}

io::Task<Answer> serve_delete_collection(Call* call) {
    const DeleteOptions options = CO_TRY(read_delete_options(call));
    const ListOptions list_options = CO_TRY(read_list_options(*call, false));
    store::ListRequest request;
    request.prefix = list_options.filter.key_prefix;
    const store::Page page = CO_TRY(co_await call->core->store->list(request));
    const Resource& resource = *call->resource;
    Value items = Value::list();
    int64_t count = 0;
    std::string continue_token;
    for (const store::Entry& entry : page.entries) {
        const StoredView view(*entry.value);
        if (!list_options.filter.matches(resource, entry.key, view)) {
            continue;
        }
        if (list_options.limit > 0 && count == list_options.limit) {
            continue_token = encode_continue(
                {page.revision, entry.key.substr(list_options.filter.key_prefix.size())});
            break;
        }
        ++count;
        Value object = CO_TRY(decode_stored(*call->core, resource, view, entry.modified));
        std::string name(object.string_at("metadata", "name"));
        auto deleted = co_await delete_object(call, entry.key, std::move(name), options);
        if (!deleted && deleted.error().reason() != Reason::not_found) {
            co_return deleted.error();
        }
        if (resource.is_builtin()) {
            object.erase("kind");
            object.erase("apiVersion");
        }
        items.push_back(std::move(object));
    }
    Value list = Value::map();
    list.append_new("kind", resource.list_kind);
    list.append_new("apiVersion", resource.api_version());
    Value metadata = Value::map_of({{"resourceVersion", cat(page.revision)}});
    if (!continue_token.empty()) {
        metadata.set("continue", continue_token);
        if (list_options.filter.is_prefix_only()) {
            metadata.set("remainingItemCount", static_cast<int64_t>(page.entries.size()) - count);
        }
    }
    if (resource.custom != nullptr && continue_token.empty()) {
        metadata.set("continue", "");  // a list of maps shows the member even where it is empty
    }
    list.append_new("metadata", std::move(metadata));
    list.append_new("items", std::move(items));
    CO_TRY(check_metadata_form(*call, true));
    co_return respond_value(*call, 200, list);
}

}  // namespace weft::server
