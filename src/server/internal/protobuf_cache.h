// server/internal/protobuf_cache.h: objects of lists as they were written in protobuf before.
//
// JSON is stored as it is sent; protobuf is made of it, which costs several times the CPU of
// sending. Informers list the same objects again and again, so what was made is kept for a while:
// by version of the object, so nothing has to be forgotten when one is written.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/limits.h"
#include "store/store.h"

namespace weft::server {

class ProtobufCache {
public:
    // The message of the object in this version of its kind; null if it is not known.
    [[nodiscard]] const std::string* find(const store::Entry& entry, std::string_view api_version) {
        std::string key = key_of(entry, api_version);
        if (const auto found = young_.find(key); found != young_.end()) {
            return found->second.get();
        }
        const auto found = old_.find(key);
        if (found == old_.end()) {
            return nullptr;
        }
        std::shared_ptr<const std::string> bytes = std::move(found->second);
        old_.erase(found);
        const std::string* out = bytes.get();
        put(std::move(key), std::move(bytes));
        return out;
    }
    void keep(const store::Entry& entry, std::string_view api_version, std::string_view bytes) {
        put(key_of(entry, api_version), std::make_shared<const std::string>(bytes));
    }

private:
    static std::string key_of(const store::Entry& entry, std::string_view api_version) {
        return cat(entry.key, "\n", entry.modified, "\n", api_version);
    }
    // Two generations: what is asked for moves to the young one; when that is full the old one
    // goes. So at most twice the limit is held, and nothing is sorted by age.
    void put(std::string key, std::shared_ptr<const std::string> bytes) {
        bytes_ += key.size() + bytes->size();
        young_.insert_or_assign(std::move(key), std::move(bytes));
        if (bytes_ > limits::protobuf_cache_bytes_max) {
            old_ = std::exchange(young_, {});
            bytes_ = 0;
        }
    }

    using Messages = std::unordered_map<std::string, std::shared_ptr<const std::string>>;
    Messages young_;
    Messages old_;
    size_t bytes_ = 0;  // of the young ones
};

}  // namespace weft::server
