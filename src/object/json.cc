// object/json.cc: the front door of JSON reading; its fast path over simdjson.
//
// simdjson's DOM is used and not its on-demand interface: it has checked the whole text before we
// build anything, and it knows how many members a container has.

#include "object/json.h"

#include <array>
#include <cstring>
#include <memory>
#include <simdjson.h>
#include <span>

#include "object/internal/json_exact.h"
#include "object/limits.h"

namespace weft {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// The names of members, met again and again in a list of objects: names too long to lie inside a
// Value are made once and shared. A later name with the same slot takes it over. Kept by each
// thread: 256 names of at most 62 bytes.
class Names {
public:
    Value get(std::string_view name) {
        if (name.size() <= inline_max || name.size() > kept_max) {
            return Value(name);
        }
        uint64_t head = 0;
        uint64_t tail = 0;
        std::memcpy(&head, name.data(), sizeof head);
        std::memcpy(&tail, name.data() + name.size() - sizeof tail, sizeof tail);
        const uint64_t mixed = (head ^ tail * 0x9E3779B97F4A7C15ULL) + name.size();
        Value& slot = slots_[(mixed * 0xE7037ED1A0B428DBULL) >> 56];
        if (!slot.is_string() || slot.as_string() != name) {
            slot = Value(name);
        }
        return slot;
    }

private:
    static constexpr size_t inline_max = 14;
    static constexpr size_t kept_max = 62;
    std::array<Value, 256> slots_;
};

Names& kept_names() {
    thread_local Names names;
    return names;
}

// Makes Values of what simdjson found. Items of all open lists share one stack.
class FastBuilder {
public:
    Value build(const element& from) {
        switch (from.type()) {
            case element_type::OBJECT:
                return build_map(from.get_object().value_unsafe());
            case element_type::ARRAY:
                return build_list(from.get_array().value_unsafe());
            case element_type::STRING:
                return Value(from.get_string().value_unsafe());
            case element_type::INT64:
                return Value(from.get_int64().value_unsafe());
            case element_type::UINT64:
                return Value(static_cast<double>(from.get_uint64().value_unsafe()));
            case element_type::DOUBLE:
                return Value(from.get_double().value_unsafe());
            case element_type::BOOL:
                return Value(from.get_bool().value_unsafe());
            case element_type::NULL_VALUE:
                break;
        }
        return {};
    }
    [[nodiscard]] bool has_duplicates() const { return has_duplicates_; }

private:
    Value build_list(const simdjson::dom::array& from) {
        const size_t first = items_.size();
        for (const element& item : from) {
            Value value = build(item);
            items_.push_back(std::move(value));
        }
        Value out = Value::list(std::span<Value>(items_).subspan(first));
        items_.resize(first);
        return out;
    }

    Value build_map(const simdjson::dom::object& from) {
        Value out = Value::map_with_capacity(from.size());
        for (auto member = from.begin(); member != from.end(); ++member) {
            Value value = build(member.value());
            has_duplicates_ |= !out.set_shared(names_.get(member.key()), std::move(value));
        }
        return out;
    }

    std::vector<Value> items_;
    Names& names_ = kept_names();
    bool has_duplicates_ = false;
};

// A parser that keeps its buffers for the next text of this thread, but not those of a large text.
class ThreadParser {
public:
    explicit ThreadParser(size_t size) {
        thread_local std::unique_ptr<simdjson::dom::parser> kept;
        if (size > json_kept_bytes_max) {
            own_ = make();
            parser_ = own_.get();
            return;
        }
        if (kept == nullptr) {
            kept = make();
        }
        parser_ = kept.get();
    }
    [[nodiscard]] simdjson::dom::parser& get() { return *parser_; }

private:
    static std::unique_ptr<simdjson::dom::parser> make() {
        auto parser = std::make_unique<simdjson::dom::parser>(json_bytes_max);
        // Tells the depth; the buffers grow with the first text.
        (void)parser->allocate(1, json_fast_depth_max);
        return parser;
    }

    std::unique_ptr<simdjson::dom::parser> own_;
    simdjson::dom::parser* parser_ = nullptr;
};

}  // namespace

internal::FastJson internal::parse_json_fast(std::string_view text, const JsonOptions& options,
                                             Value& out) {
    ThreadParser parser(text.size());
    element root;
    // simdjson copies the text, and an empty one may have no address.
    const char* bytes = text.empty() ? "" : text.data();
    if (parser.get().parse(bytes, text.size()).get(root) != simdjson::SUCCESS) {
        return FastJson::refused;
    }
    FastBuilder builder;
    out = builder.build(root);
    if (options.members != nullptr) {
        return FastJson::refused;
    }
    const bool ask =
        options.refuse_duplicates || options.merge_duplicates || options.duplicates != nullptr;
    return ask && builder.has_duplicates() ? FastJson::refused : FastJson::done;
}

Result<Value> parse_json(std::string_view text, const JsonOptions& options) {
    if (text.size() > json_bytes_max) {
        return make_error(Reason::request_entity_too_large, "JSON of ", text.size(),
                          " bytes is larger than the limit of ", json_bytes_max, " bytes");
    }
    Value value;
    if (internal::parse_json_fast(text, options, value) == internal::FastJson::done) {
        return value;
    }
    return internal::parse_json_exactly(text, options);
}

}  // namespace weft
