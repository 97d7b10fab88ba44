// SPDX-License-Identifier: Apache-2.0

#include "conformance/runner/direct.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "core/registry/plugin.hpp"
#include "core/registry/registry.hpp"
#include "fg/abi/ops.h"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

constexpr std::uint64_t kAlign = 64;

Result<void> checked(fg_status status, const fg_error& err, const std::string& what) {
  if (status >= 0) return {};
  Error e = error_of(status, err);
  e.message = what + " failed with status " + std::to_string(status) + ": " + e.message;
  return tl::unexpected(std::move(e));
}

}  // namespace

Result<Direct> Direct::of(const Device& device) {
  FG_TRY_ASSIGN(const core::Device* found, core::Registry::get().find_device(device.name()));
  Direct d;
  d.api_ = found->api;
  d.instance_ = found->instance;
  d.ordinal_ = found->ordinal;
  d.info_ = found->info;
  return d;
}

struct TestHost::Calls {
  static TestHost& self(void* ctx) { return *static_cast<TestHost*>(ctx); }
  static void FG_CALL log(void* ctx, std::int32_t, const char*, std::int32_t, const char*) FG_NOEXCEPT {
    if (self(ctx).on_log) self(ctx).on_log();
  }
  static void* FG_CALL mem_alloc(void* ctx, std::size_t bytes, std::size_t align) FG_NOEXCEPT {
    const fg_host& u = *self(ctx).under_;
    return u.mem_alloc(u.ctx, bytes, align);
  }
  static void FG_CALL mem_free(void* ctx, void* p, std::size_t bytes) FG_NOEXCEPT {
    const fg_host& u = *self(ctx).under_;
    u.mem_free(u.ctx, p, bytes);
  }
  static fg_status FG_CALL config_get(void* ctx, const char* key, char* buf, std::size_t* len) FG_NOEXCEPT {
    const fg_host& u = *self(ctx).under_;
    return u.config_get(u.ctx, key, buf, len);
  }
  static fg_status FG_CALL blob_get(void* ctx, const void* key, std::size_t key_len, void* buf,
                                    std::size_t* len) FG_NOEXCEPT {
    const std::lock_guard lock(self(ctx).mutex);
    const auto found = self(ctx).blobs.find({static_cast<const char*>(key), key_len});
    if (found == self(ctx).blobs.end()) return FG_E_NOT_FOUND;
    const std::size_t capacity = std::exchange(*len, found->second.size());
    if (buf == nullptr) return FG_OK;
    if (capacity < found->second.size()) return FG_E_INVALID;
    std::memcpy(buf, found->second.data(), found->second.size());
    return FG_OK;
  }
  static fg_status FG_CALL blob_put(void* ctx, const void* key, std::size_t key_len, const void* buf,
                                    std::size_t len) FG_NOEXCEPT {
    const std::lock_guard lock(self(ctx).mutex);
    self(ctx).blobs[{static_cast<const char*>(key), key_len}] = {static_cast<const char*>(buf), len};
    return FG_OK;
  }
  static std::uint64_t FG_CALL span_begin(void*, const char*) FG_NOEXCEPT { return 0; }
  static void FG_CALL span_end(void*, std::uint64_t) FG_NOEXCEPT {}
};

Result<std::shared_ptr<TestHost>> TestHost::of(const Device& device) {
  FG_TRY_ASSIGN(const core::Device* found, core::Registry::get().find_device(device.name()));
  auto h = std::make_shared<TestHost>();
  h->under_ = &found->plugin->host().host();
  h->host_ = fg_host{{sizeof(fg_host), 0, nullptr},
                     h.get(),
                     &Calls::log,
                     &Calls::mem_alloc,
                     &Calls::mem_free,
                     &Calls::config_get,
                     &Calls::blob_get,
                     &Calls::blob_put,
                     &Calls::span_begin,
                     &Calls::span_end};
  return h;
}

Result<Direct> Direct::fresh(const Device& device, const TestHost& host) {
  FG_TRY_ASSIGN(Direct d, of(device));
  fg_error err = core::fresh_error();
  fg_instance* made = nullptr;
  FG_TRY(checked(d.api_->create(&host.host(), nullptr, &made, &err), err, "create"));
  const fg_api* api = d.api_;
  d.own_ = std::shared_ptr<fg_instance>(made, [api](fg_instance* i) { api->destroy(i, nullptr); });
  d.instance_ = made;
  return d;
}

Result<RawBuffer> Direct::buffer(std::uint64_t bytes) const {
  fg_error err = core::fresh_error();
  RawBuffer b;
  fg_buffer* raw = nullptr;
  FG_TRY(checked(api_->mem_alloc(instance_, ordinal_, FG_MEM_DEVICE, bytes, kAlign, &raw, &b.ptr, &err), err,
                 "mem_alloc of " + std::to_string(bytes) + " bytes"));
  b.handle = Owned<fg_buffer>(raw, [api = api_, i = instance_](fg_buffer* p) { api->mem_free(i, p, nullptr, 0); });
  b.bytes = bytes;
  return b;
}

Result<Owned<fg_stream>> Direct::stream() const {
  fg_error err = core::fresh_error();
  fg_stream* raw = nullptr;
  FG_TRY(checked(api_->stream_create(instance_, ordinal_, 0, &raw, &err), err, "stream_create"));
  return Owned<fg_stream>(raw, [api = api_](fg_stream* p) { api->stream_destroy(p); });
}

Result<Owned<fg_timeline>> Direct::timeline() const {
  fg_error err = core::fresh_error();
  fg_timeline* raw = nullptr;
  FG_TRY(checked(api_->timeline_create(instance_, 0, &raw, &err), err, "timeline_create"));
  return Owned<fg_timeline>(raw, [api = api_](fg_timeline* p) { api->timeline_destroy(p); });
}

Result<Owned<fg_kernel>> Direct::prepare(const fg_sig& sig) const {
  fg_error err = core::fresh_error();
  fg_kernel* raw = nullptr;
  FG_TRY(checked(api_->prepare(instance_, &sig, &raw, &err), err, "prepare"));
  if (raw == nullptr || raw->launch == nullptr) return fail(FG_E_INTERNAL, "prepare gave no kernel");
  return Owned<fg_kernel>(raw, [](fg_kernel* k) {
    if (k->release != nullptr) k->release(k);
  });
}

Result<void> Direct::finish(fg_stream* stream) const {
  FG_TRY_ASSIGN(const Owned<fg_timeline> done, timeline());
  fg_error err = core::fresh_error();
  FG_TRY(checked(api_->stream_signal(stream, done.get(), 1), err, "stream_signal"));
  return checked(api_->host_wait(done.get(), 1, -1, &err), err, "host_wait");
}

Result<void> Direct::move(const RawBuffer& b, std::uint64_t offset, void* host, std::uint64_t bytes,
                          bool to_device) const {
  if (bytes == 0) return {};
  if ((info_.caps & FG_D_HOST_VISIBLE) != 0) {
    auto* at = static_cast<std::byte*>(b.ptr) + offset;
    if (to_device) {
      std::memcpy(at, host, bytes);
    } else {
      std::memcpy(host, at, bytes);
    }
    return {};
  }
  fg_error err = core::fresh_error();
  fg_buffer* raw = nullptr;
  void* ptr = nullptr;
  FG_TRY(checked(api_->mem_alloc(instance_, ordinal_, FG_MEM_STAGING, bytes, kAlign, &raw, &ptr, &err), err,
                 "mem_alloc of staging memory"));
  const Owned<fg_buffer> staging(raw, [this](fg_buffer* p) { api_->mem_free(instance_, p, nullptr, 0); });
  FG_TRY_ASSIGN(const Owned<fg_stream> s, stream());
  if (to_device) std::memcpy(ptr, host, bytes);
  const fg_status copied = to_device ? api_->copy(s.get(), b.handle.get(), offset, raw, 0, bytes, &err)
                                     : api_->copy(s.get(), raw, 0, b.handle.get(), offset, bytes, &err);
  FG_TRY(checked(copied, err, "copy"));
  FG_TRY(finish(s.get()));
  if (!to_device) std::memcpy(host, ptr, bytes);
  return {};
}

Result<void> Direct::put(const RawBuffer& to, std::uint64_t offset, std::span<const std::byte> bytes) const {
  return move(to, offset, const_cast<std::byte*>(bytes.data()), bytes.size(), true);
}
Result<void> Direct::get(const RawBuffer& from, std::uint64_t offset, std::span<std::byte> bytes) const {
  return move(from, offset, bytes.data(), bytes.size(), false);
}

Result<std::vector<float>> Direct::floats(const RawBuffer& from, std::size_t n) const {
  std::vector<float> v(n);
  FG_TRY(get(from, 0, std::as_writable_bytes(std::span(v))));
  return v;
}

Result<RawBuffer> Direct::buffer_of(std::span<const float> values) const {
  FG_TRY_ASSIGN(RawBuffer b, buffer(values.size_bytes()));
  FG_TRY(put(b, 0, std::as_bytes(values)));
  return b;
}

std::optional<fg_test_counts> Direct::counts() const {
  const auto* table = static_cast<const fg_test_table*>(api_->get_table(instance_, FG_TABLE_TEST));
  fg_test_counts c{};
  c.hdr.struct_size = sizeof c;
  if (table == nullptr || table->counts == nullptr || table->counts(instance_, &c) < 0) return std::nullopt;
  return c;
}

RawTensor::RawTensor(const RawBuffer* b, fg_dtype d, std::vector<std::int64_t> lengths, std::uint64_t at)
    : shape(std::move(lengths)), stride(shape.size()), buffer(b), dtype(d), offset(at) {
  std::int64_t step = 1;
  for (std::size_t k = shape.size(); k-- > 0; step *= std::max<std::int64_t>(shape[k], 1)) stride[k] = step;
}

fg_tensor RawTensor::descriptor(std::uint32_t device, bool with_memory) const {
  fg_tensor t{};
  if (with_memory && buffer != nullptr) {
    t.buffer = buffer->handle.get();
    t.byte_offset = offset;
    if (buffer->ptr != nullptr) t.ptr = static_cast<std::byte*>(buffer->ptr) + offset;
  }
  t.shape = shape.data();
  t.stride = stride.data();
  t.dtype = dtype;
  t.ndim = static_cast<std::int32_t>(shape.size());
  t.flags = FG_T_DENSE;
  t.device = device;
  return t;
}

RawCall::RawCall(const Direct& direct, std::uint64_t uid, std::uint64_t schema_hash, std::vector<RawTensor> tensors,
                 std::uint16_t n_out, const void* params)
    : raw_(std::move(tensors)), params_(params) {
  for (const RawTensor& t : raw_) {
    sig_tensors_.push_back(t.descriptor(direct.ordinal(), false));
    tensors_.push_back(t.descriptor(direct.ordinal(), true));
  }
  sig_.hdr.struct_size = sizeof sig_;
  sig_.op_uid = uid;
  sig_.schema_hash = schema_hash;
  sig_.schema_version = 1;
  sig_.n_out = n_out;
  sig_.n_in = static_cast<std::uint16_t>(raw_.size() - n_out);
  sig_.device = direct.ordinal();
  sig_.t = sig_tensors_.data();
  sig_.params = params;
}

fg_launch RawCall::launch(fg_stream* stream, fg_error* err) const {
  fg_launch l{};
  l.t = tensors_.data();
  l.params = params_;
  l.stream = stream;
  l.n_out = sig_.n_out;
  l.n_in = sig_.n_in;
  l.err = err;
  return l;
}

Result<std::unique_ptr<RawAxpy>> RawAxpy::make(const Direct& direct, std::int64_t n, double s, double plus) {
  const auto bits = std::bit_cast<std::uint64_t>(plus);
  std::vector<fg_expr_node> nodes{
      {FG_EX_INPUT, FG_CT_F32, {0, 0, 0}}, {FG_EX_INPUT, FG_CT_F32, {1, 0, 0}}, {FG_EX_SCALAR, FG_CT_F32, {0, 0, 0}},
      {FG_EX_MUL, FG_CT_F32, {1, 2, 0}},   {FG_EX_ADD, FG_CT_F32, {0, 3, 0}},
  };
  if (plus != 0) {
    nodes.push_back(
        {FG_EX_CONST, FG_CT_F32, {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), 0}});
    nodes.push_back({FG_EX_ADD, FG_CT_F32, {4, 5, 0}});
  }
  const auto last = static_cast<std::uint32_t>(nodes.size() - 1);
  FG_TRY_ASSIGN(expr::Program program, expr::Program::make(std::move(nodes), {last}, 2, 1));
  std::unique_ptr<RawAxpy> x(new RawAxpy(std::move(program)));
  x->view_ = x->program_.view();
  x->scalar_.kind = FG_SCALAR_FLOAT;
  x->scalar_.v.f = s;
  x->params_ = {{sizeof(fg_map_params), 0, nullptr}, &x->view_, &x->scalar_};
  // A call without elements has memory all the same, which stays as it is.
  const std::vector<float> ones(static_cast<std::size_t>(std::max<std::int64_t>(n, 64)), 1.0F);
  const std::vector<float> unwritten(ones.size(), -7.0F);
  FG_TRY_ASSIGN(x->out_, direct.buffer_of(unwritten));
  FG_TRY_ASSIGN(x->a_, direct.buffer_of(ones));
  FG_TRY_ASSIGN(x->b_, direct.buffer_of(ones));
  x->n_ = n;
  x->want_ = static_cast<float>(1 + s + plus);
  x->call_.emplace(direct, FG_OP_MAP_UID, FG_OP_MAP_UID,
                   std::vector<RawTensor>{{&x->out_, FG_F32, {n}}, {&x->a_, FG_F32, {n}}, {&x->b_, FG_F32, {n}}},
                   std::uint16_t{1}, &x->params_);
  return x;
}

Result<std::string> RawAxpy::check(const Direct& direct, fg_stream* stream) const {
  FG_TRY(direct.finish(stream));
  FG_TRY_ASSIGN(const std::vector<float> got, direct.floats(out_, static_cast<std::size_t>(n_)));
  for (const float x : got) {
    if (x != want_) return "an element is " + std::to_string(x) + ", expected " + std::to_string(want_);
  }
  return "";
}

std::string expect_status(const std::string& what, fg_status got, fg_status want) {
  if (got == want) return "";
  return what + " gave " + fg_status_name(got) + ", expected " + fg_status_name(want);
}

std::string within(double seconds, const std::string& what, std::function<std::string()> body) {
  auto task = std::make_shared<std::packaged_task<std::string()>>(std::move(body));
  std::future<std::string> answer = task->get_future();
  std::thread([task] { (*task)(); }).detach();
  if (answer.wait_for(std::chrono::duration<double>(seconds)) == std::future_status::ready) return answer.get();
  return what + " did not return within " + std::to_string(static_cast<int>(seconds)) + " s";
}

}  // namespace fg::conformance
