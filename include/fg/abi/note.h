// SPDX-License-Identifier: Apache-2.0
//
// Facts that are read from the plugin's file before any of its code runs: an ELF note, owner "FG",
// type 1, in section .note.fg.  A plugin places FG_PLUGIN_NOTE(...) once at file scope.

#ifndef FG_ABI_NOTE_H_
#define FG_ABI_NOTE_H_

#include "fg/abi/version.h"

FG_EXTERN_C_BEGIN

#define FG_NOTE_OWNER "FG"
#define FG_NOTE_TYPE 1u
#define FG_NOTE_VERSION 1u

enum { FG_SANITIZER_NONE = 0, FG_SANITIZER_ADDRESS = 1, FG_SANITIZER_THREAD = 2, FG_SANITIZER_MEMORY = 3 };
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

// FROZEN.  The whole note as it lies in the file.
typedef struct fg_note {
  uint32_t namesz, descsz, type;  // 4, bytes after `owner`, FG_NOTE_TYPE
  char owner[4];                  // "FG\0\0"
  uint32_t note_version, epoch, minor_min, minor_max;
  char name[32], vendor[32], version[32];  // NUL-terminated.
  uint32_t flags, sanitizer;               // A sanitizer build loads only into a like host.
} fg_note;

FG_STATIC_ASSERT(sizeof(fg_note) == 136, "frozen");

#define FG_PLUGIN_NOTE(plugin_name, plugin_vendor, plugin_version)                               \
  __attribute__((section(".note.fg"), used, aligned(4))) static const fg_note fg_plugin_note = { \
      4u,                                                                                        \
      (uint32_t)(sizeof(fg_note) - 16),                                                          \
      FG_NOTE_TYPE,                                                                              \
      {'F', 'G', 0, 0},                                                                          \
      FG_NOTE_VERSION,                                                                           \
      FG_ABI_EPOCH,                                                                              \
      0u,                                                                                        \
      FG_ABI_MINOR,                                                                              \
      plugin_name,                                                                               \
      plugin_vendor,                                                                             \
      plugin_version,                                                                            \
      0u,                                                                                        \
      FG_SANITIZER_BUILD}

FG_EXTERN_C_END

#endif  // FG_ABI_NOTE_H_
