// SPDX-License-Identifier: Apache-2.0

#include "conformance/journal/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "conformance/journal/subject_json.hpp"
#include "conformance/report/case_json.hpp"
#include "core/registry/sha256.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kChainKey = ",\"chain\":\"";
constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kTail = kChainKey.size() + kHexDigits + 2;  // and "}

std::string chain_after(std::string_view previous, std::string_view body) {
  return core::hex(core::sha256_of_parts({std::as_bytes(std::span(previous)), std::as_bytes(std::span(body))}));
}

// A line is its body, the object without the chain, with the chain put before the last brace.
std::string with_chain(std::string_view body, std::string_view chain) {
  std::string line(body.substr(0, body.size() - 1));
  return line.append(kChainKey).append(chain).append("\"}\n");
}

struct Line {
  std::string body, chain;
};
Result<Line> split(std::string_view line) {
  if (line.size() < kTail + 1 || line.substr(line.size() - kTail, kChainKey.size()) != kChainKey ||
      line.substr(line.size() - 2) != "\"}")
    return invalid("has no chain at its end");
  return Line{std::string(line.substr(0, line.size() - kTail)) + "}",
              std::string(line.substr(line.size() - 2 - kHexDigits, kHexDigits))};
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string head_body(const Subject& subject) {
  return R"({"journal":1,"started":")" + now_utc() + R"(","subject":)" + subject_to_json(subject) + "}";
}

Result<void> read_head(const std::string& body, Journal& journal) {
  const ordered_json j = ordered_json::parse(body, nullptr, false);
  if (!j.is_object() || !j.contains("journal") || !j.contains("subject") || !j.contains("started") ||
      !j["started"].is_string())
    return invalid("is not the head of a journal of fg-conformance");
  if (j["journal"] != 1) return invalid("has journal format " + j["journal"].dump() + ", this suite reads 1");
  journal.started = j["started"].get<std::string>();
  FG_TRY_ASSIGN(journal.report.subject, subject_from_json(j["subject"].dump()));
  return {};
}

Result<void> read_end(const ordered_json& end, Journal& journal) {
  Report& r = journal.report;
  const auto seconds = end.find("seconds"), interrupted = end.find("interrupted"), left_out = end.find("left_out");
  if (seconds == end.end() || !seconds->is_number() || interrupted == end.end() || !interrupted->is_boolean() ||
      left_out == end.end() || !left_out->is_object())
    return invalid("is no end of a run: seconds, interrupted and left_out were expected");
  r.seconds += seconds->get<double>();
  r.interrupted = interrupted->get<bool>();
  r.left_out.clear();
  for (const auto& [op, n] : left_out->items()) {
    if (!n.is_number_unsigned()) return invalid("left_out of '" + op + "' is no number of cases");
    r.left_out[op] = n.get<std::size_t>();
  }
  journal.ended = true;
  return {};
}

Result<void> read_line(const std::string& body, Journal& journal) {
  journal.ended = false;
  if (body.rfind("{\"end\":", 0) == 0) {
    const ordered_json j = ordered_json::parse(body, nullptr, false);
    if (!j.is_object() || !j["end"].is_object()) return invalid("is no JSON object");
    return read_end(j["end"], journal);
  }
  FG_TRY_ASSIGN(CaseResult r, case_from_json(body));
  journal.report.results.push_back(std::move(r));
  return {};
}

Result<void> take_line(std::string_view text, Journal& journal) {
  FG_TRY_ASSIGN(const Line line, split(text));
  if (line.chain != chain_after(journal.head, line.body))
    return invalid("does not follow from the lines before it: the journal was changed after it was written");
  FG_TRY(journal.lines == 0 ? read_head(line.body, journal) : read_line(line.body, journal));
  journal.head = line.chain;
  ++journal.lines;
  return {};
}

std::string system_error() { return std::strerror(errno); }

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(FG_E_INTERNAL, "cannot write the journal " + path + ": " + system_error());
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<Journal> parse_journal(std::string_view text) {
  Journal journal;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find('\n', at)) != std::string_view::npos; at = end + 1) {
    if (Result<void> taken = take_line(text.substr(at, end - at), journal); !taken)
      return invalid("line " + std::to_string(journal.lines + 1) + " " + taken.error().message);
  }
  if (journal.lines == 0) return invalid("has no whole line");
  journal.bytes = at;
  journal.report.planned = journal.report.subject.planned;
  return journal;
}

Result<Journal> read_journal(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(FG_E_NOT_FOUND, "cannot open the journal " + path + ": " + system_error());
  std::ostringstream text;
  text << file.rdbuf();
  Result<Journal> journal = parse_journal(text.view());
  if (!journal) return invalid("journal " + path + ": " + journal.error().message);
  return journal;
}

JournalWriter::JournalWriter(JournalWriter&& o) noexcept
    : path_(std::move(o.path_)), chain_(std::move(o.chain_)), fd_(std::exchange(o.fd_, -1)) {}
JournalWriter& JournalWriter::operator=(JournalWriter&& o) noexcept {
  std::swap(path_, o.path_);
  std::swap(chain_, o.chain_);
  std::swap(fd_, o.fd_);
  return *this;
}
JournalWriter::~JournalWriter() {
  if (fd_ >= 0) ::close(fd_);
}

Result<JournalWriter> JournalWriter::create(const std::string& path, const Subject& subject) {
  JournalWriter w;
  w.path_ = path;
  w.fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (w.fd_ < 0 && errno == EEXIST)
    return invalid("the journal " + path + " exists already: continue it with --resume, or name another");
  if (w.fd_ < 0) return invalid("cannot create the journal " + path + ": " + system_error());
  FG_TRY(w.append(head_body(subject)));
  return w;
}

Result<JournalWriter> JournalWriter::resume(const std::string& path, const Journal& journal) {
  JournalWriter w;
  w.path_ = path;
  w.chain_ = journal.head;
  w.fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (w.fd_ < 0 || ::ftruncate(w.fd_, static_cast<off_t>(journal.bytes)) != 0)
    return invalid("cannot continue the journal " + path + ": " + system_error());
  return w;
}

Result<void> JournalWriter::append(std::string body) {
  if (fd_ < 0) return {};
  chain_ = chain_after(chain_, body);
  return write_all(fd_, with_chain(body, chain_), path_);
}

Result<void> JournalWriter::add(const CaseResult& result) { return fd_ < 0 ? Result<void>{} : append(to_json(result)); }

Result<void> JournalWriter::end(const Report& report) {
  const ordered_json end{
      {"seconds", report.seconds}, {"interrupted", report.interrupted}, {"left_out", report.left_out}};
  return append(ordered_json{{"end", end}}.dump());
}

}  // namespace fg::conformance
