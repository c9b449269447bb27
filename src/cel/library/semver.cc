// cel/library/semver.cc: semantic versions as values.

#include "cel/library/semver.h"

#include <algorithm>

#include "cel/library/kubernetes_costs.h"

namespace weft::cel {

namespace {

constexpr Type semver_type{.kind = TypeKind::opaque, .name = "kubernetes.Semver"};

struct SemverPart {
    std::string text;  // empty for a number
    uint64_t number = 0;
};
struct SemverParts {
    uint64_t numbers[3] = {0, 0, 0};
    std::vector<SemverPart> prerelease;
};

int three_way(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b ? 1 : 0;
}
int compare_part(const SemverPart& a, const SemverPart& b) {
    if (a.text.empty() != b.text.empty()) {
        return a.text.empty() ? -1 : 1;
    }
    const int order = a.text.compare(b.text);
    return a.text.empty() ? three_way(a.number, b.number) : order < 0 ? -1 : order > 0 ? 1 : 0;
}
// What stands behind "+" counts for nothing.
int compare_versions(const SemverParts& a, const SemverParts& b) {
    for (size_t i = 0; i < 3; ++i) {
        if (const int order = three_way(a.numbers[i], b.numbers[i]); order != 0) {
            return order;
        }
    }
    if (a.prerelease.empty() || b.prerelease.empty()) {
        return static_cast<int>(a.prerelease.empty()) - static_cast<int>(b.prerelease.empty());
    }
    const size_t shared = std::min(a.prerelease.size(), b.prerelease.size());
    for (size_t i = 0; i < shared; ++i) {
        if (const int order = compare_part(a.prerelease[i], b.prerelease[i]); order != 0) {
            return order;
        }
    }
    return three_way(a.prerelease.size(), b.prerelease.size());
}

class SemverValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    SemverValue(SemverParts parts, std::string_view written)
        : version(std::move(parts)), written_(written) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &semver_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* semver = other.as<SemverValue>();
        return semver != nullptr
                   ? Value::boolean(compare_versions(version, semver->version) == 0)
                   : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] std::string text() const override { return written_; }

    const SemverParts version;

private:
    std::string written_;
};

bool is_all_digits(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_identifier_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
}
bool starts_with_zero(std::string_view text) {
    return text.size() > 1 && text[0] == '0';
}

template <typename... Pieces>
Error refuse_semver(const Pieces&... pieces) {
    return weft::make_error(Reason::invalid, pieces...);
}

Result<uint64_t> semver_number(std::string_view text) {
    const std::optional<uint64_t> number = parse_uint(text);
    if (!number) {
        return refuse_semver("strconv.ParseUint: parsing ", quote(text), ": ",
                             text.empty() ? "invalid syntax" : "value out of range");
    }
    return *number;
}

Result<SemverParts> parse_semver(std::string_view text) {
    if (text.empty()) {
        return refuse_semver("Version string empty");
    }
    const size_t first = text.find('.');
    const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos) {
        return refuse_semver("No Major.Minor.Patch elements found");
    }
    std::string_view patch = text.substr(second + 1);
    std::optional<std::string_view> build;
    if (const size_t plus = patch.find('+'); plus != std::string_view::npos) {
        build = patch.substr(plus + 1);
        patch = patch.substr(0, plus);
    }
    std::optional<std::string_view> prerelease;
    if (const size_t minus = patch.find('-'); minus != std::string_view::npos) {
        prerelease = patch.substr(minus + 1);
        patch = patch.substr(0, minus);
    }
    SemverParts out;
    const std::string_view numbers[3] = {text.substr(0, first),
                                         text.substr(first + 1, second - first - 1), patch};
    constexpr std::string_view names[3][2] = {
        {"major", "Major"}, {"minor", "Minor"}, {"patch", "Patch"}};
    for (size_t i = 0; i < 3; ++i) {
        if (!is_all_digits(numbers[i])) {
            return refuse_semver("Invalid character(s) found in ", names[i][0], " number ",
                                 quote(numbers[i]));
        }
        if (starts_with_zero(numbers[i])) {
            return refuse_semver(names[i][1], " number must not contain leading zeroes ",
                                 quote(numbers[i]));
        }
        out.numbers[i] = TRY(semver_number(numbers[i]));
    }
    if (prerelease) {
        for (const std::string_view part : split(*prerelease, '.')) {
            if (part.empty()) {
                return refuse_semver("Prerelease is empty");
            }
            if (is_all_digits(part)) {
                if (starts_with_zero(part)) {
                    return refuse_semver(
                        "Numeric PreRelease version must not contain leading zeroes ", quote(part));
                }
                out.prerelease.push_back({"", TRY(semver_number(part))});
            } else if (is_identifier_text(part)) {
                out.prerelease.push_back({std::string(part)});
            } else {
                return refuse_semver("Invalid character(s) found in prerelease ", quote(part));
            }
        }
    }
    if (build) {
        for (const std::string_view part : split(*build, '.')) {
            if (part.empty()) {
                return refuse_semver("Build meta data is empty");
            }
            if (!is_identifier_text(part)) {
                return refuse_semver("Invalid character(s) found in build meta data ", quote(part));
            }
        }
    }
    return out;
}

// Without a leading v and leading zeros, with all three numbers.
Result<std::string> normalize_semver(std::string_view text) {
    if (text.starts_with('v')) {
        text.remove_prefix(1);
    }
    std::vector<std::string> parts;
    while (parts.size() < 2 && text.contains('.')) {
        parts.emplace_back(text.substr(0, text.find('.')));
        text.remove_prefix(text.find('.') + 1);
    }
    parts.emplace_back(text);
    for (std::string& part : parts) {
        if (part.size() > 1) {
            part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
            if (part.empty() || part[0] < '0' || part[0] > '9') {
                part.insert(0, "0");
            }
        }
    }
    if (parts.size() < 3 && parts.back().find_first_of("+-") != std::string::npos) {
        return refuse_semver("short version cannot contain PreRelease/Build meta data");
    }
    parts.resize(3, "0");
    return join(parts, ".");
}

Result<std::string> semver_text(std::span<const Value> args) {
    return args.size() > 1 && args[1].as_bool() ? normalize_semver(args[0].as_string())
                                                : std::string(args[0].as_string());
}

Value make_semver(Call& call, std::span<const Value> args) {
    const Result<std::string> text = semver_text(args);
    if (!text) {
        return call.error(ErrorCode::invalid_argument, text.error().message());
    }
    Result<SemverParts> version = parse_semver(*text);
    return version ? call.object<SemverValue>(*std::move(version), *text)
                   : call.error(ErrorCode::invalid_argument, version.error().message());
}
Value is_semver(Call&, std::span<const Value> args) {
    const Result<std::string> text = semver_text(args);
    return Value::boolean(text && parse_semver(*text));
}

const SemverParts& version_of(const Value& value) {
    return value.as<SemverValue>()->version;
}
Value semver_major(Call&, std::span<const Value> args) {
    return Value::integer(static_cast<int64_t>(version_of(args[0]).numbers[0]));
}
Value semver_minor(Call&, std::span<const Value> args) {
    return Value::integer(static_cast<int64_t>(version_of(args[0]).numbers[1]));
}
Value semver_patch(Call&, std::span<const Value> args) {
    return Value::integer(static_cast<int64_t>(version_of(args[0]).numbers[2]));
}
Value semver_compare(Call&, std::span<const Value> args) {
    return Value::integer(compare_versions(version_of(args[0]), version_of(args[1])));
}
Value semver_is_greater(Call&, std::span<const Value> args) {
    return Value::boolean(compare_versions(version_of(args[0]), version_of(args[1])) > 0);
}
Value semver_is_less(Call&, std::span<const Value> args) {
    return Value::boolean(compare_versions(version_of(args[0]), version_of(args[1])) < 0);
}

constexpr Documentation semver_documentation[] = {
    {"semver", "The semantic version that a text is; normalized, `v1.2` is one, too.",
     "semver('v1.2', true)", "1.2.0"},
    {"isSemver", "Whether a text is a semantic version.", "isSemver('1.2')", "false"},
    {"major", "The first number.", "semver('1.2.3').major()", "1"},
    {"minor", "The second number.", "semver('1.2.3').minor()", "2"},
    {"patch", "The third number.", "semver('1.2.3').patch()", "3"},
    {"isGreaterThan", "Whether it is later than another one.",
     "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1'))", "true"},
    {"isLessThan", "Whether it is earlier than another one.",
     "semver('1.2.3').isLessThan(semver('1.10.0'))", "true"},
    {"compareTo", "-1, 0 or 1, as it is earlier than, equal to or later than another one.",
     "semver('1.2.3').compareTo(semver('1.2.3+build'))", "0"},
};

}  // namespace

Library semver_library(int version) {
    Library library("kubernetes.Semver");
    library.function("semver", {{.id = "string_to_semver",
                                 .signature = "(string) -> kubernetes.Semver",
                                 .call = make_semver,
                                 .actual_cost = cost_of_parsing,
                                 .estimated_cost = estimate_traversal}});
    library.function("isSemver", {{.id = "is_semver_string",
                                   .signature = "(string) -> bool",
                                   .call = is_semver,
                                   .actual_cost = cost_of_parsing,
                                   .estimated_cost = estimate_traversal}});
    if (version >= 1) {
        library.function("semver", {{.id = "string_bool_to_semver",
                                     .signature = "(string, bool) -> kubernetes.Semver",
                                     .call = make_semver,
                                     .actual_cost = cost_of_parsing,
                                     .estimated_cost = estimate_traversal}});
        library.function("isSemver", {{.id = "is_semver_string_bool",
                                       .signature = "(string, bool) -> bool",
                                       .call = is_semver,
                                       .actual_cost = cost_of_parsing,
                                       .estimated_cost = estimate_traversal}});
    }
    const auto number = [&](std::string_view name, std::string_view id, Implementation call) {
        library.function(name,
                         {{.id = id, .signature = "kubernetes.Semver.() -> int", .call = call}});
    };
    number("major", "semver_major", semver_major);
    number("minor", "semver_minor", semver_minor);
    number("patch", "semver_patch", semver_patch);
    constexpr std::string_view pair_to_bool = "kubernetes.Semver.(kubernetes.Semver) -> bool";
    library.function(
        "isGreaterThan",
        {{.id = "semver_is_greater_than", .signature = pair_to_bool, .call = semver_is_greater}});
    library.function(
        "isLessThan",
        {{.id = "semver_is_less_than", .signature = pair_to_bool, .call = semver_is_less}});
    library.function("compareTo", {{.id = "semver_compare_to",
                                    .signature = "kubernetes.Semver.(kubernetes.Semver) -> int",
                                    .call = semver_compare}});
    library.document("Versions", semver_documentation);
    return library;
}

}  // namespace weft::cel
