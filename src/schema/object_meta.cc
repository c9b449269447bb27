// schema/object_meta.cc: metadata as Go's ObjectMeta.

#include "schema/object_meta.h"

#include <algorithm>
#include <utility>

#include "object/go_type.h"
#include "object/names.h"
#include "schema/limits.h"
#include "schema/place.h"

namespace weft::schema {

namespace {

constexpr std::string_view object_meta_definition =
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

// What Go's %T says.
Result<Value> read_meta(const GoTypes& types, const Value& metadata, bool drop_malformed,
                        std::vector<std::string>* unknown) {
    std::vector<std::string> names;
    Result<Value> whole =
        types.canonical(object_meta_definition, metadata, unknown == nullptr ? nullptr : &names);
    if (!whole && drop_malformed) {
        if (!metadata.is_map()) {
            return make_error(Reason::bad_request, "invalid metadata: expected object, got ",
                              go_type_text(metadata));
        }
        Value kept = Value::map();
        for (const Member& member : metadata.members()) {
            Value alone = Value::map();
            alone.append_new(member.name(), member.value);
            if (types.canonical(object_meta_definition, alone)) {
                kept.append_new(member.name(), member.value);
            }
        }
        names.clear();
        whole =
            types.canonical(object_meta_definition, kept, unknown == nullptr ? nullptr : &names);
    }
    if (whole && unknown != nullptr) {
        for (std::string& name : names) {
            unknown->push_back(cat("metadata.", name));
        }
    }
    return whole;
}

// Members by name: Go prints what it decoded into maps that way.
Value in_order(const Value& value) {
    if (!value.is_map()) {
        return value;
    }
    Value out = value;
    for (const Member& member : value.members()) {
        if (member.value.is_map()) {
            out.set(member.name(), in_order(member.value));
        }
    }
    out.sort_members();
    return out;
}

class MetaCoercer {
public:
    MetaCoercer(const GoTypes& types, const CoerceMeta& options)
        : types_(types), options_(options) {}

    // The changed value; nothing if it is as it should be. `error` is set for the first mistake.
    std::optional<Value> coerce(const Value& value, const Schema* schema, bool is_object,
                                const Place& place) {
        if (error || place.depth > object_depth_max || (schema == nullptr && !is_object)) {
            return std::nullopt;
        }
        std::optional<Value> out;
        const auto changed = [&]() -> Value& {
            if (!out) {
                out = value;
            }
            return *out;
        };
        if (value.is_map()) {
            is_object = is_object || schema->embedded_resource;
            for (const Member& member : value.members()) {
                if (is_object && coerce_own(member, place, changed)) {
                    continue;
                }
                const Schema* next =
                    schema == nullptr ? nullptr : schema->find_member(member.name());
                const bool is_key = schema != nullptr && next == schema->additional_properties;
                if (auto inner =
                        coerce(member.value, next, false,
                               is_key ? place.key(member.name()) : place.member(member.name()))) {
                    changed().set(member.name(), std::move(*inner));
                }
            }
        } else if (value.is_list() && schema != nullptr) {
            for (size_t i = 0; i < value.size(); ++i) {
                if (auto inner = coerce(value.at(i), schema->items, false, place.item(i))) {
                    changed().mutable_item(i) = std::move(*inner);
                }
            }
        }
        return out;
    }

    std::optional<FieldError> error;

private:
    // True if the member was one of an object's own.
    template <typename Changed>
    bool coerce_own(const Member& member, const Place& place, const Changed& changed) {
        if (member.name() == "apiVersion" || member.name() == "kind") {
            if (!member.value.is_string()) {
                if (options_.drop_invalid) {
                    changed().erase(member.name());
                } else {
                    fail(place.member(member.name()), member.value, "must be a string");
                }
            }
            return true;
        }
        if (member.name() != "metadata") {
            return false;
        }
        std::vector<std::string> names;
        Result<Value> meta = read_meta(types_, member.value, options_.drop_invalid,
                                       options_.unknown == nullptr ? nullptr : &names);
        if (!meta) {
            if (!options_.drop_invalid) {
                fail(place.member("metadata"), member.value, meta.error().message());
            }
            return true;
        }
        for (const std::string& name : names) {
            if (options_.unknown->size() < field_errors_max) {
                options_.unknown->push_back(path_child(place.text(), name));
            }
        }
        if (*meta != member.value) {
            changed().set("metadata", std::move(*meta));
        }
        return true;
    }

    void fail(const Place& place, const Value& value, std::string_view what) {
        if (!error) {
            error = field_invalid(place.text(), in_order(value), std::string(what));
        }
    }

    const GoTypes& types_;
    const CoerceMeta& options_;
};

class MetaChecker {
public:
    MetaChecker(const GoTypes& types, const MetaValidator& validate_meta)
        : types_(types), validate_meta_(validate_meta) {}

    void check(const Value& value, const Schema* schema, bool is_object, const Place& place) {
        if (place.depth > object_depth_max || (schema == nullptr && !is_object) ||
            errors.size() >= field_errors_max) {
            return;
        }
        if (value.is_map()) {
            if (is_object || schema->embedded_resource) {
                check_object(value, place);
            }
            for (const Member& member : value.members()) {
                const Schema* next =
                    schema == nullptr ? nullptr : schema->find_property(member.name());
                if (next != nullptr) {
                    check(member.value, next, false, place.member(member.name()));
                } else if (schema != nullptr && schema->additional_properties != nullptr) {
                    check(member.value, schema->additional_properties, false,
                          place.key(member.name()));
                }
            }
        } else if (value.is_list() && schema != nullptr) {
            for (size_t i = 0; i < value.size(); ++i) {
                check(value.at(i), schema->items, false, place.item(i));
            }
        }
    }

    FieldErrors errors;

private:
    void check_object(const Value& object, const Place& place) {
        for (const std::string_view name : {"apiVersion", "kind"}) {
            if (!object.contains(name)) {
                errors.push_back(field_required(place.member(name).text()));
            }
        }
        for (const Member& member : object.members()) {
            const std::string path = place.member(member.name()).text();
            if (member.name() == "apiVersion") {
                check_api_version(member.value, path);
            } else if (member.name() == "kind") {
                check_kind(member.value, path);
            } else if (member.name() == "metadata") {
                check_meta(member.value, path);
            }
        }
    }

    bool check_text(const Value& value, const std::string& path) {
        if (!value.is_string()) {
            errors.push_back(field_invalid(path, value, "must be a string"));
            return false;
        }
        if (value.empty()) {
            errors.push_back(field_invalid(path, value, "must not be empty"));
            return false;
        }
        return true;
    }

    void check_api_version(const Value& value, const std::string& path) {
        if (check_text(value, path)) {
            if (const auto version = parse_api_version(value.as_string()); !version) {
                errors.push_back(field_invalid(path, value, version.error().message()));
            }
        }
    }

    void check_kind(const Value& value, const std::string& path) {
        if (!check_text(value, path)) {
            return;
        }
        const std::vector<std::string> problems = check_dns1035_label(to_lower(value.as_string()));
        if (!problems.empty()) {
            errors.push_back(field_invalid(
                path, value,
                cat("may have mixed case, but should otherwise match: ", join(problems, ","))));
        }
    }

    void check_meta(const Value& value, const std::string& path) {
        Result<Value> meta = read_meta(types_, value, false, nullptr);
        if (!meta) {
            errors.push_back(field_invalid(path, in_order(value), meta.error().message()));
            return;
        }
        if (validate_meta_) {
            if (meta->string_at("name").empty()) {
                meta->set("name", Value("fakename"));  // An embedded object needs no name.
            }
            for (FieldError& error : validate_meta_(*meta, path)) {
                errors.push_back(std::move(error));
            }
        }
    }

    const GoTypes& types_;
    const MetaValidator& validate_meta_;
};

}  // namespace

std::optional<FieldError> coerce_object_meta(const GoTypes& types, Value& value,
                                             const Schema* schema, const CoerceMeta& options) {
    MetaCoercer coercer(types, options);
    auto changed = coercer.coerce(value, schema, options.is_resource_root, Place());
    if (options.unknown != nullptr) {
        std::ranges::sort(*options.unknown);
    }
    if (coercer.error) {
        return std::move(coercer.error);
    }
    if (changed) {
        value = std::move(*changed);
    }
    return std::nullopt;
}

Result<std::optional<Value>> read_object_meta(const GoTypes& types, const Value& object,
                                              bool drop_malformed,
                                              std::vector<std::string>* unknown) {
    const Value* metadata = object.find("metadata");
    if (metadata == nullptr) {
        return std::optional<Value>();
    }
    return std::optional(TRY(read_meta(types, *metadata, drop_malformed, unknown)));
}

FieldErrors validate_object_meta(const GoTypes& types, const Value& value, const Schema* schema,
                                 bool is_resource_root, const MetaValidator& validate_meta) {
    MetaChecker checker(types, validate_meta);
    checker.check(value, schema, is_resource_root, Place());
    return std::move(checker.errors);
}

FieldErrors validate_meta_names(const Value& metadata, const std::string& path) {
    FieldErrors errors;
    const auto report = [&](std::string_view member, const Value& value,
                            const std::vector<std::string>& problems) {
        for (const std::string& problem : problems) {
            errors.push_back(field_invalid(path_child(path, member), value, problem));
        }
    };
    const std::string_view name = metadata.string_at("name");
    report("name", Value(name), check_path_segment_name(name));
    if (const auto space = metadata.string_at("namespace"); !space.empty()) {
        report("namespace", Value(space), check_dns1123_label(space));
    }
    if (const Value* labels = metadata.find("labels")) {
        for (const Member& label : labels->members()) {
            report("labels", Value(label.name()), check_qualified_name(label.name()));
            if (label.value.is_string()) {
                report("labels", label.value, check_label_value(label.value.as_string()));
            }
        }
    }
    if (const Value* annotations = metadata.find("annotations")) {
        size_t bytes = 0;
        for (const Member& annotation : annotations->members()) {
            report("annotations", Value(annotation.name()),
                   check_qualified_name(to_lower(annotation.name())));
            bytes += annotation.name().size() + annotation.value.size();
        }
        if (bytes > annotation_bytes_max) {
            errors.push_back(field_too_long(path_child(path, "annotations"),
                                            static_cast<int64_t>(annotation_bytes_max)));
        }
    }
    return errors;
}

}  // namespace weft::schema
