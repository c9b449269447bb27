// graph/rollout.cc: reading and writing what a rollout is about.

#include "graph/rollout.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace weft::graph {

namespace {

constexpr auto phase_words =
    std::to_array<std::string_view>({"Starting", "First", "Rest", "Complete"});

bool bool_at(const Value& map, std::string_view name, bool otherwise) {
    const Value* found = map.find(name);
    return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

}  // namespace

std::string_view text(RolloutState::Phase phase) {
    return phase_words[static_cast<size_t>(phase)];
}

int64_t Share::of(int64_t total) const {
    if (!is_percent) {
        return std::min(value, total);
    }
    return std::min(total, (total * value + 99) / 100);
}

std::optional<Share> Share::from(const Value& value) {
    if (value.is_int()) {
        return value.as_int() < 0 ? std::nullopt : std::optional(Share{value.as_int(), false});
    }
    if (!value.is_string()) {
        return std::nullopt;
    }
    std::string_view text = value.as_string();
    const bool is_percent = text.ends_with('%');
    text.remove_suffix(is_percent ? 1 : 0);
    const std::optional<int64_t> number = parse_int(text);
    if (!number || *number < 0 || (is_percent && *number > 100)) {
        return std::nullopt;
    }
    return Share{*number, is_percent};
}

std::optional<RolloutSpec> rollout_of(const Value& spec) {
    const Value* rollout = spec.find("rollout");
    if (rollout == nullptr || !rollout->is_map()) {
        return std::nullopt;
    }
    RolloutSpec out;
    if (const Value* share = rollout->find("share")) {
        out.share = Share::from(*share);
    }
    if (const Value* labels = rollout->find("labels"); labels != nullptr && labels->is_map()) {
        out.labels = *labels;
    }
    if (const Value* most = rollout->find("maxUnavailable")) {
        out.max_unavailable = Share::from(*most).value_or(out.max_unavailable);
    }
    out.pauses_on_failure = bool_at(*rollout, "pauseOnFailure", true);
    out.is_paused = bool_at(*rollout, "paused", false);
    out.deadline = std::max<int64_t>(rollout->int_at(out.deadline, "progressDeadlineSeconds"), 1);
    return out;
}

std::vector<std::pair<std::string, std::string>> check_rollout(const Value& rollout) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string_view name : {"share", "maxUnavailable"}) {
        const Value* found = rollout.find(name);
        if (found != nullptr && !Share::from(*found)) {
            out.emplace_back(name, "must be a number of instances, or a percentage as \"10%\"");
        }
    }
    for (const std::string_view name : {"pauseOnFailure", "paused"}) {
        const Value* found = rollout.find(name);
        if (found != nullptr && !found->is_bool()) {
            out.emplace_back(name, "must be a boolean");
        }
    }
    if (const Value* labels = rollout.find("labels")) {
        const bool is_good =
            labels->is_map() && std::ranges::all_of(labels->members(), [](const Member& label) {
                return label.value.is_string();
            });
        if (!is_good) {
            out.emplace_back("labels", "must be a map of texts");
        }
    }
    if (const Value* deadline = rollout.find("progressDeadlineSeconds");
        deadline != nullptr && (!deadline->is_int() || deadline->as_int() < 1)) {
        out.emplace_back("progressDeadlineSeconds", "must be a number of seconds");
    }
    return out;
}

std::optional<RolloutState> RolloutState::from(const Value* status) {
    const Value* found = status == nullptr ? nullptr : status->find("rollout");
    if (found == nullptr || !found->is_map()) {
        return std::nullopt;
    }
    RolloutState out;
    out.revision = found->int_at(0, "revision");
    out.stable = found->int_at(0, "stableRevision");
    const auto phase = std::ranges::find(phase_words, found->string_at("phase"));
    if (phase != phase_words.end()) {
        out.phase = static_cast<Phase>(phase - phase_words.begin());
    }
    out.threshold = static_cast<uint64_t>(std::clamp<int64_t>(
        found->int_at(0, "threshold"), 0, static_cast<int64_t>(rollout_places)));
    out.step_time = parse_rfc3339(found->string_at("stepTime")).value_or(Time());
    out.paused = std::string(found->string_at("paused"));
    out.pauses = found->int_at(0, "pauses");
    return out;
}

Value RolloutState::to_value() const {
    Value out = Value::map_of({{"revision", revision}, {"phase", text(phase)}});
    if (phase != Phase::complete) {
        out.set("stableRevision", stable);
        out.set("threshold", static_cast<int64_t>(threshold));
        out.set("stepTime", format_rfc3339(step_time));
        if (pauses > 0) {
            out.set("pauses", pauses);
        }
        if (!paused.empty()) {
            out.set("paused", paused);
        }
    }
    return out;
}

bool RolloutState::lets_in(const RolloutSpec& spec, const Object& instance) const {
    if (phase == Phase::complete || phase == Phase::starting) {
        return phase == Phase::complete;
    }
    if (spec.labels.is_map() && !spec.labels.empty() &&
        std::ranges::all_of(spec.labels.members(), [&instance](const Member& label) {
            return label.value.is_string() &&
                   instance.label(label.name()) == label.value.as_string();
        })) {
        return true;
    }
    return rollout_place(instance) < threshold;
}

uint64_t rollout_place(const Object& instance) {
    // FNV alone leaves names that differ at their end close together.
    uint64_t hash = fnv64a(instance.uid());
    hash ^= hash >> 33U;
    hash *= 0xff51afd7ed558ccdULL;
    hash ^= hash >> 33U;
    return hash >> 32U;
}

}  // namespace weft::graph
