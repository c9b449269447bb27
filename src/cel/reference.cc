// cel/reference.cc: the page of all functions.

#include "cel/reference.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "cel/library/profiles.h"

namespace weft::cel {

namespace {

// Where something is known: a bit for each profile, in this order.
constexpr int first_minor = 30;
constexpr int last_minor = 36;
constexpr uint32_t in_kro = 1;
constexpr uint32_t in_spec = 2;
constexpr uint32_t in_kubernetes(int minor) {
    return 4U << static_cast<uint32_t>(minor - first_minor);
}
constexpr uint32_t in_all = (4U << static_cast<uint32_t>(last_minor - first_minor + 1)) - 1;

struct DocumentedOverload {
    std::string_view function;
    std::string_view id;
    std::string_view signature;
    uint32_t known = 0;
};
struct Chapter {
    const Library* library = nullptr;
    uint32_t known = 0;
    std::vector<DocumentedOverload> overloads;
    std::vector<std::pair<std::string_view, uint32_t>> macros;
};

void note(Chapter& chapter, const Library& library, uint32_t profile) {
    chapter.known |= profile;
    for (const Library::Function& function : library.functions()) {
        for (const Overload& overload : function.overloads) {
            const auto same = std::ranges::find_if(chapter.overloads, [&](const auto& other) {
                return other.function == function.name && other.id == overload.id;
            });
            if (same != chapter.overloads.end()) {
                same->known |= profile;
            } else {
                chapter.overloads.push_back(
                    {function.name, overload.id, overload.signature, profile});
            }
        }
    }
    for (const Macro& macro : library.macros()) {
        const auto same = std::ranges::find(chapter.macros, macro.name,
                                            [](const auto& other) { return other.first; });
        if (same != chapter.macros.end()) {
            same->second |= profile;
        } else {
            chapter.macros.emplace_back(macro.name, profile);
        }
    }
}

// The libraries of all profiles, each once, in the order that they are met in. `kept` holds what
// the texts lie in.
std::vector<Chapter> chapters(std::deque<Library>& kept) {
    std::vector<std::pair<Profile, uint32_t>> profiles = {{Profile::kro(), in_kro},
                                                          {Profile::spec(), in_spec}};
    for (int minor = first_minor; minor <= last_minor; ++minor) {
        profiles.emplace_back(Profile::kubernetes(minor), in_kubernetes(minor));
    }
    std::vector<Chapter> out;
    for (const auto& [profile, bit] : profiles) {
        for (Library& library : libraries_of(profile)) {
            kept.push_back(std::move(library));
            const auto same = std::ranges::find_if(out, [&](const Chapter& chapter) {
                return chapter.library->name() == kept.back().name();
            });
            Chapter& chapter = same != out.end() ? *same : out.emplace_back();
            if (chapter.library == nullptr) {
                chapter.library = &kept.back();
            }
            note(chapter, kept.back(), bit);
        }
    }
    for (Library& library : libraries_of_hosts()) {
        kept.push_back(std::move(library));
        note(out.emplace_back(Chapter{.library = &kept.back()}), kept.back(), 0);
    }
    return out;
}

std::string known_text(uint32_t known) {
    if (known == 0) {
        return "in mutating admission policies of Kubernetes only";
    }
    if (known == in_all) {
        return "everywhere";
    }
    std::vector<std::string> parts;
    if ((known & in_kro) != 0) {
        parts.emplace_back("kro");
    }
    int first = 0;
    for (int minor = last_minor; minor >= first_minor; --minor) {
        first = (known & in_kubernetes(minor)) != 0 ? minor : first;
    }
    if (first != 0) {
        parts.push_back(first == first_minor ? "Kubernetes" : cat("Kubernetes since 1.", first));
    }
    if ((known & in_spec) != 0) {
        parts.emplace_back("cel-spec");
    }
    std::string out = "in ";
    for (size_t i = 0; i < parts.size(); ++i) {
        append(out, i == 0 ? "" : (i + 1 == parts.size() ? " and " : ", "), parts[i]);
    }
    return out;
}

// "a, list(b, c)" at its outer commas.
std::vector<std::string_view> split_parameters(std::string_view text) {
    std::vector<std::string_view> out;
    int depth = 0;
    size_t start = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '(' ? 1 : (text[i] == ')' ? -1 : 0);
        if (depth == 0 && text[i] == ',') {
            out.push_back(trim(text.substr(start, i - start)));
            start = i + 1;
        }
    }
    if (!trim(text).empty()) {
        out.push_back(trim(text.substr(start)));
    }
    return out;
}

bool is_operator(std::string_view function) {
    return function.starts_with('_') || function.ends_with('_') || function == operators::in;
}
// The sign of an operator: a name has a `_` for each operand.
std::string sign_of_operator(std::string_view function) {
    if (function == operators::in) {
        return "in";
    }
    return std::string(trim(replace_all(function, "_", " ")));
}

// A call as it is written: "string.charAt(int) -> string", "int + int -> int".
std::string call_text(std::string_view function, std::string_view signature) {
    const size_t arrow = signature.rfind(" -> ");
    const std::string_view result = signature.substr(arrow);
    if (const size_t target = signature.find(".("); target != std::string_view::npos) {
        return cat(signature.substr(0, target), ".", function, signature.substr(target + 1));
    }
    if (!is_operator(function)) {
        return cat(function, signature);
    }
    const auto operands = split_parameters(signature.substr(1, arrow - 2));
    if (operands.size() == 1) {
        return cat(function.substr(0, 1), operands[0], result);
    }
    if (operands.size() == 3) {
        return cat(operands[0], " ? ", operands[1], " : ", operands[2], result);
    }
    if (function == operators::index || function == operators::optional_index) {
        return cat(operands[0], function == operators::index ? "[" : "[?", operands[1], "]",
                   result);
    }
    return cat(operands[0], " ", sign_of_operator(function), " ", operands[1], result);
}

std::string heading_of(const Documentation& entry) {
    return is_operator(entry.name) ? cat("`", sign_of_operator(entry.name), "`")
                                   : std::string(entry.name);
}

}  // namespace

std::string function_reference() {
    std::deque<Library> kept;
    std::string out =
        "# CEL functions\n\n"
        "<!-- Made by `weft __cel-functions` from the tables beside the functions; a test runs the "
        "examples and\nfails when this page is stale. -->\n\n"
        "What expressions may call, in kro's definitions (profile `kro`), in the rules of "
        "Kubernetes' "
        "CustomResourceDefinitions\n(`kubernetes-1.30` to `kubernetes-1.36`), and in cel-spec with "
        "cel-go's extensions (`spec`). `weft cel eval --profile` takes\nthe same names. Capital "
        "letters stand for any type, the same one where the letter is the same.\n";
    for (const Chapter& chapter : chapters(kept)) {
        const Library& library = *chapter.library;
        if (library.documentation().empty()) {
            continue;
        }
        append(out, "\n## ", library.title(), "\n\nKnown ", known_text(chapter.known), ".\n");
        for (const Documentation& entry : library.documentation()) {
            std::string forms;
            const auto add_form = [&](std::string_view form, uint32_t known) {
                append(forms, form);
                if (known != chapter.known) {
                    append(forms, "   // ", known_text(known));
                }
                forms += '\n';
            };
            for (const DocumentedOverload& overload : chapter.overloads) {
                if (overload.function == entry.name && entry.form.empty()) {
                    add_form(call_text(overload.function, overload.signature), overload.known);
                }
            }
            for (const auto& [macro, known] : chapter.macros) {
                if (macro == entry.name) {
                    for (const std::string_view form : split_parameters(entry.form)) {
                        add_form(form, known);
                    }
                }
            }
            if (forms.empty()) {
                continue;  // of a version that no profile has
            }
            append(out, "\n### ", heading_of(entry), "\n\n", entry.about, "\n\n```\n", forms,
                   entry.example, "   // ", entry.result, "\n```\n");
        }
    }
    return out;
}

}  // namespace weft::cel
