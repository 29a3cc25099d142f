// The evidence log of a store: signing, checking, proving, exporting it, and packs of evidence from
// it. Shared by the command line and the server. docs/audit.md explains it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "audit/log_check.h"
#include "audit/log_file.h"
#include "audit/pack.h"
#include "audit/proof.h"
#include "base/result.h"
#include "base/signature.h"
#include "base/time.h"
#include "model/configuration.h"
#include "store/store.h"

namespace rescind {

// Who signs the log, under which name.
struct AuditSigner {
  KeyPair key;
  std::string origin;
  std::string made;  // the file of a key that was made just now; "" it was there
};

// The configured key, or the one beside the store, which is made when it is missing. `store_path`:
// the store's file. Errors: those of reading and writing a key.
Result<AuditSigner> open_audit_signer(const Configuration& configuration,
                                      const std::string& store_path);

// Signs the log as it is and keeps the checkpoint, unless the last one is of the same size and
// signer. Gives the note.
Result<std::string> sign_log(Store& store, const AuditSigner& signer, Instant now);

// Checks the whole log of the store: its entries, its tree, its checkpoints and `notes` against it,
// and that journal, runs, plans and approvals say what the log says.
Result<LogReport> check_store_log(Store& store, const std::vector<PublicKey>& keys,
                                  const std::vector<NamedNote>& notes);

// Writes the log as a file. Signs it first, so that every entry in it is under a checkpoint.
Status export_log(Store& store, const AuditSigner& signer, Instant now, std::ostream& out);

// The log of the store as it is now, or its first `size` entries, page by page.
Result<LogSource> log_of(Store& store);
LogSource log_of(Store& store, std::uint64_t size);

// A sealed pack about the identity. Errors: NotFound when the log says nothing about it.
Result<EvidencePack> make_pack(Store& store, const AuditSigner& signer, const std::string& identity,
                               Instant now);

// An entry with its proof in the log as it is signed now. Errors: NotFound.
Result<InclusionProof> prove_entry(Store& store, const AuditSigner& signer, std::uint64_t sequence,
                                   Instant now);

}  // namespace rescind
