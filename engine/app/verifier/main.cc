// The program `rescind-verify`: checks evidence with nothing but the public key of the log. It
// reads an exported log, an evidence pack (JSON or page) or inclusion proofs, and opens no store.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "audit/log_file.h"
#include "audit/pack.h"
#include "audit/proof.h"
#include "base/counted.h"
#include "base/printable.h"
#include "base/text.h"

namespace {

using namespace rescind;

constexpr std::size_t kMaxPackBytes = 1024UL * 1024 * 1024;
constexpr std::size_t kMaxCheckpointBytes = 64UL * 1024;

// As `rescind` has them.
constexpr int kDone = 0;
constexpr int kWorldFailed = 1;
constexpr int kDoesNotHold = 4;
constexpr int kUsage = 64;

constexpr const char* kHelp =
    R"(usage: rescind-verify --key ed25519:… [--key …] [--checkpoint FILE …] [--log LOGFILE]
                      [--expect-size N] [--signed-since T] FILE

Checks FILE: an evidence log (`rescind audit export`), an evidence pack in JSON or as a page
(`rescind audit pack`), or proofs of entries (`rescind audit prove`).

  --key KEY          a public key of the log, had by another way than FILE; may be repeated
  --checkpoint FILE  a checkpoint that was kept elsewhere, to hold the log against; may be repeated
  --log LOGFILE      an exported log: whether a pack or a proof is of this log, and whether a pack
                     leaves nothing out
  --expect-size N    the evidence must be of a log that was signed with N entries or more
  --signed-since T   … and signed at this instant (2026-11-20T17:00:00Z) or later: a log that was
                     cut back to an earlier checkpoint is whole in itself, and old
  --version, --help

Exit code: 0 it holds, 4 it does not, 1 a file cannot be read, 64 the command line is wrong.
)";

struct Arguments {
  std::vector<PublicKey> keys;
  std::vector<std::string> checkpoints;
  std::string log, file;
  std::uint64_t expect_size = 0;  // 0: any
  std::optional<Instant> signed_since;
};

int fail_with(const Error& error) {
  std::cerr << "error: " << printable(error.to_string()) << '\n';
  const bool evidence = error.kind() == ErrorKind::Corrupt;
  return evidence ? kDoesNotHold : kWorldFailed;
}

int usage(const std::string& what) {
  std::cerr << "error: " << printable(what) << "; see rescind-verify --help\n";
  return kUsage;
}

int conclude(const std::vector<Finding>& findings, std::uint64_t left_out,
             const std::string& what) {
  if (findings.empty()) {
    std::cout << printable(what) << '\n';
    return kDone;
  }
  for (const Finding& finding : findings) {
    std::cerr << finding_kind_name(finding.kind) << ": " << printable(finding.message) << '\n';
  }
  if (left_out > 0) {
    std::cerr << "and " << left_out << " more\n";
  }
  std::cout << "the evidence does not hold\n";
  return kDoesNotHold;
}

Result<std::vector<NamedNote>> read_checkpoints(const std::vector<std::string>& files) {
  std::vector<NamedNote> notes;
  for (const std::string& file : files) {
    RESCIND_ASSIGN_OR_RETURN(std::string note, read_file(file, kMaxCheckpointBytes));
    notes.push_back({"`" + file + "`", std::move(note)});
  }
  return notes;
}

// "129 entries, signed at 2026-11-20T15:21:02Z".
std::string checkpoint_words(const Checkpoint& checkpoint) {
  return counted(checkpoint.size, "entry") + ", signed at " + format_instant(checkpoint.at);
}

// Whether the log reaches as far as whoever checks it knows that it does.
void expect(const Arguments& arguments, const Checkpoint& last, std::vector<Finding>& findings) {
  if (last.size < arguments.expect_size) {
    findings.push_back({FindingKind::Truncated, std::nullopt,
                        "the last checkpoint covers " + std::to_string(last.size) +
                            " entries, expected were " + std::to_string(arguments.expect_size) +
                            " or more"});
  }
  if (arguments.signed_since && last.at < *arguments.signed_since) {
    findings.push_back({FindingKind::Truncated, std::nullopt,
                        "the last checkpoint was signed at " + format_instant(last.at) +
                            ", before " + format_instant(*arguments.signed_since)});
  }
}

// `notes`: what else the log is held against.
int check_log(const Arguments& arguments, const std::string& file,
              std::vector<NamedNote> notes = {}) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return fail_with(Error(ErrorKind::Io, "cannot open `" + file + "`"));
  }
  auto kept = read_checkpoints(arguments.checkpoints);
  if (!kept) {
    return fail_with(kept.error());
  }
  std::move(kept->begin(), kept->end(), std::back_inserter(notes));
  auto report = check_log_file(in, {arguments.keys, "", true}, notes);
  if (!report) {
    return fail_with(report.error());
  }
  std::string what = "the evidence log holds: " + counted(report->entries, "entry") + ", " +
                     counted(report->checkpoints.size(), "checkpoint");
  if (!report->checkpoints.empty()) {
    what += "; the last one covers " + checkpoint_words(report->checkpoints.back()) +
            ", and says nothing about what came later";
  }
  expect(arguments, report->checkpoints.empty() ? Checkpoint() : report->checkpoints.back(),
         report->findings);
  return conclude(report->findings, report->findings_left_out, what);
}

int check_pack_text(const Arguments& arguments, const std::string& text) {
  LogSource log;
  if (!arguments.log.empty()) {
    const auto pack = decode_pack(text);
    if (!pack) {
      return fail_with(pack.error());
    }
    // The log must be the one that the pack was taken from, and reach as far.
    const int code =
        check_log(arguments, arguments.log, {{"the checkpoint of the pack", pack->checkpoint}});
    if (code != kDone) {
      return code;
    }
    log = entries_of_file(arguments.log);
  }
  auto report = check_pack(text, arguments.keys, log);
  if (!report) {
    return fail_with(report.error());
  }
  if (arguments.log.empty()) {
    expect(arguments, report->checkpoint, report->findings);
  }
  return conclude(report->findings, 0,
                  "the evidence about " + report->identity +
                      " holds: " + counted(report->entries, "entry") + " of the log of " +
                      checkpoint_words(report->checkpoint) + ". " + report->verdict);
}

Result<std::vector<InclusionProof>> read_proofs(const std::string& text) {
  std::istringstream in(text);
  std::vector<InclusionProof> proofs;
  for (std::string line; std::getline(in, line);) {
    RESCIND_ASSIGN_OR_RETURN(InclusionProof proof, decode_proof(line));
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

// That the whole log holds, is the one of the proofs' checkpoints, and has their entries.
int check_proofs_in_log(const Arguments& arguments, const std::vector<InclusionProof>& proofs) {
  std::vector<NamedNote> notes;
  for (const InclusionProof& proof : proofs) {
    if (notes.empty() || notes.back().note != proof.checkpoint) {
      notes.push_back({"the checkpoint of a proof", proof.checkpoint});
    }
  }
  if (const int code = check_log(arguments, arguments.log, std::move(notes)); code != kDone) {
    return code;
  }
  std::multimap<std::uint64_t, const std::string*> wanted;  // by sequence, the line to find there
  for (const InclusionProof& proof : proofs) {
    if (const auto entry = decode_entry(proof.line)) {
      wanted.emplace(entry->sequence, &proof.line);
    }
  }
  const auto keep_what_differs = [&wanted](const AuditEntry& entry) {
    const auto [first, last] = wanted.equal_range(entry.sequence);
    const std::string line = first == last ? std::string() : encode_entry(entry);
    for (auto at = first; at != last;) {
      at = *at->second == line ? wanted.erase(at) : std::next(at);
    }
  };
  if (const auto read = entries_of_file(arguments.log)({}, keep_what_differs); !read) {
    return fail_with(read.error());
  }
  std::vector<Finding> findings;
  for (const auto& [sequence, line] : wanted) {
    findings.push_back({FindingKind::Changed, sequence,
                        "entry " + std::to_string(sequence) + " is not that of the log"});
  }
  return findings.empty() ? kDone : conclude(findings, 0, "");
}

int check_proofs(const Arguments& arguments, const std::string& text) {
  const auto proofs = read_proofs(text);
  if (!proofs) {
    return fail_with(proofs.error());
  }
  if (!arguments.log.empty()) {
    if (const int code = check_proofs_in_log(arguments, *proofs); code != kDone) {
      return code;
    }
  }
  std::vector<Finding> findings;
  std::string proved;
  for (const InclusionProof& proof : *proofs) {
    const auto wrong = check_proof(proof, arguments.keys);
    findings.insert(findings.end(), wrong.begin(), wrong.end());
    const auto checkpoint = read_checkpoint(proof.checkpoint);
    if (checkpoint && arguments.log.empty()) {
      expect(arguments, *checkpoint, findings);
    }
    if (checkpoint && wrong.empty()) {
      proved += proof.line + "\n  is in the log `" + checkpoint->origin + "` of " +
                checkpoint_words(*checkpoint) + '\n';
    }
  }
  return conclude(findings, 0,
                  proved + "proved: " + counted(proofs->size(), "entry") + " of the signed log");
}

// By the beginning of the file.
int check_file(const Arguments& arguments) {
  std::string start(256, '\0');
  {
    std::ifstream in(arguments.file, std::ios::binary);
    if (!in) {
      return fail_with(Error(ErrorKind::Io, "cannot open `" + arguments.file + "`"));
    }
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(in.gcount()));
  }
  const std::string first = start.substr(0, start.find('\n'));
  if (first.find("\"" + std::string(kLogFormat) + "\"") != std::string::npos) {
    if (!arguments.log.empty()) {
      return usage("`--log` is for a pack or a proof, and `" + arguments.file + "` is a log");
    }
    return check_log(arguments, arguments.file);
  }
  if (!arguments.checkpoints.empty() && arguments.log.empty()) {
    return usage("only a whole log can be held against `--checkpoint`: give it with `--log`");
  }
  const auto text = read_file(arguments.file, kMaxPackBytes);
  if (!text) {
    return fail_with(text.error());
  }
  if (first.find("\"" + std::string(kProofFormat) + "\"") != std::string::npos) {
    return check_proofs(arguments, *text);
  }
  return check_pack_text(arguments, *text);
}

bool read_size(const std::string& text, std::uint64_t& size) {
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, size);
  return error == std::errc() && last == end;
}

int run(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--help" || word == "--version") {
      std::cout << (word == "--help" ? kHelp : "rescind-verify " RESCIND_VERSION "\n");
      return kDone;
    }
    const bool takes_value = word == "--key" || word == "--checkpoint" || word == "--log" ||
                             word == "--expect-size" || word == "--signed-since";
    if (takes_value && at + 1 == words.size()) {
      return usage("`" + word + "` needs a value");
    }
    if (word == "--key") {
      const auto key = parse_public_key(words[++at]);
      if (!key) {
        return usage(key.error().to_string());
      }
      arguments.keys.push_back(*key);
    } else if (word == "--checkpoint") {
      arguments.checkpoints.push_back(words[++at]);
    } else if (word == "--log") {
      arguments.log = words[++at];
    } else if (word == "--expect-size") {
      if (!read_size(words[++at], arguments.expect_size)) {
        return usage("`" + words[at] + "` is no number of entries");
      }
    } else if (word == "--signed-since") {
      arguments.signed_since = parse_instant(words[++at]);
      if (!arguments.signed_since) {
        return usage("`" + words[at] + "` is no instant like 2026-11-20T17:00:00Z");
      }
    } else if (word.starts_with("-") || !arguments.file.empty()) {
      return usage("`" + word + "` is one too many");
    } else {
      arguments.file = word;
    }
  }
  if (arguments.keys.empty() || arguments.file.empty()) {
    return usage("a file and at least one `--key` are needed");
  }
  return check_file(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "error: out of resources: " << error.what() << '\n';
    return kWorldFailed;
  }
}
