// cli/line.h: what the files that read the command line share. Only they know CLI11.

#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "cli/live.h"

namespace weft::cli {

// What is to be run, once the line is understood.
using Run = std::function<int()>;

// Adds the commands for authors of definitions: plan, render, graph, generate, fmt, lint, diff,
// test. The one that is on the line sets `run`.
void add_author_commands(CLI::App* app, Run* run);

// Pages of docs/reference/: what `weft __reference PAGE` prints.
[[nodiscard]] std::string commands_page(const CLI::App& app);
[[nodiscard]] std::string simple_schema_page();
[[nodiscard]] std::string lint_rules_page();

// --from-cluster, --kubeconfig, --context.
void add_cluster_flags(CLI::App* app, ClusterFlags* flags);

// One of several words.
template <typename T>
void add_choice(CLI::App* app, const std::string& name, T* value,
                const std::map<std::string, T>& choices, const std::string& help) {
    std::string words;
    std::string type;
    for (const auto& [word, unused] : choices) {
        words += (words.empty() ? "" : ", ") + word;
        type += (type.empty() ? "" : "|") + word;
    }
    app->add_option_function<std::string>(
           name,
           [value, choices, words, name](const std::string& text) {
               const auto found = choices.find(text);
               if (found == choices.end()) {
                   throw CLI::ValidationError(name, "\"" + text + "\" is none of " + words);
               }
               *value = found->second;
           },
           help)
        ->type_name(type);
}

}  // namespace weft::cli
