// tests/sim/users.cc: what users do, one small thing after the other.

#include "sim/users.h"

#include "control/world.h"
#include "graph/labels.h"
#include "sim/definitions.h"

namespace weft::sim {

namespace {

constexpr int strangers = 4;
constexpr int names = 4;  // instances of a kind that there may be

const kube::Resource& config_maps() {
    static const kube::Resource resource{{"", "v1", "configmaps"}, "ConfigMap", true, false};
    return resource;
}

const kube::Resource& databases() {
    static const kube::Resource resource{
        {"sim.example.com", "v1", "databases"}, "Database", true, true};
    return resource;
}

Object stranger(int number) {
    return Object(Value::map_of({{"apiVersion", "v1"},
                                 {"kind", "ConfigMap"},
                                 {"metadata", Value::map_of({{"name", cat("stranger-", number)},
                                                             {"namespace", "default"}})},
                                 {"data", Value::map_of({{"mine", cat(number)}})}}));
}

std::string ledger_name(const std::string& kind, const std::string& name) {
    return kind + "/" + name;
}

}  // namespace

io::Task<Status> Users::rest(int64_t least, int64_t most) {
    const auto span = static_cast<uint64_t>(most - least);
    co_return co_await io::sleep(loop_, least + static_cast<int64_t>(chance(span)));
}

io::Task<Status> Users::make_strangers() {
    for (int i = 0; i < strangers; ++i) {
        CO_TRY(co_await client_.create(config_maps(), stranger(i), {}));
        checkers_->add_stranger(cat("ConfigMap/stranger-", i));
    }
    for (const std::string& kind : kinds()) {
        wishes_->variants[kind] = 0;
        CO_TRY(co_await client_.apply(control::definition_resource(),
                                      definition_of(kind, 0, wishes_->dialect),
                                      {.field_manager = "admin", .force = true}));
    }
    co_return Status{};
}

io::Task<void> Users::edit_instances(std::string kind) {
    while (true) {
        if (!co_await rest(io::second / 2, 20 * io::second)) {
            co_return;
        }
        const std::string name = cat(to_lower(kind), "-", chance(names));
        // What fails is done another time: people do not retry for ever.
        const Status done = co_await act_on_instance(kind, name);
        if (!done && done.error().reason() == Reason::cancelled) {
            co_return;
        }
    }
}

io::Task<Status> Users::create_instance(kube::Resource resource, std::string name) {
    const std::string ledger = ledger_name(resource.kind, name);
    const int64_t value = ++values_;
    checkers_->tried(ledger, value);
    const Result<Object> created = co_await client_.create(
        resource,
        instance_of(resource.kind, name, value, chance(2) == 0, static_cast<int64_t>(chance(4))),
        {});
    if (created) {
        uids_[ledger] = created->uid();
        checkers_->acknowledged(ledger, value);
    } else {
        checkers_->forgotten(ledger);  // It may be there or not.
    }
    co_return Status{};
}

io::Task<Status> Users::act_on_instance(std::string kind, std::string name) {
    const kube::Resource resource =
        CO_TRY(co_await mapper_.for_kind({"kro.run", "v1alpha1", kind}));
    const Result<Object> present = co_await client_.get(resource, {"default", name});
    const std::string ledger = ledger_name(kind, name);
    if (!present) {
        if (present.error().reason() != Reason::not_found) {
            co_return Error(present.error());
        }
        co_return co_await create_instance(resource, name);
    }
    if (present->is_deleting()) {
        co_return Status{};
    }
    checkers_->found(ledger, present->value().int_at(0, "spec", "value"));
    const uint64_t what = chance(10);
    if (what == 0) {
        if (!wishes_->may_delete) {
            co_return Status{};
        }
        checkers_->forgotten(ledger);
        CO_TRY(co_await client_.remove(resource, {"default", name}, {.propagation = "Background"}));
        co_return Status{};
    }
    if (what == 1) {
        const bool is_suspended = present->annotation(graph::annotation_reconcile) != "";
        co_return co_await annotate(resource, {"default", name}, graph::annotation_reconcile,
                                    is_suspended ? Value() : Value("suspended"));
    }
    if (what == 2 && wishes_->dialect == Dialect::extended) {
        const Value policies[] = {"Report", "Repair", Value()};
        co_return co_await annotate(resource, {"default", name}, graph::annotation_drift_policy,
                                    policies[chance(3)]);
    }
    const int64_t value = ++values_;
    Value spec = Value::map_of({{"value", value}});
    if (kind == "Chain") {
        spec.set("extra", chance(2) == 0);
    } else if (kind == "App") {
        spec.set("items", static_cast<int64_t>(chance(4)));
    }
    checkers_->tried(ledger, value);
    const auto written = co_await client_.patch(resource, {"default", name}, kube::PatchType::merge,
                                                Value::map_of({{"spec", spec}}), {});
    if (written && written->uid() == present->uid()) {
        checkers_->acknowledged(ledger, value);
    }
    co_return Status{};
}

io::Task<void> Users::meddle_with_children() {
    while (true) {
        if (!co_await rest(5 * io::second, 60 * io::second)) {
            co_return;
        }
        const Status done = co_await meddle();
        if (!done && done.error().reason() == Reason::cancelled) {
            co_return;
        }
    }
}

// Somebody changes, marks or deletes what is not theirs.
io::Task<Status> Users::meddle() {
    const kube::List children = CO_TRY(co_await client_.list(
        config_maps(),
        {.namespace_ = "default", .label_selector = cat(graph::label_owned, "=true")}));
    if (children.items.empty()) {
        co_return Status{};
    }
    const Object& child = children.items[chance(children.items.size())];
    switch (chance(wishes_->dialect == Dialect::extended ? 7 : 4)) {
        case 0:
            CO_TRY(co_await client_.remove(config_maps(), child.key(), {}));
            break;
        case 1:
            CO_TRY(co_await client_.patch(
                config_maps(), child.key(), kube::PatchType::merge,
                Value::map_of({{"data", Value::map_of({{"value", "drifted"}, {"own", "kept"}})}}),
                {}));
            break;
        case 2:
            CO_TRY(co_await client_.patch(
                config_maps(), child.key(), kube::PatchType::merge,
                Value::map_of({{"metadata", Value::map_of({{"annotations",
                                                            Value::map_of({{"mine", "yes"}})}})}}),
                {}));
            break;
        case 3:
            CO_TRY(co_await client_.patch(
                config_maps(), child.key(), kube::PatchType::merge,
                Value::map_of(
                    {{"metadata", Value::map_of({{"labels", Value::map_of({{graph::label_version,
                                                                            "other"}})}})}}),
                {}));
            break;
        default:
            co_return co_await drift(child);
    }
    co_return Status{};
}

// A stranger changes or takes away a member that the definition gives; of a child whose drift is
// left, always the same one: by the others it is seen that later wishes reach it.
io::Task<Status> Users::drift(Object child) {
    const Value* data = child.value().find("data");
    if (data == nullptr || data->size() == 0) {
        co_return Status{};
    }
    std::string member(reported_member(std::string(child.label(graph::label_instance_kind)),
                                       child.label(graph::label_node_id)));
    if (member.empty()) {
        member = data->members()[chance(data->size())].name();
    }
    Value text = cat("foreign-", ++wishes_->foreign);
    if (chance(4) == 0) {
        text = Value();
        wishes_->removed.insert(cat(child.name(), ".", member));
    }
    CO_TRY(co_await client_.patch(
        config_maps(), child.key(), kube::PatchType::merge,
        Value::map_of({{"data", Value::map_of({{member, std::move(text)}})}}), {}));
    co_return Status{};
}

bool Users::may_be_drift(const std::string& name, std::string_view member,
                         std::string_view text) const {
    return text.starts_with("foreign-") ||
           (text.empty() && wishes_->removed.contains(cat(name, ".", member)));
}

io::Task<Status> Users::drift_all() {
    const kube::List children = CO_TRY(co_await client_.list(
        config_maps(),
        {.namespace_ = "default", .label_selector = cat(graph::label_owned, "=true")}));
    for (const Object& child : children.items) {
        if (!reported_member(std::string(child.label(graph::label_instance_kind)),
                             child.label(graph::label_node_id))
                 .empty()) {
            CO_TRY(co_await drift(child));
            checkers_->leave_alone(child);
        }
    }
    co_return Status{};
}

io::Task<Status> Users::annotate(kube::Resource resource, NamespacedName name,
                                 std::string_view annotation, Value text) {
    CO_TRY(co_await client_.patch(
        resource, name, kube::PatchType::merge,
        Value::map_of(
            {{"metadata",
              Value::map_of({{"annotations", Value::map_of({{annotation, std::move(text)}})}})}}),
        {}));
    co_return Status{};
}

io::Task<Status> Users::ask_for_drift_policy(std::string kind, Value policy) {
    const Result<kube::Resource> resource =
        co_await mapper_.for_kind({"kro.run", "v1alpha1", kind});
    if (!resource) {
        co_return Status{};  // It was never served, so there are none.
    }
    const kube::List list = CO_TRY(co_await client_.list(*resource, {}));
    for (const Object& instance : list.items) {
        CO_TRY(
            co_await annotate(*resource, instance.key(), graph::annotation_drift_policy, policy));
    }
    co_return Status{};
}

io::Task<void> Users::edit_definitions() {
    while (true) {
        if (!co_await rest(20 * io::second, 200 * io::second)) {
            co_return;
        }
        const Status done = co_await change_definition();
        if (!done && done.error().reason() == Reason::cancelled) {
            co_return;
        }
    }
}

io::Task<Status> Users::change_definition() {
    const std::vector<std::string> all = kinds();
    const std::string& kind = all[chance(all.size())];
    const uint64_t what = chance(6);
    if (what == 0) {
        CO_TRY(co_await client_.apply(control::definition_resource(),
                                      broken_definition_of(kind, wishes_->dialect),
                                      {.field_manager = "admin", .force = true}));
        co_return Status{};
    }
    if (what == 1) {
        CO_TRY(co_await client_.remove(control::definition_resource(), {"", to_lower(kind)}, {}));
        co_return Status{};
    }
    co_return co_await change_variant(kind);
}

io::Task<Status> Users::change_variant(std::string kind) {
    const int64_t variant = ++wishes_->variants[kind];
    CO_TRY(co_await client_.apply(control::definition_resource(),
                                  definition_of(kind, variant, wishes_->dialect),
                                  {.field_manager = "admin", .force = true}));
    co_return Status{};
}

io::Task<void> Users::operate_databases() {
    // The kind itself comes late.
    const int64_t late = wishes_->is_calm ? 2 : 300;
    if (!co_await rest(io::second, late * io::second)) {
        co_return;
    }
    while (true) {
        const auto made = co_await client_.create(control::crd_resource(), database_crd(), {});
        if (made || made.error().reason() == Reason::already_exists) {
            break;
        }
        if (!co_await rest(io::second, 5 * io::second)) {
            co_return;
        }
    }
    while (true) {
        if (!co_await rest(io::second, 8 * io::second)) {
            co_return;
        }
        const Status done = co_await serve_databases();
        if (!done && done.error().reason() == Reason::cancelled) {
            co_return;
        }
    }
}

// Makes one that is not ready ready; now and then lets one fail.
io::Task<Status> Users::serve_databases() {
    const kube::List list = CO_TRY(co_await client_.list(databases(), {.namespace_ = "default"}));
    for (const Object& database : list.items) {
        const Value* ready = database.value().find("status", "ready");
        const bool is_ready = ready != nullptr && ready->is_bool() && ready->as_bool();
        if (is_ready && (wishes_->is_calm || chance(30) != 0)) {
            continue;
        }
        Value status = Value::map_of({{"ready", !is_ready}});
        if (!is_ready) {
            status.set("endpoint", cat("at-", database.name()));
        }
        CO_TRY(co_await client_.patch(databases(), database.key(), kube::PatchType::merge,
                                      Value::map_of({{"status", status}}),
                                      {.subresource = "status"}));
    }
    co_return Status{};
}

io::Task<void> Users::keep_settings() {
    while (true) {
        if (!co_await rest(5 * io::second, 100 * io::second)) {
            co_return;
        }
        const Status done = co_await write_settings(chance(4) == 0);
        if (!done && done.error().reason() == Reason::cancelled) {
            co_return;
        }
    }
}

io::Task<Status> Users::write_settings(bool removes) {
    if (removes) {
        CO_TRY(co_await client_.remove(config_maps(), {"default", "shared-settings"}, {}));
        co_return Status{};
    }
    CO_TRY(co_await client_.apply(config_maps(), settings(++wishes_->setting),
                                  {.field_manager = "admin", .force = true}));
    co_return Status{};
}

io::Task<Status> Users::check_acknowledged() {
    for (const std::string& kind : kinds()) {
        const auto resource = co_await mapper_.for_kind({"kro.run", "v1alpha1", kind});
        for (int i = 0; i < names; ++i) {
            const std::string name = cat(to_lower(kind), "-", i);
            if (!resource) {
                continue;
            }
            const Result<Object> present = co_await client_.get(*resource, {"default", name});
            if (!present && present.error().reason() != Reason::not_found) {
                co_return Error(present.error());
            }
            checkers_->found(ledger_name(kind, name),
                             present ? std::optional(present->value().int_at(0, "spec", "value"))
                                     : std::nullopt);
        }
    }
    for (int i = 0; i < strangers; ++i) {
        const Result<Object> there =
            co_await client_.get(config_maps(), {"default", cat("stranger-", i)});
        if (!there) {
            checkers_->violate(cat("stranger-", i, ": ", there.error().text()));
        } else if (there->value().string_at("data", "mine") != cat(i) ||
                   there->value().find("metadata", "labels") != nullptr) {
            checkers_->violate(cat("stranger-", i, " was changed"));
        }
    }
    co_return Status{};
}

io::Task<Status> Users::settle() {
    const auto made = co_await client_.create(control::crd_resource(), database_crd(), {});
    if (!made && made.error().reason() != Reason::already_exists) {
        co_return Error(made.error());
    }
    CO_TRY(co_await write_settings(false));
    for (const std::string& kind : kinds()) {
        // One that is going must be gone first.
        while (true) {
            const Result<Object> present =
                co_await client_.get(control::definition_resource(), {"", to_lower(kind)});
            if (!present || !present->is_deleting()) {
                break;
            }
            CO_TRY(co_await io::sleep(loop_, io::second));
        }
        CO_TRY(
            co_await client_.apply(control::definition_resource(),
                                   definition_of(kind, wishes_->variants[kind], wishes_->dialect),
                                   {.field_manager = "admin", .force = true}));
    }
    for (const std::string& kind : kinds()) {
        Result<kube::Resource> resource = co_await mapper_.for_kind({"kro.run", "v1alpha1", kind});
        if (!resource) {
            continue;  // It was never served, so there are none.
        }
        const kube::List list = CO_TRY(co_await client_.list(*resource, {}));
        for (const Object& instance : list.items) {
            for (const std::string_view annotation :
                 {graph::annotation_reconcile, graph::annotation_drift_policy}) {
                if (instance.annotation(annotation) != "") {
                    CO_TRY(co_await annotate(*resource, instance.key(), annotation, Value()));
                }
            }
        }
    }
    co_return Status{};
}

}  // namespace weft::sim
