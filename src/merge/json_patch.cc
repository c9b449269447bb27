// merge/json_patch.cc: walks to the container an operation names, then changes it.

#include "merge/json_patch.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merge/limits.h"

namespace weft::merge {
namespace {

constexpr std::string_view missing = ": missing value";
constexpr std::string_view invalid_index = ": invalid index referenced";

template <typename... Pieces>
Error refuse(const Pieces&... pieces) {
    return make_error(Reason::invalid, pieces...);
}

std::string_view go_type_of(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            return "bool";
        case Value::Kind::integer:
        case Value::Kind::number:
            return "number";
        case Value::Kind::string:
            return "string";
        case Value::Kind::list:
            return "array";
        case Value::Kind::map:
            return "object";
        case Value::Kind::null:
            break;
    }
    return "null";
}

std::string decode_key(std::string_view part) {
    std::string out;
    out.reserve(part.size());
    for (size_t i = 0; i < part.size(); ++i) {
        if (part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
            out += part[++i] == '0' ? '~' : '/';
        } else {
            out += part[i];
        }
    }
    return out;
}

// Where an index points: Go's Atoi, then negative ones count from the end of `size`.
Result<int64_t> parse_index(std::string_view key) {
    std::string_view digits = key;
    if (!digits.empty() && digits.front() == '+') {
        digits.remove_prefix(1);
    }
    const bool is_number =
        !digits.empty() && (digits == key || (digits[0] >= '0' && digits[0] <= '9'));
    const std::optional<int64_t> index = is_number ? parse_int(digits) : std::nullopt;
    if (!index) {
        return refuse("strconv.Atoi: parsing ", quote(key), ": invalid syntax");
    }
    return *index;
}

// `size`: how many places there are, which is one more than items when adding.
Result<size_t> place_of(int64_t index, size_t size) {
    const auto places = static_cast<int64_t>(size);
    if (index >= places || index < -places) {
        return refuse("Unable to access invalid index: ", index, invalid_index);
    }
    return static_cast<size_t>(index < 0 ? index + places : index);
}

// A container inside the document and the last step of a path.
struct Target {
    std::vector<std::string> parents;
    std::string key;
};

std::optional<Target> parse_pointer(std::string_view path) {
    const std::vector<std::string_view> parts = split(path, '/');
    if (parts.size() < 2) {
        return std::nullopt;
    }
    Target target;
    for (size_t i = 1; i + 1 < parts.size(); ++i) {
        target.parents.push_back(decode_key(parts[i]));
    }
    target.key = decode_key(parts.back());
    return target;
}

class Patching {
public:
    explicit Patching(const Value& document) : document_(document) {}

    Status carry_out(const Value& operation);
    [[nodiscard]] Value take() { return std::move(document_); }

private:
    Status add(const Value& operation);
    Status remove(const Value& operation);
    Status replace(const Value& operation);
    Status move(const Value& operation);
    Status copy(const Value& operation);
    Status test(const Value& operation);

    [[nodiscard]] std::optional<Target> find_container(std::string_view path) const;
    [[nodiscard]] const Value& container(const Target& target) const;
    [[nodiscard]] Value& mutable_container(const Target& target);
    [[nodiscard]] Result<Value> get(const Target& target) const;
    Status add_to(const Target& target, Value value);
    Status remove_from(const Target& target);

    Value document_;
    size_t copied_bytes_ = 0;
};

std::optional<std::string_view> text_member(const Value& operation, std::string_view name) {
    const Value* member = operation.find(name);
    if (member == nullptr || !member->is_string()) {
        return std::nullopt;
    }
    return member->as_string();
}

Value value_of(const Value& operation) {
    const Value* value = operation.find("value");
    return value == nullptr ? Value() : *value;
}

// Numbers are compared as they are written: 2 is not 2.0.
bool reads_same(const Value& left, const Value& right, size_t depth) {
    if (left.is_number() && right.is_number() && left.is_int() != right.is_int()) {
        return false;
    }
    if (left != right) {
        return false;
    }
    if (depth >= depth_max) {
        return true;
    }
    for (size_t i = 0; i < left.items().size(); ++i) {
        if (!reads_same(left.items()[i], right.items()[i], depth + 1)) {
            return false;
        }
    }
    for (const Member& member : left.members()) {
        if (!reads_same(member.value, *right.find(member.name()), depth + 1)) {
            return false;
        }
    }
    return true;
}

// The bytes a value takes as compact JSON, about: what copying it adds.
size_t bytes_of(const Value& value, size_t depth) {
    size_t bytes = 8;
    if (value.is_string()) {
        bytes = value.size() + 2;
    }
    if (depth >= depth_max) {
        return bytes;
    }
    for (const Value& item : value.items()) {
        bytes += bytes_of(item, depth + 1) + 1;
    }
    for (const Member& member : value.members()) {
        bytes += member.name().size() + 4 + bytes_of(member.value, depth + 1);
    }
    return bytes;
}

const Value* step(const Value& from, std::string_view key) {
    if (from.is_map()) {
        return from.find(key);
    }
    const Result<int64_t> index = parse_index(key);
    if (!from.is_list() || !index) {
        return nullptr;
    }
    const Result<size_t> place = place_of(*index, from.size());
    return place ? &from.at(*place) : nullptr;
}

std::optional<Target> Patching::find_container(std::string_view path) const {
    std::optional<Target> target = parse_pointer(path);
    if (!target) {
        return std::nullopt;
    }
    const Value* at = &document_;
    for (const std::string& key : target->parents) {
        at = step(*at, key);
        if (at == nullptr) {
            return std::nullopt;
        }
    }
    if (!at->is_map() && !at->is_list()) {
        return std::nullopt;
    }
    return target;
}

const Value& Patching::container(const Target& target) const {
    const Value* at = &document_;
    for (const std::string& key : target.parents) {
        at = step(*at, key);
        CHECK(at != nullptr);
    }
    return *at;
}

Value& Patching::mutable_container(const Target& target) {
    Value* at = &document_;
    for (const std::string& key : target.parents) {
        if (at->is_map()) {
            at = &at->mutable_member(key);
        } else {
            const Result<int64_t> index = parse_index(key);
            CHECK(index.has_value());
            const Result<size_t> place = place_of(*index, at->size());
            CHECK(place.has_value());
            at = &at->mutable_item(*place);
        }
    }
    return *at;
}

Result<Value> Patching::get(const Target& target) const {
    const Value& from = container(target);
    if (from.is_map()) {
        const Value* found = from.find(target.key);
        return found == nullptr ? Value() : *found;
    }
    const int64_t index = TRY(parse_index(target.key));
    return from.at(TRY(place_of(index, from.size())));
}

Status Patching::add_to(const Target& target, Value value) {
    const Value& into = container(target);
    if (into.is_map()) {
        mutable_container(target).set(target.key, std::move(value));
        return {};
    }
    if (target.key == "-") {
        mutable_container(target).push_back(std::move(value));
        return {};
    }
    const Result<int64_t> index = parse_index(target.key);
    if (!index) {
        return refuse("value was not a proper array index: '", target.key,
                      "': ", index.error().message());
    }
    const size_t place = TRY(place_of(*index, into.size() + 1));
    mutable_container(target).insert(place, std::move(value));
    return {};
}

Status Patching::remove_from(const Target& target) {
    const Value& from = container(target);
    if (from.is_map()) {
        if (!from.contains(target.key)) {
            return refuse("Unable to remove nonexistent key: ", target.key, missing);
        }
        mutable_container(target).erase(target.key);
        return {};
    }
    const int64_t index = TRY(parse_index(target.key));
    const size_t place = TRY(place_of(index, from.size()));
    mutable_container(target).erase_at(place);
    return {};
}

Status Patching::add(const Value& operation) {
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("add operation failed to decode path", missing);
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("add operation does not apply: doc is missing path: \"", *path, "\"",
                      missing);
    }
    const Status added = add_to(*target, value_of(operation));
    if (!added) {
        return refuse("error in add for path: '", *path, "': ", added.error().message());
    }
    return {};
}

Status Patching::remove(const Value& operation) {
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("remove operation failed to decode path", missing);
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("remove operation does not apply: doc is missing path: \"", *path, "\"",
                      missing);
    }
    const Status removed = remove_from(*target);
    if (!removed) {
        return refuse("error in remove for path: '", *path, "': ", removed.error().message());
    }
    return {};
}

Status Patching::replace(const Value& operation) {
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("replace operation failed to decode path: operation missing path field",
                      missing);
    }
    if (path->empty()) {
        // Only what can be a document replaces the document.
        if (Value whole = value_of(operation); whole.is_map() || whole.is_list()) {
            document_ = std::move(whole);
        }
        return {};
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("replace operation does not apply: doc is missing path: ", *path, missing);
    }
    if (!get(*target)) {
        return refuse("replace operation does not apply: doc is missing key: ", *path, missing);
    }
    Value& into = mutable_container(*target);
    if (into.is_map()) {
        into.set(target->key, value_of(operation));
    } else {
        const int64_t index = TRY(parse_index(target->key));
        into.mutable_item(TRY(place_of(index, into.size()))) = value_of(operation);
    }
    return {};
}

Status Patching::move(const Value& operation) {
    const auto from = text_member(operation, "from");
    if (!from) {
        return refuse("move operation failed to decode from: operation, missing from field",
                      missing);
    }
    const auto source = find_container(*from);
    if (!source) {
        return refuse("move operation does not apply: doc is missing from path: ", *from, missing);
    }
    Result<Value> value = get(*source);
    if (!value) {
        return refuse("error in move for path: '", source->key, "': ", value.error().message());
    }
    const Status removed = remove_from(*source);
    if (!removed) {
        return refuse("error in move for path: '", source->key, "': ", removed.error().message());
    }
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("move operation failed to decode path: operation missing path field",
                      missing);
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("move operation does not apply: doc is missing destination path: ", *path,
                      missing);
    }
    const Status added = add_to(*target, *std::move(value));
    if (!added) {
        return refuse("error in move for path: '", *path, "': ", added.error().message());
    }
    return {};
}

Status Patching::copy(const Value& operation) {
    const auto from = text_member(operation, "from");
    if (!from) {
        return refuse("copy operation failed to decode from: operation, missing from field",
                      missing);
    }
    const auto source = find_container(*from);
    if (!source) {
        return refuse("copy operation does not apply: doc is missing from path: ", *from, missing);
    }
    Result<Value> value = get(*source);
    if (!value) {
        return refuse("error in copy for from: '", *from, "': ", value.error().message());
    }
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("copy operation failed to decode path: operation missing path field",
                      missing);
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("copy operation does not apply: doc is missing destination path: ", *path,
                      missing);
    }
    copied_bytes_ += bytes_of(*value, 0);
    if (copied_bytes_ > json_patch_copy_bytes_max) {
        return refuse("Unable to complete the copy, the accumulated size increase of copy is ",
                      copied_bytes_, ", exceeding the limit ", json_patch_copy_bytes_max);
    }
    const Status added = add_to(*target, *std::move(value));
    if (!added) {
        return refuse("error while adding value during copy: ", added.error().message());
    }
    return {};
}

Status Patching::test(const Value& operation) {
    const auto path = text_member(operation, "path");
    if (!path) {
        return refuse("test operation failed to decode path: operation missing path field",
                      missing);
    }
    if (path->empty()) {
        if (!reads_same(document_, value_of(operation), 0)) {
            return refuse("testing value ", *path, " failed: test failed");
        }
        return {};
    }
    const auto target = find_container(*path);
    if (!target) {
        return refuse("test operation for path does not apply: is missing path: ", *path, missing);
    }
    const Result<Value> value = get(*target);
    if (!value) {
        return refuse("error in test for path: '", *path, "': ", value.error().message());
    }
    if (!reads_same(*value, value_of(operation), 0)) {
        return refuse("testing value ", *path, " failed: test failed");
    }
    return {};
}

Status Patching::carry_out(const Value& operation) {
    const std::string_view kind = text_member(operation, "op").value_or("unknown");
    if (kind == "add") {
        return add(operation);
    }
    if (kind == "remove") {
        return remove(operation);
    }
    if (kind == "replace") {
        return replace(operation);
    }
    if (kind == "move") {
        return move(operation);
    }
    if (kind == "test") {
        return test(operation);
    }
    if (kind == "copy") {
        return copy(operation);
    }
    return refuse("Unexpected kind: ", kind);
}

}  // namespace

Result<Value> apply_json_patch(const Value& document, const Value& patch) {
    if (!patch.is_list() && !patch.is_null()) {
        return make_error(Reason::bad_request, "json: cannot unmarshal ", go_type_of(patch),
                          " into Go value of type jsonpatch.Patch");
    }
    for (const Value& operation : patch.items()) {
        if (!operation.is_map() && !operation.is_null()) {
            return make_error(Reason::bad_request, "json: cannot unmarshal ", go_type_of(operation),
                              " into Go value of type jsonpatch.Operation");
        }
    }
    if (patch.size() > json_patch_operations_max) {
        return make_error(Reason::request_entity_too_large,
                          "Request entity too large: The allowed maximum operations in a JSON "
                          "patch is ",
                          json_patch_operations_max, ", got ", patch.size());
    }
    Patching patching(document);
    for (const Value& operation : patch.items()) {
        TRY(patching.carry_out(operation));
    }
    return patching.take();
}

Error json_patch_client_error(const Error& error) {
    if (error.reason() != Reason::invalid) {
        return error;
    }
    return Error(Reason::invalid, "the server rejected our request due to an error in our request");
}

}  // namespace weft::merge
