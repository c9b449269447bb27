// cli/main.cc: the command line. Commands for authors are in author_line.cc.

#include <cstdio>
#include <iostream>
#include <limits>

#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/envtest.h"
#include "cli/limits.h"
#include "cli/line.h"
#include "cli/terminal.h"
#include "io/log.h"
#include "io/time_zone.h"

namespace weft::cli {
namespace {

constexpr const char* about =
    R"(weft says "these things should exist" to Kubernetes: a drop-in for kro that needs no cluster.

  weft up -f examples/web-app        everything in one process, with a picture of what runs
  weft serve --data-dir ./data       the API server and controllers, for kubectl
  weft validate definitions/         every mistake, with file:line:column and cure
  weft controller --kubeconfig FILE  kro's controllers against any Kubernetes
  weft cel eval EXPRESSION           one CEL expression, as kro or Kubernetes evaluates it
)";

const std::map<std::string, store::Sync> syncs = {
    {"full", store::Sync::full}, {"group", store::Sync::group}, {"off", store::Sync::off}};
const std::map<std::string, cluster::WorkloadMode> modes = {
    {"instant", cluster::WorkloadMode::instant},
    {"delayed", cluster::WorkloadMode::delayed},
    {"off", cluster::WorkloadMode::off}};
const std::map<std::string, Format> formats = {
    {"text", Format::text}, {"json", Format::json}, {"yaml", Format::yaml}};

// A duration as Go writes it ("1m30s"), into nanoseconds.
CLI::Option* add_duration(CLI::App* app, const std::string& name, int64_t* value,
                          const std::string& help) {
    return app
        ->add_option_function<std::string>(
            name,
            [value, name](const std::string& text) {
                const auto parsed = parse_duration(text);
                if (!parsed) {
                    throw CLI::ValidationError(
                        name, "\"" + text + "\" is no duration; write 30s or 1m30s");
                }
                if (*parsed < 0) {
                    throw CLI::ValidationError(
                        name, "\"" + text + "\" lies in the past; write 30s or 1m30s");
                }
                *value = *parsed;
            },
            help + " (" + format_duration(*value) + ")")
        ->type_name("DURATION");
}

// A whole number within bounds. CLI11's own conversion lets -3 wrap and says little of the rest.
template <typename T>
void add_number(CLI::App* app, const std::string& name, T* value, int64_t least, int64_t most,
                const std::string& help) {
    app->add_option_function<std::string>(
           name,
           [value, least, most, name](const std::string& text) {
               const auto parsed = parse_int(text);
               if (!parsed || *parsed < least || *parsed > most) {
                   const std::string range = most == std::numeric_limits<int64_t>::max()
                                                 ? cat("from ", least, " on")
                                                 : cat("between ", least, " and ", most);
                   throw CLI::ValidationError(name, "\"" + text + "\" is no whole number " + range);
               }
               *value = static_cast<T>(*parsed);
           },
           help + " (" + std::to_string(*value) + ")")
        ->type_name("N");
}

void add_server_flags(CLI::App* app, ServerFlags* flags) {
    app->add_option("--address", flags->address, "address to listen on")->capture_default_str();
    add_number(app, "--port", &flags->port, 0, 65535,
               "port to listen on; 0 takes any that is free");
    app->add_option("--data-dir", flags->data_dir,
                    "keep everything in this folder; without it: in memory");
    app->add_option("--kubeconfig", flags->kubeconfig, "write the kubeconfig to this file");
    app->add_option("--token-auth-file", flags->token_file,
                    "who else may come: lines of token,user,uid,\"group1,group2\"");
    add_choice(app, "--sync", &flags->sync, syncs, "how writes are made durable (full)");
    add_choice(app, "--workloads", &flags->workloads, modes,
               "how the simulated cluster runs workloads (instant)");
    add_number(app, "--seed", &flags->seed, 0, std::numeric_limits<int64_t>::max(),
               "seed of the delays of --workloads=delayed");
    app->add_option("--stages", flags->stages,
                    "rules (kind: Stage) that make custom kinds ready: files, folders, or `cloud`, "
                    "the rules for ACK, Config Connector and Azure kinds that come with weft");
    app->add_option_function<std::string>(
        "--runtime-config",
        [flags](const std::string& text) {
            if (text != "api/all=true" && text != "api/all=false") {
                throw CLI::ValidationError("--runtime-config", "only api/all=true is known");
            }
            flags->all_versions = text == "api/all=true";
        },
        "api/all=true serves alpha and beta versions too");
}

void add_budget_flags(CLI::App* app, graph::Budget* budget) {
    const auto add = [app](const std::string& name, uint64_t* value, const std::string& help) {
        app->add_option_function<std::string>(
               name,
               [name, value](const std::string& text) {
                   const std::optional<uint64_t> number = parse_uint(text);
                   if (!number) {
                       throw CLI::ValidationError(name, "\"" + text + "\" is no number");
                   }
                   *value = *number;
               },
               help)
            ->type_name("NUMBER");
    };
    add("--max-cost", &budget->cost,
        "refuse definitions whose expressions may cost more for one plan, in CEL's units");
    add("--max-objects", &budget->objects,
        "refuse definitions of which one instance may make more objects");
}

void add_control_flags(CLI::App* app, control::ControlOptions* options) {
    app->add_flag("--allow-crd-deletion{true}", options->allow_crd_deletion,
                  "delete the generated CRD with its definition");
    static const std::map<std::string, control::DefinitionDeletion> policies = {
        {"detach", control::DefinitionDeletion::detach},
        {"block", control::DefinitionDeletion::block},
        {"drain", control::DefinitionDeletion::drain}};
    add_choice(app, "--rgd-deletion-policy", &options->definition_deletion, policies,
               "what a deleted definition does about its instances (detach: leave them, as kro)");
    constexpr int64_t any = std::numeric_limits<int64_t>::max();
    add_number(app, "--rgd-max-collection-size", &options->collection_size_max, 1, any,
               "items a forEach may make");
    add_number(app, "--rgd-max-collection-dimension-size", &options->collection_dimensions_max, 1,
               any, "dimensions a forEach may have");
    add_number(app, "--rgd-max-graph-revisions", &options->revisions_max, 0, any,
               "revisions kept; 0 keeps all");
    add_number(app, "--resource-graph-definition-concurrent-reconciles",
               &options->definition_workers, 1, workers_max, "definitions worked on at once");
    add_number(app, "--dynamic-controller-concurrent-reconciles", &options->instance_workers, 1,
               workers_max, "instances worked on at once");
    add_budget_flags(app, &options->budget);
    add_duration(app, "--dynamic-controller-rate-limiter-min-delay", &options->retry_min,
                 "first wait after a failure");
    add_duration(app, "--dynamic-controller-rate-limiter-max-delay", &options->retry_max,
                 "longest wait after failures");
    add_duration(app, "--instance-requeue-interval", &options->recheck_interval,
                 "look again at what is not ready after this long; 0: only when something changes");
    app->add_option_function<std::string>(
        "--feature-gates",
        [options](const std::string& text) {
            for (const std::string_view gate : split(text, ',')) {
                const size_t equals = gate.find('=');
                const std::string_view name = gate.substr(0, equals);
                const std::string_view value =
                    equals == std::string_view::npos ? std::string_view() : gate.substr(equals + 1);
                if (value != "true" && value != "false") {
                    throw CLI::ValidationError("--feature-gates", "write NAME=true or NAME=false");
                }
                const bool is_known =
                    name == "CELOmitFunction" || name == "InstanceConditionEvents" ||
                    name == "InstanceConditionMetrics" || name == "DefinitionConditionEvents" ||
                    name == "AllAlpha" || name == "AllBeta";
                if (name == "InstanceConditionMetrics" || name == "AllAlpha") {
                    options->condition_metrics = value == "true";
                }
                if (name == "DefinitionConditionEvents") {
                    options->definition_events = value == "true";
                }
                if (name == "CELOmitFunction" || name == "AllAlpha") {
                    options->gates.cel_omit_function = value == "true";
                }
                if (name == "InstanceConditionEvents" || name == "AllAlpha") {
                    options->condition_events = value == "true";
                }
                if (!is_known) {
                    throw CLI::ValidationError("--feature-gates",
                                               "no gate \"" + std::string(name) +
                                                   "\"; there are CELOmitFunction, "
                                                   "InstanceConditionEvents, "
                                                   "InstanceConditionMetrics, "
                                                   "DefinitionConditionEvents, AllAlpha, AllBeta");
                }
            }
        },
        "switches, as NAME=true,NAME=false");
}

// kro's flags that change nothing here, taken so that its manifests start us unchanged.
void add_accepted_flags(CLI::App* app) {
    static std::string ignored;
    for (const char* name :
         {"--pprof-bind-address", "--enable-controller-warmup",
          "--graph-revision-concurrent-reconciles", "--dynamic-controller-rate-limiter-rate-limit",
          "--dynamic-controller-rate-limiter-burst-limit",
          "--dynamic-controller-default-resync-period",
          "--dynamic-controller-default-queue-max-retries", "--rgd-progress-requeue-delay",
          "--zap-stacktrace-level", "--zap-time-encoding"}) {
        app->add_option(name, ignored)
            ->group("Taken for kro's sake; they change nothing")
            ->expected(0, 1);
    }
}

// What is logged and how, as zap's flags say it: kro's chart always sets the level.
struct LogFlags {
    io::LogLevel level = io::LogLevel::info;
    io::LogFormat format = io::LogFormat::console;
};

void add_log_flags(CLI::App* app, LogFlags* flags) {
    app->add_option_function<std::string>(
           "--zap-log-level",
           [flags](const std::string& text) {
               // zap takes a number, too: how much more than info.
               if (const auto number = parse_int(text)) {
                   flags->level = *number > 0 ? io::LogLevel::debug : io::LogLevel::info;
                   return;
               }
               if (text == "panic") {
                   flags->level = io::LogLevel::error;
                   return;
               }
               const auto level = io::log_level_from_text(text);
               if (!level) {
                   throw CLI::ValidationError(
                       "--zap-log-level",
                       "\"" + text + "\" is none of debug, info, warn, error, panic, or a number");
               }
               flags->level = *level;
           },
           "the least that is logged (info)")
        ->type_name("debug|info|warn|error|panic|N");
    static const std::map<std::string, io::LogFormat> encoders = {
        {"console", io::LogFormat::console}, {"json", io::LogFormat::json}};
    add_choice(app, "--zap-encoder", &flags->format, encoders, "form of the log (console)");
    static const std::map<std::string, io::LogFormat> forms = {{"text", io::LogFormat::console},
                                                               {"json", io::LogFormat::json}};
    add_choice(app, "--log-format", &flags->format, forms, "the same in our words (text)");
    app->add_flag_function(
        "--zap-devel{true}",
        [flags](int64_t is_on) {
            if (is_on > 0 && flags->level == io::LogLevel::info) {
                flags->level = io::LogLevel::debug;
            }
        },
        "log debug messages, too");
}

void add_controller(CLI::App* app, ControllerOptions* options) {
    add_control_flags(app, &options->control);
    app->add_option("--kubeconfig", options->kubeconfig,
                    "which API server ($KUBECONFIG, the pod's, ~/.kube/config)");
    app->add_option("--context", options->context, "context of the kubeconfig");
    app->add_option("--metrics-bind-address", options->metrics_address, "for /metrics; 0: none")
        ->capture_default_str();
    app->add_option("--health-probe-bind-address", options->health_address,
                    "for /healthz and /readyz; 0: none")
        ->capture_default_str();
    app->add_flag("--leader-elect{true}", options->leader_elect, "of several processes, one leads");
    app->add_option("--leader-election-namespace", options->leader_namespace,
                    "of the lease (the own namespace)");
    add_duration(app, "--leader-election-lease-duration", &options->lease_duration,
                 "others wait so long");
    add_duration(app, "--leader-election-renew-deadline", &options->renew_deadline,
                 "the leader tries so long");
    add_duration(app, "--leader-election-retry-period", &options->retry_period,
                 "between two tries");
    add_number(app, "--client-qps", &options->control.client_qps, 0, 1'000'000,
               "requests a second; 0: as many as the server takes");
    add_number(app, "--client-burst", &options->control.client_burst, 0, 1'000'000,
               "requests that may come at once under --client-qps");
    add_duration(app, "--graceful-shutdown-timeout", &options->shutdown_timeout,
                 "how long stopping may take");
    app->add_flag("--install-crds,!--no-install-crds", options->control.install_crds,
                  "make kro's two CRDs where they are missing");
    add_accepted_flags(app);
}

void log_to_stderr(control::LogLevel level, const std::string& message,
                   const control::LogFields& fields) {
    constexpr std::array<io::LogLevel, 4> levels = {io::LogLevel::debug, io::LogLevel::info,
                                                    io::LogLevel::warning, io::LogLevel::error};
    std::vector<io::LogField> pairs;
    for (const auto& [name, value] : fields) {
        pairs.emplace_back(name, value);
    }
    io::log(levels[static_cast<size_t>(level)], message, pairs);
}

// kro takes Go's flags: one dash or two.
std::vector<std::string> with_two_dashes(int count, char** words) {
    std::vector<std::string> out(words + 1, words + count);
    if (!out.empty() && out[0] == "controller") {
        for (std::string& word : out) {
            if (word.size() > 2 && word[0] == '-' && word[1] != '-' && std::isalpha(word[1]) != 0) {
                word.insert(0, "-");
            }
        }
    }
    return out;
}

// The variables that kro's chart gives its pod; a flag on the line wins.
void add_environment(std::vector<std::string>* arguments) {
    constexpr std::array<std::pair<const char*, const char*>, 25> variables = {{
        {"KRO_METRICS_BIND_ADDRESS", "--metrics-bind-address"},
        {"KRO_HEALTH_PROBE_BIND_ADDRESS", "--health-probe-bind-address"},
        {"KRO_RESOURCE_GROUP_CONCURRENT_RECONCILES",
         "--resource-graph-definition-concurrent-reconciles"},
        {"KRO_GRAPH_REVISION_CONCURRENT_RECONCILES", "--graph-revision-concurrent-reconciles"},
        {"KRO_DYNAMIC_CONTROLLER_CONCURRENT_RECONCILES",
         "--dynamic-controller-concurrent-reconciles"},
        {"KRO_LOG_LEVEL", "--zap-log-level"},
        {"KRO_LOG_ENCODER", "--zap-encoder"},
        {"KRO_LOG_DEVELOPMENT", "--zap-devel"},
        {"KRO_DYNAMIC_CONTROLLER_DEFAULT_RESYNC_PERIOD",
         "--dynamic-controller-default-resync-period"},
        {"KRO_DYNAMIC_CONTROLLER_DEFAULT_QUEUE_MAX_RETRIES",
         "--dynamic-controller-default-queue-max-retries"},
        {"KRO_DYNAMIC_CONTROLLER_RATE_LIMITER_MIN_DELAY",
         "--dynamic-controller-rate-limiter-min-delay"},
        {"KRO_DYNAMIC_CONTROLLER_RATE_LIMITER_MAX_DELAY",
         "--dynamic-controller-rate-limiter-max-delay"},
        {"KRO_DYNAMIC_CONTROLLER_RATE_LIMITER_RATE_LIMIT",
         "--dynamic-controller-rate-limiter-rate-limit"},
        {"KRO_DYNAMIC_CONTROLLER_RATE_LIMITER_BURST_LIMIT",
         "--dynamic-controller-rate-limiter-burst-limit"},
        {"KRO_GRACEFUL_SHUTDOWN_TIMEOUT", "--graceful-shutdown-timeout"},
        {"KRO_INSTANCE_REQUEUE_INTERVAL", "--instance-requeue-interval"},
        {"KRO_CLIENT_QPS", "--client-qps"},
        {"KRO_CLIENT_BURST", "--client-burst"},
        {"KRO_RGD_MAX_COLLECTION_SIZE", "--rgd-max-collection-size"},
        {"KRO_RGD_MAX_COLLECTION_DIMENSION_SIZE", "--rgd-max-collection-dimension-size"},
        {"KRO_RGD_MAX_GRAPH_REVISIONS", "--rgd-max-graph-revisions"},
        {"KRO_RGD_PROGRESS_REQUEUE_DELAY", "--rgd-progress-requeue-delay"},
        {"KRO_LEADER_ELECTION_LEASE_DURATION", "--leader-election-lease-duration"},
        {"KRO_LEADER_ELECTION_RENEW_DEADLINE", "--leader-election-renew-deadline"},
        {"KRO_LEADER_ELECTION_RETRY_PERIOD", "--leader-election-retry-period"},
    }};
    if (arguments->empty() || arguments->front() != "controller") {
        return;
    }
    for (const auto& [variable, flag] : variables) {
        const char* value = std::getenv(variable);
        const bool is_given = std::ranges::any_of(*arguments, [flag](const std::string& word) {
            return word == flag || word.starts_with(std::string(flag) + "=");
        });
        if (value != nullptr && *value != '\0' && !is_given) {
            arguments->push_back(cat(flag, "=", value));
        }
    }
}

// What may follow the words so far: sub-commands and flags that begin with the last word.
int complete(const CLI::App& root, std::vector<std::string> words) {
    const CLI::App* app = &root;
    const std::string last = words.empty() ? "" : words.back();
    if (!words.empty()) {
        words.pop_back();
    }
    for (const std::string& word : words) {
        for (const CLI::App* sub : app->get_subcommands(nullptr)) {
            if (sub->get_name() == word) {
                app = sub;
            }
        }
    }
    if (!last.starts_with("-")) {
        for (const CLI::App* sub : app->get_subcommands(nullptr)) {
            if (sub->get_name().starts_with(last) && !sub->get_name().starts_with("__")) {
                print(sub->get_name() + "\n");
            }
        }
    } else {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                if (("--" + name).starts_with(last)) {
                    print("--" + name + "\n");
                }
            }
        }
    }
    return exit_ok;
}

// What `cel eval` and `cel check` have in common.
void add_cel_flags(CLI::App* app, CelOptions* options) {
    app->add_option("expression", options->expression, "the expression")->required();
    app->add_option("-i,--input", options->inputs,
                    "YAML or JSON whose members are the variables (the whole is self), or "
                    "NAME=FILE for one variable; - is standard input")
        ->type_name("[NAME=]FILE")
        ->allow_extra_args(false);
    app->add_option_function<std::string>(
           "--profile",
           [options](const std::string& text) {
               const Result<cel::Profile> profile = cel::Profile::parse(text);
               if (!profile) {
                   throw CLI::ValidationError("--profile", std::string(profile.error().message()));
               }
               options->profile = *profile;
           },
           "whose CEL (kro)")
        ->type_name("kro|spec|kubernetes-1.NN");
    app->add_flag("--explain", options->explain,
                  "print types, dependencies, functions and costs, too");
    add_choice(app, "-o,--output", &options->format, formats, "format (text)");
}

// For tests/docs/run.py.
int print_reference(const CLI::App& app, const std::string& page) {
    std::string text;
    if (page == "commands") {
        text = commands_page(app);
    } else if (page == "simple-schema") {
        text = simple_schema_page();
    } else if (page == "lint-rules") {
        text = lint_rules_page();
    }
    return !text.empty() && print(text) ? exit_ok : exit_usage;
}

// Names of commands or flags that a user may have meant.
std::string meant(const std::string& name, const std::vector<std::string>& known) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    return suggestion(name, names);
}
std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> out;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        if (!command->get_group().empty()) {
            out.push_back(command->get_name());
        }
    }
    return out;
}
std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> out;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            out.push_back(cat("--", name));
        }
    }
    return out;
}

// For an error of CLI11 that ends with the words which it did not expect.
std::string meant_flag(std::string_view error, const CLI::App& app) {
    const size_t at = error.find(": --");
    if (!error.starts_with("The following argument") || at == std::string_view::npos) {
        return "";
    }
    const std::string_view flag = error.substr(at + 2);
    return meant(std::string(flag.substr(0, flag.find_first_of(" ="))), flags_of(app));
}

int run_command_line(int count, char** words) {
    CLI::App app(about, "weft");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help of every command");
    app.failure_message([](const CLI::App* root, const CLI::Error& error) {
        std::string command = "weft";
        const CLI::App* at = root;
        for (auto subs = root->get_subcommands(); !subs.empty();
             subs = subs.front()->get_subcommands()) {
            at = subs.front();
            command += " " + at->get_name();
        }
        std::string what = error.what();
        if (what == "A subcommand is required" && command != "weft") {
            std::string names;
            const CLI::App* last = root->get_subcommands().back();
            for (const CLI::App* sub : last->get_subcommands(nullptr)) {
                names += (names.empty() ? "" : ", ") + sub->get_name();
            }
            what = "say which: " + names;
        }
        return "weft: " + what + "\n  " + meant_flag(what, *at) + "see `" + command + " --help`\n";
    });

    ServeOptions serve;
    serve.control.log = log_to_stderr;
    CLI::App* serve_app =
        app.add_subcommand("serve", "run the embedded API server, for kubectl and other clients");
    add_server_flags(serve_app, &serve.server);
    add_control_flags(serve_app, &serve.control);
    serve_app->add_flag("--controllers,!--no-controllers", serve.server.controllers,
                        "run the graph controllers in it, too");
    serve_app->footer(
        "Example:\n  weft serve --data-dir ./data &\n  export KUBECONFIG=./data/kubeconfig\n  "
        "kubectl get ns");

    UpOptions up;
    up.server.port = 0;
    bool verbose = false;
    CLI::App* up_app = app.add_subcommand(
        "up", "server, controllers and apply in one, with a picture of what runs");
    up_app->add_option("-f,--filename", up.paths, "files or folders to apply; - is standard input")
        ->required();
    up_app->add_flag("--until-ready", up.until_ready,
                     "end when everything is ready: 0; or not in time: 3");
    add_duration(up_app, "--timeout", &up.timeout, "how long --until-ready waits");
    up_app->add_flag("-q,--quiet", up.quiet, "print only what goes wrong");
    up_app->add_flag("-v,--verbose", verbose, "print what the controllers log");
    add_server_flags(up_app, &up.server);
    add_control_flags(up_app, &up.control);
    up_app->footer("Example:\n  weft up -f examples/web-app --until-ready");

    ControllerOptions controller;
    controller.control.log = log_to_stderr;
    CLI::App* controller_app = app.add_subcommand(
        "controller", "run the graph controllers against any Kubernetes (takes kro's flags)");
    add_controller(controller_app, &controller);
    LogFlags log_flags;
    add_log_flags(controller_app, &log_flags);
    add_log_flags(serve_app, &log_flags);
    controller_app->footer(
        "Example:\n  weft controller --kubeconfig ~/.kube/config --health-probe-bind-address 0");

    BackupOptions backup;
    CLI::App* backup_app = app.add_subcommand(
        "backup", "copy everything that a server holds into one file, while it runs or not");
    backup_app->add_option("--to", backup.to, "the file to write; it must not exist")->required();
    CLI::Option* backup_folder =
        backup_app->add_option("--data-dir", backup.data_dir, "the folder that the server keeps");
    CLI::Option* backup_server = backup_app->add_option(
        "--kubeconfig", backup.kubeconfig, "of a running server, also one that keeps nothing");
    backup_app->add_option("--context", backup.context, "of the kubeconfig")->needs(backup_server);
    backup_folder->excludes(backup_server);
    backup_app->require_option(2, 3);
    backup_app->footer("Example:\n  weft backup --data-dir ./data --to monday.weft");

    RestoreOptions restore;
    CLI::App* restore_app =
        app.add_subcommand("restore", "make a backup the data of a server that does not run");
    restore_app->add_option("--from", restore.from, "the file that `weft backup` wrote")
        ->required();
    restore_app->add_option("--data-dir", restore.data_dir, "the folder; empty, or with --force")
        ->required();
    restore_app->add_flag("--force", restore.force,
                          "replace the store that the folder has; its certificates stay");
    restore_app->footer("Example:\n  weft restore --from monday.weft --data-dir ./data2");

    EnvtestOptions envtest;
    CLI::App* envtest_app = app.add_subcommand(
        "envtest", "stand in for the kube-apiserver and etcd of test environments");
    CLI::App* install_app = envtest_app->add_subcommand(
        "install", "make a folder for KUBEBUILDER_ASSETS; prints its path");
    install_app->add_option("folder", envtest.folder, "the folder")->required();
    envtest_app->require_subcommand(1);
    envtest_app->footer(
        "Example:\n  export KUBEBUILDER_ASSETS=$(weft envtest install ./bin/envtest)\n  go test "
        "./...");

    ValidateOptions validate;
    CLI::App* validate_app =
        app.add_subcommand("validate", "find every mistake of definitions, offline");
    validate_app->add_option("paths", validate.paths, "files or folders; - is standard input")
        ->required();
    validate_app->add_option("--crds", validate.crds,
                             "files or folders with CRDs that definitions use");
    add_cluster_flags(validate_app, &validate.cluster);
    add_budget_flags(validate_app, &validate.budget);
    validate_app->add_flag("--strict", validate.strict, "warnings fail, too");
    static const std::map<std::string, ReportFormat> report_formats = {
        {"text", ReportFormat::text},
        {"wide", ReportFormat::wide},
        {"json", ReportFormat::json},
        {"yaml", ReportFormat::yaml},
        {"sarif", ReportFormat::sarif}};
    add_choice(validate_app, "-o,--output", &validate.format, report_formats, "format (text)");
    validate_app->footer("Example:\n  weft validate definitions/ --crds crds/");

    ExplainOptions explain;
    CLI::App* explain_app =
        app.add_subcommand("explain", "what a diagnostic means, or what a definition may cost");
    explain_app->add_option("what", explain.what,
                            "a diagnostic (G007), or a file or folder; without it: list them");
    explain_app->add_option("--crds", explain.crds,
                            "files or folders with CRDs that definitions use");
    add_cluster_flags(explain_app, &explain.cluster);
    static const std::map<std::string, PageFormat> page_formats = {
        {"text", PageFormat::text}, {"json", PageFormat::json}, {"markdown", PageFormat::markdown}};
    add_choice(explain_app, "-o,--output", &explain.format, page_formats, "format (text)");
    explain_app->footer("Example:\n  weft explain G007");

    Run run;
    add_author_commands(&app, &run);

    CLI::App* cel_app =
        app.add_subcommand("cel", "evaluate or check an expression of CEL, offline");
    cel_app->require_subcommand(1);
    CelOptions cel_eval;
    CLI::App* cel_eval_app = cel_app->add_subcommand("eval", "evaluate an expression");
    add_cel_flags(cel_eval_app, &cel_eval);
    cel_eval_app->footer(
        "Examples:\n  weft cel eval '[1, 2, 3].map(x, x * x)'\n  kubectl get deployment web -o "
        "yaml "
        "| weft cel eval --input - 'spec.replicas == status.readyReplicas'\n  weft cel eval "
        "--profile kubernetes-1.36 --input self=web.yaml --explain 'has(self.spec)'\n\nEnds with 1 "
        "where the expression is wrong or fails.");
    CelOptions cel_check;
    CLI::App* cel_check_app =
        cel_app->add_subcommand("check", "check an expression and print its type");
    add_cel_flags(cel_check_app, &cel_check);
    cel_check_app
        ->add_option("--variable", cel_check.variables,
                     "a variable of any type that the expression may use")
        ->allow_extra_args(false);
    cel_check_app->footer(
        "Examples:\n  weft cel check --variable schema 'schema.spec.replicas > 1'\n  weft cel "
        "check "
        "--profile kubernetes-1.36 --variable self --explain 'self.all(x, x > 0)'\n\nEnds with 1 "
        "where the expression is wrong.");
    app.add_subcommand("__cel-functions", "")->group("");

    const auto add_server_choice = [](CLI::App* command, InspectOptions* options) {
        command->add_option("--kubeconfig", options->kubeconfig,
                            "which API server ($KUBECONFIG, the pod's, ~/.kube/config)");
        command->add_option("--context", options->context, "context of the kubeconfig");
    };
    InspectOptions tree;
    CLI::App* tree_app =
        app.add_subcommand("tree", "definitions, instances and children of a cluster as a tree");
    add_server_choice(tree_app, &tree);
    tree_app->footer("Example:\n  weft tree --kubeconfig ~/.kube/config");

    TopOptions top;
    CLI::App* top_app =
        app.add_subcommand("top", "a live table of definitions: states and waits of instances");
    add_server_choice(top_app, &top);
    add_duration(top_app, "--interval", &top.interval, "between two looks");
    top_app->add_flag("--once", top.once, "print the table and end");
    top_app->add_option("--metrics", top.metrics,
                        "URL of a controller (http://127.0.0.1:8078): shows its request rates");
    top_app->footer("Example:\n  weft top --metrics http://127.0.0.1:8078");

    EventsOptions events;
    CLI::App* events_app = app.add_subcommand("events", "Events about what graphs make");
    add_server_choice(events_app, &events);
    events_app->add_option("-n,--namespace", events.namespace_, "only of this namespace");
    events_app->add_option("--name", events.name, "only about objects of this name");
    events_app->footer("Example:\n  weft events -n default");

    RolloutOptions rollout;
    CLI::App* rollout_app =
        app.add_subcommand("rollout", "how a new revision of a definition reaches its instances");
    rollout_app->require_subcommand(1);
    rollout_app->footer("Example:\n  weft rollout status shop");
    const auto add_rollout = [&](const char* name, const char* help, RolloutOptions::Action action,
                                 const char* example) {
        CLI::App* command = rollout_app->add_subcommand(name, help);
        add_server_choice(command, &rollout);
        command->add_option("name", rollout.name, "of the definition")->required();
        command->callback([&rollout, action] { rollout.action = action; });
        command->footer(cat("Example:\n  weft rollout ", example));
        return command;
    };
    using RolloutAction = RolloutOptions::Action;
    CLI::App* rollout_status_app = add_rollout(
        "status", "follow it to its end; ends with 1 where it is paused, with 3 after --timeout",
        RolloutAction::status, "status shop --timeout 2m");
    rollout_status_app->add_flag("--watch,!--no-watch", rollout.watch, "wait for the end");
    add_duration(rollout_status_app, "--timeout", &rollout.timeout, "how long it is followed");
    add_rollout("history", "the revisions that are kept", RolloutAction::history, "history shop");
    add_rollout("pause", "let no more instances in", RolloutAction::pause, "pause shop");
    add_rollout("resume", "go on, also after a failure", RolloutAction::resume, "resume shop");
    add_rollout("undo", "go back to an older revision", RolloutAction::undo,
                "undo shop --to-revision 3")
        ->add_option("--to-revision", rollout.to_revision,
                     "which one (the stable one, or the one before the newest)");

    ExplainInstanceOptions explain_instance;
    CLI::App* explain_instance_app = explain_app->add_subcommand(
        "instance", "why an instance is in its state, what it waits for, since when");
    add_server_choice(explain_instance_app, &explain_instance);
    explain_instance_app
        ->add_option("kind", explain_instance.kind, "its kind: Web, webs, webs.kro.run")
        ->required();
    explain_instance_app->add_option("name", explain_instance.name, "its name")->required();
    explain_instance_app->add_option("-n,--namespace", explain_instance.namespace_,
                                     "its namespace (the context's)");
    explain_instance_app->footer("Example:\n  weft explain instance Web shop -n default");

    Format version_format = Format::text;
    CLI::App* version_app = app.add_subcommand("version", "print the version");
    add_choice(version_app, "-o,--output", &version_format, formats, "format (text)");
    version_app->footer("Example:\n  weft version -o json");

    std::string shell;
    CLI::App* completion_app =
        app.add_subcommand("completion", "print the completion script of a shell");
    completion_app->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion_app->footer("Example:\n  source <(weft completion bash)");

    CLI::App* complete_app = app.add_subcommand("__complete", "")->group("");
    complete_app->prefix_command();

    std::vector<std::string> arguments = with_two_dashes(count, words);
    if (!arguments.empty() && arguments[0] == "help") {
        arguments.erase(arguments.begin());
        arguments.emplace_back("--help");
    }
    add_environment(&arguments);
    if (!arguments.empty() && arguments[0] == "__complete") {
        return complete(app, {arguments.begin() + 1, arguments.end()});
    }
    if (arguments.size() == 2 && arguments[0] == "__reference") {
        return print_reference(app, arguments[1]);
    }
    const auto is_command = [&](const std::string& word) {
        return std::ranges::any_of(app.get_subcommands(nullptr), [&](const CLI::App* command) {
            return command->get_name() == word;
        });
    };
    if (!arguments.empty() && !arguments[0].starts_with("-") && !is_command(arguments[0])) {
        complain(cat("weft: no command ", quote(arguments[0]), "\n  ",
                     meant(arguments[0], commands_of(app)), "see `weft --help`\n"));
        return exit_usage;
    }
    if (arguments.empty()) {
        print(app.help());
        return exit_usage;
    }
    if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "-v")) {
        arguments[0] = "version";
    }
    std::ranges::reverse(arguments);  // CLI11 takes them from the back.
    try {
        app.parse(arguments);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error, std::cout, std::cerr);
        return code == 0 ? exit_ok : exit_usage;
    }
    if (verbose) {
        up.control.log = log_to_stderr;
    }
    io::configure_log(log_flags.level, log_flags.format);
    const bool waits_for_signals = serve_app->parsed() || up_app->parsed() ||
                                   controller_app->parsed() || tree_app->parsed() ||
                                   top_app->parsed() || events_app->parsed() ||
                                   explain_instance_app->parsed() || rollout_app->parsed();
    if (!waits_for_signals) {
        io::let_termination_through();
    }
    if (serve_app->parsed()) {
        return run_serve(serve);
    }
    if (up_app->parsed()) {
        return run_up(up);
    }
    if (controller_app->parsed()) {
        return run_controller(controller);
    }
    if (install_app->parsed()) {
        return run_envtest_install(envtest);
    }
    if (backup_app->parsed()) {
        return run_backup(backup);
    }
    if (restore_app->parsed()) {
        return run_restore(restore);
    }
    if (validate_app->parsed()) {
        return run_validate(validate);
    }
    if (explain_instance_app->parsed()) {
        return run_explain_instance(explain_instance);
    }
    if (explain_app->parsed()) {
        return run_explain(explain);
    }
    if (run) {
        return run();
    }
    if (cel_eval_app->parsed()) {
        return run_cel_eval(cel_eval);
    }
    if (cel_check_app->parsed()) {
        return run_cel_check(cel_check);
    }
    if (app.got_subcommand("__cel-functions")) {
        return run_cel_functions();
    }
    if (tree_app->parsed()) {
        return run_tree(tree);
    }
    if (top_app->parsed()) {
        return run_top(top);
    }
    if (rollout_app->parsed()) {
        return run_rollout(rollout);
    }
    if (events_app->parsed()) {
        return run_events(events);
    }
    if (version_app->parsed()) {
        return run_version(version_format);
    }
    return print(completion_script(shell)) ? exit_ok : exit_failed;
}

}  // namespace
}  // namespace weft::cli

int main(int count, char** words) {
    weft::io::hold_termination();
    weft::cel::install_zone_loader(weft::io::read_time_zone);
    // Under another's name it is the other: see envtest.h.
    if (count > 0) {
        if (const auto code = weft::cli::run_stand_in(words[0], {words + 1, words + count})) {
            return *code;
        }
    }
    const int code = weft::cli::run_command_line(count, words);
    const bool is_out = weft::cli::finish_output();
    return code == weft::cli::exit_ok && !is_out ? weft::cli::exit_failed : code;
}
