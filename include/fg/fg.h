// SPDX-License-Identifier: Apache-2.0
//
// The C API of libfg_core: what an application or a language binding needs, in plain C11.
// fg/ops.h adds one typed function per operator; fg/fg.hpp is C++ over both.
//
// Conventions.  A function that can fail returns an fg_status (0 success, < 0 failure) and fills
// `err` when it is not NULL; results are written through pointers and are untouched on failure.
// Strings are UTF-8.  Handles returned through `out` hold one reference, the caller's.  The library
// starts itself on first use with the environment's settings.  Every function is [any-thread]
// unless said otherwise; in a child of fork() every function answers FG_E_FORKED and does nothing.
// A NULL pointer where one is needed is FG_E_INVALID, reason FG_R_NULL_POINTER.

#ifndef FG_FG_H_
#define FG_FG_H_

#include "fg/abi/device.h"
#include "fg/abi/host.h"
#include "fg/types.h"

FG_EXTERN_C_BEGIN

// Initialiser of an fg_error on the stack: `fg_error err = FG_ERROR_INIT;`
#define FG_ERROR_INIT                                            \
  {                                                              \
    {sizeof(fg_error), 0u, NULL}, FG_OK, 0, -1, FG_R_NONE, { 0 } \
  }
#define FG_HDR_INIT(T) \
  { sizeof(T), 0u, NULL }

// --- the library ---------------------------------------------------------------------------------

// GROWS.  NULL members stand for the environment's and the configuration file's settings.
typedef struct fg_init_options {
  fg_hdr hdr;
  const char* vendor;       // As GEMS_VENDOR, which it overrides: "vulkan,cpu", "auto", "!opencl".
  const char* plugin_path;  // Folders separated by ':', searched before all others.
} fg_init_options;

// Finds plugins and devices.  Optional; FG_E_STATE when the library runs already and `options` is
// not NULL.  FG_E_NOT_FOUND with every candidate and the reason it was refused when the request
// cannot be met.
FG_API fg_status fg_init(const fg_init_options* options, fg_error* err) FG_NOEXCEPT;
// Waits for all devices and frees their instances; tensors must be gone.  Plugins stay mapped.  The
// library cannot be started again in this process.
FG_API fg_status fg_shutdown(fg_error* err) FG_NOEXCEPT;
FG_API const char* fg_version(void) FG_NOEXCEPT;  // "0.1.0"
FG_API const char* fg_status_name(fg_status status) FG_NOEXCEPT;
FG_API const char* fg_reason_name(fg_reason reason) FG_NOEXCEPT;

// --- devices ---------------------------------------------------------------------------------------

FG_API fg_status fg_device_count(uint32_t* count, fg_error* err) FG_NOEXCEPT;
// The devices in order of preference.  FG_E_NOT_FOUND beyond the last.
FG_API fg_status fg_device_at(uint32_t index, fg_device_handle* out, fg_error* err) FG_NOEXCEPT;
// "vendor" or "vendor:ordinal", e.g. "cpu", "vulkan:1".
FG_API fg_status fg_device_find(const char* name, fg_device_handle* out, fg_error* err) FG_NOEXCEPT;
// Where operators without tensor arguments run on this thread: the innermost vendor scope, else the
// first device.
FG_API fg_status fg_device_current(fg_device_handle* out, fg_error* err) FG_NOEXCEPT;
FG_API const char* fg_device_name(fg_device_handle device) FG_NOEXCEPT;    // "cpu:0"; NULL for NULL.
FG_API const char* fg_device_vendor(fg_device_handle device) FG_NOEXCEPT;  // "cpu"
// Fills what fits in info->hdr.struct_size.
FG_API fg_status fg_device_get_info(fg_device_handle device, fg_device_info* info, fg_error* err) FG_NOEXCEPT;
// Waits until all work of this thread on the device has completed.
FG_API fg_status fg_synchronize(fg_device_handle device, fg_error* err) FG_NOEXCEPT;

// Makes the first device of `vendor` ("vulkan", "vulkan:1") the current one of this thread until the
// matching pop; nests.  FG_E_NOT_FOUND, and FG_E_STATE for a pop without push.
FG_API fg_status fg_vendor_push(const char* vendor, fg_error* err) FG_NOEXCEPT;
FG_API fg_status fg_vendor_pop(fg_error* err) FG_NOEXCEPT;
// Vendor of the current device, "" when there is none.
FG_API const char* fg_vendor_name(void) FG_NOEXCEPT;

// --- tensors -----------------------------------------------------------------------------------------
// A handle is immutable but for the elements; several handles may view one storage.  Element count,
// shape and strides are in elements; at most FG_MAX_NDIM dimensions.

// Uninitialised, row-major.  device NULL: the current one.
FG_API fg_status fg_tensor_empty(fg_device_handle device, fg_dtype dtype, int32_t ndim, const int64_t* shape,
                                 fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT;
// Copies `bytes` bytes of row-major elements; FG_R_BOUNDS unless they are exactly the tensor's.
FG_API fg_status fg_tensor_from_host(fg_device_handle device, fg_dtype dtype, int32_t ndim, const int64_t* shape,
                                     const void* data, uint64_t bytes, fg_tensor_handle* out,
                                     fg_error* err) FG_NOEXCEPT;
// Copies the elements, row-major, and waits for them.
FG_API fg_status fg_tensor_to_host(fg_tensor_handle t, void* data, uint64_t bytes, fg_error* err) FG_NOEXCEPT;
// Overwrites the elements from row-major host memory, which may be reused when it returns; for a device the new
// elements are ordered like the result of a call.
FG_API fg_status fg_tensor_write(fg_tensor_handle t, const void* data, uint64_t bytes, fg_error* err) FG_NOEXCEPT;
// The tensor itself (one more reference) when it is there already, else a row-major copy.
FG_API fg_status fg_tensor_to_device(fg_tensor_handle t, fg_device_handle device, fg_tensor_handle* out,
                                     fg_error* err) FG_NOEXCEPT;
// The one element of a tensor with one element.
FG_API fg_status fg_tensor_item(fg_tensor_handle t, fg_scalar* out, fg_error* err) FG_NOEXCEPT;
FG_API void fg_tensor_retain(fg_tensor_handle t) FG_NOEXCEPT;   // NULL allowed.
FG_API void fg_tensor_release(fg_tensor_handle t) FG_NOEXCEPT;  // NULL allowed.

// Accessors; `t` must be a tensor.  Pointers live as long as the handle.
FG_API int32_t fg_tensor_ndim(fg_tensor_handle t) FG_NOEXCEPT;
FG_API const int64_t* fg_tensor_shape(fg_tensor_handle t) FG_NOEXCEPT;
FG_API const int64_t* fg_tensor_stride(fg_tensor_handle t) FG_NOEXCEPT;
FG_API fg_dtype fg_tensor_dtype(fg_tensor_handle t) FG_NOEXCEPT;
FG_API int64_t fg_tensor_numel(fg_tensor_handle t) FG_NOEXCEPT;
FG_API uint64_t fg_tensor_byte_offset(fg_tensor_handle t) FG_NOEXCEPT;
FG_API int32_t fg_tensor_is_dense(fg_tensor_handle t) FG_NOEXCEPT;  // Row-major contiguous.
FG_API fg_device_handle fg_tensor_device(fg_tensor_handle t) FG_NOEXCEPT;
// Address of element 0 in the device's flat memory, NULL when its memory is not flat.
FG_API void* fg_tensor_data(fg_tensor_handle t) FG_NOEXCEPT;

// --- operators ----------------------------------------------------------------------------------------

// The generic door: operator `name` in form FG_FORM_*.  Arguments are in the order of the
// catalogue's schema and may end early (defaults).  Functional: outs[] is filled.  Out: outs[] is
// given.  In place: n_outs is 0 and the first tensor argument is written.  `device` is where an
// operator without tensor arguments runs, NULL = the current one.
// FG_E_NOT_FOUND for an unknown name, with the nearest one; err->arg_index names a bad argument.
// FG_CALL_COMPOSITE added to `form` runs the core's own function of a composite operator even where
// the plugin has a kernel for it.
#define FG_CALL_COMPOSITE 0x100u
FG_API fg_status fg_call(const char* name, uint32_t form, const fg_value* args, uint32_t n_args, fg_tensor_handle* outs,
                         uint32_t n_outs, fg_device_handle device, fg_error* err) FG_NOEXCEPT;

// A call bound to the classes (dtype, rank, density, device) and shapes of the given arguments.
// OPAQUE.  Binding checks and prepares everything; running costs little more than the kernel.
typedef struct fg_bound fg_bound;
// `outs` must be given.  Numbers among `args` are kept; tensors are examples that run() replaces.
FG_API fg_status fg_op_bind(const char* name, const fg_value* args, uint32_t n_args, const fg_tensor_handle* outs,
                            uint32_t n_outs, fg_bound** out, fg_error* err) FG_NOEXCEPT;
// `t`: outputs, then the tensor arguments in order, of the same dtypes, shapes, strides and device as
// at binding (FG_E_INVALID otherwise).
FG_API fg_status fg_bound_run(fg_bound* bound, const fg_tensor_handle* t, uint32_t n, fg_error* err) FG_NOEXCEPT;
FG_API void fg_bound_release(fg_bound* bound) FG_NOEXCEPT;  // NULL allowed.

// Element-wise expression over broadcast operands, on any plugin: "x * sigmoid(1.702 * x)".
// `names[i]` is the name of args[i], a tensor or a number; names NULL: the text's names in the order
// of their first appearance.  dtype 0: the promoted dtype of the
// operands.  A mistake in the text is FG_E_INVALID, FG_R_EXPRESSION, with its column.
FG_API fg_status fg_map(const char* expression, const char* const* names, const fg_value* args, uint32_t n_args,
                        fg_dtype dtype, fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT;

// --- graphs --------------------------------------------------------------------------------------------

// A graph is a list of launches, captured once and replayed without dispatch (docs/graphs.md).
typedef struct fg_graph_object* fg_graph_handle;

// From here to the end, operators that the calling thread runs on `device` (NULL: the current one) run
// as usual and are recorded too.  Only what runs on the device alone can be captured: copies to, from
// and between devices, operators whose result's shape depends on values, operators on other devices,
// and kernels that their plugin does not call capturable are FG_E_CAPTURE, naming the operator.  A
// random operator keeps its seed and offset: every replay draws the same numbers.
// FG_E_STATE when this thread has an open capture.
FG_API fg_status fg_capture_begin(fg_device_handle device, fg_error* err) FG_NOEXCEPT;
// Ends this thread's capture.  The graph keeps all memory that its launches use.  `out` NULL forgets
// what was recorded.  FG_E_STATE without a capture; FG_E_CAPTURE, and no graph, when an operator inside
// could not be captured.
FG_API fg_status fg_capture_end(fg_graph_handle* out, fg_error* err) FG_NOEXCEPT;
// Enqueues all launches on the calling thread's stream.  Replays of one graph run one after the other.
// FG_E_CAPTURE inside a capture of this thread.
FG_API fg_status fg_graph_replay(fg_graph_handle graph, fg_error* err) FG_NOEXCEPT;
// Later replays use `to` in the place of `captured`, a tensor that launches used (through views, too),
// and whatever replaced it before.  Dtype, shape, strides and device must be the same, and memory must
// not begin to be shared (FG_E_INVALID, FG_R_ALIAS).  On failure nothing has changed.
FG_API fg_status fg_graph_rebind(fg_graph_handle graph, fg_tensor_handle captured, fg_tensor_handle to,
                                 fg_error* err) FG_NOEXCEPT;

enum { FG_REPLAY_LAUNCHES = 0, FG_REPLAY_BATCH = 1, FG_REPLAY_GRAPH = 2 };
// GROWS, caller-allocated.
typedef struct fg_graph_info {
  fg_hdr hdr;
  uint64_t launches;         // Of one replay.
  uint64_t memory_bytes;     // Kept alive, the workspace included.
  uint64_t workspace_bytes;  // The graph's own.
  uint32_t way;              // FG_REPLAY_*: what the plugin has a table for.
  uint32_t zero;
} fg_graph_info;
FG_API fg_status fg_graph_get_info(fg_graph_handle graph, fg_graph_info* info, fg_error* err) FG_NOEXCEPT;
// Frees the graph once its last replay is done, without waiting; no call on it may be in progress.
FG_API void fg_graph_release(fg_graph_handle graph) FG_NOEXCEPT;  // NULL allowed.

// --- which operators are served, and by whom -----------------------------------------------------------

// Every operator of the catalogue, sorted; *names lives as long as the process.
FG_API fg_status fg_registered_ops(const char* const** names, uint32_t* count, fg_error* err) FG_NOEXCEPT;

// GROWS.  An unknown operator name is FG_E_NOT_FOUND with the nearest one, and nothing changes.
typedef struct fg_enable_options {
  fg_hdr hdr;
  const char* const* only;  // NULL: all operators.
  uint32_t n_only;
  uint32_t n_unused;
  const char* const* unused;  // Left to the fallback plugin; refused where there is none.
  const char* path;           // Where calls are recorded; NULL: not recorded.
  uint32_t record;            // 1: one line per call in `path`.
  uint32_t once;              // 1: only the first line of each operator and signature.
} fg_enable_options;
// Replaces the settings of all threads.
FG_API fg_status fg_enable(const fg_enable_options* options, fg_error* err) FG_NOEXCEPT;

// What happens when the tensors' plugin cannot serve an operator and another could, with copies.
enum { FG_FALLBACK_FORBID = 0, FG_FALLBACK_WARN = 1, FG_FALLBACK_ALLOW = 2 };
FG_API fg_status fg_set_fallback(uint32_t policy, fg_error* err) FG_NOEXCEPT;
FG_API uint32_t fg_get_fallback(void) FG_NOEXCEPT;

// GROWS, caller-allocated.  Sums over all threads since the start.
typedef struct fg_counters {
  fg_hdr hdr;
  uint64_t calls;           // Operators called.
  uint64_t cache_hits;      // Calls served by the dispatch cache.
  uint64_t launches;        // Kernels launched.
  uint64_t prepares;        // Kernels prepared.
  uint64_t copies;          // Arguments or results that were copied because a kernel needed another layout or alias.
  uint64_t fallbacks;       // Calls served by another plugin than the tensors'.
  uint64_t graph_replays;   // Graphs replayed.
  uint64_t graph_launches;  // Kernels launched by those, which `launches` does not count.
  // Those of `launches` whose kernel does not promise the same bits for the same call (FG_K_BITWISE_DETERMINISTIC).
  uint64_t nondeterministic;
} fg_counters;
FG_API fg_status fg_stats(fg_counters* out, fg_error* err) FG_NOEXCEPT;

// One fallback seen so far: operator, vendor asked, vendor that served, why, how often.
typedef struct fg_fallback_row {
  const char* op;
  const char* from;
  const char* to;
  const char* why;
  uint64_t count;
} fg_fallback_row;
// Calls `visit` for every row; strings live for the call.  `visit` must not call the library.
FG_API fg_status fg_fallbacks(void (*visit)(void* ctx, const fg_fallback_row* row), void* ctx,
                              fg_error* err) FG_NOEXCEPT;

// Seed of the random numbers of calls without a generator; their offset starts at 0 again.
FG_API fg_status fg_manual_seed(uint64_t seed, fg_error* err) FG_NOEXCEPT;

// --- memory ------------------------------------------------------------------------------------------------

// GROWS, caller-allocated.  The caching allocator of one device, bytes.
typedef struct fg_memory_info {
  fg_hdr hdr;
  uint64_t in_use;  // Held by tensors.
  uint64_t in_use_peak;
  uint64_t reserved;  // Taken from the device.
  uint64_t reserved_peak;
  uint64_t allocations;  // Requests served.
  uint64_t device_allocations;
} fg_memory_info;
FG_API fg_status fg_memory_stats(fg_device_handle device, fg_memory_info* out, fg_error* err) FG_NOEXCEPT;
// Gives unused blocks back to the device.
FG_API fg_status fg_memory_trim(fg_device_handle device, fg_error* err) FG_NOEXCEPT;

// --- exchange and files ----------------------------------------------------------------------------------

// A DLManagedTensor (versioned 0) or DLManagedTensorVersioned (1) that shares the memory; the
// consumer calls its deleter.  FG_E_UNSUPPORTED when the device's memory has no DLPack type.
FG_API fg_status fg_tensor_to_dlpack(fg_tensor_handle t, int32_t versioned, void** out, fg_error* err) FG_NOEXCEPT;
// Takes ownership of the struct on success.  FG_E_ABI for a newer major version.
FG_API fg_status fg_tensor_from_dlpack(void* managed, int32_t versioned, fg_tensor_handle* out,
                                       fg_error* err) FG_NOEXCEPT;

FG_API fg_status fg_npy_load(const char* path, fg_device_handle device, fg_tensor_handle* out,
                             fg_error* err) FG_NOEXCEPT;
FG_API fg_status fg_npy_save(const char* path, fg_tensor_handle t, fg_error* err) FG_NOEXCEPT;

// An open safetensors file.  OPAQUE.  Reading is [any-thread], closing [per-object].  A file may hold
// tensors of dtypes that fg does not have (U64, F8_E8M0 ...): it opens, its header is checked whole,
// and its other tensors can be read.
typedef struct fg_safetensors fg_safetensors;
FG_API fg_status fg_safetensors_open(const char* path, fg_safetensors** out, fg_error* err) FG_NOEXCEPT;
FG_API uint32_t fg_safetensors_count(const fg_safetensors* file) FG_NOEXCEPT;
// Name of tensor `index` in the file's order, NULL beyond the last; lives as long as the file is open.
FG_API const char* fg_safetensors_name(const fg_safetensors* file, uint32_t index) FG_NOEXCEPT;
// GROWS, caller-allocated.  Pointers live as long as the file is open.
typedef struct fg_safetensors_info {
  fg_hdr hdr;
  const char* dtype_name;  // As the file spells it: "BF16".
  const int64_t* shape;
  uint64_t bytes;
  fg_dtype dtype;  // 0: one that fg does not have; such a tensor cannot be read.
  int32_t ndim;
} fg_safetensors_info;
// What the header says about tensor `index`, without touching its data.  FG_E_NOT_FOUND beyond the last.
FG_API fg_status fg_safetensors_get_info(const fg_safetensors* file, uint32_t index, fg_safetensors_info* info,
                                         fg_error* err) FG_NOEXCEPT;
// FG_E_NOT_FOUND when the file has no such tensor.  FG_E_UNSUPPORTED with FG_R_DTYPE names a dtype that
// fg does not have.
FG_API fg_status fg_safetensors_read(const fg_safetensors* file, const char* name, fg_device_handle device,
                                     fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT;
FG_API void fg_safetensors_close(fg_safetensors* file) FG_NOEXCEPT;  // NULL allowed.
FG_API fg_status fg_safetensors_save(const char* path, const char* const* names, const fg_tensor_handle* tensors,
                                     uint32_t count, fg_error* err) FG_NOEXCEPT;

// --- messages and traces --------------------------------------------------------------------------------

// Receives every message of the library and its plugins at or above the level; `message` lives for
// the call.  NULL restores the default, warnings and above on stderr.  May be called from any thread.
typedef void (*fg_log_hook)(void* ctx, int32_t level, const char* source, const char* message);
FG_API fg_status fg_set_log_hook(fg_log_hook hook, void* ctx, fg_error* err) FG_NOEXCEPT;
FG_API fg_status fg_set_log_level(int32_t level, fg_error* err) FG_NOEXCEPT;  // FG_LOG_*

// One call of an operator.  Everything is borrowed for the watcher's call.  GROWS.
typedef struct fg_call_event {
  fg_hdr hdr;
  const char* op;            // "map" for fg_map.
  const char* expression;    // fg_map's, else NULL.
  const char* const* names;  // fg_map's, may be NULL.
  const fg_value* args;
  const fg_tensor_handle* outs;  // FG_FORM_FUNCTIONAL: NULLs until done; FG_FORM_INPLACE: none.
  fg_device_handle device;       // As given, NULL mostly.
  uint32_t n_args;
  uint32_t n_outs;
  uint32_t form;   // FG_FORM_*
  fg_dtype dtype;  // fg_map's, else 0.
  uint32_t done;   // 0: about to run; 1: it succeeded, though its kernels may still run.
  uint32_t zero;
} fg_call_event;
typedef void (*fg_call_watcher)(void* ctx, const fg_call_event* event);
// Tells `watcher` of every operator that the calling thread calls by name or as a function, before and
// after; not of what those are made of, bound calls and replays of graphs.  Calls that the watcher makes
// are not told.  NULL: no longer.
FG_API fg_status fg_watch_calls(fg_call_watcher watcher, void* ctx, fg_error* err) FG_NOEXCEPT;

// Writes a Chrome trace (chrome://tracing, Perfetto) of all threads until stop.  FG_E_STATE when one
// is being written, or none.
FG_API fg_status fg_trace_start(const char* path, fg_error* err) FG_NOEXCEPT;
FG_API fg_status fg_trace_stop(fg_error* err) FG_NOEXCEPT;

FG_EXTERN_C_END

#endif  // FG_FG_H_
