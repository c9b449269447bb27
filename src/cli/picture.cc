// cli/picture.cc: the tree of what runs.

#include "cli/picture.h"

#include <algorithm>

#include "cli/terminal.h"
#include "control/selector.h"
#include "control/world.h"
#include "graph/graph.h"

namespace weft::cli {

namespace {

Colour colour_of(std::string_view state) {
    if (state == "ACTIVE" || state == "Active" || state == "ready") {
        return Colour::green;
    }
    if (state == "ERROR" || state == "Inactive" || state == "failed") {
        return Colour::red;
    }
    return Colour::yellow;
}

std::string_view ready_message(const Object& object) {
    if (const Value* conditions = object.value().find("status", "conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == "Ready") {
                return condition.string_at("message");
            }
        }
    }
    return "";
}

bool has_condition(const Object& object, std::string_view type, std::string_view status) {
    const Value* conditions = object.value().find("status", "conditions");
    return conditions != nullptr &&
           std::ranges::any_of(conditions->items(), [&](const Value& condition) {
               return condition.string_at("type") == type &&
                      condition.string_at("status") == status;
           });
}

// What a child says of itself, in a word and a detail: "ready 3/3", "waiting 1/3", "exists".
std::string child_state(const Object& child) {
    if (child.is_deleting()) {
        return "deleting";
    }
    const Value& value = child.value();
    const std::string_view kind = child.kind();
    if (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet") {
        const int64_t wanted = value.int_at(1, "spec", "replicas");
        const std::string_view counter =
            kind == "Deployment" ? "availableReplicas" : "readyReplicas";
        const int64_t there = value.int_at(0, "status", counter);
        const int64_t updated =
            kind == "Deployment" ? value.int_at(0, "status", "updatedReplicas") : wanted;
        return cat(there >= wanted && updated >= wanted ? "ready " : "waiting ",
                   std::min(there, updated), "/", wanted);
    }
    if (kind == "Job") {
        const int64_t wanted = value.int_at(1, "spec", "completions");
        if (has_condition(child, "Failed", "True")) {
            return "failed";
        }
        return cat(has_condition(child, "Complete", "True") ? "ready " : "running ",
                   value.int_at(0, "status", "succeeded"), "/", wanted);
    }
    if (const std::string_view state = value.string_at("status", "state"); !state.empty()) {
        return std::string(state);
    }
    if (has_condition(child, "Ready", "True") || has_condition(child, "Available", "True")) {
        return "ready";
    }
    if (has_condition(child, "Ready", "False")) {
        return "waiting";
    }
    return "ready";
}

std::string state_of(const Object& object) {
    const std::string_view state = object.value().string_at("status", "state");
    return state.empty() ? "new" : std::string(state);
}

}  // namespace

Picture::Picture(io::Loop* loop, kube::Client* client, std::function<void()> on_change)
    :

      on_change_(std::move(on_change)),
      mapper_(client),
      informers_(loop, client) {}

control::Informer& Picture::informer(const control::InformerKey& key) {
    return informers_.get(key, [this](control::Informer& fresh) {
        fresh.cache().add_handler([this](const Object*, const Object*) { on_change_(); });
    });
}

io::Task<Status> Picture::start() {
    definitions_ = &informer({.resource = control::definition_resource()});
    co_return co_await definitions_->cache().wait_synced();
}

io::Task<void> Picture::stop() {
    co_await informers_.close();
}

io::Task<Status> Picture::follow() {
    for (const Object* definition : definitions_->cache().all()) {
        if (state_of(*definition) != "Active") {
            continue;
        }
        Diagnostics ignored;
        const GroupVersionKind kind =
            graph::parse_definition(*definition, &ignored).instance_kind();
        if (kinds_.contains(kind)) {
            continue;
        }
        const Result<kube::Resource> resource = co_await mapper_.for_kind(kind);
        if (!resource) {
            continue;
        }
        control::Informer& instances = informer({.resource = *resource});
        kinds_[kind] = {*resource, &instances};
        CO_TRY(co_await instances.cache().wait_synced());
    }
    std::vector<graph::GroupKind> wanted;
    for (const auto& [kind, served] : kinds_) {
        for (const Object* instance : served.instances->cache().all()) {
            for (const graph::GroupKind& child : graph::recorded_scope(*instance).group_kinds) {
                wanted.push_back(child);
            }
        }
    }
    for (const graph::GroupKind& child : wanted) {
        const bool is_there = std::ranges::any_of(children_, [&](const auto& entry) {
            return entry.first.group == child.group && entry.first.kind == child.kind;
        });
        if (is_there) {
            continue;
        }
        const Result<kube::Resource> resource =
            co_await mapper_.for_group_kind(child.group, child.kind);
        if (resource) {
            control::Informer& found = informer(control::children_key(*resource));
            children_[resource->gvk()] = &found;
            CO_TRY(co_await found.cache().wait_synced());
        }
    }
    co_return Status{};
}

std::vector<const Object*> Picture::children_of(const Object& instance) const {
    std::vector<const Object*> out;
    const std::string id = graph::apply_set_id(instance);
    for (const auto& [kind, informer] : children_) {
        for (const Object* child : informer->cache().all()) {
            if (child->label(graph::label_part_of) == id) {
                out.push_back(child);
            }
        }
    }
    const auto order = [](const Object* child) {
        return parse_int(child->annotation(graph::annotation_apply_order)).value_or(0);
    };
    std::ranges::stable_sort(out, {}, order);
    return out;
}

PictureSummary Picture::summary() const {
    PictureSummary out;
    for (const Object* definition : definitions_->cache().all()) {
        ++out.definitions;
        out.definitions_active += state_of(*definition) == "Active" ? 1 : 0;
    }
    for (const auto& [kind, served] : kinds_) {
        for (const Object* instance : served.instances->cache().all()) {
            ++out.instances;
            out.instances_active += state_of(*instance) == "ACTIVE" ? 1 : 0;
        }
    }
    return out;
}

std::string Picture::tree(bool coloured) const {
    std::string out;
    for (const Object* definition : definitions_->cache().all()) {
        const std::string state = state_of(*definition);
        append(out, paint(definition->name(), Colour::bold, coloured), "  ",
               paint(state, colour_of(state), coloured));
        if (state != "Active") {
            append(out, "  ", ready_message(*definition));
        }
        out += "\n";
        Diagnostics ignored;
        const auto kind =
            kinds_.find(graph::parse_definition(*definition, &ignored).instance_kind());
        if (kind == kinds_.end()) {
            continue;
        }
        const std::vector<const Object*> instances = kind->second.instances->cache().all();
        for (const Object* instance : instances) {
            const bool is_last = instance == instances.back();
            const std::string instance_state = state_of(*instance);
            append(out, is_last ? "└─ " : "├─ ", instance->kind(), " ", instance->key().text(),
                   "  ", paint(instance_state, colour_of(instance_state), coloured));
            if (instance_state != "ACTIVE" && !ready_message(*instance).empty()) {
                append(out, "  ", paint(ready_message(*instance), Colour::dim, coloured));
            }
            out += "\n";
            const std::vector<const Object*> children = children_of(*instance);
            for (const Object* child : children) {
                const std::string child_text = child_state(*child);
                append(out, is_last ? "   " : "│  ", child == children.back() ? "└─ " : "├─ ",
                       child->kind(), " ", child->key().text(), "  ",
                       paint(child_text, colour_of(child_text.substr(0, child_text.find(' '))),
                             coloured),
                       "\n");
            }
        }
    }
    return out;
}

std::map<std::string, std::string> Picture::lines() const {
    std::map<std::string, std::string> out;
    const auto add = [&](const Object& object) {
        const std::string state = state_of(object);
        const std::string_view message = ready_message(object);
        const bool is_good = state == "ACTIVE" || state == "Active";
        out[cat(object.kind(), " ", object.key().text())] =
            is_good || message.empty() ? state : cat(state, ": ", message);
    };
    for (const Object* definition : definitions_->cache().all()) {
        add(*definition);
    }
    for (const auto& [kind, served] : kinds_) {
        for (const Object* instance : served.instances->cache().all()) {
            add(*instance);
        }
    }
    return out;
}

std::vector<std::string> Picture::troubles() const {
    std::vector<std::string> out;
    for (const auto& [name, state] : lines()) {
        if (state != "ACTIVE" && state != "Active") {
            out.push_back(cat(name, ": ", state));
        }
    }
    return out;
}

}  // namespace weft::cli
