// server/internal/rbac.cc: the index of roles and bindings, and what it says.

#include "server/internal/rbac.h"

#include <algorithm>

#include "server/internal/kinds.h"

namespace weft::server {

namespace {

constexpr std::string_view authorization_group = "rbac.authorization.k8s.io";

std::string missing_role_text(std::string_view role_kind, std::string_view role_name) {
    return cat(role_kind == "ClusterRole" ? "clusterrole" : "role", ".", authorization_group, " ",
               quote(role_name), " not found");
}

}  // namespace

Rbac::Binding Rbac::parse_binding(const Value& object) {
    Binding out;
    out.kind = object.string_at("kind");
    out.name = object.string_at("metadata", "name");
    out.role_kind = object.string_at("roleRef", "kind");
    out.role_name = object.string_at("roleRef", "name");
    if (const Value* subjects = object.find("subjects")) {
        for (const Value& subject : subjects->items()) {
            out.subjects.push_back({std::string(subject.string_at("kind")),
                                    std::string(subject.string_at("name")),
                                    std::string(subject.string_at("namespace"))});
        }
    }
    return out;
}

io::Task<Status> Rbac::load() {
    for (const std::string_view name :
         {"clusterroles", "roles", "clusterrolebindings", "rolebindings"}) {
        const ResourcePtr resource = core_->registry.find(authorization_group, "v1", name);
        const std::vector<Value> objects = CO_TRY(co_await load_objects(core_, resource));
        for (const Value& object : objects) {
            changed(*resource, object, Value());
        }
    }
    co_return Status{};
}

void Rbac::changed(const Resource& resource, const Value& object, const Value& old_object) {
    if (resource.gvr.group != authorization_group || !resource.is_builtin()) {
        return;
    }
    const Value& named = object.is_null() ? old_object : object;
    std::string namespace_(named.string_at("metadata", "namespace"));
    std::string name(named.string_at("metadata", "name"));
    if (resource.kind == "ClusterRole" || resource.kind == "Role") {
        if (object.is_null()) {
            roles_.erase({namespace_, name});
        } else {
            roles_[{std::move(namespace_), std::move(name)}] = parse_rules(object);
        }
        return;
    }
    auto& there = bindings_[namespace_];
    if (object.is_null()) {
        there.erase(name);
        if (there.empty()) {
            bindings_.erase(namespace_);
        }
    } else {
        there[std::move(name)] = parse_binding(object);
    }
}

const Rbac::Subject* Rbac::find_subject(const Binding& binding, const UserInfo& user,
                                        std::string_view namespace_) {
    constexpr std::string_view account_prefix = "system:serviceaccount:";
    for (const Subject& subject : binding.subjects) {
        bool is_meant = false;
        if (subject.kind == "User") {
            is_meant = subject.name == user.name;
        } else if (subject.kind == "Group") {
            is_meant = user.is_in_group(subject.name);
        } else if (subject.kind == "ServiceAccount" && user.name.starts_with(account_prefix)) {
            const std::string_view of =
                subject.namespace_.empty() ? namespace_ : std::string_view(subject.namespace_);
            is_meant = user.name == cat(account_prefix, of, ":", subject.name);
        }
        if (is_meant) {
            return &subject;
        }
    }
    return nullptr;
}

const std::vector<PolicyRule>* Rbac::role_of(const Binding& binding,
                                             std::string_view namespace_) const {
    const auto found =
        roles_.find({binding.role_kind == "ClusterRole" ? std::string() : std::string(namespace_),
                     binding.role_name});
    return found == roles_.end() ? nullptr : &found->second;
}

const std::vector<PolicyRule>* Rbac::find_role(const Value& role_ref,
                                               std::string_view namespace_) const {
    Binding binding;
    binding.role_kind = role_ref.string_at("kind");
    binding.role_name = role_ref.string_at("name");
    return role_of(binding, namespace_);
}

template <typename Visit>
void Rbac::visit(const UserInfo& user, std::string_view namespace_, Visit visit) const {
    for (const std::string_view place : {std::string_view(), namespace_}) {
        const auto there = bindings_.find(place);
        if (there != bindings_.end()) {
            for (const auto& [name, binding] : there->second) {
                const Subject* subject = find_subject(binding, user, place);
                if (subject != nullptr && !visit(binding, *subject, role_of(binding, place))) {
                    return;
                }
            }
        }
        if (namespace_.empty()) {
            return;
        }
    }
}

Decision Rbac::decide(const Attributes& attributes) const {
    Decision decision;
    std::vector<std::string> problems;
    const std::string_view namespace_ =
        attributes.is_resource ? std::string_view(attributes.namespace_) : std::string_view();
    visit(
        attributes.user, namespace_,
        [&](const Binding& binding, const Subject& subject, const std::vector<PolicyRule>* rules) {
            if (rules == nullptr) {
                problems.push_back(missing_role_text(binding.role_kind, binding.role_name));
                return true;
            }
            const bool allows = std::ranges::any_of(
                *rules, [&](const PolicyRule& rule) { return rule.allows(attributes); });
            if (!allows) {
                return true;
            }
            const bool is_local = binding.kind == "RoleBinding";
            const std::string who = subject.kind == "ServiceAccount"
                                        ? cat(subject.name, "/", subject.namespace_)
                                        : subject.name;
            decision.allowed = true;
            decision.reason =
                cat("RBAC: allowed by ", binding.kind, " ",
                    quote(is_local ? cat(binding.name, "/", namespace_) : binding.name), " of ",
                    binding.role_kind, " ", quote(binding.role_name), " to ", subject.kind, " ",
                    quote(who));
            return false;
        });
    if (!decision.allowed && !problems.empty()) {
        decision.reason = cat("RBAC: ", problems.size() == 1 ? problems.front()
                                                             : cat("[", join(problems, ", "), "]"));
    }
    return decision;
}

Rbac::Held Rbac::rules_of(const UserInfo& user, std::string_view namespace_) const {
    Held held;
    visit(user, namespace_,
          [&](const Binding& binding, const Subject&, const std::vector<PolicyRule>* rules) {
              if (rules == nullptr) {
                  held.problems.push_back(missing_role_text(binding.role_kind, binding.role_name));
              } else {
                  held.rules.insert(held.rules.end(), rules->begin(), rules->end());
              }
              return true;
          });
    return held;
}

Decision decide(const Core& core, const Attributes& attributes) {
    if (attributes.user.is_in_group("system:masters")) {
        return {true, ""};
    }
    return core.rbac->decide(attributes);
}

io::Task<Decision> authorize(Core* core, Attributes attributes) {
    if (core->options.authorizer != nullptr && !attributes.user.is_in_group("system:masters")) {
        co_return co_await core->options.authorizer->authorize(std::move(attributes));
    }
    co_return decide(*core, attributes);
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
