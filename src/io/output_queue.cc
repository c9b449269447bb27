// io/output_queue.cc: segments of bytes on their way out.

#include "io/internal/output_queue.h"

#include <algorithm>
#include <cstring>

#include "io/limits.h"

namespace weft::io::internal {

void OutputQueue::add(std::string_view bytes) {
    if (bytes.empty()) {
        return;
    }
    size_ += bytes.size();
    if (head_ < segments_.size()) {
        Segment& last = segments_.back();
        if (last.shared == nullptr && last.own.size() + bytes.size() <= limits::small_segment) {
            last.own += bytes;
            last.end = last.own.size();
            return;
        }
    }
    segments_.push_back({nullptr, std::string(bytes), 0, bytes.size()});
}

void OutputQueue::add(const http::SharedBytes& bytes, size_t offset, size_t length) {
    constexpr size_t cheap_to_copy = 512;
    if (length <= cheap_to_copy) {
        add(std::string_view(*bytes).substr(offset, length));
        return;
    }
    size_ += length;
    segments_.push_back({bytes, {}, offset, offset + length});
}

size_t OutputQueue::gather(std::span<iovec> out) const {
    const size_t count = std::min(out.size(), segments_.size() - head_);
    for (size_t i = 0; i < count; ++i) {
        const std::string_view bytes = segments_[head_ + i].view();
        out[i] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    return count;
}

std::string_view OutputQueue::first(std::span<char> scratch) const {
    if (empty()) {
        return {};
    }
    const std::string_view front = segments_[head_].view();
    if (front.size() >= scratch.size() || head_ + 1 == segments_.size()) {
        return front.substr(0, scratch.size());
    }
    size_t filled = 0;
    for (size_t i = head_; i < segments_.size() && filled < scratch.size(); ++i) {
        const std::string_view bytes = segments_[i].view().substr(0, scratch.size() - filled);
        std::memcpy(scratch.data() + filled, bytes.data(), bytes.size());
        filled += bytes.size();
    }
    return {scratch.data(), filled};
}

void OutputQueue::consume(size_t count) {
    size_ -= count;
    while (count > 0) {
        Segment& front = segments_[head_];
        const size_t taken = std::min(count, front.end - front.offset);
        front.offset += taken;
        count -= taken;
        if (front.offset == front.end) {
            front.shared.reset();
            front.own = {};
            ++head_;
        }
    }
    if (head_ == segments_.size()) {
        clear();
    } else if (head_ > 64 && head_ * 2 > segments_.size()) {
        segments_.erase(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(head_));
        head_ = 0;
    }
}

void OutputQueue::move_to(OutputQueue* other, size_t count) {
    size_t left = count;
    for (size_t i = head_; left > 0; ++i) {
        const Segment& segment = segments_[i];
        const size_t taken = std::min(left, segment.end - segment.offset);
        if (segment.shared != nullptr) {
            other->add(segment.shared, segment.offset, taken);
        } else {
            other->add(segment.view().substr(0, taken));
        }
        left -= taken;
    }
    consume(count);
}

void OutputQueue::clear() {
    // An idle connection keeps no room for what it once had to say.
    if (segments_.capacity() > 16) {
        segments_ = {};
    } else {
        segments_.clear();
    }
    head_ = 0;
    size_ = 0;
}

}  // namespace weft::io::internal
