// cli/rehearsal.cc: observe, plan, apply, on objects in memory.

#include "cli/rehearsal.h"

#include <algorithm>
#include <variant>

#include "cli/limits.h"
#include "control/options.h"
#include "control/selector.h"
#include "merge/managed_fields.h"
#include "schema/builtin.h"
#include "schema/builtin_defaults.h"
#include "schema/defaults.h"
#include "schema/go_json.h"

namespace weft::cli {

namespace {

ObjectKey key_of(const Object& object) {
    return {object.group_version_kind(), object.key()};
}

bool holds(const Value* list, std::string_view text) {
    return list != nullptr && std::ranges::any_of(list->items(), [text](const Value& item) {
               return item.is_string() && item.as_string() == text;
           });
}

// A metav1.LabelSelector. An operator that does not exist matches nothing, as a server refuses it.
bool matches(const Value& selector, const Object& object) {
    const Value* labels = object.value().find("metadata", "labels");
    const auto label = [labels](std::string_view name) {
        return labels == nullptr ? nullptr : labels->find(name);
    };
    if (const Value* wanted = selector.find("matchLabels")) {
        for (const Member& member : wanted->members()) {
            const Value* found = label(member.name());
            if (found == nullptr || *found != member.value) {
                return false;
            }
        }
    }
    const Value* expressions = selector.find("matchExpressions");
    if (expressions == nullptr) {
        return true;
    }
    return std::ranges::all_of(expressions->items(), [&](const Value& expression) {
        const std::string_view what = expression.string_at("operator");
        const Value* found = label(expression.string_at("key"));
        const bool is_in = found != nullptr && found->is_string() &&
                           holds(expression.find("values"), found->as_string());
        return (what == "Exists" && found != nullptr) ||
               (what == "DoesNotExist" && found == nullptr) || (what == "In" && is_in) ||
               (what == "NotIn" && !is_in);
    });
}

// Defaults as the server fills them in; the object as it is where it does not fit its type.
Value with_defaults(Value value, const schema::Schema* schema) {
    if (schema == nullptr) {
        return value;
    }
    if (!schema->definition.starts_with("io.k8s.")) {
        schema::apply_defaults(value, schema);
        return value;
    }
    static const schema::GoTypes types(&schema::Builtin::get());
    static const schema::BuiltinDefaults defaults(&schema::Builtin::get());
    Result<Value> canonical = types.canonical(schema->definition, value);
    if (!canonical) {
        return value;
    }
    if (defaults.apply(schema->definition, *canonical, Time{})) {
        if (Result<Value> ordered = types.canonical(schema->definition, *canonical)) {
            return *std::move(ordered);
        }
    }
    return *std::move(canonical);
}

// Maps member by member, everything else replaced: for kinds without a schema.
void overlay(Value& target, const Value& with) {
    for (const Member& member : with.members()) {
        Value* old = target.find_mutable(member.name());
        if (old != nullptr && old->is_map() && member.value.is_map()) {
            overlay(*old, member.value);
        } else {
            target.set(member.name(), member.value);
        }
    }
}

// A uid that is the same in every run.
std::string uid_of(const ObjectKey& key) {
    const std::string hash = hex_encode(sha256(key.text()));
    return cat(hash.substr(0, 8), "-", hash.substr(8, 4), "-4", hash.substr(13, 3), "-8",
               hash.substr(17, 3), "-", hash.substr(20, 12));
}

bool is_controllers_label(std::string_view name, const Value& value) {
    return name.starts_with(graph::reserved_prefix) || name == graph::label_part_of ||
           (name == graph::label_managed_by && value.is_string() && value.as_string() == "kro");
}

}  // namespace

Result<std::optional<Object>> FileSource::get(const GroupVersionKind& kind,
                                              const NamespacedName& name) {
    for (const Object& object : objects_) {
        // Files often leave the namespace out, as kubectl lets them.
        const bool is_there = object.namespace_() == name.namespace_ || object.namespace_().empty();
        if (object.group_version_kind() == kind && object.name() == name.name && is_there) {
            Object found = object;
            if (!name.namespace_.empty()) {
                found.metadata().set("namespace", name.namespace_);
            }
            return std::optional(std::move(found));
        }
    }
    return std::optional<Object>();
}

Result<std::vector<Object>> FileSource::list(const GroupVersionKind& kind,
                                             const std::string& namespace_, const Value& selector) {
    std::vector<Object> out;
    for (const Object& object : objects_) {
        if (object.group_version_kind() == kind &&
            (namespace_.empty() || object.namespace_() == namespace_) &&
            matches(selector, object)) {
            out.push_back(object);
        }
    }
    return out;
}

Result<std::vector<Object>> FileSource::members(const graph::ApplySetScope& scope,
                                                const std::string& /*namespace_*/) {
    std::vector<Object> out;
    for (const Object& object : objects_) {
        if (object.label(graph::label_part_of) == scope.id) {
            out.push_back(object);
        }
    }
    return out;
}

Result<std::optional<Object>> ClusterSource::get(const GroupVersionKind& kind,
                                                 const NamespacedName& name) {
    if (std::optional<Object> given = TRY(first_->get(kind, name))) {
        return given;
    }
    Result<Object> found = cluster_->get(kind, name);
    // Neither is there an object of a kind that is not served yet.
    if (!found && found.error().reason() == Reason::not_found) {
        return std::optional<Object>();
    }
    return std::optional(TRY(std::move(found)));
}

Result<std::vector<Object>> ClusterSource::list(const GroupVersionKind& kind,
                                                const std::string& namespace_,
                                                const Value& selector) {
    std::vector<Object> out = TRY(first_->list(kind, namespace_, selector));
    Result<std::vector<Object>> found =
        cluster_->list(kind, namespace_, control::selector_text(selector));
    if (!found && found.error().reason() == Reason::not_found) {
        return out;
    }
    for (Object& object : TRY(std::move(found))) {
        const bool is_given = std::ranges::any_of(
            out, [&object](const Object& other) { return key_of(other) == key_of(object); });
        if (!is_given) {
            out.push_back(std::move(object));
        }
    }
    return out;
}

Result<std::vector<Object>> ClusterSource::members(const graph::ApplySetScope& scope,
                                                   const std::string& namespace_) {
    std::vector<Object> out = TRY(first_->members(scope, namespace_));
    const std::string selector = cat(graph::label_part_of, "=", scope.id);
    std::vector<std::string> namespaces = scope.namespaces;
    namespaces.push_back(namespace_);  // "": a cluster-scoped instance's children are anywhere
    for (const graph::GroupKind& kind : scope.group_kinds) {
        for (const std::string& where : namespaces) {
            for (Object& object :
                 TRY(cluster_->list_any_version(kind.group, kind.kind, where, selector))) {
                const bool is_known = std::ranges::any_of(out, [&object](const Object& other) {
                    return key_of(other) == key_of(object);
                });
                if (!is_known) {
                    out.push_back(std::move(object));
                }
            }
        }
    }
    return out;
}

Rehearsal::Rehearsal(const graph::Graph* graph, Object instance, ObjectSource* source,
                     FindSchema find_schema, RehearsalOptions options)
    : graph_(graph),
      instance_(std::move(instance)),
      source_(source),
      find_schema_(std::move(find_schema)),
      options_(options) {
    if (options_.gives_identity) {
        put(instance_);
        instance_ = *find(key_of(instance_));
    }
}

const Object* Rehearsal::find(const ObjectKey& key) const {
    const auto found = world_.find(key);
    return found == world_.end() ? nullptr : &found->second;
}

Value Rehearsal::status() const {
    Value out = plan_.status.value;
    if (Value* conditions = out.find_mutable("conditions")) {
        for (size_t i = 0; i < conditions->size(); ++i) {
            conditions->mutable_item(i).erase("lastTransitionTime");
        }
    }
    return out;
}

void Rehearsal::put(Object object) {
    const ObjectKey key = key_of(object);
    Value& metadata = object.metadata();
    const bool is_new = !world_.contains(key);
    if (options_.gives_identity || !is_new) {
        metadata.set("resourceVersion", cat(++version_));
    }
    if (options_.gives_identity && object.uid().empty()) {
        metadata.set("uid", uid_of(key));
        metadata.set("creationTimestamp", format_rfc3339(Time{}));
    }
    if (options_.gives_identity && object.generation() == 0) {
        metadata.set("generation", 1);
    }
    known_.insert(key);
    world_.insert_or_assign(key, object);
    observed_.see(key, std::move(object));
}

Status Rehearsal::run() {
    // Lists that an earlier run has seen: the world may have moved on since.
    if (observed_.members() != nullptr) {
        TRY(see_members());
    }
    for (const graph::Interest& interest : plan_.interests) {
        if (observed_.find_list(interest.node) != nullptr) {
            TRY(see_list(interest));
        }
    }
    graph::PlanOptions plan_options;
    plan_options.version = control::ControlOptions().version;  // as the controller writes it
    const size_t rounds = rounds_per_node * (graph_->nodes.size() + 2);
    plan_ = graph::plan(*graph_, instance_, observed_, plan_options);
    for (size_t i = 0; (plan_.needs_observation() || plan_.has_actions()) && i < rounds; ++i) {
        if (plan_.needs_observation()) {
            TRY(observe());
        } else {
            for (const Action& action : plan_.actions) {
                carry_out(action);
            }
        }
        plan_ = graph::plan(*graph_, instance_, observed_, plan_options);
    }
    return {};
}

// What the source has, as far as nothing newer is known, and what was made here.
std::vector<Object> Rehearsal::newest(std::vector<Object> listed,
                                      const std::function<bool(const Object&)>& is_wanted) {
    std::erase_if(listed, [this](const Object& object) { return known_.contains(key_of(object)); });
    for (const Object& object : listed) {
        world_.insert_or_assign(key_of(object), object);
    }
    std::vector<Object> out;
    for (const auto& [key, object] : world_) {
        if (is_wanted(object)) {
            out.push_back(object);
        }
    }
    return out;
}

Status Rehearsal::see_members() {
    graph::ApplySetScope scope = plan_.scope;
    scope.id = graph::apply_set_id(instance_);
    observed_.see_members(newest(
        TRY(source_->members(scope, std::string(instance_.namespace_()))),
        [&scope](const Object& object) { return object.label(graph::label_part_of) == scope.id; }));
    return {};
}

Status Rehearsal::see_list(const graph::Interest& interest) {
    std::vector<Object> listed =
        TRY(source_->list(interest.kind, interest.name.namespace_, interest.selector));
    observed_.see_list(interest.node, newest(std::move(listed), [&interest](const Object& object) {
                           return object.group_version_kind() == interest.kind &&
                                  (interest.name.namespace_.empty() ||
                                   object.namespace_() == interest.name.namespace_) &&
                                  matches(interest.selector, object);
                       }));
    return {};
}

Status Rehearsal::observe() {
    if (plan_.needs_members) {
        TRY(see_members());
    }
    for (const graph::Interest& interest : plan_.unknown) {
        if (!interest.by_name) {
            TRY(see_list(interest));
            continue;
        }
        const ObjectKey key{interest.kind, interest.name};
        std::optional<Object> live = TRY(source_->get(interest.kind, interest.name));
        known_.insert(key);
        if (live) {
            world_.insert_or_assign(key, *live);
        }
        const graph::Node* node = graph_->find(interest.node);
        const bool is_hidden = options_.applies_all && node != nullptr && !node->is_external();
        observed_.see(key, is_hidden ? std::nullopt : std::move(live));
    }
    return {};
}

void Rehearsal::carry_out(const Action& action) {
    if (const Prune* prune = std::get_if<Prune>(&action.what)) {
        prune_child(*prune, action.why);
    } else if (const Apply* apply = std::get_if<Apply>(&action.what)) {
        if (apply->node.empty()) {
            apply_to_instance(*apply);
        } else {
            apply_child(*apply, action.why);
        }
    }
}

void Rehearsal::apply_to_instance(const Apply& apply) {
    for (const std::string_view map : {"labels", "annotations"}) {
        if (const Value* members = apply.desired.value().find("metadata", map)) {
            for (const Member& member : members->members()) {
                instance_.metadata().mutable_member(map).set(member.name(), member.value);
            }
        }
    }
    if (const Value* finalizers = apply.desired.value().find("metadata", "finalizers")) {
        for (const Value& finalizer : finalizers->items()) {
            if (!instance_.has_finalizer(finalizer.as_string())) {
                instance_.metadata().mutable_member("finalizers").push_back(finalizer);
            }
        }
    }
}

void Rehearsal::apply_child(const Apply& apply, std::string why) {
    const ObjectKey key = key_of(apply.desired);
    const Object* live = find(key);
    Change change;
    change.kind = live == nullptr ? Change::Kind::create : Change::Kind::change;
    change.node = apply.node;
    change.key = key;
    change.why = std::move(why);
    change.desired = apply.desired;
    if (live != nullptr) {
        change.before = *live;
    }
    Object answer = applied(live, apply.desired);
    if (live != nullptr) {
        const schema::SchemaPtr schema = find_schema_(key.kind);
        // Files often leave out what a server has filled in.
        change.fields = merge::field_diff(with_defaults(live->value(), schema.get()),
                                          answer.value(), {.schema = schema.get()});
        const bool is_spec_changed = std::ranges::any_of(change.fields, [](const auto& field) {
            return !field.path.starts_with("metadata") && !field.path.starts_with("status");
        });
        if (is_spec_changed && live->generation() > 0 && !options_.applies_all) {
            answer.metadata().set("generation", live->generation() + 1);
        }
    }
    put(answer);
    change.after = *find(key);
    // Without a version the next plan could not know that this is the answer.
    if (change.after.resource_version().empty()) {
        answer.metadata().set("resourceVersion", cat(++version_));
    } else {
        answer = change.after;
    }
    observed_.see_applied(key, apply.desired, answer);
    // `kubectl get` leaves out who owns what: then an object without a difference is as it should
    // be.
    const bool is_unknown_owner =
        change.before && change.fields.empty() &&
        change.before->value().find("metadata", "managedFields") == nullptr;
    if (!is_unknown_owner || options_.applies_all) {
        changes_.push_back(std::move(change));
    }
}

void Rehearsal::prune_child(const Prune& prune, std::string why) {
    Change change;
    change.kind = Change::Kind::remove;
    change.node = prune.node;
    change.key = prune.key;
    change.why = std::move(why);
    if (const Object* live = find(prune.key)) {
        change.before = *live;
    }
    world_.erase(prune.key);
    known_.insert(prune.key);
    observed_.see_pruned(prune.key);
    changes_.push_back(std::move(change));
}

Object Rehearsal::applied(const Object* live, const Object& desired) const {
    const schema::SchemaPtr schema = find_schema_(desired.group_version_kind());
    merge::ApplyOptions options;
    options.manager = graph::manager_children;
    options.api_version = desired.api_version();
    options.schema = schema;
    options.force = true;
    Result<merge::ApplyResult> result = merge::apply(live, desired, options);
    Object out;
    if (result) {
        out = std::move(result->object);
    } else {
        // An object that does not fit its schema (a status of later versions, say) is overlaid.
        Value value = live == nullptr ? desired.value() : live->value();
        overlay(value, desired.value());
        out = Object(std::move(value));
    }
    Value managed = Value();
    if (const Value* found = out.value().find("metadata", "managedFields")) {
        managed = *found;
    }
    out = Object(with_defaults(out.value(), schema.get()));
    if (!managed.is_null()) {
        out.metadata().set("managedFields", std::move(managed));
    }
    return out;
}

Object without_decoration(const Object& object) {
    Object out = object;
    Value& metadata = out.metadata();
    if (Value* labels = metadata.find_mutable("labels")) {
        labels->erase_if(
            [](const auto& name, const Value& value) { return is_controllers_label(name, value); });
        if (labels->empty()) {
            metadata.erase("labels");
        }
    }
    if (Value* annotations = metadata.find_mutable("annotations")) {
        annotations->erase_if([](const auto& name, const Value&) {
            return std::string_view(name).starts_with(graph::internal_prefix);
        });
        if (annotations->empty()) {
            metadata.erase("annotations");
        }
    }
    return out;
}

std::string object_text(const ObjectKey& key) {
    return cat(key.kind.kind, " ", key.name.text());
}

}  // namespace weft::cli
