// cli/connect.cc: finding the server, and kinds by the names that people use.

#include "cli/connect.h"

#include "cli/commands.h"
#include "cli/live.h"
#include "cli/process.h"
#include "control/control.h"

namespace weft::cli {

namespace {

io::Task<int> connected(io::RealLoop* loop, kube::Config config,
                        std::function<io::Task<Result<int>>(Connection)>* body) {
    config.client.user_agent = "weft";
    const auto transport = io::http::connect(loop, config.client);
    if (!transport) {
        co_return not_started(transport.error());
    }
    kube::Client client(transport->get());
    kube::RestMapper mapper(&client);
    const Result<int> code = co_await (*body)({loop, &client, &mapper, config.namespace_});
    co_return code ? *code : not_started(code.error());
}

}  // namespace

int run_connected(const ServerChoice& choice,
                  std::function<io::Task<Result<int>>(Connection)> body) {
    const Result<kube::Config> config = find_config(choice.kubeconfig, choice.context);
    if (!config) {
        return not_started(config.error());
    }
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return connected(&loop, *config, &body); });
}

io::Task<Result<kube::Resource>> find_resource(Connection connection, std::string name) {
    const std::string wanted = to_lower(name);
    const kube::List crds = CO_TRY(co_await connection.client->list_all(
        control::crd_resource(), {.label_selector = "kro.run/owned=true"}));
    std::vector<std::string> known;
    for (const Object& crd : crds.items) {
        const Value* spec = crd.value().find("spec");
        const std::string kind(spec->string_at("names", "kind"));
        const std::string plural(spec->string_at("names", "plural"));
        known.push_back(kind);
        const bool is_it = wanted == to_lower(kind) || wanted == plural ||
                           wanted == cat(plural, ".", spec->string_at("group"));
        if (is_it) {
            co_return co_await connection.mapper->for_group_kind(
                std::string(spec->string_at("group")), kind);
        }
    }
    co_return make_error(
        Reason::not_found, "no graph generates a kind ", quote(name), "\n  cure: name one of ",
        known.empty() ? std::string("those that `kubectl get rgd` shows") : join(known, ", "));
}

io::Task<Result<graph::Compiled>> compile_served(Connection connection, Object definition,
                                                 graph::FeatureGates gates) {
    control::Instruments instruments;
    control::SchemaSource schemas(connection.loop, connection.client, connection.mapper,
                                  &instruments);
    Diagnostics told;
    const graph::Definition parsed = graph::parse_definition(definition, &told);
    CO_TRY(co_await schemas.load(control::kinds_of(parsed)));
    graph::CompileContext context;
    context.find_kind = [&schemas](const GroupVersionKind& kind) { return schemas.find(kind); };
    context.gates = gates;
    graph::Compiled compiled = graph::compile(parsed, context);
    told.insert(told.end(), std::make_move_iterator(compiled.diagnostics.begin()),
                std::make_move_iterator(compiled.diagnostics.end()));
    compiled.diagnostics = std::move(told);
    if (has_errors(compiled.diagnostics)) {
        compiled.graph = nullptr;
    }
    co_return compiled;
}

}  // namespace weft::cli
