// SPDX-License-Identifier: Apache-2.0
//
// The engine operators (fg/abi/engine.h) in a plugin's table: their rows, and the checks that each of their
// launches begins with.
//
//   for (const sdk::KernelEntry& e : sdk::engine_rows({.map = {prepare_map, check_map}, ...}, kFlags)) ...

#ifndef FG_SDK_ENGINES_HPP_
#define FG_SDK_ENGINES_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "fg/abi/engine.h"
#include "fg/sdk/kernel_table.hpp"
#include "fg/sdk/op_uid.hpp"
#include "fg/sdk/result.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::sdk {

// Engines serve every dtype as any operand.
inline constexpr std::array kEveryDtype{FG_F64, FG_F32, FG_F16, FG_BF16, FG_F8_E4M3FN, FG_F8_E5M2,
                                        FG_I64, FG_I32, FG_I16, FG_I8,   FG_U8,        FG_BOOL};

struct Engine {
  Result<PreparedKernel> (*prepare)(const fg_sig&) = nullptr;
  Result<void> (*check)(const fg_sig&) = nullptr;  // whether the program is one that the plugin can run
};
struct Engines {
  Engine map, reduce, scan;
};

// One row each.  `flags`: FG_K_* of all three; maps and scans may write over their input.
constexpr std::array<KernelEntry, 3> engine_rows(const Engines& engines, std::uint32_t flags) {
  constexpr std::array kNames{FG_OP_MAP, FG_OP_REDUCE, FG_OP_SCAN};
  const std::array of{engines.map, engines.reduce, engines.scan};
  std::array<KernelEntry, 3> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].name = kNames[i];
    rows[i].uid = rows[i].schema_hash = op_uid(kNames[i]);  // The version is part of the name.
    rows[i].n_slots = 0;
    rows[i].rows = kEveryDtype;
    rows[i].max_ndim = FG_ENGINE_MAX_NDIM;
    rows[i].flags = flags | (i == 1 ? 0 : FG_K_INPLACE_OK);
    rows[i].prepare = of[i].prepare;
    rows[i].check = of[i].check;
  }
  return rows;
}

// By which of its members a plugin finds a tensor's memory.
enum class Address { pointer, buffer };

// FG_E_INVALID or FG_E_UNSUPPORTED for a number of tensors other than n_out and n_in, reserved fields that are not 0,
// unknown flags, a rank beyond FG_ENGINE_MAX_NDIM, and elements without an address.  `who` begins the message.
inline Result<void> check_launch(const char* who, const fg_launch& l, std::size_t n_out, std::size_t n_in,
                                 Address address) {
  if (l.n_out != n_out || l.n_in != n_in) {
    return invalid(std::string(who) + ": got " + std::to_string(l.n_out) + " outputs and " + std::to_string(l.n_in) +
                   " inputs, expected " + std::to_string(n_out) + " and " + std::to_string(n_in));
  }
  if ((l.flags >> 16) != 0) return unsupported(std::string(who) + ": unknown launch flags", FG_R_UNKNOWN_BIT);
  for (int i = 0; i < l.n_out + l.n_in; ++i) {
    const fg_tensor& t = l.t[i];
    const auto tensor = [&] { return std::string(who) + ": tensor " + std::to_string(i); };
    if (t.zero != 0) return invalid(tensor() + " has a reserved field that is not 0", FG_R_RESERVED, i);
    if ((t.flags >> 16) != 0) return unsupported(tensor() + " has unknown flags", FG_R_UNKNOWN_BIT, i);
    if (t.ndim < 0 || t.ndim > FG_ENGINE_MAX_NDIM) {
      return invalid(tensor() + " has rank " + std::to_string(t.ndim) + ", expected 0 to 8", FG_R_RANK, i);
    }
    const bool pointer = address == Address::pointer;
    if ((pointer ? t.ptr == nullptr : t.buffer == nullptr) && numel(t) != 0)
      return invalid(tensor() + (pointer ? " has no address" : " has no buffer"), FG_R_NULL_POINTER, i);
  }
  return {};
}

}  // namespace fg::sdk

#endif  // FG_SDK_ENGINES_HPP_
