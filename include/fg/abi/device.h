// SPDX-License-Identifier: Apache-2.0
//
// What a device is.

#ifndef FG_ABI_DEVICE_H_
#define FG_ABI_DEVICE_H_

#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

enum {
  FG_D_FLAT_ADDRESS = 1u,  // fg_tensor.ptr is set and dereferenceable on the device.
  FG_D_HOST_VISIBLE = 2u,  // ... and by the host: memory is unified.
  FG_D_NATIVE_TIMELINE = 4u,
  FG_D_PEER = 8u,
  FG_D_F64 = 16u,
  FG_D_DENORMALS = 32u,    // f32 denormals are kept.
  FG_D_SYNCHRONOUS = 64u,  // Every launch, copy and fill has completed when it returns.
  FG_D_SOFTWARE = 128u     // Runs on the host's processor; ranks below the cpu plugin unless named.
};

enum { FG_DEVICE_CPU = 0, FG_DEVICE_GPU = 1, FG_DEVICE_NPU = 2, FG_DEVICE_OTHER = 3 };

// GROWS, caller-allocated.
typedef struct fg_device_info {
  fg_hdr hdr;
  uint8_t uuid[16];  // Stable across processes and reboots; joins the same device seen twice.
  char name[64], driver[64], arch[32];
  uint32_t type;  // FG_DEVICE_*
  uint32_t pci_vendor, pci_device;
  int32_t pci_domain, pci_bus, pci_dev, pci_fn;  // -1 when it has none.
  int32_t numa;                                  // NUMA node, -1 unknown.
  uint32_t dlpack_type;                          // DLDeviceType, e.g. 1 kDLCPU, 4 kDLOpenCL, 7 kDLVulkan.
  int32_t dlpack_id;
  uint64_t caps;       // FG_D_*
  uint64_t mem_total;  // Bytes.
  uint64_t mem_free;
  uint64_t max_alloc;    // Largest single allocation, bytes.
  uint64_t alloc_align;  // Alignment of every allocation, bytes, a power of two.
} fg_device_info;

// Kinds of memory.
enum {
  FG_MEM_DEVICE = 0,  // Fastest for kernels.
  FG_MEM_STAGING = 1  // Host-visible (ptr is set) and fast to copy from and to.
};

FG_EXTERN_C_END

#endif  // FG_ABI_DEVICE_H_
