// server/internal/admission/webhooks.cc: reading configurations, calling, understanding answers.

#include "server/internal/admission/webhooks.h"

#include <algorithm>
#include <set>

#include "cel/limits.h"
#include "merge/json_patch.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/internal/plugins.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view webhook_group = "admissionregistration.k8s.io";
constexpr std::string_view review_kind = "AdmissionReview";
constexpr std::string_view review_group = "admission.k8s.io";

std::shared_ptr<Webhook> parse_webhook(const Value& object, std::string id) {
    auto hook = std::make_shared<Webhook>();
    hook->id = std::move(id);
    hook->name = object.string_at("name");
    hook->criteria = parse_criteria(object, "rules");
    hook->fails = object.string_at("failurePolicy") != "Ignore";
    hook->may_reinvoke = object.string_at("reinvocationPolicy") == "IfNeeded";
    const std::string_view effects = object.string_at("sideEffects");
    hook->has_side_effects = effects != "None" && effects != "NoneOnDryRun";
    hook->timeout_seconds = object.int_at(10, "timeoutSeconds");
    if (const Value* versions = object.find("admissionReviewVersions")) {
        for (const Value& version : versions->items()) {
            if (version == Value("v1") || version == Value("v1beta1")) {
                hook->review_version = version.as_string();
                break;
            }
        }
    }
    if (const Value* conditions = object.find("matchConditions")) {
        for (const Value& condition : conditions->items()) {
            hook->conditions.push_back(compile_plain(condition.string_at("expression"),
                                                     Outcome::boolean, {.has_authorizer = true}));
        }
    }
    hook->ca_pem = base64_decode(object.string_at("clientConfig", "caBundle")).value_or("");
    hook->url = object.string_at("clientConfig", "url");
    if (const Value* service = object.find("clientConfig", "service");
        service != nullptr && service->is_map()) {
        hook->service_namespace = service->string_at("namespace");
        hook->service_name = service->string_at("name");
        std::string_view path = service->string_at("path");
        hook->url =
            cat("https://", hook->service_name, ".", hook->service_namespace,
                ".svc:", service->int_at(443, "port"), path.starts_with('/') ? "" : "/", path);
    }
    return hook;
}

// "https://host:port" and "/path" of a URL.
std::pair<std::string, std::string> split_url(const std::string& url) {
    const size_t host = url.find("://");
    const size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
    if (path == std::string::npos) {
        return {url, ""};
    }
    return {url.substr(0, path), url.substr(path)};
}

// What client-go makes of an answer that is no success.
std::string http_failure_text(int status, bool is_text, const std::string& body) {
    constexpr int not_found = 404;
    constexpr int server_error = 500;
    if (status == not_found) {
        return "the server could not find the requested resource";
    }
    if (status >= server_error) {
        return cat("an error on the server (", quote(is_text ? trim(body) : "unknown"),
                   ") has prevented the request from succeeding");
    }
    return cat("the server responded with the status code ", status,
               " but did not return more information");
}

// The Status of a refusal as it is passed on.
Error rejection(const Webhook& hook, const Value& result) {
    constexpr int bad_request_code = 400;
    const std::string denied = cat("admission webhook ", quote(hook.name), " denied the request");
    const std::string_view message = result.string_at("message");
    const std::string_view word = result.string_at("reason");
    ErrorDetails details;
    details.code = static_cast<int>(
        std::max<int64_t>(result.int_at(bad_request_code, "code"), bad_request_code));
    details.name = result.string_at("details", "name");
    details.group = result.string_at("details", "group");
    details.kind = result.string_at("details", "kind");
    details.uid = result.string_at("details", "uid");
    details.retry_after_seconds =
        static_cast<int>(result.int_at(0, "details", "retryAfterSeconds"));
    if (const Value* causes = result.find("details", "causes")) {
        for (const Value& cause : causes->items()) {
            details.causes.push_back({std::string(cause.string_at("reason")),
                                      std::string(cause.string_at("message")),
                                      std::string(cause.string_at("field"))});
        }
    }
    std::string text = !message.empty() ? cat(denied, ": ", message)
                       : !word.empty()  ? cat(denied, ": ", word)
                                        : cat(denied, " without explanation");
    return {reason_from_text(word), std::move(text), std::move(details)};
}

Error call_failure(const Webhook& hook, std::string_view why) {
    return internal_error(cat("failed calling webhook ", quote(hook.name), ": ", why));
}

// A review without the objects, which differ between webhooks of one request only by version.
Value new_review(const AdmissionCase& admission, const Webhook& hook, const Resource& matched,
                 const std::string& uid, Value object, Value old_object) {
    Value request = admission.describe(matched);
    request.set("uid", uid);
    Value options = request.find("options") == nullptr ? Value() : *request.find("options");
    request.erase("options");
    const Value dry_run = *request.find("dryRun");
    request.erase("dryRun");
    request.append_new("object", std::move(object));
    request.append_new("oldObject", std::move(old_object));
    request.append_new("dryRun", dry_run);
    request.append_new("options", std::move(options));
    return Value::map_of({{"kind", review_kind},
                          {"apiVersion", cat(review_group, "/", hook.review_version)},
                          {"request", std::move(request)}});
}

}  // namespace

// What one walk over the mutating webhooks leaves for the next.
struct AdmissionWebhooks::Pass {
    bool is_second = false;
    bool needs_second = false;
    std::set<std::string> called;  // that may be called again
    std::set<std::string> again;
};

AdmissionWebhooks::AdmissionWebhooks(Core* core) : core_(core), ended_(core->loop) {}
AdmissionWebhooks::~AdmissionWebhooks() = default;

void AdmissionWebhooks::changed(const Resource& resource) {
    if (resource.is_builtin() && resource.gvr.group == webhook_group &&
        (resource.kind == "MutatingWebhookConfiguration" ||
         resource.kind == "ValidatingWebhookConfiguration")) {
        ++changes_;
    }
}

io::Task<Status> AdmissionWebhooks::refresh() {
    const uint64_t now = changes_;
    for (const bool is_mutating : {true, false}) {
        const ResourcePtr resource = core_->registry.find(
            webhook_group, "v1",
            is_mutating ? "mutatingwebhookconfigurations" : "validatingwebhookconfigurations");
        store::ListRequest request;
        request.prefix = resource->key_prefix;
        const store::Page page = CO_TRY(co_await core_->store->list(request));
        auto hooks = std::make_shared<Hooks>();
        // Keys are in order of names, which is the order of calls.
        for (const store::Entry& entry : page.entries) {
            const Value object =
                CO_TRY(decode_stored(*core_, *resource, StoredView(*entry.value), entry.modified));
            const Value* list = object.find("webhooks");
            for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
                hooks->push_back(
                    parse_webhook(list->at(i), cat(object.string_at("metadata", "name"), "/", i)));
            }
        }
        (is_mutating ? mutating_ : validating_) = std::move(hooks);
    }
    seen_ = now;
    co_return Status{};
}

io::Task<Result<ResourcePtr>> AdmissionWebhooks::should_call(AdmissionCase* admission,
                                                             const Webhook* hook) {
    ResourcePtr matched = CO_TRY(co_await admission->match(&hook->criteria));
    if (matched == nullptr || hook->conditions.empty()) {
        co_return matched;
    }
    const AdmissionRequest& request = admission->request();
    const Value object = CO_TRY(admission->convert(request.object, *matched));
    const Value old_object = CO_TRY(admission->convert(request.old_object, *matched));
    const Value described = admission->describe(*matched);
    const RbacAuthorizer authorizer(core_, &request.user);
    ExpressionInput input;
    input.object = &object;
    input.old_object = &old_object;
    input.request = &described;
    input.authorizer = &authorizer;
    input.request_resource = resource_question(request);
    ExpressionRun run(input, nullptr, cel::match_conditions_cost_budget);
    const auto holds = conditions_hold(hook->conditions, run, hook->fails);
    if (!holds) {
        co_return forbidden({request.resource.group, request.resource.resource}, request.name,
                            holds.error().message());
    }
    co_return *holds ? matched : ResourcePtr();
}

io::Task<Status> AdmissionWebhooks::check_service(const Webhook* hook, std::string where) {
    const ResourcePtr services = core_->registry.find("", "v1", "services");
    auto entry = CO_TRY(
        co_await core_->store->get(services->key(hook->service_namespace, hook->service_name), {}));
    if (!entry) {
        co_return make_error(Reason::io, where, "service ", quote(hook->service_name),
                             " not found");
    }
    const Value service = CO_TRY(StoredView(*entry->value).to_value(entry->modified));
    co_return make_error(Reason::io, where, "dial tcp ", service.string_at("spec", "clusterIP"),
                         ":", split(split_url(hook->url).first, ':').back(),
                         ": connect: no route to host");
}

io::Task<Result<std::string>> AdmissionWebhooks::post(Webhook* hook, std::string body) {
    const std::string url = cat(hook->url, "?timeout=", hook->timeout_seconds, "s");
    const std::string where = cat("Post ", quote(url), ": ");
    if (!hook->service_name.empty()) {
        CO_TRY(co_await check_service(hook, where));
    }
    const auto [base, path] = split_url(hook->url);
    if (hook->transport == nullptr) {
        io::http::ClientOptions options;
        options.base_url = base;
        options.ca_pem = hook->ca_pem;
        options.response_max = limits::webhook_answer_bytes_max;
        options.user_agent = "kube-apiserver-admission";
        auto made = core_->options.webhook_transport
                        ? core_->options.webhook_transport(std::move(options))
                        : io::http::connect(core_->loop, std::move(options));
        if (!made) {
            co_return make_error(Reason::io, where, made.error().message());
        }
        hook->transport = std::move(*made);
    }
    io::http::Request request;
    request.method = "POST";
    request.target = cat(path.empty() ? "/" : path, "?timeout=", hook->timeout_seconds, "s");
    request.headers.set("content-type", "application/json");
    request.headers.set("accept", "application/json, */*");
    request.body = std::move(body);
    // Kept alive by the call even if the configuration goes meanwhile.
    const std::shared_ptr<io::http::Transport> transport = hook->transport;
    auto response = co_await transport->send(std::move(request));
    if (!response) {
        co_return make_error(response.error().reason(), where, response.error().message());
    }
    const int status = response->status;
    const std::string_view type = response->headers.get("content-type");
    const bool is_text = type.empty() || type.starts_with("text/");
    auto text = co_await io::http::read_all(std::move(*response), limits::webhook_answer_bytes_max);
    if (!text) {
        co_return make_error(text.error().reason(), where, text.error().message());
    }
    constexpr int success_min = 200;
    constexpr int success_max = 299;
    if (status < success_min || status > success_max) {
        co_return make_error(Reason::io, http_failure_text(status, is_text, *text));
    }
    co_return std::move(*text);
}

io::Task<Result<AdmissionWebhooks::Answer>> AdmissionWebhooks::ask(AdmissionCase* admission,
                                                                   Webhook* hook,
                                                                   ResourcePtr matched,
                                                                   bool is_mutating) {
    const AdmissionRequest& request = admission->request();
    if (request.dry_run && hook->has_side_effects) {
        co_return bad_request(
            cat("admission webhook ", quote(hook->name), " does not support dry run"));
    }
    if (hook->review_version.empty()) {
        co_return make_error(Reason::invalid,
                             "could not create admission objects: webhook does not accept known "
                             "AdmissionReview versions (v1, v1beta1)");
    }
    const std::string uid = make_uid(core_->loop);
    Value object = CO_TRY(admission->convert(request.object, *matched));
    Value old_object = CO_TRY(admission->convert(request.old_object, *matched));
    std::string body = to_json(
        new_review(*admission, *hook, *matched, uid, std::move(object), std::move(old_object)));
    // A webhook that hangs must not gather requests without end: the next ones wait their turn,
    // and the time they wait counts.
    while (running_ >= limits::webhook_calls_max) {
        CO_TRY(co_await ended_.wait());
    }
    ++running_;
    const std::string late =
        cat("Post ", quote(cat(hook->url, "?timeout=", hook->timeout_seconds, "s")),
            ": context deadline exceeded");
    auto text = co_await io::with_timeout(core_->loop, hook->timeout_seconds * io::second, late,
                                          post(hook, std::move(body)));
    --running_;
    ended_.notify_one();
    if (!text) {
        if (text.error().reason() == Reason::cancelled) {
            co_return text.error();
        }
        co_return make_error(Reason::invalid, "failed to call webhook: ", text.error().message());
    }
    const auto invalid = [](const auto&... pieces) {
        return make_error(Reason::invalid, "received invalid webhook response: ", pieces...);
    };
    auto review = parse_json(*text);
    if (!review) {
        co_return make_error(
            Reason::invalid, "failed to call webhook: ",
            "couldn't get version/kind; json parse error: ", review.error().message());
    }
    const std::string wanted = cat(review_group, "/", hook->review_version);
    const std::string_view given = review->string_at("apiVersion");
    const std::string other =
        cat(review_group, "/", hook->review_version == "v1" ? "v1beta1" : "v1");
    if (given == other && review->string_at("kind") == review_kind) {
        const auto name = [](std::string_view version) {
            return cat("(", version.substr(version.find('/') + 1), ".", review_kind, ")");
        };
        co_return make_error(Reason::invalid, "failed to call webhook: converting ", name(given),
                             " to ", name(wanted), ": unknown conversion");
    }
    if (hook->review_version == "v1" &&
        (review->string_at("kind") != review_kind || review->string_at("apiVersion") != wanted)) {
        co_return invalid("expected webhook response of ", wanted, ", Kind=", review_kind, ", got ",
                          given.empty() ? "/" : given, ", Kind=", review->string_at("kind"));
    }
    const Value* response = review->find("response");
    if (response == nullptr || !response->is_map()) {
        co_return invalid("webhook response was absent");
    }
    if (hook->review_version == "v1" && response->string_at("uid") != uid) {
        co_return invalid("expected response.uid=", quote(uid), ", got ",
                          quote(response->string_at("uid")));
    }
    const std::string_view patch = response->string_at("patch");
    const std::string_view patch_type = response->string_at("patchType");
    if (hook->review_version == "v1") {
        if (is_mutating && !patch.empty() && patch_type.empty()) {
            co_return invalid("webhook returned response.patch but not response.patchType");
        }
        if (is_mutating && patch.empty() && !patch_type.empty()) {
            co_return invalid("webhook returned response.patchType but not response.patch");
        }
        if (!is_mutating && !patch.empty()) {
            co_return invalid("validating webhook may not return response.patch");
        }
        if (!is_mutating && !patch_type.empty()) {
            co_return invalid("validating webhook may not return response.patchType");
        }
    }
    Answer answer;
    const Value* allowed = response->find("allowed");
    answer.allowed = allowed != nullptr && *allowed == Value(true);
    if (const Value* result = response->find("status"); result != nullptr && result->is_map()) {
        answer.result = *result;
    }
    if (const Value* warnings = response->find("warnings")) {
        for (const Value& warning : warnings->items()) {
            if (warning.is_string()) {
                admission->call()->warn(std::string(warning.as_string()));
            }
        }
    }
    if (is_mutating && answer.allowed && !patch.empty()) {
        if (!patch_type.empty() && patch_type != "JSONPatch") {
            co_return make_error(Reason::invalid, "unsupported patch type ", quote(patch_type));
        }
        const auto bytes = base64_decode(patch);
        auto parsed = bytes ? parse_json(*bytes)
                            : Result<Value>(make_error(Reason::bad_request,
                                                       "illegal base64 data at input byte 0"));
        if (!parsed || !parsed->is_list()) {
            co_return make_error(Reason::invalid,
                                 "received undecodable patch in webhook response: ",
                                 parsed ? std::string("json: cannot unmarshal into Go value of "
                                                      "type jsonpatch.Patch")
                                        : parsed.error().message());
        }
        answer.patch = std::move(*parsed);
    }
    co_return answer;
}

io::Task<Status> AdmissionWebhooks::run_mutating(AdmissionCase* admission,
                                                 AdmissionRequest* request, const Hooks* hooks,
                                                 Pass* pass) {
    Core& core = *core_;
    for (const std::shared_ptr<Webhook>& hook : *hooks) {
        if (pass->is_second && !pass->again.contains(hook->id)) {
            continue;
        }
        ResourcePtr matched = CO_TRY(co_await should_call(admission, hook.get()));
        if (matched == nullptr) {
            continue;
        }
        auto answer = co_await ask(admission, hook.get(), matched, true);
        bool has_changed = false;
        if (answer && answer->allowed && !answer->patch.empty()) {
            if (request->object.is_null()) {
                co_return internal_error(
                    cat("admission webhook ", quote(hook->name),
                        " attempted to modify the object, which is not supported for this "
                        "operation"));
            }
            const Value before = CO_TRY(admission->convert(request->object, *matched));
            auto patched = merge::apply_json_patch(before, answer->patch);
            if (!patched) {
                co_return internal_error(patched.error().message());
            }
            std::vector<std::string> ignored;
            auto decoded = decode_kind(core, *matched, nullptr, *patched, &ignored);
            if (!decoded) {
                co_return internal_error(decoded.error().message());
            }
            Value object = std::move(*decoded);
            if (matched->gvr != admission->call()->resource->gvr) {
                object = CO_TRY(admission->restore(object, *matched));
            }
            has_changed = !(object == request->object);
            request->object = std::move(object);
        }
        if (has_changed) {
            pass->again.insert(pass->called.begin(), pass->called.end());
            pass->called.clear();
            pass->needs_second = true;
        }
        if (hook->may_reinvoke) {
            pass->called.insert(hook->id);
        }
        if (!answer) {
            if (answer.error().reason() != Reason::invalid) {
                co_return answer.error();  // refused before it was called, or no longer wanted
            }
            if (hook->fails) {
                co_return call_failure(*hook, answer.error().message());
            }
            continue;
        }
        if (!answer->allowed) {
            co_return rejection(*hook, answer->result);
        }
    }
    co_return Status{};
}

io::Task<Status> AdmissionWebhooks::mutate(Call* call, AdmissionRequest* request) {
    if (seen_ != changes_) {
        CO_TRY(co_await refresh());
    }
    AdmissionCase admission(call, request);
    if (mutating_->empty() || admission.is_exempt()) {
        co_return Status{};
    }
    const std::shared_ptr<const Hooks> hooks = mutating_;
    Pass pass;
    CO_TRY(co_await run_mutating(&admission, request, hooks.get(), &pass));
    if (!pass.needs_second || request->object.is_null()) {
        co_return Status{};
    }
    // The server's own plugins see what the webhooks made, and webhooks that asked for it see what
    // others changed after them: once.
    const Value before = request->object;
    const Value* old_object = request->old_object.is_null() ? nullptr : &request->old_object;
    CO_TRY(co_await run_plugins(call, &request->object, old_object));
    if (!(before == request->object)) {
        pass.again.insert(pass.called.begin(), pass.called.end());
    }
    pass.is_second = true;
    if (!pass.again.empty()) {
        CO_TRY(co_await run_mutating(&admission, request, hooks.get(), &pass));
    }
    co_return Status{};
}

io::Task<Status> AdmissionWebhooks::validate_one(AdmissionCase* admission, Webhook* hook) {
    ResourcePtr matched = CO_TRY(co_await should_call(admission, hook));
    if (matched == nullptr) {
        co_return Status{};
    }
    auto answer = co_await ask(admission, hook, matched, false);
    if (!answer) {
        if (answer.error().reason() != Reason::invalid) {
            co_return answer.error();
        }
        if (hook->fails) {
            co_return call_failure(*hook, answer.error().message());
        }
        co_return Status{};
    }
    if (!answer->allowed) {
        co_return rejection(*hook, answer->result);
    }
    co_return Status{};
}

io::Task<Status> AdmissionWebhooks::validate(AdmissionCase* admission) {
    if (seen_ != changes_) {
        CO_TRY(co_await refresh());
    }
    if (validating_->empty() || admission->is_exempt()) {
        co_return Status{};
    }
    const std::shared_ptr<const Hooks> hooks = validating_;
    std::vector<Status> results(hooks->size());
    io::Scope scope(core_->loop);
    for (size_t i = 0; i < hooks->size(); ++i) {
        // The parameters live in the coroutine's frame, what they point to in this one.
        scope.spawn([](AdmissionWebhooks* self, AdmissionCase* one, Webhook* hook,
                       Status* result) -> io::Task<void> {
            *result = co_await self->validate_one(one, hook);
        }(this, admission, hooks->at(i).get(), &results[i]));
    }
    co_await scope.join();
    for (Status& result : results) {
        if (!result) {
            co_return std::move(result);
        }
    }
    co_return Status{};
}

}  // namespace weft::server
