// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/source.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/kernel_files.hpp"

namespace fg::gpu {
namespace {

constexpr std::string_view kParamWords[] = {"i32", "u32", "i64", "u64", "f32", "f64", "idx"};

std::uint32_t param_size(const Source& s, ParamType type) {
  switch (type) {
    case ParamType::i64:
    case ParamType::u64:
    case ParamType::f64: return 8;
    case ParamType::idx: return s.wide_index ? 8 : 4;
    default: return 4;
  }
}

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

Result<Param> parse_param(std::string_view line) {
  const std::string_view type = next_word(line);
  std::string_view name = next_word(line);
  const auto* word = std::find(std::begin(kParamWords), std::end(kParamWords), type);
  if (word == std::end(kParamWords)) return invalid("unknown parameter type \"" + std::string(type) + "\"");
  Param p{static_cast<ParamType>(word - std::begin(kParamWords)), std::string(name), 1};
  if (const std::size_t open = name.find('['); open != std::string_view::npos) {
    p.name = name.substr(0, open);
    std::from_chars(name.data() + open + 1, name.data() + name.size(), p.count);
  }
  if (p.name.empty() || p.count == 0) return invalid("a parameter without a name or a length");
  return p;
}

// One "//@" line; switches `section` where it begins one.
Result<void> directive(Source& s, std::string_view line, std::string*& section, std::span<const fg_dtype> dtypes) {
  const std::string_view word = next_word(line);
  if (word == "shared") {
    section = &s.shared;
  } else if (word == "functions") {
    section = &s.functions;
  } else if (word == "main") {
    section = &s.body;
  } else if (word == "param") {
    FG_TRY_ASSIGN(Param p, parse_param(line));
    s.params.push_back(std::move(p));
  } else if (word == "in" || word == "out" || word == "inout") {
    if (s.buffers.size() == dtypes.size()) return invalid("more buffers than dtypes were given");
    const Access access = word == "in" ? Access::read : word == "out" ? Access::write : Access::both;
    s.buffers.push_back({std::string(next_word(line)), dtypes[s.buffers.size()], access});
  } else if (word != "check") {  // for the plugins' checks of all kernel files
    return invalid("unknown directive //@" + std::string(word));
  }
  return {};
}

template <class T>
void put(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

void put_value(std::byte* to, ParamType type, std::uint32_t bytes, const Value& v) {
  if (type == ParamType::f32) {
    put(to, static_cast<float>(v.f));
  } else if (type == ParamType::f64) {
    put(to, v.f);
  } else if (bytes == 4) {
    put(to, static_cast<std::int32_t>(v.i));
  } else {
    put(to, v.i);
  }
}

}  // namespace

std::string_view storage_word(fg_dtype dtype) { return dtype == FG_BOOL ? "b8" : dtype_name(dtype); }

std::string_view compute_word(fg_dtype dtype) {
  constexpr std::string_view kWords[] = {"bool", "i32", "i64", "f32", "f64"};
  return kWords[compute_type(dtype)];
}

std::string_view param_word(ParamType type) { return kParamWords[static_cast<std::size_t>(type)]; }

Result<Source> parse_source(std::string_view name, std::string_view text, std::span<const fg_dtype> dtypes) {
  Source s;
  s.name = name;
  std::string* section = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.substr(0, 3) == "//@") {
      if (auto r = directive(s, line.substr(3), section, dtypes); !r) {
        return tl::unexpected(std::move(r).error().while_doing("kernel " + s.name));
      }
    } else if (section != nullptr) {
      section->append(line).push_back('\n');
    }
  }
  if (s.buffers.size() != dtypes.size()) {
    return invalid("kernel " + s.name + ": " + std::to_string(dtypes.size()) + " dtypes for " +
                   std::to_string(s.buffers.size()) + " buffers");
  }
  s.uses_f64 = std::any_of(dtypes.begin(), dtypes.end(), [](fg_dtype d) { return d == FG_F64; });
  return s;
}

Result<Source> source_of(std::string_view name, std::span<const fg_dtype> dtypes) {
  for (const KernelFile& file : kernel_files()) {
    if (file.name == name) return parse_source(name, file.text, dtypes);
  }
  return fail(FG_E_INTERNAL, "no kernel file named " + std::string(name));
}

std::string source_key(const Source& s) {
  std::string key = s.name + "\n" + std::to_string(s.group_size) + (s.wide_index ? " wide" : "") +
                    (s.uses_f64 ? " f64" : "") + (s.divides ? "" : " roughly") + (s.busy ? " busy" : "") +
                    (s.own ? " own\n" : "\n");
  for (const BufferArg& b : s.buffers) {
    key += b.name + " " + std::to_string(b.dtype) + " " + std::to_string(static_cast<int>(b.access)) + "\n";
  }
  for (const Param& p : s.params) {
    key += std::string(param_word(p.type)) + " " + p.name + " " + std::to_string(p.count) + "\n";
  }
  for (const auto& [name, value] : s.defines) key += name + "=" + value + "\n";
  for (const Source* part : s.parts) key += std::to_string(s.most_rounds) + " of\n" + source_key(*part) + "\f\f";
  return key + s.shared + "\f" + s.functions + "\f" + s.body;
}

std::uint32_t params_bytes(const Source& s) {
  std::uint32_t at = 0;
  for (const Param& p : s.params) {
    const std::uint32_t size = param_size(s, p.type);
    at = (at + size - 1) / size * size + size * p.count;
  }
  return at;
}

Result<std::vector<std::byte>> pack_params(const Source& s, std::span<const Value> values) {
  std::vector<std::byte> bytes(params_bytes(s));
  std::size_t wanted = 0;
  for (const Param& p : s.params) wanted += p.count;
  if (values.size() != wanted) {
    return fail(FG_E_INTERNAL, "kernel " + s.name + ": " + std::to_string(values.size()) +
                                   " values for its parameters, expected " + std::to_string(wanted));
  }
  std::size_t next = 0;
  std::uint32_t at = 0;
  for (const Param& p : s.params) {
    const std::uint32_t size = param_size(s, p.type);
    at = (at + size - 1) / size * size;
    for (std::uint32_t k = 0; k < p.count; ++k, at += size) put_value(bytes.data() + at, p.type, size, values[next++]);
  }
  return bytes;
}

}  // namespace fg::gpu
