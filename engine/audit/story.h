// What the entries about one identity tell, put in the order in which an auditor asks: what did
// they have, what was decided and why, what was done when, what proves that it is gone, what was
// excepted and by whom. Computed from entries alone, so that whoever has them computes the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_source.h"
#include "base/time.h"

namespace rescind {

struct StoryCause {
  std::uint64_t entry = 0;
  std::string type, subject, effective, source, id, submitted_by;
};

struct StoryDecision {
  std::uint64_t entry = 0;
  std::string verb;  // "" none: kept, or nothing said of it
  std::string outcome, rules, because, controls;
};

struct StoryItem {
  std::string item, kind, system, holder;
  std::vector<StoryDecision> decisions;
};

// One change, as planned, with what became of it.
struct StoryStep {
  std::uint64_t entry = 0;
  std::string run, step;
  std::string what;  // "disable crm:alice"
  std::string verb, item, system, rank, deadline, reversible, approvals;
  std::string state;               // its last one; "planned" when nothing was done yet
  std::optional<Instant> done_at;  // since when it is known to be done
  std::string proof;               // what reading back said
  std::optional<std::uint64_t> proof_entry;
  std::optional<Instant> proved_at;

  [[nodiscard]] bool done() const { return done_at.has_value(); }
};

struct StoryException {
  std::uint64_t entry = 0;
  std::string item, verb, form, hold, ordered_by, until, because;
};

struct StoryApproval {
  std::uint64_t entry = 0;
  Instant at{};
  std::string who, what, on_behalf_of, reason;
  bool refused = false;
  bool is_signed = false;  // the entry carries the document, and its signature holds
  std::string key;         // that signed it
};

// A search for access that is left.
struct StorySearch {
  std::uint64_t entry = 0;
  Instant at{};
  std::string subject, left;
  std::uint64_t paths = 0, unforeseen = 0;
};

struct StoryLine {
  std::uint64_t entry = 0;
  Instant at{};
  std::string kind, what, detail;
};

struct Story {
  std::string identity;
  std::vector<StoryCause> causes;
  std::vector<StoryItem> items;  // by id
  std::vector<StoryStep> steps;  // as planned
  std::vector<StoryException> exceptions;
  std::vector<StoryApproval> approvals;
  std::vector<StorySearch> searches;
  std::vector<StoryLine> timeline;  // in the order of the log
  std::uint64_t changes = 0;        // steps that change access or data
  std::uint64_t done = 0;           // of them: read back as done
  // Every step that ends access is done, and the last search found no way in.
  bool gone = false;
  std::string verdict;  // one or two sentences
};

// Hears the entries of the log that are about the identity: its events and what follows from them,
// with the runs that carried it out. Reads the log several times and holds what links its entries,
// not the entries. Errors: those of the log.
Status select_entries(const LogSource& log, const std::string& identity, const EntryHearer& hear);

Story tell_story(const std::vector<AuditEntry>& entries, const std::string& identity);

}  // namespace rescind
