// graph/dag_test.cc: orders, layers, cycles; names; expressions in texts.

#include "graph/dag.h"

#include <gtest/gtest.h>

#include "graph/expression.h"
#include "graph/names.h"

namespace weft::graph {
namespace {

Dag dag_of(const std::vector<std::string>& nodes,
           const std::vector<std::pair<std::string, std::vector<std::string>>>& dependencies) {
    Dag dag;
    for (const std::string& node : nodes) {
        EXPECT_TRUE(dag.add_node(node));
    }
    for (const auto& [node, needs] : dependencies) {
        EXPECT_TRUE(dag.add_dependencies(node, needs));
    }
    return dag;
}

using Layers = std::vector<std::vector<std::string>>;

TEST(Dag, KeepsTheOrderOfAddingWhereItMay) {
    const Dag dag = dag_of({"c", "a", "b"}, {{"c", {"b"}}});

    EXPECT_EQ(dag.topological_order(), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(dag.reverse_layers(), (Layers{{"c", "a"}, {"b"}}));
}

TEST(Dag, NamesTheWholeCycleAndNothingElse) {
    Dag dag = dag_of({"top", "web", "db"}, {{"top", {"web"}}, {"web", {"db"}}});

    EXPECT_EQ(dag.add_dependencies("db", {"web"}).error().message(),
              "graph contains a cycle: web -> db -> web");
    EXPECT_EQ(dag.topological_order().size(), 3U);
    EXPECT_EQ(dag.add_dependencies("db", {"db"}).error().message(),
              "self references are not allowed");
    EXPECT_EQ(dag.add_dependencies("db", {"x"}).error().message(), "node x does not exist");
    EXPECT_EQ(dag.add_node("db").error().message(), "node db already exists");
}

TEST(Names, FollowKro) {
    EXPECT_TRUE(is_reserved_word("schema"));
    EXPECT_TRUE(is_reserved_word("while"));
    EXPECT_FALSE(is_reserved_word("Schema"));
    EXPECT_TRUE(is_kubernetes_version("v1alpha1"));
    EXPECT_FALSE(is_kubernetes_version("v1alpha"));
    EXPECT_FALSE(is_kubernetes_version("1"));
    EXPECT_EQ(parse_type_names("a/b/c", "X").error().message(),
              "invalid apiVersion format \"a/b/c\": unexpected GroupVersion string: a/b/c");
    EXPECT_EQ(parse_type_names("apps/v1", "Deployment")->group, "apps");
}

std::string cel_of(std::string_view text) {
    const Result<std::optional<Expression>> parsed = parse_expression(text);
    EXPECT_TRUE(parsed);
    return parsed && *parsed ? (*parsed)->text : "(none)";
}

TEST(Expression, StandsAloneOrBecomesAConcatenation) {
    EXPECT_EQ(cel_of("${a.b}"), "a.b");
    EXPECT_EQ(cel_of("x-${a}-y"), R"("x-" + (a) + "-y")");
    EXPECT_EQ(cel_of("${1}${2}"), "(1) + (2)");
    EXPECT_EQ(cel_of("${a}\n"), R"((a) + "\n")");
    EXPECT_EQ(cel_of("no"), "(none)");
}

TEST(Expression, CountsBracesOutsideOfDoubleQuotesOnly) {
    EXPECT_EQ(cel_of(R"(${c ? {} : {"}": 1}})"), R"(c ? {} : {"}": 1})");
    EXPECT_EQ(cel_of(R"(${"${VAR}"})"), R"("${VAR}")");
    EXPECT_EQ(cel_of("${'}'}"), R"((') + "'}")");
    EXPECT_EQ(find_expressions("${outer(${inner})}").error().message(),
              "nested expressions are not allowed unless inside string literals");
    EXPECT_EQ(parse_standalone("${a}-b").error().message(),
              "only standalone expressions are allowed");
}

TEST(Expression, LeavesWhatIsNeverClosed) {
    const Result<std::vector<ExpressionMatch>> found = find_expressions("a ${b");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->empty());
    EXPECT_FALSE(find_expressions("${open ${a}")) << "told as nested before the end is missed";
}

}  // namespace
}  // namespace weft::graph
