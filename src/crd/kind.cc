// crd/kind.cc: what a Kind keeps, and the strategy of its objects.

#include "crd/kind.h"

#include <algorithm>

#include "base/hash.h"
#include "crd/internal/columns.h"
#include "crd/internal/errors.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/object_meta.h"
#include "crd/internal/rules.h"
#include "crd/internal/scale.h"
#include "object/json.h"
#include "object/names.h"
#include "schema/defaults.h"
#include "schema/list_type.h"
#include "schema/object_meta.h"
#include "schema/prune.h"
#include "schema/validate.h"

namespace weft::crd {

using schema::Schema;
using schema::SchemaPtr;

struct Kind::Rep {
    GroupVersionKind gvk;
    std::string plural;
    std::string list_kind;
    bool is_namespaced = false;
    bool has_status = false;
    bool preserves_unknown = false;  // spec.preserveUnknownFields
    bool has_embedded = false;       // the schema has embedded objects somewhere
    bool has_list_types = false;
    bool has_defaults = false;
    std::optional<ScalePaths> scale;
    std::optional<std::string> deprecation;
    SchemaPtr schema;
    std::vector<std::string> selectable;
    std::vector<schema::JsonPath> selectable_paths;
    internal::Columns columns{nullptr};
    uint64_t stamp = 0;
    std::string api_version;

    // Made when first needed.
    mutable std::optional<schema::Validator> validator;
    mutable std::optional<schema::Validator> status_validator;
    mutable std::optional<std::unique_ptr<const internal::Rules>> rules;

    [[nodiscard]] const schema::Validator& get_validator() const {
        if (!validator) {
            validator.emplace(schema);
        }
        return *validator;
    }
    void check_rules(const Value& object, const Value* old, FieldErrors& errors) const;
};

namespace {

struct Features {
    bool has_embedded = false;
    bool has_list_types = false;
    bool has_defaults = false;
};

void look_for_features(const Schema& schema, Features& found) {
    found.has_embedded = found.has_embedded || schema.embedded_resource;
    found.has_list_types = found.has_list_types || schema.list_type == schema::ListType::set ||
                           schema.list_type == schema::ListType::map;
    found.has_defaults = found.has_defaults || schema.default_value.has_value();
    for (const schema::Property& property : schema.properties) {
        look_for_features(*property.schema, found);
    }
    if (schema.items != nullptr) {
        look_for_features(*schema.items, found);
    }
    if (schema.additional_properties != nullptr) {
        look_for_features(*schema.additional_properties, found);
    }
}

bool is_true(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}

std::string default_deprecation_warning(const Value& spec, std::string_view version) {
    const std::string_view group = spec.string_at("group");
    const std::string_view kind = spec.string_at("names", "kind");
    std::string out = cat(group, "/", version, " ", kind, " is deprecated");
    std::string_view newest;
    const Value* versions = spec.find("versions");
    for (const Value& other : versions->items()) {
        const std::string_view name = other.string_at("name");
        if (is_true(other.find("served")) && !is_true(other.find("deprecated")) &&
            compare_kube_versions(name, version) > 0 &&
            (newest.empty() || compare_kube_versions(name, newest) > 0)) {
            newest = name;
        }
    }
    if (!newest.empty()) {
        append(out, "; use ", group, "/", newest, " ", kind);
    }
    return out;
}

// Upstream: these leave too much open for rules to be meaningful.
bool is_blocking(const schema::FieldError& error) {
    using enum schema::FieldErrorType;
    return error.type == not_supported || error.type == required || error.type == too_long ||
           error.type == too_many || error.type == type_invalid;
}

const Value* find_version(const Value& definition, std::string_view name) {
    const Value* versions = definition.find("spec", "versions");
    if (versions == nullptr) {
        return nullptr;
    }
    const auto items = versions->items();
    const auto found =
        std::ranges::find(items, name, [](const Value& v) { return v.string_at("name"); });
    return found == items.end() ? nullptr : &*found;
}

bool is_same_outside_metadata(const Value& a, const Value& b) {
    const auto covers = [](const Value& outer, const Value& inner) {
        return std::ranges::all_of(inner.members(), [&](const Member& member) {
            const Value* other = outer.find(member.name());
            return member.name() == "metadata" || (other != nullptr && *other == member.value);
        });
    };
    return covers(a, b) && covers(b, a);
}

}  // namespace

Kind::Kind(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Kind::~Kind() = default;

Result<std::shared_ptr<const Kind>> Kind::make(const Value& definition, std::string_view version) {
    const Value* spec = definition.find("spec");
    const Value* json = find_version(definition, version);
    if (json == nullptr) {
        return make_error(Reason::not_found, "the definition ",
                          definition.string_at("metadata", "name"), " has no version ",
                          quote(version));
    }
    // Names that are not accepted (yet) are not served; before there is a status, take the spec's.
    const Value* names = definition.find("status", "acceptedNames");
    if (names == nullptr || names->string_at("kind").empty()) {
        names = spec->find("names");
    }
    auto rep = std::make_unique<Rep>();
    rep->gvk = {std::string(spec->string_at("group")), std::string(version),
                names == nullptr ? std::string() : std::string(names->string_at("kind"))};
    rep->api_version = rep->gvk.api_version();
    if (names != nullptr) {
        rep->plural = names->string_at("plural");
        rep->list_kind = names->string_at("listKind");
    }
    rep->is_namespaced = spec->string_at("scope") == "Namespaced";
    rep->preserves_unknown = is_true(spec->find("preserveUnknownFields"));
    const Value* status = json->find("subresources", "status");
    rep->has_status = status != nullptr && !status->is_null();
    if (const Value* scale = json->find("subresources", "scale");
        scale != nullptr && scale->is_map()) {
        rep->scale =
            ScalePaths{.spec_replicas = std::string(scale->string_at("specReplicasPath")),
                       .status_replicas = std::string(scale->string_at("statusReplicasPath")),
                       .label_selector = std::string(scale->string_at("labelSelectorPath"))};
    }
    if (is_true(json->find("deprecated"))) {
        const Value* warning = json->find("deprecationWarning");
        rep->deprecation = warning != nullptr && warning->is_string()
                               ? std::string(warning->as_string())
                               : default_deprecation_warning(*spec, version);
    }
    std::string stamped = cat(rep->gvk.text(), "|", rep->has_status, rep->preserves_unknown);
    if (const Value* schema = json->find("schema", "openAPIV3Schema");
        schema != nullptr && schema->is_map()) {
        rep->schema = TRY(internal::read_schema(*schema));
        write_json(stamped, *schema, {.sort_keys = true});
        Features features;
        look_for_features(*rep->schema, features);
        rep->has_embedded = features.has_embedded;
        rep->has_list_types = features.has_list_types;
        rep->has_defaults = features.has_defaults;
    }
    if (const Value* fields = json->find("selectableFields")) {
        for (const Value& field : fields->items()) {
            const std::string_view path = field.string_at("jsonPath");
            if (auto parsed = schema::JsonPath::parse(path)) {
                rep->selectable.emplace_back(path.substr(path.starts_with('.') ? 1 : 0));
                rep->selectable_paths.push_back(std::move(*parsed));
                append(stamped, "|", path);
            }
        }
    }
    rep->columns = internal::Columns(json->find("additionalPrinterColumns"));
    rep->stamp = fnv64a(stamped);
    return std::shared_ptr<const Kind>(new Kind(std::move(rep)));
}

const GroupVersionKind& Kind::group_version_kind() const {
    return rep_->gvk;
}
const std::string& Kind::plural() const {
    return rep_->plural;
}
const std::string& Kind::list_kind() const {
    return rep_->list_kind;
}
bool Kind::is_namespaced() const {
    return rep_->is_namespaced;
}
bool Kind::has_status_subresource() const {
    return rep_->has_status;
}
const ScalePaths* Kind::scale() const {
    return rep_->scale ? &*rep_->scale : nullptr;
}
const std::optional<std::string>& Kind::deprecation_warning() const {
    return rep_->deprecation;
}
const SchemaPtr& Kind::schema() const {
    return rep_->schema;
}
merge::TypeRef Kind::merge_type() const {
    return merge::TypeRef::of(rep_->schema.get(), true);
}
const std::vector<std::string>& Kind::selectable_fields() const {
    return rep_->selectable;
}
const std::vector<Column>& Kind::columns() const {
    return rep_->columns.columns();
}
Value Kind::cells(const Value& object, Time now) const {
    return rep_->columns.cells(object, now);
}
uint64_t Kind::stamp() const {
    return rep_->stamp;
}

std::vector<std::string> Kind::selectable_values(const Value& object) const {
    std::vector<std::string> out;
    out.reserve(rep_->selectable_paths.size());
    for (const schema::JsonPath& path : rep_->selectable_paths) {
        const Value* found = path.find_first(object);
        out.push_back(found == nullptr || found->is_null() ? std::string()
                                                           : internal::print_value(*found));
    }
    return out;
}

Status Kind::decode(Value& object, std::vector<std::string>* unknown, bool is_stored) const {
    const schema::GoTypes& types = internal::go_types();
    std::vector<std::string> meta_unknown;
    std::optional<Value> meta = TRY(schema::read_object_meta(
        types, object, is_stored, unknown == nullptr ? nullptr : &meta_unknown));
    std::vector<std::string> pruned;
    if (!rep_->preserves_unknown) {
        prune(object, unknown == nullptr ? nullptr : &pruned);
        schema::prune_non_nullable_nulls(object, rep_->schema.get());
    }
    std::vector<std::string> embedded_unknown;
    if (rep_->has_embedded) {
        if (auto error = schema::coerce_object_meta(
                types, object, rep_->schema.get(),
                {.is_resource_root = false,
                 .drop_invalid = is_stored,
                 .unknown = unknown == nullptr ? nullptr : &embedded_unknown})) {
            return make_error(Reason::bad_request, error->text());
        }
    }
    if (meta && !(*meta == *object.find("metadata"))) {
        object.set("metadata", std::move(*meta));
    }
    if (unknown != nullptr) {
        for (auto* part : {&meta_unknown, &pruned, &embedded_unknown}) {
            std::ranges::move(*part, std::back_inserter(*unknown));
        }
    }
    default_values(object);
    return {};
}

void Kind::prune(Value& object, std::vector<std::string>* unknown) const {
    if (!rep_->preserves_unknown) {
        schema::prune(object, rep_->schema.get(), {.is_resource_root = true, .dropped = unknown});
    }
}

void Kind::default_values(Value& object) const {
    if (rep_->has_defaults) {
        schema::apply_defaults(object, rep_->schema.get());
    }
}

void Kind::prepare_create(Value& object) const {
    if (rep_->has_status) {
        object.erase("status");
    }
    object.mutable_member("metadata").set("generation", Value(1));
}

void Kind::prepare_update(Value& object, const Value& old_object) const {
    if (rep_->has_status) {
        if (const Value* status = old_object.find("status")) {
            object.set("status", *status);
        } else {
            object.erase("status");
        }
    }
    const int64_t generation = old_object.int_at(0, "metadata", "generation");
    const bool is_same = is_same_outside_metadata(object, old_object);
    if (!is_same || object.int_at(0, "metadata", "generation") != generation) {
        object.mutable_member("metadata").set("generation", Value(generation + (is_same ? 0 : 1)));
    }
}

void Kind::prepare_status_update(Value& object, const Value& old_object) const {
    Value out = old_object;
    if (const Value* status = object.find("status")) {
        out.set("status", *status);
    } else {
        out.erase("status");
    }
    Value& metadata = out.mutable_member("metadata");
    if (const Value* managed = object.find("metadata", "managedFields")) {
        metadata.set("managedFields", *managed);
    } else if (metadata.is_map()) {
        metadata.erase("managedFields");
    }
    object = std::move(out);
}

FieldErrors Kind::validate_type(const Value& object) const {
    FieldErrors out;
    if (object.string_at("kind") != rep_->gvk.kind) {
        out.push_back(schema::field_invalid("kind", Value(object.string_at("kind")),
                                            cat("must be ", rep_->gvk.kind)));
    }
    if (object.string_at("apiVersion") != rep_->api_version) {
        out.push_back(schema::field_invalid("apiVersion", Value(object.string_at("apiVersion")),
                                            cat("must be ", rep_->api_version)));
    }
    return out;
}

void Kind::Rep::check_rules(const Value& object, const Value* old, FieldErrors& errors) const {
    if (schema == nullptr) {
        return;
    }
    if (!rules) {
        rules = internal::Rules::make(schema);
    }
    if (*rules == nullptr) {
        return;
    }
    if (std::ranges::any_of(errors, is_blocking)) {
        errors.push_back(schema::field_invalid(
            "", Value(),
            "some validation rules were not checked because the object was invalid; correct the "
            "existing errors to complete validation"));
        return;
    }
    internal::add_errors(errors, (*rules)->validate(object, old));
}

FieldErrors Kind::validate_create(const Value& object, FieldErrors metadata_errors) const {
    FieldErrors out = std::move(metadata_errors);
    if (rep_->schema != nullptr) {
        internal::add_errors(out, rep_->get_validator().validate(object));
    }
    if (rep_->scale) {
        internal::validate_scale_spec(object, *rep_->scale, out);
        internal::validate_scale_status(object, *rep_->scale, out);
    }
    if (rep_->has_embedded) {
        internal::add_errors(out, internal::validate_embedded(object, rep_->schema.get(), false));
    }
    if (rep_->has_list_types) {
        internal::add_errors(out, schema::validate_list_types(object, rep_->schema.get()));
    }
    rep_->check_rules(object, nullptr, out);
    return out;
}

FieldErrors Kind::validate_update(const Value& object, const Value& old_object,
                                  FieldErrors metadata_errors) const {
    FieldErrors out = std::move(metadata_errors);
    if (rep_->schema != nullptr) {
        internal::add_errors(out, rep_->get_validator().validate(object, &old_object));
    }
    if (rep_->scale) {
        internal::validate_scale_spec(object, *rep_->scale, out);
        internal::validate_scale_status(object, *rep_->scale, out);
    }
    if (rep_->has_embedded) {
        internal::add_errors(out, internal::validate_embedded(object, rep_->schema.get(), false));
    }
    if (rep_->has_list_types) {
        FieldErrors found = schema::validate_list_types(object, rep_->schema.get());
        if (!found.empty() && schema::validate_list_types(old_object, rep_->schema.get()).empty()) {
            internal::add_errors(out, std::move(found));
        }
    }
    rep_->check_rules(object, &old_object, out);
    return out;
}

FieldErrors Kind::validate_status_update(const Value& object, const Value& old_object,
                                         FieldErrors metadata_errors) const {
    FieldErrors out = std::move(metadata_errors);
    const Value* status = object.find("status");
    const Schema* status_schema =
        rep_->schema == nullptr ? nullptr : rep_->schema->find_property("status");
    if (status != nullptr && status_schema != nullptr) {
        if (!rep_->status_validator) {
            rep_->status_validator.emplace(SchemaPtr(rep_->schema, status_schema));
        }
        for (schema::FieldError& error :
             rep_->status_validator->validate(*status, old_object.find("status"))) {
            error.path = schema::path_child("status", error.path);
            if (error.path.ends_with('.')) {
                error.path.pop_back();
            }
            out.push_back(std::move(error));
        }
    }
    if (rep_->scale) {
        internal::validate_scale_status(object, *rep_->scale, out);
    }
    if (rep_->has_list_types) {
        FieldErrors found = schema::validate_list_types(object, rep_->schema.get());
        if (!found.empty() && schema::validate_list_types(old_object, rep_->schema.get()).empty()) {
            internal::add_errors(out, std::move(found));
        }
    }
    rep_->check_rules(object, &old_object, out);
    return out;
}

Result<Value> Kind::scale_of(const Value& object, bool needs_replicas) const {
    if (!rep_->scale) {
        return make_error(Reason::not_found, "the kind has no scale subresource");
    }
    return internal::make_scale(object, *rep_->scale, needs_replicas);
}

Result<Value> Kind::with_scale(const Value& object, const Value& scale) const {
    if (!rep_->scale) {
        return make_error(Reason::not_found, "the kind has no scale subresource");
    }
    return internal::apply_scale(object, scale, *rep_->scale);
}

}  // namespace weft::crd
