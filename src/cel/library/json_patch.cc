// cel/library/json_patch.cc: operations of JSON patches as values.

#include "cel/library/json_patch.h"

#include <algorithm>
#include <array>

#include "cel/library/kubernetes_costs.h"
#include "cel/program.h"

namespace weft::cel {

namespace {

constexpr std::array<std::string_view, 4> patch_fields = {"op", "path", "from", "value"};
constexpr size_t value_field = 3;

size_t patch_field(std::string_view name) {
    return static_cast<size_t>(std::ranges::find(patch_fields, name) - patch_fields.begin());
}

class PatchType final : public StructType {
public:
    [[nodiscard]] std::string_view name() const override { return "JSONPatch"; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        const size_t at = patch_field(field);
        if (at == patch_fields.size()) {
            return nullptr;
        }
        return at == value_field ? &types::dyn : &types::string;
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override;
};

const std::shared_ptr<const PatchType>& patch_structure() {
    static const auto structure = std::make_shared<const PatchType>();
    return structure;
}
const Type* patch_type() {
    static const Type type{
        .kind = TypeKind::structure, .name = "JSONPatch", .structure = patch_structure().get()};
    return &type;
}

// One operation. Fields that were not written are the zero of their type.
class PatchValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    using Fields = std::array<std::optional<Value>, patch_fields.size()>;
    explicit PatchValue(const Fields& fields) : fields_(fields) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return patch_type(); }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* that = other.as<PatchValue>();
        if (that == nullptr) {
            return make_error(arena, ErrorCode::no_such_overload, "no such overload");
        }
        for (size_t i = 0; i < fields_.size(); ++i) {
            const Value same = cel::equals(value_of(i), that->value_of(i), arena);
            if (!same.is_true()) {
                return same;
            }
        }
        return Value::boolean(true);
    }
    [[nodiscard]] Value field(std::string_view name, Arena& arena) const override {
        const size_t at = patch_field(name);
        return at < fields_.size()
                   ? value_of(at)
                   : make_error(arena, ErrorCode::no_such_field, "no such field: ", name);
    }
    [[nodiscard]] bool has_field(std::string_view name) const override {
        const size_t at = patch_field(name);
        return at < fields_.size() && fields_[at].has_value();
    }
    [[nodiscard]] std::optional<weft::Value> to_native() const override {
        weft::Value out = weft::Value::map_of({});
        for (size_t i = 0; i < fields_.size(); ++i) {
            if (fields_[i]) {
                Result<weft::Value> native = cel::to_native(*fields_[i]);
                if (!native) {
                    return std::nullopt;
                }
                out.set(patch_fields[i], *std::move(native));
            }
        }
        return out;
    }
    [[nodiscard]] std::string text() const override {
        std::string out = "JSONPatch{";
        for (size_t i = 0; i < fields_.size(); ++i) {
            if (fields_[i]) {
                append(out, out.ends_with('{') ? "" : ", ", patch_fields[i], ": ",
                       to_text(*fields_[i]));
            }
        }
        return out + "}";
    }

private:
    [[nodiscard]] Value value_of(size_t at) const {
        return fields_[at].value_or(at == value_field ? Value::null() : Value::string(""));
    }

    Fields fields_;
};

Value PatchType::make(Arena& arena,
                      std::span<const std::pair<std::string_view, Value>> fields) const {
    PatchValue::Fields out;
    for (const auto& [field, value] : fields) {
        const size_t at = patch_field(field);
        if (at == patch_fields.size()) {
            return make_error(arena, ErrorCode::no_such_field, "no such field: ", field);
        }
        if (at != value_field && !value.is_string()) {
            return make_error(arena, ErrorCode::invalid_argument,
                              "unsupported value for field JSONPatch.", field, ": ",
                              type_name_of(value));
        }
        out[at] = value;
    }
    return Value::opaque(arena.make<PatchValue>(out));
}

Value escape_key(Call& call, std::span<const Value> args) {
    return call.string(replace_all(replace_all(args[0].as_string(), "~", "~0"), "/", "~1"));
}

constexpr Documentation json_patch_documentation[] = {
    {"jsonpatch.escapeKey", "A key as a step of a JSON pointer.",
     "'/metadata/labels/' + jsonpatch.escapeKey('example.com/~a')",
     "\"/metadata/labels/example.com~1~0a\""},
};

}  // namespace

Library json_patch_library() {
    Library library("kubernetes.jsonpatch");
    library.structure(patch_structure());
    library.function("jsonpatch.escapeKey", {{.id = "string_jsonpatch_escape_key",
                                              .signature = "(string) -> string",
                                              .call = escape_key,
                                              .actual_cost = cost_of_parsing,
                                              .estimated_cost = estimate_parsing}});
    library.document("JSON patches", json_patch_documentation);
    return library;
}

}  // namespace weft::cel
