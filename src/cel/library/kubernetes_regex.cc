// cel/library/kubernetes_regex.cc: the parts of a text that match a pattern.

#include "cel/library/kubernetes_regex.h"

#include "cel/cost.h"
#include "re2/re2.h"

namespace weft::cel {

namespace {

std::optional<uint64_t> cost_of_finding(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[0]) + 1, string_traversal_factor) *
           scale_cost(cost_size_of(args[1]), regex_length_factor);
}
std::optional<CallEstimate> estimate_finding(std::span<const Operand> args) {
    const SizeEstimate text = args[0].size_or_unknown();
    return CallEstimate{scale_cost(text + SizeEstimate{1, 1}, string_traversal_factor) *
                            scale_cost(args[1].size_or_unknown(), regex_length_factor),
                        SizeEstimate{0, text.max}};
}

const re2::RE2* pattern_of(Call& call, const Value& pattern, Value& failure) {
    const re2::RE2* regex = call.regex(pattern.as_string(), failure);
    if (regex == nullptr) {
        failure = call.error(ErrorCode::invalid_argument,
                             "Illegal regex: ", error_text(failure.as_error()));
    }
    return regex;
}

Value find_first(Call& call, std::span<const Value> args) {
    Value failure;
    const re2::RE2* regex = pattern_of(call, args[1], failure);
    if (regex == nullptr) {
        return failure;
    }
    const std::string_view text = args[0].as_string();
    re2::StringPiece match;
    return regex->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                        re2::RE2::UNANCHORED, &match, 1)
               ? call.string({match.data(), match.size()})
               : Value::string("");
}

// As Go's FindAllString: an empty match next to the one before it does not count.
Value find_all(Call& call, std::span<const Value> args) {
    Value failure;
    const re2::RE2* regex = pattern_of(call, args[1], failure);
    if (regex == nullptr) {
        return failure;
    }
    const std::string_view text = args[0].as_string();
    const re2::StringPiece piece(text.data(), text.size());
    const uint64_t limit = args.size() < 3 || args[2].as_int() < 0
                               ? text.size() + 1
                               : static_cast<uint64_t>(args[2].as_int());
    ListBuilder out(call.arena());
    size_t position = 0;
    size_t end_before = std::string_view::npos;
    while (out.size() < limit && position <= text.size()) {
        if (call.should_stop()) {
            return call.interruption();
        }
        re2::StringPiece match;
        if (!regex->Match(piece, position, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
            break;
        }
        const auto begin = static_cast<size_t>(match.data() - text.data());
        const size_t end = begin + match.size();
        const bool counts = end != position || begin != end_before;
        if (end != position) {
            position = end;
        } else if (position < text.size()) {
            static_cast<void>(next_code_point(text, position));
        } else {
            position = text.size() + 1;
        }
        end_before = end;
        if (counts) {
            out.add(call.string(text.substr(begin, match.size())));
        }
    }
    return out.finish();
}

constexpr Documentation kubernetes_regex_documentation[] = {
    {"find", "The first match of a pattern in RE2's syntax; empty if there is none.",
     "'abc 123'.find('[0-9]+')", R"("123")"},
    {"findAll", "All matches, or so many of them.", "'1 22 333'.findAll('[0-9]+', 2)",
     R"(["1", "22"])"},
};

}  // namespace

Library kubernetes_regex_library() {
    Library library("kubernetes.regex");
    library.function("find", {{.id = "string_find_string",
                               .signature = "string.(string) -> string",
                               .call = find_first,
                               .actual_cost = cost_of_finding,
                               .estimated_cost = estimate_finding}});
    library.function("findAll", {{.id = "string_find_all_string",
                                  .signature = "string.(string) -> list(string)",
                                  .call = find_all,
                                  .actual_cost = cost_of_finding,
                                  .estimated_cost = estimate_finding},
                                 {.id = "string_find_all_string_int",
                                  .signature = "string.(string, int) -> list(string)",
                                  .call = find_all,
                                  .actual_cost = cost_of_finding,
                                  .estimated_cost = estimate_finding}});
    library.document("Regular expressions of Kubernetes", kubernetes_regex_documentation);
    return library;
}

}  // namespace weft::cel
