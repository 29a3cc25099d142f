// From entries to what they tell.
#include "audit/story.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "audit/signed_approval.h"

namespace rescind {
namespace {

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_done(const std::string& state) {
  return state == "verified" || state == "already_done";
}

// Only what the engine reads back afterwards is said to be gone by it: captures, notices and
// questions end without.
bool is_change(const StoryStep& step) {
  return step.rank != "capture" && step.rank != "prepare";
}

bool ends_access(const StoryStep& step) {
  return step.rank == "contain" || step.rank == "strip" || step.rank == "sweep";
}

class Teller {
 public:
  explicit Teller(std::string identity) { story_.identity = std::move(identity); }

  void hear(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    if (note.kind == "event") {
      hear_event(entry);
    } else if (note.kind == "decision") {
      hear_decision(entry);
    } else if (note.kind == "step") {
      hear_step(entry);
    } else if (note.kind == "exception") {
      story_.exceptions.push_back({entry.sequence, note.item, note.get("verb"), note.get("form"),
                                   note.get("hold"), note.get("ordered_by"), note.get("until"),
                                   note.get("because")});
    } else if (note.kind == "approval") {
      hear_approval(entry);
    } else if (note.kind == "closure") {
      story_.searches.push_back({entry.sequence, note.at, note.who, note.get("left"),
                                 number_of(note.get("paths")), number_of(note.get("unforeseen"))});
    } else if (!note.step.empty() && note.data.contains("record")) {
      hear_record(entry);
    }
    add_line(entry);
  }

  Story finish() {
    for (auto& [item, told] : items_) {
      story_.items.push_back(std::move(told));
    }
    for (const StoryStep& step : story_.steps) {
      if (is_change(step)) {
        ++story_.changes;
        story_.done += step.done() ? 1U : 0U;
      }
    }
    judge();
    return std::move(story_);
  }

 private:
  void hear_event(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    story_.causes.push_back({entry.sequence, note.get("type"), note.who, note.get("effective"),
                             note.get("source"), note.get("id"), note.get("submitted_by")});
  }

  void hear_decision(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    StoryItem& item = items_[note.item];
    item.item = note.item;
    item.kind = note.get("kind");
    item.system = note.get("system");
    item.holder = note.who;
    item.decisions.push_back({entry.sequence, note.get("verb"), note.get("outcome"),
                              note.get("rules"), note.get("because"), note.get("controls")});
  }

  void hear_step(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    StoryStep step;
    step.entry = entry.sequence;
    step.run = note.run;
    step.step = note.step;
    step.what = note.detail;
    step.verb = note.get("verb");
    step.item = note.item;
    step.system = note.get("system");
    step.rank = note.get("rank");
    step.deadline = note.get("deadline");
    step.reversible = note.get("reversible");
    step.approvals = note.get("approvals");
    step.state = "planned";
    if (StoryStep* known = find_step(note); known != nullptr) {
      // Decided again: what was done stays done.
      step.state = known->state;
      step.done_at = known->done_at;
      step.proof = known->proof;
      step.proof_entry = known->proof_entry;
      step.proved_at = known->proved_at;
      *known = std::move(step);
      return;
    }
    step_at_[{note.run, note.step}] = story_.steps.size();
    story_.steps.push_back(std::move(step));
  }

  void hear_record(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    StoryStep* step = find_step(note);
    if (step == nullptr) {
      return;
    }
    step->state = note.get("state");
    if (!is_done(step->state)) {
      step->done_at.reset();
    } else if (!step->done_at) {
      step->done_at = note.at;
    }
    const bool verifies = note.kind == "probed" || is_done(step->state);
    if (verifies) {
      step->proof = note.get("result").empty() ? step->state : note.get("result");
      step->proof_entry = entry.sequence;
      step->proved_at = note.at;
    }
  }

  void hear_approval(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    StoryApproval approval;
    approval.entry = entry.sequence;
    approval.at = note.at;
    approval.who = note.who;
    approval.what = what_of(note, "the run");
    approval.on_behalf_of = note.get("on_behalf_of");
    approval.reason = note.detail;
    approval.refused = note.data.contains("refused");
    const ApprovalSignature signature = check_approval_signature(note);
    approval.is_signed = signature.holds();
    approval.key = approval.is_signed ? signature.key : "";
    story_.approvals.push_back(std::move(approval));
  }

  StoryStep* find_step(const AuditNote& note) {
    const auto found = step_at_.find({note.run, note.step});
    return found == step_at_.end() ? nullptr : &story_.steps[found->second];
  }

  std::string what_of(const AuditNote& note, const std::string& otherwise) {
    const StoryStep* step = find_step(note);
    return step == nullptr ? otherwise : step->what;
  }

  void add_line(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    // These make tables of their own; the timeline tells what happened, not what was meant to.
    if (note.kind == "decision" || note.kind == "step" || note.kind == "exception" ||
        note.kind == "path") {
      return;
    }
    story_.timeline.push_back({entry.sequence, note.at, note.kind, words_of(note), note.detail});
    StoryLine& line = story_.timeline.back();
    if (line.what == line.detail) {
      line.detail.clear();
    }
  }

  std::string words_of(const AuditNote& note) {
    const std::string what = what_of(note, "the run");
    const std::string result = note.get("result");
    if (note.kind == "event" || note.kind == "plan") {
      return note.detail;
    }
    if (note.kind == "reported") {
      return "reported: " + note.detail;
    }
    if (note.kind == "run") {
      return "the run is " + note.get("state");
    }
    if (note.kind == "taken_up") {
      return "a process takes the run up";
    }
    if (note.kind == "approval") {
      return note.who + (note.data.contains("refused") ? " refuses " : " approves ") + what;
    }
    if (note.kind == "intent") {
      return "about to send: " + what;
    }
    if (note.kind == "outcome") {
      return what + ": " + result;
    }
    if (note.kind == "probed") {
      return "read back, " + what + ": " + (result.empty() ? note.get("state") : result);
    }
    if (note.kind == "observed") {
      return "state before the change read, " + what;
    }
    if (note.kind == "waited") {
      return what + " waits";
    }
    if (note.kind == "swept") {
      return "looked again for sessions and tokens, " + what;
    }
    if (note.kind == "escalated" || note.kind == "escalation") {
      return "a person is needed, " + what;
    }
    if (note.kind == "ended") {
      return what + ": " + note.get("state");
    }
    if (note.kind == "closure") {
      return "searched for ways in of " + note.who;
    }
    return note.kind + ", " + what;
  }

  // The last search of each subject counts.
  void judge() {
    std::map<std::string, const StorySearch*> last;
    for (const StorySearch& search : story_.searches) {
      last[search.subject] = &search;
    }
    std::uint64_t paths = 0;
    for (const auto& [subject, search] : last) {
      paths += search->paths;
    }
    const bool ended =
        std::all_of(story_.steps.begin(), story_.steps.end(),
                    [](const StoryStep& step) { return !ends_access(step) || step.done(); });
    story_.gone = ended && story_.done > 0 && !last.empty() && paths == 0;
    story_.verdict = std::to_string(story_.done) + " of " + std::to_string(story_.changes) +
                     " changes were read back as done.";
    if (last.empty()) {
      story_.verdict += " Nobody searched for access that is left.";
    } else {
      story_.verdict +=
          paths == 1 ? " 1 way in remains." : " " + std::to_string(paths) + " ways in remain.";
    }
  }

  Story story_;
  std::map<std::string, StoryItem> items_;
  std::map<std::pair<std::string, std::string>, std::size_t> step_at_;  // run, step → in the story
};

}  // namespace

Story tell_story(const std::vector<AuditEntry>& entries, const std::string& identity) {
  Teller teller(identity);
  for (const AuditEntry& entry : entries) {
    teller.hear(entry);
  }
  return teller.finish();
}

}  // namespace rescind
