// graph/plan.cc: the labels of the instance, then the walk over the nodes.

#include "graph/plan.h"

#include <algorithm>

#include "graph/internal/collection.h"
#include "graph/internal/joining.h"
#include "graph/internal/planner.h"
#include "graph/labels.h"

namespace weft::graph {

namespace {

bool is_applied_by(const Object& object, std::string_view manager) {
    const Value* fields = object.value().find("metadata", "managedFields");
    return fields != nullptr && std::ranges::any_of(fields->items(), [manager](const Value& entry) {
               return entry.string_at("manager") == manager &&
                      entry.string_at("operation") == "Apply";
           });
}

// The record as it stands, if it still stands so when the patch arrives.
void keep_inventory(const Object& instance, Object& patch) {
    patch.metadata().set("resourceVersion", instance.resource_version());
    patch.set_label(label_apply_set_id, instance.label(label_apply_set_id));
    for (const std::string_view name : {annotation_tooling, annotation_group_kinds,
                                        annotation_namespaces, annotation_inventory_hash}) {
        const Value* found = instance.value().find("metadata", "annotations", name);
        if (found != nullptr && found->is_string()) {
            patch.set_annotation(name, found->as_string());
        }
    }
}

constexpr std::string_view pending_mark = " (data pending)";

ObjectKey key_of(const Object& object) {
    return {object.group_version_kind(), object.key()};
}

// Go's GroupVersionResource.String().
std::string gvr_text(const Node& node) {
    return cat(node.kind.group, "/", node.kind.version, ", Resource=", node.resource);
}

}  // namespace

Planner::Planner(const Graph& graph, const Object& instance, const Observed& observed,
                 const PlanOptions& options)
    : graph_(graph),
      instance_(instance),
      observed_(observed),
      options_(options),
      cost_left_(options.budget.cost) {
    schema_value_ = instance.value();
    schema_value_.erase("status");
    apply_set_id_ = apply_set_id(instance);
    is_suspended_ = is_suspended(instance);
    child_labels_ = {{label_owned, "true"},
                     {label_version, version_label(options.version)},
                     {label_instance_id, instance.uid()},
                     {label_instance_name, instance.name()},
                     {label_instance_group, graph.instance_kind.group},
                     {label_instance_version, graph.instance_kind.version},
                     {label_instance_kind, graph.instance_kind.kind},
                     {label_managed_by, "kro"},
                     {label_part_of, apply_set_id_}};
    if (!instance.namespace_().empty()) {
        child_labels_.emplace_back(label_instance_namespace, instance.namespace_());
    }
    works_.resize(graph.nodes.size());
    for (size_t i = 0; i < works_.size(); ++i) {
        works_[i].node = &graph.nodes[i];
        works_[i].programs = &graph.programs->nodes[i];
        works_[i].plan.id = graph.nodes[i].id;
        index_.emplace(graph.nodes[i].id, i);
    }
}

bool Planner::advance(size_t objects) {
    if (!has_begun_) {
        has_begun_ = true;
        plan_.scope = recorded_scope(instance_);
        walks_ = !instance_.is_deleting() && plan_labels();
        if (walks_) {
            compute_spec();
        }
    }
    size_t budget = std::max<size_t>(objects, 1);
    for (; walks_ && at_ < works_.size(); ++at_) {
        // A node that was visited to its end goes on to the next, whatever is left.
        if (budget == 0 || !visit(works_[at_], &budget)) {
            return false;
        }
    }
    if (!is_finished_) {
        is_finished_ = true;
        finish();
    }
    return true;
}

void Planner::finish() {
    if (walks_) {
        find_conflicts();
        if (!deleting_.empty() || has_conflict_ || is_suspended_) {
            drop_children_actions();
        }
        if (!is_suspended_) {
            plan_apply_set();
        }
    }
    plan_.status = make_status();
}

Plan Planner::take() {
    CHECK(is_finished_);
    for (NodeWork& work : works_) {
        plan_.counts.errors += work.plan.state == NodeState::error ? 1 : 0;
        plan_.nodes.push_back(std::move(work.plan));
    }
    return std::move(plan_);
}

// The finalizer and the labels of the instance come before everything else: without the finalizer
// a deletion would leave children behind. False if the walk must wait for them.
bool Planner::plan_labels() {
    const ObservedObject* seen = observed_.find(key_of(instance_));
    if (seen != nullptr && seen->error) {
        management_ = seen->error->message();
        return false;
    }
    Object patch;
    patch.mutable_value().set("apiVersion", instance_.api_version());
    patch.mutable_value().set("kind", instance_.kind());
    patch.metadata().set("name", instance_.name());
    if (!instance_.namespace_().empty()) {
        patch.metadata().set("namespace", instance_.namespace_());
    }
    patch.metadata().set("finalizers", Value::list_of({finalizer}));
    patch.set_label(label_owned, "true");
    patch.set_label(label_version, version_label(options_.version));
    patch.set_label(label_definition_id, graph_.definition_uid);
    patch.set_label(label_definition_name, graph_.definition_name);
    const Value* labels = patch.value().find("metadata", "labels");
    const bool has_labels = std::ranges::all_of(labels->members(), [this](const Member& label) {
        return instance_.label(label.name()) == label.value.as_string();
    });
    const bool has_finalizer = instance_.has_finalizer(finalizer);
    if (has_finalizer && has_labels) {
        return true;
    }
    if (!has_finalizer && has_inventory(instance_)) {
        if (Status status = check_inventory(instance_); !status) {
            management_ = status.error().message();
            return false;
        }
    }
    if (!has_finalizer && !has_inventory(instance_)) {
        // An instance that is deleted before its first child must be found to have none.
        ApplySetScope empty;
        empty.id = apply_set_id_;
        const Object record = parent_patch(instance_, empty, options_.version);
        patch.set_label(label_apply_set_id, empty.id);
        patch.metadata().set("annotations", *record.value().find("metadata", "annotations"));
    } else if (has_inventory(instance_) && !is_applied_by(instance_, manager_parent)) {
        // That record is this manager's, and would go with an apply that does not name it.
        keep_inventory(instance_, patch);
    }
    plan_.actions.push_back(
        {Apply{"", std::move(patch), std::string(manager_labeller), false},
         has_finalizer ? "labels of the instance differ" : "the instance has no finalizer"});
    return false;
}

NodeWork* Planner::find(std::string_view id) {
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &works_[found->second];
}

void Planner::wait(NodeWork& work, std::string text, std::string_view waits_for, std::string why) {
    work.plan.state = NodeState::in_progress;
    work.plan.waits_for = waits_for;
    work.plan.why = std::move(why);
    if (sums_up_) {
        work.plan.state = NodeState::synced;  // Nothing but a field of the status waits.
    } else if (unresolved_.empty()) {
        unresolved_ = work.node->is_def() ? cat("def ", quote(work.node->id), ": ", text)
                                          : cat("gvr ", quote(gvr_text(*work.node)), ": ", text);
    }
}

void Planner::fail(NodeWork& work, std::string text) {
    work.plan.state = NodeState::error;
    work.plan.why = text;
    if (sums_up_) {
        work.failure = std::move(text);
        return;
    }
    if (fatal_.empty()) {
        fatal_ = std::move(text);
    }
}

void Planner::add_interest(NodeWork& work, Interest interest, bool is_known) {
    if (!is_known) {
        work.is_unknown = true;
        plan_.unknown.push_back(interest);
    }
    plan_.interests.push_back(std::move(interest));
}

void Planner::bind(cel::Activation& variables, const std::vector<std::string>& references) {
    for (const std::string& name : references) {
        if (name == "schema") {
            variables.bind("schema", schema_value_);
            continue;
        }
        NodeWork* work = find(name);
        if (work == nullptr || work->is_ignored) {
            continue;
        }
        demand(*work);
        if (!work->is_rendered) {
            continue;
        }
        const bool is_list = work->node->is_list();
        if (!is_list && work->live.empty()) {
            continue;
        }
        if (!work->is_bound) {
            if (is_list) {
                std::vector<Value> items;
                items.reserve(work->live.size());
                for (const Object& object : work->live) {
                    items.push_back(value_of(*work, object));
                }
                work->bound = Value::list(std::move(items));
            } else {
                work->bound = value_of(*work, work->live[0]);
            }
            work->is_bound = true;
        }
        variables.bind(work->node->id, work->bound);
    }
}

Evaluated<bool> Planner::evaluate_bool(const CompiledExpression& expression,
                                       const cel::Activation& variables) {
    ++plan_.counts.expressions;
    Evaluated<Value> value = evaluate(expression, variables, arena_, cost_left());
    if (!value) {
        return std::unexpected(std::move(value).error());
    }
    if (value->is_null()) {
        return false;
    }
    if (!value->is_bool()) {
        return std::unexpected(EvaluationError{
            false, cat("expression ", quote(expression.source.user_text()), " did not return bool"),
            ""});
    }
    return value->as_bool();
}

// Everything of a node but its items. False if it is at its end.
bool Planner::begin(NodeWork& work) {
    ++plan_.counts.nodes;
    ++plan_.counts.ignored_checks;
    const bool is_included = decide_inclusion(work);
    plan_.counts.ignored += work.is_ignored ? 1 : 0;
    if (is_included && work.node->is_def()) {
        work.is_deferred = true;
        work.plan.state = NodeState::synced;
        return false;
    }
    return is_included && check_dependencies(work) && expand(work);
}

// From rendered objects to what their type does with them.
void Planner::prepare(NodeWork& work) {
    work.stage = NodeWork::Stage::done;
    if (!prepare_objects(work)) {
        work.is_rendered = false;
        work.desired.clear();
        return;
    }
    switch (work.node->type) {
        case NodeType::resource:
        case NodeType::collection:
            begin_children(work);
            work.next = 0;
            work.stage = NodeWork::Stage::matching;
            return;
        case NodeType::external:
            return visit_external(work);
        case NodeType::external_collection:
            return visit_external_collection(work);
        case NodeType::def:
        case NodeType::def_collection:
            return;  // compute() makes values.
    }
}

bool Planner::visit(NodeWork& work, size_t* budget) {
    if (work.stage == NodeWork::Stage::beginning) {
        work.is_visited = true;
        work.stage = begin(work) ? NodeWork::Stage::rendering : NodeWork::Stage::done;
    }
    if (work.stage == NodeWork::Stage::rendering) {
        if (!render(work, budget)) {
            return work.stage == NodeWork::Stage::done;
        }
        prepare(work);
    }
    if (work.stage == NodeWork::Stage::matching) {
        if (!match_children(work, budget)) {
            return false;
        }
        end_children(work);
        work.stage = NodeWork::Stage::done;
    }
    return true;
}

// Whether the node is wanted at all. False if it is not, or if that cannot be said yet.
bool Planner::decide_inclusion(NodeWork& work) {
    for (const std::string& id : work.node->dependencies) {
        NodeWork* dependency = find(id);
        if (dependency->undecided) {
            work.undecided = dependency->undecided;
            if (work.undecided->is_pending) {
                wait(work, work.undecided->text, id,
                     cat("waiting for `", id, "`: ", dependency->plan.why));
            } else {
                fail(work, work.undecided->text);
            }
            return false;
        }
        if (dependency->is_ignored) {
            work.is_ignored = true;
            work.plan.state = NodeState::skipped;
            work.plan.why = cat("`", id, "` is not included");
            return false;
        }
    }
    const auto undecided = [&](EvaluationError error, std::string_view on, std::string why) {
        if (error.is_pending) {
            error.text += pending_mark;
            wait(work, error.text, on, std::move(why));
        } else {
            fail(work, error.text);
        }
        work.undecided = std::move(error);
        return false;
    };
    for (size_t i = 0; i < work.programs->include_when.size(); ++i) {
        const CompiledExpression& expression = work.programs->include_when[i];
        bool reads_resources = false;
        for (const std::string& id : expression.references) {
            NodeWork* dependency = find(id);
            if (dependency == nullptr) {
                continue;
            }
            reads_resources = true;
            demand(*dependency);
            std::optional<EvaluationError> unready = find_unreadiness(*dependency);
            if (unready) {
                std::string why = cat("waiting for `", id, "`: ", dependency->plan.why);
                unready->text = cat("includeWhen dependency ", quote(id),
                                    unready->is_pending ? " not ready: " : ": ", unready->text);
                return undecided(*std::move(unready), id, std::move(why));
            }
        }
        cel::Activation variables;
        bind(variables, expression.references);
        Evaluated<bool> included = evaluate_bool(expression, variables);
        const std::string user_text = quote(expression.source.user_text());
        if (!included) {
            EvaluationError error = std::move(included).error();
            std::string why =
                cat("includeWhen[", i, "] `", expression.source.user_text(), "`: ", error.text);
            // What only reads the instance will not change by waiting.
            error.is_pending = error.is_pending && reads_resources;
            error.text = cat("includeWhen ", user_text, ": ", error.in_condition());
            error.front.clear();
            return undecided(std::move(error), "", std::move(why));
        }
        if (!*included) {
            work.is_ignored = true;
            work.plan.state = NodeState::skipped;
            work.plan.why =
                cat("includeWhen[", i, "] `", expression.source.user_text(), "` is false");
            return false;
        }
    }
    return true;
}

bool Planner::check_dependencies(NodeWork& work) {
    for (const std::string& id : work.node->dependencies) {
        NodeWork* dependency = find(id);
        demand(*dependency);
        std::optional<EvaluationError> unready = find_unreadiness(*dependency);
        if (!unready) {
            continue;
        }
        const std::string node = quote(work.node->id);
        if (unready->is_pending) {
            wait(work,
                 cat("node ", node, ": dependent node ", quote(id), " not ready: ", unready->text,
                     pending_mark),
                 id, cat("waiting for `", id, "`: ", dependency->plan.why));
        } else {
            fail(work, cat("node ", node, ": failed to check readiness of dependent node ",
                           quote(id), ": ", unready->text));
        }
        return false;
    }
    return true;
}

bool Planner::refuse_to_render(NodeWork& work, const EvaluationError& error,
                               std::string_view front) {
    if (error.is_pending) {
        wait(work,
             cat("node ", quote(work.node->id),
                 ": failed to evaluate expression: ", error.in_condition(), pending_mark),
             "", error.path.empty() ? error.text : cat(error.text, " (", error.path, ")"));
    } else {
        fail(work, cat(front, error.in_condition()));
    }
    return false;
}

bool Planner::expand(NodeWork& work) {
    if (!work.node->iterates()) {
        return true;
    }
    cel::Activation variables;
    std::vector<std::string> references = work.node->dependencies;
    references.emplace_back("schema");
    bind(variables, references);
    std::vector<Value> dimensions;
    for (size_t i = 0; i < work.programs->dimensions.size(); ++i) {
        const CompiledExpression& dimension = work.programs->dimensions[i];
        Evaluated<Value> list = evaluate(dimension, variables, arena_, cost_left());
        const std::string where = cat("forEach ", quote(work.programs->variables[i]), ": ");
        if (!list) {
            return refuse_to_render(work, list.error(), where);
        }
        if (!list->is_list()) {
            const std::string user_text = quote(dimension.source.user_text());
            return refuse_to_render(
                work,
                {false,
                 list->is_null() ? cat("expression ", user_text, " returned null, expected list")
                                 : cat("expression ", user_text, " did not return a list"),
                 ""},
                where);
        }
        dimensions.push_back(*std::move(list));
    }
    Result<std::vector<std::vector<Value>>> product =
        cartesian_product(dimensions, options_.collection_size);
    if (!product) {
        fail(work, product.error().message());
        return false;
    }
    work.items = *std::move(product);
    if (!work.programs->include_items_when.empty() && !drop_items(work, &variables)) {
        return false;
    }
    plan_.counts.collections.push_back(work.items.size());
    return true;
}

// Leaves out the items for which an includeItemsWhen is false.
bool Planner::drop_items(NodeWork& work, cel::Activation* variables) {
    std::vector<std::vector<Value>> kept;
    for (std::vector<Value>& item : work.items) {
        for (size_t i = 0; i < work.programs->variables.size(); ++i) {
            variables->bind(work.programs->variables[i], item[i]);
        }
        bool is_wanted = true;
        for (const CompiledExpression& expression : work.programs->include_items_when) {
            const Evaluated<bool> holds = evaluate_bool(expression, *variables);
            if (!holds) {
                return refuse_to_render(work, holds.error(),
                                        cat("node ", quote(work.node->id), " includeItemsWhen: "));
            }
            is_wanted = is_wanted && *holds;
        }
        if (is_wanted) {
            kept.push_back(std::move(item));
        }
    }
    work.items = std::move(kept);
    return true;
}

// True when everything is rendered; else there is more to do, or the stage is `done`.
bool Planner::render(NodeWork& work, size_t* budget) {
    cel::Activation variables;
    std::vector<std::string> references = work.node->dependencies;
    references.emplace_back("schema");
    bind(variables, references);
    Inputs inputs;
    inputs.variables = &variables;
    inputs.arena = &arena_;
    inputs.cost_left = cost_left();
    size_t count = 1;
    if (work.node->iterates()) {
        count = std::min(work.items.size() - work.next, *budget);
        inputs.is_collection = true;
        inputs.names = work.programs->variables;
        inputs.items = std::span(work.items).subspan(work.next, count);
    }
    Evaluated<Manifests> objects = work.programs->renderer->render(inputs);
    *budget -= std::min(*budget, count);
    if (!objects) {
        work.stage = NodeWork::Stage::done;
        work.desired.clear();
        const EvaluationError& error = objects.error();
        return refuse_to_render(work, error,
                                error.is_of_item
                                    ? std::string()
                                    : cat("node ", quote(work.node->id),
                                          work.node->iterates() ? " base eval: " : ": "));
    }
    plan_.counts.expressions += work.node->expressions.size() * objects->size();
    if (work.desired.empty()) {
        work.desired = *std::move(objects);
    } else {
        work.desired.insert(work.desired.end(), std::make_move_iterator(objects->begin()),
                            std::make_move_iterator(objects->end()));
    }
    work.next += count;
    if (work.node->iterates() && work.next < work.items.size()) {
        return false;
    }
    work.items.clear();
    if (work.node->makes_objects()) {
        objects_made_ += work.desired.size();
    }
    if (objects_made_ > options_.budget.objects) {
        const size_t made = work.desired.size();
        work.stage = NodeWork::Stage::done;
        work.desired.clear();
        fail(work,
             cat("node ", quote(work.node->id), ": with its ", made, " objects the instance has ",
                 objects_made_, ", which exceeds the budget of ", options_.budget.objects,
                 " (--max-objects)"));
        return false;
    }
    work.is_rendered = true;
    return true;
}

// Namespaces, and what an object needs to have a name at all.
bool Planner::prepare_objects(NodeWork& work) {
    const std::string node = cat("node ", quote(work.node->id));
    if (work.node->type == NodeType::collection) {
        if (Status status = check_unique_identities(work.desired); !status) {
            fail(work, cat(node, " identity collision: ", status.error().message()));
            return false;
        }
    }
    for (Object& object : work.desired) {
        const Value* metadata = object.value().find("metadata");
        const Value* labels = object.value().find("metadata", "labels");
        const Value* annotations = object.value().find("metadata", "annotations");
        const auto is_map_or_absent = [](const Value* value) {
            return value == nullptr || value->is_null() || value->is_map();
        };
        if (metadata == nullptr || !metadata->is_map() || !is_map_or_absent(labels) ||
            !is_map_or_absent(annotations)) {
            fail(work, cat(node, ": metadata, its labels and annotations must be maps"));
            return false;
        }
        if (work.node->namespaced && work.node->type != NodeType::external_collection &&
            object.namespace_().empty()) {
            if (instance_.namespace_().empty()) {
                fail(work, cat(node,
                               " is namespaced and must resolve metadata.namespace when the "
                               "instance is cluster-scoped"));
                return false;
            }
            object.metadata().set("namespace", instance_.namespace_());
        }
        if (work.node->type != NodeType::external_collection && object.name().empty()) {
            fail(work, cat(node, ": metadata.name must resolve to a name"));
            return false;
        }
    }
    return true;
}

bool Plan::is_at_rest() const {
    return actions.empty() && !needs_observation() &&
           std::ranges::all_of(nodes, [](const NodePlan& node) {
               return node.state == NodeState::synced || node.state == NodeState::skipped;
           });
}

bool Plan::wants_retry() const {
    return !retry_reason.empty();
}

Plan plan(const Graph& graph, const Object& instance, const Observed& observed,
          const PlanOptions& options) {
    Planner planner(graph, instance, observed, options);
    planner.advance(SIZE_MAX);
    return planner.take();
}

Planning::Planning(const Graph& graph, const Object& instance, const Observed& observed,
                   const PlanOptions& options)
    : planner_(std::make_unique<Planner>(graph, instance, observed, options)) {}

Planning::~Planning() = default;

bool Planning::advance(size_t objects) {
    return planner_->advance(objects);
}

Plan Planning::take() {
    return planner_->take();
}

}  // namespace weft::graph
