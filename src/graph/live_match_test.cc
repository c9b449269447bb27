// graph/live_match_test.cc: what an apply left is recognised; what changed since is named.

#include "graph/internal/live_match.h"

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "merge/merge.h"
#include "schema/builtin.h"

namespace weft::graph {
namespace {

Object object_of(std::string_view text) {
    Result<Value> value = parse_yaml_value(text);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    return Object(value ? *std::move(value) : Value::map());
}

Object applied(const Object* live, const Object& desired, std::string_view manager) {
    merge::ApplyOptions options;
    options.manager = manager;
    options.api_version = desired.api_version();
    options.schema = schema::Builtin::get().find_kind(desired.group_version_kind());
    options.force = true;
    Result<merge::ApplyResult> result = merge::apply(live, desired, options);
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result ? result->object : Object();
}

constexpr std::string_view applied_deployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ns, labels: {a: b}, finalizers: [x/y]}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx
        args: [one, two]
        ports: [{containerPort: 80, protocol: TCP}]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
)";

std::string difference_of(const Object& desired, const Object& live) {
    return find_difference(desired, live, manager_children,
                           schema::Builtin::get().find_kind(desired.group_version_kind()).get())
        .value_or("none");
}

TEST(LiveMatch, KnowsWhatItsOwnApplyLeft) {
    const Object desired = object_of(applied_deployment);
    const Object live = applied(nullptr, desired, manager_children);

    EXPECT_EQ(difference_of(desired, live), "none");
    EXPECT_EQ(difference_of(desired, applied(nullptr, desired, "somebody")),
              "not applied by kro.run/applyset yet");
}

TEST(LiveMatch, DoesNotMindDefaultsAndTheFieldsOfOthers) {
    const Object desired = object_of(applied_deployment);
    Object live = applied(nullptr, desired, manager_children);
    live = applied(&live, object_of(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ns, annotations: {c: d}, finalizers: [v/w]}
spec:
  template: {spec: {containers: [{name: web, env: [{name: C, value: "3"}]}, {name: side, image: s}]}}
)"),
                   "somebody");
    Value& spec = live.mutable_value().mutable_member("spec");
    spec.set("progressDeadlineSeconds", 600);
    const Path port{"template", "spec", "containers", size_t{0}, "ports", size_t{0}, "hostPort"};
    ASSERT_TRUE(port.set_in(spec, 8080));

    EXPECT_EQ(difference_of(desired, live), "none");
}

TEST(LiveMatch, NamesWhatIsDifferent) {
    const Object desired = object_of(applied_deployment);
    const Object live = applied(nullptr, desired, manager_children);
    const auto with = [&desired](const Path& path, Value value) {
        Object out = desired;
        EXPECT_TRUE(path.set_in(out.mutable_value(), std::move(value)));
        return out;
    };
    const Path container{"spec", "template", "spec", "containers", size_t{0}};

    EXPECT_EQ(difference_of(with({"spec", "replicas"}, 3), live), "field spec.replicas differs");
    EXPECT_EQ(difference_of(with(container.child("image"), "new"), live),
              "field spec.template.spec.containers[0].image differs");
    EXPECT_EQ(difference_of(with(container.child("args"), Value::list_of({"one"})), live),
              "field spec.template.spec.containers[0].args differs");
    EXPECT_EQ(difference_of(with(container.child("tty"), true), live),
              "field spec.template.spec.containers[0].tty is missing");
    EXPECT_EQ(difference_of(with({"metadata", "finalizers"}, Value::list_of({"x/y", "z/z"})), live),
              "field metadata.finalizers lacks an item");
}

TEST(LiveMatch, NamesWhatWeOwnAndNoLongerWant) {
    const Object desired = object_of(applied_deployment);
    const Object live = applied(nullptr, desired, manager_children);
    Object without_label = desired;
    without_label.metadata().erase("labels");
    Object without_env = desired;
    const Path env{"spec", "template", "spec", "containers", size_t{0}, "env"};
    ASSERT_TRUE(env.set_in(without_env.mutable_value(),
                           Value::list_of({Value::map_of({{"name", "A"}, {"value", "1"}})})));

    EXPECT_EQ(difference_of(without_label, live), "field metadata.labels is no longer wanted");
    EXPECT_EQ(difference_of(without_env, live),
              "field spec.template.spec.containers[0].env holds an item no longer wanted");
    const Object after = applied(&live, without_env, manager_children);
    EXPECT_EQ(difference_of(without_env, after), "none");
}

}  // namespace
}  // namespace weft::graph
