// object/names.h: what names, keys and values of the API may be, in Kubernetes' words.
//
// Source of the behaviour and the texts: apimachinery 0.36, pkg/api/validate/content,
// pkg/util/validation and pkg/api/validation.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft {

// Each says everything that is wrong with the text; nothing if it is fine.
[[nodiscard]] std::vector<std::string> check_dns1123_label(std::string_view text);
[[nodiscard]] std::vector<std::string> check_dns1123_subdomain(std::string_view text);
[[nodiscard]] std::vector<std::string> check_dns1123_subdomain_with_underscore(
    std::string_view text);
[[nodiscard]] std::vector<std::string> check_wildcard_dns1123_subdomain(std::string_view text);
[[nodiscard]] std::vector<std::string> check_dns1035_label(std::string_view text);
// "prefix/name" or "name": the key of a label, an annotation, a resource.
[[nodiscard]] std::vector<std::string> check_qualified_name(std::string_view text);
[[nodiscard]] std::vector<std::string> check_label_value(std::string_view text);
[[nodiscard]] std::vector<std::string> check_port_name(std::string_view text);
[[nodiscard]] std::vector<std::string> check_percent(std::string_view text);
[[nodiscard]] std::vector<std::string> check_http_header_name(std::string_view text);
[[nodiscard]] std::vector<std::string> check_env_var_name(std::string_view text);
// What env names may be since 1.30.
[[nodiscard]] std::vector<std::string> check_relaxed_env_var_name(std::string_view text);
// Keys of the data of config maps and secrets.
[[nodiscard]] std::vector<std::string> check_config_map_key(std::string_view text);
// What a part of a URL's path may be: neither "." nor "..", without "/" and "%".
[[nodiscard]] std::vector<std::string> check_path_segment_name(std::string_view text);
// metadata.generateName: what is put in front of random characters.
[[nodiscard]] std::vector<std::string> check_generate_name(std::string_view text);

// A mistake that is not always "FieldValueInvalid".
struct NameMistake {
    std::string reason;  // a cause's: "FieldValueInvalid", "FieldValueRequired", …
    std::string detail;

    std::string part = {};  // of the text, if it is about that alone
    bool operator==(const NameMistake&) const = default;
};
[[nodiscard]] std::vector<NameMistake> check_fully_qualified_name(std::string_view text);
[[nodiscard]] std::vector<NameMistake> check_fully_qualified_domain_name(std::string_view text);
[[nodiscard]] std::vector<NameMistake> check_domain_prefixed_path(std::string_view text);
[[nodiscard]] std::vector<NameMistake> check_domain_prefixed_key(std::string_view text);
[[nodiscard]] std::vector<NameMistake> check_field_manager(std::string_view text);

// All annotations of an object, keys and values together.
inline constexpr size_t annotation_bytes_max = size_t{256} * 1024;

// Versions by maturity, then number: "v2" before "v1" before "v1beta1" before "v1alpha1" before
// everything else, which is in alphabetical order. Positive if `a` is before `b`, 0 if equal
// (apimachinery version.CompareKubeAwareVersionStrings).
[[nodiscard]] int compare_kube_versions(std::string_view a, std::string_view b);

}  // namespace weft
