// io/time_zone.cc: the system's time zones. Source: Go time/zoneinfo_read.go, zoneinfo_unix.go.

#include "io/time_zone.h"

#include <cstdlib>
#include <map>
#include <mutex>

#include "base/base.h"
#include "io/file.h"
#include "io/limits.h"

namespace weft::io {

namespace {

std::optional<std::string> read_zone_file(std::string_view name) {
    if (name == "Local") {
        const Result<std::string> bytes = read_file("/etc/localtime", limits::time_zone_file);
        return bytes ? std::optional(*bytes) : std::nullopt;
    }
    std::vector<std::string> folders;
    if (const char* own = std::getenv("ZONEINFO"); own != nullptr && *own != '\0') {
        folders.emplace_back(own);
    }
    for (const char* usual : {"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo",
                              "/usr/lib/locale/TZ", "/etc/zoneinfo"}) {
        folders.emplace_back(usual);
    }
    for (const std::string& folder : folders) {
        const Result<std::string> bytes = read_file(cat(folder, "/", name), limits::time_zone_file);
        if (bytes && bytes->starts_with("TZif")) {
            return *bytes;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> read_time_zone(std::string_view name) {
    if (name.empty() || name.contains("..") || name.front() == '/' || name.contains('\\') ||
        name.contains('\0')) {
        return std::nullopt;
    }
    static std::mutex mutex;
    static std::map<std::string, std::string, std::less<>> zones;
    const std::lock_guard lock(mutex);
    if (const auto found = zones.find(name); found != zones.end()) {
        return found->second;
    }
    std::optional<std::string> bytes = read_zone_file(name);
    if (bytes && zones.size() < limits::time_zones_kept) {
        zones.emplace(name, *bytes);
    }
    return bytes;
}

}  // namespace weft::io
