// One entry of the evidence log and its canonical text: one line of JSON, the same entry always the
// same bytes. The hash of that line is the leaf of the tree and what the next entry names as its
// predecessor. docs/audit-format.md specifies it in full.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/merkle.h"
#include "base/result.h"
#include "base/time.h"

namespace rescind {

// What happened, before it has a place in the log. Texts hold no secrets.
struct AuditNote {
  Instant at{};
  std::string kind;  // "event", "decision", "outcome" …: docs/audit-format.md lists them
  std::string run, step;
  std::string item;
  std::string who;                          // the identity that it is about, or that did it
  std::string detail;                       // one line for people
  std::map<std::string, std::string> data;  // what belongs to the kind
  std::vector<std::string> requests;        // what was sent, secrets redacted

  // Keeps a value that is not empty.
  void add(const std::string& name, std::string value) {
    if (!value.empty()) {
      data[name] = std::move(value);
    }
  }

  // The value of that name; "" when there is none.
  [[nodiscard]] std::string get(const std::string& name) const {
    const auto found = data.find(name);
    return found == data.end() ? std::string() : found->second;
  }

  friend bool operator==(const AuditNote&, const AuditNote&) = default;
};

struct AuditEntry {
  std::uint64_t sequence = 0;  // 0-based: the index of its leaf
  AuditNote note;
  MerkleHash previous{};  // leaf hash of the entry before; all zero in the first
};

// One line without its end. What is not UTF-8 is replaced by U+FFFD.
std::string encode_entry(const AuditEntry& entry);
// Errors: Corrupt, with what is wrong: not JSON, a member missing or of another type, or not the
// canonical text of what it says.
Result<AuditEntry> decode_entry(std::string_view line);

// `text` as a string of JSON, in quotes.
std::string quote_json(std::string_view text);

}  // namespace rescind
