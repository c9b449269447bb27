// tests/conformance/tables.cc: the Table cells of builtin kinds.

#include "schema/columns.h"
#include "tests/conformance/cases.h"

namespace weft {
namespace {

int run(const std::filesystem::path& folder) {
    const Value document = conformance::read_json(folder / "cases.json");
    for (const Value& row : document.find("cases")->items()) {
        const std::string_view id = row.string_at("name");
        const Value& object = *row.find("object");
        const Result<GroupVersion> version = parse_api_version(object.string_at("apiVersion"));
        const std::string_view kind = object.string_at("kind");
        const auto columns = schema::columns_of(schema::Builtin::get(), version->group, kind);
        Value names = Value::list();
        for (const schema::Column& column : columns) {
            names.push_back(Value(column.name));
        }
        schema::TableRow made = schema::table_row(version->group, kind, object, {1795490445, 0});
        const Value want =
            Value::map_of({{"columns", *row.find("columns")}, {"cells", *row.find("cells")}});
        conformance::check_equal(
            id, want,
            Value::map_of({{"columns", names}, {"cells", Value::list(std::move(made.cells))}}));
    }
    return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
    return weft::run(weft::conformance::cases_folder(argc, argv));
}
