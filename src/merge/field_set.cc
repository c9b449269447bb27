// merge/field_set.cc: the trie and its operations, each one walk over two sorted lists.

#include "merge/field_set.h"

#include <algorithm>

#include "merge/limits.h"

namespace weft::merge {
namespace {

using Entry = FieldSet::Entry;

bool before(const Entry& a, const Entry& b) {
    return PathElement::compare(a.element, b.element) < 0;
}

// Walks two sorted lists in step: `visit(left, right)`, one of them null where the other lacks it.
template <typename Visit>
void zip(std::span<const Entry> left, std::span<const Entry> right, Visit visit) {
    size_t i = 0;
    size_t j = 0;
    while (i < left.size() && j < right.size()) {
        const int order = PathElement::compare(left[i].element, right[j].element);
        if (order < 0) {
            visit(&left[i++], nullptr);
        } else if (order > 0) {
            visit(nullptr, &right[j++]);
        } else {
            visit(&left[i++], &right[j++]);
        }
    }
    while (i < left.size()) {
        visit(&left[i++], nullptr);
    }
    while (j < right.size()) {
        visit(nullptr, &right[j++]);
    }
}

// Collects the entries of a result that mostly equals an existing set: as long as it does, nothing
// is copied.
class Rebuilt {
public:
    explicit Rebuilt(const FieldSet& original) : original_(original) {}

    // The next entry of the original stays as it is.
    void keep() {
        if (changed_) {
            entries_.push_back(original_.entries()[position_]);
        }
        ++position_;
    }
    // The next entry of the original becomes this one, or goes if it is nothing.
    void replace(Entry entry) {
        start();
        ++position_;
        if (!entry.is_nothing()) {
            entries_.push_back(std::move(entry));
        }
    }
    // An entry that the original lacks.
    void add(Entry entry) {
        start();
        entries_.push_back(std::move(entry));
    }
    [[nodiscard]] FieldSet take() { return changed_ ? FieldSet(std::move(entries_)) : original_; }

private:
    void start() {
        if (!changed_) {
            changed_ = true;
            const auto all = original_.entries();
            entries_.reserve(all.size() + 1);
            entries_.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(position_));
        }
    }

    const FieldSet& original_;
    std::vector<Entry> entries_;
    size_t position_ = 0;
    bool changed_ = false;
};

}  // namespace

FieldSet::FieldSet(std::vector<Entry> entries) {
    std::erase_if(entries, [](const Entry& entry) { return entry.is_nothing(); });
    if (!std::ranges::is_sorted(entries, before)) {
        std::ranges::sort(entries, before);
    }
    size_t count = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
        if (count > 0 && entries[count - 1].element == entries[i].element) {
            Entry& joined = entries[count - 1];
            joined.is_member = joined.is_member || entries[i].is_member;
            joined.children = joined.children.union_with(entries[i].children);
        } else {
            if (count != i) {
                entries[count] = std::move(entries[i]);
            }
            ++count;
        }
    }
    if (count == 0) {
        return;
    }
    std::shared_ptr<Entry[]> nodes = std::make_shared<Entry[]>(count);
    std::move(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count), nodes.get());
    nodes_ = std::move(nodes);
    count_ = count;
}

FieldSet FieldSet::of(std::initializer_list<FieldPath> paths) {
    FieldSet out;
    for (const FieldPath& path : paths) {
        out.insert(path);
    }
    return out;
}

std::span<const FieldSet::Entry> FieldSet::entries() const {
    return {nodes_.get(), count_};
}

size_t FieldSet::size() const {
    size_t members = 0;
    for (const Entry& entry : entries()) {
        members += (entry.is_member ? 1 : 0) + entry.children.size();
    }
    return members;
}

const FieldSet::Entry* FieldSet::find(const PathElement& element) const {
    const auto all = entries();
    const auto found = std::lower_bound(all.begin(), all.end(), element,
                                        [](const Entry& entry, const PathElement& wanted) {
                                            return PathElement::compare(entry.element, wanted) < 0;
                                        });
    return found != all.end() && found->element == element ? &*found : nullptr;
}

bool FieldSet::has(std::span<const PathElement> path) const {
    if (path.empty()) {
        return false;
    }
    const FieldSet* at = this;
    for (const PathElement& element : path.first(path.size() - 1)) {
        const Entry* entry = at->find(element);
        if (entry == nullptr) {
            return false;
        }
        at = &entry->children;
    }
    const Entry* last = at->find(path.back());
    return last != nullptr && last->is_member;
}

FieldSet FieldSet::below(const PathElement& element) const {
    const Entry* entry = find(element);
    return entry == nullptr ? FieldSet() : entry->children;
}

void FieldSet::insert(std::span<const PathElement> path) {
    FieldSet single;
    for (size_t i = path.size(); i > 0; --i) {
        std::vector<Entry> one;
        one.push_back({path[i - 1], i == path.size(), std::move(single)});
        single = FieldSet(std::move(one));
    }
    *this = union_with(single);
}

void FieldSet::for_each(const std::function<void(const FieldPath&)>& visit) const {
    FieldPath path;
    const std::function<void(const FieldSet&)> walk = [&](const FieldSet& set) {
        for (const Entry& entry : set.entries()) {
            if (entry.is_member) {
                path.push_back(entry.element);
                visit(path);
                path.pop_back();
            }
        }
        for (const Entry& entry : set.entries()) {
            if (!entry.children.empty()) {
                path.push_back(entry.element);
                walk(entry.children);
                path.pop_back();
            }
        }
    };
    walk(*this);
}

FieldSet FieldSet::union_with(const FieldSet& other) const {
    if (other.empty() || is_same(other)) {
        return *this;
    }
    if (empty()) {
        return other;
    }
    Rebuilt out(*this);
    zip(entries(), other.entries(), [&](const Entry* left, const Entry* right) {
        if (left == nullptr) {
            out.add(*right);
            return;
        }
        if (right == nullptr) {
            out.keep();
            return;
        }
        FieldSet children = left->children.union_with(right->children);
        const bool is_member = left->is_member || right->is_member;
        if (is_member == left->is_member && children.is_same(left->children)) {
            out.keep();
        } else {
            out.replace({left->element, is_member, std::move(children)});
        }
    });
    return out.take();
}

FieldSet FieldSet::intersection(const FieldSet& other) const {
    if (is_same(other) || empty() || other.empty()) {
        return empty() ? *this : (other.empty() ? other : *this);
    }
    Rebuilt out(*this);
    zip(entries(), other.entries(), [&](const Entry* left, const Entry* right) {
        if (left == nullptr) {
            return;
        }
        if (right == nullptr) {
            out.replace({});
            return;
        }
        FieldSet children = left->children.intersection(right->children);
        const bool is_member = left->is_member && right->is_member;
        if (is_member == left->is_member && children.is_same(left->children)) {
            out.keep();
        } else {
            out.replace({left->element, is_member, std::move(children)});
        }
    });
    return out.take();
}

FieldSet FieldSet::difference(const FieldSet& other) const {
    if (is_same(other)) {
        return {};
    }
    if (empty() || other.empty()) {
        return *this;
    }
    Rebuilt out(*this);
    zip(entries(), other.entries(), [&](const Entry* left, const Entry* right) {
        if (left == nullptr) {
            return;
        }
        if (right == nullptr) {
            out.keep();
            return;
        }
        FieldSet children = left->children.difference(right->children);
        const bool is_member = left->is_member && !right->is_member;
        if (is_member == left->is_member && children.is_same(left->children)) {
            out.keep();
        } else {
            out.replace({left->element, is_member, std::move(children)});
        }
    });
    return out.take();
}

FieldSet FieldSet::recursive_difference(const FieldSet& other) const {
    if (is_same(other)) {
        return {};
    }
    if (empty() || other.empty()) {
        return *this;
    }
    Rebuilt out(*this);
    zip(entries(), other.entries(), [&](const Entry* left, const Entry* right) {
        if (left == nullptr) {
            return;
        }
        if (right == nullptr) {
            out.keep();
            return;
        }
        if (right->is_member) {
            out.replace({});
            return;
        }
        FieldSet children = left->children.recursive_difference(right->children);
        if (children.is_same(left->children)) {
            out.keep();
        } else {
            out.replace({left->element, left->is_member, std::move(children)});
        }
    });
    return out.take();
}

FieldSet FieldSet::leaves() const {
    Rebuilt out(*this);
    for (const Entry& entry : entries()) {
        FieldSet children = entry.children.leaves();
        const bool is_member = entry.is_member && entry.children.empty();
        if (is_member == entry.is_member && children.is_same(entry.children)) {
            out.keep();
        } else {
            out.replace({entry.element, is_member, std::move(children)});
        }
    }
    return out.take();
}

bool FieldSet::operator==(const FieldSet& other) const {
    if (is_same(other)) {
        return true;
    }
    if (count_ != other.count_) {
        return false;
    }
    return std::ranges::equal(entries(), other.entries(), [](const Entry& a, const Entry& b) {
        return a.is_member == b.is_member && a.element == b.element && a.children == b.children;
    });
}

FieldFilter FieldFilter::exclude(FieldSet set) {
    FieldFilter filter;
    filter.excluded_ = std::move(set);
    return filter;
}

FieldFilter FieldFilter::include(std::vector<Prefix> prefixes) {
    FieldFilter filter;
    filter.included_ = std::move(prefixes);
    filter.is_include_ = true;
    return filter;
}

namespace {

// What is left of a set below a point where these prefixes still have steps to go.
FieldSet included(const FieldSet& set,
                  const std::vector<std::span<const std::optional<PathElement>>>& prefixes) {
    // A prefix that takes any step goes before those that name the step.
    const bool any_step = std::ranges::any_of(prefixes, [](const auto& p) { return !p.front(); });
    Rebuilt out(set);
    for (const Entry& entry : set.entries()) {
        std::vector<std::span<const std::optional<PathElement>>> next;
        bool all = false;
        for (const auto& prefix : prefixes) {
            if (any_step ? prefix.front().has_value() : *prefix.front() != entry.element) {
                continue;
            }
            all = all || prefix.size() == 1;
            next.push_back(prefix.subspan(1));
        }
        if (all) {
            out.keep();
        } else if (next.empty()) {
            out.replace({});
        } else {
            out.replace({entry.element, entry.is_member, included(entry.children, next)});
        }
    }
    return out.take();
}

}  // namespace

FieldSet FieldFilter::apply(const FieldSet& set) const {
    if (!is_include_) {
        return set.recursive_difference(excluded_);
    }
    std::vector<std::span<const std::optional<PathElement>>> prefixes;
    for (const Prefix& prefix : included_) {
        if (prefix.empty()) {
            return set;
        }
        prefixes.emplace_back(prefix);
    }
    return included(set, prefixes);
}

}  // namespace weft::merge
