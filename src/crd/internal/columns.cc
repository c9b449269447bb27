// crd/internal/columns.cc: cells of Tables.

#include "crd/internal/columns.h"

#include <cmath>

#include "object/json.h"

namespace weft::crd::internal {

namespace {

constexpr std::string_view name_description =
    "Name must be unique within a namespace. Is required when creating resources, although some "
    "resources may allow a client to request the generation of an appropriate name "
    "automatically. Name is primarily intended for creation idempotence and configuration "
    "definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
constexpr std::string_view age_description =
    "CreationTimestamp is a timestamp representing the server time when this object was created. "
    "It is not guaranteed to be set in happens-before order across separate operations. Clients "
    "may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the "
    "system. Read-only. Null for lists. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/"
    "api-conventions.md#metadata";

int64_t to_nanos(Time later, Time earlier) {
    return (later.seconds - earlier.seconds) * 1'000'000'000 + (later.nanos - earlier.nanos);
}

}  // namespace

std::string print_value(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return "<no value>";
        case Value::Kind::boolean:
            return value.as_bool() ? "true" : "false";
        case Value::Kind::integer:
            return cat(value.as_int());
        case Value::Kind::number:
            return format_double(value.as_double());
        case Value::Kind::string:
            return std::string(value.as_string());
        case Value::Kind::list:
        case Value::Kind::map:
            break;
    }
    return to_json(value, {.sort_keys = true, .escape_html = true});
}

Value cell_of(std::string_view column_type, const Value& value, Time now) {
    if (column_type == "integer") {
        if (value.is_double() && std::abs(value.as_double()) < 9223372036854775808.0) {
            return Value(static_cast<int64_t>(value.as_double()));
        }
        return value.is_int() ? value : Value();
    }
    if (column_type == "number") {
        return value.is_number() ? Value(value.to_double()) : Value();
    }
    if (column_type == "boolean") {
        return value.is_bool() ? value : Value();
    }
    if (column_type == "string") {
        return value.is_string() ? value : Value();
    }
    if (column_type == "date" && value.is_string()) {
        const auto time = parse_rfc3339(value.as_string());
        return time ? Value(human_duration(to_nanos(now, *time))) : Value("<invalid>");
    }
    return {};
}

Columns::Columns(const Value* columns) {
    columns_.push_back({.name = "Name",
                        .type = "string",
                        .format = "name",
                        .description = std::string(name_description)});
    if (columns == nullptr || columns->empty()) {
        columns_.push_back(
            {.name = "Age", .type = "date", .description = std::string(age_description)});
        paths_.push_back(std::move(*schema::JsonPath::parse(".metadata.creationTimestamp")));
        return;
    }
    for (const Value& json : columns->items()) {
        const std::string_view path = json.string_at("jsonPath");
        auto parsed = schema::JsonPath::parse(path);
        if (!parsed) {
            return;
        }
        paths_.push_back(std::move(*parsed));
        std::string description(json.string_at("description"));
        if (description.empty()) {
            description = cat("Custom resource definition column (in JSONPath format): ", path);
        }
        columns_.push_back({.name = std::string(json.string_at("name")),
                            .type = std::string(json.string_at("type")),
                            .format = std::string(json.string_at("format")),
                            .description = std::move(description),
                            .priority = json.int_at(0, "priority")});
    }
}

Value Columns::cells(const Value& object, Time now) const {
    std::vector<Value> cells{Value(object.string_at("metadata", "name"))};
    cells.reserve(columns_.size());
    for (size_t i = 0; i < paths_.size(); ++i) {
        const Value* found = paths_[i].find_first(object);
        const std::string& type = columns_[i + 1].type;
        if (found == nullptr) {
            cells.emplace_back();
        } else if (type == "string") {
            cells.emplace_back(print_value(*found));
        } else {
            cells.push_back(cell_of(type, *found, now));
        }
    }
    return Value::list(std::move(cells));
}

}  // namespace weft::crd::internal
