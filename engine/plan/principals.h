// Who may approve, receive or be called: active, not the subject, nobody who is leaving; else the
// next in the chain, then the steward.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/decision.h"

namespace rescind {

// Borrows the decisions.
class Principals {
 public:
  // `leaving`: who leaves by an event that these decisions are not about.
  Principals(const Decisions& decisions, std::string steward,
             std::set<std::string, std::less<>> leaving);

  // Whether the identity or team may act in the case of these causes. A team may while it has a
  // member who may, or while nobody is recorded as its member.
  [[nodiscard]] bool eligible(std::string_view principal,
                              std::span<const std::uint32_t> causes) const;
  // The eligible ones of the first alternative that has any, else the steward, else nobody. Sorted.
  [[nodiscard]] std::vector<std::string> resolve(const ResolvedPrincipals& chain,
                                                 std::span<const std::uint32_t> causes) const;

  [[nodiscard]] const std::string& steward() const { return steward_; }

  // Subjects of that cause and of what it was derived from.
  [[nodiscard]] const std::set<std::string, std::less<>>& subjects(std::uint32_t cause) const;

  [[nodiscard]] bool leaving(std::string_view identity) const {
    return leaving_.contains(identity);
  }

 private:
  [[nodiscard]] bool identity_eligible(std::string_view identity,
                                       std::span<const std::uint32_t> causes) const;

  const Decisions& decisions_;
  std::string steward_;
  std::set<std::string, std::less<>> leaving_, leaving_elsewhere_;
  std::vector<std::set<std::string, std::less<>>> subjects_;  // by cause
};

}  // namespace rescind
