// server/restore.cc: from objects to stored bytes, with the revisions they had.

#include "server/restore.h"

#include <algorithm>
#include <set>

#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/registry.h"
#include "server/limits.h"

namespace weft::server {

namespace {

struct Restored {
    store::Revision revision = 0;  // it had; 0: none
    std::string key;
    store::Bytes bytes;
};

int64_t revision_of(const Object& object) {
    const auto number = parse_uint(object.resource_version());
    constexpr uint64_t most = std::numeric_limits<int64_t>::max();
    return number && *number <= most ? static_cast<int64_t>(*number) : 0;
}

Status register_custom(Registry* registry, const Value& definition) {
    const auto kind = TRY(CustomKind::make(definition)
                              .context("definition ", definition.string_at("metadata", "name")));
    registry->set_custom(std::string(definition.string_at("spec", "group")),
                         std::string(definition.string_at("spec", "names", "plural")),
                         kind->resources(kind));
    return {};
}

// Kinds that the store or the objects define, beside the builtin ones.
io::Task<Status> register_customs(Registry* registry, store::Store* store,
                                  const std::vector<Object>* objects) {
    const ResourcePtr definitions =
        registry->find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const store::Page page = CO_TRY(co_await store->list({.prefix = definitions->list_prefix("")}));
    for (const store::Entry& entry : page.entries) {
        const Value definition = CO_TRY(StoredView(*entry.value).to_value(entry.modified));
        CO_TRY(register_custom(registry, definition));
    }
    for (const Object& object : *objects) {
        if (object.kind() == "CustomResourceDefinition") {
            CO_TRY(register_custom(registry, object.value()));
        }
    }
    co_return Status{};
}

Result<std::vector<Restored>> encode_all(const Registry& registry,
                                         const std::vector<Object>& objects) {
    std::vector<Restored> out;
    std::set<std::string> keys;
    for (const Object& object : objects) {
        const ResourcePtr resource = registry.find_kind(object.group_version_kind());
        if (resource == nullptr) {
            return make_error(Reason::invalid, object.group_version_kind().text(), " ",
                              object.key().text(), ": the kind is not known");
        }
        std::string key = resource->key(object.namespace_(), object.name());
        if (!keys.insert(key).second) {
            return make_error(Reason::invalid, object.group_version_kind().text(), " ",
                              object.key().text(), " is there twice");
        }
        out.push_back(
            {revision_of(object), std::move(key),
             std::make_shared<const std::string>(encode_kind(*resource, object.value()))});
    }
    std::ranges::stable_sort(out, {}, &Restored::revision);
    return out;
}

}  // namespace

io::Task<Status> restore(store::Store* store, std::vector<Object> objects) {
    Registry registry(true);
    CO_TRY(co_await register_customs(&registry, store, &objects));
    std::vector<Restored> all = CO_TRY(encode_all(registry, objects));
    const bool keeps_numbers = !all.empty() &&
                               all.back().revision <= limits::restored_revision_max &&
                               all.front().revision > store->newest();
    // Revisions between those of the objects belonged to what is not there any more.
    const std::string filler = "/weft/restore";
    store::Revision filled = 0;
    const auto blank = std::make_shared<const std::string>();
    for (Restored& object : all) {
        while (keeps_numbers && store->newest() + 1 < object.revision) {
            filled = CO_TRY(co_await store->commit({{filler, blank, filled}}));
        }
        const auto present = CO_TRY(co_await store->get(object.key, {}));
        CO_TRY(co_await store->commit(
            {{std::move(object.key), std::move(object.bytes), present ? present->modified : 0}}));
    }
    if (filled != 0) {
        CO_TRY(co_await store->commit({{filler, nullptr, filled}}));
    }
    co_return Status{};
}

}  // namespace weft::server
