// SPDX-License-Identifier: Apache-2.0

#include "conformance/worker/worker.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "conformance/golden/golden.hpp"
#include "conformance/journal/subject_json.hpp"
#include "conformance/report/case_json.hpp"
#include "conformance/runner/phase.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

// What a worker must not do to the machine, and that it does not outlive its controller.
void restrain() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGINT, SIG_IGN);  // the controller decides what Ctrl-C means
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
}

PhasePage* shared_page() {
  void* p = ::mmap(nullptr, sizeof(PhasePage), PROT_READ | PROT_WRITE, MAP_SHARED, kPageFd, 0);
  return p == MAP_FAILED ? nullptr : static_cast<PhasePage*>(p);
}

// False when nobody listens any more.
bool say(std::string line) {
  line += '\n';
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t n = ::write(kResultFd, line.data() + at, line.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

int refuse(const Error& e) {
  say(ordered_json{{"refused", {{"status", e.status}, {"message", e.message}}}}.dump(
      -1, ' ', false, ordered_json::error_handler_t::replace));
  return 0;
}

CaseResult mistake(const std::string& id, const Error& e) {
  CaseResult r;
  r.id = id;
  r.verdict = Verdict::mistrusted;
  r.text = e.message;
  return r;
}

// Ends and buries processes that the plugin started and left; how many there were.
std::size_t bury_children() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return 0;  // ECHILD: none
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
  }
  std::size_t found = 0;
  for (pid_t gone = 0; (gone = ::waitpid(-1, nullptr, 0)) > 0 || errno == EINTR;) found += gone > 0 ? 1 : 0;
  return found;
}

// A case may leave its process neither doubled nor with children.
CaseResult leave_no_process(CaseResult r, pid_t own) {
  if (::getpid() != own) ::_exit(0);  // a copy that the plugin made of this process
  const std::size_t left = bury_children();
  if (left == 0 || fails(r.verdict)) return r;
  r.verdict = Verdict::abi;
  r.text =
      "the plugin started " + std::to_string(left) + (left == 1 ? " process" : " processes") + " and left it behind";
  return r;
}

// From the name of a case to its verdict.
class Judge {
 public:
  Judge(const Device& device, std::optional<Corpus> corpus) : device_(device), corpus_(std::move(corpus)) {
    for (std::size_t i = 0; corpus_ && i < corpus_->size(); ++i) recorded_.emplace(corpus_->id(i), i);
  }
  CaseResult run(const std::string& id) const {
    if (corpus_) return run_recorded(id);
    const Result<Case> c = parse_case(id);
    return c ? run_case(device_, *c) : mistake(id, c.error());
  }

 private:
  CaseResult run_recorded(const std::string& id) const {
    const auto it = recorded_.find(id);
    if (it == recorded_.end()) return mistake(id, Error{FG_E_NOT_FOUND, "the corpus has no case of this name"});
    const Result<GoldenCase> c = corpus_->load(it->second);
    if (!c) return mistake(id, c.error());
    return run_golden(device_, *operator_of(c->op), *c);
  }

  const Device& device_;
  std::optional<Corpus> corpus_;
  std::map<std::string, std::size_t> recorded_;
};

}  // namespace

Subject subject_of(const Device& device) {
  Subject s;
  s.spec = device.spec();
  s.vendor = device.vendor();
  s.plugin_version = device.version();
  s.build_id = device.build_id();
  s.plugin_path = device.path();
  s.device = device.name();
  const fg_device_info& info = device.info();
  s.device_uuid = core::hex(info.uuid);
  s.description = info.name;
  s.arch = info.arch;
  s.driver = info.driver;
  s.flushes_subnormals = (info.caps & FG_D_DENORMALS) == 0;
  return s;
}

int run_worker(const WorkerArguments& arguments) {
  restrain();
  PhasePage* page = shared_page();
  if (page == nullptr) return refuse({FG_E_INTERNAL, "the worker was started without its controller"});
  mark_phases_in(page);
  std::optional<Corpus> corpus;
  if (!arguments.golden.empty()) {
    Result<Corpus> opened = Corpus::open(arguments.golden);
    if (!opened) return refuse(opened.error());
    corpus = std::move(*opened);
  }
  const Result<Device> device = Device::open(arguments.plugin, arguments.profile);
  if (!device) return refuse(device.error());
  const Judge judge(*device, std::move(corpus));
  const pid_t own = ::getpid();
  enter(Phase::idle);
  if (!say("{\"hello\":" + subject_to_json(subject_of(*device)) + "}")) return 0;
  for (std::string id; std::getline(std::cin, id);) {
    if (!say(to_json(leave_no_process(judge.run(id), own)))) break;
  }
  restart_clock();
  enter(Phase::leave);
  return 0;
}

}  // namespace fg::conformance
