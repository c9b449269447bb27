// cel/library/named_format.cc: what texts of a known form have to be like.

#include "cel/library/named_format.h"

#include <array>
#include <utility>

#include "base/go_url.h"
#include "cel/cost.h"
#include "object/names.h"
#include "schema/validate.h"

namespace weft::cel {

namespace {

using Mistakes = std::vector<std::string>;

constexpr Type format_type{.kind = TypeKind::opaque, .name = "kubernetes.NamedFormat"};

// A prefix may end in a dash, since something is put behind it.
std::string without_last_dash(std::string_view prefix) {
    return prefix.size() > 1 && prefix.ends_with('-')
               ? cat(prefix.substr(0, prefix.size() - 2), "a")
               : std::string(prefix);
}
Mistakes check_label_prefix(std::string_view text) {
    return check_dns1123_label(without_last_dash(text));
}
Mistakes check_subdomain_prefix(std::string_view text) {
    return check_dns1123_subdomain(without_last_dash(text));
}
Mistakes check_dns1035_prefix(std::string_view text) {
    return check_dns1035_label(without_last_dash(text));
}
Mistakes check_uri(std::string_view text) {
    const Result<GoUrl> url = parse_request_uri(text);
    return url ? Mistakes() : Mistakes{url.error().message()};
}
Mistakes check_uuid(std::string_view text) {
    return schema::has_format("uuid", text) ? Mistakes()
                                            : Mistakes{"does not match the UUID format"};
}
Mistakes check_base64(std::string_view text) {
    return schema::has_format("byte", text) ? Mistakes() : Mistakes{"invalid base64"};
}
Mistakes check_date(std::string_view text) {
    return schema::has_format("date", text) ? Mistakes() : Mistakes{"invalid date"};
}
Mistakes check_date_time(std::string_view text) {
    return schema::has_format("datetime", text) ? Mistakes() : Mistakes{"invalid datetime"};
}

class NamedFormat final : public Opaque {
public:
    static constexpr char class_id = 0;
    NamedFormat(std::string_view called, std::string_view shown, Mistakes (*how)(std::string_view),
                uint64_t size)
        : name(called), title(shown), check(how), regex_size(size) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &format_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* format = other.as<NamedFormat>();
        return format != nullptr
                   ? Value::boolean(format->title == title)
                   : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] std::string text() const override { return cat("format.", name, "()"); }

    const std::string_view name;
    const std::string_view title;
    Mistakes (*const check)(std::string_view);
    const uint64_t regex_size;  // the length of a pattern for it, which its cost is counted by
};

constexpr size_t format_count = 13;
const std::array<NamedFormat, format_count>& named_formats() {
    static const std::array<NamedFormat, format_count> formats{{
        {"dns1123Label", "DNS1123Label", check_dns1123_label, 30},
        {"dns1123Subdomain", "DNS1123Subdomain", check_dns1123_subdomain, 60},
        {"dns1035Label", "DNS1035Label", check_dns1035_label, 30},
        {"qualifiedName", "QualifiedName", check_qualified_name, 60},
        {"dns1123LabelPrefix", "DNS1123LabelPrefix", check_label_prefix, 30},
        {"dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", check_subdomain_prefix, 60},
        {"dns1035LabelPrefix", "DNS1035LabelPrefix", check_dns1035_prefix, 30},
        {"labelValue", "LabelValue", check_label_value, 40},
        {"uri", "URI", check_uri, 1103},
        {"uuid", "uuid", check_uuid, 70},
        {"byte", "byte", check_base64, 84},
        {"date", "date", check_date, 71},
        {"datetime", "datetime", check_date_time, 71},
    }};
    return formats;
}

template <size_t Index>
Value this_format(Call&, std::span<const Value>) {
    return Value::opaque(&named_formats()[Index]);
}
template <size_t... Indices>
void declare_formats(Library& library, std::index_sequence<Indices...>) {
    const auto declare = [&](size_t index, Implementation call) {
        const std::string_view name = library.intern(cat("format.", named_formats()[index].name));
        library.function(name,
                         {{.id = name, .signature = "() -> kubernetes.NamedFormat", .call = call}});
    };
    (declare(Indices, this_format<Indices>), ...);
}

Value find_format(Call& call, std::span<const Value> args) {
    for (const NamedFormat& format : named_formats()) {
        if (format.name == args[0].as_string()) {
            return call.some(Value::opaque(&format));
        }
    }
    return Value::optional(nullptr);
}

Value validate_text(Call& call, std::span<const Value> args) {
    const Mistakes mistakes = args[0].as<NamedFormat>()->check(args[1].as_string());
    if (mistakes.empty()) {
        return Value::optional(nullptr);
    }
    ListBuilder out(call.arena(), mistakes.size());
    for (const std::string& mistake : mistakes) {
        out.add(call.string(mistake));
    }
    return call.some(out.finish());
}

std::optional<uint64_t> cost_of_validating(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[1]) + 1, string_traversal_factor) *
           scale_cost(args[0].as<NamedFormat>()->regex_size, regex_length_factor);
}
// Kubernetes takes every format's pattern for one of 128 characters.
std::optional<CallEstimate> estimate_validating(std::span<const Operand> args) {
    constexpr uint64_t regex_cost = 128 / 4;
    return CallEstimate{scale_cost(args[1].size_or_unknown(), string_traversal_factor) *
                            CostEstimate{regex_cost, regex_cost},
                        std::nullopt};
}

constexpr Documentation named_format_documentation[] = {
    {"format.named", "The format of a name as an optional.",
     "format.named('dns1123Label').hasValue()", "true"},
    {"validate", "What is wrong with a text, as an optional; none if nothing is.",
     "format.uuid().validate('x').value()", R"(["does not match the UUID format"])"},
    {"format.dns1123Label", "A name of at most 63 lower-case letters, digits and `-`.",
     "format.dns1123Label().validate('my-name').hasValue()", "false"},
    {"format.dns1123Subdomain", "Such names with dots between them.",
     "format.dns1123Subdomain().validate('my.name').hasValue()", "false"},
    {"format.dns1035Label", "A name that begins with a letter.",
     "format.dns1035Label().validate('1a').hasValue()", "true"},
    {"format.qualifiedName", "A key of labels: a name with a subdomain before it.",
     "format.qualifiedName().validate('example.com/name').hasValue()", "false"},
    {"format.dns1123LabelPrefix", "What such a name may begin with.",
     "format.dns1123LabelPrefix().validate('my-').hasValue()", "false"},
    {"format.dns1123SubdomainPrefix", "What a subdomain may begin with.",
     "format.dns1123SubdomainPrefix().validate('my.name-').hasValue()", "false"},
    {"format.dns1035LabelPrefix", "What a name that begins with a letter may begin with.",
     "format.dns1035LabelPrefix().validate('my-').hasValue()", "false"},
    {"format.labelValue", "A value of labels.", "format.labelValue().validate('a b').hasValue()",
     "true"},
    {"format.uri", "A URI.", "format.uri().validate('https://example.com').hasValue()", "false"},
    {"format.uuid", "A UUID.",
     "format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()", "false"},
    {"format.byte", "Base64.", "format.byte().validate('aGk=').hasValue()", "false"},
    {"format.date", "A date: 2026-01-02.", "format.date().validate('2026-01-02').hasValue()",
     "false"},
    {"format.datetime", "A time of RFC 3339.", "format.datetime().validate('2026-01-02').value()",
     R"(["invalid datetime"])"},
};

}  // namespace

Library named_format_library() {
    Library library("format");
    declare_formats(library, std::make_index_sequence<format_count>());
    library.function("format.named",
                     {{.id = "format-named",
                       .signature = "(string) -> optional_type(kubernetes.NamedFormat)",
                       .call = find_format}});
    library.function(
        "validate", {{.id = "format-validate",
                      .signature = "kubernetes.NamedFormat.(string) -> optional_type(list(string))",
                      .call = validate_text,
                      .actual_cost = cost_of_validating,
                      .estimated_cost = estimate_validating}});
    library.document("Formats", named_format_documentation);
    return library;
}

}  // namespace weft::cel
