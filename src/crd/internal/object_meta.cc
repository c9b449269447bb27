// crd/internal/object_meta.cc: checking metadata.

#include "crd/internal/object_meta.h"

#include <algorithm>

#include "base/base.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "schema/object_meta.h"

namespace weft::crd::internal {

using schema::FieldErrors;

namespace {

// A part of a URL.
std::vector<std::string> check_path_segment(std::string_view text) {
    if (text == "." || text == "..") {
        return {cat("may not be '", text, "'")};
    }
    std::vector<std::string> out;
    for (const char c : {'/', '%'}) {
        if (text.contains(c)) {
            out.push_back(cat("may not contain '", c, "'"));
        }
    }
    return out;
}

void check_label_keys(const Value* map, const std::string& path, bool are_labels,
                      FieldErrors& out) {
    if (map == nullptr) {
        return;
    }
    size_t bytes = 0;
    for (const Member& member : map->members()) {
        const std::string key = are_labels ? std::string(member.name()) : to_lower(member.name());
        for (std::string& problem : check_qualified_name(key)) {
            out.push_back(schema::field_invalid(path, Value(member.name()), std::move(problem)));
        }
        const std::string_view text =
            member.value.is_string() ? member.value.as_string() : std::string_view();
        bytes += member.name().size() + text.size();
        if (are_labels) {
            for (std::string& problem : check_label_value(text)) {
                out.push_back(schema::field_invalid(path, Value(text), std::move(problem)));
            }
        }
    }
    if (!are_labels && bytes > annotation_bytes_max) {
        out.push_back(schema::field_too_long(path, static_cast<int64_t>(annotation_bytes_max)));
    }
}

}  // namespace

FieldErrors validate_meta(const Value& meta, const std::string& path) {
    FieldErrors out;
    const std::string_view name = meta.string_at("name");
    const std::string_view prefix = meta.string_at("generateName");
    if (!prefix.empty()) {
        for (std::string& problem : check_path_segment(prefix)) {
            out.push_back(schema::field_invalid(schema::path_child(path, "generateName"),
                                                Value(prefix), std::move(problem)));
        }
    }
    for (std::string& problem : check_path_segment(name)) {
        out.push_back(schema::field_invalid(schema::path_child(path, "name"), Value(name),
                                            std::move(problem)));
    }
    if (const std::string_view space = meta.string_at("namespace"); !space.empty()) {
        for (std::string& problem : check_dns1123_label(space)) {
            out.push_back(schema::field_invalid(schema::path_child(path, "namespace"), Value(space),
                                                std::move(problem)));
        }
    }
    if (meta.int_at(0, "generation") < 0) {
        out.push_back(schema::field_invalid(schema::path_child(path, "generation"),
                                            *meta.find("generation"),
                                            "must be greater than or equal to 0"));
    }
    check_label_keys(meta.find("labels"), schema::path_child(path, "labels"), true, out);
    check_label_keys(meta.find("annotations"), schema::path_child(path, "annotations"), false, out);
    if (const Value* owners = meta.find("ownerReferences")) {
        const std::string place = schema::path_child(path, "ownerReferences");
        for (const Value& owner : owners->items()) {
            for (const std::string_view member : {"apiVersion", "kind", "name", "uid"}) {
                if (owner.string_at(member).empty()) {
                    out.push_back(schema::field_invalid(
                        schema::path_child(place, member),
                        member == "apiVersion" ? Value(owner.string_at(member)) : Value(""),
                        member == "apiVersion" ? "version must not be empty"
                                               : "must not be empty"));
                }
            }
        }
    }
    if (const Value* finalizers = meta.find("finalizers")) {
        const std::string place = schema::path_child(path, "finalizers");
        for (const Value& finalizer : finalizers->items()) {
            if (finalizer.is_string()) {
                for (std::string& problem : check_qualified_name(finalizer.as_string())) {
                    out.push_back(schema::field_invalid(place, finalizer, std::move(problem)));
                }
            }
        }
    }
    return out;
}

const schema::GoTypes& go_types() {
    static const schema::GoTypes types(&schema::Builtin::get());
    return types;
}

FieldErrors validate_embedded(const Value& value, const schema::Schema* schema, bool is_root) {
    return schema::validate_object_meta(go_types(), value, schema, is_root, validate_meta);
}

}  // namespace weft::crd::internal
