// object/yaml.cc: from the events of libyaml to Values with places.
//
// Behaviour: sigs.k8s.io/yaml v1.4 over its goyaml.v2 in strict mode. Aliases share the Value of
// their anchor, so a bomb of aliases costs no memory here; it is refused all the same, because
// whoever writes the value out would pay.

#include "object/yaml.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <span>

#include "object/internal/yaml_events.h"
#include "object/internal/yaml_problem.h"
#include "object/internal/yaml_scalar.h"
#include "object/limits.h"

namespace weft {

namespace {

constexpr uint32_t nowhere = std::numeric_limits<uint32_t>::max();

class YamlReader {
public:
    YamlReader(std::string_view text, const YamlOptions& options)
        : text_(text), options_(options), events_(text), marks_(text, options.first_line) {}

    Result<std::vector<YamlDocument>> run() {
        while (true) {
            if (!events_.next()) {
                return parser_error();
            }
            const yaml_event_t& event = events_.event();
            point_ = marks_.locate(event.start_mark);
            flow_work_ += flow_depth_;
            flow_work_ -= std::min(flow_work_, yaml_flow_depth_mean);
            if (flow_work_ > yaml_flow_work_max) {
                return error_at(point_, "nested too deeply for its size",
                                "write the outer levels in block style or take levels out");
            }
            switch (event.type) {
                case YAML_DOCUMENT_START_EVENT:
                    begin_document();
                    break;
                case YAML_DOCUMENT_END_EVENT:
                    end_document();
                    break;
                case YAML_SCALAR_EVENT:
                    TRY(on_scalar());
                    break;
                case YAML_ALIAS_EVENT:
                    TRY(on_alias());
                    break;
                case YAML_SEQUENCE_START_EVENT:
                    TRY(open(false, event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                             internal::to_view(event.data.sequence_start.anchor)));
                    break;
                case YAML_MAPPING_START_EVENT:
                    TRY(open(true, event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                             internal::to_view(event.data.mapping_start.anchor)));
                    break;
                case YAML_SEQUENCE_END_EVENT:
                case YAML_MAPPING_END_EVENT:
                    TRY(close());
                    break;
                case YAML_STREAM_END_EVENT:
                    return std::move(documents_);
                default:
                    break;
            }
        }
    }

private:
    using Point = internal::YamlMarks::Point;

    // A complete node: its value, and what it weighs with all aliases in it.
    struct Done {
        Value value;
        size_t nodes = 1;
        size_t height = 0;  // nesting below it: 0 for a scalar
    };
    struct Anchor {
        Done done;
        bool is_open = false;  // its node is still being read
    };
    // A map or list that is still open. Items of lists wait in items_.
    struct Frame {
        bool is_map = false;
        bool is_flow = false;
        bool has_key = false;
        bool is_merge = false;  // the key is <<
        uint32_t node = 0;
        uint32_t position = 0;  // of the key among the members
        Point key_point;
        std::string key;
        std::string anchor;
        Value map;
        size_t first_item = 0;
        size_t nodes = 1;
        size_t height = 0;
        std::vector<bool> merged;  // positions that only a merge has set
    };

    // --- Errors ---

    [[nodiscard]] Place place_at(const Point& point) const {
        return {options_.file, static_cast<int>(point.line), static_cast<int>(point.column)};
    }
    [[nodiscard]] Error error_at(const Point& point, std::string_view what,
                                 std::string_view cure) const {
        if (options_.go_texts) {
            return make_error(Reason::bad_request, "yaml: ", what);
        }
        return make_error(Reason::bad_request, to_text(place_at(point)), ": ", what, "; ", cure);
    }
    // go-yaml counts lines from 0, and one more where its scanner stopped; line 0 it does not name.
    Error go_parser_error(const yaml_parser_t& parser, std::string_view problem) const {
        const size_t context_line = parser.context == nullptr ? 0 : parser.context_mark.line;
        size_t line = context_line != 0 ? context_line : parser.problem_mark.line;
        if (line != 0 && parser.error == YAML_SCANNER_ERROR) {
            ++line;
        }
        return make_error(Reason::bad_request,
                          line == 0 ? std::string("yaml: ") : cat("yaml: line ", line, ": "),
                          problem);
    }
    Error parser_error() {
        const yaml_parser_t& parser = events_.parser();
        if (parser.error == YAML_MEMORY_ERROR) {
            return error_at({options_.first_line, 1, 0}, "the document is too large", "split it");
        }
        const std::string_view problem =
            parser.problem == nullptr ? "not YAML" : std::string_view(parser.problem);
        if (options_.go_texts) {
            return go_parser_error(parser, problem);
        }
        const std::string_view context =
            parser.context == nullptr ? "" : std::string_view(parser.context);
        Point point;
        if (parser.error == YAML_READER_ERROR) {
            point = locate_byte(parser.problem_offset);
        } else {
            point = marks_.locate(parser.problem_mark);
        }
        // A quote that was forgotten ends at the next one, and what stands there makes no sense.
        if (long_quote_.end > 0 && long_quote_.end == point.line) {
            return error_at(long_quote_.start,
                            cat("this quoted text goes on to line ", long_quote_.end,
                                ", and something else follows it there"),
                            "close the quote where the text ends");
        }
        const internal::YamlProblem said =
            internal::explain_yaml_problem(problem, context, text_.substr(point.offset));
        if (said.at_context && parser.context != nullptr) {
            point = marks_.locate(parser.context_mark);
        }
        return error_at(point, said.what, said.cure);
    }
    [[nodiscard]] Point locate_byte(size_t offset) const {
        const std::string_view before = text_.substr(0, std::min(offset, text_.size()));
        const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        return {static_cast<uint32_t>(std::ranges::count(before, '\n')) + options_.first_line,
                static_cast<uint32_t>(before.size() - line_start + 1), before.size()};
    }

    // --- Documents ---

    void begin_document() {
        document_ = YamlDocument();
        anchors_.clear();
        alias_nodes_ = 0;
        is_empty_ = true;
    }
    void end_document() {
        if (!is_empty_) {
            documents_.push_back(std::move(document_));
        }
    }

    // --- Nodes ---

    uint32_t add_node() {
        const auto index = static_cast<uint32_t>(document_.nodes.size());
        YamlDocument::Node node{index, point_.line, point_.column, point_.line, point_.column, 0};
        if (frames_.empty()) {
            document_.start = place_at(point_);
        } else {
            const Frame& frame = frames_.back();
            node.parent = frame.node;
            if (frame.is_map) {
                node.line = frame.key_point.line;
                node.column = frame.key_point.column;
                node.position = frame.is_merge ? nowhere : frame.position;
            } else {
                node.position = static_cast<uint32_t>(items_.size() - frame.first_item);
            }
        }
        document_.nodes.push_back(node);
        return index;
    }

    [[nodiscard]] bool expects_key() const {
        return !frames_.empty() && frames_.back().is_map && !frames_.back().has_key;
    }

    Status open(bool is_map, bool is_flow, std::string_view anchor) {
        is_empty_ = false;
        if (expects_key()) {
            return error_at(point_, cat("a ", is_map ? "map" : "list", " cannot be a key"),
                            "keys are texts; quote a text that begins with [ or {");
        }
        if (frames_.size() >= yaml_depth_max) {
            return too_deep();
        }
        Frame frame;
        frame.is_map = is_map;
        frame.is_flow = is_flow;
        flow_depth_ += is_flow ? 1 : 0;
        frame.node = add_node();
        frame.first_item = items_.size();
        frame.anchor = anchor;
        if (is_map) {
            frame.map = Value::map();
        }
        if (!anchor.empty()) {
            anchors_[frame.anchor] = {.done = {}, .is_open = true};
        }
        frames_.push_back(std::move(frame));
        return {};
    }
    [[nodiscard]] Error too_deep() const {
        return error_at(point_, cat("nested deeper than ", yaml_depth_max, " levels"),
                        "take levels out");
    }

    Status close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        flow_depth_ -= frame.is_flow ? 1 : 0;
        Done done;
        done.nodes = frame.nodes;
        done.height = frame.height + 1;
        if (frame.is_map) {
            done.value = std::move(frame.map);
        } else {
            done.value = Value::list(std::span<Value>(items_).subspan(frame.first_item));
            items_.resize(frame.first_item);
        }
        if (!frame.anchor.empty()) {
            anchors_[frame.anchor] = {.done = done, .is_open = false};
        }
        return add(std::move(done), false);
    }

    Status on_scalar() {
        const yaml_event_t& event = events_.event();
        const auto& scalar = event.data.scalar;
        const bool is_quoted = scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                               scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
        if (is_quoted && event.end_mark.line > event.start_mark.line) {
            long_quote_ = {point_,
                           static_cast<uint32_t>(event.end_mark.line) + options_.first_line};
        }
        const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
        const std::string_view tag = internal::to_view(scalar.tag);
        const std::string_view anchor = internal::to_view(scalar.anchor);
        // An empty plain scalar at the root is what libyaml makes of a document without content.
        if (!frames_.empty() || !text.empty() || !tag.empty() || scalar.plain_implicit == 0) {
            is_empty_ = false;
        }
        std::string decoded;
        internal::YamlScalar resolved =
            TRY(resolve(text, tag, scalar.plain_implicit != 0, decoded));
        if (expects_key()) {
            const bool is_merge =
                text == "<<" && (scalar.plain_implicit != 0 || tag == "tag:yaml.org,2002:merge");
            if (!anchor.empty()) {
                anchors_[std::string(anchor)] = {.done = {resolved.to_value()}, .is_open = false};
            }
            return set_key(resolved, is_merge);
        }
        if (!resolved.is_finite()) {
            return error_at(point_, cat(text, " cannot be written in JSON"),
                            "quote it if a text is meant");
        }
        add_node();
        Done done{resolved.to_value()};
        if (!anchor.empty()) {
            anchors_[std::string(anchor)] = {.done = done, .is_open = false};
        }
        return add(std::move(done), false);
    }

    // What go-yaml makes of a scalar with this tag. `decoded` keeps what !!binary holds.
    Result<internal::YamlScalar> resolve(std::string_view text, std::string_view tag, bool is_plain,
                                         std::string& decoded) {
        internal::YamlScalar as_text{.kind = internal::YamlScalar::Kind::string, .text = text};
        if (tag.empty()) {
            return is_plain ? internal::resolve_yaml_scalar(text) : as_text;
        }
        constexpr std::string_view prefix = "tag:yaml.org,2002:";
        const std::string_view name =
            tag.starts_with(prefix) ? tag.substr(prefix.size()) : std::string_view();
        if (name == "binary") {
            std::optional<std::string> bytes = base64_decode(text);
            if (!bytes) {
                return error_at(point_, "!!binary value contains invalid base64 data",
                                "write base64 with its padding");
            }
            // Go writes it as JSON, where what is not UTF-8 is replaced.
            for (size_t i = 0; i < bytes->size();) {
                append_utf8(decoded, next_code_point(*bytes, i));
            }
            as_text.text = decoded;
            return as_text;
        }
        if (name != "bool" && name != "int" && name != "float" && name != "null") {
            return as_text;
        }
        internal::YamlScalar resolved = internal::resolve_yaml_scalar(text);
        const bool is_wider = name == "float" && resolved.tag() == "!!int";
        if (resolved.tag().substr(2) != name && !is_wider) {
            return error_at(point_,
                            cat("cannot decode ", resolved.tag(), " `", text, "` as a !!", name),
                            "take the tag out or change the value");
        }
        return resolved;
    }

    Status on_alias() {
        is_empty_ = false;
        const std::string name(internal::to_view(events_.event().data.alias.anchor));
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) {
            return error_at(
                point_, cat("unknown anchor '", name, "' referenced"),
                cat("define &", name, " before it, or quote a text that begins with *"));
        }
        if (found->second.is_open) {
            return error_at(point_, cat("anchor '", name, "' value contains itself"),
                            "name another anchor");
        }
        const Done& done = found->second.done;
        alias_nodes_ += done.nodes;
        if (alias_nodes_ > yaml_alias_nodes_max) {
            return error_at(point_, "document contains excessive aliasing",
                            cat("aliases may add ", yaml_alias_nodes_max,
                                " values at most; write some of them out"));
        }
        if (frames_.size() + done.height > yaml_depth_max) {
            return too_deep();
        }
        if (expects_key()) {
            if (done.value.is_map() || done.value.is_list()) {
                return error_at(point_, "a map or list cannot be a key", "keys are texts");
            }
            return set_key(to_scalar(done.value), false);
        }
        add_node();
        return add(done, true);
    }
    static internal::YamlScalar to_scalar(const Value& value) {
        using Kind = internal::YamlScalar::Kind;
        internal::YamlScalar out;
        if (value.is_string()) {
            out.kind = Kind::string;
            out.text = value.as_string();
        } else if (value.is_bool()) {
            out.kind = Kind::boolean;
            out.boolean = value.as_bool();
        } else if (value.is_int()) {
            out.kind = Kind::integer;
            out.integer = value.as_int();
        } else if (value.is_double()) {
            out.kind = Kind::number;
            out.number = value.as_double();
        }
        return out;
    }

    // --- Filling containers ---

    Status set_key(const internal::YamlScalar& resolved, bool is_merge) {
        Frame& frame = frames_.back();
        frame.has_key = true;
        frame.is_merge = is_merge;
        frame.key_point = point_;
        if (is_merge) {
            return {};
        }
        if (resolved.kind == internal::YamlScalar::Kind::null) {
            return error_at(point_, "null cannot be a key", "quote it if a text is meant");
        }
        frame.key = resolved.to_key();
        frame.position = position_of(frame.map, frame.key);
        if (frame.position < frame.map.size() && !is_merged(frame, frame.position)) {
            if (options_.duplicates != nullptr) {
                options_.duplicates->push_back(
                    cat("line ", point_.line, ": key ", quote(frame.key), " already set in map"));
                return {};
            }
            const auto first = std::ranges::find_if(document_.nodes, [&](const auto& node) {
                return node.parent == frame.node && node.position == frame.position &&
                       &node != &document_.nodes[frame.node];
            });
            return error_at(
                point_, cat("key ", quote(frame.key), " already set in map"),
                first == document_.nodes.end()
                    ? std::string("remove one of the two")
                    : cat("it stands in line ", first->line, " already: remove one of the two"));
        }
        return {};
    }
    static uint32_t position_of(const Value& map, std::string_view key) {
        const Value* found = map.find(key);
        if (found == nullptr) {
            return static_cast<uint32_t>(map.size());
        }
        // `found` lies inside a Member of the map's array.
        const auto* first = reinterpret_cast<const char*>(&map.members().front().value);
        const auto distance = reinterpret_cast<const char*>(found) - first;
        return static_cast<uint32_t>(static_cast<size_t>(distance) / sizeof(Member));
    }
    static bool is_merged(const Frame& frame, size_t position) {
        return position < frame.merged.size() && frame.merged[position];
    }

    // Hands a complete node to its container.
    Status add(Done done, bool is_alias) {
        if (frames_.empty()) {
            document_.value = std::move(done.value);
            return {};
        }
        Frame& frame = frames_.back();
        frame.nodes += done.nodes;
        if (!frame.is_map) {
            frame.height = std::max(frame.height, done.height);
            items_.push_back(std::move(done.value));
            return {};
        }
        frame.has_key = false;
        if (frame.is_merge) {
            frame.height = std::max(frame.height, done.height);
            return merge(frame, done.value, is_alias);
        }
        frame.height = std::max(frame.height, done.height);
        if (is_merged(frame, frame.position)) {
            frame.merged[frame.position] = false;
        }
        frame.map.set(frame.key, std::move(done.value));
        return {};
    }

    // go-yaml works through a map in order: a merge replaces what stands before it and is replaced
    // by what stands after it. Of several maps in a list the earlier wins.
    Status merge(Frame& frame, const Value& value, bool is_alias) {
        if (value.is_map()) {
            return merge_map(frame, value);
        }
        const auto is_map = [](const Value& item) { return item.is_map(); };
        if (is_alias || !value.is_list() || !std::ranges::all_of(value.items(), is_map)) {
            return error_at(frame.key_point,
                            "map merge requires map or sequence of maps as the value",
                            "write \"<<: *name\" or \"<<: [*one, *two]\"");
        }
        for (size_t i = value.size(); i > 0; --i) {
            TRY(merge_map(frame, value.at(i - 1)));
        }
        return {};
    }
    Status merge_map(Frame& frame, const Value& from) {
        for (const Member& member : from.members()) {
            const uint32_t position = position_of(frame.map, member.name());
            if (position == frame.map.size()) {
                frame.merged.resize(position + 1, false);
                frame.merged[position] = true;
            }
            document_.nodes.push_back({frame.node, frame.key_point.line, frame.key_point.column,
                                       frame.key_point.line, frame.key_point.column, position});
            frame.map.set_shared(member.key, member.value);
        }
        return {};
    }

    std::string_view text_;
    const YamlOptions& options_;
    internal::YamlEvents events_;
    internal::YamlMarks marks_;
    Point point_;  // of the newest event
    // The newest quoted text of several lines: where it begins, and the line in which it ends.
    struct LongQuote {
        Point start;
        uint32_t end = 0;
    };
    LongQuote long_quote_;
    std::vector<YamlDocument> documents_;
    YamlDocument document_;
    bool is_empty_ = true;
    std::vector<Frame> frames_;
    std::vector<Value> items_;
    std::map<std::string, Anchor, std::less<>> anchors_;
    size_t alias_nodes_ = 0;
    size_t flow_depth_ = 0;
    size_t flow_work_ = 0;
};

}  // namespace

Place YamlDocument::find_place(const Path& path, bool of_value) const {
    Place place = start;
    const Value* at = &value;
    uint32_t node = 0;
    for (const PathStep& step : path.steps()) {
        uint32_t position = nowhere;
        if (const auto* index = std::get_if<size_t>(&step)) {
            if (!at->is_list() || *index >= at->size()) {
                return place;
            }
            position = static_cast<uint32_t>(*index);
            at = &at->at(*index);
        } else {
            const std::string& name = std::get<std::string>(step);
            const auto members = at->members();
            const auto found = std::ranges::find_if(
                members, [&](const Member& member) { return member.name() == name; });
            if (found == members.end()) {
                return place;
            }
            position = static_cast<uint32_t>(found - members.begin());
            at = &found->value;
        }
        // The last one counts: what stands there now, if a merge and a key both set it.
        uint32_t next = 0;
        for (uint32_t i = node + 1; i < nodes.size(); ++i) {
            if (nodes[i].parent == node && nodes[i].position == position) {
                next = i;
            }
        }
        if (next == 0) {
            return place;  // inside an alias: it stands where the alias stands
        }
        node = next;
        place.line = static_cast<int>(nodes[node].line);
        place.column = static_cast<int>(nodes[node].column);
    }
    if (of_value && !nodes.empty()) {
        place.line = static_cast<int>(nodes[node].value_line);
        place.column = static_cast<int>(nodes[node].value_column);
    }
    return place;
}

Result<std::vector<YamlDocument>> parse_yaml(std::string_view text, const YamlOptions& options) {
    if (text.size() > yaml_bytes_max) {
        return make_error(Reason::request_entity_too_large, "YAML of ", text.size(),
                          " bytes is larger than the limit of ", yaml_bytes_max, " bytes");
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    return YamlReader(text, options).run();
}

Result<Value> parse_yaml_value(std::string_view text, const YamlOptions& options) {
    std::vector<YamlDocument> documents = TRY(parse_yaml(text, options));
    if (documents.empty()) {
        return Value();
    }
    if (documents.size() > 1) {
        return make_error(Reason::bad_request, to_text(documents[1].start),
                          ": one document was expected, this is the second; put it in a file of "
                          "its own");
    }
    return std::move(documents[0].value);
}

}  // namespace weft
