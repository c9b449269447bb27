// object/internal/yaml_scalar.h: what a scalar of YAML 1.1 means to go-yaml v2.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "object/value.h"

namespace weft::internal {

// What a scalar resolves to. Integers over int64 that fit uint64 are `big`.
struct YamlScalar {
    enum class Kind : uint8_t { null, boolean, integer, big, number, string };
    Kind kind = Kind::null;
    bool boolean = false;
    int64_t integer = 0;
    uint64_t big = 0;
    double number = 0;
    std::string_view text;  // as written

    // The name of the kind as an error tells it: "!!int".
    [[nodiscard]] std::string_view tag() const;
    // What arrives after the way through JSON that sigs.k8s.io/yaml takes: 1.0 and 1e3 are
    // integers there. `is_finite` must hold.
    [[nodiscard]] Value to_value() const;
    [[nodiscard]] bool is_finite() const;
    // As the key of a map: true, 1 and 1.5 become texts. Null has none: ask before.
    [[nodiscard]] std::string to_key() const;
};

// A plain scalar without a tag.
[[nodiscard]] YamlScalar resolve_yaml_scalar(std::string_view text);

// True if a text, written plain, would be read as another kind: a number, a boolean, null, a
// timestamp, or a base-60 number of older readers. The merge key << is not among them: go-yaml
// writes it plain.
[[nodiscard]] bool needs_yaml_quotes(std::string_view text);

// Go's strconv.FormatFloat(v, 'g', -1, 64), or 32 bits.
[[nodiscard]] std::string format_double_g(double value, int bits);

}  // namespace weft::internal
