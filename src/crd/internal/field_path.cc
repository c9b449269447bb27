// crd/internal/field_path.cc: walking a path along a schema.

#include "crd/internal/field_path.h"

#include <optional>

#include "crd/internal/internal_form.h"
#include "schema/field_error.h"

namespace weft::crd::internal {

namespace {

Error wrong(std::string_view text) {
    return make_error(Reason::invalid, text);
}

class Tokens {
public:
    explicit Tokens(std::string_view text) : text_(text) {}

    // A delimiter, a quoted text with its quotes, or what stands between delimiters. Nothing at the
    // end.
    std::optional<std::string_view> next() {
        if (text_.empty()) {
            return std::nullopt;
        }
        size_t size = 0;
        if (text_.front() == '\'') {
            size = 1;
            while (size < text_.size() && !(text_[size] == '\'' && text_[size - 1] != '\\')) {
                ++size;
            }
            size = size < text_.size() ? size + 1 : size;
        } else {
            size = text_.find_first_of(".[]");
            size = size == 0 ? 1 : size == std::string_view::npos ? text_.size() : size;
        }
        const std::string_view token = text_.substr(0, size);
        text_.remove_prefix(size);
        return token;
    }

private:
    std::string_view text_;
};

Result<std::string> unescape(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        ++i;
        constexpr std::string_view from = "abfnrtv'\\";
        constexpr std::string_view to = "\a\b\f\n\r\t\v'\\";
        const size_t at = from.find(text[i]);
        if (at == std::string_view::npos) {
            return wrong(cat("invalid string literal: invalid escape char \\", text[i]));
        }
        out += to[at];
    }
    return out;
}

struct JsonNodes {
    static bool has_properties(const Value& node) {
        return !members_of(node, "properties").empty();
    }
    static const Value* property(const Value& node, std::string_view name) {
        return node.find("properties", name);
    }
    static bool has_additional(const Value& node) {
        return get(node, "additionalProperties") != nullptr;
    }
    static const Value* additional(const Value& node) {
        const Value* found = get(node, "additionalProperties");
        return found->is_map() ? found : nullptr;
    }
};

struct TreeNodes {
    static bool has_properties(const schema::Schema& node) { return !node.properties.empty(); }
    static const schema::Schema* property(const schema::Schema& node, std::string_view name) {
        return node.find_property(name);
    }
    static bool has_additional(const schema::Schema& node) {
        return node.additional_properties != nullptr || node.additional_properties_allowed;
    }
    static const schema::Schema* additional(const schema::Schema& node) {
        return node.additional_properties;
    }
};

template <typename Nodes, typename Node>
Status step(FieldPath<Node>& at, std::string_view name) {
    if (at.node != nullptr && Nodes::has_properties(*at.node)) {
        at.text = schema::path_child(at.text, name);
        at.node = Nodes::property(*at.node, name);
        if (at.node == nullptr) {
            return wrong("does not refer to a valid field");
        }
    } else if (at.node != nullptr && Nodes::has_additional(*at.node)) {
        at.text = schema::path_key(at.text, name);
        at.node = Nodes::additional(*at.node);
    } else {
        return wrong("does not refer to a valid field");
    }
    if (at.first.empty()) {
        at.first = name;
    }
    return {};
}

template <typename Nodes, typename Node>
Result<FieldPath<Node>> find(std::string_view path, const Node& schema, bool allow_brackets) {
    FieldPath<Node> at{.node = &schema};
    Tokens tokens(path);
    while (const auto token = tokens.next()) {
        if (*token == ".") {
            const auto name = tokens.next();
            if (!name) {
                return wrong("unexpected end of JSON path");
            }
            if (Status stepped = step<Nodes>(at, *name); !stepped) {
                return stepped.error();
            }
            continue;
        }
        if (*token != "[") {
            return wrong(cat("expected [ or . but got: ", *token));
        }
        if (!allow_brackets) {
            return wrong("array notation is not allowed");
        }
        const auto quoted = tokens.next();
        if (!quoted) {
            return wrong("unexpected end of JSON path");
        }
        if (quoted->size() < 2 || quoted->front() != '\'' || quoted->back() != '\'') {
            return wrong(cat("expected single quoted string but got ", *quoted));
        }
        const std::string name = TRY(unescape(quoted->substr(1, quoted->size() - 2)));
        if (Status stepped = step<Nodes>(at, name); !stepped) {
            return stepped.error();
        }
        const auto close = tokens.next();
        if (!close) {
            return wrong("unexpected end of JSON path");
        }
        if (*close != "]") {
            return wrong(cat("expected ] but got ", *close));
        }
    }
    return at;
}

}  // namespace

Result<FieldPath<Value>> find_field_path(std::string_view path, const Value& schema,
                                         bool allow_brackets) {
    return find<JsonNodes>(path, schema, allow_brackets);
}

Result<FieldPath<schema::Schema>> find_field_path(std::string_view path,
                                                  const schema::Schema& schema,
                                                  bool allow_brackets) {
    return find<TreeNodes>(path, schema, allow_brackets);
}

}  // namespace weft::crd::internal
