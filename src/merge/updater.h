// merge/updater.h: who owns which fields after a write, and what an apply makes of an object.
//
// Source of the behaviour: structured-merge-diff v6, merge/update.go.

#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "merge/field_set.h"
#include "merge/typed.h"

namespace weft::merge {

enum class Operation : uint8_t { apply, update };

// Who a set of fields belongs to. An applier has one set whatever version it used, so its
// `api_version` is empty here.
struct ManagerId {
    std::string manager;
    Operation operation = Operation::apply;
    std::string api_version;
    std::string subresource;

    auto operator<=>(const ManagerId&) const = default;
};

struct VersionedSet {
    FieldSet set;
    std::string api_version;  // what the set's paths are of
    bool is_applied = false;

    bool operator==(const VersionedSet&) const = default;
};

using Managers = std::map<ManagerId, VersionedSet>;

// An object in one version. Borrows what its type borrows.
struct TypedObject {
    Value value;
    TypeRef type;
    std::string api_version;
};

// Makes an object of one version into one of another. not_found: that version is not served any
// more, so sets of it are dropped. Any other error ends the operation.
class VersionConverter {
public:
    virtual ~VersionConverter() = default;
    [[nodiscard]] virtual Result<TypedObject> convert(const TypedObject& object,
                                                      std::string_view api_version) const = 0;
};

struct Conflict {
    ManagerId manager;
    FieldPath path;
};

// By version: what nobody may own. A version without an entry ignores nothing.
using FiltersByVersion = std::map<std::string, FieldFilter, std::less<>>;

class Updater {
public:
    // Borrowed; null: there is one version only.
    const VersionConverter* converter = nullptr;
    // Borrowed; null: nothing is ignored.
    const FiltersByVersion* ignored = nullptr;

    struct Applied {
        // The merged object; nothing if it equals the live one.
        std::optional<Value> object;
        Managers managers;
        // Not empty: nothing was applied, and the rest is void. By manager, then by path.
        std::vector<Conflict> conflicts;
    };
    // `config`, of the same version as `live`, applied by `manager`. Both have been validated.
    [[nodiscard]] Result<Applied> apply(const TypedObject& live, const TypedObject& config,
                                        Managers managers, const ManagerId& manager,
                                        bool force) const;

    // The managers after `manager` has written `changed` over `live`.
    [[nodiscard]] Result<Managers> update(const TypedObject& live, const TypedObject& changed,
                                          Managers managers, const ManagerId& manager) const;

private:
    [[nodiscard]] Result<TypedObject> convert(const TypedObject& object,
                                              std::string_view api_version) const;
    [[nodiscard]] Result<Managers> reconciled(const TypedObject& live, Managers managers) const;
    [[nodiscard]] Result<TypedObject> pruned(const TypedObject& merged, const Managers& managers,
                                             const VersionedSet& last,
                                             std::string_view api_version) const;
    [[nodiscard]] Result<std::pair<TypedObject, TypedObject>> with_owned_back(
        TypedObject merged, TypedObject pruned, std::string_view api_version,
        const FieldSet& owned) const;
    [[nodiscard]] const FieldFilter* filter_of(std::string_view api_version) const;
    [[nodiscard]] Comparison filtered(Comparison comparison, std::string_view api_version) const;
    [[nodiscard]] FieldSet filtered(const FieldSet& set, std::string_view api_version) const;

    struct Moved {
        Comparison comparison;
        std::vector<Conflict> conflicts;
    };
    // Takes from all managers but `writer` what changed and what went.
    [[nodiscard]] Result<Moved> take_from_others(const TypedObject& before,
                                                 const TypedObject& after, Managers& managers,
                                                 const ManagerId& writer, bool force) const;
};

}  // namespace weft::merge
