// SPDX-License-Identifier: Apache-2.0
//
// Captured launches, replayed.  A plugin whose kernels are not FG_K_CAPTURABLE passes: it promises
// nothing.

#include <array>
#include <string>
#include <vector>

#include "conformance/data/rng.hpp"
#include "conformance/runner/probes_areas.hpp"

namespace fg::conformance {
namespace {

constexpr std::int64_t kRows = 37, kColumns = 65;

Result<void> checked(fg_status s, const fg_error& err) {
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

fg_value tensor_value(const Handle& t) { return fg_value_tensor(t.get()); }

// Small integers: sums are exact in any order.
Result<Handle> integers(const Device& device, std::uint64_t key) {
  FG_TRY_ASSIGN(Handle t, device.empty(FG_F32, std::vector<std::int64_t>{kRows, kColumns}));
  std::vector<float> v(kRows * kColumns);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(Rng(key).between(i, -9, 9));
  fg_error err = FG_ERROR_INIT;
  FG_TRY(checked(fg_tensor_write(t.get(), v.data(), v.size() * sizeof(float), &err), err));
  return t;
}

Result<std::vector<float>> read(const Handle& t) {
  std::vector<float> v(static_cast<std::size_t>(fg_tensor_numel(t.get())));
  fg_error err = FG_ERROR_INIT;
  FG_TRY(checked(fg_tensor_to_host(t.get(), v.data(), v.size() * sizeof(float), &err), err));
  return v;
}

Result<Handle> call_one(const Device& device, std::string_view op, std::span<const fg_value> args) {
  fg_tensor_handle made = nullptr;
  FG_TRY(device.call(op, FG_FORM_FUNCTIONAL, args, std::span(&made, 1)));
  return Handle(made);
}

// A chain in which each launch needs the one before: rows of x * x + x, summed, then doubled.
Result<Handle> chain(const Device& device, const Handle& x) {
  const std::array square{tensor_value(x), tensor_value(x)};
  FG_TRY_ASSIGN(const Handle a, call_one(device, "mul", square));
  const std::array more{tensor_value(a), tensor_value(x)};
  FG_TRY_ASSIGN(const Handle b, call_one(device, "add", more));
  const std::int64_t last = 1;
  const std::array rows{tensor_value(b), fg_value_dims(&last, 1)};
  FG_TRY_ASSIGN(const Handle c, call_one(device, "sum", rows));
  const std::array twice{tensor_value(c), fg_value_int(2)};
  return call_one(device, "mul", twice);
}

// A capture of chain(x).
class Recorded {
 public:
  ~Recorded() { fg_graph_release(graph_); }
  // False when the plugin's kernels cannot be captured.
  Result<bool> record(const Device& device, const Handle& x) {
    fg_error err = FG_ERROR_INIT;
    FG_TRY(checked(fg_capture_begin(device.handle(), &err), err));
    Result<Handle> made = chain(device, x);
    if (!made) {
      fg_capture_end(nullptr, nullptr);
      if (made.error().status == FG_E_CAPTURE) return false;
      return tl::unexpected(std::move(made).error());
    }
    y = std::move(*made);
    FG_TRY(checked(fg_capture_end(&graph_, &err), err));
    return true;
  }
  Result<void> rebind(const Handle& captured, const Handle& to) {
    fg_error err = FG_ERROR_INIT;
    return checked(fg_graph_rebind(graph_, captured.get(), to.get(), &err), err);
  }
  Result<void> replay() {
    fg_error err = FG_ERROR_INIT;
    return checked(fg_graph_replay(graph_, &err), err);
  }
  Handle y;

 private:
  fg_graph_handle graph_ = nullptr;
};

// Whether `got` is what the same calls give for `x` without a graph.
Result<bool> as_called(const Device& device, const Handle& got, const Handle& x) {
  FG_TRY_ASSIGN(const Handle wanted, chain(device, x));
  FG_TRY_ASSIGN(const std::vector<float> a, read(got));
  FG_TRY_ASSIGN(const std::vector<float> b, read(wanted));
  return a == b;
}

}  // namespace

Result<std::string> graph_replays(const Device& device) {
  FG_TRY_ASSIGN(const Handle x, integers(device, 1));
  Recorded graph;
  FG_TRY_ASSIGN(const bool possible, graph.record(device, x));
  if (!possible) return "";
  FG_TRY_ASSIGN(const bool ran, as_called(device, graph.y, x));
  if (!ran) return "calls inside a capture give another result";
  FG_TRY_ASSIGN(const Handle other, integers(device, 2));
  const std::array copy{tensor_value(x), tensor_value(other)};
  FG_TRY(device.call("copy_", FG_FORM_INPLACE, copy, {}));
  for (int k = 0; k < 3; ++k) FG_TRY(graph.replay());
  FG_TRY_ASSIGN(const bool replayed, as_called(device, graph.y, other));
  return replayed ? "" : "a replay does not give what the captured calls give";
}

Result<std::string> graph_rebinds(const Device& device) {
  FG_TRY_ASSIGN(const Handle x, integers(device, 1));
  Recorded graph;
  FG_TRY_ASSIGN(const bool possible, graph.record(device, x));
  if (!possible) return "";
  for (std::uint64_t key = 3; key < 6; ++key) {
    FG_TRY_ASSIGN(const Handle other, integers(device, key));
    FG_TRY(graph.rebind(x, other));
    FG_TRY(graph.replay());
    FG_TRY_ASSIGN(const bool replayed, as_called(device, graph.y, other));
    if (!replayed) return "a replay does not read the tensor that it was rebound to";
  }
  FG_TRY_ASSIGN(const std::vector<float> before, read(graph.y));
  FG_TRY_ASSIGN(const Handle out, device.empty(FG_F32, std::vector<std::int64_t>{kRows}));
  FG_TRY(graph.rebind(x, x));
  FG_TRY(graph.rebind(graph.y, out));
  FG_TRY(graph.replay());
  FG_TRY_ASSIGN(const bool written, as_called(device, out, x));
  if (!written) return "a replay does not write the tensor that it was rebound to";
  FG_TRY_ASSIGN(const std::vector<float> after, read(graph.y));
  return before == after ? "" : "a replay writes the captured result after that was rebound";
}

}  // namespace fg::conformance
