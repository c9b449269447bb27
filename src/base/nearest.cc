// base/nearest.cc: the distance of Damerau and Levenshtein, on short names.

#include "base/nearest.h"

#include <algorithm>

#include "base/base.h"

namespace weft {

namespace {

// Longer names are not compared with others: the time of a comparison grows with the square.
constexpr size_t suggestion_chars = 64;

// Twice the number of changes: a changed case counts as half of one.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    std::vector<size_t> next(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) {
        row[j] = 2 * j;
    }
    for (size_t i = 1; i <= a.size(); ++i) {
        next[0] = 2 * i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const char x = a[i - 1];
            const char y = b[j - 1];
            const bool same_letter =
                to_lower(std::string_view(&x, 1)) == to_lower(std::string_view(&y, 1));
            const size_t change = x == y ? 0 : same_letter ? 1 : 2;
            next[j] = std::min({row[j] + 2, next[j - 1] + 2, row[j - 1] + change});
            if (i > 1 && j > 1 && x == b[j - 2] && a[i - 2] == y) {
                next[j] = std::min(next[j], before[j - 2] + 2);
            }
        }
        before.swap(row);
        row.swap(next);
    }
    return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
    std::string_view best;
    if (name.empty() || name.size() > suggestion_chars) {
        return best;
    }
    // A third of the name may differ, two characters at least.
    size_t least = std::max<size_t>(2, name.size() / 3) * 2 + 1;
    for (const std::string_view candidate : candidates) {
        const size_t longer = std::max(name.size(), candidate.size());
        const size_t shorter = std::min(name.size(), candidate.size());
        if (candidate == name || (longer - shorter) * 2 >= least || candidate.size() < 2) {
            continue;
        }
        const size_t found = distance(name, candidate);
        if (found < least && found < 2 * name.size()) {
            least = found;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
    const std::string_view found = nearest(name, candidates);
    return found.empty() ? "" : cat("did you mean ", quote(found), "? ");
}

}  // namespace weft
