// A timeline as text, JSON, SVG and a page.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "base/text.h"
#include "simulate/timeline.h"

namespace rescind {
namespace {

std::string offset_words(Seconds offset) {
  return (offset.count() < 0 ? "-" : "+") + format_duration(offset < Seconds(0) ? -offset : offset);
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return columns < width ? text + std::string(width - columns, ' ') : text;
}

std::string_view color_of(std::string_view what) {
  static const std::map<std::string_view, std::string_view> colors = {
      {"event", "\x1b[1;35m"}, {"script", "\x1b[36m"},   {"done", "\x1b[32m"},
      {"failed", "\x1b[31m"},  {"waits", "\x1b[33m"},    {"stage", "\x1b[1;34m"},
      {"call", "\x1b[1;31m"},  {"approval", "\x1b[36m"}, {"decided", "\x1b[34m"},
      {"run", "\x1b[1m"}};
  const auto found = colors.find(what);
  return found == colors.end() ? "" : found->second;
}

std::string weekday(Instant at) {
  static const char* const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  return names[std::chrono::weekday(std::chrono::floor<std::chrono::days>(at)).c_encoding()];
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '&':
      out += "&amp;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string shortened(const std::string& text, std::size_t most) {
  if (display_width(text) <= most) {
    return text;
  }
  std::size_t end = most - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "…";
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

// Where instants stand on the page. Between two instants at which something happens lies a stretch
// that grows with the logarithm of the time between them, so that minutes and months both show.
class Axis {
 public:
  Axis(const Timeline& timeline, double left, double width) : left_(left) {
    std::set<Instant> instants{timeline.begin, timeline.end};
    for (const TimelineLine& line : timeline.lines) {
      instants.insert(std::clamp(line.at, timeline.begin, timeline.end));
    }
    for (const TimelineRow& row : timeline.rows) {
      for (const TimelineBar& bar : row.bars) {
        if (bar.to > timeline.end) {
          instants.insert(bar.to);
        }
      }
    }
    double at = 0;
    Instant before = *instants.begin();
    for (const Instant instant : instants) {
      at += std::log1p(static_cast<double>((instant - before).count()) / 60.0);
      knots_.emplace_back(instant, at);
      before = instant;
    }
    scale_ = at > 0 ? width / at : 1;
  }

  [[nodiscard]] double x(Instant instant) const {
    const auto above =
        std::lower_bound(knots_.begin(), knots_.end(), instant,
                         [](const auto& knot, Instant value) { return knot.first < value; });
    if (above == knots_.end()) {
      return left_ + knots_.back().second * scale_;
    }
    if (above->first == instant || above == knots_.begin()) {
      return left_ + above->second * scale_;
    }
    const auto below = above - 1;
    const double share = static_cast<double>((instant - below->first).count()) /
                         static_cast<double>((above->first - below->first).count());
    return left_ + (below->second + (above->second - below->second) * share) * scale_;
  }

  [[nodiscard]] const std::vector<std::pair<Instant, double>>& knots() const { return knots_; }

 private:
  double left_;
  double scale_ = 1;
  std::vector<std::pair<Instant, double>> knots_;
};

constexpr double kLeft = 280, kWidth = 1000, kRow = 24, kLane = 20, kTop = 54;

bool has_stages(const TimelineRow& row) {
  return std::any_of(row.bars.begin(), row.bars.end(),
                     [](const TimelineBar& bar) { return bar.state == "stage"; });
}

// Stages have a lane of their own below what can be used.
double height_of(const TimelineRow& row) {
  return has_stages(row) ? kRow + kLane : kRow;
}

void append_ticks(const Timeline& timeline, const Axis& axis, double bottom, std::string& svg) {
  double last = -1000;
  for (const auto& [instant, place] : axis.knots()) {
    const double x = axis.x(instant);
    if (x - last < 72) {
      continue;
    }
    last = x;
    svg += "<line class=\"tick\" x1=\"" + number(x) + "\" y1=\"" + number(kTop - 8) + "\" x2=\"" +
           number(x) + "\" y2=\"" + number(bottom) + "\"/><text class=\"axis\" x=\"" + number(x) +
           "\" y=\"" + number(kTop - 28) + "\">" + format_instant(instant).substr(5, 5) + " " +
           format_instant(instant).substr(11, 5) + "</text><text class=\"axis soft\" x=\"" +
           number(x) + "\" y=\"" + number(kTop - 14) + "\">" +
           offset_words(instant - timeline.begin) + "</text>\n";
  }
}

void append_bar(const TimelineBar& bar, const Axis& axis, double y, std::string& svg) {
  const double from = axis.x(bar.from);
  const double width = std::max(axis.x(bar.to) - from, 2.0);
  const bool stage = bar.state == "stage";
  const double height = stage ? 15 : bar.state == "waits" ? 2 : 12;
  const double top = stage ? y + kRow : y + (kRow - height) / 2;
  svg += "<rect class=\"" + bar.state + "\" x=\"" + number(from) + "\" y=\"" + number(top) +
         "\" width=\"" + number(width) + "\" height=\"" + number(height) + "\" rx=\"2\"><title>" +
         escaped(bar.title) + "\n" + format_instant(bar.from) + " – " + format_instant(bar.to) +
         "</title></rect>\n";
  const auto fits = static_cast<std::size_t>(std::max(width - 8, 0.0) / 6);
  if (stage && fits >= std::min<std::size_t>(display_width(bar.title), 4)) {
    svg += "<text class=\"stagename\" x=\"" + number(from + 4) + "\" y=\"" + number(top + 11) +
           "\">" + escaped(shortened(bar.title, fits)) + "</text>\n";
  }
}

// Something is heard: a line through everything.
void append_events(const Timeline& timeline, const Axis& axis, double bottom, std::string& svg) {
  for (const TimelineLine& line : timeline.lines) {
    if (line.what == "event") {
      const std::string x = number(axis.x(line.at));
      svg += "<g class=\"heard\"><line x1=\"" + x + "\" y1=\"" + number(kTop - 8) + "\" x2=\"" + x +
             "\" y2=\"" + number(bottom) + "\"/><title>" + format_instant(line.at) + "  " +
             escaped(line.text) + "</title></g>\n";
    }
  }
}

void append_mark(const TimelineMark& mark, const Axis& axis, double y, std::string& svg) {
  const std::string x = number(axis.x(mark.at));
  const std::string middle = number(y + kRow / 2);
  std::string shape;
  if (mark.what == "call") {
    shape = "<path d=\"M" + x + " " + number(y + 4) + "l6 11h-12z\"/>";
  } else if (mark.what == "waits") {
    shape = "<path d=\"M" + x + " " + number(y + 6) + "l6 6l-6 6l-6 -6z\"/>";
  } else if (mark.what == "denied") {
    shape = "<circle cx=\"" + x + "\" cy=\"" + middle + "\" r=\"4\"/>";
  } else if (mark.what == "gone") {
    shape =
        "<path d=\"M" + number(axis.x(mark.at) - 4) + " " + number(y + 8) + "l8 8m0 -8l-8 8\"/>";
  } else {
    shape = "<circle cx=\"" + x + "\" cy=\"" + middle + "\" r=\"4.5\"/>";
  }
  svg += "<g class=\"mark m-" + mark.what + "\">" + shape + "<title>" + format_instant(mark.at) +
         "  " + escaped(mark.what) + ": " + escaped(mark.title) + "</title></g>\n";
}

constexpr std::string_view kStyle =
    R"css(.timeline{--bg:#fff;--ink:#1c2127;--soft:#667;--line:#dfe3e8;--live:#e5484d;--contained:#f5b83d;--renewed:#a8c5b5;--stage:#3e63dd;--label:#fff;--done:#18794e;--wait:#8b8d98;--call:#cd2b31;--use:#8e4ec6;font-family:system-ui,sans-serif;background:var(--bg);color:var(--ink)}
@media (prefers-color-scheme:dark){.timeline{--bg:#14171b;--ink:#e6e8eb;--soft:#9ba1a6;--line:#2b3137;--live:#e5484d;--contained:#c98a0b;--renewed:#3d5a4a;--stage:#849dff;--label:#14171b;--done:#4cc38a;--wait:#9ba1a6;--call:#ff8589;--use:#bf7af0}}
.timeline text{font-size:12px;fill:var(--ink)}.timeline .soft,.timeline .kind{fill:var(--soft)}.timeline .axis{text-anchor:middle;font-size:11px}.timeline .axis.soft{fill:var(--soft)}
.timeline .kind{font-size:10px;text-anchor:end}.timeline .tick{stroke:var(--line)}.timeline .band{fill:var(--line);opacity:.35}.timeline .page{fill:var(--bg)}
.timeline .heard line{stroke:var(--use);stroke-width:1.5;stroke-dasharray:3 3}
.timeline .live{fill:var(--live);opacity:.75}.timeline .contained{fill:var(--contained);opacity:.8}.timeline .renewed{fill:var(--renewed)}.timeline .stage{fill:var(--stage);stroke:var(--bg)}.timeline .waits{fill:var(--wait)}
.timeline .stagename{font-size:10px;fill:var(--label)}.timeline .mark{fill:var(--done);stroke:var(--bg);stroke-width:1.5}.timeline .m-use{fill:var(--use)}.timeline .m-denied{fill:var(--bg);stroke:var(--use);stroke-width:2}.timeline .m-call,.timeline .m-failed{fill:var(--call)}
.timeline .m-waits{fill:none;stroke:var(--wait)}.timeline .m-gone{fill:none;stroke:var(--ink);stroke-width:2}.timeline .m-script,.timeline .m-approval,.timeline .m-decided{fill:var(--stage)}.timeline .m-event{fill:var(--use)})css";

struct LegendEntry {
  const char* mark;
  const char* text;
};

std::string legend(double y) {
  static const std::vector<LegendEntry> entries = {
      {R"(<rect class="live" width="14" height="10" y="-9" rx="2"/>)", "can be used"},
      {R"(<rect class="contained" width="14" height="10" y="-9" rx="2"/>)", "contained"},
      {R"(<rect class="renewed" width="14" height="10" y="-9" rx="2"/>)", "new value or holder"},
      {R"(<rect class="stage" width="14" height="10" y="-9" rx="2"/>)", "stage"},
      {R"(<g class="heard"><line x1="7" x2="7" y1="-12" y2="2"/></g>)", "event"},
      {R"(<g class="mark"><circle cx="7" cy="-4" r="4.5"/></g>)", "done"},
      {R"(<g class="mark m-gone"><path d="M3 -8l8 8m0 -8l-8 8"/></g>)", "gone"},
      {R"(<g class="mark m-waits"><path d="M7 -10l6 6l-6 6l-6 -6z"/></g>)", "waits"},
      {R"(<g class="mark m-call"><path d="M7 -10l6 11h-12z"/></g>)", "a person is called"},
      {R"(<g class="mark m-use"><circle cx="7" cy="-4" r="4.5"/></g>)", "used"},
      {R"(<g class="mark m-denied"><circle cx="7" cy="-4" r="4"/></g>)", "turned away"},
      {R"(<g class="mark m-approval"><circle cx="7" cy="-4" r="4.5"/></g>)", "script, approval"},
      {R"(<g class="mark m-failed"><circle cx="7" cy="-4" r="4.5"/></g>)", "failed"}};
  std::string out;
  double x = 12;
  for (const LegendEntry& entry : entries) {
    out += "<g transform=\"translate(" + number(x) + " " + number(y) + ")\">" + entry.mark +
           "<text class=\"soft\" x=\"20\">" + entry.text + "</text></g>\n";
    x += 34 + 6.6 * static_cast<double>(std::string_view(entry.text).size());
  }
  return out;
}

std::string svg_of(const Timeline& timeline, bool own_style) {
  const Axis axis(timeline, kLeft, kWidth);
  double bottom = kTop + 6;
  for (const TimelineRow& row : timeline.rows) {
    bottom += height_of(row);
  }
  const double height = bottom + 34;
  const double width = kLeft + kWidth + 60;
  std::string svg =
      "<svg class=\"timeline\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      "viewBox=\"0 0 " +
      number(width) + " " + number(height) + "\" width=\"" + number(width) + "\" height=\"" +
      number(height) + "\">\n<title>Timeline</title>\n";
  if (own_style) {
    svg += "<style>" + std::string(kStyle) + "</style>\n";
  }
  svg += "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
  append_ticks(timeline, axis, bottom, svg);
  double y = kTop;
  std::size_t index = 0;
  for (const TimelineRow& row : timeline.rows) {
    if (index++ % 2 == 1) {
      svg += "<rect class=\"band\" x=\"0\" y=\"" + number(y) + "\" width=\"" + number(width) +
             "\" height=\"" + number(height_of(row)) + "\"/>\n";
    }
    svg += "<text x=\"10\" y=\"" + number(y + 16) + "\">" + escaped(shortened(row.item, 26)) +
           "<title>" + escaped(row.item) + "</title></text><text class=\"kind\" x=\"" +
           number(kLeft - 14) + "\" y=\"" + number(y + 16) + "\">" + escaped(row.kind) +
           "</text>\n";
    for (const TimelineBar& bar : row.bars) {
      append_bar(bar, axis, y, svg);
    }
    for (const TimelineMark& mark : row.marks) {
      append_mark(mark, axis, y, svg);
    }
    y += height_of(row);
  }
  append_events(timeline, axis, bottom, svg);
  return svg + legend(bottom + 22) + "</svg>\n";
}

}  // namespace

std::string render_timeline_text(const Timeline& timeline, bool color) {
  std::size_t widest = 0;
  for (const TimelineLine& line : timeline.lines) {
    widest = std::max(widest, std::min<std::size_t>(display_width(line.item), 34));
  }
  std::string out;
  std::string day;
  for (const TimelineLine& line : timeline.lines) {
    const std::string instant = format_instant(line.at);
    if (instant.substr(0, 10) != day) {
      day = instant.substr(0, 10);
      out += (out.empty() ? "" : "\n") + day + " " + weekday(line.at) + "  " +
             offset_words(line.at - timeline.begin) + "\n";
    }
    const std::string_view paint = color ? color_of(line.what) : "";
    out += "  " + instant.substr(11, 8) + "  " + std::string(paint) + padded(line.what, 8) +
           (paint.empty() ? "" : "\x1b[0m") + "  " +
           padded(shortened(printable(line.item), 34), widest) + "  " + printable(line.text) + "\n";
  }
  if (timeline.lines.empty()) {
    out += "nothing happens\n";
  }
  out += "\nuntil " + format_instant(timeline.end) + "\n";
  for (const auto& [run, state] : timeline.runs) {
    out += "  " + printable(run) + " is " + state + "\n";
  }
  for (const TimelineWait& wait : timeline.waits) {
    out += "  " + printable(wait.item + "  " + wait.text + " waits: " + wait.why) +
           (wait.due ? ", until " + format_instant(*wait.due) : "") + "\n";
  }
  return out;
}

std::string render_timeline_json(const Timeline& timeline) {
  using Json = nlohmann::ordered_json;
  Json out{{"begin", format_instant(timeline.begin)},
           {"end", format_instant(timeline.end)},
           {"lines", Json::array()},
           {"rows", Json::array()},
           {"waits", Json::array()},
           {"runs", Json::array()}};
  for (const TimelineLine& line : timeline.lines) {
    out["lines"].push_back({{"at", format_instant(line.at)},
                            {"what", line.what},
                            {"item", line.item},
                            {"text", line.text}});
  }
  for (const TimelineRow& row : timeline.rows) {
    Json one{{"item", row.item}, {"kind", row.kind}, {"system", row.system}};
    one["bars"] = Json::array();
    for (const TimelineBar& bar : row.bars) {
      one["bars"].push_back({{"from", format_instant(bar.from)},
                             {"to", format_instant(bar.to)},
                             {"state", bar.state},
                             {"title", bar.title}});
    }
    out["rows"].push_back(std::move(one));
  }
  for (const TimelineWait& wait : timeline.waits) {
    Json one{{"item", wait.item}, {"text", wait.text}, {"why", wait.why}};
    if (wait.due) {
      one["due"] = format_instant(*wait.due);
    }
    out["waits"].push_back(std::move(one));
  }
  for (const auto& [run, state] : timeline.runs) {
    out["runs"].push_back({{"run", run}, {"state", state}});
  }
  return out.dump(2) + "\n";
}

std::string render_timeline_svg(const Timeline& timeline) {
  return svg_of(timeline, true);
}

std::string render_timeline_html(const Timeline& timeline, const std::string& title) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\"><title>" +
      escaped(title) + "</title>\n<style>" + std::string(kStyle) +
      "body.timeline{margin:2rem;max-width:84rem}h1{font-size:1.3rem}h2{font-size:1.1rem}"
      "p{color:var(--soft)}.chart{overflow-x:auto}"
      "table{border-collapse:collapse;font-size:.85rem;margin:1rem 0;width:100%}"
      "td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top;"
      "border-bottom:1px solid var(--line)}th{padding-top:1rem}"
      "td.when{white-space:nowrap;font-variant-numeric:tabular-nums}"
      "td.what{color:var(--soft)}td.what.call,td.what.failed{color:var(--call)}"
      "td.what.done{color:var(--done)}td.what.stage,td.what.decided{color:var(--stage)}"
      "td.what.event,td.what.script,td.what.approval{color:var(--use)}"
      "td.text{width:100%;overflow-wrap:anywhere}code{color:var(--soft)}"
      "@media(max-width:40rem){body.timeline{margin:1rem}}</style></head>\n"
      "<body class=\"timeline\"><h1>" +
      escaped(title) + "</h1>\n<p>" + format_instant(timeline.begin) + " to " +
      format_instant(timeline.end) +
      ". Quiet times are drawn shorter. Hold the pointer over a bar or a mark.</p>\n"
      "<div class=\"chart\">" +
      svg_of(timeline, false) + "</div>\n<table><tbody>\n";
  std::string day;
  for (const TimelineLine& line : timeline.lines) {
    const std::string instant = format_instant(line.at);
    if (instant.substr(0, 10) != day) {
      day = instant.substr(0, 10);
      html += "<tr><th colspan=\"3\">" + day + " " + weekday(line.at) + " " +
              offset_words(line.at - timeline.begin) + "</th></tr>\n";
    }
    html += "<tr><td class=\"when\">" + instant.substr(11, 8) + "</td><td class=\"what " +
            line.what + "\">" + escaped(line.what) + "</td><td class=\"text\">" +
            (line.item.empty() ? "" : "<code>" + escaped(line.item) + "</code> ") +
            escaped(line.text) + "</td></tr>\n";
  }
  html += "</tbody></table>\n";
  if (!timeline.waits.empty()) {
    html += "<h2>Not done yet</h2>\n<table><tbody>\n";
    for (const TimelineWait& wait : timeline.waits) {
      html += "<tr><td>" + escaped(wait.item) + "</td><td>" + escaped(wait.text) + "</td><td>" +
              escaped(wait.why) + "</td><td class=\"when\">" +
              (wait.due ? format_instant(*wait.due) : "") + "</td></tr>\n";
    }
    html += "</tbody></table>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace rescind
