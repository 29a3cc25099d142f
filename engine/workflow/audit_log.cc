// Signing, exporting, proving and packing.
#include "workflow/audit_log.h"

#include <filesystem>
#include <ostream>
#include <utility>

#include "base/text.h"
#include "collect/read_configuration.h"

namespace rescind {
namespace {

constexpr std::size_t kPageEntries = 4096;
// The key of the message with the last checkpoint that the witness got.
constexpr std::string_view kSentCheckpointSetting = "audit.sent";
constexpr std::size_t kMaxCheckpointBytes = 64UL * 1024;

std::string default_origin(const PublicKey& key) {
  const Sha256Bytes hash =
      sha256({reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
  return "rescind-" + to_hex(hash).substr(0, 8);
}

// The stored nodes, read page by page as the proof asks for them.
NodeSource nodes_of(Store& store) {
  return [&store](MerkleNode node) { return store.audit_node(node); };
}

std::string key_file(const std::string& store_path) {
  return store_path + "-audit.pem";
}

std::string memory_file(const std::string& store_path) {
  return store_path + "-audit.checkpoint";
}

AuditSigner signer_with(const KeyPair& key, const Configuration& configuration,
                        const std::string& store_path) {
  AuditSigner signer;
  signer.key = key;
  signer.origin = configuration.audit.origin.empty() ? default_origin(key.public_key)
                                                     : configuration.audit.origin;
  signer.memory = memory_file(store_path);
  return signer;
}

// Nothing: there is no such file.
Result<std::optional<std::string>> read_memory(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return std::optional<std::string>();
  }
  RESCIND_ASSIGN_OR_RETURN(std::string note, read_file(file, kMaxCheckpointBytes));
  return std::optional(std::move(note));
}

// That the tree of `next` begins with that of the checkpoint in `note`, which stands in `from`.
// Whose signature is under that does not matter here: a log never goes back, with any key.
Status check_goes_on(Store& store, const Checkpoint& next, const std::string& note,
                     const std::string& from) {
  const auto before = read_checkpoint(note);
  if (!before) {
    return fail(ErrorKind::Corrupt, "the evidence log is not signed: " + from +
                                        " cannot be read: " + before.error().message());
  }
  const std::string words = from + " (" + std::to_string(before->size) + " entries, signed at " +
                            format_instant(before->at) + ")";
  if (before->size > next.size) {
    return fail(ErrorKind::Corrupt, "the evidence log was cut off and is not signed: it has " +
                                        std::to_string(next.size) + " entries, less than " + words);
  }
  if (before->size == 0) {
    return {};
  }
  auto proof = prove_consistency(before->size, next.size, nodes_of(store));
  if (!proof) {
    return tl::unexpected(std::move(proof).error().add_context("holding the log against " + from));
  }
  if (!verify_consistency(before->size, before->root, next.size, next.root, *proof)) {
    return fail(ErrorKind::Corrupt, "the evidence log is not signed: it does not continue " +
                                        words + ", entries were changed or the log was forked; " +
                                        "`rescind audit verify` says more");
  }
  return {};
}

// After the store has it for good, so that it is never newer than what the store can show.
Status remember(const AuditSigner& signer, const std::optional<std::string>& known,
                const std::string& note) {
  if (signer.memory.empty() || known == note) {
    return {};
  }
  return write_file_atomically(signer.memory, note);
}

Result<std::string> line_of(Store& store, std::uint64_t sequence) {
  RESCIND_ASSIGN_OR_RETURN(const auto found, store.list_audit(sequence, 1));
  if (found.empty() || found.front().sequence != sequence) {
    return fail(ErrorKind::NotFound, "the evidence log has no entry " + std::to_string(sequence));
  }
  return found.front().line;
}

}  // namespace

Result<std::optional<AuditSigner>> find_audit_signer(const Configuration& configuration,
                                                     const std::string& store_path) {
  if (configuration.audit.key) {
    RESCIND_ASSIGN_OR_RETURN(const std::string pem,
                             resolve_value(*configuration.audit.key, configuration.directory));
    auto key = parse_private_key(pem);
    if (!key) {
      return tl::unexpected(
          std::move(key).error().add_context("reading `audit: { key: … }` of rescind.yaml"));
    }
    return std::optional(signer_with(*key, configuration, store_path));
  }
  std::error_code error;
  if (!std::filesystem::exists(key_file(store_path), error)) {
    return std::optional<AuditSigner>();
  }
  RESCIND_ASSIGN_OR_RETURN(const KeyPair key, read_private_key(key_file(store_path)));
  return std::optional(signer_with(key, configuration, store_path));
}

Result<AuditSigner> open_audit_signer(const Configuration& configuration,
                                      const std::string& store_path) {
  RESCIND_ASSIGN_OR_RETURN(const auto found, find_audit_signer(configuration, store_path));
  if (found) {
    return *found;
  }
  RESCIND_ASSIGN_OR_RETURN(const auto seed, random_seed());
  RESCIND_ASSIGN_OR_RETURN(KeyPair key, key_pair_of_seed(seed));
  auto written = write_private_key(key_file(store_path), key);
  if (!written && written.error().kind() == ErrorKind::Conflict) {
    // Another process made it at the same instant.
    RESCIND_ASSIGN_OR_RETURN(key, read_private_key(key_file(store_path)));
    return signer_with(key, configuration, store_path);
  }
  if (!written) {
    return tl::unexpected(std::move(written).error().add_context("making a key for the log"));
  }
  AuditSigner signer = signer_with(key, configuration, store_path);
  signer.made = key_file(store_path);
  return signer;
}

Result<std::optional<NamedNote>> remembered_checkpoint(const std::string& store_path) {
  const std::string file = memory_file(store_path);
  RESCIND_ASSIGN_OR_RETURN(auto note, read_memory(file));
  return note ? std::optional(NamedNote{"`" + file + "`", *std::move(note)}) : std::nullopt;
}

Result<std::string> sign_log(Store& store, const AuditSigner& signer, Instant now) {
  // First what was signed, then what is there: between the two others may sign and write more.
  std::optional<std::string> known;
  if (!signer.memory.empty()) {
    RESCIND_ASSIGN_OR_RETURN(known, read_memory(signer.memory));
  }
  RESCIND_ASSIGN_OR_RETURN(const auto notes, store.list_checkpoints());
  Checkpoint checkpoint;
  checkpoint.origin = signer.origin;
  checkpoint.at = now;
  RESCIND_ASSIGN_OR_RETURN(checkpoint.size, store.audit_size());
  RESCIND_ASSIGN_OR_RETURN(checkpoint.root, tree_root(checkpoint.size, nodes_of(store)));
  if (known) {
    RESCIND_RETURN_IF_ERROR(check_goes_on(store, checkpoint, *known, "`" + signer.memory + "`"));
  }
  if (!notes.empty()) {
    RESCIND_RETURN_IF_ERROR(
        check_goes_on(store, checkpoint, notes.back(), "the last checkpoint of the store"));
    const auto last = verify_checkpoint(notes.back(), {signer.key.public_key});
    if (last && last->size == checkpoint.size && last->root == checkpoint.root &&
        last->origin == checkpoint.origin) {
      RESCIND_RETURN_IF_ERROR(remember(signer, known, notes.back()));
      return notes.back();
    }
  }
  std::string note = sign_checkpoint(checkpoint, signer.key);
  RESCIND_RETURN_IF_ERROR(store.add_checkpoint(checkpoint, note));
  RESCIND_RETURN_IF_ERROR(remember(signer, known, note));
  return note;
}

Status send_checkpoint(Store& store, const std::string& note, const std::string& witness,
                       HandOver& hand_over) {
  RESCIND_ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(note));
  const std::string setting(kSentCheckpointSetting);
  const std::string key =
      "checkpoint-" + std::to_string(checkpoint.size) + "-" + to_hex(checkpoint.root).substr(0, 16);
  RESCIND_ASSIGN_OR_RETURN(const auto sent, store.find_setting(setting));
  if (sent == key) {
    return {};
  }
  HandOverMessage message;
  message.key = key;
  message.to = "witness";
  message.contact = witness;
  message.subject =
      "checkpoint of " + checkpoint.origin + ": " + std::to_string(checkpoint.size) + " entries";
  message.text = note;
  message.fields = {{"kind", "checkpoint"}};
  message.at = checkpoint.at;
  if (auto delivered = hand_over.deliver(message); !delivered) {
    return tl::unexpected(std::move(delivered).error().add_context("handing the checkpoint over"));
  }
  return store.set_setting(setting, key);
}

Status export_log(Store& store, const AuditSigner& signer, Instant now, std::ostream& out) {
  RESCIND_ASSIGN_OR_RETURN(const std::string last, sign_log(store, signer, now));
  RESCIND_ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(last));
  LogHeader header;
  header.origin = signer.origin;
  RESCIND_ASSIGN_OR_RETURN(header.checkpoints, store.list_checkpoints());
  out << encode_log_header(header) << '\n';
  // Not beyond the checkpoint: what another process writes meanwhile is not signed yet.
  for (std::uint64_t at = 0; at < checkpoint.size;) {
    RESCIND_ASSIGN_OR_RETURN(const auto page, store.list_audit(at, kPageEntries));
    if (page.empty()) {
      break;
    }
    for (const StoredEntry& entry : page) {
      if (entry.sequence < checkpoint.size) {
        out << entry.line << '\n';
      }
    }
    at = page.back().sequence + 1;
  }
  out.flush();
  if (!out) {
    return fail(ErrorKind::Io, "the evidence log could not be written to its end");
  }
  return {};
}

LogSource log_of(Store& store, std::uint64_t size) {
  return [&store, size](const EntryKinds& kinds, const EntryHearer& hear) -> Status {
    for (std::uint64_t at = 0; at < size;) {
      RESCIND_ASSIGN_OR_RETURN(const auto page, store.list_audit(at, kPageEntries));
      if (page.empty()) {
        return {};
      }
      for (const StoredEntry& stored : page) {
        if (stored.sequence >= size) {
          return {};
        }
        if (const Status heard = hear_line(stored.line, kinds, hear); !heard) {
          return fail(ErrorKind::Corrupt,
                      "entry " + std::to_string(stored.sequence) +
                          " of the evidence log cannot be read: " + heard.error().message() +
                          "; `rescind audit verify` says more");
        }
      }
      at = page.back().sequence + 1;
    }
    return {};
  };
}

Result<LogSource> log_of(Store& store) {
  RESCIND_ASSIGN_OR_RETURN(const std::uint64_t size, store.audit_size());
  return log_of(store, size);
}

Result<EvidencePack> make_pack(Store& store, const AuditSigner& signer, const std::string& identity,
                               Instant now) {
  EvidencePack pack;
  pack.identity = identity;
  pack.made_at = now;
  RESCIND_ASSIGN_OR_RETURN(pack.checkpoint, sign_log(store, signer, now));
  RESCIND_ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(pack.checkpoint));
  std::vector<std::uint64_t> places;
  RESCIND_RETURN_IF_ERROR(
      select_entries(log_of(store, checkpoint.size), identity, [&](const AuditEntry& entry) {
        places.push_back(entry.sequence);
        pack.entries.push_back({encode_entry(entry), {}});
      }));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] >= checkpoint.size) {
      return fail(ErrorKind::Corrupt,
                  "the evidence log is not in its order; `rescind audit verify` says more");
    }
    RESCIND_ASSIGN_OR_RETURN(pack.entries[i].proof,
                             prove_inclusion(places[i], checkpoint.size, nodes_of(store)));
  }
  if (pack.entries.empty()) {
    return fail(ErrorKind::NotFound, "the evidence log says nothing about `" + identity + "`");
  }
  seal_pack(pack, signer.key);
  return pack;
}

Result<InclusionProof> prove_entry(Store& store, const AuditSigner& signer, std::uint64_t sequence,
                                   Instant now) {
  InclusionProof proof;
  RESCIND_ASSIGN_OR_RETURN(proof.checkpoint, sign_log(store, signer, now));
  RESCIND_ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(proof.checkpoint));
  RESCIND_ASSIGN_OR_RETURN(proof.line, line_of(store, sequence));
  RESCIND_ASSIGN_OR_RETURN(proof.path, prove_inclusion(sequence, checkpoint.size, nodes_of(store)));
  return proof;
}

}  // namespace rescind
