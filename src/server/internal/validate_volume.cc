// server/internal/validate_volume.cc: the volumes of pods and the sources of persistent volumes.

#include <algorithm>
#include <array>
#include <set>

#include "object/names.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr int64_t mode_max = 0777;
constexpr std::string_view mode_text =
    "must be a number between 0 and 0777 (octal), both inclusive";

void check_mode(Checker& check, const Value& in, std::string_view member, const Place& at) {
    const Value* mode = given(in, member);
    if (mode != nullptr && mode->is_int() && (mode->as_int() < 0 || mode->as_int() > mode_max)) {
        check.invalid(at.member(member), *mode, std::string(mode_text));
    }
}

// As check_local_path, and it may not begin with "..", which writers keep for themselves.
void check_unreserved_path(Checker& check, const Place& at, std::string_view path) {
    check_local_path(check, at, path);
    if (path.starts_with("..") && !path.starts_with("../")) {
        check.invalid(at, path, "must not start with '..'");
    }
}

void check_key_to_path(Checker& check, const Value& item, const Place& at) {
    check.required_text(item, "key", at);
    check.required_text(item, "path", at);
    check_unreserved_path(check, at.member("path"), item.string_at("path"));
    check_mode(check, item, "mode", at);
}

void check_items(Checker& check, const Value& source, const Place& at, bool with_index) {
    const Place list = at.member("items");
    size_t index = 0;
    for (const Value& item : items_of(source, "items")) {
        const Place place = list.item(index++);
        check_key_to_path(check, item, with_index ? place : list);
    }
}

void check_downward_item(Checker& check, const Value& item, const Place& at) {
    check.required_text(item, "path", at);
    check_unreserved_path(check, at.member("path"), item.string_at("path"));
    const Value* field = given(item, "fieldRef");
    const Value* resource = given(item, "resourceFieldRef");
    if (field != nullptr) {
        check_field_selector(check, *field, at.member("fieldRef"), true);
        if (resource != nullptr) {
            check.invalid(at, "resource",
                          "fieldRef and resourceFieldRef can not be specified simultaneously");
        }
    } else if (resource != nullptr) {
        check_resource_selector(check, *resource, at.member("resourceFieldRef"), true);
    } else {
        check.required(at, "one of fieldRef and resourceFieldRef is required");
    }
    check_mode(check, item, "mode", at);
}

void check_empty_dir(Checker& check, const Value& source, const Place& at) {
    const Value* size = given(source, "sizeLimit");
    if (size != nullptr && compare_quantities(*size, Value("0")) < 0) {
        check.forbidden(at.member("sizeLimit"),
                        "SizeLimit field must be a valid resource quantity");
    }
}

void check_host_path(Checker& check, const Value& source, const Place& at) {
    if (!check.required_text(source, "path", at)) {
        return;
    }
    check_no_backsteps(check, at.member("path"), source.string_at("path"));
    if (given(source, "type") != nullptr) {
        check.one_of(source, "type", at,
                     {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                      "FileOrCreate", "Socket"});
    }
}

void check_git_repo(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "repository", at);
    check_local_path(check, at.member("directory"), source.string_at("directory"));
}

void check_disk(Checker& check, const Value& source, const Place& at) {  // GCE
    check.required_text(source, "pdName", at);
    check.in_range(source, "partition", at, 0, 255);
}

void check_block_store(Checker& check, const Value& source, const Place& at) {  // AWS
    check.required_text(source, "volumeID", at);
    check.in_range(source, "partition", at, 0, 255);
}

void check_secret(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "secretName", at);
    check_mode(check, source, "defaultMode", at);
    check_items(check, source, at, true);
}

void check_config_map_volume(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "name", at);
    check_mode(check, source, "defaultMode", at);
    check_items(check, source, at, true);
}

void check_nfs(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "server", at);
    check.required_text(source, "path", at);
    if (!source.string_at("path").starts_with('/')) {
        check.invalid(at.member("path"), source.string_at("path"), "must be an absolute path");
    }
}

void check_iscsi(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "targetPortal", at);
    const std::string_view name = source.string_at("iqn");
    if (check.required_text(source, "iqn", at) && !name.starts_with("iqn") &&
        !name.starts_with("eui") && !name.starts_with("naa")) {
        check.invalid(at.member("iqn"), name,
                      "must be valid format starting with iqn, eui, or naa");
    }
    check.in_range(source, "lun", at, 0, 255);
    const bool uses_chap =
        is_true(source, "chapAuthDiscovery") || is_true(source, "chapAuthSession");
    if (uses_chap && given(source, "secretRef") == nullptr) {
        check.required(at.member("secretRef"));
    }
}

void check_glusterfs(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "endpoints", at);
    check.required_text(source, "path", at);
}

void check_claim_ref(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "claimName", at);
}

void check_rbd(Checker& check, const Value& source, const Place& at) {
    if (items_of(source, "monitors").empty()) {
        check.required(at.member("monitors"));
    }
    check.required_text(source, "image", at);
}

void check_cinder(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "volumeID", at);
    if (const Value* secret = given(source, "secretRef")) {
        const Place place = at.member("secretRef");
        check.required_text(*secret, "name", place);
    }
}

void check_cephfs(Checker& check, const Value& source, const Place& at) {
    if (items_of(source, "monitors").empty()) {
        check.required(at.member("monitors"));
    }
}

void check_quobyte(Checker& check, const Value& source, const Place& at) {
    if (source.string_at("registry").empty()) {
        check.required(at.member("registry"),
                       "must be a host:port pair or multiple pairs separated by commas");
    }
    check.required_text(source, "volume", at);
}

void check_downward(Checker& check, const Value& source, const Place& at) {
    check_mode(check, source, "defaultMode", at);
    for (const Value& item : items_of(source, "items")) {
        check_downward_item(check, item, at);
    }
}

void check_fibre(Checker& check, const Value& source, const Place& at) {
    const bool has_names = !items_of(source, "targetWWNs").empty();
    const bool has_ids = !items_of(source, "wwids").empty();
    if (!has_names && !has_ids) {
        check.required(at.member("targetWWNs"),
                       "must specify either targetWWNs or wwids, but not both");
    }
    if (has_names && has_ids) {
        check.invalid(at.member("targetWWNs"), value_at(source, "targetWWNs"),
                      "targetWWNs and wwids can not be specified simultaneously");
    }
    if (has_names) {
        if (given(source, "lun") == nullptr) {
            check.required(at.member("lun"), "lun is required if targetWWNs is specified");
        } else {
            check.in_range(source, "lun", at, 0, 255);
        }
    }
}

void check_flex(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "driver", at);
    for (const Member& option : members_of(source, "options")) {
        if (option.name().starts_with("kubernetes.io/") || option.name().contains(".k8s.io/")) {
            const Place list = at.member("options");
            check.invalid(list.key(option.name()), option.name(),
                          "kubernetes.io and k8s.io namespaces are reserved");
        }
    }
}

void check_azure_file(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "secretName", at);
    check.required_text(source, "shareName", at);
}

void check_vsphere(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "volumePath", at);
}

void check_photon(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "pdID", at);
}

void check_portworx(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "volumeID", at);
}

void check_azure_disk(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "diskName", at);
    check.required_text(source, "diskURI", at);
    check.optional_one_of(source, "cachingMode", at, {"None", "ReadOnly", "ReadWrite"});
    check.optional_one_of(source, "kind", at, {"Dedicated", "Managed", "Shared"});
}

void check_storage_os(Checker& check, const Value& source, const Place& at) {
    check.required_name(at.member("volumeName"), source.string_at("volumeName"),
                        check_dns1123_label);
    if (const std::string_view space = source.string_at("volumeNamespace"); !space.empty()) {
        check.name(at.member("volumeNamespace"), space, check_dns1123_label);
    }
}

void check_scale_io(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "gateway", at);
    check.required_text(source, "system", at);
    check.required_text(source, "volumeName", at);
}

void check_token_projection(Checker& check, const Value& source, const Place& at,
                            const Place& projected) {
    const int64_t seconds = source.int_at(0, "expirationSeconds");
    constexpr int64_t seconds_min = 600;
    constexpr int64_t seconds_max = int64_t{1} << 32;
    if (seconds < seconds_min) {
        check.invalid(at.member("expirationSeconds"), seconds,
                      "may not specify a duration less than 10 minutes");
    }
    if (seconds > seconds_max) {
        check.invalid(at.member("expirationSeconds"), seconds,
                      "may not specify a duration larger than 2^32 seconds");
    }
    if (source.string_at("path").empty()) {
        check.required(projected.member("path"));
    } else {
        check_unreserved_path(check, projected.member("path"), source.string_at("path"));
    }
}

void check_bundle_projection(Checker& check, const Value& source, const Place& at) {
    const Value* name = given(source, "name");
    const Value* signer = given(source, "signerName");
    if (name != nullptr && signer != nullptr) {
        check.invalid(at, Checker::form("core.v1.ClusterTrustBundleProjection", source),
                      "only one of name and signerName may be used");
    } else if (name == nullptr && signer == nullptr) {
        check.required(at, "either name or signerName must be specified");
    } else if (name != nullptr && name->empty()) {
        check.required(at.member("name"));
    } else if (signer != nullptr) {
        check_label_selector(check, given(source, "labelSelector"), at.member("labelSelector"));
    }
    if (source.string_at("path").empty()) {
        check.required(at.member("path"));
    } else {
        check_unreserved_path(check, at.member("path"), source.string_at("path"));
    }
}

void check_projected(Checker& check, const Value& source, const Place& at) {
    check_mode(check, source, "defaultMode", at);
    const Place list = at.member("sources");
    std::set<std::string_view> paths;
    const auto note = [&](std::string_view owner, std::string_view path) {
        if (!path.empty() && !paths.insert(path).second) {
            check.invalid(at, owner, cat("conflicting duplicate paths"));
        }
    };
    size_t index = 0;
    for (const Value& one : items_of(source, "sources")) {
        const Place place = list.item(index++);
        int count = 0;
        for (const Member& kind : one.members()) {
            if (!kind.value.is_map()) {
                continue;
            }
            const Place at_kind = place.member(kind.name());
            if (count++ > 0) {
                check.forbidden(at_kind, "may not specify more than 1 volume type per source");
                continue;
            }
            if (kind.name() == "secret" || kind.name() == "configMap") {
                check.required_text(kind.value, "name", at_kind);
                check_items(check, kind.value, at_kind, true);
                for (const Value& item : items_of(kind.value, "items")) {
                    note(kind.value.string_at("name"), item.string_at("path"));
                }
            } else if (kind.name() == "downwardAPI") {
                for (const Value& item : items_of(kind.value, "items")) {
                    check_downward_item(check, item, at_kind);
                    note("downwardAPI", item.string_at("path"));
                }
            } else if (kind.name() == "serviceAccountToken") {
                check_token_projection(check, kind.value, at_kind, at);
                note("serviceAccountToken", kind.value.string_at("path"));
            } else if (kind.name() == "clusterTrustBundle") {
                check_bundle_projection(check, kind.value, at_kind);
            }
        }
    }
}

}  // namespace

void check_csi_driver_name(Checker& check, const Place& at, std::string_view driver) {
    constexpr size_t driver_max = 63;
    if (driver.empty()) {
        check.required(at);
        return;
    }
    if (driver.size() > driver_max) {
        check.too_long(at, static_cast<int64_t>(driver_max));
    }
    for (std::string& problem : check_dns1123_subdomain(to_lower(driver))) {
        check.invalid(at, driver, std::move(problem));
    }
}

namespace {

void check_csi(Checker& check, const Value& source, const Place& at) {
    check_csi_driver_name(check, at.member("driver"), source.string_at("driver"));
    if (const Value* secret = given(source, "nodePublishSecretRef")) {
        const Place place = at.member("nodePublishSecretRef");
        check.required_text(*secret, "name", place);
    }
}

void check_persistent_csi(Checker& check, const Value& source, const Place& at) {
    check_csi_driver_name(check, at.member("driver"), source.string_at("driver"));
    check.required_text(source, "volumeHandle", at);
    for (const std::string_view member : {"controllerPublishSecretRef", "controllerExpandSecretRef",
                                          "nodePublishSecretRef", "nodeExpandSecretRef"}) {
        if (const Value* secret = given(source, member)) {
            const Place place = at.member(member);
            check.required_text(*secret, "name", place);
            check.required_name(place.member("namespace"), secret->string_at("namespace"),
                                check_dns1123_label);
        }
    }
}

void check_ephemeral(Checker& check, const Value& source, const Place& at) {
    const Value* claim = given(source, "volumeClaimTemplate");
    const Place place = at.member("volumeClaimTemplate");
    if (claim == nullptr) {
        check.required(place);
        return;
    }
    const Place metadata = place.member("metadata");
    const Value& of_claim = map_of(*claim, "metadata");
    check_annotations(check, of_claim.find("annotations"), metadata.member("annotations"));
    check_labels(check, of_claim.find("labels"), metadata.member("labels"));
    check_claim_spec(check, map_of(*claim, "spec"), place.member("spec"));
}

void check_image(Checker& check, const Value& source, const Place& at) {
    check.required_text(source, "reference", at);
    check.required_one_of(source, "pullPolicy", at, {"Always", "IfNotPresent", "Never"});
}

void check_local(Checker& check, const Value& source, const Place& at) {
    if (check.required_text(source, "path", at)) {
        check_no_backsteps(check, at.member("path"), source.string_at("path"));
    }
}

struct SourceRule {
    std::string_view member;
    void (*check)(Checker& check, const Value& source, const Place& at);
};

// In the order in which upstream looks for them: all after the first are one too many.
constexpr std::array<SourceRule, 30> volume_sources{{
    {"emptyDir", check_empty_dir},
    {"hostPath", check_host_path},
    {"gitRepo", check_git_repo},
    {"gcePersistentDisk", check_disk},
    {"awsElasticBlockStore", check_block_store},
    {"secret", check_secret},
    {"nfs", check_nfs},
    {"iscsi", check_iscsi},
    {"glusterfs", check_glusterfs},
    {"flocker", nullptr},
    {"persistentVolumeClaim", check_claim_ref},
    {"rbd", check_rbd},
    {"cinder", check_cinder},
    {"cephfs", check_cephfs},
    {"quobyte", check_quobyte},
    {"downwardAPI", check_downward},
    {"fc", check_fibre},
    {"flexVolume", check_flex},
    {"configMap", check_config_map_volume},
    {"azureFile", check_azure_file},
    {"vsphereVolume", check_vsphere},
    {"photonPersistentDisk", check_photon},
    {"portworxVolume", check_portworx},
    {"azureDisk", check_azure_disk},
    {"storageos", check_storage_os},
    {"projected", check_projected},
    {"scaleIO", check_scale_io},
    {"csi", check_csi},
    {"ephemeral", check_ephemeral},
    {"image", check_image},
}};
constexpr std::array<SourceRule, 22> persistent_sources{{
    {"hostPath", check_host_path},
    {"gcePersistentDisk", check_disk},
    {"awsElasticBlockStore", check_block_store},
    {"glusterfs", check_glusterfs},
    {"flocker", nullptr},
    {"nfs", check_nfs},
    {"rbd", check_rbd},
    {"quobyte", check_quobyte},
    {"cephfs", check_cephfs},
    {"iscsi", check_iscsi},
    {"cinder", check_cinder},
    {"fc", check_fibre},
    {"flexVolume", check_flex},
    {"azureFile", check_azure_file},
    {"vsphereVolume", check_vsphere},
    {"photonPersistentDisk", check_photon},
    {"portworxVolume", check_portworx},
    {"azureDisk", check_azure_disk},
    {"scaleIO", check_scale_io},
    {"local", check_local},
    {"storageos", check_storage_os},
    {"csi", check_persistent_csi},
}};

}  // namespace

void check_volume_source(Checker& check, const Value& source, const Place& at, bool persistent) {
    const std::span<const SourceRule> rules =
        persistent ? std::span<const SourceRule>(persistent_sources) : volume_sources;
    int count = 0;
    for (const SourceRule& rule : rules) {
        const Value* one = given(source, rule.member);
        if (one == nullptr) {
            continue;
        }
        const bool stands_beside_others = persistent && rule.member == "flexVolume";
        if (count++ > 0 && !stands_beside_others) {
            check.forbidden(at.member(rule.member), "may not specify more than 1 volume type");
        } else if (rule.check != nullptr) {
            rule.check(check, *one, at.member(rule.member));
        }
    }
    if (count == 0) {
        check.required(at, "must specify a volume type");
    }
}

VolumeMap check_volumes(Checker& check, const Value& spec, const Place& at) {
    VolumeMap good;
    const Place list = at.member("volumes");
    size_t index = 0;
    for (const Value& volume : items_of(spec, "volumes")) {
        const Place place = list.item(index++);
        const std::string_view name = volume.string_at("name");
        const size_t before = check.errors().size();
        check_volume_source(check, volume, place, false);
        check.required_name(place.member("name"), name, check_dns1123_label);
        const bool is_taken =
            std::ranges::any_of(good, [&](const auto& entry) { return entry.first == name; });
        if (is_taken) {
            check.duplicate(place.member("name"), name);
        }
        if (check.errors().size() == before) {
            good.emplace_back(name, &volume);
        }
    }
    return good;
}

}  // namespace weft::server
