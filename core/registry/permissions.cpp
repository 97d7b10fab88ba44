// SPDX-License-Identifier: Apache-2.0
#include "core/registry/permissions.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fg::core {
namespace {

std::optional<std::string> judge(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return fmt::format("{}: {}", path, std::strerror(errno));
  if (st.st_uid != 0 && st.st_uid != ::geteuid()) {
    return fmt::format("{} belongs to user {}, expected root or user {}", path, st.st_uid, ::geteuid());
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fmt::format("{} is writable by others (mode {:04o})", path, st.st_mode & 07777u);
  }
  return std::nullopt;
}

std::int64_t nanoseconds(const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

}  // namespace

std::optional<std::string> writable_by_others(const std::string& path) {
  std::string at = path;
  while (true) {
    if (auto why = judge(at)) return why;
    if (at == "/") return std::nullopt;
    const std::size_t slash = at.rfind('/');
    if (slash == std::string::npos) return fmt::format("{} is not an absolute path", path);
    at.resize(slash == 0 ? 1 : slash);
  }
}

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return std::nullopt;
  return FileStamp{st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size), nanoseconds(st.st_mtim),
                   nanoseconds(st.st_ctim)};
}

}  // namespace fg::core
