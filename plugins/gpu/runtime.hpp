// SPDX-License-Identifier: Apache-2.0
//
// What an API must do for the shared plugin: devices, memory, streams, timelines, programs.  The
// handles of the plugin ABI are these classes.  OpenCL and Vulkan implement them; everything else
// (the table of the ABI, its checks, the kernels, their launch geometry) is written once on them.
//
// Arguments have been checked when a method here is called: handles are not NULL, ranges lie inside
// their buffers, values of timelines rise.

#ifndef FG_PLUGINS_GPU_RUNTIME_HPP_
#define FG_PLUGINS_GPU_RUNTIME_HPP_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fg/abi/expr.h"
#include "fg/abi/ext/graph.h"
#include "fg/abi/plugin.h"
#include "fg/sdk/result.hpp"
#include "plugins/gpu/matrix_proofs.hpp"
#include "plugins/gpu/programs.hpp"
#include "plugins/gpu/source.hpp"
#include "plugins/gpu/tunables.hpp"

namespace fg::gpu {

class Device;
struct ItemWise;

// A compiled kernel.  Immutable, used by several threads at once.
class Program {
 public:
  virtual ~Program() = default;
  Source source;  // As it was compiled; params are packed by it.
};

struct Compiled {
  std::unique_ptr<Program> program;
  // Puts what was made into the core's disk cache; empty: it came from there.  Files may be slow, so it is called when
  // others have the program.
  std::function<void()> keep;
};

struct BufferRef {
  fg_buffer* buffer = nullptr;    // NULL: nothing is read or written there.
  std::uint64_t byte_offset = 0;  // A multiple of the element's size.
};

struct Dispatch {
  const Program* program = nullptr;
  std::span<const BufferRef> buffers;  // As many as the source has.
  std::span<const std::byte> params;   // Packed.
  std::uint64_t groups = 0;            // > 0; the dialect's GROUP_ID counts them.
  bool large = false;                  // On processors: a tensor of the launch has half a MiB or more.
  const ItemWise* items = nullptr;     // What a work-item has of it (itemwise.hpp), where the stream wants to know.
};

// A shape of a kernel of the API's own for products on matrix units (product_matrix.hpp).  `speed` in 10^9
// multiply-adds a second of a compute unit in which `resident` groups run; one device's are compared with each other.
// 0: only where lines of b run along k.
struct MatrixTile {
  fg_dtype dtype = 0;            // Of the operands; sums are f32.
  const char* kernel = "";       // Its name: Source::name.
  int m = 0, n = 0, k = 0;       // A group's part of out, and its slices along k.
  std::uint32_t group_size = 0;  // Work-items.
  int resident = 1;
  double speed = 1;
  double speed_along = 0;  // Where lines of b run along k; 0: as everywhere.
  bool whole = false;      // Needs at least m rows and n columns, and is faster by whole slices of k.
  double speed_alone = 0;  // Where a compute unit has one group; 0: between those of an idle one and `speed`.
  bool few_rows = true;    // Also worth it for so few rows that product_rows could stream b.
};

// Likewise for attention (attention_matrix.hpp): a group's queries, and the keys of a block.
struct AttentionTile {
  fg_dtype dtype = 0;
  const char* kernel = "";
  int queries = 0, keys = 0;
  std::uint32_t group_size = 0;
};

// What kernels may use where it is there.
struct Features {
  bool f64 = false;
  bool denormals = false;             // f32 subnormals are kept by arithmetic.
  bool software = false;              // Runs on the host's processor: few long work-items are best.
  bool few_kernels = false;           // Compiling one costs more than most launches: fewer, that serve more layouts.
  bool vectorises = false;            // The compiler makes vectors of loops: long ones over elements are best.
  std::int64_t most_rounds = 0;       // Of all loops of a work-item together, after which they end; 0: any number.
  std::uint32_t max_group = 256;      // Work-items of a group, at least 256.
  std::uint64_t local_bytes = 32768;  // Memory of a group, at least 16 KiB.
  std::uint32_t subgroup = 0;         // Work-items whose sums and maxima the API gives; 0: none.
  std::uint32_t compute_units = 1;
  std::vector<MatrixTile> matrix;  // Offered, 32 at most; whether they compute rightly, Device::proves() finds out.
  std::vector<AttentionTile> attention;  // Likewise, the best first.
};

}  // namespace fg::gpu

// Memory.  `host` is set for FG_MEM_STAGING: mapped for its life, coherent.
struct fg_buffer {
  virtual ~fg_buffer() = default;
  fg_instance* instance = nullptr;
  std::uint32_t device = 0;
  std::uint64_t bytes = 0;  // As asked for.
  void* host = nullptr;
};

// A counter that only rises.  UINT64_MAX: the stream that should have raised it failed.
struct fg_timeline {
  virtual ~fg_timeline() = default;
  virtual fg::Result<std::uint64_t> read() = 0;
  // `value` is above the present one.
  virtual fg::Result<void> host_signal(std::uint64_t value) = 0;
  // Whether it was reached; timeout_ns < 0: for ever, 0: polls.  The origin's error when it failed.
  virtual fg::Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns) = 0;
  fg_instance* instance = nullptr;
};

// An in-order queue: each piece of work sees the memory that those before it wrote.  [per-stream]
struct fg_stream {
  // The destructor waits for the work.
  virtual ~fg_stream() = default;
  virtual fg::Result<void> dispatch(const fg::gpu::Dispatch& d) = 0;
  virtual fg::Result<void> copy(const fg::gpu::BufferRef& dst, const fg::gpu::BufferRef& src, std::uint64_t bytes) = 0;
  // The API's own fill or copy may be slow; a runtime says so and the shared code takes a kernel.
  virtual fg::Result<void> fill(const fg::gpu::BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) = 0;
  virtual fg::Result<void> flush() = 0;
  virtual fg::Result<void> signal(fg_timeline& timeline, std::uint64_t value) = 0;
  virtual fg::Result<void> wait(fg_timeline& timeline, std::uint64_t value) = 0;
  // Work enqueued and not known to be done; for fg.test/1.
  virtual std::uint64_t pending() const = 0;
  bool wants_items = false;  // Reads Dispatch::items.
  fg_instance* instance = nullptr;
  fg::gpu::Device* device = nullptr;
};

// Launches recorded once, replayed by one call (fg/abi/ext/graph.h).
struct fg_graph {
  virtual ~fg_graph() = default;
  virtual fg::Result<void> launch(fg_stream& stream, std::span<const fg_rebind> rebinds) = 0;  // [per-object]
  fg_instance* instance = nullptr;
};

namespace fg::gpu {

// One device.  [any-thread]
class Device {
 public:
  virtual ~Device() = default;
  virtual const Features& features() const = 0;
  // Everything but hdr.
  virtual fg_device_info info() const = 0;
  virtual Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) = 0;
  virtual Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t priority) = 0;
  virtual Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t initial) = 0;
  // Compiles; no cache in memory (programs.hpp has it), the core's disk cache through fg_host.
  // FG_E_COMPILE with the compiler's log.
  virtual Result<Compiled> compile(const Source& source) = 0;
  // Whether it records graphs; without, the core replays launches one by one.
  virtual bool has_graphs() const { return false; }
  virtual Result<std::unique_ptr<fg_graph>> make_graph(fg_instance*, std::span<const fg_graph_node>) {
    return unsupported("the device records no graphs");
  }

  // A line for the host's log.
  virtual void say(std::int32_t /*level: FG_LOG_* */, const std::string&) const {}

  Programs& programs() { return programs_; }
  Tunables& tunables() { return tunables_; }
  // Tile k of features().matrix may be used where bit k is set; before it is, proves() tells whether it is right.
  std::uint32_t matrix_tiles() const { return matrix_proofs_.tiles(); }
  bool proves(const MatrixTile& tile) { return matrix_proofs_.prove(*this, tile); }
  bool proves(const AttentionTile& tile) { return matrix_proofs_.prove(*this, tile); }

 private:
  Programs programs_{*this};
  Tunables tunables_;
  MatrixProofs matrix_proofs_;
};

// The API of one plugin, and what its table says of it.
class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual std::span<const std::unique_ptr<Device>> devices() const = 0;
};

// Implemented by each plugin.  `host` outlives the runtime.  FG_E_UNSUPPORTED, FG_R_NO_DRIVER, when
// there is no driver: the text says what is missing.  No device: an empty list.
Result<std::unique_ptr<Runtime>> open_runtime(const fg_host& host);
// As open_runtime, without making anything that lasts.
Result<std::uint32_t> count_devices(const fg_host& host);

struct PluginName {
  const char* name;  // "opencl"
  const char* vendor;
  const char* version;
  const char* build_id;
  std::uint32_t dlpack_type;
};
extern const PluginName kPlugin;

// How the plugin's language is spoken; the printers of fg/sdk/expr_printer.hpp are templates.
struct Printed {
  std::string functions;             // Helpers that the program needs.
  std::string statements;            // A line for each node.
  std::vector<std::string> outputs;  // The variable of each output.
  std::vector<std::uint16_t> types;  // Its FG_CT_*.
  bool divides = true;               // Needs quotients and roots that are rounded correctly.
};
struct ExprNames {
  std::string prefix;                     // Of the variables, so that two programs can stand in one kernel.
  std::string input, scalar, index;       // "a": input k is the variable a0, a1, ...
  std::vector<std::string>* helpers;      // Names of the helpers that the kernel has already; those printed are added.
  std::span<const fg_dtype> stored = {};  // What outputs are stored as, where nothing else becomes of them.
};
// The parameter that holds scalar k read as a compute type: "s0_f32".  A bool is an i32, 0 or 1.
std::string scalar_name(const std::string& prefix, std::uint32_t k, std::uint16_t type);
// FG_E_UNSUPPORTED, FG_R_EXPRESSION, where the language cannot say it on this device.
Result<Printed> print_expr(const fg_expr& program, const ExprNames& names);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_RUNTIME_HPP_
