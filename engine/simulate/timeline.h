// What a simulation came to, in the order of time, and how it is shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "simulate/simulated_estate.h"
#include "store/store.h"

namespace rescind {

struct TimelineLine {
  Instant at{};
  // "event", "script", "done", "failed", "waits", "stage", "call", "approval", "decided", "run"
  std::string what;
  std::string item;
  std::string text;
};

struct TimelineBar {
  Instant from{}, to{};
  // "live", "contained", "renewed" (another value or holder), "waits", or "stage" with the stage's
  // name in `title`
  std::string state;
  std::string title;
};

struct TimelineMark {
  Instant at{};
  std::string what;  // as TimelineLine::what, or "use", "denied", "gone"
  std::string title;
};

struct TimelineRow {
  std::string item, kind, system;
  std::vector<TimelineBar> bars;  // in the order of time; stages and waits over the others
  std::vector<TimelineMark> marks;
};

struct TimelineWait {
  std::string item, text, why;
  std::optional<Instant> due;
};

struct Timeline {
  Instant begin{}, end{};
  std::vector<TimelineLine> lines;
  std::vector<TimelineRow> rows;    // items that something happened to, sorted by system and id
  std::vector<TimelineWait> waits;  // what is not done at the end
  std::vector<std::pair<std::string, std::string>> runs;  // and their states
};

// An item under a `retire` stands in a stage from then on.
struct TimelineStage {
  Instant at{};
  std::string item, stage;  // "" it has left the last one
  std::string state;        // "soaking", …
  std::string why;
};

// From the journal and the history of the systems; `said` comes from the script and from calls,
// `stages` from looking at the retirements, both in the order of time. Errors: of the
// store.
Result<Timeline> build_timeline(Store& store, const SimulatedEstate& estate,
                                std::vector<TimelineLine> said,
                                const std::vector<TimelineStage>& stages, Instant begin,
                                Instant end);

// Grouped by day, a line each.
std::string render_timeline_text(const Timeline& timeline, bool color);
std::string render_timeline_json(const Timeline& timeline);
// A row per item, time from left to right; quiet times are drawn shorter.
std::string render_timeline_svg(const Timeline& timeline);
// The same with a table, in one page that needs nothing else.
std::string render_timeline_html(const Timeline& timeline, const std::string& title);

}  // namespace rescind
