// server/internal/verbs/patch.cc: JSON, merge and strategic patches, and server-side apply.
//
// Source of the behaviour and the texts: apiserver's endpoints/handlers/patch.go, 1.36.

#include <algorithm>
#include <set>

#include "merge/merge.h"
#include "object/go_format.h"
#include "schema/go_type_names.h"
#include "schema/object_meta.h"
#include "server/internal/body.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/verbs/patched.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

enum class PatchType : uint8_t { json, merge, strategic, apply };

std::optional<PatchType> patch_type_of(std::string_view content_type) {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    if (type == "application/json-patch+json") {
        return PatchType::json;
    }
    if (type == "application/merge-patch+json") {
        return PatchType::merge;
    }
    if (type == "application/strategic-merge-patch+json") {
        return PatchType::strategic;
    }
    if (type == "application/apply-patch+yaml") {
        return PatchType::apply;
    }
    return std::nullopt;
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

Error cannot_decode(const Value& value, std::string_view type) {
    return bad_request(cat("error decoding patch: json: cannot unmarshal ", json_kind(value),
                           " into Go value of type ", type));
}

// The operations of a JSON patch, as strict decoding reads them. Unknown members are told.
Status check_operations(const Value& operations, std::vector<std::string>& strict) {
    if (!operations.is_list()) {
        return operations.is_null() ? Status{}
                                    : cannot_decode(operations, "[]handlers.jsonPatchOp");
    }
    size_t index = 0;
    for (const Value& operation : operations.items()) {
        if (!operation.is_map() && !operation.is_null()) {
            return cannot_decode(operation, "handlers.jsonPatchOp");
        }
        for (const Member& member : operation.members()) {
            const std::string_view name = member.name();
            if (name != "op" && name != "path" && name != "from" && name != "value") {
                strict.push_back(
                    cat("json patch unknown field ", quote(cat("[", index, "].", name))));
            }
        }
        ++index;
    }
    return {};
}

// What is told of members, in the order in which they stand in the text.
void sort_by_text(std::string_view body, std::vector<std::string>& strict) {
    std::vector<std::string> members;
    static_cast<void>(parse_json(body, {.members = &members}));
    std::set<std::string> seen;
    std::vector<std::string> sorted;
    const auto take = [&](std::string text) {
        const auto found = std::ranges::find(strict, text);
        if (found != strict.end()) {
            sorted.push_back(std::move(text));
            strict.erase(found);
        }
    };
    for (const std::string& member : members) {
        const bool again = !seen.insert(member).second;
        take(cat("json patch ", again ? "duplicate" : "unknown", " field ", quote(member)));
    }
    sorted.insert(sorted.end(), strict.begin(), strict.end());  // deeper ones
    strict = std::move(sorted);
}

Result<PatchDocument> read_patch(const Call& call, PatchType type) {
    std::vector<std::string> duplicates;
    auto parsed =
        parse_json(call.request.body, {.refuse_duplicates = false, .duplicates = &duplicates});
    if (!parsed) {
        return bad_request(type == PatchType::strategic
                               ? parsed.error().message()
                               : cat("error decoding patch: ", parsed.error().message()));
    }
    if (type == PatchType::merge && !parsed->is_map() && !parsed->is_null()) {
        return cannot_decode(*parsed, "map[string]interface {}");
    }
    PatchDocument document{std::move(*parsed), {}};
    const std::string_view prefix = type == PatchType::json ? "json patch " : "";
    for (const std::string& path : duplicates) {
        document.strict.push_back(cat(prefix, "duplicate field ", quote(path)));
    }
    if (type == PatchType::json && call.parameter("fieldValidation") != "Ignore") {
        TRY(check_operations(document.value, document.strict));
        if (!duplicates.empty() && document.strict.size() > duplicates.size()) {
            sort_by_text(call.request.body, document.strict);
        }
    }
    return document;
}

// --- A patched object as errors show it ---
//
// Go's patch library takes apart only what a patch touches: those objects are written with their
// members sorted, the others as they were.

void sort_merged(Value& value, const Value& before, const Value& patch) {
    value.sort_members();
    for (const Member& change : patch.members()) {
        Value* member = value.find_mutable(change.name());
        if (member == nullptr) {
            continue;
        }
        const Value* old_member = before.find(change.name());
        if (old_member != nullptr && old_member->is_map() && change.value.is_map()) {
            sort_merged(*member, *old_member, change.value);
        } else {
            sort_all(*member);
        }
    }
}

void sort_along(Value& value, std::string_view pointer) {
    if (value.is_map()) {
        value.sort_members();
    }
    if (pointer.empty()) {
        return;
    }
    pointer.remove_prefix(1);
    const size_t slash = pointer.find('/');
    if (slash == std::string_view::npos) {
        return;  // the last step names what is put, not what is taken apart
    }
    const std::string step =
        replace_all(replace_all(pointer.substr(0, slash), "~1", "/"), "~0", "~");
    if (value.is_list()) {
        const auto index = parse_uint(step);
        if (index && *index < value.size()) {
            sort_along(value.mutable_item(static_cast<size_t>(*index)), pointer.substr(slash));
        }
        return;
    }
    if (Value* member = value.find_mutable(step)) {
        sort_along(*member, pointer.substr(slash));
    }
}

// Its members as Go's patch library writes them.
void sort_as_written(PatchType type, Value& patched, const Value& before, const Value& patch) {
    if (!patched.is_map()) {
        return;
    }
    if (type == PatchType::merge) {
        sort_merged(patched, before, patch);
    } else {
        patched.sort_members();
        for (const Value& operation : patch.items()) {
            for (const std::string_view member : {"path", "from"}) {
                if (const std::string_view pointer = operation.string_at(member);
                    pointer.starts_with('/')) {
                    sort_along(patched, pointer);
                }
            }
        }
    }
}

Value shown_object(PatchType type, Value patched, const Value& before, const Value& patch) {
    sort_as_written(type, patched, before, patch);
    return Value(to_json(patched, {.escape_html = true}));
}

// Whether the member of " into Go struct field TYPE.a.b" is of a type that reads JSON by itself (a
// number or a text): the converter leaves it to that, which knows no place.
bool decodes_itself(std::string_view place, const schema::Schema* kind) {
    constexpr std::string_view prefix = " into Go struct field ";
    if (!place.starts_with(prefix)) {
        return false;
    }
    const std::vector<std::string_view> steps = split(place.substr(prefix.size()), '.');
    for (size_t i = 1; i < steps.size() && kind != nullptr; ++i) {
        if (kind->items != nullptr) {
            kind = kind->items;
        }
        kind = kind->find_property(steps[i]);
    }
    return kind != nullptr && kind->int_or_string;
}

// Why Go's converter of unstructured values does not take what its JSON decoder would not either:
// it works on Go values and says so in its own words.
std::string conversion_error(std::string_view decoding, const schema::Schema* kind) {
    constexpr std::string_view prefix = "json: cannot unmarshal ";
    if (decoding.starts_with("illegal base64")) {
        return cat("error decoding from json: ", decoding);  // bytes are read by JSON's decoder
    }
    const size_t into = decoding.find(" into Go ");
    const size_t of_type = decoding.rfind(" of type ");
    if (!decoding.starts_with(prefix) || into == std::string_view::npos ||
        of_type == std::string_view::npos) {
        return std::string(decoding);
    }
    std::string_view found = decoding.substr(prefix.size(), into - prefix.size());
    const std::string_view wanted = decoding.substr(of_type + std::string_view(" of type ").size());
    const bool is_number = found.starts_with("number");
    const std::string_view from = is_number           ? (found.contains('.') ? "float64" : "int64")
                                  : found == "object" ? "map"
                                  : found == "array"  ? "slice"
                                                      : found;
    using schema::GoTypeForm;
    const GoTypeForm form = schema::form_of_go_type(wanted);
    if (wanted.starts_with("[]") || form == GoTypeForm::list) {
        return cat("cannot restore slice from ", from);
    }
    if (wanted.starts_with("map[") || form == GoTypeForm::map) {
        return cat("cannot restore map from ", from);
    }
    const bool is_text = wanted == "string" || form == GoTypeForm::text;
    if (wanted.contains('.') && !is_text) {
        return cat("cannot restore struct from: ", from);
    }
    if (decodes_itself(decoding.substr(into, of_type - into), kind)) {
        return cat(decoding.substr(0, into), " into Go value of type ", wanted);
    }
    // Go converts numbers to texts and to each other; the converter does not want that.
    const bool is_convertible = is_number && wanted != "bool" && (from == "int64" || !is_text);
    return is_convertible ? cat("cannot convert ", from, " to ", wanted)
                          : cat("unrecognized type: ", is_text ? "string" : wanted);
}

// The patched object as an object of the kind again. `shown` is made only for an error.
Result<Value> decode_patched(Call* call, PatchType type, Value patched,
                             const std::vector<std::string>& strict,
                             const std::function<Value()>& shown) {
    const GroupVersionKind wanted = expected_kind(*call);
    if (patched.is_map() && patched.string_at("kind").empty()) {
        // What says nothing of itself is what the endpoint has.
        patched.set("kind", wanted.kind);
        if (patched.string_at("apiVersion").empty()) {
            patched.set("apiVersion", wanted.api_version());
        }
    }
    const std::string_view kind = patched.string_at("kind");
    const std::string_view api_version = patched.string_at("apiVersion");
    if (patched.is_map() && kind == wanted.kind && api_version.empty() &&
        call->resource->is_builtin()) {
        // Without a version it is the internal type, which knows none of these members.
        for (const Member& member : patched.members()) {
            if (member.name() != "kind" && member.name() != "apiVersion") {
                call->warn(cat("unknown field ", quote(member.name())));
            }
        }
        return Value::map();
    }
    if (kind != wanted.kind || api_version != wanted.api_version()) {
        GroupVersionKind found{"", "", std::string(kind)};
        if (const auto group_version = parse_api_version(api_version)) {
            found.group = group_version->group;
            found.version = group_version->version;
        }
        // It is decoded as what it says it is before anybody asks whether that is wanted here.
        if (const schema::SchemaPtr said = schema::Builtin::get().find_kind(found);
            said != nullptr && call->resource->is_builtin()) {
            const auto decoded =
                call->core->go_types.canonical(said->definition, patched, nullptr, true);
            if (!decoded) {
                return invalid_patch(shown(), decoded.error().message());
            }
        }
        if (call->resource->custom != nullptr && found.group == wanted.group) {
            return refuse_other_kind(call, found, patched);
        }
        const auto refused = check_kind(*call, found, wanted, [](std::string_view why) {
            return bad_request(std::string(why));
        });
        return invalid_patch(shown(), refused.error().message());
    }
    const size_t warnings = call->warnings.size();
    auto object = decode_object(call, patched, strict, type == PatchType::strategic);
    if (!object) {
        call->warnings.resize(warnings);
        if (object.error().reason() != Reason::bad_request) {
            return object.error();
        }
        const std::string& why = object.error().message();
        if (type != PatchType::strategic) {
            return invalid_patch(shown(), why);
        }
        const schema::SchemaPtr schema = schema::Builtin::get().find_kind(wanted);
        return invalid_patch(shown(), conversion_error(why, schema.get()));
    }
    return object;
}

Result<Value> apply_one_patch(Call* call, PatchType type, const PatchDocument& patch,
                              const Value& current) {
    Value patched;
    if (type == PatchType::json) {
        auto applied = merge::apply_json_patch(current, patch.value);
        if (!applied) {
            return merge::json_patch_client_error(applied.error());
        }
        patched = std::move(*applied);
    } else if (type == PatchType::merge) {
        patched = TRY(merge::apply_merge_patch(current, patch.value));
    } else {
        const schema::SchemaPtr schema = schema::Builtin::get().find_kind(expected_kind(*call));
        patched = TRY(merge::apply_strategic_merge_patch(current, patch.value, schema.get()));
    }
    if (type != PatchType::strategic && call->resource->is_builtin()) {
        sort_as_written(type, patched, current,
                        patch.value);  // unknown ones are told in this order
    }
    const auto shown = [&] {
        return type == PatchType::strategic ? Value(go_format(patch.value))
                                            : shown_object(type, patched, current, patch.value);
    };
    return decode_patched(call, type, patched, patch.strict, shown);
}

// An applied object is not decoded again: only defaults are filled in. What does not fit the Go
// type is the server's fault, for all the real one knows.
Result<Value> finish_applied(const Call& call, const Value& config, Value applied) {
    if (call.resource->custom != nullptr) {
        const crd::Kind& kind = call.resource->custom->of(*call.resource);
        kind.prune(applied);
        kind.default_values(applied);
        // Metadata as it is stored: what is empty goes, a text that is null is empty. (Who applied
        // it owns it all the same.) What cannot be read is for validation to refuse.
        (void)schema::coerce_object_meta(call.core->go_types, applied, nullptr);
        return applied;
    }
    std::vector<std::string> strict;
    auto decoded = decode_kind(*call.core, *call.resource, call.subresource, applied, &strict);
    if (!decoded) {
        const schema::SchemaPtr schema = schema::Builtin::get().find_kind(expected_kind(call));
        const std::string why = conversion_error(decoded.error().message(), schema.get());
        const std::string kind = expected_kind(call).text();
        return make_error(Reason::unknown, "failed to convert new object (",
                          config.string_at("metadata", "namespace"), "/",
                          config.string_at("metadata", "name"), "; ", kind,
                          ") to proper version: unable to convert unstructured object to ", kind,
                          ": ", why);
    }
    return decoded;
}

io::Task<Answer> serve_apply(Call* call) {
    std::vector<std::string> duplicates;
    auto parsed = parse_yaml(call->request.body, {.duplicates = &duplicates, .go_texts = true});
    if (!parsed) {
        co_return bad_request(
            cat("error decoding YAML: error converting YAML to JSON: ", parsed.error().message()));
    }
    Value config = parsed->empty() ? Value() : std::move(parsed->front().value);
    if (!config.is_map() && !config.is_null()) {
        co_return bad_request(
            cat("error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot "
                "unmarshal ",
                json_kind(config), " into Go value of type map[string]interface {}"));
    }
    if (config.is_null()) {
        config = Value::map();
    }
    if (!duplicates.empty() && field_validation_of(*call) == FieldValidation::strict) {
        co_return bad_request(cat("error strict decoding YAML: error converting YAML to JSON: ",
                                  strict_text(duplicates)));
    }
    if (field_validation_of(*call) == FieldValidation::warn) {
        for (std::string& text : duplicates) {
            call->warn(std::move(text));
        }
    }
    const GroupVersionKind wanted = expected_kind(*call);
    const Object as_object(config);
    const GroupVersionKind found = as_object.group_version_kind();
    if (found.kind != wanted.kind || found.group != wanted.group ||
        found.version != wanted.version) {
        co_return bad_request(cat("invalid object type: ", found.text()));
    }
    const bool is_named = !config.string_at("metadata", "name").empty();
    const Value* sent = config.find("metadata");
    const bool is_broken = sent != nullptr && !sent->is_map() && !sent->is_null();
    if (!is_named && !is_broken) {
        Value& metadata = config.mutable_member("metadata");
        if (!metadata.is_map()) {
            metadata = Value::map();
        }
        metadata.set("name", call->info.name);
    }
    // The configuration itself is applied as it was sent: its texts and kubectl's annotation show
    // it.
    if (!is_broken) {  // Else merging refuses it, in its own words.
        Value settled = config;
        CO_TRY(settle_namespace(*call, settled));
    }
    const bool force = bool_parameter(call->target, "force");
    Change change;
    change.may_create = call->subresource == nullptr;
    change.fields_are_managed = true;
    change.make = [call, config, force, is_named](const Value* old_object) -> Result<Value> {
        Value applied = TRY(apply_config(call, old_object, config, force));
        TRY(settle_namespace(*call, applied));
        if (old_object == nullptr && !is_named) {
            applied.mutable_member("metadata").erase("name");  // a new object must say its name
        }
        return finish_applied(*call, config, std::move(applied));
    };
    co_return co_await change_object(call, std::move(change));
}

}  // namespace

Error undecodable_patch(std::string_view content_type, const Value& patched, const Value& before,
                        const Value& patch, std::string_view why) {
    const PatchType type = patch_type_of(content_type).value_or(PatchType::merge);
    if (type == PatchType::strategic) {
        return invalid_patch(Value(go_format(patch)), conversion_error(why, nullptr));
    }
    return invalid_patch(shown_object(type, patched, before, patch), why);
}

std::optional<Answer> refuse_patch_type(const Call& call) {
    const auto type = patch_type_of(call.request.headers.get("content-type"));
    if (type && (*type != PatchType::strategic || call.resource->is_builtin())) {
        return std::nullopt;
    }
    if (call.resource->custom != nullptr) {
        return make_error(
            Reason::unsupported_media_type,
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, "
            "application/apply-patch+yaml");
    }
    return respond_value(
        call, 415,
        generic_status(Reason::unsupported_media_type, 415, "415: Unsupported Media Type"));
}

io::Task<Answer> serve_patch(Call* call) {
    if (auto refused = refuse_patch_type(*call)) {
        co_return *std::move(refused);
    }
    const auto type = patch_type_of(call->request.headers.get("content-type"));
    CO_TRY(check_write_options(call, "PatchOptions"));
    if (*type == PatchType::apply) {
        co_return co_await serve_apply(call);
    }
    // A patch of an object that is not there is not looked at.
    const Result<PatchDocument> patch = read_patch(*call, *type);
    Change change;
    change.make = [call, type = *type, patch](const Value* old_object) -> Result<Value> {
        CHECK(old_object != nullptr);
        if (!patch) {
            return patch.error();
        }
        return apply_one_patch(call, type, *patch, *old_object);
    };
    co_return co_await change_object(call, std::move(change));
}

}  // namespace weft::server
