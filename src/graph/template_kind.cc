// graph/template_kind.cc: objects from a template, objects of somebody else, and plain values.

#include <algorithm>

#include "base/nearest.h"
#include "graph/internal/entry_checks.h"
#include "graph/internal/joining.h"
#include "graph/internal/omit.h"
#include "graph/internal/template_walk.h"
#include "graph/labels.h"
#include "graph/names.h"
#include "graph/node_kind.h"
#include "schema/builtin.h"

namespace weft::graph {

namespace {

// Fills the places of a template. Fields that no forEach variable touches are evaluated once.
class TemplateRenderer final : public Renderer {
public:
    TemplateRenderer(Value object, std::vector<FieldProgram> fields)
        : object_(std::move(object)), fields_(std::move(fields)) {
        has_omit_ = std::ranges::any_of(
            fields_, [](const FieldProgram& field) { return field.expression.uses_omit; });
    }

    Evaluated<Manifests> render(const Inputs& inputs) const override {
        Value base = object_;
        if (auto filled = fill(base, false, inputs); !filled) {
            return std::unexpected(std::move(filled).error());
        }
        Manifests out;
        if (!inputs.is_collection) {
            out.emplace_back(finish(std::move(base)));
            return out;
        }
        out.reserve(inputs.items.size());
        const cel::Activation outer = *inputs.variables;
        for (const std::vector<Value>& item : inputs.items) {
            cel::Activation inner = outer;
            for (size_t i = 0; i < inputs.names.size(); ++i) {
                inner.bind_raw(inputs.names[i], item[i]);
            }
            Inputs with_item = inputs;
            with_item.variables = &inner;
            Value object = base;
            if (auto filled = fill(object, true, with_item); !filled) {
                return std::unexpected(std::move(filled).error());
            }
            out.emplace_back(finish(std::move(object)));
        }
        return out;
    }

    std::vector<const FieldProgram*> fields() const override {
        std::vector<const FieldProgram*> out;
        for (const FieldProgram& field : fields_) {
            out.push_back(&field);
        }
        return out;
    }

private:
    Evaluated<void> fill(Value& object, bool iterating, const Inputs& inputs) const {
        for (const FieldProgram& field : fields_) {
            if (field.iterates != iterating) {
                continue;
            }
            Evaluated<Value> value =
                evaluate(field.expression, *inputs.variables, *inputs.arena, inputs.cost_left);
            if (!value) {
                EvaluationError error = std::move(value).error();
                if (iterating && !error.is_pending) {
                    error.is_of_item = true;
                    error.front.insert(0, cat("collection iteration eval ",
                                              quote(field.expression.source.text), ": "));
                }
                return std::unexpected(std::move(error));
            }
            if (Status status = field.path.set_in(object, *std::move(value)); !status) {
                return std::unexpected(EvaluationError{false, status.error().message(), ""});
            }
        }
        return {};
    }

    [[nodiscard]] Value finish(Value object) const {
        if (has_omit_) {
            remove_omitted(object);
        }
        return object;
    }

    Value object_;
    std::vector<FieldProgram> fields_;
    bool has_omit_ = false;
};

bool is_crd(const GroupVersionKind& kind) {
    return kind.group == "apiextensions.k8s.io" && kind.version == "v1" &&
           kind.kind == "CustomResourceDefinition";
}

// What both kinds do: the checks of an object up to its expressions.
class EntryParser {
public:
    EntryParser(const ResourceEntry& entry, const EntryContext& context)
        : entry_(entry), context_(context) {}

    ParsedEntry parse(const Value& object, const Path& path, bool is_external, bool by_selector) {
        ParsedEntry out;
        out.object = object;
        out.path = path;
        out.facts = find_facts(object, path, out.kind);
        const Value* metadata_of = object.find("metadata");
        if (metadata_of == nullptr || !metadata_of->is_map()) {
            // Told already: what only follows from it is not looked for.
            out.object.erase("metadata");
            collect(out, is_external);
            return out;
        }
        if (Status status = check_namespace(entry_.id, by_selector, object, out.facts.namespaced,
                                            context_.instance_namespaced);
            !status && out.facts.is_known) {
            const bool is_set = metadata_of->contains("namespace");
            const Path metadata = path.child("metadata");
            tell("G010", is_set ? metadata.child("namespace") : metadata, status.error().message());
        }
        if (Status status = check_reserved_labels(entry_.id, object); !status) {
            tell("G011", reserved_path(object, path, "labels"), status.error().message());
        }
        if (Status status = check_reserved_annotations(entry_.id, object); !status) {
            tell("G011", reserved_path(object, path, "annotations"), status.error().message());
        }
        collect(out, is_external);
        return out;
    }

private:
    void tell(std::string_view id, const Path& path, std::string message,
              std::optional<size_t> offset = std::nullopt, std::string_view suggestion = "") {
        Diagnostic diagnostic = diagnose(id, path, std::move(message));
        diagnostic.offset = offset;
        diagnostic.cure.insert(0, suggestion);
        context_.diagnostics->push_back(std::move(diagnostic));
    }

    // What is known of the object's kind; tells what is wrong with how it is named.
    KindFacts find_facts(const Value& object, const Path& path, GroupVersionKind& kind) {
        if (Status status = check_object_structure(object); !status) {
            const std::string_view text = status.error().message();
            const std::string_view member = text.substr(0, text.find(' '));
            tell("G008", object.contains(member) ? path.child(member) : path,
                 cat("resource ", entry_.id,
                     " is not a valid Kubernetes object: ", status.error().message()));
            const bool is_named =
                object.string_at("kind") != "" && object.string_at("apiVersion") != "";
            if (!is_named) {
                return unknown_kind_facts({});
            }
        }
        Result<TypeNames> names =
            parse_type_names(object.string_at("apiVersion"), object.string_at("kind"));
        if (!names) {
            const bool is_version = names.error().message().find("apiVersion") != std::string::npos;
            tell("G008", path.child(is_version ? "apiVersion" : "kind"),
                 cat("failed to extract GVK from resource ", entry_.id, ": ",
                     names.error().message()));
            return unknown_kind_facts({});
        }
        kind = {names->group, names->version, names->kind};
        Result<KindFacts> facts = context_.compile->find_kind(kind);
        if (facts) {
            return *std::move(facts);
        }
        const std::vector<std::string_view> siblings = kinds_of_group(kind.group);
        const bool is_warning = context_.compile->allow_unknown_kinds && siblings.empty();
        tell(is_warning ? "G025" : "G009", path.child("kind"),
             cat("failed to get schema for resource ", entry_.id, ": ", facts.error().message()),
             std::nullopt, suggestion(kind.kind, siblings));
        return unknown_kind_facts(kind);
    }

    // Kubernetes' own kinds of a group; none if the group is somebody else's.
    static std::vector<std::string_view> kinds_of_group(std::string_view group) {
        std::vector<std::string_view> out;
        for (const schema::BuiltinResource& resource : schema::Builtin::get().resources()) {
            if (resource.group == group) {
                out.emplace_back(resource.kind);
            }
        }
        return out;
    }

    // The first label or annotation that is reserved.
    static Path reserved_path(const Value& object, const Path& path, std::string_view member) {
        Path parent = path.child("metadata").child(member);
        for (const Member& entry : object.find("metadata", member)->members()) {
            if (entry.name().starts_with(reserved_prefix) ||
                entry.name().starts_with(internal_prefix)) {
                return parent.child(entry.name());
            }
        }
        return parent;
    }

    // The expressions of the object, and every field that does not fit.
    void collect(ParsedEntry& out, bool is_external) {
        if (is_external || is_crd(out.kind)) {
            ExpressionWalk walk = walk_expressions(out.object);
            for (const ExpressionWalk::Mistake& mistake : walk.mistakes) {
                tell("G013", join_paths(out.path, mistake.path),
                     cat("failed to parse ", is_external ? "external ref" : "schemaless",
                         " resource ", entry_.id, ": ", mistake.message),
                     0);
            }
            out.expressions = std::move(walk.expressions);
            if (!is_external) {
                check_crd_metadata(out);
                check_crd_fields(out);
            }
            return;
        }
        TemplateWalk walk = walk_template(out.object, out.facts.schema.get());
        for (const TemplateMistake& mistake : walk.mistakes) {
            const bool is_expression = mistake.message.starts_with("nested expressions");
            tell(is_expression ? "G013" : "G012", join_paths(out.path, mistake.path),
                 cat("failed to extract CEL expressions from schema for resource ", entry_.id, ": ",
                     mistake.message),
                 std::nullopt, mistake.suggestion);
        }
        out.expressions = std::move(walk.expressions);
        tell_refusals(walk.refusals, out.path);
        const Value* metadata = out.object.find("metadata");
        if (metadata != nullptr && !metadata->contains("name") &&
            !metadata->contains("generateName")) {
            tell("G030", out.path.child("metadata"),
                 cat("resource ", entry_.id,
                     ": metadata.name: Required value: name or generateName is required"));
        }
    }

    void tell_refusals(const std::vector<TemplateMistake>& refusals, const Path& parent) {
        for (const TemplateMistake& refusal : refusals) {
            tell("G030", join_paths(parent, refusal.path),
                 cat("resource ", entry_.id, ": ", refusal.message), std::nullopt,
                 refusal.suggestion);
        }
    }

    // kro takes a CRD's metadata as it is.
    void check_crd_metadata(const ParsedEntry& out) {
        const schema::Schema* schema =
            out.facts.schema == nullptr ? nullptr : out.facts.schema->find_property("metadata");
        const Value* metadata = out.object.find("metadata");
        if (schema == nullptr || metadata == nullptr) {
            return;
        }
        tell_refusals(walk_template(*metadata, schema).mistakes, out.path.child("metadata"));
    }

    void check_crd_fields(ParsedEntry& out) {
        std::erase_if(out.expressions, [&](const FieldExpression& field) {
            const std::string path = field.path.text();
            if (path.starts_with("metadata.")) {
                return false;
            }
            tell("G013", join_paths(out.path, field.path),
                 cat("CEL expressions in CRDs are only supported for metadata fields, found in "
                     "path ",
                     quote(path), ", resource ", entry_.id));
            return true;
        });
    }

    const ResourceEntry& entry_;
    const EntryContext& context_;
};

class TemplateKind final : public NodeKind {
public:
    bool claims(const ResourceEntry& entry) const override { return !entry.template_.is_null(); }

    ParsedEntry parse(const ResourceEntry& entry, const EntryContext& context) const override {
        ParsedEntry out = EntryParser(entry, context)
                              .parse(entry.template_, entry.path.child("template"), false, false);
        out.type = entry.for_each.empty() ? NodeType::resource : NodeType::collection;
        return out;
    }

    std::unique_ptr<const Renderer> make_renderer(ParsedEntry entry,
                                                  std::vector<FieldProgram> fields) const override {
        return std::make_unique<TemplateRenderer>(std::move(entry.object), std::move(fields));
    }
};

class ExternalKind final : public NodeKind {
public:
    bool claims(const ResourceEntry& entry) const override { return !entry.external_ref.is_null(); }

    ParsedEntry parse(const ResourceEntry& entry, const EntryContext& context) const override {
        const bool by_selector = entry.external_ref.find("metadata", "selector") != nullptr;
        ParsedEntry out =
            EntryParser(entry, context)
                .parse(entry.external_ref, entry.path.child("externalRef"), true, by_selector);
        out.type = by_selector ? NodeType::external_collection : NodeType::external;
        return out;
    }

    std::unique_ptr<const Renderer> make_renderer(ParsedEntry entry,
                                                  std::vector<FieldProgram> fields) const override {
        return std::make_unique<TemplateRenderer>(std::move(entry.object), std::move(fields));
    }
};

// A value instead of an object: it is rendered as the member `def` of one.
class DefKind final : public NodeKind {
public:
    bool claims(const ResourceEntry& entry) const override { return !entry.def.is_null(); }

    ParsedEntry parse(const ResourceEntry& entry, const EntryContext& context) const override {
        ParsedEntry out;
        out.type = entry.for_each.empty() ? NodeType::def : NodeType::def_collection;
        out.path = entry.path;
        out.object = Value::map_of({{"def", entry.def}});
        out.facts = unknown_kind_facts({});
        out.facts.is_known = true;
        ExpressionWalk walk = walk_expressions(out.object);
        for (const ExpressionWalk::Mistake& mistake : walk.mistakes) {
            Diagnostic diagnostic =
                diagnose("G013", join_paths(out.path, mistake.path),
                         cat("failed to parse def ", entry.id, ": ", mistake.message));
            diagnostic.offset = 0;
            context.diagnostics->push_back(std::move(diagnostic));
        }
        out.expressions = std::move(walk.expressions);
        return out;
    }

    std::unique_ptr<const Renderer> make_renderer(ParsedEntry entry,
                                                  std::vector<FieldProgram> fields) const override {
        return std::make_unique<TemplateRenderer>(std::move(entry.object), std::move(fields));
    }
};

}  // namespace

std::span<const NodeKind* const> node_kinds() {
    static const TemplateKind template_kind;
    static const ExternalKind external_kind;
    static const DefKind def_kind;
    static constexpr const NodeKind* kinds[] = {&template_kind, &external_kind, &def_kind};
    return kinds;
}

}  // namespace weft::graph
