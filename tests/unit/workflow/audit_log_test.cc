// The evidence log of a real store: what is signed, what a pack says of approvals, and that neither
// store nor log can be changed without the other.
#include "workflow/audit_log.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "audit/notes.h"
#include "base/sqlite.h"
#include "base/text.h"
#include "tests/support/signers.h"
#include "tests/support/temporary_folder.h"
#include "workflow/approve.h"

namespace rescind {
namespace {

constexpr Instant kNow{Seconds(1767600000)};

Plan plan_for_alice() {
  Plan plan;
  plan.digest = "sha256:00112233445566778899";
  Event event;
  event.type = "leaver";
  event.subject = "alice";
  event.at = kNow;
  plan.events.push_back(event);
  PlanStep step;
  step.id = "step:wipe";
  step.item = "mdm:laptop";
  step.system = "mdm";
  step.holder = "alice";
  step.verb = Verb::Wipe;
  step.approvals = {{{"it-security"}, ApprovalState::Needed, ""}};
  plan.steps.push_back(step);
  return plan;
}

// Keeps what is handed to it, or fails.
struct Inbox final : HandOver {
  Result<std::string> deliver(const HandOverMessage& message) override {
    if (!open) {
      return fail(ErrorKind::Network, "nobody answers");
    }
    got.push_back(message);
    return std::string("inbox");
  }

  bool open = true;
  std::vector<HandOverMessage> got;
};

// A store with one run of one step, and the signer beside it.
struct Archive {
  Archive() {
    auto opened = open_sqlite_store(file, {});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    store = std::move(*opened);
    auto found = open_audit_signer({}, file);
    REQUIRE_MESSAGE(found.has_value(), found.error().to_string());
    signer = std::move(*found);
    NewRun fresh;
    fresh.digest = plan.digest;
    fresh.plan = "the plan";
    fresh.at = kNow;
    fresh.steps = {{.id = "step:wipe"}};
    fresh.notes = notes_of(plan);
    auto run_opened = store->open_run(fresh);
    REQUIRE_MESSAGE(run_opened.has_value(), run_opened.error().to_string());
    run = run_opened->id;
  }

  // Ines signs the step.
  ApprovalDocument approve() {
    ApprovalDocument document;
    document.plan = plan.digest;
    document.approver = "ines";
    document.steps = {{"step:wipe", execute::approval_binding(plan.steps.front())}};
    document.at = kNow;
    document.expires = kNow + Seconds(3600);
    sign_document(document, key_of("ines"));
    REQUIRE(store_approval(*store, run, document).has_value());
    return document;
  }

  void supplement() {
    auto claim = store->claim_run(run, kNow);
    REQUIRE(claim.has_value());
    JournalRecord record;
    record.run = run;
    record.epoch = claim->run.epoch;
    record.at = kNow;
    record.entry = RecordEntry::Extended;
    NewSupplement more;
    more.digest = "sha256:more";
    more.plan = "more";
    more.at = kNow;
    REQUIRE(store->extend_run(record, more).has_value());
  }

  void note(const std::string& detail) {
    AuditNote made;
    made.at = kNow;
    made.kind = "listing";
    made.detail = detail;
    REQUIRE(store->log(made).has_value());
  }

  std::string sign(Instant at = kNow) {
    auto signed_log = sign_log(*store, signer, at);
    REQUIRE_MESSAGE(signed_log.has_value(), signed_log.error().to_string());
    return *signed_log;
  }

  std::string refusal() {
    const auto signed_log = sign_log(*store, signer, kNow);
    REQUIRE_FALSE(signed_log.has_value());
    return signed_log.error().to_string();
  }

  std::string findings() {
    const auto report = check_store_log(*store, {signer.key.public_key}, {});
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    std::string text;
    for (const Finding& finding : report->findings) {
      text += std::string(finding_kind_name(finding.kind)) + ": " + finding.message + '\n';
    }
    return text;
  }

  // What somebody with the file does, past every trigger.
  void tamper(const std::string& sql) const {
    auto database = SqliteDatabase::open(file, {});
    REQUIRE(database.has_value());
    for (const char* trigger :
         {"audit_no_update", "audit_no_delete", "checkpoints_no_update", "checkpoints_no_delete"}) {
      REQUIRE(database->execute("DROP TRIGGER IF EXISTS " + std::string(trigger)).has_value());
    }
    const Status done = database->execute(sql);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
  }

  TemporaryFolder folder;
  std::string file = folder.file("store.db");
  Plan plan = plan_for_alice();
  std::unique_ptr<Store> store;
  AuditSigner signer;
  std::string run;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("audit log: a pack from a store shows which approval was signed, and with which key") {
  Archive archive;
  archive.approve();
  const auto pack = make_pack(*archive.store, archive.signer, "alice", kNow);
  REQUIRE_MESSAGE(pack.has_value(), pack.error().to_string());
  const auto story = tell_pack(*pack);
  REQUIRE(story.has_value());
  REQUIRE(story->approvals.size() == 1);
  CHECK(story->approvals.front().is_signed);
  CHECK(story->approvals.front().key == public_key_of("ines"));
  const auto report = check_pack(encode_pack(*pack).value(), {archive.signer.key.public_key});
  REQUIRE(report.has_value());
  CHECK(report->holds());
}

TEST_CASE("audit log: every column of an approval, and every supplement, is held against the log") {
  Archive archive;
  archive.approve();
  archive.supplement();
  archive.sign();
  REQUIRE(archive.findings().empty());
  SUBCASE("approver") {
    archive.tamper("UPDATE approvals SET approver = 'mallory'");
    CHECK(contains(archive.findings(),
                   "differs: the approval of `mallory` for step:wipe in the store is not in the "
                   "log, or says something else there"));
  }
  SUBCASE("refused") {
    archive.tamper("UPDATE approvals SET refused = 1");
    CHECK(contains(archive.findings(), "differs: the refusal of `ines` for step:wipe"));
  }
  SUBCASE("document") {
    archive.tamper("UPDATE approvals SET document = replace(document, 'ines', 'enis')");
    CHECK(contains(archive.findings(), "differs: the approval of `ines` for step:wipe in the"));
  }
  SUBCASE("key") {
    archive.tamper("UPDATE approvals SET key = 'ed25519:x'");
    CHECK(contains(archive.findings(), "differs: the approval of `ines` for step:wipe in the"));
  }
  SUBCASE("deleted") {
    archive.tamper("DELETE FROM approvals");
    CHECK(contains(archive.findings(),
                   "tells of the approval of `ines` for step:wipe, which the store does not have"));
  }
  SUBCASE("moved to another run") {
    archive.tamper("UPDATE approvals SET run = 'run:other'");
    CHECK(contains(archive.findings(),
                   "tells of the approval of `ines` for step:wipe, which the store does not have"));
  }
  SUBCASE("copied to another run") {
    archive.tamper(
        "INSERT INTO approvals SELECT sequence + 9, 'run:other', step, binding, approver,"
        " at, refused, reason, plan_digest, expires, on_behalf_of, document, key FROM"
        " approvals");
    CHECK(archive.findings() ==
          "differs: the approval of `ines` for step:wipe in the store is not "
          "in the log, or says something else there\n");
  }
  SUBCASE("supplement changed") {
    archive.tamper("UPDATE supplements SET text = 'less'");
    CHECK(contains(archive.findings(), "differs: the stored supplement 1 of " + archive.run));
  }
  SUBCASE("supplement deleted") {
    archive.tamper("DELETE FROM supplements");
    CHECK(contains(archive.findings(), "differs: the log tells of supplement 1 of " + archive.run));
  }
  SUBCASE("supplement forged") {
    archive.tamper("INSERT INTO supplements SELECT run, 2, 'x', text, why, at FROM supplements");
    CHECK(contains(archive.findings(),
                   "differs: supplement 2 of " + archive.run + " is not in the log"));
  }
}

TEST_CASE("audit log: what a run takes over from another is one word in the log") {
  Archive archive;
  archive.approve();
  NewRun heir;
  heir.digest = "sha256:ffee";
  heir.plan = "the next plan";
  heir.at = kNow;
  heir.supersedes = {archive.run};
  heir.steps = {{.id = "step:wipe", .inherits_run = archive.run}};
  REQUIRE(archive.store->open_run(heir).has_value());
  REQUIRE(archive.store->list_approvals("")->size() == 2);
  archive.sign();
  CHECK(archive.findings().empty());
}

TEST_CASE("audit log: one that nobody signed does not hold") {
  Archive archive;
  CHECK(archive.findings() ==
        "unsigned: nothing vouches for the log: it has no checkpoint that a known key signed\n");
  archive.sign();
  CHECK(archive.findings().empty());
  archive.note("after it");
  CHECK(archive.findings().empty());
  archive.tamper("DELETE FROM checkpoints");
  CHECK(contains(archive.findings(), "unsigned: nothing vouches for the log"));
}

TEST_CASE("audit log: looking for the key makes none") {
  const TemporaryFolder folder;
  const auto none = find_audit_signer({}, folder.file("store.db"));
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
  CHECK_FALSE(std::ifstream(folder.file("store.db-audit.pem")).good());
  REQUIRE(open_audit_signer({}, folder.file("store.db")).has_value());
  CHECK(find_audit_signer({}, folder.file("store.db"))->has_value());
}

TEST_CASE("audit log: a log that does not go on from the last checkpoint is not signed") {
  Archive archive;
  archive.note("one");
  archive.note("two");
  archive.sign();
  const auto size = archive.store->audit_size();
  archive.note("three");
  REQUIRE(size.has_value());
  const std::string last = std::to_string(*size - 1);
  const std::string cut = "DELETE FROM audit WHERE sequence >= " + last + ";";
  SUBCASE("cut off") {
    archive.tamper(cut);
    CHECK(contains(archive.refusal(), "the evidence log was cut off"));
  }
  SUBCASE("cut off and written again") {
    archive.tamper(cut);
    archive.store = open_sqlite_store(archive.file, {}).value();
    archive.note("another two");
    archive.note("another three");
    CHECK(contains(archive.refusal(), "is not signed: it does not continue"));
  }
  SUBCASE("with the checkpoints taken out too") {
    archive.tamper(cut + "DELETE FROM checkpoints;");
    archive.store = open_sqlite_store(archive.file, {}).value();
    archive.note("another two");
    archive.note("another three");
    const std::string refusal = archive.refusal();
    CHECK(contains(refusal, "is not signed: it does not continue"));
    CHECK(contains(refusal, "store.db-audit.checkpoint"));
    // Nor does it hold against what is remembered.
    const auto remembered = remembered_checkpoint(archive.file);
    REQUIRE(remembered.has_value());
    REQUIRE(remembered->has_value());
    const auto report =
        check_store_log(*archive.store, {archive.signer.key.public_key}, {**remembered});
    REQUIRE(report.has_value());
    CHECK(report->findings.front().kind == FindingKind::Forked);
  }
  CHECK(archive.store->list_checkpoints()->size() <= 1);
}

TEST_CASE("audit log: an older memory beside the key, or none, stops nothing and is renewed") {
  Archive archive;
  const std::string first = archive.sign();
  archive.note("more");
  const std::string second = archive.sign(kNow + Seconds(60));
  REQUIRE(first != second);
  const std::string file = archive.file + "-audit.checkpoint";
  CHECK(read_file(file, 10000).value() == second);
  SUBCASE("older: killed between the store and the file") {
    REQUIRE(write_file_atomically(file, first).has_value());
    SUBCASE("and nothing new") {
      CHECK(archive.sign(kNow + Seconds(90)) == second);
    }
    SUBCASE("and more in the log") {
      archive.note("still more");
      CHECK(archive.sign(kNow + Seconds(90)) != second);
    }
  }
  SUBCASE("none") {
    REQUIRE(std::remove(file.c_str()) == 0);
    CHECK(archive.sign(kNow + Seconds(90)) == second);
  }
  CHECK(read_file(file, 10000).value() == archive.store->list_checkpoints()->back());
  CHECK(archive.findings().empty());
}

TEST_CASE("audit log: the witness gets every checkpoint once, and the next one when one got lost") {
  Archive archive;
  Inbox inbox;
  const auto send = [&] {
    const auto note = sign_log(*archive.store, archive.signer, kNow);
    REQUIRE_MESSAGE(note.has_value(), note.error().to_string());
    return send_checkpoint(*archive.store, *note, "file:witness", inbox);
  };
  REQUIRE(send().has_value());
  REQUIRE(send().has_value());
  REQUIRE(inbox.got.size() == 1);
  CHECK(inbox.got.front().contact == "file:witness");
  const auto checkpoint =
      verify_checkpoint(inbox.got.front().text, {archive.signer.key.public_key});
  REQUIRE(checkpoint.has_value());
  CHECK(checkpoint->size == archive.store->audit_size().value());

  archive.approve();
  inbox.open = false;
  CHECK_FALSE(send().has_value());
  inbox.open = true;
  REQUIRE(send().has_value());
  REQUIRE(inbox.got.size() == 2);
  CHECK(inbox.got.back().key != inbox.got.front().key);
}

}  // namespace rescind
