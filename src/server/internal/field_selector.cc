// server/internal/field_selector.cc: reads and matches field selectors.

#include <algorithm>

#include "server/internal/selectors.h"

namespace weft::server {

namespace {

Result<std::string> unescape_field_value(std::string_view text) {
    std::string out;
    bool escaped = false;
    size_t at = 0;
    while (at < text.size()) {
        const size_t start = at;
        const char32_t c = next_code_point(text, at);
        if (escaped) {
            if (c != '\\' && c != ',' && c != '=') {
                return make_error(Reason::bad_request,
                                  "invalid field selector: invalid escape sequence: \\",
                                  text.substr(start, at - start));
            }
            escaped = false;
            out += text.substr(start, at - start);
        } else if (c == '\\') {
            escaped = true;
        } else if (c == ',' || c == '=') {
            return make_error(
                Reason::bad_request,
                "invalid field selector: unescaped character in value: ", static_cast<int>(c));
        } else {
            out += text.substr(start, at - start);
        }
    }
    if (escaped) {
        return make_error(Reason::bad_request,
                          "invalid field selector: invalid escape sequence: \\");
    }
    return out;
}

std::vector<std::string_view> split_terms(std::string_view text) {
    std::vector<std::string_view> terms;
    size_t start = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == ',') {
            terms.push_back(text.substr(start, i - start));
            start = i + 1;
        }
    }
    terms.push_back(text.substr(start));
    return terms;
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
    FieldSelector selector;
    // Go sorts the terms as they are written, so that is the order of terms and of errors.
    std::vector<std::string_view> written = split_terms(text);
    std::ranges::sort(written);
    for (const std::string_view term : written) {
        if (term.empty()) {
            continue;
        }
        bool found = false;
        for (size_t i = 0; i < term.size() && !found; ++i) {
            const std::string_view rest = term.substr(i);
            for (const std::string_view op : {"!=", "==", "="}) {
                if (rest.starts_with(op)) {
                    selector.terms_.push_back({std::string(term.substr(0, i)), op != "!=",
                                               TRY(unescape_field_value(rest.substr(op.size())))});
                    found = true;
                    break;
                }
            }
        }
        if (!found) {
            return make_error(Reason::bad_request, "invalid selector: '", text,
                              "'; can't understand '", term, "'");
        }
    }
    return selector;
}

bool FieldSelector::matches(const Lookup& fields) const {
    return std::ranges::all_of(terms_, [&](const FieldTerm& term) {
        return (fields(term.field).value_or("") == term.value) == term.equal;
    });
}

std::optional<std::string_view> FieldSelector::exact(std::string_view field) const {
    for (const FieldTerm& term : terms_) {
        if (term.equal && term.field == field) {
            return term.value;
        }
    }
    return std::nullopt;
}

}  // namespace weft::server
