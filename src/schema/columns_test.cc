// schema/columns_test.cc: proves Table cells of builtin kinds, and JSONPaths.

#include "schema/columns.h"

#include <gtest/gtest.h>

#include "schema/json_path.h"

namespace weft::schema {
namespace {

Value value_of(std::string_view text) {
    Result<Value> value = parse_json(text);
    return value ? std::move(*value) : Value();
}

std::string cells_of(std::string_view group, std::string_view kind, std::string_view object,
                     Time now = {1'700'000'000, 0}) {
    return to_json(Value::list(table_row(group, kind, value_of(object), now).cells));
}

TEST(Columns, HaveAsManyCellsForEveryKind) {
    const Builtin& builtin = Builtin::get();
    for (const BuiltinResource& resource : builtin.resources()) {
        const size_t cells =
            table_row(resource.group, resource.kind, Value::map(), {}).cells.size();
        const size_t columns = columns_of(builtin, resource.group, resource.kind).size();
        // Upstream gives an IPAddress one cell too many.
        EXPECT_EQ(cells, columns + (resource.kind == "IPAddress" ? 1 : 0)) << resource.kind;
    }
}

TEST(Columns, ShowAPodThatCrashes) {
    EXPECT_EQ(
        cells_of("", "Pod", R"({"metadata":{"name":"p","creationTimestamp":"2023-11-14T21:13:20Z"},
        "spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running","containerStatuses":[
        {"name":"a","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
         "lastState":{"terminated":{"exitCode":1,"finishedAt":"2023-11-14T22:08:20Z"}}}]}})"),
        R"x(["p","0/1","CrashLoopBackOff","3 (5m ago)","60m","<none>","<none>","<none>","<none>"])x");
}

TEST(Columns, MarkAPodThatIsDone) {
    const TableRow row = table_row("", "Pod", value_of(R"({"status":{"phase":"Succeeded"}})"), {});
    EXPECT_EQ(row.conditions.at(0).string_at("type"), "Completed");
    EXPECT_TRUE(table_row("", "Pod", Value::map(), {}).conditions.is_null());
}

TEST(Columns, FallBackToNameAndTime) {
    EXPECT_EQ(cells_of("rbac.authorization.k8s.io", "Role",
                       R"({"metadata":{"name":"r","creationTimestamp":"2023-11-14T21:13:20Z"}})"),
              R"(["r","2023-11-14T21:13:20Z"])");
}

TEST(Columns, WriteSelectorsSorted) {
    EXPECT_EQ(label_selector_text(nullptr), "");
    const Value selector = value_of(R"({"matchLabels":{"b":"1"},"matchExpressions":[
        {"key":"a","operator":"In","values":["y","x"]},{"key":"c","operator":"DoesNotExist"}]})");
    EXPECT_EQ(label_selector_text(&selector), "a in (x,y),b=1,!c");
}

std::string found_by(std::string_view path, std::string_view object) {
    const Value root = value_of(object);
    const Result<JsonPath> parsed = JsonPath::parse(path);
    if (!parsed) {
        return parsed.error().message();
    }
    std::string out;
    for (const Value* value : parsed->find(root)) {
        append(out, out.empty() ? "" : " ", json_path_text(*value));
    }
    return out;
}

TEST(JsonPath, LeadsToMembersItemsAndWhatAFilterKeeps) {
    constexpr std::string_view object = R"({"spec":{"a":"x","l":[1,2,3],"b.c":{"d":true}},
        "status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Other","n":5}]}})";
    EXPECT_EQ(found_by(".spec.a", object), "x");
    EXPECT_EQ(found_by("{.spec.a}", object), "x");
    EXPECT_EQ(found_by(".spec.l[0]", object), "1");
    EXPECT_EQ(found_by(".spec.l[-1]", object), "3");
    EXPECT_EQ(found_by(".spec.l[*]", object), "1 2 3");
    EXPECT_EQ(found_by(".spec.l[0:2]", object), "1 2");
    EXPECT_EQ(found_by(".spec['b.c'].d", object), "true");
    EXPECT_EQ(found_by(".spec.b\\.c", object), R"({"d":true})");
    EXPECT_EQ(found_by(R"(.status.conditions[?(@.type=="Ready")].status)", object), "True");
    EXPECT_EQ(found_by(".status.conditions[?(@.n > 4)].type", object), "Other");
    EXPECT_EQ(found_by("..n", object), "5");
    EXPECT_EQ(found_by(".spec.missing.x", object), "");
}

TEST(JsonPath, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(found_by(".a[", "{}"),
              "JSONPath \".a[\", column 4: expected an index, a name in quotes, * or ?");
    EXPECT_EQ(found_by(".a['b", "{}"),
              "JSONPath \".a['b\", column 6: the quoted text does not end");
    EXPECT_EQ(found_by(".a[?(@.b", "{}"), "JSONPath \".a[?(@.b\", column 9: expected )");
}

}  // namespace
}  // namespace weft::schema
