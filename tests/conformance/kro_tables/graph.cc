// tests/conformance/kro_tables/graph.cc: whole definitions, and the checks on the way to a graph.

#include <algorithm>

#include "graph/internal/condition_checks.h"
#include "graph/internal/entry_checks.h"
#include "graph/internal/inspect.h"
#include "graph/names.h"
#include "schema/open_api.h"
#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {
namespace {

// The kinds of fake-cluster.json.
class FakeCluster {
public:
    static const FakeCluster& get() {
        static const FakeCluster cluster;
        return cluster;
    }

    Result<graph::KindFacts> find(const GroupVersionKind& kind) const {
        const auto found = kinds_.find(kind);
        if (found == kinds_.end()) {
            return make_error(Reason::not_found, "schema not found");
        }
        return found->second;
    }

private:
    FakeCluster() {
        const Value cluster = read_json(tables_folder() / "fake-cluster.json");
        for (const Value& entry : cluster.find("schemas")->items()) {
            const auto version = parse_api_version(entry.string_at("apiVersion"));
            const GroupVersionKind kind{version->group, version->version,
                                        std::string(entry.string_at("kind"))};
            auto schema = schema::from_open_api(*entry.find("schema"));
            if (!schema) {
                std::fprintf(stderr, "%s: %s\n", kind.kind.c_str(),
                             schema.error().message().c_str());
                std::exit(2);
            }
            kinds_[kind].schema = *std::move(schema);
        }
        for (const Value& group : cluster.find("discovery", "Resources")->items()) {
            const auto version = parse_api_version(group.string_at("groupVersion"));
            for (const Value& resource : group.find("apiResources")->items()) {
                graph::KindFacts& facts = kinds_[{version->group, version->version,
                                                  std::string(resource.string_at("kind"))}];
                facts.resource = resource.string_at("name");
                facts.namespaced = resource.find("namespaced")->as_bool();
            }
        }
    }

    std::map<GroupVersionKind, graph::KindFacts> kinds_;
};

graph::Compiled compile(const Value& definition, int64_t dimensions = 5) {
    Diagnostics told;
    Value object = definition;
    if (object.find("metadata") == nullptr) {
        object.set("metadata", Value::map_of({{"name", "test"}}));
    }
    const graph::Definition parsed = graph::parse_definition(Object(object), &told);
    graph::CompileContext context;
    context.find_kind = [](const GroupVersionKind& kind) { return FakeCluster::get().find(kind); };
    context.collection_dimensions = dimensions;
    context.gates.cel_omit_function = true;
    graph::Compiled out = graph::compile(parsed, context);
    out.diagnostics.insert(out.diagnostics.begin(), told.begin(), told.end());
    return out;
}

std::string definition_row(const Value& row, const Value&) {
    const graph::Compiled compiled = compile(member(row, "in", "rgd"));
    return check_error(flag(row, "expect", "wantErr"), row.string_at("expect", "errMsg"),
                       graph::first_error_text(compiled.diagnostics));
}

// Only what is said about names.
std::string names_row(const Value& row, std::initializer_list<std::string_view> ids) {
    const graph::Compiled compiled = compile(
        member(row, "in", "rgd"), row.int_at(10, "in", "rgdConfig", "MaxCollectionDimensionSize"));
    std::string error;
    for (const Diagnostic& diagnostic : compiled.diagnostics) {
        if (error.empty() && std::ranges::find(ids, diagnostic.id) != ids.end()) {
            error = diagnostic.message;
        }
    }
    const bool wanted = flag(row, "expect", "expectError") || flag(row, "expect", "wantErr");
    return check_error(wanted, row.string_at("expect", "errorMsg"), error);
}
std::string ids_row(const Value& row, const Value&) {
    return names_row(row, {"G003"});
}
std::string dimensions_row(const Value& row, const Value&) {
    return names_row(row, {"G004", "G024"});
}
std::string definition_names_row(const Value& row, const Value&) {
    return names_row(row, {"G002", "G003", "G004", "G024"});
}

Value definition_with(std::string_view member_name, Value member_value) {
    Value schema = Value::map_of({{"apiVersion", "v1alpha1"},
                                  {"kind", "Test"},
                                  {"spec", Value::map_of({{"name", "string"}})}});
    schema.set(member_name, std::move(member_value));
    return Value::map_of({{"spec", Value::map_of({{"schema", std::move(schema)}})}});
}

std::string conditions_row(const Value& row, const Value&) {
    const Value status =
        Value::map_of({{"conditions", Value::list_of({member(row, "in", "expr")})}});
    const graph::Compiled compiled = compile(definition_with("status", status));
    const std::string_view want = row.string_at("expect", "errSubstr");
    return check_error(!want.empty(), want, graph::first_error_text(compiled.diagnostics));
}

// Raw bytes that are no YAML map arrive here as the text that they are.
std::string raw_schema_row(const Value& row, const Value&) {
    const bool in_types = row.find("in", "schema", "types", "$raw") != nullptr;
    const graph::Compiled compiled = compile(definition_with(in_types ? "types" : "spec", "["));
    return check_error(true, row.string_at("expect", "wantErr"),
                       graph::first_error_text(compiled.diagnostics));
}

// The tables call their one resource `resource`, which is no legal id: it is `thing` here.
std::string status_row(const Value& row, const Value&) {
    const std::string text =
        replace_all(member(row, "in", "statusRaw").as_string(), "resource.spec", "thing.spec");
    const auto parsed = parse_yaml_value(text);
    Value definition = definition_with("status", parsed ? *parsed : Value(text));
    definition.set("metadata", Value::map_of({{"name", "test"}}));
    const Value object =
        Value::map_of({{"apiVersion", "v1"}, {"kind", "Thing"}, {"metadata", Value::map()}});
    definition.mutable_member("spec").set(
        "resources", Value::list_of({Value::map_of({{"id", "thing"}, {"template", object}})}));
    const auto schema = schema::from_open_api(*parse_json(
        R"({"type":"object","properties":{"apiVersion":{"type":"string"},"kind":{"type":"string"},
            "metadata":{"type":"object"},
            "spec":{"type":"object","properties":{"replicas":{"type":"integer"}}}}})"));
    graph::CompileContext context;
    context.find_kind = [&schema](const GroupVersionKind&) -> Result<graph::KindFacts> {
        return graph::KindFacts{*schema, "things", true};
    };
    Diagnostics told;
    const graph::Definition parsed_definition = graph::parse_definition(Object(definition), &told);
    graph::Compiled compiled = graph::compile(parsed_definition, context);
    compiled.diagnostics.insert(compiled.diagnostics.begin(), told.begin(), told.end());
    const std::string want =
        replace_all(row.string_at("expect", "wantErr"), "resource.spec", "thing.spec");
    // The place in the expression moves with the shorter name.
    const std::string error = graph::first_error_text(compiled.diagnostics);
    return check_error(!want.empty(), want, error);
}

std::string reserved_row(const Value& row, const Value&) {
    return graph::is_reserved_word(member(row, "in", "word").as_string()) ==
                   flag(row, "expect", "expected")
               ? ""
               : "differs";
}

std::string resource_name_row(const Value& row, const Value&) {
    return graph::is_lower_camel_case(row.string_at("name")) == flag(row, "expect", "expected")
               ? ""
               : "differs";
}

std::string version_row(const Value& row, const Value&) {
    return graph::is_kubernetes_version(member(row, "in", "version").as_string()) ==
                   flag(row, "expect", "shouldPass")
               ? ""
               : "differs";
}

std::string text_of(const Status& status) {
    return status ? "" : status.error().message();
}

std::string structure_row(const Value& row, const Value&) {
    return check_error(flag(row, "expect", "wantErr"), row.string_at("expect", "errMsg"),
                       text_of(graph::check_object_structure(member(row, "in", "obj"))));
}

std::string combination_row(const Value& row, const Value&) {
    const Value& resource = member(row, "in", "res");
    const Value* dimensions = resource.find("forEach");
    const Status status = graph::check_combination(
        resource.string_at("id"), resource.find("template") != nullptr,
        resource.find("externalRef") != nullptr, dimensions == nullptr ? 0 : dimensions->size());
    const std::string_view want = row.string_at("expect", "wantErr");
    return check_error(!want.empty(), want, text_of(status));
}

std::string constraints_row(const Value& row, const Value&) {
    const Value& resource = member(row, "in", "resource");
    const Value& object = member(row, "in", "object");
    const std::string_view id = resource.string_at("id");
    std::string error = text_of(graph::check_namespace(
        id, resource.find("externalRef", "metadata", "selector") != nullptr, object,
        flag(row, "in", "namespaced"), flag(row, "in", "instanceNamespaced")));
    if (error.empty()) {
        error = text_of(graph::check_reserved_labels(id, object));
    }
    const std::string_view want = row.string_at("expect", "wantErr");
    return check_error(!want.empty(), want, error);
}

std::string labels_row(const Value& row, const Value&) {
    return check_error(flag(row, "expect", "expectError"), row.string_at("expect", "errorMsg"),
                       text_of(graph::check_reserved_labels(row.string_at("in", "resourceID"),
                                                            member(row, "in", "obj"))));
}

std::string annotations_row(const Value& row, const Value&) {
    const Value object = Value::map_of(
        {{"metadata", Value::map_of({{"annotations", member(row, "in", "annotations")}})}});
    return check_error(flag(row, "expect", "expectError"), row.string_at("expect", "errorMsg"),
                       text_of(graph::check_reserved_annotations("x", object)));
}

std::string condition_literals_row(const Value& row, const Value&) {
    std::vector<std::string> texts;
    for (const Value& text : member(row, "in", "exprs").items()) {
        texts.emplace_back(text.as_string());
    }
    const std::string error =
        text_of(graph::check_condition_literals(graph::base_environment(), texts));
    const Value& wanted = member(row, "expect", "wantErrs");
    if (wanted.empty()) {
        return error;
    }
    for (const Value& part : wanted.items()) {
        if (std::string problem = check_error(true, part.as_string(), error); !problem.empty()) {
            return problem;
        }
    }
    return "";
}

// One node with one field; a whole definition is made of it, so that omit() meets every check.
std::string identity_row(const Value& row, const Value&) {
    const Value& nodes = member(row, "in", "nodes");
    Value resources = Value::list();
    bool namespaced = true;
    for (const Member& node : nodes.members()) {
        Value object = Value::map_of({{"apiVersion", "v1"}, {"kind", "Thing"}});
        object.set("metadata", Value::map_of({{"name", "x"}}));
        const Value* is_namespaced = node.value.find("Meta", "Namespaced");
        namespaced = is_namespaced != nullptr && is_namespaced->as_bool();
        if (namespaced) {
            object.mutable_member("metadata").set("namespace", "n");
        }
        for (const Value& variable : node.value.find("Variables")->items()) {
            const Value& field = *variable.find("FieldDescriptor");
            const std::string text = cat("${", field.string_at("Expression", "expr"), "}");
            if (!Path::parse(field.string_at("Path"))->set_in(object, text)) {
                return "skip: the path leads nowhere";
            }
        }
        resources.push_back(Value::map_of({{"id", node.name()}, {"template", object}}));
    }
    if (!namespaced && to_json(resources).contains("\"namespace\"")) {
        return "skip: a cluster-scoped kind with a namespace is refused before";
    }
    const bool instance_namespaced = flag(row, "in", "isInstanceNamespaced");
    Value definition = definition_with("scope", instance_namespaced ? "Namespaced" : "Cluster");
    definition.mutable_member("spec").set("resources", resources);
    definition.set("metadata", Value::map_of({{"name", "test"}}));
    const auto schema = schema::from_open_api(
        Value::map_of({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}));
    graph::CompileContext context;
    context.gates.cel_omit_function = true;
    context.find_kind = [&](const GroupVersionKind&) -> Result<graph::KindFacts> {
        return graph::KindFacts{*schema, "things", namespaced};
    };
    Diagnostics told;
    const graph::Compiled compiled =
        graph::compile(graph::parse_definition(Object(definition), &told), context);
    const std::string_view want = row.string_at("expect", "wantErr");
    return check_error(!want.empty(), want, graph::first_error_text(compiled.diagnostics));
}

// Ids that an expression reads, as the tables list them: one entry each time.
std::vector<std::string> wanted_names(const Value& list, std::string_view member_name) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) {
        std::string name(item.string_at(member_name));
        if (std::ranges::find(out, name) == out.end()) {
            out.push_back(std::move(name));
        }
    }
    std::ranges::sort(out);
    return out;
}

// References, unknown names and unknown functions; the list of calls is kro's own business.
std::string inspect_row(const Value& row, const Value&) {
    std::set<std::string, std::less<>> known;
    for (const Value& name : member(row, "in", "resources").items()) {
        known.insert(std::string(name.as_string()));
    }
    cel::Environment::Builder builder = graph::base_environment().extend();
    for (const Value& name : member(row, "in", "functions").items()) {
        builder.declare_function(name.as_string(), cat(name.as_string(), "_any"), "(dyn) -> dyn");
    }
    const graph::Inspector inspector(builder.build(), std::move(known));
    const auto found = inspector.inspect(std::string(member(row, "in", "expression").as_string()));
    if (!found) {
        return found.error().message();
    }
    std::vector<std::string> got = found->known;
    std::ranges::sort(got);
    if (got != wanted_names(member(row, "expect", "wantResources"), "ID")) {
        return cat("reads ", join(got, ", "));
    }
    // Tables without this member do not look at it.
    if (row.find("expect", "wantUnknownRes") != nullptr) {
        std::vector<std::string> unknown = found->unknown;
        std::ranges::sort(unknown);
        if (unknown != wanted_names(member(row, "expect", "wantUnknownRes"), "ID")) {
            return cat("unknown: ", join(unknown, ", "));
        }
    }
    if (row.find("expect", "wantUnknownFns") != nullptr) {
        std::vector<std::string> functions = found->unknown_functions;
        std::ranges::sort(functions);
        if (functions != wanted_names(member(row, "expect", "wantUnknownFns"), "Name")) {
            return cat("unknown functions: ", join(functions, ", "));
        }
    }
    return "";
}

const Area graph_areas[] = {
    {"graph__GraphBuilder_CELTypeChecking", definition_row},
    {"graph__GraphBuilder_CollectionValidation", definition_row},
    {"graph__GraphBuilder_DependencyValidation", definition_row},
    {"graph__GraphBuilder_ForEachParsing", definition_row},
    {"graph__GraphBuilder_IncludeWhenReferences", definition_row},
    {"graph__GraphBuilder_StructuralTypeCompatibility", definition_row},
    {"graph__GraphBuilder_Validation", definition_row},
    {"graph__ValidateRGResourceNames", ids_row},
    {"graph__ValidateForEachDimensions", dimensions_row},
    {"graph__ValidateResourceGraphDefinition", definition_names_row},
    {"graph__BuildConditionsOutputType", conditions_row},
    {"graph__BuildConditionsRejectsInvalid", conditions_row},
    {"graph__BuildInstanceSpecSchema", raw_schema_row},
    {"graph__BuildStatusSchema", status_row},
    {"graph__IsKROReservedWord", reserved_row},
    {"graph__IsValidResourceName", resource_name_row},
    {"graph__ValidateKubernetesVersion", version_row},
    {"graph__ValidateKubernetesObjectStructure", structure_row},
    {"graph__ValidateCombinableResourceFields", combination_row},
    {"graph__ValidateTemplateConstraints", constraints_row},
    {"graph__ValidateNoKROOwnedLabels", labels_row},
    {"graph__ValidateNoKROOwnedAnnotations", annotations_row},
    {"graph__ValidateConditionExpressions", condition_literals_row},
    {"graph__ValidateIdentityFields", identity_row},
    {"cel-ast__Inspector_InspectionResults", inspect_row},
    {"cel-ast__Inspector_UnknownResourcesAndCalls", inspect_row},
    {"cel-ast__NewInspectorWithEnv_CustomFunctionsNotResources", inspect_row},
};

}  // namespace
}  // namespace weft::conformance
