// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/tensor/mapped_tensor.hpp"

namespace fg::core {

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  FG_TRY_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto header = parse_safetensors(mapped.bytes());
  if (!header) return tl::unexpected(std::move(header).error().while_doing(path));
  return SafetensorsFile(std::make_shared<MappedFile>(std::move(mapped)), std::move(*header), path);
}

SafetensorsFile::SafetensorsFile(std::shared_ptr<MappedFile> file, SafetensorsHeader header, std::string path)
    : file_(std::move(file)), header_(std::move(header)), by_name_(header_.entries.size()), path_(std::move(path)) {
  std::iota(by_name_.begin(), by_name_.end(), 0u);
  std::ranges::sort(by_name_, {}, [&](std::uint32_t i) -> std::string_view { return header_.entries[i].name; });
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  const auto name_of = [&](std::uint32_t i) -> std::string_view { return header_.entries[i].name; };
  const auto it = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return it == by_name_.end() || name_of(*it) != name ? nullptr : &header_.entries[*it];
}

std::span<const std::byte> SafetensorsFile::data(const SafetensorsEntry& entry) const { return bytes_of(entry); }

std::span<std::byte> SafetensorsFile::bytes_of(const SafetensorsEntry& entry) const {
  return file_->bytes().subspan(header_.data_offset + entry.begin, entry.end - entry.begin);
}

Result<Tensor> SafetensorsFile::load(const SafetensorsEntry& entry, Device* device) const {
  if (entry.shape.size() > FG_MAX_NDIM)
    return invalid(path_ + ": " + entry.name + " has too many dimensions", FG_R_RANK);
  if (entry.dtype == 0) {
    return unsupported(
        fmt::format("{}: \"{}\" has dtype {}, which fg does not have", path_, entry.name, entry.dtype_name),
        FG_R_DTYPE);
  }
  std::int64_t stride[FG_MAX_NDIM];
  std::int64_t step = 1;
  for (std::size_t d = entry.shape.size(); d-- > 0;) {
    stride[d] = step;
    step *= std::max<std::int64_t>(entry.shape[d], 1);
  }
  auto t = mapped_tensor(device, file_, bytes_of(entry), entry.dtype, entry.shape, {stride, entry.shape.size()});
  if (!t) return tl::unexpected(std::move(t).error().while_doing(path_ + ": load " + entry.name));
  return t;
}

Result<Tensor> SafetensorsFile::load(std::string_view name, Device* device) const {
  if (const SafetensorsEntry* entry = find(name)) return load(*entry, device);
  return fail(FG_E_NOT_FOUND, fmt::format("{} has no tensor \"{}\" among its {}", path_, name, header_.entries.size()));
}

}  // namespace fg::core
