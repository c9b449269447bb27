// tests/conformance/discovery.cc: compares discovery documents with those that Kubernetes
// publishes.
//
// --cases names the folder of the plain documents and of aggregated_v2.json; the aggregated
// document of the core group is looked for in the folder "discovery-core" beside it. A real server
// with every version on says the same but for verbs' order, which means nothing.

#include <algorithm>

#include "io/io.h"
#include "io/sim/virtual_loop.h"
#include "server/server.h"
#include "store/store.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {
namespace {

// A server with every version on.
class World {
public:
    World() : store_(store::memory(&loop_)) {
        server::Options options;
        options.loop = &loop_;
        options.store = store_.get();
        options.all_versions = true;
        options.tokens = {{"admin-token", {"admin", "", {"system:masters"}, {}}}};
        auto started = io::run(&loop_, server::ApiServer::start(std::move(options)));
        CHECK(started.has_value());
        server_ = std::move(*started);
        transport_ = io::http::in_process(server_.get());
    }
    ~World() { io::run(&loop_, close()); }

    Value get(std::string target, std::string accept) {
        io::http::Request request;
        request.method = "GET";
        request.target = std::move(target);
        request.headers.set("authorization", "Bearer admin-token");
        request.headers.set("accept", std::move(accept));
        auto response = io::run(&loop_, transport_->send(std::move(request)));
        CHECK(response.has_value());
        auto parsed = parse_json(response->body());
        return parsed ? std::move(*parsed) : Value(response->body());
    }

private:
    io::Task<int> close() {
        co_await server_->close();
        co_return 0;
    }

    io::sim::VirtualLoop loop_{1};
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<server::ApiServer> server_;
    std::unique_ptr<io::http::Transport> transport_;
};

// Lists that are sets in sorted order, and without the address of the recorded server.
Value normal(const Value& value, std::string_view name = {}) {
    if (value.is_map()) {
        Value out = Value::map();
        for (const Member& member : value.members()) {
            if (member.name() != "serverAddressByClientCIDRs") {
                out.set(member.name(), normal(member.value, member.name()));
            }
        }
        return out;
    }
    if (value.is_list()) {
        std::vector<Value> items;
        for (const Value& item : value.items()) {
            items.push_back(normal(item));
        }
        if (name == "verbs") {
            std::ranges::sort(
                items, [](const Value& a, const Value& b) { return Value::compare(a, b) < 0; });
        }
        return Value::list(std::move(items));
    }
    return value;
}

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    using namespace weft;
    using namespace weft::conformance;
    const std::filesystem::path folder = cases_folder(argc, argv);
    World world;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    const std::filesystem::path core =
        folder.parent_path() / "discovery-core" / "aggregated_v2_core.json";
    if (std::filesystem::exists(core)) {
        files.push_back(core);
    }
    std::ranges::sort(files);
    constexpr std::string_view aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    for (const std::filesystem::path& path : files) {
        const std::string id = path.stem().string();
        Value got;
        if (id.starts_with("aggregated")) {
            got = world.get(id.ends_with("core") ? "/api" : "/apis", std::string(aggregated));
        } else {
            got = world.get("/" + replace_all(id, "__", "/"), "application/json");
        }
        check_equal(id, normal(read_json(path)), normal(got));
    }
    return 0;
}
