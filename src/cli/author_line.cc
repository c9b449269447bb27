// cli/author_line.cc: the command line of the commands for authors of definitions.

#include <memory>

#include "cli/commands.h"
#include "cli/line.h"

namespace weft::cli {

namespace {

const std::map<std::string, Format> any_format = {
    {"text", Format::text}, {"json", Format::json}, {"yaml", Format::yaml}};
const std::map<std::string, Format> data_format = {{"json", Format::json}, {"yaml", Format::yaml}};

// A command whose flags are kept until it is run.
template <typename Options>
CLI::App* add_command(CLI::App* app, Run* run, const std::string& name, const std::string& about,
                      const std::shared_ptr<Options>& options, int (*body)(const Options&)) {
    CLI::App* command = app->add_subcommand(name, about);
    command->callback([run, options, body] { *run = [options, body] { return body(*options); }; });
    return command;
}

void add_definitions(CLI::App* command, std::vector<std::string>* paths,
                     std::vector<std::string>* crds) {
    command->add_option("paths", *paths, "files or folders of definitions; - is standard input")
        ->required();
    command->add_option("--crds", *crds, "files or folders with CRDs that definitions use")
        ->allow_extra_args(false);
}

template <typename Options>
void add_instance(CLI::App* command, const std::shared_ptr<Options>& options) {
    command
        ->add_option("-f,--filename", options->definition,
                     "file or folder of the definition; - is standard input")
        ->required();
    command->add_option("-i,--instance", options->instance, "file of the instance")->required();
    command
        ->add_option("--observed", options->observed,
                     "files or folders of objects that exist already; without it: none")
        ->allow_extra_args(false);
    command
        ->add_option("--crds", options->crds, "files or folders with CRDs that the definition uses")
        ->allow_extra_args(false);
    add_cluster_flags(command, &options->cluster);
}

void add_plan(CLI::App* app, Run* run) {
    const auto options = std::make_shared<PlanOptions>();
    CLI::App* command =
        add_command(app, run, "plan",
                    "show what would be created, changed and deleted for an instance, and what "
                    "waits for what",
                    options, run_plan);
    add_instance(command, options);
    command->add_flag("--why", options->why, "say of each action why");
    add_choice(command, "-o,--output", &options->format, any_format, "format (text)");
    command->footer(
        "Examples:\n"
        "  weft plan -f examples/web-app/definition.yaml -i examples/web-app/instance.yaml\n"
        "  kubectl get deploy,svc,ingress -o yaml > observed.yaml\n"
        "  weft plan -f definition.yaml -i instance.yaml --observed observed.yaml --why\n"
        "  weft plan -f definition.yaml -i instance.yaml --from-cluster");
}

void add_render(CLI::App* app, Run* run) {
    const auto options = std::make_shared<RenderOptions>();
    CLI::App* command = add_command(
        app, run, "render", "print the objects of an instance, in the order they are applied",
        options, run_render);
    add_instance(command, options);
    command->add_flag("--labels", options->with_labels,
                      "with the labels and annotations that the controller adds");
    command->add_flag("--partial", options->partial,
                      "objects that cannot be rendered yet are no failure");
    add_choice(command, "-o,--output", &options->format, data_format, "format (yaml)");
    command->footer(
        "Examples:\n"
        "  weft render -f definition.yaml -i instance.yaml --observed observed.yaml\n"
        "  weft render -f definition.yaml -i instance.yaml --partial -o json");
}

void add_graph(CLI::App* app, Run* run) {
    const auto options = std::make_shared<GraphOptions>();
    CLI::App* command =
        add_command(app, run, "graph", "draw the resources of a definition and what they read",
                    options, run_graph);
    add_definitions(command, &options->paths, &options->crds);
    static const std::map<std::string, Picturing> pictures = {{"text", Picturing::text},
                                                              {"mermaid", Picturing::mermaid},
                                                              {"dot", Picturing::dot},
                                                              {"svg", Picturing::svg},
                                                              {"json", Picturing::json}};
    add_choice(command, "-o,--output", &options->format, pictures, "format (text: a tree)");
    command->footer(
        "Examples:\n"
        "  weft graph examples/web-app/definition.yaml\n"
        "  weft graph examples/web-app/definition.yaml -o svg > web-app.svg");
}

void add_product(CLI::App* parent, Run* run, Product product, const std::string& name,
                 const std::string& about, const std::string& example) {
    const auto options = std::make_shared<GenerateOptions>();
    options->product = product;
    CLI::App* command = add_command(parent, run, name, about, options, run_generate);
    add_definitions(command, &options->paths, &options->crds);
    if (product == Product::instance) {
        command->add_option("--name", options->name, "name of the instance (example)");
    }
    if (product == Product::schema) {
        options->format = Format::json;
    }
    if (product != Product::instance) {
        add_choice(command, "-o,--output", &options->format, data_format,
                   product == Product::schema ? "format (json)" : "format (yaml)");
    }
    command->footer("Example:\n  " + example);
}

void add_generate(CLI::App* app, Run* run) {
    CLI::App* command = app->add_subcommand(
        "generate", "make the CRD, an example instance, or the JSON schema of a definition");
    command->require_subcommand(1);
    add_product(command, run, Product::crd, "crd", "the CustomResourceDefinition, as kro makes it",
                "weft generate crd definition.yaml | kubectl apply -f -");
    add_product(command, run, Product::instance, "instance",
                "an example instance, with every field, its default and what it means",
                "weft generate instance definition.yaml > instance.yaml");
    add_product(command, run, Product::schema, "schema",
                "the JSON schema of an instance, for editors",
                "weft generate schema definition.yaml > web-app.schema.json");
    command->footer("Example:\n  weft generate instance examples/web-app/definition.yaml");
}

void add_fmt(CLI::App* app, Run* run) {
    const auto options = std::make_shared<FmtOptions>();
    CLI::App* command =
        add_command(app, run, "fmt", "bring definitions into canonical order and indentation",
                    options, run_fmt);
    command->add_option("paths", options->paths,
                        "files or folders; - (or nothing) is standard input, to standard output");
    CLI::Option* check = command->add_flag(
        "--check", options->check, "change nothing; name the files that are not canonical: exit 1");
    command->add_flag("-w,--write", options->write, "write the files in place")->excludes(check);
    command->footer(
        "Examples:\n"
        "  weft fmt -w definitions/\n"
        "  weft fmt --check definitions/\n"
        "  weft fmt < definition.yaml");
}

void add_lint(CLI::App* app, Run* run) {
    const auto options = std::make_shared<LintOptions>();
    CLI::App* command = add_command(
        app, run, "lint", "find what is valid but most likely not meant", options, run_lint);
    command->add_option("paths", options->paths,
                        "files or folders of definitions; - is standard input");
    command->add_option("--crds", options->crds, "files or folders with CRDs that definitions use")
        ->allow_extra_args(false);
    command->add_option("--disable", options->disabled, "rules to leave out: L004,L007")
        ->delimiter(',')
        ->allow_extra_args(false);
    command->add_flag("--strict", options->strict, "notes and warnings are failures, too");
    command->add_flag("--rules", options->lists_rules, "print the table of rules");
    static const std::map<std::string, ReportFormat> reports = {
        {"text", ReportFormat::text}, {"json", ReportFormat::json}, {"sarif", ReportFormat::sarif}};
    add_choice(command, "-o,--output", &options->format, reports, "format (text)");
    command->footer(
        "Examples:\n"
        "  weft lint definitions/\n"
        "  weft lint --strict --disable L004 definitions/ -o sarif > lint.sarif");
}

void add_diff(CLI::App* app, Run* run) {
    const auto options = std::make_shared<DiffOptions>();
    CLI::App* command = add_command(
        app, run, "diff", "compare two versions of definitions, or one with what a cluster runs",
        options, run_diff);
    command->add_option("before", options->before, "file or folder of the old version")->required();
    command->add_option("after", options->after, "file or folder of the new version");
    CLI::Option* from = command->add_flag(
        "--from-cluster", options->from_cluster,
        "who would change, and how, over all instances, if the definitions were applied");
    command
        ->add_option("--kubeconfig", options->kubeconfig,
                     "which API server ($KUBECONFIG, the pod's, ~/.kube/config)")
        ->needs(from);
    command->add_option("--context", options->context, "context of the kubeconfig")->needs(from);
    command->add_option("-n,--namespace", options->namespace_, "only instances of this namespace")
        ->needs(from);
    command->add_option("--crds", options->crds, "files or folders with CRDs that definitions use")
        ->allow_extra_args(false);
    add_choice(command, "-o,--output", &options->format, any_format, "format (text)");
    command->footer(
        "Exit codes: 0: nothing breaks (--from-cluster: nothing would change); 1: something does, "
        "or a version is not valid; 2: the command line is wrong.\n"
        "Examples:\n"
        "  weft diff old.yaml new.yaml\n"
        "  weft diff definition.yaml --from-cluster\n"
        "  git show main:definition.yaml | weft diff - definition.yaml");
}

void add_test(CLI::App* app, Run* run) {
    const auto options = std::make_shared<TestOptions>();
    CLI::App* command = add_command(
        app, run, "test", "unit-test definitions: instance in; objects, states and status out",
        options, run_test);
    command->add_option("paths", options->paths, "test files, or folders with *.test.yaml files")
        ->required();
    command->add_option("--filter", options->filter, "only tests whose name holds this text");
    command->add_flag("--bless,--update", options->bless,
                      "write what came out into the test files");
    command->add_option("--junit", options->junit, "also write a JUnit report to this file");
    static const std::map<std::string, TestFormat> reports = {
        {"text", TestFormat::text}, {"json", TestFormat::json}, {"junit", TestFormat::junit}};
    add_choice(command, "-o,--output", &options->format, reports, "format (text)");
    command->footer(
        "Examples:\n"
        "  weft test examples/\n"
        "  weft test web-app.test.yaml --bless");
}

}  // namespace

void add_cluster_flags(CLI::App* app, ClusterFlags* flags) {
    CLI::Option* from = app->add_flag("--from-cluster", flags->from_cluster,
                                      "ask an API server for kinds (and objects), not the program");
    app->add_option("--kubeconfig", flags->kubeconfig,
                    "which API server ($KUBECONFIG, the pod's, ~/.kube/config)")
        ->needs(from);
    app->add_option("--context", flags->context, "context of the kubeconfig")->needs(from);
}

void add_author_commands(CLI::App* app, Run* run) {
    add_plan(app, run);
    add_render(app, run);
    add_graph(app, run);
    add_generate(app, run);
    add_fmt(app, run);
    add_lint(app, run);
    add_diff(app, run);
    add_test(app, run);
}

}  // namespace weft::cli
