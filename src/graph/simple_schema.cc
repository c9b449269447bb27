// graph/simple_schema.cc: types are read and ordered first, then built, each use a copy.

#include "graph/simple_schema.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/nearest.h"
#include "graph/dag.h"
#include "graph/limits.h"
#include "graph/markers.h"

namespace weft::graph {

namespace {

Result<SimpleType> parse_type(std::string_view text, int depth) {
    if (depth > limits::type_nesting) {
        return make_error(Reason::invalid, "type nesting too deep (max ", limits::type_nesting,
                          "): ", quote(text));
    }
    using Kind = SimpleType::Kind;
    text = trim(text);
    for (const auto& [word, kind] : {std::pair<std::string_view, Kind>{"string", Kind::string},
                                     {"integer", Kind::integer},
                                     {"boolean", Kind::boolean},
                                     {"float", Kind::number},
                                     {"object", Kind::object}}) {
        if (text == word) {
            return SimpleType{kind, "", nullptr};
        }
    }
    if (text.starts_with("[]")) {
        if (text.size() == 2) {
            return make_error(Reason::invalid, "empty slice element type");
        }
        return SimpleType{Kind::list, "",
                          std::make_shared<SimpleType>(TRY(parse_type(text.substr(2), depth + 1)))};
    }
    if (text.starts_with("map[")) {
        constexpr std::string_view prefix = "map[string]";
        if (!text.starts_with(prefix)) {
            return make_error(Reason::invalid, "map key must be string");
        }
        const std::string_view value = trim(text.substr(prefix.size()));
        if (value.empty()) {
            return make_error(Reason::invalid, "map value type is required");
        }
        return SimpleType{Kind::map, "",
                          std::make_shared<SimpleType>(TRY(parse_type(value, depth + 1)))};
    }
    return SimpleType{Kind::custom, std::string(text), nullptr};
}

// The name that a type, or what it is a list or map of, refers to; "" if none.
std::string_view custom_name(const SimpleType& type) {
    const SimpleType* inner = &type;
    while (inner->of != nullptr) {
        inner = inner->of.get();
    }
    return inner->custom;
}

// The custom types that a definition of a type refers to; its first mistake if it has one.
Status collect_references(const Value& spec, size_t depth, std::vector<std::string>& names) {
    if (spec.is_string()) {
        const SimpleType type = TRY(parse_simple_type(spec.as_string()));
        const std::string_view name = custom_name(type);
        if (!name.empty()) {
            names.emplace_back(name);
        }
        return {};
    }
    if (!spec.is_map() || depth > limits::schema_depth) {
        return make_error(Reason::invalid, "unexpected type: ", go_type_name(spec));
    }
    for (const Member& member : spec.members()) {
        if (Status status = collect_references(member.value, depth + 1, names); !status) {
            return make_error(Reason::invalid, "field ", member.name(), ": ",
                              status.error().message());
        }
    }
    return {};
}

class SchemaBuilder {
public:
    explicit SchemaBuilder(std::vector<SchemaMistake>* mistakes) : mistakes_(mistakes) {}

    void load_types(const Value& types) {
        in_types_ = true;
        Dag dag;
        std::map<std::string_view, std::vector<std::string>> references;
        for (const Member& type : types.members()) {
            const Status status = collect_references(type.value, 0, references[type.name()]);
            if (!status) {
                path_ = Path{std::string(type.name())};
                add_mistake(cat("parsing type ", type.name(), ": ", status.error().message()));
            }
            CHECK(dag.add_node(std::string(type.name())));
            if (!status) {
                references.erase(type.name());
                broken_.insert(std::string(type.name()));
            }
        }
        for (const Member& type : types.members()) {
            const auto found = references.find(type.name());
            const Status status = found == references.end()
                                      ? Status()
                                      : dag.add_dependencies(type.name(), found->second);
            if (!status) {
                path_ = Path{std::string(type.name())};
                const std::string& message = status.error().message();
                // kro wraps a cycle and leaves the rest as it is; a type that names itself is told
                // by the graph as a self reference.
                add_mistake(message.starts_with("graph contains a cycle")
                                ? cat("cyclic dependency in type ", type.name(), ": ", message)
                                : message);
                broken_.insert(std::string(type.name()));
            }
        }
        for (const std::string& name : dag.topological_order()) {
            if (broken_.contains(name)) {
                types_.emplace(name, anything());
                continue;
            }
            path_ = Path{name};
            context_ = cat("building schema for ", name, ": ");
            Built built = build(*types.find(name), 0);
            types_.emplace(name, std::move(built));
        }
        context_.clear();
    }

    Value build_root(const Value& spec) {
        in_types_ = false;
        path_ = Path();
        context_.clear();
        return build_struct(spec, 0).schema;
    }

private:
    // A schema, whether its use makes a member required, and how many nodes it has.
    struct Built {
        Value schema;
        bool required = false;
        size_t nodes = 1;
    };

    void add_mistake(const std::string& message, std::optional<size_t> offset = std::nullopt) {
        mistakes_->push_back(
            {in_types_, path_, cat(context_, message), offset, suggestion_for(message)});
    }

    // What was meant by a type or marker that does not exist: words of other languages first.
    [[nodiscard]] std::string suggestion_for(std::string_view message) const {
        constexpr std::pair<std::string_view, std::string_view> others[] = {
            {"int", "integer"},    {"int32", "integer"},
            {"int64", "integer"},  {"bool", "boolean"},
            {"str", "string"},     {"number", "float"},
            {"double", "float"},   {"map", "map[string]string"},
            {"array", "[]string"}, {"list", "[]string"},
            {"any", "object"}};
        constexpr std::string_view type_front = "unknown type: ";
        constexpr std::string_view marker_front = "unknown marker: ";
        if (const size_t at = message.find(marker_front); at != std::string_view::npos) {
            return suggestion(message.substr(at + marker_front.size()), marker_names());
        }
        const size_t at = message.find(type_front);
        if (at == std::string_view::npos) {
            return "";
        }
        const std::string_view name = message.substr(at + type_front.size());
        for (const auto& [word, meant] : others) {
            if (name == word) {
                return cat("did you mean ", quote(meant), "? ");
            }
        }
        std::vector<std::string_view> names = {"string", "integer", "boolean", "float", "object"};
        for (const auto& [known, built] : types_) {
            names.emplace_back(known);
        }
        return suggestion(name, names);
    }

    // What stands for a field or type that has a mistake: anything fits.
    static Built anything() {
        Built out;
        out.schema.set("x-kubernetes-preserve-unknown-fields", true);
        return out;
    }

    Built build(const Value& spec, size_t depth) {
        if (spec.is_string()) {
            size_t mistake_at = 0;
            Result<Built> built = build_field(spec.as_string(), mistake_at);
            if (built) {
                return *std::move(built);
            }
            add_mistake(built.error().message(), mistake_at);
            return anything();
        }
        if (spec.is_map() && depth < limits::schema_depth) {
            return build_struct(spec, depth);
        }
        add_mistake(cat("unexpected type: ", go_type_name(spec)));
        return anything();
    }

    Built build_struct(const Value& spec, size_t depth) {
        Built out;
        out.schema.set("type", "object");
        Value properties = Value::map_with_capacity(spec.size());
        std::vector<std::string> required;
        bool has_default = false;
        const std::string context = context_;
        for (const Member& member : spec.members()) {
            path_.push(member.name());
            context_ = cat(context, "field ", member.name(), ": ");
            Built built = build(member.value, depth + 1);
            context_ = context;
            out.nodes += built.nodes;
            if (out.nodes > limits::schema_nodes) {
                add_mistake(cat("schema has more than ", limits::schema_nodes, " nodes"));
                path_.pop();
                return anything();
            }
            path_.pop();
            if (built.required) {
                required.emplace_back(member.name());
            }
            has_default = has_default || built.schema.contains("default");
            properties.append_new(member.name(), std::move(built.schema));
        }
        if (has_default && required.empty()) {
            out.schema.set("default", Value::map());
        }
        if (!properties.empty()) {
            out.schema.set("properties", std::move(properties));
        }
        if (!required.empty()) {
            std::ranges::sort(required);
            out.schema.set("required",
                           Value::list(std::vector<Value>(required.begin(), required.end())));
        }
        return out;
    }

    // A member written as text: its type, then its markers. `mistake_at` is the byte of an error.
    Result<Built> build_field(std::string_view text, size_t& mistake_at) {
        const size_t first = text.find_first_not_of(" \t\n");
        mistake_at = first == std::string_view::npos ? 0 : first;
        const SimpleType type = TRY(parse_simple_type(text));
        std::vector<Marker> markers;
        size_t marker_at = 0;
        const size_t bar = text.find('|');
        if (bar != std::string_view::npos) {
            Result<std::vector<Marker>> parsed = parse_markers(text.substr(bar + 1), &marker_at);
            if (!parsed) {
                mistake_at = bar + 1 + marker_at;
                return parsed.error();
            }
            markers = *std::move(parsed);
        }
        const std::string_view name = custom_name(type);
        if (!name.empty()) {
            mistake_at = std::min(text.find(name), text.size());
        }
        Built built = TRY(build_type(type));
        built.required = built.required && type.kind == SimpleType::Kind::custom;
        Result<MarkerEffects> applied = apply_markers(markers, built.schema, &marker_at);
        if (!applied) {
            mistake_at = bar + 1 + marker_at;
            return applied.error();
        }
        const MarkerEffects effects = *applied;
        built.required = built.required || effects.required;
        if (built.required && built.schema.contains(computed_member)) {
            return make_error(Reason::invalid, "computed excludes required");
        }
        return built;
    }

    Result<Built> build_type(const SimpleType& type) {
        using Kind = SimpleType::Kind;
        Built out;
        switch (type.kind) {
            case Kind::string:
                out.schema.set("type", "string");
                return out;
            case Kind::integer:
                out.schema.set("type", "integer");
                return out;
            case Kind::boolean:
                out.schema.set("type", "boolean");
                return out;
            case Kind::number:
                out.schema.set("type", "number");
                return out;
            case Kind::object:
                out.schema.set("type", "object");
                out.schema.set("x-kubernetes-preserve-unknown-fields", true);
                return out;
            case Kind::custom: {
                const auto found = types_.find(type.custom);
                if (found == types_.end() && in_types_) {
                    return anything();  // It was told when the types were put in order.
                }
                if (found == types_.end()) {
                    return make_error(Reason::invalid, "unknown type: ", type.custom);
                }
                return found->second;
            }
            case Kind::list:
            case Kind::map:
                break;
        }
        Built inner = TRY(build_type(*type.of));
        out.nodes = inner.nodes + 1;
        out.schema.set("type", type.kind == Kind::list ? "array" : "object");
        out.schema.set(type.kind == Kind::list ? "items" : "additionalProperties",
                       std::move(inner.schema));
        return out;
    }

    std::vector<SchemaMistake>* mistakes_;
    std::map<std::string, Built, std::less<>> types_;
    std::set<std::string, std::less<>> broken_;  // types that were told to have a mistake
    Path path_;
    std::string context_;
    bool in_types_ = false;
};

// Takes the texts of `computed=` out of a schema; what stands in a list or a map is a mistake. The
// builder has bounded the depth.
class ComputedFinder {
public:
    explicit ComputedFinder(SimpleSchemaResult* result) : result_(result) {}

    void take(Value& schema, bool is_inside_many) {
        if (!schema.is_map()) {
            return;
        }
        if (const Value* text = schema.find(computed_member)) {
            if (is_inside_many) {
                result_->mistakes.push_back(
                    {false, path_,
                     cat("field ", path_.text(),
                         ": computed can only be used for fields of objects, not in lists or maps"),
                     std::nullopt, ""});
            } else {
                result_->computed.push_back({path_, std::string(text->as_string()), may_be_made_});
                if (!schema.contains("description")) {
                    schema.set("description", cat("Computed where absent: ", text->as_string()));
                }
            }
            schema.erase(computed_member);
        }
        for (const std::string_view many : {"items", "additionalProperties"}) {
            if (Value* inner = schema.find_mutable(many)) {
                take(*inner, true);
            }
        }
        Value* properties = schema.find_mutable("properties");
        if (properties == nullptr) {
            return;
        }
        may_be_made_.push_back(!schema.contains("required"));
        std::vector<std::string> names;
        for (const Member& member : properties->members()) {
            names.emplace_back(member.name());
        }
        for (const std::string& name : names) {
            path_.push(name);
            take(*properties->find_mutable(name), is_inside_many);
            path_.pop();
        }
        may_be_made_.pop_back();
    }

private:
    SimpleSchemaResult* result_;
    Path path_;
    std::vector<bool> may_be_made_;
};

bool names_marker(const Value& value, std::string_view marker, size_t depth) {
    if (value.is_string()) {
        return value.as_string().find(marker) != std::string_view::npos;
    }
    return value.is_map() && depth < limits::schema_depth &&
           std::ranges::any_of(
               value.members(),
               [&](const Member& member) { return names_marker(member.value, marker, depth + 1); });
}

}  // namespace

std::string_view go_type_name(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return "<nil>";
        case Value::Kind::boolean:
            return "bool";
        case Value::Kind::integer:
            return "int64";
        case Value::Kind::number:
            return "float64";
        case Value::Kind::string:
            return "string";
        case Value::Kind::list:
            return "[]interface {}";
        case Value::Kind::map:
            return "map[string]interface {}";
    }
    return "";
}

Result<SimpleType> parse_simple_type(std::string_view text) {
    const std::string_view type = trim(text.substr(0, text.find('|')));
    if (type.empty()) {
        return make_error(Reason::invalid, "empty type");
    }
    return parse_type(type, 0);
}

SimpleSchemaResult simple_schema(const Value& spec, const Value& types) {
    SimpleSchemaResult result;
    SchemaBuilder builder(&result.mistakes);
    builder.load_types(types);
    result.partial = builder.build_root(spec);
    // Most definitions have none: their schema is not walked for it.
    if (names_marker(spec, "computed", 0) || names_marker(types, "computed", 0)) {
        ComputedFinder(&result).take(result.partial, false);
    }
    if (result.mistakes.empty()) {
        result.schema = result.partial;
    }
    return result;
}

}  // namespace weft::graph
