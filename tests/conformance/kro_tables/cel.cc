// tests/conformance/kro_tables/cel.cc: kro's functions, and which types fit which.

#include "cel/cel.h"

#include <map>
#include <memory>

#include "graph/internal/inspect.h"
#include "graph/internal/omit.h"
#include "graph/internal/schema_types.h"
#include "schema/open_api.h"
#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {
namespace {

const cel::Environment& environment() {
    static const cel::Environment with_variables = graph::base_environment()
                                                       .extend()
                                                       .variable("x", "string")
                                                       .variable("schema", "dyn")
                                                       .variable("podUser", "dyn")
                                                       .variable("defaults", "dyn")
                                                       .build();
    return with_variables;
}

// An expression's value as plain data, or the error of compiling or running it.
Result<Value> evaluate(std::string_view text, const cel::Activation& variables) {
    const cel::Ast ast = TRY(environment().compile(text));
    const cel::Program program = TRY(environment().program(ast));
    return program.evaluate_native(variables);
}

std::string expression(const Value& row) {
    return std::string(member(row, "in", "expr").as_string());
}

// A value as the tables write it; bytes as base64.
Value wanted(const Value& value) {
    const Value* inner = value.find("$cel");
    return inner == nullptr ? value : *value.find("value");
}

std::string value_row(const Value& row, const Value&) {
    const auto got = evaluate(expression(row), cel::Activation());
    const Value* want = row.find("expect", "want");
    if (want == nullptr) {
        want = row.find("expect", "expected");
    }
    const Value& error = member(row, "expect", "wantErr");
    if (error.is_string() || (error.is_bool() && error.as_bool())) {
        return check_error(true, error.is_string() ? error.as_string() : std::string_view(),
                           got ? "" : got.error().message());
    }
    if (!got) {
        return got.error().message();
    }
    return want == nullptr ? "" : compare(wanted(*want), *got);
}

// transformMap of a list: int keys, which plain data cannot hold; held against the text.
std::string two_variables_row(const Value& row, const Value&) {
    const auto ast = environment().compile(expression(row));
    if (!ast) {
        return ast.error().message();
    }
    const auto program = environment().program(*ast);
    cel::Arena arena;
    const cel::Value value = program->evaluate(cel::Activation(), arena);
    if (value.is_error()) {
        return cel::error_text(value.as_error());
    }
    Value got = Value::map();
    if (!value.is_map()) {
        const auto native = cel::to_native(value);
        return native ? compare(member(row, "expect", "want"), *native) : native.error().message();
    }
    const std::span<const cel::Value> entries = value.sorted_entries(arena);
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
        const std::string key =
            entries[i].is_int() ? cat(entries[i].as_int()) : std::string(entries[i].as_string());
        const auto native = cel::to_native(entries[i + 1]);
        if (!native) {
            return native.error().message();
        }
        got.set(key, *native);
    }
    return compare(member(row, "expect", "want"), got);
}

std::string compiles_row(const Value& row, const Value&) {
    const auto ast = environment().compile(expression(row));
    return ast ? "" : ast.error().message();
}

std::string refused_row(const Value& row, const Value&) {
    const auto got = evaluate(expression(row), cel::Activation());
    return got ? "no error" : "";
}

std::string is_true_row(const Value& row, const Value&) {
    const auto got = evaluate(expression(row), cel::Activation());
    if (!got) {
        return got.error().message();
    }
    return got->is_bool() && got->as_bool() ? "" : cat("is ", to_json(*got));
}

std::string bytes_row(const Value& row, const Value&) {
    const auto ast = environment().compile(expression(row));
    if (!ast) {
        return ast.error().message();
    }
    cel::Arena arena;
    const auto program = environment().program(*ast);
    const cel::Value value = program->evaluate(cel::Activation(), arena);
    if (!value.is_string() && !value.is_bytes()) {
        return cat("is ", cel::to_text(value));
    }
    const std::string got =
        value.is_string() ? std::string(value.as_string()) : base64_encode(value.as_string());
    return difference(member(row, "expect", "wantBase64"), got);
}

std::string equality_row(const Value& row, const Value& document) {
    cel::Activation variables;
    if (const Value* input = document.find("context", "input")) {
        for (const Member& variable : input->members()) {
            variables.bind(variable.name(), variable.value);
        }
    }
    const std::string text =
        cat("(", expression(row), ") == (", member(row, "expect", "want").as_string(), ")");
    const auto got = evaluate(text, variables);
    if (!got) {
        return got.error().message();
    }
    return got->as_bool() != flag(row, "expect", "notEqual") ? "" : "differs";
}

std::string type_row(const Value& row, const Value&) {
    const auto ast = environment().compile(expression(row));
    if (!ast) {
        return ast.error().message();
    }
    const std::string got = cel::to_text(ast->result_type());
    return difference(member(row, "expect", "wantType"), got);
}

std::string omit_row(const Value& row, const Value&) {
    const auto ast = environment().compile(expression(row));
    if (!ast) {
        return ast.error().message();
    }
    cel::Activation variables;
    if (const Value* context = row.find("in", "ctx")) {
        for (const Member& variable : context->members()) {
            variables.bind(variable.name(), variable.value);
        }
    }
    cel::Arena arena;
    const auto program = environment().program(*ast);
    const cel::Value value = program->evaluate(variables, arena);
    if (flag(row, "expect", "wantEvalErr")) {
        return value.is_error() ? "" : "no error";
    }
    if (value.is_error()) {
        return cel::error_text(value.as_error());
    }
    if (graph::is_omit(value) != flag(row, "expect", "wantOmit")) {
        return "omit differs";
    }
    const Value* text = row.find("expect", "wantString");
    return text == nullptr || (value.is_string() && value.as_string() == text->as_string())
               ? ""
               : "text differs";
}

std::string composition_row(const Value& row, const Value& document) {
    const Value schema = Value::map_of(
        {{"status",
          Value::map_of({{"conditions", Value::list_of({Value::map_of(
                                            {{"type", "ResourcesReady"},
                                             {"status", member(row, "in", "resources")}})})}})}});
    cel::Activation variables;
    variables.bind("schema", schema);
    const std::string text(document.string_at("context", "expr"));
    for (const auto& [field, want] :
         {std::pair<std::string_view, std::string_view>{"status", "wantStatus"},
          {"reason", "wantReason"}}) {
        const auto got = evaluate(cat("(", text, ").", field), variables);
        if (!got) {
            return got.error().message();
        }
        if (std::string problem = difference(member(row, "expect", want), *got); !problem.empty()) {
            return problem;
        }
    }
    return "";
}

std::string lookup_row(const Value& row, const Value& document) {
    cel::Activation variables;
    variables.bind("schema", *document.find("context", "schemaVal"));
    const auto got = evaluate(expression(row), variables);
    return got ? compare(wanted(member(row, "expect", "want")), *got) : got.error().message();
}

// Nothing found: a condition with four empty fields.
std::string missing_row(const Value& row, const Value&) {
    cel::Activation variables;
    variables.bind("schema", member(row, "in", "obj"));
    for (const std::string_view field : {"type", "status", "reason", "message"}) {
        const auto got = evaluate(cat("runtime.condition(schema, 'Ready').", field), variables);
        if (!got) {
            return got.error().message();
        }
        if (*got != Value("")) {
            return cat(field, " is ", to_json(*got));
        }
    }
    return "";
}

std::string rejection_row(const Value& row, const Value&) {
    const auto got = evaluate(expression(row), cel::Activation());
    return check_error(true, row.string_at("expect", "errSubstr"),
                       got ? "" : got.error().message());
}

// Types written as text ("list(string)") or as objects with fields. Objects become schemas.
class TypeReader {
public:
    explicit TypeReader(cel::Arena& arena) : arena_(arena) {}

    const cel::Type* read(const Value& value) {
        if (const Value* named = value.find("$celType")) {
            return read(*named);
        }
        if (const Value* inner = value.find("optional")) {
            const cel::Type* type = read(*inner);
            return type == nullptr ? nullptr : cel::optional_type(arena_, type);
        }
        if (const Value* inner = value.find("list")) {
            const cel::Type* type = read(*inner);
            return type == nullptr ? nullptr : cel::list_type(arena_, type);
        }
        if (value.find("object") != nullptr) {
            const auto schema = schema::from_open_api(schema_of(value));
            if (!schema) {
                return nullptr;
            }
            schemas_.push_back(*schema);
            return graph::type_of_schema(schema->get(), nullptr, value.string_at("object"), arena_);
        }
        // An object type of which nothing is known.
        if (value.string_at("$").starts_with("apiservercel.NewObjectType(")) {
            return arena_.make<cel::Type>(
                cel::Type{.kind = cel::TypeKind::structure, .name = "__type_noFields"});
        }
        return value.is_string() ? of_text(value.as_string()) : nullptr;
    }

private:
    Value schema_of(const Value& type) {
        if (type.is_string()) {
            return schema_of_text(type.as_string());
        }
        Value properties = Value::map();
        if (const Value* fields = type.find("fields")) {
            for (const Member& field : fields->members()) {
                properties.set(field.name(), schema_of(*field.value.find("type")));
            }
        }
        return Value::map_of({{"type", "object"}, {"properties", properties}});
    }

    static Value schema_of_text(std::string_view text) {
        if (text.starts_with("list(")) {
            return Value::map_of(
                {{"type", "array"}, {"items", schema_of_text(text.substr(5, text.size() - 6))}});
        }
        const std::map<std::string_view, std::string_view> words = {
            {"string", "string"}, {"int", "integer"}, {"double", "number"}, {"bool", "boolean"}};
        const auto found = words.find(text);
        return found == words.end() ? Value::map_of({{"x-kubernetes-int-or-string", true}})
                                    : Value::map_of({{"type", found->second}});
    }

    const cel::Type* of_text(std::string_view text) {
        for (const cel::Type* type :
             {&cel::types::string, &cel::types::integer, &cel::types::number, &cel::types::boolean,
              &cel::types::bytes, &cel::types::dyn, &cel::types::null, &cel::types::duration,
              &cel::types::timestamp, &cel::types::unsigned_integer}) {
            if (text == cel::to_text(type)) {
                return type;
            }
        }
        const size_t open = text.find('(');
        if (open == std::string_view::npos) {
            return nullptr;
        }
        const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
        if (text.starts_with("list(")) {
            const cel::Type* item = of_text(inside);
            return item == nullptr ? nullptr : cel::list_type(arena_, item);
        }
        if (text.starts_with("optional_type(")) {
            const cel::Type* item = of_text(inside);
            return item == nullptr ? nullptr : cel::optional_type(arena_, item);
        }
        if (text.starts_with("map(")) {
            const size_t comma = inside.find(',');
            const cel::Type* key = of_text(trim(inside.substr(0, comma)));
            const cel::Type* value = of_text(trim(inside.substr(comma + 1)));
            return key == nullptr || value == nullptr ? nullptr : cel::map_type(arena_, key, value);
        }
        return nullptr;
    }

    cel::Arena& arena_;
    std::vector<schema::SchemaPtr> schemas_;
};

std::string compatibility_row(const Value& row, const Value&) {
    cel::Arena arena;
    TypeReader reader(arena);
    const cel::Type* output = reader.read(member(row, "in", "output"));
    const cel::Type* expected = reader.read(member(row, "in", "expected"));
    const Value* fields = row.find("in", "expected", "$celType", "fields");
    if (fields != nullptr && fields->empty()) {
        return "skip: whether the type takes unknown fields is not in the case";
    }
    const auto is_unread = [&row](const char* name, const cel::Type* type) {
        const Value* given = row.find("in", name);
        return type == nullptr && given != nullptr && !given->is_null();
    };
    if (is_unread("output", output) || is_unread("expected", expected)) {
        return "skip: a type that only Go code makes";
    }
    const Status status = graph::check_compatible(output, expected, arena);
    return check_error(!flag(row, "expect", "compatible"), row.string_at("expect", "errContains"),
                       status ? "" : status.error().message());
}

const Area cel_areas[] = {
    {"cel__ListTypes", compatibility_row},
    {"cel__MapTypes", compatibility_row},
    {"cel__MapToStructCompatibility", compatibility_row},
    {"cel__NestedTypes", compatibility_row},
    {"cel__OptionalStructTypes", compatibility_row},
    {"cel__PrimitiveTypes", compatibility_row},
    {"cel__StructToMapCompatibility", compatibility_row},
    {"cel__StructTypes", compatibility_row},
    {"cel__DefaultEnvironment_CelBind", value_row},
    {"cel__DefaultEnvironment_KubernetesLibraries", compiles_row},
    {"cel__DefaultEnvironment_TwoVarComprehensions", two_variables_row},
    {"cel-library__DeepMerge", equality_row},
    {"cel-library__DeepMergeOperandOrder", equality_row},
    {"cel-library__DeepMergeNonMapArgErrors", refused_row},
    {"cel-library__HashErrors", value_row},
    {"cel-library__HashFNV64a", bytes_row},
    {"cel-library__HashMD5", bytes_row},
    {"cel-library__HashSHA256", bytes_row},
    {"cel-library__HashWithBase64Encoding", bytes_row},
    {"cel-library__JSONMarshal", value_row},
    {"cel-library__JSONUnmarshal", value_row},
    {"cel-library__JSONUnmarshalErrors", value_row},
    {"cel-library__ListsComposition", value_row},
    {"cel-library__ListsInsertAtIndex", value_row},
    {"cel-library__ListsRemoveAtIndex", value_row},
    {"cel-library__ListsSetAtIndex", value_row},
    {"cel-library__ListsTypeInference", type_row},
    {"cel-library__Maps", is_true_row},
    {"cel-library__OmitInTernary", omit_row},
    {"cel-library__RandomIntTypeErrors", refused_row},
    {"cel-library__RandomString", value_row},
    {"cel-library__RandomStringErrors", value_row},
    {"cel-library__RuntimeConditionComposition", composition_row},
    {"cel-library__RuntimeConditionLookup", lookup_row},
    {"cel-library__RuntimeConditionMissingPaths", missing_row},
    {"cel-library__RuntimeFunctionsRequireRuntimeReceiver", refused_row},
    {"cel-library__RuntimeNewConditionFieldAccess", value_row},
    {"cel-library__RuntimeNewConditionRejections", rejection_row},
};

}  // namespace
}  // namespace weft::conformance
