// server/internal/verbs/get.cc: GET of one object, or of its status.

#include "server/internal/list_options.h"
#include "server/internal/write.h"

namespace weft::server {

io::Task<Answer> serve_get(Call* call) {
    const std::string version = call->parameter("resourceVersion");
    if (!version.empty()) {
        const auto number = parse_uint(version);
        if (!number) {
            co_return bad_request(
                cat("invalid resource version: resourceVersion: Invalid value: ", quote(version),
                    ": strconv.ParseUint: parsing ", quote(version), ": invalid syntax"));
        }
        CO_TRY(co_await wait_for_revision(call->core, static_cast<store::Revision>(*number)));
    }
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    co_return respond_object(call, 200, StoredView(*entry.value), entry.modified);
}

}  // namespace weft::server
