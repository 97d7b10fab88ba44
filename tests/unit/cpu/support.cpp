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
namespace {

bool is_float_type(std::uint16_t type) { return type == FG_CT_F32 || type == FG_CT_F64; }

std::int64_t saturate(double x, double low, double high) {
  if (std::isnan(x)) return 0;
  if (x >= high) return high >= 9.2e18 ? INT64_MAX : static_cast<std::int64_t>(high);
  if (x <= low) return low <= -9.2e18 ? INT64_MIN : static_cast<std::int64_t>(low);
  return static_cast<std::int64_t>(x);
}

Value rounded(Value v, std::uint16_t type) {
  if (type == FG_CT_F32) v.f = static_cast<double>(static_cast<float>(v.f));
  if (type == FG_CT_I32) v.i = static_cast<std::int32_t>(static_cast<std::uint64_t>(v.i));
  if (type == FG_CT_BOOL) v.i = v.i != 0 ? 1 : 0;
  return v;
}

Value cast(Value v, std::uint16_t from, std::uint16_t to) {
  Value r;
  if (is_float_type(from)) {
    r.f = v.f;
    r.i = to == FG_CT_BOOL ? v.f != 0 : to == FG_CT_I32 ? saturate(v.f, -2147483648.0, 2147483647.0) : saturate(v.f, -0x1p63, 0x1p63);
  } else {
    r.f = to == FG_CT_F32 ? static_cast<double>(static_cast<float>(v.i)) : static_cast<double>(v.i);
    r.i = v.i;
  }
  return rounded(r, to);
}

double nan_min(double a, double b, bool max) {
  if (std::isnan(a) || std::isnan(b)) return NAN;
  return max ? std::max(a, b) : std::min(a, b);
}

double floor_div(double a, double b) {
  if (b == 0) return a / b;
  double mod = std::fmod(a, b), div = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0)) div -= 1;
  if (div == 0) return std::copysign(0.0, a / b);
  return std::nearbyint(div);
}

double float_op(std::uint16_t op, std::uint16_t type, const Value* x) {
  const double a = x[0].f, b = x[1].f;
  switch (op) {
    case FG_EX_ADD: return a + b;
    case FG_EX_SUB: return a - b;
    case FG_EX_MUL: return a * b;
    case FG_EX_DIV: return a / b;
    case FG_EX_TRUNC_DIV:
      return type == FG_CT_F32 ? std::trunc(static_cast<float>(a) / static_cast<float>(b)) : std::trunc(a / b);
    case FG_EX_FLOOR_DIV: return floor_div(a, b);
    case FG_EX_FMOD: return std::fmod(a, b);
    case FG_EX_REMAINDER: { double m = std::fmod(a, b); return m != 0 && (b < 0) != (m < 0) ? m + b : m; }
    case FG_EX_POW: return std::pow(a, b);
    case FG_EX_MIN: return nan_min(a, b, false);
    case FG_EX_MAX: return nan_min(a, b, true);
    case FG_EX_ATAN2: return std::atan2(a, b);
    case FG_EX_FMA: return std::fma(a, b, x[2].f);
    case FG_EX_NEG: return -a;
    case FG_EX_ABS: return std::fabs(a);
    case FG_EX_SIGN: return std::isnan(a) ? a : a > 0 ? 1 : a < 0 ? -1 : 0;
    case FG_EX_FLOOR: return std::floor(a);
    case FG_EX_CEIL: return std::ceil(a);
    case FG_EX_TRUNC: return std::trunc(a);
    case FG_EX_ROUND: return std::nearbyint(a);
    case FG_EX_SQRT: return std::sqrt(a);
    case FG_EX_RSQRT: return 1 / std::sqrt(a);
    case FG_EX_EXP: return std::exp(a);
    case FG_EX_EXP2: return std::exp2(a);
    case FG_EX_EXPM1: return std::expm1(a);
    case FG_EX_LOG: return std::log(a);
    case FG_EX_LOG2: return std::log2(a);
    case FG_EX_LOG10: return std::log10(a);
    case FG_EX_LOG1P: return std::log1p(a);
    case FG_EX_SIN: return std::sin(a);
    case FG_EX_COS: return std::cos(a);
    case FG_EX_TAN: return std::tan(a);
    case FG_EX_ASIN: return std::asin(a);
    case FG_EX_ACOS: return std::acos(a);
    case FG_EX_ATAN: return std::atan(a);
    case FG_EX_SINH: return std::sinh(a);
    case FG_EX_COSH: return std::cosh(a);
    case FG_EX_TANH: return std::tanh(a);
    case FG_EX_ASINH: return std::asinh(a);
    case FG_EX_ACOSH: return std::acosh(a);
    case FG_EX_ATANH: return std::atanh(a);
    case FG_EX_ERF: return std::erf(a);
    case FG_EX_ERFC: return std::erfc(a);
    case FG_EX_LGAMMA: { int s = 0; return ::lgamma_r(a, &s); }
    case FG_EX_SIGMOID: return static_cast<double>(1 / (1 + std::exp(-static_cast<long double>(a))));
    default: ADD_FAILURE() << "evaluator lacks float operation " << op; return 0;
  }
}

__extension__ typedef __int128 wide;

std::int64_t int_op(std::uint16_t op, std::uint16_t type, const Value* x) {
  const std::int64_t a = x[0].i, b = x[1].i;
  const int width = type == FG_CT_I32 ? 32 : 64;
  const auto wrap = [](wide v) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(v)); };
  const wide quotient = b == 0 ? wide{0} : wide{a} / b, rest = b == 0 ? wide{0} : wide{a} % b;
  const bool down = rest != 0 && (rest < 0) != (b < 0);
  switch (op) {
    case FG_EX_ADD: return type == FG_CT_BOOL ? (a | b) : wrap(wide{a} + b);
    case FG_EX_SUB: return wrap(wide{a} - b);
    case FG_EX_MUL: return wrap(static_cast<wide>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b)));
    case FG_EX_TRUNC_DIV: return wrap(quotient);
    case FG_EX_FLOOR_DIV: return wrap(quotient - (down ? 1 : 0));
    case FG_EX_FMOD: return wrap(rest);
    case FG_EX_REMAINDER: return wrap(rest + (down ? b : 0));
    case FG_EX_POW: {
      if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 != 0 ? -1 : 1) : 0;
      std::uint64_t r = 1;
      for (std::int64_t k = 0; k < b; ++k) r *= static_cast<std::uint64_t>(a);
      return static_cast<std::int64_t>(r);
    }
    case FG_EX_MIN: return std::min(a, b);
    case FG_EX_MAX: return std::max(a, b);
    case FG_EX_FMA: return wrap(static_cast<wide>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b)) + x[2].i);
    case FG_EX_NEG: return wrap(-wide{a});
    case FG_EX_ABS: return wrap(a < 0 ? -wide{a} : wide{a});
    case FG_EX_SIGN: return a > 0 ? 1 : a < 0 ? -1 : 0;
    case FG_EX_AND: return a & b;
    case FG_EX_OR: return a | b;
    case FG_EX_XOR: return a ^ b;
    case FG_EX_NOT: return type == FG_CT_BOOL ? 1 - a : ~a;
    case FG_EX_SHL: return b < 0 || b >= width ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
    case FG_EX_SHR: return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> b;
    default: ADD_FAILURE() << "evaluator lacks integer operation " << op; return 0;
  }
}

template <class T>
bool compare(std::uint16_t op, T a, T b) {
  switch (op) {
    case FG_EX_EQ: return a == b;
    case FG_EX_NE: return a != b;
    case FG_EX_LT: return a < b;
    case FG_EX_LE: return a <= b;
    case FG_EX_GT: return a > b;
    case FG_EX_GE: return a >= b;
    default: return a != a;
  }
}

Value apply(const fg_expr& e, const fg_expr_node& n, const std::vector<Value>& v) {
  Value x[3];
  for (int i = 0; i < 3; ++i) x[i] = n.arg[i] < v.size() ? v[n.arg[i]] : Value{};
  const std::uint16_t arg_type = e.node[n.arg[0]].type;
  Value r;
  if (n.op == FG_EX_CAST) return cast(x[0], arg_type, n.type);
  if (n.op == FG_EX_WHERE) return x[0].i != 0 ? x[1] : x[2];
  if (n.op >= FG_EX_EQ && n.op <= FG_EX_ISNAN) {
    r.i = is_float_type(arg_type) ? compare(n.op, x[0].f, x[1].f) : compare(n.op, x[0].i, x[1].i);
  } else if (is_float_type(n.type)) {
    r.f = float_op(n.op, n.type, x);
  } else {
    r.i = int_op(n.op, n.type, x);
  }
  return rounded(r, n.type);
}

}  // namespace

std::vector<Value> evaluate(const fg_expr& e, std::span<const Value> in, std::span<const fg_scalar> scalar,
                            std::span<const std::int64_t> index) {
  std::vector<Value> v;
  for (std::uint32_t k = 0; k < e.n_node; ++k) {
    const fg_expr_node& n = e.node[k];
    const std::uint64_t raw = n.arg[0] | (std::uint64_t{n.arg[1]} << 32);
    Value r;
    switch (n.op) {
      case FG_EX_INPUT: r = in[n.arg[0]]; break;
      case FG_EX_INDEX: r.i = index[n.arg[0]]; break;
      case FG_EX_CONST:
        if (is_float_type(n.type)) r.f = std::bit_cast<double>(raw);
        else r.i = static_cast<std::int64_t>(raw);
        r = rounded(r, n.type);
        break;
      case FG_EX_SCALAR: {
        const fg_scalar& s = scalar[n.arg[0]];
        r = s.kind == FG_SCALAR_FLOAT ? cast(Value{s.v.f, 0}, FG_CT_F64, n.type) : cast(Value{0, s.v.i}, FG_CT_I64, n.type);
        break;
      }
      default: r = apply(e, n, v);
    }
    v.push_back(r);
  }
  std::vector<Value> out;
  for (std::uint16_t j = 0; j < e.n_out; ++j) out.push_back(v[e.out[j]]);
  return out;
}

Value stored(Value v, std::uint16_t from, fg_dtype dtype) {
  if (is_float(dtype)) {
    const double x = is_float_type(from) ? v.f : static_cast<double>(v.i);
    Value r;
    with_type(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_arithmetic_v<T>) r.f = static_cast<double>(static_cast<T>(x));
      else r.f = static_cast<double>(static_cast<float>(T(static_cast<float>(x))));
    });
    return r;
  }
  if (dtype == FG_BOOL) return cast(v, from, FG_CT_BOOL);
  Value r;
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      if (is_float_type(from)) {
        const double high = sizeof(T) == 8 ? 0x1p63 : static_cast<double>(std::numeric_limits<T>::max());
        r.i = saturate(v.f, static_cast<double>(std::numeric_limits<T>::min()), high);
      } else {
        r.i = static_cast<std::int64_t>(static_cast<T>(static_cast<std::uint64_t>(v.i)));
      }
    }
  });
  return r;
}

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
  const std::uint64_t bits = is_float_type(type) ? std::bit_cast<std::uint64_t>(value)
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
    for (std::uint64_t w : {std::uint64_t{n.op}, std::uint64_t{n.type}, std::uint64_t{n.arg[0]}, std::uint64_t{n.arg[1]}, std::uint64_t{n.arg[2]}}) {
      h = (h ^ w) * 1099511628211ull;
    }
  }
  expr_.hash[0] = h;
  expr_.hash[1] = ~h;
  return &expr_;
}

Array::Array(fg_dtype d, std::vector<std::int64_t> s) : Array(d, s, [&] {
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
    if constexpr (std::is_integral_v<T>) v.i = static_cast<std::int64_t>(x);
    else if constexpr (std::is_arithmetic_v<T>) v.f = static_cast<double>(x);
    else v.f = static_cast<double>(static_cast<float>(x));
  });
  return v;
}
void Array::set(std::int64_t linear, Value v) {
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T x;
    if constexpr (std::is_same_v<T, bool>) x = v.i != 0;
    else if constexpr (std::is_integral_v<T>) x = static_cast<T>(v.i);
    else if constexpr (std::is_arithmetic_v<T>) x = static_cast<T>(v.f);
    else x = T(static_cast<float>(v.f));
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

fg_status Plugin::prepare(std::uint64_t uid, const void* params, std::span<const fg_tensor> t, std::size_t n_out, fg_kernel** k) {
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
  const fg_reduce_params p{{sizeof(fg_reduce_params), 0, nullptr}, prologue.get(), epilogue.get(), scalar.data(), monoid, n_reduced};
  return run(FG_OP_REDUCE_UID, &p, descs(out), descs(in));
}
fg_status Plugin::scan(ExprBuilder& prologue, std::uint32_t monoid, ExprBuilder& epilogue, std::vector<Array*> out,
                       std::vector<Array*> in, std::vector<fg_scalar> scalar) {
  const fg_scan_params p{{sizeof(fg_scan_params), 0, nullptr}, prologue.get(), epilogue.get(), scalar.data(), monoid, 0};
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
  struct Format { int mantissa, min_exponent; };
  const Format f = dtype == FG_F64 ? Format{52, -1022} : dtype == FG_F32 ? Format{23, -126} : dtype == FG_F16 ? Format{10, -14}
                 : dtype == FG_BF16 ? Format{7, -126} : dtype == FG_F8_E4M3FN ? Format{3, -6} : Format{2, -14};
  const double top = std::max(std::fabs(a), std::fabs(b));
  const int exponent = std::max(std::ilogb(top), f.min_exponent);
  return std::fabs(a - b) / std::ldexp(1.0, exponent - f.mantissa);
}

void check_map(Plugin& plugin, ExprBuilder& e, std::vector<Array*> out, std::vector<Array*> in, std::vector<fg_scalar> scalar,
               double ulp) {
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
