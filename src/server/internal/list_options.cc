// server/internal/list_options.cc: reads and checks the options of lists and watches.

#include "server/internal/list_options.h"

#include <algorithm>

#include "server/limits.h"

namespace weft::server {

namespace {

// Go's strconv errors say why.
std::string_view why_no_number(std::string_view text, bool is_signed) {
    std::string_view digits = text;
    if (is_signed && (digits.starts_with('-') || digits.starts_with('+'))) {
        digits.remove_prefix(1);
    }
    return digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos
               ? "invalid syntax"
               : "value out of range";
}

Result<int64_t> read_int(std::string_view text) {
    const auto number = parse_int(text);
    if (!number) {
        return bad_request(
            cat("strconv.ParseInt: parsing ", quote(text), ": ", why_no_number(text, true)));
    }
    return *number;
}

Result<std::optional<bool>> read_bool(const Call& call, std::string_view name) {
    const auto text = call.target.parameter(name);
    if (!text) {
        return std::optional<bool>();
    }
    const std::string lower = to_lower(*text);
    return std::optional<bool>(lower != "false" && lower != "0");
}

// Field labels that the kind does not know are refused before anything is read. The words differ
// by who converts the labels: a kind's own function, a group's, or the common one.
Status check_field_labels(const Call& call, const FieldSelector& selector) {
    const Resource& resource = *call.resource;
    const auto is_common = [](std::string_view label) {
        return label == "metadata.name" || label == "metadata.namespace";
    };
    const bool has_own = std::ranges::any_of(
        resource.field_labels, [&](const std::string& label) { return !is_common(label); });
    for (const FieldTerm& term : selector.terms()) {
        const bool is_listed =
            std::ranges::find(resource.field_labels, term.field) != resource.field_labels.end();
        if (is_listed || (is_common(term.field) && (!has_own || !resource.is_builtin()))) {
            continue;
        }
        if (!has_own && resource.is_builtin()) {
            return bad_request(cat(quote(term.field),
                                   " is not a known field selector: only \"metadata.name\", "
                                   "\"metadata.namespace\""));
        }
        if (resource.gvr.group == "batch") {
            return bad_request(
                cat("field label ", quote(term.field), " not supported for ", resource.kind));
        }
        if (resource.gvr.group == "resource.k8s.io") {
            return bad_request(
                cat("field label not supported for ", resource.gvk().text(), ": ", term.field));
        }
        return bad_request(cat("field label not supported: ", term.field));
    }
    return {};
}

FieldErrors check_watch(const ListOptions& options, std::string_view match) {
    FieldErrors errors;
    const std::string path = "resourceVersionMatch";
    // A watch from any version gets initial events, with a match, by default.
    const bool from_any = options.resource_version.empty() || options.resource_version == "0";
    const bool by_default = !options.send_initial_events && match.empty() && from_any;
    if (by_default) {
        match = "NotOlderThan";
    }
    if (options.send_initial_events && match != "NotOlderThan") {
        errors.push_back(schema::field_forbidden(
            path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    }
    if (match.empty()) {
        return errors;
    }
    if (!options.send_initial_events && !by_default) {
        errors.push_back(schema::field_forbidden(
            path,
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    }
    if (match != "NotOlderThan") {
        errors.push_back(schema::field_not_supported(path, match, {"NotOlderThan"}));
    }
    if (!options.continue_token.empty()) {
        errors.push_back(schema::field_forbidden(
            path, "resourceVersionMatch is forbidden when continue is provided"));
    }
    return errors;
}

FieldErrors check_list(const ListOptions& options, std::string_view match) {
    FieldErrors errors;
    const std::string path = "resourceVersionMatch";
    if (!match.empty()) {
        if (options.resource_version.empty()) {
            errors.push_back(schema::field_forbidden(
                path, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        if (!options.continue_token.empty()) {
            errors.push_back(schema::field_forbidden(
                path, "resourceVersionMatch is forbidden when continue is provided"));
        }
        if (match != "Exact" && match != "NotOlderThan") {
            errors.push_back(
                schema::field_not_supported(path, match, {"Exact", "NotOlderThan", ""}));
        }
        if (match == "Exact" && options.resource_version == "0") {
            errors.push_back(schema::field_forbidden(
                path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
    }
    if (options.send_initial_events) {
        errors.push_back(schema::field_forbidden("sendInitialEvents",
                                                 "sendInitialEvents is forbidden for list"));
    }
    return errors;
}

}  // namespace

Result<ListOptions> read_list_options(const Call& call, bool is_watch) {
    ListOptions options;
    if (const auto limit = call.target.parameter("limit")) {
        options.limit = std::max<int64_t>(TRY(read_int(*limit)), 0);
    }
    if (const auto timeout = call.target.parameter("timeoutSeconds")) {
        options.timeout_seconds = TRY(read_int(*timeout));
    }
    options.continue_token = call.parameter("continue");
    options.resource_version = call.parameter("resourceVersion");
    options.send_initial_events = TRY(read_bool(call, "sendInitialEvents"));
    options.allow_bookmarks = TRY(read_bool(call, "allowWatchBookmarks")).value_or(false);
    options.filter.labels = TRY(LabelSelector::parse(call.parameter("labelSelector")));
    options.filter.fields = TRY(FieldSelector::parse(call.parameter("fieldSelector")));
    TRY(check_field_labels(call, options.filter.fields));
    const std::string match = call.parameter("resourceVersionMatch");
    const FieldErrors errors = is_watch ? check_watch(options, match) : check_list(options, match);
    if (!errors.empty()) {
        return schema::invalid_error("meta.k8s.io", "ListOptions", "", errors);
    }
    if (match == "Exact") {
        options.match = VersionMatch::exact;
    } else if (match == "NotOlderThan") {
        options.match = VersionMatch::not_older_than;
    }
    // The token of a page says the version; it is read first.
    if (!options.resource_version.empty() && (is_watch || options.continue_token.empty())) {
        const auto number = parse_uint(options.resource_version);
        if (!number || *number > static_cast<uint64_t>(INT64_MAX)) {
            const std::string_view why =
                number ? "value out of range" : why_no_number(options.resource_version, false);
            const std::string text =
                cat("resourceVersion: Invalid value: ", quote(options.resource_version),
                    ": strconv.ParseUint: parsing ", quote(options.resource_version), ": ", why);
            // A watch lets the storage's own error through.
            return is_watch ? Error(Reason::unknown, text)
                            : bad_request(cat("invalid resource version: ", text));
        }
        options.revision = static_cast<store::Revision>(*number);
    }
    if (!call.info.name.empty() && !options.filter.fields.exact("metadata.name")) {
        // GET …/name?watch=true
        options.filter.fields.mutable_terms().push_back({"metadata.name", true, call.info.name});
    }
    options.filter.key_prefix = call.resource->list_prefix(call.info.namespace_);
    return options;
}

io::Task<Status> wait_for_revision(Core* core, store::Revision revision) {
    const int64_t until = core->loop->monotonic() + limits::future_revision_wait;
    while (core->store->newest() < revision) {
        if (core->loop->monotonic() >= until) {
            ErrorDetails details;
            details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
            details.retry_after_seconds = 1;
            co_return Error(Reason::timeout,
                            cat("Timeout: Too large resource version: ", revision,
                                ", current: ", core->store->newest()),
                            std::move(details));
        }
        CO_TRY(co_await io::sleep(core->loop, 50 * io::millisecond));
    }
    co_return Status{};
}

}  // namespace weft::server
