// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/memory/file.hpp"
#include "core/tensor/safetensors.hpp"
#include "core/tensor/safetensors_dtype.hpp"
#include "core/trace/json_text.hpp"

namespace fg::core {
namespace {

std::string_view format_name(fg_dtype dtype) {
  const auto it = std::ranges::find(kSafetensorsDtypes, dtype, &SafetensorsDtype::dtype);
  return it == kSafetensorsDtypes.end() ? std::string_view{} : it->name;
}

Result<std::vector<const NamedTensor*>> ordered(std::span<const NamedTensor> tensors) {
  std::vector<const NamedTensor*> order;
  std::set<std::string_view> names;
  for (const NamedTensor& n : tensors) {
    if (!n.tensor) return invalid("safetensors: \"" + n.name + "\" is no tensor", FG_R_NULL_POINTER);
    if (n.name == "__metadata__") return invalid("safetensors: the name __metadata__ is the format's own");
    if (!names.insert(n.name).second) return invalid("safetensors: the name \"" + n.name + "\" is given twice");
    if (format_name(n.tensor.dtype()).empty()) {
      return unsupported(fmt::format("safetensors: \"{}\" has a dtype that the format has not", n.name), FG_R_DTYPE);
    }
    order.push_back(&n);
  }
  std::ranges::sort(order, [](const NamedTensor* a, const NamedTensor* b) {
    const std::int64_t size_a = dtype_bytes(a->tensor.dtype());
    const std::int64_t size_b = dtype_bytes(b->tensor.dtype());
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  return order;
}

std::string header_text(std::span<const NamedTensor* const> order, const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) {
    text += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      if (text.back() != '{') text += ',';
      append_json_string(text, key);
      text += ':';
      append_json_string(text, value);
    }
    text += '}';
  }
  std::uint64_t at = 0;
  for (const NamedTensor* n : order) {
    if (text.size() > 1) text += ',';
    append_json_string(text, n->name);
    const auto bytes = static_cast<std::uint64_t>(n->tensor.numel() * dtype_bytes(n->tensor.dtype()));
    text += fmt::format(":{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", format_name(n->tensor.dtype()),
                        shape_text(n->tensor.shape()), at, at + bytes);
    at += bytes;
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');  // So that the data begins at a multiple of 8.
  return text;
}

}  // namespace

Result<void> save_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                              const std::map<std::string, std::string>& metadata) {
  FG_TRY_ASSIGN(const auto order, ordered(tensors));
  const std::string text = header_text(order, metadata);
  if (text.size() > kMaxSafetensorsHeader) {
    return invalid(fmt::format("safetensors: the header would have {} bytes, at most {} are allowed", text.size(),
                               kMaxSafetensorsHeader),
                   FG_R_LIMIT);
  }
  FG_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  const std::uint64_t length = text.size();
  FG_TRY(file.write(std::as_bytes(std::span(&length, 1))));
  FG_TRY(file.write(std::as_bytes(std::span(text))));
  std::vector<std::byte> bytes;
  for (const NamedTensor* n : order) {
    bytes.resize(static_cast<std::size_t>(n->tensor.numel() * dtype_bytes(n->tensor.dtype())));
    FG_TRY(copy_to_host(n->tensor, bytes));
    FG_TRY(file.write(bytes));
  }
  return file.commit();
}

}  // namespace fg::core
