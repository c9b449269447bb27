// bench/bench_cel.cc: weft's side of bench/cel.py.
//
// bench_cel cases SHARED prints the cases, one line of JSON each. Without arguments: a line of JSON
// in, a line of JSON out, as bench/peers/cel-go/main.go does it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "base/allocations.h"
#include "cel_cases.h"
#include "io/time_zone.h"
#include "object/json.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)
using Clock = std::chrono::steady_clock;

Value tag(std::string_view name, Value content) {
    Value out;
    out.set(name, std::move(content));
    return out;
}

std::string hexadecimal(uint64_t bits) {
    char text[17];
    (void)std::snprintf(text, sizeof text, "%lx", bits);
    return text;
}

Value tagged(const cel::Value& value, cel::Arena& arena);

Value tagged_map(const cel::Value& map, cel::Arena& arena) {
    std::vector<std::pair<std::string, Value>> entries;
    for (const cel::Value& key : map.sorted_keys(arena)) {
        Value entry = Value::list_of({tagged(key, arena), tagged(*map.find(key, arena), arena)});
        entries.emplace_back(to_json(entry.items()[0]), std::move(entry));
    }
    std::ranges::sort(entries, {}, &std::pair<std::string, Value>::first);
    Value list = Value::list();
    for (auto& [key, entry] : entries) {
        list.push_back(std::move(entry));
    }
    return tag("map", std::move(list));
}

// See the same function in bench/peers/cel-go/main.go.
Value tagged(const cel::Value& value, cel::Arena& arena) {
    switch (value.kind()) {
        case cel::Kind::error:
            return tag("error", Value(cel::error_text(value.as_error())));
        case cel::Kind::null:
            return {};
        case cel::Kind::boolean:
            return Value(value.as_bool());
        case cel::Kind::integer:
            return tag("int", Value(std::to_string(value.as_int())));
        case cel::Kind::unsigned_integer:
            return tag("uint", Value(std::to_string(value.as_uint())));
        case cel::Kind::number:
            return tag("double", Value(value.as_double() != value.as_double()
                                           ? "nan"
                                           : hexadecimal(value.as_uint())));
        case cel::Kind::string:
            return Value(value.as_string());
        case cel::Kind::bytes:
            return tag("bytes", Value(base64_encode(value.as_string())));
        case cel::Kind::duration:
            return tag("duration", Value(std::to_string(value.as_duration())));
        case cel::Kind::timestamp:
            return tag("timestamp", Value(format_rfc3339_nano(value.as_time())));
        case cel::Kind::list: {
            Value out = Value::list();
            for (size_t i = 0; i < value.size(); ++i) {
                out.push_back(tagged(value.item(i, arena), arena));
            }
            return out;
        }
        case cel::Kind::map:
            return tagged_map(value, arena);
        case cel::Kind::type:
            return tag("type", Value(cel::type_name(value.as_type())));
        case cel::Kind::optional:
            return value.has_value() ? tag("some", tagged(value.optional_value(), arena))
                                     : tag("none", Value(true));
        case cel::Kind::opaque:
            break;
    }
    return tag("object", Value(cel::type_name_of(value)));
}

// The least time of one call in batches of about a tenth of a millisecond, as in the other program.
struct Measured {
    double ns = 0;
    double allocations = 0;
};
template <typename Call>
Measured measure(int64_t rounds, Call call) {
    constexpr double batch_ns = 100'000;
    const auto run = [&](int64_t count) {
        const Clock::time_point begin = Clock::now();
        for (int64_t i = 0; i < count; ++i) {
            call();
        }
        return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    };
    int64_t count = 1;
    for (double took = run(count); took < batch_ns && count < 1 << 20; took = run(count)) {
        const auto wanted =
            static_cast<int64_t>(static_cast<double>(count) * batch_ns / (took + 1));
        count = std::max(count * 2, std::min(count * 100, wanted));
    }
    double best = run(count);
    const uint64_t before = allocation_count();
    for (int64_t i = 0; i < rounds; ++i) {
        best = std::min(best, run(count));
    }
    const auto calls = static_cast<double>(rounds * count);
    return {best / static_cast<double>(count),
            static_cast<double>(allocation_count() - before) / calls};
}

class Side {
public:
    Value answer(const Value& request) {
        if (!request.contains("measure")) {
            return load(request);
        }
        const int64_t rounds = request.find("rounds")->as_int();
        const Measured measured = request.string_at("measure") == "prepare"
                                      ? measure(rounds, [this] { prepare(); })
                                      : measure(rounds, [this] { evaluate(); });
        Value out;
        out.set("ns", measured.ns);
        out.set("allocations", measured.allocations);
        return out;
    }

private:
    void prepare() {
        const Result<cel::Ast> ast = environment_->compile(expression_);
        if (ast) {
            const Result<cel::Program> program = environment_->program(*ast);
            keep(program.has_value());
        }
    }
    void evaluate() {
        keep(program_->evaluate(activation_, arena_).as_uint());
        arena_.reset();
    }
    // What the optimiser may not leave out.
    template <typename T>
    static void keep(const T& value) {
        asm volatile("" : : "r,m"(value) : "memory");
    }

    Value load(const Value& request) {
        expression_ = request.string_at("expression");
        inputs_ = *request.find("inputs");
        environment_ = bench::environment_of(kro_, *request.find("variables"));
        activation_.clear();
        for (const Member& input : inputs_.members()) {
            activation_.bind(input.name(), input.value);
        }
        Value out;
        out.set("result", result());
        if (program_) {
            if (const Result<Value> native = program_->evaluate_native(activation_)) {
                out.set("native", *native);
            }
        }
        return out;
    }
    Value result() {
        program_.reset();
        const Result<cel::Ast> ast = environment_->compile(expression_);
        if (!ast) {
            return tag("compile", Value(ast.error().message()));
        }
        Result<cel::Program> program = environment_->program(*ast);
        if (!program) {
            return tag("program", Value(program.error().message()));
        }
        program_ = *std::move(program);
        cel::Arena arena;
        return tagged(program_->evaluate(activation_, arena), arena);
    }

    cel::Environment kro_ =
        cel::Environment::of(cel::Profile::kro()).extend().zones(io::read_time_zone).build();
    std::string expression_;
    Value inputs_;
    std::optional<cel::Environment> environment_;
    std::optional<cel::Program> program_;
    cel::Activation activation_;
    cel::Arena arena_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "cases") {
        const Result<std::vector<Value>> cases = bench::cel_cases(argv[2]);
        if (!cases) {
            std::cerr << "bench_cel: " << cases.error().message() << '\n';
            return 1;
        }
        for (const Value& one : *cases) {
            std::cout << to_json(one) << '\n';
        }
        return 0;
    }
    Side side;
    for (std::string line; std::getline(std::cin, line);) {
        const Result<Value> request = parse_json(line);
        if (!request) {
            std::cerr << "bench_cel: " << request.error().message() << '\n';
            return 1;
        }
        std::cout << to_json(side.answer(*request)) << std::endl;
    }
    return 0;
}
