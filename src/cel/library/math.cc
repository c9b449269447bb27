// cel/library/math.cc: functions of numbers. Source: cel-go ext/math.go.

#include "cel/library/math.h"

#include <algorithm>
#include <cmath>

namespace weft::cel {

namespace {

// --- math.greatest and math.least: macros over math.@max and math.@min ---

bool may_be_number(const Expr& expr) {
    switch (expr.kind) {
        case ExprKind::literal:
            return expr.literal.is_numeric();
        case ExprKind::list:
        case ExprKind::map:
        case ExprKind::structure:
            return false;
        default:
            return true;
    }
}

Expr* expand_extreme(MacroContext& context, Expr* target, std::span<Expr*> args,
                     std::string_view name, std::string_view function) {
    if (target->kind != ExprKind::identifier || target->name != "math") {
        return context.decline();
    }
    if (args.empty()) {
        return context.error(target, cat(name, " requires at least one argument"));
    }
    if (args.size() == 1) {
        const Expr& only = *args[0];
        const bool is_list =
            only.kind == ExprKind::list && !only.args.empty() &&
            std::ranges::all_of(only.args, [](const Expr* item) { return may_be_number(*item); });
        return is_list || may_be_number(only)
                   ? context.call(function, {args[0]})
                   : context.error(args[0], cat(name, " invalid single argument value"));
    }
    for (const Expr* argument : args) {
        if (!may_be_number(*argument)) {
            return context.error(argument, cat(name, " simple literal arguments must be numeric"));
        }
    }
    if (args.size() == 2) {
        return context.call(function, {args[0], args[1]});
    }
    Expr* list = context.list({});
    list->args = args;  // they live as long as the call
    return context.call(function, {list});
}
Expr* expand_greatest(MacroContext& context, Expr* target, std::span<Expr*> args) {
    return expand_extreme(context, target, args, "math.greatest()", "math.@max");
}
Expr* expand_least(MacroContext& context, Expr* target, std::span<Expr*> args) {
    return expand_extreme(context, target, args, "math.least()", "math.@min");
}

template <bool is_max>
constexpr std::string_view extreme_name = is_max ? "math.@max" : "math.@min";

template <bool is_max>
Value extreme_of(Call& call, const Value& a, const Value& b) {
    if (!a.is_numeric() || !b.is_numeric()) {
        return call.error(ErrorCode::no_such_overload, "no such overload: ", extreme_name<is_max>);
    }
    const Value order = compare(a, b, call.arena());
    if (order.is_error()) {
        return call.error(order.as_error().code, error_text(order.as_error()), ": ",
                          extreme_name<is_max>);
    }
    return order.as_int() == (is_max ? -1 : 1) ? b : a;
}

template <bool is_max>
Value extreme(Call& call, std::span<const Value> args) {
    return args.size() == 1 ? args[0] : extreme_of<is_max>(call, args[0], args[1]);
}

template <bool is_max>
Value extreme_of_list(Call& call, std::span<const Value> args) {
    const size_t size = args[0].size();
    if (size == 0) {
        return call.error(ErrorCode::invalid_argument, extreme_name<is_max>,
                          "(list) argument must not be empty");
    }
    const auto refuse = [&] {
        return call.error(ErrorCode::no_such_overload, "no such overload: ", extreme_name<is_max>);
    };
    Value best = args[0].item(0, call.arena());
    if (!best.is_numeric()) {
        return best.is_error() ? best : refuse();
    }
    for (size_t i = 1; i < size; ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        const Value item = args[0].item(i, call.arena());
        best = extreme_of<is_max>(call, best, item);
        if (best.is_error()) {
            return item.is_error() ? item : refuse();
        }
    }
    return best;
}

template <bool is_max>
void declare_extreme(Library& library) {
    constexpr std::string_view name = extreme_name<is_max>;
    constexpr std::string_view kinds[] = {"double", "int", "uint"};
    for (const std::string_view kind : kinds) {
        library.function(
            name,
            {{.id = library.intern(cat(name.substr(0, 4), "_", name.substr(5), "_", kind)),
              .signature = library.intern(cat("(", kind, ") -> ", kind)),
              .call = extreme<is_max>},
             {.id = library.intern(cat(name.substr(0, 4), "_", name.substr(5), "_list_", kind)),
              .signature = library.intern(cat("(list(", kind, ")) -> ", kind)),
              .call = extreme_of_list<is_max>}});
        for (const std::string_view other : kinds) {
            library.function(
                name, {{.id = library.intern(
                            cat(name.substr(0, 4), "_", name.substr(5), "_", kind, "_", other)),
                        .signature = library.intern(
                            cat("(", kind, ", ", other, ") -> ", kind == other ? kind : "dyn")),
                        .call = extreme<is_max>}});
        }
    }
}

// --- Rounding and the like ---

template <double (*function)(double)>
Value of_double(Call&, std::span<const Value> args) {
    return Value::number(function(args[0].as_double()));
}
double ceiling(double value) {
    return std::ceil(value);
}
double floor_of(double value) {
    return std::floor(value);
}
double rounded(double value) {
    return std::round(value);
}
double truncated(double value) {
    return std::trunc(value);
}
double absolute(double value) {
    return std::fabs(value);
}
double sign_of(double value) {
    return std::isnan(value) ? value : value > 0 ? 1 : value < 0 ? -1 : 0;
}

Value is_infinite(Call&, std::span<const Value> args) {
    return Value::boolean(std::isinf(args[0].as_double()));
}
Value is_nan(Call&, std::span<const Value> args) {
    return Value::boolean(std::isnan(args[0].as_double()));
}
Value is_finite(Call&, std::span<const Value> args) {
    return Value::boolean(std::isfinite(args[0].as_double()));
}

Value absolute_int(Call& call, std::span<const Value> args) {
    const int64_t value = args[0].as_int();
    return value == INT64_MIN ? call.error(ErrorCode::overflow, "integer overflow")
                              : Value::integer(value < 0 ? -value : value);
}
Value itself(Call&, std::span<const Value> args) {
    return args[0];
}
Value sign_of_int(Call&, std::span<const Value> args) {
    return Value::integer(args[0].as_int() > 0 ? 1 : args[0].as_int() < 0 ? -1 : 0);
}
Value sign_of_uint(Call&, std::span<const Value> args) {
    return Value::unsigned_integer(args[0].as_uint() > 0 ? 1 : 0);
}
Value square_root(Call&, std::span<const Value> args) {
    const Value& value = args[0];
    return Value::number(std::sqrt(value.is_double() ? value.as_double()
                                   : value.is_int()  ? static_cast<double>(value.as_int())
                                                     : static_cast<double>(value.as_uint())));
}

// --- Bits: the same for both kinds of integers ---

Value of_kind(const Value& like, uint64_t bits) {
    return like.is_int() ? Value::integer(static_cast<int64_t>(bits))
                         : Value::unsigned_integer(bits);
}
Value bit_and(Call&, std::span<const Value> args) {
    return of_kind(args[0], args[0].as_uint() & args[1].as_uint());
}
Value bit_or(Call&, std::span<const Value> args) {
    return of_kind(args[0], args[0].as_uint() | args[1].as_uint());
}
Value bit_xor(Call&, std::span<const Value> args) {
    return of_kind(args[0], args[0].as_uint() ^ args[1].as_uint());
}
Value bit_not(Call&, std::span<const Value> args) {
    return of_kind(args[0], ~args[0].as_uint());
}

// Zeros come in from both sides: cel-spec shifts the bits of a negative number right as they are.
template <bool is_left>
Value shift(Call& call, std::span<const Value> args) {
    const int64_t offset = args[1].as_int();
    if (offset < 0) {
        return call.error(ErrorCode::invalid_argument,
                          is_left ? "math.bitShiftLeft()" : "math.bitShiftRight()",
                          " negative offset: ", offset);
    }
    const uint64_t bits = args[0].as_uint();
    if (offset >= 64) {
        return of_kind(args[0], 0);
    }
    return of_kind(args[0], is_left ? bits << offset : bits >> offset);
}

constexpr Documentation math_documentation[] = {
    {"greatest", "The greatest of numbers, or of a list of them.", "math.greatest(1, 5, 3)", "5",
     "math.greatest(number, …), math.greatest(list)"},
    {"least", "The least of numbers, or of a list of them.", "math.least([3, 1, 2])", "1",
     "math.least(number, …), math.least(list)"},
    {"math.ceil", "The next whole number up.", "math.ceil(1.2)", "2.0"},
    {"math.floor", "The next whole number down.", "math.floor(-1.2)", "-2.0"},
    {"math.round", "The nearest whole number, halves away from zero.", "math.round(2.5)", "3.0"},
    {"math.trunc", "The number without its fraction.", "math.trunc(-1.9)", "-1.0"},
    {"math.isInf", "Whether a number is infinite.", "math.isInf(1.0 / 0.0)", "true"},
    {"math.isNaN", "Whether it is no number.", "math.isNaN(0.0 / 0.0)", "true"},
    {"math.isFinite", "Whether a number is neither infinite nor none.", "math.isFinite(1.5)",
     "true"},
    {"math.abs", "The number without its sign.", "math.abs(-3)", "3"},
    {"math.sign", "-1, 0 or 1, as the number is below, at or above zero.", "math.sign(-2.5)",
     "-1.0"},
    {"math.sqrt", "The square root.", "math.sqrt(81)", "9.0"},
    {"math.bitAnd", "The bits that both have.", "math.bitAnd(6, 3)", "2"},
    {"math.bitOr", "The bits that one of them has.", "math.bitOr(6, 3)", "7"},
    {"math.bitXor", "The bits that only one of them has.", "math.bitXor(6, 3)", "5"},
    {"math.bitNot", "The bits that it has not.", "math.bitNot(5)", "-6"},
    {"math.bitShiftLeft", "The bits moved up by so many places.", "math.bitShiftLeft(1, 4)", "16"},
    {"math.bitShiftRight", "The bits moved down by so many places, zeros coming in.",
     "math.bitShiftRight(16, 2)", "4"},
};

}  // namespace

Library math_library() {
    Library library("cel.lib.ext.math");
    library.macro({.name = "greatest", .arity = -1, .is_member = true, .expand = expand_greatest});
    library.macro({.name = "least", .arity = -1, .is_member = true, .expand = expand_least});
    declare_extreme<true>(library);
    declare_extreme<false>(library);
    const auto real = [&](std::string_view name, std::string_view id, Implementation call,
                          std::string_view signature = "(double) -> double") {
        library.function(name, {{.id = id, .signature = signature, .call = call}});
    };
    real("math.ceil", "math_ceil_double", of_double<ceiling>);
    real("math.floor", "math_floor_double", of_double<floor_of>);
    real("math.round", "math_round_double", of_double<rounded>);
    real("math.trunc", "math_trunc_double", of_double<truncated>);
    real("math.isInf", "math_isInf_double", is_infinite, "(double) -> bool");
    real("math.isNaN", "math_isNaN_double", is_nan, "(double) -> bool");
    real("math.isFinite", "math_isFinite_double", is_finite, "(double) -> bool");
    real("math.abs", "math_abs_double", of_double<absolute>);
    real("math.abs", "math_abs_int", absolute_int, "(int) -> int");
    real("math.abs", "math_abs_uint", itself, "(uint) -> uint");
    real("math.sign", "math_sign_double", of_double<sign_of>);
    real("math.sign", "math_sign_int", sign_of_int, "(int) -> int");
    real("math.sign", "math_sign_uint", sign_of_uint, "(uint) -> uint");
    real("math.sqrt", "math_sqrt_double", square_root);
    real("math.sqrt", "math_sqrt_int", square_root, "(int) -> double");
    real("math.sqrt", "math_sqrt_uint", square_root, "(uint) -> double");
    const auto bits = [&](std::string_view name, Implementation call) {
        library.function(
            library.intern(cat("math.", name)),
            {{.id = library.intern(cat("math_", name, "_int_int")),
              .signature = name == "bitNot" ? "(int) -> int" : "(int, int) -> int",
              .call = call},
             {.id = library.intern(cat("math_", name, "_uint_uint")),
              .signature = name == "bitNot" ? "(uint) -> uint" : "(uint, uint) -> uint",
              .call = call}});
    };
    bits("bitAnd", bit_and);
    bits("bitOr", bit_or);
    bits("bitXor", bit_xor);
    bits("bitNot", bit_not);
    library.function(
        "math.bitShiftLeft",
        {{.id = "math_bitShiftLeft_int_int", .signature = "(int, int) -> int", .call = shift<true>},
         {.id = "math_bitShiftLeft_uint_int",
          .signature = "(uint, int) -> uint",
          .call = shift<true>}});
    library.function("math.bitShiftRight", {{.id = "math_bitShiftRight_int_int",
                                             .signature = "(int, int) -> int",
                                             .call = shift<false>},
                                            {.id = "math_bitShiftRight_uint_int",
                                             .signature = "(uint, int) -> uint",
                                             .call = shift<false>}});
    library.document("Mathematics", math_documentation);
    return library;
}

}  // namespace weft::cel
