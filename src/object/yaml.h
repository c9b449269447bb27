// object/yaml.h: YAML as Kubernetes' tools read it (sigs.k8s.io/yaml over YAML 1.1), with places.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/path.h"
#include "object/value.h"

namespace weft {

// One document of a stream, with where each of its nodes stands.
class YamlDocument {
public:
    Value value;
    Place start;

    // Where the node at `path` (of a member: its key) stands; of the nearest parent that exists if
    // the path leads to nothing.
    [[nodiscard]] Place place_of(const Path& path) const { return find_place(path, false); }
    // The same, of the value instead of its key.
    [[nodiscard]] Place value_place_of(const Path& path) const { return find_place(path, true); }

    // For the reader: nodes in document order.
    struct Node {
        uint32_t parent;  // index into nodes; the root is its own parent
        uint32_t line;
        uint32_t column;  // of the key for members, else of the value
        uint32_t value_line;
        uint32_t value_column;
        uint32_t position;  // index among the parent's members or items
    };
    std::vector<Node> nodes;

private:
    [[nodiscard]] Place find_place(const Path& path, bool of_value) const;
};

struct YamlOptions {
    std::string file;         // for places; "" shows as "-"
    uint32_t first_line = 1;  // the number of the text's first line, for a part of a file
    // Duplicate keys are told here (`line 8: key "a" already set in map`) and the last one counts.
    std::vector<std::string>* duplicates = nullptr;
    // Errors are go-yaml's: "yaml: line 4: found character that cannot start any token".
    bool go_texts = false;
};

// Every document of a stream, empty ones (only comments or nothing) left out. JSON is YAML. The
// scalars of YAML 1.1 as sigs.k8s.io/yaml resolves them: yes/no/on/off are booleans, 0o and 0x and
// 1_000 numbers, ~ null, timestamps stay strings; anchors, aliases and << are resolved with a limit
// on how much they may expand. Keys must be scalars and become strings. Duplicate keys are errors;
// a merge (<<) replaces what stands before it in its map and is replaced by what stands after.
// Errors are bad_request and name file:line:column, what is wrong and the cure.
[[nodiscard]] Result<std::vector<YamlDocument>> parse_yaml(std::string_view text,
                                                           const YamlOptions& options = {});
// The one document of a text; an error if there are several. None gives null.
[[nodiscard]] Result<Value> parse_yaml_value(std::string_view text,
                                             const YamlOptions& options = {});

// Where byte `offset` of a text stands in the source from which it was read. `scalar` is where the
// scalar stands there (value_place_of) and `text` what was read. Quotes, escapes, indentation and
// folded lines are understood. If they do not fit together the answer is some place behind
// `scalar`.
[[nodiscard]] Place place_in_scalar(std::string_view source, const Place& scalar,
                                    std::string_view text, size_t offset);

struct YamlStyle {
    bool sort_keys = false;  // as kubectl's output and Go's maps have them, see is_yaml_key_less
    bool fold = true;        // break texts of one line at blanks beyond column 80, as Go does
};

// As sigs.k8s.io/yaml writes: two blanks a level, lists not indented under their key, texts quoted
// only where they would read as something else, | for texts of several lines. One deviation: a key
// "<<" is quoted, where Go's output would be read as a merge. Keys stand in the
// value's order unless `sort_keys` is set. NaN and infinities (which no parser makes) become null.
[[nodiscard]] std::string to_yaml(const Value& value, const YamlStyle& style = {});

// The order in which go-yaml writes the keys of a map: by characters, letters after everything
// else, and numbers inside by their value (a2 before a10).
[[nodiscard]] bool is_yaml_key_less(std::string_view a, std::string_view b);

}  // namespace weft
