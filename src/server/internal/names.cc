// server/internal/names.cc: which texts may be names, label keys and label values.

#include "server/internal/selectors.h"

namespace weft::server {

namespace {

bool is_lower_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alnum(char c) {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool is_dns_label(std::string_view text) {
    if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) {
        return false;
    }
    for (const char c : text) {
        if (!is_lower_alnum(c) && c != '-') {
            return false;
        }
    }
    return true;
}

bool is_dns_subdomain(std::string_view text) {
    for (const std::string_view part : split(text, '.')) {
        if (!is_dns_label(part)) {
            return false;
        }
    }
    return true;
}

// The inside of label values and of the name part of keys.
bool is_qualified_part(std::string_view text) {
    if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) {
        return false;
    }
    for (const char c : text) {
        if (!is_alnum(c) && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return true;
}

constexpr std::string_view subdomain_message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view name_part_message =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

std::string too_long(size_t limit) {
    return cat("must be no more than ", limit, " bytes");
}

}  // namespace

std::vector<std::string> dns1123_subdomain_errors(std::string_view name) {
    std::vector<std::string> errors;
    if (name.size() > 253) {
        errors.push_back(too_long(253));
    }
    if (!is_dns_subdomain(name)) {
        errors.emplace_back(subdomain_message);
    }
    return errors;
}

std::vector<std::string> dns1123_label_errors(std::string_view name) {
    std::vector<std::string> errors;
    if (name.size() > 63) {
        errors.push_back(too_long(63));
    }
    if (!is_dns_label(name)) {
        if (is_dns_subdomain(name)) {
            errors.emplace_back("must not contain dots");
        } else {
            errors.emplace_back(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
                "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
        }
    }
    return errors;
}

std::vector<std::string> dns1035_label_errors(std::string_view name) {
    std::vector<std::string> errors;
    if (name.size() > 63) {
        errors.push_back(too_long(63));
    }
    if (!is_dns_label(name) || (name.front() >= '0' && name.front() <= '9')) {
        errors.emplace_back(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
            "with an alphabetic character, and end with an alphanumeric character (e.g. "
            "'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
    }
    return errors;
}

std::vector<std::string> path_segment_errors(std::string_view name) {
    if (name == "." || name == "..") {
        return {cat("may not be '", name, "'")};
    }
    std::vector<std::string> errors;
    for (const std::string_view bad : {"/", "%"}) {
        if (name.contains(bad)) {
            errors.push_back(cat("may not contain '", bad, "'"));
        }
    }
    return errors;
}

std::vector<std::string> qualified_name_errors(std::string_view name) {
    std::vector<std::string> errors;
    std::string_view part = name;
    const size_t slash = name.find('/');
    if (slash != std::string_view::npos) {
        if (name.find('/', slash + 1) != std::string_view::npos) {
            return {
                "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and "
                "must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  "
                "or '123-abc', regex used for validation is "
                "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix "
                "and '/' (e.g. 'example.com/MyName')"};
        }
        const std::string_view prefix = name.substr(0, slash);
        part = name.substr(slash + 1);
        if (prefix.empty()) {
            errors.emplace_back("prefix part must be non-empty");
        } else {
            for (const std::string& error : dns1123_subdomain_errors(prefix)) {
                errors.push_back(cat("prefix part ", error));
            }
        }
    }
    if (part.empty()) {
        errors.emplace_back("name part must be non-empty");
    } else if (part.size() > 63) {
        errors.push_back(cat("name part ", too_long(63)));
    }
    if (!is_qualified_part(part)) {
        errors.emplace_back(name_part_message);
    }
    return errors;
}

std::vector<std::string> label_value_errors(std::string_view value) {
    std::vector<std::string> errors;
    if (value.size() > 63) {
        errors.push_back(too_long(63));
    }
    if (!value.empty() && !is_qualified_part(value)) {
        errors.emplace_back(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
            "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
            "'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    }
    return errors;
}

}  // namespace weft::server
