// What pages share.
#include "audit/html.h"

namespace rescind {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char byte : text) {
    switch (byte) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += byte;
    }
  }
  return out;
}

std::string readable_instant(std::string_view instant) {
  std::string text(instant);
  if (text.size() == 20 && text[10] == 'T' && text[19] == 'Z') {
    text[10] = ' ';
    text.pop_back();
  }
  return text;
}

std::string_view page_style() {
  return R"css(
:root { color-scheme: light dark;
  --ink: #1a2230; --soft: #5b6675; --line: #dfe4ea; --paper: #ffffff; --shade: #f5f7f9;
  --good: #0f7a4a; --good-bg: #e3f5ec; --warn: #9a5b00; --warn-bg: #fdf1dc; --bad: #b3261e;
  --bad-bg: #fbe6e4; --accent: #2756b8; --accent-bg: #e7eefb; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6eaf0; --soft: #9aa5b4; --line: #2e3744; --paper: #12171e; --shade: #1a212b;
  --good: #5fd39b; --good-bg: #123324; --warn: #f0b95a; --warn-bg: #3a2a0c; --bad: #ff8f86;
  --bad-bg: #401815; --accent: #8fb1ff; --accent-bg: #1b2945; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 80px; }
h1 { font-size: 34px; line-height: 1.15; margin: 4px 0 10px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 10px; }
p { margin: 8px 0; max-width: 76ch; }
.over { text-transform: uppercase; letter-spacing: 0.09em; font-size: 12px; color: var(--soft); }
.soft { color: var(--soft); }
.small { font-size: 13px; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px; }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px;
  overflow-x: auto; white-space: pre-wrap; word-break: break-all; }
.verdict { display: flex; gap: 14px; align-items: center; margin: 18px 0 4px; padding: 14px 18px;
  border-radius: 10px; border: 1px solid var(--line); }
.verdict strong { font-size: 17px; }
.verdict.good { background: var(--good-bg); border-color: transparent; }
.verdict.warn { background: var(--warn-bg); border-color: transparent; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.card b { display: block; font-size: 26px; line-height: 1.2; }
.card span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; font-weight: 600; color: var(--soft); background: var(--shade); white-space: nowrap; }
th, td { padding: 8px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.chip { display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 12px; font-weight: 600;
  background: var(--shade); color: var(--soft); white-space: nowrap; margin: 1px 3px 1px 0; }
.chip.good { background: var(--good-bg); color: var(--good); }
.chip.warn { background: var(--warn-bg); color: var(--warn); }
.chip.bad { background: var(--bad-bg); color: var(--bad); }
.chip.accent { background: var(--accent-bg); color: var(--accent); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
details { border-bottom: 1px solid var(--line); padding: 6px 0; }
summary { cursor: pointer; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { main { max-width: none; padding: 0; } .scroll { border: 0; } details { break-inside: avoid; } }
)css";
}

}  // namespace rescind
