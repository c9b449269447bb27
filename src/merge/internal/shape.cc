// merge/internal/shape.cc: what the marks of a schema mean for structured merge.

#include "merge/internal/shape.h"

#include <algorithm>
#include <memory>

#include "object/go_format.h"
#include "object/go_type.h"

namespace weft::merge::internal {
namespace {

using schema::ListType;
using schema::MapType;
using schema::Schema;
using schema::Type;

// Lists of elements up to this long are walked for each look-up.
constexpr size_t walked_elements_max = 16;

// ObjectMeta, for kinds whose schema says only that metadata is an object.
class ObjectMetaSchema {
public:
    ObjectMetaSchema() {
        root_.type = Type::object;
        for (const char* name :
             {"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"}) {
            declare(root_, name, scalar(Type::string));
        }
        declare(root_, "generation", scalar(Type::integer));
        declare(root_, "deletionGracePeriodSeconds", scalar(Type::integer));
        declare(root_, "creationTimestamp", untyped());
        declare(root_, "deletionTimestamp", untyped());
        for (const char* name : {"labels", "annotations"}) {
            Schema* texts = node(Type::object);
            texts->additional_properties = scalar(Type::string);
            declare(root_, name, texts);
        }
        Schema* finalizers = node(Type::array);
        finalizers->list_type = ListType::set;
        finalizers->items = scalar(Type::string);
        declare(root_, "finalizers", finalizers);
        Schema* owner = node(Type::object);
        owner->map_type = MapType::atomic;
        for (const char* name : {"apiVersion", "kind", "name", "uid"}) {
            declare(*owner, name, scalar(Type::string));
        }
        declare(*owner, "controller", scalar(Type::boolean));
        declare(*owner, "blockOwnerDeletion", scalar(Type::boolean));
        Schema* owners = node(Type::array);
        owners->list_type = ListType::map;
        owners->list_map_keys = {"uid"};
        owners->items = owner;
        declare(root_, "ownerReferences", owners);
        declare(root_, "managedFields", node(Type::array));
    }
    [[nodiscard]] const Schema* root() const { return &root_; }
    [[nodiscard]] const Schema* text() const { return nodes_.front().get(); }

private:
    Schema* node(Type type) {
        nodes_.push_back(std::make_unique<Schema>());
        nodes_.back()->type = type;
        return nodes_.back().get();
    }
    Schema* scalar(Type type) { return node(type); }
    Schema* untyped() {
        Schema* out = node(Type::unset);
        out->int_or_string = true;
        out->format = "int-or-string";
        return out;
    }
    static void declare(Schema& parent, const char* name, const Schema* schema) {
        parent.properties.push_back({name, schema});
    }

    Schema root_;
    std::vector<std::unique_ptr<Schema>> nodes_;
};

const ObjectMetaSchema& object_meta() {
    static const ObjectMetaSchema schema;
    return schema;
}

// Kinds of the API that are texts or numbers on the wire, whatever their schema's type is.
bool is_untyped(const Schema& schema) {
    const std::string_view name = schema.definition;
    return (schema.int_or_string && schema.format == "int-or-string") ||
           name.ends_with(".Quantity") || name.ends_with(".IntOrString") ||
           name.ends_with(".meta.v1.Time") || name.ends_with(".meta.v1.MicroTime");
}

void resolve_list(Shape& shape, const Schema& schema) {
    static const std::vector<std::string> no_keys;
    shape.has_list = true;
    shape.atomic_list = true;
    shape.keys = &no_keys;
    if (schema.list_type == ListType::set) {
        shape.atomic_list = false;
    } else if (schema.list_type == ListType::map ||
               (schema.list_type == ListType::unset && schema.patch_merge)) {
        // Without a list type the patch merge key stands in: see element_of.
        shape.atomic_list = false;
        shape.keys = &schema.list_map_keys;
    }
}

}  // namespace

Shape resolve(TypeRef type) {
    Shape shape{.type = type};
    if (type.is_deduced()) {
        shape.scalar = ScalarKind::untyped;
        shape.has_list = true;
        shape.has_map = true;
        return shape;
    }
    const Schema& schema = *type.schema();
    if (is_untyped(schema)) {
        shape.scalar = ScalarKind::untyped;
        return shape;
    }
    if (schema.int_or_string) {  // in a CRD it has no type: anything
        shape.scalar = ScalarKind::untyped;
        shape.has_map = true;
        resolve_list(shape, schema);
        return shape;
    }
    if (schema.definition.ends_with(".runtime.RawExtension")) {  // anything, owned as a whole
        shape.scalar = ScalarKind::untyped;
        shape.has_list = true;
        shape.has_map = true;
        shape.atomic_map = true;
        return shape;
    }
    switch (schema.type) {
        case Type::object:
            shape.has_map = true;
            shape.atomic_map = schema.map_type == MapType::atomic;
            break;
        case Type::array:
            resolve_list(shape, schema);
            break;
        case Type::string:
            // Texts with a format count as anything, but for bytes.
            shape.scalar = schema.format.empty() || schema.format == "byte" ? ScalarKind::string
                                                                            : ScalarKind::untyped;
            break;
        case Type::integer:
        case Type::number:
            shape.scalar = ScalarKind::numeric;
            break;
        case Type::boolean:
            shape.scalar = ScalarKind::boolean;
            break;
        case Type::unset:
            shape.has_map = true;
            shape.atomic_map = schema.map_type == MapType::atomic;
            if (schema.properties.empty() || schema.items != nullptr) {
                shape.scalar = ScalarKind::untyped;
                resolve_list(shape, schema);
            }
            break;
    }
    return shape;
}

Form Shape::form_of(const Value* value) const {
    if (value != nullptr) {
        if (value->is_map() && has_map) {
            return Form::map;
        }
        if (value->is_list() && has_list) {
            return Form::list;
        }
        if (!value->is_map() && !value->is_list() && !value->is_null() &&
            scalar != ScalarKind::none) {
            return Form::scalar;
        }
    }
    if (has_map) {
        return Form::map;
    }
    return scalar != ScalarKind::none ? Form::scalar : Form::list;
}

TypeRef Shape::item() const {
    if (type.is_deduced() || type.schema()->items == nullptr) {
        return TypeRef::deduced();
    }
    return TypeRef::of(type.schema()->items, type.schema()->items->embedded_resource)
        .preserving(type.is_preserving() || type.schema()->preserve_unknown_fields);
}

Shape::Field Shape::field(std::string_view name) const {
    if (type.is_deduced()) {
        return {};
    }
    const Schema& schema = *type.schema();
    const bool preserve = type.is_preserving() || schema.preserve_unknown_fields;
    const Schema* declared = schema.find_property(name);
    if (type.is_object()) {
        // Custom kinds may narrow metadata; it is ObjectMeta all the same.
        if (name == "metadata" && (declared == nullptr || declared->definition.empty())) {
            return {TypeRef::of(object_meta().root()), true, true};
        }
        if (declared == nullptr && (name == "apiVersion" || name == "kind")) {
            return {TypeRef::of(object_meta().text()), true, true};
        }
    }
    if (declared != nullptr) {
        return {TypeRef::of(declared, declared->embedded_resource).preserving(preserve), true,
                true};
    }
    if (schema.additional_properties != nullptr) {
        const Schema* element = schema.additional_properties;
        return {TypeRef::of(element, element->embedded_resource).preserving(preserve), false, true};
    }
    const bool is_open =
        preserve || schema.additional_properties_allowed || schema.properties.empty();
    return {TypeRef::deduced(), false, is_open};
}

namespace {

// The value of a key field, or its schema's default; null pointer if there is neither.
const Value* key_value(const Value& item, std::string_view name, const Shape& list) {
    if (const Value* found = item.find(name)) {
        return found;
    }
    const TypeRef type = list.item();
    if (type.is_deduced()) {
        return nullptr;
    }
    const Schema* field = type.schema()->find_property(name);
    if (field == nullptr || !field->default_value || field->default_value->is_null()) {
        return nullptr;
    }
    return &*field->default_value;
}

Result<PathElement> keyed_element(const Value& item, std::span<const std::string> keys,
                                  const Shape& list) {
    if (item.is_null()) {
        return make_error(Reason::unknown,
                          "associative list with keys may not have a null element");
    }
    if (!item.is_map()) {
        return make_error(Reason::unknown,
                          "associative list with keys may not have non-map elements");
    }
    Value fields = Value::map_with_capacity(keys.size());
    for (const std::string& name : keys) {
        if (const Value* value = key_value(item, name, list)) {
            fields.set(name, *value);
        }
    }
    if (fields.empty()) {
        std::string names;
        for (const std::string& name : keys) {
            append(names, names.empty() ? "" : " ", quote(name));
        }
        return make_error(Reason::unknown,
                          "associative list with keys has an element that omits all key fields [",
                          names, "] (and doesn't have default values for any key fields)");
    }
    return PathElement::key(std::move(fields));
}

}  // namespace

Result<PathElement> element_of(const Value& item, const Shape& list) {
    const Schema* schema = list.type.schema();
    if (!list.keys->empty()) {
        return keyed_element(item, *list.keys, list);
    }
    if (schema != nullptr && schema->list_type == ListType::unset &&
        !schema->patch_merge_key.empty()) {
        return keyed_element(item, std::span(&schema->patch_merge_key, 1), list);
    }
    switch (item.kind()) {
        case Value::Kind::map:
            return make_error(Reason::unknown,
                              "associative list without keys has an element that's a map type");
        case Value::Kind::list:
            return make_error(Reason::unknown,
                              "not supported: associative list with lists as elements");
        case Value::Kind::null:
            return make_error(
                Reason::unknown,
                "associative list without keys has an element that's an explicit null");
        default:
            return PathElement::value(item);
    }
}

std::string Errors::text() const {
    const auto one = [](const One& error) {
        return error.path.empty() ? error.message : cat(error.path, ": ", error.message);
    };
    if (errors_.size() == 1) {
        return one(errors_.front());
    }
    std::string out = "errors:";
    for (const One& error : errors_) {
        append(out, "\n  ", one(error));
    }
    return out;
}

std::string go_value(const Value& value) {
    return cat("&{", go_format(value), "}");
}

std::optional<std::string> scalar_error(ScalarKind kind, const Value* value,
                                        std::string_view prefix) {
    if (value == nullptr || value->is_null()) {
        return std::nullopt;
    }
    switch (kind) {
        case ScalarKind::numeric:
            if (!value->is_number()) {
                return cat(prefix, "expected numeric (int or float), got ", go_type_text(*value));
            }
            break;
        case ScalarKind::string:
            if (!value->is_string()) {
                return cat(prefix, "expected string, got &value.valueUnstructured{Value:",
                           go_syntax(*value), "}");
            }
            break;
        case ScalarKind::boolean:
            if (!value->is_bool()) {
                return cat(prefix, "expected boolean, got ", go_value(*value));
            }
            break;
        case ScalarKind::untyped:
        case ScalarKind::none:
            if (value->is_map() || value->is_list()) {
                return cat(prefix, "expected any scalar, got ", go_value(*value));
            }
            break;
    }
    return std::nullopt;
}

ElementIndex::ElementIndex(const std::vector<PathElement>& elements) : elements_(&elements) {
    if (elements.size() <= walked_elements_max) {
        return;
    }
    for (uint32_t i = 0; i < elements.size(); ++i) {
        sorted_.push_back(i);
    }
    std::ranges::sort(sorted_, [&](uint32_t a, uint32_t b) {
        const int order = PathElement::compare(elements[a], elements[b]);
        return order != 0 ? order < 0 : a < b;
    });
}

std::optional<size_t> ElementIndex::find(const PathElement& element) const {
    if (sorted_.empty()) {
        for (size_t i = 0; i < elements_->size(); ++i) {
            if ((*elements_)[i] == element) {
                return i;
            }
        }
        return std::nullopt;
    }
    const auto found = std::ranges::lower_bound(
        sorted_, 0, {}, [&](uint32_t i) { return PathElement::compare((*elements_)[i], element); });
    if (found != sorted_.end() && (*elements_)[*found] == element) {
        return *found;
    }
    return std::nullopt;
}

}  // namespace weft::merge::internal
