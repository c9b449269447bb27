// schema/builtin/embed.cc: puts builtin.bin into the program's read-only data.

#include "schema/builtin/embed.h"

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): names of the assembler's symbols.
extern const char weft_builtin_begin[];
extern const char weft_builtin_end[];
// NOLINTEND(readability-identifier-naming)
}

__asm__(
    ".section .rodata\n"
    ".balign 8\n"
    ".globl weft_builtin_begin\n"
    "weft_builtin_begin:\n"
    ".incbin \"" WEFT_BUILTIN_BIN
    "\"\n"
    ".globl weft_builtin_end\n"
    "weft_builtin_end:\n"
    ".byte 0\n"
    ".text\n");

namespace weft::schema::internal {

std::string_view embedded_builtin() {
    return {weft_builtin_begin, static_cast<size_t>(weft_builtin_end - weft_builtin_begin)};
}

}  // namespace weft::schema::internal
