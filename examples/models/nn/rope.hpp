// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding: the angles' tables, made once, and their application to queries and keys.

#ifndef FG_EXAMPLES_MODELS_NN_ROPE_HPP_
#define FG_EXAMPLES_MODELS_NN_ROPE_HPP_

#include <optional>
#include <vector>

#include "fg/fg.hpp"

namespace fg::nn {

// How frequencies are stretched beyond the positions of the training; names as in config.json.
struct RopeParameters {
  enum class Type { plain, linear, llama3, yarn };
  Type type = Type::plain;
  std::int64_t dim = 0;  // Channels that are rotated, even.
  double theta = 10000;
  bool interleaved = false;  // Pairs are neighbours, not halves.
  double factor = 1;
  std::int64_t original_positions = 0;               // llama3, yarn
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;              // yarn
  double mscale = 0, mscale_all_dim = 0;             // yarn of DeepSeek; 0: not given
  std::optional<double> attention_factor;            // yarn
  bool truncate = true;                              // yarn: whole borders of the ramp
};

// Radians per position of each pair.
std::vector<double> rope_frequencies(const RopeParameters& p);

// 0.1 m ln(factor) + 1: how much longer contexts sharpen the attention (YaRN, arXiv:2309.00071).
double yarn_mscale(double factor, double m);

// What cos and sin are multiplied by.
double rope_amplitude(const RopeParameters& p);

class Rope {
 public:
  Rope() = default;
  // Tables for positions below `positions`, on the device.
  Rope(const RopeParameters& p, std::int64_t positions, const Device& device);

  struct Rotated {
    Tensor q, k;
  };
  // q [batch, length, heads, dim] and k alike, of any strides; positions [batch, length].
  Rotated operator()(const Tensor& q, const Tensor& k, const Tensor& positions) const;
  // In place.
  void rotate_(const Tensor& q, const Tensor& k, const Tensor& positions) const;

 private:
  Tensor cos_, sin_;  // [positions, dim / 2], f32
  bool interleaved_ = false;
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_ROPE_HPP_
