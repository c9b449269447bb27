// server/internal/policy_rules.cc: matching, covering and printing of rules.

#include "server/internal/policy_rules.h"

#include <algorithm>

#include "server/internal/texts.h"

namespace weft::server {

namespace {

bool lists(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

bool lists_all(const std::vector<std::string>& list, const std::vector<std::string>& wanted) {
    return std::ranges::all_of(wanted, [&](const std::string& text) { return lists(list, text); });
}

std::vector<std::string> rule_texts(const Value* list) {
    std::vector<std::string> out;
    if (list != nullptr) {
        out.reserve(list->size());
        for (const Value& item : list->items()) {
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            }
        }
    }
    return out;
}

bool url_covers(const std::string& held, const std::string& wanted) {
    return held == "*" || held == wanted ||
           (held.ends_with('*') &&
            wanted.starts_with(std::string_view(held).substr(0, held.size() - 1)));
}

bool urls_cover(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
    return std::ranges::all_of(wanted, [&](const std::string& url) {
        return std::ranges::any_of(held,
                                   [&](const std::string& own) { return url_covers(own, url); });
    });
}

bool resources_cover(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
    if (lists(held, "*")) {
        return true;
    }
    return std::ranges::all_of(wanted, [&](const std::string& resource) {
        const size_t slash = resource.find('/');
        return lists(held, resource) ||
               (slash != std::string::npos && lists(held, cat("*", resource.substr(slash))));
    });
}

bool covers(const PolicyRule& held, const PolicyRule& wanted) {
    const bool names = wanted.names.empty()
                           ? held.names.empty()
                           : held.names.empty() || lists_all(held.names, wanted.names);
    return (lists(held.verbs, "*") || lists_all(held.verbs, wanted.verbs)) &&
           (lists(held.groups, "*") || lists_all(held.groups, wanted.groups)) &&
           resources_cover(held.resources, wanted.resources) &&
           urls_cover(held.urls, wanted.urls) && names;
}

// Rules with one verb and one resource (and name) or path each.
void break_down(const PolicyRule& rule, std::vector<PolicyRule>& out) {
    for (const std::string& group : rule.groups) {
        for (const std::string& resource : rule.resources) {
            for (const std::string& verb : rule.verbs) {
                PolicyRule part{.verbs = {verb}, .groups = {group}, .resources = {resource}};
                if (rule.names.empty()) {
                    out.push_back(std::move(part));
                    continue;
                }
                for (const std::string& name : rule.names) {
                    part.names = {name};
                    out.push_back(part);
                }
            }
        }
    }
    for (const std::string& url : rule.urls) {
        for (const std::string& verb : rule.verbs) {
            out.push_back({.verbs = {verb}, .urls = {url}});
        }
    }
}

// Go's %q of a list of strings.
bool is_simple(const PolicyRule& rule) {
    return rule.names.size() <= 1 && rule.urls.empty() && rule.groups.size() == 1 &&
           rule.resources.size() == 1;
}

}  // namespace

bool PolicyRule::allows(const Attributes& attributes) const {
    if (!lists(verbs, "*") && !lists(verbs, attributes.verb)) {
        return false;
    }
    if (!attributes.is_resource) {
        return std::ranges::any_of(
            urls, [&](const std::string& url) { return url_covers(url, attributes.path); });
    }
    if (!lists(groups, "*") && !lists(groups, attributes.group)) {
        return false;
    }
    const bool fits =
        lists(resources, "*") ||
        (attributes.subresource.empty()
             ? lists(resources, attributes.resource)
             : lists(resources, cat(attributes.resource, "/", attributes.subresource)) ||
                   lists(resources, cat("*/", attributes.subresource)));
    return fits && (names.empty() || lists(names, attributes.name));
}

std::string PolicyRule::text() const {
    std::vector<std::string> parts;
    const auto add = [&](std::string_view title, const std::vector<std::string>& list) {
        if (!list.empty()) {
            parts.push_back(cat(title, ":", quoted_list(list)));
        }
    };
    add("APIGroups", groups);
    add("Resources", resources);
    add("NonResourceURLs", urls);
    add("ResourceNames", names);
    add("Verbs", verbs);
    return cat("{", join(parts, ", "), "}");
}

std::vector<PolicyRule> parse_rules(const Value& role) {
    std::vector<PolicyRule> out;
    if (const Value* rules = role.find("rules")) {
        out.reserve(rules->size());
        for (const Value& rule : rules->items()) {
            out.push_back({.verbs = rule_texts(rule.find("verbs")),
                           .groups = rule_texts(rule.find("apiGroups")),
                           .resources = rule_texts(rule.find("resources")),
                           .names = rule_texts(rule.find("resourceNames")),
                           .urls = rule_texts(rule.find("nonResourceURLs"))});
        }
    }
    return out;
}

std::vector<PolicyRule> missing_rules(const std::vector<PolicyRule>& held,
                                      const std::vector<PolicyRule>& wanted) {
    std::vector<PolicyRule> parts;
    for (const PolicyRule& rule : wanted) {
        break_down(rule, parts);
    }
    std::erase_if(parts, [&](const PolicyRule& part) {
        return std::ranges::any_of(held,
                                   [&](const PolicyRule& rule) { return covers(rule, part); });
    });
    return parts;
}

std::vector<PolicyRule> compact_rules(const std::vector<PolicyRule>& rules) {
    std::vector<PolicyRule> out;
    std::vector<PolicyRule> simple;
    for (const PolicyRule& rule : rules) {
        if (!is_simple(rule)) {
            out.push_back(rule);
            continue;
        }
        const auto same = std::ranges::find_if(simple, [&](const PolicyRule& other) {
            return other.groups == rule.groups && other.resources == rule.resources &&
                   other.names == rule.names;
        });
        if (same == simple.end()) {
            simple.push_back(rule);
        } else {
            same->verbs.insert(same->verbs.end(), rule.verbs.begin(), rule.verbs.end());
        }
    }
    out.insert(out.end(), simple.begin(), simple.end());
    return out;
}

// --- Reconciling ---

namespace {

Value rule_value(const PolicyRule& rule) {
    Value out = Value::map_of({{"verbs", texts(rule.verbs)}});
    const auto add = [&](std::string_view member, const std::vector<std::string>& list) {
        if (!list.empty()) {
            out.set(member, texts(list));
        }
    };
    add("apiGroups", rule.groups);
    add("resources", rule.resources);
    add("resourceNames", rule.names);
    add("nonResourceURLs", rule.urls);
    return out;
}

// Members of a map inside metadata that are not there yet.
bool add_metadata(const Value& wanted, Value& stored, std::string_view member) {
    const Value* more = wanted.find("metadata", member);
    if (more == nullptr) {
        return false;
    }
    const Value* has = stored.find("metadata", member);
    Value all = has == nullptr ? Value::map() : *has;
    bool is_changed = false;
    for (const Member& entry : more->members()) {
        if (!all.contains(entry.name())) {
            all.set(entry.name(), entry.value);
            is_changed = true;
        }
    }
    if (is_changed) {
        all.sort_members();
        stored.mutable_member("metadata").set(member, std::move(all));
    }
    return is_changed;
}

// Items that the list does not hold yet.
bool add_items(const Value* wanted, Value& owner, std::string_view member) {
    const Value* has = owner.find(member);
    Value all = has == nullptr || !has->is_list() ? Value::list() : *has;
    bool is_changed = false;
    for (const Value& item : wanted == nullptr ? std::span<const Value>() : wanted->items()) {
        if (std::ranges::find(all.items(), item) == all.items().end()) {
            all.push_back(item);
            is_changed = true;
        }
    }
    if (is_changed) {
        owner.set(member, std::move(all));
    }
    return is_changed;
}

}  // namespace

PolicyChange reconcile_policy(const Value& wanted, Value& stored) {
    const Value* annotations = stored.find("metadata", "annotations");
    if (annotations != nullptr &&
        annotations->string_at("rbac.authorization.kubernetes.io/autoupdate") == "false") {
        return PolicyChange::none;
    }
    if (const Value* role = wanted.find("roleRef");
        role != nullptr &&
        (stored.find("roleRef") == nullptr || !(*stored.find("roleRef") == *role))) {
        return PolicyChange::other_role;
    }
    bool is_changed = add_metadata(wanted, stored, "labels");
    is_changed |= add_metadata(wanted, stored, "annotations");
    is_changed |= add_items(wanted.find("subjects"), stored, "subjects");
    for (const PolicyRule& rule : missing_rules(parse_rules(stored), parse_rules(wanted))) {
        const Value* has = stored.find("rules");
        Value rules = has == nullptr || !has->is_list() ? Value::list() : *has;
        rules.push_back(rule_value(rule));
        stored.set("rules", std::move(rules));
        is_changed = true;
    }
    if (const Value* selectors = wanted.find("aggregationRule", "clusterRoleSelectors")) {
        if (stored.find("aggregationRule") == nullptr) {
            stored.set("aggregationRule", Value::map());
        }
        is_changed |=
            add_items(selectors, stored.mutable_member("aggregationRule"), "clusterRoleSelectors");
    }
    return is_changed ? PolicyChange::added : PolicyChange::none;
}

}  // namespace weft::server
