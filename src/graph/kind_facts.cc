// graph/kind_facts.cc: what is known about a kind without asking a cluster.

#include "graph/compile.h"
#include "graph/internal/schema_types.h"
#include "schema/builtin.h"
#include "schema/open_api.h"

namespace weft::graph {

Result<KindFacts> kind_facts_of_crd(const Value& crd, std::string_view version) {
    const Value* versions = crd.find("spec", "versions");
    if (versions != nullptr) {
        for (const Value& candidate : versions->items()) {
            const Value* schema = candidate.find("schema", "openAPIV3Schema");
            if (candidate.string_at("name") != version || schema == nullptr) {
                continue;
            }
            KindFacts facts;
            facts.namespaced = crd.string_at("spec", "scope") != "Cluster";
            facts.resource = crd.string_at("spec", "names", "plural");
            facts.schema =
                with_object_meta(TRY(schema::from_open_api(*schema)), facts.namespaced, false);
            return facts;
        }
    }
    return make_error(Reason::not_found, "schema not found");
}

Result<KindFacts> builtin_kind_facts(const GroupVersionKind& kind) {
    const schema::Builtin& builtin = schema::Builtin::get();
    const schema::BuiltinResource* resource = builtin.find_resource_of(kind);
    schema::SchemaPtr schema = builtin.find_kind(kind);
    if (resource == nullptr || schema == nullptr) {
        return make_error(Reason::not_found, "schema not found");
    }
    return KindFacts{std::move(schema), std::string(resource->resource), resource->namespaced};
}

}  // namespace weft::graph
