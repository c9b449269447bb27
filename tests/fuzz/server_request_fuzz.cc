// tests/fuzz/server_request_fuzz.cc: everything the server reads of a request's line and headers.
//
// The first byte chooses the reader; the rest is its input. What is accepted must be accepted again
// in its printed form.

#include <cstdint>
#include <string_view>

#include "server/internal/continue_token.h"
#include "server/internal/negotiate.h"
#include "server/internal/request_info.h"
#include "server/internal/selectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0: {
            const auto selector = server::LabelSelector::parse(text);
            CHECK(!selector || server::LabelSelector::parse(selector->text()).has_value());
            break;
        }
        case 1:
            (void)server::FieldSelector::parse(text);
            break;
        case 2:
            (void)server::decode_continue(text);
            break;
        case 3:
            (void)server::parse_accept(text);
            break;
        default:
            if (const auto target = io::http::Target::parse(text)) {
                (void)server::request_info("GET", *target);
            }
    }
    return 0;
}
