// SPDX-License-Identifier: Apache-2.0
//
// What the pages say about a run besides its failures, counted once: per operator, dtype and verdict,
// and how much of the allowed error the passing cases used.

#ifndef FG_CONFORMANCE_REPORT_SUMMARY_HPP_
#define FG_CONFORMANCE_REPORT_SUMMARY_HPP_

#include <array>

#include "conformance/report/report.hpp"

namespace fg::conformance {

// Passing cases by their greatest error over what is allowed: bar 0 without error, bar k up to
// 2^(k + 1 - kBars), so that the last one ends at 1.
struct Histogram {
  static constexpr std::size_t kBars = 12;
  std::array<std::size_t, kBars> cases{};
  std::size_t total() const;
  void add(double ratio);
};

struct OperatorSummary {
  std::string name, accuracy;  // accuracy class, empty: the standard one
  Counts counts;
  std::map<std::string, Counts> by_dtype;
  std::map<Verdict, std::size_t> verdicts;
  double milliseconds = 0, slowest = 0;  // all of them; the slowest one
  std::string slowest_id;
};

struct Summary {
  std::vector<OperatorSummary> operators;       // sorted by name
  std::vector<std::string> dtypes;              // that have cases, in the order of the ABI; kNoDtype last
  std::map<Verdict, std::size_t> verdicts;      // in the order of the enum
  std::map<std::string, Histogram> histograms;  // by operator family
  Histogram all;
  std::vector<const CaseResult*> failures;  // in the order of the run; they live in the report
};
Summary summarise(const Report& report);

// Of a case: the dtype of its first tensor, else of its first dtype argument, else kNoDtype.
inline constexpr std::string_view kNoDtype = "other";
std::string dtype_of(const CaseResult& result);

// What was judged and where, label and text; what is not known is left out.
std::vector<std::pair<std::string, std::string>> facts(const Subject& subject);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_SUMMARY_HPP_
