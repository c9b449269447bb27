// schema/builtin_defaults.h: what Kubernetes' defaulting code fills into builtin kinds.
//
// Source of the behaviour: the SetDefaults functions and declarative defaults of Kubernetes 1.36,
// as rules packed with the tables. Not done: pod-level resources (their requests from containers').

#pragma once

#include <memory>
#include <string_view>

#include "object/object.h"
#include "schema/builtin.h"

namespace weft::schema {

// The rules of a Builtin, made ready when first needed. Not for two threads at once.
class BuiltinDefaults {
public:
    explicit BuiltinDefaults(const Builtin* builtin);
    ~BuiltinDefaults();
    BuiltinDefaults(const BuiltinDefaults&) = delete;
    BuiltinDefaults& operator=(const BuiltinDefaults&) = delete;

    // `value` must be canonical (GoTypes::canonical with the same definition). New members stand
    // last in their object: where something changed, canonical() again puts them into Go's order.
    // True if something changed. `now` is for the few fields that default to the time.
    bool apply(std::string_view definition, Value& value, Time now) const;

private:
    class Rules;
    class Walk;
    const Builtin* builtin_;
    mutable std::unique_ptr<Rules> rules_;
};

// The image pull policy of an image reference: "Always" for the tag latest and for neither tag nor
// digest, else "IfNotPresent", also for what is no reference.
[[nodiscard]] std::string_view default_pull_policy(std::string_view image);

}  // namespace weft::schema
