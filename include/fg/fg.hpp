// SPDX-License-Identifier: Apache-2.0
//
// The C++20 API: tensors that behave as PyTorch's do, every operator of the catalogue as a function,
// and what steers the library.  Header-only over the C API; link libfg_core.
//
//   #include <fg/fg.hpp>
//   auto x = fg::Tensor::from({1.f, 2.f, 3.f});
//   auto y = fg::gelu(x) * 2 + 1;
//   auto z = fg::map("x * sigmoid(1.702 * x)", {x});

#ifndef FG_FG_HPP_
#define FG_FG_HPP_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/ops.hpp"
#include "fg/tensor.hpp"

namespace fg {

// --- operators on tensors and numbers ---

inline Tensor operator+(const Tensor& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Operand& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Operand& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Operand& b) { return div(a, b); }
template <class T>
requires std::is_arithmetic_v<T> Tensor operator+(T a, const Tensor& b) { return add(a, b); }
template <class T>
requires std::is_arithmetic_v<T> Tensor operator-(T a, const Tensor& b) { return sub(a, b); }
template <class T>
requires std::is_arithmetic_v<T> Tensor operator*(T a, const Tensor& b) { return mul(a, b); }
template <class T>
requires std::is_arithmetic_v<T> Tensor operator/(T a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& a) { return mul(a, -1); }

// --- members of Tensor that are operators ---

inline Tensor Tensor::to(Dtype d) const { return d == dtype() ? *this : fg::to(*this, d); }
inline Tensor Tensor::clone() const { return fg::clone(*this); }
inline Tensor Tensor::contiguous() const {
  if (dense()) return *this;
  Tensor copy = Tensor::empty(shape(), dtype(), device());
  fg::copy_(copy, *this);
  return copy;
}
inline Tensor Tensor::view(Dims size) const { return fg::view(*this, size); }
inline Tensor Tensor::reshape(Dims size) const { return fg::reshape(*this, size); }
inline Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1) const { return fg::transpose(*this, dim0, dim1); }
inline Tensor Tensor::permute(Dims dims) const { return fg::permute(*this, dims); }
inline Tensor Tensor::expand(Dims size) const { return fg::expand(*this, size); }
inline Tensor Tensor::select(std::int64_t dim, std::int64_t index) const { return fg::select(*this, dim, index); }
inline Tensor Tensor::slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
                            std::int64_t step) const {
  return fg::slice(*this, dim, start, end, step);
}
inline Tensor Tensor::squeeze(Dims dim) const { return fg::squeeze(*this, dim); }
inline Tensor Tensor::unsqueeze(std::int64_t dim) const { return fg::unsqueeze(*this, dim); }
inline Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim) const {
  return fg::flatten(*this, start_dim, end_dim);
}
inline Tensor Tensor::t() const { return fg::t(*this); }

template <class T>
std::vector<T> Tensor::to_vector() const {
  const Tensor source = to(dtype_of<T>());
  const auto n = static_cast<std::size_t>(source.numel());
  if constexpr (std::same_as<T, bool>) {  // std::vector<bool> has no bytes.
    std::vector<unsigned char> bytes(n);
    source.copy_to(bytes.data(), n);
    return {bytes.begin(), bytes.end()};
  } else {
    std::vector<T> values(n);
    source.copy_to(values.data(), n * sizeof(T));
    return values;
  }
}

// --- expressions ---

// An element-wise expression on any plugin.  The operands have the names of the text in the order in
// which those first appear.
inline Tensor map(const std::string& expression, std::initializer_list<Operand> operands, Dtype dtype = none) {
  std::vector<fg_value> values;
  for (const Operand& o : operands) values.push_back(o.value());
  detail::ErrorSlot err;
  fg_tensor_handle out = nullptr;
  err.check(fg_map(expression.c_str(), nullptr, values.data(), static_cast<std::uint32_t>(values.size()), dtype.value(),
                   &out, err));
  return Tensor::adopt(out);
}
// The same with names: fg::map("x * k", {{"k", 2}, {"x", x}}).
struct NamedOperand {
  const char* name;
  Operand value;
};
inline Tensor map(const std::string& expression, std::initializer_list<NamedOperand> operands, Dtype dtype = none) {
  std::vector<fg_value> values;
  std::vector<const char*> names;
  for (const NamedOperand& o : operands) {
    values.push_back(o.value.value());
    names.push_back(o.name);
  }
  detail::ErrorSlot err;
  fg_tensor_handle out = nullptr;
  err.check(fg_map(expression.c_str(), names.data(), values.data(), static_cast<std::uint32_t>(values.size()),
                   dtype.value(), &out, err));
  return Tensor::adopt(out);
}

// --- graphs: docs/graphs.md ---

// Launches captured by a Capture.
class Graph {
 public:
  explicit Graph(fg_graph_handle handle) : handle_(handle) {}
  Graph(Graph&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
  Graph& operator=(Graph o) noexcept {
    std::swap(handle_, o.handle_);
    return *this;
  }
  ~Graph() { fg_graph_release(handle_); }

  // Enqueues all launches on this thread's stream.
  void replay() {
    detail::ErrorSlot err;
    err.check(fg_graph_replay(handle_, err));
  }
  // Later replays use `to` where the capture used `captured`.
  void rebind(const Tensor& captured, const Tensor& to) {
    detail::ErrorSlot err;
    err.check(fg_graph_rebind(handle_, captured.handle(), to.handle(), err));
  }
  fg_graph_info info() const {
    fg_graph_info i{};
    i.hdr.struct_size = sizeof(i);
    detail::ErrorSlot err;
    err.check(fg_graph_get_info(handle_, &i, err));
    return i;
  }

 private:
  fg_graph_handle handle_;
};

// Records what this thread runs on a device as long as it lives.
//   fg::Capture capture;
//   auto y = fg::gelu(x) * 2;
//   fg::Graph graph = capture.end();
class Capture {
 public:
  explicit Capture(const Device& device = {}) {
    detail::ErrorSlot err;
    err.check(fg_capture_begin(device.handle(), err));
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    if (open_) fg_capture_end(nullptr, nullptr);
  }
  Graph end() {
    open_ = false;
    fg_graph_handle graph = nullptr;
    detail::ErrorSlot err;
    err.check(fg_capture_end(&graph, err));
    return Graph(graph);
  }

 private:
  bool open_ = true;
};

// --- which operators are served, and where ---

// Start of the library with settings of its own; without it the environment's apply at first use.
inline void init(const std::string& vendor = {}, const std::string& plugin_path = {}) {
  fg_init_options options = {FG_HDR_INIT(fg_init_options), vendor.empty() ? nullptr : vendor.c_str(),
                             plugin_path.empty() ? nullptr : plugin_path.c_str()};
  detail::ErrorSlot err;
  err.check(fg_init(&options, err));
}

struct Enable {
  std::vector<std::string> unused;  // Left to the fallback plugin.
  bool record = false;              // One line per call in `path`.
  std::string path = "fg_ops.log";
  bool once = false;  // Only the first of each signature.
};

namespace detail {
inline void enable(const std::vector<std::string>* only, const Enable& e) {
  const auto pointers = [](const std::vector<std::string>& names) {
    std::vector<const char*> p;
    for (const std::string& n : names) p.push_back(n.c_str());
    p.push_back(nullptr);
    return p;
  };
  const std::vector<const char*> unused = pointers(e.unused);
  const std::vector<std::string> none;
  const std::vector<const char*> wanted = pointers(only != nullptr ? *only : none);
  fg_enable_options o{};
  o.hdr.struct_size = sizeof(o);
  o.only = only != nullptr ? wanted.data() : nullptr;
  o.n_only = static_cast<std::uint32_t>(wanted.size() - 1);
  o.unused = unused.data();
  o.n_unused = static_cast<std::uint32_t>(unused.size() - 1);
  o.path = e.path.c_str();
  o.record = e.record ? 1 : 0;
  o.once = e.once ? 1 : 0;
  ErrorSlot err;
  err.check(fg_enable(&o, err));
}
}  // namespace detail

// All operators but `unused`.  Replaces earlier settings, of all threads.
inline void enable(const Enable& settings = {}) { detail::enable(nullptr, settings); }
// These operators alone.
inline void only_enable(const std::vector<std::string>& ops, const Enable& settings = {}) {
  detail::enable(&ops, settings);
}

// Vendor of the current device, "" when there is none.
inline std::string vendor_name() { return fg_vendor_name(); }

inline std::vector<std::string> registered_ops() {
  detail::ErrorSlot err;
  const char* const* names = nullptr;
  std::uint32_t n = 0;
  err.check(fg_registered_ops(&names, &n, err));
  return {names, names + n};
}

inline std::vector<Device> devices() {
  detail::ErrorSlot err;
  std::uint32_t n = 0;
  err.check(fg_device_count(&n, err));
  std::vector<Device> list;
  for (std::uint32_t i = 0; i < n; ++i) {
    fg_device_handle h = nullptr;
    err.check(fg_device_at(i, &h, err));
    list.emplace_back(h);
  }
  return list;
}

// The vendor's device is the current one of this thread as long as the object lives.  Nests.
class UseVendor {
 public:
  explicit UseVendor(const std::string& vendor) {
    detail::ErrorSlot err;
    err.check(fg_vendor_push(vendor.c_str(), err));
  }
  UseVendor(const UseVendor&) = delete;
  UseVendor& operator=(const UseVendor&) = delete;
  ~UseVendor() { fg_vendor_pop(nullptr); }
};

enum class Fallback : std::uint32_t { forbid = FG_FALLBACK_FORBID, warn = FG_FALLBACK_WARN, allow = FG_FALLBACK_ALLOW };
inline void set_fallback(Fallback policy) {
  detail::ErrorSlot err;
  err.check(fg_set_fallback(static_cast<std::uint32_t>(policy), err));
}

inline fg_counters stats() {
  fg_counters c{};
  c.hdr.struct_size = sizeof(c);
  detail::ErrorSlot err;
  err.check(fg_stats(&c, err));
  return c;
}

inline void manual_seed(std::uint64_t seed) {
  detail::ErrorSlot err;
  err.check(fg_manual_seed(seed, err));
}

// --- files ---

inline Tensor load_npy(const std::string& path, const Device& device = {}) {
  detail::ErrorSlot err;
  fg_tensor_handle h = nullptr;
  err.check(fg_npy_load(path.c_str(), device.handle(), &h, err));
  return Tensor::adopt(h);
}
inline void save_npy(const std::string& path, const Tensor& t) {
  detail::ErrorSlot err;
  err.check(fg_npy_save(path.c_str(), t.handle(), err));
}

// An open safetensors file: what is in it is known before anything is read.
class SafetensorsFile {
 public:
  struct Info {
    Dtype dtype = none;      // none: one that fg does not have; such a tensor cannot be read.
    std::string dtype_name;  // As the file spells it.
    std::vector<std::int64_t> shape;
    std::uint64_t bytes = 0;
  };

  explicit SafetensorsFile(const std::string& path) {
    detail::ErrorSlot err;
    err.check(fg_safetensors_open(path.c_str(), &file_, err));
  }
  SafetensorsFile(SafetensorsFile&& o) noexcept : file_(std::exchange(o.file_, nullptr)) {}
  SafetensorsFile& operator=(SafetensorsFile o) noexcept {
    std::swap(file_, o.file_);
    return *this;
  }
  ~SafetensorsFile() { fg_safetensors_close(file_); }

  std::uint32_t count() const { return fg_safetensors_count(file_); }
  const char* name(std::uint32_t i) const { return fg_safetensors_name(file_, i); }
  Info info(std::uint32_t i) const {
    fg_safetensors_info f{};
    f.hdr.struct_size = sizeof(f);
    detail::ErrorSlot err;
    err.check(fg_safetensors_get_info(file_, i, &f, err));
    return {f.dtype, f.dtype_name, {f.shape, f.shape + f.ndim}, f.bytes};
  }
  // On a device that sees host memory the tensor is the mapped file itself; it outlives this object.
  Tensor read(const char* name, const Device& device = {}) const {
    fg_tensor_handle h = nullptr;
    detail::ErrorSlot err;
    err.check(fg_safetensors_read(file_, name, device.handle(), &h, err));
    return Tensor::adopt(h);
  }

 private:
  fg_safetensors* file_ = nullptr;
};

// Every tensor of a safetensors file, in the file's order.  Throws, naming the tensor, when one has a
// dtype that fg does not have; load_safetensor() reads the others.
inline std::vector<std::pair<std::string, Tensor>> load_safetensors(const std::string& path,
                                                                    const Device& device = {}) {
  const SafetensorsFile file(path);
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (std::uint32_t i = 0; i < file.count(); ++i) tensors.emplace_back(file.name(i), file.read(file.name(i), device));
  return tensors;
}
// One tensor of a safetensors file.
inline Tensor load_safetensor(const std::string& path, const std::string& name, const Device& device = {}) {
  return SafetensorsFile(path).read(name.c_str(), device);
}
inline void save_safetensors(const std::string& path, const std::vector<std::pair<std::string, Tensor>>& tensors) {
  std::vector<const char*> names;
  std::vector<fg_tensor_handle> handles;
  for (const auto& [name, t] : tensors) {
    names.push_back(name.c_str());
    handles.push_back(t.handle());
  }
  detail::ErrorSlot err;
  err.check(
      fg_safetensors_save(path.c_str(), names.data(), handles.data(), static_cast<std::uint32_t>(names.size()), err));
}

}  // namespace fg

#endif  // FG_FG_HPP_
