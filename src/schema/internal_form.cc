// schema/internal_form.cc: walks a value along the tables and gives every field Go's name.

#include "schema/internal_form.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "schema/internal/tables.h"
#include "schema/limits.h"
#include "schema/text_diff.h"

namespace weft::schema {

namespace {

using internal::Base;
using internal::Container;
using internal::DefinitionRow;
using internal::FieldRow;
using internal::Special;
using internal::Tables;

// Types whose internal form has its fields in another order, or others. "name=null" is a field that
// the published type does not have here, with what it prints as when it is unset.
struct Layout {
    std::string_view definition;
    std::string_view fields;
};
constexpr std::array<Layout, 3> layouts{{
    {"io.k8s.api.core.v1.PodSpec",
     "volumes initContainers containers ephemeralContainers restartPolicy "
     "terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector "
     "serviceAccountName automountServiceAccountToken nodeName securityContext imagePullSecrets "
     "hostname subdomain setHostnameAsFQDN affinity schedulerName tolerations hostAliases "
     "priorityClassName priority preemptionPolicy dnsConfig readinessGates runtimeClassName "
     "overhead enableServiceLinks topologySpreadConstraints os schedulingGates resourceClaims "
     "resources hostnameOverride schedulingGroup"},
    {"io.k8s.api.core.v1.PodSecurityContext",
     "hostNetwork=false hostPID=false hostIPC=false shareProcessNamespace=null hostUsers=null "
     "seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups "
     "supplementalGroupsPolicy fsGroup fsGroupChangePolicy sysctls seccompProfile "
     "appArmorProfile seLinuxChangePolicy"},
    {"io.k8s.api.core.v1.Volume",
     "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi "
     "glusterfs persistentVolumeClaim rbd quobyte flexVolume cinder cephfs flocker downwardAPI fc "
     "azureFile configMap vsphereVolume azureDisk photonPersistentDisk projected portworxVolume "
     "scaleIO storageos csi ephemeral image"},
}};
// A part of PersistentVolumeSpec that has a type of its own in Go.
constexpr Layout volume_source{
    "io.k8s.api.core.v1.PersistentVolumeSource",
    "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume "
    "cinder cephfs fc flocker azureFile vsphereVolume azureDisk photonPersistentDisk "
    "portworxVolume scaleIO local storageos csi"};

// Go's names that are not the JSON name with its first word capitalised.
struct GoName {
    std::string_view json;
    std::string_view go;
};
constexpr std::array<GoName, 6> go_names{{{"cidrs", "CIDRs"},
                                          {"cephfs", "CephFS"},
                                          {"storageos", "StorageOS"},
                                          {"wwids", "WWIDs"},
                                          {"pdName", "PDName"},
                                          {"pdID", "PdID"}}};
// First words that Go writes in capitals ("apiGroup" is APIGroup).
constexpr std::array<std::string_view, 24> acronyms{
    "api", "uid", "tty",  "nfs", "rbd",  "fc", "iscsi", "csi", "gce", "aws", "dns",  "fs",
    "os",  "se",  "http", "tcp", "grpc", "ip", "id",    "url", "ca",  "cel", "gmsa", "ttl"};

std::string go_name_of(std::string_view name) {
    for (const GoName& known : go_names) {
        if (known.json == name) {
            return std::string(known.go);
        }
    }
    std::string out(name);
    size_t word = 0;
    while (word < name.size() && name[word] >= 'a' && name[word] <= 'z') {
        ++word;
    }
    const bool is_acronym = std::ranges::find(acronyms, name.substr(0, word)) != acronyms.end();
    const size_t capitals = is_acronym ? word : 1;
    for (size_t i = 0; i < capitals && i < out.size(); ++i) {
        if (out[i] >= 'a' && out[i] <= 'z') {
            out[i] = static_cast<char>(out[i] - 'a' + 'A');
        }
    }
    return out;
}

bool has_json_tags(std::string_view definition) {
    return definition.starts_with("io.k8s.apimachinery.");
}

// The pod's host settings lie in the security context of the internal type.
Value moved_host_fields(const Value& pod_spec) {
    Value out = pod_spec;
    const Value* given = pod_spec.find("securityContext");
    Value context = given == nullptr || given->is_null() ? Value::map() : *given;
    for (const std::string_view name :
         {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"}) {
        if (const Value* value = pod_spec.find(name)) {
            context.set(name, *value);
        }
    }
    out.set("securityContext", std::move(context));
    return out;
}

class Former {
public:
    explicit Former(const Tables* tables) : tables_(*tables) {}

    Value form(size_t number, const Value& value, size_t depth) const {
        const DefinitionRow row = tables_.definition(number);
        if (row.special != Special::none || has_json_tags(row.name) || !value.is_map() ||
            depth > object_depth_max || (row.base != Base::reference && row.field_count == 0)) {
            return value;
        }
        const Value moved = row.name == layouts[0].definition ? moved_host_fields(value) : value;
        for (const Layout& layout : layouts) {
            if (layout.definition == row.name) {
                return form_as(number, layout, moved, depth);
            }
        }
        Value out = Value::map_with_capacity(row.field_count);
        for (size_t i = 0; i < row.field_count; ++i) {
            put(tables_.field(row.first_field + i), moved, out, depth);
        }
        return out;
    }

    Value form_as(size_t number, const Layout& layout, const Value& value, size_t depth = 0) const {
        const DefinitionRow row = tables_.definition(number);
        Value out = Value::map_with_capacity(row.field_count);
        for (const std::string_view field : split(layout.fields, ' ')) {
            put_named(row, field, value, out, depth);
        }
        return out;
    }

private:
    void put_named(const DefinitionRow& row, std::string_view name, const Value& value, Value& out,
                   size_t depth) const {
        if (const size_t equals = name.find('='); equals != std::string_view::npos) {
            const std::string_view field = name.substr(0, equals);
            const Value* found = value.find(field);
            const Value unset = name.ends_with("null") ? Value() : Value(false);
            out.set(go_name_of(field), found == nullptr ? unset : *found);
            return;
        }
        for (size_t i = 0; i < row.field_count; ++i) {
            const FieldRow field = tables_.field(row.first_field + i);
            if (field.name == name) {
                put(field, value, out, depth);
                return;
            }
        }
    }

    void put(const FieldRow& field, const Value& value, Value& out, size_t depth) const {
        const Value* found = value.find(field.name);
        if (field.name == "metadata" && field.definition) {
            // ObjectMeta is embedded and has tags.
            for (const Member& member :
                 found == nullptr ? std::span<const Member>() : found->members()) {
                out.set(member.name(), member.value);
            }
            return;
        }
        out.set(go_name_of(field.name), found == nullptr || found->is_null()
                                            ? unset(field, depth)
                                            : form_field(field, *found, depth));
    }

    Value form_field(const FieldRow& field, const Value& value, size_t depth) const {
        if (!field.definition) {
            return value;
        }
        if (field.container == Container::list) {
            Value out = Value::list();
            for (const Value& item : value.items()) {
                out.push_back(form(*field.definition, item, depth + 1));
            }
            return out;
        }
        if (field.container == Container::map) {
            Value out = Value::map();
            for (const Member& member : value.members()) {
                out.set(member.name(), form(*field.definition, member.value, depth + 1));
            }
            return out;
        }
        return field.container == Container::none ? form(*field.definition, value, depth + 1)
                                                  : value;
    }

    Value unset(const FieldRow& field, size_t depth) const {
        if (field.is_pointer || field.container != Container::none) {
            return {};
        }
        switch (field.base) {
            case Base::string:
                return {""};
            case Base::int32:
            case Base::int64:
            case Base::int_or_string:
                return {0};
            case Base::number:
                return {0.0};
            case Base::boolean:
                return {false};
            case Base::reference: {
                switch (tables_.definition(*field.definition).special) {
                    case Special::quantity:
                        return {"0"};
                    case Special::int_or_string:
                        return {0};
                    case Special::none:
                        return form(*field.definition, Value::map(), depth + 1);
                    default:
                        return {};
                }
            }
            default:
                return {};
        }
    }

    const Tables& tables_;
};

}  // namespace

Value internal_form(const Builtin& builtin, std::string_view definition, const Value& value) {
    const Tables& tables = builtin.tables();
    if (definition == volume_source.definition) {
        const auto spec = tables.find_definition("io.k8s.api.core.v1.PersistentVolumeSpec");
        return spec ? Former(&tables).form_as(*spec, volume_source, value) : value;
    }
    const auto number = tables.find_definition(definition);
    return number ? Former(&tables).form(*number, value, 0) : value;
}

std::string internal_diff(const Builtin& builtin, std::string_view definition, const Value& before,
                          const Value& after) {
    std::string old_text;
    std::string new_text;
    const JsonStyle options{.escape_html = true, .indent = 1};
    write_json(old_text, internal_form(builtin, definition, before), options);
    write_json(new_text, internal_form(builtin, definition, after), options);
    return unified_diff(old_text, new_text);
}

}  // namespace weft::schema
