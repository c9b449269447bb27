// cel/activation.h: the values of the variables of one evaluation.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "cel/value.h"

namespace weft::cel {

// A variable's name in a form that is compared in a few instructions: its first and last bytes.
struct VariableName {
    std::string_view text;
    uint64_t head = 0;
    uint64_t tail = 0;

    VariableName() = default;
    explicit VariableName(std::string_view name) : text(name) {
        std::memcpy(&head, name.data(), std::min<size_t>(name.size(), 8));
        if (name.size() > 8) {
            std::memcpy(&tail, name.data() + name.size() - 8, 8);
        }
    }
    bool operator==(const VariableName& other) const {
        return head == other.head && tail == other.tail && text.size() == other.text.size() &&
               (text.size() <= 16 || is_same_middle(other));
    }

private:
    // Long names are seldom met: callers need not save their registers for it.
    [[nodiscard, clang::preserve_most]] bool is_same_middle(const VariableName& other) const;
};

// Answers for variables that an Activation does not hold; for values that are dear to make.
class VariableSource {
public:
    virtual ~VariableSource() = default;
    // Nothing if it does not know the name. Asked once per evaluation and name.
    [[nodiscard]] virtual std::optional<Value> find(std::string_view name, Arena& arena) const = 0;
};

// An Activation borrows everything: names, inputs and the source must outlive the evaluation. It
// is cheap to fill; may be shared by threads once it is filled.
class Activation {
public:
    Activation() = default;
    explicit Activation(const VariableSource* source) : source_(source) {}

    // A document, read as the schema of the variable says where the environment declares one.
    Activation& bind(std::string_view name, const weft::Value& input);
    // A document read as plain JSON whatever the environment says (kro's readyWhen).
    Activation& bind_raw(std::string_view name, const weft::Value& input);
    Activation& bind(std::string_view name, const Value& value);
    // A temporary would dangle.
    Activation& bind(std::string_view name, weft::Value&& input) = delete;
    Activation& bind_raw(std::string_view name, weft::Value&& input) = delete;
    void clear() { bindings_.clear(); }

    struct Binding {
        VariableName name;
        Value value;
        bool is_typed;  // a borrowed document that its variable's schema shapes
    };
    // Null if there is none.
    [[nodiscard]] const Binding* find(const VariableName& name) const {
        for (const Binding& binding : bindings_) {
            if (binding.name == name) {
                return &binding;
            }
        }
        return nullptr;
    }
    [[nodiscard]] const Binding* begin() const { return bindings_.data(); }
    [[nodiscard]] const Binding* end() const { return bindings_.data() + bindings_.size(); }
    [[nodiscard]] const VariableSource* source() const { return source_; }

private:
    Activation& put(std::string_view name, const Value& value, bool is_typed);
    std::vector<Binding> bindings_;
    const VariableSource* source_ = nullptr;
};

}  // namespace weft::cel
