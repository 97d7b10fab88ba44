// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "examples/models/io/error.hpp"
#include "examples/models/io/json.hpp"
#include "examples/models/io/weight_map.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxIndexBytes = std::size_t{256} << 20;

std::string text_of(Dtype dtype) { return std::string(dtype_name(dtype.value())); }

// f8 is not among them: such weights come with scales, without which their values mean nothing.
bool converts(Dtype dtype) { return dtype == kF64 || dtype == kF32 || dtype == kF16 || dtype == kBF16; }

}  // namespace

Weights Weights::open(const std::string& path) {
  Weights weights;
  weights.path_ = path;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    if (!fs::exists(path, ignored)) refuse(FG_E_NOT_FOUND, path + ": no such file or folder");
    weights.add_shard(path);
    for (auto& [name, entry] : weights.tensors_) weights.total_bytes_ += entry.info.bytes;
    return weights;
  }
  const std::string single = (fs::path(path) / kSingle).string(), index = (fs::path(path) / kIndex).string();
  if (fs::exists(single, ignored)) {
    weights.add_shard(single);
  } else if (fs::exists(index, ignored)) {
    weights.open_index(index);
  } else {
    refuse(FG_E_NOT_FOUND, fmt::format("{}: neither {} nor {} is there", path, kSingle, kIndex));
  }
  for (auto& [name, entry] : weights.tensors_) weights.total_bytes_ += entry.info.bytes;
  return weights;
}

void Weights::add_shard(const std::string& path) {
  shards_.push_back({path, SafetensorsFile(path)});
  const SafetensorsFile& file = shards_.back().file;
  for (std::uint32_t i = 0; i < file.count(); ++i)
    tensors_.try_emplace(file.name(i), Entry{shards_.size() - 1, file.info(i), false});
}

void Weights::open_index(const std::string& index_path) {
  const WeightMap names_of_file = read_weight_map(read_text_file(index_path, kMaxIndexBytes), index_path);
  std::map<std::string, Entry, std::less<>> listed;
  for (const auto& [file, names] : names_of_file) {
    tensors_.clear();
    add_shard((fs::path(index_path).parent_path() / file).string());
    for (const std::string& name : names) {
      auto found = tensors_.extract(name);
      if (found.empty()) {
        refuse(FG_E_INVALID, fmt::format("{}: {} has no tensor {}, where the index says it is", index_path,
                                         in_quotes(file), in_quotes(name)));
      }
      listed.insert(std::move(found));
    }
  }
  tensors_ = std::move(listed);
}

std::vector<std::string> Weights::names() const {
  std::vector<std::string> all;
  for (const auto& [name, entry] : tensors_) all.push_back(name);
  return all;
}

std::vector<std::string> Weights::not_taken() const {
  std::vector<std::string> left;
  for (const auto& [name, entry] : tensors_) {
    if (!entry.taken) left.push_back(name);
  }
  return left;
}

const Weights::Entry& Weights::find(std::string_view name) const {
  const auto it = tensors_.find(name);
  if (it != tensors_.end()) return it->second;
  refuse(FG_E_NOT_FOUND, fmt::format("{} has no tensor {} among its {}", path_, in_quotes(name), tensors_.size()));
}

const SafetensorsFile::Info& Weights::info(std::string_view name) const { return find(name).info; }

Tensor Weights::take(std::string_view name, Dims shape, Dtype dtype) {
  auto& entry = const_cast<Entry&>(find(name));  // NOLINT: this function is not const, find() is.
  const Shard& shard = shards_[entry.shard];
  const auto mismatch = [&](fg_reason reason, const std::string& found, const std::string& expected) {
    refuse(reason == FG_R_DTYPE ? FG_E_UNSUPPORTED : FG_E_INVALID,
           fmt::format("{}: {} has {}, expected {}", shard.path, in_quotes(name), found, expected), reason);
  };
  const std::span<const std::int64_t> wanted(shape.data(), shape.size());
  if (!std::ranges::equal(entry.info.shape, wanted)) {
    mismatch(FG_R_SHAPE, fmt::format("shape [{}]", fmt::join(entry.info.shape, ", ")),
             fmt::format("[{}]", fmt::join(wanted, ", ")));
  }
  const bool same = entry.info.dtype == dtype && dtype != none;
  if (!same && !(converts(entry.info.dtype) && converts(dtype))) {
    mismatch(FG_R_DTYPE, "dtype " + (entry.info.dtype == none ? entry.info.dtype_name : text_of(entry.info.dtype)),
             text_of(dtype) + (converts(dtype) ? ", or what converts to it: f64, f32, f16, bf16" : ""));
  }
  Tensor t = shard.file.read(std::string(name).c_str());
  try {
    t = t.to(dtype);
  } catch (const Exception& e) {
    refuse(e.status(), fmt::format("{}: {} to {}: {}", shard.path, in_quotes(name), text_of(dtype), e.what()),
           e.reason());
  }
  if (!entry.taken) taken_bytes_ += entry.info.bytes;
  entry.taken = true;
  if (progress_) progress_(taken_bytes_, total_bytes_);
  return t;
}

}  // namespace fg::models
