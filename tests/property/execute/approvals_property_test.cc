// No step starts unauthorised (invariant 2): whatever is done to signed documents, and in whatever
// order they come, a step counts as approved exactly when an honest reading of what was signed says
// so.
#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tests/support/signers.h"

namespace rescind {
namespace {

using execute::Approvals;

const std::vector<std::string> kPeople = {"ann", "ben", "cem", "dot"};
constexpr Instant kNow{Seconds(1767600000)};

struct World {
  Plan plan;
  Signers signers;
};

std::string any_of(const std::vector<std::string>& values) {
  return *rc::gen::elementOf(values);
}

bool one_in(int n) {
  return *rc::gen::inRange(0, n) == 0;
}

void make_world(World& world) {
  world.plan.digest = "sha256:this";
  Event event;
  event.subject = any_of({"alice", "ann"});
  event.submitted_by = any_of({"hr-bot", "ben"});
  world.plan.events.push_back(event);
  for (const char* id : {"step:1", "step:2", "step:3"}) {
    PlanStep step;
    step.id = id;
    step.system = any_of({"crm", "okta"});
    step.holder = any_of({"alice", "cem"});
    step.approvals = {{{any_of({"iam", "legal"})}, ApprovalState::Needed, ""}};
    if (one_in(3)) {
      step.approvals.push_back({{any_of(kPeople)}, ApprovalState::Needed, ""});
    }
    world.plan.steps.push_back(step);
  }
  for (const std::string& person : kPeople) {
    world.signers.add(world.plan, any_of({"iam", "legal"}), person);
    ApproverPerson& facts = world.signers.people[person];
    facts.leaving = one_in(8);
    facts.active = !one_in(8);
    if (one_in(8)) {
      facts.keys.clear();
    }
  }
  world.signers.facts.signing_teams = {"iam", "legal"};
}

// Documents as honest programs make them, of honest and of other people.
ApprovalDocument random_document(const World& world) {
  const std::string approver = any_of({"ann", "ben", "cem", "dot", "mallory"});
  std::vector<std::string> steps;
  for (const PlanStep& step : world.plan.steps) {
    if (!one_in(3)) {
      steps.push_back(step.id);
    }
  }
  ApprovalDocument document = document_for(world.plan, steps, approver, kNow - Seconds(60));
  document.refuse = one_in(5);
  document.at += Seconds(*rc::gen::inRange(0, 5));
  document.expires = one_in(5) ? kNow : kNow + Seconds(60);
  document.plan = one_in(6) ? "sha256:other" : document.plan;
  return signed_by(document, one_in(6) ? any_of(kPeople) : approver);
}

// Something that the signature does not cover any more.
void corrupt(ApprovalDocument& document, const ApprovalDocument& other) {
  switch (*rc::gen::inRange(0, 8)) {
  case 0:
    document.approver = other.approver;
    document.key = other.key;
    break;
  case 1:
    document.plan = "sha256:this";
    break;
  case 2:
    document.refuse = !document.refuse;
    break;
  case 3:
    document.expires += Seconds(86400);
    break;
  case 4:
    document.steps = other.steps;
    break;
  case 5:
    document.signature = other.signature;
    break;
  case 6:
    document.key = other.key;
    break;
  default:
    document.at += Seconds(1);
    break;
  }
}

// The rule again, written down as plainly as possible and from the outside.
bool honest(const World& world, const PlanStep& step, const std::vector<ApprovalDocument>& all) {
  for (const Approval& approval : step.approvals) {
    bool approved = false;
    bool refused = false;
    for (const std::string& person : kPeople) {
      const ApproverPerson& facts = world.signers.people.at(person);
      const std::string& asked = approval.by.front();
      const auto team = world.signers.facts.teams.find(asked);
      const bool is_asked = asked == person || (team != world.signers.facts.teams.end() &&
                                                team->second.contains(person));
      const Event& event = world.plan.events.front();
      if (!is_asked || facts.leaving || !facts.active || facts.keys.empty() ||
          event.subject == person || event.submitted_by == person || step.holder == person) {
        continue;
      }
      const ApprovalDocument* last = nullptr;
      for (const ApprovalDocument& document : all) {
        const bool says =
            std::any_of(document.steps.begin(), document.steps.end(), [&](const ApprovedStep& s) {
              return s.id == step.id && s.binding == execute::approval_binding(step);
            });
        const auto own = parse_public_key(public_key_of(person));
        const auto signature = parse_signature(document.signature);
        if (document.approver != person || !says || document.plan != "sha256:this" ||
            document.key != public_key_of(person) || !signature ||
            !verify_signature(*own, signed_bytes(document), *signature)) {
          continue;
        }
        // The last word; of several at one instant a refusal, then what lasts longest.
        const auto weight = [](const ApprovalDocument& d) {
          return std::tuple(d.at, d.refuse, d.expires);
        };
        if (last == nullptr || weight(document) > weight(*last)) {
          last = &document;
        }
      }
      if (last != nullptr) {
        refused = refused || last->refuse;
        approved = approved || (!last->refuse && last->expires > kNow);
      }
    }
    if (!approved || refused) {
      return false;
    }
  }
  return true;
}

std::vector<StoredApproval> rows(const std::vector<ApprovalDocument>& documents) {
  std::vector<StoredApproval> all;
  for (const ApprovalDocument& document : documents) {
    for (StoredApproval& row : rows_of(document)) {
      all.push_back(std::move(row));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("invariant 2: no permutation or corruption of documents authorises a step") {
  std::size_t authorised = 0;
  CHECK(rc::check("approved exactly when honestly approved", [&authorised] {
    World world;
    make_world(world);
    std::vector<ApprovalDocument> documents;
    for (int n = *rc::gen::inRange(1, 9); n > 0; --n) {
      documents.push_back(random_document(world));
    }
    for (int n = *rc::gen::inRange(0, 3); n > 0; --n) {
      ApprovalDocument changed = *rc::gen::elementOf(documents);
      corrupt(changed, *rc::gen::elementOf(documents));
      documents.push_back(changed);
    }
    std::vector<StoredApproval> stored = rows(documents);
    // What the store says beside the document is worth nothing.
    for (StoredApproval& row : stored) {
      if (one_in(4)) {
        row.approver = any_of(kPeople);
        row.refused = !row.refused;
        row.step = any_of({"step:1", "step:2", "step:3"});
      }
    }
    const std::vector<StoredApproval> more = rows(documents);
    stored.insert(stored.end(), more.begin(), more.end());
    const Approvals forwards(world.plan, world.signers.facts, stored);
    std::reverse(stored.begin(), stored.end());
    const Approvals backwards(world.plan, world.signers.facts, stored);
    for (const PlanStep& step : world.plan.steps) {
      const bool given = forwards.missing(step, step.approvals, kNow).empty();
      RC_ASSERT(given == honest(world, step, documents));
      RC_ASSERT(given == backwards.missing(step, step.approvals, kNow).empty());
      RC_ASSERT(forwards.refusal(step, kNow).has_value() ==
                backwards.refusal(step, kNow).has_value());
      RC_ASSERT(!given || !forwards.refusal(step, kNow).has_value());
      authorised += given ? 1 : 0;
    }
  }));
  CHECK(authorised > 0);  // or the property says nothing
}

TEST_CASE("invariant 2: no change of a single byte of a document authorises a step") {
  CHECK(rc::check("a damaged document does not count, or says the same", [] {
    World world;
    make_world(world);
    world.plan.events.front().subject = "alice";
    world.plan.events.front().submitted_by = "hr-bot";
    PlanStep& step = world.plan.steps.front();
    step.holder = "alice";
    step.approvals = {{{"ann"}, ApprovalState::Needed, ""}};
    world.signers.people["ann"] = {};
    world.signers.people["ann"].keys = {public_key_of("ann")};
    const ApprovalDocument document =
        signed_by(document_for(world.plan, {"step:1"}, "ann", kNow), "ann");
    StoredApproval row = rows_of(document).front();
    const std::size_t place = *rc::gen::inRange<std::size_t>(0, row.document.size());
    row.document[place] = static_cast<char>(*rc::gen::inRange(32, 127));
    const Approvals approvals(world.plan, world.signers.facts, {row});
    if (approvals.missing(step, step.approvals, kNow).empty()) {
      const auto read = decode_approval(row.document);
      RC_ASSERT(read.has_value());
      RC_ASSERT(*read == document);
    }
  }));
}

}  // namespace rescind
