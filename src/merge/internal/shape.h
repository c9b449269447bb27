// merge/internal/shape.h: what a type lets a value be, and the errors of values that are not.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merge/path_element.h"
#include "merge/typed.h"

namespace weft::merge::internal {

enum class ScalarKind : uint8_t { none, untyped, numeric, string, boolean };
enum class Form : uint8_t { map, scalar, list };

// A type, resolved. Several forms may be allowed at once (a deduced value may be anything).
struct Shape {
    TypeRef type;
    ScalarKind scalar = ScalarKind::none;
    bool has_list = false;
    bool has_map = false;
    bool atomic_list = true;
    bool atomic_map = false;
    // Keys of an associative list's items; empty for a set.
    const std::vector<std::string>* keys = nullptr;

    // The form that handles this value: its own if the type allows it, else the type's first.
    [[nodiscard]] Form form_of(const Value* value) const;
    [[nodiscard]] TypeRef item() const;

    struct Field {
        TypeRef type;
        bool is_declared = false;  // by name
        bool is_known = true;      // false: not declared, and the map is closed
    };
    [[nodiscard]] Field field(std::string_view name) const;
};

[[nodiscard]] Shape resolve(TypeRef type);

// What an item of an associative list is known by. The error is a bare text.
[[nodiscard]] Result<PathElement> element_of(const Value& item, const Shape& list);

// Validation errors, collected; paths are made only when there are any.
class Errors {
public:
    void add(std::string message) { errors_.push_back({{}, std::move(message)}); }
    [[nodiscard]] size_t count() const { return errors_.size(); }
    [[nodiscard]] bool empty() const { return errors_.empty(); }
    // Those added since there were `since` lie below this element.
    void prefix(size_t since, const PathElement& element) {
        for (size_t i = since; i < errors_.size(); ++i) {
            errors_[i].path.insert(0, element.text());
        }
    }
    void drop(size_t since) { errors_.resize(since); }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] Error error() const { return Error(Reason::unknown, text()); }

private:
    struct One {
        std::string path;
        std::string message;
    };
    std::vector<One> errors_;
};

// The error of a scalar of the wrong kind, after `prefix`; nothing if it fits (null always does).
[[nodiscard]] std::optional<std::string> scalar_error(ScalarKind kind, const Value* value,
                                                      std::string_view prefix);

// "&{map[a:1]}", as Go prints a value where another was expected.
[[nodiscard]] std::string go_value(const Value& value);

// Finds path elements in a list of them: walked if short, sorted once if long. Of equal ones the
// first is found.
class ElementIndex {
public:
    explicit ElementIndex(const std::vector<PathElement>& elements);
    [[nodiscard]] std::optional<size_t> find(const PathElement& element) const;

private:
    const std::vector<PathElement>* elements_;
    std::vector<uint32_t> sorted_;
};

}  // namespace weft::merge::internal
