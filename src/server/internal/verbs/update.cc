// server/internal/verbs/update.cc: PUT of an object or of its status.

#include "server/internal/body.h"
#include "server/internal/kinds.h"
#include "server/internal/write.h"

namespace weft::server {

io::Task<Answer> serve_update(Call* call) {
    CO_TRY(check_write_options(call, "UpdateOptions"));
    Value object = CO_TRY(read_object(call));
    CO_TRY(check_identity(*call, object));
    Change change;
    change.may_create = call->subresource == nullptr && call->resource->builtin != nullptr &&
                        call->resource->builtin->create_on_update;
    change.uid_is_precondition = true;
    change.make = [object = std::move(object)](const Value* old_object) -> Result<Value> {
        if (old_object != nullptr || object.string_at("metadata", "uid").empty()) {
            Value made = object;
            if (old_object == nullptr) {
                made.mutable_member("metadata").erase("resourceVersion");
            }
            return made;
        }
        return object;
    };
    co_return co_await change_object(call, std::move(change));
}

}  // namespace weft::server
