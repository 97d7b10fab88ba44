// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/greeting.hpp"

#include <nlohmann/json.hpp>

#include "conformance/controller/process.hpp"
#include "conformance/journal/subject_json.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

constexpr int kPollMilliseconds = 100;

Error refusal_of(const ordered_json& refused) {
  Error e{FG_E_INTERNAL, "the worker refused without a reason"};
  if (refused.is_object() && refused.value("message", "") != "") e.message = refused.value("message", "");
  if (refused.is_object()) e.status = static_cast<fg_status>(refused.value("status", FG_E_INTERNAL));
  return e;
}

}  // namespace

Result<std::optional<Subject>> greeting_of(const std::string& line) {
  const ordered_json j = ordered_json::parse(line, nullptr, false);
  if (j.is_object() && j.contains("refused")) return tl::unexpected(refusal_of(j["refused"]));
  if (!j.is_object() || !j.contains("hello")) return std::optional<Subject>();
  FG_TRY_ASSIGN(Subject subject, subject_from_json(j["hello"].dump()));
  return std::optional<Subject>(std::move(subject));
}

Result<Subject> seen_by_another_process(const WorkerArguments& arguments, std::chrono::seconds patience) {
  FG_TRY_ASSIGN(const std::unique_ptr<WorkerProcess> process, WorkerProcess::start(arguments));
  process->finish();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    std::vector<pollfd> wanted;
    process->add_to(wanted);
    ::poll(wanted.data(), wanted.size(), kPollMilliseconds);
    process->pump();
    for (const std::string& line : process->take_lines()) {
      FG_TRY_ASSIGN(std::optional<Subject> subject, greeting_of(line));
      if (subject) return std::move(*subject);
      return fail(FG_E_INTERNAL, "another process answered '" + line.substr(0, 100) + "'");
    }
    if (process->ended())
      return fail(FG_E_INTERNAL, "another process that opened the plugin ended: " + ending_text(*process->ended()));
  }
  return fail(FG_E_TIMEOUT, "another process did not open the plugin in " + std::to_string(patience.count()) + " s");
}

}  // namespace fg::conformance
