// schema/list_type.cc: finding duplicates in sets and maps.

#include "schema/list_type.h"

#include <algorithm>
#include <utility>

#include "schema/limits.h"
#include "schema/place.h"

namespace weft::schema {

namespace {

class ListTypeValidator {
public:
    explicit ListTypeValidator(FieldErrors& errors) : errors_(errors) {}

    void validate(const Value& value, const Schema* schema, const Place& place) {
        if (schema == nullptr || place.depth > object_depth_max) {
            return;
        }
        if (value.is_map()) {
            for (const Member& member : value.members()) {
                if (const Schema* property = schema->find_property(member.name())) {
                    validate(member.value, property, place.member(member.name()));
                } else if (schema->additional_properties != nullptr) {
                    validate(member.value, schema->additional_properties, place.key(member.name()));
                }
            }
        } else if (value.is_list()) {
            if (schema->list_type == ListType::set) {
                report_duplicates(value, {}, place);
            } else if (schema->list_type == ListType::map && are_objects(value, place)) {
                report_duplicates(value, map_keys(value, *schema), place);
            }
            for (size_t i = 0; i < value.size(); ++i) {
                validate(value.at(i), schema->items, place.item(i));
            }
        }
    }

private:
    // Whether all items can have keys; nulls are let pass. The first that cannot is told.
    bool are_objects(const Value& list, const Place& place) {
        for (size_t i = 0; i < list.size(); ++i) {
            if (list.at(i).is_map() || list.at(i).is_null()) {
                continue;
            }
            if (errors_.size() < field_errors_max) {
                errors_.push_back(field_invalid(place.item(i).text(), list.at(i),
                                                "must be an object for an array of list-type map"));
            }
            return false;
        }
        return true;
    }

    // Of each item, a map of its key members; null for an item that is no map.
    static std::vector<Value> map_keys(const Value& list, const Schema& schema) {
        std::vector<Value> out;
        out.reserve(list.size());
        for (const Value& item : list.items()) {
            Value keys;
            if (item.is_map()) {
                keys = Value::map_with_capacity(schema.list_map_keys.size());
                for (const std::string& key : schema.list_map_keys) {
                    const Value* found = item.find(key);
                    const Schema* property =
                        schema.items == nullptr ? nullptr : schema.items->find_property(key);
                    if (found != nullptr) {
                        keys.append_new(key, *found);
                    } else if (property != nullptr && property->default_value) {
                        keys.append_new(key, *property->default_value);
                    }
                }
            }
            out.push_back(std::move(keys));
        }
        return out;
    }

    // Compares the items, or `keys` in their place. Sorting keeps it below a comparison of each
    // pair.
    void report_duplicates(const Value& list, std::vector<Value> keys, const Place& place) {
        const bool by_key = !keys.empty();
        const auto identity = [&](size_t at) -> const Value& {
            return by_key ? keys[at] : list.at(at);
        };
        std::vector<size_t> order;
        order.reserve(list.size());
        for (size_t i = 0; i < list.size(); ++i) {
            if (!by_key || keys[i].is_map()) {
                order.push_back(i);
            }
        }
        std::ranges::sort(order, [&](size_t a, size_t b) {
            const int by_value = Value::compare(identity(a), identity(b));
            return by_value != 0 ? by_value < 0 : a < b;
        });
        std::vector<size_t> duplicates;
        bool was_duplicate = false;
        for (size_t i = 1; i < order.size(); ++i) {
            const bool is_duplicate =
                Value::compare(identity(order[i - 1]), identity(order[i])) == 0;
            if (is_duplicate && !was_duplicate) {
                duplicates.push_back(order[i]);
            }
            was_duplicate = is_duplicate;
        }
        std::ranges::sort(duplicates);
        for (const size_t at : duplicates) {
            if (errors_.size() < field_errors_max) {
                errors_.push_back(field_duplicate(place.item(at).text(), identity(at)));
            }
        }
    }

    FieldErrors& errors_;
};

}  // namespace

FieldErrors validate_list_types(const Value& value, const Schema* schema, std::string_view path) {
    FieldErrors errors;
    const Place root;
    const Place start = root.member(path);
    ListTypeValidator(errors).validate(value, schema, path.empty() ? root : start);
    return errors;
}

}  // namespace weft::schema
