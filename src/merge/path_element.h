// merge/path_element.h: one step of a field path, and values as field paths compare them.
//
// Source of the behaviour: structured-merge-diff v6, fieldpath/element.go and value/.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "object/value.h"

namespace weft::merge {

// A total order: numbers (by value, integer or not) < strings < false < true < lists < maps < null.
[[nodiscard]] int compare_values(const Value& a, const Value& b);
// Deep equality in which 1 equals 1.0, as managed fields see values.
[[nodiscard]] bool equal_values(const Value& a, const Value& b);

// One step: a field's name, the key fields of a list's item, the value of a set's item, or an
// index. It shares its texts with the value that it came from.
class PathElement {
public:
    enum class Kind : uint8_t { field, key, value, index };  // in the order of FieldsV1

    PathElement() : PathElement(Kind::field, Value("")) {}
    // `name` is a string; the form with a Value shares it.
    [[nodiscard]] static PathElement field(Value name) { return {Kind::field, std::move(name)}; }
    // `fields` is a map; it is sorted by name here.
    [[nodiscard]] static PathElement key(Value fields);
    [[nodiscard]] static PathElement value(Value value) { return {Kind::value, std::move(value)}; }
    [[nodiscard]] static PathElement index(int64_t index) { return {Kind::index, Value(index)}; }

    // Reads "f:name", `k:{"name":"a"}`, `v:1`, "i:0". bad_request for anything else; the error of a
    // kind that we do not know has the message `unknown_kind`.
    [[nodiscard]] static Result<PathElement> parse(std::string_view text);
    static constexpr std::string_view unknown_kind = "unknown path element type";

    [[nodiscard]] Kind kind() const { return kind_; }
    // The name, the key's map, the value, or the index.
    [[nodiscard]] const Value& data() const { return data_; }
    [[nodiscard]] bool is_field() const { return kind_ == Kind::field; }
    [[nodiscard]] std::string_view name() const {  // CHECKs that it is a field
        CHECK(kind_ == Kind::field);
        return data_.as_string();
    }

    // As FieldsV1 has it: "f:name".
    [[nodiscard]] std::string serialized() const;
    // As error messages have it: ".name", `[name="a",port=80]`, `[="x"]`, "[0]".
    void append_text(std::string& out) const;
    [[nodiscard]] std::string text() const;

    [[nodiscard]] static int compare(const PathElement& a, const PathElement& b);
    bool operator==(const PathElement& other) const;

private:
    PathElement(Kind kind, Value data) : data_(std::move(data)), kind_(kind) {}

    Value data_;
    Kind kind_;
};

using FieldPath = std::vector<PathElement>;
// ".spec.containers[name=\"a\"].image"
[[nodiscard]] std::string to_text(const FieldPath& path);

}  // namespace weft::merge
