// SPDX-License-Identifier: Apache-2.0
//
// Where a model's tensors come from: files, or random numbers of a named size.

#ifndef FG_EXAMPLES_MODELS_ARCH_SOURCE_HPP_
#define FG_EXAMPLES_MODELS_ARCH_SOURCE_HPP_

#include <string>
#include <string_view>

#include "examples/models/io/weights.hpp"
#include "examples/models/nn/linear.hpp"
#include "examples/models/nn/norm.hpp"

namespace fg::models {

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual bool has(std::string_view name) const = 0;
  Tensor take(std::string_view name, Dims shape, Dtype dtype) {
    Tensor t = find(name, shape, dtype);
    taken_bytes_ += static_cast<std::uint64_t>(t.numel()) * t.dtype().bytes();
    return t;
  }
  std::uint64_t taken_bytes() const { return taken_bytes_; }

 private:
  virtual Tensor find(std::string_view name, Dims shape, Dtype dtype) = 0;
  std::uint64_t taken_bytes_ = 0;
};

class FileSource final : public TensorSource {
 public:
  explicit FileSource(Weights& weights) : weights_(weights) {}
  bool has(std::string_view name) const override { return weights_.has(name); }

 private:
  Tensor find(std::string_view name, Dims shape, Dtype dtype) override { return weights_.take(name, shape, dtype); }

  Weights& weights_;
};

// Normal numbers of deviation 0.02, as models are initialised; ones where the name says norm, zeros
// where it says bias.  The same tensors in the same order for the same seed.
class RandomSource final : public TensorSource {
 public:
  explicit RandomSource(std::uint64_t seed) : generator_(seed) {}
  // Experts one by one, as original checkpoints have them: what has() leaves out is not asked for.
  bool has(std::string_view name) const override { return !name.ends_with("experts.gate_up_proj"); }

 private:
  Tensor find(std::string_view name, Dims shape, Dtype dtype) override;

  Generator generator_;
};

// The parts of models by name, all in one dtype.
struct Loader {
  TensorSource& source;
  Dtype dtype;

  Tensor tensor(const std::string& name, Dims shape) const { return source.take(name, shape, dtype); }
  nn::Linear linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias) const;
  nn::RMSNorm rms_norm(const std::string& name, std::int64_t channels, double eps) const;
  // Also under the older names gamma and beta.
  nn::LayerNorm layer_norm(const std::string& name, std::int64_t channels, double eps) const;
  // The first of the prefixes under which `name` is there, else the first.
  std::string prefix(std::initializer_list<const char*> prefixes, const std::string& name) const;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_SOURCE_HPP_
