// crd/internal/validate_definition.cc: names, versions, and everything of a version but its schema.

#include "crd/internal/validate_definition.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/base.h"
#include "crd/definition.h"
#include "crd/internal/approval.h"
#include "crd/internal/errors.h"
#include "crd/internal/field_path.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/structural.h"
#include "crd/internal/validate_conversion.h"
#include "crd/internal/validate_schema.h"
#include "crd/limits.h"
#include "crd/status.h"
#include "object/names.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;
using schema::path_key;

namespace {

// What upstream is lenient about on updates: what the old definition was wrong in already.
struct Options {
    SchemaOptions schema;
    ConversionOptions conversion;
    bool require_schema = true;
    bool require_immutable_names = false;
    std::set<std::string, std::less<>> unchanged_versions;
    std::set<std::string, std::less<>> many_fields_allowed;  // "" for the top
};

bool has_status(const Value* subresources) {
    return subresources != nullptr && get(*subresources, "status") != nullptr;
}

bool any_version_has(const Value& spec, std::string_view name) {
    const auto versions = items_of(spec, "versions");
    return std::ranges::any_of(versions, [name](const Value& version) {
        const Value* found = get(version, name);
        return found != nullptr && !(found->is_list() && found->empty());
    });
}

bool all_versions_have_same(const Value& spec, std::string_view name) {
    const auto versions = items_of(spec, "versions");
    if (versions.empty()) {
        return false;
    }
    const Value* first = get(versions[0], name);
    return std::ranges::all_of(versions, [&](const Value& version) {
        const Value* found = get(version, name);
        return found != nullptr && !(found->is_list() && found->empty()) && first != nullptr &&
               *found == *first;
    });
}

void check_names(const Value& names, const std::string& path, FieldErrors& out) {
    const auto check = [&](std::string_view key, bool mixed_case) {
        const std::string_view text = names.string_at(key);
        if (text.empty()) {
            return;
        }
        const auto problems = check_dns1035_label(mixed_case ? to_lower(text) : std::string(text));
        if (!problems.empty()) {
            out.push_back(field_invalid(
                path_child(path, key), Value(text),
                cat(mixed_case ? "may have mixed case, but should otherwise match: " : "",
                    join(problems, ","))));
        }
    };
    const auto check_list = [&](std::string_view key) {
        size_t i = 0;
        for (const Value& item : items_of(names, key)) {
            const auto problems = check_dns1035_label(item.is_string() ? item.as_string() : "");
            if (!problems.empty()) {
                out.push_back(
                    field_invalid(path_index(path_child(path, key), i), item, join(problems, ",")));
            }
            ++i;
        }
    };
    check("plural", false);
    check("singular", false);
    check("kind", true);
    check("listKind", true);
    check_list("shortNames");
    const std::string_view kind = names.string_at("kind");
    if (!kind.empty() && kind == names.string_at("listKind")) {
        out.push_back(field_invalid(path_child(path, "listKind"), Value(kind),
                                    "kind and listKind may not be the same"));
    }
    check_list("categories");
}

void check_simple_path(std::string_view text, const std::string& path, FieldErrors& out) {
    if (text.front() != '.') {
        out.push_back(
            field_invalid(path, Value(text), "must be a simple json path starting with ."));
    }
}

void check_subresources(const Value* subresources, const std::string& path, FieldErrors& out) {
    const Value* scale = subresources == nullptr ? nullptr : get(*subresources, "scale");
    if (scale == nullptr) {
        return;
    }
    const auto check = [&](std::string_view key, std::string_view prefix, std::string_view name) {
        const std::string place = cat(path, ".scale.", key);
        const std::string_view text = scale->string_at(key);
        if (text.empty()) {
            out.push_back(field_required(place));
        } else if (text.front() != '.') {
            check_simple_path(text, place, out);
        } else if (!text.starts_with(prefix)) {
            out.push_back(
                field_invalid(place, Value(text), cat("should be a json path under ", name)));
        }
    };
    check("specReplicasPath", ".spec.", ".spec");
    check("statusReplicasPath", ".status.", ".status");
    if (const std::string_view text = scale->string_at("labelSelectorPath"); !text.empty()) {
        const std::string place = cat(path, ".scale.labelSelectorPath");
        if (text.front() != '.') {
            check_simple_path(text, place, out);
        } else if (!text.starts_with(".spec.") && !text.starts_with(".status.")) {
            out.push_back(field_invalid(place, Value(text),
                                        "should be a json path under either .spec or .status"));
        }
    }
}

void check_column(const Value& column, const std::string& path, FieldErrors& out) {
    static const std::set<std::string_view> types{"boolean", "date", "integer", "number", "string"};
    static const std::set<std::string_view> formats{"byte",  "date",  "date-time", "double",
                                                    "float", "int32", "int64",     "password"};
    constexpr std::string_view types_text = "must be one of boolean,date,integer,number,string";
    if (column.string_at("name").empty()) {
        out.push_back(field_required(path_child(path, "name")));
    }
    const std::string_view type = column.string_at("type");
    if (type.empty()) {
        out.push_back(field_required(path_child(path, "type"), std::string(types_text)));
    } else if (!types.contains(type)) {
        out.push_back(
            field_invalid(path_child(path, "type"), Value(type), std::string(types_text)));
    }
    const std::string_view format = column.string_at("format");
    if (!format.empty() && !formats.contains(format)) {
        out.push_back(
            field_invalid(path_child(path, "format"), Value(format),
                          "must be one of byte,date,date-time,double,float,int32,int64,password"));
    }
    const std::string place = path_child(path, "JSONPath");
    std::string_view json_path = column.string_at("jsonPath");
    json_path = json_path.empty() ? column.string_at("JSONPath") : json_path;
    if (json_path.empty()) {
        out.push_back(field_required(place));
    } else {
        check_simple_path(json_path, place, out);
    }
}

void check_columns(const Value& owner, const std::string& path, FieldErrors& out) {
    size_t i = 0;
    for (const Value& column : items_of(owner, "additionalPrinterColumns")) {
        check_column(column, path_index(path_child(path, "additionalPrinterColumns"), i++), out);
    }
}

void check_selectable(const Value& owner, const Value& schema, const std::string& path,
                      bool many_allowed, FieldErrors& out) {
    std::set<std::string> seen;
    size_t i = 0;
    for (const Value& field : items_of(owner, "selectableFields")) {
        const std::string place = path_child(path_index(path, i++), "jsonPath");
        std::string_view text = field.string_at("jsonPath");
        text = text.empty() ? field.string_at("JSONPath") : text;
        if (text.empty()) {
            out.push_back(field_required(place));
            continue;
        }
        const auto found = find_field_path(text, schema, false);
        if (!found) {
            out.push_back(field_invalid(place, Value(text),
                                        cat("is an invalid path: ", found.error().message())));
            continue;
        }
        if (found->first == "metadata") {
            out.push_back(
                field_invalid(place, Value(text), "must not point to fields in metadata"));
        }
        const std::string_view type =
            found->node == nullptr ? std::string_view() : found->node->string_at("type");
        if (type != "string" && type != "boolean" && type != "integer") {
            out.push_back(field_invalid(
                place, Value(text),
                "must point to a field of type string, boolean or integer. Enum string fields "
                "and strings with formats are allowed."));
        }
        if (!seen.insert(found->text).second) {
            out.push_back(schema::field_duplicate(place, Value(text)));
        }
    }
    if (seen.size() > selectable_fields_max && !many_allowed) {
        out.push_back(schema::field_too_many(path, static_cast<int64_t>(seen.size()),
                                             static_cast<int64_t>(selectable_fields_max)));
    }
}

SchemaOptions options_for(const Options& options, std::string_view version) {
    SchemaOptions out = options.schema;
    out.suppress_rule_cost = options.unchanged_versions.contains(version);
    return out;
}

void check_version(const Value& version, bool status_enabled, const Options& options,
                   const std::string& path, FieldErrors& out) {
    const Value* warning = get(version, "deprecationWarning");
    for (std::string& problem : check_deprecation_warning(is_set(version, "deprecated"), warning)) {
        out.push_back(
            field_invalid(path_child(path, "deprecationWarning"), *warning, std::move(problem)));
    }
    add_errors(out, validate_validation(get(version, "schema"), status_enabled,
                                        options_for(options, version.string_at("name")),
                                        path_child(path, "schema")));
    check_subresources(get(version, "subresources"), path_child(path, "subresources"), out);
    check_columns(version, path, out);
    if (!items_of(version, "selectableFields").empty()) {
        const std::string place = path_child(path, "selectableFields");
        const Value* schema = version.find("schema", "openAPIV3Schema");
        if (schema == nullptr || schema->is_null()) {
            out.push_back(field_invalid(
                place, Value(""),
                "may only be set when `version.schema.openAPIV3Schema` is not included"));
        } else {
            check_selectable(version, *schema, place,
                             options.many_fields_allowed.contains(version.string_at("name")), out);
        }
    }
}

void check_schemas_exist(const Value& spec, const Options& options, FieldErrors& out) {
    const Value* top = spec.find("validation", "openAPIV3Schema");
    if (top != nullptr && !top->is_null()) {
        return;
    }
    size_t i = 0;
    for (const Value& version : items_of(spec, "versions")) {
        const std::string place = cat("spec.versions[", i++, "].schema.openAPIV3Schema");
        const Value* schema = version.find("schema", "openAPIV3Schema");
        if (schema != nullptr && !schema->is_null()) {
            continue;
        }
        if (options.require_schema) {
            out.push_back(field_required(place));
        } else if (is_set(version, "served") && !is_set(spec, "preserveUnknownFields")) {
            out.push_back(field_required(place, "because otherwise all fields are pruned"));
        }
    }
}

template <typename Predicate>
bool any_schema_of(const Value& spec, const Predicate& predicate) {
    if (const Value* top = spec.find("validation", "openAPIV3Schema");
        top != nullptr && any_schema(*top, predicate)) {
        return true;
    }
    return std::ranges::any_of(items_of(spec, "versions"), [&](const Value& version) {
        const Value* schema = version.find("schema", "openAPIV3Schema");
        return schema != nullptr && any_schema(*schema, predicate);
    });
}

bool has_default(const Value& schema) {
    return get(schema, "default") != nullptr;
}

bool has_kubernetes_extension(const Value& schema) {
    return is_set(schema, "x-kubernetes-embedded-resource") ||
           get(schema, "x-kubernetes-preserve-unknown-fields") != nullptr ||
           is_set(schema, "x-kubernetes-int-or-string") ||
           !items_of(schema, "x-kubernetes-list-map-keys").empty() ||
           get(schema, "x-kubernetes-list-type") != nullptr ||
           !items_of(schema, "x-kubernetes-validations").empty();
}

void check_exclusive(const Value& spec, FieldErrors& out) {
    const auto exclusive = [&](std::string_view top, std::string_view name, std::string_view what) {
        const Value* found = get(spec, top);
        if (found != nullptr && !(found->is_list() && found->empty()) &&
            any_version_has(spec, name)) {
            out.push_back(field_forbidden(
                path_child("spec", top),
                cat("top-level and per-version ", what, " are mutually exclusive")));
        }
    };
    exclusive("validation", "schema", "schemas");
    exclusive("subresources", "subresources", "subresources");
    exclusive("additionalPrinterColumns", "additionalPrinterColumns", "additionalPrinterColumns");
    const auto identical = [&](std::string_view name, std::string_view what, std::string_view top) {
        if (all_versions_have_same(spec, name)) {
            out.push_back(field_invalid(
                "spec.versions", versions_as_go(spec),
                cat("per-version ", what, " may not all be set to identical values (top-level ",
                    top, " should be used instead)")));
        }
    };
    identical("schema", "schemas", "validation");
    identical("subresources", "subresources", "subresources");
    identical("additionalPrinterColumns", "additionalPrinterColumns", "additionalPrinterColumns");
}

void check_group_and_scope(const Value& spec, FieldErrors& out) {
    const std::string_view group = spec.string_at("group");
    if (group.empty()) {
        out.push_back(field_required("spec.group"));
    } else if (const auto problems = check_dns1123_subdomain(group); !problems.empty()) {
        out.push_back(field_invalid("spec.group", Value(group), join(problems, ",")));
    } else if (!group.contains('.')) {
        out.push_back(
            field_invalid("spec.group", Value(group), "should be a domain with at least one dot"));
    }
    const std::string_view scope = spec.string_at("scope");
    if (scope.empty()) {
        out.push_back(field_required("spec.scope"));
    } else if (scope != "Cluster" && scope != "Namespaced") {
        out.push_back(
            schema::field_not_supported("spec.scope", Value(scope), {"Cluster", "Namespaced"}));
    }
}

void check_versions(const Value& spec, const Options& options, FieldErrors& out) {
    size_t stored = 0;
    size_t i = 0;
    std::set<std::string_view> names;
    bool are_unique = true;
    for (const Value& version : items_of(spec, "versions")) {
        const std::string path = path_index("spec.versions", i++);
        stored += is_set(version, "storage") ? 1 : 0;
        const std::string_view name = version.string_at("name");
        are_unique = names.insert(name).second && are_unique;
        if (const auto problems = check_dns1035_label(name); !problems.empty()) {
            out.push_back(
                field_invalid(path_child(path, "name"), Value(name), join(problems, ",")));
        }
        const Value* subresources = any_version_has(spec, "subresources")
                                        ? get(version, "subresources")
                                        : get(spec, "subresources");
        check_version(version, has_status(subresources), options, path, out);
    }
    check_exclusive(spec, out);
    if (!are_unique) {
        out.push_back(field_invalid("spec.versions", versions_as_go(spec),
                                    "must contain unique version names"));
    }
    if (stored != 1) {
        out.push_back(field_invalid("spec.versions", versions_as_go(spec),
                                    "must have exactly one version marked as storage version"));
    }
    if (const std::string_view first = spec.string_at("version"); !first.empty()) {
        if (const auto problems = check_dns1035_label(first); !problems.empty()) {
            out.push_back(field_invalid("spec.version", Value(first), join(problems, ",")));
        }
        const auto versions = items_of(spec, "versions");
        if (!versions.empty() && versions[0].string_at("name") != first) {
            out.push_back(field_invalid("spec.version", Value(first),
                                        "must match the first version in spec.versions"));
        }
    }
}

void check_spec(const Value& spec, Options options, FieldErrors& out) {
    check_group_and_scope(spec, out);
    const bool preserves = is_set(spec, "preserveUnknownFields");
    const bool preserves_or_unset = preserves || get(spec, "preserveUnknownFields") == nullptr;
    // Upstream takes an absent preserveUnknownFields for false here and for true below.
    options.schema.require_structural = options.schema.require_structural || !preserves;
    check_schemas_exist(spec, options, out);
    if (any_schema_of(spec, has_default)) {
        options.schema.require_structural = true;
        if (preserves_or_unset) {
            out.push_back(field_invalid("spec.preserveUnknownFields", Value(true),
                                        "must be false in order to use defaults in the schema"));
        }
    }
    options.schema.require_structural =
        options.schema.require_structural || any_schema_of(spec, has_kubernetes_extension);

    check_versions(spec, options, out);

    const Value* found = get(spec, "names");
    const Value names = found == nullptr ? Value::map() : *found;
    for (const std::string_view key : {"plural", "singular", "kind", "listKind"}) {
        if (names.string_at(key).empty()) {
            out.push_back(field_required(path_child("spec.names", key)));
        }
    }
    check_names(names, "spec.names", out);
    const auto versions = items_of(spec, "versions");
    const bool any_status = has_status(get(spec, "subresources")) ||
                            std::ranges::any_of(versions, [](const Value& version) {
                                return has_status(get(version, "subresources"));
                            });
    add_errors(out, validate_validation(get(spec, "validation"), any_status,
                                        options_for(options, spec.string_at("version")),
                                        "spec.validation"));
    check_subresources(get(spec, "subresources"), "spec.subresources", out);
    check_columns(spec, "spec", out);
    if (!items_of(spec, "selectableFields").empty()) {
        const Value* schema = spec.find("validation", "openAPIV3Schema");
        if (schema == nullptr || schema->is_null()) {
            out.push_back(field_invalid("spec.selectableFields", Value(""),
                                        "may only be set when validations.schema is included"));
        } else {
            check_selectable(spec, *schema, "spec.selectableFields",
                             options.many_fields_allowed.contains(""), out);
        }
    }
    const Value* conversion = get(spec, "conversion");
    if (conversion != nullptr && conversion->string_at("strategy") != "None" &&
        preserves_or_unset) {
        out.push_back(field_invalid("spec.conversion.strategy",
                                    Value(conversion->string_at("strategy")),
                                    "must be None if spec.preserveUnknownFields is true"));
    }
    add_errors(out, validate_conversion(conversion, options.conversion, "spec.conversion"));
}

void check_name(const Value& definition, const Value& spec, FieldErrors& out) {
    const std::string wanted = cat(spec.string_at("names", "plural"), ".", spec.string_at("group"));
    const std::string_view name = definition.string_at("metadata", "name");
    if (name != wanted && !name.empty()) {
        out.push_back(field_invalid("metadata.name", Value(name),
                                    "must be spec.names.plural+\".\"+spec.group"));
    }
}

void check_approval(const Value& definition, const Value* old_definition, FieldErrors& out) {
    if (!is_protected_group(definition.string_at("spec", "group"))) {
        return;
    }
    const auto [approval, message] = approval_of(definition.find("metadata", "annotations"));
    if (old_definition != nullptr &&
        approval_of(old_definition->find("metadata", "annotations")).approval == approval) {
        return;
    }
    const std::string path = path_key("metadata.annotations", approval_annotation);
    if (approval == Approval::missing) {
        out.push_back(field_required(path, message));
    } else if (approval == Approval::invalid) {
        out.push_back(field_invalid(
            path, Value(definition.string_at("metadata", "annotations", approval_annotation)),
            message));
    }
}

void check_preserve(const Value& spec, const Value* old_spec, FieldErrors& out) {
    if (old_spec != nullptr && is_set(*old_spec, "preserveUnknownFields")) {
        return;
    }
    if (is_set(spec, "preserveUnknownFields")) {
        out.push_back(
            field_invalid("spec.preserveUnknownFields", Value(true),
                          "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                          "spec.versions[*].schema instead"));
    }
}

const Value& spec_of(const Value& definition) {
    static const Value nothing = Value::map();
    const Value* spec = get(definition, "spec");
    return spec == nullptr ? nothing : *spec;
}

bool has_unpruned_default(const Value& schema) {
    if (!any_schema(schema, has_default) || conversion_error(schema) ||
        !validate_structural(schema, "").empty()) {
        return false;
    }
    const auto read = read_schema(schema);
    if (!read) {
        return false;
    }
    const FieldErrors errors = validate_defaults(*read, true, true, "");
    return std::ranges::any_of(errors, [](const schema::FieldError& error) {
        return error.detail == "must not have unknown fields";
    });
}

Options options_for_update(const Value& definition, const Value& old_definition) {
    const Value& spec = spec_of(definition);
    const Value& old_spec = spec_of(old_definition);
    const auto old_has = [&](auto predicate) { return any_schema_of(old_spec, predicate); };
    Options options;
    options.require_immutable_names = is_established(old_definition);
    options.conversion = conversion_options_for_update(old_spec, is_established(old_definition));
    options.require_schema =
        std::ranges::all_of(items_of(old_spec, "versions"), [&](const Value& version) {
            return schema_of_version(old_spec, version.string_at("name")) != nullptr;
        });
    options.schema.require_valid_type = !old_has([](const Value& schema) {
        const std::string_view type = schema.string_at("type");
        return !type.empty() && !is_known_type(type);
    });
    options.schema.require_map_keys =
        !old_has([](const Value& schema) { return !validate_map_keys(schema, "").empty(); });
    const auto whole = [&](auto predicate) {
        bool found = false;
        const auto look = [&](const Value* schema) {
            found = found || (schema != nullptr && schema->is_map() && predicate(*schema));
        };
        look(old_spec.find("validation", "openAPIV3Schema"));
        for (const Value& version : items_of(old_spec, "versions")) {
            look(version.find("schema", "openAPIV3Schema"));
        }
        return found;
    };
    options.schema.require_atomic_set = !whole(has_non_atomic_set);
    options.schema.require_structural = !whole([](const Value& schema) {
        return conversion_error(schema) || !validate_structural(schema, "").empty();
    });
    options.schema.require_pruned_defaults = !whole(has_unpruned_default);
    for (const Value& version : items_of(spec, "versions")) {
        const std::string_view name = version.string_at("name");
        const auto old_versions = items_of(old_spec, "versions");
        const auto old = std::ranges::find(old_versions, name,
                                           [](const Value& v) { return v.string_at("name"); });
        if (old == old_versions.end()) {
            continue;
        }
        const Value* schema = schema_of_version(spec, name);
        const Value* old_schema = schema_of_version(old_spec, name);
        if ((schema == nullptr) == (old_schema == nullptr) &&
            (schema == nullptr || *schema == *old_schema)) {
            options.unchanged_versions.emplace(name);
        }
        const Value* fields = get(version, "selectableFields");
        const Value* old_fields = get(*old, "selectableFields");
        if (old_fields != nullptr && old_fields->size() > selectable_fields_max &&
            fields != nullptr && *fields == *old_fields) {
            options.many_fields_allowed.emplace(name);
        }
    }
    const Value* fields = get(spec, "selectableFields");
    const Value* old_fields = get(old_spec, "selectableFields");
    if (old_fields != nullptr && old_fields->size() > selectable_fields_max && fields != nullptr &&
        *fields == *old_fields) {
        options.many_fields_allowed.emplace("");
    }
    return options;
}

void check_immutable(const Value& spec, const Value& old_spec, bool are_names_immutable,
                     FieldErrors& out) {
    const auto check = [&out](const std::string& path, std::string_view now,
                              std::string_view before) {
        if (now != before) {
            out.push_back(field_invalid(path, Value(now), "field is immutable"));
        }
    };
    if (are_names_immutable) {
        check("spec.scope", spec.string_at("scope"), old_spec.string_at("scope"));
        check("spec.names.kind", spec.string_at("names", "kind"),
              old_spec.string_at("names", "kind"));
    }
    check("spec.group", spec.string_at("group"), old_spec.string_at("group"));
    check("spec.names.plural", spec.string_at("names", "plural"),
          old_spec.string_at("names", "plural"));
}

}  // namespace

std::vector<std::string> check_deprecation_warning(bool is_deprecated, const Value* warning) {
    if (warning == nullptr) {
        return {};
    }
    if (!is_deprecated) {
        return {"can only be set for deprecated versions"};
    }
    const std::string_view text = warning->is_string() ? warning->as_string() : "";
    std::vector<std::string> out;
    if (text.size() > deprecation_warning_bytes_max) {
        out.push_back(cat("must be <= ", deprecation_warning_bytes_max, " characters long"));
    }
    if (text.empty()) {
        out.emplace_back("must not be an empty string");
    }
    for (size_t at = 0; at < text.size();) {
        const size_t start = at;
        const char32_t c = next_code_point(text, at);
        const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
        const bool is_blank = c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) ||
                              (c >= 0x2028 && c <= 0x202F) || (c >= 0x205F && c <= 0x206F) ||
                              c == 0x3000 || c == 0xFEFF || c == 0xAD;
        if (is_control || is_blank) {
            out.push_back(
                cat("must only contain printable UTF-8 characters; non-printable "
                    "character found at index ",
                    start));
            break;
        }
    }
    if (!is_valid_utf8(text)) {
        out.emplace_back("must only contain printable UTF-8 characters");
    }
    return out;
}

FieldErrors validate_stored_versions(const Value* stored_versions, const Value& spec) {
    FieldErrors out;
    const std::string path = "status.storedVersions";
    if (stored_versions == nullptr || stored_versions->empty()) {
        out.push_back(field_invalid(path, stored_versions == nullptr ? Value() : *stored_versions,
                                    "must have at least one stored version"));
        return out;
    }
    std::map<std::string_view, size_t> missing;
    size_t i = 0;
    for (const Value& stored : stored_versions->items()) {
        missing[stored.is_string() ? stored.as_string() : ""] = i++;
    }
    for (const Value& version : items_of(spec, "versions")) {
        const std::string_view name = version.string_at("name");
        if (is_set(version, "storage") && !missing.contains(name)) {
            out.push_back(
                field_invalid(path, *stored_versions, cat("must have the storage version ", name)));
        }
        missing.erase(name);
    }
    for (const auto& [name, index] : missing) {
        out.push_back(field_invalid(
            path_index(path, index), Value(name),
            cat("missing from spec.versions; ", name,
                " was previously a storage version, and must remain in spec.versions until a "
                "storage migration ensures no data remains persisted in ",
                name, " and removes ", name, " from status.storedVersions")));
    }
    return out;
}

FieldErrors validate_definition_status(const Value& definition) {
    FieldErrors out;
    if (const Value* accepted = definition.find("status", "acceptedNames")) {
        check_names(*accepted, "status.acceptedNames", out);
    }
    return out;
}

FieldErrors validate_definition(const Value& definition) {
    FieldErrors out;
    const Value& spec = spec_of(definition);
    Options options;
    options.conversion.allow_invalid_bundle = true;
    check_name(definition, spec, out);
    check_spec(spec, options, out);
    add_errors(out, validate_definition_status(definition));
    const Value* stored = definition.find("status", "storedVersions");
    add_errors(out, validate_stored_versions(
                        stored == nullptr || stored->is_null() ? nullptr : stored, spec));
    check_approval(definition, nullptr, out);
    check_preserve(spec, nullptr, out);
    return out;
}

FieldErrors validate_definition_update(const Value& definition, const Value& old_definition) {
    FieldErrors out;
    const Value& spec = spec_of(definition);
    const Value& old_spec = spec_of(old_definition);
    const Options options = options_for_update(definition, old_definition);
    check_spec(spec, options, out);
    check_immutable(spec, old_spec, options.require_immutable_names, out);
    add_errors(out, validate_definition_status(definition));
    const Value* stored = definition.find("status", "storedVersions");
    add_errors(out, validate_stored_versions(
                        stored == nullptr || stored->is_null() ? nullptr : stored, spec));
    check_approval(definition, &old_definition, out);
    check_preserve(spec, &old_spec, out);
    return out;
}

}  // namespace weft::crd::internal
