// server/internal/event_expiry.h: Events go an hour after they were last written.
//
// As kube-apiserver's --event-ttl, whose leases etcd ends: whoever wrote the Event, and with a
// DELETED for those who watch.

#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "server/internal/core.h"

namespace weft::server {

// Costs a little memory an Event and one timer. Loop thread only.
class EventExpiry {
public:
    explicit EventExpiry(Core* core) : core_(core), scope_(core->loop) {}
    ~EventExpiry();
    EventExpiry(const EventExpiry&) = delete;
    EventExpiry& operator=(const EventExpiry&) = delete;

    // Counts the hour of Events of an earlier run from their last timestamp.
    [[nodiscard]] io::Task<Status> load();
    // Hears of every write; a null object: it was deleted.
    void changed(const Resource& resource, const Value& object, const Value& old_object);
    io::Task<void> close();

private:
    struct Due {
        int64_t at;
        std::string key;
    };
    void expect(std::string key, int64_t at);
    void arm();
    io::Task<void> sweep();
    io::Task<void> expire(std::string key);

    Core* core_;
    io::Scope scope_;
    // In order of time. A key that was written again stands here twice: the later time counts.
    std::deque<Due> queue_;
    std::unordered_map<std::string, int64_t> due_;
    std::optional<io::Loop::TimerId> timer_;
    bool is_sweeping_ = false;
    bool is_closed_ = false;
};

}  // namespace weft::server
