// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/addresses.hpp"

#include <array>

#include "plugins/opencl/program.hpp"

namespace fg::opencl {
namespace {

constexpr const char* kText =
    "__kernel void fg_where(__global uchar* p, __global ulong* to) { *to = (ulong)p; }\n"
    "struct fg_places { ulong from, to; };\n"
    "__kernel void fg_through(const struct fg_places at) {\n"
    "  *(__global uint*)at.to = *(__global const uint*)at.from + 1u;\n"
    "}\n";

Result<Kernel> kernel_named(cl_program program, const char* name) {
  cl_int code = CL_SUCCESS;
  Kernel kernel(cl().clCreateKernel(program, name, &code));
  FG_TRY(check(code, "clCreateKernel"));
  return kernel;
}

Result<Memory> memory_of(cl_context context, std::size_t bytes) {
  cl_int code = CL_SUCCESS;
  Memory memory(cl().clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, nullptr, &code));
  FG_TRY(check(code, "clCreateBuffer"));
  return memory;
}

}  // namespace

Result<void> Addresses::run(cl_kernel kernel) {
  const std::size_t one = 1;
  return check(cl().clEnqueueNDRangeKernel(queue_, kernel, 1, nullptr, &one, &one, 0, nullptr, nullptr),
               "clEnqueueNDRangeKernel");
}

Result<std::uint64_t> Addresses::of(cl_mem memory) {
  const std::lock_guard lock(mutex_);
  const cl_mem answer = answer_.get();
  FG_TRY(check(cl().clSetKernelArg(where_.get(), 0, sizeof memory, &memory), "clSetKernelArg"));
  FG_TRY(check(cl().clSetKernelArg(where_.get(), 1, sizeof answer, &answer), "clSetKernelArg"));
  FG_TRY(run(where_.get()));
  cl_ulong address = 0;
  FG_TRY(check(cl().clEnqueueReadBuffer(queue_, answer, CL_TRUE, 0, sizeof address, &address, 0, nullptr, nullptr),
               "clEnqueueReadBuffer"));
  return std::uint64_t{address};
}

Result<void> Addresses::try_out(cl_context context) {
  constexpr std::size_t kBytes = 4096, kPlace = 1024;
  FG_TRY_ASSIGN(const Memory from, memory_of(context, kBytes));
  FG_TRY_ASSIGN(const Memory to, memory_of(context, kBytes));
  for (const cl_uint value : {41u, 1041u}) {
    FG_TRY(
        check(cl().clEnqueueWriteBuffer(queue_, from.get(), CL_TRUE, kPlace, sizeof value, &value, 0, nullptr, nullptr),
              "clEnqueueWriteBuffer"));
    FG_TRY_ASSIGN(const std::uint64_t read_at, of(from.get()));
    FG_TRY_ASSIGN(const std::uint64_t write_at, of(to.get()));
    const std::array<cl_ulong, 2> places{read_at + kPlace, write_at + kPlace};
    FG_TRY(check(cl().clSetKernelArg(through_.get(), 0, sizeof places, places.data()), "clSetKernelArg"));
    FG_TRY(run(through_.get()));
    cl_uint got = 0;
    FG_TRY(check(cl().clEnqueueReadBuffer(queue_, to.get(), CL_TRUE, kPlace, sizeof got, &got, 0, nullptr, nullptr),
                 "clEnqueueReadBuffer"));
    if (got != value + 1) {
      return fail(FG_E_INTERNAL, "a kernel wrote " + std::to_string(got) + " through an address, expected " +
                                     std::to_string(value + 1));
    }
  }
  return {};
}

Result<std::unique_ptr<Addresses>> Addresses::make(cl_context context, cl_command_queue queue,
                                                   const DeviceFacts& facts) {
  std::unique_ptr<Addresses> a(new Addresses(queue));
  FG_TRY_ASSIGN(a->program_, program_from_source(context, facts, "-cl-std=CL1.2", kText));
  FG_TRY_ASSIGN(a->where_, kernel_named(a->program_.get(), "fg_where"));
  FG_TRY_ASSIGN(a->through_, kernel_named(a->program_.get(), "fg_through"));
  FG_TRY_ASSIGN(a->answer_, memory_of(context, sizeof(cl_ulong)));
  FG_TRY(a->try_out(context));
  return a;
}

}  // namespace fg::opencl
