// SPDX-License-Identifier: Apache-2.0
//
// A prepared reduction, and its last step: from the states of kept elements to the outputs.

#ifndef FG_PLUGINS_CPU_ENGINE_REDUCE_KERNEL_HPP_
#define FG_PLUGINS_CPU_ENGINE_REDUCE_KERNEL_HPP_

#include <algorithm>
#include <array>

#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/fold.hpp"
#include "plugins/cpu/engine/state.hpp"

namespace fg::cpu {

// Kept elements whose states are held at once.
inline constexpr std::int64_t kBatch = 256;

struct Range {
  std::int64_t begin, end;
};

struct ReduceKernel : sdk::KernelObject {
  Program prologue, epilogue;
  Monoid monoid;
  std::int64_t block = 0, out_block = 0;
  RowFold row_fold = nullptr;  // Where the prologue is a simple term.
  ColumnFold column_fold = nullptr;
};

// Runs a checked launch without blocks; false when its input does not lie so.
bool reduce_direct(const ReduceKernel& kernel, const fg_launch& launch, const fg_reduce_params& params);

class Epilogue {
 public:
  // `out`: the outputs over the kept space; `cells` are bound.
  Epilogue(const ReduceKernel& kernel, const Space& kept, const Operand* out, std::int64_t n_reduced,
           std::uint64_t* cells)
      : kernel_(kernel), kept_(kept), out_(out), n_reduced_(n_reduced), cells_(cells) {}

  // put(first, n, block) writes the states of n kept elements, counted from kept.begin.
  template <class Put>
  void run(Range kept, Put&& put) const;
  void run_states(Range kept, const State* state) const {
    run(kept, [&](std::int64_t first, std::int64_t n, void* const* block) {
      kernel_.monoid.put_block(state + first, static_cast<std::size_t>(n), block);
    });
  }

 private:
  const ReduceKernel& kernel_;
  const Space& kept_;
  const Operand* out_;
  std::int64_t n_reduced_;
  std::uint64_t* cells_;
};

template <class Put>
void Epilogue::run(Range kept, Put&& put) const {
  const Program& p = kernel_.epilogue;
  alignas(64) std::byte scratch[kScratchBytes];
  const std::size_t bytes = static_cast<std::size_t>(kernel_.out_block) * 8, states = kernel_.monoid.n_states();
  Frame frame(p, cells_, scratch, kernel_.out_block);
  std::byte* buffer = scratch + p.n_temps * bytes;
  void* block[4];
  for (std::size_t k = 0; k <= states; ++k) block[k] = buffer + k * bytes;
  for (std::size_t k = 0; k < p.n_in; ++k) frame.input(k) = block[k];
  const bool counts = p.n_in > states;  // reads n
  buffer += (states + 1) * bytes;
  for (std::int64_t start = kept.begin; start < kept.end; start += kernel_.out_block) {
    const std::int64_t n = std::min(kernel_.out_block, kept.end - start);
    put(start - kept.begin, n, block);
    if (counts) std::fill_n(static_cast<std::int64_t*>(block[states]), n, n_reduced_);
    std::array<bool, kMaxOperands> staged;
    for (std::size_t j = 0; j < p.n_out; ++j) {
      frame.output(j) = contiguous_run(kept_, out_[j], start, n);
      staged[j] = frame.output(j) == nullptr;
      if (staged[j]) frame.output(j) = buffer + j * bytes;
    }
    frame.run_block(n);
    for (std::size_t j = 0; j < p.n_out; ++j) {
      if (staged[j]) scatter(kept_, out_[j], start, n, frame.output(j));
    }
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_REDUCE_KERNEL_HPP_
