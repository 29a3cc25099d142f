// A report as text, CSV and JSON.
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "report/figures.h"
#include "report/report.h"

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLabelWidth = 34;
constexpr std::size_t kListed = 20;

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void add_spread(std::vector<Figure>& figures, const std::string& name, const std::string& label,
                const Spread& spread) {
  figures.push_back(
      {name + "_count", "count", label + ", cases", static_cast<double>(spread.count)});
  if (spread.count == 0) {
    return;
  }
  const std::array<std::pair<const char*, Seconds>, 3> values{
      {{"p50", spread.p50}, {"p95", spread.p95}, {"max", spread.max}}};
  for (const auto& [suffix, value] : values) {
    figures.push_back({name + '_' + suffix, "seconds", label + ", " + suffix,
                       static_cast<double>(value.count())});
  }
}

std::string pad(std::string text) {
  text.resize(std::max(text.size() + 2, kLabelWidth), ' ');
  return text;
}

std::string line(const std::string& label, const std::string& value) {
  return pad(label) + value + '\n';
}

std::string spread_words(const Spread& spread) {
  if (spread.count == 0) {
    return "–";
  }
  return "p50 " + duration_words(spread.p50) + "   p95 " + duration_words(spread.p95) + "   max " +
         duration_words(spread.max) + "   (" + std::to_string(spread.count) + ")";
}

std::string of_words(std::uint64_t part, std::uint64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

// At most kListed lines under a heading.
template <typename List, typename Words>
std::string list_text(const std::string& heading, const List& list, Words words) {
  if (list.empty()) {
    return {};
  }
  std::string text = '\n' + heading + ":\n";
  std::size_t shown = 0;
  for (const auto& one : list) {
    if (shown++ == kListed) {
      return text + "  … and " + std::to_string(list.size() - kListed) + " more\n";
    }
    text += "  " + words(one) + '\n';
  }
  return text;
}

Json optional_instant(const std::optional<Instant>& at) {
  return at ? Json(format_instant(*at)) : Json(nullptr);
}

Json spread_json(const Spread& spread) {
  if (spread.count == 0) {
    return {
        {"count", 0}, {"p50_seconds", nullptr}, {"p95_seconds", nullptr}, {"max_seconds", nullptr}};
  }
  return {{"count", spread.count},
          {"p50_seconds", spread.p50.count()},
          {"p95_seconds", spread.p95.count()},
          {"max_seconds", spread.max.count()}};
}

Json cases_json(const Report& report) {
  Json out = Json::array();
  for (const ReportCase& one : report.cases) {
    out.push_back({{"event", one.lineage},
                   {"type", one.type},
                   {"subject", one.subject},
                   {"run", one.run},
                   {"effective", format_instant(one.effective)},
                   {"known", format_instant(one.known)},
                   {"steps", one.steps},
                   {"done", one.done},
                   {"contained_at", optional_instant(one.contained_at)},
                   {"closed_at", optional_instant(one.closed_at)}});
  }
  return out;
}

Json breaches_json(const Report& report) {
  Json out = Json::array();
  for (const Breach& breach : report.breaches) {
    out.push_back({{"run", breach.run},
                   {"step", breach.step},
                   {"what", breach.what},
                   {"system", breach.system},
                   {"deadline", format_instant(breach.deadline)},
                   {"done_at", optional_instant(breach.done_at)},
                   {"late_seconds", breach.late.count()}});
  }
  return out;
}

Json exceptions_json(const Report& report) {
  Json out = Json::array();
  for (const OpenException& held : report.exceptions) {
    out.push_back({{"run", held.run},
                   {"item", held.item},
                   {"verb", held.verb},
                   {"form", held.form},
                   {"hold", held.hold},
                   {"ordered_by", held.ordered_by},
                   {"since", format_instant(held.since)},
                   {"until", held.until},
                   {"age_seconds", held.age.count()}});
  }
  return out;
}

}  // namespace

std::string duration_words(Seconds duration) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };

  static constexpr std::array<Unit, 4> kUnits{{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  std::int64_t rest = duration.count();
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = rest / unit.seconds;
    if (count > 0 && shown < 2) {
      text += (text.empty() ? "" : " ") + std::to_string(count) + ' ' + unit.name;
      rest -= count * unit.seconds;
      ++shown;
    } else if (shown > 0) {
      break;  // the next smaller unit is nothing: "3 h", not "3 h 5 s"
    }
  }
  return text.empty() ? "0 s" : text;
}

std::string number_words(double value) {
  std::array<char, 64> text{};
  const bool whole = std::abs(value - std::round(value)) < 0.05;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.1f", value);
  return text.data();
}

std::vector<Figure> figures_of(const Report& report) {
  const auto count = [](std::size_t number) { return static_cast<double>(number); };
  std::vector<Figure> figures{{"cases", "count", "cases", count(report.cases.size())}};
  add_spread(figures, "time_to_containment", "time to containment", report.containment);
  add_spread(figures, "time_to_verified_closure", "time to verified closure", report.closure);
  add_spread(figures, "residual_window", "residual window", report.residual);
  const std::vector<Figure> rest{
      {"residual_windows_open", "count", "residual windows open", count(report.residual_open)},
      {"changes", "count", "changes", count(report.steps)},
      {"changes_done", "count", "changes read back as done", count(report.done)},
      {"deadlines_due", "count", "deadlines that counted", count(report.due)},
      {"sla_breaches", "count", "deadlines missed", count(report.breaches.size())},
      {"deadlines_met", "percent", "deadlines met",
       percent(report.due - report.breaches.size(), report.due)},
      {"active_after_exit", "count", "accounts active after exit",
       count(report.active_after_exit.size())},
      {"unverified", "count", "claimed and not verified", count(report.unverified.size())},
      {"orphans", "count", "machine identities left without an owner", count(report.orphans)},
      {"orphans_open", "count", "of them not dealt with", count(report.orphans_open)},
      {"coverage", "percent", "items that the policy decides",
       percent(report.decided - report.undecided, report.decided)},
      {"listing_coverage", "percent", "listings that were complete",
       percent(report.listings - report.listings_incomplete, report.listings)},
      {"exceptions", "count", "exceptions", count(report.exceptions.size())},
      {"licenses_reclaimed", "count", "licenses reclaimed", count(report.licenses_reclaimed)},
      {"escalations", "count", "escalations", count(report.escalations)},
      {"escalations_open", "count", "of them open", count(report.escalations_open)}};
  figures.insert(figures.end(), rest.begin(), rest.end());
  if (!report.exceptions.empty()) {
    figures.push_back({"exception_age_max", "seconds", "age of the oldest exception",
                       count(static_cast<std::size_t>(report.exceptions.front().age.count()))});
  }
  for (const auto& [stage, spread] : report.dwell) {
    add_spread(figures, "stage_dwell_" + stage, "time in stage " + stage, spread);
  }
  return figures;
}

std::string render_report_text(const Report& report) {
  std::string text = "Report of " + format_instant(report.options.now) + ": " +
                     std::to_string(report.cases.size()) +
                     (report.cases.size() == 1 ? " case" : " cases");
  text += report.options.since ? ", from " + format_instant(*report.options.since) : "";
  text += report.options.until ? ", before " + format_instant(*report.options.until) : "";
  text += "\n\n";
  text += line("time to containment", spread_words(report.containment));
  text += line("time to verified closure", spread_words(report.closure));
  text += line("residual window",
               spread_words(report.residual) +
                   (report.residual_open == 0
                        ? ""
                        : ", " + std::to_string(report.residual_open) + " open still"));
  text += line("changes read back as done", of_words(report.done, report.steps));
  text += line("deadlines missed", of_words(report.breaches.size(), report.due));
  text += line("accounts active after exit", std::to_string(report.active_after_exit.size()));
  text += line("claimed and not verified", std::to_string(report.unverified.size()));
  text += line("machine identities orphaned", std::to_string(report.orphans) + ", " +
                                                  std::to_string(report.orphans_open) + " open");
  text += line("items that the policy decides",
               of_words(report.decided - report.undecided, report.decided));
  text += line("listings that were complete",
               of_words(report.listings - report.listings_incomplete, report.listings));
  text += line("exceptions",
               std::to_string(report.exceptions.size()) +
                   (report.exceptions.empty()
                        ? ""
                        : ", the oldest " + duration_words(report.exceptions.front().age)));
  text += line("licenses reclaimed", std::to_string(report.licenses_reclaimed));
  text += line("escalations", std::to_string(report.escalations) + ", " +
                                  std::to_string(report.escalations_open) + " open");
  for (const auto& [stage, spread] : report.dwell) {
    text += line("time in stage " + stage, spread_words(spread));
  }
  text += list_text("deadlines missed", report.breaches, [](const Breach& breach) {
    return duration_words(breach.late) + " late  " + breach.what + "  " + breach.system +
           (breach.done_at ? "" : "  (not done yet)");
  });
  text += list_text("accounts active after exit", report.active_after_exit,
                    [](const std::string& item) { return item; });
  text += list_text("claimed and not verified", report.unverified,
                    [](const std::string& what) { return what; });
  text += list_text("exceptions", report.exceptions, [](const OpenException& held) {
    return held.item + "  " + held.verb + "  " + held.form + " by " + held.hold + ", ordered by " +
           held.ordered_by + ", " + duration_words(held.age);
  });
  return text;
}

std::string render_report_csv(const Report& report) {
  std::string text = "metric,unit,value\n";
  for (const Figure& figure : figures_of(report)) {
    text += figure.name + ',' + figure.unit + ',' + number_words(figure.value) + '\n';
  }
  return text;
}

std::string render_report_json(const Report& report) {
  Json states = Json::object();
  for (const auto& [state, count] : report.by_state) {
    states[state] = count;
  }
  Json dwell = Json::object();
  for (const auto& [stage, spread] : report.dwell) {
    dwell[stage] = spread_json(spread);
  }
  const Json out{{"format", "rescind-report"},
                 {"version", "1.0"},
                 {"at", format_instant(report.options.now)},
                 {"since", optional_instant(report.options.since)},
                 {"until", optional_instant(report.options.until)},
                 {"time_to_containment", spread_json(report.containment)},
                 {"time_to_verified_closure", spread_json(report.closure)},
                 {"residual_window", spread_json(report.residual)},
                 {"residual_windows_open", report.residual_open},
                 {"changes", report.steps},
                 {"changes_done", report.done},
                 {"changes_by_state", std::move(states)},
                 {"deadlines_due", report.due},
                 {"sla_breaches", breaches_json(report)},
                 {"active_after_exit", report.active_after_exit},
                 {"unverified", report.unverified},
                 {"orphans", report.orphans},
                 {"orphans_open", report.orphans_open},
                 {"items_decided", report.decided - report.undecided},
                 {"items", report.decided},
                 {"listings_complete", report.listings - report.listings_incomplete},
                 {"listings", report.listings},
                 {"exceptions", exceptions_json(report)},
                 {"licenses_reclaimed", report.licenses_reclaimed},
                 {"escalations", report.escalations},
                 {"escalations_open", report.escalations_open},
                 {"stage_dwell", std::move(dwell)},
                 {"cases", cases_json(report)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace rescind
