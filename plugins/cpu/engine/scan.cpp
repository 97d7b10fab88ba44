// SPDX-License-Identifier: Apache-2.0
//
// fg.scan/1.  Rows are scanned one after another, or, where neighbouring rows lie side by side in
// memory, many at once ("columns").  Few long rows are cut into chunks: fold every chunk, combine
// the folds to what precedes each chunk, scan the chunks.  The cut depends on the shape alone.
// Float sums and products run in double.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/scan_direct.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kChunk = 1 << 16;  // Elements of a row scanned by one thread.
constexpr std::int64_t kFewRows = 8;      // Fewer rows than this are cut.
constexpr std::int64_t kMinColumns = 8;   // Fewer neighbouring rows are not worth doing at once.
constexpr std::int64_t kMaxColumns = 256;

struct ScanKernel : sdk::KernelObject {
  Program prologue, epilogue;
  Monoid monoid;
  DirectScan direct;
  std::int64_t block = 0;
};

// Four terms are added up among themselves first, so the carry waits for one addition in four.
template <class Acc, class T, class Op>
void scan_plain(Acc& carry, const T* x, T* out, std::size_t n, Op op, bool in_order = false) {
  std::size_t i = 0;
  for (; !in_order && i + 4 <= n; i += 4) {
    const Acc p0 = static_cast<Acc>(x[i]), p1 = op(p0, static_cast<Acc>(x[i + 1])),
              p2 = op(p1, static_cast<Acc>(x[i + 2])), p3 = op(p2, static_cast<Acc>(x[i + 3]));
    out[i] = convert_value<T>(op(carry, p0));
    out[i + 1] = convert_value<T>(op(carry, p1));
    out[i + 2] = convert_value<T>(op(carry, p2));
    carry = op(carry, p3);
    out[i + 3] = convert_value<T>(carry);
  }
  for (; i < n; ++i) {
    carry = op(carry, static_cast<Acc>(x[i]));
    out[i] = convert_value<T>(carry);
  }
}

// n values into the state, every intermediate state into block[].
void scan_block(const Monoid& m, State& s, const void* x, void* const* block, std::size_t n, std::int64_t first) {
  const bool sum = m.kind() == FG_MONOID_SUM, prod = m.kind() == FG_MONOID_PROD;
  if ((sum || prod) && m.type() != FG_CT_BOOL) {
    with_compute_type(m.type(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* in = static_cast<const T*>(x);
      T* out = static_cast<T*>(block[0]);
      if constexpr (std::is_floating_point_v<T>) {
        if (sum)
          scan_plain(s.a, in, out, n, [](double a, double b) { return a + b; });
        else
          // Factors among themselves might overflow where the running product does not.
          scan_plain(
              s.a, in, out, n, [](double a, double b) { return a * b; }, true);
      } else {
        auto carry = static_cast<std::uint64_t>(s.i);
        if (sum)
          scan_plain(carry, in, out, n, [](std::uint64_t a, std::uint64_t b) { return a + b; });
        else
          scan_plain(carry, in, out, n, [](std::uint64_t a, std::uint64_t b) { return a * b; });
        s.i = static_cast<std::int64_t>(carry);
      }
    });
    return;
  }
  const std::size_t bytes = compute_bytes(m.type());
  for (std::size_t i = 0; i < n; ++i) {
    m.step(s, static_cast<const char*>(x) + i * bytes, first + static_cast<std::int64_t>(i));
    m.put(s, block, i);
  }
}

class Scan {
 public:
  Scan(const ScanKernel& kernel, const fg_launch& launch, const fg_scan_params& params);
  void run();

 private:
  // Buffers of one thread: the prologue's result, the states, the outputs, gathered inputs.
  struct Work {
    Frame& in;
    Frame& out;
    std::byte* buffer;
    std::size_t bytes;  // of one buffer
    std::byte* value() const { return buffer; }
    void* state(std::size_t k) const { return buffer + (1 + k) * bytes; }
    std::byte* output(std::size_t j) const { return buffer + (3 + j) * bytes; }
    std::byte* gathered(std::size_t j) const { return buffer + (3 + kernel_outputs + j) * bytes; }
    std::size_t kernel_outputs;
    Operand* operand;  // of the row at hand
  };
  template <class F>
  void with_work(F&& f) const;
  Operand row_of(std::size_t k, std::int64_t row) const {
    return operand_[k].at(offset_of(rows_, operand_[k].stride, row));
  }
  void choose_columns();
  const void* values(const Work& w, const Space& space, const Operand* operand, std::int64_t start,
                     std::int64_t n) const;
  void store(const Work& w, const Space& space, const Operand* operand, std::int64_t start, std::int64_t n) const;
  void scan_row(const Work& w, std::int64_t row, std::int64_t begin, std::int64_t end, State carry) const;
  State fold_row(const Work& w, std::int64_t row, std::int64_t begin, std::int64_t end) const;
  void scan_columns(const Work& w, std::int64_t first, std::int64_t n) const;
  void along(std::size_t row, Operand* operand) const;
  void run_chunks();

  const ScanKernel& kernel_;
  const fg_launch& launch_;
  Space rows_, line_;                            // All but the scanned dimension; that one.
  std::array<Operand, kMaxOperands> operand_;    // Over rows_: outputs, inputs, index operands.
  std::array<std::int64_t, kMaxOperands> step_;  // Along line_.
  std::size_t n_operands_ = 0;
  bool columns_ = false;
  mutable std::uint64_t cells_[kMaxCells];
  mutable std::uint64_t epilogue_cells_[kMaxCells];
};

Scan::Scan(const ScanKernel& kernel, const fg_launch& l, const fg_scan_params& params) : kernel_(kernel), launch_(l) {
  const Program& p = kernel.prologue;
  const int last = l.t[0].ndim - 1;
  rows_.ndim = std::max(last, 0);
  std::copy_n(l.t[0].shape, rows_.ndim, rows_.size.begin());
  line_.ndim = 1;
  line_.size[0] = last >= 0 ? l.t[0].shape[last] : 1;
  n_operands_ = std::size_t{l.n_out} + l.n_in + p.index_dims.size();
  for (std::size_t k = 0; k < n_operands_; ++k) {
    const std::size_t tensors = std::size_t{l.n_out} + l.n_in;
    operand_[k] = k < tensors ? operand_of(l.t[k]) : index_operand(p.index_dims[k - tensors]);
    step_[k] = last >= 0 ? operand_[k].stride[static_cast<std::size_t>(last)] : 0;
    if (last >= 0) operand_[k].stride[static_cast<std::size_t>(last)] = 0;
  }
  coalesce(rows_, operand_.data(), n_operands_);
  bind_scalars(p, params.scalar, cells_);
  bind_scalars(kernel.epilogue, params.scalar, epilogue_cells_);
  choose_columns();
}

void Scan::choose_columns() {
  if (rows_.ndim == 0 || rows_.size[static_cast<std::size_t>(rows_.ndim - 1)] < kMinColumns) return;
  for (std::size_t k = launch_.n_out; k < n_operands_; ++k) {
    if (operand_[k].index) continue;
    const std::int64_t across = std::abs(operand_[k].stride[static_cast<std::size_t>(rows_.ndim - 1)]),
                       along = std::abs(step_[k]);
    if (across == along) continue;
    columns_ = across != 0 && (across < along || along == 0);
    return;
  }
}

template <class F>
void Scan::with_work(F&& f) const {
  const std::size_t bytes = static_cast<std::size_t>(kernel_.block) * 8;
  alignas(64) std::byte scratch[kScratchBytes];
  Frame in(kernel_.prologue, cells_, scratch, kernel_.block);
  std::byte* epilogue_temps = scratch + kernel_.prologue.n_temps * bytes;
  Frame out(kernel_.epilogue, epilogue_cells_, epilogue_temps, kernel_.block);
  std::vector<Operand> operand(n_operands_);
  f(Work{in, out, epilogue_temps + kernel_.epilogue.n_temps * bytes, bytes, kernel_.epilogue.n_out, operand.data()});
}

// The prologue's values of elements [start, start + n) of a space.
const void* Scan::values(const Work& w, const Space& space, const Operand* operand, std::int64_t start,
                         std::int64_t n) const {
  const Program& p = kernel_.prologue;
  for (std::size_t k = 0; k < n_operands_ - launch_.n_out; ++k) {
    const Operand& o = operand[launch_.n_out + k];
    w.in.input(k) = contiguous_run(space, o, start, n);
    if (w.in.input(k) != nullptr) continue;
    gather(space, o, start, n, w.gathered(k));
    w.in.input(k) = w.gathered(k);
  }
  if (p.identity >= 0) return w.in.input(static_cast<std::size_t>(p.identity));
  w.in.output(0) = w.value();
  w.in.run_block(n);
  return w.value();
}

// The epilogue of the states, to elements [start, start + n).
void Scan::store(const Work& w, const Space& space, const Operand* operand, std::int64_t start, std::int64_t n) const {
  const Program& p = kernel_.epilogue;
  for (std::size_t k = 0; k < p.n_in; ++k) w.out.input(k) = w.state(k);
  std::array<bool, kMaxOperands> staged;
  for (std::size_t j = 0; j < p.n_out; ++j) {
    w.out.output(j) = contiguous_run(space, operand[j], start, n);
    staged[j] = w.out.output(j) == nullptr;
    if (staged[j]) w.out.output(j) = w.output(j);
  }
  w.out.run_block(n);
  for (std::size_t j = 0; j < p.n_out; ++j) {
    if (staged[j]) scatter(space, operand[j], start, n, w.out.output(j));
  }
}

// Operands along one row.
void Scan::along(std::size_t row, Operand* operand) const {
  for (std::size_t k = 0; k < n_operands_; ++k) {
    operand[k] = row_of(k, static_cast<std::int64_t>(row));
    operand[k].stride[0] = step_[k];
  }
}

void Scan::scan_row(const Work& w, std::int64_t row, std::int64_t begin, std::int64_t end, State carry) const {
  along(static_cast<std::size_t>(row), w.operand);
  void* const state[] = {w.state(0), w.state(1)};
  for (std::int64_t start = begin; start < end; start += kernel_.block) {
    const std::int64_t n = std::min(kernel_.block, end - start);
    const void* x = values(w, line_, w.operand, start, n);
    scan_block(kernel_.monoid, carry, x, state, static_cast<std::size_t>(n), start);
    store(w, line_, w.operand, start, n);
  }
}

State Scan::fold_row(const Work& w, std::int64_t row, std::int64_t begin, std::int64_t end) const {
  along(static_cast<std::size_t>(row), w.operand);
  State s = kernel_.monoid.identity();
  for (std::int64_t start = begin; start < end; start += kernel_.block) {
    const std::int64_t n = std::min(kernel_.block, end - start);
    kernel_.monoid.fold(s, values(w, line_, w.operand, start, n), static_cast<std::size_t>(n), start);
  }
  return s;
}

// Rows [first, first + n) side by side, one element of each at a time.
void Scan::scan_columns(const Work& w, std::int64_t first, std::int64_t n) const {
  const Monoid& m = kernel_.monoid;
  const auto width = static_cast<std::size_t>(n);
  const std::size_t bytes = compute_bytes(m.type());
  alignas(64) std::byte lanes[kMaxColumns * 8];
  State carry[kMaxColumns];
  if (m.simple()) m.fill_identity(lanes, width);
  std::fill_n(carry, n, m.identity());
  std::array<Operand, kMaxOperands> operand = operand_;
  const bool wide = m.is_float() && m.lane_bytes() != bytes;
  const Micro narrow = wide ? find_cast(FG_CT_F64, m.type()) : nullptr;
  const Micro low_bits = !m.is_float() && m.lane_bytes() != bytes ? find_cast(FG_CT_I64, m.type()) : nullptr;
  void* const state[] = {w.state(0), w.state(1)};
  for (std::int64_t i = 0; i < line_.size[0]; ++i) {
    const auto* x = static_cast<const std::byte*>(values(w, rows_, operand.data(), first, n));
    if (m.simple()) {
      m.accumulate()(lanes, x, width);
      if (const Micro convert = wide ? narrow : low_bits)
        convert(state[0], lanes, lanes, lanes, width);
      else
        std::memcpy(state[0], lanes, width * bytes);
    } else {
      for (std::size_t c = 0; c < width; ++c) {
        m.step(carry[c], x + c * bytes, i);
        m.put(carry[c], state, c);
      }
    }
    store(w, rows_, operand.data(), first, n);
    for (std::size_t k = 0; k < n_operands_; ++k) operand[k] = operand[k].at(step_[k]);
  }
}

void Scan::run_chunks() {
  const std::int64_t rows = rows_.count(), length = line_.size[0], chunks = (length + kChunk - 1) / kChunk;
  std::vector<State> before(static_cast<std::size_t>(rows * chunks), kernel_.monoid.identity());
  const auto end_of = [&](std::int64_t c) { return std::min(length, (c + 1) * kChunk); };
  ThreadPool& pool = pool_of(launch_);
  parallel_for(pool, rows * chunks, 1, [&](std::int64_t from, std::int64_t to) {
    with_work([&](const Work& w) {
      for (std::int64_t u = from; u < to; ++u) {
        const std::int64_t c = u % chunks;
        if (c + 1 < chunks) before[static_cast<std::size_t>(u + 1)] = fold_row(w, u / chunks, c * kChunk, end_of(c));
      }
    });
  });
  for (std::int64_t u = 0; u < rows * chunks; ++u) {
    if (u % chunks < 2) continue;
    State s = before[static_cast<std::size_t>(u - 1)];
    kernel_.monoid.combine(s, before[static_cast<std::size_t>(u)]);
    before[static_cast<std::size_t>(u)] = s;
  }
  parallel_for(pool, rows * chunks, 1, [&](std::int64_t from, std::int64_t to) {
    with_work([&](const Work& w) {
      for (std::int64_t u = from; u < to; ++u) {
        const std::int64_t c = u % chunks;
        State carry = before[static_cast<std::size_t>(u)];
        if (kernel_.monoid.kind() == FG_MONOID_SUM && std::isfinite(carry.a)) carry.a += carry.b;
        scan_row(w, u / chunks, c * kChunk, end_of(c), carry);
      }
    });
  });
}

void Scan::run() {
  const std::int64_t rows = rows_.count(), length = line_.size[0];
  const std::int64_t cost = std::max<std::int64_t>(length, 1) * (kernel_.prologue.cost + kernel_.epilogue.cost + 10);
  constexpr std::int64_t kPieceCost = 80'000;  // tenths of a nanosecond
  ThreadPool& pool = pool_of(launch_);
  if (columns_) {
    const std::int64_t width = std::min(kMaxColumns, kernel_.block), units = (rows + width - 1) / width;
    parallel_for(pool, units, std::max<std::int64_t>(1, kPieceCost / (cost * width)),
                 [&](std::int64_t from, std::int64_t to) {
                   with_work([&](const Work& w) {
                     for (std::int64_t u = from; u < to; ++u)
                       scan_columns(w, u * width, std::min(width, rows - u * width));
                   });
                 });
    return;
  }
  if (rows < kFewRows && length > 2 * kChunk) return run_chunks();
  parallel_for(pool, rows, std::max<std::int64_t>(1, kPieceCost / cost), [&](std::int64_t from, std::int64_t to) {
    with_work([&](const Work& w) {
      for (std::int64_t r = from; r < to; ++r) scan_row(w, r, 0, length, kernel_.monoid.identity());
    });
  });
}

Result<void> check_params(const fg_scan_params* params, const ScanKernel* kernel) {
  if (params == nullptr) return invalid("fg.scan/1: params is NULL", FG_R_NULL_POINTER);
  if (params->hdr.struct_size < FG_END(fg_scan_params, zero))
    return fail(FG_E_ABI, "fg_scan_params is smaller than version 1.0's");
  FG_TRY(sdk::check_header(params->hdr, "fg_scan_params"));
  if (params->zero != 0) return invalid("fg_scan_params: a reserved field is not 0", FG_R_RESERVED);
  if (params->prologue == nullptr || params->epilogue == nullptr)
    return invalid("fg.scan/1: a program is NULL", FG_R_NULL_POINTER);
  if (kernel == nullptr) return {};
  const auto same = [](const fg_expr& e, const Program& p) { return e.hash[0] == p.hash[0] && e.hash[1] == p.hash[1]; };
  if (!same(*params->prologue, kernel->prologue) || !same(*params->epilogue, kernel->epilogue) ||
      params->monoid != kernel->monoid.kind()) {
    return invalid("fg.scan/1: launched with another program than prepared", FG_R_EXPRESSION);
  }
  if (params->scalar == nullptr && !(kernel->prologue.scalars.empty() && kernel->epilogue.scalars.empty())) {
    return invalid("fg.scan/1: scalar is NULL", FG_R_NULL_POINTER);
  }
  return {};
}

Result<void> check_shapes(const fg_launch& l) {
  for (int i = 1; i < l.n_out + l.n_in; ++i) {
    bool same = l.t[i].ndim == l.t[0].ndim;
    for (int d = 0; same && d < l.t[0].ndim; ++d) same = l.t[i].shape[d] == l.t[0].shape[d];
    if (!same) {
      return invalid("fg.scan/1: tensor " + std::to_string(i) + " has shape " + sdk::shape_text(l.t[i]) +
                         ", output 0 has " + sdk::shape_text(l.t[0]),
                     FG_R_SHAPE, i);
    }
  }
  return {};
}

fg_status launch_scan(const fg_kernel* kernel, const fg_launch* l) noexcept {
  return sdk::guard(l->err, [&]() -> Result<void> {
    const auto& k = *static_cast<const ScanKernel*>(kernel);
    FG_TRY(sdk::check_launch("fg.scan/1", *l, k.epilogue.n_out, k.prologue.n_in, sdk::Address::pointer));
    const auto* params = static_cast<const fg_scan_params*>(l->params);
    FG_TRY(check_params(params, &k));
    FG_TRY(check_shapes(*l));
    if (sdk::numel(l->t[0]) == 0) return {};
    if (k.direct.row != nullptr && scan_direct(k.direct, *l, k.monoid)) return {};
    Scan(k, *l, *params).run();
    return {};
  });
}

Result<std::unique_ptr<ScanKernel>> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_scan_params*>(sig.params);
  FG_TRY(check_params(params, nullptr));
  auto k = std::make_unique<ScanKernel>();
  FG_TRY(check_expr(*params->prologue));
  if (params->prologue->n_out != 1)
    return invalid("fg.scan/1: the prologue has " + std::to_string(params->prologue->n_out) + " outputs, expected 1");
  const std::uint16_t type = params->prologue->node[params->prologue->out[0]].type;
  switch (params->monoid) {
    case FG_MONOID_SUM:
    case FG_MONOID_PROD:
    case FG_MONOID_MAX:
    case FG_MONOID_MIN:
    case FG_MONOID_LOGSUMEXP:
    case FG_MONOID_LASTMAX:
    case FG_MONOID_LASTMIN: break;
    default: return unsupported("fg.scan/1: monoid " + std::to_string(params->monoid) + " has no scan", FG_R_PARAMETER);
  }
  FG_TRY_ASSIGN(k->monoid, Monoid::make(params->monoid, type));
  const fg_dtype value = native_dtype(type);
  const auto in = dtypes_of(sig, sig.n_out, sig.n_in), out = dtypes_of(sig, 0, sig.n_out);
  if (in.size() == 1 && is_direct(*params->prologue, *params->epilogue))
    k->direct = find_direct_scan(params->monoid, type, in[0], out[0]);
  FG_TRY_ASSIGN(k->prologue, compile(*params->prologue, in, {&value, 1}));
  std::vector<fg_dtype> states;
  for (std::size_t i = 0; i < k->monoid.n_states(); ++i) states.push_back(native_dtype(k->monoid.state_type(i)));
  if (params->epilogue->n_in > states.size()) {
    return invalid("fg.scan/1: the epilogue has " + std::to_string(params->epilogue->n_in) + " inputs, at most " +
                   std::to_string(states.size()));
  }
  states.resize(params->epilogue->n_in);
  FG_TRY_ASSIGN(k->epilogue, compile(*params->epilogue, states, out));
  if (!k->epilogue.index_dims.empty()) return unsupported("fg.scan/1: an epilogue has no positions", FG_R_EXPRESSION);
  const std::size_t buffers =
      k->prologue.n_temps + k->epilogue.n_temps + k->prologue.n_operands() + k->epilogue.n_operands() + 3;
  if (buffers > static_cast<std::size_t>(kMaxBuffers))
    return unsupported("fg.scan/1: the programs need too many blocks", FG_R_LIMIT);
  k->block = block_elements(buffers);
  return k;
}

}  // namespace

Result<void> check_scan(const fg_sig& sig) {
  if (sig.params == nullptr) return {};
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_scan(const fg_sig& sig) {
  FG_TRY_ASSIGN(auto k, make(sig));
  k->launch = launch_scan;
  k->destroy = [](sdk::KernelObject* o) noexcept { delete static_cast<ScanKernel*>(o); };
  return sdk::PreparedKernel(k.release());
}

}  // namespace fg::cpu
