// server/internal/validate_common.cc: the checks that families of kinds share.

#include <algorithm>
#include <array>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "schema/internal_form.h"
#include "schema/quantity.h"
#include "server/internal/selectors.h"
#include "server/internal/validate.h"

namespace weft::server {

void Checker::required(const Place& at, std::string detail) {
    errors_.push_back(schema::field_required(at.text(), std::move(detail)));
}
void Checker::invalid(const Place& at, Value bad, std::string detail) {
    errors_.push_back(schema::field_invalid(at.text(), std::move(bad), std::move(detail)));
}
void Checker::forbidden(const Place& at, std::string detail) {
    errors_.push_back(schema::field_forbidden(at.text(), std::move(detail)));
}
void Checker::duplicate(const Place& at, Value bad) {
    errors_.push_back(schema::field_duplicate(at.text(), std::move(bad)));
}
void Checker::not_found(const Place& at, Value bad) {
    errors_.push_back(schema::field_not_found(at.text(), std::move(bad)));
}
void Checker::unsupported(const Place& at, Value bad, Names supported) {
    const std::vector<std::string> names(supported.begin(), supported.end());
    errors_.push_back(schema::field_not_supported(at.text(), std::move(bad), names));
}
void Checker::too_long(const Place& at, int64_t bytes_max) {
    errors_.push_back(schema::field_too_long(at.text(), bytes_max));
}
void Checker::too_many(const Place& at, size_t count, size_t items_max) {
    errors_.push_back(schema::field_too_many(at.text(), static_cast<int64_t>(count),
                                             static_cast<int64_t>(items_max)));
}
void Checker::add(FieldErrors errors) {
    errors_.insert(errors_.end(), std::make_move_iterator(errors.begin()),
                   std::make_move_iterator(errors.end()));
}

void Checker::name(const Place& at, std::string_view text, NameCheck check) {
    for (std::string& problem : check(text)) {
        invalid(at, text, std::move(problem));
    }
}
void Checker::required_name(const Place& at, std::string_view text, NameCheck check) {
    if (text.empty()) {
        required(at);
    } else {
        name(at, text, check);
    }
}
void Checker::one_of(const Value& in, std::string_view member, const Place& at, Names supported) {
    const std::string_view text = in.string_at(member);
    if (!is_one_of(text, supported)) {
        unsupported(at.member(member), text, supported);
    }
}
void Checker::required_one_of(const Value& in, std::string_view member, const Place& at,
                              Names supported) {
    if (required_text(in, member, at)) {
        one_of(in, member, at, supported);
    }
}
void Checker::optional_one_of(const Value& in, std::string_view member, const Place& at,
                              Names supported) {
    if (given(in, member) != nullptr) {
        one_of(in, member, at, supported);
    }
}
bool Checker::required_text(const Value& in, std::string_view member, const Place& at) {
    if (in.string_at(member).empty()) {
        required(at.member(member));
        return false;
    }
    return true;
}
void Checker::not_negative(const Value& in, std::string_view member, const Place& at) {
    if (const int64_t value = in.int_at(0, member); value < 0) {
        invalid(at.member(member), value, std::string(not_negative_text));
    }
}
void Checker::in_range(const Value& in, std::string_view member, const Place& at, int64_t low,
                       int64_t high) {
    const Value* value = given(in, member);
    if (value != nullptr && value->is_int() && (value->as_int() < low || value->as_int() > high)) {
        invalid(at.member(member), *value, range_text(low, high));
    }
}

Value Checker::form(std::string_view type, const Value& value) {
    return schema::internal_form(schema::Builtin::get(), cat("io.k8s.api.", type), value);
}

std::span<const Value> items_of(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found == nullptr ? std::span<const Value>() : found->items();
}
std::span<const Member> members_of(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found == nullptr ? std::span<const Member>() : found->members();
}
const Value& map_of(const Value& in, std::string_view member) {
    static const Value empty = Value::map();
    const Value* found = in.find(member);
    return found == nullptr || !found->is_map() ? empty : *found;
}
const Value* given(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found == nullptr || found->is_null() ? nullptr : found;
}
bool is_true(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found != nullptr && found->is_bool() && found->as_bool();
}
bool is_false(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found != nullptr && found->is_bool() && !found->as_bool();
}
Value value_at(const Value& in, std::string_view member) {
    const Value* found = in.find(member);
    return found == nullptr ? Value() : *found;
}
bool is_one_of(std::string_view text, Checker::Names names) {
    return std::ranges::find(names, text) != names.end();
}
bool differs(const Value& a, const Value& b, std::string_view member) {
    const Value* left = given(a, member);
    const Value* right = given(b, member);
    return left == nullptr || right == nullptr ? left != right : *left != *right;
}

std::string range_text(int64_t low, int64_t high) {
    return cat("must be between ", low, " and ", high, ", inclusive");
}

void check_label_name(Checker& check, const Place& at, std::string_view name) {
    check.name(at, name, check_qualified_name);
}

void check_labels(Checker& check, const Value* labels, const Place& at) {
    for (const Member& label : labels == nullptr ? std::span<const Member>() : labels->members()) {
        check.name(at, label.name(), check_qualified_name);
        if (label.value.is_string()) {
            check.name(at, label.value.as_string(), check_label_value);
        }
    }
}

void check_annotations(Checker& check, const Value* annotations, const Place& at) {
    size_t bytes = 0;
    for (const Member& annotation :
         annotations == nullptr ? std::span<const Member>() : annotations->members()) {
        // Keys of annotations may be in upper case.
        for (std::string& problem : check_qualified_name(to_lower(annotation.name()))) {
            check.invalid(at, annotation.name(), std::move(problem));
        }
        bytes += annotation.name().size() + annotation.value.size();
    }
    if (bytes > annotation_bytes_max) {
        check.too_long(at, static_cast<int64_t>(annotation_bytes_max));
    }
}

void check_label_selector(Checker& check, const Value* selector, const Place& at) {
    if (selector == nullptr || selector->is_null()) {
        return;
    }
    check_labels(check, selector->find("matchLabels"), at.member("matchLabels"));
    for_items(*selector, "matchExpressions", at, [&](const Value& term, const Place& place) {
        const std::string_view op = term.string_at("operator");
        const auto values = items_of(term, "values");
        if (is_one_of(op, {"In", "NotIn"})) {
            if (values.empty()) {
                check.required(place.member("values"),
                               "must be specified when `operator` is 'In' or 'NotIn'");
            }
        } else if (is_one_of(op, {"Exists", "DoesNotExist"})) {
            if (!values.empty()) {
                check.forbidden(place.member("values"),
                                "may not be specified when `operator` is 'Exists' or "
                                "'DoesNotExist'");
            }
        } else {
            check.invalid(place.member("operator"), op, "not a valid selector operator");
        }
        check_label_name(check, place.member("key"), term.string_at("key"));
        const Place value_list = place.member("values");
        for (size_t i = 0; i < values.size(); ++i) {
            if (values[i].is_string()) {
                check.name(value_list.item(i), values[i].as_string(), check_label_value);
            }
        }
    });
}

bool selects(const Value* selector, const Value* labels) {
    const auto parsed = LabelSelector::of_object(selector == nullptr ? Value() : *selector);
    return parsed && parsed->matches(labels == nullptr ? Value() : *labels);
}

void check_port_number(Checker& check, const Place& at, int64_t port) {
    constexpr int64_t port_max = 65535;
    if (port < 1 || port > port_max) {
        check.invalid(at, port, range_text(1, port_max));
    }
}

void check_port_or_name(Checker& check, const Place& at, const Value& port) {
    if (port.is_string()) {
        check.name(at, port.as_string(), check_port_name);
    } else {
        check_port_number(check, at, port.is_int() ? port.as_int() : 0);
    }
}

void check_count_or_percent(Checker& check, const Place& at, const Value& count) {
    if (count.is_string()) {
        check.name(at, count.as_string(), check_percent);
    } else if (count.is_int() && count.as_int() < 0) {
        check.invalid(at, count, std::string(not_negative_text));
    }
}

void check_no_more_than_all(Checker& check, const Place& at, const Value& count) {
    if (!count.is_string() || !check_percent(count.as_string()).empty()) {
        return;
    }
    const std::string_view digits = count.as_string().substr(0, count.size() - 1);
    if (const auto percent = parse_int(digits); percent && *percent > 100) {
        check.invalid(at, count, "must not be greater than 100%");
    }
}

void check_ip(Checker& check, const Place& at, std::string_view address) {
    check.name(at, address, check_ip_address);
}
void check_cidr_text(Checker& check, const Place& at, std::string_view cidr) {
    check.name(at, cidr, check_cidr);
}

bool is_native_resource(std::string_view name) {
    return !name.contains('/') || name.contains("kubernetes.io/");
}
bool is_extended_resource(std::string_view name) {
    return !is_native_resource(name) && !name.starts_with("requests.") &&
           check_qualified_name(cat("requests.", name)).empty();
}
bool is_hugepages(std::string_view name) {
    return name.starts_with("hugepages-");
}
bool is_standard_container_resource(std::string_view name) {
    return is_one_of(name, {"cpu", "memory", "ephemeral-storage"}) || is_hugepages(name);
}
bool is_standard_resource(std::string_view name) {
    return is_standard_container_resource(name) || name.starts_with("requests.hugepages-") ||
           is_one_of(name, {"requests.cpu", "requests.memory", "requests.ephemeral-storage",
                            "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods",
                            "resourcequotas", "services", "replicationcontrollers", "secrets",
                            "configmaps", "persistentvolumeclaims", "storage", "requests.storage",
                            "services.nodeports", "services.loadbalancers"});
}

void check_resource_name(Checker& check, const Place& at, std::string_view name) {
    const std::vector<std::string> problems = check_qualified_name(name);
    for (const std::string& problem : problems) {
        check.invalid(at, name, problem);
    }
    if (problems.empty() && !name.contains('/') && !is_standard_resource(name)) {
        check.invalid(at, name, "must be a standard resource type or fully qualified");
    }
}

namespace {

schema::Quantity quantity_of(const Value& value) {
    const std::string text = value.is_string() ? std::string(value.as_string()) : to_json(value);
    const auto parsed = schema::Quantity::parse(text);
    return parsed ? *parsed : schema::Quantity();
}

bool counts_things(std::string_view name) {
    return is_one_of(name, {"pods", "resourcequotas", "services", "replicationcontrollers",
                            "secrets", "configmaps", "persistentvolumeclaims", "services.nodeports",
                            "services.loadbalancers"}) ||
           is_extended_resource(name);
}

}  // namespace

int compare_quantities(const Value& a, const Value& b) {
    const auto order = quantity_of(a) <=> quantity_of(b);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

void check_quantity_of(Checker& check, const Place& at, std::string_view resource,
                       const Value& quantity) {
    const schema::Quantity amount = quantity_of(quantity);
    if (amount.sign() < 0) {
        check.invalid(at, amount.text(), std::string(not_negative_text));
    }
    if (counts_things(resource) && !amount.is_integer()) {
        check.invalid(at, amount.text(), "must be an integer");
    }
}

void check_finalizer_name(Checker& check, const Place& at, std::string_view name) {
    const std::vector<std::string> problems = check_qualified_name(name);
    for (const std::string& problem : problems) {
        check.invalid(at, name, problem);
    }
    if (!name.contains('/') && !is_one_of(name, {"orphan", "foregroundDeletion", "kubernetes"})) {
        check.invalid(at, name,
                      "name is neither a standard finalizer name nor is it fully qualified");
    }
}

void check_no_backsteps(Checker& check, const Place& at, std::string_view path) {
    for (const std::string_view part : split(path, '/')) {
        if (part == "..") {
            check.invalid(at, path, "must not contain '..'");
            return;
        }
    }
}

void check_local_path(Checker& check, const Place& at, std::string_view path) {
    if (path.starts_with('/')) {
        check.invalid(at, path, "must be a relative path");
    }
    check_no_backsteps(check, at, path);
}

namespace {

void check_node_requirement(Checker& check, const Value& term, const Place& at) {
    const std::string_view op = term.string_at("operator");
    const size_t values = items_of(term, "values").size();
    if (is_one_of(op, {"In", "NotIn"})) {
        if (values == 0) {
            check.required(at.member("values"),
                           "must be specified when `operator` is 'In' or 'NotIn'");
        }
    } else if (is_one_of(op, {"Exists", "DoesNotExist"})) {
        if (values > 0) {
            check.forbidden(at.member("values"),
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
    } else if (is_one_of(op, {"Gt", "Lt"})) {
        if (values != 1) {
            check.required(at.member("values"),
                           "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
    } else {
        check.invalid(at.member("operator"), op, "not a valid selector operator");
    }
    check_label_name(check, at.member("key"), term.string_at("key"));
}

void check_node_field(Checker& check, const Value& term, const Place& at) {
    const std::string_view op = term.string_at("operator");
    const auto values = items_of(term, "values");
    if (is_one_of(op, {"In", "NotIn"})) {
        if (values.size() != 1) {
            check.required(at.member("values"),
                           "must be only one value when `operator` is 'In' or 'NotIn' for node "
                           "field selector");
        }
    } else {
        check.invalid(at.member("operator"), op, "not a valid selector operator");
    }
    const std::string_view key = term.string_at("key");
    if (key != "metadata.name") {
        check.invalid(at.member("key"), key, "not a valid field selector key");
        return;
    }
    const Place list = at.member("values");
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i].is_string()) {
            check.name(list.item(i), values[i].as_string(), check_dns1123_subdomain);
        }
    }
}

}  // namespace

void check_node_selector_term(Checker& check, const Value& term, const Place& at) {
    const Place expressions = at.member("matchExpressions");
    size_t index = 0;
    for (const Value& one : items_of(term, "matchExpressions")) {
        check_node_requirement(check, one, expressions.item(index++));
    }
    const Place fields = at.member("matchFields");
    index = 0;
    for (const Value& one : items_of(term, "matchFields")) {
        check_node_field(check, one, fields.item(index++));
    }
}

void check_node_selector(Checker& check, const Value& selector, const Place& at) {
    const Place list = at.member("nodeSelectorTerms");
    const auto terms = items_of(selector, "nodeSelectorTerms");
    if (terms.empty()) {
        check.required(list, "must have at least one node selector term");
    }
    for (size_t i = 0; i < terms.size(); ++i) {
        check_node_selector_term(check, terms[i], list.item(i));
    }
}

}  // namespace weft::server
