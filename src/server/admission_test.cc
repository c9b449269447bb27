// server/admission_test.cc: proves what policies, webhooks and quotas do to writes.

#include <functional>
#include <gtest/gtest.h>

#include "server/server_testing.h"

// A namespace of its own, since other tests of this folder use the same short names.
namespace weft::server::admission_tests {
namespace {

constexpr std::string_view policies =
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
constexpr std::string_view bindings =
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
constexpr std::string_view maps = "/api/v1/namespaces/default/configmaps";

std::string config_map_of(std::string_view name, std::string_view data) {
    return cat(R"j({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")j", name,
               R"j("},"data":)j", data, "}");
}

// A policy over ConfigMaps with this rest of a spec, and a binding with these actions.
void install(TestServer& world, std::string_view spec, std::string_view actions = R"j(["Deny"])j",
             std::string_view binding_rest = "") {
    const auto policy = world.send(
        "POST", std::string(policies),
        cat(R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy",)j"
            R"j("metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":)j"
            R"j([""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":)j"
            R"j(["configmaps"]}]},)j",
            spec, "}}"));
    ASSERT_EQ(policy.status, 201) << policy.body();
    const auto binding = world.send(
        "POST", std::string(bindings),
        cat(R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":)j"
            R"j("ValidatingAdmissionPolicyBinding","metadata":{"name":"b"},"spec":{"policyName":"p",)j"
            R"j("validationActions":)j",
            actions, binding_rest, "}}"));
    ASSERT_EQ(binding.status, 201) << binding.body();
}

std::string message_of(const io::http::Response& response) {
    return std::string(parse_json(response.body())->string_at("message"));
}

TEST(Policies, RefuseWithTheWordsOfKubernetes) {
    TestServer world;
    install(world,
            R"j("validations":[{"expression":"!('bad' in object.data)","message":"no bad"}])j");

    const auto refused =
        world.send("POST", std::string(maps), config_map_of("a", R"j({"bad":"1"})j"));
    const auto taken =
        world.send("POST", std::string(maps), config_map_of("b", R"j({"good":"1"})j"));

    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(
        message_of(refused),
        "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied "
        "request: no bad");
    EXPECT_EQ(taken.status, 201);
}

TEST(Policies, StopWithTheirBinding) {
    TestServer world;
    install(world, R"j("validations":[{"expression":"false"}])j");
    ASSERT_EQ(world.send("POST", std::string(maps), config_map_of("a", "{}")).status, 422);

    world.send("DELETE", cat(bindings, "/b"));

    EXPECT_EQ(world.send("POST", std::string(maps), config_map_of("a", "{}")).status, 201);
}

TEST(Policies, ComputeVariablesOnceAndOnlyWhenTheyAreAsked) {
    TestServer world;
    // The second variable fails, but nobody asks for it.
    install(world, R"j("variables":[{"name":"n","expression":"size(object.data)"},)j"
                   R"j({"name":"broken","expression":"object.none.x"},)j"
                   R"j({"name":"twice","expression":"variables.n * 2"}],)j"
                   R"j("validations":[{"expression":"variables.twice < 4",)j"
                   R"j("messageExpression":"'twice is ' + string(variables.twice)"}])j");

    const auto refused =
        world.send("POST", std::string(maps), config_map_of("a", R"j({"x":"1","y":"2"})j"));

    EXPECT_TRUE(message_of(refused).ends_with("denied request: twice is 4")) << message_of(refused);
    EXPECT_EQ(world.send("POST", std::string(maps), config_map_of("b", R"j({"x":"1"})j")).status,
              201);
}

TEST(Policies, TellWhichVariableFailed) {
    TestServer world;
    install(world, R"j("variables":[{"name":"v","expression":"object.data.none"}],)j"
                   R"j("validations":[{"expression":"variables.v == ''"}])j");

    const auto refused =
        world.send("POST", std::string(maps), config_map_of("a", R"j({"x":"1"})j"));

    EXPECT_TRUE(message_of(refused).ends_with(
        "denied request: expression 'variables.v == ''' resulted in error: composited variable "
        "\"v\" fails to evaluate: no such key: none"))
        << message_of(refused);
}

TEST(Policies, StopAtTheirBudget) {
    TestServer world;
    // Each validation costs more than a million units and is stopped by itself.
    install(world, R"j("variables":[{"name":"l","expression":"[0,1,2,3,4,5,6,7,8,9].map(a, )j"
                   R"j([0,1,2,3,4,5,6,7,8,9].map(b, [0,1,2,3,4,5,6,7,8,9]))"}],)j"
                   R"j("validations":[{"expression":"variables.l.all(a, a.all(b, b.all(c, )j"
                   R"j(variables.l.all(d, d.all(e, e.all(f, f >= 0))))))"}])j");

    const auto refused = world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_TRUE(message_of(refused).ends_with("actual cost limit exceeded")) << message_of(refused);
}

TEST(Policies, WarnWithoutRefusing) {
    TestServer world;
    install(world, R"j("validations":[{"expression":"false","message":"take care"}])j",
            R"j(["Warn","Audit"])j");

    const auto taken = world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_EQ(taken.status, 201);
    EXPECT_EQ(taken.headers.get("warning"),
              "299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': take "
              "care\"");
}

TEST(Policies, AskTheAuthorizerForTheUserAndForServiceAccounts) {
    TestServer world;
    install(world,
            R"j("validations":[{"expression":"authorizer.group('').resource('secrets'))j"
            R"j(.namespace('default').check('get').allowed()","message":"no secrets for you"},)j"
            R"j({"expression":"!authorizer.serviceAccount('default','x').group(''))j"
            R"j(.resource('secrets').check('get').allowed()","message":"nor for it"}])j");
    world.send("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
               R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":)j"
               R"j({"name":"u"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role",)j"
               R"j("name":"maps"},"subjects":[{"kind":"User","name":"user"}]})j");
    world.send("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
               R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":)j"
               R"j({"name":"maps"},"rules":[{"apiGroups":[""],"resources":["configmaps"],)j"
               R"j("verbs":["create"]}]})j");

    const auto of_admin = world.send("POST", std::string(maps), config_map_of("a", "{}"));
    world.token = "user";
    const auto of_user = world.send("POST", std::string(maps), config_map_of("b", "{}"));

    EXPECT_EQ(of_admin.status, 201) << of_admin.body();
    EXPECT_TRUE(message_of(of_user).ends_with("denied request: no secrets for you"))
        << message_of(of_user);
}

TEST(Policies, ReadTheNamespaceAndParameters) {
    TestServer world;
    install(world,
            R"j("paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"validations":[{"expression":)j"
            R"j("size(object.data) <= int(params.data.max) || )j"
            R"j(namespaceObject.metadata.name != 'default'","messageExpression":)j"
            R"j("'at most ' + params.data.max"}],"matchConditions":[{"name":"not-the-limit",)j"
            R"j("expression":"object.metadata.name != 'limit'"}])j",
            R"j(["Deny"])j", R"j(,"paramRef":{"name":"limit","parameterNotFoundAction":"Deny"})j");

    const auto without = world.send("POST", std::string(maps), config_map_of("a", "{}"));
    world.send("DELETE", cat(bindings, "/b"));
    world.send("POST", std::string(maps), config_map_of("limit", R"j({"max":"1"})j"));
    world.send(
        "POST", std::string(bindings),
        R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":)j"
        R"j("ValidatingAdmissionPolicyBinding","metadata":{"name":"b"},"spec":{"policyName":)j"
        R"j("p","validationActions":["Deny"],"paramRef":{"name":"limit",)j"
        R"j("parameterNotFoundAction":"Deny"}}})j");
    const auto refused =
        world.send("POST", std::string(maps), config_map_of("b", R"j({"x":"","y":""})j"));

    EXPECT_TRUE(message_of(without).ends_with(
        "failed to configure binding: no params found for policy binding with `Deny` "
        "parameterNotFoundAction"))
        << message_of(without);
    EXPECT_TRUE(message_of(refused).ends_with("denied request: at most 1")) << message_of(refused);
}

TEST(Policies, MatchOtherVersionsOfTheSameResource) {
    TestServer world(true);
    const auto policy = world.send(
        "POST", std::string(policies),
        R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy",)j"
        R"j("metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":)j"
        R"j(["autoscaling"],"apiVersions":["v2"],"operations":["CREATE"],"resources":["*"]}]},)j"
        R"j("validations":[{"expression":"object.apiVersion != 'autoscaling/v2'",)j"
        R"j("messageExpression":"request.requestResource.version + ' as ' + )j"
        R"j(request.resource.version"}]}})j");
    ASSERT_EQ(policy.status, 201) << policy.body();
    world.send(
        "POST", std::string(bindings),
        R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":)j"
        R"j("ValidatingAdmissionPolicyBinding","metadata":{"name":"b"},"spec":{"policyName":)j"
        R"j("p","validationActions":["Deny"]}})j");

    const auto refused = world.send(
        "POST", "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
        R"j({"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":)j"
        R"j("h"},"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})j");

    EXPECT_TRUE(message_of(refused).ends_with("denied request: v1 as v2")) << message_of(refused);
}

TEST(Policies, AreToldWhatTheirExpressionsGetWrong) {
    TestServer world;
    install(world, R"j("validations":[{"expression":"object.dat.x == '1'"}])j");

    world.loop.run();  // until nothing is left to do
    const Value policy = world.json("GET", cat(policies, "/p"));

    EXPECT_EQ(policy.int_at(0, "status", "observedGeneration"), 1);
    const Value* warnings = policy.find("status", "typeChecking", "expressionWarnings");
    ASSERT_NE(warnings, nullptr);
    EXPECT_EQ(warnings->at(0).string_at("fieldRef"), "spec.validations[0].expression");
    EXPECT_EQ(warnings->at(0).string_at("warning"),
              "/v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'dat'\n"
              " | object.dat.x == '1'\n"
              " | ......^\n");
}

// A webhook's server: answers what the test says.
class Hooks : public io::http::Handler {
public:
    std::function<Value(const Value& request)> answer;
    std::function<io::Task<void>()> before = nullptr;
    std::vector<Value> seen;
    int status = 200;
    std::string_view api_version = "admission.k8s.io/v1";

    io::Task<io::http::Response> handle(io::http::Request request) override {
        if (before) {
            co_await before();
        }
        const Value review = *parse_json(request.body);
        const Value asked = *review.find("request");
        seen.push_back(asked);
        Value response = answer(asked);
        response.set("uid", asked.string_at("uid"));
        co_return io::http::Response::text(
            status, "application/json",
            to_json(Value::map_of({{"apiVersion", api_version},
                                   {"kind", "AdmissionReview"},
                                   {"response", std::move(response)}})));
    }
};

Value allowed() {
    return Value::map_of({{"allowed", true}});
}

Value patched(std::string_view patch) {
    return Value::map_of(
        {{"allowed", true}, {"patchType", "JSONPatch"}, {"patch", base64_encode(patch)}});
}

// A server whose webhooks all reach the same handler.
struct HookedWorld {
    HookedWorld() {
        world.reach_webhooks([this](io::http::ClientOptions options) {
            urls.push_back(options.base_url);
            return Result<std::unique_ptr<io::http::Transport>>(io::http::in_process(&hooks));
        });
    }
    void configure(std::string_view kind, std::string_view webhooks) {
        const std::string plural = to_lower(cat(kind, "s"));
        const auto made =
            world.send("POST", cat("/apis/admissionregistration.k8s.io/v1/", plural),
                       cat(R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":")j", kind,
                           R"j(","metadata":{"name":"w"},"webhooks":)j", webhooks, "}"));
        ASSERT_EQ(made.status, 201) << made.body();
    }
    Hooks hooks;
    std::vector<std::string> urls;
    TestServer world;
};

std::string webhook(std::string_view name, std::string_view rest = "") {
    return cat(
        R"j({"name":")j", name, R"j(.example.com","clientConfig":{"url":"https://h:1/)j", name,
        R"j("},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"apiGroups":)j"
        R"j([""],"apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}])j",
        rest, "}");
}

TEST(Webhooks, ChangeObjectsBeforeTheyAreValidated) {
    HookedWorld world;
    world.configure("MutatingWebhookConfiguration", cat("[", webhook("a"), "]"));
    world.hooks.answer = [](const Value&) {
        return patched(R"j([{"op":"add","path":"/metadata/labels","value":{"by":"hook"}}])j");
    };

    const auto made = world.world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_EQ(parse_json(made.body())->string_at("metadata", "labels", "by"), "hook");
    ASSERT_EQ(world.hooks.seen.size(), 1U);
    EXPECT_EQ(world.hooks.seen[0].string_at("operation"), "CREATE");
    EXPECT_EQ(world.hooks.seen[0].string_at("userInfo", "username"), "admin");
    EXPECT_EQ(world.hooks.seen[0].string_at("object", "metadata", "name"), "a");
    EXPECT_TRUE(world.hooks.seen[0].find("oldObject")->is_null());
}

TEST(Webhooks, RefuseWithTheirOwnCodeAndWords) {
    HookedWorld world;
    world.configure("ValidatingWebhookConfiguration", cat("[", webhook("a"), "]"));
    world.hooks.answer = [](const Value&) {
        return Value::map_of({{"allowed", false},
                              {"status", Value::map_of({{"code", 418}, {"message", "a teapot"}})},
                              {"warnings", Value::list_of({"hot"})}});
    };

    const auto refused = world.world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_EQ(refused.status, 418);
    EXPECT_EQ(message_of(refused),
              "admission webhook \"a.example.com\" denied the request: a teapot");
    EXPECT_EQ(refused.headers.get("warning"), "299 - \"hot\"");
}

TEST(Webhooks, SeeAPatchAsAnUpdateAndAllOptionsOfADeletion) {
    HookedWorld world;
    world.configure("ValidatingWebhookConfiguration", cat("[", webhook("a"), "]"));
    world.hooks.answer = [](const Value&) { return allowed(); };
    const std::string url = cat(maps, "/a");

    world.world.send("POST", std::string(maps), config_map_of("a", "{}"));
    world.world.send("PATCH", url + "?fieldManager=m", R"j({"data":{"b":"1"}})j",
                     "application/merge-patch+json");
    world.world.send("DELETE", url + "?gracePeriodSeconds=5",
                     R"j({"propagationPolicy":"Background"})j");

    ASSERT_EQ(world.hooks.seen.size(), 3U);
    const auto options = [&](size_t i) { return to_json(*world.hooks.seen[i].find("options")); };
    EXPECT_EQ(options(0), R"j({"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"})j");
    EXPECT_EQ(options(1),
              R"j({"kind":"UpdateOptions","apiVersion":"meta.k8s.io/v1","fieldManager":"m"})j");
    EXPECT_EQ(options(2), R"j({"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1",)j"
                          R"j("gracePeriodSeconds":5,"propagationPolicy":"Background"})j");
}

TEST(Webhooks, ThatAnswerWronglyAreToldOfAsKubernetesDoes) {
    HookedWorld world;
    world.configure("ValidatingWebhookConfiguration", cat("[", webhook("a"), "]"));
    world.hooks.answer = [](const Value&) {
        Value response = allowed();
        response.set("warnings", Value::list_of({"of two\nlines", "", "fine"}));
        return response;
    };
    const auto ask = [&] {
        return world.world.send("POST", cat(maps, "?dryRun=All"), config_map_of("a", "{}"));
    };

    EXPECT_EQ(ask().headers.get("warning"), "299 - \"fine\"");
    world.hooks.api_version = "admission.k8s.io/v1beta1";
    EXPECT_TRUE(message_of(ask()).ends_with(
        "failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): "
        "unknown conversion"));
    world.hooks.api_version = "";
    EXPECT_TRUE(message_of(ask()).ends_with("got /, Kind=AdmissionReview"));
    world.hooks.status = 500;
    EXPECT_TRUE(message_of(ask()).ends_with(
        "an error on the server (\"unknown\") has prevented the request from succeeding"));
}

TEST(Webhooks, AreCalledAgainOnceIfAnotherChangedTheObjectAfterThem) {
    HookedWorld world;
    world.configure(
        "MutatingWebhookConfiguration",
        cat("[", webhook("a", R"j(,"reinvocationPolicy":"IfNeeded")j"), ",", webhook("b"), "]"));
    std::vector<std::string> data_seen;
    world.hooks.answer = [&](const Value& request) {
        data_seen.emplace_back(request.string_at("object", "data", "b"));
        // The second call in all is b's.
        return data_seen.size() == 2 ? patched(R"([{"op":"add","path":"/data/b","value":"1"}])")
                                     : allowed();
    };

    world.world.send("POST", std::string(maps), config_map_of("a", R"j({"x":"1"})j"));

    EXPECT_EQ(data_seen, (std::vector<std::string>{"", "", "1"}));
}

TEST(Webhooks, ThatCannotBeUsedAreIgnoredOrRefuseAsTheyWish) {
    HookedWorld world;
    world.world.reach_webhooks([](io::http::ClientOptions) {
        return Result<std::unique_ptr<io::http::Transport>>(
            make_error(Reason::io, "dial tcp 127.0.0.1:1: connect: connection refused"));
    });
    world.configure("ValidatingWebhookConfiguration", cat("[", webhook("a"), "]"));

    const auto refused = world.world.send("POST", std::string(maps), config_map_of("a", "{}"));
    world.world.send("PATCH",
                     "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w",
                     R"j([{"op":"add","path":"/webhooks/0/failurePolicy","value":"Ignore"}])j",
                     "application/json-patch+json");
    const auto taken = world.world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_EQ(refused.status, 500);
    EXPECT_EQ(message_of(refused),
              "Internal error occurred: failed calling webhook \"a.example.com\": failed to call "
              "webhook: Post \"https://h:1/a?timeout=10s\": dial tcp 127.0.0.1:1: connect: "
              "connection refused");
    EXPECT_EQ(taken.status, 201);
}

TEST(Webhooks, ThatHangHoldUpNobodyElseAndTimeOut) {
    HookedWorld world;
    world.configure("ValidatingWebhookConfiguration",
                    cat("[", webhook("a", R"j(,"timeoutSeconds":3)j"), "]"));
    world.hooks.answer = [](const Value&) { return allowed(); };
    // The world outlives its calls.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
    world.hooks.before = [&]() -> io::Task<void> {
        (void)co_await io::sleep(&world.world.loop, 60 * io::second);
    };
    io::Scope scope(&world.world.loop);
    int hung_status = 0;
    std::string hung_text;
    int other_status = 0;
    const auto send = [&](std::string target, std::string body) {
        io::http::Request request;
        request.method = "POST";
        request.target = std::move(target);
        request.body = std::move(body);
        request.headers.set("authorization", "Bearer admin");
        return world.world.transport->send(std::move(request));
    };
    scope.spawn([](auto ask, int* status, std::string* text) -> io::Task<void> {
        auto response = co_await ask(std::string(maps), config_map_of("a", "{}"));
        *status = response->status;
        *text = message_of(*response);
    }(send, &hung_status, &hung_text));
    scope.spawn([](auto ask, int* status, const int* hung) -> io::Task<void> {
        auto response =
            co_await ask("/api/v1/namespaces/default/secrets",
                         R"j({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}})j");
        EXPECT_EQ(*hung, 0);
        *status = response->status;
    }(send, &other_status, &hung_status));
    io::run(&world.world.loop, [](io::Scope* both) -> io::Task<int> {
        co_await both->join();
        co_return 0;
    }(&scope));

    EXPECT_EQ(other_status, 201);
    EXPECT_EQ(hung_status, 500);
    EXPECT_TRUE(hung_text.ends_with("Post \"https://h:1/a?timeout=3s\": context deadline exceeded"))
        << hung_text;
}

TEST(Webhooks, GoByTheirConditionsSelectorsAndDryRuns) {
    HookedWorld world;
    world.configure(
        "ValidatingWebhookConfiguration",
        cat("[",
            webhook(
                "a",
                R"j(,"matchConditions":[{"name":"c","expression":"object.metadata.name != 'x'"}])j"
                R"j(,"objectSelector":{"matchLabels":{"look":"yes"}})j"),
            "]"));
    world.hooks.answer = [](const Value&) { return Value::map_of({{"allowed", false}}); };
    const auto labelled = [](std::string_view name) {
        return cat(R"j({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")j", name,
                   R"j(","labels":{"look":"yes"}}})j");
    };

    EXPECT_EQ(world.world.send("POST", std::string(maps), config_map_of("a", "{}")).status, 201);
    EXPECT_EQ(world.world.send("POST", std::string(maps), labelled("x")).status, 201);
    const auto refused = world.world.send("POST", cat(maps, "?dryRun=All"), labelled("y"));

    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(message_of(refused),
              "admission webhook \"a.example.com\" denied the request without explanation");
    EXPECT_EQ(*world.hooks.seen.at(0).find("dryRun"), Value(true));
}

TEST(Webhooks, OfServicesSayWhatAServerWithoutNetworkSays) {
    HookedWorld world;
    world.configure(
        "ValidatingWebhookConfiguration",
        R"j([{"name":"a.example.com","clientConfig":{"service":{"namespace":"n","name":"s"}},)j"
        R"j("sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"apiGroups":[""],)j"
        R"j("apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}]}])j");

    const auto refused = world.world.send("POST", std::string(maps), config_map_of("a", "{}"));

    EXPECT_EQ(message_of(refused),
              "Internal error occurred: failed calling webhook \"a.example.com\": failed to call "
              "webhook: Post \"https://s.n.svc:443/?timeout=10s\": service \"s\" not found");
}

// A quota on ConfigMaps whose controller has been there.
void limit_maps(TestServer& world, std::string_view hard, std::string_view used) {
    world.send("POST", "/api/v1/namespaces/default/resourcequotas",
               cat(R"j({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":)j"
                   R"j({"hard":)j",
                   hard, "}}"));
    const auto told = world.send("PATCH", "/api/v1/namespaces/default/resourcequotas/q/status",
                                 cat(R"j({"status":{"hard":)j", hard, R"j(,"used":)j", used, "}}"),
                                 "application/merge-patch+json");
    ASSERT_EQ(told.status, 200) << told.body();
}

TEST(Quota, CountsWhatIsWrittenAndRefusesTheRest) {
    TestServer world;
    limit_maps(world, R"j({"configmaps":"2","count/configmaps":"9"})j",
               R"j({"configmaps":"1","count/configmaps":"1"})j");

    const auto first = world.send("POST", std::string(maps), config_map_of("a", "{}"));
    const auto dry = world.send("POST", cat(maps, "?dryRun=All"), config_map_of("b", "{}"));
    const auto second = world.send("POST", std::string(maps), config_map_of("b", "{}"));
    const Value quota = world.json("GET", "/api/v1/namespaces/default/resourcequotas/q");

    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(dry.status, 403);
    EXPECT_EQ(message_of(second),
              "configmaps \"b\" is forbidden: exceeded quota: q, requested: configmaps=1, used: "
              "configmaps=2, limited: configmaps=2");
    EXPECT_EQ(quota.string_at("status", "used", "configmaps"), "2");
    EXPECT_EQ(quota.string_at("status", "used", "count/configmaps"), "2");
}

TEST(Quota, IsNotExceededByWritersAtOnce) {
    TestServer world;
    limit_maps(world, R"j({"configmaps":"10"})j", R"j({"configmaps":"0"})j");
    io::Scope scope(&world.loop);
    int made = 0;
    for (int i = 0; i < 25; ++i) {
        scope.spawn([](TestServer* server, int number, int* count) -> io::Task<void> {
            io::http::Request request;
            request.method = "POST";
            request.target = maps;
            request.body = config_map_of(cat("m", number), "{}");
            request.headers.set("authorization", "Bearer admin");
            auto response = co_await server->transport->send(std::move(request));
            *count += response->status == 201 ? 1 : 0;
        }(&world, i, &made));
    }

    io::run(&world.loop, [](io::Scope* all) -> io::Task<int> {
        co_await all->join();
        co_return 0;
    }(&scope));

    EXPECT_EQ(made, 10);
    EXPECT_EQ(world.json("GET", "/api/v1/namespaces/default/resourcequotas/q")
                  .string_at("status", "used", "configmaps"),
              "10");
}

TEST(Quota, WantsContainersToSayWhatItCounts) {
    TestServer world;
    limit_maps(world, R"j({"requests.cpu":"1","limits.memory":"1Gi"})j",
               R"j({"requests.cpu":"0","limits.memory":"0"})j");

    const auto refused = world.send(
        "POST", "/api/v1/namespaces/default/pods",
        R"j({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":)j"
        R"j([{"name":"a","image":"b"}]}})j");

    EXPECT_EQ(message_of(refused),
              "pods \"x\" is forbidden: failed quota: q: must specify limits.memory for: a; "
              "requests.cpu for: a");
}

TEST(Rbac, NobodyGrantsWhatHeDoesNotHold) {
    TestServer world;
    const std::string_view group = "/apis/rbac.authorization.k8s.io/v1";
    const auto grant = [&](std::string_view rules) {
        world.send("POST", cat(group, "/clusterroles"),
                   cat(R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",)j"
                       R"j("metadata":{"name":"r"},"rules":)j",
                       rules, "}"));
        world.send(
            "POST", cat(group, "/clusterrolebindings"),
            R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",)j"
            R"j("metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)j"
            R"j("kind":"ClusterRole","name":"r"},"subjects":[{"kind":"User","name":"user"}]})j");
    };
    grant(
        R"j([{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"],"verbs":["create"]},)j"
        R"j({"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]}])j");
    world.token = "user";
    const auto write = [&](std::string_view name, std::string_view rules) {
        return world.send("POST", cat(group, "/namespaces/default/roles"),
                          cat(R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",)j"
                              R"j("metadata":{"name":")j",
                              name, R"j("},"rules":)j", rules, "}"));
    };

    const auto taken =
        write("a", R"j([{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}])j");
    const auto refused = write(
        "b", R"j([{"apiGroups":[""],"resources":["pods","secrets"],"verbs":["get","delete"]}])j");

    EXPECT_EQ(taken.status, 201) << taken.body();
    EXPECT_EQ(message_of(refused),
              "roles.rbac.authorization.k8s.io \"b\" is forbidden: user \"user\" "
              "(groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not "
              "currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}\n"
              "{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"delete\"]}");
}

TEST(Rbac, HasTheBootstrapRolesOfARealCluster) {
    TestServer world;

    const Value roles = world.json("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles");
    const Value bound = world.json("GET", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings");
    const Value review = world.json(
        "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        R"j({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":)j"
        R"j("system:kube-scheduler","resourceAttributes":{"verb":"create","resource":"pods",)j"
        R"j("subresource":"binding","namespace":"x"}}})j");

    EXPECT_EQ(roles.find("items")->size(), 69U);
    EXPECT_EQ(bound.find("items")->size(), 50U);
    EXPECT_EQ(*review.find("status", "allowed"), Value(true));
    EXPECT_EQ(review.string_at("status", "reason"),
              "RBAC: allowed by ClusterRoleBinding \"system:kube-scheduler\" of ClusterRole "
              "\"system:kube-scheduler\" to User \"system:kube-scheduler\"");
}

TEST(Rbac, TellsAUserHisRulesWithTheNamesThatTheyAreFor) {
    TestServer world;
    const std::string group = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    world.send("POST", cat(group, "/roles"),
               R"j({"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["secrets"],)j"
               R"j("resourceNames":["s"],"verbs":["get"]}]})j");
    world.send("POST", cat(group, "/rolebindings"),
               R"j({"metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)j"
               R"j("kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"user",)j"
               R"j("apiGroup":"rbac.authorization.k8s.io"}]})j");
    world.token = "user";

    const Value review = world.json("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                                    R"j({"spec":{"namespace":"default"}})j");

    const Value* rules = review.find("status", "resourceRules");
    ASSERT_NE(rules, nullptr) << to_json(review);
    const auto is_about_secrets = [](const Value& rule) {
        return to_json(rule) == R"j({"verbs":["get"],"apiGroups":[""],"resources":["secrets"],)j"
                                R"j("resourceNames":["s"]})j";
    };
    EXPECT_EQ(std::ranges::count_if(rules->items(), is_about_secrets), 1) << to_json(*rules);
}

TEST(Defaults, AnIngressWithoutAClassGetsTheDefaultOne) {
    TestServer world;
    const std::string_view group = "/apis/networking.k8s.io/v1";
    world.send("POST", cat(group, "/ingressclasses"),
               R"j({"metadata":{"name":"c","annotations":{)j"
               R"j("ingressclass.kubernetes.io/is-default-class":"true"}},)j"
               R"j("spec":{"controller":"example.com/c"}})j");
    const auto class_of = [&](std::string_view members) {
        const Value made = world.json(
            "POST", cat(group, "/namespaces/default/ingresses?dryRun=All"),
            cat(R"j({"metadata":{"name":"i")j", members,
                R"j(},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}})j"));
        EXPECT_NE(made.find("spec"), nullptr) << to_json(made);
        return std::string(made.string_at("spec", "ingressClassName"));
    };

    EXPECT_EQ(class_of(""), "c");
    EXPECT_EQ(class_of(R"j(,"annotations":{"kubernetes.io/ingress.class":"other"})j"), "");
}

}  // namespace
}  // namespace weft::server::admission_tests
