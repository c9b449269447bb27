// tests/sim/sim.cc: runs seeds and says what went wrong.
//
//   sim SEED [--seconds N] [--trace]     one run; exit 1 on a broken promise
//   sim swarm MINUTES [--from SEED] [--seconds N]
//                                        as many seeds as fit; prints each that breaks a promise
//   sim range FROM TO [--seconds N] [--first]
//                                        --first: ends with the first that breaks a promise
//   --extended: definitions use what goes beyond kro, too

#include <chrono>
#include <cstdio>
#include <string_view>

#include "sim/simulation.h"

namespace weft::sim {
namespace {

struct Arguments {
    std::vector<std::string> words;
    int64_t seconds = 1000;
    int64_t from = 1;
    bool prints_trace = false;
    bool is_first_enough = false;
    Dialect dialect = Dialect::kro;
};

int usage() {
    std::fprintf(stderr,
                 "usage: sim SEED [--seconds N] [--trace] [--extended]\n"
                 "       sim swarm MINUTES [--from SEED] [--seconds N] [--extended]\n"
                 "       sim range FROM TO [--seconds N] [--first] [--extended]\n");
    return 2;
}

std::string faults_text(const FaultCounts& counts) {
    std::string out;
    for (const auto& [name, count] : counts) {
        append(out, out.empty() ? "" : ", ", count, " ", name);
    }
    return out;
}

int run_one(uint64_t seed, const Arguments& arguments) {
    const Outcome outcome = run({.seed = seed,
                                 .seconds = arguments.seconds,
                                 .prints_trace = arguments.prints_trace,
                                 .dialect = arguments.dialect});
    std::printf("seed %llu: %s\n  %lld virtual seconds, %llu requests, trace %016llx\n  %s\n",
                static_cast<unsigned long long>(seed),
                outcome.violation ? outcome.violation->c_str() : "every promise held",
                static_cast<long long>(outcome.virtual_seconds),
                static_cast<unsigned long long>(outcome.requests),
                static_cast<unsigned long long>(outcome.trace_hash),
                faults_text(outcome.faults).c_str());
    return outcome.violation ? 1 : 0;
}

int run_many(uint64_t from, uint64_t to, int64_t minutes, const Arguments& arguments) {
    const auto began = std::chrono::steady_clock::now();
    FaultCounts counts;
    uint64_t runs = 0;
    uint64_t broken = 0;
    uint64_t requests = 0;
    int64_t seconds = 0;
    for (uint64_t seed = from; seed <= to; ++seed) {
        if (std::chrono::steady_clock::now() - began > std::chrono::minutes(minutes)) {
            break;
        }
        const Outcome outcome =
            run({.seed = seed, .seconds = arguments.seconds, .dialect = arguments.dialect});
        ++runs;
        requests += outcome.requests;
        seconds += outcome.virtual_seconds;
        for (const auto& [name, count] : outcome.faults) {
            counts[name] += count;
        }
        if (outcome.violation) {
            ++broken;
            std::printf("BROKEN seed %llu: %s\n", static_cast<unsigned long long>(seed),
                        outcome.violation->c_str());
            std::fflush(stdout);
            if (arguments.is_first_enough) {
                break;
            }
        }
        if (runs % 50 == 0) {
            std::printf("after %llu runs, %llu broken: %s\n", static_cast<unsigned long long>(runs),
                        static_cast<unsigned long long>(broken), faults_text(counts).c_str());
            std::fflush(stdout);
        }
    }
    std::printf("%llu runs, %llu broken, %lld virtual seconds, %llu requests\n  %s\n",
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(broken),
                static_cast<long long>(seconds), static_cast<unsigned long long>(requests),
                faults_text(counts).c_str());
    return broken == 0 && runs > 0 ? 0 : 1;
}

int main_of(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const bool has_value = i + 1 < count;
        if (word == "--trace") {
            arguments.prints_trace = true;
        } else if (word == "--extended") {
            arguments.dialect = Dialect::extended;
        } else if (word == "--first") {
            arguments.is_first_enough = true;
        } else if (word == "--seconds" && has_value) {
            arguments.seconds = parse_int(words[++i]).value_or(0);
        } else if (word == "--from" && has_value) {
            arguments.from = parse_int(words[++i]).value_or(0);
        } else {
            arguments.words.push_back(word);
        }
    }
    const auto number = [&](size_t at) {
        return at < arguments.words.size() ? parse_uint(arguments.words[at]) : std::nullopt;
    };
    if (arguments.seconds <= 0 || arguments.from < 0 || arguments.words.empty()) {
        return usage();
    }
    if (arguments.words[0] == "swarm" && number(1)) {
        return run_many(static_cast<uint64_t>(arguments.from), UINT64_MAX - 1,
                        static_cast<int64_t>(*number(1)), arguments);
    }
    if (arguments.words[0] == "range" && number(1) && number(2)) {
        return run_many(*number(1), *number(2), 100'000, arguments);
    }
    if (const auto seed = number(0)) {
        return run_one(*seed, arguments);
    }
    return usage();
}

}  // namespace
}  // namespace weft::sim

int main(int count, char** words) {
    return weft::sim::main_of(count, words);
}
