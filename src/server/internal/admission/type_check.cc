// server/internal/admission/type_check.cc: compiles each expression once for each kind.

#include "server/internal/admission/type_check.h"

#include <algorithm>
#include <set>

#include "schema/builtin.h"
#include "schema/open_api.h"
#include "server/internal/admission/expressions.h"
#include "server/limits.h"

namespace weft::server {

namespace {

std::vector<std::string> sorted_texts(const Value& rule, std::string_view member) {
    std::vector<std::string> out;
    if (const Value* list = rule.find(member)) {
        for (const Value& item : list->items()) {
            out.emplace_back(item.as_string());
        }
    }
    std::ranges::sort(out);
    return out;
}

bool has_star_in(const std::vector<std::string>& texts) {
    return std::ranges::any_of(
        texts, [](const std::string& text) { return text.find('*') != std::string::npos; });
}

// The kinds that the rules name, a few of them, in order.
std::vector<GroupVersionKind> kinds_to_check(const Core& core, const Value& policy) {
    std::set<GroupVersionKind> kinds;
    const Value* rules = policy.find("spec", "matchConstraints", "resourceRules");
    for (size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
        const std::vector<std::string> groups = sorted_texts(rules->at(i), "apiGroups");
        const std::vector<std::string> versions = sorted_texts(rules->at(i), "apiVersions");
        if (has_star_in(groups) || has_star_in(versions)) {
            continue;
        }
        for (const std::string& group : groups) {
            for (const std::string& version : versions) {
                for (const std::string& resource : sorted_texts(rules->at(i), "resources")) {
                    const ResourcePtr found = core.registry.find(group, version, resource);
                    if (found != nullptr) {
                        kinds.insert(found->gvk());
                    }
                    if (kinds.size() == limits::policy_types_checked_max) {
                        return {kinds.begin(), kinds.end()};
                    }
                }
            }
        }
    }
    return {kinds.begin(), kinds.end()};
}

// The schema of the whole object; null if it is not known. What a custom kind's does not say of
// its metadata is anything.
schema::SchemaPtr object_schema_of(const Core& core, const GroupVersionKind& kind) {
    const ResourcePtr resource = core.registry.find_kind(kind);
    if (resource == nullptr) {
        return nullptr;
    }
    if (resource->custom == nullptr) {
        return schema::Builtin::get().find_kind(kind);
    }
    if (resource->schema == nullptr) {
        return nullptr;
    }
    Value document = schema::to_open_api(*resource->schema, {.without_descriptions = true});
    Value& properties = document.mutable_member("properties");
    const Value text = Value::map_of({{"type", "string"}});
    properties.set("apiVersion", text);
    properties.set("kind", text);
    properties.set("metadata", Value::map_of({{"x-kubernetes-preserve-unknown-fields", true}}));
    auto made = schema::from_open_api(document);
    return made ? std::move(*made) : nullptr;
}

}  // namespace

Value check_policy_types(const Core& core, const Value& policy) {
    Value warnings = Value::list();
    const std::vector<GroupVersionKind> kinds = kinds_to_check(core, policy);
    const Value* param_kind = policy.find("spec", "paramKind");
    const bool has_params = param_kind != nullptr && param_kind->is_map();
    KnownTypes types;
    if (has_params) {
        if (const auto version = parse_api_version(param_kind->string_at("apiVersion"))) {
            types.params = object_schema_of(core, {version->group, version->version,
                                                   std::string(param_kind->string_at("kind"))});
        }
    }
    const ExpressionScope scope{.has_params = has_params, .has_authorizer = true};
    std::vector<std::pair<GroupVersionKind, ExpressionCompiler>> compilers;
    for (const GroupVersionKind& kind : kinds) {
        types.object = object_schema_of(core, kind);
        if (types.object == nullptr) {
            continue;
        }
        ExpressionCompiler compiler(types);
        const Value* variables = policy.find("spec", "variables");
        for (size_t i = 0; variables != nullptr && i < variables->size(); ++i) {
            compiler.add_variable(std::string(variables->at(i).string_at("name")),
                                  variables->at(i).string_at("expression"), scope);
        }
        compilers.emplace_back(kind, std::move(compiler));
    }
    const auto check_one = [&](std::string_view expression, std::string place) {
        std::vector<std::string> texts;
        for (auto& [kind, compiler] : compilers) {
            const CompiledExpression compiled =
                compiler.compile(expression, Outcome::anything, scope);
            constexpr std::string_view prefix = "compilation failed: ";
            if (!compiled.program) {
                std::string_view why = compiled.error;
                why.remove_prefix(why.starts_with(prefix) ? prefix.size() : 0);
                texts.push_back(cat(kind.text(), ": ", why, "\n"));
            }
        }
        if (!texts.empty()) {
            warnings.push_back(
                Value::map_of({{"fieldRef", place}, {"warning", join(texts, "\n")}}));
        }
    };
    const Value* validations = policy.find("spec", "validations");
    for (size_t i = 0; validations != nullptr && i < validations->size(); ++i) {
        const std::string place = schema::path_index("spec.validations", i);
        check_one(validations->at(i).string_at("expression"), place + ".expression");
        if (const std::string_view text = validations->at(i).string_at("messageExpression");
            !text.empty()) {
            check_one(text, place + ".messageExpression");
        }
    }
    return warnings;
}

}  // namespace weft::server
