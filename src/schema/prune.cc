// schema/prune.cc: dropping what a schema does not know.

#include "schema/prune.h"

#include <algorithm>
#include <optional>

#include "schema/limits.h"
#include "schema/place.h"

namespace weft::schema {

namespace {

bool is_object_member(std::string_view name) {
    return name == "apiVersion" || name == "kind" || name == "metadata";
}

class Pruner {
public:
    explicit Pruner(std::vector<std::string>* dropped) : dropped_(dropped) {}

    // The pruned value; nothing if it is as it should be.
    std::optional<Value> prune(const Value& value, const Schema* schema, bool is_root,
                               const Place& place) {
        if (place.depth > object_depth_max) {
            return std::nullopt;
        }
        if (value.is_map()) {
            return prune_map(value, schema, is_root, place);
        }
        return value.is_list() ? prune_list(value, schema, place) : std::nullopt;
    }

private:
    std::optional<Value> prune_map(const Value& value, const Schema* schema, bool is_root,
                                   const Place& place) {
        const bool keeps_unknown = schema != nullptr && schema->preserve_unknown_fields;
        const bool is_object = is_root || (schema != nullptr && schema->embedded_resource);
        std::optional<Value> out;
        for (const Member& member : value.members()) {
            if (is_object && is_object_member(member.name())) {
                continue;
            }
            const Schema* next = schema == nullptr ? nullptr : schema->find_member(member.name());
            const bool is_known =
                next != nullptr || (schema != nullptr && (schema->additional_properties_allowed ||
                                                          schema->additional_properties_denied));
            if (!is_known) {
                if (!keeps_unknown) {
                    record(place.member(member.name()));
                    out = out ? std::move(out) : value;
                    out->erase(member.name());
                }
                continue;
            }
            if (auto pruned = prune(member.value, next, false, place.member(member.name()))) {
                out = out ? std::move(out) : value;
                out->set(member.name(), std::move(*pruned));
            }
        }
        return out;
    }

    std::optional<Value> prune_list(const Value& value, const Schema* schema, const Place& place) {
        const Schema* item_schema = schema == nullptr ? nullptr : schema->items;
        if (item_schema == nullptr && schema != nullptr && schema->preserve_unknown_fields) {
            return std::nullopt;
        }
        std::optional<Value> out;
        for (size_t i = 0; i < value.size(); ++i) {
            if (auto pruned = prune(value.at(i), item_schema, false, place.item(i))) {
                out = out ? std::move(out) : value;
                out->mutable_item(i) = std::move(*pruned);
            }
        }
        return out;
    }

    void record(const Place& place) {
        // Upstream does not tell of these at the root, even where it drops them.
        if (place.depth == 1 && is_object_member(place.name)) {
            return;
        }
        if (dropped_ != nullptr && dropped_->size() < field_errors_max) {
            dropped_->push_back(place.text());
        }
    }

    std::vector<std::string>* dropped_;
};

}  // namespace

void prune(Value& value, const Schema* schema, const PruneOptions& options) {
    if (auto pruned =
            Pruner(options.dropped).prune(value, schema, options.is_resource_root, Place())) {
        value = std::move(*pruned);
    }
    if (options.dropped != nullptr) {
        std::ranges::sort(*options.dropped);
    }
}

}  // namespace weft::schema
