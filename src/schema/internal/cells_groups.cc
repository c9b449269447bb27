// schema/internal/cells_groups.cc: the cells of the kinds outside the core group.

#include <algorithm>
#include <array>
#include <utility>

#include "schema/columns.h"
#include "schema/internal/cells.h"

// A namespace of its own, since the short names below would hide others of this folder.
namespace weft::schema::internal::group_kinds {

namespace {

using Form = CellForm;

constexpr Cell name{Form::text, "metadata.name"};
constexpr Cell age{Form::age, "metadata.creationTimestamp", "<unknown>"};
constexpr Cell text(std::string_view path, std::string_view otherwise = {}) {
    return {Form::text, path, otherwise};
}
constexpr Cell number(std::string_view path) {
    return {Form::number, path};
}
constexpr Cell count(std::string_view path) {
    return {Form::count, path};
}
constexpr Cell flag(std::string_view path, std::string_view otherwise = "false") {
    return {Form::flag, path, otherwise};
}
constexpr Cell made(Value (*make)(const RowSource&)) {
    return {Form::made, {}, {}, make};
}

bool holds(const Value& object, std::string_view type) {
    const Value* condition = find_condition(object, type);
    return condition != nullptr && condition->string_at("status") == "True";
}

// --- apps, autoscaling ---

Value ready_of_replicas(const RowSource& source) {
    return Value(cat(source.object.int_at(0, "status", "readyReplicas"), "/",
                     source.object.int_at(0, "spec", "replicas")));
}

Value controller_owner(const RowSource& source) {
    if (const Value* owners = source.find("metadata.ownerReferences")) {
        for (const Value& owner : owners->items()) {
            const Value* is_controller = owner.find("controller");
            if (is_controller == nullptr || !is_controller->is_bool() ||
                !is_controller->as_bool()) {
                continue;
            }
            const std::string_view version = owner.string_at("apiVersion");
            const size_t slash = version.find('/');
            const std::string group =
                slash == std::string_view::npos ? "" : cat(".", version.substr(0, slash));
            return Value(
                cat(to_lower(owner.string_at("kind")), group, "/", owner.string_at("name")));
        }
    }
    return Value("<none>");
}

std::string quantity_at(const Value* value, std::string_view otherwise) {
    return value != nullptr && value->is_string() ? std::string(value->as_string())
                                                  : std::string(otherwise);
}

std::string utilisation(const Value* value, std::string_view otherwise) {
    return value != nullptr && value->is_int() ? cat(value->as_int(), "%") : std::string(otherwise);
}

// One metric of an autoscaler as current/target.
std::string metric_text(const Value& spec, const Value* status) {
    static const Value none;
    const std::string_view type = spec.string_at("type");
    const bool is_container = type == "ContainerResource";
    const std::string_view member = type == "Resource"   ? "resource"
                                    : is_container       ? "containerResource"
                                    : type == "Pods"     ? "pods"
                                    : type == "Object"   ? "object"
                                    : type == "External" ? "external"
                                                         : "";
    if (member.empty()) {
        return "<unknown type>";
    }
    const Value* target = spec.find(member, "target");
    const Value* current = status == nullptr ? nullptr : status->find(member, "current");
    target = target == nullptr ? &none : target;
    current = current == nullptr ? &none : current;
    const Value* average = target->find("averageValue");
    if (type == "Resource" || is_container) {
        const std::string prefix = cat(spec.string_at(member, "name"), ": ");
        if (average != nullptr) {
            return cat(prefix, quantity_at(current->find("averageValue"), "<unknown>"), "/",
                       quantity_at(average, ""));
        }
        return cat(prefix, utilisation(current->find("averageUtilization"), "<unknown>"), "/",
                   utilisation(target->find("averageUtilization"), "<auto>"));
    }
    if (type == "Pods" || average != nullptr) {
        return cat(quantity_at(current->find("averageValue"), "<unknown>"), "/",
                   quantity_at(average, ""), type == "Pods" ? "" : " (avg)");
    }
    return cat(quantity_at(current->find("value"), "<unknown>"), "/",
               quantity_at(target->find("value"), ""));
}

Value autoscaler_targets(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* metrics = source.find("spec.metrics")) {
        const Value* statuses = source.find("status.currentMetrics");
        for (size_t i = 0; i < metrics->size(); ++i) {
            const bool has_status = statuses != nullptr && i < statuses->size();
            out.push_back(metric_text(metrics->at(i), has_status ? &statuses->at(i) : nullptr));
        }
    } else if (const Value* target = source.find("spec.targetCPUUtilizationPercentage")) {  // v1
        out.push_back(
            cat("cpu: ",
                utilisation(source.find("status.currentCPUUtilizationPercentage"), "<unknown>"),
                "/", utilisation(target, "<auto>")));
    }
    return Value(out.empty() ? "<none>" : join_some(out, 2, ", "));
}

Value autoscaler_reference(const RowSource& source) {
    return Value(
        cat(source.text("spec.scaleTargetRef.kind"), "/", source.text("spec.scaleTargetRef.name")));
}

constexpr Cell containers{Form::names, "spec.template.spec.containers"};
constexpr Cell images{Form::images, "spec.template.spec.containers"};

constexpr std::array revision_cells{name, made(controller_owner), number("revision"), age};
constexpr std::array daemon_set_cells{
    name,
    number("status.desiredNumberScheduled"),
    number("status.currentNumberScheduled"),
    number("status.numberReady"),
    number("status.updatedNumberScheduled"),
    number("status.numberAvailable"),
    Cell{Form::labels, "spec.template.spec.nodeSelector", "<none>"},
    age,
    containers,
    images,
    Cell{Form::selector, "spec.selector", "<none>"}};
constexpr std::array deployment_cells{name,
                                      made(ready_of_replicas),
                                      number("status.updatedReplicas"),
                                      number("status.availableReplicas"),
                                      age,
                                      containers,
                                      images,
                                      Cell{Form::selector, "spec.selector"}};
constexpr std::array replica_set_cells{name,
                                       number("spec.replicas"),
                                       number("status.replicas"),
                                       number("status.readyReplicas"),
                                       age,
                                       containers,
                                       images,
                                       Cell{Form::selector, "spec.selector", "<none>"}};
constexpr std::array stateful_set_cells{name, made(ready_of_replicas), age, containers, images};
constexpr std::array autoscaler_cells{name,
                                      made(autoscaler_reference),
                                      made(autoscaler_targets),
                                      text("spec.minReplicas", "<unset>"),
                                      number("spec.maxReplicas"),
                                      number("status.currentReplicas"),
                                      age};
constexpr std::array scale_cells{name, number("spec.replicas"), number("status.replicas"), age};

// --- batch ---

Value job_status(const RowSource& source) {
    std::string_view out = "Running";
    if (holds(source.object, "Complete")) {
        out = "Complete";
    } else if (holds(source.object, "Failed")) {
        out = "Failed";
    } else if (source.find("metadata.deletionTimestamp") != nullptr) {
        out = "Terminating";
    } else {
        for (const std::string_view type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
            if (holds(source.object, type)) {
                out = type;
                break;
            }
        }
    }
    return Value(out);
}

Value job_completions(const RowSource& source) {
    const int64_t done = source.object.int_at(0, "status", "succeeded");
    if (source.find("spec.completions") != nullptr) {
        return Value(cat(done, "/", source.object.int_at(0, "spec", "completions")));
    }
    const int64_t parallelism = source.object.int_at(0, "spec", "parallelism");
    return Value(parallelism > 1 ? cat(done, "/1 of ", parallelism) : cat(done, "/1"));
}

Value job_duration(const RowSource& source) {
    const Value* start = source.find("status.startTime");
    const Value* end = source.find("status.completionTime");
    if (start == nullptr) {
        return Value("");
    }
    const auto ended = end != nullptr && end->is_string() ? parse_rfc3339(end->as_string())
                                                          : std::optional<Time>();
    return Value(age_text(start, ended.value_or(source.now)));
}

Value cron_suspend(const RowSource& source) {
    const Value* value = source.find("spec.suspend");
    return Value(value == nullptr || !value->is_bool() ? "<unset>"
                 : value->as_bool()                    ? "True"
                                                       : "False");
}

constexpr std::array cron_job_cells{
    name,
    text("spec.schedule"),
    text("spec.timeZone", "<none>"),
    made(cron_suspend),
    count("status.active"),
    Cell{Form::age, "status.lastScheduleTime", "<none>"},
    age,
    Cell{Form::names, "spec.jobTemplate.spec.template.spec.containers"},
    Cell{Form::images, "spec.jobTemplate.spec.template.spec.containers"},
    Cell{Form::selector, "spec.jobTemplate.spec.selector", "<none>"}};
constexpr std::array job_cells{name,
                               made(job_status),
                               made(job_completions),
                               made(job_duration),
                               age,
                               containers,
                               images,
                               Cell{Form::selector, "spec.selector"}};

// --- certificates ---

Value certificate_duration(const RowSource& source) {
    const Value* seconds = source.find("spec.expirationSeconds");
    return Value(seconds == nullptr || !seconds->is_int()
                     ? std::string("<none>")
                     : human_duration(seconds->as_int() * 1'000'000'000));
}

Value certificate_condition(const RowSource& source) {
    const auto has = [&](std::string_view type) {
        return find_condition(source.object, type) != nullptr;
    };
    std::string out = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
    if (has("Failed")) {
        out += ",Failed";
    }
    if (!source.text("status.certificate").empty()) {
        out += ",Issued";
    }
    return Value(out);
}

// The last of the conditions that is one of these (and True, where that matters).
Value last_condition(const RowSource& source, std::initializer_list<std::string_view> types,
                     bool must_hold, std::string_view otherwise) {
    std::string_view out = otherwise;
    if (const Value* conditions = source.find("status.conditions")) {
        for (const Value& condition : conditions->items()) {
            const std::string_view type = condition.string_at("type");
            if (std::ranges::find(types, type) != types.end() &&
                (!must_hold || condition.string_at("status") == "True")) {
                out = type;
            }
        }
    }
    return Value(out);
}
Value pod_certificate_state(const RowSource& source) {
    return last_condition(source, {"Issued", "Denied", "Failed"}, false, "Pending");
}

constexpr std::array certificate_cells{name,
                                       age,
                                       text("spec.signerName", "<none>"),
                                       text("spec.username"),
                                       made(certificate_duration),
                                       made(certificate_condition)};
constexpr std::array trust_bundle_cells{name, text("spec.signerName", "<none>")};
constexpr std::array pod_certificate_cells{
    name,
    text("spec.podName"),
    text("spec.serviceAccountName"),
    text("spec.nodeName"),
    text("spec.signerName"),
    made(pod_certificate_state),
    Cell{Form::labels, "spec.unverifiedUserAnnotations", "<none>"}};

// --- admissionregistration, internal ---

Value param_kind(const RowSource& source) {
    if (source.find("spec.paramKind") == nullptr) {
        return Value("<unset>");
    }
    return Value(
        cat(source.text("spec.paramKind.apiVersion"), "/", source.text("spec.paramKind.kind")));
}

Value param_ref(const RowSource& source) {
    const Value* reference = source.find("spec.paramRef");
    if (reference == nullptr) {
        return Value("<unset>");
    }
    if (const auto of = reference->string_at("name"); !of.empty()) {
        const std::string_view in = reference->string_at("namespace");
        return Value(cat(in.empty() ? "*" : in, "/", of));
    }
    const Value* selector = reference->find("selector");
    return Value(selector == nullptr ? std::string("<unset>") : label_selector_text(selector));
}

Value storage_versions(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* versions = source.find("status.storageVersions")) {
        for (const Value& version : versions->items()) {
            out.push_back(
                cat(version.string_at("apiServerID"), "=", version.string_at("encodingVersion")));
        }
    }
    return Value(out.empty() ? "<unset>" : join_some(out, 3, ","));
}

constexpr std::array mutating_policy_cells{name, count("spec.mutations"), made(param_kind), age};
constexpr std::array validating_policy_cells{name, count("spec.validations"), made(param_kind),
                                             age};
constexpr std::array policy_binding_cells{name, text("spec.policyName"), made(param_ref), age};
constexpr std::array webhook_cells{name, count("webhooks"), age};
constexpr std::array storage_version_cells{name, text("status.commonEncodingVersion", "<unset>"),
                                           made(storage_versions), age};

// --- coordination, discovery, flowcontrol ---

Value slice_ports(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* ports = source.find("ports")) {
        for (const Value& port : ports->items()) {
            const Value* value = port.find("port");
            const std::string_view of = port.string_at("name");
            out.push_back(value != nullptr && value->is_int() ? cat(value->as_int())
                          : !of.empty()                       ? std::string(of)
                                                              : "*");
        }
    }
    return Value(out.empty() ? "<unset>" : join_some(out, 3, ","));
}

Value slice_endpoints(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* endpoints = source.find("endpoints")) {
        for (const Value& endpoint : endpoints->items()) {
            if (const Value* addresses = endpoint.find("addresses")) {
                for (const Value& address : addresses->items()) {
                    out.emplace_back(address.is_string() ? address.as_string()
                                                         : std::string_view());
                }
            }
        }
    }
    return Value(out.empty() ? "<unset>" : join_some(out, 3, ","));
}

Value number_or_none(const RowSource& source, std::string_view path) {
    const Value* found = source.find(path);
    return found == nullptr ? Value("<none>") : *found;
}
Value level_shares(const RowSource& source) {
    return number_or_none(source, "spec.limited.nominalConcurrencyShares");
}
Value level_queues(const RowSource& source) {
    return number_or_none(source, "spec.limited.limitResponse.queuing.queues");
}
Value level_hand(const RowSource& source) {
    return number_or_none(source, "spec.limited.limitResponse.queuing.handSize");
}
Value level_limit(const RowSource& source) {
    return number_or_none(source, "spec.limited.limitResponse.queuing.queueLengthLimit");
}

Value flow_missing(const RowSource& source) {
    const Value* dangling = find_condition(source.object, "Dangling");
    return Value(dangling == nullptr ? std::string_view("?") : dangling->string_at("status"));
}

constexpr std::array lease_cells{name, text("spec.holderIdentity"), age};
constexpr std::array candidate_cells{name, text("spec.leaseName"), text("spec.binaryVersion"),
                                     text("spec.emulationVersion"), age};
constexpr std::array slice_cells{name, text("addressType"), made(slice_ports),
                                 made(slice_endpoints), age};
constexpr std::array flow_schema_cells{name,
                                       text("spec.priorityLevelConfiguration.name"),
                                       number("spec.matchingPrecedence"),
                                       text("spec.distinguisherMethod.type", "<none>"),
                                       age,
                                       made(flow_missing)};
constexpr std::array priority_level_cells{name,
                                          text("spec.type"),
                                          made(level_shares),
                                          made(level_queues),
                                          made(level_hand),
                                          made(level_limit),
                                          age};

// --- networking, node, policy, rbac ---

Value address_parent(const RowSource& source) {
    const Value* parent = source.find("spec.parentRef");
    if (parent == nullptr) {
        return Value("<none>");
    }
    const auto behind = [&](std::string_view separator, std::string_view member) {
        const std::string_view part = parent->string_at(member);
        return part.empty() ? std::string() : cat(separator, part);
    };
    return Value(cat(to_lower(parent->string_at("resource")), behind(".", "group"),
                     behind("/", "namespace"), "/", parent->string_at("name")));
}

Value ingress_hosts(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* rules = source.find("spec.rules")) {
        for (const Value& rule : rules->items()) {
            if (const auto host = rule.string_at("host"); !host.empty()) {
                out.emplace_back(host);
            }
        }
    }
    return Value(out.empty() ? "*" : join_some(out, 3, ","));
}

Value ingress_address(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* ingress = source.find("status.loadBalancer.ingress")) {
        for (const Value& entry : ingress->items()) {
            const std::string_view ip = entry.string_at("ip");
            out.emplace_back(ip.empty() ? entry.string_at("hostname") : ip);
        }
    }
    std::erase(out, std::string());
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return Value(join(out, ","));
}

Value ingress_ports(const RowSource& source) {
    const Value* tls = source.find("spec.tls");
    return Value(tls != nullptr && !tls->empty() ? "80, 443" : "80");
}

Value named_default(const RowSource& source, std::initializer_list<std::string_view> annotations) {
    std::string out = source.text("metadata.name");
    for (const std::string_view annotation : annotations) {
        if (source.object.string_at("metadata", "annotations", annotation) == "true") {
            return Value(out + " (default)");
        }
    }
    return Value(out);
}
Value ingress_class_name(const RowSource& source) {
    return named_default(source, {"ingressclass.kubernetes.io/is-default-class"});
}
Value storage_class_name(const RowSource& source) {
    return named_default(source, {"storageclass.kubernetes.io/is-default-class",
                                  "storageclass.beta.kubernetes.io/is-default-class"});
}

Value ingress_class_parameters(const RowSource& source) {
    const Value* parameters = source.find("spec.parameters");
    if (parameters == nullptr) {
        return Value("<none>");
    }
    const std::string_view group = parameters->string_at("apiGroup");
    return Value(cat(parameters->string_at("kind"), group.empty() ? "" : ".", group, "/",
                     parameters->string_at("name")));
}

Value role_reference(const RowSource& source) {
    return Value(cat(source.text("roleRef.kind"), "/", source.text("roleRef.name")));
}

Value subjects_of(const RowSource& source, std::string_view kind) {
    std::vector<std::string> out;
    if (const Value* subjects = source.find("subjects")) {
        for (const Value& subject : subjects->items()) {
            if (subject.string_at("kind") == kind) {
                out.push_back(kind == "ServiceAccount" ? cat(subject.string_at("namespace"), "/",
                                                             subject.string_at("name"))
                                                       : std::string(subject.string_at("name")));
            }
        }
    }
    return Value(join(out, ", "));
}
Value users_of(const RowSource& source) {
    return subjects_of(source, "User");
}
Value groups_of(const RowSource& source) {
    return subjects_of(source, "Group");
}
Value accounts_of(const RowSource& source) {
    return subjects_of(source, "ServiceAccount");
}

// One cell more than there are columns: so it is upstream.
constexpr std::array address_cells{name, made(address_parent), age};
constexpr std::array ingress_cells{name,
                                   text("spec.ingressClassName", "<none>"),
                                   made(ingress_hosts),
                                   made(ingress_address),
                                   made(ingress_ports),
                                   age};
constexpr std::array ingress_class_cells{made(ingress_class_name), text("spec.controller"),
                                         made(ingress_class_parameters), age};
constexpr std::array network_policy_cells{name, Cell{Form::selector, "spec.podSelector", "<none>"},
                                          age};
constexpr std::array service_cidr_cells{name, Cell{Form::list, "spec.cidrs"}, age};
constexpr std::array runtime_class_cells{name, text("handler"), age};
constexpr std::array budget_cells{name, text("spec.minAvailable", "N/A"),
                                  text("spec.maxUnavailable", "N/A"),
                                  number("status.disruptionsAllowed"), age};
constexpr std::array binding_cells{name,           made(role_reference), age,
                                   made(users_of), made(groups_of),      made(accounts_of)};

// --- resource, scheduling ---

Value claim_state(const RowSource& source) {
    std::vector<std::string> out;
    if (source.find("metadata.deletionTimestamp") != nullptr) {
        out.emplace_back("deleted");
    }
    if (source.find("status.allocation") == nullptr) {
        if (out.empty()) {
            out.emplace_back("pending");
        }
    } else {
        out.emplace_back("allocated");
        const Value* reserved = source.find("status.reservedFor");
        if (reserved != nullptr && !reserved->empty()) {
            out.emplace_back("reserved");
        }
    }
    return Value(join(out, ","));
}

Value pool_sum(const RowSource& source, std::string_view member) {
    const Value* pools = source.find("status.pools");
    if (source.find("status") == nullptr || holds(source.object, "Failed")) {
        return Value("-");
    }
    int64_t sum = 0;
    for (size_t i = 0; pools != nullptr && i < pools->size(); ++i) {
        sum += pools->at(i).int_at(0, member);
    }
    return Value(cat(sum));
}
Value pool_total(const RowSource& source) {
    return pool_sum(source, "totalDevices");
}
Value pool_available(const RowSource& source) {
    return pool_sum(source, "availableDevices");
}
Value pool_allocated(const RowSource& source) {
    return pool_sum(source, "allocatedDevices");
}
Value pool_unavailable(const RowSource& source) {
    return pool_sum(source, "unavailableDevices");
}

Value pool_errors(const RowSource& source) {
    if (source.find("status") == nullptr || holds(source.object, "Failed")) {
        return Value("-");
    }
    int64_t errors = 0;
    if (const Value* pools = source.find("status.pools")) {
        for (const Value& pool : pools->items()) {
            errors += pool.string_at("validationError").empty() ? 0 : 1;
        }
    }
    return Value(cat(errors));
}

Value pool_status(const RowSource& source) {
    if (holds(source.object, "Failed")) {
        return Value("Failed");
    }
    if (!holds(source.object, "Complete")) {
        return Value("Pending");
    }
    const Value* pools = source.find("status.pools");
    const int64_t all = source.object.int_at(0, "status", "poolCount");
    const auto shown = static_cast<int64_t>(pools == nullptr ? 0 : pools->size());
    return Value(shown < all ? cat("Complete (", shown, "/", all, " pools)")
                             : std::string("Complete"));
}

Value pool_completed(const RowSource& source) {
    const Value* complete = find_condition(source.object, "Complete");
    return Value(complete == nullptr ? std::string("<none>")
                                     : age_text(complete->find("lastTransitionTime"), source.now));
}

Value group_policy(const RowSource& source) {
    return Value(source.find("spec.schedulingPolicy.gang") != nullptr    ? "Gang"
                 : source.find("spec.schedulingPolicy.basic") != nullptr ? "Basic"
                                                                         : "<none>");
}

Value group_status(const RowSource& source) {
    const Value* scheduled = find_condition(source.object, "Scheduled");
    std::string_view out = "Pending";
    if (scheduled != nullptr) {
        out = scheduled->string_at("status") == "True" ? "Scheduled" : "Unschedulable";
    }
    const Value* disrupted = find_condition(source.object, "DisruptionTarget");
    if (disrupted != nullptr && disrupted->string_at("status") == "True") {
        out = disrupted->string_at("reason");
    }
    return Value(out);
}

constexpr std::array named_cells{name, age};
constexpr std::array taint_rule_cells{name,
                                      text("spec.taint.key"),
                                      text("spec.taint.value"),
                                      text("spec.taint.effect"),
                                      Cell{Form::age, "spec.taint.timeAdded"},
                                      age};
constexpr std::array resource_claim_cells{name, made(claim_state), age};
constexpr std::array pool_request_cells{name,
                                        text("spec.driver"),
                                        made(pool_total),
                                        made(pool_available),
                                        made(pool_allocated),
                                        made(pool_unavailable),
                                        made(pool_errors),
                                        number("status.poolCount"),
                                        made(pool_status),
                                        made(pool_completed)};
constexpr std::array resource_slice_cells{name, text("spec.nodeName"), text("spec.driver"),
                                          text("spec.pool.name"), age};
constexpr std::array pod_group_cells{
    name, made(group_policy), text("spec.podGroupTemplateRef.workload.workloadName", "<none>"),
    made(group_status), age};
constexpr std::array priority_class_cells{name, number("value"), flag("globalDefault"), age,
                                          text("preemptionPolicy")};

// --- storage, storagemigration, apiregistration, meta ---

Value driver_tokens(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* requests = source.find("spec.tokenRequests")) {
        for (const Value& request : requests->items()) {
            out.emplace_back(request.string_at("audience"));
        }
    }
    return Value(out.empty() ? "<unset>" : join(out, ","));
}

Value migration_resource(const RowSource& source) {
    const std::string group = source.text("spec.resource.group");
    return Value(cat(source.text("spec.resource.resource"), group.empty() ? "" : ".", group));
}
Value migration_status(const RowSource& source) {
    return last_condition(source, {"Running", "Failed", "Succeeded"}, true, "Unknown");
}

Value api_service_target(const RowSource& source) {
    if (source.find("spec.service") == nullptr) {
        return Value("Local");
    }
    return Value(cat(source.text("spec.service.namespace"), "/", source.text("spec.service.name")));
}
Value api_service_available(const RowSource& source) {
    const Value* available = find_condition(source.object, "Available");
    if (available == nullptr) {
        return Value("Unknown");
    }
    const std::string_view status = available->string_at("status");
    const std::string_view reason = available->string_at("reason");
    return Value(status == "True" || reason.empty() ? std::string(status)
                                                    : cat(status, " (", reason, ")"));
}

constexpr std::array csi_driver_cells{name,
                                      flag("spec.attachRequired", "true"),
                                      flag("spec.podInfoOnMount"),
                                      flag("spec.storageCapacity"),
                                      made(driver_tokens),
                                      flag("spec.requiresRepublish"),
                                      Cell{Form::list, "spec.volumeLifecycleModes", "<none>"},
                                      age};
constexpr std::array csi_node_cells{name, count("spec.drivers"), age};
constexpr std::array csi_capacity_cells{name, text("storageClassName"),
                                        text("capacity", "<unset>")};
constexpr std::array storage_class_cells{
    made(storage_class_name),        text("provisioner"),
    text("reclaimPolicy", "Delete"), text("volumeBindingMode", "Immediate"),
    flag("allowVolumeExpansion"),    age};
constexpr std::array attachment_cells{name,
                                      text("spec.attacher"),
                                      text("spec.source.persistentVolumeName"),
                                      text("spec.nodeName"),
                                      flag("status.attached"),
                                      age};
constexpr std::array attributes_class_cells{name, text("driverName"), age};
constexpr std::array migration_cells{name, made(migration_resource), made(migration_status)};
constexpr std::array api_service_cells{name, made(api_service_target), made(api_service_available),
                                       age};
constexpr std::array status_cells{text("status"), text("reason"), text("message")};

constexpr std::string_view admission = "admissionregistration.k8s.io";
constexpr std::string_view certificates = "certificates.k8s.io";
constexpr std::string_view coordination = "coordination.k8s.io";
constexpr std::string_view flowcontrol = "flowcontrol.apiserver.k8s.io";
constexpr std::string_view networking = "networking.k8s.io";
constexpr std::string_view rbac = "rbac.authorization.k8s.io";
constexpr std::string_view resource = "resource.k8s.io";
constexpr std::string_view scheduling = "scheduling.k8s.io";
constexpr std::string_view storage = "storage.k8s.io";

constexpr std::array kinds_of_groups{
    KindCells{"apps", "ControllerRevision", revision_cells},
    KindCells{"apps", "DaemonSet", daemon_set_cells},
    KindCells{"apps", "Deployment", deployment_cells},
    KindCells{"apps", "ReplicaSet", replica_set_cells},
    KindCells{"apps", "StatefulSet", stateful_set_cells},
    KindCells{"autoscaling", "HorizontalPodAutoscaler", autoscaler_cells},
    KindCells{"autoscaling", "Scale", scale_cells},
    KindCells{"batch", "CronJob", cron_job_cells},
    KindCells{"batch", "Job", job_cells},
    KindCells{certificates, "CertificateSigningRequest", certificate_cells},
    KindCells{certificates, "ClusterTrustBundle", trust_bundle_cells},
    KindCells{certificates, "PodCertificateRequest", pod_certificate_cells},
    KindCells{admission, "MutatingAdmissionPolicy", mutating_policy_cells},
    KindCells{admission, "MutatingAdmissionPolicyBinding", policy_binding_cells},
    KindCells{admission, "MutatingWebhookConfiguration", webhook_cells},
    KindCells{admission, "ValidatingAdmissionPolicy", validating_policy_cells},
    KindCells{admission, "ValidatingAdmissionPolicyBinding", policy_binding_cells},
    KindCells{admission, "ValidatingWebhookConfiguration", webhook_cells},
    KindCells{"internal.apiserver.k8s.io", "StorageVersion", storage_version_cells},
    KindCells{coordination, "Lease", lease_cells},
    KindCells{coordination, "LeaseCandidate", candidate_cells},
    KindCells{"discovery.k8s.io", "EndpointSlice", slice_cells},
    KindCells{flowcontrol, "FlowSchema", flow_schema_cells},
    KindCells{flowcontrol, "PriorityLevelConfiguration", priority_level_cells},
    KindCells{networking, "IPAddress", address_cells},
    KindCells{networking, "Ingress", ingress_cells},
    KindCells{networking, "IngressClass", ingress_class_cells},
    KindCells{networking, "NetworkPolicy", network_policy_cells},
    KindCells{networking, "ServiceCIDR", service_cidr_cells},
    KindCells{"node.k8s.io", "RuntimeClass", runtime_class_cells},
    KindCells{"policy", "PodDisruptionBudget", budget_cells},
    KindCells{rbac, "ClusterRoleBinding", binding_cells},
    KindCells{rbac, "RoleBinding", binding_cells},
    KindCells{resource, "DeviceClass", named_cells},
    KindCells{resource, "DeviceTaintRule", taint_rule_cells},
    KindCells{resource, "ResourceClaim", resource_claim_cells},
    KindCells{resource, "ResourceClaimTemplate", named_cells},
    KindCells{resource, "ResourcePoolStatusRequest", pool_request_cells},
    KindCells{resource, "ResourceSlice", resource_slice_cells},
    KindCells{scheduling, "PodGroup", pod_group_cells},
    KindCells{scheduling, "PriorityClass", priority_class_cells},
    KindCells{scheduling, "Workload", named_cells},
    KindCells{storage, "CSIDriver", csi_driver_cells},
    KindCells{storage, "CSINode", csi_node_cells},
    KindCells{storage, "CSIStorageCapacity", csi_capacity_cells},
    KindCells{storage, "StorageClass", storage_class_cells},
    KindCells{storage, "VolumeAttachment", attachment_cells},
    KindCells{storage, "VolumeAttributesClass", attributes_class_cells},
    KindCells{"storagemigration.k8s.io", "StorageVersionMigration", migration_cells},
    KindCells{"apiregistration.k8s.io", "APIService", api_service_cells},
    KindCells{"meta", "Status", status_cells}};

}  // namespace

static std::span<const KindCells> all() {
    return kinds_of_groups;
}

}  // namespace weft::schema::internal::group_kinds

namespace weft::schema::internal {

std::span<const KindCells> group_cells() {
    return group_kinds::all();
}

}  // namespace weft::schema::internal
