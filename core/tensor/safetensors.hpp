// SPDX-License-Identifier: Apache-2.0
//
// safetensors files: a JSON header of names, dtypes, shapes and byte ranges, then the data.  Files
// come from strangers: every number in the header is checked before anything is made of it.

#ifndef FG_CORE_TENSOR_SAFETENSORS_HPP_
#define FG_CORE_TENSOR_SAFETENSORS_HPP_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/memory/file.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::core {

struct SafetensorsEntry {
  std::string name;
  fg_dtype dtype = 0;      // 0: one that fg does not have; such a tensor cannot be loaded.
  std::string dtype_name;  // As the file spells it: "BF16".
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // Bytes, from the start of the data.
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // In the order of the data.
  std::map<std::string, std::string> metadata;
  std::uint64_t data_offset = 0;  // Of the data, from the start of the file.
};

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  // Bytes, the format's own limit.

// Reads the header of a whole file in memory.  FG_E_INVALID says which entry is wrong and why.  A
// dtype that fg does not have is no error: its entry is checked like the others, its number of bytes
// where the format says how wide the dtype is.
Result<SafetensorsHeader> parse_safetensors(std::span<const std::byte> file);

class SafetensorsFile {
 public:
  static Result<SafetensorsFile> open(const std::string& path);

  std::span<const SafetensorsEntry> entries() const { return header_.entries; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  const SafetensorsEntry* find(std::string_view name) const;  // nullptr when there is none.

  // The tensor's bytes, row-major.
  std::span<const std::byte> data(const SafetensorsEntry& entry) const;

  // FG_E_UNSUPPORTED names the tensor and its dtype when fg does not have it.
  // On a device that sees host memory the tensor is the mapped file itself (writes to it stay in
  // this process), where the data is aligned to its type; else a copy.  It outlives this object.
  Result<Tensor> load(const SafetensorsEntry& entry, Device* device) const;
  Result<Tensor> load(std::string_view name, Device* device) const;

 private:
  SafetensorsFile(std::shared_ptr<MappedFile> file, SafetensorsHeader header, std::string path);

  std::span<std::byte> bytes_of(const SafetensorsEntry& entry) const;

  std::shared_ptr<MappedFile> file_;
  SafetensorsHeader header_;
  std::vector<std::uint32_t> by_name_;  // Entries in the order of their names: files have up to 100,000.
  std::string path_;
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};
// Writes a file that replaces `path` only when it is complete.  Data of wider types comes first, so
// that all of it is aligned.  [any-thread]
Result<void> save_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_SAFETENSORS_HPP_
