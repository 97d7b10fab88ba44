// SPDX-License-Identifier: Apache-2.0
//
// Files of the core: read by mapping them, written so that a reader sees the old file or the whole
// new one, never a part.

#ifndef FG_CORE_MEMORY_FILE_HPP_
#define FG_CORE_MEMORY_FILE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "fg/sdk/result.hpp"

namespace fg::core {

// A regular file, mapped privately: pages are read when they are touched, and writes to them stay
// in this process.  Truncating the file meanwhile makes the lost pages fault, as with any mapping.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& o) noexcept : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  MappedFile& operator=(MappedFile o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~MappedFile();

  std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;
  std::byte* data_ = nullptr;  // nullptr for an empty file.
  std::size_t size_ = 0;
};

// Written to a temporary file beside `path`; commit() makes it durable and renames it.  Without a
// commit nothing remains.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& o) noexcept
      : path_(std::move(o.path_)), temporary_(std::move(o.temporary_)), fd_(std::exchange(o.fd_, -1)) {}
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Result<void> write(std::span<const std::byte> bytes);
  Result<void> commit();

 private:
  AtomicFile() = default;
  std::string path_, temporary_;
  int fd_ = -1;
};

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_FILE_HPP_
