// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/cpu/support.hpp"

#include <math.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "fg/abi/ops.h"
#include "fg/sdk/dtype.hpp"

namespace fg::test {
std::uint32_t ExprBuilder::input(std::uint32_t number, std::uint16_t type) {
  n_in_ = std::max<std::uint16_t>(n_in_, static_cast<std::uint16_t>(number + 1));
  nodes.push_back({FG_EX_INPUT, type, {number, 0, 0}});
  return static_cast<std::uint32_t>(nodes.size() - 1);
}
std::uint32_t ExprBuilder::scalar(std::uint32_t number, std::uint16_t type) {
  n_scalar_ = std::max<std::uint16_t>(n_scalar_, static_cast<std::uint16_t>(number + 1));
  nodes.push_back({FG_EX_SCALAR, type, {number, 0, 0}});
  return static_cast<std::uint32_t>(nodes.size() - 1);
}
std::uint32_t ExprBuilder::constant(double value, std::uint16_t type) {
  const std::uint64_t bits = (type == FG_CT_F32 || type == FG_CT_F64)
                                 ? std::bit_cast<std::uint64_t>(value)
                                 : static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  nodes.push_back({FG_EX_CONST, type, {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), 0}});
  return static_cast<std::uint32_t>(nodes.size() - 1);
}
std::uint32_t ExprBuilder::index(std::uint32_t dim) {
  nodes.push_back({FG_EX_INDEX, FG_CT_I64, {dim, 0, 0}});
  expr_.flags = FG_EXPR_USES_INDEX;
  return static_cast<std::uint32_t>(nodes.size() - 1);
}
std::uint32_t ExprBuilder::op(std::uint16_t op, std::uint16_t type, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  nodes.push_back({op, type, {a, b, c}});
  return static_cast<std::uint32_t>(nodes.size() - 1);
}
ExprBuilder& ExprBuilder::out(std::uint32_t node) {
  outs.push_back(node);
  return *this;
}
const fg_expr* ExprBuilder::get() {
  expr_.node = nodes.data();
  expr_.out = outs.data();
  expr_.n_node = static_cast<std::uint32_t>(nodes.size());
  expr_.n_out = static_cast<std::uint16_t>(outs.size());
  expr_.n_in = n_in_;
  expr_.n_scalar = n_scalar_;
  std::uint64_t h = 1469598103934665603ull;
  for (const fg_expr_node& n : nodes) {
    for (std::uint64_t w : {std::uint64_t{n.op}, std::uint64_t{n.type}, std::uint64_t{n.arg[0]},
                            std::uint64_t{n.arg[1]}, std::uint64_t{n.arg[2]}}) {
      h = (h ^ w) * 1099511628211ull;
    }
  }
  expr_.hash[0] = h;
  expr_.hash[1] = ~h;
  return &expr_;
}

Array::Array(fg_dtype d, std::vector<std::int64_t> s)
    : Array(d, s, [&] {
        std::vector<std::int64_t> st(s.size());
        std::int64_t n = 1;
        for (std::size_t k = s.size(); k-- > 0;) {
          st[k] = n;
          n *= std::max<std::int64_t>(s[k], 1);
        }
        return st;
      }()) {}

Array::Array(fg_dtype d, std::vector<std::int64_t> s, std::vector<std::int64_t> st)
    : dtype(d), shape(std::move(s)), stride(std::move(st)) {
  std::int64_t low = 0, high = 0;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const std::int64_t reach = (std::max<std::int64_t>(shape[k], 1) - 1) * stride[k];
    (reach < 0 ? low : high) += reach;
  }
  first_ = -low;
  memory_.resize(static_cast<std::size_t>((high - low + 1) * dtype_bytes(dtype)));
}
std::int64_t Array::count() const {
  std::int64_t n = 1;
  for (std::int64_t k : shape) n *= k;
  return n;
}
fg_tensor Array::desc() const {
  fg_tensor t{};
  t.buffer = nullptr;
  t.ptr = const_cast<std::byte*>(memory_.data() + first_ * dtype_bytes(dtype));
  t.shape = shape.data();
  t.stride = stride.data();
  t.dtype = dtype;
  t.ndim = static_cast<std::int32_t>(shape.size());
  return t;
}
std::vector<std::int64_t> Array::index_of(std::int64_t linear) const {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0;) {
    index[k] = linear % shape[k];
    linear /= shape[k];
  }
  return index;
}
std::byte* Array::at(std::int64_t linear) const {
  std::int64_t offset = first_;
  for (std::size_t k = shape.size(); k-- > 0;) {
    offset += linear % shape[k] * stride[k];
    linear /= shape[k];
  }
  return const_cast<std::byte*>(memory_.data() + offset * dtype_bytes(dtype));
}
Value Array::get(std::int64_t linear) const {
  Value v;
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T x;
    std::memcpy(&x, at(linear), sizeof x);
    if constexpr (std::is_integral_v<T>)
      v.i = static_cast<std::int64_t>(x);
    else if constexpr (std::is_arithmetic_v<T>)
      v.f = static_cast<double>(x);
    else
      v.f = static_cast<double>(static_cast<float>(x));
  });
  return v;
}
void Array::set(std::int64_t linear, Value v) {
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T x;
    if constexpr (std::is_same_v<T, bool>)
      x = v.i != 0;
    else if constexpr (std::is_integral_v<T>)
      x = static_cast<T>(v.i);
    else if constexpr (std::is_arithmetic_v<T>)
      x = static_cast<T>(v.f);
    else
      x = T(static_cast<float>(v.f));
    std::memcpy(at(linear), &x, sizeof x);
  });
}
void Array::fill(std::uint64_t seed) {
  for (std::int64_t k = 0; k < count(); ++k) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    const auto r = static_cast<std::int64_t>((seed >> 33) % 41) - 20;
    set(k, Value{static_cast<double>(r) * 0.375, dtype == FG_BOOL ? r & 1 : dtype == FG_U8 ? r + 20 : r});
  }
}
void Array::fill_nonzero(std::uint64_t seed) {
  fill(seed);
  for (std::int64_t k = 0; k < count(); ++k) {
    const Value v = get(k);
    if (v.f == 0 && v.i == 0) set(k, Value{1, 1});
  }
}

namespace {
thread_local std::string threads_option = "2";
fg_status config_get(void*, const char* key, char* buf, std::size_t* len) noexcept {
  if (std::strcmp(key, "threads") != 0) return FG_E_NOT_FOUND;
  std::snprintf(buf, *len, "%s", threads_option.c_str());
  *len = threads_option.size() + 1;
  return FG_OK;
}
}  // namespace

Plugin::Plugin(const char* threads) {
  static fg_host host{};
  host.hdr.struct_size = sizeof host;
  host.config_get = config_get;
  threads_option = threads;
  error.hdr.struct_size = sizeof error;
  fg_query offer{};
  offer.hdr.struct_size = sizeof offer;
  offer.epoch = FG_ABI_EPOCH;
  offer.host = &host;
  EXPECT_EQ(fg_plugin_query_v1(&offer, &api, &error), FG_OK) << error.message;
  EXPECT_EQ(api->create(&host, nullptr, &instance, &error), FG_OK) << error.message;
  EXPECT_EQ(api->stream_create(instance, 0, 0, &stream, &error), FG_OK) << error.message;
}
Plugin::~Plugin() {
  api->stream_destroy(stream);
  api->destroy(instance, nullptr);
}

fg_status Plugin::prepare(std::uint64_t uid, const void* params, std::span<const fg_tensor> t, std::size_t n_out,
                          fg_kernel** k) {
  fg_sig sig{};
  sig.hdr.struct_size = sizeof sig;
  sig.op_uid = sig.schema_hash = uid;
  sig.schema_version = 1;
  sig.n_out = static_cast<std::uint16_t>(n_out);
  sig.n_in = static_cast<std::uint16_t>(t.size() - n_out);
  sig.t = t.data();
  sig.params = params;
  return api->prepare(instance, &sig, k, &error);
}

fg_status Plugin::run(std::uint64_t uid, const void* params, std::vector<fg_tensor> out, std::vector<fg_tensor> in) {
  std::vector<fg_tensor> t = out;
  t.insert(t.end(), in.begin(), in.end());
  fg_kernel* k = nullptr;
  if (const fg_status s = prepare(uid, params, t, out.size(), &k); s != FG_OK) return s;
  fg_launch l{};
  l.t = t.data();
  l.params = params;
  l.stream = stream;
  l.n_out = static_cast<std::uint16_t>(out.size());
  l.n_in = static_cast<std::uint16_t>(in.size());
  l.err = &error;
  const fg_status s = k->launch(k, &l);
  k->release(k);
  return s;
}

namespace {
std::vector<fg_tensor> descs(const std::vector<Array*>& a) {
  std::vector<fg_tensor> t;
  for (const Array* x : a) t.push_back(x->desc());
  return t;
}
}  // namespace

fg_status Plugin::map(ExprBuilder& e, std::vector<Array*> out, std::vector<Array*> in, std::vector<fg_scalar> scalar) {
  const fg_map_params p{{sizeof(fg_map_params), 0, nullptr}, e.get(), scalar.data()};
  return run(FG_OP_MAP_UID, &p, descs(out), descs(in));
}
fg_status Plugin::reduce(ExprBuilder& prologue, std::uint32_t monoid, ExprBuilder& epilogue, int n_reduced,
                         std::vector<Array*> out, std::vector<Array*> in, std::vector<fg_scalar> scalar) {
  const fg_reduce_params p{
      {sizeof(fg_reduce_params), 0, nullptr}, prologue.get(), epilogue.get(), scalar.data(), monoid, n_reduced};
  return run(FG_OP_REDUCE_UID, &p, descs(out), descs(in));
}
fg_status Plugin::scan(ExprBuilder& prologue, std::uint32_t monoid, ExprBuilder& epilogue, std::vector<Array*> out,
                       std::vector<Array*> in, std::vector<fg_scalar> scalar) {
  const fg_scan_params p{
      {sizeof(fg_scan_params), 0, nullptr}, prologue.get(), epilogue.get(), scalar.data(), monoid, 0};
  return run(FG_OP_SCAN_UID, &p, descs(out), descs(in));
}

fg_scalar number(double v) {
  fg_scalar s{};
  s.v.f = v;
  s.kind = FG_SCALAR_FLOAT;
  return s;
}
fg_scalar number(std::int64_t v) {
  fg_scalar s{};
  s.v.i = v;
  s.kind = FG_SCALAR_INT;
  return s;
}

double ulp_distance(double a, double b, fg_dtype dtype) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) ? 0 : INFINITY;
  if (a == b) return 0;
  if (std::isinf(a) || std::isinf(b)) return INFINITY;
  struct Format {
    int mantissa, min_exponent;
  };
  const Format f = dtype == FG_F64         ? Format{52, -1022}
                   : dtype == FG_F32       ? Format{23, -126}
                   : dtype == FG_F16       ? Format{10, -14}
                   : dtype == FG_BF16      ? Format{7, -126}
                   : dtype == FG_F8_E4M3FN ? Format{3, -6}
                                           : Format{2, -14};
  const double top = std::max(std::fabs(a), std::fabs(b));
  const int exponent = std::max(std::ilogb(top), f.min_exponent);
  return std::fabs(a - b) / std::ldexp(1.0, exponent - f.mantissa);
}

void check_map(Plugin& plugin, ExprBuilder& e, std::vector<Array*> out, std::vector<Array*> in,
               std::vector<fg_scalar> scalar, double ulp) {
  const std::int64_t n = out[0]->count();
  std::vector<std::vector<Value>> expected;
  for (std::int64_t k = 0; k < n; ++k) {
    std::vector<Value> x;
    for (const Array* a : in) x.push_back(a->get(k));
    expected.push_back(evaluate(*e.get(), x, scalar, out[0]->index_of(k)));
  }
  ASSERT_EQ(plugin.map(e, out, in, scalar), FG_OK) << plugin.error.message;
  for (std::int64_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < out.size(); ++j) {
      const Value want = stored(expected[static_cast<std::size_t>(k)][j], e.nodes[e.outs[j]].type, out[j]->dtype);
      const Value got = out[j]->get(k);
      if (is_float(out[j]->dtype)) {
        ASSERT_LE(ulp_distance(want.f, got.f, out[j]->dtype), ulp)
            << "output " << j << " element " << k << " of " << n << ": got " << got.f << ", want " << want.f;
      } else {
        ASSERT_EQ(got.i, want.i) << "output " << j << " element " << k << " of " << n;
      }
    }
  }
}

}  // namespace fg::test
