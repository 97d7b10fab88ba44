// SPDX-License-Identifier: Apache-2.0
//
// What the core lends a plugin.  Plugins import no symbol from the core; every service is here.

#ifndef FG_ABI_HOST_H_
#define FG_ABI_HOST_H_

#include "fg/abi/status.h"

FG_EXTERN_C_BEGIN

enum { FG_LOG_TRACE = 0, FG_LOG_DEBUG = 1, FG_LOG_INFO = 2, FG_LOG_WARN = 3, FG_LOG_ERROR = 4 };

// GROWS.  Every function: [any-thread], plugin threads included, `ctx` as first argument.  A plugin
// holds no lock of its own while it calls one.
typedef struct fg_host {
  fg_hdr hdr;
  void* ctx;
  // Hands a line to the application's log hook; the core adds the plugin's name.  `msg` is copied.
  void(FG_CALL* log)(void* ctx, int32_t level, const char* file, int32_t line, const char* msg) FG_NOEXCEPT;
  // Host memory, counted by the core.  NULL when there is none.  `align` is a power of two.
  void*(FG_CALL* mem_alloc)(void* ctx, size_t bytes, size_t align)FG_NOEXCEPT;
  void(FG_CALL* mem_free)(void* ctx, void* p, size_t bytes) FG_NOEXCEPT;
  // Value of plugin option `key` (from libfg_<name>.yaml or fg.yaml) as text.  *len: capacity in,
  // length with NUL out.  FG_E_NOT_FOUND; FG_E_INVALID when the capacity is too small (len is set).
  fg_status(FG_CALL* config_get)(void* ctx, const char* key, char* buf, size_t* len) FG_NOEXCEPT;
  // Disk cache of compiled kernels.  The core adds plugin build, device and driver to the key, checks
  // owner, length and SHA-256 of what it reads, and replaces files atomically.  buf NULL asks for the
  // length.  FG_E_NOT_FOUND when absent or damaged: a cache never fails a call.
  fg_status(FG_CALL* blob_get)(void* ctx, const void* key, size_t key_len, void* buf, size_t* len) FG_NOEXCEPT;
  fg_status(FG_CALL* blob_put)(void* ctx, const void* key, size_t key_len, const void* buf, size_t len) FG_NOEXCEPT;
  // Trace span around work of the plugin; shown in the Chrome trace.
  uint64_t(FG_CALL* span_begin)(void* ctx, const char* name) FG_NOEXCEPT;
  void(FG_CALL* span_end)(void* ctx, uint64_t span) FG_NOEXCEPT;
} fg_host;

FG_EXTERN_C_END

#endif  // FG_ABI_HOST_H_
