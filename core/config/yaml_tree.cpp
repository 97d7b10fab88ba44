// SPDX-License-Identifier: Apache-2.0
#include "core/config/yaml_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/catalogue/nearest.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxNodes = 100'000;

constexpr int kMaxDepth = 64;  // An alias inside its own anchor has no end.

struct TooManyNodes {};
struct TooDeep {};

YamlNode convert(const YAML::Node& in, const std::string& file, std::size_t& budget, int depth = 0) {
  if (budget == 0) throw TooManyNodes{};
  if (depth > kMaxDepth) throw TooDeep{};
  --budget;
  YamlNode out;
  out.file = file;
  out.line = in.Mark().line + 1;
  switch (in.Type()) {
    case YAML::NodeType::Scalar:
      out.kind = YamlNode::Kind::scalar;
      out.text = in.Scalar();
      break;
    case YAML::NodeType::Sequence:
      out.kind = YamlNode::Kind::list;
      for (const YAML::Node& item : in) out.items.push_back(convert(item, file, budget, depth + 1));
      break;
    case YAML::NodeType::Map:
      out.kind = YamlNode::Kind::map;
      for (const auto& member : in) {
        out.members.push_back({member.first.IsScalar() ? member.first.Scalar() : std::string("?"),
                               member.first.Mark().line + 1, convert(member.second, file, budget, depth + 1)});
      }
      break;
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined: break;
  }
  return out;
}

Result<void> no_duplicate_keys(const YamlNode& node) {
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (node.members[i].key == node.members[j].key) {
        return invalid(fmt::format("{}:{}: {} is given twice, first in line {}", node.file, node.members[i].line,
                                   node.members[i].key, node.members[j].line));
      }
    }
    FG_TRY(no_duplicate_keys(node.members[i].value));
  }
  for (const YamlNode& item : node.items) FG_TRY(no_duplicate_keys(item));
  return {};
}

std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a map";
    case YamlNode::Kind::scalar: break;
  }
  return "'" + node.text.substr(0, 60) + "'";
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto it = std::find_if(members.begin(), members.end(), [&](const YamlMember& m) { return m.key == key; });
  return it == members.end() ? nullptr : &it->value;
}

std::string YamlNode::where() const { return fmt::format("{}:{}", file, line); }

tl::unexpected<Error> YamlNode::complain(std::string_view what) const {
  return invalid(fmt::format("{}: {}", where(), what));
}

Result<void> YamlNode::expect_keys(std::initializer_list<std::string_view> known) const {
  if (kind == Kind::null) return {};
  if (kind != Kind::map) return complain(fmt::format("expected a map, not {}", shown(*this)));
  for (const YamlMember& m : members) {
    if (std::find(known.begin(), known.end(), m.key) == known.end()) {
      return invalid(fmt::format("{}:{}: unknown key {}{}", file, m.line, m.key, did_you_mean(m.key, known)));
    }
  }
  return {};
}

Result<std::string> YamlNode::as_text() const {
  if (kind != Kind::scalar) return complain(fmt::format("expected text, not {}", shown(*this)));
  return text;
}

Result<bool> YamlNode::as_bool() const {
  if (kind == Kind::scalar && text == "true") return true;
  if (kind == Kind::scalar && text == "false") return false;
  return complain(fmt::format("expected true or false, not {}", shown(*this)));
}

Result<double> YamlNode::as_number(double min, double max) const {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (kind != Kind::scalar || parsed.ec != std::errc{} || parsed.ptr != end || !std::isfinite(value) || value < min ||
      value > max) {
    return complain(fmt::format("expected a number between {} and {}, not {}", min, max, shown(*this)));
  }
  return value;
}

Result<std::int64_t> YamlNode::as_integer(std::int64_t min, std::int64_t max) const {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (kind != Kind::scalar || parsed.ec != std::errc{} || parsed.ptr != end || value < min || value > max) {
    return complain(fmt::format("expected a whole number between {} and {}, not {}", min, max, shown(*this)));
  }
  return value;
}

Result<std::uint64_t> YamlNode::as_bytes() const {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> kUnits{{{"", 1},
                                                                              {"B", 1},
                                                                              {"kB", 1000},
                                                                              {"MB", 1000'000},
                                                                              {"GB", 1000'000'000},
                                                                              {"KiB", 1024},
                                                                              {"MiB", 1 << 20},
                                                                              {"GiB", 1 << 30},
                                                                              {"TiB", std::uint64_t{1} << 40}}};
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (kind == Kind::scalar && parsed.ec == std::errc{} && std::isfinite(value) && value >= 0) {
    std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    for (const auto& [name, factor] : kUnits) {
      const double bytes = value * static_cast<double>(factor);
      if (unit == name && bytes < 9.0e18) return static_cast<std::uint64_t>(bytes);
    }
  }
  return complain(fmt::format("expected a size such as 4096, 512 MiB or 2 GB, not {}", shown(*this)));
}

Result<std::size_t> YamlNode::as_word(std::initializer_list<std::string_view> words) const {
  const auto it = std::find(words.begin(), words.end(), text);
  if (kind == Kind::scalar && it != words.end()) return static_cast<std::size_t>(it - words.begin());
  return complain(
      fmt::format("expected {}, not {}{}", fmt::join(words, " | "), shown(*this), did_you_mean(text, words)));
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) return invalid(fmt::format("{}: more than {} bytes", file, kMaxYamlBytes));
  try {
    std::size_t budget = kMaxNodes;
    YamlNode root = convert(YAML::Load(std::string(text)), file, budget);
    if (root.line <= 0) root.line = 1;
    FG_TRY(no_duplicate_keys(root));
    return root;
  } catch (const YAML::Exception& e) {
    return invalid(fmt::format("{}:{}: not YAML: {}", file, e.mark.line + 1, e.msg));
  } catch (const TooManyNodes&) {
    return invalid(fmt::format("{}: more than {} values", file, kMaxNodes));
  } catch (const TooDeep&) {
    return invalid(fmt::format("{}: more than {} levels", file, kMaxDepth));
  }
}

Result<std::string> read_text_file(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    return fail(error == ENOENT || error == ENOTDIR ? FG_E_NOT_FOUND : FG_E_INVALID,
                fmt::format("{}: {}", path, std::strerror(error)));
  }
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    ::close(fd);
    return invalid(fmt::format("{}: not a regular file", path));
  }
  std::string text(limit + 1, '\0');
  std::size_t size = 0;
  ssize_t n = 0;
  while (size < text.size() && (n = ::read(fd, text.data() + size, text.size() - size)) > 0) {
    size += static_cast<std::size_t>(n);
  }
  ::close(fd);
  if (n < 0) return invalid(fmt::format("{}: cannot be read", path));
  text.resize(size);
  return text;
}

}  // namespace fg::core
