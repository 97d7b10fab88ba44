// SPDX-License-Identifier: Apache-2.0
//
// Mistakes that only a caller of the table can make: what the core would never let through.

#include <algorithm>
#include <cstring>

#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "core/registry/loader.hpp"
#include "fg/abi/ops.h"

namespace fg::conformance {
namespace {

constexpr std::int64_t kElements = 100;
constexpr std::size_t kFew = 16;  // elements of memory that a call without any may not touch
constexpr double kPatience = 5;   // seconds

struct Good {
  Direct direct;
  std::unique_ptr<RawAxpy> axpy;
};

Result<std::shared_ptr<Good>> good_call(const Device& device, std::int64_t n = kElements) {
  FG_TRY_ASSIGN(Direct d, Direct::of(device));
  FG_TRY_ASSIGN(std::unique_ptr<RawAxpy> axpy, RawAxpy::make(d, n, 2));
  FG_TRY_ASSIGN(const Owned<fg_kernel> served, d.prepare(axpy->sig()));  // else there is nothing to make wrong
  return std::make_shared<Good>(Good{std::move(d), std::move(axpy)});
}

std::string first_of(std::initializer_list<std::string> texts) {
  for (const std::string& t : texts) {
    if (!t.empty()) return t;
  }
  return "";
}

// Prepares what is wrong at tensor `index`.
std::string refused_at(Good& g, const std::string& what, fg_status status, fg_reason reason, std::int32_t index) {
  fg_error err = core::fresh_error();
  fg_kernel* kernel = nullptr;
  const Direct& d = g.direct;
  const fg_status s = d.api().prepare(d.instance(), &g.axpy->call().sig(), &kernel, &err);
  if (s >= 0 && kernel != nullptr) kernel->release(kernel);
  if (std::string t = expect_status("prepare with " + what, s, status); !t.empty()) return t;
  if (err.reason != reason) {
    return "prepare with " + what + " gave reason " + fg_reason_name(err.reason) + ", expected " +
           fg_reason_name(reason);
  }
  if (err.arg_index != index) {
    return "prepare with " + what + " names argument " + std::to_string(err.arg_index) + ", expected " +
           std::to_string(index);
  }
  return "";
}

std::string negative(const std::string& what, fg_status s) {
  return s < 0 ? "" : what + " gave " + fg_status_name(s) + ", expected an error";
}

std::string null_calls(Good& g) {
  const fg_api& api = g.direct.api();
  fg_instance* const i = g.direct.instance();
  const std::uint32_t dev = g.direct.ordinal();
  const fg_sig& sig = g.axpy->call().sig();
  fg_kernel* kernel = nullptr;
  fg_verdict verdict{};
  verdict.hdr.struct_size = sizeof verdict;
  fg_buffer* buffer = nullptr;
  void* ptr = nullptr;
  std::uint32_t n = 0;
  fg_sig no_tensors = sig;
  no_tensors.t = nullptr;
  return first_of({
      negative("prepare(sig = NULL)", api.prepare(i, nullptr, &kernel, nullptr)),
      negative("prepare(kernel = NULL)", api.prepare(i, &sig, nullptr, nullptr)),
      negative("prepare(instance = NULL)", api.prepare(nullptr, &sig, &kernel, nullptr)),
      negative("prepare(sig.t = NULL)", api.prepare(i, &no_tensors, &kernel, nullptr)),
      negative("query(sig = NULL)", api.query(i, nullptr, &verdict)),
      negative("query(verdict = NULL)", api.query(i, &sig, nullptr)),
      negative("device_info(info = NULL)", api.device_info(i, dev, nullptr)),
      negative("claims(first = NULL)", api.claims(i, dev, nullptr, &n, &n)),
      negative("mem_alloc(buffer = NULL)", api.mem_alloc(i, dev, FG_MEM_DEVICE, 64, 64, nullptr, &ptr, nullptr)),
      negative("stream_create(stream = NULL)", api.stream_create(i, dev, 0, nullptr, nullptr)),
      negative("timeline_create(timeline = NULL)", api.timeline_create(i, 0, nullptr, nullptr)),
      negative("stream_flush(NULL)", api.stream_flush(nullptr, nullptr)),
      negative("stream_signal(NULL)", api.stream_signal(nullptr, nullptr, 1)),
      negative("stream_wait(NULL)", api.stream_wait(nullptr, nullptr, 1)),
      negative("host_signal(NULL)", api.host_signal(nullptr, 1)),
      negative("host_wait(NULL)", api.host_wait(nullptr, 1, 0, nullptr)),
      negative("timeline_read(NULL)", api.timeline_read(nullptr, nullptr, nullptr)),
      negative("copy(stream = NULL)", api.copy(nullptr, buffer, 0, buffer, 0, 4, nullptr)),
      negative("fill(stream = NULL)", api.fill(nullptr, buffer, 0, 4, 0, nullptr)),
  });
}

std::string ranks(Good& g) {
  const std::vector<std::int64_t> many(32, 1);
  for (const std::int32_t rank : {FG_MAX_NDIM + 1, -1}) {
    for (const std::int32_t index : {1, 2}) {
      fg_tensor& t = g.axpy->call().of_sig(static_cast<std::size_t>(index));
      const fg_tensor kept = t;
      t.ndim = rank;
      t.shape = t.stride = many.data();
      std::string text = refused_at(g, "a tensor of rank " + std::to_string(rank), FG_E_INVALID, FG_R_RANK, index);
      t = kept;
      if (!text.empty()) return text;
    }
  }
  return "";
}

}  // namespace

Result<std::string> null_pointers(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<Good> g, good_call(device));
  return within(kPatience, "a call with a NULL pointer", [g] { return null_calls(*g); });
}

Result<std::string> bad_ranks(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<Good> g, good_call(device));
  return within(kPatience, "prepare with a tensor of rank 17 or -1", [g] { return ranks(*g); });
}

Result<std::string> bad_signatures(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<Good> g, good_call(device));
  fg_sig& sig = g->axpy->call().sig();
  fg_tensor& t = g->axpy->call().of_sig(2);
  t.zero = 7;
  std::string text = refused_at(*g, "a reserved field that is not 0", FG_E_INVALID, FG_R_RESERVED, 2);
  t.zero = 0;
  if (!text.empty()) return text;
  t.flags |= 1u << 31;
  text = refused_at(*g, "an unknown flag that must be understood", FG_E_UNSUPPORTED, FG_R_UNKNOWN_BIT, 2);
  t.flags &= ~(1u << 31);
  if (!text.empty()) return text;
  sig.op_uid ^= 1;
  text = refused_at(*g, "an unknown operator", FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, -1);
  sig.op_uid ^= 1;
  if (!text.empty()) return text;
  sig.schema_hash ^= 1;
  text = refused_at(*g, "another schema", FG_E_UNSUPPORTED, FG_R_SCHEMA, -1);
  sig.schema_hash ^= 1;
  if (!text.empty()) return text;
  return refused_at(*g, "nothing wrong", FG_OK, FG_R_NONE, -1);
}

Result<std::string> bad_memory_calls(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<Good> g, good_call(device));
  const Direct& d = g->direct;
  const fg_api& api = d.api();
  FG_TRY_ASSIGN(const Owned<fg_stream> s, d.stream());
  FG_TRY_ASSIGN(const std::vector<float> before, d.floats(g->axpy->a(), kElements));
  fg_buffer* b = nullptr;
  void* ptr = nullptr;
  const auto alloc = [&](std::uint32_t device_number, std::uint64_t bytes, std::uint64_t align) {
    const fg_status r = api.mem_alloc(d.instance(), device_number, FG_MEM_DEVICE, bytes, align, &b, &ptr, nullptr);
    if (r >= 0) api.mem_free(d.instance(), b, nullptr, 0);
    return r;
  };
  fg_buffer* const buf = g->axpy->a().handle.get();
  fg_buffer* const other = g->axpy->b().handle.get();
  const std::uint64_t bytes = g->axpy->a().bytes;
  std::string text = first_of({
      expect_status("mem_alloc of 0 bytes", alloc(d.ordinal(), 0, 64), FG_E_INVALID),
      expect_status("mem_alloc with alignment 3", alloc(d.ordinal(), 64, 3), FG_E_INVALID),
      expect_status("mem_alloc of 2^62 bytes", alloc(d.ordinal(), std::uint64_t{1} << 62, 64), FG_E_OOM_DEVICE),
      expect_status("mem_alloc on device 1000", alloc(1000, 64, 64), FG_E_NOT_FOUND),
      expect_status("copy beyond the destination", api.copy(s.get(), buf, bytes - 4, other, 0, 8, nullptr),
                    FG_E_INVALID),
      expect_status("copy beyond the source", api.copy(s.get(), buf, 0, other, bytes - 4, 8, nullptr), FG_E_INVALID),
      expect_status("copy with overlap", api.copy(s.get(), buf, 0, buf, 4, 8, nullptr), FG_E_INVALID),
      expect_status("fill beyond the buffer", api.fill(s.get(), buf, bytes, 4, 0, nullptr), FG_E_INVALID),
      expect_status("fill of 3 bytes", api.fill(s.get(), buf, 0, 3, 0, nullptr), FG_E_INVALID),
  });
  if (!text.empty()) return text;
  FG_TRY(d.finish(s.get()));
  FG_TRY_ASSIGN(const std::vector<float> after, d.floats(g->axpy->a(), kElements));
  return before == after ? "" : "a refused call wrote";
}

Result<std::string> no_elements(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<Good> g, good_call(device, 0));
  const Direct& d = g->direct;
  FG_TRY_ASSIGN(const std::vector<float> before, d.floats(g->axpy->out(), kFew));
  FG_TRY_ASSIGN(const Owned<fg_kernel> kernel, d.prepare(g->axpy->call().sig()));
  FG_TRY_ASSIGN(const Owned<fg_stream> stream, d.stream());
  const fg_launch l = g->axpy->call().launch(stream.get());
  if (std::string t = expect_status("a launch without elements", kernel->launch(kernel.get(), &l), FG_OK); !t.empty())
    return t;
  FG_TRY(d.finish(stream.get()));
  FG_TRY_ASSIGN(const std::vector<float> after, d.floats(g->axpy->out(), kFew));
  return before == after ? "" : "a launch without elements writes";
}

namespace {

constexpr std::uint64_t kRed = 4096;  // bytes before and behind the workspace

// Runs the prepared call with a workspace of exactly the size asked for, between red zones.
Result<std::string> in_exact_workspace(const Direct& d, const fg_kernel& kernel, RawCall& call) {
  FG_TRY_ASSIGN(const Owned<fg_stream> stream, d.stream());
  fg_error err = core::fresh_error();
  fg_launch l = call.launch(stream.get(), &err);
  std::uint64_t bytes = kernel.ws_fixed;
  if (kernel.workspace != nullptr && kernel.workspace(&kernel, &l, &bytes) < 0) return "workspace() failed";
  const std::vector<unsigned char> pattern(bytes + 2 * kRed, 0xC3);
  FG_TRY_ASSIGN(const RawBuffer ws, d.buffer(pattern.size()));
  FG_TRY(d.put(ws, 0, std::as_bytes(std::span(pattern))));
  if (bytes > 0) {
    l.ws = ws.handle.get();
    l.ws_offset = kRed;
    l.ws_bytes = bytes;
  }
  if (std::string t = expect_status("launch", kernel.launch(&kernel, &l), FG_OK); !t.empty()) return t;
  FG_TRY(d.finish(stream.get()));
  std::vector<unsigned char> after(pattern.size());
  FG_TRY(d.get(ws, 0, std::as_writable_bytes(std::span(after))));
  for (std::size_t at = 0; at < after.size(); ++at) {
    if (after[at] == pattern[at] || (at >= kRed && at < kRed + bytes)) continue;
    const auto from = static_cast<std::int64_t>(at) - static_cast<std::int64_t>(kRed);
    return "byte " + std::to_string(from) + " of a workspace of " + std::to_string(bytes) + " bytes was written";
  }
  return "";
}

}  // namespace

Result<std::string> workspace_bounds(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  constexpr std::int64_t kRows = 33, kColumns = 1000;
  std::vector<float> values(kRows * kColumns);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 1009);
  FG_TRY_ASSIGN(const RawBuffer in, d.buffer_of(values));
  FG_TRY_ASSIGN(const RawBuffer sorted, d.buffer(values.size() * sizeof(float)));
  FG_TRY_ASSIGN(const RawBuffer indices, d.buffer(values.size() * sizeof(std::int64_t)));
  fg_sort_params params{};
  params.hdr.struct_size = sizeof params;
  params.dim = 1;
  params.stable = 1;
  RawCall call(
      d, FG_OP_SORT_UID, FG_OP_SORT_SCHEMA_HASH,
      {{&sorted, FG_F32, {kRows, kColumns}}, {&indices, FG_I64, {kRows, kColumns}}, {&in, FG_F32, {kRows, kColumns}}},
      2, &params);
  Result<Owned<fg_kernel>> kernel = d.prepare(call.sig());
  if (!kernel && kernel.error().status == FG_E_UNSUPPORTED) return "";  // it has no sort
  if (!kernel) return tl::unexpected(kernel.error());
  FG_TRY_ASSIGN(std::string text, in_exact_workspace(d, **kernel, call));
  if (!text.empty()) return "sort: " + text;
  FG_TRY_ASSIGN(const std::vector<float> got, d.floats(sorted, values.size()));
  for (std::int64_t r = 0; r < kRows; ++r) std::sort(&values[r * kColumns], &values[r * kColumns] + kColumns);
  return got == values ? "" : "sort in a workspace of exactly the size asked for gave a wrong result";
}

}  // namespace fg::conformance
