// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/source.hpp"

namespace fg::models {

Tensor RandomSource::find(std::string_view name, Dims shape, Dtype dtype) {
  if (name.find("norm") != name.npos || name.find("Norm") != name.npos)
    return name.ends_with("bias") ? zeros(shape, dtype) : ones(shape, dtype);
  if (name.ends_with("bias")) return zeros(shape, dtype);
  Tensor t = Tensor::empty(shape, dtype);
  normal_(t, 0.0, 0.02, &generator_);
  return t;
}

nn::Linear Loader::linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias) const {
  return {tensor(name + ".weight", {out, in}), bias ? tensor(name + ".bias", {out}) : Tensor()};
}

nn::RMSNorm Loader::rms_norm(const std::string& name, std::int64_t channels, double eps) const {
  return {tensor(name + ".weight", {channels}), eps};
}

nn::LayerNorm Loader::layer_norm(const std::string& name, std::int64_t channels, double eps) const {
  const bool older = !source.has(name + ".weight") && source.has(name + ".gamma");
  return {tensor(name + (older ? ".gamma" : ".weight"), {channels}),
          tensor(name + (older ? ".beta" : ".bias"), {channels}), eps};
}

std::string Loader::prefix(std::initializer_list<const char*> prefixes, const std::string& name) const {
  for (const char* p : prefixes) {
    if (source.has(p + name)) return p;
  }
  return *prefixes.begin();
}

}  // namespace fg::models
