// SPDX-License-Identifier: Apache-2.0
//
// A device without hardware: what is asked of it is compiled, validated and put into the folder that the option
// `into` names, and nothing runs.  With the rest of the plugin it is a module that the build gives to programs that use
// the core, so that the texts are those that the plugin will print.

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/gpu/host_option.hpp"
#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/embedded.hpp"
#include "plugins/vulkan/glsl.hpp"
#include "plugins/vulkan/host.hpp"
#include "plugins/vulkan/recorder.hpp"
#include "plugins/vulkan/spirv.hpp"
#include "plugins/vulkan/validate.hpp"

namespace fg::vulkan {

std::size_t embedded_count() { return 0; }
std::span<const std::uint32_t> embedded_spirv(std::string_view) { return {}; }

namespace {

// Memory that costs nothing before it is touched.
struct Buffer final : fg_buffer {
  explicit Buffer(std::uint64_t n) : mapped(n) {
    void* p = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    host = p == MAP_FAILED ? nullptr : p;
  }
  ~Buffer() override {
    if (host != nullptr) munmap(host, mapped);
  }
  std::uint64_t mapped;
};

struct Timeline final : fg_timeline {
  explicit Timeline(std::uint64_t initial) : value(initial) {}
  Result<std::uint64_t> read() override { return value.load(); }
  Result<void> host_signal(std::uint64_t to) override { return value = to, Result<void>(); }
  Result<bool> host_wait(std::uint64_t wanted, std::int64_t) override { return value >= wanted; }
  std::atomic<std::uint64_t> value;
};

struct Stream final : fg_stream {
  Result<void> dispatch(const gpu::Dispatch&) override { return {}; }
  Result<void> copy(const gpu::BufferRef&, const gpu::BufferRef&, std::uint64_t) override { return {}; }
  Result<void> fill(const gpu::BufferRef&, std::uint64_t, std::uint32_t) override { return {}; }
  Result<void> flush() override { return {}; }
  Result<void> signal(fg_timeline& t, std::uint64_t to) override { return t.host_signal(to); }
  Result<void> wait(fg_timeline&, std::uint64_t) override { return {}; }
  std::uint64_t pending() const override { return 0; }
};

class Device final : public gpu::Device {
 public:
  Device(const TypicalDevice& device, std::string folder) : device_(device), folder_(std::move(folder)) {}
  const gpu::Features& features() const override { return device_.features; }
  fg_device_info info() const override {
    fg_device_info d{};
    std::strncpy(d.name, device_.name, sizeof d.name - 1);
    d.uuid[0] = static_cast<std::uint8_t>(device_.name[0]);
    d.type = device_.features.software ? FG_DEVICE_CPU : FG_DEVICE_GPU;
    d.caps = FG_D_F64;
    d.mem_total = d.mem_free = d.max_alloc = std::uint64_t{1} << 40;
    d.alloc_align = 256;
    return d;
  }
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t, std::uint64_t bytes, std::uint64_t) override {
    auto b = std::make_unique<Buffer>(std::max<std::uint64_t>(bytes, 1));
    if (b->host == nullptr) return fail(FG_E_OOM_HOST, "mmap of " + std::to_string(bytes) + " bytes failed");
    return b;
  }
  Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t) override { return std::make_unique<Stream>(); }
  Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t initial) override {
    return std::make_unique<Timeline>(initial);
  }
  Result<gpu::Compiled> compile(const gpu::Source& source) override {
    if (folder_.empty()) return gpu::Compiled{std::make_unique<gpu::Program>(), {}};
    const std::string text = print_glsl(source, device_.target);
    FG_TRY_ASSIGN(const Spirv module, compile_glsl(source.name, text));
    FG_TRY(validate(finish_module(module, device_.controls)));
    const std::string name = std::to_string(digest(text.data(), text.size())) + "." + std::to_string(text.size());
    std::ofstream file(folder_ + "/" + name + ".spv", std::ios::binary);
    file.write(reinterpret_cast<const char*>(module.data()), static_cast<std::streamsize>(4 * module.size()));
    if (!file) return fail(FG_E_INTERNAL, "cannot write " + name + ".spv into " + folder_);
    return gpu::Compiled{std::make_unique<gpu::Program>(), {}};
  }

 private:
  const TypicalDevice& device_;
  const std::string folder_;
};

class Runtime final : public gpu::Runtime {
 public:
  Runtime(const TypicalDevice& device, std::string folder) {
    devices_.push_back(std::make_unique<Device>(device, std::move(folder)));
  }
  std::span<const std::unique_ptr<gpu::Device>> devices() const override { return devices_; }

 private:
  std::vector<std::unique_ptr<gpu::Device>> devices_;
};

}  // namespace
}  // namespace fg::vulkan

namespace fg::gpu {

// The option `as` names the typical device.  The core's first contact with a plugin gives it no options.
Result<std::unique_ptr<Runtime>> open_runtime(const fg_host& host) {
  const std::string as = option(host, "as").value_or(vulkan::typical_devices()[0].name);
  for (const vulkan::TypicalDevice& d : vulkan::typical_devices()) {
    if (as != d.name) continue;
    auto runtime = std::make_unique<vulkan::Runtime>(d, option(host, "into").value_or(""));
    for (const std::uint64_t piece : {16, 4, 1}) {
      FG_TRY(runtime->devices()[0]->programs().get(vulkan::copy_source(piece)));
    }
    return std::unique_ptr<Runtime>(std::move(runtime));
  }
  return invalid("the option `as` is " + as + ", which names no typical device");
}
Result<std::uint32_t> count_devices(const fg_host&) { return 1u; }

}  // namespace fg::gpu
