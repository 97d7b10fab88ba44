// SPDX-License-Identifier: Apache-2.0
#include "core/registry/first_contact.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <stdio_ext.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/registry/search.hpp"

extern char** environ;

namespace fg::core {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxOutput = std::size_t{1} << 16;  // kept of each stream, bytes

class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_ = ends[0];
    // Above the numbers that the child gives its own ends, even if this process has closed 0 to 2.
    constexpr int kFirstFree = 10;
    write_ = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kFirstFree);
    ::close(ends[1]);
    ::fcntl(read_, F_SETFL, O_NONBLOCK);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write();
    if (read_ >= 0) ::close(read_);
  }
  bool good() const { return read_ >= 0 && write_ >= 0; }
  int write_end() const { return write_; }
  int read_end() const { return open_ ? read_ : -1; }  // poll() ignores negative ones
  void close_write() {
    if (write_ >= 0) ::close(std::exchange(write_, -1));
  }
  void drain() {
    char block[4096];
    ssize_t n = 0;
    while ((n = ::read(read_, block, sizeof block)) > 0) {
      if (text_.size() < kMaxOutput) text_.append(block, static_cast<std::size_t>(n));
    }
    if (n == 0) open_ = false;
  }
  bool open() const { return open_; }
  const std::string& text() const { return text_; }

 private:
  int read_ = -1, write_ = -1;
  bool open_ = true;
  std::string text_;
};

struct Child {
  Pipe report, out, err;
  pid_t pid = -1;
  bool ended = false;
  bool timed_out = false;
  std::optional<int> status;  // of waitpid; nothing when somebody else reaped the child
};

// The number under which the child finds its end of the report pipe.
constexpr int kReportFd = 3;

bool spawn(Child& child, const std::string& plugin, const std::string& helper) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, child.out.write_end(), 1);
  posix_spawn_file_actions_adddup2(&actions, child.err.write_end(), 2);
  posix_spawn_file_actions_adddup2(&actions, child.report.write_end(), kReportFd);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);  // so that what it starts can be ended with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const std::string fd = std::to_string(kReportFd);
  std::array<char*, 4> argv{const_cast<char*>(helper.c_str()), const_cast<char*>(plugin.c_str()),
                            const_cast<char*>(fd.c_str()), nullptr};
  const int error = ::posix_spawn(&child.pid, helper.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0;
}

bool plain_fork(Child& child, const std::string& plugin) {
  child.pid = ::fork();
  if (child.pid > 0) ::setpgid(child.pid, child.pid);
  if (child.pid != 0) return child.pid > 0;
  ::setpgid(0, 0);
  __fpurge(stdout);  // What this process has not written yet is not the plugin's.
  __fpurge(stderr);
  ::dup2(child.out.write_end(), 1);
  ::dup2(child.err.write_end(), 2);
  _exit(meet_plugin(plugin.c_str(), child.report.write_end()));
}

// Has the child ended?  It is left to be reaped, so that its number stays its own.
void look(Child& child) {
  siginfo_t info{};
  const int r = ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT);
  if ((r == 0 && info.si_pid == child.pid) || (r < 0 && errno != EINTR)) child.ended = true;
}

void end_and_reap(Child& child) {
  ::kill(-child.pid, SIGKILL);
  int status = 0;
  pid_t r = 0;
  while ((r = ::waitpid(child.pid, &status, 0)) < 0 && errno == EINTR) {
  }
  if (r == child.pid) child.status = status;
}

// Collects until the child has ended or the time is up; then ends it and all it started.
void attend(Child& child, Clock::time_point deadline) {
  constexpr int kSlice = 20;  // ms; the end of a child closes the pipes and wakes poll() anyway
  while (!child.ended) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      child.timed_out = true;
      break;
    }
    std::array<pollfd, 3> fds{
        {{child.report.read_end(), POLLIN, 0}, {child.out.read_end(), POLLIN, 0}, {child.err.read_end(), POLLIN, 0}}};
    const bool silent = !child.report.open();
    ::poll(fds.data(), fds.size(), silent ? 1 : static_cast<int>(std::min<long long>(left, kSlice)));
    for (Pipe* p : {&child.report, &child.out, &child.err}) p->drain();
    if (silent || !child.report.open()) look(child);
  }
  end_and_reap(child);
  for (Pipe* p : {&child.report, &child.out, &child.err}) p->drain();
}

struct Lines {
  std::string stage = "its constructors";
  std::string refused, text, identity;
  bool done = false;
};

Lines parse(const std::string& report) {
  Lines lines;
  std::size_t at = 0;
  while (at < report.size()) {
    const std::size_t end = std::min(report.find('\n', at), report.size());
    const std::string_view line = std::string_view(report).substr(at, end - at);
    at = end + 1;
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, tab), value = line.substr(tab + 1);
    if (key == "stage") lines.stage = value;
    if (key == "refused") lines.refused = value;
    if (key == "text") lines.text = value;
    if (key == "identity") lines.identity.append(value).append(";");
    if (key == "done") lines.done = true;
  }
  return lines;
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, std::min<std::size_t>(text.find('\n'), 120));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return line;
}

void set(ContactReport& report, Refusal refusal, std::string text, bool quarantine) {
  report.refusal = refusal;
  report.text = std::move(text);
  report.quarantine = quarantine;
}

// The child reported to the end.
void judge_finished(ContactReport& report, const Lines& lines, const Child& child) {
  const Refusal refusal = refusal_from_name(lines.refused);
  if (refusal == Refusal::threw) {
    set(report, refusal, fmt::format("threw an exception out of {}: {}", lines.stage, lines.text), true);
  } else if (refusal != Refusal::none) {
    set(report, refusal, lines.text, false);
  } else if (!child.out.text().empty()) {
    set(report, Refusal::printed, fmt::format("prints to standard output: '{}'", first_line(child.out.text())), false);
  } else if (!child.err.text().empty()) {
    report.notices.push_back({"STDERR", fmt::format("prints to standard error: '{}'", first_line(child.err.text()))});
  }
}

// The child ended before its report did.
void judge_fallen(ContactReport& report, const Lines& lines, const Child& child) {
  if (!child.status) {
    report.conclusive = false;
    set(report, Refusal::crashed, fmt::format("ended in {}", lines.stage), false);
  } else if (WIFSIGNALED(*child.status)) {
    const int signal = WTERMSIG(*child.status);
    const bool from_outside = signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
    report.conclusive = !from_outside;
    set(report, Refusal::crashed,
        fmt::format("crashed in {}: {} (signal {})", lines.stage, ::strsignal(signal), signal), !from_outside);
  } else {
    set(report, Refusal::exited,
        fmt::format("ended the process in {} with status {}", lines.stage, WEXITSTATUS(*child.status)), true);
  }
}

}  // namespace

ContactReport first_contact(const std::string& plugin_path, const ContactOptions& options) {
  ContactReport report;
  Child child;
  const bool started =
      child.report.good() && child.out.good() && child.err.good() &&
      (options.helper.empty() ? plain_fork(child, plugin_path) : spawn(child, plugin_path, options.helper));
  if (!started) {
    report.conclusive = false;
    report.notices.push_back({"NO_FIRST_CONTACT", fmt::format("no child process could be started for first contact: {}",
                                                              std::strerror(errno))});
    return report;
  }
  for (Pipe* p : {&child.report, &child.out, &child.err}) p->close_write();
  attend(child, Clock::now() + options.timeout);
  const Lines lines = parse(child.report.text());
  report.identity = lines.identity;
  if (lines.done) {
    judge_finished(report, lines, child);
  } else if (child.timed_out) {
    // Without the helper the child has this process's locks and may wait for one for ever.
    report.conclusive = !options.helper.empty();
    set(report, Refusal::hung, fmt::format("hung in {}: no answer within {} ms", lines.stage, options.timeout.count()),
        report.conclusive);
  } else {
    judge_fallen(report, lines, child);
  }
  return report;
}

std::string find_contact_helper() {
  const std::string beside = core_folder();
  if (beside.empty()) return {};
  const std::string parent = beside.substr(0, beside.rfind('/'));
  const std::string grandparent = parent.substr(0, parent.rfind('/'));  // lib/<triplet>/libfg_core.so
  for (const std::string& folder :
       {beside + "/fg", parent + "/libexec/fg", parent + "/lib/fg", grandparent + "/libexec/fg"}) {
    const std::string path = folder + "/fg-probe";
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

}  // namespace fg::core
