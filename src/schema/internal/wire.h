// schema/internal/wire.h: reads protobuf's wire form: varints, tags, lengths. backward.h writes it.

#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace weft::schema::internal {

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// Reads a message field by field. It never reads beyond the bytes it was given.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    [[nodiscard]] std::optional<uint64_t> varint() {
        uint64_t out = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) {
                return std::nullopt;
            }
            const auto byte = static_cast<uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            out |= static_cast<uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) {
                return out;
            }
        }
        return std::nullopt;
    }

    struct Field {
        uint32_t number = 0;
        WireType type = WireType::varint;
        uint64_t value = 0;        // of varint, fixed64 and fixed32
        std::string_view bytes{};  // of bytes
    };
    // The next field; nothing if the bytes are broken. Groups count as broken: Kubernetes has none.
    [[nodiscard]] std::optional<Field> next() {
        const std::optional<uint64_t> tag = varint();
        if (!tag || *tag >> 3U == 0 || *tag >> 3U > 0x1FFFFFFF) {
            return std::nullopt;
        }
        Field field;
        field.number = static_cast<uint32_t>(*tag >> 3U);
        switch (*tag & 7U) {
            case 0: {
                const std::optional<uint64_t> value = varint();
                if (!value) {
                    return std::nullopt;
                }
                field.value = *value;
                return field;
            }
            case 1:
                field.type = WireType::fixed64;
                return fixed(field, 8);
            case 5:
                field.type = WireType::fixed32;
                return fixed(field, 4);
            case 2: {
                const std::optional<uint64_t> size = varint();
                if (!size || *size > rest_.size()) {
                    return std::nullopt;
                }
                field.type = WireType::bytes;
                field.bytes = rest_.substr(0, *size);
                rest_.remove_prefix(*size);
                return field;
            }
            default:
                return std::nullopt;
        }
    }

private:
    std::optional<Field> fixed(Field field, size_t size) {
        if (rest_.size() < size) {
            return std::nullopt;
        }
        std::memcpy(&field.value, rest_.data(), size);
        rest_.remove_prefix(size);
        return field;
    }

    std::string_view rest_;
};

}  // namespace weft::schema::internal
