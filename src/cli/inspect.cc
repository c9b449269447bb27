// cli/inspect.cc: `weft tree`, `weft top` and `weft events`: what runs, seen from outside.

#include <algorithm>
#include <map>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/limits.h"
#include "cli/picture.h"
#include "cli/terminal.h"
#include "control/control.h"

namespace weft::cli {

namespace {

// Fills the picture until nothing new comes.
io::Task<Status> fill(Picture* picture) {
    CO_TRY(co_await picture->start());
    std::string before;
    std::string now = picture->tree(false);
    do {
        before = std::move(now);
        CO_TRY(co_await picture->follow());
        now = picture->tree(false);
    } while (now != before);
    co_return Status{};
}

io::Task<Result<int>> tree(Connection connection) {
    Picture picture(connection.loop, connection.client, [] {});
    const Status filled = co_await fill(&picture);
    if (filled) {
        print(picture.tree(is_coloured()));
    }
    co_await picture.stop();
    CO_TRY(filled);
    co_return exit_ok;
}

// A row of the table: the instances of one definition.
struct Row {
    std::string definition;
    std::string state;
    size_t instances = 0;
    std::map<std::string, size_t> states;
    std::string waits;   // the message that most of those that are not ready have
    int64_t oldest = 0;  // since when the first of them is not, in seconds
};

io::Task<Result<std::vector<Row>>> read_rows(Connection connection) {
    const kube::List definitions =
        CO_TRY(co_await connection.client->list_all(control::definition_resource(), {}));
    const int64_t now = connection.loop->now().seconds;
    std::vector<Row> rows;
    for (const Object& definition : definitions.items) {
        Row row{.definition = std::string(definition.name()),
                .state = std::string(definition.value().string_at("status", "state")),
                .states = {},
                .waits = {}};
        Diagnostics ignored;
        const graph::Definition parsed = graph::parse_definition(definition, &ignored);
        const auto resource = co_await connection.mapper->for_kind(parsed.instance_kind());
        if (resource) {
            const kube::List instances =
                CO_TRY(co_await connection.client->list_all(*resource, {}));
            std::map<std::string, size_t> messages;
            for (const Object& instance : instances.items) {
                ++row.instances;
                ++row.states[std::string(instance.value().string_at("status", "state"))];
                for (const graph::Condition& condition :
                     graph::conditions_from(instance.value().find("status", "conditions"))) {
                    if (condition.type == "Ready" && !condition.is_true()) {
                        ++messages[condition.message.value_or("")];
                        const int64_t since =
                            condition.last_transition ? condition.last_transition->seconds : now;
                        row.oldest = std::max(row.oldest, now - since);
                    }
                }
            }
            const auto most = std::ranges::max_element(
                messages, {}, [](const auto& message) { return message.second; });
            row.waits = most == messages.end() ? "" : most->first;
        }
        rows.push_back(std::move(row));
    }
    co_return rows;
}

std::string table_of(const std::vector<Row>& rows) {
    const auto pad = [](std::string text, size_t width) {
        text.resize(std::max(width, text.size() + 1), ' ');
        return text;
    };
    std::string out = cat(pad("DEFINITION", 28), pad("STATE", 10), pad("INSTANCES", 10),
                          pad("ACTIVE", 8), pad("PROGRESS", 9), pad("ERROR", 7), pad("DELETING", 9),
                          pad("OLDEST", 8), "WAITS FOR\n");
    for (const Row& row : rows) {
        const auto count = [&row](const char* state) {
            const auto found = row.states.find(state);
            return cat(found == row.states.end() ? 0 : found->second);
        };
        append(out, pad(row.definition, 28), pad(row.state, 10), pad(cat(row.instances), 10),
               pad(count("ACTIVE"), 8), pad(count("IN_PROGRESS"), 9), pad(count("ERROR"), 7),
               pad(count("DELETING"), 9),
               pad(row.oldest == 0 ? "" : human_duration(row.oldest * io::second), 8), row.waits,
               "\n");
    }
    return out;
}

// The request counters of a controller's /metrics; empty if it cannot be asked.
io::Task<std::map<std::string, double>> read_requests(Connection connection, std::string url) {
    std::map<std::string, double> out;
    io::http::ClientOptions options;
    options.base_url = url;
    const auto transport = io::http::connect(connection.loop, options);
    if (!transport) {
        co_return out;
    }
    io::http::Request request;
    request.method = "GET";
    request.target = "/metrics";
    Result<io::http::Response> answer = co_await (*transport)->send(std::move(request));
    const Result<std::string> text =
        answer ? co_await io::http::read_all(*std::move(answer), metrics_bytes_max)
               : Result<std::string>(Error(answer.error()));
    if (!text) {
        co_return out;
    }
    constexpr std::string_view mark = "weft_api_requests_total{verb=\"";
    for (const std::string_view line : split(*text, '\n')) {
        const size_t end = line.find("\"} ");
        if (line.starts_with(mark) && end != std::string_view::npos) {
            const auto count = parse_uint(line.substr(end + 3));
            out[std::string(line.substr(mark.size(), end - mark.size()))] =
                static_cast<double>(count.value_or(0));
        }
    }
    co_return out;
}

std::string rates_of(const std::map<std::string, double>& before,
                     const std::map<std::string, double>& now, int64_t nanos) {
    std::string out;
    for (const auto& [verb, count] : now) {
        const auto old = before.find(verb);
        const double rate = (count - (old == before.end() ? count : old->second)) /
                            (static_cast<double>(nanos) / 1e9);
        append(out, out.empty() ? "requests a second: " : ", ", verb, " ",
               static_cast<int64_t>(rate * 10) / 10, ".", static_cast<int64_t>(rate * 10) % 10);
    }
    return out.empty() ? out : out + "\n";
}

io::Task<Result<int>> top(Connection connection, const TopOptions* options) {
    // Into a file or a pipe goes one table.
    const bool is_live = is_terminal() && !options->once;
    LiveBlock block;
    std::map<std::string, double> before;
    int64_t asked = connection.loop->monotonic();
    while (true) {
        const std::vector<Row> rows = CO_TRY(co_await read_rows(connection));
        std::string text = table_of(rows);
        if (!options->metrics.empty()) {
            const auto now = co_await read_requests(connection, options->metrics);
            const int64_t at = connection.loop->monotonic();
            text += rates_of(before, now, std::max<int64_t>(at - asked, 1));
            before = now;
            asked = at;
        }
        if (!is_live) {
            print(text);
        } else {
            block.draw(text);
        }
        if (!is_live) {
            co_return exit_ok;
        }
        if (!co_await io::sleep(connection.loop, options->interval)) {
            block.finish();
            co_return exit_ok;
        }
    }
}

// Whether an Event is about what graphs make: of a generated kind, of a definition, or of a child.
bool is_about_graphs(const Object& event, const std::set<std::string>& kinds) {
    const std::string_view source = event.value().string_at("source", "component");
    return source.starts_with("kro/") ||
           kinds.contains(std::string(event.value().string_at("involvedObject", "kind")));
}

std::string event_line(const Object& event, Time now) {
    const Value* about = event.value().find("involvedObject");
    const auto last = parse_rfc3339(event.value().string_at("lastTimestamp"));
    const std::string age = last ? human_duration((now.seconds - last->seconds) * io::second) : "?";
    return cat(age, "  ", event.value().string_at("type"), "  ",
               about == nullptr ? "" : about->string_at("kind"), " ",
               about == nullptr ? "" : about->string_at("namespace"), "/",
               about == nullptr ? "" : about->string_at("name"), "  ",
               event.value().string_at("reason"), "  ", event.value().string_at("message"), "\n");
}

io::Task<Result<int>> events(Connection connection, const EventsOptions* options) {
    const kube::List crds = CO_TRY(co_await connection.client->list_all(
        control::crd_resource(), {.label_selector = cat(graph::label_owned, "=true")}));
    std::set<std::string> kinds = {"ResourceGraphDefinition"};
    for (const Object& crd : crds.items) {
        kinds.insert(std::string(crd.value().string_at("spec", "names", "kind")));
    }
    kube::List list = CO_TRY(co_await connection.client->list_all(
        control::event_resource(), {.namespace_ = options->namespace_}));
    std::erase_if(list.items, [&](const Object& event) {
        const std::string_view name = event.value().string_at("involvedObject", "name");
        return !is_about_graphs(event, kinds) || (!options->name.empty() && name != options->name);
    });
    std::ranges::stable_sort(list.items, {}, [](const Object& event) {
        return std::string(event.value().string_at("lastTimestamp"));
    });
    for (const Object& event : list.items) {
        print(event_line(event, connection.loop->now()));
    }
    if (list.items.empty()) {
        complain(
            "weft: no events; the controller writes them with "
            "--feature-gates=InstanceConditionEvents=true\n");
    }
    co_return exit_ok;
}

}  // namespace

int run_tree(const InspectOptions& options) {
    return run_connected({options.kubeconfig, options.context},
                         [](Connection connection) { return tree(connection); });
}

int run_top(const TopOptions& options) {
    return run_connected({options.kubeconfig, options.context},
                         [&](Connection connection) { return top(connection, &options); });
}

int run_events(const EventsOptions& options) {
    return run_connected({options.kubeconfig, options.context},
                         [&](Connection connection) { return events(connection, &options); });
}

}  // namespace weft::cli
