// What happens to people and machines: events that are early, late, corrected, taken back or about
// the same person again; holds, use of what is being retired, somebody who puts a run back.
#include <algorithm>

#include "dice.h"
#include "scenario.h"

namespace rescind::simulation {
namespace {

constexpr Seconds kHour{3600};
constexpr Seconds kDay{86400};

class StoryTeller {
 public:
  StoryTeller(Dice& dice, Scenario& out, const std::vector<std::string>& keys)
      : dice_(dice), out_(out), keys_(keys) {}

  void tell() {
    std::vector<std::size_t> people;
    for (std::size_t i = 0; i < out_.size.people; ++i) {
      people.push_back(i);
    }
    for (std::size_t stories = 1 + dice_.pick(out_.size.stories); stories > 0; --stories) {
      const std::size_t at = dice_.pick(people.size());
      happens_to(person_name(people[at]));
      people.erase(people.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (out_.promise.retire && !keys_.empty() && dice_.chance(60)) {
      const Instant at = some_time(kHour, 27);
      report(at, dice_.chance(60) ? "orphaned" : "exposed", dice_.of(keys_), at);
    }
    if (dice_.chance(15) && out_.reports.size() > 1) {
      out_.reports[1].arrives = out_.reports[0].arrives;  // heard of together
    }
    std::stable_sort(out_.reports.begin(), out_.reports.end(),
                     [](const Report& a, const Report& b) { return a.arrives < b.arrives; });
    holds();
    uses();
    if (dice_.chance(25)) {
      out_.undos.push_back(some_time(2 * kDay, 53));
    }
  }

 private:
  // Within so many hundredths of what is watched.
  Instant some_time(Seconds from, std::int64_t percent) {
    const Seconds span = out_.size.days * percent / 100;
    return out_.begin + from +
           Seconds(static_cast<std::int64_t>(dice_.pick(static_cast<std::size_t>(span.count()))));
  }

  Event& report(Instant arrives, const std::string& type, const std::string& subject, Instant at) {
    Report one;
    one.arrives = arrives;
    one.event.type = type;
    one.event.subject = subject;
    one.event.at = at;
    one.event.arrived = arrives;
    one.event.source = "hr";
    one.event.id = std::to_string(++ids_);
    out_.reports.push_back(one);
    return out_.reports.back().event;
  }

  // The same event once more.
  void correct(Event event, Instant arrives, Instant at, bool withdrawn) {
    ++event.revision;
    event.at = at;
    event.withdrawn = withdrawn;
    event.arrived = arrives;
    out_.reports.push_back({arrives, std::move(event)});
  }

  // Of two and a half months; in a shorter story that much sooner.
  Seconds days(std::size_t from, std::size_t span) {
    const Seconds at = static_cast<std::int64_t>(from) * kDay +
                       Seconds(static_cast<std::int64_t>(dice_.pick(span * 86400)));
    return at * out_.size.days.count() / (75 * kDay).count();
  }

  Event leaves(const std::string& person, Instant arrives) {
    const std::size_t when = dice_.pick(4);
    const Instant at = when == 0   ? arrives + 3 * kDay   // known in advance
                       : when == 1 ? arrives - 10 * kDay  // heard of late
                                   : arrives;
    return report(arrives, dice_.chance(70) ? "leaver" : "contract_end", person, at);
  }

  void moves(const std::string& person, Instant first) {
    Event& moved = report(first, "mover", person, first + (dice_.chance(30) ? days(0, 5) : kHour));
    moved.before = AttributeMap{{"department", std::string(kOldJob)}};
    moved.after = AttributeMap{{"department", std::string(kNewJob)}};
  }

  void happens_to(const std::string& person) {
    const Instant first = some_time(kHour, 27);
    if (!out_.promise.grants.empty() && dice_.chance(40)) {
      moves(person, first);
      if (dice_.chance(60)) {
        return;
      }
      leaves(person, first + days(1, 10));
      return;
    }
    switch (dice_.pick(11)) {
    case 0:
      report(first, "risk", person, first);
      return;
    case 1: {  // back again, and perhaps gone again
      const Event gone = leaves(person, first);
      const Instant back = std::max(first, gone.at) + days(0, 12);
      report(back, "rehire", person, back);
      if (dice_.chance(50)) {
        leaves(person, back + days(1, 10));
      }
      return;
    }
    case 2: {  // taken back, before or after it holds
      const Event gone = report(first, "leaver", person, first + days(0, 4));
      correct(gone, first + days(0, 5), gone.at, true);
      return;
    }
    case 3: {  // another day
      const Event gone = report(first, "contract_end", person, first + days(2, 5));
      correct(gone, first + days(0, 2), dice_.chance(50) ? gone.at + 6 * kDay : first + kDay,
              false);
      return;
    }
    case 4: {
      leaves(person, first);
      const Instant then = first + days(0, 6);
      report(then, "risk", person, then);
      return;
    }
    case 5: {
      report(first, "risk", person, first);
      leaves(person, first + days(0, 6));
      return;
    }
    case 6: {  // away for a while
      report(first, "leave_start", person, first);
      const Instant back = first + days(3, 10);
      report(dice_.chance(50) ? back : first + kHour, "leave_end", person, back);
      return;
    }
    case 7: {  // leaves while away
      report(first, "leave_start", person, first);
      leaves(person, first + days(1, 6));
      return;
    }
    default:
      leaves(person, first);
      return;
    }
  }

  void holds() {
    if (!out_.promise.holds) {
      return;
    }
    for (std::size_t h = dice_.pick(3); h > 0; --h) {
      const std::string person = person_name(dice_.pick(out_.size.people));
      const Instant from = some_time(Seconds(0), 53);
      out_.holds.push_back({from, person, true});
      if (dice_.chance(50)) {
        out_.holds.push_back({from + out_.size.days * 27 / 100, person, false});
      }
    }
    std::stable_sort(out_.holds.begin(), out_.holds.end(),
                     [](const HoldChange& a, const HoldChange& b) { return a.at < b.at; });
  }

  void uses() {
    if (!out_.promise.retire || keys_.empty()) {
      return;
    }
    for (std::size_t u = dice_.pick(12); u > 0; --u) {
      UseTime use;
      use.at = some_time(kHour, 60);
      use.item = dice_.of(keys_);
      use.by = machine_name(dice_.pick(out_.size.machines));
      use.takes_up = dice_.chance(50);
      out_.uses.push_back(use);
    }
  }

  Dice& dice_;
  Scenario& out_;
  const std::vector<std::string>& keys_;
  int ids_ = 0;
};

}  // namespace

void draw_story(Dice& dice, Scenario& scenario, const std::vector<std::string>& keys) {
  StoryTeller(dice, scenario, keys).tell();
}

}  // namespace rescind::simulation
