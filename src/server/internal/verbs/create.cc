// server/internal/verbs/create.cc: POST to a collection.

#include "server/internal/body.h"
#include "server/internal/write.h"

namespace weft::server {

io::Task<Answer> serve_create(Call* call) {
    CO_TRY(check_write_options(call, "CreateOptions"));
    Value object = CO_TRY(read_object(call));
    CO_TRY(settle_namespace(*call, object));
    co_return co_await create_object(call, std::move(object));
}

}  // namespace weft::server
