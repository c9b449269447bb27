// object/path.cc: paths as text, and walking along them.

#include "object/path.h"

namespace weft {

Path Path::child(std::string_view name) const {
    Path out = *this;
    out.push(name);
    return out;
}

Path Path::child(size_t index) const {
    Path out = *this;
    out.push(index);
    return out;
}

Path Path::parent() const {
    Path out = *this;
    if (!out.steps_.empty()) {
        out.steps_.pop_back();
    }
    return out;
}

std::string Path::text() const {
    std::string out;
    for (const PathStep& step : steps_) {
        if (const auto* index = std::get_if<size_t>(&step)) {
            append(out, "[", *index, "]");
            continue;
        }
        const std::string& name = std::get<std::string>(step);
        if (name.empty() || name.find_first_of(".[") != std::string::npos) {
            append(out, "[\"", name, "\"]");
        } else {
            append(out, out.empty() ? "" : ".", name);
        }
    }
    return out;
}

Result<Path> Path::parse(std::string_view text) {
    Path out;
    const std::string_view whole = text;
    while (!text.empty()) {
        if (text.starts_with("[\"")) {
            const size_t end = text.find("\"]", 2);
            if (end == std::string_view::npos) {
                return make_error(Reason::invalid, "unterminated name in path ", quote(whole));
            }
            out.push(text.substr(2, end - 2));
            text.remove_prefix(end + 2);
        } else if (text.starts_with('[')) {
            const size_t end = text.find(']');
            const auto index =
                end == std::string_view::npos ? std::nullopt : parse_uint(text.substr(1, end - 1));
            if (!index) {
                return make_error(Reason::invalid, "bad index in path ", quote(whole));
            }
            out.push(static_cast<size_t>(*index));
            text.remove_prefix(end + 1);
        } else {
            if (text.starts_with('.')) {
                text.remove_prefix(1);
            }
            const std::string_view name = text.substr(0, text.find_first_of(".["));
            if (name.empty()) {
                return make_error(Reason::invalid, "empty name in path ", quote(whole));
            }
            out.push(name);
            text.remove_prefix(name.size());
        }
    }
    return out;
}

const Value* Path::find_in(const Value& root) const {
    const Value* at = &root;
    for (const PathStep& step : steps_) {
        if (const auto* index = std::get_if<size_t>(&step)) {
            if (!at->is_list() || *index >= at->size()) {
                return nullptr;
            }
            at = &at->at(*index);
        } else {
            at = at->find(std::get<std::string>(step));
            if (at == nullptr) {
                return nullptr;
            }
        }
    }
    return at;
}

Status Path::set_in(Value& root, Value value) const {
    Value* at = &root;
    for (const PathStep& step : steps_) {
        if (const auto* index = std::get_if<size_t>(&step)) {
            if (at->is_null()) {
                *at = Value::list();
            }
            if (!at->is_list() || *index > at->size()) {
                return make_error(Reason::invalid, "no place for ", text());
            }
            if (*index == at->size()) {
                at->push_back(Value());
            }
            at = &at->mutable_item(*index);
        } else {
            if (!at->is_map() && !at->is_null()) {
                return make_error(Reason::invalid, "no place for ", text());
            }
            at = &at->mutable_member(std::get<std::string>(step));
        }
    }
    *at = std::move(value);
    return {};
}

}  // namespace weft
