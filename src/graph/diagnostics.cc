// graph/diagnostics.cc: the table.

#include "graph/diagnostics.h"

#include <algorithm>
#include <array>

namespace weft::graph {

namespace {

constexpr std::string_view example_start =
    "apiVersion: kro.run/v1alpha1\n"
    "kind: ResourceGraphDefinition\n"
    "metadata:\n"
    "  name: example\n";

constexpr std::array entries = {
    DiagnosticEntry{"F001", Severity::error, "a file cannot be read",
                    "The file or folder that was named is not there, may not be read, is too "
                    "large, or holds no "
                    "manifest. Everything else that was named is checked all the same.",
                    "correct the path; a folder needs a .yaml, .yml or .json file", ""},
    DiagnosticEntry{"F002", Severity::error, "a file is no YAML",
                    "YAML cannot be read past such a place, so nothing of this document was "
                    "checked; others of the file were.",
                    "correct the line that is named", "metadata:\n  name: \"example\n"},
    DiagnosticEntry{"F003", Severity::error, "a document is no Kubernetes object",
                    "Without apiVersion and kind nobody knows what the document is.",
                    "write apiVersion and kind at the document's top level", "hello: world\n"},
    DiagnosticEntry{
        "G001", Severity::error, "a field of the definition has a value that it cannot have",
        "An API server that has the CRD of ResourceGraphDefinitions refuses the object.",
        "write the field as the message says; `kubectl explain "
        "resourcegraphdefinition.spec` shows its type",
        R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      readyWhen: yes
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{
        "G002", Severity::error, "the kind of the schema is not UpperCamelCase",
        "The kind names the CRD that is generated; Kubernetes' kinds are written like this.",
        "start the kind with an upper-case letter and use letters and digits only",
        R"(spec:
  schema: {kind: webApp, apiVersion: v1}
)"},
    DiagnosticEntry{"G003", Severity::error, "a resource id may not be used",
                    "Ids are names in expressions: they must be identifiers of CEL, must not hide "
                    "a word that means "
                    "something there, and each must mean one resource.",
                    "choose an id in lowerCamelCase that is no reserved word and used once",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: each
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{"G004", Severity::error, "a forEach variable may not be used",
                    "Variables are names in expressions, beside the ids of resources.",
                    "choose a name in lowerCamelCase that is neither reserved, nor a resource id, "
                    "nor used twice in the resource",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      forEach:
        - Zone: ${['x', 'y']}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${Zone}"}}
)"},
    DiagnosticEntry{
        "G005", Severity::error, "the SimpleSchema of spec or types has a mistake",
        "The generated CRD cannot be made, because nobody knows what the field may hold.",
        "correct the field: types are string, integer, boolean, float, object, []T, "
        "map[string]T and the names in `types`; markers follow one `|`",
        R"(spec:
  schema:
    kind: A
    apiVersion: v1
    spec:
      replicas: int | default=3
)"},
    DiagnosticEntry{"G006", Severity::error, "a resource has fields that exclude each other",
                    "A template makes an object, an externalRef reads one that somebody else "
                    "makes; a reference is "
                    "by name or by selector.",
                    "give the resource either a template (with or without forEach) or an "
                    "externalRef (with either a name or a selector)",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{"G007", Severity::error, "resources need each other in a circle",
                    "A resource is applied when everything it reads is there; in a circle none "
                    "would ever be applied.",
                    "let one of them take the value from the instance's spec, or read it from what "
                    "both depend on",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: web
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${db.metadata.name}"}}
    - id: db
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${web.metadata.name}"}}
)"},
    DiagnosticEntry{"G008", Severity::error, "a template is no Kubernetes object",
                    "apiVersion and kind decide which schema the template has and where it is "
                    "sent, so they cannot be "
                    "expressions; every object has metadata.",
                    "give it apiVersion and kind as plain texts and metadata as a map",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, metadata: {name: a}}
)"},
    DiagnosticEntry{"G009", Severity::error, "the kind of a template is not known",
                    "No server serves such a kind, so nothing could be applied.",
                    "correct apiVersion and kind, or install its CRD first",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: apps/v1, kind: Deploymnet, metadata: {name: a}}
)"},
    DiagnosticEntry{"G010", Severity::error, "a template's namespace does not fit its scope",
                    "A cluster-scoped object is in no namespace; below a cluster-scoped instance "
                    "nothing says which "
                    "namespace a namespaced object goes to.",
                    "leave metadata.namespace out for cluster-scoped kinds; set it when the "
                    "instance itself is cluster-scoped",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}
)"},
    DiagnosticEntry{
        "G011", Severity::error, "a label or annotation is reserved",
        "The controller writes labels with these prefixes itself, to find its objects again.",
        "use a prefix of your own instead of kro.run/ or internal.kro.run/",
        R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {kro.run/team: x}}}
)"},
    DiagnosticEntry{"G012", Severity::error, "a template does not fit the schema of its kind",
                    "The API server would refuse the object, or drop the field in silence.",
                    "correct the field: `kubectl explain` shows what the kind has",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, date: {}}
)"},
    DiagnosticEntry{"G013", Severity::error, "an expression cannot stand there",
                    "Conditions, lists and status.conditions are one expression each, whose value "
                    "is used as it is; "
                    "expressions do not nest.",
                    "write exactly one ${…} and nothing around it; inside it, put ${ into a text "
                    "in double quotes",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      includeWhen: ["not ${true}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{"G014", Severity::error, "an expression names something that does not exist",
                    "The expression could never be evaluated.",
                    "use `schema`, the id of another resource, or a forEach variable of the same "
                    "resource; readyWhen sees only its own resource (`each` in a collection)",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${databse.metadata.name}"}}
)"},
    DiagnosticEntry{"G015", Severity::error, "a collection would give its items the same name",
                    "Items of one kind are told apart by name and namespace; with the same ones "
                    "each would overwrite "
                    "the one before.",
                    "use every forEach variable in metadata.name (or metadata.namespace)",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      forEach:
        - zone: ${['x', 'y']}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{"G016", Severity::error, "an expression does not compile",
                    "It is no CEL, or it reads a field that what it reads does not have.",
                    "correct the expression at the position that the message points to",
                    R"(spec:
  schema: {kind: A, apiVersion: v1, spec: {name: string}}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.nam}"}}
)"},
    DiagnosticEntry{"G017", Severity::error, "an expression has another type than its field",
                    "The API server would refuse the object.",
                    "convert the value, for example with string(x), or read another field",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${1 + 1}"}}
)"},
    DiagnosticEntry{"G018", Severity::error, "a condition is not a boolean",
                    "readyWhen and includeWhen are answered with true or false.",
                    "compare the value, for example `x == true`",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      readyWhen: ["${a.metadata.name}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{"G019", Severity::error, "a forEach expression is not a list",
                    "One object is made for each item of a list.",
                    "iterate over a list; of a map, write map.map(key, key)",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      forEach:
        - zone: ${'x'}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${zone}"}}
)"},
    DiagnosticEntry{"G020", Severity::error, "omit() cannot be used there",
                    "omit() leaves a field of a template out; a name cannot be left out, and "
                    "elsewhere there is no "
                    "field.",
                    "use omit() in a template's fields other than its name; it needs the feature "
                    "gate CELOmitFunction",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${omit()}"}}
)"},
    DiagnosticEntry{
        "G021", Severity::error, "a status field has no expression",
        "The status shows what is true of the resources; a constant would show nothing.",
        "write each status field as ${…} over resources or schema",
        R"(spec:
  schema: {kind: A, apiVersion: v1, status: {phase: running}}
)"},
    DiagnosticEntry{"G022", Severity::error, "a status expression reads nothing",
                    "Its value could never change.",
                    "let the field refer to a resource or to schema",
                    R"(spec:
  schema: {kind: A, apiVersion: v1, status: {phase: "${'running'}"}}
)"},
    DiagnosticEntry{"G023", Severity::error, "status.conditions has a mistake",
                    "Author conditions are merged with the controller's own by their type.",
                    "write a list of ${runtime.newCondition({type: …, status: …})} with distinct "
                    "types",
                    R"(spec:
  schema: {kind: A, apiVersion: v1, status: {conditions: {ready: "True"}}}
)"},
    DiagnosticEntry{"G024", Severity::error, "the definition needs more than a limit allows",
                    "Every dimension multiplies the number of objects.", "split the resource",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      forEach:
        - {a1: "${[1]}"}
        - {a2: "${[1]}"}
        - {a3: "${[1]}"}
        - {a4: "${[1]}"}
        - {a5: "${[1]}"}
        - {a6: "${[1]}"}
        - {a7: "${[1]}"}
        - {a8: "${[1]}"}
        - {a9: "${[1]}"}
        - {b1: "${[1]}"}
        - {b2: "${[1]}"}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${[a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2].map(i, string(i)).join('-')}"}
)"},
    DiagnosticEntry{
        "G025", Severity::warning, "the schema of a kind is not at hand",
        "The fields of the template, and what is read from it, cannot be checked; the rest of the "
        "definition is. A server must know the kind before the definition is applied.",
        "name its CRD with --crds, or ask a server that has it with --from-cluster",
        R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: db.example.com/v1, kind: Database, metadata: {name: a}}
)"},
    DiagnosticEntry{"G026", Severity::warning, "a field that nobody reads",
                    "An API server drops it in silence; kubectl refuses the object because of it.",
                    "correct the name of the field, or take it out",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      readywhen: ["${a.metadata.name != ''}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)"},
    DiagnosticEntry{
        "G027", Severity::warning, "two definitions make the same kind",
        "On one server a kind has one owner: the definition that comes second is refused.",
        "give one of them another kind or group, or apply only one",
        R"(spec:
  schema: {kind: A, apiVersion: v1}
---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: another
spec:
  schema: {kind: A, apiVersion: v1}
)"},
    DiagnosticEntry{
        "G028", Severity::error, "definitions use each other's kinds in a circle",
        "A definition is accepted when the kinds it uses are served; in a circle none ever is.",
        "let one of them make its objects itself, or take the kind from a third one",
        R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: b
      template: {apiVersion: kro.run/v1, kind: B, metadata: {name: b}}
---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: another
spec:
  schema: {kind: B, apiVersion: v1}
  resources:
    - id: a
      template: {apiVersion: kro.run/v1, kind: A, metadata: {name: a}}
)"},
    DiagnosticEntry{"G029", Severity::error, "the definition may exceed a budget",
                    "With the largest instance that its schema admits, it makes more objects, or "
                    "its expressions cost "
                    "more, than --max-objects or --max-cost allow.",
                    "bound the lists and texts that it reads with maxItems and maxLength, shorten "
                    "the loop that is "
                    "named, or raise the budget",
                    ""},
    DiagnosticEntry{"G030", Severity::warning, "the API server would refuse the object",
                    "The definition is accepted, but every instance of it would stop with an error "
                    "when the object "
                    "is applied.",
                    "give the field a value that its schema allows",
                    R"(spec:
  schema: {kind: A, apiVersion: v1}
  resources:
    - id: a
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: a}
        spec:
          template:
            metadata: {labels: {app: a}}
            spec: {containers: [{name: main, image: nginx}]}
)"},
};
static_assert(std::ranges::is_sorted(entries, {}, &DiagnosticEntry::id));

}  // namespace

std::span<const DiagnosticEntry> diagnostic_entries() {
    return entries;
}

const DiagnosticEntry* find_diagnostic_entry(std::string_view id) {
    const auto found = std::ranges::lower_bound(entries, id, {}, &DiagnosticEntry::id);
    return found == entries.end() || found->id != id ? nullptr : &*found;
}

std::string example_file(const DiagnosticEntry& entry) {
    return entry.example.starts_with("spec:") ? cat(example_start, entry.example)
                                              : std::string(entry.example);
}

std::string diagnostic_page(const DiagnosticEntry& entry, int heading_level) {
    std::string out = cat(std::string(static_cast<size_t>(heading_level), '#'), " ", entry.id, ": ",
                          entry.title, "\n\n");
    append(out, entry.severity == Severity::error ? "An error" : "A warning", ". ", entry.why,
           "\n\n");
    if (!entry.example.empty()) {
        append(out, "Example:\n\n```yaml\n", example_file(entry), "```\n\n");
    }
    append(out, "Cure: ", entry.cure, ".\n");
    return out;
}

Diagnostic diagnose(std::string_view id, const Path& path, std::string message) {
    const DiagnosticEntry* entry = find_diagnostic_entry(id);
    CHECK(entry != nullptr);
    Diagnostic out;
    out.id = id;
    out.severity = entry->severity;
    out.path = path.text();
    out.message = std::move(message);
    out.cure = entry->cure;
    return out;
}

std::string first_error_text(const Diagnostics& diagnostics) {
    const auto found = std::ranges::find(diagnostics, Severity::error, &Diagnostic::severity);
    return found == diagnostics.end() ? "" : found->message;
}

}  // namespace weft::graph
