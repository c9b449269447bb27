// control/schema_source.cc: schemas from the program, from CRDs, and from OpenAPI.

#include "control/schema_source.h"

#include <algorithm>
#include <set>

#include "control/world.h"

namespace weft::control {

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
    co_return graph::schema_of_open_api(document, kind);
}

Error SchemaSource::not_served(const GroupVersionKind& kind) const {
    if (mapper_->serves({kind.group, kind.version})) {
        return make_error(Reason::not_found, "cannot resolve group version kind ",
                          quote(cat(kind.group, "/", kind.version, ", Kind=", kind.kind)),
                          ": schema not found");
    }
    return make_error(Reason::not_found, "cannot resolve group version ", quote(kind.api_version()),
                      ": schema not found");
}

io::Task<Result<graph::KindFacts>> SchemaSource::read(GroupVersionKind kind) {
    if (Result<graph::KindFacts> facts = graph::builtin_kind_facts(kind)) {
        co_return facts;
    }
    const Result<kube::Resource> mapped = co_await mapper_->for_kind(kind);
    if (!mapped) {
        co_return mapped.error().reason() == Reason::not_found ? not_served(kind)
                                                               : Error(mapped.error());
    }
    const kube::Resource& resource = *mapped;
    const auto crd = co_await client_->get(
        crd_resource(), {"", cat(resource.gvr.resource, ".", resource.gvr.group)});
    if (crd) {
        co_return graph::kind_facts_of_crd(crd->value(), kind.version);
    }
    if (crd.error().reason() != Reason::not_found) {
        co_return Error(crd.error());
    }
    schema::SchemaPtr schema = CO_TRY(co_await read_open_api(kind));
    co_return graph::KindFacts{std::move(schema), resource.gvr.resource, resource.namespaced};
}

io::Task<Status> SchemaSource::load(std::vector<GroupVersionKind> kinds) {
    for (const GroupVersionKind& kind : kinds) {
        const auto known = known_.find(kind);
        if (known != known_.end() && known->second.has_value()) {
            instruments_->count("schema_resolver_cache_hits_total");
            continue;
        }
        instruments_->count("schema_resolver_cache_misses_total");
        const int64_t began = loop_->monotonic();
        Result<graph::KindFacts> facts = co_await read(kind);
        instruments_->observe("schema_resolver_api_call_duration_seconds",
                              seconds_between(began, loop_->monotonic()));
        if (!facts) {
            instruments_->count("schema_resolver_errors_total");
        }
        if (!facts && facts.error().reason() == Reason::cancelled) {
            co_return Error(facts.error());
        }
        known_.insert_or_assign(kind, std::move(facts));
        instruments_->set("schema_resolver_cache_size", static_cast<double>(known_.size()));
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
    const size_t gone =
        std::erase_if(known_, [&](const auto& entry) { return entry.first.group == group; });
    instruments_->add("schema_resolver_cache_evictions_total", static_cast<double>(gone));
    instruments_->set("schema_resolver_cache_size", static_cast<double>(known_.size()));
}

}  // namespace weft::control
