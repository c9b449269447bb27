// tests/conformance/smd.cc: conformance_smd --cases DIR, structured-merge-diff's own cases.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "merge/field_set.h"
#include "merge/internal/shape.h"
#include "merge/typed.h"
#include "merge/updater.h"
#include "object/object.h"
#include "schema/builtin.h"

namespace {

namespace schema = weft::schema;
using schema::Schema;
using weft::cat;
using weft::Error;
using weft::Member;
using weft::Reason;
using weft::Result;
using weft::Status;
using weft::Value;
using weft::merge::FieldFilter;
using weft::merge::FieldPath;
using weft::merge::FieldSet;
using weft::merge::PathElement;
using weft::merge::TypedObject;
using weft::merge::TypeRef;

Value read_json_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    Result<Value> value = weft::parse_json(text.str());
    return value ? *std::move(value) : Value();
}

// A structured-merge-diff schema as ours.
class SmdSchema {
public:
    explicit SmdSchema(const Value& document) {
        if (const Value* types = document.find("types")) {
            for (const Value& type : types->items()) {
                types_[std::string(type.string_at("name"))] = type;
            }
        }
    }
    // Null if there is no type of that name.
    const Schema* find(std::string_view name) {
        const auto type = types_.find(name);
        return type == types_.end() ? nullptr : named(std::string(name), type->second, "");
    }

private:
    Schema* fresh() {
        nodes_.push_back(std::make_unique<Schema>());
        return nodes_.back().get();
    }
    // `relationship` of a reference overrides that of the type.
    const Schema* named(const std::string& name, const Value& type, std::string_view relationship) {
        const auto key = std::pair(name, std::string(relationship));
        if (const auto made = made_.find(key); made != made_.end()) {
            return made->second;
        }
        if (name == "__untyped_deduced_" && relationship.empty()) {
            return nullptr;
        }
        Schema* node = fresh();
        made_[key] = node;
        fill(*node, type, relationship);
        return node;
    }
    // Null: deduced.
    const Schema* reference(const Value& type) {
        const std::string_view name = type.string_at("namedType");
        const std::string_view relationship = type.string_at("elementRelationship");
        if (name.empty()) {
            Schema* node = fresh();
            fill(*node, type, relationship);
            return node;
        }
        const auto found = types_.find(name);
        return found == types_.end() ? nullptr : named(found->first, found->second, relationship);
    }
    void fill(Schema& node, const Value& type, std::string_view relationship) {
        const Value* map = type.find("map");
        const Value* list = type.find("list");
        const std::string_view scalar = type.string_at("scalar");
        const int forms =
            (map != nullptr ? 1 : 0) + (list != nullptr ? 1 : 0) + (scalar.empty() ? 0 : 1);
        if (map != nullptr) {
            node.type = schema::Type::object;
            fill_map(node, *map, relationship);
        }
        if (list != nullptr) {
            node.type = schema::Type::array;
            fill_list(node, *list, relationship);
        }
        if (!scalar.empty()) {
            node.type = scalar == "numeric"   ? schema::Type::number
                        : scalar == "string"  ? schema::Type::string
                        : scalar == "boolean" ? schema::Type::boolean
                                              : schema::Type::unset;
            if (scalar == "untyped" && forms == 1) {
                node.int_or_string = true;
                node.format = "int-or-string";  // as a builtin kind says it, not a CRD
            }
        }
        if (forms > 1) {
            node.type = schema::Type::unset;
        }
    }
    void fill_map(Schema& node, const Value& map, std::string_view relationship) {
        if (relationship.empty()) {
            relationship = map.string_at("elementRelationship");
        }
        node.map_type =
            relationship == "atomic" ? schema::MapType::atomic : schema::MapType::granular;
        if (const Value* fields = map.find("fields")) {
            for (const Value& field : fields->items()) {
                const Schema* declared = nullptr;
                if (const Value* type = field.find("type")) {
                    declared = reference(*type);
                }
                Schema* copy = fresh();
                if (declared == nullptr) {
                    copy->preserve_unknown_fields = true;
                    declared = copy;
                }
                if (const Value* value = field.find("default")) {
                    if (declared != copy) {
                        inherit_later(copy, declared);
                        declared = copy;
                    }
                    copy->default_value = *value;
                }
                node.properties.push_back({std::string(field.string_at("name")), declared});
            }
        }
        if (const Value* element = map.find("elementType");
            element != nullptr && !element->empty()) {
            node.additional_properties = reference(*element);
            node.additional_properties_allowed = true;
        } else if (node.properties.empty()) {
            node.properties.push_back({"\1", fresh()});  // closed: no field is known
        }
    }
    void fill_list(Schema& node, const Value& list, std::string_view relationship) {
        if (relationship.empty()) {
            relationship = list.string_at("elementRelationship");
        }
        node.list_type = schema::ListType::atomic;
        if (const Value* element = list.find("elementType")) {
            node.items = reference(*element);
        }
        if (relationship != "associative") {
            return;
        }
        node.list_type = schema::ListType::set;
        if (const Value* keys = list.find("keys"); keys != nullptr && !keys->empty()) {
            node.list_type = schema::ListType::map;
            for (const Value& key : keys->items()) {
                node.list_map_keys.emplace_back(key.as_string());
            }
        }
    }
    static void inherit_later(Schema* copy, const Schema* from) {
        copy->type = from->type;
        copy->int_or_string = from->int_or_string;
        copy->properties = from->properties;
        copy->items = from->items;
        copy->additional_properties = from->additional_properties;
        copy->list_type = from->list_type;
        copy->map_type = from->map_type;
        copy->list_map_keys = from->list_map_keys;
    }

    std::map<std::string, Value, std::less<>> types_;
    std::map<std::pair<std::string, std::string>, Schema*> made_;
    std::vector<std::unique_ptr<Schema>> nodes_;
};

// YAML where maps of a list may repeat keys is not needed: only list items repeat.
Result<Value> read_object(const Value& text) {
    if (!text.is_string()) {
        return text;
    }
    Result<Value> value = weft::parse_yaml_value(text.as_string());
    // The reader of the origin's tests stops after the first document, and some have a brace too
    // many.
    if (!value && text.as_string().ends_with("}}")) {
        return weft::parse_yaml_value(text.as_string().substr(0, text.size() - 1));
    }
    return value;
}

FieldSet set_of(const Value* node) {
    if (node == nullptr || node->is_null()) {
        return {};
    }
    const Value* fields = node->find("fieldsV1");
    if (fields == nullptr) {
        return {};
    }
    return FieldSet::from_value(*fields).value();
}

PathElement element_of(std::string_view text) {
    return PathElement::parse(text).value();
}

FieldPath path_of(const Value& list) {
    FieldPath path;
    for (const Value& element : list.items()) {
        path.push_back(element_of(element.as_string()));
    }
    return path;
}

// One row: prints PASS or FAIL when it ends.
class Row {
public:
    Row(std::string id, const Value& value) : value(value), id_(std::move(id)) {}
    ~Row() {
        for (char& c : reason_) {
            c = c == '\n' ? ' ' : c;
        }
        if (reason_.empty()) {
            std::printf("PASS %s\n", id_.c_str());
        } else {
            std::printf("FAIL %s: %s\n", id_.c_str(), reason_.c_str());
        }
    }
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;

    void fail(std::string reason) {
        if (reason_.empty()) {
            reason_ = std::move(reason);
        }
    }
    void expect_set(std::string_view what, const FieldSet& got, const FieldSet& wanted) {
        if (got != wanted) {
            fail(cat(what, ": got ", got.serialized(), " wanted ", wanted.serialized()));
        }
    }
    void expect_value(std::string_view what, const Value& got, const Value& wanted) {
        if (!weft::merge::equal_values(got, wanted)) {
            fail(cat(what, ": got ", weft::to_json(got), " wanted ", weft::to_json(wanted)));
        }
    }
    void expect(std::string_view what, bool got, bool wanted) {
        if (got != wanted) {
            fail(cat(what, ": got ", got, " wanted ", wanted));
        }
    }

    const Value& value;

private:
    std::string id_;
    std::string reason_;
};

// The schemas of one file, by name.
class Schemas {
public:
    explicit Schemas(const Value& file) : file_(file) {}
    SmdSchema& get(std::string_view name) {
        auto& made = made_[std::string(name)];
        if (made == nullptr) {
            const Value* text = file_.find("schemas", name);
            made = std::make_unique<SmdSchema>(
                text == nullptr ? Value::map() : read_object(*text).value_or(Value::map()));
        }
        return *made;
    }
    TypeRef type(std::string_view schema, std::string_view name) {
        if (name == "deduced" || name.empty()) {
            return TypeRef::deduced();
        }
        return TypeRef::of(get(schema).find(name));
    }

private:
    const Value& file_;
    std::map<std::string, std::unique_ptr<SmdSchema>> made_;
};

using weft::merge::Duplicates;

std::optional<Value> parsed(Row& row, const Value& text, TypeRef type, Duplicates duplicates) {
    Result<Value> value = read_object(text);
    if (!value) {
        row.fail(cat("cannot read: ", value.error().text()));
        return std::nullopt;
    }
    const Status valid = weft::merge::validate(*value, type, duplicates);
    if (!valid) {
        row.fail(cat("not valid: ", valid.error().message()));
        return std::nullopt;
    }
    return *std::move(value);
}

void check_merge(Row& row, TypeRef type) {
    const auto lhs = parsed(row, *row.value.find("lhs"), type, Duplicates::allowed);
    const auto rhs = parsed(row, *row.value.find("rhs"), type, Duplicates::refused);
    const Result<Value> out = read_object(*row.value.find("out"));
    if (!lhs || !rhs || !out) {
        return;
    }
    const Result<Value> got = weft::merge::merge_typed(*lhs, *rhs, type);
    if (!got) {
        row.fail(got.error().message());
        return;
    }
    row.expect_value("merge", *got, *out);
}

void check_compare(Row& row, TypeRef type) {
    const auto lhs = parsed(row, *row.value.find("lhs"), type, Duplicates::allowed);
    const auto rhs = parsed(row, *row.value.find("rhs"), type, Duplicates::allowed);
    if (!lhs || !rhs) {
        return;
    }
    const auto got = weft::merge::compare_typed(*lhs, *rhs, type);
    const auto back = weft::merge::compare_typed(*rhs, *lhs, type);
    if (!got || !back) {
        row.fail((got ? back : got).error().message());
        return;
    }
    row.expect_set("added", got->added, set_of(row.value.find("added")));
    row.expect_set("modified", got->modified, set_of(row.value.find("modified")));
    row.expect_set("removed", got->removed, set_of(row.value.find("removed")));
    row.expect_set("swapped added", back->added, set_of(row.value.find("removed")));
    row.expect_set("swapped modified", back->modified, set_of(row.value.find("modified")));
    row.expect_set("swapped removed", back->removed, set_of(row.value.find("added")));
}

void check_to_field_set(Row& row, TypeRef type) {
    if (const auto object = parsed(row, *row.value.find("object"), type, Duplicates::allowed)) {
        row.expect_set("set", weft::merge::to_field_set(*object, type),
                       set_of(row.value.find("set")));
    }
}

void check_remove_extract(Row& row, TypeRef type) {
    const auto object = parsed(row, *row.value.find("object"), type, Duplicates::refused);
    if (!object) {
        return;
    }
    const FieldSet set = set_of(row.value.find("set"));
    for (const bool extract : {false, true}) {
        const Value* text = row.value.find(extract ? "extractOutput" : "removeOutput");
        if (text == nullptr || (text->is_string() && text->as_string() == "unparseable")) {
            continue;
        }
        const Value wanted = read_object(*text).value_or(Value());
        row.expect_value(extract ? "extract" : "remove",
                         extract ? weft::merge::extract_items(*object, type, set)
                                 : weft::merge::remove_items(*object, type, set),
                         wanted);
    }
}

void check_extract_with_keys(Row& row, TypeRef type) {
    const auto object = parsed(row, *row.value.find("object"), type, Duplicates::refused);
    if (object) {
        row.expect_value(
            "extract",
            weft::merge::extract_items(*object, type, set_of(row.value.find("set")), true),
            read_object(*row.value.find("wantOutput")).value_or(Value()));
    }
}

void check_reversible(Row& row, TypeRef type) {
    const auto object = parsed(row, *row.value.find("object"), type, Duplicates::refused);
    const auto part = parsed(row, *row.value.find("pso"), type, Duplicates::refused);
    if (!object || !part) {
        return;
    }
    const Result<Value> merged = weft::merge::merge_typed(*object, *part, type);
    if (!merged) {
        row.fail(merged.error().message());
        return;
    }
    row.expect_value(
        "extract",
        weft::merge::extract_items(*merged, type, weft::merge::to_field_set(*part, type).leaves()),
        *part);
}

void check_validate(Row& row, TypeRef type, bool valid, Duplicates duplicates) {
    const Value* text = row.value.find("object");
    const Result<Value> object = read_object(text == nullptr ? *row.value.find("input") : *text);
    if (!object) {
        row.expect("readable", false, valid);
        return;
    }
    const Status got = weft::merge::validate(*object, type, duplicates);
    if (got.has_value() != valid) {
        row.fail(got ? "valid, wanted an error" : got.error().message());
    }
}

void check_reconcile(Row& row, Schemas& schemas) {
    const TypeRef type =
        schemas.type(row.value.string_at("newSchemaRef"), row.value.string_at("type"));
    const FieldSet old = set_of(row.value.find("oldFields"));
    const std::optional<FieldSet> got = weft::merge::reconcile_with_schema(old, type);
    const Value* fixed = row.value.find("fixedFields");
    row.expect_set("fixed", got.value_or(old),
                   fixed == nullptr || fixed->is_null() ? old : set_of(fixed));
}

void run_typed(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/typed")) {
        const std::string name = entry.path().stem();
        const Value file = read_json_file(entry.path());
        Schemas schemas(file);
        const Value* rows = file.find("rows");
        for (size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
            const Value& value = rows->at(i);
            Row row(cat("typed/", name, "/", value.int_at(0, "id"), "/", i), value);
            const TypeRef type =
                schemas.type(value.string_at("schemaRef"), value.string_at("type"));
            if (name == "merge" || name == "MergeDeduced") {
                check_merge(row, type);
            } else if (name == "compare" || name == "SymdiffDeduced") {
                check_compare(row, type);
            } else if (name == "to-field-set" || name == "ToSetDeduced") {
                check_to_field_set(row, type);
            } else if (name == "remove-extract") {
                check_remove_extract(row, type);
            } else if (name == "extract-with-keys") {
                check_extract_with_keys(row, type);
            } else if (name == "reversible-extract") {
                check_reversible(row, type);
            } else if (name == "validate") {
                const std::string_view expect = value.string_at("expect");
                check_validate(row, type, expect.find("invalid") == std::string_view::npos,
                               expect.find("uplicates") != std::string_view::npos
                                   ? Duplicates::allowed
                                   : Duplicates::refused);
            } else if (name == "ValidateDeducedType") {
                check_validate(row, type, true, Duplicates::refused);
            } else if (name == "reconcile-schema") {
                check_reconcile(row, schemas);
            } else if (name == "ComparisonExcludeFields") {
                const Value* before = value.find("Comparison");
                weft::merge::Comparison comparison{set_of(before->find("Added")),
                                                   set_of(before->find("Modified")),
                                                   set_of(before->find("Removed"))};
                const auto got = comparison.without(set_of(value.find("Remove")));
                row.expect_set("added", got.added, set_of(value.find("Expect", "Added")));
                row.expect_set("modified", got.modified, set_of(value.find("Expect", "Modified")));
                row.expect_set("removed", got.removed, set_of(value.find("Expect", "Removed")));
            } else {
                row.fail("no check for this file");
            }
        }
    }
}

FieldFilter filter_of(const Value& filter) {
    if (const Value* prefixes = filter.find("includePrefixes")) {
        std::vector<FieldFilter::Prefix> out;
        for (const Value& prefix : prefixes->items()) {
            FieldFilter::Prefix steps;
            for (const Value& step : prefix.items()) {
                if (step.as_string() == "*") {
                    steps.emplace_back(std::nullopt);
                } else {
                    steps.emplace_back(element_of(step.as_string()));
                }
            }
            out.push_back(std::move(steps));
        }
        return FieldFilter::include(std::move(out));
    }
    const Value* excluded = filter.find("exclude");
    return FieldFilter::exclude(set_of(excluded == nullptr ? &filter : excluded));
}

std::map<std::string, weft::merge::VersionedSet> managers_of(const Value* node) {
    std::map<std::string, weft::merge::VersionedSet> out;
    if (node != nullptr) {
        for (const Member& member : node->members()) {
            out[std::string(member.name())] = {
                set_of(&member.value), std::string(member.value.string_at("apiVersion")), false};
        }
    }
    return out;
}

bool same_managers(const std::map<std::string, weft::merge::VersionedSet>& a,
                   const std::map<std::string, weft::merge::VersionedSet>& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && x.second.set == y.second.set &&
               x.second.api_version == y.second.api_version;
    });
}

// Nothing: this file is not about our front door.
bool check_field_path(Row& row, const std::string& name) {
    const Value& value = row.value;
    if (name == "SetFromJSON" || name == "SetFromJSONTokenTypeErrors") {
        const auto set = FieldSet::parse(value.string_at("input"));
        row.expect(set ? "read" : set.error().message(), set.has_value(), name == "SetFromJSON");
    } else if (name == "SerializeV1GoldenData") {
        const auto set = FieldSet::parse(value.string_at("input"));
        if (!set) {
            row.fail(set.error().message());
        } else if (set->serialized() != value.string_at("input")) {
            row.fail(cat("got ", set->serialized()));
        }
    } else if (name == "DeserializeForValidNonNormalized") {
        const auto set = FieldSet::parse(value.string_at("nonNormalizedString"));
        if (!set) {
            row.fail(set.error().message());
        } else if (const Value* wanted = value.find("normalizedString");
                   wanted != nullptr && wanted->is_string() &&
                   set->serialized() != wanted->as_string()) {
            row.fail(cat("got ", set->serialized()));
        }
    } else if (name == "DeserializePathElementError") {
        row.expect("read", PathElement::parse(value.string_at("input")).has_value(), false);
    } else if (name == "DeserializePathElementSuccess" || name == "PathElementRoundTrip") {
        const auto element = PathElement::parse(value.string_at("stringValue"));
        if (!element) {
            row.fail(element.error().message());
        } else if (element->serialized() != value.string_at("pathElement")) {
            row.fail(cat("got ", element->serialized()));
        }
    } else if (name == "FromValue") {
        const auto object = read_object(*value.find("objYAML"));
        if (!object) {
            row.fail(object.error().text());
        } else {
            row.expect_set("set", FieldSet::guess_from(*object), set_of(value.find("set")));
        }
    } else if (name == "SetDifference") {
        const FieldSet a = set_of(value.find("a"));
        const FieldSet b = set_of(value.find("b"));
        row.expect_set("difference", a.difference(b), set_of(value.find("expectDifference")));
        row.expect_set("recursive", a.recursive_difference(b),
                       set_of(value.find("expectRecursiveDifference")));
    } else if (name == "SetEquals") {
        row.expect("equal", set_of(value.find("a")) == set_of(value.find("b")),
                   value.find("equal")->as_bool());
    } else if (name == "SetLeaves") {
        row.expect_set("leaves", set_of(value.find("input")).leaves(),
                       set_of(value.find("expected")));
    } else if (name == "SetInsertHas") {
        row.expect("has", set_of(value.find("set")).has(path_of(*value.find("check"))),
                   value.find("expectMembership")->as_bool());
    } else if (name == "PathString") {
        const std::string got = weft::merge::to_text(path_of(*value.find("fp")));
        if (got != value.string_at("expect")) {
            row.fail(cat("got ", got));
        }
    } else if (name == "PathElementLess") {
        // `a` of {} is an element without anything, which we have not.
        const Value* a = value.find("a");
        const Value* b = value.find("b");
        if (a->is_string() && b->is_string()) {
            const int order =
                PathElement::compare(element_of(a->as_string()), element_of(b->as_string()));
            const bool equal = value.find("eq")->as_bool();
            row.expect("a < b", order < 0, !equal);
            row.expect("equal", order == 0, equal);
        }
    } else if (name == "FilterByPattern") {
        row.expect_set("filtered",
                       filter_of(*value.find("filter")).apply(set_of(value.find("input"))),
                       set_of(value.find("expect")));
    } else if (name == "ManagersDifference") {
        row.expect("equal",
                   same_managers(managers_of(value.find("lhs")), managers_of(value.find("rhs"))),
                   value.find("equal")->as_bool());
    } else if (name == "EnsureNamedFieldsAreMembers") {
        return false;
    } else {
        return false;
    }
    return true;
}

void check_ensure_named_fields(Row& row) {
    const Value& value = row.value;
    const Value& function = *value.find("schemaFn");
    SmdSchema made(read_object(*function.at(0).find("schema")).value_or(Value::map()));
    const TypeRef type = TypeRef::of(made.find(function.at(1).as_string()));
    const auto object = parsed(row, *value.find("value"), type, Duplicates::refused);
    if (!object) {
        return;
    }
    const FieldSet before = weft::merge::to_field_set(*object, type);
    row.expect_set("before", before, set_of(value.find("expectedBefore")));
    TypeRef after_type = type;
    std::optional<SmdSchema> other;
    if (const Value* changed = value.find("newSchemaFn");
        changed != nullptr && changed->is_list()) {
        other.emplace(read_object(*changed->at(0).find("schema")).value_or(Value::map()));
        after_type = TypeRef::of(other->find(changed->at(1).as_string()));
    }
    row.expect_set("after", weft::merge::with_named_fields(before, after_type),
                   set_of(value.find("expectedAfter")));
}

void run_field_paths(const std::string& folder) {
    for (const std::string part : {"/fieldpath", "/value"}) {
        for (const auto& entry : std::filesystem::directory_iterator(folder + part)) {
            const std::string name = entry.path().stem();
            const Value file = read_json_file(entry.path());
            const Value* rows = file.find("rows");
            for (size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
                const Value& value = rows->at(i);
                const std::string id =
                    cat(part.substr(1), "/", name, "/", value.int_at(0, "id"), "/", i);
                if (name == "ManagersEquals") {
                    std::printf("SKIP %s: differences of managers are not part of the API\n",
                                id.c_str());
                    continue;
                }
                Row row(id, value);
                if (name == "ValueLess") {
                    const Value& a = *value.find("a");
                    const Value& b = *value.find("b");
                    const bool a_invalid = value.string_at("name").starts_with("Invalid");
                    if (!a_invalid) {
                        const int order = weft::merge::compare_values(a, b);
                        const bool equal = value.find("eq")->as_bool();
                        row.expect("a < b", order < 0, !equal);
                        row.expect("b > a", weft::merge::compare_values(b, a) > 0, !equal);
                    }
                } else if (name == "EnsureNamedFieldsAreMembers") {
                    check_ensure_named_fields(row);
                } else if (!check_field_path(row, name)) {
                    row.fail("no check for this file");
                }
            }
        }
    }
}

// --- Scenarios ---

class TestConverter : public weft::merge::VersionConverter {
public:
    TestConverter(std::string kind, std::function<std::optional<TypeRef>(std::string_view)> type)
        : kind_(std::move(kind)), type_(std::move(type)) {}

    [[nodiscard]] Result<TypedObject> convert(const TypedObject& object,
                                              std::string_view version) const override {
        const std::optional<TypeRef> type = type_(version);
        if (!type) {
            return weft::make_error(Reason::not_found, "missing version ", version);
        }
        Value value = object.value;
        if (version != object.api_version) {
            if (kind_ == "renamingConverter") {
                value = renamed(value, cat("_", object.api_version), cat("_", version));
            } else if (kind_ == "repeatingConverter") {
                if (version.size() != 2 || version < "v1" || version > "v9") {
                    return weft::make_error(Reason::not_found, "missing version ", version);
                }
                value = repeated_root(value, static_cast<size_t>(version[1] - '0'));
            } else if (kind_ == "reliantFieldsConverter") {
                value = TRY(reliant(value, object.api_version, version));
            }
        }
        return TypedObject{std::move(value), *type, std::string(version)};
    }

private:
    static Value renamed(const Value& value, std::string_view from, std::string_view to) {
        if (value.is_list()) {
            Value out = Value::list();
            for (const Value& item : value.items()) {
                out.push_back(renamed(item, from, to));
            }
            return out;
        }
        if (!value.is_map()) {
            return value;
        }
        Value out = Value::map();
        for (const Member& member : value.members()) {
            std::string name(member.name());
            if (name.ends_with(from)) {
                name = cat(name.substr(0, name.size() - from.size()), to);
            }
            out.set(name, renamed(member.value, from, to));
        }
        return out;
    }
    static Value repeated(const Value& value, size_t times) {
        if (!value.is_map()) {
            return value;
        }
        Value out = Value::map();
        for (const Member& member : value.members()) {
            out.set(std::string(times, member.name().empty() ? ' ' : member.name()[0]),
                    repeated(member.value, times));
        }
        return out;
    }
    static Value repeated_root(const Value& value, size_t times) {
        if (!value.is_map()) {
            return value;
        }
        Value out = Value::map();
        for (const Member& member : value.members()) {
            out.set(member.name(), repeated(member.value, times));
        }
        return out;
    }
    static Result<Value> reliant(const Value& value, std::string_view from, std::string_view to) {
        if (!value.is_map()) {
            return value;
        }
        Value out = value;
        if (from == "v2" && to == "v1") {
            const Value* bar = value.find("required_field_bar");
            if (bar == nullptr || (bar->is_null())) {
                return weft::make_error(Reason::invalid, "required_field_bar is required");
            }
            out.set("field_foo_rely_on_bar", *bar);
            out.erase("required_field_bar");
        } else if (from == "v1" && to == "v2") {
            const Value* foo = value.find("field_foo_rely_on_bar");
            if (foo != nullptr) {
                out.set("required_field_bar", *foo);
                out.erase("field_foo_rely_on_bar");
            }
        }
        return out;
    }

    std::string kind_;
    std::function<std::optional<TypeRef>(std::string_view)> type_;
};

class Scenario {
public:
    Scenario(Row& row, Schemas& schemas) : row_(row), schemas_(schemas) {
        set_parser(*row.value.find("parser"));
        for (const std::string_view name : {"ignoredFields", "ignoreFilter"}) {
            if (const Value* ignored = row.value.find(name)) {
                for (const Member& version : ignored->members()) {
                    ignored_.emplace(version.name(), filter_of(version.value));
                }
            }
        }
    }

    void run() {
        const TestConverter converter(
            std::string(row_.value.string_at("converter")),
            [this](std::string_view version) { return type_of(version); });
        updater_.converter = &converter;
        updater_.ignored = &ignored_;
        converter_ = &converter;
        const Value& expect = *row_.value.find("expect");
        const bool wants_error = expect.find("error") != nullptr && expect.find("error")->as_bool();
        for (const Value& operation : row_.value.find("ops")->items()) {
            const Status done = carry_out(operation);
            if (!done) {
                if (!wants_error) {
                    row_.fail(cat(operation.string_at("op"), ": ", done.error().message()));
                }
                return;
            }
        }
        if (wants_error) {
            row_.fail("no operation failed");
            return;
        }
        if (const Value* object = expect.find("object")) {
            const std::string_view version = expect.string_at("apiVersion");
            const Result<Value> wanted = read_object(*object);
            const Result<TypedObject> got = in_version(version);
            if (!wanted || !got) {
                row_.fail("cannot read or convert what is expected");
                return;
            }
            row_.expect_value("object", got->value, *wanted);
        }
        if (const Value* managed = expect.find("managed")) {
            std::map<std::string, weft::merge::VersionedSet> got;
            for (const auto& [manager, set] : managers_) {
                got[manager.manager] = set;
            }
            if (!same_managers(got, managers_of(managed))) {
                std::string text;
                for (const auto& [name, set] : got) {
                    weft::append(text, name, "@", set.api_version, "=", set.set.serialized(), " ");
                }
                row_.fail(cat("managers: got ", text, " wanted ", weft::to_json(*managed)));
            }
        }
    }

private:
    void set_parser(const Value& parser) {
        schema_ = parser.string_at("schemaRef");
        type_name_ = parser.string_at("type");
    }
    std::optional<TypeRef> type_of(std::string_view version) {
        if (type_name_ == "deduced") {
            return TypeRef::deduced();
        }
        const Schema* found = schemas_.get(schema_).find(type_name_.empty() ? version : type_name_);
        if (found == nullptr) {
            return std::nullopt;
        }
        return TypeRef::of(found);
    }
    Result<TypedObject> in_version(std::string_view version) {
        if (!live_) {
            const auto type = type_of(version);
            live_ =
                TypedObject{Value::map(), type.value_or(TypeRef::deduced()), std::string(version)};
        }
        if (live_->api_version == version) {
            return TypedObject{live_->value, type_of(version).value_or(TypeRef::deduced()),
                               std::string(version)};
        }
        return converter_->convert(*live_, version);
    }

    Status carry_out(const Value& operation) {
        const std::string_view op = operation.string_at("op");
        if (op == "changeSchema") {
            set_parser(*operation.find("parser"));
            return {};
        }
        const std::string version(operation.string_at("apiVersion"));
        live_ = TRY(in_version(version));
        Value object = TRY(read_object(*operation.find("object")));
        if (object.is_null()) {
            object = Value::map();
        }
        const auto type = type_of(version);
        if (!type) {
            return weft::make_error(Reason::unknown, "no type for ", version);
        }
        const weft::merge::ManagerId manager{std::string(operation.string_at("manager")),
                                             weft::merge::Operation::apply, "", ""};
        if (op == "update") {
            TRY(weft::merge::validate(object, *type, Duplicates::allowed));
            const TypedObject changed{object, *type, version};
            managers_ = TRY(updater_.update(*live_, changed, managers_, manager));
            live_ = changed;
            return {};
        }
        TRY(weft::merge::validate(object, *type, Duplicates::refused));
        if (op == "extractApply") {
            const auto owned = managers_.find(manager);
            if (owned != managers_.end() && owned->second.api_version == version) {
                const Value own =
                    weft::merge::extract_items(live_->value, *type, owned->second.set.leaves());
                object = TRY(weft::merge::merge_typed(own, object, *type));
            }
        }
        const bool force = op != "apply";
        auto applied =
            TRY(updater_.apply(*live_, {object, *type, version}, managers_, manager, force));
        const Value* conflicts = operation.find("conflicts");
        if (!applied.conflicts.empty() || conflicts != nullptr) {
            std::set<std::string> got;
            std::set<std::string> wanted;
            for (const auto& conflict : applied.conflicts) {
                got.insert(cat(conflict.manager.manager, weft::merge::to_text(conflict.path)));
            }
            if (conflicts != nullptr) {
                for (const Value& conflict : conflicts->items()) {
                    wanted.insert(cat(conflict.string_at("manager"),
                                      weft::merge::to_text(path_of(*conflict.find("path")))));
                }
            }
            if (got != wanted) {
                std::string text;
                for (const std::string& one : got) {
                    weft::append(text, one, " ");
                }
                return weft::make_error(Reason::conflict, "conflicts: ", text);
            }
        }
        if (!applied.conflicts.empty()) {
            return {};
        }
        managers_ = std::move(applied.managers);
        if (applied.object) {
            live_->value = *std::move(applied.object);
        }
        return {};
    }

    Row& row_;
    Schemas& schemas_;
    weft::merge::Updater updater_;
    weft::merge::FiltersByVersion ignored_;
    const TestConverter* converter_ = nullptr;
    std::string schema_;
    std::string type_name_;
    std::optional<TypedObject> live_;
    weft::merge::Managers managers_;
};

void run_scenarios(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/scenarios")) {
        const std::string name = entry.path().stem();
        const Value file = read_json_file(entry.path());
        Schemas schemas(file);
        const Value* rows = file.find("rows");
        for (size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
            const Value& value = rows->at(i);
            Row row(cat("scenarios/", name, "/", value.int_at(0, "id"), "/", i, "/",
                        value.string_at("name")),
                    value);
            Scenario(row, schemas).run();
        }
    }
}

// --- The builtin kinds' schema against the one that client-go carries ---

using weft::merge::internal::Form;
using weft::merge::internal::resolve;
using weft::merge::internal::ScalarKind;
using weft::merge::internal::Shape;

// "map", "map/atomic", "list/atomic", "list/set", "list/a,b", "scalar/string"; several with '|'.
std::string shape_text(const Shape& shape) {
    std::string out;
    if (shape.scalar != ScalarKind::none) {
        out += shape.scalar == ScalarKind::untyped   ? "scalar/untyped "
               : shape.scalar == ScalarKind::numeric ? "scalar/numeric "
               : shape.scalar == ScalarKind::string  ? "scalar/string "
                                                     : "scalar/boolean ";
    }
    if (shape.has_list) {
        std::vector<std::string> keys;
        if (shape.keys != nullptr) {
            keys = *shape.keys;
        }
        const Schema* schema = shape.type.schema();
        if (keys.empty() && schema != nullptr && schema->list_type == schema::ListType::unset &&
            !schema->patch_merge_key.empty()) {
            keys.push_back(schema->patch_merge_key);
        }
        std::ranges::sort(keys);
        out += shape.atomic_list ? "list/atomic "
               : keys.empty()    ? "list/set "
                                 : cat("list/", weft::join(keys, ","), " ");
    }
    if (shape.has_map) {
        out += shape.atomic_map ? "map/atomic " : "map ";
    }
    return out;
}

std::string type_text(TypeRef type) {
    return shape_text(resolve(type));  // deduced is scalar/untyped list/atomic map
}

// One level: the shape, and that of each field and element.
void compare_types(Row& row, TypeRef ours, TypeRef theirs, const std::string& path, size_t depth) {
    if (depth > 3) {
        return;  // deeper types have names, and rows, of their own
    }
    if (theirs.is_deduced() || ours.is_deduced()) {
        if (type_text(ours) != type_text(theirs)) {
            row.fail(cat(path, ": ours ", type_text(ours), " theirs ", type_text(theirs)));
        }
        return;
    }
    const Shape left = resolve(ours);
    const Shape right = resolve(theirs);
    if (shape_text(left) != shape_text(right)) {
        row.fail(cat(path, ": ours ", shape_text(left), " theirs ", shape_text(right)));
        return;
    }
    if (left.has_list) {
        compare_types(row, left.item(), right.item(), path + "[]", depth + 1);
    }
    for (const schema::Property& property : theirs.schema()->properties) {
        if (property.name == "\1") {
            continue;
        }
        const Shape::Field field = left.field(property.name);
        const std::string place = cat(path, ".", property.name);
        if (!field.is_declared) {
            row.fail(place + ": ours has no such field");
            continue;
        }
        const Shape::Field other = right.field(property.name);
        if (type_text(field.type) != type_text(other.type)) {
            row.fail(
                cat(place, ": ours ", type_text(field.type), " theirs ", type_text(other.type)));
        } else if (!field.type.is_deduced() && field.type.schema()->definition.empty()) {
            compare_types(row, field.type, other.type, place, depth + 1);
        }
        const auto& mine =
            field.type.is_deduced() ? std::nullopt : field.type.schema()->default_value;
        if (property.schema->default_value && !property.schema->default_value->is_map() &&
            (!mine || !weft::merge::equal_values(*mine, *property.schema->default_value))) {
            row.fail(place + ": another default");
        }
    }
    if (const Schema* element = theirs.schema()->additional_properties) {
        (void)element;
        compare_types(row, left.field("\2").type, right.field("\2").type, path + ".*", depth + 1);
    }
}

void run_builtin_schema(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    const Result<Value> document = weft::parse_yaml_value(text.str());
    if (!document || !document->contains("types")) {
        return;
    }
    SmdSchema theirs(*document);
    for (const Value& type : document->find("types")->items()) {
        const std::string name(type.string_at("name"));
        const schema::SchemaPtr ours = schema::Builtin::get().find_definition(name);
        const std::string id = cat("builtin/", name);
        if (name == "io.k8s.apimachinery.pkg.runtime.RawExtension") {
            std::printf("SKIP %s: every field of that type names another\n", id.c_str());
            continue;
        }
        if (ours == nullptr) {
            std::printf("SKIP %s: not a type of the served API\n", id.c_str());
            continue;
        }
        const Value row_value;
        Row row(id, row_value);
        compare_types(row, TypeRef::of(ours.get()), TypeRef::of(theirs.find(name)), "", 0);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder;
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) == "--cases") {
            folder = argv[i + 1];
        }
    }
    run_typed(folder);
    run_field_paths(folder);
    run_scenarios(folder);
    run_builtin_schema(folder + "/../kubernetes/smd-schema.yaml");
    return 0;
}
