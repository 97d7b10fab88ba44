// SPDX-License-Identifier: Apache-2.0
//
// The plugin interface as it was at 1.0, frozen: the headers of fg/abi without their comments.  A
// plugin built with this file must be served by every later core of epoch 1.  Never edited once 1.0
// is released.

#ifndef FG_TESTS_ABI_FROZEN_1_0_ABI_1_0_H_
#define FG_TESTS_ABI_FROZEN_1_0_ABI_1_0_H_

// clang-format off

// version
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
#define FG_NOEXCEPT noexcept
#define FG_STATIC_ASSERT static_assert
#define FG_EXTERN_C_BEGIN extern "C" {
#define FG_EXTERN_C_END }
#else
#define FG_NOEXCEPT
#define FG_STATIC_ASSERT _Static_assert
#define FG_EXTERN_C_BEGIN
#define FG_EXTERN_C_END
#endif
#if defined(_WIN32)
#define FG_CALL __cdecl
#define FG_EXPORT __declspec(dllexport)
#else
#define FG_CALL
#define FG_EXPORT __attribute__((visibility("default")))
#endif
#define FG_ABI_EPOCH 1u
#define FG_ABI_MINOR 0u
typedef struct fg_ext {
  uint32_t id;
  uint32_t struct_size;
  const struct fg_ext* next;
} fg_ext;
#define FG_EXT_CRITICAL 0x80000000u
typedef struct fg_hdr {
  uint32_t struct_size;
  uint32_t must_understand;
  const fg_ext* next;
} fg_hdr;
#define FG_END(T, f) (offsetof(T, f) + sizeof(((T*)0)->f))
#define FG_HAS(T, p, f) ((p)->hdr.struct_size >= FG_END(T, f))
#define FG_GET(T, p, f, fallback) (FG_HAS(T, p, f) ? (p)->f : (fallback))
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_ext) == 16, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_hdr) == 16, "frozen");

// status
typedef int32_t fg_status;
enum {
  FG_OK = 0, FG_NOT_READY = 1, FG_SUBOPTIMAL = 2, FG_E_INVALID = -1, FG_E_UNSUPPORTED = -2,
  FG_E_OOM_HOST = -3, FG_E_OOM_DEVICE = -4, FG_E_DEVICE_LOST = -5, FG_E_TIMEOUT = -6, FG_E_INTERNAL = -7,
  FG_E_ABI = -8, FG_E_STATE = -9, FG_E_NOT_FOUND = -10, FG_E_COMPILE = -11, FG_E_CAPTURE = -12,
  FG_E_FORKED = -13
};
typedef uint32_t fg_reason;
enum {
  FG_R_NONE = 0, FG_R_NULL_POINTER = 1, FG_R_DTYPE = 2, FG_R_SHAPE = 3, FG_R_RANK = 4, FG_R_STRIDE = 5,
  FG_R_BOUNDS = 6, FG_R_DEVICE = 7, FG_R_ALIAS = 8, FG_R_PARAMETER = 9, FG_R_UNKNOWN_BIT = 10,
  FG_R_UNKNOWN_OP = 11, FG_R_SCHEMA = 12, FG_R_LAYOUT = 13, FG_R_EXPRESSION = 14, FG_R_ALIGNMENT = 15,
  FG_R_LIMIT = 16, FG_R_NO_DRIVER = 17, FG_R_NO_DEVICE = 18, FG_R_STREAM = 19, FG_R_RESERVED = 20,
  FG_R_OTHER = 21
};
#define FG_ERROR_MESSAGE_CAPACITY 480
typedef struct fg_error {
  fg_hdr hdr;
  fg_status code;
  int32_t vendor_code;
  int32_t arg_index;
  fg_reason reason;
  char message[FG_ERROR_MESSAGE_CAPACITY];
} fg_error;

// types
typedef uint32_t fg_dtype;
#define FG_DTYPE(code, bits) ((fg_dtype)((code) | ((uint32_t)(bits) << 8) | (1u << 16)))
#define FG_I8 FG_DTYPE(0, 8)
#define FG_I16 FG_DTYPE(0, 16)
#define FG_I32 FG_DTYPE(0, 32)
#define FG_I64 FG_DTYPE(0, 64)
#define FG_U8 FG_DTYPE(1, 8)
#define FG_F16 FG_DTYPE(2, 16)
#define FG_F32 FG_DTYPE(2, 32)
#define FG_F64 FG_DTYPE(2, 64)
#define FG_BF16 FG_DTYPE(4, 16)
#define FG_BOOL FG_DTYPE(6, 8)
#define FG_F8_E4M3FN FG_DTYPE(10, 8)
#define FG_F8_E5M2 FG_DTYPE(12, 8)
#define FG_BLOCK(id) ((fg_dtype)(0xF0u | ((uint32_t)(id) << 16)))
enum {
  FG_SCALAR_NONE = 0, FG_SCALAR_BOOL = 1, FG_SCALAR_INT = 2, FG_SCALAR_FLOAT = 3
};
typedef struct fg_scalar {
  union {
    double f;
    int64_t i;
  } v;
  uint32_t kind;
  uint32_t zero;
} fg_scalar;
FG_STATIC_ASSERT(sizeof(fg_scalar) == 16, "frozen");
typedef struct fg_instance fg_instance;
typedef struct fg_buffer fg_buffer;
typedef struct fg_stream fg_stream;
typedef struct fg_timeline fg_timeline;
typedef struct fg_kernel fg_kernel;

// kernel
#define FG_MAX_NDIM 16
enum {
  FG_T_READONLY = 1u, FG_T_OVERLAPS_OTHER = 2u, FG_T_DENSE = 4u
};
typedef struct fg_tensor {
  fg_buffer* buffer;
  uint64_t byte_offset;
  void* ptr;
  const int64_t* shape;
  const int64_t* stride;
  fg_dtype dtype;
  int32_t ndim;
  uint32_t flags;
  uint32_t device;
  uint64_t zero;
} fg_tensor;
typedef struct fg_launch {
  const fg_tensor* t;
  const void* params;
  fg_stream* stream;
  fg_buffer* ws;
  uint64_t ws_offset, ws_bytes;
  uint16_t n_out, n_in;
  uint32_t flags;
  fg_error* err;
} fg_launch;
typedef fg_status(FG_CALL* fg_launch_fn)(const fg_kernel*, const fg_launch*) FG_NOEXCEPT;
enum {
  FG_GUARD_SHAPE = 1u, FG_GUARD_STRIDE = 2u, FG_GUARD_ALIGN16 = 4u, FG_GUARD_PARAMS = 8u,
  FG_GUARD_DENSE = 16u, FG_GUARD_INDEX32 = 32u
};
enum {
  FG_K_CAPTURABLE = 1u, FG_K_BITWISE_DETERMINISTIC = 2u, FG_K_MAY_BLOCK_HOST = 4u, FG_K_INPLACE_OK = 8u
};
enum {
  FG_ACC_DEFAULT = 0, FG_ACC_F32_RZ = 1, FG_ACC_F16 = 2, FG_ACC_TF32 = 3
};
struct fg_kernel {
  fg_launch_fn launch;
  fg_status(FG_CALL* workspace)(const fg_kernel*, const fg_launch*, uint64_t* bytes) FG_NOEXCEPT;
  void(FG_CALL* release)(fg_kernel*) FG_NOEXCEPT;
  uint64_t ws_fixed;
  uint64_t guards;
  uint32_t flags;
  uint32_t accuracy_class;
  uint64_t kernel_uid;
  const char* name;
};
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_tensor) == 64, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_launch) == 64, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(struct fg_kernel) == 64, "frozen");

// expr
enum {
  FG_CT_BOOL = 0, FG_CT_I32 = 1, FG_CT_I64 = 2, FG_CT_F32 = 3, FG_CT_F64 = 4
};
enum {
  FG_EX_INPUT = 1, FG_EX_SCALAR = 2, FG_EX_CONST = 3, FG_EX_INDEX = 4, FG_EX_CAST = 8, FG_EX_ADD = 16,
  FG_EX_SUB = 17, FG_EX_MUL = 18, FG_EX_DIV = 19, FG_EX_TRUNC_DIV = 20, FG_EX_FLOOR_DIV = 21,
  FG_EX_FMOD = 22, FG_EX_REMAINDER = 23, FG_EX_POW = 24, FG_EX_MIN = 25, FG_EX_MAX = 26, FG_EX_ATAN2 = 27,
  FG_EX_FMA = 28, FG_EX_NEG = 32, FG_EX_ABS = 33, FG_EX_SIGN = 34, FG_EX_EQ = 40, FG_EX_NE = 41,
  FG_EX_LT = 42, FG_EX_LE = 43, FG_EX_GT = 44, FG_EX_GE = 45, FG_EX_ISNAN = 46, FG_EX_AND = 48,
  FG_EX_OR = 49, FG_EX_XOR = 50, FG_EX_NOT = 51, FG_EX_SHL = 52, FG_EX_SHR = 53, FG_EX_WHERE = 56,
  FG_EX_FLOOR = 64, FG_EX_CEIL = 65, FG_EX_TRUNC = 66, FG_EX_ROUND = 67, FG_EX_SQRT = 68, FG_EX_RSQRT = 69,
  FG_EX_EXP = 72, FG_EX_EXP2 = 73, FG_EX_EXPM1 = 74, FG_EX_LOG = 75, FG_EX_LOG2 = 76, FG_EX_LOG10 = 77,
  FG_EX_LOG1P = 78, FG_EX_SIN = 80, FG_EX_COS = 81, FG_EX_TAN = 82, FG_EX_ASIN = 83, FG_EX_ACOS = 84,
  FG_EX_ATAN = 85, FG_EX_SINH = 86, FG_EX_COSH = 87, FG_EX_TANH = 88, FG_EX_ASINH = 89, FG_EX_ACOSH = 90,
  FG_EX_ATANH = 91, FG_EX_ERF = 92, FG_EX_ERFC = 93, FG_EX_LGAMMA = 94, FG_EX_SIGMOID = 95
};
typedef struct fg_expr_node {
  uint16_t op;
  uint16_t type;
  uint32_t arg[3];
} fg_expr_node;
typedef struct fg_expr {
  const fg_expr_node* node;
  const uint32_t* out;
  uint32_t n_node;
  uint16_t n_out, n_in;
  uint16_t n_scalar, flags;
  uint32_t zero;
  uint64_t hash[2];
} fg_expr;
enum {
  FG_EXPR_USES_INDEX = 1u
};
FG_STATIC_ASSERT(sizeof(fg_expr_node) == 16, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_expr) == 48, "frozen");

// engine
#define FG_ENGINE_MAX_NDIM 8
#define FG_OP_MAP "fg.map/1"
#define FG_OP_REDUCE "fg.reduce/1"
#define FG_OP_SCAN "fg.scan/1"
typedef struct fg_map_params {
  fg_hdr hdr;
  const fg_expr* program;
  const fg_scalar* scalar;
} fg_map_params;
enum {
  FG_MONOID_SUM = 1, FG_MONOID_PROD = 2, FG_MONOID_MAX = 3, FG_MONOID_MIN = 4, FG_MONOID_AND = 5,
  FG_MONOID_OR = 6, FG_MONOID_ARGMAX = 7, FG_MONOID_ARGMIN = 8, FG_MONOID_WELFORD = 9,
  FG_MONOID_LOGSUMEXP = 10, FG_MONOID_LASTMAX = 11, FG_MONOID_LASTMIN = 12
};
typedef struct fg_reduce_params {
  fg_hdr hdr;
  const fg_expr* prologue;
  const fg_expr* epilogue;
  const fg_scalar* scalar;
  uint32_t monoid;
  int32_t n_reduced;
} fg_reduce_params;
typedef struct fg_scan_params {
  fg_hdr hdr;
  const fg_expr* prologue;
  const fg_expr* epilogue;
  const fg_scalar* scalar;
  uint32_t monoid;
  uint32_t zero;
} fg_scan_params;

// op
typedef struct fg_sig {
  fg_hdr hdr;
  uint64_t op_uid;
  uint64_t schema_hash;
  uint16_t schema_version, n_out, n_in, zero;
  uint32_t device;
  uint32_t zero2;
  const fg_tensor* t;
  const void* params;
  uint64_t want_flags;
} fg_sig;
typedef struct fg_verdict {
  fg_hdr hdr;
  fg_status code;
  fg_reason reason;
  int32_t arg_index;
  uint32_t score;
  uint64_t guards, kernel_flags;
  char why[120];
} fg_verdict;
enum {
  FG_LAYOUT_DENSE = 1u, FG_LAYOUT_STRIDED = 2u, FG_LAYOUT_BROADCAST = 4u, FG_LAYOUT_NEGATIVE = 8u,
  FG_LAYOUT_ANY = 15u
};
typedef struct fg_op_claim {
  fg_hdr hdr;
  const char* name;
  uint64_t op_uid, schema_hash;
  uint16_t schema_min, schema_max, max_ndim, n_slots;
  uint32_t layouts;
  uint32_t n_rows;
  const fg_dtype* rows;
  uint32_t accuracy_class, flags;
} fg_op_claim;

// host
enum {
  FG_LOG_TRACE = 0, FG_LOG_DEBUG = 1, FG_LOG_INFO = 2, FG_LOG_WARN = 3, FG_LOG_ERROR = 4
};
typedef struct fg_host {
  fg_hdr hdr;
  void* ctx;
  void(FG_CALL* log)(void* ctx, int32_t level, const char* file, int32_t line, const char* msg) FG_NOEXCEPT;
  void*(FG_CALL* mem_alloc)(void* ctx, size_t bytes, size_t align) FG_NOEXCEPT;
  void(FG_CALL* mem_free)(void* ctx, void* p, size_t bytes) FG_NOEXCEPT;
  fg_status(FG_CALL* config_get)(void* ctx, const char* key, char* buf, size_t* len) FG_NOEXCEPT;
  fg_status(FG_CALL* blob_get)(void* ctx, const void* key, size_t key_len, void* buf, size_t* len) FG_NOEXCEPT;
  fg_status(FG_CALL* blob_put)(void* ctx, const void* key, size_t key_len, const void* buf, size_t len) FG_NOEXCEPT;
  uint64_t(FG_CALL* span_begin)(void* ctx, const char* name) FG_NOEXCEPT;
  void(FG_CALL* span_end)(void* ctx, uint64_t span) FG_NOEXCEPT;
} fg_host;

// device
enum {
  FG_D_FLAT_ADDRESS = 1u, FG_D_HOST_VISIBLE = 2u, FG_D_NATIVE_TIMELINE = 4u, FG_D_PEER = 8u, FG_D_F64 = 16u,
  FG_D_DENORMALS = 32u, FG_D_SYNCHRONOUS = 64u, FG_D_SOFTWARE = 128u
};
enum {
  FG_DEVICE_CPU = 0, FG_DEVICE_GPU = 1, FG_DEVICE_NPU = 2, FG_DEVICE_OTHER = 3
};
typedef struct fg_device_info {
  fg_hdr hdr;
  uint8_t uuid[16];
  char name[64], driver[64], arch[32];
  uint32_t type;
  uint32_t pci_vendor, pci_device;
  int32_t pci_domain, pci_bus, pci_dev, pci_fn;
  int32_t numa;
  uint32_t dlpack_type;
  int32_t dlpack_id;
  uint64_t caps;
  uint64_t mem_total;
  uint64_t mem_free;
  uint64_t max_alloc;
  uint64_t alloc_align;
} fg_device_info;
enum {
  FG_MEM_DEVICE = 0, FG_MEM_STAGING = 1
};

// plugin
typedef struct fg_api {
  fg_hdr hdr;
  const char* name;
  const char* vendor;
  const char* version;
  const char* build_id;
  uint32_t abi_minor;
  uint32_t zero;
  fg_status(FG_CALL* probe)(const fg_host*, uint32_t* n_devices, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* create)(const fg_host*, const fg_ext* options, fg_instance**, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* destroy)(fg_instance*, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* device_info)(fg_instance*, uint32_t device, fg_device_info*) FG_NOEXCEPT;
  fg_status(FG_CALL* mem_alloc)(fg_instance*, uint32_t device, uint32_t kind, uint64_t bytes, uint64_t align,
                                fg_buffer**, void** ptr, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* mem_free)(fg_instance*, fg_buffer*, fg_timeline* after, uint64_t value) FG_NOEXCEPT;
  fg_status(FG_CALL* copy)(fg_stream*, fg_buffer* dst, uint64_t dst_offset, fg_buffer* src, uint64_t src_offset,
                           uint64_t bytes, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* fill)(fg_stream*, fg_buffer*, uint64_t offset, uint64_t bytes, uint32_t pattern,
                           fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* stream_create)(fg_instance*, uint32_t device, int32_t priority, fg_stream**,
                                    fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* stream_destroy)(fg_stream*) FG_NOEXCEPT;
  fg_status(FG_CALL* timeline_create)(fg_instance*, uint64_t initial, fg_timeline**, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* timeline_destroy)(fg_timeline*) FG_NOEXCEPT;
  fg_status(FG_CALL* stream_flush)(fg_stream*, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* stream_signal)(fg_stream*, fg_timeline*, uint64_t value) FG_NOEXCEPT;
  fg_status(FG_CALL* stream_wait)(fg_stream*, fg_timeline*, uint64_t value) FG_NOEXCEPT;
  fg_status(FG_CALL* host_signal)(fg_timeline*, uint64_t value) FG_NOEXCEPT;
  fg_status(FG_CALL* host_wait)(fg_timeline*, uint64_t value, int64_t timeout_ns, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* timeline_read)(fg_timeline*, uint64_t* value, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* claims)(fg_instance*, uint32_t device, const fg_op_claim** first, uint32_t* n,
                             uint32_t* stride) FG_NOEXCEPT;
  fg_status(FG_CALL* query)(fg_instance*, const fg_sig*, fg_verdict*) FG_NOEXCEPT;
  fg_status(FG_CALL* prepare)(fg_instance*, const fg_sig*, fg_kernel**, fg_error*) FG_NOEXCEPT;
  const void*(FG_CALL* get_table)(fg_instance*, const char* id) FG_NOEXCEPT;
} fg_api;
typedef struct fg_query {
  fg_hdr hdr;
  uint32_t epoch, minor_min, minor_max, zero;
  const fg_host* host;
} fg_query;
typedef fg_status(FG_CALL* fg_plugin_query_fn)(const fg_query*, const fg_api** api, fg_error*) FG_NOEXCEPT;
#define FG_PLUGIN_ENTRY "fg_plugin_query_v1"
FG_EXPORT fg_status FG_CALL fg_plugin_query_v1(const fg_query*, const fg_api** api, fg_error*) FG_NOEXCEPT;

// note
#define FG_NOTE_OWNER "FG"
#define FG_NOTE_TYPE 1u
#define FG_NOTE_VERSION 1u
enum {
  FG_SANITIZER_NONE = 0, FG_SANITIZER_ADDRESS = 1, FG_SANITIZER_THREAD = 2, FG_SANITIZER_MEMORY = 3
};
#if defined(__SANITIZE_ADDRESS__)
#define FG_SANITIZER_BUILD FG_SANITIZER_ADDRESS
#elif defined(__SANITIZE_THREAD__)
#define FG_SANITIZER_BUILD FG_SANITIZER_THREAD
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FG_SANITIZER_BUILD FG_SANITIZER_ADDRESS
#elif __has_feature(thread_sanitizer)
#define FG_SANITIZER_BUILD FG_SANITIZER_THREAD
#elif __has_feature(memory_sanitizer)
#define FG_SANITIZER_BUILD FG_SANITIZER_MEMORY
#else
#define FG_SANITIZER_BUILD FG_SANITIZER_NONE
#endif
#else
#define FG_SANITIZER_BUILD FG_SANITIZER_NONE
#endif
typedef struct fg_note {
  uint32_t namesz, descsz, type;
  char owner[4];
  uint32_t note_version, epoch, minor_min, minor_max;
  char name[32], vendor[32], version[32];
  uint32_t flags, sanitizer;
} fg_note;
FG_STATIC_ASSERT(sizeof(fg_note) == 136, "frozen");
#define FG_PLUGIN_NOTE(plugin_name, plugin_vendor, plugin_version)                                       \
  __attribute__((section(".note.fg"), used, aligned(4))) static const fg_note                            \
      fg_plugin_note = {4u, (uint32_t)(sizeof(fg_note) - 16), FG_NOTE_TYPE, {'F', 'G', 0, 0},            \
                        FG_NOTE_VERSION, FG_ABI_EPOCH, 0u, FG_ABI_MINOR,                                 \
                        plugin_name, plugin_vendor, plugin_version, 0u, FG_SANITIZER_BUILD}

#endif  // FG_TESTS_ABI_FROZEN_1_0_ABI_1_0_H_
