// graph/diagnostics.cc: the table. An id is never used for something else.

#include "graph/diagnostics.h"

#include <algorithm>
#include <array>

namespace weft::graph {

namespace {

constexpr std::array entries = {
    DiagnosticEntry{"G001", "a field of the definition has the wrong type",
                    "write the field as the message says; `kubectl explain "
                    "resourcegraphdefinition.spec` shows its type"},
    DiagnosticEntry{"G002", "the kind of the schema is not UpperCamelCase",
                    "start the kind with an upper-case letter and use letters and digits only"},
    DiagnosticEntry{"G003", "a resource id may not be used",
                    "choose an id in lowerCamelCase that is no reserved word and used once"},
    DiagnosticEntry{"G004", "a forEach variable may not be used",
                    "choose a name in lowerCamelCase that is neither reserved, nor a resource id, "
                    "nor used twice in the resource"},
    DiagnosticEntry{"G005", "the SimpleSchema of spec or types has a mistake",
                    "correct the field: types are string, integer, boolean, float, object, []T, "
                    "map[string]T and the names in `types`; markers follow one `|`"},
    DiagnosticEntry{"G006", "a resource has fields that exclude each other",
                    "give the resource either a template (with or without forEach) or an "
                    "externalRef"},
    DiagnosticEntry{"G007", "resources need each other in a circle",
                    "let one of them take the value from the instance's spec, or read it from what "
                    "both depend on"},
    DiagnosticEntry{"G008", "a template is no Kubernetes object",
                    "give it apiVersion and kind as plain texts and metadata as a map"},
    DiagnosticEntry{"G009", "the kind of a template is not known",
                    "install its CRD first, or correct apiVersion and kind"},
    DiagnosticEntry{"G010", "a template's namespace does not fit its scope",
                    "leave metadata.namespace out for cluster-scoped kinds; set it when the "
                    "instance itself is cluster-scoped"},
    DiagnosticEntry{"G011", "a label or annotation is reserved",
                    "use a prefix of your own instead of kro.run/ or internal.kro.run/"},
    DiagnosticEntry{"G012", "a template does not fit the schema of its kind",
                    "correct the field: `kubectl explain` shows what the kind has"},
    DiagnosticEntry{"G013", "an expression cannot stand there",
                    "write exactly one ${…} and nothing around it; inside it, put ${ into a text "
                    "in double quotes"},
    DiagnosticEntry{"G014", "an expression names something that does not exist",
                    "use `schema`, the id of another resource, or a forEach variable of the same "
                    "resource; readyWhen sees only its own resource (`each` in a collection)"},
    DiagnosticEntry{"G015", "a collection would give its items the same name",
                    "use every forEach variable in metadata.name (or metadata.namespace)"},
    DiagnosticEntry{"G016", "an expression does not compile",
                    "correct the expression at the position that the message points to"},
    DiagnosticEntry{"G017", "an expression has another type than its field",
                    "convert the value, for example with string(x), or read another field"},
    DiagnosticEntry{"G018", "a condition is not a boolean",
                    "compare the value, for example `x == true`"},
    DiagnosticEntry{"G019", "a forEach expression is not a list",
                    "iterate over a list; of a map, write map.map(key, key)"},
    DiagnosticEntry{"G020", "omit() cannot be used there",
                    "use omit() in a template's fields other than its name; it needs the feature "
                    "gate CELOmitFunction"},
    DiagnosticEntry{"G021", "a status field has no expression",
                    "write each status field as ${…} over resources or schema"},
    DiagnosticEntry{"G022", "a status expression reads nothing",
                    "let the field refer to a resource or to schema"},
    DiagnosticEntry{"G023", "status.conditions has a mistake",
                    "write a list of ${runtime.newCondition({type: …, status: …})} with distinct "
                    "types"},
    DiagnosticEntry{"G024", "the definition needs more than a limit allows",
                    "split the definition"},
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

Diagnostic diagnose(std::string_view id, const Path& path, std::string message) {
    const DiagnosticEntry* entry = find_diagnostic_entry(id);
    CHECK(entry != nullptr);
    return {std::string(id), Severity::error,    Place(),
            path.text(),     std::move(message), std::string(entry->cure)};
}

std::string first_error_text(const Diagnostics& diagnostics) {
    const auto found = std::ranges::find(diagnostics, Severity::error, &Diagnostic::severity);
    return found == diagnostics.end() ? "" : found->message;
}

}  // namespace weft::graph
