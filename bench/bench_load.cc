// bench/bench_load.cc: a load generator over HTTPS; prints one JSON object. Used by bench/bench.py.
//
//   bench_load --kubeconfig FILE VERB [--count N] [--clients N] [--turn N]

#include <cstdio>
#include <fstream>
#include <sstream>

#include "io/real_loop.h"
#include "kube/kube.h"

namespace weft::bench {
namespace {

constexpr int64_t count_max = 1'000'000;
constexpr int64_t clients_max = 1'000;
// A multiple of every usual number of clients, so that no two apply to the same object.
constexpr int64_t applied_objects = 240;
constexpr int crd_attempts_max = 10'000;
constexpr int64_t crd_retry_pause = 2'000'000;  // Nanoseconds.

const kube::Resource config_maps{{"", "v1", "configmaps"}, "ConfigMap", true, false};
const kube::Resource chains{{"kro.run", "v1alpha1", "chains"}, "Chain", true, true};
const kube::Resource definitions{
    {"kro.run", "v1alpha1", "resourcegraphdefinitions"}, "ResourceGraphDefinition", false, true};
const kube::Resource crds{{"apiextensions.k8s.io", "v1", "customresourcedefinitions"},
                          "CustomResourceDefinition",
                          false,
                          true};

struct Run {
    io::RealLoop* loop;
    kube::Config config;
    int64_t count = 1;
    int64_t clients = 1;
    std::vector<std::unique_ptr<io::http::Transport>> transports;
    Status failure;
};

Object config_map(int64_t number) {
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata", Value::map_of({{"name", cat("bench-", number)}, {"namespace", "default"}})},
         {"data", Value::map_of({{"payload", std::string(900, 'x')}})}}));
}

constexpr std::string_view chain_definition = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: chain}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Chain
    spec: {value: 'string | default="x"'}
    status: {last: "${e.metadata.name}"}
  resources:
    - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-a"}, data: {v: "${schema.spec.value}"}}}
    - {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-b"}, data: {v: "${a.data.v}"}}}
    - {id: c, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-c"}, data: {v: "${b.data.v}"}}}
    - {id: d, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-d"}, data: {v: "${c.data.v}"}}}
    - {id: e, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-e"}, data: {v: "${d.data.v}"}}}
)yaml";

constexpr std::string_view small_definition = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: small-NUMBER}
spec:
  schema: {apiVersion: v1alpha1, kind: SmallNUMBER, spec: {value: 'string | default="x"'}}
  resources:
    - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-a"}, data: {v: "${schema.spec.value}", turn: "TURN"}}}
)yaml";

Object chain(int64_t number, std::string_view value) {
    return Object(Value::map_of(
        {{"apiVersion", "kro.run/v1alpha1"},
         {"kind", "Chain"},
         {"metadata", Value::map_of({{"name", cat("chain-", number)}, {"namespace", "default"}})},
         {"spec", Value::map_of({{"value", value}})}}));
}

using Act = io::Task<Status> (*)(kube::Client*, int64_t);

// The loop of this process, which has one.
io::Loop* the_loop = nullptr;
int64_t the_turn = 0;  // --turn: another one makes another revision of a definition

io::Task<void> client_loop(Run* run, io::http::Transport* transport, int64_t first, Act act) {
    kube::Client client(transport);
    for (int64_t i = first; i < run->count && run->failure; i += run->clients) {
        Status done = co_await act(&client, i);
        if (!done) {
            run->failure = std::move(done);
        }
    }
}

// Everybody takes a share of `count`.
io::Task<void> share(Run* run, Act act) {
    io::Scope scope(run->loop);
    for (int64_t i = 0; i < run->clients; ++i) {
        scope.spawn(client_loop(run, run->transports[static_cast<size_t>(i)].get(), i, act));
    }
    co_await scope.join();
}

io::Task<Status> do_create(kube::Client* client, int64_t i) {
    CO_TRY(co_await client->create(config_maps, config_map(i), {}));
    co_return Status{};
}
io::Task<Status> do_get(kube::Client* client, int64_t i) {
    CO_TRY(co_await client->get(config_maps, {"default", cat("bench-", i % 1000)}));
    co_return Status{};
}
io::Task<Status> do_apply(kube::Client* client, int64_t i) {
    CO_TRY(co_await client->apply(config_maps, config_map(i % applied_objects),
                                  {.field_manager = "bench", .force = true}));
    co_return Status{};
}
// An instance and its children as a controller made them: what `bare` writes again under other
// names.
struct Model {
    Object instance;
    std::vector<Object> children;
};
Model* the_model = nullptr;

constexpr std::array<std::string_view, 5> child_suffixes{"-a", "-b", "-c", "-d", "-e"};
constexpr std::string_view inventory_label = "applyset.kubernetes.io/id";

io::Task<Status> read_model(kube::Client* client, Model* model) {
    model->instance = CO_TRY(co_await client->get(chains, {"default", "chain-0"}));
    for (const std::string_view suffix : child_suffixes) {
        model->children.push_back(
            CO_TRY(co_await client->get(config_maps, {"default", cat("chain-0", suffix)})));
    }
    co_return Status{};
}

// Identity and, of the model, only the parts of metadata that are named.
Object written(const Object& model, std::string name,
               std::initializer_list<std::string_view> parts) {
    Value metadata = Value::map_of({{"name", std::move(name)}, {"namespace", "default"}});
    for (const std::string_view part : parts) {
        if (const Value* value = model.value().find("metadata", part)) {
            metadata.set(part, *value);
        }
    }
    return Object(Value::map_of({{"apiVersion", *model.value().find("apiVersion")},
                                 {"kind", *model.value().find("kind")},
                                 {"metadata", std::move(metadata)}}));
}

// The nine writes that make an instance of five chained children ACTIVE, by a client that waits for
// nobody: the user's, the two of the instance's metadata, the children, the status.
io::Task<Status> do_bare(kube::Client* client, int64_t i) {
    const std::string name = cat("bare-", i);
    Object mine = chain(i, "x");
    mine.metadata().set("name", name);
    CO_TRY(co_await client->apply(chains, mine, {.field_manager = "bench", .force = true}));
    Object labels = written(the_model->instance, name, {"labels", "finalizers"});
    CO_TRY(co_await client->apply(
        chains, labels,
        {.field_manager = "kro.run/labeller", .force = true, .field_validation = "Ignore"}));
    Object inventory = written(the_model->instance, name, {"annotations"});
    inventory.set_label(inventory_label, the_model->instance.label(inventory_label));
    Object now = CO_TRY(co_await client->apply(
        chains, inventory,
        {.field_manager = "kro.run/applyset-parent", .force = true, .field_validation = "Ignore"}));
    for (size_t child = 0; child < child_suffixes.size(); ++child) {
        Object map = written(the_model->children[child], cat(name, child_suffixes[child]),
                             {"labels", "annotations", "ownerReferences"});
        map.mutable_value().set("data", *the_model->children[child].value().find("data"));
        CO_TRY(co_await client->apply(
            config_maps, map,
            {.field_manager = "kro.run/applyset", .force = true, .field_validation = "Ignore"}));
    }
    Object status = written(now, name, {"uid", "resourceVersion"});
    status.mutable_value().set("status", *the_model->instance.value().find("status"));
    CO_TRY(co_await client->update(
        chains, status,
        {.field_manager = "kro", .subresource = "status", .field_validation = "Ignore"}));
    co_return Status{};
}

// `bare`: reads the model first, which is not measured.
io::Task<void> write_bare(Run* run, int64_t* begin) {
    Model model;
    kube::Client client(run->transports[0].get());
    run->failure = co_await read_model(&client, &model);
    if (!run->failure) {
        co_return;
    }
    the_model = &model;
    *begin = run->loop->monotonic();
    co_await share(run, do_bare);
    the_model = nullptr;
}

io::Task<Status> do_list(kube::Client* client, int64_t /*i*/) {
    // The bytes, not the objects: this measures the server.
    io::http::Request request;
    request.method = "GET";
    request.target = "/api/v1/namespaces/default/configmaps";
    io::http::Response response = CO_TRY(co_await client->send(std::move(request)));
    const std::string body =
        CO_TRY(co_await io::http::read_all(std::move(response), size_t{1} << 30));
    if (body.size() < 5000 * 1000) {
        co_return make_error(Reason::unknown, "the list has only ", body.size(), " bytes");
    }
    co_return Status{};
}
io::Task<Status> do_crd(kube::Client* client, int64_t i) {
    Value properties = Value::map();
    for (int field = 0; field < 30; ++field) {
        properties.set(cat("field", field), Value::map_of({{"type", "string"}, {"maxLength", 64}}));
    }
    const std::string plural = cat("things", i);
    Value schema = Value::map_of(
        {{"type", "object"},
         {"properties", Value::map_of({{"spec", Value::map_of({{"type", "object"},
                                                               {"properties", properties}})}})}});
    CO_TRY(co_await client->create(
        crds,
        Object(Value::map_of(
            {{"apiVersion", "apiextensions.k8s.io/v1"},
             {"kind", "CustomResourceDefinition"},
             {"metadata", Value::map_of({{"name", plural + ".bench.example.com"}})},
             {"spec",
              Value::map_of({{"group", "bench.example.com"},
                             {"scope", "Namespaced"},
                             {"names", Value::map_of({{"plural", plural},
                                                      {"singular", cat("thing", i)},
                                                      {"kind", cat("Thing", i)}})},
                             {"versions", Value::list_of({Value::map_of(
                                              {{"name", "v1"},
                                               {"served", true},
                                               {"storage", true},
                                               {"schema", Value::map_of({{"openAPIV3Schema",
                                                                          schema}})}})})}})}})),
        {}));
    co_return Status{};
}
// A CRD, then an object of its kind as soon as the server takes one.
io::Task<Status> do_crd_first(kube::Client* client, int64_t i) {
    CO_TRY(co_await do_crd(client, i));
    const kube::Resource things{
        {"bench.example.com", "v1", cat("things", i)}, cat("Thing", i), true, false};
    const Object thing(
        Value::map_of({{"apiVersion", "bench.example.com/v1"},
                       {"kind", cat("Thing", i)},
                       {"metadata", Value::map_of({{"name", "first"}, {"namespace", "default"}})},
                       {"spec", Value::map_of({{"field0", "x"}})}}));
    for (int attempt = 0; attempt < crd_attempts_max; ++attempt) {
        if (const auto made = co_await client->create(things, thing, {})) {
            co_return Status{};
        }
        CO_TRY(co_await io::sleep(the_loop, crd_retry_pause));
    }
    co_return make_error(Reason::unknown, "no object of ", things.kind, " was taken");
}
// A definition of its own kind, with one child.
io::Task<Status> do_definition(kube::Client* client, int64_t i) {
    std::string text(small_definition);
    for (size_t at = text.find("NUMBER"); at != std::string::npos; at = text.find("NUMBER")) {
        text.replace(at, 6, std::to_string(i));
    }
    text.replace(text.find("TURN"), 4, std::to_string(the_turn));
    Value definition = CO_TRY(parse_yaml_value(text));
    CO_TRY(co_await client->apply(definitions, Object(std::move(definition)),
                                  {.field_manager = "bench", .force = true}));
    co_return Status{};
}
io::Task<Status> do_instance(kube::Client* client, int64_t i) {
    CO_TRY(
        co_await client->apply(chains, chain(i, "x"), {.field_manager = "bench", .force = true}));
    co_return Status{};
}
io::Task<Status> do_change(kube::Client* client, int64_t i) {
    CO_TRY(co_await client->apply(chains, chain(i, "changed"),
                                  {.field_manager = "bench", .force = true}));
    co_return Status{};
}

// Until `count` objects of the stream satisfy `is_done`, each counted once.
io::Task<Status> wait_for(kube::Client* client, kube::Resource resource, int64_t count,
                          bool (*is_done)(const Object&)) {
    auto stream = CO_TRY(co_await client->watch(resource, {.send_initial_events = true}));
    std::map<NamespacedName, bool> done;
    while (static_cast<int64_t>(done.size()) < count) {
        const auto events = CO_TRY(co_await stream->next());
        if (events.empty()) {
            // A server may end a watch at any time, as a real one does when a CRD changes.
            stream = CO_TRY(co_await client->watch(resource, {.send_initial_events = true}));
        }
        for (const kube::WatchEvent& event : events) {
            if (event.type != kube::WatchEvent::Type::bookmark && is_done(event.object)) {
                done[event.object.key()] = true;
            }
        }
    }
    co_return Status{};
}

bool is_active(const Object& object) {
    return object.value().string_at("status", "state") == "ACTIVE";
}
// Whether every condition speaks of the object as it is now.
bool is_seen(const Object& object) {
    const Value* conditions = object.value().find("status", "conditions");
    return conditions != nullptr &&
           std::ranges::all_of(conditions->items(), [&object](const Value& condition) {
               return condition.int_at(0, "observedGeneration") == object.generation();
           });
}
bool is_of_this_turn(const Object& definition) {
    const Value* resources = definition.value().find("spec", "resources");
    const Value* data =
        resources == nullptr ? nullptr : resources->items()[0].find("template", "data");
    return data == nullptr || data->find("turn") == nullptr ||
           data->string_at("turn") == cat(the_turn);
}
bool is_definition_active(const Object& object) {
    return is_of_this_turn(object) && object.value().string_at("status", "state") == "Active" &&
           is_seen(object);
}
bool is_changed_end(const Object& object) {
    return object.name().ends_with("-e") && object.value().string_at("data", "v") == "changed";
}

io::Task<void> wait_into(Run* run, kube::Resource resource, int64_t count,
                         bool (*is_done)(const Object&)) {
    kube::Client client(run->transports[0].get());
    Status done = co_await wait_for(&client, std::move(resource), count, is_done);
    if (!done) {
        run->failure = std::move(done);
    }
}

io::Task<void> act_and_wait(Run* run, Act act, kube::Resource resource,
                            bool (*is_done)(const Object&)) {
    io::Scope scope(run->loop);
    scope.spawn(wait_into(run, std::move(resource), run->count, is_done));
    scope.spawn(share(run, act));
    co_await scope.join();
}

io::Task<Status> apply_definition(kube::Client* client, int64_t /*i*/) {
    Value definition = CO_TRY(parse_yaml_value(chain_definition));
    CO_TRY(co_await client->apply(definitions, Object(std::move(definition)),
                                  {.field_manager = "bench", .force = true}));
    co_return Status{};
}

io::Task<void> one_watcher(Run* run, io::http::Transport* transport, int64_t wanted,
                           int64_t* delivered, int64_t* ready, io::Signal* changed) {
    kube::Client client(transport);
    auto stream =
        co_await client.watch(config_maps, {.namespace_ = "default", .label_selector = "fanout"});
    if (!stream) {
        run->failure = Error(stream.error());
        co_return;
    }
    ++*ready;
    changed->notify_all();
    int64_t mine = 0;
    while (mine < wanted) {
        // Events are counted by their bytes' lines; parsing all would measure this process.
        const auto events = co_await (*stream)->next();
        if (!events || events->empty()) {
            run->failure = events ? Status(make_error(Reason::io, "the watch ended"))
                                  : Status(Error(events.error()));
            co_return;
        }
        for (const kube::WatchEvent& event : *events) {
            mine += event.type != kube::WatchEvent::Type::bookmark ? 1 : 0;
        }
    }
    *delivered += mine;
}

io::Task<Status> do_fanout(kube::Client* client, int64_t i) {
    Object map = config_map(i);
    map.metadata().set("name", cat("fanout-", i));
    map.set_label("fanout", "yes");
    CO_TRY(co_await client->create(config_maps, std::move(map), {}));
    co_return Status{};
}

io::Task<void> fan_out(Run* run, int64_t* delivered, int64_t* begin) {
    io::Scope scope(run->loop);
    io::Signal changed(run->loop);
    int64_t ready = 0;
    for (int64_t i = 0; i < run->clients; ++i) {
        scope.spawn(one_watcher(run, run->transports[static_cast<size_t>(i)].get(), run->count,
                                delivered, &ready, &changed));
    }
    while (ready < run->clients && run->failure) {
        static_cast<void>(co_await changed.wait());
    }
    *begin = run->loop->monotonic();
    const int64_t watchers = run->clients;
    run->clients = std::min<int64_t>(watchers, 8);
    co_await share(run, do_fanout);
    run->clients = watchers;
    co_await scope.join();
}

io::Task<int> work(Run* run, std::string verb) {
    int64_t begin = run->loop->monotonic();
    int64_t counted = run->count;
    if (verb == "create") {
        co_await share(run, do_create);
    } else if (verb == "get") {
        co_await share(run, do_get);
    } else if (verb == "apply") {
        co_await share(run, do_apply);
    } else if (verb == "bare") {
        co_await write_bare(run, &begin);
    } else if (verb == "list") {
        co_await share(run, do_list);
    } else if (verb == "crds") {
        co_await share(run, do_crd);
    } else if (verb == "crd-first") {
        co_await share(run, do_crd_first);
    } else if (verb == "definitions") {
        co_await act_and_wait(run, do_definition, definitions, is_definition_active);
    } else if (verb == "definition") {
        co_await act_and_wait(run, apply_definition, definitions, is_definition_active);
    } else if (verb == "instances") {
        co_await act_and_wait(run, do_instance, chains, is_active);
    } else if (verb == "change") {
        co_await act_and_wait(run, do_change, config_maps, is_changed_end);
    } else if (verb == "watch") {
        counted = 0;
        co_await fan_out(run, &counted, &begin);
    } else {
        std::fprintf(stderr, "no verb '%s'\n", verb.c_str());
        co_return 2;
    }
    if (!run->failure) {
        std::fprintf(stderr, "%s\n", run->failure.error().text().c_str());
        co_return 1;
    }
    const double seconds = static_cast<double>(run->loop->monotonic() - begin) / 1e9;
    std::printf("{\"count\": %lld, \"seconds\": %.6f, \"milliseconds\": %.3f}\n",
                static_cast<long long>(counted), seconds, seconds * 1e3);
    co_return 0;
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path);
    if (!in) {
        return make_error(Reason::not_found, "cannot read ", path);
    }
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

int run_load(const std::vector<std::string>& words) {
    io::RealLoop loop;
    the_loop = &loop;
    Run run{.loop = &loop, .config = {}, .transports = {}, .failure = {}};
    std::string verb;
    std::string kubeconfig;
    for (size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--kubeconfig" && has_value) {
            kubeconfig = words[++i];
        } else if (words[i] == "--count" && has_value) {
            run.count = std::clamp<int64_t>(parse_int(words[++i]).value_or(1), 1, count_max);
        } else if (words[i] == "--clients" && has_value) {
            run.clients = std::clamp<int64_t>(parse_int(words[++i]).value_or(1), 1, clients_max);
        } else if (words[i] == "--turn" && has_value) {
            the_turn = parse_int(words[++i]).value_or(0);
        } else {
            verb = words[i];
        }
    }
    const auto text = read_file(kubeconfig);
    const auto config = text ? kube::parse_kubeconfig(*text, kubeconfig, "", read_file)
                             : Result<kube::Config>(text.error());
    if (!config) {
        std::fprintf(stderr, "%s\n", config.error().text().c_str());
        return 1;
    }
    for (int64_t i = 0; i < run.clients; ++i) {
        auto transport = io::http::connect(&loop, config->client);
        if (!transport) {
            std::fprintf(stderr, "%s\n", transport.error().text().c_str());
            return 1;
        }
        run.transports.push_back(*std::move(transport));
    }
    return io::run(&loop, work(&run, verb));
}

}  // namespace
}  // namespace weft::bench

int main(int count, char** words) {
    return weft::bench::run_load({words + 1, words + count});
}
