// SPDX-License-Identifier: Apache-2.0
//
// Query, prepare, launch: the driver's, with the bug in between.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/mutants/blobs.hpp"
#include "tests/mutants/controller.hpp"
#include "tests/mutants/mutant.hpp"
#include "tests/mutants/plugin.hpp"

namespace fg::mutants {

void enqueue(fg_stream* s, Queue::Work work);

namespace {

constexpr std::array<std::uint64_t, 6> kMayWait{FG_OP_MM_UID,      FG_OP_BMM_UID,         FG_OP_LINEAR_UID,
                                                FG_OP_SOFTMAX_UID, FG_OP_LOG_SOFTMAX_UID, FG_OP_TRIL_UID};

// What a launch needs when its caller has gone: no parameter struct of these operators has a pointer but
// the engines', whose programs the kernel keeps.
struct Kept {
  std::vector<fg_tensor> tensors;
  std::vector<std::int64_t> extents;
  std::vector<std::byte> params;
  std::vector<fg_scalar> scalars;
  fg_launch launch{};
};

void keep(Kept& kept, const Kernel& k, const fg_launch& l) {
  const std::size_t n = std::size_t{l.n_out} + l.n_in;
  kept.launch = l;
  kept.launch.err = nullptr;
  kept.tensors.assign(l.t, l.t + n);
  kept.extents.clear();
  for (const fg_tensor& t : kept.tensors) {
    kept.extents.insert(kept.extents.end(), t.shape, t.shape + t.ndim);
    kept.extents.insert(kept.extents.end(), t.stride, t.stride + t.ndim);
  }
  std::int64_t* at = kept.extents.data();
  for (fg_tensor& t : kept.tensors) {
    t.shape = at;
    t.stride = at + t.ndim;
    at += 2 * t.ndim;
  }
  kept.launch.t = kept.tensors.data();
  const auto* params = static_cast<const std::byte*>(l.params);
  kept.params.assign(params, params + static_cast<const fg_hdr*>(l.params)->struct_size);
  kept.launch.params = kept.params.data();
  if (const fg_scalar* s = scalars_of(k.uid, l.params); s != nullptr) kept.scalars.assign(s, s + k.programs.n_scalar);
}

fg_status run(const Kernel& k, const fg_launch& l) {
  if (legal("slow")) std::this_thread::sleep_for(std::chrono::microseconds(200));
  misbehave(Call{k, l});
  return k.hook != nullptr ? k.hook(Call{k, l}) : forward(Call{k, l});
}

void point_to(void* params, std::uint64_t uid, const fg_scalar* scalars) {
  if (uid == FG_OP_MAP_UID) static_cast<fg_map_params*>(params)->scalar = scalars;
  if (uid == FG_OP_REDUCE_UID) static_cast<fg_reduce_params*>(params)->scalar = scalars;
  if (uid == FG_OP_SCAN_UID) static_cast<fg_scan_params*>(params)->scalar = scalars;
}

void run_later(const Kernel& k, const fg_launch& l) {
  // One block for all launches: the next one overwrites what an earlier one still needs.
  static Kept shared;
  fg_stream* const s = l.stream;
  std::shared_ptr<Kept> kept =
      has(fault("frees_early")) ? std::shared_ptr<Kept>(&shared, [](Kept*) {}) : std::make_shared<Kept>();
  keep(*kept, k, l);
  point_to(kept->params.data(), k.uid, kept->scalars.data());
  enqueue(s, [&k, kept, s] {
    if (run(k, kept->launch) < 0) s->queue->failed = true;
  });
}

fg_status launch(const fg_kernel* self, const fg_launch* l) {
  const auto& k = *static_cast<const Kernel*>(self);
  if (l == nullptr) return FG_E_INVALID;
  const bool known = l->stream != nullptr && l->stream->queue && l->params != nullptr;
  if (known && k.may_wait && (l->flags >> 16) == 0 && l->n_out == k.n_out && l->n_in == k.n_in) {
    run_later(k, *l);
    return FG_OK;
  }
  if (known) l->stream->queue->drain();
  return run(k, *l);
}

// Reads, and writes back later: what another thread counted meanwhile is lost.
void miscount(fg_instance& i, std::uint64_t by) {
  if (!has(fault("non_atomic_counter"))) return;
  const std::uint64_t seen = i.miscounted;
  std::this_thread::sleep_for(std::chrono::microseconds(20));
  i.miscounted = seen + by;
}

void release(fg_kernel* self) noexcept {
  auto* k = static_cast<Kernel*>(self);
  if (has(fault("leaks_kernel")) || has(fault("cache_without_program"))) return;
  --k->owner->kernels;
  miscount(*k->owner, ~std::uint64_t{0});
  if (k->wide != nullptr) k->wide->release(k->wide);
  k->real->release(k->real);
  delete k;
}

fg_status workspace(const fg_kernel* self, const fg_launch* l, std::uint64_t* bytes) noexcept {
  const auto& k = *static_cast<const Kernel*>(self);
  if (k.real->workspace == nullptr) {
    *bytes = k.real->ws_fixed;
    return FG_OK;
  }
  fg_launch mine = *l;
  if (mine.stream != nullptr) mine.stream = mine.stream->real;
  return k.real->workspace(k.real, &mine, bytes);
}

// The signature with f32 outputs, prepared.
fg_kernel* prepare_wide(fg_instance* i, const fg_sig& sig) {
  std::vector<fg_tensor> t(sig.t, sig.t + sig.n_out + sig.n_in);
  for (std::uint16_t k = 0; k < sig.n_out; ++k) t[k].dtype = FG_F32;
  fg_sig wide = sig;
  wide.t = t.data();
  fg_kernel* kernel = nullptr;
  return i->real->prepare(i->driver, &wide, &kernel, nullptr) < 0 ? nullptr : kernel;
}

void describe(Kernel& k, const fg_sig& sig) {
  k.uid = sig.op_uid;
  k.n_out = sig.n_out;
  k.n_in = sig.n_in;
  for (int n = 0; n < sig.n_out + sig.n_in; ++n) k.dtypes.push_back(sig.t[n].dtype);
  k.may_wait = k.uid == FG_OP_MAP_UID || k.uid == FG_OP_REDUCE_UID || k.uid == FG_OP_SCAN_UID ||
               std::find(kMayWait.begin(), kMayWait.end(), k.uid) != kMayWait.end();
}

// Fills the public head from the driver's kernel.
void put_head(Kernel& k) {
  static_cast<fg_kernel&>(k) = *k.real;
  k.launch = [](const fg_kernel* self, const fg_launch* l) noexcept { return mutants::launch(self, l); };
  k.release = mutants::release;
  if (k.real->workspace != nullptr) k.workspace = mutants::workspace;
  if (legal("turns")) k.flags &= ~std::uint32_t{FG_K_BITWISE_DETERMINISTIC};
  if (legal("rz") && k.is_product()) k.accuracy_class = FG_ACC_F32_RZ;
  if (has(fault("wrong_accuracy_class")) && k.is_product()) k.accuracy_class = FG_ACC_TF32;
  // A launch of an asynchronous stream does not run before it returns.
  if (k.owner->async && k.may_wait) k.flags &= ~std::uint32_t{FG_K_MAY_BLOCK_HOST};
}

bool refuses(const fg_sig& sig) {
  if (has(fault("refuses_claimed_dtype")))
    return sig.op_uid == FG_OP_SOFTMAX_UID && sig.n_out == 1 && sig.t[0].dtype == FG_BF16;
  return has(fault("query_lies")) && sig.op_uid == FG_OP_REDUCE_UID && sig.n_in == 1 && sig.t[sig.n_out].ndim >= 2;
}

// What the ABI bugs look at, or do not.
fg_sig as_seen(const fg_sig& sig) {
  fg_sig mine = sig;
  if (has(fault("ignores_must_understand"))) mine.hdr.must_understand = 0;
  return mine;
}

bool hangs(const fg_sig& sig) {
  if (!has(fault("hang_on_rank17"))) return false;
  for (int n = 0; n < sig.n_out + sig.n_in; ++n) {
    if (sig.t[n].ndim > FG_MAX_NDIM) return true;
  }
  return false;
}

std::string cache_key(const Kernel& k) {
  std::string key = std::to_string(k.uid) + "/" + std::to_string(k.n_out);
  for (const fg_dtype d : k.dtypes) key += "," + std::to_string(d);
  return key + "/" + std::to_string(k.programs.main ? k.programs.main->nodes().size() : 0) + "/" +
         std::to_string(k.programs.monoid);
}

Result<fg_kernel*> make_kernel(fg_instance* i, const fg_sig& sig) {
  auto k = std::make_unique<Kernel>();
  k->owner = i;
  describe(*k, sig);
  k->programs = Programs::of(sig.op_uid, sig.params);
  if (has(fault("cache_without_program")) && k->programs.main) {
    const std::lock_guard lock(i->mutex);
    if (fg_kernel*& kept = i->kept_kernels[cache_key(*k)]; kept != nullptr) return kept;
  }
  if (k->programs.main) mutate_programs(k->programs, sig);
  if (k->programs.main && k->is_map()) through_blobs(*i, *k->programs.main);
  const OwnParams params(sig.op_uid, k->programs, sig.params, scalars_of(sig.op_uid, sig.params));
  fg_sig mine = sig;
  mine.params = params.get();
  fg_error why{};
  why.hdr.struct_size = sizeof why;
  why.arg_index = -1;
  if (const fg_status s = i->real->prepare(i->driver, &mine, &k->real, &why); s < 0) {
    const bool shifted = has(fault("wrong_arg_index")) && why.arg_index >= 0;
    return fail(s, why.message, why.reason, why.arg_index - (shifted ? 1 : 0));
  }
  if (wants_wide(*k)) k->wide = prepare_wide(i, mine);
  put_head(*k);
  k->hook = hook_of(*k);
  ++i->kernels;
  miscount(*i, 1);
  Kernel* const made = k.release();
  if (has(fault("cache_without_program")) && made->programs.main) {
    const std::lock_guard lock(i->mutex);
    i->kept_kernels[cache_key(*made)] = made;
  }
  return static_cast<fg_kernel*>(made);
}

}  // namespace

fg_status forward(const Call& call, const fg_launch& l, const fg_kernel* with) {
  const Kernel& k = call.kernel;
  const OwnParams params(k.uid, k.programs, l.params, scalars_of(k.uid, l.params));
  fg_launch mine = l;
  mine.params = params.get();
  if (mine.stream != nullptr) mine.stream = mine.stream->real;
  const fg_kernel* real = with != nullptr ? with : k.real;
  return real->launch(real, &mine);
}

namespace entry {

fg_status query(fg_instance* i, const fg_sig* sig, fg_verdict* verdict) noexcept {
  if (i == nullptr || sig == nullptr || verdict == nullptr) return FG_E_INVALID;
  if (has(fault("query_impure"))) {
    fg_buffer* buffer = nullptr;
    void* ptr = nullptr;
    i->real->mem_alloc(i->driver, 0, FG_MEM_DEVICE, 4096, 64, &buffer, &ptr, nullptr);
  }
  std::unique_lock<std::mutex> lock;
  if (has(fault("deadlock_on_log"))) {
    lock = std::unique_lock(i->mutex);
    i->host->log(i->host->ctx, FG_LOG_WARN, "mutant", 0, "query");
  }
  const std::uint32_t size = verdict->hdr.struct_size;
  if (has(fault("exact_size_check")) && (sig->hdr.struct_size != sizeof *sig || size != sizeof *verdict))
    return FG_E_ABI;
  const fg_sig mine = as_seen(*sig);
  const fg_status s = i->real->query(i->driver, &mine, verdict);
  if (s >= 0 && has(fault("refuses_claimed_dtype")) && refuses(mine)) verdict->code = FG_E_UNSUPPORTED;
  if (has(fault("wrong_arg_index")) && verdict->arg_index > 0) --verdict->arg_index;
  return s;
}

fg_status prepare(fg_instance* i, const fg_sig* sig, fg_kernel** out, fg_error* err) noexcept {
  if (has(fault("crash_on_null"))) {
    const volatile std::uint64_t* uid = &sig->op_uid;
    (void)*uid;
  }
  return sdk::guard(err, [&]() -> Result<void> {
    if (i == nullptr || sig == nullptr || out == nullptr)
      return invalid("prepare: a pointer is NULL", FG_R_NULL_POINTER);
    if (has(fault("exact_size_check")) && sig->hdr.struct_size != sizeof *sig)
      return fail(FG_E_ABI, "prepare: fg_sig has another size");
    if (sig->hdr.struct_size < FG_END(fg_sig, want_flags) || (sig->t == nullptr && sig->n_out + sig->n_in > 0)) {
      const fg_status s = i->real->prepare(i->driver, sig, out, nullptr);
      return fail(s, "prepare: a broken fg_sig", sig->t == nullptr ? FG_R_NULL_POINTER : FG_R_OTHER);
    }
    const fg_sig mine = as_seen(*sig);
    while (hangs(mine)) std::this_thread::sleep_for(std::chrono::seconds(1));
    if (refuses(mine)) return unsupported("prepare: not this one", FG_R_DTYPE, 0);
    if (has(fault("leaks_fd"))) (void)::open("/dev/null", O_RDONLY | O_CLOEXEC);
    FG_TRY_ASSIGN(*out, make_kernel(i, mine));
    return {};
  });
}

}  // namespace entry
}  // namespace fg::mutants
