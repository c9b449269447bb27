// cluster/internal/garbage_collector.cc: from changes to verdicts, from verdicts to requests.

#include "cluster/internal/garbage_collector.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

constexpr std::string_view foreground_finalizer = "foregroundDeletion";
constexpr std::string_view orphan_finalizer = "orphan";

Value without_text(const Value* list, std::string_view text) {
    Value out = Value::list();
    for (const Value& item : list == nullptr ? std::span<const Value>() : list->items()) {
        if (!item.is_string() || item.as_string() != text) {
            out.push_back(item);
        }
    }
    return out;
}

Value without_owners(const Object& object, const std::vector<std::string>& uids) {
    Value out = Value::list();
    if (const Value* references = object.value().find("metadata", "ownerReferences")) {
        for (const Value& reference : references->items()) {
            if (std::ranges::find(uids, reference.string_at("uid")) == uids.end()) {
                out.push_back(reference);
            }
        }
    }
    return out;
}

bool is_settled_error(const Error& error) {
    return error.reason() == Reason::not_found;
}

}  // namespace

GarbageCollector::GarbageCollector(io::Loop* loop, kube::Client* client)
    : client_(client), queue_(loop, {retry_min, retry_max}) {}

void GarbageCollector::follow(const kube::Resource& resource, kube::Cache* cache) {
    Source& source = sources_[resource];
    source.cache = cache;
    source.is_followed = std::make_shared<bool>(true);
    cache->add_handler([this, resource, is_followed = source.is_followed](const Object* before,
                                                                          const Object* after) {
        if (*is_followed) {
            changed(resource, before, after);
        }
    });
    for (const Object* object : cache->all()) {
        changed(resource, nullptr, object);
    }
}

void GarbageCollector::forget(const kube::Resource& resource) {
    const auto found = sources_.find(resource);
    if (found == sources_.end()) {
        return;
    }
    *found->second.is_followed = false;
    for (const Object* object : found->second.cache->all()) {
        changed(resource, object, nullptr);
    }
    sources_.erase(found);
}

void GarbageCollector::start(io::Scope* scope) {
    for (size_t i = 0; i < workers; ++i) {
        scope->spawn(work());
    }
}

bool GarbageCollector::is_anything_to_do(const Item& item) const {
    if (item.is_deleting) {
        return item.is_foreground || item.orphans;
    }
    return std::ranges::any_of(item.owners, [&](const OwnerReference& reference) {
        const Item* owner = graph_.find(reference.uid);
        return owner == nullptr || owner->is_deleting_dependents() ||
               owner->name.name != reference.name || owner->resource.kind != reference.kind ||
               (owner->resource.namespaced && owner->name.namespace_ != item.name.namespace_);
    });
}

void GarbageCollector::changed(const kube::Resource& resource, const Object* before,
                               const Object* after) {
    // Another object may have taken the name.
    if (before != nullptr && (after == nullptr || before->uid() != after->uid())) {
        const Item gone = Item::of(resource, *before);
        graph_.remove(gone.uid);
        for (const Item* dependent : graph_.dependents(gone.uid)) {
            queue_.add(dependent->uid);
        }
        for (const OwnerReference& owner : gone.owners) {
            const Item* waits = graph_.find(owner.uid);
            if (waits != nullptr && waits->is_deleting_dependents()) {
                queue_.add(owner.uid);
            }
        }
    }
    if (after == nullptr) {
        return;
    }
    Item item = Item::of(resource, *after);
    const Item* had = graph_.find(item.uid);
    std::vector<std::string> owners_before;
    if (had != nullptr) {
        for (const OwnerReference& owner : had->owners) {
            owners_before.push_back(owner.uid);
        }
    }
    const std::string uid = item.uid;
    const bool acts = is_anything_to_do(item);
    graph_.put(std::move(item));
    if (acts) {
        queue_.add(uid);
    }
    for (const std::string& owner : owners_before) {  // A reference may have been given up.
        const Item* waits = graph_.find(owner);
        if (waits != nullptr && waits->is_deleting_dependents()) {
            queue_.add(owner);
        }
    }
}

bool GarbageCollector::knows_all() const {
    return std::ranges::all_of(sources_,
                               [](const auto& entry) { return entry.second.cache->is_synced(); });
}

const kube::Resource* GarbageCollector::resource_of(const OwnerReference& owner) const {
    const auto found = std::ranges::find_if(sources_, [&](const auto& entry) {
        return entry.first.kind == owner.kind && entry.first.gvr.api_version() == owner.api_version;
    });
    return found == sources_.end() ? nullptr : &found->first;
}

io::Task<void> GarbageCollector::work() {
    while (true) {
        const Result<std::string> uid = co_await queue_.get();
        if (!uid) {
            co_return;
        }
        const Status done = co_await process(*uid);
        if (done) {
            queue_.forget(*uid);
        } else if (done.error().reason() != Reason::cancelled) {
            if (on_error && done.error().reason() != Reason::conflict) {
                on_error(done.error());
            }
            queue_.add_backed_off(*uid);
        }
        queue_.done(*uid);
    }
}

io::Task<Status> GarbageCollector::process(std::string uid) {
    const Item* found = graph_.find(uid);
    if (found == nullptr || !is_anything_to_do(*found)) {
        co_return Status{};
    }
    Item item = *found;
    if (item.is_deleting) {
        if (item.orphans) {
            co_return co_await orphan_dependents(std::move(item));
        }
        co_return co_await end_foreground(std::move(item));
    }
    std::optional<Object> live = CO_TRY(co_await get_live(item));
    if (!live.has_value()) {
        co_return Status{};
    }
    item = Item::of(item.resource, *live);
    if (item.is_deleting) {
        co_return Status{};
    }
    std::vector<Presence> presences;
    for (const OwnerReference& owner : item.owners) {
        presences.push_back(CO_TRY(co_await presence_of(owner, item)));
    }
    Verdict verdict = judge(item, presences, graph_.dependents(uid));
    co_return co_await carry_out(std::move(verdict), std::move(item), *std::move(live));
}

io::Task<Status> GarbageCollector::carry_out(Verdict verdict, Item item, Object live) {
    switch (verdict.act) {
        case Verdict::Act::keep:
            co_return Status{};
        case Verdict::Act::drop_references: {
            Value rest = without_owners(live, verdict.uids);
            co_return co_await patch_metadata(std::move(item), std::move(live), "ownerReferences",
                                              std::move(rest));
        }
        case Verdict::Act::unblock: {
            Value references = *live.value().find("metadata", "ownerReferences");
            for (size_t i = 0; i < references.size(); ++i) {
                references.mutable_item(i).set("blockOwnerDeletion", false);
            }
            CO_TRY(co_await patch_metadata(item, live, "ownerReferences", std::move(references)));
            // The patch is a new resourceVersion; the uid says that it is the same object.
            live.metadata().set("resourceVersion", "");
            break;
        }
        case Verdict::Act::remove:
            break;
    }
    kube::DeleteOptions options;
    options.uid = item.uid;
    options.resource_version = live.resource_version();
    options.propagation = verdict.propagation;
    const Result<Value> removed =
        co_await client_->remove(item.resource, item.name, std::move(options));
    if (!removed && !is_settled_error(removed.error())) {
        co_return Error(removed.error());
    }
    co_return Status{};
}

io::Task<Status> GarbageCollector::orphan_dependents(Item item) {
    if (!knows_all()) {
        co_return make_error(Reason::conflict, "not all kinds are known yet");
    }
    std::vector<Item> dependents;
    for (const Item* dependent : graph_.dependents(item.uid)) {
        dependents.push_back(*dependent);
    }
    for (const Item& dependent : dependents) {
        std::optional<Object> live = CO_TRY(co_await get_live(dependent));
        if (live.has_value()) {
            Value rest = without_owners(*live, {item.uid});
            CO_TRY(co_await patch_metadata(dependent, *live, "ownerReferences", std::move(rest)));
        }
    }
    std::optional<Object> live = CO_TRY(co_await get_live(item));
    if (live.has_value() && live->has_finalizer(orphan_finalizer)) {
        Value rest = without_text(live->value().find("metadata", "finalizers"), orphan_finalizer);
        co_return co_await patch_metadata(std::move(item), *live, "finalizers", std::move(rest));
    }
    co_return Status{};
}

// Deletes what blocks; when nothing does any more, the finalizer goes.
io::Task<Status> GarbageCollector::end_foreground(Item item) {
    if (!knows_all()) {
        co_return make_error(Reason::conflict, "not all kinds are known yet");
    }
    bool is_blocked = false;
    for (const Item* dependent : graph_.dependents(item.uid)) {
        const bool blocks = std::ranges::any_of(
            dependent->owners,
            [&](const OwnerReference& owner) { return owner.uid == item.uid && owner.blocks; });
        is_blocked |= blocks;
        if (!dependent->is_deleting) {
            queue_.add(dependent->uid);
        }
    }
    if (is_blocked) {
        co_return Status{};  // Comes again when one of them goes.
    }
    std::optional<Object> live = CO_TRY(co_await get_live(item));
    if (live.has_value() && live->has_finalizer(foreground_finalizer)) {
        Value rest =
            without_text(live->value().find("metadata", "finalizers"), foreground_finalizer);
        co_return co_await patch_metadata(std::move(item), *live, "finalizers", std::move(rest));
    }
    co_return Status{};
}

io::Task<Result<Presence>> GarbageCollector::presence_of(OwnerReference owner, Item dependent) {
    const std::string absent_key = cat(owner.uid, " ", dependent.name.namespace_);
    if (absent_.contains(absent_key)) {
        co_return Presence::absent;
    }
    const kube::Resource* known = resource_of(owner);
    if (known == nullptr) {
        // Nobody may be deleted because a kind is not served at the moment.
        co_return make_error(Reason::service_unavailable, "owner of ", dependent.name.text(),
                             ": no matches for kind ", quote(owner.kind), " in version ",
                             quote(owner.api_version));
    }
    const kube::Resource resource = *known;
    if (resource.namespaced && dependent.name.namespace_.empty()) {
        co_return Presence::solid;  // Not allowed; nobody can say which namespace was meant.
    }
    const NamespacedName name{resource.namespaced ? dependent.name.namespace_ : "", owner.name};
    const Result<Object> live = co_await client_->get(resource, name);
    if (!live && live.error().reason() != Reason::not_found) {
        co_return Error(live.error());
    }
    if (!live || live->uid() != owner.uid) {
        absent_.insert(absent_key);
        absent_order_.push_back(absent_key);
        if (absent_order_.size() > absent_owners_max) {
            absent_.erase(absent_order_.front());
            absent_order_.pop_front();
        }
        co_return Presence::absent;
    }
    co_return Item::of(resource, *live).is_deleting_dependents() ? Presence::waiting
                                                                 : Presence::solid;
}

io::Task<Status> GarbageCollector::patch_metadata(Item item, Object live, std::string member,
                                                  Value list) {
    Value metadata = Value::map_of({{"uid", item.uid}});
    if (!live.resource_version().empty()) {
        metadata.set("resourceVersion", live.resource_version());
    }
    metadata.set(member, std::move(list));
    Value body = Value::map();
    body.set("metadata", std::move(metadata));
    const Result<Object> patched = co_await client_->patch(
        item.resource, item.name, kube::PatchType::merge, std::move(body), {});
    if (!patched && !is_settled_error(patched.error())) {
        co_return Error(patched.error());
    }
    co_return Status{};
}

io::Task<Result<std::optional<Object>>> GarbageCollector::get_live(Item item) {
    Result<Object> live = co_await client_->get(item.resource, item.name);
    if (!live && live.error().reason() == Reason::not_found) {
        co_return std::optional<Object>();
    }
    if (!live) {
        co_return Error(live.error());
    }
    if (live->uid() != item.uid) {
        co_return std::optional<Object>();
    }
    co_return std::optional<Object>(*std::move(live));
}

}  // namespace weft::cluster
