// SPDX-License-Identifier: Apache-2.0
//
// Executing one call.

#include "conformance/runner/execute.hpp"

#include <cmath>
#include <iterator>

#include "conformance/cases/operators.hpp"
#include "conformance/runner/phase.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::conformance {
namespace {

// Tensors and values of one call; values point into the rest.
struct Arena {
  std::vector<std::vector<GuardedTensor>> tensors;  // per argument
  std::vector<std::vector<fg_tensor_handle>> lists;
  std::vector<fg_generator> generators;
  std::vector<fg_value> values;
  std::vector<GuardedTensor> outs;
};

fg_value number_value(const reference::Argument& a) {
  fg_value v{FG_V_INT, 0, {}};
  if (a.category == reference::Type::f64) {
    v.tag = FG_V_FLOAT;
    v.v.f = static_cast<double>(a.number);
  } else {
    if (a.category == reference::Type::boolean) v.tag = FG_V_BOOL;
    v.v.i = a.integer();
  }
  return v;
}

}  // namespace

fg_value value_of(const reference::Argument& a, std::span<fg_tensor_handle> tensors, fg_generator* generator) {
  using Kind = reference::Argument::Kind;
  fg_value v{FG_V_NONE, 0, {}};
  switch (a.kind) {
    case Kind::none: break;
    case Kind::tensor:
      v.tag = FG_V_TENSOR;
      v.v.tensor = tensors.front();
      break;
    case Kind::tensors:
      v.tag = FG_V_TENSORS;
      v.n = static_cast<std::uint32_t>(tensors.size());
      v.v.tensors = tensors.data();
      break;
    case Kind::number: return number_value(a);
    case Kind::dims:
      v.tag = FG_V_DIMS;
      v.n = static_cast<std::uint32_t>(a.dims.size());
      v.v.dims = a.dims.data();
      break;
    case Kind::word:
      v.tag = FG_V_STRING;
      v.v.text = a.word.c_str();
      break;
    case Kind::dtype:
      v.tag = FG_V_DTYPE;
      v.v.i = to_dtype(a.category);
      break;
    case Kind::generator:
      *generator = {a.seed, a.offset};
      v.tag = FG_V_GENERATOR;
      v.v.generator = generator;
      break;
  }
  return v;
}

namespace {

Result<Arena> lay_out(const Device& device, const Prepared& call, std::uint64_t poison) {
  Arena arena;
  const std::size_t n = call.args.size();
  arena.tensors.resize(n);
  arena.lists.resize(n);
  arena.generators.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const PreparedArg& a = call.args[i];
    for (std::size_t k = 0; k < a.value.tensors.size(); ++k) {
      const reference::Tensor& t = a.value.tensors[k];
      // A tensor that is only written starts as the pattern.
      const bool only_written = call.op->args[i].written;
      FG_TRY_ASSIGN(GuardedTensor g,
                    GuardedTensor::make(device, t.type, t.shape, a.placements[k],
                                        only_written ? std::vector<reference::Real>{} : t.v, poison + i * 64 + k));
      arena.lists[i].push_back(g.handle());
      arena.tensors[i].push_back(std::move(g));
    }
    arena.values.push_back(value_of(a.value, arena.lists[i], &arena.generators[i]));
  }
  while (!arena.values.empty() && arena.values.back().tag == FG_V_NONE) arena.values.pop_back();
  if (call.form != Form::out) return arena;
  for (std::size_t j = 0; j < call.out_types.size(); ++j) {
    const Placement where = place(call.out_shapes[j], call.out_layout, reference::bytes(call.out_types[j]));
    FG_TRY_ASSIGN(GuardedTensor g,
                  GuardedTensor::make(device, call.out_types[j], call.out_shapes[j], where, {}, poison + 7777 + j));
    arena.outs.push_back(std::move(g));
  }
  return arena;
}

std::size_t first_tensor(const Prepared& call) {
  std::size_t i = 0;
  while (i < call.args.size() && call.args[i].value.tensors.empty()) ++i;
  return i;
}

std::string outside_text(std::string_view what, std::int64_t byte, reference::Type type) {
  const auto size = static_cast<std::int64_t>(reference::bytes(type));
  const std::int64_t position = byte >= 0 ? byte / size : -((-byte + size - 1) / size);
  return std::string(what) + ": memory outside its elements was written, first at storage position " +
         std::to_string(position) + " from element 0";
}

void inspect(Execution& e, const GuardedTensor& t, std::string_view name, bool written) {
  if (const auto byte = t.first_write_outside()) {
    e.memory = Verdict::oob_write;
    e.memory_text = outside_text(name, *byte, t.type());
  } else if (!written && e.memory == Verdict::pass && t.elements_changed()) {
    e.memory = Verdict::input_modified;
    e.memory_text = std::string(name) + ": an input was changed";
  }
}

// All but the elements.
Produced form_of(fg_tensor_handle t) {
  Produced p;
  const std::int64_t* shape = fg_tensor_shape(t);
  p.shape.assign(shape, shape + fg_tensor_ndim(t));
  p.type = to_reference(fg_tensor_dtype(t));
  p.bytes.resize(static_cast<std::size_t>(fg_tensor_numel(t)) * reference::bytes(p.type));
  return p;
}

// Everything that the call may have written, waited for once.  `made`: in the order of the outputs.
Result<std::vector<Produced>> fetch(Arena& arena, std::span<const Handle> made) {
  std::vector<core::HostRead> reads;
  for (std::vector<GuardedTensor>& argument : arena.tensors) {
    for (GuardedTensor& t : argument) reads.push_back(t.readback());
  }
  for (GuardedTensor& t : arena.outs) reads.push_back(t.readback());
  std::vector<Produced> produced(made.size());
  for (std::size_t j = 0; j < made.size(); ++j) {
    const core::Tensor t = core::Tensor::share(made[j].get());
    if (t.dense()) {
      produced[j] = form_of(made[j].get());
      reads.push_back({t.storage(), core::storage_offset_bytes(t), produced[j].bytes});
    } else {
      FG_TRY_ASSIGN(produced[j], take(made[j].get()));
    }
  }
  FG_TRY(core::read_storages(reads));
  return produced;
}

}  // namespace

Result<Produced> take(fg_tensor_handle t) {
  Produced p = form_of(t);
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_to_host(t, p.bytes.data(), p.bytes.size(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return p;
}

std::uint32_t form_code(const Prepared& call) {
  const std::uint32_t mode = call.composite ? FG_CALL_COMPOSITE : 0;
  if (call.form == Form::fresh) return FG_FORM_FUNCTIONAL | mode;
  return (call.form == Form::inplace ? FG_FORM_INPLACE : FG_FORM_OUT) | mode;
}

Result<Execution> execute(const Device& device, const Prepared& call, std::uint64_t poison) {
  enter(Phase::lay_out);
  FG_TRY_ASSIGN(Arena arena, lay_out(device, call, poison));
  const std::size_t self = first_tensor(call);
  std::vector<fg_tensor_handle> outs;
  if (call.form == Form::fresh) outs.assign(call.op->outs.size(), nullptr);
  if (call.form == Form::alias) outs.push_back(arena.tensors[self].front().handle());
  for (const GuardedTensor& t : arena.outs) outs.push_back(t.handle());
  Execution e;
  enter(Phase::launch);
  const Result<void> called = device.call(call.op->name, form_code(call), arena.values, outs);
  enter(Phase::fetch);
  std::vector<Handle> made;
  if (call.form == Form::fresh && called) {
    for (const fg_tensor_handle t : outs) made.emplace_back(t);
  }
  FG_TRY_ASSIGN(std::vector<Produced> produced, fetch(arena, made));
  const bool in_self = call.form == Form::inplace || call.form == Form::alias;
  for (std::size_t i = 0; i < arena.tensors.size(); ++i) {
    for (const GuardedTensor& t : arena.tensors[i])
      inspect(e, t, call.op->args[i].name, called && in_self && i == self);
  }
  for (std::size_t j = 0; j < arena.outs.size(); ++j) inspect(e, arena.outs[j], call.op->outs[j].name, true);
  if (!called) {
    e.refused = called.error();
    return e;
  }
  if (in_self) {
    const GuardedTensor& t = arena.tensors[self].front();
    e.outs.push_back({t.type(), t.shape(), t.element_bytes()});
  }
  for (const GuardedTensor& t : arena.outs) e.outs.push_back({t.type(), t.shape(), t.element_bytes()});
  std::move(produced.begin(), produced.end(), std::back_inserter(e.outs));
  return e;
}

}  // namespace fg::conformance
