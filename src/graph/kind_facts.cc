// graph/kind_facts.cc: what is known about a kind without asking a cluster.

#include "graph/compile.h"
#include "graph/internal/schema_types.h"
#include "graph/pluralize.h"
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

KindFacts unknown_kind_facts(const GroupVersionKind& kind) {
    static const schema::SchemaPtr anything = [] {
        auto root = std::make_shared<schema::Schema>();
        root->type = schema::Type::object;
        root->preserve_unknown_fields = true;
        return with_object_meta(root, true, false);
    }();
    return KindFacts{anything, kind.kind.empty() ? "" : pluralize(to_lower(kind.kind)), true,
                     false};
}

Result<schema::SchemaPtr> schema_of_open_api(const Value& document, const GroupVersionKind& kind) {
    const Value* schemas = document.find("components", "schemas");
    if (schemas == nullptr) {
        return make_error(Reason::not_found, "schema not found");
    }
    schema::FromOpenApi options;
    options.resolve = [schemas](std::string_view reference) -> const Value* {
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
                return schema::from_open_api(member.value, options);
            }
        }
    }
    return make_error(Reason::not_found, "schema not found");
}

}  // namespace weft::graph
