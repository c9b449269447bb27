// kube/sharer.cc: from the leaves up: parts whose parts are shared are equal when their bytes are.

#include "kube/sharer.h"

#include "kube/limits.h"

namespace weft::kube {

namespace {

constexpr size_t metadata_depth = 1;
constexpr size_t inline_text_max = 14;  // lies inside a Value: nothing to share

uint64_t mix(uint64_t hash, uint64_t more) {
    hash ^= more + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
    return hash;
}

// What a Value is: its sixteen bytes, which name its block where it has one.
uint64_t identity(const Value& value) {
    uint64_t words[2];
    std::memcpy(words, static_cast<const void*>(&value), sizeof words);
    return mix(words[0] * 0xFF51AFD7ED558CCDULL, words[1] * 0xC4CEB9FE1A85EC53ULL);
}

uint64_t hash_of(const Value& value) {
    uint64_t hash = static_cast<uint64_t>(value.kind()) + 1;
    if (value.is_string()) {
        return mix(hash, fnv64a(value.as_string()));
    }
    for (const Value& item : value.items()) {
        hash = mix(hash, identity(item));
    }
    for (const Member& member : value.members()) {
        hash = mix(mix(hash, identity(member.key)), identity(member.value));
    }
    return hash;
}

// Members whose whole trees are the same in many objects: who owns which field (in one second),
// what a healthy instance says of itself, the annotations of a node's objects.
bool repeats_itself(std::string_view name) {
    return name == "managedFields" || name == "conditions" || name == "annotations";
}

// Texts that no other object has in the same place.
bool is_its_own(std::string_view name) {
    return name == "uid" || name == "name";
}

// Both have shared parts, in the same order.
bool is_same_part(const Value& a, const Value& b) {
    if (a.kind() != b.kind() || a.size() != b.size()) {
        return false;
    }
    if (a.is_string()) {
        return a.as_string() == b.as_string();
    }
    for (size_t i = 0; i < a.items().size(); ++i) {
        if (!a.items()[i].is_same(b.items()[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < a.members().size(); ++i) {
        if (!a.members()[i].key.is_same(b.members()[i].key) ||
            !a.members()[i].value.is_same(b.members()[i].value)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Value Sharer::find_or_keep(Value part, uint64_t hash) {
    for (Table* table : {&young_, &old_}) {
        const auto [first, last] = table->equal_range(hash);
        for (auto known = first; known != last; ++known) {
            if (is_same_part(known->second, part)) {
                Value out = known->second;
                if (table == &old_) {
                    old_.erase(known);
                    young_.emplace(hash, out);
                }
                return out;
            }
        }
    }
    if (young_.size() >= shared_parts_max / 2) {
        old_ = std::move(young_);
        young_ = {};
    }
    young_.emplace(hash, part);
    return part;
}

// `whole` parts are shared as trees; elsewhere only texts are, since nothing else repeats itself.
Value Sharer::share(const Value& value, size_t depth, bool whole) {
    if (depth > shared_depth_max) {
        return value;
    }
    if (value.is_string()) {
        if (value.size() <= inline_text_max || value.size() > shared_text_max) {
            return value;
        }
        return find_or_keep(value, hash_of(value));
    }
    Value out;
    if (value.is_list()) {
        std::vector<Value> items;
        items.reserve(value.size());
        for (const Value& item : value.items()) {
            items.push_back(share(item, depth + 1, whole));
        }
        out = Value::list(std::move(items));
    } else if (value.is_map()) {
        out = Value::map_with_capacity(value.size());
        for (const Member& member : value.members()) {
            const bool is_tree = whole || repeats_itself(member.name());
            const bool is_own = depth == metadata_depth && is_its_own(member.name());
            out.set_shared(share(member.key, depth + 1, whole),
                           is_own ? member.value : share(member.value, depth + 1, is_tree));
        }
    } else {
        return value;
    }
    return whole ? find_or_keep(out, hash_of(out)) : out;
}

Object Sharer::share(const Object& object) {
    return Object(share(object.value(), 0, false));
}

}  // namespace weft::kube
