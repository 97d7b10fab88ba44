// SPDX-License-Identifier: Apache-2.0
//
// A plugin that runs on the CPU plugin, its driver, through the ABI alone, and has the one bug it was
// asked for (conformance/mutants/faults.hpp).  Handles: instances, streams and kernels are its own,
// buffers and timelines are the driver's.

#ifndef FG_TESTS_MUTANTS_MUTANT_HPP_
#define FG_TESTS_MUTANTS_MUTANT_HPP_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conformance/mutants/faults.hpp"
#include "fg/abi/ext/memory.h"
#include "fg/abi/ext/test.h"
#include "fg/abi/ops.h"
#include "fg/abi/plugin.h"
#include "fg/sdk/guard.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "tests/mutants/program.hpp"
#include "tests/mutants/queue.hpp"

namespace fg::mutants {

// The chosen bug: an index into kFaults, fixed before the first instance is made.
inline std::atomic<std::size_t> g_fault{conformance::kNoFault};
consteval std::size_t fault(std::string_view name) {
  const std::size_t i = conformance::find_fault(name);
  if (i == std::size(conformance::kFaults)) throw "no such fault";
  return i;
}
inline bool has(std::size_t which) { return g_fault.load(std::memory_order_relaxed) == which; }

// What this library was built as; defined with its entry.
extern const std::string_view kVariant;  // empty: the mutant
inline bool legal(std::string_view variant) { return kVariant == variant; }

struct Kernel;

// What a launch read and wrote (remembers_result).
struct Remembered {
  const void* input = nullptr;
  std::vector<float> result;
};

// One launch on its way to the driver.
struct Call {
  const Kernel& kernel;
  const fg_launch& launch;
};
using Hook = fg_status (*)(const Call&);

struct Kernel : fg_kernel {
  fg_instance* owner = nullptr;
  fg_kernel* real = nullptr;
  fg_kernel* wide = nullptr;  // The same with f32 outputs, for those that round in their own way.
  std::uint64_t uid = 0;
  std::uint16_t n_out = 0, n_in = 0;
  std::vector<fg_dtype> dtypes;
  Programs programs;  // Engines: what the driver was given.
  Hook hook = nullptr;
  bool may_wait = false;  // May run after launch has returned.
  mutable std::atomic<const fg_scalar*> kept{nullptr};
  mutable std::atomic<bool> ready{false}, filled{false};  // racy_init

  bool is_map() const { return uid == FG_OP_MAP_UID; }
  bool is_reduce() const { return uid == FG_OP_REDUCE_UID; }
  bool is_product() const { return uid == FG_OP_MM_UID || uid == FG_OP_BMM_UID; }
};

// The driver runs `launch` as it stands, but for the stream and the program, which are put right.
fg_status forward(const Call& call, const fg_launch& launch, const fg_kernel* with = nullptr);
inline fg_status forward(const Call& call) { return forward(call, call.launch); }

// The bug, or the legal variant, of kernels of this kind; nullptr: forward.  hooks.cpp
Hook hook_of(const Kernel& kernel);
// Whether the hook wants Kernel::wide.
bool wants_wide(const Kernel& kernel);
// Changes the program of an engine operator where the bug is one of arithmetic.
void mutate_programs(Programs& programs, const fg_sig& sig);

// The driver: libfg_cpu.so beside this library or in ../plugins.
Result<const fg_api*> open_driver();

}  // namespace fg::mutants

struct fg_instance {
  const fg_host* host = nullptr;
  fg_host one_thread{};  // The host, for a driver that shall have a single thread (ftz).
  const fg_api* real = nullptr;
  fg_instance* driver = nullptr;
  bool async = false;
  std::mutex mutex;                           // Guards what follows.
  std::map<fg_buffer*, void*> owned;          // Memory that the driver borrows (oddstride).
  std::map<fg_buffer*, std::uint64_t> bytes;  // Of every buffer, to refuse what cannot be refused later.
  std::map<std::string, fg_kernel*> kept_kernels;
  std::unique_ptr<fg::mutants::Queue> stray;
  std::vector<fg_op_claim> claims;
  std::map<const void*, fg::mutants::Remembered> remembered;  // By the place of the weight.
  std::atomic<const void*> last_linear{nullptr};              // Where the launch before wrote, if it was a linear.
  std::atomic<std::uint64_t> kernels{0};
  std::atomic<std::uint64_t> miscounted{0};  // Kernels, read and written back in two steps.
};

struct fg_stream {
  fg_instance* owner = nullptr;
  fg_stream* real = nullptr;
  std::unique_ptr<fg::mutants::Queue> queue;
};

#endif  // FG_TESTS_MUTANTS_MUTANT_HPP_
