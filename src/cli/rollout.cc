// cli/rollout.cc: `weft rollout`: how a new revision reaches the instances, as kubectl's.
//
// Everything goes through the definition: spec.rollout.paused, an annotation that resumes, and the
// spec of an older revision written back as the newest.

#include <algorithm>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/limits.h"
#include "cli/terminal.h"
#include "control/control.h"

namespace weft::cli {

namespace {

io::Task<Result<Object>> read_definition(Connection connection, std::string name) {
    Result<Object> found =
        co_await connection.client->get(control::definition_resource(), {"", name});
    if (!found) {
        co_return std::move(found).context("definition ", name);
    }
    co_return found;
}

// The revisions of a definition, oldest first.
io::Task<Result<std::vector<Object>>> read_revisions(Connection connection, std::string name) {
    kube::List list = CO_TRY(co_await connection.client->list_all(
        control::revision_resource(), {.field_selector = cat("spec.snapshot.name=", name)}));
    std::ranges::sort(list.items, {}, [](const Object& revision) {
        return revision.value().int_at(0, "spec", "revision");
    });
    co_return std::move(list.items);
}

struct Progress {
    std::string text;
    bool is_complete = false;
    bool is_paused = false;
};

// What the definition's status says of its rollout.
Progress progress_of(const Object& definition) {
    Progress out;
    const Value* status = definition.value().find("status");
    for (const graph::Condition& condition :
         graph::conditions_from(status == nullptr ? nullptr : status->find("conditions"))) {
        // What is said of an older generation is not about this one.
        if (condition.type == "RolloutProgressing" &&
            condition.observed_generation == definition.generation()) {
            out.text = condition.message.value_or("");
            out.is_paused = condition.reason.value_or("") == "RolloutPaused";
            out.is_complete = condition.reason.value_or("") == "RolloutComplete";
        }
    }
    if (out.text.empty()) {
        const bool has_settled = definition.value().string_at("status", "state") == "Active" &&
                                 !graph::rollout_of(definition.value().find("spec") == nullptr
                                                        ? Value()
                                                        : *definition.value().find("spec"));
        out.is_complete = has_settled;
        out.text = has_settled ? cat("all instances follow revision ",
                                     definition.value().int_at(0, "status", "lastIssuedRevision"),
                                     " (no spec.rollout)")
                               : std::string("waiting for the controller");
    }
    return out;
}

io::Task<Result<int>> status(Connection connection, const RolloutOptions* options) {
    const int64_t deadline = connection.loop->monotonic() + options->timeout;
    std::string told;
    while (true) {
        const Object definition = CO_TRY(co_await read_definition(connection, options->name));
        const Progress progress = progress_of(definition);
        if (progress.text != told) {
            told = progress.text;
            print(cat(options->name, ": ", told, "\n"));
        }
        if (progress.is_complete) {
            co_return exit_ok;
        }
        if (progress.is_paused || !options->watch) {
            co_return progress.is_paused ? exit_failed : exit_ok;
        }
        if (connection.loop->monotonic() >= deadline) {
            co_return exit_timed_out;
        }
        CO_TRY(co_await io::sleep(connection.loop, rollout_interval));
    }
}

io::Task<Result<int>> history(Connection connection, const RolloutOptions* options) {
    const Object definition = CO_TRY(co_await read_definition(connection, options->name));
    const auto state = graph::RolloutState::from(definition.value().find("status"));
    print("REVISION  READY    CREATED               HASH              ROLE\n");
    for (const Object& revision : CO_TRY(co_await read_revisions(connection, options->name))) {
        const int64_t number = revision.value().int_at(0, "spec", "revision");
        std::string ready = "Unknown";
        for (const graph::Condition& condition :
             graph::conditions_from(revision.value().find("status", "conditions"))) {
            ready = condition.type == "Ready" ? condition.status : ready;
        }
        const auto pad = [](std::string text, size_t width) {
            text.resize(std::max(width, text.size() + 1), ' ');
            return text;
        };
        std::string_view role;
        if (state && state->phase != graph::RolloutState::Phase::complete) {
            role = number == state->revision ? "rolling out"
                   : number == state->stable ? "stable"
                                             : "";
        } else if (number == definition.value().int_at(0, "status", "lastIssuedRevision")) {
            role = "stable";
        }
        print(cat(pad(cat(number), 10), pad(ready, 9),
                  pad(std::string(revision.value().string_at("metadata", "creationTimestamp")), 22),
                  pad(std::string(revision.label(graph::label_revision_hash)), 18), role, "\n"));
    }
    co_return exit_ok;
}

io::Task<Status> patch_definition(Connection connection, std::string name, Value patch) {
    CO_TRY((co_await connection.client->patch(control::definition_resource(), {"", name},
                                              kube::PatchType::merge, std::move(patch), {}))
               .context("definition ", name));
    co_return weft::Status{};
}

Value paused_patch(Value paused) {
    return Value::map_of(
        {{"spec", Value::map_of({{"rollout", Value::map_of({{"paused", std::move(paused)}})}})}});
}

io::Task<Result<int>> pause(Connection connection, const RolloutOptions* options) {
    const Object definition = CO_TRY(co_await read_definition(connection, options->name));
    if (!graph::rollout_of(*definition.value().find("spec"))) {
        co_return make_error(Reason::invalid, "definition ", options->name,
                             " has no spec.rollout: its revisions reach all instances at once");
    }
    CO_TRY(co_await patch_definition(connection, options->name, paused_patch(true)));
    print(cat(options->name, ": paused\n"));
    co_return exit_ok;
}

io::Task<Result<int>> resume(Connection connection, const RolloutOptions* options) {
    const Object definition = CO_TRY(co_await read_definition(connection, options->name));
    const auto state = graph::RolloutState::from(definition.value().find("status"));
    const Value* paused = definition.value().find("spec", "rollout", "paused");
    Value patch = Value::map();
    if (paused != nullptr && paused->is_bool() && paused->as_bool()) {
        patch = paused_patch(Value());
    }
    if (state && !state->paused.empty()) {
        patch.set("metadata",
                  Value::map_of({{"annotations", Value::map_of({{graph::annotation_rollout_resume,
                                                                 state->resume_token()}})}}));
    }
    if (patch.empty()) {
        print(cat(options->name, ": is not paused\n"));
        co_return exit_ok;
    }
    CO_TRY(co_await patch_definition(connection, options->name, std::move(patch)));
    print(cat(options->name, ": resumed\n"));
    co_return exit_ok;
}

// The spec of an older revision becomes the newest; how revisions are rolled out stays as it is.
io::Task<Result<int>> undo(Connection connection, const RolloutOptions* options) {
    const Object definition = CO_TRY(co_await read_definition(connection, options->name));
    const std::vector<Object> revisions =
        CO_TRY(co_await read_revisions(connection, options->name));
    const int64_t newest =
        revisions.empty() ? 0 : revisions.back().value().int_at(0, "spec", "revision");
    const auto state = graph::RolloutState::from(definition.value().find("status"));
    int64_t wanted = options->to_revision;
    if (wanted == 0 && state && state->phase != graph::RolloutState::Phase::complete) {
        wanted = state->stable;
    } else if (wanted == 0 && revisions.size() > 1) {
        wanted = revisions[revisions.size() - 2].value().int_at(0, "spec", "revision");
    }
    const auto found = std::ranges::find(revisions, wanted, [](const Object& revision) {
        return revision.value().int_at(0, "spec", "revision");
    });
    if (found == revisions.end()) {
        std::vector<std::string> there;
        for (const Object& revision : revisions) {
            there.push_back(cat(revision.value().int_at(0, "spec", "revision")));
        }
        co_return make_error(Reason::not_found, "definition ", options->name,
                             wanted == 0 ? std::string(" has no revision to go back to")
                                         : cat(" has no revision ", wanted),
                             there.empty() ? "" : cat("; there are: ", join(there, ", ")));
    }
    if (found->label(graph::label_revision_hash) ==
        revisions.back().label(graph::label_revision_hash)) {
        print(cat(options->name, ": revision ", newest, " is what revision ", wanted, " is\n"));
        co_return exit_ok;
    }
    Value spec = *found->value().find("spec", "snapshot", "spec");
    if (const Value* rollout = definition.value().find("spec", "rollout")) {
        spec.set("rollout", *rollout);
        spec.mutable_member("rollout").erase("paused");
    } else {
        spec.erase("rollout");
    }
    Object written = definition;
    written.mutable_value().set("spec", std::move(spec));
    // The resourceVersion keeps what somebody else changes at the same time.
    CO_TRY(
        (co_await connection.client->update(control::definition_resource(), std::move(written), {}))
            .context("definition ", options->name));
    print(cat(options->name, ": goes back to revision ", wanted, "\n"));
    co_return exit_ok;
}

}  // namespace

int run_rollout(const RolloutOptions& options) {
    return run_connected({options.kubeconfig, options.context}, [&](Connection connection) {
        switch (options.action) {
            case RolloutOptions::Action::history:
                return history(connection, &options);
            case RolloutOptions::Action::pause:
                return pause(connection, &options);
            case RolloutOptions::Action::resume:
                return resume(connection, &options);
            case RolloutOptions::Action::undo:
                return undo(connection, &options);
            case RolloutOptions::Action::status:
                break;
        }
        return status(connection, &options);
    });
}

}  // namespace weft::cli
