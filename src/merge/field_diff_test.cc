// merge/field_diff_test.cc: proof of field_diff.h.

#include "merge/field_diff.h"

#include <gtest/gtest.h>

#include "object/json.h"
#include "schema/builtin.h"

namespace weft::merge {
namespace {

std::vector<std::string> lines(std::string_view before, std::string_view after,
                               const FieldDiffOptions& options = {}) {
    std::vector<std::string> out;
    for (const FieldDifference& difference :
         field_diff(parse_json(before).value(), parse_json(after).value(), options)) {
        out.push_back(to_text(difference));
    }
    return out;
}

using Lines = std::vector<std::string>;

TEST(FieldDiff, SaysWhatChangedWhatCameAndWhatWent) {
    EXPECT_EQ(
        lines(R"({"spec":{"replicas":2,"old":"x"}})", R"({"spec":{"replicas":3,"new":true}})"),
        (Lines{"spec.replicas: 2 → 3", "spec.old: removed (was \"x\")", "spec.new: set to true"}));
}

TEST(FieldDiff, MatchesItemsByTheirNames) {
    EXPECT_EQ(lines(R"({"containers":[{"name":"a","image":"x:1"},{"name":"b"}]})",
                    R"({"containers":[{"name":"b"},{"name":"a","image":"x:2"}]})"),
              (Lines{"containers[name=\"a\"].image: \"x:1\" → \"x:2\""}));
}

TEST(FieldDiff, MatchesItemsByTheKeysOfTheSchema) {
    const schema::SchemaPtr service =
        schema::Builtin::get().find_kind({.group = "", .version = "v1", .kind = "Service"});

    EXPECT_EQ(
        lines(R"({"spec":{"ports":[{"port":80,"targetPort":1},{"port":81}]}})",
              R"({"spec":{"ports":[{"port":80,"targetPort":2}]}})", {.schema = service.get()}),
        (Lines{"spec.ports[port=80,protocol=\"TCP\"].targetPort: 1 → 2",
               "spec.ports[port=81,protocol=\"TCP\"]: removed (was {\"port\":81})"}));
}

TEST(FieldDiff, LeavesOutWhatTheServerKeepsForItself) {
    const std::string_view before =
        R"({"metadata":{"resourceVersion":"1","annotations":{"a.b/c":"1"}}})";
    const std::string_view after =
        R"({"metadata":{"resourceVersion":"2","annotations":{"a.b/c":"2"}}})";

    EXPECT_EQ(lines(before, after), (Lines{"metadata.annotations[\"a.b/c\"]: \"1\" → \"2\""}));
    EXPECT_EQ(lines(before, after, {.without_bookkeeping = false}).size(), 2U);
}

TEST(FieldDiff, SaysThatOnlyTheOrderIsAnother) {
    EXPECT_EQ(
        lines(R"({"l":[{"name":"a"},{"name":"b"}]})", R"({"l":[{"name":"b"},{"name":"a"}]})"),
        (Lines{"l: [{\"name\":\"a\"},{\"name\":\"b\"}] → [{\"name\":\"b\"},{\"name\":\"a\"}]"}));
    EXPECT_EQ(lines(R"({"a":1})", R"({"a":1.0})"), Lines{});
}

}  // namespace
}  // namespace weft::merge
