#include "random_organisation.h"

#include <algorithm>
#include <random>
#include <set>

#include <rapidcheck.h>

#include "base/text.h"

namespace rescind::test {
namespace {

constexpr int kSystems = 5;
constexpr int kPeople = 4;
constexpr int kMachines = 3;

// WHY not a generator for each choice: an organisation takes hundreds, and shrinking them one by
// one takes hours. One seed is drawn, so a failure is repeated by its seed.
std::mt19937& dice() {
  static std::mt19937 generator;
  return generator;
}

int pick(int below) {
  return static_cast<int>(dice()() % static_cast<std::uint32_t>(below));
}

bool chance(int percent) {
  return pick(100) < percent;
}

std::string system_name() {
  return "sys" + std::to_string(pick(kSystems));
}

std::string person_name() {
  return "p" + std::to_string(pick(kPeople));
}

std::string machine_name() {
  return "bot" + std::to_string(pick(kMachines));
}

std::string set_of(int most, std::string (*name)()) {
  std::set<std::string> names;
  for (int i = pick(most + 1); i > 0; --i) {
    names.insert("\"" + name() + "\"");
  }
  return "[" + join(std::vector<std::string>(names.begin(), names.end()), ",") + "]";
}

std::string field(std::string_view name, const std::string& value) {
  return ",\"" + std::string(name) + "\":\"" + value + "\"";
}

std::string raw_field(std::string_view name, const std::string& value) {
  return ",\"" + std::string(name) + "\":" + value;
}

std::string record(std::string_view kind, const std::string& id, const std::string& fields) {
  return R"({"record":")" + std::string(kind) + R"(","id":")" + id + "\"" + fields + "}\n";
}

void add_systems(std::string& out) {
  for (int i = 0; i < kSystems; ++i) {
    std::string fields =
        field("kind", i < 2 ? "idp" : "saas") + raw_field("tier", std::to_string(pick(3)));
    fields += raw_field("federated_by", set_of(2, system_name));
    if (chance(20)) {
      fields += raw_field("pushes_to", set_of(2, system_name));
    }
    if (chance(15)) {
      fields += raw_field("supports", R"(["lock","delete","revoke","remove"])");
    }
    out += record("system", "sys" + std::to_string(i), fields);
  }
}

void add_identities(std::string& out) {
  for (int i = 0; i < kPeople; ++i) {
    out += record("identity", "p" + std::to_string(i),
                  field("kind", "employee") + (chance(15) ? field("status", "suspended") : ""));
  }
  out += record("identity", "keeper", field("kind", "employee"));
  out += record("team", "office", raw_field("members", R"(["keeper","p0"])"));
  for (int i = 0; i < kMachines; ++i) {
    out += record("identity", "bot" + std::to_string(i),
                  field("kind", "service") + raw_field("owner", set_of(2, person_name)));
  }
}

void add_human_items(std::string& out, const std::string& holder, const std::string& account,
                     const std::string& place) {
  if (chance(60)) {
    out += record("session", account + ":s", place);
  }
  if (chance(40)) {
    out += record("token", account + ":t",
                  place + (chance(30) ? raw_field("known_to", "[\"" + person_name() + "\"]") : ""));
  }
  if (chance(50)) {
    out +=
        record("role", account + ":r",
               place + field("name", chance(50) ? "Admin" : "User") +
                   (chance(50) ? raw_field("privileged", "true") : "") + field("level", "admin"));
  }
  if (chance(40)) {
    const std::string seat = account + ":seat";
    out += record("license", seat, place + field("name", "seat"));
    if (chance(70)) {
      out += record("data", account + ":box", place + field("license", seat));
    }
    if (chance(50)) {
      out += record("group", account + ":g",
                    place + field("name", "staff") + field("carries_license", "seat"));
    }
  }
  if (chance(30)) {
    out += record("device", account + ":d", place);
  }
  if (chance(20)) {
    out += record("checkout", account + ":c", place);
    out += record("secret", account + ":x", place + raw_field("known_to", "[\"" + holder + "\"]"));
  }
}

void add_items(std::string& out) {
  for (int p = 0; p < kPeople; ++p) {
    const std::string holder = "p" + std::to_string(p);
    for (int s = 0; s < kSystems; ++s) {
      if (!chance(50)) {
        continue;
      }
      const std::string system = "sys" + std::to_string(s);
      const std::string account = system + ":" + holder;
      out += record("account", account,
                    field("system", system) + field("holder", holder) +
                        (chance(10) ? raw_field("enabled", "false") : ""));
      add_human_items(
          out, holder, account,
          field("system", system) + field("holder", holder) + field("account", account));
    }
  }
  for (int m = 0; m < kMachines; ++m) {
    const std::string holder = "bot" + std::to_string(m);
    const std::string system = system_name();
    out += record("api_key", system + ":" + holder,
                  field("system", system) + field("holder", holder) +
                      raw_field("dependents", set_of(2, machine_name)) +
                      raw_field("known_to", set_of(1, person_name)));
  }
}

Seconds some_time() {
  static const std::vector<Seconds> times = {std::chrono::minutes(5), std::chrono::hours(1),
                                             std::chrono::hours(24), std::chrono::hours(24 * 7),
                                             std::chrono::hours(24 * 30)};
  return times[static_cast<std::size_t>(pick(static_cast<int>(times.size())))];
}

std::vector<std::string> some_principals() {
  static const std::vector<std::vector<std::string>> all = {
      {"keeper"}, {"office"}, {"p0"}, {"p1", "keeper"}, {"p2"}};
  return all[static_cast<std::size_t>(pick(static_cast<int>(all.size())))];
}

Clause random_clause(const std::vector<Verb>& verbs) {
  Clause clause;
  clause.verb = verbs[static_cast<std::size_t>(pick(static_cast<int>(verbs.size())))];
  const KindSet fits = verb_kinds(clause.verb);
  do {
    clause.kinds = KindSet(static_cast<std::uint32_t>(pick(1 << kKindCount)) & fits.bits);
  } while (clause.kinds.empty() && !fits.empty());
  const bool patient = clause.verb == Verb::Delete || clause.verb == Verb::Wipe;
  if (chance(patient ? 70 : 25)) {
    clause.after = some_time();
  }
  if (chance(60)) {
    clause.within = clause.after.value_or(Seconds(0)) + some_time();
  }
  if (chance(patient ? 40 : 15)) {
    clause.approved_by = some_principals();
  }
  if (clause.verb == Verb::Narrow) {
    clause.text = "member";
  }
  if (clause.verb == Verb::Transfer || clause.verb == Verb::Redirect || fits.empty()) {
    clause.to = some_principals();
  }
  return clause;
}

// Machine credentials leave in stages: some prepare, one contains, then they go.
Retire random_retire(const std::string& name, bool replaces) {
  Retire retire{.name = name,
                .on = {"owner_left", "knower_left", "exposed"},
                .kinds = Kind::ApiKey,
                .stages = {},
                .escalate = some_principals()};
  if (replaces && chance(50)) {
    retire.stages.push_back(
        {.name = "replace",
         .actions = {{.verb = Verb::Replace}, {.verb = Verb::Notify, .to = some_principals()}},
         .gate = "delivered",
         .within = some_time()});
  }
  if (chance(60)) {
    retire.stages.push_back({.name = "drain", .gate = "idle for 24h", .within = some_time()});
  }
  const auto quarantine = static_cast<std::uint32_t>(retire.stages.size());
  retire.stages.push_back(
      {.name = "quarantine", .actions = {{.verb = Verb::Disable}}, .soak = some_time()});
  if (quarantine > 0 && chance(50)) {
    retire.stages.back().return_to = quarantine - 1;
  }
  retire.stages.push_back({.name = "delete", .actions = {{.verb = Verb::Delete}}});
  if (chance(60)) {
    retire.stages.back().approved_by = some_principals();
  }
  retire.start = chance(30) ? quarantine : 0;
  if (chance(30)) {
    retire.enter = {quarantine, some_time()};
  }
  if (chance(30)) {
    retire.only_item = system_name() + ":" + machine_name();
  }
  retire.unknown = chance(10);
  return retire;
}

Report random_report() {
  static const std::vector<std::string> types = {"leaver", "leaver", "contract_end", "risk",
                                                 "mover"};
  Report report{.type = types[static_cast<std::size_t>(pick(static_cast<int>(types.size())))],
                .subject = person_name()};
  const Instant now = at(kNow);
  const Instant when = now + std::chrono::hours(24 * (pick(60) - 45));
  report.when = format_instant(when);
  if (when < now && chance(60)) {
    report.arrived = std::string(kNow);
  }
  return report;
}

std::vector<std::string> events_of_rule() {
  return chance(70)
             ? std::vector<std::string>{"leaver", "contract_end", "owner_left", "knower_left"}
             : std::vector<std::string>{"risk", "mover"};
}

}  // namespace

Rule random_urgent_rule(const std::string& name) {
  return {.name = name,
          .on = {"leaver", "contract_end", "owner_left", "knower_left", "risk", "mover"},
          .clauses = {random_clause({Verb::Revoke, Verb::Disable, Verb::Lock, Verb::Rotate,
                                     Verb::Remove, Verb::Narrow})}};
}

Organisation random_organisation(const RandomOptions& options) {
  dice().seed(
      *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>())));
  Organisation out;
  add_systems(out.records);
  add_identities(out.records);
  add_items(out.records);
  std::vector<Verb> verbs = {Verb::Revoke,  Verb::Disable, Verb::Disable, Verb::Lock,
                             Verb::Rotate,  Verb::Remove,  Verb::Narrow,  Verb::Transfer,
                             Verb::Archive, Verb::Delete,  Verb::Delete,  Verb::Wipe,
                             Verb::Notify,  Verb::Ask};
  if (options.replaces) {
    verbs.push_back(Verb::Replace);
  }
  for (int r = 1 + pick(3); r > 0; --r) {
    Rule rule{.name = "rule" + std::to_string(r),
              .on = events_of_rule(),
              .clauses = {},
              .escalate = {{"p1"}, {"office"}}};
    for (int c = 1 + pick(6); c > 0; --c) {
      rule.clauses.push_back(random_clause(verbs));
    }
    out.rules.push_back(std::move(rule));
  }
  std::set<std::string> seen;
  for (int e = 1 + pick(3); e > 0; --e) {
    Report report = random_report();
    if (seen.insert(report.type + report.subject).second) {
      out.events.push_back(std::move(report));
    }
  }
  for (int h = pick(3); h > 0; --h) {
    out.holds.push_back({.name = "hold" + std::to_string(h),
                         .verbs = {Verb::Delete, Verb::Wipe},
                         .item = system_name() + ":" + person_name() + (chance(50) ? ":box" : ""),
                         .until = chance(50) ? std::optional(at(kNow) + some_time()) : std::nullopt,
                         .unknown = chance(20)});
  }
  for (int r = options.retires ? pick(3) : 0; r > 0; --r) {
    out.retires.push_back(random_retire("retire" + std::to_string(r), options.replaces));
  }
  if (options.limits && chance(50)) {
    out.limits.push_back({.name = "mass",
                          .verbs = {Verb::Disable, Verb::Delete},
                          .kinds = Kind::Account,
                          .count = 1 + pick(2),
                          .per_system = chance(50)});
  }
  return out;
}

Organisation shuffled(const Organisation& organisation) {
  Organisation out = organisation;
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < out.records.size()) {
    const std::size_t end = out.records.find('\n', begin);
    lines.push_back(out.records.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::size_t i = lines.size(); i > 1; --i) {
    std::swap(lines[i - 1], lines[static_cast<std::size_t>(pick(static_cast<int>(i)))]);
  }
  out.records = join(lines, "\n") + "\n";
  std::reverse(out.rules.begin(), out.rules.end());
  std::reverse(out.events.begin(), out.events.end());
  std::reverse(out.retires.begin(), out.retires.end());
  return out;
}

Applied apply_plan(const Organisation& organisation, const Plan& plan) {
  Applied out{.organisation = organisation, .settled = {}};
  std::set<std::string> gone;
  std::set<std::string> disabled;
  for (const PlanStep& step : plan.steps) {
    const bool ends = step.verb == Verb::Delete || step.verb == Verb::Revoke ||
                      (step.verb == Verb::Remove && step.item.find(':') != std::string::npos);
    if (!step.action.empty()) {
      out.settled.insert(step.id);
      continue;
    }
    if (step.verb == Verb::Disable && step.kind == "account") {
      disabled.insert(step.item);
    } else if (ends) {
      gone.insert(step.item);
    } else {
      out.settled.insert(step.id);
    }
  }
  std::string records;
  std::size_t begin = 0;
  while (begin < organisation.records.size()) {
    const std::size_t end = organisation.records.find('\n', begin);
    std::string line = organisation.records.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t id = line.find(R"("id":")") + 6;
    const std::string name = line.substr(id, line.find('"', id) - id);
    if (gone.contains(name)) {
      continue;
    }
    if (disabled.contains(name) && line.find("\"enabled\"") == std::string::npos) {
      line.insert(line.size() - 1, R"(,"enabled":false)");
    }
    records += line + "\n";
  }
  out.organisation.records = records;
  return out;
}

}  // namespace rescind::test
