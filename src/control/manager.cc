// control/manager.cc: starting and stopping the controllers.

#include "control/control.h"
#include "control/limits.h"

namespace weft::control {

Manager::Manager(io::Loop* loop, io::http::Transport* transport, ControlOptions options)
    : options_(std::move(options)),
      transport_(loop, transport, &instruments_, {options_.client_qps, options_.client_burst}),
      client_(&transport_),
      mapper_(&client_),
      informers_(loop, &client_, &instruments_),
      world_{loop, &client_, &mapper_, &informers_, &options_, &instruments_},
      registry_(&instruments_),
      schemas_(loop, &client_, &mapper_, &instruments_),
      instances_(world_, &registry_),
      definitions_(world_, &registry_, &schemas_, &instances_),
      definition_queue_(loop, {definition_retry_min, definition_retry_max}),
      workers_(loop) {
    informers_.on_error = [this](const InformerKey& key, const Error& error) {
        world_.log(LogLevel::warn, "a watch failed and is tried again",
                   {{"resource", gvr_path(key.resource.gvr)}, {"error", error.text()}});
    };
    definition_queue_.instrument(instruments_.queue("resourcegraphdefinition"));
}

Manager::~Manager() = default;

io::Task<Status> Manager::ensure_crds() {
    for (const Object& crd : {definition_crd(), revision_crd()}) {
        if (!options_.install_crds) {
            CO_TRY((co_await client_.get(crd_resource(), crd.key()))
                       .context("kro's CRD ", crd.name(), " is not installed"));
            continue;
        }
        const auto created = co_await client_.create(crd_resource(), crd, {});
        if (!created && created.error().reason() != Reason::already_exists) {
            co_return Result<Object>(created).context("installing ", crd.name()).error();
        }
    }
    co_return Status{};
}

io::Task<Status> Manager::start() {
    CO_TRY(co_await ensure_crds());
    definitions_.watch([this](const std::string& name) { definition_queue_.add(name); },
                       [this](const std::string& name, int64_t nanos) {
                           definition_queue_.add_after(name, nanos);
                       });
    CO_TRY(co_await definitions_.wait_synced());
    for (size_t i = 0; i < options_.definition_workers; ++i) {
        workers_.spawn(work_on_definitions());
    }
    for (size_t i = 0; i < options_.instance_workers; ++i) {
        workers_.spawn(instances_.work());
    }
    instruments_.set("controller_runtime_max_concurrent_reconciles",
                     static_cast<double>(options_.definition_workers),
                     {{"controller", "resourcegraphdefinition"}});
    runs_ = true;
    co_return Status{};
}

io::Task<void> Manager::work_on_definitions() {
    while (true) {
        const Result<std::string> name = co_await definition_queue_.get();
        if (!name) {
            co_return;
        }
        const int64_t began = world_.loop->monotonic();
        const Status done = co_await definitions_.reconcile(*name);
        instruments_.count_pass("resourcegraphdefinition", done ? "success" : "error",
                                seconds_between(began, world_.loop->monotonic()));
        if (done) {
            definition_queue_.forget(*name);
        } else if (done.error().reason() != Reason::cancelled) {
            world_.log(LogLevel::warn, "a definition could not be brought to its end",
                       {{"definition", *name}, {"error", done.error().text()}});
            definition_queue_.add_backed_off(*name);
        }
        definition_queue_.done(*name);
    }
}

std::string Manager::metrics_text() {
    const auto queue = [this](const std::string& name, size_t depth, const auto& under_way) {
        const io::Labels labels = {{"controller", name}, {"name", name}};
        const auto seconds = [](int64_t nanos) { return seconds_between(0, nanos); };
        instruments_.set("workqueue_depth", static_cast<double>(depth), labels);
        instruments_.set("workqueue_unfinished_work_seconds", seconds(under_way.total), labels);
        instruments_.set("workqueue_longest_running_processor_seconds", seconds(under_way.longest),
                         labels);
        instruments_.set("controller_runtime_active_workers", static_cast<double>(under_way.keys),
                         {{"controller", name}});
    };
    queue("resourcegraphdefinition", definition_queue_.size(), definition_queue_.under_way());
    queue("dynamic-controller-queue", instances_.queue().size(), instances_.queue().under_way());
    instances_.read_gauges();
    registry_.read_gauges();
    informers_.read_gauges();
    const kube::RequestCounts& requests = client_.counts();
    instruments_.forget("weft_api_requests_total");
    for (const auto& [verb, count] : std::initializer_list<std::pair<const char*, uint64_t>>{
             {"get", requests.get},
             {"list", requests.list},
             {"watch", requests.watch},
             {"create", requests.create},
             {"update", requests.update},
             {"patch", requests.patch},
             {"apply", requests.apply},
             {"delete", requests.remove},
             {"discovery", requests.discovery}}) {
        instruments_.add("weft_api_requests_total", static_cast<double>(count), {{"verb", verb}});
    }
    return instruments_.metrics()->text();
}

std::string Manager::unready() const {
    if (!runs_) {
        return "caches are not filled yet";
    }
    const int64_t silent = transport_.silent_for();
    if (silent > silence_max) {
        return cat("the API server has not answered for ", format_duration(silent));
    }
    return "";
}

std::string Manager::unhealthy() const {
    const int64_t longest =
        std::max(definition_queue_.under_way().longest, instances_.queue().under_way().longest);
    return longest > pass_time_max ? cat("a pass runs for ", format_duration(longest)) : "";
}

io::Task<void> Manager::drain(int64_t grace) {
    const int64_t deadline = world_.loop->monotonic() + grace;
    while (!is_idle() && world_.loop->monotonic() < deadline) {
        if (!co_await io::sleep(world_.loop, drain_interval)) {
            co_return;
        }
    }
}

io::Task<void> Manager::stop(int64_t grace) {
    runs_ = false;
    definition_queue_.shut_down();
    instances_.shut_down();
    // The scope of the caller may be cancelled; waiting must still be possible.
    io::Scope last(world_.loop);
    last.spawn(drain(grace));
    co_await last.join();
    co_await workers_.close();
    co_await informers_.close();
}

bool Manager::is_idle() const {
    return definition_queue_.is_idle() && instances_.is_idle();
}

}  // namespace weft::control
