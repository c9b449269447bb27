// schema/internal/backward.h: protobuf written from its end to its beginning.
//
// A message's length stands before it and is known only when it is written. Written backwards, the
// length follows the message, so nested messages need neither a buffer of their own nor a pass that
// measures first. What is called first stands last.

#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "schema/internal/wire.h"

namespace weft::schema::internal {

class BackwardWriter {
public:
    explicit BackwardWriter(size_t expected_size = 256) { grow(expected_size); }

    // Bytes written so far. A message is closed by what was written when it was begun.
    [[nodiscard]] size_t size() const { return buffer_.size() - at_; }

    void bytes(std::string_view text) {
        if (text.size() > at_) {
            grow(text.size());
        }
        at_ -= text.size();
        text.copy(buffer_.data() + at_, text.size());  // Also of an empty one, without an address.
    }
    void varint(uint64_t value) {
        std::array<char, 10> digits{};
        size_t count = 0;
        while (value >= 0x80) {
            digits[count++] = static_cast<char>(value | 0x80U);
            value >>= 7U;
        }
        digits[count++] = static_cast<char>(value);
        bytes({digits.data(), count});
    }
    void tag(uint32_t number, WireType type) {
        varint(static_cast<uint64_t>(number) << 3U | static_cast<uint64_t>(type));
    }
    void number_field(uint32_t number, int64_t value) {
        varint(static_cast<uint64_t>(value));
        tag(number, WireType::varint);
    }
    void double_field(uint32_t number, uint64_t bits) {
        std::array<char, 8> out{};
        for (size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<char>(bits >> (8 * i));
        }
        bytes({out.data(), out.size()});
        tag(number, WireType::fixed64);
    }
    void bytes_field(uint32_t number, std::string_view text) {
        bytes(text);
        varint(text.size());
        tag(number, WireType::bytes);
    }
    // Makes all that was written since size() was `begun` the message of this field.
    void close_field(uint32_t number, size_t begun) {
        varint(size() - begun);
        tag(number, WireType::bytes);
    }

    // The bytes that were written since size() was `begun`. Until the next call.
    [[nodiscard]] std::string_view since(size_t begun) const {
        return std::string_view(buffer_).substr(at_, size() - begun);
    }

    // The bytes in their order. The writer is empty afterwards.
    [[nodiscard]] std::string take() {
        buffer_.erase(0, at_);
        at_ = 0;
        return std::move(buffer_);
    }

private:
    void grow(size_t needed) {
        const size_t used = size();
        const size_t wanted = 2 * used + needed + 64;
        std::string larger;
        larger.resize_and_overwrite(wanted, [&](char* data, size_t size) {
            std::memcpy(data + size - used, buffer_.data() + at_, used);
            return size;
        });
        at_ = wanted - used;
        buffer_ = std::move(larger);
    }

    std::string buffer_;
    size_t at_ = 0;  // where the written part begins; it ends with the buffer
};

}  // namespace weft::schema::internal
