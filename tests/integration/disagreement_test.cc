// tests/integration/disagreement_test.cc: controllers whose writes do not last: they slow down, say
// so once, and the process still ends when it is told to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"
#include "io/log.h"

namespace weft::test {
namespace {

// Turns what the controllers write into something else: every status of a Deployment gets one
// replica more than it said. Counts them.
class Undoer : public io::http::Transport {
public:
    explicit Undoer(std::unique_ptr<io::http::Transport> inner) : inner_(std::move(inner)) {}
    io::Task<Result<io::http::Response>> send(io::http::Request request) override {
        const bool is_status = request.target.find("/deployments/") != std::string::npos &&
                               request.target.find("/status") != std::string::npos;
        if (request.method == "PUT" && is_status) {
            ++writes;
            Value object = *parse_json(request.body);
            object.mutable_member("status").set("replicas", 1000 + writes % 2);
            request.body = to_json(object);
        }
        return inner_->send(std::move(request));
    }
    int64_t writes = 0;

private:
    std::unique_ptr<io::http::Transport> inner_;
};

struct Lines {
    Lines() {
        io::divert_log([this](std::string_view line) { lines.emplace_back(line); });
    }
    ~Lines() { io::divert_log({}); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    std::vector<std::string> lines;
};

Object deployment(std::string_view name) {
    return Object(*parse_yaml_value(cat(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: )",
                                        name, R"(, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: )",
                                        name, R"(}}
  template:
    metadata: {labels: {app: )",
                                        name, R"(}}
    spec: {containers: [{name: c, image: i}]}
)")));
}

kube::Resource deployment_kind() {
    return {.gvr = {.group = "apps", .version = "v1", .resource = "deployments"},
            .kind = "Deployment",
            .namespaced = true};
}

struct Undone {
    explicit Undone(io::Loop* on_loop) : loop(on_loop), world(on_loop, options()) {}
    static WorldOptions options() {
        return {.workloads = cluster::WorkloadMode::off, .controllers = false};
    }
    io::Task<Status> start() {
        CO_TRY(co_await world.start());
        undoer = std::make_unique<Undoer>(world.administrate());
        cluster = std::make_unique<cluster::Cluster>(loop, undoer.get(), cluster::Options{});
        co_return co_await cluster->start();
    }
    io::Task<void> stop() {
        if (cluster != nullptr) {
            co_await cluster->stop();
        }
        co_await world.stop();
    }
    io::Loop* loop;
    World world;
    std::unique_ptr<Undoer> undoer;
    std::unique_ptr<cluster::Cluster> cluster;
};

io::Task<Status> fight(Undone* undone) {
    CO_TRY(co_await undone->start());
    CO_TRY(co_await undone->world.client()->create(deployment_kind(), deployment("web"), {}));
    CO_TRY(co_await io::sleep(undone->loop, 600 * io::second));
    co_return Status{};
}

TEST(Disagreement, WritesThatAreUndoneComeEverMoreSeldomAndAreToldOnce) {
    io::sim::VirtualLoop loop(1);
    const Lines lines;
    Undone undone(&loop);
    const auto all = [](Undone* world) -> io::Task<Status> {
        Status done = co_await fight(world);
        co_await world->stop();
        co_return done;
    };

    const Status done = io::run(&loop, all(&undone));

    ASSERT_TRUE(done) << done.error().text();
    // Free ones, then doubling waits to 30 s: some 10 until there and 20 in ten minutes.
    EXPECT_GT(undone.undoer->writes, 20);
    EXPECT_LT(undone.undoer->writes, 80);
    ASSERT_EQ(lines.lines.size(), 1U);
    EXPECT_THAT(lines.lines[0], testing::HasSubstr("controller=deployments"));
    EXPECT_THAT(lines.lines[0], testing::HasSubstr("object=default/web"));
}

io::Task<Status> recover(Undone* undone) {
    CO_TRY(co_await fight(undone));
    // A change of the input is looked at at once, however long the last wait was.
    Object changed = CO_TRY(co_await undone->world.get("apps/v1", "Deployment", "web"));
    changed.mutable_value().mutable_member("spec").set("replicas", 3);
    const int64_t before = undone->loop->monotonic();
    CO_TRY(co_await undone->world.client()->update(deployment_kind(), changed, {}));
    CO_TRY(co_await undone->world.wait("apps/v1", "Deployment", "web", [](const Object& object) {
        return object.value().find("status", "readyReplicas") != nullptr &&
               object.value().find("status", "readyReplicas")->as_int() == 3;
    }));
    EXPECT_LT(undone->loop->monotonic() - before, io::second);
    co_return Status{};
}

TEST(Disagreement, AChangeOfTheInputsEndsTheWait) {
    io::sim::VirtualLoop loop(1);
    const Lines lines;
    Undone undone(&loop);
    const auto all = [](Undone* world) -> io::Task<Status> {
        Status done = co_await recover(world);
        co_await world->stop();
        co_return done;
    };

    const Status done = io::run(&loop, all(&undone));

    EXPECT_TRUE(done) << done.error().text();
}

// Many objects, nobody agrees about any of them, and the stop comes in the middle.
io::Task<Status> stop_at_once(Undone* undone, int64_t* took, int64_t* written) {
    CO_TRY(co_await undone->start());
    for (int i = 0; i < 300; ++i) {
        CO_TRY(co_await undone->world.client()->create(deployment_kind(), deployment(cat("w", i)),
                                                       {}));
    }
    const int64_t before = undone->loop->monotonic();
    const int64_t writes = undone->undoer->writes;
    co_await undone->cluster->stop();
    *took = undone->loop->monotonic() - before;
    *written = undone->undoer->writes - writes;
    undone->cluster = nullptr;
    co_return Status{};
}

TEST(Disagreement, TheControllersEndWhileTheirQueueIsFull) {
    io::sim::VirtualLoop loop(1);
    const Lines lines;
    Undone undone(&loop);
    int64_t took = 0;
    int64_t written = 0;
    const auto all = [](Undone* world, int64_t* time, int64_t* writes) -> io::Task<Status> {
        Status done = co_await stop_at_once(world, time, writes);
        co_await world->stop();
        co_return done;
    };

    const Status done = io::run(&loop, all(&undone, &took, &written));

    ASSERT_TRUE(done) << done.error().text();
    // Each worker finishes what it has in hand, and no more.
    EXPECT_LE(written, 8);
    EXPECT_LT(took, io::second);
}

}  // namespace
}  // namespace weft::test
