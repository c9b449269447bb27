// graph/template_kind.cc: the two kinds of kro: objects from a template, objects of somebody else.

#include <algorithm>

#include "graph/internal/entry_checks.h"
#include "graph/internal/joining.h"
#include "graph/internal/omit.h"
#include "graph/internal/template_walk.h"
#include "graph/names.h"
#include "graph/node_kind.h"

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

private:
    Evaluated<void> fill(Value& object, bool iterating, const Inputs& inputs) const {
        for (const FieldProgram& field : fields_) {
            if (field.iterates != iterating) {
                continue;
            }
            Evaluated<Value> value = evaluate(field.expression, *inputs.variables, *inputs.arena);
            if (!value) {
                return std::unexpected(std::move(value).error());
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

    std::optional<ParsedEntry> parse(const Value& object, const Path& path, bool is_external,
                                     bool by_selector) {
        ParsedEntry out;
        out.object = object;
        out.path = path;
        if (Status status = check_object_structure(object); !status) {
            return fail("G008", path,
                        cat("resource ", entry_.id,
                            " is not a valid Kubernetes object: ", status.error().message()));
        }
        Result<TypeNames> names =
            parse_type_names(object.string_at("apiVersion"), object.string_at("kind"));
        if (!names) {
            return fail("G008", path,
                        cat("failed to extract GVK from resource ", entry_.id, ": ",
                            names.error().message()));
        }
        out.kind = {names->group, names->version, names->kind};
        Result<KindFacts> facts = context_.compile->find_kind(out.kind);
        if (!facts) {
            return fail("G009", path.child("kind"),
                        cat("failed to get schema for resource ", entry_.id, ": ",
                            facts.error().message()));
        }
        out.facts = *std::move(facts);
        if (Status status = check_namespace(entry_.id, by_selector, object, out.facts.namespaced,
                                            context_.instance_namespaced);
            !status) {
            return fail("G010", path.child("metadata"), status.error().message());
        }
        for (const auto check : {check_reserved_labels, check_reserved_annotations}) {
            if (Status status = check(entry_.id, object); !status) {
                return fail("G011", path.child("metadata"), status.error().message());
            }
        }
        if (!collect(out, is_external)) {
            return std::nullopt;
        }
        return out;
    }

private:
    std::nullopt_t fail(std::string_view id, const Path& path, std::string message) {
        context_.diagnostics->push_back(diagnose(id, path, std::move(message)));
        return std::nullopt;
    }

    // The expressions of the object. Mistakes of several fields are told together.
    bool collect(ParsedEntry& out, bool is_external) {
        if (is_external || is_crd(out.kind)) {
            Result<std::vector<FieldExpression>> found = collect_expressions(out.object);
            if (!found) {
                fail("G013", out.path,
                     cat("failed to parse ", is_external ? "external ref" : "schemaless",
                         " resource ", entry_.id, ": ", found.error().message()));
                return false;
            }
            out.expressions = *std::move(found);
            return is_external || check_crd_fields(out);
        }
        TemplateWalk walk = walk_template(out.object, *out.facts.schema);
        for (const TemplateMistake& mistake : walk.mistakes) {
            const bool is_expression = mistake.message.starts_with("nested expressions");
            fail(is_expression ? "G013" : "G012", join_paths(out.path, mistake.path),
                 cat("failed to extract CEL expressions from schema for resource ", entry_.id, ": ",
                     mistake.message));
        }
        out.expressions = std::move(walk.expressions);
        return walk.mistakes.empty();
    }

    bool check_crd_fields(const ParsedEntry& out) {
        for (const FieldExpression& field : out.expressions) {
            const std::string path = field.path.text();
            if (!path.starts_with("metadata.")) {
                fail("G013", join_paths(out.path, field.path),
                     cat("CEL expressions in CRDs are only supported for metadata fields, found in "
                         "path ",
                         quote(path), ", resource ", entry_.id));
                return false;
            }
        }
        return true;
    }

    const ResourceEntry& entry_;
    const EntryContext& context_;
};

class TemplateKind final : public NodeKind {
public:
    bool claims(const ResourceEntry& entry) const override { return !entry.template_.is_null(); }

    std::optional<ParsedEntry> parse(const ResourceEntry& entry,
                                     const EntryContext& context) const override {
        std::optional<ParsedEntry> out =
            EntryParser(entry, context)
                .parse(entry.template_, entry.path.child("template"), false, false);
        if (out) {
            out->type = entry.for_each.empty() ? NodeType::resource : NodeType::collection;
        }
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

    std::optional<ParsedEntry> parse(const ResourceEntry& entry,
                                     const EntryContext& context) const override {
        const bool by_selector = entry.external_ref.find("metadata", "selector") != nullptr;
        std::optional<ParsedEntry> out =
            EntryParser(entry, context)
                .parse(entry.external_ref, entry.path.child("externalRef"), true, by_selector);
        if (out) {
            out->type = by_selector ? NodeType::external_collection : NodeType::external;
        }
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
    static constexpr const NodeKind* kinds[] = {&template_kind, &external_kind};
    return kinds;
}

}  // namespace weft::graph
