// object/path.h: where something lies inside an object.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "object/value.h"

namespace weft {

// One step: a member's name, or an index into a list.
using PathStep = std::variant<std::string, size_t>;

// A Path is a value: steps from the root. As text: `spec.containers[0].name`; names with a dot, a
// bracket, or that are empty, stand in brackets: `metadata.annotations["a.b/c"]`.
class Path {
public:
    Path() = default;
    Path(std::initializer_list<PathStep> steps) : steps_(steps) {}

    // Reads the text form; `.name` with a leading dot is taken too.
    [[nodiscard]] static Result<Path> parse(std::string_view text);

    [[nodiscard]] const std::vector<PathStep>& steps() const { return steps_; }
    [[nodiscard]] bool is_root() const { return steps_.empty(); }
    [[nodiscard]] Path child(std::string_view name) const;
    [[nodiscard]] Path child(size_t index) const;
    [[nodiscard]] Path parent() const;  // of the root: the root
    void push(std::string_view name) { steps_.emplace_back(std::string(name)); }
    void push(size_t index) { steps_.emplace_back(index); }
    void pop() { steps_.pop_back(); }

    [[nodiscard]] std::string text() const;
    // The value there, or a null pointer.
    [[nodiscard]] const Value* find_in(const Value& root) const;
    // Sets the value there; maps that are missing on the way are made, lists are extended by at
    // most one item. invalid if the way leads through a scalar or past the end of a list.
    Status set_in(Value& root, Value value) const;

    auto operator<=>(const Path&) const = default;

private:
    std::vector<PathStep> steps_;
};

}  // namespace weft
