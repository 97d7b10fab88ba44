// SPDX-License-Identifier: Apache-2.0

#include "bench/inputs.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "fg/sdk/dtype.hpp"

namespace fg::bench {
namespace {

using core::ArgInfo;
using core::ArgType;

// A prime, so that repeated data never lines up with rows or vectors.
constexpr std::size_t kPeriod = 65521;

class Random {
 public:
  explicit Random(std::string_view key) : state_(std::hash<std::string_view>{}(key) | 1u) {}
  std::uint64_t next() {
    state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
    return state_;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

template <class T>
T make_value(Random& random, bool half_zero) {
  if (half_zero && (random.next() & 1u) != 0) return T{};
  if constexpr (std::is_same_v<T, bool>)
    return (random.next() & 1u) != 0;
  else if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<std::int64_t>(random.next() % 19) - 9);
  else
    return T(static_cast<float>(random.uniform() * 2 - 1));
}

// One period of values, repeated over the buffer.
std::vector<std::byte> fill(fg_dtype dtype, std::int64_t numel, Random& random, bool half_zero, std::int64_t limit) {
  const auto size = static_cast<std::size_t>(dtype_bytes(dtype));
  std::vector<std::byte> out(static_cast<std::size_t>(numel) * size);
  const std::size_t period = std::min(kPeriod, static_cast<std::size_t>(numel)) * size;
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::size_t at = 0; at < period; at += size) {
      T v = make_value<T>(random, half_zero);
      if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::int32_t>) {
        if (limit > 0) v = static_cast<T>(random.next() % static_cast<std::uint64_t>(limit));
      }
      std::memcpy(out.data() + at, &v, size);
    }
  });
  for (std::size_t at = period; at < out.size(); at += period) {
    std::memcpy(out.data() + at, out.data(), std::min(period, out.size() - at));
  }
  return out;
}

std::int64_t numel(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return n;
}

bool holds(core::DtypeSet set, fg_dtype dtype) {
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if (kDtypes[k].dtype == dtype) return (set >> k & 1u) != 0;
  }
  return false;
}

}  // namespace

fg_dtype input_dtype(const Case& c, const ArgInfo& a) {
  if (a.index) return FG_I64;
  if (a.rule != core::DtypeRule::any_of || holds(a.dtypes, c.dtype)) return c.dtype;
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if ((a.dtypes >> k & 1u) != 0) return kDtypes[k].dtype;
  }
  return c.dtype;
}

std::int64_t position_limit(const Case& c) {
  std::int64_t dim = 0;
  const std::vector<std::int64_t>* shape = nullptr;
  for (std::size_t i = 0; i < c.op->args.size(); ++i) {
    const ArgInfo& a = c.op->args[i];
    const core::CaseArg& v = c.values.args[i];
    if (a.type == ArgType::dim && v.given) dim = v.number.v.i;
    if (a.name == "w1") shape = &v.shapes[0];  // Of experts, whichever tensor is first.
    if (shape == nullptr && a.type == ArgType::tensor && !a.index && !v.shapes.empty()) shape = &v.shapes[0];
  }
  if (shape == nullptr || shape->empty()) return 1;
  const auto n = static_cast<std::int64_t>(shape->size());
  return (*shape)[static_cast<std::size_t>(dim < 0 ? dim + n : dim)];
}

namespace {

// The same values, stored by columns of the last two dimensions.
Tensor column_major(const Tensor& t) { return transpose(transpose(t, -2, -1).contiguous(), -2, -1); }

// Weights and probabilities are not negative.
bool takes_probabilities(const core::OpInfo& op) { return op.name == "multinomial" || op.name == "bernoulli_tensor"; }
void clear_signs(Input& input) {
  const auto size = static_cast<std::size_t>(dtype_bytes(input.dtype));
  for (std::size_t at = size - 1; at < input.host.size(); at += size) input.host[at] &= std::byte{0x7F};
}

Result<void> add_argument(const Case& c, std::size_t i, const Device& device, Random& random, Inputs& in) {
  const ArgInfo& a = c.op->args[i];
  const core::CaseArg& v = c.values.args[i];
  std::vector<Input>& list = in.args[i];
  for (const auto& shape : v.shapes) {
    Input input;
    input.dtype = input_dtype(c, a);
    input.shape = shape;
    input.host = fill(input.dtype, numel(shape), random, c.op->dynamic, a.index ? position_limit(c) : 0);
    if (takes_probabilities(*c.op)) clear_signs(input);
    input.tensor = Tensor::from(input.host.data(), input.host.size(), shape, input.dtype, device);
    if (v.transposed[list.size()]) input.tensor = column_major(input.tensor);
    list.push_back(std::move(input));
  }
  if (a.type == ArgType::generator) {
    in.values[i] = fg_value_generator(in.generator.get());
  } else if (a.type == ArgType::tensor_list) {
    for (const Input& input : list) in.lists[i].push_back(input.tensor.handle());
    in.values[i] = fg_value_tensors(in.lists[i].data(), static_cast<std::uint32_t>(in.lists[i].size()));
  } else if (!list.empty()) {
    in.values[i] = fg_value_tensor(list[0].tensor.handle());
  } else {
    in.values[i] = core::case_value(a, v);
  }
  return {};
}

}  // namespace

Result<Inputs> make_inputs(const Case& c, const Device& device) {
  Inputs in;
  Random random(c.name);
  in.args.resize(c.op->args.size());
  in.lists.resize(c.op->args.size());
  in.values.resize(c.op->args.size(), fg_value_none());
  in.generator = std::make_unique<fg_generator>(fg_generator{.seed = random.next(), .offset = 0});
  for (std::size_t i = 0; i < c.op->args.size(); ++i) FG_TRY(add_argument(c, i, device, random, in));
  in.form = c.op->has_functional ? FG_FORM_FUNCTIONAL : FG_FORM_INPLACE;
  return in;
}

}  // namespace fg::bench
