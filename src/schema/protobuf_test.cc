// schema/protobuf_test.cc: proves the protobuf form of builtin objects on small ones.
//
// The golden objects of Kubernetes are tests/conformance/golden.cc.

#include "schema/protobuf.h"

#include <gtest/gtest.h>
#include <map>

namespace weft::schema {
namespace {

const Protobuf& protobuf() {
    static const Protobuf instance(&Builtin::get());
    return instance;
}

Value object_of(std::string_view text) {
    Result<Value> value = parse_json(text);
    return value ? std::move(*value) : Value();
}

TEST(Protobuf, GivesBackWhatItWrote) {
    const Value config = object_of(
        R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"1","y":"2"}},)"
        R"("data":{"k":"v"},"binaryData":{"b":"AQID"}})");

    const Result<std::string> bytes = protobuf().encode(config);
    ASSERT_TRUE(bytes.has_value());

    EXPECT_TRUE(Protobuf::has_envelope(*bytes));
    EXPECT_EQ(to_json(*protobuf().decode(*bytes)), to_json(config));
}

TEST(Protobuf, ReadsOptionsInAnyGroupVersion) {
    const Value options = object_of(
        R"({"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0,"propagationPolicy":"Orphan"})");

    const Result<std::string> bytes = protobuf().encode(options);

    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(to_json(*protobuf().decode(*bytes)), to_json(options));
}

TEST(Protobuf, RefusesBrokenBytesAndUnknownKinds) {
    EXPECT_EQ(protobuf().decode("{}").error().reason(), Reason::bad_request);
    EXPECT_EQ(protobuf().decode(std::string_view("k8s\0\x0a\x7f", 6)).error().message(),
              "invalid protobuf envelope");
    EXPECT_EQ(protobuf().decode_message("\x0a\x7f", {"", "v1", "Pod"}).error().message(),
              "invalid protobuf message Pod");
    EXPECT_EQ(
        protobuf().encode(object_of(R"({"apiVersion":"x.io/v1","kind":"Y"})")).error().reason(),
        Reason::not_acceptable);
}

TEST(Protobuf, PutsAnObjectIntoAWatchEvent) {
    const Value pod = object_of(R"({"kind":"Pod","apiVersion":"v1"})");

    const std::string frame = *protobuf().encode_watch_frame("ADDED", pod);

    EXPECT_EQ(frame.substr(0, 3), std::string_view("\0\0\0", 3));
    EXPECT_EQ(static_cast<size_t>(static_cast<unsigned char>(frame[3])), frame.size() - 4);
    EXPECT_EQ(frame.substr(4, 7),
              "\x0a\x05"
              "ADDED");
    EXPECT_NE(frame.find("k8s"), std::string::npos);
}

TEST(Protobuf, WritesAListItemByItemAsItWritesItWhole) {
    const Value list = object_of(
        R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"x"},)"
        R"("items":[{"metadata":{"name":"a"},"data":{"k":"v"}},{"metadata":{"name":"b"}}]})");

    std::map<size_t, std::string> made;
    Protobuf::ListItems items;
    items.item = [&list](size_t nth) -> Result<Value> { return list.find("items")->items()[nth]; };
    items.known = [&made](size_t nth) { return made.contains(nth) ? &made[nth] : nullptr; };
    items.made = [&made](size_t nth, std::string_view message) { made[nth] = message; };
    const auto write = [&] {
        return protobuf().encode_list({"", "v1", "ConfigMapList"}, *list.find("metadata"), 2,
                                      items);
    };

    const Result<std::string> bytes = write();

    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(*bytes, *protobuf().encode(list));
    // What was made once serves again.
    EXPECT_EQ(made.size(), 2U);
    items.item = [](size_t) -> Result<Value> { return make_error(Reason::unknown, "not asked"); };
    EXPECT_EQ(write().value(), *bytes);
}

TEST(Protobuf, KnowsWhatEveryAnswerCanBe) {
    for (const std::string_view kind :
         {"Status", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupList",
          "APIGroup", "APIResourceList", "APIVersions"}) {
        const bool is_metadata = kind.starts_with("Partial");
        EXPECT_TRUE(protobuf().knows({is_metadata ? "meta.k8s.io" : "", "v1", std::string(kind)}))
            << kind;
    }
    const Value metadata = object_of(
        R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}})");
    EXPECT_EQ(protobuf().decode(*protobuf().encode(metadata))->string_at("metadata", "name"), "a");
}

}  // namespace
}  // namespace weft::schema
