#include "scenario.h"

#include <algorithm>

#include "base/text.h"
#include "dice.h"
#include "signers.h"

namespace rescind::simulation {
namespace {

constexpr Seconds kMinute{60};
constexpr Seconds kHour{3600};
constexpr Seconds kDay{86400};

std::string quoted_set(Dice& dice, std::size_t most, std::size_t of,
                       std::string (*name)(std::size_t)) {
  std::set<std::string> names;
  for (std::size_t i = dice.pick(most + 1); i > 0; --i) {
    names.insert("\"" + name(dice.pick(of)) + "\"");
  }
  return "[" + join(std::vector<std::string>(names.begin(), names.end()), ",") + "]";
}

std::string record(std::string_view kind, const std::string& id, const std::string& fields) {
  return R"({"record":")" + std::string(kind) + R"(","id":")" + id + "\"" + fields + "}\n";
}

std::string field(std::string_view name, const std::string& value) {
  return ",\"" + std::string(name) + "\":\"" + value + "\"";
}

std::string raw(std::string_view name, const std::string& value) {
  return ",\"" + std::string(name) + "\":" + value;
}

std::string key_entry(const std::string& person) {
  return '"' + person + R"(":")" + public_key_of(person) + '"';
}

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : dice_(seed) { out_.seed = seed; }

  Scenario build() {
    size();
    grants();
    out_.begin = *parse_instant("2026-01-05T09:00:00Z");
    out_.end = out_.begin + out_.size.days;
    systems();
    people();
    for (std::size_t p = 0; p < out_.size.people; ++p) {
      for (std::size_t s = 0; s < out_.size.systems; ++s) {
        if (dice_.chance(50)) {
          account(system_name(s), person_name(p));
        }
      }
    }
    machines();
    policy();
    draw_story(dice_, out_, keys_);
    trouble();
    return out_;
  }

 private:
  void size() {
    small_ = !dice_.chance(10);
    if (small_) {
      Size& size = out_.size;
      size.systems = 2 + dice_.pick(2);
      size.people = 2 + dice_.pick(2);
      size.machines = 1 + dice_.pick(2);
      size.stories = 1 + dice_.pick(2);
      size.days = static_cast<std::int64_t>(20 + dice_.pick(16)) * kDay;
    }
  }

  void grants() {
    if (!dice_.chance(40)) {
      return;
    }
    for (const char* department : {kOldJob, kNewJob}) {
      for (std::size_t g = 1 + dice_.pick(3); g > 0; --g) {
        Grant grant{department, system_name(dice_.pick(out_.size.systems)), "group", "staff"};
        if (dice_.chance(70)) {
          grant.kind = "role";
          grant.name = dice_.chance(50) ? "Admin" : "User";
        }
        out_.promise.grants.push_back(std::move(grant));
      }
    }
  }

  void systems() {
    for (std::size_t i = 0; i < out_.size.systems; ++i) {
      std::string fields =
          field("kind", i < (small_ ? 1U : 2U) ? "idp" : "saas") +
          raw("tier", std::to_string(dice_.pick(3))) +
          raw("federated_by", quoted_set(dice_, 2, out_.size.systems, system_name));
      if (dice_.chance(25)) {
        fields += raw("pushes_to", quoted_set(dice_, 2, out_.size.systems, system_name));
      }
      out_.records += record("system", system_name(i), fields);
    }
  }

  void people() {
    for (std::size_t i = 0; i < out_.size.people; ++i) {
      const bool works = !out_.promise.grants.empty();
      out_.records += person_record(person_name(i), false, works ? kOldJob : "") + "\n";
    }
    out_.records += person_record("keeper", false) + "\n" + person_record("second", false) + "\n";
    out_.signs = dice_.chance(25);
    std::string office_keys;
    if (out_.signs) {
      office_keys = raw("approver_keys", "{" + key_entry(kKeeper) + "," + key_entry("p0") + "}");
      out_.records += person_record(kDeputy, false) + "\n" +
                      record("team", "legal",
                             raw("members", R"(["deputy"])") +
                                 raw("approver_keys", "{" + key_entry(kDeputy) + "}"));
    }
    out_.records += record("team", "office", raw("members", R"(["keeper","p0"])") + office_keys);
    out_.records += record("team", "records", raw("members", R"(["second"])"));
  }

  void account(const std::string& system, const std::string& holder) {
    const std::string id = system + ":" + holder;
    std::string fields = field("system", system) + field("holder", holder);
    if (dice_.chance(10)) {
      fields += raw("administers", quoted_set(dice_, 2, out_.size.systems, system_name));
    }
    out_.records +=
        record("account", id, fields + (dice_.chance(8) ? raw("enabled", "false") : ""));
    const std::string place =
        field("system", system) + field("holder", holder) + field("account", id);
    if (dice_.chance(50)) {
      out_.records += record("session", id + ":s", place);
    }
    if (dice_.chance(35)) {
      out_.records += record("token", id + ":t", place);
    }
    if (dice_.chance(45)) {
      out_.records += record("role", id + ":r",
                             place + field("name", dice_.chance(50) ? "Admin" : "User") +
                                 (dice_.chance(40) ? raw("privileged", "true") : "") +
                                 field("level", dice_.chance(50) ? "admin" : "member"));
    }
    if (dice_.chance(30)) {
      const std::string seat = id + ":seat";
      out_.records += record("license", seat, place + field("name", "seat"));
      if (dice_.chance(70)) {
        out_.records += record("data", id + ":box", place + field("license", seat));
      }
      if (dice_.chance(40)) {
        out_.records += record("group", id + ":g",
                               place + field("name", "staff") + field("carries_license", "seat"));
      }
    }
    if (dice_.chance(25)) {
      out_.records += record("device", id + ":d", place);
    }
    if (dice_.chance(15)) {
      out_.records += record("secret", id + ":x", place + raw("known_to", "[\"" + holder + "\"]"));
      out_.records += record("checkout", id + ":c", place);
    }
  }

  void machines() {
    for (std::size_t m = 0; m < out_.size.machines; ++m) {
      const std::string bot = machine_name(m);
      out_.records += record("identity", bot,
                             field("kind", "service") +
                                 raw("owner", quoted_set(dice_, 2, out_.size.people, person_name)));
      const std::string system = system_name(dice_.pick(out_.size.systems));
      out_.records +=
          record("api_key", system + ":" + bot,
                 field("system", system) + field("holder", bot) +
                     raw("dependents", quoted_set(dice_, 2, out_.size.machines, machine_name)) +
                     raw("known_to", quoted_set(dice_, 1, out_.size.people, person_name)) +
                     field("created", "2025-01-01T00:00:00Z"));
      keys_.push_back(system + ":" + bot);
    }
  }

  void policy() {
    Promise& promise = out_.promise;
    promise.disable_within = dice_.of<Seconds>({5 * kMinute, 15 * kMinute, kHour});
    promise.delete_after = dice_.of<Seconds>(
        {Seconds(0), small_ ? 2 * kDay : 7 * kDay, small_ ? 7 * kDay : 30 * kDay});
    promise.delete_approved = dice_.chance(40);
    promise.wipes = dice_.chance(40);
    promise.holds = dice_.chance(50);
    promise.at_most = dice_.chance(25) ? 1 + static_cast<std::int64_t>(dice_.pick(2)) : 0;
    promise.next_level = dice_.chance(50) ? dice_.of<Seconds>({2 * kHour, kDay}) : Seconds(0);
    const std::string escalate = promise.next_level.count() == 0
                                     ? "  escalate to office\n"
                                     : "  escalate to office then records after " +
                                           format_duration(promise.next_level) + "\n";
    leaver_rule(escalate);
    out_.policy += "rule known { on knower_left because \"known\"\n" + escalate +
                   "  rotate credential within 1d }\n";
    if (dice_.chance(50)) {
      out_.policy +=
          "rule owner { on owner_left because \"owner\"\n" + escalate +
          "  ask office to \"find an owner\" within 1d\n  rotate credential within 2d }\n";
    }
    out_.policy += "rule risk { on risk because \"risk\"\n" + escalate +
                   "  revoke session, token within 5m\n  lock account within 5m\n"
                   "  disable account within 15m" +
                   std::string(dice_.chance(50) ? " approved by office" : "") + " }\n";
    out_.policy += "rule away { on leave_start when subject is human because \"away\"\n" +
                   escalate + "  revoke session, token within 1h\n  disable account within 4h }\n";
    out_.policy += "rule back { on leave_end, rehire when subject is human because \"back\"\n" +
                   escalate + "  restore account within 4h }\n";
    if (!promise.grants.empty()) {
      jobs(escalate);
    }
    if (promise.holds) {
      out_.policy +=
          "hold matter { when subject.legal_hold blocks delete, wipe of account, data, device "
          "until lifted ordered by \"legal\" because \"M\" }\n";
    }
    if (promise.at_most > 0) {
      out_.policy += "limit mass { disable, delete of account at most " +
                     std::to_string(promise.at_most) + " per 1d otherwise ask office }\n";
    }
    if (dice_.chance(60)) {
      retire(escalate);
    }
  }

  void jobs(const std::string& escalate) {
    for (const char* department : {kOldJob, kNewJob}) {
      out_.policy += "role " + std::string(department) + " {\n  when subject.department == \"" +
                     department + "\"\n";
      for (const Grant& grant : out_.promise.grants) {
        if (grant.department == department) {
          out_.policy +=
              "  grants " + grant.system + " " + grant.kind + " \"" + grant.name + "\"\n";
        }
      }
      out_.policy += "}\n";
    }
    out_.policy += "rule moves { on mover when subject is human because \"another job\"\n" +
                   escalate +
                   "  remove entitlement where not entitlement.justified within 4h\n"
                   "  revoke session, token as t where not t.justified within 1h }\n";
  }

  void leaver_rule(const std::string& escalate) {
    const Promise& promise = out_.promise;
    std::string& text = out_.policy;
    std::vector<std::string> systems;
    for (std::size_t i = 0; i < out_.size.systems; ++i) {
      systems.push_back(system_name(i));
    }
    text =
        "module t\nschema { systems { " + join(systems, ", ") +
        " } teams { office, records, legal } }\n"
        "rule leaver {\n  on leaver, contract_end\n  when subject is human\n  because \"gone\"\n" +
        escalate;
    text += "  revoke session, token, checkout within 5m\n";
    text += "  disable account within " + format_duration(promise.disable_within) + "\n";
    text += "  disable password, secret, api_key, certificate, ssh_key within 15m\n";
    text += "  remove entitlement within 1h\n  lock device within 1h\n";
    text += "  transfer data to \"records\" within 1d\n  remove license within 2d\n";
    if (promise.wipes) {
      text += "  wipe device after 7d approved by office\n";
    }
    text += "  ask office to \"collect the badge\" within 1d\n";
    if (promise.delete_after.count() > 0) {
      text += "  delete account after " + format_duration(promise.delete_after) +
              (promise.delete_approved ? " approved by office" : "") + "\n";
    }
    text += "}\n";
  }

  void retire(const std::string& escalate) {
    RetirePromise promise;
    promise.replaces = dice_.chance(40);
    promise.idle = dice_.of<Seconds>({12 * kHour, kDay});
    promise.drain_within = dice_.of<Seconds>({2 * kDay, 4 * kDay});
    promise.soak = dice_.of<Seconds>({small_ ? kDay : 3 * kDay, small_ ? 3 * kDay : 10 * kDay});
    promise.returns = dice_.chance(60);
    promise.known_within = dice_.of<Seconds>({kHour, 4 * kHour});
    std::string& text = out_.policy;
    text +=
        "retire key {\n  on owner_left, knower_left, orphaned, exposed\n"
        "  for api_key as k where k.holder is not human\n  because \"stages\"\n" +
        escalate;
    if (dice_.chance(50)) {
      text += "  start at quarantine when count(o in k.holder.owner) == 0\n";
    }
    text += "  enter quarantine within 1h when event is exposed\n";
    text += "  enter quarantine within " + format_duration(promise.known_within) +
            " when event is knower_left\n";
    if (promise.replaces) {
      text +=
          "  stage replace { replace k  done when known k.dependents and all(d in k.dependents "
          "where k.successor delivered to d) within 2d otherwise escalate to records }\n";
    }
    text += "  stage drain { done when k idle for " + format_duration(promise.idle) + " within " +
            format_duration(promise.drain_within) + " otherwise escalate to office }\n";
    text += "  stage quarantine { disable k soak " + format_duration(promise.soak) +
            (promise.returns ? " on use return to drain" : "") + " }\n";
    text += "  stage delete { approved by office delete k }\n}\n";
    out_.promise.retire = promise;
  }

  // Within so many hundredths of what is watched.
  Instant some_time(Seconds from, std::int64_t percent) {
    const Seconds span = out_.size.days * percent / 100;
    return out_.begin + from +
           Seconds(static_cast<std::int64_t>(dice_.pick(static_cast<std::size_t>(span.count()))));
  }

  void faults() {
    static const std::vector<EstateFaultKind> kinds = {
        EstateFaultKind::Refused,       EstateFaultKind::AuthFailed,
        EstateFaultKind::Throttled,     EstateFaultKind::ServerError,
        EstateFaultKind::TimeoutBefore, EstateFaultKind::TimeoutAfter,
        EstateFaultKind::TimeoutAfter,  EstateFaultKind::Lying,
        EstateFaultKind::Slow,          EstateFaultKind::Residual,
        EstateFaultKind::Conflict,      EstateFaultKind::Unreadable};
    for (std::size_t f = dice_.chance(30) ? 0 : dice_.pick(6); f > 0; --f) {
      FaultWindow window;
      // Mostly where it hurts: shortly before something happens.
      window.from = out_.reports.empty() || dice_.chance(20)
                        ? some_time(Seconds(0), 80)
                        : dice_.of(out_.reports).arrives - kMinute;
      window.until = window.from + dice_.of<Seconds>({10 * kMinute, 2 * kHour, 3 * kDay});
      window.fault.kind = dice_.of(kinds);
      window.fault.system = system_name(dice_.pick(out_.size.systems));
      window.fault.delay = dice_.of<Seconds>({Seconds(1), Seconds(20), 10 * kMinute});
      if (window.fault.kind == EstateFaultKind::Throttled &&
          window.until - window.from > 10 * kMinute) {
        window.fault.delay += 30 * kMinute;  // asked to come back after seconds for days is slow
      }
      window.fault.times = dice_.chance(50) ? 1 + static_cast<std::int64_t>(dice_.pick(4)) : -1;
      window.fault.until = window.until;
      out_.faults.push_back(window);
    }
  }

  void people_answer() {
    const auto somebody = [this](std::size_t percent) {
      return dice_.chance(percent) ? std::string(kKeeper)
                                   : person_name(dice_.pick(out_.size.people));
    };
    for (std::size_t a = dice_.pick(5); a > 0; --a) {
      ApprovalTime approval{some_time(kDay, 85), somebody(70), dice_.chance(12)};
      approval.by_name = !out_.signs || dice_.chance(15);
      if (out_.signs && dice_.chance(30)) {
        approval.by = kDeputy;
      }
      out_.approvals.push_back(approval);
    }
    if (dice_.chance(50)) {  // late, for what was left lying
      out_.approvals.push_back({.at = out_.end - 3 * kDay, .by = kKeeper, .by_name = !out_.signs});
    }
    out_.deputy_from = some_time(Seconds(0), 30);
    out_.deputy_until = out_.deputy_from + out_.size.days / 2;
    for (std::size_t a = dice_.chance(60) ? 0 : 1 + dice_.pick(3); a > 0; --a) {
      out_.seen.push_back({some_time(kHour, 70), dice_.chance(30) ? "second" : somebody(70)});
    }
  }

  void trouble() {
    faults();
    people_answer();
    if (dice_.chance(25)) {
      out_.jumps.push_back({some_time(kHour, 53),
                            dice_.of<Seconds>({-5 * kMinute, -kMinute, kMinute, 5 * kMinute}),
                            Seconds(0)});
    }
    if (dice_.chance(20)) {
      out_.jumps.push_back(
          {some_time(kHour, 53),
           dice_.of<Seconds>({-3 * kDay, -kHour, kHour, small_ ? 6 * kDay : 20 * kDay}),
           dice_.of<Seconds>({kHour, small_ ? 2 * kDay : 5 * kDay})});
    }
    out_.look_again = dice_.of<Seconds>({kDay, 2 * kDay});
    out_.retry_later = dice_.of<Seconds>({kHour, 3 * kHour});
    out_.crash_percent_of_points = dice_.chance(60) ? 5 + dice_.pick(40) : 0;
    out_.attack_percent = dice_.chance(60) ? 3 + dice_.pick(15) : 0;
    out_.push_percent = dice_.chance(40) ? 2 + dice_.pick(8) : 0;
    out_.lost_calls_percent = dice_.chance(30) ? dice_.pick(60) : 0;
  }

  Dice dice_;
  Scenario out_;
  bool small_ = false;
  std::vector<std::string> keys_;  // of machines
};

}  // namespace

std::string system_name(std::size_t i) {
  return "sys" + std::to_string(i);
}

std::string person_name(std::size_t i) {
  return "p" + std::to_string(i);
}

std::string machine_name(std::size_t i) {
  return "bot" + std::to_string(i);
}

bool is_departure(const std::string& type) {
  return type == "leaver" || type == "contract_end";
}

std::string person_record(const std::string& id, bool held, const std::string& department,
                          bool gone) {
  return R"({"record":"identity","id":")" + id + R"(","kind":"employee","legal_hold":)" +
         (held ? "true" : "false") + (department.empty() ? "" : field("department", department)) +
         (gone ? field("status", "ended") : "") + "}";
}

std::set<std::string> Scenario::leavers() const {
  std::set<std::string> out;
  for (const Report& report : reports) {
    if (is_departure(report.event.type)) {
      out.insert(report.event.subject);
    }
  }
  return out;
}

Scenario make_scenario(std::uint64_t seed) {
  return Builder(seed).build();
}

}  // namespace rescind::simulation
