// merge/field_diff.cc: walks two values side by side and notes where they part.

#include "merge/field_diff.h"

#include <algorithm>

#include "merge/internal/shape.h"
#include "merge/limits.h"
#include "object/json.h"

namespace weft::merge {
namespace {

using internal::ElementIndex;
using internal::resolve;
using internal::Shape;

constexpr size_t shown_bytes_max = 100;  // of a value in a line for people

bool is_word(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '$';
    });
}

bool is_bookkeeping(std::string_view name) {
    return name == "managedFields" || name == "resourceVersion" || name == "generation" ||
           name == "uid" || name == "creationTimestamp" || name == "selfLink";
}

class FieldDiff {
public:
    explicit FieldDiff(const FieldDiffOptions& options) : options_(options) {}

    void visit(const Value& before, const Value& after, TypeRef type, size_t depth);

    std::vector<FieldDifference> found;

private:
    void maps(const Value& before, const Value& after, const Shape& shape, size_t depth);
    void lists(const Value& before, const Value& after, const Shape& shape, size_t depth);
    void add(const Value* before, const Value* after) {
        if (found.size() >= differences_max) {
            return;
        }
        found.push_back({path_, before == nullptr ? std::nullopt : std::optional(*before),
                         after == nullptr ? std::nullopt : std::optional(*after)});
    }
    // Runs with the path one step longer.
    template <typename Run>
    void at_field(std::string_view name, Run run) {
        const size_t length = path_.size();
        if (is_word(name)) {
            append(path_, path_.empty() ? "" : ".", name);
        } else {
            append(path_, "[", quote(name), "]");
        }
        run();
        path_.resize(length);
    }
    template <typename Run>
    void at_element(const PathElement& element, Run run) {
        const size_t length = path_.size();
        element.append_text(path_);
        run();
        path_.resize(length);
    }
    [[nodiscard]] static std::vector<PathElement> elements_of(const Value& list,
                                                              const Shape& shape);
    [[nodiscard]] static bool all_different(const std::vector<PathElement>& elements);

    const FieldDiffOptions& options_;
    std::string path_;
};

void FieldDiff::visit(const Value& before, const Value& after, TypeRef type, size_t depth) {
    if (before.is_same(after) || found.size() >= differences_max) {
        return;
    }
    if (depth < depth_max && before.is_map() && after.is_map()) {
        maps(before, after, resolve(type), depth);
    } else if (depth < depth_max && before.is_list() && after.is_list()) {
        lists(before, after, resolve(type), depth);
    } else if (!equal_values(before, after)) {
        add(&before, &after);
    }
}

void FieldDiff::maps(const Value& before, const Value& after, const Shape& shape, size_t depth) {
    const bool is_metadata = options_.without_bookkeeping && path_ == "metadata";
    for (const Member& member : before.members()) {
        if (is_metadata && is_bookkeeping(member.name())) {
            continue;
        }
        const Value* other = after.find(member.name());
        at_field(member.name(), [&] {
            if (other == nullptr) {
                add(&member.value, nullptr);
            } else {
                visit(member.value, *other, shape.field(member.name()).type, depth + 1);
            }
        });
    }
    for (const Member& member : after.members()) {
        if (before.contains(member.name()) || (is_metadata && is_bookkeeping(member.name()))) {
            continue;
        }
        at_field(member.name(), [&] { add(nullptr, &member.value); });
    }
}

std::vector<PathElement> FieldDiff::elements_of(const Value& list, const Shape& shape) {
    std::vector<PathElement> elements;
    elements.reserve(list.size());
    const bool is_associative = shape.has_list && !shape.atomic_list;
    for (const Value& item : list.items()) {
        if (is_associative) {
            if (Result<PathElement> element = internal::element_of(item, shape)) {
                elements.push_back(*std::move(element));
                continue;
            }
        } else if (const Value* name = item.find("name"); name != nullptr && name->is_string()) {
            elements.push_back(PathElement::key(Value::map_of({{"name", *name}})));
            continue;
        }
        return {};
    }
    return elements;
}

bool FieldDiff::all_different(const std::vector<PathElement>& elements) {
    const ElementIndex index(elements);
    for (size_t i = 0; i < elements.size(); ++i) {
        if (index.find(elements[i]) != i) {
            return false;
        }
    }
    return true;
}

void FieldDiff::lists(const Value& before, const Value& after, const Shape& shape, size_t depth) {
    if (equal_values(before, after)) {
        return;
    }
    const std::vector<PathElement> left = elements_of(before, shape);
    const std::vector<PathElement> right = elements_of(after, shape);
    const bool known = left.size() == before.size() && right.size() == after.size() &&
                       all_different(left) && all_different(right);
    if (!known) {
        const bool of_maps = std::ranges::all_of(before.items(), &Value::is_map) &&
                             std::ranges::all_of(after.items(), &Value::is_map);
        if (!of_maps || before.size() != after.size()) {
            add(&before, &after);
            return;
        }
        for (size_t i = 0; i < before.size(); ++i) {
            at_element(PathElement::index(static_cast<int64_t>(i)),
                       [&] { visit(before.at(i), after.at(i), shape.item(), depth + 1); });
        }
        return;
    }
    const size_t count = found.size();
    const ElementIndex in_left(left);
    const ElementIndex in_right(right);
    for (size_t i = 0; i < left.size(); ++i) {
        const auto place = in_right.find(left[i]);
        at_element(left[i], [&] {
            if (!place) {
                add(&before.at(i), nullptr);
            } else {
                visit(before.at(i), after.at(*place), shape.item(), depth + 1);
            }
        });
    }
    for (size_t i = 0; i < right.size(); ++i) {
        if (!in_left.find(right[i])) {
            at_element(right[i], [&] { add(nullptr, &after.at(i)); });
        }
    }
    if (found.size() == count) {
        add(&before, &after);  // only the order is another
    }
}

std::string shown(const Value& value) {
    std::string text = to_json(value);
    if (text.size() > shown_bytes_max) {
        size_t end = shown_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
            --end;
        }
        text.resize(end);
        text += "…";
    }
    return text;
}

}  // namespace

std::vector<FieldDifference> field_diff(const Value& before, const Value& after,
                                        const FieldDiffOptions& options) {
    FieldDiff diff(options);
    diff.visit(before, after, TypeRef::of(options.schema, true), 0);
    return std::move(diff.found);
}

std::string to_text(const FieldDifference& difference) {
    const std::string path = difference.path.empty() ? "the object" : difference.path;
    if (!difference.before) {
        return cat(path, ": set to ", difference.after ? shown(*difference.after) : "nothing");
    }
    if (!difference.after) {
        return cat(path, ": removed (was ", shown(*difference.before), ")");
    }
    return cat(path, ": ", shown(*difference.before), " → ", shown(*difference.after));
}

}  // namespace weft::merge
