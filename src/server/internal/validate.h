// server/internal/validate.h: what Kubernetes refuses of builtin objects, kind by kind.
//
// Source of the behaviour, the order and the texts: the ValidateX functions of
// pkg/apis/*/validation and the ValidateUpdate methods of pkg/registry, Kubernetes 1.36. Each
// validate_*.cc holds one family of kinds and ends with its table of rules. Objects are canonical
// and defaulted: members have the types of the Go structs.

#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"
#include "schema/field_error.h"
#include "schema/place.h"

namespace weft::server {

using schema::FieldErrors;
using schema::Place;

// Collects what is wrong. The places it gets live as long as the call.
class Checker {
public:
    using Names = std::initializer_list<std::string_view>;
    using NameCheck = std::vector<std::string> (*)(std::string_view);

    void required(const Place& at, std::string detail = {});
    void invalid(const Place& at, Value bad, std::string detail);
    void forbidden(const Place& at, std::string detail);
    void duplicate(const Place& at, Value bad);
    void not_found(const Place& at, Value bad);
    void unsupported(const Place& at, Value bad, Names supported);
    void too_long(const Place& at, int64_t bytes_max);
    void too_many(const Place& at, size_t count, size_t items_max);
    void add(schema::FieldError error) { errors_.push_back(std::move(error)); }
    void add(FieldErrors errors);

    // Each mistake that `check` finds in the text is an error of it.
    void name(const Place& at, std::string_view text, NameCheck check);
    // As `name`; an empty text is "Required value".
    void required_name(const Place& at, std::string_view text, NameCheck check);
    // The text of a member must be one of these, in the order they are told. `required`: an empty
    // text is missing; else it is unsupported as well.
    void one_of(const Value& in, std::string_view member, const Place& at, Names supported);
    void required_one_of(const Value& in, std::string_view member, const Place& at,
                         Names supported);
    // As one_of, but an absent member is fine.
    void optional_one_of(const Value& in, std::string_view member, const Place& at,
                         Names supported);
    // Text members that must be there; true if it is.
    bool required_text(const Value& in, std::string_view member, const Place& at);
    // An integer member that may be absent, but not negative.
    void not_negative(const Value& in, std::string_view member, const Place& at);
    void in_range(const Value& in, std::string_view member, const Place& at, int64_t low,
                  int64_t high);

    // The value as the internal Go types print it; `type` as in "core.v1.ServicePort".
    [[nodiscard]] static Value form(std::string_view type, const Value& value);

    [[nodiscard]] const FieldErrors& errors() const { return errors_; }
    [[nodiscard]] FieldErrors take() { return std::move(errors_); }

private:
    FieldErrors errors_;
};

// --- Reading members: what is absent reads as empty ---

// The items of a list member, the members of a map member, the map itself; empty if absent.
[[nodiscard]] std::span<const Value> items_of(const Value& in, std::string_view member);
[[nodiscard]] std::span<const Member> members_of(const Value& in, std::string_view member);
[[nodiscard]] const Value& map_of(const Value& in, std::string_view member);
// A member that is there and not null; else a null pointer.
[[nodiscard]] const Value* given(const Value& in, std::string_view member);
[[nodiscard]] bool is_true(const Value& in, std::string_view member);
[[nodiscard]] bool is_false(const Value& in, std::string_view member);
// A copy, or null.
[[nodiscard]] Value value_at(const Value& in, std::string_view member);
[[nodiscard]] bool is_one_of(std::string_view text, Checker::Names names);
// Every item of a list member, with its place.
template <typename CheckItem>
void for_items(const Value& in, std::string_view member, const Place& at,
               const CheckItem& check_item) {
    const Place list = at.member(member);
    size_t index = 0;
    for (const Value& item : items_of(in, member)) {
        const Place place = list.item(index++);
        check_item(item, place);
    }
}
// Whether a member differs between both.
[[nodiscard]] bool differs(const Value& a, const Value& b, std::string_view member);

constexpr std::string_view not_negative_text = "must be greater than or equal to 0";
constexpr std::string_view immutable_text = "field is immutable";
[[nodiscard]] std::string range_text(int64_t low, int64_t high);

// --- Checks that several families share (validate_common.cc) ---

// metav1 validation of a label selector; null is fine.
void check_label_selector(Checker& check, const Value* selector, const Place& at);
void check_labels(Checker& check, const Value* labels, const Place& at);
void check_annotations(Checker& check, const Value* annotations, const Place& at);
void check_label_name(Checker& check, const Place& at, std::string_view name);
void check_port_number(Checker& check, const Place& at, int64_t port);
// A number from 1 to 65535, or the name of a port.
void check_port_or_name(Checker& check, const Place& at, const Value& port);
// A number that is not negative, or a percent.
void check_count_or_percent(Checker& check, const Place& at, const Value& count);
void check_no_more_than_all(Checker& check, const Place& at, const Value& count);
void check_ip(Checker& check, const Place& at, std::string_view address);
void check_cidr_text(Checker& check, const Place& at, std::string_view cidr);
// Not negative, and whole where the resource counts things. The name is checked elsewhere.
void check_quantity_of(Checker& check, const Place& at, std::string_view resource,
                       const Value& quantity);
void check_resource_name(Checker& check, const Place& at, std::string_view name);
[[nodiscard]] bool is_native_resource(std::string_view name);
[[nodiscard]] bool is_extended_resource(std::string_view name);
[[nodiscard]] bool is_hugepages(std::string_view name);
[[nodiscard]] bool is_standard_resource(std::string_view name);
[[nodiscard]] bool is_standard_container_resource(std::string_view name);
// -1, 0, 1 of two quantities; what is none counts as 0.
[[nodiscard]] int compare_quantities(const Value& a, const Value& b);
// Domain-qualified, or one of the names that Kubernetes itself uses.
void check_finalizer_name(Checker& check, const Place& at, std::string_view name);
void check_node_selector(Checker& check, const Value& selector, const Place& at);
void check_node_selector_term(Checker& check, const Value& term, const Place& at);
// A path inside a volume: relative and without "..".
void check_local_path(Checker& check, const Place& at, std::string_view path);
void check_no_backsteps(Checker& check, const Place& at, std::string_view path);
[[nodiscard]] bool selects(const Value* selector, const Value* labels);

// --- Checks of one family that others need ---

// validate_pod.cc
void check_pod_spec(Checker& check, const Value& spec, const Place& at);
void check_pod_template(Checker& check, const Value& pod_template, const Place& at);
void check_tolerations(Checker& check, const Value& spec, const Place& at);
// validate_pod_security.cc: parts of check_pod_spec, with its `at`
void check_pod_security(Checker& check, const Value& spec, const Place& at);
void check_host_users(Checker& check, const Value& spec, const Place& at);
void check_host_processes(Checker& check, const Value& spec, const Place& at);
void check_os(Checker& check, const Value& spec, const Place& at);
// validate_pod_container.cc
using VolumeMap = std::vector<std::pair<std::string_view, const Value*>>;
struct PodContext {
    const Value* spec = nullptr;
    const VolumeMap* volumes = nullptr;  // those without a mistake
    int64_t grace_period = 0;
    bool host_users = true;
};
void check_containers(Checker& check, const PodContext& pod, const Place& at);
void check_init_containers(Checker& check, const PodContext& pod, const Place& at);
void check_ephemeral_containers(Checker& check, const PodContext& pod, const Place& at);
void check_seccomp(Checker& check, const Value* profile, const Place& at);
void check_app_armor(Checker& check, const Value* profile, const Place& at);
void check_user_id(Checker& check, const Value& in, std::string_view member, const Place& at);
void check_container_resource_name(Checker& check, const Place& at, std::string_view resource);
void check_resources(Checker& check, const Value& resources, const Value* pod_claims,
                     const Place& at);
// What an env variable or a volume may ask of the pod.
void check_field_selector(Checker& check, const Value& selector, const Place& at, bool in_volume);
void check_resource_selector(Checker& check, const Value& selector, const Place& at,
                             bool in_volume);
// validate_volume.cc
[[nodiscard]] VolumeMap check_volumes(Checker& check, const Value& spec, const Place& at);
void check_csi_driver_name(Checker& check, const Place& at, std::string_view driver);
void check_volume_source(Checker& check, const Value& source, const Place& at, bool persistent);
// validate_storage.cc
void check_claim_spec(Checker& check, const Value& spec, const Place& at);
// validate_batch.cc
void check_job_spec(Checker& check, const Value& spec, const Place& at);

// validate_alpha.cc: "1.2.3", also with what may follow a dash or plus.
[[nodiscard]] bool is_semantic_version(std::string_view text);
// validate_policy.cc: "example.com/name", which is there.
void check_signer_name(Checker& check, const Place& at, std::string_view name);

// --- The tables ---

// One kind's rules for one endpoint. `old` is null at creation.
struct KindRules {
    std::string_view group;
    std::string_view kind;
    std::string_view subresource;
    void (*check)(Checker& check, const Value& object, const Value* old);
};
// All that may not change of an event of events.k8s.io, in order, of what a table of rules found.
[[nodiscard]] FieldErrors event_changes(const Value& event, const Value& old, FieldErrors found);
// Each family's table.
[[nodiscard]] std::span<const KindRules> core_rules();
[[nodiscard]] std::span<const KindRules> pod_rules();
[[nodiscard]] std::span<const KindRules> service_rules();
[[nodiscard]] std::span<const KindRules> storage_rules();
[[nodiscard]] std::span<const KindRules> workload_rules();
[[nodiscard]] std::span<const KindRules> batch_rules();
[[nodiscard]] std::span<const KindRules> network_rules();
[[nodiscard]] std::span<const KindRules> policy_rules();
[[nodiscard]] std::span<const KindRules> status_rules();
[[nodiscard]] std::span<const KindRules> device_rules();
[[nodiscard]] std::span<const KindRules> alpha_rules();

}  // namespace weft::server
