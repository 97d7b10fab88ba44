// SPDX-License-Identifier: Apache-2.0
//
// A kernel before an API's language is put round it.  docs/gpu-kernels.md describes the dialect.
//
// A kernel file is C-like text in sections, each begun by a line of its own:
//   //@in NAME            a buffer that is read; //@out NAME: written; //@inout NAME: both
//   //@param TYPE NAME    a parameter by value; NAME[4] is an array; TYPE of kParamTypes
//   //@shared             declarations of memory that a group shares, "f32 part[256];"
//   //@functions          what stands before the kernel
//   //@main               the kernel's body
//   //@check WORDS         nothing at run time; a variant that the build compiles for each API: a dtype for each
//                         buffer, then NAME=VALUE for defines, group=N, wide, uses_f64, param=TYPE:NAME for what C++
//                         adds, and with=FILE or with=FILE/2: the functions of that kernel file, and the words of its
//                         first or second such line.  Every file has one

#ifndef FG_PLUGINS_GPU_SOURCE_HPP_
#define FG_PLUGINS_GPU_SOURCE_HPP_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/abi/types.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

// Types of parameters.  kIdx is i32 or i64, by the source's wide_index.
enum class ParamType : std::uint8_t { i32, u32, i64, u64, f32, f64, idx };

struct Param {
  ParamType type = ParamType::i32;
  std::string name;
  std::uint32_t count = 1;  // Above 1: an array.
};

enum class Access : std::uint8_t { read, write, both };

struct BufferArg {
  std::string name;
  fg_dtype dtype = 0;
  Access access = Access::read;
};

struct Source {
  std::string name;  // For traces and messages: "softmax".
  std::vector<BufferArg> buffers;
  std::vector<Param> params;
  std::vector<std::pair<std::string, std::string>> defines;
  std::string shared, functions, body;
  std::uint32_t group_size = 256;    // Work-items of a group.
  bool wide_index = false;           // idx is 64 bits wide.
  bool uses_f64 = false;             // The body computes in f64; set by dtypes too.
  bool own = false;                  // The API has the program under this name; no text here, and defines are numbers.
  bool divides = true;               // Its quotients and roots must be rounded correctly where the language can.
  bool busy = false;                 // Runs enough to be optimised where a runtime compiles quickly at first.
  std::vector<std::string> helpers;  // Names in `functions`, where programs may be merged.
  // Programs that each work-item runs in turn, up to `most_rounds` times (merge.hpp).  Then there is no body here, the
  // buffers are those of all rounds, and the parameters are the rounds as i64 and those of each program in each round,
  // every one's a multiple of 8 bytes.  They live as long as the device.
  std::vector<const Source*> parts;
  std::uint32_t most_rounds = 1;

  Source& define(std::string key, std::string value) {
    defines.emplace_back(std::move(key), std::move(value));
    return *this;
  }
  Source& define(std::string key, std::int64_t value) { return define(std::move(key), std::to_string(value)); }
};

// "f16": the dialect's word for a storage type; FG_BOOL is "b8".
std::string_view storage_word(fg_dtype dtype);
// "f32": the word for the type in which it is computed; that of FG_BOOL is "bool".
std::string_view compute_word(fg_dtype dtype);
std::string_view param_word(ParamType type);

// Reads a kernel file.  `dtypes` are those of its buffers, in order.
Result<Source> parse_source(std::string_view name, std::string_view text, std::span<const fg_dtype> dtypes);
// The same for a file of plugins/gpu/kernels, by its stem.
Result<Source> source_of(std::string_view name, std::span<const fg_dtype> dtypes);
// All text that identifies the program: equal keys, equal programs.
std::string source_key(const Source& source);

// One value for a parameter; an array takes as many values.
struct Value {
  std::int64_t i = 0;
  double f = 0;
  Value(std::int64_t v) : i(v), f(static_cast<double>(v)) {}       // NOLINT: a list of values reads best
  Value(int v) : Value(std::int64_t{v}) {}                         // NOLINT
  Value(std::uint32_t v) : Value(std::int64_t{v}) {}               // NOLINT
  Value(std::uint64_t v) : Value(static_cast<std::int64_t>(v)) {}  // NOLINT
  Value(double v) : i(0), f(v) {}                                  // NOLINT
};

// The parameters as the kernel reads them: each aligned to its size, in order.
Result<std::vector<std::byte>> pack_params(const Source& source, std::span<const Value> values);
std::uint32_t params_bytes(const Source& source);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_SOURCE_HPP_
