// SPDX-License-Identifier: Apache-2.0
//
// The fake device's table of functions.

#include "tests/unit/fake/fake_device.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/catalogue/op_info.hpp"
#include "fg/abi/ops.h"
#include "fg/sdk/dtype.hpp"

namespace fg::test {
namespace {

struct FakeStream {
  FakeDevice* device;
};
struct FakeTimeline {
  std::atomic<std::uint64_t> value;
};
struct FakeKernel {
  fg_kernel head{};
  FakeDevice* device = nullptr;
  std::string op;
};

FakeDevice* of(fg_instance* i) { return reinterpret_cast<FakeDevice*>(i); }
FakeBuffer* of(fg_buffer* b) { return reinterpret_cast<FakeBuffer*>(b); }
FakeStream* of(fg_stream* s) { return reinterpret_cast<FakeStream*>(s); }
FakeTimeline* of(fg_timeline* t) { return reinterpret_cast<FakeTimeline*>(t); }

fg_status tell(fg_error* err, fg_status status, const char* text) {
  if (err != nullptr) {
    err->code = status;
    err->reason = FG_R_OTHER;
    err->arg_index = -1;
    std::strncpy(err->message, text, sizeof(err->message) - 1);
  }
  return status;
}

fg_status mem_alloc(fg_instance* i, std::uint32_t, std::uint32_t kind, std::uint64_t bytes, std::uint64_t,
                    fg_buffer** out, void** ptr, fg_error*) noexcept {
  ++of(i)->allocations;
  auto* b = new FakeBuffer(bytes);
  *out = reinterpret_cast<fg_buffer*>(b);
  *ptr = of(i)->options().flat || kind == FG_MEM_STAGING ? b->data() : nullptr;
  return FG_OK;
}
fg_status mem_free(fg_instance*, fg_buffer* b, fg_timeline*, std::uint64_t) noexcept {
  delete of(b);
  return FG_OK;
}
fg_status copy(fg_stream* s, fg_buffer* dst, std::uint64_t to, fg_buffer* src, std::uint64_t from, std::uint64_t n,
               fg_error*) noexcept {
  ++of(s)->device->copies;
  std::memcpy(of(dst)->data() + to, of(src)->data() + from, n);
  return FG_OK;
}
fg_status fill(fg_stream*, fg_buffer* b, std::uint64_t at, std::uint64_t n, std::uint32_t pattern, fg_error*) noexcept {
  for (std::uint64_t k = 0; k < n; k += 4) std::memcpy(of(b)->data() + at + k, &pattern, 4);
  return FG_OK;
}
fg_status stream_create(fg_instance* i, std::uint32_t, std::int32_t, fg_stream** out, fg_error*) noexcept {
  *out = reinterpret_cast<fg_stream*>(new FakeStream{of(i)});
  return FG_OK;
}
fg_status stream_destroy(fg_stream* s) noexcept {
  delete of(s);
  return FG_OK;
}
fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline** out, fg_error*) noexcept {
  *out = reinterpret_cast<fg_timeline*>(new FakeTimeline{{initial}});
  return FG_OK;
}
fg_status timeline_destroy(fg_timeline* t) noexcept {
  delete of(t);
  return FG_OK;
}
fg_status stream_flush(fg_stream*, fg_error*) noexcept { return FG_OK; }
fg_status stream_signal(fg_stream*, fg_timeline* t, std::uint64_t v) noexcept {
  of(t)->value.store(v);
  return FG_OK;
}
fg_status stream_wait(fg_stream* s, fg_timeline*, std::uint64_t) noexcept {
  ++of(s)->device->waits;
  return FG_OK;
}
fg_status host_signal(fg_timeline* t, std::uint64_t v) noexcept {
  of(t)->value.store(v);
  return FG_OK;
}
fg_status host_wait(fg_timeline* t, std::uint64_t v, std::int64_t, fg_error* err) noexcept {
  return of(t)->value.load() >= v ? FG_OK : tell(err, FG_E_TIMEOUT, "the value was never signalled");
}
fg_status timeline_read(fg_timeline* t, std::uint64_t* v, fg_error*) noexcept {
  *v = of(t)->value.load();
  return FG_OK;
}
fg_status claims(fg_instance* i, std::uint32_t, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept {
  *first = of(i)->claims().data();
  *n = static_cast<std::uint32_t>(of(i)->claims().size());
  *stride = sizeof(fg_op_claim);
  return FG_OK;
}
fg_status query(fg_instance*, const fg_sig*, fg_verdict* v) noexcept {
  v->code = FG_OK;
  return FG_OK;
}
const void* get_table(fg_instance* i, const char* id) noexcept { return fake_table(of(i)->options(), id); }

std::string op_of(std::uint64_t uid) {
  if (uid == FG_OP_MAP_UID) return FG_OP_MAP;
  if (uid == FG_OP_REDUCE_UID) return FG_OP_REDUCE;
  if (uid == FG_OP_SCAN_UID) return FG_OP_SCAN;
  const core::OpInfo* op = core::find_op(uid);
  return op != nullptr ? std::string(op->name) : std::string();
}

// What fg/abi/kernel.h and engine.h promise about a launch.
void check(FakeDevice& d, const std::string& op, const fg_launch& l) {
  const bool engine = op.starts_with("fg.");
  if (l.stream == nullptr) d.complain(op + ": no stream");
  if ((l.flags >> 16) != 0) d.complain(op + ": unknown launch flags");
  for (int i = 0; i < l.n_out + l.n_in; ++i) {
    const fg_tensor& t = l.t[i];
    if (t.zero != 0) d.complain(op + ": a reserved member is not 0");
    if (t.dtype == 0) continue;
    if (engine && t.ndim > FG_ENGINE_MAX_NDIM) d.complain(op + ": more than 8 dimensions");
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::int64_t numel = 1;
    bool dense = true;
    for (int k = t.ndim - 1; k >= 0; --k) {
      if (t.shape[k] != 1 && t.stride[k] != numel) dense = false;
      numel *= t.shape[k];
      (t.stride[k] < 0 ? lowest : highest) += t.stride[k] * (t.shape[k] - 1);
      if (i < l.n_out && t.stride[k] == 0 && t.shape[k] > 1) d.complain(op + ": an output repeats elements");
      if (op == FG_OP_MAP && t.shape[k] != l.t[0].shape[k]) d.complain(op + ": shapes differ");
    }
    if (op == FG_OP_MAP && t.ndim != l.t[0].ndim) d.complain(op + ": ranks differ");
    if (numel > 0 && dense != ((t.flags & FG_T_DENSE) != 0)) d.complain(op + ": the dense flag is wrong");
    if (numel == 0) continue;
    if (t.buffer == nullptr) {
      d.complain(op + ": no buffer");
      continue;
    }
    const auto bytes = static_cast<std::int64_t>(of(t.buffer)->size);
    const auto at = static_cast<std::int64_t>(t.byte_offset);
    if (at + lowest * dtype_bytes(t.dtype) < 0 || at + (highest + 1) * dtype_bytes(t.dtype) > bytes)
      d.complain(op + ": out of bounds");
    if ((t.ptr != nullptr) != d.options().flat) d.complain(op + ": ptr does not follow the device's memory");
    if (t.ptr != nullptr && t.ptr != of(t.buffer)->data() + at) d.complain(op + ": ptr is not buffer + offset");
  }
}

fg_status launch(const fg_kernel* k, const fg_launch* l) noexcept {
  const auto* kernel = reinterpret_cast<const FakeKernel*>(k);
  FakeDevice& d = *kernel->device;
  ++d.launches;
  const fg_status forced = d.next_launch.exchange(FG_OK);
  if (forced < 0) return tell(l->err, forced, "the launch was told to fail");
  check(d, kernel->op, *l);
  if (l->ws_bytes < d.options().workspace) d.complain("workspace is too small");
  SeenLaunch seen;
  seen.kernel = kernel->op;
  for (int i = 0; i < l->n_out + l->n_in; ++i) {
    seen.shape.emplace_back(l->t[i].shape, l->t[i].shape + l->t[i].ndim);
    seen.stride.emplace_back(l->t[i].stride, l->t[i].stride + l->t[i].ndim);
    seen.flags.push_back(l->t[i].flags);
  }
  if (kernel->op == FG_OP_MAP) seen.nodes = static_cast<const fg_map_params*>(l->params)->program->n_node;
  d.see(std::move(seen));
  return run_engine(kernel->op, *l) || run_named(kernel->op, *l) ? FG_OK
                                                                 : tell(l->err, FG_E_INTERNAL, "no such kernel");
}

fg_status prepare(fg_instance* i, const fg_sig* sig, fg_kernel** out, fg_error* err) noexcept {
  FakeDevice& d = *of(i);
  ++d.prepares;
  const fg_status forced = d.next_prepare.exchange(FG_OK);
  if (forced < 0) return tell(err, forced, "prepare was told to fail");
  for (int t = 0; t < sig->n_out + sig->n_in; ++t) {
    if (sig->t[t].buffer != nullptr || sig->t[t].ptr != nullptr) d.complain("prepare: a signature has memory");
  }
  auto* k = new FakeKernel;
  k->device = &d;
  k->op = op_of(sig->op_uid);
  k->head.launch = launch;
  k->head.release = [](fg_kernel* dead) noexcept { delete reinterpret_cast<FakeKernel*>(dead); };
  k->head.ws_fixed = d.options().workspace;
  k->head.guards = d.options().guards;
  k->head.flags = FG_K_MAY_BLOCK_HOST | (d.options().capturable ? FG_K_CAPTURABLE : 0);
  k->head.name = "fake";
  *out = &k->head;
  return FG_OK;
}

}  // namespace

FakeDevice::FakeDevice(FakeOptions options, std::string name) : options_(std::move(options)) {
  static std::atomic<std::uint32_t> next{900};
  api_.hdr.struct_size = sizeof(api_);
  api_.name = api_.vendor = "fake";
  api_.version = api_.build_id = "1";
  api_.mem_alloc = mem_alloc;
  api_.mem_free = mem_free;
  api_.copy = copy;
  api_.fill = fill;
  api_.stream_create = stream_create;
  api_.stream_destroy = stream_destroy;
  api_.timeline_create = timeline_create;
  api_.timeline_destroy = timeline_destroy;
  api_.stream_flush = stream_flush;
  api_.stream_signal = stream_signal;
  api_.stream_wait = stream_wait;
  api_.host_signal = host_signal;
  api_.host_wait = host_wait;
  api_.timeline_read = timeline_read;
  api_.claims = test::claims;
  api_.query = query;
  api_.prepare = prepare;
  api_.get_table = get_table;
  device_.api = &api_;
  device_.instance = reinterpret_cast<fg_instance*>(this);
  device_.index = next++;
  device_.name = std::move(name);
  device_.info.hdr.struct_size = sizeof(device_.info);
  device_.info.alloc_align = 16;
  device_.info.mem_total = device_.info.mem_free = device_.info.max_alloc = std::uint64_t{1} << 40;
  if (options_.flat) device_.info.caps |= FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE;
  if (options_.synchronous) device_.info.caps |= FG_D_SYNCHRONOUS;

  rows_.reserve(16);
  const auto add = [&](const char* op, std::uint64_t uid, std::uint64_t hash, std::uint16_t slots,
                       std::vector<fg_dtype> rows) {
    rows_.push_back(std::move(rows));
    fg_op_claim c{};
    c.hdr.struct_size = sizeof(c);
    c.name = op;
    c.op_uid = uid;
    c.schema_hash = hash;
    c.schema_min = c.schema_max = 1;
    c.max_ndim = FG_MAX_NDIM;
    c.n_slots = slots;
    c.layouts = FG_LAYOUT_ANY;
    c.n_rows = static_cast<std::uint32_t>(rows_.back().size() / slots);
    c.rows = rows_.back().data();
    claims_.push_back(c);
  };
  std::vector<fg_dtype> all = options_.dtypes;
  if (all.empty()) {
    for (const DtypeName& n : kDtypes) all.push_back(n.dtype);
  }
  if (options_.map) add(FG_OP_MAP, FG_OP_MAP_UID, FG_OP_MAP_SCHEMA_HASH, 1, all);
  if (options_.reduce) add(FG_OP_REDUCE, FG_OP_REDUCE_UID, FG_OP_REDUCE_SCHEMA_HASH, 1, all);
  if (options_.scan) add(FG_OP_SCAN, FG_OP_SCAN_UID, FG_OP_SCAN_SCHEMA_HASH, 1, all);
  for (const std::string& op : options_.named) {
    if (op == "mm") add("mm", FG_OP_MM_UID, FG_OP_MM_SCHEMA_HASH, FG_OP_MM_N_SLOTS, {FG_OP_MM_ROWS});
    if (op == "bmm") add("bmm", FG_OP_BMM_UID, FG_OP_BMM_SCHEMA_HASH, FG_OP_BMM_N_SLOTS, {FG_OP_BMM_ROWS});
    if (op == "nonzero")
      add("nonzero", FG_OP_NONZERO_UID, FG_OP_NONZERO_SCHEMA_HASH, FG_OP_NONZERO_N_SLOTS, {FG_OP_NONZERO_ROWS});
    if (op == "softmax")
      add("softmax", FG_OP_SOFTMAX_UID, FG_OP_SOFTMAX_SCHEMA_HASH, FG_OP_SOFTMAX_N_SLOTS, {FG_OP_SOFTMAX_ROWS});
    if (op == "cat") add("cat", FG_OP_CAT_UID, FG_OP_CAT_SCHEMA_HASH, FG_OP_CAT_N_SLOTS, {FG_OP_CAT_ROWS});
  }
}

FakeDevice::~FakeDevice() = default;

void FakeDevice::see(SeenLaunch s) {
  const std::lock_guard lock(mutex_);
  last_ = std::move(s);
}
SeenLaunch FakeDevice::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}
void FakeDevice::complain(std::string what) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(std::move(what));
}
std::vector<std::string> FakeDevice::complaints() const {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

std::byte* address(const fg_tensor& t) { return reinterpret_cast<FakeBuffer*>(t.buffer)->data() + t.byte_offset; }

}  // namespace fg::test
