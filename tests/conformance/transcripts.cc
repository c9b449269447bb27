// tests/conformance/transcripts.cc: replays HTTP transcripts of a real API server against ours.
//
// Everything runs in one process on virtual time: a fresh server for each scenario, requests
// through the in-process transport. The form of the files and the rules of comparing stand in the
// README beside them. One rule of ours is softer: the descriptions of the columns of builtin kinds
// are prose of the original and are not compared. `--only TEXT` runs the scenarios whose name has
// it,
// `--steps` goes on after a failed step and counts.

#include <algorithm>
#include <map>
#include <re2/re2.h>
#include <set>

#include "io/io.h"
#include "io/sim/virtual_loop.h"
#include "server/server.h"
#include "store/store.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {
namespace {

using io::http::Request;
using io::http::Response;

// The values that placeholders stand for in one run of a scenario.
class Bindings {
public:
    explicit Bindings(std::string namespace_) { values_["ns"] = std::move(namespace_); }

    // "$uid1" without the dollar, at `at` of the text; moves past it.
    static std::string read_name(std::string_view text, size_t& at) {
        const size_t start = ++at;
        while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') {
            ++at;
        }
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            ++at;
        }
        return std::string(text.substr(start, at - start));
    }

    static std::string kind_of(std::string_view name) {
        return std::string(name.substr(0, name.find_first_of("0123456789")));
    }

    static bool is_known(const std::string& kind) { return !pattern_of(kind).empty(); }

    // The text with every bound placeholder replaced.
    [[nodiscard]] std::string fill(std::string_view text, bool escape = false) const {
        std::string out;
        for (size_t at = 0; at < text.size();) {
            if (text[at] != '$') {
                out += text[at++];
                continue;
            }
            size_t end = at;
            const std::string name = read_name(text, end);
            const auto found = values_.find(name);
            if (found == values_.end()) {
                out += text[at++];
                continue;
            }
            out += escape ? query_escape(found->second) : found->second;
            at = end;
        }
        return out;
    }

    [[nodiscard]] Value fill_value(const Value& value) const {
        if (value.is_string()) {
            const std::string_view text = value.as_string();
            std::string filled = fill(text);
            if (text.starts_with("$port")) {
                size_t at = 0;
                read_name(text, at);
                if (at == text.size()) {
                    return Value(parse_int(filled).value_or(0));
                }
            }
            return Value(filled);
        }
        if (value.is_list()) {
            Value out = Value::list();
            for (const Value& item : value.items()) {
                out.push_back(fill_value(item));
            }
            return out;
        }
        if (value.is_map()) {
            Value out = Value::map();
            for (const Member& member : value.members()) {
                out.set(fill(member.name()), fill_value(member.value));
            }
            return out;
        }
        return value;
    }

    // Whether `actual` is what `expected` says; binds what was not bound.
    bool match_text(std::string_view expected, std::string_view actual) {
        if (!expected.contains('$')) {
            return expected == actual;
        }
        std::string pattern = "(?s)";
        std::vector<std::string> names;
        for (size_t at = 0; at < expected.size();) {
            if (expected[at] != '$') {
                const size_t dollar = expected.find('$', at);
                const std::string_view literal = expected.substr(
                    at, dollar == std::string_view::npos ? std::string_view::npos : dollar - at);
                pattern += RE2::QuoteMeta(std::string(literal));
                at += literal.size();
                continue;
            }
            size_t end = at;
            const std::string name = read_name(expected, end);
            const std::string kind = kind_of(name);
            if (!is_known(kind)) {
                pattern += "\\$";
                ++at;
                continue;
            }
            const auto found = values_.find(name);
            if (found != values_.end() && kind != "at" && kind != "microat") {
                pattern += RE2::QuoteMeta(found->second);
            } else {
                append(pattern, "(", pattern_of(kind), ")");
                names.push_back(name);
            }
            at = end;
        }
        const RE2 expression(pattern);
        std::vector<std::string> texts(names.size());
        std::vector<RE2::Arg> arguments;
        std::vector<const RE2::Arg*> pointers;
        arguments.reserve(names.size());
        for (std::string& text : texts) {
            arguments.emplace_back(&text);
        }
        for (const RE2::Arg& argument : arguments) {
            pointers.push_back(&argument);
        }
        if (!RE2::FullMatchN(std::string(actual), expression, pointers.data(),
                             static_cast<int>(pointers.size()))) {
            return false;
        }
        for (size_t i = 0; i < names.size(); ++i) {
            const std::string kind = kind_of(names[i]);
            if (kind == names[i] && kind != "ns") {
                continue;  // $any and its like bind nothing
            }
            if (kind == "uid" && is_bound_elsewhere(names[i], texts[i])) {
                return false;
            }
            values_[names[i]] = texts[i];
        }
        return true;
    }

    // Values of $rvN must rise with N.
    [[nodiscard]] std::string check_revisions() const {
        std::map<int64_t, int64_t> revisions;
        for (const auto& [name, text] : values_) {
            if (kind_of(name) == "rv") {
                revisions[parse_int(std::string_view(name).substr(2)).value_or(0)] =
                    parse_int(text).value_or(0);
            }
        }
        int64_t last = 0;
        for (const auto& [number, revision] : revisions) {
            if (revision <= last) {
                return cat("$rv", number, " is not later than the one before");
            }
            last = revision;
        }
        return {};
    }

private:
    static std::string pattern_of(const std::string& kind) {
        static const std::map<std::string, std::string> patterns = {
            {"ns", "[a-z0-9-]+"},
            {"uid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
            {"rv", "[0-9]+"},
            {"lrv", "[0-9]+"},
            {"time", "[0-9-]+T[0-9:]+Z"},
            {"at", "[0-9-]+T[0-9:]+Z"},
            {"microat", "[0-9-]+T[0-9:]+\\.[0-9]{6}Z"},
            {"ip", "[0-9a-f.:]+"},
            {"port", "[0-9]+"},
            {"gen", "[a-z0-9]{5}"},
            {"continue", "[A-Za-z0-9_=-]+"},
            {"token", "[A-Za-z0-9_.-]+"},
            {"age", "[0-9a-z]+"},
            {"num", "[0-9]+"},
            {"hash", ".+"},
            {"etag", ".+"},
            {"any", ".*"},
            {"binary", ".*"},
        };
        const auto found = patterns.find(kind);
        return found == patterns.end() ? std::string() : found->second;
    }
    [[nodiscard]] bool is_bound_elsewhere(const std::string& name, const std::string& text) const {
        return std::ranges::any_of(values_, [&](const auto& entry) {
            return entry.first != name && kind_of(entry.first) == "uid" && entry.second == text;
        });
    }

    std::map<std::string, std::string> values_;
};

// A body as it was sent when it was recorded: a number with a point keeps it.
std::string as_recorded(const Value& value) {
    std::string out;
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            append(out, out.empty() ? "{" : ",", to_json(Value(member.name())), ":",
                   as_recorded(member.value));
        }
        return out.empty() ? "{}" : out + "}";
    }
    if (value.is_list()) {
        for (const Value& item : value.items()) {
            append(out, out.empty() ? "[" : ",", as_recorded(item));
        }
        return out.empty() ? "[]" : out + "]";
    }
    out = to_json(value);
    if (value.is_double() && out.find_first_of(".eE") == std::string::npos) {
        out += ".0";
    }
    return out;
}

std::string shortened(const Value& value) {
    std::string text = to_json(value);
    return text.size() > 300 ? text.substr(0, 300) + "…" : text;
}

// Compares JSON by the rules of the README. The first difference, or "".
class Comparer {
public:
    Comparer(Bindings* bindings, std::set<std::string> unordered)
        : bindings_(bindings), unordered_(std::move(unordered)) {}

    std::string compare(const Value& want, const Value& got, const std::string& path) {
        if (want.is_string()) {
            return compare_text(want, got, path);
        }
        if (want.is_number() && got.is_number()) {
            return want.to_double() == got.to_double() ? "" : differs(want, got, path);
        }
        if (want.kind() != got.kind()) {
            return differs(want, got, path);
        }
        if (want.is_map()) {
            return compare_maps(want, got, path);
        }
        if (want.is_list()) {
            return compare_lists(want, got, path);
        }
        return want == got ? "" : differs(want, got, path);
    }

    // Only the members that `want` has; its lists are parts of the other's.
    std::string compare_subset(const Value& want, const Value& got, const std::string& path) {
        if (want.is_map() && got.is_map()) {
            for (const Member& member : want.members()) {
                const Value* other = got.find(member.name());
                if (other == nullptr) {
                    return cat(path, ".", member.name(), " is missing");
                }
                std::string inner =
                    compare_subset(member.value, *other, cat(path, ".", member.name()));
                if (!inner.empty()) {
                    return inner;
                }
            }
            return {};
        }
        if (want.is_list() && got.is_list()) {
            for (const Value& item : want.items()) {
                const bool found = std::ranges::any_of(got.items(), [&](const Value& other) {
                    return compare_subset(item, other, path).empty();
                });
                if (!found) {
                    return cat(path, " lacks ", shortened(item));
                }
            }
            return {};
        }
        return compare(want, got, path);
    }

private:
    static std::string differs(const Value& want, const Value& got, const std::string& path) {
        return cat(path.empty() ? "the body" : path, ": want ", shortened(want), ", got ",
                   shortened(got));
    }

    std::string compare_text(const Value& want, const Value& got, const std::string& path) {
        const std::string_view text = want.as_string();
        if (got.is_string()) {
            return bindings_->match_text(text, got.as_string()) ? "" : differs(want, got, path);
        }
        if ((got.is_number() || got.is_bool()) && text.starts_with('$')) {
            return bindings_->match_text(text, to_json(got)) ? "" : differs(want, got, path);
        }
        return text == "$any" ? "" : differs(want, got, path);
    }

    std::string compare_maps(const Value& want, const Value& got, const std::string& path) {
        std::set<std::string> seen;
        for (const Member& member : want.members()) {
            const std::string key = bindings_->fill(member.name());
            const Value* other = got.find(key);
            std::string found = key;
            if (other == nullptr && key.contains('$')) {
                for (const Member& candidate : got.members()) {
                    if (bindings_->match_text(member.name(), candidate.name())) {
                        other = &candidate.value;
                        found = candidate.name();
                        break;
                    }
                }
            }
            const std::string place = cat(path, path.empty() ? "" : ".", member.name());
            if (other == nullptr) {
                return cat(place, ": want ", shortened(member.value), ", got nothing");
            }
            seen.insert(found);
            std::string inner;
            if (member.name() == "managedFields" && member.value.is_list() && other->is_list()) {
                inner = compare_managed(member.value, *other, place);
            } else if (member.name() == "columnDefinitions" && member.value.is_list()) {
                inner = compare(without_descriptions(member.value), without_descriptions(*other),
                                place);
            } else {
                inner = compare(member.value, *other, place);
            }
            if (!inner.empty()) {
                return inner;
            }
        }
        for (const Member& member : got.members()) {
            if (!seen.contains(std::string(member.name()))) {
                return cat(path, path.empty() ? "" : ".", member.name(), ": want nothing, got ",
                           shortened(member.value));
            }
        }
        return {};
    }

    static Value without_descriptions(const Value& columns) {
        Value out = columns;
        for (size_t i = 0; i < out.size(); ++i) {
            if (out.at(i).is_map()) {
                out.mutable_item(i).erase("description");
            }
        }
        return out;
    }

    static std::string manager_key(const Value& entry) {
        return cat(entry.string_at("operation"), " ", entry.string_at("manager"), " ",
                   entry.string_at("apiVersion"), " ", entry.string_at("subresource"));
    }

    std::string compare_managed(const Value& want, const Value& got, const std::string& path) {
        if (want.size() != got.size()) {
            return differs(want, got, path);
        }
        for (const Value& entry : want.items()) {
            const std::string key = bindings_->fill(manager_key(entry));
            const auto found = std::ranges::find_if(
                got.items(), [&](const Value& other) { return manager_key(other) == key; });
            if (found == got.items().end()) {
                return cat(path, " lacks an entry of ", key, ": got ", shortened(got));
            }
            std::string inner = compare(entry, *found, cat(path, "[", key, "]"));
            if (!inner.empty()) {
                return inner;
            }
        }
        std::string last;
        for (const Value& entry : got.items()) {
            std::string order = cat(entry.string_at("operation"), " ", entry.string_at("time"), " ",
                                    entry.string_at("manager"), " ", entry.string_at("apiVersion"),
                                    " ", entry.string_at("subresource"));
            if (order < last) {
                return cat(path, " is out of order");
            }
            last = std::move(order);
        }
        return {};
    }

    std::string compare_lists(const Value& want, const Value& got, const std::string& path) {
        if (want.size() != got.size()) {
            return cat(path, ": want ", want.size(), " items ", shortened(want), ", got ",
                       got.size(), " ", shortened(got));
        }
        if (unordered_.contains(path)) {
            std::vector<bool> taken(got.size());
            for (const Value& item : want.items()) {
                bool found = false;
                for (size_t i = 0; i < got.size() && !found; ++i) {
                    if (taken[i]) {
                        continue;
                    }
                    const Bindings before = *bindings_;
                    if (compare(item, got.at(i), path + "[]").empty()) {
                        taken[i] = true;
                        found = true;
                    } else {
                        *bindings_ = before;
                    }
                }
                if (!found) {
                    return cat(path, " lacks ", shortened(item), " in ", shortened(got));
                }
            }
            return {};
        }
        for (size_t i = 0; i < want.size(); ++i) {
            std::string inner = compare(want.at(i), got.at(i), cat(path, "[", i, "]"));
            if (!inner.empty()) {
                return inner;
            }
        }
        return {};
    }

    Bindings* bindings_;
    std::set<std::string> unordered_;
};

// A watch that stays open between steps.
struct OpenWatch {
    Response response;
    std::string buffer;
    size_t next_piece = 0;
    bool ended = false;
};

// One scenario on a server of its own.
class Scenario {
public:
    Scenario(std::filesystem::path folder, const Value* file, bool all_steps)
        : folder_(std::move(folder)),
          file_(file),
          all_steps_(all_steps),
          loop_(1),
          store_(store::memory(&loop_)),
          bindings_("ns-case") {}

    void run() {
        const std::string name(file_->string_at("name"));
        server::Options options;
        options.loop = &loop_;
        options.store = store_.get();
        options.all_versions = true;
        options.version = "v1.36.3";
        // A network on which nobody listens, as the recorded server's webhooks found it.
        options.webhook_transport = [](const io::http::ClientOptions& client) {
            const size_t host = client.base_url.find("://");
            return Result<std::unique_ptr<io::http::Transport>>(
                make_error(Reason::io, "dial tcp ", client.base_url.substr(host + 3),
                           ": connect: connection refused"));
        };
        options.tokens = {{"admin-token", {"admin", "admin-uid", {"system:masters"}, {}}},
                          {"alice-token", {"alice", "alice-uid", {}, {}}},
                          {"bob-token", {"bob", "bob-uid", {"devs"}, {}}}};
        auto started = io::run(&loop_, server::ApiServer::start(std::move(options)));
        if (!started) {
            fail(name, started.error().message());
            return;
        }
        server_ = std::move(*started);
        transport_ = io::http::in_process(server_.get());
        std::string problem;
        size_t passed = 0;
        size_t number = 0;
        for (const Value& setup : list_of("setup")) {
            const Value other = read_json(folder_ / (std::string(setup.as_string()) + ".json"));
            for (const Value& step : other.find("steps")->items()) {
                (void)run_step(step);
            }
        }
        for (const Value& step : list_of("steps")) {
            ++number;
            std::string wrong = run_step(step);
            if (wrong.empty()) {
                ++passed;
                continue;
            }
            if (problem.empty() || all_steps_) {
                append(problem, problem.empty() ? "" : "\n    ", "step ", number, " ",
                       title_of(step), ": ", wrong);
            }
            if (!all_steps_) {
                break;
            }
        }
        if (problem.empty()) {
            problem = bindings_.check_revisions();
        }
        watches_.clear();
        io::run(&loop_, close());
        if (problem.empty()) {
            pass(name);
        } else if (all_steps_) {
            std::printf("FAIL %s: %zu of %zu steps\n    %s\n", name.c_str(), passed, number,
                        problem.c_str());
        } else {
            fail(name, cat(passed, " steps passed, then ", problem));
        }
    }

private:
    std::span<const Value> list_of(std::string_view key) const {
        const Value* list = file_->find(key);
        return list == nullptr ? std::span<const Value>() : list->items();
    }

    io::Task<int> close() {
        co_await server_->close();
        co_return 0;
    }

    static std::string title_of(const Value& step) {
        const Value* request = step.find("request");
        request = request != nullptr ? request : step.find("watch");
        if (request == nullptr) {
            return "watchRead";
        }
        return cat(request->string_at("method"), " ", request->string_at("path"));
    }

    Request request_of(const Value& step, const Value& from) {
        Request request;
        request.method = from.string_at("method").empty() ? "GET" : from.string_at("method");
        request.target = bindings_.fill(from.string_at("path"), true);
        if (const Value* headers = from.find("headers")) {
            for (const Member& header : headers->members()) {
                request.headers.set(header.name(), bindings_.fill(header.value.as_string()));
            }
        }
        if (!request.headers.has("user-agent")) {
            request.headers.set("user-agent", "transcripts/1");
        }
        const std::string_view user = step.string_at("user");
        if (!request.headers.has("authorization") && user != "anonymous") {
            const std::string token = user.empty()            ? "admin-token"
                                      : user.starts_with('$') ? bindings_.fill(user)
                                                              : cat(user, "-token");
            request.headers.set("authorization", "Bearer " + token);
        }
        if (const Value* body = from.find("body")) {
            request.body = as_recorded(bindings_.fill_value(*body));
        } else if (const Value* text = from.find("bodyText")) {
            request.body = bindings_.fill(text->as_string());
        } else if (const Value* repeat = from.find("bodyRepeat")) {
            std::string filler;
            for (int64_t i = 0; i < repeat->int_at(0, "times"); ++i) {
                filler += repeat->string_at("with");
            }
            request.body = replace_all(repeat->string_at("text"), "%s", filler);
        }
        return request;
    }

    Result<Response> send(Request request) {
        return io::run(&loop_, transport_->send(std::move(request)));
    }

    std::string run_step(const Value& step) {
        if (const Value* seconds = step.find("sleepSeconds")) {
            (void)io::run(&loop_,
                          io::sleep(&loop_, static_cast<int64_t>(seconds->to_double() * 1e9)));
            return {};
        }
        if (const Value* watch = step.find("watch")) {
            return run_watch(step, *watch);
        }
        if (const Value* name = step.find("watchRead")) {
            return read_watch(step, watches_[std::string(name->as_string())]);
        }
        if (const Value* name = step.find("watchOpen")) {
            auto response = send(request_of(step, *step.find("request")));
            if (!response) {
                return response.error().message();
            }
            std::string wrong = check_head(*step.find("response"), *response);
            watches_[std::string(name->as_string())].response = std::move(*response);
            return wrong;
        }
        return run_request(step);
    }

    std::string run_request(const Value& step) {
        const Value& expected = *step.find("response");
        const bool waits = step.string_at("note").starts_with("wait up to");
        std::string wrong;
        for (int attempt = 0; attempt < (waits ? 40 : 1); ++attempt) {
            const Bindings before = bindings_;
            wrong = run_request_once(step, expected);
            if (wrong.empty()) {
                break;
            }
            if (waits) {
                bindings_ = before;
                (void)io::run(&loop_, io::sleep(&loop_, 250 * io::millisecond));
            }
        }
        return wrong;
    }

    std::string run_request_once(const Value& step, const Value& expected) {
        const Value& from = *step.find("request");
        Request request = request_of(step, from);
        const bool if_none_match =
            step.find("ifNoneMatch") != nullptr || from.find("ifNoneMatch") != nullptr;
        if (if_none_match) {
            auto first = send(request);
            if (!first) {
                return first.error().message();
            }
            request.headers.set("if-none-match", std::string(first->headers.get("etag")));
        }
        auto response = send(std::move(request));
        if (!response) {
            return response.error().message();
        }
        std::set<std::string> unordered;
        for (const Value* holder : {&step, &from, &expected}) {
            if (const Value* list = holder->find("unordered")) {
                for (const Value& path : list->items()) {
                    unordered.emplace(path.as_string());
                }
            }
        }
        const std::string wrong = check_head(expected, *response);
        std::string body = response->body();
        while (response->source != nullptr) {  // a stream that ends by itself
            auto pieces = io::run(&loop_, response->source->next());
            if (!pieces || pieces->empty()) {
                break;
            }
            for (const io::http::SharedBytes& piece : *pieces) {
                body += *piece;
            }
        }
        if (!wrong.empty()) {
            return cat(wrong, " with ", std::string_view(body).substr(0, 400));
        }
        return check_body(expected, body, std::move(unordered));
    }

    std::string check_head(const Value& expected, const Response& response) {
        if (response.status != expected.int_at(0, "status")) {
            return cat("status: want ", expected.int_at(0, "status"), ", got ", response.status);
        }
        const Value* headers = expected.find("headers");
        for (const std::string_view name :
             {"Content-Type", "Warning", "Retry-After", "Allow", "Location", "ETag",
              "WWW-Authenticate", "Accept-Patch"}) {
            std::vector<std::string_view> got = response.headers.all(name);
            std::vector<std::string> want;
            for (const Member& header :
                 headers == nullptr ? std::span<const Member>() : headers->members()) {
                if (to_lower(header.name()) != to_lower(name)) {
                    continue;
                }
                if (header.value.is_list()) {
                    for (const Value& item : header.value.items()) {
                        want.emplace_back(item.as_string());
                    }
                } else {
                    want.emplace_back(header.value.as_string());
                }
            }
            if (want.size() != got.size()) {
                return cat("header ", name, ": want ", want.size(), " ",
                           want.empty() ? "" : want.front(), ", got ", got.size(), " ",
                           got.empty() ? std::string_view() : got.front());
            }
            for (size_t i = 0; i < want.size(); ++i) {
                if (!bindings_.match_text(want[i], got[i])) {
                    return cat("header ", name, ": want ", want[i], ", got ", got[i]);
                }
            }
        }
        return {};
    }

    std::string check_body(const Value& expected, const std::string& body,
                           std::set<std::string> unordered) {
        if (const Value* text = expected.find("bodyText")) {
            return bindings_.match_text(text->as_string(), body)
                       ? ""
                       : cat("body: want ", std::string_view(text->as_string()).substr(0, 300),
                             ", got ", std::string_view(body).substr(0, 300));
        }
        if (const Value* lines = expected.find("bodyTextLines")) {
            std::vector<std::string_view> got = split(body, '\n');
            size_t at = 0;
            for (const Value& line : lines->items()) {
                while (at < got.size() && got[at] != line.as_string()) {
                    ++at;
                }
                if (at == got.size()) {
                    return cat("body lacks the line ", line.as_string());
                }
            }
            return {};
        }
        const Value* want = expected.find("body");
        const Value* subset = expected.find("bodySubset");
        if (want == nullptr && subset == nullptr) {
            return {};
        }
        auto got = parse_json(body);
        if (!got) {
            return cat("body is no JSON: ", std::string_view(body).substr(0, 200));
        }
        Comparer comparer(&bindings_, std::move(unordered));
        if (subset != nullptr) {
            return comparer.compare_subset(*subset, *got, "");
        }
        std::string wrong = comparer.compare(*want, *got, "");
        const bool indented = expected.find("indented") != nullptr;
        if (wrong.empty() && (want->is_map() || want->is_list()) && !want->empty() &&
            indented != trim(body).contains('\n')) {
            return indented ? "body is compact, want indented" : "body is indented";
        }
        return wrong;
    }

    std::string run_watch(const Value& step, const Value& watch) {
        auto response = send(request_of(step, watch));
        if (!response) {
            return response.error().message();
        }
        std::string wrong = check_head(*step.find("response"), *response);
        if (!wrong.empty()) {
            return cat(wrong, " with ", response->body().substr(0, 300));
        }
        if (response->status != 200) {
            return check_body(*step.find("response"), response->body(), {});
        }
        OpenWatch open;
        open.response = std::move(*response);
        Value with_until = step;
        with_until.set("until", *watch.find("until"));
        return read_watch(with_until, open);
    }

    // Takes complete lines out of what came.
    static void take_lines(OpenWatch& watch, std::vector<std::string>& lines) {
        for (;;) {
            const size_t end = watch.buffer.find('\n');
            if (end == std::string::npos) {
                return;
            }
            lines.push_back(watch.buffer.substr(0, end));
            watch.buffer.erase(0, end + 1);
        }
    }

    std::string read_watch(const Value& step, OpenWatch& watch) {
        const size_t wanted = static_cast<size_t>(step.int_at(0, "until", "events"));
        const int64_t limit = step.int_at(wanted > 0 ? 5 : 1, "until", "timeoutSeconds");
        std::vector<std::string> lines;
        for (; watch.next_piece < watch.response.pieces.size(); ++watch.next_piece) {
            watch.buffer += *watch.response.pieces[watch.next_piece];
        }
        std::vector<std::string> all;
        take_lines(watch, all);
        const int64_t until = loop_.monotonic() + limit * io::second;
        while ((wanted == 0 || all.size() < wanted) && watch.response.source != nullptr &&
               !watch.ended && loop_.monotonic() < until) {
            auto pieces = io::run(&loop_, io::with_timeout(&loop_, until - loop_.monotonic(),
                                                           "quiet", watch.response.source->next()));
            if (!pieces) {
                break;
            }
            watch.ended = pieces->empty();
            for (const io::http::SharedBytes& piece : *pieces) {
                watch.buffer += *piece;
            }
            take_lines(watch, all);
        }
        // What is beyond the wanted events waits for the next read.
        if (wanted > 0 && all.size() > wanted) {
            std::string rest;
            for (size_t i = wanted; i < all.size(); ++i) {
                rest += all[i] + "\n";
            }
            watch.buffer = rest + watch.buffer;
            all.resize(wanted);
        }
        const Value* events = step.find("events");
        Value got = Value::list();
        for (const std::string& line : all) {
            auto event = parse_json(line);
            if (!event) {
                return cat("an event is no JSON: ", line.substr(0, 200));
            }
            got.push_back(std::move(*event));
        }
        Comparer comparer(&bindings_, {});
        return comparer.compare(events == nullptr ? Value::list() : *events, got, "events");
    }

    std::filesystem::path folder_;
    const Value* file_;
    bool all_steps_;
    io::sim::VirtualLoop loop_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<server::ApiServer> server_;
    std::unique_ptr<io::http::Transport> transport_;
    Bindings bindings_;
    std::map<std::string, OpenWatch> watches_;
};

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    using namespace weft::conformance;
    const std::filesystem::path folder = cases_folder(argc, argv);
    std::string only;
    bool all_steps = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--only" && i + 1 < argc) {
            only = argv[i + 1];
        }
        all_steps = all_steps || argument == "--steps";
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".json" && entry.path().string().contains(only)) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    for (const std::filesystem::path& path : files) {
        const weft::Value file = read_json(path);
        Scenario scenario(folder, &file, all_steps);
        scenario.run();
        std::fflush(stdout);
    }
    return 0;
}
