// tests/fuzz/cel_grammar.h: expressions made from bytes by CEL's grammar and the functions there
// are.
//
// Random text rarely parses and hardly ever checks. Here every choice of a production is a byte, so
// that a fuzzer that changes bytes changes expressions. Most parts are made for the type that is
// wanted, by the signatures of the libraries; some are not, so that errors occur, too.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"
#include "cel/library/profiles.h"

namespace weft::fuzz {

class Grammar {
public:
    explicit Grammar(cel::Profile profile) {
        for (const cel::Library& library : cel::libraries_of(profile)) {
            for (const cel::Library::Function& function : library.functions()) {
                for (const cel::Overload& overload : function.overloads) {
                    add(function.name, overload.signature);
                }
            }
        }
    }

    // The expression that the bytes choose.
    [[nodiscard]] std::string expression(const uint8_t* data, size_t size) const {
        Choices choices{data, size};
        std::vector<std::string> locals;
        return any(choices, 0, locals);
    }

private:
    static constexpr int depth_max = 7;
    static constexpr size_t text_max = 4000;

    struct Choices {
        const uint8_t* data;
        size_t size;
        size_t made = 0;  // characters so far, so that nothing grows without end

        size_t pick(size_t count) {
            if (size == 0 || count == 0) {
                return 0;
            }
            --size;
            return *data++ % count;
        }
        [[nodiscard]] bool is_spent() const { return size == 0 || made > text_max; }
    };

    struct Call {
        std::string function;
        bool is_member = false;
        std::vector<std::string> parameters;  // heads of types, receiver first
    };

    // "list(int)" is "list"; type parameters and dyn are "".
    static std::string head_of(std::string_view type) {
        const std::string_view head = trim(type.substr(0, type.find('(')));
        const bool is_parameter = head.size() == 1 && head[0] >= 'A' && head[0] <= 'Z';
        return is_parameter || head == "dyn" || head == "any" ? std::string() : std::string(head);
    }

    void add(std::string_view function, std::string_view signature) {
        if (function.contains('@') || function.contains('_') || function == "!_") {
            return;  // operators are productions of their own
        }
        Call call{.function = std::string(function)};
        const size_t arrow = signature.rfind(" -> ");
        std::string_view parameters = signature.substr(0, arrow);
        if (const size_t target = parameters.find(".("); target != std::string_view::npos) {
            call.is_member = true;
            call.parameters.push_back(head_of(parameters.substr(0, target)));
            parameters = parameters.substr(target + 1);
        }
        parameters = parameters.substr(1, parameters.size() - 2);
        int depth = 0;
        size_t start = 0;
        for (size_t i = 0; i <= parameters.size(); ++i) {
            const char c = i < parameters.size() ? parameters[i] : ',';
            depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
            if (c == ',' && depth == 0) {
                if (i > start) {
                    call.parameters.push_back(head_of(parameters.substr(start, i - start)));
                }
                start = i + 1;
            }
        }
        const std::string result = head_of(signature.substr(arrow + 4));
        calls_[result].push_back(call);
        all_.push_back(std::move(call));
    }

    using Locals = std::vector<std::string>;

    std::string any(Choices& choices, int depth, Locals& locals) const {
        static constexpr std::string_view types[] = {
            "bool", "int",   "string",   "list",      "map",           "double",
            "uint", "bytes", "duration", "timestamp", "optional_type", ""};
        return typed(std::string(types[choices.pick(std::size(types))]), choices, depth, locals);
    }

    std::string counted(Choices& choices, std::string text) const {
        choices.made += text.size();
        return text;
    }

    std::string typed(const std::string& type, Choices& choices, int depth, Locals& locals) const {
        if (depth >= depth_max || choices.is_spent()) {
            return counted(choices, leaf(type, choices, locals));
        }
        switch (choices.pick(12)) {
            case 0:
                return any(choices, depth + 1, locals);
            case 1:
            case 2:
                return counted(choices, leaf(type, choices, locals));
            case 3:
            case 4:
            case 5:
                return call_of(type, choices, depth, locals);
            case 6:
                return cat("(", typed("bool", choices, depth + 1, locals), " ? ",
                           typed(type, choices, depth + 1, locals), " : ",
                           typed(type, choices, depth + 1, locals), ")");
            case 7:
                return part(choices, depth, locals);
            default:
                return operation(type, choices, depth, locals);
        }
    }

    // A field, an index, or one of their optional forms.
    std::string part(Choices& choices, int depth, Locals& locals) const {
        static constexpr std::string_view fields[] = {"a", "b", "s", "l", "spec", "name", "zz"};
        const std::string operand = operand_of(any(choices, depth + 1, locals));
        const std::string_view field = fields[choices.pick(std::size(fields))];
        switch (choices.pick(5)) {
            case 0:
                return cat(operand, ".", field);
            case 1:
                return cat(operand, ".?", field);
            case 2:
                return cat(operand, "[", any(choices, depth + 1, locals), "]");
            case 3:
                return cat(operand, "[?", any(choices, depth + 1, locals), "]");
            default:
                return cat("has(", operand, ".", field, ")");
        }
    }

    static std::string operand_of(const std::string& text) { return cat("(", text, ")"); }

    std::string call_of(const std::string& type, Choices& choices, int depth,
                        Locals& locals) const {
        const auto found = calls_.find(type);
        const std::vector<Call>& calls =
            found == calls_.end() || choices.pick(8) == 0 ? all_ : found->second;
        const Call& call = calls[(choices.pick(256) * 256 + choices.pick(256)) % calls.size()];
        std::string out;
        size_t first = 0;
        if (call.is_member) {
            out = cat(operand_of(typed(call.parameters[0], choices, depth + 1, locals)), ".");
            first = 1;
        }
        append(out, call.function, "(");
        for (size_t i = first; i < call.parameters.size(); ++i) {
            append(out, i == first ? "" : ", ",
                   typed(call.parameters[i], choices, depth + 1, locals));
        }
        return out + ")";
    }

    std::string operation(const std::string& type, Choices& choices, int depth,
                          Locals& locals) const {
        const auto inner = [&](const std::string& wanted) {
            return typed(wanted, choices, depth + 1, locals);
        };
        if (type == "bool") {
            static constexpr std::string_view comparisons[] = {"==", "!=", "<", "<=", ">", ">="};
            switch (choices.pick(6)) {
                case 0:
                    return cat("(", inner("bool"), " && ", inner("bool"), ")");
                case 1:
                    return cat("(", inner("bool"), " || ", inner("bool"), ")");
                case 2:
                    return cat("!(", inner("bool"), ")");
                case 3:
                    return cat("(", any(choices, depth + 1, locals), " in ",
                               inner(choices.pick(2) == 0 ? "list" : "map"), ")");
                case 4:
                    return quantifier(choices, depth, locals);
                default: {
                    static constexpr std::string_view compared[] = {"int",  "string", "double",
                                                                    "list", "map",    ""};
                    const std::string of(compared[choices.pick(std::size(compared))]);
                    return cat("(", inner(of), " ",
                               comparisons[choices.pick(std::size(comparisons))], " ", inner(of),
                               ")");
                }
            }
        }
        if (type == "int" || type == "uint" || type == "double") {
            static constexpr std::string_view signs[] = {"+", "-", "*", "/", "%"};
            if (choices.pick(6) == 0) {
                return cat("-(", inner(type), ")");
            }
            return cat("(", inner(type), " ", signs[choices.pick(std::size(signs))], " ",
                       inner(type), ")");
        }
        if (type == "list") {
            return list_of(choices, depth, locals);
        }
        if (type == "map") {
            return map_of(choices, depth, locals);
        }
        if (type == "optional_type") {
            const std::string name = new_local(locals);
            const std::string target = operand_of(inner("optional_type"));
            locals.push_back(name);
            const std::string value = any(choices, depth + 1, locals);
            locals.pop_back();
            return choices.pick(2) == 0 ? cat(target, ".optMap(", name, ", ", value, ")")
                                        : cat("optional.of(", value_without(name, value), ")");
        }
        if (type == "string" || type == "bytes" || type == "duration") {
            return cat("(", inner(type), " + ", inner(type), ")");
        }
        const std::string name = new_local(locals);
        const std::string value = any(choices, depth + 1, locals);
        locals.push_back(name);
        const std::string result = any(choices, depth + 1, locals);
        locals.pop_back();
        return cat("cel.bind(", name, ", ", value, ", ", result, ")");
    }

    // A text that may use a local which does not exist here: it is bound to null.
    static std::string value_without(const std::string& name, const std::string& value) {
        return cat("cel.bind(", name, ", null, ", value, ")");
    }

    static std::string new_local(const Locals& locals) { return cat("v", locals.size()); }

    std::string looped(std::string_view macro, Choices& choices, int depth, Locals& locals,
                       const std::vector<std::string>& wanted, bool has_two) const {
        const std::string target =
            operand_of(typed(choices.pick(3) == 0 ? "map" : "list", choices, depth + 1, locals));
        std::string out = cat(target, ".", macro, "(");
        const size_t before = locals.size();
        for (int i = 0; i < (has_two ? 2 : 1); ++i) {
            append(out, i == 0 ? "" : ", ", new_local(locals));
            locals.push_back(new_local(locals));
        }
        for (const std::string& type : wanted) {
            append(out, ", ", typed(type, choices, depth + 1, locals));
        }
        locals.resize(before);
        return out + ")";
    }

    std::string quantifier(Choices& choices, int depth, Locals& locals) const {
        static constexpr std::string_view macros[] = {"all", "exists", "exists_one"};
        return looped(macros[choices.pick(3)], choices, depth, locals, {"bool"},
                      choices.pick(3) == 0);
    }

    std::string list_of(Choices& choices, int depth, Locals& locals) const {
        switch (choices.pick(7)) {
            case 0:
                return looped("map", choices, depth, locals, {""}, false);
            case 1:
                return looped("map", choices, depth, locals, {"bool", ""}, false);
            case 2:
                return looped("filter", choices, depth, locals, {"bool"}, false);
            case 3:
                return looped("transformList", choices, depth, locals, {""}, true);
            case 4:
                return cat("(", typed("list", choices, depth + 1, locals), " + ",
                           typed("list", choices, depth + 1, locals), ")");
            case 5:
                return looped("sortBy", choices, depth, locals, {"int"}, false);
            default: {
                std::string out = "[";
                const size_t count = choices.pick(4);
                for (size_t i = 0; i < count; ++i) {
                    const bool is_optional = choices.pick(8) == 0;
                    append(out, i == 0 ? "" : ", ", is_optional ? "?" : "",
                           typed(is_optional ? "optional_type" : "", choices, depth + 1, locals));
                }
                return out + "]";
            }
        }
    }

    std::string map_of(Choices& choices, int depth, Locals& locals) const {
        switch (choices.pick(4)) {
            case 0:
                return looped("transformMap", choices, depth, locals, {""}, true);
            case 1:
                return looped("transformMap", choices, depth, locals, {"bool", ""}, true);
            default: {
                std::string out = "{";
                const size_t count = choices.pick(4);
                for (size_t i = 0; i < count; ++i) {
                    const bool is_optional = choices.pick(8) == 0;
                    append(out, i == 0 ? "" : ", ", is_optional ? "?" : "",
                           typed("string", choices, depth + 1, locals), ": ",
                           typed(is_optional ? "optional_type" : "", choices, depth + 1, locals));
                }
                return out + "}";
            }
        }
    }

    std::string leaf(const std::string& type, Choices& choices, const Locals& locals) const {
        if (!locals.empty() && choices.pick(3) == 0) {
            return locals[choices.pick(locals.size())];
        }
        const auto one_of = [&](std::initializer_list<std::string_view> texts) {
            return std::string(texts.begin()[choices.pick(texts.size())]);
        };
        if (type == "bool") {
            return one_of({"true", "false", "o.t", "has(o.m.a)"});
        }
        if (type == "int") {
            return one_of({"0", "1", "-1", "2", "7", "x", "o.i", "9223372036854775807",
                           "-9223372036854775808", "0x1F", "web.spec.replicas"});
        }
        if (type == "uint") {
            return one_of({"0u", "1u", "18446744073709551615u", "0xFFu"});
        }
        if (type == "double") {
            return one_of({"0.0", "1.5", "-2.5", "1e300", ".5", "o.d", "(0.0/0.0)"});
        }
        if (type == "string") {
            return one_of({"''", "'a'", "'b-c'", "\"x\\ty\"", "r'\\d+'", "'''a'b'''", "'h\u00e9'",
                           "o.s", "web.metadata.name", "'10Mi'", "'1.2.3'", "'10.0.0.1'",
                           "'10.0.0.0/8'", "'1h30m'", "'2026-01-02T03:04:05Z'", "'%s %d'", "','"});
        }
        if (type == "bytes") {
            return one_of({"b''", "b'a\\xff'", "bytes('x')", "web.data.k"});
        }
        if (type == "list") {
            return one_of({"[]", "[1, 2]", "['a', 'b']", "o.l", "l", "web.spec.hosts",
                           "web.spec.ports", "[[1], [2]]", "[true]"});
        }
        if (type == "map") {
            return one_of(
                {"{}", "{'a': 1}", "{1: 'b'}", "o.m", "o", "web.spec", "{'a': {'b': 2}}"});
        }
        if (type == "optional_type") {
            return one_of({"optional.none()", "optional.of(1)", "o.?m", "o.?zz", "o.l[?0]"});
        }
        if (type == "duration") {
            return one_of({"duration('1s')", "duration('-1h')", "duration('0.5s')"});
        }
        if (type == "timestamp") {
            return one_of({"timestamp(0)", "timestamp('2026-01-02T03:04:05.5+02:00')",
                           "web.metadata.created"});
        }
        return one_of({"null", "1", "'a'", "o", "o.n", "type(1)", "int", "o.zz", "[1]", "web",
                       "dyn(1)", "nosuch"});
    }

    std::map<std::string, std::vector<Call>> calls_;
    std::vector<Call> all_;
};

}  // namespace weft::fuzz
