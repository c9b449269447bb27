// server/internal/admission/expressions.cc: environments, lazy variables, budgets.

#include "server/internal/admission/expressions.h"

#include <algorithm>

#include "cel/limits.h"
#include "schema/open_api.h"

namespace weft::server {

namespace {

Value type_schema(std::string_view type) {
    return Value::map_of({{"type", type}});
}
Value object_schema(std::initializer_list<std::pair<std::string_view, Value>> properties) {
    return Value::map_of({{"type", "object"}, {"properties", Value::map_of(properties)}});
}
Value list_schema(Value items) {
    return Value::map_of({{"type", "array"}, {"items", std::move(items)}});
}
Value map_schema(Value values) {
    return Value::map_of({{"type", "object"}, {"additionalProperties", std::move(values)}});
}
Value time_schema() {
    return Value::map_of({{"type", "string"}, {"format", "date-time"}});
}

schema::SchemaPtr read_schema(const Value& document) {
    auto made = schema::from_open_api(document);
    CHECK(made.has_value());
    return std::move(*made);
}

// The request without uid, object and oldObject: these are of no use, or variables of their own.
const schema::SchemaPtr& request_schema() {
    static const schema::SchemaPtr schema = [] {
        const Value text = type_schema("string");
        const Value kind = object_schema({{"group", text}, {"version", text}, {"kind", text}});
        const Value resource =
            object_schema({{"group", text}, {"version", text}, {"resource", text}});
        const Value user = object_schema({{"username", text},
                                          {"uid", text},
                                          {"groups", list_schema(text)},
                                          {"extra", map_schema(list_schema(text))}});
        return read_schema(object_schema(
            {{"kind", kind},
             {"resource", resource},
             {"subResource", text},
             {"requestKind", kind},
             {"requestResource", resource},
             {"requestSubResource", text},
             {"name", text},
             {"namespace", text},
             {"operation", text},
             {"userInfo", user},
             {"dryRun", type_schema("boolean")},
             {"options", Value::map_of({{"x-kubernetes-preserve-unknown-fields", true}})}}));
    }();
    return schema;
}

const schema::SchemaPtr& namespace_schema() {
    static const schema::SchemaPtr schema = [] {
        const Value text = type_schema("string");
        const Value condition = object_schema({{"status", text},
                                               {"type", text},
                                               {"lastTransitionTime", time_schema()},
                                               {"message", text},
                                               {"reason", text}});
        const Value metadata =
            object_schema({{"name", text},
                           {"generateName", text},
                           {"namespace", text},
                           {"labels", map_schema(text)},
                           {"annotations", map_schema(text)},
                           {"UID", text},
                           {"creationTimestamp", time_schema()},
                           {"deletionGracePeriodSeconds", type_schema("integer")},
                           {"deletionTimestamp", time_schema()},
                           {"generation", type_schema("integer")},
                           {"resourceVersion", text},
                           {"finalizers", list_schema(text)}});
        return read_schema(object_schema(
            {{"metadata", metadata},
             {"spec", object_schema({{"finalizers", list_schema(text)}})},
             {"status",
              object_schema({{"conditions", list_schema(condition)}, {"phase", text}})}}));
    }();
    return schema;
}

const cel::Environment& admission_base() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kubernetes(36));
    return environment;
}

cel::Environment admission_environment(const cel::Environment& base, ExpressionScope scope,
                                       const KnownTypes& types) {
    auto builder = base.extend();
    if (types.object != nullptr) {
        builder.object("object", types.object, "object");
        builder.object("oldObject", types.object, "object");
    } else {
        builder.variable("object", "dyn").variable("oldObject", "dyn");
    }
    builder.object("namespaceObject", namespace_schema(), "kubernetes.Namespace");
    builder.object("request", request_schema(), "kubernetes.AdmissionRequest");
    if (scope.has_params) {
        if (types.params != nullptr) {
            builder.object("params", types.params, "params");
        } else {
            builder.variable("params", "dyn");
        }
    }
    if (scope.has_authorizer) {
        builder.variable("authorizer", "kubernetes.authorization.Authorizer");
        builder.variable("authorizer.requestResource", "kubernetes.authorization.ResourceCheck");
    }
    return builder.build();
}

size_t scope_index(ExpressionScope scope) {
    return (scope.has_params ? 1U : 0U) + (scope.has_authorizer ? 2U : 0U);
}

const cel::Environment& plain_environment(ExpressionScope scope) {
    static std::optional<cel::Environment> environments[4];
    auto& environment = environments[scope_index(scope)];
    if (!environment) {
        environment = admission_environment(admission_base(), scope, {});
    }
    return *environment;
}

bool outcome_fits(Outcome outcome, const cel::Type* type) {
    switch (outcome) {
        case Outcome::boolean:
            return type->kind == cel::TypeKind::boolean && !type->nullable;
        case Outcome::text:
            return type->kind == cel::TypeKind::string && !type->nullable;
        case Outcome::text_or_null:
            return (type->kind == cel::TypeKind::string && !type->nullable) ||
                   type->kind == cel::TypeKind::null;
        case Outcome::anything:
            break;
    }
    return true;
}

std::string_view wanted_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::boolean:
            return "bool";
        case Outcome::text:
            return "string";
        case Outcome::text_or_null:
            return "one of [string null_type]";
        case Outcome::anything:
            break;
    }
    return "any";
}

CompiledExpression compile_in(const cel::Environment& environment, std::string_view text,
                              Outcome outcome) {
    CompiledExpression out;
    out.text = text;
    const Result<cel::Ast> ast = environment.compile(text);
    if (!ast) {
        out.error = cat("compilation failed: ", ast.error().message());
        return out;
    }
    if (!outcome_fits(outcome, ast->result_type())) {
        const cel::Type* type = ast->result_type();
        out.error = cat(
            "must evaluate to ", wanted_text(outcome), " but got ",
            type->kind == cel::TypeKind::null ? std::string("null_type") : cel::format_type(type));
        return out;
    }
    Result<cel::Program> program = environment.program(*ast);
    if (!program) {
        out.error = cat("program instantiation failed: ", program.error().message());
        return out;
    }
    out.program = std::move(*program);
    return out;
}

}  // namespace

// The object type of `variables`: grows by a field with every variable that is compiled.
class VariablesType final : public cel::StructType {
public:
    [[nodiscard]] std::string_view name() const override { return "kubernetes.variables"; }
    [[nodiscard]] const cel::Type* field_type(std::string_view field,
                                              cel::Arena& /*arena*/) const override {
        const auto found =
            std::ranges::find_if(fields_, [&](const Field& one) { return one.name == field; });
        return found == fields_.end() ? nullptr : found->type;
    }
    [[nodiscard]] cel::Value make(
        cel::Arena& arena,
        std::span<const std::pair<std::string_view, cel::Value>> /*fields*/) const override {
        return cel::make_error(arena, cel::ErrorCode::no_such_overload, "no such overload");
    }

    void add(std::string name, const cel::Type* type) {
        const cel::Type* own = plain(type);
        for (Field& field : fields_) {
            if (field.name == name) {
                field.type = own;
                return;
            }
        }
        fields_.push_back({std::move(name), own});
    }

private:
    struct Field {
        std::string name;
        const cel::Type* type;
    };
    // A copy that outlives the expression it was inferred in. Objects become dyn, as in Kubernetes.
    const cel::Type* plain(const cel::Type* type) {
        switch (type->kind) {
            case cel::TypeKind::list:
            case cel::TypeKind::map: {
                if (type->parameters.empty()) {
                    return &cel::types::dyn;
                }
                std::vector<const cel::Type*>& parameters = parameters_.emplace_back();
                for (const cel::Type* parameter : type->parameters) {
                    const cel::Type* own = plain(parameter);
                    parameters.push_back(own);
                }
                return &types_.emplace_back(
                    cel::Type{.kind = type->kind,
                              .name = type->kind == cel::TypeKind::list ? "list" : "map",
                              .parameters = parameters});
            }
            case cel::TypeKind::null:
                return &cel::types::null;
            case cel::TypeKind::boolean:
                return &cel::types::boolean;
            case cel::TypeKind::integer:
                return &cel::types::integer;
            case cel::TypeKind::unsigned_integer:
                return &cel::types::unsigned_integer;
            case cel::TypeKind::number:
                return &cel::types::number;
            case cel::TypeKind::string:
                return &cel::types::string;
            case cel::TypeKind::bytes:
                return &cel::types::bytes;
            case cel::TypeKind::duration:
                return &cel::types::duration;
            case cel::TypeKind::timestamp:
                return &cel::types::timestamp;
            default:
                return &cel::types::dyn;
        }
    }

    std::deque<Field> fields_;
    std::deque<cel::Type> types_;
    std::deque<std::vector<const cel::Type*>> parameters_;
};

ExpressionCompiler::ExpressionCompiler(KnownTypes types)
    : types_(std::move(types)),
      variables_type_(std::make_shared<VariablesType>()),
      variables_(std::make_shared<std::deque<Variable>>()) {}

const cel::Environment& ExpressionCompiler::environment(ExpressionScope scope) {
    std::optional<cel::Environment>& environment = environments_[scope_index(scope)];
    if (!environment && !has_variables_) {
        environment = admission_environment(admission_base(), scope, types_);
    }
    if (!environment) {
        cel::Library library("kubernetes.variables");
        library.structure(variables_type_);
        const cel::Type type{.kind = cel::TypeKind::structure,
                             .name = "kubernetes.variables",
                             .structure = variables_type_.get()};
        auto builder = admission_base().extend();
        builder.library(library).variable("variables", &type);
        environment = admission_environment(builder.build(), scope, types_);
    }
    return *environment;
}

CompiledExpression ExpressionCompiler::compile(std::string_view text, Outcome outcome,
                                               ExpressionScope scope) {
    return compile_in(environment(scope), text, outcome);
}

void ExpressionCompiler::declare_variables() {
    if (!has_variables_) {
        has_variables_ = true;
        std::ranges::fill(environments_, std::nullopt);
    }
}

const CompiledExpression& ExpressionCompiler::add_variable(std::string name, std::string_view text,
                                                           ExpressionScope scope) {
    declare_variables();
    CompiledExpression compiled = compile(text, Outcome::anything, scope);
    variables_type_->add(
        name, compiled.program ? compiled.program->ast().result_type() : &cel::types::dyn);
    for (Variable& variable : *variables_) {
        if (variable.name == name) {
            variable.compiled = std::move(compiled);
            return variable.compiled;
        }
    }
    return variables_->emplace_back(std::move(name), std::move(compiled)).compiled;
}

CompiledExpression compile_plain(std::string_view text, Outcome outcome, ExpressionScope scope) {
    return compile_in(plain_environment(scope), text, outcome);
}

// The value of `variables`: each is computed when an expression first asks for it.
class ExpressionRun::Variables final : public cel::Opaque {
public:
    static constexpr char class_id = 0;
    Variables(std::shared_ptr<const std::deque<ExpressionCompiler::Variable>> variables,
              const cel::Activation* activation)
        : variables_(std::move(variables)), activation_(activation), slots_(variables_->size()) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const cel::Type* type() const override {
        static constexpr cel::Type type{.kind = cel::TypeKind::opaque,
                                        .name = "kubernetes.variables"};
        return &type;
    }
    [[nodiscard]] cel::Value equals(const cel::Value& /*other*/, cel::Arena& arena) const override {
        return cel::make_error(arena, cel::ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] bool has_field(std::string_view name) const override {
        return find(name) < variables_->size();
    }
    [[nodiscard]] cel::Value field(std::string_view name, cel::Arena& arena) const override {
        const size_t index = find(name);
        if (index == variables_->size()) {
            return cel::make_error(arena, cel::ErrorCode::no_such_key, "no such key: ", name);
        }
        Slot& slot = slots_[index];
        if (slot.state == Slot::State::known) {
            return slot.value;
        }
        if (slot.state == Slot::State::running) {
            return failure(arena, name, "fails to evaluate: it refers to itself");
        }
        slot.state = Slot::State::running;
        slot.value = evaluate(variables_->at(index), arena);
        slot.state = Slot::State::known;
        return slot.value;
    }

    // What the variables cost since it was asked last.
    [[nodiscard]] uint64_t take_cost() const { return std::exchange(cost_, 0); }

private:
    struct Slot {
        enum class State : uint8_t { unknown, running, known } state = State::unknown;
        cel::Value value;
    };
    [[nodiscard]] size_t find(std::string_view name) const {
        size_t index = 0;
        while (index < variables_->size() && variables_->at(index).name != name) {
            ++index;
        }
        return index;
    }
    static cel::Value failure(cel::Arena& arena, std::string_view name, std::string_view why) {
        return cel::make_error(arena, cel::ErrorCode::invalid_argument, "composited variable ",
                               quote(name), " ", why);
    }
    [[nodiscard]] cel::Value evaluate(const ExpressionCompiler::Variable& variable,
                                      cel::Arena& arena) const {
        if (!variable.compiled.program) {
            return failure(arena, variable.name,
                           cat("fails to compile: ", variable.compiled.error));
        }
        const cel::Outcome outcome = variable.compiled.program->evaluate(
            *activation_, arena, {.cost_limit = cel::per_call_cost_limit});
        cost_ = cel::saturating_add(cost_, outcome.cost);
        if (outcome.value.is_error()) {
            return failure(arena, variable.name,
                           cat("fails to evaluate: ", cel::error_text(outcome.value.as_error())));
        }
        return outcome.value;
    }

    std::shared_ptr<const std::deque<ExpressionCompiler::Variable>> variables_;
    const cel::Activation* activation_;
    // The cache of a value that is the same whenever it is asked for.
    mutable std::vector<Slot> slots_;
    mutable uint64_t cost_ = 0;
};

ExpressionRun::ExpressionRun(
    const ExpressionInput& input,
    std::shared_ptr<const std::deque<ExpressionCompiler::Variable>> variables, uint64_t budget)
    : budget_(budget) {
    const auto bind = [&](std::string_view name, const Value* value) {
        activation_.bind_raw(name, value == nullptr ? nothing_ : *value);
    };
    bind("object", input.object);
    bind("oldObject", input.old_object);
    bind("request", input.request);
    bind("namespaceObject", input.namespace_object);
    bind("params", input.params);
    activation_.bind("authorizer", cel::authorizer_value(arena_, *input.authorizer));
    activation_.bind("authorizer.requestResource",
                     cel::resource_check_value(arena_, *input.authorizer, input.request_resource));
    if (variables != nullptr && !variables->empty()) {
        lazy_ = std::make_unique<Variables>(std::move(variables), &activation_);
        activation_.bind("variables", cel::Value::opaque(lazy_.get()));
    }
}

ExpressionRun::~ExpressionRun() = default;

bool ExpressionRun::spend(uint64_t cost) {
    if (cost > budget_) {
        budget_ = 0;
        return false;
    }
    budget_ -= cost;
    return true;
}

Result<ExpressionResult> ExpressionRun::run(const CompiledExpression& expression) {
    ExpressionResult out;
    if (!expression.program) {
        out.error = cat("compilation error: ", expression.error);
        return out;
    }
    const cel::Outcome outcome =
        expression.program->evaluate(activation_, arena_, {.cost_limit = cel::per_call_cost_limit});
    const uint64_t of_variables = lazy_ == nullptr ? 0 : lazy_->take_cost();
    if (!spend(of_variables) || !spend(outcome.cost)) {
        return make_error(Reason::invalid,
                          "validation failed due to running out of cost budget, no further "
                          "validation rules will be run");
    }
    if (outcome.value.is_error()) {
        out.error = cat("expression '", expression.text,
                        "' resulted in error: ", cel::error_text(outcome.value.as_error()));
        return out;
    }
    if (outcome.value.is_bool()) {
        out.kind = ExpressionResult::Kind::boolean;
        out.boolean = outcome.value.as_bool();
    } else if (outcome.value.is_string()) {
        out.kind = ExpressionResult::Kind::text;
        out.text = outcome.value.as_string();
    } else if (outcome.value.is_null()) {
        out.kind = ExpressionResult::Kind::null;
    }
    return out;
}

}  // namespace weft::server
