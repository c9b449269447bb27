// kube/cache.cc: keeping the newest of each object.

#include "kube/cache.h"

#include <algorithm>
#include <set>

namespace weft::kube {

uint64_t version_number(const Object& object) {
    return parse_uint(object.resource_version()).value_or(0);
}

void Cache::add_index(std::string name, IndexFunction function) {
    CHECK(objects_.empty());
    indexes_[std::move(name)].function = std::move(function);
}

const Object* Cache::find(const NamespacedName& name) const {
    const auto found = objects_.find(name);
    return found == objects_.end() ? nullptr : &found->second;
}

std::vector<const Object*> Cache::all() const {
    std::vector<const Object*> out;
    out.reserve(objects_.size());
    for (const auto& [name, object] : objects_) {
        out.push_back(&object);
    }
    return out;
}

std::vector<const Object*> Cache::by_index(const std::string& index,
                                           const std::string& value) const {
    std::vector<const Object*> out;
    const auto found = indexes_.find(index);
    CHECK(found != indexes_.end());
    const auto entries = found->second.entries.find(value);
    if (entries != found->second.entries.end()) {
        for (const Objects::value_type* entry : entries->second) {
            out.push_back(&entry->second);
        }
    }
    return out;
}

io::Task<Status> Cache::wait_synced() {
    while (!synced_) {
        CO_TRY(co_await changed_.wait());
    }
    co_return Status{};
}

io::Task<Status> Cache::wait_synced_or_refused() {
    while (!synced_) {
        if (refusal_) {
            co_return Error(*refusal_);
        }
        CO_TRY(co_await changed_.wait());
    }
    co_return Status{};
}

void Cache::refuse(Error error) {
    refusal_ = std::move(error);
    changed_.notify_all();
}

void Cache::put_written(const Object& object) {
    const uint64_t version = version_number(object);
    const Object* known = find(object.key());
    // Nothing known although the watch is past it: it was deleted meanwhile.
    if (known == nullptr ? version <= version_ : version <= version_number(*known)) {
        return;
    }
    change(object.key(), object);
}

void Cache::put(Object object) {
    const uint64_t version = version_number(object);
    version_ = std::max(version_, version);
    const Object* known = find(object.key());
    // An object of another uid replaces the one that had the name, whatever the numbers say.
    if (known != nullptr && known->uid() == object.uid() && version <= version_number(*known)) {
        return;
    }
    const NamespacedName name = object.key();
    change(name, std::move(object));
}

void Cache::remove(const NamespacedName& name, uint64_t version) {
    version_ = std::max(version_, version);
    const Object* known = find(name);
    if (known != nullptr && version_number(*known) <= version) {
        change(name, std::nullopt);
    }
}

void Cache::replace(std::vector<Object> objects, uint64_t version) {
    std::set<NamespacedName> present;
    for (Object& object : objects) {
        present.insert(object.key());
        put(std::move(object));
    }
    std::vector<NamespacedName> gone;
    for (const auto& [name, object] : objects_) {
        if (!present.contains(name) && version_number(object) <= version) {
            gone.push_back(name);
        }
    }
    for (const NamespacedName& name : gone) {
        change(name, std::nullopt);
    }
    advance(version);
    if (!synced_ && on_synced) {
        on_synced();
    }
    synced_ = true;
    refusal_.reset();
    changed_.notify_all();
}

void Cache::advance(uint64_t version) {
    version_ = std::max(version_, version);
}

void Cache::change(const NamespacedName& name, std::optional<Object> after) {
    auto found = objects_.find(name);
    if (after && sharer_ != nullptr) {
        after = sharer_->share(*after);
    }
    std::optional<Object> before;
    if (found != objects_.end()) {
        before = std::move(found->second);
        for (auto& [unused, index] : indexes_) {
            for (const std::string& value : index.function(*before)) {
                const auto entries = index.entries.find(value);
                if (entries != index.entries.end() && entries->second.erase(&*found) > 0 &&
                    entries->second.empty()) {
                    index.entries.erase(entries);
                }
            }
        }
    }
    if (after) {
        if (found != objects_.end()) {
            found->second = *after;
        } else {
            found = objects_.emplace(name, *after).first;
        }
        for (auto& [unused, index] : indexes_) {
            for (const std::string& value : index.function(*after)) {
                index.entries[value].insert(&*found);
            }
        }
    } else if (found != objects_.end()) {
        objects_.erase(found);
    }
    for (const Handler& handler : handlers_) {
        handler(before ? &*before : nullptr, after ? &*after : nullptr);
    }
}

}  // namespace weft::kube
