// cel/library/quantity.cc: Kubernetes quantities as values.

#include "cel/library/quantity.h"

#include <type_traits>

#include "cel/library/kubernetes_costs.h"
#include "schema/quantity.h"

namespace weft::cel {

namespace {

constexpr Type quantity_type{.kind = TypeKind::opaque, .name = "kubernetes.Quantity"};

// Go compares sums by identity of their representation; here equal amounts are equal.
class QuantityValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    // `text` is what was read, and outlives the value; empty for what was counted.
    explicit QuantityValue(const schema::Amount& quantity, std::string_view text = {})
        : amount(quantity), written_(text) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &quantity_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* quantity = other.as<QuantityValue>();
        return quantity != nullptr
                   ? Value::boolean(quantity->amount == amount)
                   : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] std::string text() const override {
        return written_.empty() ? amount.text() : *schema::canonical_quantity(written_);
    }

    const schema::Amount amount;

private:
    std::string_view written_;
};
static_assert(std::is_trivially_destructible_v<QuantityValue>);  // an arena need not remember it

const schema::Amount& amount_of(const Value& value) {
    return value.as<QuantityValue>()->amount;
}

Value make_quantity(Call& call, std::span<const Value> args) {
    const Result<schema::Amount> quantity = schema::Amount::parse(args[0].as_string());
    return quantity ? call.object<QuantityValue>(*quantity, args[0].as_string())
                    : call.error(ErrorCode::invalid_argument, quantity.error().message());
}
Value is_quantity(Call&, std::span<const Value> args) {
    return Value::boolean(schema::Amount::parse(args[0].as_string()).has_value());
}
Value quantity_sign(Call&, std::span<const Value> args) {
    return Value::integer(amount_of(args[0]).sign());
}
int order_of(std::span<const Value> args) {
    const auto order = amount_of(args[0]) <=> amount_of(args[1]);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}
Value quantity_is_greater(Call&, std::span<const Value> args) {
    return Value::boolean(order_of(args) > 0);
}
Value quantity_is_less(Call&, std::span<const Value> args) {
    return Value::boolean(order_of(args) < 0);
}
Value quantity_compare(Call&, std::span<const Value> args) {
    return Value::integer(order_of(args));
}
Value quantity_as_float(Call&, std::span<const Value> args) {
    return Value::number(amount_of(args[0]).to_double());
}
// `value` is cut at the bounds of an int64: then it is another amount.
bool is_whole(const schema::Amount& amount) {
    return amount.is_integer() && schema::Amount::of_units(amount.value()) == amount;
}
Value quantity_is_integer(Call&, std::span<const Value> args) {
    return Value::boolean(is_whole(amount_of(args[0])));
}
Value quantity_as_integer(Call& call, std::span<const Value> args) {
    const schema::Amount& amount = amount_of(args[0]);
    return is_whole(amount) ? Value::integer(amount.value())
                            : call.error(ErrorCode::conversion, "cannot convert value to integer");
}
schema::Amount other_amount(const Value& value) {
    return value.is_int() ? schema::Amount::of_units(value.as_int()) : amount_of(value);
}
Value quantity_add(Call& call, std::span<const Value> args) {
    return call.object<QuantityValue>(amount_of(args[0]).plus(other_amount(args[1])));
}
Value quantity_sub(Call& call, std::span<const Value> args) {
    return call.object<QuantityValue>(amount_of(args[0]).minus(other_amount(args[1])));
}

constexpr Documentation quantity_documentation[] = {
    {"quantity", "The quantity that a text is: `100m`, `1.5Gi`, `2e3`.", "quantity('1.5Gi')",
     "1536Mi"},
    {"isQuantity", "Whether a text is a quantity.", "isQuantity('1,5Gi')", "false"},
    {"sign", "-1, 0 or 1, as the quantity is below, at or above zero.", "sign(quantity('-1'))",
     "-1"},
    {"isGreaterThan", "Whether it is more than another one.",
     "quantity('50Mi').isGreaterThan(quantity('50M'))", "true"},
    {"isLessThan", "Whether it is less than another one.",
     "quantity('50M').isLessThan(quantity('50Mi'))", "true"},
    {"compareTo", "-1, 0 or 1, as it is less than, equal to or more than another one.",
     "quantity('200M').compareTo(quantity('0.2G'))", "0"},
    {"asApproximateFloat", "The nearest floating-point number.",
     "quantity('1500m').asApproximateFloat()", "1.5"},
    {"asInteger", "The whole number that it is; an error if it is none.",
     "quantity('50k').asInteger()", "50000"},
    {"isInteger", "Whether it is a whole number of 64 bits.", "quantity('1500m').isInteger()",
     "false"},
    {"add", "The sum with another quantity or a whole number.",
     "quantity('50k').add(20) == quantity('50020')", "true"},
    {"sub", "The difference to another quantity or a whole number.",
     "quantity('50k').sub(quantity('50')).asInteger()", "49950"},
};

}  // namespace

Library quantity_library() {
    constexpr std::string_view pair_to_bool = "kubernetes.Quantity.(kubernetes.Quantity) -> bool";
    Library library("kubernetes.quantity");
    library.function("quantity", {{.id = "string_to_quantity",
                                   .signature = "(string) -> kubernetes.Quantity",
                                   .call = make_quantity,
                                   .actual_cost = cost_of_parsing,
                                   .estimated_cost = estimate_traversal}});
    library.function("isQuantity", {{.id = "is_quantity_string",
                                     .signature = "(string) -> bool",
                                     .call = is_quantity,
                                     .actual_cost = cost_of_parsing,
                                     .estimated_cost = estimate_traversal}});
    library.function("sign", {{.id = "quantity_sign",
                               .signature = "(kubernetes.Quantity) -> int",
                               .call = quantity_sign}});
    library.function("isGreaterThan", {{.id = "quantity_is_greater_than",
                                        .signature = pair_to_bool,
                                        .call = quantity_is_greater}});
    library.function(
        "isLessThan",
        {{.id = "quantity_is_less_than", .signature = pair_to_bool, .call = quantity_is_less}});
    library.function("compareTo", {{.id = "quantity_compare_to",
                                    .signature = "kubernetes.Quantity.(kubernetes.Quantity) -> int",
                                    .call = quantity_compare}});
    library.function("asApproximateFloat", {{.id = "quantity_get_float",
                                             .signature = "kubernetes.Quantity.() -> double",
                                             .call = quantity_as_float}});
    library.function("asInteger", {{.id = "quantity_get_int",
                                    .signature = "kubernetes.Quantity.() -> int",
                                    .call = quantity_as_integer}});
    library.function("isInteger", {{.id = "quantity_is_integer",
                                    .signature = "kubernetes.Quantity.() -> bool",
                                    .call = quantity_is_integer}});
    library.function(
        "add", {{.id = "quantity_add",
                 .signature = "kubernetes.Quantity.(kubernetes.Quantity) -> kubernetes.Quantity",
                 .call = quantity_add},
                {.id = "quantity_add_int",
                 .signature = "kubernetes.Quantity.(int) -> kubernetes.Quantity",
                 .call = quantity_add}});
    library.function(
        "sub", {{.id = "quantity_sub",
                 .signature = "kubernetes.Quantity.(kubernetes.Quantity) -> kubernetes.Quantity",
                 .call = quantity_sub},
                {.id = "quantity_sub_int",
                 .signature = "kubernetes.Quantity.(int) -> kubernetes.Quantity",
                 .call = quantity_sub}});
    library.document("Quantities", quantity_documentation);
    return library;
}

}  // namespace weft::cel
