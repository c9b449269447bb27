// tests/sim/checkers.h: what must hold, whatever goes wrong; looked at with every request.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "io/io.h"
#include "object/object.h"

namespace weft::sim {

// Sees every request and its answer in the order in which the server gave them. Keeps the first
// broken promise.
class Checkers {
public:
    explicit Checkers(io::Loop* loop) : loop_(loop) {}

    // Of controllers: what they may do.
    void see(const std::string& client, const io::http::Request& request, int status,
             const std::string& body);

    // Acknowledged writes: a user's value of an object that only this user writes. `tried` before
    // the request, `acknowledged` after a good answer.
    void tried(const std::string& object, int64_t value) { ledger_[object].tried = value; }
    void acknowledged(const std::string& object, int64_t value) {
        ledger_[object].acknowledged = value;
    }
    void forgotten(const std::string& object) { ledger_.erase(object); }
    // What is there now; nothing: it is absent although nobody deleted it.
    void found(const std::string& object, std::optional<int64_t> value);

    void violate(std::string what) {
        if (!violation_) {
            violation_ = std::move(what);
        }
    }
    [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }

    // A child that drifted and must stay as it is, until `leave_none_alone`.
    void leave_alone(const Object& child) { left_alone_.insert(std::string(child.uid())); }
    void leave_none_alone() { left_alone_.clear(); }

    // Objects that no controller may write: by "kind/name".
    void add_stranger(const std::string& object) { strangers_.insert(object); }

private:
    struct Entry {
        int64_t tried = 0;
        int64_t acknowledged = 0;
    };
    void see_child(const Object& child, const std::string& client);
    void see_status(const Object& instance);
    void see_delete(const io::http::Request& request, const std::string& client);

    io::Loop* loop_;
    std::optional<std::string> violation_;
    std::map<std::string, Entry> ledger_;
    std::set<std::string> strangers_;
    std::set<std::string> left_alone_;  // uids
    // By the uid of the instance: nodes that were applied, and those that were ready at some time.
    std::map<std::string, std::set<std::string>> applied_;
    std::map<std::string, std::set<std::string>> ready_;
};

}  // namespace weft::sim
