// schema/text_diff.cc: finds matching blocks and prints hunks.

#include "schema/text_diff.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "schema/limits.h"

namespace weft::schema {

namespace {

using Lines = std::vector<std::string_view>;

struct Match {
    size_t a = 0;
    size_t b = 0;
    size_t size = 0;
};

enum class Tag : uint8_t { equal, replace, remove, insert };

struct Step {
    Tag tag = Tag::equal;
    size_t a_begin = 0;
    size_t a_end = 0;
    size_t b_begin = 0;
    size_t b_end = 0;
};

class Matcher {
public:
    Matcher(const Lines* a, const Lines* b) : a_(*a), b_(*b) {
        for (size_t i = 0; i < b_.size(); ++i) {
            places_[b_[i]].push_back(i);
        }
        constexpr size_t long_text = 200;
        if (b_.size() >= long_text) {
            const size_t most = b_.size() / 100 + 1;
            std::erase_if(places_, [&](const auto& entry) { return entry.second.size() > most; });
        }
    }

    std::vector<Step> steps() {
        find_all(0, a_.size(), 0, b_.size());
        std::ranges::sort(matches_, {}, &Match::a);
        std::vector<Match> joined;
        for (const Match& match : matches_) {
            if (!joined.empty() && joined.back().a + joined.back().size == match.a &&
                joined.back().b + joined.back().size == match.b) {
                joined.back().size += match.size;
            } else {
                joined.push_back(match);
            }
        }
        joined.push_back({a_.size(), b_.size(), 0});
        std::vector<Step> steps;
        size_t i = 0;
        size_t j = 0;
        for (const Match& match : joined) {
            if (i < match.a || j < match.b) {
                const Tag tag = j == match.b   ? Tag::remove
                                : i == match.a ? Tag::insert
                                               : Tag::replace;
                steps.push_back({tag, i, match.a, j, match.b});
            }
            i = match.a + match.size;
            j = match.b + match.size;
            if (match.size > 0) {
                steps.push_back({Tag::equal, match.a, i, match.b, j});
            }
        }
        return steps;
    }

private:
    Match find_longest(size_t a_low, size_t a_high, size_t b_low, size_t b_high) const {
        Match best{a_low, b_low, 0};
        std::unordered_map<size_t, size_t> lengths;
        for (size_t i = a_low; i < a_high; ++i) {
            std::unordered_map<size_t, size_t> next;
            const auto found = places_.find(a_[i]);
            if (found != places_.end()) {
                for (const size_t j : found->second) {
                    if (j < b_low) {
                        continue;
                    }
                    if (j >= b_high) {
                        break;
                    }
                    const auto before = j == 0 ? lengths.end() : lengths.find(j - 1);
                    const size_t length = before == lengths.end() ? 1 : before->second + 1;
                    next[j] = length;
                    if (length > best.size) {
                        best = {i + 1 - length, j + 1 - length, length};
                    }
                }
            }
            lengths = std::move(next);
        }
        while (best.a > a_low && best.b > b_low && a_[best.a - 1] == b_[best.b - 1]) {
            best = {best.a - 1, best.b - 1, best.size + 1};
        }
        while (best.a + best.size < a_high && best.b + best.size < b_high &&
               a_[best.a + best.size] == b_[best.b + best.size]) {
            ++best.size;
        }
        return best;
    }

    // Every match splits a range in two, so the ranges in work stay below the number of lines.
    void find_all(size_t a_low, size_t a_high, size_t b_low, size_t b_high) {
        std::vector<std::array<size_t, 4>> open{{a_low, a_high, b_low, b_high}};
        while (!open.empty()) {
            const auto [low_a, high_a, low_b, high_b] = open.back();
            open.pop_back();
            const Match match = find_longest(low_a, high_a, low_b, high_b);
            if (match.size == 0) {
                continue;
            }
            matches_.push_back(match);
            if (low_a < match.a && low_b < match.b) {
                open.push_back({low_a, match.a, low_b, match.b});
            }
            if (match.a + match.size < high_a && match.b + match.size < high_b) {
                open.push_back({match.a + match.size, high_a, match.b + match.size, high_b});
            }
        }
    }

    const Lines& a_;
    const Lines& b_;
    std::unordered_map<std::string_view, std::vector<size_t>> places_;
    std::vector<Match> matches_;
};

constexpr size_t context = 3;

// Steps in hunks: long equal runs are cut to the context.
std::vector<std::vector<Step>> hunks_of(std::vector<Step> steps) {
    if (steps.empty()) {
        return {};
    }
    if (Step& first = steps.front(); first.tag == Tag::equal && first.a_end >= context) {
        first.a_begin = std::max(first.a_begin, first.a_end - context);
        first.b_begin = std::max(first.b_begin, first.b_end - context);
    }
    if (Step& last = steps.back(); last.tag == Tag::equal) {
        last.a_end = std::min(last.a_end, last.a_begin + context);
        last.b_end = std::min(last.b_end, last.b_begin + context);
    }
    std::vector<std::vector<Step>> hunks(1);
    for (Step step : steps) {
        if (step.tag == Tag::equal && step.a_end - step.a_begin > 2 * context) {
            Step head = step;
            head.a_end = std::min(head.a_end, head.a_begin + context);
            head.b_end = std::min(head.b_end, head.b_begin + context);
            hunks.back().push_back(head);
            hunks.emplace_back();
            step.a_begin = std::max(step.a_begin, step.a_end - context);
            step.b_begin = std::max(step.b_begin, step.b_end - context);
        }
        hunks.back().push_back(step);
    }
    std::erase_if(hunks, [](const std::vector<Step>& hunk) {
        return hunk.empty() || (hunk.size() == 1 && hunk[0].tag == Tag::equal);
    });
    return hunks;
}

std::string range_text(size_t begin, size_t end) {
    const size_t length = end - begin;
    if (length == 1) {
        return cat(begin + 1);
    }
    return cat(length == 0 ? begin : begin + 1, ",", length);
}

Lines lines_of(std::string_view text) {
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    return split(text, '\n');
}

void print(std::string& out, char mark, const Lines& lines, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
        out += mark;
        append(out, lines[i], "\n");
    }
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
    if (before == after) {
        return {};
    }
    const Lines a = lines_of(before);
    const Lines b = lines_of(after);
    std::vector<Step> steps;
    if (a.size() > text_diff_lines_max || b.size() > text_diff_lines_max) {
        steps.push_back({Tag::replace, 0, a.size(), 0, b.size()});
    } else {
        steps = Matcher(&a, &b).steps();
    }
    std::string out;
    for (const std::vector<Step>& hunk : hunks_of(std::move(steps))) {
        append(out, "@@ -", range_text(hunk.front().a_begin, hunk.back().a_end), " +",
               range_text(hunk.front().b_begin, hunk.back().b_end), " @@\n");
        for (const Step& step : hunk) {
            if (step.tag == Tag::equal) {
                print(out, ' ', a, step.a_begin, step.a_end);
                continue;
            }
            if (step.tag != Tag::insert) {
                print(out, '-', a, step.a_begin, step.a_end);
            }
            if (step.tag != Tag::remove) {
                print(out, '+', b, step.b_begin, step.b_end);
            }
        }
    }
    return out;
}

}  // namespace weft::schema
