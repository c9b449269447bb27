// graph/names.cc: scans by hand; these run for every name of every definition.

#include "graph/names.h"

#include <algorithm>
#include <array>

namespace weft::graph {

namespace {

// Sorted, for binary search.
constexpr auto reserved_words = std::to_array<std::string_view>({
    "apiVersion",
    "as",
    "break",
    "const",
    "context",
    "continue",
    "dependencies",
    "dependency",
    "each",
    "else",
    "externalRef",
    "externalReference",
    "externalReferences",
    "externalRefs",
    "false",
    "for",
    "function",
    "graph",
    "if",
    "import",
    "in",
    "instance",
    "item",
    "items",
    "kind",
    "kro",
    "let",
    "loop",
    "metadata",
    "namespace",
    "null",
    "object",
    "package",
    "resource",
    "resourceGraphDefinition",
    "resourcegraphdefinition",
    "resources",
    "return",
    "root",
    "runtime",
    "schema",
    "self",
    "serviceAccountName",
    "spec",
    "status",
    "this",
    "true",
    "var",
    "variables",
    "vars",
    "version",
    "void",
    "while",
});
static_assert(std::ranges::is_sorted(reserved_words));

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_alphanumeric(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); });
}

// Takes at least one digit off the front.
bool take_digits(std::string_view& text) {
    const size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(size);
    return size > 0;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

bool is_reserved_word(std::string_view word) {
    return std::ranges::binary_search(reserved_words, word);
}

bool is_upper_camel_case(std::string_view text) {
    return !text.empty() && is_upper(text[0]) && is_alphanumeric(text);
}

bool is_lower_camel_case(std::string_view text) {
    return !text.empty() && is_lower(text[0]) && is_alphanumeric(text);
}

bool is_kubernetes_version(std::string_view text) {
    if (!take(text, "v") || !take_digits(text)) {
        return false;
    }
    if (take(text, "alpha") || take(text, "beta")) {
        return take_digits(text) && text.empty();
    }
    return text.empty();
}

Status check_kubernetes_version(std::string_view text) {
    if (!is_kubernetes_version(text)) {
        return make_error(Reason::invalid, "version ", text, " is not a valid Kubernetes version");
    }
    return {};
}

std::string dns1035_label_mistake(std::string_view text) {
    std::string mistakes;
    if (text.size() > 63) {
        mistakes = "must be no more than 63 characters";
    }
    const auto is_inner = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
    const bool fits = !text.empty() && is_lower(text[0]) && std::ranges::all_of(text, is_inner) &&
                      text.back() != '-';
    if (!fits) {
        append(mistakes, mistakes.empty() ? "" : ", ",
               "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
               "with an alphabetic character, and end with an alphanumeric character (e.g. "
               "'my-name',  or 'abc-123', regex used for validation is "
               "'[a-z]([-a-z0-9]*[a-z0-9])?')");
    }
    return mistakes;
}

Result<TypeNames> parse_type_names(std::string_view api_version, std::string_view kind) {
    TypeNames names;
    const size_t slash = api_version.find('/');
    if (slash == std::string_view::npos) {
        names.version = api_version;
    } else if (api_version.find('/', slash + 1) != std::string_view::npos) {
        return make_error(Reason::invalid, "invalid apiVersion format ", quote(api_version),
                          ": unexpected GroupVersion string: ", api_version);
    } else {
        names.group = api_version.substr(0, slash);
        names.version = api_version.substr(slash + 1);
    }
    const std::string mistake = dns1035_label_mistake(to_lower(kind));
    if (!mistake.empty()) {
        return make_error(Reason::invalid, "invalid kind ", quote(kind), ": ", mistake,
                          " (must be a valid DNS-1035 label when lowercased)");
    }
    names.kind = kind;
    return names;
}

}  // namespace weft::graph
