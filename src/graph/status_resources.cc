// graph/status_resources.cc: entries of status.managedResources, none too long.

#include "graph/internal/status_resources.h"

#include "graph/limits.h"

namespace weft::graph {

namespace {

// Cut before a code point, not inside it.
std::string shortened(std::string_view text) {
    if (text.size() <= limits::resource_message) {
        return std::string(text);
    }
    size_t end = limits::resource_message;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;
    }
    return cat(text.substr(0, end), "…");
}

}  // namespace

void ResourceList::add(std::string_view id, const ObjectKey& key, std::string_view state,
                       bool is_ready, std::string_view message) {
    if (list_.size() >= limits::listed_resources) {
        ++more_;
        return;
    }
    Value entry = Value::map();
    const auto set = [&entry](std::string_view name, std::string_view value) {
        if (!value.empty()) {
            entry.set(name, value);
        }
    };
    set("id", id);
    set("apiVersion", key.kind.api_version());
    set("kind", key.kind.kind);
    set("namespace", key.name.namespace_);
    set("name", key.name.name);
    set("state", state);
    entry.set("ready", is_ready);
    set("message", shortened(message));
    list_.push_back(std::move(entry));
}

Value ResourceList::take() {
    if (more_ > 0) {
        list_.push_back(Value::map_of({{"message", cat("…and ", more_, " more")}}));
    }
    return std::move(list_);
}

}  // namespace weft::graph
