// server/internal/watch_hub.h: reads the store once for each resource and fans its events out.
//
// A hub follows one prefix of the store. Watchers join it with a filter; each event is encoded once
// for each view that some watcher has, and the bytes are shared. A watcher that falls behind is
// dropped with `expired`, never waited for.

#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/http.h"
#include "io/io.h"
#include "io/sync.h"
#include "server/internal/registry.h"
#include "server/internal/selectors.h"
#include "server/internal/stored.h"
#include "store/store.h"

namespace weft::server {

enum class EventType : uint8_t { added, modified, deleted };
[[nodiscard]] std::string_view event_type_text(EventType type);

// How watchers of one view see an object.
class EventEncoder {
public:
    virtual ~EventEncoder() = default;
    // Equal texts mean equal bytes: watchers share an encoding by it. "": never shared.
    [[nodiscard]] virtual std::string_view view() const = 0;
    // One line of a watch, newline included.
    [[nodiscard]] virtual std::string encode(EventType type, const StoredView& object,
                                             store::Revision revision) = 0;
};

// Which objects a watcher wants.
struct WatchFilter {
    std::string key_prefix;  // of the namespace or the resource
    LabelSelector labels;
    FieldSelector fields;

    [[nodiscard]] bool is_prefix_only() const {
        return labels.is_everything() && fields.is_everything();
    }
    // `key` is known to begin with key_prefix.
    [[nodiscard]] bool matches(const Resource& resource, std::string_view key,
                               const StoredView& object) const;
};

// One watcher: what waits to be sent to it.
class Watcher {
public:
    Watcher(io::Loop* loop, ResourcePtr resource_of, WatchFilter wanted,
            std::unique_ptr<EventEncoder> how)
        : resource(std::move(resource_of)),
          filter(std::move(wanted)),
          encoder(std::move(how)),
          changed(loop) {}

    ResourcePtr resource;
    WatchFilter filter;
    std::unique_ptr<EventEncoder> encoder;
    store::Revision after = 0;  // events up to here are not wanted
    std::deque<io::http::SharedBytes> queue;
    io::Signal changed;
    bool dropped = false;  // too slow: ends with expired
    bool gone = false;     // the resource is no longer served, or the server stops

    // Puts an encoded line into the queue, or drops the watcher if it is full.
    void push(io::http::SharedBytes line);
};

class WatchHub {
public:
    WatchHub(io::Loop* loop, store::Store* store, std::string prefix);

    // Joins: `watcher` gets every matching event after `since`, without a gap. expired if that is
    // no longer known. The watcher must leave before it is destroyed.
    Status join(Watcher* watcher, store::Revision since);
    void leave(Watcher* watcher);
    // Hands out what the store has already, so that every watcher has all up to the answer.
    store::Revision drain();
    // Ends all watchers (the resource is gone).
    void end_watchers();
    // Revisions before this one are of a time when the kind was not served: no watch begins there.
    void set_floor(store::Revision revision) { floor_ = revision; }
    [[nodiscard]] store::Revision floor() const { return floor_; }
    [[nodiscard]] size_t watchers() const { return watchers_.size(); }

    // The part of a state that a filter by labels lets through. Informers of one kind come together
    // and ask the same: the first looks through the state, those that come before anything else is
    // written wait for what it finds.
    struct Selected {
        explicit Selected(io::Loop* loop) : settled(loop) {}
        std::string key_prefix;
        std::string labels;
        store::Revision revision = 0;  // no older than the newest when the first began
        std::vector<store::Entry> entries;
        enum class Is { pending, known, given_up } is = Is::pending;
        io::Signal settled;
    };
    // Null if another filter was asked last, or something was written since.
    [[nodiscard]] std::shared_ptr<Selected> selected(const WatchFilter& filter) const;
    // Says that the caller looks through the state now; whoever holds it must settle it. Null for a
    // filter that is not shared: one by fields, or none.
    [[nodiscard]] std::shared_ptr<Selected> begin_selecting(const WatchFilter& filter);
    // Wakes those who wait. What has more than limits::hub_window_max entries is not kept for
    // later.
    void settle(Selected* selecting, Selected::Is is);

private:
    friend class WatchHubs;
    io::Task<void> pump();
    // Until enough time has passed since the last events, if there are many watchers.
    io::Task<void> wait_for_more();
    void hand_out_pending();
    void hand_out(const std::vector<store::Event>& events);
    static void deliver(Watcher* watcher, const store::Event& event,
                        std::vector<std::pair<std::string, io::http::SharedBytes>>* encoded);

    io::Loop* loop_;
    store::Store* store_;
    std::string prefix_;
    std::unique_ptr<store::Watch> watch_;
    std::vector<store::Event> pending_;  // taken from watch_, older than all that is still in it
    int64_t handed_out_at_ = 0;          // of the loop's monotonic clock
    store::Revision floor_ = 0;
    store::Revision position_ = 0;  // all events up to here have been handed out
    std::list<Watcher*> watchers_;
    std::shared_ptr<Selected> selected_;  // what was asked last
    bool pumping_ = false;
    io::Scope scope_;
};

// The hubs of a server, by prefix.
class WatchHubs {
public:
    WatchHubs(io::Loop* loop, store::Store* store) : loop_(loop), store_(store) {}

    [[nodiscard]] WatchHub* of(const std::string& prefix);
    void end_watchers(const std::string& prefix);
    io::Task<void> close();
    [[nodiscard]] bool is_closed() const { return closed_; }

private:
    io::Loop* loop_;
    store::Store* store_;
    bool closed_ = false;
    std::map<std::string, std::unique_ptr<WatchHub>> hubs_;
};

}  // namespace weft::server
