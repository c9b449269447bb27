// kube/sharer_test.cc: shared objects are equal objects.

#include "kube/sharer.h"

#include <gtest/gtest.h>

#include "kube/limits.h"

namespace weft::kube {
namespace {

Object child(int number) {
    auto value = parse_json(cat(
        R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child-)", number,
        R"(","labels":{"kro.run/instance-namespace":"a-namespace-of-some-length"},)",
        R"("managedFields":[{"manager":"kro.run/applyset","operation":"Apply",)",
        R"("fieldsV1":{"f:data":{"f:value":{}},"f:metadata":{"f:labels":{"f:a-label":{}}}}}]},)",
        R"("data":{"value":")", number, R"(","flag":true,"list":[1,2.5,null]}})"));
    CHECK(value.has_value());
    return Object(*std::move(value));
}

const Value& fields_of(const Object& object) {
    return *object.value().find("metadata", "managedFields")->at(0).find("fieldsV1");
}

TEST(Sharer, KeepsObjectsEqualAndTheirCommonPartsOnce) {
    Sharer sharer;
    const Object one = sharer.share(child(1));
    const Object two = sharer.share(child(2));

    EXPECT_EQ(one, child(1));
    EXPECT_EQ(two, child(2));
    EXPECT_EQ(to_json(two.value()), to_json(child(2).value()));
    EXPECT_TRUE(fields_of(one).is_same(fields_of(two)));
}

TEST(Sharer, RemembersNoMoreThanItsLimit) {
    Sharer sharer;
    for (size_t i = 0; i < shared_parts_max * 2; ++i) {
        const Object made =
            sharer.share(Object(Value::map_of({{cat("a-key-that-is-long-", i), 1}})));
        ASSERT_EQ(made.value().size(), 1U);
    }
    EXPECT_LE(sharer.size(), shared_parts_max);
}

}  // namespace
}  // namespace weft::kube
