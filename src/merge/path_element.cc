// merge/path_element.cc: reads, writes and orders path elements.

#include "merge/path_element.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "object/json.h"

namespace weft::merge {
namespace {

int rank_of(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::integer:
        case Value::Kind::number:
            return 0;
        case Value::Kind::string:
            return 1;
        case Value::Kind::boolean:
            return 2;
        case Value::Kind::list:
            return 3;
        case Value::Kind::map:
            return 4;
        case Value::Kind::null:
            break;
    }
    return 5;
}

template <typename T>
int order_of(const T& a, const T& b) {
    return a < b ? -1 : (b < a ? 1 : 0);
}

std::vector<const Member*> sorted_members(const Value& map) {
    std::vector<const Member*> out;
    out.reserve(map.size());
    for (const Member& member : map.members()) {
        out.push_back(&member);
    }
    if (!std::ranges::is_sorted(out, {}, &Member::name)) {
        std::ranges::sort(out, {}, &Member::name);
    }
    return out;
}

int compare_maps(const Value& a, const Value& b) {
    const std::vector<const Member*> left = sorted_members(a);
    const std::vector<const Member*> right = sorted_members(b);
    for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
        if (const int order = left[i]->name().compare(right[i]->name()); order != 0) {
            return order < 0 ? -1 : 1;
        }
        if (const int order = compare_values(left[i]->value, right[i]->value); order != 0) {
            return order;
        }
    }
    return order_of(left.size(), right.size());
}

// Keys are read for every item of every manager's set: `{"name":"web"}` and `{"port":80}` are read
// without the parser. Nothing if the text has anything unusual.
class QuickKey {
public:
    explicit QuickKey(std::string_view text) : text_(text) {}

    std::optional<Value> read() {
        Value map = Value::map();
        if (!take('{')) {
            return std::nullopt;
        }
        do {
            const std::optional<std::string_view> name = quoted();
            if (!name || !take(':')) {
                return std::nullopt;
            }
            std::optional<Value> value = scalar();
            if (!value) {
                return std::nullopt;
            }
            map.set(*name, *std::move(value));
        } while (take(','));
        if (!take('}') || at_ != text_.size()) {
            return std::nullopt;
        }
        return map;
    }
    std::optional<Value> read_scalar() {
        std::optional<Value> value = scalar();
        return at_ == text_.size() ? value : std::nullopt;
    }

private:
    bool take(char c) {
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }
    std::optional<std::string_view> quoted() {
        if (!take('"')) {
            return std::nullopt;
        }
        const size_t start = at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c < 0x20 || c >= 0x80 || c == '\\') {
                return std::nullopt;
            }
            ++at_;
        }
        const std::string_view out = text_.substr(start, at_ - start);
        return take('"') ? std::optional(out) : std::nullopt;
    }
    std::optional<Value> scalar() {
        if (at_ >= text_.size()) {
            return std::nullopt;
        }
        if (text_[at_] == '"') {
            const std::optional<std::string_view> text = quoted();
            return text ? std::optional<Value>(Value(*text)) : std::nullopt;
        }
        const size_t start = at_;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            ++at_;
        }
        const std::string_view digits = text_.substr(start, at_ - start);
        if (digits.empty() || digits.size() > 18 || (digits.size() > 1 && digits[0] == '0')) {
            return std::nullopt;
        }
        if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') {
            return std::nullopt;
        }
        return Value(*parse_int(digits));
    }

    std::string_view text_;
    size_t at_ = 0;
};

void append_value_text(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Value::Kind::string:
            out += quote(value.as_string());
            return;
        case Value::Kind::list: {
            out += '[';
            bool first = true;
            for (const Value& item : value.items()) {
                out += first ? "" : ",";
                append_value_text(out, item);
                first = false;
            }
            out += ']';
            return;
        }
        case Value::Kind::map: {
            for (const Member* member : sorted_members(value)) {
                append(out, member->name(), "=");
                append_value_text(out, member->value);
            }
            return;
        }
        case Value::Kind::number:
            out += format_double(value.as_double());
            return;
        case Value::Kind::integer:
            append(out, value.as_int());
            return;
        case Value::Kind::boolean:
            append(out, value.as_bool());
            return;
        case Value::Kind::null:
            out += "null";
            return;
    }
}

Result<int64_t> read_index(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('+') && digits.size() > 1 && digits[1] >= '0' && digits[1] <= '9') {
        digits.remove_prefix(1);
    }
    const std::optional<int64_t> index = parse_int(digits);
    if (!index) {
        return make_error(Reason::bad_request, "strconv.Atoi: parsing ", quote(text),
                          ": invalid syntax");
    }
    return *index;
}

}  // namespace

int compare_values(const Value& a, const Value& b) {
    const int left = rank_of(a);
    const int right = rank_of(b);
    if (left != right) {
        return order_of(left, right);
    }
    switch (a.kind()) {
        case Value::Kind::integer:
        case Value::Kind::number:
            return a.is_int() && b.is_int() ? order_of(a.as_int(), b.as_int())
                                            : order_of(a.to_double(), b.to_double());
        case Value::Kind::string: {
            const int order = a.as_string().compare(b.as_string());
            return order_of(order, 0);
        }
        case Value::Kind::boolean:
            return order_of(a.as_bool(), b.as_bool());
        case Value::Kind::list:
            for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
                if (const int order = compare_values(a.at(i), b.at(i)); order != 0) {
                    return order;
                }
            }
            return order_of(a.size(), b.size());
        case Value::Kind::map:
            return compare_maps(a, b);
        case Value::Kind::null:
            break;
    }
    return 0;
}

bool equal_values(const Value& a, const Value& b) {
    if (a.is_same(b)) {
        return true;
    }
    if (a.is_number() && b.is_number()) {
        return a.is_int() && b.is_int() ? a.as_int() == b.as_int() : a.to_double() == b.to_double();
    }
    if (a.kind() != b.kind() || a.size() != b.size()) {
        return false;
    }
    if (a.is_list()) {
        for (size_t i = 0; i < a.size(); ++i) {
            if (!equal_values(a.at(i), b.at(i))) {
                return false;
            }
        }
        return true;
    }
    if (a.is_map()) {
        const auto left = a.members();
        const auto right = b.members();
        for (size_t i = 0; i < left.size(); ++i) {
            // Members mostly stand in the same order on both sides.
            const Value* other =
                right[i].name() == left[i].name() ? &right[i].value : b.find(left[i].name());
            if (other == nullptr || !equal_values(left[i].value, *other)) {
                return false;
            }
        }
        return true;
    }
    return a == b;
}

PathElement PathElement::key(Value fields) {
    CHECK(fields.is_map());
    if (!std::ranges::is_sorted(fields.members(), {}, &Member::name)) {
        fields.sort_members();
    }
    return {Kind::key, std::move(fields)};
}

Result<PathElement> PathElement::parse(std::string_view text) {
    if (text.size() < 2) {
        return make_error(Reason::bad_request, "key must be 2 characters long:");
    }
    if (text[1] != ':') {
        return make_error(Reason::bad_request, "missing colon: ", text);
    }
    const std::string_view rest = text.substr(2);
    switch (text[0]) {
        case 'f':
            return field(Value(rest));
        case 'i':
            return index(TRY(read_index(rest)));
        case 'v': {
            if (std::optional<Value> quick = QuickKey(rest).read_scalar()) {
                return value(*std::move(quick));
            }
            return value(TRY(parse_json(rest)));
        }
        case 'k': {
            if (std::optional<Value> quick = QuickKey(rest).read()) {
                return key(*std::move(quick));
            }
            Value fields = TRY(parse_json(rest));
            if (!fields.is_map()) {
                return make_error(Reason::bad_request, "the key fields are no object: ", text);
            }
            return key(std::move(fields));
        }
        default:
            return make_error(Reason::bad_request, unknown_kind);
    }
}

std::string PathElement::serialized() const {
    std::string out;
    switch (kind_) {
        case Kind::field:
            out = cat("f:", data_.as_string());
            break;
        case Kind::index:
            out = cat("i:", data_.as_int());
            break;
        case Kind::value:
            out = "v:";
            write_json(out, data_, {.sort_keys = true});
            break;
        case Kind::key:
            out = "k:";
            write_json(out, data_, {.sort_keys = true});
            break;
    }
    return out;
}

void PathElement::append_text(std::string& out) const {
    switch (kind_) {
        case Kind::field:
            append(out, ".", data_.as_string());
            return;
        case Kind::index:
            append(out, "[", data_.as_int(), "]");
            return;
        case Kind::value:
            out += "[=";
            append_value_text(out, data_);
            out += ']';
            return;
        case Kind::key:
            break;
    }
    out += '[';
    bool first = true;
    for (const Member& member : data_.members()) {
        append(out, first ? "" : ",", member.name(), "=");
        append_value_text(out, member.value);
        first = false;
    }
    out += ']';
}

std::string PathElement::text() const {
    std::string out;
    append_text(out);
    return out;
}

int PathElement::compare(const PathElement& a, const PathElement& b) {
    if (a.kind_ != b.kind_) {
        return order_of(a.kind_, b.kind_);
    }
    if (a.data_.is_same(b.data_)) {
        return 0;
    }
    if (a.kind_ == Kind::field) {
        const int order = a.data_.as_string().compare(b.data_.as_string());
        return order_of(order, 0);
    }
    if (a.kind_ != Kind::key) {
        return compare_values(a.data_, b.data_);
    }
    // Members of keys are sorted already.
    const auto left = a.data_.members();
    const auto right = b.data_.members();
    for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
        if (const int order = left[i].name().compare(right[i].name()); order != 0) {
            return order_of(order, 0);
        }
        if (const int order = compare_values(left[i].value, right[i].value); order != 0) {
            return order;
        }
    }
    return order_of(left.size(), right.size());
}

bool PathElement::operator==(const PathElement& other) const {
    return kind_ == other.kind_ &&
           (data_.is_same(other.data_) ||
            (kind_ == Kind::field ? data_ == other.data_ : compare(*this, other) == 0));
}

std::string to_text(const FieldPath& path) {
    std::string out;
    for (const PathElement& element : path) {
        element.append_text(out);
    }
    return out;
}

}  // namespace weft::merge
