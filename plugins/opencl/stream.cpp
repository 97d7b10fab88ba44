// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/stream.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/opencl/program.hpp"

namespace fg::opencl {
namespace {

// CUDA devices take as many groups at once; no device that we know of takes fewer.  Kernels with narrow indices have no
// more.
constexpr std::uint64_t kMostGroups = (std::uint64_t{1} << 31) - 1;

const Buffer& buffer_of(const gpu::BufferRef& ref) { return *static_cast<const Buffer*>(ref.buffer); }

std::byte* host_of(const Buffer& b, std::uint64_t offset) { return static_cast<std::byte*>(b.host) + offset; }

Result<void> read(cl_command_queue q, void* to, cl_mem from, std::uint64_t offset, std::uint64_t bytes, cl_bool now) {
  return check(cl().clEnqueueReadBuffer(q, from, now, offset, bytes, to, 0, nullptr, nullptr), "clEnqueueReadBuffer");
}

Result<void> write(cl_command_queue q, cl_mem to, std::uint64_t offset, const void* from, std::uint64_t bytes,
                   cl_bool now) {
  return check(cl().clEnqueueWriteBuffer(q, to, now, offset, bytes, from, 0, nullptr, nullptr), "clEnqueueWriteBuffer");
}

// The program itself, or the optimised one for launches that do much: few work-items may, but only with large tensors.
// The launch alone decides, since both may round differently and the same call has the same bits.
Result<const Program*> settled(Device& device, const Program& p, const gpu::Dispatch& d) {
  constexpr std::uint64_t kFewItems = 16384;
  if (!p.quick || (!d.large && d.groups * p.source.group_size < kFewItems)) return &p;
  if (const Program* better = p.better.load(std::memory_order_acquire)) return better;
  gpu::Source source = p.source;
  source.busy = true;
  FG_TRY_ASSIGN(const gpu::Program* made, device.programs().get(source));
  const auto* better = static_cast<const Program*>(made);
  p.better.store(better, std::memory_order_release);
  return better;
}

void put(std::byte*& to, std::uint64_t value) {
  std::memcpy(to, &value, sizeof value);
  to += sizeof value;
}

}  // namespace

Stream::~Stream() { cl().clFinish(queue_.get()); }

Result<cl_kernel> Stream::kernel_of(const Program& program) {
  if (const auto found = kernels_.find(&program); found != kernels_.end()) return found->second.get();
  cl_int code = CL_SUCCESS;
  Kernel kernel(cl().clCreateKernel(program.handle.get(), program.kernel.c_str(), &code));
  FG_TRY(check(code, "clCreateKernel"));
  return kernels_.emplace(&program, std::move(kernel)).first->second.get();
}

Result<void> Stream::dispatch(const gpu::Dispatch& d) {
  FG_TRY_ASSIGN(const Program* program, settled(device_, static_cast<const Program&>(*d.program), d));
  FG_TRY_ASSIGN(const cl_kernel kernel, kernel_of(*program));
  block_.resize(block_bytes(d.buffers.size(), d.params.size()));
  std::byte* at = block_.data();
  put(at, d.groups);
  cl_uint n = 0;
  const bool addresses = device_.addresses() != nullptr;
  for (const gpu::BufferRef& ref : d.buffers) {
    const Buffer* b = ref.buffer != nullptr ? &buffer_of(ref) : nullptr;
    const cl_mem memory = b != nullptr ? b->memory() : nullptr;
    if (!addresses) FG_TRY(check(cl().clSetKernelArg(kernel, n++, sizeof memory, &memory), "clSetKernelArg"));
    put(at, (addresses && b != nullptr ? b->address() : 0) + ref.byte_offset);
  }
  if (!d.params.empty()) std::memcpy(at, d.params.data(), d.params.size());
  FG_TRY(check(cl().clSetKernelArg(kernel, n, block_.size(), block_.data()), "clSetKernelArg"));
  const std::size_t local = d.program->source.group_size;
  for (std::uint64_t first = 0; first < d.groups; first += kMostGroups) {
    const std::size_t offset = first * local, global = std::min(kMostGroups, d.groups - first) * local;
    FG_TRY(check(cl().clEnqueueNDRangeKernel(queue_.get(), kernel, 1, first == 0 ? nullptr : &offset, &global, &local,
                                             0, nullptr, nullptr),
                 "clEnqueueNDRangeKernel"));
  }
  enqueued();
  return {};
}

// Contexts share no memory: through the host, once this stream has caught up.
Result<void> Stream::copy_across(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes) {
  const Buffer& to = buffer_of(dst);
  const Buffer& from = buffer_of(src);
  std::vector<std::byte> held(bytes);
  FG_TRY(check(cl().clFinish(queue_.get()), "clFinish"));
  if (from.host != nullptr) {
    std::memcpy(held.data(), host_of(from, src.byte_offset), bytes);
  } else {
    FG_TRY(read(from.owner().service_queue(), held.data(), from.memory(), src.byte_offset, bytes, CL_TRUE));
  }
  if (to.host == nullptr) {
    return write(to.owner().service_queue(), to.memory(), dst.byte_offset, held.data(), bytes, CL_TRUE);
  }
  std::memcpy(host_of(to, dst.byte_offset), held.data(), bytes);
  return {};
}

Result<void> Stream::copy(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes) {
  const Buffer& to = buffer_of(dst);
  const Buffer& from = buffer_of(src);
  const auto foreign = [&](const Buffer& b) { return b.host == nullptr && &b.owner() != &device_; };
  if (foreign(to) || foreign(from)) return copy_across(dst, src, bytes);
  const cl_command_queue q = queue_.get();
  enqueued();
  if (to.host != nullptr && from.host != nullptr) {  // Through the queue, which orders nothing else.
    FG_TRY_ASSIGN(const Memory between, device_.make_memory(bytes));
    FG_TRY(write(q, between.get(), 0, host_of(from, src.byte_offset), bytes, CL_FALSE));
    return read(q, host_of(to, dst.byte_offset), between.get(), 0, bytes, CL_FALSE);
  }
  if (to.host != nullptr) return read(q, host_of(to, dst.byte_offset), from.memory(), src.byte_offset, bytes, CL_FALSE);
  if (from.host != nullptr) {
    return write(q, to.memory(), dst.byte_offset, host_of(from, src.byte_offset), bytes, CL_FALSE);
  }
  return check(cl().clEnqueueCopyBuffer(q, from.memory(), to.memory(), src.byte_offset, dst.byte_offset, bytes, 0,
                                        nullptr, nullptr),
               "clEnqueueCopyBuffer");
}

// NVIDIA's clEnqueueFillBuffer reaches 0.4 of the memory's speed, a kernel all of it.
Result<void> Stream::fill(const gpu::BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) {
  static constexpr fg_dtype kWord[] = {FG_I32};
  constexpr std::uint64_t kPieces = 16, kMostWords = std::uint64_t{1} << 30;
  const bool pieces = dst.byte_offset % kPieces == 0;
  FG_TRY_ASSIGN(gpu::Source source, gpu::source_of("fill", kWord));
  source.wide_index = bytes / 4 >= kMostWords;
  source.define("WORDS_EACH", pieces ? 4 : 1);
  FG_TRY_ASSIGN(const gpu::Program* program, device_.programs().get(source));
  const gpu::Value values[] = {bytes / 4, pattern};
  FG_TRY_ASSIGN(const std::vector<std::byte> params, gpu::pack_params(source, values));
  const std::uint64_t items = bytes / (pieces ? kPieces : 4) + 1;
  const std::uint64_t groups = (items + source.group_size - 1) / source.group_size;
  const Buffer& to = buffer_of(dst);
  if (to.host == nullptr) return dispatch({program, {&dst, 1}, params, groups});
  // Mapped memory is no kernel's business.  The read keeps what is between for as long as both take.
  FG_TRY_ASSIGN(const std::unique_ptr<fg_buffer> between, Buffer::make(device_, FG_MEM_DEVICE, bytes, 1));
  const gpu::BufferRef whole{between.get(), 0};
  FG_TRY(dispatch({program, {&whole, 1}, params, groups}));
  return read(queue_.get(), host_of(to, dst.byte_offset), buffer_of(whole).memory(), 0, bytes, CL_FALSE);
}

Result<void> Stream::flush() { return check(cl().clFlush(queue_.get()), "clFlush"); }

Result<void> Stream::signal(fg_timeline& timeline, std::uint64_t value) {
  cl_event raw = nullptr;
  FG_TRY(check(cl().clEnqueueMarkerWithWaitList(queue_.get(), 0, nullptr, &raw), "clEnqueueMarkerWithWaitList"));
  Event event(raw);
  FG_TRY(flush());
  const Source from = self();
  ++signals_;
  cl().clRetainEvent(raw);
  {
    const std::lock_guard lock(marks_mutex_);
    marks_.push_back({work_.load(std::memory_order_relaxed), Event(raw)});
    prune();
  }
  return static_cast<Timeline&>(timeline).counter().expect(value, std::move(event), from);
}

Result<void> Stream::wait(fg_timeline& timeline, std::uint64_t value) {
  FG_TRY_ASSIGN(const Event event, static_cast<Timeline&>(timeline).counter().wait_event(value, self()));
  if (event.get() == nullptr) return {};
  const cl_event raw = event.get();
  return check(cl().clEnqueueBarrierWithWaitList(queue_.get(), 1, &raw, nullptr), "clEnqueueBarrierWithWaitList");
}

void Stream::prune() const {
  while (!marks_.empty() && event_status(marks_.front().event.get()) <= CL_COMPLETE) {
    done_ = marks_.front().work;
    marks_.pop_front();
  }
}

std::uint64_t Stream::pending() const {
  const std::lock_guard lock(marks_mutex_);
  prune();
  return work_.load(std::memory_order_relaxed) - done_;
}

}  // namespace fg::opencl
