// cel/environment.h: the functions, variables and types that an expression may use.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cel/ast.h"
#include "cel/library.h"
#include "cel/type.h"
#include "schema/schema.h"

namespace weft::cel {

class Program;
struct ProgramOptions;

// Which language: cel-spec with cel-go's extensions, kro's, or a Kubernetes API server's.
struct Profile {
    enum class Kind : uint8_t { spec, kro, kubernetes };
    Kind kind = Kind::spec;
    int minor = 0;  // of Kubernetes: 30 to 36

    static constexpr Profile spec() { return {}; }
    static constexpr Profile kro() { return {.kind = Kind::kro}; }
    static constexpr Profile kubernetes(int minor) {
        return {.kind = Kind::kubernetes, .minor = minor};
    }
    // "spec", "kro", "kubernetes-1.34".
    [[nodiscard]] static Result<Profile> parse(std::string_view text);
    bool operator==(const Profile&) const = default;
};

// Reads a time zone's TZif bytes by name ("Europe/Berlin"); nothing if it does not know it. Given
// by whoever may read files; without one only UTC and offsets ("+02:00") are known.
using ZoneLoader = std::function<std::optional<std::string>(std::string_view name)>;

// Gives every environment that is made from now on its time zones. For a program's start: nothing
// may use cel at the same time.
void install_zone_loader(ZoneLoader loader);

// An Environment is immutable, copied by sharing, and used by any number of threads at once.
class Environment {
public:
    struct Rep;
    class Builder;

    // The environment of a profile, without variables. Costs a few hundred microseconds: keep it
    // and `extend` it, which costs what is added only.
    [[nodiscard]] static Environment of(Profile profile);

    // A builder whose environment has everything of this one and what is added.
    [[nodiscard]] Builder extend() const;

    // Errors carry cel-go's text, all mistakes at once, each with place and caret:
    //   ERROR: <input>:1:5: undeclared reference to 'x' (in container '')
    //    | 1 + x
    //    | ....^
    // and the same as details().causes: message, and field "line:column".
    [[nodiscard]] Result<Ast> parse(std::string_view text) const;
    [[nodiscard]] Result<Ast> check(const Ast& ast) const;
    // parse and check.
    [[nodiscard]] Result<Ast> compile(std::string_view text) const;
    // Makes an expression, checked or only parsed, ready to run. Fails where cel-go's planner does.
    [[nodiscard]] Result<Program> program(const Ast& ast) const;
    [[nodiscard]] Result<Program> program(const Ast& ast, const ProgramOptions& options) const;

    // The identifiers and functions an expression uses, names of this environment understood.
    [[nodiscard]] References references(const Ast& ast) const;

    [[nodiscard]] Profile profile() const;
    [[nodiscard]] bool has_function(std::string_view name) const;
    // The type of a variable, null if it is not declared.
    [[nodiscard]] const Type* variable_type(std::string_view name) const;
    [[nodiscard]] const Rep& rep() const { return *rep_; }

private:
    friend class Builder;
    explicit Environment(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
    std::shared_ptr<const Rep> rep_;
};

class Environment::Builder {
public:
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    Builder(Builder&&) noexcept;
    ~Builder();

    // The type is copied; for texts ("list(int)") see `type`.
    Builder& variable(std::string_view name, const Type* type);
    Builder& variable(std::string_view name, std::string_view type);
    // An object of a schema, its type named `type_name` ("__type_web"), read as the schema says.
    // `is_list` declares list(T) of it: a collection. Fields are looked up in the schema when an
    // expression names them, so a large schema costs nothing here.
    Builder& object(std::string_view name, schema::SchemaPtr schema, std::string_view type_name,
                    bool is_list = false);
    Builder& library(const Library& library);
    // The namespace that names are looked up in first ("google.protobuf").
    Builder& container(std::string_view name);
    Builder& zones(ZoneLoader loader);
    // A function without a body, known to the checker only.
    Builder& declare_function(std::string_view name, std::string_view id,
                              std::string_view signature);

    // A broken signature or a doubled overload is a bug of ours and CHECKed.
    [[nodiscard]] Environment build();

private:
    friend class Environment;
    explicit Builder(std::shared_ptr<const Rep> parent);
    std::unique_ptr<Rep> rep_;
};

}  // namespace weft::cel
