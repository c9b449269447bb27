// graph/definition.cc: reading the object, field by field.

#include "graph/definition.h"

#include "graph/diagnostics.h"
#include "graph/labels.h"

namespace weft::graph {

namespace {

class DefinitionReader {
public:
    DefinitionReader(const Object& object, Diagnostics* diagnostics)
        : object_(object.value()), diagnostics_(diagnostics) {}

    Definition read() {
        Definition out;
        out.name = object_.string_at("metadata", "name");
        out.uid = object_.string_at("metadata", "uid");
        out.generation = object_.int_at(0, "metadata", "generation");
        out.allows_breaking_changes =
            object_.string_at("metadata", "annotations", annotation_allow_breaking) == "true";
        const Value* spec = object_.find("spec");
        if (spec == nullptr || !spec->is_map()) {
            tell(Path{"spec"}, "spec is missing or not a map");
            return out;
        }
        out.source = *spec;
        const Path schema_path{"spec", "schema"};
        const Value schema = map_at(*spec, "schema", Path{"spec"});
        if (schema.is_null()) {
            tell(schema_path, "spec.schema is missing");
        }
        out.kind = text_at(schema, "kind", schema_path);
        out.api_version = text_at(schema, "apiVersion", schema_path);
        set_if_given(out.group, text_at(schema, "group", schema_path));
        set_if_given(out.scope, text_at(schema, "scope", schema_path));
        const std::string front =
            cat("failed to build resourcegraphdefinition ", quote(out.name), ": ");
        out.spec = block_at(schema, "spec", cat(front, "failed to unmarshal spec schema"));
        out.types = block_at(schema, "types", cat(front, "failed to unmarshal predefined types"));
        out.status = block_at(schema, "status",
                              "failed to build instance status schema: failed to unmarshal status "
                              "schema");
        out.printer_columns = list_at(schema, "additionalPrinterColumns", schema_path);
        out.short_names = list_at(schema, "shortNames", schema_path);
        out.categories = list_at(schema, "categories", schema_path);
        const Value metadata = map_at(schema, "metadata", schema_path);
        out.crd_labels = map_at(metadata, "labels", schema_path.child("metadata"));
        out.crd_annotations = map_at(metadata, "annotations", schema_path.child("metadata"));
        const Value resources = list_at(*spec, "resources", Path{"spec"});
        size_t index = 0;
        for (const Value& entry : resources.items()) {
            out.resources.push_back(read_entry(entry, Path{"spec", "resources", index++}));
        }
        return out;
    }

private:
    void tell(const Path& path, std::string message) {
        if (diagnostics_ != nullptr) {
            diagnostics_->push_back(diagnose("G001", path, std::move(message)));
        }
    }

    static void set_if_given(std::string& target, std::string text) {
        if (!text.empty()) {
            target = std::move(text);
        }
    }

    // The member of a kind; null if it is absent, null, or (told) of another kind.
    Value member(const Value& parent, std::string_view name, const Path& path, Value::Kind kind,
                 std::string_view word) {
        const Value* found = parent.find(name);
        if (found == nullptr || found->is_null()) {
            return {};
        }
        if (found->kind() != kind) {
            const Path where = path.child(name);
            tell(where, cat(where.text(), " must be ", word));
            return {};
        }
        return *found;
    }
    Value map_at(const Value& parent, std::string_view name, const Path& path) {
        return member(parent, name, path, Value::Kind::map, "a map");
    }
    // One of the raw blocks of spec.schema, with kro's words for what is no map.
    Value block_at(const Value& schema, std::string_view name, std::string_view words) {
        const Value* found = schema.find(name);
        if (found == nullptr || found->is_null() || found->is_map()) {
            return found == nullptr ? Value() : *found;
        }
        const Path where = Path{"spec", "schema"}.child(name);
        tell(where, cat(words, ": ", where.text(), " must be a map"));
        return {};
    }
    Value list_at(const Value& parent, std::string_view name, const Path& path) {
        return member(parent, name, path, Value::Kind::list, "a list");
    }
    std::string text_at(const Value& parent, std::string_view name, const Path& path) {
        const Value found = member(parent, name, path, Value::Kind::string, "a text");
        return found.is_string() ? std::string(found.as_string()) : std::string();
    }

    std::vector<std::string> texts_at(const Value& parent, std::string_view name,
                                      const Path& path) {
        std::vector<std::string> out;
        size_t index = 0;
        const Value list = list_at(parent, name, path);
        for (const Value& item : list.items()) {
            const Path where = path.child(name).child(index++);
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            } else {
                tell(where, cat(where.text(), " must be a text"));
            }
        }
        return out;
    }

    ResourceEntry read_entry(const Value& entry, const Path& path) {
        ResourceEntry out;
        out.path = path;
        if (!entry.is_map()) {
            tell(path, cat(path.text(), " must be a map"));
            return out;
        }
        out.id = text_at(entry, "id", path);
        out.template_ = map_at(entry, "template", path);
        out.external_ref = map_at(entry, "externalRef", path);
        out.ready_when = texts_at(entry, "readyWhen", path);
        out.include_when = texts_at(entry, "includeWhen", path);
        const Value dimensions = list_at(entry, "forEach", path);
        size_t index = 0;
        for (const Value& dimension : dimensions.items()) {
            const Path where = path.child("forEach").child(index++);
            if (!dimension.is_map() || dimension.size() != 1 ||
                !dimension.members()[0].value.is_string()) {
                tell(where, cat(where.text(), " must be a map with one member, a text"));
                continue;
            }
            const Member& only = dimension.members()[0];
            out.for_each.push_back({std::string(only.name()), std::string(only.value.as_string())});
        }
        return out;
    }

    const Value& object_;
    Diagnostics* diagnostics_;
};

}  // namespace

Definition parse_definition(const Object& object, Diagnostics* diagnostics) {
    return DefinitionReader(object, diagnostics).read();
}

}  // namespace weft::graph
