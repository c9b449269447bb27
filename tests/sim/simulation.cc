// tests/sim/simulation.cc: the world, its faults over time, its end.

#include "sim/simulation.h"

#include "cluster/cluster.h"
#include "control/control.h"
#include "graph/labels.h"
#include "io/sim/virtual_loop.h"
#include "sim/checkers.h"
#include "sim/definitions.h"
#include "sim/host.h"
#include "sim/users.h"

namespace weft::sim {

namespace {

constexpr FaultRates calm = {};
// Virtual time in which a world without faults must come to rest. Back-off reaches 60 seconds for
// definitions; instances are woken by what they wait for.
constexpr int64_t rest_most = 1200 * io::second;
constexpr int64_t rest_quiet = 90 * io::second;
constexpr int64_t observed_rest = 600 * io::second;

// One process that leads or waits to: elector, manager, and a connection that can be killed.
class Controller {
public:
    Controller(io::Loop* loop, std::string name, io::http::Transport* host, const FaultRates* rates,
               FaultCounts* counts, Trace trace, bool elects)
        : loop_(loop),
          name_(std::move(name)),
          transport_(loop, name_, host, rates, counts, std::move(trace)),
          elects_(elects) {}

    [[nodiscard]] FaultyTransport* transport() { return &transport_; }
    [[nodiscard]] bool is_idle() const { return manager_ != nullptr && manager_->is_idle(); }

    // As `weft controller` does: lead, run, and end when the lease is lost or all is cancelled.
    io::Task<void> live(int64_t retry_max) {
        kube::Client client(&transport_);
        kube::LeaderElector elector(loop_, &client,
                                    {.namespace_ = "default",
                                     .name = "controller.kro.run",
                                     .identity = cat(name_, "-", loop_->random())});
        while (!transport_.is_dead()) {
            if (elects_ && !co_await elector.acquire()) {
                co_return;
            }
            control::ControlOptions options;
            options.retry_max = retry_max;
            options.instance_workers = 8;
            options.condition_events = loop_->random() % 2 == 0;
            manager_ = std::make_unique<control::Manager>(loop_, &transport_, options);
            Status ended = co_await manager_->start();
            if (ended) {
                ended = elects_ ? co_await elector.hold() : co_await forever();
            }
            co_await manager_->stop();
            manager_ = nullptr;
            if (!ended && ended.error().reason() == Reason::cancelled) {
                co_return;
            }
            if (!co_await io::sleep(loop_, io::second)) {
                co_return;
            }
        }
    }

private:
    io::Task<Status> forever() {
        io::Signal never(loop_);
        co_return co_await never.wait();
    }

    io::Loop* loop_;
    std::string name_;
    FaultyTransport transport_;
    bool elects_;
    std::unique_ptr<control::Manager> manager_;
};

// A process in a scope of its own, so that it can be ended.
struct Process {
    std::unique_ptr<Controller> controller;
    std::unique_ptr<io::Scope> scope;
};

class World {
public:
    explicit World(const Options& options)
        : options_(options),
          loop_(options.seed),
          host_(&loop_, options.seed, &outcome_.faults),
          checkers_(&loop_),
          user_transport_(&loop_, "user", &host_, &rates_, &outcome_.faults, trace()),
          cluster_transport_(&loop_, "cluster", &host_, &rates_, &outcome_.faults, trace()),
          users_(&loop_, &user_transport_, &checkers_, &wishes_) {
        wishes_.dialect = options.dialect;
    }

    Outcome run() {
        const Status done = io::run(&loop_, live());
        if (!done) {
            checkers_.violate(cat("the world broke: ", done.error().text()));
        }
        outcome_.violation = checkers_.violation();
        outcome_.virtual_seconds = loop_.monotonic() / io::second;
        return std::move(outcome_);
    }

private:
    Trace trace() {
        return [this](const std::string& client, const io::http::Request& request, int status,
                      const std::string& body) {
            ++outcome_.requests;
            const std::string line =
                cat(loop_.monotonic(), " ", client, " ", request.method, " ", request.target, " ",
                    status, " ", request.body.size(), " ", body.size());
            outcome_.trace_hash = outcome_.trace_hash * 1099511628211ULL ^ fnv64a(line);
            if (options_.prints_trace) {
                std::printf("%s %s\n", line.c_str(), request.body.substr(0, 400).c_str());
            }
            checkers_.see(client, request, status, body);
            const bool is_lease = request.target.contains("/leases");
            if (!is_lease && client.starts_with("controller")) {
                last_controller_request_ = loop_.monotonic();
                last_request_ = line;
            }
            if (request.method != "GET" && !is_lease) {
                last_write_ = loop_.monotonic();
            }
        };
    }

    [[nodiscard]] uint64_t chance(uint64_t of) { return loop_.random() % of; }

    // Some worlds are rough, some are nearly calm; every fault has worlds of its own.
    void draw_rates() {
        const auto draw = [this](uint32_t most) {
            return chance(3) == 0 ? 0 : static_cast<uint32_t>(chance(most));
        };
        rough_ = {.dropped = draw(200),
                  .lost_answer = draw(200),
                  .delayed = draw(500),
                  .slow_answer = draw(300),
                  .conflict = draw(300),
                  .expired = draw(1000),
                  .throttled = draw(300),
                  .broken = draw(300),
                  .cut_watch = draw(500)};
    }

    io::Task<Status> live() {
        draw_rates();
        CO_TRY(co_await host_.start());
        cluster_ = std::make_unique<cluster::Cluster>(
            &loop_, &cluster_transport_,
            cluster::Options{.workloads = cluster::WorkloadMode::off, .seed = options_.seed});
        CO_TRY(co_await cluster_->start());
        start_process(0);
        start_process(1);
        Status ready = make_error(Reason::unknown, "not yet");
        while (!ready) {
            CO_TRY(co_await io::sleep(&loop_, io::second));
            ready = co_await users_.make_strangers();
            if (!ready && ready.error().reason() != Reason::not_found &&
                ready.error().reason() != Reason::already_exists) {
                co_return ready;
            }
        }
        co_await go_wrong();
        const Status ended = co_await come_to_rest();
        for (Process& process : processes_) {
            co_await end(&process);
        }
        co_await cluster_->stop();
        co_await host_.stop();
        co_return ended;
    }

    void start_process(size_t slot, bool elects = true) {
        Process& process = processes_.at(slot);
        process.controller =
            std::make_unique<Controller>(&loop_, cat("controller-", ++processes_made_), &host_,
                                         &rates_, &outcome_.faults, trace(), elects);
        process.scope = std::make_unique<io::Scope>(&loop_);
        process.scope->spawn(process.controller->live(60 * io::second));
    }

    static io::Task<void> end(Process* process) {
        if (process->scope != nullptr) {
            co_await process->scope->close();
        }
        process->scope = nullptr;
        process->controller = nullptr;
    }

    // Users and faults until the time is over.
    io::Task<void> go_wrong() {
        rates_ = rough_;
        io::Scope users(&loop_);
        for (const std::string& kind : kinds()) {
            users.spawn(users_.edit_instances(kind));
        }
        users.spawn(users_.meddle_with_children());
        users.spawn(users_.edit_definitions());
        users.spawn(users_.keep_settings());
        io::Scope operators(&loop_);
        operators_ = &operators;
        operators.spawn(users_.operate_databases());
        const int64_t end_at = loop_.monotonic() + options_.seconds * io::second;
        while (loop_.monotonic() < end_at && !checkers_.violation()) {
            static_cast<void>(
                co_await io::sleep(&loop_, static_cast<int64_t>(chance(30) + 1) * io::second));
            const Status done = co_await strike();
            if (!done) {
                checkers_.violate(cat("the server does not come back: ", done.error().text()));
            }
        }
        co_await users.close();
        co_await operators.close();
        operators_ = nullptr;
    }

    // One of the larger faults.
    io::Task<Status> strike() {
        if (host_.has_lost_power()) {
            co_return co_await host_.crash(static_cast<int64_t>(chance(20)) * io::second);
        }
        switch (chance(9)) {
            case 0:
                host_.cut_power_in(chance(200));
                co_return Status{};
            case 1:
                co_return co_await host_.restart();
            case 2: {
                ++outcome_.faults["disks in trouble"];
                const uint64_t what = chance(3);
                host_.set_disk_faults({.seed = options_.seed,
                                       .write_error = what == 0 ? 500U : 0U,
                                       .sync_error = what == 1 ? 500U : 0U,
                                       .disk_full = what == 2 ? 2000U : 0U});
                static_cast<void>(
                    co_await io::sleep(&loop_, static_cast<int64_t>(chance(20) + 1) * io::second));
                host_.set_disk_faults({.seed = options_.seed});
                // Whoever looks after the machine makes room and starts the server again.
                co_return co_await host_.restart();
            }
            case 3:
            case 4: {
                ++outcome_.faults["controllers crashed"];
                Process& process = processes_.at(chance(2));
                if (process.controller != nullptr) {
                    process.controller->transport()->kill_after(chance(60) + 1);
                    const int64_t wait = static_cast<int64_t>(chance(20)) * io::second;
                    static_cast<void>(co_await io::sleep(&loop_, wait));
                    co_await end(&process);
                }
                static_cast<void>(
                    co_await io::sleep(&loop_, static_cast<int64_t>(chance(10)) * io::second));
                start_process(static_cast<size_t>(&process - processes_.data()));
                co_return Status{};
            }
            case 5: {
                ++outcome_.faults["clock jumps"];
                const auto jump = static_cast<int64_t>(chance(7200)) - 3600;
                loop_.jump_wall_clock(jump * io::second);
                co_return Status{};
            }
            case 6: {
                // A second one that does not know of the lease.
                ++outcome_.faults["two leaders"];
                wishes_.may_delete = false;
                start_process(2, false);
                static_cast<void>(
                    co_await io::sleep(&loop_, static_cast<int64_t>(chance(60) + 5) * io::second));
                co_await end(&processes_.at(2));
                wishes_.may_delete = true;
                co_return Status{};
            }
            case 7:
                rates_ = calm;
                static_cast<void>(co_await io::sleep(&loop_, 30 * io::second));
                rates_ = rough_;
                co_return Status{};
            default:
                co_return Status{};
        }
    }

    io::Task<Status> come_to_rest() {
        rates_ = calm;
        wishes_.is_calm = true;
        host_.set_disk_faults({.seed = options_.seed});
        if (host_.has_lost_power()) {
            CO_TRY(co_await host_.crash(0));
        }
        host_.keep_power();
        for (Process& process : processes_) {
            co_await end(&process);
        }
        start_process(0);
        if (checkers_.violation()) {
            co_return Status{};
        }
        io::Scope operators(&loop_);
        operators.spawn(users_.operate_databases());
        Status settled = co_await users_.settle();
        if (settled) {
            settled = co_await check_end();
        }
        co_await operators.close();
        co_return settled;
    }

    io::Task<Status> check_end() {
        CO_TRY(co_await users_.check_acknowledged());
        CO_TRY(co_await await_rest());
        CO_TRY(co_await check_definitions());
        CO_TRY(co_await check_instances());
        // At rest nothing is asked for and nothing written, except leases.
        const int64_t since = loop_.monotonic();
        CO_TRY(co_await io::sleep(&loop_, observed_rest));
        if (last_controller_request_ > since) {
            checkers_.violate(cat("a world at rest is asked: ", last_request_));
        }
        CO_TRY(co_await check_instances());
        CO_TRY(co_await check_watches());
        if (options_.dialect == Dialect::extended) {
            CO_TRY(co_await check_reported_drift());
        }
        co_return co_await delete_everything();
    }

    // A server that starts anew ends all watches; what is changed behind it is seen all the same.
    io::Task<Status> check_watches() {
        CO_TRY(co_await host_.restart());
        CO_TRY(co_await io::sleep(&loop_, 60 * io::second));
        CO_TRY(co_await users_.write_settings(false));
        for (const std::string& kind : kinds()) {
            CO_TRY(co_await users_.change_variant(kind));
        }
        CO_TRY(co_await await_rest());
        CO_TRY(co_await check_definitions());
        co_return co_await check_instances();
    }

    // Drift that is only reported stays, also for a controller that starts anew, until the user
    // wants something else of the same child, or asks for repairs.
    io::Task<Status> check_reported_drift() {
        CO_TRY(co_await users_.drift_all());
        CO_TRY(co_await await_rest());
        CO_TRY(co_await check_instances());
        co_await end(&processes_.at(0));
        start_process(0);
        CO_TRY(co_await await_rest());
        CO_TRY(co_await check_instances());
        checkers_.leave_none_alone();
        CO_TRY(co_await users_.write_settings(false));
        CO_TRY(co_await users_.change_variant("Team"));
        CO_TRY(co_await await_rest());
        without_drift_ = {"App", "Team"};
        CO_TRY(co_await check_instances());
        CO_TRY(co_await users_.ask_for_drift_policy("Chain", "Repair"));
        CO_TRY(co_await await_rest());
        without_drift_.insert("Chain");
        co_return co_await check_instances();
    }

    // No write for a while, and the controller has nothing in hand.
    io::Task<Status> await_rest() {
        const int64_t began = loop_.monotonic();
        while (loop_.monotonic() - last_write_ < rest_quiet ||
               !processes_.at(0).controller->is_idle()) {
            CO_TRY(co_await io::sleep(&loop_, 5 * io::second));
            if (loop_.monotonic() - began > rest_most) {
                checkers_.violate(cat("the world does not come to rest: ", last_request_));
                break;
            }
        }
        co_return Status{};
    }

    io::Task<Result<std::vector<Object>>> list(GroupVersionKind kind) {
        const auto resource = co_await users_.mapper()->for_kind(kind);
        if (!resource) {
            if (resource.error().reason() == Reason::not_found) {
                co_return std::vector<Object>();
            }
            co_return Error(resource.error());
        }
        kube::List list = CO_TRY(co_await users_.client()->list_all(*resource, {}));
        co_return std::move(list.items);
    }

    io::Task<Result<std::vector<Object>>> list_children() {
        std::vector<Object> out;
        for (const GroupVersionKind& kind : {GroupVersionKind{"", "v1", "ConfigMap"},
                                             GroupVersionKind{"sim.example.com", "v1", "Database"},
                                             GroupVersionKind{"kro.run", "v1alpha1", "Chain"}}) {
            for (Object& object : CO_TRY(co_await list(kind))) {
                if (!object.label(graph::label_instance_id).empty()) {
                    out.push_back(std::move(object));
                }
            }
        }
        co_return out;
    }

    // What the admin wants is served; a typing error here would leave nothing to be simulated.
    io::Task<Status> check_definitions() {
        const std::vector<Object> definitions =
            CO_TRY(co_await list({"kro.run", "v1alpha1", "ResourceGraphDefinition"}));
        for (const Object& definition : definitions) {
            if (definition.value().string_at("status", "state") != "Active") {
                const Value* status = definition.value().find("status");
                checkers_.violate(cat("definition ", definition.name(), " is not Active at rest: ",
                                      status == nullptr ? "" : to_json(*status)));
            }
        }
        if (definitions.size() != kinds().size()) {
            checkers_.violate(cat("there are ", definitions.size(), " definitions at rest"));
        }
        co_return Status{};
    }

    // Every instance is ACTIVE and has exactly the children that it should have.
    io::Task<Status> check_instances() {
        std::vector<Object> children = CO_TRY(co_await list_children());
        const std::string setting = cat("s", wishes_.setting);
        std::set<std::string> uids;
        for (const std::string& kind : kinds()) {
            for (const Object& instance : CO_TRY(co_await list({"kro.run", "v1alpha1", kind}))) {
                uids.insert(std::string(instance.uid()));
                check_instance(instance, children, setting);
            }
        }
        for (const Object& child : children) {
            if (!uids.contains(std::string(child.label(graph::label_instance_id)))) {
                checkers_.violate(cat(child.kind(), " ", child.name(), " is left of ",
                                      child.label(graph::label_instance_kind), " ",
                                      child.label(graph::label_instance_name)));
            }
        }
        co_return Status{};
    }

    void check_instance(const Object& instance, const std::vector<Object>& children,
                        std::string_view setting) {
        const std::string name = cat(instance.kind(), " ", instance.name());
        if (instance.value().string_at("status", "state") != "ACTIVE") {
            const Value* status = instance.value().find("status");
            checkers_.violate(
                cat(name, " is not ACTIVE at rest: ", status == nullptr ? "" : to_json(*status)));
            return;
        }
        const std::string kind(instance.kind());
        const std::vector<Expected> expected =
            children_of(instance, wishes_.variants[kind], setting, wishes_.dialect);
        size_t found = 0;
        for (const Object& child : children) {
            found += child.label(graph::label_instance_id) == instance.uid() ? 1 : 0;
        }
        if (found != expected.size()) {
            checkers_.violate(cat(name, " has ", found, " children instead of ", expected.size()));
        }
        std::string drifted;
        for (const Expected& wanted : expected) {
            const auto child = std::ranges::find_if(children, [&](const Object& object) {
                return object.kind() == wanted.kind && object.name() == wanted.name;
            });
            if (child == children.end()) {
                checkers_.violate(
                    cat(name, " is ACTIVE and lacks ", wanted.kind, " ", wanted.name));
                continue;
            }
            const Value* place = child->value().find(wanted.kind == "ConfigMap" ? "data" : "spec");
            for (const auto& [member, text] : wanted.data) {
                const Value* value = place == nullptr ? nullptr : place->find(member);
                const std::string is = value == nullptr     ? ""
                                       : value->is_string() ? std::string(value->as_string())
                                                            : to_json(*value);
                if (is == text) {
                    continue;
                }
                if (member == wanted.reported && !without_drift_.contains(kind) &&
                    users_.may_be_drift(wanted.name, member, is)) {
                    // Without its only member, all of `data` is missing.
                    drifted = cat("ConfigMap default/", wanted.name, ": data",
                                  is.empty() ? "" : cat(".", member, " differs"));
                } else {
                    checkers_.violate(cat(name, " is ACTIVE, and ", wanted.name, ".", member,
                                          " is ", quote(is), " instead of ", quote(text)));
                }
            }
            if (!wanted.reported.empty() && child->label(graph::label_version) == "other") {
                drifted = cat("ConfigMap default/", wanted.name, ": ");
            }
        }
        check_drift_condition(instance, drifted);
    }

    // The instance says what has drifted, one of which is `drifted`, or that nothing has.
    void check_drift_condition(const Object& instance, const std::string& drifted) {
        const bool reports = options_.dialect == Dialect::extended &&
                             instance.annotation(graph::annotation_drift_policy) != "Repair";
        const std::string wanted = !reports ? "" : drifted.empty() ? "False" : "True";
        std::string is;
        std::string message;
        const Value* conditions = instance.value().find("status", "conditions");
        for (size_t i = 0; conditions != nullptr && i < conditions->size(); ++i) {
            if (conditions->items()[i].string_at("type") == "Drifted") {
                is = conditions->items()[i].string_at("status");
                message = conditions->items()[i].string_at("message");
            }
        }
        if (is != wanted || !message.contains(drifted)) {
            checkers_.violate(cat(instance.kind(), " ", instance.name(), " says Drifted=", is, " ",
                                  quote(message), " instead of ", wanted, " ", quote(drifted)));
        }
    }

    // Deletion leaves nothing that is owned, and everything that is not.
    io::Task<Status> delete_everything() {
        for (const std::string& kind :
             {std::string("Team"), std::string("App"), std::string("Chain")}) {
            const auto resource = co_await users_.mapper()->for_kind({"kro.run", "v1alpha1", kind});
            if (!resource) {
                continue;
            }
            for (const Object& instance : CO_TRY(co_await list({"kro.run", "v1alpha1", kind}))) {
                static_cast<void>(co_await users_.client()->remove(*resource, instance.key(),
                                                                   {.propagation = "Background"}));
                checkers_.forgotten(cat(kind, "/", instance.name()));
            }
        }
        CO_TRY(co_await await_rest());
        for (const std::string& kind : kinds()) {
            for (const Object& instance : CO_TRY(co_await list({"kro.run", "v1alpha1", kind}))) {
                checkers_.violate(cat(kind, " ", instance.name(), " cannot be deleted: ",
                                      to_json(instance.value()).substr(0, 2000)));
            }
        }
        for (const Object& child : CO_TRY(co_await list_children())) {
            checkers_.violate(cat(child.kind(), " ", child.name(), " is left after deletion"));
        }
        co_return co_await users_.check_acknowledged();
    }

    Options options_;
    Outcome outcome_;
    io::sim::VirtualLoop loop_;
    FaultRates rates_;  // now
    FaultRates rough_;
    Host host_;
    Checkers checkers_;
    Wishes wishes_;
    FaultyTransport user_transport_;
    FaultyTransport cluster_transport_;
    Users users_;
    std::unique_ptr<cluster::Cluster> cluster_;
    std::set<std::string> without_drift_;  // kinds whose drift was taken away
    std::array<Process, 3> processes_;
    io::Scope* operators_ = nullptr;
    size_t processes_made_ = 0;
    int64_t last_write_ = 0;
    int64_t last_controller_request_ = 0;
    std::string last_request_;
};

}  // namespace

Outcome run(const Options& options) {
    return World(options).run();
}

}  // namespace weft::sim
