// merge/managed_fields.cc: the layers around Updater, from the wire to the sets and back.

#include "merge/managed_fields.h"

#include <utility>
#include <vector>

#include "merge/internal/entries.h"
#include "merge/internal/unchanged.h"
#include "merge/limits.h"
#include "object/json.h"

namespace weft::merge {
namespace {

using internal::Entries;

constexpr std::string_view kubectl = "kubectl";
constexpr std::string_view before_first_apply = "before-first-apply";
constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";
// All annotations together: apimachinery's TotalAnnotationSizeLimitB.
constexpr size_t annotation_bytes_max = size_t{256} * 1024;

const Value* managed_fields_of(const Value& object) {
    return object.find("metadata", "managedFields");
}

// What no manager owns: identity and what the server sets.
const FieldSet& stripped_fields() {
    static const FieldSet set = [] {
        FieldSet out;
        out.insert(FieldPath{PathElement::field("apiVersion")});
        out.insert(FieldPath{PathElement::field("kind")});
        out.insert(FieldPath{PathElement::field("metadata")});
        for (const char* name : {"name", "namespace", "creationTimestamp", "selfLink", "uid",
                                 "clusterName", "generation", "managedFields", "resourceVersion"}) {
            out.insert(FieldPath{PathElement::field("metadata"), PathElement::field(name)});
        }
        return out;
    }();
    return set;
}

void strip(Managers& managers, const ManagerId& id) {
    const auto entry = managers.find(id);
    if (entry == managers.end()) {
        return;
    }
    entry->second.set = entry->second.set.difference(stripped_fields());
    if (entry->second.set.empty()) {
        managers.erase(entry);
    }
}

void set_managed_fields(Object& object, Value entries) {
    const Value* metadata = object.value().find("metadata");
    if (metadata != nullptr && !metadata->is_map() && !metadata->is_null()) {
        return;  // There is no place for them; validation will say so.
    }
    if (entries.empty()) {
        if (managed_fields_of(object.value()) != nullptr) {
            object.metadata().erase("managedFields");
        }
        return;
    }
    object.metadata().set("managedFields", std::move(entries));
}

// What Go's zero value of a type prints as: members that are never absent, as {} and null.
Value zero_value(const schema::Schema& schema, size_t depth) {
    constexpr size_t zero_depth_max =
        16;  // Go types nest by value only as deep as they are written
    Value out = Value::map();
    for (const schema::Property& property : schema.properties) {
        const schema::Schema& type = *property.schema;
        const bool is_struct =
            type.default_value && type.default_value->is_map() && type.default_value->empty();
        if (is_struct && depth < zero_depth_max) {
            out.append_new(property.name, zero_value(type, depth + 1));
        } else if (schema.is_required(property.name)) {
            out.append_new(property.name, Value());
        }
    }
    return out;
}

// "default/web; apps/v1, Kind=Deployment"
std::string object_text(const Object& object) {
    return cat(object.namespace_(), "/", object.name(), "; ", object.group_version_kind().text());
}

// One operation at one endpoint.
class Endpoint {
public:
    explicit Endpoint(const WriteOptions& options) : options_(options) {
        updater_.converter = options.converter;
        updater_.ignored = options.reset_fields;
    }

    [[nodiscard]] TypedObject typed(Value value) const {
        return {std::move(value), TypeRef::of(options_.schema.get(), true), options_.api_version};
    }
    [[nodiscard]] ManagerId id_of(std::string_view manager, Operation operation) const {
        ManagerId id;
        id.manager = manager.empty() ? std::string_view("unknown") : manager;
        id.operation = operation;
        id.api_version = operation == Operation::update ? options_.api_version : "";
        id.subresource = options_.subresource;
        return id;
    }
    [[nodiscard]] Object empty_object(const Object& like) const {
        Value value = Value::map();
        const bool is_go_type =
            options_.schema != nullptr && options_.schema->definition.starts_with("io.k8s.");
        if (options_.zero != nullptr) {
            value = *options_.zero;
        } else if (is_go_type) {
            value = zero_value(*options_.schema, 0);
        }
        value.set("apiVersion", like.api_version());
        value.set("kind", like.kind());
        return Object(std::move(value));
    }

    // An error: one of the objects does not fit the schema, or not that of another owner's version.
    Status track_update(const Object& live, const Object& changed, std::string_view manager,
                        Entries& entries) const;

    // Whether this apply is known to give back the live object; false says nothing.
    [[nodiscard]] bool is_no_op(const Object& live, const Object& applied,
                                std::string_view manager) const {
        if (manager == kubectl && !live.annotation(last_applied).empty()) {
            return false;
        }
        const FieldFilter* ignored = nullptr;
        if (options_.reset_fields != nullptr) {
            const auto filter = options_.reset_fields->find(options_.api_version);
            ignored = filter == options_.reset_fields->end() ? nullptr : &filter->second;
        }
        return internal::applies_nothing({.live = live.value(),
                                          .config = applied.value(),
                                          .manager = id_of(manager, Operation::apply),
                                          .api_version = options_.api_version,
                                          .type = TypeRef::of(options_.schema.get(), true),
                                          .stripped = stripped_fields(),
                                          .ignored = ignored});
    }

    struct Outcome {
        std::optional<Value> object;
        std::vector<Conflict> conflicts;
    };
    Result<Outcome> apply(const Object& live, const Object& applied, std::string_view manager,
                          bool force, Entries& entries) const;

    // The fields of kubectl's last client-side apply that the live object still has as applied.
    [[nodiscard]] std::optional<FieldSet> last_applied_fields(const Object& live) const;

private:
    const WriteOptions& options_;
    Updater updater_;
};

Status Endpoint::track_update(const Object& live, const Object& changed, std::string_view manager,
                              Entries& entries) const {
    const TypedObject old_object = typed(live.value());
    const TypedObject new_object = typed(changed.value());
    for (const auto& [object, word] : {std::pair(&changed, "new"), std::pair(&live, "live")}) {
        if (const Status valid = validate(object->value(), new_object.type, Duplicates::allowed);
            !valid) {
            return make_error(Reason::unknown, "failed to convert ", word, " object (",
                              object_text(*object), ") to smd typed: ", valid.error().message());
        }
    }
    // The write is tracked under a name of its own first, so that the manager's earlier entry loses
    // what it lost, and only a write that took fields moves the time.
    const ManagerId id = id_of(manager, Operation::update);
    const ManagerId self = {.manager = "current-operation",
                            .operation = Operation::update,
                            .api_version = "",
                            .subresource = ""};
    entries.managers =
        TRY(updater_.update(old_object, new_object, std::move(entries.managers), self));
    strip(entries.managers, self);
    auto taken = entries.managers.extract(self);
    if (taken.empty()) {
        return {};
    }
    const auto previous = entries.managers.find(id);
    if (previous != entries.managers.end()) {
        taken.mapped().set = taken.mapped().set.union_with(previous->second.set);
    }
    entries.managers[id] = std::move(taken.mapped());
    entries.set_time(id, options_.now);
    return {};
}

Result<Endpoint::Outcome> Endpoint::apply(const Object& live, const Object& applied,
                                          std::string_view manager, bool force,
                                          Entries& entries) const {
    const TypedObject config = typed(applied.value());
    if (const Status valid = validate(config.value, config.type, Duplicates::refused); !valid) {
        return make_error(Reason::unknown, "failed to create typed patch object (",
                          object_text(applied), "): ", valid.error().message());
    }
    const TypedObject object = typed(live.value());
    if (const Status valid = validate(object.value, object.type, Duplicates::allowed); !valid) {
        return make_error(Reason::unknown, "failed to create typed live object (",
                          object_text(live), "): ", valid.error().message());
    }
    const ManagerId id = id_of(manager, Operation::apply);
    Updater::Applied result = TRY(updater_.apply(object, config, entries.managers, id, force));
    if (!result.conflicts.empty()) {
        return Outcome{std::nullopt, std::move(result.conflicts)};
    }
    entries.managers = std::move(result.managers);
    strip(entries.managers, id);
    // Whoever only becomes an owner too changes nothing, so an entry may have no time.
    if (result.object && entries.managers.contains(id)) {
        entries.set_time(id, options_.now);
    }
    return Outcome{std::move(result.object), {}};
}

std::optional<FieldSet> Endpoint::last_applied_fields(const Object& live) const {
    const std::string_view text = live.annotation(last_applied);
    if (text.empty()) {
        return std::nullopt;
    }
    Result<Value> parsed = parse_json(text);
    if (!parsed || parsed->string_at("apiVersion") != options_.api_version) {
        return std::nullopt;
    }
    const TypedObject last = typed(*std::move(parsed));
    if (!validate(last.value, last.type, Duplicates::refused) ||
        !validate(live.value(), last.type, Duplicates::refused)) {
        return std::nullopt;
    }
    const Result<Comparison> changes = compare_typed(last.value, live.value(), last.type);
    if (!changes) {
        return std::nullopt;
    }
    return to_field_set(last.value, last.type)
        .difference(changes->modified)
        .difference(changes->added)
        .difference(changes->removed);
}

// kubectl's annotation follows what kubectl applies on the server.
void refresh_last_applied(Object& object, const Object& applied) {
    if (object.annotation(last_applied).empty()) {
        return;
    }
    Value config = applied.value();
    if (config.find("metadata", "annotations", last_applied) != nullptr) {
        Value& metadata = config.mutable_member("metadata");
        Value& annotations = metadata.mutable_member("annotations");
        annotations.erase(last_applied);
        if (annotations.empty()) {
            metadata.erase("annotations");
        }
    }
    std::string text = to_json(config, {.sort_keys = true, .escape_html = true, .indent = 0});
    text += '\n';
    Value& annotations = object.metadata().mutable_member("annotations");
    annotations.set(last_applied, text);
    size_t bytes = 0;
    for (const Member& member : annotations.members()) {
        bytes += member.name().size() + member.value.size();
    }
    if (bytes > annotation_bytes_max) {
        annotations.erase(last_applied);
    }
}

bool is_reset(const Value& managed_fields) {
    return managed_fields.is_list() && (managed_fields.empty() || (managed_fields.size() == 1 &&
                                                                   managed_fields.at(0).is_map() &&
                                                                   managed_fields.at(0).empty()));
}

// The entries that an update starts from.
Entries entries_for_update(const Value* live, const Value* changed, bool is_subresource) {
    const auto from_live = [&] { return Entries::read(live).value_or(Entries()); };
    if (is_subresource || changed == nullptr || changed->is_null()) {
        return from_live();
    }
    if (is_reset(*changed)) {
        return {};
    }
    Result<Entries> given = Entries::read(changed);
    return given && !given->empty() ? *std::move(given) : from_live();
}

// Equal but for managedFields, and a resourceVersion that the writer left out.
bool same_but_for_bookkeeping(const Object& live, const Object& changed) {
    Object left = live;
    Object right = changed;
    for (Object* object : {&left, &right}) {
        if (object->value().contains("metadata")) {
            object->metadata().erase("managedFields");
        }
    }
    if (right.resource_version().empty() && !left.resource_version().empty()) {
        left.metadata().erase("resourceVersion");
        right.metadata().erase("resourceVersion");
    }
    return left == right;
}

}  // namespace

Result<ApplyResult> apply(const Object* live, const Object& applied, const ApplyOptions& options) {
    if (applied.api_version() != options.api_version) {
        return make_error(Reason::bad_request,
                          "Incorrect version specified in apply patch. Specified patch version: ",
                          applied.api_version(), ", expected: ", options.api_version);
    }
    const Value* given = managed_fields_of(applied.value());
    if (given != nullptr && !given->is_null()) {
        return make_error(Reason::bad_request, "metadata.managedFields must be nil");
    }
    const Endpoint endpoint(options);
    if (live != nullptr && endpoint.is_no_op(*live, applied, options.manager)) {
        return ApplyResult{.object = *live, .changed = false};
    }
    const Object current = live == nullptr ? endpoint.empty_object(applied) : *live;
    const Value* recorded = live == nullptr ? nullptr : managed_fields_of(live->value());
    Result<Entries> read = Entries::read(recorded);
    if (!read) {
        return make_error(Reason::unknown,
                          "failed to decode managed fields: ", read.error().message());
    }
    const Entries before = *read;
    Entries entries = *std::move(read);
    if (entries.empty() && live != nullptr) {
        const Status tracked =
            endpoint.track_update(endpoint.empty_object(*live), *live, before_first_apply, entries);
        if (!tracked) {
            return make_error(Reason::unknown, "failed to create manager for existing fields: ",
                              tracked.error().message());
        }
    }

    // A new object starts from nothing: the zero value only says what an update adds to it.
    Object base = current;
    if (live == nullptr) {
        base = Object(
            Value::map_of({{"apiVersion", applied.api_version()}, {"kind", applied.kind()}}));
    }
    Endpoint::Outcome outcome =
        TRY(endpoint.apply(base, applied, options.manager, options.force, entries));
    if (!outcome.conflicts.empty() && options.manager == kubectl) {
        // Whoever moves from client-side to server-side apply meets the fields of the former; they
        // are the same user's.
        if (const std::optional<FieldSet> own = endpoint.last_applied_fields(base)) {
            std::erase_if(outcome.conflicts,
                          [&](const Conflict& conflict) { return own->has(conflict.path); });
            if (outcome.conflicts.empty()) {
                outcome = TRY(endpoint.apply(base, applied, options.manager, true, entries));
            }
        }
    }
    if (!outcome.conflicts.empty()) {
        return internal::conflict_error(outcome.conflicts);
    }

    ApplyResult result;
    result.object = outcome.object ? Object(*std::move(outcome.object)) : base;
    if (options.manager == kubectl) {
        refresh_last_applied(result.object, applied);
    }
    const bool same_object = live != nullptr && !outcome.object &&
                             (options.manager != kubectl || result.object == *live);
    if (same_object && entries.same_owners(before)) {
        result.object = *live;
        return result;
    }
    set_managed_fields(result.object, entries.write());
    result.changed = true;
    return result;
}

Object update(const Object* live, const Object& changed, const WriteOptions& options) {
    const Endpoint endpoint(options);
    const Value* live_fields = live == nullptr ? nullptr : managed_fields_of(live->value());
    Entries entries = entries_for_update(live_fields, managed_fields_of(changed.value()),
                                         !options.subresource.empty());
    Object out = changed;
    if (entries.empty() && live != nullptr && !live->uid().empty()) {
        set_managed_fields(out, Value());  // nobody has applied it yet, so nothing is tracked
        return out;
    }
    // Both sides without their entries, which are not part of what is compared.
    set_managed_fields(out, Value());
    Object before = live == nullptr ? endpoint.empty_object(changed) : *live;
    set_managed_fields(before, Value());
    const Status tracked = endpoint.track_update(before, out, options.manager, entries);
    if (!tracked) {
        return out;  // What cannot be tracked has no owners, rather than wrong ones.
    }
    internal::cap_updaters(entries);
    if (live != nullptr && live_fields != nullptr) {
        const Result<Entries> old_entries = Entries::read(live_fields);
        if (old_entries && entries.same_owners(*old_entries) &&
            same_but_for_bookkeeping(*live, changed)) {
            set_managed_fields(out, *live_fields);
            return out;
        }
    }
    set_managed_fields(out, entries.write());
    return out;
}

Result<DecodedManagers> decode_managed_fields(const Value& managed_fields) {
    Entries entries = TRY(Entries::read(&managed_fields));
    DecodedManagers out;
    for (const auto& [id, owned] : entries.managers) {
        out.times[id] = entries.time_of(id);
    }
    out.managers = std::move(entries.managers);
    return out;
}

Value encode_managed_fields(const DecodedManagers& managers) {
    Entries entries;
    entries.managers = managers.managers;
    for (const auto& [id, time] : managers.times) {
        if (time) {
            entries.set_time(id, *time);
        }
    }
    return entries.write();
}

FieldFilter reset_filter(std::span<const std::string_view> paths) {
    FieldSet set;
    for (const std::string_view path : paths) {
        FieldPath steps;
        for (const std::string_view step : split(path, '.')) {
            if (!step.empty()) {
                steps.push_back(PathElement::field(Value(step)));
            }
        }
        set.insert(steps);
    }
    return FieldFilter::exclude(std::move(set));
}

}  // namespace weft::merge
