// schema/columns.cc: columns from the packed tables, cells from the tables of cells.

#include "schema/columns.h"

#include <algorithm>
#include <utility>

#include "schema/internal/cells.h"

namespace weft::schema {

namespace internal {

const Value* RowSource::find(std::string_view path) const {
    const Value* at = &object;
    for (const std::string_view step : split(path, '.')) {
        at = at->find(step);
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at->is_null() ? nullptr : at;
}

std::string RowSource::text(std::string_view path) const {
    const Value* found = find(path);
    if (found == nullptr) {
        return {};
    }
    return found->is_string() ? std::string(found->as_string()) : to_json(*found);
}

std::string join_some(const std::vector<std::string>& texts, size_t shown,
                      std::string_view separator) {
    const std::vector<std::string> first(
        texts.begin(), texts.begin() + static_cast<ptrdiff_t>(std::min(shown, texts.size())));
    std::string out = join(first, separator);
    if (texts.size() > shown) {
        append(out, " + ", texts.size() - shown, " more...");
    }
    return out;
}

const Value* find_condition(const Value& object, std::string_view type) {
    if (const Value* conditions = object.find("status", "conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == type) {
                return &condition;
            }
        }
    }
    return nullptr;
}

}  // namespace internal

namespace {

using internal::Cell;
using internal::CellForm;
using internal::KindCells;
using internal::RowSource;

std::string joined_members(const Value* list, std::string_view member) {
    std::vector<std::string> out;
    if (list != nullptr) {
        for (const Value& item : list->items()) {
            out.emplace_back(item.string_at(member));
        }
    }
    return join(out, ",");
}

std::string joined_texts(const Value* list, std::string_view otherwise) {
    std::vector<std::string> out;
    if (list != nullptr) {
        for (const Value& item : list->items()) {
            out.push_back(item.is_string() ? std::string(item.as_string()) : to_json(item));
        }
    }
    return out.empty() ? std::string(otherwise) : join(out, ",");
}

Value make_cell(const Cell& cell, const RowSource& source) {
    if (cell.form == CellForm::made) {
        return cell.make(source);
    }
    const Value* found = source.find(cell.path);
    switch (cell.form) {
        case CellForm::text: {
            std::string text = source.text(cell.path);
            return Value(text.empty() ? std::string(cell.otherwise) : text);
        }
        case CellForm::number:
            return Value(found != nullptr && found->is_int() ? found->as_int() : int64_t{0});
        case CellForm::count:
            return Value(found == nullptr ? size_t{0} : found->size());
        case CellForm::flag:
            return Value(found != nullptr && found->is_bool() ? found->as_bool()
                                                              : cell.otherwise == "true");
        case CellForm::age:
            return Value(found == nullptr ? std::string(cell.otherwise)
                                          : age_text(found, source.now));
        case CellForm::names:
            return Value(joined_members(found, "name"));
        case CellForm::images:
            return Value(joined_members(found, "image"));
        case CellForm::labels:
            return Value(labels_text(found, cell.otherwise));
        case CellForm::selector: {
            const std::string text = label_selector_text(found);
            return Value(text.empty() ? std::string(cell.otherwise) : text);
        }
        case CellForm::list:
            return Value(joined_texts(found, cell.otherwise));
        case CellForm::made:
            break;
    }
    return Value();
}

const KindCells* find_cells(std::string_view group, std::string_view kind) {
    const std::span<const KindCells> table = group.empty() || group == "events.k8s.io"
                                                 ? internal::core_cells()
                                                 : internal::group_cells();
    for (const KindCells& row : table) {
        if (row.kind == kind && row.group == group) {
            return &row;
        }
    }
    return nullptr;
}

// Events have one printer, whatever their group.
std::string_view printer_group(std::string_view group) {
    return group == "events.k8s.io" ? std::string_view() : group;
}

}  // namespace

bool has_default_columns(const Builtin& builtin, std::string_view group, std::string_view kind) {
    return std::ranges::none_of(builtin.printers().items(), [&](const Value& row) {
        return row.string_at("kind") == kind && row.string_at("group") == printer_group(group);
    });
}

std::vector<Column> columns_of(const Builtin& builtin, std::string_view group,
                               std::string_view kind) {
    std::vector<Column> out;
    const Value* found = nullptr;
    for (const Value& row : builtin.printers().items()) {
        const bool is_default = row.string_at("kind") == "*";
        const bool is_it =
            row.string_at("kind") == kind && row.string_at("group") == printer_group(group);
        if (is_it || (is_default && found == nullptr)) {
            found = &row;
        }
    }
    for (const Value& column : found->find("columns")->items()) {
        out.push_back({column.string_at("name"), column.string_at("type"),
                       column.string_at("format"), column.int_at(0, "priority")});
    }
    return out;
}

Value column_definitions(const std::vector<Column>& columns) {
    Value out = Value::list();
    for (const Column& column : columns) {
        out.push_back(Value::map_of({{"name", Value(column.name)},
                                     {"type", Value(column.type)},
                                     {"format", Value(column.format)},
                                     {"description", Value("")},
                                     {"priority", Value(column.priority)}}));
    }
    return out;
}

TableRow table_row(std::string_view group, std::string_view kind, const Value& object, Time now) {
    TableRow row;
    const RowSource source{object, now};
    const KindCells* cells = find_cells(group, kind);
    if (cells == nullptr) {
        row.cells = {Value(source.text("metadata.name")),
                     Value(source.text("metadata.creationTimestamp"))};
        return row;
    }
    row.cells.reserve(cells->cells.size());
    for (const Cell& cell : cells->cells) {
        row.cells.push_back(make_cell(cell, source));
    }
    const std::string_view phase = object.string_at("status", "phase");
    if (group.empty() && kind == "Pod" && (phase == "Succeeded" || phase == "Failed")) {
        row.conditions = Value::list_of({Value::map_of(
            {{"type", Value("Completed")},
             {"status", Value("True")},
             {"reason", Value(phase)},
             {"message", Value(phase == "Succeeded" ? "The pod has completed successfully."
                                                    : "The pod failed.")}})});
    }
    return row;
}

std::string age_text(const Value* time, Time now) {
    if (time == nullptr || !time->is_string()) {
        return "<unknown>";
    }
    const auto parsed = parse_rfc3339(time->as_string());
    if (!parsed) {
        return "<unknown>";
    }
    const int64_t seconds = now.seconds - parsed->seconds;
    constexpr int64_t seconds_max = 9'000'000'000;  // nanoseconds of an int64
    const int64_t kept = std::clamp(seconds, -seconds_max, seconds_max);
    return human_duration(kept * 1'000'000'000 + (now.nanos - parsed->nanos));
}

std::string labels_text(const Value* labels, std::string_view empty) {
    std::vector<std::string> out;
    if (labels != nullptr) {
        for (const Member& label : labels->members()) {
            if (label.value.is_string()) {
                out.push_back(cat(label.name(), "=", label.value.as_string()));
            }
        }
    }
    if (out.empty()) {
        return std::string(empty);
    }
    std::ranges::sort(out);
    return join(out, ",");
}

std::string label_selector_text(const Value* selector) {
    if (selector == nullptr) {
        return {};
    }
    std::vector<std::pair<std::string, std::string>> requirements;
    if (const Value* labels = selector->find("matchLabels")) {
        for (const Member& label : labels->members()) {
            if (label.value.is_string()) {
                requirements.emplace_back(label.name(),
                                          cat(label.name(), "=", label.value.as_string()));
            }
        }
    }
    if (const Value* expressions = selector->find("matchExpressions")) {
        for (const Value& expression : expressions->items()) {
            const std::string key(expression.string_at("key"));
            const std::string_view word = expression.string_at("operator");
            std::vector<std::string> values;
            if (const Value* list = expression.find("values")) {
                for (const Value& value : list->items()) {
                    if (value.is_string()) {
                        values.emplace_back(value.as_string());
                    }
                }
            }
            std::ranges::sort(values);
            if (word == "Exists" || word == "DoesNotExist") {
                requirements.emplace_back(key, cat(word == "Exists" ? "" : "!", key));
            } else {
                requirements.emplace_back(
                    key, cat(key, word == "In" ? " in (" : " notin (", join(values, ","), ")"));
            }
        }
    }
    std::ranges::sort(requirements);
    std::vector<std::string> texts;
    for (auto& [key, text] : requirements) {
        texts.push_back(std::move(text));
    }
    return join(texts, ",");
}

}  // namespace weft::schema
