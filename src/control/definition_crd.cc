// control/definition_crd.cc: the CRD of a definition: made, compared, changed, waited for.

#include <algorithm>

#include "control/internal/definition_pass.h"
#include "control/limits.h"

namespace weft::control {

bool is_established(const Object& crd) {
    const Value* conditions = crd.value().find("status", "conditions");
    return conditions != nullptr &&
           std::ranges::any_of(conditions->items(), [](const Value& condition) {
               return condition.string_at("type") == "Established" &&
                      condition.string_at("status") == "True";
           });
}

namespace {

// What goes into the merge patch of a CRD: everything that kro's own update replaces.
Value crd_patch(const Value& wanted) {
    Value spec = Value::map();
    for (const std::string_view name : {"group", "names", "scope", "versions"}) {
        if (const Value* value = wanted.find("spec", name)) {
            spec.set(name, *value);
        }
    }
    // Written even when empty, so that they can be cleared.
    Value& names = spec.mutable_member("names");
    for (const std::string_view list : {"shortNames", "categories"}) {
        if (!names.contains(list)) {
            names.set(list, Value());
        }
    }
    Value metadata = Value::map();
    for (const std::string_view name : {"labels", "annotations"}) {
        const Value* value = wanted.find("metadata", name);
        if (value != nullptr && !value->empty()) {
            metadata.set(name, *value);
        }
    }
    return Value::map_of({{"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
}

// What Go's omitempty leaves out when the server stores it.
bool is_left_out(std::string_view name, const Value& value) {
    if (name == "default") {
        return value.is_null();
    }
    return value.is_null() || ((value.is_list() || value.is_string()) && value.empty()) ||
           (value.is_int() && value.as_int() == 0) || (value.is_bool() && !value.as_bool());
}

// True if `part` says nothing that `whole` does not: the server adds defaults, we look for ours.
bool contains_all(const Value& whole, const Value& part) {
    if (part.is_map()) {
        return std::ranges::all_of(part.members(), [&](const Member& member) {
            const Value* found = whole.find(member.name());
            return found == nullptr ? is_left_out(member.name(), member.value)
                                    : contains_all(*found, member.value);
        });
    }
    if (part.is_list() && whole.is_list() && part.size() == whole.size()) {
        for (size_t i = 0; i < part.size(); ++i) {
            if (!contains_all(whole.at(i), part.at(i))) {
                return false;
            }
        }
        return true;
    }
    if (part.is_number() && whole.is_number()) {
        return part.to_double() == whole.to_double();
    }
    return whole == part;
}

// A CRD that another version of the controller wrote is not written again for that alone.
Value without_version(Value patch) {
    if (patch.find("metadata", "labels", graph::label_version) != nullptr) {
        patch.mutable_member("metadata").mutable_member("labels").erase(graph::label_version);
    }
    return patch;
}

// The schemas of `there` say nothing that those of `wanted` do not. Both have one version.
bool has_no_more_schema(const Value& there, const Value& wanted) {
    return std::ranges::all_of(there.items(), [&](const Value& version) {
        const Value* schema = version.find("schema");
        return schema == nullptr || std::ranges::any_of(wanted.items(), [&](const Value& other) {
                   const Value* wanted_schema = other.find("schema");
                   return wanted_schema != nullptr && contains_all(*wanted_schema, *schema);
               });
    });
}

}  // namespace

io::Task<Result<Object>> DefinitionReconciler::ensure_crd(Pass* pass) {
    Value wanted = pass->graph->crd;
    graph::set_crd_ownership(wanted, world_.options->version, pass->definition.uid(), pass->name);
    const std::string name(wanted.string_at("metadata", "name"));
    if (const Object* known = owned_crds_->cache().find({"", name})) {
        co_return co_await update_crd(pass, *known, Object(std::move(wanted)));
    }
    const Object object(wanted);
    Result<Object> created = co_await world_.client->create(crd_resource(), object, {});
    if (created) {
        owned_crds_->cache().put_written(*created);
        co_return co_await wait_established(*std::move(created));
    }
    if (created.error().reason() != Reason::already_exists) {
        co_return std::move(created).context("failed to create CRD");
    }
    const Object existing = CO_TRY(co_await world_.client->get(crd_resource(), {"", name}));
    co_return co_await update_crd(pass, existing, object);
}

io::Task<Result<Object>> DefinitionReconciler::update_crd(Pass* pass, Object existing,
                                                          Object wanted) {
    const std::string name(wanted.name());
    switch (graph::crd_owner(existing.value(), pass->name)) {
        case graph::CrdOwner::nobody:
            co_return make_error(Reason::conflict, "failed to update CRD ", name,
                                 ": CRD already exists and is not owned by KRO");
        case graph::CrdOwner::other_definition:
            co_return make_error(Reason::conflict, "failed to update CRD ", name,
                                 ": CRD is owned by another ResourceGraphDefinition ",
                                 existing.label(graph::label_definition_name));
        case graph::CrdOwner::this_definition:
            break;
    }
    const Value patch = crd_patch(wanted.value());
    const Value* old_versions = existing.value().find("spec", "versions");
    const Value* new_versions = wanted.value().find("spec", "versions");
    CHECK(new_versions != nullptr);
    if (old_versions == nullptr) {
        co_return make_error(Reason::internal_error, "CRD ", name, " has no versions");
    }
    const graph::CrdChanges changes = CO_TRY(graph::compare_versions(*old_versions, *new_versions));
    // kro does not notice changes of columns, validations and map values; we do (quirk 8). A server
    // adds to a CRD, but nothing to a schema: what is there and not wanted must go.
    if (changes.empty() && contains_all(existing.value(), without_version(patch)) &&
        has_no_more_schema(*old_versions, *new_versions)) {
        co_return co_await wait_established(std::move(existing));
    }
    if (!changes.is_compatible() && !allows_breaking(pass->definition)) {
        co_return make_error(Reason::invalid, "cannot update CRD ", name,
                             ": breaking changes detected: ", changes.breaking_text());
    }
    Result<Object> patched = co_await world_.client->patch(crd_resource(), {"", name},
                                                           kube::PatchType::merge, patch, {});
    if (!patched) {
        co_return std::move(patched).context("failed to patch CRD");
    }
    owned_crds_->cache().put_written(*patched);
    co_return co_await wait_established(*std::move(patched));
}

io::Task<Result<Object>> DefinitionReconciler::wait_established(Object crd) {
    const int64_t deadline = world_.loop->monotonic() + established_timeout;
    int64_t wait = io::millisecond;
    while (!is_established(crd)) {
        // The embedded server establishes in the same write; others take a moment.
        if (world_.loop->monotonic() > deadline) {
            co_return make_error(Reason::timeout, "CRD ", crd.name(), " is not established after ",
                                 format_duration(established_timeout));
        }
        CO_TRY(co_await io::sleep(world_.loop, wait));
        wait = std::min(wait * 2, 150 * io::millisecond);
        const Object* cached = owned_crds_->cache().find(crd.key());
        if (cached != nullptr) {
            crd = *cached;
        }
    }
    co_return crd;
}

}  // namespace weft::control
