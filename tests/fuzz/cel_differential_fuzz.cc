// tests/fuzz/cel_differential_fuzz.cc: an expression has one outcome: optimised or not, checked or
// only parsed. The first byte chooses kro's or Kubernetes' language, the rest the expression.

#include "object/json.h"
#include "schema/open_api.h"
#include "tests/fuzz/cel_grammar.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)

constexpr std::string_view web_schema = R"({
  "type": "object",
  "properties": {
    "metadata": {"type": "object", "properties": {
      "name": {"type": "string"}, "created": {"type": "string", "format": "date-time"}}},
    "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
    "spec": {"type": "object", "properties": {
      "replicas": {"type": "integer"}, "port": {"x-kubernetes-int-or-string": true},
      "name": {"type": "string"},
      "hosts": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
      "ports": {"type": "array", "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"], "items": {"type": "object", "properties": {
          "name": {"type": "string"}, "a": {"type": "integer"}}}}}}}})";

const Value& document() {
    static const Value value = *parse_json(
        R"({"s":"text","i":3,"d":2.5,"n":null,"l":[1,2,"x"],"m":{"a":1,"b":{"c":[true]}},"t":true,"e":{}})");
    return value;
}
const Value& web() {
    static const Value value = *parse_json(
        R"({"metadata":{"name":"w","created":"2026-01-02T03:04:05Z"},"data":{"k":"aGk="},)"
        R"("spec":{"replicas":3,"port":"http","hosts":["p","q"],)"
        R"("ports":[{"name":"a","a":1},{"name":"b","a":2}]}})");
    return value;
}
const Value& list() {
    static const Value value = *parse_json("[3,1,2]");
    return value;
}

struct Language {
    explicit Language(cel::Profile profile)
        : environment(cel::Environment::of(profile)
                          .extend()
                          .variable("o", &cel::types::dyn)
                          .variable("x", &cel::types::integer)
                          .variable("l", "list(int)")
                          .object("web", *schema::from_open_api(*parse_json(web_schema)), "web")
                          .build()),
          grammar(profile) {}
    cel::Environment environment;
    fuzz::Grammar grammar;
};

struct Outcome {
    std::string text;
    bool is_stopped = false;  // not to be compared: where a budget ends depends on the plan
};

Outcome outcome_of(const Language& language, const cel::Ast& ast, bool optimize) {
    const Result<cel::Program> program =
        language.environment.program(ast, {.optimize = optimize, .track_cost = true});
    if (!program) {
        // Kubernetes' optimiser folds what may never run, and refuses what fails there.
        return {.is_stopped = true};
    }
    cel::Arena arena(size_t{1} << 22);
    const cel::Outcome outcome = program->evaluate(cel::Activation()
                                                       .bind("o", document())
                                                       .bind("x", cel::Value::integer(7))
                                                       .bind("l", list())
                                                       .bind("web", web()),
                                                   arena, {.cost_limit = 100'000});
    if (outcome.value.is_error()) {
        const cel::ErrorCode code = outcome.value.as_error().code;
        return {.text = "error",
                .is_stopped =
                    code == cel::ErrorCode::cost_limit || code == cel::ErrorCode::memory_limit};
    }
    return {.text = cel::to_text(outcome.value)};
}

void compare(std::string_view what, std::string_view text, const Outcome& a, const Outcome& b) {
    if (a.is_stopped || b.is_stopped || a.text == b.text) {
        return;
    }
    std::fprintf(stderr, "%.*s: %.*s\n  %s\n  %s\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(text.size()), text.data(), a.text.c_str(), b.text.c_str());
    CHECK(a.text == b.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Language kro(cel::Profile::kro());
    static const Language kubernetes(cel::Profile::kubernetes(36));
    if (size == 0) {
        return 0;
    }
    const Language& language = data[0] % 2 == 0 ? kro : kubernetes;
    const std::string text = language.grammar.expression(data + 1, size - 1);
    const Result<cel::Ast> parsed = language.environment.parse(text);
    if (!parsed) {
        return 0;
    }
    const Outcome plain = outcome_of(language, *parsed, false);
    compare("optimised", text, plain, outcome_of(language, *parsed, true));
    const Result<cel::Ast> checked = language.environment.check(*parsed);
    if (!checked) {
        return 0;
    }
    const Outcome checked_plain = outcome_of(language, *checked, false);
    compare("checked, optimised", text, checked_plain, outcome_of(language, *checked, true));
    // cel-go's checker binds a type that nothing says to the first that fits, and then a checked
    // expression may fail where the parsed one does not. The other way round never.
    if (checked_plain.text != "error") {
        compare("checked", text, plain, checked_plain);
    }
    return 0;
}
