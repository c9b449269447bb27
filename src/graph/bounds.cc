// graph/bounds.cc: sizes along paths of schemas, and sums of what expressions may cost.

#include "graph/bounds.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "cel/cost.h"
#include "cel/limits.h"
#include "graph/diagnostics.h"
#include "graph/internal/joining.h"
#include "graph/internal/programs.h"

namespace weft::graph {

namespace {

// Where sums and products of cel/cost.h end.
constexpr uint64_t saturated = std::numeric_limits<uint64_t>::max();

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

// What a value about which nothing is known may hold: expressions make nothing larger.
constexpr cel::SizeEstimate unknown_size{0, cel::evaluation_memory_max};

// How many elements, entries or characters, and what the schema lacks that would limit them: "has
// no maxItems"; "" if it is limited.
struct Extent {
    uint64_t most = 0;
    std::string_view lacks;
};

Extent extent_of(const schema::Schema& node) {
    const uint64_t most = cel::max_elements(node);
    const schema::Constraints* constraints = node.constraints.get();
    const auto has = [&](std::optional<int64_t> schema::Constraints::* member) {
        return constraints != nullptr && (constraints->*member).has_value();
    };
    switch (node.type) {
        case schema::Type::array:
            return {most, has(&schema::Constraints::max_items) ? "" : "has no maxItems"};
        case schema::Type::string: {
            const bool is_limited =
                most < cel::request_size_max - 2 || has(&schema::Constraints::max_length);
            return {most, is_limited ? "" : "has no maxLength"};
        }
        case schema::Type::object:
            if (node.additional_properties != nullptr) {
                return {most,
                        has(&schema::Constraints::max_properties) ? "" : "has no maxProperties"};
            }
            break;
        case schema::Type::unset:
            break;
        default:
            return {most, ""};
    }
    const bool takes_anything = node.type == schema::Type::unset || node.preserve_unknown_fields;
    return takes_anything ? Extent{cel::request_size_max, "may be anything"} : Extent{most, ""};
}

// "schema.spec.zones[]": a path of the estimator as people write it.
std::string path_text(Steps path) {
    std::string out;
    for (const std::string_view step : path) {
        if (step == "@items") {
            out += "[]";
        } else if (step == "@values") {
            out += ".*";
        } else {
            append(out, out.empty() ? "" : ".", step);
        }
    }
    return out;
}

class Estimator {
public:
    Estimator(const Graph& graph, int64_t collection_size)
        : graph_(graph),
          collection_size_(static_cast<uint64_t>(std::max<int64_t>(collection_size, 1))) {}

    Bounds run() {
        Bounds out;
        const Programs& programs = *graph_.programs;
        roots_["schema"] = {programs.instance_schema.get(), false, {}};
        // In topological order: what a node reads is known when it comes.
        for (size_t i = 0; i < graph_.nodes.size(); ++i) {
            const Node& node = graph_.nodes[i];
            out.nodes.push_back(bound_of(node, programs.nodes[i]));
            roots_[node.id] = root_of(node, programs.nodes[i], out.nodes.back().items);
            out.objects = cel::saturating_add(out.objects, out.nodes.back().objects);
            out.cost = cel::saturating_add(out.cost, out.nodes.back().cost);
        }
        for (const ComputedField& field : programs.computed) {
            out.cost = cel::saturating_add(
                out.cost, measure(Measure::cost, *programs.environment, field.expression));
        }
        const Path status{"spec", "schema", "status"};
        for (const FieldProgram& field : programs.status) {
            add(out.status_cost, out.status_costliest, *programs.environment, field.expression, 1,
                join_paths(status, field.path));
        }
        for (const CompiledExpression& condition : programs.conditions) {
            add(out.status_cost, out.status_costliest, *programs.environment, condition, 1,
                status.child("conditions"));
        }
        out.cost = cel::saturating_add(out.cost, out.status_cost);
        return out;
    }

private:
    struct Root {
        const schema::Schema* schema = nullptr;
        bool is_list = false;
        Extent items;
    };

    static Root root_of(const Node& node, const NodePrograms& programs, uint64_t items) {
        const schema::Schema* schema = programs.schema.get();
        if (node.iterates()) {
            return {schema, true, {items, ""}};
        }
        if (node.is_list()) {
            // No schema says how many there are; what of them fits into a request.
            const uint64_t size = cel::min_serialized_size(*schema);
            return {schema,
                    true,
                    {(cel::request_size_max - 2) / (size + 1), "has as many objects as there are"}};
        }
        return {schema, false, {}};
    }

    // Nothing for what is no field of the instance or of an object.
    [[nodiscard]] std::optional<Extent> find_extent(Steps path) const {
        const auto root = roots_.find(path[0]);
        if (root == roots_.end()) {
            return std::nullopt;
        }
        const schema::Schema* node = root->second.schema;
        size_t next = 1;
        if (root->second.is_list) {
            if (path.size() == 1) {
                return root->second.items;
            }
            if (path[1] != "@items") {
                return std::nullopt;
            }
            next = 2;
        }
        for (; next < path.size() && node != nullptr; ++next) {
            if (path[next] == "@keys") {
                return Extent{};
            }
            node = path[next] == "@items"    ? node->items
                   : path[next] == "@values" ? node->additional_properties
                                             : node->find_member(path[next]);
        }
        return node == nullptr ? Extent{cel::request_size_max, "may be anything"}
                               : extent_of(*node);
    }

    [[nodiscard]] std::optional<cel::SizeEstimate> size_of(Steps path) {
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
        const std::optional<Extent> extent = find_extent(path);
        if (!extent) {
            return std::nullopt;
        }
        if (extent->lacks.empty() || !follows_) {
            return cel::SizeEstimate{0, extent->most};
        }
        const std::string text = path_text(path);
        if (text == short_) {
            return cel::SizeEstimate{0, std::min<uint64_t>(extent->most, 1)};
        }
        unlimited_.emplace(text, extent->lacks);
        return cel::SizeEstimate{0, extent->most};
    }

    // What an expression costs, or how large its value is.
    enum class Measure : uint8_t { cost, size };
    [[nodiscard]] uint64_t measure(Measure what, const cel::Environment& environment,
                                   const CompiledExpression& expression) {
        const auto size = [this](Steps path) { return size_of(path); };
        const cel::Ast& ast = expression.program.ast();
        return what == Measure::cost
                   ? cel::estimate_cost(environment, ast, size, unknown_size).max
                   : cel::estimate_size(environment, ast, size, unknown_size)->max;
    }

    // The field without a limit whose size matters most to an expression: the one that, were it
    // short, would leave least.
    [[nodiscard]] std::string driver_of(Measure what, const cel::Environment& environment,
                                        const CompiledExpression& expression) {
        follows_ = true;
        unlimited_.clear();
        uint64_t least = measure(what, environment, expression);
        const std::map<std::string, std::string_view> fields = std::move(unlimited_);
        std::string out;
        size_t tried = 0;
        for (const auto& [field, lacks] : fields) {
            if (++tried > limits::drivers_tried) {
                break;
            }
            short_ = field;
            if (const uint64_t left = measure(what, environment, expression); left < least) {
                least = left;
                out = cat("`", field, "` ", lacks);
            }
        }
        short_.clear();
        follows_ = false;
        return out;
    }

    void add(uint64_t& sum, CostlyExpression& costliest, const cel::Environment& environment,
             const CompiledExpression& expression, uint64_t times, const Path& path) {
        const uint64_t cost =
            cel::saturating_multiply(measure(Measure::cost, environment, expression), times);
        sum = cel::saturating_add(sum, cost);
        if (cost > costliest.cost || costliest.text.empty()) {
            costliest = {expression.source.user_text(), path.text(), cost, times,
                         driver_of(Measure::cost, environment, expression)};
        }
    }

    NodeBound bound_of(const Node& node, const NodePrograms& programs) {
        NodeBound bound;
        bound.id = node.id;
        bound.path = node.path;
        const cel::Environment& plain = *graph_.programs->environment;
        const cel::Environment& own = programs.environment ? *programs.environment : plain;
        const auto add_one = [&](const cel::Environment& environment,
                                 const CompiledExpression& expression, uint64_t times,
                                 const Path& path) {
            add(bound.cost, bound.costliest, environment, expression, times, path);
        };
        for (size_t i = 0; i < programs.dimensions.size(); ++i) {
            const CompiledExpression& list = programs.dimensions[i];
            const uint64_t most = measure(Measure::size, plain, list);
            bound.loops.push_back(
                {list.source.user_text(), most, driver_of(Measure::size, plain, list)});
            bound.items = cel::saturating_multiply(bound.items, most);
            add_one(plain, list, 1, node.path.child("forEach").child(i));
            variables_[programs.variables[i]] = plain_path(list.program.ast().root());
        }
        // A larger collection is refused when it is made.
        bound.is_limited = bound.items > collection_size_;
        bound.items = std::min(bound.items, collection_size_);
        bound.objects = node.makes_objects() ? bound.items : 0;
        const uint64_t items = std::max<uint64_t>(bound.items, 1);
        const Path object = node.is_def()        ? node.path
                            : node.is_external() ? node.path.child("externalRef")
                                                 : node.path.child("template");
        for (const FieldProgram* field : programs.renderer->fields()) {
            add_one(own, field->expression, field->iterates ? items : 1,
                    join_paths(object, field->path));
        }
        for (size_t i = 0; i < programs.include_when.size(); ++i) {
            add_one(plain, programs.include_when[i], 1, node.path.child("includeWhen").child(i));
        }
        // Each of a collection's items is asked whether it is ready.
        roots_["each"] = {programs.schema.get(), false, {}};
        roots_[node.id] =
            node.iterates() ? Root{programs.schema.get(), false, {}} : root_of(node, programs, 1);
        const cel::Environment& ready =
            programs.ready_environment ? *programs.ready_environment : plain;
        for (size_t i = 0; i < programs.ready_when.size(); ++i) {
            add_one(ready, programs.ready_when[i], items, node.path.child("readyWhen").child(i));
        }
        variables_.clear();
        return bound;
    }

    const Graph& graph_;
    uint64_t collection_size_;
    std::map<std::string, Root, std::less<>> roots_;
    std::map<std::string, std::vector<std::string>, std::less<>> variables_;
    // Of driver_of(): the fields without a limit that were asked for, and the one that is taken to
    // be short.
    bool follows_ = false;
    std::map<std::string, std::string_view> unlimited_;
    std::string short_;
};

std::string loops_text(const NodeBound& bound) {
    std::string out;
    for (const LoopBound& loop : bound.loops) {
        append(out, out.empty() ? "" : " and ", loop.list, " (at most ", bound_text(loop.items),
               loop.driver.empty() ? "" : cat(": ", loop.driver), ")");
    }
    return out;
}

}  // namespace

Bounds bounds_of(const Graph& graph, int64_t collection_size) {
    return Estimator(graph, collection_size).run();
}

const CostlyExpression& Bounds::costliest() const {
    const CostlyExpression* most = &status_costliest;
    for (const NodeBound& node : nodes) {
        most = node.costliest.cost > most->cost ? &node.costliest : most;
    }
    return *most;
}

std::string bound_text(uint64_t bound) {
    std::string digits = cat(bound);
    for (size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, ",");
    }
    return bound == saturated ? digits + " or more" : digits;
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
        const CostlyExpression& costliest = is_status ? bounds.status_costliest : most->costliest;
        std::string what =
            cat(is_status ? "the status" : cat("resource ", quote(most->id)), " costs up to ",
                bound_text(is_status ? bounds.status_cost : most->cost),
                ", most of it the expression ", quote(costliest.text));
        if (costliest.times > 1) {
            append(what, ", evaluated up to ", bound_text(costliest.times), " times",
                   most->loops.empty() ? "" : cat(" by its loop over ", loops_text(*most)));
        }
        if (!costliest.driver.empty()) {
            append(what, "; ", costliest.driver);
        }
        Diagnostic diagnostic = diagnose(
            "G029", Path(),
            cat("evaluating the definition's expressions costs up to ", bound_text(bounds.cost),
                ", which exceeds the budget of ", bound_text(budget.cost), "; ", what));
        diagnostic.path = costliest.path;
        out.push_back(std::move(diagnostic));
    }
    return out;
}

}  // namespace weft::graph
