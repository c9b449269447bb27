// server/internal/verbs/delete.cc: DELETE of one object and of a collection.

#include "server/internal/continue_token.h"
#include "server/internal/delete_object.h"
#include "server/internal/list_options.h"
#include "server/internal/listed.h"
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
    warn_about_deletion(call, options);
    const ListOptions list_options = CO_TRY(read_list_options(*call, false));
    store::ListRequest request;
    request.prefix = list_options.filter.key_prefix;
    store::Page page = CO_TRY(co_await call->core->store->list(request));
    Listed deleted;
    deleted.revision = page.revision;
    for (store::Entry& entry : page.entries) {
        if (!list_options.filter.matches(*call->resource, entry.key, StoredView(*entry.value))) {
            continue;
        }
        if (list_options.limit > 0 &&
            deleted.entries.size() == static_cast<size_t>(list_options.limit)) {
            deleted.continue_token = encode_continue(
                {page.revision, entry.key.substr(list_options.filter.key_prefix.size())});
            if (list_options.filter.is_prefix_only()) {
                deleted.remaining =
                    static_cast<int64_t>(page.entries.size() - deleted.entries.size());
            }
            break;
        }
        std::string name = entry.key.substr(entry.key.rfind('/') + 1);
        auto gone = co_await delete_object(call, entry.key, std::move(name), options);
        if (!gone && gone.error().reason() != Reason::not_found) {
            co_return gone.error();
        }
        deleted.entries.push_back(std::move(entry));
    }
    // As a real server: a form that cannot be had is refused when all is done.
    CO_TRY(check_metadata_form(*call, true));
    // As the objects were before.
    co_return respond_list(*call, deleted);
}

}  // namespace weft::server
