// tests/sim/checkers.cc: the promises, each by what crosses the wire.

#include "sim/checkers.h"

#include "graph/labels.h"
#include "sim/definitions.h"

namespace weft::sim {

namespace {

bool is_controller(const std::string& client) {
    return client.starts_with("controller");
}

std::optional<Object> read_object(const std::string& body) {
    Result<Value> value = parse_json(body);
    if (!value || !value->is_map()) {
        return std::nullopt;
    }
    return Object(*std::move(value));
}

bool is_ready(const Object& child) {
    if (child.kind() == "Database") {
        const Value* ready = child.value().find("status", "ready");
        return ready != nullptr && ready->is_bool() && ready->as_bool();
    }
    if (child.kind() == "Chain") {
        return child.value().string_at("status", "state") == "ACTIVE";
    }
    return true;
}

}  // namespace

void Checkers::see(const std::string& client, const io::http::Request& request, int status,
                   const std::string& body) {
    const bool is_write = request.method != "GET";
    if (!is_write || status < 200 || status >= 300) {
        return;
    }
    if (request.method == "DELETE") {
        if (is_controller(client)) {
            see_delete(request, client);
        }
        return;
    }
    const std::optional<Object> object = read_object(body);
    if (!object) {
        return;
    }
    // What anybody's write made of a child tells whether it was ready.
    const std::string owner(object->label(graph::label_instance_id));
    const std::string node(object->label(graph::label_node_id));
    if (!owner.empty() && is_ready(*object)) {
        ready_[owner].insert(node);
    }
    if (!is_controller(client)) {
        return;
    }
    if (strangers_.contains(cat(object->kind(), "/", object->name()))) {
        violate(cat(client, " wrote to a stranger: ", request.method, " ", request.target));
    }
    if (left_alone_.contains(std::string(object->uid()))) {
        violate(cat(client, " wrote to drift that it only reports: ", request.method, " ",
                    request.target));
    }
    if (request.target.contains("fieldManager=kro.run%2Fapplyset&")) {
        see_child(*object, client);
    }
    if (request.method == "PUT" && request.target.ends_with("/status")) {
        see_status(*object);
    }
}

void Checkers::see_child(const Object& child, const std::string& client) {
    const std::string owner(child.label(graph::label_instance_id));
    const std::string kind(child.label(graph::label_instance_kind));
    const std::string node(child.label(graph::label_node_id));
    for (const std::string& needed : needs_of(kind, node)) {
        const bool is_gated = (kind == "App" && needed == "db") || (kind == "Team");
        const auto& seen = is_gated ? ready_[owner] : applied_[owner];
        if (!seen.contains(needed)) {
            violate(cat(client, " applied ", kind, " node ", node, " of ",
                        child.label(graph::label_instance_name), " before ", needed,
                        is_gated ? " was ready" : " was there"));
        }
    }
    applied_[owner].insert(node);
}

// A status says ACTIVE only when every node was applied for this instance.
void Checkers::see_status(const Object& instance) {
    if (instance.value().string_at("status", "state") != "ACTIVE" ||
        !instance.has_finalizer(graph::finalizer)) {
        return;
    }
    const std::string kind(instance.kind());
    const Value* conditions = instance.value().find("status", "conditions");
    bool is_true = false;
    if (conditions != nullptr) {
        for (const Value& condition : conditions->items()) {
            is_true = is_true || (condition.string_at("type") == "Ready" &&
                                  condition.string_at("status") == "True");
        }
    }
    if (!is_true) {
        return;
    }
    const auto& applied = applied_[std::string(instance.uid())];
    const auto& ready = ready_[std::string(instance.uid())];
    const auto needs = [&](std::initializer_list<const char*> nodes, const auto& seen) {
        for (const char* node : nodes) {
            if (!seen.contains(node)) {
                violate(cat(kind, " ", instance.name(), " says it is ready, and node ", node,
                            " never was"));
            }
        }
    };
    if (kind == "Chain") {
        needs({"a", "b", "c"}, applied);
    } else if (kind == "App") {
        needs({"db"}, ready);
        needs({"config"}, applied);
    } else if (kind == "Team") {
        needs({"chain"}, ready);
        needs({"note"}, applied);
    }
}

void Checkers::see_delete(const io::http::Request& request, const std::string& client) {
    const auto options = parse_json(request.body);
    const bool has_uid = options && !options->string_at("preconditions", "uid").empty();
    if (!has_uid) {
        violate(cat(client, " deleted without a uid: ", request.target));
    }
    const size_t slash = request.target.rfind('/');
    const std::string name = request.target.substr(slash + 1);
    for (const std::string& stranger : strangers_) {
        if (stranger.ends_with("/" + name) && request.target.contains("configmaps")) {
            violate(cat(client, " deleted a stranger: ", request.target));
        }
    }
}

void Checkers::found(const std::string& object, std::optional<int64_t> value) {
    const auto entry = ledger_.find(object);
    if (entry == ledger_.end()) {
        return;
    }
    if (!value) {
        violate(cat("acknowledged write lost: ", object, " is gone"));
    } else if (*value < entry->second.acknowledged || *value > entry->second.tried) {
        violate(cat("acknowledged write lost: ", object, " holds ", *value, ", acknowledged was ",
                    entry->second.acknowledged, ", tried ", entry->second.tried));
    }
}

}  // namespace weft::sim
