// merge/internal/unchanged.cc: walks config, live object and FieldsV1 side by side.

#include "merge/internal/unchanged.h"

#include <optional>
#include <string>
#include <vector>

#include "merge/internal/shape.h"
#include "merge/limits.h"

namespace weft::merge::internal {
namespace {

// Walks config, live and FieldsV1 side by side. Every step answers how many entries of the FieldsV1
// node it has accounted for, or nothing where the three do not fit.
class UnchangedWalk {
public:
    using Count = std::optional<size_t>;

    Count map(const Value& config, const Value& live, const Value* owned, const Shape& shape,
              const FieldSet& stripped, const FieldSet& ignored, size_t depth);

private:
    // One member or item: `entry` is its FieldsV1 node (null: it has none), `itself` whether it
    // must be owned beside what lies below.
    bool child(const Value& config, const Value& live, const Value* entry, bool itself,
               TypeRef type, const FieldSet& stripped, const FieldSet& ignored, size_t depth);
    Count list(const Value& config, const Value& live, const Value* owned, const Shape& shape,
               size_t depth);

    std::string key_;
};

bool fits(const Value* entry, size_t count, bool itself) {
    if (count == 0) {
        return itself ? entry != nullptr && entry->is_map() && entry->empty() : entry == nullptr;
    }
    return entry != nullptr && entry->size() == count + (itself ? 1 : 0) &&
           (!itself || entry->contains("."));
}

bool UnchangedWalk::child(const Value& config, const Value& live, const Value* entry, bool itself,
                          TypeRef type, const FieldSet& stripped, const FieldSet& ignored,
                          size_t depth) {
    if (config.is_null() || depth >= depth_max) {
        return false;
    }
    const Shape shape = resolve(type);
    const Form form = shape.form_of(&config);
    const bool is_leaf = form == Form::scalar || (form == Form::list && shape.atomic_list) ||
                         (form == Form::map && shape.atomic_map);
    if (is_leaf) {
        if (form == Form::scalar && scalar_error(shape.scalar, &config, "")) {
            return false;
        }
        return fits(entry, 0, true) && equal_values(config, live);
    }
    if (form == Form::list) {
        if (!config.is_list() || !live.is_list() || config.empty()) {
            return false;
        }
        const Count count = list(config, live, entry, shape, depth);
        return count && fits(entry, *count, itself);
    }
    if (!config.is_map() || !live.is_map()) {
        return false;
    }
    const Count count = map(config, live, entry, shape, stripped, ignored, depth);
    return count && fits(entry, *count, itself || config.empty());
}

UnchangedWalk::Count UnchangedWalk::map(const Value& config, const Value& live, const Value* owned,
                                        const Shape& shape, const FieldSet& stripped,
                                        const FieldSet& ignored, size_t depth) {
    size_t count = 0;
    for (const Member& member : config.members()) {
        const Value* in_live = live.find(member.name());
        const Shape::Field field = shape.field(member.name());
        if (in_live == nullptr || !field.is_known) {
            return std::nullopt;
        }
        FieldSet stripped_below;
        FieldSet ignored_below;
        bool is_stripped = false;
        if (!stripped.empty() || !ignored.empty()) {
            const PathElement element = PathElement::field(member.key);
            if (const FieldSet::Entry* entry = ignored.find(element)) {
                if (entry->is_member) {
                    return std::nullopt;
                }
                ignored_below = entry->children;
            }
            if (const FieldSet::Entry* entry = stripped.find(element)) {
                is_stripped = entry->is_member;
                stripped_below = entry->children;
            }
        }
        if (is_stripped && stripped_below.empty()) {
            if (!equal_values(member.value, *in_live)) {
                return std::nullopt;
            }
            continue;
        }
        key_.assign("f:");
        key_ += member.name();
        const Value* entry = owned == nullptr ? nullptr : owned->find(key_);
        const bool itself = !is_stripped && !field.is_declared;
        if (!child(member.value, *in_live, entry, itself, field.type, stripped_below, ignored_below,
                   depth + 1)) {
            return std::nullopt;
        }
        count += entry != nullptr ? 1 : 0;
    }
    return count;
}

UnchangedWalk::Count UnchangedWalk::list(const Value& config, const Value& live, const Value* owned,
                                         const Shape& shape, size_t depth) {
    if (owned == nullptr) {
        return std::nullopt;
    }
    std::vector<PathElement> elements;
    elements.reserve(live.size());
    for (const Value& item : live.items()) {
        Result<PathElement> element = element_of(item, shape);
        if (!element) {
            return std::nullopt;
        }
        elements.push_back(*std::move(element));
    }
    // Items that only live has are passed over, so the shared ones must come in the same order. An
    // element that live has twice is not for us to judge.
    const ElementIndex index(elements);
    const TypeRef item_type = shape.item();
    size_t next = 0;
    for (size_t i = 0; i < elements.size(); ++i) {
        if (index.find(elements[i]) != i) {
            return std::nullopt;
        }
    }
    for (const Value& item : config.items()) {
        const Result<PathElement> element = element_of(item, shape);
        const std::optional<size_t> place = element ? index.find(*element) : std::nullopt;
        if (!place || *place < next) {
            return std::nullopt;
        }
        next = *place + 1;
        const Value* entry = owned->find(element->serialized());
        if (entry == nullptr ||
            !child(item, live.at(*place), entry, true, item_type, {}, {}, depth + 1)) {
            return std::nullopt;
        }
    }
    return config.size();
}

}  // namespace

bool applies_nothing(const UnchangedQuestion& question) {
    const Value* entries = question.live.find("metadata", "managedFields");
    if (entries == nullptr || entries->size() > managers_max) {
        return false;
    }
    const Value* own = nullptr;
    for (const Value& entry : entries->items()) {
        if (entry.string_at("apiVersion") != question.api_version) {
            return false;
        }
        if (entry.string_at("operation") == "Apply" &&
            entry.string_at("manager") == question.manager.manager &&
            entry.string_at("subresource") == question.manager.subresource) {
            own = entry.find("fieldsV1");
        }
    }
    FieldSet ignored;
    if (question.ignored != nullptr) {
        const FieldSet* excluded = question.ignored->excluded();
        if (excluded == nullptr) {
            return false;
        }
        ignored = *excluded;
    }
    const Shape shape = resolve(question.type);
    if (own == nullptr || !own->is_map() || own->empty() || !shape.has_map || shape.atomic_map) {
        return false;
    }
    UnchangedWalk walk;
    const std::optional<size_t> count =
        walk.map(question.config, question.live, own, shape, question.stripped, ignored, 0);
    return count && *count == own->size();
}

}  // namespace weft::merge::internal
