// control/manager.cc: starting and stopping the controllers.

#include "control/control.h"
#include "control/limits.h"

namespace weft::control {

Manager::Manager(io::Loop* loop, io::http::Transport* transport, ControlOptions options)
    : options_(std::move(options)),

      client_(transport),
      mapper_(&client_),
      informers_(loop, &client_),
      world_{loop, &client_, &mapper_, &informers_, &options_},
      schemas_(&client_, &mapper_),
      instances_(world_, &registry_),
      definitions_(world_, &registry_, &schemas_, &instances_),
      definition_queue_(loop, {definition_retry_min, definition_retry_max}),
      workers_(loop) {
    informers_.on_error = [this](const InformerKey& key, const Error& error) {
        world_.log(LogLevel::warn, cat("watching ", key.resource.gvr.resource, ": ", error.text()));
    };
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
    definitions_.watch([this](const std::string& name) { definition_queue_.add(name); });
    CO_TRY(co_await definitions_.wait_synced());
    for (size_t i = 0; i < options_.definition_workers; ++i) {
        workers_.spawn(work_on_definitions());
    }
    for (size_t i = 0; i < options_.instance_workers; ++i) {
        workers_.spawn(instances_.work());
    }
    co_return Status{};
}

io::Task<void> Manager::work_on_definitions() {
    while (true) {
        const Result<std::string> name = co_await definition_queue_.get();
        if (!name) {
            co_return;
        }
        const Status done = co_await definitions_.reconcile(*name);
        if (done) {
            definition_queue_.forget(*name);
        } else if (done.error().reason() != Reason::cancelled) {
            world_.log(LogLevel::warn,
                       cat("ResourceGraphDefinition ", *name, ": ", done.error().text()));
            definition_queue_.add_backed_off(*name);
        }
        definition_queue_.done(*name);
    }
}

io::Task<void> Manager::stop() {
    co_await workers_.close();
    co_await informers_.close();
}

bool Manager::is_idle() const {
    return definition_queue_.is_idle() && instances_.is_idle();
}

}  // namespace weft::control
