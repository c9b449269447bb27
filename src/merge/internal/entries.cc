// merge/internal/entries.cc: reads, sorts, caps and writes the entries of managedFields.

#include "merge/internal/entries.h"

#include <algorithm>
#include <vector>

#include "merge/limits.h"

namespace weft::merge::internal {
namespace {

constexpr std::string_view ancient_changes = "ancient-changes";

std::string_view operation_text(Operation operation) {
    return operation == Operation::apply ? "Apply" : "Update";
}

}  // namespace

Result<Entries> Entries::read(const Value* managed_fields) {
    Entries out;
    if (managed_fields == nullptr) {
        return out;
    }
    if (managed_fields->size() > managers_max) {
        return make_error(Reason::bad_request, "more than ", managers_max,
                          " entries in managedFields");
    }
    size_t position = 0;
    for (const Value& entry : managed_fields->items()) {
        const std::string_view operation = entry.string_at("operation");
        if (operation != "Apply" && operation != "Update") {
            return make_error(Reason::bad_request, "operation must be `Apply` or `Update`");
        }
        const std::string_view api_version = entry.string_at("apiVersion");
        if (api_version.empty()) {
            return make_error(Reason::bad_request, "apiVersion must not be empty");
        }
        const std::string_view fields_type = entry.string_at("fieldsType");
        if (fields_type.empty()) {
            return make_error(Reason::bad_request, "missing fieldsType in managed fields entry ",
                              position);
        }
        if (fields_type != "FieldsV1") {
            return make_error(Reason::bad_request, "invalid fieldsType ", quote(fields_type),
                              " in managed fields entry ", position);
        }
        ++position;
        ManagerId id;
        id.manager = entry.string_at("manager");
        id.subresource = entry.string_at("subresource");
        id.operation = operation == "Apply" ? Operation::apply : Operation::update;
        if (id.operation == Operation::update) {
            id.api_version = api_version;
        }
        const Value* fields = entry.find("fieldsV1");
        Result<FieldSet> set = fields == nullptr ? FieldSet() : FieldSet::from_value(*fields);
        if (!set) {
            return make_error(Reason::bad_request, "error decoding set: ", set.error().message());
        }
        VersionedSet owned{*std::move(set), std::string(api_version),
                           id.operation == Operation::apply};
        Origin origin;
        origin.time = parse_rfc3339(entry.string_at("time"));
        origin.written_time = origin.time;
        origin.entry = entry;
        origin.set = owned;
        out.origins_[id] = std::move(origin);
        out.managers[std::move(id)] = std::move(owned);
    }
    return out;
}

std::optional<Time> Entries::time_of(const ManagerId& id) const {
    const auto origin = origins_.find(id);
    return origin == origins_.end() ? std::nullopt : origin->second.time;
}

Value Entries::write() const {
    struct Row {
        const ManagerId* id;
        const VersionedSet* owned;
        std::optional<Time> time;
    };
    std::vector<Row> rows;
    for (const auto& [id, owned] : managers) {
        rows.push_back({&id, &owned, time_of(id)});
    }
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
        const auto key = [](const Row& row) {
            return std::tuple(row.id->operation, row.time ? row.time->seconds : 0,
                              std::string_view(row.id->manager),
                              std::string_view(row.owned->api_version),
                              std::string_view(row.id->subresource));
        };
        return key(a) < key(b);
    });
    std::vector<Value> out;
    for (const Row& row : rows) {
        const auto origin = origins_.find(*row.id);
        if (origin != origins_.end() && origin->second.entry.is_map() &&
            origin->second.written_time == row.time && origin->second.set == *row.owned) {
            out.push_back(origin->second.entry);
            continue;
        }
        Value entry = Value::map_with_capacity(7);
        entry.append_new("manager", row.id->manager);
        entry.append_new("operation", operation_text(row.id->operation));
        entry.append_new("apiVersion", row.owned->api_version);
        if (row.time) {
            entry.append_new("time", format_rfc3339(*row.time));
        }
        entry.append_new("fieldsType", "FieldsV1");
        entry.append_new("fieldsV1", row.owned->set.to_value());
        if (!row.id->subresource.empty()) {
            entry.append_new("subresource", row.id->subresource);
        }
        out.push_back(std::move(entry));
    }
    return Value::list(std::move(out));
}

void cap_updaters(Entries& entries) {
    std::vector<ManagerId> updaters;
    for (const auto& [id, owned] : entries.managers) {
        if (!owned.is_applied) {
            updaters.push_back(id);
        }
    }
    size_t count = updaters.size();
    if (count <= update_managers_max) {
        return;
    }
    std::ranges::sort(updaters, [&](const ManagerId& a, const ManagerId& b) {
        const std::optional<Time> left = entries.time_of(a);
        const std::optional<Time> right = entries.time_of(b);
        const int64_t left_seconds = left ? left->seconds : 0;
        const int64_t right_seconds = right ? right->seconds : 0;
        return left_seconds != right_seconds ? left_seconds < right_seconds : a < b;
    });
    // The first of a version is only remembered; it goes into the bucket when a second one comes.
    std::map<std::string, ManagerId> first_of;
    for (const ManagerId& id : updaters) {
        if (count <= update_managers_max) {
            return;
        }
        const VersionedSet owned = entries.managers.at(id);
        const auto [first, is_first] = first_of.emplace(owned.api_version, id);
        if (is_first) {
            continue;
        }
        const ManagerId bucket{std::string(ancient_changes), Operation::update, owned.api_version,
                               ""};
        if (!entries.managers.contains(bucket)) {
            VersionedSet moved = entries.managers.at(first->second);
            entries.managers.erase(first->second);
            entries.managers[bucket] = std::move(moved);
        }
        const std::optional<Time> time = entries.time_of(id);
        VersionedSet& all = entries.managers[bucket];
        all.set = owned.set.union_with(all.set);
        if (bucket != id) {
            entries.managers.erase(id);
        }
        if (time) {
            entries.set_time(bucket, *time);  // later than that of what is in there
        }
        --count;
    }
}

std::string manager_text(const ManagerId& id) {
    std::string out = quote(id.manager);
    if (!id.subresource.empty()) {
        append(out, " with subresource ", quote(id.subresource));
    }
    if (id.operation == Operation::update) {
        append(out, " using ", id.api_version);
    }
    return out;
}

Error conflict_error(const std::vector<Conflict>& conflicts) {
    CHECK(!conflicts.empty());
    ErrorDetails details;
    for (const Conflict& conflict : conflicts) {
        details.causes.push_back({.reason = "FieldManagerConflict",
                                  .message = cat("conflict with ", manager_text(conflict.manager)),
                                  .field = to_text(conflict.path)});
    }
    std::string message;
    if (conflicts.size() == 1) {
        message = cat("Apply failed with 1 conflict: conflict with ",
                      manager_text(conflicts[0].manager), ": ", to_text(conflicts[0].path));
    } else {
        message = cat("Apply failed with ", conflicts.size(), " conflicts: ");
        const ManagerId* last = nullptr;
        for (const Conflict& conflict : conflicts) {  // sorted by manager
            if (last == nullptr || *last != conflict.manager) {
                append(message, last == nullptr ? "" : "\n", "conflicts with ",
                       manager_text(conflict.manager), ":");
                last = &conflict.manager;
            }
            append(message, "\n- ", to_text(conflict.path));
        }
    }
    return Error(Reason::conflict, std::move(message), std::move(details));
}

}  // namespace weft::merge::internal
