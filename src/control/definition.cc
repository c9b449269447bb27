// control/definition.cc: from a definition to a revision, a CRD and a served kind.

#include "control/definition.h"

#include <algorithm>

#include "control/limits.h"

namespace weft::control {

namespace {

constexpr std::string_view by_definition = "definition";

std::string snapshot_name(const Object& revision) {
    return std::string(revision.value().string_at("spec", "snapshot", "name"));
}

int64_t revision_number(const Object& revision) {
    return revision.value().int_at(0, "spec", "revision");
}

bool allows_breaking(const Object& definition) {
    return definition.annotation(graph::annotation_allow_breaking) == "true";
}

bool is_worth_a_definition_pass(const Object* before, const Object* after) {
    if (before == nullptr || after == nullptr) {
        return after != nullptr;
    }
    return before->generation() != after->generation() || before->uid() != after->uid() ||
           before->is_deleting() != after->is_deleting() ||
           allows_breaking(*before) != allows_breaking(*after);
}

// "<definition>-r00001"; cut and told apart by a hash where that is too long for a name.
std::string revision_name(const std::string& definition, int64_t number) {
    std::string suffix = cat(number);
    suffix.insert(0, suffix.size() < 5 ? 5 - suffix.size() : 0, '0');
    suffix = "-r" + suffix;
    constexpr size_t name_max = 253;
    if (definition.size() + suffix.size() <= name_max) {
        return definition + suffix;
    }
    char hash[16];
    std::snprintf(hash, sizeof hash, "-%x", fnv32a(definition));
    suffix += hash;
    std::string front = definition.substr(0, name_max - suffix.size());
    front.erase(front.find_last_not_of(".-") + 1);
    return (front.empty() ? "gr" : front) + suffix;
}

Value merge_metadata(std::string_view member, Value value) {
    return Value::map_of({{"metadata", Value::map_of({{member, std::move(value)}})}});
}

bool is_owned_by(const Object& revision, std::string_view uid) {
    const Value* owners = revision.value().find("metadata", "ownerReferences");
    return owners != nullptr && std::ranges::any_of(owners->items(), [&](const Value& owner) {
               const Value* controller = owner.find("controller");
               return owner.string_at("uid") == uid && controller != nullptr &&
                      controller->is_bool() && controller->as_bool();
           });
}

Value owner_reference(const Object& definition) {
    return Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                          {"kind", "ResourceGraphDefinition"},
                          {"name", definition.name()},
                          {"uid", definition.uid()},
                          {"controller", true}});
}

bool is_established(const Object& crd) {
    const Value* conditions = crd.value().find("status", "conditions");
    return conditions != nullptr &&
           std::ranges::any_of(conditions->items(), [](const Value& condition) {
               return condition.string_at("type") == "Established" &&
                      condition.string_at("status") == "True";
           });
}

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

struct DefinitionReconciler::Pass {
    Object definition;
    std::string name;
    std::string hash;
    graph::ConditionSet conditions;
    std::vector<Object> live;  // revisions by number, terminating ones left out
    bool has_terminating = false;
    graph::SharedGraph graph;    // of the revision that is served
    bool keeps_topology = true;  // topologicalOrder and resources stay what they were
    bool graph_changed = false;  // instances have to look again
    int64_t last_issued = 0;
    std::string retry;  // why another pass is needed; "" for none
};

void DefinitionReconciler::watch(std::function<void(const std::string&)> wake) {
    wake_ = std::move(wake);
    definitions_ =
        &world_.informers->get({.resource = definition_resource()}, [this](Informer& fresh) {
            fresh.cache().add_handler([this](const Object* before, const Object* after) {
                if (is_worth_a_definition_pass(before, after)) {
                    wake_(std::string(after->name()));
                }
            });
        });
    revisions_ = &world_.informers->get({.resource = revision_resource()}, [this](Informer& fresh) {
        fresh.cache().add_index(std::string(by_definition), [](const Object& revision) {
            return std::vector<std::string>{snapshot_name(revision)};
        });
        fresh.cache().add_handler([this](const Object* before, const Object* after) {
            const Object& revision = after == nullptr ? *before : *after;
            if (after == nullptr) {
                registry_->erase(snapshot_name(revision), revision_number(revision));
            }
            // Our own status writes are no news.
            if (before == nullptr || after == nullptr ||
                before->is_deleting() != after->is_deleting()) {
                wake_(snapshot_name(revision));
            }
        });
    });
    crds_ = &world_.informers->get(
        {.resource = crd_resource(), .metadata_only = true}, [this](Informer& fresh) {
            fresh.cache().add_handler([this](const Object* before, const Object* after) {
                const Object& crd = after == nullptr ? *before : *after;
                const bool is_new_schema = before == nullptr || after == nullptr ||
                                           before->generation() != after->generation();
                if (is_new_schema) {
                    const std::string_view name = crd.name();
                    const size_t dot = name.find('.');
                    if (dot != std::string_view::npos) {
                        schemas_->forget(name.substr(dot + 1));
                    }
                    for (const std::string& waiting : waiting_for_kinds_) {
                        wake_(waiting);
                    }
                }
                const std::string_view owner = crd.label(graph::label_definition_name);
                if (before != nullptr && is_new_schema && !owner.empty()) {
                    wake_(std::string(owner));
                }
            });
        });
    owned_crds_ = &world_.informers->get(
        {.resource = crd_resource(), .label_selector = cat(graph::label_owned, "=true")},
        [](Informer&) {});
}

io::Task<Status> DefinitionReconciler::wait_synced() {
    for (Informer* informer : {definitions_, revisions_, crds_, owned_crds_}) {
        CO_TRY(co_await informer->cache().wait_synced());
    }
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::reconcile(std::string name) {
    const Object* cached = definitions_->cache().find({"", name});
    CO_TRY(co_await free_revisions(name, cached == nullptr));
    cached = definitions_->cache().find({"", name});
    if (cached == nullptr) {
        waiting_for_kinds_.erase(name);
        co_return Status{};
    }
    Object definition = *cached;
    if (definition.is_deleting()) {
        co_return co_await clean_up(std::move(definition));
    }
    if (!definition.has_finalizer(graph::finalizer)) {
        Value finalizers = Value::list();
        if (const Value* present = definition.value().find("metadata", "finalizers")) {
            finalizers = *present;
        }
        finalizers.push_back(graph::finalizer);
        definition = CO_TRY(co_await world_.client->patch(
            definition_resource(), definition.key(), kube::PatchType::merge,
            merge_metadata("finalizers", std::move(finalizers)), {}));
        definitions_->cache().put_written(definition);
    }
    Pass pass{.definition = definition,
              .name = name,
              .hash = {},
              .conditions = graph::definition_conditions(definition, world_.loop->now()),
              .live = {},
              .graph = nullptr};
    pass.conditions.remove("ResourceGraphAccepted");
    pass.last_issued = definition.value().int_at(0, "status", "lastIssuedRevision");
    const Value* spec = definition.value().find("spec");
    pass.hash = graph::spec_hash(spec == nullptr ? Value() : *spec);
    const Status resolved = co_await resolve(&pass);
    if (!resolved && resolved.error().reason() == Reason::cancelled) {
        co_return Error(resolved.error());
    }
    CO_TRY(co_await write_status(&pass));
    CO_TRY(std::move(resolved));
    if (!pass.retry.empty()) {
        co_return make_error(Reason::unknown, pass.retry);
    }
    co_return Status{};
}

// Revisions that are being deleted need our finalizer no longer; without their definition, none do.
io::Task<Status> DefinitionReconciler::free_revisions(std::string name, bool all) {
    std::vector<Object> going;
    for (const Object* revision : revisions_->cache().by_index(std::string(by_definition), name)) {
        if (all || revision->is_deleting()) {
            going.push_back(*revision);
        }
    }
    for (const Object& revision : going) {
        CO_TRY(co_await remove_finalizer(revision_resource(), revision));
    }
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::resolve(Pass* pass) {
    int64_t highest = 0;
    for (const Object* revision :
         revisions_->cache().by_index(std::string(by_definition), pass->name)) {
        highest = std::max(highest, revision_number(*revision));
        if (revision->is_deleting()) {
            pass->has_terminating = true;
        } else {
            pass->live.push_back(*revision);
        }
    }
    std::ranges::sort(pass->live, {}, revision_number);
    if (pass->live.empty() && !pass->has_terminating) {
        registry_->erase_all(pass->name);
    }
    CO_TRY(co_await adopt_revisions(pass));
    if (pass->live.empty() && pass->has_terminating) {
        pass->conditions.set_unknown("GraphRevisionsResolved", "WaitingForGraphRevisionSettlement",
                                     "waiting for terminating graph revisions to settle");
        co_return Status{};  // Their going wakes us.
    }
    pass->last_issued = std::max(pass->last_issued, highest);
    if (pass->live.empty() || pass->live.back().label(graph::label_revision_hash) != pass->hash) {
        if (pass->has_terminating) {
            pass->conditions.set_unknown("GraphRevisionsResolved",
                                         "WaitingForGraphRevisionSettlement",
                                         "waiting for terminating graph revisions to settle");
            co_return Status{};
        }
        CO_TRY(co_await issue(pass, pass->last_issued + 1));
    } else {
        CO_TRY(co_await settle(pass, pass->live.back()));
    }
    if (pass->graph != nullptr) {
        CO_TRY(co_await serve(pass));
        co_await collect_revisions(pass);
    }
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::adopt_revisions(Pass* pass) {
    for (Object& revision : pass->live) {
        if (is_owned_by(revision, pass->definition.uid())) {
            continue;
        }
        Value owners = Value::list();
        if (const Value* present = revision.value().find("metadata", "ownerReferences")) {
            for (const Value& owner : present->items()) {
                if (owner.string_at("kind") != "ResourceGraphDefinition") {
                    owners.push_back(owner);
                }
            }
        }
        owners.push_back(owner_reference(pass->definition));
        revision = CO_TRY((co_await world_.client->patch(
                               revision_resource(), revision.key(), kube::PatchType::merge,
                               merge_metadata("ownerReferences", std::move(owners)), {}))
                              .context("adopting revision ", revision.name()));
        revisions_->cache().put_written(revision);
    }
    co_return Status{};
}

io::Task<graph::Compiled> DefinitionReconciler::compile(Object object) {
    Diagnostics ignored;
    const graph::Definition definition = graph::parse_definition(object, &ignored);
    static_cast<void>(co_await schemas_->load(kinds_of(definition)));
    graph::CompileContext context;
    context.find_kind = [this](const GroupVersionKind& kind) { return schemas_->find(kind); };
    context.collection_dimensions = world_.options->collection_dimensions_max;
    context.collection_size = world_.options->collection_size_max;
    context.budget = world_.options->budget;
    context.gates = world_.options->gates;
    const bool lacks_kind = std::ranges::any_of(
        kinds_of(definition),
        [&](const GroupVersionKind& kind) { return !schemas_->find(kind).has_value(); });
    if (lacks_kind) {
        waiting_for_kinds_.insert(definition.name);
    } else {
        waiting_for_kinds_.erase(definition.name);
    }
    co_return graph::compile(definition, context);
}

// A new revision for a spec that compiles.
io::Task<Status> DefinitionReconciler::issue(Pass* pass, int64_t number) {
    graph::Compiled compiled = co_await compile(pass->definition);
    if (compiled.graph == nullptr) {
        const std::string message = graph::first_error_text(compiled.diagnostics);
        pass->conditions.set_false("GraphAccepted", "InvalidResourceGraph", message);
        pass->keeps_topology = false;
        co_return make_error(Reason::invalid, message);
    }
    pass->conditions.set_true("GraphAccepted", "Valid", "resource graph and schema are valid");
    const Value* spec = pass->definition.value().find("spec");
    Object revision(Value::map_of(
        {{"apiVersion", "internal.kro.run/v1alpha1"},
         {"kind", "GraphRevision"},
         {"metadata",
          Value::map_of(
              {{"name", revision_name(pass->name, number)},
               {"labels", Value::map_of({{graph::label_owned, "true"},
                                         {graph::label_version,
                                          graph::version_label(world_.options->version)},
                                         {graph::label_definition_name, pass->name},
                                         {graph::label_revision_hash, pass->hash}})},
               {"finalizers", Value::list_of({graph::finalizer})},
               {"ownerReferences", Value::list_of({owner_reference(pass->definition)})}})},
         {"spec",
          Value::map_of({{"revision", number},
                         {"snapshot", Value::map_of({{"name", pass->name},
                                                     {"generation", pass->definition.generation()},
                                                     {"spec", *spec}})}})}}));
    const Object created =
        CO_TRY((co_await world_.client->create(revision_resource(), std::move(revision), {}))
                   .context("issuing graph revision ", number));
    pass->last_issued = number;
    registry_->put(pass->name, {.number = number,
                                .name = std::string(created.name()),
                                .hash = pass->hash,
                                .state = RevisionState::pending,
                                .graph = std::move(compiled.graph),
                                .error = {}});
    revisions_->cache().put_written(created);
    pass->live.push_back(created);
    co_return co_await settle(pass, created);
}

// Brings the newest revision to its end: compiled and told so in its status, or failed.
io::Task<Status> DefinitionReconciler::settle(Pass* pass, Object revision) {
    const int64_t number = revision_number(revision);
    Revision* known = registry_->find(pass->name, number);
    if (known == nullptr || known->state == RevisionState::failed) {
        Object snapshot(
            Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                           {"kind", "ResourceGraphDefinition"},
                           {"metadata", *pass->definition.value().find("metadata")},
                           {"spec", *revision.value().find("spec", "snapshot", "spec")}}));
        graph::Compiled compiled = co_await compile(std::move(snapshot));
        Revision fresh{.number = number,
                       .name = std::string(revision.name()),
                       .hash = std::string(revision.label(graph::label_revision_hash)),
                       .state = RevisionState::pending,
                       .graph = compiled.graph,
                       .error = {}};
        if (compiled.graph == nullptr) {
            fresh.state = RevisionState::failed;
            fresh.error = graph::first_error_text(compiled.diagnostics);
        }
        registry_->put(pass->name, std::move(fresh));
        known = registry_->find(pass->name, number);
    }
    graph::ConditionSet conditions = graph::revision_conditions(revision, world_.loop->now());
    Value status = Value::map();
    if (known->graph != nullptr) {
        conditions.set_true("GraphVerified", "Verified", "graph revision compiled and verified");
        Value order = Value::list();
        for (const std::string& id : known->graph->topological_order) {
            order.push_back(id);
        }
        status.set("topologicalOrder", std::move(order));
        if (Value resources = known->graph->resources_status(); !resources.empty()) {
            status.set("resources", std::move(resources));
        }
    } else {
        conditions.set_false(
            "GraphVerified", "InvalidGraph",
            cat("failed to compile graph revision ", quote(revision.name()), ": ", known->error));
    }
    status.set("conditions", graph::to_value(conditions.all()));
    const Value* before = revision.value().find("status");
    if (before == nullptr || !(*before == status)) {
        const Object written =
            CO_TRY((co_await world_.client->patch(
                        revision_resource(), revision.key(), kube::PatchType::merge,
                        status_patch(before, status), {.subresource = "status"}))
                       .context("status of graph revision ", number));
        revisions_->cache().put_written(written);
        known = registry_->find(pass->name, number);
        if (known == nullptr) {
            co_return make_error(Reason::conflict, "graph revision ", number, " went away");
        }
    }
    if (known->state == RevisionState::failed) {
        pass->conditions.set_false("GraphRevisionsResolved", "Failed",
                                   cat("latest graph revision ", number, " failed compilation"));
        pass->conditions.set_false("GraphAccepted", "InvalidResourceGraph",
                                   cat("latest graph revision ", number, " failed compilation"));
        co_return make_error(Reason::invalid, known->error);
    }
    if (known->state == RevisionState::pending) {
        known->state = RevisionState::active;
        pass->graph_changed = true;
    }
    pass->graph = known->graph;
    pass->keeps_topology = false;
    pass->conditions.set_true("GraphRevisionsResolved", "Resolved",
                              cat("revision ", number, " compiled and active"));
    pass->conditions.set_true("GraphAccepted", "Valid", "resource graph and schema are valid");
    co_return Status{};
}

// The CRD is there, and instances of it are reconciled.
io::Task<Status> DefinitionReconciler::serve(Pass* pass) {
    const Result<Object> crd = co_await ensure_crd(pass);
    if (!crd) {
        if (crd.error().reason() != Reason::cancelled) {
            pass->conditions.set_false("KindReady", "Failed", crd.error().text());
        }
        co_return Error(crd.error());
    }
    std::string_view kind = crd->value().string_at("status", "acceptedNames", "kind");
    if (kind.empty()) {
        kind = pass->graph->instance_kind.kind;
    }
    pass->conditions.set_true("KindReady", "Ready",
                              cat("kind ", kind, " has been accepted and ready"));
    const kube::Resource resource{
        {pass->graph->instance_kind.group, pass->graph->instance_kind.version,
         pass->graph->instance_resource},
        pass->graph->instance_kind.kind,
        pass->graph->namespaced,
        true};
    world_.mapper->put(resource);
    const Status served = co_await instances_->serve(pass->name, resource, pass->graph_changed);
    if (!served) {
        pass->conditions.set_false("ControllerReady", "FailedToStart", served.error().text());
        co_return Error(served.error());
    }
    pass->conditions.set_true("ControllerReady", "Running", "controller is running");
    co_return Status{};
}

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
        co_return std::move(created).context("failed to create CRD ", name);
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
    if (changes.empty() && contains_all(existing.value(), patch) &&
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
        co_return std::move(patched).context("failed to update CRD ", name);
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

io::Task<void> DefinitionReconciler::collect_revisions(Pass* pass) {
    const int64_t most = world_.options->revisions_max;
    if (most <= 0 || static_cast<int64_t>(pass->live.size()) <= most) {
        co_return;
    }
    const size_t surplus = pass->live.size() - static_cast<size_t>(most);
    for (size_t i = 0; i < surplus; ++i) {
        const Object revision = pass->live[i];
        const auto removed = co_await world_.client->remove(revision_resource(), revision.key(),
                                                            {.uid = std::string(revision.uid())});
        if (!removed && removed.error().reason() != Reason::not_found) {
            world_.log(LogLevel::warn, cat("graph revision ", revision.name(),
                                           " cannot be deleted: ", removed.error().text()));
            continue;
        }
        const Status freed = co_await remove_finalizer(revision_resource(), revision);
        if (!freed) {
            world_.log(LogLevel::warn,
                       cat("graph revision ", revision.name(), ": ", freed.error().text()));
        }
    }
}

io::Task<Status> DefinitionReconciler::write_status(Pass* pass) {
    const auto is_true = [&](std::string_view type) {
        const graph::Condition* condition = pass->conditions.find(type);
        return condition != nullptr && condition->is_true();
    };
    const bool is_active =
        is_true("GraphAccepted") && is_true("KindReady") && is_true("ControllerReady");
    const Value* before = pass->definition.value().find("status");
    Value status = Value::map_of({{"state", is_active ? "Active" : "Inactive"},
                                  {"conditions", graph::to_value(pass->conditions.all())}});
    if (pass->graph != nullptr) {
        Value order = Value::list();
        for (const std::string& id : pass->graph->topological_order) {
            order.push_back(id);
        }
        if (!order.empty()) {
            status.set("topologicalOrder", std::move(order));
        }
        if (Value resources = pass->graph->resources_status(); !resources.empty()) {
            status.set("resources", std::move(resources));
        }
    } else if (pass->keeps_topology && before != nullptr) {
        for (const std::string_view name : {"topologicalOrder", "resources"}) {
            if (const Value* kept = before->find(name)) {
                status.set(name, *kept);
            }
        }
    }
    if (pass->last_issued > 0) {
        status.set("lastIssuedRevision", pass->last_issued);
    }
    if (before != nullptr && *before == status) {
        co_return Status{};
    }
    const Result<Object> written = co_await world_.client->patch(
        definition_resource(), pass->definition.key(), kube::PatchType::merge,
        status_patch(before, status), {.subresource = "status"});
    if (!written) {
        if (written.error().reason() == Reason::not_found) {
            co_return Status{};
        }
        co_return Result<Object>(written).context("writing the status").error();
    }
    definitions_->cache().put_written(*written);
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::clean_up(Object definition) {
    const std::string name(definition.name());
    waiting_for_kinds_.erase(name);
    co_await instances_->withdraw(name);
    if (world_.options->allow_crd_deletion) {
        const Value* spec = definition.value().find("spec", "schema");
        if (spec != nullptr) {
            Diagnostics ignored;
            const graph::Definition parsed = graph::parse_definition(definition, &ignored);
            const std::string crd_name = graph::crd_name(parsed.kind, parsed.group);
            const Object* crd = owned_crds_->cache().find({"", crd_name});
            if (crd != nullptr && crd->label(graph::label_definition_name) == name) {
                const auto removed = co_await world_.client->remove(
                    crd_resource(), crd->key(), {.uid = std::string(crd->uid())});
                if (!removed && removed.error().reason() != Reason::not_found) {
                    co_return Error(removed.error());
                }
            }
        }
    }
    std::vector<Object> revisions;
    for (const Object* revision : revisions_->cache().by_index(std::string(by_definition), name)) {
        revisions.push_back(*revision);
    }
    CO_TRY(co_await remove_finalizer(definition_resource(), definition));
    // Garbage collection deletes the revisions; our finalizer must not hold them.
    for (const Object& revision : revisions) {
        CO_TRY(co_await remove_finalizer(revision_resource(), revision));
    }
    registry_->erase_all(name);
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::remove_finalizer(kube::Resource resource, Object object) {
    if (!object.has_finalizer(graph::finalizer)) {
        co_return Status{};
    }
    Value finalizers = other_finalizers(object);
    const auto patched =
        co_await world_.client->patch(resource, object.key(), kube::PatchType::merge,
                                      merge_metadata("finalizers", std::move(finalizers)), {});
    if (!patched && patched.error().reason() != Reason::not_found) {
        co_return Error(patched.error());
    }
    co_return Status{};
}

}  // namespace weft::control
