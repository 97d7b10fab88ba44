// SPDX-License-Identifier: Apache-2.0

#include "bench/peer_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "bench/case_json.hpp"

extern char** environ;

namespace fg::bench {
namespace {

using Json = nlohmann::json;

// One case with its allocation and warm-up may take long; nothing takes longer than this.
constexpr int kAnswerMs = 300'000;
constexpr auto kLeaveTime = std::chrono::seconds(1);

double number(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<double>() : 0;
}

auto broken(const std::string& why) { return fail(FG_E_STATE, why); }

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<PeerProcess> PeerProcess::start(const std::string& command, int threads, double seconds_a_case) {
  int down[2];
  int up[2];
  if (::pipe2(down, O_CLOEXEC) != 0) return broken("peer: no pipe: " + std::string(std::strerror(errno)));
  if (::pipe2(up, O_CLOEXEC) != 0) {
    ::close(down[0]), ::close(down[1]);
    return broken("peer: no pipe: " + std::string(std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string text = command;
  char* const argv[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(down[0]), ::close(up[1]);
  if (failed != 0) {
    ::close(down[1]), ::close(up[0]);
    return broken("peer: cannot run /bin/sh: " + std::string(std::strerror(failed)));
  }
  ::signal(SIGPIPE, SIG_IGN);  // A peer that dies is an answer, not the end of this program.
  PeerProcess peer(pid, down[1], up[0]);
  const Json hello{{"hello", {{"threads", threads}, {"seconds", seconds_a_case}}}};
  FG_TRY_ASSIGN(const std::string answer, peer.ask(hello.dump()));
  const Json j = Json::parse(answer, nullptr, false);
  if (!j.is_object() || !j.contains("peer") || !j["peer"].is_string())
    return broken("peer: '" + command + "' answered '" + answer.substr(0, 80) + R"(', expected {"peer": name})");
  peer.name_ = j["peer"].get<std::string>();
  return peer;
}

PeerProcess::PeerProcess(PeerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      to_(std::exchange(other.to_, -1)),
      from_(std::exchange(other.from_, -1)),
      name_(std::move(other.name_)),
      failure_(std::move(other.failure_)),
      buffer_(std::move(other.buffer_)),
      left_out_(other.left_out_) {}

PeerProcess::~PeerProcess() {
  if (pid_ < 0) return;
  ::close(to_);
  ::close(from_);
  for (const auto end = Clock::now() + kLeaveTime; Clock::now() < end;) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<std::string> PeerProcess::ask(const std::string& line) {
  write_all(to_, line + "\n");  // When nobody reads it any more, what was said before tells why.
  while (true) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string answer = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return answer;
    }
    pollfd p{from_, POLLIN, 0};
    const int ready = ::poll(&p, 1, kAnswerMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return broken("peer: no answer within " + std::to_string(kAnswerMs / 1000) + " s");
    char chunk[4096];
    const ssize_t n = ::read(from_, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return broken("peer: it ended without an answer");
    buffer_.append(chunk, static_cast<std::size_t>(n));
  }
}

std::optional<PeerResult> PeerProcess::measure(const Case& c) {
  if (!failure_.empty()) return std::nullopt;
  const auto answer = ask(case_json(c));
  if (!answer) {
    failure_ = answer.error().message;
    return std::nullopt;
  }
  const Json j = Json::parse(*answer, nullptr, false);
  PeerResult r;
  r.peer = name_;
  r.case_name = c.name;
  if (j.is_object()) {
    r.times = {.p20 = number(j, "p20_ns"), .p50 = number(j, "p50_ns"), .p80 = number(j, "p80_ns")};
    r.times.samples = static_cast<std::int64_t>(number(j, "samples"));
    r.times.calls = static_cast<std::int64_t>(number(j, "calls"));
  }
  if (r.times.p50 <= 0) {
    ++left_out_;
    return std::nullopt;
  }
  r.tflops = c.flops / r.times.p50 * 1e-3;
  return r;
}

}  // namespace fg::bench
