// SPDX-License-Identifier: Apache-2.0
//
// A model's weights as Hugging Face writes them: model.safetensors, or model.safetensors.index.json
// and its shards.  The files are mapped; the core's reader has checked their headers whole before open()
// returns.
//
//   fg::models::Weights weights = fg::models::Weights::open("llama");
//   auto q = weights.take("model.layers.0.self_attn.q_proj.weight", {4096, 4096}, fg::kBF16);

#ifndef FG_EXAMPLES_MODELS_IO_WEIGHTS_HPP_
#define FG_EXAMPLES_MODELS_IO_WEIGHTS_HPP_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fg/fg.hpp"

namespace fg::models {

class Weights {
 public:
  // Bytes of the tensors taken so far (each counted once), and of all.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // `path`: a model's folder, or one .safetensors file.
  // FG_E_NOT_FOUND: no weights there, or a shard is missing.  FG_E_INVALID: a file is not what it claims.
  static Weights open(const std::string& path);

  std::vector<std::string> names() const;  // Sorted.
  bool has(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  // FG_E_NOT_FOUND when there is no such tensor.
  const SafetensorsFile::Info& info(std::string_view name) const;
  std::uint64_t total_bytes() const { return total_bytes_; }

  // The tensor on the current device in `dtype`, which may differ from the file's among f64, f32, f16
  // and bf16.  Where nothing is converted and the device sees host memory, it is the mapped file itself.
  // Throws, naming file, tensor, what was found and what was expected.
  Tensor take(std::string_view name, Dims shape, Dtype dtype);

  void on_progress(Progress progress) { progress_ = std::move(progress); }
  // Names that nothing has taken, sorted: what a loader forgot, or a file has too much of.
  std::vector<std::string> not_taken() const;

 private:
  struct Shard {
    std::string path;
    SafetensorsFile file;
  };
  struct Entry {
    std::size_t shard = 0;
    SafetensorsFile::Info info;
    bool taken = false;
  };

  void add_shard(const std::string& path);
  void open_index(const std::string& index_path);
  const Entry& find(std::string_view name) const;

  std::string path_;
  std::vector<Shard> shards_;
  std::map<std::string, Entry, std::less<>> tensors_;
  std::uint64_t total_bytes_ = 0, taken_bytes_ = 0;
  Progress progress_;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_WEIGHTS_HPP_
