// cel/environment.cc: looking names up, and building environments.

#include "cel/environment.h"

#include <algorithm>

#include "cel/cel.h"
#include "cel/internal/environment_rep.h"
#include "cel/internal/input.h"
#include "cel/library/profiles.h"

namespace weft::cel {

const FunctionDeclaration* Environment::Rep::find_function(std::string_view name) const {
    for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
        if (const auto found = rep->functions.find(name); found != rep->functions.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

const Variable* Environment::Rep::find_variable(std::string_view name) const {
    for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
        if (const auto found = rep->variables.find(name); found != rep->variables.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

const StructType* Environment::Rep::find_structure(std::string_view name) const {
    for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
        if (const auto found = rep->structures.find(name); found != rep->structures.end()) {
            return found->second.get();
        }
    }
    return nullptr;
}

const Macro* Environment::Rep::find_macro(std::string_view name, size_t arity,
                                          bool is_member) const {
    for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
        const auto found = rep->macros.find(name);
        if (found == rep->macros.end()) {
            continue;
        }
        for (const Macro& macro : found->second) {
            if (macro.is_member == is_member &&
                (macro.arity == -1 || macro.arity == static_cast<int>(arity))) {
                return &macro;
            }
        }
    }
    return nullptr;
}

FunctionDeclaration& Environment::Rep::own_function(std::string_view name) {
    const auto [found, is_new] = functions.try_emplace(name, FunctionDeclaration{name, {}});
    if (is_new && parent != nullptr) {
        if (const FunctionDeclaration* inherited = parent->find_function(name)) {
            found->second = *inherited;
        }
    }
    return found->second;
}

void Environment::Rep::add(const Library& library) {
    for (const Rep* rep = this; rep != nullptr; rep = rep->parent.get()) {
        CHECK(std::ranges::find(rep->libraries, library.name()) == rep->libraries.end());
    }
    libraries.push_back(library.name());
    texts.push_back(library.texts());
    for (const auto& structure : library.structures()) {
        structures.emplace(structure->name(), structure);
        const Type* type = structure->value_type();
        if (type == nullptr) {
            type = arena.make<Type>(Type{.kind = TypeKind::structure,
                                         .name = structure->name(),
                                         .structure = structure.get()});
        }
        variables.insert_or_assign(structure->name(), Variable{.name = structure->name(),
                                                               .type = type_type(arena, type),
                                                               .is_constant = true,
                                                               .constant = Value::type(type)});
    }
    for (const Library::Function& function : library.functions()) {
        FunctionDeclaration& own = own_function(function.name);
        for (const Overload& overload : function.overloads) {
            Declaration declaration = declare(function.name, overload);
            const auto same = std::ranges::find(own.overloads, overload.id, &Declaration::id);
            CHECK(same == own.overloads.end());
            own.overloads.push_back(declaration);
        }
    }
    for (const Macro& macro : library.macros()) {
        macros[macro.name].push_back(macro);
    }
    for (const Library::Constant& constant : library.constants()) {
        const Type* type = constant.type.empty() ? type_type(arena, constant.value.as_type())
                                                 : parse_type(constant.type);
        variables.insert_or_assign(constant.name, Variable{.name = constant.name,
                                                           .type = type,
                                                           .is_constant = true,
                                                           .constant = constant.value});
    }
    validators.insert(validators.end(), library.validators().begin(), library.validators().end());
    for (const Library::FunctionCost& cost : library.costs()) {
        if (find_function(cost.function) == nullptr) {
            continue;
        }
        for (Declaration& overload : own_function(cost.function).overloads) {
            overload.actual_cost = cost.actual;
            overload.estimated_cost = cost.estimated;
        }
    }
}

Result<Profile> Profile::parse(std::string_view text) {
    if (text == "spec") {
        return Profile::spec();
    }
    if (text == "kro") {
        return Profile::kro();
    }
    constexpr std::string_view prefix = "kubernetes-1.";
    if (text.starts_with(prefix)) {
        const std::optional<int64_t> minor = parse_int(text.substr(prefix.size()));
        if (minor && *minor >= 30 && *minor <= 36) {
            return Profile::kubernetes(static_cast<int>(*minor));
        }
    }
    return make_error(Reason::invalid, "unknown CEL profile ", quote(text),
                      ": use spec, kro, or kubernetes-1.30 to kubernetes-1.36");
}

namespace {

ZoneLoader& installed_zones() {
    static ZoneLoader loader;
    return loader;
}

}  // namespace

void install_zone_loader(ZoneLoader loader) {
    installed_zones() = std::move(loader);
}

Environment Environment::of(Profile profile) {
    auto rep = std::make_shared<Rep>();
    rep->profile = profile;
    rep->zones = installed_zones();
    if (profile.kind == Profile::Kind::kubernetes) {
        rep->homogeneous_literals = true;
        rep->cross_type_comparisons = true;
        rep->track_cost = true;
        rep->presence_test_is_free = true;
    }
    rep->strict_presence = profile.kind == Profile::Kind::spec;
    for (const Library& library : libraries_of(profile)) {
        rep->add(library);
    }
    return Environment(std::move(rep));
}

Environment::Builder Environment::extend() const {
    return Builder(rep_);
}

Profile Environment::profile() const {
    return rep_->profile;
}

bool Environment::has_function(std::string_view name) const {
    return rep_->find_function(name) != nullptr;
}

const Type* Environment::variable_type(std::string_view name) const {
    const Variable* variable = rep_->find_variable(name);
    return variable == nullptr ? nullptr : variable->type;
}

References Environment::references(const Ast& ast) const {
    return references_of(
        ast,
        [](const void* rep, std::string_view name) {
            return static_cast<const Rep*>(rep)->find_function(name) != nullptr;
        },
        rep_.get());
}

Result<Ast> Environment::compile(std::string_view text) const {
    return check(TRY(parse(text)));
}

Result<Program> Environment::program(const Ast& ast) const {
    return program(ast, ProgramOptions{});
}

Environment::Builder::Builder(std::shared_ptr<const Rep> parent) : rep_(std::make_unique<Rep>()) {
    rep_->profile = parent->profile;
    rep_->homogeneous_literals = parent->homogeneous_literals;
    rep_->cross_type_comparisons = parent->cross_type_comparisons;
    rep_->track_cost = parent->track_cost;
    rep_->presence_test_is_free = parent->presence_test_is_free;
    rep_->strict_presence = parent->strict_presence;
    rep_->container = parent->container;
    rep_->zones = parent->zones;
    rep_->parent = std::move(parent);
}
Environment::Builder::Builder(Builder&&) noexcept = default;
Environment::Builder::~Builder() = default;

namespace {

// A copy that lives in `arena`; what points into schemas keeps doing so.
const Type* copy_type(const Type* type, Arena& arena) {
    Type out = *type;
    out.name = arena.copy(type->name);
    if (!type->parameters.empty()) {
        const Type** parameters = arena.array<const Type*>(type->parameters.size());
        for (size_t i = 0; i < type->parameters.size(); ++i) {
            parameters[i] = copy_type(type->parameters[i], arena);
        }
        out.parameters = {parameters, type->parameters.size()};
    }
    if (type->parent != nullptr) {
        out.parent = copy_type(type->parent, arena);
    }
    return arena.make<Type>(out);
}

}  // namespace

Environment::Builder& Environment::Builder::variable(std::string_view name, const Type* type) {
    const std::string_view own = rep_->arena.copy(name);
    rep_->variables.insert_or_assign(own,
                                     Variable{.name = own, .type = copy_type(type, rep_->arena)});
    return *this;
}

Environment::Builder& Environment::Builder::variable(std::string_view name, std::string_view type) {
    const std::string_view own = rep_->arena.copy(name);
    rep_->variables.insert_or_assign(own, Variable{.name = own, .type = rep_->parse_type(type)});
    return *this;
}

Environment::Builder& Environment::Builder::object(std::string_view name, schema::SchemaPtr schema,
                                                   std::string_view type_name, bool is_list) {
    Rep& rep = *rep_;
    const std::string_view own = rep.arena.copy(name);
    // The items of a list have a name of their own below its.
    const std::string_view root = rep.arena.copy(type_name);
    const Type* above =
        is_list ? rep.arena.make<Type>(Type{.kind = TypeKind::structure, .name = root}) : nullptr;
    const Type* type =
        type_of_schema(*schema, above, is_list ? "@idx" : root, rep.profile, rep.arena);
    const schema::Schema* input = schema.get();
    rep.schemas.push_back(std::move(schema));
    if (type == nullptr) {
        type = &types::dyn;
        input = nullptr;
    }
    if (is_list) {
        auto list = std::make_shared<schema::Schema>();
        list->type = schema::Type::array;
        list->items = input;
        type = list_type(rep.arena, type);
        input = list.get();
        rep.schemas.push_back(std::move(list));
    }
    rep.variables.insert_or_assign(own, Variable{.name = own, .type = type, .schema = input});
    return *this;
}

Environment::Builder& Environment::Builder::library(const Library& library) {
    rep_->add(library);
    return *this;
}

Environment::Builder& Environment::Builder::container(std::string_view name) {
    rep_->container = std::string(name);
    return *this;
}

Environment::Builder& Environment::Builder::zones(ZoneLoader loader) {
    rep_->zones = std::move(loader);
    return *this;
}

Environment::Builder& Environment::Builder::declare_function(std::string_view name,
                                                             std::string_view id,
                                                             std::string_view signature) {
    Arena& arena = rep_->arena;
    const std::string_view own = arena.copy(name);
    Declaration declaration = rep_->declare(
        own, Overload{.id = arena.copy(id), .signature = signature, .is_pure = false});
    rep_->own_function(own).overloads.push_back(declaration);
    return *this;
}

Environment Environment::Builder::build() {
    return Environment(std::shared_ptr<const Rep>(std::move(rep_)));
}

}  // namespace weft::cel
