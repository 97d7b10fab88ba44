// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/buffer.hpp"

namespace fg::opencl {
namespace {

// Kernels read and write whole pieces of 16 bytes, and words round an element of 1 or 2 bytes.
constexpr std::uint64_t kPiece = 16;

std::uint64_t round_up(std::uint64_t x, std::uint64_t to) { return (x + to - 1) / to * to; }

// OpenCL allocates at first use; a caller wants to hear of no memory now.
Result<void> touch(const Device& device, cl_mem memory) {
  FG_TRY(check(cl().clEnqueueMigrateMemObjects(device.service_queue(), 1, &memory,
                                               CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0, nullptr, nullptr),
               "clEnqueueMigrateMemObjects"));
  return check(cl().clFinish(device.service_queue()), "clFinish");
}

Result<void> no_memory(Result<void> r, std::uint64_t bytes) {
  if (r) return r;
  Error e = std::move(r).error();
  if (e.status == FG_E_DEVICE_LOST) e.status = FG_E_OOM_DEVICE;  // Some drivers say CL_OUT_OF_RESOURCES.
  e.reason = FG_R_LIMIT;
  return tl::unexpected(std::move(e).while_doing("allocate " + std::to_string(bytes) + " bytes"));
}

}  // namespace

Buffer::Buffer(Device& owner, Memory memory, std::uint64_t held)
    : device_(owner), memory_(std::move(memory)), held_(held) {
  device_.count(static_cast<std::int64_t>(held_));
}

Buffer::~Buffer() {
  device_.count(-static_cast<std::int64_t>(held_));
  if (mapped_ == nullptr) return;
  cl().clEnqueueUnmapMemObject(device_.service_queue(), memory_.get(), mapped_, 0, nullptr, nullptr);
  cl().clFinish(device_.service_queue());
}

Result<void> Buffer::map(std::uint64_t size, std::uint64_t align) {
  cl_int code = CL_SUCCESS;
  mapped_ = cl().clEnqueueMapBuffer(device_.service_queue(), memory_.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                    size, 0, nullptr, nullptr, &code);
  FG_TRY(check(code, "clEnqueueMapBuffer"));
  host = reinterpret_cast<void*>(round_up(reinterpret_cast<std::uintptr_t>(mapped_), align));
  return {};
}

Result<std::unique_ptr<fg_buffer>> Buffer::make(Device& owner, std::uint32_t kind, std::uint64_t bytes,
                                                std::uint64_t align) {
  const bool staging = kind == FG_MEM_STAGING;
  const std::uint64_t size = round_up(bytes, kPiece) + (staging ? align : 0);
  auto memory = owner.make_memory(size, CL_MEM_READ_WRITE | (staging ? CL_MEM_ALLOC_HOST_PTR : cl_mem_flags{0}));
  if (!memory) return tl::unexpected(no_memory(tl::unexpected(memory.error()), bytes).error());
  std::unique_ptr<Buffer> b(new Buffer(owner, std::move(*memory), size));
  FG_TRY(no_memory(staging ? b->map(size, align) : touch(owner, b->memory_.get()), bytes));
  if (owner.addresses() != nullptr && !staging) {
    FG_TRY_ASSIGN(b->address_, owner.addresses()->of(b->memory_.get()));
  }
  return b;
}

}  // namespace fg::opencl
