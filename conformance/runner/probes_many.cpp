// SPDX-License-Identifier: Apache-2.0
//
// Sizes that 32 bits do not hold.

#include <algorithm>
#include <array>
#include <cstring>

#include "conformance/data/rng.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "conformance/runner/room.hpp"

namespace fg::conformance {
namespace {

constexpr std::int64_t kTwo31 = std::int64_t{1} << 31, kTwo32 = std::int64_t{1} << 32;

fg_value tensor_value(const Handle& t) { return fg_value_tensor(t.get()); }

Result<void> need(const Device& device, std::int64_t bytes) {
  fg_device_info now{};
  now.hdr.struct_size = sizeof now;
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_device_get_info(device.handle(), &now, &err); s < 0)
    return tl::unexpected(error_of(s, err));
  return need_memory(now, host_memory_left(), static_cast<std::uint64_t>(bytes));
}

// The result of a functional call of one output.
Result<Handle> made_by(const Device& device, std::string_view op, std::span<const fg_value> args) {
  fg_tensor_handle made = nullptr;
  FG_TRY(device.call(op, FG_FORM_FUNCTIONAL, args, std::span(&made, 1)));
  return Handle(made);
}

template <class T>
Result<void> put(const Device& device, const Handle& t, std::int64_t at, std::span<const T> data) {
  const std::array shape{static_cast<std::int64_t>(data.size())};
  FG_TRY_ASSIGN(const Handle part, device.view(t, shape, std::array<std::int64_t, 1>{1}, at));
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_write(part.get(), data.data(), data.size_bytes(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

template <class T>
Result<void> get(const Device& device, const Handle& t, std::int64_t at, std::span<T> data) {
  const std::array shape{static_cast<std::int64_t>(data.size())};
  FG_TRY_ASSIGN(const Handle part, device.view(t, shape, std::array<std::int64_t, 1>{1}, at));
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_to_host(part.get(), data.data(), data.size_bytes(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

// A large tensor of bytes whose every word depends on its place.
constexpr std::int64_t kBytes = kTwo32 + 4099, kChunk = std::int64_t{1} << 26;

void pattern(std::int64_t at, std::span<std::uint8_t> bytes, std::uint8_t plus) {
  for (std::size_t k = 0; k < bytes.size(); k += 8) {
    const std::uint64_t word = (static_cast<std::uint64_t>(at) + k + 1) * 0x9E3779B97F4A7C15u;
    std::memcpy(&bytes[k], &word, std::min<std::size_t>(8, bytes.size() - k));
  }
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(b + plus);
}

// body(position, memory for the part) over all parts.
template <class F>
Result<std::string> in_parts(F&& body) {
  std::vector<std::uint8_t> part(static_cast<std::size_t>(kChunk));
  for (std::int64_t at = 0; at < kBytes; at += kChunk) {
    FG_TRY_ASSIGN(std::string text,
                  body(at, std::span(part).first(static_cast<std::size_t>(std::min(kChunk, kBytes - at)))));
    if (!text.empty()) return text;
  }
  return "";
}

Result<std::string> holds_pattern(const Device& device, const Handle& t, std::uint8_t plus, const std::string& what) {
  std::vector<std::uint8_t> want(static_cast<std::size_t>(kChunk));
  return in_parts([&](std::int64_t at, std::span<std::uint8_t> got) -> Result<std::string> {
    FG_TRY(get(device, t, at, got));
    pattern(at, std::span(want).first(got.size()), plus);
    const auto [wrong, expected] = std::mismatch(got.begin(), got.end(), want.begin());
    if (wrong == got.end()) return "";
    return what + ": element " + std::to_string(at + (wrong - got.begin())) + " is " + std::to_string(*wrong) +
           ", expected " + std::to_string(*expected);
  });
}

}  // namespace

Result<std::string> many_elements(const Device& device) {
  constexpr std::int64_t kMany = (std::int64_t{1} << 31) + 9;
  FG_TRY_ASSIGN(const Handle one, device.empty(FG_BOOL, std::vector<std::int64_t>{1}));
  const bool yes = true;
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_tensor_write(one.get(), &yes, 1, &err); s < 0) return tl::unexpected(error_of(s, err));
  // One element, repeated: no memory is needed.
  FG_TRY_ASSIGN(const Handle many, device.view(one, std::vector<std::int64_t>{kMany}, std::vector<std::int64_t>{0}, 0));
  const fg_value arg = tensor_value(many);
  fg_tensor_handle made = nullptr;
  FG_TRY(device.call("sum", FG_FORM_FUNCTIONAL, std::span(&arg, 1), std::span(&made, 1)));
  const Handle out(made);
  std::int64_t got = 0;
  if (const fg_status s = fg_tensor_to_host(made, &got, sizeof got, &err); s < 0)
    return tl::unexpected(error_of(s, err));
  return got == kMany ? "" : "the sum of 2^31 + 9 ones is " + std::to_string(got);
}

Result<std::string> many_bytes(const Device& device) {
  FG_TRY(need(device, 2 * kBytes));
  const std::array shape{kBytes};
  FG_TRY_ASSIGN(Handle x, device.empty(FG_U8, shape));
  const Result<std::string> written =
      in_parts([&](std::int64_t at, std::span<std::uint8_t> part) -> Result<std::string> {
        pattern(at, part, 0);
        FG_TRY(put<std::uint8_t>(device, x, at, part));
        return "";
      });
  if (!written) return written;
  fg_value three{FG_V_INT, 0, {}};
  three.v.i = 3;
  Handle y;
  {
    FG_TRY_ASSIGN(y, made_by(device, "add", std::array{tensor_value(x), three}));
    x = Handle();
  }
  FG_TRY_ASSIGN(std::string text, holds_pattern(device, y, 3, "x + 3 of 2^32 + 4099 bytes"));
  if (!text.empty()) return text;
  FG_TRY_ASSIGN(const Handle copy, made_by(device, "clone", std::array{tensor_value(y)}));
  return holds_pattern(device, copy, 3, "a copy of 2^32 + 4099 bytes");
}

Result<std::string> far_positions(const Device& device) {
  constexpr std::int64_t kMany = kTwo31 + 2051;  // of bf16
  // Each with the place that 32 bits of it, or of its byte offset, would be.
  constexpr std::array<std::int64_t, 6> kMarks{kTwo31 - 1, kTwo31, kTwo31 + 7, kMany - 1, 7, 2050};
  FG_TRY(need(device, 2 * kMany));
  FG_TRY_ASSIGN(const Handle x, device.empty(FG_BF16, std::array{kMany}));
  constexpr std::uint16_t kOne = 0x3F80;  // and the bf16 after it
  std::array<std::uint16_t, kMarks.size()> want{};
  for (std::size_t k = 0; k < kMarks.size(); ++k) {
    want[k] = static_cast<std::uint16_t>(kOne + k);
    FG_TRY(put<std::uint16_t>(device, x, kMarks[k], std::span(&want[k], 1)));
  }
  FG_TRY_ASSIGN(const Handle at, device.empty(FG_I64, std::array{static_cast<std::int64_t>(kMarks.size())}));
  FG_TRY(put<std::int64_t>(device, at, 0, kMarks));
  const auto says = [&](const std::string& what, std::size_t k, std::uint16_t got) {
    return what + " " + std::to_string(kMarks[k]) + " is bf16 " + std::to_string(got) + " in bits, expected " +
           std::to_string(want[k]);
  };
  fg_value dim{FG_V_INT, 0, {}};
  for (const auto& [op, args] : {std::pair{"take", std::vector{tensor_value(x), tensor_value(at)}},
                                 std::pair{"index_select", std::vector{tensor_value(x), dim, tensor_value(at)}}}) {
    FG_TRY_ASSIGN(const Handle picked, made_by(device, op, args));
    std::array<std::uint16_t, kMarks.size()> got{};
    FG_TRY(get<std::uint16_t>(device, picked, 0, got));
    for (std::size_t k = 0; k < got.size(); ++k) {
      if (got[k] != want[k]) return says(std::string(op) + ": the element at", k, got[k]);
    }
  }
  // The same numbers the other way round, written where they are far.
  std::reverse(want.begin(), want.end());
  FG_TRY_ASSIGN(const Handle source, device.empty(FG_BF16, std::array{static_cast<std::int64_t>(want.size())}));
  FG_TRY(put<std::uint16_t>(device, source, 0, want));
  FG_TRY(device.call("index_copy", FG_FORM_INPLACE,
                     std::array{tensor_value(x), dim, tensor_value(at), tensor_value(source)}, {}));
  for (std::size_t k = 0; k < kMarks.size(); ++k) {
    std::uint16_t got = 0;
    FG_TRY(get<std::uint16_t>(device, x, kMarks[k], std::span(&got, 1)));
    if (got != want[k]) return says("index_copy: the element at", k, got);
  }
  return "";
}

}  // namespace fg::conformance
