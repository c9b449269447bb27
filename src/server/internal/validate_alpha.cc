// server/internal/validate_alpha.cc: kinds that are served on demand (trust bundles, lease
// candidates, workloads, storage migrations), and APIServices.

#include <array>
#include <optional>
#include <set>

#include "object/names.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// --- ClusterTrustBundle ---

// A DER certificate as far as its outermost layers tell: a sequence of a sequence (what is
// signed), a sequence (how) and a bit string (the signature), and nothing behind.
class DerReader {
public:
    explicit DerReader(std::string_view bytes) : rest_(bytes) {}

    // The content of the next element if it has this tag.
    std::optional<std::string_view> take(unsigned char tag) {
        if (rest_.size() < 2 || static_cast<unsigned char>(rest_[0]) != tag) {
            return std::nullopt;
        }
        size_t length = static_cast<unsigned char>(rest_[1]);
        size_t header = 2;
        if (length >= 0x80) {
            constexpr size_t length_bytes_max = 4;
            const size_t count = length & 0x7F;
            if (count == 0 || count > length_bytes_max || rest_.size() < header + count) {
                return std::nullopt;
            }
            length = 0;
            for (size_t i = 0; i < count; ++i) {
                length = length << 8 | static_cast<unsigned char>(rest_[header + i]);
            }
            header += count;
        }
        if (rest_.size() - header < length) {
            return std::nullopt;
        }
        const std::string_view content = rest_.substr(header, length);
        rest_.remove_prefix(header + length);
        return content;
    }
    [[nodiscard]] bool is_done() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

bool is_certificate(std::string_view der) {
    constexpr unsigned char sequence = 0x30;
    constexpr unsigned char bit_string = 0x03;
    DerReader outer(der);
    const auto content = outer.take(sequence);
    if (!content || !outer.is_done()) {
        return false;
    }
    DerReader inner(*content);
    const auto to_be_signed = inner.take(sequence);
    const auto algorithm = inner.take(sequence);
    const auto signature = inner.take(bit_string);
    return to_be_signed && !to_be_signed->empty() && algorithm && signature && inner.is_done();
}

// What is wrong with a bundle of trust anchors in PEM; empty if nothing is.
std::string bundle_problem(std::string_view text) {
    constexpr std::string_view begin = "-----BEGIN ";
    constexpr std::string_view dashes = "-----";
    std::set<std::string> seen;
    size_t count = 0;
    while (true) {
        const size_t start = text.find(begin);
        if (start == std::string_view::npos) {
            break;
        }
        text.remove_prefix(start + begin.size());
        const size_t type_end = text.find(dashes);
        if (type_end == std::string_view::npos) {
            break;
        }
        const std::string_view type = text.substr(0, type_end);
        text.remove_prefix(type_end + dashes.size());
        const size_t end = text.find(cat("-----END ", type, dashes));
        if (end == std::string_view::npos) {
            continue;
        }
        const std::string_view body = text.substr(0, end);
        text.remove_prefix(end);
        if (type != "CERTIFICATE") {
            return cat("entry ", count, " has bad block type: ", type);
        }
        if (body.contains(':')) {
            return cat("entry ", count, " has PEM block headers");
        }
        std::string packed;
        for (const char c : body) {
            if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
                packed += c;
            }
        }
        const auto der = base64_decode(packed);
        if (!der || !is_certificate(*der)) {
            return cat("entry ", count, " does not parse as X.509");
        }
        if (!seen.insert(*der).second) {
            return "duplicate trust anchor (indices 0 and 1)";
        }
        ++count;
    }
    return count == 0 ? "at least one trust anchor must be provided" : std::string();
}

void check_trust_bundle(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place metadata = root.member("metadata");
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const std::string_view name = object.string_at("metadata", "name");
    const std::string_view signer = spec.string_at("signerName");
    if (signer.empty()) {
        if (name.contains(':')) {
            check.invalid(metadata.member("name"), name,
                          "ClusterTrustBundle without signer name must not have \":\" in its name");
        }
    } else {
        const std::string prefix = replace_all(signer, "/", ":") + ":";
        if (!name.starts_with(prefix)) {
            check.invalid(metadata.member("name"), name,
                          cat("ClusterTrustBundle for signerName ", signer,
                              " must be named with prefix ", prefix));
        }
        check_signer_name(check, at.member("signerName"), signer);
    }
    if (old != nullptr && !differs(spec, map_of(*old, "spec"), "trustBundle")) {
        return;
    }
    if (std::string problem = bundle_problem(spec.string_at("trustBundle")); !problem.empty()) {
        const Place bundle = at.member("trustBundle");
        check.invalid(bundle, "<value omitted>", std::move(problem));
    }
}

// --- LeaseCandidate ---

using Version = std::array<uint64_t, 3>;

// "1.2.3", also with what follows a dash or plus.
std::optional<Version> parse_version(std::string_view text) {
    text = text.substr(0, text.find_first_of("-+"));
    const auto parts = split(text, '.');
    if (parts.size() != 3) {
        return std::nullopt;
    }
    Version out{};
    for (size_t i = 0; i < out.size(); ++i) {
        const auto number = parse_uint(parts[i]);
        if (!number || (parts[i].size() > 1 && parts[i].starts_with('0'))) {
            return std::nullopt;
        }
        out[i] = *number;
    }
    return out;
}

void check_lease_candidate(Checker& check, const Value& object, const Value* /*old*/) {
    constexpr std::string_view no_version = "must be a valid semantic version";
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check.required_text(spec, "leaseName", at);
    const std::string_view emulated = spec.string_at("emulationVersion");
    const std::string_view binary = spec.string_at("binaryVersion");
    const std::string_view strategy = spec.string_at("strategy");
    const auto emulated_version = parse_version(emulated);
    const auto binary_version = parse_version(binary);
    if (!emulated.empty() && !emulated_version) {
        check.invalid(at.member("emulationVersion"), emulated, std::string(no_version));
    }
    if (binary.empty()) {
        check.required(at.member("binaryVersion"));
    } else if (!binary_version) {
        check.invalid(at.member("binaryVersion"), binary, std::string(no_version));
    }
    if (emulated_version && binary_version && *binary_version < *emulated_version) {
        check.invalid(at.member("binaryVersion"), binary,
                      "must be greater than or equal to `emulationVersion`");
    }
    const Place strategy_place = at.member("strategy");
    if (strategy.empty()) {
        check.required(strategy_place);
    } else if (strategy == "OldestEmulationVersion") {
        if (emulated.empty()) {
            check.required(at.member("emulationVersion"),
                           "must be specified when `strategy` is 'OldestEmulationVersion'");
        }
    } else if (strategy.contains('/')) {
        check.name(strategy_place.member("strategy"), strategy, check_qualified_name);
    } else {
        check.unsupported(strategy_place.member("strategy"), strategy, {"OldestEmulationVersion"});
    }
}

// --- Workload, PodGroup ---

void check_group_policy(Checker& check, const Value& holder, const Place& place) {
    const Value& policy = map_of(holder, "schedulingPolicy");
    const Place at = place.member("schedulingPolicy");
    const Value* basic = given(policy, "basic");
    const Value* gang = given(policy, "gang");
    if (basic != nullptr && gang != nullptr) {
        check.invalid(at, "{basic, gang}", "must specify exactly one of: `basic`, `gang`");
    } else if (basic == nullptr && gang == nullptr) {
        check.invalid(at, "", "must specify one of: `basic`, `gang`");
    }
    if (gang == nullptr) {
        return;
    }
    const Place count_place = at.member("gang");
    if (const int64_t count = gang->int_at(0, "minCount"); count == 0) {
        check.required(count_place.member("minCount"));
    } else if (count < 0) {
        check.invalid(count_place.member("minCount"), count, "must be greater than or equal to 1");
    }
}

void check_controller_ref(Checker& check, const Value& spec, const Place& place) {
    const Value* ref = given(spec, "controllerRef");
    if (ref == nullptr) {
        return;
    }
    const Place at = place.member("controllerRef");
    if (const std::string_view group = ref->string_at("apiGroup"); !group.empty()) {
        check.name(at.member("apiGroup"), group, check_dns1123_subdomain);
    }
    for (const std::string_view member : {"kind", "name"}) {
        check.required_name(at.member(member), ref->string_at(member), check_path_segment_name);
    }
}

void check_workload(Checker& check, const Value& object, const Value* old) {
    constexpr size_t templates_max = 8;
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const Place list = at.member("podGroupTemplates");
    if (old != nullptr) {
        return;  // Nothing of it changes.
    }
    check_controller_ref(check, spec, at);
    const auto templates = items_of(spec, "podGroupTemplates");
    if (templates.empty()) {
        check.required(list);
        return;
    }
    if (templates.size() > templates_max) {
        check.too_many(list, templates.size(), templates_max);
        return;
    }
    std::set<std::string_view> names;
    for (size_t i = 0; i < templates.size(); ++i) {
        if (!names.insert(templates[i].string_at("name")).second) {
            Value shown = templates[i];
            if (!shown.contains("schedulingConstraints")) {
                shown.set("schedulingConstraints", Value());
            }
            check.duplicate(list.item(i), std::move(shown));
        }
    }
    for (size_t i = 0; i < templates.size(); ++i) {
        const Place item = list.item(i);
        check.required_name(item.member("name"), templates[i].string_at("name"),
                            check_dns1123_label);
        check_group_policy(check, templates[i], item);
    }
}

void check_pod_group(Checker& check, const Value& object, const Value* old) {
    if (old == nullptr) {
        const Place root;
        check_group_policy(check, map_of(object, "spec"), root.member("spec"));
    }
}

// --- APIService ---

void check_priority(Checker& check, const Value& spec, std::string_view member, int64_t most,
                    const Place& at) {
    if (const int64_t value = spec.int_at(0, member); value <= 0 || value > most) {
        check.invalid(at.member(member), value, cat("must be positive and less than ", most));
    }
}

void check_api_service(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place metadata = root.member("metadata");
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const std::string_view group = spec.string_at("group");
    const std::string_view version = spec.string_at("version");
    const std::string_view name = object.string_at("metadata", "name");
    const std::string wanted = cat(version, ".", group);
    if (name != wanted) {
        check.invalid(metadata.member("name"), name,
                      cat("must be `spec.version+\".\"+spec.group`: ", quote(wanted)));
    }
    if (!group.empty()) {
        check.name(at.member("group"), group, check_dns1123_subdomain);
    } else if (version != "v1") {
        check.required(at.member("group"),
                       "only v1 may have an empty group and it better be legacy kube");
    }
    check.name(at.member("version"), version, check_dns1035_label);
    check_priority(check, spec, "groupPriorityMinimum", 20000, at);
    check_priority(check, spec, "versionPriority", 1000, at);
    const bool is_insecure = is_true(spec, "insecureSkipTLSVerify");
    const auto bundle = base64_decode(spec.string_at("caBundle"));
    const size_t bundle_bytes = bundle ? bundle->size() : 0;
    const Value* service = given(spec, "service");
    if (service == nullptr) {
        if (bundle_bytes > 0) {
            check.invalid(at.member("caBundle"), cat(bundle_bytes, " bytes"),
                          "local APIServices may not have a caBundle");
        }
        if (is_insecure) {
            check.invalid(at.member("insecureSkipTLSVerify"), true,
                          "local APIServices may not have insecureSkipTLSVerify");
        }
        return;
    }
    const Place place = at.member("service");
    check.required_text(*service, "namespace", place);
    check.required_text(*service, "name", place);
    if (is_insecure && bundle_bytes > 0) {
        check.invalid(at.member("insecureSkipTLSVerify"), true,
                      "may not be true if caBundle is present");
    }
}

// --- StorageVersionMigration, StorageVersion ---

void check_migration(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    const Place at = spec.member("resource");
    if (map_of(map_of(object, "spec"), "resource").string_at("resource").empty()) {
        check.required(at.member("resource"), "resource is required to be set");
    }
}

void check_storage_version(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place metadata = root.member("metadata");
    const std::string_view name = object.string_at("metadata", "name");
    if (!name.contains('.')) {
        check.invalid(metadata.member("name"), name,
                      "name must be in the form of <group>.<resource>");
    }
}

constexpr std::array<KindRules, 7> alpha_table{
    {{"certificates.k8s.io", "ClusterTrustBundle", "", check_trust_bundle},
     {"coordination.k8s.io", "LeaseCandidate", "", check_lease_candidate},
     {"scheduling.k8s.io", "Workload", "", check_workload},
     {"scheduling.k8s.io", "PodGroup", "", check_pod_group},
     {"apiregistration.k8s.io", "APIService", "", check_api_service},
     {"storagemigration.k8s.io", "StorageVersionMigration", "", check_migration},
     {"internal.apiserver.k8s.io", "StorageVersion", "", check_storage_version}}};

}  // namespace

bool is_semantic_version(std::string_view text) {
    return parse_version(text).has_value();
}

std::span<const KindRules> alpha_rules() {
    return alpha_table;
}

}  // namespace weft::server
