// How fast and how completely access was taken away: figures computed from the entries of the
// evidence log alone, so that whoever has the log computes the same. docs/metrics.md defines each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_source.h"
#include "base/time.h"

namespace rescind {

// Of a set of durations. Percentiles by nearest rank: the smallest value that at least so many
// percent of all values do not exceed.
struct Spread {
  std::uint64_t count = 0;  // 0: the rest means nothing
  Seconds p50{0}, p95{0}, max{0};
};

Spread spread_of(std::vector<Seconds> durations);

// One reported event and what became of it.
struct ReportCase {
  std::string lineage, type, subject, run;
  Instant effective{};
  Instant known{};      // when it was effective and heard of
  bool leaves = false;  // leaver-type
  std::uint64_t steps = 0, done = 0;
  std::optional<Instant> contained_at;
  std::optional<Instant> closed_at;
};

struct Breach {
  std::string run, step, what, system;
  Instant deadline{};
  std::optional<Instant> done_at;  // nothing: still open
  Seconds late{0};
};

struct OpenException {
  std::string run, item, verb, form, hold, ordered_by;
  Instant since{};
  std::string until;
  Seconds age{0};
};

struct ReportOptions {
  Instant now{};
  std::optional<Instant> since, until;  // of the events' effective instants; until is outside
};

struct Report {
  ReportOptions options;
  std::vector<ReportCase> cases;  // by effective instant, lineage
  std::vector<Seconds> containment_times, closure_times, residual_windows;  // as in `cases`
  Spread containment, closure, residual;
  std::uint64_t residual_open = 0;  // windows that are open still, counted until now

  std::uint64_t steps = 0, due = 0, done = 0;     // of the cases' changes; due: of those with a
                                                  // deadline that has passed or that are done
  std::map<std::string, std::uint64_t> by_state;  // changes by their last state
  std::vector<Breach> breaches;                   // the latest first
  std::vector<std::string> active_after_exit;     // accounts, sorted
  std::vector<std::string> unverified;            // "what (state)", sorted
  std::uint64_t orphans = 0, orphans_open = 0;    // machine identities that lost their last owner
  std::uint64_t decided = 0, undecided = 0;       // items; of them uncovered or undetermined
  std::uint64_t listings = 0, listings_incomplete = 0;
  std::vector<OpenException> exceptions;  // the oldest first
  std::uint64_t licenses_reclaimed = 0;
  std::uint64_t escalations = 0, escalations_open = 0;
  std::map<std::string, Spread> dwell;  // by stage of a retirement
};

// Reads the log once and holds what it counts, not the entries. Errors: those of the log.
Result<Report> compute_report(const LogSource& log, const ReportOptions& options);

std::string render_report_text(const Report& report);
// A header, then a line per figure: metric, unit, value.
std::string render_report_csv(const Report& report);
std::string render_report_json(const Report& report);
// A page that needs nothing but itself.
std::string render_report_page(const Report& report);

}  // namespace rescind
