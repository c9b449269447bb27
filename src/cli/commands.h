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
    std::string token_file;  // "": only the administrator of the kubeconfig
    store::Sync sync = store::Sync::full;
    cluster::WorkloadMode workloads = cluster::WorkloadMode::instant;
    uint64_t seed = 1;                // of delays
    std::vector<std::string> stages;  // files, folders, or "cloud": the rules that come with weft
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

struct BackupOptions {
    std::string to;
    // Of the store's folder; or of a running server.
    std::string data_dir;
    std::string kubeconfig;
    std::string context;
};

struct RestoreOptions {
    std::string from;
    std::string data_dir;
    bool force = false;
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
    std::vector<std::string> observed;  // objects that exist
    std::vector<std::string> crds;
    ClusterFlags cluster;
    bool why = false;
    Format format = Format::text;
};

struct RenderOptions {
    std::string definition;
    std::string instance;
    std::vector<std::string> observed;
    std::vector<std::string> crds;
    ClusterFlags cluster;
    bool with_labels = false;  // as they are applied: with what the controller adds
    bool partial = false;      // what waits is no failure
    Format format = Format::yaml;
};

enum class Picturing : uint8_t { text, mermaid, dot, svg, json };
struct GraphOptions {
    std::vector<std::string> paths;
    std::vector<std::string> crds;
    Picturing format = Picturing::text;
};

enum class Product : uint8_t { crd, instance, schema };
struct GenerateOptions {
    Product product = Product::crd;
    std::vector<std::string> paths;
    std::vector<std::string> crds;
    std::string name;  // of the example instance
    Format format = Format::yaml;
};

struct FmtOptions {
    std::vector<std::string> paths;
    bool check = false;
    bool write = false;
};

struct LintOptions {
    std::vector<std::string> paths;
    std::vector<std::string> crds;
    std::vector<std::string> disabled;  // ids of rules
    bool strict = false;                // warnings fail, too
    bool lists_rules = false;
    ReportFormat format = ReportFormat::text;
};

enum class TestFormat : uint8_t { text, json, junit };
struct TestOptions {
    std::vector<std::string> paths;
    std::string filter;
    bool bless = false;
    TestFormat format = TestFormat::text;
    std::string junit;  // also write JUnit to this file
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

struct InspectOptions {
    std::string kubeconfig;
    std::string context;
};

struct TopOptions : InspectOptions {
    int64_t interval = 2 * io::second;
    bool once = false;
    std::string metrics;  // base URL of a controller's /metrics; "": no rates
};

struct EventsOptions : InspectOptions {
    std::string namespace_;  // "": all
    std::string name;        // of what they are about; "": everything
};

struct ExplainInstanceOptions : InspectOptions {
    std::string kind;
    std::string name;
    std::string namespace_;
};

// `rollout`: how a new revision of a definition reaches its instances.
struct RolloutOptions : InspectOptions {
    enum class Action : uint8_t { status, history, pause, resume, undo };
    Action action = Action::status;
    std::string name;
    int64_t to_revision = 0;  // of undo; 0: the stable one, or the one before the newest
    bool watch = true;        // of status
    int64_t timeout = 600 * io::second;
};

// `diff`: two versions from files, or the definitions in them against what a cluster has.
struct DiffOptions : InspectOptions {
    std::string before;
    std::string after;  // "" only with from_cluster
    std::vector<std::string> crds;
    Format format = Format::text;
    bool from_cluster = false;
    std::string namespace_;  // of instances; "": all
    control::ControlOptions control;
};

// What runs, as a tree; what is in which state, as a live table; Events about it.
[[nodiscard]] int run_tree(const InspectOptions& options);
[[nodiscard]] int run_top(const TopOptions& options);
[[nodiscard]] int run_events(const EventsOptions& options);
[[nodiscard]] int run_rollout(const RolloutOptions& options);
[[nodiscard]] int run_explain_instance(const ExplainInstanceOptions& options);
// Of `diff --from-cluster`: 0: nothing would change, 1: something would (or it failed).
[[nodiscard]] int run_cluster_diff(const DiffOptions& options);
[[nodiscard]] int run_serve(const ServeOptions& options);
[[nodiscard]] int run_up(const UpOptions& options);
[[nodiscard]] int run_controller(const ControllerOptions& options);
[[nodiscard]] int run_backup(const BackupOptions& options);
[[nodiscard]] int run_restore(const RestoreOptions& options);
[[nodiscard]] int run_validate(const ValidateOptions& options);
[[nodiscard]] int run_explain(const ExplainOptions& options);
[[nodiscard]] int run_plan(const PlanOptions& options);
[[nodiscard]] int run_render(const RenderOptions& options);
[[nodiscard]] int run_graph(const GraphOptions& options);
[[nodiscard]] int run_generate(const GenerateOptions& options);
[[nodiscard]] int run_fmt(const FmtOptions& options);
[[nodiscard]] int run_lint(const LintOptions& options);
[[nodiscard]] int run_diff(const DiffOptions& options);
[[nodiscard]] int run_test(const TestOptions& options);
[[nodiscard]] int run_cel_eval(const CelOptions& options);
[[nodiscard]] int run_cel_check(const CelOptions& options);
// Prints docs/reference/cel-functions.md.
[[nodiscard]] int run_cel_functions();
[[nodiscard]] int run_version(Format format);
// The completion script of a shell; "" if there is none for it.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace weft::cli
