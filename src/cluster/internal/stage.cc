// cluster/internal/stage.cc: reading stages, and what they make of an object.

#include "cluster/stage.h"

#include <algorithm>

#include "base/base.h"
#include "cluster/internal/view.h"
#include "cluster/limits.h"

namespace weft::cluster {

namespace {

// The object, the moment as text, and kro's functions.
const cel::Environment& stage_environment() {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kro())
                                                    .extend()
                                                    .variable("object", "dyn")
                                                    .variable("now", "string")
                                                    .build();
    return environment;
}

Result<cel::Program> compile_stage_expression(std::string_view text, const std::string& path) {
    const auto ast = stage_environment().compile(text);
    if (!ast) {
        return make_error(Reason::bad_request, path, ": ", ast.error().message());
    }
    auto program = stage_environment().program(*ast);
    if (!program) {
        return make_error(Reason::bad_request, path, ": ", program.error().message());
    }
    return std::move(*program);
}

Result<Value> evaluate_stage(const cel::Program& program, const Object& object,
                             std::string_view now) {
    cel::Activation activation;
    activation.bind("object", object.value());
    activation.bind("now", cel::Value::string(now));
    return program.evaluate_native(activation);
}

// Where the expression that begins at `from` (behind "${") ends: at its closing brace, strings and
// inner braces passed over. npos if it does not end.
size_t end_of_expression(std::string_view text, size_t from) {
    int depth = 0;
    char quoted = '\0';
    for (size_t i = from; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted != '\0') {
            if (c == '\\') {
                ++i;
            } else if (c == quoted) {
                quoted = '\0';
            }
        } else if (c == '"' || c == '\'') {
            quoted = c;
        } else if (c == '{') {
            ++depth;
        } else if (c == '}' && depth-- == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

// "*" takes all, "*.suffix" what ends so, everything else itself.
bool takes(std::string_view pattern, std::string_view text) {
    if (pattern == "*") {
        return true;
    }
    return pattern.starts_with("*.") ? text.ends_with(pattern.substr(1)) : pattern == text;
}

std::optional<int64_t> parse_stage_delay(std::string_view text) {
    for (const auto& [suffix, unit] :
         {std::pair<std::string_view, int64_t>{"ms", io::millisecond},
          std::pair<std::string_view, int64_t>{"s", io::second},
          std::pair<std::string_view, int64_t>{"m", 60 * io::second}}) {
        if (text.ends_with(suffix)) {
            const auto number = parse_uint(text.substr(0, text.size() - suffix.size()));
            if (number && *number <= stage_delay_max / static_cast<uint64_t>(unit)) {
                return static_cast<int64_t>(*number) * unit;
            }
            return std::nullopt;
        }
    }
    return std::nullopt;
}

// --- fill ---

// A value that fits a schema and is always the same for one object and place.
Value made_up(const Value& schema, std::string_view name, const Object& object,
              std::string_view now, int depth) {
    const Value* choices = schema.find("enum");
    if (choices != nullptr && !choices->empty()) {
        return choices->at(0);
    }
    if (schema.find("x-kubernetes-int-or-string") != nullptr) {
        return Value(1);
    }
    const std::string_view type = schema.string_at("type");
    if (type == "object") {
        Value out = Value::map();
        const Value* properties = schema.find("properties");
        if (properties != nullptr && depth < stage_fill_depth_max) {
            for (const Member& property : properties->members()) {
                out.set(property.name(),
                        made_up(property.value, property.name(), object, now, depth + 1));
            }
        }
        return out;
    }
    if (type == "array") {
        const Value* items = schema.find("items");
        Value out = Value::list();
        if (items != nullptr && depth < stage_fill_depth_max) {
            out.push_back(made_up(*items, name, object, now, depth + 1));
        }
        return out;
    }
    if (type == "integer" || type == "number") {
        return Value(1);
    }
    if (type == "boolean") {
        return Value(true);
    }
    if (type != "string") {
        return Value::map();
    }
    if (schema.string_at("format") == "date-time") {
        return Value(object.value().string_at("metadata", "creationTimestamp"));
    }
    constexpr size_t digits = 12;
    return Value(
        cat(to_lower(name), "-", hex_encode(sha256(cat(object.uid(), name))).substr(0, digits)));
}

// `base` with what `over` says instead or besides.
void lay_over(Value& base, const Value& over) {
    for (const Member& member : over.members()) {
        Value& place = base.mutable_member(member.name());
        if (place.is_map() && member.value.is_map()) {
            lay_over(place, member.value);
        } else {
            place = member.value;
        }
    }
}

// Conditions by type: a time changes with the status only, and others stay.
Value merge_conditions(const Value* before, const Value& wanted, std::string_view now) {
    Value out = before != nullptr && before->is_list() ? *before : Value::list();
    for (const Value& condition : wanted.items()) {
        if (!condition.is_map()) {
            out.push_back(condition);  // For the server to refuse, in its words.
            continue;
        }
        size_t at = 0;
        while (at < out.size() && out.at(at).string_at("type") != condition.string_at("type")) {
            ++at;
        }
        Value renewed = condition;
        const bool is_same = at < out.size() &&
                             out.at(at).string_at("status") == condition.string_at("status") &&
                             !out.at(at).string_at("lastTransitionTime").empty();
        renewed.set("lastTransitionTime",
                    is_same ? out.at(at).string_at("lastTransitionTime") : now);
        if (at < out.size()) {
            out.mutable_item(at) = std::move(renewed);
        } else {
            out.push_back(std::move(renewed));
        }
    }
    return out;
}

}  // namespace

Result<StageTemplate> StageTemplate::parse_text(std::string_view text, const std::string& path) {
    StageTemplate out;
    out.kind_ = Value::Kind::string;
    while (!text.empty()) {
        const size_t start = text.find("${");
        if (start != 0) {
            out.pieces_.push_back({std::string(text.substr(0, start)), std::nullopt});
        }
        if (start == std::string_view::npos) {
            break;
        }
        const size_t end = end_of_expression(text, start + 2);
        if (end == std::string_view::npos) {
            return make_error(Reason::bad_request, path, ": ${ without its }");
        }
        out.pieces_.push_back(
            {"", TRY(compile_stage_expression(text.substr(start + 2, end - start - 2), path))});
        text = text.substr(end + 1);
    }
    return out;
}

Result<StageTemplate> StageTemplate::parse(const Value& value, const std::string& path) {
    if (value.is_string() && value.as_string().find("${") != std::string_view::npos) {
        return parse_text(value.as_string(), path);
    }
    StageTemplate out;
    out.kind_ = value.kind();
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            out.members_.emplace_back(member.name(),
                                      TRY(parse(member.value, cat(path, ".", member.name()))));
        }
    } else if (value.is_list()) {
        for (size_t i = 0; i < value.size(); ++i) {
            out.items_.push_back(TRY(parse(value.at(i), cat(path, "[", i, "]"))));
        }
    } else {
        out.literal_ = value;
    }
    return out;
}

Result<Value> StageTemplate::render(const Object& object, std::string_view now) const {
    if (kind_ == Value::Kind::map) {
        Value out = Value::map();
        for (const auto& [name, member] : members_) {
            out.set(name, TRY(member.render(object, now)));
        }
        return out;
    }
    if (kind_ == Value::Kind::list) {
        Value out = Value::list();
        for (const StageTemplate& item : items_) {
            out.push_back(TRY(item.render(object, now)));
        }
        return out;
    }
    if (pieces_.empty()) {
        return literal_;
    }
    if (pieces_.size() == 1) {
        return evaluate_stage(*pieces_[0].program, object, now);
    }
    std::string text;
    for (const Piece& piece : pieces_) {
        if (!piece.program) {
            text += piece.text;
            continue;
        }
        const Value value = TRY(evaluate_stage(*piece.program, object, now));
        text += value.is_string() ? std::string(value.as_string()) : to_json(value);
    }
    return Value(text);
}

Result<std::vector<Stage>> Stage::parse_all(std::string_view yaml, const std::string& file) {
    std::vector<Stage> out;
    for (const YamlDocument& document : TRY(parse_yaml(yaml, {.file = file}))) {
        if (document.value.is_null()) {
            continue;
        }
        const std::string name(document.value.string_at("metadata", "name"));
        const std::string where = cat(file, ": Stage ", quote(name));
        if (document.value.string_at("kind") != "Stage" ||
            document.value.string_at("apiVersion") != "weft.dev/v1alpha1") {
            return make_error(Reason::bad_request, file,
                              ": only documents of apiVersion weft.dev/v1alpha1 and kind Stage "
                              "belong here");
        }
        const Value* spec = document.value.find("spec");
        if (spec == nullptr || !spec->is_map()) {
            return make_error(Reason::bad_request, where, ": spec is missing");
        }
        static constexpr std::string_view known[] = {"selector", "when",   "delay",
                                                     "fill",     "status", "conditions"};
        for (const Member& member : spec->members()) {
            if (std::ranges::find(known, member.name()) == std::end(known)) {
                return make_error(Reason::bad_request, where, ": unknown field spec.",
                                  member.name());
            }
        }
        Stage stage;
        stage.name_ = name;
        const Value* selector = spec->find("selector");
        if (selector == nullptr || selector->string_at("group").empty()) {
            return make_error(Reason::bad_request, where, ": spec.selector.group is missing");
        }
        stage.group_ = selector->string_at("group");
        if (const std::string_view text = selector->string_at("version"); !text.empty()) {
            stage.version_ = text;
        }
        if (const std::string_view text = selector->string_at("kind"); !text.empty()) {
            stage.kind_ = text;
        }
        if (const Value* when = spec->find("when"); when != nullptr && when->is_string()) {
            stage.when_ =
                TRY(compile_stage_expression(when->as_string(), cat(where, ": spec.when")));
        }
        if (const Value* delay = spec->find("delay")) {
            stage.delay_ =
                delay->is_string() ? parse_stage_delay(delay->as_string()) : std::nullopt;
            if (!stage.delay_) {
                return make_error(Reason::bad_request, where,
                                  ": spec.delay is no time such as 500ms, 2s or 1m");
            }
        }
        stage.fills_ = is_true(spec->find("fill"));
        if (const Value* status = spec->find("status")) {
            stage.status_ = TRY(StageTemplate::parse(*status, cat(where, ": spec.status")));
        }
        if (const Value* conditions = spec->find("conditions")) {
            stage.conditions_ =
                TRY(StageTemplate::parse(*conditions, cat(where, ": spec.conditions")));
        }
        out.push_back(std::move(stage));
    }
    return out;
}

bool Stage::selects(const kube::Resource& resource) const {
    return takes(group_, resource.gvr.group) && takes(version_, resource.gvr.version) &&
           takes(kind_, resource.kind);
}

bool Stage::applies(const Object& object, std::string_view now) const {
    if (object.is_deleting()) {
        return false;
    }
    if (!when_) {
        return true;
    }
    const auto verdict = evaluate_stage(*when_, object, now);
    return verdict && *verdict == Value(true);
}

Result<Value> Stage::status_of(const Object& object, const Value& schema,
                               std::string_view now) const {
    const Value* before = object.value().find("status");
    Value status = Value::map();
    if (fills_) {
        if (const Value* properties = schema.find("properties", "status", "properties")) {
            for (const Member& property : properties->members()) {
                // Conditions say what is so; nothing may be made up about that.
                if (property.name() != "conditions") {
                    status.set(property.name(),
                               made_up(property.value, property.name(), object, now, 0));
                }
            }
        }
    }
    // What is there already stays: others may have written it, or read it.
    if (before != nullptr && before->is_map()) {
        lay_over(status, *before);
    }
    if (status_) {
        const Value wanted = TRY(status_->render(object, now));
        if (wanted.is_map()) {
            lay_over(status, wanted);
        }
    }
    if (conditions_) {
        const Value wanted = TRY(conditions_->render(object, now));
        status.set("conditions",
                   merge_conditions(before == nullptr ? nullptr : before->find("conditions"),
                                    wanted, now));
    }
    return status;
}

}  // namespace weft::cluster
