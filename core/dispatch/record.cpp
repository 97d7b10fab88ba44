// SPDX-License-Identifier: Apache-2.0
//
// Writing of the record.  A line: operator[form](arguments) -> device way kernel xN  12.3us [why].

#include "core/dispatch/record.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "core/dispatch/plan.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace detail {
std::atomic<bool> g_recording{false};
thread_local std::uint32_t t_launches = 0;
thread_local const char* t_kernel = nullptr;
}  // namespace detail

namespace {

thread_local int t_depth = 0;
thread_local std::string t_refusal;

struct CloseFile {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
struct Recorder {
  std::mutex mutex;
  std::unique_ptr<std::FILE, CloseFile> file;
  bool once = false;
  std::unordered_set<std::string> seen;
};
Recorder& recorder() {
  static Recorder* r = new Recorder;
  return *r;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string tensor_text(fg_tensor_handle t) {
  if (t == nullptr) return "NULL";
  std::string text(dtype_name(t->desc.dtype));
  text += '[';
  for (int d = 0; d < t->desc.ndim; ++d) text += fmt::format("{}{}", d == 0 ? "" : ",", t->shape[d]);
  text += ']';
  if ((t->desc.flags & FG_T_DENSE) == 0) {
    text += '@';
    for (int d = 0; d < t->desc.ndim; ++d) text += fmt::format("{}{}", d == 0 ? "" : ",", t->stride[d]);
  }
  return text;
}

std::string value_text(const fg_value& v) {
  switch (v.tag) {
    case FG_V_TENSOR: return tensor_text(v.v.tensor);
    case FG_V_TENSORS: {
      std::string text;
      for (std::uint32_t k = 0; k < v.n; ++k) text += (k == 0 ? "" : " ") + tensor_text(v.v.tensors[k]);
      return '(' + text + ')';
    }
    case FG_V_BOOL: return v.v.i != 0 ? "true" : "false";
    case FG_V_INT: return std::to_string(v.v.i);
    case FG_V_FLOAT: return fmt::format("{}", v.v.f);
    case FG_V_DIMS: {
      std::string text;
      for (std::uint32_t k = 0; k < v.n; ++k) text += fmt::format("{}{}", k == 0 ? "" : ",", v.v.dims[k]);
      return '[' + text + ']';
    }
    case FG_V_STRING: return v.v.text != nullptr ? v.v.text : "";
    case FG_V_DTYPE: return std::string(dtype_name(static_cast<fg_dtype>(v.v.i)));
    case FG_V_GENERATOR: return "generator";
    default: return "none";
  }
}

std::string call_text(const Call& c) {
  static constexpr const char* kForms[] = {"", "_", ".out"};
  std::string text(c.op.name);
  text += kForms[static_cast<int>(c.form)];
  text += '(';
  for (std::size_t i = 0; i < c.args.size() && i < c.op.args.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", c.op.args[i].name, value_text(c.args[i]));
  }
  for (std::size_t i = 0; c.form == Form::out && i < c.outs.size(); ++i) {
    text += fmt::format(", {}={}", c.op.outs[i].name, tensor_text(c.outs[i]));
  }
  return text + ')';
}

void write_line(const std::string& signature, const std::string& rest) {
  const std::lock_guard lock(recorder().mutex);
  if (recorder().file == nullptr) return;
  if (recorder().once && !recorder().seen.insert(signature).second) return;
  std::fprintf(recorder().file.get(), "%s%s\n", signature.c_str(), rest.c_str());
  std::fflush(recorder().file.get());
}

}  // namespace

Result<void> start_record(const std::string& path, bool once) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "ae"));
  if (file == nullptr)
    return fail(FG_E_NOT_FOUND, fmt::format("record: cannot open {} for writing", path), FG_R_PARAMETER);
  const std::lock_guard lock(recorder().mutex);
  recorder().file = std::move(file);
  recorder().once = once;
  recorder().seen.clear();
  detail::g_recording.store(true, std::memory_order_relaxed);
  return {};
}

void stop_record() {
  const std::lock_guard lock(recorder().mutex);
  detail::g_recording.store(false, std::memory_order_relaxed);
  recorder().file.reset();
}

void note_refusal(std::string_view why) {
  if (t_depth <= 1) t_refusal = why;
}

RecordScope::RecordScope(const Call& call) : call_(call), outermost_(t_depth++ == 0) {
  if (!outermost_) return;
  detail::t_launches = 0;
  detail::t_kernel = nullptr;
  t_refusal.clear();
  begin_ns_ = now_ns();
}

RecordScope::~RecordScope() {
  --t_depth;
  if (!outermost_) return;
  const double us = static_cast<double>(now_ns() - begin_ns_) / 1000.0;
  try {
    std::string rest;
    if (failure_.empty()) {
      rest = fmt::format(" -> {} {}", device_, way_);
      if (detail::t_kernel != nullptr) rest += fmt::format(" {}", detail::t_kernel);
      rest += fmt::format(" launches={} us={:.1f}", detail::t_launches, us);
    } else {
      rest = fmt::format(" -> failed: {}", failure_);
    }
    if (!t_refusal.empty()) rest += fmt::format(" why=\"{}\"", t_refusal);
    write_line(call_text(call_), rest);
  } catch (...) {
    return;  // A record never fails a call.
  }
}

}  // namespace fg::core
