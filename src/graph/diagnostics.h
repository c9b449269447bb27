// graph/diagnostics.h: every mistake a definition can have: its id, what it means, its cure.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::graph {

struct DiagnosticEntry {
    std::string_view id;  // "G007"
    Severity severity = Severity::error;
    std::string_view title;    // what is wrong, without names
    std::string_view why;      // why it is a mistake: what would happen
    std::string_view cure;     // what to do
    std::string_view example;  // the part of a file that has it, see example_file()
};

// The table, ordered by id: F of files, G of definitions. `weft explain G007` prints an entry. An
// id is never used for something else.
[[nodiscard]] std::span<const DiagnosticEntry> diagnostic_entries();
[[nodiscard]] const DiagnosticEntry* find_diagnostic_entry(std::string_view id);

// The example as a whole file; "" if the mistake is not about what a file says.
[[nodiscard]] std::string example_file(const DiagnosticEntry& entry);

// The entry as a page of Markdown, its heading of the level.
[[nodiscard]] std::string diagnostic_page(const DiagnosticEntry& entry, int heading_level = 1);

// A diagnostic with the cure of its entry. CHECKs that the id exists.
[[nodiscard]] Diagnostic diagnose(std::string_view id, const Path& path, std::string message);

// What kro would say of the same definition: the message of the first error; "" if there is none.
[[nodiscard]] std::string first_error_text(const Diagnostics& diagnostics);

}  // namespace weft::graph
