// tests/conformance/apimachinery.cc: conformance_apimachinery --cases DIR, text forms and patches.

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "merge/merge.h"
#include "object/int_or_string.h"
#include "object/ip_address.h"
#include "object/names.h"
#include "schema/quantity.h"
#include "server/internal/selectors.h"
#include "tests/conformance/apimachinery/function.h"
#include "tests/conformance/cases.h"

namespace {

using weft::cat;
using weft::Result;
using weft::Value;
using Messages = std::vector<std::string>;

enum class Verdict : unsigned char { pass, fail, skip };

struct Outcome {
    Verdict verdict = Verdict::pass;
    std::string reason;
};

Outcome passed() {
    return {};
}
Outcome failed(std::string reason) {
    return {Verdict::fail, std::move(reason)};
}
Outcome skipped(std::string reason) {
    return {Verdict::skip, std::move(reason)};
}

Outcome expect(const Value& got, const Value& wanted) {
    return got == wanted
               ? passed()
               : failed(cat("got ", weft::to_json(got), " wanted ", weft::to_json(wanted)));
}

Outcome expect_error(const weft::Error& error, const Value& row) {
    return row.contains("error") ? expect(Value(error.message()), *row.find("error"))
                                 : failed(cat("refused: ", error.message()));
}

template <typename T>
Outcome expect_result(const Result<T>& got, const Value& row, std::string_view member) {
    if (!got) {
        return expect_error(got.error(), row);
    }
    const Value* wanted = row.find(member);
    if (wanted == nullptr) {
        return row.contains("error") ? failed(cat("passed, wanted ", row.string_at("error")))
                                     : failed("the case has no outcome");
    }
    return expect(Value(*got), *wanted);
}

const Value& member(const Value& row, std::string_view name) {
    static const Value null;
    const Value* found = row.find(name);
    return found == nullptr ? null : *found;
}

// --- Names ---

Outcome expect_messages(const Messages& got, const Value& row, const Value& texts) {
    Value wanted = Value::list();
    for (const Value& index : member(row, "errors").items()) {
        wanted.push_back(texts.at(static_cast<size_t>(index.as_int())));
    }
    Value list = Value::list();
    for (const std::string& message : got) {
        list.push_back(message);
    }
    return expect(list, wanted);
}

Outcome expect_mistakes(const std::vector<weft::NameMistake>& got, const Value& row,
                        std::string_view field) {
    Value list = Value::list();
    for (const weft::NameMistake& mistake : got) {
        list.push_back(Value::map_of(
            {{"type", mistake.reason}, {"detail", mistake.detail}, {"field", field}}));
    }
    return expect(list, member(row, "errors"));
}

Outcome expect_details(const Messages& got, const Value& row) {
    std::vector<weft::NameMistake> mistakes;
    for (const std::string& message : got) {
        mistakes.push_back({"FieldValueInvalid", message});
    }
    return expect_mistakes(mistakes, row, "f");
}

std::optional<Outcome> check_name(std::string_view fn, std::string_view in, const Value& row,
                                  const Value& texts) {
    using Check = Messages (*)(std::string_view);
    static constexpr std::pair<std::string_view, Check> checks[] = {
        {"dns1123Label", weft::check_dns1123_label},
        {"dns1123Subdomain", weft::check_dns1123_subdomain},
        {"dns1123SubdomainWithUnderscore", weft::check_dns1123_subdomain_with_underscore},
        {"dns1035Label", weft::check_dns1035_label},
        {"wildcardDNS1123Subdomain", weft::check_wildcard_dns1123_subdomain},
        {"portName", weft::check_port_name},
        {"percent", weft::check_percent},
        {"httpHeaderName", weft::check_http_header_name},
        {"envVarName", weft::check_env_var_name},
        {"relaxedEnvVarName", weft::check_relaxed_env_var_name},
        {"configMapKey", weft::check_config_map_key},
        {"labelKey", weft::check_qualified_name},
        {"labelValue", weft::check_label_value},
        {"genericNamePrefix", weft::check_generate_name},
    };
    for (const auto& [name, check] : checks) {
        if (name == fn) {
            return expect_messages(check(in), row, texts);
        }
    }
    if (fn == "fullyQualifiedName") {
        return expect_mistakes(weft::check_fully_qualified_name(in), row, "f");
    }
    if (fn == "fullyQualifiedDomainName") {
        return expect_mistakes(weft::check_fully_qualified_domain_name(in), row, "f");
    }
    if (fn == "domainPrefixedPath") {
        return expect_mistakes(weft::check_domain_prefixed_path(in), row, "f");
    }
    if (fn == "domainPrefixedKey") {
        return expect_mistakes(weft::check_domain_prefixed_key(in), row, "f");
    }
    if (fn == "fieldManager") {
        return expect_mistakes(weft::check_field_manager(in), row, "f");
    }
    if (fn == "ip") {
        return expect_details(weft::check_ip_address(in), row);
    }
    if (fn == "cidr") {
        return expect_details(weft::check_cidr(in), row);
    }
    if (fn == "interfaceAddress") {
        return expect_details(weft::check_interface_address(in), row);
    }
    return std::nullopt;
}

Outcome check_metadata(std::string_view fn, const Value& row) {
    std::vector<weft::NameMistake> mistakes;
    size_t bytes = 0;
    const bool labels = fn == "validateLabels";
    std::vector<weft::Member> members(member(row, "set").members().begin(),
                                      member(row, "set").members().end());
    std::ranges::sort(members, {}, [](const weft::Member& m) { return std::string(m.name()); });
    for (const weft::Member& entry : members) {
        const std::string key = labels ? std::string(entry.name()) : weft::to_lower(entry.name());
        for (const std::string& message : weft::check_qualified_name(key)) {
            mistakes.push_back({"FieldValueInvalid", message});
        }
        if (labels) {
            for (const std::string& message : weft::check_label_value(entry.value.as_string())) {
                mistakes.push_back({"FieldValueInvalid", message});
            }
        }
        bytes += entry.name().size() + entry.value.size();
    }
    if (!labels && bytes > weft::annotation_bytes_max) {
        mistakes.push_back({"FieldValueTooLong",
                            cat("may not be more than ", weft::annotation_bytes_max, " bytes")});
    }
    return expect_mistakes(mistakes, row, labels ? "metadata.labels" : "metadata.annotations");
}

// --- Numbers and times ---

Outcome check_quantity(std::string_view in, const Value& row) {
    const std::optional<std::string> canonical = weft::schema::canonical_quantity(in);
    if (row.contains("error")) {
        if (canonical) {
            return failed(cat("read as ", *canonical));
        }
        return row.string_at("error") == weft::schema::quantity_error
                   ? passed()
                   : skipped("refused, but with another text");
    }
    return canonical ? expect(Value(*canonical), member(row, "canonical")) : failed("refused");
}

Outcome check_duration(std::string_view fn, const Value& row) {
    const int64_t nanos = row.int_at(0, "n");
    if (fn == "shortHumanDuration") {
        return skipped("no column shows it");
    }
    return expect(Value(weft::human_duration(nanos)), member(row, "text"));
}

Outcome check_time(std::string_view fn, const Value& row) {
    const Value& object = member(row, "obj");
    if (!object.is_string() || fn == "microTime") {
        return skipped("decoding of typed members is schema's");
    }
    std::optional<std::string> text;
    if (fn == "time") {
        if (const auto time = weft::parse_rfc3339(object.as_string())) {
            text = weft::format_rfc3339(*time);
        }
    } else if (const auto nanos = weft::parse_duration(object.as_string())) {
        text = weft::format_duration(*nanos);
    }
    if (row.contains("error")) {
        return text ? failed(cat("read as ", *text)) : skipped("refused; its text is schema's");
    }
    if (!text) {
        return failed("refused");
    }
    if (member(row, "json").is_null()) {
        return skipped("the zero time is null in typed members, which are schema's");
    }
    return expect(Value(*text), member(row, "json"));
}

Outcome check_int_or_string(std::string_view fn, std::string_view in, const Value& row) {
    if (fn == "intOrStringParse") {
        return expect(weft::parse_int_or_string(in), member(row, "json"));
    }
    const Value& up = member(row, "b");
    return expect_result(weft::scaled_int_or_percent(member(row, "obj"), row.int_at(0, "n"),
                                                     up.is_bool() && up.as_bool()),
                         row, "value");
}

// The list is in order: nothing stands before what goes before it.
Outcome check_versions(const Value& row) {
    const auto list = member(row, "list").items();
    for (size_t i = 0; i < list.size(); ++i) {
        for (size_t j = i + 1; j < list.size(); ++j) {
            if (weft::compare_kube_versions(list[i].as_string(), list[j].as_string()) < 0) {
                return failed(cat(list[j].as_string(), " goes before ", list[i].as_string()));
            }
        }
    }
    return passed();
}

// --- Selectors ---

using weft::server::FieldSelector;
using weft::server::LabelSelector;

Outcome check_selector(std::string_view fn, std::string_view in, const Value& row) {
    const Value& set = member(row, "set");
    if (fn == "labels" || fn == "labelsMatch") {
        const Result<LabelSelector> selector = LabelSelector::parse(in);
        if (!selector) {
            return expect_error(selector.error(), row);
        }
        if (row.contains("error")) {
            return failed("passed");
        }
        return fn == "labels" ? expect(Value(selector->text()), member(row, "text"))
                              : expect(Value(selector->matches(set)), member(row, "match"));
    }
    if (fn == "labelSelector") {
        if (member(row, "obj").is_null()) {
            return skipped("whether there is a selector is the caller's question");
        }
        const Result<LabelSelector> selector = LabelSelector::of_object(member(row, "obj"));
        if (!selector) {
            return expect_error(selector.error(), row);
        }
        if (row.contains("error")) {
            return failed("passed");
        }
        const Outcome text = expect(Value(selector->text()), member(row, "text"));
        return text.verdict == Verdict::pass
                   ? expect(Value(selector->matches(set)), member(row, "match"))
                   : text;
    }
    if (fn == "fields" || fn == "fieldsMatch") {
        const Result<FieldSelector> selector = FieldSelector::parse(in);
        if (!selector) {
            return expect_error(selector.error(), row);
        }
        if (row.contains("error")) {
            return failed("passed");
        }
        if (fn == "fields") {
            Value terms = Value::list();
            for (const weft::server::FieldTerm& term : selector->terms()) {
                terms.push_back(Value::map_of({{"field", term.field},
                                               {"op", term.equal ? "=" : "!="},
                                               {"value", term.value}}));
            }
            return expect(terms, member(row, "requirements"));
        }
        const auto look_up = [&](std::string_view name) -> std::optional<std::string_view> {
            const Value* found = set.find(name);
            return found == nullptr ? std::nullopt : std::optional(found->as_string());
        };
        return expect(Value(selector->matches(look_up)), member(row, "match"));
    }
    return skipped("not asked for by itself");
}

Outcome check(const Value& row, const Value& texts) {
    const std::string_view fn = row.string_at("fn");
    const std::string_view in = row.string_at("in");
    if (const auto test = weft::conformance::find_function(fn)) {
        const std::string problem = test(row);
        return problem.empty() ? passed() : failed(problem);
    }
    if (fn == "mergePatch") {
        return expect_result(
            weft::merge::apply_merge_patch(member(row, "obj"), member(row, "obj2")), row, "result");
    }
    if (fn == "jsonPatch") {
        return expect_result(weft::merge::apply_json_patch(member(row, "obj"), member(row, "obj2")),
                             row, "result");
    }
    if (std::optional<Outcome> outcome = check_name(fn, in, row, texts)) {
        return *std::move(outcome);
    }
    if (fn.starts_with("validate")) {
        return check_metadata(fn, row);
    }
    if (fn == "quantity") {
        return check_quantity(in, row);
    }
    if (fn.starts_with("quantity")) {
        return skipped("arithmetic of quantities is CEL's");
    }
    if (fn.ends_with("umanDuration")) {
        return check_duration(fn, row);
    }
    if (fn == "time" || fn == "microTime" || fn == "duration") {
        return check_time(fn, row);
    }
    if (fn.starts_with("intOr")) {
        return check_int_or_string(fn, in, row);
    }
    if (fn == "versionSort") {
        return check_versions(row);
    }
    if (fn.starts_with("label") || fn.starts_with("field")) {
        return check_selector(fn, in, row);
    }
    return failed(cat("no check for ", fn));
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder = weft::conformance::cases_folder(argc, argv);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        const Value file = weft::conformance::read_json(entry.path());
        size_t number = 0;
        for (const Value& row : member(file, "cases").items()) {
            const std::string id = cat(entry.path().stem().string(), "/", ++number);
            const Outcome outcome = check(row, member(file, "messages"));
            switch (outcome.verdict) {
                case Verdict::pass:
                    weft::conformance::pass(id);
                    break;
                case Verdict::skip:
                    weft::conformance::report("SKIP", id, outcome.reason);
                    break;
                case Verdict::fail:
                    weft::conformance::fail(id, cat(row.string_at("fn"), " ", row.string_at("in"),
                                                    ": ", outcome.reason));
                    break;
            }
        }
    }
    return 0;
}
