// server/internal/body.cc: options and bodies of writes.

#include "server/internal/body.h"

#include <algorithm>

#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/limits.h"

namespace weft::server {

FieldValidation field_validation_of(const Call& call) {
    const std::string text = call.parameter("fieldValidation");
    if (text == "Strict") {
        return FieldValidation::strict;
    }
    return text == "Ignore" ? FieldValidation::ignore : FieldValidation::warn;
}

namespace {

void check_field_manager(std::string_view manager, FieldErrors& errors) {
    if (manager.size() > limits::field_manager_bytes_max) {
        errors.push_back(schema::field_too_long(
            "fieldManager", static_cast<int64_t>(limits::field_manager_bytes_max)));
    }
    size_t at = 0;
    size_t position = 0;
    while (at < manager.size()) {
        const char32_t c = next_code_point(manager, at);
        if (c < 0x20 || c == 0x7F) {
            static constexpr std::string_view hex = "0123456789ABCDEF";
            errors.push_back(
                schema::field_invalid("fieldManager", manager,
                                      cat("invalid character U+00", hex[(c >> 4) & 0xF],
                                          hex[c & 0xF], " (at position ", position, ")")));
        }
        position = at;
    }
}

}  // namespace

Status check_write_options(Call* call, const std::string& kind) {
    FieldErrors errors;
    std::vector<Value> dry_runs;
    for (const auto& [key, value] : call->target.query) {
        if (key == "dryRun") {
            dry_runs.emplace_back(value);
        }
    }
    if (kind == "PatchOptions") {
        const bool is_apply =
            trim(call->request.headers.get("content-type")).starts_with("application/apply-patch");
        const auto force = call->target.parameter("force");
        if (is_apply) {
            if (call->parameter("fieldManager").empty()) {
                errors.push_back(
                    schema::field_required("fieldManager", "is required for apply patch"));
            }
        } else if (force) {
            errors.push_back(
                schema::field_forbidden("force", "may not be specified for non-apply patch"));
        }
    }
    check_field_manager(call->parameter("fieldManager"), errors);
    if (!dry_runs.empty()) {
        const bool all = std::ranges::all_of(
            dry_runs, [](const Value& value) { return value.as_string() == "All"; });
        if (all) {
            call->dry_run = true;
        } else {
            FieldError error =
                schema::field_not_supported("dryRun", Value::list(std::move(dry_runs)), {"All"});
            errors.push_back(std::move(error));
        }
    }
    const std::string validation = call->parameter("fieldValidation");
    if (!validation.empty() && validation != "Ignore" && validation != "Warn" &&
        validation != "Strict") {
        errors.push_back(schema::field_not_supported("fieldValidation", validation,
                                                     {"", "Ignore", "Strict", "Warn"}));
    }
    if (!errors.empty()) {
        return schema::invalid_error("meta.k8s.io", kind, "", errors);
    }
    return {};
}

std::string field_manager_of(const Call& call) {
    std::string manager = call.parameter("fieldManager");
    if (!manager.empty()) {
        return manager;
    }
    const std::string_view agent = call.request.headers.get("user-agent");
    std::string prefix;
    for (const char c : agent.substr(0, agent.find('/'))) {
        if (c >= 0x20 && c < 0x7F && prefix.size() < limits::field_manager_bytes_max) {
            prefix += c;
        }
    }
    return prefix.empty() ? "unknown" : prefix;
}

std::string body_excerpt(std::string_view body) {
    if (body.empty()) {
        return "<empty>";
    }
    const std::string_view head = body.substr(0, 30);
    std::string out = body.starts_with('{') ? std::string(head) : hex_encode(head);
    if (body.size() > head.size()) {
        out += " ...";
    }
    return out;
}

namespace {

constexpr std::string_view type_meta_text =
    "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
    "\"json:\\\"kind,omitempty\\\"\" }";

Error unrecognized(const Call& call, const std::string& kind, std::string_view why) {
    if (kind == "DeleteOptions") {
        return bad_request(std::string(why));  // read by itself, and its errors are not wrapped
    }
    return bad_request(cat("the object provided is unrecognized (must be of type ", kind,
                           "): ", why, " (", body_excerpt(call.request.body), ")"));
}

// apiVersion and kind must be texts in a map before anything else is looked at.
std::optional<std::string> type_meta_problem(const Value& value) {
    constexpr std::string_view prefix = "couldn't get version/kind; json parse error: ";
    if (value.is_null()) {
        return std::nullopt;
    }
    if (!value.is_map()) {
        return cat(prefix, "json: cannot unmarshal ", json_kind(value), " into Go value of type ",
                   type_meta_text);
    }
    for (const std::string_view key : {"apiVersion", "kind"}) {
        const Value* member = value.find(key);
        if (member != nullptr && !member->is_string() && !member->is_null()) {
            return cat(prefix, "json: cannot unmarshal ", json_kind(*member),
                       " into Go struct field .", key, " of type string");
        }
    }
    const std::string_view api_version = value.string_at("apiVersion");
    if (std::ranges::count(api_version, '/') > 1) {
        return cat("unexpected GroupVersion string: ", api_version);
    }
    return std::nullopt;
}

}  // namespace

std::string_view json_kind(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            return "bool";
        case Value::Kind::string:
            return "string";
        case Value::Kind::list:
            return "array";
        case Value::Kind::map:
            return "object";
        default:
            return "number";
    }
}

Result<Document> read_document(const Call& call, const std::string& kind) {
    const std::string_view header = call.request.headers.get("content-type");
    const std::string type = to_lower(trim(header.substr(0, header.find(';'))));
    const std::string& body = call.request.body;
    if (body.size() > limits::body_bytes_max) {
        return make_error(Reason::request_entity_too_large, "Request entity too large: limit is ",
                          limits::body_bytes_max);
    }
    Document document;
    if (type.empty() || type == "application/json") {
        std::vector<std::string> duplicates;
        auto parsed = parse_json(body, {.refuse_duplicates = false, .duplicates = &duplicates});
        if (parsed && !duplicates.empty() && call.resource != nullptr &&
            call.resource->is_builtin()) {
            parsed = parse_json(body, {.merge_duplicates = true});
        }
        if (!parsed) {
            return unrecognized(
                call, kind,
                cat("couldn't get version/kind; json parse error: ", parsed.error().message()));
        }
        document.value = std::move(*parsed);
        for (const std::string& path : duplicates) {
            document.strict.push_back(cat("duplicate field ", quote(path)));
        }
    } else if (type == "application/yaml") {
        auto parsed = parse_yaml(body, {.duplicates = &document.strict, .go_texts = true});
        if (!parsed) {
            return unrecognized(call, kind, parsed.error().message());
        }
        if (!parsed->empty()) {
            document.value = std::move(parsed->front().value);
        }
    } else if (type == "application/vnd.kubernetes.protobuf" && call.resource != nullptr &&
               call.resource->is_builtin()) {
        document.value = TRY(read_protobuf(call, kind));
    } else {
        return make_error(Reason::unsupported_media_type,
                          "the body of the request was in an unknown format - accepted media "
                          "types include: application/json, application/yaml, "
                          "application/vnd.kubernetes.protobuf");
    }
    if (const auto problem = type_meta_problem(document.value)) {
        return unrecognized(call, kind, *problem);
    }
    if (document.value.is_null()) {
        document.value = Value::map();
    }
    return document;
}

std::string strict_text(const std::vector<std::string>& strict) {
    std::string yaml;
    std::vector<std::string> texts;
    for (const std::string& text : strict) {
        if (text.starts_with("line ")) {
            append(yaml, yaml.empty() ? "yaml: unmarshal errors:\n  " : "\n  ", text);
        } else {
            texts.push_back(text);
        }
    }
    if (!yaml.empty()) {
        texts.insert(texts.begin(), std::move(yaml));
    }
    return join(texts, ", ");
}

Result<Value> decode_object(Call* call, const Value& value, std::vector<std::string> strict,
                            bool by_name) {
    const auto found = static_cast<ptrdiff_t>(strict.size());
    Value object =
        TRY(decode_kind(*call->core, *call->resource, call->subresource, value, &strict));
    if (by_name) {
        std::sort(strict.begin() + found, strict.end());
    }
    // An empty list of owners is a wish: to forget them all.
    if (const Value* fields = value.find("metadata", "managedFields");
        fields != nullptr && fields->is_list() && fields->empty()) {
        set_metadata(object.mutable_member("metadata"), "managedFields", Value::list());
    }
    if (strict.empty()) {
        return object;
    }
    switch (field_validation_of(*call)) {
        case FieldValidation::strict:
            return bad_request(cat("strict decoding error: ", strict_text(strict)));
        case FieldValidation::warn:
            for (std::string& text : strict) {
                call->warn(std::move(text));
            }
            break;
        case FieldValidation::ignore:
            break;
    }
    return object;
}

Error refuse_other_kind(Call* call, const GroupVersionKind& found, const Value& value) {
    const GroupVersionKind wanted = expected_kind(*call);
    FieldErrors errors;
    if (found.kind != wanted.kind) {
        errors.push_back(schema::field_invalid("kind", found.kind, cat("must be ", wanted.kind)));
    }
    if (found.version != wanted.version) {
        for (const Member& member : value.members()) {
            if (member.name() != "apiVersion" && member.name() != "kind" &&
                member.name() != "metadata") {
                call->warn(cat("unknown field ", quote(member.name())));
            }
        }
        errors.push_back(schema::field_invalid("apiVersion", found.api_version(),
                                               cat("must be ", wanted.api_version())));
    }
    return schema::invalid_error(found.group, found.kind, value.string_at("metadata", "name"),
                                 errors);
}

Result<Value> read_object(Call* call) {
    const GroupVersionKind wanted = expected_kind(*call);
    Document document = TRY(read_document(*call, wanted.kind));
    const std::string_view api_version = document.value.string_at("apiVersion");
    const std::string_view kind = document.value.string_at("kind");
    GroupVersionKind found = wanted;
    if (!kind.empty()) {
        found.kind = kind;
    }
    if (!api_version.empty()) {
        const GroupVersion group_version = TRY(parse_api_version(api_version));
        found.group = group_version.group;
        found.version = group_version.version;
    }
    if (call->resource != nullptr && call->resource->custom != nullptr &&
        call->subresource == nullptr) {
        if (api_version.empty()) {
            return bad_request(
                cat("the API version in the data () does not match the expected API "
                    "version (",
                    wanted.api_version(), ")"));
        }
        if (kind.empty()) {
            return unrecognized(*call, wanted.kind,
                                cat("Object 'Kind' is missing in '", call->request.body, "'"));
        }
        if (found.group == wanted.group && found.version == wanted.version &&
            found.kind != wanted.kind) {
            return refuse_other_kind(call, found, document.value);
        }
    }
    if (wanted.kind == "Eviction" && found.kind == "Eviction" &&
        found.api_version() == "policy/v1beta1") {
        found = wanted;  // still taken, though nothing else of that version is
    }
    const auto cannot = [&](std::string_view why) {
        return bad_request(cat(found.kind, " in version ", quote(found.version),
                               " cannot be handled as a ", wanted.kind, ": ", why));
    };
    if (found != wanted) {
        TRY(check_kind(*call, found, wanted, cannot));
    }
    auto object = decode_object(call, document.value, std::move(document.strict));
    if (!object) {
        return object.error().reason() == Reason::bad_request ? cannot(object.error().message())
                                                              : object.error();
    }
    object->set("kind", wanted.kind);
    object->set("apiVersion", wanted.api_version());
    return object;
}

}  // namespace weft::server
