// object/names.cc: the rules for names, character by character.

#include "object/names.h"

#include <algorithm>
#include <optional>

#include "base/base.h"

namespace weft {
namespace {

using Messages = std::vector<std::string>;

constexpr std::string_view label_rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view underscore_subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' "
    "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
    "used for validation is "
    "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view wildcard_rule =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
    "character (e.g. '*.example.com', regex used for validation is "
    "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view dns1035_rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view name_part_rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view label_value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

constexpr size_t label_max = 63;
constexpr size_t subdomain_max = 253;
constexpr size_t port_name_max = 15;
constexpr size_t field_manager_max = 128;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_lower_alnum(char c) {
    return is_lower(c) || is_digit(c);
}
bool is_alnum(char c) {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

template <typename Allowed>
bool consists_of(std::string_view text, Allowed allowed) {
    return std::ranges::all_of(text, allowed);
}

// Starts and ends with an alphanumeric character, and `inner` ones between.
template <typename Edge, typename Inner>
bool is_enclosed(std::string_view text, Edge edge, Inner inner) {
    return !text.empty() && edge(text.front()) && edge(text.back()) && consists_of(text, inner);
}

bool is_dns_label(std::string_view text) {
    return is_enclosed(text, is_lower_alnum, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
    return std::ranges::all_of(split(text, '.'), is_dns_label);
}

bool is_name_part(std::string_view text) {
    return is_enclosed(text, is_alnum,
                       [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

void add_length(Messages& out, std::string_view text, size_t max, std::string_view unit) {
    if (text.size() > max) {
        out.push_back(cat("must be no more than ", max, " ", unit));
    }
}

// Names that are file names somewhere.
void add_directory_names(Messages& out, std::string_view text) {
    if (text == ".") {
        out.emplace_back("must not be '.'");
    } else if (text == "..") {
        out.emplace_back("must not be '..'");
    } else if (text.starts_with("..")) {
        out.emplace_back("must not start with '..'");
    }
}

std::vector<NameMistake> invalid(Messages messages, std::string_view part = {}) {
    std::vector<NameMistake> out;
    for (std::string& message : messages) {
        out.push_back({"FieldValueInvalid", std::move(message), std::string(part)});
    }
    return out;
}

const NameMistake required{"FieldValueRequired", "", ""};

}  // namespace

Messages check_dns1123_label(std::string_view text) {
    Messages out;
    add_length(out, text, label_max, "characters");
    if (!is_dns_label(text)) {
        out.emplace_back(is_subdomain(text) ? "must not contain dots" : label_rule);
    }
    return out;
}

Messages check_dns1123_subdomain(std::string_view text) {
    Messages out;
    add_length(out, text, subdomain_max, "characters");
    if (!is_subdomain(text)) {
        out.emplace_back(subdomain_rule);
    }
    return out;
}

Messages check_dns1123_subdomain_with_underscore(std::string_view text) {
    Messages out;
    add_length(out, text, subdomain_max, "characters");
    const bool fits = std::ranges::all_of(split(text, '.'), [](std::string_view part) {
        if (part.starts_with('_')) {
            part.remove_prefix(1);
        }
        return is_enclosed(part, is_lower_alnum,
                           [](char c) { return is_lower_alnum(c) || c == '-' || c == '_'; });
    });
    if (!fits) {
        out.emplace_back(underscore_subdomain_rule);
    }
    return out;
}

Messages check_wildcard_dns1123_subdomain(std::string_view text) {
    Messages out;
    add_length(out, text, subdomain_max, "characters");
    if (!text.starts_with("*.") || !is_subdomain(text.substr(2))) {
        out.emplace_back(wildcard_rule);
    }
    return out;
}

Messages check_dns1035_label(std::string_view text) {
    Messages out;
    add_length(out, text, label_max, "characters");
    if (!is_dns_label(text) || !is_lower(text.front())) {
        out.emplace_back(dns1035_rule);
    }
    return out;
}

Messages check_qualified_name(std::string_view text) {
    Messages out;
    const std::vector<std::string_view> parts = split(text, '/');
    if (parts.size() > 2) {
        out.push_back(cat("a valid label key ", name_part_rule,
                          " with an optional DNS subdomain prefix and '/' (e.g. "
                          "'example.com/MyName')"));
        return out;
    }
    if (parts.size() == 2) {
        const std::string_view prefix = parts[0];
        if (prefix.empty()) {
            out.emplace_back("prefix part must be non-empty");
        } else {
            if (prefix.size() > subdomain_max) {
                out.push_back(cat("prefix part must be no more than ", subdomain_max, " bytes"));
            }
            if (!is_subdomain(prefix)) {
                out.push_back(cat("prefix part ", subdomain_rule));
            }
        }
    }
    const std::string_view name = parts.back();
    if (name.empty()) {
        out.emplace_back("name part must be non-empty");
    } else if (name.size() > label_max) {
        out.push_back(cat("name part must be no more than ", label_max, " bytes"));
    }
    if (!is_name_part(name)) {
        out.push_back(cat("name part ", name_part_rule));
    }
    return out;
}

Messages check_label_value(std::string_view text) {
    Messages out;
    add_length(out, text, label_max, "bytes");
    if (!text.empty() && !is_name_part(text)) {
        out.emplace_back(label_value_rule);
    }
    return out;
}

Messages check_port_name(std::string_view text) {
    Messages out;
    add_length(out, text, port_name_max, "characters");
    if (text.empty() || !consists_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; })) {
        out.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (std::ranges::none_of(text, is_lower)) {
        out.emplace_back("must contain at least one letter (a-z)");
    }
    if (text.find("--") != std::string_view::npos) {
        out.emplace_back("must not contain consecutive hyphens");
    }
    if (text.starts_with('-') || text.ends_with('-')) {
        out.emplace_back("must not begin or end with a hyphen");
    }
    return out;
}

Messages check_percent(std::string_view text) {
    if (text.size() >= 2 && text.back() == '%' &&
        consists_of(text.substr(0, text.size() - 1), is_digit)) {
        return {};
    }
    return {
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. "
        "'1%',  or '93%', regex used for validation is '[0-9]+%')"};
}

Messages check_http_header_name(std::string_view text) {
    if (!text.empty() && consists_of(text, [](char c) { return is_alnum(c) || c == '-'; })) {
        return {};
    }
    return {
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. "
        "'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"};
}

Messages check_env_var_name(std::string_view text) {
    Messages out;
    const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    if (text.empty() || is_digit(text.front()) || !consists_of(text, allowed)) {
        out.emplace_back(
            "a valid environment variable name must consist of alphabetic characters, digits, "
            "'_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or "
            "'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
            "'[-._a-zA-Z][-._a-zA-Z0-9]*')");
    }
    add_directory_names(out, text);
    return out;
}

Messages check_relaxed_env_var_name(std::string_view text) {
    if (text.empty()) {
        return {"environment variable name must be non-empty"};
    }
    if (!consists_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '='; })) {
        return {
            "a valid environment variable name must consist only of printable ASCII "
            "characters other than '='"};
    }
    return {};
}

Messages check_config_map_key(std::string_view text) {
    Messages out;
    add_length(out, text, subdomain_max, "characters");
    const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    if (text.empty() || !consists_of(text, allowed)) {
        out.emplace_back(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
            "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
            "'[-._a-zA-Z0-9]+')");
    }
    add_directory_names(out, text);
    return out;
}

Messages check_path_segment_name(std::string_view text) {
    if (text == "." || text == "..") {
        return {cat("may not be '", text, "'")};
    }
    Messages problems;
    for (const std::string_view bad : {"/", "%"}) {
        if (text.contains(bad)) {
            problems.push_back(cat("may not contain '", bad, "'"));
        }
    }
    return problems;
}

Messages check_generate_name(std::string_view text) {
    // What is put behind begins with an alphanumeric character, so a dash at the end is fine.
    std::string name(text);
    if (name.size() > 1 && name.back() == '-') {
        name.replace(name.size() - 2, 2, "a");
    }
    return check_dns1123_subdomain(name);
}

std::vector<NameMistake> check_fully_qualified_name(std::string_view text) {
    if (text.empty()) {
        return {required};
    }
    if (Messages messages = check_dns1123_subdomain(text); !messages.empty()) {
        return invalid(std::move(messages));
    }
    if (split(text, '.').size() < 3) {
        return invalid({"should be a domain with at least three segments separated by dots"});
    }
    return {};
}

std::vector<NameMistake> check_fully_qualified_domain_name(std::string_view text) {
    if (text.empty()) {
        return {required};
    }
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    if (Messages messages = check_dns1123_subdomain(text); !messages.empty()) {
        return invalid(std::move(messages));
    }
    const std::vector<std::string_view> parts = split(text, '.');
    if (parts.size() < 2) {
        return invalid({"should be a domain with at least two segments separated by dots"});
    }
    for (const std::string_view part : parts) {
        if (Messages messages = check_dns1123_label(part); !messages.empty()) {
            return invalid(std::move(messages));
        }
    }
    return {};
}

std::vector<NameMistake> check_domain_prefixed_path(std::string_view text) {
    if (text.empty()) {
        return {required};
    }
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
        return invalid({"must be a domain-prefixed path (such as \"acme.io/foo\")"});
    }
    const std::string_view host = text.substr(0, slash);
    if (Messages messages = check_dns1123_subdomain(host); !messages.empty()) {
        return invalid(std::move(messages), host);
    }
    constexpr std::string_view others = "/-._~%!$&'()*+,;=:";
    const auto allowed = [&](char c) {
        return is_alnum(c) || others.find(c) != std::string_view::npos;
    };
    const std::string_view path = text.substr(slash + 1);
    if (!consists_of(path, allowed)) {
        return invalid(
            {"Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"},
            path);
    }
    return {};
}

std::vector<NameMistake> check_domain_prefixed_key(std::string_view text) {
    if (text.empty()) {
        return {required};
    }
    if (Messages messages = check_qualified_name(text); !messages.empty()) {
        return invalid(std::move(messages));
    }
    if (text.find('/') == std::string_view::npos) {
        return invalid({"must be a domain-prefixed key (such as \"acme.io/foo\")"});
    }
    return {};
}

std::vector<NameMistake> check_field_manager(std::string_view text) {
    std::vector<NameMistake> out;
    if (text.size() > field_manager_max) {
        out.push_back(
            {"FieldValueTooLong", cat("may not be more than ", field_manager_max, " bytes")});
    }
    size_t position = 0;
    while (position < text.size()) {
        const size_t start = position;
        const char32_t code_point = next_code_point(text, position);
        const std::string_view character = text.substr(start, position - start);
        const bool is_printable = character == "\"" || character == "\\" ||
                                  quote(character) == cat("\"", character, "\"");
        if (!is_printable) {
            std::string hex = to_upper(hex_encode(std::string{
                static_cast<char>(code_point >> 16 & 0xFF),
                static_cast<char>(code_point >> 8 & 0xFF), static_cast<char>(code_point & 0xFF)}));
            const size_t digits = std::min(hex.find_first_not_of('0'), hex.size() - 4);
            out.push_back({"FieldValueInvalid", cat("invalid character U+", hex.substr(digits),
                                                    " (at position ", start, ")")});
        }
    }
    return out;
}

namespace {

struct KubeVersion {
    int maturity = 0;  // 3: "v1", 2: beta, 1: alpha
    int64_t major = 0;
    int64_t minor = 0;
};

std::optional<int64_t> version_number(std::string_view digits) {
    if (digits.empty() || !consists_of(digits, is_digit)) {
        return std::nullopt;
    }
    return parse_int(digits);
}

// "v1", "v2beta3"; nothing for what is not of that form.
std::optional<KubeVersion> parse_kube_version(std::string_view text) {
    if (!text.starts_with('v')) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<int64_t> major = version_number(text.substr(0, end));
    if (!major) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(end);
    if (rest.empty()) {
        return KubeVersion{3, *major, 0};
    }
    const int maturity = rest.starts_with("beta") ? 2 : (rest.starts_with("alpha") ? 1 : 0);
    if (maturity == 0) {
        return std::nullopt;
    }
    const std::optional<int64_t> minor = version_number(rest.substr(maturity == 2 ? 4 : 5));
    if (!minor) {
        return std::nullopt;
    }
    return KubeVersion{maturity, *major, *minor};
}

}  // namespace

int compare_kube_versions(std::string_view a, std::string_view b) {
    if (a == b) {
        return 0;
    }
    const std::optional<KubeVersion> left = parse_kube_version(a);
    const std::optional<KubeVersion> right = parse_kube_version(b);
    if (!left && !right) {
        return b.compare(a);
    }
    if (!left || !right) {
        return left ? 1 : -1;
    }
    if (left->maturity != right->maturity) {
        return left->maturity - right->maturity;
    }
    if (left->major != right->major) {
        return left->major < right->major ? -1 : 1;
    }
    return left->minor < right->minor ? -1 : (left->minor > right->minor ? 1 : 0);
}

}  // namespace weft
