// server/internal/rbac.cc: matches rules.

#include "server/internal/rbac.h"

#include <algorithm>

#include "server/internal/kinds.h"

namespace weft::server {

namespace {

bool list_has(const Value* list, std::string_view text) {
    return list != nullptr && std::ranges::find(list->items(), Value(text)) != list->items().end();
}

bool rule_allows(const Value& rule, const Attributes& attributes) {
    const Value* verbs = rule.find("verbs");
    if (!list_has(verbs, "*") && !list_has(verbs, attributes.verb)) {
        return false;
    }
    if (!attributes.is_resource) {
        const Value* urls = rule.find("nonResourceURLs");
        if (urls == nullptr) {
            return false;
        }
        for (const Value& url : urls->items()) {
            const std::string_view text = url.as_string();
            if (text == "*" || text == attributes.path ||
                (text.ends_with('*') &&
                 attributes.path.starts_with(text.substr(0, text.size() - 1)))) {
                return true;
            }
        }
        return false;
    }
    const Value* groups = rule.find("apiGroups");
    if (!list_has(groups, "*") && !list_has(groups, attributes.group)) {
        return false;
    }
    const Value* resources = rule.find("resources");
    const std::string wanted = attributes.subresource.empty()
                                   ? attributes.resource
                                   : cat(attributes.resource, "/", attributes.subresource);
    const bool fits =
        list_has(resources, "*") || list_has(resources, wanted) ||
        (!attributes.subresource.empty() && list_has(resources, cat("*/", attributes.subresource)));
    if (!fits) {
        return false;
    }
    const Value* names = rule.find("resourceNames");
    return names == nullptr || names->empty() || list_has(names, attributes.name);
}

bool role_allows(const Value& role, const Attributes& attributes) {
    const Value* rules = role.find("rules");
    return rules != nullptr && std::ranges::any_of(rules->items(), [&](const Value& rule) {
               return rule_allows(rule, attributes);
           });
}

bool binds(const Value& binding, const UserInfo& user, std::string_view namespace_) {
    const Value* subjects = binding.find("subjects");
    if (subjects == nullptr) {
        return false;
    }
    return std::ranges::any_of(subjects->items(), [&](const Value& subject) {
        const std::string_view kind = subject.string_at("kind");
        const std::string_view name = subject.string_at("name");
        if (kind == "User") {
            return name == user.name;
        }
        if (kind == "Group") {
            return user.is_in_group(name);
        }
        std::string_view of = subject.string_at("namespace");
        of = of.empty() ? namespace_ : of;
        return kind == "ServiceAccount" &&
               user.name == cat("system:serviceaccount:", of, ":", name);
    });
}

// `User "u"`: the subject of a binding that is this user.
std::string subject_text(const Value& binding, const UserInfo& user, std::string_view namespace_) {
    for (const Value& subject : binding.find("subjects")->items()) {
        const Value alone = Value::map_of({{"subjects", Value::list_of({subject})}});
        if (!binds(alone, user, namespace_)) {
            continue;
        }
        const std::string_view kind = subject.string_at("kind");
        std::string name(subject.string_at("name"));
        if (kind == "ServiceAccount") {
            name = cat(name, "/", subject.string_at("namespace"));
        }
        return cat(kind, " ", quote(name));
    }
    return {};
}

constexpr std::string_view public_paths[] = {"/healthz", "/livez", "/readyz", "/version",
                                             "/version/"};
constexpr std::string_view discovery_paths[] = {"/api", "/apis", "/openapi"};

bool is_public(const Attributes& attributes) {
    return !attributes.is_resource && attributes.verb == "get" &&
           std::ranges::find(public_paths, attributes.path) != std::end(public_paths);
}

// What the bootstrap role system:discovery lets everybody read who is known.
bool is_discovery(const Attributes& attributes) {
    if (attributes.is_resource || attributes.verb != "get" ||
        !attributes.user.is_in_group("system:authenticated")) {
        return false;
    }
    return std::ranges::any_of(discovery_paths, [&](std::string_view path) {
        return attributes.path == path || attributes.path.starts_with(cat(path, "/"));
    });
}

// Reviews about oneself (the bootstrap role system:basic-user).
bool is_about_self(const Attributes& attributes) {
    return attributes.is_resource && attributes.verb == "create" &&
           attributes.user.is_in_group("system:authenticated") &&
           ((attributes.group == "authorization.k8s.io" &&
             (attributes.resource == "selfsubjectaccessreviews" ||
              attributes.resource == "selfsubjectrulesreviews")) ||
            (attributes.group == "authentication.k8s.io" &&
             attributes.resource == "selfsubjectreviews"));
}

}  // namespace

io::Task<Value> Rbac::role_of(Value binding, std::string namespace_) {
    const bool is_cluster_role = binding.string_at("roleRef", "kind") == "ClusterRole";
    const ResourcePtr resource = core_->registry.find("rbac.authorization.k8s.io", "v1",
                                                      is_cluster_role ? "clusterroles" : "roles");
    auto entry = co_await core_->store->get(
        resource->key(namespace_, binding.string_at("roleRef", "name")), {});
    if (!entry || !*entry) {
        co_return Value();
    }
    auto role = StoredView(*(*entry)->value).to_value((*entry)->modified);
    co_return role ? std::move(*role) : Value();
}

io::Task<Decision> Rbac::authorize(Attributes attributes) {
    const ResourcePtr cluster =
        core_->registry.find("rbac.authorization.k8s.io", "v1", "clusterrolebindings");
    const ResourcePtr local =
        core_->registry.find("rbac.authorization.k8s.io", "v1", "rolebindings");
    std::vector<std::pair<std::string, std::string>> prefixes = {{cluster->key_prefix, ""}};
    if (attributes.is_resource && !attributes.namespace_.empty()) {
        prefixes.emplace_back(local->list_prefix(attributes.namespace_), attributes.namespace_);
    }
    std::vector<std::string> problems;
    for (const auto& [prefix, namespace_] : prefixes) {
        store::ListRequest request;
        request.prefix = prefix;
        auto page = co_await core_->store->list(request);
        if (!page) {
            continue;
        }
        for (const store::Entry& entry : page->entries) {
            auto binding = StoredView(*entry.value).to_value(entry.modified);
            if (!binding || !binds(*binding, attributes.user, namespace_)) {
                continue;
            }
            const Value role = co_await role_of(*binding, namespace_);
            if (role.is_null()) {
                const std::string missing = cat(
                    binding->string_at("roleRef", "kind") == "ClusterRole" ? "clusterrole" : "role",
                    ".rbac.authorization.k8s.io ", quote(binding->string_at("roleRef", "name")),
                    " not found");
                problems.push_back(missing);
            }
            if (role_allows(role, attributes)) {
                const std::string bound = cat(binding->string_at("metadata", "name"),
                                              namespace_.empty() ? "" : "/", namespace_);
                Decision decision;
                decision.allowed = true;
                decision.reason = cat("RBAC: allowed by ", binding->string_at("kind"), " ",
                                      quote(bound), " of ", binding->string_at("roleRef", "kind"),
                                      " ", quote(binding->string_at("roleRef", "name")), " to ",
                                      subject_text(*binding, attributes.user, namespace_));
                co_return decision;
            }
        }
    }
    Decision refused;
    if (!problems.empty()) {
        refused.reason = cat("RBAC: ", problems.size() == 1 ? problems.front()
                                                            : cat("[", join(problems, ", "), "]"));
    }
    co_return refused;
}

io::Task<Decision> authorize(Core* core, Attributes attributes) {
    if (attributes.user.is_in_group("system:masters") || is_public(attributes) ||
        is_discovery(attributes) || is_about_self(attributes)) {
        co_return Decision{true, ""};
    }
    if (core->options.authorizer != nullptr) {
        co_return co_await core->options.authorizer->authorize(std::move(attributes));
    }
    co_return co_await core->rbac->authorize(std::move(attributes));
}

std::string refusal_text(const Attributes& attributes) {
    if (!attributes.is_resource) {
        return cat("User ", quote(attributes.user.name), " cannot ", attributes.verb, " path ",
                   quote(attributes.path));
    }
    const std::string resource = attributes.subresource.empty()
                                     ? attributes.resource
                                     : cat(attributes.resource, "/", attributes.subresource);
    const std::string scope = attributes.namespace_.empty()
                                  ? std::string("at the cluster scope")
                                  : cat("in the namespace ", quote(attributes.namespace_));
    return cat("User ", quote(attributes.user.name), " cannot ", attributes.verb, " resource ",
               quote(resource), " in API group ", quote(attributes.group), " ", scope);
}

}  // namespace weft::server
