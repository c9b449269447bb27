// tests/sim/faults.cc: drawing faults and carrying them out.

#include "sim/faults.h"

namespace weft::sim {

namespace {

constexpr int64_t delay_max = 3 * io::second;

bool is_watch(const io::http::Request& request) {
    return request.target.contains("watch=true");
}

bool is_read(const io::http::Request& request) {
    return request.method == "GET";
}

io::http::Response status_answer(int code, std::string_view reason, std::string_view message) {
    return io::http::Response::text(code, "application/json",
                                    to_json(Value::map_of({{"kind", "Status"},
                                                           {"apiVersion", "v1"},
                                                           {"metadata", Value::map()},
                                                           {"status", "Failure"},
                                                           {"message", message},
                                                           {"reason", reason},
                                                           {"code", code}})));
}

// A watch that ends when the seed says so.
class CutSource : public io::http::BodySource {
public:
    CutSource(io::Loop* loop, std::unique_ptr<io::http::BodySource> inner, const FaultRates* rates,
              FaultCounts* counts)
        : loop_(loop), inner_(std::move(inner)), rates_(rates), counts_(counts) {}

    io::Task<Result<std::vector<io::http::SharedBytes>>> next() override {
        if (loop_->random() % 10'000 < rates_->cut_watch) {
            ++(*counts_)["watches cut"];
            if (loop_->random() % 2 == 0) {
                co_return std::vector<io::http::SharedBytes>{};
            }
            co_return make_error(Reason::io, "the connection was cut");
        }
        co_return co_await inner_->next();
    }

private:
    io::Loop* loop_;
    std::unique_ptr<io::http::BodySource> inner_;
    const FaultRates* rates_;
    FaultCounts* counts_;
};

}  // namespace

bool FaultyTransport::happens(uint32_t chance, const char* name) {
    if (chance == 0 || loop_->random() % 10'000 >= chance) {
        return false;
    }
    ++(*counts_)[name];
    return true;
}

std::optional<io::http::Response> FaultyTransport::refuse(const io::http::Request& request) {
    if (!is_read(request) && happens(rates_->conflict, "409 answered")) {
        return status_answer(409, "Conflict",
                             "Operation cannot be fulfilled: the object has been modified");
    }
    if (is_read(request) && request.target.contains("resourceVersion=") &&
        happens(rates_->expired, "410 answered")) {
        return status_answer(410, "Expired", "too old resource version");
    }
    if (happens(rates_->throttled, "429 answered")) {
        io::http::Response answer =
            status_answer(429, "TooManyRequests", "too many requests, please try again later");
        answer.headers.set("retry-after", "1");
        return answer;
    }
    if (happens(rates_->broken, "500 answered")) {
        return status_answer(500, "InternalError", "an error on the server");
    }
    return std::nullopt;
}

io::Task<Result<io::http::Response>> FaultyTransport::send(io::http::Request request) {
    const io::http::Request copy = request;
    if (left_ == 0) {
        co_return make_error(Reason::io, "the process is dead");
    }
    ++sent_;
    if (left_ != UINT64_MAX && --left_ == 0 && loop_->random() % 2 == 0) {
        trace_(client_, copy, 0, {});
        co_return make_error(Reason::io, "the process died before it sent this");
    }
    if (happens(rates_->dropped, "requests dropped")) {
        trace_(client_, copy, 0, {});
        CO_TRY(co_await io::sleep(loop_, static_cast<int64_t>(loop_->random() % delay_max)));
        co_return make_error(Reason::io, "the connection was lost");
    }
    if (happens(rates_->delayed, "requests delayed")) {
        const bool was_alive = left_ > 0;
        CO_TRY(co_await io::sleep(loop_, static_cast<int64_t>(loop_->random() % delay_max)));
        if (was_alive && left_ == 0) {
            co_return make_error(Reason::io, "the process died");
        }
    }
    if (std::optional<io::http::Response> refusal = refuse(copy)) {
        trace_(client_, copy, refusal->status, {});
        co_return *std::move(refusal);
    }
    Result<io::http::Response> answer = co_await inner_->send(std::move(request));
    const bool is_stream = answer && answer->source != nullptr;
    trace_(client_, copy, answer ? answer->status : 0, answer ? answer->body() : std::string());
    if (!is_stream && happens(rates_->lost_answer, "answers lost")) {
        co_return make_error(Reason::io, "the connection was lost after the request was sent");
    }
    if (happens(rates_->slow_answer, "answers delayed")) {
        CO_TRY(co_await io::sleep(loop_, static_cast<int64_t>(loop_->random() % delay_max)));
    }
    if (left_ == 0) {
        co_return make_error(Reason::io, "the process died before the answer came");
    }
    if (is_stream && is_watch(copy)) {
        answer->source =
            std::make_unique<CutSource>(loop_, std::move(answer->source), rates_, counts_);
    }
    co_return answer;
}

}  // namespace weft::sim
