// cel/internal/paths.h: reading `schema.spec.name` out of a document, where most of the time goes.

#pragma once

#include <atomic>
#include <cstring>

#include "cel/internal/steps.h"

namespace weft::cel {

// The member of a document's map that a field names; null if there is none, or it is no map.
// Documents of one shape need the slow look once: callers need not save their registers for it.
[[nodiscard, clang::preserve_most]] const weft::Value* find_field_slowly(const weft::Value& map,
                                                                         const Field& field);
[[gnu::always_inline]] inline const weft::Value* find_field(const weft::Value& map,
                                                            const Field& field) {
    const uint32_t guess = std::atomic_ref(field.place).load(std::memory_order_relaxed);
    if (const weft::Value* found = map.find_at(guess, *field.key, field.hash)) [[likely]] {
        return found;
    }
    return find_field_slowly(map, field);
}

// The same where a field is as likely absent as not.
[[gnu::always_inline]] inline const weft::Value* find_optional_field(const weft::Value& map,
                                                                     const Field& field) {
    const std::atomic_ref place(field.place);
    if (const weft::Value* found =
            map.find_at(place.load(std::memory_order_relaxed), *field.key, field.hash)) {
        return found;
    }
    const weft::Value* found = map.find_hashed(*field.key, field.hash);
    if (found != nullptr) [[unlikely]] {
        place.store(map.position_of(*found), std::memory_order_relaxed);
    }
    return found;
}

// A path whatever it leads through, with its errors.
[[nodiscard]] Value read_path_slowly(const PathStep& path, Frame& frame);
// What comes of a field that a node of plain JSON does not have.
[[nodiscard]] Value miss_field(Frame& frame, const weft::Value& node, const Field& field);

// The document's map that a path begins in; null if it begins in anything else.
[[gnu::always_inline]] inline const weft::Value* plain_base(const PathStep& path,
                                                            const Frame& frame) {
    switch (path.base) {
        case PathBase::variable:
            return frame.variables[path.index].plain_map();
        case PathBase::local:
            return frame.locals[path.index].plain_map();
        case PathBase::step:
            break;
    }
    return nullptr;
}

// The node at the end of a path that leads through maps of plain JSON; null if it does not lead
// there. Charges nothing.
[[gnu::always_inline]] inline const weft::Value* find_plain(const PathStep& path,
                                                            const Frame& frame) {
    const weft::Value* at = plain_base(path, frame);
    const Field* field = path.fields.data();
    const Field* const end = field + path.fields.size();
    while (at != nullptr && field != end) {
        at = find_field(*at, *field);
        ++field;
    }
    return at;
}

[[gnu::always_inline]] inline Value read_path(const PathStep& path, Frame& frame) {
    const weft::Value* at = plain_base(path, frame);
    if (at == nullptr) [[unlikely]] {
        return read_path_slowly(path, frame);
    }
    const Field* field = path.fields.data();
    const Field* const end = field + path.fields.size();
    do {
        const weft::Value* found = find_field(*at, *field);
        if (found == nullptr) [[unlikely]] {
            return miss_field(frame, *at, *field);
        }
        at = found;
    } while (++field != end);
    return Value::borrow(*at);
}

// The value of an operand, constants without a call.
[[nodiscard]] inline Value operand_of(const Step* step, Frame& frame) {
    return step->run == run_constant ? static_cast<const ConstantStep*>(step)->value
                                     : run(step, frame);
}

// Texts are short: comparing them takes two loads, not a call.
[[nodiscard]] inline bool is_same_text(std::string_view a, std::string_view b) {
    const size_t size = a.size();
    if (size != b.size()) {
        return false;
    }
    if (size > 16) {
        return std::memcmp(a.data(), b.data(), size) == 0;
    }
    const auto same = [&]<typename Word>(Word) {
        Word words[4];
        std::memcpy(&words[0], a.data(), sizeof(Word));
        std::memcpy(&words[1], b.data(), sizeof(Word));
        std::memcpy(&words[2], a.data() + size - sizeof(Word), sizeof(Word));
        std::memcpy(&words[3], b.data() + size - sizeof(Word), sizeof(Word));
        return words[0] == words[1] && words[2] == words[3];
    };
    if (size >= 8) {
        return same(uint64_t{});
    }
    if (size >= 4) {
        return same(uint32_t{});
    }
    return size == 0 || (size == 1 ? a[0] == b[0] : same(uint16_t{}));
}

// `==` for the kinds that are compared most.
[[nodiscard]] inline Value equal_values(const Value& a, const Value& b, Frame& frame) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::string:
                return Value::boolean(is_same_text(a.as_string(), b.as_string()));
            case Kind::integer:
            case Kind::boolean:
                return Value::boolean(a.as_uint() == b.as_uint());
            default:
                break;
        }
    }
    return equals(a, b, *frame.arena);
}

}  // namespace weft::cel
