// schema/internal/protobuf_writer.cc: JSON to protobuf messages, as Go's generated code writes
// them.

#include <algorithm>
#include <bit>
#include <utility>

#include "schema/internal/protobuf_message.h"
#include "schema/limits.h"

namespace weft::schema::internal {

namespace {

Error wrong_type(const FieldRow& row, std::string_view definition) {
    return make_error(Reason::internal_error, "cannot write ", definition, ".", row.name,
                      " as protobuf: it has the wrong type");
}

// Everything is written backwards: the last field first, the last item of a list first.
class Writer {
public:
    Writer(const FieldsInOrder& fields, BackwardWriter& out)
        : fields_(fields), tables_(fields.tables()), out_(out) {}

    Status write(uint16_t number, const Value& value, size_t depth) {
        const DefinitionRow definition = tables_.definition(number);
        if (depth > object_depth_max) {
            return make_error(Reason::internal_error, "cannot write protobuf: more than ",
                              object_depth_max, " levels");
        }
        if (definition.special != Special::none) {
            return write_special(definition, value, depth);
        }
        const std::span<const FieldRow> fields = fields_.of(number);
        size_t end = fields.size();
        while (end > 0) {
            TRY(write_last(definition, fields, value, 0, end, depth));
        }
        return {};
    }

private:
    // Writes the last field before `end`, or the inlined message that ends with it, and moves `end`
    // before it.
    Status write_last(const DefinitionRow& definition, std::span<const FieldRow> fields,
                      const Value& value, size_t level, size_t& end, size_t depth) {
        const FieldRow& row = fields[end - 1];
        if (level + 1 == row.path.size() || row.path[level + 1] == 0) {
            --end;
            return write_field(definition, row, row.path[level], value.find(row.name), depth);
        }
        const size_t begun = out_.size();
        while (end > 0 && std::equal(row.path.begin(), row.path.begin() + level + 1,
                                     fields[end - 1].path.begin())) {
            TRY(write_last(definition, fields, value, level + 1, end, depth));
        }
        out_.close_field(row.path[level], begun);
        return {};
    }

    Status write_field(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                       const Value* value, size_t depth) {
        if (value != nullptr && value->is_null()) {
            value = nullptr;
        }
        if (row.wire == Wire::list) {
            return value == nullptr ? Status() : write_texts(definition, row, number, *value);
        }
        if (row.container == Container::none) {
            const bool can_be_absent = row.is_pointer || row.wire == Wire::bytes;
            if (value == nullptr && can_be_absent) {
                return {};
            }
            static const Value absent;
            return write_value(definition, row, row.wire, number,
                               value == nullptr ? absent : *value, depth);
        }
        if (value == nullptr) {
            return {};
        }
        if (row.container == Container::list) {
            if (!value->is_list()) {
                return wrong_type(row, definition.name);
            }
            const std::span<const Value> items = value->items();
            for (size_t i = items.size(); i > 0; --i) {
                TRY(write_value(definition, row, row.wire, number, items[i - 1], depth));
            }
            return {};
        }
        return write_map(definition, row, number, *value, depth);
    }

    Status write_map(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                     const Value& value, size_t depth) {
        if (!value.is_map()) {
            return wrong_type(row, definition.name);
        }
        const Wire wire = row.wire == Wire::map_of_strings    ? Wire::string
                          : row.wire == Wire::map_of_bytes    ? Wire::bytes
                          : row.wire == Wire::map_of_messages ? Wire::message
                                                              : Wire::list;
        const auto write_entry = [&](const Member& member) -> Status {
            const size_t begun = out_.size();
            if (wire == Wire::list) {
                TRY(write_texts(definition, row, 2, member.value));
            } else {
                TRY(write_value(definition, row, wire, 2, member.value, depth));
            }
            out_.bytes_field(1, member.name());
            out_.close_field(number, begun);
            return {};
        };
        const std::span<const Member> members = value.members();
        const auto before = [](const Member& a, const Member& b) { return a.name() < b.name(); };
        if (std::ranges::is_sorted(members, before)) {
            for (size_t i = members.size(); i > 0; --i) {
                TRY(write_entry(members[i - 1]));
            }
            return {};
        }
        Value sorted = value;
        sorted.sort_members();
        const std::span<const Member> in_order = std::as_const(sorted).members();
        for (size_t i = in_order.size(); i > 0; --i) {
            TRY(write_entry(in_order[i - 1]));
        }
        return {};
    }

    Status write_texts(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                       const Value& value) {
        const size_t begun = out_.size();
        const std::span<const Value> items = value.items();
        for (size_t i = items.size(); i > 0; --i) {
            if (!items[i - 1].is_string()) {
                return wrong_type(row, definition.name);
            }
            out_.bytes_field(1, items[i - 1].as_string());
        }
        out_.close_field(number, begun);
        return {};
    }

    // Null stands for the zero value.
    Status write_value(const DefinitionRow& definition, const FieldRow& row, Wire wire,
                       uint32_t number, const Value& value, size_t depth) {
        const bool is_zero = value.is_null();
        switch (wire) {
            case Wire::string:
                if (!is_zero && !value.is_string()) {
                    return wrong_type(row, definition.name);
                }
                out_.bytes_field(number, is_zero ? std::string_view() : value.as_string());
                return {};
            case Wire::bytes: {
                const auto bytes = is_zero             ? std::optional(std::string())
                                   : value.is_string() ? base64_decode(value.as_string())
                                                       : std::nullopt;
                if (!bytes) {
                    return wrong_type(row, definition.name);
                }
                out_.bytes_field(number, *bytes);
                return {};
            }
            case Wire::boolean:
                if (!is_zero && !value.is_bool()) {
                    return wrong_type(row, definition.name);
                }
                out_.number_field(number, !is_zero && value.as_bool() ? 1 : 0);
                return {};
            case Wire::int32:
            case Wire::int64:
                if (!is_zero && !value.is_int()) {
                    return wrong_type(row, definition.name);
                }
                out_.number_field(number, is_zero ? 0 : value.as_int());
                return {};
            case Wire::number:
                if (!is_zero && !value.is_number()) {
                    return wrong_type(row, definition.name);
                }
                out_.double_field(number,
                                  std::bit_cast<uint64_t>(is_zero ? 0.0 : value.to_double()));
                return {};
            case Wire::message:
                return write_message_field(*row.definition, number, value, depth);
            default:
                return {};
        }
    }

    Status write_message_field(uint16_t definition, uint32_t number, const Value& value,
                               size_t depth) {
        const size_t begun = out_.size();
        TRY(write(definition, value, depth + 1));
        out_.close_field(number, begun);
        return {};
    }

    Status write_special(const DefinitionRow& definition, const Value& value, size_t depth) {
        switch (definition.special) {
            case Special::quantity:
                out_.bytes_field(1, value.is_string() ? value.as_string() : "0");
                return {};
            case Special::int_or_string:
                out_.bytes_field(3, value.is_string() ? value.as_string() : std::string_view());
                out_.number_field(2, value.is_int() ? value.as_int() : 0);
                out_.number_field(1, value.is_string() ? 1 : 0);
                return {};
            case Special::time:
            case Special::micro_time: {
                const auto time =
                    value.is_string() ? parse_rfc3339(value.as_string()) : std::nullopt;
                if (time) {
                    out_.number_field(
                        2, definition.special == Special::time ? 0 : time->nanos / 1000 * 1000);
                    out_.number_field(1, time->seconds);
                }
                return {};
            }
            case Special::duration:
                out_.number_field(
                    1, value.is_string() ? parse_duration(value.as_string()).value_or(0) : 0);
                return {};
            case Special::raw_json:
                if (!value.is_null()) {
                    scratch_.clear();
                    write_json(scratch_, value);
                    out_.bytes_field(1, scratch_);
                }
                return {};
            default:
                return write_schema_or(definition, value, depth);
        }
    }

    // JSONSchemaPropsOrArray, OrBool and OrStringArray.
    Status write_schema_or(const DefinitionRow& definition, const Value& value, size_t depth) {
        const std::optional<uint16_t> schema = tables_.find_definition(
            definition.name.substr(0, definition.name.rfind("JSONSchemaProps") + 15));
        const bool is_or_bool = definition.special == Special::schema_or_bool;
        if (value.is_map()) {
            TRY(write_message_field(*schema, is_or_bool ? 2 : 1, value, depth));
        } else {
            const std::span<const Value> items = value.items();
            for (size_t i = items.size(); i > 0; --i) {
                const Value& item = items[i - 1];
                if (definition.special == Special::schema_or_array) {
                    TRY(write_message_field(*schema, 2, item, depth));
                } else if (item.is_string()) {
                    out_.bytes_field(2, item.as_string());
                }
            }
        }
        if (is_or_bool) {
            out_.number_field(1, value.is_map() || (value.is_bool() && value.as_bool()) ? 1 : 0);
        }
        return {};
    }

    const FieldsInOrder& fields_;
    const Tables& tables_;
    BackwardWriter& out_;
    std::string scratch_;  // JSON inside messages
};

}  // namespace

std::span<const FieldRow> FieldsInOrder::of(uint16_t definition) const {
    if (rows_.empty()) {
        rows_.resize(tables_->definition_count());
    }
    std::unique_ptr<const std::vector<FieldRow>>& known = rows_[definition];
    if (known == nullptr) {
        const DefinitionRow row = tables_->definition(definition);
        auto made = std::make_unique<std::vector<FieldRow>>();
        for (size_t nth = 0; nth < row.field_count; ++nth) {
            const FieldRow field =
                tables_->field(row.first_field + tables_->field(row.first_field + nth).nth_by_path);
            if (field.path[0] != 0) {
                made->push_back(field);
            }
        }
        known = std::move(made);
    }
    return *known;
}

Status write_message(const FieldsInOrder& fields, uint16_t definition, const Value& value,
                     BackwardWriter& out) {
    return Writer(fields, out).write(definition, value, 0);
}

}  // namespace weft::schema::internal
