// server/internal/admission/matching.cc: rules, selectors, equivalent versions.

#include "server/internal/admission/matching.h"

#include <algorithm>

#include "server/internal/convert.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/texts.h"

namespace weft::server {

namespace {

std::vector<std::string> member_texts(const Value& object, std::string_view member) {
    std::vector<std::string> out;
    if (const Value* list = object.find(member)) {
        for (const Value& item : list->items()) {
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            }
        }
    }
    return out;
}

std::vector<OperationRule> parse_rules_of(const Value& object, std::string_view member) {
    std::vector<OperationRule> out;
    if (const Value* rules = object.find(member)) {
        for (const Value& rule : rules->items()) {
            out.push_back({.operations = member_texts(rule, "operations"),
                           .groups = member_texts(rule, "apiGroups"),
                           .versions = member_texts(rule, "apiVersions"),
                           .resources = member_texts(rule, "resources"),
                           .names = member_texts(rule, "resourceNames"),
                           .scope = std::string(rule.string_at("scope"))});
        }
    }
    return out;
}

bool has_or_star(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::any_of(
        list, [&](const std::string& item) { return item == "*" || item == text; });
}

bool names_resource(const OperationRule& rule, std::string_view resource,
                    std::string_view subresource) {
    return std::ranges::any_of(rule.resources, [&](std::string_view item) {
        const size_t slash = item.find('/');
        const std::string_view head = item.substr(0, slash);
        const std::string_view tail =
            slash == std::string_view::npos ? std::string_view() : item.substr(slash + 1);
        return (head == "*" || head == resource) && (tail == "*" || tail == subresource);
    });
}

Value kind_value(const GroupVersionKind& kind) {
    return Value::map_of({{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}});
}
Value resource_value(const GroupVersionResource& resource) {
    return Value::map_of({{"group", resource.group},
                          {"version", resource.version},
                          {"resource", resource.resource}});
}

Value user_info_value(const UserInfo& user) {
    Value out = Value::map_of({{"username", user.name}});
    if (!user.uid.empty()) {
        out.set("uid", user.uid);
    }
    if (!user.groups.empty()) {
        out.set("groups", texts(user.groups));
    }
    if (!user.extra.empty()) {
        Value extra = Value::map();
        for (const auto& [key, values] : user.extra) {
            extra.set(key, texts(values));
        }
        out.set("extra", std::move(extra));
    }
    return out;
}

}  // namespace

MatchCriteria parse_criteria(const Value& object, std::string_view rules_member) {
    MatchCriteria out;
    out.rules = parse_rules_of(object, rules_member);
    out.excluded = parse_rules_of(object, "excludeResourceRules");
    out.is_equivalent = object.string_at("matchPolicy") != "Exact";
    const auto read = [&](std::string_view member, LabelSelector& into) {
        const Value* selector = object.find(member);
        auto parsed = LabelSelector::of_object(selector == nullptr ? Value() : *selector);
        if (parsed) {
            into = std::move(*parsed);
        } else if (out.selector_error.empty()) {
            out.selector_error = parsed.error().message();
        }
    };
    read("namespaceSelector", out.namespaces);
    read("objectSelector", out.objects);
    return out;
}

std::string refusal_name(const AdmissionRequest& request) {
    if (!request.name.empty()) {
        return request.name;
    }
    std::string_view name = request.object.string_at("metadata", "generateName");
    if (name.empty()) {
        name = request.object.string_at("metadata", "name");
    }
    return name.empty() ? "Unknown" : std::string(name);
}

bool AdmissionCase::is_exempt() const {
    static constexpr std::string_view kinds[] = {
        "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",      "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",        "MutatingAdmissionPolicyBinding"};
    return request_->kind.group == "admissionregistration.k8s.io" &&
           std::ranges::find(kinds, request_->kind.kind) != std::end(kinds);
}

io::Task<Result<const Value*>> AdmissionCase::namespace_object() {
    if (!namespace_) {
        Value found;
        const bool is_namespace =
            request_->resource.resource == "namespaces" && request_->resource.group.empty();
        if (!request_->namespace_.empty() && !is_namespace) {
            const Core& core = *call_->core;
            const ResourcePtr namespaces = core.registry.find("", "v1", "namespaces");
            auto entry =
                CO_TRY(co_await core.store->get(namespaces->key("", request_->namespace_), {}));
            if (!entry) {
                co_return not_found(namespaces->group_resource(), request_->namespace_);
            }
            found = CO_TRY(StoredView(*entry->value).to_value(entry->modified));
        }
        namespace_ = std::move(found);
    }
    co_return namespace_->is_null() ? nullptr : &*namespace_;
}

io::Task<Result<bool>> AdmissionCase::matches_namespace(const LabelSelector* selector) {
    if (selector->is_everything()) {
        co_return true;
    }
    const bool is_namespace =
        request_->resource.resource == "namespaces" && request_->resource.group.empty();
    if (is_namespace) {
        const Value& object = request_->subresource.empty() && !request_->object.is_null()
                                  ? request_->object
                                  : request_->old_object;
        const Value* labels = object.find("metadata", "labels");
        co_return selector->matches(labels == nullptr ? Value() : *labels);
    }
    const Value* found = CO_TRY(co_await namespace_object());
    if (found == nullptr) {
        co_return true;  // what is in no namespace is excluded by none
    }
    const Value* labels = found->find("metadata", "labels");
    co_return selector->matches(labels == nullptr ? Value() : *labels);
}

bool AdmissionCase::matches_rule(const OperationRule& rule, const GroupVersionResource& gvr) const {
    const bool is_namespaced =
        !request_->namespace_.empty() && request_->resource.resource != "namespaces";
    if ((rule.scope == "Namespaced" && !is_namespaced) ||
        (rule.scope == "Cluster" && is_namespaced)) {
        return false;
    }
    return has_or_star(rule.operations, request_->operation) &&
           has_or_star(rule.groups, gvr.group) && has_or_star(rule.versions, gvr.version) &&
           names_resource(rule, gvr.resource, request_->subresource) &&
           (rule.names.empty() ||
            std::ranges::find(rule.names, request_->name) != rule.names.end());
}

ResourcePtr AdmissionCase::match_rules(const std::vector<OperationRule>& rules,
                                       bool is_equivalent) {
    for (const OperationRule& rule : rules) {
        if (matches_rule(rule, request_->resource)) {
            return call_->resource;
        }
    }
    if (!is_equivalent) {
        return nullptr;
    }
    if (!equivalents_) {
        equivalents_.emplace();
        for (const GroupInfo& group : call_->core->registry.groups()) {
            for (const GroupVersionInfo& version : group.versions) {
                for (const ResourcePtr& resource : version.resources) {
                    if (resource->key_prefix == call_->resource->key_prefix &&
                        resource->gvr != call_->resource->gvr) {
                        equivalents_->push_back(resource);
                    }
                }
            }
        }
    }
    for (const OperationRule& rule : rules) {
        for (const ResourcePtr& resource : *equivalents_) {
            if (matches_rule(rule, resource->gvr)) {
                return resource;
            }
        }
    }
    return nullptr;
}

io::Task<Result<ResourcePtr>> AdmissionCase::match(const MatchCriteria* criteria) {
    if (match_rules(criteria->excluded, criteria->is_equivalent) != nullptr) {
        co_return ResourcePtr();
    }
    ResourcePtr matched = criteria->rules.empty() && criteria->matches_without_rules
                              ? call_->resource
                              : match_rules(criteria->rules, criteria->is_equivalent);
    if (matched == nullptr) {
        co_return ResourcePtr();
    }
    if (!criteria->selector_error.empty()) {
        co_return internal_error(criteria->selector_error);
    }
    if (!criteria->objects.is_everything()) {
        const auto fits = [&](const Value& object) {
            const Value* labels = object.find("metadata", "labels");
            return !object.is_null() &&
                   criteria->objects.matches(labels == nullptr ? Value() : *labels);
        };
        if (!fits(request_->object) && !fits(request_->old_object)) {
            co_return ResourcePtr();
        }
    }
    const bool is_here = CO_TRY(co_await matches_namespace(&criteria->namespaces));
    co_return is_here ? matched : ResourcePtr();
}

namespace {

Result<Value> as_version(const Core& core, const Resource& source, const Resource& target,
                         const Value& object) {
    if (object.is_null() || target.gvr == source.gvr) {
        return object;
    }
    if (target.custom != nullptr) {
        Value converted = object;
        converted.set("apiVersion", target.api_version());
        return target.custom->from_storage(target, std::move(converted));
    }
    Value converted = convert_object(source, object, target.api_version());
    if (changes_shape(source)) {
        converted = reorder_kind(core, target, std::move(converted));
    }
    return converted;
}

}  // namespace

bool AdmissionCase::is_own_kind() const {
    return call_->subresource == nullptr || call_->subresource->kind.kind == call_->resource->kind;
}

Result<Value> AdmissionCase::convert(const Value& object, const Resource& target) const {
    return is_own_kind() ? as_version(*call_->core, *call_->resource, target, object) : object;
}

Result<Value> AdmissionCase::restore(const Value& object, const Resource& source) const {
    return is_own_kind() ? as_version(*call_->core, source, *call_->resource, object) : object;
}

Value AdmissionCase::describe(const Resource& matched) const {
    const bool is_exact = matched.gvr == call_->resource->gvr || !is_own_kind();
    Value out = Value::map();
    out.append_new("uid", "");
    out.append_new("kind", kind_value(is_exact ? request_->kind : matched.gvk()));
    out.append_new("resource", resource_value(matched.gvr));
    if (!request_->subresource.empty()) {
        out.append_new("subResource", request_->subresource);
    }
    out.append_new("requestKind", kind_value(request_->kind));
    out.append_new("requestResource", resource_value(request_->resource));
    if (!request_->subresource.empty()) {
        out.append_new("requestSubResource", request_->subresource);
    }
    if (!request_->name.empty()) {
        out.append_new("name", request_->name);
    }
    if (!request_->namespace_.empty()) {
        out.append_new("namespace", request_->namespace_);
    }
    out.append_new("operation", request_->operation);
    out.append_new("userInfo", user_info_value(request_->user));
    out.append_new("dryRun", request_->dry_run);
    if (!request_->options.is_null()) {
        out.append_new("options", request_->options);
    }
    return out;
}

}  // namespace weft::server
