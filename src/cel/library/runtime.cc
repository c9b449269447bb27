// cel/library/runtime.cc: kro's conditions. Source: kro pkg/cel/library/runtime.go.

#include "cel/library/runtime.h"

#include <algorithm>
#include <array>

namespace weft::cel {

namespace {

constexpr std::array<std::string_view, 4> condition_fields = {"type", "status", "reason",
                                                              "message"};
constexpr size_t type_field = 0;
constexpr size_t status_field = 1;

// The place of a field; condition_fields.size() if there is none of that name.
size_t condition_field(std::string_view name) {
    return static_cast<size_t>(std::ranges::find(condition_fields, name) -
                               condition_fields.begin());
}

class ConditionType final : public StructType {
public:
    [[nodiscard]] std::string_view name() const override { return "kro.run.Condition"; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        return condition_field(field) < condition_fields.size() ? &types::string : nullptr;
    }
    [[nodiscard]] Value make(Arena& arena,
                             std::span<const std::pair<std::string_view, Value>>) const override {
        return make_error(arena, ErrorCode::invalid_argument, "unknown type: 'kro.run.Condition'");
    }
};

const std::shared_ptr<const ConditionType>& condition_structure() {
    static const auto structure = std::make_shared<const ConditionType>();
    return structure;
}

const Type* condition_type() {
    static const Type type{.kind = TypeKind::structure,
                           .name = "kro.run.Condition",
                           .structure = condition_structure().get()};
    return &type;
}

// Its texts are borrowed as those of any Value.
class ConditionValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    using Texts = std::array<std::string_view, condition_fields.size()>;
    explicit ConditionValue(const Texts& texts) : texts_(texts) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return condition_type(); }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* condition = other.as<ConditionValue>();
        return condition != nullptr
                   ? Value::boolean(condition->texts_ == texts_)
                   : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] Value field(std::string_view name, Arena& arena) const override {
        const size_t at = condition_field(name);
        return at < texts_.size() ? Value::string(texts_[at])
                                  : make_error(arena, ErrorCode::no_such_field,
                                               "Condition: no such field ", quote(name));
    }
    [[nodiscard]] bool has_field(std::string_view name) const override {
        return condition_field(name) < texts_.size();
    }
    [[nodiscard]] std::string_view condition() const { return texts_[type_field]; }

private:
    Texts texts_;
};

constexpr Type runtime_type{.kind = TypeKind::opaque, .name = "kro.run.Runtime"};

class RuntimeValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &runtime_type; }
    [[nodiscard]] Value equals(const Value& other, Arena&) const override {
        return Value::boolean(other.as<RuntimeValue>() != nullptr);
    }
};

// Rewrites the bare keys to texts, so that the map's type is map(string, string).
Expr* expand_new_condition(MacroContext& context, Expr* target, std::span<Expr*> args) {
    if (target->kind != ExprKind::identifier || target->name != "runtime") {
        return context.decline();
    }
    if (args[0]->kind != ExprKind::map) {
        return context.error(args[0], "runtime.newCondition: argument must be a map literal");
    }
    std::array<bool, condition_fields.size()> is_given{};
    std::vector<Entry> entries;
    for (const Entry& entry : args[0]->entries) {
        if (entry.key->kind != ExprKind::identifier) {
            return context.error(entry.key,
                                 "runtime.newCondition: keys must be bare identifiers (type, "
                                 "status, reason, message); quoted or computed keys are not "
                                 "allowed");
        }
        const size_t at = condition_field(entry.key->name);
        if (at == condition_fields.size()) {
            return context.error(entry.key,
                                 cat("runtime.newCondition: unknown key ", quote(entry.key->name),
                                     " (allowed: type, status, reason, message)"));
        }
        if (is_given[at]) {
            return context.error(
                entry.key, cat("runtime.newCondition: duplicate key ", quote(entry.key->name)));
        }
        is_given[at] = true;
        entries.push_back(context.map_entry(context.string(entry.key->name), entry.value));
    }
    if (!is_given[type_field]) {
        return context.error(args[0], "runtime.newCondition: 'type' is required");
    }
    if (!is_given[status_field]) {
        return context.error(args[0], "runtime.newCondition: 'status' is required");
    }
    return context.member_call("newCondition", target, {context.map(entries)});
}

Value new_condition(Call& call, std::span<const Value> args) {
    ConditionValue::Texts texts;
    const std::span<const Value> entries = args[1].sorted_entries(call.arena());
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
        const std::string_view key = entries[i].is_string() ? entries[i].as_string() : "";
        const Value& value = entries[i + 1];
        if (value.is_error()) {
            return value;
        }
        if (!value.is_string()) {
            return call.error(ErrorCode::invalid_argument, "runtime.newCondition: ", key,
                              " must be a string, got ", type_name_of(value));
        }
        const size_t at = condition_field(key);
        const std::string_view text = value.as_string();
        if (at == type_field && text.empty()) {
            return call.error(ErrorCode::invalid_argument,
                              "runtime.newCondition: type must not be empty");
        }
        if (at == status_field && text != "True" && text != "False" && text != "Unknown") {
            return call.error(ErrorCode::invalid_argument,
                              "runtime.newCondition: status must be one of True, False, Unknown "
                              "(got ",
                              quote(text), ")");
        }
        if (at < texts.size()) {
            texts[at] = text;
        }
    }
    return call.object<ConditionValue>(texts);
}

Value condition_of_map(Call& call, const Value& map) {
    ConditionValue::Texts texts;
    for (size_t i = 0; i < texts.size(); ++i) {
        const std::optional<Value> text = map.find(condition_fields[i], call.arena());
        texts[i] = text && text->is_string() ? text->as_string() : "";
    }
    return call.object<ConditionValue>(texts);
}

Value find_condition(Call& call, std::span<const Value> args) {
    const auto refuse = [&](const auto&... pieces) {
        return call.error(ErrorCode::invalid_argument, "runtime.condition: ", pieces...);
    };
    const Value none = call.object<ConditionValue>(ConditionValue::Texts{});
    if (!args[1].is_map()) {
        return refuse("obj must be an object, got ", type_name_of(args[1]));
    }
    const std::optional<Value> status = args[1].find("status", call.arena());
    if (!status) {
        return none;
    }
    if (!status->is_map()) {
        return refuse("obj.status must be an object");
    }
    const std::optional<Value> list = status->find("conditions", call.arena());
    if (!list) {
        return none;
    }
    if (!list->is_list()) {
        return refuse("obj.status.conditions must be a list");
    }
    // All are looked at first: a wrong one is told even behind the one that is wanted.
    Value found = none;
    bool is_found = false;
    for (const Value& item : list->items(call.arena())) {
        if (item.as<ConditionValue>() == nullptr && !item.is_map()) {
            return refuse("unexpected condition element type ", type_name_of(item));
        }
        const Value condition = item.is_map() ? condition_of_map(call, item) : item;
        if (!is_found && condition.as<ConditionValue>()->condition() == args[2].as_string()) {
            found = condition;
            is_found = true;
        }
    }
    return found;
}

constexpr Documentation runtime_documentation[] = {
    {"newCondition", "A condition: type and status, and if wanted reason and message.",
     "runtime.newCondition({type: 'Ready', status: 'True'}).status", R"("True")",
     "runtime.newCondition({type: text, status: text, reason: text, message: text})"},
    {"condition", "The condition of a type in an object's status; an empty one if there is none.",
     "runtime.condition({'status': {'conditions': [{'type': 'Ready', 'status': 'True'}]}}, "
     "'Ready').status",
     R"("True")"},
};

}  // namespace

Library runtime_library() {
    static const RuntimeValue runtime;
    Library library("kro.runtime");
    library.structure(condition_structure());
    library.constant("runtime", "kro.run.Runtime", Value::opaque(&runtime));
    library.macro(
        {.name = "newCondition", .arity = 1, .is_member = true, .expand = expand_new_condition});
    library.function("newCondition",
                     {{.id = "runtime_newCondition_map",
                       .signature = "kro.run.Runtime.(map(string, string)) -> kro.run.Condition",
                       .call = new_condition}});
    library.function("condition",
                     {{.id = "runtime_condition_dyn_string",
                       .signature = "kro.run.Runtime.(dyn, string) -> kro.run.Condition",
                       .call = find_condition}});
    library.document("Conditions of resources", runtime_documentation);
    return library;
}

}  // namespace weft::cel
