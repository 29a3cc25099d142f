// The plan for people: what happens to whom, when access closes and what stays, then the steps rank
// by rank, then what is held, unclear or left open. Read by somebody who was just woken up.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "plan/plan_words.h"
#include "plan/render.h"

namespace rescind {
namespace {

constexpr std::size_t kMinWidth = 80;

enum class Ink { Plain, Bold, Dim, Red, Green, Yellow };

class Page {
 public:
  Page(const Plan& plan, const PlanTextOptions& options)
      : plan_(plan), options_(options), width_(std::max(options.width, kMinWidth)) {}

  std::string render() {
    headline();
    retirements();
    for (std::size_t rank = 0; rank < kRankCount; ++rank) {
      rank_block(static_cast<Rank>(rank));
    }
    held();
    notes("needs a person", person_lines());
    notes("uncovered: no rule speaks of these", item_lines(plan_.uncovered, false));
    notes("undetermined: what is recorded does not allow a decision",
          item_lines(plan_.undetermined, true));
    notes("rejected records: what depends on them is not decided", rejected_lines());
    notes("cannot be met", infeasible_lines());
    notes("limits reached", limit_lines());
    paths();
    notes("also", plan_.notes);
    closing();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string ink(Ink ink, const std::string& text) const {
    if (!options_.color || ink == Ink::Plain || text.empty()) {
      return text;
    }
    const char* code = ink == Ink::Bold    ? "1"
                       : ink == Ink::Dim   ? "2"
                       : ink == Ink::Red   ? "31"
                       : ink == Ink::Green ? "32"
                                           : "33";
    return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
  }

  void line(const std::string& text) { out_ += text + "\n"; }

  // Words up to the width; what follows is indented.
  void wrap(const std::string& text, std::size_t first_indent, std::size_t indent) {
    std::string current(first_indent, ' ');
    std::size_t used = first_indent;
    bool fresh = true;
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t end = text.find(' ', at);
      end = end == std::string::npos ? text.size() : end;
      const std::string word = text.substr(at, end - at);
      const std::size_t size = display_width(word);
      if (!fresh && used + 1 + size > width_) {
        line(current);
        current.assign(indent, ' ');
        used = indent;
        fresh = true;
      }
      current += (fresh ? "" : " ") + word;
      used += size + (fresh ? 0 : 1);
      fresh = false;
      at = end + 1;
    }
    line(current);
  }

  void heading(const std::string& title, const std::string& words) {
    line("");
    line(ink(Ink::Bold, title) + (words.empty() ? "" : "  " + ink(Ink::Dim, words)));
  }

  [[nodiscard]] std::string when(Instant at) const { return instant_words(at, plan_.as_of); }

  void headline() {
    const std::vector<std::string> reported = reported_event_words(plan_);
    for (const std::string& event : reported) {
      line(ink(Ink::Bold, event));
    }
    if (reported.empty()) {
      line(ink(Ink::Bold, "no event"));
    }
    if (!plan_.undoes.empty()) {
      line(ink(Ink::Bold, "Puts back " + plan_.undoes + "."));
    }
    if (!plan_.supersedes.empty()) {
      wrap("Takes over from " + join(plan_.supersedes, ", ") + ": decided again with what is new.",
           0, 0);
    }
    const std::string derived = derived_event_words(plan_);
    if (!derived.empty()) {
      wrap(derived, 0, 0);
    }
    wrap(closing_words(), 0, 0);
    const std::string stays = staying_words();
    if (!stays.empty()) {
      wrap(stays, 0, 0);
    }
  }

  // One line for each item that leaves in stages.
  void retirements() {
    if (plan_.retirements.empty()) {
      return;
    }
    heading("RETIREMENTS", "these leave in stages, each when the one before it is done");
    for (const PlannedRetirement& one : plan_.retirements) {
      std::string words = one.kind + " " + one.item + ": " + retirement_words(one);
      for (const auto& [stage, by] : one.enter_by) {
        words += "; in " + stage + " by " + when(by) + " UTC";
      }
      if (!one.joins.empty()) {
        words += "; joins the retirement that is under way";
      }
      wrap(words, 2, 6);
    }
  }

  [[nodiscard]] std::string closing_words() const {
    if (plan_.steps.empty()) {
      return "Nothing to do.";
    }
    const std::size_t systems = plan_.summary.by_system.size();
    std::string words =
        count_words(plan_.steps.size(), "step") + " on " + count_words(systems, "system") + ". ";
    const bool contains =
        std::any_of(plan_.steps.begin(), plan_.steps.end(),
                    [](const PlanStep& step) { return step.rank == Rank::Contain; });
    if (plan_.summary.containment_complete_at) {
      const Instant all = *plan_.summary.containment_complete_at;
      const std::optional<Instant> sign_in = sign_in_ends();
      words += !somebody_leaves() ? std::string("All of it is closed by ")
               : sign_in && *sign_in < all
                   ? "Sign-in ends by " + when(*sign_in) + ", all access closes by "
                   : std::string("Access closes by ");
      words += when(all) + " UTC";
    } else if (contains) {
      words +=
          "Access closes when every containing step is done; not all of them have a deadline or "
          "start by themselves";
    } else {
      return words + "Nothing that signs anybody in is closed.";
    }
    if (!somebody_leaves()) {
      return words + ".";
    }
    const std::size_t open = plan_.residual_access.size();
    return words + (open == 0 ? "; 0 paths remain after that."
                              : "; " + count_words(open, "path") +
                                    (open == 1 ? " remains" : " remain") + ", listed below.");
  }

  // Only then the plan claims that no path remains.
  [[nodiscard]] bool somebody_leaves() const {
    return std::any_of(plan_.events.begin(), plan_.events.end(), [](const Event& event) {
      return event.type == "leaver" || event.type == "contract_end";
    });
  }

  // When the last account and session is closed; nothing: not all have a deadline, or there are
  // none.
  [[nodiscard]] std::optional<Instant> sign_in_ends() const {
    std::optional<Instant> latest;
    for (const PlanStep& step : plan_.steps) {
      const bool signs_in =
          step.kind == kind_name(Kind::Account) || step.kind == kind_name(Kind::Session);
      if (signs_in && (step.rank == Rank::Contain || step.rank == Rank::Sweep)) {
        if (!step.deadline) {
          return std::nullopt;
        }
        latest = std::max(latest.value_or(*step.deadline), *step.deadline);
      }
    }
    return latest;
  }

  [[nodiscard]] std::string staying_words() const {
    std::map<std::string, std::set<std::string>> by_hold;  // hold and why → items
    for (const auto* list : {&plan_.protected_items, &plan_.postponed}) {
      for (const HeldItem& held : *list) {
        by_hold["hold " + short_name(held.hold)].insert(held.item);
      }
    }
    std::string out;
    for (const auto& [hold, items] : by_hold) {
      out += (out.empty() ? "Stays for now: " : "; ") +
             (items.size() <= 3 ? join(std::vector<std::string>(items.begin(), items.end()), ", ")
                                : count_words(items.size(), "item")) +
             " (" + hold + ")";
    }
    return out.empty() ? out : out + ".";
  }

  void rank_block(Rank rank) {
    std::vector<const PlanStep*> steps;
    for (const PlanStep& step : plan_.steps) {
      if (step.rank == rank) {
        steps.push_back(&step);
      }
    }
    if (steps.empty()) {
      return;
    }
    std::string title(rank_name(rank));
    std::transform(title.begin(), title.end(), title.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    heading(title, rank_words(rank));
    if (!options_.verbose) {
      const auto together = std::stable_partition(
          steps.begin(), steps.end(), [](const PlanStep* step) { return step->action.empty(); });
      group_lines({together, steps.end()});
      steps.erase(together, steps.end());
    }
    step_lines(steps);
  }

  // Captures and sweeps: many alike, so one entry for each instant.
  void group_lines(const std::vector<const PlanStep*>& steps) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
    for (const PlanStep* step : steps) {
      groups[{deadline_words(*step, plan_.as_of), step->action}].push_back(step->item);
    }
    for (const auto& [key, items] : groups) {
      const std::string head =
          key.first +
          std::string(kWhenWidth - std::min(kWhenWidth, display_width(key.first)), ' ') + "  " +
          key.second + "  ";
      wrap(head + join(items, ", "), 2, 2 + display_width(head));
    }
  }

  void step_lines(const std::vector<const PlanStep*>& steps) {
    std::size_t verb_width = 0;
    std::size_t item_width = 0;
    std::size_t system_width = 0;
    for (const PlanStep* step : steps) {
      verb_width = std::max(verb_width, display_width(verb_words(*step)));
      if (step->item.empty()) {
        continue;  // messages are as long as they are
      }
      item_width = std::max(item_width, display_width(item_words(*step)));
      system_width = std::max(system_width, display_width(step->system));
    }
    item_width = std::min(item_width, width_ / 2);
    for (const PlanStep* step : steps) {
      if (plan_.summary.point_of_no_return_at && !marked_ && cannot_be_undone(*step)) {
        marked_ = true;
        line(ink(Ink::Red, "  ── point of no return: " +
                               when(*plan_.summary.point_of_no_return_at) + " UTC ──"));
      }
      step_line(*step, verb_width, item_width, system_width);
    }
  }

  static std::string pad(const std::string& text, std::size_t width) {
    const std::size_t size = display_width(text);
    return size >= width ? text : text + std::string(width - size, ' ');
  }

  void step_line(const PlanStep& step, std::size_t verb_width, std::size_t item_width,
                 std::size_t system_width) {
    const std::string deadline = deadline_words(step, plan_.as_of);
    const Ink deadline_ink = step.overdue_at_arrival || infeasible(step) ? Ink::Red : Ink::Plain;
    const std::string why = rule_words(step);
    std::string text =
        "  " + ink(deadline_ink, pad(deadline, kWhenWidth)) + "  " +
        ink(step.rank == Rank::Destroy ? Ink::Red : Ink::Plain, pad(verb_words(step), verb_width)) +
        " " + pad(item_words(step), item_width);
    if (system_width > 0) {
      text += "  " + pad(step.system, system_width);
    }
    const std::size_t indent = 2 + kWhenWidth + 2;
    const std::size_t taken = indent + verb_width + 1 +
                              std::max(item_width, display_width(item_words(step))) +
                              (system_width > 0 ? 2 + system_width : 0);
    const bool fits = taken + 4 + display_width(why) <= width_;
    if (!why.empty() && fits) {
      text += "  " + ink(Ink::Dim, "— " + why);
    }
    while (text.ends_with(' ')) {
      text.pop_back();
    }
    line(text);
    if (!why.empty() && !fits) {
      line(std::string(indent, ' ') + ink(Ink::Dim, "— " + why));
    }
    for (const std::string& condition : condition_words(step, plan_.as_of)) {
      wrap(condition, indent, indent + 2);
    }
    if (options_.verbose) {
      detail(step, indent);
    }
  }

  static std::string quoted_because(const Reason& reason) {
    return reason.because.empty() ? std::string("a rule says so") : "\"" + reason.because + "\"";
  }

  void detail(const PlanStep& step, std::size_t indent) {
    wrap(step.id + ", undo: " + step.undo.text + ", done when " + step.probe.text, indent,
         indent + 2);
    for (const Reason& reason : step.reasons) {
      std::string words = reason.rule.empty() ? reason.clause : reason.rule + ", " + reason.clause;
      if (!reason.file.empty()) {
        words += " (" + reason.file + ":" + std::to_string(reason.line) + ")";
      }
      wrap(
          reason.rule.empty() ? reason.because : "because " + quoted_because(reason) + ": " + words,
          indent, indent + 2);
    }
    for (const std::string& sent : step.preview) {
      wrap("sends " + sent, indent, indent + 2);
    }
  }

  [[nodiscard]] bool infeasible(const PlanStep& step) const {
    return std::any_of(plan_.infeasible.begin(), plan_.infeasible.end(),
                       [&](const StepNote& note) { return note.step == step.id; });
  }

  void notes(const std::string& title, const std::vector<std::string>& lines) {
    if (lines.empty()) {
      return;
    }
    heading(title, "");
    for (const std::string& text : lines) {
      wrap(text, 2, 4);
    }
  }

  void held() {
    std::vector<std::string> lines;
    for (const HeldItem& one : plan_.protected_items) {
      lines.push_back(held_words(one, "until lifted"));
    }
    for (const HeldItem& one : plan_.postponed) {
      lines.push_back(
          held_words(one, one.until ? "until " + when(*one.until) + " UTC" : "until lifted"));
    }
    notes("held back", lines);
  }

  static std::string held_words(const HeldItem& held, const std::string& until) {
    return held.verb + " " + held.item + " — hold " + short_name(held.hold) + " " + until +
           (held.ordered_by.empty() ? "" : ", ordered by " + held.ordered_by) +
           (held.because.empty() ? "" : ": " + held.because);
  }

  [[nodiscard]] std::vector<std::string> person_lines() const {
    std::vector<std::string> lines;
    for (const PersonNote& note : plan_.needs_person) {
      lines.push_back((note.item.empty() ? "" : note.item + " — ") + note.why +
                      (note.who.empty() ? "" : " (" + note.who + ")"));
    }
    return lines;
  }

  static std::vector<std::string> item_lines(const std::vector<ItemNote>& list, bool with_why) {
    std::vector<std::string> lines;
    for (const ItemNote& note : list) {
      lines.push_back(note.item + (with_why ? " — " + note.why : std::string()));
    }
    return lines;
  }

  [[nodiscard]] std::vector<std::string> rejected_lines() const {
    std::vector<std::string> out;
    for (const auto& record : plan_.inventory.rejected) {
      out.push_back(record.file + (record.line == 0 ? "" : ":" + std::to_string(record.line)) +
                    " — " + record.why);
    }
    return out;
  }

  [[nodiscard]] std::vector<std::string> infeasible_lines() const {
    std::vector<std::string> lines;
    for (const StepNote& note : plan_.infeasible) {
      const auto step = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                     [&](const PlanStep& one) { return one.id == note.step; });
      const std::string name =
          step == plan_.steps.end() ? note.step : verb_words(*step) + " " + item_words(*step);
      lines.push_back(name + " — " + note.why);
    }
    return lines;
  }

  [[nodiscard]] std::vector<std::string> limit_lines() const {
    std::vector<std::string> lines;
    for (const LimitUse& use : plan_.limits) {
      if (use.tripped) {
        lines.push_back(short_name(use.name) + (use.scope.empty() ? "" : " on " + use.scope) +
                        ": " + std::to_string(use.used) + " of " + std::to_string(use.allowed) +
                        " in " + format_duration(use.window) + "; the rest waits");
      }
    }
    return lines;
  }

  void paths() {
    std::vector<std::string> lines;
    for (const ResidualPath& path : plan_.residual_access) {
      lines.push_back(join(path.path, " → ") + " — " +
                      (path.state == PathState::Unknown ? "unknown: " : "") + path.why +
                      (path.until ? ", until " + when(*path.until) + " UTC" : ""));
    }
    notes("paths left", lines);
  }

  void closing() {
    line("");
    if (plan_.steps.empty() && plan_.complete) {
      return;
    }
    if (plan_.looked_at_only) {
      line(ink(Ink::Yellow, "For another instant than now: to look at, not to apply."));
    }
    if (plan_.complete) {
      line(ink(Ink::Green, "Complete.") + " Apply before " + when(plan_.expires_at) + " UTC.");
    } else {
      line(ink(Ink::Yellow, "Not complete:") + " see what is listed above. Expires " +
           when(plan_.expires_at) + " UTC.");
    }
  }

  const Plan& plan_;
  const PlanTextOptions& options_;
  std::size_t width_;
  std::string out_;
  bool marked_ = false;
};

}  // namespace

std::string render_plan_text(const Plan& plan, const PlanTextOptions& options) {
  const Plan safe = without_control_characters(plan);
  return Page(safe, options).render();
}

}  // namespace rescind
