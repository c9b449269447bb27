// store/internal/index_watch.cc: handing changes to the watches that they concern.

#include "store/internal/index_watch.h"

#include <algorithm>

namespace weft::store::internal {

IndexWatch::IndexWatch(Index* index, std::string prefix, Revision since, uint64_t position)
    : index_(index),
      prefix_(std::move(prefix)),
      hash_(fnv64a(prefix_)),
      since_(since),
      position_(position),
      changed_(index->loop_) {
    live_ = position_ == index_->log_end();
    index_->add_watch(this);
}

IndexWatch::~IndexWatch() {
    if (index_ != nullptr) {
        index_->remove_watch(this);
    }
}

void IndexWatch::end() {
    index_ = nullptr;
    waiting_.clear();
    changed_.notify_all();
}

void IndexWatch::offer(uint64_t position) {
    if (!live_) {
        return;
    }
    if (waiting_.size() >= index_->limits_.watch_buffer) {
        live_ = false;
        position_ = waiting_.front();
        waiting_.clear();
        return;
    }
    waiting_.push_back(position);
}

bool IndexWatch::is_forgotten(uint64_t position) {
    expired_ = expired_ || position < index_->log_first_;
    return expired_;
}

Result<std::vector<Event>> IndexWatch::take_some(size_t scan) {
    if (index_ == nullptr) {
        return make_error(Reason::cancelled, "the store is closed");
    }
    if (expired_ ||
        (live_ ? !waiting_.empty() && is_forgotten(waiting_.front()) : is_forgotten(position_))) {
        return make_error(Reason::expired, "the watch fell behind what is remembered (revision ",
                          index_->oldest_, " and later)");
    }
    return live_ ? take_waiting() : scan_log(scan);
}

Result<std::vector<Event>> IndexWatch::take_waiting() {
    std::vector<Event> events;
    events.reserve(std::min(waiting_.size(), watch_batch_max));
    while (!waiting_.empty()) {
        const Index::Change& change = index_->log_[waiting_.front() - index_->log_first_];
        if (events.size() >= watch_batch_max && change.revision != events.back().entry.modified) {
            break;
        }
        events.push_back(index_->event_of(change));
        waiting_.pop_front();
    }
    return events;
}

Result<std::vector<Event>> IndexWatch::scan_log(size_t scan) {
    std::vector<Event> events;
    for (; position_ < index_->log_end(); ++position_) {
        const Index::Change& change = index_->log_[position_ - index_->log_first_];
        if (!events.empty() && change.revision != events.back().entry.modified &&
            (events.size() >= watch_batch_max || scan == 0)) {
            return events;
        }
        if (events.empty() && scan == 0) {
            return events;
        }
        scan -= scan > 0 ? 1 : 0;
        if (change.revision > since_ && change.node->first.starts_with(prefix_)) {
            events.push_back(index_->event_of(change));
        }
    }
    live_ = true;
    return events;
}

Result<std::vector<Event>> IndexWatch::take() {
    return take_some(static_cast<size_t>(-1));
}

io::Task<Result<std::vector<Event>>> IndexWatch::next() {
    while (true) {
        std::vector<Event> events = CO_TRY(take_some(watch_scan_slice));
        if (!events.empty()) {
            co_return events;
        }
        if (live_) {
            CO_TRY(co_await changed_.wait());
        } else {
            CO_TRY(co_await io::sleep(index_->loop_, 0));
        }
    }
}

void Index::add_watch(IndexWatch* watch) {
    watches_[watch->hash()].push_back(watch);
    ++prefix_lengths_[watch->prefix().size()];
}

void Index::remove_watch(IndexWatch* watch) {
    const auto found = watches_.find(watch->hash());
    std::erase(found->second, watch);
    if (found->second.empty()) {
        watches_.erase(found);
    }
    const auto length = prefix_lengths_.find(watch->prefix().size());
    if (--length->second == 0) {
        prefix_lengths_.erase(length);
    }
}

void Index::route(uint64_t first) {
    if (watches_.empty()) {
        return;
    }
    std::vector<IndexWatch*> touched;
    for (uint64_t position = first; position < log_end(); ++position) {
        const Change& change = log_[position - log_first_];
        const std::string& key = change.node->first;
        uint64_t hash = fnv64a("");
        size_t hashed = 0;
        for (const auto& [length, count] : prefix_lengths_) {
            if (length > key.size()) {
                break;
            }
            for (; hashed < length; ++hashed) {
                hash = (hash ^ static_cast<unsigned char>(key[hashed])) * 1099511628211ULL;
            }
            const auto found = watches_.find(hash);
            if (found == watches_.end()) {
                continue;
            }
            for (IndexWatch* watch : found->second) {
                if (key.starts_with(watch->prefix()) && watch->prefix().size() == length &&
                    watch->since() < change.revision) {
                    watch->offer(position);
                    touched.push_back(watch);
                }
            }
        }
    }
    for (IndexWatch* watch : touched) {
        watch->wake();
    }
}

}  // namespace weft::store::internal
