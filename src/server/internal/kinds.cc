// server/internal/kinds.cc: decodes, orders and encodes the objects of a kind.

#include "server/internal/kinds.h"

#include <algorithm>

#include "schema/builtin.h"
#include "schema/go_json.h"
#include "schema/strategy.h"
#include "server/internal/body.h"
#include "server/internal/convert.h"
#include "server/internal/custom_kind.h"
#include "server/internal/metadata.h"
#include "server/internal/strategy.h"

namespace weft::server {

GroupVersionKind expected_kind(const Call& call) {
    if (call.subresource != nullptr) {
        return call.subresource->kind;
    }
    return call.resource->gvk();
}

Status check_kind(const Call& call, const GroupVersionKind& found, const GroupVersionKind& wanted,
                  const std::function<Error(std::string_view)>& cannot) {
    const schema::Builtin& builtin = schema::Builtin::get();
    const bool is_known = builtin.find_kind(found) != nullptr;
    if (call.resource->custom != nullptr) {
        if (found.kind != wanted.kind || found.group != wanted.group) {
            return bad_request(cat("the object provided is unrecognized (must be of type ",
                                   wanted.kind, "): ", found.text()));
        }
    } else if (!is_known) {
        const bool same_kind = found.kind == wanted.kind && found.group == wanted.group;
        if (!same_kind || found.version != wanted.version) {
            // Versions that were served once are still known to a real server's scheme.
            static constexpr std::string_view retired[] = {
                "apps/v1beta1",  "apps/v1beta2",   "extensions/v1beta1",
                "batch/v1beta1", "policy/v1beta1", "autoscaling/v2beta1"};
            if (std::ranges::find(retired, found.api_version()) == std::end(retired) ||
                found.kind != wanted.kind) {
                return cannot(cat("no kind ", quote(found.kind), " is registered for version ",
                                  quote(found.api_version()),
                                  " in scheme \"pkg/runtime/scheme.go:111\""));
            }
        }
    }
    if (found.kind != wanted.kind) {
        return cannot(
            cat("converting (", found.version, ".", found.kind, ") to (",
                wanted.group.empty() ? "core" : wanted.group.substr(0, wanted.group.find('.')), ".",
                wanted.kind, "): unknown conversion"));
    }
    return bad_request(cat("the API version in the data (", found.api_version(),
                           ") does not match the expected API version (", wanted.api_version(),
                           ")"));
}

namespace {

constexpr std::string_view template_generation = "deprecated.daemonset.template.generation";

// The value in the member `one` and the first of the list `many` say the same; where they differ
// `one` counts. True if something changed.
bool mirror_first(Value& object, std::string_view part, std::string_view one, std::string_view many,
                  std::string_view item_member) {
    const std::string text(object.string_at(part, one));
    const Value* list = object.find(part, many);
    std::string first;
    if (list != nullptr && list->is_list() && !list->empty()) {
        const Value& item = list->items()[0];
        first = item_member.empty() ? (item.is_string() ? item.as_string() : std::string_view())
                                    : item.string_at(item_member);
    }
    if (text == first) {
        return false;
    }
    Value& holder = object.mutable_member(part);
    if (text.empty()) {
        holder.set(one, Value(first));
    } else {
        Value item =
            item_member.empty() ? Value(text) : Value::map_of({{std::string(item_member), text}});
        holder.set(many, Value::list_of({std::move(item)}));
    }
    return true;
}

bool mirror_members(std::string_view kind, Value& object) {
    if (kind == "Node") {
        return mirror_first(object, "spec", "podCIDR", "podCIDRs", "");
    }
    if (kind != "Pod") {
        return false;
    }
    bool is_changed = mirror_first(object, "status", "podIP", "podIPs", "ip");
    const Value* account = object.find("spec", "serviceAccountName");
    if (account != nullptr && object.find("spec", "serviceAccount") == nullptr) {
        object.mutable_member("spec").set("serviceAccount", *account);
        is_changed = true;
    }
    return is_changed;
}

// Claim templates say what they are, whether the client did or not. True if something changed.
bool type_claim_templates(Value& stateful_set) {
    const Value* templates = stateful_set.find("spec", "volumeClaimTemplates");
    if (templates == nullptr || templates->empty()) {
        return false;
    }
    Value typed = *templates;
    for (size_t i = 0; i < typed.size(); ++i) {
        Value& item = typed.mutable_item(i);
        item.set("kind", "PersistentVolumeClaim");
        item.set("apiVersion", "v1");
    }
    stateful_set.mutable_member("spec").set("volumeClaimTemplates", std::move(typed));
    return true;
}

std::string builtin_definition(const GroupVersionKind& kind) {
    const schema::SchemaPtr found = schema::Builtin::get().find_kind(kind);
    return found == nullptr ? std::string() : found->definition;
}

}  // namespace

Result<Value> read_protobuf(const Call& call, const std::string& kind) {
    const GroupVersionKind wanted = expected_kind(call);
    if (!schema::Protobuf::has_envelope(call.request.body)) {
        return bad_request(
            cat("the object provided is unrecognized (must be of type ", kind,
                "): provided data does not appear to be a protobuf message, expected "
                "prefix [107 56 115 0] (",
                body_excerpt(call.request.body), ")"));
    }
    return call.core->protobuf.decode(call.request.body, &wanted);
}

Result<Value> decode_kind(const Core& core, const Resource& resource,
                          const Subresource* subresource, const Value& value,
                          std::vector<std::string>* strict) {
    const GroupVersionKind kind = subresource != nullptr ? subresource->kind : resource.gvk();
    const bool own_kind = kind == resource.gvk();
    if (resource.custom != nullptr && own_kind) {
        return resource.custom->decode(resource, value, strict);
    }
    const std::string definition = builtin_definition(kind);
    if (definition.empty()) {
        return internal_error(cat("no definition of ", kind.text()));
    }
    std::vector<std::string> unknown;
    Value object = TRY(core.go_types.canonical(definition, value, &unknown, true));
    for (const std::string& path : unknown) {
        strict->push_back(cat("unknown field ", quote(path)));
    }
    // What conversion into the internal types does besides defaulting.
    if (kind.group.empty() && mirror_members(kind.kind, object)) {
        object = TRY(core.go_types.canonical(definition, object, nullptr, true));
    }
    if (kind.kind == "StatefulSet" && kind.group == "apps" && type_claim_templates(object)) {
        object = TRY(core.go_types.canonical(definition, object, nullptr, true));
    }
    if (kind.kind == "Secret" && object.contains("stringData")) {
        schema::fold_string_data(object);
        object = TRY(core.go_types.canonical(definition, object, nullptr, true));
    } else if (kind.kind == "DaemonSet" && kind.group == "apps" &&
               object.find("metadata", "annotations", template_generation) == nullptr) {
        Value& metadata = object.mutable_member("metadata");
        Value annotations =
            metadata.find("annotations") != nullptr ? *metadata.find("annotations") : Value::map();
        annotations.set(template_generation, "0");
        annotations.sort_members();
        set_metadata(metadata, "annotations", std::move(annotations));
    }
    bool is_changed = apply_defaults(core, definition, object);
    if (kind.kind == "CustomResourceDefinition") {
        crd::apply_defaults(object);
        is_changed = true;
    }
    if (is_changed) {
        object = TRY(core.go_types.canonical(definition, object, nullptr, true));
    }
    if (own_kind && kind.kind == "HorizontalPodAutoscaler" &&
        resource.api_version() != resource.storage_api_version) {
        // What the older version has no place for becomes annotations.
        object = convert_object(resource, object, resource.storage_api_version);
        apply_defaults(core, "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", object);
        object = convert_object(resource, object, resource.api_version());
        object = TRY(core.go_types.canonical(definition, object, nullptr, true));
    }
    return object;
}

const Value* zero_object(const Core& core, const std::string& definition) {
    if (const auto known = core.zeros.find(definition); known != core.zeros.end()) {
        return &known->second;
    }
    auto made = core.go_types.canonical(definition, Value::map());
    return &core.zeros.emplace(definition, made ? std::move(*made) : Value::map()).first->second;
}

Value reorder_kind(const Core& core, const Resource& resource, Value object, bool keeps_empty) {
    if (resource.custom != nullptr) {
        return object;
    }
    const std::string definition = builtin_definition(resource.gvk());
    auto ordered = core.go_types.canonical(definition, object, nullptr, keeps_empty);
    if (ordered && apply_defaults(core, definition, *ordered)) {
        ordered = core.go_types.canonical(definition, *ordered, nullptr, keeps_empty);
    }
    return ordered ? std::move(*ordered) : object;
}

namespace {

std::string text_of(const Value* value, const schema::Schema* node) {
    if (value == nullptr || value->is_null()) {
        if (node != nullptr && node->type == schema::Type::integer) {
            return "0";
        }
        return node != nullptr && node->type == schema::Type::boolean ? "false" : "";
    }
    switch (value->kind()) {
        case Value::Kind::string:
            return std::string(value->as_string());
        case Value::Kind::integer:
        case Value::Kind::boolean:
        case Value::Kind::number:
            return to_json(*value);
        default:
            return {};
    }
}

std::string field_text(const Value& object, const schema::Schema* node, std::string_view path) {
    const Value* value = &object;
    for (const std::string_view step : split(path, '.')) {
        value = value == nullptr ? nullptr : value->find(step);
        node = node == nullptr ? nullptr : node->find_member(step);
    }
    return text_of(value, node);
}

// Where a field label of a builtin kind lies inside the object.
std::string path_of_label(const Resource& resource, std::string_view label) {
    if (resource.kind == "Job" && label == "status.successful") {
        return "status.succeeded";
    }
    if (resource.kind == "Event") {
        if (label == "source") {
            return "source.component";
        }
        if (label == "reportingComponent") {
            return "reportingComponent";
        }
    }
    for (const schema::FieldLabelRename& rename : resource.builtin->field_label_renames) {
        if (rename.from == label) {
            return std::string(rename.to);
        }
    }
    return std::string(label);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> selector_fields(const Resource& resource,
                                                                 const Value& object) {
    std::vector<std::pair<std::string, std::string>> fields;
    if (resource.custom != nullptr) {
        return resource.custom->selector_fields(object);
    }
    const schema::SchemaPtr node = schema::Builtin::get().find_kind(resource.gvk());
    for (const std::string& label : resource.field_labels) {
        if (label == "metadata.name" || label == "metadata.namespace") {
            continue;
        }
        const auto& without = resource.builtin->field_labels_without_value;
        if (std::ranges::find(without, label) != without.end()) {
            continue;
        }
        std::string text = field_text(object, node.get(), path_of_label(resource, label));
        if (text.empty() && label == "source" && resource.kind == "Event") {
            text = object.string_at("reportingComponent");
        }
        if (!text.empty()) {
            fields.emplace_back(label, std::move(text));
        }
    }
    return fields;
}

std::string encode_kind(const Resource& resource, const Value& object) {
    StoredFacts facts;
    facts.is_builtin = resource.custom == nullptr;
    facts.fields = selector_fields(resource, object);
    if (resource.custom != nullptr) {
        facts.stamp = resource.custom->stamp(resource);
    }
    if (resource.api_version() == resource.storage_api_version) {
        return encode_stored(object, facts);
    }
    Value stored = convert_object(resource, object, resource.storage_api_version);
    return encode_stored(stored, facts);
}

bool needs_conversion(const Resource& resource, const StoredView& stored) {
    if (resource.custom != nullptr) {
        return stored.stamp() != resource.custom->stamp(resource);
    }
    return stored.api_version() != resource.api_version() && changes_shape(resource);
}

Result<Value> decode_stored(const Core& core, const Resource& resource, const StoredView& stored,
                            store::Revision revision) {
    Value object = TRY(stored.to_value(revision));
    if (resource.custom != nullptr) {
        if (needs_conversion(resource, stored)) {
            object = TRY(resource.custom->from_storage(resource, std::move(object)));
        }
        object.set("apiVersion", resource.api_version());
        return object;
    }
    if (stored.api_version() != resource.api_version()) {
        object = convert_object(resource, object, resource.api_version());
        if (changes_shape(resource)) {
            object = reorder_kind(core, resource, std::move(object));
        }
    }
    return object;
}

io::Task<Result<std::vector<Value>>> load_objects(const Core* core, ResourcePtr resource) {
    store::ListRequest request;
    request.prefix = resource->key_prefix;
    const store::Page page = CO_TRY(co_await core->store->list(request));
    std::vector<Value> out;
    for (const store::Entry& entry : page.entries) {
        out.push_back(CO_TRY(StoredView(*entry.value).to_value(entry.modified)));
    }
    co_return out;
}

}  // namespace weft::server
