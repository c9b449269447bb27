// cli/match.cc: two values side by side.

#include "cli/match.h"

#include "cli/limits.h"

namespace weft::cli {

namespace {

std::string shown(const Value* value) {
    if (value == nullptr) {
        return "nothing";
    }
    std::string text = to_json(*value);
    return text.size() > shown_max ? cat(text.substr(0, shown_max), "…") : text;
}

bool is_same_scalar(const Value& a, const Value& b) {
    return a.is_number() && b.is_number() ? a.to_double() == b.to_double() : a == b;
}

void tell(const Value& expected, const Value* actual, const Path& path,
          std::vector<Mismatch>* out) {
    out->push_back({path, cat("expected ", shown(&expected), ", got ", shown(actual))});
}

}  // namespace

// Depth is bounded by the YAML reader.
void match(const Value& expected, const Value* actual, bool exact, const Path& path,
           std::vector<Mismatch>* out) {
    if (expected.is_null()) {
        if (actual != nullptr && !actual->is_null()) {
            out->push_back({path, cat("expected nothing, got ", shown(actual))});
        }
        return;
    }
    if (actual == nullptr || expected.is_map() != actual->is_map() ||
        expected.is_list() != actual->is_list()) {
        return tell(expected, actual, path, out);
    }
    if (expected.is_map()) {
        for (const Member& member : expected.members()) {
            match(member.value, actual->find(member.name()), exact, path.child(member.name()), out);
        }
        if (exact) {
            for (const Member& member : actual->members()) {
                if (!expected.contains(member.name())) {
                    out->push_back({path.child(member.name()),
                                    cat("expected nothing, got ", shown(&member.value))});
                }
            }
        }
        return;
    }
    if (expected.is_list()) {
        if (expected.size() != actual->size()) {
            out->push_back({path, cat("expected ", expected.size(), " items, got ", actual->size(),
                                      ": ", shown(actual))});
            return;
        }
        for (size_t i = 0; i < expected.size(); ++i) {
            match(expected.at(i), &actual->at(i), exact, path.child(i), out);
        }
        return;
    }
    if (!is_same_scalar(expected, *actual)) {
        tell(expected, actual, path, out);
    }
}

Value project(const Value& expected, const Value* actual, bool exact) {
    if (actual == nullptr) {
        return {};
    }
    if (exact || (expected.is_null() && !actual->is_null())) {
        return *actual;
    }
    if (expected.is_map() && actual->is_map()) {
        Value out = Value::map();
        for (const Member& member : expected.members()) {
            out.set(member.name(), project(member.value, actual->find(member.name()), false));
        }
        return out;
    }
    if (expected.is_list() && actual->is_list() && expected.size() == actual->size()) {
        Value out = Value::list();
        for (size_t i = 0; i < expected.size(); ++i) {
            out.push_back(project(expected.at(i), &actual->at(i), false));
        }
        return out;
    }
    return *actual;
}

}  // namespace weft::cli
