#include "cli/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace spotkeeper::cli {
namespace {

constexpr std::uintptr_t kChunk = 16384;

// The loader gives addresses as numbers.
void* at_address(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

// On a fault the kernel maps not one page but all that are cached in the 64 KiB around it ("fault-around"), and an idle
// process touches a few pages in each of them, so that most of the program would be back at once. It does not reach
// beyond a mapping, though: cut into small ones, much less comes back (measured: 2.2 MiB instead of 5.6). Neighbours
// must differ in something or they are one mapping again; whether clean code is left out of core dumps changes nothing,
// as it is in none.
void cut_into_chunks(std::uintptr_t begin, std::uintptr_t end) {
  for (std::uintptr_t at = (begin + kChunk - 1) / kChunk * kChunk; at + kChunk <= end; at += 2 * kChunk)
    ::madvise(at_address(at), kChunk, MADV_DONTDUMP);
}

// Only segments that nobody could ever have written to: a page of any other would come back as it is in the file. What
// is read-only after relocation (RELRO) lies in a writable segment and so is spared.
int drop_clean_segments(dl_phdr_info* object, std::size_t /*size*/, void* /*data*/) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
    const std::uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
    if (begin >= end) continue;
    cut_into_chunks(begin, end);
    ::madvise(at_address(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void trim_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(drop_clean_segments, nullptr);
}

}  // namespace spotkeeper::cli
