// SPDX-License-Identifier: Apache-2.0
//
// What the processor says of itself, through hwloc.

#include <hwy/targets.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "fg/sdk/op_uid.hpp"
#include "plugins/cpu/instance.hpp"
#include "plugins/cpu/topology.hpp"

namespace fg::cpu {
namespace {

std::string info(hwloc_obj_t obj, const char* key) {
  const char* text = obj != nullptr ? hwloc_obj_get_info_by_name(obj, key) : nullptr;
  return text != nullptr ? text : "";
}

void put(char* to, std::size_t capacity, const std::string& text) { std::snprintf(to, capacity, "%s", text.c_str()); }

// Two halves of a name-based id: the same machine model gives the same id in every process, and
// only one CPU device exists in a machine.
void put_uuid(std::uint8_t* uuid, const std::string& what) {
  const std::uint64_t a = sdk::op_uid("fg.cpu.uuid.a:" + what), b = sdk::op_uid("fg.cpu.uuid.b:" + what);
  std::memcpy(uuid, &a, 8);
  std::memcpy(uuid + 8, &b, 8);
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x80);  // RFC 9562: version 8, custom
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
}

std::int32_t numa_node(hwloc_topology_t topology) {
  if (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE) != 1) return -1;
  const hwloc_obj_t node = hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, 0);
  return node != nullptr ? static_cast<std::int32_t>(node->os_index) : -1;
}

fg_device_info describe() {
  fg_device_info d{};
  const Topology topology = load_topology();
  const hwloc_obj_t package =
      topology != nullptr ? hwloc_get_obj_by_type(topology.get(), HWLOC_OBJ_PACKAGE, 0) : nullptr;
  std::string model = info(package, "CPUModel");
  if (model.empty()) model = "CPU";
  put(d.name, sizeof d.name, model);
  put(d.driver, sizeof d.driver, "fg cpu");
  const std::int64_t targets = hwy::SupportedTargets();
  put(d.arch, sizeof d.arch, hwy::TargetName(targets & -targets));
  put_uuid(d.uuid, info(package, "CPUVendor") + "/" + info(package, "CPUFamilyNumber") + "/" +
                       info(package, "CPUModelNumber") + "/" + model);
  d.type = FG_DEVICE_CPU;
  d.pci_domain = d.pci_bus = d.pci_dev = d.pci_fn = -1;
  d.numa = topology != nullptr ? numa_node(topology.get()) : -1;
  d.dlpack_type = 1;  // kDLCPU
  d.dlpack_id = 0;
  d.caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_F64 | FG_D_DENORMALS | FG_D_SYNCHRONOUS;
  d.alloc_align = kAlign;
  d.mem_total = d.max_alloc = largest_allocation();
  return d;
}

}  // namespace

std::uint64_t largest_allocation() noexcept {
  static const std::uint64_t bytes = [] {
    struct sysinfo si {};
    return sysinfo(&si) == 0 ? std::uint64_t{si.totalram} * si.mem_unit : UINT64_MAX / 4;  // unknown
  }();
  return bytes;
}

fg_status device_info(fg_instance* instance, std::uint32_t device, fg_device_info* out) noexcept {
  return sdk::guard(nullptr, [&]() -> Result<void> {
    if (instance == nullptr || out == nullptr) return invalid("device_info: a pointer is NULL", FG_R_NULL_POINTER);
    if (device != 0) return fail(FG_E_NOT_FOUND, "device_info: there is one device", FG_R_DEVICE);
    if (out->hdr.struct_size < sizeof(fg_hdr)) return fail(FG_E_ABI, "fg_device_info is smaller than its header");
    static const fg_device_info constant = describe();
    fg_device_info d = constant;
    struct sysinfo si {};
    if (sysinfo(&si) == 0) d.mem_free = (std::uint64_t{si.freeram} + si.bufferram) * si.mem_unit;
    const std::size_t n = std::min<std::size_t>(out->hdr.struct_size, sizeof d);
    std::memcpy(reinterpret_cast<char*>(out) + sizeof(fg_hdr), reinterpret_cast<const char*>(&d) + sizeof(fg_hdr),
                n - sizeof(fg_hdr));
    return {};
  });
}

}  // namespace fg::cpu
