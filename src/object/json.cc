// object/json.cc: the front door of JSON reading; its fast path over simdjson.
//
// simdjson's DOM is used and not its on-demand interface: it has checked the whole text before we
// build anything, and it knows how many members a container has.

#include "object/json.h"

#include <memory>
#include <simdjson.h>
#include <span>

#include "object/internal/json_exact.h"
#include "object/limits.h"

namespace weft {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

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
        size_t count = 0;
        for (auto member = from.begin(); member != from.end(); ++member) {
            Value value = build(member.value());
            out.mutable_member(member.key()) = std::move(value);
            ++count;
        }
        has_duplicates_ |= out.size() != count;
        return out;
    }

    std::vector<Value> items_;
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
    if (parser.get().parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
        return FastJson::refused;
    }
    FastBuilder builder;
    out = builder.build(root);
    const bool ask = options.refuse_duplicates || options.duplicates != nullptr;
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
