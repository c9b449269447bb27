// io/internal/output_queue.h: bytes on their way out: shared ones by reference, own ones joined.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "io/http.h"

namespace weft::io::internal {

class OutputQueue {
public:
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] size_t size() const { return size_; }

    void add(std::string_view bytes);  // copied
    // A part of shared bytes; small ones are copied, which is cheaper than a segment.
    void add(const http::SharedBytes& bytes, size_t offset, size_t length);
    void add(const http::SharedBytes& bytes) { add(bytes, 0, bytes->size()); }

    // The first bytes as a list for writev; how many entries were filled.
    [[nodiscard]] size_t gather(std::span<iovec> out) const;
    // The first bytes in one piece of at most `scratch.size()` bytes, copied only if it must be.
    // Asking again, after more was added, gives the same bytes and maybe more.
    [[nodiscard]] std::string_view first(std::span<char> scratch) const;
    void consume(size_t count);
    // Moves the first bytes behind those of another queue.
    void move_to(OutputQueue* other, size_t count);
    void clear();

private:
    struct Segment {
        http::SharedBytes shared;  // null: `own` holds the bytes
        std::string own;
        size_t offset;
        size_t end;
        [[nodiscard]] std::string_view view() const {
            const std::string& bytes = shared != nullptr ? *shared : own;
            return std::string_view(bytes).substr(offset, end - offset);
        }
    };
    std::vector<Segment> segments_;
    size_t head_ = 0;  // the first segment that is not consumed
    size_t size_ = 0;
};

}  // namespace weft::io::internal
