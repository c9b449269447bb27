// schema/go_json_test.cc: proves that objects come out as Go's types would print them.

#include "schema/go_json.h"

#include <gtest/gtest.h>

#include "schema/builtin.h"
#include "schema/quantity.h"

namespace weft::schema {
namespace {

Result<Value> canonical_of(const char* definition, const char* json,
                           std::vector<std::string>* unknown = nullptr) {
    const GoTypes types(&Builtin::get());
    return types.canonical(definition, *parse_json(json), unknown);
}

TEST(GoJson, OrdersMembersAndWritesWhatGoCannotOmit) {
    const auto service = canonical_of(
        "io.k8s.api.core.v1.Service",
        R"({"spec":{"type":"ClusterIP","ports":[{"port":80}]},"apiVersion":"v1","metadata":{"labels":{"b":"","a":"x"},"name":"s"}})");

    ASSERT_TRUE(service);
    EXPECT_EQ(to_json(*service),
              R"({"apiVersion":"v1","metadata":{"name":"s","labels":{"a":"x","b":""}},)"
              R"("spec":{"ports":[{"port":80,"targetPort":0}],"type":"ClusterIP"},)"
              R"("status":{"loadBalancer":{}}})");
}

TEST(GoJson, NamesUnknownMembersByTheirPlaces) {
    std::vector<std::string> unknown;
    const auto pod = canonical_of(
        "io.k8s.api.core.v1.Pod",
        R"({"metadata":{"labelz":{}},"spec":{"containers":[{"name":"a","imagee":"x"}],"nope":1},"extra":true})",
        &unknown);

    ASSERT_TRUE(pod);
    EXPECT_EQ(unknown, (std::vector<std::string>{"metadata.labelz", "spec.containers[0].imagee",
                                                 "spec.nope", "extra"}));
}

TEST(GoJson, RefusesTypesWithTheTextOfTheDecoder) {
    const auto wrong = canonical_of("io.k8s.api.apps.v1.Deployment",
                                    R"({"spec":{"template":{"spec":{"containers":[1]}}}})");

    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message(),
              "json: cannot unmarshal number into Go struct field "
              "PodSpec.spec.template.spec.containers of type v1.Container");
}

TEST(Quantity, KeepsATextThatIsAsGoodAsTheCanonicalOne) {
    EXPECT_EQ(canonical_quantity("1000m"), "1");
    EXPECT_EQ(canonical_quantity("0.5"), "500m");
    EXPECT_EQ(canonical_quantity("1024Mi"), "1Gi");
    EXPECT_EQ(canonical_quantity("1.5Gi"), "1536Mi");
    EXPECT_EQ(canonical_quantity("1E3"), "1E3");
    EXPECT_EQ(canonical_quantity("lots"), std::nullopt);
}

}  // namespace
}  // namespace weft::schema
