// SPDX-License-Identifier: Apache-2.0
#include "core/registry/contact_memory.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <utility>

#include "core/registry/sha256.hpp"

namespace fg::core {
namespace {

constexpr std::string_view kFirstLine = "fg-contact 1";
constexpr std::size_t kMaxRecord = std::size_t{1} << 16;

std::span<const std::byte> bytes_of(std::string_view s) { return std::as_bytes(std::span(s.data(), s.size())); }

std::string file_name(const std::string& plugin_path) { return hex(sha256(bytes_of(plugin_path))); }

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return out;
}

template <class T>
bool number(std::string_view& text, T& out) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
  if (r.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(r.ptr - text.data()));
  return true;
}

bool read_stamp(std::string_view text, FileStamp& s) {
  return number(text, s.device) && number(text, s.inode) && number(text, s.size) && number(text, s.modified_ns) &&
         number(text, s.changed_ns) && text.empty();
}

}  // namespace

std::string format_contact(const RememberedContact& c) {
  const ContactReport& r = c.report;
  std::string out =
      fmt::format("{}\nstamp\t{} {} {} {} {}\nsha256\t{}\nsurroundings\t{}\nrefusal\t{}\nquarantine\t{}\n", kFirstLine,
                  c.stamp.device, c.stamp.inode, c.stamp.size, c.stamp.modified_ns, c.stamp.changed_ns, c.sha256,
                  c.surroundings, refusal_name(r.refusal), r.quarantine ? 1 : 0);
  out += fmt::format("text\t{}\nidentity\t{}\n", one_line(r.text), one_line(r.identity));
  for (const Notice& n : r.notices) out += fmt::format("notice\t{} {}\n", n.id, one_line(n.text));
  return out + "end\t\n";
}

std::optional<RememberedContact> parse_contact(std::string_view text) {
  RememberedContact c;
  bool first = true, end = false, stamped = false;
  while (!text.empty() && !end) {
    const std::size_t stop = text.find('\n');
    if (stop == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, stop);
    text.remove_prefix(stop + 1);
    if (std::exchange(first, false)) {
      if (line != kFirstLine) return std::nullopt;
      continue;
    }
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return std::nullopt;
    const std::string_view key = line.substr(0, tab);
    const std::string_view value = line.substr(tab + 1);
    if (key == "stamp") stamped = read_stamp(value, c.stamp);
    if (key == "sha256") c.sha256 = value;
    if (key == "surroundings") c.surroundings = value;
    if (key == "refusal") c.report.refusal = refusal_from_name(value);
    if (key == "quarantine") c.report.quarantine = value == "1";
    if (key == "text") c.report.text = value;
    if (key == "identity") c.report.identity = value;
    if (key == "notice") {
      const std::size_t space = std::min(value.find(' '), value.size());
      c.report.notices.push_back(
          {std::string(value.substr(0, space)), std::string(value.substr(std::min(space + 1, value.size())))});
    }
    end = key == "end";
  }
  if (!end || !stamped || c.sha256.size() != 64) return std::nullopt;
  return c;
}

std::string surroundings(const Environment& env) {
  std::string text;
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::getline(boot, text);
  text += "\n" FG_VERSION;
  for (const EnvVariable& v : env_variables()) {
    if (v.group == EnvGroup::observed) text += fmt::format("\n{}={}", v.name, env.get(v.name).value_or(""));
  }
  return hex(sha256(bytes_of(text)));
}

ContactMemory::ContactMemory(const std::string& folder) {
  if (folder.empty()) return;
  auto opened = CacheDir::open(folder);
  if (opened) {
    dir_.emplace(*std::move(opened));
  } else {
    complaint_ = opened.error().message;
  }
}

std::optional<RememberedContact> ContactMemory::recall(const std::string& plugin_path) const {
  if (!dir_) return std::nullopt;
  const auto bytes = dir_->read(file_name(plugin_path), kMaxRecord);
  if (!bytes) return std::nullopt;
  return parse_contact({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

void ContactMemory::remember(const std::string& plugin_path, const RememberedContact& contact) const {
  if (!dir_) return;
  // Not kept (full disk, read-only): the next start meets the plugin anew.
  (void)dir_->write(file_name(plugin_path), bytes_of(format_contact(contact)));
}

bool ContactMemory::forget(const std::string& plugin_path) const {
  if (!dir_ || !recall(plugin_path)) return false;
  dir_->remove(file_name(plugin_path));
  return true;
}

}  // namespace fg::core
