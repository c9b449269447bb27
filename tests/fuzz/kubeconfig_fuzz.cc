// tests/fuzz/kubeconfig_fuzz.cc: any text as a kubeconfig, whose files hold the same text.

#include <cstddef>
#include <cstdint>

#include "kube/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;  // NOLINT(google-build-using-namespace)
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const kube::ReadFile read = [&](const std::string& path) -> Result<std::string> {
        if (path.ends_with("absent")) {
            return make_error(Reason::not_found, path);
        }
        return std::string(text);
    };
    for (const std::string_view context : {"", "a"}) {
        (void)kube::parse_kubeconfig(text, "/etc/kube/config", context, read);
    }
    return 0;
}
