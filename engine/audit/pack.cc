// Sealing, encoding and checking evidence packs.
#include "audit/pack.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "audit/signed_approval.h"
#include "base/printable.h"

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDataStart = "<script type=\"application/json\" id=\"evidence\">";
constexpr std::string_view kDataEnd = "</script>";

std::string seal_text(const EvidencePack& pack) {
  Sha256 digest;
  digest.update_field(pack.checkpoint);
  for (const PackEntry& entry : pack.entries) {
    digest.update_field(entry.line);
    std::string proof;
    for (const MerkleHash& hash : entry.proof) {
      proof += to_hex(hash);
    }
    digest.update_field(proof);
  }
  return std::string(kPackFormat) + ' ' + std::string(kPackVersion) + '\n' +
         quote_json(pack.identity) + '\n' + std::to_string(pack.entries.size()) + " entries\n" +
         "sha256:" + to_hex(digest.finish()) + "\ntime " + format_instant(pack.made_at) + '\n';
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorKind::Corrupt, what);
}

Result<std::vector<AuditEntry>> decode_entries(const EvidencePack& pack) {
  std::vector<AuditEntry> entries;
  for (std::size_t at = 0; at < pack.entries.size(); ++at) {
    auto entry = decode_entry(pack.entries[at].line);
    if (!entry) {
      return malformed("entry number " + std::to_string(at + 1) +
                       " of the pack cannot be read: " + entry.error().message());
    }
    entries.push_back(*std::move(entry));
  }
  return entries;
}

// --- the story as JSON

Json causes_json(const Story& story) {
  Json out = Json::array();
  for (const StoryCause& cause : story.causes) {
    out.push_back({{"type", cause.type},
                   {"subject", cause.subject},
                   {"effective", cause.effective},
                   {"source", cause.source},
                   {"id", cause.id},
                   {"submitted_by", cause.submitted_by},
                   {"entry", cause.entry}});
  }
  return out;
}

Json items_json(const Story& story) {
  Json out = Json::array();
  for (const StoryItem& item : story.items) {
    Json decisions = Json::array();
    for (const StoryDecision& decision : item.decisions) {
      decisions.push_back({{"verb", decision.verb},
                           {"outcome", decision.outcome},
                           {"rules", decision.rules},
                           {"because", decision.because},
                           {"controls", decision.controls},
                           {"entry", decision.entry}});
    }
    out.push_back({{"item", item.item},
                   {"kind", item.kind},
                   {"system", item.system},
                   {"holder", item.holder},
                   {"decisions", std::move(decisions)}});
  }
  return out;
}

Json instant_json(const std::optional<Instant>& at) {
  return at ? Json(format_instant(*at)) : Json(nullptr);
}

Json steps_json(const Story& story) {
  Json out = Json::array();
  for (const StoryStep& step : story.steps) {
    out.push_back({{"what", step.what},
                   {"item", step.item},
                   {"system", step.system},
                   {"rank", step.rank},
                   {"deadline", step.deadline},
                   {"reversible", step.reversible},
                   {"approvals", step.approvals},
                   {"state", step.state},
                   {"done_at", instant_json(step.done_at)},
                   {"proof", step.proof},
                   {"proved_at", instant_json(step.proved_at)},
                   {"proof_entry", step.proof_entry ? Json(*step.proof_entry) : Json(nullptr)},
                   {"run", step.run},
                   {"step", step.step},
                   {"entry", step.entry}});
  }
  return out;
}

Json people_json(const Story& story) {
  Json out = Json::array();
  for (const StoryApproval& approval : story.approvals) {
    out.push_back({{"at", format_instant(approval.at)},
                   {"who", approval.who},
                   {"what", approval.what},
                   {"refused", approval.refused},
                   {"reason", approval.reason},
                   {"on_behalf_of", approval.on_behalf_of},
                   {"signed", approval.is_signed},
                   {"key", approval.key},
                   {"entry", approval.entry}});
  }
  return out;
}

Json exceptions_json(const Story& story) {
  Json out = Json::array();
  for (const StoryException& held : story.exceptions) {
    out.push_back({{"item", held.item},
                   {"verb", held.verb},
                   {"form", held.form},
                   {"hold", held.hold},
                   {"ordered_by", held.ordered_by},
                   {"until", held.until},
                   {"because", held.because},
                   {"entry", held.entry}});
  }
  return out;
}

Json searches_json(const Story& story) {
  Json out = Json::array();
  for (const StorySearch& search : story.searches) {
    out.push_back({{"at", format_instant(search.at)},
                   {"subject", search.subject},
                   {"paths", search.paths},
                   {"unforeseen", search.unforeseen},
                   {"left", search.left},
                   {"entry", search.entry}});
  }
  return out;
}

Json timeline_json(const Story& story) {
  Json out = Json::array();
  for (const StoryLine& line : story.timeline) {
    out.push_back({{"at", format_instant(line.at)},
                   {"kind", line.kind},
                   {"what", line.what},
                   {"detail", line.detail},
                   {"entry", line.entry}});
  }
  return out;
}

Json story_json(const Story& story) {
  return {{"verdict", story.verdict},
          {"gone", story.gone},
          {"changes_done", story.done},
          {"changes_planned", story.changes},
          {"causes", causes_json(story)},
          {"had", items_json(story)},
          {"changes", steps_json(story)},
          {"searches", searches_json(story)},
          {"exceptions", exceptions_json(story)},
          {"approvals", people_json(story)},
          {"timeline", timeline_json(story)}};
}

// --- reading

// The text member `name`. Errors: Corrupt.
Result<std::string> text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) {
    return malformed("the pack has no `" + std::string(name) + "`");
  }
  return found->get<std::string>();
}

Result<PackEntry> read_entry(const Json& json) {
  if (!json.is_object()) {
    return malformed("an entry of the pack is no object");
  }
  PackEntry entry;
  RESCIND_ASSIGN_OR_RETURN(entry.line, text_of(json, "line"));
  const auto proof = json.find("proof");
  if (proof == json.end() || !proof->is_array()) {
    return malformed("an entry of the pack has no `proof`");
  }
  for (const auto& hex : *proof) {
    const auto hash = hex.is_string() ? parse_hash(hex.get<std::string>())
                                      : fail(ErrorKind::Corrupt, "a hash is no text");
    if (!hash) {
      return malformed("a proof in the pack cannot be read: " + hash.error().message());
    }
    entry.proof.push_back(*hash);
  }
  return entry;
}

// --- checking

class PackChecker {
 public:
  PackChecker(const EvidencePack& pack, const std::vector<PublicKey>& keys)
      : pack_(pack), keys_(keys) {
    report_.identity = pack.identity;
    report_.entries = pack.entries.size();
  }

  void check_signatures() {
    const auto checkpoint = verify_checkpoint(pack_.checkpoint, keys_);
    if (!checkpoint) {
      note(FindingKind::Unsigned, std::nullopt,
           "the checkpoint of the pack: " + checkpoint.error().message());
      if (auto unsigned_one = read_checkpoint(pack_.checkpoint)) {
        report_.checkpoint = *std::move(unsigned_one);
      }
      return;
    }
    report_.checkpoint = *checkpoint;
    const auto sealed = verify_note(pack_.seal, checkpoint->origin, keys_);
    if (!sealed) {
      note(FindingKind::Unsigned, std::nullopt,
           "the seal of the pack: " + sealed.error().message());
    } else if (*sealed != seal_text(pack_)) {
      note(FindingKind::Changed, std::nullopt,
           "the pack is not the one that was sealed: entries were changed, left out, added or "
           "reordered, or it is about somebody else");
    }
  }

  void check_entries(const std::vector<AuditEntry>& entries) {
    for (std::size_t at = 0; at < entries.size(); ++at) {
      const std::uint64_t sequence = entries[at].sequence;
      if (at > 0 && sequence <= entries[at - 1].sequence) {
        note(FindingKind::Reordered, sequence,
             "entry " + std::to_string(sequence) + " stands behind entry " +
                 std::to_string(entries[at - 1].sequence) + ": the pack was reordered");
      }
      if (!verify_inclusion(sequence, report_.checkpoint.size, hash_leaf(pack_.entries[at].line),
                            pack_.entries[at].proof, report_.checkpoint.root)) {
        note(FindingKind::Changed, sequence,
             "entry " + std::to_string(sequence) +
                 " is not in the signed log: it, its proof or the checkpoint was changed");
      }
      const auto wrong = check_approval_signature(entries[at].note).wrong;
      if (!wrong.empty()) {
        note(FindingKind::Unsigned, sequence, approval_words(entries[at]) + wrong);
      }
    }
  }

  // Everything for people is computed again and must be the same.
  void check_text(std::string_view text) {
    const auto told = is_pack_page(text) ? render_pack_page(pack_) : encode_pack(pack_);
    if (!told || *told != text) {
      note(FindingKind::Changed, std::nullopt,
           "what the pack says for people does not follow from its entries: its text was changed, "
           "or another version of the program wrote it");
    }
  }

  // That the pack holds what the log has on the identity, word for word, and nothing else.
  Status check_complete(const std::vector<AuditEntry>& entries, const LogSource& log) {
    std::map<std::uint64_t, const std::string*> held;
    for (std::size_t at = 0; at < entries.size(); ++at) {
      held.emplace(entries[at].sequence, &pack_.entries[at].line);
    }
    const std::uint64_t end = report_.checkpoint.size;
    const LogSource covered = [&log, end](const EntryKinds& kinds, const EntryHearer& hear) {
      return log(kinds, [&hear, end](const AuditEntry& entry) {
        if (entry.sequence < end) {
          hear(entry);
        }
      });
    };
    const auto compare = [&](const AuditEntry& entry) {
      const auto found = held.find(entry.sequence);
      if (found == held.end()) {
        note(FindingKind::Missing, entry.sequence,
             "entry " + std::to_string(entry.sequence) +
                 " of the log is about the identity and not in the pack");
        return;
      }
      if (*found->second != encode_entry(entry)) {
        note(FindingKind::Changed, entry.sequence,
             "entry " + std::to_string(entry.sequence) + " of the pack is not that of the log");
      }
      held.erase(found);
    };
    RESCIND_RETURN_IF_ERROR(select_entries(covered, pack_.identity, compare));
    for (const auto& [sequence, line] : held) {
      note(FindingKind::Changed, sequence,
           "entry " + std::to_string(sequence) +
               " of the pack is not among those that the log has on the identity");
    }
    return {};
  }

  void set_verdict(std::string verdict) { report_.verdict = std::move(verdict); }

  PackReport finish() { return std::move(report_); }

 private:
  void note(FindingKind kind, std::optional<std::uint64_t> entry, std::string message) {
    report_.findings.push_back({kind, entry, std::move(message)});
  }

  const EvidencePack& pack_;
  const std::vector<PublicKey>& keys_;
  PackReport report_;
};

}  // namespace

void seal_pack(EvidencePack& pack, const KeyPair& key) {
  const auto checkpoint = read_checkpoint(pack.checkpoint);
  pack.seal =
      sign_note(checkpoint ? checkpoint->origin : std::string(kPackFormat), seal_text(pack), key);
}

Result<Story> tell_pack(const EvidencePack& pack) {
  RESCIND_ASSIGN_OR_RETURN(const auto entries, decode_entries(pack));
  return tell_story(entries, pack.identity);
}

Result<std::string> encode_pack(const EvidencePack& pack) {
  RESCIND_ASSIGN_OR_RETURN(const Story story, tell_pack(pack));
  Json entries = Json::array();
  for (const PackEntry& entry : pack.entries) {
    Json proof = Json::array();
    for (const MerkleHash& hash : entry.proof) {
      proof.push_back(to_hex(hash));
    }
    entries.push_back({{"line", entry.line}, {"proof", std::move(proof)}});
  }
  const Json out{{"format", kPackFormat},      {"version", kPackVersion},
                 {"identity", pack.identity},  {"made_at", format_instant(pack.made_at)},
                 {"story", story_json(story)}, {"checkpoint", pack.checkpoint},
                 {"seal", pack.seal},          {"entries", std::move(entries)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

bool is_pack_page(std::string_view text) {
  return text.starts_with("<!DOCTYPE html>");
}

Result<EvidencePack> decode_pack(std::string_view text) {
  if (is_pack_page(text)) {
    const std::size_t start = text.find(kDataStart);
    const std::size_t end = text.find(kDataEnd, std::min(start, text.size()));
    if (start == std::string_view::npos || end == std::string_view::npos) {
      return malformed("the page holds no evidence");
    }
    text = text.substr(start + kDataStart.size(), end - start - kDataStart.size());
  }
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("format", Json()) != kPackFormat) {
    return malformed("this is no evidence pack: it has no `format`: `" + std::string(kPackFormat) +
                     "`");
  }
  RESCIND_ASSIGN_OR_RETURN(const std::string version, text_of(json, "version"));
  if (version != kPackVersion) {
    return fail(ErrorKind::Unsupported, "the evidence pack has version `" + printable(version) +
                                            "`, this program knows " + std::string(kPackVersion));
  }
  EvidencePack pack;
  RESCIND_ASSIGN_OR_RETURN(pack.identity, text_of(json, "identity"));
  RESCIND_ASSIGN_OR_RETURN(const std::string made_at, text_of(json, "made_at"));
  const auto at = parse_instant(made_at);
  if (!at) {
    return malformed("`made_at` of the pack is no instant");
  }
  pack.made_at = *at;
  RESCIND_ASSIGN_OR_RETURN(pack.checkpoint, text_of(json, "checkpoint"));
  RESCIND_ASSIGN_OR_RETURN(pack.seal, text_of(json, "seal"));
  const auto entries = json.find("entries");
  if (entries == json.end() || !entries->is_array()) {
    return malformed("the pack has no `entries`");
  }
  for (const auto& entry : *entries) {
    RESCIND_ASSIGN_OR_RETURN(PackEntry read, read_entry(entry));
    pack.entries.push_back(std::move(read));
  }
  return pack;
}

Result<PackReport> check_pack(std::string_view text, const std::vector<PublicKey>& keys,
                              const LogSource& log) {
  RESCIND_ASSIGN_OR_RETURN(const EvidencePack pack, decode_pack(text));
  RESCIND_ASSIGN_OR_RETURN(const auto entries, decode_entries(pack));
  PackChecker checker(pack, keys);
  checker.check_signatures();
  checker.check_entries(entries);
  checker.check_text(text);
  if (log) {
    RESCIND_RETURN_IF_ERROR(checker.check_complete(entries, log));
  }
  checker.set_verdict(tell_story(entries, pack.identity).verdict);
  return checker.finish();
}

}  // namespace rescind
