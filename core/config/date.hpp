// SPDX-License-Identifier: Apache-2.0
//
// Days as text, "2027-06-30", in UTC: expiry of denials and waivers.

#ifndef FG_CORE_CONFIG_DATE_HPP_
#define FG_CORE_CONFIG_DATE_HPP_

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fg::core {

using Day = std::chrono::sys_days;

// A day of the calendar, written with all its digits.
inline std::optional<Day> parse_date(std::string_view s) {
  if (s.size() != 10 || s[4] != '-' || s[7] != '-') return std::nullopt;
  int part[3] = {};
  const std::string_view texts[3] = {s.substr(0, 4), s.substr(5, 2), s.substr(8, 2)};
  for (std::size_t i = 0; i < 3; ++i) {
    const char* const end = texts[i].data() + texts[i].size();
    const auto parsed = std::from_chars(texts[i].data(), end, part[i]);
    if (parsed.ec != std::errc{} || parsed.ptr != end || part[i] < 0) return std::nullopt;
  }
  const std::chrono::year_month_day day{std::chrono::year(part[0]), std::chrono::month(static_cast<unsigned>(part[1])),
                                        std::chrono::day(static_cast<unsigned>(part[2]))};
  if (!day.ok()) return std::nullopt;
  return Day(day);
}

inline std::string date_text(Day day) {
  const std::chrono::year_month_day d(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                     static_cast<unsigned>(d.day()));
}

inline std::string today() {
  return date_text(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
}

}  // namespace fg::core

#endif  // FG_CORE_CONFIG_DATE_HPP_
