// SPDX-License-Identifier: Apache-2.0
//
// fg.map/1: a program over a space, by its fused loop where there is one and operands lie in rows,
// as a copy where it only moves elements, else block by block.
//
// Dense operands are read and written in place, block after block of the flat range.  Other
// operands go through a block buffer, except runs that happen to be contiguous.  When an input runs
// across the output (a transpose), blocks are square tiles, so that both sides use whole cache lines.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/cpu/engine/copy.hpp"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/fused.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Innermost dimensions from this length on are walked row by row, so that runs stay contiguous.
constexpr std::int64_t kLongRow = 256;
// Elements along each side of a tile; half of it where many blocks must share L1.
constexpr std::int64_t kTileSide = 32;

struct MapKernel : sdk::KernelObject {
  Program program;
  std::int64_t dense_block = 0, block = 0;
  Fused fused;
  std::int64_t fused_inline = 0;             // Elements up to which the loop is called at once.
  std::unique_ptr<MapKernel> before, after;  // What a cut of the program makes of one dimension's elements.

  void size_blocks() {
    constexpr std::int64_t kDirectBlock = 4096;  // Nothing but operands: fewer calls.
    block = block_elements(program.n_temps + program.n_operands());
    dense_block = program.n_temps == 0 ? kDirectBlock : block_elements(program.n_temps);
  }
};

// All operands row-major contiguous: n elements of each, one after another.
struct Dense {
  const MapKernel& kernel;
  std::array<std::byte*, kMaxOperands> base;
  std::int64_t n;
  std::uint64_t* cells;
  bool stream;

  void operator()(std::int64_t first_block, std::int64_t last_block) const {
    const Program& p = kernel.program;
    const std::int64_t block = stream ? kernel.block : kernel.dense_block;
    alignas(64) std::byte scratch[kScratchBytes];
    Frame frame(p, cells, scratch, block);
    std::byte* staging = scratch + p.n_temps * static_cast<std::size_t>(block) * 8;
    for (std::int64_t at = first_block * block; at < std::min(n, last_block * block); at += block) {
      const std::int64_t count = std::min(block, n - at);
      for (std::size_t j = 0; j < p.n_out; ++j) {
        frame.output(j) = stream ? staging + j * static_cast<std::size_t>(block) * 8 : base[j] + at * p.out_bytes[j];
      }
      for (std::size_t k = 0; k < p.n_in; ++k) frame.input(k) = base[p.n_out + k] + at * p.in_bytes[k];
      frame.run_block(count);
      for (std::size_t j = 0; stream && j < p.n_out; ++j) {
        stream_copy(base[j] + at * p.out_bytes[j], frame.output(j), static_cast<std::size_t>(count) * p.out_bytes[j]);
      }
    }
    if (stream) stream_fence();
  }
  std::int64_t blocks() const {
    const std::int64_t block = stream ? kernel.block : kernel.dense_block;
    return (n + block - 1) / block;
  }
};

// Contiguous results that depend on no element: one block of them is computed and then repeated.
struct Repeated {
  const MapKernel& kernel;
  std::array<std::byte*, kMaxOperands> base;
  std::int64_t n;
  std::uint64_t* cells;
  bool stream;

  void operator()(std::int64_t first_block, std::int64_t last_block) const {
    const Program& p = kernel.program;
    const std::int64_t block = kernel.block;
    alignas(64) std::byte scratch[kScratchBytes];
    Frame frame(p, cells, scratch, block);
    std::byte* const staging = scratch + p.n_temps * static_cast<std::size_t>(block) * 8;
    for (std::size_t j = 0; j < p.n_out; ++j) frame.output(j) = staging + j * static_cast<std::size_t>(block) * 8;
    frame.run_block(block);
    const std::int64_t begin = first_block * block, end = std::min(n, last_block * block);
    for (std::size_t j = 0; j < p.n_out; ++j) {
      const auto* value = static_cast<const std::byte*>(frame.output(j));
      const auto bytes = static_cast<std::int64_t>(p.out_bytes[j]);
      std::byte* const to = base[j] + begin * bytes;
      if (std::all_of(value, value + bytes, [&](std::byte b) { return b == value[0]; })) {
        std::memset(to, static_cast<int>(value[0]), static_cast<std::size_t>((end - begin) * bytes));
        continue;
      }
      for (std::int64_t at = begin; at < end; at += block) {
        const auto part = static_cast<std::size_t>(std::min(block, end - at) * bytes);
        std::byte* const here = base[j] + at * bytes;
        stream ? stream_copy(here, value, part) : static_cast<void>(std::memcpy(here, value, part));
      }
    }
    if (stream) stream_fence();
  }
};

// Any strides: blocks of the row-major range.
struct Strided {
  const MapKernel& kernel;
  Space space;
  std::array<Operand, kMaxOperands> operand;
  std::uint64_t* cells;
  std::int64_t rows, row, blocks_per_row;  // The range is `rows` rows of `row` elements.

  void split() {
    const std::int64_t inner = space.ndim > 0 ? space.size[static_cast<std::size_t>(space.ndim - 1)] : 1;
    row = inner >= kLongRow ? inner : space.count();
    rows = row == 0 ? 0 : space.count() / row;
    blocks_per_row = (row + kernel.block - 1) / kernel.block;
  }
  void operator()(std::int64_t first, std::int64_t last) const {
    const Program& p = kernel.program;
    alignas(64) std::byte scratch[kScratchBytes];
    Frame frame(p, cells, scratch, kernel.block);
    for (std::int64_t b = first; b < last; ++b) {
      const std::int64_t in_row = b % blocks_per_row * kernel.block;
      run_block(frame, scratch, b / blocks_per_row * row + in_row, std::min(kernel.block, row - in_row));
    }
  }
  void run_block(Frame& frame, std::byte* scratch, std::int64_t start, std::int64_t count) const {
    const Program& p = kernel.program;
    const std::size_t n_in = p.n_in + p.index_dims.size(), bytes = static_cast<std::size_t>(kernel.block) * 8;
    std::byte* buffer = scratch + p.n_temps * bytes;
    for (std::size_t k = 0; k < n_in; ++k) {
      const Operand& o = operand[p.n_out + k];
      frame.input(k) = contiguous_run(space, o, start, count);
      if (frame.input(k) != nullptr) continue;
      gather(space, o, start, count, buffer);
      frame.input(k) = buffer;
      buffer += bytes;
    }
    std::array<bool, kMaxOperands> staged;
    for (std::size_t j = 0; j < p.n_out; ++j) {
      frame.output(j) = contiguous_run(space, operand[j], start, count);
      staged[j] = frame.output(j) == nullptr;
      if (staged[j]) frame.output(j) = buffer + j * bytes;
    }
    frame.run_block(count);
    for (std::size_t j = 0; j < p.n_out; ++j) {
      if (staged[j]) scatter(space, operand[j], start, count, frame.output(j));
    }
  }
};

// Tiles over dimension `across` (rows) and the last one (columns).
struct Tiled {
  const MapKernel& kernel;
  Space space, outer;  // outer: `space` without the two.
  std::array<Operand, kMaxOperands> operand;
  std::uint64_t* cells;
  std::size_t across, last;
  std::int64_t side, tiles_down, tiles_along;
  bool stream;

  std::int64_t tiles() const { return outer.count() * tiles_down * tiles_along; }
  void operator()(std::int64_t first, std::int64_t end) const {
    const Program& p = kernel.program;
    alignas(64) std::byte scratch[kScratchBytes];
    Frame frame(p, cells, scratch, kernel.block);
    for (std::int64_t t = first; t < end; ++t) {
      const std::int64_t r = t % tiles_down * side, rest = t / tiles_down;
      run_tile(frame, scratch, rest / tiles_along, r, rest % tiles_along * side);
    }
    if (stream) stream_fence();
  }
  void run_tile(Frame& frame, std::byte* scratch, std::int64_t outer_number, std::int64_t r, std::int64_t c) const {
    const Program& p = kernel.program;
    const std::size_t bytes = static_cast<std::size_t>(kernel.block) * 8, n = p.n_operands();
    std::byte* buffer = scratch + p.n_temps * bytes;
    const std::int64_t rows = std::min(side, space.size[across] - r), cols = std::min(side, space.size[last] - c);
    const auto tile_of = [&](const Operand& o) { return Tile{rows, cols, o.stride[across], o.stride[last]}; };
    const auto corner = [&](const Operand& o) {
      return o.at(offset_outer(o, outer_number) + r * o.stride[across] + c * o.stride[last]);
    };
    for (std::size_t k = 0; k < n; ++k, buffer += bytes) {
      if (k < p.n_out) {
        frame.output(k) = buffer;
      } else {
        gather_tile(corner(operand[k]), tile_of(operand[k]), buffer);
        frame.input(k - p.n_out) = buffer;
      }
    }
    frame.run_block(rows * cols);
    for (std::size_t j = 0; j < p.n_out; ++j) put_tile(corner(operand[j]), tile_of(operand[j]), frame.output(j));
  }
  void put_tile(const Operand& to, const Tile& tile, const void* from) const {
    if (!stream || tile.col_stride != static_cast<std::int64_t>(to.element_bytes)) {
      scatter_tile(to, tile, from);
      return;
    }
    const auto row_bytes = static_cast<std::size_t>(tile.cols) * to.element_bytes;
    for (std::int64_t r = 0; r < tile.rows; ++r) {
      stream_copy(to.base + r * tile.row_stride,
                  static_cast<const std::byte*>(from) + static_cast<std::size_t>(r) * row_bytes, row_bytes);
    }
  }
  std::int64_t offset_outer(const Operand& o, std::int64_t number) const {
    std::int64_t offset = 0;
    for (std::size_t d = last; d-- > 0;) {
      if (d == across) continue;
      offset += number % space.size[d] * o.stride[d];
      number /= space.size[d];
    }
    return offset;
  }
};

// The dimension along which an input is contiguous while the last one is a long stride, or -1.
int transposed_dimension(const Program& p, const Space& space, const Operand* operand) {
  const auto last = static_cast<std::size_t>(space.ndim - 1);
  if (space.ndim < 2 || !p.index_dims.empty() || space.size[last] < kTileSide / 2) return -1;
  for (std::size_t k = p.n_out; k < p.n_operands(); ++k) {
    const Operand& o = operand[k];
    const std::int64_t bytes = o.element_bytes;
    if (o.stride[last] == 0 || std::abs(o.stride[last]) <= 2 * bytes) continue;
    for (std::size_t d = 0; d < last; ++d) {
      if (o.stride[d] == bytes && space.size[d] >= kTileSide / 2) return static_cast<int>(d);
    }
  }
  return -1;
}

Result<void> check_spaces(const fg_launch& l) {
  for (int i = 1; i < l.n_out + l.n_in; ++i) {
    bool same = l.t[i].ndim == l.t[0].ndim;
    for (int d = 0; same && d < l.t[0].ndim; ++d) same = l.t[i].shape[d] == l.t[0].shape[d];
    if (!same) {
      return invalid("fg.map/1: tensor " + std::to_string(i) + " has shape " + sdk::shape_text(l.t[i]) +
                         ", output 0 has " + sdk::shape_text(l.t[0]),
                     FG_R_SHAPE, i);
    }
  }
  return {};
}

Result<void> check_params(const fg_map_params* params, const Program* program) {
  if (params == nullptr) return invalid("fg.map/1: params is NULL", FG_R_NULL_POINTER);
  if (params->hdr.struct_size < FG_END(fg_map_params, scalar))
    return fail(FG_E_ABI, "fg_map_params is smaller than version 1.0's");
  FG_TRY(sdk::check_header(params->hdr, "fg_map_params"));
  if (params->program == nullptr) return invalid("fg.map/1: program is NULL", FG_R_NULL_POINTER);
  if (program != nullptr &&
      (params->program->hash[0] != program->hash[0] || params->program->hash[1] != program->hash[1])) {
    return invalid("fg.map/1: launched with another program than prepared", FG_R_EXPRESSION);
  }
  if (program != nullptr && params->scalar == nullptr && !program->scalars.empty()) {
    return invalid("fg.map/1: scalar is NULL", FG_R_NULL_POINTER);
  }
  return {};
}

template <class Work>
void in_parallel(const fg_launch& l, const MapKernel& k, std::int64_t units, std::int64_t block, const Work& work) {
  parallel_for(pool_of(l), units, block_grain(k.program, block), [&](std::int64_t a, std::int64_t b) { work(a, b); });
}

Strided strided(const MapKernel& k, const fg_launch& l, std::uint64_t* cells) {
  const Program& p = k.program;
  Strided work{k, {}, {}, cells, 0, 0, 0};
  work.space.ndim = l.t[0].ndim;
  std::copy_n(l.t[0].shape, l.t[0].ndim, work.space.size.begin());
  for (std::size_t i = 0; i < std::size_t{p.n_out} + p.n_in; ++i) work.operand[i] = operand_of(l.t[i]);
  for (std::size_t i = 0; i < p.index_dims.size(); ++i) {
    work.operand[std::size_t{p.n_out} + p.n_in + i] = index_operand(p.index_dims[i]);
  }
  return work;
}

// Elements [first, last) of one dimension by the program of their side of a cut.
void run_side(const MapKernel& k, const fg_launch& l, std::int64_t first, std::int64_t last) {
  if (first >= last) return;
  const Program& p = k.program;
  std::uint64_t cells[kMaxCells];
  bind_scalars(p, static_cast<const fg_map_params*>(l.params)->scalar, cells);
  Strided work = strided(k, l, cells);
  work.space.size[0] = last - first;
  for (std::size_t i = 0; i < p.n_operands(); ++i)
    work.operand[i] = work.operand[i].at(first * work.operand[i].stride[0]);
  work.split();
  in_parallel(l, k, work.rows * work.blocks_per_row, k.block, work);
}

Result<void> run_strided(const MapKernel& k, const fg_launch& l, std::uint64_t* cells) {
  const Program& p = k.program;
  if (k.before != nullptr && l.t[0].ndim == 1) {
    const auto at = std::clamp<std::int64_t>(static_cast<std::int64_t>(cells[p.cut->cell]), 0, l.t[0].shape[0]);
    run_side(*k.before, l, 0, at);
    run_side(*k.after, l, at, l.t[0].shape[0]);
    return {};
  }
  Strided work = strided(k, l, cells);
  coalesce(work.space, work.operand.data(), p.n_operands());
  const int across = transposed_dimension(p, work.space, work.operand.data());
  const std::int64_t side = k.block >= kTileSide * kTileSide ? kTileSide : kTileSide / 2;
  if (across >= 0 && k.block >= side * side) {
    const auto last = static_cast<std::size_t>(work.space.ndim - 1);
    Tiled tiled{k, work.space, {}, work.operand, cells, static_cast<std::size_t>(across), last, side, 0, 0, false};
    tiled.stream = should_stream(l);
    tiled.tiles_down = (work.space.size[tiled.across] + side - 1) / side;
    tiled.tiles_along = (work.space.size[last] + side - 1) / side;
    for (std::size_t d = 0; d < last; ++d) {
      if (d != tiled.across) tiled.outer.size[static_cast<std::size_t>(tiled.outer.ndim++)] = work.space.size[d];
    }
    in_parallel(l, k, tiled.tiles(), side * side, tiled);
    return {};
  }
  work.split();
  in_parallel(l, k, work.rows * work.blocks_per_row, k.block, work);
  return {};
}

Result<void> run_any(const MapKernel& k, const fg_launch& l) {
  const Program& p = k.program;
  FG_TRY(sdk::check_launch("fg.map/1", l, p.n_out, p.n_in, sdk::Address::pointer));
  FG_TRY(check_spaces(l));
  const auto* params = static_cast<const fg_map_params*>(l.params);
  FG_TRY(check_params(params, &p));
  const std::int64_t n = sdk::numel(l.t[0]);
  if (n == 0) return {};
  if (k.fused.loop != nullptr) {
    float scalars[kFusedScalars];
    fused_scalars(*k.fused.entry, params->scalar, scalars);
    if (run_fused(k.fused, l, scalars, should_stream(l))) return {};
  }
  if (p.identity >= 0 && l.n_in == 1) {
    Space space{l.t[0].ndim, {}};
    std::copy_n(l.t[0].shape, l.t[0].ndim, space.size.begin());
    if (copy_operand(pool_of(l), space, operand_of(l.t[0]), operand_of(l.t[1]), should_stream(l))) return {};
  }
  std::uint64_t cells[kMaxCells];
  bind_scalars(p, params->scalar, cells);
  bool dense = p.index_dims.empty();
  for (int i = 0; dense && i < l.n_out + l.n_in; ++i) dense = sdk::is_dense(l.t[i]);
  if (!dense) return run_strided(k, l, cells);
  if (p.n_in == 0) {
    Repeated work{k, {}, n, cells, should_stream(l)};
    for (int i = 0; i < l.n_out; ++i) work.base[static_cast<std::size_t>(i)] = static_cast<std::byte*>(l.t[i].ptr);
    in_parallel(l, k, (n + k.block - 1) / k.block, k.block, work);
    return {};
  }
  Dense work{k, {}, n, cells, should_stream(l)};
  for (int i = 0; i < l.n_out + l.n_in; ++i)
    work.base[static_cast<std::size_t>(i)] = static_cast<std::byte*>(l.t[i].ptr);
  in_parallel(l, k, work.blocks(), work.stream ? k.block : k.dense_block, work);
  return {};
}

// One block or less (for a loop: too little to share), one dimension, contiguous, nothing odd:
// straight through, no set-up.
bool run_small(const MapKernel& k, const fg_launch& l) {
  const Program& p = k.program;
  const auto* params = static_cast<const fg_map_params*>(l.params);
  if (l.n_out != p.n_out || l.n_in != p.n_in || !launch_is_plain(l) || !p.index_dims.empty() || params == nullptr ||
      params->hdr.must_understand != 0 || params->hdr.next != nullptr ||
      params->hdr.struct_size < FG_END(fg_map_params, scalar) || params->program == nullptr ||
      params->program->hash[0] != p.hash[0] || params->program->hash[1] != p.hash[1] ||
      (params->scalar == nullptr && !p.scalars.empty()) || p.n_temps > 4 || p.cells.size() > 16) {
    return false;
  }
  const fg_tensor& first = l.t[0];
  if (first.ndim > 1) return false;
  const std::int64_t n = first.ndim == 0 ? 1 : first.shape[0];
  if (n > (k.fused.loop != nullptr ? k.fused_inline : kMinBlock * 4) || n == 0) return false;
  for (int i = 0; i < l.n_out + l.n_in; ++i) {
    const fg_tensor& t = l.t[i];
    if (t.ndim != first.ndim || t.ptr == nullptr) return false;
    if (t.ndim == 1 && (t.shape[0] != n || (t.stride[0] != 1 && n != 1))) return false;
  }
  if (k.fused.loop != nullptr) {
    float scalars[kFusedScalars];
    fused_scalars(*k.fused.entry, params->scalar, scalars);
    FusedRun run{.scalar = scalars};
    for (std::size_t j = 0; j < p.n_out; ++j) run.out[j] = l.t[j].ptr;
    for (std::size_t i = 0; i < p.n_in; ++i) run.in[i] = l.t[p.n_out + i].ptr;
    k.fused.loop(run, static_cast<std::size_t>(n));
    return true;
  }
  std::uint64_t cells[16];
  bind_scalars(p, params->scalar, cells);
  alignas(64) std::byte scratch[4 * kMinBlock * 4 * 8];
  Frame frame(p, cells, scratch, kMinBlock * 4);
  for (int j = 0; j < l.n_out; ++j) frame.output(static_cast<std::size_t>(j)) = l.t[j].ptr;
  for (int i = 0; i < l.n_in; ++i) frame.input(static_cast<std::size_t>(i)) = l.t[l.n_out + i].ptr;
  frame.run_block(n);
  return true;
}

fg_status launch_map(const fg_kernel* kernel, const fg_launch* l) noexcept {
  const auto& k = *static_cast<const MapKernel*>(kernel);
  if (run_small(k, *l)) [[likely]]
    return FG_OK;
  return sdk::guard(l->err, [&] { return run_any(k, *l); });
}

// Both sides of a cut, where choosing costs something.
Result<void> compile_sides(const fg_expr& expr, std::span<const fg_dtype> in, std::span<const fg_dtype> out,
                           MapKernel& k) {
  if (!k.program.cut || k.program.cut->dim != 0) return {};
  auto before = std::make_unique<MapKernel>(), after = std::make_unique<MapKernel>();
  FG_TRY_ASSIGN(before->program, compile_side(expr, *k.program.cut, true, in, out));
  FG_TRY_ASSIGN(after->program, compile_side(expr, *k.program.cut, false, in, out));
  if (before->program.cost + after->program.cost >= 2 * k.program.cost) return {};
  for (MapKernel* side : {before.get(), after.get()}) side->size_blocks();
  k.before = std::move(before);
  k.after = std::move(after);
  return {};
}

Result<void> compile_map(const fg_sig& sig, MapKernel& k) {
  const auto* params = static_cast<const fg_map_params*>(sig.params);
  FG_TRY(check_params(params, nullptr));
  const auto out = dtypes_of(sig, 0, sig.n_out), in = dtypes_of(sig, sig.n_out, sig.n_in);
  FG_TRY_ASSIGN(k.program, compile(*params->program, in, out));
  k.fused = find_fused(*params->program, in, out);
  if (k.fused.loop != nullptr) k.fused_inline = piece_grain(k.fused.entry->cost, 1);
  FG_TRY(compile_sides(*params->program, in, out, k));
  return {};
}

}  // namespace

Result<void> check_map(const fg_sig& sig) {
  if (sig.params == nullptr) return {};  // prepare will see the program
  MapKernel k;
  return compile_map(sig, k);
}

Result<sdk::PreparedKernel> prepare_map(const fg_sig& sig) {
  auto k = std::make_unique<MapKernel>();
  FG_TRY(compile_map(sig, *k));
  k->size_blocks();
  k->launch = launch_map;
  k->destroy = [](sdk::KernelObject* o) noexcept { delete static_cast<MapKernel*>(o); };
  return sdk::PreparedKernel(k.release());
}

}  // namespace fg::cpu
