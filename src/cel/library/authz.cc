// cel/library/authz.cc: asking an authorizer: what is asked is put together call by call.

#include "cel/library/authz.h"

#include "object/names.h"

namespace weft::cel {

namespace {

constexpr Type authorizer_type{.kind = TypeKind::opaque,
                               .name = "kubernetes.authorization.Authorizer"};
constexpr Type path_check_type{.kind = TypeKind::opaque,
                               .name = "kubernetes.authorization.PathCheck"};
constexpr Type group_check_type{.kind = TypeKind::opaque,
                                .name = "kubernetes.authorization.GroupCheck"};
constexpr Type resource_check_type{.kind = TypeKind::opaque,
                                   .name = "kubernetes.authorization.ResourceCheck"};
constexpr Type decision_type{.kind = TypeKind::opaque, .name = "kubernetes.authorization.Decision"};

// A question that is not yet asked; its type says what may be added to it.
class QuestionValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    QuestionValue(const Type* of, const Authorizer& asked, AuthorizationQuestion what)
        : authorizer(asked), question(std::move(what)), type_(of) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return type_; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* that = other.as<QuestionValue>();
        return that != nullptr ? Value::boolean(that == this)
                               : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }

    const Authorizer& authorizer;
    const AuthorizationQuestion question;

private:
    const Type* type_;
};

class DecisionValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    explicit DecisionValue(AuthorizationAnswer what) : answer(std::move(what)) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &decision_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* that = other.as<DecisionValue>();
        return that != nullptr ? Value::boolean(that == this)
                               : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }

    const AuthorizationAnswer answer;
};

const QuestionValue& question_of(const Value& value) {
    return *value.as<QuestionValue>();
}

// The question with one more text in it.
template <std::string AuthorizationQuestion::* member, const Type* type>
Value with_text(Call& call, std::span<const Value> args) {
    const QuestionValue& before = question_of(args[0]);
    AuthorizationQuestion question = before.question;
    question.*member = std::string(args[1].as_string());
    return call.object<QuestionValue>(type, before.authorizer, std::move(question));
}

Value check_path(Call& call, std::span<const Value> args) {
    if (args[1].as_string().empty()) {
        return call.error(ErrorCode::invalid_argument, "path must not be empty");
    }
    return with_text<&AuthorizationQuestion::path, &path_check_type>(call, args);
}

Value as_service_account(Call& call, std::span<const Value> args) {
    const std::string_view space = args[1].as_string();
    const std::string_view name = args[2].as_string();
    if (!check_dns1123_label(space).empty()) {
        return call.error(ErrorCode::invalid_argument, "Invalid service account namespace");
    }
    if (!check_dns1123_subdomain(name).empty()) {
        return call.error(ErrorCode::invalid_argument, "Invalid service account name");
    }
    const QuestionValue& before = question_of(args[0]);
    AuthorizationQuestion question = before.question;
    question.service_account = cat(space, "/", name);
    return call.object<QuestionValue>(&authorizer_type, before.authorizer, std::move(question));
}

Value check(Call& call, std::span<const Value> args) {
    const QuestionValue& asked = question_of(args[0]);
    AuthorizationQuestion question = asked.question;
    question.verb = std::string(args[1].as_string());
    return call.object<DecisionValue>(asked.authorizer.decide(question));
}

const AuthorizationAnswer& answer_of(const Value& value) {
    return value.as<DecisionValue>()->answer;
}
Value is_allowed(Call&, std::span<const Value> args) {
    return Value::boolean(answer_of(args[0]).is_allowed);
}
Value is_errored(Call&, std::span<const Value> args) {
    return Value::boolean(!answer_of(args[0]).error.empty());
}
Value error_of_decision(Call&, std::span<const Value> args) {
    return Value::string(answer_of(args[0]).error);
}
Value reason_of(Call&, std::span<const Value> args) {
    return Value::string(answer_of(args[0]).reason);
}

// A check costs so much that an expression has room for two of them.
constexpr uint64_t check_cost = 350'000;
std::optional<uint64_t> cost_of_check(std::span<const Value>, const Value&) {
    return check_cost;
}
std::optional<CallEstimate> estimate_check(std::span<const Operand>) {
    return CallEstimate{{check_cost, check_cost}, std::nullopt};
}

// The examples have an authorizer that lets everybody get, and nothing else.
constexpr Documentation authz_documentation[] = {
    {"path", "A question about a path that is no resource.",
     "authorizer.path('/healthz').check('get').allowed()", "true"},
    {"group", "A question about resources of an API group.",
     "authorizer.group('apps').resource('deployments').check('delete').allowed()", "false"},
    {"serviceAccount", "The same questions about a service account.",
     "authorizer.serviceAccount('default', 'web').path('/healthz').check('get').allowed()", "true"},
    {"resource", "Which resource is meant.",
     "authorizer.group('').resource('pods').check('get').allowed()", "true"},
    {"subresource", "Which subresource is meant.",
     "authorizer.group('').resource('pods').subresource('log').check('get').allowed()", "true"},
    {"namespace", "In which namespace.",
     "authorizer.group('').resource('pods').namespace('default').check('get').allowed()", "true"},
    {"name", "Which object is meant.",
     "authorizer.group('').resource('pods').name('web').check('get').allowed()", "true"},
    {"fieldSelector", "Which objects are meant, by their fields.",
     "authorizer.group('').resource('pods').fieldSelector('spec.nodeName=a').check('list')"
     ".allowed()",
     "false"},
    {"labelSelector", "Which objects are meant, by their labels.",
     "authorizer.group('').resource('pods').labelSelector('app=web').check('list').allowed()",
     "false"},
    {"check", "The decision on a verb.", "authorizer.path('/healthz').check('post').errored()",
     "false"},
    {"allowed", "Whether it is allowed.", "authorizer.path('/healthz').check('get').allowed()",
     "true"},
    {"errored", "Whether it could not be decided.",
     "authorizer.path('/healthz').check('get').errored()", "false"},
    {"error", "Why it could not be decided; empty if it could.",
     "authorizer.path('/healthz').check('get').error()", "\"\""},
    {"reason", "The reason of the decision.", "authorizer.path('/healthz').check('get').reason()",
     "\"everybody may get\""},
};

}  // namespace

Value resource_check_value(Arena& arena, const Authorizer& authorizer,
                           AuthorizationQuestion resource) {
    return Value::opaque(
        arena.make<QuestionValue>(&resource_check_type, authorizer, std::move(resource)));
}

Value authorizer_value(Arena& arena, const Authorizer& authorizer) {
    return Value::opaque(
        arena.make<QuestionValue>(&authorizer_type, authorizer, AuthorizationQuestion()));
}

Library authz_library(bool has_selectors) {
    Library library("kubernetes.authz");
    for (const Type* type : {&authorizer_type, &path_check_type, &group_check_type,
                             &resource_check_type, &decision_type}) {
        library.type(type);
    }
    // An answer may be another one at another time, so nothing here is computed early.
    const auto add = [&](std::string_view name, std::string_view id, std::string_view signature,
                         Implementation call) {
        library.function(
            name,
            {{.id = id,
              .signature = library.intern(replace_all(signature, "@", "kubernetes.authorization.")),
              .call = call,
              .is_pure = false}});
    };
    using Question = AuthorizationQuestion;
    add("path", "authorizer_path", "@Authorizer.(string) -> @PathCheck", check_path);
    add("group", "authorizer_group", "@Authorizer.(string) -> @GroupCheck",
        with_text<&Question::group, &group_check_type>);
    add("serviceAccount", "authorizer_serviceaccount",
        "@Authorizer.(string, string) -> @Authorizer", as_service_account);
    add("resource", "groupcheck_resource", "@GroupCheck.(string) -> @ResourceCheck",
        with_text<&Question::resource, &resource_check_type>);
    add("subresource", "resourcecheck_subresource", "@ResourceCheck.(string) -> @ResourceCheck",
        with_text<&Question::subresource, &resource_check_type>);
    add("namespace", "resourcecheck_namespace", "@ResourceCheck.(string) -> @ResourceCheck",
        with_text<&Question::namespace_name, &resource_check_type>);
    add("name", "resourcecheck_name", "@ResourceCheck.(string) -> @ResourceCheck",
        with_text<&Question::name, &resource_check_type>);
    if (has_selectors) {
        add("fieldSelector", "resourcecheck_fieldselector",
            "@ResourceCheck.(string) -> @ResourceCheck",
            with_text<&Question::field_selector, &resource_check_type>);
        add("labelSelector", "resourcecheck_labelselector",
            "@ResourceCheck.(string) -> @ResourceCheck",
            with_text<&Question::label_selector, &resource_check_type>);
    }
    add("check", "pathcheck_check", "@PathCheck.(string) -> @Decision", check);
    add("check", "resourcecheck_check", "@ResourceCheck.(string) -> @Decision", check);
    library.cost("check", cost_of_check, estimate_check);
    add("allowed", "decision_allowed", "@Decision.() -> bool", is_allowed);
    add("errored", "decision_errored", "@Decision.() -> bool", is_errored);
    add("error", "decision_error", "@Decision.() -> string", error_of_decision);
    add("reason", "decision_reason", "@Decision.() -> string", reason_of);
    library.document("Authorization", authz_documentation);
    return library;
}

}  // namespace weft::cel
