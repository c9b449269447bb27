// server/internal/scale.cc: the scale subresource of builtin and custom kinds.

#include "merge/managed_fields.h"
#include "merge/merge.h"
#include "server/internal/body.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/internal/selectors.h"
#include "server/internal/verbs/patched.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

constexpr std::string_view scale_version = "autoscaling/v1";

const merge::FieldPath& scale_path() {
    static const merge::FieldPath path = {*merge::PathElement::parse("f:spec"),
                                          *merge::PathElement::parse("f:replicas")};
    return path;
}

std::string selector_of(const Resource& resource, const Value& object) {
    const Value* selector = object.find("spec", "selector");
    if (selector == nullptr) {
        return {};
    }
    const auto parsed = resource.kind == "ReplicationController"
                            ? LabelSelector::of_object(Value::map_of({{"matchLabels", *selector}}))
                            : LabelSelector::of_object(*selector);
    return parsed ? parsed->text() : std::string();
}

Result<Value> scale_of(const Resource& resource, const Value& object, bool needs_replicas = true) {
    if (resource.custom != nullptr) {
        return resource.custom->of(resource).scale_of(object, needs_replicas);
    }
    Value metadata = Value::map();
    for (const std::string_view key :
         {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
        if (const Value* found = object.find("metadata", key)) {
            metadata.append_new(key, *found);
        }
    }
    Value spec = Value::map();
    if (const int64_t replicas = object.int_at(0, "spec", "replicas"); replicas != 0) {
        spec.append_new("replicas", replicas);
    }
    Value status = Value::map();
    status.append_new("replicas", object.int_at(0, "status", "replicas"));
    if (std::string selector = selector_of(resource, object); !selector.empty()) {
        status.append_new("selector", selector);
    }
    Value scale = Value::map();
    scale.append_new("kind", "Scale");
    scale.append_new("apiVersion", "autoscaling/v1");
    scale.append_new("metadata", std::move(metadata));
    scale.append_new("spec", std::move(spec));
    scale.append_new("status", std::move(status));
    return scale;
}

Result<Value> with_replicas(const Call& call, const Value& object, const Value& scale) {
    Value changed = object;
    if (call.resource->custom != nullptr) {
        const crd::Kind& kind = call.resource->custom->of(*call.resource);
        changed = TRY(kind.with_scale(object, scale));
        kind.default_values(changed);  // The spec may be new.
    } else {
        const int64_t replicas = scale.int_at(0, "spec", "replicas");
        if (replicas < 0) {
            return schema::invalid_error(
                "autoscaling", "Scale", call.info.name,
                {schema::field_invalid("spec.replicas", replicas,
                                       "must be greater than or equal to 0")});
        }
        changed.mutable_member("spec").set("replicas", replicas);
    }
    Value& metadata = changed.mutable_member("metadata");
    for (const std::string_view key : {"resourceVersion", "uid"}) {
        const std::string_view given = scale.string_at("metadata", key);
        if (!given.empty()) {
            set_metadata(metadata, key, Value(given));
        } else if (key == "resourceVersion") {
            metadata.erase(key);
        }
    }
    return changed;
}

// Answers with the Scale of the object that was stored.
io::Task<Answer> answer_scale(Call* call, int status) {
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const Value object = CO_TRY(
        decode_stored(*call->core, *call->resource, StoredView(*entry.value), entry.modified));
    co_return respond_object(call, status, CO_TRY(scale_of(*call->resource, object)));
}

// Who owns the replicas of the object, as owners of a Scale's.
merge::DecodedManagers owners_of_scale(const merge::DecodedManagers& parent,
                                       const merge::FieldPath& path) {
    merge::DecodedManagers out;
    for (const auto& [id, owned] : parent.managers) {
        if (owned.set.has(path)) {
            out.managers.emplace(id,
                                 merge::VersionedSet{merge::FieldSet::of({scale_path()}),
                                                     std::string(scale_version), owned.is_applied});
            if (const auto time = parent.times.find(id); time != parent.times.end()) {
                out.times.emplace(id, time->second);
            }
        }
    }
    return out;
}

// The owners of the object after a Scale of it was written: who no longer owns the Scale's replicas
// loses the object's, and who does gets them, as an entry of its own.
Value owners_of_parent(const merge::DecodedManagers& parent, const merge::FieldPath& path,
                       const std::string& api_version, merge::DecodedManagers scale) {
    merge::DecodedManagers kept_owners;
    const merge::FieldSet replicas = merge::FieldSet::of({path});
    for (const auto& [id, owned] : parent.managers) {
        const auto kept = scale.managers.find(id);
        if (owned.set.has(path) && kept == scale.managers.end()) {
            merge::FieldSet rest = owned.set.difference(replicas);
            if (rest.empty()) {
                continue;
            }
            kept_owners.managers.emplace(
                id, merge::VersionedSet{std::move(rest), owned.api_version, owned.is_applied});
        } else {
            kept_owners.managers.emplace(id, owned);
            if (kept != scale.managers.end()) {
                scale.managers.erase(kept);
            }
        }
        if (const auto time = parent.times.find(id); time != parent.times.end()) {
            kept_owners.times.emplace(id, time->second);
        }
    }
    // What is owned through a scale has no time.
    merge::DecodedManagers through_scale;
    for (const auto& [scale_id, owned] : scale.managers) {
        if (!owned.set.has(scale_path())) {
            continue;
        }
        merge::ManagerId id = scale_id;
        if (id.operation == merge::Operation::update) {
            id.api_version = api_version;
        }
        through_scale.times[id] = std::nullopt;
        through_scale.managers.insert_or_assign(
            std::move(id), merge::VersionedSet{replicas, api_version, owned.is_applied});
    }
    // Both may hold an entry of the same manager, as upstream's lists do.
    Value entries = Value::list();
    const Value timeless = merge::encode_managed_fields(through_scale);
    const Value others = merge::encode_managed_fields(kept_owners);
    size_t next = 0;
    const auto is_applied = [](const Value& entry) {
        return entry.string_at("operation") == "Apply";
    };
    for (const Value& entry : others.items()) {
        while (next < timeless.size() && (is_applied(timeless.at(next)) || !is_applied(entry))) {
            entries.push_back(timeless.at(next++));
        }
        entries.push_back(entry);
    }
    while (next < timeless.size()) {
        entries.push_back(timeless.at(next++));
    }
    return entries;
}

// One write through the scale subresource of an object.
class ScaleWrite {
public:
    ScaleWrite(Call* call, std::string_view content_type)
        : call_(call), is_apply_(content_type == "application/apply-patch+yaml") {}

    // `make` makes the new Scale of the old one; of an apply: the configuration.
    [[nodiscard]] Result<Value> run(const Value& object,
                                    const std::function<Result<Value>(const Value&)>& make) const {
        const Resource& resource = *call_->resource;
        const merge::FieldPath path = TRY(replicas_path(resource));
        Value scale = TRY(scale_of(resource, object, false));
        merge::DecodedManagers parent;
        if (const Value* fields = object.find("metadata", "managedFields")) {
            parent = TRY(merge::decode_managed_fields(*fields));
        }
        const Value owners = merge::encode_managed_fields(owners_of_scale(parent, path));
        if (!owners.empty()) {
            set_metadata(scale.mutable_member("metadata"), "managedFields", owners);
        }
        Value made = TRY(make(scale));
        const Value changed = TRY(write(scale, std::move(made)));
        Value result = TRY(with_replicas(*call_, object, changed));
        merge::DecodedManagers after;
        if (const Value* fields = changed.find("metadata", "managedFields")) {
            after = TRY(merge::decode_managed_fields(*fields));
        }
        const Value entries =
            owners_of_parent(parent, path, resource.api_version(), std::move(after));
        Value& metadata = result.mutable_member("metadata");
        if (entries.empty()) {
            metadata.erase("managedFields");
        } else {
            set_metadata(metadata, "managedFields", entries);
        }
        return result;
    }

private:
    static Result<merge::FieldPath> replicas_path(const Resource& resource) {
        std::string text = ".spec.replicas";
        if (resource.custom != nullptr) {
            text = resource.custom->of(resource).scale()->spec_replicas;
        }
        merge::FieldPath path;
        for (const std::string_view step : split(std::string_view(text).substr(1), '.')) {
            path.push_back(TRY(merge::PathElement::parse(cat("f:", step))));
        }
        return path;
    }

    [[nodiscard]] Result<Value> write(const Value& before, Value scale) const {
        merge::ApplyOptions options;
        options.manager = field_manager_of(*call_);
        options.subresource = "scale";
        options.api_version = scale_version;
        options.now = call_->core->loop->now();
        options.schema = schema::Builtin::get().find_kind({"autoscaling", "v1", "Scale"});
        options.force = bool_parameter(call_->target, "force");
        const Object live(before);
        const Object changed(std::move(scale));
        if (is_apply_) {
            auto applied = merge::apply(&live, changed, options);
            if (!applied) {
                return applied.error();
            }
            if (call_->resource->custom != nullptr) {
                // Custom resources know their own versions only, also where a Scale is applied.
                return make_error(Reason::unknown, "failed to convert new object (",
                                  changed.value().string_at("metadata", "namespace"), "/",
                                  changed.value().string_at("metadata", "name"),
                                  "; autoscaling/v1, Kind=Scale) to proper version: request to "
                                  "convert CR to an invalid group/version: autoscaling/v1");
            }
            return applied->object.value();
        }
        return merge::update(&live, changed, options).value();
    }

    Call* call_;
    bool is_apply_;
};

io::Task<Answer> change_scale(Call* call, std::string content_type,
                              std::function<Result<Value>(const Value& scale)> make) {
    Change change;
    change.scales = true;
    change.uid_is_precondition = true;
    change.may_omit_version = true;
    change.fields_are_managed = true;
    change.shown = [call](const Value& object) { return scale_of(*call->resource, object, false); };
    change.with_shown = [call](const Value& object, const Value& scale) {
        return with_replicas(*call, object, scale);
    };
    const ScaleWrite write(call, content_type);
    change.make = [write, make = std::move(make)](const Value* old_object) -> Result<Value> {
        return write.run(*old_object, make);
    };
    auto changed = co_await change_object(call, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    if (call->dry_run) {
        const auto object = parse_json(changed->body());
        if (object) {
            co_return respond_object(call, 200, CO_TRY(scale_of(*call->resource, *object)));
        }
    }
    co_return co_await answer_scale(call, 200);
}

}  // namespace

io::Task<Answer> serve_scale(Call* call) {
    if (call->info.verb == "get") {
        co_return co_await answer_scale(call, 200);
    }
    if (call->info.verb == "update") {
        CO_TRY(check_write_options(call, "UpdateOptions"));
        auto read = read_object(call);
        if (!read && call->resource->custom != nullptr &&
            read.error().reason() == Reason::bad_request) {
            // What cannot be decoded is shown with its type, which custom resources do not know.
            co_return bad_request(
                "no kind is registered for the type v1.Scale in scheme "
                "\"pkg/runtime/scheme.go:111\"");
        }
        Value scale = CO_TRY(std::move(read));
        if (scale.string_at("metadata", "name") != call->info.name &&
            !scale.string_at("metadata", "name").empty()) {
            co_return bad_request(
                cat("the name of the object (", scale.string_at("metadata", "name"),
                    ") does not match the name on the URL (", call->info.name, ")"));
        }
        co_return co_await change_scale(
            call, "", [scale = std::move(scale)](const Value&) -> Result<Value> { return scale; });
    }
    const std::string_view header = call->request.headers.get("content-type");
    if (auto refused = refuse_patch_type(*call)) {
        co_return *std::move(refused);
    }
    CO_TRY(check_write_options(call, "PatchOptions"));
    const std::string type(trim(header.substr(0, header.find(';'))));
    auto parsed = type == "application/apply-patch+yaml" ? parse_yaml_value(call->request.body)
                                                         : parse_json(call->request.body);
    if (!parsed) {
        co_return bad_request(parsed.error().message());
    }
    Value patch = std::move(*parsed);
    co_return co_await change_scale(
        call, type, [call, type, patch = std::move(patch)](const Value& scale) -> Result<Value> {
            Value patched;
            if (type == "application/apply-patch+yaml") {
                return patch;
            }
            if (type == "application/json-patch+json") {
                auto made = merge::apply_json_patch(scale, patch);
                if (!made) {
                    return merge::json_patch_client_error(made.error());
                }
                patched = std::move(*made);
            } else {
                patched = TRY(merge::apply_merge_patch(scale, patch));
            }
            const size_t warnings = call->warnings.size();
            auto decoded =
                decode_object(call, patched, {}, type == "application/strategic-merge-patch+json");
            if (!decoded) {
                call->warnings.resize(warnings);
                return undecodable_patch(type, patched, scale, patch, decoded.error().message());
            }
            patched = std::move(*decoded);
            // A patch without a resourceVersion of its own is tried again after a race.
            if (patch.string_at("metadata", "resourceVersion").empty()) {
                if (Value* metadata = patched.find_mutable("metadata")) {
                    metadata->erase("resourceVersion");
                }
            }
            return patched;
        });
}

}  // namespace weft::server
