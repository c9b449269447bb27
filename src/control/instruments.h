// control/instruments.h: what the controllers count, under kro's names and some of ours.
//
// Source of the names, labels and buckets: kro 0.9.3, controller-runtime, client-go. What each
// means here is in docs/reference/metrics.md. Loop thread only.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "graph/graph.h"
#include "io/io.h"
#include "kube/kube.h"

namespace weft::control {

// Seconds between two readings of a loop's monotonic clock.
[[nodiscard]] inline double seconds_between(int64_t from, int64_t to) {
    return static_cast<double>(to - from) / static_cast<double>(io::second);
}

// kro spells a resource in two ways.
[[nodiscard]] std::string gvr_path(const GroupVersionResource& gvr);  // "apps/v1/deployments"
[[nodiscard]] std::string gvr_text(const GroupVersionResource& gvr);  // Go's String()

// The series of one served kind, asked for once.
struct KindInstruments {
    io::Counter* reconciles = nullptr;
    io::Histogram* reconcile_seconds = nullptr;
    io::Counter* handler_errors = nullptr;
    io::Counter* requeues_backed_off = nullptr;
    io::Counter* requeues_after = nullptr;
    io::Counter* instance_reconciles = nullptr;
    io::Histogram* instance_seconds = nullptr;
    io::Counter* instance_errors = nullptr;
    io::Counter* resolved = nullptr;
    io::Counter* pending = nullptr;
};

class Instruments {
public:
    Instruments();

    [[nodiscard]] io::Metrics* metrics() { return &metrics_; }

    [[nodiscard]] KindInstruments* of_kind(const kube::Resource& resource);
    void count_plan(const graph::PlanCounts& counts, double seconds);
    void count_state(const GroupVersionKind& kind, std::string_view from, std::string_view to);
    void count_resolution_failure(const GroupVersionResource& gvr, std::string_view reason);
    void count_informer_event(const GroupVersionResource& gvr, std::string_view type);
    void count_route(const GroupVersionResource& gvr, size_t matches);

    // A counter without labels, or with one, by name: for what is rare.
    void count(std::string_view name) { add(name, 1); }
    void add(std::string_view name, double amount, io::Labels labels = {});
    void count(std::string_view name, io::Labels labels);
    void observe(std::string_view name, double seconds, io::Labels labels = {});
    void set(std::string_view name, double value, io::Labels labels = {});
    // Before a gauge is set for all that exist: what is gone is shown no longer.
    void forget(std::string_view name);

    // For kube::WorkQueue.
    [[nodiscard]] kube::QueueInstruments queue(const std::string& name);
    // One pass of a controller in controller-runtime's words; `result` is success or error.
    void count_pass(const std::string& controller, std::string_view result, double seconds);

private:
    io::Metrics metrics_;
    std::map<GroupVersionResource, KindInstruments> kinds_;
    std::map<std::string, const struct Description*, std::less<>> known_;
};

// Sends on, and counts requests by verb and code, their time and their sizes.
// Holds requests back where a rate is set, as client-go's token bucket does, and where the server
// asks for it: an answer of 429 or 503 that names a time (Retry-After) holds every request back for
// so long, and the refused one is sent again, a few times.
class MeteredTransport : public io::http::Transport {
public:
    struct Rate {
        int64_t a_second = 0;  // 0: no limit
        int64_t burst = 0;     // at least 1 is meant
    };
    MeteredTransport(io::Loop* loop, io::http::Transport* inner, Instruments* instruments,
                     Rate rate)
        : loop_(loop), inner_(inner), instruments_(instruments), rate_(rate) {}
    io::Task<Result<io::http::Response>> send(io::http::Request request) override;
    // How long, in nanoseconds, requests have failed without one answer; 0 if the last was
    // answered.
    [[nodiscard]] int64_t silent_for() const {
        return failing_since_ == 0 ? 0 : loop_->monotonic() - failing_since_;
    }

private:
    io::Task<Status> wait_for_turn();
    io::Task<Result<io::http::Response>> send_once(io::http::Request request);
    // How long an answer asks to be left alone, in nanoseconds; 0: it does not.
    [[nodiscard]] static int64_t asked_to_wait(const io::http::Response& answer);

    io::Loop* loop_;
    io::http::Transport* inner_;
    Instruments* instruments_;
    Rate rate_;
    int64_t next_turn_ = INT64_MIN;  // the moment the next token is due; may be in the past
    int64_t held_until_ = 0;         // the server asked to be left alone until then
    int64_t failing_since_ = 0;      // 0: the last request was answered
};

}  // namespace weft::control
