// tests/conformance/strategic_merge_patch.cc: conformance_strategic_merge_patch --cases DIR

#include "merge/strategic_merge_patch.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "merge/merge.h"
#include "object/object.h"
#include "schema/builtin.h"

namespace {

using weft::Result;
using weft::Value;
using weft::schema::Schema;

Value read_json(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    Result<Value> value = weft::parse_json(text.str());
    if (!value) {
        std::printf("cannot read %s: %s\n", path.c_str(), value.error().text().c_str());
        return {};
    }
    return *std::move(value);
}

// The types that the head of cases.json describes.
class TestSchemas {
public:
    explicit TestSchemas(const Value& types) {
        for (const weft::Member& type : types.members()) {
            nodes_[std::string(type.name())] = std::make_unique<Schema>();
        }
        for (const weft::Member& type : types.members()) {
            Schema& node = *nodes_[std::string(type.name())];
            node.type = weft::schema::Type::object;
            node.definition = type.name();
            for (const weft::Member& field : type.value.members()) {
                node.properties.push_back({std::string(field.name()), field_node(field.value)});
            }
        }
    }
    [[nodiscard]] const Schema* find(const std::string& name) const {
        const auto found = nodes_.find(name);
        return found == nodes_.end() ? nullptr : found->second.get();
    }

private:
    Schema* fresh() {
        unnamed_.push_back(std::make_unique<Schema>());
        return unnamed_.back().get();
    }
    const Schema* named(std::string_view name) {
        const auto found = nodes_.find(std::string(name));
        if (found != nodes_.end()) {
            return found->second.get();
        }
        Schema* scalar = fresh();
        scalar->type = name == "any" ? weft::schema::Type::object : weft::schema::Type::string;
        scalar->definition = name == "any" ? "RawExtension" : "";
        return scalar;
    }
    const Schema* field_node(const Value& field) {
        if (field.is_string()) {
            return named(field.as_string());
        }
        Schema* node = fresh();
        if (field.contains("listOf")) {
            node->type = weft::schema::Type::array;
            node->items = named(field.string_at("listOf"));
        } else if (field.contains("mapOf")) {
            node->type = weft::schema::Type::object;
            node->additional_properties = named(field.string_at("mapOf"));
        } else {
            const Schema* object = named(field.string_at("object"));
            node->type = object->type;
            node->definition = object->definition;
            copies_.emplace_back(node, object);
            node->items = object;
        }
        const std::string_view strategy = field.string_at("patchStrategy");
        node->patch_merge = strategy.find("merge") != std::string_view::npos;
        node->patch_replace = strategy.find("replace") != std::string_view::npos;
        node->patch_retain_keys = strategy.find("retainKeys") != std::string_view::npos;
        node->patch_merge_key = field.string_at("mergeKey");
        return node;
    }

public:
    // A field of a named type has its own patch strategy beside the type's members.
    void finish() {
        for (auto& [node, object] : copies_) {
            node->properties = object->properties;
        }
    }

private:
    std::map<std::string, std::unique_ptr<Schema>> nodes_;
    std::vector<std::unique_ptr<Schema>> unnamed_;
    std::vector<std::pair<Schema*, const Schema*>> copies_;
};

class Case {
public:
    Case(std::string id, const Value& value) : id_(std::move(id)), value_(value) {}

    [[nodiscard]] const Value& get(std::string_view name) const {
        static const Value empty = Value::map();
        const Value* found = value_.find(name);
        return found == nullptr ? empty : *found;
    }
    [[nodiscard]] bool has(std::string_view name) const { return value_.contains(name); }
    [[nodiscard]] std::string_view text(std::string_view name) const {
        return value_.string_at(name);
    }
    void expect(std::string_view what, const Result<Value>& got, const Value& wanted) {
        if (!got) {
            fail(weft::cat(what, ": ", got.error().message()));
        } else if (*got != wanted) {
            fail(weft::cat(what, ": got ", weft::to_json(*got, {.sort_keys = true}), " wanted ",
                           weft::to_json(wanted, {.sort_keys = true})));
        }
    }
    void expect_error(std::string_view what, const Result<Value>& got, std::string_view wanted) {
        if (got) {
            fail(weft::cat(what, ": passed, wanted an error with ", wanted));
        } else if (got.error().message().find(wanted) == std::string::npos) {
            fail(weft::cat(what, ": ", got.error().message(), " wanted ", wanted));
        }
    }
    void fail(std::string reason) {
        if (reason_.empty()) {
            reason_ = weft::replace_all(reason, "\n", "\\n");
        }
    }
    void print() const {
        if (reason_.empty()) {
            std::printf("PASS %s\n", id_.c_str());
        } else {
            std::printf("FAIL %s: %s\n", id_.c_str(), reason_.c_str());
        }
    }

private:
    std::string id_;
    const Value& value_;
    std::string reason_;
};

void check_create(Case& c, const Schema* schema) {
    using weft::merge::apply_strategic_merge_patch;
    const Value& original = c.get("original");
    const Value& modified = c.get("modified");
    const Result<Value> two_way =
        weft::merge::create_strategic_merge_patch(original, modified, schema);
    if (c.has("twoWayError")) {
        c.expect_error("twoWay", two_way, c.text("twoWayError"));
    } else {
        c.expect("twoWay", two_way, c.get("twoWay"));
        if (two_way) {
            c.expect("twoWayResult", apply_strategic_merge_patch(original, *two_way, schema),
                     c.get(c.has("twoWayResult") ? "twoWayResult" : "modified"));
        }
    }
    if (!c.has("current")) {
        return;
    }
    const Value& current = c.get("current");
    const auto three_way = [&](bool overwrite) {
        return weft::merge::create_three_way_strategic_merge_patch(original, modified, current,
                                                                   schema, overwrite);
    };
    if (c.has("threeWayError")) {
        c.expect_error("threeWay", three_way(true), c.text("threeWayError"));
        return;
    }
    const bool has_conflict = c.text("name").find("conflict") != std::string_view::npos;
    if (has_conflict) {
        c.expect_error("threeWay without overwrite", three_way(false), "conflicts with changes");
        if (!c.has("result")) {
            return;
        }
    }
    const Result<Value> patch = three_way(has_conflict);
    c.expect("threeWay", patch, c.get("threeWay"));
    if (patch) {
        c.expect("result", apply_strategic_merge_patch(current, *patch, schema), c.get("result"));
    }
}

void run_tables(const std::string& folder) {
    const Value file = read_json(folder + "/cases.json");
    const Value* types = file.find("schemas");
    const Value* cases = file.find("cases");
    if (types == nullptr || cases == nullptr) {
        return;
    }
    TestSchemas schemas(*types);
    schemas.finish();
    size_t number = 0;
    for (const Value& row : cases->items()) {
        Case c(
            weft::cat("cases/", ++number, "/", row.string_at("table"), "/", row.string_at("name")),
            row);
        const std::string_view name = row.string_at("schema");
        const Schema* schema = schemas.find(name.empty() ? "mergeItem" : std::string(name));
        const std::string_view table = row.string_at("table");
        if (table == "apply") {
            const Result<Value> got = weft::merge::apply_strategic_merge_patch(
                c.get("original"), c.get("twoWay"), schema);
            if (c.has("error")) {
                c.expect_error("apply", got, c.text("error"));
            } else {
                c.expect("apply", got, c.get(c.has("twoWayResult") ? "twoWayResult" : "modified"));
            }
        } else if (table == "sort") {
            c.expect("sort", weft::merge::sort_merging_lists(c.get("original"), schema),
                     c.get("result"));
        } else {
            check_create(c, schema);
        }
        c.print();
    }
}

void run_builtin(const std::string& folder) {
    const Value file = read_json(folder + "/builtin.json");
    const Value* cases = file.find("cases");
    if (cases == nullptr) {
        return;
    }
    size_t number = 0;
    for (const Value& row : cases->items()) {
        Case c(weft::cat("builtin/", ++number, "/", row.string_at("name")), row);
        const std::vector<std::string_view> parts = weft::split(row.string_at("gvk"), '/');
        const weft::schema::SchemaPtr schema =
            weft::schema::Builtin::get().find_kind({.group = std::string(parts[0]),
                                                    .version = std::string(parts[1]),
                                                    .kind = std::string(parts[2])});
        const Value& original = c.get("original");
        Result<Value> patch = c.get("patch");
        const Value* target = &original;
        if (c.text("op") == "twoWay") {
            patch = weft::merge::create_strategic_merge_patch(original, c.get("modified"),
                                                              schema.get());
        } else if (c.text("op") == "threeWay") {
            target = &c.get("current");
            patch = weft::merge::create_three_way_strategic_merge_patch(
                original, c.get("modified"), *target, schema.get(),
                c.get("overwrite").is_bool() && c.get("overwrite").as_bool());
        }
        if (c.has("expectPatch")) {
            c.expect("patch", patch, c.get("expectPatch"));
        }
        Result<Value> result = patch;
        if (patch) {
            result = weft::merge::apply_strategic_merge_patch(*target, *patch, schema.get());
        }
        if (c.has("error")) {
            c.expect_error("result", result, c.text("error"));
        } else {
            c.expect("result", result, c.get("result"));
        }
        c.print();
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
    run_tables(folder);
    run_builtin(folder);
    return 0;
}
