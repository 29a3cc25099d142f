// A signed checkpoint: how many entries the evidence log had and the root of its tree, as a signed
// note that public tools read too (C2SP signed-note and tlog-checkpoint).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle.h"
#include "base/result.h"
#include "base/signature.h"
#include "base/time.h"

namespace rescind {

struct Checkpoint {
  std::string origin;  // the log's name; see is_origin
  std::uint64_t size = 0;
  MerkleHash root{};
  Instant at{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// May stand in a checkpoint as its origin: not empty, printable, no space, no "+".
bool is_origin(std::string_view text);

// The note with its signature line.
std::string sign_checkpoint(const Checkpoint& checkpoint, const KeyPair& key);
// Reads the note without checking its signature. Errors: Corrupt.
Result<Checkpoint> read_checkpoint(std::string_view note);
// Reads the note and checks that one of `keys` signed it. Errors: Corrupt.
Result<Checkpoint> verify_checkpoint(std::string_view note, const std::vector<PublicKey>& keys);

// The signed-note form for any text. `text` ends with a line end and holds no empty line.
std::string sign_note(const std::string& name, const std::string& text, const KeyPair& key);
// The text of a note that one of `keys` signed under `name`. Errors: Corrupt.
Result<std::string> verify_note(std::string_view note, std::string_view name,
                                const std::vector<PublicKey>& keys);

// "NAME+HASH+KEY": the key as tools for signed notes want it.
std::string format_note_key(const std::string& name, const PublicKey& key);

}  // namespace rescind
