// Keys, entries and logs that tests share.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/log_check.h"
#include "audit/log_file.h"

namespace rescind {

inline KeyPair key_of(std::uint8_t fill) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(fill);
  const auto key = key_pair_of_seed(seed);
  REQUIRE(key.has_value());
  return *key;
}

inline Instant at_second(std::int64_t seconds) {
  return Instant(Seconds(1767600000 + seconds));
}

// A node source over leaves that are all in memory, by the definition of the tree.
inline NodeSource nodes_over(const std::vector<MerkleHash>& leaves) {
  return [&leaves](MerkleNode node) -> Result<MerkleHash> {
    std::vector<MerkleHash> level(
        leaves.begin() + static_cast<std::ptrdiff_t>(node.index << node.level),
        leaves.begin() + static_cast<std::ptrdiff_t>((node.index + 1) << node.level));
    while (level.size() > 1) {
      std::vector<MerkleHash> parents;
      for (std::size_t at = 0; at < level.size(); at += 2) {
        parents.push_back(hash_node(level[at], level[at + 1]));
      }
      level = std::move(parents);
    }
    return level.front();
  };
}

// A log in memory that a test can damage.
struct TestLog {
  explicit TestLog(std::uint64_t count) {
    for (std::uint64_t at = 0; at < count; ++at) {
      AuditNote note;
      note.at = at_second(static_cast<std::int64_t>(at));
      note.kind = "outcome";
      note.detail = "detail " + std::to_string(at);
      append(note);
    }
  }

  void append(const AuditNote& note) {
    lines.push_back(
        encode_entry({lines.size(), note, lines.empty() ? MerkleHash{} : hash_leaf(lines.back())}));
  }

  [[nodiscard]] std::vector<MerkleHash> leaves() const {
    std::vector<MerkleHash> hashes;
    for (const std::string& line : lines) {
      hashes.push_back(hash_leaf(line));
    }
    return hashes;
  }

  [[nodiscard]] Checkpoint checkpoint_at(std::uint64_t size) const {
    MerkleFrontier frontier;
    for (std::uint64_t at = 0; at < size; ++at) {
      frontier.append(hash_leaf(lines[at]));
    }
    return {origin, size, frontier.root(), at_second(static_cast<std::int64_t>(size))};
  }

  void sign_at(std::uint64_t size) { notes.push_back(sign_checkpoint(checkpoint_at(size), key)); }

  // What a forger does to one line.
  void replace(std::size_t line, const std::string& from, const std::string& to) {
    const std::size_t at = lines[line].find(from);
    REQUIRE(at != std::string::npos);
    lines[line].replace(at, from.size(), to);
  }

  // What a forger who knows the format does to the lines after it.
  void mend_from(std::size_t line) {
    for (std::size_t at = line; at < lines.size(); ++at) {
      AuditEntry entry = decode_entry(lines[at]).value();
      entry.previous = hash_leaf(lines[at - 1]);
      lines[at] = encode_entry(entry);
    }
  }

  [[nodiscard]] LogReport check(bool fully_signed = true) const {
    LogChecker checker({{key_of(6).public_key, key.public_key}, origin, fully_signed});
    for (std::size_t at = 0; at < notes.size(); ++at) {
      checker.add_checkpoint(notes[at], "checkpoint " + std::to_string(at + 1));
    }
    for (const std::string& line : lines) {
      checker.add_line(line);
    }
    return checker.finish();
  }

  [[nodiscard]] std::string file() const {
    std::string text = encode_log_header({origin, notes}) + '\n';
    for (const std::string& line : lines) {
      text += line + '\n';
    }
    return text;
  }

  std::string origin = "test-log";
  KeyPair key = key_of(7);
  std::vector<std::string> lines, notes;
};

}  // namespace rescind
