// server/internal/rbac.h: who may do what, by the Roles and bindings in the store.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/auth.h"
#include "server/internal/core.h"
#include "server/internal/policy_rules.h"

namespace weft::server {

// Roles and bindings of the store as an index in memory: loaded once, then told of every write by
// `changed` before the writer is answered. So asking costs no read and waits for nothing.
class Rbac : public Authorizer {
public:
    explicit Rbac(Core* core) : core_(core) {}

    // Reads what is stored. To be called once, when the bootstrap roles are there.
    io::Task<Status> load();
    // A role or binding was written (`object`), or deleted (null).
    void changed(const Resource& resource, const Value& object, const Value& old_object);

    [[nodiscard]] Decision decide(const Attributes& attributes) const;
    io::Task<Decision> authorize(Attributes attributes) override { co_return decide(attributes); }

    // All rules that a user holds in a namespace ("": in none), and what could not be found out.
    struct Held {
        std::vector<PolicyRule> rules;
        std::vector<std::string> problems;
    };
    [[nodiscard]] Held rules_of(const UserInfo& user, std::string_view namespace_) const;
    // The rules of the role that a roleRef names; null if there is no such role.
    [[nodiscard]] const std::vector<PolicyRule>* find_role(const Value& role_ref,
                                                           std::string_view namespace_) const;

private:
    struct Subject {
        std::string kind;
        std::string name;
        std::string namespace_;
    };
    struct Binding {
        std::string kind;
        std::string name;
        std::vector<Subject> subjects;
        std::string role_kind;
        std::string role_name;
    };
    // By namespace and name; cluster-wide ones under "".
    using Key = std::pair<std::string, std::string>;

    [[nodiscard]] static Binding parse_binding(const Value& object);
    [[nodiscard]] static const Subject* find_subject(const Binding& binding, const UserInfo& user,
                                                     std::string_view namespace_);
    [[nodiscard]] const std::vector<PolicyRule>* role_of(const Binding& binding,
                                                         std::string_view namespace_) const;
    // Calls `visit(binding, subject, rules)` for all bindings of a user until it returns false;
    // rules are null if there is no such role.
    template <typename Visit>
    void visit(const UserInfo& user, std::string_view namespace_, Visit visit) const;

    Core* core_;
    std::map<Key, std::vector<PolicyRule>> roles_;
    std::map<std::string, std::map<std::string, Binding>, std::less<>> bindings_;  // by namespace
};

// system:masters, then the configured authorizer, then RBAC.
[[nodiscard]] io::Task<Decision> authorize(Core* core, Attributes attributes);
// The same by RBAC alone, at once: for expressions.
[[nodiscard]] Decision decide(const Core& core, const Attributes& attributes);
// `User "u" cannot get resource "r" in API group "g" in the namespace "n"`.
[[nodiscard]] std::string refusal_text(const Attributes& attributes);

// Nobody may write a role with more rights than his own, or bind one. `operation` as in admission.
[[nodiscard]] io::Task<Status> check_escalation(Call* call, const Value* object,
                                                const Value* old_object);

}  // namespace weft::server
