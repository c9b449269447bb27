// cluster/internal/stage_runner.cc: the first stage whose turn it is and that changes something.

#include "cluster/internal/stage_runner.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

StageRunner::StageRunner(io::Loop* loop, kube::Client* client, std::vector<Stage> stages)
    : loop_(loop),
      client_(client),
      stages_(std::move(stages)),
      queue_(loop, {retry_min, retry_max}) {}

bool StageRunner::concerns(const kube::Resource& resource) const {
    return std::ranges::any_of(stages_,
                               [&](const Stage& stage) { return stage.selects(resource); });
}

void StageRunner::follow(const kube::Resource& resource, kube::Cache* cache) {
    caches_[resource] = cache;
    cache->add_handler([this, resource](const Object* before, const Object* after) {
        const Key key{resource, (after != nullptr ? after : before)->key()};
        if (after == nullptr) {
            progress_.erase(key);
        } else {
            queue_.add(key);
        }
    });
}

void StageRunner::forget(const kube::Resource& resource) {
    caches_.erase(resource);
    std::erase_if(progress_, [&](const auto& entry) { return entry.first.resource == resource; });
}

void StageRunner::start(io::Scope* scope) {
    scope->spawn(work());
}

io::Task<void> StageRunner::work() {
    while (true) {
        const Result<Key> key = co_await queue_.get();
        if (!key) {
            co_return;
        }
        const Status done = co_await process(*key);
        if (done) {
            queue_.forget(*key);
        } else if (done.error().reason() != Reason::cancelled &&
                   done.error().reason() != Reason::not_found) {
            if (on_error && done.error().reason() != Reason::conflict) {
                on_error(done.error());
            }
            queue_.add_backed_off(*key);
        }
        queue_.done(*key);
    }
}

io::Task<Status> StageRunner::process(Key key) {
    const auto cache = caches_.find(key.resource);
    const Object* found = cache == caches_.end() ? nullptr : cache->second->find(key.name);
    if (found == nullptr) {
        co_return Status{};
    }
    Object object(*found);
    const Moment at = moment();
    const std::string now = at.text();
    Progress& progress = progress_[key];
    if (progress.generation != object.generation()) {
        progress = {.generation = object.generation()};
    }
    for (const Stage& stage : stages_) {
        if (!stage.selects(key.resource) || !stage.applies(object, now)) {
            continue;
        }
        Value status = CO_TRY(
            stage.status_of(object, schema_of(key.resource), now)
                .context("stage ", stage.name(), " of ", key.resource.kind, " ", key.name.text()));
        const Value* had = object.value().find("status");
        if (had != nullptr && *had == status) {
            continue;
        }
        if (progress.turns >= stage_turns_max) {
            co_return make_error(Reason::bad_request, key.resource.kind, " ", key.name.text(),
                                 " has gone through ", stage_turns_max,
                                 " stages without a change of its own: stages that undo each "
                                 "other, the last is ",
                                 stage.name());
        }
        constexpr int64_t delay_min = io::second;
        constexpr int64_t delay_max = 4 * io::second;
        if (progress.waiting_for != stage.name()) {
            progress.waiting_for = stage.name();
            const int64_t drawn = at.delays.of(object.uid(), stage.name(), delay_min, delay_max);
            // Where nothing takes time, no stage does.
            progress.due = loop_->monotonic() + (drawn == 0 ? 0 : stage.delay().value_or(drawn));
        }
        if (const int64_t left = progress.due - loop_->monotonic(); left > 0) {
            queue_.add_after(key, left);
            co_return Status{};
        }
        progress.waiting_for.clear();
        ++progress.turns;
        object.mutable_value().set("status", std::move(status));
        kube::WriteOptions write;
        write.field_manager = "weft-stage";
        write.subresource = key.resource.has_status ? "status" : "";
        const auto written =
            co_await client_->update(key.resource, std::move(object), std::move(write));
        co_return written ? Status{} : Status(written.error());
    }
    co_return Status{};
}

}  // namespace weft::cluster
