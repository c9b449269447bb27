// schema/builtin_defaults.cc: applies the packed defaulting rules along the packed definitions.

#include "schema/builtin_defaults.h"

#include <map>
#include <re2/re2.h>
#include <set>
#include <utility>

#include "schema/internal/tables.h"
#include "schema/limits.h"
#include "schema/quantity.h"

namespace weft::schema {

using internal::Container;
using internal::DefinitionRow;
using internal::FieldRow;
using internal::Tables;

namespace {

constexpr std::string_view quantity_definition = "io.k8s.apimachinery.pkg.api.resource.Quantity";

// A dotted path inside one definition, and what its last member is.
struct RulePath {
    std::vector<std::string> steps;
    // Absent only if it is absent; otherwise its zero value counts as unset too.
    bool leaf_has_presence = true;
};

RulePath rule_path(const Tables& tables, std::optional<uint16_t> definition,
                   std::string_view text) {
    RulePath out;
    for (const std::string_view step : split(text, '.')) {
        out.steps.emplace_back(step);
        std::optional<FieldRow> found;
        if (definition) {
            const DefinitionRow row = tables.definition(*definition);
            for (uint32_t i = 0; i < row.field_count && !found; ++i) {
                const FieldRow field = tables.field(row.first_field + i);
                if (field.name == step) {
                    found = field;
                }
            }
        }
        definition = found ? found->definition : std::nullopt;
        out.leaf_has_presence = !found || found->is_pointer || found->container != Container::none;
    }
    return out;
}

const Value* find_at(const Value& value, const RulePath& path) {
    const Value* at = &value;
    for (const std::string& step : path.steps) {
        at = at->find(step);
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at->is_null() ? nullptr : at;
}

bool is_zero_value(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return true;
        case Value::Kind::boolean:
            return !value.as_bool();
        case Value::Kind::integer:
            return value.as_int() == 0;
        case Value::Kind::number:
            return value.as_double() == 0;
        case Value::Kind::string:
        case Value::Kind::list:
            return value.empty();
        case Value::Kind::map: {
            for (const Member& member : value.members()) {
                if (!is_zero_value(member.value)) {
                    return false;
                }
            }
            return true;
        }
    }
    return false;
}

bool is_unset(const Value& value, const RulePath& path) {
    const Value* found = find_at(value, path);
    return found == nullptr || (!path.leaf_has_presence && is_zero_value(*found));
}

bool is_empty(const Value* value) {
    return value == nullptr || is_zero_value(*value);
}

// Sets a member, making the objects on the way.
void set_at(Value& value, const RulePath& path, Value what) {
    Value* at = &value;
    for (const std::string& step : path.steps) {
        at = &at->mutable_member(step);
    }
    *at = std::move(what);
}

Value* find_mutable_at(Value& value, const RulePath& path) {
    Value* at = &value;
    for (const std::string& step : path.steps) {
        at = at->find_mutable(step);
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at;
}

struct Condition {
    std::string word;
    RulePath path;
    Value value;  // of eq, in, only
};

struct Assignment {
    RulePath path;
    Value value;
};

struct Rule {
    std::vector<Condition> when;
    std::vector<Assignment> set;
    std::string function;
    std::vector<std::pair<RulePath, RulePath>> pairs;  // source, destination
    std::vector<RulePath> paths;
    Value value;
};

bool sets_equal_members(const Value& object, const Value& names) {
    for (const Member& member : object.members()) {
        bool is_named = false;
        for (const Value& name : names.items()) {
            is_named = is_named || name.as_string() == member.name();
        }
        if (!is_named && !member.value.is_null()) {
            return false;
        }
    }
    return true;
}

bool holds(const Condition& condition, const Value& object) {
    if (condition.word == "unset") {
        return is_unset(object, condition.path);
    }
    if (condition.word == "set") {
        return !is_unset(object, condition.path);
    }
    const Value* found = find_at(object, condition.path);
    if (condition.word == "eq") {
        return found != nullptr && *found == condition.value;
    }
    if (condition.word == "in") {
        for (const Value& item : condition.value.items()) {
            if (found != nullptr && *found == item) {
                return true;
            }
        }
        return false;
    }
    if (condition.word == "empty") {
        return found == nullptr || found->empty();
    }
    if (condition.word == "nonEmpty") {
        return found != nullptr && !found->empty();
    }
    return false;
}

// Copies the members of `from` that `to` lacks.
bool copy_missing(const Value* from, Value& to) {
    bool changed = false;
    if (from != nullptr && from->is_map()) {
        const Value source = *from;
        for (const Member& member : source.members()) {
            if (!to.contains(member.name())) {
                to.set(member.name(), member.value);
                changed = true;
            }
        }
    }
    return changed;
}

bool default_service_ports(Value& service) {
    Value* spec = service.find_mutable("spec");
    Value* ports = spec == nullptr ? nullptr : spec->find_mutable("ports");
    bool changed = false;
    for (size_t i = 0; ports != nullptr && i < ports->size(); ++i) {
        const Value& port = ports->at(i);
        const bool lacks_protocol = is_empty(port.find("protocol"));
        const bool lacks_target = is_empty(port.find("targetPort"));
        if (!lacks_protocol && !lacks_target) {
            continue;
        }
        Value& item = ports->mutable_item(i);
        if (lacks_protocol) {
            item.set("protocol", Value("TCP"));
        }
        if (lacks_target) {
            item.set("targetPort", Value(item.int_at(0, "port")));
        }
        changed = true;
    }
    return changed;
}

bool default_ingress_ip_mode(Value& service) {
    Value* status = service.find_mutable("status");
    Value* balancer = status == nullptr ? nullptr : status->find_mutable("loadBalancer");
    Value* ingress = balancer == nullptr ? nullptr : balancer->find_mutable("ingress");
    bool changed = false;
    for (size_t i = 0; ingress != nullptr && i < ingress->size(); ++i) {
        if (!is_empty(ingress->at(i).find("ip")) && is_empty(ingress->at(i).find("ipMode"))) {
            ingress->mutable_item(i).set("ipMode", Value("VIP"));
            changed = true;
        }
    }
    return changed;
}

bool default_requests(Value& object, const std::vector<RulePath>& lists) {
    bool changed = false;
    for (const RulePath& path : lists) {
        Value* list = find_mutable_at(object, path);
        for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
            const Value* limits = list->at(i).find("resources", "limits");
            if (limits == nullptr || limits->empty()) {
                continue;
            }
            const Value source = *limits;
            Value& resources = list->mutable_item(i).mutable_member("resources");
            Value& requests = resources.mutable_member("requests");
            if (requests.is_null()) {
                requests = Value::map();
            }
            changed = copy_missing(&source, requests) || changed;
        }
    }
    return changed;
}

bool default_host_ports(Value& object, const std::vector<RulePath>& lists) {
    bool changed = false;
    for (const RulePath& path : lists) {
        Value* list = find_mutable_at(object, path);
        for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
            if (is_empty(list->at(i).find("ports"))) {
                continue;
            }
            Value& ports = *list->mutable_item(i).find_mutable("ports");
            for (size_t j = 0; j < ports.size(); ++j) {
                if (is_empty(ports.at(j).find("hostPort"))) {
                    const int64_t port = ports.at(j).int_at(0, "containerPort");
                    ports.mutable_item(j).set("hostPort", Value(port));
                    changed = true;
                }
            }
        }
    }
    return changed;
}

bool default_limit_range(Value& item) {
    bool changed = false;
    const auto fill = [&](std::string_view name, std::string_view from) {
        const Value* source = item.find(from);
        if (source == nullptr || source->empty()) {
            return;
        }
        const Value copy = *source;
        Value& target = item.mutable_member(name);
        if (target.is_null()) {
            target = Value::map();
        }
        changed = copy_missing(&copy, target) || changed;
    };
    fill("default", "max");
    fill("defaultRequest", "default");
    fill("defaultRequest", "min");
    return changed;
}

bool default_stored_versions(Value& definition) {
    if (!is_empty(definition.find("status", "storedVersions"))) {
        return false;
    }
    const Value* versions = definition.find("spec", "versions");
    for (size_t i = 0; versions != nullptr && i < versions->size(); ++i) {
        const Value* storage = versions->at(i).find("storage");
        if (storage != nullptr && storage->is_bool() && storage->as_bool()) {
            const Value name = Value(versions->at(i).string_at("name"));
            definition.mutable_member("status").set("storedVersions", Value::list_of({name}));
            return true;
        }
    }
    return false;
}

bool default_allocation_multipliers(Value& device) {
    Value* mappings = device.find_mutable("nodeAllocatableResourceMappings");
    bool changed = false;
    if (mappings != nullptr && mappings->is_map()) {
        const Value names = *mappings;
        for (const Member& member : names.members()) {
            if (is_empty(member.value.find("allocationMultiplier"))) {
                mappings->mutable_member(member.name()).set("allocationMultiplier", Value("1"));
                changed = true;
            }
        }
    }
    return changed;
}

}  // namespace

class BuiltinDefaults::Rules {
public:
    explicit Rules(const Builtin& builtin) : tables_(builtin.tables()) {
        const Value& packed = builtin.defaults();
        for (int pass = 0; pass < 2; ++pass) {  // declarative ones come last
            for (const Value& row : packed.find("rules")->items()) {
                const Value* declarative = row.find("declarative");
                const bool is_declarative = declarative != nullptr && declarative->as_bool();
                if (is_declarative == (pass == 1)) {
                    add(row, *packed.find("gates"));
                }
            }
        }
        mark_reaching();
    }

    [[nodiscard]] const std::vector<Rule>* of(uint16_t definition) const {
        const auto found = by_definition_.find(definition);
        return found == by_definition_.end() ? nullptr : &found->second;
    }
    // Whether an object of the definition can hold something that a rule is about.
    [[nodiscard]] bool is_reached(uint16_t definition) const { return reaching_[definition]; }
    [[nodiscard]] const Tables& tables() const { return tables_; }

private:
    void add(const Value& row, const Value& gates) {
        const auto definition = tables_.find_definition(row.string_at("type"));
        if (!definition) {
            return;  // "*": rounding of quantities, which the walk does
        }
        Rule rule;
        if (const Value* conditions = row.find("when")) {
            for (const Value& entry : conditions->items()) {
                const std::string_view word = entry.at(0).as_string();
                if (word == "gate") {
                    const Value* gate = gates.find(entry.at(1).as_string());
                    if (gate == nullptr || !gate->as_bool()) {
                        return;
                    }
                    continue;
                }
                Condition condition;
                condition.word = word;
                if (word == "only") {
                    condition.value = entry.at(1);
                } else {
                    condition.path = rule_path(tables_, definition, entry.at(1).as_string());
                    condition.value = entry.size() > 2 ? entry.at(2) : Value();
                }
                rule.when.push_back(std::move(condition));
            }
        }
        if (const Value* set = row.find("set")) {
            for (const Member& member : set->members()) {
                rule.set.push_back({rule_path(tables_, definition, member.name()), member.value});
            }
        }
        rule.function = row.string_at("fn");
        if (const Value* value = row.find("value")) {
            rule.value = *value;
        }
        if (const Value* pairs = row.find("pairs")) {
            for (const Value& pair : pairs->items()) {
                rule.pairs.emplace_back(rule_path(tables_, definition, pair.at(0).as_string()),
                                        rule_path(tables_, definition, pair.at(1).as_string()));
            }
        }
        if (row.contains("src")) {
            rule.pairs.emplace_back(rule_path(tables_, definition, row.string_at("src")),
                                    rule_path(tables_, definition, row.string_at("dst")));
        }
        if (const Value* lists = row.find("lists")) {
            for (const Value& path : lists->items()) {
                rule.paths.push_back(rule_path(tables_, definition, path.as_string()));
            }
        }
        if (row.contains("path")) {
            rule.paths.push_back(rule_path(tables_, definition, row.string_at("path")));
        }
        by_definition_[*definition].push_back(std::move(rule));
    }

    void mark_reaching() {
        reaching_.assign(tables_.definition_count(), false);
        for (const auto& [definition, rules] : by_definition_) {
            reaching_[definition] = true;
        }
        if (const auto quantity = tables_.find_definition(quantity_definition)) {
            reaching_[*quantity] = true;
        }
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = 0; i < reaching_.size(); ++i) {
                const DefinitionRow row = tables_.definition(i);
                for (uint32_t f = 0; f < row.field_count && !reaching_[i]; ++f) {
                    const FieldRow field = tables_.field(row.first_field + f);
                    if (field.definition && reaching_[*field.definition]) {
                        reaching_[i] = true;
                        changed = true;
                    }
                }
            }
        }
    }

    const Tables& tables_;
    std::map<uint16_t, std::vector<Rule>> by_definition_;
    std::vector<bool> reaching_;
};

class BuiltinDefaults::Walk {
public:
    Walk(const Rules& rules, Time now) : rules_(rules), now_(now) {}

    bool visit(uint16_t definition, Value& value, size_t depth) {
        if (!rules_.is_reached(definition) || !value.is_map() || depth > object_depth_max) {
            return false;
        }
        bool changed = false;
        if (const std::vector<Rule>* rules = rules_.of(definition)) {
            for (const Rule& rule : *rules) {
                changed = apply(rule, value) || changed;
            }
        }
        const Tables& tables = rules_.tables();
        const DefinitionRow row = tables.definition(definition);
        const bool holds_resource_lists =
            row.name.starts_with("io.k8s.api.core.") || row.name.starts_with("io.k8s.api.node.");
        for (uint32_t i = 0; i < row.field_count; ++i) {
            const FieldRow field = tables.field(row.first_field + i);
            if (!field.definition || !rules_.is_reached(*field.definition) ||
                !value.contains(field.name)) {
                continue;
            }
            changed =
                visit_field(field, *value.find_mutable(field.name), holds_resource_lists, depth) ||
                changed;
        }
        return changed;
    }

private:
    bool visit_field(const FieldRow& field, Value& value, bool holds_resource_lists, size_t depth) {
        bool changed = false;
        if (field.container == Container::none) {
            return visit(*field.definition, value, depth + 1);
        }
        if (field.container == Container::list) {
            for (size_t i = 0; i < value.size(); ++i) {
                changed = visit(*field.definition, value.mutable_item(i), depth + 1) || changed;
            }
            return changed;
        }
        if (field.container != Container::map || !value.is_map()) {
            return false;
        }
        const bool is_resource_list =
            holds_resource_lists &&
            rules_.tables().definition_name(*field.definition) == quantity_definition;
        const Value names = value;
        for (const Member& member : names.members()) {
            if (is_resource_list) {
                changed = round_up(value, member) || changed;
            } else {
                changed =
                    visit(*field.definition, value.mutable_member(member.name()), depth + 1) ||
                    changed;
            }
        }
        return changed;
    }

    // Quantities of a resource list are whole milli-units. Canonical text finer than that ends in n
    // or u.
    static bool round_up(Value& list, const Member& member) {
        const std::string_view text =
            member.value.is_string() ? member.value.as_string() : std::string_view();
        if (!text.ends_with('n') && !text.ends_with('u')) {
            return false;
        }
        const int64_t per_milli = text.ends_with('n') ? 1'000'000 : 1'000;
        const auto number = parse_int(text.substr(0, text.size() - 1));
        if (!number) {
            return false;
        }
        const int64_t cut = *number / per_milli;
        const int64_t milli = cut + (*number % per_milli > 0 ? 1 : 0);  // towards +infinity
        if (auto rounded = canonical_quantity(cat(milli, "m"))) {
            list.set(member.name(), Value(*rounded));
            return true;
        }
        return false;
    }

    bool apply(const Rule& rule, Value& value) {
        for (const Condition& condition : rule.when) {
            const bool is_met = condition.word == "only"
                                    ? sets_equal_members(value, condition.value)
                                    : holds(condition, value);
            if (!is_met) {
                return false;
            }
        }
        bool changed = false;
        for (const Assignment& assignment : rule.set) {
            if (is_unset(value, assignment.path)) {
                set_at(value, assignment.path, assignment.value);
                changed = true;
            }
        }
        return rule.function.empty() ? changed : call(rule, value) || changed;
    }

    bool call(const Rule& rule, Value& value) {
        const std::string_view name = rule.function;
        if (name == "copyIfEmpty" || name == "copyIfUnset") {
            return copy(rule, value);
        }
        if (name == "replace") {
            set_at(value, rule.paths[0], rule.value);
            return true;
        }
        if (name == "delete") {
            return remove(rule.paths[0], value);
        }
        if (name == "now") {
            return fill(value, rule.paths[0], Value(format_rfc3339({now_.seconds, 0})));
        }
        if (name == "pullPolicyByTag" || name == "lowerCase" || name == "suffix") {
            return derive(rule, value);
        }
        if (name == "nameLabel") {
            return label_name(value);
        }
        if (name == "servicePorts") {
            return default_service_ports(value);
        }
        if (name == "ingressIPMode") {
            return default_ingress_ip_mode(value);
        }
        if (name == "requestsFromLimits") {
            return default_requests(value, rule.paths);
        }
        if (name == "hostPorts") {
            return default_host_ports(value, rule.paths);
        }
        if (name == "limitRange") {
            return default_limit_range(value);
        }
        if (name == "storedVersions") {
            return default_stored_versions(value);
        }
        return name == "note" && default_allocation_multipliers(value);
    }

    static bool fill(Value& value, const RulePath& path, Value what) {
        if (!is_unset(value, path)) {
            return false;
        }
        set_at(value, path, std::move(what));
        return true;
    }

    static bool copy(const Rule& rule, Value& value) {
        bool changed = false;
        for (const auto& [from, to] : rule.pairs) {
            const Value* source = find_at(value, from);
            if (source != nullptr && !source->empty() && is_empty(find_at(value, to))) {
                const Value what = *source;
                set_at(value, to, what);
                changed = true;
            }
        }
        return changed;
    }

    static bool remove(const RulePath& path, Value& value) {
        if (find_at(value, path) == nullptr) {
            return false;
        }
        RulePath parent = path;
        parent.steps.pop_back();
        return find_mutable_at(value, parent)->erase(path.steps.back());
    }

    static bool derive(const Rule& rule, Value& value) {
        const auto& [from, to] = rule.pairs[0];
        const Value* source = find_at(value, from);
        const std::string_view text =
            source != nullptr && source->is_string() ? source->as_string() : std::string_view();
        if (rule.function == "pullPolicyByTag") {
            return fill(value, to, Value(default_pull_policy(text)));
        }
        if (text.empty()) {
            return false;
        }
        return fill(value, to,
                    Value(rule.function == "lowerCase" ? to_lower(text)
                                                       : cat(text, rule.value.as_string())));
    }

    static bool label_name(Value& value) {
        constexpr std::string_view label = "kubernetes.io/metadata.name";
        const std::string name(value.string_at("metadata", "name"));
        if (value.string_at("metadata", "labels", label) == name) {
            return false;
        }
        value.mutable_member("metadata").mutable_member("labels").set(label, Value(name));
        return true;
    }

    const Rules& rules_;
    Time now_;
};

BuiltinDefaults::BuiltinDefaults(const Builtin* builtin) : builtin_(builtin) {}
BuiltinDefaults::~BuiltinDefaults() = default;

bool BuiltinDefaults::apply(std::string_view definition, Value& value, Time now) const {
    if (rules_ == nullptr) {
        rules_ = std::make_unique<Rules>(*builtin_);
    }
    const auto number = builtin_->tables().find_definition(definition);
    return number && Walk(*rules_, now).visit(*number, value, 0);
}

std::string_view default_pull_policy(std::string_view image) {
    // distribution/reference: an optional registry, lower-case path components, tag and digest.
    static const re2::RE2 reference(
        "(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
        "(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?/)?"
        "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
        "(?::([\\w][\\w.-]{0,127}))?"
        "(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,})?");
    re2::StringPiece tag;
    re2::StringPiece digest;
    if (!re2::RE2::FullMatch(re2::StringPiece(image.data(), image.size()), reference, &tag,
                             &digest)) {
        return "IfNotPresent";
    }
    const bool is_latest = tag.empty() ? digest.empty() : tag == "latest";
    return is_latest ? "Always" : "IfNotPresent";
}

}  // namespace weft::schema
