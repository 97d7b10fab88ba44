// SPDX-License-Identifier: Apache-2.0
//
// A plugin that behaves, with one fault chosen at compile time (STUB_FAULT).  It serves memory,
// streams and claims well enough to be loaded; its kernels do nothing.

#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "fg/abi/note.h"
#include "fg/abi/ops.h"
#include "fg/abi/plugin.h"
#include "stub_faults.h"

#define IS(fault) (STUB_FAULT == (fault))

#if IS(FAULT_EXTRA_EXPORT)
FG_EXPORT int fg_stub_extra(void);
int fg_stub_extra(void) { return 1; }
#endif
#if IS(FAULT_UNIQUE_SYMBOL)
__asm__(
    ".data\n.globl fg_stub_unique\n.type fg_stub_unique,@gnu_unique_object\n.size fg_stub_unique,4\n"
    "fg_stub_unique:\n.long 1\n.text\n");
#endif

#if !IS(FAULT_NO_NOTE)
#define NOTE_EPOCH (IS(FAULT_WRONG_EPOCH) ? FG_ABI_EPOCH + 1u : FG_ABI_EPOCH)
#define NOTE_MIN (IS(FAULT_TOO_NEW) ? FG_ABI_MINOR + 7u : 0u)
#define NOTE_SANITIZER (IS(FAULT_SANITIZER) ? FG_SANITIZER_BUILD + 1u : FG_SANITIZER_BUILD)
#define NOTE_VERSION (IS(FAULT_BAD_NOTE) ? 99u : FG_NOTE_VERSION)
__attribute__((section(".note.fg"), used, aligned(4))) static const fg_note stub_note = {
    4u,
    (uint32_t)(sizeof(fg_note) - 16),
    FG_NOTE_TYPE,
    {'F', 'G', 0, 0},
    NOTE_VERSION,
    NOTE_EPOCH,
    NOTE_MIN,
    NOTE_MIN,
    STUB_NAME,
    "fg tests",
    "1.0",
    0u,
    NOTE_SANITIZER};
#endif

#if IS(FAULT_FTZ_LOADING) || IS(FAULT_FTZ_PROBE)
static void flush_denormals(void) {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040u);  // FTZ and DAZ, as crtfastmath.o does
#else
  fesetround(FE_TOWARDZERO);
#endif
}
#endif
#if IS(FAULT_FTZ_LOADING)
__attribute__((constructor)) static void loading(void) { flush_denormals(); }
#elif IS(FAULT_CRASH_LOADING)
__attribute__((constructor)) static void loading(void) { raise(SIGSEGV); }
#endif

struct fg_instance {
  const fg_host* host;
};
struct fg_buffer {
  void* memory;
};
struct fg_stream {
  int unused;
};
struct fg_timeline {
  uint64_t value;
};

static fg_status report(fg_error* err, fg_status status, fg_reason reason, const char* text) {
  if (err != NULL && err->hdr.struct_size >= sizeof(fg_error)) {
    err->code = status;
    err->reason = reason;
    strncpy(err->message, text, sizeof err->message - 1);
    err->message[sizeof err->message - 1] = '\0';
  }
  return status;
}

static fg_status probe(const fg_host* host, uint32_t* n_devices, fg_error* err) {
  (void)host;
  *n_devices = 1;
#if IS(FAULT_CRASH)
  raise(SIGSEGV);
#elif IS(FAULT_HANG)
  for (;;) pause();
#elif IS(FAULT_EXIT)
  exit(0);
#elif IS(FAULT_PRINT)
  puts("hello from a plugin");
  fflush(stdout);
#elif IS(FAULT_PRINT_ERROR)
  fputs("this driver is for testing only\n", stderr);
#elif IS(FAULT_FTZ_PROBE)
  flush_denormals();
#elif IS(FAULT_NO_DRIVER)
  return report(err, FG_E_UNSUPPORTED, FG_R_NO_DRIVER, "libstubdriver.so.1 is not installed");
#elif IS(FAULT_NO_DEVICE)
  *n_devices = 0;
#elif IS(FAULT_MANY_DEVICES)
  *n_devices = 100000;
#elif IS(FAULT_PROBE_FAILS)
  return report(err, FG_E_INTERNAL, FG_R_OTHER, "the driver answers nonsense");
#endif
  (void)err;
  return FG_OK;
}

static fg_status create(const fg_host* host, const fg_ext* options, fg_instance** out, fg_error* err) {
  (void)options;
  if (IS(FAULT_CREATE_FAILS)) return report(err, FG_E_OOM_DEVICE, FG_R_LIMIT, "no room on the device");
  fg_instance* instance = host->mem_alloc(host->ctx, sizeof *instance, sizeof(void*));
  if (instance == NULL) return report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
  instance->host = host;
  host->log(host->ctx, FG_LOG_DEBUG, __FILE__, __LINE__, "instance made");
  *out = instance;
  return FG_OK;
}

static fg_status destroy(fg_instance* instance, fg_error* err) {
  (void)err;
  instance->host->mem_free(instance->host->ctx, instance, sizeof *instance);
  return FG_OK;
}

#ifndef STUB_TYPE
#define STUB_TYPE FG_DEVICE_OTHER
#endif
#ifndef STUB_CAPS
#define STUB_CAPS 0u
#endif
#ifndef STUB_UUID
#define STUB_UUID 0x51
#endif

static fg_status device_info(fg_instance* instance, uint32_t device, fg_device_info* info) {
  (void)instance;
  if (device != 0) return FG_E_NOT_FOUND;
  memset(info->uuid, STUB_UUID, sizeof info->uuid);
  strcpy(info->name, "stub device");
  strcpy(info->driver, "stub driver 1.0");
  info->type = IS(FAULT_BAD_DEVICE_INFO) ? 77u : STUB_TYPE;
  info->caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_SYNCHRONOUS | STUB_CAPS;
  info->mem_total = 1u << 20;
  info->alloc_align = 64;
  return FG_OK;
}

static fg_status mem_alloc(fg_instance* instance, uint32_t device, uint32_t kind, uint64_t bytes, uint64_t align,
                           fg_buffer** out, void** ptr, fg_error* err) {
  (void)instance, (void)device, (void)kind, (void)align, (void)err;
  fg_buffer* buffer = malloc(sizeof *buffer);
  buffer->memory = *ptr = aligned_alloc(64, (bytes + 63u) & ~(uint64_t)63u);
  *out = buffer;
  return FG_OK;
}
static fg_status mem_free(fg_instance* instance, fg_buffer* buffer, fg_timeline* after, uint64_t value) {
  (void)instance, (void)after, (void)value;
  free(buffer->memory);
  free(buffer);
  return FG_OK;
}
static fg_status copy(fg_stream* stream, fg_buffer* dst, uint64_t dst_offset, fg_buffer* src, uint64_t src_offset,
                      uint64_t bytes, fg_error* err) {
  (void)stream, (void)err;
  memcpy((char*)dst->memory + dst_offset, (const char*)src->memory + src_offset, bytes);
  return FG_OK;
}
static fg_status fill(fg_stream* stream, fg_buffer* buffer, uint64_t offset, uint64_t bytes, uint32_t pattern,
                      fg_error* err) {
  (void)stream, (void)err;
  for (uint64_t i = 0; i < bytes; i += 4) memcpy((char*)buffer->memory + offset + i, &pattern, 4);
  return FG_OK;
}

static fg_status stream_create(fg_instance* instance, uint32_t device, int32_t priority, fg_stream** out,
                               fg_error* err) {
  (void)instance, (void)device, (void)priority, (void)err;
  *out = calloc(1, sizeof **out);
  return FG_OK;
}
static fg_status stream_destroy(fg_stream* stream) {
  free(stream);
  return FG_OK;
}
static fg_status timeline_create(fg_instance* instance, uint64_t initial, fg_timeline** out, fg_error* err) {
  (void)instance, (void)err;
  *out = calloc(1, sizeof **out);
  (*out)->value = initial;
  return FG_OK;
}
static fg_status timeline_destroy(fg_timeline* timeline) {
  free(timeline);
  return FG_OK;
}
static fg_status stream_flush(fg_stream* stream, fg_error* err) {
  (void)stream, (void)err;
  return FG_OK;
}
static fg_status stream_signal(fg_stream* stream, fg_timeline* timeline, uint64_t value) {
  (void)stream;
  timeline->value = value;
  return FG_OK;
}
static fg_status stream_wait(fg_stream* stream, fg_timeline* timeline, uint64_t value) {
  (void)stream, (void)timeline, (void)value;
  return FG_OK;
}
static fg_status host_signal(fg_timeline* timeline, uint64_t value) {
  timeline->value = value;
  return FG_OK;
}
static fg_status host_wait(fg_timeline* timeline, uint64_t value, int64_t timeout_ns, fg_error* err) {
  (void)timeout_ns;
  return timeline->value >= value ? FG_OK : report(err, FG_E_TIMEOUT, FG_R_OTHER, "not reached");
}
static fg_status timeline_read(fg_timeline* timeline, uint64_t* value, fg_error* err) {
  (void)err;
  *value = timeline->value;
  return FG_OK;
}

static const fg_dtype kRows[3] = {FG_F32, FG_F32, FG_F32};
#define CLAIM(name, uid, hash) \
  { {sizeof(fg_op_claim), 0, NULL}, name, uid, hash, 1, 1, 3, 3, FG_LAYOUT_DENSE, 1, kRows, FG_ACC_DEFAULT, 0 }
static const fg_op_claim kClaims[] = {
    CLAIM("mm", FG_OP_MM_UID, FG_OP_MM_SCHEMA_HASH),
#if IS(FAULT_LIES_UID)
    CLAIM("add", FG_OP_BMM_UID, FG_OP_BMM_SCHEMA_HASH),
#elif IS(FAULT_LIES_SCHEMA)
    CLAIM("bmm", FG_OP_BMM_UID, FG_OP_BMM_SCHEMA_HASH + 1u),
#endif
};

static fg_status claims(fg_instance* instance, uint32_t device, const fg_op_claim** first, uint32_t* n,
                        uint32_t* stride) {
  (void)instance, (void)device;
  *first = kClaims;
  *n = (uint32_t)(sizeof kClaims / sizeof kClaims[0]);
  *stride = IS(FAULT_BAD_CLAIMS) ? 8u : (uint32_t)sizeof kClaims[0];
  return FG_OK;
}

static fg_status query(fg_instance* instance, const fg_sig* sig, fg_verdict* verdict) {
  (void)instance, (void)sig;
  verdict->code = FG_OK;
  verdict->score = 1;
  return FG_OK;
}

static fg_status launch(const fg_kernel* kernel, const fg_launch* call) {
  (void)kernel, (void)call;
  return FG_OK;
}
static void release(fg_kernel* kernel) { free(kernel); }

static fg_status prepare(fg_instance* instance, const fg_sig* sig, fg_kernel** out, fg_error* err) {
  (void)instance, (void)sig;
  if (IS(FAULT_LIES_PREPARE)) return report(err, FG_E_UNSUPPORTED, FG_R_DTYPE, "mm: f32 is not supported after all");
  *out = calloc(1, sizeof **out);
  (*out)->launch = launch;
  (*out)->release = release;
  (*out)->name = "stub";
  return FG_OK;
}

static const void* get_table(fg_instance* instance, const char* id) {
  (void)instance, (void)id;
  return NULL;
}

static fg_api g_api = {
    .hdr = {IS(FAULT_SHORT_TABLE) ? (uint32_t)offsetof(fg_api, claims) : (uint32_t)sizeof(fg_api),
            IS(FAULT_MUST_UNDERSTAND), NULL},
    .name = IS(FAULT_TABLE_NAME) ? "stub_other" : STUB_NAME,
    .vendor = IS(FAULT_NULL_STRING) ? NULL : "fg tests",
    .version = "1.0",
    .build_id = "stub-1",
    .abi_minor = FG_ABI_MINOR,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .device_info = device_info,
    .mem_alloc = mem_alloc,
    .mem_free = mem_free,
    .copy = copy,
    .fill = fill,
    .stream_create = stream_create,
    .stream_destroy = stream_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .stream_flush = stream_flush,
    .stream_signal = stream_signal,
    .stream_wait = stream_wait,
    .host_signal = host_signal,
    .host_wait = host_wait,
    .timeline_read = timeline_read,
    .claims = claims,
    .query = IS(FAULT_NO_OPTIONALS) ? NULL : query,
    .prepare = IS(FAULT_NULL_MEMBER) ? NULL : prepare,
    .get_table = IS(FAULT_NO_OPTIONALS) ? NULL : get_table,
};

#if IS(FAULT_NEWER_ENTRY)
#define ENTRY fg_plugin_query_v2
FG_EXPORT fg_status ENTRY(const fg_query*, const fg_api**, fg_error*);
#elif IS(FAULT_NO_SYMBOL)
#define ENTRY fg_stub_entry  // kept local by the version script
FG_EXPORT fg_status ENTRY(const fg_query*, const fg_api**, fg_error*);
#else
#define ENTRY fg_plugin_query_v1
#endif

FG_EXPORT fg_status ENTRY(const fg_query* offer, const fg_api** api, fg_error* err) {
  (void)offer;
  if (IS(FAULT_QUERY_FAILS)) return report(err, FG_E_ABI, FG_R_OTHER, "this stub serves nobody");
#if IS(FAULT_FOREIGN_POINTER)
  g_api.stream_destroy = (fg_status(*)(fg_stream*))(void (*)(void))free;  // code of the C library
#endif
  *api = &g_api;
  return FG_OK;
}
