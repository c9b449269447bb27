// cel/library/profiles.cc: which libraries each language has. Source: cel.md §2.1 and §3.1.

#include "cel/library/profiles.h"

#include "cel/library/authz.h"
#include "cel/library/bindings.h"
#include "cel/library/comprehensions.h"
#include "cel/library/encoders.h"
#include "cel/library/hash.h"
#include "cel/library/ip.h"
#include "cel/library/json.h"
#include "cel/library/json_patch.h"
#include "cel/library/kro_lists.h"
#include "cel/library/kro_maps.h"
#include "cel/library/kubernetes_costs.h"
#include "cel/library/kubernetes_lists.h"
#include "cel/library/kubernetes_regex.h"
#include "cel/library/lists.h"
#include "cel/library/literals.h"
#include "cel/library/macros.h"
#include "cel/library/math.h"
#include "cel/library/named_format.h"
#include "cel/library/omit.h"
#include "cel/library/optional.h"
#include "cel/library/quantity.h"
#include "cel/library/random.h"
#include "cel/library/regex.h"
#include "cel/library/runtime.h"
#include "cel/library/semver.h"
#include "cel/library/sets.h"
#include "cel/library/standard.h"
#include "cel/library/strings.h"
#include "cel/library/url.h"
#include "cel/library/well_known.h"

namespace weft::cel {

std::vector<Library> libraries_of(Profile profile) {
    std::vector<Library> out;
    const bool is_kubernetes = profile.kind == Profile::Kind::kubernetes;
    out.push_back(standard_library(profile.kind == Profile::Kind::spec));
    out.push_back(macros_library());
    out.push_back(well_known_library());
    // The versions of the cel-go that each Kubernetes has: `first`, `last` and `unwrap` are of
    // 0.26.
    out.push_back(optional_library(is_kubernetes && profile.minor < 34 ? 1 : 2));
    out.push_back(strings_library(is_kubernetes ? 2 : 5, profile.kind == Profile::Kind::spec
                                                             ? OffsetPastEnd::fails
                                                             : OffsetPastEnd::finds_nothing));
    if (is_kubernetes) {
        out.push_back(literals_library());
    }
    if (!is_kubernetes || profile.minor >= 32) {
        out.push_back(comprehensions_library());
    }
    if (!is_kubernetes || profile.minor >= 34) {
        out.push_back(lists_library(3));
    }
    if (!is_kubernetes) {
        out.push_back(bindings_library());
        out.push_back(encoders_library());
    }
    if (profile.kind != Profile::Kind::kro) {
        out.push_back(sets_library());
    }
    // Kubernetes' since 1.30, and cel-go's ext.Network made after them.
    const Mapped mapped = profile.kind == Profile::Kind::spec ? Mapped::is_v4 : Mapped::refused;
    out.push_back(ip_library(mapped));
    out.push_back(cidr_library(mapped));
    if (profile.kind == Profile::Kind::spec) {
        out.push_back(math_library());
        out.push_back(regex_library());
    }
    if (profile.kind != Profile::Kind::spec) {
        out.push_back(kubernetes_lists_library(profile.minor >= 37 ? 1 : 0));
        out.push_back(kubernetes_regex_library());
        out.push_back(url_library());
        out.push_back(quantity_library());
        // Kubernetes has versions since 1.33; kro takes the second argument of semver() that its
        // documents show.
        if (is_kubernetes && profile.minor >= 31) {
            out.push_back(named_format_library());
        }
        if (!is_kubernetes || profile.minor >= 33) {
            out.push_back(semver_library(1));
        }
    }
    if (is_kubernetes) {
        out.push_back(authz_library(profile.minor >= 31));
        out.push_back(kubernetes_costs_library());
    }
    if (profile.kind == Profile::Kind::kro) {
        out.push_back(hash_library());
        out.push_back(json_library());
        out.push_back(kro_lists_library());
        out.push_back(kro_maps_library());
        out.push_back(omit_library());
        out.push_back(random_library());
        out.push_back(runtime_library());
    }
    return out;
}

std::vector<Library> libraries_of_hosts() {
    std::vector<Library> out;
    out.push_back(json_patch_library());
    return out;
}

}  // namespace weft::cel
