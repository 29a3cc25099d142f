// One pass over the lines of a log.
#include "audit/log_check.h"

#include <algorithm>
#include <utility>

#include "audit/signed_approval.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxFindings = 100;

std::string entry_words(std::uint64_t sequence) {
  return "entry " + std::to_string(sequence);
}

std::string checkpoint_words(const Checkpoint& checkpoint, const std::string& from) {
  return from + " (" + std::to_string(checkpoint.size) + " entries, signed at " +
         format_instant(checkpoint.at) + ")";
}

}  // namespace

std::string_view finding_kind_name(FindingKind kind) {
  switch (kind) {
  case FindingKind::Malformed:
    return "malformed";
  case FindingKind::Changed:
    return "changed";
  case FindingKind::Missing:
    return "missing";
  case FindingKind::Reordered:
    return "reordered";
  case FindingKind::Truncated:
    return "truncated";
  case FindingKind::Forked:
    return "forked";
  case FindingKind::Unsigned:
    return "unsigned";
  case FindingKind::Differs:
    return "differs";
  }
  return "";
}

void LogChecker::report(FindingKind kind, std::optional<std::uint64_t> entry, std::string message) {
  if (report_.findings.size() == kMaxFindings) {
    ++report_.findings_left_out;
    return;
  }
  report_.findings.push_back({kind, entry, std::move(message)});
}

void LogChecker::add_checkpoint(std::string_view note, const std::string& from) {
  const auto read = verify_checkpoint(note, options_.keys);
  if (!read) {
    const bool readable = read_checkpoint(note).has_value();
    report(readable ? FindingKind::Unsigned : FindingKind::Malformed, std::nullopt,
           from + ": " + read.error().message());
    return;
  }
  if (options_.origin.empty()) {
    options_.origin = read->origin;
  }
  if (read->origin != options_.origin) {
    report(FindingKind::Unsigned, std::nullopt,
           from + " is of the log `" + read->origin + "`, this one is `" + options_.origin + "`");
    return;
  }
  const auto [first, is_new] = by_size_.emplace(read->size, Claimed{*read, from});
  if (!is_new && first->second.checkpoint.root != read->root) {
    report(FindingKind::Forked, std::nullopt,
           "the log was forked: " + checkpoint_words(first->second.checkpoint, first->second.from) +
               " and " + checkpoint_words(*read, from) +
               " are both signed and tell of different entries");
  }
  pending_.emplace(read->size, Claimed{*read, from});
  check_roots();
}

void LogChecker::check_place(std::uint64_t place, std::uint64_t said) {
  if (wrong_place_) {
    came_later_ = came_later_ || said == *wrong_place_;
  } else if (said != place) {
    wrong_place_ = place;
    wrong_said_ = said;
  }
}

std::optional<AuditEntry> LogChecker::add_line(std::string_view line) {
  const std::uint64_t place = frontier_.size();
  auto entry = decode_entry(line);
  std::optional<std::uint64_t> said;
  if (!entry) {
    report(FindingKind::Malformed, place,
           entry_words(place) + " cannot be read: " + entry.error().message());
  } else {
    said = entry->sequence;
    check_place(place, *said);
    const bool follows = place == 0 ? *said == 0 : last_said_ && *said == *last_said_ + 1;
    if (follows && entry->previous != last_) {
      report(FindingKind::Changed, place == 0 ? 0 : *last_said_,
             place == 0 ? "entry 0 names an entry before it, and there is none"
                        : entry_words(*last_said_) + " was changed: " + entry_words(*said) +
                              " names another hash of the entry before it");
    }
  }
  if (const std::string wrong = entry ? check_approval_signature(entry->note).wrong : "";
      !wrong.empty()) {
    report(FindingKind::Unsigned, said, approval_words(*entry) + wrong);
  }
  last_ = hash_leaf(line);
  last_said_ = said;
  completed_ = frontier_.append(last_);
  check_roots();
  return entry ? std::optional<AuditEntry>(*std::move(entry)) : std::nullopt;
}

void LogChecker::check_roots() {
  const auto [begin, end] = pending_.equal_range(frontier_.size());
  for (auto at = begin; at != end; ++at) {
    const auto& [checkpoint, from] = at->second;
    if (checkpoint.root == frontier_.root()) {
      report_.checkpoints.push_back(checkpoint);
      last_good_ = checkpoint.size;
      continue;
    }
    const std::uint64_t since = last_good_.value_or(0);
    const std::string entries = since + 1 == checkpoint.size
                                    ? entry_words(since)
                                    : "one of the entries " + std::to_string(since) + " to " +
                                          std::to_string(checkpoint.size - 1);
    report(FindingKind::Forked, since,
           "the log does not fit " + checkpoint_words(checkpoint, from) + ": " + entries +
               " was changed after it was signed, or the log was forked");
  }
  pending_.erase(begin, end);
}

void LogChecker::finish_place() {
  if (!wrong_place_) {
    return;
  }
  const std::string found = entry_words(wrong_said_);
  const std::string wanted = entry_words(*wrong_place_);
  Finding finding{FindingKind::Reordered, wrong_place_, ""};
  if (wrong_said_ < *wrong_place_) {
    finding.message = found + " stands twice, the second time in the place of " + wanted;
  } else if (came_later_) {
    finding.message = wanted + " stands behind " + found + ": the log was reordered";
  } else {
    finding.kind = FindingKind::Missing;
    finding.message = wanted + " is missing: " + found + " stands in its place";
  }
  // First, because the rest follows from it.
  report_.findings.insert(report_.findings.begin(), std::move(finding));
}

void LogChecker::finish_checkpoints() {
  for (const auto& [size, claimed] : pending_) {
    report(FindingKind::Truncated, report_.entries,
           "the log was cut off: " + entry_words(report_.entries) +
               " is the first that is missing, " +
               checkpoint_words(claimed.checkpoint, claimed.from) + " covers it");
  }
  for (const Checkpoint& checkpoint : report_.checkpoints) {
    report_.covered = std::max(report_.covered, checkpoint.size);
  }
  if (!report_.findings.empty() || (!options_.fully_signed && report_.entries == 0)) {
    return;
  }
  if (report_.checkpoints.empty()) {
    report(FindingKind::Unsigned, std::nullopt,
           "nothing vouches for the log: it has no checkpoint that a known key signed");
  } else if (options_.fully_signed && report_.covered < report_.entries) {
    report(FindingKind::Unsigned, report_.covered,
           entry_words(report_.covered) +
               " and what follows came after the last checkpoint: no "
               "signature vouches for them");
  }
}

LogReport LogChecker::finish() {
  report_.entries = frontier_.size();
  report_.root = frontier_.root();
  finish_place();
  finish_checkpoints();
  return std::move(report_);
}

}  // namespace rescind
