// io/metrics.h: numbers about the process, as Prometheus reads them.
//
// Loop thread only: an increment is an addition. Count on a worker and hand the sum over.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/real_loop.h"

namespace weft::io {

class Counter {
public:
    void add(double amount = 1) { value_ += amount; }  // not negative
    [[nodiscard]] double value() const { return value_; }

private:
    double value_ = 0;
};

class Gauge {
public:
    void set(double value) { value_ = value; }
    void add(double amount) { value_ += amount; }
    [[nodiscard]] double value() const { return value_; }

private:
    double value_ = 0;
};

class Histogram {
public:
    // Upper bounds in ascending order, without the last, which is +Inf.
    explicit Histogram(std::vector<double> bounds);
    void observe(double value);

    [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
    // Of each bucket alone; the last is for what is over all bounds.
    [[nodiscard]] const std::vector<uint64_t>& counts() const { return counts_; }
    [[nodiscard]] double sum() const { return sum_; }
    [[nodiscard]] uint64_t count() const { return count_; }

private:
    std::vector<double> bounds_;
    std::vector<uint64_t> counts_;
    double sum_ = 0;
    uint64_t count_ = 0;
};

// Label names and values, in the order in which they are printed.
using Labels = std::vector<std::pair<std::string, std::string>>;

// All series of a process or a server. Asking for a name and labels again gives the same series;
// pointers stay good as long as this lives, so ask once and keep them where it is hot. A name with
// more series than limits::series_per_metric counts the further ones together, with the value
// "overflow" for every label: a label that a client chooses must not fill the memory.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // The kind, and the bounds, of a name are those of its first use.
    Counter* counter(std::string_view name, std::string_view help, Labels labels = {});
    Gauge* gauge(std::string_view name, std::string_view help, Labels labels = {});
    Histogram* histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                         Labels labels = {});
    // A gauge that is asked when the text is made.
    void gauge_of(std::string_view name, std::string_view help, std::function<double()> ask);

    // Forgets every series of a name; pointers to them are dead then.
    void clear(std::string_view name);

    // Prometheus' text format 0.0.4, names and series sorted.
    [[nodiscard]] std::string text() const;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    struct Family;
    Family* family(std::string_view name, std::string_view help, std::string_view type);
    std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
};

// What Linux says of this process: process_cpu_seconds_total and the other names of Prometheus'
// clients. To be called again before each text(): it reads /proc.
void read_process_metrics(Metrics* metrics);

// What Prometheus' Go client takes by default, in seconds.
[[nodiscard]] std::vector<double> default_buckets();

// How long callbacks held the loop: weft_loop_hold_seconds_max and
// weft_loop_callbacks_over_1ms (it can be reset). `loop` must outlive it.
void add_loop_metrics(Metrics* metrics, RealLoop* loop);

}  // namespace weft::io
