// tests/fuzz/server_request_fuzz.cc: everything the server reads of a request's line and headers.
//
// The first byte chooses the reader; the rest is its input. What is accepted must be accepted again
// in its printed form.

#include <cstdint>
#include <string_view>

#include "server/internal/continue_token.h"
#include "server/internal/list_options.h"
#include "server/internal/negotiate.h"
#include "server/internal/request_info.h"
#include "server/internal/selectors.h"

namespace {

// The query of a list and of a watch of Pods.
void read_options(std::string_view query) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    static const server::ResourcePtr pods = [] {
        auto resource = std::make_shared<server::Resource>();
        resource->gvr = {.group = "", .version = "v1", .resource = "pods"};
        resource->kind = "Pod";
        resource->field_labels = {"metadata.name", "metadata.namespace", "spec.nodeName"};
        return resource;
    }();
    auto target = io::http::Target::parse(cat("/api/v1/pods?", query));
    if (!target) {
        return;
    }
    server::Call call;
    call.target = *std::move(target);
    call.resource = pods;
    (void)server::read_list_options(call, false);
    (void)server::read_list_options(call, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            (void)server::parse_accept(text);
            break;
        case 1:
            if (const auto target = io::http::Target::parse(text)) {
                (void)server::request_info("GET", *target);
            }
            break;
        case 2: {
            const auto selector = server::LabelSelector::parse(text);
            CHECK(!selector || server::LabelSelector::parse(selector->text()).has_value());
            break;
        }
        case 3:
            (void)server::FieldSelector::parse(text);
            break;
        case 4:
            (void)server::decode_continue(text);
            break;
        default:
            read_options(text);
    }
    return 0;
}
