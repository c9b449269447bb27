// io/metrics.cc: series and their text.

#include "io/metrics.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

#include "io/limits.h"

namespace weft::io {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
    // A value that equals a bound belongs under it.
    const auto bucket = std::ranges::lower_bound(bounds_, value);
    ++counts_[static_cast<size_t>(bucket - bounds_.begin())];
    sum_ += value;
    ++count_;
}

struct Metrics::Family {
    std::string help;
    std::string type;
    // By the labels as they are printed: `code="200",verb="GET"`.
    std::map<std::string, std::unique_ptr<Counter>> counters;
    std::map<std::string, std::unique_ptr<Gauge>> gauges;
    std::map<std::string, std::unique_ptr<Histogram>> histograms;
    std::function<double()> ask;
};

namespace {

void append_escaped(std::string& out, std::string_view text, bool escapes_quotes) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && escapes_quotes) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

std::string labels_text(const Labels& labels) {
    std::string out;
    for (const auto& [name, value] : labels) {
        append(out, out.empty() ? "" : ",", name, "=\"");
        append_escaped(out, value, true);
        out += '"';
    }
    return out;
}

std::string number_text(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return format_double(value);
}

void append_series(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view more, const std::string& value) {
    out += name;
    if (!labels.empty() || !more.empty()) {
        append(out, "{", labels, labels.empty() || more.empty() ? "" : ",", more, "}");
    }
    append(out, " ", value, "\n");
}

void append_histogram(std::string& out, const std::string& name, std::string_view labels,
                      const Histogram& histogram) {
    uint64_t below = 0;
    for (size_t i = 0; i < histogram.bounds().size(); ++i) {
        below += histogram.counts()[i];
        append_series(out, cat(name, "_bucket"), labels,
                      cat("le=\"", number_text(histogram.bounds()[i]), "\""), cat(below));
    }
    append_series(out, cat(name, "_bucket"), labels, "le=\"+Inf\"", cat(histogram.count()));
    append_series(out, cat(name, "_sum"), labels, {}, number_text(histogram.sum()));
    append_series(out, cat(name, "_count"), labels, {}, cat(histogram.count()));
}

template <typename T, typename Make>
T* find_or_make(std::map<std::string, std::unique_ptr<T>>* series, Labels labels, Make make) {
    std::string key = labels_text(labels);
    auto found = series->find(key);
    if (found == series->end()) {
        if (series->size() >= limits::series_per_metric) {
            for (auto& [name, value] : labels) {
                value = "overflow";
            }
            key = labels_text(labels);
        }
        auto& made = (*series)[key];
        if (made == nullptr) {
            made = make();
        }
        return made.get();
    }
    return found->second.get();
}

}  // namespace

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family* Metrics::family(std::string_view name, std::string_view help,
                                 std::string_view type) {
    const auto found = families_.find(name);
    if (found != families_.end()) {
        CHECK(found->second->type == type);
        return found->second.get();
    }
    auto made = std::make_unique<Family>();
    made->help = help;
    made->type = type;
    return families_.emplace(std::string(name), std::move(made)).first->second.get();
}

Counter* Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    return find_or_make(&family(name, help, "counter")->counters, std::move(labels),
                        [] { return std::make_unique<Counter>(); });
}

Gauge* Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    return find_or_make(&family(name, help, "gauge")->gauges, std::move(labels),
                        [] { return std::make_unique<Gauge>(); });
}

Histogram* Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, Labels labels) {
    return find_or_make(&family(name, help, "histogram")->histograms, std::move(labels),
                        [&] { return std::make_unique<Histogram>(std::move(bounds)); });
}

void Metrics::gauge_of(std::string_view name, std::string_view help, std::function<double()> ask) {
    family(name, help, "gauge")->ask = std::move(ask);
}

void Metrics::clear(std::string_view name) {
    const auto found = families_.find(name);
    if (found != families_.end()) {
        found->second->counters.clear();
        found->second->gauges.clear();
        found->second->histograms.clear();
    }
}

std::string Metrics::text() const {
    std::string out;
    for (const auto& [name, family] : families_) {
        if (family->counters.empty() && family->gauges.empty() && family->histograms.empty() &&
            !family->ask) {
            continue;
        }
        append(out, "# HELP ", name, " ");
        append_escaped(out, family->help, false);
        append(out, "\n# TYPE ", name, " ", family->type, "\n");
        for (const auto& [labels, counter] : family->counters) {
            append_series(out, name, labels, {}, number_text(counter->value()));
        }
        for (const auto& [labels, gauge] : family->gauges) {
            append_series(out, name, labels, {}, number_text(gauge->value()));
        }
        for (const auto& [labels, histogram] : family->histograms) {
            append_histogram(out, name, labels, *histogram);
        }
        if (family->ask) {
            append_series(out, name, {}, {}, number_text(family->ask()));
        }
    }
    return out;
}

std::vector<double> default_buckets() {
    return {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
}

void read_process_metrics(Metrics* metrics) {
    std::ifstream file("/proc/self/stat");
    std::string text;
    if (!std::getline(file, text)) {
        return;
    }
    // The name of the program stands in parentheses and may hold blanks.
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::vector<std::string> words;
    for (std::string word; fields >> word;) {
        words.push_back(std::move(word));
    }
    constexpr size_t user_time = 11;
    constexpr size_t system_time = 12;
    constexpr size_t start_time = 19;
    constexpr size_t virtual_bytes = 20;
    constexpr size_t resident_pages = 21;
    if (words.size() <= resident_pages) {
        return;
    }
    const auto number = [&words](size_t field) {
        return static_cast<double>(parse_uint(words[field]).value_or(0));
    };
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    Counter* used = metrics->counter("process_cpu_seconds_total", "CPU time used.");
    used->add(std::max(0.0, (number(user_time) + number(system_time)) / ticks - used->value()));
    metrics->gauge("process_virtual_memory_bytes", "Address space.")->set(number(virtual_bytes));
    metrics->gauge("process_resident_memory_bytes", "Memory in use.")
        ->set(number(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    std::error_code failure;
    size_t open = 0;
    for (std::filesystem::directory_iterator entry("/proc/self/fd", failure), end;
         !failure && entry != end; entry.increment(failure)) {
        ++open;
    }
    metrics->gauge("process_open_fds", "Files and sockets that are open.")
        ->set(static_cast<double>(open));
    rlimit most{};
    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        metrics->gauge("process_max_fds", "How many may be open.")
            ->set(static_cast<double>(most.rlim_cur));
    }
    std::ifstream boot("/proc/stat");
    for (std::string line; std::getline(boot, line);) {
        if (line.starts_with("btime ")) {
            metrics->gauge("process_start_time_seconds", "When the process began.")
                ->set(static_cast<double>(parse_uint(line.substr(6)).value_or(0)) +
                      number(start_time) / ticks);
        }
    }
}

void add_loop_metrics(Metrics* metrics, RealLoop* loop) {
    metrics->gauge_of("weft_loop_hold_seconds_max", "The longest time a callback held the loop.",
                      [loop] { return static_cast<double>(loop->hold_times().max) / 1e9; });
    metrics->gauge_of(
        "weft_loop_callbacks_over_1ms", "Callbacks that held the loop over a millisecond.",
        [loop] { return static_cast<double>(loop->hold_times().over_one_millisecond()); });
}

}  // namespace weft::io
