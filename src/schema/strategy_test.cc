// schema/strategy_test.cc: proves defaults, strategies and immutability of builtin kinds.

#include "schema/strategy.h"

#include <gtest/gtest.h>

#include "schema/builtin_defaults.h"
#include "schema/go_json.h"

namespace weft::schema {
namespace {

Value read_json(std::string_view text) {
    Result<Value> value = parse_json(text);
    return value ? std::move(*value) : Value();
}

// As an API server reads: canonical, defaulted, canonical.
Value read(const BuiltinResource& resource, const Value& in) {
    const Builtin& builtin = Builtin::get();
    static const GoTypes types(&builtin);
    static const BuiltinDefaults defaults(&builtin);
    const std::string definition =
        builtin
            .find_kind({std::string(resource.group), std::string(resource.version),
                        std::string(resource.kind)})
            ->definition;
    Value value = types.canonical(definition, in).value();
    defaults.apply(definition, value, {});
    return types.canonical(definition, value).value();
}

const BuiltinResource& resource_of(std::string_view group, std::string_view name) {
    return *Builtin::get().find_resource(group, "v1", name);
}

TEST(BuiltinDefaults, FillAPodTemplateInGoOrder) {
    const BuiltinResource& deployments = resource_of("apps", "deployments");

    const Value value = read(deployments, read_json(R"({"spec":{"template":{"spec":{"containers":[
        {"name":"a","image":"nginx","ports":[{"containerPort":80}]}]}}}})"));

    EXPECT_EQ(
        to_json(*value.find("spec", "template", "spec")),
        R"({"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":80,)"
        R"("protocol":"TCP"}],"resources":{},"terminationMessagePath":"/dev/termination-log",)"
        R"("terminationMessagePolicy":"File","imagePullPolicy":"Always"}],)"
        R"("restartPolicy":"Always","terminationGracePeriodSeconds":30,)"
        R"("dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler"})");
    EXPECT_EQ(
        to_json(*value.find("spec", "strategy")),
        R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}})");
    EXPECT_EQ(value.int_at(0, "spec", "replicas"), 1);
}

TEST(BuiltinDefaults, RoundQuantitiesUpToMilliUnits) {
    const BuiltinResource& quotas = resource_of("", "resourcequotas");

    const Value value = read(quotas, read_json(R"({"spec":{"hard":{"cpu":"1500u"}}})"));

    EXPECT_EQ(value.string_at("spec", "hard", "cpu"), "2m");
}

TEST(BuiltinDefaults, ChooseThePullPolicyByTag) {
    EXPECT_EQ(default_pull_policy("nginx"), "Always");
    EXPECT_EQ(default_pull_policy("nginx:latest"), "Always");
    EXPECT_EQ(default_pull_policy("nginx:1.2"), "IfNotPresent");
    EXPECT_EQ(default_pull_policy("localhost:5000/a/b"), "Always");
    EXPECT_EQ(default_pull_policy("UPPER"), "IfNotPresent");
    EXPECT_EQ(default_pull_policy(""), "IfNotPresent");
}

TEST(Strategy, StartsAPodAsPending) {
    const BuiltinResource& pods = resource_of("", "pods");
    Value pod = read(pods, read_json(R"({"metadata":{"name":"p"},"status":{"phase":"Running"},
        "spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]}})"));

    prepare_for_create(pods, pod, "u", {});

    EXPECT_EQ(to_json(*pod.find("status")), R"({"phase":"Pending","qosClass":"Burstable"})");
    EXPECT_EQ(pod.int_at(0, "metadata", "generation"), 1);
}

TEST(Strategy, CountsGenerationOnlyForTheSpec) {
    const BuiltinResource& deployments = resource_of("apps", "deployments");
    const Value old =
        read(deployments, read_json(R"({"metadata":{"generation":3},"spec":{"replicas":1},
        "status":{"replicas":1}})"));
    Value same = read(deployments, read_json(R"({"spec":{"replicas":1},"status":{"replicas":9}})"));
    Value other = read(deployments, read_json(R"({"spec":{"replicas":2}})"));

    prepare_for_update(deployments, "", old, same);
    prepare_for_update(deployments, "", old, other);

    EXPECT_EQ(same.int_at(0, "metadata", "generation"), 3);
    EXPECT_EQ(same.int_at(0, "status", "replicas"), 1);
    EXPECT_EQ(other.int_at(0, "metadata", "generation"), 4);
}

TEST(Strategy, RefusesWhatMayNotChange) {
    const BuiltinResource& deployments = resource_of("apps", "deployments");
    const Value old =
        read(deployments, read_json(R"({"spec":{"selector":{"matchLabels":{"a":"b"}}}})"));
    const Value now =
        read(deployments, read_json(R"({"spec":{"selector":{"matchLabels":{"a":"c"}}}})"));

    EXPECT_EQ(aggregate_text(validate_immutable(Builtin::get(), deployments, "", old, now)),
              "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"c\"}}: field is immutable");
}

}  // namespace
}  // namespace weft::schema
