// cel/reference_test.cc: every function is documented, every example is true, and the page is made
// from them.

#include "cel/reference.h"

#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

#include "cel/cel.h"
#include "cel/library/authz.h"
#include "cel/library/profiles.h"

namespace weft::cel {
namespace {

std::vector<Profile> all_profiles() {
    std::vector<Profile> out = {Profile::kro(), Profile::spec()};
    for (int minor = 30; minor <= 36; ++minor) {
        out.push_back(Profile::kubernetes(minor));
    }
    return out;
}

// Everybody may get, and nothing else.
class Getters final : public Authorizer {
public:
    [[nodiscard]] AuthorizationAnswer decide(const AuthorizationQuestion& question) const override {
        return question.verb == "get"
                   ? AuthorizationAnswer{.is_allowed = true, .reason = "everybody may get"}
                   : AuthorizationAnswer{};
    }
};

// The languages and what is in them, and one with what hosts add.
struct Language {
    Environment environment;
    std::vector<Library> libraries;
};
std::vector<Language> all_languages() {
    std::vector<Language> out;
    for (const Profile profile : all_profiles()) {
        Environment::Builder builder = Environment::of(profile).extend();
        if (profile.kind == Profile::Kind::kubernetes) {
            builder.variable("authorizer", "kubernetes.authorization.Authorizer");
        }
        out.push_back({builder.build(), libraries_of(profile)});
    }
    Environment::Builder builder = Environment::of(Profile::kubernetes(36)).extend();
    for (const Library& library : libraries_of_hosts()) {
        builder.library(library);
    }
    out.push_back({builder.build(), libraries_of_hosts()});
    return out;
}

// What macros expand to and what no expression can name.
bool is_internal(std::string_view name) {
    return name != operators::in && name.contains('@');
}

bool is_documented(const Library& library, std::string_view name) {
    return std::ranges::any_of(library.documentation(),
                               [&](const Documentation& entry) { return entry.name == name; });
}

bool declares(const Library& library, std::string_view name) {
    return std::ranges::any_of(library.functions(),
                               [&](const auto& function) { return function.name == name; }) ||
           std::ranges::any_of(library.macros(),
                               [&](const Macro& macro) { return macro.name == name; });
}

TEST(CelReference, EveryFunctionAndMacroIsDocumented) {
    for (const Language& language : all_languages()) {
        for (const Library& library : language.libraries) {
            for (const Library::Function& function : library.functions()) {
                EXPECT_TRUE(is_internal(function.name) || is_documented(library, function.name))
                    << library.name() << ": " << function.name;
            }
            for (const Macro& macro : library.macros()) {
                EXPECT_TRUE(is_documented(library, macro.name))
                    << library.name() << ": " << macro.name;
            }
        }
    }
}

std::string outcome_of(const Environment& environment, std::string_view text, bool optimize) {
    const Result<Ast> ast = environment.compile(text);
    if (!ast) {
        return ast.error().message();
    }
    const Result<Program> program = environment.program(*ast, {.optimize = optimize});
    if (!program) {
        return program.error().message();
    }
    static const Getters getters;
    Arena arena;
    return to_text(program->evaluate(
        Activation().bind("authorizer", authorizer_value(arena, getters)), arena));
}

TEST(CelReference, EveryExampleGivesItsResult) {
    const std::vector<Language> languages = all_languages();
    std::set<std::string_view> tried;
    for (const Language& language : languages) {
        for (const Library& library : language.libraries) {
            for (const Documentation& entry : library.documentation()) {
                // An example may use functions of other libraries, which a profile may lack.
                if (!declares(library, entry.name) ||
                    !language.environment.compile(entry.example)) {
                    continue;
                }
                tried.insert(entry.example);
                for (const bool optimize : {true, false}) {
                    EXPECT_EQ(outcome_of(language.environment, entry.example, optimize),
                              entry.result)
                        << entry.example;
                }
            }
        }
    }
    for (const Language& language : languages) {
        for (const Library& library : language.libraries) {
            for (const Documentation& entry : library.documentation()) {
                EXPECT_TRUE(!declares(library, entry.name) || tried.contains(entry.example))
                    << "no profile takes the example " << entry.example << ": "
                    << outcome_of(language.environment, entry.example, true);
            }
        }
    }
}

TEST(CelReference, ThePageIsWhatTheTablesSay) {
    std::ifstream file("docs/reference/cel-functions.md");
    std::ostringstream page;
    page << file.rdbuf();

    // If this fails: build/dev/weft __cel-functions > docs/reference/cel-functions.md
    EXPECT_TRUE(page.str() == function_reference());
}

}  // namespace
}  // namespace weft::cel
