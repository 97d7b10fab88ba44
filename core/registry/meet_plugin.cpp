// SPDX-License-Identifier: Apache-2.0
//
// The child's side of first contact.  Report lines, each "key<TAB>value": stage, refused, text,
// notice, identity, done.  Everything here may end in a crash: lines are written as they come.

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "core/registry/first_contact.hpp"
#include "core/registry/loader.hpp"

namespace fg::core {
namespace {

int g_fd = -1;

void say(const char* key, std::string_view value) {
  std::string line = std::string(key) + "\t";
  for (const char c : value.substr(0, 1000)) line += (c == '\n' || c == '\t' || c == '\r') ? ' ' : c;
  line += '\n';
  std::size_t at = 0;
  while (at < line.size()) {
    const ssize_t n = ::write(g_fd, line.data() + at, line.size() - at);
    if (n <= 0) _exit(3);
    at += static_cast<std::size_t>(n);
  }
}

int refused(const Problem& problem) {
  say("refused", refusal_name(problem.refusal));
  say("text", problem.text);
  say("done", "");
  return 1;
}

[[noreturn]] void on_terminate() {
  std::string what = "something that is no std::exception";
  try {
    if (const std::exception_ptr e = std::current_exception()) std::rethrow_exception(e);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  say("refused", refusal_name(Refusal::threw));
  say("text", what);
  say("done", "");
  _exit(1);
}

// A crash must end the process by its signal (sanitizers and crash handlers would hide it) and
// leave no core file behind.
void bare_process() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT}) std::signal(signal, SIG_DFL);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  std::set_terminate(&on_terminate);
}

// What the core lends during first contact: memory and a deaf log.
struct BareHost {
  static void FG_CALL log(void*, std::int32_t, const char*, std::int32_t, const char*) FG_NOEXCEPT {}
  static void* FG_CALL mem_alloc(void*, std::size_t bytes, std::size_t align) FG_NOEXCEPT {
    void* p = nullptr;
    const std::size_t a = align < sizeof(void*) ? sizeof(void*) : align;
    return ::posix_memalign(&p, a, bytes == 0 ? 1 : bytes) == 0 ? p : nullptr;
  }
  static void FG_CALL mem_free(void*, void* p, std::size_t) FG_NOEXCEPT { std::free(p); }
  static fg_status FG_CALL config_get(void*, const char*, char*, std::size_t*) FG_NOEXCEPT { return FG_E_NOT_FOUND; }
  static fg_status FG_CALL blob_get(void*, const void*, std::size_t, void*, std::size_t*) FG_NOEXCEPT {
    return FG_E_NOT_FOUND;
  }
  static fg_status FG_CALL blob_put(void*, const void*, std::size_t, const void*, std::size_t) FG_NOEXCEPT {
    return FG_OK;
  }
  static std::uint64_t FG_CALL span_begin(void*, const char*) FG_NOEXCEPT { return 0; }
  static void FG_CALL span_end(void*, std::uint64_t) FG_NOEXCEPT {}
};
const fg_host kBareHost{{sizeof(fg_host), 0, nullptr},
                        nullptr,
                        &BareHost::log,
                        &BareHost::mem_alloc,
                        &BareHost::mem_free,
                        &BareHost::config_get,
                        &BareHost::blob_get,
                        &BareHost::blob_put,
                        &BareHost::span_begin,
                        &BareHost::span_end};

Judged<void> list_devices(const fg_api& api, fg_instance* instance, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    say("stage", "device_info");
    const auto info = device_info_of(api, instance, i);
    if (!info) return tl::unexpected(info.error());
    std::string identity;
    for (const std::uint8_t b : info->uuid) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", b);
      identity += digits;
    }
    say("identity", identity + " " + info->driver);
    say("stage", "claims");
    if (const auto claims = claim_array(api, instance, i); !claims) return tl::unexpected(claims.error());
  }
  return {};
}

}  // namespace

int meet_plugin(const char* plugin_path, int fd) {
  g_fd = fd;
  bare_process();
  say("stage", "its constructors or fg_plugin_query_v1");
  const auto opened = open_plugin(plugin_path, kBareHost);
  if (!opened) return refused(opened.error());
  say("stage", "probe");
  const auto count = probe_devices(opened->api, kBareHost);
  if (!count) return refused(count.error());
  say("stage", "create");
  const auto instance = create_instance(opened->api, kBareHost);
  if (!instance) return refused(instance.error());
  if (const auto listed = list_devices(opened->api, *instance, *count); !listed) return refused(listed.error());
  say("stage", "destroy");
  fg_error error = fresh_error();
  opened->api.destroy(*instance, &error);
  say("done", "");
  return 0;
}

}  // namespace fg::core
