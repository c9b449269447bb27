// tests/conformance/kro_tables/parser.cc: expressions in texts, and templates against schemas.

#include <algorithm>

#include "graph/dag.h"
#include "graph/expression.h"
#include "graph/internal/collection.h"
#include "graph/internal/template_walk.h"
#include "schema/open_api.h"
#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {
namespace {

std::string template_row(const Value& row, const Value&) {
    std::vector<graph::ExpressionMatch> matches;
    const std::string input(member(row, "in", "input").as_string());
    for (const Value& match : member(row, "in", "matches").items()) {
        matches.push_back({match.string_at("expr"), static_cast<size_t>(match.int_at(0, "start")),
                           static_cast<size_t>(match.int_at(0, "end"))});
    }
    const std::string got = graph::concatenation(input, matches);
    return difference(member(row, "expect", "want"), got);
}

std::string extract_row(const Value& row, const Value&) {
    const std::string input(member(row, "in", "input").as_string());
    const auto found = graph::find_expressions(input);
    if (flag(row, "expect", "wantErr")) {
        return found ? "no error" : "";
    }
    if (!found) {
        return found.error().message();
    }
    Value got = Value::list();
    for (const graph::ExpressionMatch& match : *found) {
        got.push_back(
            Value::map_of({{"expr", match.text}, {"start", match.start}, {"end", match.end}}));
    }
    const Value& want = member(row, "expect", "want");
    return want.empty() && got.empty() ? "" : difference(want, got);
}

std::string one_shot_row(const Value& row, const Value&) {
    const auto standalone = graph::is_standalone(member(row, "in", "input").as_string());
    if (flag(row, "expect", "wantErr")) {
        return standalone ? "no error" : "";
    }
    if (!standalone) {
        return standalone.error().message();
    }
    return *standalone == flag(row, "expect", "want") ? "" : "standalone differs";
}

std::string join_path_row(const Value& row, const Value&) {
    const auto parent = Path::parse(member(row, "in", "path").as_string());
    if (!parent) {
        return parent.error().message();
    }
    const std::string got = parent->child(member(row, "in", "fieldName").as_string()).text();
    return difference(member(row, "expect", "want"), got);
}

std::string ready_when_row(const Value& row, const Value&) {
    std::string error;
    for (const Value& text : member(row, "in", "expression").items()) {
        const auto expression = graph::parse_standalone(text.as_string());
        if (!expression && error.empty()) {
            error = expression.error().message();
        }
    }
    const std::string_view want = row.string_at("expect", "expectedError");
    return check_error(!want.empty(), want, error);
}

Value expression_values(const std::vector<graph::FieldExpression>& fields) {
    std::vector<Value> out;
    for (const graph::FieldExpression& field : fields) {
        Value expression = Value::map_of({{"expr", field.expression.text}});
        if (!field.expression.original.empty()) {
            expression.set("template", field.expression.original);
        }
        out.push_back(Value::map_of({{"Path", field.path.text()}, {"Expression", expression}}));
    }
    std::ranges::sort(out, [](const Value& a, const Value& b) {
        return a.string_at("Path") < b.string_at("Path");
    });
    return Value::list(std::move(out));
}

// Paths and CEL texts of both sides, whatever else the tables say of an expression.
std::string compare_expressions(const Value& want, const Value& got) {
    std::vector<std::string> wanted;
    std::vector<std::string> found;
    for (const Value& item : want.items()) {
        wanted.push_back(cat(item.string_at("Path"), " ", item.string_at("Expression", "expr")));
    }
    for (const Value& item : got.items()) {
        found.push_back(cat(item.string_at("Path"), " ", item.string_at("Expression", "expr")));
    }
    std::ranges::sort(wanted);
    std::ranges::sort(found);
    return wanted == found ? "" : cat("want ", join(wanted, "; "), ", got ", join(found, "; "));
}

std::string schemaless_row(const Value& row, const Value&) {
    std::vector<std::string> plain;
    const auto found = graph::collect_expressions(member(row, "in", "resource"), &plain);
    if (flag(row, "expect", "wantErr")) {
        return found ? "no error" : "";
    }
    if (!found) {
        return found.error().message();
    }
    if (std::string problem =
            compare_expressions(member(row, "in", "expressionsWant"), expression_values(*found));
        !problem.empty()) {
        return problem;
    }
    std::vector<std::string> wanted;
    for (const Value& path : member(row, "in", "plainFieldPathsWant").items()) {
        wanted.emplace_back(path.as_string());
    }
    std::ranges::sort(wanted);
    std::ranges::sort(plain);
    return wanted == plain
               ? ""
               : cat("plain paths: want ", join(wanted, "; "), ", got ", join(plain, "; "));
}

// A list of types is no Kubernetes schema; beside oneOf it says nothing, since oneOf comes first.
void drop_type_lists(Value& schema) {
    const Value* type = schema.find("type");
    if (type != nullptr && type->is_list() && schema.contains("oneOf")) {
        schema.erase("type");
    }
    if (Value* properties = schema.find_mutable("properties")) {
        for (size_t i = 0; i < properties->size(); ++i) {
            drop_type_lists(
                properties->mutable_member(std::string(properties->members()[i].name())));
        }
    }
}

std::string walk_row(const Value& row, const Value& document) {
    const Value* schema_json = row.find("in", "schema");
    if (schema_json == nullptr) {
        schema_json = document.find("context", "schema");
    }
    const Value* resource = row.find("in", "resource");
    if (resource == nullptr) {
        resource = row.find("in", "field");
    }
    schema::SchemaPtr schema;
    if (schema_json != nullptr && !schema_json->is_null()) {
        Value whole = *schema_json;
        drop_type_lists(whole);
        auto read = schema::from_open_api(whole);
        if (!read) {
            return cat("skip: no OpenAPI schema: ", read.error().message());
        }
        schema = *std::move(read);
    }
    const graph::TemplateWalk walk =
        graph::walk_template(resource == nullptr ? Value() : *resource, schema.get());
    const std::string error = walk.mistakes.empty() ? "" : walk.mistakes[0].message;
    std::string_view want = row.string_at("expect", "expectedError");
    if (want.empty()) {
        want = row.string_at("expect", "wantErrMsg");
    }
    const bool wants_error = !want.empty() || flag(row, "expect", "wantErr");
    if (std::string problem = check_error(wants_error, want, error); !problem.empty()) {
        return problem;
    }
    if (const Value* expressions = row.find("expect", "expectedExpressions")) {
        return compare_expressions(*expressions, expression_values(walk.expressions));
    }
    if (row.find("expect", "expectedExpr") != nullptr) {
        if (walk.expressions.size() != 1 ||
            walk.expressions[0].path.text() != row.string_at("expect", "expectedExprPath") ||
            walk.expressions[0].expression.text != row.string_at("expect", "expectedExpr")) {
            return "other expressions";
        }
    }
    return "";
}

std::string sub_schemas_row(const Value& row, const Value&) {
    std::vector<schema::SchemaPtr> owners;
    std::vector<const schema::Schema*> schemas;
    for (const Value& json : member(row, "in", "subSchemas").items()) {
        auto schema = schema::from_open_api(json);
        if (!schema) {
            return cat("skip: no OpenAPI schema: ", schema.error().message());
        }
        schemas.push_back(schema->get());
        owners.push_back(*std::move(schema));
    }
    std::vector<std::string> got = graph::alternative_type_names(schemas);
    std::vector<std::string> want;
    for (const Value& type : member(row, "expect", "wantTypes").items()) {
        want.emplace_back(type.as_string());
    }
    std::ranges::sort(got);
    std::ranges::sort(want);
    return want == got ? "" : cat("got ", join(got, ", "));
}

std::vector<std::string> names(std::string_view text) {
    std::vector<std::string> out;
    for (const std::string_view part : split(text, ',')) {
        if (!part.empty()) {
            out.emplace_back(part);
        }
    }
    return out;
}

Result<graph::Dag> dag_of(std::string_view nodes, std::string_view edges) {
    graph::Dag dag;
    for (const std::string& node : names(nodes)) {
        TRY(dag.add_node(node));
    }
    for (const std::string& edge : names(edges)) {
        const size_t arrow = edge.find("->");
        TRY(dag.add_dependencies(edge.substr(arrow + 2), {edge.substr(0, arrow)}));
    }
    return dag;
}

std::string sort_row(const Value& row, const Value&) {
    const auto dag = dag_of(row.string_at("in", "Nodes"), row.string_at("in", "Edges"));
    if (!dag) {
        return dag.error().message();
    }
    const std::string got = join(dag->topological_order(), ",");
    return got == row.string_at("expect", "Want") ? "" : cat("got ", got);
}

std::string layers_row(const Value& row, const Value&) {
    const auto dag = dag_of(row.string_at("in", "nodes"), row.string_at("in", "edges"));
    if (!dag) {
        return dag.error().message();
    }
    Value got = Value::list();
    for (const std::vector<std::string>& layer : dag->reverse_layers()) {
        got.push_back(Value::list(std::vector<Value>(layer.begin(), layer.end())));
    }
    return difference(member(row, "expect", "want"), got);
}

std::string product_row(const Value& row, const Value&) {
    std::vector<Value> dimensions;
    std::vector<std::string> variables;
    for (const Value& dimension : member(row, "in", "dimensions").items()) {
        dimensions.push_back(*dimension.find("values"));
        variables.emplace_back(dimension.string_at("name"));
    }
    const auto product = graph::cartesian_product(dimensions, 1000);
    const std::string_view error = row.string_at("expect", "errorContains");
    if (!product || !error.empty()) {
        return check_error(!error.empty(), error, product ? "" : product.error().message());
    }
    Value got = Value::list();
    for (const std::vector<Value>& item : *product) {
        Value entry = Value::map();
        for (size_t i = 0; i < item.size(); ++i) {
            entry.set(variables[i], item[i]);
        }
        got.push_back(std::move(entry));
    }
    const Value& want = member(row, "expect", "want");
    return want.empty() && got.empty() ? "" : difference(want, got);
}

const Area parser_areas[] = {
    {"parser__BuildStringTemplate", template_row},
    {"parser__ExtractExpressions", extract_row},
    {"parser__IsOneShotExpression", one_shot_row},
    {"parser__JoinPathAndFieldName", join_path_row},
    {"parser__ParseReadyWhen", ready_when_row},
    {"parser__ParseSchemalessResource", schemaless_row},
    {"parser__ParseSchemalessResourceEdgeCases", schemaless_row},
    {"parser__CollectTypesFromSubSchemas", sub_schemas_row},
    {"parser__EmptyBracesInExpressions", walk_row},
    {"parser__NestedXKubernetesIntOrString", walk_row},
    {"parser__OneOfAndAnyOf", walk_row},
    {"parser__ParserEdgeCases", walk_row},
    {"parser__PartScalerTypesShortSpecTypes", walk_row},
    {"parser__PreserveUnknownFields", walk_row},
    {"parser__TypeMismatches", walk_row},
    {"parser__XKubernetesIntOrString", walk_row},
    {"dag__DAGTopologicalSort", sort_row},
    {"dag__DAGReverseTopologicalLayers", layers_row},
    {"runtime__CartesianProduct", product_row},
};

}  // namespace
}  // namespace weft::conformance
