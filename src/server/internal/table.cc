// server/internal/table.cc: writes Tables.

#include "server/internal/table.h"

#include "schema/builtin.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"

namespace weft::server {

TableWriter::TableWriter(const Call& call)
    : core_(call.core),
      resource_(call.resource),
      group_(resource_->gvr.group),
      kind_(resource_->kind),
      is_custom_(resource_->custom != nullptr),
      api_version_(call.negotiated.as_api_version()),
      include_(call.parameter("includeObject")) {
    if (include_.empty()) {
        include_ = "Metadata";
    }
    if (call.subresource != nullptr && call.subresource->kind.kind == "Scale") {
        group_ = "autoscaling";
        kind_ = "Scale";
    } else if (kind_ == "CSIStorageCapacity") {
        kind_.clear();  // It has columns, which the real server does not use for it.
    }
}

Value TableWriter::columns() const {
    if (kind_ == "Scale" && is_custom_) {
        return schema::column_definitions({{"Name", "string", "name"},
                                           {"Desired", "integer", ""},
                                           {"Available", "integer", ""},
                                           {"Age", "date", ""}});
    }
    if (!is_custom_) {
        return schema::column_definitions(
            schema::columns_of(schema::Builtin::get(), group_, kind_));
    }
    Value out = Value::list();
    for (const crd::Column& column : resource_->custom->of(*resource_).columns()) {
        out.push_back(Value::map_of({{"name", column.name},
                                     {"type", column.type},
                                     {"format", column.format},
                                     {"description", column.description},
                                     {"priority", column.priority}}));
    }
    return out;
}

bool TableWriter::has_default_columns() const {
    return !is_custom_ && schema::has_default_columns(schema::Builtin::get(), group_, kind_);
}

schema::TableRow TableWriter::cells(const Value& object) const {
    const Time now = core_->loop->now();
    if (!is_custom_ || kind_ == "Scale") {
        return schema::table_row(group_, kind_, object, now);
    }
    const Value cells = resource_->custom->of(*resource_).cells(object, now);
    return {.cells = {cells.items().begin(), cells.items().end()}, .conditions = Value()};
}

Value TableWriter::row_object(const Value& object) const {
    if (include_ == "Object") {
        return object;
    }
    Value out = Value::map();
    out.append_new("kind", "PartialObjectMetadata");
    out.append_new("apiVersion", api_version_);
    out.append_new("metadata", *object.find("metadata"));
    return out;
}

Value TableWriter::row(const Value& object) const {
    Value row = Value::map();
    schema::TableRow made = cells(object);
    row.append_new("cells", Value::list(std::move(made.cells)));
    if (!made.conditions.is_null()) {
        row.append_new("conditions", std::move(made.conditions));
    }
    row.append_new("object", include_ != "None" ? row_object(object) : Value());
    return row;
}

Value TableWriter::wrap(Value metadata, Value rows, bool with_columns) const {
    Value table = Value::map();
    table.append_new("kind", "Table");
    table.append_new("apiVersion", api_version_);
    table.append_new("metadata", std::move(metadata));
    table.append_new("columnDefinitions", with_columns ? columns() : Value());
    table.append_new("rows", std::move(rows));
    return table;
}

Result<Value> TableWriter::write_row(const StoredView& stored, store::Revision revision,
                                     bool with_columns) const {
    const Value object = TRY(decode_stored(*core_, *resource_, stored, revision));
    return wrap(Value::map_of({{"resourceVersion", cat(revision)}}), Value::list_of({row(object)}),
                with_columns);
}

Value TableWriter::bookmark(Value object) const {
    Value metadata =
        Value::map_of({{"resourceVersion", object.string_at("metadata", "resourceVersion")}});
    Value row = Value::map();
    row.append_new("cells", Value::list(cells(object).cells));
    row.append_new("object", row_object(object));
    return wrap(std::move(metadata), Value::list_of({std::move(row)}), false);
}

Result<Value> make_table(const Call& call, const TableMeta& meta,
                         const std::vector<store::Entry>& entries) {
    const TableWriter writer(call);
    Value rows = Value::list();
    for (const store::Entry& entry : entries) {
        const Value object = TRY(
            decode_stored(*call.core, *call.resource, StoredView(*entry.value), entry.modified));
        rows.push_back(writer.row(object));
    }
    Value metadata = Value::map_of({{"resourceVersion", cat(meta.revision)}});
    if (!meta.continue_token.empty()) {
        metadata.set("continue", meta.continue_token);
    }
    if (meta.remaining) {
        metadata.set("remainingItemCount", *meta.remaining);
    }
    if (rows.empty() && writer.has_default_columns()) {
        rows = Value();  // the default converter of upstream makes no list of nothing
    }
    return writer.wrap(std::move(metadata), std::move(rows), true);
}

Value make_table(const Call& call, const Value& object) {
    const TableWriter writer(call);
    Value metadata = Value::map();
    if (const std::string_view version = object.string_at("metadata", "resourceVersion");
        !version.empty()) {
        metadata.set("resourceVersion", version);
    }
    return writer.wrap(std::move(metadata), Value::list_of({writer.row(object)}), true);
}

}  // namespace weft::server
