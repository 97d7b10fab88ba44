// SPDX-License-Identifier: Apache-2.0
//
// From an expression program to a list of micro-kernel calls over blocks.
//
// Every value lives in a slot.  Slots are numbered: outputs, inputs, index operands ("operands",
// contiguous blocks given by the engine), then cells (one value that stands for all elements:
// scalars, constants and what is computed from them), then temporaries (blocks of scratch).

#ifndef FG_PLUGINS_CPU_ENGINE_COMPILE_HPP_
#define FG_PLUGINS_CPU_ENGINE_COMPILE_HPP_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/sdk/result.hpp"
#include "plugins/cpu/engine/micro.hpp"

namespace fg::cpu {

// One block buffer holds this many elements of 8 bytes at least; kMaxBuffers of them must fit into
// the scratch memory that a thread keeps on its stack.
inline constexpr std::int64_t kMinBlock = 64;
inline constexpr std::int64_t kMaxBuffers = 224;
inline constexpr std::size_t kScratchBytes = kMinBlock * 8 * kMaxBuffers;
inline constexpr std::size_t kMaxCells = 256;
inline constexpr std::size_t kMaxOperands = 96;
inline constexpr std::size_t kMaxSlots = kMaxOperands + kMaxCells + kMaxBuffers;

struct Instr {
  Micro fn;
  std::uint16_t dst, a, b, c;
};

struct ScalarCell {
  std::uint16_t cell, scalar, type;  // cells[cell] = scalar number `scalar` read as `type`
};

// A comparison index(dim) < cells[cell]: elements before that one may be computed by one program and the
// others by another, each without what the other needs.
struct Cut {
  std::uint16_t node = 0, dim = 0, cell = 0;
};

struct Program {
  std::uint16_t n_out = 0, n_in = 0;
  std::vector<std::uint16_t> index_dims;  // Dimension of each index operand.
  std::vector<std::uint64_t> cells;       // Constants; the rest is filled at launch.
  std::vector<ScalarCell> scalars;
  std::vector<Instr> uniform;                      // Once per launch, n = 1.
  std::vector<Instr> broadcast;                    // Once per thread, n = block: cells as blocks.
  std::vector<Instr> body;                         // For every block.
  std::vector<std::uint32_t> out_bytes, in_bytes;  // Element sizes.
  std::uint16_t n_temps = 0;
  std::int16_t identity = -1;  // The program is a copy of this input, same type.
  std::optional<Cut> cut;
  std::int64_t cost = 0;  // Tenths of a nanosecond per element, roughly.
  std::array<std::uint64_t, 2> hash{};

  std::size_t n_operands() const { return std::size_t{n_out} + n_in + index_dims.size(); }
  std::size_t first_temp() const { return n_operands() + cells.size(); }
};

// `in` and `out` are the storage types of the operands.
Result<Program> compile(const fg_expr& expr, std::span<const fg_dtype> in, std::span<const fg_dtype> out);

// The program of the elements on one side of a cut: its choices are made.
Result<Program> compile_side(const fg_expr& expr, const Cut& cut, bool before, std::span<const fg_dtype> in,
                             std::span<const fg_dtype> out);

// The storage type that holds a compute type unchanged.
fg_dtype native_dtype(std::uint16_t type);

// Refuses programs with unknown nodes or broken references; what compile() needs to be safe.
Result<void> check_expr(const fg_expr& expr);

// Fills the cells of one launch.
void bind_scalars(const Program& program, const fg_scalar* scalar, std::uint64_t* cells);

// A thread's slots and scratch for one program.
class Frame {
 public:
  Frame(const Program& program, std::uint64_t* cells, std::byte* scratch, std::int64_t block) : program_(program) {
    const std::size_t cell0 = program.n_operands(), temp0 = program.first_temp();
    for (std::size_t i = 0; i < program.cells.size(); ++i) slot_[cell0 + i] = cells + i;
    for (std::size_t i = 0; i < program.n_temps; ++i)
      slot_[temp0 + i] = scratch + i * static_cast<std::size_t>(block) * 8;
    for (const Instr& k : program.broadcast) run(k, static_cast<std::size_t>(block));
  }
  void*& output(std::size_t j) { return slot_[j]; }
  void*& input(std::size_t k) { return slot_[program_.n_out + k]; }  // inputs, then index operands
  void run_block(std::int64_t n) {
    for (const Instr& k : program_.body) run(k, static_cast<std::size_t>(n));
  }

 private:
  void run(const Instr& k, std::size_t n) { k.fn(slot_[k.dst], slot_[k.a], slot_[k.b], slot_[k.c], n); }
  const Program& program_;
  void* slot_[kMaxSlots];
};

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_COMPILE_HPP_
