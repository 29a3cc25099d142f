// Which entries of a log are about an identity.
#include <algorithm>
#include <set>
#include <utility>

#include "audit/story.h"

namespace rescind {
namespace {

constexpr const char* kDerives = " > ";  // between the lineages of a cause and what it derived

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class Selection {
 public:
  explicit Selection(const std::string& identity) : identity_(identity) {}

  // The kinds that something is learnt from.
  static EntryKinds teaching() { return {"event", "reported", "decision", "step"}; }

  // Over all entries, again until nothing is learnt any more: whose events these are, and what
  // follows from them. True: something was new.
  bool learn(const AuditNote& note) {
    const std::size_t before = known();
    if (note.kind == "event" || note.kind == "reported") {
      learn_event(note);
    } else if (note.kind == "decision" || note.kind == "step") {
      learn_decision(note);
    }
    return known() != before;
  }

  [[nodiscard]] bool takes(const AuditNote& note) const {
    if (note.kind == "event" || note.kind == "reported" || note.kind == "closure" ||
        note.kind == "path") {
      return is_about_us(note);
    }
    if (note.kind == "decision" || note.kind == "step") {
      return is_ours(note);
    }
    if (note.kind == "exception") {
      return is_about_us(note) || items_.contains({note.run, note.item});
    }
    if (note.kind == "event_closed" || note.kind == "claims_released") {
      return lineages_.contains(note.get("lineage"));
    }
    if (!note.step.empty()) {
      return steps_.contains({note.run, note.step});
    }
    return note.item.empty() ? runs_.contains(note.run) : items_.contains({note.run, note.item});
  }

 private:
  using InRun = std::pair<std::string, std::string>;  // run, and what is meant in it

  [[nodiscard]] std::size_t known() const {
    return related_.size() + lineages_.size() + runs_.size() + items_.size() + steps_.size();
  }

  // The identity itself, or, within one run, what that run took up because of it.
  [[nodiscard]] bool is_about_us(const AuditNote& note) const {
    return note.who == identity_ || related_.contains({note.run, note.who});
  }

  // An event is ours by its subject, or because it was derived from one of ours: its lineage begins
  // with that of its cause.
  void learn_event(const AuditNote& note) {
    const std::string lineage = note.get("lineage");
    const bool derived = std::any_of(
        lineages_.begin(), lineages_.end(),
        [&lineage](const std::string& of) { return lineage.starts_with(of + kDerives); });
    if (note.who != identity_ && !derived) {
      return;
    }
    if (!lineage.empty()) {
      lineages_.insert(lineage);
    }
    if (!note.run.empty()) {
      related_.insert({note.run, note.who});
      runs_.insert(note.run);
    }
  }

  [[nodiscard]] bool is_ours(const AuditNote& note) const {
    const std::vector<std::string> causes = lines_of(note.get("causes"));
    return is_about_us(note) ||
           std::any_of(causes.begin(), causes.end(),
                       [this](const std::string& cause) { return lineages_.contains(cause); });
  }

  void learn_decision(const AuditNote& note) {
    if (!is_ours(note)) {
      return;
    }
    runs_.insert(note.run);
    if (!note.item.empty()) {
      items_.insert({note.run, note.item});
    }
    if (note.kind == "step") {
      steps_.insert({note.run, note.step});
    }
  }

  const std::string& identity_;
  std::set<std::string> lineages_, runs_;
  std::set<InRun> related_, items_, steps_;
};

}  // namespace

Status select_entries(const LogSource& log, const std::string& identity, const EntryHearer& hear) {
  Selection selection(identity);
  for (bool more = true; more;) {
    more = false;
    RESCIND_RETURN_IF_ERROR(log(Selection::teaching(), [&](const AuditEntry& entry) {
      more = selection.learn(entry.note) || more;
    }));
  }
  return log({}, [&](const AuditEntry& entry) {
    if (selection.takes(entry.note)) {
      hear(entry);
    }
  });
}

}  // namespace rescind
