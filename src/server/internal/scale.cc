// server/internal/scale.cc: the scale subresource of builtin and custom kinds.

#include "merge/merge.h"
#include "server/internal/body.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/internal/selectors.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

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

Result<Value> scale_of(const Resource& resource, const Value& object) {
    if (resource.custom != nullptr) {
        return resource.custom->of(resource).scale_of(object);
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
        changed = TRY(call.resource->custom->of(*call.resource).with_scale(object, scale));
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
    co_return respond_value(*call, status, CO_TRY(scale_of(*call->resource, object)));
}

io::Task<Answer> change_scale(Call* call, std::function<Result<Value>(const Value& scale)> make) {
    Change change;
    change.scales = true;
    change.uid_is_precondition = true;
    change.may_omit_version = true;
    change.make = [call, make = std::move(make)](const Value* old_object) -> Result<Value> {
        const Value before = TRY(scale_of(*call->resource, *old_object));
        const Value scale = TRY(make(before));
        return with_replicas(*call, *old_object, scale);
    };
    auto changed = co_await change_object(call, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    if (call->dry_run) {
        const auto object = parse_json(changed->body());
        if (object) {
            co_return respond_value(*call, 200, CO_TRY(scale_of(*call->resource, *object)));
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
        Value scale = CO_TRY(read_object(call));
        if (scale.string_at("metadata", "name") != call->info.name &&
            !scale.string_at("metadata", "name").empty()) {
            co_return bad_request(
                cat("the name of the object (", scale.string_at("metadata", "name"),
                    ") does not match the name on the URL (", call->info.name, ")"));
        }
        co_return co_await change_scale(
            call, [scale = std::move(scale)](const Value&) -> Result<Value> { return scale; });
    }
    CO_TRY(check_write_options(call, "PatchOptions"));
    const std::string_view header = call->request.headers.get("content-type");
    const std::string type(trim(header.substr(0, header.find(';'))));
    auto parsed = type == "application/apply-patch+yaml" ? parse_yaml_value(call->request.body)
                                                         : parse_json(call->request.body);
    if (!parsed) {
        co_return bad_request(parsed.error().message());
    }
    Value patch = std::move(*parsed);
    co_return co_await change_scale(
        call, [type, patch = std::move(patch)](const Value& scale) -> Result<Value> {
            Value patched;
            if (type == "application/json-patch+json") {
                auto made = merge::apply_json_patch(scale, patch);
                if (!made) {
                    return merge::json_patch_client_error(made.error());
                }
                patched = std::move(*made);
            } else {
                patched = TRY(merge::apply_merge_patch(scale, patch));
            }
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
