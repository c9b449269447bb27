// server/internal/verbs/patch.cc: JSON, merge and strategic patches, and server-side apply.
//
// Source of the behaviour and the texts: apiserver's endpoints/handlers/patch.go, 1.36.

#include "merge/merge.h"
#include "server/internal/body.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

enum class PatchType : uint8_t { json, merge, strategic, apply };

std::optional<PatchType> patch_type_of(const Call& call) {
    const std::string_view header = call.request.headers.get("content-type");
    const std::string_view type = trim(header.substr(0, header.find(';')));
    if (type == "application/json-patch+json") {
        return PatchType::json;
    }
    if (type == "application/merge-patch+json") {
        return PatchType::merge;
    }
    if (type == "application/strategic-merge-patch+json" && call.resource->is_builtin()) {
        return PatchType::strategic;
    }
    if (type == "application/apply-patch+yaml") {
        return PatchType::apply;
    }
    return std::nullopt;
}

// Go's %v of a decoded patch: "map[a:1 b:map[c:x]]", members by name.
void append_go(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            out += "<nil>";
            break;
        case Value::Kind::string:
            out += value.as_string();
            break;
        case Value::Kind::map: {
            Value sorted = value;
            sorted.sort_members();
            out += "map[";
            bool first = true;
            for (const Member& member : sorted.members()) {
                append(out, first ? "" : " ", member.name(), ":");
                append_go(out, member.value);
                first = false;
            }
            out += ']';
            break;
        }
        case Value::Kind::list: {
            out += '[';
            bool first = true;
            for (const Value& item : value.items()) {
                out += first ? "" : " ";
                append_go(out, item);
                first = false;
            }
            out += ']';
            break;
        }
        default:
            out += to_json(value);
    }
}

Error invalid_patch(const Value& shown, std::string_view why) {
    return schema::invalid_error("", "", "",
                                 {schema::field_invalid("patch", shown, std::string(why))});
}

// A patch document, and what strict decoding says of it.
struct PatchDocument {
    Value value;
    std::vector<std::string> strict;
};

Result<PatchDocument> read_patch(const Call& call, bool is_strategic, bool is_json) {
    std::vector<std::string> duplicates;
    auto parsed =
        parse_json(call.request.body, {.refuse_duplicates = false, .duplicates = &duplicates});
    if (!parsed) {
        return bad_request(is_strategic ? parsed.error().message()
                                        : cat("error decoding patch: ", parsed.error().message()));
    }
    if (!is_strategic && !is_json && parsed->is_list()) {
        return bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type "
            "map[string]interface {}");
    }
    PatchDocument document{std::move(*parsed), {}};
    for (const std::string& path : duplicates) {
        document.strict.push_back(cat("duplicate field ", quote(path)));
    }
    return document;
}

// The patched object as an object of the kind again.
Result<Value> decode_patched(Call* call, const Value& patched, const Value& shown,
                             const std::vector<std::string>& strict) {
    const GroupVersionKind wanted = expected_kind(*call);
    const std::string_view kind = patched.string_at("kind");
    const std::string_view api_version = patched.string_at("apiVersion");
    if (kind != wanted.kind || api_version != wanted.api_version()) {
        GroupVersionKind found{"", "", std::string(kind)};
        if (const auto group_version = parse_api_version(api_version)) {
            found.group = group_version->group;
            found.version = group_version->version;
        }
        const auto refused = check_kind(*call, found, wanted, [](std::string_view why) {
            return bad_request(std::string(why));
        });
        return invalid_patch(shown, refused.error().message());
    }
    const size_t warnings = call->warnings.size();
    auto object = decode_object(call, patched, strict);
    if (!object) {
        call->warnings.resize(warnings);
        return object.error().reason() == Reason::bad_request
                   ? invalid_patch(shown, object.error().message())
                   : object.error();
    }
    return object;
}

Result<Value> apply_one_patch(Call* call, PatchType type, const PatchDocument& patch,
                              const Value& current) {
    if (type == PatchType::json) {
        auto patched = merge::apply_json_patch(current, patch.value);
        if (!patched) {
            return merge::json_patch_client_error(patched.error());
        }
        return decode_patched(call, *patched, Value(to_json(*patched)), patch.strict);
    }
    if (type == PatchType::merge) {
        const Value patched = TRY(merge::apply_merge_patch(current, patch.value));
        return decode_patched(call, patched, Value(to_json(patched)), patch.strict);
    }
    const schema::SchemaPtr schema = schema::Builtin::get().find_kind(expected_kind(*call));
    const Value patched =
        TRY(merge::apply_strategic_merge_patch(current, patch.value, schema.get()));
    std::string shown;
    append_go(shown, patch.value);
    return decode_patched(call, patched, Value(shown), patch.strict);
}

// An applied object is not decoded again: only defaults are filled in. What does not fit the Go
// type is the server's fault, for all the real one knows.
Result<Value> finish_applied(const Call& call, const Value& config, Value applied) {
    if (call.resource->custom != nullptr) {
        call.resource->custom->of(*call.resource).default_values(applied);
        return applied;
    }
    std::vector<std::string> strict;
    auto decoded = decode_kind(*call.core, *call.resource, call.subresource, applied, &strict);
    if (!decoded) {
        const std::string kind = expected_kind(call).text();
        return make_error(Reason::unknown, "failed to convert new object (",
                          config.string_at("metadata", "namespace"), "/",
                          config.string_at("metadata", "name"), "; ", kind,
                          ") to proper version: unable to convert unstructured object to ", kind,
                          ": error decoding from json: ", decoded.error().message());
    }
    return decoded;
}

io::Task<Answer> serve_apply(Call* call) {
    auto parsed = parse_yaml(call->request.body);
    if (!parsed) {
        co_return bad_request(cat("error decoding YAML: ", parsed.error().message()));
    }
    Value config = parsed->empty() ? Value() : std::move(parsed->front().value);
    if (!config.is_map()) {
        config = Value::map();
    }
    const GroupVersionKind wanted = expected_kind(*call);
    const Object as_object(config);
    const GroupVersionKind found = as_object.group_version_kind();
    if (found.kind != wanted.kind || found.group != wanted.group ||
        found.version != wanted.version) {
        co_return bad_request(cat("invalid object type: ", found.text()));
    }
    if (config.string_at("metadata", "name").empty()) {
        Value& metadata = config.mutable_member("metadata");
        if (metadata.is_null()) {
            metadata = Value::map();
        }
        metadata.set("name", call->info.name);
    }
    // The configuration itself is applied as it was sent: its texts and kubectl's annotation show
    // it.
    Value settled = config;
    CO_TRY(settle_namespace(*call, settled));
    const bool force = bool_parameter(call->target, "force");
    Change change;
    change.may_create = call->subresource == nullptr;
    change.fields_are_managed = true;
    change.make = [call, config, force](const Value* old_object) -> Result<Value> {
        Value applied = TRY(apply_config(call, old_object, config, force));
        TRY(settle_namespace(*call, applied));
        return finish_applied(*call, config, std::move(applied));
    };
    co_return co_await change_object(call, std::move(change));
}

}  // namespace

io::Task<Answer> serve_patch(Call* call) {
    const auto type = patch_type_of(*call);
    if (!type) {
        if (call->resource->custom != nullptr) {
            co_return make_error(
                Reason::unsupported_media_type,
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json-patch+json, application/merge-patch+json, "
                "application/apply-patch+yaml");
        }
        co_return respond_value(
            *call, 415,
            generic_status(Reason::unsupported_media_type, 415, "415: Unsupported Media Type"));
    }
    CO_TRY(check_write_options(call, "PatchOptions"));
    if (*type == PatchType::apply) {
        co_return co_await serve_apply(call);
    }
    const PatchDocument patch =
        CO_TRY(read_patch(*call, *type == PatchType::strategic, *type == PatchType::json));
    Change change;
    change.make = [call, type = *type, patch](const Value* old_object) -> Result<Value> {
        CHECK(old_object != nullptr);
        return apply_one_patch(call, type, patch, *old_object);
    };
    co_return co_await change_object(call, std::move(change));
}

}  // namespace weft::server
