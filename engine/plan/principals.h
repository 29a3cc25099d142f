// Who may approve, receive or be called: active, not the subject, nobody who is leaving; else the next in
// the chain, then the steward.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/decision.h"

namespace rescind {

// Borrows the decisions.
class Principals {
 public:
  Principals(const Decisions& decisions, std::string steward);

  // Whether the identity or team may act in the case of that cause. A team may while it has a member who
  // may, or while nobody is recorded as its member.
  [[nodiscard]] bool eligible(std::string_view principal, std::uint32_t cause) const;
  // The eligible ones of the first alternative that has any, else the steward, else nobody. Sorted.
  [[nodiscard]] std::vector<std::string> resolve(const ResolvedPrincipals& chain,
                                                 std::uint32_t cause) const;
  [[nodiscard]] const std::string& steward() const { return steward_; }
  // Subjects of that cause, of what it was derived from and of what else was derived from that.
  [[nodiscard]] const std::set<std::string, std::less<>>& subjects(std::uint32_t cause) const;
  [[nodiscard]] bool leaving(std::string_view identity) const { return leaving_.contains(identity); }

 private:
  [[nodiscard]] bool identity_eligible(std::string_view identity, std::uint32_t cause) const;

  const Decisions& decisions_;
  std::string steward_;
  std::set<std::string, std::less<>> leaving_;
  std::vector<std::uint32_t> root_;                          // by cause
  std::vector<std::set<std::string, std::less<>>> subjects_; // by root cause
};

}  // namespace rescind
