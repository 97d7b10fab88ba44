// SPDX-License-Identifier: Apache-2.0
//
// cross_entropy_loss of dense tensors: each sample's scores are read once from memory, no tensor of
// log-probabilities is made.  Losses are added up in double in the order of the samples.

#include <cmath>
#include <vector>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index_entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/norm_ops.hpp"
#include "plugins/cpu/kernels/softmax_ops.hpp"

namespace fg::cpu::entry {
namespace {

struct Loss {
  const fg_tensor &self, &target;
  const fg_cross_entropy_loss_params& p;
  std::int64_t samples = 1, classes = 0, inner = 1;  // A sample's scores are `inner` elements apart.
  std::int64_t bytes = 0, wide = 0;                  // Of an element and of one in the compute type.
  const void* weight = nullptr;                      // In the compute type
  std::byte* copies = nullptr;                       // One sample's scores, per worker.
  double* losses = nullptr;                          // Per sample, then their weights.
};

Loss read_launch(const sdk::Launch& l, int workers, Arena& arena) {
  const fg_tensor& self = l.in(0);
  const std::size_t dim = self.ndim == 1 ? 0 : 1;
  const NormOps& ops = *norm_ops(self.dtype);
  Loss a{self, l.in(1), l.params<fg_cross_entropy_loss_params>()};
  a.classes = self.shape[dim];
  for (int d = 0; d < self.ndim; ++d) {
    if (static_cast<std::size_t>(d) != dim) a.samples *= self.shape[d];
    if (static_cast<std::size_t>(d) > dim) a.inner *= self.shape[d];
  }
  a.bytes = element_bytes(self);
  a.wide = ops.compute_bytes;
  a.weight = present(l.in(2)) ? l.in(2).ptr : nullptr;
  if (a.weight != nullptr && a.wide != a.bytes) {
    std::byte* wide = arena.take<std::byte>(a.classes * a.wide);
    if (wide != nullptr) ops.widen(a.weight, a.classes, wide);
    a.weight = wide;
  }
  a.copies = arena.take<std::byte>(a.inner == 1 ? 0 : (a.classes * a.bytes + 64) * workers);
  a.losses = arena.take<double>(2 * a.samples);
  return a;
}

double number_at(const void* p, std::int64_t i, fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return static_cast<const double*>(p)[i];
    case FG_F16: return static_cast<double>(static_cast<float>(static_cast<const f16*>(p)[i]));
    case FG_BF16: return static_cast<double>(static_cast<float>(static_cast<const bf16*>(p)[i]));
    default: return static_cast<double>(static_cast<const float*>(p)[i]);
  }
}
void put_number(void* p, std::int64_t i, fg_dtype dtype, double x) {
  switch (dtype) {
    case FG_F64: static_cast<double*>(p)[i] = x; return;
    case FG_F16: static_cast<f16*>(p)[i] = f16(static_cast<float>(x)); return;
    case FG_BF16: static_cast<bf16*>(p)[i] = bf16(static_cast<float>(x)); return;
    default: static_cast<float*>(p)[i] = static_cast<float>(x); return;
  }
}

double weight_of(const Loss& a, std::int64_t k) {
  return a.weight == nullptr ? 1 : number_at(a.weight, k, a.wide == 8 ? FG_F64 : FG_F32);
}

void sample(const Loss& a, const Indices& classes, double all_weights, std::int64_t i, int worker) {
  const std::int64_t k = classes.read(i);
  a.losses[i] = a.losses[a.samples + i] = 0;
  if (k == a.p.ignore_index) return;
  const std::byte* x =
      static_cast<const std::byte*>(a.self.ptr) + (i / a.inner * a.classes * a.inner + i % a.inner) * a.bytes;
  if (a.inner != 1) {
    std::byte* copy = a.copies + worker * (a.classes * a.bytes + 64);
    Space line;
    line.add(a.classes, {a.inner});
    fg::cpu::gather(x, line, 0, a.bytes, copy);
    x = copy;
  }
  const LineSums s = softmax_ops(a.self.dtype)->line_sums(x, a.classes, a.weight);
  const double weight = weight_of(a, k), logarithm = std::log(s.total), smoothing = a.p.label_smoothing;
  double loss = (logarithm - (number_at(x, k, a.self.dtype) - s.peak)) * weight;
  if (smoothing != 0) {
    const double share = smoothing / static_cast<double>(a.classes);
    loss = (1 - smoothing) * loss + share * (logarithm * all_weights - s.shifted);
  }
  a.losses[i] = loss;
  a.losses[a.samples + i] = weight;
}

// A class must be ignore_index or one of the classes.
Result<void> check_classes(const Loss& a, const Indices& classes) {
  for (std::int64_t i = 0; i < a.samples; ++i) {
    const std::int64_t k = classes.read(i);
    if ((k >= 0 && k < a.classes) || k == a.p.ignore_index) continue;
    return invalid("cross_entropy_loss: target" + position_text(a.target, i) + " is " + std::to_string(k) +
                       ", self has " + std::to_string(a.classes) + " classes, expected 0 <= class < " +
                       std::to_string(a.classes) + " or ignore_index",
                   FG_R_BOUNDS, 2);
  }
  return {};
}

}  // namespace

Result<void> cross_entropy_loss(const sdk::Launch& l) {
  Arena arena(workspace_at(l));
  const Loss a = read_launch(l, workers_of(l), arena);
  const Indices classes = indices_of(a.target);
  FG_TRY(check_classes(a, classes));
  double all_weights = static_cast<double>(a.classes);
  if (a.weight != nullptr && a.p.label_smoothing != 0) {
    all_weights = 0;
    for (std::int64_t k = 0; k < a.classes; ++k) all_weights += weight_of(a, k);
  }
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / 4 / std::max<std::int64_t>(a.classes, 1));
  PoolExec(l).ranges(a.samples, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    for (std::int64_t i = begin; i < end; ++i) sample(a, classes, all_weights, i, worker);
  });
  const fg_tensor& out = l.out();
  if (a.p.reduction == FG_CROSS_ENTROPY_LOSS_REDUCTION_NONE) {
    for (std::int64_t i = 0; i < a.samples; ++i) put_number(out.ptr, i, out.dtype, a.losses[i]);
    return {};
  }
  double total = 0, weights = 0;
  for (std::int64_t i = 0; i < a.samples; ++i) {
    total += a.losses[i];
    weights += a.losses[a.samples + i];
  }
  if (a.p.reduction == FG_CROSS_ENTROPY_LOSS_REDUCTION_MEAN) total /= weights;
  put_number(out.ptr, 0, out.dtype, total);
  return {};
}

Result<std::uint64_t> cross_entropy_loss_workspace(const sdk::Launch& l) {
  Arena arena(nullptr);
  read_launch(l, workers_of(l), arena);
  return arena.used() + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
