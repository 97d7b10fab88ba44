// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/device_facts.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <string_view>

#include "plugins/opencl/host_log.hpp"

namespace fg::opencl {
namespace {

std::atomic<bool> g_some_divide_roughly{false}, g_some_are_gpus{false};

// cl_nv_device_attribute_query; not in Debian 12's headers.
constexpr cl_device_info kMajorNv = 0x4000, kMinorNv = 0x4001, kPciBusNv = 0x4008, kPciSlotNv = 0x4009,
                         kPciDomainNv = 0x400A;
// Enough for 16-byte pieces of every dtype, and what tensors are cut out of.
constexpr std::uint64_t kAlign = 256;
// Of kernels on CUDA devices; more is of no use.
constexpr std::uint64_t kMostArguments = 4096;
constexpr std::uint32_t kLeastGroup = 256;
constexpr std::uint64_t kLeastLocal = 16 << 10;

// A number of a device; T{} where the device does not know the question.
template <class T>
T number(cl_device_id device, cl_device_info what) {
  T value{};
  if (cl().clGetDeviceInfo(device, what, sizeof value, &value, nullptr) != CL_SUCCESS) return T{};
  return value;
}

std::string text(cl_device_id device, cl_device_info what) {
  std::size_t size = 0;
  if (cl().clGetDeviceInfo(device, what, 0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
  std::string s(size, '\0');
  cl().clGetDeviceInfo(device, what, size, s.data(), nullptr);
  s.resize(std::strlen(s.c_str()));
  return s;
}

std::string text(cl_platform_id platform, cl_platform_info what) {
  std::size_t size = 0;
  if (cl().clGetPlatformInfo(platform, what, 0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
  std::string s(size, '\0');
  cl().clGetPlatformInfo(platform, what, size, s.data(), nullptr);
  s.resize(std::strlen(s.c_str()));
  return s;
}

bool has_extension(const std::string& list, std::string_view name) {
  return (" " + list + " ").find(" " + std::string(name) + " ") != std::string::npos;
}

std::string hex(std::uint64_t x) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string s;
  do s.insert(s.begin(), kDigits[x & 15]);
  while ((x >>= 4) != 0);
  return "0x" + s;
}

// Empty: usable.
std::string why_not(cl_device_id d) {
  const auto type = number<cl_device_type>(d, CL_DEVICE_TYPE);
  if ((type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_CPU)) == 0)
    return "it is of type " + hex(type) + ", expected a GPU or CPU";
  if (number<cl_bool>(d, CL_DEVICE_AVAILABLE) == CL_FALSE) return "its driver says that it is not available";
  if (number<cl_bool>(d, CL_DEVICE_COMPILER_AVAILABLE) == CL_FALSE) return "its driver has no compiler";
  if (number<cl_bool>(d, CL_DEVICE_ENDIAN_LITTLE) == CL_FALSE) return "it is big-endian";
  if (const auto bits = number<cl_uint>(d, CL_DEVICE_ADDRESS_BITS); bits != 64) {
    return "its addresses have " + std::to_string(bits) + " bits, expected 64";
  }
  const std::string version = text(d, CL_DEVICE_VERSION);
  if (version.rfind("OpenCL 1.0", 0) == 0 || version.rfind("OpenCL 1.1", 0) == 0) {
    return "it has " + version + ", expected OpenCL 1.2";
  }
  if (const auto n = number<std::size_t>(d, CL_DEVICE_MAX_WORK_GROUP_SIZE); n < kLeastGroup) {
    return "its groups have " + std::to_string(n) + " work-items, expected 256";
  }
  if (const auto n = number<cl_ulong>(d, CL_DEVICE_LOCAL_MEM_SIZE); n < kLeastLocal) {
    return "its groups have " + std::to_string(n) + " bytes of memory, expected 16384";
  }
  return {};
}

template <std::size_t N>
void put_text(char (&to)[N], const std::string& from) {
  std::memcpy(to, from.data(), std::min(from.size(), N - 1));
}

// FNV-1a, twice with different seeds: stable where nothing else is.
void uuid_of_name(const std::string& name, std::uint8_t (&uuid)[16]) {
  for (int half = 0; half < 2; ++half) {
    std::uint64_t h = half == 0 ? 0xCBF29CE484222325u : 0x84222325CBF29CE4u;
    for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    std::memcpy(uuid + 8 * half, &h, 8);
  }
}

void put_pci(cl_device_id d, const std::string& extensions, fg_device_info& info) {
  info.pci_domain = info.pci_bus = info.pci_dev = info.pci_fn = -1;
  if (has_extension(extensions, "cl_khr_pci_bus_info")) {
    const auto pci = number<cl_device_pci_bus_info_khr>(d, CL_DEVICE_PCI_BUS_INFO_KHR);
    info.pci_domain = static_cast<std::int32_t>(pci.pci_domain);
    info.pci_bus = static_cast<std::int32_t>(pci.pci_bus);
    info.pci_dev = static_cast<std::int32_t>(pci.pci_device);
    info.pci_fn = static_cast<std::int32_t>(pci.pci_function);
  } else if (has_extension(extensions, "cl_nv_device_attribute_query")) {
    const auto slot = number<cl_uint>(d, kPciSlotNv);
    info.pci_domain = static_cast<std::int32_t>(number<cl_uint>(d, kPciDomainNv));
    info.pci_bus = static_cast<std::int32_t>(number<cl_uint>(d, kPciBusNv));
    info.pci_dev = static_cast<std::int32_t>(slot >> 3);
    info.pci_fn = static_cast<std::int32_t>(slot & 7);
  }
}

// The first number of an NVIDIA GPU's compute capability; 0: another device.
cl_uint nvidia_major(cl_device_id d, const std::string& extensions) {
  return has_extension(extensions, "cl_nv_device_attribute_query") ? number<cl_uint>(d, kMajorNv) : 0;
}

// What NVIDIA's GPUs of compute capability 8.0 (mma.sync of bf16, cp.async) and 9.0 (wgmma) can be offered; the speeds
// are an H200's.
std::vector<gpu::MatrixTile> matrix_tiles(cl_device_id d, const std::string& extensions, std::uint64_t local_bytes) {
  constexpr std::uint64_t kLocal = 48 << 10;
  const auto major = nvidia_major(d, extensions);
  if (major < 8 || local_bytes < kLocal) return {};
  std::vector<gpu::MatrixTile> tiles;
  for (const fg_dtype dtype : {FG_F16, FG_BF16}) {
    if (major == 9 && number<cl_uint>(d, kMinorNv) == 0) {
      tiles.push_back({dtype, "product_wgmma 3", 128, 128, 64, 256, 2, 2270, 0, false, 2180});
      tiles.push_back({dtype, "product_wgmma 3", 128, 136, 64, 256, 2, 0, 2270, false, 2180});
      tiles.push_back({dtype, "product_wgmma 4", 64, 128, 64, 128, 2, 1930, 0, false, 1870});
      tiles.push_back({dtype, "product_wgmma 8", 64, 128, 64, 128, 1, 1800, 0, false, 2060});
    }
    tiles.push_back({dtype, "product_mma 3", 128, 128, 32, 128, 2, 1600});
    tiles.push_back({dtype, "product_mma 4", 64, 128, 32, 128, 4, 1300});
    tiles.push_back({dtype, "product_mma 4", 64, 64, 32, 128, 6, 1000});
  }
  return tiles;
}

void put_info(DeviceFacts& f, const std::string& extensions, const std::string& names) {
  const cl_device_id d = f.id.device;
  fg_device_info& info = f.info;
  put_text(info.name, text(d, CL_DEVICE_NAME));
  put_text(info.driver, text(d, CL_DRIVER_VERSION));
  put_text(info.arch, text(d, CL_DEVICE_VERSION));
  info.type = f.features.software ? FG_DEVICE_CPU : FG_DEVICE_GPU;
  info.pci_vendor = f.features.software ? 0 : number<cl_uint>(d, CL_DEVICE_VENDOR_ID);
  put_pci(d, extensions, info);
  info.numa = -1;
  const auto cap = [](bool has, std::uint64_t bit) { return has ? bit : 0; };
  info.caps = cap(f.features.f64, FG_D_F64) | cap(f.features.denormals, FG_D_DENORMALS) |
              cap(f.features.software, FG_D_SOFTWARE);
  info.mem_total = number<cl_ulong>(d, CL_DEVICE_GLOBAL_MEM_SIZE);
  info.mem_free = info.mem_total;
  info.max_alloc = number<cl_ulong>(d, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  info.alloc_align = std::max<std::uint64_t>(kAlign, number<cl_uint>(d, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8);
  uuid_of_name(names + "#" + std::to_string(f.id.twin), info.uuid);
  if (has_extension(extensions, "cl_khr_device_uuid")) {
    cl().clGetDeviceInfo(d, CL_DEVICE_UUID_KHR, sizeof info.uuid, info.uuid, nullptr);
  }
}

std::vector<cl_device_id> devices_of(cl_platform_id platform) {
  cl_uint n = 0;
  if (cl().clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &n) != CL_SUCCESS) return {};
  std::vector<cl_device_id> ids(n);
  if (cl().clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, n, ids.data(), nullptr) != CL_SUCCESS) return {};
  return ids;
}

}  // namespace

Result<std::vector<DeviceId>> find_devices(const fg_host& host) {
  FG_TRY(open_opencl());
  cl_uint n = 0;
  const cl_int code = cl().clGetPlatformIDs(0, nullptr, &n);
  if (code == CL_PLATFORM_NOT_FOUND_KHR || (code == CL_SUCCESS && n == 0)) {
    return unsupported(
        "no OpenCL platform: the loader found no driver in /etc/OpenCL/vendors; install the driver's "
        "OpenCL package (pocl-opencl-icd runs on the processor)",
        FG_R_NO_DRIVER);
  }
  FG_TRY(check(code, "clGetPlatformIDs"));
  std::vector<cl_platform_id> platforms(n);
  FG_TRY(check(cl().clGetPlatformIDs(n, platforms.data(), nullptr), "clGetPlatformIDs"));
  std::vector<DeviceId> usable;
  for (const cl_platform_id platform : platforms) {
    const std::string name = text(platform, CL_PLATFORM_NAME);
    const std::vector<cl_device_id> all = devices_of(platform);
    if (all.empty()) log(host, FG_LOG_INFO, "platform " + name + " has no device");
    std::vector<std::string> seen;
    for (const cl_device_id d : all) {
      const std::string device = text(d, CL_DEVICE_NAME);
      const auto twin = static_cast<std::uint32_t>(std::count(seen.begin(), seen.end(), device));
      seen.push_back(device);
      if (const std::string why = why_not(d); !why.empty()) {
        log(host, FG_LOG_INFO, "device " + device + " of platform " + name + " is left out: " + why);
      } else {
        usable.push_back({platform, d, twin});
      }
    }
  }
  return usable;
}

bool all_divide_exactly() { return !g_some_divide_roughly; }
bool all_are_processors() { return !g_some_are_gpus; }

DeviceFacts read_facts(const DeviceId& id) {
  const cl_device_id d = id.device;
  DeviceFacts f;
  f.id = id;
  const std::string extensions = text(d, CL_DEVICE_EXTENSIONS);
  const std::string names =
      text(id.platform, CL_PLATFORM_NAME) + "/" + text(d, CL_DEVICE_VENDOR) + "/" + text(d, CL_DEVICE_NAME);
  f.identity = names + "/" + text(id.platform, CL_PLATFORM_VERSION) + "/" + text(d, CL_DEVICE_VERSION) + "/" +
               text(d, CL_DRIVER_VERSION);
  const auto single = number<cl_device_fp_config>(d, CL_DEVICE_SINGLE_FP_CONFIG);
  f.divides_exactly = (single & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
  if (!f.divides_exactly) g_some_divide_roughly = true;
  f.fuses = (single & CL_FP_FMA) != 0;
  f.ptx_sums = nvidia_major(d, extensions) >= 6;
  f.addresses = has_extension(extensions, "cl_nv_device_attribute_query");
  f.atomics64 = has_extension(extensions, "cl_khr_int64_base_atomics");
  f.ptx = text(id.platform, CL_PLATFORM_NAME) == "NVIDIA CUDA";
  // For its binaries PoCL compiles kernels for any group and grid, then for the launch at hand once more.
  f.keeps_programs = f.reads_header = f.optimises_late =
      text(id.platform, CL_PLATFORM_NAME) == "Portable Computing Language";
  f.argument_bytes = std::min<std::uint64_t>(number<std::size_t>(d, CL_DEVICE_MAX_PARAMETER_SIZE), kMostArguments);
  f.features.f64 = has_extension(extensions, "cl_khr_fp64");
  f.features.denormals = (single & CL_FP_DENORM) != 0;
  f.features.software = (number<cl_device_type>(d, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0;
  if (!f.features.software) g_some_are_gpus = true;
  f.features.max_group = static_cast<std::uint32_t>(number<std::size_t>(d, CL_DEVICE_MAX_WORK_GROUP_SIZE));
  f.features.local_bytes = number<cl_ulong>(d, CL_DEVICE_LOCAL_MEM_SIZE);
  f.features.compute_units = std::max<std::uint32_t>(1, number<cl_uint>(d, CL_DEVICE_MAX_COMPUTE_UNITS));
  f.features.matrix = matrix_tiles(d, extensions, f.features.local_bytes);
  put_info(f, extensions, names);
  return f;
}

}  // namespace fg::opencl
