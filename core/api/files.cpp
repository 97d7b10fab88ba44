// SPDX-License-Identifier: Apache-2.0
//
// C API: .npy and safetensors files.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "core/api/api_call.hpp"
#include "core/tensor/npy.hpp"
#include "core/tensor/safetensors.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

struct fg_safetensors {
  SafetensorsFile file;
};

extern "C" {

fg_status fg_npy_load(const char* path, fg_device_handle device, fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(path, "npy_load", "path"));
    FG_TRY(need(out, "npy_load", "out"));
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    FG_TRY_ASSIGN(auto t, load_npy(path, d));
    *out = t.leak();
    return {};
  });
}

fg_status fg_npy_save(const char* path, fg_tensor_handle t, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(path, "npy_save", "path"));
    FG_TRY(need(t, "npy_save", "t"));
    return save_npy(path, fg::core::Tensor::share(t));
  });
}

fg_status fg_safetensors_open(const char* path, fg_safetensors** out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(path, "safetensors_open", "path"));
    FG_TRY(need(out, "safetensors_open", "out"));
    FG_TRY_ASSIGN(auto file, SafetensorsFile::open(path));
    *out = new fg_safetensors{std::move(file)};
    return {};
  });
}

uint32_t fg_safetensors_count(const fg_safetensors* file) FG_NOEXCEPT {
  return file != nullptr ? static_cast<uint32_t>(file->file.entries().size()) : 0;
}

const char* fg_safetensors_name(const fg_safetensors* file, uint32_t index) FG_NOEXCEPT {
  if (file == nullptr || index >= file->file.entries().size()) return nullptr;
  return file->file.entries()[index].name.c_str();
}

fg_status fg_safetensors_get_info(const fg_safetensors* file, uint32_t index, fg_safetensors_info* info,
                                  fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(file, "safetensors_get_info", "file"));
    FG_TRY(need(info, "safetensors_get_info", "info"));
    const auto entries = file->file.entries();
    if (index >= entries.size()) {
      return fail(FG_E_NOT_FOUND, fmt::format("safetensors_get_info: index {} of {} tensors", index, entries.size()));
    }
    const SafetensorsEntry& e = entries[index];
    fg_safetensors_info i{};
    i.dtype_name = e.dtype_name.c_str();
    i.shape = e.shape.data();
    i.bytes = e.end - e.begin;
    i.dtype = e.dtype;
    i.ndim = static_cast<int32_t>(e.shape.size());
    copy_out(info, i);
    return {};
  });
}

fg_status fg_safetensors_read(const fg_safetensors* file, const char* name, fg_device_handle device,
                              fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(file, "safetensors_read", "file"));
    FG_TRY(need(name, "safetensors_read", "name"));
    FG_TRY(need(out, "safetensors_read", "out"));
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    FG_TRY_ASSIGN(auto t, file->file.load(name, d));
    *out = t.leak();
    return {};
  });
}

void fg_safetensors_close(fg_safetensors* file) FG_NOEXCEPT { delete file; }

fg_status fg_safetensors_save(const char* path, const char* const* names, const fg_tensor_handle* tensors,
                              uint32_t count, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(path, "safetensors_save", "path"));
    if (count > 0) {
      FG_TRY(need(names, "safetensors_save", "names"));
      FG_TRY(need(tensors, "safetensors_save", "tensors"));
    }
    std::vector<NamedTensor> list;
    for (uint32_t i = 0; i < count; ++i) {
      FG_TRY(need(names[i], "safetensors_save", "a name"));
      FG_TRY(need(tensors[i], "safetensors_save", "a tensor"));
      list.push_back({names[i], fg::core::Tensor::share(tensors[i])});
    }
    return save_safetensors(path, list);
  });
}

}  // extern "C"
