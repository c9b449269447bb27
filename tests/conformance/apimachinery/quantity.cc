// tests/conformance/apimachinery/quantity.cc: quantities, durations and times.

#include "schema/quantity.h"

#include <cmath>

#include "schema/builtin.h"
#include "schema/go_json.h"
#include "tests/conformance/apimachinery/function.h"

namespace weft::conformance {
namespace {

using schema::Quantity;

std::string compare_text(std::string_view want, std::string_view got) {
    return want == got ? std::string() : cat("want ", quote(want), ", got ", quote(got));
}

std::string quantity_case(const Value& row) {
    const auto parsed = Quantity::parse(row.string_at("in"));
    const std::string_view error = row.string_at("error");
    if (!parsed || !error.empty()) {
        return compare_text(error, parsed ? parsed->text() : parsed.error().message());
    }
    std::string problem = compare_text(row.string_at("canonical"), parsed->text());
    if (problem.empty() && parsed->sign() != row.int_at(0, "sign")) {
        problem = cat("sign ", parsed->sign());
    }
    // Upstream's numbers overflow beyond an int64: those that its own float contradicts say
    // nothing.
    const double number =
        row.find("float") == nullptr ? std::nan("") : row.find("float")->to_double();
    const auto is_sound = [number](const Value* of, double factor) {
        return of != nullptr && of->is_int() && std::abs(number) < 1e18 &&
               std::abs(number * factor - static_cast<double>(of->as_int())) <=
                   1 + std::abs(number * factor) * 1e-9;
    };
    const Value* value = row.find("value");
    if (problem.empty() && is_sound(value, 1) && parsed->value() != value->as_int()) {
        problem = cat("value: want ", value->as_int(), ", got ", parsed->value());
    }
    const Value* milli = row.find("milli");
    if (problem.empty() && is_sound(milli, 1000) && parsed->milli_value() != milli->as_int()) {
        problem = cat("milli: want ", milli->as_int(), ", got ", parsed->milli_value());
    }
    return problem;
}

std::string add_case(const Value& row) {
    return compare_text(
        row.string_at("canonical"),
        Quantity::parse(row.string_at("in"))->plus(*Quantity::parse(row.string_at("in2"))).text());
}
std::string sub_case(const Value& row) {
    return compare_text(
        row.string_at("canonical"),
        Quantity::parse(row.string_at("in"))->minus(*Quantity::parse(row.string_at("in2"))).text());
}
std::string cmp_case(const Value& row) {
    const auto order =
        *Quantity::parse(row.string_at("in")) <=> *Quantity::parse(row.string_at("in2"));
    const int64_t got = order < 0 ? -1 : order > 0 ? 1 : 0;
    return got == row.int_at(0, "cmp") ? std::string() : cat("got ", got);
}
std::string round_case(const Value& row) {
    const Quantity quantity = *Quantity::parse(row.string_at("in"));
    const Quantity rounded = quantity.rounded_up(static_cast<int>(row.int_at(0, "n")));
    std::string problem = compare_text(row.string_at("canonical"), rounded.text());
    const Value* exact = row.find("exact");
    if (problem.empty() && exact != nullptr && exact->as_bool() != (rounded == quantity)) {
        problem = "exactness";
    }
    return problem;
}

// Times are read as members of builtin objects.
std::string through(const Value& row, std::string_view definition) {
    static const schema::GoTypes types(&schema::Builtin::get());
    const Value* in = row.find("obj");
    const auto read = types.canonical(cat("io.k8s.apimachinery.pkg.apis.meta.v1.", definition),
                                      in == nullptr ? Value() : *in);
    if (!read || row.contains("error")) {
        return compare_text(row.string_at("error"), read ? to_json(*read) : read.error().message());
    }
    const Value* want = row.find("json");
    return difference(want == nullptr ? Value() : *want, *read);
}
std::string time_case(const Value& row) {
    return through(row, "Time");
}
std::string micro_time_case(const Value& row) {
    return through(row, "MicroTime");
}
std::string duration_json_case(const Value& row) {
    return through(row, "Duration");
}

const Function quantity_function("quantity", quantity_case);
const Function add_function("quantityAdd", add_case);
const Function sub_function("quantitySub", sub_case);
const Function cmp_function("quantityCmp", cmp_case);
const Function round_function("quantityRoundUp", round_case);
const Function time_function("time", time_case);
const Function micro_time_function("microTime", micro_time_case);
const Function duration_function("duration", duration_json_case);

}  // namespace
}  // namespace weft::conformance
