// kube/cache.h: the objects of one resource and selector, as last seen, with who wants to know.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/io.h"
#include "kube/resource.h"
#include "kube/sharer.h"
#include "object/object.h"

namespace weft::kube {

// A number for an object's resourceVersion: since Kubernetes 1.35 those of one resource compare as
// integers. 0 if it is none.
[[nodiscard]] uint64_t version_number(const Object& object);

// Filled by a Reflector; also told by whoever writes what the server answered, so that the next
// reader sees it and the watch's own event for it changes nothing. Loop thread only.
class Cache {
public:
    // `before` is null for a new object, `after` for one that went. Called after the change.
    using Handler = std::function<void(const Object* before, const Object* after)>;
    // The values an object is found by in an index; mostly one.
    using IndexFunction = std::function<std::vector<std::string>(const Object&)>;

    // With a sharer, objects hold equal parts in common with those of other caches. It outlives
    // this.
    explicit Cache(io::Loop* loop, Sharer* sharer = nullptr) : sharer_(sharer), changed_(loop) {}

    void add_handler(Handler handler) { handlers_.push_back(std::move(handler)); }
    // Before the first object.
    void add_index(std::string name, IndexFunction function);

    [[nodiscard]] const Object* find(const NamespacedName& name) const;
    // By name; borrowed until the next change.
    [[nodiscard]] std::vector<const Object*> all() const;
    [[nodiscard]] std::vector<const Object*> by_index(const std::string& index,
                                                      const std::string& value) const;
    [[nodiscard]] size_t size() const { return objects_.size(); }

    [[nodiscard]] bool is_synced() const { return synced_; }
    // Until the first complete state has come, however long the server refuses it.
    [[nodiscard]] io::Task<Status> wait_synced();
    // The same, but ends with the server's words where it says that we may not see the state.
    [[nodiscard]] io::Task<Status> wait_synced_or_refused();

    // Called once, when the first complete state has come; may be empty.
    std::function<void()> on_synced;

    // What a write answered. Ignored if the watch has shown something as new or newer, or the
    // deletion of it.
    void put_written(const Object& object);

    // For the Reflector.
    void put(Object object);
    void remove(const NamespacedName& name, uint64_t version);
    // The complete state: what is not in it is gone.
    void replace(std::vector<Object> objects, uint64_t version);
    // The watch has come so far.
    void advance(uint64_t version);
    // The server refuses the state; holds until a state comes.
    void refuse(Error error);

private:
    using Objects = std::map<NamespacedName, Object>;
    struct ByName {
        bool operator()(const Objects::value_type* a, const Objects::value_type* b) const {
            return a->first < b->first;
        }
    };
    struct Index {
        IndexFunction function;
        std::unordered_map<std::string, std::set<const Objects::value_type*, ByName>> entries;
    };
    void change(const NamespacedName& name, std::optional<Object> after);

    Sharer* sharer_;
    Objects objects_;
    std::map<std::string, Index> indexes_;
    std::vector<Handler> handlers_;
    bool synced_ = false;
    std::optional<Error> refusal_;
    uint64_t version_ = 0;  // the newest that the watch has shown
    io::Signal changed_;
};

}  // namespace weft::kube
