// server/internal/warner.h: what rules of warnings say, and to whom.

#pragma once

#include <string>
#include <utility>

#include "server/internal/core.h"
#include "server/internal/validate.h"

namespace weft::server {

class Warner {
public:
    explicit Warner(Call* call) : call_(*call) {}
    template <typename... Parts>
    void say(const Place& at, const Parts&... parts) {
        call_.warn(cat(at.text(), ": ", parts...));
    }
    void say_all(std::string text) { call_.warn(std::move(text)); }

private:
    Call& call_;
};

struct Deprecated {
    std::string_view name;
    std::string_view text;
};

// The annotation of old that is now a field of a container, whose name follows; and what is said of
// it.
inline constexpr std::string_view app_armor_annotation =
    "container.apparmor.security.beta.kubernetes.io/";
inline constexpr std::string_view use_app_armor_field =
    "deprecated since v1.30; use the \"appArmorProfile\" field instead";

// Kinds of volumes that Kubernetes has given up.
[[nodiscard]] std::span<const Deprecated> deprecated_volumes();

// A quantity of bytes that is no whole number; `quantity` may be null.
void warn_about_fraction(Warner& warner, const Value* quantity, const Place& at);

// A pod (`is_template` false, at "") or a pod's template, at the template.
void warn_about_pod(Warner& warner, const Value& pod, const Place& at, bool is_template);

}  // namespace weft::server
