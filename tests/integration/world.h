// tests/integration/world.h: a whole control plane on virtual time, for tests.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "control/control.h"
#include "io/sim/virtual_loop.h"
#include "kube/kube.h"
#include "server/restore.h"
#include "server/server.h"
#include "store/store.h"

namespace weft::test {

inline io::http::Peer administrator() {
    io::http::Peer peer;
    peer.has_certificate = true;
    peer.certificate_name = "kubernetes-admin";
    peer.certificate_groups = {"system:masters"};
    return peer;
}

struct WorldOptions {
    uint64_t seed = 1;
    cluster::WorkloadMode workloads = cluster::WorkloadMode::instant;
    bool controllers = true;
    bool log = false;
    control::ControlOptions control = {};
    io::http::Peer controller = administrator();  // whom the server takes the controllers for
    std::vector<Object> restored = {};            // what the store holds from the start
    std::vector<cluster::Stage> stages = {};
};

// Passes requests on and keeps their first lines: what a test prints when a count is off. Those
// that `holds` names wait for `release`.
class Recorder : public io::http::Transport {
public:
    Recorder(io::Loop* loop, std::unique_ptr<io::http::Transport> inner)
        : inner_(std::move(inner)), released_(loop) {}
    io::Task<Result<io::http::Response>> send(io::http::Request request) override {
        lines.push_back(cat(request.method, " ", request.target));
        while (holds && holds(lines.back())) {
            ++held;
            const Status released = co_await released_.wait();
            --held;
            CO_TRY(released);
        }
        co_return co_await inner_->send(std::move(request));
    }
    void release() {
        holds = {};
        released_.notify_all();
    }
    // The lines since the mark.
    [[nodiscard]] std::string since(size_t mark) const {
        std::string out;
        for (size_t i = mark; i < lines.size(); ++i) {
            append(out, lines[i], "\n");
        }
        return out;
    }
    std::vector<std::string> lines;
    std::function<bool(const std::string& line)> holds;
    size_t held = 0;  // that wait now

private:
    std::unique_ptr<io::http::Transport> inner_;
    io::Signal released_;
};

// Store in memory, API server, cluster and controllers, all real, in one thread. `start` first,
// `stop` last.
class World {
public:
    explicit World(io::Loop* loop, WorldOptions options = {})
        : loop_(loop), options_(std::move(options)) {}

    io::Task<Status> start() {
        store_ = store::memory(loop_);
        CO_TRY(co_await start_server());
        if (!options_.restored.empty()) {
            // They come into a server that kro was installed on.
            for (const Object& crd : {control::definition_crd(), control::revision_crd()}) {
                CO_TRY(co_await kube::Client(transport_.get())
                           .create(control::crd_resource(), crd, {}));
            }
            co_await server_->close();
            server_ = nullptr;
            CO_TRY(co_await server::restore(store_.get(), options_.restored));
            CO_TRY(co_await start_server());
        }
        client_ = std::make_unique<kube::Client>(transport_.get());
        mapper_ = std::make_unique<kube::RestMapper>(client_.get());
        cluster_ = std::make_unique<cluster::Cluster>(
            loop_, transport_.get(),
            cluster::Options{.workloads = options_.workloads,
                             .seed = options_.seed,
                             .stages = std::move(options_.stages)});
        CO_TRY(co_await cluster_->start());
        if (options_.controllers) {
            CO_TRY(co_await start_controllers());
        }
        co_return Status{};
    }
    io::Task<Status> start_server() {
        server::Options server_options;
        server_options.loop = loop_;
        server_options.store = store_.get();
        server_ = CO_TRY(co_await server::ApiServer::start(std::move(server_options)));
        transport_ = io::http::in_process(server_.get(), administrator());
        co_return Status{};
    }
    io::Task<Status> start_controllers() {
        control::ControlOptions control = options_.control;
        if (options_.log) {
            control.log = [](control::LogLevel, const std::string& message,
                             const control::LogFields& fields) {
                std::fprintf(stderr, "  log: %s", message.c_str());
                for (const auto& [name, value] : fields) {
                    std::fprintf(stderr, " %s=%s", name.c_str(), value.c_str());
                }
                std::fprintf(stderr, "\n");
            };
        }
        recorder_ = std::make_unique<Recorder>(
            loop_, io::http::in_process(server_.get(), options_.controller));
        manager_ = std::make_unique<control::Manager>(loop_, recorder_.get(), std::move(control));
        co_return co_await manager_->start();
    }
    io::Task<void> stop_controllers() {
        if (manager_ != nullptr) {
            co_await manager_->stop();
            manager_ = nullptr;
        }
    }
    io::Task<void> stop() {
        co_await stop_controllers();
        if (cluster_ != nullptr) {
            co_await cluster_->stop();
        }
        if (server_ != nullptr) {
            co_await server_->close();
        }
        if (store_ != nullptr) {
            co_await store_->close();
        }
    }

    // Server-side apply, waiting for the kind to be served; the namespace is `default` if missing.
    io::Task<Result<Object>> apply(Object object) {
        const kube::Resource resource = CO_TRY(co_await resource_of(object.group_version_kind()));
        if (resource.namespaced && object.namespace_().empty()) {
            object.metadata().set("namespace", "default");
        }
        co_return co_await client_->apply(resource, std::move(object),
                                          {.field_manager = "test", .force = true});
    }
    io::Task<Result<Object>> get(std::string api_version, std::string kind, std::string name,
                                 std::string namespace_ = "default") {
        Object wanted(Value::map_of({{"apiVersion", api_version}, {"kind", kind}}));
        const kube::Resource resource = CO_TRY(co_await resource_of(wanted.group_version_kind()));
        co_return co_await client_->get(resource, {resource.namespaced ? namespace_ : "", name});
    }
    io::Task<Result<Value>> remove(std::string api_version, std::string kind, std::string name,
                                   std::string namespace_ = "default") {
        Object wanted(Value::map_of({{"apiVersion", api_version}, {"kind", kind}}));
        const kube::Resource resource = CO_TRY(co_await resource_of(wanted.group_version_kind()));
        co_return co_await client_->remove(resource, {resource.namespaced ? namespace_ : "", name},
                                           {.propagation = "Background"});
    }
    io::Task<Result<kube::Resource>> resource_of(GroupVersionKind kind) {
        const int64_t deadline = loop_->monotonic() + 10 * io::second;
        while (true) {
            Result<kube::Resource> resource = co_await mapper_->for_kind(kind);
            if (resource || resource.error().reason() != Reason::not_found ||
                loop_->monotonic() > deadline) {
                co_return resource;
            }
            CO_TRY(co_await io::sleep(loop_, 10 * io::millisecond));
        }
    }
    // Polls in virtual time until the object is as wanted; the last object or error otherwise.
    io::Task<Result<Object>> wait(std::string api_version, std::string kind, std::string name,
                                  std::function<bool(const Object&)> is_wanted,
                                  std::string namespace_ = "default",
                                  int64_t most = 120 * io::second) {
        const int64_t deadline = loop_->monotonic() + most;
        while (true) {
            const Result<Object> object = co_await get(api_version, kind, name, namespace_);
            if (object && is_wanted(*object)) {
                co_return object;
            }
            if (loop_->monotonic() > deadline) {
                if (!object) {
                    co_return Error(object.error());
                }
                const Value* status = object->value().find("status");
                co_return make_error(Reason::timeout, kind, " ", name,
                                     " does not become what is wanted; status: ",
                                     status == nullptr ? std::string("none") : to_json(*status));
            }
            CO_TRY(co_await io::sleep(loop_, 10 * io::millisecond));
        }
    }
    io::Task<Status> wait_gone(std::string api_version, std::string kind, std::string name,
                               std::string namespace_ = "default",
                               int64_t most = 120 * io::second) {
        const int64_t deadline = loop_->monotonic() + most;
        while (true) {
            const Result<Object> object = co_await get(api_version, kind, name, namespace_);
            if (!object && object.error().reason() == Reason::not_found) {
                co_return Status{};
            }
            if (loop_->monotonic() > deadline) {
                co_return make_error(Reason::timeout, kind, " ", name, " is still there: ",
                                     object ? to_json(object->value()) : object.error().text());
            }
            CO_TRY(co_await io::sleep(loop_, 10 * io::millisecond));
        }
    }

    [[nodiscard]] kube::Client* client() { return client_.get(); }
    [[nodiscard]] control::Manager* manager() { return manager_.get(); }
    // What the controllers have sent since they were started.
    [[nodiscard]] Recorder* sent() { return recorder_.get(); }
    [[nodiscard]] io::Loop* loop() { return loop_; }
    [[nodiscard]] io::http::Transport* transport() { return transport_.get(); }
    // Another one, for who wants to stand in between.
    [[nodiscard]] std::unique_ptr<io::http::Transport> administrate() {
        return io::http::in_process(server_.get(), administrator());
    }

private:
    io::Loop* loop_;
    WorldOptions options_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<server::ApiServer> server_;
    std::unique_ptr<io::http::Transport> transport_;
    std::unique_ptr<kube::Client> client_;
    std::unique_ptr<kube::RestMapper> mapper_;
    std::unique_ptr<cluster::Cluster> cluster_;
    std::unique_ptr<Recorder> recorder_;
    std::unique_ptr<control::Manager> manager_;
};

inline bool is_active(const Object& object) {
    const std::string_view state = object.value().string_at("status", "state");
    return state == "ACTIVE" || state == "Active";
}

}  // namespace weft::test
