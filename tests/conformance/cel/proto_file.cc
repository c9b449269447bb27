// tests/conformance/cel/proto_file.cc: reads the messages and enums of .proto files.

#include "tests/conformance/cel/proto_file.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace weft::conformance {

namespace {

constexpr std::array<std::string_view, 15> scalars{
    "double",  "float",   "int32",    "int64",    "uint32", "uint64", "sint32", "sint64",
    "fixed32", "fixed64", "sfixed32", "sfixed64", "bool",   "string", "bytes"};

std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> out;
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            ++at;
        } else if (text.substr(at, 2) == "//") {
            while (at < text.size() && text[at] != '\n') {
                ++at;
            }
        } else if (text.substr(at, 2) == "/*") {
            at = text.find("*/", at) + 2;
        } else if (c == '"') {
            const size_t end = text.find('"', at + 1);
            out.emplace_back(text.substr(at, end - at + 1));
            at = end + 1;
        } else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ||
                   c == '-') {
            const size_t begin = at;
            while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 ||
                                        text[at] == '_' || text[at] == '.' || text[at] == '-')) {
                ++at;
            }
            out.emplace_back(text.substr(begin, at - begin));
        } else {
            out.emplace_back(1, c);
            ++at;
        }
    }
    return out;
}

class ProtoReader {
public:
    ProtoReader(std::string_view text, ProtoFiles& out) : tokens_(tokens_of(text)), out_(out) {}

    void file() {
        while (at_ < tokens_.size()) {
            const std::string word = take();
            if (word == "syntax") {
                is_proto3_ = tokens_[at_ + 1] == "\"proto3\"";
                skip_statement();
            } else if (word == "package") {
                package_ = take();
                skip_statement();
            } else if (word == "message") {
                message(package_);
            } else if (word == "enum") {
                enumeration(package_);
            } else if (word == "extend") {
                extend(package_);
            } else {
                skip_statement();
            }
        }
    }

private:
    std::string take() { return at_ < tokens_.size() ? tokens_[at_++] : std::string(); }
    [[nodiscard]] bool next_is(std::string_view token) const {
        return at_ < tokens_.size() && tokens_[at_] == token;
    }
    // To the end of a statement or of its block.
    void skip_statement() {
        int depth = 0;
        while (at_ < tokens_.size()) {
            const std::string token = take();
            depth += token == "{" ? 1 : (token == "}" ? -1 : 0);
            if (depth == 0 && (token == ";" || token == "}")) {
                return;
            }
        }
    }

    void message(const std::string& scope) {
        const std::string name = cat(scope, ".", take());
        out_.messages[name].name = name;
        body(name, 0);
    }

    void body(const std::string& name, int oneof) {
        take();  // {
        while (at_ < tokens_.size() && !next_is("}")) {
            const std::string word = take();
            if (word == "message") {
                message(name);
            } else if (word == "enum") {
                enumeration(name);
            } else if (word == "extend") {
                extend(name);
            } else if (word == "oneof") {
                take();
                body(name, ++oneofs_);
            } else if (word == "option" || word == "reserved" || word == "extensions") {
                skip_statement();
            } else if (word != ";") {
                field(name, name, word, oneof, "");
            }
        }
        take();  // }
    }

    void extend(const std::string& scope) {
        const std::string target = cat(package_, ".", take());
        take();  // {
        while (!next_is("}")) {
            field(target, scope, take(), 0, cat(scope, "."));
        }
        take();
    }

    void field(const std::string& message, const std::string& scope, std::string word, int oneof,
               const std::string& prefix) {
        ProtoField out;
        out.oneof = oneof;
        out.has_presence = !is_proto3_ || oneof != 0;
        if (word == "optional" || word == "required" || word == "repeated") {
            out.is_repeated = word == "repeated";
            out.has_presence = out.has_presence || word == "optional";
            word = take();
        }
        if (word == "group") {
            const std::string group = take();
            take();  // =
            take();
            const std::string full = cat(scope, ".", group);
            out_.messages[full].name = full;
            body(full, 0);
            out.name = to_lower(group);
            out.type = full;
            out_.messages[message].fields.push_back(out);
            return;
        }
        if (word == "map") {
            take();  // <
            out.key = take();
            take();  // ,
            word = take();
            take();  // >
        }
        out.type = cat(scope, "|", word);  // resolved later
        out.name = cat(prefix, take());
        take();  // =
        out.number = parse_uint(take()).value_or(0);
        while (at_ < tokens_.size() && !next_is(";")) {
            if (take() == "default" && next_is("=")) {
                take();
                out.default_text = take();
                out.has_default = true;
            }
        }
        take();  // ;
        out_.messages[message].fields.push_back(out);
    }

    void enumeration(const std::string& scope) {
        const std::string name = cat(scope, ".", take());
        ProtoEnum& out = out_.enums[name];
        out.name = name;
        take();  // {
        while (at_ < tokens_.size() && !next_is("}")) {
            const std::string word = take();
            if (word == "option" || word == "reserved") {
                skip_statement();
                continue;
            }
            take();  // =
            out.values.emplace_back(word, parse_int(take()).value_or(0));
            skip_statement();
        }
        take();
    }

    std::vector<std::string> tokens_;
    ProtoFiles& out_;
    size_t at_ = 0;
    std::string package_;
    bool is_proto3_ = false;
    int oneofs_ = 0;
};

}  // namespace

void ProtoFiles::parse(std::string_view text) {
    ProtoReader(text, *this).file();
}

void ProtoFiles::resolve() {
    for (auto& [name, message] : messages) {
        for (ProtoField& field : message.fields) {
            const size_t bar = field.type.find('|');
            if (bar == std::string::npos) {
                continue;
            }
            std::string scope = field.type.substr(0, bar);
            const std::string type = field.type.substr(bar + 1);
            field.type = type;
            if (std::ranges::count(scalars, type) != 0) {
                continue;
            }
            for (;;) {
                const std::string full = scope.empty() ? type : cat(scope, ".", type);
                if (messages.contains(full) || enums.contains(full)) {
                    field.type = full;
                    break;
                }
                if (scope.empty()) {
                    break;
                }
                const size_t dot = scope.rfind('.');
                scope = dot == std::string::npos ? "" : scope.substr(0, dot);
            }
        }
    }
}

}  // namespace weft::conformance
