// SPDX-License-Identifier: Apache-2.0

#include "conformance/model/run_chain.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "conformance/cases/operators.hpp"
#include "conformance/runner/phase.hpp"

namespace fg::conformance {
namespace {

using Shared = std::shared_ptr<const Handle>;
using Handles = std::vector<std::vector<fg_tensor_handle>>;  // per argument

constexpr std::array<std::string_view, 3> kMemoryTexts{
    "new memory for every result", "other inputs, results in the memory of before", "memory that is used again"};

std::vector<std::byte> encoded(const reference::Tensor& t) {
  const std::size_t size = reference::bytes(t.type);
  std::vector<std::byte> bytes(t.v.size() * size);
  for (std::size_t i = 0; i < t.v.size(); ++i) reference::save(t.type, t.v[i], &bytes[i * size]);
  return bytes;
}

Result<void> write(const Handle& to, const reference::Tensor& data) {
  const std::vector<std::byte> bytes = encoded(data);
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_write(to.get(), bytes.data(), bytes.size(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

// The tensors of the values, and what becomes of their memory.
class ChainRun {
 public:
  ChainRun(const Device& device, const Chain& chain)
      : device_(device), chain_(chain), made_(chain.values().size()), copies_(made_.size()) {}

  Result<void> run(Memory memory, bool second) {
    enter(Phase::lay_out);
    FG_TRY(give(second));
    copies_.assign(made_.size(), nullptr);
    enter(Phase::launch);
    for (std::size_t k = 0; k < chain_.links().size(); ++k) {
      if (Result<void> given = launch(k, memory); !given) {
        refused_by_ = chain_.links()[k].op;
        return given;
      }
    }
    return {};
  }

  // What value `v` held when it was read.
  Result<Produced> held(ValueId v) const { return take((copies_[v] ? copies_[v] : made_[v])->get()); }
  const core::OpInfo* refused_by() const { return refused_by_; }

 private:
  Result<void> give(bool second) {
    for (ValueId v = 0; v < made_.size(); ++v) {
      const auto& given = chain_.values()[v].given;
      if (!given) continue;
      const reference::Tensor& data = second && given->second ? *given->second : given->first;
      if (!made_[v]) {
        FG_TRY_ASSIGN(Handle t, device_.empty(to_dtype(data.type), data.shape));
        made_[v] = std::make_shared<Handle>(std::move(t));
      }
      FG_TRY(write(*made_[v], data));
    }
    return {};
  }

  std::vector<fg_value> arguments(const Link& link, Handles& handles) const {
    std::vector<fg_value> values;
    handles.resize(link.args.size());
    for (std::size_t i = 0; i < link.args.size(); ++i) {
      for (const ValueId v : link.args[i].of) handles[i].push_back(made_[v]->get());
      values.push_back(value_of(link.args[i].value, handles[i], nullptr));
    }
    while (!values.empty() && values.back().tag == FG_V_NONE) values.pop_back();
    return values;
  }

  // Keeps what the memory of `v` holds, for it and its views, before somebody else writes there.
  Result<void> copy_all_of(ValueId v) {
    const ValueId base = chain_.values()[v].base;
    for (ValueId x = 0; x < made_.size(); ++x) {
      if (chain_.values()[x].base != base || !made_[x] || copies_[x]) continue;
      const fg_value arg = fg_value_tensor(made_[x]->get());
      fg_tensor_handle copy = nullptr;
      FG_TRY(device_.call("clone", FG_FORM_FUNCTIONAL, std::span(&arg, 1), std::span(&copy, 1)));
      copies_[x] = std::make_shared<Handle>(copy);
    }
    return {};
  }

  bool alike(ValueId a, ValueId b) const {
    const fg_tensor_handle x = made_[a]->get(), y = made_[b]->get();
    const std::int32_t n = fg_tensor_ndim(x);
    return fg_tensor_dtype(x) == fg_tensor_dtype(y) && n == fg_tensor_ndim(y) &&
           std::equal(fg_tensor_shape(x), fg_tensor_shape(x) + n, fg_tensor_shape(y));
  }
  // A value that is its own base, like the result of link k, and free once the link before has run.
  // Several may have taken over the same memory: the last of them owns it.
  std::optional<ValueId> free_for(std::size_t k) const {
    const ValueId result = chain_.links()[k].first;
    for (ValueId v = 0; v < result; ++v) {
      if (chain_.values()[v].base != v || copies_[v] || k == 0 || !alike(v, result)) continue;
      if (chain_.is_free_after(v, k - 1)) return v;
    }
    return std::nullopt;
  }
  bool in_place(const Link& link, std::size_t k) const {
    if (!link.op->has_inplace || link.args.front().of.size() != 1) return false;
    const ValueId self = link.args.front().of.front();
    std::ptrdiff_t reads = 0;
    for (const LinkArg& a : link.args)
      reads += std::count_if(a.of.begin(), a.of.end(), [&](ValueId v) { return chain_.values()[v].base == self; });
    return reads == 1 && chain_.values()[self].base == self && !copies_[self] && alike(self, link.first) &&
           chain_.is_free_after(self, k);
  }

  Result<void> launch(std::size_t k, Memory memory) {
    const Link& link = chain_.links()[k];
    const bool one = link.op->outs.size() == 1 && link.op->kind != core::Kind::view;
    Handles handles;
    if (memory == Memory::shared && one && in_place(link, k)) {
      FG_TRY(copy_all_of(link.args.front().of.front()));
      FG_TRY(device_.call(link.op->name, FG_FORM_INPLACE, arguments(link, handles), {}));
      made_[link.first] = made_[link.args.front().of.front()];
      return {};
    }
    Shared into = memory == Memory::again && one && link.op->has_out ? made_[link.first] : nullptr;
    if (memory == Memory::shared && one && link.op->has_out) {
      if (const std::optional<ValueId> free = free_for(k)) {
        FG_TRY(copy_all_of(*free));
        into = made_[*free];
      }
    }
    std::vector<fg_tensor_handle> outs(link.op->outs.size(), nullptr);
    if (into) outs.front() = into->get();
    FG_TRY(device_.call(link.op->name, into ? FG_FORM_OUT : FG_FORM_FUNCTIONAL, arguments(link, handles), outs));
    for (std::size_t j = 0; j < outs.size(); ++j)
      made_[link.first + j] = into ? into : std::make_shared<Handle>(outs[j]);
    return {};
  }

  const Device& device_;
  const Chain& chain_;
  std::vector<Shared> made_, copies_;
  const core::OpInfo* refused_by_ = nullptr;
};

// Of a link, at the values that it read.
Result<CaseResult> judge_link(const Device& device, const ChainRun& run, const Link& link) {
  enter(Phase::fetch);
  Prepared call;
  call.op = link.op;
  for (const LinkArg& a : link.args) {
    call.args.push_back({a.value, {}});
    for (const ValueId v : a.of) {
      FG_TRY_ASSIGN(const Produced read, run.held(v));
      call.args.back().value.tensors.push_back({read.type, read.shape, decode(read.type, read.bytes)});
    }
  }
  std::vector<Produced> outs;
  for (std::size_t j = 0; j < link.op->outs.size(); ++j) {
    FG_TRY_ASSIGN(Produced out, run.held(link.first + j));
    outs.push_back(std::move(out));
  }
  declare(call, device);
  CaseResult r;
  r.accuracy = reference::name(call.declared.sums);
  compare_outputs(r, call, outs, expected_outputs(call));
  return r;
}

CaseResult not_run(const Device& device, const core::OpInfo* op, const Error& e) {
  CaseResult r;
  r.verdict = Verdict::fail;
  if (e.status == FG_E_OOM_HOST || e.status == FG_E_OOM_DEVICE) r.verdict = Verdict::resource;
  if (e.status == FG_E_UNSUPPORTED && op != nullptr)
    r.verdict = device.must_serve(*op) ? Verdict::profile_gap : Verdict::not_claimed;
  r.text = (op != nullptr ? std::string(op->name) + ": " : "") + e.message;
  return r;
}

}  // namespace

CaseResult run_chain(const Device& device, const Chain& chain) {
  ChainRun run(device, chain);
  CaseResult all;
  // The inputs alternate, so that what is kept from a run is wrong in the next.
  bool second = true;
  for (const Memory memory : {Memory::fresh, Memory::again, Memory::again, Memory::shared}) {
    second = !second;
    if (const Result<void> ran = run.run(memory, second); !ran) return not_run(device, run.refused_by(), ran.error());
    for (std::size_t k = 0; k < chain.links().size(); ++k) {
      const core::OpInfo& op = *chain.links()[k].op;
      Result<CaseResult> r = judge_link(device, run, chain.links()[k]);
      if (!r) return not_run(device, &op, r.error());
      all.ratio = std::max(all.ratio, r->ratio);
      if (r->verdict == Verdict::pass) continue;
      const std::string where = "link " + std::to_string(k + 1) + " of " + std::to_string(chain.links().size()) + ", " +
                                std::string(op.name) + ", " +
                                std::string(kMemoryTexts[static_cast<std::size_t>(memory)]);
      r->text = where + (r->text.empty() ? "" : ": " + r->text);
      if (fails(r->verdict)) return std::move(*r);
      if (all.verdict != Verdict::pass) continue;  // the first warning
      all.verdict = r->verdict;
      all.text = r->text;
      all.mismatch = r->mismatch;
    }
  }
  return all;
}

}  // namespace fg::conformance
