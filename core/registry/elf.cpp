// SPDX-License-Identifier: Apache-2.0
#include "core/registry/elf.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace fg::core {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t kMachine = EM_PPC64;
#elif defined(__loongarch__)
constexpr std::uint16_t kMachine = 258;  // EM_LOONGARCH, newer than some elf.h
#else
#error "name the ELF machine of this processor"
#endif
constexpr unsigned char kByteOrder = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
constexpr std::size_t kMaxSegments = 256;
constexpr std::size_t kMaxDynamic = 4096;
constexpr std::size_t kMaxSymbols = std::size_t{1} << 20;
constexpr std::size_t kMaxName = 4096;

std::string_view machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386: return "i386";
    case EM_X86_64: return "x86-64";
    case EM_ARM: return "arm";
    case EM_AARCH64: return "aarch64";
    case EM_RISCV: return "riscv";
    case EM_PPC64: return "ppc64";
    case EM_S390: return "s390";
    case EM_MIPS: return "mips";
    default: return "unknown machine";
  }
}

// The file's bytes; every read is checked.
class Image {
 public:
  explicit Image(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool has(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  template <class T>
  bool read(std::uint64_t offset, T& out) const {
    if (!has(offset, sizeof(T))) return false;
    std::memcpy(&out, bytes_.data() + offset, sizeof(T));
    return true;
  }
  std::optional<std::string> text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return std::nullopt;
    const char* begin = reinterpret_cast<const char*>(bytes_.data()) + offset;
    const std::size_t room = std::min<std::size_t>(bytes_.size() - offset, kMaxName);
    const std::size_t length = strnlen(begin, room);
    if (length == room) return std::nullopt;
    return std::string(begin, length);
  }

 private:
  std::span<const std::byte> bytes_;
};

struct Dynamic {
  std::uint64_t strtab = 0, strsz = 0, symtab = 0, hash = 0, gnu_hash = 0;
  std::vector<std::uint64_t> needed, runpath;
  bool text_relocations = false;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : image_(bytes) {}

  Judged<ElfFacts> read() {
    if (auto r = header(); !r) return tl::unexpected(r.error());
    if (auto r = segments(); !r) return tl::unexpected(r.error());
    if (auto r = dynamic(); !r) return tl::unexpected(r.error());
    if (auto r = symbols(); !r) return tl::unexpected(r.error());
    return std::move(facts_);
  }

 private:
  static tl::unexpected<Problem> cut(std::string_view what) {
    return refuse(Refusal::truncated, fmt::format("the file ends inside its {}", what));
  }

  Judged<void> header() {
    unsigned char ident[EI_NIDENT];
    if (!image_.read(0, ident) || std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
      return refuse(Refusal::not_elf, "not an ELF file: the first four bytes are not 7f 45 4c 46");
    }
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != kByteOrder) {
      return refuse(Refusal::wrong_machine, fmt::format("a {}-bit {}-endian file; this program needs 64-bit {}-endian",
                                                        ident[EI_CLASS] == ELFCLASS32 ? 32 : 64,
                                                        ident[EI_DATA] == ELFDATA2MSB ? "big" : "little",
                                                        kByteOrder == ELFDATA2MSB ? "big" : "little"));
    }
    if (!image_.read(0, header_)) return cut("header");
    if (header_.e_machine != kMachine) {
      return refuse(Refusal::wrong_machine,
                    fmt::format("built for {} ({}), this machine is {}", machine_name(header_.e_machine),
                                header_.e_machine, machine_name(kMachine)));
    }
    if (header_.e_type != ET_DYN) {
      return refuse(Refusal::not_shared_object, fmt::format("ELF type {}, expected 3 (shared object)", header_.e_type));
    }
    return {};
  }

  Judged<void> segments() {
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0 || header_.e_phnum > kMaxSegments) {
      return refuse(Refusal::truncated,
                    fmt::format("{} program headers of {} bytes", header_.e_phnum, header_.e_phentsize));
    }
    segments_.resize(header_.e_phnum);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const std::uint64_t offset = header_.e_phoff + i * sizeof(Elf64_Phdr);
      if (offset < header_.e_phoff || !image_.read(offset, segments_[i])) return cut("program headers");
    }
    facts_.executable_stack = true;  // what the kernel assumes without PT_GNU_STACK
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type == PT_GNU_STACK) facts_.executable_stack = (s.p_flags & PF_X) != 0;
      if ((s.p_type == PT_LOAD || s.p_type == PT_NOTE || s.p_type == PT_DYNAMIC) &&
          !image_.has(s.p_offset, s.p_filesz)) {
        return cut("segments");
      }
      if (s.p_type == PT_NOTE) {
        if (auto r = notes(s); !r) return r;
      }
    }
    return {};
  }

  Judged<void> notes(const Elf64_Phdr& s) {
    const std::uint64_t align = s.p_align == 8 ? 8 : 4;
    const std::uint64_t end = s.p_offset + s.p_filesz;
    std::uint64_t at = s.p_offset;
    while (at < end) {
      Elf64_Nhdr n;
      if (end - at < sizeof n || !image_.read(at, n)) return refuse(Refusal::bad_note, "a note is cut off");
      const std::uint64_t name_at = at + sizeof n;
      const auto padded = [align](std::uint64_t size) { return (size + align - 1) & ~(align - 1); };
      const std::uint64_t desc_at = at + padded(sizeof n + n.n_namesz);
      const std::uint64_t next = desc_at + padded(n.n_descsz);
      if (desc_at + n.n_descsz > end) return refuse(Refusal::bad_note, "a note is longer than its segment");
      const std::string owner = image_.text(name_at).value_or("");
      if (owner == FG_NOTE_OWNER && n.n_type == FG_NOTE_TYPE) {
        if (auto r = fg_note_at(at, n); !r) return r;
      } else if (owner == "GNU" && n.n_type == NT_GNU_BUILD_ID && n.n_descsz <= 64) {
        for (std::uint32_t i = 0; i < n.n_descsz; ++i) {
          unsigned char byte = 0;
          if (image_.read(desc_at + i, byte)) facts_.build_id += fmt::format("{:02x}", byte);
        }
      }
      at = next;
    }
    return {};
  }

  Judged<void> fg_note_at(std::uint64_t at, const Elf64_Nhdr& n) {
    fg_note note;
    if (n.n_namesz != 4 || n.n_descsz < sizeof(fg_note) - 16 || !image_.read(at, note)) {
      return refuse(Refusal::bad_note,
                    fmt::format("the FG note has {} bytes, expected {}", n.n_descsz, sizeof(fg_note) - 16));
    }
    if (facts_.note) return refuse(Refusal::bad_note, "two FG notes, expected one");
    for (const char* text : {note.name, note.vendor, note.version}) {
      if (strnlen(text, sizeof note.name) == sizeof note.name) {
        return refuse(Refusal::bad_note, "a text of the FG note has no end");
      }
    }
    facts_.note = note;
    return {};
  }

  std::optional<std::uint64_t> file_offset(std::uint64_t address) const {
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
        return s.p_offset + (address - s.p_vaddr);
      }
    }
    return std::nullopt;
  }

  void take(const Elf64_Dyn& d) {
    switch (d.d_tag) {
      case DT_STRTAB: dynamic_.strtab = d.d_un.d_ptr; break;
      case DT_STRSZ: dynamic_.strsz = d.d_un.d_val; break;
      case DT_SYMTAB: dynamic_.symtab = d.d_un.d_ptr; break;
      case DT_HASH: dynamic_.hash = d.d_un.d_ptr; break;
      case DT_GNU_HASH: dynamic_.gnu_hash = d.d_un.d_ptr; break;
      case DT_NEEDED: dynamic_.needed.push_back(d.d_un.d_val); break;
      case DT_RPATH:
      case DT_RUNPATH: dynamic_.runpath.push_back(d.d_un.d_val); break;
      case DT_TEXTREL: facts_.text_relocations = true; break;
      case DT_FLAGS: facts_.text_relocations |= (d.d_un.d_val & DF_TEXTREL) != 0; break;
      default: break;
    }
  }

  std::optional<std::string> string_at(std::uint64_t index) const {
    const auto base = file_offset(dynamic_.strtab);
    if (!base || index >= dynamic_.strsz) return std::nullopt;
    return image_.text(*base + index);
  }

  Judged<void> dynamic() {
    const auto segment =
        std::find_if(segments_.begin(), segments_.end(), [](const Elf64_Phdr& s) { return s.p_type == PT_DYNAMIC; });
    if (segment == segments_.end()) return refuse(Refusal::not_shared_object, "no dynamic section");
    const std::size_t count = std::min<std::size_t>(segment->p_filesz / sizeof(Elf64_Dyn), kMaxDynamic);
    for (std::size_t i = 0; i < count; ++i) {
      Elf64_Dyn d;
      if (!image_.read(segment->p_offset + i * sizeof d, d)) return cut("dynamic section");
      if (d.d_tag == DT_NULL) break;
      take(d);
    }
    for (const std::uint64_t index : dynamic_.needed) {
      const auto name = string_at(index);
      if (!name) return cut("string table");
      facts_.needed.push_back(*name);
    }
    for (const std::uint64_t index : dynamic_.runpath) {
      const auto list = string_at(index);
      if (!list) return cut("string table");
      std::size_t from = 0;
      while (from <= list->size()) {
        const std::size_t colon = std::min(list->find(':', from), list->size());
        facts_.runpath.push_back(list->substr(from, colon - from));
        from = colon + 1;
      }
    }
    return {};
  }

  // Number of dynamic symbols, from whichever hash table there is.
  Judged<std::size_t> symbol_count() const {
    if (const auto at = file_offset(dynamic_.hash); dynamic_.hash != 0 && at) {
      std::uint32_t head[2];
      if (!image_.read(*at, head)) return cut("hash table");
      return head[1];
    }
    const auto at = file_offset(dynamic_.gnu_hash);
    if (dynamic_.gnu_hash == 0 || !at) return refuse(Refusal::not_shared_object, "no symbol hash table");
    std::uint32_t head[4];  // buckets, first hashed symbol, bloom words, shift
    if (!image_.read(*at, head)) return cut("hash table");
    const std::uint64_t buckets = *at + sizeof head + std::uint64_t{head[2]} * 8;
    const std::uint64_t chains = buckets + std::uint64_t{head[0]} * 4;
    if (!image_.has(buckets, std::uint64_t{head[0]} * 4)) return cut("hash table");
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < head[0]; ++i) {
      std::uint32_t bucket = 0;
      if (!image_.read(buckets + std::uint64_t{i} * 4, bucket)) return cut("hash table");
      last = std::max(last, bucket);
    }
    if (last < head[1]) return head[1];
    for (std::uint32_t hash = 0; (hash & 1u) == 0; ++last) {
      if (last > kMaxSymbols || !image_.read(chains + std::uint64_t{last - head[1]} * 4, hash))
        return cut("hash table");
    }
    return last;
  }

  Judged<void> symbols() {
    const auto count = symbol_count();
    if (!count) return tl::unexpected(count.error());
    const auto base = file_offset(dynamic_.symtab);
    if (*count > kMaxSymbols || (*count > 0 && !base)) return cut("symbol table");
    for (std::size_t i = 1; i < *count; ++i) {
      Elf64_Sym symbol;
      if (!image_.read(*base + i * sizeof symbol, symbol)) return cut("symbol table");
      const unsigned bind = ELF64_ST_BIND(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || bind == STB_LOCAL) continue;
      const auto name = string_at(symbol.st_name);
      if (!name) return cut("string table");
      facts_.exports.push_back(*name);
      if (bind == STB_GNU_UNIQUE) facts_.unique.push_back(*name);
    }
    return {};
  }

  Image image_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  Dynamic dynamic_;
  ElfFacts facts_;
};

}  // namespace

Judged<ElfFacts> read_elf(std::span<const std::byte> image) { return Reader(image).read(); }

Judged<ElfFacts> read_elf_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return refuse(Refusal::unreadable, fmt::format("cannot be opened: {}", std::strerror(errno)));
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    ::close(fd);
    return refuse(Refusal::unreadable, "not a regular file");
  }
  const std::size_t size = static_cast<std::size_t>(st.st_size);
  void* map = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (size == 0) return refuse(Refusal::not_elf, "not an ELF file: it is empty");
  if (map == MAP_FAILED) return refuse(Refusal::unreadable, "cannot be mapped");
  auto facts = read_elf({static_cast<const std::byte*>(map), size});
  ::munmap(map, size);
  return facts;
}

}  // namespace fg::core
