// SPDX-License-Identifier: Apache-2.0
//
// Programs from source, or from the core's cache of binaries.

#include <cstring>
#include <string_view>

#include "plugins/opencl/device.hpp"
#include "plugins/opencl/host_log.hpp"
#include "plugins/opencl/prelude_files.hpp"
#include "plugins/opencl/program.hpp"
#include "plugins/opencl/ptx.hpp"

namespace fg::opencl {
namespace {

std::string options_of(const DeviceFacts& facts, const gpu::Source& source) {
  const bool exactly = facts.divides_exactly && source.divides;
  return std::string("-cl-std=CL1.2") + (exactly ? " -cl-fp32-correctly-rounded-divide-sqrt" : "") +
         (facts.reads_header ? " -D_OPENCL_H_" : "") +
         (facts.optimises_late && !source.busy ? " -cl-opt-disable" : "") +
         // Loops of which no vectors can be made are warned of on standard error.
         (facts.features.vectorises ? " -w" : "");
}

std::string build_log(cl_program program, cl_device_id device) {
  std::size_t size = 0;
  if (cl().clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size) != CL_SUCCESS) return {};
  std::string text(size, '\0');
  cl().clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, text.data(), nullptr);
  text.resize(std::strlen(text.c_str()));
  return text;
}

Result<void> build(cl_program program, const DeviceFacts& facts, const std::string& options) {
  const cl_device_id device = facts.id.device;
  const cl_int code = cl().clBuildProgram(program, 1, &device, options.c_str(), nullptr, nullptr);
  if (code == CL_SUCCESS) return {};
  Error e = cl_error(code, "clBuildProgram");
  if (code == CL_BUILD_PROGRAM_FAILURE) e.status = FG_E_COMPILE;
  e.message += ": " + build_log(program, device);
  return tl::unexpected(std::move(e));
}

Result<ProgramHandle> from_binary(cl_context context, const DeviceFacts& facts, const std::string& options,
                                  std::string_view binary) {
  const auto* begin = reinterpret_cast<const unsigned char*>(binary.data());
  const std::size_t length = binary.size();
  cl_int status = CL_SUCCESS, code = CL_SUCCESS;
  ProgramHandle program(cl().clCreateProgramWithBinary(context, 1, &facts.id.device, &length, &begin, &status, &code));
  FG_TRY(check(code, "clCreateProgramWithBinary"));
  FG_TRY(check(status, "clCreateProgramWithBinary"));
  FG_TRY(build(program.get(), facts, options));
  return program;
}

std::string binary_of(cl_program program) {
  std::size_t size = 0;
  if (cl().clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, nullptr) != CL_SUCCESS) return {};
  std::string binary(size, '\0');
  char* to = binary.data();
  if (cl().clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof to, &to, nullptr) != CL_SUCCESS) return {};
  return binary;
}

Result<ProgramHandle> from_uncovered(cl_context context, const DeviceFacts& facts, const std::string& options,
                                     const std::string& text) {
  FG_TRY_ASSIGN(const ProgramHandle covered, program_from_source(context, facts, options, text));
  FG_TRY_ASSIGN(const std::string ptx, uncovered(binary_of(covered.get())));
  return from_binary(context, facts, options, ptx);
}

// A blob is the binary behind a seal, because drivers crash on binaries that are not theirs.
std::uint64_t seal_of(std::string_view binary) {
  std::uint64_t h = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : binary) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return h;
}

std::string load_blob(const fg_host& host, const std::string& key) {
  if (!FG_HAS(fg_host, &host, blob_get) || host.blob_get == nullptr) return {};
  std::size_t size = 0;
  if (host.blob_get(host.ctx, key.data(), key.size(), nullptr, &size) != FG_OK) return {};
  std::string blob(size, '\0');
  if (host.blob_get(host.ctx, key.data(), key.size(), blob.data(), &size) != FG_OK) return {};
  std::uint64_t seal = 0;
  if (size < sizeof seal || size > blob.size()) return {};
  std::memcpy(&seal, blob.data(), sizeof seal);
  std::string binary = blob.substr(sizeof seal, size - sizeof seal);
  return seal == seal_of(binary) ? binary : std::string();
}

void store_blob(const fg_host& host, const std::string& key, const std::string& binary) {
  if (binary.empty() || !FG_HAS(fg_host, &host, blob_put) || host.blob_put == nullptr) return;
  const std::uint64_t seal = seal_of(binary);
  const std::string blob = std::string(reinterpret_cast<const char*>(&seal), sizeof seal) + binary;
  host.blob_put(host.ctx, key.data(), key.size(), blob.data(), blob.size());
}

Result<gpu::Source> own_text(std::string_view name) {
  for (const gpu::KernelFile& file : own_kernels()) {
    if (file.name == name) return gpu::parse_source(name, file.text, {});
  }
  return fail(FG_E_INTERNAL, "OpenCL has no kernel " + std::string(name) + " of its own");
}

}  // namespace

Result<ProgramHandle> program_from_source(cl_context context, const DeviceFacts& facts, const std::string& options,
                                          const std::string& text) {
  const char* begin = text.c_str();
  const std::size_t length = text.size();
  cl_int code = CL_SUCCESS;
  ProgramHandle program(cl().clCreateProgramWithSource(context, 1, &begin, &length, &code));
  FG_TRY(check(code, "clCreateProgramWithSource"));
  FG_TRY(build(program.get(), facts, options));
  return program;
}

Result<gpu::Source> with_own_text(gpu::Source s) {
  if (!s.own) return s;
  FG_TRY_ASSIGN(const gpu::Source common, own_text("matrix_slices"));
  // "product_mma 3": product_mma with STAGES 3.
  const std::size_t space = s.name.find(' ');
  FG_TRY_ASSIGN(gpu::Source text, own_text(s.name.substr(0, space)));
  if (space != std::string::npos) s.define("STAGES", s.name.substr(space + 1));
  s.shared = std::move(text.shared);
  s.functions = common.functions + text.functions;
  s.body = std::move(text.body);
  return s;
}

Result<gpu::Compiled> Device::compile(const gpu::Source& source) {
  FG_TRY_ASSIGN(const gpu::Source whole, with_own_text(source));
  DeviceFacts facts = facts_;
  facts.reads_header = facts_.reads_header && !needs_header_;
  auto compiled = compile_for(facts, whole);
  if (compiled || !facts.reads_header) return compiled;
  const std::string why = compiled.error().message;
  facts.reads_header = false;
  compiled = compile_for(facts, whole);
  if (compiled && !needs_header_.exchange(true)) {
    log(host_, FG_LOG_INFO, "kernels are compiled with the driver's header, since without it: " + why);
  }
  return compiled;
}

Result<gpu::Compiled> Device::compile_for(const DeviceFacts& facts, const gpu::Source& source) {
  const std::string text = print_source(source, facts);
  const std::string options = options_of(facts, source);
  const std::string key = facts.identity + "\n" + options + "\n" + text;
  auto program = std::make_unique<Program>();
  program->kernel = kernel_name(source);
  program->quick = facts.optimises_late && !source.busy;
  if (const std::string binary = load_blob(host_, key); !binary.empty()) {
    if (auto loaded = from_binary(context_.get(), facts, options, binary)) {
      program->handle = std::move(*loaded);
      return gpu::Compiled{std::move(program), {}};
    }
    log(host_, FG_LOG_INFO, "the driver refuses the cached binary of kernel " + source.name + ", which is built anew");
  }
  auto built = hides_instructions(text) ? from_uncovered(context_.get(), facts, options, text)
                                        : program_from_source(context_.get(), facts, options, text);
  if (!built) return tl::unexpected(std::move(built).error().while_doing("kernel " + source.name));
  program->handle = std::move(*built);
  if (facts.keeps_programs) return gpu::Compiled{std::move(program), {}};
  auto keep = [this, key, handle = program->handle.get()] { store_blob(host_, key, binary_of(handle)); };
  return gpu::Compiled{std::move(program), std::move(keep)};
}

}  // namespace fg::opencl
