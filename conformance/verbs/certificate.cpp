// SPDX-License-Identifier: Apache-2.0
//
// keygen, sign and verify.

#include "conformance/certificate/certificate.hpp"

#include <cstdio>

#include "conformance/controller/run.hpp"
#include "conformance/verbs/verbs.hpp"

namespace fg::conformance {
namespace {

Result<std::string> signed_text(const CommandLine& line) {
  FG_TRY_ASSIGN(const SecretKey key, read_secret_key(line.key));
  FG_TRY_ASSIGN(Journal journal, last_verdicts(line.files.front()));
  FG_TRY_ASSIGN(const Selection plan, plan_of(journal.report.subject));
  std::vector<WaiverUse> uses;
  if (!line.waivers.empty()) {
    FG_TRY_ASSIGN(uses, waivers_used(line.waivers, journal.report));
  }
  FG_TRY_ASSIGN(core::Certificate certificate,
                certify(journal.report, plan.names, uses, {journal.head, journal.lines, journal.started}));
  return sign(std::move(certificate), key);
}

// What this machine says of the plugin, with the results of `names`, which are run here.
Result<Report> run_here(const std::string& plugin, const std::string& profile, const std::vector<std::string>& names,
                        unsigned jobs) {
  Report report;
  report.subject = suite_subject();
  RunOptions options;
  options.worker.plugin = plugin;
  options.worker.profile = profile;
  options.jobs = jobs;
  options.on_open = [&](const Subject& p) -> Result<void> {
    describe_plugin(report.subject, p);
    return {};
  };
  FG_TRY(run_cases(names, options, report));
  return report;
}

Result<std::vector<core::TrustedKey>> trusted_keys(const std::string& path) {
  std::vector<core::TrustedKey> keys;
  if (!path.empty()) {
    FG_TRY_ASSIGN(core::TrustedKey key, core::read_public_key(path));
    keys.push_back(std::move(key));
  }
  return keys;
}

// Chosen by a seed that the certificate's owner could not know.
Result<std::vector<std::string>> spot_names(const core::Certificate& c, std::size_t n) {
  if (n == 0) return std::vector<std::string>{};
  FG_TRY_ASSIGN(const Selection plan, select_cases(c.subject.tier, "", {}, static_cast<int>(c.subject.seed)));
  return spot_choice(plan.names, n, fresh_seed());
}

}  // namespace

int keygen_verb(const CommandLine& line) {
  const std::string& path = line.files.front();
  const std::string file = path.substr(path.rfind('/') + 1);
  const std::string name = line.key_name.empty() ? file.substr(0, file.rfind('.')) : line.key_name;
  const Result<core::TrustedKey> key = keygen(path, name);
  if (!key) return complain(key.error());
  std::printf("secret key  %s   (mode 0600; whoever has it can sign as %s)\npublic key  %s.pub\n", path.c_str(),
              name.c_str(), path.c_str());
  return kConformant;
}

int sign_verb(const CommandLine& line) {
  const Result<std::string> text = signed_text(line);
  // What cannot be certified is an answer, not a mistake in the command.
  if (!text && text.error().status == FG_E_STATE) return complain(text.error().message, kFailures);
  if (!text) return complain(text.error().message, kUsage);
  if (!write_file(line.output, *text)) return complain("cannot write " + line.output, kUsage);
  return kConformant;
}

int verify_verb(const CommandLine& line) {
  const Result<std::vector<core::TrustedKey>> trusted = trusted_keys(line.key);
  if (!trusted) return complain(trusted.error().message, kUsage);
  const std::string& path = line.files.front();
  const Result<core::SignedCertificate> claimed = core::read_certificate(path);
  if (!claimed) return complain(claimed.error().message, exit_code(claimed.error()));
  const std::string& profile = claimed->content.subject.profile;
  if (!core::is_profile(profile))
    return complain(path + ": profile '" + profile + "', this suite knows core, llm, train and full", kFailures);
  const Result<std::vector<std::string>> names = spot_names(claimed->content, line.spot);
  if (!names) return complain(names.error());
  const Result<Report> here = run_here(line.plugin, profile, *names, line.jobs);
  if (!here) return complain(here.error());
  const Result<Verification> v = verify(path, here->subject.plugin_path, *trusted, &here->subject);
  if (!v) return complain(v.error().message, exit_code(v.error()));
  out(text_of(*v));
  const std::vector<std::string> lies = contradictions(v->certificate, here->results);
  for (const std::string& l : lies) out("contradicted: " + l + "\n");
  if (line.spot > 0 && lies.empty())
    out("run again: " + std::to_string(here->results.size()) + " cases chosen here, all as certified\n");
  return lies.empty() ? v->exit_code() : static_cast<int>(kFailures);
}

}  // namespace fg::conformance
