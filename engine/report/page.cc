// A report as a page with plots drawn as inline SVG.
#include <algorithm>
#include <array>

#include "audit/html.h"
#include "report/figures.h"
#include "report/report.h"

namespace rescind {
namespace {

struct Bar {
  std::string label;
  std::uint64_t count = 0;
};

// Upper bounds of the bars, inclusive; the last bar takes the rest.
struct Bucket {
  std::int64_t seconds;
  const char* label;
};

constexpr std::array<Bucket, 7> kSpeedBuckets{{{60, "≤ 1 min"},
                                               {300, "≤ 5 min"},
                                               {900, "≤ 15 min"},
                                               {3600, "≤ 1 h"},
                                               {14400, "≤ 4 h"},
                                               {86400, "≤ 1 d"},
                                               {604800, "≤ 7 d"}}};
constexpr std::array<Bucket, 5> kAgeBuckets{{{604800, "≤ 7 d"},
                                             {2592000, "≤ 30 d"},
                                             {7776000, "≤ 90 d"},
                                             {15552000, "≤ 180 d"},
                                             {31536000, "≤ 1 y"}}};

template <std::size_t kCount>
std::vector<Bar> bars_of(const std::vector<Seconds>& durations,
                         const std::array<Bucket, kCount>& buckets) {
  std::vector<Bar> bars;
  for (const Bucket& bucket : buckets) {
    bars.push_back({bucket.label, 0});
  }
  bars.push_back({"more", 0});
  for (const Seconds duration : durations) {
    const auto found = std::find_if(
        buckets.begin(), buckets.end(),
        [duration](const Bucket& bucket) { return duration.count() <= bucket.seconds; });
    ++bars[static_cast<std::size_t>(found - buckets.begin())].count;
  }
  return bars;
}

// Columns with their count on top.
std::string column_plot(const std::string& title, const std::vector<Bar>& bars) {
  constexpr int kWidth = 520;
  constexpr int kHeight = 200;
  constexpr int kBase = 160;
  constexpr int kTop = 34;
  std::uint64_t most = 1;
  for (const Bar& bar : bars) {
    most = std::max(most, bar.count);
  }
  const int slot = kWidth / static_cast<int>(std::max<std::size_t>(bars.size(), 1));
  std::string svg = "<figure><figcaption>" + escape_html(title) +
                    "</figcaption><svg viewBox=\"0 0 " + std::to_string(kWidth) + ' ' +
                    std::to_string(kHeight) + "\" role=\"img\" aria-label=\"" + escape_html(title) +
                    "\">";
  int x = 0;
  for (const Bar& bar : bars) {
    const int height = static_cast<int>((kBase - kTop) * bar.count / most);
    const std::string middle = std::to_string(x + slot / 2);
    svg += "<rect class=\"bar\" x=\"" + std::to_string(x + 6) + "\" y=\"" +
           std::to_string(kBase - height) + "\" width=\"" + std::to_string(slot - 12) +
           "\" height=\"" + std::to_string(height) + "\" rx=\"3\"/>";
    svg += "<text class=\"count\" x=\"" + middle + "\" y=\"" + std::to_string(kBase - height - 7) +
           "\">" + (bar.count == 0 ? "" : std::to_string(bar.count)) + "</text>";
    svg += "<text class=\"axis\" x=\"" + middle + "\" y=\"" + std::to_string(kBase + 20) + "\">" +
           escape_html(bar.label) + "</text>";
    x += slot;
  }
  return svg + "<line class=\"base\" x1=\"0\" x2=\"" + std::to_string(kWidth) + "\" y1=\"" +
         std::to_string(kBase) + "\" y2=\"" + std::to_string(kBase) + "\"/></svg></figure>\n";
}

// Rows with a bar each, the longest first.
std::string row_plot(const std::string& title, std::vector<Bar> bars) {
  std::stable_sort(bars.begin(), bars.end(),
                   [](const Bar& a, const Bar& b) { return a.count > b.count; });
  constexpr int kRow = 26;
  constexpr int kLabel = 130;
  constexpr int kWidth = 520;
  const std::uint64_t most = bars.empty() ? 1 : std::max<std::uint64_t>(bars.front().count, 1);
  std::string svg = "<figure><figcaption>" + escape_html(title) +
                    "</figcaption><svg viewBox=\"0 0 " + std::to_string(kWidth) + ' ' +
                    std::to_string(std::max<std::size_t>(bars.size(), 1) * kRow + 8) +
                    "\" role=\"img\" aria-label=\"" + escape_html(title) + "\">";
  int y = 4;
  for (const Bar& bar : bars) {
    const auto width = static_cast<int>((kWidth - kLabel - 50) * bar.count / most);
    const std::string middle = std::to_string(y + 16);
    svg += "<text class=\"label\" x=\"0\" y=\"" + middle + "\">" + escape_html(bar.label) +
           "</text><rect class=\"bar\" x=\"" + std::to_string(kLabel) + "\" y=\"" +
           std::to_string(y + 3) + "\" width=\"" + std::to_string(std::max(width, 2)) +
           "\" height=\"18\" rx=\"3\"/><text class=\"label\" x=\"" +
           std::to_string(kLabel + std::max(width, 2) + 8) + "\" y=\"" + middle + "\">" +
           std::to_string(bar.count) + "</text>";
    y += kRow;
  }
  return svg + "</svg></figure>\n";
}

constexpr std::string_view kPlotStyle = R"css(
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 16px; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px 6px; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; }
svg { width: 100%; height: auto; }
.bar { fill: var(--accent); }
.base { stroke: var(--line); }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
.count, .axis { text-anchor: middle; }
)css";

class Page {
 public:
  explicit Page(const Report& report) : report_(report) {}

  std::string render() {
    head();
    plots();
    figures();
    breaches();
    names("Accounts active after exit", report_.active_after_exit);
    names("Claimed and not verified", report_.unverified);
    exceptions();
    cases();
    out_ +=
        "<footer>Each figure is defined in docs/metrics.md and computed from the evidence log "
        "alone.</footer>\n</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void head() {
    const std::string at = readable_instant(format_instant(report_.options.now));
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Revocation "
        "report " +
        at + "</title>\n<style>" + std::string(page_style()) + std::string(kPlotStyle) +
        "</style>\n</head>\n<body>\n<main>\n<div class=\"over\">Revocation report</div>\n<h1>" +
        std::to_string(report_.cases.size()) + (report_.cases.size() == 1 ? " case" : " cases") +
        "</h1>\n<p class=\"soft\">As of " + at + " UTC" + period() + "</p>\n<div class=\"cards\">";
    card(report_.containment.count == 0 ? "–" : duration_words(report_.containment.p95),
         "to containment (p95)");
    card(report_.closure.count == 0 ? "–" : duration_words(report_.closure.p95),
         "to verified closure (p95)");
    card(std::to_string(report_.breaches.size()), "deadlines missed");
    card(std::to_string(report_.active_after_exit.size()), "accounts active after exit");
    card(std::to_string(report_.exceptions.size()), "exceptions");
    card(std::to_string(report_.orphans_open), "orphans not dealt with");
    out_ += "</div>\n";
  }

  [[nodiscard]] std::string period() const {
    std::string text;
    if (report_.options.since) {
      text += ", events from " + readable_instant(format_instant(*report_.options.since));
    }
    if (report_.options.until) {
      text += ", before " + readable_instant(format_instant(*report_.options.until));
    }
    return text;
  }

  void card(const std::string& figure, const std::string& label) {
    out_ += "<div class=\"card\"><b>" + figure + "</b><span>" + label + "</span></div>";
  }

  void plots() {
    std::vector<Seconds> ages;
    for (const OpenException& held : report_.exceptions) {
      ages.push_back(held.age);
    }
    std::vector<Bar> states;
    for (const auto& [state, count] : report_.by_state) {
      states.push_back({state, count});
    }
    out_ += "<div class=\"plots\">\n" +
            column_plot("Time to containment, cases",
                        bars_of(report_.containment_times, kSpeedBuckets)) +
            column_plot("Time to verified closure, cases",
                        bars_of(report_.closure_times, kSpeedBuckets)) +
            row_plot("Changes by state", std::move(states)) +
            column_plot("Age of exceptions", bars_of(ages, kAgeBuckets)) + "</div>\n";
  }

  void table(const std::string& title, const std::string& heads) {
    out_ += "<h2>" + title + "</h2>\n<div class=\"scroll\"><table><thead><tr>" + heads +
            "</tr></thead><tbody>\n";
  }

  void end_table() { out_ += "</tbody></table></div>\n"; }

  void figures() {
    table("Figures", "<th>figure</th><th class=\"number\">value</th>");
    for (const Figure& figure : figures_of(report_)) {
      std::string value = number_words(figure.value);
      if (figure.unit == "seconds") {
        value = duration_words(Seconds(static_cast<std::int64_t>(figure.value)));
      } else if (figure.unit == "percent") {
        value += " %";
      }
      out_ += "<tr><td>" + escape_html(figure.label) + "</td><td class=\"number\">" + value +
              "</td></tr>\n";
    }
    end_table();
  }

  void breaches() {
    if (report_.breaches.empty()) {
      return;
    }
    table("Deadlines missed",
          "<th>change</th><th>system</th><th>deadline</th><th>done</th><th>late</th>");
    for (const Breach& breach : report_.breaches) {
      out_ += "<tr><td>" + escape_html(breach.what) + "</td><td>" + escape_html(breach.system) +
              "</td><td class=\"when\">" + readable_instant(format_instant(breach.deadline)) +
              "</td><td class=\"when\">" +
              (breach.done_at ? readable_instant(format_instant(*breach.done_at))
                              : std::string("<span class=\"chip bad\">open</span>")) +
              "</td><td>" + duration_words(breach.late) + "</td></tr>\n";
    }
    end_table();
  }

  void names(const std::string& title, const std::vector<std::string>& list) {
    if (list.empty()) {
      return;
    }
    table(title, "<th>what</th>");
    for (const std::string& name : list) {
      out_ += "<tr><td>" + escape_html(name) + "</td></tr>\n";
    }
    end_table();
  }

  void exceptions() {
    if (report_.exceptions.empty()) {
      return;
    }
    table("Exceptions",
          "<th>item</th><th>held back</th><th>by</th><th>ordered by</th><th>until</th>"
          "<th>age</th>");
    for (const OpenException& held : report_.exceptions) {
      out_ += "<tr><td>" + escape_html(held.item) + "</td><td>" + escape_html(held.verb) +
              " <span class=\"chip warn\">" + escape_html(held.form) + "</span></td><td>" +
              escape_html(held.hold) + "</td><td>" + escape_html(held.ordered_by) +
              "</td><td class=\"when\">" +
              (held.until.empty() ? "lifted" : readable_instant(escape_html(held.until))) +
              "</td><td>" + duration_words(held.age) + "</td></tr>\n";
    }
    end_table();
  }

  void cases() {
    table("Cases",
          "<th>subject</th><th>event</th><th>effective</th><th>contained</th>"
          "<th>closed and proved</th><th class=\"number\">changes</th>");
    for (const ReportCase& one : report_.cases) {
      const auto instant = [](const std::optional<Instant>& at) {
        return at ? readable_instant(format_instant(*at))
                  : std::string("<span class=\"chip warn\">open</span>");
      };
      out_ += "<tr><td><b>" + escape_html(one.subject) + "</b></td><td>" + escape_html(one.type) +
              "</td><td class=\"when\">" + readable_instant(format_instant(one.effective)) +
              "</td><td class=\"when\">" + instant(one.contained_at) + "</td><td class=\"when\">" +
              instant(one.closed_at) + "</td><td class=\"number\">" + std::to_string(one.done) +
              " / " + std::to_string(one.steps) + "</td></tr>\n";
    }
    end_table();
  }

  const Report& report_;
  std::string out_;
};

}  // namespace

std::string render_report_page(const Report& report) {
  return Page(report).render();
}

}  // namespace rescind
