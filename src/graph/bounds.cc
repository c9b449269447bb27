// graph/bounds.cc: sizes along paths of schemas, and sums of what expressions may cost.

#include "graph/bounds.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "cel/cost.h"
#include "graph/diagnostics.h"
#include "graph/internal/joining.h"
#include "graph/internal/programs.h"

namespace weft::graph {

namespace {

constexpr uint64_t no_bound = std::numeric_limits<uint64_t>::max();

using Steps = std::span<const std::string_view>;

// The fields that an expression names, "schema.spec.zones"; empty if it is not plain.
std::vector<std::string> plain_path(const cel::Expr& expr) {
    if (expr.kind == cel::ExprKind::identifier) {
        return {std::string(expr.name)};
    }
    if (expr.kind != cel::ExprKind::select || expr.test_only) {
        return {};
    }
    std::vector<std::string> path = plain_path(*expr.operand);
    if (!path.empty()) {
        path.emplace_back(expr.name);
    }
    return path;
}

class Estimator {
public:
    Estimator(const Graph& graph, int64_t collection_size)
        : graph_(graph),
          collection_size_(static_cast<uint64_t>(std::max<int64_t>(collection_size, 0))) {}

    Bounds run() {
        Bounds out;
        const Programs& programs = *graph_.programs;
        roots_["schema"] = {programs.instance_schema.get(), false, 0};
        // In topological order: what a node reads is known when it comes.
        for (size_t i = 0; i < graph_.nodes.size(); ++i) {
            const Node& node = graph_.nodes[i];
            out.nodes.push_back(bound_of(node, programs.nodes[i]));
            const uint64_t items = node.iterates() ? out.nodes.back().items : no_bound;
            roots_[node.id] = {programs.nodes[i].schema.get(), node.is_list(), items};
            out.objects = cel::saturating_add(out.objects, out.nodes.back().objects);
            out.cost = cel::saturating_add(out.cost, out.nodes.back().cost);
        }
        for (const ComputedField& field : programs.computed) {
            out.cost = cel::saturating_add(out.cost, cost(*programs.environment, field.expression));
        }
        for (const FieldProgram& field : programs.status) {
            out.status_cost =
                cel::saturating_add(out.status_cost, cost(*programs.environment, field.expression));
        }
        for (const CompiledExpression& condition : programs.conditions) {
            out.status_cost =
                cel::saturating_add(out.status_cost, cost(*programs.environment, condition));
        }
        out.cost = cel::saturating_add(out.cost, out.status_cost);
        return out;
    }

private:
    struct Root {
        const schema::Schema* schema = nullptr;
        bool is_list = false;
        uint64_t items = 0;
    };

    [[nodiscard]] std::optional<cel::SizeEstimate> size_of(Steps path) const {
        std::vector<std::string_view> longer;
        if (const auto variable = variables_.find(path[0]); variable != variables_.end()) {
            // An item of the list that the variable walks.
            if (variable->second.empty()) {
                return std::nullopt;
            }
            longer.assign(variable->second.begin(), variable->second.end());
            longer.emplace_back("@items");
            longer.insert(longer.end(), path.begin() + 1, path.end());
            path = longer;
        }
        const auto root = roots_.find(path[0]);
        if (root == roots_.end()) {
            return std::nullopt;
        }
        const schema::Schema* node = root->second.schema;
        size_t next = 1;
        if (root->second.is_list) {
            if (path.size() == 1) {
                return cel::SizeEstimate{0, root->second.items};
            }
            next = path[1] == "@items" ? 2 : path.size();
        }
        for (; next < path.size() && node != nullptr; ++next) {
            if (path[next] == "@keys") {
                return cel::SizeEstimate{0, 0};
            }
            node = path[next] == "@items"    ? node->items
                   : path[next] == "@values" ? node->additional_properties
                                             : node->find_member(path[next]);
        }
        return node == nullptr ? std::nullopt
                               : std::optional(cel::SizeEstimate{0, cel::max_elements(*node)});
    }

    [[nodiscard]] uint64_t cost(const cel::Environment& environment,
                                const CompiledExpression& expression) const {
        return cel::estimate_cost(environment, expression.program.ast(),
                                  [this](Steps path) { return size_of(path); })
            .max;
    }

    void add(NodeBound& bound, const cel::Environment& environment,
             const CompiledExpression& expression, uint64_t times, const Path& path) const {
        const uint64_t sum = cel::saturating_multiply(cost(environment, expression), times);
        bound.cost = cel::saturating_add(bound.cost, sum);
        if (sum > bound.costliest_cost || bound.costliest.empty()) {
            bound.costliest = expression.source.user_text();
            bound.costliest_path = path.text();
            bound.costliest_cost = sum;
            bound.times = times;
        }
    }

    NodeBound bound_of(const Node& node, const NodePrograms& programs) {
        NodeBound bound;
        bound.id = node.id;
        bound.path = node.path;
        const cel::Environment& plain = *graph_.programs->environment;
        const cel::Environment& own = programs.environment ? *programs.environment : plain;
        for (size_t i = 0; i < programs.dimensions.size(); ++i) {
            const CompiledExpression& list = programs.dimensions[i];
            const cel::Ast& ast = list.program.ast();
            const std::optional<cel::SizeEstimate> size =
                cel::estimate_size(plain, ast, [this](Steps path) { return size_of(path); });
            const uint64_t most = size ? size->max : no_bound;
            bound.loops.emplace_back(list.source.user_text(), most);
            bound.items = cel::saturating_multiply(bound.items, most);
            add(bound, plain, list, 1, node.path.child("forEach").child(i));
            variables_[programs.variables[i]] = plain_path(ast.root());
        }
        // A larger collection is refused when it is made.
        bound.items = std::min(bound.items, std::max<uint64_t>(collection_size_, 1));
        bound.objects = node.makes_objects() ? bound.items : 0;
        const uint64_t items = std::max<uint64_t>(bound.items, 1);
        const Path object = node.is_def()        ? node.path
                            : node.is_external() ? node.path.child("externalRef")
                                                 : node.path.child("template");
        for (const FieldProgram* field : programs.renderer->fields()) {
            add(bound, own, field->expression, field->iterates ? items : 1,
                join_paths(object, field->path));
        }
        for (size_t i = 0; i < programs.include_when.size(); ++i) {
            add(bound, plain, programs.include_when[i], 1, node.path.child("includeWhen").child(i));
        }
        // Each of a collection's items is asked whether it is ready.
        roots_["each"] = {programs.schema.get(), false, 0};
        roots_[node.id] = {programs.schema.get(), node.type == NodeType::external_collection,
                           no_bound};
        const cel::Environment& ready =
            programs.ready_environment ? *programs.ready_environment : plain;
        for (size_t i = 0; i < programs.ready_when.size(); ++i) {
            add(bound, ready, programs.ready_when[i], items, node.path.child("readyWhen").child(i));
        }
        variables_.clear();
        return bound;
    }

    const Graph& graph_;
    uint64_t collection_size_;
    std::map<std::string, Root, std::less<>> roots_;
    std::map<std::string, std::vector<std::string>, std::less<>> variables_;
};

std::string loops_text(const NodeBound& bound) {
    std::string out;
    for (const auto& [list, most] : bound.loops) {
        append(out, out.empty() ? "" : " and ", list, " (",
               most == no_bound ? "no bound" : cat("at most ", bound_text(most)), ")");
    }
    return out;
}

}  // namespace

Bounds bounds_of(const Graph& graph, int64_t collection_size) {
    return Estimator(graph, collection_size).run();
}

std::string bound_text(uint64_t bound) {
    if (bound == no_bound) {
        return "unbounded";
    }
    std::string digits = cat(bound);
    for (size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, ",");
    }
    return digits;
}

Diagnostics check_budget(const Bounds& bounds, const Budget& budget) {
    Diagnostics out;
    if (bounds.objects > budget.objects) {
        const auto most = std::ranges::max_element(bounds.nodes, {}, &NodeBound::objects);
        CHECK(most != bounds.nodes.end());
        const Path path = most->loops.empty() ? most->path : most->path.child("forEach");
        out.push_back(
            diagnose("G029", path,
                     cat("the definition makes up to ", bound_text(bounds.objects),
                         " objects, which exceeds the budget of ", bound_text(budget.objects),
                         "; resource ", quote(most->id), " makes up to ", bound_text(most->objects),
                         most->loops.empty() ? "" : cat(" in its loop over ", loops_text(*most)))));
    }
    if (bounds.cost > budget.cost) {
        const auto most = std::ranges::max_element(bounds.nodes, {}, &NodeBound::cost);
        const bool is_status = most == bounds.nodes.end() || bounds.status_cost > most->cost;
        std::string what = cat("the status costs up to ", bound_text(bounds.status_cost));
        if (!is_status) {
            what = cat("resource ", quote(most->id), " costs up to ", bound_text(most->cost),
                       ", most of it the expression ", quote(most->costliest));
            if (most->times > 1) {
                append(what, ", evaluated up to ", bound_text(most->times), " times",
                       most->loops.empty() ? "" : cat(" by its loop over ", loops_text(*most)));
            }
        }
        Diagnostic diagnostic = diagnose(
            "G029", Path{"spec", "schema", "status"},
            cat("evaluating the definition's expressions costs up to ", bound_text(bounds.cost),
                ", which exceeds the budget of ", bound_text(budget.cost), "; ", what));
        if (!is_status) {
            diagnostic.path = most->costliest_path;
        }
        out.push_back(std::move(diagnostic));
    }
    return out;
}

}  // namespace weft::graph
