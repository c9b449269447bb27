// tests/conformance/strategies.cc: create and update of builtin objects: defaults, strategies and
// immutability, without a server. Rows that need validation beyond that are skipped.

#include <map>
#include <set>

#include "schema/builtin_defaults.h"
#include "schema/go_json.h"
#include "schema/strategy.h"
#include "tests/conformance/cases.h"

namespace weft {
namespace {

constexpr std::string_view uid = "11111111-2222-3333-4444-555555555555";
constexpr Time now{1'700'000'000, 0};

class Strategies {
public:
    Strategies() : types_(&builtin_), defaults_(&builtin_) {}

    const schema::BuiltinResource* find(std::string_view text) const {
        const auto parts = split(text, '/');
        return parts.size() == 2 ? builtin_.find_resource("", parts[0], parts[1])
                                 : builtin_.find_resource(parts[0], parts[1], parts[2]);
    }

    Result<Value> read(const schema::BuiltinResource& resource, const Value& in) {
        const std::string definition = definition_of(resource);
        Value value = TRY(types_.canonical(definition, in));
        defaults_.apply(definition, value, now);
        return types_.canonical(definition, value);
    }

    Result<Value> create(const schema::BuiltinResource& resource, const Value& in) {
        Value value = TRY(read(resource, in));
        schema::prepare_for_create(resource, value, uid, now);
        return read(resource, value);
    }

    const schema::Builtin& builtin() const { return builtin_; }

private:
    std::string definition_of(const schema::BuiltinResource& resource) {
        return builtin_
            .find_kind({std::string(resource.group), std::string(resource.version),
                        std::string(resource.kind)})
            ->definition;
    }

    const schema::Builtin& builtin_ = schema::Builtin::get();
    schema::GoTypes types_;
    schema::BuiltinDefaults defaults_;
};

// With the placeholders of what a server allocates resolved.
Value resolved(const Value& in) {
    if (in.is_list()) {
        Value out = Value::list();
        for (const Value& item : in.items()) {
            out.push_back(resolved(item));
        }
        return out;
    }
    if (in.is_map()) {
        Value out = Value::map();
        for (const Member& member : in.members()) {
            out.set(member.name(), resolved(member.value));
        }
        return out;
    }
    return in == Value("$now")         ? Value(format_rfc3339(now))
           : in == Value("$clusterIP") ? Value("10.96.0.10")
           : in == Value("$nodePort")  ? Value(30001)
                                       : in;
}

// Without what a server allocates.
Value comparable(const Value& in) {
    if (in.is_list()) {
        Value out = Value::list();
        for (const Value& item : in.items()) {
            out.push_back(comparable(item));
        }
        return out;
    }
    if (!in.is_map()) {
        return in;
    }
    static const std::set<std::string_view> allocated{
        "clusterIP", "clusterIPs",          "ipFamilies", "ipFamilyPolicy",
        "nodePort",  "healthCheckNodePort", "uid"};
    Value out = Value::map();
    for (const Member& member : in.members()) {
        if (!allocated.contains(member.name())) {
            out.set(member.name(), comparable(member.value));
        }
    }
    return out;
}

// Dotted path; below labels and annotations the rest is one key.
void change_at(Value& value, std::string_view path, const Value& what) {
    Value* at = &value;
    while (true) {
        const size_t dot = path.find('.');
        const std::string_view step = path.substr(0, dot);
        const bool is_last = dot == std::string_view::npos;
        const std::string_view rest = is_last ? std::string_view() : path.substr(dot + 1);
        if (at->is_list()) {
            const auto index = static_cast<size_t>(*parse_int(step));
            if (index == at->size()) {
                at->push_back(Value());
            }
            at = &at->mutable_item(index);
        } else if (is_last && what.is_null()) {
            at->erase(step);
            return;
        } else {
            at = &at->mutable_member(step);
        }
        if (is_last) {
            *at = what;
            return;
        }
        if (step == "labels" || step == "annotations") {
            what.is_null() ? static_cast<void>(at->erase(rest)) : at->set(rest, what);
            return;
        }
        path = rest;
    }
}

std::string update_row(Strategies& strategies, const schema::BuiltinResource& resource,
                       const Value& stored, const Value& row) {
    Value sent = stored;
    for (const Member& change : row.find("change")->members()) {
        change_at(sent, change.name(), change.value);
    }
    const Result<Value> old = strategies.read(resource, stored);
    Result<Value> object = strategies.read(resource, sent);
    if (!old || !object) {
        return cat("cannot read: ", (!old ? old.error() : object.error()).message());
    }
    // The case has no resourceVersion; a server gets one.
    Value before = *old;
    before.mutable_member("metadata").set("resourceVersion", Value("1"));
    object->mutable_member("metadata").set("resourceVersion", Value("1"));
    schema::prepare_for_update(resource, "", before, *object);
    const schema::FieldErrors errors =
        schema::validate_immutable(strategies.builtin(), resource, "", before, *object);

    const Value* causes = row.find("causes");
    if (row.int_at(0, "code") == 400) {
        return "skip: answered before the strategy";
    }
    std::vector<std::string> wanted;
    bool only_immutable = true;
    if (causes != nullptr) {
        for (const Value& cause : causes->items()) {
            std::string detail(cause.string_at("detail"));
            if (detail.ends_with("…")) {
                detail.resize(detail.size() - std::string_view("…").size());
            }
            std::string text =
                cat(cause.string_at("field"), " ", cause.string_at("reason"), " ", detail);
            const bool is_immutable =
                detail.find("immutable") != std::string::npos ||
                std::ranges::any_of(strategies.builtin().immutable().items(),
                                    [&](const Value& rule) {
                                        std::string_view known = rule.string_at("detail");
                                        return known.starts_with(detail) && !detail.empty();
                                    });
            only_immutable = only_immutable && is_immutable;
            if (is_immutable) {
                wanted.push_back(std::move(text));
            }
        }
    }
    std::vector<std::string> got;
    for (const schema::FieldError& error : errors) {
        // The facts leave out the difference that a few texts end with.
        const std::string_view detail = std::string_view(error.detail);
        got.push_back(cat(error.path, " ", schema::reason_text(error.type), " ",
                          detail.substr(0, detail.find('\n'))));
    }
    std::sort(wanted.begin(), wanted.end());
    std::sort(got.begin(), got.end());
    if (!only_immutable && wanted.empty()) {
        return "skip: needs validation";
    }
    if (wanted != got) {
        return cat("want [", join(wanted, " | "), "], got [", join(got, " | "), "]");
    }
    if (!only_immutable) {
        return "skip: needs validation";
    }
    if (const Value* generation = row.find("generation");
        generation != nullptr && causes == nullptr &&
        generation->as_int() != object->int_at(0, "metadata", "generation")) {
        return cat("generation: want ", generation->as_int(), ", got ",
                   object->int_at(0, "metadata", "generation"));
    }
    return {};
}

int run(const std::filesystem::path& folder) {
    Strategies strategies;
    std::map<std::string, std::pair<const schema::BuiltinResource*, Value>, std::less<>> stored;
    const Value creates = conformance::read_json(folder / "create.json");
    for (const Value& row : creates.find("cases")->items()) {
        const std::string name(row.string_at("name"));
        const schema::BuiltinResource* resource = strategies.find(row.string_at("resource"));
        const Value out = resolved(*row.find("out"));
        stored.emplace(name, std::pair(resource, out));
        Result<Value> created = strategies.create(*resource, *row.find("in"));
        if (!created) {
            conformance::fail(cat("create/", name), created.error().message());
            continue;
        }
        conformance::check_equal(cat("create/", name), comparable(out), comparable(*created));
    }
    const Value updates = conformance::read_json(folder / "update.json");
    size_t number = 0;
    for (const Value& row : updates.find("cases")->items()) {
        const auto& [resource, sample] = stored.find(row.string_at("sample"))->second;
        const std::string id = cat("update/", row.string_at("sample"), "/", number++);
        const std::string problem = update_row(strategies, *resource, sample, row);
        problem.empty()                 ? conformance::pass(id)
        : problem.starts_with("skip: ") ? conformance::skip(id, problem.substr(6))
                                        : conformance::fail(id, problem);
    }
    return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
    return weft::run(weft::conformance::cases_folder(argc, argv));
}
