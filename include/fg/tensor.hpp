// SPDX-License-Identifier: Apache-2.0
//
// C++20 over the C API: the types.  Header-only; needs libfg_core and nothing else.  Include
// fg/fg.hpp, which adds the operators.
//
// Failures throw fg::Exception.  A Tensor is a counted handle: copying it copies no elements.

#ifndef FG_TENSOR_HPP_
#define FG_TENSOR_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "fg/fg.h"

namespace fg {

// What a failed call throws: status (FG_E_*), reason (FG_R_*), the offending argument or -1.
class Exception : public std::runtime_error {
 public:
  Exception(fg_status status, const fg_error& e)
      : std::runtime_error(e.message), status_(status), reason_(e.reason), arg_index_(e.arg_index) {}
  fg_status status() const noexcept { return status_; }
  fg_reason reason() const noexcept { return reason_; }
  int arg_index() const noexcept { return arg_index_; }

 private:
  fg_status status_;
  fg_reason reason_;
  int arg_index_;
};

namespace detail {

// An error record on the stack whose message is not cleared: the good path writes 32 bytes.
struct ErrorSlot {
  fg_error e;
  ErrorSlot() noexcept {
    e.hdr = {sizeof(fg_error), 0u, nullptr};
    e.reason = FG_R_NONE;
    e.arg_index = -1;
    e.message[0] = '\0';
  }
  operator fg_error*() noexcept { return &e; }
  void check(fg_status s) const {
    if (s < 0) [[unlikely]]
      throw Exception(s, e);
  }
};

}  // namespace detail

// "Left out": the argument's default, or absent when it is optional.
struct None {};
inline constexpr None none{};

class Dtype {
 public:
  constexpr Dtype(fg_dtype value) : value_(value) {}
  constexpr Dtype(None) : value_(0) {}
  constexpr fg_dtype value() const { return value_; }
  constexpr std::size_t bytes() const { return ((value_ >> 8) & 0xFFu) / 8; }
  friend constexpr bool operator==(Dtype, Dtype) = default;

 private:
  fg_dtype value_;
};
inline constexpr Dtype kF64{FG_F64}, kF32{FG_F32}, kF16{FG_F16}, kBF16{FG_BF16}, kF8E4M3FN{FG_F8_E4M3FN},
    kF8E5M2{FG_F8_E5M2}, kI64{FG_I64}, kI32{FG_I32}, kI16{FG_I16}, kI8{FG_I8}, kU8{FG_U8}, kBool{FG_BOOL};

// The dtype that holds C++ type T.
template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::same_as<T, double>)
    return kF64;
  else if constexpr (std::same_as<T, float>)
    return kF32;
  else if constexpr (std::same_as<T, bool>)
    return kBool;
  else if constexpr (std::integral<T> && sizeof(T) == 8 && std::signed_integral<T>)
    return kI64;
  else if constexpr (std::integral<T> && sizeof(T) == 4 && std::signed_integral<T>)
    return kI32;
  else if constexpr (std::integral<T> && sizeof(T) == 2 && std::signed_integral<T>)
    return kI16;
  else if constexpr (std::integral<T> && sizeof(T) == 1 && std::signed_integral<T>)
    return kI8;
  else {
    static_assert(std::same_as<T, unsigned char>, "no dtype holds this type");
    return kU8;
  }
}

// A device; default: the current one of the calling thread.
class Device {
 public:
  Device() = default;
  explicit Device(fg_device_handle handle) : handle_(handle) {}
  Device(const char* name) {  // "cpu", "vulkan:1"
    detail::ErrorSlot err;
    err.check(fg_device_find(name, &handle_, err));
  }
  Device(const std::string& name) : Device(name.c_str()) {}
  static Device current() {
    detail::ErrorSlot err;
    fg_device_handle h = nullptr;
    err.check(fg_device_current(&h, err));
    return Device(h);
  }
  fg_device_handle handle() const { return handle_; }
  std::string name() const { return fg_device_name(resolved()); }
  std::string vendor() const { return fg_device_vendor(resolved()); }
  fg_device_info info() const {
    detail::ErrorSlot err;
    fg_device_info i{};
    i.hdr.struct_size = sizeof(i);
    err.check(fg_device_get_info(resolved(), &i, err));
    return i;
  }
  void synchronize() const {
    detail::ErrorSlot err;
    err.check(fg_synchronize(resolved(), err));
  }

 private:
  fg_device_handle resolved() const { return handle_ != nullptr ? handle_ : current().handle_; }
  fg_device_handle handle_ = nullptr;
};

// Sizes, dimensions or strides, borrowed for the call: {2, 3}, a vector, one number, or none.
class Dims {
 public:
  Dims(None) : present_(false) {}
  Dims(std::initializer_list<std::int64_t> d) : n_(d.size()) {
    const std::int64_t* first = d.begin();  // Borrowed: the list outlives the call that it is an argument of.
    p_ = first;
  }
  Dims(const std::vector<std::int64_t>& d) : p_(d.data()), n_(d.size()) {}
  Dims(std::span<const std::int64_t> d) : p_(d.data()), n_(d.size()) {}
  template <std::integral I>
  Dims(I one) : one_(static_cast<std::int64_t>(one)), n_(1) {}
  const std::int64_t* data() const { return p_ != nullptr ? p_ : &one_; }
  std::size_t size() const { return n_; }
  bool present() const { return present_; }

 private:
  const std::int64_t* p_ = nullptr;
  std::int64_t one_ = 0;
  std::size_t n_ = 0;
  bool present_ = true;
};

// A number: bool, integer or floating, kept as given.
class Scalar {
 public:
  Scalar(None) : v_(fg_value_none()) {}
  template <class T>
  requires std::is_arithmetic_v<T> Scalar(T x) {
    if constexpr (std::same_as<T, bool>)
      v_ = fg_value_bool(x);
    else if constexpr (std::integral<T>)
      v_ = fg_value_int(static_cast<std::int64_t>(x));
    else
      v_ = fg_value_float(static_cast<double>(x));
  }
  const fg_value& value() const { return v_; }

 private:
  fg_value v_{};
};

// State of the random numbers; operators advance it.
struct Generator : fg_generator {
  explicit Generator(std::uint64_t seed_value = 0) : fg_generator{seed_value, 0} {}
};

class Tensor {
 public:
  Tensor() = default;  // No tensor: an optional argument left out.
  Tensor(None) {}
  static Tensor adopt(fg_tensor_handle h) {
    Tensor t;
    t.h_ = h;
    return t;
  }
  Tensor(const Tensor& o) noexcept : h_(o.h_) { fg_tensor_retain(h_); }
  Tensor(Tensor&& o) noexcept : h_(std::exchange(o.h_, nullptr)) {}
  Tensor& operator=(Tensor o) noexcept {
    std::swap(h_, o.h_);
    return *this;
  }
  ~Tensor() {
    if (h_ != nullptr) fg_tensor_release(h_);
  }

  // Row-major elements; the shape of a list alone is its length.
  template <class T>
  static Tensor from(std::span<const T> data, Dims shape, const Device& device = {}) {
    detail::ErrorSlot err;
    fg_tensor_handle h = nullptr;
    err.check(fg_tensor_from_host(device.handle(), dtype_of<T>().value(), static_cast<std::int32_t>(shape.size()),
                                  shape.data(), data.data(), data.size_bytes(), &h, err));
    return adopt(h);
  }
  template <class T>
  static Tensor from(std::initializer_list<T> data, Dims shape, const Device& device = {}) {
    return from(std::span<const T>(data.begin(), data.size()), shape, device);
  }
  template <class T>
  static Tensor from(std::initializer_list<T> data) {
    return from(std::span<const T>(data.begin(), data.size()), Dims(data.size()));
  }
  template <class T>
  static Tensor from(const std::vector<T>& data, Dims shape, const Device& device = {}) {
    return from(std::span<const T>(data), shape, device);
  }
  static Tensor from(const void* data, std::size_t bytes, Dims shape, Dtype dtype, const Device& device = {}) {
    detail::ErrorSlot err;
    fg_tensor_handle h = nullptr;
    err.check(fg_tensor_from_host(device.handle(), dtype.value(), static_cast<std::int32_t>(shape.size()), shape.data(),
                                  data, bytes, &h, err));
    return adopt(h);
  }
  static Tensor empty(Dims shape, Dtype dtype = kF32, const Device& device = {}) {
    detail::ErrorSlot err;
    fg_tensor_handle h = nullptr;
    err.check(fg_tensor_empty(device.handle(), dtype.value(), static_cast<std::int32_t>(shape.size()), shape.data(), &h,
                              err));
    return adopt(h);
  }

  explicit operator bool() const { return h_ != nullptr; }
  fg_tensor_handle handle() const { return h_; }
  fg_tensor_handle leak() { return std::exchange(h_, nullptr); }

  int ndim() const { return fg_tensor_ndim(checked()); }
  std::vector<std::int64_t> shape() const { return list(fg_tensor_shape(checked())); }
  std::vector<std::int64_t> stride() const { return list(fg_tensor_stride(checked())); }
  std::int64_t size(int dim) const { return shape().at(static_cast<std::size_t>(dim < 0 ? dim + ndim() : dim)); }
  std::int64_t numel() const { return fg_tensor_numel(checked()); }
  Dtype dtype() const { return fg_tensor_dtype(checked()); }
  Device device() const { return Device(fg_tensor_device(checked())); }
  bool dense() const { return fg_tensor_is_dense(checked()) != 0; }
  void* data() const { return fg_tensor_data(checked()); }

  // The one element, converted.
  template <class T>
  T item() const {
    detail::ErrorSlot err;
    fg_scalar s{};
    err.check(fg_tensor_item(h_, &s, err));
    return s.kind == FG_SCALAR_FLOAT ? static_cast<T>(s.v.f) : static_cast<T>(s.v.i);
  }
  // All elements, row-major, converted to T's dtype.
  template <class T>
  std::vector<T> to_vector() const;
  void copy_to(void* data, std::size_t bytes) const {
    detail::ErrorSlot err;
    err.check(fg_tensor_to_host(h_, data, bytes, err));
  }

  // The same tensor when nothing changes, else a converted copy.
  Tensor to(Dtype dtype) const;
  Tensor to(const Device& device) const {
    detail::ErrorSlot err;
    fg_tensor_handle out = nullptr;
    err.check(fg_tensor_to_device(h_, device.handle(), &out, err));
    return adopt(out);
  }
  Tensor clone() const;
  Tensor contiguous() const;
  Tensor view(Dims size) const;
  Tensor reshape(Dims size) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;
  Tensor permute(Dims dims) const;
  Tensor expand(Dims size) const;
  Tensor select(std::int64_t dim, std::int64_t index) const;
  Tensor slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
               std::int64_t step = 1) const;
  Tensor squeeze(Dims dim = none) const;
  Tensor unsqueeze(std::int64_t dim) const;
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  Tensor t() const;

 private:
  fg_tensor_handle checked() const {
    if (h_ == nullptr) {
      fg_error e = FG_ERROR_INIT;
      e.reason = FG_R_NULL_POINTER;
      throw_null(e);
    }
    return h_;
  }
  [[noreturn]] static void throw_null(fg_error& e) {
    const char text[] = "tensor is empty: it was never assigned";
    for (std::size_t i = 0; i < sizeof(text); ++i) e.message[i] = text[i];
    throw Exception(FG_E_INVALID, e);
  }
  std::vector<std::int64_t> list(const std::int64_t* p) const { return {p, p + ndim()}; }

  fg_tensor_handle h_ = nullptr;
};

// A tensor or a number, borrowed for the call: operands of element-wise operators.
class Operand {
 public:
  Operand(None) : v_(fg_value_none()) {}
  Operand(const Tensor& t) : v_(fg_value_tensor(t.handle())) {}
  Operand(const Scalar& s) : v_(s.value()) {}
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T x) : v_(Scalar(x).value()) {}
  const fg_value& value() const { return v_; }

 private:
  fg_value v_;
};

// How each C++ argument becomes an fg_value of the C API; used by fg/ops.hpp.
namespace detail {
inline fg_value arg(const Tensor& t) { return t ? fg_value_tensor(t.handle()) : fg_value_none(); }
inline fg_value arg(const Operand& o) { return o.value(); }
inline fg_value arg(const Scalar& s) { return s.value(); }
inline fg_value arg(bool b) { return fg_value_bool(b); }
inline fg_value arg(std::int64_t i) { return fg_value_int(i); }
inline fg_value arg(double f) { return fg_value_float(f); }
inline fg_value arg(const char* text) { return text != nullptr ? fg_value_string(text) : fg_value_none(); }
inline fg_value arg(Dtype d) { return d.value() != 0 ? fg_value_dtype(d.value()) : fg_value_none(); }
inline fg_value arg(const Dims& d) {
  return d.present() ? fg_value_dims(d.data(), static_cast<std::uint32_t>(d.size())) : fg_value_none();
}
inline fg_value arg(Generator& g) { return fg_value_generator(&g); }
template <class T>
fg_value arg(const std::optional<T>& o) {
  return o ? arg(*o) : fg_value_none();
}
// Handles of a list of tensors; keep it alive over the call.
inline std::vector<fg_tensor_handle> handles(std::span<const Tensor> ts) {
  std::vector<fg_tensor_handle> h;
  h.reserve(ts.size());
  for (const Tensor& t : ts) h.push_back(t.handle());
  return h;
}
}  // namespace detail

}  // namespace fg

#endif  // FG_TENSOR_HPP_
