// control/instruments.cc: the table of names, and the series behind them.

#include "control/instruments.h"

#include <algorithm>
#include <array>

#include "control/limits.h"

namespace weft::control {

enum class Form : uint8_t {
    counter,
    gauge,
    reconciles,
    defaults,
    doubling,
    sizes,
    items,
    hundredths
};

struct Description {
    std::string_view name;
    Form form;
    std::string_view help;
    bool is_labelled = false;  // has series only once something happened
};

namespace {

constexpr auto descriptions = std::to_array<Description>({
    {"cel_expr_eval_total", Form::counter, "CEL expressions evaluated."},
    {"cel_expr_eval_duration_seconds", Form::defaults,
     "Time of an expression: that of a plan by its expressions."},
    {"controller_runtime_active_workers", Form::gauge, "Workers at work.", true},
    {"controller_runtime_max_concurrent_reconciles", Form::gauge, "Workers.", true},
    {"controller_runtime_reconcile_errors_total", Form::counter, "Passes that failed.", true},
    {"controller_runtime_reconcile_panics_total", Form::counter, "Always 0.", true},
    {"controller_runtime_reconcile_time_seconds", Form::defaults, "Time of a pass.", true},
    {"controller_runtime_reconcile_total", Form::counter, "Passes by their end.", true},
    {"dynamic_controller_gvr_count", Form::gauge, "Generated kinds that are served."},
    {"dynamic_controller_handler_attach_total", Form::counter, "Kinds taken up.", true},
    {"dynamic_controller_handler_count_total", Form::gauge, "Kinds that are handled.", true},
    {"dynamic_controller_handler_detach_total", Form::counter, "Kinds let go.", true},
    {"dynamic_controller_handler_errors_total", Form::counter, "Passes that failed.", true},
    {"dynamic_controller_informer_events_total", Form::counter, "Events of watches.", true},
    {"dynamic_controller_informer_sync_duration_seconds", Form::reconciles,
     "Time until a watch had shown what is there.", true},
    {"dynamic_controller_instance_watch_count", Form::gauge, "Instances that are watched.", true},
    {"dynamic_controller_queue_length", Form::gauge, "Instances that wait for a pass."},
    {"dynamic_controller_reconcile_duration_seconds", Form::reconciles, "Time of a pass.", true},
    {"dynamic_controller_reconcile_panics_total", Form::counter, "Always 0.", true},
    {"dynamic_controller_reconcile_total", Form::counter, "Passes over instances.", true},
    {"dynamic_controller_requeue_total", Form::counter, "Passes asked for again.", true},
    {"dynamic_controller_route_match_total", Form::counter, "Instances woken by events.", true},
    {"dynamic_controller_route_total", Form::counter, "Events of children looked at.", true},
    {"dynamic_controller_watch_count", Form::gauge, "Watches that run."},
    {"dynamic_controller_watch_request_count", Form::gauge, "Watches by what they show.", true},
    {"graph_revision_activation_deferred_total", Form::counter,
     "Revisions that compiled and whose status could not be written yet."},
    {"graph_revision_compile_duration_seconds", Form::reconciles, "Time to compile.", true},
    {"graph_revision_compile_total", Form::counter, "Revisions compiled.", true},
    {"graph_revision_finalizer_evictions_total", Form::counter,
     "Revisions forgotten when they were deleted."},
    {"graph_revision_registry_entries", Form::gauge, "Revisions in memory.", true},
    {"graph_revision_registry_evictions_total", Form::counter, "Revisions forgotten."},
    {"graph_revision_registry_transitions_total", Form::counter, "Revisions by what they became.",
     true},
    {"graph_revision_status_update_errors_total", Form::counter, "Statuses not written."},
    {"instance_condition_current_status_seconds", Form::gauge,
     "Seconds since a condition of an instance has its status.", true},
    {"instance_graph_resolution_failures_total", Form::counter, "Passes without a graph.", true},
    {"instance_graph_resolution_pending_total", Form::counter, "Passes before a graph.", true},
    {"instance_graph_resolution_success_total", Form::counter, "Passes with a graph.", true},
    {"instance_reconcile_duration_seconds", Form::reconciles, "Time of a pass.", true},
    {"instance_reconcile_errors_total", Form::counter, "Passes that failed.", true},
    {"instance_reconcile_total", Form::counter, "Passes over instances.", true},
    {"instance_state_transitions_total", Form::counter, "Changes of the state.", true},
    {"leader_election_master_status", Form::gauge, "Whether this process leads.", true},
    {"rest_client_rate_limiter_duration_seconds", Form::defaults, "Waits before a request.", true},
    {"rest_client_request_duration_seconds", Form::defaults, "Time to the head of the answer.",
     true},
    {"rest_client_request_retries_total", Form::counter, "Requests sent again.", true},
    {"rest_client_request_size_bytes", Form::sizes, "Bytes of bodies sent.", true},
    {"rest_client_requests_total", Form::counter, "Requests by method and answer.", true},
    {"rest_client_response_size_bytes", Form::sizes, "Bytes of answers, without streams.", true},
    {"rgd_deletion_duration_seconds", Form::reconciles, "Time to let a definition go.", true},
    {"rgd_deletions_total", Form::counter, "Definitions let go.", true},
    {"rgd_graph_build_duration_seconds", Form::reconciles, "Time to compile.", true},
    {"rgd_graph_build_errors_total", Form::counter, "Definitions that did not compile.", true},
    {"rgd_graph_build_total", Form::counter, "Definitions compiled.", true},
    {"rgd_graph_revision_gc_deleted_total", Form::counter, "Old revisions deleted."},
    {"rgd_graph_revision_gc_errors_total", Form::counter, "Old revisions not deleted."},
    {"rgd_graph_revision_issue_total", Form::counter, "Revisions made.", true},
    {"rgd_graph_revision_registry_miss_total", Form::counter, "Revisions not in memory.", true},
    {"rgd_graph_revision_resolution_total", Form::counter, "Passes by what came of them.", true},
    {"rgd_graph_revision_wait_total", Form::counter, "Passes that had to wait.", true},
    {"rgd_state_transitions_total", Form::counter, "Changes of the state.", true},
    {"runtime_collection_size", Form::items, "Items of a collection."},
    {"runtime_creation_duration_seconds", Form::defaults, "Time of a plan."},
    {"runtime_creation_total", Form::counter, "Plans made."},
    {"runtime_node_eval_duration_seconds", Form::defaults,
     "Time of a node: that of a plan by its nodes."},
    {"runtime_node_eval_errors_total", Form::counter, "Nodes that failed."},
    {"runtime_node_eval_total", Form::counter, "Nodes looked at."},
    {"runtime_node_ignored_check_total", Form::counter, "Nodes asked whether they are included."},
    {"runtime_node_ignored_total", Form::counter, "Nodes that are not included."},
    {"runtime_node_not_ready_total", Form::counter, "Nodes that are not ready."},
    {"runtime_node_ready_check_total", Form::counter, "Nodes asked whether they are ready."},
    {"schema_resolver_api_call_duration_seconds", Form::hundredths, "Time to read a schema."},
    {"schema_resolver_cache_evictions_total", Form::counter, "Schemas forgotten."},
    {"schema_resolver_cache_hits_total", Form::counter, "Schemas known."},
    {"schema_resolver_cache_misses_total", Form::counter, "Schemas read."},
    {"schema_resolver_cache_size", Form::gauge, "Schemas kept."},
    {"schema_resolver_errors_total", Form::counter, "Schemas that could not be read."},
    {"schema_resolver_singleflight_deduplicated_total", Form::counter, "Always 0."},
    {"weft_api_requests_total", Form::counter, "Requests to the API server by verb.", true},
    {"weft_children_rewritten", Form::gauge, "Children that a webhook makes something else of."},
    {"weft_instance_waits", Form::gauge, "Instances whose pass failed and waits to be repeated."},
    {"weft_instances", Form::gauge, "Instances by kind and state.", true},
    {"weft_plan_hold_seconds_max", Form::gauge, "The longest time a plan held the loop."},
    {"workqueue_adds_total", Form::counter, "Keys added.", true},
    {"workqueue_depth", Form::gauge, "Keys that wait.", true},
    {"workqueue_longest_running_processor_seconds", Form::gauge, "The oldest pass.", true},
    {"workqueue_queue_duration_seconds", Form::doubling, "How long keys wait.", true},
    {"workqueue_retries_total", Form::counter, "Keys added after a failure.", true},
    {"workqueue_unfinished_work_seconds", Form::gauge, "Time of passes under way.", true},
    {"workqueue_work_duration_seconds", Form::doubling, "How long passes take.", true},
});

std::vector<double> doubled(double first, double factor, size_t count) {
    std::vector<double> out;
    for (size_t i = 0; i < count; ++i, first *= factor) {
        out.push_back(first);
    }
    return out;
}

std::vector<double> bounds_of(Form form) {
    switch (form) {
        case Form::reconciles:
            return {.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 20, 25, 30, 45, 60, 120};
        case Form::doubling:
            return doubled(1e-8, 10, 10);
        case Form::sizes:
            return doubled(64, 4, 10);
        case Form::items:
            return doubled(1, 2, 10);
        case Form::hundredths:
            return doubled(.01, 2, 10);
        default:
            return io::default_buckets();
    }
}

bool is_histogram(Form form) {
    return form != Form::counter && form != Form::gauge;
}

std::string_view code_class(const Result<io::http::Response>& answer, std::string* text) {
    if (!answer) {
        return "<error>";
    }
    *text = cat(answer->status);
    return *text;
}

}  // namespace

std::string gvr_path(const GroupVersionResource& gvr) {
    return cat(gvr.group, "/", gvr.version, "/", gvr.resource);
}

std::string gvr_text(const GroupVersionResource& gvr) {
    return cat(gvr.group, "/", gvr.version, ", Resource=", gvr.resource);
}

Instruments::Instruments() {
    for (const Description& description : descriptions) {
        known_.emplace(std::string(description.name), &description);
        if (description.is_labelled) {
            continue;
        }
        // Shown as 0 before anything happened, as Go's client does.
        if (description.form == Form::counter) {
            metrics_.counter(description.name, description.help);
        } else if (description.form == Form::gauge) {
            metrics_.gauge(description.name, description.help);
        } else {
            metrics_.histogram(description.name, description.help, bounds_of(description.form));
        }
    }
}

void Instruments::add(std::string_view name, double amount, io::Labels labels) {
    metrics_.counter(name, known_.find(name)->second->help, std::move(labels))->add(amount);
}

void Instruments::count(std::string_view name, io::Labels labels) {
    metrics_.counter(name, known_.find(name)->second->help, std::move(labels))->add();
}

void Instruments::observe(std::string_view name, double seconds, io::Labels labels) {
    const Description& description = *known_.find(name)->second;
    CHECK(is_histogram(description.form));
    metrics_.histogram(name, description.help, bounds_of(description.form), std::move(labels))
        ->observe(seconds);
}

void Instruments::set(std::string_view name, double value, io::Labels labels) {
    metrics_.gauge(name, known_.find(name)->second->help, std::move(labels))->set(value);
}

void Instruments::forget(std::string_view name) {
    metrics_.clear(name);
}

KindInstruments* Instruments::of_kind(const kube::Resource& resource) {
    const auto [place, is_new] = kinds_.try_emplace(resource.gvr);
    KindInstruments& kind = place->second;
    if (is_new) {
        const io::Labels path = {{"gvr", gvr_path(resource.gvr)}};
        const io::Labels text = {{"gvr", gvr_text(resource.gvr)}};
        const auto counter = [this](std::string_view name, io::Labels labels) {
            return metrics_.counter(name, known_.find(name)->second->help, std::move(labels));
        };
        const auto histogram = [this](std::string_view name, io::Labels labels) {
            const Description& description = *known_.find(name)->second;
            return metrics_.histogram(name, description.help, bounds_of(description.form),
                                      std::move(labels));
        };
        kind.reconciles = counter("dynamic_controller_reconcile_total", path);
        kind.reconcile_seconds = histogram("dynamic_controller_reconcile_duration_seconds", path);
        kind.handler_errors = counter("dynamic_controller_handler_errors_total", path);
        const auto requeues = [&](std::string_view type) {
            io::Labels labels = path;
            labels.emplace_back("type", type);
            return counter("dynamic_controller_requeue_total", std::move(labels));
        };
        kind.requeues_backed_off = requeues("rate_limited");
        kind.requeues_after = requeues("requeue_after");
        counter("dynamic_controller_reconcile_panics_total", path);
        kind.instance_reconciles = counter("instance_reconcile_total", text);
        kind.instance_seconds = histogram("instance_reconcile_duration_seconds", text);
        kind.instance_errors = counter("instance_reconcile_errors_total", text);
        kind.resolved = counter("instance_graph_resolution_success_total", text);
        kind.pending = counter("instance_graph_resolution_pending_total", text);
    }
    return &kind;
}

void Instruments::count_plan(const graph::PlanCounts& counts, double seconds) {
    add("runtime_creation_total", 1);
    observe("runtime_creation_duration_seconds", seconds);
    add("cel_expr_eval_total", static_cast<double>(counts.expressions));
    if (counts.expressions > 0) {
        observe("cel_expr_eval_duration_seconds",
                seconds / static_cast<double>(counts.expressions));
    }
    add("runtime_node_eval_total", static_cast<double>(counts.nodes));
    if (counts.nodes > 0) {
        observe("runtime_node_eval_duration_seconds", seconds / static_cast<double>(counts.nodes));
    }
    add("runtime_node_eval_errors_total", static_cast<double>(counts.errors));
    add("runtime_node_ignored_check_total", static_cast<double>(counts.ignored_checks));
    add("runtime_node_ignored_total", static_cast<double>(counts.ignored));
    add("runtime_node_ready_check_total", static_cast<double>(counts.ready_checks));
    add("runtime_node_not_ready_total", static_cast<double>(counts.not_ready));
    for (const size_t size : counts.collections) {
        observe("runtime_collection_size", static_cast<double>(size));
    }
}

void Instruments::count_state(const GroupVersionKind& kind, std::string_view from,
                              std::string_view to) {
    // kro's label says gvr and holds a GVK; dashboards know it so.
    count("instance_state_transitions_total",
          {{"gvr", cat(kind.group, "/", kind.version, ", Kind=", kind.kind)},
           {"from_state", std::string(from)},
           {"to_state", std::string(to)}});
}

void Instruments::count_resolution_failure(const GroupVersionResource& gvr,
                                           std::string_view reason) {
    count("instance_graph_resolution_failures_total",
          {{"gvr", gvr_text(gvr)}, {"reason", std::string(reason)}});
}

void Instruments::count_informer_event(const GroupVersionResource& gvr, std::string_view type) {
    count("dynamic_controller_informer_events_total",
          {{"gvr", gvr_text(gvr)}, {"event_type", std::string(type)}});
}

void Instruments::count_route(const GroupVersionResource& gvr, size_t matches) {
    count("dynamic_controller_route_total", {{"gvr", gvr_text(gvr)}});
    add("dynamic_controller_route_match_total", static_cast<double>(matches),
        {{"gvr", gvr_text(gvr)}});
}

kube::QueueInstruments Instruments::queue(const std::string& name) {
    const io::Labels labels = {{"controller", name}, {"name", name}};
    const auto help = [this](std::string_view metric) { return known_.find(metric)->second->help; };
    kube::QueueInstruments out;
    out.adds = metrics_.counter("workqueue_adds_total", help("workqueue_adds_total"), labels);
    out.retries =
        metrics_.counter("workqueue_retries_total", help("workqueue_retries_total"), labels);
    out.queue_seconds = metrics_.histogram("workqueue_queue_duration_seconds",
                                           help("workqueue_queue_duration_seconds"),
                                           bounds_of(Form::doubling), labels);
    out.work_seconds = metrics_.histogram("workqueue_work_duration_seconds",
                                          help("workqueue_work_duration_seconds"),
                                          bounds_of(Form::doubling), labels);
    return out;
}

void Instruments::count_pass(const std::string& controller, std::string_view result,
                             double seconds) {
    count("controller_runtime_reconcile_total",
          {{"controller", controller}, {"result", std::string(result)}});
    if (result == "error") {
        count("controller_runtime_reconcile_errors_total", {{"controller", controller}});
    }
    observe("controller_runtime_reconcile_time_seconds", seconds, {{"controller", controller}});
}

io::Task<Status> MeteredTransport::wait_for_turn() {
    const int64_t interval = io::second / rate_.a_second;
    const int64_t now = loop_->monotonic();
    const int64_t burst = std::max<int64_t>(rate_.burst, 1);
    // A full bucket holds `burst` tokens: turns that lie so far back can be had at once.
    next_turn_ = std::max(next_turn_, now - (burst - 1) * interval);
    const int64_t wait = next_turn_ - now;
    next_turn_ += interval;
    if (wait > 0) {
        CO_TRY(co_await io::sleep(loop_, wait));
    }
    co_return Status{};
}

int64_t MeteredTransport::asked_to_wait(const io::http::Response& answer) {
    if (answer.status != 429 && answer.status != 503) {
        return 0;
    }
    const auto seconds = parse_uint(answer.headers.get("retry-after"));
    if (!seconds) {
        return 0;
    }
    return std::min(static_cast<int64_t>(std::min<uint64_t>(*seconds, 3600)) * io::second,
                    retry_after_max);
}

io::Task<Result<io::http::Response>> MeteredTransport::send(io::http::Request request) {
    for (int attempt = 1;; ++attempt) {
        while (held_until_ > loop_->monotonic()) {
            CO_TRY(co_await io::sleep(loop_, held_until_ - loop_->monotonic()));
        }
        Result<io::http::Response> answer = co_await send_once(request);
        const int64_t wait = answer ? asked_to_wait(*answer) : 0;
        if (wait == 0) {
            co_return answer;
        }
        if (answer->status == 429 && request.target.contains("watch=") &&
            attempt < throttled_attempts_max) {
            // The first watch of a kind makes its storage, and is refused meanwhile: nobody is
            // overloaded, so others go on.
            io::http::Response kept = io::http::Response::text(429, "application/json", "");
            kept.headers = answer->headers;
            const Result<std::string> why =
                co_await io::http::read_all(*std::move(answer), refusal_bytes_max);
            if (why && why->contains("storage is (re)initializing")) {
                instruments_->count("rest_client_request_retries_total",
                                    {{"code", "429"}, {"method", request.method}});
                CO_TRY(co_await io::sleep(loop_, storage_wait * attempt));
                continue;
            }
            answer = std::move(kept);
        }
        held_until_ = std::max(held_until_, loop_->monotonic() + wait);
        if (attempt == throttled_attempts_max) {
            co_return answer;
        }
        instruments_->count("rest_client_request_retries_total",
                            {{"code", cat(answer->status)}, {"method", request.method}});
    }
}

io::Task<Result<io::http::Response>> MeteredTransport::send_once(io::http::Request request) {
    if (rate_.a_second > 0) {
        const int64_t asked = loop_->monotonic();
        CO_TRY(co_await wait_for_turn());
        instruments_->observe("rest_client_rate_limiter_duration_seconds",
                              seconds_between(asked, loop_->monotonic()),
                              {{"verb", request.method}});
    }
    const int64_t began = loop_->monotonic();
    const std::string method = request.method;
    const auto sent = static_cast<double>(request.body.size());
    Result<io::http::Response> answer = co_await inner_->send(std::move(request));
    std::string text;
    const std::string code(code_class(answer, &text));
    instruments_->count("rest_client_requests_total", {{"code", code}, {"method", method}});
    instruments_->observe("rest_client_request_duration_seconds",
                          seconds_between(began, loop_->monotonic()), {{"verb", method}});
    instruments_->observe("rest_client_request_size_bytes", sent, {{"verb", method}});
    if (answer) {
        failing_since_ = 0;
    } else if (failing_since_ == 0 && answer.error().reason() != Reason::cancelled) {
        failing_since_ = std::max<int64_t>(loop_->monotonic(), 1);
    }
    if (answer) {
        instruments_->observe("rest_client_response_size_bytes",
                              static_cast<double>(answer->body_size()), {{"verb", method}});
    }
    co_return answer;
}

}  // namespace weft::control
