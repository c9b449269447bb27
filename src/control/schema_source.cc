// control/schema_source.cc: schemas from the program, from CRDs, and from OpenAPI.

#include "control/schema_source.h"

#include <algorithm>
#include <set>

#include "control/world.h"
#include "schema/builtin.h"
#include "schema/open_api.h"

namespace weft::control {

namespace {

// CRDs say no more of `metadata` than that it is an object; expressions may use all of it.
const Value& object_meta() {
    static const Value value = [] {
        const auto schema = schema::Builtin::get().find_definition(
            "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        CHECK(schema != nullptr);
        return schema::to_open_api(*schema);
    }();
    return value;
}

Result<schema::SchemaPtr> schema_of_crd(const Object& crd, const std::string& version) {
    if (const Value* versions = crd.value().find("spec", "versions")) {
        for (const Value& candidate : versions->items()) {
            if (candidate.string_at("name") != version) {
                continue;
            }
            const Value* found = candidate.find("schema", "openAPIV3Schema");
            if (found == nullptr) {
                break;
            }
            Value schema = *found;
            Value& properties = schema.mutable_member("properties");
            properties.set("metadata", object_meta());
            for (const std::string_view name : {"apiVersion", "kind"}) {
                properties.set(name, Value::map_of({{"type", "string"}}));
            }
            return schema::from_open_api(schema);
        }
    }
    return make_error(Reason::not_found, "schema not found");
}

}  // namespace

std::vector<GroupVersionKind> kinds_of(const graph::Definition& definition) {
    std::set<GroupVersionKind> kinds;
    for (const graph::ResourceEntry& entry : definition.resources) {
        for (const Value* object : {&entry.template_, &entry.external_ref}) {
            if (object->is_map()) {
                kinds.insert(Object(*object).group_version_kind());
            }
        }
    }
    return {kinds.begin(), kinds.end()};
}

io::Task<Result<schema::SchemaPtr>> SchemaSource::read_open_api(GroupVersionKind kind) {
    const std::string path = kind.group.empty()
                                 ? cat("/openapi/v3/api/", kind.version)
                                 : cat("/openapi/v3/apis/", kind.group, "/", kind.version);
    const Value document = CO_TRY(co_await client_->get_raw(path));
    const Value* schemas = document.find("components", "schemas");
    if (schemas == nullptr) {
        co_return make_error(Reason::not_found, "schema not found");
    }
    schema::FromOpenApi options;
    options.resolve = [&](std::string_view reference) -> const Value* {
        const size_t slash = reference.rfind('/');
        return slash == std::string_view::npos ? nullptr
                                               : schemas->find(reference.substr(slash + 1));
    };
    for (const Member& member : schemas->members()) {
        const Value* kinds = member.value.find("x-kubernetes-group-version-kind");
        if (kinds == nullptr) {
            continue;
        }
        for (const Value& candidate : kinds->items()) {
            if (candidate.string_at("group") == kind.group &&
                candidate.string_at("version") == kind.version &&
                candidate.string_at("kind") == kind.kind) {
                co_return schema::from_open_api(member.value, options);
            }
        }
    }
    co_return make_error(Reason::not_found, "schema not found");
}

io::Task<Result<graph::KindFacts>> SchemaSource::read(GroupVersionKind kind) {
    const schema::Builtin& builtin = schema::Builtin::get();
    if (const schema::BuiltinResource* resource = builtin.find_resource_of(kind)) {
        co_return graph::KindFacts{builtin.find_kind(kind), std::string(resource->resource),
                                   resource->namespaced};
    }
    const kube::Resource resource = CO_TRY(co_await mapper_->for_kind(kind));
    const auto crd = co_await client_->get(
        crd_resource(), {"", cat(resource.gvr.resource, ".", resource.gvr.group)});
    if (!crd && crd.error().reason() != Reason::not_found) {
        co_return Error(crd.error());
    }
    schema::SchemaPtr schema =
        crd ? CO_TRY(schema_of_crd(*crd, kind.version)) : CO_TRY(co_await read_open_api(kind));
    co_return graph::KindFacts{std::move(schema), resource.gvr.resource, resource.namespaced};
}

io::Task<Status> SchemaSource::load(std::vector<GroupVersionKind> kinds) {
    for (const GroupVersionKind& kind : kinds) {
        const auto known = known_.find(kind);
        if (known != known_.end() && known->second.has_value()) {
            continue;
        }
        Result<graph::KindFacts> facts = co_await read(kind);
        if (!facts && facts.error().reason() == Reason::cancelled) {
            co_return Error(facts.error());
        }
        known_.insert_or_assign(kind, std::move(facts));
    }
    co_return Status{};
}

Result<graph::KindFacts> SchemaSource::find(const GroupVersionKind& kind) const {
    const auto found = known_.find(kind);
    if (found == known_.end()) {
        return make_error(Reason::not_found, "schema not found");
    }
    return found->second;
}

void SchemaSource::forget(std::string_view group) {
    std::erase_if(known_, [&](const auto& entry) { return entry.first.group == group; });
}

}  // namespace weft::control
