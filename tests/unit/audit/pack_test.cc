// Evidence packs: what they tell, and that no change to them goes unseen.
#include "audit/pack.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "audit/proof.h"
#include "model/approval.h"
#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

constexpr const char* kLineage = "leaver/alice@hr:1#1";

AuditNote note(const std::string& kind, const std::string& who, const std::string& item = "") {
  AuditNote made;
  made.kind = kind;
  made.run = "run:1";
  made.who = who;
  made.item = item;
  return made;
}

AuditNote event(const std::string& who, const std::string& lineage) {
  AuditNote made = note("event", who);
  made.detail = "leaver of " + who;
  made.data = {{"type", "leaver"},
               {"effective", "2026-01-05T08:00:00Z"},
               {"lineage", lineage},
               {"source", "hr"}};
  return made;
}

AuditNote decision(const std::string& who, const std::string& item, const std::string& verb,
                   const std::string& cause) {
  AuditNote made = note("decision", who, item);
  made.data = {{"verb", verb},          {"outcome", "scheduled"}, {"because", "the <job> ended"},
               {"rules", "std.leaver"}, {"causes", cause},        {"system", "crm"}};
  return made;
}

AuditNote step(const std::string& id, const std::string& who, const std::string& item,
               const std::string& verb, const std::string& rank) {
  AuditNote made = note("step", who, item);
  made.step = id;
  made.detail = verb + " " + item;
  made.data = {{"verb", verb}, {"rank", rank}, {"system", "crm"}, {"causes", kLineage}};
  return made;
}

AuditNote record(const std::string& kind, const std::string& id, const std::string& state,
                 const std::string& result) {
  AuditNote made = note(kind, "");
  made.step = id;
  made.data = {{"record", "1"}, {"state", state}};
  made.add("result", result);
  return made;
}

ApprovalDocument carols_approval() {
  ApprovalDocument document;
  document.plan = "sha256:plan";
  document.approver = "carol";
  document.steps = {{"step:a", "sha256:1"}};
  document.at = at_second(12);
  document.expires = at_second(3600);
  sign_document(document, key_of(8));
  return document;
}

// The entry as the store writes it.
AuditNote signed_approval(const ApprovalDocument& document) {
  AuditNote made = note("approval", document.approver);
  made.step = "step:a";
  made.detail = document.reason;
  made.data = {{"binding", "sha256:1"}, {"plan", document.plan}, {"key", document.key}};
  made.add("refused", document.refuse ? "true" : "");
  made.add("expires", format_instant(document.expires));
  made.add("on_behalf_of", document.on_behalf_of);
  made.add("document", encode_approval(document));
  return made;
}

// Alice leaves with an account, a bot of hers and a mailbox that is held; Bob leaves in the same
// run. One entry per second.
struct Company {
  // `carols`: what Carol says of step:a, signed; nothing: she says it by name.
  explicit Company(const ApprovalDocument* carols = nullptr) {
    const auto add = [this](AuditNote made) {
      made.at = at_second(static_cast<std::int64_t>(log.lines.size()));
      log.append(made);
    };
    AuditNote listing;
    listing.kind = "listing";
    add(listing);                                                     // 0
    add(note("run", ""));                                             // 1
    add(event("alice", kLineage));                                    // 2
    add(event("bot", std::string(kLineage) + " > owner_left/bot"));   // 3
    add(event("bob", "leaver/bob@hr:1#1"));                           // 4
    add(decision("alice", "crm:alice", "disable", kLineage));         // 5
    add(decision("bot", "crm:bot", "rotate", ""));                    // 6
    add(decision("bob", "crm:bob", "disable", "leaver/bob@hr:1#1"));  // 7
    add(step("step:a", "alice", "crm:alice", "disable", "contain"));  // 8
    AuditNote bobs = step("step:b", "bob", "crm:bob", "disable", "contain");
    bobs.data["causes"] = "leaver/bob@hr:1#1";
    add(bobs);                                                       // 9
    add(step("step:d", "alice", "crm:alice", "delete", "destroy"));  // 10
    AuditNote held = note("exception", "alice", "crm:mail");
    held.data = {{"verb", "delete"},
                 {"hold", "litigation"},
                 {"ordered_by", "it-security"},
                 {"form", "protected"},
                 {"because", "a matter is running"}};
    add(held);  // 11
    AuditNote approval = note("approval", "carol");
    approval.step = "step:a";
    approval.data = {{"binding", "sha256:1"}};
    add(carols ? signed_approval(*carols) : approval);       // 12
    add(record("intent", "step:a", "intent", ""));           // 13
    add(record("outcome", "step:a", "applied", "changed"));  // 14
    add(record("probed", "step:b", "verified", "holds"));    // 15
    add(record("probed", "step:a", "verified", "holds"));    // 16
    AuditNote search = note("closure", "alice");
    search.data = {{"paths", "0"}, {"unforeseen", "0"}};
    add(search);  // 17
    log.sign_at(log.lines.size());
  }

  [[nodiscard]] std::vector<AuditEntry> entries() const {
    std::vector<AuditEntry> read;
    for (const std::string& line : log.lines) {
      read.push_back(decode_entry(line).value());
    }
    return read;
  }

  [[nodiscard]] LogSource source() const {
    return [this](const EntryKinds& kinds, const EntryHearer& hear) {
      for (const AuditEntry& entry : entries()) {
        if (kinds.empty() || kinds.contains(entry.note.kind)) {
          hear(entry);
        }
      }
      return Status();
    };
  }

  [[nodiscard]] std::vector<std::uint64_t> selected(const std::string& identity) const {
    std::vector<std::uint64_t> places;
    const Status read = select_entries(source(), identity, [&places](const AuditEntry& entry) {
      places.push_back(entry.sequence);
    });
    REQUIRE(read.has_value());
    return places;
  }

  [[nodiscard]] EvidencePack pack(const std::string& identity = "alice") const {
    EvidencePack made;
    made.identity = identity;
    made.made_at = at_second(100);
    made.checkpoint = log.notes.back();
    const std::vector<MerkleHash> leaves = log.leaves();
    for (const std::uint64_t at : selected(identity)) {
      made.entries.push_back(
          {log.lines[at], prove_inclusion(at, leaves.size(), nodes_over(leaves)).value()});
    }
    seal_pack(made, log.key);
    return made;
  }

  [[nodiscard]] PackReport check(const std::string& text) const {
    auto report = check_pack(text, {log.key.public_key});
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    return *report;
  }

  TestLog log{0};
};

bool has(const PackReport& report, FindingKind kind, const std::string& message) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
    return finding.kind == kind && finding.message.find(message) != std::string::npos;
  });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("pack: it holds what is about the identity and what follows, and nobody else's") {
  const Company company;
  const std::vector<std::uint64_t> alice = company.selected("alice");
  CHECK(alice == std::vector<std::uint64_t>{1, 2, 3, 5, 6, 8, 10, 11, 12, 13, 14, 16, 17});
  const std::vector<std::uint64_t> bob = company.selected("bob");
  CHECK(bob == std::vector<std::uint64_t>{1, 4, 7, 9, 15});
  CHECK(company.selected("nobody").empty());
}

TEST_CASE(
    "pack: it tells what they had, what was done and when, what proves it, what was excepted") {
  const Company company;
  const Story story = tell_pack(company.pack()).value();
  REQUIRE(story.causes.size() == 2);
  CHECK(story.causes[0].subject == "alice");
  REQUIRE(story.items.size() == 2);
  CHECK(story.items[0].item == "crm:alice");
  CHECK(story.items[0].decisions[0].verb == "disable");
  REQUIRE(story.steps.size() == 2);
  CHECK(story.steps[0].what == "disable crm:alice");
  CHECK(story.steps[0].state == "verified");
  CHECK(story.steps[0].done_at == at_second(16));
  CHECK(story.steps[0].proof == "holds");
  CHECK(story.steps[0].proof_entry == 16);
  CHECK(story.steps[1].state == "planned");
  CHECK_FALSE(story.steps[1].done());
  REQUIRE(story.exceptions.size() == 1);
  CHECK(story.exceptions[0].ordered_by == "it-security");
  REQUIRE(story.approvals.size() == 1);
  CHECK(story.approvals[0].who == "carol");
  CHECK(story.approvals[0].what == "disable crm:alice");
  CHECK_FALSE(story.approvals[0].is_signed);
  CHECK(story.changes == 2);
  CHECK(story.done == 1);
  CHECK(story.gone);  // the deletion waits, access does not
  CHECK(story.verdict == "1 of 2 changes were read back as done. 0 ways in remain.");
}

TEST_CASE("pack: a signed approval says so, with its key, and one that was not signed does not") {
  const ApprovalDocument document = carols_approval();
  const Company company(&document);
  const std::string text = encode_pack(company.pack()).value();
  CHECK(company.check(text).holds());
  const Story story = tell_pack(company.pack()).value();
  REQUIRE(story.approvals.size() == 1);
  CHECK(story.approvals.front().is_signed);
  CHECK(story.approvals.front().key == format_public_key(key_of(8).public_key));
  CHECK(text.find("\"signed\": true") != std::string::npos);
  CHECK_FALSE(tell_pack(Company().pack()).value().approvals.front().is_signed);
}

TEST_CASE("pack: a document that its approver did not sign, or that is another's, is reported") {
  ApprovalDocument document = carols_approval();
  std::string why;
  SUBCASE("changed after it was signed") {
    document.reason = "because";
    why = "its signature does not match what it says";
  }
  SUBCASE("about another step") {
    document.steps = {{"step:b", "sha256:1"}};
    sign_document(document, key_of(8));
    why = "it is about something else";
  }
  SUBCASE("of another time") {
    document.at = at_second(11);
    sign_document(document, key_of(8));
    why = "it is of another time";
  }
  const Company company(&document);
  const std::string said =
      "the document with the approval of `carol` in entry 12 does not vouch "
      "for it: " +
      why;
  CHECK(has(company.check(encode_pack(company.pack()).value()), FindingKind::Unsigned, said));
  CHECK_FALSE(tell_pack(company.pack()).value().approvals.front().is_signed);
  const LogReport report = company.log.check();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().message == said);
}

TEST_CASE("pack: a step that was decided again is one step, and what was done stays done") {
  Company company;
  AuditNote again = step("step:a", "alice", "crm:alice", "disable", "contain");
  again.data["deadline"] = "2026-01-05T09:00:00Z";
  company.log.append(again);
  company.log.sign_at(company.log.lines.size());
  const Story story = tell_pack(company.pack()).value();
  REQUIRE(story.steps.size() == 2);
  CHECK(story.steps[0].deadline == "2026-01-05T09:00:00Z");
  CHECK(story.steps[0].done_at == at_second(16));
}

TEST_CASE("pack: a step that is seen undone again is not done") {
  Company company;
  AuditNote back = record("probed", "step:a", "ready", "does_not_hold");
  back.at = at_second(50);
  company.log.append(back);
  company.log.sign_at(company.log.lines.size());
  const Story story = tell_pack(company.pack()).value();
  CHECK(story.steps[0].state == "ready");
  CHECK_FALSE(story.steps[0].done());
  CHECK(story.steps[0].proof == "does_not_hold");
  CHECK_FALSE(story.gone);
}

TEST_CASE("pack: it holds as JSON and as a page, which carries the same") {
  const Company company;
  const std::string json = encode_pack(company.pack()).value();
  const PackReport report = company.check(json);
  CHECK(report.holds());
  CHECK(report.identity == "alice");
  CHECK(report.entries == 13);
  const std::string page = render_pack_page(company.pack()).value();
  CHECK(company.check(page).holds());
  CHECK(encode_pack(decode_pack(page).value()).value() == json);
  CHECK(page.find("<job>") == std::string::npos);  // nothing of others is read as HTML
}

TEST_CASE("pack: every changed word is seen, whichever part it is in") {
  const Company company;
  for (const bool as_page : {false, true}) {
    CAPTURE(as_page);
    const std::string text =
        as_page ? render_pack_page(company.pack()).value() : encode_pack(company.pack()).value();
    // In what is told.
    const PackReport told = company.check(replaced(text, "1 of 2 changes", "2 of 2 changes"));
    CHECK(has(told, FindingKind::Changed, "does not follow from its entries"));
    // In an entry.
    const std::string line = R"(\"result\":\"changed\")";
    const PackReport entry = company.check(replaced(text, line, R"(\"result\":\"absent!\")"));
    CHECK(has(entry, FindingKind::Changed, "entry 14 is not in the signed log"));
    CHECK(has(entry, FindingKind::Changed, "the pack is not the one that was sealed"));
    // About whom it is.
    const PackReport whom =
        company.check(replaced(text, R"("identity": "alice")", R"("identity": "alicf")"));
    CHECK(has(whom, FindingKind::Changed, "or it is about somebody else"));
  }
}

TEST_CASE("pack: what was left out, repeated or reordered is seen") {
  const Company company;
  EvidencePack pack = company.pack();
  SUBCASE("left out") {
    pack.entries.erase(pack.entries.begin() + 3);
    const PackReport report = company.check(encode_pack(pack).value());
    CHECK(has(report, FindingKind::Changed, "left out"));
    CHECK(report.findings.size() == 1);
  }
  SUBCASE("cut off") {
    pack.entries.resize(4);
    CHECK(has(company.check(encode_pack(pack).value()), FindingKind::Changed, "left out"));
  }
  SUBCASE("reordered") {
    std::swap(pack.entries[3], pack.entries[4]);
    CHECK(has(company.check(encode_pack(pack).value()), FindingKind::Reordered,
              "entry 5 stands behind entry 6: the pack was reordered"));
  }
  SUBCASE("repeated") {
    pack.entries.push_back(pack.entries.back());
    CHECK(has(company.check(encode_pack(pack).value()), FindingKind::Reordered,
              "entry 17 stands behind entry 17: the pack was reordered"));
  }
}

TEST_CASE("pack: another key vouches for nothing") {
  Company company;
  const std::string text = encode_pack(company.pack()).value();
  const auto report = check_pack(text, {key_of(9).public_key});
  REQUIRE(report.has_value());
  CHECK(has(*report, FindingKind::Unsigned, "the checkpoint of the pack: no signature"));

  EvidencePack resealed = company.pack();
  seal_pack(resealed, key_of(9));
  CHECK(has(company.check(encode_pack(resealed).value()), FindingKind::Unsigned,
            "the seal of the pack: no signature"));
}

TEST_CASE("pack: one from a forked log does not fit the checkpoint") {
  Company company;
  EvidencePack pack = company.pack();
  Company other;
  other.log.replace(14, "changed", "refused");
  other.log.mend_from(15);
  other.log.notes.clear();
  other.log.sign_at(other.log.lines.size());
  pack.checkpoint = other.log.notes.back();
  seal_pack(pack, company.log.key);
  CHECK(has(company.check(encode_pack(pack).value()), FindingKind::Changed,
            "entry 1 is not in the signed log"));
}

TEST_CASE("pack: what its maker left out is seen with the whole log beside it") {
  const Company company;
  EvidencePack pack = company.pack();
  pack.entries.erase(pack.entries.begin() + 7);  // the exception
  seal_pack(pack, company.log.key);
  const std::string text = encode_pack(pack).value();
  CHECK(company.check(text).holds());
  const auto report = check_pack(text, {company.log.key.public_key}, company.source());
  REQUIRE(report.has_value());
  CHECK(has(*report, FindingKind::Missing,
            "entry 11 of the log is about the identity and not in the pack"));
}

TEST_CASE("pack: an entry that the whole log has otherwise, or on somebody else, is seen") {
  Company other;
  other.log.replace(14, "changed", "refused");
  other.log.mend_from(15);
  const Company company;
  const std::string text = encode_pack(company.pack()).value();
  SUBCASE("otherwise") {
    const auto report = check_pack(text, {company.log.key.public_key}, other.source());
    REQUIRE(report.has_value());
    CHECK(has(*report, FindingKind::Changed, "entry 14 of the pack is not that of the log"));
  }
  SUBCASE("on somebody else") {
    EvidencePack pack = company.pack();
    const std::vector<MerkleHash> leaves = company.log.leaves();
    pack.entries.insert(
        pack.entries.begin(),
        {company.log.lines[0], prove_inclusion(0, leaves.size(), nodes_over(leaves)).value()});
    seal_pack(pack, company.log.key);
    const auto report =
        check_pack(encode_pack(pack).value(), {company.log.key.public_key}, company.source());
    REQUIRE(report.has_value());
    CHECK(has(*report, FindingKind::Changed,
              "entry 0 of the pack is not among those that the log has on the identity"));
  }
}

TEST_CASE("pack: what is no pack is refused with the reason") {
  const auto refusal = [](const std::string& text) {
    const auto pack = decode_pack(text);
    REQUIRE_FALSE(pack.has_value());
    return pack.error().message();
  };
  CHECK(refusal("[]") == "this is no evidence pack: it has no `format`: `rescind-evidence-pack`");
  CHECK(refusal(R"({"format":"rescind-evidence-pack","version":"7"})") ==
        "the evidence pack has version `7`, this program knows 1.0");
  CHECK(refusal("{\"format\":\"rescind-evidence-pack\",\"version\":\"7\\u009b2J\"}") ==
        "the evidence pack has version `7\uFFFD2J`, this program knows 1.0");
  CHECK(refusal("<!DOCTYPE html><p>nothing") == "the page holds no evidence");
  const std::string good = encode_pack(Company().pack()).value();
  CHECK(refusal(replaced(good, "\"seal\"", "\"sea\"")) == "the pack has no `seal`");
  CHECK(refusal(replaced(good, "\"made_at\": \"2026", "\"made_at\": \"x2026")) ==
        "`made_at` of the pack is no instant");
  CHECK(refusal(replaced(good, "\"proof\": [\n        \"", "\"proof\": [\n        \"x"))
            .starts_with("a proof in the pack cannot be read"));
}

TEST_CASE("proof: one entry is proved by a line that names the signed checkpoint") {
  const Company company;
  const std::vector<MerkleHash> leaves = company.log.leaves();
  InclusionProof proof{company.log.lines[5],
                       prove_inclusion(5, leaves.size(), nodes_over(leaves)).value(),
                       company.log.notes.back()};
  const std::vector<PublicKey> keys{company.log.key.public_key};
  const auto read = decode_proof(encode_proof(proof));
  REQUIRE(read.has_value());
  CHECK(check_proof(*read, keys).empty());

  REQUIRE(check_proof(*read, {key_of(9).public_key}).size() == 1);
  CHECK(check_proof(*read, {key_of(9).public_key}).front().kind == FindingKind::Unsigned);
  proof.line = company.log.lines[6];
  REQUIRE(check_proof(proof, keys).size() == 1);
  CHECK(check_proof(proof, keys).front().message ==
        "entry 6 is not in the signed log: it or its proof was changed");
  proof.line = "{}";
  CHECK(check_proof(proof, keys).front().kind == FindingKind::Malformed);
  CHECK(decode_proof("{}").error().message() ==
        "this is no proof: it has no `format`: `rescind-inclusion-proof`");
}

}  // namespace
