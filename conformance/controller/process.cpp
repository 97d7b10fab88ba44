// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

extern char** environ;

namespace fg::conformance {
namespace {

constexpr std::size_t kKeptOutput = 4096;                // of stdout and stderr, bytes
constexpr std::size_t kMaxLine = std::size_t{16} << 20;  // of a result; a worker gone wild writes more
constexpr std::chrono::seconds kGrace{2};                // between SIGTERM and SIGKILL

// Above the numbers that the child gives its own ends, even if this process has closed 0 to 4.
constexpr int kFirstFree = 10;
int high(int fd) {
  if (fd < 0) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
  ::close(fd);
  return moved;
}

struct Ends {
  Descriptor read, write;
};
std::optional<Ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Ends{Descriptor(high(ends[0])), Descriptor(high(ends[1]))};
}

void never_wait(const Descriptor& d) { ::fcntl(d.get(), F_SETFL, ::fcntl(d.get(), F_GETFL) | O_NONBLOCK); }

// What the child finds under 0 to 4.
struct ChildEnds {
  int names, output, results, page;
};

// This process's environment with `changes`, which are "NAME=value".
std::vector<char*> environment_with(const std::vector<std::string>& changes) {
  std::vector<char*> all;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view entry(*e);
    const auto replaces = [&](const std::string& c) {
      return entry.substr(0, c.find('=') + 1) == c.substr(0, c.find('=') + 1);
    };
    if (std::none_of(changes.begin(), changes.end(), replaces)) all.push_back(*e);
  }
  for (const std::string& c : changes) all.push_back(const_cast<char*>(c.c_str()));
  all.push_back(nullptr);
  return all;
}

pid_t spawn(const WorkerArguments& arguments, const ChildEnds& ends) {
  std::vector<std::string> words{"fg-conformance", "worker", "--profile", arguments.profile};
  if (!arguments.plugin.empty()) words.insert(words.end(), {"--plugin", arguments.plugin});
  if (!arguments.golden.empty()) words.insert(words.end(), {"--golden", arguments.golden});
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::vector<char*> environment = environment_with(arguments.environment);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  const std::array<std::pair<int, int>, 5> moves{
      {{ends.names, 0}, {ends.output, 1}, {ends.output, 2}, {ends.results, kResultFd}, {ends.page, kPageFd}}};
  for (const auto& [from, to] : moves) posix_spawn_file_actions_adddup2(&actions, from, to);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);  // so that what it starts can be ended with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -1;
}

PhasePage* make_page(Descriptor& fd) {
  fd = Descriptor(high(::memfd_create("fg-conformance", MFD_CLOEXEC)));
  if (fd.get() < 0 || ::ftruncate(fd.get(), sizeof(PhasePage)) != 0) return nullptr;
  void* p = ::mmap(nullptr, sizeof(PhasePage), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  return p == MAP_FAILED ? nullptr : new (p) PhasePage();
}

}  // namespace

void Descriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string ending_text(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit status " + std::to_string(WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  const char* abbreviation = sigabbrev_np(signal);
  const char* words = sigdescr_np(signal);
  std::string text = std::string("SIG") + (abbreviation != nullptr ? abbreviation : std::to_string(signal).c_str());
  if (words != nullptr) text += std::string(" (") + words + ")";
  return text;
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const WorkerArguments& arguments) {
  std::unique_ptr<WorkerProcess> w(new WorkerProcess());
  std::optional<Ends> names = make_pipe(), results = make_pipe(), output = make_pipe();
  Descriptor page;
  w->page_ = make_page(page);
  if (!names || !results || !output || w->page_ == nullptr)
    return fail(FG_E_INTERNAL, std::string("cannot make a worker's pipes: ") + std::strerror(errno));
  w->pid_ = spawn(arguments, {names->read.get(), output->write.get(), results->write.get(), page.get()});
  if (w->pid_ < 0) return fail(FG_E_INTERNAL, "cannot start a worker process");
  w->started_ = std::chrono::steady_clock::now();
  w->names_ = std::move(names->write);
  w->results_ = std::move(results->read);
  w->output_ = std::move(output->read);
  w->pid_fd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, w->pid_, 0)));
  for (const Descriptor* d : {&w->names_, &w->results_, &w->output_}) never_wait(*d);
  return w;
}

WorkerProcess::~WorkerProcess() {
  end();
  if (page_ != nullptr) ::munmap(page_, sizeof(PhasePage));
}

void WorkerProcess::send(const std::string& id) {
  unsent_.append(id).append("\n");
  write_names();
}

void WorkerProcess::finish() {
  finishing_ = true;
  write_names();
}

void WorkerProcess::end() {
  if (pid_ < 0) return;
  if (!ended_) {
    ::kill(-pid_, SIGTERM);
    pollfd gone{pid_fd_.get(), POLLIN, 0};
    if (::poll(&gone, 1, static_cast<int>(std::chrono::milliseconds(kGrace).count())) == 0) ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ended_ = status;
  }
  ::kill(-pid_, SIGKILL);  // children that it left behind
  pid_ = -1;
}

void WorkerProcess::add_to(std::vector<pollfd>& wanted) const {
  if (results_open_) wanted.push_back({results_.get(), POLLIN, 0});
  if (output_.get() >= 0) wanted.push_back({output_.get(), POLLIN, 0});
  if (!unsent_.empty()) wanted.push_back({names_.get(), POLLOUT, 0});
  wanted.push_back({pid_fd_.get(), POLLIN, 0});
}

void WorkerProcess::pump() {
  write_names();
  read_output();
  read_results();
  reap();
}

std::vector<std::string> WorkerProcess::take_lines() { return std::exchange(lines_, {}); }

std::chrono::nanoseconds WorkerProcess::busy_for() const {
  const auto now = std::chrono::steady_clock::now();
  if (begun() == 0) return now - started_;
  return now.time_since_epoch() - std::chrono::nanoseconds(page_->begun_at_ns.load());
}

void WorkerProcess::write_names() {
  while (!unsent_.empty() && names_.get() >= 0) {
    const ssize_t n = ::write(names_.get(), unsent_.data(), unsent_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;  // full, or the worker is gone, which reap() sees
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
  if (finishing_ && unsent_.empty()) names_.close();
}

void WorkerProcess::read_results() {
  std::array<char, 1 << 16> block;
  ssize_t n = 0;
  while ((n = ::read(results_.get(), block.data(), block.size())) > 0) {
    partial_.append(block.data(), static_cast<std::size_t>(n));
    if (partial_.size() > kMaxLine && partial_.find('\n') == std::string::npos) partial_.clear();
  }
  if (n == 0) results_open_ = false;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = partial_.find('\n', at)) != std::string::npos; at = end + 1)
    lines_.push_back(partial_.substr(at, end - at));
  partial_.erase(0, at);
}

void WorkerProcess::read_output() {
  std::array<char, 1 << 16> block;
  // A few blocks at a time: a worker that floods must not keep the controller from the others.
  for (int k = 0; k < 16; ++k) {
    const ssize_t n = ::read(output_.get(), block.data(), block.size());
    if (n == 0) output_.close();
    if (n <= 0) return;
    said_bytes_ += static_cast<std::uint64_t>(n);
    said_.append(block.data(), static_cast<std::size_t>(n));
    if (said_.size() > kKeptOutput) said_.erase(0, said_.size() - kKeptOutput);
  }
}

void WorkerProcess::reap() {
  if (ended_ || pid_ < 0) return;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
  read_results();  // what it wrote before it ended
  read_output();
  ended_ = status;
}

}  // namespace fg::conformance
