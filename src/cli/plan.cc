// cli/plan.cc: `weft plan`: what would be done for an instance, and what waits for what.

#include "cli/commands.h"
#include "cli/rehearsal.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

struct Counts {
    size_t created = 0;
    size_t changed = 0;
    size_t removed = 0;
    size_t waiting = 0;
    size_t broken = 0;
};

bool is_waiting(const graph::NodePlan& node) {
    return node.state == graph::NodeState::in_progress ||
           node.state == graph::NodeState::waiting_for_readiness ||
           node.state == graph::NodeState::deleting;
}

Counts count(const Rehearsal& rehearsal) {
    Counts counts;
    for (const Change& change : rehearsal.changes()) {
        switch (change.kind) {
            case Change::Kind::create:
                ++counts.created;
                break;
            case Change::Kind::change:
                ++counts.changed;
                break;
            case Change::Kind::remove:
                ++counts.removed;
                break;
        }
    }
    for (const graph::NodePlan& node : rehearsal.plan().nodes) {
        counts.waiting += is_waiting(node) ? 1 : 0;
        counts.broken += node.state == graph::NodeState::error ? 1 : 0;
    }
    return counts;
}

std::string change_text(const Change& change, bool why, bool coloured) {
    std::string mark = "+";
    Colour colour = Colour::green;
    if (change.kind == Change::Kind::change) {
        mark = "~";
        colour = Colour::yellow;
    } else if (change.kind == Change::Kind::remove) {
        mark = "-";
        colour = Colour::red;
    }
    std::string out = cat("  ", paint(cat(mark, " ", object_text(change.key)), colour, coloured),
                          change.node.empty() ? "" : cat("  (", change.node, ")"), "\n");
    for (const merge::FieldDifference& field : change.fields) {
        append(out, "      ", merge::to_text(field), "\n");
    }
    if (change.kind == Change::Kind::change && change.fields.empty()) {
        append(out, "      no field changes: the controller becomes their owner\n");
    }
    if (change.kind == Change::Kind::remove || why) {
        append(out, "      because: ", change.why, "\n");
    }
    return out;
}

// What stands for a node that is not as it should be; "" for one that is.
std::string node_text(const graph::NodePlan& node, bool coloured) {
    switch (node.state) {
        case graph::NodeState::synced:
            return "";
        case graph::NodeState::skipped:
            return cat("  ",
                       paint(cat("○ ", node.id, " is left out: ", node.why), Colour::dim, coloured),
                       "\n");
        case graph::NodeState::error:
            return cat("  ", paint(cat("✗ ", node.id, " fails"), Colour::red, coloured), ": ",
                       node.why, "\n");
        case graph::NodeState::in_progress:
        case graph::NodeState::waiting_for_readiness:
        case graph::NodeState::deleting:
            break;
    }
    // "waiting for `db`: …" reads on from "waits".
    constexpr std::string_view long_form = "waiting for ";
    const std::string why = node.why.starts_with(long_form)
                                ? cat(" waits for ", node.why.substr(long_form.size()))
                                : cat(" is not ready: ", node.why);
    return cat("  ", paint(cat("… ", node.id), Colour::blue, coloured), why, "\n");
}

std::string plan_text(const Rehearsal& rehearsal, bool why, bool coloured) {
    const Counts counts = count(rehearsal);
    const Object& instance = rehearsal.instance();
    std::string out =
        cat(paint(cat(instance.kind(), " ", instance.key().text()), Colour::bold, coloured), ": ",
            counts.created, " to create, ", counts.changed, " to change, ", counts.removed,
            " to delete", counts.waiting == 0 ? "" : cat(", ", counts.waiting, " waiting"),
            counts.broken == 0 ? "" : cat(", ", counts.broken, " failing"), "\n");
    for (const Change& change : rehearsal.changes()) {
        out += change_text(change, why, coloured);
    }
    for (const graph::NodePlan& node : rehearsal.plan().nodes) {
        out += node_text(node, coloured);
    }
    return out;
}

Value key_value(const ObjectKey& key) {
    Value out = Value::map_of({{"apiVersion", key.kind.api_version()}, {"kind", key.kind.kind}});
    if (!key.name.namespace_.empty()) {
        out.set("namespace", key.name.namespace_);
    }
    out.set("name", key.name.name);
    return out;
}

Value change_value(const Change& change) {
    constexpr std::array<std::string_view, 3> words = {"create", "change", "delete"};
    Value out = Value::map_of({{"action", words[static_cast<size_t>(change.kind)]},
                               {"node", change.node},
                               {"object", key_value(change.key)},
                               {"why", change.why}});
    if (change.kind == Change::Kind::change) {
        Value fields = Value::list();
        for (const merge::FieldDifference& field : change.fields) {
            Value entry = Value::map_of({{"path", field.path}});
            if (field.before) {
                entry.set("before", *field.before);
            }
            if (field.after) {
                entry.set("after", *field.after);
            }
            fields.push_back(std::move(entry));
        }
        out.set("fields", std::move(fields));
    }
    if (change.kind != Change::Kind::remove) {
        out.set("desired", change.desired.value());
    }
    return out;
}

Value plan_value(const Rehearsal& rehearsal) {
    const Counts counts = count(rehearsal);
    Value actions = Value::list();
    for (const Change& change : rehearsal.changes()) {
        actions.push_back(change_value(change));
    }
    Value nodes = Value::list();
    for (const graph::NodePlan& node : rehearsal.plan().nodes) {
        Value objects = Value::list();
        for (const ObjectKey& key : node.objects) {
            objects.push_back(key_value(key));
        }
        nodes.push_back(Value::map_of({{"id", node.id},
                                       {"state", graph::text(node.state)},
                                       {"why", node.why},
                                       {"waitsFor", node.waits_for},
                                       {"objects", std::move(objects)}}));
    }
    const Object& instance = rehearsal.instance();
    return Value::map_of({{"instance", key_value({instance.group_version_kind(), instance.key()})},
                          {"summary", Value::map_of({{"create", counts.created},
                                                     {"change", counts.changed},
                                                     {"delete", counts.removed},
                                                     {"waiting", counts.waiting},
                                                     {"failing", counts.broken}})},
                          {"actions", std::move(actions)},
                          {"nodes", std::move(nodes)},
                          {"status", rehearsal.status()}});
}

}  // namespace

int run_plan(const PlanOptions& options) {
    const Workbench bench({options.definition}, options.crds, {.cluster = options.cluster});
    if (!bench.complain_if_broken()) {
        return exit_failed;
    }
    Value documents = Value::list();
    std::string text;
    bool is_broken = false;
    const bool is_played =
        rehearse_all(bench, {options.definition, options.instance, options.observed}, {},
                     [&](const Rehearsal& rehearsal, const graph::Graph& /*graph*/) {
                         is_broken = is_broken || count(rehearsal).broken > 0;
                         if (options.format == Format::text) {
                             text += plan_text(rehearsal, options.why, is_coloured());
                         } else {
                             documents.push_back(plan_value(rehearsal));
                         }
                     });
    if (!is_played) {
        return exit_failed;
    }
    if (options.format != Format::text) {
        text = options.format == Format::json ? to_json(documents, {.indent = 2}) + "\n"
                                              : to_yaml(documents);
    }
    return print(text) && !is_broken ? exit_ok : exit_failed;
}

}  // namespace weft::cli
