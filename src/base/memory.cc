// base/memory.cc: gives back memory, by glibc and the dynamic linker's list of what is loaded.

#include "base/memory.h"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace weft {

namespace {

int drop_unwritten(dl_phdr_info* object, size_t /*size*/, void* /*data*/) {
    const std::string_view name = object->dlpi_name;
    if (name.starts_with("linux-vdso")) {
        return 0;  // The kernel's own pages.
    }
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        // What the linker relocates lies in segments that may be written, also where it protects
        // them afterwards.
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) {
            continue;
        }
        const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
        const uintptr_t end =
            (object->dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address is what the linker gives.
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

}  // namespace

void give_back_memory() {
    malloc_trim(0);
    dl_iterate_phdr(drop_unwritten, nullptr);
}

}  // namespace weft
