// server/internal/rbac_escalation.cc: what may be granted: roles and bindings as they are written.
//
// Source of the behaviour and the texts: Kubernetes' registry/rbac policybased stores, 1.36.

#include <set>

#include "server/internal/rbac.h"

namespace weft::server {

namespace {

const std::vector<PolicyRule>& full_authority() {
    static const std::vector<PolicyRule> rules = {
        {.verbs = {"*"}, .groups = {"*"}, .resources = {"*"}},
        {.verbs = {"*"}, .urls = {"*"}},
    };
    return rules;
}

std::string quoted_groups(const UserInfo& user) {
    std::string out = "[";
    for (const std::string& group : user.groups) {
        append(out, out.size() > 1 ? " " : "", quote(group));
    }
    return out + "]";
}

// "" if the user holds all these rules, else what he lacks.
std::string escalation_text(const Call& call, const std::vector<PolicyRule>& rules) {
    const Rbac::Held held = call.core->rbac->rules_of(call.user, call.info.namespace_);
    const std::vector<PolicyRule> missing = missing_rules(held.rules, rules);
    if (missing.empty()) {
        return {};
    }
    std::set<std::string> lines;
    for (const PolicyRule& rule : compact_rules(missing)) {
        lines.insert(rule.text());
    }
    std::string text = cat("user ", quote(call.user.name), " (groups=", quoted_groups(call.user),
                           ") is attempting to grant RBAC permissions not currently held:\n",
                           join(std::vector<std::string>(lines.begin(), lines.end()), "\n"));
    if (!held.problems.empty()) {
        append(text, "; resolution errors: [", join(held.problems, " "), "]");
    }
    return text;
}

Attributes attributes_for(const Call& call, std::string_view verb, std::string_view resource,
                          std::string_view name) {
    Attributes attributes;
    attributes.user = call.user;
    attributes.verb = verb;
    attributes.is_resource = true;
    attributes.group = "rbac.authorization.k8s.io";
    attributes.version = "*";
    attributes.namespace_ = call.info.namespace_;
    attributes.resource = resource;
    attributes.name = name;
    return attributes;
}

// Only finalizers and owners differ: the garbage collector may always have that.
bool changes_only_collection(Value object, Value old_object) {
    for (Value* one : {&object, &old_object}) {
        Value& metadata = one->mutable_member("metadata");
        for (const std::string_view member :
             {"finalizers", "ownerReferences", "managedFields", "resourceVersion"}) {
            metadata.erase(member);
        }
    }
    return object == old_object;
}

bool has_aggregation(const Value& role) {
    const Value* rule = role.find("aggregationRule");
    return rule != nullptr && !rule->is_null();
}

bool has_same_aggregation(const Value& role, const Value& old_role) {
    const Value* rule = role.find("aggregationRule");
    const Value* old_rule = old_role.find("aggregationRule");
    return rule != nullptr && old_rule != nullptr && *rule == *old_rule;
}

io::Task<Status> check_granted_role(Call* call, const Value* role, const Value* old_role) {
    const Decision may_escalate = co_await authorize(
        call->core, attributes_for(*call, "escalate", call->info.resource, call->info.name));
    if (may_escalate.allowed) {
        co_return Status{};
    }
    const std::string_view name = role->string_at("metadata", "name");
    if (std::string text = escalation_text(*call, parse_rules(*role)); !text.empty()) {
        co_return forbidden(call->resource->group_resource(), name, text);
    }
    // Whoever writes the selectors of an aggregation may gather anything with it.
    const bool is_new = old_role == nullptr || !has_same_aggregation(*role, *old_role);
    if (has_aggregation(*role) && is_new && !escalation_text(*call, full_authority()).empty()) {
        co_return forbidden(call->resource->group_resource(), name,
                            "must have cluster-admin privileges to use the aggregationRule");
    }
    co_return Status{};
}

io::Task<Status> check_granted_binding(Call* call, const Value* binding) {
    const Value* role_ref = binding->find("roleRef");
    const Value reference = role_ref == nullptr ? Value::map() : *role_ref;
    const std::string_view kind = reference.string_at("kind");
    const bool is_cluster_role = kind == "ClusterRole";
    const std::string role_name(reference.string_at("name"));
    if (!is_cluster_role && kind != "Role") {
        co_return make_error(Reason::unknown, "unsupported role reference kind: ", quote(kind));
    }
    const Decision may_bind = co_await authorize(
        call->core,
        attributes_for(*call, "bind", is_cluster_role ? "clusterroles" : "roles", role_name));
    if (may_bind.allowed) {
        co_return Status{};
    }
    const std::vector<PolicyRule>* rules =
        call->core->rbac->find_role(reference, call->info.namespace_);
    if (rules == nullptr) {
        co_return not_found(call->resource->group_resource(), role_name);
    }
    if (std::string text = escalation_text(*call, *rules); !text.empty()) {
        co_return forbidden(call->resource->group_resource(),
                            binding->string_at("metadata", "name"), text);
    }
    co_return Status{};
}

}  // namespace

io::Task<Status> check_escalation(Call* call, const Value* object, const Value* old_object) {
    const Resource& resource = *call->resource;
    if (resource.gvr.group != "rbac.authorization.k8s.io" || !resource.is_builtin() ||
        object == nullptr || call->user.is_in_group("system:masters")) {
        co_return Status{};
    }
    if (old_object != nullptr && changes_only_collection(*object, *old_object)) {
        co_return Status{};
    }
    if (resource.kind == "Role" || resource.kind == "ClusterRole") {
        co_return co_await check_granted_role(call, object, old_object);
    }
    co_return co_await check_granted_binding(call, object);
}

}  // namespace weft::server
