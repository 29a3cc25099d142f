#include "tests/property/evaluate/random_world.h"

namespace rescind::testing {
namespace {

constexpr std::string_view kItemAttributes =
    "{ score: int\n seen: instant?\n made: instant\n color: enum { red, green, blue }\n"
    " marks: set<string>\n shared: bool\n maybe: bool?\n weight: int?\n helper: identity? }\n";

const std::vector<std::string> kColors = {"red", "green", "blue"};
const std::vector<std::string> kMarks = {"\"a\"", "\"b\"", "\"c\"", "\"zz\""};
const std::vector<std::string> kSystems = {"crm", "vault", "wiki"};
const std::vector<std::string> kComparisons = {"<", "<=", ">", ">=", "==", "!="};
const std::vector<std::string> kDepartments = {"\"Sales\"", "\"Legal\"", "\"\"", "\"Nowhere\""};
const std::vector<std::string> kEvents = {"leaver", "case_a", "case_b"};

}  // namespace

std::vector<std::string> RandomWorld::subjects() const {
  return {"p0", "p1", "p2", "p3", "bot", "torn"};
}

std::string RandomWorld::event_type() {
  return pick(kEvents);
}

std::string RandomWorld::duration() {
  return pick({"1h", "1d", "30d", "90d"});
}

std::string RandomWorld::instant_of(Over over) {
  if (over == Over::Scalar) {
    return pick({"now", "event.at", "subject.since", "(subject.starts ?? now)"});
  }
  return pick({"x.made", "(x.seen ?? x.made)", "(x.seen ?? now)", "(x.last_used ?? x.made)"});
}

std::string RandomWorld::scalar_leaf() {
  switch (below(13)) {
  case 0:
    return "subject.risk " + pick(kComparisons) + " " + std::to_string(below(5));
  case 1:
    return "subject.department == " + pick(kDepartments);
  case 2:
    return "subject.department in {" + pick(kDepartments) + ", " + pick(kDepartments) + "}";
  case 3:
    return pick(kMarks) + " in subject.tags";
  case 4:
    return "subject.keen";
  case 5:
    return "subject is human";
  case 6:
    return "event.source " + pick({"==", "!="}) + " \"hr\"";
  case 7:
    return "event.urgency >= " + std::to_string(below(4));
  case 8:
    return instant_of(Over::Scalar) + " - " + instant_of(Over::Scalar) + " > " + duration();
  case 9:
    return "(known subject.manager and subject.manager.risk < " + std::to_string(below(5)) + ")";
  case 10:
    return "any(t in subject.tags where t != " + pick(kMarks) + ")";
  case 11:
    return "(event.label ?? \"red\") == " + pick({"\"red\"", "\"odd\""});
  default:
    return "subject.department like " + pick({"\"S*\"", "\"*a*\"", "\"?egal\""});
  }
}

std::string RandomWorld::item_leaf() {
  const int leaf = below(24);
  if (several_kinds_ && (leaf == 1 || leaf == 2)) {  // an enum of its own for each kind
    return "x.shared";
  }
  switch (leaf) {
  case 0:
    return "x.score " + pick(kComparisons) + " " + std::to_string(below(5));
  case 1:
    return "x.color == " + pick(kColors);
  case 2:
    return "x.color in {" + pick(kColors) + ", " + pick(kColors) + "}";
  case 3:
    return pick(kMarks) + " in x.marks";
  case 4:
    return "x.shared";
  case 5:
    return "(x.maybe ?? " + pick({"true", "false"}) + ")";
  case 6:
    return "known x." + pick({"maybe", "seen", "weight", "helper", "account"});
  case 7:
    return "(known x.maybe and x.maybe)";
  case 8:
    return "(known x.weight and x.weight > " + std::to_string(below(4)) + ")";
  case 9:
    return "(x.weight ?? x.score) " + pick(kComparisons) + " " + std::to_string(below(4));
  case 10:
    return instant_of(Over::Scalar) + " - " + instant_of(Over::Item) + " > " + duration();
  case 11:
    return instant_of(Over::Item) + " - " + instant_of(Over::Scalar) + " <= " + duration();
  case 12:
    return instant_of(Over::Item) + " + " + duration() + " < " + instant_of(Over::Scalar);
  case 13:
    return "x.system == " + pick(kSystems);
  case 14:
    return "x.system in {" + pick(kSystems) + ", " + pick(kSystems) + "}";
  case 15:
    return "x.holder == subject";
  case 16:
    return "x.holder is " + pick({"human", "nonhuman", "contractor"});
  case 17:
    return "(known x.helper and x.helper.department == " + pick(kDepartments) + ")";
  case 18:
    return "(known x.helper and known subject.manager and x.helper == subject.manager)";
  case 19:
    return "x.name " + pick({"like \"n*\"", "matches \"n[0-3]\"", "== \"n1\""});
  case 20:
    return pick({"any", "all"}) + "(t in x.marks where t in subject.tags)";
  case 21:
    return "count(t in x.marks where t != " + pick(kMarks) + ") " + pick(kComparisons) + " 1";
  case 22:
    return "x.system.tier < " + std::to_string(below(4));
  default:
    return "x supports " + verb_;
  }
}

std::string RandomWorld::condition(Over over, int depth) {
  const int form = depth == 0 ? 0 : below(10);
  if (form < 4) {
    return over == Over::Item && chance(75) ? item_leaf() : scalar_leaf();
  }
  if (form < 6) {
    return "not (" + condition(over, depth - 1) + ")";
  }
  const std::string word = form < 8 ? " and " : " or ";
  std::string text = "(" + condition(over, depth - 1);
  for (int more = 1 + below(2); more > 0; --more) {
    text += word + condition(over, depth - 1);
  }
  return text + ")";
}

std::string RandomWorld::rule(int number) {
  std::string text = "rule r" + std::to_string(number) + " {\n on ";
  if (chance(20)) {  // not every event here has the attributes
    text += "leaver, case_a\n when (event is case_a and event.urgency > 1) or subject.keen";
    text += "\n because \"x\"\n escalate to desk\n disable account\n";
    return text + " remove role where role.shared and event.at - role.made > 30d\n}\n";
  }
  text += pick({"case_a, case_b", "case_b, case_a"});
  if (chance(70)) {
    text += "\n when " + condition(Over::Scalar, 2);
  }
  text += "\n because \"x\"\n escalate to desk\n";
  for (int clause = 1 + below(3); clause > 0; --clause) {
    const std::string kinds = pick({"account", "role", "api_key", "account, api_key"});
    several_kinds_ = kinds == "account, api_key";
    verb_ = kinds == "role" ? "remove" : pick({"disable", "delete"});
    text += " " + verb_ + " " + kinds + " as x";
    if (chance(90)) {
      text += " where " + condition(Over::Item, 3);
    }
    text += "\n";
  }
  return text + "}\n";
}

std::string RandomWorld::policy() {
  std::string text =
      "module random\nschema {\n systems { crm, vault, wiki }\n teams { desk }\n"
      " identity { risk: int\n tags: set<string>\n keen: bool\n since: instant }\n";
  for (const char* kind : {"account", "role", "api_key"}) {
    text += " " + std::string(kind) + " " + std::string(kItemAttributes);
  }
  text +=
      " event case_a about identity { urgency: int  label: string? }\n"
      " event case_b about identity { urgency: int  label: string? }\n}\n";
  const int rules = 1 + below(4);
  for (int r = 0; r < rules; ++r) {
    text += rule(r);
  }
  return text;
}

std::string RandomWorld::standing_declarations() const {
  return "role seller { when subject.department == \"Sales\"  grants crm role \"n1\"\n"
         " grants vault account \"n2\" }\n"
         "role keen { when subject.keen  grants wiki role \"n3\" }\n"
         "keep marked { role where role.shared  because \"marked\" }\n"
         "conflict both { crm role \"n1\", wiki role \"n3\"  because \"two\" }\n"
         "derive unused for api_key as k where k.score < 2 on reconcile\n"
         "derive contract_end for identity as p where p.risk == 4 on case_b\n"
         "rule residual { on mover, reconcile  because \"x\"  escalate to subject.manager then "
         "desk after 1h\n"
         " remove role where not role.justified\n disable account where not account.justified\n"
         " disable api_key where not api_key.justified }\n"
         "rule follow { on owner_left, knower_left, unused, contract_end, policy_violation\n"
         " because \"x\"  escalate to subject.manager\n disable account, api_key\n remove role }\n"
         "hold calm { when subject.risk > 2  blocks delete of account  until lifted\n"
         " ordered by \"desk\"  because \"calm\" }\n"
         "limit mass { disable of account, api_key  at most 5 per 1d  otherwise ask \"desk\" }\n";
}

std::string RandomWorld::item_record(int number) {
  const std::string n = std::to_string(number);
  std::string text =
      R"({"record":")" + pick({"account", "role", "api_key"}) + R"(","id":"i)" + n +
      R"(","system":")" + pick(kSystems) + R"(","name":"n)" + std::to_string(below(6)) +
      R"(","score":)" + std::to_string(below(5)) + R"(,"made":"2025-1)" + std::to_string(below(3)) +
      R"(-04T00:00:00Z","color":")" + pick(kColors) + R"(","shared":)" + pick({"true", "false"}) +
      R"(,"marks":[)" + pick({"", "\"a\"", "\"a\",\"b\"", "\"c\""}) + "]";
  if (chance(85)) {
    text += R"(,"holder":")" + pick({"p0", "p1", "p2", "p3", "bot", "torn"}) + '"';
  } else if (chance(30)) {
    text += R"(,"holder":"ghost")";
  }
  const auto maybe = [&](int percent, const std::string& part) {
    if (chance(percent)) {
      text += "," + part;
    }
  };
  maybe(50, R"("seen":"2026-01-0)" + std::to_string(1 + below(4)) + R"(T00:00:00Z")");
  maybe(30, R"("last_used":"2026-01-05T1)" + std::to_string(below(9)) + R"(:00:00Z")");
  maybe(50, R"("maybe":)" + pick({"true", "false"}));
  maybe(50, R"("weight":)" + std::to_string(below(5)));
  maybe(50, R"("helper":")" + pick({"p0", "p1", "torn", "ghost"}) + '"');
  if (text.find("\"record\":\"role\"") == std::string::npos) {
    maybe(30, R"("known_to":[")" + pick({"p0", "p1", "p2"}) + "\"]");
  }
  maybe(20, R"("grantee":")" + pick({"p0", "p1"}) + '"');
  maybe(30, R"("account":"i)" + std::to_string(below(20)) + '"');
  return text + "}";
}

std::vector<std::string> RandomWorld::records() {
  std::vector<std::string> all;
  for (const std::string& system : kSystems) {
    all.push_back(R"({"record":"system","id":")" + system + R"(","kind":"saas","tier":)" +
                  std::to_string(below(4)) + R"(,"supports":[)" +
                  pick({"", "\"disable\"", "\"disable:account\",\"delete\""}) + "]}");
  }
  all.emplace_back(R"({"record":"team","id":"desk","members":["p0"]})");
  const auto identity = [&](const std::string& id) {
    std::string text = R"({"record":"identity","id":")" + id + R"(","kind":")" +
                       (id == "bot" ? "service" : pick({"employee", "contractor"})) +
                       R"(","risk":)" + std::to_string(below(5)) + R"(,"tags":[)" +
                       pick({"", "\"a\"", "\"b\",\"c\""}) + R"(],"keen":)" +
                       pick({"true", "false"}) + R"(,"since":"2025-12-0)" +
                       std::to_string(1 + below(9)) + R"(T00:00:00Z")" + R"(,"department":)" +
                       pick({"\"Sales\"", "\"Legal\"", "\"\""});
    if (chance(50)) {
      text += R"(,"manager":")" + pick({"p0", "p1", "torn"}) + '"';
    }
    if (id == "bot") {
      text += R"(,"owner":[")" + pick({"p0", "p1", "p2"}) + "\"]";
    }
    if (chance(30)) {
      text += R"(,"starts":"2025-11-01T00:00:00Z")";
    }
    return text + "}";
  };
  for (const std::string& id : subjects()) {
    all.push_back(identity(id));
  }
  all.push_back(
      R"({"record":"identity","id":"torn","kind":"vendor","risk":9,"tags":[],"keen":true,)"
      R"("since":"2025-01-01T00:00:00Z"})");  // contradicts the first one
  const int items = below(40);
  for (int i = 0; i < items; ++i) {
    all.push_back(item_record(i));
  }
  if (items > 3 && chance(50)) {
    all.push_back(item_record(below(items)));  // contradicts an earlier one
  }
  return all;
}

}  // namespace rescind::testing
