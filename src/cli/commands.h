// cli/commands.h: the commands, each with what a user can set. main.cc fills these from the line.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cel/cel.h"
#include "cli/live.h"
#include "cluster/cluster.h"
#include "control/options.h"
#include "store/store.h"

namespace weft::cli {

// Documented in docs/reference/exit-codes.md.
enum ExitCode : int {
    exit_ok = 0,
    exit_failed = 1,        // it ran, and what it found or did is not good
    exit_usage = 2,         // the command line is wrong
    exit_timed_out = 3,     // --timeout passed
    exit_interrupted = 130  // Ctrl-C before it was done
};

// How the embedded server is run: `serve` and `up`.
struct ServerFlags {
    std::string address = "127.0.0.1";
    uint16_t port = 6443;
    std::string data_dir;    // "": in memory
    std::string kubeconfig;  // where to write it; "": beside the data, or in a private folder
    store::Sync sync = store::Sync::full;
    cluster::WorkloadMode workloads = cluster::WorkloadMode::instant;
    uint64_t seed = 1;  // of delays
    bool all_versions = false;
    bool controllers = true;
};

struct ServeOptions {
    ServerFlags server;
    control::ControlOptions control;
};

struct UpOptions {
    ServerFlags server;
    control::ControlOptions control;
    std::vector<std::string> paths;
    bool until_ready = false;
    int64_t timeout = 60 * io::second;
    bool quiet = false;
};

struct ControllerOptions {
    control::ControlOptions control;
    std::string kubeconfig;
    std::string context;
    std::string metrics_address = ":8078";
    std::string health_address = ":8079";
    bool leader_elect = false;
    std::string leader_namespace;
    int64_t lease_duration = 15 * io::second;
    int64_t renew_deadline = 10 * io::second;
    int64_t retry_period = 2 * io::second;
    int64_t shutdown_timeout = 60 * io::second;
};

enum class Format : uint8_t { text, json, yaml };

enum class ReportFormat : uint8_t { text, wide, json, yaml, sarif };

struct ValidateOptions {
    std::vector<std::string> paths;  // files, folders, "-"
    std::vector<std::string> crds;
    ClusterFlags cluster;
    graph::Budget budget;
    bool strict = false;  // warnings fail, too
    ReportFormat format = ReportFormat::text;
};

enum class PageFormat : uint8_t { text, json, markdown };

struct ExplainOptions {
    std::string what;  // an id, or a file or folder; "": list the table
    std::vector<std::string> crds;
    ClusterFlags cluster;
    PageFormat format = PageFormat::text;
};

struct PlanOptions {
    std::string definition;
    std::string instance;
    std::string observed;  // objects that exist; "": none
    std::vector<std::string> crds;
    bool why = false;
    Format format = Format::text;
};

// `cel eval` and `cel check`.
struct CelOptions {
    std::string expression;
    std::vector<std::string> inputs;     // FILE or NAME=FILE; "-" is standard input
    std::vector<std::string> variables;  // names that are declared without a value
    cel::Profile profile = cel::Profile::kro();
    bool explain = false;
    Format format = Format::text;
};

[[nodiscard]] int run_serve(const ServeOptions& options);
[[nodiscard]] int run_up(const UpOptions& options);
[[nodiscard]] int run_controller(const ControllerOptions& options);
[[nodiscard]] int run_validate(const ValidateOptions& options);
[[nodiscard]] int run_explain(const ExplainOptions& options);
[[nodiscard]] int run_plan(const PlanOptions& options);
[[nodiscard]] int run_cel_eval(const CelOptions& options);
[[nodiscard]] int run_cel_check(const CelOptions& options);
// Prints docs/reference/cel-functions.md.
[[nodiscard]] int run_cel_functions();
[[nodiscard]] int run_version(Format format);
// The completion script of a shell; "" if there is none for it.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace weft::cli
