// cluster/internal/events.h: what controllers, the scheduler and the kubelet would tell users.
//
// What happened is read off the writes that were carried out, so reconcilers know nothing of it.
// Source of reasons, messages and of what is told only once: client-go's tools/record (events that
// repeat are counted, similar ones are combined, an object that causes many is cut off) and the
// controllers and kubelet of Kubernetes 1.36.

#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/internal/view.h"

namespace weft::cluster {

// One thing that happened to an object.
struct Happening {
    Value about;  // an ObjectReference
    std::string_view type = "Normal";
    std::string_view reason;  // this, type and component live as long as the program
    std::string message;
    std::string_view component;
    std::string host = {};
};

// What a write tells. `by` is the kind whose reconciler asked for it and `owner` the object it
// looked at; `before` is the object of the write as it was (null: a new one), `after` as it is
// (null: it was removed).
[[nodiscard]] std::vector<Happening> happenings(Kind by, const Object& owner, const View& view,
                                                Change::Verb verb, Kind kind, const Object* before,
                                                const Object* after);

// Writes Events, in order, behind the work that they tell of: a queue and one worker. What does not
// fit is lost, as in Kubernetes. Loop thread only.
class EventRecorder {
public:
    EventRecorder(io::Loop* loop, kube::Client* client)
        : loop_(loop), client_(client), added_(loop) {}

    void record(std::vector<Happening> happened);
    // Until the scope is cancelled.
    void start(io::Scope* scope) { scope->spawn(work()); }
    [[nodiscard]] bool is_idle() const { return queue_.empty() && !is_writing_; }

private:
    // An Event that is there and may be counted on.
    struct Known {
        NamespacedName name;
        int64_t count = 1;
        std::list<std::string>::iterator place;
    };
    // Happenings that differ in their messages only.
    struct Similar {
        std::set<std::string> messages;
        int64_t last = 0;
    };
    // How many more an object may cause: a bucket that fills slowly.
    struct Budget {
        double left = 0;
        int64_t since = 0;
    };

    io::Task<void> work();
    io::Task<void> write(Happening happened);
    io::Task<Status> create(std::string key, Happening happened);
    [[nodiscard]] bool may_tell(const std::string& source);
    void remember(std::string key, NamespacedName name);

    io::Loop* loop_;
    kube::Client* client_;
    io::Signal added_;
    std::deque<Happening> queue_;
    bool is_writing_ = false;
    int64_t last_name_ = 0;  // the number in the name of the last one
    std::map<std::string, Known> known_;
    std::list<std::string> recent_;  // keys of known_, the one that was used last in front
    std::map<std::string, Similar> similar_;
    std::map<std::string, Budget> budgets_;
};

}  // namespace weft::cluster
