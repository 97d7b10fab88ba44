// SPDX-License-Identifier: Apache-2.0
//
// The operators of a plugin as a table: one row per operator, kernels as plain functions
//
//   Result<void> gather(const sdk::Launch& launch);
//
// and claims, query and prepare of fg_api served from the rows.  A plugin's kernel_table.cpp lists
// the rows; nothing else names an operator twice.

#ifndef FG_SDK_KERNEL_TABLE_HPP_
#define FG_SDK_KERNEL_TABLE_HPP_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/abi/plugin.h"
#include "fg/sdk/dtype.hpp"
#include "fg/sdk/guard.hpp"
#include "fg/sdk/op_uid.hpp"
#include "fg/sdk/result.hpp"

namespace fg::sdk {

// One call, as a kernel sees it.
class Launch {
 public:
  explicit Launch(const fg_launch& raw) : raw_(&raw) {}
  const fg_launch& raw() const { return *raw_; }
  std::size_t n_out() const { return raw_->n_out; }
  std::size_t n_in() const { return raw_->n_in; }
  const fg_tensor& out(std::size_t i = 0) const { return raw_->t[i]; }
  const fg_tensor& in(std::size_t i = 0) const { return raw_->t[raw_->n_out + i]; }
  // The operator's parameter struct of fg/abi/ops.h.
  template <class Params>
  const Params& params() const {
    return *static_cast<const Params*>(raw_->params);
  }

 private:
  const fg_launch* raw_;
};

using KernelFn = Result<void> (*)(const Launch&);
using WorkspaceFn = Result<std::uint64_t> (*)(const Launch&);

// A prepared kernel and its bookkeeping behind the public head.
struct KernelObject : fg_kernel {
  KernelObject() : fg_kernel{} {}               // Members that nobody sets are 0; a C struct does not see to it.
  std::atomic<std::uint64_t>* alive = nullptr;  // Kernels of the instance; counted down by release.
  void (*destroy)(KernelObject*) noexcept = nullptr;
};
struct DestroyKernel {
  void operator()(KernelObject* k) const noexcept { k->destroy(k); }
};
using PreparedKernel = std::unique_ptr<KernelObject, DestroyKernel>;

// What a kernel promises and asks for beyond its row.
struct KernelTraits {
  std::uint64_t guards = 0;            // FG_GUARD_*
  std::uint32_t flags = 0;             // FG_K_*, added to the row's
  std::uint64_t workspace = 0;         // Bytes, the same for every launch ...
  WorkspaceFn workspace_of = nullptr;  // ... or asked for at each launch.
  const char* name = nullptr;          // Static; the operator's name when NULL.
};

namespace detail {

struct PlainKernel : KernelObject {
  KernelFn fn = nullptr;
  WorkspaceFn workspace_of = nullptr;
};

inline void apply(KernelObject& k, const KernelTraits& traits) {
  k.guards = traits.guards;
  k.flags = traits.flags;
  k.ws_fixed = traits.workspace;
  k.name = traits.name;
  k.accuracy_class = FG_ACC_DEFAULT;
}

template <class Kernel>
void destroy_as(KernelObject* k) noexcept {
  delete static_cast<Kernel*>(k);
}

}  // namespace detail

// A kernel without state of its own.
inline PreparedKernel make_kernel(KernelFn fn, const KernelTraits& traits = {}) {
  auto k = std::make_unique<detail::PlainKernel>();
  detail::apply(*k, traits);
  k->fn = fn;
  k->workspace_of = traits.workspace_of;
  k->destroy = detail::destroy_as<detail::PlainKernel>;
  k->launch = [](const fg_kernel* self, const fg_launch* l) noexcept -> fg_status {
    return guard(l->err, [&] { return static_cast<const detail::PlainKernel*>(self)->fn(Launch(*l)); });
  };
  if (traits.workspace_of != nullptr) {
    k->workspace = [](const fg_kernel* self, const fg_launch* l, std::uint64_t* bytes) noexcept -> fg_status {
      return guard(l->err, [&]() -> Result<void> {
        FG_TRY_ASSIGN(*bytes, static_cast<const detail::PlainKernel*>(self)->workspace_of(Launch(*l)));
        return {};
      });
    };
  }
  return PreparedKernel(k.release());
}

namespace detail {

template <class State>
struct StateKernel : KernelObject {
  State state;
  explicit StateKernel(State&& s) : state(std::move(s)) {}
};
template <class State>
const State& state_of(const fg_kernel& k) {
  return static_cast<const StateKernel<State>&>(k).state;
}

}  // namespace detail

// A kernel with what prepare() found out: F is `Result<void> f(const State&, const Launch&)`.
template <auto F, class State>
PreparedKernel make_kernel(State state, const KernelTraits& traits = {}) {
  auto k = std::make_unique<detail::StateKernel<State>>(std::move(state));
  detail::apply(*k, traits);
  k->destroy = detail::destroy_as<detail::StateKernel<State>>;
  k->launch = [](const fg_kernel* self, const fg_launch* l) noexcept -> fg_status {
    return guard(l->err, [&] { return F(detail::state_of<State>(*self), Launch(*l)); });
  };
  return PreparedKernel(k.release());
}

// The same with a workspace asked for at each launch: W is `Result<std::uint64_t> w(const State&, const Launch&)`.
template <auto F, auto W, class State>
PreparedKernel make_kernel(State state, const KernelTraits& traits = {}) {
  PreparedKernel k = make_kernel<F>(std::move(state), traits);
  k->workspace = [](const fg_kernel* self, const fg_launch* l, std::uint64_t* bytes) noexcept -> fg_status {
    return guard(l->err, [&]() -> Result<void> {
      FG_TRY_ASSIGN(*bytes, W(detail::state_of<State>(*self), Launch(*l)));
      return {};
    });
  };
  return k;
}

// One operator of the plugin.
struct KernelEntry {
  const char* name;           // Canonical name.
  std::uint64_t uid;          // op_uid(name)
  std::uint64_t schema_hash;  // Of fg/abi/ops.h.
  std::uint16_t schema_version = 1;
  std::uint16_t n_slots = 1;       // Tensors per row of `rows`; 0: `rows` lists the dtypes of any operand.
  std::span<const fg_dtype> rows;  // rows.size() / n_slots combinations, outputs first.
  std::int16_t list_slot = -1;     // The slot that stands for all tensors of a list.
  bool counted = false;            // A dynamic operator: "count" follows the outputs and has no slot.
  std::uint16_t max_ndim = FG_MAX_NDIM;
  std::uint32_t layouts = FG_LAYOUT_ANY;
  std::uint32_t flags = 0;  // FG_K_*
  std::uint32_t accuracy_class = FG_ACC_DEFAULT;
  Result<PreparedKernel> (*prepare)(const fg_sig&) = nullptr;
  // Refuses what the row cannot say, e.g. an expression with an unknown node; NULL: nothing to add.
  Result<void> (*check)(const fg_sig&) = nullptr;
};

// The `prepare` of a row whose kernel has no state: plain<gather>.
template <KernelFn F>
Result<PreparedKernel> plain(const fg_sig&) {
  return make_kernel(F);
}

// Serves fg_api's claims, query and prepare from rows that outlive it.
class KernelTable {
 public:
  explicit KernelTable(std::span<const KernelEntry> entries);

  std::span<const fg_op_claim> claims() const { return claims_; }
  // The row that serves `sig`, or why none does.  Pure.
  Result<const KernelEntry*> match(const fg_sig& sig) const;
  void query(const fg_sig& sig, fg_verdict& verdict) const noexcept;
  // `alive` is counted up, and down when the kernel is released.
  Result<fg_kernel*> prepare(const fg_sig& sig, std::atomic<std::uint64_t>& alive) const;

 private:
  std::span<const KernelEntry> entries_;
  std::vector<fg_op_claim> claims_;
};

}  // namespace fg::sdk

#include "fg/sdk/kernel_table_inl.hpp"

#endif  // FG_SDK_KERNEL_TABLE_HPP_
