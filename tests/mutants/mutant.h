// mutant.h: which mutant of this program is on, by WEFT_MUTANT; WEFT_MUTANT_TRACE names a file that
// takes the number of each mutant's place as it is first reached.

#pragma once

#pragma clang diagnostic ignored "-Weverything"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <unordered_set>

inline bool weft_mutant_reached(int number, const char* file) {
    static std::mutex lock;
    static std::unordered_set<int> seen;
    const std::lock_guard hold(lock);
    if (seen.insert(number).second) {
        if (std::FILE* out = std::fopen(file, "a")) {
            std::fprintf(out, "%d\n", number);
            std::fclose(out);
        }
    }
    return false;
}

inline bool weft_mutant(int number) {
    static const int on = std::getenv("WEFT_MUTANT") ? std::atoi(std::getenv("WEFT_MUTANT")) : 0;
    static const char* const trace = std::getenv("WEFT_MUTANT_TRACE");
    if (trace != nullptr) [[unlikely]] {
        return weft_mutant_reached(number, trace);
    }
    return on == number;
}

template <class A, class B>
bool weft_less(int number, const A& a, const B& b) {
    return weft_mutant(number) ? a <= b : a < b;
}
template <class A, class B>
bool weft_less_equal(int number, const A& a, const B& b) {
    return weft_mutant(number) ? a < b : a <= b;
}
template <class A, class B>
bool weft_greater(int number, const A& a, const B& b) {
    return weft_mutant(number) ? a >= b : a > b;
}
template <class A, class B>
bool weft_greater_equal(int number, const A& a, const B& b) {
    return weft_mutant(number) ? a > b : a >= b;
}
