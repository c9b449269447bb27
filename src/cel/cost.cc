// cel/cost.cc: what an expression may cost before it has run.

#include "cel/cost.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cel/internal/environment_rep.h"
#include "cel/internal/input.h"

namespace weft::cel {

namespace {

using Path = std::vector<std::string_view>;

class Estimator {
public:
    Estimator(const Environment::Rep& environment, const Ast& ast, const SizeOfPath& size_of,
              const std::optional<SizeEstimate>& unknown)
        : environment_(environment), ast_(ast), size_of_(size_of), unknown_(unknown) {}

    CostEstimate cost(const Expr& expr) {
        switch (expr.kind) {
            case ExprKind::literal:
                return {};
            case ExprKind::identifier:
                return cost_of_identifier(expr);
            case ExprKind::select:
                return cost_of_select(expr);
            case ExprKind::call:
                return cost_of_call(expr);
            case ExprKind::list: {
                CostEstimate sum = fixed(10);
                for (const Expr* element : expr.args) {
                    sum = sum + cost(*element);
                }
                return sum;
            }
            case ExprKind::map:
            case ExprKind::structure: {
                CostEstimate sum = fixed(expr.kind == ExprKind::map ? 30 : 40);
                for (const Entry& entry : expr.entries) {
                    if (entry.key != nullptr) {
                        sum = sum + cost(*entry.key);
                    }
                    sum = sum + cost(*entry.value);
                }
                return sum;
            }
            case ExprKind::comprehension:
                return cost_of_comprehension(expr);
        }
        return {};
    }

    std::optional<SizeEstimate> size_of(const Expr& expr) {
        if (const auto found = sizes_.find(expr.id); found != sizes_.end()) {
            return found->second;
        }
        if (const std::optional<SizeEstimate> size = literal_size(expr)) {
            return size;
        }
        if (const Path& path = path_of(expr); !path.empty()) {
            if (const std::optional<SizeEstimate> size = declared_size(path)) {
                return size;
            }
        }
        if (is_scalar(ast_.type_of(expr.id))) {
            return SizeEstimate{1, 1};
        }
        if (expr.kind == ExprKind::identifier) {
            const Local* local = find_local(expr.name);
            if (local != nullptr && local->role == Role::computed) {
                return size_of(*local->source);
            }
        }
        return unknown_;
    }

private:
    // A variable of a comprehension, and what it stands for.
    enum class Role : uint8_t { item, key, value, computed, index };
    struct Local {
        std::string_view name;
        Role role;
        const Expr* source;
    };

    static CostEstimate fixed(uint64_t cost) { return {cost, cost}; }

    [[nodiscard]] const Path& path_of(const Expr& expr) const {
        static const Path none;
        const auto found = paths_.find(expr.id);
        return found == paths_.end() ? none : found->second;
    }
    // A step from something without a path is a path of one step, as in cel-go: estimators are
    // asked about it, too.
    void set_path(const Expr& expr, const Path& base, std::string_view step) {
        Path path = base;
        path.push_back(step);
        paths_[expr.id] = std::move(path);
    }

    [[nodiscard]] const Local* find_local(std::string_view name) const {
        const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                        [&](const Local& local) { return local.name == name; });
        return found == locals_.rend() ? nullptr : &*found;
    }

    // --- Sizes ---

    static bool is_scalar(const Type* type) {
        switch (type->kind) {
            case TypeKind::boolean:
            case TypeKind::integer:
            case TypeKind::unsigned_integer:
            case TypeKind::number:
            case TypeKind::duration:
            case TypeKind::timestamp:
            case TypeKind::null:
                return true;
            default:
                return false;
        }
    }

    std::optional<SizeEstimate> literal_size(const Expr& expr) const {
        const auto exactly = [](uint64_t size) { return SizeEstimate{size, size}; };
        switch (expr.kind) {
            case ExprKind::literal:
                return exactly(cost_size_of(expr.literal));
            case ExprKind::list:
                return exactly(expr.args.size());
            case ExprKind::map:
                return exactly(expr.entries.size());
            default:
                return std::nullopt;
        }
    }

    // Where a schema knows it.
    [[nodiscard]] std::optional<SizeEstimate> size_of_items(const Expr& expr) const {
        Path path = path_of(expr);
        if (path.empty() || ast_.type_of(expr.id)->kind != TypeKind::list) {
            return std::nullopt;
        }
        path.emplace_back("@items");
        return declared_size(path);
    }
    SizeEstimate size_or_unknown(const Expr& expr) {
        return size_of(expr).value_or(SizeEstimate{});
    }

    std::optional<SizeEstimate> declared_size(const Path& path) const {
        if (size_of_) {
            return size_of_(path);
        }
        const Variable* variable = environment_.find_variable(path[0]);
        const schema::Schema* node = variable == nullptr ? nullptr : variable->schema;
        for (size_t i = 1; i < path.size() && node != nullptr; ++i) {
            if (path[i] == "@keys") {
                return i + 1 == path.size() ? std::optional(SizeEstimate{0, 0}) : std::nullopt;
            }
            if (path[i] == "@items") {
                node = node->items;
            } else if (path[i] == "@values") {
                node = node->additional_properties;
            } else {
                const schema::Schema* property = node->find_property(path[i]);
                node = property != nullptr ? property
                                           : node->find_property(unescape_property(path[i]));
            }
        }
        if (node == nullptr) {
            return std::nullopt;
        }
        return SizeEstimate{0, max_elements(*node)};
    }

    // --- Nodes ---

    CostEstimate cost_of_identifier(const Expr& expr) {
        const Local* local = find_local(expr.name);
        if (local == nullptr) {
            const Reference* reference = ast_.reference_of(expr.id);
            paths_[expr.id] = {reference == nullptr ? expr.name : reference->name};
            return fixed(1);
        }
        switch (local->role) {
            case Role::item:
                set_path(expr, path_of(*local->source), "@items");
                break;
            case Role::key:
                set_path(expr, path_of(*local->source), "@keys");
                break;
            case Role::value:
                set_path(expr, path_of(*local->source), "@values");
                break;
            case Role::computed:
                if (const Path path = path_of(*local->source); !path.empty()) {
                    paths_[expr.id] = path;
                }
                break;
            case Role::index:
                break;
        }
        return fixed(1);
    }

    CostEstimate cost_of_select(const Expr& expr) {
        if (expr.test_only) {
            return fixed(environment_.presence_test_is_free ? 0 : 1) + cost(*expr.operand);
        }
        if (ast_.reference_of(expr.id) != nullptr) {
            paths_[expr.id] = {ast_.reference_of(expr.id)->name};
            return fixed(1);
        }
        CostEstimate sum = cost(*expr.operand);
        const TypeKind target = ast_.type_of(expr.operand->id)->kind;
        if (target == TypeKind::map || target == TypeKind::structure) {
            sum = sum + fixed(1);
        }
        set_path(expr, path_of(*expr.operand), expr.name);
        return sum;
    }

    CostEstimate cost_of_call(const Expr& call) {
        const Reference* reference = ast_.reference_of(call.id);
        const bool is_member =
            call.operand != nullptr && (reference == nullptr || !reference->drops_target);
        if (call.name == "dyn" && call.args.size() == 1) {
            const CostEstimate sum = fixed(1) + cost(*call.args[0]);
            if (const std::optional<SizeEstimate> size = size_of(*call.args[0])) {
                sizes_[call.id] = *size;
            }
            return sum;
        }
        CostEstimate target_cost;
        std::vector<CostEstimate> costs;
        std::vector<Operand> operands;
        const auto add_operand = [&](const Expr& expr) {
            operands.push_back({.type = ast_.type_of(expr.id),
                                .size = size_of(expr),
                                .expression = &expr,
                                .item_size = size_of_items(expr)});
        };
        for (const Expr* argument : call.args) {
            costs.push_back(cost(*argument));
        }
        if (is_member) {
            target_cost = cost(*call.operand);
            add_operand(*call.operand);
        }
        for (const Expr* argument : call.args) {
            add_operand(*argument);
        }
        if (call.name == operators::optional_select) {
            return fixed(1) + costs[0];
        }
        const FunctionDeclaration* function =
            reference == nullptr ? nullptr : environment_.find_function(reference->name);
        if (function == nullptr) {
            return {};
        }
        if (function->name == operators::logical_and || function->name == operators::logical_or) {
            return {costs[0].min, saturating_add(costs[0].max, costs[1].max)};
        }
        if (function->name == operators::conditional) {
            sizes_[call.id] = unite(size_or_unknown(*call.args[1]), size_or_unknown(*call.args[2]));
            return costs[0] + unite(costs[1], costs[2]);
        }
        CostEstimate argument_sum;
        for (const CostEstimate& argument : costs) {
            argument_sum = argument_sum + argument;
        }
        std::optional<CostEstimate> united;
        std::optional<SizeEstimate> result_size;
        for (const Declaration& overload : function->overloads) {
            if (std::ranges::find(reference->overloads, overload.id) ==
                reference->overloads.end()) {
                continue;
            }
            const std::optional<CallEstimate> estimate = overload.estimated_cost == nullptr
                                                             ? std::nullopt
                                                             : overload.estimated_cost(operands);
            const CostEstimate own = estimate ? estimate->cost : fixed(1);
            united = united ? unite(*united, own) : own;
            if (estimate && estimate->result_size) {
                result_size = result_size ? unite(*result_size, *estimate->result_size)
                                          : *estimate->result_size;
            }
            if (overload.id == "index_list") {
                set_path(call, path_of(*call.args[0]), "@items");
            } else if (overload.id == "index_map") {
                set_path(call, path_of(*call.args[0]), "@values");
            }
        }
        if (!result_size) {
            result_size = size_of_conversion(call);
        }
        if (result_size) {
            sizes_[call.id] = *result_size;
        }
        return target_cost + united.value_or(CostEstimate{}) + argument_sum;
    }

    // kro's expressions are texts that numbers are put into all the time. cel-go knows no size of
    // string(1), which would make every one of them unbounded; Kubernetes' costs stay as they are.
    [[nodiscard]] std::optional<SizeEstimate> size_of_conversion(const Expr& call) const {
        constexpr uint64_t number_size = 24;  // "-2.2250738585072014e-308"
        const bool is_conversion = environment_.profile.kind == Profile::Kind::kro &&
                                   call.name == "string" && call.operand == nullptr &&
                                   call.args.size() == 1;
        if (!is_conversion || !is_scalar(ast_.type_of(call.args[0]->id))) {
            return std::nullopt;
        }
        return SizeEstimate{1, number_size};
    }

    CostEstimate cost_of_comprehension(const Expr& expr) {
        const Comprehension& loop = *expr.comprehension;
        CostEstimate sum = cost(*loop.range) + cost(*loop.initial);
        const size_t outside = locals_.size();
        const bool is_bind = loop.condition->kind == ExprKind::literal &&
                             loop.condition->literal.is_false() &&
                             loop.range->kind == ExprKind::list && loop.range->args.empty();
        locals_.push_back({loop.accumulator, Role::computed, loop.initial});
        if (is_bind) {
            sum = sum + cost(*loop.result);
            if (const std::optional<SizeEstimate> size = size_of(*loop.result)) {
                sizes_[expr.id] = *size;
            }
            locals_.resize(outside);
            return sum;
        }
        const bool is_map = ast_.type_of(loop.range->id)->kind == TypeKind::map;
        const size_t inside = locals_.size();
        if (loop.second_variable.empty()) {
            locals_.push_back({loop.variable, is_map ? Role::key : Role::item, loop.range});
        } else {
            locals_.push_back({loop.variable, is_map ? Role::key : Role::index, loop.range});
            locals_.push_back(
                {loop.second_variable, is_map ? Role::value : Role::item, loop.range});
        }
        const CostEstimate turn = cost(*loop.condition) + cost(*loop.step);
        locals_.resize(inside);
        sum = sum + cost(*loop.result);
        locals_.resize(outside);
        const SizeEstimate count = size_or_unknown(*loop.range);
        // cel-go 0.26 and before, which Kubernetes has, take the result to be as long as the range.
        // So does whoever wants an estimate that ends.
        if (environment_.profile.kind == Profile::Kind::kubernetes || unknown_) {
            sizes_[expr.id] = count;
        }
        return sum + CostEstimate{saturating_multiply(count.min, turn.min),
                                  saturating_multiply(count.max, turn.max)};
    }

    const Environment::Rep& environment_;
    const Ast& ast_;
    const SizeOfPath& size_of_;
    std::optional<SizeEstimate> unknown_;
    std::map<uint32_t, Path> paths_;
    std::map<uint32_t, SizeEstimate> sizes_;
    std::vector<Local> locals_;
};

}  // namespace

uint64_t saturating_add(uint64_t a, uint64_t b) {
    uint64_t out = 0;
    return __builtin_add_overflow(a, b, &out) ? UINT64_MAX : out;
}

uint64_t saturating_multiply(uint64_t a, uint64_t b) {
    uint64_t out = 0;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

uint64_t scale_cost(uint64_t size, double factor) {
    const double scaled = std::ceil(static_cast<double>(size) * factor);
    return scaled >= 0x1p64 ? UINT64_MAX : static_cast<uint64_t>(scaled);
}

CostEstimate operator+(const CostEstimate& a, const CostEstimate& b) {
    return {saturating_add(a.min, b.min), saturating_add(a.max, b.max)};
}
CostEstimate operator*(const CostEstimate& a, const CostEstimate& b) {
    return {saturating_multiply(a.min, b.min), saturating_multiply(a.max, b.max)};
}
CostEstimate unite(const CostEstimate& a, const CostEstimate& b) {
    return {std::min(a.min, b.min), std::max(a.max, b.max)};
}
SizeEstimate operator+(const SizeEstimate& a, const SizeEstimate& b) {
    return {saturating_add(a.min, b.min), saturating_add(a.max, b.max)};
}
SizeEstimate unite(const SizeEstimate& a, const SizeEstimate& b) {
    return {std::min(a.min, b.min), std::max(a.max, b.max)};
}
CostEstimate scale_cost(const SizeEstimate& size, double factor) {
    return {scale_cost(size.min, factor), scale_cost(size.max, factor)};
}

CostEstimate estimate_cost(const Environment& environment, const Ast& ast,
                           const SizeOfPath& size_of, const std::optional<SizeEstimate>& unknown) {
    return Estimator(environment.rep(), ast, size_of, unknown).cost(ast.root());
}

std::optional<SizeEstimate> estimate_size(const Environment& environment, const Ast& ast,
                                          const SizeOfPath& size_of,
                                          const std::optional<SizeEstimate>& unknown) {
    Estimator estimator(environment.rep(), ast, size_of, unknown);
    // Sizes of calls are found out while their costs are.
    static_cast<void>(estimator.cost(ast.root()));
    return estimator.size_of(ast.root());
}

uint64_t min_serialized_size(const schema::Schema& schema) {
    if (schema.int_or_string) {
        return 0;
    }
    switch (schema.type) {
        case schema::Type::boolean:
            return 4;
        case schema::Type::integer:
        case schema::Type::number:
            return 1;
        case schema::Type::string:
            if (schema.format == "date") {
                return 12;
            }
            if (schema.format == "date-time") {
                return 21;
            }
            return schema.format == "duration" ? 3 : 2;
        case schema::Type::array:
            return 2;
        case schema::Type::object: {
            uint64_t size = 2;
            for (const schema::Property& property : schema.properties) {
                if (schema.is_required(property.name) && !property.schema->default_value) {
                    size += property.name.size() + 4 + min_serialized_size(*property.schema);
                }
            }
            return size;
        }
        case schema::Type::unset:
            break;
    }
    return 0;
}

uint64_t max_elements(const schema::Schema& schema) {
    const schema::Constraints* constraints = schema.constraints.get();
    const auto bound = [](const std::optional<int64_t>& limit) {
        return limit && *limit >= 0 ? std::optional(static_cast<uint64_t>(*limit)) : std::nullopt;
    };
    const auto limit_of = [&](std::optional<int64_t> schema::Constraints::* member) {
        return constraints == nullptr ? std::nullopt : bound(constraints->*member);
    };
    if (schema.int_or_string) {
        return request_size_max - 2;
    }
    switch (schema.type) {
        case schema::Type::array: {
            if (const auto limit = limit_of(&schema::Constraints::max_items)) {
                return *limit;
            }
            const uint64_t item = schema.items == nullptr ? 0 : min_serialized_size(*schema.items);
            return (request_size_max - 2) / (item + 1);
        }
        case schema::Type::object: {
            if (schema.additional_properties == nullptr) {
                return 0;
            }
            if (const auto limit = limit_of(&schema::Constraints::max_properties)) {
                return *limit;
            }
            // A key of no length takes two quotes, a colon and a comma.
            return (request_size_max - 2) /
                   (min_serialized_size(*schema.additional_properties) + 6);
        }
        case schema::Type::string: {
            if (schema.format == "duration" || schema.format == "date-time") {
                return 32;
            }
            if (schema.format == "date") {
                return 12;
            }
            const auto limit = limit_of(&schema::Constraints::max_length);
            if (schema.format == "byte") {
                return limit ? *limit : request_size_max - 2;
            }
            if (constraints != nullptr && !constraints->enum_values.empty()) {
                uint64_t longest = 0;
                for (const weft::Value& value : constraints->enum_values) {
                    longest = std::max<uint64_t>(longest,
                                                 value.is_string() ? value.as_string().size() : 0);
                }
                return longest;
            }
            // Code points of up to four bytes.
            return limit ? saturating_multiply(*limit, 4) : request_size_max - 2;
        }
        default:
            return 0;
    }
}

}  // namespace weft::cel
