// cel/library/kro_maps.cc: kro's merge and deepMerge. Source: kro pkg/cel/library/maps.go.

#include "cel/library/kro_maps.h"

#include "cel/limits.h"

namespace weft::cel {

namespace {

// The entries of both; `right` wins. Nested maps are merged too if `is_deep`.
Value merge_maps(Call& call, const Value& left, const Value& right, bool is_deep,
                 uint32_t depth = 0) {
    if (right.size() == 0) {
        return left;
    }
    if (left.size() == 0) {
        return right;
    }
    if (depth > tree_depth_max) {
        return call.error(ErrorCode::invalid_argument, "deepMerge: maps are nested too deep");
    }
    Arena& arena = call.arena();
    MapBuilder out(arena, left.size() + right.size());
    const std::span<const Value> before = left.sorted_entries(arena);
    for (size_t i = 0; i + 1 < before.size(); i += 2) {
        if (call.should_stop()) {
            return call.interruption();
        }
        if (before[i + 1].is_error()) {
            return before[i + 1];
        }
        out.set(before[i], before[i + 1]);
    }
    const std::span<const Value> after = right.sorted_entries(arena);
    for (size_t i = 0; i + 1 < after.size(); i += 2) {
        if (call.should_stop()) {
            return call.interruption();
        }
        Value value = after[i + 1];
        if (is_deep && value.is_map()) {
            const std::optional<Value> other = left.find(after[i], arena);
            if (other && other->is_map()) {
                value = merge_maps(call, *other, value, true, depth + 1);
            }
        }
        if (value.is_error()) {
            return value;
        }
        out.set(after[i], value);
    }
    return out.finish();
}

Value shallow_merge(Call& call, std::span<const Value> args) {
    return merge_maps(call, args[0], args[1], false);
}

Value deep_merge(Call& call, std::span<const Value> args) {
    return args[0].is_map() && args[1].is_map() ? merge_maps(call, args[0], args[1], true)
                                                : call.no_such_overload();
}

constexpr Documentation kro_maps_documentation[] = {
    {"merge", "The entries of both maps; those of the second win.",
     "{'a': 1, 'b': 2}.merge({'b': 3})", R"({"a": 1, "b": 3})"},
    {"deepMerge", "The same for maps in maps.", "{'a': {'b': 1}}.deepMerge({'a': {'c': 2}})",
     R"({"a": {"b": 1, "c": 2}})"},
};

}  // namespace

Library kro_maps_library() {
    Library library("cel.lib.ext.kro.maps");
    library.function("merge", {{.id = "map_merge",
                                .signature = "map(K, V).(map(K, V)) -> map(K, V)",
                                .call = shallow_merge}});
    library.function(
        "deepMerge",
        {{.id = "dyn_deep_merge", .signature = "dyn.(dyn) -> dyn", .call = deep_merge}});
    library.document("Maps of kro", kro_maps_documentation);
    return library;
}

}  // namespace weft::cel
