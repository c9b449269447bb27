// crd/definition.cc: defaults and strategy of definitions.

#include "crd/definition.h"

#include <algorithm>
#include <set>

#include "crd/internal/internal_form.h"
#include "crd/internal/structural.h"
#include "crd/internal/validate_definition.h"
#include "crd/internal/validate_schema.h"
#include "schema/validate.h"

namespace weft::crd {

namespace {

using internal::get;
using internal::is_set;
using internal::items_of;

constexpr int64_t https_port = 443;

// The members of a map in the order that Go's struct has; others stay behind them.
void reorder(Value& map, std::span<const std::string_view> order) {
    Value out = Value::map_with_capacity(map.size());
    for (const std::string_view key : order) {
        if (const Value* found = map.find(key)) {
            out.append_new(key, *found);
        }
    }
    for (const Member& member : map.members()) {
        if (!out.contains(member.name())) {
            out.append_new(member.name(), member.value);
        }
    }
    map = std::move(out);
}

void default_names(Value& spec) {
    const Value* found = get(spec, "names");
    if (found == nullptr || !found->is_map()) {
        return;
    }
    const std::string kind(found->string_at("kind"));
    Value names = *found;
    if (names.string_at("singular").empty()) {
        names.set("singular", Value(to_lower(kind)));
    }
    if (names.string_at("listKind").empty() && !kind.empty()) {
        names.set("listKind", Value(cat(kind, "List")));
    }
    if (names.string_at("singular").empty()) {
        names.erase("singular");
    }
    constexpr std::string_view order[] = {"plural", "singular", "shortNames",
                                          "kind",   "listKind", "categories"};
    reorder(names, order);
    spec.set("names", std::move(names));
}

void default_conversion(Value& spec) {
    const Value* conversion = get(spec, "conversion");
    if (conversion == nullptr) {
        spec.set("conversion", Value::map_of({{"strategy", Value("None")}}));
        return;
    }
    const Value* service = conversion->find("webhook", "clientConfig", "service");
    if (service != nullptr && service->is_map() && get(*service, "port") == nullptr) {
        spec.mutable_member("conversion")
            .mutable_member("webhook")
            .mutable_member("clientConfig")
            .mutable_member("service")
            .set("port", Value(https_port));
    }
}

std::optional<std::string_view> storage_version(const Value& definition) {
    const Value* spec = get(definition, "spec");
    for (const Value& version :
         spec == nullptr ? std::span<const Value>() : items_of(*spec, "versions")) {
        if (is_set(version, "storage")) {
            return version.string_at("name");
        }
    }
    return std::nullopt;
}

// Adds the version that is stored from now on to those that were.
void add_stored_version(Value& definition) {
    const std::optional<std::string_view> version = storage_version(definition);
    if (!version) {
        return;
    }
    const Value* stored = definition.find("status", "storedVersions");
    const auto items = stored == nullptr ? std::span<const Value>() : stored->items();
    if (std::ranges::find(items, Value(*version)) == items.end()) {
        Value& list = definition.mutable_member("status").mutable_member("storedVersions");
        list = list.is_list() ? list : Value::list();
        list.push_back(Value(*version));
    }
}

Value empty_names() {
    return Value::map_of({{"plural", Value("")}, {"kind", Value("")}});
}

bool is_same_spec(const Value& a, const Value& b) {
    const Value* first = a.find("spec");
    const Value* second = b.find("spec");
    return first != nullptr && second != nullptr && *first == *second;
}

}  // namespace

void apply_defaults(Value& definition) {
    const Value* found = get(definition, "spec");
    if (found == nullptr || !found->is_map()) {
        return;
    }
    Value spec = *found;
    default_names(spec);
    default_conversion(spec);
    constexpr std::string_view order[] = {"group",    "names",      "scope",
                                          "versions", "conversion", "preserveUnknownFields"};
    reorder(spec, order);
    definition.set("spec", std::move(spec));
}

void prepare_create(Value& definition) {
    definition.mutable_member("metadata").set("generation", Value(1));
    definition.set("status", Value::map_of({{"conditions", Value()},
                                            {"acceptedNames", empty_names()},
                                            {"storedVersions", Value()}}));
    add_stored_version(definition);
    internal::clean_defaults(definition);
}

void prepare_update(Value& definition, const Value& old_definition) {
    if (const Value* status = old_definition.find("status")) {
        definition.set("status", *status);
    } else {
        definition.erase("status");
    }
    const int64_t generation = old_definition.int_at(0, "metadata", "generation");
    const bool is_same = is_same_spec(definition, old_definition);
    definition.mutable_member("metadata").set("generation", Value(generation + (is_same ? 0 : 1)));
    add_stored_version(definition);
    internal::clean_defaults(definition);
}

void prepare_status_update(Value& definition, const Value& old_definition) {
    if (const Value* spec = old_definition.find("spec")) {
        definition.set("spec", *spec);
    }
}

FieldErrors validate_create(const Value& definition) {
    return internal::validate_definition(internal::to_internal(definition));
}

FieldErrors validate_update(const Value& definition, const Value& old_definition) {
    return internal::validate_definition_update(internal::to_internal(definition),
                                                internal::to_internal(old_definition));
}

FieldErrors validate_status_update(const Value& definition, const Value& /*old_definition*/) {
    return internal::validate_definition_status(internal::to_internal(definition));
}

namespace {

// The formats that nobody looks at, in the order of the schemas.
std::vector<std::string> unknown_formats(const Value& definition) {
    std::vector<std::string> found;
    const Value* spec = get(definition, "spec");
    for (const Value& version :
         spec == nullptr ? std::span<const Value>() : items_of(*spec, "versions")) {
        const Value* schema = version.find("schema", "openAPIV3Schema");
        if (schema == nullptr) {
            continue;
        }
        internal::any_schema(*schema, [&found](const Value& node) {
            const std::string_view format = node.string_at("format");
            if (!format.empty() && !schema::is_known_format(node.string_at("type"), format) &&
                std::ranges::find(found, format) == found.end()) {
                found.emplace_back(format);
            }
            return false;
        });
    }
    return found;
}

}  // namespace

std::vector<std::string> warnings(const Value& definition, const Value* old_definition) {
    std::vector<std::string> before;
    if (old_definition != nullptr) {
        before = unknown_formats(*old_definition);
    }
    std::vector<std::string> out;
    for (const std::string& format : unknown_formats(definition)) {
        if (std::ranges::find(before, format) == before.end()) {
            out.push_back(cat("unrecognized format ", quote(format)));
        }
    }
    return out;
}

}  // namespace weft::crd
