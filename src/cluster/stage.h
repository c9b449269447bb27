// cluster/stage.h: rules that make objects of any custom kind ready, as a controller would.
//
// A document of the form (docs/reference/stages.md):
//     apiVersion: weft.dev/v1alpha1
//     kind: Stage
//     metadata: {name: buckets}
//     spec:
//       selector: {group: "*.example.com", kind: Bucket}
//       when: "!has(object.status.id)"
//       delay: 2s
//       fill: true
//       status: {id: "${object.metadata.name}-1", url: "https://${object.metadata.name}"}
//       conditions: [{type: Ready, status: "True", reason: Done}]

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"
#include "kube/kube.h"
#include "object/object.h"

namespace weft::cluster {

// A template of a value: texts with ${expressions} in them.
class StageTemplate {
public:
    // bad_request with place and reason: "spec.status.id: undeclared reference to 'x'".
    [[nodiscard]] static Result<StageTemplate> parse(const Value& value, const std::string& path);
    // The value for an object; an expression that is no value yet (a missing field) is an error.
    [[nodiscard]] Result<Value> render(const Object& object, std::string_view now) const;

private:
    struct Piece {
        std::string text;  // of a literal
        std::optional<cel::Program> program;
    };
    [[nodiscard]] static Result<StageTemplate> parse_text(std::string_view text,
                                                          const std::string& path);

    Value literal_;                                               // neither pieces nor children
    std::vector<Piece> pieces_;                                   // of a text
    std::vector<std::pair<std::string, StageTemplate>> members_;  // of a map
    std::vector<StageTemplate> items_;                            // of a list
    Value::Kind kind_ = Value::Kind::null;
};

class Stage {
public:
    // All documents of kind Stage in a text; others are refused.
    [[nodiscard]] static Result<std::vector<Stage>> parse_all(std::string_view yaml,
                                                              const std::string& file);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool selects(const kube::Resource& resource) const;
    // Whether it is this object's turn; an expression without a value means no.
    [[nodiscard]] bool applies(const Object& object, std::string_view now) const;
    // The status that the object is to have. `schema` is the openAPIV3Schema of its version, for
    // `fill`; null if it is not known.
    [[nodiscard]] Result<Value> status_of(const Object& object, const Value& schema,
                                          std::string_view now) const;
    // How long it takes where things take time; nothing: as other workloads.
    [[nodiscard]] std::optional<int64_t> delay() const { return delay_; }

private:
    std::string name_;
    std::string group_ = "*";
    std::string version_ = "*";
    std::string kind_ = "*";
    std::optional<cel::Program> when_;
    std::optional<int64_t> delay_;
    bool fills_ = false;
    std::optional<StageTemplate> status_;
    std::optional<StageTemplate> conditions_;
};

// The rules that come with weft: AWS Controllers for Kubernetes, Google's Config Connector and
// Azure Service Operator, by the suffix of their groups.
[[nodiscard]] std::vector<Stage> cloud_stages();

}  // namespace weft::cluster
