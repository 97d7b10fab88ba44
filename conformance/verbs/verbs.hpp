// SPDX-License-Identifier: Apache-2.0
//
// What each verb of fg-conformance does.  Every function returns the exit code of the program.

#ifndef FG_CONFORMANCE_VERBS_VERBS_HPP_
#define FG_CONFORMANCE_VERBS_VERBS_HPP_

#include <string>
#include <vector>

#include "conformance/cli.hpp"
#include "conformance/journal/journal.hpp"
#include "conformance/waivers/waivers.hpp"

namespace fg::conformance {

int run_verb(const CommandLine& line);       // run, repro
int list_verb(const CommandLine& line);      // no plugin is needed
int info_verb(const CommandLine& line);      // opens the plugin in this process
int mutate_verb(const CommandLine& line);    // the suite against seeded bugs
int diff_verb(const CommandLine& line);      // two journals compared
int report_verb(const CommandLine& line);    // a journal, in any form
int explain_verb(const CommandLine& line);   // one case, opened in this process
int minimise_verb(const CommandLine& line);  // the smallest case that fails alike
int emit_c_verb(const CommandLine& line);    // a case as a program
int keygen_verb(const CommandLine& line);
int sign_verb(const CommandLine& line);    // a journal
int verify_verb(const CommandLine& line);  // a certificate
int merge_verb(const CommandLine& line);   // journals of shards

// --- shared ---
int complain(const std::string& text, int code);
int complain(const Error& error);  // with the code that fits
void out(const std::string& text);
bool wants_color(const CommandLine& line);
// Names of the cases that tier or corpus and filters select, for no shard.
struct Selection {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> left_out;
};
Result<Selection> select_cases(const std::string& tier, const std::string& golden,
                               const std::vector<std::string>& filters, int seed);
// Parts of a Subject that do not need the plugin.
Subject suite_subject();
// The plan of the run that a journal is of.
Result<Selection> plan_of(const Subject& subject);
// Copies what the plugin's process said of it, and takes the hash of its file.
void describe_plugin(Subject& s, const Subject& plugin);
// A journal in which the last verdict of every case stands once; interrupted when it has no end.
Result<Journal> last_verdicts(const std::string& path);
// Applies the waiver file to the results; its patterns are matched with all cases of the standard tier.
Result<std::vector<WaiverUse>> waivers_used(const std::string& file, Report& report);
// Nothing for an empty path, stdout for -; false when it cannot be written.
bool write_file(const std::string& path, const std::string& text);
// Writes what --json and --junit ask for; the exit code of the run.
int write_reports(const CommandLine& line, const Report& report);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_VERBS_VERBS_HPP_
