// server/subresource_admission_test.cc: what admission is shown of subresources, and what an older
// data folder's policy becomes.

#include <gtest/gtest.h>

#include "server/server_testing.h"

namespace weft::server::subresource_tests {
namespace {

constexpr std::string_view pods = "/api/v1/namespaces/default/pods";
constexpr std::string_view sets = "/apis/apps/v1/namespaces/default/replicasets";
constexpr std::string_view admission = "/apis/admissionregistration.k8s.io/v1";

// A policy that refuses all of one subresource's requests with what it was shown of them.
void tell_of(TestServer& world, std::string_view group, std::string_view resource) {
    const auto policy = world.send(
        "POST", cat(admission, "/validatingadmissionpolicies"),
        cat(R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy",)j"
            R"j("metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[")j",
            group, R"j("],"apiVersions":["*"],"operations":["*"],"resources":[")j", resource,
            R"j("]}]},"validations":[{"expression":"false","messageExpression":"request.operation )j"
            R"j(+ ' ' + request.kind.group + '/' + request.kind.version + '.' + request.kind.kind )j"
            R"j(+ ' ' + request.resource.resource + ':' + request.subResource + ' ' + request.name )j"
            R"j(+ ' ' + request.requestKind.kind + ' ' + object.kind + ' ' + (oldObject == null ? )j"
            R"j('new' : oldObject.kind)"}]}})j"));
    ASSERT_EQ(policy.status, 201) << policy.body();
    const auto binding = world.send(
        "POST", cat(admission, "/validatingadmissionpolicybindings"),
        R"j({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding",)j"
        R"j("metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Deny"]}})j");
    ASSERT_EQ(binding.status, 201) << binding.body();
}

std::string told(TestServer& world, std::string method, std::string target, std::string body = {},
                 std::string content_type = {}) {
    const auto answer =
        world.send(std::move(method), std::move(target), std::move(body), std::move(content_type));
    const auto value = parse_json(answer.body());
    const std::string text(value ? value->string_at("message") : "");
    constexpr std::string_view mark = "denied request: ";
    const size_t at = text.find(mark);
    return at == std::string::npos ? cat(answer.status, " ", text) : text.substr(at + mark.size());
}

void make_pod(TestServer& world) {
    const auto account = world.send(
        "POST", "/api/v1/namespaces/default/serviceaccounts",
        R"j({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})j");
    ASSERT_EQ(account.status, 201) << account.body();
    const auto pod = world.send("POST", std::string(pods),
                                R"j({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},)j"
                                R"j("spec":{"containers":[{"name":"c","image":"i"}]}})j");
    ASSERT_EQ(pod.status, 201) << pod.body();
}

TEST(SubresourceAdmission, BindingsAreBindings) {
    TestServer world;
    make_pod(world);
    tell_of(world, "", "pods/binding");

    EXPECT_EQ(told(world, "POST", cat(pods, "/a/binding"),
                   R"j({"apiVersion":"v1","kind":"Binding","metadata":{"name":"a"},)j"
                   R"j("target":{"kind":"Node","name":"n"}})j"),
              "CREATE /v1.Binding pods:binding a Binding Binding new");
}

TEST(SubresourceAdmission, EvictionsAreEvictionsAndNoDeletions) {
    TestServer world;
    make_pod(world);
    tell_of(world, "", "pods/eviction");
    const std::string eviction =
        R"j({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"a"}})j";

    EXPECT_EQ(told(world, "POST", cat(pods, "/a/eviction"), eviction),
              "CREATE policy/v1.Eviction pods:eviction a Eviction Eviction new");
    // Who forbids deletions does not forbid evictions.
    world.send("PATCH", cat(admission, "/validatingadmissionpolicies/p"),
               R"j([{"op":"replace","path":"/spec/matchConstraints/resourceRules/0/resources",)j"
               R"j("value":["pods"]}])j",
               "application/json-patch+json");
    EXPECT_EQ(world.send("DELETE", cat(pods, "/a")).status, 422);
    EXPECT_EQ(world.send("POST", cat(pods, "/a/eviction"), eviction).status, 201);
}

TEST(SubresourceAdmission, ScalesAreScalesBothOldAndNew) {
    TestServer world;
    const auto made = world.send(
        "POST", std::string(sets),
        R"j({"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r"},"spec":{"replicas":0,)j"
        R"j("selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":)j"
        R"j({"containers":[{"name":"c","image":"i"}]}}}})j");
    ASSERT_EQ(made.status, 201) << made.body();
    tell_of(world, "apps", "replicasets/scale");

    EXPECT_EQ(told(world, "PATCH", cat(sets, "/r/scale"), R"j({"spec":{"replicas":3}})j",
                   "application/merge-patch+json"),
              "UPDATE autoscaling/v1.Scale replicasets:scale r Scale Scale Scale");
}

TEST(SubresourceAdmission, TokenRequestsAreTokenRequests) {
    TestServer world;
    make_pod(world);
    tell_of(world, "", "serviceaccounts/token");

    EXPECT_EQ(
        told(world, "POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
             R"j({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})j"),
        "CREATE authentication.k8s.io/v1.TokenRequest serviceaccounts:token default "
        "TokenRequest TokenRequest new");
}

TEST(SubresourceAdmission, ConnectionsShowTheirOptions) {
    TestServer world;
    make_pod(world);
    tell_of(world, "", "pods/*");
    world.send("PATCH", cat(admission, "/validatingadmissionpolicies/p"),
               R"j([{"op":"replace","path":"/spec/validations/0/messageExpression","value":)j"
               R"j("request.operation + ' ' + object.kind + ' ' + request.subResource + ' ' + )j"
               R"j((has(object.command) ? object.command.join(' ') : '') + )j"
               R"j((has(object.ports) ? string(object.ports[0]) : '') + )j"
               R"j((has(object.path) ? object.path : '') + (has(object.tty) ? ' tty' : '')"}])j",
               "application/json-patch+json");

    EXPECT_EQ(told(world, "POST", cat(pods, "/a/exec?command=ls&command=-l&tty=true&container=c")),
              "CONNECT PodExecOptions exec ls -l tty");
    EXPECT_EQ(told(world, "GET", cat(pods, "/a/attach?stdin=true")),
              "CONNECT PodAttachOptions attach");
    EXPECT_EQ(told(world, "GET", cat(pods, "/a/portforward?ports=80")),
              "CONNECT PodPortForwardOptions portforward 80");
    EXPECT_EQ(told(world, "GET", cat(pods, "/a/proxy/x/y")), "CONNECT PodProxyOptions proxy /x/y");
}

// --- Policy of an older data folder ---

constexpr std::string_view roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
constexpr std::string_view role_bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

void merge_into(TestServer& world, std::string target, std::string patch) {
    const auto done =
        world.send("PATCH", std::move(target), std::move(patch), "application/merge-patch+json");
    ASSERT_EQ(done.status, 200) << done.body();
}

TEST(BootstrapPolicy, GetsBackWhatIsMissingAtTheNextStartUnlessItIsProtected) {
    TestServer world;
    merge_into(world, cat(roles, "/system:node"),
               R"j({"rules":[{"apiGroups":["x.example.com"],"resources":["*"],"verbs":["*"]}]})j");
    merge_into(world, cat(roles, "/system:basic-user"),
               R"j({"rules":[],"metadata":{"annotations":{)j"
               R"j("rbac.authorization.kubernetes.io/autoupdate":"false"}}})j");
    merge_into(world, cat(roles, "/cluster-admin"), R"j({"metadata":{"labels":null}})j");
    merge_into(world, cat(role_bindings, "/system:discovery"), R"j({"subjects":[]})j");

    world.restart();

    const Value node = world.json("GET", cat(roles, "/system:node"));
    EXPECT_GT(node.find("rules")->size(), 5U);
    EXPECT_EQ(node.find("rules")->at(0).find("apiGroups")->at(0).as_string(), "x.example.com");
    EXPECT_EQ(world.json("GET", cat(roles, "/system:basic-user")).find("rules")->size(), 0U);
    EXPECT_EQ(world.json("GET", cat(roles, "/cluster-admin"))
                  .string_at("metadata", "labels", "kubernetes.io/bootstrapping"),
              "rbac-defaults");
    EXPECT_EQ(world.json("GET", cat(role_bindings, "/system:discovery")).find("subjects")->size(),
              1U);
    // What is whole is left alone.
    const std::string version(
        world.json("GET", cat(roles, "/view")).string_at("metadata", "resourceVersion"));
    world.restart();
    EXPECT_EQ(world.json("GET", cat(roles, "/view")).string_at("metadata", "resourceVersion"),
              version);
    EXPECT_EQ(world.json("GET", cat(roles, "/system:node")).find("rules")->size(),
              node.find("rules")->size());
}

TEST(BootstrapPolicy, ABindingToAnotherRoleIsMadeAnew) {
    TestServer world;
    const Value before = world.json("GET", cat(role_bindings, "/system:discovery"));
    world.send("DELETE", cat(role_bindings, "/system:discovery"));
    const auto made = world.send(
        "POST", std::string(role_bindings),
        R"j({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":)j"
        R"j({"name":"system:discovery"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":)j"
        R"j("ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"u"}]})j");
    ASSERT_EQ(made.status, 201) << made.body();

    world.restart();

    const Value after = world.json("GET", cat(role_bindings, "/system:discovery"));
    EXPECT_EQ(after.string_at("roleRef", "name"), "system:discovery");
    EXPECT_EQ(*after.find("subjects"), *before.find("subjects"));
}

// --- Events ---

TEST(BootstrapPolicy, TheServiceNetworkIsManagedByWhoWritesItInARealCluster) {
    TestServer world;

    const Value network = world.json("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes");

    std::string managers;
    for (const Value& entry : network.find("metadata", "managedFields")->items()) {
        append(managers, entry.string_at("manager"), " ", entry.string_at("operation"), " ",
               entry.string_at("subresource"), ";");
    }
    EXPECT_EQ(managers, "kubernetes-service-cidr-controller Apply status;kube-apiserver Update ;");
    EXPECT_EQ(network.find("status", "conditions")->at(0).string_at("status"), "True");
}

TEST(EventExpiry, AnEventGoesAnHourAfterItWasLastWritten) {
    TestServer world;
    const std::string events = "/api/v1/namespaces/default/events";
    const auto make = [&](std::string_view name) {
        const auto made = world.send(
            "POST", events,
            cat(R"j({"apiVersion":"v1","kind":"Event","metadata":{"name":")j", name,
                R"j("},"involvedObject":{"kind":"Pod","namespace":"default","name":"p"}})j"));
        ASSERT_EQ(made.status, 201) << made.body();
    };
    const auto is_there = [&](std::string_view name) {
        return world.send("GET", cat(events, "/", name)).status == 200;
    };
    const auto wait = [&](int64_t minutes) {
        (void)io::run(&world.loop, io::sleep(&world.loop, minutes * 60 * io::second));
    };
    make("a");
    make("b");
    wait(50);
    merge_into(world, cat(events, "/b"), R"j({"count":2})j");
    wait(11);
    EXPECT_FALSE(is_there("a"));
    EXPECT_TRUE(is_there("b"));

    // A restart does not forget, nor does it begin the hour again.
    make("c");
    wait(30);
    world.restart();
    wait(31);
    EXPECT_FALSE(is_there("b"));
    EXPECT_FALSE(is_there("c"));
}

}  // namespace
}  // namespace weft::server::subresource_tests
