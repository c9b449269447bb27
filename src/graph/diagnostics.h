// graph/diagnostics.h: every mistake a definition can have: its id, what it means, its cure.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::graph {

struct DiagnosticEntry {
    std::string_view id;     // "G007"
    std::string_view title;  // what is wrong, without names
    std::string_view cure;   // what to do
};

// The table, ordered by id. `weft explain G007` prints an entry.
[[nodiscard]] std::span<const DiagnosticEntry> diagnostic_entries();
[[nodiscard]] const DiagnosticEntry* find_diagnostic_entry(std::string_view id);

// A diagnostic with the cure of its entry. CHECKs that the id exists.
[[nodiscard]] Diagnostic diagnose(std::string_view id, const Path& path, std::string message);

// What kro would say of the same definition: the message of the first error; "" if there is none.
[[nodiscard]] std::string first_error_text(const Diagnostics& diagnostics);

}  // namespace weft::graph
